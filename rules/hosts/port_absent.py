"""TS404: a destination's port that its Service does not have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tsplit_lint import (
    Catalog,
    Destination,
    Finding,
    Port,
    Rule,
    Severity,
    VirtualService,
    is_integer,
    is_text,
    listed,
)


class PortAbsent(Rule[VirtualService]):
    """A destination's port is a port of its Service.

    What it checks:
        `port.number` of destinations and mirrors whose Service or ServiceEntry is in sight.  It names
        the Service's `port`, never its `targetPort` nor a container's port; that holds for headless
        Services too.  Services of type ExternalName stand for another host and are left out, and so are
        those that a kustomize patch changes.

    Why it matters:
        Istio accepts the VirtualService.  The route leads to a cluster that does not exist, and every
        request fails with 503.

    Bad:
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
        spec:
          selector: {app: shop}
          ports:
          - {name: http, port: 80, targetPort: 8080}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - route:
            - destination:
                host: shop
                port:
                  number: 8080  # <-
        ```

    Good:
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
        spec:
          selector: {app: shop}
          ports:
          - {name: http, port: 80, targetPort: 8080}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - route:
            - destination:
                host: shop
                port:
                  number: 80
        ```

    How to fix:
        Name a port of the Service, or add the port there.

    Sources:
        - Istio reference, "Virtual Service", Destination.port
        - Istio docs, "ReferencedResourceNotFound"
    """

    id = "TS404"
    name = "port-absent"
    severity = Severity.ERROR
    aliases = ("IST0101",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look up the port of each destination."""
        for destination in service.destinations():
            number = destination.port
            if is_integer(number) and 1 <= number <= 65535 and is_text(destination.host):
                yield from self._look_up(destination, destination.host, number, catalog)

    def _look_up(
        self, destination: Destination, host: str, number: int, catalog: Catalog
    ) -> Iterator[Finding]:
        ports = [port for ports in catalog.ports_of(host, destination.resource) for port in ports]
        if not ports or any(port.number == number for port in ports):
            return
        numbers = sorted({port.number for port in ports if is_integer(port.number)})
        owner = ports[0].resource
        yield self.finding(
            destination.at("port", "number"),
            f"{owner.title} has no port {number} (it has {listed([str(n) for n in numbers])}). "
            "Requests sent there fail with 503.",
            related=[(owner.at("spec", "ports", key=True), "the ports that it has")],
            help=_mend(number, ports, numbers),
        )


def _mend(number: int, ports: Sequence[Port], numbers: Sequence[int]) -> str:
    behind = [port.number for port in ports if port.target == number and is_integer(port.target)]
    if behind:
        return f"Write {behind[0]}: {behind[0]} is the port, {number} its targetPort."
    if len(numbers) == 1:
        return f"Write {numbers[0]}, or add the port to the Service."
    return "Name a port of the Service, or add the port there."

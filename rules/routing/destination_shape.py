"""TS227: a destination that Istio does not take."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Destination,
    Finding,
    Place,
    Route,
    Rule,
    Severity,
    Unknown,
    VirtualService,
    as_list,
    dns_label_problem,
    is_integer,
    is_ip,
    is_text,
    port_problem,
    wildcard_host_problem,
)


class DestinationShape(Rule[VirtualService]):
    """Every destination names a host, and its subset and port as Istio writes them.

    What it checks:
        The destinations of http, tls and tcp routes and of mirrors: a tls or tcp route has one; no entry
        is null; each has a destination with a host, which is a host name (no IP address, no lone `*`);
        a subset is letters, digits and inner dashes; a port has a number of 1 to 65535.

        The one route of a managed VirtualService without a host is TS108, a wrong weight TS202, a route
        without anything TS210, a mirror without a destination TS221.

    Why it matters:
        Istio refuses the VirtualService, and the routes that were there before stay in force.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - route:
            - destination:
                host: http://shop  # <-
                subset: v1.2  # <-
                port:
                  number: 80800  # <-
        ```

    Good:
        ```yaml
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
                subset: v1-2
                port:
                  number: 8080
        ```

    How to fix:
        Write the host alone, without scheme, port and path; an address outside the mesh needs a
        ServiceEntry with a host name.

    Sources:
        - Istio reference, "Virtual Service", Destination and PortSelector
        - Istio, virtual service validation: destinations
    """

    id = "TS227"
    name = "destination-shape"
    severity = Severity.ERROR
    aliases = ("IST0106",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look at each destination of each route."""
        for route in service.routes:
            if route.protocol != "http" and route.data and route.data.get("route") in (None, []):
                yield self._refused(
                    route.at(),
                    f"This {route.protocol} route has no destinations",
                    "Add route with its destinations.",
                )
            yield from self._entries(route)
            for mirror in route.mirrors:
                if mirror.data:
                    yield from self._check_destination(mirror)

    def _entries(self, route: Route) -> Iterator[Finding]:
        for index, entry in enumerate(as_list(route.data.get("route"))):
            place = route.at("route", index)
            if entry is None:
                yield self._refused(place, "An entry of route is null", "Remove the entry.")
            elif (
                isinstance(entry, dict)
                and entry.get("destination") is None
                and not (index == 0 and _is_managed(route))
            ):
                yield self._refused(
                    place, "This entry of route has no destination", "Name the host under it."
                )
        for destination in route.destinations:
            wrapper = destination.wrapper
            if wrapper is not None and isinstance(wrapper.data.get("destination"), dict):
                yield from self._check_destination(destination, route)

    def _check_destination(
        self, destination: Destination, route: Route | None = None
    ) -> Iterator[Finding]:
        yield from self._host(destination, route)
        subset = destination.subset
        problem = dns_label_problem(subset) if is_text(subset) else None
        if problem is not None:
            yield self._refused(
                destination.at("subset"),
                f'The subset "{subset}" {problem}',
                "Rename it here and in the DestinationRule.",
            )
        yield from self._port(destination)

    def _host(self, destination: Destination, route: Route | None) -> Iterator[Finding]:
        host = destination.data.get("host", "")
        if host is None or (is_text(host) and not host.strip()):
            if route is None or not (destination.path[-2] == 0 and _is_managed(route)):
                yield self._refused(
                    destination.at("host"), "The destination has no host", "Name the host."
                )
        elif is_text(host) and host == "*":
            yield self._refused(
                destination.at("host"),
                'The host "*" is every host, and a request goes to one',
                "Name the host.",
            )
        elif is_text(host):
            problem = wildcard_host_problem(host)
            if problem is not None:
                yield self._refused(
                    destination.at("host"), f'The host "{host}" {problem}', _host_mend(host)
                )

    def _port(self, destination: Destination) -> Iterator[Finding]:
        port = destination.data.get("port")
        if not isinstance(port, dict):
            return
        number = port.get("number", 0)
        if number is None or number == 0:
            yield self._refused(
                destination.at("port"),
                "The destination's port has no number",
                "Write `port: {number: 80}`, or remove port.",
            )
        elif is_integer(number) and port_problem(number):
            yield self._refused(
                destination.at("port", "number"),
                f"The port {number} {port_problem(number)}",
                "Write a port of the Service.",
            )

    def _refused(self, place: Place, problem: str, mend: str) -> Finding:
        return self.finding(place, f"{problem}. Istio refuses the VirtualService.", help=mend)


def _host_mend(host: str) -> str:
    if is_ip(host):
        return "Give the address a host name with a ServiceEntry, and name that."
    if "/" in host or ":" in host:
        return "Write the host alone, without scheme, port and path."
    return "Write the host's name."


def _is_managed(route: Route) -> bool:
    """Whether TS108 speaks of the route's first destination."""
    service = route.resource
    http = as_list(service.spec.get("http"))
    known = not any(isinstance(entry, Unknown) for entry in http)
    return (
        route.protocol == "http"
        and known
        and len(http) == 1
        and service.managed is True
        and not service.file.skipped
    )

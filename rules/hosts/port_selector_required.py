"""TS403: a destination without a port, though its Service has several."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tsplit_lint import (
    Catalog,
    Destination,
    Finding,
    Gateway,
    Listener,
    Place,
    Route,
    Rule,
    Severity,
    VirtualService,
    as_dict,
    as_list,
    hosts_meet,
    is_integer,
    is_text,
    listed,
    listeners,
)


class PortSelectorRequired(Rule[VirtualService]):
    """A destination says which of the several ports of its Service is meant.

    What it checks:
        Destinations and mirrors without `port` whose Service or ServiceEntry has more than one port.
        Istio then takes the port that the caller used.  It is an error where that port is none of the
        Service's: a gateway listens on 443, the Service on 80 and 9090.  It is a warning where the
        gateway is not in sight.  It is an info where callers can only use ports that the Service has,
        as within the mesh.

    Why it matters:
        With a port that the Service does not have, the route leads to a cluster that does not exist and
        every request fails with 503.  Where it works, it works by the caller's choice: the same route
        serves the port for metrics too.

    Bad:
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
        spec:
          selector: {app: shop}
          ports:
          - {name: http, port: 80}
          - {name: http-metrics, port: 9090}
        ---
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata:
          name: public
        spec:
          selector: {istio: ingressgateway}
          servers:
          - port: {number: 443, name: https, protocol: HTTPS}
            tls: {mode: SIMPLE, credentialName: shop}
            hosts: [shop.example.com]
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop.example.com]
          gateways: [public]
          http:
          - route:
            - destination:
                host: shop  # <-
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
          - {name: http, port: 80}
          - {name: http-metrics, port: 9090}
        ---
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata:
          name: public
        spec:
          selector: {istio: ingressgateway}
          servers:
          - port: {number: 443, name: https, protocol: HTTPS}
            tls: {mode: SIMPLE, credentialName: shop}
            hosts: [shop.example.com]
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop.example.com]
          gateways: [public]
          http:
          - route:
            - destination:
                host: shop
                port: {number: 80}
        ```

    How to fix:
        Add `port: {number: …}` to the destination.

    Sources:
        - Istio reference, "Virtual Service", Destination.port
        - Istio source, `GetDestinationCluster` (pilot/pkg/networking/core/route/route.go)
        - Istio docs, "VirtualServiceDestinationPortSelectorRequired"
    """

    id = "TS403"
    name = "port-selector-required"
    severity = Severity.ERROR
    aliases = ("IST0112",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look at each destination that names no port."""
        for route in service.routes:
            for destination in (*route.destinations, *route.mirrors):
                host = destination.host
                if destination.data.get("port") is None and is_text(host) and host:
                    each = catalog.ports_of(host, service)
                    if each and all(len(ports) > 1 for ports in each):
                        ports = {p.number for ports in each for p in ports if is_integer(p.number)}
                        owner = each[0][0].resource.title
                        yield self._judge(route, destination, host, owner, ports, catalog)

    def _judge(
        self,
        route: Route,
        destination: Destination,
        host: str,
        owner: str,
        ports: set[int],
        catalog: Catalog,
    ) -> Finding:
        callers = _callers(route, host, ports, catalog)
        has = f"{owner} has the ports {listed([str(port) for port in sorted(ports)])}, and this "
        wrong = {port: place for port, place in callers.known.items() if port not in ports}
        help_text = "Add the port to the destination: `port: {number: …}`."
        if wrong:
            used = listed([str(port) for port in sorted(wrong)])
            return self.finding(
                destination.at("host"),
                f"{has}destination names none. Callers use the port {used}, Istio looks for that one, "
                "and their requests fail with 503.",
                severity=Severity.ERROR if callers.is_certain(wrong) else Severity.WARNING,
                related=[(place, "where callers come in") for place in list(wrong.values())[:3]],
                help=help_text,
            )
        if callers.unseen:
            return self.finding(
                destination.at("host"),
                f"{has}destination names none. Istio takes the port on which the gateway "
                f"{callers.unseen} listens; if that is another one, every request fails with 503.",
                severity=Severity.WARNING,
                help=help_text,
            )
        return self.finding(
            destination.at("host"),
            f"{has}destination names none. Istio takes the port that the caller used, so that the route "
            "serves all of them.",
            severity=Severity.INFO,
            help=help_text,
        )


@dataclass
class _Callers:
    """The ports on which callers of a route come in.

    `known` has each with its place, `gateways` those of gateways; `unseen` is a gateway out of sight.
    """

    known: dict[int, Place] = field(default_factory=dict)
    gateways: set[int] = field(default_factory=set)
    unseen: str = ""

    def is_certain(self, wrong: dict[int, Place]) -> bool:
        """Whether requests surely come in by a wrong port."""
        return bool(self.gateways & wrong.keys()) or wrong.keys() == self.known.keys()


def _callers(route: Route, host: str, ports: set[int], catalog: Catalog) -> _Callers:
    service = route.resource
    found = _Callers()
    if not isinstance(service, VirtualService) or not service.hosts:
        return found  # a delegate: its callers are those of another VirtualService
    for match in route.matches or [None]:
        written = as_dict(match)
        only = written.get("port")
        for name in as_list(written.get("gateways")) or service.gateways or ("mesh",):
            if not is_text(name):
                continue
            if name == "mesh":
                ways = _mesh_ports(service, host, catalog)
            elif (served := _gateway_ports(service, name, route.protocol, catalog)) is not None:
                ways = served
                found.gateways |= {port for port in ways if only in (None, port)}
            else:
                found.unseen = "" if is_integer(only) and only in ports else f'"{name}"'
                continue
            found.known |= {port: place for port, place in ways.items() if only in (None, port)}
    return found


def _mesh_ports(service: VirtualService, host: str, catalog: Catalog) -> dict[int, Place]:
    """The ports of the Services that a VirtualService stands for; those of the destination are right."""
    own = catalog.host(host, service)
    found: dict[int, Place] = {}
    for written in filter(is_text, service.hosts):
        if "*" in written or catalog.host(written, service).same(own):
            continue
        for ports in catalog.ports_of(written, service):
            found |= {port.number: port.at() for port in ports if is_integer(port.number)}
    return found


def _gateway_ports(
    service: VirtualService, name: str, protocol: str, catalog: Catalog
) -> dict[int, Place] | None:
    """The ports on which a gateway takes requests for the hosts; None where that is not in sight."""
    found: dict[int, Place] = {}
    near = catalog.gateways_near(name, service)
    for gateway in near:
        if not isinstance(gateway, Gateway) or gateway.hides_servers:
            return None
        for listener in listeners(gateway):
            if _takes(listener, protocol) and any(
                hosts_meet(served, written.lower())
                for served in listener.hosts
                for written in filter(is_text, service.hosts)
            ):
                found[listener.number] = listener.server.port.at("number")
    return found if near else None


def _takes(listener: Listener, protocol: str) -> bool:
    """Whether requests that come in there are given to routes of a protocol."""
    tls = as_dict(listener.server.data.get("tls"))
    if tls.get("httpsRedirect") is True:
        return False
    passes = tls.get("mode") in ("PASSTHROUGH", "AUTO_PASSTHROUGH")
    if protocol == "http":
        return listener.carries != "tcp" and not passes
    return passes if protocol == "tls" else listener.carries != "http" and not passes

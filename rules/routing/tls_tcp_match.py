"""TS214: a match of a tls or tcp route that Istio does not take."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Place,
    Route,
    Rule,
    Severity,
    View,
    VirtualService,
    as_dict,
    as_list,
    host_within,
    is_generated_sni,
    is_integer,
    is_ip,
    is_subnet,
    is_text,
    label_problem,
    port_problem,
    wildcard_host_problem,
)


class TlsTcpMatch(Rule[VirtualService]):
    """A tls route matches server names that are among the hosts, and a tcp route what it can see.

    What it checks:
        A tls route has a match, and each of its matches has `sniHosts`: host names that one of the
        VirtualService's hosts covers, as they are written.  An IP address is a warning.  In tls and tcp
        matches, `destinationSubnets` are addresses or ranges, `port` and `sourceLabels` have their
        syntax, and no entry is null.  A tcp route needs no match.

    Why it matters:
        Istio refuses the VirtualService, and the routes that were there before stay in force.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: login
        spec:
          hosts: ["*.example.com"]
          gateways: [edge]
          tls:
          - match:
            - port: 443
              sniHosts:
              - login.example.org  # <-
            route:
            - destination: {host: login}
          - route:  # <-
            - destination: {host: login}
          tcp:
          - match:
            - destinationSubnets: [10.0.0.0/33]  # <-
            route:
            - destination: {host: login}
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: login
        spec:
          hosts: ["*.example.com"]
          gateways: [edge]
          tls:
          - match:
            - port: 443
              sniHosts:
              - login.example.com
            route:
            - destination: {host: login}
          tcp:
          - match:
            - destinationSubnets: [10.0.0.0/8]
            route:
            - destination: {host: login}
        ```

    How to fix:
        Write each server name as one of the hosts, or within one that begins with a wildcard.

    Sources:
        - Istio reference, "Virtual Service", TLSMatchAttributes and L4MatchAttributes
        - Istio, virtual service validation: tls and tcp routes
    """

    id = "TS214"
    name = "tls-tcp-match"
    severity = Severity.ERROR
    aliases = ("IST0106", "IST0133")
    needs = ("tls", "tcp")

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look at each tls and tcp route."""
        for route in (*service.tls, *service.tcp):
            if route.protocol == "tls" and route.data and route.data.get("match") in (None, []):
                yield self._refused(
                    route.at(),
                    "This tls route has no match",
                    "Add a match with the sniHosts that the route takes.",
                )
            for index, entry in enumerate(route.matches):
                match = View(service, (*route.path, "match", index), entry)
                if entry is None:
                    place = match.at()
                    yield self._refused(place, "An entry of match is null", "Remove the entry.")
                elif isinstance(entry, dict):
                    yield from self._server_names(route, match)
                    yield from self._addresses(match)

    def _server_names(self, route: Route, match: View) -> Iterator[Finding]:
        if route.protocol != "tls":
            return
        if match.data.get("sniHosts") in (None, []):
            yield self._refused(
                match.at(),
                "This tls match has no sniHosts",
                "Add the server names that the route takes.",
            )
        for index, name in enumerate(as_list(match.data.get("sniHosts"))):
            if is_text(name):
                yield from self._server_name(route, match.at("sniHosts", index), name)

    def _server_name(self, route: Route, place: Place, name: str) -> Iterator[Finding]:
        service = route.resource
        hosts = as_list(service.spec.get("hosts"))
        problem = None if is_generated_sni(name) else wildcard_host_problem(name)
        if is_ip(name):
            yield self.finding(
                place,
                f"The sniHosts entry {name} is an IP address: a client sends no server name when it "
                "calls an address, so the match never takes.",
                severity=Severity.WARNING,
                aliases=("IST0133",),
                help="Write the host name that clients call.",
            )
        elif problem is not None:
            yield self._refused(
                place, f'The sniHosts entry "{name}" {problem}', "Write a host name."
            )
        elif hosts and all(is_text(host) and not host_within(name, host) for host in hosts):
            yield self.finding(
                place,
                f'The sniHosts entry "{name}" is not within the hosts of the VirtualService '
                f"({', '.join(hosts)}). Istio refuses the VirtualService.",
                aliases=("IST0106",),
                related=[(service.at("spec", "hosts", key=True), "the hosts")],
                help="Add it to spec.hosts, or write one of the hosts here.",
            )

    def _addresses(self, match: View) -> Iterator[Finding]:
        for index, subnet in enumerate(as_list(match.data.get("destinationSubnets"))):
            if is_text(subnet) and not is_subnet(subnet):
                yield self._refused(
                    match.at("destinationSubnets", index),
                    f'The destinationSubnets entry "{subnet}" is neither an address nor a range',
                    "Write it as 10.1.2.3 or 10.0.0.0/8.",
                )
        port = match.data.get("port")
        problem = port_problem(port) if is_integer(port) and port else None
        if problem is not None:
            yield self._refused(
                match.at("port"), f"The port {port} {problem}", "Write a port that clients call."
            )
        for key, value in as_dict(match.data.get("sourceLabels")).items():
            problem = label_problem(key, value)
            if problem is not None:
                yield self._refused(
                    match.at("sourceLabels", key, key=True),
                    f"In sourceLabels {problem}",
                    "Write a label that pods can have.",
                )

    def _refused(self, place: Place, problem: str, mend: str) -> Finding:
        return self.finding(
            place, f"{problem}. Istio refuses the VirtualService.", aliases=("IST0106",), help=mend
        )

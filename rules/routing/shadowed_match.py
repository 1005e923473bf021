"""TS209: a match below a wider one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsplit_lint import (
    Catalog,
    Finding,
    Rule,
    Severity,
    VirtualService,
    codes_of_match,
)

if TYPE_CHECKING:
    from tsplit_lint import Shadow


class ShadowedMatch(Rule[VirtualService]):
    """No match stands below a wider one, which takes all of its requests.

    What it checks:
        Each match of an `http`, `tcp` or `tls` route against all matches before it. An earlier match is
        wider if it takes every request of this one and more: `prefix: /` before `exact: /cart`, a path
        alone before the same path with a header. Paths, headers, `withoutHeaders`, query parameters,
        method, scheme, authority, port, Gateways and the client's labels and namespace all count;
        exact and prefix are decided exactly. Regular expressions are judged where it can be proved
        that one takes all that the other takes; otherwise the rule is silent. An empty match, or a route
        without one, is TS207; the same match twice is TS208. For `tls` and `tcp` routes Envoy prefers the
        more specific server name and subnet, wherever it stands, so order counts only for the rest.
        A wider match in the same route takes nothing from it, so this is no more than a hint.

    Why it matters:
        Istio takes the first route that matches, not the best one. The requests go where the wider
        match sends them, and the narrower route never sees one.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - match:
            - uri: {prefix: /}
            route:
            - destination: {host: shop, subset: stable}
          - match:
            - uri: {exact: /cart}  # <-
            route:
            - destination: {host: shop, subset: canary}
        ```

        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - match:
            - uri: {prefix: /api}
            route:
            - destination: {host: shop, subset: stable}
          - match:
            - uri: {regex: "/api/v[12]/.*"}  # <-
              headers:
                x-canary: {exact: "true"}
            route:
            - destination: {host: shop, subset: canary}
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
          - match:
            - uri: {exact: /cart}
            route:
            - destination: {host: shop, subset: canary}
          - match:
            - uri: {prefix: /}
            route:
            - destination: {host: shop, subset: stable}
        ```

    How to fix:
        Put the narrower route above the wider one.

    Sources:
        - Istio reference, "Virtual Service": the first rule that matches is used; HTTPMatchRequest
        - Istio analysis message IST0131, VirtualServiceIneffectiveMatch
        - Envoy reference, "Route matching" and FilterChainMatch
    """

    id = "TS209"
    name = "shadowed-match"
    severity = Severity.WARNING
    aliases = ("IST0130", "IST0131")

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look for matches of one VirtualService below a wider one."""
        if len(service.routes) < 2 and not any(len(route.matches) > 1 for route in service.routes):
            return
        from tsplit_lint import shadows

        for shadow in shadows(service):
            if shadow.equal or shadow.route_repeats:
                continue
            if not shadow.same_route:
                yield self._shadowed(service, shadow)
            elif not shadow.by_catch_all:
                yield self._redundant(service, shadow)

    def _shadowed(self, service: VirtualService, shadow: Shadow) -> Finding:
        taker = shadow.taker.title
        loss = "No request gets to this route" if shadow.route_dead else "This match does nothing"
        return self.finding(
            shadow.place,
            f"{loss}: {taker} comes first and takes every request that is asked for here. Istio takes "
            "the first route that matches, not the narrowest.",
            aliases=codes_of_match(service, shadow.route, shadow.match),
            related=[(shadow.taker.place, "this wider match takes its requests")],
            help=f"Move this route above {taker}, or let {taker} ask for less.",
        )

    def _redundant(self, service: VirtualService, shadow: Shadow) -> Finding:
        return self.finding(
            shadow.place,
            "This match adds nothing: a wider one stands in the same route.",
            severity=Severity.INFO,
            aliases=codes_of_match(service, shadow.route, shadow.match),
            related=[(shadow.taker.place, "the wider match")],
            help="Remove the match.",
        )

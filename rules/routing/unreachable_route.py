"""TS207: a route that no request gets to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsplit_lint import (
    Catalog,
    Finding,
    Rule,
    Severity,
    VirtualService,
    codes_of_route,
    listed,
)

if TYPE_CHECKING:
    from tsplit_lint import Shadow


class UnreachableRoute(Rule[VirtualService]):
    """No route stands after one that takes all of its requests.

    What it checks:
        Every `http`, `tcp` and `tls` route after the first. It is unreachable if an earlier route has
        no `match` at all (or an empty one), or if each of its matches stands in earlier routes too,
        written the same way or another. A route whose requests are taken by *wider* matches is TS209;
        single matches of a route that is not dead are TS208 and TS209. Matches for other ports,
        Gateways, client labels or client namespaces do not take each other's requests. A route that
        delegates takes nothing for good: what its delegate does not take goes on to the next route.

    Why it matters:
        Istio takes the first route that matches. A canary's rule below the default route is never
        asked: the split it holds does not happen, and nothing says so.

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
            - destination: {host: shop, subset: stable}
          - match:  # <-
            - headers:
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
            - headers:
                x-canary: {exact: "true"}
            route:
            - destination: {host: shop, subset: canary}
          - route:
            - destination: {host: shop, subset: stable}
        ```

    How to fix:
        Move the route above the one that takes its requests, or remove it.

    Sources:
        - Istio reference, "Virtual Service": the first rule that matches is used
        - Istio analysis message IST0130, VirtualServiceUnreachableRule
    """

    id = "TS207"
    name = "unreachable-route"
    severity = Severity.WARNING
    aliases = ("IST0130", "IST0131")

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look for routes of one VirtualService that earlier routes repeat or cut off."""
        if not any(len(routes) > 1 for routes in (service.http, service.tls, service.tcp)):
            return
        from tsplit_lint import shadows

        by_route: dict[int, list[Shadow]] = {}
        for shadow in shadows(service):
            if shadow.route_repeats:
                by_route.setdefault(id(shadow.route), []).append(shadow)
        for taken in by_route.values():
            yield self._unreachable(service, taken)

    def _unreachable(self, service: VirtualService, taken: list[Shadow]) -> Finding:
        route = taken[0].route
        takers = {shadow.taker.title: shadow.taker for shadow in taken if not shadow.same_route}
        titles = listed(list(takers))
        open_ones = [title for title, taker in takers.items() if taker.conditions.blank]
        if open_ones:
            reason = f"{open_ones[0]} comes first and takes every request, for it asks for nothing"
            mend = f"Move this route above {open_ones[0]}, or remove it."
        else:
            reason = f"{titles} asks for the same and comes first"
            if len(takers) > 1:
                reason = f"{titles} come first and ask for all that it asks for"
            mend = "Remove this route, or let it ask for something else."
        related = [(taker.route.at(), "takes its requests") for taker in list(takers.values())[:3]]
        return self.finding(
            route.at(),
            f"No request gets to this route: {reason}.",
            aliases=codes_of_route(service, route),
            related=related,
            help=mend,
        )

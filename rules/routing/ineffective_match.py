"""TS208: a match that stands in an earlier route already."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rule,
    Severity,
    VirtualService,
    codes_of_match,
)


class IneffectiveMatch(Rule[VirtualService]):
    """No match of a route repeats an earlier one.

    What it checks:
        Each of the matches of an `http`, `tcp` or `tls` route against all matches before it, in earlier
        routes and in its own. Two matches are the same if they take the same requests, whatever their
        names and their spelling (`prefix: /` and no `uri` at all). If this holds for every match of
        the route, it is TS207; an earlier match that takes more than this one is TS209.

    Why it matters:
        The earlier match takes the requests, so this one does nothing. Where it stands in another route,
        its requests do not go where this route would send them.

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
            - uri: {prefix: /beta}
            route:
            - destination: {host: shop, subset: canary}
          - match:
            - uri: {prefix: /cart}
            - uri: {prefix: /beta}  # <-
            route:
            - destination: {host: shop, subset: stable}
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
            - uri: {prefix: /beta}
            route:
            - destination: {host: shop, subset: canary}
          - match:
            - uri: {prefix: /cart}
            route:
            - destination: {host: shop, subset: stable}
        ```

    How to fix:
        Remove the match, or correct what it asks for.

    Sources:
        - Istio reference, "Virtual Service": the first rule that matches is used
        - Istio analysis message IST0131, VirtualServiceIneffectiveMatch
    """

    id = "TS208"
    name = "ineffective-match"
    severity = Severity.INFO
    aliases = ("IST0130", "IST0131")

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look for matches of one VirtualService that repeat an earlier one."""
        if len(service.routes) < 2 and not any(len(route.matches) > 1 for route in service.routes):
            return
        from tsplit_lint import shadows

        for shadow in shadows(service):
            if not shadow.equal or shadow.route_repeats:
                continue
            if shadow.same_route:
                reason = "the same match stands in this route already"
            else:
                reason = f"{shadow.taker.title} has the same match and comes first"
            yield self.finding(
                shadow.place,
                f"This match takes no request: {reason}.",
                aliases=codes_of_match(service, shadow.route, shadow.match),
                related=[(shadow.taker.place, "takes its requests")],
                help="Remove the match, or correct what it asks for.",
            )

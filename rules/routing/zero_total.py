"""TS206: several destinations that share nothing."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Rule, Severity, VirtualService, is_integer


class ZeroTotal(Rule[VirtualService]):
    """The weights of a route with several destinations are not all 0.

    What it checks:
        `http`, `tls` and `tcp` routes with two destinations or more whose weights are all 0 or absent.
        An absent weight counts as 0 once there are several.

    Why it matters:
        Istio's webhook refuses the VirtualService ("total destination weight = 0"), so the deployment
        fails and the old routes stay in force.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - route:  # <-
            - destination: {host: shop, subset: stable}
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
          - route:  # <-
            - destination: {host: shop, subset: stable}
              weight: 0
            - destination: {host: shop, subset: canary}
              weight: 0
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
            - destination: {host: shop, subset: stable}
              weight: 100
            - destination: {host: shop, subset: canary}
              weight: 0
        ```

    How to fix:
        Give each destination its weight, so that they sum to 100.

    Sources:
        - Istio, virtual service validation: "total destination weight = 0"
    """

    id = "TS206"
    name = "zero-total"
    severity = Severity.ERROR
    aliases = ("IST0106",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look at each route of one VirtualService."""
        for route in service.routes:
            if len(route.destinations) < 2:
                continue
            total = route.total_weight
            weights = [destination.weight for destination in route.destinations]
            if not is_integer(total) or total != 0 or any(weights):
                continue
            what = "No destination of this route has a weight"
            if any(weight == 0 for weight in weights):
                what = "All weights of this route are 0"
            yield self.finding(
                route.at("route"),
                f"{what}, so their total is 0 and Istio refuses the VirtualService. With several "
                "destinations a weight that is left out counts as 0.",
                help="Give each destination its weight, so that they sum to 100.",
            )

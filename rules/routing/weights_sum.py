"""TS201: weights that do not sum to 100."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Rule, Severity, VirtualService, is_integer, listed


class WeightsSum(Rule[VirtualService]):
    """The weights of a route with several destinations sum to 100.

    What it checks:
        Every `http`, `tls` and `tcp` route that has two destinations or more, all with a known
        weight.  A total of 0 is TS206, a destination without a weight is TS203, a weight that is no
        whole number is TS202.

    Why it matters:
        Istio shares the traffic in proportion, so the percentages written down are not the ones that
        are served.  Before version 1.13 (`--istio-version 1.12`) it refuses the VirtualService.

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
              weight: 80
            - destination: {host: shop, subset: canary}
              weight: 10
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
              weight: 90
            - destination: {host: shop, subset: canary}
              weight: 10
        ```

    How to fix:
        Change the weights so that they sum to 100.

    Sources:
        - Istio reference, "Virtual Service", HTTPRouteDestination.weight
        - Istio 1.13 change notes: weights need no longer sum to 100
    """

    id = "TS201"
    name = "weights-sum"
    severity = Severity.ERROR

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look at each route of one VirtualService."""
        for route in service.routes:
            if len(route.destinations) < 2:
                continue
            weights = [destination.weight for destination in route.destinations]
            total = route.total_weight
            if None in weights or not is_integer(total) or total in (0, 100) or min(weights) < 0:
                continue
            written = listed([f"{weight}%" for weight in weights])
            served = listed([f"{weight * 100 / total:.3g}%" for weight in weights])
            fate = (
                f"Istio shares the traffic in proportion and serves {served} instead of {written}."
            )
            if catalog.istio_before(1, 13):
                fate = "Istio before 1.13 refuses the VirtualService."
            yield self.finding(
                route.at("route"),
                f"The weights of this route sum to {total}, not 100. {fate}",
                help="Change the weights so that they sum to 100.",
            )

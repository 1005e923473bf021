"""TS204: a share of the traffic for the only destination."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Rule, Severity, VirtualService, is_integer


class WeightUseless(Rule[VirtualService]):
    """The only destination of a route has no weight, or 100.

    What it checks:
        `http`, `tls` and `tcp` routes with one destination whose weight is 1 to 99.

    Why it matters:
        Istio ignores the weight of an only destination: it gets all of the traffic, not the share that
        is written.  Often the second destination of a split was forgotten.

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
            - destination: {host: shop, subset: canary}
              weight: 10  # <-
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
        Add the other destination with the rest of the traffic, or remove the weight.

    Sources:
        - Istio, route translation: a single destination becomes a plain cluster
    """

    id = "TS204"
    name = "weight-useless"
    severity = Severity.WARNING
    aliases = ("KIA1104",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look at the routes with one destination."""
        for route in service.routes:
            if len(route.destinations) != 1 or route.has_unknown_destinations:
                continue
            (destination,) = route.destinations
            weight = destination.weight
            if is_integer(weight) and 0 < weight < 100 and destination.wrapper is not None:
                yield self.finding(
                    destination.wrapper.at("weight"),
                    "This is the only destination of the route, so it gets all of the traffic, not "
                    f"{weight}%.",
                    help="Add the other destination with the rest of the traffic, or remove the weight.",
                )

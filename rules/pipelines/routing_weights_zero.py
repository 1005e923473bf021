"""TS714: a route without weights."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    is_progressive,
    traffic_routings,
)


class RoutingWeightsZero(Rule[Rollout]):
    """No destination of a configured route has a weight above 0.

    What it checks:
        Every route with two destinations or more that a traffic routing configures, where every
        weight is 0 or missing. In a stage with a progressive canary it is an information.

    Why it matters:
        Harness then gives every destination the same share: the canary gets half of the traffic at
        once.

    Bad:
        ```yaml
        - step:
            type: K8sTrafficRouting
            name: Route
            identifier: route
            spec:
              type: config
              trafficRouting:
                provider: istio
                spec:
                  name: shop
                  hosts: [shop]
                  routes:
                  - route:
                      type: http
                      name: main
                      destinations:  # <-
                      - destination: {host: stable, weight: 0}
                      - destination: {host: canary, weight: 0}
        ```

    Good:
        ```yaml
        - step:
            type: K8sTrafficRouting
            name: Route
            identifier: route
            spec:
              type: config
              trafficRouting:
                provider: istio
                spec:
                  name: shop
                  hosts: [shop]
                  routes:
                  - route:
                      type: http
                      name: main
                      destinations:
                      - destination: {host: stable, weight: 100}
                      - destination: {host: canary, weight: 0}
        ```

    How to fix:
        Write the weights: stable 100 and canary 0 to start without traffic on the canary.

    Sources:
        - harness-core, K8sTrafficRoutingHelper and TrafficRoutingResourceCreator
    """

    id = "TS714"
    name = "routing-weights-zero"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at each route that is configured."""
        progressive = any(map(is_progressive, rollout.steps))
        for routing in traffic_routings(rollout.all_steps):
            for route in routing.routes if routing.mode == "config" else ():
                entries = route.destinations
                if len(entries) < 2 or any(entry.hidden for entry in entries):
                    continue
                if any(entry.weight not in (None, 0) for entry in entries):
                    continue
                yield self.finding(
                    route.at("destinations"),
                    f"No destination of the route {route.name} in {routing.step.title} has a weight above "
                    f"0: Harness gives each of the {len(entries)} the same share.",
                    severity=Severity.INFO if progressive else None,
                    help="Write the weights, such as stable 100 and canary 0.",
                )

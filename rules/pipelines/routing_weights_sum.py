"""TS713: weights of a route that do not sum to 100."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    is_integer,
    listed,
    traffic_routings,
)


class RoutingWeightsSum(Rule[Rollout]):
    """The weights of a configured route do not sum to 100.

    What it checks:
        Every route that a traffic routing configures, where all weights are known and none is
        missing. A step that inherits may name some of the destinations only: the others share the
        rest.

    Why it matters:
        Harness divides each weight by the sum, so the percentages written down are not the ones
        that are served; the run only logs a warning.

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
                      - destination: {host: stable, weight: 90}
                      - destination: {host: canary, weight: 20}
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
                      - destination: {host: stable, weight: 80}
                      - destination: {host: canary, weight: 20}
        ```

    How to fix:
        Change the weights so that they sum to 100.

    Sources:
        - Harness docs, "Kubernetes Traffic Routing Step": Weight
        - harness-core, K8sTrafficRoutingHelper and TrafficRoutingResourceCreator
    """

    id = "TS713"
    name = "routing-weights-sum"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at each route that is configured."""
        for routing in traffic_routings(rollout.all_steps):
            for route in routing.routes if routing.mode == "config" else ():
                weights = [entry.weight for entry in route.destinations]
                known = [weight for weight in weights if is_integer(weight) and 0 <= weight <= 100]
                total = sum(known)
                if not weights or len(known) < len(weights) or total in (0, 100):
                    continue
                written = listed([f"{weight}%" for weight in known])
                served = listed([f"{weight * 100 // total}%" for weight in known])
                yield self.finding(
                    route.at("destinations"),
                    f"The weights of the route {route.name} in {routing.step.title} sum to {total}, not "
                    f"100. Harness serves {served} instead of {written}.",
                    help="Change the weights so that they sum to 100.",
                )

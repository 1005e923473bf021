"""TS711: a route without its parts."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    explain_setting,
    misfits_about,
    traffic_routings,
)


class IncompleteRoute(Rule[Rollout]):
    """A route of a traffic routing lacks its type, name, destinations or a host.

    What it checks:
        Every route that a step configures has `type: http`, a `name` and at least one destination,
        and every destination a `host`; with `delegateService: true` the host may be empty. An entry
        of `routes` stands below `route:`, one of `destinations` below `destination:`. Of an
        inherited route only the host is judged here, the rest by TS707.

    Why it matters:
        Harness refuses the pipeline, or creates a VirtualService that sends requests nowhere.

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
                      type: tcp  # <-
                      name: main
                      destinations:
                      - destination: {host: stable, weight: 80}
                      - destination: {host: canary, weight: 20}
        ```

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
                      - destination: {weight: 20}  # <-
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
        Write the type `http`, a name, and destinations with a host each.

    Sources:
        - Harness's pipeline schema, v0/pipeline/steps/cd, traffic-routing.yaml
    """

    id = "TS711"
    name = "incomplete-route"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at each route of each traffic routing."""
        for step, misfit in misfits_about(rollout, "route"):
            place, text, mend = explain_setting(step, misfit)
            yield self.finding(place, f"{text}. Harness refuses the pipeline.", help=mend)
        routings = list(traffic_routings(rollout.all_steps))
        delegated = any(routing.spec.data.get("delegateService") for routing in routings)
        configured = any(routing.mode != "inherit" for routing in routings)
        for routing in routings:
            if delegated or (routing.mode == "inherit" and not configured):
                continue  # the step that it inherits from may leave hosts to another VirtualService
            for route in routing.routes:
                for entry in route.destinations:
                    if entry.data and entry.data.get("host") in (None, ""):
                        yield self.finding(
                            entry.at("host") if "host" in entry.data else entry.at(),
                            f"A destination of the route {route.name} in {routing.step.title} has no "
                            "host: its share of the requests has nowhere to go.",
                            help="Write the host: a Service, or stable, canary or stage.",
                        )

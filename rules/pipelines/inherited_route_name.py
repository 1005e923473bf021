"""TS709: an inherited route of another name."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    TrafficRouting,
    is_text,
    listed,
    nearest,
    traffic_routings,
)


class InheritedRouteName(Rule[Rollout]):
    """A traffic routing inherits a route that no step before it configured.

    What it checks:
        The name of each route of a K8sTrafficRouting step with `type: inherit`, where routes are
        configured in the pipeline: one of them has that name. A name that an expression hides, and
        a pipeline with a template that lies elsewhere, are not judged.

    Why it matters:
        Harness finds the route to change by its name: the step fails, or the weights stay as they
        were.

    Bad:
        ```yaml
        pipeline:
          name: release
          identifier: release
          stages:
          - stage:
              name: prod
              identifier: prod
              type: Deployment
              spec:
                deploymentType: Kubernetes
                execution:
                  steps:
                  - step:
                      type: K8sCanaryDeploy
                      name: Canary
                      identifier: canary
                      spec:
                        instanceSelection: {type: Count, spec: {count: 1}}
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
                  - step:
                      type: K8sTrafficRouting
                      name: Shift
                      identifier: shift
                      spec:
                        type: inherit
                        trafficRouting:
                          routes:
                          - route:
                              name: mian  # <-
                              destinations:
                              - destination: {host: stable, weight: 50}
                              - destination: {host: canary, weight: 50}
                  - step:
                      type: K8sRollingDeploy
                      name: Rolling
                      identifier: rolling
                      spec:
                        skipDryRun: false
                  - step:
                      type: K8sTrafficRouting
                      name: Back
                      identifier: back
                      spec:
                        type: inherit
                        trafficRouting:
                          routes:
                          - route:
                              name: main
                              destinations:
                              - destination: {host: stable, weight: 100}
                              - destination: {host: canary, weight: 0}
                  - step:
                      type: K8sCanaryDelete
                      name: Canary Delete
                      identifier: canaryDelete
                      spec: {}
        ```

    Good:
        ```yaml
        pipeline:
          name: release
          identifier: release
          stages:
          - stage:
              name: prod
              identifier: prod
              type: Deployment
              spec:
                deploymentType: Kubernetes
                execution:
                  steps:
                  - step:
                      type: K8sCanaryDeploy
                      name: Canary
                      identifier: canary
                      spec:
                        instanceSelection: {type: Count, spec: {count: 1}}
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
                  - step:
                      type: K8sTrafficRouting
                      name: Shift
                      identifier: shift
                      spec:
                        type: inherit
                        trafficRouting:
                          routes:
                          - route:
                              name: main
                              destinations:
                              - destination: {host: stable, weight: 50}
                              - destination: {host: canary, weight: 50}
                  - step:
                      type: K8sRollingDeploy
                      name: Rolling
                      identifier: rolling
                      spec:
                        skipDryRun: false
                  - step:
                      type: K8sTrafficRouting
                      name: Back
                      identifier: back
                      spec:
                        type: inherit
                        trafficRouting:
                          routes:
                          - route:
                              name: main
                              destinations:
                              - destination: {host: stable, weight: 100}
                              - destination: {host: canary, weight: 0}
                  - step:
                      type: K8sCanaryDelete
                      name: Canary Delete
                      identifier: canaryDelete
                      spec: {}
        ```

    How to fix:
        Write the name of the route as the step with `type: config` has it.

    Sources:
        - Harness docs, "Kubernetes Traffic Routing Step": Inherit
        - harness-core, K8sTrafficRoutingHelper and TrafficRoutingResourceCreator
    """

    id = "TS709"
    name = "inherited-route-name"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at each route of one stage that is inherited."""
        stages = rollout.stages or (rollout,)
        if not all(stage.is_whole_stage for stage in stages):
            return
        configs = [
            routing
            for stage in stages
            for routing in traffic_routings(stage.all_steps)
            if routing.mode not in ("inherit", "update")
        ]
        names = [route.data.get("name") for routing in configs for route in routing.routes]
        if not names or any(routing.hides_routes for routing in configs):
            return
        if not all(map(is_text, names)):
            return
        known = sorted({name for name in names if is_text(name)})
        for routing in traffic_routings(rollout.all_steps):
            if routing.mode == "inherit":
                yield from self._judge(routing, known)

    def _judge(self, routing: TrafficRouting, known: list[str]) -> Iterator[Finding]:
        for route in routing.routes:
            name = route.data.get("name")
            if not isinstance(name, str) or name in known:
                continue
            close = nearest(name, known)
            yield self.finding(
                route.at("name"),
                f'{routing.step.title} changes the weights of the route "{name}", but the routes that are '
                f"configured are called {listed(known)}. Its weights are not applied.",
                help=f'Did you mean "{close}"?'
                if close
                else "Write the name of a configured route.",
            )

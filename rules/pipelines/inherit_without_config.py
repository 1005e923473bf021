"""TS708: an inherited routing that nothing configured."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    Step,
    TrafficRouting,
    Unknown,
    traffic_routings,
)


class InheritWithoutConfig(Rule[Rollout]):
    """A traffic routing inherits, and no step before it configured routes.

    What it checks:
        Every K8sTrafficRouting step with `type: inherit`: before it in the stage stands a
        K8sTrafficRouting step with `type: config`, or a canary or blue/green deployment with
        `trafficRouting`. It is a warning where only an earlier stage has one, where a step with a
        condition inherits, and in the rollback. A stage with a template that lies elsewhere is not
        judged.

    Why it matters:
        The step has no VirtualService whose weights it could change, and fails in the middle of the
        deployment.

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
                      name: Shift
                      identifier: shift
                      spec:
                        type: inherit  # <-
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
        Let the first traffic routing of the stage have `type: config`, with provider, name and
        routes.

    Sources:
        - Harness docs, "Kubernetes Traffic Routing Step": Inherit
        - harness-core, K8sTrafficRoutingHelper and TrafficRoutingResourceCreator
    """

    id = "TS708"
    name = "inherit-without-config"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at each routing of one stage that inherits."""
        hidden = (isinstance(step.data.get("spec"), Unknown) for step in rollout.steps)
        if not rollout.is_whole_stage or any(hidden):
            return
        configs = [
            routing for routing in traffic_routings(rollout.steps) if _may_configure(routing)
        ]
        for routing in traffic_routings(rollout.all_steps):
            rollback = routing.step in rollout.rollback_steps
            if routing.mode != "inherit" or _has_earlier(routing, configs, rollback):
                continue
            earlier = _earlier_stages(rollout)
            if any(stage.opaque for stage in earlier):
                continue
            elsewhere = any(map(_may_configure, traffic_routings(_steps_of(earlier))))
            mild = elsewhere or rollback or routing.step.is_conditional or rollout.is_stage_template
            where = (
                "; only an earlier stage does, and its routes belong to another deployment"
                if elsewhere
                else ""
            )
            yield self.finding(
                routing.step.at("spec", "type"),
                f"{routing.step.title} inherits its routing, but no step before it in the stage "
                f"{rollout.name} configures routes{where}. The step fails: there is nothing to change.",
                severity=Severity.WARNING if mild else None,
                help="Let the first traffic routing of the stage have type: config.",
            )


def _may_configure(routing: TrafficRouting) -> bool:
    return routing.mode != "inherit" and routing.mode != "update"


def _has_earlier(routing: TrafficRouting, configs: list[TrafficRouting], rollback: bool) -> bool:
    """Whether routes may have been configured before: steps side by side may run in either order."""
    return any(rollback or config.step.order <= routing.step.order for config in configs)


def _earlier_stages(rollout: Rollout) -> tuple[Rollout, ...]:
    return rollout.stages[: rollout.stages.index(rollout)] if rollout in rollout.stages else ()


def _steps_of(stages: tuple[Rollout, ...]) -> Iterator[Step]:
    return (step for stage in stages for step in stage.steps)

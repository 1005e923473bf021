"""TS723: a rollback that leaves routes as they are."""

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
    is_integer,
    rolls_back,
    runs_anything,
    traffic_routings,
)


class RollbackKeepsRouting(Rule[Rollout]):
    """Traffic goes to the canary or stage, and the rollback does not take it back.

    What it checks:
        Stages whose traffic routing gives the pods under test a share, where neither the rollback
        steps of the stage nor those of a step group hold a traffic routing, a canary delete or
        rollback, a swap, a K8sApply, or a script. A K8sRollingRollback alone does not change
        routes. A stage with a template that lies elsewhere is not judged, nor one whose failure
        strategies never lead into the rollback.

    Why it matters:
        When a step fails the share stays on the version that has just failed, until someone changes
        the routes by hand.

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
                      type: K8sRollingDeploy
                      name: Rolling
                      identifier: rolling
                      spec:
                        skipDryRun: false
                  - step:
                      type: K8sTrafficRouting
                      name: Back to stable
                      identifier: backToStable
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
                  rollbackSteps:  # <-
                  - step:
                      type: K8sRollingRollback
                      name: Undo
                      identifier: undo
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
                      type: K8sRollingDeploy
                      name: Rolling
                      identifier: rolling
                      spec:
                        skipDryRun: false
                  - step:
                      type: K8sTrafficRouting
                      name: Back to stable
                      identifier: backToStable
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
                  rollbackSteps:
                  - step:
                      type: K8sTrafficRouting
                      name: Undo Routing
                      identifier: undoRouting
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
                      name: Undo Canary
                      identifier: undoCanary
                      spec: {}
                  - step:
                      type: K8sRollingRollback
                      name: Undo
                      identifier: undo
                      spec: {}
        ```

    How to fix:
        Begin the rollback steps with a K8sTrafficRouting of `type: inherit` that gives stable 100
        and the other 0.

    Sources:
        - Harness docs, "Kubernetes Traffic Routing Step"
        - Harness docs, "Define a failure strategy": stage rollback
    """

    id = "TS723"
    name = "rollback-keeps-routing"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the rollback of one stage that routes traffic."""
        shifting = [routing for routing in traffic_routings(rollout.steps) if _gives_share(routing)]
        if not rollout.is_whole_stage or not shifting:
            return
        if not all(map(_leaves_routes, rollout.rollback_steps)):
            return
        if not any(rolls_back(rollout, step) for step in rollout.steps):
            return
        first = shifting[0]
        execution = ("spec", "execution", "rollbackSteps")
        listed = rollout.document.has((*rollout.path, *execution))
        yield self.finding(
            rollout.at(*execution, key=True) if listed else first.step.at("type"),
            f"{first.step.title} gives the new version {first.share_under_test}% of the traffic, and "
            f"nothing in the rollback of the stage {rollout.name} takes it back: when a step fails, that "
            "share stays where it is.",
            related=[(first.step.head(), "traffic is shifted here")] if listed else [],
            help="Begin the rollback steps with a K8sTrafficRouting that gives stable 100.",
        )


def _leaves_routes(step: Step) -> bool:
    if step.kind in ("shell-script", "other"):
        return not runs_anything(step)
    return step.kind in ("rolling-rollback", "approval", "verification", "wait")


def _gives_share(routing: TrafficRouting) -> bool:
    share = routing.share_under_test
    return is_integer(share) and share > 0

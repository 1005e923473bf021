"""TS724: a swap without a stage."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    Shift,
    is_integer,
    runs_anything,
    traffic_shifts,
)


class SwapWithoutStage(Rule[Rollout]):
    """Services are swapped without a blue/green deployment, or while routes still send traffic to the stage.

    What it checks:
        Every K8sBGSwapServices of a stage without a K8sBlueGreenDeploy (one in the rollback only is
        a warning), and, as a warning, a traffic routing that gives the host `stage` a share, is
        followed by a swap, and never set back to 0. A stage with a template that lies elsewhere is
        not judged.

    Why it matters:
        The swap fails with "Stage Deployment (Blue Green Deploy) is not configured". After a swap
        the stage Service selects the old version: routes that still name it bring the old version
        back into service.

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
                      type: K8sRollingDeploy
                      name: Rolling
                      identifier: rolling
                      spec:
                        skipDryRun: false
                  - step:
                      type: K8sBGSwapServices  # <-
                      name: Swap
                      identifier: swap
                      spec: {}
        ```

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
                      type: K8sBlueGreenDeploy
                      name: Stage Deployment
                      identifier: stageDeployment
                      spec:
                        skipDryRun: false
                  - step:
                      type: K8sTrafficRouting  # <-
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
                                - destination: {host: stable, weight: 50}
                                - destination: {host: stage, weight: 50}
                  - step:
                      type: K8sBGSwapServices
                      name: Swap
                      identifier: swap
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
                      type: K8sBlueGreenDeploy
                      name: Stage Deployment
                      identifier: stageDeployment
                      spec:
                        skipDryRun: false
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
                                - destination: {host: stable, weight: 50}
                                - destination: {host: stage, weight: 50}
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
                              - destination: {host: stage, weight: 0}
                  - step:
                      type: K8sBGSwapServices
                      name: Swap
                      identifier: swap
                      spec: {}
        ```

    How to fix:
        Add the K8sBlueGreenDeploy; set the weight of the stage to 0 before or right after the swap.

    Sources:
        - harness-core, K8sBGSwapServicesStep
        - Harness docs, "Create a Kubernetes blue green deployment"
    """

    id = "TS724"
    name = "swap-without-stage"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at each swap of one stage."""
        if not rollout.is_whole_stage:
            return
        if any(step.kind == "blue-green-deploy" for step in rollout.steps):
            yield from self._left_on_stage(rollout, catalog)
            return
        for step in rollout.all_steps:
            if step.type != "K8sBGSwapServices":
                continue
            rollback = step in rollout.rollback_steps
            yield self.finding(
                step.at("type"),
                f"{step.title} swaps the primary and the stage Service, but no K8sBlueGreenDeploy stands "
                f"in the steps of the stage {rollout.name}: there is no stage to swap with.",
                severity=Severity.WARNING if rollback else None,
                help="Add the K8sBlueGreenDeploy to the same stage, or remove the swap.",
            )

    def _left_on_stage(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        shifts = traffic_shifts(rollout, catalog)
        last = shifts[-1] if shifts else None
        if last is None or last.step.kind == "apply" or not _gives_share(last):
            return
        swaps = [step for step in rollout.steps if step.kind == "swap"]
        if not swaps or swaps[-1].order <= last.step.order or _may_route_after(rollout, last):
            return
        yield self.finding(
            last.step.at("type"),
            f"{last.step.title} gives the stage {last.canary}% of the traffic, and nothing takes it back: "
            f"after {swaps[-1].title} the stage Service selects the old version.",
            severity=Severity.WARNING,
            related=[(swaps[-1].head(), "the Services are swapped here")],
            help="Set the weight of the stage to 0 before or right after the swap.",
        )


def _gives_share(shift: Shift) -> bool:
    return is_integer(shift.canary) and shift.canary > 0


def _may_route_after(rollout: Rollout, shift: Shift) -> bool:
    """Whether a step after a shift may change routes in a way that no file tells."""
    return any(
        (step.kind == "apply" or runs_anything(step)) and step.order >= shift.step.order
        for step in rollout.steps
    )

"""TS654: a rollback that takes pods away while they get traffic."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Hazard, Place, Rollout, Rule, Severity, hazards_of


class RollbackLeavesTraffic(Rule[Rollout]):
    """The rollback deletes the canary while it still gets traffic.

    What it checks:
        The rollback of workflows and of stages, walked from every step that may fail: what ran before,
        then the rollback phases of what was begun, or the rollback steps of the groups and the stage.
        No step of it may leave the canary with a share and without pods.  Neither a Canary Delete nor a
        rolling rollback moves a share back.

        It is silent where the failure strategies lead into no rollback, where weights are hidden, and
        where it depends on the order of the rollback phases.  Where it hangs on a condition of a step,
        it is a warning.

    Why it matters:
        A rollback runs when something is wrong already.  If it deletes the canary first, the share that
        the last split gave it goes to no pods, and a bad release turns into an outage for these users.

    Bad:
        ```yaml
        pipeline:
          name: Release
          identifier: Release
          projectIdentifier: store
          orgIdentifier: default
          stages:
          - stage:
              name: Deploy
              identifier: Deploy
              type: Deployment
              spec:
                deploymentType: Kubernetes
                service: {serviceRef: shop}
                environment:
                  environmentRef: prod
                  infrastructureDefinitions: [{identifier: prod}]
                execution:
                  steps:
                  - step:
                      type: K8sCanaryDeploy
                      name: Canary Deployment
                      identifier: canaryDeployment
                      timeout: 10m
                      spec: {skipDryRun: false, instanceSelection: {type: Count, spec: {count: 1}}}
                  - step:
                      type: K8sTrafficRouting
                      name: Route 20
                      identifier: route20
                      timeout: 10m
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
                      type: HarnessApproval
                      name: Ask
                      identifier: ask
                      timeout: 10m
                      spec:
                        approvalMessage: Go on?
                        approvers: {userGroups: [account.release], minimumCount: 1}
                  - step:
                      type: K8sTrafficRouting
                      name: Route 0
                      identifier: route0
                      timeout: 10m
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
                      timeout: 10m
                      spec: {}
                  - step:
                      type: K8sRollingDeploy
                      name: Rolling Deployment
                      identifier: rollingDeployment
                      timeout: 10m
                      spec: {skipDryRun: false}
                  rollbackSteps:
                  - step:
                      type: K8sCanaryDelete  # <-
                      name: Canary Delete
                      identifier: undoCanary
                      timeout: 10m
                      spec: {}
                  - step:
                      type: K8sRollingRollback
                      name: Rolling Rollback
                      identifier: rollingRollback
                      timeout: 10m
                      spec: {}
              failureStrategies:
              - onFailure: {errors: [AllErrors], action: {type: StageRollback}}
        ```

    Good:
        ```yaml
        pipeline:
          name: Release
          identifier: Release
          projectIdentifier: store
          orgIdentifier: default
          stages:
          - stage:
              name: Deploy
              identifier: Deploy
              type: Deployment
              spec:
                deploymentType: Kubernetes
                service: {serviceRef: shop}
                environment:
                  environmentRef: prod
                  infrastructureDefinitions: [{identifier: prod}]
                execution:
                  steps:
                  - step:
                      type: K8sCanaryDeploy
                      name: Canary Deployment
                      identifier: canaryDeployment
                      timeout: 10m
                      spec: {skipDryRun: false, instanceSelection: {type: Count, spec: {count: 1}}}
                  - step:
                      type: K8sTrafficRouting
                      name: Route 20
                      identifier: route20
                      timeout: 10m
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
                      type: HarnessApproval
                      name: Ask
                      identifier: ask
                      timeout: 10m
                      spec:
                        approvalMessage: Go on?
                        approvers: {userGroups: [account.release], minimumCount: 1}
                  - step:
                      type: K8sTrafficRouting
                      name: Route 0
                      identifier: route0
                      timeout: 10m
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
                      timeout: 10m
                      spec: {}
                  - step:
                      type: K8sRollingDeploy
                      name: Rolling Deployment
                      identifier: rollingDeployment
                      timeout: 10m
                      spec: {skipDryRun: false}
                  rollbackSteps:
                  - step:
                      type: K8sTrafficRouting
                      name: Back to stable
                      identifier: undoRouting
                      timeout: 10m
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
                      identifier: undoCanary
                      timeout: 10m
                      spec: {}
                  - step:
                      type: K8sRollingRollback
                      name: Rolling Rollback
                      identifier: rollingRollback
                      timeout: 10m
                      spec: {}
              failureStrategies:
              - onFailure: {errors: [AllErrors], action: {type: StageRollback}}
        ```

    How to fix:
        Begin the rollback with a step that gives stable 100 and the canary 0.

    Sources:
        - harness-core, K8sCanaryDeleteRequestHandler: it deletes the workload and touches no route
        - Harness docs, "Define a failure strategy on stages and steps"
    """

    id = "TS654"
    name = "rollback-leaves-traffic"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Walk back from each step of one rollout."""
        for hazard in hazards_of(rollout, catalog):
            if hazard.kind != "rollback-leaves-traffic":
                continue
            yield self.finding(
                hazard.step.at("type"),
                _message(hazard),
                severity=None if hazard.certain else Severity.WARNING,
                related=_related(hazard),
                help="Put a step before it that gives stable 100 and the canary 0.",
            )


def _message(hazard: Hazard) -> str:
    gave = f" that {hazard.cause.whereabouts} gave it" if hazard.cause is not None else ""
    when = (
        f"If {hazard.failed_at.whereabouts} fails" if hazard.failed_at is not None else "On failure"
    )
    if hazard.removed_by is hazard.step:
        return (
            f"{when}, the rollback deletes the canary in {hazard.step.whereabouts} while it still has "
            f"the {hazard.share}%{gave}. These requests fail."
        )
    return (
        f"{when}, {hazard.step.whereabouts} of the rollback gives {hazard.share}% of the requests to a "
        "canary that is not there. These requests fail."
    )


def _related(hazard: Hazard) -> list[tuple[Place, str]]:
    found = []
    if hazard.cause is not None and hazard.cause is not hazard.step:
        found.append((hazard.cause.head(), f"the canary gets {hazard.share}% here"))
    if hazard.failed_at is not None:
        found.append((hazard.failed_at.head(), "say, this step fails"))
    return found

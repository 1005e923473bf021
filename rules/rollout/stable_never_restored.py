"""TS651: a rollout that ends with traffic on the canary."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Rollout, Rule, Severity, hazards_of


class StableNeverRestored(Rule[Rollout]):
    """The rollout ends with a share of the traffic still on the canary.

    What it checks:
        Workflows and stages of pipelines that deploy a canary, give it a share and roll the new version
        out to stable.  After the last step the canary must have no share.  Harness takes it away at
        the rollout by itself only in a VirtualService that it manages (`harness.io/managed`).

        Hidden weights count as unknown, and so does everything after a template, or a script that may
        change routes.  A stage that later stages of its pipeline may complete is left alone; blue/green
        is too.  Where it hangs on a condition of a step, it is a warning.

    Why it matters:
        The release looks finished, yet some users are still served by the few pods of the canary.  The
        next release begins from that split, and whoever deletes the canary by hand cuts these users off.

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
                      type: K8sTrafficRouting  # <-
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
                      type: K8sRollingDeploy
                      name: Rolling Deployment
                      identifier: rollingDeployment
                      timeout: 10m
                      spec: {skipDryRun: false}
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
        Give stable 100 and the canary 0 after the rollout, then delete the canary.

    Sources:
        - Harness FirstGen docs, "Set Up Kubernetes Traffic Splitting with Istio"
        - harness-core, IstioTaskHelper and K8sRollingRequestHandler: what resets shares
    """

    id = "TS651"
    name = "stable-never-restored"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Walk one rollout to its end."""
        for hazard in hazards_of(rollout, catalog):
            if hazard.kind != "never-restored":
                continue
            rollings = [step for step in rollout.steps if step.kind == "rolling-deploy"]
            yield self.finding(
                hazard.step.at("type"),
                f"The rollout ends with {hazard.share}% of the requests still on the canary: "
                f"{hazard.step.whereabouts} gives it that share, and no later step takes it back.",
                severity=None if hazard.certain else Severity.WARNING,
                related=[
                    (rolling.head(), "stable gets the new version here, but not the canary's share")
                    for rolling in rollings[-1:]
                ],
                help=f"Add a step after {rollings[-1].title} that gives stable 100 and the canary 0."
                if rollings
                else "Add a last step that gives stable 100 and the canary 0.",
            )

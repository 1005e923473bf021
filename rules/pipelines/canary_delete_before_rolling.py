"""TS701: a canary that is deleted while it gets traffic."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    early_pipeline_deletes,
    is_integer,
)


class CanaryDeleteBeforeRolling(Rule[Rollout]):
    """The canary is deleted before the rolling deployment, while it gets traffic.

    What it checks:
        A stage that sends a share to the canary (a K8sTrafficRouting step, the `trafficRouting` of
        the K8sCanaryDeploy, or a K8sApply of a VirtualService in sight) and deletes the canary
        before the K8sRollingDeploy, with nothing between that sends the canary 0. A stage that
        routes no traffic may delete its canary first. It is a warning where a condition may skip
        one of the steps, or where an expression hides the weight. Nothing is said after a script or
        a template that may change routes, nor of a progressive canary.

    Why it matters:
        The routes still point at the canary when its pods go: its share of the requests fails until
        the rolling deployment is done and routes are changed, or for good.

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
                      name: Route 20
                      identifier: route20
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
                      type: K8sCanaryDelete  # <-
                      name: Canary Delete
                      identifier: canaryDelete
                      spec: {}
                  - step:
                      type: K8sRollingDeploy
                      name: Rolling
                      identifier: rolling
                      spec:
                        skipDryRun: false
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
                      name: Route 20
                      identifier: route20
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
                  - step:
                      type: K8sRollingDeploy
                      name: Rolling
                      identifier: rolling
                      spec:
                        skipDryRun: false
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
                      type: K8sCanaryDeploy
                      name: Canary
                      identifier: canary
                      spec:
                        instanceSelection: {type: Count, spec: {count: 1}}
                  - step:
                      type: K8sTrafficRouting
                      name: Route 20
                      identifier: route20
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
        ```

    How to fix:
        Put a K8sTrafficRouting step with `type: inherit` that gives stable 100 and canary 0 before
        the delete, or move both behind the rolling deployment.

    Sources:
        - Harness FirstGen docs, "Create a Kubernetes Canary Deployment": the canary is deleted
          once traffic is on stable pods
        - harness-core, K8sCanaryDeleteStep: deletes the workload, and leaves routes as they are
    """

    id = "TS701"
    name = "canary-delete-before-rolling"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at each canary delete of one stage."""
        for early in early_pipeline_deletes(rollout, catalog):
            share = f"{early.shift.canary}%" if is_integer(early.shift.canary) else "a share"
            may = "gives" if early.certain else "may give"
            yield self.finding(
                early.step.at("type"),
                f"{early.step.title} deletes the canary before {early.rollout.title}, while "
                f"{early.shift.step.title} {may} it {share} of the traffic. Those requests fail as soon as "
                "its pods are gone.",
                severity=None if early.certain else Severity.WARNING,
                related=[
                    (early.shift.step.head(), "traffic goes to the canary from here on"),
                    (early.rollout.head(), "the new version is rolled out here"),
                ],
                help="Send the canary 0 before the delete, or delete it after the rolling deployment.",
            )

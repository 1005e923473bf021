"""TS721: traffic that is routed without two versions."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    traffic_routings,
)


class RoutingWithoutStrategy(Rule[Rollout]):
    """Traffic is routed in a stage that deploys neither a canary nor blue/green.

    What it checks:
        Stages with a traffic routing and neither a K8sCanaryDeploy nor a K8sBlueGreenDeploy. One
        whose only deployment is a K8sRollingDeploy is a warning, one without any deployment an
        information. A stage with a template that lies elsewhere is not judged.

    Why it matters:
        A rolling deployment replaces the pods of the one version there is: there are no two
        versions to share traffic between.

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
                                - destination: {host: shop-a, weight: 80}
                                - destination: {host: shop-b, weight: 20}
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
        ```

    How to fix:
        Deploy a canary or blue/green in the same stage, or remove the routing.

    Sources:
        - Harness docs, "Set Up Kubernetes Traffic Splitting with Istio": canary and blue/green
          only
    """

    id = "TS721"
    name = "routing-without-strategy"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the deployments of one stage that routes traffic."""
        routings = traffic_routings(rollout.steps)
        kinds = {step.kind for step in rollout.steps}
        if not rollout.is_whole_stage or not routings:
            return
        if kinds & {"canary-deploy", "blue-green-deploy"}:
            return
        rolls = "rolling-deploy" in kinds
        deploys = "only a rolling deployment" if rolls else "no deployment at all"
        yield self.finding(
            routings[0].step.at("type"),
            f"{routings[0].step.title} shares traffic between versions, but the stage {rollout.name} has "
            f"{deploys}.",
            severity=None if rolls else Severity.INFO,
            help="Deploy a canary or blue/green in the same stage, or remove the routing.",
        )

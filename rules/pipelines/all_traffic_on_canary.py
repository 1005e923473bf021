"""TS730: a canary that carries everything."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    Step,
    Unknown,
    as_dict,
    early_pipeline_deletes,
    is_progressive,
    runs_anything,
    traffic_shifts,
)


class AllTrafficOnCanary(Rule[Rollout]):
    """All traffic goes to the canary when the rolling deployment begins.

    What it checks:
        A stage in which the last traffic routing before the K8sRollingDeploy gives the canary
        everything. Nothing is said of a canary with as many instances as the service (100 percent),
        of one that a K8sScale grows, of a progressive canary, nor where TS701 reports the delete.

    Why it matters:
        A canary mostly has one instance or a few: it takes the load of the whole service alone, for
        as long as the rolling deployment runs.

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
                      type: K8sTrafficRouting  # <-
                      name: Shift
                      identifier: shift
                      spec:
                        type: inherit
                        trafficRouting:
                          routes:
                          - route:
                              name: main
                              destinations:
                              - destination: {host: stable, weight: 0}
                              - destination: {host: canary, weight: 100}
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
        Give stable its share back before the rolling deployment, or deploy a canary of 100 percent.

    Sources:
        - Harness docs, "Kubernetes Traffic Routing Step"
        - Harness docs, "Create a Kubernetes canary deployment"
    """

    id = "TS730"
    name = "all-traffic-on-canary"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the share of the canary when the rolling deployment of one stage begins."""
        if rollout.flavor != "pipeline":
            return
        rolling = next((step for step in rollout.steps if step.kind == "rolling-deploy"), None)
        deploys = [step for step in rollout.steps if step.kind == "canary-deploy"]
        if (
            rolling is None
            or not deploys
            or rollout.opaque
            or any(map(_may_be_large, rollout.steps))
        ):
            return
        before = [
            shift for shift in traffic_shifts(rollout, catalog) if shift.step.order < rolling.order
        ]
        if not before or before[-1].canary != 100 or before[-1].step.is_conditional:
            return
        if early_pipeline_deletes(rollout, catalog) or _may_route(
            rollout, before[-1].step, rolling
        ):
            return
        yield self.finding(
            before[-1].step.at("type"),
            f"{before[-1].step.title} gives the canary 100% of the traffic, and {rolling.title} begins "
            "with that: the few instances of the canary carry the whole load.",
            related=[(rolling.head(), "the rolling deployment begins here")],
            help="Give stable its share back before the rolling deployment.",
        )


def _may_be_large(step: Step) -> bool:
    """Whether a step makes the canary as large as the service, or may do so."""
    if step.kind == "scale" or is_progressive(step):
        return True
    selection = as_dict(step.properties.get("instanceSelection"))
    size = as_dict(selection.get("spec")).get("percentage")
    return step.kind == "canary-deploy" and (isinstance(size, Unknown) or str(size) == "100")


def _may_route(rollout: Rollout, shift: Step, rolling: Step) -> bool:
    """Whether a script between the two may change routes."""
    return any(
        runs_anything(step) and shift.order <= step.order <= rolling.order for step in rollout.steps
    )

"""TS725: more than one canary."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    is_progressive,
)


class SeveralCanaryDeploys(Rule[Rollout]):
    """A stage deploys more than one standard canary.

    What it checks:
        The second K8sCanaryDeploy of a stage and those after it. Steps with a condition may be
        alternatives and do not count; a progressive canary is deployed in several steps by design.

    Why it matters:
        The delete and the rolling deployment look up the first canary step only. To grow a canary
        step by step, scale it.

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
                      type: K8sCanaryDeploy  # <-
                      name: Canary 50
                      identifier: canary50
                      spec:
                        instanceSelection: {type: Count, spec: {count: 1}}
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
                      type: K8sScale
                      name: Grow
                      identifier: grow
                      spec:
                        workload: <+pipeline.variables.canary>
                        instanceSelection: {type: Count, spec: {count: 3}}
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

    How to fix:
        Keep the first K8sCanaryDeploy and use K8sScale for more instances, or a progressive canary.

    Sources:
        - harness-core, K8sCanaryDeleteStep: the first canary step that is found
    """

    id = "TS725"
    name = "several-canary-deploys"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the canary deployments of one stage."""
        deploys = [
            step
            for step in rollout.steps
            if step.kind == "canary-deploy" and not step.is_conditional
        ]
        if rollout.flavor != "pipeline" or any(map(is_progressive, rollout.steps)):
            return
        for step in deploys[1:]:
            yield self.finding(
                step.at("type"),
                f"{step.title} deploys a second canary in the same stage. The delete and the rolling "
                f"deployment look at the first one only, {deploys[0].title}.",
                related=[(deploys[0].head(), "the first canary is deployed here")],
                help="Use K8sScale for more instances, or a progressive canary.",
            )

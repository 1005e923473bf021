"""TS702: a canary delete without a canary."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
)


class CanaryDeleteWithoutDeploy(Rule[Rollout]):
    """A K8sCanaryDelete stands in a stage that deploys no canary.

    What it checks:
        Every K8sCanaryDelete of a stage without a K8sCanaryDeploy in `execution.steps` (in groups
        and parallel steps too). One in the rollback steps only is a warning. A stage with a
        template that lies elsewhere is not judged.

    Why it matters:
        Harness looks for the canary deployment of the same stage and fails the step with "Canary
        Deploy step is not configured."

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
                      type: K8sCanaryDelete  # <-
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
        Add the K8sCanaryDeploy to the same stage, or remove the delete.

    Sources:
        - harness-core, K8sCanaryDeleteStep: searches the execution steps of its stage
    """

    id = "TS702"
    name = "canary-delete-without-deploy"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at each canary delete of one stage."""
        if not rollout.is_whole_stage:
            return
        if any(step.kind == "canary-deploy" for step in rollout.steps):
            return
        for step in rollout.all_steps:
            if step.type != "K8sCanaryDelete":
                continue
            rollback = step in rollout.rollback_steps
            yield self.finding(
                step.at("type"),
                f"{step.title} deletes a canary, but no K8sCanaryDeploy stands in the steps of the stage "
                f"{rollout.name}. "
                + (
                    "There is nothing that it could delete."
                    if rollback
                    else 'The step fails with "Canary Deploy step is not configured."'
                ),
                severity=Severity.WARNING if rollback else None,
                help="Add the K8sCanaryDeploy to the same stage, or remove the delete.",
            )

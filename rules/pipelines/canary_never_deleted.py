"""TS703: a canary that nothing deletes."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    Step,
    is_progressive,
    runs_anything,
)


class CanaryNeverDeleted(Rule[Rollout]):
    """A canary is deployed, and nothing in the stage deletes it.

    What it checks:
        A stage with a standard K8sCanaryDeploy and no K8sCanaryDelete, neither in the steps nor in
        the rollback. A progressive canary cleans up after itself. A K8sDelete, a scale of the
        canary, a script or command that may delete it, and a template that lies elsewhere count as
        a delete.

    Why it matters:
        The canary's pods stay beside the new version, keep their resources, and go on taking
        requests wherever a Service or a route selects them.

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
                      type: K8sCanaryDeploy  # <-
                      name: Canary
                      identifier: canary
                      spec:
                        instanceSelection: {type: Count, spec: {count: 1}}
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
        Add a K8sCanaryDelete once the canary is no longer needed, and one to the rollback steps.

    Sources:
        - Harness docs, "Create a Kubernetes canary deployment"
    """

    id = "TS703"
    name = "canary-never-deleted"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the canary deployments of one stage."""
        if not rollout.is_whole_stage or any(map(_may_delete, rollout.all_steps)):
            return
        deploys = [step for step in rollout.steps if step.kind == "canary-deploy"]
        if deploys and not any(map(is_progressive, deploys)):
            yield self.finding(
                deploys[0].at("type"),
                f"{deploys[0].title} deploys a canary that the stage {rollout.name} never deletes: its pods "
                "stay beside the new version.",
                help="Add a K8sCanaryDelete once the canary is no longer needed.",
            )


def _may_delete(step: Step) -> bool:
    """Whether a step deletes the canary, or runs something that may."""
    if step.kind in ("delete", "scale", "canary-rollback"):
        return True
    return runs_anything(step)

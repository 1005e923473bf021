"""TS704: a canary without a rollout."""

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


class CanaryWithoutRolling(Rule[Rollout]):
    """A canary is deployed, and the new version is never rolled out.

    What it checks:
        A stage with a standard K8sCanaryDeploy and no K8sRollingDeploy in its steps. A stage of the
        same pipeline that rolls out the same service, a K8sApply, a script or command that may roll
        out, and a template that lies elsewhere count as a rollout.

    Why it matters:
        A canary only tries the new version: without the rolling deployment the old one stays in
        place when the pipeline has succeeded.

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
        Add a K8sRollingDeploy after the canary was tried.

    Sources:
        - Harness docs, "Create a Kubernetes canary deployment"
    """

    id = "TS704"
    name = "canary-without-rolling"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the canary deployments of one stage."""
        if not rollout.is_whole_stage or any(map(_may_roll_out, rollout.steps)):
            return
        deploys = [step for step in rollout.steps if step.kind == "canary-deploy"]
        if not deploys or any(map(is_progressive, deploys)) or _elsewhere(rollout):
            return
        yield self.finding(
            deploys[0].at("type"),
            f"{deploys[0].title} tries a new version that the stage {rollout.name} never rolls out: the "
            "old one stays when the pipeline is done.",
            help="Add a K8sRollingDeploy after the canary was tried.",
        )


def _may_roll_out(step: Step) -> bool:
    """Whether a step rolls a version out, or runs something that may."""
    if step.kind in ("rolling-deploy", "blue-green-deploy", "apply"):
        return True
    return runs_anything(step)


def _elsewhere(rollout: Rollout) -> bool:
    """Whether another stage may roll the same service out."""
    if rollout.is_stage_template:
        return True
    known = isinstance(rollout.service, str)
    return any(
        other.opaque or any(map(_may_roll_out, other.steps))
        for other in rollout.stages
        if other is not rollout
        and not (known and isinstance(other.service, str) and other.service != rollout.service)
    )

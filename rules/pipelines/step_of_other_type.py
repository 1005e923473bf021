"""TS722: a Kubernetes step in another stage."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    is_text,
    nearest,
)

#: The deployment types of Harness's schema.
_TYPES = frozenset(
    (
        "AWS_SAM",
        "AiAgent",
        "Asg",
        "AwsLambda",
        "AzureContainerApps",
        "AzureFunction",
        "AzureWebApp",
        "CustomDeployment",
        "ECS",
        "Elastigroup",
        "GoogleCloudFunctions",
        "GoogleCloudRun",
        "GoogleManagedInstanceGroup",
        "Kubernetes",
        "NativeHelm",
        "Salesforce",
        "ServerlessAwsLambda",
        "Ssh",
        "TAS",
        "WinRm",
    )
)
_NEAR = ("NativeHelm", "CustomDeployment")
_DEPLOYS = ("canary-deploy", "rolling-deploy", "blue-green-deploy", "swap")


class StepOfOtherType(Rule[Rollout]):
    """A Kubernetes step stands in a stage that does not deploy to Kubernetes.

    What it checks:
        Steps whose type begins with `K8s`, in a stage with a `deploymentType` other than
        `Kubernetes`. In a stage of type `NativeHelm` or `CustomDeployment` only the steps that
        deploy are found, as a warning. A stage without a type is not judged.

    Why it matters:
        Harness offers the step to Kubernetes stages only: the run fails when it reaches the step.

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
                deploymentType: ECS
                execution:
                  steps:
                  - step:
                      type: K8sRollingDeploy  # <-
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
                      type: K8sRollingDeploy
                      name: Rolling
                      identifier: rolling
                      spec:
                        skipDryRun: false
        ```

    How to fix:
        Set the stage's `deploymentType` to `Kubernetes`, or use the steps of its own type.

    Sources:
        - Harness's pipeline schema, v0/pipeline/stages/cd
    """

    id = "TS722"
    name = "step-of-other-type"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the types of the steps of one stage."""
        kind = rollout.type
        if rollout.flavor != "pipeline" or not is_text(kind) or kind == "Kubernetes":
            return
        for step in rollout.all_steps:
            if not step.type.startswith("K8s") or (kind in _NEAR and step.kind not in _DEPLOYS):
                continue
            typo = kind not in _TYPES and nearest(kind, _TYPES) == "Kubernetes"
            yield self.finding(
                step.at("type"),
                f"{step.title} is a step for Kubernetes, but the stage {rollout.name} deploys {kind}.",
                severity=Severity.WARNING if kind in _NEAR or kind not in _TYPES else None,
                help="Write deploymentType: Kubernetes."
                if typo
                else f"Use the steps of {kind}, or deploy to Kubernetes.",
            )

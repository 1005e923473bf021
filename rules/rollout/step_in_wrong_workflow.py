"""TS607: a step that the type of the workflow does not allow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    Step,
)

_TYPES: Final = frozenset(("BASIC", "BLUE_GREEN", "BUILD", "CANARY", "MULTI_SERVICE", "ROLLING"))


class StepInWrongWorkflow(Rule[Rollout]):
    """Canary, Blue/Green and Traffic Split steps stand in a workflow of a type that has them.

    What it checks:
        FirstGen workflows of a known `type`. A Canary Deployment belongs into `CANARY`, a Stage
        Deployment (`K8S_BLUE_GREEN_DEPLOY`) into `BLUE_GREEN`, and a Traffic Split does not belong
        into `BASIC` or `BUILD` (for `ROLLING` see TS606). `MULTI_SERVICE` workflows take a Canary
        Deployment as well, though the product does not offer it; a Stage Deployment in them is a
        warning.

    Why it matters:
        Harness does not offer these steps in other workflows. A workflow that is synced from Git
        with one of them is rejected, or the step fails for want of what its strategy sets up.

    Bad:
        ```yaml
        harnessApiVersion: '1.0'
        type: ROLLING
        phases:
        - name: Deploy
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_CANARY_DEPLOY  # <-
              name: Canary Deployment
            - type: K8S_DEPLOYMENT_ROLLING
              name: Rollout Deployment
        ```

    Good:
        ```yaml
        harnessApiVersion: '1.0'
        type: CANARY
        phases:
        - name: Canary
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_CANARY_DEPLOY
              name: Canary Deployment
          - name: Wrap Up
            steps:
            - type: K8S_DELETE
              name: Canary Delete
              properties:
                resources: ${k8s.canaryWorkload}
        - name: Primary
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_DEPLOYMENT_ROLLING
              name: Rollout Deployment
        ```

    How to fix:
        Change the `type` of the workflow to the strategy that it follows, or take the step out.

    Sources:
        - harness-core, StepType: the workflow types of each step; WorkflowYamlHandlerTest: a workflow of
          several services with a Canary Deployment is taken from Git
    """

    id = "TS607"
    name = "step-in-wrong-workflow"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Hold each step against the type of its workflow."""
        kind = rollout.type
        if rollout.flavor != "workflow" or not isinstance(kind, str) or kind not in _TYPES:
            return
        for step in rollout.all_steps:
            wanted = _wanted(step, kind)
            if wanted:
                yield self.finding(
                    step.at("type"),
                    f"{step.whereabouts} is a step for {wanted} workflows, and this one is of the type "
                    f"{kind}. Harness rejects it there, or the step fails.",
                    severity=Severity.WARNING if kind == "MULTI_SERVICE" else None,
                    related=[(rollout.at("type"), "the type of the workflow")],
                    help="Change the type of the workflow, or take the step out.",
                )


def _wanted(step: Step, kind: str) -> str:
    """The types of workflow that the step is for, if this is none of them."""
    if step.kind == "canary-deploy" and kind not in ("CANARY", "MULTI_SERVICE"):
        return "CANARY"
    if step.kind == "blue-green-deploy" and kind != "BLUE_GREEN":
        return "BLUE_GREEN"
    if step.kind == "traffic-split" and kind in ("BASIC", "BUILD"):
        return "CANARY and BLUE_GREEN"
    return ""

"""TS622: a verification after the rollout."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
)


class VerificationInPrimary(Rule[Rollout]):
    """The verification of a canary workflow stands in the Canary phase.

    What it checks:
        FirstGen workflows with a Canary Deployment: verification steps in the phase with the
        Rollout Deployment, if that phase deploys no canary itself. Plain HTTP checks are no
        verification of a canary.

    Why it matters:
        There the new version already serves everyone. A verification that fails in the Canary phase
        costs a share of the requests, in the Primary phase all of them.

    Bad:
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
          - name: Verify
            steps:
            - type: PROMETHEUS  # <-
              name: Error rate
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
          - name: Verify
            steps:
            - type: PROMETHEUS
              name: Error rate
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
        Move the verification to the Verify section of the Canary phase.

    Sources:
        - Harness FirstGen docs, "Create a Kubernetes Canary Deployment": verification belongs into
          the Canary phase
    """

    id = "TS622"
    name = "verification-in-primary"
    severity = Severity.INFO

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the steps of each phase with a rollout."""
        if rollout.flavor != "workflow":
            return
        if not any(step.kind == "canary-deploy" for step in rollout.steps):
            return
        for phase in rollout.phases:
            kinds = {step.kind for step in phase.steps}
            if "rolling-deploy" not in kinds or "canary-deploy" in kinds:
                continue
            for step in phase.steps:
                if step.kind == "verification" and step.type != "HTTP":
                    yield self.finding(
                        step.at("type"),
                        f"{step.title} verifies the new version in the phase {phase.title}, where it is "
                        "rolled out to everyone. A canary is verified before that.",
                        help="Move the verification to the Canary phase.",
                    )

"""TS629: a canary that is never rolled out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    runs_anything,
)

_RELEASES: Final = frozenset(("rolling-deploy", "blue-green-deploy"))


class CanaryWithoutRollout(Rule[Rollout]):
    """A canary workflow rolls the new version out.

    What it checks:
        FirstGen workflows with a Canary Deployment: some phase must hold a Rollout Deployment.
        Workflows with a script that works on the cluster, or with a step of a type that may deploy
        by itself, are not judged.

    Why it matters:
        The workflow ends with the old version on stable, and either the canary stays or it is
        deleted: the new version is tried and never released.

    Bad:
        ```yaml
        harnessApiVersion: '1.0'
        type: CANARY
        phases:
        - name: Canary
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_CANARY_DEPLOY  # <-
              name: Canary Deployment
          - name: Wrap Up
            steps:
            - type: K8S_DELETE
              name: Canary Delete
              properties:
                resources: ${k8s.canaryWorkload}
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
        Add a Primary phase with a Rollout Deployment for the same service.

    Sources:
        - Harness FirstGen docs, "Create a Kubernetes Canary Deployment", Primary Phase
    """

    id = "TS629"
    name = "canary-without-rollout"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look for a Rollout Deployment."""
        if rollout.flavor != "workflow":
            return
        canary = next((step for step in rollout.steps if step.kind == "canary-deploy"), None)
        if canary is None:
            return
        if any(step.kind in _RELEASES or runs_anything(step) for step in rollout.steps):
            return
        yield self.finding(
            canary.at("type"),
            f"{canary.whereabouts} deploys a canary, and no phase has a Rollout Deployment: the new version "
            "is never rolled out.",
            help="Add a phase with a Rollout Deployment for the same service.",
        )

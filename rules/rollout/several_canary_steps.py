"""TS620: more than one Canary Deployment in a phase."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    shown,
)


class SeveralCanarySteps(Rule[Rollout]):
    """A phase has one Canary Deployment.

    What it checks:
        FirstGen workflows: a phase must not hold more than one Canary Deployment. A step that only
        exports the manifests for another one (`exportManifests`) does not count.

    Why it matters:
        The second deployment replaces the canary of the first: the workload has the same name. What
        was verified so far is gone, and traffic that goes to the canary meets restarting pods.

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
            - type: K8S_CANARY_DEPLOY  # <-
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
            - type: K8S_SCALE
              name: Scale to 3
              properties:
                workload: ${k8s.canaryWorkload}
                instances: '3'
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
        Keep one Canary Deployment, and change the number of its pods with a Scale step.

    Sources:
        - Harness FirstGen docs, "Create a Kubernetes Canary Deployment": one Canary Deployment step
          per phase
    """

    id = "TS620"
    name = "several-canary-steps"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Count the Canary Deployments of each phase."""
        if rollout.flavor != "workflow":
            return
        for phase in rollout.phases:
            deploys = [
                step
                for step in phase.steps
                if step.kind == "canary-deploy"
                and shown(step.properties.get("exportManifests")).lower() in ("", "false")
            ]
            for step in deploys[1:]:
                yield self.finding(
                    step.at("type"),
                    f"{step.title} is another Canary Deployment of the phase {phase.title}. It replaces the "
                    f"canary that {deploys[0].title} has deployed.",
                    related=[(deploys[0].head(), "the first one")],
                    help="Keep one Canary Deployment, and use a Scale step to change the number of pods.",
                )

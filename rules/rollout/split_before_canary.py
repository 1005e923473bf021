"""TS608: a Traffic Split before the canary is deployed."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    early_splits,
    hazards_of,
)


class SplitBeforeCanary(Rule[Rollout]):
    """A Traffic Split stands after the deployment of the pods that it sends traffic to.

    What it checks:
        FirstGen workflows: a Traffic Split that gives the canary a share must not come before the
        first Canary Deployment of its service; in a Blue/Green workflow, one that shares traffic
        between two destinations must not come before the Stage Deployment. A split that gives
        stable everything may stand anywhere, and one whose weights are expressions is not judged.

        It is a warning where the walk through the workflow does not prove that requests are lost: in
        Blue/Green workflows, and where a condition may skip one of the steps.

    Why it matters:
        The subset has no pods yet, so its share of the requests fails; and the Canary Deployment
        that follows writes 100 and 0 again, so the split is gone when the canary is there.

    Bad:
        ```yaml
        harnessApiVersion: '1.0'
        type: CANARY
        phases:
        - name: Canary
          phaseSteps:
          - name: Verify
            steps:
            - type: K8S_TRAFFIC_SPLIT  # <-
              name: Traffic Split
              properties:
                virtualServiceName: ${k8s.virtualServiceName}
                istioDestinationWeights:
                - destination: ${k8s.stableDestination}
                  weight: '90'
                - destination: ${k8s.canaryDestination}
                  weight: '10'
          - name: Deploy
            steps:
            - type: K8S_CANARY_DEPLOY
              name: Canary Deployment
        - name: Primary
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_DEPLOYMENT_ROLLING
              name: Rollout Deployment
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
          - name: Verify
            steps:
            - type: K8S_TRAFFIC_SPLIT
              name: Traffic Split
              properties:
                virtualServiceName: ${k8s.virtualServiceName}
                istioDestinationWeights:
                - destination: ${k8s.stableDestination}
                  weight: '90'
                - destination: ${k8s.canaryDestination}
                  weight: '10'
        - name: Primary
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_DEPLOYMENT_ROLLING
              name: Rollout Deployment
          - name: Wrap Up
            steps:
            - type: K8S_DELETE
              name: Canary Delete
              properties:
                resources: ${k8s.canaryWorkload}
        ```

    How to fix:
        Move the Traffic Split into the Verify section after the deployment.

    Sources:
        - Harness FirstGen docs, "Set Up Kubernetes Traffic Splitting with Istio", Add Traffic Split
          Step
    """

    id = "TS608"
    name = "split-before-canary"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the deployments that come after each Traffic Split."""
        early = early_splits(rollout)
        lost = {
            id(hazard.step)
            for hazard in (hazards_of(rollout, catalog) if early else ())
            if hazard.kind == "pods-missing" and hazard.certain
        }
        for split, deploy in early:
            what = "the canary" if deploy.kind == "canary-deploy" else "the stage deployment"
            yield self.finding(
                split.step.at("type"),
                f"Traffic Split {split.step.title} sends requests to {what} before {deploy.whereabouts} "
                "deploys it. They go to pods that are not there.",
                severity=None if id(split.step) in lost else Severity.WARNING,
                related=[(deploy.head(), "deployed only here")],
                help=f"Move the Traffic Split behind {deploy.title}.",
            )

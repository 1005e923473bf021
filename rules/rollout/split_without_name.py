"""TS609: a Traffic Split that names no VirtualService."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    traffic_splits,
)


class SplitWithoutName(Rule[Rollout]):
    """A Traffic Split names its VirtualService.

    What it checks:
        The `virtualServiceName` of every Traffic Split of a FirstGen workflow, rollback phases
        included: it must be there and must not be blank. Steps that are linked to a template or
        have template expressions get it from there.

    Why it matters:
        Harness refuses a Traffic Split without a name: the workflow cannot be saved, or fails at
        the step.

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
          - name: Verify
            steps:
            - type: K8S_TRAFFIC_SPLIT
              name: Traffic Split
              properties:
                virtualServiceName: ''  # <-
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
        Write `${k8s.virtualServiceName}` for the managed VirtualService, or the name of another
        one.

    Sources:
        - harness-core, K8sTrafficSplitState: the name must not be blank
        - Harness FirstGen docs, "Set Up Kubernetes Traffic Splitting with Istio", Define Virtual
          Service Name
    """

    id = "TS609"
    name = "split-without-name"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the name in each Traffic Split."""
        for split in traffic_splits(rollout.all_steps):
            properties = split.step.data.get("properties")
            if split.step.is_linked or not (properties is None or isinstance(properties, dict)):
                continue
            value = split.step.properties.get("virtualServiceName")
            if value is None or (isinstance(value, str) and not value.strip()):
                given = "virtualServiceName" in split.step.properties
                yield self.finding(
                    split.step.setting("virtualServiceName") if given else split.step.at("type"),
                    f"Traffic Split {split.step.title} names no VirtualService. Harness refuses the step.",
                    help="Set virtualServiceName to ${k8s.virtualServiceName}, or to a name.",
                )

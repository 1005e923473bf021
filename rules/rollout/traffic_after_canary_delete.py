"""TS604: traffic is sent to a canary that is deleted by then."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    late_shifts,
)


class TrafficAfterCanaryDelete(Rule[Rollout]):
    """No step sends traffic to the canary after it was deleted.

    What it checks:
        FirstGen workflows: a step that gives the canary a known share above 0 (a Traffic Split, or
        an Apply step whose file is a VirtualService with fixed weights) must not stand after the
        Canary Delete, unless a canary is deployed again in between.

        Where the delete itself comes too early, TS601 and TS602 speak. It is a warning if a skip
        condition covers one of the two steps.

    Why it matters:
        The subset `canary` has no pods any more. Its share of the requests fails with 503 until a
        later step or the next deployment takes it back.

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
            - type: K8S_TRAFFIC_SPLIT  # <-
              name: Traffic Split 5
              properties:
                virtualServiceName: ${k8s.virtualServiceName}
                istioDestinationWeights:
                - destination: ${k8s.stableDestination}
                  weight: '95'
                - destination: ${k8s.canaryDestination}
                  weight: '5'
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
            - type: K8S_TRAFFIC_SPLIT
              name: All to stable
              properties:
                virtualServiceName: ${k8s.virtualServiceName}
                istioDestinationWeights:
                - destination: ${k8s.stableDestination}
                  weight: '100'
                - destination: ${k8s.canaryDestination}
                  weight: '0'
            - type: K8S_DELETE
              name: Canary Delete
              properties:
                resources: ${k8s.canaryWorkload}
        ```

    How to fix:
        Let the Canary Delete be the last of these steps, and give stable all traffic before it.

    Sources:
        - Harness FirstGen docs, "Delete Kubernetes Resources" and "Create a Kubernetes Canary
          Deployment"
        - Harness FirstGen docs, "Set Up Kubernetes Traffic Splitting with Istio", notes on Canary
          Delete
    """

    id = "TS604"
    name = "traffic-after-canary-delete"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at each step that gives the canary a share after its delete."""
        seen: set[tuple[str | int, ...]] = set()
        for late in late_shifts(rollout, catalog):
            if late.delete.path in seen:
                continue
            seen.add(late.delete.path)
            yield self.finding(
                late.shift.step.at("type"),
                f"{late.shift.says}, but {late.delete.whereabouts} has deleted the canary by then. "
                "These requests go to no pod and fail.",
                severity=None if late.certain else Severity.WARNING,
                related=[(late.delete.head(), "the canary is deleted here")],
                help="Move the delete behind the last step that sends traffic to the canary.",
            )

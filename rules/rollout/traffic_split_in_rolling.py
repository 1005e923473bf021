"""TS606: a Traffic Split in a Rolling workflow."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Rollout, Rule, Severity, traffic_splits


class TrafficSplitInRolling(Rule[Rollout]):
    """A Traffic Split step stands in a workflow of the type ROLLING.

    What it checks:
        FirstGen workflows of `type: ROLLING`: none of their steps is a Traffic Split.

    Why it matters:
        Harness splits traffic in Canary and Blue/Green deployments only.  A rolling deployment
        creates neither canary pods nor the subsets that the step would route to, although the
        product lets one add the step.

    Bad:
        ```yaml
        harnessApiVersion: '1.0'
        type: ROLLING
        phases:
        - type: KUBERNETES
          name: Rolling
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_DEPLOYMENT_ROLLING
              name: Rollout Deployment
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
        ```

    Good:
        ```yaml
        harnessApiVersion: '1.0'
        type: ROLLING
        phases:
        - type: KUBERNETES
          name: Rolling
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_DEPLOYMENT_ROLLING
              name: Rollout Deployment
          - name: Verify
        ```

    How to fix:
        Make it a Canary or Blue/Green workflow, or take the step out.

    Sources:
        - Harness FirstGen docs, "Set Up Kubernetes Traffic Splitting with Istio", Limitations
    """

    id = "TS606"
    name = "traffic-split-in-rolling"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at each Traffic Split of one workflow."""
        if rollout.type != "ROLLING":
            return
        for split in traffic_splits(rollout.all_steps):
            yield self.finding(
                split.step.at("type"),
                f"Traffic Split {split.step.title} stands in a ROLLING workflow. Harness splits traffic "
                "in Canary and Blue/Green deployments only: a rolling deployment makes no canary to "
                "send traffic to.",
                related=[(rollout.at("type"), "the type of the workflow")],
                help="Make it a Canary or Blue/Green workflow, or take the step out.",
            )

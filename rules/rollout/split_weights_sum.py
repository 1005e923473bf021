"""TS614: the weights of a Traffic Split do not sum to 100."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Rollout, Rule, Severity, is_integer, traffic_splits


class SplitWeightsSum(Rule[Rollout]):
    """The weights of a Traffic Split step do not sum to 100.

    What it checks:
        Every Traffic Split step of a FirstGen workflow, rollback phases included, whose weights are
        all whole numbers from 0 to 100 (others are TS613).  Weights given by expressions are not
        judged.

    Why it matters:
        Harness writes the weights into the VirtualService as they are and checks no sum.  Istio
        before 1.13 rejects the VirtualService; later versions share the traffic in proportion, so the
        percentages in the workflow are not the ones that are served.

    Bad:
        ```yaml
        harnessApiVersion: '1.0'
        type: CANARY
        phases:
        - type: KUBERNETES
          name: Canary
          phaseSteps:
          - name: Verify
            steps:
            - type: K8S_TRAFFIC_SPLIT
              name: Traffic Split
              properties:
                virtualServiceName: ${k8s.virtualServiceName}
                istioDestinationWeights:  # <-
                - destination: ${k8s.stableDestination}
                  weight: '80'
                - destination: ${k8s.canaryDestination}
                  weight: '10'
        ```

    Good:
        ```yaml
        harnessApiVersion: '1.0'
        type: CANARY
        phases:
        - type: KUBERNETES
          name: Canary
          phaseSteps:
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
        ```

    How to fix:
        Change the weights so that they sum to 100.

    Sources:
        - harness-core, IstioTaskHelper: the route is replaced by the step's list, unchecked
        - Istio reference, "Virtual Service", HTTPRouteDestination.weight
    """

    id = "TS614"
    name = "split-weights-sum"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Add up the weights of each Traffic Split."""
        for split in traffic_splits(rollout.all_steps):
            total = split.total_weight
            if not split.destinations or not is_integer(total) or total == 100:
                continue
            if any(is_integer(e.weight) and not 0 <= e.weight <= 100 for e in split.destinations):
                continue
            yield self.finding(
                split.step.setting("istioDestinationWeights"),
                f"The weights of Traffic Split {split.step.title} sum to {total}, not 100. Harness "
                "writes them as they are, and Istio rejects them or serves other shares than these.",
                help="Change the weights so that they sum to 100.",
            )

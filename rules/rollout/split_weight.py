"""TS613: a weight of a Traffic Split that is no percentage."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Rollout, Rule, Severity, is_integer, traffic_splits


class SplitWeight(Rule[Rollout]):
    """A weight of a Traffic Split step is blank, no whole number, or not between 0 and 100.

    What it checks:
        Every `weight` of `istioDestinationWeights` in a FirstGen workflow, rollback phases included.
        A whole number may be written as a number or as text; an expression is not judged.

    Why it matters:
        Harness reads the weight as a whole number when the step runs: `10%`, `33.3` and a blank fail
        the deployment in the middle, with the canary already running.  A weight below 0 or above 100
        is rejected by Istio.

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
                istioDestinationWeights:
                - destination: ${k8s.stableDestination}
                  weight: '90'
                - destination: ${k8s.canaryDestination}
                  weight: '10%'  # <-
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
        Write a whole number from 0 to 100, without a percent sign.

    Sources:
        - harness-core, K8sTrafficSplitState and IstioTaskHelper: the weight is parsed as an integer
        - Istio reference, "Virtual Service", HTTPRouteDestination.weight
    """

    id = "TS613"
    name = "split-weight"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at each weight of each Traffic Split."""
        for split in traffic_splits(rollout.all_steps):
            for entry in split.destinations:
                written = entry.written_weight
                if is_integer(entry.weight):
                    reason = "" if 0 <= entry.weight <= 100 else f"is {entry.weight}, not 0 to 100"
                elif entry.weight is not None or not entry.data:
                    reason = ""
                elif written is None or (isinstance(written, str) and not written.strip()):
                    reason = "is blank"
                else:
                    reason = f"is {written!r}, which is no whole number"
                if reason:
                    yield self.finding(
                        entry.at("weight"),
                        f"The weight of {entry.text or 'a destination'} in Traffic Split "
                        f"{split.step.title} {reason}. The step fails when the workflow reaches it.",
                        help="Write a whole number from 0 to 100, without a percent sign.",
                    )

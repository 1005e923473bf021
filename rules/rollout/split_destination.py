"""TS615: a destination of a Traffic Split that Harness cannot use."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Rollout, Rule, Severity, traffic_splits


class BadSplitDestination(Rule[Rollout]):
    """A destination of a Traffic Split step is no host with a subset, nor Harness's stable or canary.

    What it checks:
        Every `destination` of `istioDestinationWeights` in a FirstGen workflow, rollback phases
        included.  It must be `${k8s.stableDestination}` or `${k8s.canaryDestination}`, alone, or YAML
        text that gives `host` and `subset`.  Other expressions are not judged, except unknown
        `${k8s.…}` ones.

    Why it matters:
        Harness turns the text into the destination of the VirtualService when the step runs.  A text
        it cannot read fails the deployment in the middle; the two expressions are compared as a
        whole, so inside other text they are left as they are.

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
                virtualServiceName: shop
                istioDestinationWeights:
                - destination: ${k8s.primaryDestination}  # <-
                  weight: '90'
                - destination: 'host: shop-svc'  # <-
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
                virtualServiceName: shop
                istioDestinationWeights:
                - destination: ${k8s.stableDestination}
                  weight: '90'
                - destination: |-
                    host: shop-svc
                    subset: canary
                  weight: '10'
        ```

    How to fix:
        Write one of the two expressions, or the host and the subset as YAML.

    Sources:
        - Harness FirstGen docs, "Set Up Kubernetes Traffic Splitting with Istio", Use Subsets
        - harness-core, K8sExpressions and IstioTaskHelper
    """

    id = "TS615"
    name = "split-destination"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at each destination of each Traffic Split."""
        for split in traffic_splits(rollout.all_steps):
            for entry in split.destinations:
                if entry.kind == "bad":
                    yield self.finding(
                        entry.at("destination"),
                        f"A destination of Traffic Split {split.step.title} {entry.problem}. The step "
                        "fails or routes nowhere when the workflow reaches it.",
                        help="Write ${k8s.stableDestination}, ${k8s.canaryDestination}, or the host and "
                        "the subset as YAML.",
                    )

"""TS617: the canary's destinations in a Blue/Green workflow."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Phase,
    Rollout,
    Rule,
    Severity,
    manifests_of,
    traffic_splits,
)


class CanaryDestinationInBlueGreen(Rule[Rollout]):
    """A Blue/Green workflow splits traffic between subsets of its own.

    What it checks:
        Traffic Splits of FirstGen workflows of `type: BLUE_GREEN`, rollback phases included, that
        use `${k8s.canaryDestination}` or `${k8s.stableDestination}`. It is fine if a
        DestinationRule of the service, as written, defines both subsets.

    Why it matters:
        The two expressions stand for the subsets `canary` and `stable`. A Canary Deployment writes
        these into the managed DestinationRule, a Stage Deployment does not: the split sends all
        requests to subsets that nobody defines, and they fail with 503.

    Bad:
        ```yaml
        harnessApiVersion: '1.0'
        type: BLUE_GREEN
        phases:
        - name: Phase 1
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_BLUE_GREEN_DEPLOY
              name: Stage Deployment
          - name: Verify
            steps:
            - type: K8S_TRAFFIC_SPLIT
              name: Traffic Split
              properties:
                virtualServiceName: ${k8s.virtualServiceName}
                istioDestinationWeights:
                - destination: ${k8s.stableDestination}  # <-
                  weight: '90'
                - destination: ${k8s.canaryDestination}
                  weight: '10'
        ```

    Good:
        ```yaml
        harnessApiVersion: '1.0'
        type: BLUE_GREEN
        phases:
        - name: Phase 1
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_BLUE_GREEN_DEPLOY
              name: Stage Deployment
          - name: Verify
            steps:
            - type: K8S_TRAFFIC_SPLIT
              name: Traffic Split
              properties:
                virtualServiceName: shop
                istioDestinationWeights:
                - destination: |-
                    host: shop
                    subset: blue
                  weight: '80'
                - destination: |-
                    host: shop
                    subset: green
                  weight: '20'
        ```

    How to fix:
        Define subsets by the label `harness.io/color` in a DestinationRule, and name host and
        subset in the step.

    Sources:
        - harness-core, K8sBlueGreenDeployTaskHandler: no subsets are written
        - Harness FirstGen docs, "Set Up Kubernetes Traffic Splitting with Istio", Use Subsets
    """

    id = "TS617"
    name = "canary-destination-in-blue-green"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the destinations of each Traffic Split."""
        if rollout.flavor != "workflow" or rollout.type != "BLUE_GREEN":
            return
        if any(step.kind == "canary-deploy" for step in rollout.steps):
            return
        for split in traffic_splits(rollout.all_steps):
            canary = [entry for entry in split.destinations if entry.kind in ("stable", "canary")]
            if canary and not _are_defined(rollout, catalog, split.step.phase):
                yield self.finding(
                    canary[0].at("destination"),
                    f"Traffic Split {split.step.title} sends requests to the subset {canary[0].kind}, which "
                    "a Canary Deployment would define; a Blue/Green workflow does not. They fail with 503.",
                    help="Name host and subset of a DestinationRule of yours instead.",
                )


def _are_defined(rollout: Rollout, catalog: Catalog, phase: Phase | None) -> bool:
    """Whether a DestinationRule of the service lists both subsets, or may do so."""
    manifests = manifests_of(rollout, catalog, phase)
    rules = [] if manifests is None else manifests.of(DestinationRule)
    return any(
        rule.hides_subsets or {"stable", "canary"} <= {subset.name for subset in rule.subsets}
        for rule in rules
    )

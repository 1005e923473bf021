"""TS616: a Traffic Split without destinations, or with one of them twice."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Place,
    Rollout,
    Rule,
    Severity,
    SplitDestination,
    TrafficSplit,
    Unknown,
    traffic_splits,
)


class SplitDestinationList(Rule[Rollout]):
    """A Traffic Split lists each of its destinations once.

    What it checks:
        The `istioDestinationWeights` of every Traffic Split of a FirstGen workflow, rollback phases
        included: there must be at least one entry, and no two entries for the same destination.
        Host and subset are compared, not the text. Steps that are linked to a template get the list
        from there.

    Why it matters:
        The step writes the list into the VirtualService as it is. An empty one leaves a route
        without destinations, which Istio refuses; a doubled one mostly means that another
        destination gets nothing.

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
                - destination: ${k8s.stableDestination}  # <-
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
                virtualServiceName: shop
                istioDestinationWeights: []  # <-
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
        Name stable and canary once each.

    Sources:
        - Harness FirstGen docs, "Set Up Kubernetes Traffic Splitting with Istio", Set Destinations
          and Weights
        - harness-core, IstioTaskHelper: the list replaces the destinations of the route
    """

    id = "TS616"
    name = "split-destination-list"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the list of each Traffic Split."""
        for split in traffic_splits(rollout.all_steps):
            empty = _empty_list(split)
            if empty is not None:
                yield self.finding(
                    empty,
                    f"Traffic Split {split.step.title} lists no destinations. It would leave the "
                    "VirtualService without any, which Istio refuses.",
                    help="List ${k8s.stableDestination} and ${k8s.canaryDestination} with a weight each.",
                )
            seen: dict[tuple[str, ...], SplitDestination] = {}
            for entry in split.destinations:
                key = _key(entry)
                if key and key in seen:
                    yield self.finding(
                        entry.at("destination"),
                        f"Traffic Split {split.step.title} lists the same destination twice. The shares add "
                        "up there, and another destination may be missing.",
                        related=[(seen[key].at("destination"), "listed here already")],
                        help="Name each destination once.",
                    )
                elif key:
                    seen[key] = entry


def _empty_list(split: TrafficSplit) -> Place | None:
    """Where the list ought to stand, if there is none or an empty one."""
    step = split.step
    properties = step.data.get("properties")
    if step.is_linked or isinstance(properties, Unknown):
        return None
    value = step.properties.get("istioDestinationWeights")
    if value not in (None, []):
        return None
    given = "istioDestinationWeights" in step.properties
    return step.setting("istioDestinationWeights") if given else step.at("type")


def _key(entry: SplitDestination) -> tuple[str, ...]:
    """What two entries for one destination share; empty where that cannot be told."""
    if entry.kind == "literal":
        return (entry.host, entry.subset)
    if entry.kind in ("stable", "canary"):
        return (entry.kind,)
    return (entry.text,) if entry.kind == "unknown" and entry.text else ()

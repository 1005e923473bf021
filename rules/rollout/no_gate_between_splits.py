"""TS653: two splits with nothing between them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    Shift,
    is_integer,
    same_routes,
    shift_of,
)


class NoGateBetweenSplits(Rule[Rollout]):
    """Two splits follow each other with nothing between them.

    What it checks:
        Workflows and stages of pipelines.  A step that raises the canary's share is held against the step
        right before it: it must not be one that gave the canary a smaller share of the same routes.
        Any step between the two counts as a gate, be it an approval, a verification, a wait or a
        script; so does a wait interval of the section.  Steps side by side, hidden weights and
        conditional steps are left alone.

    Why it matters:
        A ramp in steps is there to look at the canary before more users get it.  Without anything between
        the steps, the first share is served for seconds only and proves nothing.

    Bad:
        ```yaml
        harnessApiVersion: '1.0'
        type: CANARY
        phases:
        - type: KUBERNETES
          name: Canary
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_CANARY_DEPLOY
              name: Canary Deployment
          - name: Verify
            steps:
            - type: K8S_TRAFFIC_SPLIT
              name: Traffic Split 10
              properties:
                virtualServiceName: ${k8s.virtualServiceName}
                istioDestinationWeights:
                - destination: ${k8s.stableDestination}
                  weight: '90'
                - destination: ${k8s.canaryDestination}
                  weight: '10'
            - type: K8S_TRAFFIC_SPLIT  # <-
              name: Traffic Split 50
              properties:
                virtualServiceName: ${k8s.virtualServiceName}
                istioDestinationWeights:
                - destination: ${k8s.stableDestination}
                  weight: '50'
                - destination: ${k8s.canaryDestination}
                  weight: '50'
        - type: KUBERNETES
          name: Primary
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
        - type: KUBERNETES
          name: Canary
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_CANARY_DEPLOY
              name: Canary Deployment
          - name: Verify
            steps:
            - type: K8S_TRAFFIC_SPLIT
              name: Traffic Split 10
              properties:
                virtualServiceName: ${k8s.virtualServiceName}
                istioDestinationWeights:
                - destination: ${k8s.stableDestination}
                  weight: '90'
                - destination: ${k8s.canaryDestination}
                  weight: '10'
            - type: APPROVAL
              name: Ask
            - type: K8S_TRAFFIC_SPLIT
              name: Traffic Split 50
              properties:
                virtualServiceName: ${k8s.virtualServiceName}
                istioDestinationWeights:
                - destination: ${k8s.stableDestination}
                  weight: '50'
                - destination: ${k8s.canaryDestination}
                  weight: '50'
        - type: KUBERNETES
          name: Primary
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
        Put an approval, a verification or a wait between the two, or take the first one out.

    Sources:
        - Harness FirstGen docs, "Set Up Kubernetes Traffic Splitting with Istio"
    """

    id = "TS653"
    name = "no-gate-between-splits"
    severity = Severity.INFO

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at each two steps of one rollout that follow each other."""
        for one, other in pairwise(rollout.steps):
            if one.order == other.order:
                continue
            first, second = (shift_of(step, rollout, catalog) for step in (one, other))
            if first is None or second is None or not _is_ramp(first, second):
                continue
            yield self.finding(
                other.at("type"),
                f"{other.whereabouts} gives the canary {second.canary}% of the requests right after "
                f"{one.title} gave it {first.canary}%. Nothing between them looks at how it does.",
                related=[(one.head(), f"the canary gets {first.canary}% here")],
                help="Put an approval, a verification or a wait between the two.",
            )


def _is_ramp(first: Shift, second: Shift) -> bool:
    """Whether the second surely raises what the first gave, with no wait between."""
    if not same_routes(first, second):
        return False
    if not (is_integer(first.canary) and is_integer(second.canary)):
        return False
    if any(s.step.is_conditional or s.step.is_repeated or _waits(s) for s in (first, second)):
        return False
    return 0 < first.canary < second.canary


def _waits(shift: Shift) -> bool:
    """Whether the step or its section has a wait interval."""
    section = shift.step.section
    return bool(shift.step.properties.get("waitInterval")) or bool(
        section is not None and section.data.get("waitInterval")
    )

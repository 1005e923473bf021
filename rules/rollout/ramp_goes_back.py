"""TS652: a split that gives the canary less than the one before."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    is_integer,
    same_routes,
    shift_of,
    targets,
    walk,
)


class RampGoesBack(Rule[Rollout]):
    """A later split gives the canary less traffic than an earlier one.

    What it checks:
        Workflows and stages of pipelines, walked step by step.  A step that gives the canary a share is
        held against the share that it has by then, from an earlier step for the same routes: it must not
        be smaller, unless it is 0, which gives all traffic back to stable.  A new canary deployment
        or a rollout begins a new ramp.  Hidden weights and conditional steps are left alone.

    Why it matters:
        A ramp goes up while the canary proves itself.  A step down in the middle mostly is a slip, such
        as steps in the wrong order or the weights of stable and canary swapped, and what it was meant to
        try is tried with too few users, or with too many.

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
            - type: APPROVAL
              name: Ask again
            - type: K8S_TRAFFIC_SPLIT  # <-
              name: Traffic Split 25
              properties:
                virtualServiceName: ${k8s.virtualServiceName}
                istioDestinationWeights:
                - destination: ${k8s.stableDestination}
                  weight: '75'
                - destination: ${k8s.canaryDestination}
                  weight: '25'
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
              name: Traffic Split 25
              properties:
                virtualServiceName: ${k8s.virtualServiceName}
                istioDestinationWeights:
                - destination: ${k8s.stableDestination}
                  weight: '75'
                - destination: ${k8s.canaryDestination}
                  weight: '25'
            - type: APPROVAL
              name: Ask again
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
        Put the steps in the order of their shares, or correct the weights.

    Sources:
        - Harness FirstGen docs, "Set Up Kubernetes Traffic Splitting with Istio", several Traffic Split
          steps
    """

    id = "TS652"
    name = "ramp-goes-back"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Walk one rollout forward."""
        for target in targets(rollout):
            for moment in walk(target, catalog).moments:
                step, before = moment.step, moment.before
                if before.moved_by is None:
                    continue
                shift = shift_of(step, target, catalog)
                earlier = shift_of(before.moved_by, target, catalog)
                if shift is None or earlier is None or not same_routes(shift, earlier):
                    continue
                now, then = moment.after.share, before.share
                if is_integer(now) and is_integer(then) and 0 < now < then:
                    yield self.finding(
                        step.at("type"),
                        f"{step.whereabouts} gives the canary {now}% of the requests, less than the "
                        f"{then}% that {before.moved_by.whereabouts} gave it. The ramp goes back.",
                        related=[(before.moved_by.head(), f"the canary gets {then}% here")],
                        help="Put the steps in the order of their shares, or correct the weights.",
                    )

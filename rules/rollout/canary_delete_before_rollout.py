"""TS602: a Canary Delete in the Primary phase, before its rollout."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Rollout, Rule, Severity, early_deletes


class CanaryDeleteBeforeRollout(Rule[Rollout]):
    """The canary is deleted in the phase of the Rollout Deployment, but not after it.

    What it checks:
        FirstGen workflows that shift traffic, by a Traffic Split step or by an Apply step whose file
        is a VirtualService or a DestinationRule.  In the phase that holds the Rollout Deployment, a
        Delete step for the canary must not stand in an earlier section, earlier in the same
        section, or in one section that runs its steps in parallel.  It is a warning only if the
        delete has a skip condition, or if it is not sure that the applied file shifts traffic.

    Why it matters:
        Being in the right phase is not enough: Harness sets the managed routes back to stable at
        the Rollout Deployment, and a canary that is deleted before it leaves its share of the
        traffic without pods.

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
            - type: K8S_TRAFFIC_SPLIT
              name: Traffic Split
              properties:
                virtualServiceName: ${k8s.virtualServiceName}
                istioDestinationWeights:
                - destination: ${k8s.stableDestination}
                  weight: '90'
                - destination: ${k8s.canaryDestination}
                  weight: '10'
        - type: KUBERNETES
          name: Primary
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_DELETE  # <-
              name: Canary Delete
              properties:
                resources: ${k8s.canaryWorkload}
            - type: K8S_DEPLOYMENT_ROLLING
              name: Rollout Deployment
          - name: Wrap Up
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
            - type: K8S_TRAFFIC_SPLIT
              name: Traffic Split
              properties:
                virtualServiceName: ${k8s.virtualServiceName}
                istioDestinationWeights:
                - destination: ${k8s.stableDestination}
                  weight: '90'
                - destination: ${k8s.canaryDestination}
                  weight: '10'
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
        Move the Canary Delete to the Wrap Up section of the same phase.

    Sources:
        - Harness FirstGen docs, "Set Up Kubernetes Traffic Splitting with Istio", notes on Canary
          Delete and traffic management
    """

    id = "TS602"
    name = "canary-delete-before-rollout"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at each Canary Delete of one workflow."""
        for early in early_deletes(rollout, catalog):
            if early.verdict != "before-rollout":
                continue
            when = "beside" if early.step.order == early.rollout.order else "before"
            yield self.finding(
                early.step.at("type"),
                f"{early.step.title} deletes the canary {when} the Rollout Deployment of the phase "
                f"{early.primary.title}. {early.shift.says}: requests for the canary go to deleted "
                "pods and fail until stable takes them over.",
                severity=None if early.certain else Severity.WARNING,
                related=early.related,
                help=early.help,
            )

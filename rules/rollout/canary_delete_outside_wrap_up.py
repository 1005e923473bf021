"""TS603: a Canary Delete after the rollout, but not in the Wrap Up."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Rollout, Rule, Severity, early_deletes, late_shifts


class CanaryDeleteOutsideWrapUp(Rule[Rollout]):
    """The canary is deleted after the Rollout Deployment, but before the phase's Wrap Up section.

    What it checks:
        FirstGen workflows that shift traffic, by a Traffic Split step or by an Apply step whose file
        is a VirtualService or a DestinationRule.  In the phase that holds the Rollout Deployment, a
        Delete step for the canary stands after it, yet in a section before the Wrap Up.  The Wrap
        Up is the section of that name in any case, else the phase's last section.

    Why it matters:
        Steps between the rollout and the Wrap Up verify the new version, and with an Apply step they
        also move the traffic back to stable.  The canary must serve its share until then.

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
            - type: K8S_DEPLOYMENT_ROLLING
              name: Rollout Deployment
          - name: Verify
            steps:
            - type: K8S_DELETE  # <-
              name: Canary Delete
              properties:
                resources: ${k8s.canaryWorkload}
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
          - name: Verify
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

    id = "TS603"
    name = "canary-delete-outside-wrap-up"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at each Canary Delete of one workflow."""
        told = {late.delete.path for late in late_shifts(rollout, catalog)}
        for early in early_deletes(rollout, catalog):
            if early.verdict != "outside-wrap-up" or early.step.section is None:
                continue
            if early.step.path in told:
                continue  # TS604: more than a wrong place
            yield self.finding(
                early.step.at("type"),
                f"{early.step.title} deletes the canary in the section "
                f'"{early.step.section.name}" of the phase {early.primary.title}, before its Wrap Up. '
                f"{early.shift.says}, and the canary must serve its share until the phase is done.",
                related=early.related,
                help=early.help,
            )

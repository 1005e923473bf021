"""TS601: a Canary Delete in a phase before the rollout."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Rollout, Rule, Severity, early_deletes


class CanaryDeleteBeforePrimary(Rule[Rollout]):
    """The canary is deleted in a phase before the Rollout Deployment, while traffic is shifted.

    What it checks:
        FirstGen workflows that shift traffic, by a Traffic Split step or by an Apply step whose file
        is a VirtualService or a DestinationRule.  There, every Delete step that deletes the canary
        (`${k8s.canaryWorkload}`, or a workload whose name ends in `-canary`) must not stand in a
        phase before the one that holds the Rollout Deployment.  Phases are known by their steps,
        not by their names; rollback phases are left out.

        Workflows that shift no traffic keep the delete where Harness puts it, in the Canary phase.
        Where a step with known weights takes all traffic from the canary first, TS655 speaks.  It
        is a warning only if the delete has a skip condition, or if it is not sure that the applied
        file shifts traffic.

    Why it matters:
        Harness sets the managed routes back to stable at the Rollout Deployment, an Apply step does
        so even later.  A canary that is deleted before leaves its share of the traffic without pods:
        these requests fail until then.

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
              name: Traffic Split
              properties:
                virtualServiceName: ${k8s.virtualServiceName}
                istioDestinationWeights:
                - destination: ${k8s.stableDestination}
                  weight: '90'
                - destination: ${k8s.canaryDestination}
                  weight: '10'
          - name: Wrap Up
            steps:
            - type: K8S_DELETE  # <-
              name: Canary Delete
              properties:
                resources: ${k8s.canaryWorkload}
        - type: KUBERNETES
          name: Primary
          phaseSteps:
          - name: Deploy
            steps:
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
          - name: Wrap Up
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
        Move the Canary Delete to the Wrap Up section of the phase with the Rollout Deployment.

    Sources:
        - Harness FirstGen docs, "Set Up Kubernetes Traffic Splitting with Istio", notes on Canary
          Delete and traffic management
        - Harness FirstGen docs, "Create a Kubernetes Canary Deployment"
    """

    id = "TS601"
    name = "canary-delete-before-primary"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at each Canary Delete of one workflow."""
        for early in early_deletes(rollout, catalog):
            if early.verdict != "phase-before" or early.step.phase is None:
                continue
            yield self.finding(
                early.step.at("type"),
                f"{early.step.title} deletes the canary in the phase {early.step.phase.title}, before "
                f"the Rollout Deployment of the phase {early.primary.title}. {early.shift.says}: "
                "requests for the canary go to deleted pods and fail until stable takes them over.",
                severity=None if early.certain else Severity.WARNING,
                related=early.related,
                help=early.help,
            )

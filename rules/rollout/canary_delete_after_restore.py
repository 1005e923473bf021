"""TS655: a Canary Delete before the rollout, after traffic went back to stable."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Rollout, Rule, Severity, early_deletes, late_shifts


class CanaryDeleteAfterRestore(Rule[Rollout]):
    """The canary is deleted before the Rollout Deployment, after all traffic went back to stable.

    What it checks:
        The same Delete steps as TS601 and TS602, in their place where the canary gets no traffic when
        it is deleted: a Traffic Split with known weights (or an applied VirtualService that is no
        template) gives stable everything and canary 0, after the last step that gives the canary a
        share and before the delete.  Steps that run beside the delete do not count.

    Why it matters:
        No request is lost, but only because of that one step.  Harness asks for the delete in the
        Wrap Up of the Primary phase, where no later change of weights can break it.

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
          - name: Wrap Up
            steps:
            - type: K8S_TRAFFIC_SPLIT
              name: Back to stable
              properties:
                virtualServiceName: ${k8s.virtualServiceName}
                istioDestinationWeights:
                - destination: ${k8s.stableDestination}
                  weight: '100'
                - destination: ${k8s.canaryDestination}
                  weight: '0'
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
          - name: Wrap Up
            steps:
            - type: K8S_TRAFFIC_SPLIT
              name: Back to stable
              properties:
                virtualServiceName: ${k8s.virtualServiceName}
                istioDestinationWeights:
                - destination: ${k8s.stableDestination}
                  weight: '100'
                - destination: ${k8s.canaryDestination}
                  weight: '0'
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
    """

    id = "TS655"
    name = "canary-delete-after-restore"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at each Canary Delete of one workflow."""
        told = {late.delete.path for late in late_shifts(rollout, catalog)}
        for early in early_deletes(rollout, catalog):
            if early.verdict != "restored-first" or early.step.path in told:
                continue
            yield self.finding(
                early.step.at("type"),
                f"{early.step.title} deletes the canary before the Rollout Deployment of the phase "
                f"{early.primary.title}. No request is lost only because the canary's share is 0 by "
                f"then (see {early.shift.step.title}); a later change of weights would break it.",
                related=early.related,
                help=early.help,
            )

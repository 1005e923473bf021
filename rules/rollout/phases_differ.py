"""TS621: Canary and Primary phase deploy different things."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Phase,
    Place,
    Rollout,
    Rule,
    Severity,
)


class PhasesDiffer(Rule[Rollout]):
    """The Canary phase and the phase with the Rollout Deployment deploy the same service to the same place.

    What it checks:
        FirstGen workflows: for each phase with a Canary Deployment there must be a phase with a
        Rollout Deployment that has the same `serviceName` and the same `infraDefinitionName`. Names
        that an expression or a template gives may be any. Workflows without a Rollout Deployment
        are left to TS629.

    Why it matters:
        The canary is verified for one service or one cluster, and another one is rolled out: what
        was tested is not what is released.

    Bad:
        ```yaml
        harnessApiVersion: '1.0'
        type: CANARY
        phases:
        - name: Canary
          serviceName: shop
          infraDefinitionName: prod
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_CANARY_DEPLOY
              name: Canary Deployment
          - name: Wrap Up
            steps:
            - type: K8S_DELETE
              name: Canary Delete
              properties:
                resources: ${k8s.canaryWorkload}
        - name: Primary
          serviceName: shop
          infraDefinitionName: prod-eu  # <-
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_DEPLOYMENT_ROLLING
              name: Rollout Deployment
        ```

    Good:
        ```yaml
        harnessApiVersion: '1.0'
        type: CANARY
        phases:
        - name: Canary
          serviceName: shop
          infraDefinitionName: prod
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_CANARY_DEPLOY
              name: Canary Deployment
          - name: Wrap Up
            steps:
            - type: K8S_DELETE
              name: Canary Delete
              properties:
                resources: ${k8s.canaryWorkload}
        - name: Primary
          serviceName: shop
          infraDefinitionName: prod
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_DEPLOYMENT_ROLLING
              name: Rollout Deployment
        ```

    How to fix:
        Select the same service and the same infrastructure definition in both phases.

    Sources:
        - Harness FirstGen docs, "Create a Kubernetes Canary Deployment", Primary Phase
    """

    id = "TS621"
    name = "phases-differ"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look for the phase that rolls out what each Canary phase tries."""
        if rollout.flavor != "workflow":
            return
        canaries = [phase for phase in rollout.phases if _holds(phase, "canary-deploy")]
        rolling = [phase for phase in rollout.phases if _holds(phase, "rolling-deploy")]
        if not rolling or any(phase.data.get("templateExpressions") for phase in rollout.phases):
            return
        for canary in canaries:
            same = [phase for phase in rolling if phase.deploys_as(canary)]
            if any(phase.targets_as(canary) for phase in same):
                continue
            other = (same or [phase for phase in rolling if phase.index > canary.index] or rolling)[
                0
            ]
            key, value = _difference(canary, bool(same))
            yield self.finding(
                _place(other, key),
                f"The phase {canary.title} deploys the canary with the {key} {value}, and no phase with a "
                f"Rollout Deployment has it: {other.title} rolls out something else.",
                related=[(_place(canary, key), "the canary is deployed with this one")],
                help=f"Give both phases the same {key}.",
            )


def _holds(phase: Phase, kind: str) -> bool:
    return any(step.kind == kind for step in phase.steps)


def _difference(canary: Phase, same_service: bool) -> tuple[str, object]:
    if not same_service:
        return "serviceName", canary.service_name
    key = "infraDefinitionName" if canary.data.get("infraDefinitionName") else "infraMappingName"
    return key, canary.infrastructure


def _place(phase: Phase, key: str) -> Place:
    return phase.at(key) if key in phase.data else phase.head()

"""TS624: a phase without its rollback phase."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tsplit_lint import (
    Catalog,
    Finding,
    Phase,
    Rollout,
    Rule,
    Severity,
    nearest,
)

_CHANGES: Final = frozenset(
    (
        "canary-deploy",
        "rolling-deploy",
        "blue-green-deploy",
        "swap",
        "traffic-split",
        "apply",
        "scale",
    )
)


class RollbackPhaseMissing(Rule[Rollout]):
    """Each phase that deploys has its rollback phase.

    What it checks:
        FirstGen workflows that list `rollbackPhases`. Each of these must name a phase of the
        workflow in `phaseNameForRollback`, and each phase that deploys, applies, splits or deletes
        something must be named by one. Workflows without any rollback phases, and names that an
        expression gives, are not judged.

    Why it matters:
        Harness rolls a phase back by the entry that names it. Without one, nothing is undone when
        that phase fails; an entry that names no phase never runs.

    Bad:
        ```yaml
        harnessApiVersion: '1.0'
        type: CANARY
        phases:
        - name: Canary
          serviceName: shop
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
          serviceName: shop
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
        rollbackPhases:
        - name: Rollback Canary
          phaseNameForRollback: Canary
          phaseSteps: []
        - name: Rollback Primary
          phaseNameForRollback: Primery  # <-
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_DEPLOYMENT_ROLLING_ROLLBACK
              name: Rollback Deployment
        ```

    Good:
        ```yaml
        harnessApiVersion: '1.0'
        type: CANARY
        phases:
        - name: Canary
          serviceName: shop
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
          serviceName: shop
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
        rollbackPhases:
        - name: Rollback Canary
          phaseNameForRollback: Canary
          phaseSteps: []
        - name: Rollback Primary
          phaseNameForRollback: Primary
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_DEPLOYMENT_ROLLING_ROLLBACK
              name: Rollback Deployment
        ```

    How to fix:
        Give each phase an entry under `rollbackPhases` with its name in `phaseNameForRollback`.

    Sources:
        - harness-core, WorkflowPhase.Yaml: phaseNameForRollback
        - Harness FirstGen docs, "Harness YAML Code Reference"
    """

    id = "TS624"
    name = "rollback-phase-missing"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Hold the rollback phases against the phases."""
        names = {phase.name for phase in rollout.phases}
        if rollout.flavor != "workflow" or not rollout.rollback_phases:
            return
        if not all(isinstance(phase.data.get("name"), str) for phase in rollout.phases):
            return
        undone = [phase.data.get("phaseNameForRollback") for phase in rollout.rollback_phases]
        if not all(isinstance(name, str) and name for name in undone):
            return
        strays = [
            phase
            for phase, name in zip(rollout.rollback_phases, undone, strict=True)
            if name not in names
        ]
        for phase in strays:
            name = phase.data["phaseNameForRollback"]
            meant = nearest(name, names.difference(undone))
            yield self.finding(
                phase.at("phaseNameForRollback"),
                f"The rollback phase {phase.title} is for a phase {name}, and this workflow has none of that "
                "name: it never runs." + (f" Did you mean {meant}?" if meant else ""),
                help="Write the name of the phase that it undoes.",
            )
        missing = [] if strays else [p for p in rollout.phases if p.name not in undone and _acts(p)]
        for phase in missing:
            yield self.finding(
                phase.head(),
                f"No rollback phase is for the phase {phase.title}: nothing is undone when it fails.",
                related=[(rollout.at("rollbackPhases", key=True), "the rollback phases")],
                help=f"Add a rollback phase with phaseNameForRollback: {phase.name}.",
            )


def _acts(phase: Phase) -> bool:
    """Whether the phase changes something that can be undone."""
    return any(step.kind in _CHANGES for step in phase.steps)

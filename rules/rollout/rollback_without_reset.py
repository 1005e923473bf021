"""TS625: a rollback that leaves an applied split in force."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    Shift,
    Step,
    TrafficSplit,
    VirtualService,
    hazards_of,
    is_integer,
    rolls_back,
    runs_anything,
    shift_of,
    traffic_shifts,
)


class RollbackWithoutReset(Rule[Rollout]):
    """The rollback takes a traffic split back.

    What it checks:
        FirstGen workflows that list `rollbackPhases` and shift traffic by an Apply step, or by a
        Traffic Split of a VirtualService that is given by name and is not managed: some step of the
        rollback phases must set the shares again. An Apply of the VirtualService counts, whatever
        its weights, and so does a script that works on the cluster. Where it is sure that the
        rollback deletes the pods that still get requests, TS654 speaks.

    Why it matters:
        Harness does not roll back what an Apply step has applied, nor a VirtualService that it does
        not manage. After a failed deployment the new version keeps its share of the requests.

    Bad:
        ```yaml
        # file: values.yaml
        name: echo
        stableWeight: ${weights.variables.stable}
        canaryWeight: ${weights.variables.canary}
        # file: templates/virtual-service.yaml
        # harness.io/skip-file-for-deploy
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: echo
        spec:
          hosts: [echo]
          tcp:
          - route:
            - destination: {host: echo, subset: stable}
              weight: {{.Values.stableWeight}}
            - destination: {host: echo, subset: canary}
              weight: {{.Values.canaryWeight}}
        # file: workflow.yaml
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
            - type: K8S_APPLY  # <-
              name: Split 10/90
              properties:
                filePaths: templates/virtual-service.yaml
        - name: Primary
          serviceName: shop
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_DEPLOYMENT_ROLLING
              name: Rollout Deployment
          - name: Wrap Up
            steps:
            - type: K8S_APPLY
              name: All to stable
              properties:
                filePaths: templates/virtual-service.yaml
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

    Good:
        ```yaml
        # file: values.yaml
        name: echo
        stableWeight: ${weights.variables.stable}
        canaryWeight: ${weights.variables.canary}
        # file: templates/virtual-service.yaml
        # harness.io/skip-file-for-deploy
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: echo
        spec:
          hosts: [echo]
          tcp:
          - route:
            - destination: {host: echo, subset: stable}
              weight: {{.Values.stableWeight}}
            - destination: {host: echo, subset: canary}
              weight: {{.Values.canaryWeight}}
        # file: workflow.yaml
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
            - type: K8S_APPLY
              name: Split 10/90
              properties:
                filePaths: templates/virtual-service.yaml
        - name: Primary
          serviceName: shop
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_DEPLOYMENT_ROLLING
              name: Rollout Deployment
          - name: Wrap Up
            steps:
            - type: K8S_APPLY
              name: All to stable
              properties:
                filePaths: templates/virtual-service.yaml
            - type: K8S_DELETE
              name: Canary Delete
              properties:
                resources: ${k8s.canaryWorkload}
        rollbackPhases:
        - name: Rollback Canary
          phaseNameForRollback: Canary
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_APPLY
              name: All to stable
              properties:
                filePaths: templates/virtual-service.yaml
        - name: Rollback Primary
          phaseNameForRollback: Primary
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_DEPLOYMENT_ROLLING_ROLLBACK
              name: Rollback Deployment
        ```

    How to fix:
        Begin the rollback of the Canary phase with an Apply or a Traffic Split that gives stable
        all traffic.

    Sources:
        - Harness FirstGen docs, "Deploy Manifests Separately Using Apply Step": applied objects are
          not rolled back
    """

    id = "TS625"
    name = "rollback-without-reset"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look for a reset in the rollback phases."""
        if rollout.flavor != "workflow" or not rollout.rollback_phases:
            return
        kept = [
            shift
            for shift in traffic_shifts(rollout, catalog)
            if _stays(shift, catalog) and rolls_back(rollout, shift.step)
        ]
        if not kept or any(_may_reset(step, rollout, catalog) for step in rollout.rollback_steps):
            return
        if any(hazard.kind == "rollback-leaves-traffic" for hazard in hazards_of(rollout, catalog)):
            return
        yield self.finding(
            kept[0].step.at("type"),
            f"{kept[0].step.whereabouts} shifts traffic, and no step of the rollback phases takes it back. "
            "Harness does not undo it: after a failed deployment the split stays.",
            related=[(rollout.at("rollbackPhases", key=True), "the rollback phases")],
            help="Add an Apply or a Traffic Split that gives stable all traffic to the rollback phases.",
        )


def _stays(shift: Shift, catalog: Catalog) -> bool:
    """Whether nothing but another step takes back what the step shifts."""
    if not shift.certain or shift.restores:
        return False
    if shift.step.kind == "apply":
        return True
    name = TrafficSplit(shift.step).literal_name
    if shift.step.kind != "traffic-split" or name is None:
        return False
    named = [s for s in catalog.resources(VirtualService) if s.name == name]
    return all(service.managed is False for service in named)


def _may_reset(step: Step, rollout: Rollout, catalog: Catalog) -> bool:
    """Whether a step of the rollback sets the shares, or may do so."""
    if runs_anything(step):
        return True
    if step.kind == "apply" and not all(known for _path, known in step.words("filePaths")):
        return True
    shift = shift_of(step, rollout, catalog)
    return shift is not None and not (is_integer(shift.canary) and shift.canary > 0)

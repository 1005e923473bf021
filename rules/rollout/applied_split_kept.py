"""TS623: the canary is deleted while an applied split is in force."""

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
    VirtualService,
    applied_files,
    early_deletes,
    hazards_of,
    runs_anything,
    traffic_shifts,
)


class AppliedSplitKept(Rule[Rollout]):
    """An applied split is taken back before the canary is deleted.

    What it checks:
        FirstGen workflows whose last traffic shift before the Canary Delete is an Apply step with a
        VirtualService that Harness does not manage: after the Rollout Deployment and before the
        delete, an Apply or a Traffic Split must give stable all traffic again.

        It speaks of shares that are not written in the file; where they come from a values file it
        is an information. Where the shares are known, TS650 and TS651 speak; where the delete
        stands too early, TS601 and TS602.

    Why it matters:
        Harness resets managed VirtualServices at the Rollout Deployment. What an Apply step has
        applied stays as it is: the share of the canary goes to deleted pods and fails.

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
            - type: K8S_DELETE  # <-
              name: Canary Delete
              properties:
                resources: ${k8s.canaryWorkload}
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
            - type: APPROVAL
              name: Back to stable
            - type: K8S_APPLY
              name: All to stable
              properties:
                filePaths: templates/virtual-service.yaml
            - type: K8S_DELETE
              name: Canary Delete
              properties:
                resources: ${k8s.canaryWorkload}
        ```

    How to fix:
        Apply the VirtualService once more with all traffic on stable, right before the Canary
        Delete.

    Sources:
        - Harness FirstGen docs, "Set Up Kubernetes Traffic Splitting with Istio", notes on the
          Apply step
        - Harness community, "How to deploy a TCP service with Istio Traffic Split on a Canary
          Workflow", final step
    """

    id = "TS623"
    name = "applied-split-kept"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the last shift before each Canary Delete."""
        deletes = [step for step in rollout.steps if step.deletes_canary and step.phase is not None]
        if rollout.flavor != "workflow" or not deletes:
            return
        shifts = traffic_shifts(rollout, catalog)
        told = {early.step.path for early in early_deletes(rollout, catalog)}
        for delete in deletes:
            last = _kept(delete, shifts, rollout)
            if (
                last is None
                or delete.path in told
                or not _is_unmanaged(last.step, rollout, catalog)
            ):
                continue
            if any(
                delete.path == hazard.step.path or hazard.cause is last.step
                for hazard in hazards_of(rollout, catalog)
            ):
                continue
            yield self.finding(
                delete.at("type"),
                f"{delete.title} deletes the canary while the split that {last.step.title} has applied is "
                "in force: no step gives stable all traffic again. The share of the canary fails.",
                severity=Severity.INFO if _is_filled_in(last.step, rollout, catalog) else None,
                related=[(last.step.head(), "the last step that shifts traffic")],
                help="Apply the VirtualService with all traffic on stable right before the delete.",
            )


def _kept(delete: Step, shifts: list[Shift], rollout: Rollout) -> Shift | None:
    """The Apply step whose split is in force when the canary is deleted."""
    phase = delete.phase
    before = [
        shift
        for shift in shifts
        if shift.step.order <= delete.order
        and (phase is None or shift.step.phase is None or shift.step.phase.deploys_as(phase))
    ]
    rolling = [
        step
        for step in rollout.steps
        if step.kind == "rolling-deploy" and step.order < delete.order
    ]
    if not before or not rolling:
        return None
    last = before[-1]
    since = [s for s in rollout.steps if last.step.order <= s.order <= delete.order]
    if last.step.order > rolling[-1].order or any(map(runs_anything, since)):
        return None
    return last if last.step.kind == "apply" and last.certain and not last.restores else None


def _applied(step: Step, rollout: Rollout, catalog: Catalog) -> list[VirtualService]:
    files = [file for _path, named in applied_files(step, rollout, catalog) for file in named]
    return [s for s in catalog.resources(VirtualService) if any(s.file is file for file in files)]


def _is_unmanaged(step: Step, rollout: Rollout, catalog: Catalog) -> bool:
    services = _applied(step, rollout, catalog)
    return bool(services) and all(
        service.file.skipped or service.managed is False for service in services
    )


def _is_filled_in(step: Step, rollout: Rollout, catalog: Catalog) -> bool:
    """Whether the shares come from elsewhere."""
    return any(
        service.file.rendered is not None or service.document.mentions("${")
        for service in _applied(step, rollout, catalog)
    )

"""TS125: a canary or Blue/Green deployment of more or less than one workload."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tsplit_lint import (
    Catalog,
    Finding,
    Manifests,
    Rollout,
    Rule,
    Severity,
    Step,
    Unknown,
    Workload,
    deployers,
    manifests_of,
)

_DIRECT: Final = "harness.io/direct-apply"
_OTHER_MARK: Final = "harness.io/managed-workload"


class CanaryWorkloadCount(Rule[Workload | Rollout]):
    """A service that is deployed as canary or Blue/Green has exactly one workload.

    What it checks:
        The manifests of a service that a workflow or a pipeline deploys with a Canary or a
        Blue/Green deployment: they hold exactly one Deployment, or if there is none exactly one
        StatefulSet. Skipped files and objects with `harness.io/direct-apply: "true"` do not count.
        Charts, kustomizations and progressive canaries are not judged. Manifests without any
        workload are judged only where the tree is declared complete: it may come from elsewhere.

        It is a warning where only the place of the manifests says that they are those of the
        service.

    Why it matters:
        Harness cannot tell which workload is to be tried and fails the deployment: "Canary deploy
        supports only one workload".

    Bad:
        ```yaml
        # file: values.yaml
        name: shop
        # file: templates/deployment.yaml
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: {{.Values.name}}
        spec:
          selector:
            matchLabels: {app: {{.Values.name}}}
          template:
            metadata:
              labels: {app: {{.Values.name}}}
        # file: templates/worker.yaml
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: {{.Values.name}}-worker  # <-
        spec:
          selector:
            matchLabels: {app: {{.Values.name}}-worker}
          template:
            metadata:
              labels: {app: {{.Values.name}}-worker}
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
        ```

    Good:
        ```yaml
        # file: values.yaml
        name: shop
        # file: templates/deployment.yaml
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: {{.Values.name}}
        spec:
          selector:
            matchLabels: {app: {{.Values.name}}}
          template:
            metadata:
              labels: {app: {{.Values.name}}}
        # file: templates/worker.yaml
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: {{.Values.name}}-worker
          annotations:
            harness.io/direct-apply: "true"
        spec:
          selector:
            matchLabels: {app: {{.Values.name}}-worker}
          template:
            metadata:
              labels: {app: {{.Values.name}}-worker}
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
        ```

    How to fix:
        Mark all workloads but one with `harness.io/direct-apply: "true"`, or give each a service of
        its own.

    Sources:
        - harness-core, K8sCanaryBaseHandler and ManifestHelper.getWorkloadsForCanaryAndBG
    """

    id = "TS125"
    name = "canary-workload-count"
    severity = Severity.ERROR

    def check(self, subject: Workload | Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Count the workloads of a service that one is part of, or that a rollout deploys."""
        if isinstance(subject, Rollout):
            yield from self._none(subject, catalog)
            return
        for deployer in deployers(subject.file, catalog):
            step = next((step for step in deployer.steps if _tries(step)), None)
            workloads = _workloads(deployer.manifests) or []
            if step is None or not any(subject is other for other in workloads[1:]):
                continue
            yield self.finding(
                subject.head(),
                f"{subject.title} is another workload beside {workloads[0].title}, and "
                f"{deployer.rollout.name} deploys the service with {step.title}, which takes exactly one. "
                "The deployment fails.",
                severity=None if deployer.manifests.certain else Severity.WARNING,
                related=[
                    (workloads[0].head(), "the first workload"),
                    (step.head(), "the deployment"),
                ],
                help=f'Mark all workloads but one with {_DIRECT}: "true".',
            )
            return

    def _none(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        seen = set()
        for step in rollout.steps:
            manifests = manifests_of(rollout, catalog, step.phase) if _tries(step) else None
            if manifests is None or id(manifests) in seen or not manifests.certain:
                continue
            seen.add(id(manifests))
            if not manifests.in_full_sight or manifests.hides("Deployment", "StatefulSet"):
                continue
            if not manifests.deployed(Workload) and not catalog.is_complete(rollout.file.path):
                continue  # the workload may come from elsewhere
            if _workloads(manifests) == []:
                yield self.finding(
                    step.at("type"),
                    f"{step.whereabouts} deploys a service whose manifests hold no Deployment and no "
                    f"StatefulSet without {_DIRECT}. The step takes exactly one workload and fails.",
                    help="Let the service have one Deployment that is not applied directly.",
                )


def _tries(step: Step) -> bool:
    """Whether a step deploys pods beside the stable ones."""
    if step.properties.get("canaryType") not in (None, "Standard"):
        return False
    return step.kind in ("canary-deploy", "blue-green-deploy") and "Helm" not in step.type


def _workloads(manifests: Manifests) -> list[Workload] | None:
    """The workloads that count, each name once; None where that cannot be told."""
    if any(_is_unclear(manifests, resource.annotations) for resource in manifests.resources):
        return None
    for kind in ("Deployment", "StatefulSet"):
        named: dict[object, Workload] = {}
        for workload in manifests.deployed(Workload):
            direct = workload.annotations.get(_DIRECT)
            if workload.kind != kind or str(direct).lower() == "true":
                continue
            if isinstance(direct, Unknown) or workload.file.open_blocks:
                return None
            named.setdefault(str(workload.identity.name), workload)
        if named:
            return list(named.values())
    return []


def _is_unclear(manifests: Manifests, annotations: dict[str, object]) -> bool:
    """Whether something counts as a workload that is none by its kind."""
    return _OTHER_MARK in annotations or any(
        document.kind == "DeploymentConfig"
        for file in manifests.files
        for document in file.documents
    )

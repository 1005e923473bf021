"""TS122: a file that is deployed and applied."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Place,
    Rollout,
    Rule,
    Severity,
    SourceFile,
    Step,
    applied_files,
    manifests_of,
)


class AppliedTwice(Rule[Rollout]):
    """What an Apply step applies is left out of the deployment.

    What it checks:
        Workflows and pipelines with an Apply step for a manifest of the service that they also
        deploy: the file begins with `# harness.io/skip-file-for-deploy`. Charts have no such marker
        and are not judged.

    Why it matters:
        The deploy step applies every manifest that is not skipped, so the file is applied twice: at
        a time of its own, and whenever the service is deployed. A split in it then comes into force
        before the step that was meant to bring it.

    Bad:
        ```yaml
        # file: values.yaml
        name: echo
        stableWeight: ${weights.variables.stable}
        canaryWeight: ${weights.variables.canary}
        # file: templates/virtual-service.yaml
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
              name: Apply
              properties:
                filePaths: templates/virtual-service.yaml  # <-
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
              name: Apply
              properties:
                filePaths: templates/virtual-service.yaml
            - type: K8S_DELETE
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
              name: Apply
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
              name: Apply
              properties:
                filePaths: templates/virtual-service.yaml
            - type: K8S_DELETE
              name: Canary Delete
              properties:
                resources: ${k8s.canaryWorkload}
        ```

    How to fix:
        Begin the file with `# harness.io/skip-file-for-deploy`.

    Sources:
        - Harness docs, "Deploy Manifests Separately Using Apply Step"
        - Harness docs, "Ignore a Manifest File During Deployment"
    """

    id = "TS122"
    name = "applied-twice"
    severity = Severity.INFO

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the files of each Apply step."""
        seen: set[str] = set()
        for step in rollout.steps:
            manifests = manifests_of(rollout, catalog, step.phase) if step.kind == "apply" else None
            if manifests is None or not _is_deployed(step, rollout):
                continue
            for path, named in applied_files(step, rollout, catalog):
                files = [file for file in named if file in manifests.files]
                if len(named) != 1 or not files or files[0].skipped or files[0].path in seen:
                    continue
                seen.add(files[0].path)
                yield self.finding(
                    step.setting("filePaths"),
                    f"{step.whereabouts} applies {path}, and the deployment applies it as well: the file "
                    "does not begin with the skip marker.",
                    related=[(_start(files[0]), "the file that is applied twice")],
                    help="Begin the file with # harness.io/skip-file-for-deploy.",
                )


def _is_deployed(step: Step, rollout: Rollout) -> bool:
    """Whether a deploy step of the same service applies all of its manifests."""
    phase = step.phase
    return phase is not None and any(
        other.kind in ("canary-deploy", "rolling-deploy", "blue-green-deploy")
        and other.phase is not None
        and other.phase.deploys_as(phase)
        for other in rollout.steps
    )


def _start(file: SourceFile) -> Place:
    return Place(file, fixed=file.text_span(0, 0))

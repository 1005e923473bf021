"""TS120: a skipped file that no step applies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tsplit_lint import (
    Catalog,
    Finding,
    Place,
    Rollout,
    Rule,
    Severity,
    SourceFile,
    Step,
    all_rollouts,
    deployers,
    runs_anything,
)

_MARKER: Final = "harness.io/skip-file-for-deploy"


class SkippedNeverApplied(Rule[SourceFile]):
    """A skipped manifest is applied by an Apply step.

    What it checks:
        Manifests of a service that begin with `# harness.io/skip-file-for-deploy`, where a workflow
        or a pipeline that deploys the service is in sight: one of its Apply steps, or one of
        another workflow in sight, must name the file. Nothing is said where a path is an
        expression, a step lies in a template, or a script works on the cluster.

    Why it matters:
        Harness leaves a skipped file out of every deployment. If no Apply step names it, the object
        is never deployed, and a change of it never arrives.

    Bad:
        ```yaml
        # file: values.yaml
        name: echo
        stableWeight: ${weights.variables.stable}
        canaryWeight: ${weights.variables.canary}
        # file: templates/virtual-service.yaml
        # harness.io/skip-file-for-deploy  # <-
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
        Add an Apply step with the path of the file, or remove the marker.

    Sources:
        - Harness docs, "Ignore a Manifest File During Deployment"
    """

    id = "TS120"
    name = "skipped-never-applied"
    severity = Severity.WARNING
    needs = ("harness.io/skip-file-for-deploy",)

    def check(self, file: SourceFile, catalog: Catalog) -> Iterator[Finding]:
        """Look for an Apply step that names the file."""
        if file.role != "manifest" or not file.skipped:
            return
        deploying = [deployer.rollout for deployer in deployers(file, catalog)]
        if not deploying or any(_may_apply(rollout) for rollout in deploying):
            return
        rollouts = (*all_rollouts(catalog), *deploying)
        if any(_names(step, file) for rollout in rollouts for step in rollout.all_steps):
            return
        start = file.text.index(_MARKER)
        yield self.finding(
            Place(file, fixed=file.text_span(start, start + len(_MARKER))),
            "Harness leaves this file out of deployments, and no Apply step of "
            f"{deploying[0].name} names it: what it holds is never deployed.",
            related=[(deploying[0].head(), "this deploys the other manifests of the service")],
            help="Add an Apply step for the file, or remove the marker.",
        )


def _may_apply(rollout: Rollout) -> bool:
    """Whether a step may apply the file without naming it."""
    return (
        rollout.opaque
        or rollout.partial
        or any(runs_anything(step) or _is_hidden(step) for step in rollout.all_steps)
    )


def _is_hidden(step: Step) -> bool:
    words = step.words("filePaths")
    return step.kind == "apply" and (
        step.is_linked or not words or not all(known for _word, known in words)
    )


def _names(step: Step, file: SourceFile) -> bool:
    """Whether an Apply step names the file, or a folder that it lies in."""
    if step.kind != "apply":
        return False
    for word, _known in step.words("filePaths"):
        path = word.removeprefix("./").strip("/")
        if f"/{file.path}".endswith(f"/{path}") or f"/{path}/" in f"/{file.path}":
            return True
    return False

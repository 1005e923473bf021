"""TS627: an Apply step names no file of the service."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Manifests,
    Rollout,
    Rule,
    Severity,
    Step,
    manifests_of,
    nearest,
    written_as,
)


class ApplyFileAbsent(Rule[Rollout]):
    """The files that an Apply step names are there.

    What it checks:
        The `filePaths` of the Apply steps of FirstGen workflows, rollback phases included. It is
        one text with commas between the paths, not a list (that one is an error), and neither blank
        nor missing.
        Where the manifests of the service are in sight, each path must be one of them, given from
        the root of the manifests with its folders; paths with an expression or a wildcard are not
        judged.

    Why it matters:
        Harness reads the step's files from the manifests of the service. A path that leads nowhere
        fails the step, in the middle of the deployment and after traffic may have been shifted.

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
              name: Apply
              properties:
                filePaths: virtual-service.yaml  # <-
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
        Write the path from the root of the manifests, such as `templates/virtual-service.yaml`.

    Sources:
        - Harness FirstGen docs, "Deploy Manifests Separately Using Apply Step", File Paths
        - harness-core, K8sApplyState: filePaths is a text
    """

    id = "TS627"
    name = "apply-file-absent"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look for the files of each Apply step."""
        if rollout.flavor != "workflow":
            return
        for step in rollout.all_steps:
            if step.kind != "apply" or step.is_linked:
                continue
            value = step.properties.get("filePaths")
            if isinstance(value, list):
                yield self.finding(
                    step.setting("filePaths"),
                    f"{step.whereabouts} gives its files as a list. Here they are one text with commas: the "
                    "workflow cannot be read.",
                    help="Write the paths as one text, separated by commas.",
                )
            elif value in (None, "") and _is_told(step):
                yield self.finding(
                    step.setting("filePaths"),
                    f"{step.whereabouts} names no file to apply.",
                    severity=Severity.WARNING,
                    help="Write the path of the manifest.",
                )
            else:
                yield from self._absent(step, manifests_of(rollout, catalog, step.phase))

    def _absent(self, step: Step, manifests: Manifests | None) -> Iterator[Finding]:
        if manifests is None or not _is_whole(manifests):
            return
        paths = _paths(manifests)
        for word, known in step.words("filePaths"):
            path = word.removeprefix("./").strip("/")
            if not known or not path.endswith((".yaml", ".yml")) or "*" in path or path in paths:
                continue
            longer = [other for other in paths if other.endswith(f"/{path}")]
            meant = longer[0] if len(longer) == 1 else nearest(path, paths)
            yield self.finding(
                step.setting("filePaths"),
                f"{step.whereabouts} applies {word}, and the service has no such file. The step fails."
                + (f" Did you mean {meant}?" if meant else ""),
                severity=Severity.WARNING,
                help="Write the path from the root of the manifests, folders included.",
            )


def _is_told(step: Step) -> bool:
    """Whether the step has settings, and none that was meant to be the paths."""
    return (
        bool(step.properties)
        and "filePaths" not in step.data
        and written_as("filePaths", step.properties) is None
    )


def _is_whole(manifests: Manifests) -> bool:
    return manifests.certain and manifests.in_full_sight


def _paths(manifests: Manifests) -> set[str]:
    """The paths of the files, as an Apply step gives them."""
    root = "" if manifests.root == "." else f"{manifests.root}/"
    return {file.path.removeprefix(root) for file in manifests.files}

"""TS605: a canary that no step deletes."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    Step,
    Unknown,
    runs_anything,
    shown,
)


class CanaryKept(Rule[Rollout]):
    """A workflow deletes the canary that it deploys.

    What it checks:
        FirstGen workflows with a Canary Deployment and a Rollout Deployment: some step of the
        phases must delete the canary, be it `${k8s.canaryWorkload}`, a workload whose name ends in
        `-canary`, or `*`. A Scale step that takes the canary to 0 counts, and so do steps whose
        doing is not written here: an expression, a list of files, a script that works on the
        cluster, a linked template.

    Why it matters:
        The canary pods of this run stay beside the stable ones. They run the new version on top of
        the wanted number of replicas, they get requests from every Service that does not select by
        track, and the next deployment starts from them.

    Bad:
        ```yaml
        harnessApiVersion: '1.0'
        type: CANARY
        phases:
        - name: Canary
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_CANARY_DEPLOY  # <-
              name: Canary Deployment
          - name: Wrap Up
        - name: Primary
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
        - name: Canary
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
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_DEPLOYMENT_ROLLING
              name: Rollout Deployment
          - name: Wrap Up
        ```

    How to fix:
        Add a Delete step for `${k8s.canaryWorkload}`: to the Wrap Up of the phase with the Rollout
        Deployment if the workflow shifts traffic, else to that of the Canary phase.

    Sources:
        - Harness FirstGen docs, "Create a Kubernetes Canary Deployment", Canary Delete Step
    """

    id = "TS605"
    name = "canary-kept"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look for a step that deletes the canary of each service."""
        if rollout.flavor != "workflow":
            return
        steps = rollout.steps
        if not any(step.kind == "rolling-deploy" for step in steps):
            return
        seen: set[str] = set()
        for canary in steps:
            service = shown(canary.phase.service_name) if canary.phase is not None else ""
            if canary.kind != "canary-deploy" or not _deploys(canary) or service in seen:
                continue
            seen.add(service)
            if any(_may_delete(step) and _same_service(step, canary) for step in steps):
                continue
            yield self.finding(
                canary.at("type"),
                f"{canary.whereabouts} deploys a canary, and no step of this workflow deletes it. Its "
                "pods stay beside the stable ones when the workflow ends.",
                help="Add a Delete step for ${k8s.canaryWorkload} to a Wrap Up section.",
            )


def _same_service(one: Step, other: Step) -> bool:
    return one.phase is None or other.phase is None or one.phase.deploys_as(other.phase)


def _deploys(step: Step) -> bool:
    """Whether it does more than write the manifests out."""
    return shown(step.properties.get("exportManifests")).lower() != "true"


def _may_delete(step: Step) -> bool:
    if step.deletes_canary or runs_anything(step):
        return True
    properties = step.properties
    if step.kind == "scale":
        return shown(properties.get("instances")).strip() in ("0", "0%")
    if step.kind != "delete":
        return False
    if step.is_linked or not properties or properties.get("filePaths"):
        return True
    return isinstance(properties.get("resources"), (Unknown, dict)) or any(
        not known or word.rpartition("/")[2] == "*" for word, known in step.words("resources")
    )

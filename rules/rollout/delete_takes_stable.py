"""TS626: a Delete step that takes away stable."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    Step,
    Workload,
    manifests_of,
)


class DeleteTakesStable(Rule[Rollout]):
    """A canary workflow deletes the canary and nothing of stable.

    What it checks:
        FirstGen workflows with a Canary Deployment: the `resources` of a Delete step, rollback
        phases included, must not be `*`, and must not name a workload that is among the manifests
        of the service. Names are compared where the manifests are in sight.

    Why it matters:
        `*` deletes every object of the release, stable pods and Services included. A workload of
        the manifests, without `-canary`, is stable: all requests fail until it is deployed again.

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
            - type: K8S_DELETE  # <-
              name: Canary Delete
              properties:
                resources: '*'
        ```

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
            - type: K8S_DELETE  # <-
              name: Canary Delete
              properties:
                resources: Deployment/shop
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
        ```

    How to fix:
        Write `${k8s.canaryWorkload}`.

    Sources:
        - Harness FirstGen docs, "Delete Kubernetes Resources"
    """

    id = "TS626"
    name = "delete-takes-stable"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at what each Delete step names."""
        if rollout.flavor != "workflow":
            return
        if not any(step.kind == "canary-deploy" for step in rollout.steps):
            return
        for step in rollout.all_steps:
            taken = _taken(step, rollout, catalog) if step.kind == "delete" else ""
            if taken:
                yield self.finding(
                    step.at("type"),
                    f"{step.whereabouts} deletes {taken}, which serves the stable version. All requests fail "
                    "until it is deployed again.",
                    help="Delete ${k8s.canaryWorkload} only.",
                )


def _taken(step: Step, rollout: Rollout, catalog: Catalog) -> str:
    """What of stable the step deletes; empty for nothing."""
    for word, known in step.words("resources"):
        if not known:
            continue
        kind, _slash, name = word.rpartition("/")
        if name == "*" and not kind:
            return "every object of the release"
        kind = kind.rpartition("/")[2].lower().removesuffix("s")
        manifests = manifests_of(rollout, catalog, step.phase)
        for workload in () if manifests is None else manifests.of(Workload):
            if workload.name == name and (workload.kind or "").lower() == kind:
                return workload.title
    return ""

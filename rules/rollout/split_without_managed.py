"""TS612: a Traffic Split for the managed VirtualService, and there is not exactly one."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    MANAGED,
    Catalog,
    Finding,
    Manifests,
    Rollout,
    Rule,
    Severity,
    VirtualService,
    manifests_of,
    meant_as_managed,
    says_no,
    traffic_splits,
)


class SplitWithoutManaged(Rule[Rollout]):
    """A Traffic Split that takes the managed VirtualService finds exactly one.

    What it checks:
        Traffic Splits of FirstGen workflows, rollback phases included, with
        `${k8s.virtualServiceName}`, where all manifests of the service are in sight: one
        VirtualService among them must carry `harness.io/managed: "true"`. Several of one folder are
        found by TS109; an annotation that is written wrong by TS101 to TS103, one that says
        `"false"` by TS104, one in a skipped file by TS121.

        It is a warning where only the place of the manifests says that they are those of the
        service.

    Why it matters:
        The step resolves the expression to the managed VirtualService of the release. With none or
        several it fails: "No managed VirtualService found", in the middle of the deployment.

    Bad:
        ```yaml
        # file: values.yaml
        name: shop
        # file: templates/virtual-service.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: {{.Values.name}}
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop}
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
            - type: K8S_TRAFFIC_SPLIT
              name: Traffic Split
              properties:
                virtualServiceName: ${k8s.virtualServiceName}  # <-
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

    Good:
        ```yaml
        # file: values.yaml
        name: shop
        # file: templates/virtual-service.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: {{.Values.name}}
          annotations:
            harness.io/managed: "true"
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop}
        # file: templates/destination-rule.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata:
          name: {{.Values.name}}
          annotations:
            harness.io/managed: "true"
        spec:
          host: shop
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
        Set `harness.io/managed: "true"` on the VirtualService that the step shall change, or give
        its name in the step.

    Sources:
        - harness-core, K8sTrafficSplitTaskHandler: "No managed VirtualService found"
        - Harness FirstGen docs, "Set Up Kubernetes Traffic Splitting with Istio",
          harness.io/managed
    """

    id = "TS612"
    name = "split-without-managed"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Count the managed VirtualServices for each service that a Traffic Split is for."""
        seen = set()
        for split in traffic_splits(rollout.all_steps):
            if split.virtual_service != "${k8s.virtualServiceName}":
                continue
            manifests = manifests_of(rollout, catalog, split.step.phase)
            if manifests is None or id(manifests) in seen:
                continue
            seen.add(id(manifests))
            reason = _problem(manifests)
            if reason:
                services = manifests.of(VirtualService)
                yield self.finding(
                    split.step.setting("virtualServiceName"),
                    f"Traffic Split {split.step.title} takes the managed VirtualService, and {reason}. The "
                    "step fails.",
                    severity=None if manifests.certain else Severity.WARNING,
                    related=[(service.head(), "a VirtualService") for service in services[:3]],
                    help=f'Set {MANAGED}: "true" on exactly one VirtualService of the service.',
                )


def _problem(manifests: Manifests) -> str:
    """What is wrong with the number of managed VirtualServices; empty in doubt."""
    services = manifests.of(VirtualService)
    managed = [service for service in services if service.managed is True]
    deployed = [service for service in managed if not service.file.skipped]
    if len({service.name for service in deployed}) > 1:
        scopes = {id(service.file.scope) for service in deployed}
        told = len(scopes) < len(deployed) or not _all_known(services)
        return "" if told else f"{len(deployed)} of the service are managed"
    if managed or not manifests.in_full_sight or manifests.hides("VirtualService"):
        return ""
    if not _all_known(services) or any(_is_marked(service) for service in services):
        return ""
    return "none of the service is managed" if services else "the service has no VirtualService"


def _all_known(services: list[VirtualService]) -> bool:
    return all(isinstance(service.managed, bool) for service in services)


def _is_marked(service: VirtualService) -> bool:
    """Whether an annotation is there that another rule speaks of, or that other values may write."""
    value = service.annotations.get(MANAGED)
    if meant_as_managed(service) or says_no(value):
        return True
    return MANAGED in service.file.text and not any(
        MANAGED in line and line.lstrip().startswith("#") for line in service.file.text.splitlines()
    )

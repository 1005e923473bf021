"""TS104: an annotation that switches off what a Traffic Split needs."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    MANAGED,
    Catalog,
    Deployer,
    DestinationRule,
    Finding,
    Rule,
    Severity,
    VirtualService,
    deployers,
    failing_split,
    says_no,
    traffic_splits,
)


class ManagedFalse(Rule[VirtualService | DestinationRule]):
    """What a Traffic Split shall change does not say that it is not managed.

    What it checks:
        A VirtualService or DestinationRule with `harness.io/managed: "false"` among the manifests
        of a service whose FirstGen workflow has a Traffic Split for `${k8s.virtualServiceName}`, if
        no other VirtualService or DestinationRule of the service is managed. A DestinationRule that
        defines `stable` and `canary` by itself is left alone.

        It is an error for a VirtualService where all manifests of the service are in sight: the step
        surely fails then.  For a DestinationRule it is a warning.

    Why it matters:
        `"false"` is the same as no annotation: Harness shifts no traffic, and the Traffic Split
        fails because it finds no managed VirtualService.

    Bad:
        ```yaml
        # file: values.yaml
        name: shop
        # file: templates/virtual-service.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: {{.Values.name}}
          annotations:
            harness.io/managed: "false"  # <-
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
        Write `harness.io/managed: "true"`, or give the name of the VirtualService in the step.

    Sources:
        - Harness docs, "Set Up Kubernetes Traffic Splitting with Istio", harness.io/managed: true
          Required
    """

    id = "TS104"
    name = "managed-false"
    severity = Severity.ERROR
    needs = ("harness.io/managed",)

    def check(
        self, resource: VirtualService | DestinationRule, catalog: Catalog
    ) -> Iterator[Finding]:
        """Look for a Traffic Split that needs the object."""
        if not says_no(resource.annotations.get(MANAGED)) or resource.file.skipped:
            return
        for deployer in deployers(resource.file, catalog):
            if _splits_managed(deployer) and not _is_spared(resource, deployer):
                yield self.finding(
                    resource.at("metadata", "annotations", MANAGED),
                    f"{resource.title} says that Harness does not manage it, but the workflow "
                    f"{deployer.rollout.name} splits the traffic of the managed VirtualService of this "
                    "service. There is none: the step fails.",
                    severity=None if failing_split(resource, catalog) else Severity.WARNING,
                    related=[
                        (split.step.head(), "this step needs a managed VirtualService")
                        for split in traffic_splits(deployer.steps)[:1]
                    ],
                    help=f'Write {MANAGED}: "true", or name the VirtualService in the step.',
                )
                return


def _splits_managed(deployer: Deployer) -> bool:
    return any(
        "k8s.virtualServiceName" in split.virtual_service
        for split in traffic_splits(deployer.steps)
    )


def _is_spared(resource: VirtualService | DestinationRule, deployer: Deployer) -> bool:
    """Whether another object is the managed one, or this one needs none."""
    services = deployer.manifests.deployed(VirtualService)
    if any(service.managed is not False for service in services):
        return True
    if isinstance(resource, VirtualService):
        return False
    if any(rule.managed is not False for rule in deployer.manifests.deployed(DestinationRule)):
        return True
    return {"stable", "canary"} <= {subset.name for subset in resource.subsets}

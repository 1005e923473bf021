"""TS117: a managed object of a version that FirstGen does not read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Rule,
    Severity,
    VirtualService,
    deployers,
)

_READ: Final = "networking.istio.io/v1alpha3"


class ManagedApiVersion(Rule[VirtualService | DestinationRule]):
    """A managed object of a FirstGen service is of the version v1alpha3.

    What it checks:
        A managed VirtualService or DestinationRule among the manifests of a service that a FirstGen
        workflow deploys with a canary or splits: its `apiVersion` is
        `networking.istio.io/v1alpha3`. Pipelines are not concerned.

    Why it matters:
        FirstGen reads and writes these objects as v1alpha3. Others may come back without the fields
        that this version does not know, or fail the deployment.

    Bad:
        ```yaml
        # file: values.yaml
        name: shop
        # file: templates/virtual-service.yaml
        apiVersion: networking.istio.io/v1beta1  # <-
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
        Write `apiVersion: networking.istio.io/v1alpha3`.

    Sources:
        - harness-core, IstioTaskHelper and K8sTrafficSplitTaskHandler: the v1alpha3 model
    """

    id = "TS117"
    name = "managed-api-version"
    severity = Severity.INFO
    confidence = "medium"
    needs = ("harness.io/managed",)

    def check(
        self, resource: VirtualService | DestinationRule, catalog: Catalog
    ) -> Iterator[Finding]:
        """Look at the version of one object."""
        version = resource.api_version
        if resource.managed is not True or resource.file.skipped or version in ("", _READ):
            return
        if any(
            deployer.rollout.flavor == "workflow"
            and deployer.holds("canary-deploy", "traffic-split")
            for deployer in deployers(resource.file, catalog)
        ):
            yield self.finding(
                resource.at("apiVersion"),
                f"{resource.title} is managed and of the version {version}. Harness FirstGen reads and "
                f"writes managed objects as {_READ}, so fields may be lost.",
                help=f"Write apiVersion: {_READ}.",
            )

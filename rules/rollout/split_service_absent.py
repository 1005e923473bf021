"""TS611: a Traffic Split names a VirtualService that the service does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Manifests,
    Rollout,
    Rule,
    Severity,
    Unknown,
    VirtualService,
    manifests_of,
    nearest,
    one_slip_away,
    traffic_splits,
)


class SplitServiceAbsent(Rule[Rollout]):
    """The VirtualService that a Traffic Split gives by name is one of the manifests.

    What it checks:
        Traffic Splits of FirstGen workflows, rollback phases included, that give a name instead of
        `${k8s.virtualServiceName}`, where the manifests of the service are in sight and hold
        VirtualServices, but none of that name. Names that a template writes are compared by what
        stands around the template. It is fine if the name is found anywhere else in the tree. A
        service without any VirtualService is judged only where the tree is declared complete.

    Why it matters:
        The step looks for the object in the namespace of the deployment, and fails if it is not
        there: "No VirtualService found with name".

    Bad:
        ```yaml
        # file: values.yaml
        name: shop
        # file: templates/virtual-service.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: {{.Values.name}}-routes
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
                virtualServiceName: shop-route  # <-
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
          name: {{.Values.name}}-routes
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
                virtualServiceName: shop-routes
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
        Write the name of a VirtualService of the service, or `${k8s.virtualServiceName}` for the
        managed one.

    Sources:
        - harness-core, K8sTrafficSplitTaskHandler: "No VirtualService found with name"
    """

    id = "TS611"
    name = "split-service-absent"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look for each VirtualService that a Traffic Split gives by name."""
        seen = set()
        for split in traffic_splits(rollout.all_steps):
            name = split.literal_name
            manifests = manifests_of(rollout, catalog, split.step.phase)
            if name is None or name in seen or manifests is None:
                continue
            seen.add(name)
            services = manifests.of(VirtualService)
            names = [service.name for service in services if isinstance(service.name, str)]
            slip = one_slip_away(name, names)
            if slip is None and not _may_be_judged(manifests, rollout, catalog):
                continue
            if any(_may_have(service, name) for service in services):
                continue
            if any(service.name == name for service in catalog.resources(VirtualService)):
                continue
            meant = slip or nearest(name, names)
            yield self.finding(
                split.step.setting("virtualServiceName"),
                f"Traffic Split {split.step.title} sets the VirtualService {name}, and the service has none "
                "of that name. The step fails unless another deployment has created it."
                + (f" Did you mean {meant}?" if meant else ""),
                related=[
                    (service.head(), "a VirtualService of the service") for service in services[:3]
                ],
                help="Write the name of a VirtualService of the service, or ${k8s.virtualServiceName}.",
            )


def _may_be_judged(manifests: Manifests, rollout: Rollout, catalog: Catalog) -> bool:
    if not manifests.in_full_sight or manifests.hides("VirtualService"):
        return False
    return bool(manifests.of(VirtualService)) or catalog.is_complete(rollout.file.path)


def _may_have(service: VirtualService, name: str) -> bool:
    """Whether a VirtualService has the name, or may have it with other values."""
    if service.name == name:
        return True
    written = service.file.line_text(service.head().span().line)
    if isinstance(service.name, Unknown) and "{{" not in written:
        written = f"name: {service.name.text}"
    elif "{{" not in written:
        return False
    written = written.partition(":")[2].partition(" #")[0].strip().strip("\"'")
    literal = map(re.escape, re.split(r"\{\{.*?\}\}|\$\{.*?\}|<\+.*?>|[\ue000-\uf8ff]", written))
    return re.fullmatch(".*".join(literal), name) is not None

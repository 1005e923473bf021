"""TS109: more than one managed VirtualService in one service."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    MANAGED,
    Catalog,
    Finding,
    Rule,
    Scope,
    Severity,
    VirtualService,
    each_beyond_the_first,
    managed_in,
)


class SeveralManagedVirtualServices(Rule[Scope]):
    """A Harness service has at most one managed VirtualService.

    What it checks:
        The VirtualServices with `harness.io/managed: "true"` among the manifests that deploy together:
        those of a Harness service, of a chart, or of one folder.  `"false"`, files that start with the
        skip marker, and other services of the repository do not count.  In a plain folder, objects of
        one name or of different namespaces are taken as alternatives.

    Why it matters:
        Harness cannot tell which one it should change and fails the deployment with "More than one
        VirtualService found".

    Bad:
        ```yaml
        # file: values.yaml
        name: shop
        # file: templates/web.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: {{.Values.name}}-web
          annotations:
            harness.io/managed: "true"
        spec:
          hosts: [shop-web]
          http:
          - route:
            - destination: {host: shop-web}
        # file: templates/worker.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: {{.Values.name}}-worker
          annotations:
            harness.io/managed: "true"  # <-
        spec:
          hosts: [shop-worker]
          http:
          - route:
            - destination: {host: shop-worker}
        ```

    Good:
        ```yaml
        # file: values.yaml
        name: shop
        # file: templates/web.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: {{.Values.name}}-web
          annotations:
            harness.io/managed: "true"
        spec:
          hosts: [shop-web]
          http:
          - route:
            - destination: {host: shop-web}
        # file: templates/worker.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: {{.Values.name}}-worker
          annotations:
            harness.io/managed: "false"
        spec:
          hosts: [shop-worker]
          http:
          - route:
            - destination: {host: shop-worker}
        ```

    How to fix:
        Keep the annotation on the VirtualService of the workload that is rolled out, and remove it from
        the others or set it to `"false"`.

    Sources:
        - harness-core, IstioTaskHelper: "More than one VirtualService found"
        - Harness docs, "Set Up Kubernetes Traffic Splitting with Istio", harness.io/managed
    """

    id = "TS109"
    name = "several-managed-virtual-services"
    severity = Severity.ERROR
    needs = ("harness.io/managed",)

    def check(self, scope: Scope, catalog: Catalog) -> Iterator[Finding]:
        """Count the managed VirtualServices."""
        for service, first in each_beyond_the_first(scope, managed_in(scope, VirtualService)):
            yield self.finding(
                service.at("metadata", "annotations", MANAGED),
                f"{service.title} is managed by Harness, and so is {first.title} of the same deployment. "
                'Harness fails it: "More than one VirtualService found".',
                confidence="medium" if scope.is_plain else None,
                related=[(first.at("metadata", "annotations", MANAGED), "the first managed one")],
                help=f'Keep {MANAGED} on one VirtualService, and set it to "false" on the others.',
            )

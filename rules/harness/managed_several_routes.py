"""TS105: a managed VirtualService with more than one http route."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Rule, Severity, VirtualService, as_list


class ManagedSeveralRoutes(Rule[VirtualService]):
    """A managed VirtualService has exactly one http route.

    What it checks:
        `spec.http` of a VirtualService with `harness.io/managed: "true"`.  One entry with several
        destinations is one route.  A list that a template hides is not judged.

    Why it matters:
        Harness cannot tell which route it should change and fails the deployment with "Only one route
        is allowed in VirtualService", even in a workflow without a Traffic Split step.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: shop
          annotations:
            harness.io/managed: "true"
        spec:
          hosts: [shop]
          http:
          - match: [{uri: {prefix: /api}}]  # <-
            route:
            - destination: {host: shop-api}
          - route:
            - destination: {host: shop}
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: shop
          annotations:
            harness.io/managed: "true"
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop}
        ```

    How to fix:
        Keep the route that Harness shall shift in the managed VirtualService, and move the others to a
        VirtualService without the annotation (or with `harness.io/managed: "false"`).

    Sources:
        - Harness docs, "Set Up Kubernetes Traffic Splitting with Istio", harness.io/managed
        - harness-core, IstioTaskHelper: "Only one route is allowed in VirtualService"
    """

    id = "TS105"
    name = "managed-several-routes"
    severity = Severity.ERROR
    needs = ("harness.io/managed",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Count the http routes."""
        if service.managed is not True or service.file.skipped or service.hides("http"):
            return
        count = len(as_list(service.spec.get("http")))
        if count < 2:
            return
        others = range(1, count)
        yield self.finding(
            service.at("spec", "http", 0),
            f"{service.title} is managed by Harness and has {count} http routes. Harness changes exactly "
            'one and fails the deployment: "Only one route is allowed in VirtualService".',
            related=[
                (service.at("spec", "http", index), f"http route {index + 1} of {count}")
                for index in others
            ],
            help="Keep one http route here, and move the others to a VirtualService that is not managed.",
        )

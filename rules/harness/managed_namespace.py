"""TS129: a managed VirtualService in a namespace of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tsplit_lint import Catalog, Finding, Resource, Rule, Severity, Unknown, VirtualService

#: Kinds that rightly live elsewhere: with the ingress gateway, or for the whole cluster.
_ELSEWHERE: Final = frozenset(("Gateway", "ServiceEntry", "Namespace"))


class ManagedNamespace(Rule[VirtualService]):
    """A managed VirtualService lives in the namespace of its service.

    What it checks:
        The namespace written in a VirtualService with `harness.io/managed: "true"`, against the one
        namespace that is written in the other objects of the service (gateways and service entries
        apart).

    Why it matters:
        A Traffic Split step looks for the VirtualService in the namespace that the infrastructure
        definition deploys to.  One in another namespace is not found.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: shop
          namespace: ingress  # <-
          annotations:
            harness.io/managed: "true"
        spec:
          hosts: [shop.example.com]
          http:
          - route:
            - destination: {host: shop.shop.svc.cluster.local}
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
          namespace: shop
        spec:
          selector: {app: shop}
          ports: [{name: http, port: 80}]
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: shop
          namespace: shop
          annotations:
            harness.io/managed: "true"
        spec:
          hosts: [shop.example.com]
          http:
          - route:
            - destination: {host: shop.shop.svc.cluster.local}
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
          namespace: shop
        spec:
          selector: {app: shop}
          ports: [{name: http, port: 80}]
        ```

    How to fix:
        Write the namespace of the other objects, or leave it to Harness in all of them.

    Sources:
        - harness-core, K8sTrafficSplitTaskHandler: the infrastructure's namespace is searched
    """

    id = "TS129"
    name = "managed-namespace"
    severity = Severity.INFO
    needs = ("harness.io/managed",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Compare the namespace with that of the other objects."""
        scope = service.file.scope
        if service.managed is not True or service.file.skipped or scope is None:
            return
        if not isinstance(service.namespace, str):
            return
        others = [other for other in scope.deployed(Resource) if _tells(other, service)]
        if not others or any(isinstance(other.namespace, Unknown) for other in others):
            return
        namespaces = {other.namespace for other in others}
        if len(namespaces) != 1 or service.namespace in namespaces:
            return
        yield self.finding(
            service.at("metadata", "namespace"),
            f"{service.title} is managed by Harness and lives in another namespace than the rest of its "
            f"service ({others[0].namespace}). A Traffic Split step searches the namespace that is "
            "deployed to, and does not find it.",
            related=[(others[0].at("metadata", "namespace"), "the namespace of the others")],
            help=f"Write {others[0].namespace} here too.",
        )


def _tells(other: Resource, service: VirtualService) -> bool:
    return other is not service and other.namespace is not None and other.kind not in _ELSEWHERE

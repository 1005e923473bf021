"""TS112: a managed DestinationRule without a managed VirtualService."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    MANAGED,
    Catalog,
    DestinationRule,
    Finding,
    Rule,
    Severity,
    Unknown,
    VirtualService,
    in_full_sight,
    meant_as_managed,
)


class ManagedWithoutVirtualService(Rule[DestinationRule]):
    """A managed DestinationRule comes with a managed VirtualService.

    What it checks:
        A DestinationRule with `harness.io/managed: "true"`: a VirtualService with that annotation
        deploys with it, or one elsewhere in the repository routes to its host.

    Why it matters:
        Harness writes the subsets `stable` and `canary` into the DestinationRule, but no route that it
        changes leads to them: the canary gets no share of its own.

    Bad:
        ```yaml
        # file: destination-rule.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata:
          name: shop
          annotations:
            harness.io/managed: "true"  # <-
        spec:
          host: shop
        # file: virtual-service.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop}
        ```

    Good:
        ```yaml
        # file: destination-rule.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata:
          name: shop
          annotations:
            harness.io/managed: "true"
        spec:
          host: shop
        # file: virtual-service.yaml
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
        Annotate the VirtualService that routes to the host as well, or remove the annotation here.

    Sources:
        - harness-core, IstioTaskHelper: only a managed VirtualService is changed
        - Harness docs, "Set Up Kubernetes Traffic Splitting with Istio"
    """

    id = "TS112"
    name = "managed-without-virtual-service"
    severity = Severity.INFO
    needs = ("harness.io/managed",)

    def check(self, rule: DestinationRule, catalog: Catalog) -> Iterator[Finding]:
        """Look for the VirtualService."""
        scope = rule.file.scope
        if rule.managed is not True or rule.file.skipped or scope is None:
            return
        if any(meant_as_managed(service) for service in scope.of(VirtualService)):
            return
        if not in_full_sight(scope, catalog) or _routed_elsewhere(rule, catalog):
            return
        yield self.finding(
            rule.at("metadata", "annotations", MANAGED),
            f"{rule.title} is managed by Harness, but no managed VirtualService is in sight: Harness "
            "writes the subsets stable and canary, and shifts no traffic to them.",
            help=f'Add {MANAGED}: "true" to the VirtualService that routes to this host too.',
        )


def _routed_elsewhere(rule: DestinationRule, catalog: Catalog) -> bool:
    for service in catalog.resources(VirtualService):
        if not meant_as_managed(service):
            continue
        if any(service.hides(protocol) for protocol in ("http", "tls", "tcp")):
            return True
        if any(
            _may_be_one(destination.host, service, rule, catalog)
            for destination in service.destinations()
        ):
            return True
    return False


def _may_be_one(
    host: str | Unknown | None, service: VirtualService, rule: DestinationRule, catalog: Catalog
) -> bool:
    if isinstance(host, Unknown) or isinstance(rule.host, Unknown):
        return True
    if not host or not rule.host:
        return False
    return catalog.host(host, service).same(catalog.host(rule.host, rule))

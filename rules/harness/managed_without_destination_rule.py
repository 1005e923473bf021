"""TS111: a managed VirtualService without a managed DestinationRule."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    MANAGED,
    Catalog,
    DestinationRule,
    Finding,
    Rule,
    Scope,
    Severity,
    Unknown,
    VirtualService,
    defined_subsets,
    in_full_sight,
    kept_destination,
    managed_in,
    meant_as_managed,
    uses_blue_green,
)


class ManagedWithoutDestinationRule(Rule[Scope]):
    """A managed VirtualService comes with a managed DestinationRule.

    What it checks:
        Harness services and charts that are in sight as a whole: one that has a VirtualService with
        `harness.io/managed: "true"` has a DestinationRule with it too, or else some DestinationRule in
        the repository defines the subsets `stable` and `canary` of the host.  Services marked for
        blue/green deployments are left out.

    Why it matters:
        In a canary deployment Harness routes the managed VirtualService to the subsets `stable` and
        `canary`, and writes these subsets into a managed DestinationRule only.  Without one the route
        names subsets that nobody defines, and requests fail with 503.

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
            harness.io/managed: "true"  # <-
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop}
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
        ```

    How to fix:
        Add a DestinationRule for the host with `harness.io/managed: "true"`.

    Sources:
        - harness-core, IstioTaskHelper: subsets go into the managed DestinationRule
        - Harness docs, "Set Up Kubernetes Traffic Splitting with Istio", Add DestinationRule Manifest
    """

    id = "TS111"
    name = "managed-without-destination-rule"
    severity = Severity.WARNING
    needs = ("harness.io/managed",)

    def check(self, scope: Scope, catalog: Catalog) -> Iterator[Finding]:
        """Look for the DestinationRule of each managed VirtualService."""
        services = managed_in(scope, VirtualService)
        if not services or scope.is_plain or uses_blue_green(scope):
            return
        if any(
            meant_as_managed(rule) or isinstance(rule.host, Unknown)
            for rule in scope.of(DestinationRule)
        ):
            return
        if not in_full_sight(scope, catalog):
            return
        for service in services:
            destination = kept_destination(service)
            host = destination.host if destination is not None else None
            if not isinstance(host, str) or not host or _has_subsets(host, service, catalog):
                continue
            yield self.finding(
                service.at("metadata", "annotations", MANAGED),
                f"Harness routes {service.title} to the subsets stable and canary of {host}, but this "
                "service has no managed DestinationRule that it could write them into. Requests to a "
                "subset that nobody defines fail with 503.",
                help=f'Add a DestinationRule for {host} with {MANAGED}: "true".',
            )


def _has_subsets(host: str, service: VirtualService, catalog: Catalog) -> bool:
    return any(
        rule.hides_subsets or {"stable", "canary"} <= defined_subsets(rule)
        for rule in catalog.destination_rules(host, service)
    )

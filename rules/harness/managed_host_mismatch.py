"""TS113: the managed DestinationRule and the managed VirtualService name different hosts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tsplit_lint import (
    Catalog,
    Destination,
    DestinationRule,
    Finding,
    Resource,
    Rule,
    Scope,
    Severity,
    VirtualService,
    is_known,
    kept_destination,
    managed_in,
    uses_blue_green,
)


class ManagedHostMismatch(Rule[Scope]):
    """The managed DestinationRule is for the host that the managed VirtualService routes to.

    What it checks:
        A service (or a folder) with one managed VirtualService and one managed DestinationRule: the
        host of the first destination of the route and the DestinationRule's `spec.host` are one, in
        whatever form they are written.

    Why it matters:
        Harness writes the subsets `stable` and `canary` into the DestinationRule, and routes the
        VirtualService's host to these names.  Where the hosts differ, the subsets belong to another
        host and requests fail with 503.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: shop
          annotations:
            harness.io/managed: "true"
        spec:
          hosts: [shop.example.com]
          http:
          - route:
            - destination: {host: shop-svc}
        ---
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata:
          name: shop
          annotations:
            harness.io/managed: "true"
        spec:
          host: shop  # <-
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
          hosts: [shop.example.com]
          http:
          - route:
            - destination: {host: shop-svc.shop.svc.cluster.local}
        ---
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata:
          name: shop
          annotations:
            harness.io/managed: "true"
        spec:
          host: shop-svc
        ```

    How to fix:
        Write the same host in both.

    Sources:
        - harness-core, IstioTaskHelper: the host is taken from the first destination
        - Istio reference, "Destination Rule", host
    """

    id = "TS113"
    name = "managed-host-mismatch"
    severity = Severity.WARNING
    needs = ("harness.io/managed",)

    def check(self, scope: Scope, catalog: Catalog) -> Iterator[Finding]:
        """Compare the hosts of the pair."""
        services = managed_in(scope, VirtualService)
        rules = managed_in(scope, DestinationRule)
        if uses_blue_green(scope) or not _one_name(services) or not _one_name(rules):
            return
        if not all(is_known(rule.managed) for rule in scope.of(DestinationRule)):
            return
        routes = [(service, kept_destination(service)) for service in services]
        known = [(service, kept) for service, kept in routes if kept is not None]
        if len(known) < len(routes) or any(
            _fit(kept, rule, catalog) for _service, kept in known for rule in rules
        ):
            return
        service, kept = known[0]
        for rule in rules:
            yield self.finding(
                rule.at("spec", "host"),
                f"{rule.title} is for the host {rule.host}, but {service.title} routes to {kept.host}. "
                "Harness manages both: it defines stable and canary for the first host and routes to "
                "them on the second, where they do not exist.",
                related=[(kept.at("host"), "the host that Harness routes to")],
                help=f"Write {kept.host} in both.",
            )


def _one_name(resources: Sequence[Resource]) -> bool:
    """Whether there is one object, or several of one name, which are alternatives."""
    return len({resource.identity.name for resource in resources}) == 1


def _fit(kept: Destination, rule: DestinationRule, catalog: Catalog) -> bool:
    """Whether both may be about one host; what is not known fits."""
    routed, ruled = kept.host, rule.host
    if not isinstance(routed, str) or not isinstance(ruled, str) or "" in (routed, ruled):
        return True
    if ruled.startswith("*"):
        return True
    return catalog.host(routed, kept.resource).same(catalog.host(ruled, rule))

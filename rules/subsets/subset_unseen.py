"""TS302: a route to a subset of a host that has no DestinationRule."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Rule,
    Severity,
    VirtualService,
    codes_without_subset,
    is_text,
    nearest,
)


class SubsetUnseen(Rule[VirtualService]):
    """A host with a subset has a DestinationRule.

    What it checks:
        The destinations and mirrors that name a subset, where the tree is declared complete and holds
        no DestinationRule for the host at all.  A host that nothing provides is named for that alone.

    Why it matters:
        Subsets are defined by DestinationRules only.  Without one, every request that the route sends
        to the subset fails with 503.

    Bad:
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
        spec:
          selector: {app: shop}
          ports:
          - {name: http, port: 80}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - route:
            - destination:
                host: shop
                subset: v1  # <-
        ```

    Good:
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
        spec:
          selector: {app: shop}
          ports:
          - {name: http, port: 80}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop, subset: v1}
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: shop
          subsets:
          - name: v1
            labels: {version: v1}
        ```

    How to fix:
        Add a DestinationRule for the host that defines the subset, or route to the host without one.

    Sources:
        - Istio reference, "Virtual Service", Destination.subset
        - Istio reference, "Destination Rule", Subset
    """

    id = "TS302"
    name = "subset-unseen"
    severity = Severity.WARNING
    aliases = ("IST0101", "KIA1107")
    complete_only = True

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look for the DestinationRule of each host with a subset."""
        if not catalog.complete(service):
            return
        for destination in service.destinations():
            host, subset = destination.host, destination.subset
            if not (is_text(subset) and is_text(host) and host) or host.startswith("*"):
                continue
            if catalog.subset(host, subset, service).state != "unseen":
                continue
            provider = catalog.provider(host, service)
            # Where a Service is there of which no file tells the name, none tells its rule's either.
            if provider.state != "found" or not provider.items:
                continue
            if _is_misspelt(host, subset, catalog):
                continue
            yield self.finding(
                destination.at("subset"),
                f'No DestinationRule in sight defines the subset "{subset}" of host "{host}". Requests '
                "sent there fail with 503.",
                aliases=codes_without_subset(destination, catalog),
                help="Add a DestinationRule that defines the subset, or remove `subset` from the route.",
            )


def _is_misspelt(host: str, subset: str, catalog: Catalog) -> bool:
    """Whether a DestinationRule with the subset misspells the host, which TS402 tells."""
    return any(
        is_text(rule.host)
        and nearest(rule.host, (host,)) is not None
        and any(defined.name == subset for defined in rule.subsets)
        and catalog.provider(rule.host, rule).state != "found"
        and not catalog.in_other_namespaces(rule.host, rule)
        for rule in catalog.resources(DestinationRule)
    )

"""TS312: a subset that no route names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Rule,
    Severity,
    VirtualService,
    endpoint_labels,
    is_delivery_pair,
    is_text,
    listed,
    nearest,
    selects_nothing,
)


class UnusedSubset(Rule[DestinationRule]):
    """A subset is one that some route names.

    What it checks:
        The subsets of a DestinationRule in a tree that is declared complete, where some VirtualService
        routes to the host.  Rules that Harness, Argo Rollouts or Flagger writes into are left out, and
        so is a host to which an expression may route.  The other one of a pair that rollouts use, such
        as the canary beside a stable that takes all, waits for the next rollout.

    Why it matters:
        Every subset costs each proxy a cluster of its own.  More often it is what was left behind by a
        version that is gone, or the name of a subset that a route misses.

    Bad:
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
        spec:
          ports:
          - {name: http, port: 80}
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
          - name: v2  # <-
            labels: {version: v2}
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
        ```

    Good:
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
        spec:
          ports:
          - {name: http, port: 80}
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
        ```

    How to fix:
        Remove the subset, or route to it.

    Sources:
        - Istio reference, "Destination Rule", Subset
    """

    id = "TS312"
    name = "unused-subset"
    severity = Severity.INFO
    complete_only = True

    def check(self, rule: DestinationRule, catalog: Catalog) -> Iterator[Finding]:
        """Look for a route to each subset."""
        if not catalog.complete(rule) or rule.managed is not False or not rule.subsets:
            return
        destinations = catalog.destinations_to(rule)
        if not destinations or catalog.has_controller(rule):
            return
        named = [destination.subset for destination in destinations]
        known = {name for name in named if is_text(name)}
        if any(name is not None and not is_text(name) for name in named):
            return
        if any(
            is_text(to.subset)
            and catalog.subset(str(to.host), to.subset, to.resource).state == "absent"
            for to in destinations
        ):
            return  # TS301: the route may mean one of these
        endpoints = endpoint_labels(str(rule.host), rule, catalog)
        used = f"they name {listed(sorted(known))}" if known else "they name none"
        for subset in rule.subsets:
            name = subset.name
            if not is_text(name) or not name or name in known:
                continue
            if any(is_delivery_pair(name, other, colours=True) for other in known):
                continue
            if _is_named_elsewhere(name, rule, catalog):
                continue
            # One without pods is TS305.
            if not endpoints or not selects_nothing(subset, endpoints, catalog):
                yield self.finding(
                    subset.at("name"),
                    f'No route in sight goes to the subset "{subset.name}" of {rule.title}, while others '
                    f"go to its host ({used}).",
                    help="Remove the subset, or route to it.",
                )


def _is_named_elsewhere(name: str, rule: DestinationRule, catalog: Catalog) -> bool:
    """Whether a route misspells the host beside the subset, which TS401 tells."""
    hosts = catalog.once(_unprovided).get(name, ())
    return any(nearest(host, (str(rule.host),)) for host in hosts)


def _unprovided(catalog: Catalog) -> dict[str, set[str]]:
    """The hosts that routes name and nothing provides, by the subset beside them."""
    found: dict[str, set[str]] = defaultdict(set)
    for service in catalog.resources(VirtualService):
        for to in service.destinations():
            subset, host = to.subset, to.host
            named = is_text(subset) and is_text(host)
            if named and catalog.provider(str(host), service).state != "found":
                found[str(subset)].add(str(host))
    return found

"""TS305: a subset without pods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tsplit_lint import (
    Catalog,
    Destination,
    DestinationRule,
    Finding,
    Place,
    Resource,
    Rule,
    Service,
    Severity,
    Subset,
    VirtualService,
    as_list,
    codes_without_pods,
    contradicting_label,
    endpoint_labels,
    is_integer,
    is_text,
    meant_as_managed,
    selects_nothing,
)


class SubsetSelectsNothing(Rule[DestinationRule]):
    """A subset selects pods of its host.

    What it checks:
        The subsets of a DestinationRule in a tree that is declared complete.  For a Service: some
        workload of its namespace has the labels of its selector and those of the subset.  For a
        ServiceEntry with addresses of its own: some endpoint, WorkloadEntry or workload has them.  Labels
        that only the cluster knows are left out, such as those of Harness, of Argo Rollouts, and the
        topology labels of Istio.

        It is an error where a route sends live requests to the subset, else a warning.  A label that
        the Service's selector wants otherwise is TS315.

    Why it matters:
        The subset has no endpoints.  Requests that are sent there fail with 503.

    Bad:
        ```yaml
        # file: shop.yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
        spec:
          selector: {app: shop}
          ports:
          - {name: http, port: 80}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: shop
        spec:
          selector:
            matchLabels: {app: shop}
          template:
            metadata:
              labels: {app: shop, version: v1}
            spec:
              containers:
              - {name: shop, image: shop}
        # file: routes.yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: shop
          subsets:
          - name: stable
            labels: {version: v1}
          - name: canary
            labels: {version: v2}  # <-
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop, subset: stable}
              weight: 90
            - destination: {host: shop, subset: canary}
              weight: 10
        ```

    Good:
        ```yaml
        # file: shop.yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
        spec:
          selector: {app: shop}
          ports:
          - {name: http, port: 80}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: shop
        spec:
          selector:
            matchLabels: {app: shop}
          template:
            metadata:
              labels: {app: shop, version: v1}
            spec:
              containers:
              - {name: shop, image: shop}
        # file: routes.yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: shop
          subsets:
          - name: stable
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
            - destination: {host: shop, subset: stable}
        ```

    How to fix:
        Correct the labels, here or in the pod template; or deploy the workload before the route.

    Sources:
        - Istio reference, "Destination Rule", Subset.labels
        - istioctl analyze, IST0173; Kiali, KIA0203
    """

    id = "TS305"
    name = "subset-selects-nothing"
    severity = Severity.ERROR
    aliases = ("IST0173", "KIA0203")
    complete_only = True

    def check(self, rule: DestinationRule, catalog: Catalog) -> Iterator[Finding]:
        """Look for the pods of each subset."""
        if not catalog.complete(rule) or not is_text(rule.host) or not rule.host:
            return
        if rule.managed is not False or meant_as_managed(rule) or catalog.has_controller(rule):
            return
        endpoints = endpoint_labels(rule.host, rule, catalog)
        if endpoints is None:
            return
        owners = catalog.provider(rule.host, rule).items
        if not endpoints:
            yield from self._report_host(rule, owners[0], catalog)
            return
        for subset in rule.subsets:
            contradicts = all(
                isinstance(owner, Service) and contradicting_label(subset, owner)
                for owner in owners
            )
            if not contradicts and selects_nothing(subset, endpoints, catalog):
                yield self._report(subset, owners[0], catalog)

    def _report_host(
        self, rule: DestinationRule, owner: Resource, catalog: Catalog
    ) -> Iterator[Finding]:
        labelled = [subset for subset in rule.subsets if subset.labels]
        if isinstance(owner, Service) and labelled:
            codes = {code for each in labelled for code in codes_without_pods(each, owner, catalog)}
            yield self.finding(
                rule.at("spec", "host"),
                f"No workload in sight has the labels of {owner.title} ({_shown(owner.selector)}), so the "
                f"subsets of {rule.title} are empty.",
                severity=Severity.WARNING,
                aliases=tuple(sorted(codes)),
                related=[(owner.at("spec", "selector", key=True), "the Service's selector")],
                help="Correct the selector, or add the workload.",
            )

    def _report(self, subset: Subset, owner: Resource, catalog: Catalog) -> Finding:
        live = _live_destination(subset, catalog)
        of = f"{owner.title}"
        if isinstance(owner, Service):
            of += f" ({_shown(owner.selector)})"
        fate = "It has no endpoints."
        related: list[tuple[Place, str]] = []
        if live is not None:
            place = live.at("subset")
            fate = f"Requests that {live.resource.title} sends there fail with 503."
            related.append((place, "sends live requests there"))
        return self.finding(
            subset.at("labels", key=True),
            f'Nothing in sight has the labels of the subset "{subset.name}" ({_shown(subset.labels)}) and '
            f"belongs to {of}. {fate}",
            severity=Severity.WARNING if live is None else None,
            aliases=codes_without_pods(subset, owner, catalog),
            related=related,
            help="Correct the labels, or add the workload.",
        )


def _shown(labels: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in labels.items())


def _live_destination(subset: Subset, catalog: Catalog) -> Destination | None:
    """A destination that sends a share of live requests to a subset for certain."""
    rule = subset.resource
    if not isinstance(rule, DestinationRule):
        return None
    for destination in catalog.destinations_to(rule) or ():
        if destination.subset == subset.name and destination.wrapper is not None:
            weights = _weights_beside(destination)
            weight = destination.weight
            if len(weights) == 1 or (is_integer(weight) and weight > 0):
                return destination
    return None


def _weights_beside(destination: Destination) -> list[Any]:
    service = destination.resource
    if not isinstance(service, VirtualService):
        return []
    for route in service.routes:
        if destination.path[: len(route.path)] == route.path:
            return as_list(route.data.get("route"))
    return []

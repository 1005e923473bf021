"""TS313: a subset whose DestinationRule is hidden by another one."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Destination,
    DestinationRule,
    Finding,
    Lookup,
    Rule,
    Severity,
    Together,
    VirtualService,
    as_dict,
    as_list,
    chosen_clients,
    defined_subsets,
    is_text,
    known_namespace,
)


class SubsetHidden(Rule[VirtualService]):
    """The DestinationRule that a client gets is the one that defines the subset.

    What it checks:
        The destinations and mirrors of all routes, where a DestinationRule in sight defines the subset
        and another one stands before it: one in the namespace of the VirtualService's clients, one for
        a more specific host, one in the service's namespace before the root namespace, or one for chosen
        pods (`workloadSelector`).  It speaks only where the files name the namespaces that decide, and
        not about clients that are gateways: their namespace is not known.

    Why it matters:
        Istio gives each client the rules of one namespace and of one host, and never merges them with
        others.  Every request that the route sends to the hidden subset fails with 503.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
          namespace: prod
        spec:
          host: shop
          subsets:
          - name: canary
            labels: {version: v2}
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: mtls
          namespace: web
        spec:
          host: "*.local"
          trafficPolicy:
            tls: {mode: ISTIO_MUTUAL}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
          namespace: web
        spec:
          hosts: [shop.prod.svc.cluster.local]
          http:
          - route:
            - destination:
                host: shop.prod.svc.cluster.local
                subset: canary  # <-
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
          namespace: prod
        spec:
          host: shop
          subsets:
          - name: canary
            labels: {version: v2}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
          namespace: web
        spec:
          hosts: [shop.prod.svc.cluster.local]
          http:
          - route:
            - destination:
                host: shop.prod.svc.cluster.local
                subset: canary
        ```

    How to fix:
        Define the subset in the rule that the clients get too, or remove that rule.

    Sources:
        - Istio docs, "Configuration Scoping": DestinationRule lookup
        - Istio, pilot/pkg/model/push_context.go
    """

    id = "TS313"
    name = "subset-hidden"
    severity = Severity.ERROR

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look up the subset of each destination."""
        for destination in service.destinations():
            host, subset = destination.host, destination.subset
            if not (is_text(subset) and is_text(host) and host) or host.startswith("*"):
                continue
            lookup = catalog.subset(host, subset, service)
            if lookup.hidden:
                yield self._report(destination, lookup)
            elif lookup.state == "found" and not service.serves_gateways:
                yield from self._check_chosen(destination, lookup, catalog)

    def _report(self, destination: Destination, lookup: Lookup) -> Finding:
        hidden = lookup.hidden[0]
        before = next(rule for rule in lookup.items if isinstance(rule, DestinationRule))
        namespace, other = known_namespace(before), known_namespace(hidden)
        if namespace == other:
            reason = "its host is more specific, and Istio never merges the two"
        else:
            reason = f"Istio asks {namespace} before {other}, and never merges the two"
        return self._found(destination, before, hidden, f"clients get {before.title}: {reason}")

    def _check_chosen(
        self, destination: Destination, lookup: Lookup, catalog: Catalog
    ) -> Iterator[Finding]:
        """Look for rules that give chosen pods of the VirtualService's namespace no such subset."""
        service = destination.resource
        defining = [rule for rule in lookup.items if isinstance(rule, DestinationRule)]
        for rule in catalog.first_rules(str(destination.host), service):
            if not chosen_clients(rule) or not _lacks(rule, destination):
                continue
            same = known_namespace(rule) == known_namespace(service)
            if not same or any(_selector(rule) == _selector(other) for other in defining):
                continue
            hidden = [
                other
                for other in defining
                # Istio merges rules that are private in one way, be they for chosen pods or not.
                if not as_list(other.spec.get("exportTo"))
                and _deploy_together(rule, other, catalog)
            ]
            if hidden:
                pods = "the pods that its workloadSelector selects"
                said = f"{pods} get {rule.title}: Istio never merges the two"
                yield self._found(destination, rule, hidden[0], said)

    def _found(
        self, destination: Destination, before: DestinationRule, hidden: DestinationRule, said: str
    ) -> Finding:
        fate = "Their requests to it fail with 503."
        if destination.wrapper is None:
            fate = "Their mirrored requests are lost."
        return self.finding(
            destination.at("subset"),
            f'The subset "{destination.subset}" of host "{destination.host}" is defined by '
            f"{hidden.title}, but {said}. {fate}",
            related=[
                (before.at("spec", "host"), "lacks the subset, and stands before the other"),
                (hidden.at("spec", "subsets", key=True), "defines the subset, and is not used"),
            ],
            help=f"Define the subset in {before.title} too, or remove that rule.",
        )


def _lacks(rule: DestinationRule, destination: Destination) -> bool:
    return not rule.hides_subsets and destination.subset not in defined_subsets(rule)


def _selector(rule: DestinationRule) -> str:
    labels = as_dict(as_dict(rule.spec.get("workloadSelector")).get("matchLabels"))
    return str(sorted((key, str(value)) for key, value in labels.items()))


def _deploy_together(rule: DestinationRule, other: DestinationRule, catalog: Catalog) -> bool:
    if is_text(rule.namespace) and is_text(other.namespace):
        return True
    return catalog.together(rule, other) > Together.NO

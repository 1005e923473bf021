"""TS314: a trafficPolicy that is dropped when the rules of a host are merged."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Rule,
    Scope,
    Severity,
    Together,
    codes_of_rivals,
    rival_rules,
)


class PolicyDropped(Rule[Scope]):
    """Of the DestinationRules of a host, one has a trafficPolicy.

    What it checks:
        DestinationRules of one namespace, for one host, under different names, that deploy together: in
        one file, one rendered chart, one Harness service, one kustomization, or one folder without
        alternatives.  Two of them have a `trafficPolicy` of their own, and the two differ.  Rules that
        also define the same subset are TS303.

    Why it matters:
        Istio merges the rules of a host: it joins their subsets, keeps the trafficPolicy of the oldest
        rule, and drops the other without a word.  Which one is the oldest, a fresh cluster decides anew.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: shop
          trafficPolicy:
            loadBalancer: {simple: LEAST_REQUEST}
          subsets:
          - name: v1
            labels: {version: v1}
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop-limits
        spec:
          host: shop
          trafficPolicy:  # <-
            connectionPool:
              tcp: {maxConnections: 100}
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: shop
          trafficPolicy:
            loadBalancer: {simple: LEAST_REQUEST}
            connectionPool:
              tcp: {maxConnections: 100}
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop-subsets
        spec:
          host: shop
          subsets:
          - name: v1
            labels: {version: v1}
        ```

    How to fix:
        Put the policies together in one rule, or into the subsets that they are for.

    Sources:
        - Istio docs, "Traffic Management Best Practices": split large virtual services and destination
          rules into multiple resources
    """

    id = "TS314"
    name = "policy-dropped"
    severity = Severity.WARNING
    aliases = ("KIA0201",)
    needs = ("trafficPolicy",)

    def check(self, scope: Scope, catalog: Catalog) -> Iterator[Finding]:
        """Compare the rules that deploy together."""
        if len(scope.of(DestinationRule)) < 2:
            return
        seen: set[int] = set()
        for first, second, together in rival_rules(scope, catalog, _both_say):
            if id(second) not in seen:
                seen.add(id(second))
                yield self._report(second, first, together)

    def _report(self, rule: DestinationRule, first: DestinationRule, together: Together) -> Finding:
        place = first.at("spec", "trafficPolicy", key=True)
        file = "" if first.file is rule.file else f" of {first.file.path}"
        return self.finding(
            rule.at("spec", "trafficPolicy", key=True),
            f"{rule.title} and {first.title} (line {place.span().line}{file}) both have a trafficPolicy "
            f'for host "{rule.host}". Istio keeps the one of the older rule and drops the other.',
            confidence=None if together is Together.SURELY else "medium",
            aliases=codes_of_rivals(first, rule),
            related=[(place, "the other trafficPolicy")],
            help="Put both into one rule.",
        )


def _both_say(first: DestinationRule, second: DestinationRule) -> bool:
    """Whether Istio merges both rules, both have a policy, not the same one, and no subset in common."""
    one, other = first.spec.get("trafficPolicy"), second.spec.get("trafficPolicy")
    if not (isinstance(one, dict) and isinstance(other, dict)) or one == other:
        return False
    return first.exported_to == second.exported_to and first.subset_names.isdisjoint(
        second.subset_names
    )

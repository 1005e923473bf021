"""TS303: two DestinationRules that define one subset of one host."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Resource,
    Rule,
    Scope,
    Severity,
    Subset,
    Together,
    codes_of_rivals,
    is_text,
    rival_rules,
)


class DuplicateDestinationRule(Rule[Scope]):
    """A subset of a host is defined by one DestinationRule.

    What it checks:
        DestinationRules of one namespace, for one host, under different names, that deploy together: in
        one file, one rendered chart, one Harness service, one kustomization, or one folder without
        alternatives.  Rules that share the subsets of a host among them are right, and so are rules for
        chosen clients (`workloadSelector`, another `exportTo`).  A rule for a host with a wildcard is no
        second one: the more specific host wins.

    Why it matters:
        Istio merges the rules of a host and keeps the subset of the oldest one; labels and policies of
        the other are dropped without a word.  Which one is the oldest, a fresh cluster decides anew.
        Rules that are exported to all, one by `exportTo: ["*"]` and one without `exportTo`, are not even
        merged: one of them counts alone.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: shop
          subsets:
          - name: canary
            labels: {version: v2}
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop-canary
        spec:
          host: shop
          subsets:
          - name: canary  # <-
            labels: {version: v3}
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop-stable
        spec:
          host: shop
          subsets:
          - name: stable
            labels: {version: v1}
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop-canary
        spec:
          host: shop
          subsets:
          - name: canary
            labels: {version: v2}
        ```

    How to fix:
        Define the subset in one of the rules and remove it from the other, or write one rule for the
        host.

    Sources:
        - Istio docs, "Traffic Management Best Practices": split large virtual services and destination
          rules into multiple resources
    """

    id = "TS303"
    name = "duplicate-destination-rule"
    severity = Severity.WARNING
    aliases = ("KIA0201",)

    def check(self, scope: Scope, catalog: Catalog) -> Iterator[Finding]:
        """Compare the rules that deploy together."""
        if len(scope.of(DestinationRule)) < 2:
            return
        seen: set[int] = set()
        for first, second, together in rival_rules(scope, catalog, _compete):
            confidence = None if together is Together.SURELY else "medium"
            if first.exported_to == second.exported_to:
                for subset, twin in _shared(first, second):
                    if id(subset) not in seen:
                        seen.add(id(subset))
                        yield self._report(subset, twin, confidence)
            elif first.exported_to | second.exported_to == {"*"} and id(second) not in seen:
                seen.add(id(second))
                yield self._report_apart(second, first, confidence)

    def _report(self, subset: Subset, first: Subset, confidence: str | None) -> Finding:
        return self.finding(
            subset.at("name"),
            f'The subset "{subset.name}" of host "{subset.resource.spec.get("host")}" is also defined by '
            f"{_where(first.resource, subset.resource, first.at('name').span().line)}. Istio keeps the "
            "one of the older rule and drops the other.",
            confidence=confidence,
            related=[(first.at("name"), "the same subset")],
            help="Define the subset in one of the two rules only.",
        )

    def _report_apart(
        self, rule: DestinationRule, first: DestinationRule, confidence: str | None
    ) -> Finding:
        place = first.at("spec", "host")
        return self.finding(
            rule.at("spec", "host"),
            f'{rule.title} and {_where(first, rule, place.span().line)} are both for host "{rule.host}", '
            'one with exportTo: ["*"] and one without exportTo. Istio does not merge the two: only the '
            "newer one counts, with its subsets and policy.",
            confidence=confidence,
            aliases=codes_of_rivals(first, rule),
            related=[(place, "the other rule for the host")],
            help="Write exportTo alike in both, or leave it out.",
        )


def _compete(first: DestinationRule, second: DestinationRule) -> bool:
    """Whether two rules have a subset in common, or are exported in different ways."""
    alike = first.exported_to == second.exported_to
    return not alike or not first.subset_names.isdisjoint(second.subset_names)


def _shared(first: DestinationRule, second: DestinationRule) -> Iterator[tuple[Subset, Subset]]:
    """Subsets of the second rule that the first has too, each with that one."""
    names = {subset.name: subset for subset in reversed(first.subsets) if is_text(subset.name)}
    for subset in second.subsets:
        if is_text(subset.name) and subset.name in names and subset.name:
            yield subset, names[subset.name]


def _where(first: Resource, second: Resource, line: int) -> str:
    file = "" if first.file is second.file else f" of {first.file.path}"
    return f"{first.title} (line {line}{file})"

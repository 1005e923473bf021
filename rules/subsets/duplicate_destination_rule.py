"""TS303: two DestinationRules that define one subset of one host."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Host,
    Rule,
    Scope,
    Severity,
    Subset,
    as_list,
    is_text,
)

Key = tuple[str, Host, str | None, str]


class DuplicateDestinationRule(Rule[Scope]):
    """A subset of a host is defined by one DestinationRule.

    What it checks:
        DestinationRules of one namespace, for one host, under different names, in one file, one
        rendered chart or one Harness service.  Rules that share the subsets of a host among them are
        right, and so are rules for chosen clients (`workloadSelector`, another `exportTo`).

    Why it matters:
        Istio merges the rules of a host and keeps the subset of the oldest one; labels and policies of
        the other are dropped without a word.  Which one is the oldest, a fresh cluster decides anew.

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
        """Compare the rules that certainly deploy together."""
        rules = scope.of(DestinationRule)
        if len(rules) < 2:
            return
        seen: dict[Key, Subset] = {}
        for rule in rules:
            if not is_text(rule.host) or rule.spec.get("workloadSelector") or _hides_place(rule):
                continue
            host = catalog.host(rule.host, rule)
            unit = rule.file.path if scope.kind == "directory" or rule.file.skipped else ""
            for subset in rule.subsets:
                if is_text(subset.name) and subset.name:
                    first = seen.setdefault((unit, host, _place(rule), subset.name), subset)
                    if first.resource.name != rule.name and not rule.file.context:
                        yield self._report(subset, first)

    def _report(self, subset: Subset, first: Subset) -> Finding:
        where = first.at("name").span().line
        file = (
            "" if first.resource.file is subset.resource.file else f" of {first.resource.file.path}"
        )
        return self.finding(
            subset.at("name"),
            f'The subset "{subset.name}" of host "{subset.resource.spec.get("host")}" is also defined by '
            f"{first.resource.title} (line {where}{file}). Istio keeps the one of the older rule and "
            "drops the other.",
            related=[(first.at("name"), "the same subset")],
            help="Define the subset in one of the two rules only.",
        )


def _hides_place(rule: DestinationRule) -> bool:
    return not (rule.namespace is None or is_text(rule.namespace)) or not is_text(rule.name)


def _place(rule: DestinationRule) -> str:
    """Where a rule lives and who sees it: only rules that agree in both are merged."""
    seen_by = sorted(map(str, as_list(rule.spec.get("exportTo")))) or ["*"]
    return f"{rule.namespace} {seen_by}"

"""TS306: a subset name twice in one DestinationRule."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, DestinationRule, Finding, Rule, Severity, Subset, is_text


class DuplicateSubset(Rule[DestinationRule]):
    """The subsets of a DestinationRule have names of their own.

    What it checks:
        The names of the subsets of one DestinationRule.

    Why it matters:
        Istio's webhook refuses the DestinationRule, so none of its subsets change and the deployment
        fails.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: shop
          subsets:
          - name: v1
            labels: {version: v1}
          - name: v1  # <-
            labels: {version: v2}
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: shop
          subsets:
          - name: v1
            labels: {version: v1}
          - name: v2
            labels: {version: v2}
        ```

    How to fix:
        Rename one of the two, or remove the one that is out of date.

    Sources:
        - Istio, destination rule validation: "duplicate subset names"
    """

    id = "TS306"
    name = "duplicate-subset"
    severity = Severity.ERROR
    aliases = ("IST0106",)

    def check(self, rule: DestinationRule, catalog: Catalog) -> Iterator[Finding]:
        """Compare the names."""
        seen: dict[str, Subset] = {}
        for subset in rule.subsets:
            if not (is_text(subset.name) and subset.name):
                continue
            first = seen.setdefault(subset.name, subset)
            if first is not subset:
                yield self.finding(
                    subset.at("name"),
                    f'{rule.title} defines the subset "{subset.name}" twice, first in line '
                    f"{first.at('name').span().line}. Istio refuses the DestinationRule.",
                    related=[(first.at("name"), "the same name")],
                    help="Rename one of the two subsets, or remove one.",
                )

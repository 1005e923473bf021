"""TS307: two subsets with the same labels."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Rule,
    Severity,
    Subset,
    is_delivery_pair,
    is_text,
    meant_as_managed,
)


class SubsetLabelsOverlap(Rule[DestinationRule]):
    """Two subsets of a host stand for different pods.

    What it checks:
        The labels of the subsets of one DestinationRule: two that are equal.  Subsets that differ in
        their `trafficPolicy` may be two ways to reach the same pods.  Rules that Harness, Argo Rollouts
        or Flagger writes into get their labels from there; since the Rollout may be in another
        repository, a pair such as stable and canary with equal labels is taken for one of its own.

    Why it matters:
        Both subsets are the same pods, so the split is none: whatever the weights say, every version
        gets its share of all requests.

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
            labels: {app: shop}
          - name: v2
            labels: {app: shop}  # <-
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
            labels: {app: shop, version: v1}
          - name: v2
            labels: {app: shop, version: v2}
        ```
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: shop
          subsets:
          - name: stable
            labels: {app: shop}
          - name: canary
            labels: {app: shop}
        ```

    How to fix:
        Give each subset a label that only its own pods have.

    Sources:
        - Istio reference, "Destination Rule", Subset.labels
        - Argo Rollouts docs, "Istio": subset level traffic splitting
    """

    id = "TS307"
    name = "subset-labels-overlap"
    severity = Severity.WARNING

    def check(self, rule: DestinationRule, catalog: Catalog) -> Iterator[Finding]:
        """Compare the labels of each subset with those before it."""
        if len(rule.subsets) < 2 or rule.managed is not False or meant_as_managed(rule):
            return
        seen: dict[str, Subset] = {}
        twins = []
        for subset in rule.subsets:
            labels = subset.labels
            if labels and all(map(is_text, labels.values())) and is_text(subset.name):
                policy = subset.data.get("trafficPolicy")
                first = seen.setdefault(f"{sorted(labels.items())} {policy}", subset)
                if first is not subset and first.name != subset.name:
                    twins.append((subset, first))
        if not twins or catalog.has_controller(rule):
            return
        for subset, first in twins:
            if not is_delivery_pair(str(first.name), str(subset.name)):
                yield self._report(subset, first)

    def _report(self, subset: Subset, first: Subset) -> Finding:
        shown = ", ".join(f"{key}: {value}" for key, value in subset.labels.items())
        return self.finding(
            subset.at("labels", key=True),
            f'The subsets "{first.name}" and "{subset.name}" have the same labels ({shown}), so both are '
            "the same pods: a split between them is none.",
            related=[(first.at("labels", key=True), "the same labels")],
            help="Give each of them a label that only its own pods have.",
        )

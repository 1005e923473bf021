"""TS116: a managed DestinationRule that lists subsets of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Rule,
    Severity,
    Subset,
    as_list,
    is_known,
    uses_blue_green,
)

_TRACK: Final = "harness.io/track"
_COLOR: Final = "harness.io/color"


class ManagedSubsetsReplaced(Rule[DestinationRule]):
    """A managed DestinationRule leaves its subsets to Harness.

    What it checks:
        `spec.subsets` of a DestinationRule with `harness.io/managed: "true"`.  Subsets that are exactly
        Harness's own, `stable` and `canary` by the label `harness.io/track`, are only worth a note.
        Services marked for blue/green deployments and subsets by `harness.io/color` are left out:
        there Harness changes nothing.

    Why it matters:
        A canary deployment replaces the list by `canary` and `stable`.  Routes of any object that name
        another subset of it then fail with 503.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata:
          name: shop
          annotations:
            harness.io/managed: "true"
        spec:
          host: shop
          subsets:  # <-
          - name: v1
            labels: {version: v1}
          - name: v2
            labels: {version: v2}
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata:
          name: shop
          annotations:
            harness.io/managed: "true"
        spec:
          host: shop
        ```

    How to fix:
        Remove `subsets`, and name `stable` and `canary` where you route to them.

    Sources:
        - harness-core, IstioTaskHelper: the subsets of the managed DestinationRule are set anew
        - Harness docs, "Set Up Kubernetes Traffic Splitting with Istio", Add DestinationRule Manifest
    """

    id = "TS116"
    name = "managed-subsets-replaced"
    severity = Severity.WARNING

    def check(self, rule: DestinationRule, catalog: Catalog) -> Iterator[Finding]:
        """Look at the subsets that are written down."""
        if rule.managed is not True or rule.file.skipped:
            return
        if not is_known(rule.spec.get("subsets")) or not as_list(rule.spec.get("subsets")):
            return
        if uses_blue_green(rule.file.scope) or any(_COLOR in s.labels for s in rule.subsets):
            return
        own = rule.hides_subsets or all(map(_is_harness_own, rule.subsets))
        names = ", ".join(subset.name for subset in rule.subsets if isinstance(subset.name, str))
        yield self.finding(
            rule.at("spec", "subsets", key=True),
            f"{rule.title} is managed by Harness: a canary deployment replaces its subsets"
            f"{f' ({names})' if names else ''} by canary and stable.",
            severity=Severity.INFO if own else None,
            help="Remove spec.subsets.",
        )


def _is_harness_own(subset: Subset) -> bool:
    return subset.name in ("stable", "canary") and subset.labels == {_TRACK: subset.name}

"""TS116: a managed DestinationRule that lists subsets of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tsplit_lint import (
    Catalog,
    Destination,
    DestinationRule,
    Finding,
    Rule,
    Severity,
    Subset,
    VirtualService,
    as_list,
    is_known,
    is_text,
    listed,
    uses_blue_green,
)

_TRACK: Final = "harness.io/track"
_COLOR: Final = "harness.io/color"
_OF_HARNESS: Final = ("canary", "stable")


class ManagedSubsetsReplaced(Rule[DestinationRule]):
    """A managed DestinationRule has no subsets that something else needs.

    What it checks:
        `spec.subsets` of a DestinationRule with `harness.io/managed: "true"`.  It is a warning where
        replacing them does harm: a route that Harness does not rewrite names one of them, or one has a
        traffic policy of its own.  Routes of the managed VirtualService are replaced together with the
        subsets, so subsets that only these name are worth no more than a note.

        Services marked for blue/green deployments and subsets by `harness.io/color` are left out: there
        Harness changes nothing.

    Why it matters:
        A canary deployment replaces the list by `canary` and `stable`.  Routes that name another
        subset of it then fail with 503, and a traffic policy of a subset is gone.

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
        ---
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: shop-partners
        spec:
          hosts: [partners.example.com]
          gateways: [edge]
          http:
          - route:
            - destination: {host: shop, subset: v1}
        ```

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
          - name: stable
            labels: {harness.io/track: stable}
          - name: canary
            labels: {harness.io/track: canary}
            trafficPolicy:
              connectionPool:
                tcp: {maxConnections: 10}
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
        ---
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: shop-partners
        spec:
          hosts: [partners.example.com]
          gateways: [edge]
          http:
          - route:
            - destination: {host: shop, subset: stable}
        ```

    How to fix:
        Remove `subsets`, and name `stable` and `canary` where you route to them.  Put a traffic policy
        into `spec.trafficPolicy`, which Harness keeps.

    Sources:
        - harness-core, IstioTaskHelper: the subsets of the managed DestinationRule are set anew
        - Harness docs, "Set Up Kubernetes Traffic Splitting with Istio", Add DestinationRule Manifest
    """

    id = "TS116"
    name = "managed-subsets-replaced"
    severity = Severity.WARNING
    needs = ("harness.io/managed",)

    def check(self, rule: DestinationRule, catalog: Catalog) -> Iterator[Finding]:
        """Look at the subsets that are written down, and at who needs them."""
        if rule.managed is not True or rule.file.skipped:
            return
        if not is_known(rule.spec.get("subsets")) or not as_list(rule.spec.get("subsets")):
            return
        if uses_blue_green(rule.file.scope) or any(_COLOR in s.labels for s in rule.subsets):
            return
        broken = _broken_routes(rule, catalog)
        shaped = [s.name for s in rule.subsets if s.data.get("trafficPolicy")]
        if broken:
            names = sorted({str(to.subset) for to in broken})
            harm = f"and {broken[0].resource.title} still routes to {listed(names)}: these requests fail"
        elif shaped:
            harm = f"without the traffic policy of {listed(list(map(str, shaped)))}"
        elif _is_harness_own(rule):
            harm = "which it writes by itself"
        else:
            harm = "and no route that stays as it is names them"
        own = ", ".join(subset.name for subset in rule.subsets if isinstance(subset.name, str))
        yield self.finding(
            rule.at("spec", "subsets", key=True),
            f"{rule.title} is managed by Harness: a canary deployment replaces its subsets"
            f"{f' ({own})' if own else ''} by canary and stable, {harm}.",
            severity=None if broken or shaped else Severity.INFO,
            related=[(to.at("subset"), "this route names a subset that goes") for to in broken[:3]],
            help="Remove spec.subsets."
            if not shaped
            else "Remove spec.subsets, and put the policy into spec.trafficPolicy.",
        )


def _broken_routes(rule: DestinationRule, catalog: Catalog) -> list[Destination]:
    """The destinations that name a subset which goes, in routes that Harness does not rewrite."""
    lost = {s.name for s in rule.subsets if is_text(s.name) and s.name not in _OF_HARNESS}
    return [
        to
        for to in catalog.destinations_to(rule) or ()
        if is_text(to.subset) and to.subset in lost and _stays(to)
    ]


def _stays(to: Destination) -> bool:
    service = to.resource
    return isinstance(service, VirtualService) and service.managed is False


def _is_harness_own(rule: DestinationRule) -> bool:
    return rule.hides_subsets or all(map(_is_of_harness, rule.subsets))


def _is_of_harness(subset: Subset) -> bool:
    return subset.name in _OF_HARNESS and subset.labels == {_TRACK: subset.name}

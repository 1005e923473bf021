"""TS110: more than one managed DestinationRule in one service."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    MANAGED,
    Catalog,
    DestinationRule,
    Finding,
    Rule,
    Scope,
    Severity,
    each_beyond_the_first,
    managed_in,
)


class SeveralManagedDestinationRules(Rule[Scope]):
    """A Harness service has at most one managed DestinationRule.

    What it checks:
        The DestinationRules with `harness.io/managed: "true"` among the manifests that deploy together:
        those of a Harness service, of a chart, or of one folder.  `"false"`, files that start with the
        skip marker, and other services of the repository do not count.  In a plain folder, objects of
        one name or of different namespaces are taken as alternatives.

    Why it matters:
        Harness cannot tell which one shall get the subsets `stable` and `canary`, and fails the
        deployment with "More than one DestinationRule found".

    Bad:
        ```yaml
        # file: values.yaml
        name: shop
        # file: templates/destination-rules.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata:
          name: {{.Values.name}}-web
          annotations:
            harness.io/managed: "true"
        spec:
          host: shop-web
        ---
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata:
          name: {{.Values.name}}-worker
          annotations:
            harness.io/managed: "true"  # <-
        spec:
          host: shop-worker
        ```

    Good:
        ```yaml
        # file: values.yaml
        name: shop
        # file: templates/destination-rules.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata:
          name: {{.Values.name}}-web
          annotations:
            harness.io/managed: "true"
        spec:
          host: shop-web
        ---
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata:
          name: {{.Values.name}}-worker
        spec:
          host: shop-worker
        ```

    How to fix:
        Keep the annotation on the DestinationRule of the host that the managed VirtualService routes
        to, and remove it from the others or set it to `"false"`.

    Sources:
        - harness-core, IstioTaskHelper: "More than one DestinationRule found"
        - Harness docs, "Set Up Kubernetes Traffic Splitting with Istio", harness.io/managed
    """

    id = "TS110"
    name = "several-managed-destination-rules"
    severity = Severity.ERROR
    needs = ("harness.io/managed",)

    def check(self, scope: Scope, catalog: Catalog) -> Iterator[Finding]:
        """Count the managed DestinationRules."""
        for rule, first in each_beyond_the_first(scope, managed_in(scope, DestinationRule)):
            yield self.finding(
                rule.at("metadata", "annotations", MANAGED),
                f"{rule.title} is managed by Harness, and so is {first.title} of the same deployment. "
                'Harness fails it: "More than one DestinationRule found".',
                confidence="medium" if scope.is_plain else None,
                related=[(first.at("metadata", "annotations", MANAGED), "the first managed one")],
                help=f'Keep {MANAGED} on one DestinationRule, and set it to "false" on the others.',
            )

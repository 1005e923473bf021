"""TS618: a Traffic Split routes to a subset that is not defined."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Place,
    Rollout,
    Rule,
    Severity,
    SplitDestination,
    defined_subsets,
    listed,
    manifests_of,
    traffic_splits,
)


class SplitSubsetUndefined(Rule[Rollout]):
    """The subsets that a Traffic Split names are defined in the DestinationRule.

    What it checks:
        The destinations of Traffic Splits in FirstGen workflows that are written as host and
        subset, where a DestinationRule for the host is among the manifests of the service. It must
        define the subset. In a workflow with a Canary Deployment a managed DestinationRule has the
        subsets `canary` and `stable` and no others, whatever is written in it.

    Why it matters:
        Requests for a subset that nobody defines fail with 503. Harness replaces the subsets of a
        managed DestinationRule at every Canary Deployment: those that one writes are gone.

    Bad:
        ```yaml
        # file: values.yaml
        name: shop
        # file: templates/virtual-service.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: shop
          annotations:
            harness.io/managed: "true"
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop}
        # file: templates/destination-rule.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata:
          name: shop
          annotations:
            harness.io/managed: "true"
        spec:
          host: shop
          subsets:
          - name: v1
            labels: {version: v1}
        # file: workflow.yaml
        harnessApiVersion: '1.0'
        type: CANARY
        phases:
        - name: Canary
          serviceName: shop
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_CANARY_DEPLOY
              name: Canary Deployment
          - name: Verify
            steps:
            - type: K8S_TRAFFIC_SPLIT
              name: Traffic Split
              properties:
                virtualServiceName: ${k8s.virtualServiceName}
                istioDestinationWeights:
                - destination: |-
                    host: shop
                    subset: stable
                  weight: '90'
                - destination: |-  # <-
                    host: shop
                    subset: v1
                  weight: '10'
        - name: Primary
          serviceName: shop
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_DEPLOYMENT_ROLLING
              name: Rollout Deployment
          - name: Wrap Up
            steps:
            - type: K8S_DELETE
              name: Canary Delete
              properties:
                resources: ${k8s.canaryWorkload}
        ```

    Good:
        ```yaml
        # file: values.yaml
        name: shop
        # file: templates/virtual-service.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: shop
          annotations:
            harness.io/managed: "true"
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop}
        # file: templates/destination-rule.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata:
          name: shop
          annotations:
            harness.io/managed: "true"
        spec:
          host: shop
        # file: workflow.yaml
        harnessApiVersion: '1.0'
        type: CANARY
        phases:
        - name: Canary
          serviceName: shop
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_CANARY_DEPLOY
              name: Canary Deployment
          - name: Verify
            steps:
            - type: K8S_TRAFFIC_SPLIT
              name: Traffic Split
              properties:
                virtualServiceName: ${k8s.virtualServiceName}
                istioDestinationWeights:
                - destination: |-
                    host: shop
                    subset: stable
                  weight: '90'
                - destination: |-
                    host: shop
                    subset: canary
                  weight: '10'
        - name: Primary
          serviceName: shop
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_DEPLOYMENT_ROLLING
              name: Rollout Deployment
          - name: Wrap Up
            steps:
            - type: K8S_DELETE
              name: Canary Delete
              properties:
                resources: ${k8s.canaryWorkload}
        ```

    How to fix:
        Use `${k8s.stableDestination}` and `${k8s.canaryDestination}`, or define the subset in a
        DestinationRule that is not managed.

    Sources:
        - harness-core, IstioTaskHelper: the subsets of a managed DestinationRule are replaced
        - Harness FirstGen docs, "Set Up Kubernetes Traffic Splitting with Istio", Use Subsets
    """

    id = "TS618"
    name = "split-subset-undefined"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look up each subset that a Traffic Split names."""
        canary = any(step.kind == "canary-deploy" for step in rollout.steps)
        for split in traffic_splits(rollout.all_steps):
            manifests = manifests_of(rollout, catalog, split.step.phase)
            if manifests is None:
                continue
            own = manifests.of(DestinationRule)
            for entry in split.destinations:
                if entry.kind != "literal" or "$" in entry.host + entry.subset:
                    continue
                rules = [rule for rule in own if _is_for(rule, entry, catalog)]
                if not rules or _is_defined(entry, rules, canary, catalog):
                    continue
                rule = rules[0]
                replaced = canary and rule.managed is True
                names = sorted(_subsets(rule, canary))
                yield self.finding(
                    entry.at("destination"),
                    f"Traffic Split {split.step.title} routes to the subset {entry.subset} of {entry.host}. "
                    + (
                        f"{rule.title} is managed: Harness writes the subsets canary and stable into it and "
                        "drops all others. "
                        if replaced
                        else f"{rule.title} defines {listed(names) if names else 'no subsets'}. "
                    )
                    + "These requests fail with 503.",
                    related=[(_place(rule), "the subsets of the host")],
                    help="Route to a subset that the DestinationRule defines.",
                )


def _is_for(rule: DestinationRule, entry: SplitDestination, catalog: Catalog) -> bool:
    if not isinstance(rule.host, str) or not rule.host:
        return False
    return catalog.host(rule.host, rule).same(catalog.host(entry.host, rule))


def _subsets(rule: DestinationRule, canary: bool) -> set[str]:
    """The names of the subsets that the rule has when it is deployed."""
    if canary and rule.managed is True:
        return {"canary", "stable"}
    return {subset.name for subset in rule.subsets if isinstance(subset.name, str)}


def _is_defined(
    entry: SplitDestination, rules: list[DestinationRule], canary: bool, catalog: Catalog
) -> bool:
    """Whether a rule has the subset, or may have it; rules outside of the service count as written."""
    own = set(map(id, rules))
    if any(rule.hides_subsets or not isinstance(rule.managed, bool) for rule in rules):
        return True
    return any(entry.subset in _subsets(rule, canary) for rule in rules) or any(
        id(rule) not in own
        and _is_for(rule, entry, catalog)
        and (rule.hides_subsets or entry.subset in defined_subsets(rule))
        for rule in catalog.resources(DestinationRule)
    )


def _place(rule: DestinationRule) -> Place:
    return rule.at("spec", "subsets", key=True) if "subsets" in rule.spec else rule.head()

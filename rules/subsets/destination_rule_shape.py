"""TS308: the frame of a DestinationRule's policies."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Place,
    Policy,
    Rule,
    Severity,
    as_list,
    is_present,
    is_text,
    says_nothing,
    traffic_policies,
)


class DestinationRuleShape(Rule[DestinationRule]):
    """The policies of a DestinationRule say something, and their parts go together.

    What it checks:
        Each `trafficPolicy`, that of the rule and those of its subsets: it has a part, and not both
        `tunnel` and `proxyProtocol`.  Each entry of `portLevelSettings`: it has a `port` and a part of
        its own.  The `workloadSelector`: keys without wildcards, at least one label (a warning), and
        no `exportTo` to other namespaces beside it.  The parts themselves are TS316 to TS321.

    Why it matters:
        Istio's webhook refuses the DestinationRule: none of its subsets and policies change, and the
        deployment fails.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: shop
          trafficPolicy: {}  # <-
          subsets:
          - name: v1
            labels: {version: v1}
            trafficPolicy:
              portLevelSettings:
              - port: {number: 80}  # <-
              - loadBalancer: {simple: RANDOM}  # <-
        ```
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
          namespace: prod
        spec:
          host: shop
          exportTo: ["*"]  # <-
          workloadSelector:
            matchLabels:
              app: cart-*  # <-
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
          exportTo: ["."]
          workloadSelector:
            matchLabels: {app: cart}
          trafficPolicy:
            portLevelSettings:
            - port: {number: 80}
              loadBalancer: {simple: RANDOM}
          subsets:
          - name: v1
            labels: {version: v1}
        ```

    How to fix:
        Give the policy a part, or remove it.

    Sources:
        - Istio reference, "Destination Rule", TrafficPolicy, PortTrafficPolicy
        - Istio, destination rule validation
    """

    id = "TS308"
    name = "destination-rule-shape"
    severity = Severity.ERROR
    aliases = ("IST0106", "IST0133")

    def check(self, rule: DestinationRule, catalog: Catalog) -> Iterator[Finding]:
        """Look at each policy, then at the selector."""
        for policy in traffic_policies(rule):
            if policy.level == "port":
                yield from self._check_port(policy)
            else:
                yield from self._check_policy(policy)
        yield from self._check_selector(rule)
        yield from self._check_export(rule)

    def _refused(self, place: Place, problem: str, mend: str) -> Finding:
        return self.finding(
            place,
            f"{problem}. Istio refuses the DestinationRule.",
            aliases=("IST0106",),
            help=mend,
        )

    def _check_policy(self, policy: Policy) -> Iterator[Finding]:
        if says_nothing(policy.data):
            yield self._refused(
                policy.at(key=True),
                f"The trafficPolicy of {policy.title} is empty",
                "Give it a part such as loadBalancer, or remove it.",
            )
        if policy.has("tunnel") and policy.has("proxyProtocol"):
            yield self._refused(
                policy.at("proxyProtocol", key=True),
                f"The trafficPolicy of {policy.title} has both tunnel and proxyProtocol",
                "Keep one of the two.",
            )
        for index, entry in enumerate(as_list(policy.data.get("portLevelSettings"))):
            if entry is None:
                yield self._refused(
                    policy.at("portLevelSettings", index),
                    f"An entry of portLevelSettings in {policy.title} is empty",
                    "Remove the entry.",
                )

    def _check_port(self, policy: Policy) -> Iterator[Finding]:
        if not policy.has("port"):
            yield self._refused(
                policy.at(),
                f"An entry of portLevelSettings in {policy.rule.title} has no port",
                "Say for which port it is: port: {number: 80}.",
            )
        if says_nothing(policy.data, but="port"):
            yield self._refused(
                policy.at(),
                f"The policy for {policy.title} has neither connectionPool, loadBalancer, "
                "outlierDetection nor tls",
                "Give it one of these, or remove it.",
            )

    def _check_selector(self, rule: DestinationRule) -> Iterator[Finding]:
        selector = rule.spec.get("workloadSelector")
        if not isinstance(selector, dict):
            return
        labels = selector.get("matchLabels")
        if not is_present(labels) or labels == {}:
            yield self.finding(
                rule.at("spec", "workloadSelector", key=True),
                f"The workloadSelector of {rule.title} has no labels, so it selects every pod of the "
                "namespace. Istio takes it with a warning.",
                severity=Severity.WARNING,
                aliases=("IST0133",),
                help="Add matchLabels, or remove the workloadSelector.",
            )
        if not isinstance(labels, dict):
            return
        for key, value in labels.items():
            place = rule.at("spec", "workloadSelector", "matchLabels", key)
            if not key:
                yield self._refused(
                    place, f"A label of the workloadSelector of {rule.title} has no key", "Name it."
                )
            elif "*" in key or (is_text(value) and "*" in value):
                yield self._refused(
                    place,
                    f'The label "{key}" of the workloadSelector of {rule.title} has a wildcard',
                    "Write the label as the pods have it, without *.",
                )

    def _check_export(self, rule: DestinationRule) -> Iterator[Finding]:
        if not isinstance(rule.spec.get("workloadSelector"), dict):
            return
        scopes = as_list(rule.spec.get("exportTo"))
        if rule.namespace is not None and not is_text(rule.namespace):
            return
        beyond = [scope for scope in scopes if is_text(scope) and scope != "."]
        if rule.namespace is None:
            beyond = [scope for scope in beyond if scope == "*"]  # others may be its own namespace
        beyond = [scope for scope in beyond if scope != rule.namespace]
        if beyond:
            yield self._refused(
                rule.at("spec", "exportTo", key=True),
                f"{rule.title} has a workloadSelector, which holds in its own namespace only, and is "
                f'exported to "{beyond[0]}"',
                "Remove exportTo, or the workloadSelector.",
            )

"""TS402: a DestinationRule for a host that nothing provides."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    EXTERNAL,
    Catalog,
    DestinationRule,
    Finding,
    Lookup,
    Rule,
    Severity,
    codes_without_host,
    is_ip,
    is_text,
)


class DestinationRuleHostAbsent(Rule[DestinationRule]):
    """The host of a DestinationRule is provided by a Service or a ServiceEntry.

    What it checks:
        `spec.host`, where the tree is declared complete.  In any tree, a host that differs by one slip
        from a Service in sight that has no rule of its own, if nothing else in sight uses the name.  A rule
        for many hosts (`*.shop.com`) is right whatever is there.  A short name that only another namespace
        has is TS405.

    Why it matters:
        The rule applies to no request: its subsets do not exist, and its limits, its load balancing and
        its TLS settings are without effect.  Nothing reports that.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: reviews
        spec:
          host: review  # <-
          subsets:
          - name: v1
            labels: {version: v1}
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: reviews
        spec:
          selector: {app: reviews}
          ports:
          - {name: http, port: 9080}
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: reviews
        spec:
          host: reviews
          subsets:
          - name: v1
            labels: {version: v1}
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: reviews
        spec:
          selector: {app: reviews}
          ports:
          - {name: http, port: 9080}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: reviews-v1
        spec:
          template:
            metadata:
              labels: {app: reviews, version: v1}
        ```

    How to fix:
        Correct the name; write `<service>.<namespace>.svc.cluster.local` for a Service of another
        namespace; add a ServiceEntry for a host outside the mesh; remove a rule that nobody needs.

    Sources:
        - Istio reference, "Destination Rule", DestinationRule.host
        - Istio docs, "UnknownDestinationRuleHost"
        - Kiali docs, "KIA0202"
    """

    id = "TS402"
    name = "destination-rule-host-absent"
    severity = Severity.WARNING
    aliases = ("IST0174", "KIA0202")
    complete_only = True

    def check(self, rule: DestinationRule, catalog: Catalog) -> Iterator[Finding]:
        """Look up the host."""
        host = rule.host
        if not is_text(host) or not host or "*" in host or is_ip(host):
            return
        found = catalog.provider(host, rule)
        if found.state == "found":
            return
        if catalog.complete(rule):
            if not catalog.in_other_namespaces(host, rule):
                yield self._absent(rule, host, found, catalog)
        elif found.hint and _is_one_slip(rule, host, found.hint, catalog):
            yield self._slip(rule, host, found.hint)

    def _absent(self, rule: DestinationRule, host: str, found: Lookup, catalog: Catalog) -> Finding:
        full = catalog.full_name(host, rule)
        # a name with `<namespace>` in it would tell a person nothing
        name = f'"{host}"' if full == host or "<" in full else f'"{host}" ({full})'
        mend = "Correct the host, or add the Service or ServiceEntry."
        if found.hint:
            mend = f'Did you mean "{found.hint}"?'
        elif found.items:
            mend = "Correct the namespace."
        refused = ""
        if catalog.refuses_unknown_hosts(rule):
            refused = ", and the mesh refuses requests to unknown hosts (REGISTRY_ONLY)"
        return self.finding(
            rule.at("spec", "host"),
            f"No Service or ServiceEntry in sight provides the host {name}. The rule applies to no "
            f"request{refused}.",
            aliases=codes_without_host(host, rule, catalog),
            related=[(item.head(), "out of reach in its namespace") for item in found.items[:3]],
            help=mend,
        )

    def _slip(self, rule: DestinationRule, host: str, hint: str) -> Finding:
        return self.finding(
            rule.at("spec", "host"),
            f'The host "{host}" is provided by nothing in sight, and "{hint}" is one letter away. If it is '
            "a slip, the rule applies to no request.",
            confidence="medium",
            aliases=("IST0174", "KIA0202"),
            help=f'Did you mean "{hint}"?',
        )


def _is_one_slip(rule: DestinationRule, host: str, hint: str, catalog: Catalog) -> bool:
    """Whether nothing speaks for the name: the rule's own name, pods of that app, a rule for the other."""
    target = catalog.host(host, rule)
    if is_text(rule.name) and target.name in rule.name:
        return False
    if catalog.selected({"app": target.name}, rule):
        return False
    is_short = target.namespace in (None, EXTERNAL)
    meant = hint if is_short else f"{hint}.{target.namespace}.svc.{catalog.domain}"
    others = catalog.destination_rules(meant, rule)
    return all(str(other.host).startswith("*") for other in others)

"""TS402: a DestinationRule for a host that nothing provides."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Rule,
    Severity,
    codes_without_host,
    is_ip,
    is_text,
)


class DestinationRuleHostAbsent(Rule[DestinationRule]):
    """The host of a DestinationRule is provided by a Service or a ServiceEntry.

    What it checks:
        `spec.host`, where the tree is declared complete.  A rule for many hosts (`*.shop.com`) is right
        whatever is there.  A short name that only another namespace has is TS405.

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
        if found.state == "found" or not catalog.complete(rule):
            return
        if catalog.in_other_namespaces(host, rule):
            return
        full = catalog.full_name(host, rule)
        # a name with `<namespace>` in it would tell a person nothing
        name = f'"{host}"' if full == host or "<" in full else f'"{host}" ({full})'
        mend = "Correct the host, or add the Service or ServiceEntry."
        if found.hint:
            mend = f'Did you mean "{found.hint}"?'
        elif found.items:
            mend = "Correct the namespace."
        yield self.finding(
            rule.at("spec", "host"),
            f"No Service or ServiceEntry in sight provides the host {name}. The rule applies to no "
            "request.",
            aliases=codes_without_host(host, rule, catalog),
            related=[(item.head(), "out of reach in its namespace") for item in found.items[:3]],
            help=mend,
        )

"""TS311: a policy that a more specific one takes away."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    POLICY_PARTS,
    Catalog,
    DestinationRule,
    Finding,
    Policy,
    Rule,
    Severity,
    as_dict,
    as_list,
    is_text,
    known_namespace,
    listed,
    traffic_policies,
)

_AT_A_PORT = POLICY_PARTS[:4]


class PolicyOverride(Rule[DestinationRule]):
    """A more specific policy repeats what it should not take away.

    What it checks:
        A rule for a host without `tls`, where a rule for the whole mesh or namespace (`*.local`,
        `*.prod.svc.cluster.local`) sets ISTIO_MUTUAL; the two stand in one folder, or that rule above,
        or the tree is declared complete.  A note from Istio 1.5 on, where the mesh turns on mutual TLS
        by itself unless it is told not to.

        Entries of `portLevelSettings` that lack what the policy around them has: TLS to the outside (a
        warning), `connectionPool` or `outlierDetection` (a note).  Subsets whose `connectionPool` lacks
        the `http` or `tcp` part of the rule's: a note.

    Why it matters:
        Istio takes the most specific rule as a whole.  A port's policy replaces the one around it, and a
        subset's `connectionPool` that of the rule.  What is not repeated has its default: without
        `tls`, clients send plain text, unless the mesh turns on mutual TLS by itself (it does by
        default).

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: all
          namespace: prod
        spec:
          host: "*.prod.svc.cluster.local"
          trafficPolicy:
            tls: {mode: ISTIO_MUTUAL}
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
          namespace: prod
        spec:
          host: shop  # <-
          trafficPolicy:
            loadBalancer: {simple: RANDOM}
        ```
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: bank
        spec:
          host: bank.example.com
          trafficPolicy:
            tls: {mode: SIMPLE, caCertificates: /etc/certs/ca.pem}
            portLevelSettings:
            - port: {number: 443}  # <-
              connectionPool:
                tcp: {maxConnections: 10}
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: all
          namespace: prod
        spec:
          host: "*.prod.svc.cluster.local"
          trafficPolicy:
            tls: {mode: ISTIO_MUTUAL}
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
          namespace: prod
        spec:
          host: shop
          trafficPolicy:
            tls: {mode: ISTIO_MUTUAL}
            loadBalancer: {simple: RANDOM}
        ```

    How to fix:
        Repeat the part that is meant to hold.

    Sources:
        - Istio reference, "Destination Rule", TrafficPolicy.portLevelSettings, Subset.trafficPolicy
        - Istio, pilot/pkg/model/destination_rule.go
        - Kiali, KIA0204
    """

    id = "TS311"
    name = "policy-override"
    severity = Severity.WARNING
    aliases = ("KIA0204",)
    needs = ("trafficPolicy",)

    def check(self, rule: DestinationRule, catalog: Catalog) -> Iterator[Finding]:
        """Look at the rule as a whole, then at its ports and subsets."""
        yield from self._check_mutual_tls(rule, catalog)
        for policy in traffic_policies(rule):
            if policy.level == "port":
                yield from self._check_port(policy)
            elif policy.level == "subset":
                yield from self._check_pool(policy)

    def _check_mutual_tls(self, rule: DestinationRule, catalog: Catalog) -> Iterator[Finding]:
        if not is_text(rule.host) or _may_set_tls(rule):
            return
        wider = [
            other
            for other in catalog.wider_rules(rule)
            if _sets_mutual_tls(other)
            and _gives_way(other, rule, catalog)
            and (catalog.complete(rule) or _stands_near(other, rule))
        ]
        if wider:
            yield self.finding(
                rule.at("spec", "host"),
                f"{wider[0].title} sets ISTIO_MUTUAL for {wider[0].host}, and {rule.title}, which takes its "
                f'place for "{rule.host}", has no tls. Clients send plain text unless the mesh turns on '
                "mutual TLS by itself.",
                severity=None if catalog.istio_before(1, 5) else Severity.INFO,
                related=[(wider[0].at("spec", "trafficPolicy", "tls"), "the tls that is lost")],
                help="Add trafficPolicy.tls.mode: ISTIO_MUTUAL.",
            )

    def _check_port(self, policy: Policy) -> Iterator[Finding]:
        around = policy.within
        if around is None or not any(map(policy.has, _AT_A_PORT)):
            return
        # Of a load balancer, the default is what is meant; mutual TLS the mesh turns on by itself.
        plain = around.part("tls").data.get("mode") in ("SIMPLE", "MUTUAL")
        parts = ("connectionPool", "outlierDetection", *(("tls",) if plain else ()))
        lost = [part for part in parts if around.has(part) and not policy.has(part)]
        plain = "tls" in lost
        if lost:
            fate = " Requests to it go out in plain text." if plain else ""
            yield self.finding(
                policy.at(),
                f"The policy for {policy.title} replaces the one around it and leaves out its {listed(lost)}."
                f"{fate}",
                severity=None if plain else Severity.INFO,
                aliases=(),
                related=[
                    (around.at(part, key=True), "does not hold for the port") for part in lost
                ],
                help=f"Repeat {listed(lost)} for the port.",
            )

    def _check_pool(self, policy: Policy) -> Iterator[Finding]:
        whole = as_dict(as_dict(policy.rule.spec.get("trafficPolicy")).get("connectionPool"))
        own = policy.data.get("connectionPool")
        if not isinstance(own, dict):
            return
        lost = [
            part
            for part in ("http", "tcp")
            if isinstance(whole.get(part), dict) and part not in own
        ]
        if lost and own:
            yield self.finding(
                policy.at("connectionPool", key=True),
                f"The connectionPool for {policy.title} replaces that of the rule and leaves out its "
                f"{listed(lost)} limits.",
                severity=Severity.INFO,
                aliases=(),
                related=[
                    (
                        policy.rule.at("spec", "trafficPolicy", "connectionPool", part, key=True),
                        "does not hold for the subset",
                    )
                    for part in lost
                ],
                help=f"Repeat the {listed(lost)} limits in the subset.",
            )


def _may_set_tls(rule: DestinationRule) -> bool:
    """Whether the rule sets TLS for the host or a port of it, or may do so."""
    if not isinstance(rule.data.get("spec"), dict):
        return True
    policy = rule.spec.get("trafficPolicy")
    if policy is None:
        return False
    if not isinstance(policy, dict) or policy.get("tls") is not None:
        return True
    ports = policy.get("portLevelSettings")
    if ports is not None and not isinstance(ports, list):
        return True
    return any(not isinstance(port, dict) or port.get("tls") is not None for port in as_list(ports))


def _sets_mutual_tls(rule: DestinationRule) -> bool:
    policy = as_dict(rule.spec.get("trafficPolicy"))
    return as_dict(policy.get("tls")).get("mode") == "ISTIO_MUTUAL"


def _stands_near(wider: DestinationRule, rule: DestinationRule) -> bool:
    """Whether both stand in one folder, or the wider rule above: a mesh of another project may not."""
    one, other = (item.file.path.rpartition("/")[0] for item in (wider, rule))
    return wider.file.scope is rule.file.scope or f"{other}/".startswith(f"{one}/" if one else "")


def _gives_way(wider: DestinationRule, rule: DestinationRule, catalog: Catalog) -> bool:
    """Whether clients that would get the wider rule get the other one in its place."""
    one, other = known_namespace(wider), known_namespace(rule)
    if one == other:
        return True
    # Its own namespace's rule comes before the root's; of two others neither need stand in the way.
    return one in (None, catalog.root_namespace) and other != catalog.root_namespace

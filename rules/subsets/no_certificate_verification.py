"""TS310: TLS that does not verify, or not by a CA of yours, who answers."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Policy,
    Rule,
    Severity,
    View,
    chosen_clients,
    is_text,
    traffic_policies,
)


class NoCertificateVerification(Rule[DestinationRule]):
    """TLS to a host says by which CA the server's certificate is verified.

    What it checks:
        Each `tls` with the mode SIMPLE or MUTUAL.  With `insecureSkipVerify: true` nothing is verified:
        a warning.  Without `caCertificates` Istio before 1.21 verifies nothing either (a warning with
        `--istio-version`); later ones use the CAs of the proxy's own system, which is a note.  So
        is a `credentialName` in a rule without `workloadSelector`: only gateways read it.

    Why it matters:
        Without verification anyone on the way can answer in the host's name.  With the system's CAs,
        a certificate of a private CA is refused and requests fail.  Sidecars that meet a
        `credentialName` in a rule for all clients leave the TLS settings out and send plain text.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: bank
        spec:
          host: bank.example.com
          trafficPolicy:
            tls:
              mode: SIMPLE
              insecureSkipVerify: true  # <-
        ```
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: bank
        spec:
          host: bank.example.com
          trafficPolicy:
            portLevelSettings:
            - port: {number: 443}
              tls:
                mode: SIMPLE  # <-
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: bank
        spec:
          host: bank.example.com
          trafficPolicy:
            tls:
              mode: SIMPLE
              caCertificates: /etc/ssl/certs/ca-certificates.crt
        ```

    How to fix:
        Name the CA in `caCertificates`; for a public certificate, the bundle of the proxy's system.

    Sources:
        - Istio reference, "Destination Rule", ClientTLSSettings
        - Istio 1.21 upgrade notes: server certificates are verified by default
        - istioctl analyze, IST0128 and IST0129
    """

    id = "TS310"
    name = "no-certificate-verification"
    severity = Severity.WARNING
    aliases = ("IST0128", "IST0129")
    needs = ("tls",)

    def check(self, rule: DestinationRule, catalog: Catalog) -> Iterator[Finding]:
        """Look at the TLS settings of each policy."""
        for policy in traffic_policies(rule):
            tls = policy.part("tls")
            if tls.data.get("mode") in ("SIMPLE", "MUTUAL"):
                yield from self._check_tls(policy, tls, catalog)

    def _check_tls(self, policy: Policy, tls: View, catalog: Catalog) -> Iterator[Finding]:
        by_port = _codes(policy, tls)
        if tls.data.get("insecureSkipVerify") is True:
            yield self.finding(
                tls.at("insecureSkipVerify"),
                f"The tls for {policy.title} verifies no certificate (insecureSkipVerify: true). Anyone on "
                "the way can answer in the host's name.",
                aliases=by_port,
                help="Name the CA in caCertificates, and remove insecureSkipVerify.",
            )
            return
        if tls.data.get("caCertificates") not in (None, ""):
            return
        if tls.data.get("credentialName") not in (None, ""):
            if not _for_gateways_too(policy, tls):
                return
            yield self.finding(
                tls.at("credentialName"),
                f"Only gateways read the credentialName for {policy.title}: without a workloadSelector, "
                "sidecars leave the tls out and send plain text.",
                severity=Severity.INFO,
                aliases=by_port,
                help="Add a workloadSelector if sidecars call the host.",
            )
            return
        fate = "Istio verifies by the CAs of the proxy's system, and refuses a certificate of a private CA"
        unverified = catalog.istio_before(1, 21)
        if unverified:
            fate = "Istio before 1.21 verifies no certificate: anyone on the way can answer for the host"
        yield self.finding(
            tls.at("mode"),
            f"The tls for {policy.title} names no caCertificates. {fate}.",
            severity=Severity.WARNING if unverified else Severity.INFO,
            aliases=by_port,
            help="Name the CA in caCertificates.",
        )


def _codes(policy: Policy, tls: View) -> tuple[str, ...]:
    """Istioctl looks into no subset, and takes any CA, or a credential of chosen clients, for enough."""
    if policy.subset is not None or tls.data.get("caCertificates"):
        return ()
    if tls.data.get("credentialName") and chosen_clients(policy.rule):
        return ()
    return ("IST0129",) if policy.level == "port" else ("IST0128",)


def _for_gateways_too(policy: Policy, tls: View) -> bool:
    """Whether sidecars meet a credential that only gateways can read."""
    name = tls.data["credentialName"]
    # Sidecars may read ConfigMaps; a hidden name may be one.
    return is_text(name) and not name.startswith("configmap://") and not chosen_clients(policy.rule)

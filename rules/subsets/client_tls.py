"""TS320: the TLS settings that a client uses for a host."""

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
    View,
    is_text,
    listed,
    traffic_policies,
)

_CONFIG_MAP = "configmap://"
_FILES = ("clientCertificate", "privateKey", "caCertificates", "caCrl")


class ClientTls(Rule[DestinationRule]):
    """The TLS settings of a host name their certificates once, and all that the mode needs.

    What it checks:
        Each `tls` of a traffic policy or a port.  MUTUAL has a `clientCertificate` and a `privateKey`,
        or a `credentialName`.  With a `credentialName`, SIMPLE and MUTUAL have no files of their own;
        with `insecureSkipVerify` they name nothing to verify.  A `credentialName` of the form
        `configmap://namespace/name` names a ConfigMap of the rule's own namespace.

    Why it matters:
        Istio's webhook refuses the DestinationRule: none of its subsets and policies change, and the
        deployment fails.

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
              mode: MUTUAL  # <-
              clientCertificate: /etc/certs/client.pem
              caCertificates: /etc/certs/ca.pem
        ```
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: bank
        spec:
          host: bank.example.com
          trafficPolicy:
            tls:
              mode: MUTUAL
              credentialName: bank-client
              caCertificates: /etc/certs/ca.pem  # <-
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
              mode: MUTUAL
              clientCertificate: /etc/certs/client.pem
              privateKey: /etc/certs/client.key
              caCertificates: /etc/certs/ca.pem
        ```

    How to fix:
        Name the certificates in one way: by files, or by a credential.

    Sources:
        - Istio reference, "Destination Rule", ClientTLSSettings
        - Istio, destination rule validation: TLS
    """

    id = "TS320"
    name = "client-tls"
    severity = Severity.ERROR
    aliases = ("IST0106",)
    needs = ("tls",)

    def check(self, rule: DestinationRule, catalog: Catalog) -> Iterator[Finding]:
        """Look at the TLS settings of each policy."""
        for policy in traffic_policies(rule):
            tls = policy.part("tls")
            yield from self._check_config_map(policy, tls)
            if tls.data.get("mode") in ("SIMPLE", "MUTUAL"):
                yield from self._check_skip(policy, tls)
                if _has(tls, "credentialName"):
                    yield from self._check_credential(policy, tls)
                elif tls.data["mode"] == "MUTUAL":
                    yield from self._check_mutual(policy, tls)

    def _refused(self, place: Place, problem: str, mend: str) -> Finding:
        return self.finding(place, f"{problem}. Istio refuses the DestinationRule.", help=mend)

    def _check_config_map(self, policy: Policy, tls: View) -> Iterator[Finding]:
        name = tls.data.get("credentialName")
        if not is_text(name) or not name.startswith(_CONFIG_MAP):
            return
        namespace, _slash, rest = name.removeprefix(_CONFIG_MAP).partition("/")
        own = policy.rule.namespace
        if not namespace or not rest.split("/")[0]:
            yield self._refused(
                tls.at("credentialName"),
                f'The credentialName "{name}" for {policy.title} does not name a ConfigMap',
                f"Write {_CONFIG_MAP}namespace/name.",
            )
        elif is_text(own) and namespace != own:
            yield self._refused(
                tls.at("credentialName"),
                f'The credentialName "{name}" for {policy.title} names a ConfigMap of another namespace',
                f"Copy the ConfigMap to {own}, and name that one.",
            )

    def _check_skip(self, policy: Policy, tls: View) -> Iterator[Finding]:
        if tls.data.get("insecureSkipVerify") is not True:
            return
        fields = ["caCertificates", "subjectAltNames"]
        if tls.data["mode"] == "SIMPLE":
            fields.append("credentialName")
        beside = [field for field in fields if _has(tls, field)]
        if beside:
            yield self._refused(
                tls.at(beside[0], key=True),
                f"The tls for {policy.title} verifies nothing (insecureSkipVerify: true), and says by "
                f"{listed(beside)} what to verify",
                f"Remove insecureSkipVerify, or {listed(beside)}.",
            )

    def _check_credential(self, policy: Policy, tls: View) -> Iterator[Finding]:
        beside = [field for field in _FILES if _has(tls, field)]
        if beside:
            yield self._refused(
                tls.at(beside[0], key=True),
                f"The tls for {policy.title} has both credentialName and {listed(beside)}",
                f"Remove {listed(beside)}: the credential holds the certificates.",
            )

    def _check_mutual(self, policy: Policy, tls: View) -> Iterator[Finding]:
        missing = [
            field
            for field in ("clientCertificate", "privateKey")
            if tls.data.get(field) in (None, "")
        ]
        if missing:
            yield self._refused(
                tls.at("mode"),
                f"The tls for {policy.title} is MUTUAL and has no {listed(missing)}",
                f"Add {listed(missing)}, or a credentialName.",
            )


def _has(tls: View, field: str) -> bool:
    """Whether a field says something for certain."""
    value = tls.data.get(field)
    return (is_text(value) and value != "") or (isinstance(value, list) and bool(value))

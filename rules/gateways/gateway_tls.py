"""TS512: TLS settings of a Gateway's server that Istio refuses or ignores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tsplit_lint import (
    HTTP_PROTOCOLS,
    TLS_PROTOCOLS,
    Catalog,
    Finding,
    Gateway,
    Place,
    Rule,
    Server,
    Severity,
    as_list,
    is_text,
    listed,
)

#: A place, what is wrong there, how to mend it, and whether Istio refuses the Gateway for it.
Problem = tuple[Place, str, str, bool]

_PASSES: Final = ("PASSTHROUGH", "AUTO_PASSTHROUGH")
_ENDS: Final = ("SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL")
_ASKS_CLIENTS: Final = ("MUTUAL", "OPTIONAL_MUTUAL")
#: Where a certificate may come from.
_CERTIFICATES: Final = (
    "credentialName",
    "credentialNames",
    "serverCertificate",
    "privateKey",
    "caCertificates",
    "tlsCertificates",
)
_MOST_CERTIFICATES: Final = 2
#: The cipher suites that Istio passes on to the gateway.
_CIPHERS: Final = frozenset(
    (
        "AES128-GCM-SHA256",
        "AES128-SHA",
        "AES256-GCM-SHA384",
        "AES256-SHA",
        "DES-CBC3-SHA",
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES128-SHA",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-AES256-SHA",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-SHA",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-SHA",
        "ECDHE-RSA-CHACHA20-POLY1305",
    )
)


class GatewayTls(Rule[Gateway]):
    """A server's TLS settings fit its protocol and its mode.

    What it checks:
        That HTTPS and TLS ports have `tls` and others have none (plain HTTP may have `httpsRedirect`);
        that the mode has the certificates that it needs, from one source, and none that it does not
        use; cipher suites, the oldest TLS version, and revocation lists.  What Istio takes and
        ignores is a warning.

    Why it matters:
        Istio's webhook refuses the Gateway; without the webhook the gateway cannot build the listener.
        A server without `mode` passes TLS through: its certificate is ignored, and no HTTP route
        applies.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata:
          name: shop
        spec:
          selector: {istio: ingressgateway}
          servers:
          - port:
              number: 443
              name: https
              protocol: HTTPS  # <-
            hosts: [shop.example.com]
          - port: {number: 8443, name: https-admin, protocol: HTTPS}
            hosts: [admin.example.com]
            tls:
              mode: SIMPLE  # <-
              serverCertificate: /etc/certs/tls.crt
        ```
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata:
          name: shop
        spec:
          selector: {istio: ingressgateway}
          servers:
          - port: {number: 443, name: https, protocol: HTTPS}
            hosts: [shop.example.com]
            tls:
              credentialName: shop  # <-
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata:
          name: shop
        spec:
          selector: {istio: ingressgateway}
          servers:
          - port: {number: 80, name: http, protocol: HTTP}
            hosts: [shop.example.com]
            tls: {httpsRedirect: true}
          - port: {number: 443, name: https, protocol: HTTPS}
            hosts: [shop.example.com]
            tls: {mode: SIMPLE, credentialName: shop}
        ```

    How to fix:
        Write what the message says.

    Sources:
        - Istio reference, "Gateway": ServerTLSSettings
        - Istio source, validation of a server's TLS settings
    """

    id = "TS512"
    name = "gateway-tls"
    severity = Severity.ERROR
    aliases = ("IST0106", "IST0133")

    def check(self, gateway: Gateway, catalog: Catalog) -> Iterator[Finding]:
        """Look at each server of one Gateway."""
        for server in gateway.servers:
            for place, message, mend, is_refused in _problems(server):
                yield self.finding(
                    place,
                    f"{message}. Istio refuses the Gateway." if is_refused else f"{message}.",
                    severity=None if is_refused else Severity.WARNING,
                    aliases=("IST0106",) if is_refused else ("IST0133",),
                    help=mend,
                )


def _problems(server: Server) -> Iterator[Problem]:
    tls = server.data.get("tls")
    yield from _protocol(server, tls)
    if isinstance(tls, dict):
        yield from _ciphers(server, tls)
        mode = tls.get("mode") or "PASSTHROUGH"
        if mode == "ISTIO_MUTUAL":
            yield from _istio_mutual(server, tls)
        elif mode in _PASSES:
            yield from _passing(server, tls, mode)
        elif mode in _ENDS:
            yield from _ending(server, tls, mode)


def _protocol(server: Server, tls: Any) -> Iterator[Problem]:
    written = server.port.protocol
    if not is_text(written):
        return
    protocol = written.lower()
    if tls is None and protocol in TLS_PROTOCOLS:
        message = f"The port's protocol is {written}, and the server has no tls"
        mend = "Add tls with a mode and a certificate."
        yield server.at("port", "protocol"), message, mend, True
    if not isinstance(tls, dict) or protocol in TLS_PROTOCOLS:
        if isinstance(tls, dict) and tls.get("httpsRedirect") is True:
            message = f"httpsRedirect has no effect on a port of {written}"
            mend = "Set it on the plain HTTP port of the same hosts."
            yield server.at("tls", "httpsRedirect"), message, mend, False
        return
    if protocol in HTTP_PROTOCOLS:
        fields = [
            field
            for field in ("serverCertificate", "privateKey", "caCertificates")
            if _is_given(tls.get(field))
        ]
        if tls.get("mode") in (*_ENDS, "ISTIO_MUTUAL"):
            fields.insert(0, "mode")
        if fields:
            message = (
                f"The port's protocol is {written}, which is not encrypted, and tls has {fields[0]}"
            )
            mend = "Write HTTPS as the protocol, or keep nothing but httpsRedirect in tls."
            yield server.at("tls", fields[0]), message, mend, True
    else:
        message = f"The port's protocol is {written}, and the server has tls"
        mend = "Write TLS as the protocol, or remove tls."
        yield server.at("tls", key=True), message, mend, True


def _ciphers(server: Server, tls: Mapping[str, Any]) -> Iterator[Problem]:
    oldest = tls.get("minProtocolVersion")
    if oldest in ("TLSV1_0", "TLSV1_1") and not tls.get("cipherSuites"):
        message = f"{oldest} needs cipher suites that are not among the default ones"
        mend = "Name them in cipherSuites, or write TLSV1_2."
        yield server.at("tls", "minProtocolVersion"), message, mend, False
    seen: set[str] = set()
    for index, cipher in enumerate(as_list(tls.get("cipherSuites"))):
        if not is_text(cipher) or not cipher:
            continue
        place = server.at("tls", "cipherSuites", index)
        # Istio leaves `ALL` and expressions that begin with a sign to the gateway.
        if cipher != "ALL" and cipher[0].isalnum() and cipher not in _CIPHERS:
            message = f'The cipher suite "{cipher}" is none that Istio knows, and is ignored'
            yield place, message, "Write one that Istio knows, or remove it.", False
        elif cipher in seen:
            yield place, f'The cipher suite "{cipher}" is named twice', "Remove it here.", False
        seen.add(cipher)


def _istio_mutual(server: Server, tls: Mapping[str, Any]) -> Iterator[Problem]:
    for field in _CERTIFICATES:
        if _is_given(tls.get(field)):
            message = (
                f"The mode ISTIO_MUTUAL takes the certificates of the mesh, and tls has {field}"
            )
            mend = f"Remove {field}, or write SIMPLE or MUTUAL as the mode."
            yield server.at("tls", field), message, mend, True


def _passing(server: Server, tls: Mapping[str, Any], mode: str) -> Iterator[Problem]:
    yield from _sources(server, tls)
    if _is_given(tls.get("caCrl")) and _is_given(tls.get("credentialName")):
        message = "A revocation list beside credentialName has to be in that secret"
        yield server.at("tls", "caCrl"), message, "Remove caCrl.", True
        return
    given = [field for field in (*_CERTIFICATES, "caCrl") if _is_given(tls.get(field))]
    protocol = server.port.protocol
    if given and is_text(protocol) and protocol.lower() in TLS_PROTOCOLS:
        what = f"The mode {mode}" if tls.get("mode") else "tls without a mode"
        message = f"{what} passes the connection on as it is, and {given[0]} is ignored"
        mend = "Write SIMPLE as the mode if the gateway is to end TLS, or remove the certificate."
        yield server.at("tls", given[0]), message, mend, False


def _ending(server: Server, tls: Mapping[str, Any], mode: str) -> Iterator[Problem]:
    yield from _sources(server, tls)
    revoked = _is_given(tls.get("caCrl"))
    if _may_be_given(tls.get("credentialName")) or _may_be_given(tls.get("credentialNames")):
        if revoked and _is_given(tls.get("credentialName")):
            message = (
                "A revocation list beside credentialName has to be in that secret: caCrl is ignored"
            )
            yield server.at("tls", "caCrl"), message, "Remove caCrl.", False
        return
    place = server.at("tls", "mode")
    if mode in _ASKS_CLIENTS and not _may_be_given(tls.get("caCertificates")):
        message = f"The mode {mode} needs the authorities of its clients"
        yield place, message, "Add credentialName, or caCertificates.", True
    yield from _files(server, tls, mode)
    if revoked and mode == "SIMPLE":
        message = "The mode SIMPLE asks no client for a certificate that caCrl could revoke"
        yield server.at("tls", "caCrl"), message, "Remove caCrl, or write MUTUAL as the mode.", True


def _files(server: Server, tls: Mapping[str, Any], mode: str) -> Iterator[Problem]:
    """The server's own certificates, where they are files."""
    wanted = ("serverCertificate", "privateKey")
    pairs = tls.get("tlsCertificates")
    if not _may_be_given(pairs):
        missing = [field for field in wanted if not _may_be_given(tls.get(field))]
        if missing:
            message = (
                f"The mode {mode} needs a certificate, and tls has no {listed(missing, 'and no')}"
            )
            mend = "Add credentialName, or serverCertificate and privateKey."
            yield server.at("tls", "mode"), message, mend, True
    for index, pair in enumerate(as_list(pairs)):
        if isinstance(pair, dict):
            for field in wanted:
                if not _may_be_given(pair.get(field)):
                    place = server.at("tls", "tlsCertificates", index)
                    yield place, f"This certificate has no {field}", f"Add {field}.", True


def _sources(server: Server, tls: Mapping[str, Any]) -> Iterator[Problem]:
    given = [
        field
        for field in ("credentialName", "credentialNames", "tlsCertificates")
        if _is_given(tls.get(field))
    ]
    if _is_given(tls.get("serverCertificate")) and _is_given(tls.get("privateKey")):
        given.append("serverCertificate")
    if len(given) > 1:
        message = f"tls has certificates from {listed(given)}, where one source is allowed"
        yield server.at("tls", given[1], key=True), message, "Keep one of them.", True
    for field in ("credentialNames", "tlsCertificates"):
        count = len(as_list(tls.get(field)))
        if count > _MOST_CERTIFICATES:
            message = f"{field} has {count} entries, and a server has {_MOST_CERTIFICATES} at most"
            mend = "Keep one RSA and one ECDSA certificate."
            yield server.at("tls", field, key=True), message, mend, True


def _is_given(value: object) -> bool:
    """Whether a field certainly holds something."""
    return (is_text(value) or isinstance(value, list)) and bool(value)


def _may_be_given(value: object) -> bool:
    """Whether a field holds something, be it hidden by an expression or of a wrong type."""
    return bool(value)

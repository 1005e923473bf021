"""TS506: one certificate in two gateways of the same pods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Gateway,
    Listener,
    Place,
    Rule,
    Scope,
    Severity,
    Together,
    as_dict,
    as_list,
    is_text,
    listeners,
    pods_shared,
)

#: Modes in which a gateway ends TLS itself, with a certificate of its own.
_ENDS_TLS = ("SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL")


class DuplicateCertificate(Rule[Scope]):
    """A certificate is used by one Gateway of the same gateway pods.

    What it checks:
        HTTPS servers on one port of Gateways under different names whose selectors choose the same pods:
        the same `credentialName`, or the same files.  Gateways that share a host too are TS503.  Only
        Gateways of one file, one rendered chart, one kustomization or one Harness service are held
        against each other.

    Why it matters:
        A browser that has an HTTP/2 connection to the first host uses it for the second one, since the
        certificate covers both.  Istio routes by the Gateway that the connection was opened for, which
        does not know the second host: 404, now and then, depending on which page was opened first.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata:
          name: shop
        spec:
          selector: {istio: ingressgateway}
          servers:
          - port: {number: 443, name: https, protocol: HTTPS}
            tls: {mode: SIMPLE, credentialName: wildcard}
            hosts: [shop.example.com]
        ---
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata:
          name: blog
        spec:
          selector: {istio: ingressgateway}
          servers:
          - port: {number: 443, name: https, protocol: HTTPS}
            tls:
              mode: SIMPLE
              credentialName: wildcard  # <-
            hosts: [blog.example.com]
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata:
          name: public
        spec:
          selector: {istio: ingressgateway}
          servers:
          - port: {number: 443, name: https, protocol: HTTPS}
            tls: {mode: SIMPLE, credentialName: wildcard}
            hosts: ["*.example.com"]
        ```

    How to fix:
        Write one Gateway with all the hosts and let the VirtualServices name it, or give each Gateway a
        certificate of its own hosts.

    Sources:
        - Istio docs, "Traffic Management Problems": 404 errors occur when multiple gateways are
          configured with the same TLS certificate
        - Istio docs, "GatewayDuplicateCertificate"
    """

    id = "TS506"
    name = "duplicate-certificate"
    severity = Severity.WARNING
    aliases = ("IST0138",)
    needs = ("Gateway",)

    def check(self, scope: Scope, catalog: Catalog) -> Iterator[Finding]:
        """Compare the servers of the gateways that deploy together."""
        seen: dict[tuple[object, ...], list[Listener]] = defaultdict(list)
        for gateway in scope.of(Gateway):
            for listener in listeners(gateway):
                for certificate, field in _certificates(listener):
                    earlier = seen[listener.number, listener.bind, certificate]
                    other = next(
                        (
                            other
                            for other in earlier
                            if _clash(listener, other)
                            and catalog.together(gateway, other.gateway) is Together.SURELY
                        ),
                        None,
                    )
                    earlier.append(listener)
                    if other is not None:
                        yield self._report(listener, other, certificate[0], field)

    def _report(self, listener: Listener, other: Listener, name: str, field: Place) -> Finding:
        return self.finding(
            field,
            f'The certificate "{name}" is also used by {other.gateway.title}, on the same pods. A browser '
            "reuses its HTTP/2 connection for the hosts of both and gets 404 from the Gateway that it "
            "was opened for.",
            aliases=() if "credentialNames" in field.path else self.aliases,
            related=[(other.server.at("tls"), "the same certificate")],
            help="Write one Gateway with the hosts of both, or use a certificate for each.",
        )


def _certificates(listener: Listener) -> Iterator[tuple[tuple[str, str], Place]]:
    """Each certificate of a server, as a pair that tells it from others, with its place."""
    server = listener.server
    tls = as_dict(server.data.get("tls"))
    if listener.protocol != "https" or tls.get("mode") not in _ENDS_TLS:
        return
    names = [("credentialName",), *(("credentialNames", i) for i in range(9))]
    for path in names:
        value = _value(tls, path)
        if is_text(value) and value:
            yield (value, ""), server.at("tls", *path)
    if not tls.get("credentialName") and not tls.get("credentialNames"):
        file, key = tls.get("serverCertificate"), tls.get("privateKey")
        if is_text(file) and is_text(key) and file and key:
            yield (file, key), server.at("tls", "serverCertificate")


def _value(tls: dict[str, object], path: tuple[str | int, ...]) -> object:
    field, *index = path
    value = tls.get(str(field))
    if not index:
        return value
    entries = as_list(value)
    return entries[int(index[0])] if int(index[0]) < len(entries) else None


def _clash(listener: Listener, other: Listener) -> bool:
    """Whether a connection to one may be taken for the other, and no other rule says so."""
    one, another = listener.gateway, other.gateway
    if one is another or (one.name == another.name and one.namespace == another.namespace):
        return False
    return pods_shared(one, another) and not listener.shared_hosts(other)

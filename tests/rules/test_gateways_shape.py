"""Gateways that Istio refuses: TS505 and TS512, a row for each check of `istioctl validate`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conftest import Tree

Lint = Callable[..., list[str]]
RULES = ("TS505", "TS512")
PORT = "{number: 80, name: http, protocol: HTTP}"
HTTPS = "{number: 443, name: https, protocol: HTTPS}"


def gateway(port: str = PORT, hosts: str = "[shop.example.com]", more: str = "") -> str:
    """A Gateway with one server: the port in line 7, the hosts in line 8, the rest in line 9."""
    return f"""\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: shop}}
spec:
  selector: {{istio: ingressgateway}}
  servers:
  - port: {port}
    hosts: {hosts}
    {more}
"""


def tls(settings: str, port: str = HTTPS) -> str:
    """A Gateway whose TLS settings stand in line 9."""
    return gateway(port, more=f"tls: {{{settings}}}")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("shop.edge", "shop-edge"),
        ("shop_edge", "shop"),
        ("-shop", "2shop"),
        ("s" * 64, "s" * 63),
    ],
)
def test_names(lint_text: Lint, wrong: str, right: str) -> None:
    assert lint_text(gateway().replace("name: shop}", f"name: {wrong}}}", 1)) == ["3:18 TS505"]
    assert lint_text(gateway().replace("name: shop}", f"name: {right}}}", 1)) == []


@pytest.mark.parametrize(
    ("servers", "found"),
    [
        ("", ["3:18 TS505"]),
        ("servers: []", ["6:3 TS505"]),
        ("servers:", ["3:18 TS505"]),
        ("servers: [null]", ["6:13 TS505"]),
        ("servers: [{}]", ["6:13 TS505"]),
        ("servers: '${servers}'", []),
        ("servers: ['${server}']", []),
    ],
)
def test_servers(lint_text: Lint, servers: str, found: list[str]) -> None:
    head = gateway().split("  servers:")[0]
    assert lint_text(f"{head}  {servers}\n", select=RULES) == found


def test_the_selector_is_not_judged(lint_text: Lint) -> None:
    without = gateway().replace("  selector: {istio: ingressgateway}\n", "")
    assert lint_text(without) == []


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("[]", '["*"]'),
        ("", "[shop.example.com]"),
        ("[shop]", "[shop.local]"),
        ('["*shop.example.com"]', '["*.example.com"]'),
        ('["shop.*.com"]', '["*.shop.com"]'),
        ("[shop..com]", "[shop.com]"),
        ("[shop_a.example.com]", "[shop-a.example.com]"),
        ("['2001:db8::1']", "[10.0.0.1]"),
        ("['']", "['*']"),
        ("[shop/]", "[shop/shop.example.com]"),
        ("[/shop.example.com]", "[./shop.example.com]"),
        ("[a.b/shop.example.com]", '["*/shop.example.com"]'),
        ("[shop/shop]", '["shop/*"]'),
        ("[shop.example.com/shop]", '["shop/*.example.com"]'),
        ("[1.2.3.400]", "[1.2.3.40]"),
    ],
)
def test_hosts(lint_text: Lint, wrong: str, right: str) -> None:
    lines = {line.split(":")[0] for line in lint_text(gateway(hosts=wrong), select=RULES)}
    assert lines in ({"8"}, {"7"})
    assert lint_text(gateway(hosts=right), select=RULES) == []


def test_one_finding_for_each_host(lint_text: Lint) -> None:
    text = gateway(hosts="[shop, shop.example.com, blog, '${host}']")
    assert lint_text(text, select=RULES) == ["8:13 TS505", "8:37 TS505"]


@pytest.mark.parametrize(
    ("wrong", "found", "right"),
    [
        ("", ["7:5 TS505"], PORT),
        ("{name: http, protocol: HTTP}", ["7:5 TS505"], PORT),
        ("{number: 80, protocol: HTTP}", ["7:5 TS505"], PORT),
        ("{number: 80, name: http}", ["7:5 TS505"], PORT),
        ("{number: 80, name: '', protocol: HTTP}", ["7:24 TS505"], PORT),
        (
            "{number: 0, name: h, protocol: HTTP}",
            ["7:20 TS505"],
            "{number: 1, name: h, protocol: HTTP}",
        ),
        (
            "{number: 65536, name: h, protocol: HTTP}",
            ["7:20 TS505"],
            "{number: 65535, name: h, protocol: HTTP}",
        ),
        (
            "{number: 80, name: h, protocol: HTPP}",
            ["7:43 TS505"],
            "{number: 80, name: h, protocol: http}",
        ),
        (
            "{number: 80, name: h, protocol: HTTP3}",
            ["7:43 TS505"],
            "{number: 80, name: h, protocol: grpc-Web}",
        ),
        (
            "{number: 80, name: h, protocol: HTTP, targetPort: 8080}",
            ["7:61 TS505"],
            "{number: 80, name: h, protocol: HTTP, targetPort: 0}",
        ),
    ],
)
def test_ports(lint_text: Lint, wrong: str, found: list[str], right: str) -> None:
    assert lint_text(gateway(wrong), select=RULES) == found
    assert lint_text(gateway(right), select=RULES) == []


def test_a_hidden_port_is_not_judged(lint_text: Lint) -> None:
    port = "{number: '${port}', name: '${name}', protocol: '${protocol}'}"
    assert lint_text(gateway(port), select=RULES) == []
    assert lint_text(gateway("'${port}'"), select=RULES) == []


def test_two_ports_of_one_name(lint_text: Lint) -> None:
    second = "- {port: {number: 81, name: NAME, protocol: HTTP}, hosts: [a.example.com]}"
    text = gateway(more="").rstrip() + f"\n  {second}\n"
    assert lint_text(text.replace("NAME", "http"), select=RULES) == ["9:31 TS505"]
    assert lint_text(text.replace("NAME", "http-2"), select=RULES) == []


@pytest.mark.parametrize(
    ("bind", "number", "found"),
    [
        ("localhost", 80, ["9:11 TS505"]),
        ("10.0.0", 80, ["9:11 TS505"]),
        ("unix://", 0, ["9:11 TS505"]),
        ("unix://edge.sock", 0, ["9:11 TS505"]),
        ("unix:///run/", 0, ["9:11 TS505"]),
        ("unix:///run/edge.sock", 80, ["7:20 TS505"]),
        ("10.0.0.1", 0, ["7:20 TS505"]),
        ("10.0.0.1", 80, []),
        ("'::'", 80, []),
        ("unix:///run/edge.sock", 0, []),
        ("unix://@edge", 0, []),
        ("''", 80, []),
        ("'${address}'", 80, []),
    ],
)
def test_bind(lint_text: Lint, bind: str, number: int, found: list[str]) -> None:
    port = f"{{number: {number}, name: http, protocol: HTTP}}"
    assert lint_text(gateway(port, more=f"bind: {bind}"), select=RULES) == found


FILES = "serverCertificate: /c, privateKey: /k"


@pytest.mark.parametrize(
    ("protocol", "settings", "found"),
    [
        ("HTTPS", None, "port.protocol error"),
        ("tls", None, "port.protocol error"),
        ("HTTP", None, ""),
        ("TCP", None, ""),
        ("HTTP", "httpsRedirect: true", ""),
        ("HTTP2", "mode: PASSTHROUGH", ""),
        ("HTTP", "mode: SIMPLE, credentialName: c", "tls.mode error"),
        ("GRPC", f"{FILES}", "tls.serverCertificate error"),
        ("HTTP", "caCertificates: /ca", "tls.caCertificates error"),
        ("TCP", "mode: SIMPLE, credentialName: c", "tls error"),
        ("MONGO", "mode: PASSTHROUGH", "tls error"),
        ("HTTPS", "mode: SIMPLE, credentialName: c", ""),
        (
            "HTTPS",
            "mode: SIMPLE, credentialName: c, httpsRedirect: true",
            "tls.httpsRedirect warning",
        ),
        ("TLS", "mode: PASSTHROUGH, httpsRedirect: false", ""),
    ],
)
def test_protocol_and_tls(tree: Tree, protocol: str, settings: str | None, found: str) -> None:
    port = f"{{number: 443, name: https, protocol: {protocol}}}"
    check(tree, gateway(port) if settings is None else tls(settings, port), found)


def check(tree: Tree, text: str, found: str) -> None:
    tree.write({"gateway.yaml": text})
    shown = [
        f"{finding.path.removeprefix('spec.servers[0].')} {finding.severity.label}"
        for finding in tree.lint(select=("TS512",))
    ]
    assert shown == ([found] if found else [])


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        # ISTIO_MUTUAL takes no certificate.
        ("mode: ISTIO_MUTUAL", ""),
        ("mode: ISTIO_MUTUAL, credentialName: c", "tls.credentialName error"),
        ("mode: ISTIO_MUTUAL, credentialNames: [c]", "tls.credentialNames error"),
        ("mode: ISTIO_MUTUAL, serverCertificate: /c", "tls.serverCertificate error"),
        ("mode: ISTIO_MUTUAL, privateKey: /k", "tls.privateKey error"),
        ("mode: ISTIO_MUTUAL, caCertificates: /ca", "tls.caCertificates error"),
        ("mode: ISTIO_MUTUAL, tlsCertificates: [{}]", "tls.tlsCertificates error"),
        ("mode: ISTIO_MUTUAL, credentialName: '${c}'", ""),
        # What passes TLS through ignores certificates; no mode is PASSTHROUGH.
        ("mode: PASSTHROUGH", ""),
        ("mode: AUTO_PASSTHROUGH", ""),
        ("mode: PASSTHROUGH, credentialName: c", "tls.credentialName warning"),
        ("mode: AUTO_PASSTHROUGH, serverCertificate: /c", "tls.serverCertificate warning"),
        ("mode: PASSTHROUGH, caCrl: /crl", "tls.caCrl warning"),
        ("credentialName: c", "tls.credentialName warning"),
        ("mode: PASSTHROUGH, credentialName: c, caCrl: /crl", "tls.caCrl error"),
        # One source of certificates.
        ("mode: SIMPLE, credentialName: c, credentialNames: [d]", "tls.credentialNames error"),
        (f"mode: SIMPLE, credentialName: c, {FILES}", "tls.serverCertificate error"),
        (f"mode: SIMPLE, tlsCertificates: [{{{FILES}}}], {FILES}", "tls.serverCertificate error"),
        ("mode: SIMPLE, credentialName: c, serverCertificate: /c", ""),
        # Certificates that a mode needs.
        ("mode: SIMPLE", "tls.mode error"),
        ("mode: SIMPLE, serverCertificate: /c", "tls.mode error"),
        ("mode: SIMPLE, privateKey: /k", "tls.mode error"),
        (f"mode: SIMPLE, {FILES}", ""),
        ("mode: SIMPLE, credentialNames: [a, b]", ""),
        ("mode: SIMPLE, credentialName: '${c}'", ""),
        ("mode: SIMPLE, credentialName: 7", ""),
        ("mode: MUTUAL, credentialName: c", ""),
        (f"mode: MUTUAL, {FILES}", "tls.mode error"),
        (f"mode: OPTIONAL_MUTUAL, {FILES}", "tls.mode error"),
        (f"mode: MUTUAL, {FILES}, caCertificates: /ca", ""),
        (f"mode: SIMPLE, tlsCertificates: [{{{FILES}}}]", ""),
        ("mode: SIMPLE, tlsCertificates: [{privateKey: /k}]", "tls.tlsCertificates[0] error"),
        (
            f"mode: SIMPLE, tlsCertificates: [{{{FILES}}}, {{serverCertificate: /c}}]",
            "tls.tlsCertificates[1] error",
        ),
        (
            f"mode: SIMPLE, tlsCertificates: [{{{FILES}}}, {{{FILES}}}, {{{FILES}}}]",
            "tls.tlsCertificates error",
        ),
        ("mode: SIMPLE, credentialNames: [a, b, c]", "tls.credentialNames error"),
        ("mode: '${mode}'", ""),
        ("mode: TLS13", ""),
        # Revocation lists.
        (f"mode: SIMPLE, {FILES}, caCrl: /crl", "tls.caCrl error"),
        ("mode: SIMPLE, credentialName: c, caCrl: /crl", "tls.caCrl warning"),
        ("mode: MUTUAL, credentialName: c, caCrl: /crl", "tls.caCrl warning"),
        (f"mode: MUTUAL, {FILES}, caCertificates: /ca, caCrl: /crl", ""),
        # Cipher suites and versions.
        ("mode: SIMPLE, credentialName: c, cipherSuites: [RC4-SHA]", "tls.cipherSuites[0] warning"),
        (
            "mode: SIMPLE, credentialName: c, cipherSuites: [AES128-SHA, AES128-SHA]",
            "tls.cipherSuites[1] warning",
        ),
        ("mode: SIMPLE, credentialName: c, cipherSuites: [AES128-SHA, ALL, '-AES256', '']", ""),
        (
            "mode: SIMPLE, credentialName: c, minProtocolVersion: TLSV1_0",
            "tls.minProtocolVersion warning",
        ),
        (
            "mode: SIMPLE, credentialName: c, minProtocolVersion: TLSV1_1, cipherSuites: [AES128-SHA]",
            "",
        ),
        ("mode: SIMPLE, credentialName: c, minProtocolVersion: TLSV1_2", ""),
    ],
)
def test_tls_settings(tree: Tree, settings: str, found: str) -> None:
    check(tree, tls(settings), found)


def test_hidden_tls_settings(lint_text: Lint) -> None:
    assert lint_text(gateway(HTTPS, more="tls: '${tls}'"), select=RULES) == []


@pytest.mark.parametrize(
    "more",
    [
        "tls: [a]",
        "tls: yes",
        "tls: {mode: [SIMPLE]}",
        "tls: {mode: SIMPLE, tlsCertificates: [a]}",
        "tls: {mode: PASSTHROUGH, cipherSuites: a}",
        "tls: {mode: PASSTHROUGH}\n    bind: [a]",
    ],
)
def test_odd_shapes_are_judged_elsewhere(lint_text: Lint, more: str) -> None:
    assert lint_text(gateway(HTTPS, more=more), select=RULES) == []
    assert lint_text(gateway("[80]", "shop", more), select=RULES) == []


def test_a_gateway_of_the_gateway_api_is_another_kind(lint_text: Lint) -> None:
    text = gateway("", "[]").replace("networking.istio.io", "gateway.networking.k8s.io")
    assert lint_text(text, select=RULES) == []


def test_a_protocol_gives_a_hint(tree: Tree) -> None:
    tree.write({"gateway.yaml": gateway("{number: 80, name: http, protocol: HTPP}")})
    (finding,) = tree.lint(select=RULES)
    assert finding.help == 'Did you mean "HTTP"?'
    assert finding.aliases == ("IST0106",)

"""Gateways of the same pods that contend for a port, or share a certificate: TS503 and TS506."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Tree

SELECTOR = "{istio: ingressgateway}"


def gateway(
    name: str,
    protocol: str = "HTTPS",
    hosts: str = "[a.example.com]",
    *,
    number: int = 443,
    selector: str = SELECTOR,
    namespace: str = "ingress",
    bind: str = "",
    credential: str = "",
) -> str:
    """A Gateway with one server: the port in line 8, the hosts in line 9."""
    tls = f"tls: {{mode: SIMPLE, credentialName: {credential or name}}}"
    return f"""\
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {selector}
  servers:
  - port: {{number: {number}, name: p, protocol: {protocol}}}
    hosts: {hosts}
    {f"bind: {bind}" if bind else ""}
    {tls if protocol in ("HTTPS", "TLS") else ""}
"""


def show(tree: Tree, files: dict[str, str], rule: str, **settings: Any) -> list[str]:
    tree.write(files)
    return [
        f"{tree.name(finding.file)}:{finding.span.line}:{finding.span.column} {finding.severity.label}"
        for finding in tree.lint(select=(rule,), **settings)
    ]


# -- TS503 ----------------------------------------------------------------------------------------

ON_PORT, ON_HOST = "gw.yaml:19:20", "gw.yaml:20:13"


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ({}, {}, f"{ON_HOST} error"),
        ({}, {"protocol": "TLS"}, f"{ON_HOST} error"),
        ({}, {"hosts": "[A.Example.com]"}, f"{ON_HOST} error"),
        ({}, {"hosts": "[b.example.com, a.example.com]"}, "gw.yaml:20:28 error"),
        ({}, {"hosts": "['*/a.example.com']"}, f"{ON_HOST} error"),
        ({}, {"hosts": "[shop/a.example.com]"}, f"{ON_HOST} warning"),
        ({"hosts": "[./a.example.com]"}, {"hosts": "[ingress/a.example.com]"}, f"{ON_HOST} error"),
        ({"hosts": "['*']"}, {"hosts": "['*/*']"}, f"{ON_HOST} error"),
        ({"hosts": "['*.example.com']"}, {"hosts": "['*.example.com']"}, f"{ON_HOST} error"),
        ({}, {"selector": "{istio: ingressgateway, app: edge}"}, f"{ON_HOST} error"),
        ({}, {"namespace": "shop"}, f"{ON_HOST} error"),
        ({"bind": "10.0.0.1"}, {"bind": "10.0.0.1"}, f"{ON_HOST} error"),
        ({}, {"protocol": "HTTP", "hosts": "[b.example.com]"}, f"{ON_PORT} error"),
        ({}, {"protocol": "TCP", "hosts": "[b.example.com]"}, f"{ON_PORT} error"),
        ({"protocol": "HTTP"}, {"protocol": "TCP"}, f"{ON_PORT} error"),
        ({"protocol": "MONGO"}, {"protocol": "HTTP2"}, f"{ON_PORT} error"),
        ({"protocol": "TCP"}, {"protocol": "TCP", "hosts": "[b.example.com]"}, f"{ON_PORT} error"),
        ({"protocol": "HTTP"}, {"protocol": "HTTP"}, f"{ON_HOST} info"),
        ({"protocol": "HTTP"}, {"protocol": "GRPC"}, f"{ON_HOST} info"),
    ],
)
def test_two_gateways_of_one_file(
    tree: Tree, first: dict[str, Any], second: dict[str, Any], found: str
) -> None:
    text = gateway("one", **first) + gateway("two", **second)
    assert show(tree, {"gw.yaml": text}, "TS503") == [found]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {"hosts": "[b.example.com]"}),
        ({}, {"hosts": "['*.example.com']"}),
        ({"hosts": "['*']"}, {"hosts": "['*.example.com']"}),
        ({"hosts": "[shop/a.example.com]"}, {"hosts": "[blog/a.example.com]"}),
        ({}, {"number": 8443}),
        ({}, {"selector": "{istio: internal}"}),
        ({}, {"selector": "{app: edge}"}),
        ({}, {"selector": "{istio: internal, app: edge}"}),
        ({}, {"selector": "'${selector}'"}),
        ({}, {"selector": "{istio: '${gateway}'}"}),
        ({}, {"bind": "10.0.0.1"}),
        ({"bind": "10.0.0.2"}, {"bind": "10.0.0.1"}),
        ({"bind": "10.0.0.2", "protocol": "TCP"}, {"bind": "10.0.0.1", "protocol": "TCP"}),
        ({"protocol": "HTTP"}, {"protocol": "HTTP", "hosts": "[b.example.com]"}),
        ({}, {"hosts": "['${host}']"}),
        ({}, {"protocol": "'${protocol}'"}),
        ({"protocol": "TCP"}, {"protocol": "UDP"}),
    ],
)
def test_two_gateways_that_get_along(
    tree: Tree, first: dict[str, Any], second: dict[str, Any]
) -> None:
    text = gateway("one", **first) + gateway("two", **second)
    assert show(tree, {"gw.yaml": text}, "TS503") == []


def two_servers(first: str, second: str) -> str:
    head = gateway("one").split("  - port")[0]
    return f"{head}  - {first}\n  - {second}\n"


TLS = "tls: {mode: SIMPLE, credentialName: c}"


@pytest.mark.parametrize(
    ("second", "found"),
    [
        (f"{{port: {{number: 443, protocol: HTTPS}}, hosts: [a.example.com], {TLS}}}", "error"),
        ("{port: {number: 443, protocol: TCP}, hosts: [b.example.com]}", "error"),
        (f"{{port: {{number: 443, protocol: HTTPS}}, hosts: [b.example.com], {TLS}}}", ""),
        (f"{{port: {{number: 8443, protocol: HTTPS}}, hosts: [a.example.com], {TLS}}}", ""),
        ("{port: {number: 80, protocol: HTTP}, hosts: [a.example.com]}", ""),
    ],
)
def test_two_servers_of_one_gateway(tree: Tree, second: str, found: str) -> None:
    first = f"{{port: {{number: 443, protocol: HTTPS}}, hosts: [a.example.com], {TLS}}}"
    shown = show(tree, {"gw.yaml": two_servers(first, second)}, "TS503")
    assert [line.split()[1] for line in shown] == ([found] if found else [])
    assert all(line.startswith("gw.yaml:9:") for line in shown)


def test_two_plain_servers_of_one_gateway_are_merged(tree: Tree) -> None:
    server = "{port: {number: 80, protocol: HTTP}, hosts: [a.example.com]}"
    assert show(tree, {"gw.yaml": two_servers(server, server)}, "TS503") == []


def test_files_of_one_chart_deploy_together(tree: Tree) -> None:
    files = {
        "Chart.yaml": "name: edge",
        "values.yaml": "{}",
        "templates/one.yaml": gateway("one"),
        "templates/two.yaml": gateway("two"),
    }
    assert show(tree, files, "TS503") == ["templates/two.yaml:9:13 error"]


def test_files_of_one_kustomization_deploy_together(tree: Tree) -> None:
    files = {
        "kustomization.yaml": "resources: [one.yaml, two.yaml]",
        "one.yaml": gateway("one"),
        "two.yaml": gateway("two"),
    }
    assert show(tree, files, "TS503") == ["two.yaml:9:13 error"]


def test_files_of_one_folder_likely_do(tree: Tree) -> None:
    files = {"one.yaml": gateway("one"), "two.yaml": gateway("two")}
    assert show(tree, files, "TS503") == ["two.yaml:9:13 warning"]
    (finding,) = tree.lint(select=("TS503",))
    assert finding.confidence == "medium"


@pytest.mark.parametrize(
    "files",
    [
        {"one.yaml": gateway("one"), "other.yaml": gateway("one")},
        {"one.yaml": gateway("one"), "one-2.yaml": gateway("one"), "two.yaml": gateway("two")},
        {"one/gw.yaml": gateway("one"), "two/gw.yaml": gateway("two")},
        {"one.yaml": gateway("one"), "two.yaml": gateway("two", namespace="shop")},
        {
            "one.yaml": gateway("one", "HTTP", "['*']", number=80),
            "two.yaml": gateway("two", "HTTP", "['*']", number=80),
        },
        {
            "one.yaml": gateway("one"),
            "two.yaml": "# harness.io/skip-file-for-deploy\n" + gateway("two"),
        },
    ],
    ids=["one name", "a tutorial", "two folders", "two namespaces", "plain HTTP", "skipped"],
)
def test_alternatives_are_silent(tree: Tree, files: dict[str, str]) -> None:
    assert show(tree, files, "TS503") == []
    assert show(tree, files, "TS503", complete=True) == []


def test_the_conflict_in_the_own_file_is_the_one_that_is_told(tree: Tree) -> None:
    files = {"a.yaml": gateway("one"), "b.yaml": gateway("two") + gateway("three")}
    assert show(tree, files, "TS503") == ["b.yaml:9:13 warning", "b.yaml:20:13 error"]


def test_many_gateways_are_compared_fast(tree: Tree) -> None:
    text = "".join(gateway(f"g{n}", hosts=f"[h{n}.example.com]") for n in range(300))
    assert show(tree, {"gw.yaml": text}, "TS503") == []


def test_the_message_names_both(tree: Tree) -> None:
    tree.write({"gw.yaml": gateway("one") + gateway("two")})
    (finding,) = tree.lint(select=("TS503",))
    assert 'The host "a.example.com" on port 443' in finding.message
    assert "Gateway ingress/one" in finding.message
    assert [(place.file, place.span.line) for place in finding.related] == [("gw.yaml", 9)]


# -- TS506 ----------------------------------------------------------------------------------------


def cert(name: str, **settings: Any) -> str:
    return gateway(name, **{"credential": "wildcard", "hosts": f"[{name}.example.com]", **settings})


def test_one_certificate_on_two_gateways(tree: Tree) -> None:
    text = cert("one") + cert("two")
    assert show(tree, {"gw.yaml": text}, "TS506") == ["gw.yaml:22:41 warning"]


@pytest.mark.parametrize(
    "second",
    [
        cert("two", credential="other"),
        cert("two", credential="'${credential}'"),
        cert("two", number=8443),
        cert("two", selector="{istio: internal}"),
        cert("two", protocol="TLS"),
        cert("two").replace("mode: SIMPLE", "mode: PASSTHROUGH"),
        cert("two", bind="10.0.0.1"),
        cert("two", hosts="[one.example.com]"),  # TS503
        cert("one", hosts="[two.example.com]"),  # TS011
    ],
)
def test_certificates_that_do_not_meet(tree: Tree, second: str) -> None:
    assert show(tree, {"gw.yaml": cert("one") + second}, "TS506") == []


@pytest.mark.parametrize(
    ("settings", "column"),
    [
        ("credentialNames: [other, wildcard]", 50),
        ("serverCertificate: /c, privateKey: /k", 44),
    ],
)
def test_certificates_in_lists_and_files(tree: Tree, settings: str, column: int) -> None:
    text = cert("one") + cert("two")
    text = text.replace("credentialName: wildcard", settings)
    found = show(tree, {"gw.yaml": text}, "TS506")
    assert found[-1] == f"gw.yaml:22:{column} warning"


def test_the_same_file_with_another_key_is_another_certificate(tree: Tree) -> None:
    one = cert("one").replace("credentialName: wildcard", "serverCertificate: /c, privateKey: /k")
    two = cert("two").replace("credentialName: wildcard", "serverCertificate: /c, privateKey: /l")
    assert show(tree, {"gw.yaml": one + two}, "TS506") == []


def test_only_gateways_that_surely_deploy_together(tree: Tree) -> None:
    files = {"one.yaml": cert("one"), "two.yaml": cert("two")}
    assert show(tree, files, "TS506") == []
    files["kustomization.yaml"] = "resources: [one.yaml, two.yaml]"
    assert show(tree, files, "TS506") == ["two.yaml:11:41 warning"]


def test_two_servers_of_one_gateway_may_share_a_certificate(tree: Tree) -> None:
    text = cert("one")
    server = text[text.index("  - port") :].replace("one.example", "two.example")
    assert show(tree, {"gw.yaml": text + server}, "TS506") == []


def test_a_server_that_contradicts_itself_is_told_once(tree: Tree) -> None:
    other = gateway("two", hosts="[b.example.com]")
    wrong = gateway("one").replace("HTTPS}", "HTTP}")
    select = ("TS407", "TS503", "TS512")
    tree.write({"g.yaml": (wrong + other).replace("name: p", "name: https-p")})
    assert tree.show(select=select) == ["g.yaml:11:17 TS512"]
    tree.write({"g.yaml": gateway("one", "HTTP") + other})
    assert tree.show(select=("TS503",)) == ["g.yaml:19:20 TS503"]

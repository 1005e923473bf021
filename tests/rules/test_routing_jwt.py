"""Routing on the claims of a token: TS217."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Tree

CLAIM = "'@request.auth.claims.group': {exact: testers}"
GATEWAY = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: ingress}
spec: {selector: {app: edge}}
"""
PODS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: edge, namespace: ingress}
spec: {template: {metadata: {labels: {app: edge, zone: a}}}}
"""


def service(headers: str = CLAIM, gateways: str = "[ingress/edge]", hosts: str = "[a.com]") -> str:
    """A VirtualService: the header in line 10."""
    return f"""\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: shop, namespace: shop}}
spec:
  hosts: {hosts}
  gateways: {gateways}
  http:
  - match:
    - headers:
        {headers}
    route:
    - destination: {{host: shop}}
"""


def policy(namespace: str = "ingress", spec: str = "{}") -> str:
    return f"""\
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {{name: jwt, namespace: {namespace}}}
spec: {spec}
"""


def show(tree: Tree, files: dict[str, str], **settings: Any) -> list[str]:
    tree.write(files)
    return tree.show(select=("TS217",), **settings)


FOUND = ["vs.yaml:10:9 TS217"]


@pytest.mark.parametrize("gateways", ["[]", "[mesh]", "[ingress/edge, mesh]", ""])
def test_claims_in_the_mesh(tree: Tree, gateways: str) -> None:
    assert show(tree, {"vs.yaml": service(gateways=gateways)}) == FOUND


def test_a_delegate_names_no_gateway(tree: Tree) -> None:
    assert show(tree, {"vs.yaml": service(gateways="", hosts="[]")}) == FOUND


@pytest.mark.parametrize(
    "name",
    [
        "@request.auth.claims.group",
        "@request.auth.claims.group.name",
        "@request.auth.claims[group]",
        "@request.auth.claims[https://a.com/x][name]",
        "@Request.Auth.Claims.group",
    ],
)
def test_forms_of_a_claim(tree: Tree, name: str) -> None:
    text = service(f"'{name}': {{exact: a}}", gateways="[]")
    assert show(tree, {"vs.yaml": text}) == FOUND
    without = text.replace("headers:", "withoutHeaders:")
    assert show(tree, {"vs.yaml": without}) == FOUND


@pytest.mark.parametrize(
    "name",
    [
        "@request.auth.claims",
        "@request.auth.claims.",
        "@request.auth.claims[]",
        "@request.auth.principal",
        "x-group",
    ],
)
def test_other_headers(tree: Tree, name: str) -> None:
    assert show(tree, {"vs.yaml": service(f"'{name}': {{exact: a}}", gateways="[]")}) == []


def test_one_finding_for_one_virtual_service(tree: Tree) -> None:
    two = f"{CLAIM}\n        '@request.auth.claims.team': {{exact: a}}"
    assert show(tree, {"vs.yaml": service(two, gateways="[]")}) == FOUND


@pytest.mark.parametrize("gateways", ["'${gateways}'", "['${gateway}']", "[ingress/edge]"])
def test_gateways_that_may_be_right(tree: Tree, gateways: str) -> None:
    assert show(tree, {"vs.yaml": service(gateways=gateways)}) == []


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"pods.yaml": PODS},
        {"pods.yaml": PODS, "ra.yaml": policy("shop")},
        {"pods.yaml": PODS, "ra.yaml": policy(spec="{selector: {matchLabels: {app: shop}}}")},
        {"pods.yaml": PODS, "ra.yaml": policy(spec="{selector: {matchLabels: {zone: b}}}")},
        {"ra.yaml": policy(spec="{targetRefs: [{kind: Gateway, name: edge}]}")},
    ],
    ids=["no policy", "pods", "other namespace", "other pods", "other zone", "of a KGW"],
)
def test_a_gateway_that_reads_no_token(tree: Tree, files: dict[str, str]) -> None:
    files = {"vs.yaml": service(), "gw.yaml": GATEWAY, **files}
    assert show(tree, files, complete=True) == FOUND
    assert show(tree, files) == []


@pytest.mark.parametrize(
    "files",
    [
        {"gw.yaml": GATEWAY, "pods.yaml": PODS, "ra.yaml": policy()},
        {"gw.yaml": GATEWAY, "pods.yaml": PODS, "ra.yaml": policy("istio-system")},
        {
            "gw.yaml": GATEWAY,
            "pods.yaml": PODS,
            "ra.yaml": policy(spec="{selector: {matchLabels: {app: edge}}}"),
        },
        {
            "gw.yaml": GATEWAY,
            "pods.yaml": PODS,
            "ra.yaml": policy(spec="{selector: {matchLabels: {app: '${app}'}}}"),
        },
        {"gw.yaml": GATEWAY, "ra.yaml": policy("elsewhere")},
        {"gw.yaml": GATEWAY.replace("{app: edge}", "'${selector}'"), "ra.yaml": policy("shop")},
        {"ra.yaml": policy("shop")},
        {"gw.yaml": GATEWAY.replace("networking.istio.io", "gateway.networking.k8s.io")},
    ],
    ids=[
        "namespace",
        "root namespace",
        "selector",
        "hidden label",
        "pods out of sight",
        "hidden selector",
        "gateway absent",
        "Gateway API",
    ],
)
def test_gateways_that_may_read_tokens(tree: Tree, files: dict[str, str]) -> None:
    assert show(tree, {"vs.yaml": service(), **files}, complete=True) == []


def test_the_message_names_the_gateway(tree: Tree) -> None:
    tree.write({"vs.yaml": service(), "gw.yaml": GATEWAY})
    (finding,) = tree.lint(select=("TS217",), complete=True)
    assert "the pods of Gateway ingress/edge" in finding.message
    assert [place.file for place in finding.related] == ["gw.yaml"]

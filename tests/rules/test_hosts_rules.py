"""DestinationRules for hosts that nothing provides, and short names across namespaces: TS402, TS405."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Tree

RULE = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: cart, {meta}}}
spec:
  host: {host!r}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {{name: {name}, {meta}}}
spec: {{ports: [{{name: http, port: 80}}]}}
"""
ROUTE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: web, {meta}}}
spec:
  gateways: [{gateways}]
  hosts:
  - {own}
  http:
  - route:
    - destination:
        host: {host!r}
"""


def rule(host: str, meta: str = "namespace: prod") -> str:
    return RULE.format(host=host, meta=meta)


def provide(name: str, meta: str = "namespace: prod") -> str:
    return SERVICE.format(name=name, meta=meta)


def route(
    host: str, meta: str = "namespace: web", own: str = "web.example.com", gateways: str = "edge"
) -> str:
    return ROUTE.format(host=host, meta=meta, own=own, gateways=gateways)


def show(tree: Tree, files: dict[str, str], *rules: str, **settings: Any) -> list[str]:
    tree.write(files)
    return tree.show(select=rules, **settings)


# -- TS402 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["basket", "basket.prod.svc.cluster.local", "api.example.com", "cart.dev"]
)
def test_a_rule_for_a_host_that_is_not_there(tree: Tree, host: str) -> None:
    files = {"dr.yaml": rule(host), "s.yaml": provide("cart")}
    assert show(tree, files, "TS402", complete=True) == ["dr.yaml:5:9 TS402"]
    assert show(tree, files, "TS402") == []


@pytest.mark.parametrize(
    ("host", "provider"),
    [
        ("cart", provide("cart")),
        ("cart", provide("cart", "")),
        ("cart.prod", provide("cart")),
        ("cart.prod.svc.cluster.local", provide("cart")),
        ("*", provide("other")),
        ("*.prod.svc.cluster.local", provide("other")),
        ("*.example.com", provide("other")),
        ("10.0.0.1", provide("other")),
        ("${host}", provide("other")),
        ("istiod.istio-system.svc.cluster.local", provide("other")),
        ("cart", provide("'${name}'")),
    ],
)
def test_rules_for_hosts_that_may_be_there(tree: Tree, host: str, provider: str) -> None:
    assert show(tree, {"dr.yaml": rule(host), "s.yaml": provider}, "TS402", complete=True) == []


def test_a_rule_one_slip_away_names_what_was_meant(tree: Tree) -> None:
    tree.write({"dr.yaml": rule("reveiws"), "s.yaml": provide("reviews")})
    (finding,) = tree.lint(select=("TS402",), complete=True)
    assert (finding.severity.label, finding.confidence) == ("warning", "high")
    assert '"reveiws" (reveiws.prod.svc.cluster.local)' in finding.message
    assert finding.help == 'Did you mean "reviews"?'


@pytest.mark.parametrize(
    ("host", "meant", "meta"),
    [
        ("reveiws", "reviews", "namespace: prod"),
        ("reveiws", "reviews", "labels: {}"),
        ("reveiws.prod.svc.cluster.local", "reviews", "namespace: prod"),
    ],
)
def test_a_slip_in_a_tree_that_is_not_complete(
    tree: Tree, host: str, meant: str, meta: str
) -> None:
    tree.write({"dr.yaml": rule(host, meta), "s.yaml": provide(meant, meta)})
    (finding,) = tree.lint(select=("TS402",))
    assert (finding.span.line, finding.severity.label, finding.confidence) == (
        5,
        "warning",
        "medium",
    )
    assert finding.message == (
        f'The host "{host}" is provided by nothing in sight, and "{meant}" is one letter away. If it is a '
        "slip, the rule applies to no request."
    )


def test_copies_of_the_rule_in_other_environments_do_not_speak_for_the_name(tree: Tree) -> None:
    files = {f"{env}/dr.yaml": rule("reveiws") for env in ("dev", "prod")}
    files |= {f"{env}/s.yaml": provide("reviews") for env in ("dev", "prod")}
    assert show(tree, files, "TS402") == ["dev/dr.yaml:5:9 TS402", "prod/dr.yaml:5:9 TS402"]


def pods(app: str) -> str:
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: d, namespace: prod}}
spec: {{template: {{metadata: {{labels: {{app: {app}}}}}}}}}
"""


@pytest.mark.parametrize(
    "other",
    [
        route("orders", "namespace: prod"),
        route("checkout", "namespace: prod", own="orders"),
        rule("orders").replace("name: ", "name: two-", 1),
        rule("order").replace("name: ", "name: two-", 1),
        pods("orders"),
        provide("orders"),
        provide("'${name}'"),
    ],
    ids=[
        "a route to it",
        "routes for it",
        "another rule",
        "a rule of the other",
        "pods",
        "it",
        "hidden",
    ],
)
def test_something_else_speaks_for_the_name(tree: Tree, other: str) -> None:
    files = {"dr.yaml": rule("orders"), "s.yaml": provide("order"), "other.yaml": other}
    assert show(tree, files, "TS402") == []


@pytest.mark.parametrize(
    ("host", "name", "meta", "there"),
    [
        ("orders", "orders", "namespace: prod", "order"),
        ("orders", "orders-policy", "namespace: prod", "order"),
        ("orders", "x", "namespace: web", "order"),
        ("orders-v2", "x", "namespace: prod", "orders-v1"),
        ("cart", "x", "namespace: prod", "card"),
        ("basket", "x", "namespace: prod", "orders"),
    ],
)
def test_rules_that_are_no_slip(tree: Tree, host: str, name: str, meta: str, there: str) -> None:
    text = rule(host, meta).replace("name: cart", f"name: {name}")
    assert f"name: {name}" in text
    assert show(tree, {"dr.yaml": text, "s.yaml": provide(there)}, "TS402") == []


def test_a_rule_for_the_whole_mesh_does_not_speak_for_a_name(tree: Tree) -> None:
    wide = rule("'*.local'", "namespace: istio-system").replace("name: ", "name: two-", 1)
    files = {"dr.yaml": rule("reveiws"), "s.yaml": provide("reviews"), "wide.yaml": wide}
    assert show(tree, files, "TS402") == ["dr.yaml:5:9 TS402"]


# -- TS405 ----------------------------------------------------------------------------------------


def test_a_route_in_the_namespace_of_the_gateway(tree: Tree) -> None:
    tree.write({"vs.yaml": route("cart"), "s.yaml": provide("cart")})
    (finding,) = tree.lint(select=("TS4",))
    assert (finding.rule, finding.span.line) == ("TS405", 11)
    assert (finding.severity.label, finding.confidence) == ("warning", "medium")
    assert "as cart.web.svc.cluster.local" in finding.message
    assert finding.help == "Write cart.prod.svc.cluster.local."
    assert [related.file for related in finding.related] == ["s.yaml"]


def test_a_complete_tree_has_one_finding_for_it(tree: Tree) -> None:
    files = {"vs.yaml": route("cart"), "s.yaml": provide("cart")}
    assert show(tree, files, "TS401", "TS405", complete=True) == ["vs.yaml:11:15 TS405"]
    files = {"vs.yaml": rule("cart", "namespace: web")}
    assert show(tree, files, "TS402", "TS405", complete=True) == ["vs.yaml:5:9 TS405"]


def test_a_rule_in_another_namespace(tree: Tree) -> None:
    files = {"dr.yaml": rule("cart", "namespace: web"), "s.yaml": provide("cart")}
    assert show(tree, files, "TS405") == ["dr.yaml:5:9 TS405"]


def test_a_name_is_told_once(tree: Tree) -> None:
    vs = route("cart") + "    mirror: {host: cart}\n"
    assert show(tree, {"vs.yaml": vs, "s.yaml": provide("cart")}, "TS405") == [
        "vs.yaml:11:15 TS405"
    ]


def test_a_route_in_the_root_namespace(tree: Tree) -> None:
    files = {"vs.yaml": route("cart", "namespace: istio-system"), "s.yaml": provide("cart")}
    assert show(tree, files, "TS401", "TS405", complete=True) == ["vs.yaml:11:15 TS405"]
    files["vs.yaml"] = route("istio-egressgateway", "namespace: istio-system")
    assert show(tree, files, "TS401", "TS405", complete=True) == []


@pytest.mark.parametrize(
    ("vs", "services"),
    [
        (route("cart"), provide("cart") + "---\n" + provide("cart", "namespace: web")),
        (route("cart", ""), provide("cart")),
        (route("cart", "namespace: '${env}'"), provide("cart")),
        (route("cart"), provide("cart", "")),
        (route("cart"), provide("cart", "namespace: '${env}'")),
        (route("cart.prod.svc.cluster.local"), provide("cart")),
        (route("cart"), provide("basket")),
        (route("cart"), provide("cart") + "---\n" + provide("cart", "namespace: stage")),
        (route("cart.prod.svc.cluster.local", own="cart", gateways=""), provide("cart")),
    ],
    ids=[
        "its own namespace has it too",
        "the route may be deployed anywhere",
        "a hidden namespace",
        "the service may be deployed anywhere",
        "the service's namespace is hidden",
        "the full name",
        "another name",
        "an environment each",
        "a host of its own",
    ],
)
def test_short_names_that_are_right(tree: Tree, vs: str, services: str) -> None:
    assert show(tree, {"vs.yaml": vs, "s.yaml": services}, "TS405") == []


def test_several_environments_in_a_complete_tree(tree: Tree) -> None:
    services = provide("cart") + "---\n" + provide("cart", "namespace: stage")
    tree.write({"vs.yaml": route("cart"), "s.yaml": services})
    (finding,) = tree.lint(select=("TS405",), complete=True)
    assert "the namespace prod or stage" in finding.message


def test_each_environment_has_its_own(tree: Tree) -> None:
    files = {
        f"{env}/{name}.yaml": text
        for env in ("dev", "prod")
        for name, text in (
            ("vs", route("cart", f"namespace: {env}")),
            ("s", provide("cart", f"namespace: {env}")),
        )
    }
    assert show(tree, files, "TS405") == []

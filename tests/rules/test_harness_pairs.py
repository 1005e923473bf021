"""Managed objects that belong together: TS111, TS112, TS113."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conftest import Tree

Lint = Callable[..., list[str]]
PAIRS = ("TS111", "TS112", "TS113")
VALUES = {"values.yaml": "name: shop\n"}


def route(host: str = "shop", managed: str = 'harness.io/managed: "true"', more: str = "") -> str:
    """A VirtualService; its annotation stands in line 5."""
    return (
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n"
        f"  annotations:\n    {managed}\n  name: shop\n{more}spec:\n  hosts: [shop.example.com]\n"
        f"  http:\n  - route:\n    - destination: {{host: {host}}}\n"
    )


def rule(
    host: str = "shop",
    managed: str = 'harness.io/managed: "true"',
    subsets: str = "",
    more: str = "",
) -> str:
    """A DestinationRule; its annotation stands in line 5, its host in line 8."""
    return (
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:\n"
        f"  annotations:\n    {managed}\n  name: shop\n{more}spec:\n  host: {host}\n{subsets}"
    )


OWN_SUBSETS = """\
  subsets:
  - name: stable
    labels: {harness.io/track: stable}
  - name: canary
    labels: {harness.io/track: canary}
"""
PLAIN = 'example.com/team: "shop"'


def test_a_managed_pair_is_right(tree: Tree) -> None:
    tree.write({**VALUES, "templates/a.yaml": route(), "templates/b.yaml": rule()})
    assert tree.show(select=PAIRS) == []


def test_a_route_without_a_rule(tree: Tree) -> None:
    tree.write({**VALUES, "templates/a.yaml": route()})
    (finding,) = tree.lint(select=PAIRS)
    assert (finding.rule, finding.severity.label) == ("TS111", "warning")
    assert (finding.span.line, finding.span.column) == (5, 25)
    assert "shop" in finding.message
    assert "503" in finding.message


def test_a_route_without_a_rule_in_a_chart(tree: Tree) -> None:
    chart = "apiVersion: v2\nname: shop\nversion: 1.0.0\n"
    tree.write({**VALUES, "Chart.yaml": chart, "templates/a.yaml": route()})
    assert tree.show(select=PAIRS) == ["templates/a.yaml:5:25 TS111"]


def test_a_rule_of_that_host_that_is_not_managed(tree: Tree) -> None:
    tree.write({**VALUES, "templates/a.yaml": route(), "templates/b.yaml": rule(managed=PLAIN)})
    assert tree.show(select=PAIRS) == ["templates/a.yaml:5:25 TS111"]


@pytest.mark.parametrize("folder", ["templates", "../mesh"])
def test_someone_else_may_define_the_subsets(tree: Tree, folder: str) -> None:
    tree.write(
        {
            "svc/values.yaml": "name: shop\n",
            "svc/templates/a.yaml": route(),
            f"svc/{folder}/b.yaml": rule(managed=PLAIN, subsets=OWN_SUBSETS),
        }
    )
    assert tree.show(select=PAIRS) == []


def test_a_plain_folder_may_have_its_rule_elsewhere(tree: Tree) -> None:
    tree.write({"k8s/a.yaml": route()})
    assert tree.show(select=PAIRS) == []


def test_a_file_alone_does_not_show_what_its_service_lacks(tree: Tree) -> None:
    tree.write({**VALUES, "templates/a.yaml": route(), "templates/b.yaml": rule()})
    assert tree.show("templates/a.yaml", select=PAIRS) == []
    assert tree.show("templates/b.yaml", select=PAIRS) == []


@pytest.mark.parametrize(
    "other",
    [
        rule(managed="harness.io/managed: <+managed>"),
        rule(managed="harness.io/managed: ${managed}"),
        rule(host="<+service.name>", managed=PLAIN),
        rule(managed=PLAIN, subsets="  subsets: <+subsets>\n"),
    ],
)
def test_a_hidden_rule_may_be_the_one(tree: Tree, other: str) -> None:
    tree.write({**VALUES, "templates/a.yaml": route(), "templates/b.yaml": other})
    assert tree.show(select=PAIRS) == []


def test_a_hidden_host_is_not_judged(tree: Tree) -> None:
    tree.write({**VALUES, "templates/a.yaml": route(host="<+service.name>")})
    assert tree.show(select=PAIRS) == []


def test_a_template_that_cannot_be_read_may_hold_the_rule(tree: Tree) -> None:
    broken = "kind: DestinationRule\nname: {{ .Values.name \n"
    tree.write({**VALUES, "templates/a.yaml": route(), "templates/b.yaml": broken})
    assert tree.show(select=PAIRS) == []


@pytest.mark.parametrize(
    "other",
    [
        rule(managed='harness.io/managed: "yes"'),
        rule(managed=f'{PLAIN}\n  labels:\n    harness.io/managed: "true"'),
        "# harness.io/skip-file-for-deploy\n" + rule(),
    ],
)
def test_a_mistake_in_the_rule_is_told_once(tree: Tree, other: str) -> None:
    tree.write({**VALUES, "templates/a.yaml": route(), "templates/b.yaml": other})
    found = tree.lint(select=("TS1",))
    assert len(found) == 1
    assert found[0].rule in ("TS102", "TS103", "TS121")


def test_blue_green_services_need_no_rule(tree: Tree) -> None:
    service = """\
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
          annotations:
            harness.io/primary-service: "true"
        spec:
          selector: {app: shop}
          ports: [{name: http, port: 80}]
    """
    tree.write({**VALUES, "templates/a.yaml": route(), "templates/service.yaml": service})
    assert tree.show(select=PAIRS) == []


def test_a_route_that_another_rule_finds_wrong_is_not_judged(tree: Tree) -> None:
    text = route() + "  - route:\n    - destination: {host: cart}\n"
    tree.write({**VALUES, "templates/a.yaml": text})
    assert tree.show(select=PAIRS) == []


def test_a_rule_without_a_route(tree: Tree) -> None:
    tree.write({"b.yaml": rule(), "a.yaml": route(managed=PLAIN)})
    (finding,) = tree.lint(select=PAIRS)
    assert (finding.rule, finding.severity.label) == ("TS112", "info")
    assert (tree.name(finding.file), finding.span.line) == ("b.yaml", 5)


def test_a_rule_without_a_route_in_a_service(tree: Tree) -> None:
    tree.write({**VALUES, "templates/b.yaml": rule()})
    assert tree.show(select=PAIRS) == ["templates/b.yaml:5:25 TS112"]


def test_the_route_of_a_rule_may_be_elsewhere(tree: Tree) -> None:
    tree.write({"rules/b.yaml": rule(), "routes/a.yaml": route(host="shop.prod")})
    assert tree.show(select=PAIRS) == []
    tree.write({"routes/a.yaml": route(host="<+service.name>")})
    assert tree.show(select=PAIRS) == []
    tree.write({"routes/a.yaml": route(host="cart")})
    assert tree.show(select=PAIRS) == ["rules/b.yaml:5:25 TS112"]


@pytest.mark.parametrize(
    "managed",
    ["harness.io/managed: <+managed>", 'harness.io/managed: "yes"', "harness.io/managed: true"],
)
def test_a_route_that_is_meant_as_managed(tree: Tree, managed: str) -> None:
    tree.write({"b.yaml": rule(), "a.yaml": route(managed=managed)})
    assert tree.show(select=PAIRS) == []


@pytest.mark.parametrize("managed", ['harness.io/managed: "false"', PLAIN])
def test_a_rule_that_is_not_managed_needs_no_route(tree: Tree, managed: str) -> None:
    tree.write({"b.yaml": rule(managed=managed)})
    assert tree.show(select=PAIRS) == []


def test_hosts_that_differ(tree: Tree) -> None:
    tree.write({**VALUES, "templates/a.yaml": route("shop-svc"), "templates/b.yaml": rule("shop")})
    (finding,) = tree.lint(select=PAIRS)
    assert (finding.rule, finding.severity.label) == ("TS113", "warning")
    assert (finding.span.line, finding.span.column, finding.path) == (8, 9, "spec.host")
    assert (tree.name(finding.related[0].file), finding.related[0].span.line) == (
        "templates/a.yaml",
        11,
    )
    assert "shop-svc" in finding.message


@pytest.mark.parametrize(
    ("routed", "ruled"),
    [
        ("shop", "shop.prod.svc.cluster.local"),
        ("shop.prod.svc.cluster.local", "shop"),
        ("shop.prod", "shop.prod.svc"),
        ("Shop", "shop"),
        ("shop.prod.svc.cluster.local", "*.prod.svc.cluster.local"),
        ("shop", '"*.local"'),
        ("<+service.name>", "shop"),
        ("shop", "${service.name}"),
        ("<+a>", "<+a>"),
        ("<+a>", "<+b>"),
    ],
)
def test_hosts_that_may_be_one(tree: Tree, routed: str, ruled: str) -> None:
    tree.write({"a.yaml": route(routed), "b.yaml": rule(ruled)})
    assert tree.show(select=PAIRS) == []


@pytest.mark.parametrize(
    ("routed", "ruled"),
    [
        ("shop.prod", "shop.stage"),
        ("shop.prod.svc.cluster.local", "shop.stage.svc.cluster.local"),
        ("shop.example.com", "shop"),
        ("shop", "cart"),
    ],
)
def test_hosts_that_cannot_be_one(tree: Tree, routed: str, ruled: str) -> None:
    tree.write({"a.yaml": route(routed), "b.yaml": rule(ruled)})
    assert tree.show(select=PAIRS) == ["b.yaml:8:9 TS113"]


def test_the_namespace_of_the_objects_decides_a_short_name(tree: Tree) -> None:
    tree.write(
        {
            "a.yaml": route("shop", more="  namespace: prod\n"),
            "b.yaml": rule("shop", more="  namespace: stage\n"),
        }
    )
    assert tree.show(select=PAIRS) == ["b.yaml:9:9 TS113"]
    tree.write({"b.yaml": rule("shop.prod", more="  namespace: stage\n")})
    assert tree.show(select=PAIRS) == []


def test_several_rules_or_routes_are_not_compared(tree: Tree) -> None:
    other = rule("cart").replace("name: shop", "name: cart")
    tree.write({"a.yaml": route("shop"), "b.yaml": rule("shop"), "c.yaml": other})
    assert tree.show(select=PAIRS) == []
    second = route("cart").replace("name: shop", "name: cart")
    tree.write({"b.yaml": rule("till"), "c.yaml": second})
    assert tree.show(select=PAIRS) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (route("shop"), rule("<+service.name>")),
        (
            route("shop"),
            rule("shop-svc") + "---\n" + rule("cart", "harness.io/managed: <+managed>"),
        ),
        (route('""'), rule("shop")),
        (route("shop"), rule('""')),
        (route("shop") + "  - route: []\n", rule("cart")),
        (route("shop"), "# harness.io/skip-file-for-deploy\n" + rule("cart")),
        (route("shop"), rule("cart", 'harness.io/managed: "false"')),
    ],
)
def test_hosts_that_are_not_compared(tree: Tree, one: str, other: str) -> None:
    tree.write({"a.yaml": one, "b.yaml": other})
    assert tree.show(select=("TS113",)) == []


def test_steps_of_a_tutorial_are_alternatives(tree: Tree) -> None:
    tree.write({"1.yaml": route("shop"), "2.yaml": route("cart"), "3.yaml": rule("cart")})
    assert tree.show(select=PAIRS) == []


def test_a_hidden_list_of_routes_may_lead_to_the_rule(tree: Tree) -> None:
    hidden = route().replace("http:\n", "http: <+routes>\n").split("  - route")[0]
    tree.write({"rules/b.yaml": rule(), "routes/a.yaml": hidden})
    assert tree.show(select=PAIRS) == []
    tree.write({"routes/a.yaml": route('""')})
    assert tree.show(select=PAIRS) == ["rules/b.yaml:5:25 TS112"]


def test_a_template_shows_the_hosts_that_it_writes(tree: Tree) -> None:
    tree.write(
        {
            **VALUES,
            "templates/a.yaml": route('"{{.Values.name}}-svc"'),
            "templates/b.yaml": rule("{{.Values.name}}-svc"),
        }
    )
    assert tree.show(select=PAIRS) == []
    tree.write({"templates/b.yaml": rule("{{.Values.name}}")})
    assert tree.show(select=PAIRS) == ["templates/b.yaml:8:9 TS113"]

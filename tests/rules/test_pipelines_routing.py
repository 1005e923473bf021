"""Rules about one traffic routing of a pipeline: its parts, routes, weights and rules."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest
from pipelines import found, marked

from conftest import Tree

DESTINATIONS = """\
    destinations:
    - destination: {host: svc-a, weight: 80}
    - destination: {host: svc-b, weight: 20}
"""
ROUTES = f"routes:\n- route:\n    type: http\n    name: main\n{DESTINATIONS}"
INHERITED = f"routes:\n- route:\n    name: main\n{DESTINATIONS}"


def step(spec: str, kind: str = "K8sTrafficRouting") -> str:
    """A document with one step."""
    head = f"- step:\n    type: {kind}\n    name: Route\n    identifier: route\n    spec:\n"
    return head + indent(dedent(spec), "      ")


def config(
    routes: str = ROUTES,
    *,
    mode: str = "type: config\n",
    provider: str = "provider: istio\n",
    more: str = "hosts: [shop]\n",
    name: str = "name: shop\n",
    spec: str = "spec:\n",
) -> str:
    inner = indent(name + more + dedent(routes), "  ")
    return step(f"{mode}trafficRouting:\n" + indent(provider + spec + inner, "  "))


def inherit(routes: str = INHERITED, more: str = "") -> str:
    return step("type: inherit\ntrafficRouting:\n" + indent(more + dedent(routes), "  "))


def route(text: str) -> str:
    """Routes with one route of the given keys."""
    return "routes:\n- route:\n" + indent(dedent(text), "    ")


def rules(text: str, provider: str = "provider: istio\n", more: str = "hosts: [shop]\n") -> str:
    given = "rules:\n- rule:\n" + indent(dedent(text), "    ")
    return config(
        route("type: http\nname: main\n" + given + dedent(DESTINATIONS)),
        provider=provider,
        more=more,
    )


def levels(tree: Tree, text: str) -> set[str]:
    tree.write({"pipeline.yaml": text})
    return {f"{f.rule} {f.severity.label}" for f in tree.lint() if f.rule.startswith("TS7")}


RIGHT = [
    config(),
    inherit(),
    config(provider="provider: <+input>\n"),
    config(mode="type: <+input>\n"),
    config(spec="spec: <+input>\n# ", name="", more="", routes=""),
    config(routes="routes: <+input>\n"),
    config(routes="routes: ['<+input>']\n"),
    config(routes=route("type: http\nname: <+input>\ndestinations: <+input>\n")),
    config(routes=route("type: <+x>\nname: a\ndestinations: ['<+x>']\n")),
    config(routes=ROUTES.replace("80", "<+x>").replace("20", "<+y>")),
    config(routes=ROUTES.replace("svc-a", "<+x>")),
    config(routes=ROUTES.replace("80", "66.7").replace("20", "33.3")),
    config(more="hosts: <+input>\ngateways: <+input>\n"),
    config(more="hosts: ['<+input>']\ngateways: [mesh]\n"),
    config(more="hosts: [a]\nmatchAllConditions: true\n"),
    config(
        more="delegateService: true\n",
        routes=ROUTES.replace("host: svc-a, ", "").replace("host: svc-b, ", ""),
    ),
    config(
        more="delegateService: true\n",
        routes=ROUTES.replace("host: svc-a", "host: ''").replace("host: svc-b", "host: ''"),
    ),
    config(routes=ROUTES + "    rewrite: {uri: /}\n    somethingNew: 1\n"),
    inherit(INHERITED.replace("    - destination: {host: svc-a, weight: 80}\n", "")),
    inherit(INHERITED.replace(", weight: 80", "").replace(", weight: 20", "")),
    inherit(INHERITED.replace("    name", "    type: http\n    name")),
    inherit("routes: <+input>\n"),
    rules("type: uri\nspec: {value: /a, matchType: prefix}\n"),
    rules("type: uri\nspec: {value: /a, matchType: <+x>, name: a}\n"),
    rules("type: <+input>\nspec: {}\n"),
    rules("type: headers\nspec: {values: [{key: X-A, value: b, matchType: exact}]}\n"),
    rules("type: headers\nspec: {values: <+input>}\n"),
    rules("type: method\nspec: {value: GET}\n"),
    rules("type: method\nspec: {value: GET|POST, matchType: regex}\n"),
    rules("type: port\nspec: {value: 8080}\n"),
    rules("type: port\nspec: {value: <+x>}\n"),
    rules("type: scheme\nspec: {value: https}\n"),
    rules("type: authority\nspec: {value: a.b}\n"),
    step("<+input>\n").replace("spec:\n      <", "spec: <"),
]


@pytest.mark.parametrize("text", RIGHT)
def test_right_routings(tree: Tree, text: str) -> None:
    assert found(tree, text) == set()


WRONG = [
    # TS705: whether it configures or inherits
    (config(mode="").replace("Routing\n", "Routing  # TS705\n", 1), "error"),
    (config(mode="type: Config  # TS705\n"), "error"),
    (config(mode="type: [config]  # TS705\n"), "error"),
    (config(mode="type: update  # TS705\n"), "info"),
    (config(mode="type:\n").replace("Routing\n", "Routing  # TS705\n", 1), "error"),
    # TS706: its parts
    (step("type: config\n").replace("spec:\n", "spec:  # TS706\n"), "error"),
    (step("type: inherit\n").replace("spec:\n", "spec:  # TS706\n"), "error"),
    (step("type: config\ntrafficRouting: none  # TS706\n"), "error"),
    (config(provider="").replace("trafficRouting:", "trafficRouting:  # TS706"), "error"),
    (config(provider="provider: {type: Istio}\n").replace("}\n", "}  # TS706\n", 1), "error"),
    (config(provider="provider: Istio  # TS706\n"), "error"),
    (config(provider="provider: k8s-native  # TS706\n"), "info"),
    (config(name="", spec="spec:  # TS706\n"), "error"),
    (config(routes="", spec="spec:  # TS706\n"), "error"),
    (config(routes="routes: []  # TS706\n"), "error"),
    (config(routes="routes: main  # TS706\n"), "error"),
    # TS707: what inherits
    (inherit(more="provider: istio  # TS707\n"), "error"),
    (inherit(more="provider: istio  # TS707\nhosts: [shop]\n"), "error"),
    (
        step(f"type: inherit\ntrafficRouting:\n  spec:  # TS707\n{indent(INHERITED, '    ')}"),
        "error",
    ),
    (inherit("routes: []  # TS707\n"), "error"),
    (inherit(route(DESTINATIONS)).replace("route:\n", "route:  # TS707\n"), "error"),
    (inherit(route("name: main\n")).replace("route:\n", "route:  # TS707\n"), "error"),
    (inherit("routes:\n- name: main  # TS707\n"), "error"),
    # TS711: the route
    (config(ROUTES.replace("http", "tcp  # TS711")), "error"),
    (config(ROUTES.replace("    type: http\n", "").replace("route:", "route:  # TS711")), "error"),
    (config(ROUTES.replace("    name: main\n", "").replace("route:", "route:  # TS711")), "error"),
    (config(route("type: http\nname: main\n")).replace("route:", "route:  # TS711"), "error"),
    (config(route("type: http\nname: main\ndestinations: []  # TS711\n")), "error"),
    (
        config(route("type: http\nname: a\ndestinations:\n- {host: a, weight: 100}  # TS711\n")),
        "error",
    ),
    (config(ROUTES.replace("{host: svc-b, weight: 20}", "{weight: 20}  # TS711")), "error"),
    (
        config(ROUTES.replace("{host: svc-b, weight: 20}", "{host: '', weight: 20}  # TS711")),
        "error",
    ),
    (config("routes:\n- {type: http, name: a}  # TS711\n"), "error"),
    # TS712: the weight
    (config(ROUTES.replace("20}", "120}  # TS712")), "error"),
    (config(ROUTES.replace("20}", "-1}  # TS712")), "error"),
    (config(ROUTES.replace("20}", "20%}  # TS712")), "error"),
    (config(ROUTES.replace("20}", "yes}  # TS712")), "error"),
    (config(ROUTES.replace("20}", "'20'}  # TS712")), "warning"),
    (config(ROUTES.replace("20}", "'120'}  # TS712")), "error"),
    (inherit(INHERITED.replace("20}", "200}  # TS712")), "error"),
    # TS713, TS714: all weights of a route
    (
        config(ROUTES.replace("80", "90").replace("destinations:", "destinations:  # TS713")),
        "warning",
    ),
    (
        config(ROUTES.replace("80", "0").replace("20", "0").replace("ions:", "ions:  # TS714")),
        "warning",
    ),
    (
        config(
            ROUTES.replace(", weight: 80", "")
            .replace(", weight: 20", "")
            .replace("ions:", "ions:  # TS714")
        ),
        "warning",
    ),
    # TS716, TS717: hosts
    (config(more="", spec="spec:  # TS716\n"), "warning"),
    (config(more="hosts: []\n", spec="spec:  # TS716\n"), "warning"),
    (config(more="hosts: shop  # TS716\n"), "warning"),
    (config(more="delegateService: false\n", spec="spec:  # TS716\n"), "warning"),
    (
        config(
            more="delegateService: true\nhosts: [shop]  # TS717\n",
            routes=ROUTES.replace("host: svc-a, ", "").replace("host: svc-b, ", ""),
        ),
        "warning",
    ),
    (
        config(
            more="delegateService: true\n",
            routes=ROUTES.replace("host: svc-a, ", "").replace("20}", "20}  # TS717"),
        ),
        "warning",
    ),
    # TS718: the provider
    (config(provider="provider: smi  # TS718\n", more="rootService: shop\n"), "warning"),
    # TS720: rules
    (rules("type: url  # TS720\nspec: {value: /a}\n"), "error"),
    (rules("type: header  # TS720\nspec: {values: [{key: a, value: b}]}\n"), "warning"),
    (rules("spec: {value: /a}\n").replace("rule:\n", "rule:  # TS720\n"), "error"),
    (rules("type: uri\nspec:  # TS720\n  matchType: exact\n"), "error"),
    (rules("type: uri\nspec:\n  value: /a\n  matchType: glob  # TS720\n"), "error"),
    (rules("type: method\nspec:\n  value: OPTIONS  # TS720\n"), "warning"),
    (rules("type: method\nspec:\n  value: get  # TS720\n"), "error"),
    (rules("type: headers\nspec:  # TS720\n  value: x\n"), "error"),
    (rules("type: headers\nspec:\n  values: []  # TS720\n"), "error"),
    (rules("type: headers\nspec:\n  values:\n  - {value: b}  # TS720\n"), "error"),
    (rules("type: port\nspec:\n  value: http  # TS720\n"), "error"),
    (rules("type: port\nspec:\n  value: '80'  # TS720\n"), "warning"),
]


@pytest.mark.parametrize(("text", "severity"), WRONG)
def test_wrong_routings(tree: Tree, text: str, severity: str) -> None:
    assert marked(text)
    assert found(tree, text) == marked(text)
    assert {level.split()[1] for level in levels(tree, text)} == {severity}


@pytest.mark.parametrize("kind", ["port", "scheme", "authority"])
def test_smi_knows_fewer_rules(tree: Tree, kind: str) -> None:
    value = "80" if kind == "port" else "x"
    text = rules(
        f"type: {kind}  # TS719\nspec: {{value: {value}}}\n",
        "provider: smi  # TS718\n",
        "rootService: a\n",
    )
    assert found(tree, text) == marked(text)


@pytest.mark.parametrize("kind", ["K8sCanaryDeploy", "K8sBlueGreenDeploy"])
def test_the_routing_of_a_deployment_is_a_configuration(tree: Tree, kind: str) -> None:
    size = "instanceSelection: {type: Count, spec: {count: 1}}\n" if "Canary" in kind else ""
    routes = indent(ROUTES, "    ")
    right = f"{size}trafficRouting:\n  provider: istio\n  spec:\n    name: shop\n{routes}"
    assert found(tree, step(right, kind)) == set()
    for wrong in (
        right.replace("  provider: istio\n", "").replace("Routing:", "Routing:  # TS706"),
        right.replace("istio", "Istio  # TS706"),
        right.replace("    name: shop\n", "").replace("  spec:\n", "  spec:  # TS706\n"),
        right.replace("http", "tcp  # TS711"),
        right.replace("80", "70").replace("destinations:", "destinations:  # TS713"),
    ):
        text = step(wrong, kind)
        assert marked(text)
        assert found(tree, text) == marked(text)


def test_equal_shares_of_a_progressive_canary(tree: Tree) -> None:
    routes = ROUTES.replace(", weight: 80", "").replace(", weight: 20", "")
    text = step(
        "canaryType: Progressive\ntargetPercentage: 25\ntrafficRouting:\n  provider: istio\n  spec:\n"
        "    name: shop\n" + indent(routes, "    "),
        "K8sCanaryDeploy",
    )
    assert levels(tree, text) == {"TS714 info"}


def test_one_destination_needs_no_weight(tree: Tree) -> None:
    one = "routes:\n- route:\n    type: http\n    name: a\n    destinations:\n    - destination: {host: a}\n"
    assert found(tree, config(one)) == set()


def test_a_host_may_come_from_the_step_that_is_inherited(tree: Tree) -> None:
    bare = inherit(INHERITED.replace("host: svc-b, ", ""))
    assert found(tree, bare) == set()
    assert {line.split()[1] for line in found(tree, config() + bare)} == {"TS711"}
    delegate = config(
        more="delegateService: true\n",
        routes=ROUTES.replace("host: svc-a, ", "").replace("host: svc-b, ", ""),
    )
    assert found(tree, delegate + bare) == set()


def test_the_form_of_the_newer_platform_is_an_information(tree: Tree) -> None:
    text = config(mode="type: update\n", more="", routes=INHERITED)
    assert levels(tree, text) == {"TS705 info"}

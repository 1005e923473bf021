"""TS207, TS208 and TS209: routes and matches whose requests an earlier one takes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conftest import Tree

Lint = Callable[..., list[str]]
RULES = ("TS207", "TS208", "TS209")
HEAD = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, namespace: prod}
spec:
  hosts: [shop]
  gateways: [mesh, edge]
"""
TO = "route: [{destination: {host: shop}}]"


def http(*routes: str) -> str:
    """A VirtualService with routes given by their `match`, one a line; the first stands on line 8."""
    lines = [f"  - {{{route + ', ' if route else ''}{TO}}}\n" for route in routes]
    return HEAD + "  http:\n" + "".join(lines)


def layer4(protocol: str, *routes: str) -> str:
    return http(*routes).replace("  http:", f"  {protocol}:")


@pytest.fixture
def shown(lint_text: Lint) -> Lint:
    """The findings of the three rules, as `line RULE`."""

    def run(text: str) -> list[str]:
        found = [finding.split(" ") for finding in lint_text(text, select=RULES)]
        return [f"{place.split(':')[0]} {rule}" for place, rule in found]

    return run


# -- TS207 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "routes",
    [
        ("", ""),
        ("", "match: [{uri: {prefix: /a}}]"),
        ("", "match: [{uri: {prefix: /a}}, {uri: {prefix: /b}}]"),
        ("match: []", "match: [{uri: {prefix: /a}}]"),
        ("match: [{}]", "match: [{uri: {prefix: /a}}]"),
        ("match: [{name: all}]", "match: [{uri: {prefix: /a}}]"),
        ("match: [{uri: {prefix: /}}]", ""),
        ("match: [{uri: {prefix: ''}}]", ""),
        ("match: [{uri: {regex: '.*'}}]", ""),
        ("match: [{uri: {prefix: /a}}]", "match: [{uri: {prefix: /a}}]"),
        ("match: [{uri: {prefix: /a}, name: x}]", "match: [{uri: {prefix: /a}, name: y}]"),
        ("match: [{uri: {prefix: /a}}]", "match: [{uri: {regex: '/a.*'}}]"),
        ("match: [{uri: {regex: '/a|/b'}}]", "match: [{uri: {regex: '/a|/b'}}]"),
        ("match: [{headers: {X-A: {exact: b}}}]", "match: [{headers: {x-a: {exact: b}}}]"),
        ("match: [{gateways: [edge]}]", "match: [{gateways: [prod/edge]}]"),
        ("", "match: [{uri: {prefix: '${PREFIX}'}}]"),
        ("", "match: '${MATCH}'"),
    ],
)
def test_a_route_that_earlier_ones_repeat_or_cut_off(shown: Lint, routes: tuple[str, ...]) -> None:
    assert shown(http(*routes)) == ["9 TS207"]


def test_matches_that_stand_in_several_earlier_routes(shown: Lint) -> None:
    text = http(
        "match: [{uri: {prefix: /a}}]",
        "match: [{uri: {prefix: /b}}]",
        "match: [{uri: {prefix: /b}}, {uri: {prefix: /a}}, {uri: {prefix: /b}}]",
    )
    assert shown(text) == ["10 TS207"]


def test_every_route_below_a_catch_all_is_named(shown: Lint) -> None:
    assert shown(http("", "match: [{uri: {prefix: /a}}]", "")) == ["9 TS207", "10 TS207"]


def test_the_message_names_the_route_that_takes_the_requests(tree: Tree) -> None:
    tree.write({"shop.yaml": http("name: main", "match: [{uri: {prefix: /a}}]")})
    (finding,) = tree.lint(select=RULES)
    assert finding.message == (
        'No request gets to this route: route "main" comes first and takes every request, for it asks '
        "for nothing."
    )
    assert [related.span.line for related in finding.related] == [8]
    assert finding.help == 'Move this route above route "main", or remove it.'
    tree.write({"shop.yaml": http(*["match: [{uri: {prefix: /a}}]"] * 2)})
    (finding,) = tree.lint(select=RULES)
    assert finding.message == (
        "No request gets to this route: http[0] asks for the same and comes first."
    )


# -- TS208 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "routes",
    [
        ("match: [{uri: {prefix: /a}}]", "match: [{uri: {prefix: /b}}, {uri: {prefix: /a}}]"),
        (
            "match: [{uri: {exact: /a}, method: {exact: PUT}}]",
            "match: [{method: {exact: PUT}, uri: {exact: /a}, name: x}, {uri: {exact: /b}}]",
        ),
    ],
)
def test_one_match_of_several_that_stands_in_an_earlier_route(
    shown: Lint, routes: tuple[str, ...]
) -> None:
    assert shown(http(*routes)) == ["9 TS208"]


def test_a_match_twice_in_one_route(shown: Lint, tree: Tree) -> None:
    assert shown(http("match: [{uri: {exact: /a}}, {uri: {exact: /a}}]")) == ["8 TS208"]
    (finding,) = tree.lint(select=RULES)
    assert finding.path == "spec.http[0].match[1]"
    assert finding.message == (
        "This match takes no request: the same match stands in this route already."
    )


# -- TS209 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "routes",
    [
        ("match: [{uri: {prefix: /}}]", "match: [{uri: {exact: /api}}]"),
        ("match: [{uri: {prefix: /}}]", "match: [{headers: {a: {exact: b}}}]"),
        ("match: [{uri: {prefix: /a}}]", "match: [{uri: {prefix: /a/b}}]"),
        ("match: [{uri: {prefix: /a}}]", "match: [{uri: {prefix: /a}, headers: {b: {}}}]"),
        ("match: [{uri: {prefix: /A}, ignoreUriCase: true}]", "match: [{uri: {exact: /ab}}]"),
        ("match: [{uri: {prefix: /api}}]", "match: [{uri: {regex: '/api/v[12]'}}]"),
        ("match: [{uri: {regex: '/.*'}}]", "match: [{uri: {exact: /api}}]"),
        ("match: [{uri: {regex: '/v[0-9]+/.*'}}]", "match: [{uri: {exact: /v1/cart}}]"),
        ("match: [{headers: {a: {}}}]", "match: [{headers: {a: {exact: b}}}]"),
        ("match: [{withoutHeaders: {a: {exact: b}}}]", "match: [{withoutHeaders: {a: {}}}]"),
        ("match: [{queryParams: {q: {prefix: a}}}]", "match: [{queryParams: {q: {exact: ab}}}]"),
        ("match: [{sourceLabels: {a: b}}]", "match: [{sourceLabels: {a: b, c: d}}]"),
        ("match: [{uri: {prefix: /a}}]", "match: [{uri: {prefix: /a}, port: 80}]"),
        ("match: [{uri: {prefix: /a}}]", "match: [{uri: {prefix: /a}, gateways: [edge]}]"),
        ("match: [{uri: {prefix: /a}}]", "match: [{uri: {prefix: /b}}, {uri: {prefix: /a/b}}]"),
        ("match: [{uri: {prefix: /a}}]", "delegate: {name: a}, match: [{uri: {prefix: /a/b}}]"),
    ],
)
def test_a_match_below_a_wider_one(shown: Lint, routes: tuple[str, ...]) -> None:
    assert shown(http(*routes)) == ["9 TS209"]


def test_the_message_says_whether_the_route_is_dead(tree: Tree) -> None:
    wide, narrow = "match: [{uri: {prefix: /a}}]", "match: [{uri: {exact: /a/b}}]"
    tree.write({"shop.yaml": http(wide, narrow)})
    (finding,) = tree.lint(select=RULES)
    assert finding.severity.label == "warning"
    assert finding.path == "spec.http[1].match[0]"
    assert finding.message == (
        "No request gets to this route: http[0] comes first and takes every request that is asked for "
        "here. Istio takes the first route that matches, not the narrowest."
    )
    assert finding.help == "Move this route above http[0], or let http[0] ask for less."
    assert [related.span.line for related in finding.related] == [8]
    tree.write({"shop.yaml": http(wide, "match: [{uri: {exact: /a/b}}, {uri: {exact: /c}}]")})
    (finding,) = tree.lint(select=RULES)
    assert finding.message.startswith("This match does nothing: http[0] comes first")


def test_a_wider_match_in_the_same_route_is_a_hint(shown: Lint, tree: Tree) -> None:
    assert shown(http("match: [{uri: {prefix: /a}}, {uri: {exact: /a/b}}]")) == ["8 TS209"]
    (finding,) = tree.lint(select=RULES)
    assert finding.severity.label == "info"


def test_a_route_that_is_dead_for_both_reasons_has_a_finding_for_each_match(shown: Lint) -> None:
    text = http(
        "match: [{uri: {prefix: /a}}, {uri: {exact: /b}}]",
        "match: [{uri: {exact: /b}}, {uri: {prefix: /a/b}}]",
    )
    assert shown(text) == ["9 TS208", "9 TS209"]


# -- what is right ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "routes",
    [
        ("match: [{uri: {exact: /api}}]", "match: [{uri: {prefix: /}}]"),
        ("match: [{uri: {prefix: /a/b}}]", "match: [{uri: {prefix: /a}}]", ""),
        ("match: [{headers: {a: {exact: b}}}]", "match: [{uri: {prefix: /a}}]"),
        ("match: [{uri: {prefix: /a}, headers: {b: {}}}]", "match: [{uri: {prefix: /a}}]"),
        ("match: [{uri: {prefix: /a}, gateways: [edge]}]", "match: [{uri: {prefix: /a}}]"),
        (
            "match: [{uri: {prefix: /a}, gateways: [edge]}]",
            "match: [{uri: {prefix: /a}, gateways: [mesh]}]",
        ),
        ("match: [{port: 80}]", "match: [{port: 81}]"),
        (
            "match: [{uri: {prefix: /a}, sourceLabels: {a: b}}]",
            "match: [{uri: {prefix: /a}, sourceLabels: {a: c}}]",
        ),
        (
            "match: [{uri: {prefix: /a}, sourceNamespace: one}]",
            "match: [{uri: {prefix: /a}, sourceNamespace: two}]",
        ),
        (
            "match: [{uri: {prefix: /a}, scheme: {exact: http}}]",
            "match: [{uri: {prefix: /a}, scheme: {exact: https}}]",
        ),
        (
            "match: [{uri: {prefix: /a}, method: {exact: GET}}]",
            "match: [{uri: {prefix: /a}}]",
        ),
        (
            "match: [{uri: {prefix: /a}, method: {exact: GET}}]",
            "match: [{uri: {prefix: /a/b}, method: {exact: PUT}}]",
        ),
        (
            "match: [{uri: {prefix: /a}, authority: {exact: shop.example.com}}]",
            "match: [{uri: {prefix: /a/b}, authority: {exact: shop}}]",
        ),
        (
            "match: [{uri: {prefix: /a}}]",
            "match: [{uri: {prefix: /a}, ignoreUriCase: true}]",
        ),
        ("match: [{uri: {prefix: /a/}}]", "match: [{uri: {exact: /a}}]"),
        ("match: [{uri: {regex: '/api/.+'}}]", "match: [{uri: {prefix: /api}}]"),
        ("match: [{uri: {regex: '/(?i)api.*'}}]", "match: [{uri: {prefix: /api}}]"),
        ("match: [{uri: {prefix: '${PREFIX}'}}]", "match: [{uri: {prefix: '${PREFIX}'}}]"),
        ("match: '${MATCH}'", "match: [{uri: {prefix: /a}}]"),
        ("match: ['${MATCH}']", "match: [{uri: {prefix: /a}}]"),
        ("match: {uri: {prefix: /}}", "match: [{uri: {prefix: /a}}]"),
        ("match: [{urii: {prefix: /a}}]", "match: [{uri: {prefix: /a}}]"),
        ("match: [{uri: {prefixx: /b}}]", "match: [{uri: {prefix: /a}}]"),
        ("match: [{headers: [a]}]", "match: [{uri: {prefix: /a}}]"),
        ("match: [{sourceLabels: '${LABELS}'}]", "match: [{uri: {prefix: /a}}]"),
        ("delegate: {name: a}", "match: [{uri: {prefix: /a}}]"),
        ("delegate: {name: a}, match: [{uri: {prefix: /a}}]", "match: [{uri: {prefix: /a/b}}]"),
        ("match: [{withoutHeaders: {a: {}}}]", "match: [{headers: {a: {}}}]"),
        ("match: [{headers: {a: {}}}]", "match: [{withoutHeaders: {a: {exact: b}}}]"),
        ("match: [{headers: {'@request.auth.claims.group': {exact: a}}}]", ""),
        ("match: [{uri: {prefix: /a}}, {uri: {prefix: /b}}]",),
        ("",),
    ],
)
def test_routes_that_are_all_asked(shown: Lint, routes: tuple[str, ...]) -> None:
    assert shown(http(*routes)) == []


def test_hidden_routes_hide_nothing_else(shown: Lint) -> None:
    hidden = http("", "match: [{uri: {prefix: /a}}]").replace("http:\n", "http:\n  - '${ROUTE}'\n")
    assert shown(hidden) == ["10 TS207"]
    assert shown(HEAD + "  http: '${ROUTES}'\n") == []


def test_routes_of_a_delegate(shown: Lint) -> None:
    """The first may be dropped, for it does not fit the root's match, and the second not."""
    text = http("match: [{uri: {prefix: /a}}]", "match: [{uri: {prefix: /a/b}}]", "", "")
    delegate = text.replace(
        "  hosts: [shop]\n  gateways: [mesh, edge]\n", "  exportTo: ['*']\n  tls: []\n"
    )
    assert shown(delegate) == ["11 TS207"]
    twice = http("match: [{uri: {prefix: /a}}]", "match: [{uri: {prefix: /a}}]")
    delegate = twice.replace(
        "  hosts: [shop]\n  gateways: [mesh, edge]\n", "  exportTo: ['*']\n  tls: []\n"
    )
    assert shown(delegate) == ["9 TS207"]


# -- tcp and tls ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("routes", "rule"),
    [
        (("", "match: [{port: 80}]"), "TS207"),
        (("match: [{port: 80}]", "match: [{port: 80}]"), "TS207"),
        (("match: [{port: 80}]", "match: [{port: 80, sourceLabels: {a: b}}]"), "TS209"),
        (("match: [{port: 80}]", "match: [{port: 80, destinationSubnets: [10.0.0.0/8]}]"), "TS209"),
    ],
)
def test_tcp_routes(shown: Lint, routes: tuple[str, ...], rule: str) -> None:
    assert shown(layer4("tcp", *routes)) == [f"9 {rule}"]


@pytest.mark.parametrize(
    "routes",
    [
        ("match: [{port: 80}]", "match: [{port: 81}]", ""),
        (
            "match: [{destinationSubnets: [10.0.0.0/8]}]",
            "match: [{destinationSubnets: [10.1.0.0/16]}]",
        ),
        ("match: [{port: 80, gateways: [edge]}]", "match: [{port: 80, gateways: [mesh]}]"),
        ("match: [{sourceNamespace: one}]", "match: [{sourceNamespace: two}]"),
        ("match: [{gateways: [edge], sourceLabels: {a: b}}]", "match: [{gateways: [edge]}]"),
        ("match: ['${MATCH}']", "match: [{port: 80}]"),
    ],
)
def test_tcp_routes_that_are_all_asked(shown: Lint, routes: tuple[str, ...]) -> None:
    assert shown(layer4("tcp", *routes)) == []


@pytest.mark.parametrize(
    ("routes", "rule"),
    [
        (("match: [{sniHosts: [a.shop]}]", "match: [{sniHosts: [A.shop]}]"), "TS207"),
        (("match: [{sniHosts: [a.shop, b.shop]}]", "match: [{sniHosts: [b.shop]}]"), "TS209"),
        (
            ("match: [{sniHosts: [a.shop]}]", "match: [{sniHosts: [a.shop], port: 443}]"),
            "TS209",
        ),
    ],
)
def test_tls_routes(shown: Lint, routes: tuple[str, ...], rule: str) -> None:
    assert shown(layer4("tls", *routes)) == [f"9 {rule}"]


@pytest.mark.parametrize(
    "routes",
    [
        # Envoy takes the most specific server name, wherever it stands.
        ("match: [{sniHosts: ['*.shop']}]", "match: [{sniHosts: [a.shop]}]"),
        ("match: [{sniHosts: [a.shop], port: 443}]", "match: [{sniHosts: [a.shop], port: 444}]"),
        ("match: [{sniHosts: [a.shop]}]", "match: [{sniHosts: [a.shop, b.shop]}]"),
        (
            "match: [{sniHosts: [a.shop]}]",
            "match: [{sniHosts: [a.shop], destinationSubnets: [10.0.0.0/8]}]",
        ),
        ("match: [{sniHosts: '${NAMES}'}]", "match: [{sniHosts: [a.shop]}]"),
        ("match: [{port: 443}]", "match: [{sniHosts: [a.shop], port: 443}]"),
        ("", "match: [{sniHosts: [a.shop]}]"),
    ],
)
def test_tls_routes_that_are_all_asked(shown: Lint, routes: tuple[str, ...]) -> None:
    assert shown(layer4("tls", *routes)) == []


def test_a_plain_run_reads_no_regular_expression_and_no_match(tree: Tree) -> None:
    import subprocess
    import sys

    tree.write({"shop.yaml": http("match: [{uri: {regex: '/a.+'}}]")})
    script = (
        "import sys; from tsplit_lint import lint; lint(['shop.yaml']); "
        "print([m for m in ('greenery', 'tsplit_lint.matching.shadows') if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert found.stdout == "[]\n"

"""The routes of a managed VirtualService: TS105 to TS108."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent, indent

import pytest

from conftest import Tree

Lint = Callable[..., list[str]]
ROUTES = ("TS105", "TS106", "TS107", "TS108")

HTTP = "http:\n- route:\n  - destination: {host: shop}"
TCP = "tcp:\n- route:\n  - destination: {host: shop}"
TLS = "tls:\n- match: [{port: 443, sniHosts: [shop]}]\n  route:\n  - destination: {host: shop}"


def service(spec: str, managed: str = '"true"', head: str = "") -> str:
    """A VirtualService; `spec` (after `hosts`) begins in line 9."""
    return (
        f"{head}apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: shop\n"
        f"  annotations:\n    harness.io/managed: {managed}\nspec:\n  hosts: [shop]\n"
        + indent(dedent(spec).strip(), "  ")
        + "\n"
    )


@pytest.fixture
def routes(lint_text: Lint) -> Lint:
    return lambda text, **settings: lint_text(text, select=ROUTES, **settings)


SEVERAL = """\
    http:
    - match: [{uri: {prefix: /a}}]
      route:
      - destination: {host: shop}
    - match: [{uri: {prefix: /b}}]
      route:
      - destination: {host: shop}
    - route:
      - destination: {host: shop}
"""


def test_several_http_routes_are_one_finding_at_the_first(tree: Tree) -> None:
    tree.write({"manifest.yaml": service(SEVERAL)})
    (finding,) = tree.lint(select=ROUTES)
    assert (finding.rule, finding.severity.label) == ("TS105", "error")
    assert (finding.span.line, finding.span.column, finding.path) == (10, 5, "spec.http[0]")
    assert [related.span.line for related in finding.related] == [13, 16]
    assert "3 http routes" in finding.message


@pytest.mark.parametrize("managed", ["true", '"True"', "'true'", "yes"])
def test_every_value_that_harness_takes_for_true_counts(routes: Lint, managed: str) -> None:
    assert routes(service(SEVERAL, managed)) == ["10:5 TS105"]


@pytest.mark.parametrize("managed", ['"false"', "false", '"yes"', "${managed}", "<+x>"])
def test_what_is_not_managed_may_have_any_routes(routes: Lint, managed: str) -> None:
    assert routes(service(SEVERAL, managed)) == []
    assert routes(service(TCP, managed)) == []
    assert routes(service("http: []", managed)) == []
    assert routes(service("http:\n- redirect: {uri: /new}", managed)) == []


def test_one_route_with_several_destinations_is_right(routes: Lint) -> None:
    text = """\
        http:
        - match: [{uri: {prefix: /a}}, {uri: {prefix: /b}}]
          route:
          - destination: {host: shop, subset: stable}
            weight: 90
          - destination: {host: shop, subset: canary}
            weight: 10
    """
    assert routes(service(text)) == []


@pytest.mark.parametrize("rest", ["tcp: []", "tls: null", "tcp: []\ntls: []", "tls:"])
def test_empty_lists_of_other_protocols_are_right(routes: Lint, rest: str) -> None:
    assert routes(service(f"{HTTP}\n{rest}")) == []


@pytest.mark.parametrize("hidden", ["http: ${routes}", "http: [<+route>, <+other>]"])
def test_hidden_http_routes_are_not_counted(routes: Lint, hidden: str) -> None:
    assert routes(service(hidden)) == []


def test_a_hidden_entry_beside_known_ones_is_not_counted(routes: Lint) -> None:
    assert routes(service(f"{HTTP}\n- <+more>")) == []
    assert routes(service(f"{HTTP}\n{HTTP[6:]}\n- <+more>")) == []


@pytest.mark.parametrize("spec", ["http: []", "http: null", "http:"])
def test_an_empty_list_of_http_routes(routes: Lint, spec: str) -> None:
    assert routes(service(spec)) == ["9:3 TS106"]


@pytest.mark.parametrize("spec", ["http: {}", "http: none", "http: {route: []}"])
def test_what_is_no_list_is_a_question_of_shape(routes: Lint, spec: str) -> None:
    assert routes(service(spec)) == []


def test_no_http_routes_at_all(routes: Lint) -> None:
    assert routes(service("gateways: [mesh]")) == ["7:1 TS106"]


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: shop\n"
        '  annotations: {harness.io/managed: "true"}\n',
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: shop\n"
        '  annotations: {harness.io/managed: "true"}\nspec: {gateways: [mesh]}\n',
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: shop\n"
        '  annotations: {harness.io/managed: "true"}\nspec: <+spec>\n',
    ],
)
def test_a_partial_object_is_not_judged(routes: Lint, text: str) -> None:
    assert routes(text) == []


def test_a_patch_that_a_kustomization_names_is_not_judged(tree: Tree) -> None:
    patch = service("gateways: [mesh]")
    tree.write(
        {"kustomization.yaml": "kind: Kustomization\npatches:\n- path: a.yaml\n", "a.yaml": patch}
    )
    assert tree.show(select=ROUTES) == []


@pytest.mark.parametrize(("spec", "name"), [(TCP, "tcp"), (TLS, "tls")])
def test_other_protocols_alone_are_one_finding(tree: Tree, spec: str, name: str) -> None:
    tree.write({"manifest.yaml": service(spec)})
    (finding,) = tree.lint(select=ROUTES)
    assert (finding.rule, finding.span.line, finding.span.column) == ("TS107", 9, 3)
    assert f"has {name} routes" in finding.message


def test_other_protocols_beside_http(routes: Lint) -> None:
    assert routes(service(f"{HTTP}\n{TLS}")) == ["12:3 TS107"]


def test_both_other_protocols_are_one_finding(tree: Tree) -> None:
    tree.write({"manifest.yaml": service(f"{TCP}\n{TLS}")})
    (finding,) = tree.lint(select=ROUTES)
    assert (finding.rule, finding.span.line) == ("TS107", 9)
    assert [related.span.line for related in finding.related] == [12]


def test_hidden_other_protocols_are_not_judged(routes: Lint) -> None:
    assert routes(service(f"{HTTP}\ntcp: ${{tcp}}\ntls: [<+tls>]")) == []


def test_several_http_routes_and_another_protocol_are_two_mistakes(routes: Lint) -> None:
    assert routes(service(SEVERAL + "    " + TCP.replace("\n", "\n    "))) == [
        "10:5 TS105",
        "18:3 TS107",
    ]


def test_a_tcp_service_that_apply_steps_deploy_is_right(routes: Lint) -> None:
    text = """\
        # harness.io/skip-file-for-deploy
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          tcp:
          - match: [{port: 9000}]
            route:
            - destination: {host: shop, subset: stable}
              weight: 100
            - destination: {host: shop, subset: canary}
              weight: 0
    """
    assert routes(text) == []


@pytest.mark.parametrize("spec", [SEVERAL, TCP, "http: []", "http:\n- redirect: {uri: /a}"])
def test_a_file_that_harness_skips_is_not_judged(routes: Lint, spec: str) -> None:
    assert routes(service(spec, head="# harness.io/skip-file-for-deploy\n")) == []


@pytest.mark.parametrize(
    ("entry", "position"),
    [
        ("- redirect: {uri: /new}", "10:5"),
        ("- directResponse: {status: 503}", "10:5"),
        ("- delegate: {name: shop-routes}", "10:5"),
        ("- route: []", "10:5"),
        ("- route:", "10:5"),
        ("- route:\n  - weight: 100", "11:7"),
        ("- route:\n  - destination: {}", "11:7"),
        ("- route:\n  - destination:", "11:7"),
        ("- route:\n  - destination: {subset: stable}", "11:7"),
        ('- route:\n  - destination: {host: ""}', "11:7"),
        ('- route:\n  - destination: {host: "  "}', "11:7"),
    ],
)
def test_a_route_without_a_host(routes: Lint, entry: str, position: str) -> None:
    assert routes(service(f"http:\n{entry}")) == [f"{position} TS108"]


@pytest.mark.parametrize(
    "entry",
    [
        "- route:\n  - destination: {host: shop}",
        "- route:\n  - destination: {host: <+service.name>}",
        "- route:\n  - destination: <+destination>",
        "- route:\n  - <+entry>",
        "- route: ${routes}",
        "- <+route>",
        "- match: [{uri: {prefix: /a}}]\n  timeout: 5s\n  route:\n  - destination: {host: shop}",
    ],
)
def test_a_route_with_a_host_or_a_hidden_one(routes: Lint, entry: str) -> None:
    assert routes(service(f"http:\n{entry}")) == []


TEMPLATE = """\
    apiVersion: networking.istio.io/v1
    kind: VirtualService
    metadata:
      name: {{.Values.name}}
      annotations:
        harness.io/managed: "true"
    spec:
      hosts: [shop]
      http:
      {{- range .Values.paths }}
      - match: [{uri: {prefix: {{ . }}}}]
        route:
        - destination: {host: shop}
      {{- end }}
    {{- if .Values.tcp }}
      tcp:
      - route:
        - destination: {host: shop}
    {{- end }}
"""


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ("name: shop\npaths: [/a]\n", []),
        ("name: shop\npaths: [/a, /b]\n", ["templates/service.yaml:11:5 TS105"]),
        ("name: shop\npaths: []\n", ["templates/service.yaml:9:3 TS106"]),
        ("name: shop\npaths: [/a]\ntcp: true\n", ["templates/service.yaml:16:3 TS107"]),
        ("name: shop\npaths: <+paths>\n", []),
    ],
)
def test_a_template_is_judged_by_what_it_writes(tree: Tree, values: str, found: list[str]) -> None:
    tree.write({"values.yaml": values, "templates/service.yaml": TEMPLATE})
    assert tree.show(select=ROUTES) == found

"""The weights of a route: TS201, TS202, TS203, TS204, TS206, and which of them speaks."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import indent

import pytest

from conftest import Tree

Lint = Callable[..., list[str]]

WEIGHTS = ("TS201", "TS202", "TS203", "TS204", "TS206")
HEAD = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: shop
spec:
  hosts: [shop]
"""


def service(*weights: str | None, protocol: str = "http") -> str:
    """A VirtualService with one route; line 8 is `route`, lines 9, 11 … the destinations."""
    match = {"http": "", "tcp": "", "tls": "match: [{sniHosts: [shop], port: 443}]"}[protocol]
    lines = [f"  {protocol}:", "  - route:"]
    for index, weight in enumerate(weights):
        lines.append(f"    - destination: {{host: shop, subset: v{index}}}")
        lines.append(f"      weight: {weight}" if weight is not None else "      # none")
    if match:
        lines.append(f"    {match}")
    return HEAD + "\n".join(lines) + "\n"


@pytest.fixture
def judge(lint_text: Lint) -> Lint:
    def run(*weights: str | None, protocol: str = "http") -> list[str]:
        return lint_text(service(*weights, protocol=protocol), select=WEIGHTS)

    return run


RIGHT: list[tuple[str | None, ...]] = [
    (None,),
    ("100",),
    ("0",),
    ("90", "10"),
    ("100", "0"),
    ("0", "100"),
    ("0", "0", "100"),
    ("33", "33", "34"),
    ("200",),
    ("<+pipeline.variables.weight>", "10"),
    ("${weight}", "10"),
    ("90.0", "10.0"),
    ("null",),
]


@pytest.mark.parametrize("protocol", ["http", "tcp", "tls"])
@pytest.mark.parametrize("weights", RIGHT)
def test_right_weights(judge: Lint, weights: tuple[str | None, ...], protocol: str) -> None:
    assert judge(*weights, protocol=protocol) == []


@pytest.mark.parametrize("protocol", ["http", "tcp", "tls"])
@pytest.mark.parametrize("weights", [("80", "10"), ("100", "100"), ("1", "1", "1"), ("150", "0")])
def test_a_sum_that_is_not_100(judge: Lint, weights: tuple[str, ...], protocol: str) -> None:
    assert judge(*weights, protocol=protocol) == ["8:5 TS201"]


def test_the_message_tells_the_shares_that_are_served(tree: Tree) -> None:
    tree.write({"a.yaml": service("80", "10", "10", "20")})
    (finding,) = tree.lint(select=("TS201",))
    assert "sum to 120, not 100." in finding.message
    assert (
        "serves 66.7%, 8.33%, 8.33% and 16.7% instead of 80%, 10%, 10% and 20%." in finding.message
    )
    assert finding.path == "spec.http[0].route"


@pytest.mark.parametrize(
    ("weight", "word"),
    [
        ('"90"', "`weight: 90`"),
        ("'90%'", "`weight: 90`"),
        ("90%", "`weight: 90`"),
        ("33.3", "33, 33 and 34"),
        ("true", "whole number"),
        ("ninety", "whole number"),
        ("[90]", "whole number"),
        ("{value: 90}", "whole number"),
        (".inf", "33, 33 and 34"),
        ("-5", "Write 0"),
        ("-0.5", "Write 0"),
    ],
)
def test_what_is_no_weight_is_found_at_the_weight_alone(tree: Tree, weight: str, word: str) -> None:
    tree.write({"a.yaml": service(weight, "10")})
    (finding,) = tree.lint(select=WEIGHTS)
    column = 7 if weight[0] in "[{" else 15  # a list or a mapping is shown at its key
    assert (finding.rule, finding.span.line, finding.span.column) == ("TS202", 10, column)
    assert word in finding.help
    assert 'subset "v0"' in finding.message


def test_weights_that_a_quote_hides_from_the_sum_are_no_second_mistake(judge: Lint) -> None:
    assert judge('"90"', '"20"') == ["10:15 TS202", "12:15 TS202"]


@pytest.mark.parametrize(
    ("weights", "line"),
    [
        (("90", None), 11),
        ((None, "10"), 9),
        (("33", "65", None), 13),
        (("100", None), 11),
        (("90", None, None), 11),
        (("<+x>", None), 11),
    ],
)
@pytest.mark.parametrize("protocol", ["http", "tcp"])
def test_a_missing_weight_is_found_at_its_destination_and_nowhere_else(
    judge: Lint, weights: tuple[str | None, ...], line: int, protocol: str
) -> None:
    assert judge(*weights, protocol=protocol) == [f"{line}:7 TS203"]


def test_the_weight_that_is_missing_is_told(tree: Tree) -> None:
    tree.write({"a.yaml": service("30", "65", None)})
    (finding,) = tree.lint(select=("TS203",))
    assert finding.help == "Give it a weight: 5 makes the sum 100."
    assert 'subset "v2"' in finding.message


def test_several_missing_weights_are_one_finding_with_all_places(tree: Tree) -> None:
    tree.write({"a.yaml": service("30", None, None)})
    (finding,) = tree.lint(select=("TS203",))
    assert [related.span.line for related in finding.related] == [13]


@pytest.mark.parametrize("protocol", ["http", "tcp", "tls"])
@pytest.mark.parametrize("weight", ["1", "10", "99"])
def test_a_share_for_the_only_destination(judge: Lint, weight: str, protocol: str) -> None:
    assert judge(weight, protocol=protocol) == ["10:15 TS204"]


@pytest.mark.parametrize("protocol", ["http", "tcp", "tls"])
@pytest.mark.parametrize(
    "weights", [(None, None), ("0", "0"), ("0", None), (None, None, "0"), ("null", "null")]
)
def test_a_total_of_0_is_one_finding_at_the_route(
    judge: Lint, weights: tuple[str | None, ...], protocol: str
) -> None:
    assert judge(*weights, protocol=protocol) == ["8:5 TS206"]


def test_each_route_is_judged_alone(lint_text: Lint) -> None:
    text = service("80", "10") + indent(
        """\
- route:
  - destination: {host: cart}
    weight: 50
""",
        "  ",
    )
    assert lint_text(text, select=WEIGHTS) == ["8:5 TS201", "15:15 TS204"]


def test_a_hidden_destination_hides_the_sum(lint_text: Lint) -> None:
    text = (
        HEAD
        + "  http:\n  - route:\n    - destination: {host: shop}\n      weight: 50\n    - ${more}\n"
    )
    assert lint_text(text, select=WEIGHTS) == []


def test_weights_of_the_gateway_api_need_no_sum(lint_text: Lint) -> None:
    text = """\
    apiVersion: gateway.networking.k8s.io/v1
    kind: HTTPRoute
    metadata:
      name: shop
    spec:
      rules:
      - backendRefs:
        - {name: shop, port: 80, weight: 1}
        - {name: shop-canary, port: 80, weight: 2}
    """
    assert lint_text(text, select=WEIGHTS) == []


def test_weights_from_a_values_file_are_summed_after_rendering(tree: Tree) -> None:
    template = service("{{.Values.stable}}", "{{.Values.canary}}")
    tree.write({"values.yaml": "stable: 90\ncanary: 20\n", "templates/vs.yaml": template})
    assert tree.show(select=WEIGHTS) == ["templates/vs.yaml:8:5 TS201"]
    tree.write({"values.yaml": "stable: 90\n"})
    assert tree.show(select=WEIGHTS) == []


def test_a_managed_virtual_service_is_judged_as_it_is_first_applied(lint_text: Lint) -> None:
    text = service("80", "10").replace(
        "  name: shop\n", '  name: shop\n  annotations: {harness.io/managed: "true"}\n', 1
    )
    assert lint_text(text, select=WEIGHTS) == ["9:5 TS201"]


def test_a_patch_is_judged_by_the_route_that_it_makes(tree: Tree) -> None:
    tree.write(
        {
            "kustomization.yaml": "resources: [base.yaml]\npatches: [{path: patch.yaml}]\n",
            "base.yaml": service("90", "10"),
            "patch.yaml": service("100"),
        }
    )
    assert tree.show(select=WEIGHTS) == []
    tree.write({"patch.yaml": service("50", "40")})
    assert tree.show(select=WEIGHTS) == ["patch.yaml:8:5 TS201"]


def test_a_misspelt_weight_is_told_once(lint_text: Callable[..., list[str]]) -> None:
    text = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop]
  http:
  - route:
    - destination: {host: shop, subset: v1}
      weight: 90
    - destination: {host: shop, subset: v2}
      weigth: 10
"""
    select = ("TS009", *WEIGHTS)
    assert lint_text(text, select=select) == ["11:7 TS009"]
    assert lint_text(text.replace("weigth", "color"), select=select) == ["10:7 TS203", "11:7 TS009"]


@pytest.mark.parametrize(
    ("weight", "wanted"),
    [("NEW_WEIGHT", 0), ("__NEW__", 0), ("<new weight>", 0), ("NEW", 1), ("'90'", 1)],
)
def test_words_that_another_tool_replaces_are_weights(tree: Tree, weight: str, wanted: int) -> None:
    tree.write(
        {
            "a.yaml": "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
            "metadata: {name: shop}\nspec:\n  hosts: [shop]\n  http:\n  - route:\n"
            f"    - {{destination: {{host: shop, subset: a}}, weight: {weight}}}\n"
            "    - {destination: {host: shop, subset: b}, weight: 10}\n"
        }
    )
    assert tree.show(select=("TS201", "TS202", "TS203")) == ["a.yaml:8:54 TS202"] * wanted


def test_a_destination_without_a_host_is_not_called_by_one(tree: Tree) -> None:
    tree.write(
        {
            "a.yaml": "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
            "metadata: {name: shop}\nspec:\n  hosts: [shop]\n  http:\n  - route:\n"
            "    - destination:\n    - {destination: {host: shop}, weight: 10}\n"
        }
    )
    (finding,) = tree.lint(select=("TS203",))
    assert finding.message.startswith("This destination has no weight")

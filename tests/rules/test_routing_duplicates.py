"""One destination twice in a route: TS205."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conftest import Tree

Lint = Callable[..., list[str]]


def service(*destinations: str, namespace: str = "prod", protocol: str = "http") -> str:
    """A VirtualService with one route; its destinations stand in lines 9, 10 …."""
    lines = [
        "apiVersion: networking.istio.io/v1",
        "kind: VirtualService",
        "metadata:",
        f"  {{name: shop, namespace: {namespace}}}" if namespace else "  {name: shop}",
        "spec:",
        "  hosts: [shop]",
        f"  {protocol}:",
        "  - route:",
    ]
    lines += [f"    - {{destination: {{{fields}, weight: 50}}" for fields in destinations]
    return "\n".join(lines) + "\n"


SAME = [
    ("host: shop, subset: v1}", "host: shop, subset: v1}"),
    ("host: shop}", "host: shop}"),
    ("host: shop}", "host: shop.prod.svc.cluster.local}"),
    ("host: shop.prod}", "host: SHOP.prod.svc}"),
    ("host: shop, port: {number: 80}}", "host: shop, port: {number: 80}}"),
    ("host: api.example.com}", "host: api.example.com}"),
    ("host: shop}, headers: {request: {}}", "host: shop}, headers: {request: {}}"),
]
DIFFERENT = [
    ("host: shop, subset: v1}", "host: shop, subset: v2}"),
    ("host: shop, subset: v1}", "host: shop}"),
    ("host: shop}", "host: cart}"),
    ("host: shop}", "host: shop.stage.svc.cluster.local}"),
    ("host: shop, port: {number: 80}}", "host: shop, port: {number: 81}}"),
    ("host: shop, port: {number: 80}}", "host: shop}"),
    ("host: shop, subset: '${v}'}", "host: shop, subset: '${v}'}"),
    ("host: '${host}'}", "host: '${host}'}"),
    ("host: shop}, headers: {request: {set: {a: b}}}", "host: shop}"),
    ("host: ''}", "host: ''}"),
]


@pytest.mark.parametrize("protocol", ["http", "tcp", "tls"])
@pytest.mark.parametrize("pair", SAME)
def test_one_destination_twice_is_found_at_the_second(
    lint_text: Lint, pair: tuple[str, str], protocol: str
) -> None:
    assert lint_text(service(*pair, protocol=protocol), select=("TS205",)) == ["10:8 TS205"]


@pytest.mark.parametrize("pair", DIFFERENT)
def test_two_destinations(lint_text: Lint, pair: tuple[str, str]) -> None:
    assert lint_text(service(*pair), select=("TS205",)) == []


def test_a_short_name_without_a_namespace_may_be_another_service(lint_text: Lint) -> None:
    pair = ("host: shop}", "host: shop.prod.svc.cluster.local}")
    assert lint_text(service(*pair, namespace=""), select=("TS205",)) == []


def test_each_repetition_points_to_the_first(tree: Tree) -> None:
    tree.write({"a.yaml": service(*["host: shop, subset: v1}"] * 3)})
    found = tree.lint(select=("TS205",))
    assert [finding.span.line for finding in found] == [10, 11]
    assert [finding.related[0].span.line for finding in found] == [9, 9]


def test_two_routes_may_share_a_destination(lint_text: Lint) -> None:
    text = service("host: shop}") + "  - route:\n    - destination: {host: shop}\n"
    assert lint_text(text, select=("TS205",)) == []

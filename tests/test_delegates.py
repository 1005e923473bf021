"""Delegates: whom a route hands its requests to, and how the routes are merged."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Tree
from tsplit_lint import Catalog, Unknown, VirtualService, delegation
from tsplit_lint.delegates import conflict, is_exported, match_conflicts, merge_route, merged_routes
from tsplit_lint.engine import load_catalog

ROOT = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: root, namespace: prod}
spec:
  hosts: [shop]
  http:
"""


def catalog_of(tree: Tree, text: str) -> Catalog:
    tree.write({"shop.yaml": text})
    return load_catalog(["shop.yaml"])[0]


def named(catalog: Catalog, name: str) -> VirtualService:
    return next(each for each in catalog.resources(VirtualService) if each.name == name)


def delegate(name: str, namespace: str, spec: str) -> str:
    return (
        f"---\napiVersion: networking.istio.io/v1\nkind: VirtualService\n"
        f"metadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )


# -- whom it names ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "namespace"),
    [
        ("{name: cart}", "prod"),
        ("{name: cart, namespace: ''}", "prod"),
        ("{name: cart, namespace: team}", "team"),
    ],
)
def test_a_delegate_is_found_in_the_namespace_that_is_named_or_in_the_roots(
    tree: Tree, written: str, namespace: str
) -> None:
    text = ROOT + f"  - delegate: {written}\n" + delegate("cart", "prod", "{http: []}")
    catalog = catalog_of(tree, text + delegate("cart", "team", "{http: []}"))
    found = delegation(named(catalog, "root").http[0], catalog)
    assert found is not None
    assert found.delegate is not None
    assert (found.name, found.namespace, found.hidden) == ("cart", namespace, False)
    assert found.delegate.namespace == namespace


def test_a_virtual_service_with_hosts_is_no_delegate(tree: Tree) -> None:
    text = ROOT + "  - delegate: {name: cart}\n" + delegate("cart", "prod", "{hosts: [cart]}")
    catalog = catalog_of(tree, text)
    found = delegation(named(catalog, "root").http[0], catalog)
    assert found is not None
    assert found.delegate is None
    assert [each.name for each in found.found] == ["cart"]


def test_what_is_absent_or_hidden_or_no_delegate_at_all(tree: Tree) -> None:
    text = (
        ROOT
        + "  - delegate: {name: gone}\n"
        + '  - delegate: {name: "${NAME}"}\n'
        + "  - route: []\n"
    )
    catalog = catalog_of(tree, text)
    gone, hidden, none = (delegation(route, catalog) for route in named(catalog, "root").http)
    assert gone is not None
    assert (gone.hidden, gone.found) == (False, ())
    assert hidden is not None
    assert (hidden.hidden, hidden.found) == (True, ())
    assert none is None


@pytest.mark.parametrize(
    ("export", "namespace", "expected"),
    [
        ("[]", "team", True),
        ("['*']", "team", True),
        ("[.]", "team", False),
        ("[.]", "prod", True),
        ("[prod]", "team", True),
        ("[other]", "team", False),
        ("['${SCOPE}']", "team", True),
    ],
)
def test_who_sees_a_delegate(tree: Tree, export: str, namespace: str, expected: bool) -> None:
    text = ROOT + "  - {}\n" + delegate("cart", namespace, f"{{exportTo: {export}}}")
    catalog = catalog_of(tree, text)
    assert is_exported(named(catalog, "cart"), named(catalog, "root"), catalog) is expected


# -- how matches fit --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("root", "own"),
    [
        ({}, {"uri": {"prefix": "/a"}}),
        ({"uri": {"prefix": "/a"}}, {}),
        ({"uri": {"prefix": "/a"}}, {"uri": {"prefix": "/a/b"}}),
        ({"uri": {"prefix": "/a"}}, {"uri": {"exact": "/ab"}}),
        ({"uri": {"exact": "/a"}}, {"uri": {"exact": "/a"}}),
        ({"uri": {"regex": "/a.*"}}, {"headers": {"x": {"exact": "1"}}}),
        ({"headers": {"x": {"exact": "1"}}}, {"headers": {"y": {"regex": "2"}}}),
        ({"port": 80}, {"port": 80}),
        ({"port": 80}, {}),
        ({"sourceNamespace": "a"}, {"sourceNamespace": "a"}),
        ({"sourceLabels": {"a": "1"}}, {"sourceLabels": {"b": "2"}}),
        ({"gateways": ["mesh", "edge"]}, {"gateways": ["prod/edge"]}),
        ({"uri": {"prefix": "/a"}}, {"uri": {"prefix": Unknown("$P")}}),
        ({"uri": Unknown("$P")}, {"uri": {"regex": "/b"}}),
        (Unknown("$M"), {"uri": {"prefix": "/b"}}),
        ({"ignoreUriCase": False}, {}),
    ],
)
def test_a_match_that_fits_within_the_roots(root: Any, own: Any) -> None:
    assert conflict(root, own) is None


@pytest.mark.parametrize(
    ("root", "own", "field"),
    [
        ({"uri": {"prefix": "/a/b"}}, {"uri": {"prefix": "/a"}}, "uri"),
        ({"uri": {"exact": "/a"}}, {"uri": {"prefix": "/a"}}, "uri"),
        ({"uri": {"exact": "/a"}}, {"uri": {"exact": "/b"}}, "uri"),
        ({"uri": {"prefix": "/a"}}, {"uri": {"exact": "/b"}}, "uri"),
        ({"uri": {"prefix": "/a"}}, {"uri": {"regex": "/a/.*"}}, "uri"),
        ({"uri": {"regex": "/a.*"}}, {"uri": {"exact": "/a"}}, "uri"),
        ({"uri": {"regex": "/a"}}, {"uri": {"regex": "/a"}}, "uri"),
        ({"method": {"exact": "GET"}}, {"method": {"exact": "PUT"}}, "method"),
        ({"headers": {"x": {"exact": "1"}}}, {"headers": {"x": {"exact": "2"}}}, 'header "x"'),
        ({"headers": {"x": {}}}, {"headers": {"x": {"exact": "2"}}}, 'header "x"'),
        (
            {"withoutHeaders": {"x": {"exact": "1"}}},
            {"withoutHeaders": {"x": {}}},
            'withoutHeaders "x"',
        ),
        (
            {"queryParams": {"q": {"exact": "1"}}},
            {"queryParams": {"q": {"exact": "2"}}},
            'query parameter "q"',
        ),
        ({"ignoreUriCase": True}, {}, "ignoreUriCase"),
        ({"port": 80}, {"port": 81}, "port"),
        ({"sourceNamespace": "a"}, {}, "sourceNamespace"),
        ({"sourceLabels": {"a": "1"}}, {"sourceLabels": {"a": "2"}}, 'sourceLabels "a"'),
        ({"gateways": ["mesh"]}, {"gateways": ["edge"]}, "gateways"),
        ({"gateways": ["mesh"]}, {"gateways": ["mesh", "edge"]}, "gateways"),
    ],
)
def test_a_match_that_does_not_fit(root: Any, own: Any, field: str) -> None:
    assert conflict(root, own) == field


def test_each_match_needs_one_match_of_the_root() -> None:
    root = [{"uri": {"prefix": "/a"}}, {"uri": {"prefix": "/b"}}]
    own = [{"uri": {"prefix": "/b/1"}}, {"uri": {"prefix": "/c"}}, {"uri": {"exact": "/a"}}]
    assert [(each.index, each.field) for each in match_conflicts(root, own)] == [(1, "uri")]
    assert list(match_conflicts([], own)) == []
    assert list(match_conflicts(root, [])) == []


# -- merging ----------------------------------------------------------------------------------------


def test_the_matches_are_those_of_the_delegate_narrowed_by_each_fitting_one_of_the_root() -> None:
    root = {
        "name": "all",
        "match": [
            {"uri": {"prefix": "/a"}, "headers": {"x": {"exact": "1"}}, "port": 80},
            {"uri": {"prefix": "/b"}},
            {"uri": {"prefix": "/"}, "gateways": ["edge"]},
        ],
        "timeout": "1s",
        "delegate": {"name": "cart"},
    }
    own = {
        "name": "one",
        "match": [{"uri": {"prefix": "/a/1"}, "headers": {"y": {}}}],
        "route": ["there"],
        "retries": {"attempts": 1},
    }
    assert merge_route(root, own) == {
        "name": "all-one",
        "match": [
            {
                "uri": {"prefix": "/a/1"},
                "headers": {"x": {"exact": "1"}, "y": {}},
                "port": 80,
            },
            {"uri": {"prefix": "/a/1"}, "headers": {"y": {}}, "gateways": ["edge"]},
        ],
        "timeout": "1s",
        "retries": {"attempts": 1},
        "route": ["there"],
    }


def test_without_matches_on_one_side_those_of_the_other_hold() -> None:
    match = [{"uri": {"prefix": "/a"}}]
    merged = merge_route({"match": match, "timeout": "1s"}, {"timeout": "2s"})
    assert merged == {"name": "", "match": match, "timeout": "2s"}
    merged = merge_route({}, {"match": match})
    assert merged is not None
    assert merged["match"] == match


def test_a_route_with_one_match_that_does_not_fit_is_dropped() -> None:
    root = {"match": [{"uri": {"prefix": "/a"}}]}
    assert (
        merge_route(root, {"match": [{"uri": {"prefix": "/a/1"}}, {"uri": {"exact": "/b"}}]})
        is None
    )


def test_hidden_matches_stay_hidden() -> None:
    merged = merge_route({"match": Unknown("$M")}, {"match": [{}]})
    assert merged is not None
    assert isinstance(merged["match"], Unknown)
    merged = merge_route(
        {"match": [{"headers": Unknown("$H")}]}, {"match": [{"headers": {"x": {}}}]}
    )
    assert merged is not None
    assert isinstance(merged["match"][0]["headers"], Unknown)


def test_merged_routes_stand_where_the_delegate_wrote_them(tree: Tree) -> None:
    text = (
        ROOT
        + "  - match: [{uri: {prefix: /cart}}]\n    delegate: {name: cart}\n"
        + delegate(
            "cart",
            "prod",
            "{http: [{match: [{uri: {exact: /x}}]}, {route: [{destination: {host: cart}}]}]}",
        )
    )
    catalog = catalog_of(tree, text)
    (merged,) = merged_routes(named(catalog, "root").http[0], named(catalog, "cart"))
    assert merged.matches == [{"uri": {"prefix": "/cart"}}]
    assert (merged.resource.name, merged.path) == ("cart", ("spec", "http", 1))
    assert merged.destinations[0].host == "cart"

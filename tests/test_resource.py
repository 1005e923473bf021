"""Typed views: what they give, and that no odd shape makes them fail."""

from __future__ import annotations

import json
import re
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsplit_lint import (
    Destination,
    DestinationRule,
    Gateway,
    Resource,
    Service,
    ServiceEntry,
    SourceFile,
    Unknown,
    VirtualService,
    as_dict,
    as_list,
)
from tsplit_lint.kinds import read_resources

ISTIO = "apiVersion: networking.istio.io/v1\n"


def read(text: str) -> list[Resource]:
    file = SourceFile("a.yaml", dedent(text))
    file.read_documents()
    return [
        resource
        for document in file.documents
        if document.loaded
        for resource in read_resources(document)
    ]


def one(text: str) -> Any:
    (resource,) = read(text)
    return resource


def service(http: str) -> VirtualService:
    text = f"{ISTIO}kind: VirtualService\nmetadata: {{name: a}}\nspec:\n  http: {http}\n"
    found: VirtualService = one(text)
    return found


# --- which objects there are ------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "view"),
    [
        (f"{ISTIO}kind: VirtualService\n", VirtualService),
        ("apiVersion: networking.istio.io/v1alpha3\nkind: VirtualService\n", VirtualService),
        ("apiVersion: networking.istio.io/v1beta1\nkind: DestinationRule\n", DestinationRule),
        (f"{ISTIO}kind: Gateway\n", Gateway),
        (f"{ISTIO}kind: ServiceEntry\n", ServiceEntry),
        ("apiVersion: v1\nkind: Service\n", Service),
        # Without a version, or with a hidden one, the kind alone must do.
        ("kind: VirtualService\n", VirtualService),
        ("apiVersion: ${version}\nkind: DestinationRule\n", DestinationRule),
        ("apiVersion: 5\nkind: Gateway\n", Gateway),
        # Kinds of the same name that are others.
        ("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n", Resource),
        ("apiVersion: serving.knative.dev/v1\nkind: Service\n", Resource),
        ("kind: Service\n", Resource),
        ("apiVersion: appmesh.k8s.aws/v1beta2\nkind: VirtualService\n", Resource),
        ("apiVersion: networking.istio.iox/v1\nkind: VirtualService\n", Resource),
        (f"{ISTIO}kind: EnvoyFilter\n", Resource),
        (f"{ISTIO}kind: [VirtualService]\n", Resource),
        (f"{ISTIO}kind: ${{kind}}\n", Resource),
        ("apiVersion: v1\n", Resource),
    ],
)
def test_the_view_of_an_object(text: str, view: type[Resource]) -> None:
    assert type(one(text)) is view


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("kind: List\nitems: []\n# Service\n", []),
        ("kind: List\nitems:\n- kind: Service\n  metadata: {name: a}\n", ["a"]),
        ("kind: ServiceList\nitems:\n- kind: Service\n  metadata: {name: a}\n", ["a"]),
        (
            "kind: List\nitems:\n- kind: Service\n  metadata: {name: a}\n"
            "- kind: List\n  items: [{kind: Service, metadata: {name: b}}]\n"
            "- 5\n- text\n-\n- []\n- kind: Gateway\n  metadata: {name: c}\n",
            ["a", "b", "c"],
        ),
        # A List without a list of items is an object as any other.
        ("kind: List\nmetadata: {name: l}\nitems: Service\n", ["l"]),
        ("kind: List\nmetadata: {name: l}\nitems: ${items} # Service\n", ["l"]),
        ("kind: ServiceList\nmetadata: {name: l}\n", ["l"]),
        ("kind: IPAddressPool\nmetadata: {name: p}\nitems: [Service]\n# harness.io/\n", ["p"]),
        ("- kind: Service\n", []),
        ("Service\n", []),
        ("spec: Service\n", []),
    ],
)
def test_lists_are_expanded(text: str, names: list[str]) -> None:
    assert [resource.name for resource in read(text)] == names


def test_lists_in_lists_end_somewhere() -> None:
    deep = "{kind: List, items: [" * 40 + "{kind: Service}" + "]}" * 40
    assert read(deep) == []
    assert len(read("{kind: List, items: [" * 10 + "{kind: Service}" + "]}" * 10)) == 1


# --- names ------------------------------------------------------------------------------------
def test_names() -> None:
    found = one(f"{ISTIO}kind: Gateway\nmetadata: {{name: a, namespace: b, labels: {{c: d}}}}\n")
    assert (found.kind, found.name, found.namespace) == ("Gateway", "a", "b")
    assert (found.api_version, found.group) == ("networking.istio.io/v1", "networking.istio.io")
    assert found.title == "Gateway b/a"
    assert found.labels == {"c": "d"}
    assert (found.identity.kind, found.identity.name, found.identity.namespace) == (
        "Gateway",
        "a",
        "b",
    )


def test_names_that_an_expression_hides() -> None:
    found = one("kind: Gateway\nmetadata: {name: 'a-${b}', namespace: <+c>}\n")
    assert isinstance(found.name, Unknown)
    assert isinstance(found.namespace, Unknown)
    assert found.title == "Gateway <+c>/a-${b}"


@pytest.mark.parametrize(
    "metadata", ["", "[]", "text", "{name: 5}", "{name: [a], namespace: {b: c}}", "{namespace: ''}"]
)
def test_names_that_are_none(metadata: str) -> None:
    found = one(f"apiVersion: v1\nkind: Service\nmetadata: {metadata}\n")
    assert (found.name, found.namespace) == (None, None)
    assert found.title == "Service (no name)"
    assert found.group == ""


@pytest.mark.parametrize(
    ("value", "managed"),
    [
        ('"true"', True),
        ("'True'", True),
        ("true", True),
        ("yes", True),
        ("on", True),
        ('"false"', False),
        ("false", False),
        ('"yes"', False),
        ("1", False),
        ("null", False),
        ("[true]", False),
    ],
)
def test_managed(value: str, managed: bool) -> None:
    annotations = f"annotations: {{harness.io/managed: {value}}}"
    assert one(f"kind: Gateway\nmetadata: {{{annotations}}}\n").managed is managed


def test_managed_when_it_is_hidden_or_not_said() -> None:
    hidden = one("kind: Gateway\nmetadata: {annotations: {harness.io/managed: '${m}'}}\n")
    assert isinstance(hidden.managed, Unknown)
    assert one("kind: Gateway\nmetadata: {annotations: true}\n").managed is False


# --- routes and destinations ------------------------------------------------------------------
def test_routes_of_all_protocols() -> None:
    text = f"""\
    {ISTIO.strip()}
    kind: VirtualService
    spec:
      hosts: [a]
      gateways: [b]
      http: [{{name: h, match: [{{}}], route: [{{destination: {{host: a}}}}]}}]
      tls: [{{route: [{{destination: {{host: b}}}}]}}]
      tcp: [{{route: [{{destination: {{host: c}}}}]}}, text]
    """
    found: VirtualService = one(text)
    assert (found.hosts, found.gateways) == (("a",), ("b",))
    assert [(route.protocol, route.name) for route in found.routes] == [
        ("http", "h"),
        ("tls", None),
        ("tcp", None),
        ("tcp", None),
    ]
    assert found.routes[0].matches == [{}]
    assert [destination.host for destination in found.destinations()] == ["a", "b", "c"]
    assert found.http is found.http


def test_a_destination() -> None:
    route = service(
        "[{route: [{destination: {host: a, subset: b, port: {number: 80}}, weight: 90}, {}]}]"
    ).http[0]
    first, second = route.destinations
    assert (first.host, first.subset, first.port, first.weight) == ("a", "b", 80, 90)
    assert (second.host, second.subset, second.port, second.weight) == (None, None, None, None)
    assert first.at("host").span() == (5, 40, 5, 41)
    assert first.wrapper is not None
    assert first.wrapper.at("weight", key=True).span()[:2] == (5, 75)


@pytest.mark.parametrize(
    "destination",
    [
        "{host: 5, subset: [a], port: 80}",
        "{host: [], subset: '', port: {number: '80'}}",
        "{subset: null, port: {number: true}}",
        "text",
        "[]",
        "",
    ],
)
def test_odd_destinations(destination: str) -> None:
    (found,) = service(f"[{{route: [{{destination: {destination}}}]}}]").http[0].destinations
    assert (found.host, found.subset, found.port, found.weight) == (None, None, None, None)


def test_hidden_parts_of_a_destination() -> None:
    text = "[{route: [{destination: {host: '${h}', subset: <+s>, port: '${p}'}, weight: '${w}'}]}]"
    (found,) = service(text).http[0].destinations
    hidden = (found.host, found.subset, found.port, found.weight)
    assert [value.text for value in hidden if isinstance(value, Unknown)] == [
        "${h}",
        "<+s>",
        "${p}",
        "${w}",
    ]
    number = service("[{route: [{destination: {port: {number: '${p}'}}}]}]").http[0].destinations[0]
    assert isinstance(number.port, Unknown)


@pytest.mark.parametrize(
    ("weights", "total"),
    [
        ("", 0),
        ("{weight: 90}, {weight: 10}", 100),
        ("{weight: 90}, {}", 90),
        ("{weight: null}, {weight: 5}", 5),
        ("{weight: -10}, {weight: 5}", -5),
        ("{weight: 50.0}, {weight: 0x32}", 100),
    ],
)
def test_the_total_weight(weights: str, total: int) -> None:
    assert service(f"[{{route: [{weights}]}}]").http[0].total_weight == total


@pytest.mark.parametrize(
    "weights",
    [
        "{weight: '90'}, {weight: 10}",
        "{weight: true}, {weight: 10}",
        "{weight: 33.3}, {weight: 10}",
        "{weight: [1]}, {weight: 10}",
        "{weight: .nan}",
        "{weight: '${w}'}, {weight: 10}",
        "'${d}', {weight: 10}",
    ],
)
def test_a_total_weight_that_is_unknown(weights: str) -> None:
    assert isinstance(service(f"[{{route: [{weights}]}}]").http[0].total_weight, Unknown)


def test_a_total_weight_of_a_hidden_list_is_unknown() -> None:
    route = service("[{route: '${routes}'}]").http[0]
    assert route.has_unknown_destinations
    assert isinstance(route.total_weight, Unknown)
    assert route.destinations == ()


def test_mirrors() -> None:
    route = service(
        "[{mirror: {host: a}, mirrors: [{destination: {host: b}, percentage: {}}, 5, {}]}]"
    ).http[0]
    assert [mirror.host for mirror in route.mirrors] == ["a", "b", None, None]
    assert all(
        isinstance(mirror, Destination) and mirror.weight is None for mirror in route.mirrors
    )
    assert route.mirrors[1].at("host").span()[:2] == (5, 61)
    assert service("[{mirror: text, mirrors: {}}]").http[0].mirrors == ()


@pytest.mark.parametrize(
    ("text", "hides"),
    [
        ("spec: {http: []}", False),
        ("spec: {}", False),
        ("spec: [a]", False),
        ("spec: {tcp: '${t}'}", False),
        ("spec: {http: '${h}'}", True),
        ("spec: {http: [{}, '${h}']}", True),
        ("spec: ${spec}", True),
    ],
)
def test_routes_that_an_expression_hides(text: str, hides: bool) -> None:
    found: VirtualService = one(f"{ISTIO}kind: VirtualService\n{text}\n")
    assert found.hides("http") is hides
    assert all(route.data == {} for route in found.http)


# --- the other kinds --------------------------------------------------------------------------
def test_a_destination_rule() -> None:
    text = f"""\
    {ISTIO.strip()}
    kind: DestinationRule
    spec:
      host: a
      subsets:
      - {{name: s, labels: {{v: w}}}}
      - {{name: 5, labels: text}}
      - text
    """
    found: DestinationRule = one(text)
    assert found.host == "a"
    assert [(subset.name, subset.labels) for subset in found.subsets] == [
        ("s", {"v": "w"}),
        (None, {}),
        (None, {}),
    ]
    assert found.subsets[0].at("name").span()[:2] == (6, 12)
    assert not found.hides_subsets


@pytest.mark.parametrize(
    ("spec", "hides"),
    [
        ("${spec}", True),
        ("{subsets: '${s}'}", True),
        ("{subsets: [{name: a}, '${s}']}", True),
        ("{subsets: [{name: '${s}'}]}", True),
        ("{subsets: [{name: a, labels: '${s}'}]}", False),
        ("{host: '${h}'}", False),
        ("text", False),
    ],
)
def test_subsets_that_an_expression_hides(spec: str, hides: bool) -> None:
    found: DestinationRule = one(f"{ISTIO}kind: DestinationRule\nspec: {spec}\n")
    assert found.hides_subsets is hides


def test_the_host_of_a_destination_rule_may_be_hidden_or_none() -> None:
    hidden: DestinationRule = one(f"{ISTIO}kind: DestinationRule\nspec: {{host: '${{h}}'}}\n")
    assert isinstance(hidden.host, Unknown)
    assert one(f"{ISTIO}kind: DestinationRule\nspec: {{host: [a]}}\n").host is None


def test_a_gateway_a_service_and_a_service_entry() -> None:
    assert one(f"{ISTIO}kind: Gateway\nspec: {{servers: [{{}}]}}\n").servers[0].data == {}
    found = one("apiVersion: v1\nkind: Service\nspec: {selector: {a: b}, ports: [{port: 80}]}\n")
    assert (found.selector, found.ports[0].number) == ({"a": "b"}, 80)
    assert one(f"{ISTIO}kind: ServiceEntry\nspec: {{hosts: [a]}}\n").hosts == ["a"]


# --- places -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("kind: Gateway\nmetadata:\n  name: shop\n", (3, 9)),
        ("kind: Gateway\nmetadata: {}\n", (1, 7)),
        ("metadata: {}\napiVersion: v1\n", (1, 1)),
        ("kind: List\nitems:\n- kind: Gateway\n  metadata: {name: a}\n", (4, 20)),
        ("kind: List\nitems:\n- spec: {}\n  kind: Gateway\n", (4, 9)),
        ("kind: List\nitems:\n- spec: {}\n  apiVersion: Gateway\n", (3, 3)),
    ],
)
def test_the_head_of_an_object(text: str, place: tuple[int, int]) -> None:
    assert one(text).head().span()[:2] == place


# --- odd shapes -------------------------------------------------------------------------------
def test_lists_and_mappings_of_anything() -> None:
    assert as_list([1]) == [1]
    assert as_dict({"a": 1}) == {"a": 1}
    for odd in (None, 5, "text", Unknown("${a}")):
        assert as_list(odd) == []
        assert as_dict(odd) == {}
    assert as_list({"a": 1}) == []
    assert as_dict([1]) == {}


KEYS = re.findall(
    r"\S+",
    """apiVersion kind items metadata name namespace annotations labels harness.io/managed spec
    hosts gateways http tls tcp match route destination host subset port number weight mirror mirrors
    subsets servers selector ports""",
)
SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "a", "${a}"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(
    st.sampled_from(["VirtualService", "DestinationRule", "Gateway", "Service", "ServiceEntry"]),
    SHAPES,
    SHAPES,
)
def test_views_never_fail(kind: str, metadata: Any, spec: Any) -> None:
    version = "v1" if kind == "Service" else "networking.istio.io/v1"
    data = {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}
    found = one(json.dumps(data).replace("NaN", ".nan").replace("Infinity", ".inf"))
    for name in dir(type(found)):
        if isinstance(getattr(type(found), name), property):
            getattr(found, name)
    assert found.head().span() is not None
    if isinstance(found, VirtualService):
        for destination in found.destinations():
            assert destination.at("host").span() is not None
        assert all(route.total_weight is not None for route in found.routes)
    if isinstance(found, DestinationRule):
        assert all(isinstance(subset.labels, dict) for subset in found.subsets)

"""Matching: what a match takes, and when one match takes all that another takes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsplit_lint import VirtualService
from tsplit_lint.document import Document
from tsplit_lint.matching.conditions import Aspect, Conditions, read_match
from tsplit_lint.matching.contain import covers
from tsplit_lint.matching.evaluate import Request, answer, holds
from tsplit_lint.matching.languages import within
from tsplit_lint.matching.shadows import shadows
from tsplit_lint.matching.texts import read_text
from tsplit_lint.matching.texts import takes as text_takes
from tsplit_lint.source import SourceFile
from tsplit_lint.values import Unknown


def service_of(**spec: Any) -> VirtualService:
    """A VirtualService with a spec given as data."""
    document = Document(SourceFile("shop.yaml", ""), 0, "", 0, "VirtualService")
    data = {"kind": "VirtualService", "metadata": {"name": "shop"}, "spec": spec}
    return VirtualService(document, data)


SERVICE = service_of(hosts=["shop"], gateways=["mesh", "edge"])


def http(match: Any) -> Conditions:
    return read_match(match, SERVICE)


def takes(match: Any, **request: Any) -> bool | None:
    return answer(http(match), Request(host="shop", **request)).takes


def contains(outer: Any, inner: Any) -> bool:
    return covers(http(outer), http(inner))


# -- one request ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("match", "request_", "expected"),
    [
        (None, {}, True),
        ({}, {}, True),
        ({"uri": {"exact": "/a"}}, {"path": "/a"}, True),
        ({"uri": {"exact": "/a"}}, {"path": "/a/"}, False),
        ({"uri": {"exact": "/a"}}, {"path": "/A"}, False),
        ({"uri": {"exact": "/a"}, "ignoreUriCase": True}, {"path": "/A"}, True),
        ({"uri": {"prefix": "/a"}}, {"path": "/ab"}, True),
        ({"uri": {"prefix": "/a/"}}, {"path": "/a"}, False),
        ({"uri": {"prefix": "/A"}, "ignoreUriCase": True}, {"path": "/ab"}, True),
        ({"uri": {"regex": "/a"}}, {"path": "/ab"}, False),
        ({"uri": {"regex": "/a.?"}}, {"path": "/ab"}, True),
        ({"uri": {"regex": "/a.?"}, "ignoreUriCase": True}, {"path": "/AB"}, False),
        ({"uri": {"regex": "(?i)/a.?"}}, {"path": "/AB"}, True),
        ({"uri": {}}, {"path": "/b"}, True),
        ({"method": {"exact": "GET"}}, {"method": "POST"}, False),
        ({"method": {"exact": "get"}}, {"method": "GET"}, False),
        ({"scheme": {"exact": "https"}}, {"scheme": "https"}, True),
        ({"authority": {"prefix": "sho"}}, {}, True),
        ({"authority": {"exact": "shop"}}, {"authority": "shop:80"}, False),
        ({"headers": {"X-User": {"exact": "jo"}}}, {"headers": {"x-user": "jo"}}, True),
        ({"headers": {"x-user": {"exact": "jo"}}}, {"headers": {"x-user": "Jo"}}, False),
        ({"headers": {"x-user": {"prefix": ""}}}, {}, False),
        ({"headers": {"x-user": {}}}, {"headers": {"x-user": ""}}, True),
        ({"headers": {"x-user": {}}}, {}, False),
        ({"headers": {"x-user": {"regex": "*"}}}, {"headers": {"x-user": "any"}}, True),
        ({"headers": {":authority": {"exact": "shop"}}}, {}, True),
        ({"withoutHeaders": {"x-user": {}}}, {}, True),
        ({"withoutHeaders": {"x-user": {}}}, {"headers": {"x-user": "jo"}}, False),
        ({"withoutHeaders": {"x-user": {"exact": "jo"}}}, {}, True),
        ({"withoutHeaders": {"x-user": {"exact": "jo"}}}, {"headers": {"x-user": "jo"}}, False),
        ({"withoutHeaders": {"x-user": {"exact": ""}}}, {}, False),
        ({"withoutHeaders": {"x-user": {"regex": ".*"}}}, {}, False),
        ({"queryParams": {"v": {"exact": "2"}}}, {"query": {"v": "2"}}, True),
        ({"queryParams": {"v": {"exact": "2"}}}, {"query": {"V": "2"}}, False),
        ({"queryParams": {"v": {}}}, {"query": {"v": ""}}, True),
        ({"queryParams": {"v": {}}}, {}, False),
        ({"port": 80}, {"port": 80}, True),
        ({"port": 80}, {"port": 81}, False),
        ({"port": 80}, {}, None),
        ({"port": 0}, {"port": 81}, True),
        ({"sourceLabels": {"app": "web"}}, {"labels": {"app": "web", "v": "1"}}, True),
        ({"sourceLabels": {"app": "web"}}, {"labels": {}}, False),
        ({"sourceLabels": {"app": "web"}}, {}, None),
        ({"sourceNamespace": "a"}, {"namespace": "b"}, False),
        ({"sourceNamespace": "a"}, {}, None),
        ({"gateways": ["edge"]}, {}, False),
        ({"gateways": ["edge"]}, {"gateway": (None, "edge")}, True),
        ({"gateways": ["edge"]}, {"gateway": ("istio", "edge")}, True),
        ({"gateways": ["istio/edge"]}, {"gateway": ("other", "edge")}, False),
        ({"gateways": ["mesh"], "sourceLabels": {"app": "web"}}, {"labels": {}}, True),
        ({"uri": {"prefix": "/a"}, "method": {"exact": "PUT"}}, {"path": "/a"}, False),
        ({"uri": {"prefix": Unknown("$P")}}, {"path": "/a"}, None),
        ({"uri": {"prefix": Unknown("$P")}, "port": 1}, {"path": "/a", "port": 2}, False),
        ({"uri": {"regex": "(["}}, {"path": "/a"}, None),
        ({"uri": {"exact": "/a", "prefix": "/"}}, {"path": "/a"}, None),
        ({"header": {"a": {}}}, {}, None),
        (Unknown("$M"), {}, None),
        ({"headers": {"@request.auth.claims.group": {"exact": "beta"}}}, {}, None),
    ],
)
def test_what_a_match_takes(match: Any, request_: dict[str, Any], expected: bool | None) -> None:
    assert takes(match, **request_) is expected


def test_the_first_condition_that_fails_is_told_with_both_values() -> None:
    match = {"uri": {"prefix": "/a"}, "headers": {"end-user": {"exact": "jo"}}}
    found = answer(http(match), Request(host="shop", path="/a/b"))
    assert (found.field, found.wanted, found.got) == ('header "end-user"', 'exact "jo"', "absent")
    found = answer(http(match), Request(host="shop", path="/b"))
    assert (found.field, found.wanted, found.got) == ("uri", 'prefix "/a"', '"/b"')


# -- all requests -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        (None, {"uri": {"exact": "/a"}}),
        ({}, {"headers": {"a": {}}}),
        ({"uri": {"prefix": "/"}}, {"uri": {"exact": "/a"}}),
        ({"uri": {"prefix": "/"}}, {"headers": {"a": {}}}),
        ({"uri": {"prefix": ""}}, None),
        ({"uri": {"regex": ".*"}}, None),
        ({"uri": {"regex": "/.*"}}, {"uri": {"prefix": "/a"}}),
        ({"uri": {"prefix": "/a"}}, {"uri": {"prefix": "/a"}, "headers": {"b": {"exact": "c"}}}),
        ({"uri": {"prefix": "/A"}, "ignoreUriCase": True}, {"uri": {"prefix": "/ab"}}),
        ({"uri": {"prefix": "/1"}}, {"uri": {"prefix": "/1a"}, "ignoreUriCase": True}),
        ({"uri": {"prefix": "/api"}}, {"uri": {"regex": "/api/v[12]"}}),
        ({"uri": {"prefix": "/api"}}, {"uri": {"regex": "/api/(v1|v2)"}}),
        ({"uri": {"prefix": "/api"}}, {"uri": {"regex": "/(api|apis)/.*"}}),
        ({"uri": {"regex": "/api(/.*)?"}}, {"uri": {"prefix": "/api/"}}),
        ({"uri": {"regex": "/api/[a-z]+"}}, {"uri": {"exact": "/api/cart"}}),
        ({"uri": {"regex": "/v[0-9]+/.*"}}, {"uri": {"regex": "/v[12]/cart"}}),
        ({"uri": {"regex": r"^/v\d+/cart$"}}, {"uri": {"regex": "/v[12]/cart"}}),
        ({"uri": {"regex": "/[^a]*/x"}}, {"uri": {"regex": "/[b~]/x"}}),
        ({"uri": {"regex": "/.+"}}, {"uri": {"regex": ".*/x/y"}}),
        ({"headers": {"a": {}}}, {"headers": {"A": {"exact": "b"}}}),
        ({"headers": {"a": {"regex": ".*jo.*"}}}, {"headers": {"a": {"exact": "major"}}}),
        ({"withoutHeaders": {"a": {"exact": "b"}}}, {"withoutHeaders": {"a": {"prefix": "b"}}}),
        ({"withoutHeaders": {"a": {"exact": "b"}}}, {"withoutHeaders": {"a": {}}}),
        ({"withoutHeaders": {"a": {"exact": "b"}}}, {"headers": {"a": {"exact": "c"}}}),
        ({"withoutHeaders": {"a": {"regex": "b+"}}}, {"withoutHeaders": {"a": {"regex": "b*"}}}),
        ({"port": 80}, {"port": 80, "uri": {"exact": "/a"}}),
        ({"gateways": ["mesh", "edge"]}, {"gateways": ["edge"]}),
        ({}, {"gateways": ["edge"]}),
        ({"sourceLabels": {"a": "1"}}, {"sourceLabels": {"a": "1", "b": "2"}}),
        ({"uri": {"prefix": "/"}}, {"uri": {"exact": Unknown("$P")}}),
    ],
)
def test_a_match_that_takes_all_of_another(outer: Any, inner: Any) -> None:
    assert contains(outer, inner)


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        ({"uri": {"exact": "/a"}}, None),
        ({"uri": {"prefix": "/a/"}}, {"uri": {"prefix": "/a"}}),
        ({"uri": {"exact": "/a"}}, {"uri": {"prefix": "/a"}}),
        ({"uri": {"prefix": "/ab"}}, {"uri": {"prefix": "/ab"}, "ignoreUriCase": True}),
        ({"uri": {"prefix": "/a"}, "headers": {"b": {}}}, {"uri": {"prefix": "/a"}}),
        ({"uri": {"regex": "/api/.+"}}, {"uri": {"prefix": "/api/"}}),
        ({"uri": {"regex": "/(?i:api).*"}}, {"uri": {"prefix": "/api"}}),
        ({"uri": {"regex": r"/api\b.*"}}, {"uri": {"prefix": "/api/"}}),
        ({"uri": {"prefix": "/api"}}, {"uri": {"regex": "(?i)/api/v1"}}),
        ({"uri": {"prefix": "/api"}}, {"uri": {"regex": "/api/v1|/cart"}}),
        ({"uri": {"prefix": "/ap"}}, {"uri": {"regex": "/ap?i"}}),
        ({"uri": {"regex": "/[a-z]{1,90}x[a-z]{1,90}"}}, {"uri": {"regex": "/[a-z]{3}x[a-z]{3}"}}),
        ({"headers": {"a": {}}}, {"withoutHeaders": {"a": {"exact": "b"}}}),
        ({"withoutHeaders": {"a": {}}}, {"withoutHeaders": {"a": {"exact": "b"}}}),
        ({"withoutHeaders": {"a": {"prefix": "b"}}}, {"withoutHeaders": {"a": {"exact": "b"}}}),
        ({"withoutHeaders": {"a": {"exact": "b"}}}, {}),
        ({"port": 80}, {"port": 81}),
        ({"port": 80}, {}),
        ({"gateways": ["edge"]}, {}),
        ({"gateways": ["edge"]}, {"gateways": ["mesh"]}),
        ({"sourceLabels": {"a": "1"}}, {"gateways": ["mesh"]}),
        ({"sourceNamespace": "a"}, {"sourceNamespace": "b"}),
        ({"scheme": {"exact": "http"}}, {"scheme": {"exact": "https"}}),
        ({"uri": {"prefix": Unknown("$P")}}, {"uri": {"prefix": Unknown("$P")}}),
        ({"sourceLabels": ["a"]}, {}),
        ({"header": {"a": {}}}, {}),
        (Unknown("$M"), {"uri": {"exact": "/a"}}),
        ({"headers": {"@request.auth.claims.a": {}}}, {"headers": {"b": {}}}),
    ],
)
def test_a_match_that_does_not(outer: Any, inner: Any) -> None:
    assert not contains(outer, inner)


def test_a_costly_regex_is_left_alone() -> None:
    costly = {"uri": {"regex": "/.*" + "[ab]" * 40}}
    assert not contains({"uri": {"regex": "/.*[ab]{39}"}}, costly)


# -- properties -------------------------------------------------------------------------------------

WORDS = st.text("aA/", max_size=2)
PATHS = st.builds("/{}".format, WORDS)
PLAIN = st.one_of(
    st.builds(lambda text: {"exact": text}, WORDS),
    st.builds(lambda text: {"prefix": text}, WORDS),
    st.just({}),
)
REGEXES = st.sampled_from(
    [
        ".*",
        "/.*",
        "a*",
        "a?A?",
        "[aA]+",
        "/(a|A/)*",
        "a|/",
        "^/a.*$",
        "/[^a]*",
        "/a{1,2}?",
        "(?i)/a",
        "/.",
    ]
)
URIS = st.one_of(
    st.builds(lambda path: {"exact": path}, PATHS),
    st.builds(lambda path: {"prefix": path}, PATHS),
    st.sampled_from([{"prefix": ""}, {}]),
)


def matches(*, regexes: bool) -> st.SearchStrategy[dict[str, Any]]:
    """Random matches over few words, so that many of them meet."""
    texts = (
        st.one_of(PLAIN, st.builds(lambda regex: {"regex": regex}, REGEXES)) if regexes else PLAIN
    )
    uris = st.one_of(URIS, st.builds(lambda regex: {"regex": regex}, REGEXES)) if regexes else URIS
    return st.fixed_dictionaries(
        {},
        optional={
            "uri": uris,
            "ignoreUriCase": st.booleans(),
            "method": texts,
            "headers": st.dictionaries(st.sampled_from(["x", "y"]), texts, max_size=2),
            "withoutHeaders": st.dictionaries(st.sampled_from(["y", "z"]), texts, max_size=2),
            "queryParams": st.dictionaries(st.just("q"), texts, max_size=1),
            "port": st.sampled_from([0, 80, 81]),
            "sourceLabels": st.dictionaries(st.sampled_from("ab"), st.just("1"), max_size=2),
            "sourceNamespace": st.sampled_from(["a", "b"]),
            "gateways": st.lists(st.sampled_from(["mesh", "edge"]), unique=True, min_size=1),
        },
    )


REQUESTS = st.builds(
    Request,
    host=st.just("shop"),
    path=PATHS,
    method=WORDS,
    headers=st.dictionaries(st.sampled_from("xyz"), WORDS, max_size=3),
    query=st.dictionaries(st.just("q"), WORDS, max_size=1),
    port=st.sampled_from([80, 81]),
    labels=st.dictionaries(st.sampled_from("ab"), st.just("1"), max_size=2),
    namespace=st.sampled_from(["a", "b"]),
    gateway=st.sampled_from([(None, "mesh"), (None, "edge")]),
)


def first_route(service: VirtualService, request: Request) -> int | None:
    """The plain first-match semantics: the place of the route that takes a request."""
    for index, route in enumerate(service.http):
        for match in route.matches or [None]:
            if answer(read_match(match, service), request).takes:
                return index
    return None


@st.composite
def pairs(draw: st.DrawFn, *, regexes: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two matches, wider and narrower, that have much in common, so that one often contains the other."""
    outer = draw(matches(regexes=regexes))
    inner = draw(matches(regexes=regexes))
    kept = draw(st.sets(st.sampled_from([*outer, "none"])))
    shared = {key: outer[key] for key in kept if key in outer}
    dropped = draw(st.sets(st.sampled_from([*outer, "none"])))
    return {k: v for k, v in outer.items() if k not in dropped}, inner | shared


@st.composite
def routes_with_much_in_common(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Routes whose matches come in related pairs, in any order."""
    drawn = draw(st.lists(pairs(regexes=True), min_size=1, max_size=3))
    found = draw(st.permutations([match for pair in drawn for match in pair]))
    routes = []
    while found:
        size = draw(st.integers(1, 3))
        routes.append({"match": found[:size], "route": [{"destination": {"host": "shop"}}]})
        found = found[size:]
    return routes


@given(st.one_of(URIS, PLAIN), st.booleans(), st.one_of(URIS, PLAIN), st.booleans())
def test_containment_of_texts_is_exact(
    outer: dict[str, Any], fold: bool, inner: dict[str, Any], folds: bool
) -> None:
    one, other = read_text(inner, fold=folds), read_text(outer, fold=fold)
    assert one is not None
    assert other is not None
    words = {"", one.value, other.value}
    words |= {word.swapcase() for word in words} | {word.lower() for word in words}
    words |= {word.upper() for word in words}
    values = words | {word + "~" for word in words}
    taken = [value for value in values if text_takes(one, value)]
    assert within(one, other) is all(text_takes(other, value) for value in taken)


ANY_TEXT = st.one_of(URIS, PLAIN, st.builds(lambda regex: {"regex": regex}, REGEXES))


@given(ANY_TEXT, st.booleans(), ANY_TEXT, st.booleans(), st.lists(PATHS, min_size=1))
def test_containment_of_texts_is_sound(
    outer: dict[str, Any], fold: bool, inner: dict[str, Any], folds: bool, values: list[str]
) -> None:
    one, other = read_text(inner, fold=folds), read_text(outer, fold=fold)
    assert one is not None
    assert other is not None
    if within(one, other, path=True):
        for value in (value for value in values if text_takes(one, value)):
            assert text_takes(other, value)


@given(routes_with_much_in_common(), st.lists(REQUESTS, min_size=1, max_size=20))
def test_a_route_that_is_called_unreachable_takes_no_request(
    routes: list[dict[str, Any]], requests: list[Request]
) -> None:
    service = service_of(hosts=["shop"], gateways=["mesh", "edge"], http=routes)
    dead = {shadow.route.path[-1] for shadow in shadows(service) if shadow.route_dead}
    for request in requests:
        assert first_route(service, request) not in dead


@given(pairs(regexes=True), st.lists(REQUESTS, min_size=1, max_size=20))
def test_a_match_that_contains_another_takes_all_its_requests(
    pair: tuple[dict[str, Any], dict[str, Any]], requests: list[Request]
) -> None:
    outer, inner = pair
    if contains(outer, inner):
        for request in requests:
            if answer(http(inner), request).takes:
                assert answer(http(outer), request).takes


def values_for(aspect: Aspect, *both: Conditions) -> list[str | None]:
    """Values of one aspect that tell matches over few words apart."""
    words = {""}
    for conditions in both:
        for condition in conditions.texts.get(aspect, ()):
            assert condition.text is not None
            words |= {condition.text.value, condition.text.value.swapcase()}
            words |= {condition.text.value.lower(), condition.text.value.upper()}
    found: list[str | None] = [*words, *(word + "~" for word in words)]
    if aspect.part == "uri":
        return [value for value in found if value and value.startswith("/")] + ["/~"]
    return found if aspect.part == "method" else [None, *found]


def request_between(inner: Conditions, outer: Conditions) -> Request | None:
    """A request that the one match takes and the other does not; None where `inner` takes none."""
    chosen: dict[Aspect, str | None] = {}
    refused = False
    for aspect in inner.texts.keys() | outer.texts.keys():
        values = values_for(aspect, inner, outer)
        taken = [v for v in values if holds(inner.texts.get(aspect, ()), v)]
        if not taken:
            return None
        beyond = [v for v in taken if not holds(outer.texts.get(aspect, ()), v)]
        refused = refused or bool(beyond)
        chosen[aspect] = (beyond or taken)[0]
    parts: dict[str, dict[str, str]] = {"header": {}, "query parameter": {}}
    for aspect, value in chosen.items():
        if aspect.name and value is not None:
            parts[aspect.part][aspect.name] = value
    assert isinstance(inner.gateways, frozenset)
    assert isinstance(outer.gateways, frozenset)
    gateways = sorted(inner.gateways - outer.gateways, key=str) or sorted(inner.gateways, key=str)
    return Request(
        host="shop",
        path=chosen.get(Aspect("uri")) or "/",
        method=chosen.get(Aspect("method")) or "",
        headers=parts["header"],
        query=parts["query parameter"],
        port=inner.port or (81 if outer.port == 80 else 80),
        labels=dict(inner.labels),
        namespace=inner.namespace or ("b" if outer.namespace == "a" else "a"),
        gateway=gateways[0],
    )


@given(pairs(regexes=False))
def test_without_regexes_containment_is_exact(
    pair: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    outer, inner = pair
    one, other = http(inner), http(outer)
    if covers(other, one):
        return
    request = request_between(one, other)
    if request is not None:
        assert answer(one, request).takes
        assert answer(other, request).takes is False


@given(st.lists(matches(regexes=True), min_size=1, max_size=3))
def test_every_match_contains_itself(found: list[dict[str, Any]]) -> None:
    for match in found:
        assert contains(match, match)

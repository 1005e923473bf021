"""The syntax of fields: each function at its boundaries."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsplit_lint import (
    Unknown,
    dns_label_problem,
    duration_in_ms,
    duration_problem,
    header_name_problem,
    header_value_problem,
    host_problem,
    host_within,
    hosts_meet,
    is_generated_sni,
    is_ip,
    is_subnet,
    label_problem,
    port_problem,
    regex_problem,
    selects,
    text_match_problem,
    wildcard_host_problem,
)

HIDDEN = ("${name}", "a-<+name>", "$(NAME)", "{{ .Values.name }}", "SERVICE_NAME")


@pytest.mark.parametrize("text", ["a", "A-1", "1", "a" * 63, *HIDDEN])
def test_a_dns_label(text: str) -> None:
    assert dns_label_problem(text) is None


@pytest.mark.parametrize("text", ["", "a" * 64, "-a", "a-", "a.b", "a_b", "ä", "a\n", "*"])
def test_no_dns_label(text: str) -> None:
    assert dns_label_problem(text) is not None


LONGEST = "a." * 127 + "a"


@pytest.mark.parametrize("text", ["a", "a.b", "A.b.", "10.a", "8080", LONGEST, *HIDDEN])
def test_a_host(text: str) -> None:
    assert host_problem(text) is None
    assert wildcard_host_problem(text) is None


@pytest.mark.parametrize("text", ["*", "*.a", "*a.b", "*-a.b"])
def test_a_host_with_a_wildcard(text: str) -> None:
    assert wildcard_host_problem(text) is None
    assert "wildcard" in (host_problem(text) or "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        (LONGEST + "a", "more than 255"),
        ("a..b", "an empty part"),
        (".a", "an empty part"),
        ("a" * 64 + ".b", "more than 63"),
        ("a.*", "not at its beginning"),
        ("a*.b", "letters, digits"),
        ("**.a", "letters, digits"),
        ("*.-a", "letters, digits"),
        ("a_b.c", "letters, digits"),
        ("http://a", "letters, digits"),
        ("a.1", "digits only"),
        ("10.1.2.3", "an IP address"),
    ],
)
def test_no_host(text: str, words: str) -> None:
    assert words in (wildcard_host_problem(text) or "")


WITHIN = [
    ("a.com", "a.com"),
    ("a.com", "*.com"),
    ("a.com", "*"),
    ("*.a.com", "*.com"),
    ("*.com", "*.com"),
    ("*", "*"),
    ("xa.com", "*a.com"),
]
APART = [("a.com", "*.a.com"), ("a.com", "b.com"), ("*.a.com", "*.b.com"), ("a.com", "A.com")]


@pytest.mark.parametrize(("inner", "outer"), WITHIN)
def test_a_host_within_another(inner: str, outer: str) -> None:
    assert host_within(inner, outer)
    assert hosts_meet(inner, outer)
    assert hosts_meet(outer, inner)
    assert inner == outer or not host_within(outer, inner)


@pytest.mark.parametrize(("one", "other"), APART)
def test_hosts_apart(one: str, other: str) -> None:
    assert not hosts_meet(one, other)
    assert not hosts_meet(other, one)


NAMES = st.lists(st.sampled_from("ab"), min_size=1, max_size=3).map(".".join)


@given(NAMES, NAMES, NAMES)
def test_what_is_within_a_host_fits_what_that_is_within(one: str, two: str, three: str) -> None:
    inner, middle, outer = one, "*." + two, "*." + three
    if host_within(inner, middle) and host_within(middle, outer):
        assert host_within(inner, outer)


def test_names_that_istio_makes() -> None:
    assert is_generated_sni("outbound_.80_._.shop.prod.svc.cluster.local")
    assert is_generated_sni("outbound_.80_.v1_.shop.prod.svc.cluster.local")
    assert not is_generated_sni("outbound.80.shop")
    assert not is_generated_sni("outbound_._._.shop")
    assert not is_generated_sni("outbound_.80_._.1")


def test_addresses() -> None:
    assert all(map(is_ip, ("10.0.0.1", "::1", "2001:db8::1")))
    assert not any(map(is_ip, ("", "10.0.0", "10.0.0.256", "shop", "10.0.0.0/8")))
    assert all(map(is_subnet, ("10.0.0.1", "10.0.0.0/8", "10.1.2.3/8", "0.0.0.0/0", "::/0")))
    assert not any(map(is_subnet, ("10.0.0.0/33", "10.0.0.0/255.0.0.0", "10.0.0.0/", "shop/8")))


@pytest.mark.parametrize(("number", "good"), [(0, False), (1, True), (65535, True), (65536, False)])
def test_ports(number: int, good: bool) -> None:
    assert (port_problem(number) is None) == good


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("0", Fraction(0)),
        ("1ms", Fraction(1)),
        ("1.5s", Fraction(1500)),
        (".5s", Fraction(500)),
        ("5.s", Fraction(5000)),
        ("1m30s", Fraction(90_000)),
        ("1h", Fraction(3_600_000)),
        ("-2s", Fraction(-2000)),
        ("+2s", Fraction(2000)),
        ("1us", Fraction(1, 1000)),
        ("1µs", Fraction(1, 1000)),
        ("1ns", Fraction(1, 1_000_000)),
        ("", None),
        ("5", None),
        ("s", None),
        (".s", None),
        ("5 s", None),
        ("5d", None),
        ("1e3s", None),
        ("5s\n", None),
    ],
)
def test_lengths(text: str, length: Fraction | None) -> None:
    assert duration_in_ms(text) == length


@given(st.integers(0, 10**9))
def test_whole_milliseconds_are_durations(length: int) -> None:
    assert duration_in_ms(f"{length}ms") == length
    assert (duration_problem(f"{length}ms") is None) == (length >= 1)
    assert duration_problem(f"{length}ms", zero=True) is None


@pytest.mark.parametrize("text", ["", "5", "0s", "0.9ms", "999us", "1.5ms", "1.0001s", "-1s"])
def test_no_durations(text: str) -> None:
    assert duration_problem(text) is not None


def test_regular_expressions() -> None:
    assert regex_problem("/a(?:b|c)*") is None
    assert regex_problem("a" * 1024) is None
    assert regex_problem("a" * 1025) == "has more than 1024 bytes"
    assert regex_problem("ä" * 513) == "has more than 1024 bytes"
    assert regex_problem("") == "is empty"
    for text in ("(?!a)", "(a", "*", "a**", r"(a)\1", "[b-a]"):
        assert "no RE2 expression" in (regex_problem(text) or "")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("app", "shop"),
        ("app", ""),
        ("a.b_c-d", "A.b_c-1"),
        ("example.com/app", "a" * 63),
        ("a" * 63, Unknown("${a}")),
        ("${key}", "a"),
        ("app", 5),
    ],
)
def test_labels(key: str, value: object) -> None:
    assert label_problem(key, value) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("", "a"),
        ("a/", "a"),
        ("/a", "a"),
        ("-a", "a"),
        ("a" * 64, "a"),
        ("a b", "a"),
        ("a_b/c", "a"),
        ("a", "a b"),
        ("a", "-a"),
        ("a", "a" * 64),
    ],
)
def test_no_labels(key: str, value: str) -> None:
    assert label_problem(key, value) is not None


@pytest.mark.parametrize(
    "name",
    [
        "x-a",
        "X_a.1",
        "!#$%&'*+-.^_`|~",
        ":path",
        ":authority",
        "@request.auth.claims.group",
        "@request.auth.claims[a][b]",
        "@Request.Auth.Claims.a",
        "${name}",
    ],
)
def test_header_names(name: str) -> None:
    assert header_name_problem(name) is None


@pytest.mark.parametrize(
    "name", ["", "x a", "a,b", "ä", ":host", ":", "@request.auth.claims", "@request.auth.claims[]"]
)
def test_no_header_names(name: str) -> None:
    assert header_name_problem(name) is not None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "text\twith a tab",
        "100%%",
        "%START_TIME%",
        "a %HOSTNAME% b %PROTOCOL%",
        "%REQ(x-id)%",
        "%REQ( x-id )%",
        '%DYNAMIC_METADATA(["a", "b"])%',
        '%UPSTREAM_METADATA( ["a" , "b\\"c" ] )%',
        "%REQ(a\\)b)%",
    ],
)
def test_header_values(value: str) -> None:
    assert header_value_problem(value) is None


@pytest.mark.parametrize(
    "value",
    [
        "10%",
        "%",
        "%START_TIME%%",
        "a%b",
        "%REQ(a%",
        "%REQ(a)",
        "%REQ(a):5%",
        "%REQ([a])%",
        '%REQ(["a" "b"])%',
        '%REQ(["a")',
        "%REQ(a\\",
        "a\nb",
        "\x7f",
    ],
)
def test_no_header_values(value: str) -> None:
    assert header_value_problem(value) is not None


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_a_text_whose_per_cent_signs_are_doubled_is_a_header_value(text: str) -> None:
    assert header_value_problem(text.replace("%", "%%")) is None


@given(st.text(st.sampled_from('%()[]", \\aA')))
def test_header_values_are_read_as_envoy_reads_them(text: str) -> None:
    """Against the states of Envoy's header parser, written out one by one."""
    assert (header_value_problem(text) is None) == _ends_in_text(text)


def _ends_in_text(value: str) -> bool:
    """Whether the parser's states take a value and end where they began."""
    state, skip = "text", False
    for index, char in enumerate(value):
        if skip:
            skip = False
        elif state == "text":
            if char == "%" and value[index + 1 : index + 2] == "%":
                skip = True
            elif char == "%":
                state = "name"
        elif state == "name":
            state = {"%": "text", "(": "open"}.get(char, state)
        elif state == "string" and char == "\\":
            skip = True
        elif state == "string":
            state = {")": "end", '"': "comma"}.get(char, state)
        elif char != " ":
            following = {
                "open": {"[": "quote"}.get(char, "string"),
                "quote": {'"': "string"}.get(char),
                "comma": {",": "quote", "]": "close"}.get(char),
                "close": {")": "end"}.get(char),
                "end": {"%": "text"}.get(char),
            }[state]
            if following is None:
                return False
            state = following
    return state == "text" and not skip


@pytest.mark.parametrize(
    ("match", "problem"),
    [
        ({}, None),
        ({"exact": ""}, None),
        ({"prefix": "a", "regex": None}, None),
        ({"regex": "a.*"}, None),
        ({"prefix": Unknown("${a}")}, None),
        ({"prefix": ""}, "prefix"),
        ({"regex": ""}, "regex"),
        ({"regex": "("}, "regex"),
        ({"exact": "a", "prefix": "a"}, ""),
        ({"exact": "a", "prefix": "a", "regex": "a"}, ""),
    ],
)
def test_texts_to_match(match: dict[str, object], problem: str | None) -> None:
    found = text_match_problem(match)
    assert (found and found[0]) == problem


def test_a_prefix_may_be_empty() -> None:
    assert text_match_problem({"prefix": ""}, empty_prefix=True) is None


@pytest.mark.parametrize(
    ("selector", "labels", "answer"),
    [
        ({}, {}, True),
        ({}, {"a": "b"}, True),
        ({"a": "b"}, {"a": "b", "c": "d"}, True),
        ({"a": "b"}, {}, False),
        ({"a": "b"}, {"a": "c"}, False),
        ({"a": 1}, {"a": "1"}, True),
        ({"a": Unknown("${a}")}, {"a": "b"}, None),
        ({"a": "b"}, {"a": Unknown("${a}")}, None),
        ({"a": Unknown("${a}"), "c": "d"}, {"a": "b"}, False),
    ],
)
def test_selectors(
    selector: dict[str, object], labels: dict[str, object], answer: bool | None
) -> None:
    assert selects(selector, labels) is answer


@pytest.mark.parametrize(
    "text", ["override_me.example.com", "your_value_here.com", "a.Change_Me.example.com"]
)
def test_a_host_that_asks_to_be_replaced(text: str) -> None:
    assert host_problem(text) is None


@pytest.mark.parametrize(
    "text", ["overrides_me.example.com", "your_value.com", "your_here.com", "change_meal.com"]
)
def test_a_host_that_only_looks_like_it(text: str) -> None:
    assert host_problem(text) == "may hold letters, digits, dots and inner dashes only"

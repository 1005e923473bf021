"""Scalars: what an unquoted word means to Kubernetes, and what an expression hides."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsplit_lint import Unknown, is_integer, is_known, is_text
from tsplit_lint.values import HIDDEN, UNKNOWN_MARK, plain_scalar


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("NULL", None),
        ("nULL", "nULL"),
        ("y", True),
        ("Y", True),
        ("yes", True),
        ("Yes", True),
        ("true", True),
        ("TRUE", True),
        ("on", True),
        ("ON", True),
        ("n", False),
        ("N", False),
        ("no", False),
        ("false", False),
        ("Off", False),
        ("OFF", False),
        ("tRUE", "tRUE"),
        ("yEs", "yEs"),
        ("true ", "true "),
    ],
)
def test_words(word: str, value: Any) -> None:
    assert plain_scalar(word) is value or plain_scalar(word) == value
    assert type(plain_scalar(word)) is type(value)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("0", 0),
        ("-0", 0),
        ("90", 90),
        ("+90", 90),
        ("-90", -90),
        ("010", 8),
        ("0o10", 8),
        ("0O10", 8),
        ("-010", -8),
        ("0x1F", 31),
        ("0X1f", 31),
        ("-0x1f", -31),
        ("0b11", 3),
        ("0B11", 3),
        ("-0b11", -3),
        ("1_000", 1000),
        ("0_1", 1),
        ("18446744073709551615", 2**64 - 1),
        ("-9223372036854775808", -(2**63)),
        # Through JSON, a whole number is whole however it is written.
        ("50.0", 50),
        ("50.", 50),
        ("5e1", 50),
        ("-5.0e+1", -50),
        ("08", 8),
        ("-0.0", 0),
    ],
)
def test_whole_numbers(word: str, value: int) -> None:
    assert plain_scalar(word) == value
    assert type(plain_scalar(word)) is int


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("33.3", 33.3),
        (".5", 0.5),
        ("-.5", -0.5),
        ("+.5", 0.5),
        ("1e-3", 0.001),
        ("1_0.5", 10.5),
        ("18446744073709551616", 2.0**64),
        ("-9223372036854775809", -(2.0**63)),
        ("1" + "0" * 300, 1e300),
        (".inf", math.inf),
        ("+.INF", math.inf),
        ("-.Inf", -math.inf),
    ],
)
def test_fractions_and_what_no_integer_holds(word: str, value: float) -> None:
    assert plain_scalar(word) == value
    assert type(plain_scalar(word)) is float


@pytest.mark.parametrize("word", [".nan", ".NaN", ".NAN"])
def test_not_a_number(word: str) -> None:
    assert math.isnan(plain_scalar(word))


@pytest.mark.parametrize(
    "word",
    [
        "shop",
        "90%",
        "1:30",
        "2024-01-01",
        "1.2.3",
        "10.0.0.1",
        "0o9",
        "0xg",
        "0b12",
        "0x",
        "1e",
        "e1",
        "-",
        "+",
        ".",
        "--1",
        "+-1",
        "_1",
        "-inf",
        "inf",
        "nan",
        "v1",
        "٣",
        "1e400",
        "-1e400",
        "9" * 400,
        "0x" + "f" * 17,
        "9" * 10_000,
    ],
)
def test_everything_else_is_text(word: str) -> None:
    assert plain_scalar(word) == word


@given(st.text(max_size=30) | st.from_regex(r"\A[-+]?[0-9._eExXoObB]{0,400}\Z"))
def test_every_word_has_a_value(word: str) -> None:
    value = plain_scalar(word)
    assert value is None or isinstance(value, bool | int | float | str)
    if isinstance(value, str):
        assert value == word
    if isinstance(value, int):
        assert -(2**63) <= value < 2**64


@given(st.integers(-(2**63), 2**64 - 1))
def test_integers_are_themselves(number: int) -> None:
    assert plain_scalar(str(number)) == number


@pytest.mark.parametrize(
    "text",
    [
        "${workflow.variables.weight}",
        "shop-${env}",
        "<+pipeline.variables.weight>",
        "$(WEIGHT)",
        "$(weight)",
        "$HOST_NAME",
        "a-$CI_COMMIT-b",
        "{{ .Values.weight }}",
        "{{inputs.parameters.x}}",
        f"a{UNKNOWN_MARK}b",
    ],
)
def test_expressions_hide_a_value(text: str) -> None:
    assert HIDDEN.search(text)


@pytest.mark.parametrize(
    "text",
    ["$", "$1", "a$b", "$5.00", "$(1+1)", "{a}", "<a+b>", "100%", "^/v1/.*$", "$A", "(.*)$|x"],
)
def test_text_that_only_looks_like_an_expression(text: str) -> None:
    assert not HIDDEN.search(text)


def test_two_unknowns_are_never_equal() -> None:
    assert Unknown("${a}") != Unknown("${a}")
    assert repr(Unknown("${a}")) == "Unknown('${a}')"


def test_what_is_known() -> None:
    hidden = Unknown("${a}")
    assert not is_known(hidden)
    assert all(map(is_known, (None, 0, "", [hidden], {"a": hidden})))
    assert not is_text(hidden)
    assert is_text("")
    assert not is_text(None)
    assert is_integer(0)
    assert not any(map(is_integer, (True, False, 1.0, "1", None, hidden)))

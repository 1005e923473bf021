"""Reading line by line gives what the parser gives, or gives up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsplit_lint.document_error import DocumentError
from tsplit_lint.lines import read_lines
from tsplit_lint.nodes import build
from tsplit_lint.parsing import compose
from tsplit_lint.source import split_documents
from tsplit_lint.values import Unknown

ROOT = Path(__file__).parents[1]

SERVICE = """\
# the shop
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: shop
  annotations:
    harness.io/managed: "true"   # Größe
    note: 'a: b # c'
spec:
  hosts:
  - shop
  - shop.example.com
  http:
    - match:
        - uri:
            prefix: /api/v1:latest
        -   headers:
              x-user: {}
      route:
        - destination:
            host: shop

          weight: 010
      retries:
    - timeout: 1.5s
"""


def test_the_style_of_most_manifests() -> None:
    assert read_lines(SERVICE) == {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {
            "name": "shop",
            "annotations": {"harness.io/managed": "true", "note": "a: b # c"},
        },
        "spec": {
            "hosts": ["shop", "shop.example.com"],
            "http": [
                {
                    "match": [
                        {"uri": {"prefix": "/api/v1:latest"}},
                        {"headers": {"x-user": {}}},
                    ],
                    "route": [{"destination": {"host": "shop"}, "weight": 8}],
                    "retries": None,
                },
                {"timeout": "1.5s"},
            ],
        },
    }


def test_words_mean_what_they_mean_to_kubernetes() -> None:
    text = "a: yes\nb: 'yes'\nc: ~\nd: 0x10\ne: 1:30\nf: []\non: 1_000\ng: -5\nh: some words\n"
    assert read_lines(text) == {
        "a": True,
        "b": "yes",
        "c": None,
        "d": 16,
        "e": "1:30",
        "f": [],
        "true": 1000,
        "g": -5,
        "h": "some words",
    }


def test_what_an_expression_hides_is_unknown() -> None:
    found = read_lines('a: shop-${env}\nb: "<+pipeline.name>"\nc: $PORT-x\nd: shop\n')
    assert found is None  # `$` begins a word that may be anything
    found = read_lines('a: shop-${env}\nb: "<+pipeline.name>"\nd: shop\n')
    assert found is not None
    hidden = [value.text for value in found.values() if isinstance(value, Unknown)]
    assert hidden == ["shop-${env}", "<+pipeline.name>"]
    assert found["d"] == "shop"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "- a\n- b\n",  # no mapping
        " a: 1\n",
        "a: 1\na: 2\n",  # a repeated key
        "yes: 1\ntrue: 2\n",
        "a: {b: 1}\n",
        "a: [b]\n",
        "a: |\n  text\n",
        "a: >-\n  text\n",
        "a: &x 1\nb: *x\n",
        "a: !!str 1\n",
        "a:\n  <<: 1\n",
        '"a": 1\n',
        "? a\n",
        "a b: 1\n",
        "a: b\n  c\n",  # one text on two lines
        "a: b\n  - c\n",
        "a: b\n  c: d\n",
        "a:\n  b\n",
        "a: 'b\n  c'\n",
        'a: "\\n"\n',
        "a: 'it''s'\n",
        'a: "b"c\n',
        'a: "b"#c\n',
        "a: b: c\n",
        "a: b:\n",
        "a:b\n",
        "- a: 1\n",
        "a:\n  - - b\n",
        "a:\n  -\n    b: 1\n",
        "a:\n    b: 1\n  c: 2\n",
        "a:\n  - b\n - c\n",
        "a:\n  b: 1\n  - c\n",
        "a:\n  - b\n  c: 1\n",
        "a:\tb\n",
        "a: b\r\n",
        "a: b\u2028c: d\n",
        "# \u2029\na: b\n",
        "a: \x07\n",
        "a: 'b\u0085c'\n",
        "a: @b\n",
        "a: %b\n",
        "a: -\n",
        "%YAML 1.1\n",
        "a: b\ncommon\n",
        "a:\n" + "".join(f"{'  ' * depth}a:\n" for depth in range(1, 60)),
    ],
)
def test_whatever_else_is_left_to_the_parser(text: str) -> None:
    assert read_lines(text) is None


def same(one: Any, other: Any) -> bool:
    """Whether two documents hold the same, the types and the order of keys included."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Unknown):
        return bool(one.text == other.text)
    return repr(one) == repr(other)


def agrees(text: str) -> bool:
    """Whether the parser reads a document that is read line by line, and reads the same."""
    found = read_lines(text)
    if found is None:
        return True
    try:
        data, repeats_keys = build(compose(text), text)
    except DocumentError:
        return False
    return same(found, data) and not repeats_keys


@pytest.mark.parametrize("folder", ["examples", "tests", "docs"])
def test_every_yaml_text_of_the_repository(folder: str) -> None:
    for file in sorted((ROOT / folder).rglob("*")):
        if file.suffix in (".yaml", ".yml", ".py", ".md"):
            for _offset, text in split_documents(file.read_text("utf-8", "replace")):
                assert agrees(text), file


PIECES = st.sampled_from(
    [
        *("\n", "\n  ", "\n    ", "\n- ", "\n  - ", "  ", " ", ":", ": ", " #", "# c", "-", "- "),
        *("a:", "b: c", "a: ", "on: off", "c: 1", "x", "'", '"', "'y'", '"z"', "{}", "[]", "\\"),
        *("~", "1_0", "0x1F", "1:30", ".5", "${v}", "<+v>", "{{v}}", "<<", "*", "&", "!", "|", ">"),
        *(
            "\t",
            "\r",
            "\u00e9",
            "\u00a0",
            "\u2028",
            "\ufeff",
            ",",
            "?",
            "%",
            "@",
            "`",
            "---",
            "...",
        ),
    ]
)


@settings(max_examples=1500, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_no_text_is_read_in_another_way(text: str) -> None:
    for _offset, part in split_documents(text):
        assert agrees(part)


@settings(max_examples=800, deadline=None)
@given(st.integers(0, len(SERVICE)), st.integers(0, 4), PIECES)
def test_no_change_to_a_manifest_is_read_in_another_way(at: int, cut: int, piece: str) -> None:
    text = SERVICE[:at] + piece + SERVICE[at + cut :]
    for _offset, part in split_documents(text):
        assert agrees(part)

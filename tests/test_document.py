"""YAML text → data and positions: what is read, how, and what is refused."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsplit_lint import Document, DocumentError, SourceFile, Unknown
from tsplit_lint.document import Path, path_text
from tsplit_lint.nodes import MAX_VALUES, key_text, plain_data
from tsplit_lint.parsing import MAX_DEPTH, MAX_LENGTH, check_syntax, compose


def document(text: str) -> Document:
    return Document(SourceFile("a.yaml", text), 0, text, 0, None)


def refused(text: str) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        document(text).data  # noqa: B018
    return caught.value


def marked(text: str) -> tuple[str, int]:
    """A text without its `^`, and where that stood."""
    return text.replace("^", ""), text.index("^")


# --- data -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", None),
        ("# nothing\n", None),
        ("---\n", None),
        ("a: 1\n", {"a": 1}),
        ("a: 1\r\nb: [x,\r\n  z]\r\n", {"a": 1, "b": ["x", "z"]}),
        ("a: 1\n...\n", {"a": 1}),
        ("%YAML 1.1\n---\na: yes\n", {"a": True}),
        ("%YAML 1.2\n---\na: yes\n", {"a": True}),
        ("- a\n- - b\n  - c\n", ["a", ["b", "c"]]),
        ("just text\n", "just text"),
        ("a:\n- 1\n", {"a": [1]}),
        ("a: |\n  ---\n  b: c\n", {"a": "---\nb: c\n"}),
        ("a: >-\n  b\n  c\n", {"a": "b c"}),
        ("a:\nb:\n", {"a": None, "b": None}),
        ('{"a": [1, true, null, "x"]}', {"a": [1, True, None, "x"]}),
        ('{\n\t"a": {\n\t\t"b": 1\n\t}\n}\n', {"a": {"b": 1}}),
        ("? a\n: b\n", {"a": "b"}),
        ("? [a, b]\n: c\n", {"?": "c"}),
        ("a: 1\na: 2\n", {"a": 2}),
        ("1: a\n", {"1": "a"}),
    ],
)
def test_data(text: str, data: Any) -> None:
    assert document(text).data == data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("'yes'", "yes"),
        ('"yes"', "yes"),
        ("|-\n  yes", "yes"),
        (">-\n  10", "10"),
        ("10", 10),
        ('"10"', "10"),
        ("!!str yes", "yes"),
        ("!!str 10", "10"),
        ("! 10", 10),
        ("!!int '10'", 10),
        ("!!bool 'true'", True),
        ("!!float '1.5'", 1.5),
        ("!!null ''", None),
        ("!!binary aGk=", "aGk="),
        ("!custom 10", "10"),
        ("!<tag:yaml.org,2002:str> 10", "10"),
        ("!custom [10]", [10]),
        ("!!map {b: 1}", {"b": 1}),
        ("''", ""),
        ("", None),
    ],
)
def test_quoting_and_tags_decide_what_a_scalar_is(text: str, value: Any) -> None:
    found = document(f"a: {text}\n").data["a"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("word", ["on", "On", "yes", "y", "true", "TRUE"])
def test_a_boolean_key_is_written_as_json_has_it(word: str) -> None:
    assert document(f"{word}: 1\n'{word}': 2\n").data == (
        {"true": 1, word: 2} if word != "true" else {"true": 2}
    )


@pytest.mark.parametrize(
    "value", ["${weight}", "'a-${b}'", "<+pipeline.weight>", "$(WEIGHT)", '"{{ .Values.w }}"']
)
def test_what_an_expression_hides_is_unknown(value: str) -> None:
    found = document(f"a: {value}\nb: 1\n").data
    assert isinstance(found["a"], Unknown)
    assert found["a"].text == value.strip("'\"")
    assert found["b"] == 1


@pytest.mark.parametrize("action", ["{{ .Values.w }}", "{{w}}", "{{ a }}", "{{ a: b }}"])
def test_a_template_action_that_is_a_flow_mapping_is_unknown(action: str) -> None:
    found = document(f"a: {action}\nb: {{c: {{d: 1}}}}\n").data
    assert isinstance(found["a"], Unknown)
    assert found["b"] == {"c": {"d": 1}}


def test_values_files_keep_their_expressions_as_text() -> None:
    assert plain_data("a: ${b}\nc: <+d>\n") == {"a": "${b}", "c": "<+d>"}


@pytest.mark.parametrize(
    "text",
    [
        "[2001:db8::1, ::1]",
        "[1.2.3.4, 001:db8::]",
        "[a?b, http://shop/?a=b]",
        "{u: http://shop/?q}",
    ],
)
def test_a_document_is_read_if_either_parser_reads_it(text: str) -> None:
    check_syntax(f"a: {text}\n")
    assert compose(f"a: {text}\n") is not None


def test_many_brackets_do_not_make_the_parser_stricter() -> None:
    # From some number of brackets on, the nesting is bounded before the document is read.
    text = "a:\n" + "- {b: [c]}\n" * 60 + "- [http://shop/?a=b, 2001:db8::1]\n"
    check_syntax(text)
    assert compose(text) is not None
    assert refused(text + "- [a\n").kind == "syntax"


def test_a_tab_after_a_value_is_read() -> None:
    assert document("apiVersion: v1\t\nkind: Service\t# here\n").data == {
        "apiVersion": "v1",
        "kind": "Service",
    }


def test_an_anchor_may_be_used_twice() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = document("a: &x 1\nb: *x\nc: &x [2]\nd: *x\n").data
    assert data == {"a": 1, "b": 1, "c": [2], "d": [2]}


def test_escapes_of_json_beyond_the_first_plane_are_read() -> None:
    text = json.dumps({"a": "\N{WAVING HAND SIGN}", "b": 1})
    check_syntax(text)
    assert document(text).data["b"] == 1
    assert refused(text[:-1]).kind == "syntax"


# --- aliases and merge keys -------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "merged"),
    [
        ("m: &m {a: 1, b: 2}\nx:\n  <<: *m\n  b: 3\n", {"a": 1, "b": 3}),
        ("m: &m {a: 1, b: 2}\nx:\n  b: 3\n  <<: *m\n", {"a": 1, "b": 3}),
        ("m: &m {a: 1}\nn: &n {a: 2, b: 2}\nx: {<<: [*m, *n]}\n", {"a": 1, "b": 2}),
        ("m: &m {a: 1}\nn: &n {a: 2, b: 2}\nx:\n  <<: *m\n  <<: *n\n", {"a": 1, "b": 2}),
        ("m: &m {a: 1}\nn: &n {<<: *m, b: 2}\nx: {<<: *n, c: 3}\n", {"a": 1, "b": 2, "c": 3}),
        ("x: {<<: {a: 1}, b: 2}\n", {"a": 1, "b": 2}),
        ("x: {'<<': {a: 1}, b: 2}\n", {"<<": {"a": 1}, "b": 2}),
        ("x: {<<: text, b: 2}\n", {"b": 2}),
        ("x: {<<: [1, {a: 1}], b: 2}\n", {"a": 1, "b": 2}),
        ("x: {<<: , b: 2}\n", {"b": 2}),
    ],
)
def test_merge_keys(text: str, merged: dict[str, Any]) -> None:
    assert document(text).data["x"] == merged


@pytest.mark.parametrize("value", ["${base}", "{{ .Values.base }}", "[{a: 1}, '${base}']"])
def test_a_hidden_merge_hides_the_mapping(value: str) -> None:
    data = document(f"x:\n  <<: {value}\n  b: 2\nc: 1\n").data
    assert isinstance(data["x"], Unknown)
    assert data["c"] == 1


def test_an_alias_shares_its_value() -> None:
    data = document("a: &x {b: [1]}\nc: *x\nd: [*x, *x]\n").data
    assert data["c"] == {"b": [1]}
    assert data["a"] is data["c"] is data["d"][0] is data["d"][1]


def test_merges_without_end_take_no_time() -> None:
    chain = "a0: &a0 {x: 1}\n" + "".join(
        f"a{n}: &a{n} {{<<: *a{n - 1}, k{n}: 1}}\n" for n in range(1, 190)
    )
    assert len(document(chain).data["a189"]) == 190
    inline = "a: " + "{<<: " * 90 + "{b: 1}" + "}" * 90
    assert document(inline).data == {"a": {"b": 1}}


@pytest.mark.parametrize(
    ("text", "repeats"),
    [
        ("a: 1\nb: 2\n", False),
        ("a: 1\na: 2\n", True),
        ("a: 1\n'a': 2\n", True),
        ("x: {a: 1, a: 2}\n", True),
        ("on: 1\ntrue: 2\n", True),
        ("m: &m {a: 1}\nx: {<<: *m, a: 2}\n", False),
        ("m: &m {a: 1}\nx: {<<: *m, <<: *m}\n", False),
        ("m: &m {a: 1}\nx: {<<: *m, b: 2, b: 3}\n", True),
        ("? [a]\n: 1\n? [b]\n: 2\n", False),
    ],
)
def test_repeated_keys_are_noted(text: str, repeats: bool) -> None:
    found = document(text)
    found.data  # noqa: B018
    assert found.repeats_keys is repeats


# --- what is refused --------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        "a: [1, 2^",
        "a: b\n^  c: d\n",
        "a:\n^\t- b\n",
        "a: ^*nowhere\n",
        "a: ^@b\n",
        "a: ^%b\n",
        "a: ^`b`\n",
        "é: ☸ ^\x01\n",
        "a: 'b^",
        "a: 1\n^]\n",
        'a: "\\^q"\n',
        "a: |\n  b\n^c\n",
    ],
)
def test_a_syntax_error_knows_its_place(text: str) -> None:
    plain, offset = marked(text)
    error = refused(plain)
    assert error.kind == "syntax"
    assert error.message
    line = plain[:offset].count("\n")
    assert abs(plain[: error.offset].count("\n") - line) <= 1
    assert 0 <= error.offset <= len(plain)


def test_a_control_character_is_found_behind_wide_ones() -> None:
    plain, offset = marked("é: ☸ \N{WAVING HAND SIGN} ^\x01\n")
    assert refused(plain).offset == offset


def test_two_documents_are_not_one() -> None:
    assert refused("a: 1\n---\nb: 2\n").kind == "syntax"


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 100_000,
        "a: " + "[" * 100_000 + "]" * 100_000,
        "a: " + "{b: " * 100_000,
        "a:\n" + "- " * 100_000,
        "a:\n" + "? " * 100_000,
        "".join(" " * level + "a:\n" for level in range(1_000)),
        "".join(f"{' ' * level}a:\n{' ' * level}-\n" for level in range(150)),
        "".join(f"{' ' * level}a:\n{' ' * level}-\n" for level in range(60)) + " " * 60 + "[" * 90,
    ],
    ids=["flow", "closed", "mappings", "compact", "keys", "block", "zero-indent", "mixed"],
)
def test_nesting_is_bounded(text: str) -> None:
    error = refused(text)
    assert error.kind == "limit"
    assert str(MAX_DEPTH) in error.message


@pytest.mark.parametrize("brackets", ["[", "{a: "])
def test_nesting_up_to_the_bound_is_read(brackets: str) -> None:
    close = {"[": "]", "{a: ": "}"}[brackets]
    levels = MAX_DEPTH - 1
    assert document("a: " + brackets * levels + "1" + close * levels).data["a"]
    assert refused("a: " + brackets * (levels + 1) + "1" + close * (levels + 1)).kind == "limit"


def test_a_syntax_error_before_the_bound_is_a_syntax_error() -> None:
    assert refused("a: [" + "[], " * 200 + "}").kind == "syntax"


def test_many_brackets_side_by_side_are_read() -> None:
    assert len(document("a: [" + "[], " * 20_000 + "]").data["a"]) == 20_000
    check_syntax("a: [" + "[], " * 20_000 + "]")


def test_checking_alone_is_bounded_as_well() -> None:
    with pytest.raises(DocumentError, match="nested"):
        check_syntax("a: " + "[" * 100_000 + "]" * 100_000)


@pytest.mark.parametrize("text", ["a: [1, 2\n", "a: b: c\n", "a: \x01\n"])
def test_checking_finds_what_composing_finds(text: str) -> None:
    with pytest.raises(DocumentError) as caught:
        check_syntax(text)
    assert (caught.value.kind, caught.value.offset) == ("syntax", refused(text).offset)


def test_an_alias_bomb_is_refused() -> None:
    bomb = "a0: &a0 [x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
    )
    error = refused(bomb)
    assert (error.kind, f"{MAX_VALUES:,}" in error.message) == ("limit", True)
    assert bomb[error.offset :].startswith("&")


def test_a_deep_chain_of_aliases_is_refused() -> None:
    chain = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 5_000))
    assert "levels deep" in refused(chain).message


@pytest.mark.parametrize("text", ["a: &a [*a]\n", "a: &a {b: *a}\n", "a: &a {<<: *a}\n"])
def test_an_alias_inside_its_own_anchor_is_refused(text: str) -> None:
    error = refused(text)
    assert error.kind == "limit"
    assert "its own anchor" in error.message
    assert error.offset == text.index("&")


def test_large_broken_text_is_not_read_twice() -> None:
    # Beyond some length only the fast parser is asked.
    padding = "# x\n" * 60_000
    assert document("a: [2001:db8::1]\n").data
    assert refused(padding + "a: [2001:db8::1]\n").kind == "syntax"


# --- places -----------------------------------------------------------------------------------
TEXT = """\
spec:
  http:
  - name: a
    route:
    - weight: 80
    - weight: "10"
  empty:
  text: |
    x
    y
  flow: {a: [1, 2]}
  "a.b/c": 1
"""


@pytest.mark.parametrize(
    ("path", "key", "place"),
    [
        ((), False, (1, 1, 1, 6)),
        (("spec",), False, (1, 1, 1, 5)),
        (("spec", "http"), False, (2, 3, 2, 7)),
        (("spec", "http", 0), False, (3, 5, 3, 12)),
        (("spec", "http", 0, "name"), False, (3, 11, 3, 12)),
        (("spec", "http", 0, "name"), True, (3, 5, 3, 9)),
        (("spec", "http", 0, "route"), False, (4, 5, 4, 10)),
        (("spec", "http", 0, "route", 0), False, (5, 7, 5, 17)),
        (("spec", "http", 0, "route", 1, "weight"), False, (6, 15, 6, 19)),
        (("spec", "empty"), False, (7, 3, 7, 8)),
        (("spec", "flow"), False, (11, 3, 11, 7)),
        (("spec", "flow", "a"), False, (11, 10, 11, 11)),
        (("spec", "flow", "a", 1), False, (11, 17, 11, 18)),
        (("spec", "a.b/c"), True, (12, 3, 12, 10)),
        # What is not there is shown at the deepest part that is.
        (("spec", "http", 0, "match", 3), False, (3, 5, 3, 12)),
        (("spec", "http", 7), False, (2, 3, 2, 7)),
        (("spec", "http", "x"), False, (2, 3, 2, 7)),
        (("spec", "http", 0, "name", "x"), False, (3, 11, 3, 12)),
        (("status",), False, (1, 1, 1, 6)),
    ],
)
def test_spans(path: Path, key: bool, place: tuple[int, int, int, int]) -> None:
    assert document(TEXT).span(path, key=key) == place


def test_a_block_of_text_is_shown_from_its_mark_to_its_end() -> None:
    assert document(TEXT).span(("spec", "text"))[:2] == (8, 9)


def test_an_empty_document_is_its_beginning() -> None:
    assert document("# only\n").span(("a", 0)) == (1, 1, 1, 1)


def test_has() -> None:
    found = document(TEXT)
    assert found.has(("spec", "http", 0, "route", 1))
    assert found.has(("spec", "empty"))
    assert not found.has(("spec", "http", 1))
    assert not found.has(("spec", "tcp"))
    assert not document("").has(())


def test_a_merged_value_is_where_it_is_written() -> None:
    text = "m: &m\n  w: 5\nn: &n {v: 1}\nx:\n  <<: [*m, *n]\n  u: 1\nz:\n  <<: *n\n  <<: 3\n"
    found = document(text)
    assert found.span(("x", "w")) == (2, 6, 2, 7)
    assert found.span(("x", "v"), key=True) == (3, 8, 3, 9)
    assert found.span(("x", "u")) == (6, 6, 6, 7)
    assert found.span(("z", "v")) == (3, 11, 3, 12)
    assert not found.has(("x", "q"))
    assert not found.has(("z", "q"))


def test_a_value_behind_an_alias_is_where_it_is_written() -> None:
    found = document("r: &r\n- w: 5\nx: *r\n")
    assert found.span(("x", 0, "w")) == (2, 6, 2, 7)
    assert found.span(("x",)) == (3, 1, 3, 2)


def test_a_repeated_key_is_the_last_one() -> None:
    found = document("a: 1\na: 2\nb: &b\n- 1\n- {c: 1, c: 2}\nd: *b\n")
    assert found.data["a"] == 2
    assert found.span(("a",)) == (2, 4, 2, 5)
    repeats = [
        (found.node_span(key).line, found.node_span(first).line)
        for key, first in found.duplicate_keys()
    ]
    assert repeats == [(2, 1), (5, 5)]


def test_a_document_composes_on_demand_and_once() -> None:
    found = document(TEXT)
    assert not found.loaded
    assert found.data is found.data
    assert found.loaded
    assert found.node is found.node


@pytest.mark.parametrize(
    ("value", "quoted"),
    [("10", False), ("'10'", True), ('"10"', True), ("|-\n  10", True), ("!!str 10", False)],
)
def test_the_quoting_of_a_scalar_is_known(value: str, quoted: bool) -> None:
    found = document(f"a: {value}\n").scalar(("a",))
    assert found is not None
    assert bool(found.style) is quoted


@pytest.mark.parametrize("path", [("b",), ("a", 0), ()])
def test_what_is_no_scalar_has_no_quoting(path: Path) -> None:
    assert document("a: 1\n").scalar(path) is None


def test_mentions() -> None:
    found = document(TEXT)
    assert found.mentions("weight")
    assert found.mentions("weight")
    assert not found.mentions("subset")
    assert not found.loaded


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("spec",), "spec"),
        (("spec", "http", 0, "route", 1, "weight"), "spec.http[0].route[1].weight"),
        (("items", 0), "items[0]"),
        ((0, "a"), "[0].a"),
        (("metadata", "annotations", "a.b/c"), 'metadata.annotations["a.b/c"]'),
        (("a-b", "c_d"), "a-b.c_d"),
    ],
)
def test_path_text(path: Path, text: str) -> None:
    assert path_text(path) == text


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
        ),
        max_leaves=25,
    )
)
def test_json_is_read_as_json(data: Any) -> None:
    text = json.dumps(data)
    if not any("\ud800" <= char <= "\udfff" for char in json.dumps(data, ensure_ascii=False)):
        found = plain_data(text)
        assert json.dumps(found) == text or "\\ud" in text


def test_a_key_that_is_no_scalar_has_no_text() -> None:
    node = compose("? {a: b}\n: c\n")
    assert node is not None
    assert key_text(node.value[0][0]) == "?"


def test_a_document_is_composed_up_to_a_length() -> None:
    text = "a: " + "x" * (MAX_LENGTH - 3)
    assert plain_data(text) == {"a": text[3:]}
    with pytest.raises(DocumentError) as caught:
        compose(text + "x")
    assert (caught.value.kind, caught.value.offset) == ("limit", 0)
    check_syntax(text + "x")

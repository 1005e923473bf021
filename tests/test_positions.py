"""Findings stand where the mistake is written, whatever the file looks like."""

from __future__ import annotations

import codecs
import json
import re
from textwrap import dedent
from typing import Any

import pytest

from conftest import Tree
from tsplit_lint import Config, Document, SourceFile, Span, lint

#: A VirtualService whose weights are wrong; `^` stands where the finding belongs.
WRONG = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: shop
spec:
  hosts: [shop]
  http:
  - ^route:
    - destination: {host: shop, subset: a}
      weight: 80
    - destination: {host: shop, subset: b}
      weight: 10
"""
RIGHT = WRONG.replace("80", "90").replace("^", "")
MORE = """\
  - match: [{uri: {prefix: /x}}]
    ^route:
    - {destination: {host: shop, subset: a}, weight: 1}
    - {destination: {host: shop, subset: b}, weight: 2}
"""


def indented(text: str, width: int, first: str) -> str:
    """A text moved to the right, `first` in front of its first line."""
    lines = text.splitlines(keepends=True)
    return first + lines[0] + "".join(" " * width + line for line in lines[1:])


def places(text: str, name: str = "manifest.yaml") -> list[str]:
    """Where the `^` stand, as `Tree.show` writes it."""
    return [
        f"{name}:{number}:{match.start() - index + 1} TS201"
        for number, line in enumerate(text.split("\n"), start=1)
        for index, match in enumerate(re.finditer(r"\^", line))
    ]


def shown(tree: Tree, text: str, name: str = "manifest.yaml", encoding: str = "utf-8") -> list[str]:
    tree.write({name: text.replace("^", "").encode(encoding)})
    return tree.show(name, select=("TS201",))


@pytest.mark.parametrize(
    "text",
    [
        WRONG,
        WRONG + MORE,
        "\n\n# a comment\n\n" + WRONG,
        "---\n" + WRONG,
        "--- # the routes\n" + WRONG,
        "%YAML 1.1\n---\n" + WRONG,
        WRONG + "...\n",
        WRONG + "...\n---\n" + WRONG,
        WRONG + "...\n" + WRONG,
        RIGHT + "---\n" + WRONG,
        WRONG + "---\n" + RIGHT + "---\n" + WRONG + MORE,
        "---\n---\n# nothing\n---\n" + WRONG + "---\n---\n",
        "kind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: |\n    ---\n    b: c\n---\n" + WRONG,
        "kind: Broken\nname: a\nx: [1\n---\n" + WRONG,
        WRONG.replace("shop", "shöp-☸-\N{WAVING HAND SIGN}", 1),
        "# é☸\N{WAVING HAND SIGN}\n" + WRONG,
        WRONG.replace("  - ^route:", '  - name: "\N{WAVING HAND SIGN}"\n    ^route:'),
        WRONG.replace("weight: 80", "weight: 80\t").replace("spec:", "spec:\t# here"),
        WRONG.replace("weight: 80", "weight: 0x50").replace("weight: 10", "weight: 012"),
        WRONG.replace("weight: 80", "weight: 80.0").replace("weight: 10", "weight: !!int '10'"),
        WRONG.replace("^route", "^'route'").replace("weight: 80", '"weight": 80'),
        WRONG.replace("http:", "http: &http").replace("weight: 80", "weight: &w 80"),
        WRONG + "x: [2001:db8::1]\n",
        WRONG + "y: &y 1\nz: &y 2\n",
    ],
)
def test_documents(tree: Tree, text: str) -> None:
    assert shown(tree, text) == places(text)


@pytest.mark.parametrize("text", [WRONG, RIGHT + "---\n" + WRONG + MORE, "---\n\n" + WRONG])
def test_line_breaks_of_windows(tree: Tree, text: str) -> None:
    assert shown(tree, text.replace("\n", "\r\n")) == places(text)


@pytest.mark.parametrize("text", [WRONG, "---\n" + WRONG, "--- {}\n---\n" + WRONG])
def test_a_byte_order_mark_at_the_start_counts_nothing(tree: Tree, text: str) -> None:
    assert shown(tree, text, encoding="utf-8-sig") == places(text)


def test_a_byte_order_mark_before_a_json_manifest(tree: Tree) -> None:
    text = '{"kind": "List", "items": [' + json_of(WRONG) + "]}"
    assert shown(tree, text, "a.json", encoding="utf-8-sig") == places(text, "a.json")


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_utf_16_is_read_as_kubernetes_reads_it(tree: Tree, mark: bytes) -> None:
    encoding = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"
    tree.write({"manifest.yaml": mark + WRONG.replace("^", "").encode(encoding)})
    assert tree.show(select=("TS201",)) == places(WRONG)


@pytest.mark.parametrize("stray", ["\0", "\ufeff", "\0\ufeff\0"])
def test_stray_characters_move_only_their_own_line(tree: Tree, stray: str) -> None:
    text = f"# {stray} a\n---\n" + WRONG
    assert shown(tree, text) == places(text)


# --- lists ------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["List", "VirtualServiceList"])
def test_items_of_a_list(tree: Tree, kind: str) -> None:
    text = f"apiVersion: v1\nkind: {kind}\nitems:\n"
    text += indented(WRONG, 2, "- ") + indented(RIGHT, 2, "- ") + indented(WRONG + MORE, 2, "- ")
    assert shown(tree, text) == places(text)


def test_lists_in_lists(tree: Tree) -> None:
    inner = "apiVersion: v1\nkind: List\nitems:\n" + indented(WRONG, 2, "- ")
    text = "apiVersion: v1\nkind: List\nitems:\n" + indented(inner, 2, "- ") * 2
    assert shown(tree, text) == places(text)


def test_odd_items_of_a_list_leave_the_others(tree: Tree) -> None:
    text = "kind: List\nitems:\n- 5\n- [a]\n-\n- {}\n- ${item}\n" + indented(WRONG, 2, "- ")
    assert shown(tree, text) == places(text)


# --- JSON -------------------------------------------------------------------------------------
def json_of(text: str, **layout: Any) -> str:
    """A manifest as JSON, with the `^` before the key that it marks."""
    source = SourceFile("a.yaml", text.replace("^", ""))
    data = Document(source, 0, source.text, 0, None).data
    return json.dumps(data, **layout).replace('"route"', '^"route"')


@pytest.mark.parametrize(
    "layout", [{}, {"indent": 2}, {"indent": "\t"}, {"separators": (",", ":")}]
)
def test_json(tree: Tree, layout: dict[str, Any]) -> None:
    text = json_of(WRONG, **layout) + "\n"
    assert shown(tree, text, "a.json") == places(text, "a.json")


def test_json_with_an_emoji_written_as_two_escapes(tree: Tree) -> None:
    text = json_of(WRONG.replace("name: shop", "name: shop\N{WAVING HAND SIGN}"))
    assert "\\ud83d" in text
    assert shown(tree, text, "a.json") == places(text, "a.json")


def test_json_documents_one_after_another(tree: Tree) -> None:
    text = f"--- {json_of(WRONG)}\n--- {json_of(RIGHT).replace('^', '')}\n---\n{json_of(WRONG)}\n"
    assert shown(tree, text, "a.json") == places(text, "a.json")


# --- flow style, anchors, merge keys ----------------------------------------------------------
@pytest.mark.parametrize(
    "http",
    [
        "[{^route: [A, B]}]",
        "\n  - {^route: [A,\n      B]}",
        "\n  - ^route: &r\n    - A\n    - B\n  - ^route: *r",
        "\n  - &r {^route: [A, B]}",
        "\n  - <<: &m\n      ^route: [A, B]\n    name: a",
        "\n  - ? ^route\n    : [A, B]",
    ],
)
def test_routes_written_in_many_ways(tree: Tree, http: str) -> None:
    for name in "AB":
        http = http.replace(name, f"{{destination: {{host: {name.lower()}}}, weight: 20}}")
    text = WRONG[: WRONG.index("http:")] + f"http: {http}\n"
    assert shown(tree, text) == places(text)


def test_a_merged_route_is_found_where_it_is_written(tree: Tree) -> None:
    text = dedent(
        """\
        kind: VirtualService
        metadata: {name: a}
        x:
          a: &a
            timeout: 1s
          b: &b
            ^route:
            - {destination: {host: a}, weight: 1}
            - {destination: {host: b}, weight: 2}
        spec:
          http:
          - <<: [*a, *b]
            name: first
        """
    )
    assert shown(tree, text) == places(text)


def test_explicit_keys_win_over_merged_ones(tree: Tree) -> None:
    text = dedent(
        """\
        kind: VirtualService
        metadata: {name: a}
        x:
          wrong: &wrong {destination: {host: b}, weight: 5}
        spec:
          http:
          - route:
            - {destination: {host: a}, weight: 90}
            - <<: *wrong
              weight: 10
          - ^route:
            - {destination: {host: a}, weight: 90}
            - <<: *wrong
        """
    )
    assert shown(tree, text) == places(text)


# --- expressions in plain files ---------------------------------------------------------------
@pytest.mark.parametrize(
    "value",
    [
        "${workflow.variables.weight}",
        '"${workflow.variables.weight}"',
        "<+pipeline.variables.weight>",
        "$(WEIGHT)",
        "$WEIGHT",
        "{{ .Values.weight }}",
        "{{.Values.weight}}",
        '"{{ .Values.weight }}"',
        "{{ .Values.weight | int }}",
        "{{ .Values.weight | default 10 | quote }}",
        "{{inputs.parameters.weight}}",
    ],
)
def test_a_hidden_weight_is_no_mistake(tree: Tree, value: str) -> None:
    text = WRONG.replace("^", "").replace("80", value) + MORE
    assert shown(tree, text) == places(text)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("[shop]", "${hosts}"),
        ("{host: shop, subset: a}", "{host: '${host}', subset: $(SUBSET)}"),
        ("{host: shop, subset: a}", "${destination}"),
        ("name: shop", "name: <+service.name>"),
        ("kind: VirtualService", "kind: ${kind}"),
    ],
)
def test_hidden_parts_raise_no_error(tree: Tree, part: str, value: str) -> None:
    tree.write({"manifest.yaml": RIGHT.replace(part, value)})
    assert [finding.rule for finding in tree.lint() if finding.rule != "TS123"] == []


def test_hidden_routes_are_no_mistake(tree: Tree) -> None:
    head = RIGHT[: RIGHT.index("http:")]
    for spec in ("http: ${routes}", "http:\n  - ${route}", "http:\n  - route: ${destinations}"):
        tree.write({"manifest.yaml": f"{head}{spec}\n"})
        assert tree.show(select=("TS2",)) == []


# --- spans --------------------------------------------------------------------------------------
def test_a_finding_ends_where_its_place_ends(tree: Tree) -> None:
    text = "# é\n" + WRONG.replace("^", "")
    tree.write({"manifest.yaml": text.replace("\n", "\r\n").encode("utf-8-sig")})
    (finding,) = tree.lint(select=("TS201",))
    assert finding.span == Span(9, 5, 9, 10)
    assert finding.path == "spec.http[0].route"
    assert finding.resource is not None
    assert (finding.resource.kind, finding.resource.name) == ("VirtualService", "shop")


def test_the_path_of_an_item_begins_in_its_list(tree: Tree) -> None:
    tree.write({"a.yaml": "kind: List\nitems:\n" + indented(WRONG.replace("^", ""), 2, "- ")})
    (finding,) = tree.lint(select=("TS201",))
    assert finding.path == "items[0].spec.http[0].route"


def test_files_are_shown_relative_to_the_working_directory(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.write({"a/b/manifest.yaml": WRONG.replace("^", "")})
    config = Config(root=tree.root, select=("TS201",))
    for folder, name in (
        (".", "a/b/manifest.yaml"),
        ("a/b", "manifest.yaml"),
        ("a", "b/manifest.yaml"),
    ):
        monkeypatch.chdir(tree.root / folder)
        assert [finding.file for finding in lint([tree.root], config).findings] == [name]
    tree.write({"c/x.txt": ""})
    monkeypatch.chdir(tree.root / "c")
    assert [finding.file for finding in lint([".."], config).findings] == ["../a/b/manifest.yaml"]

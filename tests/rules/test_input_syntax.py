"""Text that is not YAML (TS001), not UTF-8 (TS006), or too much (TS005)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conftest import Tree

Lint = Callable[..., list[str]]

HEAD = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: shop
spec:
"""

#: Text below `spec:` (line 6 on), where the finding is, a word of the message and one of the help.
MISTAKES = [
    ("  hosts:\n\t- shop\n", (7, 1), "a tab", "spaces"),
    ("  http:\n  - route:\n\t\t- destination: {}\n", (8, 1), "a tab", "spaces"),
    ("  hosts: [shop]\n   http: []\n", (7, 4), "indented by 3 and line 6 by 2", "Indent"),
    ("    hosts: [shop]\n  http: []\n", (7, 3), "indented by 2 and line 6 by 4", "Indent"),
    (
        "  hosts: shop\n    http: []\n",
        (7, 9),
        "below line 6, which already has a value",
        "same indentation",
    ),
    ("  hosts: shop\n  - cart\n", (7, 3), "a list item stands among the keys", "list"),
    ('  hosts: ["shop]\n  http: []\n', (6, 11), 'the quote `"` is never closed', "Close"),
    ("  hosts:\n  - 'shop\n  http: []\n", (7, 5), "the quote `'` is never closed", "Close"),
    ("  hosts: [shop\n  http: []\n", (6, 10), "`[` is not closed with `]`", "Close it with `]`"),
    ("  a: {b: c\n  http: []\n", (6, 6), "`{` is not closed with `}`", "Close it with `}`"),
    ("  hosts: [shop]]\n  http: []\n", (6, 16), "`]` closes nothing", "Remove"),
    ("  hosts:\n  - *.example.com\n", (7, 6), "begins with `*`", '`"*.example.com"`'),
    ("  hosts: [*.shop.test, x]\n", (6, 12), "begins with `*`", '`"*.shop.test"`'),
    ("  hosts: *shop\n", (6, 10), "no `&shop` stands above", "quotes"),
    ("  hosts:\n  - @shop\n", (7, 5), "cannot begin with `@`", "quotes"),
    ("  hosts:\n  - %shop\n", (7, 5), "cannot begin with `%`", "quotes"),
    ("  hosts:\n  - `shop`\n", (7, 5), "cannot begin with a backtick", "quotes"),
    ("  note: see: this\n", (6, 12), "a second `: ` stands in this value", "quotes"),
    ("  hosts\n  - shop\n  http: []\n", (8, 7), "after `hosts` in line 6", "`key:`"),
    ("  gateways:[mesh]\n  http: []\n", (7, 7), "after the colon in line 6", "`key: value`"),
    ("  a: b\n  gateways:[mesh]\n  http: []\n", (7, 3), "after the colon", "`key: value`"),
    ("  hosts:\n  -shop\n  http: []\n", (7, 3), "after the dash", "`- `"),
    ("  hosts: [a]\n  gateways\n", (7, 3), "no colon follows `gateways`", "`key: value`"),
    ("  hosts:\n  --shop\n  http: []\n", (7, 3), "after the dash", "`- `"),
    ("  http: - route: []\n", (6, 9), "a list begins on the line of its key", "next line"),
    ("  hosts: !shop!\n", (6, 16), "begins with `!`", "quotes"),
    ("  hosts:\n  ,shop\n", (7, 3), "cannot begin with `,`", "quotes"),
    ('  note: "a" b\n', (6, 13), "text follows a closing quote", "one pair of quotes"),
    ('  a: "x\n  b: "y"\n', (7, 7), "opened on a line above", "Close the quote"),
    ("  note: |abc\n    x\n", (6, 10), "behind `|` or `>`", "next line"),
    ('  note: "\\d+"\n', (6, 10), "`\\d` is no escape", "single quotes"),
    ("  hosts:\n<<<<<<< HEAD\n  - a\n=======\n  - b\n", (7, 1), "a merge conflict", "Resolve"),
    ("  hosts: [sh\x01op]\n", (6, 13), "U+0001", "Remove"),
    ("  hosts: [a]\n ---\nb: c\n", (7, 2), "`---` must stand at the first column", "blanks"),
]


@pytest.mark.parametrize(("text", "place", "what", "mend"), MISTAKES)
def test_a_mistake_is_told_in_plain_words(
    tree: Tree, text: str, place: tuple[int, int], what: str, mend: str
) -> None:
    tree.write({"a.yaml": (HEAD + text).encode()})
    (finding,) = tree.lint()
    assert finding.rule == "TS001"
    assert finding.span[:2] == place
    assert what in finding.message
    assert mend in finding.help


def test_a_document_that_begins_too_far_to_the_right(tree: Tree) -> None:
    tree.write({"a.yaml": f" {HEAD}".encode()})
    (finding,) = tree.lint()
    assert finding.span[:2] == (2, 1)
    assert "indented less than the first line of the document" in finding.message


def test_the_other_documents_of_a_file_are_still_judged(tree: Tree) -> None:
    bad = HEAD + "  hosts: [shop\n  http: []\n"
    good = HEAD + "  http:\n  - route:\n    - {destination: {host: a}, weight: 10}\n"
    tree.write({"a.yaml": f"{bad}---\n{good}"})
    assert tree.show(select=("TS001", "TS204")) == ["a.yaml:6:10 TS001", "a.yaml:16:40 TS204"]


def test_windows_line_ends(tree: Tree) -> None:
    tree.write({"a.yaml": (HEAD + "  hosts:\n\t- shop\n").replace("\n", "\r\n").encode()})
    assert tree.show() == ["a.yaml:7:1 TS001"]


def test_a_values_file_is_judged_too(tree: Tree) -> None:
    tree.write({"values.yaml": "a: 1\n b: 2\n"})
    assert tree.show(select=("TS001",)) == ["values.yaml:2:3 TS001"]


def test_what_a_template_writes_is_found_at_its_action(tree: Tree) -> None:
    template = HEAD + "  hosts:\n  - {{ .Values.host }}\n"
    tree.write({"values.yaml": 'host: "*.example.com"\n', "templates/vs.yaml": template})
    (finding,) = tree.lint(select=("TS001",))
    assert finding.span.line == 7
    assert "what this template action writes does not fit here" in finding.message
    assert "`quote`" in finding.help


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\t\nkind: Service\nmetadata:\n  name: shop\n",
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: shop\nspec:\n  a: [1.2.3.4, 001:db8::]\n",
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: shop\nspec: {a: &a 1, b: &a 2, c: *a}\n",
        "a: [\n",
        "Resources: !If [a, !Ref b\n",
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}: x\n",
        "%YAML 1.1\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: shop\n",
    ],
    ids=[
        "tab after a value",
        "address in a list",
        "anchor used twice",
        "no manifest",
        "another tool's file",
        "an expression",
        "directive",
    ],
)
def test_what_deploys_or_is_no_manifest_is_silent(lint_text: Lint, text: str) -> None:
    assert lint_text(text, select=("TS001", "TS005")) == []


# -- encoding -------------------------------------------------------------------------------------

PLAIN = HEAD + "  hosts: [shop]\n"


def test_a_byte_that_is_not_utf_8(tree: Tree) -> None:
    tree.write({"a.yaml": PLAIN.encode() + "# für alle\n".encode("latin-1")})
    (finding,) = tree.lint(select=("TS0",))
    assert (finding.rule, finding.span.line, finding.span.column) == ("TS006", 7, 4)
    assert finding.severity.label == "warning"


def test_a_byte_order_mark_in_the_middle(tree: Tree) -> None:
    tree.write({"a.yaml": PLAIN + "---\n\ufeff" + PLAIN.replace("shop", "cart")})
    assert tree.show(select=("TS0",)) == ["a.yaml:8:1 TS006"]


def test_a_byte_order_mark_at_the_beginning_is_fine(tree: Tree) -> None:
    tree.write({"a.yaml": "\ufeff" + PLAIN})
    assert tree.show(select=("TS0",)) == []


def test_a_nul_byte_is_the_only_finding(tree: Tree) -> None:
    tree.write({"a.yaml": PLAIN.encode() + b"\0  http: [\n"})
    assert tree.show(select=("TS0",)) == ["a.yaml:7:1 TS006"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le"])
def test_a_file_of_another_encoding_is_one_finding(tree: Tree, encoding: str) -> None:
    tree.write({"a.yaml": PLAIN.encode(encoding)})
    assert [line.split(" ")[1] for line in tree.show(select=("TS0",))] == ["TS006"]


# -- limits ---------------------------------------------------------------------------------------


def test_aliases_that_stand_for_too_much(tree: Tree) -> None:
    lines = [
        "apiVersion: v1",
        "kind: Service",
        "metadata: {name: shop}",
        "a: &a [x, x, x, x, x, x]",
    ]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 6)}]")
    tree.write({"a.yaml": "\n".join(lines) + "\n"})
    (finding,) = tree.lint(select=("TS0",))
    assert (finding.rule, finding.severity.label) == ("TS005", "error")
    assert "its aliases stand for more than" in finding.message


def test_deep_nesting(tree: Tree) -> None:
    tree.write({"a.yaml": HEAD + "  hosts: " + "[" * 5000 + "]" * 5000 + "\n"})
    (finding,) = tree.lint(select=("TS0",))
    assert (finding.rule, finding.span.line) == ("TS005", 6)
    assert "levels deep" in finding.message


@pytest.mark.parametrize(
    "line", ["name: %NAME%", "- %NAME%:80", "host: @NAME@", "image: {me}/shop:1"]
)
def test_words_that_another_tool_replaces_may_be_no_yaml(lint_text: Lint, line: str) -> None:
    assert lint_text(f"{HEAD}  {line}\n", select=("TS001",)) == []
    wrong = line.replace("%", "`").replace("@", "`").replace("{me}", "`me`")
    assert len(lint_text(f"{HEAD}  {wrong}\n", select=("TS001",))) == 1


def test_data_that_is_no_manifest_may_be_of_any_encoding(tree: Tree) -> None:
    tree.write(
        {
            "dashboard.json": '{"title": "a\ufeffb"}'.encode(),
            "answer.json": b'{"text": "\xe9"}',
            "shop.json": '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a\ufeff"}}',
        }
    )
    assert tree.show(select=("TS006",)) == ["shop.json:1:64 TS006"]


LONG = "apiVersion: v1\n{}metadata: {{name: {{{{ .Values.name }}}}}}\n---\n"


@pytest.mark.parametrize(
    ("kinds", "found"),
    [
        (("kind: CustomResourceDefinition\n",) * 2, []),
        (("kind: CustomResourceDefinition\n", "kind: Service\n"), ["templates/all.yaml:1:1 TS005"]),
        (("", ""), ["templates/all.yaml:1:1 TS005"]),
    ],
)
def test_a_long_template_of_definitions_is_not_missed(
    tree: Tree, kinds: tuple[str, ...], found: list[str]
) -> None:
    tree.write(
        {
            "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
            "values.yaml": "name: shop\n",
            "templates/all.yaml": "".join(map(LONG.format, kinds)) + "# " + "-" * 2_000_000,
        }
    )
    assert tree.show(select=("TS005",)) == found

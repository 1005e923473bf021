"""Suppressions: what silences a finding, how far it reaches, and what is said of idle ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from conftest import Tree
from tsplit_lint import Config, Severity, Span, lint
from tsplit_lint.config import Override
from tsplit_lint.registry import builtin_rules
from tsplit_lint.suppress import Suppressions

LintText = Callable[..., list[str]]

#: A VirtualService whose weights do not sum to 100: TS201 at the key `route`.
HEAD = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: shop
spec:
  hosts: [shop]
  http:
"""
ROUTE = """\
  - route:
    - destination: {host: shop, subset: stable}
      weight: 90
    - destination: {host: shop, subset: canary}
      weight: 20
"""
WRONG = HEAD + ROUTE
RIGHT = WRONG.replace("20", "10")
FOUND = ["8:5 TS201"]


def annotated(annotation: str, text: str = WRONG) -> str:
    return text.replace("  name: shop\n", f"  name: shop\n  annotations:\n    {annotation}\n")


def commented(comment: str, text: str = WRONG) -> str:
    """The comment at the end of the line of the finding."""
    return text.replace("  - route:", f"  - route:  {comment}")


def above(comment: str, text: str = WRONG) -> str:
    """The comment on the line above the finding."""
    return text.replace("  - route:", f"  {comment}\n  - route:")


def messages(tree: Tree, text: str, **settings: Any) -> list[str]:
    tree.write({"a.yaml": text})
    return [f.message for f in tree.lint("a.yaml", **settings) if f.rule == "TS007"]


def test_without_a_suppression_the_finding_is_there(lint_text: LintText) -> None:
    assert lint_text(WRONG) == FOUND


@pytest.mark.parametrize(
    "comment",
    [
        "# tsplit-lint: ignore[TS201]",
        "# tsplit-lint: ignore[TS201] a ratio is meant",
        "# tsplit-lint: ignore[weights-sum]",
        "# tsplit-lint: ignore[TS131] the id that TS201 stands for",
        "# tsplit-lint: ignore",
        "# tsplit-lint: ignore a ratio is meant",
        "# tsplit-lint: ignore OPS1234 decided there",
        "# tsplit-lint: ignore[*]",
        "#tsplit-lint:ignore[TS201]",
        "## tsplit-lint: ignore [ TS201 ]",
        "# yamllint disable-line # tsplit-lint: ignore[TS201]",
    ],
)
@pytest.mark.parametrize("put", [commented, above])
def test_a_comment_on_the_line_or_above_silences(
    lint_text: LintText, comment: str, put: Callable[[str], str]
) -> None:
    assert lint_text(put(comment)) == []


def test_a_trailing_comment_on_the_line_above_silences(lint_text: LintText) -> None:
    assert lint_text(WRONG.replace("http:", "http:  # tsplit-lint: ignore[TS201]")) == []


def test_comments_above_one_another_all_count(lint_text: LintText) -> None:
    stack = "# tsplit-lint: ignore[TS201] a ratio\n  # see the wiki\n  # and the runbook"
    assert lint_text(above(stack)) == []


def test_a_comment_two_lines_above_does_not_reach(lint_text: LintText) -> None:
    text = WRONG.replace("  hosts:", "  # tsplit-lint: ignore[TS201]\n  hosts:")
    assert lint_text(text) == ["6:25 TS007", "9:5 TS201"]


def test_a_comment_below_does_not_reach(lint_text: LintText) -> None:
    text = WRONG.replace("  - route:\n", "  - route:\n    # tsplit-lint: ignore[TS201]\n")
    assert lint_text(text) == ["8:5 TS201", "9:27 TS007"]


def test_another_rule_is_not_silenced(lint_text: LintText) -> None:
    assert lint_text(above("# tsplit-lint: ignore[TS202]")) == ["8:25 TS007", "9:5 TS201"]


def test_blanks_around_commas_are_trimmed(lint_text: LintText) -> None:
    text = above("# tsplit-lint: ignore[ TS007 , TS201,]")
    assert lint_text(text) == []


def test_each_word_is_judged_for_itself(lint_text: LintText) -> None:
    assert lint_text(commented("# tsplit-lint: ignore[TS201, TS206]")) == ["8:42 TS007"]


SECOND = WRONG.replace("name: shop", "name: other").replace("[shop]", "[other]")


@pytest.mark.parametrize(
    "top",
    [
        "# tsplit-lint: ignore[TS201] both are ratios\n",
        "# tsplit-lint: ignore[TS201]\n\n# Copyright\n---\n",
        "---\n\n# tsplit-lint: ignore[TS201]\n",
        "%YAML 1.1\n# tsplit-lint: ignore[TS201]\n---\n",
    ],
)
def test_above_the_first_key_the_whole_object_is_covered(lint_text: LintText, top: str) -> None:
    first = WRONG.replace("- route:", "- match: [{uri: {prefix: /a}}]\n    route:")
    text = top + first + "  - name: second\n    " + ROUTE.lstrip(" -")
    assert lint_text(text) == []


def test_above_the_first_key_only_that_object_is_covered(lint_text: LintText) -> None:
    text = "# tsplit-lint: ignore[TS201]\n" + WRONG + "---\n" + SECOND
    assert lint_text(text) == ["22:5 TS201"]


def test_a_comment_before_the_separator_covers_the_next_object(lint_text: LintText) -> None:
    text = WRONG + "# tsplit-lint: ignore[TS201]\n---\n" + SECOND
    assert lint_text(text) == FOUND


@pytest.mark.parametrize("top", ["", "---\n", "# Copyright\n\n"])
def test_ignore_file_at_the_top_covers_the_file(lint_text: LintText, top: str) -> None:
    text = top + "# tsplit-lint: ignore-file[TS201]\n" + WRONG + "---\n" + SECOND
    assert lint_text(text) == []


def test_ignore_file_without_rules_covers_all_of_them(lint_text: LintText) -> None:
    assert lint_text("# tsplit-lint: ignore-file generated\n" + WRONG) == []


def test_ignore_file_further_down_is_not_heeded(tree: Tree, lint_text: LintText) -> None:
    text = WRONG + "---\n# tsplit-lint: ignore-file[TS201]\n" + SECOND
    assert lint_text(text) == ["8:5 TS201", "14:1 TS007", "22:5 TS201"]
    assert messages(tree, text) == ["An ignore-file below the first key of the file is not heeded."]


@pytest.mark.parametrize("value", ["TS201", "TS201,TS007", " TS201 , TS007 ", "weights-sum", '"*"'])
def test_our_annotation_silences_its_object(lint_text: LintText, value: str) -> None:
    assert lint_text(annotated(f"tsplit-lint.io/ignore: {value}")) == []


def test_an_annotation_covers_only_its_own_object(lint_text: LintText) -> None:
    text = annotated("tsplit-lint.io/ignore: TS201") + "---\n" + SECOND
    assert lint_text(text) == ["23:5 TS201"]


def test_an_annotation_covers_one_item_of_a_list(lint_text: LintText) -> None:
    items = "".join(
        "- " + item.replace("\n", "\n  ").rstrip() + "\n"
        for item in (annotated("tsplit-lint.io/ignore: TS201"), SECOND)
    )
    text = "apiVersion: v1\nkind: List\nitems:\n" + items
    assert lint_text(text) == ["25:7 TS201"]


@pytest.mark.parametrize(("line", "silenced"), [(1, True), (14, True), (16, False)])
def test_an_annotation_covers_findings_that_name_no_object(
    tree: Tree, line: int, silenced: bool
) -> None:
    tree.write({"a.yaml": annotated("tsplit-lint.io/ignore: TS001") + "---\n" + SECOND})
    files = list(lint(["a.yaml"], Config(root=tree.root)).sources.values())
    finding = replace(
        tree.lint("a.yaml")[0], rule="TS001", resource=None, span=Span(line, 1, line, 2)
    )
    suppressions = Suppressions(files, builtin_rules(), lambda _rule, _file: True)
    assert list(suppressions.apply([finding])) == ([] if silenced else [finding])


def test_an_annotation_hidden_by_an_expression_says_nothing(lint_text: LintText) -> None:
    assert lint_text(annotated("tsplit-lint.io/ignore: ${IGNORED}")) == ["10:5 TS201"]


UNDEFINED = (
    """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: shop
spec:
  host: shop
  subsets:
  - name: stable
    labels: {version: v1}
---
"""
    + RIGHT
)


def rule_with_alias(alias: str) -> bool:
    return any(alias in rule.aliases and rule.id == "TS301" for rule in builtin_rules())


@pytest.mark.skipif(not rule_with_alias("IST0101"), reason="TS301 is not there yet")
@pytest.mark.parametrize(
    "annotation",
    [
        "galley.istio.io/analyze-suppress: IST0101",
        "galley.istio.io/analyze-suppress: IST0109, IST0101",
        'galley.istio.io/analyze-suppress: "*"',
        "kiali.io/ignore-validations: KIA1107",
        "kiali.io/ignore-validations: KIA0101,KIA1107",
        'kiali.io/ignore-validations: ""',
        "tsplit-lint.io/ignore: KIA1107",
    ],
)
def test_other_tools_annotations_are_honoured(lint_text: LintText, annotation: str) -> None:
    assert [line.split()[1] for line in lint_text(UNDEFINED)] == ["TS301"]
    *rule, service = UNDEFINED.split("---\n")
    assert lint_text("---\n".join([*rule, annotated(annotation, service)])) == []


@pytest.mark.skipif(not rule_with_alias("IST0101"), reason="TS301 is not there yet")
@pytest.mark.parametrize(
    "annotation",
    [
        "galley.istio.io/analyze-suppress: IST01",
        "galley.istio.io/analyze-suppress: TS301",
        'galley.istio.io/analyze-suppress: ""',
        "kiali.io/ignore-validations: KIA0101",
    ],
)
def test_other_tools_annotations_that_do_not_fit(lint_text: LintText, annotation: str) -> None:
    *rule, service = UNDEFINED.split("---\n")
    found = lint_text("---\n".join([*rule, annotated(annotation, service)]))
    assert [line.split()[1] for line in found] == ["TS301"]


@pytest.mark.parametrize(
    "annotation",
    ['galley.istio.io/analyze-suppress: "*"', 'kiali.io/ignore-validations: ""'],
)
def test_other_tools_do_not_silence_what_they_do_not_know(
    lint_text: LintText, annotation: str
) -> None:
    assert lint_text(annotated(annotation)) == ["10:5 TS201"]


SERVICE = {"values.yaml": "weight: 20\n"}


def templated(comment: str, text: str = WRONG) -> str:
    return above(comment, text).replace("weight: 20", "weight: {{ .Values.weight }}")


@pytest.mark.parametrize(
    "comment",
    [
        "# tsplit-lint: ignore[TS201]",
        "{{/* tsplit-lint: ignore[TS201] */}}",
        "{{- /* tsplit-lint: ignore[weights-sum] the values say so */}}",
        "{{- /*\n  tsplit-lint: ignore[TS201]\n  */}}",
    ],
)
def test_comments_in_templates(tree: Tree, comment: str) -> None:
    tree.write({**SERVICE, "templates/a.yaml": templated("# plain")})
    assert tree.show() == ["templates/a.yaml:9:5 TS201"]
    tree.write({"templates/a.yaml": templated(comment)})
    assert tree.show() == []


def test_a_template_comment_above_the_first_key_covers_the_object(tree: Tree) -> None:
    body = templated("# plain")
    top = "{{- if .Values.weight }}\n{{/* tsplit-lint: ignore[TS201] */}}\n"
    tree.write({**SERVICE, "templates/a.yaml": top + body + "{{- end }}\n"})
    assert tree.show() == []


def test_an_annotation_in_a_template(tree: Tree) -> None:
    body = annotated("tsplit-lint.io/ignore: TS201", templated("# plain"))
    tree.write({**SERVICE, "templates/a.yaml": body})
    assert tree.show() == []


def test_an_idle_comment_in_a_template_is_found(tree: Tree) -> None:
    text = templated("{{/* tsplit-lint: ignore[TS201] */}}", WRONG.replace("90", "80"))
    tree.write({**SERVICE, "templates/a.yaml": text})
    assert tree.show() == ["templates/a.yaml:8:28 TS007"]


def test_a_branch_that_is_not_taken_decides_nothing(tree: Tree) -> None:
    body = templated("{{/* tsplit-lint: ignore[TS201] */}}")
    tree.write({**SERVICE, "templates/a.yaml": "{{- if .Values.off }}\n" + body + "{{- end }}\n"})
    assert [line for line in tree.show() if "TS007" in line] == []


def test_values_that_nobody_gives_decide_nothing(tree: Tree) -> None:
    text = templated("# tsplit-lint: ignore[TS201]")
    tree.write({"values.yaml": "other: 1\n", "templates/a.yaml": text})
    assert [line for line in tree.show() if "TS007" in line] == []


def test_a_file_that_was_not_read_whole_decides_nothing(lint_text: LintText) -> None:
    text = above("# tsplit-lint: ignore[TS201]").replace("name: shop", "name: [")
    assert [line for line in lint_text(text) if "TS007" in line] == []


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        (
            "# tsplit-lint: ignore[TS201]",
            "TS201 reports nothing here, so this suppression silences nothing.",
        ),
        (
            "# tsplit-lint: ignore",
            "No rule reports anything here, so this suppression silences nothing.",
        ),
        (
            "# tsplit-lint: ignore[weight-sum]",
            'No rule is called "weight-sum", so this suppression silences nothing.'
            ' Did you mean "weights-sum"?',
        ),
        (
            "# tsplit-lint: ignore[ts201]",
            'No rule is called "ts201", so this suppression silences nothing. Did you mean "TS201"?',
        ),
        (
            "# tsplit-lint: ignore[???]",
            'No rule is called "???", so this suppression silences nothing.',
        ),
    ],
)
def test_idle_suppressions_say_why(tree: Tree, comment: str, message: str) -> None:
    assert messages(tree, above(comment, RIGHT)) == [message]


@pytest.mark.parametrize(
    "comment",
    [
        "# tsplit-lint: ingore[TS201]",
        "# tsplit-lint: ignore[]",
        "# tsplit-lint: ignore[TS201",
        "# tsplit-lint: ignore TS201",
        "# tsplit-lint: [TS201]",
        "# tsplit-lint ignore[TS201]",
    ],
)
def test_a_comment_that_cannot_be_understood_silences_nothing(tree: Tree, comment: str) -> None:
    tree.write({"a.yaml": above(comment)})
    findings = tree.lint("a.yaml")
    assert [(f.rule, f.span.line) for f in findings] == [("TS007", 8), ("TS201", 9)]
    assert findings[0].severity == Severity.INFO
    assert findings[0].help == "Write `# tsplit-lint: ignore[TS201]` with the rules in brackets."


def test_the_hint_keeps_to_what_was_tried(tree: Tree) -> None:
    tree.write({"a.yaml": "# tsplit-lint: ignore-fil[TS201]\n" + RIGHT})
    (finding,) = tree.lint("a.yaml")
    assert "# tsplit-lint: ignore-file[TS201]" in finding.help


def test_an_empty_annotation_of_ours_is_no_suppression(lint_text: LintText) -> None:
    text = annotated('tsplit-lint.io/ignore: ""')
    assert lint_text(text) == ["6:5 TS007", "10:5 TS201"]


@pytest.mark.parametrize("words", ["IST0173", "KIA9999", "TS007", "TS201, TS007"])
def test_what_is_not_held_against_a_suppression(lint_text: LintText, words: str) -> None:
    assert lint_text(above(f"# tsplit-lint: ignore[{words}]", RIGHT)) == []


def test_idle_annotations_of_other_tools_are_not_reported(lint_text: LintText) -> None:
    assert lint_text(annotated("galley.istio.io/analyze-suppress: IST0101", RIGHT)) == []


def test_disabled_rules_are_not_held_against_a_suppression(tree: Tree) -> None:
    text = above("# tsplit-lint: ignore[TS201]", RIGHT)
    assert messages(tree, text, ignore=("TS201",)) == []
    assert messages(tree, text, select=("TS0",)) == []
    assert messages(tree, text, overrides=(Override(("*.yaml",), ignore=("TS2",)),)) == []
    assert messages(tree, text, overrides=(Override(("b.yaml",), ignore=("TS2",)),)) != []


def test_a_bare_suppression_is_judged_only_if_every_rule_ran(tree: Tree) -> None:
    text = above("# tsplit-lint: ignore", RIGHT)
    assert len(messages(tree, text)) == 1
    assert messages(tree, text, ignore=("TS101",)) == []


def complete_only_rule() -> str | None:
    return next((rule.id for rule in builtin_rules() if rule.complete_only), None)


@pytest.mark.skipif(complete_only_rule() is None, reason="no such rule is there yet")
def test_rules_that_did_not_run_for_want_of_completeness(tree: Tree) -> None:
    text = above(f"# tsplit-lint: ignore[{complete_only_rule()}]", RIGHT)
    assert messages(tree, text) == []


def test_a_manifest_inside_a_value_is_no_comment(lint_text: LintText) -> None:
    inner = above("# tsplit-lint: ignore[TS201]", RIGHT).replace("\n", "\n    ").rstrip()
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  a: |\n    {inner}\n"
    assert lint_text(text) == []


def test_a_comment_after_a_long_value_is_one(lint_text: LintText) -> None:
    text = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: &m\n  name: c\nother: *m\ndata:\n  a: |\n"
        "    text\n  # tsplit-lint: ignore[TS201]\n  b: 'text'\n"
    )
    assert lint_text(text) == ["9:25 TS007"]


def test_comments_in_documents_that_are_no_yaml(lint_text: LintText) -> None:
    assert lint_text("# tsplit-lint: ignore[TS201]\nname: [\n") == ["1:23 TS007"]


def test_the_judge_can_be_silenced_by_name_only(lint_text: LintText) -> None:
    idle = above("# tsplit-lint: ignore[TS201]", RIGHT)
    assert lint_text("# tsplit-lint: ignore-file[TS007]\n" + idle) == []
    assert lint_text("# tsplit-lint: ignore-file[unused-suppression]\n" + idle) == []


def test_suppressed_findings_are_counted(tree: Tree) -> None:
    tree.write({"a.yaml": commented("# tsplit-lint: ignore"), "b.yaml": WRONG})
    report = lint(["a.yaml", "b.yaml"], Config(root=tree.root))
    assert (report.suppressed, len(report.findings)) == (1, 1)


def test_suppressions_in_context_files_are_left_alone(tree: Tree) -> None:
    tree.write({"a/a.yaml": RIGHT, "b/b.yaml": above("# tsplit-lint: ignore[TS206]", SECOND)})
    assert tree.show("a", context=(tree.root / "b",)) == []


def test_windows_line_ends(lint_text: LintText) -> None:
    assert lint_text(above("# tsplit-lint: ignore[TS201]").replace("\n", "\r\n")) == []
    assert lint_text(("# tsplit-lint: ignore\n" + WRONG).replace("\n", "\r\n")) == []

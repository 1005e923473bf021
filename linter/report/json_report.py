"""The report for programs; schemas/report.json describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..finding import Severity
from .characters import to_json

if TYPE_CHECKING:
    from ..engine import Report
    from ..finding import Finding, Related
    from .view import View

SCHEMA_VERSION: Final = 1


def render(report: Report, view: View) -> str:
    """The same bytes for the same findings, whatever the terminal and the platform."""
    levels = {level.label: report.count(level) for level in sorted(Severity, reverse=True)}
    return to_json(
        {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "tsplit-lint", "version": view.version},
            "summary": {
                "files": report.files,
                "documents": report.documents,
                "resources": report.resources,
                **levels,
                "suppressed": report.suppressed,
            },
            "findings": [_finding(finding) for finding in report.findings],
        }
    )


def _finding(finding: Finding) -> dict[str, Any]:
    resource, fix = finding.resource, finding.fix
    return {
        "rule": finding.rule,
        "name": finding.name,
        "severity": finding.severity.label,
        "confidence": finding.confidence,
        "message": finding.message,
        "file": finding.file,
        "line": finding.span.line,
        "column": finding.span.column,
        "end_line": finding.span.end_line,
        "end_column": finding.span.end_column,
        "resource": None
        if resource is None
        else {"kind": resource.kind, "name": resource.name, "namespace": resource.namespace},
        "path": finding.path,
        "aliases": list(finding.aliases),
        "related": [_related(related) for related in finding.related],
        "fix": None if fix is None else {"safe": fix.safe, "title": fix.title},
        "help": finding.help,
    }


def _related(related: Related) -> dict[str, Any]:
    return {
        "file": related.file,
        "line": related.span.line,
        "column": related.span.column,
        "message": related.message,
    }

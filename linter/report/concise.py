"""One line for each finding, for editors and for grep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .characters import visible

if TYPE_CHECKING:
    from ..engine import Report
    from ..finding import Finding
    from .view import View


def render(report: Report, view: View) -> str:
    """`file:line:column: error TS201 message`, nothing for a clean run."""
    return "".join(f"{visible(_line(finding))}\n" for finding in report.findings)


def _line(finding: Finding) -> str:
    place = f"{finding.file}:{finding.span.line}:{finding.span.column}"
    message = " ".join(finding.message.split())
    return f"{place}: {finding.severity.label} {finding.rule} {message}"

"""Workflow commands of GitHub Actions: annotations on the lines of a change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..finding import Severity
from .characters import visible

if TYPE_CHECKING:
    from ..engine import Report
    from ..finding import Finding
    from .view import View

_COMMANDS: Final = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "notice",
}
_IN_DATA: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY: Final = _IN_DATA | str.maketrans({":": "%3A", ",": "%2C"})


def render(report: Report, view: View) -> str:
    """A command for each finding, nothing for a clean run."""
    return "".join(f"{_command(finding, view)}\n" for finding in report.findings)


def escape_data(text: str) -> str:
    """Text as it stands after the `::` of a command."""
    return text.translate(_IN_DATA)


def escape_property(text: str) -> str:
    """Text as it stands in a property of a command."""
    return text.translate(_IN_PROPERTY)


def _command(finding: Finding, view: View) -> str:
    span = finding.span
    properties = {
        "file": view.from_repository(finding.file),
        "line": str(span.line),
        "col": str(span.column),
        "endLine": str(span.end_line),
        "endColumn": str(span.end_column),
        "title": f"{finding.rule} {finding.name}",
    }
    if span.end_line != span.line:  # GitHub takes columns only where both are on one line
        del properties["col"], properties["endColumn"]
    listed = ",".join(f"{key}={escape_property(visible(text))}" for key, text in properties.items())
    return f"::{_COMMANDS[finding.severity]} {listed}::{escape_data(_body(finding))}"


def _body(finding: Finding) -> str:
    """The message, the other places and the help: an annotation shows one place only."""
    lines = [finding.message]
    for related in finding.related:
        place = f"{related.file}:{related.span.line}:{related.span.column}"
        lines.append(f"note: {place}: {related.message}")
    if finding.help:
        lines.append(f"help: {finding.help}")
    return "\n".join(map(visible, "\n".join(lines).split("\n")))

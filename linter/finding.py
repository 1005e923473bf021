"""What a rule reports: a rule, a place, a message."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple


class Severity(IntEnum):
    """How bad a finding is; a larger number is worse."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        """The word used in reports and in the configuration: `error`, `warning` or `info`."""
        return self.name.lower()

    @classmethod
    def parse(cls, word: str) -> Severity:
        """Read `error`, `warning` or `info`; raises KeyError for any other word."""
        return cls[word.upper()]


class Span(NamedTuple):
    """A stretch of a file: 1-based lines and columns (in characters), the end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Related(NamedTuple):
    """Another place that explains a finding."""

    file: str
    span: Span
    message: str


class ResourceName(NamedTuple):
    """Which object a finding is about."""

    kind: str
    name: str
    namespace: str | None


class Fix(NamedTuple):
    """A way to mend a finding by machine."""

    safe: bool
    title: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake at one place.

    `file` is the path as shown to the user (posix, relative to the working directory); `path` is the
    place inside the document, such as `spec.http[0].route`, or empty.
    """

    rule: str
    name: str
    severity: Severity
    confidence: str
    message: str
    file: str
    span: Span
    path: str = ""
    resource: ResourceName | None = None
    aliases: tuple[str, ...] = ()
    related: tuple[Related, ...] = ()
    fix: Fix | None = None
    help: str = ""

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """The order of every report: file, line, column, rule, message."""
        return (self.file, self.span.line, self.span.column, self.rule, self.message)

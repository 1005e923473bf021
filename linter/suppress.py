"""Suppressions: comments and annotations that silence a finding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .finding import Finding
from .registry import RuleInfo
from .source import SourceFile


class Suppressions:
    """The suppressions of a tree; `count` says how many findings they silenced."""

    def __init__(self, files: Sequence[SourceFile], rules: Sequence[RuleInfo]) -> None:
        self.count = 0

    def apply(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """The findings that are not silenced."""
        yield from findings

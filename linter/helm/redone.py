"""A document of `helm template`, found again in what its chart writes with the chart's own values.

Lines that both have come from the same place of the template.  Those that differ, since other values
were given to Helm, are left to the comparison with the template itself (see stream.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, NamedTuple

from ..finding import Span
from ..rendering import ChartRendering
from ..source import SourceFile, split_documents
from .tree import ChartTree

#: Pairs of lines that are compared for one document.
_MAX_PAIRS: Final = 2_000_000


@dataclass
class Match:
    """A document of a template's output that a document of the stream is like.

    `lines`: index of a line of the stream → offset of the same line in the output.
    """

    file: SourceFile
    lines: dict[int, int]

    def span(self, first: int, span: Span) -> Span | None:
        """A span of the stream in the template; `first` is the line that has the index 0."""
        start = self.lines.get(span.line - first)
        if start is None:
            return None
        last = self.lines.get(span.end_line - first, start)
        end = last + (span.end_column if last != start or span.end_line == span.line else 1) - 1
        return self.file.span_of(start + span.column - 1, max(end, start + span.column - 1))


class _Part(NamedTuple):
    """A document of a template's output: where it begins, its text, and its lines for comparison."""

    offset: int
    text: str
    lines: list[str]


class Redone:
    """Renders the templates of charts once more, each with the chart's own values."""

    def __init__(self) -> None:
        self._charts: dict[int, ChartRendering] = {}
        self._files: dict[tuple[int, str], SourceFile | None] = {}
        self._parts: dict[SourceFile, list[_Part]] = {}

    def matches(self, tree: ChartTree, name: str, written: Sequence[str]) -> Iterator[Match]:
        """The documents of a template (as Helm names it) that share lines with one of the stream."""
        file = self._file(tree, name)
        if file is None:
            return
        wanted = _lines_of("\n".join(written))
        parts = self._parts_of(file)
        # A template may write hundreds of documents: the very same one spares the comparison with all.
        for part in [part for part in parts if part.lines == wanted] or parts:
            if len(part.lines) * len(wanted) <= _MAX_PAIRS:
                yield Match(file, dict(_same_lines(wanted, part)))

    def _parts_of(self, file: SourceFile) -> list[_Part]:
        """The documents that a template writes."""
        if file not in self._parts:
            text = file.text if file.rendered is None else file.rendered.text
            self._parts[file] = [
                _Part(offset, part, _lines_of(part))
                for offset, part in split_documents(text, helm=True)
            ]
        return self._parts[file]

    def _file(self, tree: ChartTree, name: str) -> SourceFile | None:
        key = id(tree), name
        if key not in self._files:
            self._files[key] = self._render(tree, name)
        return self._files[key]

    def _render(self, tree: ChartTree, name: str) -> SourceFile | None:
        chart = self._charts.setdefault(id(tree), ChartRendering(tree, {}, False, with_helm=False))
        for instance in chart.release.root.everything():
            inside = name.removeprefix(f"{instance.path}/")
            if inside in instance.tree.templates and inside != name and not instance.tree.packed:
                path = os.path.join(instance.tree.folder, *inside.split("/"))
                shown = os.path.relpath(path).replace(os.sep, "/")
                file = SourceFile(shown, instance.tree.templates[inside])
                return file if chart.render(file, path, instance.path) is None else None
        return None


def _lines_of(text: str) -> list[str]:
    """The lines of a document without blanks at their ends, and without empty ones at the end."""
    return [line.rstrip() for line in text.rstrip().split("\n")]


def _same_lines(wanted: Sequence[str], part: _Part) -> Iterator[tuple[int, int]]:
    starts = [part.offset]
    for line in part.text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    matcher = SequenceMatcher(None, wanted, part.lines, autojunk=False)
    for block in matcher.get_matching_blocks():
        for number in range(block.size):
            if wanted[block.a + number]:
                yield block.a + number, starts[block.b + number]


def best(matches: Sequence[Match]) -> Match | None:
    """The match that shares the most lines; None where templates of several charts share as many."""
    ranked = sorted(matches, key=lambda match: len(match.lines), reverse=True)
    if not ranked or not ranked[0].lines:
        return None
    equal = [match for match in ranked if len(match.lines) == len(ranked[0].lines)]
    return equal[0] if len({match.file.path for match in equal}) == 1 else None

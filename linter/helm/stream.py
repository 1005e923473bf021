"""The output of `helm template` on standard input: findings are shown in the chart's own files.

Helm writes `# Source: shop/templates/route.yaml` above each document.  A line is shown in that file where the
template writes the same line with the chart's own values, or has just one line that can have written it;
everything else stays where it is in the input.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

from ..files import SKIPPED_FOLDERS
from ..finding import Finding, Related, Span
from ..source import SourceFile
from ..templates.source import Piece, scan
from .redone import Match, Redone, best
from .tree import ChartTree, read_chart, read_values, word

_SOURCE: Final = re.compile(r"^# Source: (\S.*?)[ \t\r]*$", re.MULTILINE)
_SEPARATOR: Final = re.compile(r"^---(?:[ \t\r]|$)", re.MULTILINE)
#: Actions that write nothing themselves.
_SILENT: Final = re.compile(
    r"\s*(?:(?:if|else|end|range|with|define|block|break|continue)(?!\w)|\$\w*\s*:?=)"
)
#: Folders that are looked through for a chart.
_MAX_FOLDERS: Final = 5_000
#: Pairs of lines that are compared for one template.
_MAX_PAIRS: Final = 2_000_000
#: What tells one line from another.
_WORD: Final = re.compile(r"[^\s:\-{}\[\],\"']")


class HelmOutput:
    """One stream of `helm template`, and the charts that it was made from.

    `roots` are the folders that are searched for charts; `sources` collects the templates that findings
    point into, by their shown paths.
    """

    def __init__(
        self, file: SourceFile, roots: Sequence[str], sources: dict[str, SourceFile]
    ) -> None:
        self.file = file
        self.roots = roots
        self.sources = sources
        self._matched: dict[int, dict[int, int]] = {}
        self._templates: dict[str, SourceFile | None] = {}
        self._read: dict[str, list[ChartTree]] = {}
        self._redo = Redone()
        self._redone: dict[int, Match | None] = {}

    @staticmethod
    def is_one(text: str) -> bool:
        """Whether a text was written by `helm template`."""
        return _SOURCE.search(text) is not None

    def shown(self, finding: Finding) -> Finding:
        """The finding, in the chart's file where its line is known there."""
        related = tuple(map(self._related, finding.related))
        place = self._place(finding.file, finding.span)
        if place is None:
            return replace(finding, related=related) if finding.related else finding
        file, span = place
        return replace(finding, file=file, span=span, related=related)

    def _related(self, related: Related) -> Related:
        place = self._place(related.file, related.span)
        return related if place is None else related._replace(file=place[0], span=place[1])

    def _place(self, file: str, span: Span) -> tuple[str, Span] | None:
        """A place of the stream in a chart's file; None where that is not known."""
        if file != self.file.path:
            return None
        number = bisect_right(self._starts, span.line) - 1
        if number < 0:
            return None
        start, end, name = self._sections[number]
        if span.line >= end:
            return None
        match = self._match(number)
        place = None if match is None else match.span(start, span)
        if match is not None and place is not None:
            self.sources.setdefault(match.file.path, match.file)
            return match.file.path, place
        template = self._template(name, match)
        if template is None:
            return None
        if number not in self._matched:
            lines = [self.file.line_text(line) for line in range(start, end)]
            self._matched[number] = match_lines(lines, template.text)
        line = self._matched[number].get(span.line - start)
        if line is None:
            return None
        self.sources.setdefault(template.path, template)
        return template.path, _span(template.line_text(line), line, self.file, span)

    def _match(self, number: int) -> Match | None:
        """What a part of the stream is like in the output of the charts in sight."""
        if number not in self._redone:
            start, end, name = self._sections[number]
            lines = [self.file.line_text(line) for line in range(start, end)]
            trees = self._trees(name.partition("/")[0])
            found = [match for tree in trees for match in self._redo.matches(tree, name, lines)]
            self._redone[number] = best(found)
        return self._redone[number]

    @cached_property
    def _sections(self) -> list[tuple[int, int, str]]:
        """First line, the line after the last one, and the source of each part of the stream."""
        text = self.file.text
        ends = [match.start() for match in _SEPARATOR.finditer(text)]
        found = []
        for match in _SOURCE.finditer(text):
            index = bisect_right(ends, match.start())
            end = ends[index] if index < len(ends) else len(text) + 1
            last = self.file.position(min(end, len(text)))[0] + (index >= len(ends))
            found.append((self.file.position(match.end())[0] + 1, last, match[1]))
        return found

    @cached_property
    def _starts(self) -> list[int]:
        return [start for start, _end, _name in self._sections]

    def _template(self, name: str, match: Match | None) -> SourceFile | None:
        if match is not None:
            return match.file
        if name not in self._templates:
            path = self._path(name)
            self._templates[name] = None if path is None else _read(path)
        return self._templates[name]

    def _path(self, name: str) -> str | None:
        """The one file that a `# Source:` line means; None where none or several may be meant."""
        chart, slash, rest = name.partition("/")
        if not slash or ".." in name.split("/"):
            return None
        paths = {_file_of(tree, rest) for tree in self._trees(chart)}
        known = {path for path in paths if path is not None}
        return known.pop() if len(known) == 1 else None

    def _trees(self, name: str) -> list[ChartTree]:
        if name not in self._read:
            self._read[name] = [read_chart(folder) for folder in self._charts.get(name, ())]
        return self._read[name]

    @cached_property
    def _charts(self) -> Mapping[str, list[str]]:
        """The folders of the charts in sight, by the names of the charts."""
        found: dict[str, list[str]] = defaultdict(list)
        for folder in _chart_folders(self.roots):
            metadata = read_values(os.path.join(folder, "Chart.yaml")) or {}
            found[word(metadata.get("name"))].append(folder)
        return found


def _chart_folders(roots: Iterable[str]) -> Iterator[str]:
    seen = set()
    for root in roots:
        for count, (folder, folders, files) in enumerate(os.walk(root)):
            if count >= _MAX_FOLDERS:
                break
            folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
            path = os.path.realpath(folder)
            if "Chart.yaml" in files and path not in seen:
                seen.add(path)
                yield os.path.abspath(folder)


def _file_of(chart: ChartTree, path: str) -> str | None:
    """The file of a template, given its place within the chart as Helm names it."""
    parts = path.split("/")
    if parts[0] == "charts" and len(parts) > 2:
        named = {word(entry.get("alias")): word(entry.get("name")) for entry in chart.dependencies}
        name = named.get(parts[1], parts[1])
        inner = next((sub for sub in chart.subcharts if sub.name == name and not sub.packed), None)
        return None if inner is None else _file_of(inner, "/".join(parts[2:]))
    return os.path.join(chart.folder, path) if path in chart.templates else None


def _read(path: str) -> SourceFile | None:
    from ..load import decode

    try:
        with open(path, "rb") as stream:
            raw = stream.read()
    except OSError:
        return None
    return decode(os.path.relpath(path).replace(os.sep, "/"), raw)


def _span(text: str, line: int, stream: SourceFile, span: Span) -> Span:
    """A span of the stream on a line of the template: the same columns as far as the two agree."""
    written = stream.line_text(span.line)
    differs = (n for n, (one, other) in enumerate(zip(written, text, strict=False)) if one != other)
    agreed = next(differs, min(len(written), len(text)))
    end = len(text.rstrip()) + 1
    if span.column - 1 > agreed:
        return Span(line, len(text) - len(text.lstrip()) + 1, line, end)
    same = span.end_line == span.line and span.end_column - 1 <= agreed
    return Span(line, span.column, line, span.end_column if same else end)


class _Line:
    """A line of a template: what it can write; None stands for what an action writes."""

    def __init__(self, number: int, parts: list[str | None]) -> None:
        self.number = number
        self.writes = None in parts
        literals = [""]
        for part in parts:
            if part is None:
                literals.append("")
            else:
                literals[-1] += part
        self.says = any(map(_WORD.search, literals))
        literals[-1] = literals[-1].rstrip()
        self._literals = literals

    def can_write(self, text: str, *, exactly: bool) -> bool:
        """Whether the line may have written a text; `exactly`: with the same indentation."""
        first, *others = self._literals
        if not exactly:
            first, text = first.lstrip(), text.lstrip()
        if not others:
            return text == first
        last = others.pop()
        if not text.startswith(first) or len(text) < len(first) + len(last):
            return False
        place, end = len(first), len(text) - len(last)
        for literal in others:
            found = text.find(literal, place, end)
            if found < 0:
                return False
            place = found + len(literal)
        return text.endswith(last)


def _lines_of(template: str) -> list[_Line]:
    starts = [0, *(match.end() for match in re.finditer("\n", template))]
    parts: dict[int, list[str | None]] = defaultdict(list)
    for piece in scan(template) or [Piece("text", 0, len(template), template, "")]:
        number = bisect_right(starts, piece.start)
        if piece.kind == "action":
            if _SILENT.match(piece.inner):
                parts[number].append("")
            else:
                parts[number].append(None)
        elif piece.kind == "text":
            for offset, part in enumerate(template[piece.start : piece.end].split("\n")):
                parts[number + offset].append(part.rstrip("\r"))
    return [_Line(number, literals) for number, literals in sorted(parts.items())]


def match_lines(written: Sequence[str], template: str) -> dict[int, int]:
    """Index of a written line → line (1-based) of the template, where only one can have written it."""
    if len(written) * (template.count("\n") + 1) > _MAX_PAIRS:
        return {}
    lines = _lines_of(template)
    candidates = {
        index: found
        for index, text in enumerate(written)
        if text.strip() and (found := _candidates(text.rstrip(), lines))
    }
    matched = {index: found[0] for index, found in candidates.items() if len(found) == 1}
    _match_as_often(candidates, matched)
    _match_between(written, candidates, matched, lines)
    return matched


def _candidates(text: str, lines: Sequence[_Line]) -> tuple[int, ...]:
    for exactly in (True, False):
        found = tuple(
            line.number for line in lines if line.says and line.can_write(text, exactly=exactly)
        )
        if found:
            return found
    return ()


def _match_as_often(candidates: Mapping[int, tuple[int, ...]], matched: dict[int, int]) -> None:
    """Lines that are written as often as they stand in the template: each is in its place."""
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for index, found in candidates.items():
        groups[found].append(index)
    for found, indices in groups.items():
        if len(found) == len(indices):
            matched.update(zip(indices, found, strict=True))


def _match_between(
    written: Sequence[str],
    candidates: Mapping[int, tuple[int, ...]],
    matched: dict[int, int],
    lines: Sequence[_Line],
) -> None:
    """Lines between two that are known, where the template has just one that may be meant."""
    known = sorted(matched)
    for index, text in enumerate(written):
        if index in matched or not text.strip():
            continue
        place = bisect_right(known, index)
        above = matched[known[place - 1]] if place else 0
        below = matched[known[place]] if place < len(known) else lines[-1].number + 1
        if index in candidates:
            found = [number for number in candidates[index] if above <= number <= below]
        else:
            silent = (line for line in lines if line.writes and not line.says)
            found = [line.number for line in silent if above < line.number < below]
        if len(found) == 1:
            matched[index] = found[0]

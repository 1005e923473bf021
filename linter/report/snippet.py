"""Snippets: the lines that a finding points at, cut to the room there is, with what to underline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from .characters import cells, expanded

if TYPE_CHECKING:
    from ..finding import Span
    from ..source import SourceFile

#: A span of more lines is shown by its first ones.
MAX_LINES: Final = 3
_CUT: Final = "..."


class Row(NamedTuple):
    """A line as shown; `mark` cells are underlined from cell `start` on.

    `number` is None for the row that stands for the lines left out.
    """

    number: int | None
    text: str
    start: int = 0
    mark: int = 0


def snippet(source: SourceFile | None, span: Span, room: int) -> list[Row]:
    """The lines of a span; none if the text is not at hand."""
    if source is None or not source.text:
        return []
    total, _column = source.position(len(source.text))
    last = min(span.end_line, total)
    if last == span.end_line > span.line and span.end_column == 1:
        last -= 1
    numbers = range(span.line, max(last, span.line) + 1)[:MAX_LINES]
    rows = [
        _row(number, source.line_text(number), span, room) for number in numbers if number <= total
    ]
    if rows and last > numbers[-1]:
        rows.append(Row(None, _CUT))
    return rows


def _row(number: int, line: str, span: Span, room: int) -> Row:
    content = line.rstrip()
    if number == span.line:
        start = span.column - 1
    elif content:
        start = len(content) - len(content.lstrip())
    else:
        return Row(number, "")
    end = span.end_column - 1 if number == span.end_line else len(content)
    return excerpt(number, line, start, end, room)


def excerpt(number: int, line: str, start: int, end: int, room: int) -> Row:
    """A line in at most `room` cells, cut around the characters from `start` to `end`."""
    start = min(start, len(line))
    end = min(max(start, end), len(line))
    left, right = _window(line, start, end, room)
    head = _CUT if left else ""
    before = head + expanded(line[left:start])
    marked = expanded(line[start : min(end, right)])
    after = expanded(line[min(end, right) : right])
    tail = _CUT if line[right:].strip() else ""
    text = (before + marked + after + tail).rstrip()
    return Row(number, text, cells(before), max(1, cells(marked)))


def _window(line: str, start: int, end: int, room: int) -> tuple[int, int]:
    """The part of a line to show: the span, then as much on both sides as there is room for."""
    stop = max(end, len(line.rstrip()))
    if stop <= room and cells(expanded(line[:stop])) <= room:
        return 0, stop
    room = max(room - 2 * len(_CUT), 1)
    right, room = _grow(line, range(start, end), start, room)
    left, spare = _grow(line, range(start - 1, -1, -1), start, room // 2)
    right, spare = _grow(line, range(right, stop), right, room - room // 2 + spare)
    left, spare = _grow(line, range(left - 1, -1, -1), left, spare)
    return left, right


def _grow(line: str, indices: range, edge: int, room: int) -> tuple[int, int]:
    """Move an edge of the window over characters while there is room; gives it and what is left.

    A character without a width counts too, so that a heap of combining marks is cut as well.
    """
    for index in indices:
        room -= max(1, cells(expanded(line[index])))
        if room < 0:
            return edge, 0
        edge = index + (indices.step > 0)
    return edge, room

"""Go template source → literal text, actions and comments, and a marked copy that tells its origin.

Whatever the engine writes can be traced without looking into the engine: the copy to render has one
private-use character in front of every literal and of every action outside `define` and `block`
bodies, so the output carries those characters to the places where they stop being true.

Lexical rules: https://pkg.go.dev/text/template ("Text and spaces", "Actions").
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

#: First position mark; piece number n has mark `chr(FIRST_MARK + n)`, up to the end of plane 15.
FIRST_MARK: Final = 0xF0000
MAX_MARKS: Final = 0xFFFD
#: First character of a missing value, in plane 16.
FIRST_MISSING: Final = 0x100000
MAX_MISSING: Final = 0xFFFD
#: Any character that a mark could be mistaken for.
PRIVATE: Final = re.compile("[\U000f0000-\U0010ffff]")
_POSITION: Final = re.compile("[\U000f0000-\U000fffff]")

_SPACE: Final = " \t\r\n"
#: What can end an action, or hide its end.
_ACTION_STOP: Final = re.compile(
    r'"(?:[^"\\\n]|\\[\s\S])*"' r"|'(?:[^'\\\n]|\\[\s\S])*'" r"|`[^`]*`" "|[\"'`]|}}"
)
_QUOTED: Final = re.compile(r'"(?:[^"\\\n]|\\[\s\S])*"' r"|`[^`]*`")
_KEYWORD: Final = re.compile(
    r"\s*(if|with|range|define|block|end|else|template|break|continue)(?!\w)"
)
_VALUE_PATH: Final = re.compile(r"(?<![\w.)])\$?\.(Values(?:\.\w+)+)")
_OPENING: Final = frozenset({"if", "with", "range", "define", "block"})
_REPEATED: Final = frozenset({"range", "define", "block"})
_DEFINING: Final = frozenset({"define", "block"})
_SILENT: Final = frozenset({"end", "else", "define", "break", "continue"})


class Piece(NamedTuple):
    """One piece of the source; `text` is what the engine is given for it, trims already done.

    `inner` is the text of an action between its delimiters and trim dashes, else "".
    """

    kind: Literal["text", "action", "comment"]
    start: int
    end: int
    text: str
    inner: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where output comes from: the character itself if `literal`, else the span of its action.

    Offsets count characters of the template; `end` is exclusive.
    """

    start: int
    end: int
    literal: bool


@dataclass(frozen=True, slots=True)
class MissingValue:
    """A value that a template writes and nobody gives: `Values.a.b`, and where it is used."""

    path: str
    offset: int


class Rendered:
    """The output of one template: `text`, and the values it lacks, in order of use."""

    __slots__ = ("_length", "_numbers", "_offsets", "_pieces", "missing", "text")

    def __init__(
        self,
        text: str,
        missing: tuple[MissingValue, ...],
        origins: tuple[list[int], list[int], list[Piece]],
        length: int,
    ) -> None:
        """`origins`: offsets in the text, the number of the piece at each, and the pieces."""
        self.text = text
        self.missing = missing
        self._offsets, self._numbers, self._pieces = origins
        self._length = length

    def origin(self, offset: int) -> Origin:
        """Where the character at `offset` of the text comes from."""
        index = bisect_right(self._offsets, offset) - 1
        if index < 0:
            return Origin(0, self._length, literal=False)
        piece = self._pieces[self._numbers[index]]
        if piece.kind != "text":
            return Origin(piece.start, piece.end, literal=False)
        start = min(piece.start + offset - self._offsets[index], piece.end)
        return Origin(start, min(start + 1, piece.end), literal=True)


def scan(source: str) -> list[Piece] | None:
    """The pieces of a template in order; None if it has no correct lexical form."""
    pieces: list[Piece] = []
    cursor = 0
    while True:
        start = source.find("{{", cursor)
        if start < 0:
            _add_text(pieces, source, cursor, len(source))
            return pieces
        inner = start + 2
        if trims := source[inner : inner + 1] == "-" and source[inner + 1 : inner + 2] in (
            *_SPACE,
        ):
            inner += 2
        _add_text(pieces, source, cursor, _trimmed_end(source, cursor, start) if trims else start)
        find_end = _comment_end if source.startswith("/*", inner) else _action_end
        end = find_end(source, inner)
        if end is None:
            return None
        pieces.append(_action_piece(source, start, inner, end))
        cursor = end
        if source[end - 3] == "-" and source[end - 4] in _SPACE and end - 4 >= inner:
            while cursor < len(source) and source[cursor] in _SPACE:
                cursor += 1


def _add_text(pieces: list[Piece], source: str, start: int, end: int) -> None:
    if end > start:
        pieces.append(Piece("text", start, end, source[start:end], ""))


def _trimmed_end(source: str, start: int, end: int) -> int:
    while end > start and source[end - 1] in _SPACE:
        end -= 1
    return end


def _comment_end(source: str, start: int) -> int | None:
    closing = source.find("*/", start + 2)
    if closing < 0:
        return None
    match = re.compile(r"(?:[ \t\r\n]-)?}}").match(source, closing + 2)
    return match.end() if match else None


def _action_end(source: str, start: int) -> int | None:
    for match in _ACTION_STOP.finditer(source, start):
        if match[0] == "}}":
            return match.end()
        if len(match[0]) == 1:
            return None
    return None


def _action_piece(source: str, start: int, inner: int, end: int) -> Piece:
    if source.startswith("/*", inner):
        return Piece("comment", start, end, "", "")
    stop = end - 2
    if stop - 2 >= inner and source[stop - 1] == "-" and source[stop - 2] in _SPACE:
        stop -= 1
    body = source[inner:stop]
    # Blanks in place of the dashes keep every offset within the action.
    text = "{{" + " " * (inner - start - 2) + body + " " * (end - 2 - stop) + "}}"
    return Piece("action", start, end, text, body)


def longest_body(pieces: list[Piece] | None) -> int:
    """How many actions the longest body of a `range` or a definition has, nested ones included."""
    longest = count = 0
    opened: list[tuple[str, int]] = []
    for piece in pieces or ():
        keyword = _keyword(piece)
        count += piece.kind == "action"
        if keyword in _OPENING:
            opened.append((keyword, count))
        elif keyword == "end" and opened:
            kind, start = opened.pop()
            if kind in _REPEATED:
                longest = max(longest, count - start)
    return longest


class MarkedSource:
    """A template prepared for rendering: `text` is what to give to the engine."""

    __slots__ = ("_starts", "exact", "pieces", "source", "text")

    def __init__(self, source: str, pieces: list[Piece] | None, *, marks: bool = True) -> None:
        self.source = source
        self.pieces = pieces or []
        self.exact = pieces is not None and marks and len(self.pieces) <= MAX_MARKS
        self.text = source
        self._starts: list[int] = []
        if self.exact:
            self.text = self._mark()

    def _mark(self) -> str:
        """The rewritten source; fills `_starts` with the offset of each piece in it."""
        output: list[str] = []
        length = 0
        open_blocks: list[str] = []
        definitions = 0
        for number, piece in enumerate(self.pieces):
            keyword = _keyword(piece)
            if not definitions and piece.text and keyword not in _SILENT:
                output.append(chr(FIRST_MARK + number))
                length += 1
            self._starts.append(length)
            output.append(piece.text)
            length += len(piece.text)
            if keyword in _OPENING:
                open_blocks.append(keyword)
                definitions += keyword in _DEFINING
            elif keyword == "end" and open_blocks:
                definitions -= open_blocks.pop() in _DEFINING
        return "".join(output)

    def original_offset(self, offset: int) -> int:
        """Offset in the marked text → offset in the template."""
        if not self.exact or not self._starts:
            return min(max(offset, 0), len(self.source))
        number = max(bisect_right(self._starts, offset) - 1, 0)
        piece = self.pieces[number]
        return min(piece.start + max(offset - self._starts[number], 0), len(self.source))

    def offset_at(self, line: int, column: int) -> int:
        """Line (1-based) and column (0-based, in bytes) of the marked text → offset in the template."""
        lines = self.text.split("\n")
        if not 0 < line <= len(lines):
            return 0
        before = lines[line - 1].encode()[:column].decode(errors="ignore")
        return self.original_offset(sum(map(len, lines[: line - 1])) + line - 1 + len(before))

    def last_origin(self, partial: str) -> int:
        """Offset in the template of the piece that was being rendered when the output ended."""
        marks = _POSITION.findall(partial) if self.exact else []
        return self.pieces[ord(marks[-1]) - FIRST_MARK].start if marks else 0

    def unmark(self, rendered: str) -> tuple[str, list[int], list[int]]:
        """Output without its marks, and two parallel lists: offsets in it, and their pieces."""
        if not self.exact:
            return rendered, [], []
        parts = _POSITION.split(rendered)
        offsets: list[int] = []
        numbers: list[int] = []
        length = len(parts[0])
        for mark, part in zip(_POSITION.findall(rendered), parts[1:], strict=True):
            if part:
                offsets.append(length)
                numbers.append(ord(mark) - FIRST_MARK)
                length += len(part)
        return "".join(parts), offsets, numbers

    def uses(self) -> list[tuple[str, int]]:
        """Every `.Values.x.y` of the actions with its offset, in order."""
        found: list[tuple[str, int]] = []
        for piece in self.pieces:
            if piece.kind == "action" and ".Values" in piece.inner:
                blanked = _QUOTED.sub(lambda match: " " * len(match[0]), piece.text)
                found.extend(
                    (match[1], piece.start + match.start())
                    for match in _VALUE_PATH.finditer(blanked)
                )
        return found


def _keyword(piece: Piece) -> str:
    match = _KEYWORD.match(piece.inner) if piece.kind == "action" else None
    return match[1] if match else ""

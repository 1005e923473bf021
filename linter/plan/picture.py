"""The picture of a plan: the shares over the steps, the pods beneath, a mark where something is wrong.

Steps go from left to right, each a column that shows what is known after it; colours are classes that
the page gives.  Nothing is told by colour alone: shares that are lost, shares that nobody knows and the
pods under test have patterns, marks have signs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from ..report.characters import cells, visible
from ..report.terminal import SIGNS, folded

if TYPE_CHECKING:
    from .model import Plan, Row

#: The most columns of one picture, and how wide one is.
_MOST: Final = 32
_NARROWEST, _WIDEST = 31, 156
_ROOM: Final = 1000
#: Room for the names of the lanes.
_LEFT: Final = 62
_RIGHT: Final = 12
#: The gap between the way forward and the rollback.
_GAP: Final = 34
_HEIGHT: Final = 132
_LANE: Final = 17
#: How wide a character is, more or less.
_CHAR: Final = 6.6
#: From this width on, a column has the name of its step.
_NAMED: Final = 72


def pictures(plan: Plan, prefix: str) -> Iterator[str]:
    """The pictures of a plan, one for so many steps as fit beside each other."""
    rows = [row for row in plan.rows if row.fate != "skipped"]
    number = -(-len(rows) // _MOST)
    size = -(-len(rows) // max(number, 1))
    for part in range(number):
        own = rows[part * size : (part + 1) * size]
        before = rows[part * size - 1] if part else None
        yield _Picture(plan, own, before, f"{prefix}-{part + 1}").svg()


class _Picture:
    """One picture; `before` is the step before its first one."""

    def __init__(self, plan: Plan, rows: Sequence[Row], before: Row | None, prefix: str) -> None:
        self.plan = plan
        self.rows = rows
        self.before = before
        self.prefix = prefix
        width = (_ROOM - _GAP) // max(len(rows), 1)
        self.column = max(_NARROWEST, min(_WIDEST, width))
        self.top = 44
        self.bottom = self.top + _HEIGHT
        self.lefts: list[int] = []
        left = _LEFT
        for index, row in enumerate(rows):
            undoes = row.fate == "rollback"
            if undoes and (index == 0 or rows[index - 1].fate != "rollback"):
                left += _GAP if index else 0
            self.lefts.append(left)
            left += self.column
        self.width = left + _RIGHT
        names = [self.name(row) for row in rows]
        self.lines = max(map(len, names), default=0)
        self.lanes = self.bottom + 24 + 14 * self.lines + 12
        self.height = self.lanes + 2 * _LANE + 12

    def svg(self) -> str:
        """The picture."""
        least = min(self.width, max(300, int(self.width * 0.8)))
        label = f"{self.prefix}-title"
        told = f"{self.prefix}-told"
        parts = [
            f'<svg class="picture" role="img" aria-labelledby="{label}" aria-describedby="{told}" '
            f'viewBox="0 0 {self.width} {self.height}" '
            f'style="width:{self.width}px;min-width:{least}px">',
            f'<title id="{label}">{_text(self.title())}</title>',
            f'<desc id="{told}">{_text(" ".join(self.told()))}</desc>',
            *self.patterns(),
            *self.ground(),
            *self.braces(),
            *self.band(),
            *self.marks(),
            *self.pods(),
            "</svg>",
        ]
        return "".join(parts)

    def title(self) -> str:
        """What it shows."""
        first, last = self.rows[0].number, self.rows[-1].number
        return f"Shares of stable and {self.plan.under_test}, steps {first} to {last}"

    def told(self) -> Iterator[str]:
        """The picture in sentences."""
        word = self.plan.under_test
        for row in self.rows:
            here = row.situation
            if here.tested is None:
                shares = "shares not known"
            else:
                shares = f"stable {here.stable}%, {word} {here.tested}%"
            lost = f", {here.lost}% lost" if here.lost else ""
            fails = " fails" if row.fate == "failed" else ""
            undoes = "Rollback: " if row.fate == "rollback" else ""
            rules = "".join(f", {danger.severity} {danger.rule}" for danger in row.dangers)
            yield f"{undoes}{row.number} {row.name}{fails}: {shares}{lost}{rules}."

    def patterns(self) -> Iterator[str]:
        """Hatches for what is not known, and for what is lost."""
        for name, ground, line, path, size in (
            ("unknown", "unknown", "hatch", "M-2 10L10 -2M0 16L16 0M6 18L18 6", 8),
            ("lost", "lost", "lines", "M-2 2L2 -2M0 8L8 0M6 10L10 6", 8),
        ):
            yield (
                f'<pattern id="{self.prefix}-{name}" width="{size}" height="{size}" '
                f'patternUnits="userSpaceOnUse"><path class="{ground}" d="M0 0h{size}v{size}H0z"/>'
                f'<path class="{line}" d="{path}"/></pattern>'
            )

    # -- around the band --------------------------------------------------------------------------

    def ground(self) -> Iterator[str]:
        """The ground of the rollback, the lines of 0, 50 and 100 percent."""
        undone = [
            left for left, row in zip(self.lefts, self.rows, strict=True) if row.fate == "rollback"
        ]
        if undone:
            gap = 8 if undone[0] > _LEFT else 4
            yield _rect("undone", undone[0] - gap, 0, self.width - undone[0] + gap, self.height)
            if undone[0] > _LEFT:
                middle = self.y(50)
                arrow = undone[0] - _GAP + 5
                yield f'<path class="edge" d="M{arrow} {middle}h15m-5 -5l5 5l-5 5"/>'
        for share in (0, 50, 100):
            y = self.y(share)
            yield f'<path class="grid" d="M{_LEFT - 5} {y}H{self.width - _RIGHT}"/>'
            yield _at(_LEFT - 9, y + 4, f"{share}%", "s e")

    def braces(self) -> Iterator[str]:
        """Above the band: which phase and section the steps are in."""
        spans = groupby(range(len(self.rows)), key=lambda i: (self.around(i), self.undoes(i)))
        for (around, _undoes), group in spans:
            members = list(group)
            left, right = self.lefts[members[0]], self.lefts[members[-1]] + self.column
            lines = folded(around, max(int((right - left - 6) / _CHAR), 1)) if around else []
            if len(lines) > 2 or any(len(line) < 3 for line in lines):
                lines = [_cut(around, int((right - left - 6) / _CHAR))]
            for offset, line in enumerate(reversed(lines)):
                yield _at((left + right) / 2, self.top - 14 - 13 * offset, line, "s m")
            if around:
                yield f'<path class="brace" d="M{left + 3} {self.top - 5}v-4H{right - 3}v4"/>'

    def around(self, index: int) -> str:
        """The phase and section of a step."""
        unnamed = "Rollback" if self.undoes(index) else ""
        return visible(self.rows[index].around) or unnamed

    def undoes(self, index: int) -> bool:
        """Whether a step is one of the rollback."""
        return self.rows[index].fate == "rollback"

    def marks(self) -> Iterator[str]:
        """Under the band: the numbers of the steps, what is wrong there, their names."""
        for left, row in zip(self.lefts, self.rows, strict=True):
            middle = left + self.column / 2
            y = self.bottom + 18
            levels = sorted({danger.severity for danger in row.dangers}, key=list(SIGNS).index)
            if levels:
                yield _at(middle, y, f"{SIGNS[levels[0]]} {row.number}", f"m {levels[0]}")
            else:
                yield _at(middle, y, str(row.number), "m b")
            for offset, line in enumerate(self.name(row)):
                yield _at(middle, y + 15 + 14 * offset, line, "m s")
            if row.fate == "failed":
                yield (
                    f'<path class="fail" d="M{left + 2} {self.top}h{self.column - 4}v{_HEIGHT}'
                    f'h-{self.column - 4}z"/>'
                )
                yield _at(middle, self.y(50) + 4, f"{SIGNS['error']} fails", "m error on")

    def name(self, row: Row) -> list[str]:
        """The name of a step in at most three lines, if its column has room."""
        if self.column < _NAMED:
            return []
        room = int((self.column - 8) / _CHAR)
        lines = folded(visible(row.name), room)
        return lines if len(lines) <= 3 else [*lines[:2], _cut(" ".join(lines[2:]), room)]

    # -- the band ---------------------------------------------------------------------------------

    def band(self) -> Iterator[str]:
        """The shares: those of the pods under test below, the rest above."""
        before = self.before
        for left, row in zip(self.lefts, self.rows, strict=True):
            here = row.situation
            yield _rect("ground", left, self.top, self.column, _HEIGHT)
            if here.tested is None:
                yield self.patterned("unknown", left, self.top, _HEIGHT)
                yield _at(left + self.column / 2, self.y(50) + 4, "?", "m b on")
            else:
                size = round(here.tested / 100 * _HEIGHT)
                size = max(size, 4) if here.tested else 0
                size = min(size, _HEIGHT - 4) if here.tested < 100 else _HEIGHT
                edge = self.bottom - size
                yield _rect("stable", left, self.top, self.column, _HEIGHT - size)
                if here.lost:
                    yield self.patterned("lost", left, edge, size)
                elif size:
                    yield _rect("test", left, edge, self.column, size)
                yield f'<path class="edge" d="M{left} {edge}h{self.column}"/>'
                yield from self.share(row, before, left, edge)
            yield _hint(left, self.top, self.column, _HEIGHT, self.hint(row))
            before = row

    def share(self, row: Row, before: Row | None, left: float, edge: float) -> Iterator[str]:
        """How large the share is, where it changes or there is room."""
        here = row.situation
        if not here.tested or (self.column < 50 and before is not None and _alike(row, before)):
            return
        text = f"{here.tested}%"
        if here.lost and self.column >= 44:
            text = f"{SIGNS['error']} {text}" + (" lost" if self.column >= _NAMED else "")
        y = edge - 5 if edge - 5 > self.top + 10 else edge + 14
        if row.fate != "failed" or abs(y - self.y(50)) > 16:
            yield _at(left + self.column / 2, y, text, "m error on" if here.lost else "m b on")

    def hint(self, row: Row) -> str:
        """What a reader sees who points at a step."""
        return f"{row.number} {row.name}: {row.action}"

    def patterned(self, pattern: str, left: float, top: float, height: float) -> str:
        """A stretch of one column with a pattern."""
        return (
            f'<rect x="{left}" y="{top}" width="{self.column}" height="{height}" '
            f'fill="url(#{self.prefix}-{pattern})"/>'
        )

    def y(self, share: float) -> float:
        """How high a share of the pods under test reaches."""
        return self.bottom - share / 100 * _HEIGHT

    # -- the pods ---------------------------------------------------------------------------------

    def pods(self) -> Iterator[str]:
        """Beneath: how long the pods live, and from when on stable runs the new version."""
        top = self.lanes
        yield _at(_LEFT - 9, top + 12, "stable", "s e")
        yield _at(_LEFT - 9, top + _LANE + 14, self.plan.under_test, "s e")
        kinds = [(row.situation.rolled_out, self.undoes(i)) for i, row in enumerate(self.rows)]
        for (new, _undoes), left, right in self.runs(kinds):
            style = {True: "stable", False: "old", None: "old"}[new]
            yield _rect(style, left + 1, top, right - left - 2, _LANE - 3)
            text = {True: "new version", False: "old version", None: ""}[new]
            if (right - left) > len(text) * _CHAR:
                yield _at((left + right) / 2, top + 11, text, "m")
        lives = [(row.situation.pods, self.undoes(i)) for i, row in enumerate(self.rows)]
        for (pods, _undoes), left, right in self.runs(lives):
            y = top + _LANE + 2
            if pods == "there":
                yield _rect("test", left + 1, y, right - left - 2, _LANE - 3)
            elif pods == "maybe":
                yield _rect("perhaps", left + 1, y + 0.5, right - left - 2, _LANE - 4)
                yield _at((left + right) / 2, y + 11, "?", "m s")

    def runs(self, kinds: Sequence[tuple[object, bool]]) -> Iterator[tuple[Any, float, float]]:
        """Steps beside each other that are alike: what they have in common, from where to where."""
        for kind, group in groupby(range(len(kinds)), key=lambda i: kinds[i]):
            members = list(group)
            yield kind, self.lefts[members[0]], self.lefts[members[-1]] + self.column


def _alike(one: Row, other: Row) -> bool:
    """Whether the shares are the same at two steps, on the same way."""
    here, there = one.situation, other.situation
    return (here.tested, here.lost, one.fate) == (there.tested, there.lost, other.fate)


def _rect(style: str, left: float, top: float, width: float, height: float) -> str:
    return f'<rect class="{style}" x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}"/>'


def _hint(left: float, top: float, width: float, height: float, text: str) -> str:
    return (
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" fill="transparent">'
        f"<title>{_text(text)}</title></rect>"
    )


def _at(x: float, y: float, text: str, style: str) -> str:
    return f'<text class="{style}" x="{x:g}" y="{y:g}">{_text(text)}</text>' if text else ""


def _cut(text: str, room: int) -> str:
    if cells(text) <= room:
        return text
    return text[: max(room - 1, 0)].rstrip(" ·") + "…" if room > 3 else ""


def _text(text: str) -> str:
    return escape(visible(" ".join(text.split())))

"""The plan as a table for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ..report.characters import cells, visible
from ..report.terminal import SIGNS, folded, padded, painter
from .model import UNGROUPED

if TYPE_CHECKING:
    from ..report import View
    from .model import Danger, Plan, Row

#: Where no terminal sets the width, and the least that a table needs.
_WIDTH: Final = 100
_LEAST_WIDTH: Final = 60
#: The share of each kind of pods, as wide as its heading.
_SHARE: Final = 6
_INDENT: Final = 2


def render(plans: Sequence[Plan], view: View) -> str:
    """A table for each rollout."""
    tables = ["\n".join(_Table(plan, view).lines()) for plan in plans]
    return "\n\n".join(tables) + "\n" if tables else ""


class _Table:
    """The table of one rollout.

    Where the width allows it, a step is one line; else what it does stands in a second one.
    """

    def __init__(self, plan: Plan, view: View) -> None:
        self.plan = plan
        self.paint = painter(color=view.color)
        self.width = max(view.width or _WIDTH, _LEAST_WIDTH)
        self.bar_width = 10 if self.width >= 80 else 6
        rows = plan.rows
        self.number_width = max((len(str(row.number)) for row in rows), default=1)
        self.action_width = max((cells(visible(row.action)) for row in rows), default=0)
        self.step_width = max((cells(visible(row.name)) for row in rows), default=0)
        self.step_width = max(self.step_width, 4)
        last = max((cells(self.pods(row)) for row in rows), default=0)
        shares = 2 + 2 * _SHARE + 2 + self.bar_width + 2 + max(last, 4) if plan.splits else 0
        fixed = _INDENT + self.number_width + 2 + shares
        self.flat = fixed + self.step_width + 2 + self.action_width <= self.width
        if not self.flat:
            self.step_width = min(self.step_width, max(12, self.width - fixed))

    def lines(self) -> Iterator[str]:
        """The table, from its heading to what is wrong elsewhere."""
        plan = self.plan
        yield from self.heading()
        for note in plan.notes:
            yield from self.prose(note, "", "faint")
        if not plan.rows:
            yield "  no steps"
        else:
            yield self.paint("faint", self.heads())
        around = None
        rollback = False
        for row in plan.rows:
            if row.fate == "rollback" and not rollback:
                rollback, around = True, None
                yield ""
                yield self.paint("strong", "Rollback")
            if row.around != around and (row.around or around):
                yield f"  {self.paint('strong', visible(row.around or UNGROUPED))}"
            around = row.around
            yield from self.row(row)
        if plan.splits and any(row.situation.stable is None for row in plan.rows):
            yield self.paint("faint", "  ? what the files do not tell")
        for danger in plan.elsewhere:
            yield from self.danger(danger, _INDENT)

    def heading(self) -> Iterator[str]:
        """What is shown, and where it stands."""
        plan = self.plan
        name = visible(plan.name)
        facts = f" ({', '.join(map(visible, plan.facts))})"
        place = visible(f"{plan.file}:{plan.line}")
        gap = self.width - cells(name + facts) - cells(place)
        line = self.paint("strong", name) + facts
        if gap >= 2:
            yield line + " " * gap + self.paint("faint", place)
        else:
            yield line
            yield self.paint("faint", f"  {place}")
        if plan.failed:
            yield self.paint("strong", f'When "{visible(plan.failed)}" fails:')

    def heads(self) -> str:
        """The names of the columns."""
        parts = [" " * _INDENT + padded("#", self.number_width), padded("step", self.step_width)]
        if self.flat:
            parts.append(padded("action", self.action_width))
        if self.plan.splits:
            other = padded(self.plan.under_test, _SHARE)
            parts += [f"{'stable':>{_SHARE}} {' ' * self.bar_width} {other}", "pods"]
        return "  ".join(parts).rstrip()

    def row(self, row: Row) -> Iterator[str]:
        """A step, and what is wrong at it."""
        indent = " " * (_INDENT + self.number_width + 2)
        names = folded(visible(row.name), self.step_width)
        skipped = row.fate == "skipped"
        style = "faint" if skipped else ""
        number = f"{' ' * _INDENT}{row.number:>{self.number_width}}"
        parts = [number, padded(names[0], self.step_width)]
        if self.flat:
            parts.append(padded(visible(row.action), self.action_width))
        line = "  ".join(parts)
        if skipped:
            yield self.paint(style, f"{line}  not run")
        elif self.plan.splits:
            yield f"{line}  {self.shares(row)}  {self.painted_pods(row)}".rstrip()
        else:
            yield f"{line}{self.failure(row)}".rstrip()
        for name in names[1:]:
            yield self.paint(style, f"{indent}{name}")
        remarks = [] if skipped else list(row.remarks)
        if not self.flat and row.action and row.action.lower() != row.name.lower():
            remarks.insert(0, row.action)
        if remarks:
            yield from self.prose("; ".join(remarks), indent, "faint")
        for danger in row.dangers:
            yield from self.danger(danger, len(indent))

    def shares(self, row: Row) -> str:
        """Who gets what: stable solid, the others light."""
        here = row.situation
        other = padded(_share(here.tested), _SHARE)
        return f"{_share(here.stable):>{_SHARE}} {self.bar(here.tested)} {other}"

    def bar(self, tested: int | None) -> str:
        """The share as a bar; each side that gets requests shows at least a little."""
        width = self.bar_width
        if tested is None:
            return "?" * width
        part = min(width, max(0, round(tested / 100 * width)))
        if 0 < tested < 100:
            part = min(width - 1, max(1, part))
        return "█" * (width - part) + "░" * part

    def pods(self, row: Row) -> str:
        """The pods that are there, and what is lost where they are not."""
        if row.fate == "skipped":
            return "not run"
        here, word = row.situation, self.plan.under_test
        pods = [*here.exists(word), *(f"{pod}?" for pod in here.may_exist(word))]
        lost = f"  {SIGNS['error']} {here.lost}% lost" if here.lost else ""
        return ", ".join(pods) + lost + self.failure(row)

    def failure(self, row: Row) -> str:
        """A word at the step that fails."""
        return f"  {SIGNS['error']} fails" if row.fate == "failed" else ""

    def painted_pods(self, row: Row) -> str:
        """The same, what is wrong in its colour."""
        text, sign, wrong = self.pods(row).partition(SIGNS["error"])
        return text + self.paint("error", sign + wrong) if sign else text

    def danger(self, danger: Danger, indent: int) -> Iterator[str]:
        """What a rule says, and how to mend it."""
        sign = f"{SIGNS[danger.severity]} {danger.rule}"
        text = f"rollback: {danger.message}" if danger.step else danger.message
        lead = " " * indent
        first, *rest = folded(visible(f"{sign} {' '.join(text.split())}"), self.width - indent - 2)
        yield lead + self.paint(danger.severity, first[: len(sign)]) + first[len(sign) :]
        for line in rest:
            yield f"{lead}  {line}"
        if danger.help:
            yield from self.prose(f"→ {danger.help}", f"{lead}  ", "")

    def prose(self, text: str, indent: str, style: str) -> Iterator[str]:
        """Sentences, as wide as the table."""
        for line in folded(visible(" ".join(text.split())), self.width - len(indent)):
            yield indent + self.paint(style, line)


def _share(share: int | None) -> str:
    return "?" if share is None else f"{share}%"

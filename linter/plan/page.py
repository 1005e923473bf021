"""The plan as one page of HTML, which needs nothing but itself and runs no script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final

from ..report.characters import counted
from ..report.terminal import SIGNS
from ..web import badge, note, page, text_of
from .model import UNGROUPED
from .picture import pictures
from .style import STYLE

if TYPE_CHECKING:
    from ..report import View
    from .model import Danger, Plan, Row

_KEY: Final = (
    ('<path class="stable" d="M0 1h34v10H0z"/>', "share of stable"),
    ('<path class="test" d="M0 1h34v10H0z"/>', "share of the canary or stage, and its pods"),
    (
        '<path class="lost" d="M0 1h34v10H0z"/>'
        '<path class="lines" d="M0 8L7 1M5 11L15 1M13 11L23 1M21 11L31 1M29 11L34 6"/>',
        "lost: the pods are not there",
    ),
    (
        '<path class="unknown" d="M0 1h34v10H0z"/>'
        '<path class="hatch" d="M0 8L7 1M5 11L15 1M13 11L23 1M21 11L31 1M29 11L34 6"/>',
        "not told by the files",
    ),
)


def render(plans: Sequence[Plan], view: View) -> str:
    """The page; the same bytes for the same files."""
    of = f" of {plans[0].name}" if len(plans) == 1 else ""
    body = _body(plans, view.version)
    lines = page(f"Rollout plan{of}", body, style=STYLE, version=view.version)
    return "\n".join(lines) + "\n"


def _body(plans: Sequence[Plan], version: str) -> Iterator[str]:
    """What the page shows."""
    yield '<header class="top"><h1>Rollout plan</h1>'
    steps = sum(len(plan.rows) for plan in plans)
    yield f'<ul class="counts"><li>{counted(len(plans), "rollout")} · {counted(steps, "step")}</li>'
    yield "".join(f"<li>{text}</li>" for text in _badges(*plans))
    yield "</ul>"
    if any(plan.splits for plan in plans):
        items = (
            f'<li><svg viewBox="0 0 34 12" aria-hidden="true">{sign}</svg>{text}</li>'
            for sign, text in _KEY
        )
        yield f'<ul class="key">{"".join(items)}</ul>'
    if len(plans) > 1:
        yield '<nav aria-label="Rollouts"><ol>'
        for number, plan in enumerate(plans, start=1):
            facts = text_of(", ".join(plan.facts))
            marks = " ".join(_badges(plan))
            yield f'<li><a href="#p{number}">{text_of(plan.name)}</a> ({facts}) {marks}</li>'
        yield "</ol></nav>"
    yield "</header><main>"
    for number, plan in enumerate(plans, start=1):
        yield from _Section(plan, f"p{number}").lines()
    if not plans:
        yield "<p>There is no workflow and no pipeline in what was read.</p>"
    yield f"<footer>Drawn by tsplit-lint {text_of(version)} from files, without a cluster.</footer>"
    yield "</main>"


def _badges(*plans: Plan) -> list[str]:
    """How many hazards of each severity there are."""
    counts = Counter(danger.severity for plan in plans for _row, danger in plan.dangers)
    return [badge(level, counted(counts[level], level)) for level in SIGNS if counts[level]]


class _Section:
    """One rollout: its heading, the pictures, the table; the rollback apart."""

    def __init__(self, plan: Plan, prefix: str) -> None:
        self.plan = plan
        self.prefix = prefix

    def lines(self) -> Iterator[str]:
        """The whole section."""
        plan = self.plan
        yield f'<section class="rollout" id="{self.prefix}" aria-labelledby="{self.prefix}-name">'
        yield f'<header><h2 id="{self.prefix}-name">{text_of(plan.name)}</h2>'
        yield f'<span class="soft">{text_of(", ".join(plan.facts))}</span>'
        yield "".join(_badges(plan))
        yield f'<code class="where">{text_of(f"{plan.file}:{plan.line}")}</code></header>'
        if plan.failed:
            yield (
                f'<p class="fails"><b>{SIGNS["error"]} When “{text_of(plan.failed)}” fails:</b> '
                "the way until there, and the rollback after it.</p>"
            )
        for sentence in plan.notes:
            yield f'<p class="soft">{text_of(sentence)}</p>'
        if not plan.rows:
            yield '<p class="soft">no steps</p>'
        if plan.splits:
            for picture in pictures(plan, self.prefix):
                yield (
                    '<div class="scroll" role="region" tabindex="0" '
                    f'aria-label="Picture of {text_of(plan.name)}">{picture}</div>'
                )
        if plan.rows:
            yield from self.tables()
        if plan.elsewhere:
            yield "<h3>Other hazards</h3>"
            yield from map(_hazard, plan.elsewhere)
        yield "</section>"

    def tables(self) -> Iterator[str]:
        """The steps; those of the rollback in a table of their own."""
        if self.plan.failed:
            yield "<h3>Until it fails</h3>"
        yield from self.table(self.plan.forward)
        if self.plan.rollback:
            yield '<div class="undo"><h3>Rollback</h3>'
            yield from self.table(self.plan.rollback)
            yield "</div>"

    def table(self, rows: Sequence[Row]) -> Iterator[str]:
        """Rows under their phases and sections."""
        names = ["#", "Step", "What it does"]
        if self.plan.splits:
            names += [f"Stable and {self.plan.under_test}", "Pods"]
        heads = "".join(f'<th scope="col">{name}</th>' for name in (*names, "Place"))
        columns = len(names) + 1
        yield f"<table><thead><tr>{heads}</tr></thead>"
        groups = [(key, list(rows)) for key, rows in groupby(rows, key=lambda row: row.around)]
        for around, group in groups:
            yield "<tbody>"
            if around or len(groups) > 1:
                title = text_of(around or UNGROUPED)
                yield f'<tr><th colspan="{columns}" scope="rowgroup">{title}</th></tr>'
            for row in group:
                yield self.row(row)
                if row.dangers:
                    hazards = "".join(map(_hazard, row.dangers))
                    yield f'<tr><td></td><td colspan="{columns - 1}">{hazards}</td></tr>'
            yield "</tbody>"
        yield "</table>"

    def row(self, row: Row) -> str:
        """One step."""
        skipped = row.fate == "skipped"
        fails = (
            f' <span class="wrong">{SIGNS["error"]} fails here</span>'
            if row.fate == "failed"
            else ""
        )
        fails = ' <span class="soft">(not run)</span>' if skipped else fails
        remarks = "" if skipped else "; ".join(row.remarks)
        remark = f'<span class="remark">{text_of(remarks)}</span>' if remarks else ""
        cells = [
            f'<td class="number">{row.number}</td>',
            f'<td class="step">{text_of(row.name)}{fails}</td>',
            f"<td>{text_of(row.action)}{remark}</td>",
        ]
        if self.plan.splits:
            shares, pods = ("", "") if skipped else (self.shares(row), self.pods(row))
            cells += [f'<td class="share">{shares}</td>', f'<td class="pods">{pods}</td>']
        cells.append(f'<td class="where"><code>line {row.line}</code></td>')
        style = f' class="{row.fate}"' if row.fate in ("failed", "skipped") else ""
        return f"<tr{style}>{''.join(cells)}</tr>"

    def shares(self, row: Row) -> str:
        """Both shares, with a bar between them."""
        here = row.situation
        if here.tested is None or here.stable is None:
            bar = '<span class="bar open" aria-hidden="true"></span>'
            return f'<span class="left">?</span>{bar}<span>?</span>'
        bar = (
            f'<i class="to-stable" style="width:{here.stable}%"></i>'
            f'<i class="to-test" style="width:{here.tested}%"></i>'
        )
        return (
            f'<span class="left">{here.stable}%</span>'
            f'<span class="bar" aria-hidden="true">{bar}</span><span>{here.tested}%</span>'
        )

    def pods(self, row: Row) -> str:
        """The pods that are there, and what is lost."""
        here, word = row.situation, self.plan.under_test
        pods = ", ".join([*here.exists(word), *(f"{pod}?" for pod in here.may_exist(word))])
        lost = (
            f' <span class="wrong">{SIGNS["error"]} {here.lost}% lost</span>' if here.lost else ""
        )
        return f"{pods}{lost}"


def _hazard(danger: Danger) -> str:
    return note(
        danger.severity,
        danger.rule,
        f"rollback: {danger.message}" if danger.step else danger.message,
        mend=danger.help,
        place=f"{danger.file}:{danger.line}",
    )

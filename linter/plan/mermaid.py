"""The plan as a Mermaid state diagram."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..report import View
    from .model import Plan, Row

#: Characters that Mermaid reads as something else.
_SPECIAL: Final = re.compile(r"[\"#&<>`*_\\{}|~;$:%\[\]()]")
_CLASSES: Final = (
    "  classDef hazard stroke:#c62828,stroke-width:3px",
    "  classDef failed stroke:#c62828,stroke-width:3px,stroke-dasharray:6 4",
    "  classDef rollback stroke:#8a5300,stroke-width:2px",
)
_LONGEST: Final = 60


def render(plans: Sequence[Plan], view: View) -> str:
    """The diagram, which Markdown pages hold in a block of `mermaid`."""
    lines = ["stateDiagram-v2"]
    for number, plan in enumerate(plans, start=1):
        lines += _plan(plan, f"p{number}")
    return "\n".join([*lines, *_CLASSES]) + "\n"


def _plan(plan: Plan, prefix: str) -> Iterator[str]:
    """A state for the whole, within it one for each phase and section, within them the steps.

    Arrows join what stands in the same state: Mermaid draws none from within one into another.
    """
    rows = [row for row in plan.rows if row.fate != "skipped"]
    facts = [_text(fact) for fact in (plan.name, plan.service)]
    yield f'  state "{" · ".join(filter(str.strip, facts))}" as {prefix} {{'
    yield "    direction TB"
    if not rows:
        yield f'    state "no steps" as {prefix}s0'
    stops: list[tuple[str, bool]] = []
    groups = groupby(rows, key=lambda row: (row.fate == "rollback", row.around))
    for index, ((undone, around), group) in enumerate(groups):
        title = " · ".join(filter(None, ("Rollback" if undone else "", around)))
        members = list(group)
        ids = [f"{prefix}s{row.number}" for row in members]
        if title:
            stops.append((f"{prefix}g{index}", undone))
            yield f'    state "{_text(title)}" as {prefix}g{index} {{'
            yield "      direction TB"
        else:
            stops += [(own, undone) for own in ids]
        for row, own in zip(members, ids, strict=True):
            yield f'      state "{_label(row, plan)}" as {own}'
        if title:
            yield from (f"      {one} --> {other}" for one, other in pairwise(ids))
            yield "    }"
    yield from (f"    {arrow}" for arrow in _arrows(stops))
    yield "  }"
    for row in rows:
        kind = "hazard" if row.dangers or row.situation.lost else row.fate
        if kind != "ran":
            yield f"  class {prefix}s{row.number} {kind}"


def _arrows(stops: Sequence[tuple[str, bool]]) -> Iterator[str]:
    """From start to end; the one that leads into the rollback says so."""
    if not stops:
        return
    yield f"[*] --> {stops[0][0]}"
    for (one, undone), (other, undoes) in pairwise(stops):
        yield f"{one} --> {other}" + (": fails" if undoes and not undone else "")
    yield f"{stops[-1][0]} --> [*]"


def _label(row: Row, plan: Plan) -> str:
    """The step, its shares, and what is wrong."""
    here = row.situation
    parts = [_text(f"{row.number}. {row.name}")]
    if row.fate == "failed":
        parts.append("✗ fails")
    if plan.splits:
        parts.append(f"stable {_share(here.stable)}, {plan.under_test} {_share(here.tested)}")
    if here.lost:
        parts.append(f"✗ {_share(here.lost)} lost")
    parts += dict.fromkeys(f"{danger.severity} {danger.rule}" for danger in row.dangers)
    return "<br>".join(parts)


def _share(share: int | None) -> str:
    return "?" if share is None else f"{share}#37;"


def _text(text: str) -> str:
    """Text within quotes: what Mermaid would read is written as its number."""
    plain = " ".join(text.split()) or " "
    plain = plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"
    return _SPECIAL.sub(lambda match: f"#{ord(match[0])};", plain)

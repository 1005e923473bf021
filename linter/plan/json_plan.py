"""The plan for programs: schemas/plan.json says what is in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ..report.characters import to_json

if TYPE_CHECKING:
    from ..report import View
    from .model import Danger, Plan, Row, Situation

SCHEMA_VERSION: Final = 1


def render(plans: Sequence[Plan], view: View) -> str:
    """The same bytes for the same files, whatever the terminal and the platform."""
    return to_json(
        {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "tsplit-lint", "version": view.version},
            "rollouts": [_plan(plan) for plan in plans],
        }
    )


def _plan(plan: Plan) -> dict[str, Any]:
    return {
        "name": plan.name,
        "kind": plan.kind,
        "strategy": plan.strategy or None,
        "service": plan.service or None,
        "file": plan.file,
        "line": plan.line,
        "splits_traffic": plan.splits,
        "under_test": plan.under_test,
        "opaque": plan.opaque,
        "failed_step": plan.failed or None,
        "notes": list(plan.notes),
        "steps": [_row(row, plan) for row in plan.rows],
        "hazards": [_danger(danger, row, plan) for row, danger in plan.dangers],
    }


def _row(row: Row, plan: Plan) -> dict[str, Any]:
    return {
        "number": row.number,
        "name": row.name,
        "type": row.type,
        "action": row.action,
        "phase": row.phase or None,
        "section": row.section or None,
        "path": "rollback" if row.fate == "rollback" else "forward",
        "fate": row.fate,
        "conditions": list(row.conditions),
        "repeated": row.repeated,
        "beside": list(row.beside),
        **_situation(row.situation, plan),
        "doubt": row.doubt or None,
        "file": row.file,
        "line": row.line,
        "hazards": [_danger(danger, row, plan) for danger in row.dangers],
    }


def _situation(here: Situation, plan: Plan) -> dict[str, Any]:
    return {
        "shares": {"stable": here.stable, "under_test": here.tested},
        "lost": here.lost,
        "exists": list(here.exists(plan.under_test)),
        "may_exist": list(here.may_exist(plan.under_test)),
        "rolled_out": here.rolled_out,
    }


def _danger(danger: Danger, row: Row | None, plan: Plan) -> dict[str, Any]:
    name = danger.step if row is None else row.name
    step = {"number": None if row is None else row.number, "name": name} if name else None
    return {
        "rule": danger.rule,
        "severity": danger.severity,
        "step": step,
        **_situation(danger.situation, plan),
        "message": danger.message,
        "help": danger.help or None,
        "file": danger.file,
        "line": danger.line,
    }

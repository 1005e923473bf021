"""Which canary deletes of a pipeline's stage come too early: while the canary still gets traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..values import Unknown, is_integer
from .effects import runs_anything
from .model import Rollout, Step, is_progressive
from .routing import RoutedRoute, TrafficRouting, traffic_routings
from .shift import EarlyDelete, Shift, shift_of

if TYPE_CHECKING:
    from ..catalog.core import Catalog

#: What is known of each route (of what is applied, under an empty name): the step that gave the canary
#: its share there, and whether that is certain.
Shares = dict[str, tuple[Shift, bool]]


def early_pipeline_deletes(rollout: Rollout, catalog: Catalog) -> list[EarlyDelete]:
    """The canary deletes of a stage that stand before the rolling deployment, while the canary gets
    traffic.

    `certain` is False where a condition may skip a step that it depends on, or where an expression
    hides how much the canary gets.
    """
    deletes = [step for step in rollout.steps if step.deletes_canary]
    if rollout.flavor != "pipeline" or not deletes or any(map(is_progressive, rollout.steps)):
        return []
    found = []
    for delete in deletes:
        rolling = _rolling_after(delete, rollout)
        force = _in_force(delete, rollout, catalog) if rolling is not None else None
        if rolling is None or rolling.phase is None or force is None:
            continue
        shift, certain = force
        certain = certain and not (delete.is_conditional or delete.is_repeated)
        found.append(EarlyDelete("before-rollout", delete, rolling, rolling.phase, shift, certain))
    return found


def _rolling_after(delete: Step, rollout: Rollout) -> Step | None:
    """The rolling deployment that comes after a delete or runs beside it, if none came before."""
    rollings = [step for step in rollout.steps if step.kind == "rolling-deploy"]
    if any(step.order < delete.order for step in rollings):
        return None
    return rollings[0] if rollings else None


def _in_force(delete: Step, rollout: Rollout, catalog: Catalog) -> tuple[Shift, bool] | None:
    """The step that gives the canary its share when it is deleted, and whether that is certain."""
    shares: Shares = {}
    for step in rollout.steps:
        if step.order >= delete.order:
            break  # what runs beside it may come after it
        if runs_anything(step):
            shares.clear()
            continue
        if step.kind == "apply":
            _note_apply(shares, shift_of(step, rollout, catalog))
        for routing in traffic_routings([step]):
            _note_routing(shares, routing)
    open_shifts = [(shift, certain) for shift, certain in shares.values() if shift.canary != 0]
    return max(open_shifts, key=lambda entry: entry[1], default=None)


def _note_apply(shares: Shares, shift: Shift | None) -> None:
    """Note what an apply does: one that is not known to shift traffic may still do so."""
    if shift is not None:
        _set(shares, "", shift)
        return
    for name, (earlier, _certain) in shares.items():
        shares[name] = (earlier, False)


def _note_routing(shares: Shares, routing: TrafficRouting) -> None:
    """Note the share that each route of a routing gives the canary."""
    if routing.hides_routes or not all(map(_is_named, routing.routes)):
        shares.clear()
        return
    for route in routing.routes:
        share = route.share_under_test
        if isinstance(share, Unknown) and not route.under_test:
            shares.pop(route.name, None)
        else:
            _set(shares, route.name, Shift(routing.step, share))


def _set(shares: Shares, name: str, shift: Shift) -> None:
    """Note the share of a route; one that a condition may skip leaves the old one possible."""
    certain = shift.certain and is_integer(shift.canary) and not shift.step.is_conditional
    if not certain and shift.step.kind == "apply":
        shares.pop(name, None)
    elif shift.step.is_conditional and shift.restores and name in shares:
        shares[name] = (shares[name][0], False)
    else:
        shares[name] = (shift, certain)


def _is_named(route: RoutedRoute) -> bool:
    return isinstance(route.data.get("name"), str)

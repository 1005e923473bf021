"""The walk: a rollout step by step, who gets which share, and which pods are there to take it.

What is known at a moment is a State, what a step makes of it stands in effects.py.  What the files do not
tell is Unknown (a share) or None (whether pods are there), and a hazard is certain only where it holds
whatever those turn out to be: whichever conditions hold, and in whatever order steps run side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import reduce
from itertools import accumulate, groupby, permutations
from typing import TYPE_CHECKING, Final, Literal

from .harness.effects import IDLE_KINDS, Effects, Share, State, either, is_idle
from .harness.model import Part, Phase, Rollout, Step, is_progressive, shown
from .values import Unknown, is_integer

if TYPE_CHECKING:
    from .catalog.core import Catalog

__all__ = [
    "Direction",
    "Hazard",
    "HazardKind",
    "Moment",
    "Share",
    "State",
    "Walk",
    "hazards_of",
    "rollback_hazards",
    "rolls_back",
    "targets",
    "undo",
    "walk",
    "walk_back",
]

Direction = Literal["forward", "rollback"]
HazardKind = Literal["pods-gone", "pods-missing", "never-restored", "rollback-leaves-traffic"]

#: As many acting steps side by side are tried in every order; after more of them, nothing is known.
_MOST_PARALLEL: Final = 4


@dataclass(frozen=True)
class Hazard:
    """Requests that go to pods that are not there, or stay where they should not.

    `pods-gone`: to pods that were deleted; `pods-missing`: to pods that no step has deployed yet;
    `never-restored`: to the canary still when all is done; `rollback-leaves-traffic`: to pods that are
    not there, in a rollback.

    `step` is the first step after which that is so; `share` the percentage concerned; `cause` the
    step that set the share; `removed_by` the one that took the pods away; `failed_at` the step whose
    failure led into the rollback.  `certain` is False where it hangs on a condition.
    """

    kind: HazardKind
    step: Step
    share: int
    cause: Step | None = None
    removed_by: Step | None = None
    failed_at: Step | None = None
    certain: bool = True


@dataclass(frozen=True)
class Moment:
    """A step with what is known before and after it (of steps side by side: before and after all)."""

    step: Step
    direction: Direction
    before: State
    after: State
    hazards: tuple[Hazard, ...] = ()


@dataclass(frozen=True)
class Walk:
    """A rollout, walked: its moments, and all hazards (also those of the end)."""

    rollout: Rollout
    moments: tuple[Moment, ...]
    end: State
    hazards: tuple[Hazard, ...]


# -- the ways through a rollout -------------------------------------------------------------------


def walk(rollout: Rollout, catalog: Catalog) -> Walk:
    """The forward path: a run in which nothing fails."""
    effects = Effects(rollout, catalog)
    plain = _Pass(effects)
    sure = tuple(plain.over(rollout.steps, effects.start))
    end = sure[-1].after if sure else effects.start
    found = _hazards(sure) or list(_at_the_end(rollout, end))
    for conditions in _conditions(rollout.steps):
        one = tuple(_Pass(effects, conditions=conditions).over(rollout.steps, effects.start))
        more = _hazards(one) or list(_at_the_end(rollout, one[-1].after))
        _add(found, more)
    return Walk(rollout, _with_hazards(sure, found), end, tuple(found))


def walk_back(rollout: Rollout, catalog: Catalog, failed: Step) -> Walk:
    """The rollback after a step failed: what ran before it, then the steps of the rollback.

    The failed step itself is taken to have changed nothing; of those beside it, nobody knows whether
    they ran.
    """
    return _walk_back(rollout, Effects(rollout, catalog), failed)


def _walk_back(rollout: Rollout, effects: Effects, failed: Step) -> Walk:
    done = [s for s in rollout.steps if s.order <= failed.order and s is not failed]
    unsure = frozenset(id(step) for step in done if step.order == failed.order)
    orders = undo(rollout, failed)
    unnamed = filter(_of_unnamed, rollout.rollback_phases)
    unsure |= {id(step) for phase in unnamed for step in phase.steps}
    sure, found = _there_and_back(_Pass(effects, failed=failed, unsure=unsure), done, orders)
    if failed.is_conditional:
        found = [replace(hazard, certain=False) for hazard in found]
    for conditions in _conditions((*done, *orders[0], failed)):
        one = _Pass(effects, failed=failed, unsure=unsure, conditions=conditions)
        _add(found, _there_and_back(one, done, orders)[1])
    end = sure[-1].after if sure else effects.start
    return Walk(rollout, _with_hazards(sure, found), end, tuple(found))


def _there_and_back(
    one: _Pass, done: Sequence[Step], orders: Sequence[Sequence[Step]]
) -> tuple[tuple[Moment, ...], list[Hazard]]:
    """The moments of a rollback and of what ran before it; the hazards of every order."""
    start = one.effects.start
    before = tuple(one.over(done, start))
    start = before[-1].after if before else start
    runs = [tuple(one.over(order, start, "rollback")) for order in orders]
    found = [_hazards(run) for run in runs]
    shared = [h for h in found[0] if all(h in others for others in found[1:])]
    return before + runs[0], shared


def rollback_hazards(rollout: Rollout, catalog: Catalog) -> Iterator[Hazard]:
    """The hazards of the rollback from every step that may fail, each step told once."""
    effects = Effects(rollout, catalog)
    found: list[Hazard] = []
    for failed in rollout.steps:
        if rolls_back(rollout, failed):
            found += _walk_back(rollout, effects, failed).hazards
    told: list[Hazard] = []
    for hazard in sorted(found, key=lambda hazard: not hazard.certain):
        if not any(hazard.step is other.step for other in told):
            told.append(hazard)
    yield from told


def hazards_of(rollout: Rollout, catalog: Catalog) -> list[Hazard]:
    """All hazards of a rollout, forward and in its rollback, for each service and target on its own.

    There are none of a progressive canary, which becomes stable itself.
    """
    if any(map(is_progressive, rollout.steps)):
        return []
    found: list[Hazard] = []
    for target in targets(rollout):
        found += walk(target, catalog).hazards
        found += rollback_hazards(target, catalog)
    return found


def _hazards(moments: Iterable[Moment]) -> list[Hazard]:
    return [hazard for moment in moments for hazard in moment.hazards]


def _add(found: list[Hazard], more: Iterable[Hazard]) -> None:
    """Add the hazards that hang on a condition, of steps and shares that have none yet."""
    for hazard in more:
        if not any(other.step is hazard.step or other.cause is hazard.cause for other in found):
            found.append(replace(hazard, certain=False))


def _with_hazards(moments: Sequence[Moment], found: Sequence[Hazard]) -> tuple[Moment, ...]:
    """The moments with the hazards of their steps; those of the end stand with no moment."""
    return tuple(
        replace(
            moment,
            hazards=tuple(h for h in found if h.step is moment.step and h.kind != "never-restored"),
        )
        for moment in moments
    )


def _conditions(steps: Iterable[Step]) -> list[frozenset[str]]:
    """The conditions of the steps: each set is taken to hold once, as if all others were unknown."""
    return list(dict.fromkeys(step.conditions for step in steps if step.conditions))


# -- one pass -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Pass:
    """One pass over steps.

    `conditions` are those that are taken to hold; whether any other does is not known.  `unsure` are
    the ids of steps of which it is not known whether they run.  `failed` led into the rollback.
    """

    effects: Effects
    failed: Step | None = None
    conditions: frozenset[str] = frozenset()
    unsure: frozenset[int] = frozenset()

    def over(
        self, steps: Sequence[Step], state: State, direction: Direction = "forward"
    ) -> Iterator[Moment]:
        """Each step with the states around it."""
        for _order, group in groupby(steps, key=lambda step: step.order):
            beside = list(group)
            acting = [step for step in beside if not is_idle(step)]
            after = self._after_all(acting, state)
            hazard = None
            if after.lost and not state.lost:
                hazard = self._hazard(acting, state, after, direction)
            for step in beside:
                here = (hazard,) if hazard is not None and hazard.step is step else ()
                yield Moment(step, direction, state, after, here)
            state = after

    def _after(self, state: State, step: Step) -> State:
        """The state after a step that may not run, or may run several times."""
        after = self.effects.after(step, state)
        runs = step.conditions <= self.conditions and id(step) not in self.unsure
        return after if runs and not step.is_repeated else either(state, after)

    def _after_all(self, acting: Sequence[Step], state: State) -> State:
        """The state after steps that run side by side, as far as it is the same in every order."""
        if len(acting) > _MOST_PARALLEL:
            return replace(state.blurred, tried=None, rolled_out=None)
        ends = [reduce(self._after, order, state) for order in permutations(acting)]
        return reduce(either, ends)

    def _hazard(
        self, acting: Sequence[Step], state: State, after: State, direction: Direction
    ) -> Hazard:
        """The hazard that a step brings; of steps side by side, the last that does so as written."""
        states = accumulate(acting, self._after, initial=state)
        guilty = [step for step, before in zip(acting, states, strict=False) if not before.lost][-1]
        never = after.removed_by is None and after.tried is False
        kind: HazardKind = "pods-missing" if never else "pods-gone"
        if direction == "rollback":
            kind = "rollback-leaves-traffic"
        return Hazard(kind, guilty, after.lost, after.moved_by, after.removed_by, self.failed)


def _at_the_end(rollout: Rollout, end: State) -> Iterator[Hazard]:
    """A rollout that ends with requests still going to the canary.

    Only where all is over: stable runs the new version, and no later stage of the pipeline may take
    the traffic back.  Blue/green ends where it likes: its swap decides what stable is.
    """
    over = end.rolled_out and not rollout.partial and _is_last(rollout)
    green = any(step.kind == "blue-green-deploy" for step in rollout.steps)
    if not over or green or not end.under_test or end.moved_by is None:
        return
    if is_integer(end.share) and end.share > 0:
        certain = not rollout.is_stage_template
        yield Hazard("never-restored", end.moved_by, end.share, end.moved_by, certain=certain)


def _is_last(rollout: Rollout) -> bool:
    """Whether what comes after a stage only waits and asks."""
    own = [stage.path for stage in rollout.stages].index(rollout.path) if rollout.stages else 0
    later = rollout.stages[own + 1 :]
    return all(
        stage.steps and all(step.kind in IDLE_KINDS for step in stage.steps) for stage in later
    )


# -- the rollback ---------------------------------------------------------------------------------


def undo(rollout: Rollout, failed: Step) -> list[list[Step]]:
    """The steps of the rollback after a step failed, in each order in which they may run.

    FirstGen undoes the phases that were begun; NextGen the step groups that were begun, the last one
    first, then the stage.
    """
    begun = [step for step in rollout.steps if step.order <= failed.order]
    if rollout.flavor == "workflow":
        names = {step.phase.name for step in begun if step.phase is not None}
        undone = [
            phase
            for phase in rollout.rollback_phases
            if _of_unnamed(phase) or _undoes(phase) in names
        ]
        orders = [list(reversed(undone)), undone]
    else:
        groups = [
            phase
            for phase in rollout.rollback_phases
            if phase.of_group and any(step.path[: len(phase.path)] == phase.path for step in begun)
        ]
        stage = [phase for phase in rollout.rollback_phases if not phase.of_group]
        orders = [[*reversed(groups), *stage]]
    return [[step for phase in order for step in phase.steps] for order in orders]


def _undoes(phase: Phase) -> str:
    """The name of the phase that a rollback phase of a workflow undoes."""
    return shown(phase.data.get("phaseNameForRollback"))


def _of_unnamed(phase: Phase) -> bool:
    """Whether a rollback phase of a workflow does not tell which phase it undoes: it may run or not."""
    if "phaseSteps" not in phase.data:
        return False
    return not _undoes(phase) or isinstance(phase.data.get("phaseNameForRollback"), Unknown)


def rolls_back(rollout: Rollout, failed: Step) -> bool:
    """Whether the failure of a step leads into the rollback, as far as the failure strategies tell.

    The nearest ones count: those of the step, of what holds it, of the whole.
    """
    holders: tuple[Part | None, ...] = (failed, failed.section, failed.phase, rollout)
    for holder in holders:
        strategies = holder.data.get("failureStrategies") if holder is not None else None
        if strategies:
            text = str(strategies)
            found = re.search(r"rollback|intervention|<\+|\$\{", text, re.IGNORECASE)
            return found is not None and "StepGroupRollback" not in text
    return True


# -- services and targets -------------------------------------------------------------------------


def targets(rollout: Rollout) -> list[Rollout]:
    """The rollout once for each service and infrastructure that gets a canary of its own.

    A workflow may roll out several services, each phase one of them; what one does says nothing of the
    others.  Where names are hidden, nobody knows which phases belong together: there is none then.
    """
    deploys = ("canary-deploy", "blue-green-deploy")
    tested = [p for p in rollout.phases if any(step.kind in deploys for step in p.steps)]
    distinct = {(shown(p.service_name), shown(p.infrastructure)): p for p in tested}
    if rollout.flavor == "pipeline" or not distinct:
        return [rollout]
    if len(distinct) == 1:
        return [_part(rollout, tested[0])]
    if not all(map(_is_named, rollout.phases)):
        return []
    return [_part(rollout, phase) for phase in distinct.values()]


def _is_named(phase: Phase) -> bool:
    names = (phase.service_name, phase.infrastructure)
    return all(isinstance(name, str) and name for name in names)


def _part(rollout: Rollout, tested: Phase) -> Rollout:
    """What of a rollout concerns the service that a phase tries."""
    phases = tuple(p for p in rollout.phases if _is_same(p, tested))
    part = copy(rollout)
    part.phases = phases
    part.rollback_phases = tuple(p for p in rollout.rollback_phases if _is_same(p, tested))
    for kept in ("steps", "rollback_steps"):
        part.__dict__.pop(kept, None)
    return part


def _is_same(one: Phase, other: Phase) -> bool:
    return one.deploys_as(other) and one.targets_as(other)

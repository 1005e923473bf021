"""Rollouts, walks and findings → plans."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ..document import path_text
from ..finding import Finding
from ..harness.effects import State
from ..harness.model import Rollout, Step, shown
from ..harness.shift import shift_of
from ..rollout import (
    Hazard,
    Moment,
    Walk,
    rollback_hazards,
    rolls_back,
    targets,
    walk,
    walk_back,
)
from ..values import is_integer
from ..words import listed
from .actions import action_of, condition_text, doubt_of
from .model import Danger, Fate, Plan, Presence, Row, Situation

if TYPE_CHECKING:
    from ..catalog.core import Catalog

#: The rules that speak of the end of a run in which nothing fails, and of the rollback.
_OF_THE_END: Final = "TS651"
_OF_THE_ROLLBACK: Final = "TS654"
#: Kinds of steps that give pods under test a share, or take them away.
_SPLITTING: Final = frozenset(
    (
        "canary-deploy",
        "blue-green-deploy",
        "traffic-split",
        "traffic-routing",
        "swap",
        "stage-scale-down",
        "canary-rollback",
    )
)
_PRESENCE: Final[dict[bool | None, Presence]] = {True: "there", False: "gone", None: "maybe"}


class UnknownStepError(Exception):
    """No step, or more than one, is meant by what was given; the message says so."""


def build(
    rollouts: Sequence[Rollout],
    catalog: Catalog,
    findings: Sequence[Finding],
    fail_at: str | None = None,
) -> list[Plan]:
    """A plan for each rollout, and for each service that a workflow rolls out on its own.

    With `fail_at`, only of those that have such a step: its name or identifier (in any case), or its
    number in the plan.  Raises UnknownStepError.
    """
    plans: list[Plan] = []
    for rollout in rollouts:
        told = _Findings(rollout, findings)
        parts = targets(rollout)
        for part in parts or [rollout]:
            failed = None if fail_at is None else _step_of(part, fail_at)
            if fail_at is None or failed is not None:
                builder = _Builder(part, catalog, told, failed)
                plans.append(builder.plan(known=bool(parts)))
    if fail_at is not None and not rollouts:
        raise UnknownStepError("no workflow and no pipeline is in what was read")
    if fail_at is not None and not plans:
        names = [step.name for rollout in rollouts for step in rollout.steps if step.name]
        there = ", ".join(dict.fromkeys(names)) or "none with a name"
        raise UnknownStepError(f'no step is called "{fail_at}" (there are: {there})')
    return plans


def _step_of(rollout: Rollout, wanted: str) -> Step | None:
    word = wanted.strip().lower()
    named = [
        (number, step)
        for number, step in enumerate(rollout.steps, start=1)
        if word and word in (step.name.lower(), shown(step.data.get("identifier")).lower())
    ]
    if len(named) > 1:
        numbers = listed([str(number) for number, _step in named], "or")
        raise UnknownStepError(
            f'{len(named)} steps of {rollout.name} are called "{wanted}": give the number, {numbers}'
        )
    if named:
        return named[0][1]
    number = int(word) if word.isdecimal() else 0
    return rollout.steps[number - 1] if 0 < number <= len(rollout.steps) else None


class _Findings:
    """The findings about one rollout, handed out to the steps that they are about."""

    def __init__(self, rollout: Rollout, findings: Iterable[Finding]) -> None:
        own = path_text(rollout.path)
        place = rollout.document
        lines = range(place.span().line, place.span().line + place.text.count("\n") + 1)
        self.findings = [
            finding
            for finding in findings
            if finding.file == rollout.file.path
            and finding.path.startswith(own)
            and finding.span.line in lines
        ]
        self.rollback_steps = rollout.rollback_steps
        inside = [self.of(step) for step in rollout.steps]
        told = {id(finding) for found in inside for finding in found}
        #: Those that are about no step of the way forward.
        self.rest = [finding for finding in self.findings if id(finding) not in told]

    def of(self, step: Step) -> list[Finding]:
        """Those whose place is a step or lies within it."""
        own = path_text(step.path)
        return [f for f in self.findings if own and _is_within(f.path, own)]


def _is_within(path: str, outer: str) -> bool:
    rest = path.removeprefix(outer)
    return path.startswith(outer) and (not rest or rest[0] in ".[")


class _Builder:
    """Builds the plan of one rollout, or of what one service has of it."""

    def __init__(
        self, rollout: Rollout, catalog: Catalog, told: _Findings, failed: Step | None
    ) -> None:
        self.rollout = rollout
        self.told = told
        self.failed = failed
        self.catalog = catalog
        self.shifts = {id(s): shift_of(s, rollout, catalog) for s in rollout.all_steps}
        green = any(step.kind == "blue-green-deploy" for step in rollout.all_steps)
        self.word = "stage" if green else "canary"
        self.known = True

    def plan(self, *, known: bool) -> Plan:
        """The plan; `known` is False where names are hidden, and no one can tell whose phase is whose."""
        rollout, failed = self.rollout, self.failed
        self.known = known
        walked = (
            walk(rollout, self.catalog)
            if failed is None
            else walk_back(rollout, self.catalog, failed)
        )
        rows = self.forward(walked) if failed is None else self.back(walked, failed)
        service = next((p.service_name for p in rollout.phases if p.service_name), rollout.service)
        return Plan(
            name=rollout.name,
            kind="workflow" if rollout.flavor == "workflow" else "stage",
            strategy=shown(rollout.type),
            service=shown(service),
            file=rollout.file.path,
            line=rollout.head().span().line,
            under_test=self.word,
            splits=self.splits,
            opaque=rollout.opaque,
            rows=rows,
            failed="" if failed is None else failed.name or failed.type,
            notes=tuple(self.notes()),
            elsewhere=() if failed is not None else tuple(self.elsewhere(walked)),
        )

    @property
    def splits(self) -> bool:
        """Whether something in it may split the traffic."""
        return any(
            step.kind in _SPLITTING or step.deletes_canary or self.shifts[id(step)] is not None
            for step in self.rollout.all_steps
        )

    def notes(self) -> Iterator[str]:
        """What is to be said about the whole."""
        rollout, failed = self.rollout, self.failed
        if not self.known:
            yield (
                "Several services are rolled out, and expressions hide which phase is whose: who gets "
                "which share cannot be told."
            )
        if rollout.opaque:
            yield "Some steps are in templates that are not in sight."
        if rollout.steps and not self.splits:
            may = "No step in sight splits" if rollout.opaque else "No step splits"
            yield f"{may} traffic between two versions."
        if failed is None:
            return
        if not rolls_back(rollout, failed):
            yield (
                "By its failure strategy, a failure of this step does not start the rollback; shown is "
                "what it would do."
            )
        if not rollout.rollback_steps:
            yield "There are no rollback steps: everything stays as it is at the failure."

    # -- rows -------------------------------------------------------------------------------------

    def forward(self, walked: Walk) -> list[Row]:
        """The rows of a run in which nothing fails."""
        ends = [h.step for h in walked.hazards if h.kind == "never-restored"]
        rows = []
        for number, moment in enumerate(walked.moments, start=1):
            here = self.situation(moment.after)
            at_end = moment.step in ends
            dangers = [
                _danger(f, self.situation(walked.end) if at_end and f.rule == _OF_THE_END else here)
                for f in self.told.of(moment.step)
            ]
            rows.append(self.row(number, moment, "ran", dangers))
        return rows

    def back(self, walked: Walk, failed: Step) -> list[Row]:
        """The rows until a step fails, those that are skipped then, and those of the rollback."""
        moments = {id(m.step): m for m in walked.moments if m.direction == "forward"}
        state = State()
        rows = []
        for number, step in enumerate(self.rollout.steps, start=1):
            moment = moments.get(id(step))
            if moment is not None:
                state = moment.after
                dangers = [
                    _danger(finding, self.situation(state))
                    for finding in self.told.of(step)
                    if finding.rule not in (_OF_THE_END, _OF_THE_ROLLBACK)
                ]
                rows.append(self.row(number, moment, "ran", dangers))
            else:
                fate: Fate = "failed" if step is failed else "skipped"
                rows.append(self.row(number, Moment(step, "forward", state, state), fate, ()))
        undone = [moment for moment in walked.moments if moment.direction == "rollback"]
        for number, moment in enumerate(undone, start=len(rows) + 1):
            dangers = list(self.rollback_dangers(moment, failed))
            rows.append(self.row(number, moment, "rollback", dangers))
        return rows

    def row(self, number: int, moment: Moment, fate: Fate, dangers: Iterable[Danger]) -> Row:
        """One step."""
        step = moment.step
        rollback = moment.direction == "rollback"
        steps = self.rollout.rollback_steps if rollback else self.rollout.steps
        beside = [s for s in steps if s.order == step.order and s is not step]
        numbers = [at for at, s in enumerate(self.rollout.steps, start=1) if s in beside]
        loses = is_integer(moment.before.share) and not is_integer(moment.after.share)
        shift = self.shifts[id(step)]
        section = step.section.name if step.section is not None else ""
        phase = step.phase.name if step.phase is not None else ""
        return Row(
            number=number,
            name=step.name or step.type or "a step",
            type=step.type,
            action=action_of(step, shift, self.word),
            phase=phase,
            section="" if section == phase else section,
            fate=fate,
            situation=self.situation(moment.after),
            file=self.rollout.file.path,
            line=step.head().span().line,
            conditions=tuple(sorted(map(condition_text, step.conditions))),
            repeated=step.is_repeated,
            beside=tuple(numbers),
            doubt=doubt_of(step, shift, alone=not beside) if loses and self.told_shares else "",
            dangers=tuple(dangers),
        )

    @property
    def told_shares(self) -> bool:
        """Whether the plan tells shares at all."""
        return self.known and self.splits

    def situation(self, state: State) -> Situation:
        """What is known at a moment, in plain numbers."""
        if not self.told_shares:
            return Situation(pods="maybe" if self.splits else "gone")
        return Situation(
            _known(state.stable_share),
            _known(state.share),
            _PRESENCE[state.under_test],
            None if self.word == "stage" or self.rollout.partial else state.rolled_out,
        )

    # -- hazards ----------------------------------------------------------------------------------

    def rollback_dangers(self, moment: Moment, failed: Step) -> Iterator[Danger]:
        """The hazards of a step of the rollback: those of this very failure, and what rules say else."""
        here = self.situation(moment.after)
        found = self.told.of(moment.step)
        severity = next((f.severity.label for f in found if f.rule == _OF_THE_ROLLBACK), "")
        if not severity and not rolls_back(self.rollout, failed):
            severity = "error"  # the rule looks only at failures that lead into the rollback
        for hazard in moment.hazards if severity else ():
            yield self.hazard(hazard, severity, here)
        for finding in found:
            if finding.rule != _OF_THE_ROLLBACK:
                yield _danger(finding, here)

    def hazard(self, hazard: Hazard, severity: str, situation: Situation) -> Danger:
        """A hazard of the rollback after one failure."""
        takes = hazard.removed_by is hazard.step
        what = (
            f"The rollback takes the {self.word} away here while {hazard.share}% of the requests go to it."
            if takes
            else f"{hazard.share}% of the requests go to pods of the {self.word}, which are not there."
        )
        place = hazard.step.at("type").span()
        return Danger(
            _OF_THE_ROLLBACK,
            severity,
            f"{what} These requests fail.",
            f"Put a step before it that gives stable 100 and the {self.word} 0.",
            self.rollout.file.path,
            place.line,
            situation,
        )

    def elsewhere(self, walked: Walk) -> Iterator[Danger]:
        """The hazards of no step of the way forward: of the whole, and of the rollback."""
        undone = {id(h.step): h for h in rollback_hazards(self.rollout, self.catalog)}
        own = set(map(id, self.rollout.rollback_steps))
        rest, self.told.rest = self.told.rest, []
        for finding in rest:
            step = next((s for s in self.told.rollback_steps if finding in self.told.of(s)), None)
            if step is not None and id(step) not in own:
                self.told.rest.append(finding)  # it is about another service
                continue
            hazard = undone.get(id(step))
            known = hazard is not None and finding.rule == _OF_THE_ROLLBACK and self.told_shares
            share = hazard.share if hazard is not None and known else 0
            here = Situation(100 - share, share, "gone") if known else self.situation(walked.end)
            yield _danger(finding, here if step is None or known else Situation(), step)


def _danger(finding: Finding, situation: Situation, step: Step | None = None) -> Danger:
    return Danger(
        finding.rule,
        finding.severity.label,
        finding.message,
        finding.help,
        finding.file,
        finding.span.line,
        situation,
        "" if step is None else step.name or step.type,
    )


def _known(share: object) -> int | None:
    return share if is_integer(share) else None

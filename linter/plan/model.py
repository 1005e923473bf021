"""The plan as plain data: rows that a release manager reads from top to bottom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

#: `ran`: a step of the way forward; `failed`: the one that fails; `skipped`: after it, and so never run;
#: `rollback`: a step that undoes.
Fate = Literal["ran", "failed", "skipped", "rollback"]
#: What the files say of pods: they are there, are not, or may be (`maybe`).
Presence = Literal["there", "gone", "maybe"]
#: What stands in the place of a phase's name above steps beside phases.
UNGROUPED: Final = "(in no group)"


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known at a moment.

    `stable` and `tested` are the percentages that stable and the pods under test get, None where the
    files do not tell.  `pods` says whether the pods under test are there, `rolled_out` whether stable
    runs the new version (None: it cannot be told).
    """

    stable: int | None = None
    tested: int | None = None
    pods: Presence = "maybe"
    rolled_out: bool | None = None

    @property
    def lost(self) -> int:
        """The percentage of the requests that surely goes to pods that are not there."""
        return (self.tested or 0) if self.pods == "gone" else 0

    def exists(self, word: str) -> tuple[str, ...]:
        """The pods that are there, in words; `word` is what those under test are called."""
        return ("stable", word) if self.pods == "there" else ("stable",)

    def may_exist(self, word: str) -> tuple[str, ...]:
        """The pods of which no one can tell."""
        return (word,) if self.pods == "maybe" else ()


@dataclass(frozen=True, slots=True)
class Danger:
    """A hazard: what a rule says at a step, and what is known at that moment.

    `step` names the step where it stands in no row: one of the rollback, in a plan of the way forward.
    """

    rule: str
    severity: str
    message: str
    help: str
    file: str
    line: int
    situation: Situation
    step: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One step, and what is known after it.

    `number` counts the steps in the order in which they run.  `conditions` must hold for it to run;
    `beside` are the numbers of the steps that run at the same time.  `doubt` says why the shares are
    not known any more, at the step where that begins.
    """

    number: int
    name: str
    type: str
    action: str
    phase: str
    section: str
    fate: Fate
    situation: Situation
    file: str
    line: int
    conditions: tuple[str, ...] = ()
    repeated: bool = False
    beside: tuple[int, ...] = ()
    doubt: str = ""
    dangers: tuple[Danger, ...] = ()

    @property
    def around(self) -> str:
        """The phase and the section that hold it."""
        return " · ".join(filter(None, (self.phase, self.section)))

    @property
    def remarks(self) -> Iterator[str]:
        """What is special about it, a phrase each."""
        exceptions = [word for word in self.conditions if word.startswith("unless ")]
        wanted = [word for word in self.conditions if word not in exceptions]
        if wanted:
            yield f"only {_joined(wanted)}"
        yield from exceptions
        if self.repeated:
            yield "runs several times"
        if self.beside:
            yield f"at the same time as {_joined(list(map(str, self.beside)))}"
        if self.doubt:
            yield self.doubt


def _joined(words: Sequence[str]) -> str:
    from ..words import listed

    return listed(words)


@dataclass(frozen=True, slots=True)
class Plan:
    """A workflow, or a stage of a pipeline.

    `under_test` is what the pods are called that stable shares the traffic with: `canary` or `stage`.
    `splits`: something in it may give them a share.  `failed` is the name of the step that fails, if
    one does; `notes` are sentences about the whole; `elsewhere` are hazards of no single step.
    """

    name: str
    kind: Literal["workflow", "stage"]
    strategy: str
    service: str
    file: str
    line: int
    under_test: str
    splits: bool
    opaque: bool
    rows: Sequence[Row]
    failed: str = ""
    notes: Sequence[str] = ()
    elsewhere: Sequence[Danger] = field(default_factory=tuple)

    @property
    def facts(self) -> Iterator[str]:
        """What it is, in a few words each."""
        yield self.kind
        if self.strategy:
            yield self.strategy
        if self.service:
            yield f"service {self.service}"

    @property
    def dangers(self) -> Iterator[tuple[Row | None, Danger]]:
        """All hazards, each with its step."""
        for row in self.rows:
            for danger in row.dangers:
                yield row, danger
        for danger in self.elsewhere:
            yield None, danger

    @property
    def forward(self) -> list[Row]:
        """The steps of the way forward, those after a failure too."""
        return [row for row in self.rows if row.fate != "rollback"]

    @property
    def rollback(self) -> list[Row]:
        """The steps of the rollback."""
        return [row for row in self.rows if row.fate == "rollback"]

"""Harness workflows and pipelines → one model of both, the Rollout.

Phases hold sections, sections hold steps.  A phase is known by the steps it holds: users rename
phases and sections.  As everywhere, a view never fails on a badly shaped document: what has the wrong
shape reads as empty, and a value that an expression hides stays Unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

from ..resource import as_dict
from ..source import Place
from ..values import Unknown

if TYPE_CHECKING:
    from ..document import Document, Path
    from ..source import SourceFile

Flavor = Literal["workflow", "pipeline"]

#: Where a step stands: positions compare as tuples do, steps that run in parallel have the same one.
Order = tuple[int, ...]

StepKind = Literal[
    "canary-deploy",
    "rolling-deploy",
    "rolling-rollback",
    "blue-green-deploy",
    "swap",
    "traffic-split",
    "traffic-routing",
    "delete",
    "apply",
    "scale",
    "canary-rollback",
    "stage-scale-down",
    "approval",
    "verification",
    "wait",
    "shell-script",
    "opaque",
    "other",
]

#: Kinds of workloads that a canary deployment creates, as kubectl lets one write them.
_WORKLOAD: Final = re.compile(
    r"(deployment(config)?|statefulset|daemonset|replicaset|pod)s?|deploy|dc|sts|ds|rs|po",
    re.IGNORECASE,
)


def shown(value: object) -> str:
    """A scalar as it stands in the file: an expression's own text, empty for what is no scalar."""
    if isinstance(value, Unknown):
        return value.text
    if value is None or isinstance(value, (dict, list)):
        return ""
    return value if isinstance(value, str) else str(value)


class Part:
    """A mapping inside a workflow or pipeline, with its place."""

    def __init__(self, document: Document, path: Path, data: object) -> None:
        self.document = document
        self.path = path
        self.data = as_dict(data)

    @property
    def base(self) -> Path:
        """Its path in the document."""
        return self.path

    def at(self, *path: str | int, key: bool = False) -> Place:
        """The place of a value below this one; with `key=True`, of its key."""
        return Place(self.document.file, self.document, self.path + path, key)

    @property
    def name(self) -> str:
        """The name as written, empty when there is none."""
        return shown(self.data.get("name"))

    def head(self) -> Place:
        """The place that stands for the whole: its name, else its type, else its start."""
        for key in ("name", "type"):
            if shown(self.data.get(key)):
                return self.at(key)
        return self.at()


class Step(Part):
    """One step.

    `kind` says what it does, in one word for all the types that do it.  `section` and `phase` are None
    for steps that run before or after all phases.  `conditions`: what must hold for it to run, each as
    written; `is_repeated`: a strategy runs it several times.  An `opaque` step is a template that lies
    elsewhere.
    """

    #: The key that holds the step's settings.
    settings_key = "properties"
    section: Section | None = None
    conditions: frozenset[str] = frozenset()
    is_repeated = False

    def __init__(
        self, document: Document, path: Path, data: object, kind: StepKind, order: Order
    ) -> None:
        super().__init__(document, path, data)
        self.kind = kind
        self.order = order

    @property
    def is_conditional(self) -> bool:
        """Whether a condition may skip it."""
        return bool(self.conditions)

    @property
    def phase(self) -> Phase | None:
        """The phase that holds the step."""
        return None if self.section is None else self.section.phase

    @property
    def type(self) -> str:
        """The type as written."""
        return shown(self.data.get("type"))

    @property
    def properties(self) -> dict[str, Any]:
        """The step's settings."""
        return as_dict(self.data.get(self.settings_key))

    def setting(self, *path: str | int) -> Place:
        """The place of a setting."""
        return self.at(self.settings_key, *path)

    @property
    def title(self) -> str:
        """What a message calls the step."""
        return f'"{self.name}"' if self.name else self.type or "a step"

    @property
    def whereabouts(self) -> str:
        """The step with its section and phase, or its step group, as a message names it."""
        if self.phase is None or self.section is None:
            return self.title
        if self.settings_key == "spec":
            return (
                f'{self.title} (step group "{self.phase.name}")' if self.phase.name else self.title
            )
        section = f'section "{self.section.name}" of ' if self.section.name else ""
        return f"{self.title} ({section}phase {self.phase.title})"

    def words(self, key: str) -> list[tuple[str, bool]]:
        """A setting that lists things after commas: each entry, and whether it is known."""
        value = self.properties.get(key)
        found = []
        for item in value if isinstance(value, list) else [value]:
            known = not isinstance(item, Unknown)
            found += [(word.strip(), known) for word in shown(item).split(",") if word.strip()]
        return found

    @property
    def is_linked(self) -> bool:
        """Whether a template that lies elsewhere gives some of its settings."""
        return any(self.data.get(key) for key in ("templateUri", "templateExpressions"))

    @cached_property
    def deletes_canary(self) -> bool:
        """Whether the step deletes the canary workload: a Canary Delete, whatever its name."""
        if self.kind != "delete":
            return False
        return any(_is_canary_workload(word) for word, _known in self.words("resources"))


def _is_canary_workload(resource: str) -> bool:
    """Whether an entry of `resources` (`Kind/name`, `namespace/Kind/name`) is a canary workload."""
    if "${k8s.canaryWorkload}" in resource:
        return True
    kind = resource.rpartition("/")[0].rpartition("/")[2]
    return resource.endswith("-canary") and (
        not kind or "$" in kind or _WORKLOAD.fullmatch(kind) is not None
    )


def is_progressive(step: Step) -> bool:
    """Whether a canary deployment of a pipeline is, or may be, progressive: it replaces stable itself."""
    kind = step.properties.get("canaryType")
    return step.kind == "canary-deploy" and (kind == "Progressive" or isinstance(kind, Unknown))


class Section(Part):
    """A part of a phase, such as Deploy, Verify or Wrap Up; `parallel`: its steps run together."""

    steps: tuple[Step, ...] = ()
    parallel = False

    def __init__(
        self, document: Document, path: Path, data: object, phase: Phase, index: int
    ) -> None:
        super().__init__(document, path, data)
        self.phase = phase
        self.index = index

    @property
    def is_named_wrap_up(self) -> bool:
        """Whether it is called Wrap Up, in any case and spacing."""
        return re.sub(r"[\W_]", "", self.name).lower() == "wrapup"

    @property
    def is_wrap_up(self) -> bool:
        """Whether it is the phase's Wrap Up section: the one of that name, else the last one."""
        return self in self.phase.wrap_ups


class Phase(Part):
    """A phase of a workflow, or a step group of a pipeline's stage.

    `service_name` and `infrastructure` say what it deploys, and where; they are given as written (None
    when absent, maybe Unknown).  `rollback`: it runs only when something fails; `of_group`: it holds
    the rollback steps of a step group, not those of the stage.
    """

    sections: tuple[Section, ...] = ()
    service_name: Any = None
    infrastructure: Any = None
    of_group = False

    def __init__(
        self, document: Document, path: Path, data: object, index: int, *, rollback: bool = False
    ) -> None:
        super().__init__(document, path, data)
        self.index = index
        self.rollback = rollback

    @property
    def steps(self) -> Iterator[Step]:
        """The steps of all sections."""
        return (step for section in self.sections for step in section.steps)

    @cached_property
    def wrap_ups(self) -> tuple[Section, ...]:
        """The sections called Wrap Up; without any, the last section."""
        named = tuple(section for section in self.sections if section.is_named_wrap_up)
        return named or self.sections[-1:]

    @property
    def title(self) -> str:
        """What a message calls the phase."""
        return f'"{self.name}"' if self.name else str(self.index + 1)

    def deploys_as(self, other: Phase) -> bool:
        """Whether both may deploy the same service; hidden and absent names may be any."""
        return _may_equal(self.service_name, other.service_name)

    def targets_as(self, other: Phase) -> bool:
        """Whether both may deploy to the same infrastructure."""
        return _may_equal(self.infrastructure, other.infrastructure)


def _may_equal(one: object, other: object) -> bool:
    known = isinstance(one, str) and isinstance(other, str) and one and other
    return one == other if known else True


class Rollout(Part):
    """A FirstGen workflow, or a stage of a NextGen pipeline.

    `type` is the strategy of a workflow (`CANARY`, `BLUE_GREEN`, `ROLLING` …) or the deployment type
    of a stage, as written, maybe Unknown.  `service` is what a stage deploys.  `opaque`: a template
    that lies elsewhere holds some of the steps; `partial`: only a part of a stage is in the document.
    `pre_steps`
    run before all phases, `post_steps` after them.  `rollback_phases` run only when something fails;
    their positions are counted on their own.  `stages` are all stages of a pipeline, this one included.
    """

    type: Any = None
    service: Any = None
    given_name = ""
    opaque = False
    partial = False
    phases: tuple[Phase, ...] = ()
    rollback_phases: tuple[Phase, ...] = ()
    pre_steps: tuple[Step, ...] = ()
    post_steps: tuple[Step, ...] = ()
    stages: tuple[Rollout, ...] = ()

    def __init__(self, document: Document, data: object, flavor: Flavor) -> None:
        super().__init__(document, (), data)
        self.flavor: Flavor = flavor

    @property
    def is_whole_stage(self) -> bool:
        """Whether it is a stage of a pipeline, and all of its steps are in sight."""
        return self.flavor == "pipeline" and not self.opaque and not self.partial

    @property
    def is_stage_template(self) -> bool:
        """Whether it is the template of one stage: nobody knows what stages a pipeline puts around it."""
        return self.path == ("template", "spec") and not self.partial

    @property
    def file(self) -> SourceFile:
        """The file that holds it."""
        return self.document.file

    @property
    def name(self) -> str:
        """The name: FirstGen gives it to the file."""
        return (
            super().name or self.given_name or self.file.path.rpartition("/")[2].rpartition(".")[0]
        )

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps of a run in which nothing fails, in order."""
        inner = (step for phase in self.phases for step in phase.steps)
        return (*self.pre_steps, *inner, *self.post_steps)

    @cached_property
    def rollback_steps(self) -> tuple[Step, ...]:
        """The steps of the rollback phases."""
        return tuple(step for phase in self.rollback_phases for step in phase.steps)

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """The steps of a good run, then those of the rollback."""
        return self.steps + self.rollback_steps

    @cached_property
    def services_folder(self) -> str | None:
        """Where the FirstGen layout keeps the services of the workflow, None outside of it.

        The layout is `<Application>/Workflows/<workflow>.yaml` beside
        `<Application>/Services/<service>/…`.
        """
        folders = self.file.path.split("/")[:-1]
        if "Workflows" not in folders:
            return None
        last = len(folders) - 1 - folders[::-1].index("Workflows")
        return "/".join((*folders[:last], "Services", ""))

    def service_files(
        self, files: Iterable[SourceFile], service_name: object = None
    ) -> list[SourceFile] | None:
        """Those of the files that belong to a service, None where their places do not tell.

        They tell in the FirstGen layout only.
        """
        services = self.services_folder
        if services is None:
            return None
        inside = [file for file in files if file.path.startswith(services)]
        if not inside:
            return None
        if not isinstance(service_name, str) or not service_name:
            return inside
        return [file for file in inside if file.path.startswith(f"{services}{service_name}/")]

    def nearest(self, files: Sequence[SourceFile]) -> list[SourceFile]:
        """Those of the files that share the most leading folders with the workflow."""
        own = self.file.path.split("/")[:-1]
        depths = [shared(own, file.path.split("/")[:-1]) for file in files]
        deepest = max(depths, default=0)
        return [file for file, depth in zip(files, depths, strict=True) if depth == deepest]


def shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many leading folders two paths have in common."""
    depth = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        depth += 1
    return depth

"""Reads NextGen pipelines, templates and fragments of them: each stage is a Rollout of its own.

Shapes (Harness's pipeline schema, v0): `pipeline.stages` holds stages, alone or under `parallel`; a
stage's `spec.execution` holds `steps` and `rollbackSteps`; an entry of these is a `step`, a
`stepGroup`, or a list under `parallel`.  What stands in a template elsewhere is opaque.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from ..resource import as_dict, as_list
from ..values import Unknown
from .model import Order, Phase, Rollout, Section, Step, StepKind, shown

if TYPE_CHECKING:
    from ..document import Document, Path

#: Step types (Harness's pipeline schema, v0/pipeline/steps/cd).
_KINDS: Final[dict[str, StepKind]] = {
    "K8sCanaryDeploy": "canary-deploy",
    "K8sCanaryDelete": "delete",
    "K8sRollingDeploy": "rolling-deploy",
    "K8sRollingRollback": "rolling-rollback",
    "K8sProgressiveCanaryRollback": "canary-rollback",
    "K8sBlueGreenDeploy": "blue-green-deploy",
    "K8sBGSwapServices": "swap",
    "K8sBlueGreenStageScaleDown": "stage-scale-down",
    "K8sTrafficRouting": "traffic-routing",
    "K8sApply": "apply",
    "K8sDelete": "delete",
    "K8sScale": "scale",
    "HarnessApproval": "approval",
    "JiraApproval": "approval",
    "ServiceNowApproval": "approval",
    "CustomApproval": "approval",
    "Verify": "verification",
    "AnalyzeDeploymentImpact": "verification",
    "Http": "verification",
    "Wait": "wait",
    "ShellScript": "shell-script",
}
#: The word in a text that may hold a pipeline or a fragment of one.
MENTION: Final = re.compile(r"\bstepGroup\b|\bexecution\b|\btype: *K8s")


def read_stages(document: Document, data: object) -> list[Rollout]:
    """The stages in a document; one Rollout for each, none for other documents."""
    if isinstance(data, list):
        return _fragment(document, (), data)
    mapping = as_dict(data)
    if "pipeline" in mapping:
        pipeline = as_dict(mapping["pipeline"])
        found = _stages(document, ("pipeline", "stages"), pipeline.get("stages"))
        for stage in found:
            # Inputs of a run repeat the shape of their pipeline, with identifiers and no names.
            stage.partial = "name" not in pipeline and "name" not in stage.data
        return found
    if "template" in mapping:
        return _template(document, as_dict(mapping["template"]))
    for path in ((), ("spec",)):
        inner = as_dict(mapping.get("spec")) if path else mapping
        if isinstance(inner.get("execution"), dict):
            return [_stage(document, path, {"spec": inner}, inner, path, partial=True)]
    if any(key in mapping for key in ("step", "stepGroup", "stage")):
        return _fragment(document, None, [mapping])
    return []


def _template(document: Document, template: dict[str, Any]) -> list[Rollout]:
    path = ("template", "spec")
    spec = as_dict(template.get("spec"))
    kind = template.get("type")
    if kind == "Pipeline":
        return _stages(document, (*path, "stages"), spec.get("stages"))
    if kind == "Stage":
        inner = as_dict(spec.get("spec"))
        rollout = _stage(document, path, spec, inner, (*path, "spec"))
        rollout.given_name = shown(template.get("name"))
        return [rollout]
    if kind in ("StepGroup", "Step"):
        reader = _Reader(document)
        read = reader.group if kind == "StepGroup" else reader.step
        read(path, spec, _Around())
        return [reader.finish(Rollout(document, spec, "pipeline"), path, partial=True)]
    return []


def _fragment(document: Document, path: Path | None, items: list[Any]) -> list[Rollout]:
    """A bare list of steps, step groups or stages (None as path: the document is the one item)."""
    keys = {key for item in items for key in as_dict(item)}
    if keys and keys <= {"stage", "parallel"} and "stage" in keys:
        return _stages(document, path or (), items)
    if not keys or not keys <= {"step", "stepGroup", "parallel", "insert"}:
        return []
    reader = _Reader(document)
    reader.items(path, items, _Around())
    return [reader.finish(Rollout(document, {}, "pipeline"), (), partial=True)]


def _stages(document: Document, path: Path, entries: object) -> list[Rollout]:
    found: list[Rollout] = []
    for index, entry in enumerate(as_list(entries)):
        item = as_dict(entry)
        if "parallel" in item:
            found += _stages(document, (*path, index, "parallel"), item["parallel"])
        elif isinstance(item.get("stage"), dict):
            stage = item["stage"]
            where = (*path, index, "stage")
            found.append(
                _stage(document, where, stage, as_dict(stage.get("spec")), (*where, "spec"))
            )
    return found


def _stage(
    document: Document,
    path: Path,
    stage: dict[str, Any],
    spec: dict[str, Any],
    spec_path: Path,
    *,
    partial: bool = False,
) -> Rollout:
    rollout = Rollout(document, stage, "pipeline")
    rollout.type = spec.get("deploymentType") or as_dict(
        as_dict(spec.get("serviceConfig")).get("serviceDefinition")
    ).get("type")
    rollout.service = as_dict(spec.get("service")).get("serviceRef") or as_dict(
        spec.get("serviceConfig")
    ).get("serviceRef")
    reader = _Reader(document)
    execution = as_dict(spec.get("execution"))
    where = (*spec_path, "execution")
    reader.items((*where, "steps"), execution.get("steps"), _Around())
    reader.items((*where, "rollbackSteps"), execution.get("rollbackSteps"), _Around(rollback=True))
    if "template" in stage or isinstance(spec.get("execution"), Unknown):
        reader.opaque = True
    return reader.finish(rollout, path, partial=partial)


@dataclass(frozen=True)
class _Around:
    """What stands around an entry: its group, what may skip it, and, where things run in parallel,
    the one place in the order that all of them have.
    """

    group: Phase | None = None
    rollback: bool = False
    conditions: frozenset[str] = frozenset()
    repeated: bool = False
    at: Order = ()


@dataclass
class _Reader:
    """Collects the groups of one stage, forward and rollback, in order."""

    document: Document
    phases: list[Phase] = field(default_factory=list)
    rollback_phases: list[Phase] = field(default_factory=list)
    opaque: bool = False
    count: int = 0

    def finish(self, rollout: Rollout, path: Path, *, partial: bool = False) -> Rollout:
        """The stage with all that was collected."""
        rollout.path = path
        rollout.phases = tuple(self.phases)
        rollout.rollback_phases = tuple(self.rollback_phases)
        rollout.partial = partial
        rollout.opaque = self.opaque
        for phase in (*self.phases, *self.rollback_phases):
            phase.service_name = rollout.service
        return rollout

    def items(self, path: Path | None, entries: object, around: _Around) -> None:
        """The entries of a `steps` or `rollbackSteps` list, or of one under `parallel`."""
        if isinstance(entries, Unknown):
            self.step(path or (), {}, around)
        for index, entry in enumerate(as_list(entries)):
            item = as_dict(entry)
            where: Path = () if path is None else (*path, index)
            if "parallel" in item:
                beside = replace(around, at=around.at or self.next())
                self.items((*where, "parallel"), item["parallel"], beside)
            elif isinstance(item.get("stepGroup"), Unknown):
                self.opaque = True
            elif "stepGroup" in item:
                self.group((*where, "stepGroup"), as_dict(item["stepGroup"]), around)
            elif "step" in item:
                self.step((*where, "step"), as_dict(item["step"]), around)
            elif item or isinstance(entry, Unknown):
                self.step(where, {}, around)

    def group(self, path: Path, data: dict[str, Any], around: _Around) -> None:
        """A step group; one within another counts as part of it."""
        inner = replace(
            around,
            conditions=around.conditions | _conditions(data, rollback=around.rollback),
            repeated=around.repeated or "strategy" in data,
        )
        if around.group is None:
            inner = replace(inner, group=self.phase(path, data, around.rollback))
        if "template" in data:
            self.step(path, data, inner)
        self.items((*path, "steps"), data.get("steps"), inner)
        if data.get("rollbackSteps"):
            group = self.phase(path, data, rollback=True)
            group.of_group = True
            undo = replace(inner, rollback=True, group=group, at=())
            self.items((*path, "rollbackSteps"), data.get("rollbackSteps"), undo)

    def step(self, path: Path, data: dict[str, Any], around: _Around) -> None:
        """A step, into its group or among those that stand in none."""
        kind: StepKind = _KINDS.get(shown(data.get("type")), "other")
        if "template" in data or not data or isinstance(data.get("type"), Unknown):
            kind = "opaque"
        step = NextGenStep(self.document, path, data, kind, around.at or self.next())
        step.conditions = around.conditions | _conditions(data, rollback=around.rollback)
        step.is_repeated = around.repeated or "strategy" in data
        if kind == "opaque":
            self.opaque = True
        group = around.group
        if group is None or group.rollback != around.rollback:
            group = self._bare(around.rollback)
        section = group.sections[0]
        step.section = section
        section.steps = (*section.steps, step)

    def phase(self, path: Path, data: dict[str, Any], rollback: bool) -> Phase:
        """A new group, with the one section that holds its steps."""
        phases = self.rollback_phases if rollback else self.phases
        phase = Phase(self.document, path, data, len(phases), rollback=rollback)
        phase.sections = (Section(self.document, path, data, phase, 0),)
        phases.append(phase)
        return phase

    def _bare(self, rollback: bool) -> Phase:
        """The group of steps that stand in none."""
        phases = self.rollback_phases if rollback else self.phases
        if phases and not phases[-1].data:
            return phases[-1]
        return self.phase((), {}, rollback)

    def next(self) -> Order:
        """The next place in the order."""
        self.count += 1
        return (self.count,)


def _conditions(data: dict[str, Any], *, rollback: bool) -> frozenset[str]:
    """What must hold for a step or group to run, beyond what always holds where it stands.

    A step of the way forward runs only while the stage is a success, one of the rollback only after a
    failure: to say so is no condition.
    """
    when = data.get("when")
    found = {shown(data.get("skipCondition")).strip()}
    if isinstance(when, dict):
        status = shown(when.get("stageStatus"))
        always = ("", "All", "Failure" if rollback else "Success")
        condition = shown(when.get("condition")).strip()
        found |= {
            "" if status in always else status,
            "" if condition.lower() == "true" else condition,
        }
    else:
        found.add(shown(when))
    return frozenset(found - {""})


class NextGenStep(Step):
    """A step of a pipeline: its settings stand under `spec`."""

    settings_key = "spec"

    @property
    def deletes_canary(self) -> bool:
        """Whether the step deletes the canary workload."""
        if self.type == "K8sCanaryDelete":
            return True
        resources = as_dict(as_dict(self.properties.get("deleteResources")).get("spec"))
        names = [shown(name) for name in as_list(resources.get("resourceNames"))]
        return self.kind == "delete" and any(_canary_name(name) for name in names)


def _canary_name(resource: str) -> bool:
    kind, _slash, name = resource.rpartition("/")
    return name.endswith("-canary") and "deployment" in kind.lower()

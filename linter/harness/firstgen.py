"""Reads FirstGen workflows (harness-core, WorkflowYaml: `phases`, `phaseSteps`, `steps`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..resource import as_dict, as_list
from ..values import Unknown
from .model import Phase, Rollout, Section, Step, StepKind, shown

if TYPE_CHECKING:
    from ..document import Document, Path

_TYPES: Final = frozenset(("CANARY", "BLUE_GREEN", "ROLLING", "BASIC", "BUILD", "MULTI_SERVICE"))

#: Step types (harness-core, StepType), without the RANCHER_ that some carry.
_KINDS: Final[dict[str, StepKind]] = {
    "K8S_CANARY_DEPLOY": "canary-deploy",
    "K8S_DEPLOYMENT_ROLLING": "rolling-deploy",
    "K8S_DEPLOYMENT_ROLLING_ROLLBACK": "rolling-rollback",
    "K8S_BLUE_GREEN_DEPLOY": "blue-green-deploy",
    "KUBERNETES_SWAP_SERVICE_SELECTORS": "swap",
    "K8S_TRAFFIC_SPLIT": "traffic-split",
    "K8S_DELETE": "delete",
    "K8S_APPLY": "apply",
    "K8S_SCALE": "scale",
    "APPROVAL": "approval",
    "SHELL_SCRIPT": "shell-script",
    **dict.fromkeys(
        (
            "APM_VERIFICATION",
            "APP_DYNAMICS",
            "BUG_SNAG",
            "CLOUD_WATCH",
            "CUSTOM_LOG_VERIFICATION",
            "CVNG",
            "DATA_DOG",
            "DATA_DOG_LOG",
            "DYNA_TRACE",
            "ELK",
            "HTTP",
            "INSTANA",
            "LOG_VERIFICATION",
            "LOGZ",
            "NEW_RELIC",
            "PROMETHEUS",
            "SCALYR",
            "SPLUNKV2",
            "STACK_DRIVER",
            "STACK_DRIVER_LOG",
            "SUMO",
        ),
        "verification",
    ),
}


def read_workflow(document: Document, data: dict[str, Any]) -> Rollout | None:
    """The workflow in a document's data, None when it is none."""
    phases = as_list(data.get("phases")) + as_list(data.get("rollbackPhases"))
    kind = data.get("type")
    looks_like_one = isinstance(kind, str) and kind in _TYPES and any(map(_has_sections, phases))
    if not phases or not (looks_like_one or "harnessApiVersion" in data):
        return None
    rollout = Rollout(document, data, "workflow")
    rollout.type = kind
    rollout.phases = _phases(rollout, "phases", rollback=False)
    rollout.rollback_phases = _phases(rollout, "rollbackPhases", rollback=True)
    rollout.pre_steps = _outer_steps(rollout, "preDeploymentSteps", -1)
    rollout.post_steps = _outer_steps(rollout, "postDeploymentSteps", len(rollout.phases))
    return rollout


def _has_sections(phase: object) -> bool:
    return "phaseSteps" in as_dict(phase)


def _phases(rollout: Rollout, key: str, *, rollback: bool) -> tuple[Phase, ...]:
    return tuple(
        _phase(rollout.document, (key, index), entry, index, rollback=rollback)
        for index, entry in enumerate(as_list(rollout.data.get(key)))
    )


def _phase(document: Document, path: Path, entry: object, index: int, *, rollback: bool) -> Phase:
    phase = Phase(document, path, entry, index, rollback=rollback)
    phase.service_name = _setting(phase, "service")
    phase.infrastructure = _setting(phase, "infraDefinition") or _setting(phase, "infraMapping")
    phase.sections = tuple(
        _section(phase, number, section)
        for number, section in enumerate(as_list(phase.data.get("phaseSteps")))
    )
    return phase


def _setting(phase: Phase, what: str) -> Any:
    """A setting as written; Unknown where a template expression gives it when the workflow runs."""
    value = phase.data.get(f"{what}Name")
    fields = (f"{what}Name", f"{what}Id")
    for entry in as_list(phase.data.get("templateExpressions")):
        if as_dict(entry).get("fieldName") in fields:
            return Unknown(shown(as_dict(entry).get("expression")) or shown(value))
    return value


def _section(phase: Phase, index: int, entry: object) -> Section:
    section = Section(phase.document, (*phase.path, "phaseSteps", index), entry, phase, index)
    section.parallel = shown(section.data.get("stepsInParallel")).lower() == "true"
    steps = []
    for number, data in enumerate(as_list(section.data.get("steps"))):
        order = (phase.index, index, 0 if section.parallel else number)
        step = _step(phase.document, (*section.path, "steps", number), data, order)
        step.section = section
        step.conditions = _conditions(section, step)
        steps.append(step)
    section.steps = tuple(steps)
    return section


def _conditions(section: Section, step: Step) -> frozenset[str]:
    """The skip conditions of the section that cover a step."""
    found = set()
    for entry in as_list(section.data.get("stepSkipStrategies")):
        names = as_dict(entry).get("steps")
        if not isinstance(names, list) or not names or step.name in map(shown, names):
            found.add(f"unless {shown(as_dict(entry).get('assertionExpression'))}")
    return frozenset(found)


def _outer_steps(rollout: Rollout, key: str, position: int) -> tuple[Step, ...]:
    return tuple(
        _step(rollout.document, (key, index), entry, (position, 0, index))
        for index, entry in enumerate(as_list(rollout.data.get(key)))
    )


def _step(document: Document, path: Path, entry: object, order: tuple[int, ...]) -> Step:
    kind = shown(as_dict(entry).get("type")).removeprefix("RANCHER_")
    return Step(document, path, entry, _KINDS.get(kind, "other"), order)

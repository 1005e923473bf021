"""What a step does in a few words, and why the shares are not known after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ..harness.effects import IDLE_KINDS
from ..harness.model import Step, shown
from ..harness.routing import traffic_routings
from ..harness.split import TrafficSplit
from ..resource import as_dict, as_list
from ..values import Unknown, is_integer

if TYPE_CHECKING:
    from ..harness.shift import Shift

_ACTIONS: Final = {
    "rolling-deploy": "roll the new version out to stable",
    "rolling-rollback": "roll stable back",
    "canary-rollback": "roll the canary back",
    "stage-scale-down": "scale the stage down",
    "swap": "swap stable and stage",
    "approval": "wait for an approval",
    "verification": "verify",
    "wait": "wait",
    "shell-script": "run a script",
    "opaque": "use a template that is not in sight",
}
#: Why the shares are not known any more after a step of a kind.
_DOUBTS: Final = {
    "opaque": "what the template does to shares and pods is not known",
    "shell-script": "the script may change routes or pods",
    "swap": "which pods get the requests after the swap is not told by the files",
    "delete": "it deletes routes, or what may be routes",
    "apply": "it may apply routes that are not in sight",
    "scale": "it may take the pods away",
    "canary-deploy": "Harness moves the shares itself, or the manifests hold others",
    "blue-green-deploy": "the manifests may hold other shares",
    "rolling-deploy": "the manifests may hold other shares",
    "rolling-rollback": "which shares the rollback restores is not told by the files",
    "canary-rollback": "which shares the rollback restores is not told by the files",
}
#: Longer texts of a file are cut here.
_LONGEST: Final = 60


def action_of(step: Step, shift: Shift | None, word: str) -> str:
    """What a step does; `word` is what the pods under test are called."""
    if step.kind in ("canary-deploy", "blue-green-deploy"):
        given = f", {_given(step, shift, word)}" if shift is not None else ""
        return f"deploy the {word}{given}"
    if step.deletes_canary:
        return "delete the canary"
    if step.kind == "apply":
        named = ", ".join(name for name, _known in step.words("filePaths")) or "manifests"
        return f"apply {named}" + (f", {_given(step, shift, word)}" if shift is not None else "")
    if shift is not None:
        return _given(step, shift, word)
    if step.kind == "delete":
        return f"delete {', '.join(_deleted(step)) or 'resources'}"
    if step.kind == "scale":
        return f"scale {shown(step.properties.get('workload')) or 'a workload'}"
    return _ACTIONS.get(step.kind, step.type)


def _given(step: Step, shift: Shift | None, word: str) -> str:
    """Who gets what by a step."""
    share = shift.canary if shift is not None else None
    if is_integer(share):
        return f"give the {word} {share}%" if share else "give stable everything"
    weights = [f"{name} {weight}" for name, weight in _weights(step)]
    return f"give {_cut(', '.join(weights))}" if weights else "set the shares"


def _weights(step: Step) -> Iterator[tuple[str, str]]:
    """The destinations of a step and their weights, as written."""
    if step.kind == "traffic-split":
        for entry in TrafficSplit(step).destinations:
            name = entry.subset or entry.host or entry.text
            yield name or "?", shown(entry.written_weight) or "?"
    for routing in traffic_routings([step]):
        for route in routing.routes:
            for target in route.destinations:
                host = target.host
                name = "?" if target.hidden or host is None else shown(host)
                yield name, shown(target.data.get("weight")) or "?"


def _deleted(step: Step) -> list[str]:
    """What a Delete step names, in a workflow or a pipeline."""
    words = [word for word, _known in step.words("resources") + step.words("filePaths")]
    spec = as_dict(as_dict(step.properties.get("deleteResources")).get("spec"))
    for key in ("resourceNames", "manifestPaths"):
        words += [shown(name) for name in as_list(spec.get(key))]
    return [word for word in words if word]


def doubt_of(step: Step, shift: Shift | None, *, alone: bool) -> str:
    """Why the shares are not known after a step before which they were.

    `alone`: no other step runs at the same time.
    """
    if step.kind in IDLE_KINDS:
        return ""
    if step.is_conditional:
        return "whether it runs decides on the shares"
    if step.is_repeated:
        return "how often it runs decides on the shares"
    known = shift is not None and is_integer(shift.canary)
    if not alone and (known or step.deletes_canary):
        return "which of the steps at the same time comes last is not known"
    if shift is None or known:
        unknown = f"what a step of the type {step.type} does is not known"
        return _DOUBTS.get(step.kind, unknown)
    hidden = [weight for weight in _hidden_weights(step) if weight]
    if hidden:
        return f"the files do not tell {_cut(hidden[0])}"
    if step.kind == "apply":
        return "the files do not tell which shares it applies"
    return "the files do not tell which of these pods are the new ones"


def _hidden_weights(step: Step) -> Iterator[str]:
    """The expressions that stand for weights."""
    if step.kind == "traffic-split":
        entries = [entry.written_weight for entry in TrafficSplit(step).destinations]
        yield from (entry.text for entry in entries if isinstance(entry, Unknown))
    for routing in traffic_routings([step]):
        for route in routing.routes:
            weights = [target.data.get("weight") for target in route.destinations]
            yield from (weight.text for weight in weights if isinstance(weight, Unknown))


def condition_text(condition: str) -> str:
    """A condition in words."""
    if condition == "Failure":
        return "after a failure"
    text = _cut(" ".join(condition.split()))
    return text if text.startswith("unless") else f"if {text}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"

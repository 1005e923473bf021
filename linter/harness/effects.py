"""What each step of a rollout does to the shares of traffic and to the pods that take it.

What Harness does by itself (harness-core, K8sCanaryDeployTaskHandler, K8sRollingDeployTaskHandler and
IstioTaskHelper): a canary deployment, and a rolling one after it, write 100 and 0 into the VirtualService
that Harness manages.  Deployments apply all manifests of the service, and so whatever weights these hold;
a file with the skip marker is left out.  Nothing else resets shares: not a delete, not a rollback, and
the routes of a K8sTrafficRouting step are no manifest of the service (K8sRollingRequestHandler,
K8sCanaryDeleteRequestHandler).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ..kinds import read_resources
from ..resource import VirtualService, as_dict, as_list
from ..values import Unknown, is_integer
from .model import Rollout, Step, is_progressive, shown
from .routing import traffic_routings
from .shift import Shift, applied_files, shift_of
from .split import TrafficSplit

if TYPE_CHECKING:
    from ..catalog.core import Catalog
    from ..source import SourceFile

Share = int | Unknown

#: Steps that change neither shares nor pods.
IDLE_KINDS: Final = frozenset(("approval", "verification", "wait"))
#: The same, of types that have no kind of their own.
_IDLE_TYPES: Final = re.compile(
    r"barrier|queue|email|jira\w*|service_?now\w*|resource_constraint|policy|k8s(diff|dry_?run)",
    re.IGNORECASE,
)
#: A line of a script that surely changes nothing in the cluster.
_IDLE_LINE: Final = re.compile(
    r"\s*(#.*|(echo|printf|sleep|exit|set|export|true)\b[^;&|`<>]*|\w+=[^\s;&|`<>]*\s*|"
    r"curl\b(?!.*\s(-[dTXF]|--(data|request|upload|form|json)))[^;&|`<>]*)?"
)
#: What a Delete step may delete without taking pods or routes away.
_IDLE_DELETE: Final = re.compile(r"([^/]+/)?(configmap|secret|job|cronjob)/[^/]+", re.IGNORECASE)
_ROUTES: Final = re.compile(r"\*|virtualservice|destinationrule|service/", re.IGNORECASE)


@dataclass(frozen=True)
class State:
    """What is known at a moment.

    `share` is the percentage that goes to the pods under test (the canary, or the stage deployment of
    blue/green); the rest goes to stable.  `under_test` says whether these pods are there.  `moved_by`
    is the step that set the share, None for Harness itself; `removed_by` the one that took the pods
    away.  `tried`: a canary was deployed in this run.  `rolled_out`: stable runs the new version.
    None stands for what cannot be told.
    """

    share: Share = 0
    under_test: bool | None = False
    moved_by: Step | None = None
    removed_by: Step | None = None
    tried: bool | None = False
    rolled_out: bool | None = False

    @property
    def stable_share(self) -> Share:
        """The percentage that goes to stable."""
        return 100 - self.share if is_integer(self.share) else self.share

    @property
    def lost(self) -> int:
        """The percentage of requests that surely go to pods that are surely not there."""
        gone = self.under_test is False
        return max(0, self.share) if gone and is_integer(self.share) else 0

    @property
    def blurred(self) -> State:
        """After something that may have changed shares and pods."""
        return replace(self, share=Unknown(""), under_test=None, moved_by=None, removed_by=None)


def either(one: State, other: State) -> State:
    """What is known where it may be one or the other."""
    return State(
        share=one.share if one.share == other.share else Unknown(""),
        under_test=one.under_test if one.under_test == other.under_test else None,
        moved_by=one.moved_by if one.moved_by is other.moved_by else None,
        removed_by=one.removed_by if one.removed_by is other.removed_by else None,
        tried=one.tried if one.tried == other.tried else None,
        rolled_out=one.rolled_out if one.rolled_out == other.rolled_out else None,
    )


class Effects:
    """What the steps of one rollout do.

    `resets` says whether deployments write 100 and 0 into the VirtualService that is shifted: True for
    one that Harness manages, False for one that no deployment touches, None where that cannot be told,
    or where deployments apply the weights of its manifest.
    """

    def __init__(self, rollout: Rollout, catalog: Catalog) -> None:
        self.rollout = rollout
        self.catalog = catalog
        self.kinds = {step.kind for step in rollout.steps}
        shifts = [shift_of(step, rollout, catalog) for step in rollout.all_steps]
        self.shifts = {id(shift.step): shift for shift in shifts if shift is not None}
        answers = {self._is_reset(shift) for shift in self.shifts.values()}
        self.resets = answers.pop() if len(answers) == 1 else None

    @property
    def start(self) -> State:
        """Before the first step: all traffic goes to stable, and there is no canary yet.

        Nothing is known of pods that an earlier run may have left: the stage deployment of blue/green,
        or the canary of a rollout that deletes none.
        """
        deletes = any(step.deletes_canary for step in self.rollout.steps)
        known = "canary-deploy" in self.kinds and deletes and not self.rollout.partial
        return State(under_test=False if known else None)

    def after(self, step: Step, state: State) -> State:
        """The state after a step that runs, and is none of those that are idle."""
        shift = self.shifts.get(id(step))
        if step.kind in ("canary-deploy", "blue-green-deploy"):
            return self._deployed(step, state, shift)
        if shift is not None:
            return replace(state, share=self._share(shift), moved_by=step)
        if step.kind == "rolling-deploy":
            certain = bool(state.tried)
            return self._reset(replace(state, rolled_out=True), certain=certain)
        if step.kind == "rolling-rollback":
            return self._reset(replace(state, rolled_out=False), certain=False)
        if step.deletes_canary or step.kind == "stage-scale-down":
            return self._deleted(step, state)
        if step.kind == "opaque":
            return replace(
                state.blurred, tried=state.tried or None, rolled_out=state.rolled_out or None
            )
        if step.kind == "apply":
            return state if self._applies_no_routes(step) else replace(state, share=Unknown(""))
        return state.blurred

    def _share(self, shift: Shift) -> Share:
        """The share that a shift gives to the pods under test of this rollout.

        Where a canary is deployed, a Service that is called after a stage is not the one of these pods.
        """
        words = {
            entry.tells
            for routing in traffic_routings([shift.step])
            for route in routing.routes
            for entry in route.under_test or ()
        }
        other = "stage" in words and "canary-deploy" in self.kinds
        return Unknown("") if other else shift.canary

    def _deployed(self, step: Step, state: State, shift: Shift | None) -> State:
        """After the pods under test are there, with the routing that the step brings."""
        canary = step.kind == "canary-deploy"
        state = replace(state, under_test=True, removed_by=None)
        state = self._reset(replace(state, tried=True) if canary else state, certain=canary)
        if is_progressive(step):
            return state.blurred
        return state if shift is None else replace(state, share=self._share(shift), moved_by=step)

    def _reset(self, state: State, *, certain: bool) -> State:
        """After the manifests were applied; `certain`: with 100 and 0 in what Harness manages."""
        if state.share == 0 or self.resets is False:
            return state
        return replace(state, share=0 if self.resets and certain else Unknown(""), moved_by=None)

    def _deleted(self, step: Step, state: State) -> State:
        """After the pods under test are gone, and maybe the routes with them."""
        if any(map(_ROUTES.search, _deleted_names(step))):
            return state.blurred
        already = state.under_test is False
        return replace(state, under_test=False, removed_by=state.removed_by if already else step)

    def _applies_no_routes(self, step: Step) -> bool:
        """Whether all files that an Apply step names are in sight, and none is a VirtualService."""
        named = list(applied_files(step, self.rollout, self.catalog))
        return bool(named) and all(
            files and not any(map(_may_route, files)) for _path, files in named
        )

    # -- whether Harness resets what is shifted ---------------------------------------------------

    def _is_reset(self, shift: Shift) -> bool | None:
        step = shift.step
        routings = traffic_routings([step])
        if routings:
            names = {shown(routing.spec.data.get("name")) for routing in routings}
            return None if any(self._named(step, names)) else False
        if "k8s.virtualServiceName" in TrafficSplit(step).virtual_service:
            return True
        answers = {_is_written(service) for service in self._named(step, shift.names)}
        return answers.pop() if len(answers) == 1 else None

    def _named(self, step: Step, names: Iterable[str]) -> Iterator[VirtualService]:
        """The VirtualServices of some names that deploy with the rollout."""
        wanted = set(names)
        named = [
            service
            for service in self.catalog.resources(VirtualService)
            if isinstance(service.name, str) and service.name in wanted
        ]
        service_name = step.phase.service_name if step.phase is not None else None
        files = self.rollout.service_files(self.catalog.files, service_name)
        if files is None:
            files = self.rollout.nearest([service.file for service in named])
        return (service for service in named if service.file in files)


def _is_written(service: VirtualService) -> bool | None:
    """Whether deployments write 100 and 0 into a VirtualService; None if they apply what it holds."""
    if service.file.skipped:
        return False
    return True if service.managed is True else None


def _may_route(file: SourceFile) -> bool:
    """Whether a file holds routes, or cannot be read in full."""
    hidden = any(not (document.kind or "").isalpha() for document in file.documents)
    if hidden or not file.documents or any(file.problems_of("syntax", "limit", "template")):
        return True
    return any(
        isinstance(resource, VirtualService)
        for document in file.documents
        if document.loaded
        for resource in read_resources(document)
    )


def is_idle(step: Step) -> bool:
    """Whether a step surely leaves shares and pods alone."""
    if step.kind in IDLE_KINDS:
        return True
    if step.kind == "other":
        return _IDLE_TYPES.fullmatch(step.type) is not None
    if step.kind == "delete":
        names = _deleted_names(step)
        return bool(names) and all(map(_IDLE_DELETE.fullmatch, names))
    if step.kind == "scale":
        return _keeps_pods(step)
    return step.kind == "shell-script" and _is_idle_script(step)


def _deleted_names(step: Step) -> list[str]:
    """What a Delete step names."""
    resources = as_dict(as_dict(step.properties.get("deleteResources")).get("spec"))
    named = [shown(name) for name in as_list(resources.get("resourceNames"))]
    return named + [word for word, _known in step.words("resources")]


def _keeps_pods(step: Step) -> bool:
    """Whether a Scale step leaves at least one pod."""
    selection = as_dict(as_dict(step.properties.get("instanceSelection")).get("spec"))
    for value in (step.properties.get("instances"), *selection.values()):
        if re.fullmatch(r"0*[1-9][0-9]*", shown(value)):
            return True
    return False


def _is_idle_script(step: Step) -> bool:
    """Whether each line of an inline script is harmless; what lies in a file is not known."""
    inline = as_dict(as_dict(step.properties.get("source")).get("spec")).get("script")
    text = step.properties.get("scriptString", inline)
    if not isinstance(text, (str, Unknown)):
        return False
    lines = shown(text).splitlines()
    return all(_IDLE_LINE.fullmatch(line) and "$(" not in line for line in lines)


def runs_anything(step: Step) -> bool:
    """Whether a step may change routes or pods in ways that no file tells."""
    return step.kind in ("shell-script", "other", "opaque") and not is_idle(step)

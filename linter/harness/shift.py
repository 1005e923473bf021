"""Where a workflow shifts traffic, and which of its Canary Deletes come too early.

Traffic is shifted by a Traffic Split step, or by an Apply step whose file is a VirtualService or a
DestinationRule (Harness docs, "Set Up Kubernetes Traffic Splitting with Istio").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from ..kinds import read_resources
from ..resource import Destination, DestinationRule, Resource, Route, VirtualService
from ..values import Unknown, is_integer
from .model import Phase, Rollout, Step
from .routing import traffic_routings
from .split import TrafficSplit

if TYPE_CHECKING:
    from ..catalog.core import Catalog
    from ..source import Place, SourceFile

_ISTIO_NAME: Final = re.compile(
    r"virtual-?service|destination-?rule|traffic|(^|/)vs\b", re.IGNORECASE
)
_ISTIO_KIND: Final = re.compile(r"^kind:[ \t]*(VirtualService|DestinationRule)\b", re.MULTILINE)


class Shift(NamedTuple):
    """A step that shifts traffic.

    `canary` is the share that the canary gets from it.  `names` are the VirtualServices that it sets,
    empty when they are not known.  `certain` is False when only the name of a file, or a
    DestinationRule alone, speaks for it.
    """

    step: Step
    canary: int | Unknown
    names: frozenset[str] = frozenset()
    certain: bool = True

    @property
    def says(self) -> str:
        """What the step does, as the beginning of a sentence."""
        if self.step.kind == "apply":
            return f"Apply {self.step.title} applies Istio routing"
        if self.step.kind != "traffic-split":
            return f"{self.step.title} routes traffic"
        if is_integer(self.canary):
            return f"Traffic Split {self.step.title} gives the canary {self.canary}%"
        return f"Traffic Split {self.step.title} shifts traffic"

    @property
    def restores(self) -> bool:
        """Whether it surely takes all traffic from the canary."""
        return self.canary == 0

    def covers(self, other: Shift) -> bool:
        """Whether it sets what the other one sets, as far as the names tell."""
        return not self.names or not other.names or other.names <= self.names


def same_routes(one: Shift, other: Shift) -> bool:
    """Whether two steps surely set the same routes."""
    if not _same_service(one.step, other.step):
        return False
    if one.step.kind == other.step.kind == "traffic-split":
        first, second = (TrafficSplit(shift.step).virtual_service for shift in (one, other))
        return first == second
    routings = traffic_routings([one.step]), traffic_routings([other.step])
    if any(routings):
        first_names, second_names = (
            [r.data.get("name") for t in ts for r in t.routes] for ts in routings
        )
        named = all(isinstance(name, str) for name in first_names + second_names)
        return named and set(first_names) == set(second_names)
    return bool(one.names) and one.names == other.names


def traffic_shifts(rollout: Rollout, catalog: Catalog) -> list[Shift]:
    """The steps of a good run that shift traffic, in order."""
    shifts = (shift_of(step, rollout, catalog) for step in rollout.steps)
    return [shift for shift in shifts if shift is not None]


def shift_of(step: Step, rollout: Rollout, catalog: Catalog) -> Shift | None:
    """How a step shifts traffic; None if it does not."""
    if step.kind == "traffic-split":
        return _split_shift(step)
    if step.kind == "apply":
        return _apply_shift(step, rollout, catalog)
    for routing in traffic_routings([step]):
        return Shift(step, routing.share_under_test)
    return None


def _split_shift(step: Step) -> Shift:
    split = TrafficSplit(step)
    name = split.literal_name
    return Shift(step, split.share("canary"), frozenset((name,) if name else ()))


def applied_files(
    step: Step, rollout: Rollout, catalog: Catalog
) -> Iterator[tuple[str, list[SourceFile]]]:
    """The paths that an Apply step names, each with the files in sight that it may mean."""
    service = step.phase.service_name if step.phase is not None else None
    for path, known in step.words("filePaths"):
        files = catalog.files_named(path) if known else []
        own = rollout.service_files(catalog.files, service)
        if own is not None:
            files = [file for file in files if file in own]
        yield path, rollout.nearest(files)


def _apply_shift(step: Step, rollout: Rollout, catalog: Catalog) -> Shift | None:
    """The shift of an Apply step, None when nothing it applies shifts traffic."""
    shifts = []
    for path, files in applied_files(step, rollout, catalog):
        if not files and _ISTIO_NAME.search(path):
            shifts.append(Shift(step, Unknown(path), certain=False))
        judged = [_file_shift(step, file) for file in files]
        found = [shift for shift in judged if shift is not None]
        if found and len(files) == 1:
            shifts += found
        elif found:
            shifts.append(Shift(step, Unknown(path), certain=len(found) == len(files)))
    if len(shifts) < 2:
        return shifts[0] if shifts else None
    shares = [shift.canary for shift in shifts]
    return Shift(
        step,
        0 if all(share == 0 for share in shares) else Unknown(""),
        frozenset().union(*(shift.names for shift in shifts)),
        any(shift.certain for shift in shifts),
    )


def _file_shift(step: Step, file: SourceFile) -> Shift | None:
    if file.unreadable:
        return Shift(step, Unknown("")) if _ISTIO_KIND.search(file.text) else None
    resources = list(_resources(file))
    services = [r for r in resources if isinstance(r, VirtualService) and _shifts(r)]
    if services:
        names = [service.name for service in services]
        share = _canary_share(services) if file.rendered is None else Unknown("")
        return Shift(step, share, _known_names(names))
    if any(isinstance(resource, DestinationRule) for resource in resources):
        return Shift(step, Unknown(""), certain=False)
    return None


def _resources(file: SourceFile) -> Iterator[Resource]:
    for document in file.documents:
        if document.loaded:
            yield from read_resources(document)


def _known_names(names: Sequence[object]) -> frozenset[str]:
    known = [name for name in names if isinstance(name, str)]
    return frozenset(known) if len(known) == len(names) else frozenset()


def _shifts(service: VirtualService) -> bool:
    """Whether a VirtualService tells stable and canary apart.

    One that only hands a host on to a Service does not: its pods are found by their labels.
    """
    if any(service.hides(protocol) for protocol in ("http", "tls", "tcp")):
        return True
    return any(
        len(route.destinations) > 1
        or route.has_unknown_destinations
        or any(_picks_version(destination) for destination in route.destinations)
        for route in service.routes
    )


def _picks_version(destination: Destination) -> bool:
    host = destination.host
    return destination.subset is not None or isinstance(host, Unknown) or "canary" in (host or "")


def _canary_share(services: Iterable[VirtualService]) -> int | Unknown:
    """The percentage that the canary gets, Unknown where routes differ or tell nothing."""
    shares = set()
    for service in services:
        if any(service.hides(protocol) for protocol in ("http", "tls", "tcp")):
            return Unknown("")
        shares |= {_share_of_canary(route) for route in service.routes}
    return shares.pop() or 0 if len(shares) == 1 and None not in shares else Unknown("")


def _share_of_canary(route: Route) -> int | None:
    """The percentage of one route, None unless every destination is stable or canary."""
    subsets = {entry.subset for entry in route.destinations}
    if route.has_unknown_destinations or not subsets <= {"stable", "canary"}:
        return None
    if len(route.destinations) == 1:
        return 100 if subsets == {"canary"} else 0
    total = route.total_weight
    weights = [entry.weight or 0 for entry in route.destinations if entry.subset == "canary"]
    if not is_integer(total) or total <= 0 or not subsets or min(weights, default=0) < 0:
        return None
    return sum(weights) * 100 // total


Verdict = Literal["phase-before", "before-rollout", "outside-wrap-up", "restored-first"]


class EarlyDelete(NamedTuple):
    """A Canary Delete that stands too early while the workflow shifts traffic.

    `rollout` is the step that rolls the new version out, `shift` the one that moves traffic (the last
    before the delete, if any); the delete belongs into the Wrap Up of `primary`.  `certain` is False
    when the delete may be skipped, or when it is not sure that traffic is shifted by then.
    """

    verdict: Verdict
    step: Step
    rollout: Step
    primary: Phase
    shift: Shift
    certain: bool

    @property
    def help(self) -> str:
        """How to mend it."""
        return f"Move it to the Wrap Up section of the phase {self.primary.title}."

    @property
    def related(self) -> list[tuple[Place, str]]:
        """The places that explain it: the shift, the rollout, and where the delete belongs."""
        restored = self.verdict == "restored-first"
        shifted = "all traffic goes to stable here" if restored else "traffic is shifted here"
        found = [
            (self.shift.step.head(), shifted),
            (self.rollout.head(), "the new version is rolled out here"),
        ]
        if self.primary.wrap_ups and self.step.section not in self.primary.wrap_ups:
            found.append((self.primary.wrap_ups[0].head(), "the delete belongs into this section"))
        return found


def early_deletes(rollout: Rollout, catalog: Catalog) -> list[EarlyDelete]:
    """The Canary Deletes that do not stand in the Wrap Up of the phase with the rollout.

    Each is judged once.  Where nothing shifts traffic, or nothing is rolled out, none is.
    """
    if rollout.flavor == "pipeline":
        return []
    deletes = [step for step in rollout.steps if step.deletes_canary and step.section is not None]
    shifts = traffic_shifts(rollout, catalog) if deletes else []
    judged = (_judge(step, rollout, shifts) for step in deletes)
    return [early for early in judged if early is not None]


class LateShift(NamedTuple):
    """A step that gives a share to a canary that is deleted by then.

    `certain` is False when a condition may skip it or the delete.
    """

    shift: Shift
    delete: Step
    certain: bool


def late_shifts(rollout: Rollout, catalog: Catalog) -> list[LateShift]:
    """The steps of a workflow that give the canary a known share after it was deleted.

    Not where the delete itself comes too early: where it belongs, it comes after them.
    """
    if rollout.flavor == "pipeline" or not any(step.deletes_canary for step in rollout.steps):
        return []
    early = {
        id(judged.step)
        for judged in early_deletes(rollout, catalog)
        if judged.verdict in ("phase-before", "before-rollout")
    }
    found = []
    for shift in traffic_shifts(rollout, catalog):
        delete = _delete_before(shift.step, rollout)
        if delete is None or id(delete) in early or not shift.certain:
            continue
        if is_integer(shift.canary) and shift.canary > 0:
            conditional = delete.is_conditional or shift.step.is_conditional
            found.append(LateShift(shift, delete, not conditional))
    return found


def _delete_before(step: Step, rollout: Rollout) -> Step | None:
    """The delete that took away the canary before a step, unless it was deployed again since."""
    last: Step | None = None
    deployed = False
    for other in rollout.steps:
        if other.order >= step.order or not _same_service(other, step):
            continue
        if other.kind == "canary-deploy":
            deployed, last = True, None
        elif other.deletes_canary and deployed:
            last = other
    return last


def _judge(step: Step, rollout: Rollout, all_shifts: Sequence[Shift]) -> EarlyDelete | None:
    shifts = [shift for shift in all_shifts if _same_service(shift.step, step)]
    rolling = _rollout_step(step, rollout)
    if not shifts or rolling is None or rolling.phase is None:
        return None
    verdict = _position(step, rolling)
    if verdict is None:
        return None
    certain = not step.is_conditional and any(
        shift.certain and (shift.step.kind == "traffic-split" or shift.step.order < rolling.order)
        for shift in shifts
    )
    before = [shift for shift in shifts if shift.step.order <= step.order]
    if verdict != "outside-wrap-up" and _all_restored(step, shifts, rolling):
        verdict = "restored-first"
    return EarlyDelete(verdict, step, rolling, rolling.phase, (before or shifts)[-1], certain)


def _same_service(one: Step, other: Step) -> bool:
    return one.phase is None or other.phase is None or one.phase.deploys_as(other.phase)


def _rollout_step(delete: Step, rollout: Rollout) -> Step | None:
    """The step that rolls out what the deleted canary tried: the first one after its deployment."""
    phase = delete.phase
    if phase is None:
        return None
    related = [
        step
        for step in rollout.steps
        if step.phase is not None
        and step.kind in ("canary-deploy", "rolling-deploy")
        and step.phase.deploys_as(phase)
    ]
    same_target = [s for s in related if s.phase is not None and s.phase.targets_as(phase)]
    if any(step.kind == "rolling-deploy" for step in same_target):
        related = same_target
    canaries = [step.order for step in related if step.kind == "canary-deploy"]
    created = [order for order in canaries if order <= delete.order]
    if canaries and not created:
        return None  # it clears away what an earlier run left
    since = max(created, default=(-1,))
    rolling = (s for s in related if s.kind == "rolling-deploy" and s.order >= since)
    return next(rolling, None)


def _position(delete: Step, rolling: Step) -> Verdict | None:
    """What is wrong with where the delete stands; None for nothing."""
    phase, section = delete.phase, delete.section
    if phase is None or section is None or rolling.phase is None:
        return None
    if phase.index != rolling.phase.index:
        return "phase-before" if phase.index < rolling.phase.index else None
    if delete.order <= rolling.order:
        return "before-rollout"
    first_wrap_up = min((wrap_up.index for wrap_up in phase.wrap_ups), default=0)
    return "outside-wrap-up" if section.index < first_wrap_up else None


def _all_restored(delete: Step, shifts: Sequence[Shift], rolling: Step) -> bool:
    """Whether no canary share is in force from the delete until the rollout.

    Steps that run beside the delete may come after it: they can shift, but not restore.  An Apply
    counts as a restore only after a shift: alone, what it applies may be overridden at deploy time.
    """
    open_shifts: list[Shift] = []
    restored = False
    for shift in shifts:
        if shift.step.order >= rolling.order:
            break
        if not shift.restores:
            open_shifts.append(shift)
        elif shift.step.order < delete.order:
            restored = restored or bool(open_shifts) or shift.step.kind == "traffic-split"
            open_shifts = [other for other in open_shifts if not shift.covers(other)]
    if all(shift.step.order >= rolling.order for shift in shifts):
        return all(shift.restores and shift.step.kind == "traffic-split" for shift in shifts)
    return restored and not open_shifts

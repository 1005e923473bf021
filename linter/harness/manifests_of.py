"""Which manifests a workflow or a pipeline deploys, and who deploys a manifest.

The files tell in two ways.  FirstGen keeps the manifests of a service in a folder of its own beside the
workflows.  Elsewhere, a Harness service is a `values.yaml` with templates: the one that has the name of
the service, else the only one that lies nearest to the workflow.  Where neither tells, nothing is said.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from ..document import MANAGED
from ..resource import Resource, VirtualService
from ..scope import VALUES_NAMES
from .model import Phase, Rollout, Step, shared
from .split import MANAGED_ONE, TrafficSplit, traffic_splits

if TYPE_CHECKING:
    from ..catalog.core import Catalog
    from ..scope import Scope
    from ..source import SourceFile

R = TypeVar("R", bound=Resource)

_FILES: Final = "/Manifests/Files/"
_UNREAD: Final = ("syntax", "limit", "template", "template-elsewhere")


class Manifests:
    """The manifests of a service.

    `root` is the folder that paths of an Apply step begin at.  `certain` is False where only the
    nearness of the folder speaks for it: no error then.
    """

    def __init__(
        self, root: str, files: Sequence[SourceFile], catalog: Catalog, *, certain: bool
    ) -> None:
        self.root = root
        self.files = tuple(files)
        self.certain = certain
        self._catalog = catalog

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """Every object in them, in the order of files."""
        scopes = {id(file.scope): file.scope for file in self.files}
        own = set(map(id, self.files))
        found = (
            resource
            for scope in scopes.values()
            if scope is not None
            for resource in scope.resources
            if id(resource.file) in own
        )
        return tuple(sorted(found, key=lambda resource: resource.file.path))

    def of(self, kind: type[R]) -> list[R]:
        """The objects of one kind."""
        return [resource for resource in self.resources if isinstance(resource, kind)]

    def deployed(self, kind: type[R]) -> list[R]:
        """The objects of one kind that a deploy step applies: not those of skipped files."""
        return [resource for resource in self.of(kind) if not resource.file.skipped]

    @cached_property
    def in_full_sight(self) -> bool:
        """Whether one may say that the service lacks something: all of its files are here, and read.

        A file of values, or one that describes the service, shows that not only some were given.
        """
        if any(file.unreadable or any(file.problems_of(*_UNREAD)) for file in self.files):
            return False
        if any(file.kustomized or file.role == "patch" for file in self.files):
            return False
        if self.files and all(self._catalog.is_complete(file.path) for file in self.files):
            return True
        if not self._catalog.sees_all(self.root):
            return False
        given = self._catalog.once(_paths)
        above = self.root.removesuffix("/Files")
        signs = [f"{self.root}/{name}" for name in VALUES_NAMES]
        return any(path.removeprefix("./") in given for path in (*signs, f"{above}/Index.yaml"))

    def hides(self, *kinds: str) -> bool:
        """Whether objects of some kinds may be deployed that are not among the objects seen.

        A block whose condition does not hold for these values may hold for those of an environment.
        """
        pattern = re.compile(rf"\bkind:[ \t]*[\"']?({'|'.join(kinds)})\b")
        seen = sum(resource.kind in kinds for resource in self.resources)
        return sum(len(pattern.findall(file.text)) for file in self.files) > seen


def _paths(catalog: Catalog) -> frozenset[str]:
    return frozenset(file.path.removeprefix("./") for file in catalog.files)


class Deployer(NamedTuple):
    """A rollout that deploys a manifest: the phases that do, and all that they deploy."""

    rollout: Rollout
    phases: tuple[Phase, ...]
    manifests: Manifests

    @property
    def steps(self) -> Iterator[Step]:
        """The steps of these phases."""
        return (step for phase in self.phases for step in phase.steps)

    def holds(self, *kinds: str) -> bool:
        """Whether one of these steps is of a kind."""
        return any(step.kind in kinds for step in self.steps)


def manifests_of(rollout: Rollout, catalog: Catalog, phase: Phase | None) -> Manifests | None:
    """The manifests of the service that a phase deploys; None where the files do not tell.

    Without a phase: those of the rollout, if all of it deploys one service.
    """
    names = _service_names(rollout)
    service = phase.service_name if phase is not None else None
    if phase is None and len(names) == 1:
        (service,) = names
    known = catalog.once(_Known)
    name = service if isinstance(service, str) and service else None
    key = (rollout.file.path, name, len(names) > 1)
    if name is not None and name in catalog.services:
        return known.configured(name, catalog)
    if key not in known.manifests:
        inside = known.layout.get(rollout.services_folder or "")
        if inside:
            own = rollout.service_files(inside, name) or []
            known.manifests[key] = _in_layout(own, catalog)
        else:
            known.manifests[key] = _nearby(rollout, catalog, name, alone=len(names) < 2)
    return known.manifests[key]


class _Known:
    """The services in sight, and the manifests that were found, kept for all rules that ask.

    `layout`: the files of each folder of FirstGen services.  `services`: the other ones; `named`: the
    same by each part of their paths.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.manifests: dict[tuple[str, str | None, bool], Manifests | None] = {}
        self.layout: dict[str, list[SourceFile]] = defaultdict(list)
        for file in catalog.files:
            folder, services, _rest = f"/{file.path}".partition("/Services/")
            if services:
                self.layout[f"{folder}{services}"[1:]].append(file)
        self._configured: dict[str, Manifests] = {}
        self.services = [s for s in catalog.scopes if s.kind == "service" and s.resources]
        self.named: dict[str, list[Scope]] = defaultdict(list)
        for scope in self.services:
            for part in {_plain(part) for part in scope.root.split("/")}:
                self.named[part].append(scope)

    def configured(self, name: str, catalog: Catalog) -> Manifests:
        """The manifests of a service whose folder the configuration names."""
        if name not in self._configured:
            root = catalog.services[name]
            below = "" if root == "." else f"{root}/"
            files = [f for f in catalog.files if f.path.startswith(below) and f.role == "manifest"]
            self._configured[name] = Manifests(root, files, catalog, certain=True)
        return self._configured[name]


def _service_names(rollout: Rollout) -> set[str]:
    """The services that the document deploys, as far as they are known."""
    phases = [*rollout.phases, *(phase for stage in rollout.stages for phase in stage.phases)]
    return {p.service_name for p in phases if isinstance(p.service_name, str) and p.service_name}


def _in_layout(inside: Sequence[SourceFile], catalog: Catalog) -> Manifests | None:
    """The manifests among the files of one service in the FirstGen layout."""
    files = [file for file in inside if _FILES in f"/{file.path}"]
    roots = {file.path.partition(_FILES)[0] for file in files}
    if len(roots) != 1 or any(map(_lies_elsewhere, inside)):
        return None
    return Manifests(roots.pop() + _FILES.rstrip("/"), files, catalog, certain=True)


def _lies_elsewhere(file: SourceFile) -> bool:
    """Whether a file says that the manifests are in a repository or a chart."""
    if not file.path.endswith("/Manifests/Index.yaml"):
        return False
    return re.search(r"^storeType:[ \t]*(?!Local\b)\w", file.text, re.MULTILINE) is not None


def _nearby(
    rollout: Rollout, catalog: Catalog, service: str | None, *, alone: bool
) -> Manifests | None:
    """The Harness service in the tree that the rollout deploys, judged by names and places."""
    known = catalog.once(_Known)
    named = known.named.get(_plain(service), []) if service else []
    if not named and not alone:
        return None
    own = rollout.file.path.split("/")[:-1]
    depths = [(shared(own, scope.root.split("/")), scope) for scope in named or known.services]
    deepest = max((depth for depth, _scope in depths), default=0)
    near = [scope for depth, scope in depths if depth == deepest]
    if not known.services:
        return _beside(rollout, catalog)
    if len(near) != 1:
        return None
    (scope,) = near
    around = scope.root == "." or f"/{rollout.file.path}".startswith(f"/{scope.root}/")
    return Manifests(scope.root, scope.files, catalog, certain=bool(named) or around)


def _beside(rollout: Rollout, catalog: Catalog) -> Manifests | None:
    """The plain manifests below the rollout's folder, where no other service is deployed from there.

    That they are meant shows a managed object, or that the tree is declared complete.
    """
    folder = rollout.file.path.rpartition("/")[0]
    below = f"{folder}/" if folder else ""
    files = [f for f in catalog.files if f.role == "manifest" and f.path.startswith(below)]
    others = [each for each in all_rollouts(catalog) if each.file.path.startswith(below)]
    services = {name for each in others for name in _service_names(each)}
    sign = "kind: VirtualService" if catalog.is_complete(rollout.file.path) else MANAGED
    if len(services) > 1 or not any(sign in file.text for file in files):
        return None
    return Manifests(folder, files, catalog, certain=True)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def all_rollouts(catalog: Catalog) -> tuple[Rollout, ...]:
    """Every workflow and every stage of a pipeline in sight."""
    return catalog.once(_read_all)


def _read_all(catalog: Catalog) -> tuple[Rollout, ...]:
    from . import rollouts_in

    return tuple(rollouts_in(catalog.files))


def deployers(file: SourceFile, catalog: Catalog) -> list[Deployer]:
    """The rollouts that deploy the service whose manifests a file is one of."""
    return catalog.once(_deployers).get(file.path, [])


def _deployers(catalog: Catalog) -> dict[str, list[Deployer]]:
    found: dict[str, list[Deployer]] = defaultdict(list)
    for rollout in all_rollouts(catalog):
        phases: dict[int, list[Phase]] = defaultdict(list)
        deployed: dict[int, Manifests] = {}
        for phase in rollout.phases:
            manifests = manifests_of(rollout, catalog, phase)
            if manifests is not None:
                deployed[id(manifests)] = manifests
                phases[id(manifests)].append(phase)
        for key, manifests in deployed.items():
            deployer = Deployer(rollout, tuple(phases[key]), manifests)
            for path in {file.path for file in manifests.files}:
                found[path].append(deployer)
    return found


def failing_split(resource: Resource, catalog: Catalog) -> TrafficSplit | None:
    """The Traffic Split that surely fails, as it takes the managed VirtualService and none is managed.

    The resource is a VirtualService of the service; one that is out of sight might be the managed one.
    """
    if not isinstance(resource, VirtualService):
        return None
    for deployer in deployers(resource.file, catalog):
        manifests = deployer.manifests
        splits = [s for s in traffic_splits(deployer.steps) if s.virtual_service == MANAGED_ONE]
        if not splits or not manifests.certain or not manifests.in_full_sight:
            continue
        services = manifests.deployed(VirtualService)
        if not manifests.hides("VirtualService") and all(s.managed is False for s in services):
            return splits[0]
    return None

"""What a tree holds, and what of it deploys together: the ground that the catalogue stands on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TypeVar

from ..resource import Resource
from ..scope import KUSTOMIZATION_NAMES, Scope
from ..source import SourceFile
from ..values import is_text
from ..versions import LATEST
from .company import Company, Together
from .mesh import Mesh
from .meshwide import MeshWide
from .nearby import Nearby, surely_meant

if TYPE_CHECKING:
    from ..files import Sight

R = TypeVar("R", bound=Resource)
Made = TypeVar("Made")


@dataclass
class TreeCatalog:
    """The objects of a tree, and where they lie."""

    scopes: Sequence[Scope] = ()
    files: Sequence[SourceFile] = ()
    domain: str = "cluster.local"
    root_namespace: str = "istio-system"
    istio_version: tuple[int, int] = LATEST
    is_complete: Callable[[str], bool] = lambda _path: False
    services: Mapping[str, str] = field(default_factory=dict)
    meshwide: MeshWide = field(default_factory=MeshWide)
    sight: Sight | None = None

    def resources(self, kind: type[R]) -> Iterator[R]:
        """Every object of a kind in sight."""
        if kind not in self._kinds:
            self._kinds[kind] = [found for scope in self.scopes for found in scope.of(kind)]
        yield from self._kinds[kind]

    @cached_property
    def _kinds(self) -> dict[type[Resource], list[Any]]:
        return {}

    def copies(self, resource: Resource) -> list[Resource]:
        """The objects of the same kind and name in the tree, the object itself included."""
        if not isinstance(resource.name, str):
            return [resource]
        return self._copies.get((resource.kind or "", resource.name), [resource])

    @cached_property
    def _copies(self) -> dict[tuple[str, str], list[Resource]]:
        copies: dict[tuple[str, str], list[Resource]] = defaultdict(list)
        for resource in self.resources(Resource):
            if isinstance(resource.name, str) and resource.name:
                copies[resource.kind or "", resource.name].append(resource)
        return copies

    def once(self, build: Callable[[Self], Made]) -> Made:
        """What a function makes of the whole tree, made when a rule first asks for it.

        A rule that holds objects against each other keeps its index here.
        """
        if build not in self._made:
            self._made[build] = build(self)
        made: Made = self._made[build]
        return made

    @cached_property
    def _made(self) -> dict[Callable[[Any], Any], Any]:
        return {}

    def files_named(self, path: str) -> list[SourceFile]:
        """The files whose path ends with `path` (posix, relative), whole parts compared."""
        wanted = "/" + path.strip().removeprefix("./").lstrip("/")
        named = self._files_by_name.get(wanted.rpartition("/")[2], ())
        return [file for file in named if ("/" + file.path).endswith(wanted)]

    @cached_property
    def _files_by_name(self) -> dict[str, list[SourceFile]]:
        by_name: dict[str, list[SourceFile]] = defaultdict(list)
        for file in self.files:
            by_name[file.path.rpartition("/")[2]].append(file)
        return by_name

    def istio_before(self, major: int, minor: int) -> bool:
        """Whether the configured Istio is older than a version."""
        return self.istio_version < (major, minor)

    @cached_property
    def mesh(self) -> Mesh:
        """The namespaces in sight, and who has a proxy."""
        return Mesh(resource for scope in self.scopes for resource in scope.resources)

    def refuses_unknown_hosts(self, asker: Resource | None = None) -> bool:
        """Whether the mesh (that of `asker`) refuses requests to hosts that nothing provides."""
        key = "outbound_traffic_policy"
        policy = self.meshwide.around(asker, key, self) if asker else self.meshwide.everywhere(key)
        return bool(policy == "REGISTRY_ONLY")

    # -- where things lie -------------------------------------------------------------------------

    def nearest(self, candidates: Sequence[R], asker: Resource) -> list[R]:
        """Those candidates that deploy with `asker`, as far as their places tell.

        Objects of one chart, Harness service or declared scope are judged by that one alone.  Elsewhere
        those of `asker`'s own folder come first, with what lies above or below it under another name; and
        where the tree holds several copies of `asker` (an environment each, say), a candidate belongs
        to the copy that lies nearest to it.
        """
        home = asker.file.scope
        if all(candidate.file.scope is home for candidate in candidates):
            return candidates if isinstance(candidates, list) else list(candidates)
        key = tuple(map(id, candidates))
        if key not in self._nearby:
            self._nearby[key] = Nearby(candidates)
        return self._nearby[key].to(asker, self.copies(asker))

    @cached_property
    def _nearby(self) -> dict[tuple[int, ...], Nearby[Any]]:
        return {}

    def meant(self, candidates: Sequence[R], asker: Resource) -> list[R]:
        """Of objects that may stand for each other, those to hold `asker` against, if that can be told.

        They deploy with it, and lie at hand or in one place beside it; alternatives lie in several.
        """
        return surely_meant(self.nearest(candidates, asker), asker, self.copies, self.sees_all)

    def together(self, one: Resource, other: Resource) -> Together:
        """Whether two objects deploy together: to be asked before they are held against each other."""
        scope, away = one.file.scope, other.file.scope
        if scope is None or away is None:
            return Together.NO
        if scope is not away:
            return Together.SURELY if scope.part_of & away.part_of else Together.NO
        return self.company(scope).of(one, other)

    def company(self, scope: Scope) -> Company:
        """How the objects of a scope stand to each other."""
        if id(scope) not in self._companies:
            self._companies[id(scope)] = Company(scope)
        return self._companies[id(scope)]

    @cached_property
    def _companies(self) -> dict[int, Company]:
        return {}

    # -- what is in sight -------------------------------------------------------------------------

    def complete(self, resource: Resource) -> bool:
        """Whether the tree is declared to hold everything that the object refers to."""
        scope = resource.file.scope
        if scope is not None and scope.partial:
            return False
        return self.is_complete(resource.file.path) and not self._has_broken_file

    @cached_property
    def _has_broken_file(self) -> bool:
        """Whether what some file defines is out of sight, as it is no YAML."""
        problems = (file.problems_of("syntax", "limit") for file in self.files)
        return any(True for found in problems for _problem in found)

    def sees_all(self, folder: str) -> bool:
        """Whether all manifests of a folder are in sight: not where single files of it were given."""
        return self.sight is None or self.sight.whole(folder)

    # -- patches ----------------------------------------------------------------------------------

    def patches_mention(self, *words: str) -> bool:
        """Whether a kustomization or a patch in sight speaks of all of some words (a label, say)."""
        return any(all(word in text for word in words) for text in self._kustomizing_texts)

    @cached_property
    def _kustomizing_texts(self) -> list[str]:
        return [
            file.text
            for file in self.files
            if file.role == "patch" or file.path.rpartition("/")[2] in KUSTOMIZATION_NAMES
        ]

    def is_patched(self, resource: Resource) -> bool:
        """Whether a kustomize patch in sight speaks of an object of that kind and name."""
        kind, name = resource.kind, resource.name
        return (
            kind is not None
            and not is_built(resource)
            and is_text(name)
            and any(kind in text and name in text for text in self._kustomizing_texts)
        )


def is_built(resource: Resource) -> bool:
    """Whether an object is as it deploys: no patch in sight can change it any more."""
    return resource.file.scope is not None and not resource.file.kustomized

"""What holds for a whole mesh: what the configuration says of it, else what Istio's own files say.

What they say (see meshsource.py) holds for what lies beside their folder and below, and everywhere if it is
of the context; of several, the nearest count, and a key that they do not agree on is told by none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ..config import MESH_DEFAULTS, Config
from ..resource import DestinationRule, Resource, ServiceEntry, VirtualService
from ..source import Place, SourceFile
from ..values import Unknown
from .meshsource import MeshSource, read_sources
from .nearby import common_folder, folder_of

if TYPE_CHECKING:
    from .tree import TreeCatalog

#: Words for folders that hold a mesh, or a part of its settings, for what lies beside them.
_SHARED: Final = frozenset(
    (
        *("istio", "istiod", "mesh", "service", "servicemesh", "control", "plane", "controlplane"),
        *("infra", "infrastructure", "platform", "system", "common", "shared", "core", "addons"),
        *("base", "overlay", "overlays", "manifest", "manifests", "config", "values", "operator"),
        *("chart", "charts", "templates", "helm", "kustomize"),
    )
)


class MeshWide:
    """The settings of the mesh, or of the meshes, that a tree is for."""

    def __init__(
        self,
        said: Mapping[str, Any] | None = None,
        sources: Sequence[MeshSource] = (),
        root: str = "",
    ) -> None:
        self.said = said or {}
        # What a chart would install by itself says less than what a team installs.
        self.sources = [source for source in sources if not source.is_of_chart] or sources
        self._by_resource = {id(source.resource): source for source in self.sources}
        self._homes = {id(source.resource): _home_of(source.resource) for source in self.sources}
        self._whole = self._over(root)
        self._near: dict[int, list[MeshSource]] = {}

    @classmethod
    def of(cls, config: Config, files: Sequence[SourceFile]) -> MeshWide:
        """The settings of a configuration, and what is said in some files."""
        said = {key: value for key in MESH_DEFAULTS if (value := getattr(config, key))}
        sources = list(read_sources(files))
        return cls(said, sources, _root_of(files) if sources else "")

    def everywhere(self, key: str) -> Any:
        """What holds for the whole tree."""
        return self._said_by(self._whole, key)

    def around(self, asker: Resource, key: str, catalog: TreeCatalog) -> Any:
        """What holds for an object."""
        if key in self.said or not self.sources:
            return self._said_by((), key)
        return self._said_by(self._near_to(asker, catalog), key)

    def default_export(self, resource: Resource, catalog: TreeCatalog) -> list[Any]:
        """Who sees an object that does not say so itself; empty where all do."""
        if not self.said and not self.sources:
            return []
        key = _export_key(resource)
        if key is None or isinstance(resource.data.get("spec"), Unknown):
            return []
        entries = self.around(resource, key, catalog)
        if isinstance(resource, DestinationRule):  # of a default, Istio honours these two alone
            return ["."] if "." in entries else []
        return [] if "*" in entries else list(entries)

    def _near_to(self, asker: Resource, catalog: TreeCatalog) -> Sequence[MeshSource]:
        """The sources that hold for an object."""
        if id(asker) not in self._near:
            self._near[id(asker)] = self._find_near(asker, catalog)
        return self._near[id(asker)]

    def _find_near(self, asker: Resource, catalog: TreeCatalog) -> list[MeshSource]:
        scope = asker.file.scope
        if scope is not None and scope.part_of:
            every = [source.resource for source in self.sources]
            return [self._by_resource[id(each)] for each in catalog.nearest(every, asker)]
        return self._over(folder_of(asker))

    def _over(self, folder: str) -> list[MeshSource]:
        """The sources that hold for what lies in a folder: of those around it, the nearest."""
        around = [s for s in self.sources if _is_within(folder, self._homes[id(s.resource)])]
        nearest = max((len(self._homes[id(s.resource)]) for s in around), default=0)
        return [s for s in around if len(self._homes[id(s.resource)]) == nearest]

    def _said_by(self, sources: Sequence[MeshSource], key: str) -> Any:
        if key in self.said:
            return self.said[key]
        answers = [source.answers[key] for source in sources if key in source.answers]
        if answers and all(answer == answers[0] for answer in answers):
            return MESH_DEFAULTS[key] if isinstance(answers[0], Unknown) else answers[0]
        return MESH_DEFAULTS[key]

    def told_at(self, key: str) -> Place | None:
        """Where a setting of the whole tree is written, other than in the configuration."""
        return self._written_at(self._whole, key)

    def default_told_at(self, resource: Resource, catalog: TreeCatalog) -> Place | None:
        """Where it is written who sees an object that does not say so itself."""
        key = _export_key(resource)
        return self._written_at(self._near_to(resource, catalog), key) if key else None

    def _written_at(self, sources: Sequence[MeshSource], key: str) -> Place | None:
        value = self._said_by(sources, key)
        told = [source for source in sources if source.answers.get(key) == value]
        found = next((source for source in told if key in source.paths), None)
        return None if found is None or key in self.said else found.place(key)


def _home_of(resource: Resource) -> str:
    """The folder that a mesh's settings hold for."""
    if resource.file.context:
        return ""
    folder = folder_of(resource)
    while folder and _is_shared(folder.rpartition("/")[2]):
        folder = folder.rpartition("/")[0]
    return folder


def _is_shared(name: str) -> bool:
    """Whether a folder's name is made of words for what its neighbours share, and of numbers."""
    parts = re.split(r"[-_.]", name.lower())
    return all(part in _SHARED or part.removeprefix("v").isdigit() for part in parts)


def _is_within(folder: str, home: str) -> bool:
    return not home or f"{folder}/".startswith(f"{home}/")


def _root_of(files: Sequence[SourceFile]) -> str:
    """The folder that all files lie in, those of the context apart."""
    return common_folder({file.path.rpartition("/")[0] for file in files if not file.context})


def _export_key(resource: Resource) -> str | None:
    if isinstance(resource, VirtualService):
        return "default_virtual_service_export_to"
    if isinstance(resource, DestinationRule):
        return "default_destination_rule_export_to"
    if isinstance(resource, ServiceEntry) or resource.kind == "Service":
        return "default_service_export_to"
    return None

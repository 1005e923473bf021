"""What holds for a whole mesh: what the configuration says of it, else what Istio's own files say.

Istio's settings stand in the ConfigMap `istio` (`istio-<revision>` for a revision), which istiod reads, in
an IstioOperator, or in the values of the chart istiod.  Each is taken as a whole: what it leaves out has
Istio's default there.  It holds for what lies beside its folder and below, and everywhere if it is of the
context; of several, the nearest count, and a key that they do not agree on is told by none.

Sources: Istio reference, "Global Mesh Options"; Istio source, pkg/config/mesh (`DefaultMeshConfig`), the
chart istio-discovery (configmap.yaml), operator/pkg/render.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

from ..config import MESH_DEFAULTS, Config
from ..document import Document, Path, build
from ..parsing import DocumentError, compose
from ..resource import (
    DestinationRule,
    Resource,
    ServiceEntry,
    VirtualService,
    as_dict,
    as_list,
)
from ..source import Place, SourceFile
from ..values import HIDDEN, Unknown, is_text
from .nearby import folder_of

if TYPE_CHECKING:
    from .tree import TreeCatalog

#: Where Istio's settings have what each of ours says.
_FIELDS: Final = {
    "root_namespace": ("rootNamespace",),
    "default_service_export_to": ("defaultServiceExportTo",),
    "default_virtual_service_export_to": ("defaultVirtualServiceExportTo",),
    "default_destination_rule_export_to": ("defaultDestinationRuleExportTo",),
    "outbound_traffic_policy": ("outboundTrafficPolicy", "mode"),
}
_POLICIES: Final = ("ALLOW_ANY", "REGISTRY_ONLY")
_NAME: Final = re.compile(
    r"""\bname["']?[ \t]*:[ \t]*["']?istio(?:-[\w-]+)?["']?[ \t]*(?:$|[,}])""", re.M
)
#: Words for folders that hold a mesh, or a part of its settings, for what lies beside them.
_SHARED: Final = frozenset(
    (
        *("istio", "istiod", "mesh", "service", "servicemesh", "control", "plane", "controlplane"),
        *("infra", "infrastructure", "platform", "system", "common", "shared", "core", "addons"),
        *("base", "overlay", "overlays", "manifest", "manifests", "config", "values", "operator"),
        *("chart", "charts", "templates", "helm", "kustomize"),
    )
)


@dataclass(frozen=True, slots=True)
class MeshSource:
    """An object, or a values file, that says how a mesh is set up.

    `answers` has what holds there for each setting; one that an expression hides is Unknown.  `paths`
    are where those stand that are written.
    """

    resource: Resource
    answers: Mapping[str, Any]
    paths: Mapping[str, Path]

    def place(self, key: str) -> Place:
        """Where a setting is written; the object itself, where it is left out."""
        path = self.paths.get(key)
        if path is None:
            return self.resource.head()
        found = self.resource.at(*path, key=True)
        inner = _FIELDS.get(key, ("",))[0]
        if path != ("data", "mesh"):
            return found
        return _within(self.resource.document, inner) or found


class MeshWide:
    """The settings of the mesh, or of the meshes, that a tree is for."""

    def __init__(
        self,
        said: Mapping[str, Any] | None = None,
        sources: Sequence[MeshSource] = (),
        root: str = "",
    ) -> None:
        self.said = said or {}
        of_charts = [source for source in sources if _kind_of(source) == "chart"]
        # What a chart would install by itself says less than what a team installs.
        self.sources = [source for source in sources if source not in of_charts] or of_charts
        self._by_resource = {id(source.resource): source for source in self.sources}
        self._homes = {id(source.resource): _home_of(source.resource) for source in self.sources}
        self._whole = self._over(root)
        self._near: dict[int, list[MeshSource]] = {}

    @classmethod
    def of(cls, config: Config, files: Sequence[SourceFile]) -> MeshWide:
        """The settings of a configuration, and what is said in some files."""
        said = {key: value for key in MESH_DEFAULTS if (value := getattr(config, key))}
        sources = list(read_sources(files))
        return cls(said, sources, _common_folder(files) if sources else "")

    def everywhere(self, key: str) -> Any:
        """What holds for the whole tree."""
        return self._said_by(self._whole, key)

    def around(self, asker: Resource, key: str, catalog: TreeCatalog) -> Any:
        """What holds for an object."""
        if key in self.said or not self.sources:
            return self._said_by((), key)
        if id(asker) not in self._near:
            self._near[id(asker)] = self._deployed_with(asker, catalog)
        return self._said_by(self._near[id(asker)], key)

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

    def _deployed_with(self, asker: Resource, catalog: TreeCatalog) -> list[MeshSource]:
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
        self.default_export(resource, catalog)
        return self._written_at(self._near.get(id(resource), ()), key) if key else None

    def _written_at(self, sources: Sequence[MeshSource], key: str) -> Place | None:
        value = self._said_by(sources, key)
        told = [source for source in sources if source.answers.get(key) == value]
        found = next((source for source in told if key in source.paths), None)
        return None if found is None or key in self.said else found.place(key)


def _kind_of(source: MeshSource) -> str:
    scope = source.resource.file.scope
    return "directory" if scope is None else scope.kind


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


def _common_folder(files: Iterable[SourceFile]) -> str:
    """The folder that all files lie in, those of the context apart."""
    paths = [file.path.split("/")[:-1] for file in files if not file.context]
    parts = takewhile(lambda column: len(set(column)) == 1, zip(*paths, strict=False))
    return "/".join(column[0] for column in parts)


def _export_key(resource: Resource) -> str | None:
    if isinstance(resource, VirtualService):
        return "default_virtual_service_export_to"
    if isinstance(resource, DestinationRule):
        return "default_destination_rule_export_to"
    if isinstance(resource, ServiceEntry) or resource.kind == "Service":
        return "default_service_export_to"
    return None


# -- reading --------------------------------------------------------------------------------------


def read_sources(files: Iterable[SourceFile]) -> Iterator[MeshSource]:
    """What some files say of a mesh."""
    for file in files:
        for document in file.documents:
            if document.kind == "ConfigMap":
                text = document.text
                if "mesh:" in text and _NAME.search(text):
                    yield from _of_config_map(document)
            elif document.kind == "IstioOperator":
                yield from _of_operator(document)
            elif file.role == "values" and "meshConfig" in document.text:
                yield from _of_values(document)


def _read(document: Document, *, hide: bool = True) -> Resource | None:
    """An object that no rule looks at: the document itself stays as it is."""
    try:
        data, _repeats = build(compose(document.text), document.text, hide=hide)
    except DocumentError:
        return None
    if not isinstance(data, dict):
        return None
    twin = Document(document.file, document.index, document.text, document.offset, document.kind)
    return Resource(twin, data)


def _of_config_map(document: Document) -> Iterator[MeshSource]:
    found = _read(document, hide=False)  # one expression in the text must not hide the whole of it
    text = as_dict(found.data.get("data")).get("mesh") if found is not None else None
    if found is None or not is_text(text) or not is_text(found.name):
        return
    if found.name != "istio" and not found.name.startswith("istio-"):
        return
    try:
        settings, _repeats = build(compose(text), text)
    except DocumentError:
        return
    if not isinstance(settings, dict) or not settings:
        return
    answers = _answers(settings)
    source = MeshSource(found, answers, dict.fromkeys(_written(settings), ("data", "mesh")))
    home = found.namespace if is_text(found.namespace) else ""
    homes = ("", answers["root_namespace"], MESH_DEFAULTS["root_namespace"])
    if home in homes or HIDDEN.search(home) or _kind_of(source) == "chart":
        yield source


def _of_operator(document: Document) -> Iterator[MeshSource]:
    """An IstioOperator: the values it hands to the charts win over its other settings."""
    found = _read(document)
    if found is None or found.group != "install.istio.io":
        return
    values = as_dict(found.spec.get("values"))
    written = as_dict(found.spec.get("meshConfig"))
    over = as_dict(values.get("meshConfig"))
    if not written and not over and found.spec.get("profile") == "empty":
        return  # a gateway by itself
    answers = _answers({**written, **over}) | _of_globals(values)
    paths: dict[str, Path] = dict.fromkeys(_written(written), ("spec", "meshConfig"))
    paths |= dict.fromkeys(_written(over), ("spec", "values", "meshConfig"))
    paths = {key: (*path, _FIELDS[key][0]) for key, path in paths.items()}
    if "rootNamespace" not in written | over:
        answers["root_namespace"] = _root_of(values)
    hidden = [found.spec.get("values"), found.spec.get("meshConfig"), found.data.get("spec")]
    if any(isinstance(part, Unknown) for part in (*hidden, values.get("meshConfig"))):
        answers = {key: Unknown("") for key in answers}
    yield MeshSource(found, answers, paths)


def _of_values(document: Document) -> Iterator[MeshSource]:
    """Values of Istio's chart istiod; those of a chart in sight are in the ConfigMap that it renders."""
    path = document.file.path
    folder, name = os.path.split(path)
    if name in ("values.yaml", "values.yml") and os.path.isfile(os.path.join(folder, "Chart.yaml")):
        return
    found = _read(document)
    settings = found.data.get("meshConfig") if found is not None else None
    if found is None or not isinstance(settings, dict):
        return
    answers = _answers(settings) | _of_globals(found.data)
    if "rootNamespace" not in settings:
        answers["root_namespace"] = _root_of(found.data)
    paths = {key: ("meshConfig", _FIELDS[key][0]) for key in _written(settings)}
    yield MeshSource(found, answers, paths)


def _of_globals(values: Mapping[str, Any]) -> dict[str, Any]:
    """The domain of the cluster, which only the values of charts have."""
    proxy = as_dict(as_dict(values.get("global")).get("proxy"))
    return {"cluster_domain": _text(proxy.get("clusterDomain"), "cluster_domain")}


def _root_of(values: Mapping[str, Any]) -> Any:
    return _text(as_dict(values.get("global")).get("istioNamespace"), "root_namespace")


def _text(given: Any, key: str) -> Any:
    if given is None or given == "":
        return MESH_DEFAULTS[key]
    return given if is_text(given) else Unknown(str(given))


def _answers(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What a MeshConfig says; Unknown for what is hidden, or shaped as Istio does not take it."""
    return {key: _answer(key, settings) for key in _FIELDS}


def _answer(key: str, settings: Mapping[str, Any]) -> Any:
    value: Any = settings
    for field in _FIELDS[key]:
        if value is None:
            break
        value = value.get(field) if isinstance(value, dict) else Unknown(str(value))
    if value is None:
        return MESH_DEFAULTS[key]
    if key == "outbound_traffic_policy":
        return value if value in _POLICIES else Unknown(str(value))
    if key == "root_namespace":
        return _text(value, key)
    entries = as_list(value)
    if not entries or not all(is_text(entry) and entry for entry in entries):
        return Unknown(str(value))
    return tuple(sorted(set(entries)))


def _written(settings: Mapping[str, Any]) -> Iterator[str]:
    return (key for key, fields in _FIELDS.items() if settings.get(fields[0]) is not None)


def _within(document: Document, field: str) -> Place | None:
    """Where a field of the text in `data.mesh` stands."""
    node = document.scalar(("data", "mesh"))
    start = 0 if node is None else node.start_mark.index
    match = re.compile(rf"""^[ \t]+["']?{field}["']?[ \t]*:""", re.M).search(document.text, start)
    if match is None:
        return None
    offset = document.offset + match.end() - len(match.group().lstrip())
    return Place(document.file, fixed=document.file.span_of(offset, offset + len(field)))

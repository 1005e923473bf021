"""What Istio's own files say of a mesh.

Its settings stand in the ConfigMap `istio` (`istio-<revision>` for a revision), which istiod reads, in an
IstioOperator, or in the values of the chart istiod.  Each is taken as a whole: what it leaves out has
Istio's default there.

Sources: Istio reference, "Global Mesh Options"; Istio source, pkg/config/mesh (`DefaultMeshConfig`), the
chart istio-discovery (configmap.yaml), operator/pkg/render.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from ..config import MESH_DEFAULTS
from ..document import Document, Path
from ..document_error import DocumentError
from ..resource import Resource, as_dict, as_list
from ..source import Place, SourceFile
from ..values import HIDDEN, Unknown, is_text

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


class MeshSource(NamedTuple):
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

    @property
    def is_of_chart(self) -> bool:
        """Whether a chart in sight writes it."""
        scope = self.resource.file.scope
        return scope is not None and scope.kind == "chart"


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
    from ..nodes import plain_data

    try:
        data = plain_data(document.text, hide=hide)
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
    from ..nodes import plain_data

    try:
        settings = plain_data(text, hide=True)
    except DocumentError:
        return
    if not isinstance(settings, dict) or not settings:
        return
    answers = _answers(settings)
    source = MeshSource(found, answers, dict.fromkeys(_written(settings), ("data", "mesh")))
    home = found.namespace if is_text(found.namespace) else ""
    homes = ("", answers["root_namespace"], MESH_DEFAULTS["root_namespace"])
    if home in homes or HIDDEN.search(home) or source.is_of_chart:
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

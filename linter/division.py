"""How a tree was divided into scopes, and why: what `tsplit-lint config --scopes` shows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from .report.characters import counted, to_json, visible
from .scope import Scope
from .settings import KEYS
from .words import listed

if TYPE_CHECKING:
    from .catalog.core import Catalog
    from .resource import Resource

_REASONS: Final = {
    "chart": "a Helm chart: its Chart.yaml is here, and its templates are rendered together",
    "service": "a Harness service: a values.yaml without a Chart.yaml, with the manifests beside or below",
    "kustomization": "what the kustomization here builds",
    "declared": "declared in the configuration: these manifests deploy together, and with nothing else",
    "directory": "a plain folder: its manifests likely deploy together, with what lies above and below",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One scope.

    `alternatives` are objects that stand in several files of a plain folder: steps of a tutorial, say,
    of which one is applied at a time.  `part_of`: the declared scopes that it deploys with.  `context`:
    it is read for references only.
    """

    kind: str
    root: str
    values_set: str | None
    reason: str
    files: int
    objects: int
    complete: bool
    partial: bool
    context: bool
    part_of: tuple[str, ...]
    alternatives: tuple[str, ...]


def parts_of(catalog: Catalog) -> list[Part]:
    """The scopes that hold objects, in the order of their folders."""
    held = [(scope, list(_objects(scope))) for scope in catalog.scopes]
    parts = [_part(scope, objects, catalog) for scope, objects in held if objects]
    return sorted(parts, key=lambda part: (part.root, part.kind, part.values_set or ""))


def _objects(scope: Scope) -> Iterator[Resource]:
    """What is deployed: a chart's or a kustomization's own file is not."""
    return (r for r in scope.resources if r.kind not in (None, "Kustomization", "Component"))


def _part(scope: Scope, objects: Sequence[Resource], catalog: Catalog) -> Part:
    files = {resource.file.path for resource in objects}
    return Part(
        kind=scope.kind,
        root=scope.root or ".",
        values_set=scope.values_set or None,
        reason=_REASONS[scope.kind],
        files=len(files),
        objects=len(objects),
        complete=all(map(catalog.is_complete, files)),
        partial=scope.partial,
        context=all(resource.file.context for resource in objects),
        part_of=tuple(sorted(scope.part_of)),
        alternatives=tuple(
            f"{title} ({counted(count, 'file')})"
            for title, count in catalog.company(scope).alternatives
        ),
    )


def mesh_of(catalog: Catalog) -> dict[str, dict[str, object]]:
    """What Istio's own files say of the mesh of the whole tree, by the key of the configuration."""
    told = {}
    for key, field in KEYS.items():
        place = catalog.meshwide.told_at(field) if key.startswith("mesh.") else None
        if place is not None:
            source = f"{place.file.path}:{place.span().line}"
            told[key] = {"value": catalog.meshwide.everywhere(field), "source": source}
    return told


def as_json(parts: Sequence[Part], mesh: Mapping[str, Mapping[str, object]]) -> str:
    """The scopes for programs."""
    return to_json({"scopes": [asdict(part) for part in parts], "mesh": mesh})


def as_text(parts: Sequence[Part], mesh: Mapping[str, Mapping[str, object]]) -> str:
    """The scopes for people: a paragraph each."""
    if not parts:
        return "no object was read, so there is no scope\n"
    paragraphs = ["\n".join(_lines(part)) for part in parts]
    if mesh:
        lines = [f"  {key}: {json.dumps(s['value'])} ({s['source']})" for key, s in mesh.items()]
        paragraphs.append("\n".join(["read from Istio's own settings:", *lines]))
    return "\n\n".join(paragraphs) + "\n"


def _scopes(names: Sequence[str]) -> str:
    return f"scope{'s' if len(names) > 1 else ''} {listed(names)}"


def _lines(part: Part) -> Iterator[str]:
    name = f" with the values of {json.dumps(part.values_set)}" if part.values_set else ""
    yield f"{visible(part.root)}  ({part.kind}{name})"
    yield f"  {part.reason}"
    sight = (
        "all that it refers to is in sight" if part.complete else "others may define what it lacks"
    )
    if part.partial:
        sight = "it includes what is not in sight"
    held = f"{counted(part.objects, 'object')} of {counted(part.files, 'file')}"
    yield f"  {held}; {sight}{'; read for references only' if part.context else ''}"
    if part.part_of and part.kind != "declared":
        yield f"  deploys with the rest of the declared {_scopes(part.part_of)}"
    if part.alternatives:
        yield f"  alternatives, never held against each other: {', '.join(part.alternatives)}"

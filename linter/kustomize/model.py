"""A kustomization as it is written: what it includes, and what it does to that."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from ..document import Document
from ..document_error import DocumentError
from ..nodes import build
from ..resource import as_dict, as_list
from ..source import SourceFile, split_documents
from ..values import is_text

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node

    from ..document import Path

_API: Final = "kustomize.config.k8s.io/"
#: Fields that bring or change objects in ways that the files do not show.
_OPAQUE: Final = (
    "configurations",
    "crds",
    "generators",
    "helmChartInflationGenerator",
    "helmCharts",
    "openapi",
    "transformers",
)


@dataclass(frozen=True)
class PatchEntry:
    """One patch: the path of its file, or its text where it stands in the kustomization itself.

    `place` is where the kustomization names it.  `target` is None where the patch names its object.
    """

    place: Path
    path: str | None
    text: str | None
    target: dict[str, Any] | None
    keeps_name: bool = True
    keeps_kind: bool = True


class Kustomization:
    """A file that kustomize builds from; `folder` is absolute."""

    def __init__(self, file: SourceFile, folder: str) -> None:
        self.file = file
        self.folder = folder
        self.document = Document(file, 0, *_first(file), "Kustomization")

    @cached_property
    def data(self) -> dict[str, Any]:
        """Its content; empty where it cannot be read, or is a resource of another program."""
        try:
            # Expressions stay text: they may stand within patches, which are read on their own.
            self.document.data  # noqa: B018 bounds its aliases
            data = as_dict(build(self.document.node, self.document.text, hide=False)[0])
        except DocumentError:
            return {}
        version = data.get("apiVersion")
        ours = version is None or (is_text(version) and version.startswith(_API))
        return data if ours else {}

    @property
    def readable(self) -> bool:
        """Whether it says anything that kustomize would build."""
        return bool(self.data)

    @property
    def is_component(self) -> bool:
        """Whether it changes what includes it."""
        return self.data.get("kind") == "Component"

    @property
    def is_opaque(self) -> bool:
        """Whether the files do not show all that it does."""
        return any(self.data.get(field) for field in _OPAQUE)

    @property
    def has_patches(self) -> bool:
        """Whether it changes single objects."""
        fields = ("patches", "patchesStrategicMerge", "patchesJson6902", "replacements")
        return any(self.data.get(field) for field in fields)

    @cached_property
    def resources(self) -> list[tuple[str, str]]:
        """Its resources and bases: as written, and as an absolute path."""
        return [*self._paths("resources"), *self._paths("bases")]

    @cached_property
    def components(self) -> list[tuple[str, str]]:
        """The components that it applies."""
        return list(self._paths("components"))

    def _paths(self, field: str) -> Iterator[tuple[str, str]]:
        for entry in dict.fromkeys(filter(is_text, as_list(self.data.get(field)))):
            yield entry, self.resolve(entry)

    def resolve(self, entry: str) -> str:
        """The absolute path of a file or folder that it names; empty for one that is elsewhere."""
        if "\0" in entry or "\n" in entry or os.path.isabs(entry) or "://" in entry:
            return ""
        return os.path.normpath(os.path.join(self.folder, entry))

    @cached_property
    def merge_patches(self) -> list[PatchEntry]:
        """The entries of `patchesStrategicMerge`, which are applied first."""
        field = "patchesStrategicMerge"
        return [
            PatchEntry(
                (field, index),
                None if "\n" in entry else entry,
                entry if "\n" in entry else None,
                None,
            )
            for index, entry in enumerate(as_list(self.data.get(field)))
            if is_text(entry)
        ]

    @cached_property
    def patches(self) -> list[PatchEntry]:
        """The entries of `patches`."""
        return list(self._entries("patches"))

    @cached_property
    def json_patches(self) -> list[PatchEntry]:
        """The entries of `patchesJson6902`, which are applied last."""
        return list(self._entries("patchesJson6902"))

    def _entries(self, field: str) -> Iterator[PatchEntry]:
        for index, entry in enumerate(as_list(self.data.get(field))):
            given = as_dict(entry)
            path, text, target = (given.get(key) for key in ("path", "patch", "target"))
            options = as_dict(given.get("options"))
            yield PatchEntry(
                (field, index),
                path if is_text(path) else None,
                text if is_text(text) else None,
                target if isinstance(target, dict) else None,
                options.get("allowNameChange") is not True,
                options.get("allowKindChange") is not True,
            )

    @property
    def every_patch(self) -> list[PatchEntry]:
        """All patches."""
        return [*self.merge_patches, *self.patches, *self.json_patches]

    @property
    def patch_files(self) -> list[str]:
        """The absolute paths of the patches that are files."""
        return [self.resolve(entry.path) for entry in self.every_patch if entry.path]

    def node(self, *path: str | int) -> Node | None:
        """The node at a path."""
        return self.document.find(path)[1] if self.document.has(path) else None


def _first(file: SourceFile) -> tuple[str, int]:
    """The text of the first document, and its offset."""
    text = file.text if file.rendered is None else file.rendered.text
    offset, part = next(iter(split_documents(text)), (0, ""))
    return part, offset

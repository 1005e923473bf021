"""Builds a kustomization: what it includes, and what it makes of that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ..document import Document
from ..document_error import DocumentError
from ..kinds import read_resources
from ..source import NEEDED_KINDS, Problem, SourceFile, split_documents
from ..values import HIDDEN
from . import json_patch
from .inline import inner_shift
from .item import Item
from .merge import MergeError, merged
from .nodes import adopted, document_of, mapping, pairs_of, text_at, value_at, with_value
from .select import UnknownTarget, chosen
from .transform import (
    add_affixes,
    add_annotations,
    add_labels,
    rename_services,
    replace_values,
    set_namespace,
)
from .words import with_words_as_text

if TYPE_CHECKING:
    from .model import Kustomization, PatchEntry

#: More than any repository builds: kustomizations that include one another many times over stop here.
_MAX_STEPS: Final = 2_000
_MAX_ITEMS: Final = 20_000


class Build:
    """The objects that one kustomization makes.

    `kustomization_in` gives the kustomization of a folder, `file_at` a file, each by absolute path.
    `partial`: something is included that is not in sight, or changes what is in ways that the files do not
    show.  `files` are all files that have a part in it, `resource_files` those that hold objects;
    `problems` are what kustomize stops at.
    """

    def __init__(
        self,
        root: Kustomization,
        kustomization_in: Callable[[str], Kustomization | None],
        file_at: Callable[[str], SourceFile | None],
    ) -> None:
        self.root = root
        self.kustomization_in = kustomization_in
        self.file_at = file_at
        self.partial = root.is_component
        self.files: dict[str, SourceFile] = {}
        self.resource_files: dict[str, SourceFile] = {}
        self.problems: list[tuple[SourceFile, Problem]] = []
        self._steps = 0
        self._running: list[Kustomization] = []
        self._composed: dict[tuple[str, int, int], list[_Patch]] = {}
        self.items = self._accumulate(root)
        rename_services(self.items)
        for item in self.items:
            item.finish()

    def _accumulate(self, kustomization: Kustomization) -> list[Item]:
        items: list[Item] = []
        self._change(kustomization, items)
        return items

    def _change(self, kustomization: Kustomization, items: list[Item]) -> None:
        """Add what a kustomization includes to the objects, and change all of them."""
        self._steps += 1
        if kustomization in self._running or self._steps > _MAX_STEPS:
            self.partial = True
            return
        self._running.append(kustomization)
        self._note(kustomization.file)
        self.partial = self.partial or kustomization.is_opaque or not kustomization.readable
        for _entry, path in kustomization.resources:
            self._include(path, items)
        for _entry, path in kustomization.components:
            component = self.kustomization_in(path) if path else None
            if component is None:
                self.partial = True
            else:
                self._change(component, items)
        self._transform(kustomization, items)
        self._running.pop()

    def _include(self, path: str, items: list[Item]) -> None:
        below = self.kustomization_in(path) if path else None
        if below is not None:
            items += self._accumulate(below)
            return
        file = self.file_at(path) if path else None
        if file is None or file.rendered is not None or file.role == "values":
            self.partial = True
            return
        self.partial = self.partial or file.unreadable or bool(file.problems)
        self._note(file)
        self.resource_files[file.path] = file
        for document in file.documents:
            if document.loaded and len(items) < _MAX_ITEMS:
                items += map(Item, read_resources(document))

    def _note(self, file: SourceFile) -> None:
        self.files[file.path] = file

    def _transform(self, kustomization: Kustomization, items: list[Item]) -> None:
        for entry in (*kustomization.merge_patches, *kustomization.patches):
            self._patch(kustomization, entry, items)
        for item in items:
            set_namespace(item, kustomization)
            add_affixes(item, kustomization)
        add_labels(items, kustomization)
        for item in items:
            add_annotations(item, kustomization)
        for entry in kustomization.json_patches:
            self._patch(kustomization, entry, items)
        if not replace_values(items, kustomization):
            self.partial = True

    # -- patches ----------------------------------------------------------------------------------

    def _patch(self, kustomization: Kustomization, entry: PatchEntry, items: list[Item]) -> None:
        try:
            for patch in self._read(kustomization, entry):
                self._apply(kustomization, entry, patch, items)
        except (DocumentError, UnknownTarget):
            self.partial = True

    def _read(self, kustomization: Kustomization, entry: PatchEntry) -> list[_Patch]:
        key = (kustomization.folder, id(entry), 0)
        if key not in self._composed:
            self._composed[key] = list(self._compose(kustomization, entry))
        return self._composed[key]

    def _compose(self, kustomization: Kustomization, entry: PatchEntry) -> Iterator[_Patch]:
        if entry.path is not None:
            path = kustomization.resolve(entry.path)
            file = self.file_at(path) if path else None
            if file is None or file.rendered is not None or file.unreadable:
                raise UnknownTarget
            self._note(file)
            text = file.text
            for index, (offset, part) in enumerate(split_documents(text)):
                document = Document(file, index, part, offset, None)
                if document.data is not None and document.node is not None:
                    yield _Patch(adopted(document.node, document), document)
            return
        document = kustomization.document
        place = (
            (*entry.place, "patch") if entry.place[0] != "patchesStrategicMerge" else entry.place
        )
        scalar = kustomization.node(*place)
        if entry.text is None or not isinstance(scalar, ScalarNode):
            raise UnknownTarget
        shift = inner_shift(scalar, document.text)
        for offset, part in split_documents(entry.text):
            inner = Document(kustomization.file, 0, part, offset, None)
            if inner.data is not None and inner.node is not None:
                yield _Patch(adopted(inner.node, document, shift, offset), document)

    def _apply(
        self, kustomization: Kustomization, entry: PatchEntry, patch: _Patch, items: list[Item]
    ) -> None:
        if isinstance(patch.node, SequenceNode):
            if entry.target is not None:
                for item in [item for item in items if chosen(entry.target, item)]:
                    self._apply_json(patch, item, items)
            return
        if not isinstance(patch.node, MappingNode):
            raise UnknownTarget
        patch = _Patch(with_words_as_text(patch.node), patch.document)
        if entry.target is not None:
            for item in [item for item in items if chosen(entry.target, item)]:
                self._merge(entry, patch, item, items)
            return
        own = [item for item in items if patch.is_for(item)]
        for item in own:
            self._merge(entry, patch, item, items)
        if not own:
            self._miss(patch, items)

    def _apply_json(self, patch: _Patch, item: Item, items: list[Item]) -> None:
        try:
            root = json_patch.applied(item.root, patch.node, patch.document)
        except json_patch.PatchError as error:
            items.remove(item)
            message = f"{error.message} of {item.kind} {item.name}"
            self._fail(patch, error.node, message, item)
            return
        item.change(root, patch.document)

    def _merge(self, entry: PatchEntry, patch: _Patch, item: Item, items: list[Item]) -> None:
        try:
            root = merged(item.root, _named_as(entry, patch))
        except MergeError as error:
            items.remove(item)
            self._fail(patch, error.node, f"{item.kind} {item.name} has {error.message}", item)
            return
        if root is None:
            items.remove(item)
        else:
            item.change(root, patch.document)

    def _miss(self, patch: _Patch, items: Sequence[Item]) -> None:
        """Kustomize stops at a patch whose object the kustomization does not have."""
        kind, name = text_at(patch.node, "kind"), text_at(patch.node, "metadata", "name")
        place = value_at(value_at(patch.node, "metadata"), "name")
        if kind not in NEEDED_KINDS or not name or place is None or not items:
            return
        version = text_at(patch.node, "apiVersion")
        for item in items:
            if (item.kind, item.identities[0].name) == (kind, name):
                seen = item.identities[0]
                if seen.api_version == version:
                    what = f"namespace {seen.namespace or '(none)'}"
                else:
                    what = f"apiVersion {seen.api_version}"
                message = f"the {kind} {name} that it builds has {what}, not that of this patch"
                self._fail(patch, place, message)
                return
        self._fail(patch, place, f"it builds no {kind} {name}, which this patch is for")

    def _fail(self, patch: _Patch, node: Node, message: str, item: Item | None = None) -> None:
        """Keep what kustomize stops at, if all that it builds from is in sight."""
        document = document_of(node, patch.document)
        sources = [patch.document, *([item.origin, *item.changes] if item is not None else ())]
        if self.partial or any(HIDDEN.search(source.text) for source in sources):
            self.partial = True
            return
        start, end = document.offset + node.start_mark.index, document.offset + node.end_mark.index
        span = document.file.span_of(start, end if isinstance(node, ScalarNode) else start)
        self.partial = True
        self.problems.append((document.file, Problem("build", message, span)))


class _Patch:
    """One document of a patch: its tree, and the document that it stands in."""

    def __init__(self, node: Node, document: Document) -> None:
        self.node = node
        self.document = document

    def is_for(self, item: Item) -> bool:
        """Whether it names an object by what that is called, or was called at some time."""
        metadata = ("metadata",)
        wanted = (
            text_at(self.node, "apiVersion") or "",
            text_at(self.node, "kind") or "",
            text_at(self.node, *metadata, "name") or "",
            text_at(self.node, *metadata, "namespace") or "default",
        )
        return any(
            wanted == (each.api_version, each.kind, each.name, each.effective_namespace)
            for each in item.identities
        )


def _named_as(entry: PatchEntry, patch: _Patch) -> Node:
    """A patch without what it may not change: an object keeps its name (prefix and all), namespace, kind."""
    node = patch.node
    if entry.keeps_kind:
        for field in ("apiVersion", "kind"):
            node = mapping([p for p in pairs_of(node) if p[0].value != field], node)
    metadata = value_at(node, "metadata")
    if metadata is not None:
        dropped = ("name", "namespace") if entry.keeps_name else ("namespace",)
        kept = [p for p in pairs_of(metadata) if p[0].value not in dropped]
        key = next(key for key, value in pairs_of(node) if value is metadata)
        node = with_value(node, key, mapping(kept, metadata))
    return node

"""A built object as a document: its data is what deploys, its places are where a person wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ruamel.yaml.nodes import Node, ScalarNode

from ..document import Document
from ..finding import ResourceName, Span
from .nodes import Mark

if TYPE_CHECKING:
    from ..document import Path
    from ..source import SourceFile
    from .item import Item


class BuiltDocument(Document):
    """A document that a kustomization has changed, or taken as it is.

    `origin` is the document of its file, `base` the object's path in it, `changes` are the documents that
    have a part in it.
    """

    __slots__ = ("base", "changes", "identity", "origin")

    def __init__(self, item: Item, file: SourceFile) -> None:
        origin = item.origin
        super().__init__(file, origin.index, origin.text, origin.offset, origin.kind)
        self.origin = origin
        self.base = item.resource.base
        self.changes = tuple(item.changes)
        self.identity: ResourceName | None = item.resource.identity
        self.repeats_keys = origin.repeats_keys
        self._data = item.data
        self._has_data = True
        self._node = item.root if item.is_changed else None

    @property
    def node(self) -> Node | None:
        """The tree of the object as it is built; that of the whole document where nothing is changed."""
        return self._node if self._node is not None else self.origin.node

    @property
    def is_changed(self) -> bool:
        """Whether it differs from its file."""
        return self._node is not None

    @property
    def is_linted(self) -> bool:
        """Whether a file that has a part in it is linted."""
        return any(not document.file.context for document in (self.origin, *self.changes))

    @property
    def source(self) -> object:
        """What tells its object in its file from others, however many kustomizations build it."""
        return id(self.origin), self.base

    def mentions(self, word: str) -> bool:
        """Whether a word stands in its text, or in that of what changes it."""
        return super().mentions(word) or any(each.mentions(word) for each in self.changes)

    def home(self, path: Path, *, key: bool = False) -> Document:
        """The document that holds what is shown for a path."""
        mark = self._shown(path, key=key)[1].start_mark
        return mark.document if isinstance(mark, Mark) else self

    def _shown(self, path: Path, *, key: bool) -> tuple[Node, Node]:
        """The node at a path, and the one that is shown for it: the key, for a mapping or a list."""
        key_node, node = self.find(path)
        assert node is not None  # noqa: S101 an object has a tree
        if key_node is not None and (key or not isinstance(node, ScalarNode) or node.value == ""):
            return node, key_node
        return node, node

    def span(self, path: Path = (), *, key: bool = False) -> Span:
        """Where the value at a path stands in the file that a person edits."""
        _node, shown = self._shown(path, key=key)
        home = self.home(path, key=key)
        start, end = shown.start_mark.index, shown.end_mark.index
        text = home.text
        if not isinstance(shown, ScalarNode):
            line = text.find("\n", start)
            end = start + len(text[start : len(text) if line < 0 else line].rstrip())
        return home.file.span_of(home.offset + start, home.offset + max(start, end))

"""One YAML document: plain data, and the position of every value on demand.

A path such as `("spec", "http", 0)` becomes a line and a column only when a finding needs it.  Most
documents are read line by line: the parser, whose import takes as long as a run, is imported for the rest
and for positions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from .finding import ResourceName, Span
from .lines import read_lines
from .values import UNKNOWN_MARK, Unknown

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node, ScalarNode

    from .source import SourceFile

Path = tuple[str | int, ...]

#: The annotation of an object that Harness changes.
MANAGED: Final = "harness.io/managed"


class Document:
    """One YAML document of a file.

    `offset` says where its text begins in what was parsed (the rendered text, for a
    template).  `kind` is read from the text by a glance, so that documents no rule needs are never
    composed; `node` and `data` compose on first use and raise DocumentError.
    """

    __slots__ = (
        "_data",
        "_has_data",
        "_mentions",
        "_node",
        "file",
        "index",
        "kind",
        "offset",
        "repeats_keys",
        "text",
    )

    #: The name of its object in its file, where it is deployed under another one.
    identity: ResourceName | None = None

    def __init__(
        self, file: SourceFile, index: int, text: str, offset: int, kind: str | None
    ) -> None:
        self.file = file
        self.index = index
        self.text = text
        self.offset = offset
        self.kind = kind
        self.repeats_keys = False
        self._has_data = False
        self._mentions: dict[str, bool] = {}
        self._node: Node | None = None
        self._data: Any = None

    def mentions(self, word: str) -> bool:
        """Whether a word stands anywhere in its text; looked up once for all items of a `List`."""
        if word not in self._mentions:
            self._mentions[word] = word in self.text
        return self._mentions[word]

    @property
    def is_linted(self) -> bool:
        """Whether a file that has a part in it is linted."""
        return not self.file.context

    @property
    def source(self) -> object:
        """What tells its object in its file from others, however many kustomizations build it."""
        return id(self)

    def home(self, path: Path, *, key: bool = False) -> Document:
        """The document that a person edits to change what is at a path."""
        return self

    @property
    def loaded(self) -> bool:
        """Whether the document has been composed."""
        return self._has_data

    @property
    def data(self) -> Any:
        """The document as plain data; expressions are Unknown."""
        if not self._has_data:
            self._load()
        return self._data

    @property
    def node(self) -> Node | None:
        """The document as the parser's node tree, composed anew for the few that need positions."""
        if self._node is None:
            from .parsing import compose

            self._node = compose(self.text)
        return self._node

    def _load(self) -> None:
        self._data = read_lines(self.text)
        if self._data is None:
            from .nodes import build
            from .parsing import compose

            node = compose(self.text)
            self._data, self.repeats_keys = build(node, self.text)
            if MANAGED in self.text:
                self._node = node  # most findings are about managed objects: these trees are kept
        self._has_data = True
        if self.file.open_blocks and isinstance(self._data, dict) and self._is_open():
            self._data["spec"] = Unknown(UNKNOWN_MARK)

    def _is_open(self) -> bool:
        """Whether a block that perhaps is not written stands within `spec`.

        One that holds whole documents leaves each of them as it is.
        """
        file = self.file
        spec = ("\n" + self.text).find("\nspec:")
        if file.rendered is None or spec < 0:
            return False
        start = file.rendered.origin(self.offset + spec).start
        after = self.offset + len(self.text)
        end = len(file.text)
        if after < len(file.rendered.text):
            end = file.rendered.origin(after).start
        return any(
            start < first < end and "\n---" not in file.text[first:last]
            for first, last in file.open_blocks
        )

    def find(self, path: Path) -> tuple[Node | None, Node | None]:
        """The key node (None inside a sequence) and the value node at a path.

        Follows merge keys.  A path that leads nowhere gives the deepest part that exists.
        """
        from .nodes import follow

        return follow(self.node, path)

    def has(self, path: Path) -> bool:
        """Whether the path leads to a value."""
        from .nodes import leads_somewhere

        return leads_somewhere(self.node, path)

    def span(self, path: Path = (), *, key: bool = False) -> Span:
        """Where the value at a path stands in the file that a person edits.

        A scalar is its own span; a mapping or sequence under a key is shown at that key.  With
        `key=True` it is the key in any case.
        """
        key_node, node = self.find(path)
        if node is None:
            return self.file.span_of(self.offset, self.offset)
        if key_node is not None and (key or not _is_scalar(node) or node.value == ""):
            node = key_node
        start, end = node.start_mark.index, node.end_mark.index
        if not _is_scalar(node):
            end = self._end_of_line(start)
        return self.file.span_of(self.offset + start, self.offset + max(start, end))

    def _end_of_line(self, start: int) -> int:
        end = self.text.find("\n", start)
        end = len(self.text) if end < 0 else end
        return start + len(self.text[start:end].rstrip())

    def scalar(self, path: Path) -> ScalarNode | None:
        """The scalar node at a path (its `style` is empty for a plain one), or None."""
        if not self.has(path):
            return None
        node = self.find(path)[1]
        return node if node is not None and _is_scalar(node) else None

    def duplicate_keys(self) -> Iterator[tuple[Node, Node]]:
        """Each repeated key of a mapping with the key it repeats (later, earlier)."""
        if self.repeats_keys:
            from .nodes import repeated_keys

            yield from repeated_keys(self.node)

    def node_span(self, node: Node) -> Span:
        """Where a node stands in the file that a person edits."""
        start, end = node.start_mark.index, node.end_mark.index
        return self.file.span_of(self.offset + start, self.offset + end)


def _is_scalar(node: Node) -> TypeGuard[ScalarNode]:
    """Whether a node is a scalar, told without importing the parser's classes."""
    return isinstance(node.value, str)


def path_text(path: Path) -> str:
    """A path as a reader writes it: `spec.http[0].route`, `metadata.annotations["a.b/c"]`."""
    parts: list[str] = []
    for part in path:
        if isinstance(part, int):
            parts.append(f"[{part}]")
        elif re.fullmatch(r"[\w-]+", part):
            parts.append(f".{part}" if parts else part)
        else:
            parts.append(f'["{part}"]')
    return "".join(parts)

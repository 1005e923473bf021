"""One YAML document: plain data, and the position of every value on demand.

The node tree of the parser becomes plain Python data.  A path such as `("spec", "http", 0)` becomes a
line and a column only when a finding needs it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from .finding import ResourceName, Span
from .lines import read_lines
from .parsing import MAX_DEPTH, NO_TAG, DocumentError, compose
from .values import BOOLEAN_KEYS, HIDDEN, UNKNOWN_MARK, Unknown, plain_scalar

if TYPE_CHECKING:
    from .source import SourceFile

Path = tuple[str | int, ...]

#: How many values a document may stand for once its aliases are written out.
MAX_VALUES: Final = 500_000

_TAG: Final = "tag:yaml.org,2002:"
#: The annotation of an object that Harness changes.
MANAGED: Final = "harness.io/managed"


def _bound_aliases(root: Node) -> None:
    """Refuse a document whose aliases, written out, make it larger or deeper than any manifest."""
    known: dict[Node, tuple[int, int]] = {}
    running: set[Node] = set()

    def measure(node: Node) -> tuple[int, int]:
        """How many values a node stands for, and how deep they nest."""
        if isinstance(node, ScalarNode):
            return 1, 1
        if node in known:
            return known[node]
        if node in running:
            raise DocumentError(
                "limit", "an alias stands inside its own anchor", node.start_mark.index
            )
        running.add(node)
        total, depth = 1, 0
        for child in _children(node):
            below, deep = measure(child)
            total, depth = total + below, max(depth, deep)
        running.discard(node)
        if total > MAX_VALUES:
            message = f"its aliases stand for more than {MAX_VALUES:,} values"
            raise DocumentError("limit", message, node.start_mark.index)
        if depth >= MAX_DEPTH:
            message = f"its aliases nest more than {MAX_DEPTH} levels deep"
            raise DocumentError("limit", message, node.start_mark.index)
        known[node] = total, depth + 1
        return known[node]

    measure(root)


def _children(node: Node) -> Iterator[Node]:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield key
            yield value
    else:
        yield from node.value


class _Builder:
    """Node tree → plain data, as Kubernetes reads it.

    With `aliases`, a node that an alias repeats gives one shared object, so that aliases cost nothing.
    """

    def __init__(self, *, hidden: bool, aliases: bool, merges: bool) -> None:
        self.hidden = hidden
        self.aliases = aliases
        self.merges = merges
        self.built: dict[Node, Any] = {}
        self.repeats_keys = False

    def build(self, node: Any) -> Any:
        kind = type(node)
        if kind is ScalarNode:
            text = node.value
            if self.hidden and HIDDEN.search(text):
                return Unknown(text)
            if node.ctag is not NO_TAG:
                return _tagged(node.tag, text)
            return text if node.style else plain_scalar(text)
        if self.aliases and node in self.built:
            return self.built[node]
        result = self.mapping(node) if kind is MappingNode else list(map(self.build, node.value))
        if self.aliases:
            self.built[node] = result
        return result

    def mapping(self, node: Any) -> Any:
        if node.flow_style and any(type(key) is MappingNode for key, _value in node.value):
            return Unknown("{{…}}")  # a template action that happens to be a YAML flow mapping
        if self.merges and any(_is_merge(key) for key, _value in node.value):
            return self.merged(node)
        build = self.build
        result = {key_text(key): build(value) for key, value in node.value}
        if len(result) < len(node.value):
            self.note_repeats(node)
        return result

    def merged(self, node: Any) -> Any:
        """A mapping with merge keys: its own keys win over merged ones, the first merge over later.

        Where an expression stands for what is merged, any key may be there: the whole is Unknown.
        """
        own: dict[str, Any] = {}
        others: list[dict[str, Any]] = []
        for key, value in node.value:
            if not _is_merge(key):
                own[key_text(key)] = self.build(value)
                continue
            for part in value.value if type(value) is SequenceNode else [value]:
                other = self.build(part)
                if isinstance(other, Unknown):
                    return other
                others.append(other if isinstance(other, dict) else {})
        for other in others:
            for name, item in other.items():
                own.setdefault(name, item)
        self.note_repeats(node)
        return own

    def note_repeats(self, node: MappingNode) -> None:
        """Look whether a mapping repeats a key."""
        self.repeats_keys = self.repeats_keys or next(_repeated(node), None) is not None


def _is_merge(key: Node) -> bool:
    return type(key) is ScalarNode and key.value == "<<" and not key.style


def _repeated(node: MappingNode) -> Iterator[tuple[Node, Node]]:
    """The repeated keys of one mapping, each with the key that it repeats."""
    first: dict[str, Node] = {}
    for key, _value in node.value:
        name = key_text(key)
        if name in first and not _is_merge(key) and name != "?":
            yield key, first[name]
        first.setdefault(name, key)


def key_text(node: Node) -> str:
    """The text of a mapping key; a boolean key is written `true` or `false` as JSON has it."""
    if type(node) is not ScalarNode:
        return "?"
    text: str = node.value
    return text if node.style else BOOLEAN_KEYS.get(text, text)


def _tagged(tag: str | None, text: str) -> Any:
    word = (tag or "").removeprefix(_TAG)
    if word == "str" or tag == "!":
        return text
    if word in ("bool", "int", "float", "null"):
        return plain_scalar(text)
    return text


def build(node: Node | None, text: str, *, hide: bool = True) -> tuple[Any, bool]:
    """Plain data of a node tree, and whether a mapping in it repeats a key.

    With `hide`, text that holds an expression becomes Unknown.  Raises DocumentError when aliases make
    it too large.
    """
    if node is None:
        return None, False
    aliases = "*" in text and "&" in text
    if aliases:
        _bound_aliases(node)
    hidden = hide and HIDDEN.search(text) is not None
    builder = _Builder(hidden=hidden, aliases=aliases, merges="<<" in text)
    return builder.build(node), builder.repeats_keys


def plain_data(text: str) -> Any:
    """The data of a text of one document, expressions left as text; raises DocumentError."""
    return build(compose(text), text, hide=False)[0]


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
            self._node = compose(self.text)
        return self._node

    def _load(self) -> None:
        self._data = read_lines(self.text)
        if self._data is None:
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
        key: Node | None = None
        node = self.node
        for part in path:
            step = _step(node, part)
            if step is None:
                break
            key, node = step
        return key, node

    def has(self, path: Path) -> bool:
        """Whether the path leads to a value."""
        node = self.node
        for part in path:
            step = _step(node, part)
            if step is None:
                return False
            node = step[1]
        return node is not None

    def span(self, path: Path = (), *, key: bool = False) -> Span:
        """Where the value at a path stands in the file that a person edits.

        A scalar is its own span; a mapping or sequence under a key is shown at that key.  With
        `key=True` it is the key in any case.
        """
        key_node, node = self.find(path)
        if node is None:
            return self.file.span_of(self.offset, self.offset)
        if key_node is not None and (key or not isinstance(node, ScalarNode) or node.value == ""):
            node = key_node
        start, end = node.start_mark.index, node.end_mark.index
        if not isinstance(node, ScalarNode):
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
        return node if isinstance(node, ScalarNode) else None

    def duplicate_keys(self) -> Iterator[tuple[Node, Node]]:
        """Each repeated key of a mapping with the key it repeats (later, earlier)."""
        stack = [self.node] if self.repeats_keys and self.node is not None else []
        seen: set[int] = set()
        while stack:
            node = stack.pop()
            if id(node) in seen or isinstance(node, ScalarNode):
                continue
            seen.add(id(node))
            if isinstance(node, MappingNode):
                yield from _repeated(node)
                stack.extend(value for _key, value in node.value)
            else:
                stack.extend(node.value)

    def node_span(self, node: Node) -> Span:
        """Where a node stands in the file that a person edits."""
        start, end = node.start_mark.index, node.end_mark.index
        return self.file.span_of(self.offset + start, self.offset + end)


def _step(node: Node | None, part: str | int) -> tuple[Node | None, Node] | None:
    if isinstance(node, SequenceNode):
        if isinstance(part, int) and 0 <= part < len(node.value):
            return None, node.value[part]
        return None
    if not isinstance(node, MappingNode):
        return None
    found = None
    merged: list[Node] = []
    for key_node, value_node in node.value:
        name = key_text(key_node)
        if name == part:
            found = (key_node, value_node)
        elif name == "<<":
            merged.append(value_node)
    if found is not None:
        return found
    for source in merged:
        for item in source.value if isinstance(source, SequenceNode) else [source]:
            step = _step(item, part) if isinstance(item, MappingNode) else None
            if step is not None:
                return step
    return None


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

"""The parser's node tree: plain data of it, as Kubernetes reads it, and the way to a place in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from .document_error import DocumentError
from .parsing import MAX_DEPTH, NO_TAG, compose
from .values import BOOLEAN_KEYS, HIDDEN, Unknown, plain_scalar

if TYPE_CHECKING:
    from .document import Path

#: How many values a document may stand for once its aliases are written out.
MAX_VALUES: Final = 500_000

_TAG: Final = "tag:yaml.org,2002:"


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


def plain_data(text: str, *, hide: bool = False) -> Any:
    """The data of a text of one document, expressions left as text; raises DocumentError.

    With `hide`, text that holds an expression becomes Unknown.
    """
    return build(compose(text), text, hide=hide)[0]


def follow(node: Node | None, path: Path) -> tuple[Node | None, Node | None]:
    """The key node (None inside a sequence) and the value node at a path below a node.

    Follows merge keys.  A path that leads nowhere gives the deepest part that exists.
    """
    key: Node | None = None
    for part in path:
        step = _step(node, part)
        if step is None:
            break
        key, node = step
    return key, node


def leads_somewhere(node: Node | None, path: Path) -> bool:
    """Whether a path leads from a node to a value."""
    for part in path:
        step = _step(node, part)
        if step is None:
            return False
        node = step[1]
    return node is not None


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


def repeated_keys(root: Node | None) -> Iterator[tuple[Node, Node]]:
    """Each repeated key of a mapping with the key it repeats (later, earlier)."""
    stack = [] if root is None else [root]
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

"""Node trees that are changed without being mutated; every value keeps the place it was written at.

Base objects are shared by all builds that include them, so an edit copies the containers on its way and
leaves the rest as it is.  Nodes that come from elsewhere (a patch, a kustomization) carry a Mark that
names their document; a node of the object's own file keeps the parser's mark.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ..nodes import key_text
from ..parsing import NO_TAG
from ..values import UNKNOWN_MARK, WORDS

if TYPE_CHECKING:
    from ..document import Document

#: Keys that stand for others: a merge key, and words for booleans.
_INDIRECT = frozenset(("<<", *WORDS))

Pairs = list[tuple[Node, Node]]


@dataclass(frozen=True, slots=True)
class Mark:
    """A character of another document's text."""

    index: int
    document: Document


def document_of(node: Node, own: Document) -> Document:
    """The document that a node was written in."""
    mark = node.start_mark
    return mark.document if isinstance(mark, Mark) else own


def adopted(
    node: Node, document: Document, shift: Callable[[int], int] = lambda at: at, offset: int = 0
) -> Node:
    """A copy of a tree whose nodes know their document; merge keys and aliases are written out.

    `shift` gives the place in the document of a place in the text that was parsed, which may begin at an
    `offset` in a scalar of the document.
    """
    start = Mark(shift(node.start_mark.index + offset), document)
    end = Mark(shift(node.end_mark.index + offset), document)
    if isinstance(node, ScalarNode):
        return ScalarNode(node.ctag, node.value, start, end, node.style)
    if isinstance(node, SequenceNode):
        items = [adopted(item, document, shift, offset) for item in node.value]
        return SequenceNode(node.ctag, items, start, end, node.flow_style)
    pairs = [
        (adopted(key, document, shift, offset), adopted(value, document, shift, offset))
        for key, value in pairs_of(node)
    ]
    return MappingNode(node.ctag, pairs, start, end, getattr(node, "flow_style", False))


def pairs_of(node: Node | None) -> Pairs:
    """The keys and values of a mapping as a cluster reads them: merge keys followed, the last one wins."""
    if not isinstance(node, MappingNode):
        return []
    own: dict[str, tuple[Node, Node]] = {}
    merged: Pairs = []
    for key, value in node.value:
        name = key_text(key)
        if name == "<<" and not key.style:
            parts = value.value if isinstance(value, SequenceNode) else [value]
            merged += [pair for part in parts for pair in pairs_of(part)]
        else:
            own[name] = (key, value)
    for key, value in merged:
        own.setdefault(key_text(key), (key, value))
    return list(own.values())


def value_at(node: Node | None, name: str) -> Node | None:
    """The value of a key of a mapping."""
    if not isinstance(node, MappingNode):
        return None
    merges = False
    for key, value in reversed(node.value):
        if key.value == name and key_text(key) == name:
            return value  # type: ignore[no-any-return]
        merges = merges or key.value in _INDIRECT
    if not merges:
        return None
    return next((value for key, value in pairs_of(node) if key_text(key) == name), None)


def text_at(node: Node | None, *names: str) -> str | None:
    """The text of the scalar at a path of keys."""
    for name in names:
        node = value_at(node, name)
    return node.value if isinstance(node, ScalarNode) else None


def is_null(node: Node | None) -> bool:
    """Whether a node is an unquoted null."""
    return (
        isinstance(node, ScalarNode)
        and not node.style
        and node.ctag is NO_TAG
        and node.value in ("", "~", "null", "Null", "NULL")
    )


def text_node(text: str, like: Node, document: Document) -> ScalarNode:
    """Text that stands for the place of another node; `document` is that node's, unless it has a Mark."""
    start, end = marks_of(like, document)
    return ScalarNode(NO_TAG, text, start, end, '"')


def hidden_at(like: Node) -> ScalarNode:
    """A value that is not known, at the place of another node."""
    return ScalarNode(NO_TAG, UNKNOWN_MARK, like.start_mark, like.end_mark)


def marks_of(node: Node, document: Document) -> tuple[Any, Any]:
    """The marks of a node, as seen from any document."""
    if isinstance(node.start_mark, Mark):
        return node.start_mark, node.end_mark
    return Mark(node.start_mark.index, document), Mark(node.end_mark.index, document)


def mapping(pairs: Pairs, like: Node) -> MappingNode:
    """A mapping that stands at the place of another node."""
    return MappingNode(NO_TAG, pairs, like.start_mark, like.end_mark, False)


def sequence(items: list[Node], like: Node) -> SequenceNode:
    """A list that stands at the place of another node."""
    return SequenceNode(NO_TAG, items, like.start_mark, like.end_mark, False)


def with_value(node: Node, key: Node, value: Node) -> MappingNode:
    """A mapping with one key set; the key's own place is the new one."""
    name = key_text(key)
    pairs = [(key, value) if key_text(old) == name else (old, was) for old, was in pairs_of(node)]
    if not any(old is key for old, _value in pairs):
        pairs.append((key, value))
    return mapping(pairs, node)


def without(node: Node, name: str) -> MappingNode:
    """A mapping without a key."""
    return mapping([pair for pair in pairs_of(node) if key_text(pair[0]) != name], node)


Change = Callable[[Node], Node]


def changed(node: Node, path: tuple[str, ...], change: Change) -> Node:
    """A tree with what stands at a path changed; `*` is every item of a list, a number one of them.

    A path that leads nowhere changes nothing: the tree itself is given then.
    """
    if not path:
        return change(node)
    first, rest = path[0], path[1:]
    if isinstance(node, SequenceNode) and first == "*":
        items = [changed(item, rest, change) for item in node.value]
        same = all(new is old for new, old in zip(items, node.value, strict=True))
        return node if same else sequence(items, node)
    if isinstance(node, SequenceNode):
        number = int(first) if first.isdecimal() else len(node.value)
        if number >= len(node.value):
            return node
        item = changed(node.value[number], rest, change)
        items = [*node.value[:number], item, *node.value[number + 1 :]]
        return node if item is node.value[number] else sequence(items, node)
    value = value_at(node, first)
    if value is None:
        return node
    below = changed(value, rest, change)
    if below is value:
        return node
    pairs = [(key, below if old is value else old) for key, old in pairs_of(node)]
    return mapping(pairs, node)


def with_parents(node: Node, path: tuple[str, ...], at: Node, document: Document) -> Node:
    """A tree in which the mappings on the way to a path exist; those made stand at the place of `at`.

    What follows a `*` is made within every item.
    """
    if not path:
        return node
    first, rest = path[0], path[1:]
    if first == "*":
        if not isinstance(node, SequenceNode):
            return node
        return sequence([with_parents(item, rest, at, document) for item in node.value], node)
    if not isinstance(node, MappingNode):
        return node
    child = value_at(node, first)
    if child is None or is_null(child):
        key = text_node(first, at, document)
        return with_value(node, key, with_parents(mapping([], key), rest, at, document))
    return changed(node, (first,), lambda found: with_parents(found, rest, at, document))

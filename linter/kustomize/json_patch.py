"""JSON patches on node trees (RFC 6902), as kustomize applies them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from ..nodes import build, key_text
from .nodes import (
    mapping,
    marks_of,
    pairs_of,
    sequence,
    text_at,
    text_node,
    value_at,
    with_value,
    without,
)

if TYPE_CHECKING:
    from ..document import Document

_INDEX: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,8})\Z")


class PatchError(Exception):
    """An operation that cannot be applied; `node` is where it stands."""

    def __init__(self, message: str, node: Node) -> None:
        super().__init__(message)
        self.message = message
        self.node = node


def applied(root: Node, operations: Node, document: Document) -> Node:
    """The tree after the operations, which stand in `document`; raises PatchError."""
    items = operations.value if isinstance(operations, SequenceNode) else [operations]
    for item in items:
        root = _apply(root, item, document)
    return root


def _apply(root: Node, item: Node, document: Document) -> Node:
    kind, path = text_at(item, "op"), value_at(item, "path")
    if kind not in ("add", "replace", "remove", "move", "copy", "test") or path is None:
        raise PatchError("it is no operation of a JSON patch", item)
    edit = _Edit(path, document)
    parts = _parts(path)
    if kind == "remove":
        return edit.at(root, parts, edit.remove)
    if kind in ("move", "copy"):
        start = value_at(item, "from")
        if start is None:
            raise PatchError(f"a {kind} needs from", item)
        value = _find(root, _parts(start), start, missing=_null(start, document))
        if kind == "move":
            root = _Edit(start, document).at(root, _parts(start), edit.remove)
        return _Edit(path, document, value).at(root, parts, edit.add(value))
    value_node = value_at(item, "value")
    if kind == "test":
        found = _find(root, parts, path)
        if value_node is not None and not _same(found, value_node):
            raise PatchError(f"the test of {path.value} does not hold", path)
        return root
    if value_node is None:
        value_node = _null(path, document)
    edit = _Edit(path, document, value_node)
    if kind == "replace":
        return edit.at(root, parts, edit.replace(value_node))
    return edit.at(root, parts, edit.add(value_node))


def _null(place: Node, document: Document) -> Node:
    node = text_node("", place, document)
    node.style = None
    return node


def _parts(path: Node) -> list[str]:
    text = path.value if isinstance(path.value, str) else "?"
    if text and not text.startswith("/"):
        raise PatchError(f'the path "{text}" does not begin with a slash', path)
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _find(root: Node, parts: list[str], path: Node, *, missing: Node | None = None) -> Node:
    """What stands at a path; `missing` stands for a last key that is not there."""
    node: Node | None = root
    for number, part in enumerate(parts, start=1):
        if isinstance(node, SequenceNode):
            place = _index(part, len(node.value), path)
            node = node.value[place]
        else:
            default = missing if number == len(parts) and isinstance(node, MappingNode) else None
            node = value_at(node, part) or default
        if node is None:
            raise _missing(path)
    assert node is not None  # noqa: S101 a missing part has raised
    return node


def _index(part: str, length: int, path: Node) -> int:
    if not _INDEX.match(part):
        raise PatchError(f'"{part}" in {path.value} is no index of a list', path)
    place = int(part)
    place += length if place < 0 else 0
    if not 0 <= place < length:
        raise _missing(path)
    return place


def _missing(path: Node) -> PatchError:
    return PatchError(f"the object has nothing at {path.value}", path)


#: What stands for the whole object is shown where the object is.
_TOP: Final = frozenset(("metadata", "spec"))

#: Changes a container at its last path part; gives the container as it is then.
Step = Callable[[Node, str], Node]


class _Edit:
    """One change at a path.

    A list whose item is changed is shown at the operation from then on: a route that sums to 90 now.
    """

    def __init__(self, path: Node, document: Document, value: Node | None = None) -> None:
        self.path = path
        self.document = document
        self.is_block = isinstance(value, MappingNode | SequenceNode)

    def at(self, root: Node, parts: list[str], step: Step) -> Node:
        """The tree with the last part of the path changed by `step`."""
        if not parts:
            raise PatchError("it would replace the whole object", self.path)
        is_item = parts[-1] == "-" or _INDEX.match(parts[-1]) is not None
        reach = 1 if is_item else 0 if self.is_block else 2
        return self._down(root, parts, step, len(parts) - 1 - reach)

    def _down(self, node: Node, parts: list[str], step: Step, near: int) -> Node:
        """`near`: how many parts further on the containers begin that are shown at the operation."""
        part, rest = parts[0], parts[1:]
        if not rest:
            return step(node, part)
        if isinstance(node, SequenceNode):
            items = list(node.value)
            place = _index(part, len(items), self.path)
            items[place] = self._shown(self._down(items[place], rest, step, near - 1), near)
            return sequence(items, node)
        pairs = pairs_of(node)
        for index, (key, value) in enumerate(pairs):
            if key_text(key) == part:
                shown = self._key(part) if near <= 0 and part not in _TOP else key
                pairs[index] = (shown, self._down(value, rest, step, near - 1))
                return mapping(pairs, node)
        raise _missing(self.path)

    def _shown(self, node: Node, near: int) -> Node:
        if near <= 0:
            node.start_mark, node.end_mark = marks_of(self.path, self.document)
        return node

    def remove(self, node: Node, part: str) -> Node:
        if isinstance(node, SequenceNode):
            place = _index(part, len(node.value), self.path)
            return sequence([*node.value[:place], *node.value[place + 1 :]], node)
        if value_at(node, part) is None:
            raise _missing(self.path)
        return without(node, part)

    def replace(self, value: Node) -> Step:
        def step(node: Node, part: str) -> Node:
            if isinstance(node, SequenceNode):
                items = list(node.value)
                items[_index(part, len(items), self.path)] = value
                return sequence(items, node)
            if not isinstance(node, MappingNode):
                raise _missing(self.path)
            return with_value(node, self._key(part), value)  # a key that is missing is added

        return step

    def add(self, value: Node) -> Step:
        def step(node: Node, part: str) -> Node:
            if isinstance(node, SequenceNode):
                items = list(node.value)
                place = len(items) if part == "-" else _index(part, len(items) + 1, self.path)
                items.insert(place, value)
                return sequence(items, node)
            if not isinstance(node, MappingNode):
                raise _missing(self.path)
            return with_value(node, self._key(part), value)

        return step

    def _key(self, part: str) -> Node:
        return text_node(part, self.path, self.document)


def _same(one: Node, other: Node) -> bool:
    """Whether two values are the same in JSON, where `true` is not 1."""
    texts = [json.dumps(build(node, "<<")[0], sort_keys=True) for node in (one, other)]
    return texts[0] == texts[1]

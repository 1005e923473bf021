"""Words that kustomize reads as text and writes in quotes, though a cluster takes them for booleans.

Kustomize reads its resources as YAML 1.2, where `yes` and `on` are text, and turns the values of
annotations into text.  JSON patches are read as a cluster reads YAML.
"""

from __future__ import annotations

import re
from typing import Final

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ..parsing import NO_TAG
from ..values import WORDS
from .nodes import changed, mapping, pairs_of, sequence

_TEXT: Final = frozenset(
    word
    for word, value in WORDS.items()
    if isinstance(value, bool) and word.lower() not in ("true", "false")
)
_SUSPECT: Final = re.compile(
    rf"(?:^|[\s\[{{,:])(?:{'|'.join(sorted(_TEXT))})[ \t]*(?:[:,\]}}#\r\n]|\Z)", re.MULTILINE
)


def has_words(text: str) -> bool:
    """Whether a document may hold such a word."""
    return _SUSPECT.search(text) is not None


def with_words_as_text(node: Node) -> Node:
    """A tree in which such words are text; the tree itself where it has none."""
    if isinstance(node, ScalarNode):
        plain = not node.style and node.ctag is NO_TAG and node.value in _TEXT
        return _quoted(node) if plain else node
    if isinstance(node, SequenceNode):
        items = [with_words_as_text(item) for item in node.value]
        same = all(new is old for new, old in zip(items, node.value, strict=True))
        return node if same else sequence(items, node)
    if not isinstance(node, MappingNode):
        return node
    old = node.value  # not by name: `y` and `yes` are two keys here
    new = [(with_words_as_text(key), with_words_as_text(value)) for key, value in old]
    same = all(a is c and b is d for (a, b), (c, d) in zip(new, old, strict=True))
    return node if same else mapping(new, node)


def with_text_annotations(root: Node) -> Node:
    """An object whose annotations are text."""

    def change(node: Node) -> Node:
        pairs = [(k, _quoted(v) if isinstance(v, ScalarNode) else v) for k, v in pairs_of(node)]
        return mapping(pairs, node) if isinstance(node, MappingNode) else node

    return changed(root, ("metadata", "annotations"), change)


def _quoted(node: ScalarNode) -> ScalarNode:
    return ScalarNode(NO_TAG, node.value, node.start_mark, node.end_mark, node.style or '"')

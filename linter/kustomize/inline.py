"""Where the text of a scalar stands in its document: patches may be written within a kustomization."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ruamel.yaml.nodes import ScalarNode


def inner_shift(scalar: ScalarNode, text: str) -> Callable[[int], int]:
    """From an offset in the scalar's value to the offset in the document's text.

    Text that is folded or escaped has no places of its own: it stands at its first character.
    """
    start, value = scalar.start_mark.index, scalar.value
    if scalar.style == "|":
        return _of_block(start, value, text)
    begin = start + (1 if scalar.style in ("'", '"') else 0)
    if text.startswith(value, begin):
        return lambda at: begin + at
    return lambda _at: start


def _of_block(start: int, value: str, text: str) -> Callable[[int], int]:
    """Line by line: each stands deeper in the document by the same number of spaces."""
    inner, outer = [0], []
    place = text.find("\n", start) + 1
    indent: int | None = None
    for line in value.splitlines(keepends=True):
        end = text.find("\n", place)
        written = text[place : len(text) if end < 0 else end]
        if indent is None and line.strip():
            indent = len(written) - len(written.lstrip(" ")) - (len(line) - len(line.lstrip(" ")))
        outer.append(place + (indent or 0))
        inner.append(inner[-1] + len(line))
        place = end + 1 if end >= 0 else len(text)
    if not outer:
        return lambda _at: start

    def shift(at: int) -> int:
        line = min(bisect_right(inner, at) - 1, len(outer) - 1)
        return min(outer[line] + at - inner[line], len(text))

    return shift

"""Copies of what templates hold.  Objects of Helm's own, which no template can change, stay the same."""

from __future__ import annotations

from typing import Any

from .values import Given, Items, Table, spend

_NODE = 250


def deep_copy(value: Any) -> Any:
    """A value whose maps and lists are its own."""
    return _copied(value, {})


def _copied(value: Any, known: dict[int, Any]) -> Any:
    """What is shared stays shared, or a few actions could fill the memory."""
    if not isinstance(value, dict | list | tuple):
        return value
    if id(value) not in known:
        spend(_NODE * (len(value) + 1))
        if isinstance(value, dict):
            copied: Table = Table()
            if isinstance(value, Given):
                copied = Given({}, value.path, value.marks)
            known[id(value)] = copied
            copied.update((key, _copied(item, known)) for key, item in value.items())
        else:
            items = known[id(value)] = Items()
            items.extend(_copied(item, known) for item in value)
    return known[id(value)]

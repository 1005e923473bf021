"""The blocks of a template of which only the deployment knows whether, or how often, they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ..values import Unknown
from .source import Piece
from .values import EXPRESSION

_CONTROL: Final = re.compile(r"\s*(else\s+)?(if|with|range|define|block|end)\b")
_VALUE: Final = re.compile(r"\.Values((?:\.\w+)+)")


def open_blocks(pieces: list[Piece], values: Mapping[str, Any]) -> list[tuple[int, int]]:
    """The offsets of blocks under a value that Harness fills in later, or over a list nobody gives.

    A condition on a value that nobody gives is false, for that is what the template says then.
    """
    found = []
    stack: list[tuple[int, bool]] = []
    for piece in pieces:
        match = _CONTROL.match(piece.inner) if piece.kind == "action" else None
        if match is None:
            continue
        if match[2] == "end":
            if stack:
                start, is_open = stack.pop()
                if is_open:
                    found.append((start, piece.end))
            continue
        is_open = waits(piece.inner, values) or (
            match[2] == "range" and None in _used(piece.inner, values)
        )
        if match[1] is None:
            stack.append((piece.start, is_open))
        elif stack:
            start, was_open = stack.pop()
            stack.append((start, was_open or is_open))
    return found


def waits(action: str, values: Mapping[str, Any]) -> bool:
    """Whether an action uses a value that is nothing but an expression which Harness fills in later."""
    return any(
        isinstance(text, str) and EXPRESSION.fullmatch(text.strip()) is not None
        for text in _used(action, values)
    )


def _used(action: str, values: Mapping[str, Any]) -> list[Any]:
    """The values that an action names; a field of an expression is that expression."""
    found = []
    for path in _VALUE.findall(action):
        value: Any = values
        for key in path.split(".")[1:]:
            if isinstance(value, Mapping):
                value = value.get(key)
        found.append(value.text if isinstance(value, Unknown) else value)
    return found

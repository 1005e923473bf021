"""Templates that only fill in scalars, without the engine.

Most manifests of a Harness service are like that, and importing the engine takes longer than
everything else.  The output is the engine's own, or None where only the engine can tell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ..values import UNKNOWN_MARK, Unknown
from .source import PRIVATE, MissingValue, Piece, Rendered

#: Longest output of a template, in characters.
MAX_OUTPUT: Final = 10_000_000
#: What Go writes for a value that nobody gives.
NO_VALUE: Final = "<no value>"

_SIMPLE: Final = re.compile(
    r"\s*(?:(int)\s+)?\.Values((?:\.[A-Za-z_][A-Za-z0-9_]*)+)\s*(?:\|\s*(quote|int)\s*)?\Z"
)
# Between them Go's %v writes a float without an exponent.
_PLAIN_MIN: Final = 1e-4
_PLAIN_MAX: Final = 1e6
# Text that Go's %q leaves as it is.
_UNQUOTED: Final = re.compile(r"[ !#-\[\]-~]*\Z")


def fill(source: str, pieces: list[Piece], values: Mapping[str, Any]) -> Rendered | None:
    """The output of a template that only fills in scalars; None where the engine must decide."""
    parts: list[str] = []
    offsets: list[int] = []
    numbers: list[int] = []
    missing: dict[str, int] = {}
    length = 0
    for number, piece in enumerate(pieces):
        text = piece.text
        if piece.kind == "action":
            filled = _fill_action(piece, values, missing)
            if filled is None:
                return None
            text = filled
        if text:
            offsets.append(length)
            numbers.append(number)
            parts.append(text)
            length += len(text)
    if length > MAX_OUTPUT:
        return None
    found = tuple(MissingValue(path, offset) for path, offset in missing.items())
    return Rendered("".join(parts), found, (offsets, numbers, pieces), len(source))


def _fill_action(piece: Piece, values: Mapping[str, Any], missing: dict[str, int]) -> str | None:
    match = _SIMPLE.match(piece.inner)
    if match is None:
        return None
    value = _look_up(values, match[2][1:].split("."))
    if value is None:
        missing.setdefault("Values" + match[2], piece.start + piece.text.index(".Values"))
        text: str | None = UNKNOWN_MARK
    else:
        text = _scalar(value, whole=match[1] is not None or match[3] == "int")
    if match[3] != "quote" or text is None:
        return text
    return f'"{text}"' if text == UNKNOWN_MARK or _UNQUOTED.match(text) else None


def _look_up(values: Mapping[str, Any], keys: list[str]) -> Any:
    """The value, None if nobody gives it; Ellipsis where a field of a scalar is asked for."""
    value: Any = values
    for key in keys:
        if not isinstance(value, Mapping):
            return ...
        value = value.get(key)
        if value is None:
            return None
    return value.text if isinstance(value, Unknown) else value


def _scalar(value: Any, *, whole: bool) -> str | None:
    """A scalar as Go prints it; None for what the engine must decide."""
    if isinstance(value, bool):
        return None if whole else str(value).lower()
    if isinstance(value, int):
        return str(value) if abs(value) < 2**63 else None
    if isinstance(value, float):
        return _number(value, whole=whole)
    if whole or not isinstance(value, str) or PRIVATE.search(value) or NO_VALUE in value:
        return None
    return value


def _number(value: float, *, whole: bool) -> str | None:
    """A number of a chart as Go prints it: from a million on with an exponent."""
    if whole:
        return str(int(value)) if abs(value) < 2**53 else None
    if value and not _PLAIN_MIN <= abs(value) < _PLAIN_MAX:
        return None
    return repr(value).removesuffix(".0") if value or repr(value) == "0.0" else None

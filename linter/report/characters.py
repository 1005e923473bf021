"""Characters: what may go to a terminal, and how much room it takes there."""

from __future__ import annotations

import json
import unicodedata
from typing import Any


def visible(text: str) -> str:
    r"""Text that is safe to print on one line; what is not printable is escaped as in `\x1b`.

    That covers control characters and terminal escapes, invisible and direction-changing characters,
    unusual spaces, and the surrogates of undecodable file names.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def expanded(text: str) -> str:
    """A stretch of a file, safe to print, its tabs as four spaces."""
    return "    ".join(map(visible, text.split("\t")))


def cells(text: str) -> int:
    """How many columns of a terminal a visible text takes."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def to_json(value: Any) -> str:
    """JSON in ASCII, so that it is the same bytes in any encoding of the output."""
    return json.dumps(_well_formed(value), indent=2) + "\n"


def counted(number: int, word: str) -> str:
    """A number with its noun: `1 file`, `2 files`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _well_formed(value: Any) -> Any:
    """The value without lone surrogates, which many JSON parsers refuse."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {key: _well_formed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_well_formed(item) for item in value]
    return value


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _cells_of(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1

"""Documents in the style of most manifests, read line by line, at a fraction of a parser's time.

That style is: mappings and lists in block form, keys that are plain words, values that are words or quoted
text on one line.  Whatever else a document holds, the parser reads it.
"""

from __future__ import annotations

import re
from typing import Any, Final

from .values import BOOLEAN_KEYS, HIDDEN, Unknown, plain_scalar

#: Characters that are line breaks to a parser, or that it refuses.
_STRANGE: Final = ("\u2028", "\u2029", "\ufeff", "\ufffe", "\uffff")
#: Control characters, which are none of a line's text.
_CONTROLS: Final = r"\x00-\x1f\x7f-\xa0"
#: A key that no parser could take for anything else.
_KEY: Final = r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,200}+"
#: Text without quotes: it neither begins with an indicator nor holds `: ` or ` #`.
_WORDS: Final = r"(?:[A-Za-z0-9_/.~+]|-(?=[A-Za-z0-9]))(?:[!-9;-~]++|:(?=[!-~])|\ ++(?=[!\"$-~]))*+"
_QUOTED: Final = rf"\"[^\"\\{_CONTROLS}]*+\"|'[^'{_CONTROLS}]*+'"
#: Indentation, dash, key and value; or, last, a line that is not of this style.  What is indented further
#: may nest too deep, which the parser judges.
_LINE: Final = re.compile(
    rf"""
    ^(\ {{0,60}}+)  (-\ ++)?+
    (?: ({_KEY}) : (?=\ |$) )?+
    \ *+  ({_WORDS}|{_QUOTED}|\{{\}}|\[\])?+
    \ *+  (?: (?<![^\ \n]) \#[^{_CONTROLS}]*+ )?+  $
    | ^(.+)$
    """,
    re.MULTILINE | re.VERBOSE,
)
#: Further right than any column.
_NO_COLUMN: Final = 1 << 30


class _OtherStyleError(Exception):
    """The document is not of this style."""


def read_lines(text: str) -> dict[str, Any] | None:
    """The data of a document that is a mapping in this style and repeats no key, else None."""
    if not text.isascii() and any(strange in text for strange in _STRANGE):
        return None
    try:
        return _read(text) or None
    except _OtherStyleError:
        return None


def _read(text: str) -> dict[str, Any]:
    scalar = _scalar_or_hidden if HIDDEN.search(text) else _scalar
    root: dict[str, Any] = {}
    #: The mappings and lists around a line, each with its column, and the innermost of them.
    levels: list[tuple[int, Any]] = [(0, root)]
    own, container = levels[-1]
    #: The mapping, key and column of a key whose value may begin on the next line.
    holder, last, awaiting = root, "", _NO_COLUMN
    for indent, dash, key, value, other in _LINE.findall(text):
        if not key and not (dash and value):
            if dash or value or other:
                raise _OtherStyleError
            continue  # blank, or a comment
        column = len(indent)
        if column > awaiting or (dash and column == awaiting):
            container = holder[last] = [] if dash else {}
            levels.append((column, container))
        elif dash or column != own or type(container) is list:
            container = _leave(levels, column, is_item=bool(dash))
        own, awaiting = column, _NO_COLUMN
        if not key:
            container.append(scalar(value))
            continue
        if dash:
            container.append({})
            own, container = column + len(dash), container[-1]
            levels.append((own, container))
        key = BOOLEAN_KEYS.get(key, key)
        if key in container:
            raise _OtherStyleError
        if value:
            container[key] = scalar(value)
        else:
            container[key] = None
            holder, last, awaiting = container, key, own
    return root


def _leave(levels: list[tuple[int, Any]], column: int, *, is_item: bool) -> Any:
    """Leave what ends above a line, for the mapping or the list that goes on with it."""
    while True:
        own, container = levels[-1]
        if own == column and (type(container) is list) == is_item:
            return container
        if own < column or (own == column and is_item):
            raise _OtherStyleError
        levels.pop()


def _scalar_or_hidden(text: str) -> Any:
    """As `_scalar`; what an expression hides is Unknown."""
    value = _scalar(text)
    return Unknown(value) if isinstance(value, str) and HIDDEN.search(value) else value


def _scalar(text: str) -> Any:
    """The value of a word or a quoted text."""
    first = text[0]
    if first in "\"'":
        return text[1:-1]
    if first == "{":
        return {}
    return [] if first == "[" else plain_scalar(text)

"""Texts to match: Istio's StringMatch with `exact`, `prefix` or `regex`, and what each one takes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

from ..values import Unknown, is_text

Kind = Literal["present", "exact", "prefix", "regex"]
_KINDS: Final = ("exact", "prefix", "regex")
_LITERAL: Final = r"(?:[A-Za-z0-9/_~!@#%&=:;,<>\"' -]|\\[!-/:-@\[-^`{-~])"
#: A regular expression that is a mere text, with or without "and then anything".
_PLAIN: Final = rf"\^?({_LITERAL}*)(?:(\.\*|\(\.\*\))\$?|\$?)\Z"
_HEAD: Final = rf"\^?({_LITERAL}*)(?![*?{{])"


class Text(NamedTuple):
    """What a StringMatch takes: `present` is any value; `fold`: in upper or lower case alike."""

    kind: Kind
    value: str = ""
    fold: bool = False


PRESENT: Final = Text("present")


def read_text(value: object, *, fold: bool = False) -> Text | None:
    """A StringMatch as written; None where an expression hides it or it has no sense.

    An empty one means that the value is there, and so does the regex `*`.  A regular expression that
    is a mere text is read as that text.
    """
    if value is not None and not isinstance(value, dict):
        return None
    given = {kind: text for kind, text in (value or {}).items() if text is not None}
    if not given:
        return PRESENT
    if len(given) > 1:
        return None
    ((kind, text),) = given.items()
    if kind not in _KINDS or not is_text(text):
        return None
    if kind != "regex":
        return Text(kind, text, fold and has_cases(text))
    if text == "*":
        return PRESENT
    return plain_regex(text) or Text("regex", text)


@lru_cache(maxsize=1000)
def plain_regex(pattern: str) -> Text | None:
    """The text that a regular expression without choices stands for (`/api/.*`: a prefix)."""
    found = re.match(_PLAIN, pattern)
    if found is None or not pattern:
        return None
    value = re.sub(r"\\(.)", r"\1", found[1])
    return Text("prefix" if found[2] else "exact", value)


@lru_cache(maxsize=1000)
def literal_head(pattern: str) -> str:
    """A text that everything a regular expression takes begins with."""
    found = None if "|" in pattern else re.match(_HEAD, pattern)
    return re.sub(r"\\(.)", r"\1", found[1]) if found else ""


def takes(text: Text, value: str) -> bool | None:
    """Whether a text takes a value; None where its regular expression cannot be read."""
    if text.kind == "present":
        return True
    if text.kind == "regex":
        return _full_match(text.value, value)
    wanted, given = (fold(text.value), fold(value)) if text.fold else (text.value, value)
    return given == wanted if text.kind == "exact" else given.startswith(wanted)


def fold(value: str) -> str:
    """A text with its ASCII letters in lower case: Envoy knows no other letters."""
    return value.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


def has_cases(value: str) -> bool:
    """Whether a text can be written in more than one case."""
    return any(letter.isascii() and letter.isalpha() for letter in value)


def _full_match(pattern: str, value: str) -> bool | None:
    compiled = _compiled(pattern)
    return None if compiled is None else compiled.fullmatch(value) is not None


@lru_cache(maxsize=1000)
def _compiled(pattern: str) -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error:
        return None


def described(value: object, *, fold: bool = False) -> str:
    """A StringMatch in words: `prefix "/api"`."""
    if value is None or value == {} or value == {"regex": "*"}:
        return "any value"
    if isinstance(value, dict) and len(value) == 1:
        ((kind, text),) = value.items()
        if isinstance(text, Unknown):
            return f"{kind} {text.text}"
        return f'{kind} "{text}"' + (" in any case" if fold else "")
    return value.text if isinstance(value, Unknown) else "a match that has no sense"

"""Scalars: what a plain YAML word means to Kubernetes, and values that an expression hides.

Kubernetes reads YAML with the resolver of Go's yaml.v2 (YAML 1.1): `yes`, `on` and `y` are booleans,
`010` and `0o10` are octal, `1:30` is text.  Source: gopkg.in/yaml.v2, resolve.go.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import Any, Final, TypeGuard

#: Written into rendered text wherever a template uses a value that no values file gives.
UNKNOWN_MARK: Final = "\ue0ff"

#: Text that only the deployment can fill in: Harness `${…}` and `<+…>`, kustomize and CI `$(…)`,
#: environment placeholders `$NAME`, `__NAME__` and `<name>` (no named group of a regular expression), and
#: template actions that were left as they are.
HIDDEN: Final = re.compile(
    r"\$\{|<(?:\+|(?<![?P]<)[A-Za-z][\w -]*>)|\$\([A-Za-z_]|\{\{|\$[A-Z][A-Z0-9_]+\b"
    r"|__[A-Z][A-Z0-9_]*__|" + UNKNOWN_MARK
)


class Unknown:
    """A value that cannot be known from the files: an expression, or a value nobody gives.

    Two Unknowns are never equal, and what depends on one must not become an error.
    """

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"Unknown({self.text!r})"


def is_known(value: object) -> bool:
    """Whether the value itself is known (its parts may still hold Unknowns)."""
    return not isinstance(value, Unknown)


def is_text(value: object) -> TypeGuard[str]:
    """Whether the value is known text."""
    return isinstance(value, str)


def is_integer(value: object) -> TypeGuard[int]:
    """Whether the value is a whole number; a boolean is none."""
    return isinstance(value, int) and not isinstance(value, bool)


#: Words that are no text when they stand unquoted.
WORDS: Final[dict[str, Any]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(
        ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True
    ),
    **dict.fromkeys(
        ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False
    ),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
}
#: Unquoted keys that are booleans, as JSON writes them.
BOOLEAN_KEYS: Final = {
    word: "true" if value else "false" for word, value in WORDS.items() if isinstance(value, bool)
}
_NUMERIC_START: Final = frozenset("0123456789+-.")
_INTEGER: Final = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)\Z")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
#: Beyond this, Go's integer parser gives up and the word is read as a float.
_LARGEST_INTEGER: Final = 2**64


def plain_scalar(text: str) -> Any:
    """The value of an unquoted scalar, as Kubernetes reads it."""
    if text in WORDS:
        return WORDS[text]
    if text[0] not in _NUMERIC_START:
        return text
    digits = text.replace("_", "")
    if _INTEGER.match(digits):
        number = _integer(digits)
        if -_LARGEST_INTEGER // 2 <= number < _LARGEST_INTEGER:
            return number
    return _float(digits, text) if _FLOAT.match(digits) else text


def _float(digits: str, text: str) -> int | float | str:
    number = float(digits)
    if abs(number) < _LARGEST_INTEGER // 2 and number.is_integer():
        return int(number)  # Kubernetes turns YAML into JSON, in which 50.0 is 50
    # Go refuses to read what is beyond its floats: the word stays text.
    return number if isfinite(number) else text


def _integer(digits: str) -> int:
    sign = -1 if digits[0] == "-" else 1
    bare = digits.lstrip("+-")
    if len(bare) > 1 and bare[0] == "0" and bare[1] in "01234567":
        return sign * int(bare, 8)
    if len(bare) > 400:
        return sign * _LARGEST_INTEGER
    return sign * int(bare, 0)

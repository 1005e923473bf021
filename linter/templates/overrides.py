"""Template functions that need more than lifting: their own behaviour, and bounds before a call.

See `functions.py` for what is done with all the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from gotpl.runtime.callables import invoke_template_function
from gotpl.runtime.values import INVALID, UNTYPED_NIL

from ..values import UNKNOWN_MARK
from .values import (
    EXPRESSION,
    HIDDEN_TEXT,
    NAMELESS,
    Given,
    Missing,
    TooLargeError,
    spend,
)

Function = Callable[..., Any]

#: Longest text that a function may return.
MAX_TEXT: Final = 5_000_000
#: Longest list that a function may return.
MAX_ITEMS: Final = 200_000
_WIDEST: Final = 10_000

# Units of work (see `spend`), measured: one character for the regular expressions, one character
# of YAML or for a change of case, and one comparison of list elements.
_SLOW_CHAR: Final = 350
_YAML_CHAR: Final = 60
_REGEX_CHAR: Final = 1_000
_COMPARISON: Final = 300

_ESCAPED_MARK: Final = re.compile(r"\\U0010([0-9a-f]{4})|\\ue0ff")
_VERB: Final = re.compile(r"%([-+# 0]*)(\*|\d*)(?:\.(\*|\d*))?([a-zA-Z%])")


def hidden(value: Any) -> Missing | None:
    """The missing value that an argument is, or that its text was written from."""
    if isinstance(value, Missing):
        return value
    if isinstance(value, str) and not value.isascii() and (match := HIDDEN_TEXT.search(value)):
        return Missing.written(match[0])
    return None


def first_hidden(arguments: Iterable[Any]) -> Missing | None:
    """The first of the arguments' missing values."""
    for item in arguments:
        if (found := hidden(item)) is not None:
            return found
    return None


def is_expression(value: Any) -> bool:
    """Whether a value is text that only the deployment can fill in."""
    return isinstance(value, str) and EXPRESSION.search(value) is not None


def unescaped(value: Any) -> Any:
    """A result whose marks are themselves again."""
    # Go's %q escapes private-use characters; the marks must stay themselves.
    if isinstance(value, str) and "\\" in value:
        return _ESCAPED_MARK.sub(
            lambda match: chr(0x100000 + int(match[1], 16)) if match[1] else UNKNOWN_MARK, value
        )
    return value


# Checks before calls whose result could be far larger than their arguments.
def _check_product(count: Any, length: int) -> None:
    if isinstance(count, int) and count * max(length, 1) > MAX_TEXT:
        raise TooLargeError("a function would return too long a text")


def _check_repeat(count: Any = 0, text: Any = "", *_rest: Any) -> None:
    _check_product(count, len(text) if isinstance(text, str) else 1)


def _check_indent(width: Any = 0, text: Any = "", *_rest: Any) -> None:
    _check_product(width, text.count("\n") + 1 if isinstance(text, str) else 1)


def _check_replace(old: Any = "", new: Any = "", text: Any = "", *_rest: Any) -> None:
    if isinstance(old, str) and isinstance(new, str) and isinstance(text, str):
        _check_product(text.count(old), len(new))


def _check_join(separator: Any = "", items: Any = (), *_rest: Any) -> None:
    if isinstance(items, list) and isinstance(separator, str):
        _check_product(len(items), len(separator))


def _check_wrap(_width: Any = 0, separator: Any = "", text: Any = "", *_rest: Any) -> None:
    if isinstance(separator, str) and isinstance(text, str):
        _check_product(len(text), len(separator))


def _check_range(*bounds: Any) -> None:
    numbers = [abs(bound) for bound in bounds if isinstance(bound, int)]
    if max(numbers, default=0) > MAX_ITEMS:
        raise TooLargeError("a function would return too long a list")


def _check_comparisons(*arguments: Any) -> None:
    lengths = [len(item) for item in arguments if isinstance(item, list)]
    spend(_COMPARISON * max(lengths, default=0) * max(*lengths, len(arguments), 1))


def _check_slow(text: Any = "", *_rest: Any) -> None:
    spend(_SLOW_CHAR * len(text) if isinstance(text, str) else 0)


def _check_yaml(text: Any = "", *_rest: Any) -> None:
    spend(_YAML_CHAR * len(text) if isinstance(text, str) else 0)


def check_regex(*arguments: Any) -> None:
    """Bound a call of a function that matches a regular expression."""
    texts = [item for item in arguments if isinstance(item, str)]
    spend(_REGEX_CHAR * sum(map(len, texts)))
    if len(texts) > 2:
        _check_product(len(texts[1]) + 1, len(texts[2]))


CHECKS: Final[dict[str, Function]] = {
    "repeat": _check_repeat,
    "indent": _check_indent,
    "nindent": _check_indent,
    "replace": _check_replace,
    "join": _check_join,
    "wrapWith": _check_wrap,
    "until": _check_range,
    "untilStep": _check_range,
    "seq": _check_range,
    **dict.fromkeys(("snakecase", "kebabcase", "camelcase"), _check_slow),
    **dict.fromkeys(("fromYaml", "fromYamlArray"), _check_yaml),
    "semver": check_regex,
    "semverCompare": check_regex,
    **dict.fromkeys(
        ("uniq", "mustUniq", "without", "mustWithout", "has", "mustHas"), _check_comparisons
    ),
}


# Functions of our own; `real` is the engine's.
def _equal(real: Function, first: Any, *others: Any) -> Any:
    """`eq`: nothing is equal only to nothing, which is no error in Go either."""
    if not others:
        return real(first)
    left = _nothing_to_none(first)
    for other in others:
        right = _nothing_to_none(other)
        if left is None or right is None:
            if left is right:
                return True
        elif real(left, right) or _is_nil_text(left, right):
            return True
        elif (found := first_hidden((left, right))) is not None:
            return found
    return False


def _is_nil_text(left: Any, right: Any) -> bool:
    """Whether a text that is written for nothing is compared with how Go writes nothing."""
    texts = [item for item in (left, right) if isinstance(item, str)]
    return "<nil>" in texts and any(HIDDEN_TEXT.fullmatch(text) for text in texts)


def _not_equal(real: Function, left: Any, right: Any) -> Any:
    if _is_nil_text(left, right):
        return False
    left, right = _nothing_to_none(left), _nothing_to_none(right)
    if left is None or right is None:
        return left is not right
    return real(left, right)


def _nothing_to_none(value: Any) -> Any:
    nothing = value is INVALID or value is UNTYPED_NIL or isinstance(value, Missing)
    return None if nothing else value


def _index(real: Function, value: Any, *keys: Any) -> Any:
    for key in keys:
        if isinstance(value, Missing):
            value = value.child(key)
        elif (found := hidden(key)) is not None:
            return found
        elif isinstance(value, Given):
            value = value.lookup(key)
        else:
            value = real(value, key)
    return value


def _get(real: Function, table: Any, key: Any) -> Any:
    if isinstance(table, Missing):
        return table.child(key)
    if isinstance(table, Given) and isinstance(key, str):
        return table.lookup(key)
    return invoke_template_function("get", real, (table, key))


def _dig(real: Function, *arguments: Any) -> Any:
    if len(arguments) > 2 and isinstance(arguments[-1], Missing):
        return arguments[-2]
    return real(*arguments)


def _has_key(real: Function, table: Any, key: Any) -> Any:
    if isinstance(table, Missing):
        return False
    if isinstance(key, Missing):
        return key
    return invoke_template_function("hasKey", real, (table, key))


def _ternary(real: Function, yes: Any, no: Any, condition: Any) -> Any:
    if isinstance(condition, Missing):
        return no
    return invoke_template_function("ternary", real, (yes, no, condition))


def _concat(real: Function, *lists: Any) -> Any:
    return real(*([item] if isinstance(item, Missing) else item for item in lists))


def _pluck(real: Function, key: Any, *tables: Any) -> Any:
    return real(key, *(table for table in tables if not isinstance(table, Missing)))


def _merge(real: Function, *tables: Any) -> Any:
    return _merged(real, tables, keep_null=False)


def _merge_over(real: Function, *tables: Any) -> Any:
    return _merged(real, tables, keep_null=True)


def _merged(real: Function, tables: tuple[Any, ...], *, keep_null: bool) -> Any:
    """Nothing merges as an empty table; a null is no default for what is not there."""
    given = [table for table in tables if _nothing_to_none(table) is not None]
    if tables and not given:
        return tables[0]
    if _nothing_to_none(tables[0]) is None:
        given.insert(0, {})
    if not keep_null and isinstance(given[0], dict):
        for table in given[1:]:
            real(given[0], _without_new_nulls(given[0], table))
        return given[0]
    return real(*given)


def _without_new_nulls(known: Any, table: Any) -> Any:
    if not isinstance(known, dict) or not isinstance(table, dict):
        return table
    return {
        key: _without_new_nulls(known.get(key), value)
        for key, value in table.items()
        if value is not None and value is not INVALID and value is not UNTYPED_NIL
    }


def _required(_real: Function, _message: Any, value: Any) -> Any:
    """`required`: whoever deploys gives the value; it must not fail here."""
    if isinstance(value, Missing):
        return value
    return NAMELESS if value is None or value is INVALID or value == "" else value


def _fail(_real: Function, _message: Any) -> str:
    """`fail`: as `helm lint` does, since the values of the deployment may well pass its check."""
    return ""


def _printf(real: Function, layout: Any, *arguments: Any) -> Any:
    if isinstance(layout, Missing):
        return layout
    if not isinstance(layout, str):
        return real(layout, *arguments)
    hides = any(hidden(item) is not None for item in arguments)
    expressed = any(map(is_expression, arguments))
    values = list(arguments)
    position = 0

    def verb(match: re.Match[str]) -> str:
        nonlocal position
        stars = [part for part in (match[2], match[3]) if part == "*"]
        if any(part.isdigit() and int(part) > _WIDEST for part in (match[2], match[3] or "")):
            raise TooLargeError("printf would write too long a text")
        for star in values[position : position + len(stars)]:
            if isinstance(star, int) and abs(star) > _WIDEST:
                raise TooLargeError("printf would write too long a text")
        position += len(stars)
        if match[4] == "%":
            return match[0]
        position += 1
        if position > len(values):
            return match[0]
        return _verb_for(match, values, position - 1)

    adapted = _VERB.sub(verb, layout)
    result = real(adapted if hides or expressed else layout, *values)
    return unescaped(result) if hides else result


def _verb_for(match: re.Match[str], values: list[Any], position: int) -> str:
    """The verb for one argument; a number that is hidden is written as its mark."""
    value = values[position]
    numeric = match[4] in "dbcoOxXeEfFgGtU"
    if isinstance(value, Missing) or (numeric and hidden(value) is not None):
        values[position] = hidden(value).char  # type: ignore[union-attr]
    elif numeric and is_expression(value):
        values[position] = UNKNOWN_MARK
    else:
        return match[0]
    return "%q" if match[4] == "q" else "%s"


def _nospace(real: Function, text: Any) -> Any:
    if isinstance(text, Missing):
        return text
    return "".join(text.split()) if isinstance(text, str) else real(text)


OWN: Final[dict[str, Function]] = {
    "eq": _equal,
    "ne": _not_equal,
    "index": _index,
    "get": _get,
    "dig": _dig,
    "hasKey": _has_key,
    "ternary": _ternary,
    "concat": _concat,
    "pluck": _pluck,
    "merge": _merge,
    "mustMerge": _merge,
    "mergeOverwrite": _merge_over,
    "mustMergeOverwrite": _merge_over,
    "required": _required,
    "fail": _fail,
    "printf": _printf,
    "nospace": _nospace,
}

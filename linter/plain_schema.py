"""A look at whether a value fits a JSON Schema, for the few keywords that our schemas use most.

The libraries that know all of JSON Schema have the last word, but importing one takes longer than many a
run: they are asked about what this look cannot vouch for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sized
from typing import Any, Final

Schema = Mapping[str, Any]

_TYPES: Final[Mapping[str, type]] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "number": int,
    "object": dict,
    "string": str,
}
#: Keywords that say nothing about a value by themselves.
_SILENT: Final = frozenset(
    ("$schema", "$id", "$defs", "title", "description", "default", "format", "then")
)


class _UnsureError(Exception):
    """A keyword or a value that is left to a library."""


def surely_fits(value: Any, schema: Schema) -> bool:
    """Whether a value fits a schema beyond doubt; no for what does not, and for what is not clear."""
    try:
        return _fits(value, schema, schema)
    except _UnsureError:
        return False


def _fits(value: Any, schema: Any, root: Schema) -> bool:
    if isinstance(schema, bool):
        return schema
    if type(value) not in _TYPES.values():  # a fraction, or a value that an expression hides
        raise _UnsureError
    for keyword, wanted in schema.items():
        if keyword not in _SILENT:
            check = _CHECKS.get(keyword)
            if check is None:
                raise _UnsureError
            if not check(value, wanted, schema, root):
                return False
    return True


def _type(value: Any, wanted: Any, _schema: Schema, _root: Schema) -> bool:
    names = (wanted,) if isinstance(wanted, str) else wanted
    return any(type(value) is _TYPES[name] for name in names)


def _enum(value: Any, wanted: Any, _schema: Schema, _root: Schema) -> bool:
    # to Python, 1 is True
    return any(type(value) is type(word) and value == word for word in wanted)


def _const(value: Any, wanted: Any, _schema: Schema, _root: Schema) -> bool:
    return type(value) is type(wanted) and bool(value == wanted)


def _minimum(value: Any, wanted: Any, _schema: Schema, _root: Schema) -> bool:
    return type(value) is not int or value >= wanted


def _maximum(value: Any, wanted: Any, _schema: Schema, _root: Schema) -> bool:
    return type(value) is not int or value <= wanted


def _at_least(kind: type[Sized]) -> Check:
    return lambda value, wanted, _schema, _root: type(value) is not kind or len(value) >= wanted


def _at_most(kind: type[Sized]) -> Check:
    return lambda value, wanted, _schema, _root: type(value) is not kind or len(value) <= wanted


def _required(value: Any, wanted: Any, _schema: Schema, _root: Schema) -> bool:
    return type(value) is not dict or all(name in value for name in wanted)


def _items(value: Any, wanted: Any, _schema: Schema, root: Schema) -> bool:
    return type(value) is not list or all(_fits(item, wanted, root) for item in value)


def _properties(value: Any, wanted: Any, _schema: Schema, root: Schema) -> bool:
    return type(value) is not dict or all(
        _fits(item, wanted[name], root) for name, item in value.items() if name in wanted
    )


def _additional(value: Any, wanted: Any, schema: Schema, root: Schema) -> bool:
    known = schema.get("properties", ())
    return type(value) is not dict or all(
        _fits(item, wanted, root) for name, item in value.items() if name not in known
    )


def _if(value: Any, wanted: Any, schema: Schema, root: Schema) -> bool:
    return not _fits(value, wanted, root) or _fits(value, schema.get("then", True), root)


def _all_of(value: Any, wanted: Any, _schema: Schema, root: Schema) -> bool:
    return all(_fits(value, part, root) for part in wanted)


def _any_of(value: Any, wanted: Any, _schema: Schema, root: Schema) -> bool:
    return any(_fits(value, part, root) for part in wanted)


def _one_of(value: Any, wanted: Any, _schema: Schema, root: Schema) -> bool:
    return sum(_fits(value, part, root) for part in wanted) == 1


def _not(value: Any, wanted: Any, _schema: Schema, root: Schema) -> bool:
    return not _fits(value, wanted, root)


def _ref(value: Any, wanted: Any, _schema: Schema, root: Schema) -> bool:
    return _fits(value, root["$defs"][wanted.removeprefix("#/$defs/")], root)


#: What a keyword says of a value: the value, what stands at the keyword, its schema, the whole schema.
Check = Callable[[Any, Any, Schema, Schema], bool]

_CHECKS: Final[Mapping[str, Check]] = {
    "$ref": _ref,
    "additionalProperties": _additional,
    "allOf": _all_of,
    "anyOf": _any_of,
    "const": _const,
    "enum": _enum,
    "if": _if,
    "items": _items,
    "maximum": _maximum,
    "maxItems": _at_most(list),
    "maxLength": _at_most(str),
    "maxProperties": _at_most(dict),
    "minimum": _minimum,
    "minItems": _at_least(list),
    "minLength": _at_least(str),
    "not": _not,
    "oneOf": _one_of,
    "properties": _properties,
    "required": _required,
    "type": _type,
}

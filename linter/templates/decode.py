"""`fromYaml` and `fromJson` as Helm reads: through JSON, so that numbers are floats and keys are text.

A text that cannot be read gives a table with its `Error`, or a list with it, as in Helm.
Source: helm, pkg/engine/funcs.go.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from ..document_error import DocumentError
from ..nodes import plain_data
from ..source import split_documents
from ..values import Unknown
from .values import HIDDEN_TEXT, NAMELESS, key_text

Reader = Callable[[str], Any]

_WORDS: Final[dict[type[Any], str]] = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "bool",
    float: "number",
}
_TYPES: Final[dict[type[Any], str]] = {dict: "map[string]interface {}", list: "[]interface {}"}


def from_yaml(text: Any) -> dict[str, Any]:
    """The table that a YAML text holds."""
    return _table(_yaml, text)


def from_yaml_array(text: Any) -> list[Any]:
    """The list that a YAML text holds."""
    return _list(_yaml, text)


def from_json(text: Any) -> dict[str, Any]:
    """The table that a JSON text holds."""
    return _table(json.loads, text)


def from_json_array(text: Any) -> list[Any]:
    """The list that a JSON text holds."""
    return _list(json.loads, text)


def _yaml(text: str) -> Any:
    """The first document of a text."""
    first = next((part for _offset, part in split_documents(text)), "")
    try:
        return plain_data(first)
    except DocumentError as error:
        raise ValueError(f"error converting YAML to JSON: yaml: {error.message}") from None


def _table(read: Reader, text: Any) -> dict[str, Any]:
    found = _read(read, text, dict)
    return {"Error": found} if isinstance(found, str) else found


def _list(read: Reader, text: Any) -> list[Any]:
    found = _read(read, text, list)
    return [found] if isinstance(found, str) else found


def _read(read: Reader, text: Any, kind: type[Any]) -> Any:
    """What a text holds; where that is not of the kind, the words of the error."""
    if not isinstance(text, str):
        raise TypeError(f"wrong type for value; expected string; got {type(text).__name__}")
    if HIDDEN_TEXT.fullmatch(text.strip()):
        return kind()  # nobody gives the value that was written here
    try:
        found = _as_json(read(text))
    except (ValueError, RecursionError) as error:
        return str(error)
    if found is None:
        return kind()
    if isinstance(found, kind):
        return found
    into = f"cannot unmarshal {_WORDS[type(found)]} into Go value of type {_TYPES[kind]}"
    return f"error unmarshaling JSON: while decoding JSON: json: {into}"


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key_text(key): _as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    if isinstance(value, Unknown):
        return value.text or NAMELESS
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            raise ValueError("json: cannot unmarshal number") from None
    return value

"""Words for a value that does not fit its schema: what it is, what is wanted, how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from .values import is_integer, is_text
from .words import listed, nearest, one_of

if TYPE_CHECKING:
    from .document import Document, Path
    from .schema import Misfit


class Holder(Protocol):
    """What holds a value: an object, or a step; `base` is its own path in the document."""

    @property
    def document(self) -> Document:
        """The document that it stands in."""
        ...

    @property
    def base(self) -> Path:
        """Its path in the document."""
        ...


_WORDS: Final = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "a mapping",
    "string": "text",
}
_AT_MOST: Final = {"maxItems": "entries", "maxLength": "characters", "maxProperties": "entries"}


def explain_misfit(resource: Holder, misfit: Misfit) -> tuple[str, str]:
    """What is wrong with a value, to stand after its name, and how to mend it."""
    schema, value = misfit.schema, misfit.value
    limit = schema.get(misfit.keyword)
    if misfit.keyword == "type":
        return f"is {_shown(resource, misfit)}, not {_wanted(misfit)}", _mend(resource, misfit)
    if misfit.keyword == "enum":
        return _explain_word(misfit)
    if misfit.keyword == "required":
        return f"has no {misfit.field}, which is required", f"Add {misfit.field}."
    if misfit.keyword == "minimum":
        return f"is {value}, less than {limit}", f"Write {limit} or more."
    if misfit.keyword == "maximum":
        return f"is {value}, more than {limit}", f"Write {limit} or less."
    if misfit.keyword in _AT_MOST:
        what = _AT_MOST[misfit.keyword]
        return f"has {len(value)} {what}, more than {limit}", f"Write at most {limit} {what}."
    if misfit.keyword == "pattern":
        return f'is "{value}", which does not match {limit}', f"Write a text that matches {limit}."
    return "is empty", "Write at least one."


def _explain_word(misfit: Misfit) -> tuple[str, str]:
    words = [word for word in misfit.schema["enum"] if word]
    close = nearest(str(misfit.value), words)
    mend = f"Write one of {listed(words)}." if close is None else f'Did you mean "{close}"?'
    return f'is "{misfit.value}", where only {one_of(words)} may stand', mend


def _types(misfit: Misfit) -> list[str]:
    types = misfit.schema["type"]
    return [word for word in ([types] if is_text(types) else types) if word != "null"]


def _wanted(misfit: Misfit) -> str:
    if misfit.schema.get("format") == "go-duration":
        return 'a duration such as "5s"'
    return one_of([_WORDS[word] for word in _types(misfit)])


def _shown(resource: Holder, misfit: Misfit) -> str:
    """The value as it was written, with its type."""
    value = misfit.value
    if value is None:
        return "empty"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a mapping"
    written = _written(resource, misfit)
    if is_text(value):
        return f'the text "{written}"'
    return f"the {'boolean' if isinstance(value, bool) else 'number'} {written}"


def _written(resource: Holder, misfit: Misfit) -> str:
    """A scalar as it stands in the file: `yes` for what YAML reads as true."""
    scalar = resource.document.scalar(resource.base + misfit.path)
    return str(misfit.value if scalar is None else scalar.value)


def _mend(resource: Holder, misfit: Misfit) -> str:
    """How to write the value so that it has the type."""
    value, types = misfit.value, _types(misfit)
    key = misfit.path[-1] if misfit.path else ""
    field = f"{key}: " if is_text(key) else ""
    if value is None:
        return "Write a value, or remove the entry."
    if isinstance(value, dict):
        return (
            "Begin it with a dash: it is a list."
            if "array" in types
            else f"Write {_wanted(misfit)}."
        )
    if isinstance(value, list):
        dash = "object" in types and len(value) == 1
        return "Leave out the dash: it is no list." if dash else f"Write {_wanted(misfit)}."
    written = _written(resource, misfit)
    if "array" in types:
        return f"Write a list: {field}[{written}]."
    fields = misfit.schema.get("properties", {})
    if "prefix" in fields:
        return f"Say how it is compared: {field}{{exact: {written}}}, or prefix, or regex."
    if "number" in fields and is_integer(value):
        return f"Write {field}{{number: {written}}}."
    if misfit.schema.get("format") == "go-duration" and is_integer(value):
        return f"Write it with its unit: {field}{written}s."
    if "string" in types:
        return f'Put it in quotes: {field}"{written}".'
    if is_text(value) and _is_bare(written, types):
        return f"Leave out the quotes: {field}{written}."
    return f"Write {_wanted(misfit)}."


def _is_bare(written: str, types: list[str]) -> bool:
    """Whether the text would have one of the types if no quotes stood around it."""
    if "boolean" in types:
        return written in ("true", "false")
    return "object" not in types and written.isascii() and written.isdecimal()

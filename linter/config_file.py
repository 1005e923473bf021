"""Configuration files: found, read, and judged against schemas/config.json, with every mistake's line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from .document import Document
from .document_error import DocumentError
from .plain_schema import surely_fits
from .source import SourceFile
from .words import did_you_mean, level_hint, one_of

NAMES: Final = (".tsplit-lint.yaml", ".tsplit-lint.yml", "pyproject.toml")
TABLE: Final = "tsplit-lint"
_TOML_LINE: Final = r"line (\d+), column (\d+)"
_TYPES: Final = {
    "array": "a list",
    "boolean": "true or false",
    "object": "a mapping",
    "string": "text",
}

KeyPath = tuple[str | int, ...]


class ConfigError(Exception):
    """What is wrong with the settings; each of `mistakes` is one line for the user."""

    def __init__(self, *mistakes: str) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class _Layout(Protocol):
    """Where the keys and values of a file stand."""

    def locate(self, path: KeyPath, *, key: bool = False) -> tuple[int, int | None]:
        """The line, and the column where known, of a value or of its key."""


class ConfigFile:
    """The settings of one file, as plain data, and what is wrong with them.

    `mistakes` are pairs of a place (line and column) and a line for the user; where there is one,
    `data` may have any shape below its keys.
    """

    def __init__(self, path: Path, data: Mapping[str, Any], layout: _Layout) -> None:
        self.path = path
        self.data = data
        self.layout = layout
        self.mistakes: list[tuple[tuple[int, int], str]] = []

    @property
    def shown(self) -> str:
        """The path as messages show it."""
        return _shown(self.path)

    def place(self, *path: str | int, key: bool = False) -> str:
        """`file:line:column` of a value, or of its key."""
        return ":".join(
            str(part) for part in (self.shown, *self.layout.locate(path, key=key)) if part
        )

    def objection(self, message: str, *path: str | int, key: bool = False) -> None:
        """Note a mistake at a value, or at its key."""
        line, column = self.layout.locate(path, key=key)
        self.mistakes.append(((line, column or 0), f"{self.place(*path, key=key)}: {message}"))

    def line(self, *path: str | int) -> str:
        """`file:line` of a key."""
        return f"{self.shown}:{self.layout.locate(path, key=True)[0]}"


def find_config(start: Path) -> Path | None:
    """The nearest configuration file at or above a folder, up to the repository root."""
    for folder in (start, *start.parents):
        for name in NAMES:
            path = folder / name
            if path.is_file() and (name != "pyproject.toml" or _has_table(path)):
                return path
        if (folder / ".git").exists():
            break
    return None


def _has_table(path: Path) -> bool:
    """Whether a pyproject.toml configures us; one that is broken counts if it seems to."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    if TABLE not in text:
        return False
    import tomllib

    try:
        return TABLE in _tool(tomllib.loads(text))
    except tomllib.TOMLDecodeError:
        return re.search(rf"^[ \t]*\[+[ \t]*tool[ \t]*\.[ \t]*{TABLE}\b", text, re.M) is not None


def _tool(data: Mapping[str, Any]) -> Mapping[str, Any]:
    tool = data.get("tool")
    return tool if isinstance(tool, dict) else {}


def read_config(path: Path) -> ConfigFile:
    """Read and judge a configuration file; raises ConfigError for one that cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{_shown(path)}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{_shown(path)}: the file is not UTF-8") from None
    file = (_read_toml if path.suffix == ".toml" else _read_yaml)(path, text)
    schema = _schema()
    if not surely_fits(file.data, schema):
        _explain_all(file, schema)
    return file


def _checked(path: Path, data: Any, layout: _Layout) -> ConfigFile:
    if not isinstance(data, dict):
        line = layout.locate(())[0]
        raise ConfigError(
            f"{_shown(path)}:{line}: the settings must be a mapping of keys to values"
        )
    return ConfigFile(path, data, layout)


def _read_yaml(path: Path, text: str) -> ConfigFile:
    from .nodes import plain_data

    shown = _shown(path)
    source = SourceFile(shown, text)
    document = Document(source, 0, text, 0, None)
    try:
        data = plain_data(text)
        document.data  # noqa: B018 notes whether a key is repeated
        repeated = list(document.duplicate_keys())
    except DocumentError as error:
        line, column = source.position(error.offset)
        several = "expected a single document" in error.message
        reason = "a second document begins here" if several else f"not YAML: {error.message}"
        raise ConfigError(f"{shown}:{line}:{column}: {reason}") from None
    file = _checked(path, {} if data is None else data, _YamlLayout(document))
    for later, earlier in repeated:
        line, column, *_end = document.node_span(later)
        message = (
            f'"{later.value}" is given twice, first in line {document.node_span(earlier).line}'
        )
        file.mistakes.append(((line, column), f"{shown}:{line}:{column}: {message}"))
    return file


class _YamlLayout:
    def __init__(self, document: Document) -> None:
        self.document = document

    def locate(self, path: KeyPath, *, key: bool = False) -> tuple[int, int | None]:
        """The line and the column of a value, or of its key."""
        span = self.document.span(path, key=key)
        return span.line, span.column


def _read_toml(path: Path, text: str) -> ConfigFile:
    import tomllib

    try:
        data = _tool(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        found = re.search(_TOML_LINE, str(error))
        # without a place it is the end of the file, where something is still open
        where = f":{found[1]}:{found[2]}" if found else f":{len(text.splitlines())}"
        reason = str(error).split(" (at ")[0]
        raise ConfigError(f"{_shown(path)}{where}: not TOML: {reason}") from None
    if TABLE not in data:
        raise ConfigError(f"{_shown(path)}: there is no table [tool.{TABLE}]")
    return _checked(path, data[TABLE], _TomlLayout(text))


class _TomlLayout:
    """Finds keys by a look at the text: tables and keys as people write them, one to a line."""

    _HEADER = r"[ \t]*(\[\[?)[ \t]*([^\]#]+?)[ \t]*\]\]?[ \t]*(?:#.*)?\Z"
    _KEY = r"""[ \t]*((?:[\w-]+|"[^"]*"|'[^']*')(?:[ \t]*\.[ \t]*(?:[\w-]+|"[^"]*"|'[^']*'))*)[ \t]*="""

    def __init__(self, text: str) -> None:
        self.places: dict[KeyPath, int] = {}
        table: KeyPath = ()
        counts: dict[KeyPath, int] = {}
        for number, line in enumerate(text.split("\n"), start=1):
            header = re.match(self._HEADER, line)
            pair = re.match(self._KEY, line)
            if header:
                table = self._numbered(self._split(header[2]), counts, header[1] == "[[")
                self._add(table, number)
            elif pair:
                self._add(table + self._split(pair[1]), number)

    def _numbered(self, table: KeyPath, counts: dict[KeyPath, int], starts: bool) -> KeyPath:
        """A table's path with the index of the array entry that it belongs to."""
        if starts:
            counts[table] = counts.get(table, -1) + 1
        for length in range(len(table), 0, -1):
            index = counts.get(table[:length])
            if index is not None:
                return (*table[:length], index, *table[length:])
        return table

    def _split(self, dotted: str) -> KeyPath:
        parts = re.findall(r"""[\w-]+|"[^"]*"|'[^']*'""", dotted)
        return tuple(part.strip("\"'") for part in parts)

    def _add(self, path: KeyPath, line: int) -> None:
        if path[:2] == ("tool", TABLE):
            for length in range(len(path) - 1):
                self.places.setdefault(path[2 : 3 + length], line)

    def locate(self, path: KeyPath, *, key: bool = False) -> tuple[int, int | None]:
        """The line of the deepest part of a path that has a line of its own."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, 1), None


def _schema() -> dict[str, Any]:
    import json
    from importlib import import_module

    folder = next(iter(import_module("tsplit_lint.schemas").__path__))
    schema: dict[str, Any] = json.loads(Path(folder, "config.json").read_text(encoding="utf-8"))
    return schema


def _explain_all(file: ConfigFile, schema: Mapping[str, Any]) -> None:
    from jsonschema import Draft202012Validator

    for error in Draft202012Validator(schema).iter_errors(file.data):
        for place, key, message in _explain(error, tuple(error.absolute_path)):
            file.objection(message, *place, key=key)


def _explain(error: Any, path: KeyPath) -> Iterator[tuple[KeyPath, bool, str]]:
    """Each mistake of a schema error: where, whether its key is meant, and a sentence."""
    name = f'"{_dotted(path)}"'
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        for key in error.instance:
            if key not in known:
                hint = did_you_mean(key, known) or f" (known: {', '.join(known)})"
                yield (*path, key), True, f'unknown key "{_dotted((*path, key))}"{hint}'
    elif error.validator == "type":
        yield (
            path,
            False,
            f"{name} must be {_TYPES[error.validator_value]}, not {_told(error.instance)}",
        )
    elif error.validator == "enum":
        words = error.validator_value
        hint = level_hint(error.instance, words)
        yield path, False, f"{name} must be {one_of(words)}, not {_told(error.instance)}{hint}"
    elif error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        yield path, False, f'{name} lacks the key "{missing[0]}"'
    elif error.validator in ("minLength", "minItems"):
        yield path, False, f"{name} must not be empty"
    else:
        yield path, False, f"{name}: {error.message}"


def _dotted(path: KeyPath) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _told(value: Any) -> str:
    """A value as a message tells it."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _shown(path: Path) -> str:
    return os.path.relpath(path).replace(os.sep, "/")

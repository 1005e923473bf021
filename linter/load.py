"""Files → sources: bytes are read, decoded, rendered where they are templates, and parsed."""

from __future__ import annotations

import os
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from .config import Config
from .document import plain_data
from .finding import Span
from .parsing import DocumentError, check_syntax
from .rendering import Renderings
from .resource import as_dict, as_list
from .scope import KUSTOMIZATION_NAMES, Home, Homes, Scope
from .source import Problem, SourceFile, looks_like_manifest

#: Larger files are not manifests that anyone edits.
MAX_BYTES: Final = 20 * 1024 * 1024
_CHUNK: Final = 64 * 1024
_VALUES_FILE: Final = re.compile(r"(.*[-_.])?values([-_.].*)?\.ya?ml\Z")
#: Characters that no YAML parser takes within a text, and what each is called.
_STRAY: Final = {"\ufeff": "a byte-order mark in the middle", "\0": "a NUL byte"}


@dataclass
class Loaded:
    """Everything read: the files in order and the scopes they make."""

    files: list[SourceFile] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


class Loader:
    """Reads files; what becomes of one depends on its bytes and on its values files alone.

    `texts` holds the bytes of files that are not on disk (standard input).
    """

    def __init__(self, config: Config, texts: Mapping[str, bytes]) -> None:
        self.texts = texts
        self.cwd = os.getcwd()
        self._folders: dict[str, tuple[str, str]] = {}
        self.homes = Homes(_boundary(config.root))
        self.renderings = Renderings([os.fspath(path) for path in config.values])
        self.scopes: dict[Home, Scope] = {}

    def load(self, paths: Sequence[str], context: Sequence[str] = ()) -> Loaded:
        """Read files to lint, and files of other places that are read for references only."""
        loaded = Loaded()
        patches = self._patch_files([*paths, *context])
        seen = set(map(os.path.abspath, paths)) if context else set()
        for path in paths:
            self._add(loaded, path, patches, context=False)
        for path in context:
            if os.path.abspath(path) not in seen:
                self._add(loaded, path, patches, context=True)
        # What a rule says must not depend on the order in which files are named.
        loaded.scopes = sorted(self.scopes.values(), key=lambda scope: (scope.root, scope.kind))
        for scope in loaded.scopes:
            scope.files.sort(key=lambda file: file.path)
        return loaded

    def _patch_files(self, paths: Iterable[str]) -> set[str]:
        """The absolute paths of the files that a kustomization beside or above them names as patches."""
        given = {os.path.dirname(path) for path in paths}
        folders = {above for folder in given for above in self.homes.above(self._folder(folder)[0])}
        found: set[str] = set()
        for folder in folders:
            for name in KUSTOMIZATION_NAMES:
                if self.homes.holds(folder, name):
                    path = os.path.join(folder, name)
                    found |= {
                        os.path.abspath(os.path.join(folder, file)) for file in _patches(path)
                    }
        return found

    def _add(self, loaded: Loaded, path: str, patches: set[str], *, context: bool) -> None:
        try:
            raw = self._read(path)
        except OSError as error:
            loaded.unreadable.append(f"{path}: {error.strerror or error}")
            return
        given, name = os.path.split(path)
        folder, shown = self._folder(given)
        file = self._source(path if path in self.texts else shown + name, raw)
        file.context = context
        loaded.files.append(file)
        if "values" in name and _VALUES_FILE.match(name):
            file.role = "values"
        elif patches and os.path.abspath(path) in patches:
            file.role = "patch"
        actions = "{{" in file.text and file.role != "values"
        home = self.homes.of(folder, is_template=actions)
        scope = self.scopes.get(home)
        if scope is None:
            root = self._folder(home.root)[1].rstrip("/") or "."
            scope = self.scopes[home] = Scope(home.kind, root)
        scope.files.append(file)
        file.scope = scope
        if actions and not (home.kind == "directory" and _is_plain_yaml(file.text)):
            self._render(file, os.path.join(folder, name), home)
        file.read_documents()

    def _read(self, path: str) -> bytes | str:
        """The bytes of a file, or why it is not read; raises OSError."""
        raw = self.texts.get(path)
        if raw is None:
            raw = _read_file(path)
        if len(raw) <= MAX_BYTES:
            return raw
        limit = MAX_BYTES // (1024 * 1024)
        return f"the file is larger than the {limit} MiB that are read"

    def _source(self, shown: str, raw: bytes | str) -> SourceFile:
        if isinstance(raw, bytes):
            return decode(shown, raw)
        file = SourceFile(shown, "")
        file.problems.append(Problem("limit", raw, Span(1, 1, 1, 1)))
        return file

    def _folder(self, given: str) -> tuple[str, str]:
        """A folder as an absolute path, and as a prefix of the paths that are shown."""
        if given not in self._folders:
            absolute = os.path.abspath(given)
            shown = os.path.relpath(absolute, self.cwd).replace(os.sep, "/")
            self._folders[given] = (absolute, "" if shown == "." else shown + "/")
        return self._folders[given]

    def _render(self, file: SourceFile, path: str, home: Home) -> None:
        """Render a template; one that fails leaves no documents and a Problem."""
        problem = self.renderings.render(file, path, home)
        if problem is None:
            return
        ours = home.kind == "chart" or (
            looks_like_manifest(file.text) and not _is_plain_yaml(file.text)
        )
        if ours or problem.kind == "limit":
            file.problems.append(problem)
            file.unreadable = True


def _read_file(path: str) -> bytes:
    """The bytes of a regular file, or a little more than MAX_BYTES of them; raises OSError.

    Plain system calls: with thousands of small files, a buffered reader costs more than the reading.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        raw = os.read(descriptor, _CHUNK)
        if len(raw) < _CHUNK:
            return raw
        parts = [raw]
        size = len(raw)
        while parts[-1] and size <= MAX_BYTES:
            parts.append(os.read(descriptor, 16 * _CHUNK))
            size += len(parts[-1])
        return b"".join(parts)
    finally:
        os.close(descriptor)


def read_stream(path: str) -> bytes:
    """What a pipe gives, or a little more than MAX_BYTES of it; raises OSError."""
    with open(path, "rb") as stream:
        return stream.read(MAX_BYTES + 1)


def _is_plain_yaml(text: str) -> bool:
    try:
        check_syntax(text)
    except DocumentError:
        return False
    return True


def decode(shown: str, raw: bytes) -> SourceFile:
    """A file's text; what is wrong with its encoding becomes a Problem."""
    text, faults = _decoded(raw)
    if not faults and not any(mark in text for mark in _STRAY):
        return SourceFile(shown, text)
    faults += [(word, text.index(mark)) for mark, word in _STRAY.items() if mark in text]
    kept = text
    for mark in _STRAY:
        kept = kept.replace(mark, "")
    file = SourceFile(shown, kept)
    for message, place in faults:
        dropped = sum(text.count(mark, 0, place) for mark in _STRAY)
        offset = max(0, min(place - dropped, len(kept) - 1))
        end = min(offset + 1, len(kept))
        file.problems.append(Problem("encoding", message, file.text_span(offset, end)))
    return file


def _decoded(raw: bytes) -> tuple[str, list[tuple[str, int]]]:
    """The text without a leading byte-order mark, and what is wrong with it at which offset."""
    if raw.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        text = raw.decode("utf-16", errors="replace").removeprefix("\ufeff")
        return text, [("the file is UTF-16, not UTF-8", 0)]
    raw = raw.removeprefix(BOM_UTF8)
    try:
        return raw.decode("utf-8"), []
    except UnicodeDecodeError as error:
        place = len(raw[: error.start].decode("utf-8", errors="replace"))
        return raw.decode("utf-8", errors="replace"), [("the file is not UTF-8", place)]


def _boundary(root: Path) -> str:
    """The folder above which no values file or chart is looked for: the repository root."""
    absolute = os.path.abspath(root)
    for folder in (Path(absolute), *Path(absolute).parents):
        if (folder / ".git").exists():
            return os.fspath(folder)
    return absolute


def _patches(path: str) -> list[str]:
    try:
        data = as_dict(plain_data(Path(path).read_text(encoding="utf-8", errors="replace")))
    except (OSError, DocumentError):
        return []
    names = [
        as_dict(entry).get("path") if isinstance(entry, dict) else entry
        for key in ("patches", "patchesStrategicMerge", "patchesJson6902")
        for entry in as_list(data.get(key))
    ]
    return [name for name in names if isinstance(name, str) and "\n" not in name]

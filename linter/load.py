"""Files → sources: bytes are read, decoded, rendered where they are templates, and parsed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from .config import Config
from .document import DocumentError, build, compose
from .finding import Span
from .scope import VALUES_NAMES, Home, Homes, Scope
from .source import Problem, SourceFile
from .values import is_text

#: Larger files are not manifests that anyone edits.
MAX_BYTES: Final = 20 * 1024 * 1024
_VALUES_FILE: Final = re.compile(r"values([-_.].*)?\.ya?ml\Z|.*[-_.]values\.ya?ml\Z")
_KUSTOMIZATION: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")


@dataclass
class Loaded:
    """Everything read: the files in order and the scopes they make."""

    files: list[SourceFile] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=list)


class Loader:
    """Reads files; each file's result depends on its bytes and on its values files alone."""

    def __init__(self, config: Config, texts: Mapping[Path, bytes]) -> None:
        self.config = config
        self.texts = texts
        self.cwd = Path.cwd()
        self.homes = Homes(_boundary(config.root))
        self.scopes: dict[Home, Scope] = {}
        self.values: dict[Home, dict[str, Any]] = {}
        self.charts: dict[Home, Any] = {}

    def load(self, paths: Sequence[Path], context: Sequence[Path] = ()) -> Loaded:
        """Read files to lint, and files of other places that are read for references only."""
        loaded = Loaded()
        patches = _patch_files(paths)
        seen = {os.path.abspath(path) for path in paths}
        for path in paths:
            loaded.files.append(self._file(path, patches))
        for path in context:
            if os.path.abspath(path) not in seen:
                file = self._file(path, patches)
                file.context = True
                loaded.files.append(file)
        loaded.scopes = list(self.scopes.values())
        return loaded

    def _file(self, path: Path, patches: set[str]) -> SourceFile:
        shown = self._shown(path)
        raw = self._read(path)
        if isinstance(raw, str):
            file = SourceFile(shown, "")
            file.problems.append(Problem("limit", raw, Span(1, 1, 1, 1)))
            return file
        file = decode(shown, raw)
        absolute = Path(os.path.abspath(path))
        if _VALUES_FILE.match(path.name):
            file.role = "values"
        elif os.path.abspath(path) in patches:
            file.role = "patch"
        actions = "{{" in file.text and file.role != "values"
        home = self.homes.of(absolute, is_template=actions)
        scope = self.scopes.get(home)
        if scope is None:
            scope = self.scopes[home] = Scope(home.kind, self._shown(home.root))
        scope.files.append(file)
        file.scope = scope
        if actions:
            self._render(file, absolute, home)
        else:
            file.read_documents()
        return file

    def _shown(self, path: Path) -> str:
        text = os.path.relpath(path, self.cwd) if path.is_absolute() else os.path.normpath(path)
        return text.replace(os.sep, "/")

    def _read(self, path: Path) -> bytes | str:
        """The bytes of a file, or why it is not read."""
        if path in self.texts:
            raw = self.texts[path]
        else:
            with path.open("rb") as stream:
                size = os.fstat(stream.fileno()).st_size
                if size > MAX_BYTES:
                    return _too_large(size)
                raw = stream.read(MAX_BYTES + 1)
        return _too_large(len(raw)) if len(raw) > MAX_BYTES else raw

    def _render(self, file: SourceFile, path: Path, home: Home) -> None:
        file.read_documents()


def _too_large(size: int) -> str:
    return f"the file is {size / 1e6:.0f} MB, more than the {MAX_BYTES // (1024 * 1024)} MiB that are read"


def decode(shown: str, raw: bytes) -> SourceFile:
    """A file's text; what is wrong with its encoding becomes a Problem."""
    try:
        text = raw.decode("utf-8")
        bad = -1
    except UnicodeDecodeError as error:
        text = raw.decode("utf-8", errors="replace")
        bad = len(raw[: error.start].decode("utf-8", errors="replace"))
    text = text.removeprefix("\ufeff")
    file = SourceFile(shown, text)
    if bad >= 0:
        file.problems.append(
            Problem("encoding", "the file is not UTF-8", file.text_span(bad, bad + 1))
        )
    for mark, word in (("\ufeff", "a byte-order mark in the middle"), ("\0", "a NUL byte")):
        at = text.find(mark)
        if at >= 0:
            file.problems.append(Problem("encoding", word, file.text_span(at, at + 1)))
            file.text = text = text.replace(mark, "")
    return file


def _boundary(root: Path) -> Path:
    """The folder above which no values file or chart is looked for: the repository root."""
    absolute = root.absolute()
    for folder in (absolute, *absolute.parents):
        if (folder / ".git").exists():
            return folder
    return absolute


def _patch_files(paths: Iterable[Path]) -> set[str]:
    """The absolute paths of files that a kustomization in sight names as patches."""
    found: set[str] = set()
    for path in paths:
        if path.name in _KUSTOMIZATION:
            found |= {os.path.abspath(path.parent / name) for name in _patches(path)}
    return found


def _patches(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
        data = build(compose(text), text)
    except (OSError, DocumentError):
        return []
    if not isinstance(data, dict):
        return []
    names: list[Any] = []
    for key in ("patches", "patchesStrategicMerge", "patchesJson6902"):
        for entry in data.get(key) or ():
            names.append(entry.get("path") if isinstance(entry, dict) else entry)
    return [name for name in names if is_text(name) and "\n" not in name]


__all__ = ["VALUES_NAMES", "Loaded", "Loader", "decode"]

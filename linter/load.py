"""Files → sources: bytes are read, decoded, rendered where they are templates, and parsed."""

from __future__ import annotations

import os
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from .config import Config
from .declared import DeclaredScopes
from .document_error import DocumentError
from .files import MAX_BYTES
from .finding import Span
from .rendering import Renderings
from .scope import KUSTOMIZATION_NAMES, Home, Homes, Scope
from .source import Problem, SourceFile, Variant, has_objects, looks_like_manifest

_CHUNK: Final = 64 * 1024
_VALUES_FILE: Final = re.compile(r"(.*[-_.])?values([-_.].*)?\.ya?ml\Z")
_KIND: Final = re.compile(r"^kind:[ \t]*(.*?)[ \t]*\r?$", re.MULTILINE)
#: Characters that no YAML parser takes within a text, and what each is called.
_STRAY: Final = {"\ufeff": "a byte-order mark in the middle", "\0": "a NUL byte"}


class Loaded:
    """Everything read: the files in order and the scopes they make."""

    def __init__(self) -> None:
        self.files: list[SourceFile] = []
        self.scopes: list[Scope] = []
        self.unreadable: list[str] = []
        self.notes: list[str] = []


class Loader:
    """Reads files; what becomes of one depends on its bytes and on its values files alone.

    `texts` holds the bytes of files that are not on disk (standard input).
    """

    def __init__(self, config: Config, texts: Mapping[str, bytes]) -> None:
        self.texts = texts
        self.cwd = os.getcwd()
        self._folders: dict[str, tuple[str, str]] = {}
        self.homes = Homes(_boundary(config.root))
        self.renderings = Renderings.of(config)
        self.scopes: dict[tuple[Home, str], Scope] = {}
        self.declared = DeclaredScopes(config)
        self._homes_of: dict[int, Home] = {}
        #: The files that several declared scopes have, each with its copies.
        self._shared: list[tuple[SourceFile, SourceFile]] = []

    def load(self, paths: Sequence[str], context: Sequence[str] = ()) -> Loaded:
        """Read files to lint, and files of other places that are read for references only."""
        loaded = Loaded()
        seen = set(map(os.path.abspath, paths)) if context else set()
        given = [(path, False) for path in paths]
        given += [(path, True) for path in context if os.path.abspath(path) not in seen]
        files = [(path, self._add(loaded, path, context=away)) for path, away in given]
        self._add_subcharts(loaded)
        scopes = [*self.scopes.values()]
        if self._has_kustomizations([path for path, _away in given]):
            known = len(scopes)
            scopes += self._build(loaded, files)
            scopes += [*self.scopes.values()][known:]
        # What a rule says must not depend on the order in which files are named.
        loaded.scopes = sorted(scopes, key=lambda scope: (scope.root, scope.kind, scope.values_set))
        for scope in loaded.scopes:
            scope.files.sort(key=lambda file: file.path)
        loaded.notes = self.renderings.notes()
        return loaded

    def _folders_above(self, paths: Iterable[str]) -> set[str]:
        """The folders of the files and those above them (absolute)."""
        given = {os.path.dirname(path) for path in paths}
        return {above for folder in given for above in self.homes.above(self._folder(folder)[0])}

    def _has_kustomizations(self, paths: Iterable[str]) -> bool:
        return any(
            self.homes.holds(folder, name)
            for folder in self._folders_above(paths)
            for name in KUSTOMIZATION_NAMES
        )

    def _build(
        self, loaded: Loaded, files: Sequence[tuple[str, SourceFile | None]]
    ) -> Iterator[Scope]:
        """The scopes of what the kustomizations in sight build; reads what they need besides."""
        from .kustomize import Workshop

        known = {os.path.abspath(path): file for path, file in files if file is not None}
        workshop = Workshop(self.homes, known, self._open_aside)
        for build in workshop.builds(self._folders_above(path for path, _file in files)):
            root = self._folder(build.root.folder)[1].rstrip("/") or "."
            scope = build.scope(root)
            if self.declared:
                scope.part_of = self.declared.around(scope, KUSTOMIZATION_NAMES)
            yield scope
        for file in workshop.used:
            self._enter(loaded, file)
        for file, member in self._shared:
            member.is_built, member.role = file.is_built, file.role

    def _open_aside(self, path: str) -> SourceFile | None:
        """A file that a kustomization names and that is not among those given."""
        if not os.path.isfile(path):
            return None
        try:
            return self._open(path, context=True)
        except OSError:
            return None

    def _add(self, loaded: Loaded, path: str, *, context: bool) -> SourceFile | None:
        try:
            files = [*self._openings(path, context=context)]
        except OSError as error:
            loaded.unreadable.append(f"{path}: {error.strerror or error}")
            return None
        for file in files:
            self._enter(loaded, file)
        return files[0]

    def _add_subcharts(self, loaded: Loaded) -> None:
        """The templates of subcharts that are not among the given files.

        Those of an archive and of a folder that nobody named are read for references only; a chart beside
        the one that depends on it is judged as its subchart, too.
        """
        homes = {self._homes_of[id(file)] for file in loaded.files if id(file) in self._homes_of}
        for file in loaded.files:
            if file.path.rpartition("/")[2] == "Chart.yaml":
                folder = os.path.dirname(os.path.abspath(file.path))
                homes.add(self.homes.of(os.path.join(folder, "templates"), is_template=False))
        charts = {home.root for home in homes if home.kind == "chart"}
        if not charts:
            return
        known = {os.path.abspath(file.path): file for file in reversed(loaded.files)}
        held = {(file.path, self._homes_of.get(id(file)), file.variant) for file in loaded.files}
        for home in (Home("chart", root) for root in sorted(charts)):
            for template in self.renderings.subtemplates(home.root):
                folder, name = os.path.split(template.path)
                shown = self._folder(folder)[1] + name
                original = known.get(template.path) or known.get(os.path.realpath(template.path))
                file = SourceFile(original.path if original else shown, template.text)
                if (shown, home, template.variant) in held:
                    continue
                known.setdefault(template.path, file)
                file.is_copy = original is not None
                file.context = original is None or original.context
                file.kustomized = not template.packed and self.homes.kustomized(folder)
                file.variant = template.variant
                self._homes_of[id(file)] = home
                self._render(file, template.path, home)
                file.read_documents()
                self._enter(loaded, file)

    def _open(self, path: str, *, context: bool) -> SourceFile:
        """Read a file, render it if it is a template, and parse it; raises OSError."""
        return next(self._openings(path, context=context))

    def _openings(self, path: str, *, context: bool) -> Iterator[SourceFile]:
        """A file as it is read, once for each of its renderings; raises OSError."""
        raw = self._read(path)
        given, name = os.path.split(path)
        folder, shown = self._folder(given)
        full = os.path.join(folder, name)
        shown = path if path in self.texts else shown + name
        file = self._source(shown, raw)
        is_values = "values" in name and _VALUES_FILE.match(name) is not None
        actions = "{{" in file.text and not is_values
        home = self.homes.of(folder, is_template=actions)
        variants = [Variant()] if is_values else self.renderings.variants(full, home)
        for number, variant in enumerate(variants):
            if number:
                file = self._source(shown, raw)
                file.is_copy = True
            file.variant = variant
            file.context = context
            file.kustomized = self.homes.kustomized(folder)
            file.role = "values" if is_values else file.role
            self._homes_of[id(file)] = home
            if (actions and not (home.kind == "directory" and _is_plain_yaml(file.text))) or (
                home.kind == "chart" and not is_values
            ):
                self._render(file, full, home)
            file.read_documents()
            if file.problems and not (is_values or has_objects(file.text)):
                file.problems = [each for each in file.problems if each.kind != "encoding"]
            yield file

    def _enter(self, loaded: Loaded, file: SourceFile) -> None:
        """Make a file one of the run's, and of its home or of the declared scopes that have it."""
        home = self._homes_of[id(file)]
        declared = self.declared.of(file.path) if home.kind == "directory" else ()
        for number, scope in enumerate(declared):
            member = file.again() if number else file
            member.is_copy = number > 0
            member.variant = Variant(scope=scope.name)
            self._join(loaded, member, Home("declared", scope.name))
            if number:
                self._shared.append((file, member))
        if not declared:
            self._join(loaded, file, home)

    def _join(self, loaded: Loaded, file: SourceFile, home: Home) -> None:
        key = home, file.variant.values_set
        scope = self.scopes.get(key)
        if scope is None:
            scope = self.scopes[key] = self._scope(home, file.variant)
        scope.files.append(file)
        file.scope = scope
        loaded.files.append(file)

    def _scope(self, home: Home, variant: Variant) -> Scope:
        if home.kind == "declared":
            return Scope("declared", home.root, part_of=frozenset((home.root,)))
        root = self._folder(home.root)[1].rstrip("/") or "."
        scope = Scope(home.kind, root, values_set=variant.values_set)
        scope.partial = self.renderings.is_partial(home, variant)
        if self.declared and not scope.is_plain:
            scope.part_of = self.declared.around(scope)
        return scope

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
        problem = self.renderings.render(file, path, home, file.variant)
        if problem is None:
            return
        if problem.kind == "limit" and _defines_kinds_only(file.text):
            file.unreadable = True
            return
        ours = home.kind == "chart" or (
            looks_like_manifest(file.text)
            and has_objects(file.text)
            and not _is_plain_yaml(file.text)
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


def _defines_kinds_only(text: str) -> bool:
    """Whether a template writes nothing but definitions of kinds, which no rule is about."""
    kinds = {match[1] for match in _KIND.finditer(text)}
    return kinds == {"CustomResourceDefinition"}


def _is_plain_yaml(text: str) -> bool:
    from .parsing import check_syntax

    try:
        check_syntax(text)
    except DocumentError:
        return False
    return True


def decode(shown: str, raw: bytes) -> SourceFile:
    """A file's text; what is wrong with its encoding becomes a Problem."""
    text, faults = _decoded(raw)
    faults += [(word, text.index(mark)) for mark, word in _STRAY.items() if mark in text]
    if not faults:
        return SourceFile(shown, text)
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

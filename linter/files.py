"""Paths → files: recursive, `.gitignore` and excludes honoured, symlink loops survived."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

    #: Folders (absolute) with the patterns that hold in them; later ones win.
    Rules = list[tuple[str, GitIgnoreSpec]]

#: Larger files are not manifests that anyone edits.
MAX_BYTES: Final = 20 * 1024 * 1024
SUFFIXES: Final = (".yaml", ".yml", ".json")
#: Folders that never hold manifests of the project itself.
SKIPPED_FOLDERS: Final = frozenset(
    (".git", ".hg", ".svn", ".tox", ".venv", "__pycache__", "node_modules", ".terraform")
)


class NoSuchPath(Exception):  # noqa: N818 reads as a sentence where it is caught
    """A path that does not exist."""


class Walk:
    """How to walk: extra exclude patterns (as in .gitignore, relative to `root`).

    `unreadable` tells which folders could not be read, and why; `streams` are the given paths that
    are no regular files (pipes).
    """

    def __init__(self, root: Path, exclude: Sequence[str] = ()) -> None:
        self.root = root
        self.exclude = exclude
        self.unreadable: list[str] = []
        self.streams: list[str] = []
        self._seen: set[tuple[int, int]] = set()

    def find(self, paths: Iterable[str | Path], without: Iterable[str] = ()) -> Iterator[str]:
        """The files under the paths, each once, in a stable order; raises NoSuchPath.

        Those in `without` are left out.
        """
        wanted = [os.fspath(path) for path in paths]
        done = set(map(os.path.abspath, without))
        alone = len(wanted) == 1 and not done
        for path in wanted:
            if os.path.isdir(path):
                found: Iterable[str] = self._walk(path)
            elif os.path.exists(path):
                found = [path]
                if not os.path.isfile(path):
                    self.streams.append(path)
            else:
                raise NoSuchPath(f"{path}: no such file or folder")
            for file in found:
                key = file if alone else os.path.abspath(file)
                if key not in done:
                    done.add(key)
                    yield file

    def _walk(self, top: str) -> Iterator[str]:
        self._seen.clear()
        # A folder that is named outright is walked, whatever rule hides it from the folders above.
        excluded = [rule for rule in self._excludes() if not _ignored(top + "/", [rule])]
        above = [rule for rule in _rules_above(top) if not _ignored(top + "/", [rule])]
        stack = [self._folder(top, above, excluded)]
        while stack:
            found = next(stack[-1], None)
            if found is None:
                stack.pop()
            elif isinstance(found, str):
                yield found
            else:
                stack.append(self._folder(*found, excluded))

    def _excludes(self) -> Rules:
        return [(os.path.abspath(self.root), _spec(self.exclude))] if self.exclude else []

    def _folder(
        self, folder: str, rules: Rules, excluded: Rules
    ) -> Iterator[str | tuple[str, Rules]]:
        """The files of one folder, and the folders in it, each with the rules that hold there."""
        try:
            entries = sorted(os.scandir(folder), key=attrgetter("name"))
        except OSError as error:
            self.unreadable.append(f"{folder}: {error.strerror or error}")
            return
        if any(entry.name == ".gitignore" for entry in entries):
            rules = rules + _ignore_rules(os.path.abspath(folder))
        for entry in entries:
            if _holds(entry.is_dir):
                path = entry.path + "/"
                if entry.name in SKIPPED_FOLDERS or _ignored(path, rules):
                    continue
                if _ignored(path, excluded) or (entry.is_symlink() and not self._is_new(entry)):
                    continue
                yield entry.path, rules
            elif (
                (entry.name.endswith(SUFFIXES) or entry.name == "Kustomization")
                and not _ignored(entry.path, rules)
                and not _ignored(entry.path, excluded)
                and _holds(entry.is_file)
            ):
                yield entry.path

    def _is_new(self, entry: os.DirEntry[str]) -> bool:
        """Whether a linked folder leads somewhere new: not above itself, not visited before."""
        target = os.path.realpath(entry.path)
        way = Path(os.path.abspath(entry.path)).parents
        if any(_is_below(os.path.realpath(folder), target) for folder in way):
            return False
        status = os.stat(target)
        key = (status.st_dev, status.st_ino)
        if key in self._seen:
            return False
        self._seen.add(key)
        return True


class Sight:
    """What of the folders around is among the files of a run, which may be given one by one.

    Folders are given as a report shows paths: posix, relative, empty for the working directory.
    """

    def __init__(self, walk: Walk, given: Iterable[str | Path], files: Iterable[str]) -> None:
        self._walk = walk
        self._given = [os.path.abspath(path) for path in given if os.path.isdir(path)]
        self._files = files
        self._whole: dict[str, bool] = {}
        self._others_in: dict[str, list[str]] = {}
        self._texts: dict[str, str] = {}

    def whole(self, folder: str) -> bool:
        """Whether all manifests of a folder, and of those below it, are among the files."""
        if folder not in self._whole:
            self._whole[folder] = next(self._others(folder), None) is None
        return self._whole[folder]

    def elsewhere(self, folder: str, holds: Callable[[str], bool], *, below: bool = True) -> bool:
        """Whether it holds of the text of a manifest that is not among the files.

        Those of a folder are asked, and those `below` it.
        """
        path = os.path.abspath(folder)
        if path not in self._others_in:
            self._others_in[path] = list(self._others(folder))
        others = self._others_in[path]
        return any(
            holds(self._text(other)) for other in others if below or os.path.dirname(other) == path
        )

    def _others(self, folder: str) -> Iterator[str]:
        """The manifests of a folder that are not among the files."""
        path = os.path.abspath(folder)
        if os.path.isdir(path) and not any(_is_below(path, given) for given in self._given):
            walk = Walk(self._walk.root, self._walk.exclude)
            for file in map(os.path.abspath, walk.find([path])):
                if file not in self._absolute:
                    yield file

    def _text(self, path: str) -> str:
        """The text of a file; empty for what a run would not read."""
        if path not in self._texts:
            try:
                small = os.path.getsize(path) <= MAX_BYTES
                raw = Path(path).read_bytes() if small else b""
            except OSError:
                raw = b""
            self._texts[path] = raw.decode(errors="replace")
        return self._texts[path]

    @cached_property
    def _absolute(self) -> set[str]:
        return set(map(os.path.abspath, self._files))


def _holds(question: Callable[[], bool]) -> bool:
    """The answer of a directory entry; no for links that lead to one another."""
    try:
        return question()
    except OSError:
        return False


def _is_below(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies in it; both absolute."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _rules_above(top: str) -> Rules:
    """The ignore rules of the folders above, from the repository root down."""
    rules: Rules = []
    folder = os.path.abspath(top)
    while not os.path.exists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return []
        folder = parent
        rules = _ignore_rules(folder) + rules
    return rules


def _spec(patterns: Iterable[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    # `a/**` means what is in `a`, not the folder itself: some of it may be wanted again.
    lines = [line + "/*" if line.endswith("/**") else line for line in patterns]
    try:
        return GitIgnoreSpec.from_lines(lines)
    except (ValueError, re.error):
        return GitIgnoreSpec.from_lines(filter(_is_pattern, lines))


def _is_pattern(line: str) -> bool:
    """Whether a line is a pattern; git, too, passes over lines that are none."""
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True


def _ignore_rules(folder: str) -> Rules:
    try:
        text = Path(folder, ".gitignore").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [(folder, _spec(text.splitlines()))]


def _ignored(path: str, rules: Rules) -> bool:
    if not rules:
        return False
    absolute = os.path.abspath(path) + ("/" if path.endswith("/") else "")
    verdict = False
    for base, spec in rules:
        if absolute.startswith(base.rstrip("/") + "/"):
            relative = absolute[len(base) :].lstrip("/")
        else:
            relative = os.path.relpath(absolute, base) + ("/" if absolute.endswith("/") else "")
        result = spec.check_file(relative).include
        if result is not None:
            verdict = result
    return verdict

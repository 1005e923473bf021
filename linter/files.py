"""Paths → files: recursive, `.gitignore` and excludes honoured, symlink loops survived."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

SUFFIXES: Final = (".yaml", ".yml", ".json")
#: Folders that never hold manifests of the project itself.
SKIPPED_FOLDERS: Final = frozenset(
    (".git", ".hg", ".svn", ".tox", ".venv", "__pycache__", "node_modules", ".terraform")
)


class NoSuchPath(Exception):  # noqa: N818 reads as a sentence where it is caught
    """A path that does not exist or cannot be read."""


@dataclass
class Walk:
    """How to walk: extra exclude patterns (as in .gitignore, relative to `root`)."""

    root: Path
    exclude: Sequence[str] = ()
    _seen: set[tuple[int, int]] = field(default_factory=set)

    def find(self, paths: Iterable[str | Path]) -> Iterator[str]:
        """The files under the paths, each once, in a stable order; raises NoSuchPath."""
        done: set[str] = set()
        for given in paths:
            path = os.fspath(given)
            if os.path.isdir(path):
                found: Iterable[str] = self._walk(path)
            elif os.path.exists(path):
                found = [path]
            else:
                raise NoSuchPath(f"{path}: no such file or folder")
            for file in found:
                if file not in done:
                    done.add(file)
                    yield file

    def _walk(self, top: str) -> Iterator[str]:
        self._seen.clear()
        yield from self._folder(top, self._above(Path(top)))

    def _above(self, top: Path) -> list[tuple[str, GitIgnoreSpec]]:
        """The ignore rules of the folders above, from the repository root down."""
        absolute = top.absolute()
        rules: list[tuple[str, GitIgnoreSpec]] = []
        if self.exclude:
            rules.append((os.fspath(self.root.absolute()), _spec(self.exclude)))
        chain = []
        for parent in absolute.parents:
            chain.append(parent)
            if (parent / ".git").exists():
                for folder in reversed(chain):
                    rules += _ignore_rules(os.fspath(folder))
                break
        return rules

    def _folder(self, folder: str, rules: list[tuple[str, GitIgnoreSpec]]) -> Iterator[str]:
        try:
            entries = sorted(os.scandir(folder), key=attrgetter("name"))
        except OSError as error:
            raise NoSuchPath(f"{folder}: {error.strerror or error}") from error
        if any(entry.name == ".gitignore" for entry in entries):
            rules = rules + _ignore_rules(os.path.abspath(folder))
        for entry in entries:
            if entry.is_dir():
                if entry.name in SKIPPED_FOLDERS or _ignored(entry.path + "/", rules):
                    continue
                if entry.is_symlink() and not self._first_visit(entry):
                    continue
                yield from self._folder(entry.path, rules)
            elif (
                entry.name.endswith(SUFFIXES)
                and not _ignored(entry.path, rules)
                and entry.is_file()
            ):
                yield entry.path

    def _first_visit(self, entry: os.DirEntry[str]) -> bool:
        """Whether a linked folder leads somewhere new: not above itself, not visited before."""
        target = os.path.realpath(entry.path)
        if os.path.abspath(entry.path).startswith(target + os.sep):
            return False
        status = os.stat(target)
        key = (status.st_dev, status.st_ino)
        if key in self._seen:
            return False
        self._seen.add(key)
        return True


def _spec(patterns: Iterable[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(patterns)


def _ignore_rules(folder: str) -> list[tuple[str, GitIgnoreSpec]]:
    try:
        text = Path(folder, ".gitignore").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [(folder, _spec(text.splitlines()))]


def _ignored(path: str, rules: list[tuple[str, GitIgnoreSpec]]) -> bool:
    if not rules:
        return False
    absolute = os.path.abspath(path) + ("/" if path.endswith("/") else "")
    verdict = False
    for base, spec in rules:
        relative = absolute[len(base) :].lstrip("/")
        result = spec.check_file(relative).include
        if result is not None:
            verdict = result
    return verdict

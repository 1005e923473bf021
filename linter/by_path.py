"""What a configuration says of some files, found by their paths."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


class HasPaths(Protocol):
    """An entry of the configuration for some files: `paths` are written as in .gitignore."""

    @property
    def paths(self) -> tuple[str, ...]:
        """The patterns."""


Entry = TypeVar("Entry", bound=HasPaths)


class ByPath(Generic[Entry]):
    """Entries of a configuration, asked by a file's path as a report shows it; `root` is theirs."""

    def __init__(self, entries: Iterable[Entry], root: Path) -> None:
        self._root = root
        self._specs: list[tuple[Entry, GitIgnoreSpec]] = []
        self._known: dict[str, list[Entry]] = {}
        for entry in entries:
            from pathspec import GitIgnoreSpec

            self._specs.append((entry, GitIgnoreSpec.from_lines(entry.paths)))

    def __bool__(self) -> bool:
        return bool(self._specs)

    def of(self, file: str) -> list[Entry]:
        """The entries that are for a file, in the order of the configuration."""
        if not self._specs:
            return []
        if file not in self._known:
            path = os.path.relpath(file, self._root).replace(os.sep, "/")
            self._known[file] = [entry for entry, spec in self._specs if spec.match_file(path)]
        return self._known[file]

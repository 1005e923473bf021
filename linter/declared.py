"""Scopes that the configuration declares: which files a team says deploy together."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .config import Config, DeclaredScope
from .scope import VALUES_NAMES, Scope

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

#: What stands for a unit of several files: a scope belongs where its file of such a name does.
_MARKS = {"chart": ("Chart.yaml",), "service": VALUES_NAMES}


class DeclaredScopes:
    """The declared scopes, asked by a file's path as a report shows it."""

    def __init__(self, config: Config) -> None:
        self._root = config.root
        self._specs: list[tuple[DeclaredScope, GitIgnoreSpec]] = []
        self._known: dict[str, list[DeclaredScope]] = {}
        for scope in config.scopes:
            from pathspec import GitIgnoreSpec

            self._specs.append((scope, GitIgnoreSpec.from_lines(scope.paths)))

    def __bool__(self) -> bool:
        return bool(self._specs)

    def of(self, file: str) -> list[DeclaredScope]:
        """The scopes that a file belongs to, in the order of the configuration."""
        if not self._specs:
            return []
        if file not in self._known:
            path = os.path.relpath(file, self._root).replace(os.sep, "/")
            self._known[file] = [scope for scope, spec in self._specs if spec.match_file(path)]
        return self._known[file]

    def complete(self, file: str) -> bool | None:
        """Whether what a file refers to is all in sight: None where its scopes do not say so alike."""
        said = {scope.complete for scope in self.of(file)}
        return said.pop() if len(said) == 1 else None

    def around(self, unit: Scope, marks: tuple[str, ...] = ()) -> frozenset[str]:
        """The names of the scopes that a whole chart, service or kustomization is part of.

        `marks` are the names of the file that makes a folder such a unit.
        """
        folder = "" if unit.root == "." else f"{unit.root}/"
        return frozenset(
            scope.name
            for mark in marks or _MARKS[unit.kind]
            for scope in self.of(folder + mark)
            if scope.values_set is None or scope.values_set in unit.values_set.split(", ")
        )

"""Scopes that the configuration declares: which files a team says deploy together."""

from __future__ import annotations

from .by_path import ByPath
from .config import Config, DeclaredScope
from .scope import VALUES_NAMES, Scope

#: What stands for a unit of several files: a scope belongs where its file of such a name does.
_MARKS = {"chart": ("Chart.yaml",), "service": VALUES_NAMES}


class DeclaredScopes(ByPath[DeclaredScope]):
    """The declared scopes."""

    def __init__(self, config: Config) -> None:
        super().__init__(config.scopes, config.root)

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

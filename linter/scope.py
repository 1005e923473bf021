"""Scopes: which files deploy together.

A file's home is found by walking up from its folder: a Helm chart (`Chart.yaml`), a Harness service
(a `values.yaml` without a chart, whose manifests stand beside it or below it), else the folder itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple, TypeVar

from .resource import Resource, read_resources
from .source import SourceFile

Kind = Literal["chart", "service", "directory"]
R = TypeVar("R", bound=Resource)

VALUES_NAMES = ("values.yaml", "values.yml")
KUSTOMIZATION_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")


class Home(NamedTuple):
    """Where a file belongs: the kind of its scope and the scope's folder (absolute)."""

    kind: Kind
    root: str


@dataclass
class Scope:
    """Files that deploy together.

    `root` is shown to the user (posix, relative to the working directory).  Two files of a chart or
    of a Harness service always deploy together; those of a plain directory usually do.
    """

    kind: Kind
    root: str
    files: list[SourceFile] = field(default_factory=list)

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """Every object that a rule may look at, in the order of files (patches left out)."""
        return tuple(self._read())

    def _read(self) -> Iterator[Resource]:
        for file in self.files:
            if file.role != "manifest":
                continue
            for document in file.documents:
                if document.loaded:
                    yield from read_resources(document)

    def of(self, kind: type[R]) -> list[R]:
        """The objects of one kind."""
        return [resource for resource in self.resources if isinstance(resource, kind)]

    def deployed(self, kind: type[R]) -> list[R]:
        """The objects of one kind that a Harness deployment applies: not those of skipped files."""
        return [resource for resource in self.of(kind) if not resource.file.skipped]


class Homes:
    """Finds and remembers the home of each folder (absolute paths).

    `stop` is a folder above which no one looks: the repository root.
    """

    def __init__(self, stop: str) -> None:
        self._roots = {stop: True}
        self._names: dict[str, frozenset[str]] = {}
        self._found: dict[tuple[str, bool], Home] = {}

    def of(self, folder: str, *, is_template: bool) -> Home:
        """The home of a file of `folder`; `is_template`: it holds template actions."""
        key = (folder, is_template)
        if key not in self._found:
            self._found[key] = self._find(folder, is_template)
        return self._found[key]

    def _find(self, folder: str, is_template: bool) -> Home:
        for parent in self.above(folder):
            mark = self._mark(parent)
            if not mark:
                continue
            in_templates = folder[len(parent) :].split(os.sep)[1:2] == ["templates"]
            if mark == "chart":
                if in_templates:
                    return Home("chart", parent)
                break
            if is_template or parent == folder or in_templates:
                return Home("service", parent)
        return Home("directory", folder)

    def above(self, folder: str) -> Iterator[str]:
        """The folder and those above it, up to the root of its repository."""
        while True:
            yield folder
            parent = os.path.dirname(folder)
            if parent == folder or self._is_root(folder):
                return
            folder = parent

    def holds(self, folder: str, name: str) -> bool:
        """Whether a folder has a file of that name; each folder is listed only once."""
        if folder not in self._names:
            try:
                self._names[folder] = frozenset(os.listdir(folder))
            except OSError:
                self._names[folder] = frozenset()
        return name in self._names[folder] and os.path.isfile(os.path.join(folder, name))

    def _is_root(self, folder: str) -> bool:
        if folder not in self._roots:
            self._roots[folder] = os.path.exists(os.path.join(folder, ".git"))
        return self._roots[folder]

    def _mark(self, folder: str) -> Literal["chart", "values", ""]:
        if self.holds(folder, "Chart.yaml"):
            return "chart"
        return "values" if any(self.holds(folder, name) for name in VALUES_NAMES) else ""

"""Scopes: which files deploy together.

A file's home is found by walking up from its folder: a Helm chart (`Chart.yaml`), a Harness service
(a `values.yaml` without a chart, whose manifests stand beside it or below it), else the folder itself.
What kustomizations build makes scopes of its own (see the folder kustomize), and the configuration may
declare others.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple, TypeVar

from .kinds import read_resources
from .resource import Resource
from .source import SourceFile

Kind = Literal["chart", "service", "kustomization", "declared", "directory"]
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

    `root` is shown to the user (posix, relative to the working directory; the name of a declared scope).
    Two files of a plain directory usually deploy together, those of any other scope always do.
    `built` are the objects of a kustomization; `partial`: it includes what is not in sight.
    `values_set` names the values that its templates are rendered with, where there are several sets.
    `part_of` names the declared scopes that it deploys with.
    """

    kind: Kind
    root: str
    files: list[SourceFile] = field(default_factory=list)
    built: tuple[Resource, ...] | None = None
    partial: bool = False
    values_set: str = ""
    part_of: frozenset[str] = frozenset()

    @property
    def is_plain(self) -> bool:
        """Whether its files are manifests as they stand, which nothing but their places unites."""
        return self.kind in ("directory", "declared")

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """Every object that a rule may look at, in the order of files (patches left out)."""
        return tuple(self._read()) if self.built is None else self.built

    def _read(self) -> Iterator[Resource]:
        for file in self.files:
            if file.role != "manifest" or file.is_built:
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
        self._kustomized: dict[str, bool] = {}
        self._marks: dict[str, Literal["chart", "values", ""]] = {}

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
                    return Home("chart", self._installed(parent))
                break
            if is_template or parent == folder or in_templates:
                return Home("service", parent)
        return Home("directory", folder)

    def _installed(self, chart: str) -> str:
        """The chart that is installed, where a chart lies in the `charts` of another one."""
        charts = os.path.dirname(chart)
        parent = os.path.dirname(charts)
        if os.path.basename(charts) != "charts" or self.is_root(chart) or self.is_root(charts):
            return chart
        return self._installed(parent) if self.holds(parent, "Chart.yaml") else chart

    def above(self, folder: str) -> Iterator[str]:
        """The folder and those above it, up to the root of its repository."""
        while True:
            yield folder
            parent = os.path.dirname(folder)
            if parent == folder or self.is_root(folder):
                return
            folder = parent

    def holds(self, folder: str, name: str) -> bool:
        """Whether a folder has a file of that name."""
        return name in self.names(folder) and os.path.isfile(os.path.join(folder, name))

    def names(self, folder: str) -> frozenset[str]:
        """What a folder holds; each folder is listed only once."""
        if folder not in self._names:
            try:
                self._names[folder] = frozenset(os.listdir(folder))
            except (OSError, ValueError):
                self._names[folder] = frozenset()
        return self._names[folder]

    def kustomized(self, folder: str) -> bool:
        """Whether a kustomization lies in a folder or above it."""
        if folder not in self._kustomized:
            parent = os.path.dirname(folder)
            is_top = parent == folder or self.is_root(folder)
            self._kustomized[folder] = any(
                self.holds(folder, name) for name in KUSTOMIZATION_NAMES
            ) or (not is_top and self.kustomized(parent))
        return self._kustomized[folder]

    def is_root(self, folder: str) -> bool:
        """Whether a folder is the root of a repository, above which no one looks."""
        if folder not in self._roots:
            self._roots[folder] = os.path.exists(os.path.join(folder, ".git"))
        return self._roots[folder]

    def _mark(self, folder: str) -> Literal["chart", "values", ""]:
        """What a folder holds that makes it a home."""
        if folder not in self._marks:
            has_values = any(self.holds(folder, name) for name in VALUES_NAMES)
            is_chart = self.holds(folder, "Chart.yaml")
            self._marks[folder] = "chart" if is_chart else "values" if has_values else ""
        return self._marks[folder]

"""Scopes: which files deploy together.

A file's home is found by walking up from its folder: a Helm chart (`Chart.yaml`), a Harness service
(a `values.yaml` without a chart, whose manifests stand beside it or below it), else the folder itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeVar

from .resource import Resource, read_resources
from .source import SourceFile

Kind = Literal["chart", "service", "directory"]
R = TypeVar("R", bound=Resource)

VALUES_NAMES = ("values.yaml", "values.yml")


@dataclass(frozen=True, slots=True)
class Home:
    """Where a file belongs: the kind of its scope and the scope's folder (absolute)."""

    kind: Kind
    root: Path


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
    """Finds and remembers the home of each folder.

    `stop` are folders above which no one looks: the repository root, or the linted folder.
    """

    def __init__(self, stop: Path) -> None:
        self.stop = stop
        self._marks: dict[Path, str | None] = {}

    def of(self, path: Path, *, is_template: bool) -> Home:
        """The home of a file (absolute path); `is_template`: it holds template actions."""
        folder = path.parent
        for parent in self._parents(folder):
            mark = self._mark(parent)
            if mark == "chart":
                inside = path.relative_to(parent).parts
                if inside[0] == "templates":
                    return Home("chart", parent)
                break
            if mark == "values":
                inside = path.relative_to(parent).parts
                if is_template or parent == folder or inside[0] == "templates":
                    return Home("service", parent)
        return Home("directory", folder)

    def _parents(self, folder: Path) -> Iterator[Path]:
        yield folder
        if folder == self.stop:
            return
        for parent in folder.parents:
            yield parent
            if parent == self.stop:
                return

    def _mark(self, folder: Path) -> str | None:
        if folder not in self._marks:
            mark = None
            if (folder / "Chart.yaml").is_file():
                mark = "chart"
            elif any((folder / name).is_file() for name in VALUES_NAMES):
                mark = "values"
            self._marks[folder] = mark
        return self._marks[folder]

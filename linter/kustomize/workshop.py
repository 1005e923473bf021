"""From the files of a run to the builds of the kustomizations among them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ..kinds import view_of
from ..resource import Resource
from ..scope import Homes, Scope
from ..source import SourceFile, Variant
from .build import Build
from .built import BuiltDocument
from .item import Item
from .sight import Sight


class Workshop:
    """Builds what the kustomizations around some files make.

    `known` are the files of the run by absolute path; `open_file` reads any other.  `used` are those
    that were read besides and have a part in a build.
    """

    def __init__(
        self,
        homes: Homes,
        known: Mapping[str, SourceFile],
        open_file: Callable[[str], SourceFile | None],
    ) -> None:
        self.known = known
        self.open_file = open_file
        self.used: list[SourceFile] = []
        self._opened: dict[str, SourceFile | None] = {}
        self._told: set[tuple[str, str]] = set()
        self.sight = Sight(homes, self.file_at)

    def file_at(self, path: str) -> SourceFile | None:
        """The file at an absolute path."""
        if path in self.known:
            return self.known[path]
        if path not in self._opened:
            self._opened[path] = self.open_file(path)
        return self._opened[path]

    def builds(self, folders: Iterable[str]) -> Iterator[Finished]:
        """What the kustomizations of some folders build, as far as files of the run have a part in it."""
        if not self.sight.find(folders):
            return
        builds = list(self.sight.builds(self.known.keys()))
        for path in self.sight.patches():
            file = self.known.get(path) or self._opened.get(path)
            if file is not None:
                file.role = "patch"
        for build in builds:
            self._take(build)
            yield Finished(build, is_final=self.sight.is_final(build))

    def _take(self, build: Build) -> None:
        opened = {id(file) for file in self._opened.values()}
        for file in build.files.values():
            if id(file) in opened and file not in self.used:
                self.used.append(file)
        for file in build.resource_files.values():
            file.is_built = True
        for file, problem in build.problems:
            key = (file.path, f"{problem.span} {problem.message}")
            if key not in self._told:
                self._told.add(key)
                file.problems.append(problem)


class Finished:
    """A build, and whether it is what deploys: no overlay out of sight changes it, as far as one can tell."""

    def __init__(self, build: Build, *, is_final: bool) -> None:
        self.build = build
        self.root = build.root
        self.is_final = is_final

    def scope(self, root: str) -> Scope:
        """The scope of its objects; `root` is its folder as it is shown."""
        scope = Scope("kustomization", root, partial=self.build.partial)
        members: dict[str, SourceFile] = {}
        for path, file in self.build.resource_files.items():
            member = members[path] = file.again()
            member.scope = scope
            member.kustomized = not self.is_final
            member.variant = Variant()
        scope.files = list(members.values())
        scope.built = tuple(_resource(item, members[item.file.path]) for item in self.build.items)
        return scope


def _resource(item: Item, file: SourceFile) -> Resource:
    document = BuiltDocument(item, file)
    base = () if item.is_changed else item.resource.base
    return view_of(item.data)(document, item.data, base)

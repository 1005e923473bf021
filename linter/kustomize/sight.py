"""Which kustomizations are in sight, and which of them are built."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final

from ..files import SKIPPED_FOLDERS
from ..scope import KUSTOMIZATION_NAMES, Homes
from ..source import SourceFile
from .build import Build
from .model import Kustomization

#: How far from a base its overlays are looked for: `../prod`, `../overlays/prod`.
_DEPTH: Final = 2
_MAX_FOLDERS: Final = 200


class Sight:
    """The kustomizations that are known; `file_at` gives a file by its absolute path."""

    def __init__(self, homes: Homes, file_at: Callable[[str], SourceFile | None]) -> None:
        self.homes = homes
        self.file_at = file_at
        self._by_folder: dict[str, Kustomization | None] = {}
        self._known: dict[str, Kustomization | None] = {}
        self._walked: set[str] = set()

    def find(self, folders: Iterable[str]) -> bool:
        """Read the kustomizations of some folders, and all that these include; whether there is any."""
        found = [known for folder in sorted(folders) if (known := self.in_folder(folder))]
        for kustomization in found:
            self._follow(kustomization)
        return bool(found)

    def in_folder(self, folder: str) -> Kustomization | None:
        """The kustomization of a folder (absolute)."""
        if folder in self._by_folder:
            return self._by_folder[folder]
        name = next((name for name in KUSTOMIZATION_NAMES if self.homes.holds(folder, name)), None)
        found = None
        if name is not None:
            real = os.path.realpath(folder)
            if real not in self._known:
                file = self.file_at(os.path.join(folder, name))
                self._known[real] = None if file is None else Kustomization(file, folder)
            found = self._known[real]
        self._by_folder[folder] = found
        return found

    def _follow(self, start: Kustomization) -> None:
        stack, seen = [start], {start.folder}
        while stack:
            for below in self._included(stack.pop()):
                if below.folder not in seen:
                    seen.add(below.folder)
                    stack.append(below)

    def _included(self, kustomization: Kustomization) -> Iterator[Kustomization]:
        for _entry, path in (*kustomization.resources, *kustomization.components):
            below = self.in_folder(path) if path else None
            if below is not None:
                yield below

    @property
    def every(self) -> list[Kustomization]:
        """All that are known and can be read, by folder."""
        found = [known for known in self._known.values() if known is not None and known.readable]
        return sorted(found, key=lambda known: known.folder)

    def roots(self) -> list[Kustomization]:
        """Those that no other one in sight includes; one of each ring that includes itself."""
        for kustomization in sorted(self._not_included(), key=self._is_final):
            self._look_around(kustomization)
        roots = self._not_included()
        reached = {below.folder for root in roots for below in self.below(root)}
        for kustomization in self.every:
            if kustomization.folder not in reached:
                roots.append(kustomization)
                reached |= {below.folder for below in self.below(kustomization)}
        return roots

    def _not_included(self) -> list[Kustomization]:
        every = self.every
        included = {
            below.folder for known in every for below in self._included(known) if below is not known
        }
        return [known for known in every if known.folder not in included]

    def below(self, root: Kustomization) -> list[Kustomization]:
        """A kustomization and all that it includes."""
        found, stack = {root.folder: root}, [root]
        while stack:
            for below in self._included(stack.pop()):
                if below.folder not in found:
                    found[below.folder] = below
                    stack.append(below)
        return list(found.values())

    def _is_final(self, kustomization: Kustomization) -> bool:
        """Whether a kustomization looks like one that is deployed, not like a base of others."""
        if kustomization.is_component or os.path.basename(kustomization.folder) == "base":
            return False
        return (
            kustomization.has_patches
            or bool(kustomization.components)
            or any(self._included(kustomization))
        )

    def is_final(self, build: Build) -> bool:
        """Whether a build is what deploys, as far as one can tell."""
        return not build.partial and self._is_final(build.root)

    def _look_around(self, base: Kustomization) -> None:
        """Look for what includes a kustomization: it may lie beside what is linted."""
        if self.homes.is_root(base.folder):
            return
        folders = [(os.path.dirname(base.folder), 0)]
        for folder, depth in folders:
            if folder in self._walked or len(self._walked) >= _MAX_FOLDERS:
                continue
            self._walked.add(folder)
            self.in_folder(folder)
            if depth < _DEPTH:
                names = sorted(self.homes.names(folder))
                below = (os.path.join(folder, name) for name in names if _is_folder_name(name))
                folders += [(path, depth + 1) for path in below if os.path.isdir(path)]

    def files_of(self, root: Kustomization) -> set[str]:
        """The absolute paths of all files that a build of it may read."""
        found: set[str] = set()
        for known in self.below(root):
            found.update(path for _entry, path in known.resources if path)
            found.update(path for path in known.patch_files if path)
            found.update(os.path.join(known.folder, name) for name in KUSTOMIZATION_NAMES)
        return found

    def patches(self) -> set[str]:
        """The absolute paths of the patches, without those that are deployed as they are too."""
        every = self.every
        named = {path for known in every for path in known.patch_files}
        return named - {path for known in every for _entry, path in known.resources}

    def builds(self, given: Collection[str]) -> Iterator[Build]:
        """The builds that one of the given files (absolute paths) has a part in."""
        for root in self.roots():
            if not self.files_of(root).isdisjoint(given):
                yield Build(root, self.in_folder, self.file_at)


def _is_folder_name(name: str) -> bool:
    return "." not in name[:1] and name not in SKIPPED_FOLDERS

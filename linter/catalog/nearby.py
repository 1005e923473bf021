"""Which of several objects deploy with another one, as far as their places tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Generic, TypeVar

from ..resource import Resource

R = TypeVar("R", bound=Resource)

#: Scopes that others may be deployed beside: a service's files, and a declared scope, say that nothing
#: else belongs to them.
_OPEN: Final = ("directory", "kustomization")


def folder_of(resource: Resource) -> str:
    """The folder that an object deploys from, as a report shows it: its file's, or its kustomization's."""
    scope = resource.file.scope
    if scope is not None and scope.kind == "kustomization":
        return "" if scope.root == "." else scope.root
    return resource.file.path.rpartition("/")[0]


def surely_meant(
    found: Sequence[R],
    asker: Resource,
    copies: Callable[[Resource], Sequence[Resource]],
    sees_all: Callable[[str], bool],
) -> list[R]:
    """Of objects that may stand for each other, those that `asker` means, where that can be told.

    One in `asker`'s own scope or folder, or above it, is meant.  One beside it is not if there are more
    of its kind and name, or may be out of sight: they are chapters of a book, say, and any may be meant.
    Environments have as many of the one as of the other.
    """
    own = at_hand(found, asker)
    if own or len({folder_of(item) for item in found}) != 1:
        return own
    around = common_folder([folder_of(asker), *map(folder_of, found)])
    if not sees_all(around):
        return own
    number = len(copies(asker))
    return [item for item in found if len(copies(item)) in (1, number)]


def at_hand(found: Sequence[R], asker: Resource) -> list[R]:
    """Those that lie in `asker`'s own scope or folder, or above it, or are declared to deploy with it."""
    own = set(and_above(folder_of(asker)))
    home = asker.file.scope
    declared = home.part_of if home is not None else frozenset[str]()
    return [
        item
        for item in found
        if (scope := item.file.scope) is home
        or folder_of(item) in own
        or (scope is not None and declared & scope.part_of)
    ]


def common_folder(folders: Iterable[str]) -> str:
    """The folder that all of some folders are, or lie below."""
    above = [set(and_above(folder)) for folder in folders]
    return max(set.intersection(*above), key=len) if above else ""


def and_above(folder: str) -> Iterator[str]:
    """A folder and those above it, the nearest first."""
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


class Nearby(Generic[R]):
    """Candidates, filed by the places where they lie.

    A tree may hold a thousand copies of one service: whoever asks must not look at all of them.
    """

    def __init__(self, candidates: Sequence[R]) -> None:
        self.candidates = candidates
        #: Positions of candidates by scope, and by the name of a declared one; of those in plain folders
        #: also by folder and folders above.
        self._in_scope: dict[int, list[int]] = defaultdict(list)
        self._declared: dict[str, list[int]] = defaultdict(list)
        self._in_folder: dict[str, list[int]] = defaultdict(list)
        self._below: dict[str, list[int]] = defaultdict(list)
        self._by_copy: dict[tuple[str, str], dict[str, list[int]]] = {}
        #: The folder names that all copies of an object have in common, by its kind and name.
        self._shared: dict[tuple[str, str], set[str]] = {}
        for position, candidate in enumerate(candidates):
            scope = candidate.file.scope
            self._in_scope[id(scope)].append(position)
            declared = scope.part_of if scope is not None else frozenset[str]()
            for name in declared:
                self._declared[name].append(position)
            if scope is None or scope.kind in _OPEN:
                folder = folder_of(candidate)
                self._in_folder[folder].append(position)
                for part in and_above(folder):
                    self._below[part].append(position)

    def to(self, asker: Resource, copies: Sequence[Resource]) -> list[R]:
        """Those that deploy with `asker`; `copies` are the objects of its kind and name."""
        home = asker.file.scope
        if home is not None and home.part_of:
            declared = (self._declared.get(name, ()) for name in home.part_of)
            return self._pick(sorted(set().union(*declared)))
        same = self._in_scope.get(id(home), [])
        if home is not None and (home.kind not in _OPEN or (same and home.kind != "directory")):
            return self._pick(same)
        own = list(and_above(folder_of(asker)))
        if same:
            return self._pick(same) + self._around(same, own)
        if len(copies) < 2:
            return self._pick(self._below.get("", []))
        filed = self._of_copies(asker, copies)
        found = self._pick(sorted(position for folder in own for position in filed.get(folder, [])))
        return self._of_one_kind(found, asker, copies)

    def _around(self, same: Sequence[int], own: Sequence[str]) -> list[R]:
        """The candidates of folders above and below, without copies of those in the folder itself."""
        names = {self.candidates[position].name for position in same}
        found = set(self._below.get(own[0], []))
        found.update(position for folder in own[1:] for position in self._in_folder.get(folder, []))
        return [item for item in self._pick(sorted(found - set(same))) if item.name not in names]

    def _of_copies(self, asker: Resource, copies: Sequence[Resource]) -> dict[str, list[int]]:
        """Each plain candidate, filed by the deepest of its folders that holds a copy."""
        key = (asker.kind or "", str(asker.name))
        if key not in self._by_copy:
            holding = {part for copy in copies for part in and_above(folder_of(copy))}
            filed: dict[str, list[int]] = defaultdict(list)
            for folder, positions in self._in_folder.items():
                filed[next(part for part in and_above(folder) if part in holding)] += positions
            self._by_copy[key] = filed
        return self._by_copy[key]

    def _pick(self, positions: Iterable[int]) -> list[R]:
        return [self.candidates[position] for position in positions]

    def _of_one_kind(self, found: list[R], asker: Resource, copies: Sequence[Resource]) -> list[R]:
        """Those found, without copies of the ones that share a folder's name with `asker` alone.

        `routes/prod` and `rules/prod` belong together, though they meet in a folder of all.
        """
        if len(found) < 2:
            return found
        key = (asker.kind or "", str(asker.name))
        if key not in self._shared:
            self._shared[key] = set.intersection(*(_parts(copy) for copy in copies))
        own = _parts(asker) - self._shared[key]
        near = [bool(own & _parts(item)) for item in found]
        names = {item.name for item, is_near in zip(found, near, strict=True) if is_near}
        return [
            item
            for item, is_near in zip(found, near, strict=True)
            if is_near or item.name not in names
        ]


def _parts(resource: Resource) -> set[str]:
    return set(folder_of(resource).split("/"))

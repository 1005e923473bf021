"""Company: do two objects of a tree deploy together?

Rules about pairs (two VirtualServices for one host, two Sidecars for one workload) must not hold
alternatives against each other: half of all public VirtualServices share a host with another file that is
the next step of a tutorial, or the same object of another environment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

from ..resource import Resource
from ..values import is_text

if TYPE_CHECKING:
    from ..scope import Scope
    from .tree import TreeCatalog

Item = TypeVar("Item")
#: By namespace and name: an object and what it claims.
Entries = dict[tuple[object, object], tuple[Resource, Item]]


class Together(IntEnum):
    """Whether two objects deploy together; more is surer.

    AFAR: they lie in different folders of a tree that is declared complete.
    """

    NO = 0
    AFAR = 1
    LIKELY = 2
    SURELY = 3


class Company:
    """The objects of one scope, and which of them deploy together.

    Those of a chart, a Harness service, a kustomization, a declared scope and of one file surely do.  Those
    of a plain folder likely do, unless the folder holds alternatives: some object in two of its files.
    """

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def of(self, one: Resource, other: Resource) -> Together:
        """The answer for two objects of the scope."""
        if one.file is other.file:
            return Together.SURELY
        if one.file.skipped or other.file.skipped:
            return Together.NO
        if self.scope.kind != "directory":
            return Together.SURELY
        return Together.NO if self.alternatives else Together.LIKELY

    @cached_property
    def alternatives(self) -> list[tuple[str, int]]:
        """The objects that stand in several files of a plain folder, each with the number of files.

        Such files are steps of a tutorial, say, of which one is applied at a time.
        """
        if self.scope.kind != "directory":
            return []
        files: dict[tuple[str | None, str, str], dict[int, Resource]] = defaultdict(dict)
        for resource in self.scope.resources:
            if is_text(resource.name):
                key = (resource.kind, resource.name, str(resource.namespace))
                files[key][id(resource.file)] = resource
        several = [found for found in files.values() if len(found) > 1]
        return sorted((next(iter(found.values())).title, len(found)) for found in several)


class Ledger(Generic[Item]):
    """What objects lay claim to (a host, a port), each to be held against those before it.

    Objects of one namespace and name are alternatives of each other: only the first is kept.
    """

    def __init__(self, catalog: TreeCatalog) -> None:
        self.catalog = catalog
        self._near: dict[tuple[int, Hashable], Entries[Item]] = defaultdict(dict)
        self._all: dict[Hashable, Entries[Item]] = defaultdict(dict)

    def add(self, key: Hashable, resource: Resource, item: Item) -> None:
        """File a claim."""
        name = (resource.namespace, resource.name)
        entry = (resource, item)
        self._near[id(resource.file.scope), key].setdefault(name, entry)
        self._all[key].setdefault(name, entry)

    def before(self, key: Hashable, resource: Resource) -> Iterator[tuple[Item, Together]]:
        """The claims of other objects that stand before one and deploy together with it."""
        near = self._near.get((id(resource.file.scope), key), {})
        if near and len(self._all[key]) > 1:
            yield from self._near_ones(near, resource)
            yield from self._afar(self._all[key], resource)

    def _near_ones(
        self, entries: Entries[Item], resource: Resource
    ) -> Iterator[tuple[Item, Together]]:
        own = (resource.namespace, resource.name)
        for name, (other, item) in entries.items():
            if other is resource:
                return
            how_sure = self.catalog.together(resource, other)
            if name != own and how_sure is not Together.NO:
                yield item, how_sure

    def _afar(self, entries: Entries[Item], resource: Resource) -> Iterator[tuple[Item, Together]]:
        """Those of other folders, if each of both objects is there once."""
        catalog = self.catalog
        if not catalog.complete(resource) or not _is_only_one(resource, catalog):
            return
        for other, item in entries.values():
            if other is resource:
                return
            if other.file.scope is not resource.file.scope and _is_only_one(other, catalog):
                yield item, Together.AFAR


def _is_only_one(resource: Resource, catalog: TreeCatalog) -> bool:
    return is_text(resource.namespace) and len(catalog.copies(resource)) == 1

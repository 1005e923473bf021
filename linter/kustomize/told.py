"""One mistake of a base is told once, however many overlays build it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from ..finding import Finding
from ..resource import Resource
from ..scope import Scope
from ..words import listed
from .built import BuiltDocument

#: What makes two findings the same: the place, and the message without the names that overlays give.
Key = tuple[object, ...]


class Retold:
    """Findings about objects that several kustomizations build."""

    def __init__(self, scopes: Iterable[Scope]) -> None:
        self.scopes = [scope for scope in scopes if scope.built is not None]
        self._names: dict[int, dict[str, str]] = {}

    def __bool__(self) -> bool:
        return bool(self.scopes)

    def once(self, found: Sequence[tuple[Any, Finding]]) -> Iterator[Finding]:
        """Each finding once; one that only some builds of its object have says which."""
        first: dict[Key, Finding] = {}
        subjects: dict[Key, list[Any]] = defaultdict(list)
        for subject, finding in found:
            key = self._key(subject, finding)
            first.setdefault(key, finding)
            subjects[key].append(subject)
        for key, finding in first.items():
            yield self._placed(finding, subjects[key])

    def _key(self, subject: Any, finding: Finding) -> Key:
        names = self._given_names(_scope_of(subject))
        message = finding.message
        if names:
            words = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
            message = re.sub(
                rf"(?<![\w-])(?:{words})(?![\w-])", lambda match: names[match[0]], message
            )
        return finding.rule, finding.file, finding.span, finding.path, message

    def _given_names(self, scope: Scope | None) -> dict[str, str]:
        """The names and namespaces that a build gives, each with what stands in its place in the files."""
        if scope is None or scope.built is None:
            return {}
        if id(scope) not in self._names:
            names: dict[str, str] = {}
            for resource in scope.built:
                written = resource.identity
                if isinstance(resource.name, str) and resource.name != written.name:
                    names[resource.name] = written.name
                if isinstance(resource.namespace, str) and resource.namespace != written.namespace:
                    names[resource.namespace] = written.namespace or "(namespace)"
            self._names[id(scope)] = names
        return self._names[id(scope)]

    def _placed(self, finding: Finding, subjects: Sequence[Any]) -> Finding:
        """The finding, with the builds that have it where others of its object have not."""
        documents = {id(subject): _built(subject) for subject in subjects}
        built = next((document for document in documents.values() if document is not None), None)
        if built is None or finding.file != built.file.path:
            return finding
        if len(documents) >= self._copies[built.source]:
            return finding
        roots = sorted({scope.root for subject in subjects if (scope := _scope_of(subject))})
        builders = f"{listed(roots)} {'builds' if len(roots) == 1 else 'build'} it"
        return replace(finding, message=f"{finding.message} This is so where {builders}.")

    @cached_property
    def _copies(self) -> Counter[object]:
        """How many objects the builds make of each object of a file."""
        return Counter(
            document.source
            for scope in self.scopes
            for resource in scope.built or ()
            if (document := _built(resource)) is not None
        )


def _scope_of(subject: Any) -> Scope | None:
    if isinstance(subject, Scope):
        return subject
    return subject.file.scope if isinstance(subject, Resource) else None


def _built(subject: Any) -> BuiltDocument | None:
    document = getattr(subject, "document", None) if isinstance(subject, Resource) else None
    return document if isinstance(document, BuiltDocument) else None

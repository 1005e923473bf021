"""Findings, filed at the nodes whose places they point at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ..document import path_text

if TYPE_CHECKING:
    from ..catalog.core import Catalog
    from ..document import Path
    from ..finding import Finding
    from ..resource import Resource
    from ..source import SourceFile


class Notes:
    """The lists of findings that nodes hold, one for each place; `file` fills them in the end."""

    def __init__(self) -> None:
        self._lists: dict[int, dict[str, list[Finding]]] = defaultdict(dict)

    def at(self, resource: Resource, path: Path = ()) -> list[Finding]:
        """The list for the findings at a place and below it, as far as no deeper place has one."""
        return self._lists[id(resource)].setdefault(path_text(resource.base + path), [])

    def file(
        self, findings: Iterable[Finding], catalog: Catalog, sources: Mapping[str, SourceFile]
    ) -> list[Finding]:
        """Put each finding into the list of its place; gives those that have none."""
        homes = _Homes(catalog, sources)
        elsewhere: list[Finding] = []
        for finding in findings:
            resource = homes.of(finding)
            found = None if resource is None else self._nearest(resource, finding.path)
            (elsewhere if found is None else found).append(finding)
        return elsewhere

    def _nearest(self, resource: Resource, path: str) -> list[Finding] | None:
        lists = self._lists.get(id(resource), {})
        above = [known for known in lists if _is_below(path, known)]
        return lists[max(above, key=len)] if above else lists.get(path_text(resource.base))


def _is_below(path: str, above: str) -> bool:
    return not above or (
        path.startswith(above) and path[len(above) : len(above) + 1] in ("", ".", "[")
    )


class _Homes:
    """Which object a finding is in."""

    def __init__(self, catalog: Catalog, sources: Mapping[str, SourceFile]) -> None:
        self.sources = sources
        self._by_file: dict[str, list[Resource]] = defaultdict(list)
        for scope in catalog.scopes:
            for resource in scope.resources:
                self._by_file[resource.file.path].append(resource)

    def of(self, finding: Finding) -> Resource | None:
        """The object; None for a finding about a whole file or about no object."""
        named = self._by_file.get(finding.file, [])
        if finding.resource is not None:
            named = [item for item in named if item.identity == finding.resource]
        if len(named) > 1 or finding.resource is None:
            document = self.sources[finding.file].document_at(finding.span.line)
            named = [item for item in named if item.document is document]
        return named[0] if len(named) == 1 or (named and finding.resource is not None) else None

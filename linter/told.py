"""One mistake of a file is told once, however many sets of values render it and scopes have it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from .finding import Finding
from .resource import Resource
from .scope import Scope
from .source import SourceFile, Variant
from .words import listed

if TYPE_CHECKING:
    from .catalog.core import Catalog

#: The kinds of which two can contradict each other.
_OF_TRAFFIC: Final = frozenset(
    ("DestinationRule", "Gateway", "ServiceEntry", "Sidecar", "VirtualService")
)


def once_for_all_values(
    found: Iterable[tuple[Any, Finding]], variants: Mapping[str, Sequence[Variant]]
) -> Iterator[tuple[Any, Finding]]:
    """Findings with their subjects; one that only some renderings of its file have says which.

    `variants` are the renderings of the files that have several.
    """
    if not variants:
        yield from found
        return
    first: dict[object, tuple[Any, Finding]] = {}
    seen: dict[object, set[Variant]] = defaultdict(set)
    for number, (subject, finding) in enumerate(found):
        variant = _variant(subject)
        several = variant in variants.get(finding.file, ())
        # Without its renderings a finding is itself: kustomizations have a say about those.
        key: object = number
        if several:
            key = finding.rule, finding.file, finding.span, finding.path, finding.message
            seen[key].add(variant or Variant())
        first.setdefault(key, (subject, finding))
    for key, (subject, finding) in first.items():
        told = _where(seen[key], variants[finding.file]) if key in seen else ""
        yield subject, replace(finding, message=finding.message + told) if told else finding


def about_alternatives(catalog: Catalog) -> Iterator[str]:
    """One line on the plain folders that hold alternatives, for nobody to wonder about silence.

    Where no two files have a say on traffic, there was nothing to hold against each other.
    """
    folders = [
        (*_most_telling(found), scope.root)
        for scope in catalog.scopes
        if len({id(r.file) for r in scope.resources if r.kind in _OF_TRAFFIC}) > 1
        and (found := catalog.company(scope).alternatives)
        and any(resource.document.is_linted for resource in scope.resources)
    ]
    if not folders:
        return
    _rank, title, count, root = min(folders, key=lambda folder: (folder[0], folder[3]))
    others = len(folders) - 1
    more = f", and so it is in {others} more folder{'s' if others > 1 else ''}" if others else ""
    yield (
        f"{title} stands in {count} files of {root}{more}: such files are taken as alternatives, one "
        "applied at a time, and are not held against each other (`tsplit-lint config --scopes .` lists them)"
    )


def _most_telling(found: Sequence[tuple[str, int]]) -> tuple[bool, str, int]:
    """One of the objects with its number of files, rather one that routes; whether it does not."""
    return min((title.partition(" ")[0] not in _OF_TRAFFIC, title, count) for title, count in found)


def _variant(subject: Any) -> Variant | None:
    """The rendering that a subject of a rule is of; None for what is of several files."""
    if isinstance(subject, Scope):
        several = subject.values_set or subject.kind == "declared"
        return subject.files[0].variant if several and subject.files else None
    if isinstance(subject, Resource | SourceFile):
        return subject.variant if isinstance(subject, SourceFile) else subject.file.variant
    file = getattr(subject, "file", None) or getattr(getattr(subject, "place", None), "file", None)
    return file.variant if isinstance(file, SourceFile) else None


def _where(has: set[Variant], every: Sequence[Variant]) -> str:
    """The values, subcharts and scopes with which it is so, where that is not everywhere."""
    scopes = sorted({variant.scope for variant in has})
    if len(scopes) == len({variant.scope for variant in every}):
        scopes = []
    # A set that disables a subchart has a rendering of it, too: an empty one.
    used = {variant.instance for variant in every} - {None}
    instances = sorted({variant.instance or "" for variant in has})
    sets = sorted({variant.values_set for variant in has} - {""})
    if has >= {variant for variant in every if variant.instance in {*instances, None}}:
        sets = []
    if len(instances) == len(used):
        instances = []
    several = len({name.partition("/")[0] for name in used if name}) > 1
    parts = [f"with the values of {listed(sets)}"] if sets else []
    parts += [_as_installed(instances, several)] if instances else []
    parts += [f"in the scope {listed(scopes)}"] if scopes else []
    return f" This is so {' '.join(parts)}." if parts else ""


def _as_installed(instances: Sequence[str], several: bool) -> str:
    """Which uses of a chart are meant; `several`: several charts use it, or it is installed itself, too."""
    if not several:
        return f"in the subchart {listed([name.rpartition('/')[2] for name in instances])}"
    alone = "where the chart is installed by itself"
    within = [
        f"the subchart {name.rpartition('/')[2]} of {name.partition('/')[0]}"
        for name in instances
        if "/" in name
    ]
    parts = [alone] if len(within) < len(instances) else []
    return " and ".join([*parts, f"in {listed(within)}"] if within else parts)

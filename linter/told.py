"""One mistake of a template is told once, however many sets of values render it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .finding import Finding
from .resource import Resource
from .scope import Scope
from .source import SourceFile, Variant
from .words import listed


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
        several = finding.file in variants and variant is not None
        # Without its renderings a finding is itself: kustomizations have a say about those.
        key: object = number
        if several:
            key = finding.rule, finding.file, finding.span, finding.path, finding.message
            seen[key].add(variant or Variant())
        first.setdefault(key, (subject, finding))
    for key, (subject, finding) in first.items():
        told = _where(seen[key], variants[finding.file]) if key in seen else ""
        yield subject, replace(finding, message=finding.message + told) if told else finding


def _variant(subject: Any) -> Variant | None:
    """The rendering that a subject of a rule is of; None for what is of several files."""
    if isinstance(subject, Scope):
        return subject.files[0].variant if subject.values_set and subject.files else None
    if isinstance(subject, Resource | SourceFile):
        return subject.variant if isinstance(subject, SourceFile) else subject.file.variant
    file = getattr(subject, "file", None) or getattr(getattr(subject, "place", None), "file", None)
    return file.variant if isinstance(file, SourceFile) else None


def _where(has: set[Variant], every: Sequence[Variant]) -> str:
    """The values and the subcharts with which it is so, where that is not everywhere."""
    sets = sorted({variant.values_set for variant in has})
    instances = sorted({variant.instance or "" for variant in has})
    if len(sets) == len({variant.values_set for variant in every}):
        sets = []
    if len(instances) == len({variant.instance for variant in every}):
        instances = []
    names = [instance.rpartition("/")[2] for instance in instances]
    parts = [f"with the values of {listed(sets)}"] if sets else []
    parts += [f"in the subchart {listed(names)}"] if names else []
    return f" This is so {' '.join(parts)}." if parts else ""

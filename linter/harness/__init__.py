"""Harness: workflows and pipelines as one model, where they shift traffic, what Harness changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..document import Document
    from ..source import SourceFile
    from .model import Rollout


def read_rollouts(document: Document) -> list[Rollout]:
    """The rollouts of a document: a workflow, or the stages of a pipeline; mostly there are none."""
    from .firstgen import read_workflow
    from .nextgen import read_stages

    data = document.data
    if isinstance(data, dict):
        if "kind" in data or "apiVersion" in data:
            return []
        if "phases" in data or "rollbackPhases" in data:
            workflow = read_workflow(document, data)
            return [] if workflow is None else [workflow]
    stages = read_stages(document, data)
    for stage in stages:
        stage.stages = tuple(stages)
    return stages


def rollouts_in(files: Iterable[SourceFile]) -> Iterator[Rollout]:
    """The rollouts of some files, in order."""
    for file in files:
        if file.role == "manifest":
            for document in file.documents:
                if document.loaded and document.kind is None:
                    yield from read_rollouts(document)

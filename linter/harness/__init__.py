"""Harness: workflows as one model, where they shift traffic, and what Harness does to manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .firstgen import read_workflow

if TYPE_CHECKING:
    from ..document import Document
    from .model import Rollout


def read_rollout(document: Document) -> Rollout | None:
    """The rollout of a document, None when it is none (or a pipeline, which is not read yet)."""
    data = document.data
    if not isinstance(data, dict) or "kind" in data or "apiVersion" in data:
        return None
    if "phases" in data or "rollbackPhases" in data:
        return read_workflow(document, data)
    return None

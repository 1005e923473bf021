"""Harness workflows → Rollout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .document import Document
    from .source import SourceFile


@dataclass
class Rollout:
    """A rollout."""

    document: Document

    @property
    def file(self) -> SourceFile:
        """The file."""
        return self.document.file


def read_rollout(document: Document) -> Rollout | None:
    """The rollout of a document, None when it is none."""
    return None

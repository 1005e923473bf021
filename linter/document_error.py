"""What a document that cannot be read raises."""

from __future__ import annotations


class DocumentError(Exception):
    """A document that cannot be read: `kind` is `syntax` or `limit`, `offset` counts characters."""

    def __init__(self, kind: str, message: str, offset: int) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.offset = offset

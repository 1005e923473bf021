"""Versions of Istio."""

from __future__ import annotations

from typing import Final

#: Newer than any version that is named.
LATEST: Final = (1_000_000, 0)


def version_of(text: str) -> tuple[int, int]:
    """Major and minor number of a version such as `1.20` or `1.20.3`; `latest` is newer than all."""
    if text == "latest":
        return LATEST
    major, minor = text.split(".")[:2]
    return int(major), int(minor)

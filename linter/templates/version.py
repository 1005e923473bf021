"""`semver` and `semverCompare` as Sprig gives them: versions with fields, and constraints.

Source: github.com/Masterminds/semver, constraints.go.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from gotpl.funcs.sprig.semver import Version
from gotpl.funcs.sprig.semver import semver as parsed
from gotpl.funcs.sprig.semver import semver_compare as satisfies

_WILDCARDS: Final = re.compile(r"(?<=\d)(?:\.[xX*])+(?![\w.])")


class SemanticVersion:
    """A version as templates see it, which is written as its number."""

    def __init__(self, version: Version) -> None:
        self.version = version

    def __gotemplate_lookup__(self, field: str) -> Any:
        return {
            "Major": self.version.Major,
            "Minor": self.version.Minor,
            "Patch": self.version.Patch,
            "Prerelease": self.version.Prerelease(),
            "Metadata": self.version.Metadata(),
            "Original": self.version.Original(),
            "String": str(self.version),
            "Compare": self.compare,
            "Equal": self.equal,
            "LessThan": self.less_than,
            "GreaterThan": self.greater_than,
        }[field]

    def compare(self, other: Any) -> int:
        """-1, 0 or 1, as this version is lower than, as high as, or higher than another one."""
        return self.version.Compare(other.version)

    # The engine calls methods of an object, and no other functions.

    def equal(self, other: Any) -> bool:
        """Whether both are the same version."""
        return self.compare(other) == 0

    def less_than(self, other: Any) -> bool:
        """Whether this version is the lower one."""
        return self.compare(other) < 0

    def greater_than(self, other: Any) -> bool:
        """Whether this version is the higher one."""
        return self.compare(other) > 0

    def __str__(self) -> str:
        return str(self.version)


def semver(text: str) -> SemanticVersion:
    """The version that a text says."""
    return SemanticVersion(parsed(text))


@lru_cache(maxsize=256)
def semver_compare(constraint: str, version: str) -> bool:
    """Whether a version is within a constraint; `>=1.2.x` says what `>=1.2` says."""
    return satisfies(_WILDCARDS.sub("", constraint), version)

"""What a format may need to know besides the report."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..finding import Severity
from ..version import VERSION

if TYPE_CHECKING:
    from ..rule import Rule


def known_rules() -> Sequence[type[Rule[Any]]]:
    """Every rule there is, built-in or of a plugin, sorted by id; imports them all."""
    from ..registry import all_rules

    rules, _notes = all_rules()
    return sorted((info.load() for info in rules), key=lambda rule: rule.id)


@dataclass(frozen=True)
class View:
    """How a report is shown.

    `width` is that of the terminal, None where the output goes elsewhere (nothing is wrapped then).
    `quiet` leaves the findings and drops the summary.  `rules` loads the rules, for the formats that
    describe them.  `directory` is the working directory, which the paths of a report are relative to.
    """

    version: str = VERSION
    color: bool = False
    width: int | None = None
    quiet: bool = False
    statistics: bool = False
    fail_on: Severity = Severity.ERROR
    rules: Callable[[], Sequence[type[Rule[Any]]]] = known_rules
    directory: Path = field(default_factory=Path.cwd)

    def from_repository(self, file: str) -> str:
        """A reported path as code hosts want it: relative to the repository's root, posix.

        Without a repository it is relative to the working directory.
        """
        try:
            relative = os.path.relpath(self.directory / file, self._repository)
        except ValueError:  # Windows has no relative path from one drive to another
            return file
        return relative.replace(os.sep, "/")

    @cached_property
    def _repository(self) -> Path:
        """The repository that the working directory is in, else that directory."""
        directory = self.directory.absolute()
        for folder in (directory, *directory.parents):
            if (folder / ".git").exists():
                return folder
        return directory

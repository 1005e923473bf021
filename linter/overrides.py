"""What the settings say about one rule in one file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from .config import Config, Override
from .declared import DeclaredScopes
from .finding import Finding, Severity
from .registry import RuleInfo, selects

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


class FileSettings:
    """The settings with the overrides of each file; `file` is a path as a report shows it."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._specs: list[tuple[Override, GitIgnoreSpec]] = []
        self._known: dict[str, tuple[Override, ...]] = {}
        self._declared = DeclaredScopes(config)
        for override in config.overrides:
            from pathspec import GitIgnoreSpec

            self._specs.append((override, GitIgnoreSpec.from_lines(override.paths)))

    def _overrides(self, file: str) -> tuple[Override, ...]:
        """The overrides that apply to a file, the strongest (the last one written) first."""
        if not self._specs:
            return ()
        if file not in self._known:
            path = os.path.relpath(file, self.config.root).replace(os.sep, "/")
            self._known[file] = tuple(
                override for override, spec in reversed(self._specs) if spec.match_file(path)
            )
        return self._known[file]

    def complete(self, file: str) -> bool:
        """Whether what a file refers to is declared to be all in sight."""
        for override in self._overrides(file):
            if override.complete is not None:
                return override.complete
        said = self._declared.complete(file)
        return self.config.complete if said is None else said

    def ignores(self, rule_id: str, name: str, file: str) -> bool:
        """Whether a rule is switched off for a file, or for all."""
        lists = (self.config.ignore, *(override.ignore for override in self._overrides(file)))
        return any(selects(word, rule_id, name) for words in lists for word in words)

    def level(self, finding: Finding) -> Severity | None:
        """The severity that the settings give a finding, None where they say nothing."""
        for override in self._overrides(finding.file):
            level = _level(override.severity, finding)
            if level is not None:
                return level
        return _level(self.config.severity, finding)


def selected(config: Config, rules: Iterable[RuleInfo]) -> list[RuleInfo]:
    """The rules that the settings select, overrides aside."""
    return [
        rule
        for rule in rules
        if any(selects(word, rule.id, rule.name) for word in config.select)
        and not any(selects(word, rule.id, rule.name) for word in config.ignore)
    ]


def _level(levels: Mapping[str, Severity], finding: Finding) -> Severity | None:
    """The level that the most specific of the selectors gives."""
    words = [word for word in levels if selects(word, finding.rule, finding.name)]
    return levels[max(words, key=_weight)] if words else None


def _weight(word: str) -> int:
    """How specific a selector is: a name or a whole id is longer than the beginning of an id."""
    return 0 if word == "ALL" else len(word)

"""What the settings say about one rule in one file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .by_path import ByPath
from .config import Config
from .declared import DeclaredScopes
from .finding import Finding, Severity
from .registry import RuleInfo, selects


class FileSettings:
    """The settings with the overrides of each file; `file` is a path as a report shows it."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._declared = DeclaredScopes(config)
        # The strongest, the last one written, comes first.
        self._overrides = ByPath(config.overrides[::-1], config.root)

    def complete(self, file: str) -> bool:
        """Whether what a file refers to is declared to be all in sight."""
        for override in self._overrides.of(file):
            if override.complete is not None:
                return override.complete
        said = self._declared.complete(file)
        return self.config.complete if said is None else said

    def ignores(self, rule_id: str, name: str, file: str) -> bool:
        """Whether a rule is switched off for a file, or for all."""
        lists = (self.config.ignore, *(override.ignore for override in self._overrides.of(file)))
        return any(selects(word, rule_id, name) for words in lists for word in words)

    def level(self, finding: Finding) -> Severity | None:
        """The severity that the settings give a finding, None where they say nothing."""
        for override in self._overrides.of(finding.file):
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

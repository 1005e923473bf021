"""The rules there are: built-in ones found by a look at their source, plugins through pluggy.

A built-in rule is known by the first lines of its file (`id = …`, `name = …`, `Rule[…]`), so a run
imports only the rules whose subject is in the tree, and adding a rule means adding its file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from .rule import Rule

_CLASS: Final = re.compile(r"\nclass (\w+)\(Rule\[([\w |]+)\]\):")
_ATTRIBUTE: Final = re.compile(r'^    (id|name) = "([^"]+)"', re.MULTILINE)
_COMPLETE_ONLY: Final = re.compile(r"^    complete_only = True\b", re.MULTILINE)
_TUPLES: Final = re.compile(r"^    (aliases|needs) = \(([^)]*)\)", re.MULTILINE)
_WORD: Final = re.compile(r'"([^"]+)"')

#: Ids of the catalogue that another rule covers: they are accepted wherever a rule is named.
REDIRECTS: Final = {"TS128": "TS012", "TS131": "TS201"}


class RuleInfo(NamedTuple):
    """What is known of a rule before it is imported."""

    id: str
    name: str
    aliases: tuple[str, ...]
    subjects: tuple[str, ...]
    module: str
    class_name: str
    complete_only: bool = False
    needs: tuple[str, ...] = ()
    plugin: type[Rule[Any]] | None = None

    def load(self) -> type[Rule[Any]]:
        """Import the rule."""
        if self.plugin is not None:
            return self.plugin
        rule: type[Rule[Any]] = getattr(import_module(self.module), self.class_name)
        return rule


@cache
def builtin_rules() -> tuple[RuleInfo, ...]:
    """The rules that ship with tsplit-lint, sorted by id."""
    package = "tsplit_lint.rules"
    folder = next(iter(import_module(package).__path__))
    found = []
    for subject in filter(str.isidentifier, os.listdir(folder)):
        for name in os.listdir(os.path.join(folder, subject)):
            module, suffix = os.path.splitext(name)
            if suffix == ".py" and module != "__init__":
                file = os.path.join(folder, subject, name)
                found.append(_read_info(file, f"{package}.{subject}.{module}"))
    return tuple(sorted(found, key=lambda info: info.id))


def all_rules() -> tuple[tuple[RuleInfo, ...], list[str]]:
    """The built-in rules and those of plugins, and a note on each plugin that failed."""
    from .plugins import find_plugins

    plugins = find_plugins()
    return builtin_rules() + plugins.rules, list(plugins.notes)


def _read_info(file: str, module: str) -> RuleInfo:
    with open(file, "rb") as stream:
        source = stream.read().decode()
    match = _CLASS.search(source)
    if match is None:
        raise RuntimeError(f"{file} holds no rule: a class derived from Rule[…] is wanted")
    # Behind the docstring, which is long, and before the methods.
    start = source.find("\n    id = ", match.end())
    attributes = source[start : source.find("\n    def ", start)]
    values = dict(_ATTRIBUTE.findall(attributes))
    tuples = {name: tuple(_WORD.findall(words)) for name, words in _TUPLES.findall(attributes)}
    return RuleInfo(
        id=values["id"],
        name=values["name"],
        aliases=tuples.get("aliases", ()),
        subjects=tuple(part.strip() for part in match.group(2).split("|")),
        module=module,
        class_name=match.group(1),
        complete_only=_COMPLETE_ONLY.search(attributes) is not None,
        needs=tuples.get("needs", ()),
    )


def selects(selector: str, rule_id: str, name: str) -> bool:
    """Whether a selector (an id, the beginning of one, a name, `ALL`) means a rule."""
    selector = REDIRECTS.get(selector, selector)
    return selector in ("ALL", name) or (bool(selector) and rule_id.startswith(selector))


def names_of(rules: Iterable[RuleInfo]) -> Sequence[str]:
    """Every word by which a rule can be named."""
    words: list[str] = []
    for rule in rules:
        words += [rule.id, rule.name, *rule.aliases]
    return words

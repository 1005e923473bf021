"""Rules of other packages, found by their entry point and loaded through pluggy.

Nearly every run has no plugin, so a look at the installed packages' `entry_points.txt` comes first:
pluggy and importlib.metadata are imported only where one of them names the group.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .finding import Severity
from .registry import RuleInfo, builtin_rules
from .rule import Rule

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_GROUP: Final = "tsplit_lint"
_RESERVED: Final = "TS"


class Plugins(NamedTuple):
    """The rules that plugins bring, and a note on each thing that could not be used."""

    rules: tuple[RuleInfo, ...] = ()
    notes: tuple[str, ...] = ()


def find_plugins() -> Plugins:
    """The plugins of this Python."""
    return _find(tuple(sys.path))


@cache
def _find(path: tuple[str, ...]) -> Plugins:
    return _load() if any(map(_names_the_group, path)) else Plugins()


def _names_the_group(folder: str) -> bool:
    try:
        names = os.listdir(folder or ".")
    except OSError:
        return False
    for name in names:
        if name.endswith((".dist-info", ".egg-info")):
            try:
                with open(os.path.join(folder, name, "entry_points.txt"), "rb") as stream:
                    if f"[{_GROUP}]".encode() in stream.read():
                        return True
            except OSError:
                continue
    return False


def _load() -> Plugins:
    from importlib.metadata import entry_points

    notes: list[str] = []
    rules: dict[str, RuleInfo] = {}
    taken = {word: "a built-in rule" for rule in builtin_rules() for word in (rule.id, rule.name)}
    for entry in sorted(entry_points(group=_GROUP)):
        plugin = f'plugin "{entry.name}"'
        try:
            classes = _classes(entry)
        except (Exception, SystemExit) as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            notes.append(f"{plugin} ({entry.value}) was left out: {reason}")
            continue
        for klass in classes:
            reason = _objection(klass, taken)
            if reason:
                name = getattr(klass, "__name__", repr(klass))
                notes.append(f"rule {name} of {plugin} was left out: {reason}")
                continue
            rules[klass.id] = _info(klass)
            taken |= dict.fromkeys((klass.id, klass.name), f"a rule of {plugin}")
    return Plugins(tuple(rules[key] for key in sorted(rules)), tuple(notes))


def _classes(entry: EntryPoint) -> Sequence[Any]:
    """What a plugin gives; raises whatever its code raises."""
    import pluggy

    from . import hooks

    manager = pluggy.PluginManager(_GROUP)
    manager.add_hookspecs(hooks)
    manager.register(entry.load(), name=entry.name)
    manager.check_pending()
    if not manager.hook.tsplit_lint_rules.get_hookimpls():
        raise TypeError("it has no function tsplit_lint_rules marked with hookimpl")
    return [rule for rules in manager.hook.tsplit_lint_rules() for rule in rules]


def _objection(klass: Any, taken: dict[str, str]) -> str:
    """Why a class cannot be used as a rule, empty if it can."""
    return next(_objections(klass, taken), "")


def _objections(klass: Any, taken: dict[str, str]) -> Iterator[str]:
    if not (isinstance(klass, type) and issubclass(klass, Rule)):
        yield "it is no class derived from Rule[…]"
        return
    for attribute in ("id", "name"):
        value = getattr(klass, attribute, None)
        if not isinstance(value, str) or not value:
            yield f"it has no {attribute}"
        elif value in taken:
            yield f"{taken[value]} has the {attribute} {value}"
    if str(getattr(klass, "id", "")).startswith(_RESERVED):
        yield f"ids that begin with {_RESERVED} are reserved for built-in rules; it has {klass.id}"
    if not isinstance(getattr(klass, "severity", None), Severity):
        yield "it has no severity"
    if not isinstance(klass.aliases, tuple):
        yield "its aliases are no tuple"
    try:
        klass.subjects()
    except TypeError as error:
        yield str(error)


def _info(klass: type[Rule[Any]]) -> RuleInfo:
    return RuleInfo(
        id=klass.id,
        name=klass.name,
        aliases=tuple(klass.aliases),
        subjects=tuple(subject.__name__ for subject in klass.subjects()),
        module=klass.__module__,
        class_name=klass.__qualname__,
        complete_only=klass.complete_only,
        plugin=klass,
    )

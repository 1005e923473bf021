"""Defaults, a configuration file and flags become one Config; each value remembers where it came from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .config import Config, DeclaredScope, Override
from .finding import Severity
from .registry import REDIRECTS, RuleInfo, selects
from .resource import as_dict, as_list
from .values import is_text
from .words import LEVELS, did_you_mean, level_hint, one_of

if TYPE_CHECKING:
    from .config_file import ConfigFile

#: The keys of a configuration file with the field that each one sets, in the order they are shown.
KEYS: Final = {
    "select": "select",
    "ignore": "ignore",
    "severity": "severity",
    "fail-on": "fail_on",
    "min-severity": "min_severity",
    "exclude": "exclude",
    "values": "values",
    "values-sets": "values_sets",
    "services": "services",
    "helm-engine": "helm_engine",
    "scopes": "scopes",
    "context": "context",
    "complete": "complete",
    "istio-version": "istio_version",
    "overrides": "overrides",
    "mesh.root-namespace": "root_namespace",
    "mesh.cluster-domain": "cluster_domain",
    "mesh.default-service-export-to": "default_service_export_to",
    "mesh.default-virtual-service-export-to": "default_virtual_service_export_to",
    "mesh.default-destination-rule-export-to": "default_destination_rule_export_to",
    "mesh.outbound-traffic-policy": "outbound_traffic_policy",
}


class Flags(NamedTuple):
    """What the command line says; None or empty where it says nothing."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    fail_on: str | None = None
    min_severity: str | None = None
    exclude: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    complete: bool = False
    istio_version: str | None = None
    config: str | None = None
    no_config: bool = False


class Settings(NamedTuple):
    """The effective settings; `sources` tells for each key of KEYS where its value came from."""

    config: Config
    sources: Mapping[str, str]
    file: str | None = None


def settle(flags: Flags, rules: Sequence[RuleInfo]) -> Settings:
    """Merge everything; raises ConfigError with all that is wrong with the file or the flags."""
    from .config_file import ConfigError, find_config, read_config

    cwd = Path.cwd()
    path = Path(flags.config) if flags.config is not None else None
    if path is None and not flags.no_config:
        path = find_config(cwd)
    file = read_config(path) if path is not None else None
    mistakes = []
    if file is not None:
        for word, place, key in _selectors_of(file):
            if not _names_a_rule(word, rules):
                file.objection(_no_rule(word, rules), *place, key=key)
        mistakes = [message for _place, message in sorted(file.mistakes)]
    merge = _Merge(flags, None if mistakes else file, cwd)
    config = merge.config()
    mistakes += merge.mistakes
    for flag, words in merge.selectors():
        mistakes += [f"{flag}: {_no_rule(w, rules)}" for w in words if not _names_a_rule(w, rules)]
    if mistakes:
        raise ConfigError(*mistakes)
    return Settings(config, merge.sources, file.shown if file is not None else None)


class _Merge:
    """Flags over a file over the defaults.

    A flag replaces one value and adds to a list; `--select` replaces `select` and `ignore`, so that
    it gives just the rules that it names.
    """

    def __init__(self, flags: Flags, file: ConfigFile | None, cwd: Path) -> None:
        self.flags = flags
        self.file = file
        self.cwd = cwd
        self.root = file.path.absolute().parent if file is not None else cwd
        self.data = dict(file.data) if file is not None else {}
        self.sources = dict.fromkeys(KEYS, "default")
        self.mistakes: list[str] = []
        if flags.select:
            self.data.pop("select", None)
            self.data.pop("ignore", None)

    def config(self) -> Config:
        """The settings of all sources together."""
        flags = self.flags
        config = Config(
            root=self.root,
            select=self.listed("select", flags.select),
            ignore=self.listed("ignore", flags.ignore),
            severity=self.severity(),
            exclude=self.listed("exclude", tuple(map(self.rebased, flags.exclude))),
            values=tuple(self.paths("values", flags.values, os.path.isfile)),
            values_sets=self.values_sets(),
            services=self.services(),
            scopes=tuple(self.scopes()),
            context=tuple(self.paths("context", flags.context, os.path.exists)),
            overrides=self.overrides(),
        )
        changes: dict[str, Any] = {
            key: Severity.parse(level)
            for key, level in (
                ("fail_on", self.single("fail-on", flags.fail_on)),
                ("min_severity", self.single("min-severity", flags.min_severity)),
            )
            if level is not None
        }
        version = self.single("istio-version", flags.istio_version)
        if version is not None:
            changes["istio_version"] = version
        engine = self.single("helm-engine", None)
        if engine is not None:
            changes["helm_engine"] = self.helm_engine(engine)
        changes["complete"] = bool(self.single("complete", flags.complete or None))
        changes |= self.mesh()
        return replace(config, select=config.select or Config.select, **changes)

    def mesh(self) -> dict[str, Any]:
        """What the file says of the mesh."""
        if not self.data.get("mesh"):
            return {}
        from .syntax import dns_label_problem, host_problem

        checks = {"root-namespace": dns_label_problem, "cluster-domain": host_problem}
        said: dict[str, Any] = {}
        for key, value in self.data["mesh"].items():
            problem = checks[key](value) if key in checks else None
            if problem:
                self.objection(f'"{value}" {problem}', "mesh", key)
            for index, entry in enumerate(as_list(value)):
                if entry not in (".", "*", "~") and dns_label_problem(entry):
                    word = f'"{entry}" is no namespace; write its name, ".", "*" or "~"'
                    self.objection(word, "mesh", key, index)
            said[KEYS[f"mesh.{key}"]] = tuple(value) if isinstance(value, list) else value
            self.sources[f"mesh.{key}"] = self.line("mesh", key)
        return said

    def line(self, *path: str) -> str:
        """`file:line` of a key."""
        return self.file.line(*path) if self.file is not None else ""

    def single(self, key: str, flag: Any) -> Any:
        """The value of a key that a flag replaces, None where nothing is said."""
        if flag is not None:
            self.sources[key] = f"--{key}"
            return flag
        if key in self.data:
            self.sources[key] = self.line(key)
        return self.data.get(key)

    def listed(self, key: str, flag: tuple[str, ...]) -> tuple[str, ...]:
        """The list of a key that a flag adds to."""
        self.note_both(key, flag)
        return (*self.data.get(key, ()), *flag)

    def note_both(self, key: str, flag: Sequence[str]) -> None:
        """Remember where a list or a mapping came from: the file, a flag, or both."""
        parts = [self.line(key)] if key in self.data else []
        parts += [f"--{key}"] if flag else []
        self.sources[key] = " and ".join(parts) or "default"

    def severity(self) -> dict[str, Severity]:
        """The levels of the file, and those of flags over them."""
        self.note_both("severity", self.flags.severity)
        levels = _levels(self.data.get("severity", {}))
        for text in self.flags.severity:
            rule, equals, level = text.partition("=")
            if not equals or not rule or level not in LEVELS:
                hint = level_hint(level, LEVELS) if equals else ""
                self.mistakes.append(
                    f"--severity {text}: write RULE=LEVEL with a level of {one_of(LEVELS)}{hint}"
                )
                continue
            levels[rule] = Severity.parse(level)
        return levels

    def rebased(self, pattern: str) -> str:
        """A pattern of a flag, relative to the working directory, as one relative to the root."""
        bare = pattern.removeprefix("!")
        prefix = os.path.relpath(self.cwd, self.root).replace(os.sep, "/")
        if prefix == "." or prefix.startswith("..") or "/" not in bare.rstrip("/"):
            return pattern
        return f"{'!' if bare != pattern else ''}/{prefix}/{bare.removeprefix('/')}"

    def paths(self, key: str, flag: Sequence[str], exists: Callable[[str], bool]) -> Iterator[Path]:
        """The paths of a key; those of the file are relative to it."""
        self.note_both(key, flag)
        for index, given in enumerate(self.data.get(key, ())):
            path = os.path.relpath(self.root / given, self.cwd)
            if not exists(path):
                self.objection(f"{path}: no such file", key, index)
            yield Path(path)
        for path in flag:
            if not exists(path):
                self.mistakes.append(f"--{key} {path}: no such file")
            yield Path(path)

    def values_sets(self) -> dict[str, tuple[str, ...]]:
        """The named lists of values files."""
        self.note_both("values-sets", ())
        return {name: tuple(paths) for name, paths in self.data.get("values-sets", {}).items()}

    def services(self) -> dict[str, str]:
        """The folders of Harness services, as a report shows paths."""
        self.note_both("services", ())
        folders = {}
        for name, given in self.data.get("services", {}).items():
            folder = os.path.relpath(self.root / given, self.cwd)
            if not os.path.isdir(folder):
                self.objection(f"{folder}: no such folder", "services", name)
            folders[name] = folder.replace(os.sep, "/")
        return folders

    def scopes(self) -> Iterator[DeclaredScope]:
        """The scopes of the file; each has a name of its own, and what it names must be there."""
        self.note_both("scopes", ())
        sets, names = self.data.get("values-sets", {}), set[str]()
        for index, entry in enumerate(self.data.get("scopes", ())):
            name, wanted = entry["name"], entry.get("values-set")
            if name in names:
                self.objection(f'two scopes are called "{name}"', "scopes", index, "name")
            names.add(name)
            if wanted is not None and wanted not in sets:
                hint = did_you_mean(wanted, sets) or "; values-sets has no such name"
                self.objection(
                    f'no values set is called "{wanted}"{hint}', "scopes", index, "values-set"
                )
            for place, pattern in enumerate(entry["paths"]):
                if _is_plain_path(pattern) and not os.path.exists(self.root / pattern.strip("/")):
                    self.objection(
                        f"{pattern}: no such file or folder", "scopes", index, "paths", place
                    )
            yield DeclaredScope(name, tuple(entry["paths"]), wanted, entry.get("complete"))

    def objection(self, message: str, *path: str | int) -> None:
        """Note a mistake at a value of the file."""
        place = self.file.place(*path) if self.file is not None else ""
        self.mistakes.append(f"{place}: {message}")

    def helm_engine(self, wanted: str) -> str:
        """The engine that the file names; it must be there."""
        from .helm.installed import is_installed

        if wanted == "helm" and not is_installed():
            self.objection(
                "Helm's own engine is not installed: pip install 'tsplit-lint[helm]'", "helm-engine"
            )
        return wanted

    def overrides(self) -> tuple[Override, ...]:
        """The overrides of the file."""
        self.note_both("overrides", ())
        return tuple(
            Override(
                paths=tuple(entry["paths"]),
                ignore=tuple(entry.get("ignore", ())),
                severity=_levels(entry.get("severity", {})),
                complete=entry.get("complete"),
            )
            for entry in self.data.get("overrides", ())
        )

    def selectors(self) -> Iterator[tuple[str, Sequence[str]]]:
        """The rules that each flag names."""
        yield "--select", self.flags.select
        yield "--ignore", self.flags.ignore
        pairs = (text.partition("=") for text in self.flags.severity)
        yield "--severity", [rule for rule, equals, _level in pairs if equals]


def _is_plain_path(pattern: str) -> bool:
    """Whether a pattern names one place below the root, whatever lies there."""
    return "/" in pattern.rstrip("/") and not any(mark in pattern for mark in "*?[!\\")


def _levels(words: Mapping[str, str]) -> dict[str, Severity]:
    return {rule: Severity.parse(level) for rule, level in words.items()}


def _selectors_of(file: ConfigFile) -> Iterator[tuple[str, tuple[str | int, ...], bool]]:
    """Every selector in a file, with its place, and whether that is a key."""
    entries = enumerate(as_list(file.data.get("overrides")))
    tables = [((), file.data), *((("overrides", index), as_dict(e)) for index, e in entries)]
    for path, data in tables:
        for key in ("select", "ignore"):
            for index, word in enumerate(as_list(data.get(key))):
                if is_text(word) and word:
                    yield word, (*path, key, index), False
        for word in as_dict(data.get("severity")):
            yield word, (*path, "severity", word), True


def _names_a_rule(word: str, rules: Sequence[RuleInfo]) -> bool:
    return word in REDIRECTS or any(selects(word, rule.id, rule.name) for rule in rules)


def _no_rule(word: str, rules: Sequence[RuleInfo]) -> str:
    return f'no rule is called "{word}"{rule_hint(word, rules)}'


def rule_hint(word: str, rules: Sequence[RuleInfo]) -> str:
    """What may have been meant by a word that names no rule."""
    same = [rule.id for rule in rules if word in rule.aliases]
    if same:
        return f"; it is another tool's code for {', '.join(same)}"
    hint = did_you_mean(word, [name for rule in rules for name in (rule.id, rule.name)])
    return hint or "; tsplit-lint rules lists them"

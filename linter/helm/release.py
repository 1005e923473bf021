"""One chart with one set of values: which subcharts are enabled, and the values that each one sees.

Source: helm, pkg/chart/v2/util (dependencies.go, coalesce.go).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .tree import ChartTree, word

Values = dict[str, Any]
#: Instances of charts that one release may have: aliases of aliases multiply.
_MAX_INSTANCES: Final = 500
_MAX_NUMBER: Final = 10**300


def numbers_as_in_json(values: Any) -> Any:
    """Values as Helm gives them to templates: it reads them through JSON, whose numbers are floats."""
    if isinstance(values, Mapping):
        return {key: numbers_as_in_json(value) for key, value in values.items()}
    if isinstance(values, list):
        return [numbers_as_in_json(value) for value in values]
    if isinstance(values, int) and not isinstance(values, bool):
        return float(values) if abs(values) < _MAX_NUMBER else values
    return values


class _Deleted:
    """Stands for a value that is set to null over a default: the key is taken away."""


_DELETED: Final = _Deleted()


@dataclass(eq=False)
class Instance:
    """A chart as one release uses it: a subchart may be there several times, each under an alias.

    `path` is Helm's name of the place (`shop/charts/blue`); `keys` lead to its values within those of
    the release.
    """

    tree: ChartTree
    name: str
    path: str
    keys: tuple[str, ...]
    values: Values
    subcharts: list[Instance] = field(default_factory=list)
    partial: bool = False

    def everything(self) -> Iterator[Instance]:
        """The chart and all enabled charts within it."""
        yield self
        for subchart in self.subcharts:
            yield from subchart.everything()

    @property
    def is_root(self) -> bool:
        """Whether it is the chart that is installed."""
        return not self.keys


class Release:
    """A chart with the values that someone gives besides its own.

    `values` are those of the whole release, `partial` tells whether an enabled dependency is not in
    sight.
    """

    def __init__(self, tree: ChartTree, given: Mapping[str, Any]) -> None:
        self.tree = tree
        self._left = _MAX_INSTANCES
        self.root = self._instance(tree, tree.name, tree.name, ())
        with_all = _coalesced(self.root, given)
        tags = with_all.get("tags")
        self.partial = False
        self._enable(self.root, with_all, tags if isinstance(tags, Mapping) else {})
        _import_values(self.root)
        self.values = _coalesced(self.root, given)
        self.partial |= any(instance.tree.faults for instance in self.root.everything())

    def instances_of(self, folder: str) -> list[Instance]:
        """The instances of the chart in a folder."""
        return [each for each in self.root.everything() if each.tree.folder == folder]

    def values_of(self, instance: Instance) -> Values:
        """The values that an instance's templates see."""
        values: Any = self.values
        for key in instance.keys:
            values = values.get(key) if isinstance(values, dict) else None
        return values if isinstance(values, dict) else {}

    def _instance(self, tree: ChartTree, name: str, path: str, keys: tuple[str, ...]) -> Instance:
        """An instance with every subchart that it could have, enabled or not."""
        self._left -= 1
        instance = Instance(tree, name, path, keys, dict(tree.values or {}))
        named = {word(entry.get("name")) for entry in tree.dependencies}
        children = [(sub, sub.name) for sub in tree.subcharts if sub.name not in named]
        by_name = {sub.name: sub for sub in reversed(tree.subcharts)}
        for entry in tree.dependencies:
            subchart = by_name.get(word(entry.get("name")))
            if subchart is not None:
                children.append((subchart, _shown_name(entry)))
        seen: set[str] = set()
        for subchart, shown in children:
            if self._left > 0 and shown not in seen:
                seen.add(shown)
                place = f"{path}/charts/{shown}"
                instance.subcharts.append(self._instance(subchart, shown, place, (*keys, shown)))
        return instance

    def _enable(self, instance: Instance, values: Values, tags: Mapping[str, Any]) -> None:
        """Take away the subcharts that conditions and tags disable."""
        present = {subchart.name for subchart in instance.subcharts}
        for entry in instance.tree.dependencies:
            name = _shown_name(entry)
            if not _is_enabled(entry, instance.keys, values, tags):
                instance.subcharts = [sub for sub in instance.subcharts if sub.name != name]
            elif name not in present:
                self.partial = True
        for subchart in instance.subcharts:
            self._enable(subchart, values, tags)


def _shown_name(entry: Mapping[str, Any]) -> str:
    return word(entry.get("alias")) or word(entry.get("name"))


def _is_enabled(
    entry: Mapping[str, Any], keys: tuple[str, ...], values: Values, tags: Mapping[str, Any]
) -> bool:
    for path in word(entry.get("condition")).split(","):
        value = _at(values, (*keys, *path.strip().split("."))) if path.strip() else None
        if isinstance(value, bool):
            return value
    own = entry.get("tags")
    verdicts = [tags[tag] for tag in own if tag in tags] if isinstance(own, list) else []
    return not (any(v is False for v in verdicts) and not any(v is True for v in verdicts))


def _at(values: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        if not isinstance(values, Mapping):
            return None
        values = values.get(key)
    return values


def _import_values(instance: Instance) -> None:
    """What `import-values` lifts from subcharts; a chart's own values win over it."""
    for subchart in instance.subcharts:
        _import_values(subchart)
    if not any(entry.get("import-values") for entry in instance.tree.dependencies):
        return
    seen = _coalesced(instance, {})
    imported: Values = {}
    for entry in instance.tree.dependencies:
        wanted = entry.get("import-values")
        for item in wanted if isinstance(wanted, list) else []:
            child, parent = _import_paths(item)
            value = _at(seen, (_shown_name(entry), *child))
            if isinstance(value, Mapping):
                for key in reversed(parent):
                    value = {key: value}
                _fill_in(imported, value)
    instance.values = seen
    _fill_in(instance.values, imported)


def _import_paths(item: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if isinstance(item, Mapping):
        parent = word(item.get("parent"))
        above = () if parent in ("", ".") else tuple(parent.split("."))
        return tuple(word(item.get("child")).split(".")), above
    return ("exports", *word(item).split(".")), ()


def _coalesced(instance: Instance, given: Mapping[str, Any]) -> Values:
    """The values of a release: what is given, the chart's own, and those of its subcharts."""
    values = _copied(given)
    _coalesce(instance, values)
    _sweep(values)
    return values


def _coalesce(instance: Instance, values: Values) -> None:
    _fill_in(values, instance.values)
    for subchart in instance.subcharts:
        own = values.get(subchart.name)
        if own is None or own is _DELETED:
            own = values[subchart.name] = {}
        if not isinstance(own, dict):
            continue
        _pass_globals(own, values)
        _coalesce(subchart, own)


def _pass_globals(own: Values, above: Mapping[str, Any]) -> None:
    """Globals of the chart above win over those of a subchart."""
    shared = above.get("global")
    ours = own.get("global")
    if not isinstance(shared, dict):
        shared = {}
    merged = _copied(shared)
    if isinstance(ours, dict):
        _fill_in(merged, ours)
    own["global"] = merged


def _fill_in(values: Values, defaults: Mapping[str, Any]) -> None:
    """Add what is not given; null over a default takes it away, maps are merged.

    A null among the defaults takes those of a subchart away only within a map that someone else gives, too.
    """
    for key, default in defaults.items():
        if key not in values:
            values[key] = _without_nulls(default) if isinstance(default, Mapping) else default
            if default is None:
                values[key] = _DELETED
        elif values[key] is None and default is not None:
            values[key] = _DELETED
        elif isinstance(values[key], dict) and isinstance(default, Mapping):
            _fill_in(values[key], default)


def _without_nulls(values: Mapping[str, Any]) -> Values:
    return {
        key: _without_nulls(value) if isinstance(value, Mapping) else value
        for key, value in values.items()
        if value is not None
    }


def _copied(values: Mapping[str, Any]) -> Values:
    return {
        key: _copied(value) if isinstance(value, Mapping) else value
        for key, value in values.items()
    }


def _sweep(values: Values) -> None:
    """Take away the keys that are deleted."""
    for key, value in [*values.items()]:
        if value is _DELETED:
            del values[key]
        elif isinstance(value, dict):
            _sweep(value)

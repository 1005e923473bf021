"""A chart as it lies on disk: its metadata, values, templates, other files and subcharts.

A subchart is a folder below `charts/`, an archive there, or the chart of a `file://` dependency, which
`helm dependency build` would pack.  Source: helm, pkg/chart/loader.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..document_error import DocumentError
from ..files import SKIPPED_FOLDERS
from ..nodes import plain_data
from .archive import ArchiveError, Room, read_archive, unpack

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

#: Larger files of a chart are not read, in bytes.
MAX_FILE: Final = 1_000_000
#: Charts within charts; deeper ones are mistakes, or loops made of links.
_MAX_DEPTH: Final = 8
#: Charts that one release may be read from.
_MAX_CHARTS: Final = 1_000
_MAX_TEMPLATES: Final = 5_000
VALUES_NAMES: Final = ("values.yaml", "values.yml")
_OWN_FILES: Final = frozenset(("Chart.yaml", "Chart.lock", "values.yaml", "values.schema.json"))


@dataclass(eq=False)
class ChartTree:
    """A chart with its subcharts.

    `folder` is absolute; that of a `packed` chart is the path of its archive, and the place within.
    `values` is None where no file gives any.  `templates` maps paths within the chart to sources, those of
    the `ignored` ones left out; `files` are the others, for `.Files`.  `faults` tells which archives
    below it cannot be read, and why.
    """

    folder: str
    metadata: Mapping[str, Any]
    values: dict[str, Any] | None
    templates: Mapping[str, str]
    files: Mapping[str, bytes]
    subcharts: list[ChartTree] = field(default_factory=list)
    packed: bool = False
    ignored: frozenset[str] = frozenset()
    faults: list[tuple[str, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The chart's name; that of its folder where Chart.yaml gives none."""
        return word(self.metadata.get("name")) or os.path.basename(self.folder)

    @property
    def is_library(self) -> bool:
        """Whether its templates write nothing."""
        return self.metadata.get("type") == "library"

    @cached_property
    def dependencies(self) -> list[Mapping[str, Any]]:
        """The dependencies that Chart.yaml (or requirements.yaml) declares."""
        declared = self.metadata.get("dependencies")
        entries = declared if isinstance(declared, list) else []
        return [entry for entry in entries if isinstance(entry, Mapping) and entry.get("name")]

    def everything(self) -> Iterator[ChartTree]:
        """The chart and all charts within it."""
        yield self
        for subchart in self.subcharts:
            yield from subchart.everything()


def word(value: object) -> str:
    """A scalar as text, empty for what is none."""
    return "" if value is None or isinstance(value, dict | list) else _key(value)


def read_chart(folder: str) -> ChartTree:
    """The chart in a folder (absolute)."""
    return _Reader().folder(folder, ())


class _Reader:
    """Reads a chart and those within it."""

    def __init__(self) -> None:
        self._beside: dict[str, ChartTree] = {}
        self._left = _MAX_CHARTS
        self._room = Room()

    def folder(self, folder: str, above: tuple[str, ...]) -> ChartTree:
        """The chart in a folder; `above` are the folders of the charts that it is within."""
        ignores = _ignores(folder)
        metadata = dict(read_values(os.path.join(folder, "Chart.yaml")) or {})
        if "dependencies" not in metadata:
            older = read_values(os.path.join(folder, "requirements.yaml")) or {}
            metadata["dependencies"] = older.get("dependencies")
        sources = _sources(folder)
        templates = {name: text for name, text in sources.items() if not ignores(name)}
        chart = ChartTree(
            folder,
            metadata,
            own_values(folder),
            templates,
            _ChartFiles(Path(folder), ignores),
            ignored=frozenset(sources.keys() - templates.keys()),
        )
        chain = (*above, os.path.realpath(folder))
        if len(chain) <= _MAX_DEPTH:
            chart.subcharts = list(self._vendored(chart, chain, ignores))
            chart.subcharts += self._of_folders_beside(chart, chain)
        return chart

    def _vendored(
        self, chart: ChartTree, above: tuple[str, ...], ignores: Callable[[str], bool]
    ) -> Iterator[ChartTree]:
        charts = os.path.join(chart.folder, "charts")
        for name in _listed(charts):
            path = os.path.join(charts, name)
            if name[0] in "._" or ignores(f"charts/{name}"):
                continue
            if os.path.isfile(os.path.join(path, "Chart.yaml")):
                if os.path.realpath(path) not in above and self._may_read():
                    yield self.folder(path, above)
            elif name.endswith(".tgz") and self._may_read():
                try:
                    yield self._packed(path, read_archive(path, MAX_FILE, self._room))
                except ArchiveError as error:
                    chart.faults.append((path, str(error)))

    def _of_folders_beside(self, chart: ChartTree, above: tuple[str, ...]) -> Iterator[ChartTree]:
        """The dependencies that a chart names by their folders, where they are not vendored."""
        vendored = {subchart.name for subchart in chart.subcharts}
        for entry in chart.dependencies:
            name, source = word(entry.get("name")), word(entry.get("repository"))
            if not source.startswith("file://") or "\0" in source or name in vendored:
                continue
            path = os.path.normpath(os.path.join(chart.folder, source.removeprefix("file://")))
            place = os.path.realpath(path)
            if place in above or not os.path.isfile(os.path.join(path, "Chart.yaml")):
                continue
            if place not in self._beside and self._may_read():
                self._beside[place] = self.folder(path, above)
            subchart = self._beside.get(place)
            if subchart is not None and subchart.name == name:
                vendored.add(name)
                yield subchart

    def _packed(self, place: str, files: Mapping[str, bytes], depth: int = 0) -> ChartTree:
        """The chart of an archive, or one within it; `place` tells where it lies."""
        if "Chart.yaml" not in files:
            raise ArchiveError("it holds no chart")
        texts = {
            name: data.decode(errors="replace").removeprefix("\ufeff")
            for name, data in files.items()
            if name.startswith("templates/") or "/" not in name
        }
        metadata = _mapping(texts["Chart.yaml"])
        if "dependencies" not in metadata:
            older = _mapping(texts.get("requirements.yaml", ""))
            metadata["dependencies"] = older.get("dependencies")
        values = next((texts[name] for name in VALUES_NAMES if name in texts), None)
        chart = ChartTree(
            place,
            metadata,
            None if values is None else _mapping(values),
            {name: text for name, text in texts.items() if name.startswith("templates/")},
            {
                name: data
                for name, data in files.items()
                if not name.startswith(("templates/", "charts/")) and name not in _OWN_FILES
            },
            packed=True,
        )
        if depth < _MAX_DEPTH:
            chart.subcharts = list(self._packed_within(chart, files, depth))
        return chart

    def _packed_within(
        self, chart: ChartTree, files: Mapping[str, bytes], depth: int
    ) -> Iterator[ChartTree]:
        inner: dict[str, dict[str, bytes]] = {}
        for name, data in files.items():
            parts = name.split("/", 2)
            if len(parts) == 1 or parts[0] != "charts" or parts[1][0] in "._":
                continue
            if len(parts) > 2:
                inner.setdefault(parts[1], {})[parts[2]] = data
            elif name.endswith(".tgz"):
                try:
                    inner[parts[1]] = unpack(data, MAX_FILE, self._room)
                except ArchiveError as error:
                    chart.faults.append((f"{chart.folder}/{name}", str(error)))
        for name, part in sorted(inner.items()):
            if "Chart.yaml" in part and self._may_read():
                yield self._packed(f"{chart.folder}/charts/{name}", part, depth + 1)

    def _may_read(self) -> bool:
        self._left -= 1
        return self._left >= 0


def _listed(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _sources(folder: str) -> dict[str, str]:
    """The sources below a chart's `templates/`, by their paths within the chart."""
    found: dict[str, str] = {}
    for path in sorted(Path(folder).glob("templates/**/*"))[:_MAX_TEMPLATES]:
        hidden = path.name.startswith(".")
        if not hidden and path.suffix in (".tpl", ".yaml", ".yml", ".json", ".txt"):
            name = os.path.relpath(path, folder).replace(os.sep, "/")
            if path.is_file():
                found[name] = content(path).decode(errors="replace").removeprefix("\ufeff")
    return found


def own_values(folder: str) -> dict[str, Any] | None:
    """The values that stand beside a chart or a service; None where no file gives any."""
    for name in VALUES_NAMES:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return read_values(path)
    return None


def read_values(path: str) -> dict[str, Any] | None:
    """The content of a values file; None where there is none, empty where it cannot be read."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return None
    return _mapping(text)


def _mapping(text: str) -> dict[str, Any]:
    try:
        data = plain_data(text)
    except DocumentError:
        return {}
    return _with_text_keys(data) if isinstance(data, dict) else {}


def _with_text_keys(data: Any) -> Any:
    """Data as Helm reads it, through JSON: `on: 1` has the key `true`.

    What an alias repeats stays one thing, or a few lines could fill the memory.
    """
    known: dict[int, Any] = {}

    def copied(value: Any) -> Any:
        if not isinstance(value, dict | list):
            return value
        if id(value) not in known:
            if isinstance(value, dict):
                known[id(value)] = {_key(key): copied(item) for key, item in value.items()}
            else:
                known[id(value)] = [copied(item) for item in value]
        return known[id(value)]

    return copied(data)


def _key(key: object) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def content(path: Path) -> bytes:
    """The bytes of a file; empty for what cannot be read or is no file a template would need."""
    try:
        small = path.is_file() and path.stat().st_size <= MAX_FILE
        return path.read_bytes() if small else b""
    except OSError:
        return b""


def _ignores(folder: str) -> Callable[[str], bool]:
    """What `.helmignore` leaves out of a chart."""
    path = Path(folder, ".helmignore")
    if not path.is_file():
        return lambda _name: False
    lines = content(path).decode(errors="replace").splitlines()
    from pathspec import GitIgnoreSpec

    try:
        spec: GitIgnoreSpec = GitIgnoreSpec.from_lines(lines)
    except ValueError:
        return lambda _name: False
    return spec.match_file


class _ChartFiles(Mapping[str, bytes]):
    """A chart's other files, looked for when a template asks: the chart may be a whole repository."""

    def __init__(self, root: Path, ignores: Callable[[str], bool]) -> None:
        self._root = root
        self._ignores = ignores

    @cached_property
    def _paths(self) -> dict[str, Path]:
        paths = sorted(self._root.glob("**/*"))
        inside = {path: path.relative_to(self._root).parts for path in paths if path.is_file()}
        named = {
            "/".join(parts): path
            for path, parts in inside.items()
            if parts[0] not in ("templates", "charts") and not SKIPPED_FOLDERS & {*parts}
        }
        return {
            name: path
            for name, path in named.items()
            if name not in _OWN_FILES and not self._ignores(name)
        }

    def __getitem__(self, name: str) -> bytes:
        return content(self._paths[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

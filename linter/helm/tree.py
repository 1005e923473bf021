"""A chart as it lies on disk: its metadata, values, templates, other files and subcharts.

A subchart is a folder below `charts/`, an archive there, or the chart of a `file://` dependency, which
`helm dependency build` would pack.  Source: helm, pkg/chart/loader.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..document import plain_data
from ..files import SKIPPED_FOLDERS
from ..parsing import DocumentError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

#: Larger files of a chart are not read, in bytes.
MAX_FILE: Final = 1_000_000
#: Larger archives are not opened, in bytes; what they unpack to is bounded by MAX_UNPACKED.
_MAX_ARCHIVE: Final = 10_000_000
_MAX_UNPACKED: Final = 50_000_000
_MAX_MEMBERS: Final = 5_000
#: Charts within charts; deeper ones are mistakes, or loops made of links.
_MAX_DEPTH: Final = 8
_MAX_TEMPLATES: Final = 5_000
VALUES_NAMES: Final = ("values.yaml", "values.yml")
_OWN_FILES: Final = frozenset(("Chart.yaml", "Chart.lock", "values.yaml", "values.schema.json"))


@dataclass(eq=False)
class ChartTree:
    """A chart with its subcharts.

    `folder` is absolute, empty for one within an archive; `values` is None where no file gives any.
    `templates` maps paths within the chart to sources; `files` are the others, for `.Files`.
    `unpacked` tells whether it lies where its templates can be linted as its own; `missing` are the
    dependencies that are declared and not in sight.
    """

    folder: str
    metadata: Mapping[str, Any]
    values: dict[str, Any] | None
    templates: Mapping[str, str]
    files: Mapping[str, bytes]
    subcharts: list[ChartTree] = field(default_factory=list)
    unpacked: bool = True
    ignored: frozenset[str] = frozenset()

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
    return _read_folder(folder, (), unpacked=True)


def _read_folder(folder: str, above: tuple[str, ...], *, unpacked: bool) -> ChartTree:
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
        unpacked=unpacked,
        ignored=frozenset(sources.keys() - templates.keys()),
    )
    chain = (*above, os.path.realpath(folder))
    if len(chain) <= _MAX_DEPTH:
        chart.subcharts = list(_subcharts(chart, chain, ignores))
    return chart


def _subcharts(
    chart: ChartTree, above: tuple[str, ...], ignores: Callable[[str], bool]
) -> Iterator[ChartTree]:
    charts = os.path.join(chart.folder, "charts")
    found: set[str] = set()
    for name in _listed(charts):
        path = os.path.join(charts, name)
        if name[0] in "._" or ignores(f"charts/{name}"):
            continue
        subchart = None
        if os.path.isfile(os.path.join(path, "Chart.yaml")):
            if os.path.realpath(path) not in above:
                subchart = _read_folder(path, above, unpacked=chart.unpacked)
        elif name.endswith(".tgz"):
            subchart = _read_archive(path)
        if subchart is not None:
            found.add(subchart.name)
            yield subchart
    for entry in chart.dependencies:
        source = word(entry.get("repository"))
        path = os.path.normpath(os.path.join(chart.folder, source.removeprefix("file://")))
        if (
            source.startswith("file://")
            and word(entry.get("name")) not in found
            and os.path.isfile(os.path.join(path, "Chart.yaml"))
            and os.path.realpath(path) not in above
        ):
            found.add(word(entry.get("name")))
            yield _read_folder(path, above, unpacked=False)


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


def _read_archive(path: str) -> ChartTree | None:
    """The chart that an archive below `charts/` holds; None for what is none."""
    import tarfile
    import zlib

    try:
        if os.path.getsize(path) > _MAX_ARCHIVE:
            return None
        with tarfile.open(path, "r:gz") as archive:
            files = dict(_members(archive))
    except (OSError, EOFError, ValueError, tarfile.TarError, zlib.error):
        return None
    return _from_files(files)


def _members(archive: Any) -> Iterator[tuple[str, bytes]]:
    """The files of an archive, without the folder that all of them lie in."""
    left = _MAX_UNPACKED
    for count, member in enumerate(archive):
        left -= max(member.size, 0)
        if count >= _MAX_MEMBERS or left < 0:
            return
        name = member.name.removeprefix("./").partition("/")[2]
        if member.isreg() and name and member.size <= MAX_FILE:
            stream = archive.extractfile(member)
            if stream is not None:
                yield name, stream.read(MAX_FILE)


def _from_files(files: Mapping[str, bytes], depth: int = 0) -> ChartTree | None:
    if "Chart.yaml" not in files:
        return None
    texts = {
        name: data.decode(errors="replace")
        for name, data in files.items()
        if name.startswith("templates/") or name in ("Chart.yaml", *VALUES_NAMES)
    }
    values = next((texts[name] for name in VALUES_NAMES if name in texts), None)
    chart = ChartTree(
        "",
        _mapping(texts["Chart.yaml"]),
        None if values is None else _mapping(values),
        {name: text for name, text in texts.items() if name.startswith("templates/")},
        {
            name: data
            for name, data in files.items()
            if not name.startswith(("templates/", "charts/")) and name not in _OWN_FILES
        },
        unpacked=False,
    )
    if depth < _MAX_DEPTH:
        inner: dict[str, dict[str, bytes]] = {}
        for name, data in files.items():
            if match := re.match(r"charts/([^/]+)/(.+)", name):
                inner.setdefault(match[1], {})[match[2]] = data
        found = (_from_files(part, depth + 1) for part in inner.values())
        chart.subcharts = [subchart for subchart in found if subchart is not None]
    return chart

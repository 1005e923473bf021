"""What renders which template: the values files of a Harness service, the chart of a Helm template."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .document import DocumentError, plain_data
from .scope import VALUES_NAMES, Home
from .source import Problem, SourceFile

if TYPE_CHECKING:
    from .templates import Chart, Renderer, TemplateError

_PROBLEM_KINDS: Final = {"missing-helper": "template-elsewhere", "budget": "limit"}
#: A chart's other files that templates may read with `.Files`, in bytes each.
_MAX_CHART_FILE: Final = 1_000_000


class Renderings:
    """Renders templates, each with the values of its home; `overrides` are further values files."""

    def __init__(self, overrides: Sequence[str]) -> None:
        self.overrides = overrides
        self._renderers: dict[Home, tuple[Renderer, Mapping[str, Any], bool]] = {}

    def render(self, file: SourceFile, path: str, home: Home) -> Problem | None:
        """Put `rendered` into the file, or say why that fails."""
        from .templates import TemplateError

        if home not in self._renderers:
            self._renderers[home] = self._prepare(home)
        renderer, values, given = self._renderers[home]
        name = os.path.relpath(path, home.root).replace(os.sep, "/")
        try:
            file.rendered = renderer.render(file.text, values, name)
        except TemplateError as error:
            return _problem(file, error)
        self._note_missing(file, given)
        return None

    def _note_missing(self, file: SourceFile, given: bool) -> None:
        missing = file.rendered.missing if file.rendered else ()
        for value in missing if given else missing[:1]:
            message = f".{value.path}" if given else ""
            end = value.offset + len(value.path) + 1
            file.problems.append(
                Problem("value-missing", message, file.text_span(value.offset, end))
            )

    def _prepare(self, home: Home) -> tuple[Renderer, Mapping[str, Any], bool]:
        from .templates import Renderer

        chart = _read_chart(home.root) if home.kind == "chart" else None
        values, given = _values_of(home)
        for path in self.overrides:
            values = _merged(values, _read_values(path) or {})
            given = True
        return Renderer(chart), values, given


def _problem(file: SourceFile, error: TemplateError) -> Problem:
    kind = _PROBLEM_KINDS.get(error.kind, "template")
    return Problem(kind, error.message, file.text_span(error.offset, error.offset))


def _merged(base: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    from .templates import merge_values

    return merge_values(base, override)


def _values_of(home: Home) -> tuple[dict[str, Any], bool]:
    """The values that a home's templates see, and whether there is a values file at all."""
    if home.kind == "directory":
        return {}, False
    own = _own_values(home.root)
    values = own or {}
    if home.kind == "chart":
        values = _from_parent(home.root, values)
    return values, own is not None


def _from_parent(root: str, values: dict[str, Any]) -> dict[str, Any]:
    """A subchart's values, with what the chart above it gives (Helm docs, "Subcharts and globals")."""
    folder, name = os.path.split(root)
    parent = os.path.dirname(folder)
    if os.path.basename(folder) != "charts" or not os.path.isfile(_chart_file(parent)):
        return values
    above = _from_parent(parent, _own_values(parent) or {})
    given = above.get(name)
    if isinstance(given, dict):
        values = _merged(values, given)
    if isinstance(above.get("global"), dict):
        values = _merged(values, {"global": above["global"]})
    return values


def _own_values(root: str) -> dict[str, Any] | None:
    for name in VALUES_NAMES:
        values = _read_values(os.path.join(root, name))
        if values is not None:
            return values
    return None


def _read_values(path: str) -> dict[str, Any] | None:
    """The content of a values file; None where there is none, empty where it cannot be read."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return None
    try:
        data = plain_data(text)
    except DocumentError:
        return {}
    return data if isinstance(data, dict) else {}


def _chart_file(root: str) -> str:
    return os.path.join(root, "Chart.yaml")


def _read_chart(root: str) -> Chart:
    from .templates import Chart

    metadata = _read_values(_chart_file(root)) or {}
    return Chart(
        name=str(metadata.get("name") or os.path.basename(root)),
        version=str(metadata.get("version") or "0.1.0"),
        app_version=str(metadata.get("appVersion") or ""),
        metadata=metadata,
        helpers=dict(_helpers(root)),
        files=dict(_chart_files(Path(root))),
    )


def _helpers(root: str) -> Iterator[tuple[str, str]]:
    """The chart's files that define named templates; subcharts and charts above share theirs."""
    folder, parent = os.path.split(root)[0], os.path.dirname(os.path.dirname(root))
    if os.path.basename(folder) == "charts" and os.path.isfile(_chart_file(parent)):
        yield from _helpers(parent)
    for path in sorted(Path(root).glob("**/templates/**/*")):
        if path.suffix in (".tpl", ".yaml", ".yml", ".txt") and path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            if "define" in text and path.name != "NOTES.txt":
                yield os.path.relpath(path, root).replace(os.sep, "/"), text


def _chart_files(root: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(root.glob("**/*")):
        inside = path.relative_to(root).parts
        if inside[0] in ("templates", "charts") or not path.is_file():
            continue
        if path.stat().st_size <= _MAX_CHART_FILE:
            yield "/".join(inside), path.read_bytes()

"""What renders which template: the values files of a Harness service, the chart of a Helm template."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .document import plain_data
from .files import SKIPPED_FOLDERS
from .parsing import DocumentError
from .scope import VALUES_NAMES, Home
from .source import Problem, SourceFile

if TYPE_CHECKING:
    from .templates import Chart, Renderer, TemplateError

_PROBLEM_KINDS: Final = {"missing-helper": "template-elsewhere", "budget": "limit"}
#: Larger files of a chart are not read for helpers or for `.Files`, in bytes.
_MAX_CHART_FILE: Final = 1_000_000
_BLOCK: Final = re.compile(r"\{\{-?\s*(?:if|with|range)\b[^{}]*\}\}")


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
            problem = _problem(file, error, renderer.broken)
            if error.kind == "execution" and _waits(file.text, error.offset, values):
                return Problem("template-elsewhere", problem.message, problem.span)
            return problem
        self._note_missing(file, given)
        if given and _BLOCK.search(file.text):
            from .templates.blocks import open_blocks
            from .templates.source import scan

            file.open_blocks = open_blocks(scan(file.text) or [], values)
        return None

    def _note_missing(self, file: SourceFile, given: bool) -> None:
        missing = file.rendered.missing if file.rendered else ()
        for value in missing if given else missing[:1]:
            message = f".{value.path}" if given else ""
            end = min(value.offset + len(value.path) + 1, len(file.text))
            file.problems.append(
                Problem("value-missing", message, file.text_span(value.offset, end))
            )

    def _prepare(self, home: Home) -> tuple[Renderer, Mapping[str, Any], bool]:
        from .templates import Renderer

        chart = _read_chart(home.root) if home.kind == "chart" else None
        own = None if home.kind == "directory" else _own_values(home.root)
        given = own is not None or bool(self.overrides)
        if home.kind == "chart":
            return Renderer(chart), self._chart_values(home.root), given
        return Renderer(chart), self._overridden(own or {}), given

    def _chart_values(self, root: str) -> dict[str, Any]:
        """A chart's values, with what the chart above gives (Helm docs, "Subcharts and globals")."""
        values = _own_values(root) or {}
        parent = _parent_chart(root)
        if parent is None:
            return self._overridden(values)
        above = self._chart_values(parent)
        given = above.get(os.path.basename(root))
        if isinstance(given, dict):
            values = _merged(values, given)
        if isinstance(above.get("global"), dict):
            values = _merged(values, {"global": above["global"]})
        return values

    def _overridden(self, values: dict[str, Any]) -> dict[str, Any]:
        for path in self.overrides:
            values = _merged(values, _read_values(path) or {})
        return values


def _problem(
    file: SourceFile, error: TemplateError, broken: Mapping[str, TemplateError]
) -> Problem:
    """A failure as a Problem; a helper that is missing because its file is broken is no riddle."""
    kind = _PROBLEM_KINDS.get(error.kind, "template")
    message = error.message
    if error.kind == "missing-helper" and broken:
        name, cause = next(iter(broken.items()))
        kind, message = "template", f"{message} ({name} cannot be read: {cause.message})"
    return Problem(kind, message, file.text_span(error.offset, error.offset))


def _waits(text: str, offset: int, values: Mapping[str, Any]) -> bool:
    """Whether the action that failed, or a block around it, uses a value that Harness fills in later.

    Until then the value is text, which no `range` takes and which no boolean equals.
    """
    from .templates.blocks import waits

    end = text.find("}}", offset)
    action = text[max(text.rfind("{{", 0, offset + 2), 0) : end if end >= 0 else None]
    return any(waits(part, values) for part in (action, *_BLOCK.findall(text[:offset])))


def _merged(base: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    from .templates import merge_values

    return merge_values(base, override)


def _parent_chart(root: str) -> str | None:
    """The chart that a chart is a subchart of."""
    folder = os.path.dirname(root)
    parent = os.path.dirname(folder)
    is_subchart = os.path.basename(folder) == "charts" and os.path.isfile(_chart_file(parent))
    return parent if is_subchart else None


def _own_values(root: str) -> dict[str, Any] | None:
    for name in VALUES_NAMES:
        path = os.path.join(root, name)
        if os.path.isfile(path):
            return _read_values(path)
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
        name=_word(metadata.get("name")) or os.path.basename(root),
        version=_word(metadata.get("version")) or "0.1.0",
        app_version=_word(metadata.get("appVersion")),
        metadata=metadata,
        helpers=dict(_helpers(root)),
        files=_ChartFiles(Path(root)),
    )


def _word(value: object) -> str:
    """A scalar as text, empty for what is none."""
    return "" if value is None or isinstance(value, dict | list) else str(value)


def _helpers(root: str) -> Iterator[tuple[str, str]]:
    """The chart's files that define named templates; subcharts and charts above share theirs."""
    parent = _parent_chart(root)
    if parent is not None:
        yield from _helpers(parent)
    folder = Path(root)
    paths = [*folder.glob("templates/**/*"), *folder.glob("charts/**/templates/**/*")]
    for path in sorted(paths):
        if path.suffix in (".tpl", ".yaml", ".yml", ".txt") and path.name != "NOTES.txt":
            text = _content(path).decode(errors="replace")
            if "define" in text:
                yield os.path.relpath(path, root).replace(os.sep, "/"), text


class _ChartFiles(Mapping[str, bytes]):
    """A chart's other files, looked for when a template asks: the chart may be a whole repository."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @cached_property
    def _paths(self) -> dict[str, Path]:
        paths = sorted(self._root.glob("**/*"))
        inside = {path: path.relative_to(self._root).parts for path in paths if path.is_file()}
        return {
            "/".join(parts): path
            for path, parts in inside.items()
            if parts[0] not in ("templates", "charts") and not SKIPPED_FOLDERS & {*parts}
        }

    def __getitem__(self, name: str) -> bytes:
        return _content(self._paths[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def _content(path: Path) -> bytes:
    """The bytes of a file; empty for what cannot be read or is no file a template would need."""
    try:
        small = path.is_file() and path.stat().st_size <= _MAX_CHART_FILE
        return path.read_bytes() if small else b""
    except OSError:
        return b""

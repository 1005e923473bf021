"""What renders which template: the values files of a Harness service, the chart of a Helm template.

A file may be rendered several times: once for each set of values, and for each alias under which a chart
uses its subchart.  Each of these renderings is a file of its own, in the scope of its set.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .config import Config
from .files import SUFFIXES
from .scope import Home
from .source import Problem, SourceFile, Variant, looks_like_manifest

if TYPE_CHECKING:
    from .helm.engine import Outcome
    from .helm.release import Instance, Release
    from .helm.tree import ChartTree
    from .templates import Renderer, TemplateError
    from .templates.render import Helpers

_PROBLEM_KINDS: Final = {"missing-helper": "template-elsewhere", "budget": "limit"}
_BLOCK: Final = r"\{\{-?\s*(?:if|with|range)\b[^{}]*\}\}"
#: Templates that change the values which the templates after them see.
_CHANGES: Final = (
    r"\b(?:set|unset|mergeOverwrite|mustMergeOverwrite|merge|mustMerge)\s+\(?\s*"
    r"(?:\$?\.Values\b|(?:\$|\.)\s+\"Values\")"
)
#: A field of what is no map.
_NO_FIELD: Final = "the value has no field"
#: Templates that call others by the names of their files.
_BY_FILE: Final = r"BasePath|/templates/"
#: The kind of an object, where a template spells it out.
_OWN_KIND: Final = r"(?m)^kind:[ \t]*\w"


class Subtemplate(NamedTuple):
    """A template of a subchart: its path (absolute), its source, and which rendering is meant.

    `packed`: it lies in an archive, and its path tells where.
    """

    path: str
    text: str
    variant: Variant
    packed: bool


class Renderings:
    """Renders templates, each with the values of its home.

    `overrides` are further values files for all; `sets` are named lists of values files, looked for in
    the folder of the chart or the service, then in `root`; each set is a rendering of its own.
    """

    def __init__(
        self,
        overrides: Sequence[str],
        sets: Mapping[str, Sequence[str]] | None = None,
        root: str = "",
        engine: str = "built-in",
    ) -> None:
        self.overrides = tuple(overrides)
        self.sets = sets or {}
        self.root = root
        self.engine = engine
        self.unused = {(name, path) for name, paths in self.sets.items() for path in paths}
        self._sets_of: dict[str, dict[str, tuple[str, ...]]] = {}
        self._services: dict[tuple[Home, str], tuple[Renderer, Mapping[str, Any], bool]] = {}
        self._trees: dict[str, ChartTree] = {}
        self._charts: dict[tuple[str, str], ChartRendering] = {}

    @classmethod
    def of(cls, config: Config) -> Renderings:
        """Those that the settings ask for."""
        from .helm.installed import engine_name

        return cls(
            [os.fspath(path) for path in config.values],
            config.values_sets,
            os.path.abspath(config.root),
            engine_name(config.helm_engine),
        )

    def variants(self, path: str, home: Home) -> list[Variant]:
        """The renderings of a file (absolute path), the first one foremost."""
        if home.kind not in ("chart", "service"):
            return [Variant()]
        sets = self._sets(home.root)
        if home.kind == "service":
            return [Variant(name) for name in sets]
        folder = _chart_folder(path, home.root)
        found = [
            Variant(name, instance.path)
            for name in sets
            for instance in self._chart(home.root, name).release.instances_of(folder)
        ]
        return found or [Variant(next(iter(sets)), None)]

    def notes(self) -> list[str]:
        """What a user should hear of what was asked for and could not be."""
        refused = {
            f"Helm's own engine does not render the chart in {os.path.relpath(root)}, so the built-in one "
            f"did: {reason}"
            for (root, _set), chart in self._charts.items()
            if (reason := chart.refusal)
        }
        refused |= set(self._unread_archives())
        if not self._sets_of:
            return sorted(refused)
        return sorted(refused) + [
            f'the values set "{name}" names {path}, which no chart and no service in sight has'
            for name, path in sorted(self.unused)
        ]

    def _unread_archives(self) -> Iterator[str]:
        """One line for each reason why archives of subcharts are not read."""
        by_reason: dict[str, set[str]] = defaultdict(set)
        for chart in self._charts.values():
            for instance in chart.release.root.everything():
                for path, reason in instance.tree.faults:
                    by_reason[reason].add(os.path.relpath(path))
        for reason, paths in by_reason.items():
            first, *others = sorted(paths)
            more = f", and {len(others)} more like it" if others else ""
            yield f"{first} is not read as a subchart: {reason}{more}"

    def subtemplates(self, root: str) -> Iterator[Subtemplate]:
        """What the enabled subcharts of a chart write, wherever they lie."""
        for name in self._sets(root):
            for instance in self._chart(root, name).release.root.everything():
                if instance.is_root:
                    continue
                for path, text in instance.tree.templates.items():
                    if path.endswith(SUFFIXES) and _writes(instance, path) and _is_ours(text):
                        place = os.path.join(instance.tree.folder, *path.split("/"))
                        variant = Variant(name, instance.path)
                        yield Subtemplate(place, text, variant, instance.tree.packed)

    def is_partial(self, home: Home, variant: Variant) -> bool:
        """Whether what deploys with a chart is not all in sight."""
        return home.kind == "chart" and self._chart(home.root, variant.values_set).release.partial

    def render(self, file: SourceFile, path: str, home: Home, variant: Variant) -> Problem | None:
        """Put `rendered` into the file, or say why that fails."""
        if home.kind == "chart":
            return self._chart(home.root, variant.values_set).render(file, path, variant.instance)
        return self._render_service(file, path, home, variant)

    def _render_service(
        self, file: SourceFile, path: str, home: Home, variant: Variant
    ) -> Problem | None:
        key = home, variant.values_set
        if key not in self._services:
            self._services[key] = self._service(home, variant)
        renderer, values, given = self._services[key]
        name = os.path.relpath(path, home.root).replace(os.sep, "/")
        return _render(file, renderer, values, name, given=given)

    def _service(self, home: Home, variant: Variant) -> tuple[Renderer, Mapping[str, Any], bool]:
        from .helm.tree import own_values, read_values
        from .templates import Renderer

        own = None if home.kind == "directory" else own_values(home.root)
        paths = self.overrides
        if home.kind == "service":
            paths = self._sets(home.root)[variant.values_set]
        values = own or {}
        for path in paths:
            values = _merged(values, read_values(path) or {})
        return Renderer(), values, own is not None or bool(paths)

    def _sets(self, root: str) -> dict[str, tuple[str, ...]]:
        """The sets of values that a chart or a service has, with the files of each (absolute)."""
        if root not in self._sets_of:
            self._sets_of[root] = self._find_sets(root)
        return self._sets_of[root]

    def _find_sets(self, root: str) -> dict[str, tuple[str, ...]]:
        names: dict[tuple[str, ...], list[str]] = {}
        for name, paths in self.sets.items():
            found = []
            for path in paths:
                places = (os.path.join(root, path), os.path.join(self.root, path))
                place = next((place for place in places if os.path.isfile(place)), None)
                if place is not None:
                    found.append(place)
                    self.unused.discard((name, path))
            names.setdefault(tuple(found), []).append(name)
        if not any(names):
            return {"": self.overrides}
        # Sets that read the same files render the same: they count as one.
        return {", ".join(same): (*self.overrides, *paths) for paths, same in names.items()}

    def _chart(self, root: str, values_set: str) -> ChartRendering:
        key = root, values_set
        if key not in self._charts:
            from .helm.tree import read_chart, read_values

            if root not in self._trees:
                self._trees[root] = read_chart(root)
            given: dict[str, Any] = {}
            paths = self._sets(root)[values_set]
            for path in paths:
                given = _overlaid(given, read_values(path) or {})
            self._charts[key] = ChartRendering(
                self._trees[root], given, bool(paths), with_helm=self.engine == "helm"
            )
        return self._charts[key]


@dataclass
class ChartRendering:
    """A chart with one set of values, and what its templates write.

    `is_given`: someone gives values besides the chart's own; `with_helm`: Helm's own engine is asked.
    """

    tree: ChartTree
    given: Mapping[str, Any]
    is_given: bool
    with_helm: bool
    _renderers: dict[str, tuple[Renderer, dict[str, Any]]] = field(default_factory=dict)
    _shared: dict[tuple[str, str], TemplateError | Any] | None = None

    @cached_property
    def release(self) -> Release:
        """The chart with its values."""
        from .helm.release import Release

        return Release(self.tree, self.given)

    def render(self, file: SourceFile, path: str, place: str | None) -> Problem | None:
        """Render a template of the chart, or of one of its subcharts."""
        instance = next(
            (each for each in self.release.root.everything() if each.path == place), None
        )
        name = ""
        if instance is not None:
            name = os.path.relpath(path, instance.tree.folder).replace(os.sep, "/")
        if instance is None or not _writes(instance, name):
            from .templates import Rendered

            file.rendered = Rendered("", (), ([], [], []), len(file.text))
            return None
        if "{{" not in file.text:
            return None
        renderer, values = self._renderer(instance)
        given = instance.tree.values is not None or self.is_given
        shared = self._of_all(instance, name, file.text)
        problem = _render(file, renderer, values, name, given=given, outcome=shared)
        if problem is not None and _NO_FIELD in problem.message and not self.is_given:
            # A word stands in the chart's own values for what whoever installs it gives.
            problem = Problem("template-elsewhere", problem.message, problem.span)
        if self.with_helm:
            return self._by_helm(file, instance, name, problem)
        return problem

    def _renderer(self, instance: Instance) -> tuple[Renderer, dict[str, Any]]:
        if instance.path not in self._renderers:
            from .helm.release import numbers_as_in_json
            from .templates import Renderer

            values = numbers_as_in_json(self.release.values_of(instance))
            self._renderers[instance.path] = Renderer(self._objects(instance), self.helpers), values
        return self._renderers[instance.path]

    def _objects(self, instance: Instance) -> Any:
        from .helm.tree import word
        from .templates import Chart

        tree = instance.tree
        return Chart(
            name=instance.name,
            version=word(tree.metadata.get("version")) or "0.1.0",
            app_version=word(tree.metadata.get("appVersion")),
            metadata={key: value for key, value in tree.metadata.items() if key != "name"},
            files=tree.files,
            path=instance.path,
            is_root=instance.is_root,
            subcharts=self._subcharts(instance),
        )

    def _subcharts(self, instance: Instance) -> dict[str, Any]:
        """What templates see of the charts within."""
        if not self._uses(".Subcharts"):
            return {sub.name: {} for sub in instance.subcharts}
        seen = {}
        for sub in instance.subcharts:
            renderer, values = self._renderer(sub)
            seen[sub.name] = {**renderer.objects(), "Values": values}
        return seen

    def _uses(self, word: str) -> bool:
        trees = [each.tree for each in self.release.root.everything()]
        return any(word in text for tree in trees for text in tree.templates.values())

    @cached_property
    def helpers(self) -> Helpers:
        """The named templates of the chart and of its subcharts, in the order in which Helm reads them."""
        from .templates.render import Helpers

        sources = {
            f"{instance.path}/{name}": text
            for instance in self.release.root.everything()
            for name, text in instance.tree.templates.items()
            if not name.endswith("/NOTES.txt")
        }
        by_file = self._by_file
        # Charts above win over those within, and names that come first over later ones.
        order = sorted(sources, key=lambda name: (name.count("/"), name), reverse=True)
        return Helpers(
            {name: sources[name] for name in order if by_file or "define" in sources[name]}
        )

    @cached_property
    def _by_file(self) -> bool:
        trees = [instance.tree for instance in self.release.root.everything()]
        return any(re.search(_BY_FILE, text) for tree in trees for text in tree.templates.values())

    def _of_all(self, instance: Instance, name: str, text: str) -> Any:
        """What the template writes after those before it have changed the values, if any does."""
        if self._shared is None:
            texts = [
                text
                for each in self.release.root.everything()
                for text in each.tree.templates.values()
            ]
            self._shared = (
                self._in_order() if any(re.search(_CHANGES, text) for text in texts) else {}
            )
        outcome = self._shared.get((instance.path, name))
        return outcome if instance.tree.templates.get(name) == text else None

    def _in_order(self) -> dict[tuple[str, str], Any]:
        """Every template in Helm's order, all with the same values."""
        from .templates import Renderer, TemplateError

        outcomes: dict[tuple[str, str], Any] = {}
        root = self.release.root
        try:
            values = self._renderer(root)[0].share(self._renderer(root)[1])
        except TemplateError:
            return {}
        found = [
            (each, name)
            for each in root.everything()
            for name in each.tree.templates
            if _writes(each, name) and not name.endswith(".txt")
        ]

        roots = {each.path: self._renderer(each)[0].within(values, each.keys) for each, _ in found}

        def in_helms_order(entry: tuple[Instance, str]) -> tuple[int, str]:
            full = f"{entry[0].path}/{entry[1]}"
            return full.count("/"), full

        for each, name in sorted(found, key=in_helms_order, reverse=True):
            renderer = self._renderer(each)[0]
            assert isinstance(renderer, Renderer)  # noqa: S101
            try:
                outcomes[each.path, name] = renderer.render(
                    each.tree.templates[name], roots[each.path], name
                )
            except TemplateError as error:
                outcomes[each.path, name] = error
        return outcomes

    @cached_property
    def _helm(self) -> Outcome | str:
        from .helm.engine import render_release

        return render_release(self.release, self.given, by_file=self._by_file)

    @property
    def refusal(self) -> str:
        """Why Helm's own engine, which was asked, has not rendered the chart; empty where it has."""
        asked = self.__dict__.get("_helm")
        return asked if isinstance(asked, str) else ""

    def _by_helm(
        self, file: SourceFile, instance: Instance, name: str, problem: Problem | None
    ) -> Problem | None:
        """What Helm's own engine says, where nothing is hidden from it."""
        from .templates import UNKNOWN_MARK
        from .templates.render import from_marked

        outcome = self._helm
        if isinstance(outcome, str) or instance.tree.templates.get(name) != file.text:
            return problem
        marked = outcome.sources.get((id(instance.tree), name))
        full = f"{instance.path}/{name}"
        hides = file.rendered is not None and UNKNOWN_MARK in file.rendered.text
        if marked is None or hides or (problem is not None and problem.kind == "limit"):
            return problem
        if full in outcome.outputs and full not in outcome.failures:
            file.rendered = from_marked(marked, outcome.outputs[full])
            return None
        failure = outcome.failures.get(full)
        if failure is None or failure[0].startswith("values: ") or problem is not None:
            return problem
        offset = marked.offset_at(failure[1], failure[2])
        file.rendered = None
        return Problem("template", failure[0], file.text_span(offset, offset))


def _is_ours(text: str) -> bool:
    """Whether a template may write an object that the catalogue needs."""
    return re.search(_OWN_KIND, text) is None or looks_like_manifest(text)


def _writes(instance: Instance, name: str) -> bool:
    """Whether Helm writes out what a template gives."""
    partial = name.rpartition("/")[2].startswith("_")
    return not (partial or instance.tree.is_library or name in instance.tree.ignored)


def _render(
    file: SourceFile,
    renderer: Renderer,
    values: Mapping[str, Any],
    name: str,
    *,
    given: bool,
    outcome: Any = None,
) -> Problem | None:
    """Render with the built-in engine, or take the outcome that it had before."""
    from .templates import TemplateError

    try:
        if isinstance(outcome, TemplateError):
            raise outcome
        file.rendered = outcome or renderer.render(file.text, values, name)
    except TemplateError as error:
        problem = _problem(file, error, renderer.broken)
        if error.kind == "execution" and _waits(file.text, error.offset, values):
            return Problem("template-elsewhere", problem.message, problem.span)
        return problem
    _note_missing(file, given)
    if given and re.search(_BLOCK, file.text):
        from .templates.blocks import open_blocks
        from .templates.source import scan

        file.open_blocks = open_blocks(scan(file.text) or [], values)
    return None


def _note_missing(file: SourceFile, given: bool) -> None:
    missing = file.rendered.missing if file.rendered else ()
    for value in missing if given else missing[:1]:
        message = f".{value.path}" if given else ""
        end = min(value.offset + len(value.path) + 1, len(file.text))
        file.problems.append(Problem("value-missing", message, file.text_span(value.offset, end)))


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
    return any(waits(part, values) for part in (action, *re.findall(_BLOCK, text[:offset])))


def _merged(base: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    from .templates import merge_values

    return merge_values(base, override)


def _overlaid(base: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """Values files one over the other; null stays, for it takes a default of the chart away."""
    merged = dict(base)
    for key, value in override.items():
        old = merged.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            merged[key] = _overlaid(old, value)
        else:
            merged[key] = value
    return merged


def _chart_folder(path: str, root: str) -> str:
    """The innermost chart, from `root` on, that a file lies in."""
    folder = os.path.dirname(path)
    while len(folder) > len(root):
        if os.path.isfile(os.path.join(folder, "Chart.yaml")):
            return folder
        folder = os.path.dirname(folder)
    return root

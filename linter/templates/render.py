"""Go templates and their values → YAML text, and a map from each of its characters to the template.

A Harness service's manifests are Go templates with Sprig (source: Harness docs,
use-go-templating-in-kubernetes-manifests); a Helm chart's templates know Helm's objects as well.
Both are rendered for real by `gotpl`, in its sandbox and within a budget; templates that only fill
in scalars are filled in here, since importing the engine takes longer than everything else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from io import StringIO
from typing import TYPE_CHECKING, Any, Final, Literal

from ..values import UNKNOWN_MARK
from .chart import ApiVersions, Files, KubeVersion
from .fill import NO_VALUE, fill
from .source import (
    PRIVATE,
    MarkedSource,
    MissingValue,
    Origin,
    Rendered,
    longest_body,
    scan,
)
from .values import (
    EXPRESSION,
    HIDDEN_TEXT,
    Given,
    Limits,
    Marks,
    TooLargeError,
    Values,
    bounded_work,
)

if TYPE_CHECKING:
    from gotpl.template import Template

__all__ = [
    "EXPRESSION",
    "UNKNOWN_MARK",
    "Chart",
    "MissingValue",
    "Origin",
    "Rendered",
    "Renderer",
    "SharedValues",
    "TemplateError",
    "has_actions",
    "merge_values",
    "render",
]

ErrorKind = Literal["syntax", "execution", "budget", "missing-helper"]

#: Longest template that is rendered at all, in characters.
MAX_SOURCE: Final = 2_000_000
#: How many compiled templates are kept.
_MOST_COMPILED: Final = 500
#: What `helm template` tells without a cluster (Helm 4.2).
_KUBE_VERSION: Final = {"Version": "v1.36.0", "Major": "1", "Minor": "36"}
_HELM_VERSION: Final = {"Version": "v4.2", "GoVersion": "go1.26", "KubeClientVersion": "v1.36"}
#: The fields of Chart.yaml that a chart need not give.
_METADATA: Final[dict[str, Any]] = {
    **dict.fromkeys(
        ("APIVersion", "Condition", "Description", "Home", "Icon", "KubeVersion", "Tags", "Type"),
        "",
    ),
    "Annotations": {},
    "Dependencies": [],
    "Deprecated": False,
    "Keywords": [],
    "Maintainers": [],
    "Sources": [],
}
_FIELDS: Final = {"apiVersion": "APIVersion"}
#: What Python says of a mistake, in words for whoever writes templates; and the types that it names.
_PLAIN_WORDS: Final = (
    (re.compile(r"\A(?:attribute|method) ('.*') is not allowed\Z"), r"the value has no field \1"),
    (re.compile(r"'\w+' object has no attribute '\w+'"), "an argument has the wrong type"),
    (re.compile(r"\w+\(\) (?:missing|takes) \d.* argument.*"), "wrong number of arguments"),
    (re.compile(r"function '(and|or)' is not defined"), r"'\1' stands behind a value"),
)
_TYPES: Final = {
    "str": "string",
    "Table": "map",
    "Given": "map",
    "Items": "list",
    "SemanticVersion": "version",
    "_UntypedNil": "nil",
    "NoneType": "nil",
}
_TYPE: Final = re.compile(r"\b(expected|got) (\w+)")
_UNDEFINED: Final = re.compile(
    r"template '[^']*' is not defined|template \"[^\"]*\" is not defined"
)


class TemplateError(Exception):
    """A template that cannot be rendered; `offset` counts characters of the template.

    `kind` is `missing-helper` where a template of the chart is included that no file defines.
    """

    def __init__(self, message: str, offset: int, kind: ErrorKind) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.kind: ErrorKind = kind


@dataclass(frozen=True, slots=True)
class Chart:
    """What a Helm chart gives to its templates besides values.

    `metadata` is Chart.yaml; `helpers` maps file names to sources that `define` templates, the last
    definition of a name counts; `files` are the other files, for `.Files`.  `path` is Helm's name of the
    place of a subchart (`shop/charts/web`), `subcharts` what templates see as `.Subcharts`.
    """

    name: str
    version: str = "0.1.0"
    app_version: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    helpers: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    release_name: str = "release-name"
    namespace: str = "default"
    path: str = ""
    is_root: bool = True
    subcharts: Mapping[str, Any] = field(default_factory=dict)


class Helpers:
    """The named templates of a chart, compiled once for all that use them.

    `broken` tells which files could not be read, and why; what they define is missing.
    """

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = sources
        self.is_private = any(PRIVATE.search(text) for text in sources.values())
        self.longest = 0
        self._broken: dict[str, TemplateError] = {}
        self._compiled: Template | None = None
        self._templates: dict[tuple[str, str], Template] = {}

    @property
    def broken(self) -> Mapping[str, TemplateError]:
        """Helper file → why it cannot be used."""
        self.compiled()
        return self._broken

    def compiled(self) -> Template:
        """The template that holds the helpers."""
        if self._compiled is None:
            compiled = _bare_engine()
            for name, source in self.sources.items():
                pieces = scan(source)
                self.longest = max(self.longest, longest_body(pieces))
                try:
                    compiled = compiled.with_source(source, name=name)
                except Exception as error:
                    marked = MarkedSource(source, pieces, marks=False)
                    self._broken[name] = _explain(error, marked, name, "")
            self._compiled = compiled
        return self._compiled

    def template(self, text: str, name: str) -> Template:
        """A template that may use them; many services have the very same ones, compiled but once."""
        if (text, name) not in self._templates:
            if len(self._templates) >= _MOST_COMPILED:
                self._templates.clear()
            self._templates[text, name] = self.compiled().with_source(text, name=name)
        return self._templates[text, name]


class SharedValues:
    """Values that several templates use and change, as Helm's own templates of one chart do."""

    __slots__ = ("marks", "private", "root")

    def __init__(self, root: Given, marks: Marks, *, private: bool) -> None:
        self.root = root
        self.marks = marks
        self.private = private


def has_actions(text: str) -> bool:
    """Whether the text is a template."""
    return "{{" in text


def merge_values(base: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """Helm's merge: maps are merged, everything else is replaced, null deletes.

    Source: helm, pkg/chartutil/coalesce.go (CoalesceTables).
    """
    merged = {key: value for key, value in base.items() if key not in override}
    for key, value in override.items():
        if value is None:
            continue
        old = base.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            merged[key] = merge_values(old, value)
        elif isinstance(value, Mapping):
            merged[key] = merge_values({}, value)
        else:
            merged[key] = value
    return merged


def render(
    source: str, values: Mapping[str, Any], *, name: str = "template", chart: Chart | None = None
) -> Rendered:
    """Render one template; raises TemplateError.  Use a Renderer for several of one chart."""
    return Renderer(chart).render(source, values, name)


class Renderer:
    """Renders the templates of one chart, or (chart=None) of one Harness service.

    `helpers` are shared by the charts of one release; without them, those of the chart are used.
    """

    def __init__(self, chart: Chart | None = None, helpers: Helpers | None = None) -> None:
        self.chart = chart
        self.helpers = helpers or (Helpers(chart.helpers) if chart else _no_helpers())

    @property
    def broken(self) -> Mapping[str, TemplateError]:
        """Helper file → why it cannot be used."""
        return self.helpers.broken

    def share(self, values: Mapping[str, Any]) -> SharedValues:
        """Values for many renders that see each other's changes, in the order they are made.

        Plain values are copied for every template instead, so that one template's `set` never
        changes another's output.
        """
        marks = Marks()
        builder = Values(marks)
        root = Given(self.objects(), "", marks)
        try:
            root["Values"] = builder.build(values, "Values")
        except (TooLargeError, RecursionError) as error:
            raise TemplateError(_text(error), 0, "budget") from None
        return SharedValues(root, marks, private=builder.private)

    def within(self, values: SharedValues, keys: Sequence[str]) -> SharedValues:
        """Shared values as the templates of a subchart see them; `keys` lead to its own."""
        own: Any = values.root["Values"]
        for key in keys:
            own = own.lookup(key) if isinstance(own, Given) else None
        root = Given(self.objects(), "", values.marks)
        root["Values"] = own if isinstance(own, Given) else Given({}, "Values", values.marks)
        return SharedValues(root, values.marks, private=values.private)

    def render(
        self, source: str, values: Mapping[str, Any] | SharedValues, name: str = "template"
    ) -> Rendered:
        """Render one template; raises TemplateError."""
        if len(source) > MAX_SOURCE:
            raise TemplateError("the template is too long", 0, "budget")
        pieces = scan(source)
        if pieces is not None and not isinstance(values, SharedValues):
            filled = fill(source, pieces, values)
            if filled is not None:
                return filled
        shared = values if isinstance(values, SharedValues) else self.share(values)
        private = self.helpers.is_private or shared.private or PRIVATE.search(source) is not None
        shared.marks.traced = not private
        shared.root["Template"] = self._template_object(name)
        marked = MarkedSource(source, pieces, marks=not private)
        return _finish(marked, self._run(marked, shared.root, name), shared.marks)

    def _run(self, marked: MarkedSource, root: Given, name: str) -> str:
        """The engine's output; raises TemplateError for whatever goes wrong in it."""
        output = StringIO()
        try:
            self.helpers.compiled()
            with bounded_work(max(self.helpers.longest, longest_body(marked.pieces))):
                self.helpers.template(marked.text, name).render_to(output, root)
        except Exception as error:
            raise _explain(error, marked, name, output.getvalue()) from None
        return output.getvalue()

    def objects(self) -> dict[str, Any]:
        """Helm's built-in objects; a Harness service has none but `.Values`."""
        chart = self.chart
        if chart is None:
            return {}
        metadata = {
            _FIELDS.get(key, key[:1].upper() + key[1:]): value
            for key, value in chart.metadata.items()
            if value is not None
        }
        return {
            "Chart": _METADATA
            | metadata
            | {
                "Name": chart.name,
                "Version": chart.version,
                "AppVersion": chart.app_version,
                "IsRoot": chart.is_root,
            },
            "Release": {
                "Name": chart.release_name,
                "Namespace": chart.namespace,
                "Service": "Helm",
                "IsInstall": True,
                "IsUpgrade": False,
                "Revision": 1,
            },
            "Capabilities": {
                "KubeVersion": KubeVersion(_KUBE_VERSION),
                "APIVersions": ApiVersions(),
                "HelmVersion": dict(_HELM_VERSION),
            },
            "Files": Files(chart.files),
            "Subcharts": dict(chart.subcharts),
        }

    def _template_object(self, name: str) -> dict[str, str]:
        place = f"{self.chart.path or self.chart.name}/" if self.chart else ""
        inside = name.startswith("templates/")
        shown = name if inside else f"templates/{name.rpartition('templates/')[2]}"
        return {"Name": f"{place}{shown}", "BasePath": f"{place}templates"}


@lru_cache(maxsize=1)
def _no_helpers() -> Helpers:
    """What the templates of Harness services have: they share nothing."""
    return Helpers({})


@lru_cache(maxsize=1)
def _bare_engine() -> Template:
    """The engine with all functions and no template."""
    from gotpl.runtime.policy import SandboxPolicy
    from gotpl.template import Template

    from .adjust import adjust_engine
    from .functions import functions

    adjust_engine()
    allowed = functions()
    budget: Any = Limits()
    sandbox = SandboxPolicy(
        allow_methods={"Has"},
        allow_functions=allowed,
        allow_context_capabilities={"render-associated", "render-dynamic-source"},
        allow_custom_lookup=True,
        max_template_chars=2 * MAX_SOURCE,
        default_budget=budget,
    )
    return Template("", name="", functions=allowed, sandbox=sandbox, budget=budget)


def _explain(error: Exception, marked: MarkedSource, name: str, partial: str) -> TemplateError:
    """Any exception of the engine as a TemplateError at its place in the template."""
    from gotpl.errors import BudgetExceededError, TemplateExecutionError, TemplateSyntaxError

    chain = list(_causes(error))
    if isinstance(error, TemplateSyntaxError):
        offset = marked.original_offset(_char_offset(marked.text, error.position))
        nested = "nesting limit" in str(error)
        return TemplateError(_text(error), offset, "budget" if nested else "syntax")
    offset = marked.last_origin(partial)
    # Position 0 is the engine's way to say that it knows none.
    if isinstance(error, TemplateExecutionError) and error.source_name == name and error.position:
        offset = marked.original_offset(_char_offset(marked.text, error.position))
    too_large = (BudgetExceededError, TooLargeError, RecursionError, MemoryError, OverflowError)
    kind: ErrorKind = "execution"
    if any(isinstance(item, too_large) for item in chain) or "recursion depth" in str(error):
        kind = "budget"
    elif any(_UNDEFINED.search(str(item)) for item in chain):
        kind = "missing-helper"
    return TemplateError(_text(error), offset, kind)


def _causes(error: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while error is not None and len(chain) < 100:
        chain.append(error)
        error = error.__cause__
    return chain


def _text(error: Exception) -> str:
    message = getattr(error, "message", None) or str(error) or type(error).__name__
    if isinstance(error, RecursionError):
        return "the template is nested too deeply"
    text = re.sub(r"\Atemplate:\d+:\d+: ", "", str(message))
    for pattern, plain_words in _PLAIN_WORDS:
        text = pattern.sub(plain_words, text)
    text = _TYPE.sub(lambda match: f"{match[1]} {_TYPES.get(match[2], match[2])}", text)
    return PRIVATE.sub("", text)[:500]


def _char_offset(text: str, byte_offset: int) -> int:
    if text.isascii():
        return byte_offset
    return len(text.encode()[:byte_offset].decode(errors="ignore"))


def _finish(marked: MarkedSource, output: str, marks: Marks) -> Rendered:
    """Strip all marks off the output and note what they tell."""
    text, offsets, numbers = marked.unmark(output.replace(NO_VALUE, UNKNOWN_MARK))
    rendered = Rendered(text, (), (offsets, numbers, marked.pieces), len(marked.source))
    if marks.paths and marks.traced:
        rendered.missing = _missing(marked, rendered, marks)
        rendered.text = HIDDEN_TEXT.sub(UNKNOWN_MARK, text)
    return rendered


def from_marked(marked: MarkedSource, output: str) -> Rendered:
    """What another engine wrote for a marked template."""
    text, offsets, numbers = marked.unmark(output)
    return Rendered(text, (), (offsets, numbers, marked.pieces), len(marked.source))


def _missing(marked: MarkedSource, rendered: Rendered, marks: Marks) -> tuple[MissingValue, ...]:
    """The paths of the missing values in the output, each at its first use."""
    first: dict[str, Origin] = {}
    for match in HIDDEN_TEXT.finditer(rendered.text):
        path = marks.path(match[0])
        if path is not None and path not in first:
            first[path] = rendered.origin(match.start())
    uses = marked.uses() if first else []
    found = [MissingValue(path, _use(path, origin, uses)) for path, origin in first.items()]
    return tuple(sorted(found, key=lambda value: (value.offset, value.path)))


def _use(path: str, origin: Origin, uses: list[tuple[str, int]]) -> int:
    """Where the template names a path: in the action that wrote it, else anywhere before."""
    for used, offset in uses:
        related = f"{used}.".startswith(f"{path}.") or path.startswith(f"{used}.")
        if related and origin.start <= offset < origin.end:
            return offset
    return next((offset for used, offset in uses if used == path), origin.start)

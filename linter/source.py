"""One file as it was read: its text, its documents, and what was wrong with reading it."""

from __future__ import annotations

import copy
import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .document import Document, Path
from .document_error import DocumentError
from .finding import Span
from .values import HIDDEN

if TYPE_CHECKING:
    from .scope import Scope
    from .templates import Rendered

#: Kinds that a rule visits or that the catalogue needs; documents of other kinds are not composed.
NEEDED_KINDS: Final = frozenset(
    (
        "VirtualService",
        "DestinationRule",
        "Gateway",
        "Service",
        "ServiceEntry",
        "Sidecar",
        "WorkloadEntry",
        "WorkloadGroup",
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "ReplicaSet",
        "Rollout",
        "Pod",
        "Namespace",
        "Ingress",
        "RequestAuthentication",
        # removed long ago: TS010 says so
        "ClusterRbacConfig",
        "RbacConfig",
        "ServiceRole",
        "ServiceRoleBinding",
        "MeshPolicy",
    )
)
_KIND: Final = re.compile(r"""kind:[ \t]+["']?([A-Za-z]\w*)""")
_SEPARATOR: Final = re.compile(r"^(?:---|\.\.\.)(?=[ \t\r\n]|\Z)[^\n]*\n?", re.MULTILINE)
_CONTENT: Final = re.compile(r"^[ \t]*[^\s#%]", re.MULTILINE)
# The patterns below are strings: few files need one, and `re` compiles it when one does.
#: What a workflow, a pipeline or a part of one has.
_ROLLOUT: Final = (
    r"""phaseSteps["']?:|^pipeline:|^template:|stepGroup["']?:|type["']?: ["']?K8s"""
    r"""|"(?:pipeline|template)":"""
)
_NEEDED_WORD: Final = (
    f"(?m){'|'.join(sorted(NEEDED_KINDS))}" + r"|harness\.io/managed|harnessApiVersion|" + _ROLLOUT
)
#: A line of a template for another program: Jinja's `{% … %}`, Terraform's `%{ … }`.
_DIRECTIVE: Final = r"(?m)^[ \t]*(?:\{%[-+~]?|%\{~?)[ \t]*[a-z]+\b"
#: A word that another tool replaces, where it stands without quotes and so is no YAML: `%HOST%`,
#: `%%HOST%%`, `@HOST@`, `{user}/image`.
_UNQUOTED_MARK: Final = (
    r"[:\-][ \t]+(?:%%?[A-Za-z_]\w*%|@[A-Za-z_]\w*@|\{[A-Za-z_][\w-]*\}[^\s,}\]])"
)
#: What every manifest, workflow and pipeline has; a mere mention of a kind makes none.
_OBJECT: Final = r"""(?m)(?:kind|[aA]piVersion)["']?[ \t]*:|""" + _ROLLOUT
_API_VERSION: Final = r"(?m)^apiVersion[ \t]*:"
_NAME: Final = r"""["']?(?:generateName|name)["']?[ \t]*:"""
#: _SEPARATOR as Helm takes it, which a `{{-` below it may have joined with what follows.
_HELM_SEPARATOR: Final = r"(?m)^(?:---(?!-)|\.\.\.(?=[ \t\r\n]|\Z))[^\n]*\n?"
_SKIP_MARKER: Final = "harness.io/skip-file-for-deploy"


class Problem(NamedTuple):
    """Something wrong with reading a file; the rule of that `kind` turns it into a finding.

    Kinds: `syntax`, `template`, `build` (what a kustomization cannot be built for),
    `template-elsewhere`, `limit`, `encoding`, `value-missing`.
    """

    kind: str
    message: str
    span: Span


class Variant(NamedTuple):
    """One of the renderings of a file.

    `values_set` names the set of values, "" where there are none; `instance` is Helm's name of the place
    of the chart, None where no chart that is enabled has the file; `scope` names a declared scope.
    """

    values_set: str = ""
    instance: str | None = ""
    scope: str = ""


class SourceFile:
    """A file of the tree that is linted.

    `path` is what a report shows; `text` is what a person edits, without a leading byte-order mark;
    `rendered` is what the template engine made of it (None for a plain file).  `role` is `manifest`,
    `values` or `patch` (a kustomize patch: a partial object, never judged as whole).  `context`: read
    for references, not linted.  `kustomized`: a kustomization lies beside it or above, and may patch what
    it holds (False for what a build shows as it deploys).  `is_built`: a kustomization in sight builds from
    it, and its objects are judged as they are built.  `unreadable`: a template that did not render.
    `variant`: which of its renderings this is, and in which declared scope; `is_copy`: it is not the first
    of them.  `open_blocks`: where in `text` only the deployment knows whether something is written.
    """

    def __init__(self, path: str, text: str, *, role: str = "manifest") -> None:
        self.path = path
        self.text = text
        self.role = role
        self.rendered: Rendered | None = None
        self.problems: list[Problem] = []
        self.documents: list[Document] = []
        self.context = False
        self.kustomized = False
        self.is_built = False
        self.unreadable = False
        self.variant = Variant()
        self.is_copy = False
        self.open_blocks: list[tuple[int, int]] = []
        self.scope: Scope | None = None
        self._line_starts: list[int] | None = None

    def read_documents(self) -> None:
        """Split into documents and compose the needed ones; what fails becomes a Problem."""
        if self.unreadable:
            return
        text = self.text if self.rendered is None else self.rendered.text
        parts = split_documents(text, helm=bool(self.variant.instance))
        for index, (offset, part) in enumerate(parts):
            kind, needed = glance(part)
            document = Document(self, index, part, offset, kind)
            try:
                if needed or self.role == "values":
                    document.data  # noqa: B018 composes
                elif kind is not None:
                    from .parsing import check_syntax

                    check_syntax(part)
            except DocumentError as error:
                self._add_problem(document, error, needed)
                continue
            self.documents.append(document)

    def _add_problem(self, document: Document, error: DocumentError, needed: bool) -> None:
        offset = document.offset + error.offset
        span = self.span_of(offset, offset)
        ours = (
            self.role == "values" or (needed and re.search(_OBJECT, document.text)) or document.kind
        )
        if error.kind == "syntax" and (
            not ours or _hides_something_near(document.text, error.offset)
        ):
            return  # no manifest of ours, or text that the deployment completes
        directive = re.search(_DIRECTIVE, document.text) if error.kind == "syntax" else None
        if directive is not None:
            start = document.offset + directive.end() - len(directive.group().lstrip())
            span = self.span_of(start, document.offset + directive.end())
            message = "it is written for another template language"
            self.problems.append(Problem("template-elsewhere", message, span))
            return
        self.problems.append(Problem(error.kind, error.message, span))

    @property
    def texts(self) -> tuple[str, ...]:
        """What a person edits, and what a template engine made of it."""
        return (self.text,) if self.rendered is None else (self.text, self.rendered.text)

    def again(self) -> SourceFile:
        """The file once more, for another scope that it is part of."""
        other = copy.copy(self)
        other.documents = [copy.copy(document) for document in self.documents]
        for document in other.documents:
            document.file = other
        return other

    def problems_of(self, *kinds: str) -> Iterator[Problem]:
        """The problems of the given kinds."""
        return (problem for problem in self.problems if problem.kind in kinds)

    @cached_property
    def skipped(self) -> bool:
        """Whether Harness leaves the file out of deployments.

        It does when the first non-empty line of the unrendered file contains the skip marker
        (Harness docs, "Ignore a manifest file during deployment").
        """
        if _SKIP_MARKER not in self.text:
            return False
        first = next((line for line in self.text.splitlines() if line), "")
        return _SKIP_MARKER in first

    def document_at(self, line: int) -> Document | None:
        """The document that a 1-based line of `text` belongs to; None above the first one."""
        found = None
        for document in self.documents:
            if self.span_of(document.offset, document.offset).line > line:
                break
            found = document
        return found

    def position(self, offset: int) -> tuple[int, int]:
        """1-based line and column of a character offset in `text`."""
        if self._line_starts is None:
            starts = [0]
            starts.extend(match.end() for match in re.finditer("\n", self.text))
            self._line_starts = starts
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def text_span(self, start: int, end: int) -> Span:
        """The span between two character offsets of `text`."""
        return Span(*self.position(start), *self.position(max(start, end)))

    def span_of(self, start: int, end: int) -> Span:
        """The span in `text` of a stretch of the rendered text (or of `text`, for a plain file).

        What a template action wrote is shown at that action.
        """
        if self.rendered is None:
            return self.text_span(start, end)
        first = self.rendered.origin(start)
        last = self.rendered.origin(max(start, end - 1))
        return self.text_span(first.start, max(last.end, first.end))

    def line_text(self, line: int) -> str:
        """The text of a 1-based line, without its line break."""
        self.position(0)
        assert self._line_starts is not None  # noqa: S101 set by position()
        start = self._line_starts[line - 1]
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end].rstrip("\r")


def looks_like_manifest(text: str) -> bool:
    """Whether a text that cannot be parsed speaks of something that a rule is about."""
    return re.search(_NEEDED_WORD, text) is not None


def has_objects(text: str) -> bool:
    """Whether a text has what every manifest has, be it a template."""
    return re.search(_OBJECT, text) is not None


def split_documents(text: str, *, helm: bool = False) -> Iterator[tuple[int, str]]:
    """The documents of a stream with their character offsets; empty ones are left out.

    `helm`: a template of a chart wrote the stream, and Helm splits it.
    """
    start, begun = 0, False
    if "\n---" in text or "\n..." in text or text.startswith("---"):
        for match in re.finditer(_HELM_SEPARATOR if helm else _SEPARATOR, text):
            if begun or _CONTENT.search(text, start, match.start()):
                yield start, text[start : match.start()]
            start, begun = _content_start(match)
    if begun or _CONTENT.search(text, start):
        yield start, text[start:]


def _content_start(separator: re.Match[str]) -> tuple[int, bool]:
    """Where the document after a separator begins, and whether it does so on the separator's line."""
    rest = separator.group()[3:].strip()
    if rest and not rest.startswith("#") and separator.group().startswith("-"):
        return separator.start() + 3, True
    return separator.end(), False


def _hides_something_near(text: str, offset: int) -> bool:
    """Whether an expression stands on the line of an offset or on the line before it."""
    line = text.rfind("\n", 0, offset)
    start = text.rfind("\n", 0, line) if line > 0 else 0
    end = text.find("\n", offset)
    near = text[max(start, 0) : len(text) if end < 0 else end]
    return HIDDEN.search(near) is not None or re.search(_UNQUOTED_MARK, near) is not None


def glance(text: str) -> tuple[str | None, bool]:
    """The kind of a document, and whether it must be composed, from a look at its text."""
    kind = _only_kind(text)
    if kind is None:
        needed = re.search(_NEEDED_WORD, text) is not None and re.search(_OBJECT, text) is not None
        return None, needed or re.search(_API_VERSION, text) is not None
    if kind in NEEDED_KINDS or "harness.io/" in text:
        return kind, True
    if kind.endswith("List"):
        return kind, re.search(_NEEDED_WORD, text) is not None
    return kind, "name:" not in text and not re.search(_NAME, text)


def _only_kind(text: str) -> str | None:
    """The value of the one top-level `kind` of a document in block style, else None."""
    start = 0 if text.startswith("kind:") else text.find("\nkind:") + 1
    if start == 0 and not text.startswith("kind:"):
        return None
    if text.find("\nkind:", start) >= 0:
        return None
    match = _KIND.match(text, start)
    return match.group(1) if match else None


class Place(NamedTuple):
    """A place that a finding points at: a path in a document, or a fixed span of a file."""

    file: SourceFile
    document: Document | None = None
    path: Path = ()
    key: bool = False
    fixed: Span | None = None
    resource: Any = None

    def span(self) -> Span:
        """The place as lines and columns."""
        if self.fixed is not None:
            return self.fixed
        if self.document is None:
            return Span(1, 1, 1, 1)
        return self.document.span(self.path, key=self.key)

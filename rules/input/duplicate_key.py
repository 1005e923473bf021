"""TS002: a key twice in one mapping."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tsplit_lint import Catalog, Document, Finding, Place, Rule, Severity, as_dict

_OF_MANIFESTS = ("apiVersion", "kind", "harnessApiVersion")
#: Keys that other files have as well, with other things below them.
_OF_ROLLOUTS = {
    "pipeline": {"identifier", "stages", "template"},
    "template": {"identifier", "spec", "versionLabel"},
}

#: Two key nodes of the parser: the later one, and the one it repeats.
Pair = tuple[Any, Any]


class DuplicateKey(Rule[Document]):
    """A mapping has each of its keys once.

    What it checks:
        Every mapping of a Kubernetes object, a Harness workflow or pipeline, and of a values file or
        a Chart.yaml, where it is a warning.  So it is where a template's action writes one of the two
        (`include` or `toYaml` beside other labels, say), and where both have the same word for a value.
        A key that overrides one from a merge (`<<: *base`) is right.

    Why it matters:
        The last of the equal keys wins and the ones before it are dropped without a word: a route, a
        label or an annotation that stands in the file is not deployed.  Newer parsers refuse the whole
        file instead.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - match:
            - uri: {prefix: /cart}
            route:
            - destination: {host: cart}
          http:  # <-
          - route:
            - destination: {host: shop}
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - match:
            - uri: {prefix: /cart}
            route:
            - destination: {host: cart}
          - route:
            - destination: {host: shop}
        ```

    How to fix:
        Merge the two values under one key, or remove the one that is out of date.

    Sources:
        - YAML specification, 1.2.2, section 3.2.1.3: the keys of a mapping are unique
        - Go's yaml.v3: "mapping key … already defined"
    """

    id = "TS002"
    name = "duplicate-key"
    severity = Severity.ERROR

    def check(self, document: Document, catalog: Catalog) -> Iterator[Finding]:
        """Look at the documents that have such a mapping."""
        if not document.repeats_keys:
            return
        file, data = document.file, document.data
        is_values = file.role == "values"
        if not is_values and not _is_ours(data):
            return
        pairs = list(document.duplicate_keys())
        second_object = [] if is_values else _second_object(document, pairs)
        if second_object:
            yield self._report_object(document, *second_object[0])
        values = _words(document) if pairs else {}
        for later, first in pairs:
            if (later, first) not in second_object:
                word = values.get(id(later))
                agree = word is not None and word == values.get(id(first))
                of_action = any(_is_of_action(document, key) for key in (later, first))
                is_mild = is_values or agree or of_action or _describes_a_chart(document)
                yield self._report(document, later, first, agree=agree, is_mild=is_mild)

    def _report(
        self, document: Document, later: Any, first: Any, *, agree: bool, is_mild: bool
    ) -> Finding:
        place = Place(document.file, fixed=document.node_span(first))
        fate = "The last one wins and the earlier value is dropped; strict parsers refuse the file."
        if agree:
            fate = "Both have the same value; strict parsers refuse the file."
        return self.finding(
            Place(document.file, fixed=document.node_span(later)),
            f'The key "{later.value}" stands twice in this mapping, first in line '
            f"{place.span().line}. {fate}",
            severity=Severity.WARNING if is_mild else None,
            related=[(place, "the same key" if agree else "the value of this one is dropped")],
            help="Merge the two values under one key, or remove one of them.",
        )

    def _report_object(self, document: Document, later: Any, first: Any) -> Finding:
        place = Place(document.file, fixed=document.node_span(first))
        return self.finding(
            Place(document.file, fixed=document.node_span(later)),
            f"A second object begins here, and no `---` parts it from the one in line "
            f"{place.span().line}. Its keys replace those of the first, which is not deployed; strict "
            "parsers refuse the file.",
            related=[(place, "the object that is lost")],
            help="Write a line `---` above it.",
        )


def _words(document: Document) -> dict[int, tuple[str, str]]:
    """The value of each key that is a word, by the identity of the key's node."""
    found: dict[int, tuple[str, str]] = {}
    seen: set[int] = set()
    stack: list[Any] = [document.node]
    while stack:
        node = stack.pop()
        if id(node) in seen or not isinstance(node.value, list):
            continue
        seen.add(id(node))
        for item in node.value:
            if not isinstance(item, tuple):
                stack.append(item)
                continue
            key, value = item
            stack.append(value)
            if isinstance(value.value, str):
                found[id(key)] = (value.tag, value.value)
    return found


def _describes_a_chart(document: Document) -> bool:
    """Whether it is Chart.yaml, which Helm reads as leniently as values."""
    return document.file.path.rpartition("/")[2] == "Chart.yaml"


def _is_of_action(document: Document, key: Any) -> bool:
    """Whether an action of a template writes a key: Helm and Harness deploy the last of such keys."""
    if document.file.rendered is None:
        return False
    line, column, *_end = document.node_span(key)
    return document.file.line_text(line).startswith("{{", column - 1)


def _is_ours(data: object) -> bool:
    """Whether the data of a document are those of an object, a workflow or a pipeline."""
    if not isinstance(data, dict):
        return False
    if any(key in data for key in _OF_MANIFESTS) or isinstance(data.get("phases"), list):
        return True
    return any(below & as_dict(data.get(key)).keys() for key, below in _OF_ROLLOUTS.items())


def _second_object(document: Document, pairs: list[Pair]) -> list[Pair]:
    """The repeated top-level keys, in order, if they are those of another object."""
    node: Any = document.node
    top = {id(key) for key, _value in node.value}
    found = sorted(
        (pair for pair in pairs if id(pair[0]) in top), key=lambda pair: pair[0].start_mark.index
    )
    names = {later.value for later, _first in found}
    return found if {"apiVersion", "kind"} <= names else []

"""One file: its documents, what is composed, what is wrong, and where."""

from __future__ import annotations

import pytest

from tsplit_lint import Document, Place, SourceFile, Span
from tsplit_lint.source import glance, looks_like_manifest, split_documents
from tsplit_lint.templates.source import MissingValue, Piece, Rendered

MARKER = "harness.io/skip-file-for-deploy"


def read(text: str, role: str = "manifest") -> SourceFile:
    file = SourceFile("a.yaml", text, role=role)
    file.read_documents()
    return file


def problems(file: SourceFile) -> list[str]:
    return [f"{p.span.line}:{p.span.column} {p.kind}" for p in file.problems]


# --- documents of a stream --------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("\n\n", []),
        ("# only\n  # comments\n", []),
        ("---\n---\n", []),
        ("---\n# only\n---\n", []),
        ("a: 1\n", ["a: 1\n"]),
        ("---\na: 1\n", ["a: 1\n"]),
        ("a: 1\n---\nb: 2\n", ["a: 1\n", "b: 2\n"]),
        ("a: 1\n---\n", ["a: 1\n"]),
        ("a: 1\n---", ["a: 1\n"]),
        ("---\n---\na: 1\n---\n---\n# c\n---\nb: 2", ["a: 1\n", "b: 2"]),
        ("a: 1\r\n---\r\nb: 2\r\n", ["a: 1\r\n", "b: 2\r\n"]),
        ("--- # first\na: 1\n---    # second\nb: 2\n", ["a: 1\n", "b: 2\n"]),
        ("--- {a: 1}\n", [" {a: 1}\n"]),
        ("a: 1\n--- {b: 2}\n", ["a: 1\n", " {b: 2}\n"]),
        ("--- {a: 1}\n--- {b: 2}\n---\nc: 3\n", [" {a: 1}\n", " {b: 2}\n", "c: 3\n"]),
        ("---\t{a: 1}\n", ["\t{a: 1}\n"]),
        ("--- |\n text\n", [" |\n text\n"]),
        ("--- !tag\na: 1\n", [" !tag\na: 1\n"]),
        ("a: |\n  x\n  ---\n  y\n", ["a: |\n  x\n  ---\n  y\n"]),
        ("a:\n - ---\n", ["a:\n - ---\n"]),
        ("----\n", ["----\n"]),
        ("---a: 1\n", ["---a: 1\n"]),
        ("a: 1\n----\n", ["a: 1\n----\n"]),
        ("a: 1\n...\n", ["a: 1\n"]),
        ("a: 1\n... # end\n", ["a: 1\n"]),
        ("a: 1\n...\n---\nb: 2\n...\n", ["a: 1\n", "b: 2\n"]),
        ("a: 1\n...\nb: 2\n", ["a: 1\n", "b: 2\n"]),
        ("%YAML 1.1\n---\na: 1\n", ["a: 1\n"]),
        ("%YAML 1.1\n---\na: 1\n...\n%YAML 1.1\n---\nb: 2\n", ["a: 1\n", "b: 2\n"]),
        ("%TAG ! tag:x,2000:\n--- {a: 1}\n", [" {a: 1}\n"]),
        ("# licence\n\n---\na: 1\n", ["a: 1\n"]),
        ("a: 1\n....\n", ["a: 1\n....\n"]),
    ],
)
def test_documents_of_a_stream(text: str, parts: list[str]) -> None:
    found = list(split_documents(text))
    assert [part for _offset, part in found] == parts
    assert all(text[offset:].startswith(part) for offset, part in found)


def test_documents_are_numbered_without_the_empty_ones() -> None:
    file = read("---\n---\nkind: Service\n---\n# c\n---\nkind: Gateway\n")
    assert [(document.index, document.kind) for document in file.documents] == [
        (0, "Service"),
        (1, "Gateway"),
    ]


# --- what is composed -------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "kind", "needed"),
    [
        ("kind: VirtualService\n", "VirtualService", True),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: a}\n", "Service", True),
        ("kind: 'Gateway'\n", "Gateway", True),
        ('kind: "DestinationRule" # c\n', "DestinationRule", True),
        ("kind: ServiceEntry\r\n", "ServiceEntry", True),
        ("kind: ConfigMap\nmetadata:\n  name: a\n", "ConfigMap", False),
        ("kind: ConfigMap\nmetadata: {'name' : a}\n", "ConfigMap", False),
        ("kind: Job\nmetadata:\n  generateName: a-\n", "Job", False),
        ("kind: Deployment\nmetadata: {}\n", "Deployment", True),
        ("kind: ServiceAccount\nname: x\n", "ServiceAccount", False),
        ("kind: Deployment\nname: a\nx: {harness.io/managed: 'true'}\n", "Deployment", True),
        ("kind: List\nitems:\n- kind: Service\n", "List", True),
        ("kind: List\nitems:\n- kind: ConfigMap\n", "List", False),
        ("kind: VirtualServiceList\nitems: []\n", "VirtualServiceList", True),
        # Only a document in block style with one `kind` at its left edge is judged by a glance.
        ('{"kind": "VirtualService"}', None, True),
        ('{"kind": "ConfigMap"}', None, False),
        ("{kind: Service}\n", None, True),
        ("kind:\n  VirtualService\n", None, True),
        ("kind : VirtualService\n", None, True),
        ("'kind': VirtualService\n", None, True),
        ("kind: !!str VirtualService\n", None, True),
        ("kind: ${KIND}\nmetadata: {}\n", None, False),
        ("kind: ${KIND}\napiVersion: v1\n", None, True),
        ("kind: Deployment\nkind: VirtualService\n", None, True),
        ("spec:\n  kind: Service\n", None, True),
        ("spec:\n  kind: ConfigMap\n", None, False),
        ("apiVersion: v1\nmetadata: {name: a}\n", None, True),
        ("harnessApiVersion: '1.0'\ntype: CANARY\n", None, True),
        ("phaseSteps:\n- steps: []\n", None, True),
        ("pipeline:\n  stages: []\n", None, True),
        ("template:\n  type: Stage\n", None, True),
        ("the_pipeline: x\n", None, False),
        ("services:\n  web: {image: a}\n", None, False),
    ],
)
def test_a_glance_tells_what_must_be_composed(text: str, kind: str | None, needed: bool) -> None:
    assert glance(text) == (kind, needed)


def test_only_needed_documents_are_composed() -> None:
    file = read("kind: Service\n---\nkind: ConfigMap\nname: a\n---\na: 1\n")
    assert [document.loaded for document in file.documents] == [True, False, False]


def test_everything_of_a_values_file_is_composed() -> None:
    file = read("a: 1\n", role="values")
    assert file.documents[0].loaded


@pytest.mark.parametrize(
    ("text", "speaks"),
    [("kind: {{ .Values.kind }}\n", False), ("a: [Gateway", True), ("x: {{ y }}", False)],
)
def test_what_a_broken_text_speaks_of(text: str, speaks: bool) -> None:
    assert looks_like_manifest(text) is speaks


# --- what is wrong ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("kind: Service\na: [1\nb: 2\n", ["2:4 syntax"]),
        ("kind: ConfigMap\nname: a\na: [1\nb: 2\n", ["3:4 syntax"]),
        ("apiVersion: v1\na: ]\n", ["2:4 syntax"]),
        ('{"kind": "Service", "a": ]}', ["1:26 syntax"]),
        ("a: 1\n---\nkind: Service\na: ]\n---\nb: 1\n", ["4:4 syntax"]),
        ("kind: Service\na: ]\n---\nkind: Service\nb: ]\n", ["2:4 syntax", "5:4 syntax"]),
        ("pipeline:\n  a: ]\n", ["2:6 syntax"]),
        ("kind: Service\na: &a [*a]\n", ["2:4 limit"]),
        ("apiVersion: v1\nb: &a [*a]\n", ["2:4 limit"]),
        # Templates for other programs: Jinja, Terraform.
        ("kind: Service\n{% if a %}\nb: 1\n{% endif %}\n", ["2:1 template-elsewhere"]),
        ("pipeline:\n  a: 1\n  %{~ if a ~}\n  b: 1\n", ["3:3 template-elsewhere"]),
        ("kind: Service\na: %b\n", ["2:4 syntax"]),
    ],
)
def test_problems(text: str, found: list[str]) -> None:
    assert problems(read(text)) == found


@pytest.mark.parametrize(
    "text",
    [
        # Files of other tools are not ours to judge.
        "a: ]\n",
        "# see the Service\na: ]\n",
        '{\n  // for the Gateway\n  "a": "b" "c"\n}\n',
        # What the deployment completes is no mistake.
        "kind: Service\na: ${b}: ${c}\n",
        "kind: Service\n<+spec>\na: b\n",
        "kind: Service\n${annotations}\nspec: {}\n",
    ],
)
def test_no_problem(text: str) -> None:
    assert problems(read(text)) == []


def test_a_broken_values_file_is_a_problem() -> None:
    assert problems(read("a: ]\n", role="values")) == ["1:4 syntax"]


def test_a_broken_document_leaves_the_others() -> None:
    file = read("kind: Service\na: ]\n---\nkind: Gateway\n")
    assert [document.kind for document in file.documents] == ["Gateway"]
    assert [problem.kind for problem in file.problems_of("syntax", "limit")] == ["syntax"]
    assert list(file.problems_of("limit")) == []


def test_a_template_that_did_not_render_has_no_documents() -> None:
    file = SourceFile("a.yaml", "kind: Service\n")
    file.unreadable = True
    file.read_documents()
    assert file.documents == []


# --- skipped by Harness -----------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        f"# {MARKER}\nkind: Service\n",
        f"#{MARKER}",
        f"\n\r\n\n# {MARKER}\nkind: Service\n",
        f"# please {MARKER}: now\nkind: Service\n",
        f"{MARKER}: true\nkind: Service\n",
        f"# {MARKER}\r\nkind: Service\r\n",
    ],
)
def test_skipped(text: str) -> None:
    assert SourceFile("a.yaml", text).skipped


@pytest.mark.parametrize(
    "text",
    [
        "kind: Service\n",
        f"---\n# {MARKER}\nkind: Service\n",
        f"# Copyright\n# {MARKER}\nkind: Service\n",
        f"{{{{- if true }}}}\n# {MARKER}\nkind: Service\n",
        f"   \n# {MARKER}\nkind: Service\n",
        f"kind: Service\nmetadata:\n  annotations: {{{MARKER}: 'true'}}\n",
        f"# {MARKER.upper()}\nkind: Service\n",
        "",
    ],
)
def test_not_skipped(text: str) -> None:
    assert not SourceFile("a.yaml", text).skipped


# --- positions --------------------------------------------------------------------------------
def test_positions_count_lines_and_characters_from_one() -> None:
    file = SourceFile("a.yaml", "ab\n\né☸c\r\nd")
    places = [file.position(offset) for offset in range(len(file.text) + 1)]
    assert places == [
        (1, 1),
        (1, 2),
        (1, 3),
        (2, 1),
        (3, 1),
        (3, 2),
        (3, 3),
        (3, 4),
        (3, 5),
        (4, 1),
        (4, 2),
    ]


def test_line_texts_are_without_their_breaks() -> None:
    file = SourceFile("a.yaml", "ab\n\nc\r\nd")
    assert [file.line_text(line) for line in (1, 2, 3, 4)] == ["ab", "", "c", "d"]


def test_a_span_never_ends_before_it_begins() -> None:
    file = SourceFile("a.yaml", "abc\ndef\n")
    assert file.text_span(5, 2) == Span(2, 2, 2, 2)
    assert file.span_of(1, 6) == Span(1, 2, 2, 3)


def test_spans_of_rendered_text_are_those_of_the_template() -> None:
    template = "a: {{ .Values.x }}\nb: 1\n"
    pieces = [
        Piece("text", 0, 3, "a: ", ""),
        Piece("action", 3, 18, template[3:18], " .Values.x "),
        Piece("text", 18, 24, "\nb: 1\n", ""),
    ]
    file = SourceFile("a.yaml", template)
    file.rendered = Rendered(
        "a: 12345\nb: 1\n",
        (MissingValue("Values.x", 6),),
        ([0, 3, 8], [0, 1, 2], pieces),
        len(template),
    )
    assert file.span_of(0, 1) == Span(1, 1, 1, 2)
    assert file.span_of(3, 8) == Span(1, 4, 1, 19)
    assert file.span_of(5, 6) == Span(1, 4, 1, 19)
    assert file.span_of(9, 13) == Span(2, 1, 2, 5)
    assert file.span_of(12, 12) == Span(2, 4, 2, 5)


def test_the_document_of_a_line() -> None:
    file = read("# c\n---\nkind: Service\na: 1\n---\nkind: Gateway\n")
    kinds = [document.kind if (document := file.document_at(n)) else None for n in range(1, 7)]
    assert kinds == [None, None, "Service", "Service", "Service", "Gateway"]


def test_places() -> None:
    file = read("kind: Service\nspec: {a: [1]}\n")
    document: Document = file.documents[0]
    assert Place(file).span() == Span(1, 1, 1, 1)
    assert Place(file, fixed=Span(3, 4, 5, 6)).span() == Span(3, 4, 5, 6)
    assert Place(file, document, ("spec", "a", 0)).span() == Span(2, 12, 2, 13)
    assert Place(file, document, ("spec", "a"), key=True).span() == Span(2, 8, 2, 9)

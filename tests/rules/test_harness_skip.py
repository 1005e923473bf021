"""The skip marker: in the wrong line (TS118), as a key (TS119), above a managed object (TS121)."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

from conftest import Tree

Lint = Callable[..., list[str]]
SKIP = ("TS118", "TS119", "TS121")
MARKER = "# harness.io/skip-file-for-deploy"
ROUTE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: echo
spec:
  hosts: [echo]
  tcp:
  - route:
    - destination: {host: echo}
"""


@pytest.fixture
def skip(lint_text: Lint) -> Lint:
    return lambda text: lint_text(text, select=SKIP)


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("---\n", 2),
        ("# Copyright Example\n", 2),
        ("# Copyright Example\n\n", 3),
        ("# Copyright Example\n---\n", 3),
        ("# one\n# two\n# three\n", 4),
    ],
)
def test_a_marker_below_the_first_line(skip: Lint, head: str, line: int) -> None:
    assert skip(f"{head}{MARKER}\n{ROUTE}") == [f"{line}:1 TS118"]


def test_a_marker_below_a_line_of_blanks(tree: Tree) -> None:
    tree.write({"manifest.yaml": f"   \n{MARKER}\n{ROUTE}".encode()})
    assert tree.show(select=SKIP) == ["manifest.yaml:2:1 TS118"]


def test_a_marker_below_a_licence_and_above_a_separator(skip: Lint) -> None:
    assert skip(f"# Copyright Example\n{MARKER}\n---\n{ROUTE}") == ["2:1 TS118"]


def test_a_marker_between_two_objects(skip: Lint) -> None:
    assert skip(f"{ROUTE}---\n{MARKER}\n{ROUTE.replace('echo', 'other')}") == ["11:1 TS118"]
    assert skip(f"{ROUTE}{MARKER}\n---\n{ROUTE.replace('echo', 'other')}") == ["10:1 TS118"]


def test_a_marker_inside_an_object(skip: Lint) -> None:
    text = ROUTE.replace("metadata:\n", f"metadata:\n  {MARKER}\n")
    assert skip(text) == ["4:3 TS118"]
    assert skip(ROUTE + MARKER + "\n") == ["10:1 TS118"]


@pytest.mark.parametrize(
    "form", ["#harness.io/skip-file-for-deploy", MARKER + ": true", MARKER + "  "]
)
def test_forms_of_the_marker(skip: Lint, form: str) -> None:
    assert skip(f"---\n{form}\n{ROUTE}") == ["2:1 TS118"]
    assert skip(f"{form}\n{ROUTE}") == []


def test_several_markers_are_one_finding(skip: Lint) -> None:
    assert skip(f"---\n{MARKER}\n{MARKER}\n{ROUTE}---\n{MARKER}\n{ROUTE}") == ["2:1 TS118"]


@pytest.mark.parametrize("head", ["", "\n", "\n\n", "\r\n"])
def test_a_marker_in_the_first_line_is_right(tree: Tree, head: str) -> None:
    text = f"{head}{MARKER}\n{ROUTE}---\n{MARKER}\n{ROUTE}"
    tree.write({"manifest.yaml": text.encode()})
    assert tree.show(select=SKIP) == []


def test_windows_line_ends_and_a_byte_order_mark(tree: Tree) -> None:
    right = f"{MARKER}\n{ROUTE}".replace("\n", "\r\n").encode()
    wrong = f"---\n{MARKER}\n{ROUTE}".replace("\n", "\r\n").encode()
    tree.write({"right.yaml": right, "marked.yaml": b"\xef\xbb\xbf" + right, "wrong.yaml": wrong})
    assert tree.show(select=SKIP) == ["wrong.yaml:2:1 TS118"]


@pytest.mark.parametrize(
    "comment",
    [
        "# Do not add harness.io/skip-file-for-deploy here",
        f"# {MARKER}",
        "# harness.io/skip-file-for-deployments",
        "# Harness.io/Skip-File-For-Deploy",
    ],
)
def test_comments_that_only_speak_of_the_marker(skip: Lint, comment: str) -> None:
    assert skip(ROUTE.replace("metadata:", f"{comment}\nmetadata:")) == []


def test_a_comment_behind_a_value_is_not_taken_for_the_marker(skip: Lint) -> None:
    assert skip(ROUTE.replace("metadata:", f"metadata: {MARKER}")) == []


@pytest.mark.parametrize(
    "data",
    [
        f"  script: |\n    {MARKER}\n    kubectl apply -f -\n",
        f"  script: |\n    cat <<END\n    {MARKER}\n    END\n",
        f"  script: >-\n    one\n    {MARKER}\n",
        f'  script: "one\n    {MARKER}\n    two"\n',
        f"  script: 'one\n\n    {MARKER}'\n",
    ],
)
def test_the_text_of_a_config_map_is_no_comment(skip: Lint, data: str) -> None:
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: docs\ndata:\n"
    assert skip(head + data) == []
    line = (head + data).count("\n") + 2
    assert skip(f"{head}{data}---\n{MARKER}\n{ROUTE}") == [f"{line}:1 TS118"]


def test_a_comment_after_a_text_is_one(skip: Lint) -> None:
    text = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: docs\ndata:\n"
        f"  script: |\n    one\n{MARKER}\n  other: two\n"
    )
    assert skip(text) == ["8:1 TS118"]


@pytest.mark.parametrize("file", ["values.yaml", "pipeline.yaml"])
def test_files_that_are_no_manifests(lint_text: Lint, file: str) -> None:
    assert lint_text(f"name: shop\n{MARKER}\nother: 1\n", file=file, select=SKIP) == []


def test_a_file_that_cannot_be_read_is_not_judged(skip: Lint) -> None:
    assert skip(f"---\n{MARKER}\n{ROUTE}---\nkind: Service\na: [\n") == []


def test_a_marker_below_a_template_action(tree: Tree) -> None:
    tree.write(
        {
            "values.yaml": "name: echo\nshift: true\n",
            "templates/a.yaml": f"{{{{- if .Values.shift }}}}\n{MARKER}\n{ROUTE}{{{{- end }}}}\n",
            "templates/b.yaml": f"{MARKER}\n{{{{- if .Values.shift }}}}\n{ROUTE}{{{{- end }}}}\n",
            "templates/c.yaml": f"{{{{/* {MARKER[2:]} */}}}}\n{ROUTE}{MARKER}\n",
        }
    )
    assert tree.show(select=SKIP) == ["templates/a.yaml:2:1 TS118"]


def test_the_message_says_what_happens(tree: Tree) -> None:
    tree.write({"manifest.yaml": f"---\n{MARKER}\n{ROUTE}"})
    (finding,) = tree.lint(select=SKIP)
    assert finding.severity.label == "warning"
    assert (finding.span.column, finding.span.end_column) == (1, 1 + len(MARKER))
    assert "deploys the file" in finding.message


def keyed(part: str, value: str = '"true"') -> str:
    return dedent(
        f"""\
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: shop
          {part}:
            harness.io/skip-file-for-deploy: {value}
        """
    )


@pytest.mark.parametrize("part", ["annotations", "labels"])
@pytest.mark.parametrize("value", ['"true"', "true", '"yes"', ""])
def test_a_key_of_an_object(skip: Lint, part: str, value: str) -> None:
    assert skip(keyed(part, value)) == ["6:5 TS119"]


def test_keys_that_do_no_harm(skip: Lint) -> None:
    assert skip(keyed("annotations", '"false"')) == []
    assert skip(f"{MARKER}\n" + keyed("annotations")) == []
    assert skip(keyed("annotations").replace("skip-file", "skip-versioning")) == []


def test_a_key_beside_a_comment_in_the_wrong_line_is_two_mistakes(skip: Lint) -> None:
    assert skip(f"---\n{MARKER}\n" + keyed("annotations")) == ["2:1 TS118", "8:5 TS119"]


@pytest.mark.parametrize("kind", ["VirtualService", "DestinationRule"])
@pytest.mark.parametrize(
    ("managed", "found"),
    [('"true"', True), ("true", True), ('"false"', False), ('"yes"', False), ("<+x>", False)],
)
def test_a_managed_object_in_a_skipped_file(
    skip: Lint, kind: str, managed: str, found: bool
) -> None:
    text = (
        f"{MARKER}\napiVersion: networking.istio.io/v1\nkind: {kind}\nmetadata:\n  name: shop\n"
        f"  annotations:\n    harness.io/managed: {managed}\n"
    )
    assert skip(text) == (["7:25 TS121"] if found else [])
    assert skip(text.removeprefix(MARKER + "\n")) == []

"""Bytes → sources: roles, context, encodings, and files that cannot be read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from conftest import Tree
from tsplit_lint import Config, Report, SourceFile, lint
from tsplit_lint.engine import lint_files
from tsplit_lint.files import MAX_BYTES
from tsplit_lint.load import decode, read_stream

WRONG = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: shop
spec:
  hosts: [shop]
  http:
  - route:
    - destination: {host: shop, subset: a}
      weight: 80
    - destination: {host: shop, subset: b}
      weight: 10
"""
FOUND = "8:5 TS201"


def report(tree: Tree, files: Mapping[str, str | bytes], **settings: Any) -> Report:
    tree.write(files)
    return lint([tree.root], Config(root=tree.root, **settings))


def roles(found: Report) -> dict[str, str]:
    return {path: file.role for path, file in found.sources.items()}


def problems(file: SourceFile) -> list[str]:
    return [f"{p.span.line}:{p.span.column} {p.kind}: {p.message}" for p in file.problems]


# --- roles ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name",
    [
        "values.yaml",
        "values.yml",
        "values-prod.yaml",
        "values.prod.yaml",
        "values_prod.yml",
        "prod-values.yaml",
        "prod.values.yaml",
        "a/b/my_values_eu.yaml",
    ],
)
def test_values_files(tree: Tree, name: str) -> None:
    found = report(tree, {name: WRONG})
    assert roles(found) == {name: "values"}
    assert found.resources == 0


@pytest.mark.parametrize(
    "name", ["revalues.yaml", "valuesx.yaml", "values.json", "evaluation.yaml", "values"]
)
def test_names_that_only_look_like_values_files(tree: Tree, name: str) -> None:
    tree.write({name: WRONG})
    assert tree.show(name, select=("TS201",)) == [f"{name}:{FOUND}"]


PATCH = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  http:
  - route:
    - {destination: {host: a}, weight: 1}
    - {destination: {host: b}, weight: 1}
"""


@pytest.mark.parametrize(
    "kustomization",
    [
        "patches:\n- path: p/patch.yaml\n",
        "patches:\n- path: ./p/patch.yaml\n  target: {kind: VirtualService}\n",
        "patches:\n- patch: |-\n    - op: remove\n      path: /spec\n- path: p/../p/patch.yaml\n",
        "patchesStrategicMerge:\n- p/patch.yaml\n",
        "patchesStrategicMerge:\n- |-\n  kind: VirtualService\n- p/patch.yaml\n",
        "patchesJson6902:\n- target: {kind: VirtualService}\n  path: p/patch.yaml\n",
        '{"patches": [{"path": "p/patch.yaml"}]}',
        "\ufeffpatches:\r\n- path: p/patch.yaml\r\n",
    ],
)
@pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml", "Kustomization"])
def test_patches_are_never_judged(tree: Tree, kustomization: str, name: str) -> None:
    files = {f"over/{name}": kustomization, "over/p/patch.yaml": PATCH, "over/p/whole.yaml": WRONG}
    found = report(tree, files)
    assert roles(found)["over/p/patch.yaml"] == "patch"
    assert {finding.file for finding in found.findings if finding.rule.startswith("TS2")} == {
        "over/p/whole.yaml"
    }


@pytest.mark.parametrize("place", [".", "over", "over/p"])
def test_a_patch_is_known_when_it_is_given_alone(tree: Tree, place: str) -> None:
    patch = os.path.relpath("over/p/patch.yaml", place)
    tree.write({f"{place}/kustomization.yaml": f"patches: [{{path: {patch}}}]\n"})
    tree.write({"over/p/patch.yaml": PATCH})
    assert tree.show("over/p/patch.yaml") == []


def test_a_kustomization_above_the_repository_does_not_count(tree: Tree) -> None:
    tree.write({"kustomization.yaml": "patches: [{path: repo/patch.yaml}]\n"})
    tree.write({"repo/.git/config": "", "repo/patch.yaml": PATCH})
    assert tree.show("repo/patch.yaml", select=("TS201",)) == ["repo/patch.yaml:6:5 TS201"]


@pytest.mark.parametrize(
    "kustomization",
    [
        "",
        "- a\n",
        "patches: text\n",
        "patches: [5, null, {path: 5}, {}, [a]]\n",
        "patchesStrategicMerge: {a: b}\n",
        "patches: [",
        "a: 1\n---\nb: 2\n",
        "patches: [{path: ''}, {path: .}, {path: /}, {path: ../../../../..}]\n",
    ],
)
def test_odd_kustomizations(tree: Tree, kustomization: str) -> None:
    tree.write({"kustomization.yaml": kustomization, "a.yaml": WRONG})
    assert tree.show("a.yaml", select=("TS201",)) == [f"a.yaml:{FOUND}"]


@pytest.mark.parametrize(
    "text",
    [
        "- op: replace\n  path: /spec/http/0/route\n  value:\n"
        "  - {destination: {host: a}, weight: 80}\n  - {destination: {host: b}, weight: 10}\n",
        "- op: replace\n  path: /spec/http/0/route/0/weight\n  value: <+100 - repeat.item>\n",
        '[{"op": "add", "path": "/spec/http/0/route", "value": "VirtualService"}]',
        "VirtualService\n",
        "- kind: VirtualService\n",
        "5\n",
        "apiVersion\n",
        "null\n",
        "[]\n",
        "apiVersion: v1\n",
        "kind: [VirtualService]\napiVersion: {a: b}\n",
    ],
)
def test_documents_that_are_no_objects(tree: Tree, text: str) -> None:
    tree.write({"a.yaml": text, "b.yaml": WRONG})
    found = tree.show(select=("TS0", "TS1", "TS2", "TS3"), ignore=("TS012",))
    assert [line for line in found if not line.startswith("a.yaml")] == [f"b.yaml:{FOUND}"]
    assert [line for line in found if line.startswith("a.yaml")] == []


# --- context ----------------------------------------------------------------------------------
def test_context_is_read_and_not_linted(tree: Tree) -> None:
    found = report(tree, {"a.yaml": WRONG, "x/b.yaml": WRONG, "x/c.yaml": "a: ["}, exclude=("x",))
    alone = [finding.file for finding in found.findings if finding.rule == "TS201"]
    assert alone == ["a.yaml"]
    assert (found.files, found.documents, found.resources) == (1, 1, 1)
    with_context = report(tree, {}, exclude=("x",), context=(tree.root / "x",))
    assert [f.file for f in with_context.findings if f.rule == "TS201"] == ["a.yaml"]
    assert (with_context.files, with_context.documents, with_context.resources) == (1, 1, 1)
    assert {path: file.context for path, file in with_context.sources.items()} == {
        "a.yaml": False,
        "x/b.yaml": True,
        "x/c.yaml": True,
    }


def test_what_is_linted_is_no_context(tree: Tree) -> None:
    found = report(tree, {"a.yaml": WRONG}, context=(tree.root,))
    assert [f.rule for f in found.findings if f.rule == "TS201"] == ["TS201"]
    assert len(found.sources) == 1


def test_context_answers_references(tree: Tree) -> None:
    rule = (
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: shop}\n"
        "spec:\n  host: shop\n  subsets:\n  - {name: a, labels: {v: a}}\n"
    )
    tree.write({"a.yaml": WRONG.replace("80", "90"), "x/b.yaml": rule})
    assert tree.show("a.yaml", select=("TS301",)) == []
    assert tree.show("a.yaml", select=("TS301",), context=(tree.root / "x",)) == [
        "a.yaml:11:41 TS301"
    ]


# --- encodings --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("raw", "text", "found"),
    [
        (b"a: 1\n", "a: 1\n", []),
        ("é: ☸\n".encode(), "é: ☸\n", []),
        (b"", "", []),
        (b"\xef\xbb\xbf", "", []),
        (b"\xef\xbb\xbfa: 1\n", "a: 1\n", []),
        (b"a: caf\xe9\n", "a: caf\ufffd\n", ["1:7 encoding: the file is not UTF-8"]),
        (b"\xef\xbb\xbfa\nb\xff", "a\nb\ufffd", ["2:2 encoding: the file is not UTF-8"]),
        ("é\n".encode() + b"\xff\xff", "é\n\ufffd\ufffd", ["2:1 encoding: the file is not UTF-8"]),
        (b"a\nb\0c\0d\n", "a\nbcd\n", ["2:2 encoding: a NUL byte"]),
        (b"\0", "", ["1:1 encoding: a NUL byte"]),
        (b"\0\0\0a", "a", ["1:1 encoding: a NUL byte"]),
        (
            "a\n\ufeffb\n".encode(),
            "a\nb\n",
            ["2:1 encoding: a byte-order mark in the middle"],
        ),
        (
            "a\0\n\0b\ufeffc\n".encode(),
            "a\nbc\n",
            ["2:2 encoding: a byte-order mark in the middle", "1:2 encoding: a NUL byte"],
        ),
        ("a: é\n".encode("utf-16"), "a: é\n", ["1:1 encoding: the file is UTF-16, not UTF-8"]),
        (
            b"\xfe\xff" + "a: é\n".encode("utf-16-be"),
            "a: é\n",
            ["1:1 encoding: the file is UTF-16, not UTF-8"],
        ),
        (b"\xff\xfea", "\ufffd", ["1:1 encoding: the file is UTF-16, not UTF-8"]),
        ("a: 1\n".encode("utf-16-le"), "a: 1\n", ["1:2 encoding: a NUL byte"]),
    ],
)
def test_encodings(raw: bytes, text: str, found: list[str]) -> None:
    file = decode("a.yaml", raw)
    assert file.text == text
    assert problems(file) == found


def test_positions_are_those_of_the_text_that_is_read() -> None:
    file = decode("a.yaml", b"\0\0a\nb\n")
    assert file.position(2) == (2, 1)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-le", "utf-8-sig", "cp1252"])
def test_wrong_encodings_do_not_hide_mistakes(tree: Tree, encoding: str) -> None:
    tree.write({"a.yaml": WRONG.replace("name: shop", "name: café").encode(encoding)})
    assert tree.show(select=("TS201",)) == [f"a.yaml:{FOUND}"]


# --- what cannot be read ----------------------------------------------------------------------
def test_files_that_cannot_be_read_are_named_and_the_others_are_linted(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.write({"a.yaml": WRONG, "b.yaml": WRONG, "c.yaml": WRONG})
    real = os.open

    def refuse(path: Any, *rest: Any, **options: Any) -> int:
        if os.fspath(path).endswith("b.yaml"):
            raise PermissionError(13, "Permission denied", path)
        return real(path, *rest, **options)

    monkeypatch.setattr(os, "open", refuse)
    found = lint([tree.root], Config(root=tree.root, select=("TS201",)))
    assert [finding.file for finding in found.findings] == ["a.yaml", "c.yaml"]
    (told,) = found.unreadable
    assert told.endswith("b.yaml: Permission denied")
    assert found.files == 2


def test_a_file_that_is_gone_is_named(tree: Tree) -> None:
    tree.write({"a.yaml": WRONG})
    found = lint_files(["gone.yaml", "a.yaml", "."], Config(root=tree.root, select=("TS201",)))
    assert found.unreadable == ["gone.yaml: No such file or directory", ".: Is a directory"]
    assert len(found.findings) == 1


def test_large_files_are_not_read(tree: Tree) -> None:
    tree.write({"a.yaml": WRONG, "large.yaml": b""})
    os.truncate(tree.root / "large.yaml", 50 * 1024 * 1024)
    assert tree.show() == [f"a.yaml:{FOUND}", "large.yaml:1:1 TS005"]
    (finding,) = tree.lint(select=("TS005",))
    assert "20 MiB" in finding.message


def test_files_up_to_the_limit_are_read(tree: Tree) -> None:
    text = f"{WRONG}---\n"
    text += "#" * (MAX_BYTES - len(text))
    tree.write({"a.yaml": text.encode()})
    assert tree.show(select=("ALL",)) == [f"a.yaml:{FOUND}"]
    tree.write({"a.yaml": text.encode() + b"#"})
    assert tree.show() == ["a.yaml:1:1 TS005"]


@pytest.mark.parametrize("size", [64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 2_000_000])
def test_files_are_read_to_their_end(tree: Tree, size: int) -> None:
    filler = "# x\n" * 600_000
    text = filler[: size - len(WRONG) - 5] + "\n---\n" + WRONG
    tree.write({"a.yaml": text.encode()})
    (finding,) = tree.lint(select=("TS201",))
    assert finding.span.line == text.count("\n") - 4


def test_texts_that_are_not_on_disk(tree: Tree) -> None:
    texts = {"over/deploy.yaml": WRONG.encode(), "values.yaml": b"weight: 80\n"}
    found = lint([], Config(root=tree.root, select=("TS201",)), texts=texts)
    assert [finding.file for finding in found.findings] == ["over/deploy.yaml"]
    assert found.files == 2


def test_a_stream_is_read_to_its_end_or_to_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"a" * 100_000)
    assert read_stream(os.fspath(path)) == b"a" * 100_000
    path.write_bytes(b"a" * (MAX_BYTES + 9))
    assert len(read_stream(os.fspath(path))) == MAX_BYTES + 1

"""What is found in repositories as people keep them, counted per rule.

Each folder of tests/repositories/ is a small tree that models one layout met in public repositories,
with an `expected.yaml` at its root:

    models: one sentence on the kind of repository this is
    options: [--complete]            # flags of the command line, if any
    paths: [overlays/prod]           # what is linted, where it is not the whole tree
    counts: {TS201: 1}               # findings per rule; {} for a tree that must be silent
    errors_at: ["vs.yaml:9 TS201"]   # the file and line of each error, if any
    notes: [stands in 2 files]       # a part of each note on standard error, if any
    whole_only: why a part of the tree shows errors that the whole has not, if it does

A tree is copied without its `expected.yaml` before it is linted: nothing but the tree is read.
"""

from __future__ import annotations

import codecs
import json
import random
import re
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from ruamel.yaml import YAML

from conftest import Run, Tree
from tsplit_lint import Config, Severity, lint
from tsplit_lint.files import Walk

TREES = Path(__file__).parent / "repositories"
NAMES = sorted(path.name for path in TREES.iterdir() if path.is_dir())


@dataclass(frozen=True)
class Expected:
    """What `expected.yaml` says."""

    models: str
    counts: dict[str, int]
    options: Sequence[str] = ()
    paths: Sequence[str] = (".",)
    errors_at: Sequence[str] = ()
    notes: Sequence[str] = ()
    whole_only: str = ""


class Found(NamedTuple):
    """One finding of a run; the file is relative to the tree."""

    file: str
    line: int
    column: int
    rule: str
    severity: str
    message: str


@cache
def expected(name: str) -> Expected:
    text = (TREES / name / "expected.yaml").read_text("utf-8")
    return Expected(**YAML(typ="safe").load(text))


def plant(tree: Tree, name: str) -> Path:
    """Copy a tree, but not what is said about it."""
    root = tree.root / name
    shutil.copytree(TREES / name, root)
    (root / "expected.yaml").unlink()
    return root


def run(command: Run, tree: Tree, root: Path, *words: str) -> list[Found]:
    """The findings of a command line; it says nothing else but the notes that are expected."""
    code, output, complaints = command("--format", "json", *words)
    findings = json.loads(output)["findings"]
    notes = expected(root.name).notes
    assert len(complaints.splitlines()) == len(notes), complaints
    assert all(
        line.startswith("tsplit-lint: note: ") and note in line
        for note, line in zip(notes, complaints.splitlines(), strict=True)
    ), complaints
    assert code == any(found["severity"] == "error" for found in findings)
    return [
        Found(
            (tree.root / tree.name(found["file"])).relative_to(root.resolve()).as_posix(),
            *(found[field] for field in Found._fields[1:]),
        )
        for found in findings
    ]


@pytest.mark.parametrize(
    ("path", "has"),
    [
        ("windows-editor/crlf.yaml", b"\r\n"),
        ("windows-editor/mark.yaml", codecs.BOM_UTF8),
        ("windows-editor/wide.yaml", codecs.BOM_UTF16_LE),
        ("windows-editor-wrong/crlf.yaml", b"\r\n"),
        ("windows-editor-wrong/page.yaml", "ä".encode("cp1252")),
        ("tabs-and-dashes/routes.yaml", b"v1\t\n"),
    ],
)
def test_no_editor_mended_a_tree(path: str, has: bytes) -> None:
    assert has in (TREES / path).read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_counts(tree: Tree, command: Run, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    wanted, root = expected(name), plant(tree, name)
    monkeypatch.chdir(root)
    found = run(command, tree, root, *wanted.options, *wanted.paths)
    assert Counter(finding.rule for finding in found) == Counter(wanted.counts), "\n".join(
        [f"{wanted.models}:", *(f"{at.file}:{at.line} {at.rule} {at.message}" for at in found)]
    )
    errors = [f"{at.file}:{at.line} {at.rule}" for at in found if at.severity == "error"]
    assert errors == list(wanted.errors_at)


@pytest.mark.parametrize("name", NAMES)
def test_something_is_read(tree: Tree, name: str) -> None:
    # A tree that is not understood at all would be silent too.
    root = plant(tree, name)
    report = lint([root / path for path in expected(name).paths], Config(root=root))
    assert report.resources + report.rollouts > 0
    assert report.unreadable == []


@pytest.mark.parametrize("name", NAMES)
def test_the_same_from_elsewhere_and_as_a_list_of_files(
    tree: Tree, command: Run, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    wanted, root = expected(name), plant(tree, name)
    monkeypatch.chdir(root)
    found = run(command, tree, root, *wanted.options, *wanted.paths)
    options = [str(root / word) if (root / word).exists() else word for word in wanted.options]
    if (root / ".tsplit-lint.yaml").exists():
        options += ["--config", str(root / ".tsplit-lint.yaml")]
    paths = [str(root / path) for path in wanted.paths]
    elsewhere = tree.root / "else" / "where"
    elsewhere.mkdir(parents=True)
    monkeypatch.chdir(elsewhere)
    files = [*Walk(root, ()).find(paths)]
    assert [at[:-1] for at in run(command, tree, root, *options, *paths)] == [
        at[:-1] for at in found
    ]
    assert [at[:-1] for at in run(command, tree, root, *options, *files)] == [
        at[:-1] for at in found
    ]


@pytest.mark.parametrize("name", [name for name in NAMES if not expected(name).whole_only])
def test_a_part_of_a_tree_shows_no_other_errors(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    # A hook may hand over any of the files: what is out of sight then must not be missed as an error.
    root = plant(tree, name)
    monkeypatch.chdir(root)

    def errors(paths: Sequence[str]) -> set[tuple[str, str]]:
        findings = lint(paths, Config(root=root)).findings
        return {
            (at.rule, re.split(": see line| This is so", at.message)[0])
            for at in findings
            if at.severity is Severity.ERROR
        }

    files = [*Walk(root, ()).find(["."])]
    choice = random.Random(name)  # noqa: S311 the same parts in each run
    parts = [[file] for file in files]
    parts += [choice.sample(files, choice.randint(1, len(files))) for _ in range(8)]
    whole = errors(["."])
    for part in parts:
        assert errors(part) <= whole, part


def test_no_tree_is_held_against_another(tree: Tree) -> None:
    # Many of them define the same names: together they are a monorepo of teams that do not meet.
    def errors(root: Path) -> set[str]:
        findings = lint([root], Config(root=tree.root)).findings
        return {
            f"{at.file}:{at.span.line} {at.rule} {at.message}"
            for at in findings
            if at.severity is Severity.ERROR
        }

    alone = set[str]().union(*(errors(plant(tree, name)) for name in NAMES))
    assert errors(tree.root) == alone

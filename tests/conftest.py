"""Helpers that every test may use."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from browser import open_page
from hypothesis import settings

from tsplit_lint import Config, Finding, lint
from tsplit_lint.cli import main

#: Runs a command line: the exit code, standard output, standard error.
Run = Callable[..., tuple[int, str, str]]
#: Opens a page in the browser: the document as it is then, and the browser's log.
Browse = Callable[..., tuple[str, str]]


# A merge must not hang on chance: there the examples are the same every time.  Elsewhere they are new.
settings.register_profile("here", deadline=None)
settings.register_profile("gate", deadline=None, derandomize=True)
settings.load_profile("gate" if os.environ.get("CI") else "here")


class Tree:
    """A folder of files to lint, and the findings of it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write files; text is dedented."""
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                path.write_bytes(content)
            else:
                path.write_bytes(dedent(content).encode())

    def lint(self, *paths: str, **settings: Any) -> list[Finding]:
        """The findings of the whole tree, or of some paths in it."""
        config = replace(Config(root=self.root), **settings)
        return lint([self.root / path for path in paths or ("",)], config).findings

    def show(self, *paths: str, **settings: Any) -> list[str]:
        """The findings as `file:line:column RULE`, files relative to the tree."""
        return [
            f"{self.name(finding.file)}:{finding.span.line}:{finding.span.column} {finding.rule}"
            for finding in self.lint(*paths, **settings)
        ]

    def name(self, shown: str) -> str:
        """A reported path, relative to the tree."""
        return Path(shown).absolute().resolve().relative_to(self.root.resolve()).as_posix()


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    """An empty folder to write manifests into; rules that fail raise."""
    monkeypatch.setenv("TSPLIT_LINT_DEBUG", "1")
    # What is installed must not decide what a test sees.
    monkeypatch.setattr("tsplit_lint.helm.installed.is_installed", lambda: False)
    monkeypatch.chdir(tmp_path)
    return Tree(tmp_path)


@pytest.fixture
def command(tree: Tree, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command line in the tree."""

    def run(*words: str) -> tuple[int, str, str]:
        code = main(list(words))
        return (code, *capfd.readouterr())

    return run


@pytest.fixture
def lint_text(tree: Tree) -> Callable[..., list[str]]:
    """Lint one manifest given as text; gives `line:column RULE` of each finding."""

    def run(text: str, *, file: str = "manifest.yaml", **settings: Any) -> list[str]:
        tree.write({file: text})
        return [line.removeprefix(f"{file}:") for line in tree.show(file, **settings)]

    return run


@pytest.fixture
def browse(tmp_path: Path) -> Browse:
    """Open a page in a real browser."""
    return partial(open_page, tmp_path)

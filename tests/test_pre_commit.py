"""The hooks, run by the real pre-commit in a repository of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RULE = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop}
spec:
  host: shop
  subsets: [{name: stable, labels: {version: stable}}]
"""
ROUTE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop]
  http:
  - route:
    - destination: {host: shop, subset: stable}
"""


def run(folder: Path, *command: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PRE_COMMIT_HOME": str(home),
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.com",
    }
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GITHUB_ACTIONS", "FORCE_COLOR"):
        environment.pop(name, None)
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def hook_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as a repository that pre-commit can clone."""
    source = tmp_path_factory.mktemp("source") / "tsplit-lint"
    source.mkdir()
    for name in ("linter", "rules", "schemas"):
        shutil.copytree(
            ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
        )
    for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / name, source / name)
    home = source.parent / "home"
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "hooks"]):
        assert run(source, "git", *command, home=home).returncode == 0
    return source


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory, hook_source: Path) -> Path:
    """A user's repository: a VirtualService and the DestinationRule that it needs, apart."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "rule.yaml").write_text(RULE)
    (folder / "route.yaml").write_text(ROUTE)
    (folder / "notes.txt").write_text("nothing to lint\n")
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "good"]):
        assert run(folder, "git", *command, home=folder).returncode == 0
    return folder


def try_hook(
    hook_source: Path, repository: Path, hook: str, *files: str
) -> subprocess.CompletedProcess[str]:
    pre_commit = [sys.executable, "-m", "pre_commit", "try-repo", str(hook_source), hook]
    arguments = ["--verbose", "--color=never", "--files", *files]
    return run(repository, *pre_commit, *arguments, home=hook_source.parent / "home")


def test_the_hooks(hook_source: Path, repository: Path) -> None:
    good = try_hook(hook_source, repository, "tsplit-lint", "rule.yaml")
    assert good.returncode == 0, good.stdout + good.stderr
    assert "No findings" in good.stdout

    other = try_hook(hook_source, repository, "tsplit-lint", "notes.txt")
    assert other.returncode == 0
    assert "no files to check" in other.stdout

    (repository / "rule.yaml").write_text(RULE.replace("name: stable", "name: canary"))
    try:
        whole = try_hook(hook_source, repository, "tsplit-lint", "rule.yaml")
        assert whole.returncode == 1
        assert "TS301" in whole.stdout
        assert "route.yaml" in whole.stdout

        untouched = try_hook(hook_source, repository, "tsplit-lint-changed", "rule.yaml")
        assert untouched.returncode == 0, untouched.stdout + untouched.stderr

        changed = try_hook(hook_source, repository, "tsplit-lint-changed", "route.yaml")
        assert changed.returncode == 1
        assert "TS301" in changed.stdout
    finally:
        (repository / "rule.yaml").write_text(RULE)

"""The bundled examples and the README say what is true."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tsplit_lint import Config, Severity, lint

ROOT = Path(__file__).parent.parent
MISTAKE = re.compile(r"# Mistake (\d)")


@pytest.fixture
def findings(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """Lint an example as the README does."""
    monkeypatch.chdir(ROOT)

    def run(folder: str) -> list[str]:
        report = lint([f"examples/{folder}"], Config(root=ROOT))
        assert all(finding.severity == Severity.ERROR for finding in report.findings)
        return [
            f"{finding.file.removeprefix(f'examples/{folder}/shop/')}:{finding.span.line} {finding.rule}"
            for finding in report.findings
        ]

    return run


def test_the_good_example_is_silent(findings: Callable[[str], list[str]]) -> None:
    assert findings("good") == []


def test_the_bad_example_has_the_six_mistakes(findings: Callable[[str], list[str]]) -> None:
    assert findings("bad") == [
        "templates/destination-rule.yaml:7 TS101",
        "templates/virtual-service-beta.yaml:15 TS301",
        "templates/virtual-service-mobile.yaml:12 TS201",
        "templates/virtual-service.yaml:13 TS105",
        "workflow.yaml:26 TS619",
        "workflow.yaml:38 TS601",
    ]
    numbered = {
        number
        for path in (ROOT / "examples" / "bad").rglob("*.yaml")
        for number in MISTAKE.findall(path.read_text())
    }
    assert numbered == set("123456")


def test_the_gates_run_the_command_of_the_readme() -> None:
    commands = re.findall(r"^python3 -m venv .*$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(commands) == 2
    assert commands[0].endswith("tsplit-lint examples/")
    assert commands[1].endswith("pytest")
    gates = (ROOT / ".ci" / "run").read_text()
    pattern = re.search(r"sed -n 's/\^\\\((.*)\\\)\$/", gates)
    assert pattern is not None
    assert [bool(re.fullmatch(pattern.group(1), command)) for command in commands] == [False, True]


def test_every_folder_of_modules_is_installed() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    listed = set(re.findall(r'^    "(tsplit_lint[\w.]*)",$', text, re.MULTILINE))
    homes = {
        "linter": "tsplit_lint",
        "rules": "tsplit_lint.rules",
        "schemas": "tsplit_lint.schemas",
    }
    found = set()
    for folder, package in homes.items():
        for init in (ROOT / folder).rglob("__init__.py"):
            inside = init.parent.relative_to(ROOT / folder).parts
            found.add(".".join((package, *inside)))
    assert listed == found

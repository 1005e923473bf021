"""The command line: what it takes, where it writes, and with which code it ends."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from conftest import Run, Tree
from tsplit_lint import __version__, cli, options
from tsplit_lint.commands import COMMANDS
from tsplit_lint.registry import builtin_rules

RIGHT = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: shop
spec:
  hosts: [shop]
  http:
  - route:
    - destination: {host: shop, subset: stable}
      weight: 90
    - destination: {host: shop, subset: canary}
      weight: 10
"""
WRONG = RIGHT.replace("10", "20")
IDLE = RIGHT + "# tsplit-lint: ignore[TS201]\n"
MODULE = (sys.executable, "-m", "tsplit_lint")


@pytest.fixture
def run(tree: Tree, command: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command line in a folder with a wrong and a right manifest, outside of any CI."""
    for name in ("GITHUB_ACTIONS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    files = {"wrong.yaml": WRONG, "right.yaml": RIGHT.replace("shop", "right")}
    tree.write({**files, ".git/HEAD": ""})
    return command


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give bytes to standard input."""

    def give(data: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))

    return give


def concise(run: Run, *words: str) -> list[str]:
    """The findings of a run as `file:line:column: severity RULE`."""
    _code, out, _err = run("--format", "concise", *words)
    return [" ".join(line.split(" ")[:3]) for line in out.splitlines()]


FOUND = ["wrong.yaml:8:5: error TS201"]


# what is linted


def test_a_path_is_linted_and_an_error_fails(run: Run) -> None:
    code, out, err = run("wrong.yaml")
    assert (code, err) == (1, "")
    assert out.startswith("error[TS201] weights-sum: The weights of this route sum to 110")
    assert "--> wrong.yaml:8:5" in out


def test_a_clean_run_ends_with_0(run: Run) -> None:
    code, out, err = run("right.yaml")
    assert (code, err) == (0, "")
    assert out.startswith("No findings")


@pytest.mark.parametrize("words", [(), (".",), ("lint",), ("lint", "."), ("--", "."), ("./",)])
def test_the_working_directory_is_the_default(run: Run, words: tuple[str, ...]) -> None:
    code, out, _err = run(*words)
    assert code == 1
    assert "--> wrong.yaml:8:5" in out
    assert "1 error in 2 files" in out


def test_the_word_lint_may_be_given(run: Run) -> None:
    assert run("lint", "right.yaml")[0] == 0
    assert run("lint", "wrong.yaml")[0] == 1


def test_options_may_stand_between_paths(run: Run) -> None:
    words = ("right.yaml", "--select", "TS2", "wrong.yaml", "--ignore=TS101")
    assert concise(run, *words) == FOUND


def test_a_file_that_is_named_twice_is_linted_once(tree: Tree, run: Run) -> None:
    assert concise(run, "wrong.yaml", "./wrong.yaml", str(tree.root / "wrong.yaml"), ".") == FOUND


def test_standard_input_stands_for_the_file_of_its_name(run: Run, stdin: Any) -> None:
    stdin(RIGHT.encode())
    assert concise(run, "-", ".", "--stdin-filename", "./wrong.yaml") == []


def test_a_path_that_looks_like_an_option_follows_two_dashes(tree: Tree, run: Run) -> None:
    tree.write({"-odd.yaml": WRONG})
    assert concise(run, "--", "-odd.yaml") == ["-odd.yaml:8:5: error TS201"]


def test_a_folder_named_like_a_command(tree: Tree, run: Run) -> None:
    tree.write({"rules/a.yaml": WRONG})
    assert concise(run, "./rules") == ["rules/a.yaml:8:5: error TS201"]
    assert run("rules")[1].splitlines()[0].startswith("TS0")
    assert run("lint", "rules", "--format", "concise")[1].startswith("rules/a.yaml:8:5: error")


def test_a_command_in_the_wrong_place_gets_a_hint(run: Run) -> None:
    code, _out, err = run("--no-config", "explain", "TS201")
    assert code == 2
    assert err.splitlines() == [
        "tsplit-lint: error: explain: no such file or folder"
        " (a command comes first: tsplit-lint explain …)",
        "tsplit-lint: error: TS201: no such file or folder",
    ]


def test_a_misspelt_command_gets_a_hint(run: Run) -> None:
    code, _out, err = run("explian")
    assert code == 2
    assert err == (
        "tsplit-lint: error: explian: no such file or folder"
        " (if the command explain is meant: tsplit-lint explain …)\n"
    )


def test_a_severity_that_is_none(run: Run) -> None:
    code, _out, err = run("--severity", "TS201=off")
    assert code == 2
    assert err.endswith("error, warning or info; to switch a rule off, ignore it\n")


def test_help_in_a_locale_of_ascii(tree: Tree, run: Run) -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run([*MODULE, "--help"], capture_output=True, env=environment, cwd=tree.root)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "[PATH …]" in done.stdout.decode()


def test_a_working_directory_that_is_gone(tree: Tree, run: Run) -> None:
    gone = tree.root / "gone"
    gone.mkdir()
    script = f"import os, sys; os.rmdir({str(gone)!r}); from tsplit_lint import cli; sys.exit(cli.main([]))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=gone)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tsplit-lint: error: the working directory cannot be read: ")
    assert done.stderr.count("\n") == 1


def test_standard_input(run: Run, stdin: Any) -> None:
    stdin(WRONG.encode())
    assert concise(run, "-") == ["<stdin>:8:5: error TS201"]


@pytest.mark.parametrize("name", ["some/where.yaml", "../up.yaml", "wrong.yaml", "suffixless"])
def test_standard_input_under_a_name(run: Run, stdin: Any, name: str) -> None:
    stdin(WRONG.encode())
    assert concise(run, "-", "--stdin-filename", name) == [f"{name}:8:5: error TS201"]


def test_standard_input_beside_paths(run: Run, stdin: Any) -> None:
    stdin(RIGHT.encode())
    assert concise(run, "wrong.yaml", "-") == FOUND


def test_standard_input_of_any_bytes(run: Run, stdin: Any) -> None:
    stdin(b"\xff\xfe\x00")
    code, out, err = run("-")
    assert code in (0, 1)
    assert "Traceback" not in out + err


def test_a_name_without_standard_input(run: Run) -> None:
    code, _out, err = run("wrong.yaml", "--stdin-filename", "a.yaml")
    assert code == 2
    assert "--stdin-filename names standard input: give - as a path too" in err


def test_excluded_files(tree: Tree, run: Run) -> None:
    tree.write({"vendor/a.yaml": WRONG})
    assert concise(run, ".", "--exclude", "vendor/") == FOUND
    assert concise(run, ".", "--exclude", "*.yaml", "--exclude", "!/vendor/a.yaml") == [
        "vendor/a.yaml:8:5: error TS201"
    ]


def test_context_is_read_and_not_linted(tree: Tree, run: Run) -> None:
    tree.write({"other/b.yaml": WRONG})
    assert concise(run, "right.yaml", "--context", "other", "--context", "wrong.yaml") == []


def test_a_workflow_of_the_context_is_not_counted(tree: Tree, run: Run) -> None:
    workflow = "harnessApiVersion: '1.0'\ntype: CANARY\nphases: [{name: Canary}]\n"
    tree.write({"other/workflow.yaml": workflow})
    assert run("other")[1] == "No findings: 1 file, 1 document, 1 workflow checked.\n"
    _code, out, _err = run("right.yaml", "--context", "other")
    assert out == "No findings: 1 file, 1 document, 1 resource checked.\n"


def test_values_for_templates(tree: Tree, run: Run) -> None:
    tree.write(
        {
            "t/values.yaml": "weight: 10\n",
            "t/templates/a.yaml": RIGHT.replace("weight: 10", "weight: {{ .Values.weight }}"),
            "more.yaml": "weight: 30\n",
        }
    )
    assert concise(run, "t") == []
    assert concise(run, "t", "--values", "more.yaml") == ["t/templates/a.yaml:8:5: error TS201"]


# exit codes


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("wrong.yaml",), 1),
        (("wrong.yaml", "--severity", "TS201=warning"), 0),
        (("wrong.yaml", "--severity", "weights-sum=warning", "--fail-on", "warning"), 1),
        (("wrong.yaml", "--severity", "TS2=info", "--fail-on", "warning"), 0),
        (("wrong.yaml", "--severity", "TS2=info", "--fail-on", "info"), 1),
        (("wrong.yaml", "--ignore", "TS201"), 0),
        (("wrong.yaml", "--ignore", "TS2,TS1"), 0),
        (("wrong.yaml", "--ignore", "TS101", "--ignore", "weights-sum"), 0),
        (("wrong.yaml", "--select", "TS101"), 0),
        (("wrong.yaml", "--select", "TS101,TS2"), 1),
        (("wrong.yaml", "--select", "ALL"), 1),
        (("wrong.yaml", "--select", "TS131"), 1),
    ],
)
def test_what_fails(run: Run, words: tuple[str, ...], code: int) -> None:
    assert run(*words)[0] == code


def test_milder_findings_are_shown_and_do_not_fail(run: Run) -> None:
    code, out, _err = run("wrong.yaml", "--severity", "TS201=info")
    assert code == 0
    assert "info[TS201]" in out


def test_what_is_shown(run: Run) -> None:
    assert concise(run, "wrong.yaml", "--severity", "TS201=info", "--min-severity", "warning") == []
    assert concise(run, "wrong.yaml", "--min-severity", "error") == FOUND


def test_a_failure_that_is_not_shown_is_explained(run: Run) -> None:
    code, out, err = run(
        *("wrong.yaml", "--severity", "TS201=warning", "--fail-on", "warning"),
        *("--min-severity", "error", "--format", "concise"),
    )
    assert (code, out) == (1, "")
    assert err == (
        "tsplit-lint: note: findings at or above --fail-on warning are not shown, "
        "for they are below --min-severity error\n"
    )


def test_a_path_that_is_not_there(run: Run) -> None:
    code, out, err = run("nowhere.yaml")
    assert (code, out) == (2, "")
    assert err == "tsplit-lint: error: nowhere.yaml: no such file or folder\n"
    assert run("")[2] == "tsplit-lint: error: (an empty path): no such file or folder\n"


def test_the_others_are_linted_beside_a_path_that_is_not_there(run: Run) -> None:
    code, out, err = run("nowhere.yaml", "wrong.yaml", "--format", "concise")
    assert code == 2
    assert out.startswith("wrong.yaml:8:5")
    assert "nowhere.yaml: no such file" in err


def test_a_file_that_cannot_be_read(tree: Tree, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from tsplit_lint.load import Loader

    read = Loader._read

    def refuse(self: Loader, path: str) -> bytes | str:
        if path.endswith("secret.yaml"):
            raise PermissionError(13, "Permission denied", path)
        return read(self, path)

    monkeypatch.setattr(Loader, "_read", refuse)
    tree.write({"secret.yaml": "kind: Service"})
    code, out, err = run(".", "--format", "concise")
    assert code == 2
    assert out.startswith("wrong.yaml:8:5")
    assert err == "tsplit-lint: error: ./secret.yaml: Permission denied\n"


def test_a_folder_that_cannot_be_read(
    tree: Tree, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = os.scandir

    def refuse(path: Any = ".") -> Any:
        if str(path).endswith("secret"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    tree.write({"secret/a.yaml": "kind: Service"})
    code, out, err = run(".", "--format", "concise")
    assert code == 2
    assert out.startswith("wrong.yaml:8:5")
    assert err == "tsplit-lint: error: ./secret: Permission denied\n"


@pytest.mark.parametrize(
    "words", [("README.md",), ("empty",), ("README.md", "main.py", "empty", "c.yaml")]
)
def test_nothing_to_lint_is_no_failure(tree: Tree, run: Run, words: tuple[str, ...]) -> None:
    tree.write(
        {"README.md": "# Shop\n", "main.py": "x = {}\n", "empty/.keep": "", "c.yaml": "a: 1\n"}
    )
    code, _out, err = run(*words)
    assert code == 0
    (line,) = err.splitlines()
    named = ", ".join(words[:3]) + (" and 1 more" if words[3:] else "")
    assert line == f"tsplit-lint: note: nothing to lint: no manifest and no workflow in {named}"


def test_a_suppressed_finding_is_something(run: Run, tree: Tree) -> None:
    tree.write({"s.yaml": "# tsplit-lint: ignore-file\n" + WRONG})
    assert run("s.yaml", "--format", "concise") == (0, "", "")


# flags that cannot be understood


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--fail-no", "error"), 'there is no option --fail-no; did you mean "--fail-on"?'),
        (("--formt=json",), 'there is no option --formt; did you mean "--format"?'),
        (("-x",), "there is no option -x"),
        (("--sel", "TS2"), 'there is no option --sel; did you mean "--select"?'),
        (
            ("--format", "jsn"),
            '--format: "jsn" is not text, concise, json, sarif or github; did you mean "json"?',
        ),
        (("--color", "sometimes"), '--color: "sometimes" is not auto, always or never'),
        (("--fail-on",), "--fail-on: expected one argument"),
        (("--complete=yes",), "--complete takes no value"),
        (("--output", "x"), "--output x needs a --format of its own before it"),
        (
            ("--format", "json", "--output", "x", "--output", "y"),
            "--output y needs a --format of its own before it",
        ),
        (
            ("--format", "json", "--format", "sarif"),
            "json and sarif would both be written to standard output: "
            "give each --format its own --output",
        ),
        (
            ("--format", "json", "--output", "x", "--format", "text", "--output", "x"),
            "json and text would both be written to x: give each --format its own --output",
        ),
    ],
)
def test_bad_flags(tree: Tree, run: Run, words: tuple[str, ...], message: str) -> None:
    code, out, err = run("wrong.yaml", *words)
    assert (code, out) == (2, "")
    assert err == f"tsplit-lint: error: {message} (tsplit-lint --help shows the options)\n"
    assert not (tree.root / "x").exists()


@pytest.mark.parametrize("flag", ["--select", "--ignore"])
def test_unknown_rules(run: Run, flag: str) -> None:
    code, _out, err = run("wrong.yaml", flag, "TS2,TS2O1,weight-sum")
    assert code == 2
    assert err.splitlines() == [
        f'tsplit-lint: error: {flag}: no rule is called "TS2O1"; did you mean "TS201"?',
        f'tsplit-lint: error: {flag}: no rule is called "weight-sum"; did you mean "weights-sum"?',
    ]


def test_an_empty_list_of_rules_says_nothing(run: Run) -> None:
    assert concise(run, "wrong.yaml", "--select", "", "--ignore", " , ") == FOUND


# reports


def test_formats_and_files_in_pairs(tree: Tree, run: Run) -> None:
    code, out, err = run(
        *("wrong.yaml", "--format", "sarif", "--output", "a.sarif", "--format", "text"),
        *("--format", "json", "--output", "a.json"),
    )
    assert (code, err) == (1, "")
    assert out.startswith("error[TS201]")
    sarif = json.loads((tree.root / "a.sarif").read_bytes())
    assert sarif["runs"][0]["results"][0]["ruleId"] == "TS201"
    report = json.loads((tree.root / "a.json").read_bytes())
    assert [finding["file"] for finding in report["findings"]] == ["wrong.yaml"]


def test_only_files_leave_standard_output_empty(tree: Tree, run: Run) -> None:
    assert run("wrong.yaml", "--format", "json", "--output", "a.json") == (1, "", "")


def test_a_dash_is_standard_output(run: Run) -> None:
    _code, out, _err = run("wrong.yaml", "--format", "json", "--output", "-")
    assert json.loads(out)["summary"]["error"] == 1


def test_a_file_that_cannot_be_written(tree: Tree, run: Run) -> None:
    code, out, err = run(
        *("wrong.yaml", "--format", "json", "--output", "no/where.json", "--format", "concise")
    )
    assert code == 2
    assert out.startswith("wrong.yaml:8:5")
    assert err == (
        "tsplit-lint: error: no/where.json: cannot be written: No such file or directory\n"
    )


def test_machine_formats_stay_pure(tree: Tree, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("FORCE_COLOR", "1")
    _code, out, err = run("wrong.yaml", "--format", "json", "--statistics")
    assert json.loads(out)["findings"][0]["rule"] == "TS201"
    assert err.splitlines() == ["count  severity  rule", "    1  error     TS201 weights-sum"]


def test_statistics_stand_in_the_text(run: Run) -> None:
    _code, out, err = run("wrong.yaml", "--statistics")
    assert "    1  error     TS201 weights-sum" in out.splitlines()
    assert err == ""


def test_no_findings_no_statistics(run: Run) -> None:
    assert run("right.yaml", "--statistics", "--format", "concise") == (0, "", "")


def test_quiet_leaves_the_findings(run: Run) -> None:
    assert run("right.yaml", "--quiet") == (0, "", "")
    code, out, _err = run("wrong.yaml", "--quiet")
    assert code == 1
    assert out.startswith("error[TS201]")
    assert "1 error in" not in out


ANNOTATION = "::error file=wrong.yaml,line=8,"


@pytest.mark.parametrize(
    ("words", "times"),
    [
        ((), 1),
        (("--format", "text"), 1),
        (("--format", "sarif", "--output", "a.sarif", "--format", "text"), 1),
        (("--format", "github"), 1),
        (("--format", "text", "--format", "github", "--output", "a.txt"), 0),
        (("--format", "concise"), 0),
        (("--format", "json"), 0),
        (("--format", "text", "--output", "a.txt"), 0),
    ],
)
def test_annotations_in_github_actions(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], times: int
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    _code, out, _err = run("wrong.yaml", *words)
    assert out.count(ANNOTATION) == times


def test_no_annotations_elsewhere(run: Run) -> None:
    assert ANNOTATION not in run("wrong.yaml")[1]


@pytest.mark.parametrize(
    ("environment", "words", "colored"),
    [
        ({}, (), False),
        ({}, ("--color", "auto"), False),
        ({}, ("--color", "always"), True),
        ({"FORCE_COLOR": "1"}, (), True),
        ({"FORCE_COLOR": ""}, (), False),
        ({"FORCE_COLOR": "1"}, ("--color", "never"), False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, (), False),
        ({"FORCE_COLOR": "1", "NO_COLOR": ""}, (), True),
        ({"NO_COLOR": "1"}, ("--color", "always"), True),
        ({"terminal": "xterm"}, (), True),
        ({"terminal": "xterm", "NO_COLOR": "1"}, (), False),
        ({"terminal": "dumb"}, (), False),
    ],
)
def test_colors(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    words: tuple[str, ...],
    colored: bool,
) -> None:
    for name, value in environment.items():
        if name == "terminal":
            monkeypatch.setenv("TERM", value)
            monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        else:
            monkeypatch.setenv(name, value)
    assert ("\x1b[" in run("wrong.yaml", *words)[1]) is colored


def test_files_get_colors_only_on_demand(
    tree: Tree, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    run("wrong.yaml", "--format", "text", "--output", "a.txt")
    assert "\x1b[" not in (tree.root / "a.txt").read_text()
    run("wrong.yaml", "--format", "text", "--output", "a.txt", "--color", "always")
    assert "\x1b[" in (tree.root / "a.txt").read_text()


def test_the_width_of_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert max(map(len, run("wrong.yaml")[1].splitlines())) > 120
    monkeypatch.setattr(os, "get_terminal_size", lambda _fd: os.terminal_size((60, 20)))
    assert max(map(len, run("wrong.yaml")[1].splitlines())) <= 60


def test_two_runs_are_alike(run: Run) -> None:
    assert run(".", "--format", "json") == run(".", "--format", "json")


# failures of another kind


def test_a_mistake_of_ours_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise KeyError("first\nsecond")

    monkeypatch.setattr("tsplit_lint.engine.lint", fail)
    monkeypatch.delenv("TSPLIT_LINT_DEBUG")
    code, out, err = run("wrong.yaml")
    assert (code, out) == (2, "")
    assert err.startswith("tsplit-lint: error: this is a mistake in tsplit-lint itself: KeyError")
    assert len(err.splitlines()) == 1
    monkeypatch.setenv("TSPLIT_LINT_DEBUG", "1")
    with pytest.raises(KeyError):
        run("wrong.yaml")


def test_an_interrupt_is_no_failure_to_explain(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tsplit_lint.engine.lint", interrupt)
    assert run("wrong.yaml") == (130, "", "")


# the other commands


def test_help(run: Run) -> None:
    code, out, err = run("--help")
    assert (code, err) == (0, "")
    for heading in (
        "what is linted:",
        "rules:",
        "reports:",
        "settings:",
        "commands:",
        "exit codes:",
    ):
        assert f"\n{heading}\n" in out
    assert out.count("\n  tsplit-lint ") == 2
    assert all(f"\n  {name} " in out for name in COMMANDS)
    assert run("-h")[1] == out


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help(run: Run, name: str) -> None:
    code, out, _err = run(name, "--help")
    assert code == 0
    assert out.startswith("usage: tsplit-lint")


def test_version(run: Run) -> None:
    assert run("--version") == (0, f"tsplit-lint {__version__}\n", "")


def test_the_list_of_rules(run: Run) -> None:
    _code, out, _err = run("rules")
    lines = out.splitlines()
    assert [line.split()[0] for line in lines] == [rule.id for rule in builtin_rules()]
    (row,) = (line for line in lines if line.startswith("TS201 "))
    assert re.fullmatch(
        r"TS201 +weights-sum +error +"
        r"The weights of a route with several destinations sum to 100\.",
        row,
    )


def test_the_list_of_rules_for_programs(run: Run) -> None:
    _code, out, err = run("rules", "--format", "json", "--ignore", "TS1")
    assert err == ""
    rows = {row["id"]: row for row in json.loads(out)}
    assert rows["TS201"] == {
        "id": "TS201",
        "name": "weights-sum",
        "severity": "error",
        "confidence": "high",
        "category": "routing",
        "summary": "The weights of a route with several destinations sum to 100.",
        "aliases": [],
        "fixable": False,
        "enabled": True,
        "since": "0.1.0",
    }
    assert not rows["TS101"]["enabled"]


def test_the_list_of_rules_heeds_the_configuration(tree: Tree, run: Run) -> None:
    tree.write({".tsplit-lint.yaml": "select: [TS2]\n"})
    rows = json.loads(run("rules", "--format", "json")[1])
    assert {row["id"] for row in rows if row["enabled"]} == {
        rule.id for rule in builtin_rules() if rule.id.startswith("TS2")
    }
    line = next(x for x in run("rules")[1].splitlines() if x.startswith("TS101"))
    assert line.split()[2] == "off"


def test_explain(run: Run) -> None:
    code, out, err = run("explain", "TS201")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[:4] == [
        "TS201 weights-sum",
        "error, routing, confidence high, since 0.1.0",
        "",
        "The weights of a route with several destinations sum to 100.",
    ]
    for title in ("What it checks:", "Why it matters:", "Bad:", "Good:", "How to fix:", "Sources:"):
        assert title in lines


@pytest.mark.parametrize("word", ["weights-sum", "ts201", "Weights-Sum", "TS131"])
def test_explain_by_other_words(run: Run, word: str) -> None:
    assert run("explain", word) == run("explain", "TS201")


def test_explain_several_each_once(run: Run) -> None:
    _code, out, _err = run("explain", "TS201", "TS007", "weights-sum")
    assert re.findall(r"^TS\d+ [a-z-]+$", out, re.MULTILINE) == [
        "TS201 weights-sum",
        "TS007 unused-suppression",
    ]


def alias() -> tuple[str, str]:
    """An alias and the ids of the rules that have it."""
    rule = next(rule for rule in builtin_rules() if rule.aliases)
    code = rule.aliases[0]
    return code, " ".join(rule.id for rule in builtin_rules() if code in rule.aliases)


def test_explain_another_tools_code(run: Run) -> None:
    code, ids = alias()
    _code, out, _err = run("explain", code.lower())
    assert re.findall(r"^(TS\d+) [a-z-]+$", out, re.MULTILINE) == ids.split()
    assert out.count(f"also known as {code}") + out.count(f", {code}") >= len(ids.split())


def test_explain_tells_of_completeness(run: Run) -> None:
    for rule in builtin_rules():
        told = "speaks only with --complete" in run("explain", rule.id)[1]
        assert told is rule.complete_only


def test_explain_an_unknown_rule(run: Run) -> None:
    code, out, err = run("explain", "weight-sum", "TS007")
    assert code == 2
    assert out.startswith("TS007 unused-suppression")
    assert err == (
        'tsplit-lint: error: no rule is called "weight-sum"; did you mean "weights-sum"?\n'
    )
    assert run("explain", "weight-sum")[:2] == (2, "")


def test_explain_nothing(run: Run) -> None:
    code, _out, err = run("explain")
    assert code == 2
    assert "which rule? tsplit-lint rules lists them" in err


@pytest.mark.parametrize("name", ["rules", "config"])
def test_commands_without_arguments_take_none(run: Run, name: str) -> None:
    code, _out, err = run(name, "wrong.yaml")
    assert code == 2
    assert f"tsplit-lint {name} takes no arguments, and there is wrong.yaml" in err


# completion


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(run: Run, shell: str) -> None:
    code, out, err = run("completion", shell)
    assert (code, err) == (0, "")
    assert "tsplit-lint" in out
    assert "_ARGCOMPLETE" in out


@pytest.mark.parametrize("words", [(), ("tcsh",), ("bash", "zsh")])
def test_completion_of_other_shells(run: Run, words: tuple[str, ...]) -> None:
    code, out, err = run("completion", *words)
    assert (code, out) == (2, "")
    assert "which shell? bash, zsh or fish" in err


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("tsplit-lint --fo", {"--format "}),
        ("tsplit-lint --format s", {"sarif "}),
        ("tsplit-lint wrong.yaml --fail-on ", {"error", "warning", "info"}),
        ("tsplit-lint ru", {"rules "}),
        ("tsplit-lint wr", {"wrong.yaml "}),
        ("tsplit-lint lint wr", {"wrong.yaml "}),
        ("tsplit-lint explain TS00", {r.id for r in builtin_rules() if r.id[:4] == "TS00"}),
        ("tsplit-lint explain weights-s", {"weights-sum "}),
        ("tsplit-lint completion z", {"zsh "}),
        ("tsplit-lint rules --f", {"--format "}),
    ],
)
def test_completions(tree: Tree, run: Run, line: str, wanted: set[str]) -> None:
    answer = tree.root / "answer"
    environment = {
        **os.environ,
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_SHELL": "bash",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "COMP_TYPE": "9",
    }
    subprocess.run(MODULE, env=environment, check=True, cwd=tree.root)
    assert set(answer.read_text().split("\n")) == wanted


@pytest.mark.parametrize(
    ("line", "program", "rest"),
    [
        ("tsplit-lint --fo", "tsplit-lint", "tsplit-lint --fo"),
        ("tsplit-lint ", "tsplit-lint", "tsplit-lint "),
        ("tsplit-lint rules", "tsplit-lint", "tsplit-lint rules"),
        ("tsplit-lint rules ", "tsplit-lint rules", "tsplit-lint "),
        ("tsplit-lint  config  --se", "tsplit-lint config", "tsplit-lint  --se"),
        ("", "tsplit-lint", ""),
    ],
)
def test_each_command_completes_for_itself(
    monkeypatch: pytest.MonkeyPatch, line: str, program: str, rest: str
) -> None:
    import argcomplete

    from tsplit_lint.commands.completion import complete

    parsers = []
    monkeypatch.setattr(argcomplete, "autocomplete", parsers.append)
    monkeypatch.setenv("COMP_LINE", line)
    monkeypatch.setenv("COMP_POINT", str(len(line)))
    complete()
    assert [parser.prog for parser in parsers] == [program]
    assert (os.environ["COMP_LINE"], os.environ["COMP_POINT"]) == (rest, str(len(rest)))


def test_paths_and_commands_complete(tree: Tree) -> None:
    from tsplit_lint.commands.lint import _complete_path

    tree.write({"read.yaml": "", "other.yaml": ""})
    assert _complete_path("r") == ["read.yaml", "rules"]


# as a process


def test_as_a_module(tree: Tree, run: Run) -> None:
    done = subprocess.run([*MODULE, "wrong.yaml"], capture_output=True, text=True, cwd=tree.root)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("error[TS201]")


def test_the_installed_script(tree: Tree, run: Run) -> None:
    script = Path(sys.executable).with_name("tsplit-lint")
    if not script.exists():
        pytest.skip("not installed beside this Python")
    done = subprocess.run([script, "-"], input=WRONG.encode(), capture_output=True, cwd=tree.root)
    assert (done.returncode, done.stderr) == (1, b"")


def test_a_reader_that_goes_away(tree: Tree, run: Run) -> None:
    tree.write({f"many/{number}.yaml": WRONG for number in range(300)})
    process = subprocess.Popen(
        [*MODULE, "many"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tree.root
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 1


def test_a_reader_that_went_away_before(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.close(read)
    with open(write, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        options.write("first")
        options.write("second")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no disk that is always full")
def test_a_disk_that_is_full(tree: Tree, run: Run) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*MODULE, "wrong.yaml"], stdout=full, stderr=subprocess.PIPE, cwd=tree.root
        )
    assert done.returncode == 2
    assert done.stderr == b"tsplit-lint: error: standard output: No space left on device\n"


def test_streams_that_are_closed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", None)
        assert run("-") == (2, "", "tsplit-lint: error: standard input is closed\n")
        patch.setattr(sys, "stdout", None)
        assert run("wrong.yaml") == (1, "", "")
        patch.setattr(sys, "stderr", None)
        assert run("nowhere.yaml") == (2, "", "")


def test_ctrl_c(tree: Tree, run: Run) -> None:
    process = subprocess.Popen(
        [*MODULE, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    time.sleep(1)  # standard input stays open, so the process waits for it
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, out, err) == (130, b"", b"")


def test_any_name_of_a_file_can_be_written(tree: Tree, run: Run) -> None:
    name = b"odd-\xff.yaml"
    try:
        Path(os.fsdecode(bytes(tree.root) + b"/" + name)).write_text(WRONG)
    except OSError:
        pytest.skip("the file system takes no such name")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    for words in ((), ("--format", "json"), ("--format", "concise", "--statistics")):
        done = subprocess.run(
            [*MODULE, ".", *words], capture_output=True, cwd=tree.root, env=environment
        )
        assert done.returncode == 1
        assert b"Traceback" not in done.stderr
        assert rb"odd-\udcff.yaml" in done.stdout.replace(rb"\\", b"\\")


def test_names_in_messages_are_written_whatever_they_are(tree: Tree, run: Run) -> None:
    done = subprocess.run([*MODULE, "no-\udcff.yaml"], capture_output=True, cwd=tree.root)
    assert done.returncode == 2
    assert done.stderr == b"tsplit-lint: error: no-\\udcff.yaml: no such file or folder\n"


def test_main_reads_the_arguments_of_the_process(
    tree: Tree, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["tsplit-lint", "wrong.yaml", "--quiet"])
    assert cli.main() == 1

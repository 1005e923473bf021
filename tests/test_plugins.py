"""Plugins: rules of other packages, and what is said of those that cannot be used."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import Run, Tree
from tsplit_lint import plugins

EXAMPLE = Path(__file__).parent / "plugin"
ROUTE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: shop
spec:
  hosts: [shop]
  http:
  - route:
    - destination: {host: shop}
"""
#: The beginning of a plugin written for a test.
PRELUDE = """\
from tsplit_lint import Rule, Severity, VirtualService, hookimpl

class Bare(Rule):
    id, name, severity = "BARE1", "bare-rule", Severity.INFO

class Good(Rule[VirtualService]):
    \"\"\"Good.\"\"\"
    id, name, severity = "GOOD1", "good-rule", Severity.INFO
    def check(self, service, catalog):
        yield self.finding(service.head(), "seen")

"""

Install = Callable[[str, str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Put a package with a module and an entry point on the path, as an installer would."""
    folder = tmp_path / ".site"
    names = []

    def put(name: str, source: str) -> None:
        info = folder / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[tsplit_lint]\n{name} = {name}\n")
        (folder / f"{name}.py").write_text(source)
        names.append(name)
        plugins._find.cache_clear()

    monkeypatch.syspath_prepend(str(folder))
    yield put
    plugins._find.cache_clear()
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture
def example(install: Install, tree: Tree) -> None:
    """The example plugin, and a manifest that it objects to."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert list(project["entry-points"]["tsplit_lint"].values()) == ["acme_tsplit_lint"]
    install("acme_tsplit_lint", (EXAMPLE / "acme_tsplit_lint.py").read_text(encoding="utf-8"))
    tree.write({"a.yaml": ROUTE})


@pytest.mark.usefixtures("example")
def test_the_rule_of_a_plugin_speaks(tree: Tree) -> None:
    assert tree.show("a.yaml") == ["a.yaml:8:5 ACME001"]


@pytest.mark.usefixtures("example")
def test_the_rule_of_a_plugin_is_selected_like_any_other(tree: Tree, command: Run) -> None:
    for words in (("--ignore", "ACME"), ("--ignore", "timeout-missing"), ("--select", "TS")):
        assert "ACME001" not in command("a.yaml", "--format", "concise", *words)[1]
    tree.write({"b.yaml": ROUTE.replace("route:", "route:  # tsplit-lint: ignore[ACME001]")})
    assert tree.show("b.yaml") == []
    code, out, _err = command("a.yaml", "--severity", "ACME001=error", "--format", "concise")
    assert code == 1
    assert out.startswith("a.yaml:8:5: error ACME001 This route has no timeout.")


@pytest.mark.usefixtures("example")
def test_the_rule_of_a_plugin_is_listed_and_explained(command: Run) -> None:
    row = next(
        r for r in json.loads(command("rules", "--format", "json")[1]) if r["id"] == "ACME001"
    )
    assert (row["name"], row["category"], row["enabled"]) == ("timeout-missing", "plugin", True)
    assert "Acme's handbook" in command("explain", "ACME001")[1]
    assert "ACME001" in command("explain", "timeout-missing")[1]


def note(command: Run) -> str:
    """The one note of a run over a manifest; the run itself goes well."""
    code, out, err = command("a.yaml", "--format", "concise")
    assert code == 0
    assert "Traceback" not in out + err
    (line,) = err.splitlines()
    return line


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (
            "import no_such_module",
            'plugin "broken" (broken) was left out: ModuleNotFoundError: '
            "No module named 'no_such_module'",
        ),
        (
            "raise ValueError('first\\nsecond')",
            'plugin "broken" (broken) was left out: ValueError: first second',
        ),
        ("raise SystemExit(3)", 'plugin "broken" (broken) was left out: SystemExit: 3'),
        (
            "",
            'plugin "broken" (broken) was left out: TypeError: '
            "it has no function tsplit_lint_rules marked with hookimpl",
        ),
        (
            PRELUDE + "@hookimpl\ndef tsplit_lint_rules():\n    1 / 0\n",
            'plugin "broken" (broken) was left out: ZeroDivisionError: division by zero',
        ),
        (
            PRELUDE + "@hookimpl\ndef tsplit_lint_rules():\n    return 3\n",
            'plugin "broken" (broken) was left out: TypeError: ',
        ),
        (
            PRELUDE + "@hookimpl\ndef tsplit_lint_rules(wrong):\n    return []\n",
            'plugin "broken" (broken) was left out: PluginValidationError: ',
        ),
        (
            PRELUDE + "@hookimpl\ndef tsplit_lint_rule():\n    return []\n",
            'plugin "broken" (broken) was left out: PluginValidationError: ',
        ),
    ],
)
def test_a_plugin_that_fails_is_left_out(
    tree: Tree, install: Install, command: Run, source: str, reason: str
) -> None:
    tree.write({"a.yaml": ROUTE})
    install("broken", source)
    assert note(command).startswith(f"tsplit-lint: note: {reason}")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("pass", "it has no id"),
        ("id, name = '', 'other-rule'", "it has no id"),
        ("id = 'X1'", "it has no name"),
        ("id, name = 'X1', 'x-rule'", "it has no severity"),
        ("id, name, severity = 'X1', 'x-rule', 'error'", "it has no severity"),
        (
            "id, name, severity = 'TS201', 'x-rule', Severity.INFO",
            "a built-in rule has the id TS201",
        ),
        (
            "id, name, severity = 'X1', 'weights-sum', Severity.INFO",
            "a built-in rule has the name weights-sum",
        ),
        (
            "id, name, severity = 'GOOD1', 'x-rule', Severity.INFO",
            'a rule of plugin "broken" has the id GOOD1',
        ),
        (
            "id, name, severity = 'TSX1', 'x-rule', Severity.INFO",
            "ids that begin with TS are reserved for built-in rules; it has TSX1",
        ),
        (
            "id, name, severity, aliases = 'X1', 'x-rule', Severity.INFO, 'IST0101'",
            "its aliases are no tuple",
        ),
    ],
)
def test_a_rule_that_cannot_be_used_is_left_out(
    tree: Tree, install: Install, command: Run, body: str, reason: str
) -> None:
    tree.write({"a.yaml": ROUTE})
    source = f"{PRELUDE}class Bad(Rule[VirtualService]):\n    {body}\n"
    install("broken", source + "\n@hookimpl\ndef tsplit_lint_rules():\n    return [Good, Bad]\n")
    assert note(command) == (
        f'tsplit-lint: note: rule Bad of plugin "broken" was left out: {reason}'
    )
    assert tree.show("a.yaml") == ["a.yaml:4:9 GOOD1"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (
            "'Good'",
            "rule 'Good' of plugin \"broken\" was left out: it is no class derived from Rule",
        ),
        ("dict", 'rule dict of plugin "broken" was left out: it is no class derived from Rule'),
        (
            "Bare",
            'rule Bare of plugin "broken" was left out: Bare does not say what it visits',
        ),
    ],
)
def test_what_is_no_rule_is_left_out(
    tree: Tree, install: Install, command: Run, given: str, reason: str
) -> None:
    tree.write({"a.yaml": ROUTE})
    install("broken", f"{PRELUDE}@hookimpl\ndef tsplit_lint_rules():\n    return [{given}]\n")
    assert reason in note(command)


def test_the_same_id_in_two_plugins(tree: Tree, install: Install, command: Run) -> None:
    tree.write({"a.yaml": ROUTE})
    for name in ("first", "second"):
        install(name, PRELUDE + "@hookimpl\ndef tsplit_lint_rules():\n    return [Good]\n")
    assert note(command) == (
        'tsplit-lint: note: rule Good of plugin "second" was left out: '
        'a rule of plugin "first" has the id GOOD1'
    )


def test_a_rule_that_raises_is_named_and_the_others_go_on(
    tree: Tree, install: Install, command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TSPLIT_LINT_DEBUG")
    tree.write({"a.yaml": ROUTE, "b.yaml": ROUTE})
    raising = PRELUDE.replace('yield self.finding(service.head(), "seen")', "raise KeyError('k')")
    install("broken", raising + "@hookimpl\ndef tsplit_lint_rules():\n    return [Good]\n")
    assert note(command) == (
        "tsplit-lint: note: rule GOOD1 failed (KeyError: 'k') and was left out"
    )


@pytest.mark.parametrize("name", ["rules", "config", "explain"])
def test_other_commands_tell_of_broken_plugins(install: Install, command: Run, name: str) -> None:
    install("broken", "import no_such_module")
    words = (name, "TS201") if name == "explain" else (name,)
    code, _out, err = command(*words)
    assert code == 0
    assert err.startswith('tsplit-lint: note: plugin "broken"')


def test_an_unknown_rule_of_a_broken_plugin(install: Install, command: Run) -> None:
    install("broken", "import no_such_module")
    code, _out, err = command("--ignore", "ACME001")
    assert code == 2
    first, second = err.splitlines()
    assert first.startswith('tsplit-lint: note: plugin "broken"')
    assert second.startswith('tsplit-lint: error: --ignore: no rule is called "ACME001"')


def test_quiet_leaves_the_notes_out(tree: Tree, install: Install, command: Run) -> None:
    tree.write({"a.yaml": ROUTE})
    install("broken", "import no_such_module")
    assert command("a.yaml", "--quiet") == (0, "", "")


def test_notes_stand_in_the_text_report(tree: Tree, install: Install, command: Run) -> None:
    tree.write({"a.yaml": ROUTE})
    install("broken", "import no_such_module")
    code, out, err = command("a.yaml")
    assert (code, err) == (0, "")
    assert out.startswith('note: plugin "broken" (broken) was left out')


def test_packages_of_other_groups_are_not_loaded(install: Install, tmp_path: Path) -> None:
    install("other", "raise SystemExit(1)")
    entry = tmp_path / ".site/other-1.0.dist-info/entry_points.txt"
    entry.write_text("[console_scripts]\nother = other\n")
    (tmp_path / ".site/empty-1.0.dist-info").mkdir()
    assert plugins.find_plugins() == plugins.Plugins()


def test_a_run_without_plugins_does_not_import_the_machinery(tree: Tree) -> None:
    tree.write({"a.yaml": ROUTE})
    code = (
        "import sys; before = set(sys.modules)\n"
        "from tsplit_lint.cli import main; main(['a.yaml', '--no-config'])\n"
        "heavy = {'pluggy', 'importlib.metadata', 'jsonschema', 'rich', 'tomllib', 'pathspec',"
        " 'argcomplete', 'difflib'}\n"
        "print(heavy & set(sys.modules) - before, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip() == "set()"

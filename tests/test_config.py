"""Configuration: where it is found, how it merges with flags, and what a mistake in it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from conftest import Run, Tree
from tsplit_lint import Config, Severity, lint
from tsplit_lint.config import Override
from tsplit_lint.config_file import _schema
from tsplit_lint.plain_schema import surely_fits
from tsplit_lint.settings import KEYS

WRONG = """\
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
      weight: 20
"""


@pytest.fixture
def run(tree: Tree, command: Run) -> Run:
    """Run a command line in a repository that holds a wrong manifest."""
    tree.write({".git/HEAD": "", "a.yaml": WRONG})
    return command


@pytest.fixture
def mistakes(tree: Tree, run: Run) -> Callable[[str], list[str]]:
    """Write a configuration file; gives what is said of it, without the program's name."""

    def call(text: str, name: str = ".tsplit-lint.yaml") -> list[str]:
        tree.write({name: text})
        code, out, err = run("a.yaml")
        assert (code, out) == (2, "")
        return [line.removeprefix("tsplit-lint: error: ") for line in err.splitlines()]

    return call


def shown(run: Run, *words: str) -> dict[str, Any]:
    """What `config --format json` tells: each key with its value and its source."""
    code, out, _err = run("config", "--format", "json", *words)
    assert code == 0
    settings = json.loads(out)["settings"]
    return {key: (entry["value"], entry["source"]) for key, entry in settings.items()}


def file_of(run: Run, *words: str) -> str | None:
    """The configuration file that is read."""
    code, out, _err = run("config", "--format", "json", *words)
    assert code == 0
    file: str | None = json.loads(out)["file"]
    return file


# where it is found


def test_without_a_file_everything_is_a_default(run: Run) -> None:
    assert file_of(run) is None
    assert {source for _value, source in shown(run).values()} == {"default"}


@pytest.mark.parametrize("name", [".tsplit-lint.yaml", ".tsplit-lint.yml"])
def test_the_file_of_the_working_directory(tree: Tree, run: Run, name: str) -> None:
    tree.write({name: "ignore: [TS2]\n"})
    assert file_of(run) == name
    assert run("a.yaml")[0] == 0


def test_the_table_in_pyproject(tree: Tree, run: Run) -> None:
    tree.write({"pyproject.toml": '[tool.tsplit-lint]\nignore = ["TS2"]\n'})
    assert file_of(run) == "pyproject.toml"
    assert shown(run)["ignore"] == (["TS2"], "pyproject.toml:2")
    assert run("a.yaml")[0] == 0


@pytest.mark.parametrize(
    "text",
    [
        "[project]\nname = 'x'\n",
        "[project]\ndependencies = ['tsplit-lint']\n",
        "tool = 'tsplit-lint'\n",
        "[project\nname = 'tsplit-lint'\n",
    ],
)
def test_a_pyproject_of_others_is_left_alone(tree: Tree, run: Run, text: str) -> None:
    tree.write({"pyproject.toml": text})
    assert file_of(run) is None


def test_a_pyproject_that_is_no_text_is_left_alone(tree: Tree, run: Run) -> None:
    tree.write({"pyproject.toml": b"\xff tsplit-lint"})
    assert file_of(run) is None


def test_the_nearest_parent_up_to_the_repository_root(
    tree: Tree, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.write({".tsplit-lint.yaml": "", "a/b/c.yaml": WRONG})
    monkeypatch.chdir(tree.root / "a/b")
    assert file_of(run) == "../../.tsplit-lint.yaml"
    tree.write({"a/.tsplit-lint.yml": ""})
    assert file_of(run) == "../.tsplit-lint.yml"
    tree.write({"a/b/pyproject.toml": "[tool.tsplit-lint]\n"})
    assert file_of(run) == "pyproject.toml"


def test_nothing_above_the_repository_is_read(
    tree: Tree, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.write({".tsplit-lint.yaml": "", "inner/.git/HEAD": ""})
    monkeypatch.chdir(tree.root / "inner")
    assert file_of(run) is None


def test_a_file_named_by_a_flag(tree: Tree, run: Run) -> None:
    tree.write({"ci/lint.yaml": "ignore: [TS2]\n", ".tsplit-lint.yaml": "fail-on: info\n"})
    assert file_of(run, "--config", "ci/lint.yaml") == "ci/lint.yaml"
    assert shown(run, "--config", "ci/lint.yaml")["fail-on"] == ("error", "default")
    assert file_of(run, "--no-config") is None


def test_a_toml_file_named_by_a_flag_needs_the_table(tree: Tree, run: Run) -> None:
    tree.write({"lint.toml": "[tool]\n"})
    assert run("--config", "lint.toml")[2] == (
        "tsplit-lint: error: lint.toml: there is no table [tool.tsplit-lint]\n"
    )


def test_the_two_flags_exclude_each_other(run: Run) -> None:
    code, _out, err = run("--config", "x.yaml", "--no-config")
    assert code == 2
    assert "--config and --no-config exclude each other" in err


# what it sets


def test_every_key_of_a_file(tree: Tree, run: Run) -> None:
    tree.write(
        {
            "more.yaml": "",
            "other/x.yaml": "",
            ".tsplit-lint.yaml": """\
                select: [TS2, unused-suppression]
                ignore: [TS101]
                severity: {TS201: warning}
                fail-on: warning
                min-severity: warning
                exclude: [vendor/]
                values: [more.yaml]
                values-sets: {prod: [values-prod.yaml, more.yaml], dev: []}
                services: {shop: other}
                helm-engine: built-in
                scopes: [{name: one, paths: [a/**], values-set: prod, complete: true}]
                context: [other]
                complete: true
                istio-version: "1.20"
                overrides:
                - paths: [a/**]
                  ignore: [TS201]
                  severity: {TS2: info}
                  complete: false
                mesh:
                  root-namespace: mesh-root
                  cluster-domain: corp.local
                  default-service-export-to: [".", gateways]
                  default-virtual-service-export-to: ["~"]
                  default-destination-rule-export-to: ["."]
                  outbound-traffic-policy: REGISTRY_ONLY
                """,
        }
    )
    values = {key: value for key, (value, _source) in shown(run, "--ignore", "TS102").items()}
    assert values == {
        "select": ["TS2", "unused-suppression"],
        "ignore": ["TS101", "TS102"],
        "severity": {"TS201": "warning"},
        "fail-on": "warning",
        "min-severity": "warning",
        "exclude": ["vendor/"],
        "values": ["more.yaml"],
        "values-sets": {"prod": ["values-prod.yaml", "more.yaml"], "dev": []},
        "services": {"shop": "other"},
        "helm-engine": "built-in",
        "scopes": [{"name": "one", "paths": ["a/**"], "values-set": "prod", "complete": True}],
        "context": ["other"],
        "complete": True,
        "istio-version": "1.20",
        "overrides": [
            {"paths": ["a/**"], "ignore": ["TS201"], "severity": {"TS2": "info"}, "complete": False}
        ],
        "mesh.root-namespace": "mesh-root",
        "mesh.cluster-domain": "corp.local",
        "mesh.default-service-export-to": [".", "gateways"],
        "mesh.default-virtual-service-export-to": ["~"],
        "mesh.default-destination-rule-export-to": ["."],
        "mesh.outbound-traffic-policy": "REGISTRY_ONLY",
    }
    sources = {key: source for key, (_value, source) in shown(run).items()}
    assert sources == {
        key: f".tsplit-lint.yaml:{line}"
        for key, line in zip(KEYS, (*range(1, 16), *range(21, 27)), strict=True)
    }


def test_flags_win_and_add(tree: Tree, run: Run) -> None:
    tree.write(
        {
            ".tsplit-lint.yaml": """\
                select: [TS1]
                ignore: [TS2]
                severity: {TS201: warning, TS101: info}
                fail-on: warning
                exclude: [vendor/]
                """
        }
    )
    told = shown(
        run,
        *("--ignore", "TS101,weights-sum", "--severity", "TS201=info", "--fail-on", "info"),
        *("--exclude", "x", "--min-severity", "error", "--complete", "--context", "a.yaml"),
        *("--values", "a.yaml"),
    )
    file = ".tsplit-lint.yaml"
    assert told["select"] == (["TS1"], f"{file}:1")
    assert told["ignore"] == (["TS2", "TS101", "weights-sum"], f"{file}:2 and --ignore")
    levels = {"TS201": "info", "TS101": "info"}
    assert told["severity"] == (levels, f"{file}:3 and --severity")
    assert told["fail-on"] == ("info", "--fail-on")
    assert told["min-severity"] == ("error", "--min-severity")
    assert told["exclude"] == (["vendor/", "x"], f"{file}:5 and --exclude")
    assert told["complete"] == (True, "--complete")
    assert told["context"] == (["a.yaml"], "--context")
    assert told["values"] == (["a.yaml"], "--values")


def test_the_flag_select_gives_just_these_rules(tree: Tree, run: Run) -> None:
    tree.write({".tsplit-lint.yaml": "select: [TS1]\nignore: [TS2]\n"})
    told = shown(run, "--select", "TS2", "--select", "TS101")
    assert told["select"] == (["TS2", "TS101"], "--select")
    assert told["ignore"] == ([], "default")
    assert run("a.yaml", "--select", "TS2")[0] == 1


def test_paths_in_a_file_are_relative_to_it(
    tree: Tree, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.write(
        {
            ".tsplit-lint.yaml": "values: [v.yaml]\ncontext: [other]\nexclude: [/sub/skip]\n",
            "v.yaml": "",
            "other/x.yaml": WRONG,
            "sub/a.yaml": WRONG,
            "sub/skip/b.yaml": WRONG,
        }
    )
    monkeypatch.chdir(tree.root / "sub")
    told = shown(run)
    assert told["values"][0] == ["../v.yaml"]
    assert told["context"][0] == ["../other"]
    code, out, _err = run("--format", "concise")
    assert code == 1
    assert [line.split(":")[0] for line in out.splitlines()] == ["a.yaml"]


def test_patterns_of_flags_are_relative_to_the_working_directory(
    tree: Tree, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.write({".tsplit-lint.yaml": "", "sub/x/b.yaml": WRONG, "sub/y/b.yaml": WRONG})
    monkeypatch.chdir(tree.root / "sub")
    assert shown(run, "--exclude", "x/b.yaml")["exclude"][0] == ["/sub/x/b.yaml"]
    assert shown(run, "--exclude", "!/x/b.yaml")["exclude"][0] == ["!/sub/x/b.yaml"]
    assert shown(run, "--exclude", "x/")["exclude"][0] == ["x/"]
    _code, out, _err = run("--exclude", "x/b.yaml", "--format", "concise")
    assert [line.split(":")[0] for line in out.splitlines()] == ["y/b.yaml"]


def test_a_configuration_outside_of_what_is_linted(
    tree: Tree, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.write(
        {"ci/lint.yaml": "exclude: [skip/]\n", "app/a.yaml": WRONG, "app/skip/b.yaml": WRONG}
    )
    _code, out, _err = run("app", "--config", "ci/lint.yaml", "--format", "concise")
    assert [line.split(":")[0] for line in out.splitlines()] == ["app/a.yaml"]


def test_the_text_form_lines_up(tree: Tree, run: Run) -> None:
    tree.write({".tsplit-lint.yaml": "# ours\nignore: [TS2]\n"})
    code, out, _err = run("config", "--fail-on", "info")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "configuration file: .tsplit-lint.yaml"
    assert [
        " ".join(line.split()) for line in lines if line.startswith(("ignore", "fail-on", "mesh."))
    ] == [
        'ignore ["TS2"] .tsplit-lint.yaml:2',
        'fail-on "info" --fail-on',
        'mesh.root-namespace "istio-system" default',
        'mesh.cluster-domain "cluster.local" default',
        'mesh.default-service-export-to ["*"] default',
        'mesh.default-virtual-service-export-to ["*"] default',
        'mesh.default-destination-rule-export-to ["*"] default',
        'mesh.outbound-traffic-policy "ALLOW_ANY" default',
    ]
    assert len({line.rindex("default") for line in lines if line.endswith("default")}) == 1


# overrides and severities, in the engine


def levels(tree: Tree, **settings: Any) -> dict[str, str]:
    return {f.file: f.severity.label for f in tree.lint(**settings) if f.rule == "TS201"}


def test_overrides_change_some_files(tree: Tree) -> None:
    tree.write({"a/x.yaml": WRONG, "a/b/x.yaml": WRONG, "c/x.yaml": WRONG})
    calm = {"weights-sum": Severity.INFO}
    assert levels(tree, overrides=(Override(("a/",), ignore=("TS2",)),)) == {"c/x.yaml": "error"}
    assert levels(tree, overrides=(Override(("a/*.yaml",), severity=calm),)) == {
        "a/x.yaml": "info",
        "a/b/x.yaml": "error",
        "c/x.yaml": "error",
    }


def test_the_last_override_wins(tree: Tree) -> None:
    tree.write({"a/x.yaml": WRONG, "c/x.yaml": WRONG})
    first = Override(("**",), severity={"TS201": Severity.WARNING})
    second = Override(("c/",), severity={"TS2": Severity.INFO})
    assert levels(tree, overrides=(first, second)) == {"a/x.yaml": "warning", "c/x.yaml": "info"}
    assert levels(tree, overrides=(second, first)) == {"a/x.yaml": "warning", "c/x.yaml": "warning"}


def test_overrides_are_relative_to_the_root(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.write({"sub/a/x.yaml": WRONG})
    monkeypatch.chdir(tree.root / "sub")
    calm = Override(("/sub/a/",), severity={"TS201": Severity.INFO})
    config = Config(root=tree.root, overrides=(calm,))
    assert [f.severity for f in lint(["."], config).findings] == [Severity.INFO]


def test_completeness_of_some_files() -> None:
    from tsplit_lint.overrides import FileSettings

    parts = (Override(("a/",), complete=True), Override(("a/b/",), complete=False))
    settings = FileSettings(Config(overrides=(*parts, Override(("a/c/",)))))
    found = {file: settings.complete(file) for file in ("a/x", "a/b/x", "a/c/x", "d/x")}
    assert found == {"a/x": True, "a/b/x": False, "a/c/x": True, "d/x": False}
    assert FileSettings(Config(complete=True)).complete("any")


def test_the_most_specific_severity_wins(tree: Tree) -> None:
    tree.write({"x.yaml": WRONG})
    error, warning, info = Severity.ERROR, Severity.WARNING, Severity.INFO
    assert levels(tree, severity={"TS201": error, "TS2": info, "ALL": warning}) == {
        "x.yaml": "error"
    }
    assert levels(tree, severity={"ALL": warning, "TS2": info}) == {"x.yaml": "info"}
    assert levels(tree, severity={"weights-sum": warning, "TS2": info}) == {"x.yaml": "warning"}
    assert levels(tree, severity={"TS131": info}) == {"x.yaml": "info"}


# mistakes

TYPICAL = """\
selct: [TS2]
ignore: [TS2O1, weight-sum, TS201, ""]
severity:
  TS201: warn
  TS9999: info
fail-on: 3
exclude: vendor/
overrides:
- ignore: [TS1O1]
  complet: true
- paths: []
- paths: [a/**]
  complete: "yes"
mesh: {root-namespace: "", cluster-domian: x}
"""


def test_every_mistake_is_told_with_its_place(mistakes: Callable[[str], list[str]]) -> None:
    file = ".tsplit-lint.yaml"
    assert mistakes(TYPICAL) == [
        f'{file}:1:1: unknown key "selct"; did you mean "select"?',
        f'{file}:2:10: no rule is called "TS2O1"; did you mean "TS201"?',
        f'{file}:2:17: no rule is called "weight-sum"; did you mean "weights-sum"?',
        f'{file}:2:36: "ignore[3]" must not be empty',
        f'{file}:4:10: "severity.TS201" must be error, warning or info, not "warn"; '
        'did you mean "warning"?',
        f'{file}:5:3: no rule is called "TS9999"; tsplit-lint rules lists them',
        f'{file}:6:10: "fail-on" must be error, warning or info, not 3',
        f'{file}:7:10: "exclude" must be a list, not "vendor/"',
        f'{file}:9:3: "overrides[0]" lacks the key "paths"',
        f'{file}:9:12: no rule is called "TS1O1"; did you mean "TS101"?',
        f'{file}:10:3: unknown key "overrides[0].complet"; did you mean "complete"?',
        f'{file}:11:3: "overrides[1].paths" must not be empty',
        f'{file}:13:13: "overrides[2].complete" must be true or false, not "yes"',
        f'{file}:14:8: "mesh.root-namespace" must not be empty',
        f'{file}:14:28: unknown key "mesh.cluster-domian"; did you mean "cluster-domain"?',
    ]


def test_mistakes_in_toml_tell_the_line(mistakes: Callable[..., list[str]]) -> None:
    text = """\
[project]
name = "x"
ignore = 3

[tool.tsplit-lint]
ignore = [
  "TS999",
]
select = "TS2"
mesh.root-namespace = 3
[tool.tsplit-lint.severity] # levels
"weights-sum" = "warn"
[[tool.tsplit-lint.overrides]]
paths = ["a"]
[[tool.tsplit-lint.overrides]]
paths = ["b"]
ignored = ["b"]
"""
    assert mistakes(text.replace("TS999", "TS2O1"), "pyproject.toml") == [
        'pyproject.toml:6: no rule is called "TS2O1"; did you mean "TS201"?',
        'pyproject.toml:9: "select" must be a list, not "TS2"',
        'pyproject.toml:10: "mesh.root-namespace" must be text, not 3',
        'pyproject.toml:12: "severity.weights-sum" must be error, warning or info, not "warn"; '
        'did you mean "warning"?',
        'pyproject.toml:17: unknown key "overrides[1].ignored"; did you mean "ignore"?',
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [\nb: }\n", ":2:4: not YAML: "),
        ("a: 1\n---\nb: 2\n", ":2:1: a second document begins here"),
        ("- a\n", ":1: the settings must be a mapping of keys to values"),
        (
            "ignore: []\ncomplete: true\nignore: []\n",
            ':3:1: "ignore" is given twice, first in line 1',
        ),
        ("ignore: [[TS201]]\n", ':1:10: "ignore[0]" must be text, not a list'),
        (
            "severity: {TS201: off}\n",
            ':1:19: "severity.TS201" must be error, warning or info, not false; to switch a rule off, '
            "ignore it",
        ),
        ("ignore: {}\n", ':1:1: "ignore" must be a list, not a mapping'),
        ("mesh:\n", ':1:1: "mesh" must be a mapping, not empty'),
        ("exclude: true\n", ':1:10: "exclude" must be a list, not true'),
        ("exclude: false\n", ':1:10: "exclude" must be a list, not false'),
        (
            "mesh: {zzz: 1}\n",
            ':1:8: unknown key "mesh.zzz" (known: root-namespace, cluster-domain, '
            "default-service-export-to, default-virtual-service-export-to, "
            "default-destination-rule-export-to, outbound-traffic-policy)",
        ),
        (
            "mesh: {outbound-traffic-policy: registry_only}\n",
            ':1:33: "mesh.outbound-traffic-policy" must be ALLOW_ANY or REGISTRY_ONLY, '
            'not "registry_only"',
        ),
        (
            "mesh: {default-service-export-to: .}\n",
            ':1:35: "mesh.default-service-export-to" must be a list, not "."',
        ),
        (
            "mesh: {default-virtual-service-export-to: []}\n",
            ':1:8: "mesh.default-virtual-service-export-to" must not be empty',
        ),
        (
            "mesh: {default-service-export-to: [., shop_1]}\n",
            ':1:39: "shop_1" is no namespace; write its name, ".", "*" or "~"',
        ),
        ("mesh: {root-namespace: mesh_1}\n", ':1:24: "mesh_1" '),
        ("mesh: {cluster-domain: corp local}\n", ':1:24: "corp local" '),
        ("select: []\n", ':1:1: "select" must not be empty'),
        ("values: [a.yaml, no.yaml]\n", ":1:18: no.yaml: no such file"),
        ("context: [nowhere]\n", ":1:11: nowhere: no such file"),
    ],
)
def test_single_mistakes(mistakes: Callable[[str], list[str]], text: str, message: str) -> None:
    (line,) = mistakes(text)
    assert line.startswith(".tsplit-lint.yaml")
    assert message in line


def test_a_file_that_is_no_text(tree: Tree, run: Run) -> None:
    tree.write({".tsplit-lint.yaml": b"\xff\xfe"})
    assert run()[2] == "tsplit-lint: error: .tsplit-lint.yaml: the file is not UTF-8\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[tool.tsplit-lint]\nignore = ["TS2"\n', ":2: not TOML: "),
        ("[tool]\ntsplit-lint = 3\n", ":2: the settings must be a mapping of keys to values"),
    ],
)
def test_toml_that_cannot_be_read(
    mistakes: Callable[..., list[str]], text: str, message: str
) -> None:
    (line,) = mistakes(text, "pyproject.toml")
    assert line.startswith("pyproject.toml:")
    assert message in line


def test_a_byte_order_mark_and_an_empty_file_are_fine(tree: Tree, run: Run) -> None:
    tree.write({".tsplit-lint.yaml": b"\xef\xbb\xbfignore: [TS2]\n"})
    assert shown(run)["ignore"][0] == ["TS2"]
    tree.write({".tsplit-lint.yaml": "# nothing yet\n"})
    assert run("a.yaml")[0] == 1


@pytest.mark.parametrize("path", ["nowhere.yaml", "."])
def test_a_file_that_is_not_there(run: Run, path: str) -> None:
    code, out, err = run("--config", path)
    assert (code, out) == (2, "")
    assert err.startswith(f"tsplit-lint: error: {path}: ")


def test_mistakes_in_flags_are_told_together(tree: Tree, run: Run) -> None:
    tree.write({".tsplit-lint.yaml": "selct: [TS2]\n"})
    code, _out, err = run(
        *("a.yaml", "--select", "TS2O1", "--ignore", "???", "--severity", "TS201=warn"),
        *(
            "--severity",
            "TS201",
            "--severity",
            "weight-sum=info",
            "--values",
            "no",
            "--context",
            "no",
        ),
    )
    assert code == 2
    assert [line.removeprefix("tsplit-lint: error: ") for line in err.splitlines()] == [
        '.tsplit-lint.yaml:1:1: unknown key "selct"; did you mean "select"?',
        "--severity TS201=warn: write RULE=LEVEL with a level of error, warning or info; "
        'did you mean "warning"?',
        "--severity TS201: write RULE=LEVEL with a level of error, warning or info",
        "--values no: no such file",
        "--context no: no such file",
        '--select: no rule is called "TS2O1"; did you mean "TS201"?',
        '--ignore: no rule is called "???"; tsplit-lint rules lists them',
        '--severity: no rule is called "weight-sum"; did you mean "weights-sum"?',
    ]


def test_another_tools_code_is_told_apart(run: Run) -> None:
    from tsplit_lint.registry import RuleInfo
    from tsplit_lint.settings import rule_hint

    rule = RuleInfo("TS301", "subset-undefined", ("IST0101",), (), "", "")
    assert rule_hint("IST0101", [rule]) == "; it is another tool's code for TS301"


def test_ids_that_became_part_of_another_rule_are_known(run: Run) -> None:
    assert run("a.yaml", "--ignore", "TS131")[0] == 0


# the schema


def test_the_schema_is_one() -> None:
    schema = _schema()
    Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False


def test_the_schema_knows_what_the_settings_know() -> None:
    properties = dict(_schema()["properties"])
    mesh = properties.pop("mesh")["properties"]
    assert [*properties, *(f"mesh.{key}" for key in mesh)] == list(KEYS)
    assert all("description" in value for value in (*properties.values(), *mesh.values()))


def test_the_defaults_in_the_schema_are_the_real_ones(run: Run) -> None:
    properties = dict(_schema()["properties"])
    mesh = properties.pop("mesh")["properties"]
    wanted = {key: value["default"] for key, value in properties.items()}
    wanted |= {f"mesh.{key}": value["default"] for key, value in mesh.items()}
    assert wanted == {key: value for key, (value, _source) in shown(run).items()}


WORDS = (
    st.sampled_from(["TS201", "error", "", "select"]) | st.none() | st.booleans() | st.integers()
)
VALUES = st.recursive(
    WORDS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["paths", "ignore", "severity", "complete", "root-namespace", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
FILES = st.dictionaries(
    st.sampled_from([*_schema()["properties"], "selct"]),
    VALUES | st.just(["TS201"]) | st.just("info") | st.just([{"paths": ["a"], "complete": True}]),
    max_size=5,
)


@given(FILES)
def test_the_quick_look_and_the_validator_agree(data: dict[str, Any]) -> None:
    schema = _schema()
    assert surely_fits(data, schema) == Draft202012Validator(schema).is_valid(data)


def test_the_quick_look_vouches_for_no_keyword_that_it_does_not_know() -> None:
    assert not surely_fits("a", {"pattern": "a"})


def test_a_valid_file_needs_no_validator(tree: Tree, run: Run, monkeypatch: Any) -> None:
    import sys

    tree.write({".tsplit-lint.yaml": "ignore: [TS2]\n"})
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    assert run("a.yaml")[0] == 0


# the version of Istio


def test_the_version_of_istio_is_text(tree: Tree, run: Run) -> None:
    tree.write({".tsplit-lint.yaml": "istio-version: 1.20\n", "a.yaml": ""})
    code, _out, err = run("a.yaml")
    assert code == 2
    assert ".tsplit-lint.yaml:1:16" in err
    assert "istio-version" in err


@pytest.mark.parametrize("word", ["1", "v1.20", "1.x", "newest"])
def test_what_is_no_version_is_an_error(tree: Tree, run: Run, word: str) -> None:
    tree.write({"a.yaml": ""})
    code, _out, err = run("--istio-version", word, "a.yaml")
    assert code == 2
    assert f'"{word}" is no version: write it as 1.20, or latest' in err


def test_a_rule_may_depend_on_the_version(tree: Tree, run: Run) -> None:
    tree.write(
        {
            "a.yaml": """\
                apiVersion: networking.istio.io/v1beta1
                kind: VirtualService
                metadata: {name: shop}
                spec:
                  hosts: [shop]
                  http:
                  - route:
                    - {destination: {host: shop, subset: a}, weight: 80}
                    - {destination: {host: shop, subset: b}, weight: 10}
                """
        }
    )
    _code, now, _err = run("--format", "concise", "--select", "TS201", "a.yaml")
    _code, old, _err = run(
        *("--format", "concise", "--select", "TS201", "--istio-version", "1.12.9", "a.yaml")
    )
    assert "serves 88.9% and 11.1% instead of 80% and 10%" in now
    assert "Istio before 1.13 refuses the VirtualService" in old


# values sets and the engine of charts


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("values-sets: [a.yaml]\n", '"values-sets" must be a mapping, not a list'),
        (
            "values-sets: {prod: values.yaml}\n",
            '"values-sets.prod" must be a list, not "values.yaml"',
        ),
        ("values-sets: {prod: [1]}\n", '"values-sets.prod[0]" must be text, not 1'),
        ("helm-engine: helm3\n", '"helm-engine" must be auto, built-in or helm, not "helm3"'),
        (
            "helm-engine: helm\n",
            "Helm's own engine is not installed: pip install 'tsplit-lint[helm]'",
        ),
    ],
)
def test_mistakes_in_values_sets_and_the_engine(
    mistakes: Callable[[str], list[str]], text: str, told: str
) -> None:
    (line,) = mistakes(text)
    assert told in line


def test_config_tells_what_renders_charts(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("config")[1].splitlines()[1] == "charts rendered by: built-in"
    monkeypatch.setattr("tsplit_lint.helm.installed.is_installed", lambda: True)
    monkeypatch.setattr("tsplit_lint.helm.installed.version", lambda: "1.2")
    told = "Helm's own engine (helm-python-sdk 1.2)"
    assert run("config")[1].splitlines()[1] == f"charts rendered by: {told}"
    assert json.loads(run("config", "--format", "json")[1])["charts_rendered_by"] == told


def test_the_folder_of_a_service_must_be_there(tree: Tree, run: Run) -> None:
    tree.write({".tsplit-lint.yaml": "services:\n  shop: deploy/shop\n", "a.yaml": ""})
    code, _out, err = run("a.yaml")
    assert code == 2
    assert ".tsplit-lint.yaml:2:9: deploy/shop: no such folder" in err

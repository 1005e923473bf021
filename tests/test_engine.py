"""The run: which rules speak, how loud, about what, and what is counted."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conftest import Tree
from tsplit_lint import (
    Catalog,
    Config,
    DestinationRule,
    Document,
    Finding,
    Place,
    Report,
    Resource,
    Rollout,
    Rule,
    Scope,
    Severity,
    SourceFile,
    VirtualService,
    engine,
    lint,
)
from tsplit_lint.registry import RuleInfo, all_rules

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
  - route:
    - destination: {host: shop}
      weight: 40
"""


def run(tree: Tree, **settings: Any) -> Report:
    return lint([tree.root], Config(root=tree.root, **settings))


def shown(report: Report) -> list[str]:
    return [f"{f.file}:{f.span.line} {f.rule} {f.severity.label}" for f in report.findings]


# --- rules for these tests --------------------------------------------------------------------
class Seen(Rule[Resource]):
    """Every object is seen."""

    id, name, severity = "X001", "seen", Severity.INFO

    def check(self, subject: Resource, catalog: Catalog) -> Iterator[Finding]:
        yield self.finding(subject.head(), f"{subject.kind} is seen.")


class Fails(Seen):
    """Fails at the second object."""

    id, name, severity = "X002", "fails", Severity.ERROR

    def check(self, subject: Resource, catalog: Catalog) -> Iterator[Finding]:
        yield self.finding(subject.head(), "Seen before it fails.")
        if subject.name == "b":
            raise ValueError("what a pity")


class Counts(Rule[SourceFile | Document | Scope | VirtualService | Rollout]):
    """Counts what it visits."""

    id, name, severity = "X003", "counts", Severity.INFO
    visited: dict[str, int] = {}

    def check(self, subject: Any, catalog: Catalog) -> Iterator[Finding]:
        kind = type(subject).__name__
        self.visited[kind] = self.visited.get(kind, 0) + 1
        yield from ()


def use(monkeypatch: pytest.MonkeyPatch, *rules: type[Rule[Any]]) -> None:
    """Run with these rules alone."""
    infos = tuple(
        RuleInfo(
            id=rule.id,
            name=rule.name,
            aliases=rule.aliases,
            subjects=tuple(subject.__name__ for subject in rule.subjects()),
            module=rule.__module__,
            class_name=rule.__name__,
            plugin=rule,
        )
        for rule in rules
    )
    monkeypatch.setattr(engine, "all_rules", lambda: (infos, []))


OBJECTS = "".join(
    f"---\napiVersion: networking.istio.io/v1\nkind: {kind}\nmetadata: {{name: {name}}}\n"
    for kind, name in (("Gateway", "a"), ("VirtualService", "b"), ("DestinationRule", "c"))
)


# --- rules that fail --------------------------------------------------------------------------
def test_a_rule_that_fails_is_one_note_and_the_others_go_on(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TSPLIT_LINT_DEBUG")
    use(monkeypatch, Fails, Seen)
    tree.write({"a/a.yaml": OBJECTS, "b/b.yaml": OBJECTS})
    report = run(tree)
    assert report.notes == ["rule X002 failed (ValueError: what a pity) and was left out"]
    found = [finding.rule for finding in report.findings]
    assert found.count("X001") == 6
    assert found.count("X002") == 2


class Always(Rule[VirtualService | DestinationRule]):
    """Fails at everything."""

    id, name, severity = "X005", "always", Severity.ERROR

    def check(self, subject: Resource, catalog: Catalog) -> Iterator[Finding]:
        raise KeyError("host")


def test_a_rule_that_fails_at_two_kinds_is_one_note_too(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TSPLIT_LINT_DEBUG")
    use(monkeypatch, Always)
    tree.write({"a.yaml": OBJECTS})
    assert run(tree).notes == ["rule X005 failed (KeyError: 'host') and was left out"]


def test_a_rule_that_fails_raises_where_that_is_asked_for(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, Fails)
    tree.write({"a.yaml": OBJECTS})
    with pytest.raises(ValueError, match="what a pity"):
        run(tree)


# --- what is visited --------------------------------------------------------------------------
def test_what_a_rule_visits(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Counts)
    monkeypatch.setattr(Counts, "visited", {})
    tree.write(
        {"a.yaml": OBJECTS, "b/c.yaml": OBJECTS + "---\nkind: Secret\nname: x\n", "d/e.yaml": ""}
    )
    run(tree)
    assert Counts.visited == {"SourceFile": 3, "Document": 6, "Scope": 3, "VirtualService": 2}


def test_context_is_not_visited(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Counts, Seen)
    monkeypatch.setattr(Counts, "visited", {})
    tree.write({"a.yaml": OBJECTS, "x/b.yaml": OBJECTS})
    report = lint([tree.root / "a.yaml"], Config(root=tree.root, context=(tree.root / "x",)))
    assert Counts.visited == {"SourceFile": 1, "Document": 3, "Scope": 1, "VirtualService": 1}
    assert {finding.file for finding in report.findings} == {"a.yaml"}


def test_a_finding_in_the_context_is_left_out(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    class Other(Rule[VirtualService]):
        """Points at every file in sight."""

        id, name, severity = "X004", "other", Severity.ERROR

        def check(self, subject: VirtualService, catalog: Catalog) -> Iterator[Finding]:
            for file in catalog.files:
                yield self.finding(Place(file), "There.")

    use(monkeypatch, Other)
    tree.write({"a.yaml": OBJECTS, "x/b.yaml": OBJECTS})
    report = lint([tree.root / "a.yaml"], Config(root=tree.root, context=(tree.root / "x",)))
    assert [finding.file for finding in report.findings] == ["a.yaml"]


def test_a_rule_is_imported_only_where_its_subject_is(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []
    load = RuleInfo.load

    def note(info: RuleInfo) -> Any:
        loaded.append(info.id)
        return load(info)

    monkeypatch.setattr(RuleInfo, "load", note)
    tree.write({"a.yaml": "kind: Pod\nmetadata: {name: a}\n"})
    run(tree)
    assert "TS201" not in loaded
    tree.write({"a.yaml": WRONG})
    run(tree)
    assert "TS201" in loaded


# --- which rules speak ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("select", "ignore", "speaks"),
    [
        (("ALL",), (), True),
        (("TS201",), (), True),
        (("TS2",), (), True),
        (("TS",), (), True),
        (("weights-sum",), (), True),
        (("TS131",), (), True),
        (("TS9", "TS201"), (), True),
        (("TS204",), (), False),
        (("weights",), (), False),
        (("",), (), False),
        ((), (), False),
        (("ALL",), ("TS201",), False),
        (("ALL",), ("TS2",), False),
        (("ALL",), ("weights-sum",), False),
        (("TS201",), ("ALL",), False),
        (("ALL",), ("TS204",), True),
    ],
)
def test_select_and_ignore(
    tree: Tree, select: tuple[str, ...], ignore: tuple[str, ...], speaks: bool
) -> None:
    tree.write({"a.yaml": WRONG})
    found = {finding.rule for finding in run(tree, select=select, ignore=ignore).findings}
    assert ("TS201" in found) is speaks


# --- severities -------------------------------------------------------------------------------
BOTH = ("TS201", "TS204")


def test_severities_are_those_of_the_rules(tree: Tree) -> None:
    tree.write({"a.yaml": WRONG})
    assert shown(run(tree, select=BOTH)) == ["a.yaml:8 TS201 error", "a.yaml:15 TS204 warning"]


@pytest.mark.parametrize(
    ("levels", "found"),
    [
        ({"TS201": Severity.INFO}, ["info", "warning"]),
        ({"weights-sum": Severity.INFO}, ["info", "warning"]),
        ({"TS2": Severity.ERROR}, ["error", "error"]),
        ({"ALL": Severity.INFO}, ["info", "info"]),
        ({"ALL": Severity.INFO, "TS201": Severity.ERROR}, ["error", "info"]),
        ({"TS201": Severity.WARNING, "ALL": Severity.INFO}, ["warning", "info"]),
        ({"TS3": Severity.INFO}, ["error", "warning"]),
    ],
)
def test_severities_can_be_set(tree: Tree, levels: dict[str, Severity], found: list[str]) -> None:
    tree.write({"a.yaml": WRONG})
    report = run(tree, select=BOTH, severity=levels)
    assert [finding.severity.label for finding in report.findings] == found


@pytest.mark.parametrize(
    ("least", "found"),
    [
        (Severity.INFO, ["TS201", "TS204"]),
        (Severity.WARNING, ["TS201", "TS204"]),
        (Severity.ERROR, ["TS201"]),
    ],
)
def test_mild_findings_can_be_hidden(tree: Tree, least: Severity, found: list[str]) -> None:
    tree.write({"a.yaml": WRONG})
    report = run(tree, select=BOTH, min_severity=least)
    assert [finding.rule for finding in report.findings] == found


def test_what_is_hidden_still_fails(tree: Tree) -> None:
    tree.write({"a.yaml": WRONG})
    hidden = run(tree, select=("TS204",), min_severity=Severity.ERROR)
    assert hidden.findings == []
    assert hidden.fails(Severity.WARNING)
    assert not hidden.fails(Severity.ERROR)
    assert not run(tree, select=("TS3",)).fails(Severity.INFO)


# --- counts and order -------------------------------------------------------------------------
def test_counts(tree: Tree) -> None:
    tree.write(
        {
            "a.yaml": WRONG + "---\nkind: Secret\nname: x\n---\n# nothing\n",
            "b/list.yaml": "kind: List\nitems:\n- {kind: Gateway}\n- {kind: DestinationRule}\n",
            "c.json": "{}\n",
            "values.yaml": "a: 1\n",
            "text.txt": "kind: Service\n",
        }
    )
    report = run(tree, select=BOTH)
    assert (report.files, report.documents, report.resources) == (4, 5, 3)
    assert (report.rollouts, report.suppressed, report.unreadable) == (0, 0, [])
    assert {level: report.count(level) for level in Severity} == {
        Severity.INFO: 0,
        Severity.WARNING: 1,
        Severity.ERROR: 1,
    }
    assert sorted(report.sources) == ["a.yaml", "b/list.yaml", "c.json", "values.yaml"]


def test_an_empty_tree(tree: Tree) -> None:
    report = run(tree)
    assert (report.findings, report.files, report.worst) == ([], 0, None)


def test_findings_are_sorted(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Seen, type("Again", (Seen,), {"id": "X000", "name": "again"}))
    tree.write({"b.yaml": OBJECTS, "a.yaml": OBJECTS, "B.yaml": OBJECTS, "a/x.yaml": OBJECTS})
    report = run(tree)
    order = [(f.file, f.span.line, f.span.column, f.rule) for f in report.findings]
    assert order == sorted(order)
    assert len(order) == 24


def test_the_order_of_the_paths_changes_nothing(tree: Tree) -> None:
    tree.write({"b.yaml": WRONG, "a.yaml": WRONG, "c/d.yaml": WRONG})
    config = Config(root=tree.root, select=BOTH)
    paths = [tree.root / name for name in ("c", "b.yaml", "a.yaml")]
    findings = lint(paths, config).findings
    assert findings == lint(paths[::-1], config).findings == lint([tree.root], config).findings


def test_the_default_settings_are_those_of_the_working_directory(tree: Tree) -> None:
    tree.write({"a.yaml": WRONG})
    assert "TS201" in {finding.rule for finding in lint(["."]).findings}


def test_all_rules_have_their_say(tree: Tree) -> None:
    infos, notes = all_rules()
    assert notes == []
    assert len({info.id for info in infos}) == len(infos) > 20


# --- streams ----------------------------------------------------------------------------------
def test_a_pipe_is_read(tree: Tree) -> None:
    pipe = tree.root / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(WRONG,))
    writer.start()
    report = lint([pipe], Config(root=tree.root, select=("TS201",)))
    writer.join()
    assert [finding.span.line for finding in report.findings] == [8]


def test_a_socket_cannot_be_read_and_is_named(tree: Tree) -> None:
    tree.write({"a.yaml": WRONG})
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.sock")
        report = lint(["s.sock", "a.yaml"], Config(root=tree.root, select=("TS201",)))
    assert len(report.findings) == 1
    assert [told.partition(":")[0] for told in report.unreadable] == ["s.sock"]


def test_findings_are_plain_values(tree: Tree) -> None:
    tree.write({"a.yaml": WRONG})
    (finding,) = run(tree, select=("TS201",)).findings
    assert replace(finding) == finding
    assert hash(finding) == hash(replace(finding))
    assert Path(finding.file).name == "a.yaml"

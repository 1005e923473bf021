"""Whole charts: subcharts, sets of values, what does not deploy, and findings in the chart's own files."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import tarfile
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

import pytest
from charts import archive, chart
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import Run, Tree
from tsplit_lint import Config, Report, lint
from tsplit_lint.helm.archive import ArchiveError, Room, unpack
from tsplit_lint.helm.stream import match_lines

HAS_HELM = find_spec("helm_python") is not None
HEAD = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: {{ .Chart.Name }}
spec:
  hosts: [shop]
  http:
"""
ROUTE = """\
  - ^route:
    - destination: {host: shop, subset: a}
      weight: {{ .Values.w }}
    - destination: {host: shop, subset: b}
      weight: 10
"""
TEMPLATE = HEAD + ROUTE
PLAIN = TEMPLATE.replace("^", "")
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: %s, namespace: n}\nspec: {ports: [{port: 80}]}\n"


@pytest.fixture(params=["built-in", "helm"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tree: Tree) -> str:
    """Each of the engines that render charts."""
    if request.param == "helm":
        if not HAS_HELM:
            pytest.skip("Helm's own engine is not installed")
        monkeypatch.setattr("tsplit_lint.helm.installed.is_installed", lambda: True)
    return str(request.param)


def places(files: Mapping[str, str]) -> list[str]:
    """Where the `^` stand, as `Tree.show` writes it."""
    return sorted(
        f"{name}:{number}:{match.start() - index + 1} TS201"
        for name, text in files.items()
        for number, line in enumerate(text.split("\n"), start=1)
        for index, match in enumerate(re.finditer(r"\^", line))
    )


def check(tree: Tree, files: Mapping[str, str], **settings: Any) -> None:
    """The weights are found wrong at the `^` of all files, and nothing is amiss with templates."""
    tree.write({name: text.replace("^", "").encode() for name, text in files.items()})
    found = tree.show(select=("TS201", "TS001", "TS003", "TS005"), **settings)
    assert sorted(found) == places(files)


def report(tree: Tree, **settings: Any) -> Report:
    return lint([tree.root], Config(root=tree.root, **settings))


# --- subcharts --------------------------------------------------------------------------------
def test_findings_stand_in_the_template_of_a_subchart(tree: Tree, engine: str) -> None:
    check(
        tree,
        {
            "c/Chart.yaml": chart("shop", "name: web, version: 1.0.0"),
            "c/values.yaml": "web: {w: 80}\n",
            "c/charts/web/Chart.yaml": chart("web"),
            "c/charts/web/values.yaml": "w: 90\n",
            "c/charts/web/templates/a.yaml": "{{- if .Values.w }}\n" + TEMPLATE + "{{- end }}\n",
            "c/templates/a.yaml": PLAIN.replace("{{ .Values.w }}", "{{ add .Values.web.w 10 }}"),
        },
    )


@pytest.mark.parametrize("enabled", [True, False])
def test_a_subchart_that_is_not_enabled_does_not_deploy(
    tree: Tree, engine: str, enabled: bool
) -> None:
    check(
        tree,
        {
            "c/Chart.yaml": chart("shop", "name: web, version: 1.0.0, condition: web.enabled"),
            "c/values.yaml": f"web: {{enabled: {json.dumps(enabled)}, w: 80}}\n",
            "c/charts/web/Chart.yaml": chart("web"),
            "c/charts/web/templates/a.yaml": TEMPLATE if enabled else PLAIN,
            "c/charts/web/templates/b.yaml": (TEMPLATE if enabled else PLAIN).replace(
                "{{ .Values.w }}", "80"
            ),
        },
    )


def test_an_alias_makes_a_subchart_of_its_own(tree: Tree, engine: str) -> None:
    files = {
        "c/Chart.yaml": chart(
            "shop",
            "name: web, version: 1.0.0, alias: blue",
            "name: web, version: 1.0.0, alias: green",
        ),
        "c/values.yaml": "blue: {w: 90}\ngreen: {w: 80}\n",
        "c/charts/web/Chart.yaml": chart("web"),
        "c/charts/web/templates/a.yaml": PLAIN,
    }
    tree.write(files)
    (finding,) = tree.lint(select=("TS201", "TS003"))
    assert finding.message.endswith(" This is so in the subchart green.")
    assert finding.resource is not None
    assert finding.resource.name == "green"
    tree.write({"c/values.yaml": "blue: {w: 80}\ngreen: {w: 80}\n"})
    (finding,) = tree.lint(select=("TS201", "TS003"))
    assert "This is so" not in finding.message


def test_objects_of_a_chart_and_its_subcharts_deploy_together(tree: Tree) -> None:
    rule = (
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: shop}\n"
        "spec:\n  host: shop\n  subsets:\n  - {name: a, labels: {v: a}}\n"
    )
    tree.write(
        {
            "c/Chart.yaml": chart("shop"),
            "c/values.yaml": "w: 90\n",
            "c/templates/a.yaml": PLAIN,
            "c/charts/rules/Chart.yaml": chart("rules"),
            "c/charts/rules/templates/dr.yaml": rule,
        }
    )
    assert tree.show(select=("TS301",)) == ["c/templates/a.yaml:11:41 TS301"]


@pytest.mark.parametrize("packed", [True, False])
def test_helpers_of_a_library(tree: Tree, engine: str, packed: bool) -> None:
    library = {
        "Chart.yaml": chart("common", more="type: library\n"),
        "templates/_h.tpl": '{{ define "weight" }}80{{ end }}',
        "templates/x.yaml": "a: [\n",
    }
    tree.write(
        {
            "c/Chart.yaml": chart("shop", "name: common, version: 1.0.0"),
            "c/templates/a.yaml": PLAIN.replace("{{ .Values.w }}", '{{ include "weight" . }}'),
        }
    )
    if packed:
        tree.write({"c/charts/common-1.0.0.tgz": archive(library, "common")})
    else:
        tree.write({f"c/charts/common/{name}": text for name, text in library.items()})
    assert tree.show(select=("TS201", "TS003", "TS001")) == ["c/templates/a.yaml:8:5 TS201"]


def test_a_dependency_that_is_not_in_sight(tree: Tree, engine: str) -> None:
    """Its helper is missing here; it is fetched before the deployment."""
    tree.write(
        {
            "c/Chart.yaml": chart(
                "shop", "name: common, version: 1.0.0, repository: 'https://charts.example.com'"
            ),
            "c/templates/a.yaml": PLAIN.replace("{{ .Values.w }}", '{{ include "weight" . }}'),
            "c/templates/b.yaml": PLAIN.replace("{{ .Values.w }}", "80"),
        }
    )
    found = report(tree, select=("TS201", "TS003"), complete=True).findings
    assert [(f.file, f.rule, f.severity.label) for f in found] == [
        ("c/templates/a.yaml", "TS003", "info"),
        ("c/templates/b.yaml", "TS201", "error"),
    ]


def test_a_chart_that_lacks_a_dependency_is_never_complete(tree: Tree) -> None:
    files = {"c/templates/a.yaml": PLAIN, "c/values.yaml": "w: 90\n"}
    tree.write({**files, "c/Chart.yaml": chart("shop")})
    assert tree.show(select=("TS302", "TS401"), complete=True) != []
    tree.write({"c/Chart.yaml": chart("shop", "name: web, version: 1.0.0")})
    assert tree.show(select=("TS302", "TS401"), complete=True) == []


# --- subcharts that no one edits here ------------------------------------------------------------
RULE = (
    "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: shop}\n"
    "spec:\n  host: shop\n  subsets:\n  - {name: a, labels: {v: a}}\n"
    "  - {name: {{ .Values.other }}, labels: {v: b}}\n"
)


@pytest.mark.parametrize(("other", "breaks"), [("b", False), ("c", True)])
@pytest.mark.parametrize("place", ["packed", "within", "folder", "ignored"])
def test_objects_of_a_subchart_wherever_it_lies(
    tree: Tree, engine: str, place: str, other: str, breaks: bool
) -> None:
    """They are rendered with the values of the chart that uses it; only a folder is linted."""
    rules = {
        "Chart.yaml": chart("rules"),
        "values.yaml": "other: none\n",
        "templates/dr.yaml": RULE,
        "templates/vs.yaml": PLAIN.replace("{{ .Values.w }}", "80"),
    }
    keys = "mid: {rules" if place == "within" else "rules: {more"
    tree.write(
        {
            "c/Chart.yaml": chart(
                "shop",
                f"name: {'mid' if place == 'within' else 'rules'}, version: 1.0.0, "
                "repository: 'file://../beside/rules'",
            ),
            "c/values.yaml": f"w: 90\n{keys}: {{other: {other}}}, other: {other}}}\n",
            "c/templates/a.yaml": PLAIN,
        }
    )
    if place == "packed":
        tree.write({"c/charts/rules-1.0.0.tgz": archive(rules, "rules")})
    elif place == "within":
        mid = {"Chart.yaml": chart("mid")}
        mid |= {f"charts/rules/{name}": text for name, text in rules.items()}
        tree.write({"c/charts/mid-1.0.0.tgz": archive(mid, "mid")})
    elif place == "folder":
        tree.write({f"beside/rules/{name}": text for name, text in rules.items()})
    else:
        tree.write({f"c/charts/rules/{name}": text for name, text in rules.items()})
        tree.write({".gitignore": "charts/\n"})
    found = report(tree, select=("TS301", "TS201", "TS003")).findings
    inside = [(f.file, f.rule) for f in found if f.file != "c/templates/a.yaml"]
    assert [f.rule for f in found if f.file == "c/templates/a.yaml"] == ["TS301"] * breaks
    linted = [("beside/rules/templates/vs.yaml", "TS201")]
    if place == "folder" and breaks:
        linted.append(("beside/rules/templates/vs.yaml", "TS301"))
    assert [each for each in inside if each[1] == "TS201"] == (
        linted[:1] if place == "folder" else []
    )


def test_a_chart_beside_is_judged_by_itself_and_as_the_subchart_it_is(tree: Tree) -> None:
    files = {
        "shop/Chart.yaml": chart(
            "shop",
            "name: web, version: 1.0.0, alias: blue, repository: 'file://../web'",
            "name: web, version: 1.0.0, alias: green, repository: 'file://../web'",
        ),
        "shop/values.yaml": "blue: {w: 80}\ngreen: {w: 90}\n",
        "web/Chart.yaml": chart("web"),
        "web/values.yaml": "w: 90\n",
        "web/templates/a.yaml": PLAIN,
    }
    tree.write(files)
    (finding,) = tree.lint(select=("TS201", "TS003"))
    assert (finding.file, finding.span.line) == ("web/templates/a.yaml", 8)
    assert finding.message.endswith(" This is so in the subchart blue of shop.")
    tree.write({"web/values.yaml": "w: 70\n"})
    tree.write({"shop/values.yaml": "blue: {w: 80}\ngreen: {w: 80}\n"})
    ends = [
        finding.message.partition(" This is so ")[2] for finding in tree.lint(select=("TS201",))
    ]
    assert sorted(ends) == [
        "in the subchart blue of shop and the subchart green of shop.",
        "where the chart is installed by itself.",
    ]
    tree.write({"web/values.yaml": "w: 80\n"})
    (finding,) = tree.lint(select=("TS201", "TS003"))
    assert "This is so" not in finding.message
    assert lint([tree.root / "shop"], Config(root=tree.root)).findings == []


def test_a_chart_beside_that_is_not_enabled(tree: Tree) -> None:
    tree.write(
        {
            "shop/Chart.yaml": chart(
                "shop",
                "name: web, version: 1.0.0, condition: web.enabled, repository: 'file://../web'",
            ),
            "shop/values.yaml": "web: {w: 80, enabled: false}\n",
            "web/Chart.yaml": chart("web"),
            "web/values.yaml": "w: 90\n",
            "web/templates/a.yaml": PLAIN,
        }
    )
    assert tree.show(select=("TS201",)) == []
    tree.write({"shop/values.yaml": "web: {w: 80, enabled: true}\n"})
    assert tree.show(select=("TS201",)) == ["web/templates/a.yaml:8:5 TS201"]


def test_charts_beside_that_depend_on_each_other(tree: Tree, engine: str) -> None:
    depends = "name: {0}, version: 1.0.0, repository: 'file://../{0}'"
    tree.write(
        {
            "a/Chart.yaml": chart("a", depends.format("b")),
            "b/Chart.yaml": chart("b", depends.format("a"), depends.format("b")),
            "b/templates/a.yaml": PLAIN.replace("{{ .Values.w }}", "80"),
        }
    )
    assert tree.show(select=("TS201", "TS003")) == ["b/templates/a.yaml:8:5 TS201"]


def _bomb(kind: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as packed:
        entry = tarfile.TarInfo("web/Chart.yaml")
        if kind == "large":
            entry.size = 60_000_000
            packed.addfile(entry, io.BytesIO(b"\0" * entry.size))
        elif kind == "header":
            entry.pax_headers = {"comment": "x" * 60_000_000}
            packed.addfile(entry)
        else:
            for number in range(6_000):
                packed.addfile(tarfile.TarInfo(f"web/templates/{number}.yaml"))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "damaged"),
        (b"none", "no gzip archive"),
        (archive({"Chart.yaml": chart("web")}, "web")[:60], "damaged"),
        (gzip.compress(b"none"), "no tar archive"),
        (archive({"templates/a.yaml": "a: 1"}, "web"), "it holds no chart"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "Git LFS"),
        (_bomb("large"), "unpacks to more than 50 MB"),
        (_bomb("header"), "unpacks to more than 50 MB"),
        (_bomb("many"), "more than 5,000 files"),
        (os.urandom(10_000_001), "larger than 10 MB"),
    ],
    ids=["empty", "text", "cut", "no-tar", "no-chart", "lfs", "large", "header", "many", "random"],
)
def test_an_archive_that_cannot_be_read_is_told_in_one_line(
    tree: Tree, data: bytes, reason: str
) -> None:
    tree.write(
        {
            "c/Chart.yaml": chart("shop", "name: web, version: 1.0.0"),
            "c/templates/a.yaml": PLAIN.replace("{{ .Values.w }}", "80"),
            "c/charts/web-1.0.0.tgz": data,
        }
    )
    found = report(tree, select=("TS201", "TS003"), complete=True)
    assert [finding.rule for finding in found.findings] == ["TS201"]
    (note,) = found.notes
    assert "web-1.0.0.tgz is not read as a subchart: " in note
    assert reason in note
    assert "\n" not in note


def test_archives_within_archives(tree: Tree) -> None:
    """They are read, and bounded together."""
    rules = {"Chart.yaml": chart("rules"), "templates/dr.yaml": RULE, "values.yaml": "other: c\n"}
    large = {"Chart.yaml": chart("large"), "x": "\0" * 45_000_000}

    def packed(files: Mapping[str, str | bytes], name: str) -> bytes:
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as tar:
            for path, content in files.items():
                data = content if isinstance(content, bytes) else content.encode()
                entry = tarfile.TarInfo(f"{name}/{path}")
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))
        return stream.getvalue()

    mid: dict[str, str | bytes] = {"Chart.yaml": chart("mid")}
    mid["charts/a-rules-1.0.0.tgz"] = packed(rules, "rules")
    tree.write(
        {
            "c/Chart.yaml": chart("shop"),
            "c/values.yaml": "w: 90\n",
            "c/templates/a.yaml": PLAIN,
            "c/charts/mid-1.0.0.tgz": packed(mid, "mid"),
        }
    )
    assert tree.show(select=("TS301",)) == ["c/templates/a.yaml:11:41 TS301"]
    bomb = packed(large, "large")
    mid |= {f"charts/b{number}-1.0.0.tgz": bomb for number in range(6)}
    tree.write({"c/charts/mid-1.0.0.tgz": packed(mid, "mid")})
    (note,) = report(tree, select=("TS301",)).notes
    assert "unpack to more than 200 MB" in note


def test_names_that_lead_out_of_an_archive_are_left_out(tree: Tree) -> None:
    files = {
        "Chart.yaml": chart("web"),
        "../../templates/a.yaml": SERVICE % "up",
        "templates/../../b.yaml": SERVICE % "out",
        "templates//c.yaml": SERVICE % "twice",
        "templates/d.yaml": SERVICE % "web",
    }
    tree.write(
        {
            "c/Chart.yaml": chart("shop"),
            "c/charts/web-1.0.0.tgz": archive(files, "web"),
            "c/templates/a.yaml": SERVICE % "shop",
        }
    )
    found = report(tree)
    assert found.notes == []
    assert sorted(found.sources) == [
        "c/Chart.yaml",
        "c/charts/web-1.0.0.tgz/templates/d.yaml",
        "c/templates/a.yaml",
    ]


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_archives_are_survived(data: st.DataObject) -> None:
    content = bytearray(
        gzip.decompress(archive({"Chart.yaml": chart("web"), "a": "b" * 600}, "web"))
    )
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, 1500))] = data.draw(st.integers(0, 255))
    with suppress(ArchiveError):
        sizes = map(len, unpack(gzip.compress(bytes(content)), 1000, Room()).values())
        assert max(sizes, default=0) <= 1000


# --- what Helm does not write --------------------------------------------------------------------
@pytest.mark.parametrize(
    "files",
    [
        {"c/templates/_a.yaml": PLAIN},
        {"c/.helmignore": "# no\na.yaml\n", "c/templates/a.yaml": PLAIN},
        {"c/.helmignore": "templates/old/\n", "c/templates/old/a.yaml": PLAIN},
        {"c/Chart.yaml": chart("shop", more="type: library\n"), "c/templates/a.yaml": PLAIN},
        {"c/charts/_web/Chart.yaml": chart("web"), "c/charts/_web/templates/a.yaml": PLAIN},
    ],
)
def test_what_is_not_deployed_is_not_judged(tree: Tree, engine: str, files: dict[str, str]) -> None:
    check(tree, {"c/Chart.yaml": chart("shop"), "c/values.yaml": "w: 80\n", **files})


@pytest.mark.parametrize(
    "action",
    [
        '{{ fail "never" }}',
        '{{ required "give it" .Values.none }}',
        "{{ .Values.none.deep.deeper }}",
        '{{ if not .Values.none }}{{ fail "none is needed" }}{{ end }}',
        '{{ .Values.none | required "give it" }}',
    ],
)
def test_checks_of_values_that_the_deployment_gives(tree: Tree, engine: str, action: str) -> None:
    check(
        tree,
        {
            "c/Chart.yaml": chart("shop"),
            "c/values.yaml": "w: 80\n",
            "c/templates/a.yaml": f"# {action}\n" + TEMPLATE,
            "c/templates/b.yaml": TEMPLATE,
        },
    )


def test_a_word_in_place_of_what_the_deployment_gives(tree: Tree, engine: str) -> None:
    """A field of a text: mild with the chart's own values, an error with values that someone gives."""
    tree.write(
        {
            "c/Chart.yaml": chart("shop"),
            "c/values.yaml": "weights: DEFINED-ELSEWHERE\n",
            "c/templates/a.yaml": PLAIN.replace(".Values.w", ".Values.weights.stable"),
            "c/prod.yaml": "weights: given\n",
        }
    )
    assert [f.severity.label for f in report(tree, select=("TS003",)).findings] == ["info"]
    given = report(tree, select=("TS003",), values=(tree.root / "c/prod.yaml",)).findings
    assert [f.severity.label for f in given] == ["error"]


def test_a_separator_that_is_joined_with_the_next_line(tree: Tree, engine: str) -> None:
    """Helm parts documents there; YAML would not."""
    check(
        tree,
        {
            "c/Chart.yaml": chart("shop"),
            "c/values.yaml": "w: 80\non: true\n",
            "c/templates/a.yaml": "---\n{{- if .Values.w }}\n\n---\n\n{{- end -}}\n" + TEMPLATE,
            "c/templates/b.yaml": "kind: A\n---\n{{- if .Values.w -}}\n"
            + TEMPLATE
            + "{{- end }}\n",
        },
    )


def test_a_library_of_many_helpers(tree: Tree) -> None:
    helper = (
        '{{{{- define "h{0}" -}}}}\n{{{{- if .Values.w }}}}{{{{ .Values.w }}}}{{{{ end -}}}}\n'
        "{{{{- end }}}}\n"
    )
    tree.write({"c/Chart.yaml": chart("shop"), "c/values.yaml": "w: 80\n"})
    for number in range(150):
        text = "".join(helper.format(f"{number}-{each}") for each in range(20))
        tree.write({f"c/templates/_h{number}.tpl": text})
        weight = f'{{{{ include "h{number}-1" . }}}}'
        tree.write({f"c/templates/a{number}.yaml": PLAIN.replace("{{ .Values.w }}", weight)})
    assert len(report(tree, select=("TS201",)).findings) == 150


@pytest.mark.parametrize(
    "value", ["", "{a: 1}", "${workflow.variables.w}", "<+pipeline.variables.w>"]
)
def test_a_weight_that_nobody_gives_is_unknown(tree: Tree, engine: str, value: str) -> None:
    check(
        tree,
        {
            "c/Chart.yaml": chart("shop"),
            "c/values.yaml": f"w: {value}\n" if value != "{a: 1}" else "x: 1\n",
            "c/templates/a.yaml": PLAIN,
            "c/templates/b.yaml": PLAIN.replace(".Values.w", ".Values.w | int"),
        },
    )


# --- where findings are, with both engines ---------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        TEMPLATE,
        "{{- if .Values.live }}\n---\n" + TEMPLATE + "{{- end }}\n---\n" + TEMPLATE,
        "{{/* two\nlines */}}\n{{- $w := .Values.w }}\n" + TEMPLATE.replace(".Values.w", "$w"),
        HEAD + "  {{- range .Values.hosts }}\n  - ^route:\n    - destination: {host: {{ . }}}\n"
        "      weight: 80\n    - destination: {host: b}\n      weight: 10\n  {{- end }}\n",
        HEAD + '  ^{{- include "routes" . | nindent 2 }}\n',
        HEAD.replace("http:", "http: ^{{ toJson .Values.http }}"),
        "# é☸ {{ .Values.w }}\n" + TEMPLATE,
        TEMPLATE.replace("{{ .Values.w }}", '{{ tpl "{{ .Values.w }}" . }}'),
        '# {{ include (print $.Template.BasePath "/other.yaml") . | sha256sum }}\n' + TEMPLATE,
        TEMPLATE.replace(
            "- ^route:", '- name: {{ .Values.none | default "x" | quote }}\n    ^route:'
        ),
        '{{- if .Capabilities.APIVersions.Has "networking.istio.io/v1" }}\n'
        + TEMPLATE
        + "{{- end }}\n",
    ],
)
@pytest.mark.parametrize("breaks", ["\n", "\r\n"])
def test_findings_stand_in_the_template(tree: Tree, engine: str, text: str, breaks: str) -> None:
    tree.write(
        {
            "c/Chart.yaml": chart("shop"),
            "c/values.yaml": "w: 80\nlive: true\nhosts: [a]\n"
            "http: [{route: [{destination: {host: a}, weight: 8}, {destination: {host: b}, weight: 1}]}]\n",
            "c/templates/_h.tpl": '{{ define "routes" -}}\n'
            + ROUTE.replace("^", "").replace("\n  ", "\n").removeprefix("  ")
            + "{{- end }}\n",
            "c/templates/other.yaml": "a: 1\n",
            "c/templates/a.yaml": text.replace("^", "").replace("\n", breaks).encode(),
        }
    )
    assert tree.show(select=("TS201", "TS001", "TS003")) == places({"c/templates/a.yaml": text})


def test_a_template_that_fails_spoils_no_other(tree: Tree, engine: str) -> None:
    broken = HEAD.replace("hosts: [shop]", "hosts: [shop]\n  note: {{ index .Values.list 9 }}")
    tree.write(
        {
            "c/Chart.yaml": chart("shop"),
            "c/values.yaml": "w: 80\nlist: [a]\n",
            "c/templates/a.yaml": broken,
            "c/templates/b.yaml": PLAIN,
            "c/templates/c.yaml": "a: {{ nothing }}\n",
            "c/templates/d.yaml": PLAIN + "{{ if }}\n",
        }
    )
    assert tree.show(select=("TS201", "TS003")) == [
        "c/templates/a.yaml:7:12 TS003",
        "c/templates/b.yaml:8:5 TS201",
        "c/templates/c.yaml:1:7 TS003",
        "c/templates/d.yaml:13:7 TS003",
    ]


def test_numbers_are_floats_as_in_helm(tree: Tree, engine: str) -> None:
    """`eq .Values.w 80` stops a deployment: JSON, which Helm reads values through, has floats only."""
    files = {"c/Chart.yaml": chart("shop"), "c/values.yaml": "w: 80\n"}
    tree.write({**files, "c/templates/a.yaml": "# {{ eq .Values.w 80 }}\n" + PLAIN})
    (finding,) = tree.lint(select=("TS201", "TS003"))
    assert (finding.rule, finding.span.line) == ("TS003", 1)
    assert "incompatible types for comparison" in finding.message
    tree.write({"c/templates/a.yaml": "# {{ eq (int .Values.w) 80 }}\n" + PLAIN})
    assert tree.show(select=("TS201", "TS003")) == ["c/templates/a.yaml:9:5 TS201"]


def test_templates_see_what_those_before_them_have_changed(tree: Tree, engine: str) -> None:
    """Helm renders the last names first."""
    check(
        tree,
        {
            "c/Chart.yaml": chart("shop"),
            "c/values.yaml": "w: 90\n",
            "c/templates/a.yaml": TEMPLATE,
            "c/templates/b.yaml": '{{- $_ := set .Values "w" 80 }}\na: 1\n',
            "c/templates/c.yaml": PLAIN,
        },
    )


# --- sets of values --------------------------------------------------------------------------------
SETS = {"prod": ("values-prod.yaml",), "dev": ("values-dev.yaml",)}
SHOP = {"c/Chart.yaml": chart("shop"), "c/values.yaml": "w: 90\n", "c/templates/a.yaml": PLAIN}


def messages(tree: Tree, **settings: Any) -> list[str]:
    return [finding.message for finding in tree.lint(select=("TS201",), **settings)]


def test_each_set_of_values_is_rendered(tree: Tree, engine: str) -> None:
    tree.write({**SHOP, "c/values-prod.yaml": "w: 80\n", "c/values-dev.yaml": "w: 90\n"})
    (message,) = messages(tree, values_sets=SETS)
    assert message.startswith("The weights of this route sum to 90,")
    assert message.endswith(" This is so with the values of prod.")
    tree.write({"c/values-dev.yaml": "w: 80\n"})
    (message,) = messages(tree, values_sets=SETS)
    assert "This is so" not in message
    tree.write({"c/values-dev.yaml": "w: 70\n"})
    assert [text.rpartition(" ")[2] for text in messages(tree, values_sets=SETS)] == [
        "dev.",
        "prod.",
    ]
    assert messages(tree) == []


def test_sets_of_values_of_a_harness_service(tree: Tree) -> None:
    tree.write(
        {
            "s/values.yaml": "w: 90\n",
            "s/values-prod.yaml": "w: 80\n",
            "s/templates/a.yaml": PLAIN.replace(".Chart.Name", ".Values.w"),
        }
    )
    (message,) = messages(tree, values_sets=SETS)
    assert message.endswith(" This is so with the values of prod.")


def test_a_set_may_lie_beside_the_configuration(tree: Tree, command: Run) -> None:
    tree.write({**SHOP, "env/prod.yaml": "w: 80\n", "c/env/dev.yaml": "w: 70\n"})
    tree.write(
        {".tsplit-lint.yaml": "values-sets:\n  prod: [env/prod.yaml]\n  dev: [env/dev.yaml]\n"}
    )
    code, out, err = command("--select", "TS201", "--format", "concise", "c")
    assert code == 1
    assert [line.rpartition("values of ")[2] for line in out.splitlines()] == ["dev.", "prod."]
    assert "note:" not in out + err


def test_a_file_that_no_chart_has_is_told(tree: Tree, command: Run) -> None:
    tree.write({**SHOP, "c/values-prod.yaml": "w: 90\n"})
    tree.write({".tsplit-lint.yaml": "values-sets:\n  prod: [values-prod.yaml, values-prd.yaml]\n"})
    _code, out, err = command("c")
    assert (
        'note: the values set "prod" names values-prd.yaml, which no chart and no service in sight has'
        in out + err
    )


def test_values_for_all_come_below_those_of_a_set(tree: Tree) -> None:
    tree.write({**SHOP, "all.yaml": "w: 70\n", "c/values-prod.yaml": "w: 80\n"})
    found = messages(tree, values_sets=SETS, values=(tree.root / "all.yaml",))
    assert [re.findall(r"sum to (\d+)|values of (\w+)", text) for text in found] == [
        [("80", ""), ("", "dev")],
        [("90", ""), ("", "prod")],
    ]


def test_objects_of_different_sets_are_never_held_against_each_other(tree: Tree) -> None:
    rule = (
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: shop}\n"
        "spec:\n  host: shop\n  subsets:\n  - {name: {{ .Values.subset }}, labels: {v: a}}\n"
    )
    tree.write({**SHOP, "c/templates/dr.yaml": rule})
    tree.write({"c/values-prod.yaml": "subset: a\n", "c/values-dev.yaml": "subset: b\n"})
    found = tree.lint(values_sets=SETS, select=("ALL",), ignore=("TS0",))
    assert [(f.rule, f.span.line, f.message.rpartition(" ")[2]) for f in found] == [
        ("TS301", 11, "prod."),
        ("TS301", 9, "dev."),
    ] or [(f.rule, f.span.line, f.message.rpartition(" ")[2]) for f in found] == [
        ("TS301", 9, "dev."),
        ("TS301", 11, "prod."),
    ]


def test_counts_are_those_of_the_files(tree: Tree) -> None:
    tree.write({**SHOP, "c/values-prod.yaml": "w: 80\n", "c/values-dev.yaml": "w: 70\n"})
    alone, several = report(tree), report(tree, values_sets=SETS)
    assert several.files == alone.files
    assert several.documents == alone.documents
    assert several.resources == alone.resources


def test_a_suppression_is_used_by_any_set(tree: Tree) -> None:
    marked = PLAIN.replace("  - route:", "  - route: # tsplit-lint: ignore[TS201] known")
    tree.write({**SHOP, "c/templates/a.yaml": marked})
    tree.write({"c/values-prod.yaml": "w: 80\n", "c/values-dev.yaml": "w: 90\n"})
    assert tree.lint(values_sets=SETS, select=("TS201", "TS006", "TS007")) == []


# --- helm template on standard input ------------------------------------------------------------------
def output(name: str, text: str) -> str:
    return f"---\n# Source: {name}\n{text}"


def piped(tree: Tree, text: str, **settings: Any) -> list[str]:
    config = Config(root=tree.root, select=("TS201", "TS301"), **settings)
    found = lint([], config, texts={"<stdin>": text.encode()}).findings
    return [f"{f.file}:{f.span.line}:{f.span.column} {f.rule}" for f in found]


RENDERED = PLAIN.replace("{{ .Chart.Name }}", "shop").replace("{{ .Values.w }}", "70")


def test_findings_in_a_stream_are_shown_in_the_chart(tree: Tree) -> None:
    tree.write({**SHOP, "x/Chart.yaml": chart("other"), "x/templates/a.yaml": PLAIN})
    stream = output("shop/templates/b.yaml", RENDERED) + output("shop/templates/a.yaml", RENDERED)
    assert piped(tree, stream) == ["<stdin>:10:5 TS201", "c/templates/a.yaml:8:5 TS201"]


def test_a_stream_without_its_chart_stays_a_stream(tree: Tree) -> None:
    stream = output("shop/templates/a.yaml", RENDERED)
    assert piped(tree, stream) == ["<stdin>:10:5 TS201"]
    tree.write({**SHOP, "d/Chart.yaml": chart("shop"), "d/templates/a.yaml": PLAIN})
    assert piped(tree, stream) == ["<stdin>:10:5 TS201"]


LISTED = HEAD + "  {{- toYaml .Values.http | nindent 2 }}\n"
LISTED_VALUES = (
    "http:\n- route:\n  - {destination: {host: shop, subset: a}, weight: 80}\n"
    "  - {destination: {host: shop, subset: b}, weight: 10}\n"
)


def test_lines_that_an_action_writes_are_shown_at_the_action(tree: Tree) -> None:
    """A stream with the chart's own values is the same as what the chart writes here."""
    tree.write({"c/Chart.yaml": chart("shop"), "c/values.yaml": LISTED_VALUES})
    tree.write({"c/templates/a.yaml": LISTED})
    text = HEAD.replace("{{ .Chart.Name }}", "shop") + (
        "  - route:\n    - destination:\n        host: shop\n        subset: a\n      weight: 80\n"
        "    - destination:\n        host: shop\n        subset: b\n      weight: 10\n"
    )
    direct = tree.show(select=("TS201",))
    assert direct == ["c/templates/a.yaml:8:3 TS201"]
    assert piped(tree, output("shop/templates/a.yaml", text)) == direct
    # another line of the same document differs: a name that was given on the command line
    renamed = text.replace("name: shop", "name: other")
    assert piped(tree, output("shop/templates/a.yaml", renamed)) == direct
    assert piped(tree, output("shop/templates/a.yaml", text.replace("80", "70"))) == direct


def test_of_several_charts_of_one_name_the_one_that_writes_the_stream(tree: Tree) -> None:
    for folder, subset in (("a", "a"), ("b", "z")):
        files = {"Chart.yaml": chart("shop"), "values.yaml": "w: 70\n"}
        files["templates/a.yaml"] = PLAIN.replace("subset: a", f"subset: {subset}")
        tree.write({f"{folder}/{name}": text for name, text in files.items()})
    stream = output("shop/templates/a.yaml", RENDERED.replace("subset: a", "subset: z"))
    assert piped(tree, stream) == ["b/templates/a.yaml:8:5 TS201"]


def test_a_stream_of_an_archive_stays_a_stream(tree: Tree) -> None:
    web = {"Chart.yaml": chart("web"), "templates/a.yaml": PLAIN, "values.yaml": "w: 70\n"}
    tree.write({"c/Chart.yaml": chart("shop"), "c/charts/web-1.0.0.tgz": archive(web, "web")})
    stream = output("shop/charts/web/templates/a.yaml", RENDERED.replace("name: shop", "name: web"))
    assert piped(tree, stream) == ["<stdin>:10:5 TS201"]


def test_a_chart_of_the_context(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.write({**SHOP, "here/x.txt": ""})
    monkeypatch.chdir(tree.root / "here")
    stream = output("shop/templates/a.yaml", RENDERED)
    assert piped(tree, stream) == ["<stdin>:10:5 TS201"]
    assert piped(tree, stream, context=(tree.root / "c",)) == ["../c/templates/a.yaml:8:5 TS201"]


def test_a_stream_of_subcharts(tree: Tree) -> None:
    tree.write(
        {
            "c/Chart.yaml": chart("shop", "name: web, version: 1.0.0, alias: blue"),
            "c/charts/web/Chart.yaml": chart("web"),
            "c/charts/web/templates/a.yaml": PLAIN,
        }
    )
    stream = output("shop/charts/blue/templates/a.yaml", RENDERED)
    stream += output("shop/charts/none/templates/a.yaml", RENDERED)
    assert piped(tree, stream) == ["<stdin>:24:5 TS201", "c/charts/web/templates/a.yaml:8:5 TS201"]


@pytest.mark.parametrize(
    "name", ["shop/../c/templates/a.yaml", "shop", "/etc/passwd", "shop/templates/", "shop//a.yaml"]
)
def test_odd_sources(tree: Tree, name: str) -> None:
    tree.write(SHOP)
    assert piped(tree, output(name, RENDERED)) == ["<stdin>:10:5 TS201"]


def test_a_stream_is_mapped_from_the_command_line(
    tree: Tree, command: Run, monkeypatch: Any
) -> None:
    import io
    import sys

    tree.write(SHOP)
    stream = output("shop/templates/a.yaml", RENDERED).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stream)))
    code, out, _err = command("--select", "TS201", "-")
    assert code == 1
    assert " --> c/templates/a.yaml:8:5\n  |\n8 |   - route:\n  |     ^^^^^\n" in out


LINES = """\
{{- if .Values.on }}
spec:
  host: {{ .Values.host }}
  labels:
    {{- include "labels" . | nindent 4 }}
  routes:
  {{- range .Values.routes }}
  - name: {{ .name }}
    port: {{ .port }}
  {{- end }}
  first:
    weight: 1
  second:
    weight: 1
{{- end }}
"""


def test_lines_of_a_template() -> None:
    written = """\
spec:
  host: shop
  labels:
    app: a
    team: b
  routes:
  - name: x
    port: 80
  - name: y
    port: 81
  first:
    weight: 1
  second:
    weight: 1
what: else
"""
    found = match_lines(written.splitlines(), LINES)
    assert [found.get(index) for index in range(15)] == [
        *(2, 3, 4, 5, 5, 6, 8, 9, 8, 9, 11, 12, 13, 14, None)
    ]


def test_a_line_that_two_may_have_written_is_not_guessed() -> None:
    template = "a:\n{{ if .x }}\n  weight: 1\n{{ else }}\n  weight: 1\n{{ end }}\nb: 1\n"
    assert match_lines(["a:", "  weight: 1", "b: 1"], template) == {0: 1, 2: 7}


# --- hostile charts ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "files",
    [
        {"c/Chart.yaml": "\0"},
        {"c/Chart.yaml": "name: shop\ndependencies: {a: 1}\n"},
        {"c/Chart.yaml": "name: shop\ndependencies: [1, {name: [a]}, {alias: x}, null]\n"},
        {
            "c/Chart.yaml": "name: shop\ndependencies: "
            "[{name: web, condition: [a], tags: x, import-values: 5}]\n"
        },
        {"c/Chart.yaml": "name: shop\ndependencies: [{name: c, repository: 'file://../c'}]\n"},
        {"c/Chart.yaml": "name: shop\ndependencies: [{name: c, repository: 'file:///'}]\n"},
        {"c/Chart.yaml": 'name: shop\ndependencies: [{name: c, repository: "file://\\0"}]\n'},
        {"c/Chart.yaml": chart("shop", *[f"name: web, alias: a{n}" for n in range(900)])},
        {"c/charts/web-1.tgz": b"no archive"},
        {"c/charts/web-1.tgz": archive({"Chart.yaml": "a: ["}, "web")},
        {"c/charts/web-1.tgz": archive({"../../x": "y"}, "..")},
        {"c/charts/web-1.tgz": archive({"Chart.yaml": chart("web")}, "web")[:40]},
        {
            "c/values.yaml": "w: 80\nweb: text\nglobal: [1]\n",
            "c/charts/web/templates/b.yaml": PLAIN,
        },
        {"c/values.yaml": "w: 80\n1: a\n? [a]\n: b\ntrue: c\nweb: {w: null}\n"},
        {"c/.helmignore": "!\n[\n**/\n\\\n"},
        {"c/charts/web/values.yaml": "global: text\nw: {a: b}\n"},
    ],
)
def test_odd_charts_are_survived(tree: Tree, engine: str, files: dict[str, Any]) -> None:
    tree.write(
        {
            "c/Chart.yaml": chart("shop", "name: web, version: 1.0.0"),
            "c/values.yaml": "w: 80\n",
            "c/templates/a.yaml": PLAIN.replace(".Chart.Name", ".Values.w"),
            "c/charts/web/Chart.yaml": chart("web"),
            "c/charts/web/templates/a.yaml": "a: 1\n",
            **files,
        }
    )
    assert [f for f in tree.show(select=("TS201", "TS003")) if "/web/" not in f] == [
        "c/templates/a.yaml:8:5 TS201"
    ]


def test_a_chart_within_itself(tree: Tree, engine: str) -> None:
    tree.write({"c/Chart.yaml": chart("shop"), "c/values.yaml": "w: 80\n", "c/charts/x.txt": ""})
    tree.write({"c/templates/a.yaml": PLAIN})
    os.symlink("..", tree.root / "c/charts/again")
    os.symlink("../../c", tree.root / "c/charts/more")
    assert tree.show("c/templates", select=("TS201", "TS003")) == ["c/templates/a.yaml:8:5 TS201"]


@pytest.mark.parametrize(
    "values",
    [
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}]\n"
            for a, b in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        "a: &a {k: 1, l: 2}\n"
        + "".join(
            f"{b}: &{b} {{k: *{a}, l: *{a}, m: *{a}, n: *{a}, o: *{a}, p: *{a}}}\n"
            for a, b in zip("abcdefghijklm", "bcdefghijklmn", strict=True)
        ),
    ],
)
def test_values_that_explode_end_soon(tree: Tree, engine: str, values: str) -> None:
    tree.write({"c/Chart.yaml": chart("shop"), "c/values.yaml": values})
    tree.write({"c/templates/a.yaml": PLAIN, "c/templates/b.yaml": "{{ if 1 }}x: 1{{ end }}"})
    assert {finding.rule for finding in tree.lint(select=("TS001", "TS003", "TS005"))} <= {"TS005"}


@pytest.mark.parametrize(
    "template",
    [
        "{{ range until 100000000 }}{{ range until 100000000 }}x{{ end }}{{ end }}",
        '{{ define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}',
        '{{ define "x" }}{{ template "x" . }}{{ end }}{{ template "x" . }}',
        '{{ repeat 1000000000 "xxxxxxxxxx" }}',
        '{{ tpl "{{ tpl . . }}" "{{ tpl . . }}" }}',
    ],
)
def test_templates_that_never_end(
    tree: Tree, engine: str, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tsplit_lint.helm.engine._PATIENCE", 2)
    tree.write({"c/Chart.yaml": chart("shop"), "c/values.yaml": "w: 80\n"})
    tree.write(
        {"c/templates/a.yaml": PLAIN, "c/templates/b.yaml": f"kind: VirtualService\n{template}\n"}
    )
    found = tree.show(select=("TS201", "TS003", "TS005"))
    assert "c/templates/a.yaml:8:5 TS201" in found
    assert len(found) == 2


# --- which engine ----------------------------------------------------------------------------------------
@pytest.mark.skipif(not HAS_HELM, reason="Helm's own engine is not installed")
def test_helms_own_engine_is_asked_where_it_is_installed(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers that are counted have a type that only Go tells apart."""
    kind = '{{ if eq (kindOf (add 1 2)) "int64" }}80{{ else }}90{{ end }}'
    tree.write(
        {
            "c/Chart.yaml": chart("shop"),
            "c/values.yaml": "w: 80\n",
            "c/templates/a.yaml": PLAIN.replace("{{ .Values.w }}", kind),
            "c/templates/b.yaml": "# é\na: 1\nb: {{ .Values.w }}-{{ (add 1 2) | round 1 }}\n",
        }
    )
    assert tree.show(select=("TS201", "TS003")) == []
    monkeypatch.setattr("tsplit_lint.helm.installed.is_installed", lambda: True)
    assert tree.show(select=("TS201", "TS003")) == [
        "c/templates/a.yaml:8:5 TS201",
        "c/templates/b.yaml:3:41 TS003",
    ]
    assert tree.show(select=("TS201", "TS003"), helm_engine="built-in") == []


@pytest.mark.skipif(not HAS_HELM, reason="Helm's own engine is not installed")
def test_a_harness_service_is_never_rendered_by_helm(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_arguments: object) -> dict[str, str]:
        raise AssertionError("Helm was asked")

    monkeypatch.setattr("tsplit_lint.helm.installed.is_installed", lambda: True)
    monkeypatch.setattr("tsplit_lint.helm.engine.HelmProcess.render", never)
    text = PLAIN.replace("{{ .Chart.Name }}", "shop")
    tree.write({"values.yaml": "w: 80\n", "templates/a.yaml": text})
    assert tree.show(select=("TS201",)) == ["templates/a.yaml:8:5 TS201"]


@pytest.mark.skipif(not HAS_HELM, reason="Helm's own engine is not installed")
def test_a_chart_that_helm_refuses_is_told(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tsplit_lint.helm.installed.is_installed", lambda: True)
    tree.write({"c/Chart.yaml": chart("shop"), "c/values.yaml": "w: 80\nweb: text\n"})
    tree.write({"c/charts/web/Chart.yaml": chart("web"), "c/templates/a.yaml": PLAIN})
    found = report(tree, select=("TS201",))
    assert [finding.file for finding in found.findings] == ["c/templates/a.yaml"]
    (note,) = found.notes
    assert note.startswith(
        "Helm's own engine does not render the chart in c, so the built-in one did: "
    )

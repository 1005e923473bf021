"""Templates end to end: a Harness service or a chart, its values, and findings in the template."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from conftest import Tree
from tsplit_lint import Config, Report, Severity, VirtualService, lint

HEAD = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: shop
spec:
  hosts: [shop]
  http:
"""
ROUTE = """\
  - route:
    - destination: {host: shop, subset: a}
      weight: 80
    - destination: {host: shop, subset: b}
      weight: 10
"""
#: A template whose weights are wrong; `^` stands where the finding belongs.
WRONG = HEAD + ROUTE.replace("route:", "^route:")
RIGHT = HEAD + ROUTE.replace("80", "90")
CHART = {"c/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n"}


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


def report(tree: Tree, files: Mapping[str, str], **settings: Any) -> Report:
    tree.write({name: text.encode() for name, text in files.items()})
    return lint([tree.root], Config(root=tree.root, **settings))


def problems(found: Report, path: str) -> list[str]:
    return [
        f"{p.span.line}:{p.span.column} {p.kind}"
        for p in found.sources[path].problems
        if p.kind != "value-missing"
    ]


# --- where the values are ---------------------------------------------------------------------
TEMPLATE = WRONG.replace("80", "{{ .Values.w }}")


@pytest.mark.parametrize(
    ("values", "template"),
    [
        ("values.yaml", "a.yaml"),
        ("values.yml", "a.yaml"),
        ("values.yaml", "templates/a.yaml"),
        ("values.yaml", "templates/istio/canary/a.yaml"),
        ("values.yaml", "istio/a.yaml"),
        ("web/values.yaml", "web/templates/a.json"),
        (
            "Services/web/Manifests/Files/values.yaml",
            "Services/web/Manifests/Files/templates/istio/a.yaml",
        ),
    ],
)
def test_a_harness_service(tree: Tree, values: str, template: str) -> None:
    check(tree, {values: "w: 80\n", template: TEMPLATE})
    tree.write({values: "w: 90\n"})
    assert tree.show(select=("TS201",)) == []


def test_a_plain_file_below_a_service_is_plain(tree: Tree) -> None:
    check(tree, {"values.yaml": "w: 80\n", "templates/a.yaml": WRONG, "b/a.yaml": WRONG})


def test_two_services_have_their_own_values(tree: Tree) -> None:
    check(
        tree,
        {
            "a/values.yaml": "w: 80\n",
            "a/templates/a.yaml": TEMPLATE,
            "b/values.yaml": "w: 90\n",
            "b/templates/a.yaml": TEMPLATE.replace("^", ""),
        },
    )


def test_values_above_the_repository_are_none(tree: Tree) -> None:
    tree.write({"values.yaml": "w: 80\n", "repo/.git/config": ""})
    tree.write({"repo/a.yaml": TEMPLATE.replace("^", "")})
    config = Config(root=tree.root / "repo", select=("TS201",))
    assert lint([tree.root / "repo"], config).findings == []


def test_values_beside_the_repository_root_count(tree: Tree) -> None:
    check(tree, {".git/config": "", "values.yaml": "w: 80\n", "x/y/a.yaml": TEMPLATE})


@pytest.mark.parametrize(
    "values", ["", "# nothing\n", "- w: 80\n", "80\n", "w: [\n", "a: 1\n---\nw: 80\n", "w:\n", "\0"]
)
def test_values_that_do_not_say_leave_the_weight_unknown(tree: Tree, values: str) -> None:
    tree.write({"values.yaml": values, "a.yaml": TEMPLATE.replace("^", "")})
    assert tree.show(select=("TS2", "TS003")) == []


@pytest.mark.parametrize("value", ["${workflow.variables.w}", "'${a}'", "<+pipeline.variables.w>"])
def test_an_expression_in_the_values_is_unknown(tree: Tree, value: str) -> None:
    tree.write({"values.yaml": f"w: {value}\n", "a.yaml": TEMPLATE.replace("^", "")})
    assert tree.lint(select=("TS0", "TS2")) == []


def test_values_with_a_byte_order_mark(tree: Tree) -> None:
    check(tree, {"values.yaml": "\ufeffw: 80\r\n", "a.yaml": TEMPLATE})


def test_a_values_file_that_is_a_pipe_does_not_block(tree: Tree) -> None:
    os.mkfifo(tree.root / "values.yaml")
    tree.write({"templates/a.yaml": TEMPLATE.replace("^", "")})
    tree.write({"c/Chart.yaml": "name: c\n", "c/templates/a.yaml": TEMPLATE.replace("^", "")})
    os.mkfifo(tree.root / "c/values.yaml")
    assert tree.show(select=("TS201",)) == []


# --- where the findings are -------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        WRONG,
        TEMPLATE,
        WRONG.replace("80", "{{ .Values.none | default 80 }}"),
        WRONG.replace("80", "{{ .Values.none | default .Values.w }}"),
        WRONG.replace("80", "{{ .Values.w | int }}").replace("10", "{{ sub 90 .Values.w }}"),
        WRONG.replace("80", "{{ if .Values.live }}80{{ else }}90{{ end }}"),
        "{{- if .Values.live }}\n" + WRONG + "{{- end }}\n",
        "{{- if .Values.live }}\n---\n" + WRONG + "---\n" + WRONG + "{{- end }}\n---\n" + RIGHT,
        "{{- if not .Values.live }}\n---\n" + WRONG.replace("^", "") + "{{- end }}\n---\n" + WRONG,
        "{{- with .Values.split }}\n" + WRONG.replace("80", "{{ .canary }}") + "{{- end }}\n",
        "{{/* a comment\nof two lines */}}\n" + WRONG,
        "{{- /* a comment */ -}}\n\n" + WRONG,
        "{{ $w := .Values.w }}\n" + WRONG.replace("80", "{{ $w }}"),
        "# {{ .Values.text | nindent 2 | quote }}\n" + TEMPLATE,
        "x: |\n  {{- .Values.lines | nindent 2 }}\n" + TEMPLATE,
        HEAD + "  {{- if .Values.live }}\n  - ^route:\n    {{- range .Values.routes }}\n"
        "    - destination: {host: {{ .host }}}\n      weight: {{ .weight }}\n    {{- end }}\n  {{- end }}\n",
        HEAD.replace(
            "http:", "{{- with .Values.http }}\n  http:\n  - ^route: {{ toJson . }}\n  {{- end }}"
        ),
        HEAD.replace("  http:\n", "  {{ .Values.key }}:\n") + WRONG[len(HEAD) :],
        TEMPLATE.replace("name: shop", "name: {{ .Values.missing }}"),
        TEMPLATE.replace("name: shop", "name: 'é☸{{ .Values.text }}'"),
    ],
)
@pytest.mark.parametrize("breaks", ["\n", "\r\n"])
def test_findings_stand_in_the_template(tree: Tree, text: str, breaks: str) -> None:
    values = (
        "w: 80\nlive: true\nsplit: {canary: 80}\ntext: é\nkey: http\nlines: |\n  a\n  b\n"
        "routes: [{host: a, weight: 80}, {host: b, weight: 10}]\n"
        "http: [{destination: {host: a}, weight: 8}, {destination: {host: b}, weight: 1}]\n"
    )
    tree.write(
        {"values.yaml": values, "a.yaml": text.replace("^", "").replace("\n", breaks).encode()}
    )
    assert tree.show("a.yaml", select=("TS201", "TS001", "TS003")) == places({"a.yaml": text})


@pytest.mark.parametrize(
    "action",
    [
        '^{{ include "http" . | nindent 2 }}',
        '^{{- include "http" . | nindent 2 }}',
        '  ^{{- include "http" . | nindent 2 -}}',
        '^{{ include "http" . | indent 2 }}',
        '^{{ template "indented" . }}',
    ],
)
def test_what_a_helper_writes_is_found_at_the_action(tree: Tree, action: str) -> None:
    http = "  http:\n" + ROUTE
    helpers = f'{{{{ define "indented" }}}}\n{http}{{{{ end }}}}\n'
    helpers += f'{{{{ define "http" -}}}}\n{dedent(http)}{{{{- end }}}}\n'
    template = HEAD.replace("  http:\n", f"{action}\n")
    check(tree, {**CHART, "c/templates/_h.tpl": helpers, "c/templates/a.yaml": template})


def test_a_finding_of_an_action_spans_it(tree: Tree) -> None:
    tree.write({"values.yaml": "route: [{weight: 1}, {weight: 2}]\n"})
    tree.write({"a.yaml": HEAD + '  - {{ toJson (dict "route" .Values.route) }}\n'})
    (finding,) = tree.lint("a.yaml", select=("TS201",))
    line = (tree.root / "a.yaml").read_text().splitlines()[7]
    assert finding.span == (8, line.index("{{") + 1, 8, len(line) + 1)


def test_each_turn_of_a_range_is_found_at_the_same_place(tree: Tree) -> None:
    tree.write({"values.yaml": "routes: [80, 70, 90]\n"})
    body = ROUTE.replace("80", "{{ . }}")
    tree.write({"a.yaml": f"{HEAD}  {{{{- range .Values.routes }}}}\n{body}  {{{{- end }}}}\n"})
    assert tree.show(select=("TS201",)) == ["a.yaml:9:5 TS201"] * 2


# --- charts -----------------------------------------------------------------------------------
HELPERS = """\
{{- define "shop.name" -}}
{{ .Chart.Name }}-{{ .Release.Name | trunc 8 }}
{{- end -}}
{{- define "shop.labels" -}}
app: {{ include "shop.name" . }}
chart: {{ .Chart.Version }}
{{- end -}}
"""
CHART_TEMPLATE = (
    WRONG.replace("name: shop", 'name: {{ include "shop.name" . }}', 1)
    .replace("spec:", '  labels:\n    {{- include "shop.labels" . | nindent 4 }}\nspec:')
    .replace("80", "{{ .Values.w }}")
)


def test_a_chart(tree: Tree) -> None:
    files = {
        **CHART,
        "c/values.yaml": "w: 80\n",
        "c/templates/_helpers.tpl": HELPERS,
        "c/templates/a.yaml": CHART_TEMPLATE,
        "c/templates/deep/b.yaml": CHART_TEMPLATE,
        "c/templates/NOTES.txt": '{{ define "shop.name" }}broken',
        "c/crds/crd.yaml": "a: {{ .Values.w }}: b\n",
    }
    check(tree, files)
    scope = report(tree, {}).sources["c/templates/a.yaml"].scope
    assert scope is not None
    assert {service.name for service in scope.of(VirtualService)} == {"shop-release-"}


def test_helpers_may_stand_in_any_file_of_the_templates(tree: Tree) -> None:
    helpers = {
        "c/templates/lib/names.yaml": HELPERS,
        "c/templates/x.txt": '{{ define "x" }}{{ end }}',
    }
    check(
        tree, {**CHART, **helpers, "c/values.yaml": "w: 80\n", "c/templates/a.yaml": CHART_TEMPLATE}
    )


def test_a_chart_without_values(tree: Tree) -> None:
    files = {**CHART, "c/templates/_h.tpl": HELPERS}
    check(tree, {**files, "c/templates/a.yaml": CHART_TEMPLATE.replace("^", "")})


@pytest.mark.parametrize("chart", ["", "[]\n", "name: [a]\n", "name: \nversion: 5\n", "a: ["])
def test_odd_chart_files(tree: Tree, chart: str) -> None:
    files = {"c/Chart.yaml": chart, "c/values.yaml": "w: 80\n", "c/templates/_h.tpl": HELPERS}
    files["c/templates/a.yaml"] = CHART_TEMPLATE
    tree.write({name: text.replace("^", "") for name, text in files.items()})
    found = [line for line in tree.show(select=("TS201", "TS003")) if "Chart" not in line]
    assert found == places(files)


def test_a_subchart_gets_the_values_and_helpers_of_its_parent(tree: Tree) -> None:
    check(
        tree,
        {
            **CHART,
            "c/values.yaml": "sub: {w: 80}\nglobal: {other: 10}\nw: 1\n",
            "c/templates/_h.tpl": HELPERS,
            "c/charts/sub/Chart.yaml": "name: sub\nversion: 1.0.0\n",
            "c/charts/sub/values.yaml": "w: 90\nglobal: {other: 20}\n",
            "c/charts/sub/templates/a.yaml": CHART_TEMPLATE.replace(
                "10", "{{ .Values.global.other }}"
            ),
        },
    )


def test_a_subchart_of_a_subchart(tree: Tree) -> None:
    check(
        tree,
        {
            **CHART,
            "c/values.yaml": "one: {two: {w: 80}}\n",
            "c/charts/one/Chart.yaml": "name: one\n",
            "c/charts/one/values.yaml": "two: {w: 90}\n",
            "c/charts/one/charts/two/Chart.yaml": "name: two\n",
            "c/charts/one/charts/two/templates/a.yaml": TEMPLATE,
        },
    )


def test_the_helpers_of_a_subchart_serve_its_parent(tree: Tree) -> None:
    check(
        tree,
        {
            **CHART,
            "c/values.yaml": "w: 80\n",
            "c/charts/lib/Chart.yaml": "name: lib\n",
            "c/charts/lib/templates/_h.tpl": HELPERS,
            "c/templates/a.yaml": CHART_TEMPLATE,
        },
    )


def test_a_chart_named_charts_is_no_subchart(tree: Tree) -> None:
    files = {"charts/web/Chart.yaml": "name: web\n", "charts/web/values.yaml": "w: 80\n"}
    check(tree, {**files, "charts/web/templates/a.yaml": TEMPLATE})


def test_templates_read_the_other_files_of_their_chart(tree: Tree) -> None:
    check(
        tree,
        {
            **CHART,
            "c/weights/a.txt": "80",
            "c/weights/b.txt": "90",
            "c/.git/x.txt": "70",
            "c/node_modules/y.txt": "60",
            "c/templates/a.yaml": WRONG.replace("80", '{{ .Files.Get "weights/a.txt" }}'),
            "c/templates/b.yaml": WRONG.replace("^", "").replace(
                "80", '{{ .Files.Get "weights/b.txt" }}'
            ),
            "c/templates/c.yaml": WRONG.replace(
                "80",
                '{{ len .Files }}{{ range $n, $_ := .Files.Glob "**.txt" }}{{/* */}}0{{ end }}',
            ),
            "c/templates/d.yaml": '# {{ .Files.Get "none" }}\n' + WRONG,
        },
    )


def test_files_of_a_chart_that_cannot_be_read_are_empty(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.write({**CHART, "c/templates/_h.tpl": HELPERS, "c/templates/_x.tpl": HELPERS})
    tree.write({"c/large.txt": b"8" * 2_000_000, "c/closed.txt": "8"})
    text = WRONG.replace("80", '80{{ .Files.Get "large.txt" }}{{ .Files.Get "closed.txt" }}')
    tree.write({"c/templates/a.yaml": text.replace("^", "")})
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name in ("closed.txt", "_x.tpl"):
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert tree.show("c/templates", select=("TS201", "TS003")) == ["c/templates/a.yaml:8:5 TS201"]


# --- further values ---------------------------------------------------------------------------
def test_values_given_on_the_command_line_win(tree: Tree) -> None:
    files = {"values.yaml": "w: 90\n", "prod.yaml": "w: 80\n", "more.yaml": "w: 70\n"}
    tree.write({**files, "t/a.yaml": TEMPLATE.replace("^", "")})
    prod, more = tree.root / "prod.yaml", tree.root / "more.yaml"
    found = ["t/a.yaml:8:5 TS201"]
    assert tree.show("t", select=("TS201",)) == []
    assert tree.show("t", select=("TS201",), values=(prod,)) == found
    assert "sum to 80," in tree.lint("t", select=("TS201",), values=(prod, more))[0].message
    assert "sum to 90," in tree.lint("t", select=("TS201",), values=(more, prod))[0].message


def test_values_given_are_merged_into_those_of_the_service(tree: Tree) -> None:
    tree.write({"values.yaml": "a: {w: 90, v: 10}\n", "prod.yaml": "a: {w: 80}\n"})
    tree.write(
        {
            "t/a.yaml": HEAD
            + ROUTE.replace("80", "{{ .Values.a.w }}").replace("10", "{{ .Values.a.v }}")
        }
    )
    assert tree.show("t", select=("TS201",), values=(tree.root / "prod.yaml",)) == [
        "t/a.yaml:8:5 TS201"
    ]


def test_values_given_without_a_values_file(tree: Tree) -> None:
    tree.write({"x/prod.yaml": "w: 80\n"})
    tree.write({"t/a.yaml": "{{ if true }}\n" + TEMPLATE.replace("^", "") + "{{ end }}\n"})
    assert tree.show("t", select=("TS201",)) == []
    assert tree.show("t", select=("TS201",), values=(tree.root / "x/prod.yaml",)) == [
        "t/a.yaml:9:5 TS201"
    ]


def test_values_given_reach_subcharts_as_those_of_the_chart(tree: Tree) -> None:
    tree.write({**CHART, "c/charts/sub/Chart.yaml": "name: sub\n"})
    tree.write({"c/charts/sub/values.yaml": "w: 90\n", "prod.yaml": "w: 70\nsub: {w: 80}\n"})
    tree.write({"c/charts/sub/templates/a.yaml": TEMPLATE.replace("^", "")})
    prod = tree.root / "prod.yaml"
    (finding,) = tree.lint("c", select=("TS201",), values=(prod,))
    assert "sum to 90," in finding.message


def test_values_given_that_do_not_exist_change_nothing(tree: Tree) -> None:
    check(tree, {"values.yaml": "w: 80\n", "a.yaml": TEMPLATE}, values=(tree.root / "none.yaml",))


# --- what does not render ---------------------------------------------------------------------
BROKEN = HEAD.replace("hosts: [shop]", "hosts: [shop]\n  note: ^{{ shout .Values.w }}: !")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (BROKEN, "template"),
        (BROKEN.replace("shout .Values.w", "if"), "template"),
        (BROKEN.replace("shout .Values.w", "/* x"), "template"),
        (BROKEN.replace("shout .Values.w", 'include "none" .'), "template-elsewhere"),
        (BROKEN.replace("shout .Values.w", 'repeat 2000000000 "x"'), "limit"),
    ],
)
def test_a_template_that_fails_is_a_problem_at_its_line(tree: Tree, text: str, kind: str) -> None:
    files = {"values.yaml": "w: 80\n", "templates/a.yaml": text.replace("^", ""), "b.yaml": RIGHT}
    found = report(tree, files | {"templates/c.yaml": WRONG.replace("^", "")}, select=("TS201",))
    (told,) = problems(found, "templates/a.yaml")
    assert re.fullmatch(rf"7:\d+ {kind}", told)
    assert found.sources["templates/a.yaml"].documents == []
    assert [finding.file for finding in found.findings] == ["templates/c.yaml"]


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("{{ range .Values.later }}{{ . }}{{ end }}", "template-elsewhere"),
        ("{{ range .Values.deep.later }}{{ . }}{{ end }}", "template-elsewhere"),
        ("{{ with .Values.later }}{{ .a.b }}{{ end }}", "template-elsewhere"),
        ("{{ if eq .Values.later true }}x{{ end }}", "template-elsewhere"),
        ("{{ range .Values.w.x }}{{ . }}{{ end }}", "template"),
        ("{{ range .Values.text }}{{ . }}{{ end }}", "template"),
        ("{{ .Values.later }}{{ range .Values.text }}{{ . }}{{ end }}", "template"),
    ],
)
def test_a_failure_that_waits_for_the_deployment_lies_elsewhere(
    tree: Tree, action: str, kind: str
) -> None:
    values = "w: 80\ntext: a\nlater: <+pipeline.x>\ndeep: {later: '${workflow.x}'}\n"
    text = HEAD.replace("hosts: [shop]", f"hosts: [shop]\n  note: {action}: !")
    found = report(tree, {"values.yaml": values, "a.yaml": text})
    assert [told.partition(" ")[2] for told in problems(found, "a.yaml")] == [kind]


def test_a_broken_helper_file_spoils_the_templates_that_need_it(tree: Tree) -> None:
    files = {**CHART, "c/templates/_h.tpl": '{{ define "shop.name" }}{{ if }}{{ end }}'}
    text = CHART_TEMPLATE.replace("^", "")
    found = report(tree, {**files, "c/templates/a.yaml": text, "c/templates/b.yaml": RIGHT})
    assert problems(found, "c/templates/a.yaml") == ["4:9 template"]
    assert problems(found, "c/templates/b.yaml") == []


def test_yaml_that_is_wrong_after_rendering_is_found_in_the_template(tree: Tree) -> None:
    text = (
        "{{ if true }}\n"
        + RIGHT.replace("hosts: [shop]", "hosts: {{ .Values.hosts }}")
        + "{{ end }}\n"
    )
    found = report(tree, {"values.yaml": 'hosts: "[shop"\n', "a.yaml": text})
    (told,) = problems(found, "a.yaml")
    assert told.endswith("syntax")
    assert 7 <= int(told.partition(":")[0]) <= 9


# --- what is no template ----------------------------------------------------------------------
PLAIN = [
    'x: "{{ $labels.instance }} of job {{ $labels.job }}"\n',
    "x: '{{inputs.parameters.message}}'\n",
    "x: {{inputs.parameters.message}}\n",
    "x: |\n  {{ range .Alerts }}\n  {{ .Labels }}\n  {{ end }}\n",
    "x: >-\n  {% raw %}{{ user }}{% endraw %}\n",
    "# {{ not closed\nx: 1\n",
]


@pytest.mark.parametrize("part", PLAIN)
@pytest.mark.parametrize("values", ["values.yaml", "elsewhere.yaml"])
def test_braces_in_a_plain_manifest(tree: Tree, part: str, values: str) -> None:
    check(tree, {values: "a: 1\n", "a.yaml": part + WRONG})
    found = report(tree, {})
    assert problems(found, "a.yaml") == []


@pytest.mark.parametrize("part", PLAIN)
def test_braces_in_files_of_other_tools(tree: Tree, part: str) -> None:
    found = report(tree, {"a.yaml": part, "b/values.yaml": "a: 1\n", "b/c.yaml": part})
    assert [finding for finding in found.findings if finding.rule != "TS004"] == []


def test_templates_of_other_tools_are_silent(tree: Tree) -> None:
    text = "- hosts: all\n  tasks:\n  - name: {{ item }} of {{ host | lower }}: x\n    {% if x %}\n"
    found = report(tree, {"a.yaml": text, "b/values.yaml": "a: 1\n", "b/c.yaml": text})
    assert found.findings == []


# --- missing values ---------------------------------------------------------------------------
def test_a_missing_value_is_noted_where_it_is_used(tree: Tree) -> None:
    found = report(tree, {"values.yaml": "a: 1\n", "a.yaml": TEMPLATE.replace("^", "")})
    (problem,) = found.sources["a.yaml"].problems
    assert (problem.kind, problem.message) == ("value-missing", ".Values.w")
    assert problem.span == (10, 18, 10, 27)


def test_without_any_values_file_one_note_is_enough(tree: Tree) -> None:
    text = (
        "{{ if true }}\n"
        + HEAD
        + ROUTE.replace("80", "{{ .Values.w }}").replace("10", "{{ .Values.v }}")
    )
    found = report(tree, {"a.yaml": text + "{{ end }}\n"})
    assert [p.message for p in found.sources["a.yaml"].problems] == [""]
    assert [finding for finding in found.findings if finding.severity > Severity.WARNING] == []


def test_a_missing_value_behind_a_helper_stays_in_the_file(tree: Tree) -> None:
    helpers = '{{ define "x" }}{{ .Values.a.very.long.path.that.nobody.gives }}{{ end }}'
    files = {**CHART, "c/values.yaml": "w: 1\n", "c/templates/_h.tpl": helpers}
    found = report(tree, {**files, "c/templates/a.yaml": RIGHT + '# {{ include "x" . }}'})
    (problem,) = found.sources["c/templates/a.yaml"].problems
    line = RIGHT.count("\n") + 1
    assert problem.span[:2] == (line, 3)
    assert problem.span.end_column <= len('# {{ include "x" . }}') + 1


def test_a_broken_helper_file_is_named_where_it_is_missed(tree: Tree) -> None:
    tree.write(
        {
            "Chart.yaml": "name: shop\nversion: 1.0.0\n",
            "values.yaml": "name: shop\n",
            "templates/_helpers.tpl": '{{ define "shop.name" }}{{ if }}{{ end }}\n',
            "templates/gateway.yaml": """\
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata:
                  name: {{ include "shop.name" . }}
                """,
        }
    )
    (finding,) = tree.lint(select=("TS003",))
    assert (finding.span.line, finding.severity) == (4, Severity.ERROR)
    assert "templates/_helpers.tpl cannot be read" in finding.message


MANAGED = HEAD.replace("spec:", '  annotations: {harness.io/managed: "true"}\nspec:')
ONE_ROUTE = "  - route:\n    - destination: {host: shop}\n"


@pytest.mark.parametrize(
    "block",
    [
        "{{- range .Values.nobody }}",
        "{{- range until (int .Values.later) }}",
        "{{- if .Values.later }}",
        '{{- if eq .Values.later "on" }}',
        "{{- if not .Values.later }}",
        "{{- with .Values.later }}",
        '{{- if eq .Values.name "x" }}{{ else if .Values.later }}',
    ],
)
def test_what_is_perhaps_written_is_no_mistake(tree: Tree, block: str) -> None:
    written = f"  {block}\n{ONE_ROUTE}  {{{{- end }}}}\n"
    tree.write({"values.yaml": "name: shop\nlater: ${workflow.variables.later}\n"})
    rules = ("TS105", "TS106", "TS201", "TS301")
    for text in (MANAGED + written, MANAGED + written + ONE_ROUTE):
        tree.write({"templates/vs.yaml": text})
        assert tree.show(select=rules) == []
    weights = HEAD + RIGHT.removeprefix(HEAD) + written.replace("  - route:\n", "")
    tree.write({"templates/vs.yaml": weights})
    assert tree.show(select=rules) == []


def test_what_is_perhaps_written_elsewhere_hides_nothing(tree: Tree) -> None:
    tree.write({"values.yaml": "name: shop\nlater: ${workflow.variables.later}\n"})
    two = MANAGED + 2 * ONE_ROUTE
    around = "{{- if .Values.later }}\n" + two + "{{- end }}\n"
    labels = "metadata:\n  {{- if .Values.later }}\n  labels: {a: b}\n  {{- end }}"
    after = two + "{{- if .Values.later }}\n---\nkind: Service\n{{- end }}\n"
    for text in (around, two.replace("metadata:", labels), after):
        tree.write({"templates/vs.yaml": text})
        assert len(tree.show(select=("TS105",))) == 1


def test_subsets_that_are_perhaps_written(tree: Tree) -> None:
    rule = (
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: shop}\nspec:\n"
        "  host: shop\n  subsets:\n  - {name: b, labels: {v: b}}\n"
        "  {{- if eq .Values.later 1 }}\n  - {name: a, labels: {v: a}}\n  {{- end }}\n"
    )
    tree.write({"templates/vs.yaml": RIGHT, "templates/dr.yaml": rule})
    tree.write({"values.yaml": "later: 2\n"})
    assert tree.show(select=("TS301",)) == ["templates/vs.yaml:9:41 TS301"]
    tree.write({"values.yaml": "later: ${workflow.variables.later}\n"})
    assert tree.show(select=("TS301", "TS302"), complete=True) == []


@pytest.mark.parametrize(
    "action",
    [
        "{{ range .Values.later }}{{ end }}",
        "{{ if eq .Values.later true }}{{ end }}",
        "{{ with .Values.later }}{{ .field }}{{ end }}",
        "{{ .Values.later.field }}",
    ],
)
def test_an_expression_that_a_template_cannot_take_yet_is_no_error(tree: Tree, action: str) -> None:
    tree.write({"templates/vs.yaml": f"{RIGHT}{action}\n"})
    tree.write({"values.yaml": "later: ${workflow.variables.later}\n"})
    assert [finding.severity for finding in tree.lint(select=("TS003",))] == [Severity.INFO]
    tree.write({"values.yaml": "later: text\n"})
    assert [finding.severity for finding in tree.lint(select=("TS003",))] == [Severity.ERROR]

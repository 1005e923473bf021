"""Rendering: the output is the engine's, and every character of it knows where it comes from."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from gotpl.funcs.helm.functions import function_map
from gotpl.template import Template
from hypothesis import given, settings
from hypothesis import strategies as st

from tsplit_lint.templates import (
    EXPRESSION,
    UNKNOWN_MARK,
    Chart,
    Origin,
    Rendered,
    Renderer,
    TemplateError,
    has_actions,
    merge_values,
    render,
)
from tsplit_lint.templates.source import MarkedSource, scan
from tsplit_lint.values import Unknown

M = UNKNOWN_MARK
GIVEN: dict[str, Any] = {
    "host": "web",
    "weight": 10,
    "on": True,
    "off": False,
    "half": 0.5,
    "none": None,
    "tags": {"app": "web", "tier": "front"},
    "routes": [{"to": "a", "weight": 90}, {"to": "b", "weight": 10}],
    "empty": "",
    "later": "${split.variables.canary}",
    "input": "<+pipeline.variables.w>",
}


def text(source: str, values: dict[str, Any] | None = None, **options: Any) -> str:
    return render(source, GIVEN if values is None else values, **options).text


def place(source: str, rendered: Rendered, wanted: str) -> tuple[int, int, bool]:
    """Line and column (from 1) of the origin of the first occurrence of some output."""
    origin = rendered.origin(rendered.text.index(wanted))
    before = source[: origin.start]
    return before.count("\n") + 1, origin.start - (before.rfind("\n") + 1) + 1, origin.literal


def failure(source: str, values: dict[str, Any] | None = None, **options: Any) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        render(source, GIVEN if values is None else values, **options)
    assert 0 <= caught.value.offset <= len(source)
    return caught.value


# --- unknown values ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("w: {{ .Values.x }}", f"w: {M}"),
        ("w: {{ int .Values.x }}", f"w: {M}"),
        ("w: {{ .Values.x | int }}", f"w: {M}"),
        ("w: {{ .Values.x | quote }}", f'w: "{M}"'),
        ("w: {{ .Values.x | squote }}", f"w: '{M}'"),
        ("w: {{ .Values.none }}", f"w: {M}"),
        ("w: {{ .Values.none | int | quote }}", f'w: "{M}"'),
        ("w: {{ add .Values.x 1 }}", f"w: {M}"),
        ("w: {{ sub 100 (int .Values.x) }}", f"w: {M}"),
        ("{{ $w := .Values.x }}{{ int $w }}", M),
        ("{{ .Values.a.b.c }}", M),
        ("{{ $.Values.a.b }}", M),
        ("m:{{ .Values.m | toYaml | nindent 4 }}", f"m:\n    {M}"),
        ("m:{{ toYaml .Values.m | nindent 4 }}", f"m:\n    {M}"),
        ("{{ toJson .Values.m }}", f'"{M}"'),
        ('{{ toYaml (dict "a" .Values.x) }}', f"a: {M}"),
        ('{{ required "give it" .Values.x }}', M),
        ('{{ required "give it" .Values.empty }}', M),
        ('{{ printf "%s-%d" .Values.host .Values.x }}', f"web-{M}"),
        ('{{ printf "%d%%" .Values.x }}', f"{M}%"),
        ('{{ printf "%q" .Values.x }}', f'"{M}"'),
        ('{{ printf "%5d" (int .Values.later) }}', M),
        ('{{ printf "%d" .Values.later }}', M),
        ('{{ printf "%s" .Values.later }}', "${split.variables.canary}"),
        ("{{ printf .Values.x 1 }}", M),
        ('{{ .Values.x | trunc 63 | trimSuffix "-" | lower }}', M),
        ("{{ .Values.x | b64enc }}", M),
        ('{{ printf "a-%s" .Values.x | sha256sum }}', M),
        ('{{ printf "a-%s" .Values.x | upper }}', f"A-{M}"),
        ('{{ cat "a" .Values.x }}', f"a {M}"),
        ('{{ list 1 .Values.x | join "," }}', f"1,{M}"),
        ('{{ index .Values "x" "y" }}', M),
        ("{{ index .Values.tags .Values.x }}", M),
        ('{{ index .Values.routes 1 "to" }}', "b"),
        ('{{ get .Values "x" }}{{ get .Values.x "y" }}', M + M),
        ('{{ get (dict "a" 1) "a" }}', "1"),
        ("{{ len .Values.x }}", M),
        ('{{ (concat (list 1) .Values.x) | join " " }}', f"1 {M}"),
        ("{{ randAlphaNum 8 | quote }}", f'"{M}"'),
        ('{{ now | date "2006" }}{{ uuidv4 }}', M + M),
        ('{{ (genCA "a" 1).Cert | b64enc }}', M),
        ('{{ getHostByName "localhost" }}', M),
        ('{{ tpl "{{ .Values.x }}{{ .Values.host }}" . }}', f"{M}web"),
        ('{{ tpl .Values.x . }}{{ tpl "plain" . }}', f"{M}plain"),
        ('{{ dict | toString }}{{ (dict "a" 1).b }}', f"map[]{M}"),
        ('{{ fromYaml (printf "a: %s" .Values.x) | toYaml }}', f"a: {M}"),
        ("{{ fromYaml .Values.x }}", M),
        ("{{ include .Values.x . }}", M),
        ("{{ .Values.x }}{{ .Values.host }}", f"{M}web"),
        ("{{ .x }}", M),
    ],
)
def test_missing_value_writes_mark(source: str, expected: str) -> None:
    assert text(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ .Values.x | default 90 }}", "90"),
        ("{{ default 90 .Values.none }}", "90"),
        ("{{ default .Values.y .Values.x }}", M),
        ("{{ coalesce .Values.x .Values.none 7 }}", "7"),
        ("{{ coalesce .Values.x .Values.none }}", M),
        ("{{ int (coalesce .Values.x .Values.y) }}", M),
        ("{{ empty .Values.x }}{{ empty .Values.host }}", "truefalse"),
        ('{{ ternary "a" "b" .Values.x }}{{ ternary "a" "b" .Values.on }}', "ba"),
        ("{{ if .Values.x }}a{{ else }}b{{ end }}", "b"),
        ("{{ if .Values.x.y }}a{{ else if .Values.on }}c{{ end }}", "c"),
        ("{{ if not .Values.x }}a{{ end }}", "a"),
        ("{{ if and .Values.on .Values.x }}a{{ else }}b{{ end }}", "b"),
        ("{{ or .Values.x 5 }}", "5"),
        ("{{ with .Values.x }}{{ . }}{{ else }}none{{ end }}", "none"),
        ('{{ hasKey .Values "x" }}{{ hasKey .Values "on" }}', "falsetrue"),
        ('{{ hasKey .Values.x "y" }}', "false"),
        ('{{ eq .Values.x "a" }}{{ ne .Values.x "a" }}', "falsetrue"),
        ("{{ eq .Values.x nil }}{{ eq .Values.weight 9 10 }}{{ ne 1 2 }}", "truetruetrue"),
        ('{{ if eq (printf "%s" .Values.x) "a" }}a{{ else }}b{{ end }}', "b"),
        ("{{ if gt .Values.x 1 }}a{{ else }}b{{ end }}", "b"),
        ('{{ kindIs "map" .Values.x }}{{ kindOf .Values.x }}', "falseinvalid"),
        ('{{ dig "a" "b" 3 .Values.x }}{{ dig "app" "z" .Values.tags }}', "3web"),
        ('{{ pluck "app" .Values.x .Values.tags | first }}', "web"),
        ('{{ (merge (dict "a" 1) .Values.x).a }}', "1"),
        ('{{ (mergeOverwrite .Values.x (dict "a" 2)).a }}{{ merge .Values.x .Values.y }}', f"2{M}"),
        ("{{ if .Values.x }}{{ range .Values.x }}a{{ end }}{{ end }}b", "b"),
        ('{{ if .Values.host }}{{ fail "no" }}{{ end }}b', "b"),
        ('{{ len (lookup "v1" "Pod" "a" "b") }}', "0"),
        ("{{ range .Values.x }}- {{ .to }}:{{ int .weight }}\n{{ end }}", f"- {M}:{M}\n"),
        ("{{ range $i, $r := .Values.routes }}{{ $i }}{{ $r.to }}{{ end }}", "0a1b"),
        ("{{ range keys .Values.x }}{{ . }}{{ end }}", M),
        (
            "{{ range $key, $value := .Values.x }}{{ upper $key }}: {{ $value }}{{ end }}",
            f"{M}: {M}",
        ),
        ("{{ if .Values.x }}{{ $never = 1 }}{{ $never }}{{ end }}a", "a"),
        ('{{ $_ := set .Values "x" 3 }}{{ .Values.x }}', "3"),
        (
            "{{ .Values.later }} {{ .Values.input }}",
            "${split.variables.canary} <+pipeline.variables.w>",
        ),
        ("{{ int .Values.later }}", M),
        ("{{ add 1 .Values.input }}{{ gt (int .Values.later) 50 }}", M + M),
        ("{{ .Values.later | quote }}", '"${split.variables.canary}"'),
    ],
)
def test_guards_behave_as_in_the_engine(source: str, expected: str) -> None:
    assert text(source) == expected


def test_hidden_values_of_the_loader() -> None:
    values = {"a": Unknown("${x.y}"), "b": Unknown("")}
    assert text("{{ .Values.a }} {{ .Values.a | upper }} {{ .Values.b }}", values) == (
        f"${{x.y}} ${{X.Y}} {M}"
    )
    assert text("{{ .Values.a }}{{ int .Values.a }}", values) == f"${{x.y}}{M}"
    assert EXPRESSION.search("a <+input> b")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a: {{ .Values.x }}", [("Values.x", 6)]),
        ("a: {{ .Values.x }}{{ .Values.x }}", [("Values.x", 6)]),
        ("{{ if .Values.x }}{{ end }}{{ add 1 .Values.y }}", [("Values.y", 36)]),
        ("{{ if .Values.x }}{{ .Values.x }}{{ end }}", []),
        ("{{ .Values.x | default 1 }}{{ coalesce .Values.y 1 }}", []),
        ("{{ with .Values.x }}{{ . }}{{ end }}", []),
        ("{{ $w := .Values.x }}{{ int $w }}", [("Values.x", 9)]),
        ("{{ .Values.a.b | quote }}", [("Values.a.b", 3)]),
        ("{{ range .Values.x }}{{ .a }}{{ .b }}{{ end }}", [("Values.x", 9)]),
        ('{{ index .Values "x" }}', [("Values.x", 0)]),
        ("{{ range .Values.routes }}{{ .z }}{{ break }}{{ end }}", [("Values.routes.0.z", 26)]),
        ('{{ printf ".Values.y %d" $.Values.x }}', [("Values.x", 25)]),
        ("{{ .Release.Foo }}{{ now }}", []),
    ],
)
def test_missing_values_are_named_at_their_use(
    source: str, expected: list[tuple[str, int]]
) -> None:
    rendered = render(source, GIVEN)
    assert [(value.path, value.offset) for value in rendered.missing] == expected


# --- positions --------------------------------------------------------------------------------
SOURCE = """\
{{- /* canary */ -}}
host: {{ .Values.host }}
{{- if .Values.on }}
  on: yes
{{- end }}
http:
{{- range .Values.routes }}
- to: {{ .to }}
  weight: {{ .weight | default 1 }}
{{- end }}
labels: {{- include "labels" . | nindent 2 }}
last: line
"""
LABELS = '{{ define "labels" }}app: {{ .Values.host }}\nx: y{{ end }}'


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_line_and_column(newline: str) -> None:
    source = SOURCE.replace("\n", newline)
    rendered = render(source, GIVEN, chart=Chart("c", helpers={"_labels.tpl": LABELS}))
    places = {
        wanted: place(source, rendered, wanted)
        for wanted in ("host", "web", "on: yes", "yes", "a", "90", "app", "x: y", "last", "line")
    }
    assert places == {
        "host": (2, 1, True),
        "web": (2, 7, False),
        "on: yes": (4, 3, True),
        "yes": (4, 7, True),
        "a": (8, 7, False),
        "90": (9, 11, False),
        "app": (11, 9, False),
        "x: y": (11, 9, False),
        "last": (12, 1, True),
        "line": (12, 7, True),
    }
    assert newline + "  on: yes" in rendered.text


def test_template_block_and_define() -> None:
    source = 'a: {{ template "t" . }}\n{{ define "t" -}} T {{- end }}{{ block "b" . }}B{{ end }}c'
    rendered = render(source, {})
    assert rendered.text == "a: T\nBc"
    assert place(source, rendered, "T") == (1, 4, False)
    assert place(source, rendered, "B") == (2, 31, False)
    assert place(source, rendered, "c") == (2, source.rindex("c") - source.index("\n"), True)


def test_origin_outside_of_the_text() -> None:
    rendered = render("a{{ .Values.weight }}", GIVEN)
    assert rendered.origin(-1) == Origin(0, 21, literal=False)
    assert rendered.origin(99) == Origin(1, 21, literal=False)
    assert render("", {}).origin(0) == Origin(0, 0, literal=False)
    assert render("abc", {}).origin(7) == Origin(3, 3, literal=True)


def test_texts_that_look_like_marks() -> None:
    private = "\U000f0001"
    coarse = render(private + "{{ .Values.x | upper }}", {})
    assert coarse.text == private + M
    assert coarse.missing == ()
    assert coarse.origin(1) == Origin(0, 24, literal=False)
    assert text("{{ .Values.p | upper }}{{ .Values.x }}", {"p": private}) == private + M
    assert text("{{ .Values.p }}", {"p": private}) == private
    chart = Chart("c", helpers={"h": '{{ define "p" }}\U000f0002{{ end }}'})
    assert text('{{ include "p" . }}', chart=chart) == "\U000f0002"


def test_more_pieces_than_marks() -> None:
    source = "{{ upper .Values.host }}," * 33_000
    rendered = render(source, GIVEN)
    assert rendered.text == "WEB," * 33_000
    assert rendered.origin(5) == Origin(0, len(source), literal=False)


# --- Helm -------------------------------------------------------------------------------------
def test_chart_objects() -> None:
    chart = Chart(
        "shop",
        "1.2.3",
        "9",
        {"description": "d", "type": "library"},
        files={"conf/a.txt": b"one\ntwo\n", "conf/b.txt": b"b", "c.txt": b"c"},
    )
    sources = {
        "{{ .Release.Name }} {{ .Release.Namespace }} {{ .Release.Service }}": "release-name default Helm",
        "{{ .Release.IsInstall }}{{ .Release.IsUpgrade }}{{ .Release.Revision }}": "truefalse1",
        "{{ .Chart.Name }} {{ .Chart.Version }} {{ .Chart.AppVersion }}": "shop 1.2.3 9",
        "{{ .Chart.Description }} {{ .Chart.Type }}": "d library",
        '{{ .Capabilities.APIVersions.Has "apps/v1" }}': "true",
        '{{ .Capabilities.APIVersions.Has "apps/v1/Deployment" }}': "false",
        '{{ .Capabilities.APIVersions.Has "networking.istio.io/v1/VirtualService" }}': "true",
        '{{ .Capabilities.APIVersions.Has "apps/v9" }}': "false",
        '{{ .Capabilities.APIVersions.Has "networking.istio.io/v1" }}': "true",
        '{{ .Capabilities.APIVersions.Has "monitoring.coreos.com/v1" }}': "false",
        "{{ range .Capabilities.APIVersions }}{{ . }}{{ break }}{{ end }}": "v1",
        '{{ semverCompare ">=1.31-0" .Capabilities.KubeVersion.Version }}': "true",
        "{{ .Capabilities.KubeVersion.Minor }}": "36",
        "{{ .Template.Name }} {{ .Template.BasePath }}": "shop/templates/x.yaml shop/templates",
        '{{ .Files.Get "c.txt" }}{{ .Files.Get "no" }}': "c",
        '{{ .Files.Lines "conf/a.txt" | join "+" }}': "one+two",
        '{{ len (.Files.Lines "no") }}{{ len .Files }}': "03",
        '{{ range $name, $_ := .Files.Glob "conf/*.txt" }}{{ $name }};{{ end }}': "conf/a.txt;conf/b.txt;",
        '{{ range $name, $_ := .Files.Glob "**/{a,z}.t?t" }}{{ $name }}{{ end }}': "conf/a.txt",
        '{{ (.Files.Glob "conf/b*").AsConfig }}': "b.txt: b",
        '{{ (.Files.Glob "conf/b*").AsSecrets }}': "b.txt: Yg==",
        '{{ (.Files.Glob "no").AsConfig }}': "{}",
        '{{ printf "%s" (.Files.GetBytes "c.txt") }}': "c",
    }
    renderer = Renderer(chart)
    for source, expected in sources.items():
        assert renderer.render(source, {}, "templates/x.yaml").text == expected, source


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ('{{ (semver "1.2.3").Compare "x" }}', "an argument has the wrong type"),
        ('{{ hasKey (dict "a" 1) }}', "wrong number of arguments"),
        ("{{ indent 2 nil }}", "argument 2 to indent: expected string, got nil"),
        ('{{ "x" | trunc (dict) }}', "argument 1 to trunc: expected int, got map"),
        ("{{ if (.Values) and (eq 1 1) }}x{{ end }}", "'and' stands behind a value"),
    ],
)
def test_a_failure_is_told_in_words_of_templates(source: str, words: str) -> None:
    assert str(failure(source)).endswith(words)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ if and .Values.on ($h := .Values.host) }}{{ $h }}{{ end }}", "web"),
        ("{{ if and .Values.on ($h := .Values.empty) }}x{{ else }}none{{ end }}", "none"),
        ("{{ $a := ($b := 3) }}{{ $a }}{{ $b }}", "33"),
        ('{{ with (eq .Values.host ($q := "web")) }}{{ $q }}{{ end }}', "web"),
        ('{{ define "a" }}[{{ . }}]{{ end }}{{ template "a" ($x := 1) }}', "[1]"),
    ],
)
def test_a_declaration_in_parentheses(source: str, expected: str) -> None:
    assert render(source, GIVEN).text == expected


def test_a_declaration_ends_with_its_block() -> None:
    with pytest.raises(TemplateError, match="undefined variable '\\$a'"):
        render("{{ if ($a := 1) }}{{ end }}{{ $a }}", GIVEN)


def test_one_broken_helper_stops_no_other() -> None:
    helpers = {"_bad.tpl": '{{ define "bad" }}{{ if }}{{ end }}', "_labels.tpl": LABELS}
    renderer = Renderer(Chart("c", helpers=helpers))
    assert {name: error.kind for name, error in renderer.broken.items()} == {"_bad.tpl": "syntax"}
    assert renderer.render('{{ include "labels" . }}', GIVEN).text == "app: web\nx: y"
    with pytest.raises(TemplateError) as caught:
        renderer.render('a\n{{ include "bad" . }}', GIVEN)
    assert (caught.value.kind, caught.value.offset) == ("missing-helper", 2)


def test_error_within_a_helper_is_put_at_its_use() -> None:
    chart = Chart("c", helpers={"h": '{{ define "h" }}{{ index .Values.routes 9 }}{{ end }}'})
    error = failure('é: 1\nb: {{ include "h" . | upper }}', chart=chart)
    assert (error.kind, error.offset) == ("execution", 8)


def test_templates_share_values_only_when_asked() -> None:
    renderer = Renderer(Chart("c"))
    change = '{{ $_ := set .Values "x" 1 }}{{ $_ := set .Values.tags "app" "other" }}'
    values = {"tags": {"app": "web"}}
    for given_values, expected in ((values, f"{M} web"), (renderer.share(values), "1 other")):
        renderer.render(change, given_values)
        assert renderer.render("{{ .Values.x }} {{ .Values.tags.app }}", given_values).text == (
            expected
        )
    assert values == {"tags": {"app": "web"}}


def test_deep_copy_keeps_missing_values_missing() -> None:
    source = (
        '{{ $c := deepCopy .Values }}{{ $_ := set $c "on" 2 }}{{ $c.on }}{{ .Values.on }}{{ $c.x }}'
    )
    assert text(source) == f"2true{M}"
    assert text('{{ $d := deepCopy (dict "a" .Values.x) }}{{ $d.a }}') == M


# --- errors and bounds ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("source", "kind", "offset"),
    [
        ("a {{ if }}", "syntax", 8),
        ("é {{- if }}", "syntax", 9),
        ("a {{ .Values.x", "syntax", 2),
        ("a {{/* x", "syntax", 4),
        ("a {{/* x */ b }}", "syntax", 11),
        ('{{ "a }}', "syntax", 3),
        ("{{ nosuch 1 }}", "syntax", 3),
        ("a{{ end }}", "syntax", 1),
        ("é {{ .Values.host.x }}", "execution", 5),
        ("{{ .Values.host.upper }}", "execution", 3),
        ("{{ index .Values.routes 9 }}", "execution", 3),
        ("a\n{{ eq .Values.host 1 }}", "execution", 5),
        ("{{ eq 1 }}", "execution", 3),
        ("{{ tpl 1 . }}", "execution", 3),
        ('{{ env "HOME" }}', "syntax", 3),
        ('{{ include "no" . }}', "missing-helper", 0),
        ('ab{{ template "no" . }}', "missing-helper", 2),
        ('{{ define "r" }}{{ include "r" . }}{{ end }}{{ include "r" . }}', "budget", None),
        ('{{ define "r" }}{{ template "r" . }}{{ end }}{{ template "r" . }}', "budget", None),
        ("{{ range until 1000000000 }}{{ end }}", "budget", None),
        ("{{ untilStep 0 1000000000 1 }}{{ seq 1 1000000000 }}", "budget", None),
        ('{{ repeat 1000000000 "x" }}', "budget", None),
        ('{{ indent 1000000000 "x" }}', "budget", None),
        ('{{ printf "%1000000000d" 1 }}', "budget", None),
        ('{{ printf "%*d" 1000000000 1 }}', "budget", None),
        ("{{ range until 1000 }}{{ range until 1000 }}{{ end }}{{ end }}", "budget", None),
        ('{{ range until 1000 }}{{ repeat 100000 "x" }}{{ end }}', "budget", None),
        ('{{ $s := "xx" }}{{ range until 60 }}{{ $s = print $s $s }}{{ end }}', "budget", None),
        ("{{ $s := list 1 }}{{ range until 60 }}{{ $s = concat $s $s }}{{ end }}", "budget", None),
        (
            '{{ $s := "x" }}{{ range until 20 }}{{ $s = replace "x" "xxxxxxx" $s }}{{ end }}',
            "budget",
            None,
        ),
        (
            '{{ $d := dict }}{{ range until 60 }}{{ $d = dict "a" $d "b" $d }}{{ end }}{{ $d }}',
            "budget",
            None,
        ),
        (
            "{{ $d := list }}{{ range until 60 }}{{ $d = list $d $d }}{{ end }}{{ toYaml $d }}",
            "budget",
            None,
        ),
        ('{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ $d }}', "budget", None),
        ('{{ regexMatch "(a+)+$" (repeat 1000000 "a") }}', "budget", None),
        ('{{ regexReplaceAll "" (repeat 9999 "a") (repeat 9999 "a") }}', "budget", None),
        ("{{ uniq (until 100000) }}", "budget", None),
        ('{{ wrapWith 1 (repeat 9999 "a") (repeat 9999 "a") }}', "budget", None),
        ('{{ join (repeat 9999 "a") (until 9999) }}', "budget", None),
        ('{{ range until 100000 }}{{ tpl "{{ 1 }}" $ }}{{ end }}', "budget", None),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", None, None),
        ("{{ if 1 }}" * 5000 + "{{ end }}" * 5000, None, None),
    ],
)
def test_errors_have_a_kind_and_a_place(source: str, kind: str | None, offset: int | None) -> None:
    error = failure(source)
    assert "Traceback" not in str(error)
    assert error.message
    if kind is not None:
        assert error.kind == kind
    if offset is not None:
        assert error.offset == offset


@pytest.mark.parametrize("call", ['template "t{}" .', '$x := include "t{}" .'])
def test_doubling_templates_are_bounded(call: str) -> None:
    source = '{{ define "t40" }}{{ end }}{{ ' + call.format(0) + " }}"
    for level in range(40):
        body = ("{{ " + call.format(level + 1) + " }}") * 2
        source += f'{{{{ define "t{level}" }}}}{body}{{{{ end }}}}'
    assert failure(source).kind == "budget"


def test_long_bodies_are_bounded() -> None:
    source = "{{ range until 100000 }}" + "{{ $a := 1 }}" * 1000 + "{{ end }}"
    assert failure(source).kind == "budget"


def test_values_are_bounded() -> None:
    nested: Any = "x"
    for _ in range(5000):
        nested = [nested]
    assert failure("{{ range .Values.n }}{{ end }}", {"n": nested}).kind == "budget"
    assert failure("{{ len .Values.n }}", {"n": [0] * 600_000}).kind == "budget"
    assert failure("{{ 1 }}" + " " * 2_000_000).kind == "budget"


# --- the fast path, and the engine as oracle ------------------------------------------------------
def test_simple_templates_need_no_engine() -> None:
    program = (
        "import sys; from tsplit_lint.templates import render;"
        "render('{{ .Values.a }} {{- int .Values.b }}{{ .Values.c | quote }}', {'a': 'x', 'b': 1});"
        "sys.exit('gotpl' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def plain_render(source: str, values: dict[str, Any], helpers: str = "") -> str:
    """The engine alone, with its own functions and its own treatment of what is missing."""

    class Box:
        template: Template

    def include(name: str, data: object) -> str:
        return Box.template.render_template(name, data)

    nothing: Any = None
    functions = function_map(include=include, tpl=nothing, required=nothing, fail=nothing)
    for name in ("tpl", "required", "fail"):
        del functions[name]
    Box.template = Template(helpers, name="h", functions=functions).with_source(source, name="t")
    return Box.template.render({"Values": values}).replace("<no value>", M)


SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs", "Co"]), max_size=8),
    st.none(),
)
ACTIONS = st.sampled_from(
    [
        "{{ .Values.a }}",
        "{{.Values.b}}",
        "{{- .Values.c -}}",
        "{{ .Values.d.e }}",
        "{{ .Values.d.f -}}",
        "{{/* c */}}",
        "{{- /* c */ -}}",
    ]
)
LITERALS = st.text(" \n\r\t:-ab{}é'\"`", max_size=5).filter(lambda text: "{" not in text)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "a": SCALARS,
        "b": SCALARS,
        "c": SCALARS,
        "d": st.fixed_dictionaries({}, optional={"e": SCALARS, "f": SCALARS}),
    },
)


@settings(deadline=None)
@given(st.lists(st.tuples(LITERALS, ACTIONS)), VALUES)
def test_fast_path_equals_the_engine(parts: list[tuple[str, str]], values: dict[str, Any]) -> None:
    source = "".join(literal + action for literal, action in parts)
    assert text(source, values) == plain_render(source, values)


@settings(deadline=None)
@given(SCALARS.filter(lambda value: value is not None))
def test_fast_functions_equal_the_engine(value: Any) -> None:
    for source in ("{{ int .Values.a }}", "{{ .Values.a | quote }}", "{{ .Values.a | int }}"):
        assert text(source, {"a": value}) == plain_render(source, {"a": value})


HELPERS = '{{ define "two" }}k: {{ .Values.n }}\n  l: {{ .Values.s | quote }}{{ end }}'
KNOWN = {"n": 7, "s": "x y", "l": [1, 2], "m": {"a": 1, "b": "t"}, "z": 0, "e": []}


def _nest(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    opening = st.sampled_from(
        [
            "if .Values.n",
            "if .Values.z",
            "if not .Values.e",
            "range .Values.l",
            "range $k, $v := $.Values.m",
            "with .Values.s",
            "with .Values.e",
            "range .Values.e",
        ]
    )
    dash = st.sampled_from(["{{ {} }}", "{{- {} }}", "{{ {} -}}", "{{- {} -}}"])
    other = st.sampled_from(["", "else"])

    def build(a: str, b: str, body: str, rest: str, c: str, word: str) -> str:
        middle = b.replace("{}", word) + rest if word else ""
        safe = body.replace(".Values", "$.Values").replace("$$", "$")
        return a + safe + middle.replace(".Values", "$.Values").replace("$$", "$") + c

    return st.builds(
        build,
        st.builds(lambda d, o: d.replace("{}", o), dash, opening),
        dash,
        inner,
        inner,
        dash.map(lambda d: d.replace("{}", "end")),
        other,
    )


LEAVES = st.one_of(
    LITERALS,
    st.sampled_from(
        [
            "{{ .Values.n }}",
            "{{- .Values.s | quote }}",
            "{{ .Values.q | default 3 -}}",
            '{{ include "two" $ | nindent 4 }}',
            '{{- include "two" $ | indent 2 -}}',
            "{{ toYaml .Values.m | nindent 2 }}",
            '{{ printf "%d-%s}}" .Values.n `a}}` }}',
            "{{/* {{ x }} */}}",
            "{{- /* y */ -}}",
            "{{ $v := .Values.n }}{{ add $v 1 }}",
            "{{ '}' }}",
            '{{ "\\"}}" }}',
            '{{ template "two" $ }}',
            '{{ block "bl" $ }} b {{- end }}',
        ]
    ),
)
BODIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(_nest(inner), st.lists(inner, max_size=4).map("".join)),
    max_leaves=12,
)


@settings(deadline=None, max_examples=300)
@given(st.booleans(), BODIES)
def test_output_is_the_engines_and_literals_map_to_themselves(defines: bool, source: str) -> None:
    if source.count("block ") > 1:
        return
    if defines:
        source += '  {{- define "d" }} {{- 1 }} text {{ end -}} \nend'
    chart = Chart("c", helpers={"h": HELPERS})
    rendered = render(source, KNOWN, chart=chart)
    assert rendered.text == plain_render(source, KNOWN, HELPERS)
    assert rendered.missing == ()
    for offset, char in enumerate(rendered.text):
        origin = rendered.origin(offset)
        assert 0 <= origin.start < origin.end <= len(source)
        if origin.literal:
            assert source[origin.start] == char
        else:
            assert source.startswith("{{", origin.start)
            assert source.startswith("}}", origin.end - 2)


@settings(deadline=None, max_examples=300)
@given(st.text("{}-/*\"'` \n.Vaif|()$", max_size=40))
def test_no_text_makes_it_crash(source: str) -> None:
    try:
        rendered = render(source, {"a": 1})
    except TemplateError as error:
        offset = error.offset
    else:
        offset = max((rendered.origin(at).end for at in range(len(rendered.text))), default=0)
    assert 0 <= offset <= len(source)


def test_marked_source_without_pieces() -> None:
    marked = MarkedSource("a {{ b", scan("a {{ b"))
    assert not marked.exact
    assert (marked.original_offset(99), marked.last_origin("x"), marked.uses()) == (6, 0, [])
    assert marked.unmark("text") == ("text", [], [])


# --- small things -----------------------------------------------------------------------------
def test_has_actions() -> None:
    assert has_actions("a {{ b }}")
    assert not has_actions("a: {b: {c: 1}}")


def test_merge_values() -> None:
    base = {"a": {"b": 1, "c": 2}, "l": [1], "x": 1, "y": {"z": 1}}
    override = {"a": {"b": None, "d": {"e": None, "f": 3}}, "l": [2], "x": None, "y": 4, "n": None}
    assert merge_values(base, override) == {"a": {"c": 2, "d": {"f": 3}}, "l": [2], "y": 4}
    assert base["a"] == {"b": 1, "c": 2}


def test_keys_of_values_are_text() -> None:
    values = {"m": {True: 1, 2: "x"}}
    assert (
        text("{{ range $k, $v := .Values.m }}{{ $k }}={{ $v }};{{ end }}", values) == "2=x;true=1;"
    )
    assert text("{{ toJson .Values.m }}", values) == '{"2":"x","true":1}'


def test_two_runs_agree() -> None:
    source = (
        '{{ randAlpha 9 }}{{ now }}{{ shuffle "abc" }}{{ .Values.tags }}{{ genPrivateKey "rsa" }}'
    )
    assert text(source) == text(source)

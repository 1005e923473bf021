"""Charts of our own that use what Helm knows: each maps file names to contents."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

_CHART = "apiVersion: v2\nname: {name}\nversion: 1.0.0\n"
_SHOW = "values: {{ .Values | toJson }}\nchart: {{ .Chart.Name }}\n"


def chart(name: str, *dependencies: str, more: str = "") -> str:
    """A Chart.yaml; a dependency is the inside of a flow mapping."""
    listed = "".join(f"- {{{entry}}}\n" for entry in dependencies)
    return _CHART.format(name=name) + more + (f"dependencies:\n{listed}" if listed else "")


CHARTS: dict[str, dict[str, str]] = {
    "subcharts": {
        "Chart.yaml": chart("shop", "name: web, version: 1.0.0", "name: cart, version: 1.0.0"),
        "values.yaml": "global: {mesh: east, deep: {a: 1, b: 2}}\nweb: {weight: 90, m: {x: 1}}\nown: 5\n",
        "templates/a.yaml": _SHOW,
        "charts/web/Chart.yaml": chart("web"),
        "charts/web/values.yaml": "weight: 10\nport: 80\nm: {x: 2, y: 3}\nglobal: {mesh: none, zone: z}\n",
        "charts/web/templates/b.yaml": _SHOW,
        "charts/cart/Chart.yaml": chart("cart"),
        "charts/cart/templates/c.yaml": _SHOW + "top: {{ .Values.own | default 1 }}\n",
        "charts/extra/Chart.yaml": chart("extra"),
        "charts/extra/values.yaml": "e: 1\n",
        "charts/extra/templates/d.yaml": _SHOW,
        "charts/_not/Chart.yaml": chart("not"),
        "charts/_not/templates/e.yaml": _SHOW,
    },
    "conditions": {
        "Chart.yaml": chart(
            "shop",
            "name: on, version: 1.0.0, condition: on.enabled",
            "name: off, version: 1.0.0, condition: off.enabled",
            "name: first, version: 1.0.0, condition: 'none.x,first.enabled'",
            "name: tagged, version: 1.0.0, tags: [back, front]",
            "name: untagged, version: 1.0.0, tags: [back]",
            "name: both, version: 1.0.0, tags: [back], condition: both.enabled",
            "name: text, version: 1.0.0, condition: text.enabled",
        ),
        "values.yaml": "on: {enabled: true}\noff: {enabled: false, k: 1}\nfirst: {enabled: false}\n"
        "tags: {back: false, front: true}\nboth: {enabled: true}\ntext: {enabled: 'no'}\n",
        "templates/a.yaml": _SHOW + "names: {{ keys .Subcharts | sortAlpha | toJson }}\n",
        **{
            f"charts/{name}/{file}": text
            for name in ("on", "off", "first", "tagged", "untagged", "both", "text")
            for file, text in {
                "Chart.yaml": chart(name),
                "values.yaml": "d: 1\n",
                "templates/x.yaml": _SHOW,
            }.items()
        },
    },
    "nested": {
        "Chart.yaml": chart("shop", "name: one, version: 1.0.0"),
        "values.yaml": "one: {two: {w: 3, enabled: true}, other: {enabled: false}}\nglobal: {g: 1}\n",
        "templates/a.yaml": _SHOW,
        "charts/one/Chart.yaml": chart(
            "one",
            "name: two, version: 1.0.0, condition: two.enabled",
            "name: other, version: 1.0.0, condition: other.enabled",
        ),
        "charts/one/values.yaml": "two: {w: 2, v: 2, enabled: false}\nglobal: {g: 2, h: 2}\n",
        "charts/one/templates/b.yaml": _SHOW,
        "charts/one/charts/two/Chart.yaml": chart("two"),
        "charts/one/charts/two/values.yaml": "w: 1\nv: 1\nu: 1\nglobal: {i: 3}\n",
        "charts/one/charts/two/templates/c.yaml": _SHOW + "name: {{ .Template.Name }}\n",
        "charts/one/charts/other/Chart.yaml": chart("other"),
        "charts/one/charts/other/templates/c.yaml": _SHOW,
    },
    "aliases": {
        "Chart.yaml": chart(
            "shop",
            "name: web, version: 1.0.0, alias: blue",
            "name: web, version: 1.0.0, alias: green, condition: green.enabled",
            "name: web, version: 1.0.0, alias: red, condition: red.enabled",
        ),
        "values.yaml": "blue: {w: 1}\ngreen: {w: 2, enabled: true}\nred: {enabled: false}\n",
        "templates/a.yaml": _SHOW,
        "charts/web/Chart.yaml": chart("web"),
        "charts/web/values.yaml": "w: 0\nv: 0\n",
        "charts/web/templates/_h.tpl": '{{ define "web.name" }}{{ .Chart.Name }}-{{ .Values.w }}{{ end }}',
        "charts/web/templates/b.yaml": _SHOW + 'name: {{ include "web.name" . }}\n'
        "at: {{ .Template.Name }} {{ .Template.BasePath }}\n",
    },
    "imports": {
        "Chart.yaml": chart(
            "shop",
            "name: web, version: 1.0.0, import-values: [data, {child: inner.x, parent: lifted}]",
        ),
        "values.yaml": "own: 1\nlifted: {a: 5}\n",
        "templates/a.yaml": _SHOW,
        "charts/web/Chart.yaml": chart("web"),
        "charts/web/values.yaml": "exports: {data: {own: 2, port: 80}}\ninner: {x: {a: 1, b: 2}}\n",
        "charts/web/templates/b.yaml": _SHOW,
    },
    "nulls": {
        "Chart.yaml": chart("shop", "name: web, version: 1.0.0"),
        "values.yaml": "a: null\nb: {c: 1, d: null}\nweb: {w: null, m: {x: null}}\n",
        "templates/a.yaml": _SHOW,
        "charts/web/Chart.yaml": chart("web"),
        "charts/web/values.yaml": "w: 1\nv: 2\nm: {x: 1, y: 2}\nn: null\n",
        "charts/web/templates/b.yaml": _SHOW,
    },
    "library": {
        "Chart.yaml": chart("shop", "name: common, version: 1.0.0"),
        "values.yaml": "common: {k: 1}\nname: Shop\n",
        "templates/a.yaml": 'name: {{ include "common.name" . }}\n{{ include "common.labels" . }}\n',
        "charts/common/Chart.yaml": chart("common", more="type: library\n"),
        "charts/common/templates/_name.tpl": '{{- define "common.name" -}}\n'
        "{{ .Values.name | lower }}\n{{- end }}",
        "charts/common/templates/_labels.yaml": '{{ define "common.labels" -}}\nlabels: {app: x}\n{{- end }}',
        "charts/common/templates/never.yaml": "a: [\n",
    },
    "overriding": {
        "Chart.yaml": chart("shop", "name: web, version: 1.0.0"),
        "templates/_a.tpl": '{{ define "n" }}shop-a{{ end }}{{ define "only" }}1{{ end }}',
        "templates/_b.tpl": '{{ define "n" }}shop-b{{ end }}',
        "templates/deep/_c.tpl": '{{ define "n" }}shop-c{{ end }}{{ define "d" }}deep{{ end }}',
        "templates/a.yaml": 'n: {{ include "n" . }}{{ include "d" . }}{{ include "w" . }}\n',
        "charts/web/Chart.yaml": chart("web"),
        "charts/web/templates/_a.tpl": '{{ define "n" }}web{{ end }}{{ define "w" }}w{{ end }}',
        "charts/web/templates/b.yaml": 'n: {{ include "n" . }}{{ include "only" . }}\n',
    },
    "files": {
        "Chart.yaml": chart("shop"),
        "values.yaml": "a: 1\n",
        ".helmignore": "*.bak\nsecret/\n# a comment\ntemplates/skipped.yaml\n",
        "config/a.txt": "one\ntwo\n",
        "config/b.txt": "b",
        "config/c.bak": "no",
        "secret/d.txt": "no",
        "README.md": "hello",
        "templates/a.yaml": 'get: {{ .Files.Get "config/a.txt" | quote }}\n'
        'none: [{{ .Files.Get "config/c.bak" }}{{ .Files.Get "secret/d.txt" }}]\n'
        'own: [{{ .Files.Get "values.yaml" }}{{ .Files.Get "Chart.yaml" }}]\n'
        'glob: {{ range $n, $c := .Files.Glob "config/*.txt" }}{{ $n }}={{ len $c }};{{ end }}\n'
        'data:\n  {{- (.Files.Glob "config/*").AsConfig | nindent 2 }}\n'
        'secret:\n  {{- (.Files.Glob "config/*").AsSecrets | nindent 2 }}\n'
        'empty:\n  {{- (.Files.Glob "none/*").AsConfig | nindent 2 }}\n'
        'lines: [{{ range .Files.Lines "config/a.txt" }}{{ . }},{{ end }}]\n'
        'any: [{{ if .Files.Glob "none/*" }}no{{ end }}{{ if .Files.Glob "config/*" }}yes{{ end }}]\n'
        'readme: {{ .Files.Get "README.md" }}\nall: {{ range $n, $_ := .Files }}{{ $n }};{{ end }}\n',
        "templates/skipped.yaml": "a: 1\n",
        "templates/NOTES.txt": "Thank you for {{ .Chart.Name }}.",
        "templates/_partial.yaml": "a: 1\n",
        "templates/.hidden.yaml": "a: 1\n",
        "templates/tests/t.yaml": 'kind: Pod\nmetadata:\n  annotations: {"helm.sh/hook": test}\n',
    },
    "objects": {
        "Chart.yaml": chart(
            "shop", more="appVersion: '1.20'\nannotations: {team: a}\nkeywords: [x]\n"
        ),
        "values.yaml": "a: 1\n",
        "templates/a.yaml": "release: {{ .Release | toJson }}\n"
        "app: {{ .Chart.AppVersion }} {{ .Chart.Annotations.team }} {{ .Chart.Keywords | first }}\n"
        "type: [{{ .Chart.Type | quote }}, {{ .Chart.Description | quote }}]\n"
        "root: {{ .Chart.IsRoot }} {{ .Chart.APIVersion }}\n"
        "kube: {{ .Capabilities.KubeVersion.Version }} {{ .Capabilities.KubeVersion }}\n"
        "minor: {{ .Capabilities.KubeVersion.Minor }}\n"
        '{{ if semverCompare ">=1.25-0" .Capabilities.KubeVersion.Version }}new: true{{ end }}\n'
        'has: {{ .Capabilities.APIVersions.Has "apps/v1" }} {{ .Capabilities.APIVersions.Has "a.io/v1" }}\n'
        "helm: {{ .Capabilities.HelmVersion.Version }}\ntemplate: {{ .Template | toJson }}\n"
        'lookup: {{ lookup "v1" "Pod" "a" "b" | toJson }}{{ if lookup "v1" "Pod" "" "" }}no{{ end }}\n',
    },
    "texts": {
        "Chart.yaml": chart("shop"),
        "values.yaml": "name: shop\nline: 'n-{{ .Values.name }}'\nneeded: x\nhosts: [a, b]\n"
        "map: {b: 1, a: [1, 2], c: {d: e}}\ntext: |\n  one\n  two\n",
        "templates/_h.tpl": '{{- define "h" -}}\n{{ .n }}-{{ default "d" .v }}\n{{- end -}}',
        "templates/a.yaml": 'tpl: {{ tpl .Values.line . }}\nrequired: {{ required "no" .Values.needed }}\n'
        'with: {{ with .Values.map }}{{ .b }}{{ end }} {{ include "h" (dict "n" 1) }}\n'
        'hosts:\n{{- range $i, $h := .Values.hosts }}\n- {{ printf "%d-%s" $i $h }}\n{{- end }}\n'
        "map:\n  {{- toYaml .Values.map | nindent 2 }}\ntext: |\n  {{- .Values.text | nindent 2 }}\n"
        'sum: {{ include (print $.Template.BasePath "/b.yaml") . | sha256sum }}\n'
        "q: [{{ .Values.name | quote }}, {{ .Values.name | upper | squote }}]\n"
        'ternary: {{ ternary "a" "b" (eq .Values.name "shop") }} {{ list 1 2 | join "," }}\n'
        'json: {{ .Values.map | toJson }}\nhas: {{ has "a" .Values.hosts }} {{ hasKey .Values.map "z" }}\n'
        'dig: {{ dig "c" "d" "x" .Values.map }} {{ .Values.hosts | last }} {{ trunc 2 .Values.name }}\n',
        "templates/b.yaml": "name: {{ .Values.name }}\n",
    },
    "numbers": {
        "Chart.yaml": chart("shop"),
        "values.yaml": "num: 80\nbig: 1000000\nmany: 1234567\nhalf: 0.5\ntiny: 0.00001\nz: 1.0\nneg: -3\n"
        "l: [1, 2000000]\nm: {a: 1}\noct: 0o17\nyes: yes\ndate: 2020-01-01\nhex: 0x10\n",
        "templates/a.yaml": "n: {{ .Values.num }} {{ .Values.big }} {{ .Values.many }} {{ .Values.half }}\n"
        "t: {{ .Values.tiny }} {{ .Values.z }} {{ .Values.neg }} {{ .Values.l }} {{ .Values.m }}\n"
        "i: {{ int .Values.big }} {{ .Values.big | int64 }} {{ add .Values.num 1 }} {{ mul .Values.num 2 }}\n"
        "q: {{ .Values.big | quote }} # {{ kindOf .Values.num }}\n"
        'v: {{ printf "%v %.0f" .Values.num .Values.big }}\n'
        "y:\n  {{- toYaml .Values | nindent 2 }}\nj: {{ toJson .Values }}\n"
        "e: {{ eq (int .Values.num) 80 }} {{ gt .Values.num 3.0 }}\ns: {{ sub 100 .Values.num }}\n"
        "l: {{ len .Values.l }}\n",
        "templates/b.yaml": "weight: {{ .Values.num }}\nbig: {{ .Values.big }}\nhalf: {{ .Values.half }}\n"
        "int: {{ int .Values.big }}\nq: {{ .Values.num | quote }}\nneg: {{ .Values.neg }}\n",
    },
    "changes": {
        "Chart.yaml": chart("shop", "name: web, version: 1.0.0"),
        "values.yaml": "mode: none\nweb: {w: 1}\n",
        "templates/_z.tpl": '{{- define "prepare" -}}{{ $_ := set .Values "prepared" "yes" }}{{- end -}}',
        "templates/a.yaml": "mode: {{ .Values.mode }}\nw: {{ .Values.web.w }}\n",
        "templates/b.yaml": '{{ $_ := set .Values "mode" "b" }}mode: {{ .Values.mode }}\n',
        "templates/c.yaml": '{{ include "prepare" . }}prepared: {{ .Values.prepared }} {{ .Values.mode }}\n',
        "charts/web/Chart.yaml": chart("web"),
        "charts/web/templates/x.yaml": '{{ $_ := set .Values "w" 7 }}w: {{ .Values.w }}\n',
    },
    "profile": {
        # Istio's own charts: a template that is rendered first puts the values in their place.
        "Chart.yaml": chart("shop", "name: web, version: 1.0.0"),
        "values.yaml": "defaults: {w: 90, deep: {a: 1, b: 2}}\ndeep: {b: 3}\n",
        "files/profile.yaml": "w: 80\ndeep: {c: 4}\n",
        "templates/a.yaml": "w: {{ .Values.w }}\ndeep: {{ toJson .Values.deep }}\n",
        "templates/zzz.yaml": """\
{{- $defaults := .Values.defaults }}
{{- $_ := unset .Values "defaults" }}
{{- $profile := dict }}
{{- with .Files.Get "files/profile.yaml" }}
{{- $_ := mustMergeOverwrite $profile (. | fromYaml) }}
{{- end }}
{{- $_ := mustMergeOverwrite $defaults $profile ($profile.global) }}
{{- $_ := set $ "Values" (mustMergeOverwrite $defaults $.Values) }}
""",
        "charts/web/Chart.yaml": chart("web"),
        "charts/web/values.yaml": "defaults: {w: 10}\n",
        "charts/web/templates/b.yaml": "w: {{ .Values.w }}\n",
        "charts/web/templates/zzz.yaml": "{{- $defaults := .Values.defaults }}"
        '{{- $_ := set $ "Values" (mustMergeOverwrite $defaults $.Values) }}',
    },
    "decoding": {
        "Chart.yaml": chart("shop"),
        "values.yaml": r"""
texts:
- "a: 1000000\nb: [1, 0x10, 0o17, 017, 1e3, 1_000, .5]\nc: 2020-01-01\nd: 1.0\ne: ~\non: yes"
- "y:\t2"
- "a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n  e: 1"
- "a: x\n---\nb: 1"
- "1: x\nd: {1: 2, true: 3}"
- ""
- "[1, a]"
- "word"
json: '{"a": 1000000, "b": {"c": [1.5, null, true]}}'
""",
        "templates/a.yaml": """\
{{- range .Values.texts }}
- yaml: {{ . | fromYaml | toJson }}
  list: {{ . | fromYamlArray | toJson }}
  told: {{ hasKey (. | fromYaml) "Error" }}
{{- end }}
- json: {{ .Values.json | fromJson | toJson }} # {{ (.Values.json | fromJson).a }}
- number: {{ (fromYaml "a: 1000000").a }} {{ (fromYaml "a: 5").a | kindOf }}
- broken: {{ hasKey ("a: [" | fromYaml) "Error" }} {{ hasKey ("{" | fromJson) "Error" }}
- checked: {{ omit ("a: 1\\nkind: x\\nb:\\t2" | fromYaml) "kind" | toYaml | sha256sum }}
""",
    },
    "versions": {
        "Chart.yaml": chart("shop"),
        "values.yaml": "tag: v1.2.3-rc.1+build\nconstraints: ['>= 1.27.x', '> 1.36.x', '<1.36.x', '<=1.36.X',"
        " '~1.36.x', '^1.x', 1.x, 1.36.x, '*', '>=1.36', '!=1.36.x', '>=1.30.0-0 <2', 1.35 - 1.36]\n",
        "templates/a.yaml": """\
{{- $v := semver .Values.tag }}
parts: {{ printf "%d.%d.%d" $v.Major $v.Minor $v.Patch }} {{ $v.Prerelease }} {{ $v.Metadata }}
whole: {{ $v }} {{ $v.Original }}
compared: {{ (semver "1.2.3").Compare (semver "1.3.0") }} {{ semver "1.1.0" | (semver "1.2.0").Compare }}
ordered: {{ ($v.LessThan (semver "9.0.0")) }} {{ $v.GreaterThan $v }} {{ $v.Equal $v }}
{{- range .Values.constraints }}
{{ quote . }}: {{ semverCompare . $.Capabilities.KubeVersion.Version }}
{{- end }}
{{- range list "policy/v1" "policy/v1/PodDisruptionBudget" "networking.k8s.io/v1/Ingress" "v1" "v1/Pod" }}
{{ quote . }}: {{ $.Capabilities.APIVersions.Has . }}
{{- end }}
""",
    },
    "copies": {
        "Chart.yaml": chart("shop"),
        "values.yaml": "w: 1\nmap: {a: {b: 1}}\nnulls: {a: null}\n",
        "templates/a.yaml": """\
{{- $copy := deepCopy . }}
{{- $_ := set $copy.Values "w" 2 }}
{{- $_ := set $copy.Values.map.a "b" 2 }}
w: {{ .Values.w }} {{ $copy.Values.w }} {{ .Values.map.a.b }} {{ $copy.Values.map.a.b }}
name: {{ $copy.Chart.Name }} {{ $copy.Release.Name }} {{ include "n" $copy }}
data: {{ toJson (dict "Values" $copy.Values.map | mustMergeOverwrite (deepCopy .) | dig "Values" "none") }}
merged: {{ toJson (merge (dict "a" 1) (dict "a" nil "b" nil "c" 3)) }}
deep: {{ toJson (merge (fromYaml "a:\\nb: {c: }") (fromYaml "a: {x: 1}\\nb: {c: 5, d: }\\ne:")) }}
over: {{ toJson (mergeOverwrite (dict "a" 1 "b" 2) (dict "a" nil "c" nil)) }}
{{- $none := dict }}
nothing: {{ toJson (merge (dict "a" 1) ($none.global)) }}
{{- range $key, $value := .Values.map }}
key: {{ upper $key }}
{{- end }}
{{- if false }}{{ $late = 1 }}{{ end }}
""",
        "templates/_n.tpl": '{{ define "n" }}{{ .Values.w }}{{ end }}',
    },
    "separators": {
        "Chart.yaml": chart("shop"),
        "values.yaml": "on: 1\nenabled: true\n",
        "templates/a.yaml": "---\n\n{{- if .Values.enabled -}}\nkind: A\na: 1\n\n---\n\n{{- end -}}\n\n"
        "# next\nkind: B\n---\n{{- if .Values.enabled }}kind: C{{ end }}\n--- # four\nkind: D\n",
    },
    "asking": {
        "Chart.yaml": chart("shop", "name: web, version: 1.0.0"),
        "values.yaml": "web: {w: 5}\n",
        "templates/a.yaml": '{{- $web := index .Subcharts "web" | required "needed" }}\n'
        'file: {{ $web.Files.Get "files/a.txt" }}\nw: {{ $web.Values.w }} {{ $web.Chart.Name }}\n'
        "name: {{ .Subcharts.web.Release.Name }}\n",
        "charts/web/Chart.yaml": chart("web"),
        "charts/web/files/a.txt": "within",
        "charts/web/templates/b.yaml": "b: 1\n",
    },
    "folding": {
        "Chart.yaml": chart("shop"),
        "values.yaml": f"plain: {'word ' * 40}\nquoted: 'x: {'word ' * 40}'\nlike: ['1e3', '0o17', 'on']\n",
        "files/a.conf": "word " * 40,
        "templates/a.yaml": "text: |\n  {{- toYaml .Values | nindent 2 }}\n"
        "like: {{ toYaml .Values.like | nindent 2 }}\n"
        'data:\n  {{- (.Files.Glob "files/*").AsConfig | nindent 2 }}\n',
    },
    "mesh": {
        "Chart.yaml": chart("shop"),
        "values.yaml": "name: shop\nsplit: {enabled: true, stable: 90, canary: 10}\nhosts: [a.example.com]\n"
        "versions: [{name: stable, label: v1}, {name: canary, label: v2}]\n",
        "templates/_h.tpl": '{{- define "labels" -}}\napp: {{ .Values.name }}\n'
        "managed: {{ .Release.Service }}\n{{- end }}",
        "templates/vs.yaml": """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: {{ .Values.name }}
  labels:
    {{- include "labels" . | nindent 4 }}
spec:
  hosts:
  {{- range .Values.hosts }}
  - {{ . | quote }}
  {{- end }}
  http:
  - route:
    {{- if .Values.split.enabled }}
    {{- range .Values.versions }}
    - destination:
        host: {{ $.Values.name }}
        subset: {{ .name }}
      weight: {{ index $.Values.split .name }}
    {{- end }}
    {{- else }}
    - destination: {host: {{ .Values.name }}}
    {{- end }}
""",
        "templates/dr.yaml": """\
{{- if .Values.split.enabled }}
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: {{ .Values.name }}
spec:
  host: {{ .Values.name }}
  subsets:
  {{- range .Values.versions }}
  - name: {{ .name }}
    labels: {version: {{ .label }}}
  {{- end }}
{{- end }}
""",
    },
}


def archive(files: Mapping[str, str], name: str) -> bytes:
    """A chart as `helm package` packs it."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as packed:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{name}/{path}")
            data = text.encode()
            entry.size = len(data)
            packed.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


def write_chart(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write a chart below a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

"""Whatever stands in a file: it is refused or linted, and never hides what another file holds."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import Tree
from tsplit_lint import Config, Report, lint

VS = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop]
  http:
  - route:
    - destination: {host: shop, subset: a}
      weight: 80
    - destination: {host: shop, subset: b}
      weight: 10
"""
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
FOUND = "good/shop.yaml:7:5 TS201"


def inside(report: Report) -> bool:
    """Whether every finding lies in its file: the lines exist, and the columns are some of them."""
    lines = {path: file.text.split("\n") for path, file in report.sources.items()}
    return all(
        (span.line, span.column) <= (span.end_line, span.end_column)
        and 1 <= line <= len(lines[finding.file])
        and 1 <= column <= len(lines[finding.file][line - 1]) + 1
        for finding in report.findings
        for span in [finding.span]
        for line, column in ((span.line, span.column), (span.end_line, span.end_column))
    )


def refused_or_linted(tree: Tree, content: str | bytes, name: str = "bad/shop.yaml") -> list[str]:
    """The rules that speak about a file, once it is certain that the other file is linted too."""
    raw = content if isinstance(content, bytes) else content.encode()
    tree.write({"good/shop.yaml": VS, name: raw})
    report = lint([tree.root], Config(root=tree.root))
    assert FOUND in [f"{f.file}:{f.span.line}:{f.span.column} {f.rule}" for f in report.findings]
    assert report.notes == []
    assert inside(report)
    return [finding.rule for finding in report.findings if finding.file == name]


def bomb(levels: int, width: int) -> str:
    return "a0: &a0 [x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]\n" for n in range(1, levels)
    )


# --- refused ----------------------------------------------------------------------------------
TOO_MUCH: dict[str, str] = {
    "bomb": VS + bomb(10, 10),
    "chain": VS + "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 5_000)),
    "merges": VS
    + "a0: &a0 {x: 1}\n"
    + "".join(f"a{n}: &a{n} {{<<: *a{n - 1}, k{n}: 1}}\n" for n in range(1, 300)),
    "itself": VS + "a: &a [*a]\n",
    "merges itself": VS + "a: &a {<<: *a}\n",
    "flow": VS + "a: " + "[" * 100_000,
    "flow, closed": VS + "a: " + "[" * 100_000 + "]" * 100_000,
    "flow mappings": VS + "a: " + "{a: " * 100_000,
    "compact": VS + "a:\n" + "- " * 100_000,
    "compact keys": VS + "a:\n" + "? " * 100_000,
    "block": VS + "a:\n" + "".join(" " * level + "a:\n" for level in range(1, 2_000)),
    "flow in another kind": POD + "a: " + "[" * 100_000,
    "mappings in another kind": POD + "a: " + "{a: " * 100_000,
    "json": '{"kind": "VirtualService", "a": ' + "[" * 100_000 + "]" * 100_000 + "}",
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_too_much_is_refused(tree: Tree, name: str) -> None:
    assert refused_or_linted(tree, TOO_MUCH[name]) == ["TS005"]


NOT_YAML: dict[str, str | bytes] = {
    "undefined alias": VS + "a: *nowhere\n",
    "large json": '{"kind": "VirtualService", "a": [' + ",".join(['{"a": 1}'] * 50_000) + "] x",
    "open quote": VS + "".join(f"k{n}: 1\n" for n in range(50_000)) + "x: 'abc",
    "colons": VS + "a: " + ": " * 100_000,
    "anchors": VS + "a: " + "&" * 100_000,
    "tab": VS + "a:\n\t- b\n",
    "control character": VS + "a: \x01\n",
    "delete": VS + "a: \x7f \x80\n",
    "two mappings": VS + "]\n",
}


@pytest.mark.parametrize("name", NOT_YAML)
def test_what_is_not_yaml_is_refused(tree: Tree, name: str) -> None:
    assert refused_or_linted(tree, NOT_YAML[name]) == ["TS001"]


def test_a_large_file_is_refused(tree: Tree) -> None:
    (tree.root / "bad").mkdir()
    (tree.root / "bad/sparse.yaml").touch()
    os.truncate(tree.root / "bad/sparse.yaml", 50_000_000)
    assert refused_or_linted(tree, VS * 500_000, "bad/large.yaml") == ["TS005"]
    assert tree.show("bad/sparse.yaml") == ["bad/sparse.yaml:1:1 TS005"]


# --- linted -----------------------------------------------------------------------------------
LINTED: dict[str, str | bytes] = {
    "long line": VS + "a: " + "x" * 5_000_000 + "\n",
    "long blanks": VS + "a:" + " " * 2_000_000 + "x\n",
    "many blanks": VS + (" " * 1_000 + "\n") * 2_000,
    "many comments": VS + "# c\n" * 500_000,
    "many documents": VS + "---\n" * 500_000,
    "many expressions": VS + "a: " + "$" * 1_000_000 + "\n",
    "many tags": VS + "a: " + "!" * 100_000 + "\n",
    "many merges": VS
    + "m: &m {x: 1}\nbig:\n  <<: ["
    + ",".join(["*m"] * 20_000)
    + "]\n"
    + "".join(f"  k{n}: 1\n" for n in range(20_000)),
    "unknown tags": VS.replace("{name: shop}", "!custom {name: !<x:y> shop}") + "a: !!python/x b\n",
    "complex keys": VS + "? {a: [b]}\n: c\n? [d]\n: e\n? |\n  text\n: f\n",
    "NUL": VS + "\0" * 100_000,
    "latin-1": (VS + "# café\n").encode("latin-1"),
    "utf-16": VS.encode("utf-16"),
    "utf-16 without a mark": VS.encode("utf-16-be"),
    "utf-8 with a mark": VS.encode("utf-8-sig"),
    "a mark in the middle": VS.encode() + b"\xef\xbb\xbf---\n",
    "unpaired surrogate": VS.encode() + b"# \xed\xa0\x80\n",
    "line separators": VS + "# \x85 \u2028 \u2029\n",
    "no end": VS.rstrip("\n"),
    "deep, yet not too deep": VS + "a: " + "[" * 150 + "]" * 150 + "\n",
    "old line breaks": VS + "# \r\r\r\n",
}


@pytest.mark.parametrize("name", LINTED)
def test_odd_files_are_linted(tree: Tree, name: str) -> None:
    assert "TS201" in refused_or_linted(tree, LINTED[name])


def test_50_000_documents(tree: Tree) -> None:
    text = "".join(
        f"---\napiVersion: v1\nkind: Service\nmetadata: {{name: a{n}}}\n" for n in range(25_000)
    )
    text += "".join(f"---\nkind: Pod\nmetadata: {{name: a{n}}}\n" for n in range(25_000))
    assert refused_or_linted(tree, text + "---\n" + VS) == ["TS201"]


def test_10_000_items(tree: Tree) -> None:
    item = '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a%d"}}'
    items = ", ".join(item % number for number in range(10_000))
    assert refused_or_linted(tree, '{"kind": "List", "items": [' + items + "]}") == []


def test_5_000_wrong_routes(tree: Tree) -> None:
    route = VS[VS.index("  - route") :]
    found = refused_or_linted(tree, VS + route * 5_000)
    assert found.count("TS201") == 5_001


WEIGHTS = [
    "9" * 300,
    "9" * 100_000,
    "-" + "9" * 300,
    "0x" + "f" * 5_000,
    "1e400",
    "1e300",
    ".inf",
    "-.inf",
    ".nan",
    "18446744073709551616",
    "-0",
    "0.0",
    "1_0",
    "٣",
    "'²'",
    '"' + "9" * 10_000 + '"',
    "true",
    "null",
    "~",
    "''",
    "[]",
    "{}",
    "[80]",
    "{a: 80}",
    "!!float 80",
    "!!binary gA==",
    "2024-01-01",
    "1:20",
    "|\n        80",
    "*nowhere",
    "&a 80",
    "{{ .Values.w }}",
    "${w}",
]


@pytest.mark.parametrize("weight", WEIGHTS, ids=[weight[:12] for weight in WEIGHTS])
def test_weights_of_all_kinds(tree: Tree, weight: str) -> None:
    refused_or_linted(tree, VS.replace("80", weight))
    refused_or_linted(tree, VS.replace("80", weight).replace("10", weight))


ODD = ["", "5", "-1", "1.5", "true", "text", "''", "[]", "[5]", "[[]]", "[{}]", "{}", "{a: b}"]
ODD += [
    "[null]",
    "[text]",
    "{1: 2}",
    "{null: null}",
    "${x}",
    "[{a: ${x}}]".replace("${x}", "'${x}'"),
]
WHOLE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: shop
  namespace: web
  labels: {a: b}
  annotations: {harness.io/managed: "true"}
spec:
  hosts: [shop]
  gateways: [edge]
  exportTo: ["*"]
  http:
  - name: first
    match: [{uri: {prefix: /a}, headers: {x: {exact: a}}, port: 80}]
    mirror: {host: shop, subset: b}
    mirrors: [{destination: {host: shop}, percentage: {value: 5}}]
    timeout: 5s
    route:
    - destination: {host: shop, subset: a, port: {number: 80}}
      weight: 90
    - destination: {host: shop, subset: b}
      weight: 10
  tls:
  - match: [{port: 443, sniHosts: [shop]}]
    route: [{destination: {host: shop}, weight: 100}]
  tcp:
  - match: [{port: 9000}]
    route: [{destination: {host: shop}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop, annotations: {harness.io/managed: "true"}}
spec:
  host: shop
  exportTo: [.]
  trafficPolicy: {tls: {mode: SIMPLE}}
  subsets:
  - {name: a, labels: {v: a}}
  - {name: b, labels: {v: b}}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop]}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: out}
spec: {hosts: [example.com], ports: [{number: 443, name: https, protocol: TLS}]}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  type: ClusterIP
  selector: {app: shop}
  ports: [{port: 80, name: http, targetPort: 8080}]
"""
WORKFLOW = """\
harnessApiVersion: '1.0'
type: CANARY
name: shop
phases:
- name: one
  phaseSteps:
  - type: K8S_PHASE_STEP
    name: Deploy
    steps:
    - type: K8S_CANARY_DEPLOY
      name: Canary
      properties: {instances: 1}
    - type: K8S_TRAFFIC_SPLIT
      name: Split
      properties:
        virtualServiceName: shop
        istioDestinationWeights: [{destination: a, weight: '10'}, {destination: b, weight: '90'}]
  - type: K8S_PHASE_STEP
    name: Wrap Up
    steps:
    - {type: K8S_DELETE, name: Delete, properties: {resources: '${k8s.canaryWorkload}'}}
rollbackPhases:
- name: back
  phaseNameForRollback: one
  phaseSteps: []
"""


def odd_places(text: str) -> Iterator[tuple[str, Callable[[str], str]]]:
    """Each `key: value` of a text, and the text with another value in its place."""
    for match in re.finditer(
        r"([A-Za-z][\w./]*): (\{[^\n]*|\[[^\n]*|\"[^\"\n]*\"|[^\s{},\]]+)", text
    ):
        start, end = match.span(2)
        value = match[2]
        if value[0] in "{[":
            end = start + _closing(value)

        def put(odd: str, start: int = start, end: int = end) -> str:
            return text[:start] + odd + text[end:]

        yield f"{match[1]}@{text.count(chr(10), 0, start) + 1}", put
    for match in re.finditer(r"^( *)(?:- )?([A-Za-z][\w./]*):\n", text, re.MULTILINE):
        width = len(match[0]) - len(match[0].lstrip(" -")) if "- " in match[0] else len(match[1])
        block = re.compile(rf"(?: {{{width + 1},}}| {{{width}}}- )[^\n]*\n")
        stop = match.end()
        while found := block.match(text, stop):
            stop = found.end()

        def cut(odd: str, start: int = match.end() - 1, stop: int = stop) -> str:
            return f"{text[:start]} {odd}\n{text[stop:]}"

        yield f"{match[2]}:{text.count(chr(10), 0, match.start()) + 1}", cut


def _closing(text: str) -> int:
    depth = 0
    for index, char in enumerate(text):
        depth += (char in "{[") - (char in "}]")
        if depth == 0:
            return index + 1
    return len(text)


PLACES = [
    (f"{kind} {name}", put)
    for kind, text in (("objects", WHOLE), ("workflow", WORKFLOW))
    for name, put in odd_places(text)
]


@pytest.mark.parametrize(("name", "put"), PLACES, ids=[name for name, _put in PLACES])
def test_odd_shapes_of_every_field(tree: Tree, name: str, put: Callable[[str], str]) -> None:
    tree.write({f"odd{number}/a.yaml": put(odd) for number, odd in enumerate(ODD)})
    tree.write({"good/shop.yaml": VS})
    report = lint([tree.root], Config(root=tree.root, complete=True))
    assert FOUND in [f"{f.file}:{f.span.line}:{f.span.column} {f.rule}" for f in report.findings]
    assert inside(report)


# --- templates --------------------------------------------------------------------------------
TEMPLATE = VS.replace("80", "{{ .Values.w }}")
RECURSION = '{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}\n'
DOUBLING = "".join(
    f'{{{{ define "a{n}" }}}}{{{{ include "a{n + 1}" . }}}}{{{{ include "a{n + 1}" . }}}}{{{{ end }}}}'
    for n in range(40)
)
TEMPLATES = {
    "repeat": 'a: {{ repeat 2000000000 "x" }}\n',
    "repeat a value": 'a: {{ repeat (int .Values.big) "x" }}\n',
    "until": "{{ range until 2000000000 }}x{{ end }}\n",
    "ranges in ranges": "{{ range until 100000 }}{{ range until 100000 }}x{{ end }}{{ end }}\n",
    "include itself": RECURSION,
    "template itself": RECURSION.replace("include", "template").replace('"a" .', '"a"'),
    "tpl itself": "{{ tpl .Values.again . }}\n",
    "include twice": DOUBLING + '{{ define "a40" }}x{{ end }}{{ include "a0" . }}\n',
    "wide text": 'a: {{ printf "%2000000000d" 1 }}\n',
    "growing list": "{{ $x := list 1 }}{{ range until 1000 }}{{ $x = concat $x $x }}{{ end }}\n",
    "growing text": '{{ $x := "ab" }}{{ range until 1000 }}{{ $x = cat $x $x }}{{ end }}\n',
    "a map in itself": '{{ $x := dict }}{{ $_ := set $x "a" $x }}{{ toYaml $x }}\n',
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_without_bounds_are_refused(tree: Tree, name: str) -> None:
    tree.write({"bad/values.yaml": "w: 80\nbig: 2000000000\nagain: '{{ tpl .Values.again . }}'\n"})
    assert refused_or_linted(tree, TEMPLATES[name] + TEMPLATE) == ["TS005"]


def test_a_template_of_20_000_blocks_in_blocks_is_refused(tree: Tree) -> None:
    tree.write({"bad/values.yaml": "w: 80\n"})
    text = "{{ if true }}" * 20_000 + TEMPLATE + "{{ end }}" * 20_000
    assert refused_or_linted(tree, text) == ["TS005"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("{{ if true }}" * 50, "TS003"),
        ("{{ if true }}" * 20_000, "TS005"),
        ("{{" * 100_000, "TS003"),
        ('{{ "' + "x" * 500_000, "TS003"),
    ],
    ids=["some blocks", "many blocks", "braces", "quote"],
)
def test_templates_that_never_close_are_refused(tree: Tree, text: str, rule: str) -> None:
    tree.write({"bad/values.yaml": "w: 80\n"})
    assert refused_or_linted(tree, text + "\n" + TEMPLATE) == [rule]


@pytest.mark.parametrize(
    "part",
    [
        "{{/* x */}}" * 50_000,
        "# {{ .Values.w }}\n" * 20_000,
        "".join(f"# {{{{ .Values.x{n} | default 1 }}}}\n" for n in range(3_000)),
        'a: {{ regexMatch "(a+)+$" "' + "a" * 40 + 'b" }}\n',
        'a: {{ regexReplaceAll "(a|a)*b" "' + "a" * 3_000 + '" "x" }}\n',
        'a: {{ genCA "x" 365 }}\nb: {{ bcrypt "x" }}\n',
        "a: {{ now }}\n",
    ],
    ids=["comments", "values", "missing", "regex", "replace", "slow", "clock"],
)
def test_large_and_slow_templates_are_linted(tree: Tree, part: str) -> None:
    tree.write({"bad/values.yaml": "w: 80\n"})
    assert "TS201" in refused_or_linted(tree, part + TEMPLATE)


@pytest.mark.parametrize(
    "values",
    [
        "w: " + "9" * 10_000,
        "w: .inf",
        "w: .nan",
        "w: [80]",
        "w: {a: 80}",
        "w: '{{ .Values.w }}'",
        'w: "80\\nx: y"',
        "w: 80\n" + bomb(10, 10),
        "w: 80\na: " + "[" * 100_000,
        "w: &a [*a]",
        "[" * 300,
        "\0\0",
        "? [a]\n: b",
    ],
    ids=lambda values: values[:16],
)
def test_odd_values(tree: Tree, values: str) -> None:
    tree.write({"bad/values.yaml": values + "\n"})
    refused_or_linted(tree, TEMPLATE)
    refused_or_linted(tree, TEMPLATE + "x: {{ toYaml .Values | nindent 2 }}\n")


def test_a_helper_without_bounds_spoils_only_what_uses_it(tree: Tree) -> None:
    chart = {"c/Chart.yaml": "name: c\nversion: 1.0.0\n", "c/values.yaml": "w: 80\n"}
    blocks = "{{ if true }}" * 20_000 + "{{ end }}" * 20_000
    tree.write({**chart, "c/templates/_h.tpl": f'{{{{ define "x" }}}}{blocks}{{{{ end }}}}'})
    tree.write({"c/templates/b.yaml": TEMPLATE})
    found = refused_or_linted(tree, '{{ include "x" . }}\n' + TEMPLATE, "c/templates/a.yaml")
    assert found == ["TS003"]
    assert "c/templates/b.yaml:7:5 TS201" in tree.show()


# --- anything ---------------------------------------------------------------------------------
def run(files: dict[str, str | bytes], **options: Any) -> None:
    """Lint a tree twice: no rule raises, the findings are the same and lie in their files."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TSPLIT_LINT_DEBUG", "1")
        tree = Tree(Path(folder))
        for name, content in files.items():
            raw = content if isinstance(content, bytes) else content.encode("utf-8", "replace")
            tree.write({name: raw})
        config = Config(root=tree.root, **options)
        report = lint([tree.root], config)
        assert report.findings == lint([tree.root], config).findings
        assert inside(report)


ANY = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
WORDS = [
    *"{}[]:,-?&*!|>'\"%@`#~\\",
    *(
        "\n",
        "\n  ",
        "\n    ",
        "\n- ",
        ": ",
        " #",
        "\t",
        "\r\n",
        "---\n",
        "...\n",
        "--- ",
        "%YAML 1.1\n",
    ),
    *(
        "kind: VirtualService\n",
        "apiVersion: v1\n",
        "metadata: ",
        "spec:\n  ",
        "http:\n  - ",
        "route: ",
    ),
    *(
        "weight: 80",
        "destination: {host: a}",
        "&a ",
        "*a",
        "<<: *a",
        "!!str ",
        "name: ",
        "items:\n",
    ),
    *("${x}", "<+x>", "$(X)", "{{ ", " }}", "{{- ", " -}}", ".Values.x", "if ", "end", "range "),
    *(
        "harness.io/managed: 'true'",
        "# tsplit-lint: ignore[TS201] x",
        "yes",
        "0x1",
        "é",
        "\ufeff",
        "\0",
    ),
]
YAMLISH = st.lists(st.sampled_from(WORDS), max_size=40).map("".join)


@ANY
@given(st.text(max_size=300) | st.binary(max_size=300), st.sampled_from(["a.yaml", "a.json"]))
def test_any_text(text: str | bytes, name: str) -> None:
    run({name: text, "values.yaml": text, "t/templates/b.yaml": text})


@settings(ANY, max_examples=200)
@given(YAMLISH, YAMLISH)
def test_text_that_looks_like_yaml(one: str, two: str) -> None:
    run({"a.yaml": VS + one, "b.yaml": one + "\n" + VS, "c.yaml": one, "d/values.yaml": two})


@settings(ANY, max_examples=25)
@given(YAMLISH, YAMLISH, YAMLISH)
def test_templates_of_anything(values: str, template: str, helper: str) -> None:
    chart = {"c/Chart.yaml": "name: c\n", "c/values.yaml": "x: 80\n" + values}
    run(
        {
            **chart,
            "c/templates/_h.tpl": '{{ define "x" }}' + helper + "{{ end }}",
            "c/templates/a.yaml": VS.replace("80", "{{ " + template + " }}"),
            "c/templates/b.yaml": template + '{{ include "x" . }}' + VS,
            "s/values.yaml": values,
            "s/a.yaml": VS.replace("80", "{{ .Values.x }}") + template,
        }
    )


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 200)
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["shop", "a", "b", "*", "true", "${x}", "100", "edge", "mesh", "/", "5s", ""])
)
KEYS = sorted(set(re.findall(r"([A-Za-z][\w./]*):", WHOLE + WORKFLOW)))
DATA = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
    ),
    max_leaves=30,
)
KINDS = [
    ("networking.istio.io/v1", "VirtualService"),
    ("networking.istio.io/v1beta1", "DestinationRule"),
    ("networking.istio.io/v1", "Gateway"),
    ("networking.istio.io/v1", "ServiceEntry"),
    ("v1", "Service"),
    ("v1", "List"),
    ("apps/v1", "Deployment"),
]
METADATA = DATA | st.fixed_dictionaries(
    {"name": LEAVES}, optional={"namespace": LEAVES, "annotations": DATA, "labels": DATA}
)
SPEC = DATA | st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(["hosts", "gateways", "http", "tcp", "tls", "subsets", "servers"], DATA),
)


def written(data: Any) -> str:
    text = json.dumps(data)
    return re.sub(r"(-?)\bInfinity\b", r"\1.inf", re.sub(r"\bNaN\b", ".nan", text))


@settings(ANY, max_examples=200)
@given(
    st.lists(st.tuples(st.sampled_from(KINDS), METADATA, SPEC), min_size=1, max_size=4),
    st.booleans(),
)
def test_objects_of_any_shape(
    objects: list[tuple[tuple[str, str], Any, Any]], complete: bool
) -> None:
    documents = []
    for (version, kind), metadata, spec in objects:
        data = {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}
        documents.append(written(data | ({"items": spec} if kind == "List" else {})))
    run({"a.yaml": "\n---\n".join(documents), "b.yaml": WHOLE}, complete=complete)


ROUTES = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "route": st.lists(
                st.fixed_dictionaries(
                    {}, optional={"destination": DATA, "weight": LEAVES, "headers": DATA}
                ),
                max_size=4,
            ),
            "match": DATA,
            "name": LEAVES,
            "mirror": DATA,
        },
    ),
    max_size=4,
)


@settings(ANY, max_examples=100)
@given(ROUTES, ROUTES, METADATA)
def test_routes_of_any_shape(http: Any, tcp: Any, metadata: Any) -> None:
    data = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": metadata,
        "spec": {"hosts": ["shop"], "http": http, "tcp": tcp},
    }
    run({"a.json": written(data), "b.yaml": WHOLE}, complete=True)


STEP = st.fixed_dictionaries(
    {
        "type": LEAVES | st.sampled_from(["K8S_CANARY_DEPLOY", "K8S_TRAFFIC_SPLIT", "K8S_DELETE"]),
        "name": LEAVES,
    },
    optional={"properties": DATA, "stepSkipStrategies": DATA, "templateUuid": LEAVES},
)
SECTION = st.fixed_dictionaries(
    {"name": LEAVES | st.sampled_from(["Deploy", "Wrap Up", "Verify"])},
    optional={
        "steps": DATA | st.lists(STEP, max_size=4),
        "type": LEAVES,
        "stepsInParallel": LEAVES,
    },
)
PHASE = st.fixed_dictionaries(
    {"name": LEAVES}, optional={"phaseSteps": DATA | st.lists(SECTION, max_size=4), "type": LEAVES}
)


@settings(ANY, max_examples=150)
@given(st.lists(PHASE, max_size=4) | DATA, st.lists(PHASE, max_size=3) | DATA, DATA)
def test_workflows_of_any_shape(phases: Any, rollback: Any, other: Any) -> None:
    data = {
        "harnessApiVersion": "1.0",
        "type": "CANARY",
        "phases": phases,
        "rollbackPhases": rollback,
        "userVariables": other,
    }
    run({"w/a.yaml": written(data), "m/b.yaml": WHOLE})


def test_names_that_no_encoding_has(tree: Tree) -> None:
    name = os.fsencode(tree.root) + b"/caf\xe9.yaml"
    with open(name, "wb") as stream:
        stream.write(VS.encode())
    (finding,) = tree.lint(select=("TS201",))
    assert os.fsencode(finding.file) == b"caf\xe9.yaml"

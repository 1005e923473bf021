"""Findings stand where the mistake is written, whatever made the object that is judged."""

from __future__ import annotations

import io
import re

import pytest

from conftest import Run, Tree

CHART = "apiVersion: v2\nname: shop\nversion: 1.0.0\n"
HEAD = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: shop}\nspec:\n"
RULE = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop}
spec: {host: shop, subsets: [{name: a, labels: {v: a}}]}
"""
ROUTE = "destination: {host: shop"
WRONG = f"""\
{HEAD}  hosts: [shop]
  http:
  - ^route:
    - {{{ROUTE}, subset: a}}, weight: 80}}
    - {{{ROUTE}, subset: b}}, weight: 10}}
"""
RIGHT = WRONG.replace("^", "").replace("80", "90")


def places(files: dict[str, str], rule: str) -> list[str]:
    """Where the `^` stand in files, as `Tree.show` writes it."""
    return [
        f"{name}:{number}:{match.start() - index + 1} {rule}"
        for name in sorted(files)
        for number, line in enumerate(files[name].split("\n"), start=1)
        for index, match in enumerate(re.finditer(r"\^", line))
    ]


#: The rule, and the files, with `^` where it must speak.
CASES: dict[str, tuple[str, dict[str, str]]] = {
    "a manifest": ("TS201", {"vs.yaml": WRONG}),
    "a value that a template fills in": (
        "TS301",
        {
            "values.yaml": "subset: b\n",
            "templates/rule.yaml": RULE,
            "templates/vs.yaml": (
                f"{HEAD}  hosts: [shop]\n  http:\n  - route:\n"
                f"    - {ROUTE}, subset: ^{{{{.Values.subset}}}}}}\n"
            ),
        },
    ),
    "behind a value that is longer than its action": (
        "TS301",
        {
            "values.yaml": "host: shop.default.svc.cluster.local\n",
            "templates/rule.yaml": RULE.replace("host: shop", "host: {{.Values.host}}"),
            "templates/vs.yaml": (
                f"{HEAD}  hosts: [shop]\n  http:\n  - route:\n"
                "    - destination: {host: {{.Values.host}}, subset: ^b}\n"
            ),
        },
    ),
    "weights that a template fills in": (
        "TS201",
        {
            "values.yaml": "canary: 20\n",
            "templates/vs.yaml": WRONG.replace("10", "{{.Values.canary}}").replace("80", "90"),
        },
    ),
    "a template, below blocks that write nothing": (
        "TS201",
        {
            "values.yaml": "here: true\ngone: false\n",
            "templates/vs.yaml": (
                "{{- if .Values.gone }}\nkind: ConfigMap\n---\n{{- end }}\n{{- /* a\nnote */}}\n"
                "{{- if .Values.here }}\n" + WRONG + "{{- end }}\n"
            ),
        },
    ),
    "a template that repeats a route": (
        "TS201",
        {
            "values.yaml": "paths: [/a, /b]\n",
            "templates/vs.yaml": (
                f"{HEAD}  hosts: [shop]\n  http:\n"
                "  {{- range .Values.paths }}\n"
                "  - match: [{uri: {prefix: {{ . }}}}]\n"
                "    ^route:\n"
                f"    - {{{ROUTE}-a}}, weight: 50}}\n"
                f"    - {{{ROUTE}-b}}, weight: 60}}\n"
                "  {{- end }}\n"
            ),
        },
    ),
    "the action that includes a named template": (
        "TS201",
        {
            "chart/Chart.yaml": CHART,
            "chart/templates/_routes.tpl": (
                '{{- define "routes" }}\n'
                f"- route:\n  - {{{ROUTE}-a}}, weight: 50}}\n  - {{{ROUTE}-b}}, weight: 60}}\n"
                "{{- end }}\n"
            ),
            "chart/templates/vs.yaml": (
                HEAD + '  hosts: [shop]\n  http:\n  ^{{- include "routes" . | nindent 2 }}\n'
            ),
        },
    ),
    "a chart": (
        "TS201",
        {
            "chart/Chart.yaml": CHART,
            "chart/values.yaml": "a: 80\n",
            "chart/templates/vs.yaml": (
                "{{- $name := .Release.Name }}\n" + WRONG.replace("80", "{{ .Values.a | int }}")
            ),
        },
    ),
    "a chart with CRLF": (
        "TS201",
        {
            "chart/Chart.yaml": CHART.replace("\n", "\r\n"),
            "chart/values.yaml": "a: 80\r\n",
            "chart/templates/vs.yaml": (
                "{{- if .Values.a }}\n" + WRONG.replace("80", "{{ .Values.a }}") + "{{- end }}\n"
            ).replace("\n", "\r\n"),
        },
    ),
    "a subchart": (
        "TS201",
        {
            "chart/Chart.yaml": CHART
            + "dependencies: [{name: sub, version: 1.0.0, alias: other}]\n",
            "chart/values.yaml": "other: {a: 80}\n",
            "chart/charts/sub/Chart.yaml": CHART.replace("shop", "sub"),
            "chart/charts/sub/values.yaml": "a: 90\n",
            "chart/charts/sub/templates/vs.yaml": WRONG.replace("80", "{{ .Values.a }}"),
        },
    ),
    "one of two sets of values": (
        "TS201",
        {
            ".tsplit-lint.yaml": "values-sets: {dev: [dev.yaml], prod: [prod.yaml]}\n",
            "chart/Chart.yaml": CHART,
            "chart/values.yaml": "a: 90\n",
            "chart/dev.yaml": "a: 80\n",
            "chart/prod.yaml": "a: 90\n",
            "chart/templates/vs.yaml": WRONG.replace("80", "{{ .Values.a }}"),
        },
    ),
    "a kustomize base": (
        "TS201",
        {
            "base/kustomization.yaml": "resources: [vs.yaml]\n",
            "base/vs.yaml": WRONG,
            "over/kustomization.yaml": "resources: [../base]\nnamespace: prod\n",
        },
    ),
    "an object with a prefix and labels from the kustomization": (
        "TS201",
        {
            "kustomization.yaml": (
                "resources: [vs.yaml]\nnamePrefix: a-\nnameSuffix: -b\n"
                "commonLabels: {a: b}\nconfigMapGenerator: [{name: a, literals: [a=b]}]\n"
            ),
            "vs.yaml": "# first\n" + WRONG,
        },
    ),
    "a strategic-merge patch in a file": (
        "TS201",
        {
            "base/kustomization.yaml": "resources: [vs.yaml]\n",
            "base/vs.yaml": RIGHT,
            "over/kustomization.yaml": "resources: [../base]\npatches: [{path: p.yaml}]\n",
            "over/p.yaml": "# the patch\n" + WRONG,
        },
    ),
    "a strategic-merge patch in the kustomization": (
        "TS201",
        {
            "base/kustomization.yaml": "resources: [vs.yaml]\n",
            "base/vs.yaml": RIGHT,
            "over/kustomization.yaml": (
                "resources: [../base]\npatches:\n- patch: |-\n"
                + "".join(f"    {line}\n" for line in WRONG.splitlines())
            ),
        },
    ),
    "a JSON 6902 patch in a file": (
        "TS201",
        {
            "base/kustomization.yaml": "resources: [vs.yaml]\n",
            "base/vs.yaml": RIGHT,
            "over/kustomization.yaml": (
                "resources: [../base]\n"
                "patches: [{path: p.yaml, target: {kind: VirtualService, name: shop}}]\n"
            ),
            "over/p.yaml": (
                "- op: replace\n  path: /spec/http/0\n  value:\n    ^route:\n"
                f"    - {{{ROUTE}-a}}, weight: 50}}\n    - {{{ROUTE}-b}}, weight: 60}}\n"
            ),
        },
    ),
    "a JSON 6902 patch in a file of JSON": (
        "TS227",
        {
            "base/kustomization.yaml": "resources: [vs.yaml]\n",
            "base/vs.yaml": RIGHT,
            "over/kustomization.yaml": (
                "resources: [../base]\n"
                "patches: [{path: p.json, target: {kind: VirtualService, name: shop}}]\n"
            ),
            "over/p.json": (
                '[\n  {"op": "replace", "path": "/spec/http/0/route/0/destination/subset", '
                '"value": ^"not a name"}\n]\n'
            ),
        },
    ),
    "a JSON 6902 patch in the kustomization": (
        "TS301",
        {
            "base/kustomization.yaml": "resources: [vs.yaml, dr.yaml]\n",
            "base/vs.yaml": RIGHT.replace("subset: b", "subset: a"),
            "base/dr.yaml": RULE,
            "over/kustomization.yaml": (
                "resources: [../base]\npatches:\n"
                "- target: {kind: VirtualService}\n"
                "  patch: |-\n"
                "    - op: replace\n"
                "      path: /spec/http/0/route/1/destination/subset\n"
                "      value: ^b\n"
            ),
        },
    ),
    "a workflow of FirstGen": (
        "TS614",
        {
            "cart.yaml": (
                "harnessApiVersion: '1.0'\ntype: CANARY\nphases:\n"
                "- type: KUBERNETES\n  name: Canary\n  serviceName: cart\n  phaseSteps:\n"
                "  - type: K8S_PHASE_STEP\n    name: Verify\n    steps:\n"
                "    - {type: K8S_TRAFFIC_SPLIT, name: é, properties: {virtualServiceName: a,\n"
                "       ^istioDestinationWeights: [{destination: 'host: a', weight: '10'},\n"
                "         {destination: 'host: b', weight: '80'}]}}\n"
            )
        },
    ),
    "a pipeline of NextGen": (
        "TS712",
        {
            ".harness/cart.yaml": (
                "pipeline:\n  name: cart\n  identifier: cart\n  stages:\n  - stage:\n"
                "      name: prod\n      identifier: prod\n      type: Deployment\n"
                "      spec:\n        deploymentType: Kubernetes\n        execution:\n"
                "          steps:\n          - step:\n              type: K8sTrafficRouting\n"
                "              name: é\n              identifier: e\n              spec:\n"
                "                type: config\n                trafficRouting:\n"
                "                  provider: istio\n                  spec:\n"
                "                    name: cart\n                    routes:\n"
                "                    - route: {type: http, name: a, destinations: [\n"
                "                       {destination: {host: stable, weight: ^120}}]}\n"
            )
        },
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_where(tree: Tree, command: Run, name: str) -> None:
    rule, marked = CASES[name]
    assert any("^" in text for text in marked.values())
    tree.write({path: text.replace("^", "").encode() for path, text in marked.items()})
    _code, out, err = command("--format", "concise", "--quiet", "--select", rule, ".")
    found = re.sub(r": (?:error|warning|info) (TS\d+) .*", r" \1", out).splitlines()
    assert (sorted(set(found)), err) == (places(marked, rule), "")


@pytest.mark.parametrize("breaks", ["\n", "\r\n"])
def test_the_output_of_helm_points_into_the_chart(
    tree: Tree, command: Run, monkeypatch: pytest.MonkeyPatch, breaks: str
) -> None:
    template = "{{- /* the routes */}}\n" + WRONG.replace("80", "{{ .Values.a }}")
    tree.write(
        {
            "charts/shop/Chart.yaml": CHART,
            "charts/shop/templates/vs.yaml": template.replace("^", "")
            .replace("\n", breaks)
            .encode(),
        }
    )
    rendered = "---\n# Source: shop/templates/vs.yaml\n" + WRONG.replace("^", "")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(rendered.encode())))
    _code, out, err = command("--format", "concise", "--quiet", "--select", "TS201", "-")
    assert err == ""
    assert out.startswith("charts/shop/templates/vs.yaml:8:5: error TS201 ")
    assert len(out.splitlines()) == 1

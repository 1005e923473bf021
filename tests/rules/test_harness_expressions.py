"""Expressions in manifests (TS123) and values that nobody gives (TS130)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conftest import Tree

Lint = Callable[..., list[str]]
SERVICE = {"values.yaml": "name: shop\n"}


def route(weight: str, annotation: str = 'example.com/team: "shop"') -> str:
    """A VirtualService; the weight stands in line 12 from column 15 on."""
    return (
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: shop\n"
        f"  annotations:\n    {annotation}\nspec:\n  hosts: [shop]\n  http:\n  - route:\n"
        f"    - destination: {{host: shop-next}}\n      weight: {weight}\n"
        "    - destination: {host: shop}\n      weight: 90\n"
    )


ALWAYS = [
    "<+pipeline.variables.share>",
    "<+100 - repeat.item>",
    '"<+input>"',
    "${workflow.variables.share}",
    "${serviceVariable.share}",
    "${artifact.metadata.tag}",
    "${infra.kubernetes.namespace}",
    "${k8s.canaryDestination}",
]
IN_A_SERVICE = ["${env.name}", "${app.defaults.share}", "${split.variables.canary}"]
WITH_A_MARK = ["${share}", "10${share}"]
NEVER = [
    "${SHARE}",
    "${SHARE_2}",
    "${share:-10}",
    "${share:=10}",
    "${share-10}",
    "$(SHARE)",
    "$SHARE",
    "$share",
    "${}",
    "'%REQ(x)%'",
    "10",
]


@pytest.mark.parametrize("expression", ALWAYS)
def test_expressions_that_only_harness_knows(lint_text: Lint, expression: str) -> None:
    assert lint_text(route(expression), select=("TS123",)) == ["12:15 TS123"]


@pytest.mark.parametrize("expression", IN_A_SERVICE)
def test_dotted_names_where_harness_deploys(tree: Tree, expression: str) -> None:
    tree.write({"a.yaml": route(expression)})
    assert tree.show(select=("TS123",)) == []
    tree.write(SERVICE)
    assert tree.show(select=("TS123",)) == ["a.yaml:12:15 TS123"]


@pytest.mark.parametrize("expression", IN_A_SERVICE + WITH_A_MARK)
def test_any_name_where_an_object_speaks_to_harness(tree: Tree, expression: str) -> None:
    mark = 'harness.io/managed: "true"'
    tree.write({"a.yaml": route(expression, mark)})
    assert tree.show(select=("TS123",)) == ["a.yaml:12:15 TS123"]
    tree.write({"a.yaml": route(expression), "b.yaml": route("10", mark)})
    assert tree.show(select=("TS123",)) == ["a.yaml:12:15 TS123"]


@pytest.mark.parametrize("expression", WITH_A_MARK)
def test_a_bare_name_may_belong_to_others(tree: Tree, expression: str) -> None:
    tree.write({**SERVICE, "a.yaml": route(expression)})
    assert tree.show(select=("TS123",)) == []


@pytest.mark.parametrize("expression", NEVER)
def test_what_others_fill_in(tree: Tree, expression: str) -> None:
    tree.write({**SERVICE, "a.yaml": route(expression, 'harness.io/managed: "true"')})
    assert tree.show(select=("TS123",)) == []


def test_several_expressions_are_one_finding(tree: Tree) -> None:
    text = route("<+share>").replace("host: shop}", "host: <+service.name>}")
    tree.write({"a.yaml": text.replace("name: shop\n", "name: <+env.name>-${workflow.name}\n")})
    (finding,) = tree.lint(select=("TS123",))
    assert (finding.severity.label, finding.span.line, finding.span.column) == ("warning", 4, 9)
    assert "<+env.name> (and 3 more)" in finding.message


@pytest.mark.parametrize(
    ("kind", "version"),
    [
        ("DestinationRule", "networking.istio.io/v1"),
        ("Gateway", "networking.istio.io/v1"),
        ("ServiceEntry", "networking.istio.io/v1"),
        ("Service", "v1"),
    ],
)
def test_other_kinds_that_traffic_depends_on(lint_text: Lint, kind: str, version: str) -> None:
    text = f"apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: shop-<+env.name>\n"
    assert lint_text(text, select=("TS123",)) == ["4:9 TS123"]


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret", "Deployment", "Job", "Gateway"])
def test_other_kinds_hold_text_of_other_languages(lint_text: Lint, kind: str) -> None:
    text = f"""\
        apiVersion: apps/v1
        kind: {kind}
        metadata:
          name: shop
          annotations:
            harness.io/skip-versioning: "true"
        data:
          script: echo ${{workflow.name}} <+env.name>
        spec:
          args: ["${{share}}"]
    """
    assert lint_text(text, select=("TS123",)) == []


def test_a_text_of_several_lines(lint_text: Lint) -> None:
    text = """\
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
          annotations:
            harness.io/primary-service: "true"
            example.com/snippet: |
              set $target ${name};
              proxy_pass ${target};
        spec:
          selector: {app: shop}
    """
    assert lint_text(text, select=("TS123",)) == []


def test_an_expression_of_a_values_file_is_right(tree: Tree) -> None:
    values = "name: shop\nshare: ${workflow.variables.share}\nother: <+env.name>\n"
    tree.write(
        {
            "values.yaml": values,
            "templates/a.yaml": route("{{.Values.share}}").replace(
                "host: shop}", "host: {{.Values.other}}}"
            ),
        }
    )
    assert tree.show(select=("TS123",)) == []


def test_an_expression_beside_a_template_action(tree: Tree) -> None:
    text = route("10").replace("name: shop\n", "name: {{.Values.name}}-<+env.name>\n")
    tree.write({**SERVICE, "templates/a.yaml": text})
    assert tree.show(select=("TS123",)) == ["templates/a.yaml:4:9 TS123"]


def test_comments_values_charts_patches_and_skipped_files(tree: Tree) -> None:
    tree.write(
        {
            "comment.yaml": "# ${workflow.name}\n" + route("10 # <+share>"),
            "svc/values.yaml": "share: ${workflow.variables.share}\n",
            "svc/skipped.yaml": "# harness.io/skip-file-for-deploy\n" + route("<+share>"),
            "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
            "chart/templates/a.yaml": route("<+share>"),
            "overlay/kustomization.yaml": "kind: Kustomization\npatches:\n- path: patch.yaml\n",
            "overlay/patch.yaml": route("<+share>"),
            "overlay/list.yaml": "- op: replace\n  path: /spec/http/0/route\n  value: <+share>\n",
        }
    )
    assert tree.show(select=("TS123",)) == []


def test_a_pipeline_beside_the_manifests(tree: Tree) -> None:
    pipeline = "pipeline:\n  name: shop\n  stages: []\n  variables: [<+input>]\n"
    tree.write({**SERVICE, "pipeline.yaml": pipeline, "a.yaml": route("10")})
    assert tree.show(select=("TS123",)) == []


TEMPLATE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: {{.Values.name}}
spec:
  hosts: [shop]
  http:
  - route:
    - destination: {host: shop}
      weight: %s
"""


@pytest.mark.parametrize(
    "action", ["{{.Values.share}}", "{{ .Values.split.canary }}", "{{ int .Values.share }}"]
)
def test_a_value_that_nobody_gives(tree: Tree, action: str) -> None:
    tree.write({**SERVICE, "templates/a.yaml": TEMPLATE % action})
    (finding,) = tree.lint(select=("TS130",))
    assert (finding.severity.label, finding.span.line) == ("warning", 10)
    assert ".Values.s" in finding.message


@pytest.mark.parametrize(
    "action",
    [
        "{{.Values.name}}",
        "{{ .Values.share | default 10 }}",
        "{{- if .Values.share }}{{ .Values.share }}{{- else }} 10{{- end }}",
        '{{ if hasKey .Values "share" }}{{ .Values.share }}{{ else }}10{{ end }}',
    ],
)
def test_values_that_are_given_or_guarded(tree: Tree, action: str) -> None:
    tree.write({**SERVICE, "templates/a.yaml": TEMPLATE % action})
    assert tree.show(select=("TS130",)) == []


def test_values_files_on_the_command_line_give_values_too(tree: Tree) -> None:
    tree.write(
        {**SERVICE, "prod.yaml": "share: 10\n", "templates/a.yaml": TEMPLATE % "{{.Values.share}}"}
    )
    assert tree.show(select=("TS130",), values=(tree.root / "prod.yaml",)) == []


def test_other_objects_of_the_file_are_not_for_this_rule(tree: Tree) -> None:
    deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{.Values.%s}}\n"
    text = (
        f"{deployment % 'one'}---\n{TEMPLATE % '{{.Values.share}}'}---\n{deployment % 'two'}---\n"
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:\n  name: shop\n"
        "spec:\n  host: {{.Values.host}}\n"
    )
    tree.write({**SERVICE, "templates/a.yaml": text})
    assert [line.split(":")[1] for line in tree.show(select=("TS130",))] == ["15", "27"]


def test_a_template_without_any_values_is_a_note(tree: Tree) -> None:
    text = (TEMPLATE % "10").replace("name: {{.Values.name}}", "name: {{.Values.name}}-route")
    tree.write({"a.yaml": text})
    findings = tree.lint(select=("TS130",))
    assert [finding.severity.label for finding in findings] == ["info"]
    assert "no values file" in findings[0].message

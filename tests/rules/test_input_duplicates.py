"""Keys that stand twice in a mapping (TS002), objects that stand twice in a deployment (TS011)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conftest import Tree

Lint = Callable[..., list[str]]

ROUTE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop]
"""

# -- TS002 ----------------------------------------------------------------------------------------


def test_a_key_twice_is_found_at_the_second_one(tree: Tree) -> None:
    tree.write({"a.yaml": ROUTE + "  http: []\n  http: []\n"})
    (finding,) = tree.lint(select=("TS002",))
    assert (finding.span[:2], finding.severity.label) == ((7, 3), "error")
    assert '"http" stands twice in this mapping, first in line 6' in finding.message
    assert finding.related[0].span[:2] == (6, 3)


def test_each_repetition_is_found(lint_text: Lint) -> None:
    text = ROUTE + "  http: []\n  http: []\n  http: []\n  tcp:\n  - {match: [], match: []}\n"
    assert lint_text(text, select=("TS002",)) == ["7:3 TS002", "8:3 TS002", "10:17 TS002"]


@pytest.mark.parametrize("keys", [("a", '"a"'), ("on", "true"), ("'1'", "1")])
def test_two_ways_to_write_one_key(lint_text: Lint, keys: tuple[str, str]) -> None:
    text = ROUTE + f"  {keys[0]}: 1\n  {keys[1]}: 2\n"
    assert lint_text(text, select=("TS002",)) == ["7:3 TS002"]


def test_a_missing_separator_is_one_mistake(tree: Tree) -> None:
    second = ROUTE.replace("hosts: [shop]", "hosts: [cart]\n  http: []\n  http: []")
    tree.write({"a.yaml": ROUTE + second})
    found = tree.lint(select=("TS002",))
    assert [finding.span[:2] for finding in found] == [(6, 1), (12, 3)]
    assert "A second object begins here" in found[0].message
    assert found[0].help == "Write a line `---` above it."


def test_in_a_values_file_it_is_a_warning(tree: Tree) -> None:
    tree.write({"values.yaml": "image: a\nimage: b\n"})
    (finding,) = tree.lint(select=("TS002",))
    assert (finding.span[:2], finding.severity.label) == ((2, 1), "warning")


def test_two_keys_of_one_value_are_a_warning(tree: Tree) -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  restartPolicy: Always\n"
    tree.write({"a.yaml": pod + "  restartPolicy: Always\n"})
    (finding,) = tree.lint(select=("TS002",))
    assert (finding.span[:2], finding.severity.label) == ((6, 3), "warning")
    assert "Both have the same value; strict parsers refuse" in finding.message
    for other in ("Never", '"Always "', "{}", "[Always]"):
        tree.write({"a.yaml": f"{pod}  restartPolicy: {other}\n"})
        (finding,) = tree.lint(select=("TS002",))
        assert finding.severity.label == "error"
        assert "the earlier value is dropped" in finding.message


def test_in_the_description_of_a_chart_it_is_a_warning(tree: Tree) -> None:
    tree.write({"Chart.yaml": "apiVersion: v2\nname: a\nversion: 1.0.0\nicon: a\nicon: b\n"})
    (finding,) = tree.lint(select=("TS002",))
    assert (finding.span[:2], finding.severity.label) == ((5, 1), "warning")


def test_a_patch_is_judged_like_a_manifest(tree: Tree) -> None:
    tree.write(
        {
            "kustomization.yaml": "patches: [{path: p.yaml}]\n",
            "p.yaml": ROUTE + "  http: []\n  http: []\n",
        }
    )
    assert tree.show(select=("TS002",)) == ["p.yaml:7:3 TS002"]


def test_a_pipeline(lint_text: Lint) -> None:
    text = "pipeline:\n  name: a\n  stages: []\n  stages: []\n"
    assert lint_text(text, select=("TS002",)) == ["4:3 TS002"]
    text = "template:\n  type: Step\n  spec:\n    type: Wait\n    type: Http\n"
    assert lint_text(text, select=("TS002",)) == ["5:5 TS002"]


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nkind: Service\nmetadata: &m {name: a}\nspec: {<<: *m, name: b}\n",
        "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {a: &a {}, b: &b {}, <<: *a, <<: *b}\n",
        ROUTE + "  http:\n  - {a: 1}\n  - {a: 1}\n",
        ROUTE + "  note: |\n    a: 1\n    a: 2\n",
        "name: template:\ntemplate: [\n",
        "a: 1\na: 2\n",
        "pipeline: Pipeline\ntemplate: Template\na: 1\na: 2\n",
        "pipeline:\n  label: Pipeline\ntemplate:\n  label: Template\nlabel: a\nlabel: b\n",
    ],
    ids=["merge", "two merges", "list items", "text", "no YAML", "no manifest", "texts", "labels"],
)
def test_what_is_no_repetition(lint_text: Lint, text: str) -> None:
    assert lint_text(text, select=("TS002",)) == []


# -- TS011 ----------------------------------------------------------------------------------------


def thing(
    kind: str = "VirtualService", name: str = "shop", version: str = "", meta: str = ""
) -> str:
    """An object of five lines, the name in line 5."""
    group = {"VirtualService": "networking.istio.io/v1", "Deployment": "apps/v1"}.get(kind, "v1")
    return (
        f"---\napiVersion: {version or group}\nkind: {kind}\nmetadata:\n  name: {name}\n"
        f"  labels: {{app: shop}}\n  {meta or '# nothing'}\n"
    )


@pytest.mark.parametrize("kind", ["VirtualService", "Service", "Deployment", "ConfigMap"])
def test_twice_in_a_file(tree: Tree, kind: str) -> None:
    tree.write({"a.yaml": thing(kind) + thing(kind)})
    (finding,) = tree.lint(select=("TS011",))
    assert (finding.span[:2], finding.severity.label) == ((12, 9), "error")
    assert f"{kind} shop stands twice in what is deployed together: see line 5." in finding.message
    assert finding.related[0].span[:2] == (5, 9)


def test_versions_of_one_group_are_one(lint_text: Lint) -> None:
    old = thing(version="networking.istio.io/v1alpha3")
    assert lint_text(old + thing(), select=("TS011",)) == ["12:9 TS011"]


def test_items_of_a_list(lint_text: Lint) -> None:
    item = "{apiVersion: v1, kind: Service, metadata: {name: shop}}"
    text = f"apiVersion: v1\nkind: List\nitems:\n- {item}\n- {item}\n"
    assert lint_text(text, select=("TS011",)) == ["5:52 TS011"]


@pytest.mark.parametrize(
    "second",
    [
        thing(name="cart"),
        thing("Service"),
        thing(version="example.com/v1"),
        thing(meta="namespace: prod"),
        thing(meta="namespace: '${ns}'"),
        thing(name="${name}"),
        thing(meta="annotations: {helm.sh/hook: pre-install}"),
        thing().replace("name: shop", "generateName: shop-"),
    ],
    ids=[
        "name",
        "kind",
        "group",
        "namespace",
        "hidden namespace",
        "hidden name",
        "hook",
        "generated name",
    ],
)
def test_two_objects(lint_text: Lint, second: str) -> None:
    assert lint_text(thing() + second, select=("TS011",)) == []


@pytest.mark.parametrize("kind", ["VirtualService", "Deployment"])
def test_two_hidden_names_are_two_names(lint_text: Lint, kind: str) -> None:
    assert lint_text(thing(kind, "${name}") * 2, select=("TS011",)) == []


def test_deployments_with_one_label_and_two_names(lint_text: Lint) -> None:
    text = "".join(
        f"---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  labels:\n    name: shop\n  name: {n}\n"
        for n in ("shop", "cart")
    )
    assert lint_text(text, select=("TS011",)) == []


@pytest.mark.parametrize("kind", ["VirtualService", "Deployment"])
def test_files_of_a_folder_may_be_alternatives(tree: Tree, kind: str) -> None:
    tree.write({"a.yaml": thing(kind), "b.yaml": thing(kind)})
    assert tree.show(select=("TS011",)) == []


@pytest.mark.parametrize("kind", ["VirtualService", "Deployment"])
@pytest.mark.parametrize("mark", ["Chart.yaml", "values.yaml"])
def test_files_of_a_chart_or_a_service(tree: Tree, mark: str, kind: str) -> None:
    tree.write(
        {
            mark: "name: shop\nversion: 1.0.0\n",
            "templates/a.yaml": thing(kind),
            "templates/b.yaml": thing(kind),
            "templates/c.yaml": thing("Service"),
        }
    )
    (finding,) = tree.lint(select=("TS011",))
    assert (finding.file, finding.span.line) == ("templates/b.yaml", 5)
    assert "see line 5 of templates/a.yaml" in finding.message


def test_branches_of_a_template_are_alternatives(tree: Tree) -> None:
    text = "{{ if .Values.canary }}\n" + thing() + "{{ else }}\n" + thing() + "{{ end }}\n"
    tree.write({"values.yaml": "canary: true\n", "templates/a.yaml": text})
    assert tree.show(select=("TS011",)) == []


def test_a_file_that_harness_skips_is_no_part_of_the_deployment(tree: Tree) -> None:
    skipped = "# harness.io/skip-file-for-deploy\n" + thing()
    tree.write({"values.yaml": "a: b\n", "a.yaml": thing(), "b.yaml": skipped})
    assert tree.show(select=("TS011",)) == []


def test_environments_repeat_names(tree: Tree) -> None:
    tree.write({"dev/a.yaml": thing(), "prod/a.yaml": thing()})
    assert tree.show(select=("TS011",)) == []


def test_a_document_that_is_no_yaml_is_no_twin(tree: Tree) -> None:
    broken = thing("Deployment") + "  spec: [\n"
    tree.write({"a.yaml": thing("Deployment") + broken})
    assert tree.show(select=("TS011",)) == []


PATCH = """apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec: {replicas: 2}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec: {paused: false}
"""


def test_names_that_a_kustomization_changes_are_no_twins(tree: Tree) -> None:
    role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: admin}\n"
    files = {
        "kustomization.yaml": "resources: [cart, shop]\n",
        "cart/kustomization.yaml": "resources: [all.yaml]\nnamePrefix: cart-\n",
        "shop/kustomization.yaml": "resources: [all.yaml]\nnamespace: shop\n",
    }
    both = {f"{name}/all.yaml": f"{role}---\n{ROUTE}" for name in ("cart", "shop")}
    tree.write({**files, **both})
    assert tree.show(select=("TS011",)) == []
    tree.write(dict.fromkeys(list(files)[1:], "resources: [all.yaml]\n"))
    assert tree.show(select=("TS011",)) == ["shop/all.yaml:7:18 TS011"]


def test_patches_that_harness_gives_to_a_kustomization(tree: Tree) -> None:
    base = {"kustomization.yaml": "resources: [shop.yaml]\n", "shop.yaml": thing("Service")}
    tree.write({**base, "patches/shop.yaml": PATCH})
    assert tree.show(select=("TS011",)) == []
    whole = PATCH.replace("spec: {", "spec: {selector: {matchLabels: {app: shop}}, ")
    tree.write({"patches/shop.yaml": whole})
    assert tree.show(select=("TS011",)) == ["patches/shop.yaml:8:18 TS011"]


def test_parts_of_a_workload_without_a_kustomization(lint_text: Lint) -> None:
    assert lint_text(PATCH, select=("TS011",)) == ["8:18 TS011"]


@pytest.mark.parametrize(
    ("labels", "severity"),
    [
        ('{{- include "shop.labels" . | nindent 4 }}\n    app: shop', "warning"),
        ('app: shop\n    {{- include "shop.labels" . | nindent 4 }}', "warning"),
        ("app: shop\n    {{- toYaml .Values.labels | nindent 4 }}", "warning"),
        ("app: shop\n    app: {{ .Values.labels.app }}", "error"),
    ],
)
def test_a_key_that_an_action_writes_again(tree: Tree, labels: str, severity: str) -> None:
    # Charts join lists of labels that overlap, and Helm deploys the last of each.
    tree.write(
        {
            "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
            "values.yaml": "labels: {app: cart}\n",
            "templates/_helpers.tpl": '{{ define "shop.labels" }}app: shop{{ end }}',
            "templates/vs.yaml": "apiVersion: v1\nkind: Service\nmetadata:\n  name: shop\n  labels:\n"
            f"    {labels}\n",
        }
    )
    (finding,) = tree.lint(select=("TS002",))
    assert finding.severity.label == severity


def test_one_line_of_a_template_that_writes_an_object_twice(tree: Tree) -> None:
    body = "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .name }}\n"
    tree.write(
        {
            "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
            "values.yaml": "all: [{name: a}, {name: b}, {name: a}]\n",
            "templates/s.yaml": "{{ range .Values.all }}\n" + body + "{{ end }}\n",
        }
    )
    (finding,) = tree.lint(select=("TS011",))
    assert finding.span.line == 6
    assert "deployed together: this line of the template writes it twice." in finding.message

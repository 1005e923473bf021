"""What a service may have once: managed objects (TS109, TS110), primary and stage Service (TS126)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conftest import Tree

Lint = Callable[..., list[str]]
SKIP = "# harness.io/skip-file-for-deploy\n"


def route(name: str, managed: str = '"true"', namespace: str = "") -> str:
    """A VirtualService; its annotation stands in line 6."""
    space = f"  namespace: {namespace}\n" if namespace else ""
    return (
        f"apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: {name}\n"
        f"  annotations:\n    harness.io/managed: {managed}\n{space}spec:\n  hosts: [shop]\n"
        "  http:\n  - route:\n    - destination: {host: shop}\n"
    )


def rule(name: str, managed: str = '"true"', namespace: str = "") -> str:
    """A DestinationRule; its annotation stands in line 6."""
    space = f"  namespace: {namespace}\n" if namespace else ""
    return (
        f"apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:\n  name: {name}\n"
        f"  annotations:\n    harness.io/managed: {managed}\n{space}spec:\n  host: {name}\n"
    )


KINDS = [pytest.param(route, "TS109", id="TS109"), pytest.param(rule, "TS110", id="TS110")]
Maker = Callable[..., str]


@pytest.mark.parametrize(("make", "code"), KINDS)
@pytest.mark.parametrize("folder", ["templates", "templates/istio", "."])
def test_two_files_of_a_service(tree: Tree, make: Maker, code: str, folder: str) -> None:
    tree.write(
        {
            "svc/values.yaml": "name: shop\n",
            f"svc/{folder}/a.yaml": make("a"),
            f"svc/{folder}/b.yaml": make("b"),
        }
    )
    path = f"svc/{folder}/b.yaml".replace("/./", "/")
    assert tree.show(select=(code,)) == [f"{path}:6:25 {code}"]


@pytest.mark.parametrize(("make", "code"), KINDS)
def test_three_documents_of_a_file_are_two_findings(tree: Tree, make: Maker, code: str) -> None:
    tree.write({"a.yaml": "---\n".join(make(name) for name in "abc")})
    findings = tree.lint(select=(code,))
    length = make("a").count("\n") + 1
    assert [finding.span.line for finding in findings] == [6 + length, 6 + 2 * length]
    assert {finding.severity.label for finding in findings} == {"error"}
    assert [finding.related[0].span.line for finding in findings] == [6, 6]
    assert f"{findings[0].resource.kind} b" in findings[0].message
    assert f"{findings[0].resource.kind} a" in findings[0].message


@pytest.mark.parametrize(("make", "code"), KINDS)
def test_a_chart_is_one_deployment(tree: Tree, make: Maker, code: str) -> None:
    tree.write(
        {
            "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
            "values.yaml": "name: shop\n",
            "templates/a.yaml": make("{{ .Values.name }}-a"),
            "templates/b.yaml": make("{{ .Values.name }}-b"),
        }
    )
    assert tree.show(select=(code,)) == [f"templates/b.yaml:6:25 {code}"]


@pytest.mark.parametrize(("make", "code"), KINDS)
def test_a_plain_folder_is_less_sure(tree: Tree, make: Maker, code: str) -> None:
    tree.write({"k8s/a.yaml": make("a"), "k8s/b.yaml": make("b")})
    (finding,) = tree.lint(select=(code,))
    assert (finding.severity.label, finding.confidence) == ("error", "medium")
    tree.write({"k8s/values.yaml": "name: shop\n"})
    (finding,) = tree.lint(select=(code,))
    assert finding.confidence == "high"


@pytest.mark.parametrize(("make", "code"), KINDS)
@pytest.mark.parametrize("managed", ["true", '"True"', "'true'"])
def test_every_spelling_that_harness_takes_counts(
    tree: Tree, make: Maker, code: str, managed: str
) -> None:
    tree.write({"a.yaml": make("a"), "b.yaml": make("b", managed)})
    assert tree.show(select=(code,)) == [f"b.yaml:6:{25} {code}"]


@pytest.mark.parametrize(("make", "code"), KINDS)
@pytest.mark.parametrize("managed", ['"false"', "false", '"yes"', "<+managed>", "${managed}"])
def test_what_is_not_managed_does_not_count(
    tree: Tree, make: Maker, code: str, managed: str
) -> None:
    tree.write({"values.yaml": "a: b\n", "a.yaml": make("a"), "b.yaml": make("b", managed)})
    assert tree.show(select=(code,)) == []


@pytest.mark.parametrize(("make", "code"), KINDS)
def test_a_skipped_file_does_not_count(tree: Tree, make: Maker, code: str) -> None:
    tree.write({"values.yaml": "a: b\n", "a.yaml": make("a"), "b.yaml": SKIP + make("b")})
    assert tree.show(select=(code,)) == []


@pytest.mark.parametrize(("make", "code"), KINDS)
@pytest.mark.parametrize("values", [True, False])
def test_two_services_of_a_repository(tree: Tree, make: Maker, code: str, values: bool) -> None:
    for name in ("shop", "cart"):
        tree.write({f"{name}/templates/a.yaml": make(name)})
        if values:
            tree.write({f"{name}/values.yaml": f"name: {name}\n"})
    assert tree.show(select=(code,)) == []


@pytest.mark.parametrize(("make", "code"), KINDS)
def test_steps_of_a_tutorial_are_alternatives(tree: Tree, make: Maker, code: str) -> None:
    tree.write({f"step-{number}.yaml": make("shop") for number in (10, 20, 50)})
    assert tree.show(select=(code,)) == []


@pytest.mark.parametrize(("make", "code"), KINDS)
def test_namespaces_of_a_plain_folder_deploy_apart(tree: Tree, make: Maker, code: str) -> None:
    tree.write({"a.yaml": make("a", namespace="shop"), "b.yaml": make("b", namespace="cart")})
    assert tree.show(select=(code,)) == []
    tree.write({"values.yaml": "name: shop\n"})
    assert tree.show(select=(code,)) == [f"b.yaml:6:25 {code}"]


@pytest.mark.parametrize(("make", "code"), KINDS)
def test_the_linted_file_is_reported_not_the_one_read_for_reference(
    tree: Tree, make: Maker, code: str
) -> None:
    tree.write({"values.yaml": "a: b\n", "a.yaml": make("a"), "b.yaml": make("b")})
    found = tree.show("a.yaml", context=(tree.root,), select=(code,))
    assert found == [f"a.yaml:6:25 {code}"]


def test_one_of_each_kind_is_right(tree: Tree) -> None:
    tree.write({"values.yaml": "a: b\n", "a.yaml": route("shop"), "b.yaml": rule("shop")})
    assert tree.show(select=("TS109", "TS110")) == []


@pytest.mark.parametrize(("make", "code"), KINDS)
def test_templates_that_leave_one_out(tree: Tree, make: Maker, code: str) -> None:
    tree.write(
        {
            "values.yaml": "beta: false\nother: off\n",
            "templates/a.yaml": make("a"),
            "templates/b.yaml": "{{- if .Values.beta }}\n" + make("b") + "{{- end }}\n",
            "templates/c.yaml": make("c", "{{ .Values.other | quote }}"),
        }
    )
    assert tree.show(select=(code,)) == []


def marked(name: str, mark: str, value: str = '"true"') -> str:
    """A Service; its mark stands in line 6."""
    return (
        f"apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  annotations:\n"
        f"    harness.io/{mark}: {value}\nspec:\n  selector: {{app: shop}}\n"
        "  ports: [{name: http, port: 80}]\n"
    )


@pytest.mark.parametrize(
    ("mark", "word", "column"),
    [("primary-service", "Primary", 33), ("stage-service", "Stage", 31)],
)
def test_two_services_of_one_role(tree: Tree, mark: str, word: str, column: int) -> None:
    tree.write({"a.yaml": marked("a", mark), "b.yaml": marked("b", mark)})
    (finding,) = tree.lint(select=("TS126",))
    assert (tree.name(finding.file), finding.span.line, finding.span.column) == (
        "b.yaml",
        6,
        column,
    )
    assert finding.severity.label == "error"
    assert f"More than one service is marked {word}" in finding.message


def test_a_pair_of_services_is_right(lint_text: Lint) -> None:
    text = marked("a", "primary-service") + "---\n" + marked("b", "stage-service")
    assert lint_text(text, select=("TS126",)) == []


@pytest.mark.parametrize("value", ['"false"', "<+primary>", '"yes"'])
def test_a_mark_that_is_not_true_does_not_count(lint_text: Lint, value: str) -> None:
    text = marked("a", "primary-service") + "---\n" + marked("b", "primary-service", value)
    assert lint_text(text, select=("TS126",)) == []


def test_services_of_two_folders_and_of_skipped_files_are_apart(tree: Tree) -> None:
    one, other = marked("a", "primary-service"), marked("b", "primary-service")
    tree.write({"a/svc.yaml": one, "b/svc.yaml": other, "a/skipped.yaml": SKIP + other})
    assert tree.show(select=("TS126",)) == []


@pytest.mark.parametrize("value", ["true", "yes", "1", "null"])
def test_a_mark_without_quotes_is_a_warning(tree: Tree, value: str) -> None:
    tree.write({"a.yaml": marked("a", "stage-service", value)})
    (finding,) = tree.lint(select=("TS126",))
    assert (finding.severity.label, finding.span.line, finding.span.column) == ("warning", 6, 31)


def test_an_unquoted_mark_still_counts(tree: Tree) -> None:
    tree.write(
        {"a.yaml": marked("a", "stage-service") + "---\n" + marked("b", "stage-service", "true")}
    )
    findings = tree.lint(select=("TS126",))
    assert [(f.span.line, f.severity.label) for f in findings] == [(16, "error"), (16, "warning")]


@pytest.mark.parametrize(("make", "code"), KINDS)
def test_the_order_of_the_arguments_does_not_matter(tree: Tree, make: Maker, code: str) -> None:
    tree.write({"values.yaml": "name: shop\n", "a.yaml": make("a"), "b.yaml": make("b")})
    expected = [f"b.yaml:6:25 {code}"]
    assert tree.show("a.yaml", "b.yaml", select=(code,)) == expected
    assert tree.show("b.yaml", "a.yaml", select=(code,)) == expected

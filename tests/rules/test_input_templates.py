"""Templates that do not render (TS003) or miss a value (TS004)."""

from __future__ import annotations

from conftest import Tree

ROUTE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: shop
spec:
  hosts: [shop]
"""
SHOP = "apiVersion: v1\nkind: Service\nmetadata:\n  name: shop\n"


def test_a_template_that_fails_is_found_where_it_fails(tree: Tree) -> None:
    tree.write(
        {"values.yaml": "a: b\n", "templates/a.yaml": ROUTE + "  note: {{ shout .Values.a }}!\n"}
    )
    (finding,) = tree.lint(select=("TS003",))
    assert (finding.span.line, finding.severity.label) == (7, "error")
    assert "shout" in finding.message


def test_an_action_that_is_never_closed(tree: Tree) -> None:
    tree.write({"values.yaml": "a: b\n", "a.yaml": ROUTE + "  {{ if .Values.a }}\n  http: []\n"})
    (finding,) = tree.lint(select=("TS003",))
    assert finding.severity.label == "error"
    assert tree.show(select=("TS001", "TS002", "TS012")) == []


def test_a_helper_of_another_chart_is_a_notice(tree: Tree) -> None:
    tree.write(
        {
            "Chart.yaml": "name: shop\nversion: 1.0.0\n",
            "templates/a.yaml": ROUTE + '  note: {{ include "library.note" . }}!\n',
        }
    )
    (finding,) = tree.lint(select=("TS003",))
    assert (finding.span.line, finding.severity.label) == (7, "info")
    assert "was not checked" in finding.message


def test_a_template_of_another_program_is_a_notice(tree: Tree) -> None:
    tree.write({"a.yaml": ROUTE + "  note: {{ host_of service }}!\n"})
    (finding,) = tree.lint(select=("TS003",))
    assert (finding.span.line, finding.severity.label) == (7, "info")


def test_a_template_that_renders_is_silent(tree: Tree) -> None:
    tree.write({"values.yaml": "a: b\n", "a.yaml": ROUTE + "  note: {{ .Values.a | upper }}\n"})
    assert tree.show(select=("TS003", "TS004")) == []


def test_each_missing_value_is_named_once(tree: Tree) -> None:
    lines = "  a: {{ .Values.x }}\n  b: {{ .Values.y.z }}\n  c: {{ .Values.x }}\n"
    tree.write({"values.yaml": "a: b\n", "templates/a.yaml": f"{SHOP}spec:\n{lines}"})
    found = tree.lint(select=("TS004",))
    assert [finding.span.line for finding in found] == [6, 7]
    assert ".Values.x" in found[0].message
    assert ".Values.y.z" in found[1].message
    assert {finding.severity.label for finding in found} == {"info"}


def test_the_routing_kinds_have_a_rule_of_their_own(tree: Tree) -> None:
    text = f"{ROUTE}  a: {{{{ .Values.x }}}}\n---\n{SHOP}spec: {{a: {{{{ .Values.y }}}}}}\n"
    tree.write({"values.yaml": "a: b\n", "templates/a.yaml": text})
    assert [line.split(":")[1] for line in tree.show(select=("TS004",))] == ["13"]


def test_a_template_without_any_values_file_is_named_once(tree: Tree) -> None:
    lines = "  a: {{ .Values.x }}!\n  b: {{ .Values.y }}!\n"
    tree.write({"a.yaml": f"{SHOP}spec:\n{lines}"})
    (finding,) = tree.lint(select=("TS004",))
    assert finding.span.line == 6
    assert "no values file in sight" in finding.message


def test_a_value_with_a_default_is_not_missing(tree: Tree) -> None:
    text = f'{SHOP}spec: {{a: {{{{ .Values.x | default "b" }}}}}}\n'
    tree.write({"values.yaml": "a: b\n", "templates/a.yaml": text})
    assert tree.show(select=("TS004",)) == []

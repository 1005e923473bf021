"""The annotation `harness.io/managed`: its value (TS101, TS102) and its place (TS103)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conftest import Tree

Lint = Callable[..., list[str]]


def manifest(annotation: str, kind: str = "DestinationRule") -> str:
    spec = "host: shop" if kind == "DestinationRule" else "hosts: [shop]"
    return (
        f"apiVersion: networking.istio.io/v1\nkind: {kind}\nmetadata:\n  name: shop\n"
        f"  annotations:\n    {annotation}\nspec:\n  {spec}\n"
    )


def managed(value: str) -> str:
    return manifest(f"harness.io/managed: {value}")


NOT_TEXT = (
    *("true", "True", "TRUE", "yes", "Yes", "on", "y", "false", "False", "no", "off", "n"),
    *("1", "0", "1.5", "null", "~", "[true]", "{a: b}", "!!bool true", "!!bool 'true'"),
)


@pytest.mark.parametrize("value", NOT_TEXT)
def test_a_value_that_is_not_text_is_one_finding_about_the_value(
    lint_text: Lint, value: str
) -> None:
    found = lint_text(managed(value), select=("TS101", "TS102", "TS103"))
    column = 5 if value[0] in "[{" else 25  # a list or a mapping is shown at its key
    assert found == [f"6:{column} TS101"]


@pytest.mark.parametrize(
    "value",
    ["'true'", '"true"', '"True"', "!!str true", '"false"', "'FALSE'", "${managed}", "<+x>"],
)
def test_text_is_right(lint_text: Lint, value: str) -> None:
    assert lint_text(managed(value), select=("TS101", "TS102", "TS103")) == []


def test_the_annotation_without_a_value_is_found_at_its_key(lint_text: Lint) -> None:
    assert lint_text(manifest("harness.io/managed:"), select=("TS101",)) == ["6:5 TS101"]


@pytest.mark.parametrize("kind", ["VirtualService", "DestinationRule"])
def test_both_kinds_are_looked_at(lint_text: Lint, kind: str) -> None:
    text = manifest("harness.io/managed: true", kind)
    assert lint_text(text, select=("TS101",)) == ["6:25 TS101"]


def test_a_flow_mapping(lint_text: Lint) -> None:
    text = """\
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: shop, annotations: {harness.io/managed: yes}}
        spec: {host: shop}
    """
    assert lint_text(text, select=("TS101",)) == ["3:58 TS101"]


@pytest.mark.parametrize(("value", "found"), [("true", ["5:42 TS101"]), ('"true"', [])])
def test_json(lint_text: Lint, value: str, found: list[str]) -> None:
    text = f"""\
        {{"apiVersion": "networking.istio.io/v1",
         "kind": "VirtualService",
         "metadata": {{
           "name": "shop",
           "annotations": {{"harness.io/managed": {value}}}
         }},
         "spec": {{"hosts": ["shop"], "http": [{{"route": [{{"destination": {{"host": "shop"}}}}]}}]}}}}
    """
    assert lint_text(text, file="manifest.json", select=("TS101",)) == found


def test_items_of_a_list(lint_text: Lint) -> None:
    text = """\
        apiVersion: v1
        kind: List
        items:
        - apiVersion: networking.istio.io/v1
          kind: DestinationRule
          metadata:
            name: shop
            annotations:
              harness.io/managed: "true"
          spec: {host: shop}
        - apiVersion: networking.istio.io/v1
          kind: DestinationRule
          metadata:
            name: cart
            annotations:
              harness.io/managed: on
          spec: {host: cart}
    """
    assert lint_text(text, select=("TS101",)) == ["16:27 TS101"]


def test_windows_line_ends(tree: Tree) -> None:
    tree.write({"manifest.yaml": managed("true").replace("\n", "\r\n").encode()})
    assert tree.show(select=("TS101",)) == ["manifest.yaml:6:25 TS101"]
    tree.write({"manifest.yaml": managed('"true"').replace("\n", "\r\n").encode()})
    assert tree.show(select=("TS101", "TS102")) == []


def test_each_document_of_a_file(lint_text: Lint) -> None:
    text = managed('"true"') + "---\n" + managed("true")
    assert lint_text(text, select=("TS101",)) == ["15:25 TS101"]


@pytest.mark.parametrize("key", ["harness.io/managed-workload", "harness.io/direct-apply"])
def test_other_annotations_are_left_alone(lint_text: Lint, key: str) -> None:
    assert lint_text(manifest(f"{key}: true"), select=("TS101", "TS102", "TS103")) == []


def test_other_kinds_are_not_judged_by_their_value(lint_text: Lint) -> None:
    text = """\
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: shop
          annotations:
            harness.io/managed: true
    """
    assert lint_text(text, select=("TS101", "TS102")) == []


def test_the_message_names_object_and_value_and_how_to_mend_it(tree: Tree) -> None:
    tree.write({"manifest.yaml": managed("off")})
    (finding,) = tree.lint(select=("TS101",))
    assert "`off`" in finding.message
    assert "DestinationRule shop" in finding.message
    assert "boolean" in finding.message
    assert finding.help == 'Put the value in quotes: harness.io/managed: "false".'
    assert finding.path == 'metadata.annotations["harness.io/managed"]'


TEMPLATE = """\
    apiVersion: networking.istio.io/v1
    kind: DestinationRule
    metadata:
      name: {{.Values.name}}
      annotations:
        harness.io/managed: %s
    spec:
      host: {{.Values.name}}
"""


@pytest.mark.parametrize(
    ("action", "found"),
    [
        ("{{.Values.managed}}", ["templates/rule.yaml:6:25 TS101"]),
        ("{{ .Values.managed | quote }}", []),
        ('"{{.Values.managed}}"', []),
        ("{{.Values.nobody}}", []),
        ("{{.Values.later}}", []),
    ],
)
def test_a_template_is_judged_by_what_it_writes(tree: Tree, action: str, found: list[str]) -> None:
    values = "name: shop\nmanaged: true\nlater: <+pipeline.variables.managed>\n"
    tree.write({"values.yaml": values, "templates/rule.yaml": TEMPLATE % action})
    assert tree.show(select=("TS101", "TS102")) == found


@pytest.mark.parametrize("value", ['"yes"', "' true'", '"1"', "enabled", '"true "', "truthy"])
def test_other_words_than_true_and_false_are_found(lint_text: Lint, value: str) -> None:
    assert lint_text(managed(value), select=("TS101", "TS102", "TS103")) == ["6:25 TS102"]


def test_empty_text_is_found_at_its_key(lint_text: Lint) -> None:
    assert lint_text(managed('""'), select=("TS101", "TS102")) == ["6:5 TS102"]


def test_other_words_are_a_warning_at_the_value(tree: Tree) -> None:
    tree.write({"manifest.yaml": managed('"yes"')})
    (finding,) = tree.lint(select=("TS102",))
    assert (finding.severity.label, finding.span.line, finding.span.column) == ("warning", 6, 25)
    assert '"yes"' in finding.message


@pytest.mark.parametrize("kind", ["VirtualService", "DestinationRule"])
@pytest.mark.parametrize(
    ("place", "position"),
    [
        ('metadata: {name: shop, labels: {harness.io/managed: "true"}}\nspec: {}', "3:33"),
        ('metadata: {name: shop}\nspec:\n  harness.io/managed: "true"', "5:3"),
        ('metadata: {name: shop}\nspec:\n  annotations: {harness.io/managed: "true"}', "5:17"),
        ('metadata:\n  name: shop\n  harness.io/managed: "true"\nspec: {}', "5:3"),
        ('metadata: {name: shop}\nannotations:\n  harness.io/managed: "true"', "5:3"),
        ("metadata: {name: shop}\nharness.io/managed: true\nspec: {}", "4:1"),
    ],
)
def test_places_that_harness_does_not_read(
    lint_text: Lint, kind: str, place: str, position: str
) -> None:
    text = f"apiVersion: networking.istio.io/v1\nkind: {kind}\n{place}\n"
    assert lint_text(text, select=("TS101", "TS102", "TS103")) == [f"{position} TS103"]


@pytest.mark.parametrize("kind", ["Deployment", "Service", "Gateway", "ConfigMap"])
def test_kinds_that_harness_does_not_manage(lint_text: Lint, kind: str) -> None:
    text = f"""\
        apiVersion: v1
        kind: {kind}
        metadata:
          name: shop
          annotations:
            harness.io/managed: "true"
    """
    assert lint_text(text, select=("TS103",)) == ["6:5 TS103"]


@pytest.mark.parametrize("part", ["annotations", "labels"])
def test_a_pod_template(lint_text: Lint, part: str) -> None:
    text = f"""\
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: shop
        spec:
          template:
            metadata:
              {part}:
                harness.io/managed: "true"
    """
    assert lint_text(text, select=("TS103",)) == ["9:9 TS103"]


def test_look_alikes_of_a_misplaced_key(lint_text: Lint) -> None:
    text = """\
        # harness.io/managed: "true" belongs to the VirtualService
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: shop
          annotations:
            harness.io/managed: "false"
            harness.io/managed-workload: "true"
          labels:
            harness.io/managed: ${managed}
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
          labels:
            harness.io/managed: "true"
          annotations:
            harness.io/managed: "true"
        spec:
          host: shop
        ---
        apiVersion: example.com/v1
        kind: Bundle
        metadata:
          name: shop
        spec:
          manifest:
            kind: VirtualService
            metadata:
              annotations:
                harness.io/managed: "true"
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: docs
        data:
          text: |
            harness.io/managed: "true"
    """
    assert lint_text(text, select=("TS103",)) == []

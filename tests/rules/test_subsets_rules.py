"""Subsets as DestinationRules define them: TS303, TS304, TS306."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

from conftest import Tree

Lint = Callable[..., list[str]]


def rule(name: str, *subsets: str, host: str = "shop", spec: str = "", meta: str = "") -> str:
    """A DestinationRule of nine lines and one per subset; the first subset stands in line 9."""
    head = f"""\
    ---
    apiVersion: networking.istio.io/v1
    kind: DestinationRule
    metadata: {{name: {name}, {meta}}}
    spec:
      host: {host}
      # one line for what a test adds
      subsets:
    """
    lines = [f"  - {{name: {subset}, labels: {{app: shop}}}}\n" for subset in subsets]
    text = dedent(head).replace("# one line for what a test adds", spec or "# nothing")
    return text + "".join(lines)


# -- TS303 ----------------------------------------------------------------------------------------


def test_two_rules_of_a_file_that_define_one_subset(tree: Tree) -> None:
    tree.write({"a.yaml": rule("one", "v1", "v2") + rule("two", "v3", "v2")})
    (finding,) = tree.lint(select=("TS303",))
    assert (finding.span.line, finding.span.column) == (20, 12)
    assert finding.message == (
        'The subset "v2" of host "shop" is also defined by DestinationRule one (line 10). Istio keeps '
        "the one of the older rule and drops the other."
    )
    assert finding.related[0].span.line == 10


@pytest.mark.parametrize(
    "second",
    [
        rule("two", "v2"),
        rule("two", "v1", host="cart"),
        rule("two", "v1", host="shop.stage.svc.cluster.local"),
        rule("two", "v1", meta="namespace: stage"),
        rule("two", "v1", meta="namespace: '${ns}'"),
        rule("two", "v1", spec="exportTo: [stage]"),
        rule("two", "v1", spec="workloadSelector: {matchLabels: {app: cart}}"),
        rule("two", "'${subset}'"),
        rule("two", "v1", host="${host}"),
        rule("'${two}'", "v1"),
        rule("one", "v1"),
        rule("two"),
    ],
    ids=[
        "another subset",
        "another host",
        "another service",
        "another namespace",
        "hidden namespace",
        "for another namespace",
        "for chosen clients",
        "hidden subset",
        "hidden host",
        "hidden name",
        "the same object twice",
        "no subsets",
    ],
)
def test_rules_that_share_a_host_rightly(lint_text: Lint, second: str) -> None:
    assert lint_text(rule("one", "v1") + second, select=("TS303",)) == []


def test_the_same_export_in_another_form(lint_text: Lint) -> None:
    text = rule("one", "v1", spec="exportTo: ['*']") + rule("two", "v1")
    assert lint_text(text, select=("TS303",)) == ["15:9 TS303"]


def test_files_of_a_folder_may_be_alternatives(tree: Tree) -> None:
    tree.write({"a.yaml": rule("one", "v1"), "b.yaml": rule("two", "v1")})
    (finding,) = tree.lint(select=("TS303",))
    assert (finding.file, finding.span.line, finding.confidence) == ("b.yaml", 9, "medium")
    tree.write({"c.yaml": rule("two", "v2")})
    assert tree.show(select=("TS303",)) == []


def test_files_of_a_chart_and_of_a_service_deploy_together(tree: Tree) -> None:
    for folder, mark in (("chart", "Chart.yaml"), ("service", "values.yaml")):
        tree.write(
            {
                f"{folder}/{mark}": "name: shop\nversion: 1.0.0\n",
                f"{folder}/templates/a.yaml": rule("one", "v1"),
                f"{folder}/templates/b.yaml": rule("two", "v1"),
            }
        )
    assert tree.show(select=("TS303",)) == [
        "chart/templates/b.yaml:9:12 TS303",
        "service/templates/b.yaml:9:12 TS303",
    ]


def test_a_file_that_harness_skips_is_applied_by_a_step(tree: Tree) -> None:
    skipped = "# harness.io/skip-file-for-deploy\n" + rule("two", "v1")
    tree.write({"values.yaml": "a: b\n", "a.yaml": rule("one", "v1"), "b.yaml": skipped})
    assert tree.show(select=("TS303",)) == []


# -- TS304 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", ["", ", labels: {}", ", labels: null", ", trafficPolicy: {}"])
def test_a_subset_without_labels(lint_text: Lint, labels: str) -> None:
    text = rule("shop", "v1") + f"  - {{name: v2{labels}}}\n"
    assert lint_text(text, select=("TS304",)) == ["10:12 TS304"]


@pytest.mark.parametrize(
    ("meta", "labels"),
    [
        ("", "labels: {app: shop}"),
        ("", "labels: '${labels}'"),
        ("", "labels: {version: '${version}'}"),
        ('annotations: {harness.io/managed: "true"}', "labels: {}"),
        ('annotations: {harness.io/managed: "${managed}"}', "labels: {}"),
        ("annotations: {argo-rollouts.argoproj.io/managed-by-rollouts: shop}", "labels: {}"),
    ],
    ids=["labels", "hidden", "hidden value", "managed", "perhaps managed", "argo annotation"],
)
def test_labels_that_are_there_or_will_be(lint_text: Lint, meta: str, labels: str) -> None:
    text = rule("shop", meta=meta) + f"  - {{name: v2, {labels}}}\n"
    assert lint_text(text, select=("TS304",)) == []


def test_argo_rollouts_writes_the_labels_of_the_rule_it_names(tree: Tree) -> None:
    rollout = """\
    apiVersion: argoproj.io/v1alpha1
    kind: Rollout
    metadata: {name: shop}
    spec:
      strategy:
        canary:
          trafficRouting:
            istio:
              destinationRule:
                name: shop
                canarySubsetName: canary
                stableSubsetName: stable
    """
    bare = "  - {name: canary}\n  - {name: stable}\n"
    tree.write({"dr.yaml": rule("shop") + bare, "rollout.yaml": rollout})
    assert tree.show(select=("TS304",)) == []
    tree.write({"dr.yaml": rule("cart") + bare})
    assert tree.show(select=("TS304",)) == ["dr.yaml:9:12 TS304", "dr.yaml:10:12 TS304"]


# -- TS306 ----------------------------------------------------------------------------------------


def test_a_name_twice_in_a_rule(tree: Tree) -> None:
    tree.write({"a.yaml": rule("shop", "v1", "v2", "v1")})
    (finding,) = tree.lint(select=("TS303", "TS306"))
    assert (finding.rule, finding.span.line, finding.span.column) == ("TS306", 11, 12)
    assert finding.related[0].span.line == 9


@pytest.mark.parametrize("names", [("v1", "v2"), ("'${a}'", "'${a}'"), ("v1", "V1"), ("''", "''")])
def test_names_that_differ_or_are_not_known(lint_text: Lint, names: tuple[str, ...]) -> None:
    assert lint_text(rule("shop", *names), select=("TS306",)) == []


def test_two_rules_may_use_one_name(lint_text: Lint) -> None:
    text = rule("shop", "v1") + rule("cart", "v1", host="cart")
    assert lint_text(text, select=("TS306",)) == []

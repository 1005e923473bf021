"""What a subset is called and which labels it has: TS304 (how bad), TS307, TS309."""

from __future__ import annotations

from textwrap import indent

import pytest

from conftest import Tree

#: The subsets stand in line 7 on.
HEAD = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop%s}
spec:
  host: shop
  subsets:
"""
ROLLOUT = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop, namespace: %s}
spec:
  strategy: {canary: {trafficRouting: {istio: {destinationRule: {name: %s}}}}}
"""


def subsets(text: str, meta: str = "") -> str:
    return HEAD % meta + indent(text.strip("\n"), "  ") + "\n"


def found(tree: Tree, text: str, rule: str) -> list[str]:
    tree.write({"dr.yaml": text})
    return [
        f"{finding.severity.label} {finding.span.line}:{finding.span.column}"
        for finding in tree.lint(select=(rule,))
    ]


# -- TS309 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("- name: v1", []),
        ("- name: V1-a", []),
        (f"- name: {'a' * 63}", []),
        (f"- name: {'a' * 64}", ["error 7:11"]),
        ("- name: v1.2", ["error 7:11"]),
        ("- name: v_1", ["error 7:11"]),
        ("- name: -v1", ["error 7:11"]),
        ("- name: ''", ["error 7:5"]),
        ("- name: null", ["error 7:11"]),
        ("- labels: {a: b}", ["error 7:5"]),
        ("-", ["error 7:4"]),
        ("- name: '${name}'", []),
        ("- '${subset}'", []),
        ("- name: 1", []),
        ("- v1", []),
        ("- name: v1\n  labels: {app.kubernetes.io/name: shop, version: ''}", []),
        ("- name: v1\n  labels:\n    version: v1 beta", ["error 9:16"]),
        ("- name: v1\n  labels:\n    -version: v1", ["error 9:17"]),
        ("- name: v1\n  labels: {version: '${version}'}", []),
        ("- name: v1\n  labels: '${labels}'", []),
    ],
)
def test_names_and_labels(tree: Tree, text: str, wanted: list[str]) -> None:
    assert found(tree, subsets(text), "TS309") == wanted


def test_an_empty_entry_is_one_mistake(tree: Tree) -> None:
    tree.write({"dr.yaml": subsets("-\n- name: v1\n  labels: {a: b}")})
    assert [f.rule for f in tree.lint()] == ["TS309"]


# -- TS307 ------------------------------------------------------------------------------------------

TWINS = "- name: v1\n  labels: {app: shop}\n- name: v2\n  labels: {app: shop}"


def test_the_same_labels_twice(tree: Tree) -> None:
    assert found(tree, subsets(TWINS), "TS307") == ["warning 10:5"]
    (finding,) = tree.lint(select=("TS307",))
    assert finding.message == (
        'The subsets "v1" and "v2" have the same labels (app: shop), so both are the same pods: a split '
        "between them is none."
    )
    assert finding.related[0].span.line == 8


def test_the_order_of_labels_is_no_difference(tree: Tree) -> None:
    text = "- name: a\n  labels: {a: b, c: d}\n- name: b\n  labels: {c: d, a: b}"
    assert found(tree, subsets(text), "TS307") == ["warning 10:5"]


@pytest.mark.parametrize(
    "text",
    [
        "- name: v1\n  labels: {v: v1}\n- name: v2\n  labels: {v: v2}",
        "- name: v1\n  labels: {v: v1}\n- name: v2\n  labels: {v: v1, a: b}",
        "- name: v1\n- name: v2",
        "- name: v1\n  labels: {v: '${v}'}\n- name: v2\n  labels: {v: '${v}'}",
        "- name: v1\n  labels: {v: v1}\n- name: v1\n  labels: {v: v1}",
        "- name: v1\n  labels: {v: v1}\n- name: '${name}'\n  labels: {v: v1}",
        "- name: v1\n  labels: {a: b}\n- {name: v2, labels: {a: b}, trafficPolicy: {tls: {}}}",
        "- name: stable\n  labels: {app: shop}\n- name: canary\n  labels: {app: shop}",
        "- name: canary\n  labels: {app: shop}\n- name: stable\n  labels: {app: shop}",
        "- name: shop-stable\n  labels: {app: shop}\n- name: shop-canary\n  labels: {app: shop}",
    ],
    ids=[
        "different",
        "one narrower",
        "none: TS304",
        "hidden",
        "one name: TS306",
        "hidden name",
        "two policies for the same pods",
        "a controller's pair",
        "the pair turned round",
        "the pair of an application",
    ],
)
def test_labels_that_are_right(tree: Tree, text: str) -> None:
    assert found(tree, subsets(text), "TS307") == []


@pytest.mark.parametrize(
    "meta",
    [
        ", annotations: {harness.io/managed: 'true'}",
        ", annotations: {harness.io/managed: '${managed}'}",
        ", labels: {harness.io/managed: 'true'}",
        ", annotations: {argo-rollouts.argoproj.io/managed-by-rollouts: shop}",
        ", labels: {app.kubernetes.io/managed-by: flagger}",
    ],
)
def test_a_controller_writes_the_labels(tree: Tree, meta: str) -> None:
    assert found(tree, subsets(TWINS, meta), "TS307") == []


@pytest.mark.parametrize(
    ("rollout", "silent"),
    [
        (ROLLOUT % ("prod", "shop"), True),
        (ROLLOUT % ("prod", "'${rule}'"), True),
        (ROLLOUT % ("prod", "cart"), False),
        (ROLLOUT % ("stage", "shop"), False),
        (
            "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: x}\nspec: '${spec}'\n",
            True,
        ),
    ],
)
def test_a_rollout_in_sight(tree: Tree, rollout: str, silent: bool) -> None:
    tree.write({"rollout.yaml": rollout})
    text = subsets(TWINS, ", namespace: prod")
    assert found(tree, text, "TS307") == ([] if silent else ["warning 10:5"])


# -- TS304 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("- name: all", ["info 7:11"]),
        ("- name: one\n- name: two", ["info 7:11", "info 8:11"]),
        ("- name: v1\n  labels: {v: v1}\n- name: v2", ["warning 9:11"]),
        ("- name: v1\n  labels: {v: v1}\n- {name: v2, trafficPolicy: {tls: {}}}", ["info 9:12"]),
        ("- name: v1\n  labels: {v: v1}\n- name: v2\n  labels: '${labels}'", []),
    ],
)
def test_how_bad_a_subset_of_all_pods_is(tree: Tree, text: str, wanted: list[str]) -> None:
    assert found(tree, subsets(text), "TS304") == wanted


def test_a_split_between_all_pods_and_all_pods(tree: Tree) -> None:
    route = """\
    apiVersion: networking.istio.io/v1
    kind: VirtualService
    metadata: {name: shop}
    spec:
      hosts: [shop]
      http:
      - route:
        - {destination: {host: shop, subset: one}, weight: 90}
        - {destination: {host: shop, subset: two}, weight: 10}
      - route:
        - {destination: {host: shop, subset: three}}
    """
    tree.write({"vs.yaml": route})
    text = subsets("- name: one\n- name: two\n- name: three")
    assert found(tree, text, "TS304") == ["warning 7:11", "warning 8:11", "info 9:11"]

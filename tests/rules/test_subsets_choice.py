"""Several DestinationRules for one host: which one a client gets, and what is lost (TS303, TS313, TS314)."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Tree

FULL = "shop.prod.svc.cluster.local"
CODES = ("TS301", "TS302", "TS313")


def rule(
    *subsets: str,
    name: str = "shop",
    namespace: str | None = "prod",
    host: str = FULL,
    spec: str = "",
) -> str:
    """A DestinationRule of one document; its host stands in line 6, its subsets in line 7."""
    listed = ", ".join(f"{{name: {subset}, labels: {{v: {subset}}}}}" for subset in subsets)
    space = f", namespace: {namespace}" if namespace else ""
    return f"""\
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: {name}{space}}}
spec:
  host: '{host}'
  subsets: [{listed}]
  {spec}
"""


def route(
    subset: str = "v2",
    *,
    namespace: str | None = "web",
    host: str = FULL,
    spec: str = "",
    by: str = "",
) -> str:
    """A VirtualService; the subset stands in line 11."""
    space = f", namespace: {namespace}" if namespace else ""
    return f"""\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: shop{space}}}
spec:
  hosts: ['{host}']
  # {spec and "more fields below"}
  http:
  - route:
    - destination:
        host: '{host}'
        subset: {subset}
    {by}
  {spec}
"""


def show(tree: Tree, *rules: str, vs: str | None = None, **settings: Any) -> list[str]:
    tree.write({"vs.yaml": vs or route(), "dr.yaml": "".join(rules)})
    return tree.show(select=CODES, **settings)


HIDDEN = ["vs.yaml:11:17 TS313"]
LACKING = ["vs.yaml:11:17 TS301"]


# -- TS313 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "before",
    [
        rule("v1", name="near", namespace="web"),
        rule(name="near", namespace="web"),
        rule(name="near", namespace="web", host="*.local"),
        rule(name="near", namespace="web", host="*"),
        rule("v1", name="near", namespace="web", spec="exportTo: ['.']"),
        rule("v1", name="near", namespace="web", spec="exportTo: [web]"),
    ],
    ids=["other subsets", "no subsets", "for the mesh", "for all", "private", "private by name"],
)
def test_the_client_s_namespace_comes_first(tree: Tree, before: str) -> None:
    assert show(tree, rule("v2"), before) == HIDDEN


@pytest.mark.parametrize(
    "other",
    [
        rule("v1", "v2", name="near", namespace="web"),
        rule("'${v}'", name="near", namespace="web"),
        rule("v1", name="near", namespace="web", host="other"),
        rule("v1", name="near", namespace="web", spec="exportTo: [stage]"),
        rule("v1", name="near", namespace="stage"),
        rule("v1", name="near", namespace="istio-system"),
        rule("v1", name="near", namespace=None),
        rule("v1", name="near", namespace="'${ns}'"),
        rule("v1", name="more"),
    ],
    ids=[
        "has it too",
        "hidden subsets",
        "another host",
        "exported elsewhere",
        "a third namespace",
        "the root namespace",
        "no namespace",
        "hidden namespace",
        "merged with it",
    ],
)
def test_rules_that_stand_behind_or_aside(tree: Tree, other: str) -> None:
    assert show(tree, rule("v2"), other) == []


def test_the_message_names_both_rules(tree: Tree) -> None:
    tree.write(
        {"vs.yaml": route(), "dr.yaml": rule("v2") + rule("v1", name="near", namespace="web")}
    )
    (finding,) = tree.lint(select=CODES)
    assert finding.message == (
        'The subset "v2" of host "shop.prod.svc.cluster.local" is defined by DestinationRule prod/shop, '
        "but clients get DestinationRule web/near: Istio asks web before prod, and never merges the two. "
        "Their requests to it fail with 503."
    )
    assert [(related.file, related.span.line) for related in finding.related] == [
        ("dr.yaml", 14),
        ("dr.yaml", 7),
    ]


def test_the_service_s_namespace_comes_before_the_root_s(tree: Tree) -> None:
    root = rule("v2", name="all", namespace="istio-system")
    assert show(tree, rule("v1"), root) == HIDDEN
    assert show(tree, root) == []


def test_another_root_namespace(tree: Tree) -> None:
    root = rule("v2", name="all", namespace="mesh")
    assert show(tree, rule("v1"), root, root_namespace="mesh") == HIDDEN
    # Else it is a third namespace, whose own clients do get the subset.
    assert show(tree, rule("v1"), root) == []


@pytest.mark.parametrize("namespace", ["prod", None])
def test_a_more_specific_host_comes_first(tree: Tree, namespace: str | None) -> None:
    wide = rule("v2", name="wide", namespace=namespace, host="*.prod.svc.cluster.local")
    exact = rule("v1", namespace=namespace)
    vs = route(namespace=namespace)
    assert show(tree, wide, exact, vs=vs) == HIDDEN
    assert show(tree, wide, vs=vs) == []
    wider = rule("v1", name="wider", namespace=namespace, host="*.local")
    assert show(tree, wide, wider, vs=vs) == []
    widest = rule("v2", name="wider", namespace=namespace, host="*.local")
    narrow = rule("v1", name="wide", namespace=namespace, host="*.prod.svc.cluster.local")
    assert show(tree, widest, narrow, vs=vs) == HIDDEN


def test_a_more_specific_rule_for_others_leaves_nothing(tree: Tree) -> None:
    wide = rule("v2", name="wide", host="*.prod.svc.cluster.local")
    assert show(tree, wide, rule("v2", spec="exportTo: [stage]")) == HIDDEN
    # A private rule is left out before Istio looks at hosts.
    assert show(tree, wide, rule("v2", spec="exportTo: ['.']")) == []


def test_clients_of_the_root_namespace_get_its_private_rules_first(tree: Tree) -> None:
    vs = route(namespace="istio-system")
    private = rule("v1", name="own", namespace="istio-system", spec="exportTo: ['.']")
    public = rule("v1", name="own", namespace="istio-system")
    assert show(tree, rule("v2"), private, vs=vs) == HIDDEN
    assert show(tree, rule("v2"), public, vs=vs) == []


def test_gateways_are_clients_of_a_namespace_that_is_not_known(tree: Tree) -> None:
    near = rule("v1", name="near", namespace="web")
    assert show(tree, rule("v2"), near, vs=route(spec="gateways: [edge]")) == []
    by_match = route(by="match: [{gateways: [edge]}]")
    assert show(tree, rule("v2"), near, vs=by_match) == []
    assert show(tree, rule("v2"), near, vs=route(spec="gateways: [mesh]")) == HIDDEN


def test_a_route_for_clients_elsewhere(tree: Tree) -> None:
    near = rule("v1", name="near", namespace="web")
    stage = rule("v1", name="near", namespace="stage")
    vs = route(spec="exportTo: [stage]")
    assert show(tree, rule("v2"), near, vs=vs) == []
    assert show(tree, rule("v2"), stage, vs=vs) == HIDDEN
    assert show(tree, rule("v2"), stage, vs=route(spec="exportTo: [stage, test]")) == []


def test_a_host_outside_the_cluster(tree: Tree) -> None:
    host = "api.example.com"
    vs, near = route(host=host), rule("v1", name="near", namespace="web", host=host)
    assert show(tree, rule("v2", host=host), near, vs=vs) == HIDDEN
    root = rule("v2", name="all", namespace="istio-system", host=host)
    # The namespace of its ServiceEntry is not known.
    assert show(tree, rule("v1", host=host), root, vs=vs) == []
    entry = (
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n"
        f"metadata: {{name: api, namespace: prod}}\nspec: {{hosts: [{host}]}}\n"
    )
    tree.write({"se.yaml": entry})
    assert show(tree, rule("v1", host=host), root, vs=vs) == HIDDEN


def test_mirrors(tree: Tree) -> None:
    vs = route("v1", by=f"mirror: {{host: {FULL}, subset: v2}}")
    near = rule("v1", name="near", namespace="web")
    tree.write({"vs.yaml": vs, "dr.yaml": rule("v1", "v2") + near})
    (finding,) = tree.lint(select=CODES)
    assert (finding.rule, finding.span.line) == ("TS313", 12)
    assert "mirrored requests are lost" in finding.message


def test_a_patch_may_add_the_subset(tree: Tree) -> None:
    near = rule("v1", name="near", namespace="web")
    tree.write(
        {
            "kustomization.yaml": "resources: [vs.yaml, dr.yaml]\npatches: [{path: patch.yaml}]\n",
            "patch.yaml": rule("v1", "v2", name="near", namespace="web"),
        }
    )
    assert show(tree, rule("v2"), near) == []


def test_no_rule_defines_it_is_ts301(tree: Tree) -> None:
    assert show(tree, rule("v1"), rule("v1", name="near", namespace="web")) == LACKING


def test_environments_do_not_hide_each_other(tree: Tree) -> None:
    for name in ("dev", "live"):
        tree.write(
            {
                f"{name}/vs.yaml": route(namespace=None, host="shop"),
                f"{name}/dr.yaml": rule("v2", namespace=None, host="shop"),
            }
        )
    assert tree.show(select=CODES) == []


# -- chosen clients


SELECTOR = "workloadSelector: {matchLabels: {app: cart}}"


def test_chosen_pods_that_get_no_such_subset(tree: Tree) -> None:
    chosen = rule("v1", name="cart", spec=SELECTOR)
    vs = route(namespace="prod")
    assert show(tree, rule("v2"), chosen, vs=vs) == HIDDEN
    (finding,) = tree.lint(select=CODES)
    assert (
        "the pods that its workloadSelector selects get DestinationRule prod/cart"
        in finding.message
    )


@pytest.mark.parametrize(
    ("general", "chosen", "vs"),
    [
        (rule("v2"), rule("v2", name="cart", spec=SELECTOR), route(namespace="prod")),
        (rule("v2"), rule("v1", name="cart", namespace="stage", spec=SELECTOR), route()),
        (rule("v2"), rule("v1", name="cart", spec=SELECTOR), route()),
        (rule("v2"), rule("v1", name="cart", spec=SELECTOR), route(namespace=None)),
        (
            rule("v2"),
            rule("v1", name="cart", spec=SELECTOR),
            route(namespace="prod", spec="gateways: [edge]"),
        ),
        (
            rule("v2", spec="exportTo: ['.']"),
            rule("v1", name="cart", spec=SELECTOR),
            route(namespace="prod"),
        ),
        (
            rule("v2", spec=SELECTOR),
            rule("v1", name="cart", spec=SELECTOR),
            route(namespace="prod"),
        ),
    ],
    ids=[
        "has it too",
        "in a third namespace",
        "of the service's namespace",
        "namespace not known",
        "gateways",
        "both private",
        "the same selector",
    ],
)
def test_chosen_pods_that_are_served(tree: Tree, general: str, chosen: str, vs: str) -> None:
    assert show(tree, general, chosen, vs=vs) == []


def test_a_rule_for_chosen_pods_hides_those_of_other_namespaces(tree: Tree) -> None:
    chosen = rule("v1", name="cart", namespace="web", spec=SELECTOR)
    assert show(tree, rule("v2"), chosen) == HIDDEN


# -- TS314, TS303 -----------------------------------------------------------------------------------

RANDOM = "trafficPolicy: {loadBalancer: {simple: RANDOM}}"
LIMITS = "trafficPolicy: {connectionPool: {tcp: {maxConnections: 9}}}"
PAIRS = ("TS303", "TS314")


def pair(tree: Tree, first: str, second: str) -> list[str]:
    tree.write({"dr.yaml": first + second})
    return [f"{f.rule} {f.span.line} {f.confidence}" for f in tree.lint(select=PAIRS)]


def test_a_second_policy_is_dropped(tree: Tree) -> None:
    first, second = rule("v1", spec=RANDOM), rule("v2", name="more", spec=LIMITS)
    assert pair(tree, first, second) == ["TS314 16 high"]
    (finding,) = tree.lint(select=PAIRS)
    assert finding.message == (
        "DestinationRule prod/more and DestinationRule prod/shop (line 8) both have a trafficPolicy for "
        'host "shop.prod.svc.cluster.local". Istio keeps the one of the older rule and drops the other.'
    )
    assert finding.aliases == ()
    pair(tree, rule(spec=RANDOM), second)
    (finding,) = tree.lint(select=PAIRS)
    assert finding.aliases == ("KIA0201",)  # one without subsets stands for all of them to Kiali


@pytest.mark.parametrize(
    "second",
    [
        rule("v2", name="more"),
        rule("v2", name="more", spec=RANDOM),
        rule("v2", name="more", spec="trafficPolicy: '${policy}'"),
        rule("v2", name="more", spec=LIMITS, namespace="web"),
        rule("v2", name="more", spec=LIMITS, namespace="'${ns}'"),
        rule("v2", name="more", spec=LIMITS, host="cart"),
        rule("v2", name="more", spec=LIMITS, host="*.prod.svc.cluster.local"),
        rule("v2", name="more", spec=f"{LIMITS}\n  exportTo: ['.']"),
        rule("v2", name="more", spec=f"{LIMITS}\n  {SELECTOR}"),
        rule("v2", spec=LIMITS),
    ],
    ids=[
        "one policy",
        "the same policy",
        "hidden",
        "another namespace",
        "hidden namespace",
        "another host",
        "a wildcard",
        "for others",
        "for chosen pods",
        "the same object",
    ],
)
def test_policies_that_stay(tree: Tree, second: str) -> None:
    assert pair(tree, rule("v1", spec=RANDOM), second) == []


def test_a_subset_twice_is_one_mistake(tree: Tree) -> None:
    first, second = rule("v1", spec=RANDOM), rule("v1", name="more", spec=LIMITS)
    assert pair(tree, first, second) == ["TS303 15 high"]


def test_rules_that_istio_does_not_merge(tree: Tree) -> None:
    first, second = rule("v1", spec="exportTo: ['*']"), rule("v2", name="more")
    assert pair(tree, first, second) == ["TS303 14 high"]
    (finding,) = tree.lint(select=PAIRS)
    assert "only the newer one counts, with its subsets and policy" in finding.message
    assert pair(tree, first, rule("v2", name="more", spec="exportTo: ['*']")) == []


def test_files_of_a_folder(tree: Tree) -> None:
    tree.write({"a.yaml": rule("v1", spec=RANDOM), "b.yaml": rule("v2", name="more", spec=LIMITS)})
    (finding,) = tree.lint(select=PAIRS)
    assert (finding.rule, finding.file, finding.confidence) == ("TS314", "b.yaml", "medium")
    # The same object in two files: the folder holds alternatives.
    tree.write({"c.yaml": rule("v3")})
    assert tree.show(select=PAIRS) == []


def test_files_of_a_chart(tree: Tree) -> None:
    tree.write(
        {
            "Chart.yaml": "name: shop\nversion: 1.0.0\n",
            "templates/a.yaml": rule("v1", spec=RANDOM),
            "templates/b.yaml": rule("v2", name="more", spec=LIMITS),
        }
    )
    assert tree.show(select=PAIRS) == ["templates/b.yaml:8:3 TS314"]


def test_files_of_two_folders_are_alternatives(tree: Tree) -> None:
    tree.write(
        {"a/dr.yaml": rule("v1", spec=RANDOM), "b/dr.yaml": rule("v2", name="more", spec=LIMITS)}
    )
    assert tree.show(select=PAIRS) == []

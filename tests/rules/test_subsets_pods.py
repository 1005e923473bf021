"""The pods behind a subset: none (TS305), never any (TS315), never asked (TS312)."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Tree

SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: shop, namespace: prod}
spec: {selector: {app: shop}, ports: [{name: http, port: 80}]}
"""
#: The labels of the two subsets stand in lines 8 and 10.
RULE = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop, namespace: prod}
spec:
  host: shop
  subsets:
  - name: v1
    labels: {version: v1}
  - name: v2
    labels: {version: v2}
"""


def workload(
    labels: str = "app: shop, version: v1",
    *,
    name: str = "shop",
    kind: str = "Deployment",
    meta: str = "",
) -> str:
    group = "argoproj.io/v1alpha1" if kind == "Rollout" else "apps/v1"
    space = meta or "namespace: prod"
    return f"""\
---
apiVersion: {group}
kind: {kind}
metadata: {{name: {name}, {space}}}
spec: {{template: {{metadata: {{labels: {{{labels}}}}}}}}}
"""


def route(*lines: str, spec: str = "") -> str:
    """A VirtualService with one http route; its destinations stand in line 8 on."""
    listed = "".join(f"    - {line}\n" for line in lines)
    return f"""\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: shop, namespace: prod}}
spec:
  hosts: [shop]
  http:
  - route:
{listed}{spec}"""


def to(subset: str, weight: str = "") -> str:
    share = f", weight: {weight}" if weight else ""
    return f"{{destination: {{host: shop, subset: {subset}}}{share}}}"


def found(tree: Tree, files: dict[str, str], rule: str, **settings: Any) -> list[str]:
    tree.write(files)
    settings = {"complete": True} | settings
    return [
        f"{finding.severity.label} {tree.name(finding.file)}:{finding.span.line}"
        for finding in tree.lint(select=(rule,), **settings)
    ]


BASE = {"service.yaml": SERVICE, "dr.yaml": RULE, "app.yaml": workload()}
WARNED = ["warning dr.yaml:10"]

# -- TS305 ------------------------------------------------------------------------------------------


def test_a_subset_without_pods(tree: Tree) -> None:
    assert found(tree, BASE, "TS305") == WARNED
    (finding,) = tree.lint(select=("TS305",), complete=True)
    assert finding.message == (
        'Nothing in sight has the labels of the subset "v2" (version: v2) and belongs to Service '
        "prod/shop (app: shop). It has no endpoints."
    )
    assert tree.show(select=("TS305",)) == []


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ([to("v1", "90"), to("v2", "10")], "error"),
        ([to("v2")], "error"),
        ([to("v2", "0")], "error"),
        ([to("v1", "100"), to("v2", "0")], "warning"),
        ([to("v1", "100"), to("v2")], "warning"),
        ([to("v1", "100"), to("v2", "'${weight}'")], "warning"),
        ([to("v1")], "warning"),
        (["{destination: {host: cart, subset: v2}}"], "warning"),
    ],
    ids=[
        "share",
        "alone",
        "alone with 0",
        "0",
        "no weight",
        "hidden",
        "other subset",
        "other host",
    ],
)
def test_live_requests_make_it_an_error(tree: Tree, lines: list[str], wanted: str) -> None:
    assert found(tree, {**BASE, "vs.yaml": route(*lines)}, "TS305") == [f"{wanted} dr.yaml:10"]


def test_a_mirror_is_not_live(tree: Tree) -> None:
    vs = route(to("v1"), spec="    mirror: {host: shop, subset: v2}\n")
    assert found(tree, {**BASE, "vs.yaml": vs}, "TS305") == WARNED


def test_the_error_names_the_route(tree: Tree) -> None:
    tree.write({**BASE, "vs.yaml": route(to("v1", "90"), to("v2", "10"))})
    (finding,) = tree.lint(select=("TS305",), complete=True)
    assert "Requests that VirtualService prod/shop sends there fail with 503." in finding.message
    assert [(r.file, r.span.line) for r in finding.related] == [("vs.yaml", 9)]


@pytest.mark.parametrize(
    "second",
    [
        workload("app: shop, version: v2", name="two"),
        workload("app: shop, version: v2", name="two", kind="StatefulSet"),
        workload("app: shop, version: '${v}'", name="two"),
        workload("app: '${app}', version: v2", name="two"),
        workload("app: shop, version: v2", name="two", meta="labels: {}"),
        workload("app: shop", name="two", kind="Rollout"),
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: two}\nspec: '${spec}'\n",
    ],
    ids=[
        "second",
        "stateful",
        "hidden",
        "hidden app",
        "any namespace",
        "rollout",
        "hidden template",
    ],
)
def test_pods_that_are_there_or_may_be(tree: Tree, second: str) -> None:
    assert found(tree, {**BASE, "two.yaml": second}, "TS305") == []


@pytest.mark.parametrize(
    "second",
    [
        workload("app: cart, version: v2", name="two"),
        workload("app: shop, version: v3", name="two"),
        workload("app: shop, version: v2", name="two", meta="namespace: stage"),
    ],
    ids=["another app", "another version", "another namespace"],
)
def test_pods_of_others(tree: Tree, second: str) -> None:
    assert found(tree, {**BASE, "two.yaml": second}, "TS305") == WARNED


@pytest.mark.parametrize(
    "label",
    [
        "harness.io/track: canary",
        "pod-template-hash: abc",
        "rollouts-pod-template-hash: abc",
        "topology.kubernetes.io/region: eu",
        "service.istio.io/canonical-name: shop",
    ],
)
def test_labels_of_the_cluster_are_not_looked_for(tree: Tree, label: str) -> None:
    alone = RULE.replace("version: v2", label)
    assert found(tree, {**BASE, "dr.yaml": alone}, "TS305") == []
    beside = RULE.replace("version: v2", f"version: v2, {label}")
    assert found(tree, {**BASE, "dr.yaml": beside}, "TS305") == WARNED


@pytest.mark.parametrize(
    "meta",
    [
        "annotations: {harness.io/managed: 'true'}",
        "annotations: {harness.io/managed: true}",
        "annotations: {argo-rollouts.argoproj.io/managed-by-rollouts: shop}",
    ],
)
def test_a_controller_writes_the_subsets(tree: Tree, meta: str) -> None:
    managed = RULE.replace("name: shop,", f"name: shop, {meta},")
    assert found(tree, {**BASE, "dr.yaml": managed}, "TS305") == []


@pytest.mark.parametrize(
    "service",
    [
        SERVICE.replace("selector: {app: shop}, ", ""),
        SERVICE.replace("selector:", "type: ExternalName, externalName: a.com, selector:"),
        SERVICE.replace("{app: shop}", "'${selector}'"),
        SERVICE.replace("v1", "serving.knative.dev/v1", 1),
        SERVICE.replace("name: shop", "name: cart"),
    ],
    ids=["no selector", "external name", "hidden selector", "knative", "no such service"],
)
def test_hosts_whose_pods_are_not_known(tree: Tree, service: str) -> None:
    assert found(tree, {**BASE, "service.yaml": service}, "TS305") == []


def test_a_service_without_pods_is_one_mistake(tree: Tree) -> None:
    files = {**BASE, "app.yaml": workload("app: cart"), "vs.yaml": route(to("v1"))}
    assert found(tree, files, "TS305") == ["warning dr.yaml:5"]


def test_a_kustomization_may_write_the_label(tree: Tree) -> None:
    files = {**BASE, "kustomization.yaml": "labels: [{pairs: {version: v2}}]\n"}
    assert found(tree, files, "TS305") == []
    files["kustomization.yaml"] = "labels: [{pairs: {team: v2}}]\n"
    assert found(tree, files, "TS305") == WARNED


# -- ServiceEntries


def entry(spec: str) -> str:
    return f"""\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: api, namespace: prod}}
spec: {{hosts: [api.example.com], {spec}}}
"""


EXTERNAL = RULE.replace("host: shop", "host: api.example.com")
ADDRESS = "endpoints: [{address: 1.1.1.1, labels: {version: v1}}, {address: 2.2.2.2%s}]"


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ("resolution: STATIC, " + ADDRESS % "", WARNED),
        ("resolution: STATIC, " + ADDRESS % ", labels: {version: v2}", []),
        ("resolution: STATIC, " + ADDRESS % ", labels: '${labels}'", []),
        ("resolution: STATIC, " + ADDRESS % ", labels: {version: '${v}'}", []),
        ("resolution: DNS", ["warning dr.yaml:8", *WARNED]),
        ("resolution: NONE", []),
        ("resolution: '${r}'", []),
        ("", []),
        ("resolution: STATIC, endpoints: '${e}'", []),
    ],
)
def test_endpoints_of_a_service_entry(tree: Tree, spec: str, wanted: list[str]) -> None:
    assert found(tree, {"se.yaml": entry(spec), "dr.yaml": EXTERNAL}, "TS305") == wanted


def machine(kind: str, labels: str, namespace: str = "prod") -> str:
    spec = (
        f"labels: {{{labels}}}"
        if kind == "WorkloadEntry"
        else f"metadata: {{labels: {{{labels}}}}}"
    )
    return f"""\
---
apiVersion: networking.istio.io/v1
kind: {kind}
metadata: {{name: vm-{namespace}, namespace: {namespace}}}
spec: {{{spec}}}
"""


@pytest.mark.parametrize(
    ("second", "wanted"),
    [
        (machine("WorkloadEntry", "app: vm, version: v2"), []),
        (machine("WorkloadGroup", "app: vm, version: v2"), []),
        (workload("app: vm, version: v2"), []),
        (machine("WorkloadEntry", "version: v2"), WARNED),
        (machine("WorkloadEntry", "app: vm, version: v2", "stage"), WARNED),
        (workload("app: vm", kind="Rollout"), []),
    ],
)
def test_a_service_entry_that_selects(tree: Tree, second: str, wanted: list[str]) -> None:
    spec = "resolution: STATIC, workloadSelector: {labels: {app: vm}}"
    first = machine("WorkloadEntry", "app: vm, version: v1")
    files = {"se.yaml": entry(spec), "dr.yaml": EXTERNAL, "vm.yaml": first, "two.yaml": second}
    assert found(tree, files, "TS305") == wanted


# -- TS315 ------------------------------------------------------------------------------------------

PINNED = SERVICE.replace("{app: shop}", "{app: shop, version: v1}")


def test_a_label_that_the_selector_wants_otherwise(tree: Tree) -> None:
    files = {**BASE, "service.yaml": PINNED}
    assert found(tree, files, "TS315", complete=False) == ["error dr.yaml:10"]
    (finding,) = tree.lint(select=("TS315",))
    assert finding.message == (
        'The subset "v2" wants pods with version: v2, and Service prod/shop has only pods with '
        "version: v1. The subset is always empty: requests to it fail with 503."
    )
    assert [(r.file, r.span.line) for r in finding.related] == [("service.yaml", 4)]
    assert found(tree, files, "TS305") == []


@pytest.mark.parametrize(
    ("service", "rule"),
    [
        (SERVICE, RULE),
        (SERVICE.replace("{app: shop}", "{version: '${v}'}"), RULE),
        (SERVICE.replace("{app: shop}", "{harness.io/track: stable}"), RULE),
        (PINNED, RULE.replace("version: v2", "version: '${v}'")),
        (PINNED, RULE.replace("version: v2", "version: v1, track: canary")),
        (
            PINNED,
            RULE.replace("name: shop,", "name: shop, annotations: {harness.io/managed: 'true'},"),
        ),
        (PINNED.replace("prod", "stage"), RULE),
        (PINNED.replace("name: shop", "name: cart"), RULE),
        (PINNED.replace("selector:", "type: ExternalName, selector:"), RULE),
        (PINNED, RULE.replace("host: shop", "host: '*.prod.svc.cluster.local'")),
        (f"{PINNED}---\n{SERVICE}", RULE),
    ],
    ids=[
        "no such key",
        "hidden selector",
        "harness label",
        "hidden label",
        "the same value",
        "managed",
        "another namespace",
        "another service",
        "external name",
        "many hosts",
        "two services of the name",
    ],
)
def test_labels_that_agree_or_may(tree: Tree, service: str, rule: str) -> None:
    assert found(tree, {"service.yaml": service, "dr.yaml": rule}, "TS315") == []


def test_the_harness_label_is_ts1xx(tree: Tree) -> None:
    service = SERVICE.replace("{app: shop}", "{app: shop, harness.io/track: stable}")
    rule = RULE.replace("version: v2", "harness.io/track: canary")
    assert found(tree, {"service.yaml": service, "dr.yaml": rule}, "TS315") == []


def test_a_namesake_in_another_folder_is_not_meant(tree: Tree) -> None:
    bare = RULE.replace(", namespace: prod", "")
    pinned = PINNED.replace(", namespace: prod", "")
    assert found(tree, {"one/service.yaml": pinned, "two/dr.yaml": bare}, "TS315") == []
    assert found(tree, {"two/service.yaml": pinned}, "TS315") == ["error two/dr.yaml:10"]


def test_environments_are_judged_by_their_own_service(tree: Tree) -> None:
    bare = RULE.replace(", namespace: prod", "")
    for name, service in (("dev", SERVICE), ("live", PINNED)):
        text = service.replace(", namespace: prod", "")
        tree.write({f"{name}/service.yaml": text, f"{name}/dr.yaml": bare})
    assert found(tree, {}, "TS315") == ["error live/dr.yaml:10"]


# -- TS312 ------------------------------------------------------------------------------------------

TWO = workload() + workload("app: shop, version: v2", name="two")
USED = {"service.yaml": SERVICE, "dr.yaml": RULE, "app.yaml": TWO, "vs.yaml": route(to("v1"))}


def test_a_subset_that_no_route_names(tree: Tree) -> None:
    assert found(tree, USED, "TS312") == ["info dr.yaml:9"]
    assert tree.show(select=("TS312",)) == []
    (finding,) = tree.lint(select=("TS312",), complete=True)
    assert finding.message == (
        'No route in sight goes to the subset "v2" of DestinationRule prod/shop, while others go to its '
        "host (they name v1)."
    )


def test_a_route_to_the_host_alone(tree: Tree) -> None:
    files = {**USED, "vs.yaml": route("{destination: {host: shop}}")}
    assert found(tree, files, "TS312") == ["info dr.yaml:7", "info dr.yaml:9"]


@pytest.mark.parametrize(
    "vs",
    [
        route(to("v1", "100"), to("v2", "0")),
        route(to("v1"), spec="    mirror: {host: shop, subset: v2}\n"),
        route(to("v1"), to("'${subset}'")),
        route(to("v1"), "{destination: {host: '${host}', subset: v2}}"),
        route(to("v1"), "'${destination}'"),
        route(to("v1"), spec="  - '${route}'\n"),
        route(to("v1")) + "  tcp: '${tcp}'\n",
        route(to("v1")) + f"  tcp: [{{route: [{to('v2')}]}}]\n",
        route("{destination: {host: cart, subset: v1}}"),
        "",
    ],
    ids=[
        "a share of 0",
        "mirror",
        "hidden subset",
        "hidden host",
        "hidden destination",
        "hidden route",
        "hidden tcp",
        "tcp",
        "another host",
        "no routes",
    ],
)
def test_subsets_that_are_used_or_may_be(tree: Tree, vs: str) -> None:
    assert found(tree, {**USED, "vs.yaml": vs}, "TS312") == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("stable", "canary"),
        ("blue", "green"),
        ("shop-primary", "shop-canary"),
        ("active", "preview"),
    ],
)
def test_the_other_one_of_a_pair_waits(tree: Tree, one: str, other: str) -> None:
    rule = RULE.replace("name: v1", f"name: {one}").replace("name: v2", f"name: {other}")
    assert found(tree, {**USED, "dr.yaml": rule, "vs.yaml": route(to(one))}, "TS312") == []


def test_a_controller_names_the_subset(tree: Tree) -> None:
    meta = "name: shop, annotations: {harness.io/managed: 'true'},"
    files = {**USED, "dr.yaml": RULE.replace("name: shop,", meta)}
    assert found(tree, files, "TS312") == []


def test_an_unused_subset_without_pods_is_one_mistake(tree: Tree) -> None:
    files = {**USED, "app.yaml": workload()}
    assert found(tree, files, "TS312") == []
    assert found(tree, files, "TS305") == WARNED


def test_a_rule_for_many_hosts(tree: Tree) -> None:
    wide = RULE.replace("host: shop", "host: '*.prod.svc.cluster.local'")
    assert found(tree, {**USED, "dr.yaml": wide}, "TS312") == ["info dr.yaml:9"]
    assert found(tree, {"vs.yaml": route(to("v1"), to("v2"))}, "TS312") == []

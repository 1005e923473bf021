"""Subsets that routes name: TS301 where a DestinationRule lacks them, TS302 where there is none."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Tree

SUBSETS = ("TS301", "TS302", "TS401")


def service(
    subset: str = "v2", host: str = "shop", *, name: str = "shop", extra: str = "", spec: str = ""
) -> str:
    """A VirtualService; the subset stands in line 12."""
    return f"""\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: {name}
  labels: {{a: b}}
  {extra}
spec:
  hosts: [{host!r}]
  http:
  - route:
    - destination:
        {{subset: {subset}, host: {host!r}}}
  {spec}
"""


def rule(
    *subsets: str, host: str = "shop", name: str = "shop", extra: str = "", spec: str = ""
) -> str:
    listed = ", ".join(f"{{name: {subset}, labels: {{v: {subset}}}}}" for subset in subsets)
    return f"""\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: {name}
  {extra}
spec:
  host: {host!r}
  subsets: [{listed}]
  {spec}
"""


FOUND = "vs.yaml:12:18 TS301"


def show(tree: Tree, files: dict[str, str], **settings: Any) -> list[str]:
    tree.write(files)
    return tree.show(select=SUBSETS, **settings)


@pytest.mark.parametrize(
    ("weight", "other", "waits"),
    [("0", "100", True), ("10", "90", False), ("0", "0", False), ("0", '"${W}"', False)],
)
@pytest.mark.parametrize("is_template", [False, True])
def test_a_subset_that_gets_no_requests_yet(
    tree: Tree, weight: str, other: str, waits: bool, is_template: bool
) -> None:
    # Istio leaves such a destination out: values may raise its weight and define the subset at once.
    if is_template:
        tree.write({"values.yaml": f"weight: {weight}\n"})
        weight = "{{ .Values.weight }}"
    more = f"  weight: {weight}\n    - {{destination: {{host: shop, subset: v1}}, weight: {other}}}"
    tree.write({"vs.yaml": service() + "    " + more + "\n", "dr.yaml": rule("v1")})
    (finding,) = tree.lint(select=("TS301",))
    assert finding.span.line == 12
    assert finding.severity.label == ("warning" if waits and is_template else "error")
    assert ("gets no requests" in finding.message) == waits


@pytest.mark.parametrize("subsets", [("v1",), ("v1", "v3"), ("V2",), ()])
def test_a_rule_of_the_folder_lacks_the_subset(tree: Tree, subsets: tuple[str, ...]) -> None:
    assert show(tree, {"vs.yaml": service(), "dr.yaml": rule(*subsets)}) == [FOUND]


def test_the_message_names_the_rule_and_what_it_has(tree: Tree) -> None:
    tree.write({"vs.yaml": service("v3"), "dr.yaml": rule("v1", "v2")})
    (finding,) = tree.lint(select=("TS301",))
    assert finding.message == (
        'The subset "v3" of host "shop" is not defined by DestinationRule shop (it has v1 and v2). '
        "Requests sent there fail with 503."
    )
    assert [(r.file, r.span.line) for r in finding.related] == [("dr.yaml", 8)]
    assert finding.path == "spec.http[0].route[0].destination.subset"


def test_a_rule_without_subsets_is_shown_at_its_host(tree: Tree) -> None:
    bare = rule().replace("  subsets: []\n", "")
    tree.write({"vs.yaml": service("v3"), "dr.yaml": bare})
    (finding,) = tree.lint(select=("TS301",))
    assert "(it has no subset)" in finding.message
    assert [(r.file, r.span.line) for r in finding.related] == [("dr.yaml", 7)]


def test_a_slip_is_named(tree: Tree) -> None:
    tree.write({"vs.yaml": service("cannary"), "dr.yaml": rule("stable", "canary")})
    (finding,) = tree.lint(select=("TS301",))
    assert finding.help == 'Did you mean "canary"?'


def test_all_rules_that_lack_it_are_named(tree: Tree) -> None:
    other = rule("v4", name="shop-more")
    tree.write({"vs.yaml": service("v3"), "dr.yaml": rule("v1"), "more.yaml": other})
    (finding,) = tree.lint(select=("TS301",))
    assert "DestinationRule shop and DestinationRule shop-more (they have v1 and v4)" in (
        finding.message
    )
    assert [related.file for related in finding.related] == ["dr.yaml", "more.yaml"]


def test_of_many_rules_three_are_named(tree: Tree) -> None:
    more = {f"{n}.yaml": rule("v4", name=f"shop-{n}") for n in range(5)}
    tree.write({"vs.yaml": service("v3"), "dr.yaml": rule("v1"), **more})
    (finding,) = tree.lint(select=("TS301",))
    assert finding.message.count("DestinationRule shop") == 3
    assert " and 3 more (they have v1 and v4). " in finding.message


@pytest.mark.parametrize("protocol", ["http", "tcp", "tls"])
def test_routes_of_every_protocol(tree: Tree, protocol: str) -> None:
    text = service().replace("  http:", f"  {protocol}:")
    assert show(tree, {"vs.yaml": text, "dr.yaml": rule("v1")}) == [FOUND]


@pytest.mark.parametrize(
    "field",
    ["mirror: {host: shop, subset: v9}", "mirrors: [{destination: {host: shop, subset: v9}}]"],
)
def test_mirrors(tree: Tree, field: str) -> None:
    tree.write({"vs.yaml": service("v1", spec=f"  {field}"), "dr.yaml": rule("v1")})
    (finding,) = tree.lint(select=("TS301",))
    assert finding.span[:2] == (13, 5 + field.index("v9"))
    assert "Mirrored requests are lost." in finding.message


@pytest.mark.parametrize(
    "files",
    [
        {"dr.yaml": rule("v1", "v2")},
        {"dr.yaml": rule("v1"), "more.yaml": rule("v2", name="shop-canary")},
        {"dr.yaml": rule("v2", host="shop.prod.svc.cluster.local")},
        {"dr.yaml": rule("v1", "v2", host="*")},
        {"dr.yaml": rule("'${subset}'")},
        {"dr.yaml": rule("v1"), "hidden.yaml": rule("v2", name="more", host="${env}op")},
        {"dr.yaml": rule("v1", host="other")},
        {"dr.yaml": rule(host="*.local", spec="trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}")},
        {"dr.yaml": rule("v1", spec="workloadSelector: {matchLabels: {a: b}}")},
        {},
    ],
    ids=[
        "defined",
        "defined by a second rule",
        "full name, no namespace",
        "wildcard",
        "hidden subset",
        "hidden host",
        "other host",
        "policy for all hosts",
        "rule for chosen clients",
        "no rule",
    ],
)
def test_silence(tree: Tree, files: dict[str, str]) -> None:
    assert show(tree, {"vs.yaml": service(), **files}) == []


@pytest.mark.parametrize("subset", ["'${subset}'", "<+x>", "''", "null"])
def test_a_subset_that_is_hidden_or_empty_is_none(tree: Tree, subset: str) -> None:
    assert show(tree, {"vs.yaml": service(subset), "dr.yaml": rule("v1")}) == []


@pytest.mark.parametrize("host", ["${host}", "*.example.com"])
def test_a_host_that_stands_for_many_is_not_looked_up(tree: Tree, host: str) -> None:
    assert show(tree, {"vs.yaml": service(host=host), "dr.yaml": rule("v1", host="*")}) == []


@pytest.mark.parametrize("subset", ["stable", "canary"])
def test_harness_writes_the_subsets_of_a_managed_rule(tree: Tree, subset: str) -> None:
    managed = rule("v1", extra='annotations: {harness.io/managed: "true"}')
    assert show(tree, {"vs.yaml": service(subset), "dr.yaml": managed}) == []
    assert show(tree, {"vs.yaml": service("v9"), "dr.yaml": managed}) == [FOUND]


def test_environments_are_judged_each_by_its_own_rule(tree: Tree) -> None:
    files = {
        "dev/vs.yaml": service(),
        "dev/dr.yaml": rule("v1", "v2"),
        "prod/vs.yaml": service(),
        "prod/dr.yaml": rule("v1"),
    }
    assert show(tree, files) == [f"prod/{FOUND}"]


def test_folders_by_kind(tree: Tree) -> None:
    files = {"routes/vs.yaml": service(), "rules/dr.yaml": rule("v1")}
    assert show(tree, files) == [f"routes/{FOUND}"]
    assert show(tree, {"rules/dr.yaml": rule("v1", "v2")}) == []


def test_environments_below_folders_by_kind(tree: Tree) -> None:
    files = {
        "routes/dev/vs.yaml": service(),
        "routes/prod/vs.yaml": service(),
        "rules/dev/dr.yaml": rule("v1", "v2"),
        "rules/prod/dr.yaml": rule("v1"),
    }
    assert show(tree, files) == [f"routes/prod/{FOUND}"]
    assert show(tree, {"rules/common/more.yaml": rule("v2", name="more")}) == []


def test_a_rule_below_the_folder_may_deploy_with_it(tree: Tree) -> None:
    files = {
        "vs.yaml": service(),
        "dr.yaml": rule("v1"),
        "canary/dr.yaml": rule("v2", name="shop-canary"),
    }
    assert show(tree, files) == []


def test_a_patch_that_speaks_of_the_subset_defines_it(tree: Tree) -> None:
    files = {
        "base/dr.yaml": rule("v1"),
        "prod/vs.yaml": service(),
        "prod/patch.yaml": rule("v1", "v2"),
        "prod/kustomization.yaml": "resources: [../base, vs.yaml]\npatches: [{path: patch.yaml}]\n",
    }
    assert show(tree, files) == []


def test_a_patch_of_another_team_speaks_of_its_own_objects(tree: Tree) -> None:
    files = {
        "cart/base/dr.yaml": rule("v1"),
        "cart/base/kustomization.yaml": "resources: [dr.yaml]\n",
        "cart/prod/patch.yaml": rule("v1", "v2"),
        "cart/prod/kustomization.yaml": "resources: [../base]\npatches: [{path: patch.yaml}]\n",
        "shop/vs.yaml": service(),
        "shop/dr.yaml": rule("v1"),
    }
    assert show(tree, files) == ["shop/vs.yaml:12:18 TS301"]


def test_a_patch_in_the_kustomization_itself(tree: Tree) -> None:
    kustomization = """\
    resources: [../base, vs.yaml]
    patches:
    - target: {kind: DestinationRule}
      patch: |
        - {op: add, path: /spec/subsets/-, value: {name: v2}}
    """
    files = {
        "base/dr.yaml": rule("v1"),
        "prod/vs.yaml": service(),
        "prod/kustomization.yaml": kustomization,
    }
    assert show(tree, files) == []


def test_a_chart_is_judged_by_its_own_rules(tree: Tree) -> None:
    files = {
        "Chart.yaml": "name: shop\nversion: 1.0.0\n",
        "values.yaml": "subset: v2\n",
        "templates/vs.yaml": service("{{ .Values.subset }}"),
        "templates/dr.yaml": rule("v1"),
        "elsewhere/dr.yaml": rule("v2"),
    }
    assert show(tree, files) == ["templates/vs.yaml:12:18 TS301"]


def test_a_rule_for_other_namespaces_hides_nothing(tree: Tree) -> None:
    own = rule("v1", extra="namespace: prod")
    other = rule("v2", extra="namespace: stage")
    files = {"vs.yaml": service(extra="namespace: prod"), "dr.yaml": own, "other.yaml": other}
    assert show(tree, files) == [FOUND]


def test_a_rule_that_is_not_exported_to_the_client_does_not_count(tree: Tree) -> None:
    full = "shop.prod.svc.cluster.local"
    vs = service(host=full, extra="namespace: web")
    hidden = rule("v1", "v2", host=full, extra="namespace: prod", spec="exportTo: ['.']")
    shown = rule("v1", host=full, name="all", extra="namespace: prod")
    assert show(tree, {"vs.yaml": vs, "hidden.yaml": hidden}) == []
    assert show(tree, {"shown.yaml": shown}) == [FOUND]


def test_complete_trees_say_that_no_rule_is_there(tree: Tree) -> None:
    shop = "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: {ports: [{port: 80}]}\n"
    files = {"vs.yaml": service(), "service.yaml": shop}
    assert show(tree, files, complete=True) == ["vs.yaml:12:18 TS302"]
    assert show(tree, files) == []


def test_a_host_that_is_absent_is_one_mistake(tree: Tree) -> None:
    assert show(tree, {"vs.yaml": service()}, complete=True) == ["vs.yaml:12:28 TS401"]


def test_complete_trees_with_a_rule_that_lacks_the_subset(tree: Tree) -> None:
    shop = "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: {ports: [{port: 80}]}\n"
    files = {"vs.yaml": service(), "dr.yaml": rule("v1"), "service.yaml": shop}
    assert show(tree, files, complete=True) == [FOUND]


SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: shopping}
spec: {ports: [{name: http, port: 80}]}
"""


def test_a_slip_in_the_rules_host_is_told_once(tree: Tree) -> None:
    files = {"s.yaml": SERVICE, "vs.yaml": service("v2", "shopping")}
    select = ("TS302", "TS312", "TS401", "TS402")
    tree.write({**files, "dr.yaml": rule("v2", host="shoping")})
    assert [line.split()[1] for line in tree.show(select=select, complete=True)] == ["TS402"]
    tree.write({"dr.yaml": rule("v1", host="shoping")})
    found = [line.split()[1] for line in tree.show(select=select, complete=True)]
    assert found == ["TS402", "TS302"]


@pytest.mark.parametrize(
    ("subset", "host", "told"),
    [("v22", "shopping", "TS301"), ("v2", "shoping", "TS401"), ("v1", "shopping", "TS312")],
)
def test_a_slip_in_a_route_leaves_no_subset_unused(
    tree: Tree, subset: str, host: str, told: str
) -> None:
    other = service("v1", "shopping", name="other")
    files = {"s.yaml": SERVICE, "vs.yaml": service(subset, host), "other.yaml": other}
    tree.write({**files, "dr.yaml": rule("v1", "v2", host="shopping")})
    found = tree.show(select=(*SUBSETS, "TS312"), complete=True)
    assert [line.split()[1] for line in found] == [told]


def test_single_files_of_a_folder(tree: Tree) -> None:
    # A hook hands over two of three files: the third may define the subset.
    tree.write({"vs.yaml": service(), "dr.yaml": rule("v1"), "prod/dr.yaml": rule("v2")})
    given = ("vs.yaml", "dr.yaml")
    assert tree.show(*given, select=SUBSETS) == tree.show(select=SUBSETS) == [FOUND]
    tree.write({"dr-2.yaml": rule("v1", "v2")})
    assert tree.show(*given, select=SUBSETS) == []
    assert tree.show(select=SUBSETS) == []

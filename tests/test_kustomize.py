"""Kustomizations: what they build, where its mistakes stand, and what is in sight."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from textwrap import dedent, indent
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import Run, Tree
from tsplit_lint import Config, Resource, Unknown, VirtualService, lint
from tsplit_lint.engine import load_catalog
from tsplit_lint.nodes import plain_data
from tsplit_lint.source import NEEDED_KINDS, split_documents

Files = Mapping[str, str]

HEAD = "apiVersion: networking.istio.io/v1\nkind: {kind}\nmetadata: {{name: shop}}\n"
SERVICE = HEAD.format(kind="VirtualService")
RULE = HEAD.format(kind="DestinationRule")
ROUTES = """\
spec:
  hosts: [shop]
  http:
  - route:
    - destination: {host: shop, subset: v1}
      weight: 90
    - destination: {host: shop, subset: v2}
      weight: 10
"""
SUBSETS = """\
spec:
  host: shop
  subsets:
  - name: v1
    labels: {version: v1}
  - name: v2
    labels: {version: v2}
"""
BASE = {
    "base/kustomization.yaml": "resources: [service.yaml, rule.yaml]\n",
    "base/service.yaml": SERVICE + ROUTES,
    "base/rule.yaml": RULE + SUBSETS,
}
CHECKS = ("TS201", "TS203", "TS301", "TS003", "TS008", "TS011")


def json_patch(operations: str, *, kind: str = "VirtualService") -> str:
    """An entry of `patches` that stands in the kustomization."""
    return (
        f"patches:\n- target: {{kind: {kind}}}\n  patch: |-\n{indent(dedent(operations), '    ')}"
    )


def merge_patch(text: str) -> str:
    return f"patches:\n- patch: |-\n{indent(text, '    ')}"


def overlay(text: str, name: str = "prod") -> dict[str, str]:
    return {f"{name}/kustomization.yaml": "resources: [../base]\n" + text}


def built(tree: Tree, files: Files, root: str = "prod") -> dict[str, Resource]:
    """What a kustomization builds, by kind."""
    tree.write(files)
    catalog, _failures = load_catalog([tree.root], Config(root=tree.root))
    (scope,) = [
        scope for scope in catalog.scopes if (scope.kind, scope.root) == ("kustomization", root)
    ]
    return {str(resource.kind): resource for resource in scope.resources}


def told(tree: Tree, files: Files, *paths: str, **changes: Any) -> list[str]:
    tree.write(files)
    return tree.show(*paths, **{"select": CHECKS, **changes})


# --- where a mistake stands -------------------------------------------------------------------
def test_a_base_with_its_overlay_is_right(tree: Tree) -> None:
    assert told(tree, {**BASE, **overlay("namePrefix: prod-\nnamespace: prod\n")}) == []


def test_a_mistake_of_the_base_is_told_once_and_there(tree: Tree) -> None:
    files = {
        **BASE,
        "base/service.yaml": SERVICE + ROUTES.replace("90", "80"),
        **overlay("namespace: prod\n"),
        **overlay("namePrefix: dev-\nnamespace: dev\n", "dev"),
    }
    assert told(tree, files) == ["base/service.yaml:7:5 TS201"]


def test_a_mistake_of_a_merge_patch_stands_in_its_file(tree: Tree) -> None:
    files = {
        **BASE,
        **overlay("patches: [{path: routes.yaml}]\n"),
        "prod/routes.yaml": "# canary\n" + SERVICE + ROUTES.replace("90", "80"),
    }
    assert told(tree, files) == ["prod/routes.yaml:8:5 TS201"]


def test_a_mistake_of_an_inline_patch_stands_in_the_kustomization(tree: Tree) -> None:
    files = {**BASE, **overlay(merge_patch(SERVICE + ROUTES.replace("90", "80")))}
    # The patch begins at line 4, four columns in.
    assert told(tree, files) == ["prod/kustomization.yaml:10:9 TS201"]


@pytest.mark.parametrize(
    ("operations", "place"),
    [
        ("- op: replace\n  path: /spec/http/0/route/0/weight\n  value: 80\n", "6:13 TS201"),
        ("- op: remove\n  path: /spec/http/0/route/0/weight\n", "6:13 TS203"),
        (
            "- {op: replace, path: /spec/http/0/route/1/destination/subset, value: v3}\n",
            "5:75 TS301",
        ),
        (
            "- op: add\n  path: /spec/http/0/route/-\n"
            "  value: {destination: {host: shop, subset: v1}, weight: 10}\n",
            "6:13 TS201",
        ),
    ],
)
def test_a_mistake_of_a_json_patch_stands_at_its_operation(
    tree: Tree, operations: str, place: str
) -> None:
    files = {**BASE, **overlay(json_patch(operations))}
    assert told(tree, files) == [f"prod/kustomization.yaml:{place}"]


def test_a_json_patch_in_a_file(tree: Tree) -> None:
    operation = '[{"op": "replace", "path": "/spec/http/0/route/0/weight", "value": 80}]\n'
    files = {
        **BASE,
        **overlay(
            "patches: [{path: p.json, target: {group: .*istio.io, kind: Virtual.*, name: sh.*}}]\n"
        ),
        "prod/p.json": operation,
    }
    assert told(tree, files) == ["prod/p.json:1:28 TS201"]


def test_a_patch_that_removes_a_subset(tree: Tree) -> None:
    """The route stands in the base; what takes its subset away is shown beside it."""
    operation = json_patch("- {op: remove, path: /spec/subsets/1}", kind="DestinationRule")
    tree.write({**BASE, **overlay(operation)})
    (finding,) = tree.lint(select=("TS301",))
    assert (finding.file, finding.span.line) == ("base/service.yaml", 10)
    assert [(place.file, place.span.line) for place in finding.related] == [
        ("prod/kustomization.yaml", 5)
    ]


def test_a_namespace_is_the_kustomizations(tree: Tree) -> None:
    rules = built(tree, {**BASE, **overlay("namespace: prod\n")})
    place = rules["VirtualService"].at("metadata", "namespace")
    assert (place.file.path, place.span().line) == ("prod/kustomization.yaml", 2)
    assert rules["VirtualService"].title == "VirtualService prod/shop"
    head = rules["VirtualService"].head()
    assert (head.file.path, head.span()[:2]) == ("base/service.yaml", (3, 18))


def test_a_prefixed_name_is_still_written_in_the_base(tree: Tree) -> None:
    service = built(tree, {**BASE, **overlay("namePrefix: a-\nnameSuffix: -b\n")})["VirtualService"]
    assert (service.name, service.identity.name) == ("a-shop-b", "shop")
    assert service.head().file.path == "base/service.yaml"


def test_what_only_one_overlay_makes_says_so(tree: Tree) -> None:
    add = json_patch(
        "- {op: replace, path: /spec/subsets, value: [{name: v1, labels: {version: v1}}]}",
        kind="DestinationRule",
    )
    tree.write({**BASE, **overlay(add), **overlay("", "dev"), **overlay("", "qa")})
    (finding,) = tree.lint(select=("TS301",))
    assert finding.file == "base/service.yaml"
    assert finding.message.endswith("This is so where prod builds it.")
    tree.write(overlay(add, "qa"))
    messages = {finding.message.rpartition(". ")[2] for finding in tree.lint(select=("TS301",))}
    assert messages == {"This is so where prod and qa build it."}


def test_two_overlays_with_different_sums_are_two_mistakes(tree: Tree) -> None:
    def weight(number: int) -> str:
        return json_patch(f"- {{op: replace, path: /spec/http/0/route/0/weight, value: {number}}}")

    files = {**BASE, **overlay(weight(80)), **overlay(weight(70), "dev")}
    assert told(tree, files) == [
        "dev/kustomization.yaml:5:27 TS201",
        "prod/kustomization.yaml:5:27 TS201",
    ]


# --- what is seen -----------------------------------------------------------------------------
def test_a_base_without_overlays_is_its_own_build(tree: Tree) -> None:
    files = {**BASE, "base/service.yaml": SERVICE + ROUTES.replace("v2", "v3")}
    assert told(tree, files) == ["base/service.yaml:10:41 TS301"]


def test_a_base_is_judged_as_its_overlay_builds_it(tree: Tree) -> None:
    """The base routes to a subset that only the overlay defines."""
    files = {
        **BASE,
        "base/rule.yaml": RULE + "spec:\n  host: shop\n  subsets: [{name: v0}]\n",
        **overlay("patches: [{path: rule.yaml}]\n"),
        "prod/rule.yaml": RULE + SUBSETS,
    }
    assert told(tree, files) == []
    assert told(tree, files, "base/service.yaml") == []
    assert told(tree, files, "base") == []
    assert told(tree, files, "prod") == []


def test_an_overlay_far_from_its_base_is_found_from_a_single_file(tree: Tree) -> None:
    files = {
        **BASE,
        "base/service.yaml": SERVICE + "spec: {hosts: [shop]}\n",
        "overlays/prod/kustomization.yaml": "resources: [../../base]\npatches: [{path: p.yaml}]\n",
        "overlays/prod/p.yaml": SERVICE + ROUTES,
    }
    assert told(tree, files, "base/service.yaml", select=("TS210", "TS201")) == []


def test_a_single_patch_is_judged_by_what_it_makes(tree: Tree) -> None:
    files = {
        **BASE,
        **overlay("patches: [{path: p.yaml}]\n"),
        "prod/p.yaml": SERVICE + ROUTES.replace("90", "80"),
    }
    assert told(tree, files, "prod/p.yaml") == ["prod/p.yaml:7:5 TS201"]
    assert told(tree, files, "base/service.yaml") == []


def test_what_is_read_besides_is_not_counted(tree: Tree) -> None:
    tree.write({**BASE, **overlay(""), **overlay("", "dev")})
    config = Config(root=tree.root)
    whole = lint([tree.root], config)
    assert (whole.files, whole.documents, whole.resources) == (5, 5, 2)
    one = lint([tree.root / "base/rule.yaml"], config)
    assert (one.files, one.documents, one.resources) == (1, 1, 1)


def test_an_excluded_base_is_read_and_not_linted(tree: Tree) -> None:
    files = {
        **BASE,
        "base/service.yaml": SERVICE + ROUTES.replace("90", "80"),
        **overlay(
            json_patch("- {op: add, path: /spec/http/0/route/1/destination/subset, value: v3}")
        ),
    }
    assert told(tree, files, exclude=("base",)) == ["prod/kustomization.yaml:5:71 TS301"]


def test_a_base_may_be_context(tree: Tree) -> None:
    operation = "- {op: replace, path: /spec/http/0/route/0/weight, value: 80}"
    files = {**BASE, **overlay(json_patch(operation))}
    found = ["prod/kustomization.yaml:5:27 TS201"]
    assert told(tree, files, "prod", context=(str(tree.root / "base"),)) == found
    assert told(tree, files, "prod") == found


def test_suppressions_of_the_base_hold_for_its_builds(tree: Tree) -> None:
    wrong = SERVICE + ROUTES.replace("90", "80")
    annotated = wrong.replace(
        "{name: shop}", "{name: shop, annotations: {tsplit-lint.io/ignore: TS201}}"
    )
    over = overlay("namespace: prod\nnamePrefix: prod-\n")
    assert (
        told(tree, {**BASE, "base/service.yaml": annotated, **over}, select=("TS201", "TS006"))
        == []
    )
    commented = wrong.replace("  - route:", "  - route: # tsplit-lint: ignore[TS201]")
    assert told(tree, {**BASE, "base/service.yaml": commented, **over}) == []


def test_a_patch_by_the_old_name_keeps_the_new_one(tree: Tree) -> None:
    files = {
        **BASE,
        "base/kustomization.yaml": "resources: [rule.yaml]\nnamePrefix: a-\nnamespace: web\n",
        **overlay("patches: [{path: p.yaml}]\n"),
        "prod/p.yaml": RULE + "spec: {exportTo: ['.']}\n",
    }
    rule = built(tree, files)["DestinationRule"]
    assert (rule.name, rule.namespace, rule.spec["exportTo"]) == ("a-shop", "web", ["."])
    assert tree.name(rule.head().file.path) == "base/rule.yaml"


def test_files_of_no_kustomization_stay_plain(tree: Tree) -> None:
    files = {**BASE, "base/other.yaml": SERVICE + ROUTES.replace("90", "80")}
    assert told(tree, files, select=("TS201",)) == ["base/other.yaml:7:5 TS201"]


def test_two_apps_meet_in_the_folder_of_all(tree: Tree) -> None:
    """Each app has a kustomization; a route of one goes to a subset that the other's rule lacks."""
    files = {
        "web/kustomization.yaml": "resources: [service.yaml]\n",
        "web/service.yaml": SERVICE + ROUTES.replace("v2", "v3"),
        "shop/kustomization.yaml": "resources: [rule.yaml]\n",
        "shop/rule.yaml": RULE + SUBSETS,
    }
    assert told(tree, files) == ["web/service.yaml:10:41 TS301"]


def test_environments_do_not_lend_each_other_rules(tree: Tree) -> None:
    """Only dev adds the rule that lacks v2: prod has none, and nothing is said of it."""
    files = {
        **{name: text for name, text in BASE.items() if "rule" not in name},
        "base/kustomization.yaml": "resources: [service.yaml]\n",
        **overlay(""),
        "dev/kustomization.yaml": "resources: [../base, rule.yaml]\n",
        "dev/rule.yaml": RULE + SUBSETS.replace("v2", "v3"),
    }
    tree.write(files)
    (finding,) = tree.lint(select=("TS301",))
    assert "where dev builds it" in finding.message


# --- what is not seen -------------------------------------------------------------------------
@pytest.mark.parametrize(
    "entry",
    [
        "https://github.com/shop/base?ref=v1",
        "github.com/shop/base//deploy",
        "git@github.com:shop/base.git",
        "../gone",
        "gone.yaml",
        "/etc/passwd",
        "/",
        ".",
        "..",
        "'a\\0b'",
        "[1, 2]",
        "${BASE}",
    ],
)
def test_bases_elsewhere_are_unseen(tree: Tree, entry: str) -> None:
    files = {
        "prod/kustomization.yaml": f"resources: [service.yaml, {json.dumps(entry)}]\n"
        + merge_patch(RULE + SUBSETS),
        "prod/service.yaml": SERVICE + ROUTES.replace("v2", "v9"),
    }
    assert told(tree, files, complete=True, select=("TS003", "TS301", "TS401", "TS302")) == []


@pytest.mark.parametrize(
    "text",
    [
        "resources: [",
        "resources: {a: 1}\npatches: 5\nlabels: x\ncomponents: no\n",
        "patches: [5, {path: 5}, {patch: [1]}, {path: gone.yaml}, {patch: '{{', target: {kind: '('}}]\n"
        "resources: [service.yaml]\n",
        "- a\n- b\n",
        "",
        "\ufeffresources: [service.yaml]\r\nnamePrefix: {a: b}\r\nnamespace: [c]\r\n",
        "resources: [service.yaml]\npatchesStrategicMerge: [5, gone.yaml, 'a: [']\n",
        "resources: [service.yaml]\nreplacements: [5, {targets: 5}, {targets: [{select: 5}]}, {path: x}]\n",
        "a: &a [1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n"
        "d: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nresources: [*e,*e,*e,*e,*e,*e]\n",
        "resources: [service.yaml]\npatches:\n- target: {name: '(a+)+$'}\n  patch: '[]'\n",
    ],
)
def test_broken_kustomizations_break_nothing(tree: Tree, text: str) -> None:
    files = {"kustomization.yaml": text, "service.yaml": SERVICE + ROUTES}
    assert told(tree, files, select=("TS201", "TS003")) == []


def test_rings_and_doubling_end(tree: Tree) -> None:
    files = {
        "a/kustomization.yaml": "resources: [../b, ../a, service.yaml]\n",
        "b/kustomization.yaml": "resources: [../a, ../c]\ncomponents: [../b]\n",
        "a/service.yaml": SERVICE + ROUTES.replace("90", "80"),
        "deep/kustomization.yaml": "resources: [l0, r0]\n",
    }
    for number in range(40):
        below = f"resources: [../l{number + 1}, ../r{number + 1}]\n"
        files |= {f"deep/{side}{number}/kustomization.yaml": below for side in "lr"}
    assert told(tree, files) == ["a/service.yaml:7:5 TS201"]


def test_a_link_that_leads_above_itself(tree: Tree) -> None:
    tree.write({**BASE, "base/kustomization.yaml": "resources: [service.yaml, loop]\n"})
    (tree.root / "base/loop").symlink_to(tree.root / "base")
    assert tree.show(select=CHECKS) == []


def test_a_flux_resource_is_no_kustomization(tree: Tree) -> None:
    flux = """
        apiVersion: kustomize.toolkit.fluxcd.io/v1
        kind: Kustomization
        metadata: {name: apps}
        spec: {path: ./apps, prune: true}
        resources: [service.yaml]
        """
    assert told(
        tree,
        {"kustomization.yaml": flux, "service.yaml": SERVICE + ROUTES.replace("90", "80")},
        select=("TS201",),
    ) == ["service.yaml:7:5 TS201"]


def test_transformers_and_generators_are_not_seen_through(tree: Tree) -> None:
    hint = {"select": ("TS401",), "complete": True}
    files = {**BASE, **overlay("")}
    assert told(tree, files, **hint) != []
    for line in ("generators: [g.yaml]", "transformers: [t.yaml]", "helmCharts: [{name: shop}]"):
        assert told(tree, {**files, **overlay(line + "\n")}, **hint) == []


# --- kustomize stops --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (
            json_patch("- {op: remove, path: /spec/http/1}"),
            "5:26",
            "nothing at /spec/http/1 of VirtualService shop",
        ),
        (
            json_patch("- {op: test, path: /spec/http/0/route/0/weight, value: 5}"),
            "5:24",
            "the test of /spec/http/0/route/0/weight does not hold",
        ),
        (
            json_patch("- {op: add, path: spec/http, value: 5}"),
            "5:23",
            "does not begin with a slash",
        ),
        (
            merge_patch(SERVICE.replace("shop", "cart") + ROUTES),
            "6:22",
            "it builds no VirtualService cart, which this patch is for",
        ),
        (
            merge_patch(SERVICE.replace("/v1", "/v1beta1") + ROUTES),
            "6:22",
            "has apiVersion networking.istio.io/v1, not that of this patch",
        ),
        (
            merge_patch(SERVICE + "spec:\n  http: {route: []}\n"),
            "8:13",
            "has a list at spec.http, where this patch has a mapping",
        ),
    ],
)
def test_a_patch_that_cannot_be_applied(tree: Tree, text: str, place: str, words: str) -> None:
    tree.write({**BASE, **overlay(text)})
    (finding,) = tree.lint(select=CHECKS)
    assert finding.rule == "TS003"
    assert (finding.file, finding.severity.label) == ("prod/kustomization.yaml", "error")
    assert f"{finding.span.line}:{finding.span.column}" == place
    assert words in finding.message


@pytest.mark.parametrize(
    "text",
    [
        json_patch("- {op: remove, path: '/spec/http/${INDEX}'}"),
        json_patch("- {op: remove, path: /spec/nothing}", kind="Gateway"),
        merge_patch(SERVICE.replace("shop", "$(NAME)") + ROUTES),
        "components: [../gone]\n" + merge_patch(SERVICE.replace("shop", "cart") + ROUTES),
        "generators: [x.yaml]\n" + merge_patch(SERVICE.replace("shop", "cart") + ROUTES),
    ],
)
def test_a_patch_that_may_well_be_right(tree: Tree, text: str) -> None:
    assert told(tree, {**BASE, **overlay(text)}) == []


# --- what is built ----------------------------------------------------------------------------
def test_annotations_are_text_after_a_build(tree: Tree) -> None:
    service = SERVICE.replace("}", ", annotations: {harness.io/managed: true}}") + ROUTES
    files = {**BASE, "base/service.yaml": service}
    assert built(tree, files, "base")["VirtualService"].annotations == {
        "harness.io/managed": "true"
    }
    assert told(tree, files, select=("TS101",)) == []
    assert told(tree, {"plain/service.yaml": service}, "plain", select=("TS101",)) != []


def test_values_that_replacements_write_are_unknown(tree: Tree) -> None:
    text = """\
        replacements:
        - source: {kind: ConfigMap, name: weights, fieldPath: data.stable}
          targets:
          - select: {kind: VirtualService}
            fieldPaths: [spec.http.0.route.0.weight]
        """
    files = {
        **BASE,
        "base/service.yaml": SERVICE + ROUTES.replace("90", "80"),
        **overlay(dedent(text)),
    }
    assert told(tree, files) == []
    service = built(tree, files)["VirtualService"]
    assert isinstance(service, VirtualService)
    first, second = service.http[0].destinations
    assert isinstance(first.weight, Unknown)
    assert (first.host, second.weight) == ("shop", 10)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("spec.http.0.route.0.destination.host", True),
        ("spec.http.0.route.[weight=80].weight", False),
        ("spec.http.5.route.0.weight", False),
        ("spec.http.*.route", False),
    ],
)
def test_what_replacements_leave_alone_is_judged(tree: Tree, path: str, found: bool) -> None:
    text = f"""\
        replacements:
        - source: {{kind: ConfigMap, name: hosts, fieldPath: data.shop}}
          targets:
          - select: {{kind: VirtualService}}
            fieldPaths: ["{path}"]
        """
    files = {
        **BASE,
        "base/service.yaml": SERVICE + ROUTES.replace("90", "80"),
        **overlay(dedent(text)),
    }
    assert bool(told(tree, files, select=("TS201",))) is found


def test_hidden_values_of_a_patch_stay_unknown(tree: Tree) -> None:
    operation = "- {op: replace, path: /spec/http/0/route/0/weight, value: '${STABLE}'}"
    service = built(tree, {**BASE, **overlay(json_patch(operation))})["VirtualService"]
    assert isinstance(service, VirtualService)
    assert isinstance(service.http[0].total_weight, Unknown)


def test_an_object_of_a_list_is_patched_alone(tree: Tree) -> None:
    items = indent(SERVICE + ROUTES, "  ").replace("  apiVersion", "- apiVersion", 1)
    other = indent((RULE + SUBSETS), "  ").replace("  apiVersion", "- apiVersion", 1)
    files = {
        "base/kustomization.yaml": "resources: [all.yaml]\n",
        "base/all.yaml": f"apiVersion: v1\nkind: List\nitems:\n{items}{other}",
        **overlay(json_patch("- {op: replace, path: /spec/http/0/route/0/weight, value: 1}")),
    }
    assert told(tree, files) == ["prod/kustomization.yaml:5:27 TS201"]


def test_a_template_is_left_to_its_service(tree: Tree) -> None:
    files = {
        "kustomization.yaml": "resources: [templates/service.yaml]\nnamePrefix: x-\n",
        "values.yaml": "weight: 80\n",
        "templates/service.yaml": SERVICE + ROUTES.replace("90", "{{ .Values.weight }}"),
    }
    assert told(tree, files, select=("TS201",)) == ["templates/service.yaml:7:5 TS201"]


# --- the same as kustomize --------------------------------------------------------------------
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, labels: {app: shop}}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
      - {name: a, image: x, ports: [{containerPort: 80}, {containerPort: 81}], env: [{name: q, value: w}]}
      - {name: b, image: z}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}, ports: [{port: 80, name: http}, {port: 81, name: tcp}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: any}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec: {defaultBackend: {service: {name: shop, port: {number: 80}}}}
"""
WORDS = "spec: {hosts: [yes, no], x: on, y: 010, yes: 5}\n"
CASES: dict[str, Files] = {
    "plain": {**BASE, **overlay("")},
    "names": {**BASE, "base/rule.yaml": DEPLOYMENT, **overlay("namePrefix: a-\nnameSuffix: -b\n")},
    "namespace": {**BASE, "base/rule.yaml": DEPLOYMENT, **overlay("namespace: prod\n")},
    "common labels": {
        **BASE,
        "base/rule.yaml": DEPLOYMENT,
        **overlay("commonLabels: {env: prod, app: other}\ncommonAnnotations: {a: b}\n"),
    },
    "labels": {
        **BASE,
        "base/rule.yaml": DEPLOYMENT,
        **overlay(
            "labels:\n- pairs: {a: b}\n- {pairs: {c: d}, includeTemplates: true}\n"
            "- {pairs: {e: f}, includeSelectors: true}\n"
            "- {pairs: {g: h}, fields: [{path: spec/own, kind: VirtualService, create: true}]}\n"
        ),
    },
    "merge": {
        **BASE,
        **overlay(
            merge_patch(
                RULE + "spec:\n  host: null\n  trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}\n"
                "  subsets: [{name: v9}]\n"
            )
        ),
    },
    "merge directives": {
        **BASE,
        **overlay(
            merge_patch(RULE + "$patch: delete\n")
            + "\n- patch: |-\n"
            + indent(SERVICE + "spec:\n  $patch: replace\n  hosts: [other]\n  tls: null\n", "    ")
        ),
    },
    "merge by the name before the prefix": {
        **BASE,
        "middle/kustomization.yaml": "resources: [../base]\nnamePrefix: a-\nnamespace: web\n",
        "prod/kustomization.yaml": "resources: [../middle]\nnameSuffix: -b\n"
        "patches:\n- path: p.yaml\n",
        "prod/p.yaml": RULE + "spec: {trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}\n",
    },
    "merge by key": {
        **BASE,
        "base/rule.yaml": DEPLOYMENT,
        **overlay("patchesStrategicMerge: [p.yaml]\n"),
        "prod/p.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  template:
    spec:
      containers:
      - {name: c, image: z}
      - {name: a, ports: [{containerPort: 81, name: q}, {containerPort: 9}], env: [{name: r, value: s}]}
      - {name: b, $patch: delete}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {ports: [{port: 82}, {port: 80, name: web}]}
""",
    },
    "targets": {
        **BASE,
        "base/rule.yaml": DEPLOYMENT,
        **overlay(
            "namePrefix: x-\npatches:\n"
            "- target: {labelSelector: 'app in (shop, cart),!gone'}\n"
            "  patch: |\n    - {op: add, path: /metadata/labels/a~1b, value: c}\n"
            "- target: {kind: Virtual.*, name: sho}\n"
            "  patch: |-\n    - op: remove\n      path: /spec\n"
            "- target: {kind: Ser.*|Ing.*, namespace: default}\n"
            "  patch: |\n    apiVersion: any\n    kind: Any\n    metadata: {name: any, labels: {a: b}}\n"
        ),
    },
    "json patches": {
        **BASE,
        **overlay(
            json_patch(
                """\
                - {op: test, path: /spec/hosts/0, value: shop}
                - {op: copy, from: /spec/http/0, path: /spec/http/-}
                - {op: move, from: /spec/http/1/route/1, path: /spec/http/1/route/0}
                - {op: remove, path: /spec/http/0/route/-1}
                - {op: replace, path: /spec/new, value: yes}
                """
            )
        ),
    },
    "old json patches": {
        **BASE,
        **overlay(
            "namePrefix: a-\npatchesJson6902:\n"
            "- path: p.yaml\n"
            "  target: {group: networking.istio.io, version: v1, kind: VirtualService, name: shop}\n"
        ),
        "prod/p.yaml": "- {op: replace, path: /metadata/name, value: b}\n",
    },
    "component": {
        **BASE,
        **overlay("components: [../part]\nnamespace: prod\n"),
        "part/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
        "namePrefix: c-\nresources: [more.yaml]\n"
        + merge_patch(SERVICE + "spec: {hosts: [other]}\n"),
        "part/more.yaml": DEPLOYMENT,
    },
    "layers": {
        **BASE,
        "mid/kustomization.yml": "resources: [../base]\nnamePrefix: m-\nnamespace: mid\n",
        "prod/Kustomization": "bases: [../mid]\nnamePrefix: p-\nnamespace: prod\n"
        + merge_patch(SERVICE + "spec: {hosts: [other]}\n").replace(
            "{name: shop}", "{name: m-shop, namespace: mid}"
        ),
    },
    "one base twice": {
        **BASE,
        **overlay("namePrefix: a-\n", "one"),
        **overlay("namePrefix: b-\n", "two"),
        "prod/kustomization.yaml": "resources: [../one, ../two]\n",
    },
    "words": {
        **BASE,
        "base/service.yaml": SERVICE + WORDS,
        **overlay(merge_patch(SERVICE + "spec: {a: off}\n")),
    },
    "anchors": {
        **BASE,
        "base/service.yaml": SERVICE
        + "spec:\n  a: &a {b: 1, c: 2}\n  d: {<<: *a, b: 3}\n  e: *a\n",
        **overlay(json_patch("- {op: replace, path: /spec/d/c, value: 9}")),
    },
}


def _plain(value: Any) -> Any:
    """What a build holds, as a program that knows no hidden values has it."""
    if isinstance(value, Unknown):
        return value.text
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _kustomize() -> list[str] | None:
    if shutil.which("kustomize"):
        return ["kustomize", "build"]
    if shutil.which("kubectl"):
        return ["kubectl", "kustomize"]
    return None


@pytest.mark.skipif(_kustomize() is None, reason="neither kustomize nor kubectl is installed")
@pytest.mark.parametrize("files", CASES.values(), ids=CASES.keys())
def test_builds_are_those_of_kustomize(tree: Tree, files: Files) -> None:
    tree.write(files)
    command = [*(_kustomize() or ()), "prod"]
    done = subprocess.run(command, cwd=tree.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    documents = [plain_data(text) for _offset, text in split_documents(done.stdout)]
    theirs = [data for data in documents if data["kind"] in NEEDED_KINDS]
    catalog, _failures = load_catalog([tree.root], Config(root=tree.root))
    (scope,) = [
        scope for scope in catalog.scopes if (scope.kind, scope.root) == ("kustomization", "prod")
    ]
    ours = [_plain(resource.data) for resource in scope.resources]
    assert sorted(map(_shown, ours)) == sorted(map(_shown, theirs))


def _shown(data: object) -> str:
    return json.dumps(data, sort_keys=True)


# --- merges of anything -----------------------------------------------------------------------
KEYS = st.sampled_from(["a", "b", "c"])
LEAVES = st.sampled_from([1, 2, "x", True])


def values(*, nulls: bool) -> st.SearchStrategy[Any]:
    leaves = LEAVES | st.none() if nulls else LEAVES
    return st.recursive(
        leaves,
        lambda inner: st.dictionaries(KEYS, inner) | st.lists(inner, max_size=3),
        max_leaves=8,
    )


def naive_merge(target: Any, patch: Any) -> Any:
    """RFC 7386, which is what a strategic merge is for kinds without merge keys."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = naive_merge(result.get(key), value)
    return result


def shapes_meet(target: Any, patch: Any) -> bool:
    """Whether kustomize merges: it refuses a list where a mapping is."""
    if target is None or patch is None:
        return True
    kinds = [
        dict if isinstance(v, dict) else list if isinstance(v, list) else object
        for v in (target, patch)
    ]
    if kinds[0] is not kinds[1]:
        return False
    return kinds[0] is not dict or all(shapes_meet(target.get(k), v) for k, v in patch.items())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.dictionaries(KEYS, values(nulls=False)),
    st.dictionaries(KEYS, values(nulls=True)),
)
def test_any_merge(tree: Tree, target: dict[str, Any], patch: dict[str, Any]) -> None:
    head = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "s"},
    }
    tree.write(
        {
            "prod/kustomization.yaml": "resources: [b.yaml]\npatches: [{path: p.yaml}]\n",
            "prod/b.yaml": json.dumps({**head, "spec": target}),
            "prod/p.yaml": json.dumps({**head, "spec": patch}),
        }
    )
    catalog, _failures = load_catalog([tree.root], Config(root=tree.root))
    scope = next(scope for scope in catalog.scopes if scope.kind == "kustomization")
    if shapes_meet(target, patch):
        (resource,) = scope.resources
        assert resource.data["spec"] == naive_merge(target, patch)
        for path in paths_of(resource.data):
            assert resource.at(*path).span().line == 1  # every value has a place
    else:
        assert scope.resources == ()


def paths_of(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path, *(found for key, item in inner for found in paths_of(item, (*path, key)))]


def test_the_command_shows_the_line_of_the_patch(command: Run, tree: Tree) -> None:
    operation = "- {op: replace, path: /spec/http/0/route/0/weight, value: 80}"
    tree.write({**BASE, **overlay(json_patch(operation))})
    code, out, _err = command("--select", "TS201", "--quiet", ".")
    assert code == 1
    assert "prod/kustomization.yaml:5:27" in out
    assert operation in out

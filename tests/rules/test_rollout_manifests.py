"""TS611, TS612, TS618, TS623, TS625 to TS627: a workflow held against the manifests of its service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from workflows import (
    CANARY_SUBSET,
    MANAGED,
    STABLE_SUBSET,
    apply,
    canary_deploy,
    delete,
    phase,
    rollout,
    section,
    split,
    step,
    workflow,
)

from conftest import Tree
from tsplit_lint import Severity

VALUES = "name: shop\n"
MARKER = "# harness.io/skip-file-for-deploy\n"
SCRIPT = step("SHELL_SCRIPT", scriptString="kubectl apply -f x")
ROUTE = "  http:\n  - route:\n    - destination: {host: shop}\n"


def virtual_service(name: str = "shop", managed: str = "", spec: str = ROUTE, top: str = "") -> str:
    mark = f"  annotations:\n    harness.io/managed: {managed}\n" if managed else ""
    return (
        f"{top}apiVersion: networking.istio.io/v1alpha3\nkind: VirtualService\n"
        f"metadata:\n  name: {name}\n{mark}spec:\n  hosts: [shop]\n{spec}"
    )


def destination_rule(*subsets: str, managed: str = "", host: str = "shop") -> str:
    mark = f"  annotations:\n    harness.io/managed: {managed}\n" if managed else ""
    listed = "".join(f"  - name: {name}\n    labels: {{version: {name}}}\n" for name in subsets)
    return (
        "apiVersion: networking.istio.io/v1alpha3\nkind: DestinationRule\n"
        f"metadata:\n  name: shop\n{mark}spec:\n  host: {host}\n"
        + (f"  subsets:\n{listed}" if listed else "")
    )


def canary(*verify: str, end: tuple[str, ...] = (delete(),), rollback: tuple[str, ...] = ()) -> str:
    """A right canary workflow around some steps."""
    return workflow(
        phase("Canary", section("Deploy", canary_deploy()), section("Verify", *verify)),
        phase("Primary", section("Deploy", rollout()), section("Wrap Up", *end)),
        rollback=rollback,
    )


def rules(
    tree: Tree, text: str, files: Mapping[str, str], *wanted: str, complete: bool = False
) -> list[str]:
    """The rules that speak, each with the line that it points at; the workflow lies in the folder."""
    tree.write({"shop/workflow.yaml": text, **{f"shop/{name}": t for name, t in files.items()}})
    return [
        f"{finding.rule} {text.splitlines()[finding.span.line - 1].strip()}"
        for finding in tree.lint(complete=complete)
        if finding.rule in wanted
    ]


def severities(tree: Tree, rule: str) -> list[Severity]:
    return [finding.severity for finding in tree.lint() if finding.rule == rule]


def service(**files: str) -> dict[str, str]:
    """Files of a Harness service: templates by their short names."""
    named = {f"templates/{name.replace('_', '-')}.yaml": text for name, text in files.items()}
    return {"values.yaml": VALUES, **named}


# -- TS611 ----------------------------------------------------------------------------------------


def test_a_name_that_the_service_lacks(tree: Tree) -> None:
    files = service(routes=virtual_service("shop-routes"))
    text = canary(split("10", service="shop-route"))
    assert rules(tree, text, files, "TS611") == ['TS611 virtualServiceName: "shop-route"']
    assert severities(tree, "TS611") == [Severity.WARNING]
    (finding,) = (f for f in tree.lint() if f.rule == "TS611")
    assert "Did you mean shop-routes?" in finding.message


def test_a_name_that_a_template_cannot_give(tree: Tree) -> None:
    files = service(routes=virtual_service("{{.Values.name}}-routes"))
    text = canary(split("10", service="shop-virtual"))
    assert len(rules(tree, text, files, "TS611")) == 1


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("shop-routes", service(routes=virtual_service("shop-routes"))),
        ("shop-routes", service(routes=virtual_service("{{.Values.name}}-routes"))),
        ("cart-routes", service(routes=virtual_service("{{.Values.name}}-routes"))),
        ("any", service(routes=virtual_service("{{.Values.other}}"))),
        ("any", service(routes=virtual_service("x", top="{{- if .Values.x}}\n") + "{{- end}}\n")),
        ("any", service()),
        ("shop-routes", service(routes=virtual_service("shop-routes", top=MARKER))),
        ("${workflow.variables.x}", service(routes=virtual_service("shop-routes"))),
        ("any", {"manifests/routes.yaml": virtual_service("shop-routes")}),
        ("any", {"Chart.yaml": "name: x\n", **service(routes=virtual_service("shop-routes"))}),
        ("any", service(routes=virtual_service("a"), broken="kind: VirtualService\n  x: [\n")),
    ],
    ids=[
        "there",
        "by template",
        "by template with other values",
        "all hidden",
        "in a block that is not written",
        "no VirtualService in sight",
        "skipped",
        "expression",
        "no service",
        "chart",
        "broken file",
    ],
)  # fmt: skip
def test_a_name_that_may_be_there(tree: Tree, name: str, files: dict[str, str]) -> None:
    assert rules(tree, canary(split("10", service=name)), files, "TS611") == []


def test_a_name_that_is_found_elsewhere(tree: Tree) -> None:
    tree.write({"platform/routes.yaml": virtual_service("platform-routes")})
    files = service(routes=virtual_service("shop-routes"))
    assert rules(tree, canary(split("10", service="platform-routes")), files, "TS611") == []


def test_a_service_without_any_in_a_complete_tree(tree: Tree) -> None:
    files = service(service="apiVersion: v1\nkind: Service\nmetadata: {name: shop}\n")
    text = canary(split("10", service="shop-routes"))
    assert len(rules(tree, text, files, "TS611", complete=True)) == 1


def test_a_slip_in_a_folder_of_plain_manifests(tree: Tree) -> None:
    files = {"routes.yaml": virtual_service("shop-routes", managed='"true"')}
    slip = canary(split("10", service="shop-route"))
    assert len(rules(tree, slip, files, "TS611")) == 1
    other = canary(split("10", service="cart-routes"))
    assert rules(tree, other, files, "TS611") == []
    assert len(rules(tree, other, files, "TS611", complete=True)) == 1


def test_the_configuration_names_the_manifests_of_a_service(tree: Tree) -> None:
    text = canary(split("10", service="shop-route"))
    tree.write({"flows/workflow.yaml": text, "k8s/shop/vs.yaml": virtual_service("shop-routes")})
    tree.write({"k8s/cart/vs.yaml": virtual_service("cart-routes", managed='"true"')})

    def found(**settings: Any) -> list[str]:
        return tree.show(select=("TS611",), complete=True, **settings)

    assert found() == []
    assert len(found(services={"shop": "k8s/shop"})) == 1
    assert found(services={"cart": "k8s/cart"}) == []


# -- TS612 ----------------------------------------------------------------------------------------

DEFAULT = canary(split("10"), split("50"))
TS612 = [f'TS612 virtualServiceName: "{MANAGED}"']


@pytest.mark.parametrize(
    "files",
    [
        service(routes=virtual_service()),
        service(rule=destination_rule(managed='"true"')),
        service(one=virtual_service("one"), two=virtual_service("two")),
    ],
    ids=["not managed", "none at all", "two, none managed"],
)
def test_no_managed_virtual_service(tree: Tree, files: dict[str, str]) -> None:
    assert rules(tree, DEFAULT, files, "TS612", "TS104", "TS109") == TS612
    assert severities(tree, "TS612") == [Severity.ERROR]


@pytest.mark.parametrize(
    ("files", "other"),
    [
        (service(routes=virtual_service(managed='"yes"')), "TS102"),
        (service(routes=virtual_service(managed="true")), "TS101"),
        (service(routes=virtual_service(managed='"false"')), "TS104"),
        (
            service(routes=virtual_service(managed='"true"', top=MARKER)),
            "TS121",
        ),
        (
            service(
                one=virtual_service("one", managed='"true"'),
                two=virtual_service("two", managed='"true"'),
            ),
            "TS109",
        ),
    ],
)  # fmt: skip
def test_another_rule_says_why(tree: Tree, files: dict[str, str], other: str) -> None:
    tree.write({"shop/workflow.yaml": DEFAULT})
    tree.write({f"shop/{name}": text for name, text in files.items()})
    wanted = ("TS612", "TS101", "TS102", "TS104", "TS109", "TS121")
    assert [f.rule for f in tree.lint() if f.rule in wanted] == [other]


@pytest.mark.parametrize(
    "files",
    [
        service(routes=virtual_service(managed='"true"')),
        service(
            one=virtual_service("one", managed='"true"'),
            two=virtual_service("two", managed='"false"'),
        ),
        service(routes=virtual_service(managed="{{.Values.managed | quote}}")),
        service(routes=virtual_service(managed='"true"', top="{{- if .Values.mesh}}\n") + "{{- end}}\n"),
        {"routes.yaml": virtual_service()},
        {"kustomization.yaml": "resources: []\n", **service(routes=virtual_service())},
        service(routes=virtual_service(), broken="kind: VirtualService\nname: {{ .Values.x"),
    ],
    ids=["one", "one of two", "hidden", "in a block", "no service", "kustomize", "broken"],
)  # fmt: skip
def test_one_managed_virtual_service_or_who_knows(tree: Tree, files: dict[str, str]) -> None:
    assert rules(tree, DEFAULT, files, "TS612") == []


def test_none_managed_in_a_complete_folder_of_plain_manifests(tree: Tree) -> None:
    files = {"routes.yaml": virtual_service()}
    assert rules(tree, canary(split("10")), files, "TS612") == []
    assert rules(tree, canary(split("10")), files, "TS612", complete=True) == TS612


def test_two_managed_in_folders_without_values(tree: Tree) -> None:
    root = "Setup/Applications/Shop"
    files = f"{root}/Services/shop/Manifests/Files"
    tree.write(
        {
            f"{root}/Workflows/canary.yaml": DEFAULT,
            f"{root}/Services/shop/Manifests/Index.yaml": "storeType: Local\n",
            f"{files}/web/routes.yaml": virtual_service("web", managed='"true"'),
            f"{files}/api/routes.yaml": virtual_service("api", managed='"true"'),
        }
    )
    assert [f.rule for f in tree.lint() if f.rule in ("TS612", "TS109")] == ["TS612"]


FIRST_GEN = "Setup/Applications/Shop"


def in_layout(tree: Tree, text: str, *rules: str, store: str = "Local") -> list[str]:
    """The rules that speak of a service in the FirstGen layout that is not managed."""
    root = f"{FIRST_GEN}/Services/shop/Manifests"
    tree.write(
        {
            f"{FIRST_GEN}/Workflows/canary.yaml": text,
            f"{root}/Index.yaml": f"harnessApiVersion: '1.0'\nstoreType: {store}\n",
            f"{root}/Files/templates/routes.yaml": virtual_service(),
            f"{FIRST_GEN}/Services/cart/Manifests/Files/templates/routes.yaml": virtual_service(
                "cart", managed='"true"'
            ),
        }
    )
    return [finding.rule for finding in tree.lint() if finding.rule in rules]


def test_the_service_of_the_phase_counts(tree: Tree) -> None:
    assert in_layout(tree, DEFAULT, "TS612") == ["TS612"]
    assert in_layout(tree, DEFAULT.replace("serviceName: shop", "serviceName: cart"), "TS612") == []
    assert in_layout(tree, DEFAULT.replace("serviceName: shop", "serviceName: mail"), "TS612") == []
    assert in_layout(tree, DEFAULT.replace("serviceName: shop", "serviceName: ${s}"), "TS612") == []


def test_manifests_in_another_repository(tree: Tree) -> None:
    assert in_layout(tree, DEFAULT, "TS612", store="Remote") == []


@pytest.mark.parametrize(
    ("folders", "severity"),
    [
        (("k8s",), [Severity.WARNING]),
        (("apps/shop",), [Severity.ERROR]),
        (("apps/shop", "apps/cart"), [Severity.ERROR]),
        (("apps/mail", "apps/cart"), []),
        (("eu/shop", "us/shop"), []),
    ],
)
def test_manifests_away_from_the_workflow(
    tree: Tree, folders: tuple[str, ...], severity: list[Severity]
) -> None:
    tree.write({"workflows/canary.yaml": DEFAULT})
    for folder in folders:
        tree.write({f"{folder}/values.yaml": VALUES})
        tree.write({f"{folder}/templates/routes.yaml": virtual_service()})
    assert severities(tree, "TS612") == severity


def test_the_nearest_manifests(tree: Tree) -> None:
    tree.write(
        {
            "eu/workflows/canary.yaml": DEFAULT,
            "eu/shop/values.yaml": VALUES,
            "eu/shop/templates/routes.yaml": virtual_service(),
            "us/shop/values.yaml": VALUES,
            "us/shop/templates/routes.yaml": virtual_service(managed='"true"'),
        }
    )
    assert severities(tree, "TS612") == [Severity.ERROR]


def test_two_services_and_manifests_of_another_name(tree: Tree) -> None:
    text = workflow(
        phase("Canary", section("Deploy", canary_deploy(), split("10"))),
        phase("Primary", section("Deploy", rollout(), delete())),
        phase("Cart", section("Deploy", rollout()), service="cart"),
    )
    tree.write({"workflow.yaml": text, "k8s/values.yaml": VALUES})
    tree.write({"k8s/templates/routes.yaml": virtual_service()})
    assert severities(tree, "TS612") == []


# -- TS618 ----------------------------------------------------------------------------------------


def to_subset(subset: str, host: str = "shop") -> str:
    weights = [
        {"destination": f"host: {host}\nsubset: {subset}", "weight": "10"},
        {"destination": STABLE_SUBSET, "weight": "90"},
    ]
    return step("K8S_TRAFFIC_SPLIT", virtualServiceName="shop", istioDestinationWeights=weights)


@pytest.mark.parametrize(
    ("rule", "subset", "host"),
    [
        (destination_rule(managed='"true"'), "v1", "shop"),
        (destination_rule("v1", managed='"true"'), "v1", "shop"),
        (destination_rule("v1"), "v2", "shop"),
        (destination_rule("v1"), "v2", "shop.default.svc.cluster.local"),
        (destination_rule(), "canary", "shop"),
    ],
    ids=["managed", "replaced", "not listed", "full name", "no subsets"],
)
def test_a_subset_that_is_not_defined(tree: Tree, rule: str, subset: str, host: str) -> None:
    (line,) = rules(tree, canary(to_subset(subset, host)), service(rule=rule), "TS618")
    assert line.startswith("TS618 istioDestinationWeights:")
    assert severities(tree, "TS618") == [Severity.WARNING]


@pytest.mark.parametrize(
    ("rule", "subset", "host"),
    [
        (destination_rule(managed='"true"'), "canary", "shop"),
        (destination_rule("v1"), "v1", "shop"),
        (destination_rule("v1"), "v2", "cart"),
        (destination_rule("v1"), "${workflow.variables.subset}", "shop"),
        (destination_rule("{{.Values.subset}}"), "v2", "shop"),
        (destination_rule("v1", managed="{{.Values.managed | quote}}"), "v2", "shop"),
        (destination_rule("v1", host="{{.Values.host}}"), "v2", "shop"),
    ],
)
def test_a_subset_that_may_be_defined(tree: Tree, rule: str, subset: str, host: str) -> None:
    assert rules(tree, canary(to_subset(subset, host)), service(rule=rule), "TS618") == []


def test_a_managed_rule_of_a_blue_green_workflow_keeps_its_subsets(tree: Tree) -> None:
    rule = service(rule=destination_rule("blue", managed='"true"'))

    def text(subset: str) -> str:
        steps = (step("K8S_BLUE_GREEN_DEPLOY"), to_subset(subset))
        return workflow(phase("One", section("Deploy", *steps)), kind="BLUE_GREEN")

    assert rules(tree, text("blue"), rule, "TS618") == []
    assert len(rules(tree, text("canary"), rule, "TS618")) == 1


def test_the_expressions_are_no_subsets(tree: Tree) -> None:
    assert CANARY_SUBSET in canary(split("10"))
    assert rules(tree, canary(split("10")), service(rule=destination_rule("v1")), "TS618") == []


# -- TS623, TS625 ---------------------------------------------------------------------------------

SPLIT = """\
  tcp:
  - route:
    - destination: {host: shop, subset: stable}
      weight: STABLE
    - destination: {host: shop, subset: canary}
      weight: CANARY
"""


def weighted(stable: str, canary: str, **settings: str) -> str:
    spec = SPLIT.replace("STABLE", stable).replace("CANARY", canary)
    return virtual_service(spec=spec, **{"top": MARKER, **settings})


EXPRESSIONS = {
    **service(routes=weighted("{{.Values.stable}}", "{{.Values.canary}}")),
    "values.yaml": "stable: ${w.variables.stable}\ncanary: ${w.variables.canary}\n",
}
ROUTES = apply("templates/routes.yaml", "Apply routes")
RESET = apply("templates/stable.yaml", "All to stable")
KEPT = ["TS623 - type: K8S_DELETE"]


def test_an_applied_split_is_kept(tree: Tree) -> None:
    assert rules(tree, canary(ROUTES), EXPRESSIONS, "TS623", "TS650") == KEPT
    assert severities(tree, "TS623") == [Severity.INFO]


def test_an_applied_split_of_other_subsets_is_kept(tree: Tree) -> None:
    routes = weighted("90", "10").replace("subset: stable", "subset: v1")
    assert rules(tree, canary(ROUTES), service(routes=routes), "TS623", "TS650") == KEPT
    assert severities(tree, "TS623") == [Severity.WARNING]


def test_known_shares_are_for_the_walk(tree: Tree) -> None:
    files = service(routes=weighted("90", "10"))
    assert rules(tree, canary(ROUTES), files, "TS623", "TS650") == ["TS650 - type: K8S_DELETE"]


@pytest.mark.parametrize(
    ("text", "files"),
    [
        (canary(ROUTES, end=(ROUTES, delete())), EXPRESSIONS),
        (canary(ROUTES, end=(split("0", service="shop"), delete())), EXPRESSIONS),
        (canary(ROUTES, RESET), {**EXPRESSIONS, **service(stable=weighted("100", "0"))}),
        (canary(ROUTES, end=(SCRIPT, delete())), EXPRESSIONS),
        (canary(ROUTES), service(routes=weighted("9{{.Values.x}}", "1", top="", managed='"true"'))),
        (canary(ROUTES), {}),
        (canary(ROUTES, end=()), EXPRESSIONS),
        (canary(apply("templates/config.yaml")), {**EXPRESSIONS, **service(config="kind: ConfigMap\n")}),
    ],
    ids=[
        "applied again",
        "split back",
        "reset before the rollout",
        "script",
        "managed",
        "out of sight",
        "no delete",
        "no routes",
    ],
)  # fmt: skip
def test_a_split_that_may_be_taken_back(tree: Tree, text: str, files: dict[str, str]) -> None:
    assert rules(tree, text, {"values.yaml": VALUES, **files}, "TS623") == []


def test_a_delete_that_stands_too_early(tree: Tree) -> None:
    text = canary(ROUTES, delete(), end=())
    assert rules(tree, text, EXPRESSIONS, "TS601", "TS623") == ["TS601 - type: K8S_DELETE"]


def rollback(*steps: str) -> tuple[str, ...]:
    text = phase("Rollback Canary", section("Deploy", *steps))
    return (text.replace("  phaseSteps:", "  phaseNameForRollback: Canary\n  phaseSteps:", 1),)


LEFT = ["TS625 - type: K8S_APPLY"]


def test_a_rollback_that_leaves_the_split(tree: Tree) -> None:
    text = canary(ROUTES, end=(ROUTES, delete()), rollback=rollback())
    assert rules(tree, text, EXPRESSIONS, "TS625", "TS654") == LEFT
    assert severities(tree, "TS625") == [Severity.WARNING]


def test_a_rollback_that_leaves_a_split_by_name(tree: Tree) -> None:
    steps = (split("10", service="shop"),)
    back = (split("0", service="shop"), delete())
    files = service(routes=virtual_service())
    text = canary(*steps, end=back, rollback=rollback())
    assert rules(tree, text, files, "TS625") == ["TS625 - type: K8S_TRAFFIC_SPLIT"]


def test_a_rollback_that_deletes_the_canary_is_for_the_walk(tree: Tree) -> None:
    text = canary(ROUTES, end=(RESET, delete()), rollback=rollback(delete()))
    files = service(routes=weighted("90", "10"), stable=weighted("100", "0"))
    assert rules(tree, text, files, "TS625", "TS654") == ["TS654 - type: K8S_DELETE"]


@pytest.mark.parametrize(
    "back",
    [
        (ROUTES,),
        (split("0", service="shop"),),
        (split("${canary}", stable="${stable}"),),
        (step("SHELL_SCRIPT", scriptString="kubectl apply -f stable.yaml"),),
        (apply("${workflow.variables.file}"),),
    ],
)
def test_a_rollback_that_sets_the_shares(tree: Tree, back: tuple[str, ...]) -> None:
    text = canary(ROUTES, end=(ROUTES, delete()), rollback=rollback(*back))
    assert rules(tree, text, EXPRESSIONS, "TS625") == []


@pytest.mark.parametrize("verify", [split("10"), apply("templates/config.yaml"), delete()])
def test_nothing_that_stays(tree: Tree, verify: str) -> None:
    files = service(routes=virtual_service(managed='"true"'), config="kind: ConfigMap\n")
    assert rules(tree, canary(verify, rollback=rollback()), files, "TS625") == []


def test_no_rollback_phases_and_no_rollback(tree: Tree) -> None:
    text = canary(ROUTES, end=(ROUTES, delete()))
    assert rules(tree, text, EXPRESSIONS, "TS625") == []
    strategy = "failureStrategies: [{repairActionCode: MARK_AS_SUCCESS}]\nphases:"
    text = canary(ROUTES, end=(ROUTES, delete()), rollback=rollback())
    assert rules(tree, text.replace("phases:", strategy, 1), EXPRESSIONS, "TS625") == []


# -- TS626 ----------------------------------------------------------------------------------------

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{.Values.name}}
spec:
  template:
    metadata:
      labels: {app: shop}
"""


@pytest.mark.parametrize("resources", ["*", "Deployment/shop", "prod/deployments/shop", "Job/x, *"])
def test_a_delete_that_takes_stable(tree: Tree, resources: str) -> None:
    files = service(deployment=DEPLOYMENT)
    text = canary(end=(delete(resources=resources),))
    assert rules(tree, text, files, "TS626") == ["TS626 - type: K8S_DELETE"]
    assert severities(tree, "TS626") == [Severity.WARNING]


@pytest.mark.parametrize(
    "resources",
    [
        "${k8s.canaryWorkload}",
        "Deployment/shop-canary",
        "Deployment/other",
        "ConfigMap/shop",
        "${workflow.variables.what}",
    ],
)
def test_a_delete_that_leaves_stable(tree: Tree, resources: str) -> None:
    text = canary(end=(delete(), delete(resources=resources)))
    assert rules(tree, text, service(deployment=DEPLOYMENT), "TS626") == []


def test_a_delete_of_everything(tree: Tree) -> None:
    only = phase("Tear down", section("Delete", delete(resources="*")))
    assert rules(tree, workflow(only, kind="ROLLING"), {}, "TS626") == []
    back = canary(rollback=rollback(delete(resources="*")))
    assert len(rules(tree, back, {}, "TS626")) == 1


# -- TS627 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "routes.yaml",
        "templates/route.yaml",
        "manifests/templates/routes.yaml",
        "templates/routes.yml",
    ],
)
def test_a_path_that_leads_nowhere(tree: Tree, path: str) -> None:
    text = canary(apply(path), end=(ROUTES, delete()))
    assert rules(tree, text, EXPRESSIONS, "TS627") == [f'TS627 filePaths: "{path}"']
    assert severities(tree, "TS627") == [Severity.WARNING]


def test_the_second_path_leads_nowhere(tree: Tree) -> None:
    text = canary(apply("templates/routes.yaml, templates/other.yaml"))
    assert len(rules(tree, text, EXPRESSIONS, "TS627")) == 1


@pytest.mark.parametrize(
    "path",
    [
        "templates/routes.yaml",
        "./templates/routes.yaml",
        "templates/routes.yaml , templates/routes.yaml",
        "${workflow.variables.file}",
        "templates/${env.name}.yaml",
        "templates/*.yaml",
        "templates",
        "templates/crd.json",
    ],
)
def test_a_path_that_may_be_right(tree: Tree, path: str) -> None:
    assert rules(tree, canary(apply(path)), EXPRESSIONS, "TS627") == []


def test_a_list_of_paths(tree: Tree) -> None:
    text = canary(apply(["templates/routes.yaml"]))
    assert rules(tree, text, {}, "TS627") == ['TS627 filePaths: ["templates/routes.yaml"]']
    assert severities(tree, "TS627") == [Severity.ERROR]


def test_a_blank_path(tree: Tree) -> None:
    assert rules(tree, canary(apply("")), {}, "TS627") == ['TS627 filePaths: ""']
    assert severities(tree, "TS627") == [Severity.WARNING]


def test_settings_without_a_path(tree: Tree) -> None:
    text = canary(step("K8S_APPLY", stateTimeoutInMinutes=10))
    assert rules(tree, text, {}, "TS627") == ["TS627 properties:"]
    assert severities(tree, "TS627") == [Severity.WARNING]


@pytest.mark.parametrize(
    "apply_step",
    [
        step("K8S_APPLY", stateTimeoutInMinutes=10) + "  templateUri: App/Apply:latest\n",
        step("K8S_APPLY", stateTimeoutInMinutes=10) + "  filePaths: templates/routes.yaml\n",
        step("K8S_APPLY", filepaths="templates/routes.yaml"),
        step("K8S_APPLY"),
    ],
)
def test_a_path_that_another_place_gives(tree: Tree, apply_step: str) -> None:
    assert rules(tree, canary(apply_step), {}, "TS627") == []


def test_manifests_that_are_not_in_sight(tree: Tree) -> None:
    assert rules(tree, canary(apply("templates/routes.yaml")), {}, "TS627") == []

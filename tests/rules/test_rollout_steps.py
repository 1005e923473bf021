"""TS604 to TS610, TS616, TS617, TS620 to TS622, TS624, TS628, TS629: what a FirstGen workflow says alone."""

from __future__ import annotations

from typing import Any

import pytest
from workflows import (
    CANARY,
    CANARY_SUBSET,
    MANAGED,
    STABLE_SUBSET,
    apply,
    canary_deploy,
    delete,
    found,
    marked,
    phase,
    rollout,
    section,
    split,
    step,
    workflow,
)

from conftest import Tree
from tsplit_lint import Severity

BLUE_GREEN = step("K8S_BLUE_GREEN_DEPLOY", "Stage Deployment")


def check(tree: Tree, text: str, *rules: str, files: dict[str, str] | None = None) -> None:
    """The rules speak at the marked lines and nowhere else."""
    spoken = {line for line in found(tree, text, files) if line.endswith(rules)}
    assert spoken == marked(text)


def severities(tree: Tree, rule: str) -> list[Severity]:
    return [finding.severity for finding in tree.lint() if finding.rule == rule]


def canary_phase(*steps: str, name: str = "Canary") -> str:
    return phase(name, section("Deploy", canary_deploy()), section("Verify", *steps))


def primary_phase(*wrap_up: str) -> str:
    return phase("Primary", section("Deploy", rollout()), section("Wrap Up", *wrap_up))


SKIPPED = "stepSkipStrategies:\n- steps: []\n  assertionExpression: x\n"


# -- TS604 ----------------------------------------------------------------------------------------


def test_traffic_to_a_deleted_canary(tree: Tree) -> None:
    text = workflow(canary_phase(split("10")), primary_phase(delete(), split("5", mark="TS604")))
    check(tree, text, "TS604", "TS650")
    assert severities(tree, "TS604") == [Severity.ERROR]


def test_a_delete_outside_of_the_wrap_up_is_told_once(tree: Tree) -> None:
    verify = section("Verify", delete(), split("5", mark="TS604"), split("10"))
    last = phase("Primary", section("Deploy", rollout()), verify, section("Wrap Up", split("0")))
    check(tree, workflow(canary_phase(split("10")), last), "TS603", "TS604", "TS650")


def test_a_delete_after_a_restore_is_told_once(tree: Tree) -> None:
    late = phase("Primary", section("Deploy", rollout(), split("5", mark="TS604")))
    text = workflow(canary_phase(split("10"), split("0"), delete()), late)
    check(tree, text, "TS604", "TS650", "TS651", "TS655")


def test_traffic_beside_the_delete_is_for_the_walk(tree: Tree) -> None:
    both = section("Wrap Up", delete(), split("5", mark="TS650"), parallel=True)
    text = workflow(canary_phase(), phase("Primary", section("Deploy", rollout()), both))
    check(tree, text, "TS604", "TS650")


def test_traffic_to_a_canary_that_may_be_deleted(tree: Tree) -> None:
    end = section("Wrap Up", delete(), extra=SKIPPED)
    after = section("After", split("5", mark="TS604"))
    text = workflow(canary_phase(), phase("Primary", section("Deploy", rollout()), end, after))
    check(tree, text, "TS604")
    assert severities(tree, "TS604") == [Severity.WARNING]


@pytest.mark.parametrize(
    "after",
    [
        (split("0"),),
        (split("${canary}", stable="${stable}"),),
        (canary_deploy(), split("10"), delete()),
        (apply("templates/virtual-service.yaml"),),
    ],
    ids=["reset", "expressions", "deployed again", "unknown file"],
)
def test_steps_after_the_delete(tree: Tree, after: tuple[str, ...]) -> None:
    check(tree, workflow(canary_phase(), primary_phase(delete(), *after)), "TS604")


def test_the_delete_comes_too_early_already(tree: Tree) -> None:
    early = workflow(canary_phase(split("10"), delete("TS601"), split("20")), primary_phase())
    check(tree, early, "TS601", "TS604", "TS650")


# -- TS605, TS629 ---------------------------------------------------------------------------------


def canary_step(mark: str) -> str:
    return step("K8S_CANARY_DEPLOY", "Canary Deployment", mark, instances="1")


def test_a_canary_that_is_kept(tree: Tree) -> None:
    text = workflow(phase("Canary", section("Deploy", canary_step("TS605"))), primary_phase())
    check(tree, text, "TS605", "TS629")
    assert severities(tree, "TS605") == [Severity.WARNING]


def test_a_delete_in_the_rollback_is_not_enough(tree: Tree) -> None:
    text = workflow(
        phase("Canary", section("Deploy", canary_step("TS605"))),
        primary_phase(),
        rollback=(phase("Rollback", section("Wrap Up", delete())),),
    )
    check(tree, text, "TS605")


def test_one_canary_of_two_services_is_kept(tree: Tree) -> None:
    cart = phase("Cart", section("Deploy", canary_step("TS605"), rollout()), service="cart")
    check(tree, workflow(canary_phase(), primary_phase(delete()), cart), "TS605")


@pytest.mark.parametrize(
    "end",
    [
        delete(),
        delete(resources="Deployment/shop-canary"),
        delete(resources="*"),
        delete(resources="${workflow.variables.what}"),
        step("K8S_DELETE", filePaths="templates/canary.yaml"),
        step("K8S_DELETE"),
        step("SHELL_SCRIPT", scriptString="kubectl delete deploy shop-canary"),
        step("K8S_SCALE", workload=CANARY, instances="0"),
        step("RANCHER_K8S_DELETE", resources=CANARY),
    ],
)
def test_a_canary_that_is_taken_away(tree: Tree, end: str) -> None:
    check(tree, workflow(canary_phase(), primary_phase(end)), "TS605")


@pytest.mark.parametrize(
    "end",
    [
        delete(resources="Job/migrate"),
        step("SHELL_SCRIPT", scriptString="echo done"),
        step("K8S_SCALE", workload=CANARY, instances="3"),
    ],
)
def test_steps_that_leave_the_canary(tree: Tree, end: str) -> None:
    first = phase("Canary", section("Deploy", canary_step("TS605")))
    check(tree, workflow(first, primary_phase(end)), "TS605")


def test_a_canary_that_is_never_rolled_out(tree: Tree) -> None:
    check(
        tree,
        workflow(phase("Canary", section("Deploy", canary_step("TS629"), delete()))),
        "TS605",
        "TS629",
    )
    assert severities(tree, "TS629") == [Severity.WARNING]


@pytest.mark.parametrize(
    "more",
    [
        rollout(),
        rollout("RANCHER_"),
        step("SHELL_SCRIPT", scriptString="helm upgrade shop ./shop"),
        step("TERRAFORM_PROVISION"),
    ],
)
def test_a_canary_that_may_be_rolled_out(tree: Tree, more: str) -> None:
    check(tree, workflow(canary_phase(), phase("Second", section("Go", more, delete()))), "TS629")


# -- TS607 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("ROLLING", "K8S_CANARY_DEPLOY"),
        ("BASIC", "RANCHER_K8S_CANARY_DEPLOY"),
        ("BLUE_GREEN", "K8S_CANARY_DEPLOY"),
        ("CANARY", "K8S_BLUE_GREEN_DEPLOY"),
        ("ROLLING", "RANCHER_K8S_BLUE_GREEN_DEPLOY"),
        ("BASIC", "K8S_TRAFFIC_SPLIT"),
        ("BUILD", "K8S_TRAFFIC_SPLIT"),
    ],
)
def test_a_step_of_another_strategy(tree: Tree, kind: str, text: str) -> None:
    only = phase("Deploy", section("Deploy", step(text, mark="TS607")))
    check(tree, workflow(only, kind=kind), "TS607")
    assert severities(tree, "TS607") == [Severity.ERROR]


def test_a_stage_deployment_in_a_workflow_of_several_services(tree: Tree) -> None:
    only = phase("Deploy", section("Deploy", step("K8S_BLUE_GREEN_DEPLOY", mark="TS607")))
    check(tree, workflow(only, kind="MULTI_SERVICE"), "TS607")
    assert severities(tree, "TS607") == [Severity.WARNING]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("CANARY", canary_deploy()),
        ("BLUE_GREEN", BLUE_GREEN),
        ("MULTI_SERVICE", split()),
        ("MULTI_SERVICE", canary_deploy()),
        ("ROLLING", split()),
        ("BLUE_GREEN", split()),
        ("${workflow.type}", canary_deploy()),
    ],
)
def test_a_step_of_the_own_strategy(tree: Tree, kind: str, text: str) -> None:
    check(tree, workflow(phase("Deploy", section("Deploy", text)), kind=kind), "TS607")


# -- TS608 ----------------------------------------------------------------------------------------


def test_a_split_before_the_canary(tree: Tree) -> None:
    first = phase(
        "Canary", section("Verify", split("10", mark="TS608")), section("Deploy", canary_deploy())
    )
    check(tree, workflow(first, primary_phase(delete())), "TS608", "TS650")
    assert severities(tree, "TS608") == [Severity.ERROR]


def test_a_split_before_the_canary_that_a_condition_may_skip(tree: Tree) -> None:
    skip = "stepSkipStrategies:\n- assertionExpression: ${workflow.variables.calm}\n  scope: ALL_STEPS\n"
    skipped = section("Verify", split("10", mark="TS608"), extra=skip)
    first = phase("Canary", skipped, section("Deploy", canary_deploy()))
    check(tree, workflow(first, primary_phase(delete())), "TS608", "TS650")
    assert severities(tree, "TS608") == [Severity.WARNING]


def colours(one: Any, other: Any, mark: str = "") -> str:
    weights = [
        {"destination": f"host: shop\nsubset: {name}", "weight": weight}
        for name, weight in (("blue", one), ("green", other))
    ]
    return step(
        "K8S_TRAFFIC_SPLIT",
        mark=mark,
        virtualServiceName="shop",
        istioDestinationWeights=weights,
    )


def test_a_split_before_the_stage_deployment(tree: Tree) -> None:
    steps = (colours("80", "20", mark="TS608"), colours("100", "0"), BLUE_GREEN)
    check(tree, workflow(phase("One", section("Deploy", *steps)), kind="BLUE_GREEN"), "TS608")
    assert severities(tree, "TS608") == [Severity.WARNING]


@pytest.mark.parametrize(
    "steps",
    [
        (split("0"), canary_deploy(), split("10")),
        (split("${canary}", stable="${stable}"), canary_deploy()),
        (canary_deploy(), split("10"), canary_deploy()),
        (split("10"),),
    ],
    ids=["reset", "expressions", "second canary", "no canary at all"],
)
def test_splits_that_may_stand_there(tree: Tree, steps: tuple[str, ...]) -> None:
    check(tree, workflow(phase("Canary", section("Deploy", *steps))), "TS608")


def test_a_split_for_another_service(tree: Tree) -> None:
    one = phase("Cart", section("Verify", split("10", service="cart")), service="cart")
    check(tree, workflow(one, canary_phase(), primary_phase(delete())), "TS608")


# -- TS609, TS610 ---------------------------------------------------------------------------------


def named(value: Any) -> str:
    return workflow(canary_phase(split("10", service=value)), primary_phase(delete()))


def lines(tree: Tree, text: str, *rules: str) -> list[str]:
    """The marked rules with the text of their lines."""
    tree.write({"workflow.yaml": text})
    return [
        f"{f.rule} {text.splitlines()[f.span.line - 1].strip()}"
        for f in tree.lint()
        if f.rule in rules
    ]


@pytest.mark.parametrize("value", ["", "  ", None])
def test_a_blank_name(tree: Tree, value: Any) -> None:
    (found,) = lines(tree, named(value), "TS609", "TS610")
    assert found.startswith("TS609 virtualServiceName:")
    assert severities(tree, "TS609") == [Severity.ERROR]


def test_a_missing_name(tree: Tree) -> None:
    only = step("K8S_TRAFFIC_SPLIT", mark="TS609", istioDestinationWeights=[])
    back = phase("Rollback", section("Deploy", only))
    check(tree, workflow(canary_phase(), primary_phase(delete()), rollback=(back,)), "TS609")
    check(tree, workflow(canary_phase(step("K8S_TRAFFIC_SPLIT", mark="TS609"))), "TS609")


@pytest.mark.parametrize("key", ["templateUri: App/Split:1", "templateExpressions: [{}]"])
def test_a_split_that_is_linked_to_a_template(tree: Tree, key: str) -> None:
    linked = f"- type: K8S_TRAFFIC_SPLIT\n  {key}\n"
    assert lines(tree, workflow(canary_phase(linked)), "TS609", "TS616") == []


@pytest.mark.parametrize(
    "value",
    [
        "${k8s.virtualServiceName}-internal",
        "my-${k8s.virtualServiceName}",
        "${ k8s.virtualServiceName }",
        "${k8s.virtualservicename}",
        "${k8s.virtualService}",
        "${k8s.canaryDestination}",
    ],
)
def test_an_expression_that_is_not_filled_in(tree: Tree, value: str) -> None:
    (found,) = lines(tree, named(value), "TS609", "TS610", "TS612")
    assert found.startswith("TS610 virtualServiceName:")
    assert severities(tree, "TS610") == [Severity.WARNING]


@pytest.mark.parametrize(
    "value",
    [
        MANAGED,
        f"  {MANAGED} ",
        "shop",
        "${workflow.variables.service}",
        "${k8s.primaryServiceName}-routes",
        "<+pipeline.name>",
    ],
)
def test_a_name_that_may_be_right(tree: Tree, value: str) -> None:
    assert lines(tree, named(value), "TS609", "TS610") == []


# -- TS616 ----------------------------------------------------------------------------------------


def destinations(*names: str) -> str:
    weights = [{"destination": name, "weight": "50"} for name in names]
    only = step("K8S_TRAFFIC_SPLIT", virtualServiceName="shop", istioDestinationWeights=weights)
    return workflow(canary_phase(only), primary_phase(delete()))


@pytest.mark.parametrize(
    "names",
    [
        (STABLE_SUBSET, STABLE_SUBSET),
        (CANARY_SUBSET, f" {CANARY_SUBSET} "),
        ("host: shop\nsubset: v1", "{subset: v1, host: shop}"),
        ("${workflow.variables.one}", "${workflow.variables.one}"),
    ],
)
def test_a_destination_twice(tree: Tree, names: tuple[str, ...]) -> None:
    tree.write({"workflow.yaml": destinations(*names)})
    (finding,) = (f for f in tree.lint() if f.rule == "TS616")
    assert finding.path.endswith("istioDestinationWeights[1].destination")
    assert finding.severity == Severity.WARNING


@pytest.mark.parametrize(
    "names",
    [
        (STABLE_SUBSET, CANARY_SUBSET),
        ("host: shop\nsubset: v1", "host: shop\nsubset: v2"),
        ("host: shop\nsubset: v1", "host: cart\nsubset: v1"),
        ("${workflow.variables.one}", "${workflow.variables.two}"),
        ("shop", "shop"),  # TS615
    ],
)
def test_different_destinations(tree: Tree, names: tuple[str, ...]) -> None:
    assert lines(tree, destinations(*names), "TS616") == []


def test_no_destinations(tree: Tree) -> None:
    empty = step("K8S_TRAFFIC_SPLIT", virtualServiceName="shop", istioDestinationWeights=[])
    assert lines(tree, workflow(canary_phase(empty)), "TS616") == [
        "TS616 istioDestinationWeights: []"
    ]
    absent = step("K8S_TRAFFIC_SPLIT", mark="TS616", virtualServiceName="shop")
    check(tree, workflow(canary_phase(absent)), "TS616")
    hidden = step("K8S_TRAFFIC_SPLIT", virtualServiceName="s", istioDestinationWeights="${w}")
    check(tree, workflow(canary_phase(hidden)), "TS616")


# -- TS617 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("canary", ["10", "${canary}"])
def test_canary_destinations_in_blue_green(tree: Tree, canary: str) -> None:
    stable = None if canary == "10" else "${stable}"
    text = workflow(
        phase(
            "One", section("Deploy", BLUE_GREEN), section("Verify", split(canary, stable=stable))
        ),
        kind="BLUE_GREEN",
    )
    assert len(lines(tree, text, "TS617")) == 1
    assert severities(tree, "TS617") == [Severity.WARNING]


def test_other_destinations_in_blue_green(tree: Tree) -> None:
    steps = (BLUE_GREEN, colours("80", "20"))
    check(tree, workflow(phase("One", section("Deploy", *steps)), kind="BLUE_GREEN"), "TS617")
    check(tree, workflow(canary_phase(split()), primary_phase(delete())), "TS617")


def test_blue_green_with_stable_and_canary_of_its_own(tree: Tree) -> None:
    rule = """\
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata: {name: shop}
        spec:
          host: shop
          subsets:
          - name: stable
            labels: {harness.io/color: blue}
          - name: canary
            labels: {harness.io/color: green}
        """
    text = workflow(phase("One", section("Deploy", BLUE_GREEN, split())), kind="BLUE_GREEN")
    check(tree, text, "TS617", files={"values.yaml": "a: 1\n", "templates/rule.yaml": rule})


# -- TS620 ----------------------------------------------------------------------------------------


def test_two_canary_deployments_in_a_phase(tree: Tree) -> None:
    first = phase("Canary", section("Deploy", canary_deploy(), canary_step("TS620")))
    check(tree, workflow(first, primary_phase(delete())), "TS620")
    assert severities(tree, "TS620") == [Severity.WARNING]


def test_canary_deployments_of_two_phases(tree: Tree) -> None:
    check(tree, workflow(canary_phase(), canary_phase(), primary_phase(delete())), "TS620")


@pytest.mark.parametrize("exported", [True, "true", "${workflow.variables.export}"])
def test_a_canary_deployment_that_exports_for_another(tree: Tree, exported: Any) -> None:
    pair = (
        step("K8S_CANARY_DEPLOY", exportManifests=exported),
        step("K8S_CANARY_DEPLOY", inheritManifests=True),
    )
    text = workflow(phase("Canary", section("Deploy", *pair)), primary_phase(delete()))
    check(tree, text, "TS620")


# -- TS621 ----------------------------------------------------------------------------------------


def pair_of_phases(canary: dict[str, str], primary: dict[str, str]) -> str:
    return workflow(
        phase("Canary", section("Deploy", canary_deploy()), **canary),
        phase("Primary", section("Deploy", rollout(), delete()), **primary),
    )


@pytest.mark.parametrize(
    ("primary", "line"),
    [
        ({"service": "cart"}, "serviceName: cart"),
        ({"infra": "prod-eu"}, "infraDefinitionName: prod-eu"),
        ({"service": "cart", "infra": "prod-eu"}, "serviceName: cart"),
    ],
)
def test_phases_that_differ(tree: Tree, primary: dict[str, str], line: str) -> None:
    assert lines(tree, pair_of_phases({}, primary), "TS621") == [f"TS621 {line}"]
    assert severities(tree, "TS621") == [Severity.WARNING]


@pytest.mark.parametrize(
    "primary",
    [{}, {"service": "${workflow.variables.s}"}, {"infra": "${workflow.variables.i}"}],
)
def test_phases_that_may_be_the_same(tree: Tree, primary: dict[str, str]) -> None:
    assert lines(tree, pair_of_phases({}, primary), "TS621") == []


def test_phases_of_several_services_and_places(tree: Tree) -> None:
    text = workflow(
        canary_phase(),
        primary_phase(delete()),
        phase("Primary EU", section("Deploy", rollout()), infra="eu"),
        phase("Canary cart", section("Deploy", canary_deploy()), service="cart"),
        phase("Primary cart", section("Deploy", rollout(), delete()), service="cart"),
    )
    assert lines(tree, text, "TS621") == []


def test_phases_that_a_template_fills_in(tree: Tree) -> None:
    text = pair_of_phases({}, {"service": "cart"}).replace(
        "  serviceName: cart\n", "  serviceName: cart\n  templateExpressions: [{fieldName: x}]\n"
    )
    assert lines(tree, text, "TS621") == []


def test_a_canary_of_a_service_that_a_template_fills_in_is_deleted(tree: Tree) -> None:
    given = '  templateExpressions: [{fieldName: serviceName, expression: "${Service}"}]\n'
    text = pair_of_phases({}, {"service": "cart"})
    other = text.replace("  serviceName: cart\n", f"  serviceName: cart\n{given}")
    assert other != text
    assert lines(tree, text, "TS605") != []
    assert lines(tree, other, "TS605") == []


# -- TS622 ----------------------------------------------------------------------------------------


def test_a_verification_after_the_rollout(tree: Tree) -> None:
    late = section("Verify", step("PROMETHEUS", mark="TS622"), step("HTTP"), step("APPROVAL"))
    last = phase("Primary", section("Deploy", rollout()), late)
    check(tree, workflow(canary_phase(step("PROMETHEUS")), last), "TS622")
    assert severities(tree, "TS622") == [Severity.INFO]


def test_a_verification_of_a_rolling_workflow(tree: Tree) -> None:
    only = phase("Rolling", section("Deploy", rollout(), step("PROMETHEUS")))
    check(tree, workflow(only, kind="ROLLING"), "TS622")


# -- TS624 ----------------------------------------------------------------------------------------


def back(name: str, undoes: str, *steps: str) -> str:
    text = phase(name, section("Deploy", *steps))
    return text.replace("  phaseSteps:", f"  phaseNameForRollback: {undoes}\n  phaseSteps:", 1)


def test_a_phase_without_rollback(tree: Tree) -> None:
    text = workflow(
        canary_phase(),
        primary_phase(delete()).replace("name: Primary", "name: Primary  # TS624", 1),
        rollback=(back("Rollback Canary", "Canary"),),
    )
    check(tree, text, "TS624")
    assert severities(tree, "TS624") == [Severity.WARNING]


def test_a_rollback_of_no_phase(tree: Tree) -> None:
    text = workflow(
        canary_phase(),
        primary_phase(delete()),
        rollback=(back("Rollback Canary", "Canary"), back("Rollback Primary", "primary")),
    )
    assert lines(tree, text, "TS624") == ["TS624 phaseNameForRollback: primary"]
    (finding,) = (f for f in tree.lint() if f.rule == "TS624")
    assert "Did you mean Primary?" in finding.message


@pytest.mark.parametrize(
    "rollback",
    [
        (),
        (back("Rollback Canary", "Canary"), back("Rollback Primary", "Primary")),
        (back("Rollback Canary", "Canary"), back("Rollback Primary", "${x}")),
        (back("Rollback Canary", "Canary"), phase("Rollback", section("Deploy"))),
    ],
    ids=["none at all", "all", "expression", "unnamed"],
)
def test_rollbacks_that_may_be_whole(tree: Tree, rollback: tuple[str, ...]) -> None:
    text = workflow(canary_phase(), primary_phase(delete()), rollback=rollback)
    check(tree, text, "TS624")


def test_a_phase_with_nothing_to_undo(tree: Tree) -> None:
    text = workflow(
        canary_phase(),
        phase("Ask", section("Ask", step("APPROVAL"))),
        primary_phase(delete()),
        rollback=(back("Rollback Canary", "Canary"), back("Rollback Primary", "Primary")),
    )
    check(tree, text, "TS624")


# -- TS628 ----------------------------------------------------------------------------------------

SETUP = "Setup/Applications/Shop"


def shown(tree: Tree) -> list[str]:
    return [line for line in tree.show() if line.endswith("TS628")]


def test_a_file_that_is_not_synced(tree: Tree) -> None:
    text = workflow(canary_phase(), primary_phase(delete()))
    tree.write(
        {
            f"{SETUP}/Workflows/canary.yml": text,
            f"{SETUP}/Services/shop/Index.yml": "harnessApiVersion: '1.0'\ntype: SERVICE\n",
        }
    )
    assert shown(tree) == [
        f"{SETUP}/Services/shop/Index.yml:1:1 TS628",
        f"{SETUP}/Workflows/canary.yml:1:1 TS628",
    ]
    assert severities(tree, "TS628") == [Severity.WARNING] * 2


def test_files_that_may_end_so(tree: Tree) -> None:
    text = workflow(canary_phase(), primary_phase(delete()))
    manifest = "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\n"
    tree.write(
        {
            f"{SETUP}/Workflows/canary.yaml": text,
            f"{SETUP}/Services/shop/Manifests/Files/templates/service.yml": manifest,
            "elsewhere/canary.yml": text,
        }
    )
    assert shown(tree) == []


def test_a_dot_in_the_name_of_a_phase(tree: Tree) -> None:
    text = workflow(
        phase("Canary 1.2", section("Deploy", canary_deploy())),
        primary_phase(delete()),
        rollback=(phase("Rollback 1.2", section("Deploy")),),
    )
    assert lines(tree, text, "TS628") == [
        "TS628 name: Canary 1.2",
        "TS628 name: Rollback 1.2",
    ]

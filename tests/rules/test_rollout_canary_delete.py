"""TS601, TS602, TS603, TS655: where the Canary Delete stands when traffic is shifted."""

from __future__ import annotations

import pytest
from workflows import (
    CANARY,
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

OURS = ("TS601", "TS602", "TS603", "TS655")


def check(
    tree: Tree, text: str, files: dict[str, str] | None = None, *, file: str = "workflow.yaml"
) -> None:
    """The four rules speak at the marked lines and nowhere else."""
    spoken = {line for line in found(tree, text, files, file=file) if line.endswith(OURS)}
    assert spoken == marked(text)


def severities(tree: Tree) -> list[Severity]:
    return [finding.severity for finding in tree.lint() if finding.rule in OURS]


def canary_phase(*wrap_up: str, verify: tuple[str, ...] = (split(),), name: str = "Canary") -> str:
    return phase(
        name,
        section("Deploy", canary_deploy()),
        section("Verify", *verify),
        section("Wrap Up", *wrap_up),
    )


def primary_phase(*wrap_up: str, verify: tuple[str, ...] = (), name: str = "Primary") -> str:
    return phase(
        name,
        section("Deploy", rollout()),
        section("Verify", *verify),
        section("Wrap Up", *wrap_up),
    )


VIRTUAL_SERVICE = """\
apiVersion: networking.istio.io/v1alpha3
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop]
  http:
  - route:
    - destination: {host: shop, subset: stable}
      weight: STABLE
    - destination: {host: shop, subset: canary}
      weight: CANARY
"""


def virtual_service(stable: int, canary: int) -> str:
    return VIRTUAL_SERVICE.replace("STABLE", str(stable)).replace("CANARY", str(canary))


SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}}
"""
DESTINATION_RULE = """\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata: {name: shop}
spec:
  host: shop
  subsets:
  - {name: stable, labels: {harness.io/track: stable}}
  - {name: canary, labels: {harness.io/track: canary}}
"""


# -- the shipped layout and its repair ------------------------------------------------------------


def test_delete_left_in_the_canary_phase(tree: Tree) -> None:
    check(tree, workflow(canary_phase(delete("TS601")), primary_phase()))
    assert severities(tree) == [Severity.ERROR]


def test_delete_in_the_primary_wrap_up_is_right(tree: Tree) -> None:
    check(tree, workflow(canary_phase(), primary_phase(delete())))


def test_the_shipped_default_shifts_no_traffic_and_is_right(tree: Tree) -> None:
    check(tree, workflow(canary_phase(delete(), verify=()), primary_phase()))


def test_the_message_names_the_steps_and_the_place_to_move_to(tree: Tree) -> None:
    text = workflow(canary_phase(delete("TS601"), name="Try"), primary_phase(name="Everyone"))
    check(tree, text)
    (finding,) = (f for f in tree.lint() if f.rule == "TS601")
    lines = text.splitlines()
    assert '"Traffic Split 10" gives the canary 10%' in finding.message
    assert finding.help == 'Move it to the Wrap Up section of the phase "Everyone".'
    assert [lines[r.span.line - 1].strip() for r in finding.related] == [
        "name: Traffic Split 10",
        "name: Rollout Deployment",
        "name: Wrap Up",
    ]
    assert finding.related[2].span.line > finding.related[1].span.line


# -- phases are known by what they do -------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"), [("Try", "Everyone"), ("Primary", "Canary"), ("Phase 1", "Phase 1")]
)
def test_names_of_phases_do_not_matter(tree: Tree, first: str, second: str) -> None:
    check(tree, workflow(canary_phase(delete("TS601"), name=first), primary_phase(name=second)))
    check(tree, workflow(canary_phase(name=first), primary_phase(delete(), name=second)))


def test_an_intermediate_phase_is_before_the_rollout(tree: Tree) -> None:
    more = phase("More", section("Split", split("20"), delete("TS601")))
    check(tree, workflow(canary_phase(), more, primary_phase()))
    more = phase("More", section("Split", split("20")), section("Wrap Up"))
    check(tree, workflow(canary_phase(), more, primary_phase(delete())))


def test_a_phase_after_the_primary_one_is_late_enough(tree: Tree) -> None:
    check(tree, workflow(canary_phase(), primary_phase(), phase("Clean", section("Go", delete()))))


def test_a_phase_without_sections_or_steps_between(tree: Tree) -> None:
    text = workflow(canary_phase(delete("TS601")), "- {name: Empty}\n", "- null\n", primary_phase())
    check(tree, text)


def test_one_phase_that_holds_both_deployments(tree: Tree) -> None:
    def both(early: str, late: str) -> str:
        return workflow(
            phase(
                "All",
                section("Canary", canary_deploy(), split(), early),
                section("Rollout", rollout()),
                section("Wrap Up", late),
            )
        )

    check(tree, both(delete("TS602"), ""))
    check(tree, both("", delete()))


def test_nothing_is_rolled_out(tree: Tree) -> None:
    check(tree, workflow(canary_phase(delete())))


def test_the_rollout_stands_before_the_canary(tree: Tree) -> None:
    check(tree, workflow(primary_phase(), canary_phase(delete())))


def test_each_service_has_its_own_primary_phase(tree: Tree) -> None:
    def canary(service: str, *wrap_up: str) -> str:
        return phase(
            f"Canary {service}",
            section("Deploy", canary_deploy(), split() if service == "shop" else ""),
            section("Wrap Up", *wrap_up),
            service=service,
        )

    def primary(service: str, *wrap_up: str) -> str:
        return phase(
            f"Primary {service}",
            section("Deploy", rollout()),
            section("Wrap Up", *wrap_up),
            service=service,
        )

    right = (
        canary("shop"),
        primary("shop", delete()),
        canary("cart", delete()),  # no traffic of cart is shifted
        primary("cart"),
    )
    check(tree, workflow(*right))
    wrong = (primary("cart"), canary("shop", delete("TS601")), primary("shop"))
    check(tree, workflow(*wrong))


def test_each_infrastructure_has_its_own_primary_phase(tree: Tree) -> None:
    def pair(infra: str, canary_wrap: str, primary_wrap: str) -> str:
        canary = section("Deploy", canary_deploy(), split()) + section("Wrap Up", canary_wrap)
        primary = section("Deploy", rollout()) + section("Wrap Up", primary_wrap)
        return phase("Canary", canary, infra=infra) + phase("Primary", primary, infra=infra)

    check(tree, workflow(pair("east", "", delete()), pair("west", delete("TS601"), "")))
    check(tree, workflow(pair("east", "", delete()), pair("west", "", delete())))


def test_an_infrastructure_that_differs_by_mistake_changes_nothing(tree: Tree) -> None:
    canary = phase("Canary", section("Deploy", canary_deploy(), split(), delete("TS601")))
    primary = phase("Primary", section("Deploy", rollout()), infra="elsewhere")
    check(tree, workflow(canary, primary))


# -- which step is a Canary Delete ----------------------------------------------------------------


@pytest.mark.parametrize(
    "resources",
    [
        CANARY,
        f" {CANARY} ",
        "shop-canary",
        "Deployment/shop-canary",
        "prod/Deployment/shop-canary",
        "StatefulSet/shop-canary",
        "Deployment/${service.name}-canary",
        "ConfigMap/shop-settings, Deployment/shop-canary",
        f"ConfigMap/shop,{CANARY}",
        ["ConfigMap/shop", "Deployment/shop-canary"],
    ],
)
def test_what_deletes_the_canary(tree: Tree, resources: object) -> None:
    text = workflow(canary_phase(delete("TS601", resources, name="Clean")), primary_phase())
    check(tree, text)


@pytest.mark.parametrize(
    "resources",
    [
        "ConfigMap/shop-canary-settings",
        "Deployment/shop-canary-tools",
        "Deployment/shop",
        "VirtualService/shop-canary",
        "ConfigMap/shop-canary",
        "${k8s.stageServiceName}",
        "",
        None,
        7,
        {"name": "shop-canary"},
    ],
)
def test_what_does_not_delete_the_canary(tree: Tree, resources: object) -> None:
    text = workflow(canary_phase(delete(resources=resources)), primary_phase(delete()))
    check(tree, text)


def test_a_step_only_called_canary_delete(tree: Tree) -> None:
    text = workflow(canary_phase(step("SHELL_SCRIPT", "Canary Delete")), primary_phase(delete()))
    check(tree, text)


def test_rancher_steps(tree: Tree) -> None:
    text = workflow(
        phase(
            "Canary",
            section("Deploy", canary_deploy("RANCHER_")),
            section("Verify", split()),
            section("Wrap Up", delete("TS601", prefix="RANCHER_")),
        ),
        phase("Primary", section("Deploy", rollout("RANCHER_")), section("Wrap Up")),
    )
    check(tree, text)


def test_two_deletes_are_judged_each(tree: Tree) -> None:
    check(tree, workflow(canary_phase(delete("TS601")), primary_phase(delete())))
    more = phase("More", section("Wrap Up", delete("TS601")))
    check(tree, workflow(canary_phase(delete("TS601")), more, primary_phase()))


def test_a_delete_of_what_an_earlier_run_left(tree: Tree) -> None:
    clean = delete(resources="Deployment/shop-canary", name="Clear away")
    canary = phase("Canary", section("Prepare", clean), section("Deploy", canary_deploy(), split()))
    check(tree, workflow(canary, primary_phase(delete())))


def test_a_canary_that_something_else_created(tree: Tree) -> None:
    canary = phase(
        "Canary",
        section("Deploy", apply("templates/canary.yaml"), split()),
        section("Wrap Up", delete("TS601", "Deployment/shop-canary")),
    )
    check(tree, workflow(canary, primary_phase()))


def test_a_delete_that_a_condition_may_skip_is_a_warning(tree: Tree) -> None:
    skip = "stepSkipStrategies:\n- scope: ALL_STEPS\n  assertionExpression: ${workflow.variables.keep}\n"
    canary = phase(
        "Canary",
        section("Deploy", canary_deploy(), split()),
        section("Wrap Up", delete("TS601"), extra=skip),
    )
    check(tree, workflow(canary, primary_phase()))
    assert severities(tree) == [Severity.WARNING]


def test_a_condition_on_another_step_changes_nothing(tree: Tree) -> None:
    skip = "stepSkipStrategies:\n- scope: SPECIFIC_STEPS\n  steps: [Ask]\n  assertionExpression: 'false'\n"
    canary = phase(
        "Canary",
        section("Deploy", canary_deploy(), split()),
        section("Wrap Up", step("APPROVAL", "Ask"), delete("TS601"), extra=skip),
    )
    check(tree, workflow(canary, primary_phase()))
    assert severities(tree) == [Severity.ERROR]


# -- inside the Primary phase ---------------------------------------------------------------------


def test_delete_in_an_earlier_section_of_the_primary_phase(tree: Tree) -> None:
    primary = phase(
        "Primary",
        section("Prepare", delete("TS602")),
        section("Deploy", rollout()),
        section("Wrap Up"),
    )
    check(tree, workflow(canary_phase(), primary))
    assert severities(tree) == [Severity.ERROR]


def test_delete_before_the_rollout_in_one_section(tree: Tree) -> None:
    primary = phase("Primary", section("Deploy", delete("TS602"), rollout()), section("Wrap Up"))
    check(tree, workflow(canary_phase(), primary))


@pytest.mark.parametrize("first", ["delete", "rollout"])
def test_delete_in_parallel_with_the_rollout(tree: Tree, first: str) -> None:
    steps = [delete("TS602"), rollout()] if first == "delete" else [rollout(), delete("TS602")]
    primary = phase("Primary", section("Deploy", *steps, parallel=True), section("Wrap Up"))
    check(tree, workflow(canary_phase(), primary))
    (finding,) = (f for f in tree.lint() if f.rule == "TS602")
    assert "deletes the canary beside the Rollout Deployment" in finding.message


def test_a_wrap_up_in_parallel_with_other_steps_is_right(tree: Tree) -> None:
    primary = phase(
        "Primary",
        section("Deploy", rollout()),
        section("Wrap Up", delete(), step("SHELL_SCRIPT"), parallel=True),
    )
    check(tree, workflow(canary_phase(), primary))


@pytest.mark.parametrize("place", ["Deploy", "Verify"])
def test_delete_after_the_rollout_but_before_the_wrap_up(tree: Tree, place: str) -> None:
    early = delete("TS603")
    primary = phase(
        "Primary",
        section("Deploy", rollout(), early if place == "Deploy" else ""),
        section("Verify", step("PROMETHEUS"), early if place == "Verify" else ""),
        section("Wrap Up", step("SHELL_SCRIPT")),
    )
    check(tree, workflow(canary_phase(), primary))
    assert severities(tree) == [Severity.WARNING]
    (finding,) = (f for f in tree.lint() if f.rule == "TS603")
    assert f'in the section "{place}"' in finding.message


@pytest.mark.parametrize("name", ["Wrap Up", "wrap up", "WRAP UP", "Wrap-Up", "wrap_up"])
def test_the_wrap_up_by_its_name(tree: Tree, name: str) -> None:
    primary = phase(
        "Primary", section("Deploy", rollout()), section(name, delete()), section("Report")
    )
    check(tree, workflow(canary_phase(), primary))


def test_the_last_section_is_the_wrap_up_when_none_is_called_so(tree: Tree) -> None:
    sections = (section("Roll", rollout()), section("Watch"), section("Clean", delete()))
    check(tree, workflow(canary_phase(), phase("Primary", *sections)))
    sections = (section("Roll", rollout()), section("Watch", delete("TS603")), section("Clean"))
    check(tree, workflow(canary_phase(), phase("Primary", *sections)))


def test_a_section_after_the_wrap_up_is_late_enough(tree: Tree) -> None:
    sections = (section("Deploy", rollout()), section("Wrap Up"), section("Extra", delete()))
    check(tree, workflow(canary_phase(), phase("Primary", *sections)))


def test_the_only_section_of_the_primary_phase_is_its_wrap_up(tree: Tree) -> None:
    check(tree, workflow(canary_phase(), phase("Primary", section("All", rollout(), delete()))))


# -- what shifts traffic --------------------------------------------------------------------------


def test_several_splits(tree: Tree) -> None:
    splits = (split("10"), step("APPROVAL"), split("50"), step("APPROVAL"), split("90"))
    check(tree, workflow(canary_phase(delete("TS601"), verify=splits), primary_phase()))
    check(tree, workflow(canary_phase(verify=splits), primary_phase(delete())))


def test_a_split_after_the_delete_counts_too(tree: Tree) -> None:
    early = phase("Canary", section("Deploy", canary_deploy(), delete("TS601"), split()))
    check(tree, workflow(early, primary_phase()))


def test_a_split_before_all_phases(tree: Tree) -> None:
    text = workflow(canary_phase(delete("TS601"), verify=()), primary_phase())
    check(tree, text + "preDeploymentSteps:\n" + split())


def test_a_split_of_the_rollback_alone_shifts_nothing(tree: Tree) -> None:
    back = phase("Rollback Canary", section("Deploy", split("0")))
    text = workflow(canary_phase(delete(), verify=()), primary_phase(), rollback=(back,))
    check(tree, text)


def test_a_delete_in_the_rollback_is_left_out(tree: Tree) -> None:
    back = phase("Rollback Canary", section("Deploy", delete()))
    check(tree, workflow(canary_phase(), primary_phase(delete()), rollback=(back,)))


@pytest.mark.parametrize(
    "content", [virtual_service(90, 10), "\n---\n".join([SERVICE, virtual_service(90, 10)])]
)
def test_an_apply_of_a_virtual_service(tree: Tree, content: str) -> None:
    verify = (apply("templates/routes.yaml"),)
    files = {"templates/routes.yaml": content}
    check(tree, workflow(canary_phase(delete("TS601"), verify=verify), primary_phase()), files)
    assert severities(tree) == [Severity.ERROR]
    check(tree, workflow(canary_phase(verify=verify), primary_phase(delete())), files)


def test_an_apply_of_several_files(tree: Tree) -> None:
    verify = (apply("templates/service.yaml, templates/routes.yaml"),)
    files = {"templates/service.yaml": SERVICE, "templates/routes.yaml": virtual_service(90, 10)}
    check(tree, workflow(canary_phase(delete("TS601"), verify=verify), primary_phase()), files)


@pytest.mark.parametrize(
    "path",
    [
        "templates/virtual-service.yaml",
        "templates/virtualservice.yaml",
        "istio/Destination-Rule.yaml",
        "traffic/10.yaml",
        "vs.yaml",
        "templates/vs-10.yaml",
        "templates/${workflow.variables.step}/virtual-service.yaml",
    ],
)
def test_an_apply_of_an_unseen_file_by_its_name_is_a_warning(tree: Tree, path: str) -> None:
    text = workflow(canary_phase(delete("TS601"), verify=(apply(path),)), primary_phase())
    check(tree, text)
    assert severities(tree) == [Severity.WARNING]


@pytest.mark.parametrize("path", ["templates/jobs.yaml", "canvas.yaml", "templates/", "", None, 3])
def test_an_apply_of_an_unseen_file_of_another_name(tree: Tree, path: object) -> None:
    check(tree, workflow(canary_phase(delete(), verify=(apply(path),)), primary_phase()))


def test_an_apply_of_a_file_that_is_not_istio_s_whatever_its_name(tree: Tree) -> None:
    verify = (apply("templates/traffic.yaml"),)
    files = {"templates/traffic.yaml": SERVICE}
    check(tree, workflow(canary_phase(delete(), verify=verify), primary_phase()), files)


def test_an_apply_of_a_destination_rule_alone_is_a_warning(tree: Tree) -> None:
    verify = (apply("templates/rule.yaml"),)
    files = {"templates/rule.yaml": DESTINATION_RULE}
    check(tree, workflow(canary_phase(delete("TS601"), verify=verify), primary_phase()), files)
    assert severities(tree) == [Severity.WARNING]


def test_an_apply_of_a_virtual_service_that_tells_no_versions_apart(tree: Tree) -> None:
    content = """\
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: shop}
        spec:
          hosts: [shop.example.com]
          http:
          - route:
            - destination: {host: shop}
        """
    verify = (apply("templates/virtual-service.yaml"),)
    text = workflow(canary_phase(delete(), verify=verify), primary_phase())
    check(tree, text, {"templates/virtual-service.yaml": content})


@pytest.mark.parametrize("destination", ["{host: shop, subset: canary}", "{host: shop-canary}"])
def test_an_apply_that_sends_everything_to_the_canary(tree: Tree, destination: str) -> None:
    content = f"""\
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {{name: shop}}
        spec:
          hosts: [shop.example.com]
          http:
          - route:
            - destination: {destination}
        """
    text = workflow(canary_phase(delete("TS601"), verify=(apply("all.yaml"),)), primary_phase())
    check(tree, text, {"all.yaml": content})


def test_an_apply_of_a_rule_and_a_virtual_service(tree: Tree) -> None:
    verify = (apply("rule.yaml,vs.yaml"),)
    files = {"rule.yaml": DESTINATION_RULE, "vs.yaml": virtual_service(90, 10)}
    check(tree, workflow(canary_phase(delete("TS601"), verify=verify), primary_phase()), files)
    assert severities(tree) == [Severity.ERROR]


def test_the_file_of_the_service_that_the_phase_deploys(tree: Tree) -> None:
    root = "Setup/Applications/Store"
    text = workflow(canary_phase(delete(), verify=(apply("templates/a.yaml"),)), primary_phase())
    files = {
        f"{root}/Services/shop/Manifests/Files/templates/a.yaml": SERVICE,
        f"{root}/Services/cart/Manifests/Files/templates/a.yaml": virtual_service(90, 10),
    }
    file = f"{root}/Workflows/Canary.yaml"
    check(tree, text, files, file=file)
    cart = text.replace("serviceName: shop", "serviceName: cart")
    cart = cart.replace("- type: K8S_DELETE", "- type: K8S_DELETE  # TS601")
    check(tree, cart, files, file=file)


def test_files_of_one_name_in_several_places(tree: Tree) -> None:
    verify = (apply("templates/a.yaml"),)
    text = workflow(canary_phase(delete("TS601"), verify=verify), primary_phase())
    files = {"one/templates/a.yaml": SERVICE, "two/templates/a.yaml": virtual_service(90, 10)}
    check(tree, text, files)
    assert severities(tree) == [Severity.WARNING]


def test_the_nearest_file_of_the_name(tree: Tree) -> None:
    text = workflow(canary_phase(delete(), verify=(apply("templates/a.yaml"),)), primary_phase())
    files = {"shop/templates/a.yaml": SERVICE, "cart/templates/a.yaml": virtual_service(90, 10)}
    check(tree, text, files, file="shop/workflow.yaml")


def test_an_apply_after_the_rollout_alone_is_a_warning(tree: Tree) -> None:
    canary = canary_phase(delete("TS601"), verify=())
    text = workflow(canary, primary_phase(apply("a.yaml")))
    check(tree, text, {"a.yaml": virtual_service(90, 10)})
    assert severities(tree) == [Severity.WARNING]


def test_a_template_that_cannot_be_rendered(tree: Tree) -> None:
    broken = virtual_service(90, 10).replace("hosts:", "{{ nonsense }}\n  hosts:")
    verify = (apply("templates/routes.yaml"),)
    text = workflow(canary_phase(delete("TS601"), verify=verify), primary_phase())
    check(tree, text, {"templates/routes.yaml": broken, "values.yaml": "a: 1\n"})


# -- traffic is back on stable before the delete --------------------------------------------------


def test_a_restoring_split_before_the_delete(tree: Tree) -> None:
    verify = (split("10"), split("0"))
    check(tree, workflow(canary_phase(delete("TS655"), verify=verify), primary_phase()))
    assert severities(tree) == [Severity.WARNING]
    (finding,) = (f for f in tree.lint() if f.rule == "TS655")
    assert finding.related[0].message == "all traffic goes to stable here"


def test_a_restoring_split_in_the_primary_phase_before_the_rollout(tree: Tree) -> None:
    primary = phase("Primary", section("Deploy", split("0"), delete("TS655"), rollout()))
    check(tree, workflow(canary_phase(), primary))


def test_a_split_that_never_gives_the_canary_anything(tree: Tree) -> None:
    check(tree, workflow(canary_phase(delete("TS655"), verify=(split("0"),)), primary_phase()))
    text = workflow(canary_phase(delete("TS655"), verify=()), primary_phase(split("0")))
    check(tree, text)


def test_a_restore_spelt_with_host_and_subset(tree: Tree) -> None:
    weights = [
        {"destination": "host: shop\nsubset: stable", "weight": 100},
        {"destination": "{host: shop, subset: canary}", "weight": 0},
    ]
    back = step("K8S_TRAFFIC_SPLIT", virtualServiceName="shop", istioDestinationWeights=weights)
    text = workflow(
        canary_phase(delete("TS655"), verify=(split(service="shop"), back)), primary_phase()
    )
    check(tree, text)


def test_a_restore_that_names_stable_alone(tree: Tree) -> None:
    weights = [{"destination": STABLE_SUBSET, "weight": "100"}]
    back = step(
        "K8S_TRAFFIC_SPLIT",
        virtualServiceName="${k8s.virtualServiceName}",
        istioDestinationWeights=weights,
    )
    check(tree, workflow(canary_phase(delete("TS655"), verify=(split(), back)), primary_phase()))


def test_a_restore_after_the_delete_is_none(tree: Tree) -> None:
    check(tree, workflow(canary_phase(delete("TS601"), split("0")), primary_phase()))
    check(tree, workflow(canary_phase(delete("TS601")), primary_phase(split("0"))))


def test_a_restore_beside_the_delete_is_none(tree: Tree) -> None:
    canary = phase(
        "Canary",
        section("Deploy", canary_deploy(), split()),
        section("Wrap Up", split("0"), delete("TS601"), parallel=True),
    )
    check(tree, workflow(canary, primary_phase()))


def test_a_share_after_the_restore_undoes_it(tree: Tree) -> None:
    verify = (split("10"), split("0"), split("20"))
    check(tree, workflow(canary_phase(delete("TS601"), verify=verify), primary_phase()))
    check(tree, workflow(canary_phase(split("0"), delete("TS601"), split("20")), primary_phase()))


@pytest.mark.parametrize(
    "back",
    [
        split("${workflow.variables.canary}", stable="${workflow.variables.stable}"),
        split("1", stable="99"),
        split("no", stable="100"),
        step("K8S_TRAFFIC_SPLIT", virtualServiceName="shop", istioDestinationWeights=[]),
        step(
            "K8S_TRAFFIC_SPLIT",
            virtualServiceName="shop",
            istioDestinationWeights=[
                {"destination": "host: shop\nsubset: v1", "weight": "100"},
                {"destination": "host: shop\nsubset: v2", "weight": "0"},
            ],
        ),
    ],
)
def test_what_is_no_restore(tree: Tree, back: str) -> None:
    text = workflow(canary_phase(delete("TS601"), verify=(split(), back)), primary_phase())
    check(tree, text)


def test_a_restore_of_another_virtual_service_is_none(tree: Tree) -> None:
    verify = (split(service="shop"), split("0", service="cart"))
    check(tree, workflow(canary_phase(delete("TS601"), verify=verify), primary_phase()))
    verify = (split(service="shop"), split(service="cart"), *verify[1:], split("0", service="shop"))
    check(tree, workflow(canary_phase(delete("TS655"), verify=verify), primary_phase()))


def test_an_apply_of_a_plain_file_can_restore(tree: Tree) -> None:
    files = {"vs-10.yaml": virtual_service(90, 10), "vs-0.yaml": virtual_service(100, 0)}
    verify = (apply("vs-10.yaml"), apply("vs-0.yaml"))
    text = workflow(canary_phase(delete("TS655"), verify=verify), primary_phase())
    check(tree, text, files)


def test_a_file_restores_only_what_it_names(tree: Tree) -> None:
    other = virtual_service(100, 0).replace("name: shop", "name: cart")
    files = {"vs-10.yaml": virtual_service(90, 10), "vs-0.yaml": other}
    verify = (apply("vs-10.yaml"), apply("vs-0.yaml"))
    text = workflow(canary_phase(delete("TS601"), verify=verify), primary_phase())
    check(tree, text, files)
    both = workflow(
        canary_phase(delete("TS655"), verify=(verify[0], apply("vs-0.yaml, back.yaml"))),
        primary_phase(),
    )
    check(tree, both, {**files, "back.yaml": virtual_service(100, 0)})


@pytest.mark.parametrize(
    "route",
    [
        "http: ${routes}",
        "http: [{route: '${workflow.variables.route}'}]",
        "http: [{route: [{destination: {host: shop, subset: canary}, weight: 0}]}]",
        "http: [{route: [{destination: {host: shop, subset: v1}}]}]",
        "tcp: [{route: [{destination: {host: shop, subset: canary}, weight: 5},"
        " {destination: {host: shop, subset: stable}, weight: 95}]}]",
    ],
)
def test_a_file_that_does_not_surely_restore(tree: Tree, route: str) -> None:
    head = virtual_service(100, 0).partition("  http:")[0]
    files = {"vs-10.yaml": virtual_service(90, 10), "vs-0.yaml": f"{head}  {route}\n"}
    verify = (apply("vs-10.yaml"), apply("vs-0.yaml"))
    check(tree, workflow(canary_phase(delete("TS601"), verify=verify), primary_phase()), files)


def test_a_file_with_stable_alone_restores(tree: Tree) -> None:
    head = virtual_service(100, 0).partition("  http:")[0]
    back = f"{head}  http: [{{route: [{{destination: {{host: shop, subset: stable}}}}]}}]\n"
    files = {"vs-10.yaml": virtual_service(90, 10), "vs-0.yaml": back}
    verify = (apply("vs-10.yaml"), apply("vs-0.yaml"))
    check(tree, workflow(canary_phase(delete("TS655"), verify=verify), primary_phase()), files)


def test_an_apply_of_a_template_can_not(tree: Tree) -> None:
    """Its weights come from values that the step, the service or the environment may override."""
    template = VIRTUAL_SERVICE.replace("STABLE", "{{.Values.stable}}")
    template = template.replace("CANARY", "{{.Values.canary}}")
    files = {"templates/vs.yaml": template, "values.yaml": "stable: 100\ncanary: 0\n"}
    verify = (apply("templates/vs.yaml", "10"), apply("templates/vs.yaml", "0"))
    text = workflow(canary_phase(delete("TS601"), verify=verify), primary_phase())
    check(tree, text, files)
    assert severities(tree) == [Severity.ERROR]


def test_after_the_rollout_a_restore_changes_nothing(tree: Tree) -> None:
    primary = primary_phase(verify=(split("0"), delete("TS603")))
    check(tree, workflow(canary_phase(), primary))


# -- odd shapes -----------------------------------------------------------------------------------


def test_a_split_whose_destinations_are_hidden(tree: Tree) -> None:
    odd = step("K8S_TRAFFIC_SPLIT", istioDestinationWeights="${workflow.variables.weights}")
    check(tree, workflow(canary_phase(delete("TS601"), verify=(odd,)), primary_phase()))


def test_a_workflow_without_an_api_version(tree: Tree) -> None:
    text = workflow(canary_phase(delete("TS601")), primary_phase())
    check(tree, text.partition("\n")[2])


def test_a_blue_green_workflow_is_silent(tree: Tree) -> None:
    text = workflow(
        phase(
            "Phase 1",
            section("Deploy", step("K8S_BLUE_GREEN_DEPLOY", "Stage Deployment")),
            section("Verify", split("20", service="shop")),
            section("Route Update", step("KUBERNETES_SWAP_SERVICE_SELECTORS", "Swap")),
            section("Wrap Up", delete(resources="Deployment/shop-green")),
        ),
        kind="BLUE_GREEN",
    )
    check(tree, text)

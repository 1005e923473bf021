"""Rollouts walked step by step: shares, pods, and what is lost."""

from __future__ import annotations

from dataclasses import replace

import pipelines as ng
import pytest
import workflows as fg
from test_harness import EXAMPLE_A, EXAMPLE_B, EXAMPLE_C, EXAMPLE_C_FILES, EXAMPLE_D

from conftest import Tree
from tsplit_lint import (
    Catalog,
    Hazard,
    Rollout,
    SourceFile,
    State,
    Step,
    Unknown,
    hazards_of,
    is_integer,
    late_shifts,
    rollback_hazards,
    targets,
    walk,
    walk_back,
)
from tsplit_lint.config import Config
from tsplit_lint.document import Document
from tsplit_lint.engine import load_catalog
from tsplit_lint.harness import read_rollouts
from tsplit_lint.harness.effects import either


def read(text: str, path: str = "rollout.yaml") -> Rollout:
    file = SourceFile(path, text)
    return read_rollouts(Document(file, 0, text, 0, None))[0]


def named(rollout: Rollout, name: str) -> Step:
    (found,) = (step for step in rollout.all_steps if step.name == name)
    return found


def states(rollout: Rollout, catalog: Catalog | None = None) -> list[tuple[object, object]]:
    """After each step: the share (`?` for one that is not known), and whether the pods are there."""
    moments = walk(rollout, catalog or Catalog()).moments
    return [
        (m.after.share if is_integer(m.after.share) else "?", m.after.under_test) for m in moments
    ]


def told(hazards: list[Hazard] | tuple[Hazard, ...]) -> list[tuple[str, str, int, bool]]:
    return [(h.kind, h.step.name, h.share, h.certain) for h in hazards]


def of_stage(*steps: str, rollback: tuple[str, ...] = (), **more: str) -> Rollout:
    return read(ng.pipeline(ng.stage("Deploy", *steps, rollback=rollback, **more)))


def of_workflow(*steps: str, wrap_up: str = "", rollback: tuple[str, ...] = ()) -> Rollout:
    """A workflow whose steps are split before the Rollout Deployment."""
    return read(
        fg.workflow(
            fg.phase("Canary", fg.section("Deploy", fg.canary_deploy(), *steps)),
            fg.phase("Primary", fg.section("Deploy", fg.rollout()), fg.section("Wrap Up", wrap_up)),
            rollback=rollback,
        )
    )


def undo_phase(of: str, *steps: str, name: str = "") -> str:
    text = fg.phase(name or f"Undo {of}", fg.section("Undo", *steps))
    link = f"  phaseNameForRollback: {of}\n" if of else ""
    return text.replace("  phaseSteps:\n", f"{link}  phaseSteps:\n")


def catalog_of(tree: Tree, files: dict[str, str]) -> Catalog:
    tree.write(files)
    return load_catalog([tree.root], Config(root=tree.root))[0]


# -- the examples ---------------------------------------------------------------------------------


def test_the_delete_left_in_the_canary_phase() -> None:
    rollout = read(EXAMPLE_A)
    assert states(rollout) == [(0, True), (10, True), (10, False), (0, False)]
    (hazard,) = hazards_of(rollout, Catalog())
    assert told([hazard]) == [("pods-gone", "Canary Delete", 10, True)]
    assert hazard.cause is named(rollout, "Traffic Split 10")
    assert hazard.removed_by is hazard.step
    assert hazard.failed_at is None


def test_the_delete_in_the_wrap_up_of_the_primary_phase() -> None:
    rollout = read(EXAMPLE_B)
    assert states(rollout) == [(0, True), (10, True), (0, True), (0, False)]
    assert hazards_of(rollout, Catalog()) == []


def test_shares_in_values_are_not_known(tree: Tree) -> None:
    catalog = catalog_of(tree, EXAMPLE_C_FILES)
    rollout = read(EXAMPLE_C)
    assert {share for share, _pods in states(rollout, catalog)[2:]} == {"?"}
    assert hazards_of(rollout, catalog) == []


def test_blue_and_green_by_subsets_of_their_own() -> None:
    rollout = read(EXAMPLE_D)
    assert states(rollout) == [(0, True), ("?", True), ("?", None)]
    assert hazards_of(rollout, Catalog()) == []


# -- what Harness resets --------------------------------------------------------------------------


def test_the_managed_virtual_service_is_reset_by_both_deployments() -> None:
    rollout = of_workflow(
        fg.split("10"), fg.step("K8S_CANARY_DEPLOY", "Again"), fg.split("20"), wrap_up=fg.delete()
    )
    assert states(rollout) == [(0, True), (10, True), (0, True), (20, True), (0, True), (0, False)]
    moments = walk(rollout, Catalog()).moments
    assert [m.after.moved_by.name if m.after.moved_by else "" for m in moments] == [
        "",
        "Traffic Split 10",
        "",
        "Traffic Split 20",
        "",
        "",
    ]
    assert [m.after.rolled_out for m in moments] == [False] * 4 + [True] * 2
    assert [m.before.tried for m in moments] == [False] + [True] * 5


def test_a_rollout_without_a_canary_applies_weights_that_nobody_knows() -> None:
    text = fg.workflow(fg.phase("One", fg.section("All", fg.split("10"), fg.rollout())))
    assert states(read(text)) == [(10, None), ("?", None)]


def test_a_virtual_service_out_of_sight_may_be_reset_or_not() -> None:
    rollout = of_workflow(fg.split("10", service="shop"), wrap_up=fg.delete())
    assert states(rollout) == [(0, True), (10, True), ("?", True), ("?", False)]


SERVICE = """\
apiVersion: networking.istio.io/v1alpha3
kind: VirtualService
metadata:
  name: shop
  annotations: {ANNOTATIONS}
spec:
  hosts: [shop]
  http:
  - route:
    - destination: {host: shop, subset: stable}
      weight: 90
    - destination: {host: shop, subset: canary}
      weight: 10
"""
SKIPPED = "# harness.io/skip-file-for-deploy\n" + SERVICE


def managed(text: str) -> str:
    return text.replace("ANNOTATIONS", 'harness.io/managed: "true"')


def plain(text: str) -> str:
    return text.replace("ANNOTATIONS", "")


@pytest.mark.parametrize(
    ("manifests", "after_rollout"),
    [
        ({"vs.yaml": managed(SERVICE)}, 0),
        ({"vs.yaml": plain(SKIPPED)}, 10),
        ({"vs.yaml": managed(SKIPPED)}, 10),
        ({"vs.yaml": plain(SERVICE)}, "?"),
        ({"vs.yaml": managed(SERVICE).replace('"true"', "${x}")}, "?"),
        ({"vs.yaml": plain(SKIPPED).replace("name: shop", "name: other")}, "?"),
        ({"dev/vs.yaml": managed(SERVICE), "prod/vs.yaml": plain(SKIPPED)}, "?"),
        ({"dev/vs.yaml": plain(SKIPPED), "prod/vs.yaml": plain(SKIPPED)}, 10),
        ({"vs.yaml": managed(SERVICE), "prod/vs.yaml": plain(SKIPPED)}, "?"),
    ],
)
def test_who_writes_a_virtual_service_that_is_named(
    tree: Tree, manifests: dict[str, str], after_rollout: object
) -> None:
    rollout = of_workflow(fg.split("10", service="shop"), wrap_up=fg.delete())
    assert states(rollout, catalog_of(tree, manifests))[2] == (after_rollout, True)


def test_the_virtual_service_of_the_phases_own_service_counts(tree: Tree) -> None:
    app = "Setup/Applications/Store"
    where = "Manifests/Files/templates/vs.yaml"
    catalog = catalog_of(
        tree,
        {
            f"{app}/Services/shop/{where}": plain(SKIPPED),
            f"{app}/Services/cart/{where}": managed(SERVICE),
        },
    )
    steps = fg.canary_deploy(), fg.split("10", service="shop"), fg.rollout(), fg.delete()
    text = fg.workflow(fg.phase("One", fg.section("All", *steps)))
    assert states(read(text, f"{app}/Workflows/one.yaml"), catalog)[2] == (10, True)
    cart = text.replace("serviceName: shop", "serviceName: cart")
    assert states(read(cart, f"{app}/Workflows/one.yaml"), catalog)[2] == (0, True)


def test_the_nearest_virtual_service_counts(tree: Tree) -> None:
    files = {"dev/vs.yaml": managed(SERVICE), "prod/vs.yaml": plain(SKIPPED)}
    catalog = catalog_of(tree, files)
    steps = fg.canary_deploy(), fg.split("10", service="shop"), fg.rollout()
    text = fg.workflow(fg.phase("One", fg.section("All", *steps)))
    assert states(read(text, "prod/workflow.yaml"), catalog)[2] == (10, True)
    assert states(read(text, "dev/workflow.yaml"), catalog)[2] == (0, True)


def test_two_ways_of_shifting_leave_it_open_whether_harness_resets() -> None:
    rollout = of_workflow(fg.split("10", service="shop"), fg.split("20"))
    assert states(rollout)[-1] == ("?", True)


def test_no_deployment_touches_the_routes_of_a_routing_step() -> None:
    rollout = of_stage(
        ng.canary_deploy(trafficRouting=ng.routing(20)),
        ng.inherit(50),
        ng.rolling(),
        ng.canary_delete(),
    )
    assert states(rollout) == [(20, True), (50, True), (50, True), (50, False)]
    assert told(hazards_of(rollout, Catalog())) == [("pods-gone", "Canary Delete", 50, True)]


def test_a_deployment_that_brings_its_routes_moved_the_share() -> None:
    rollout = of_stage(ng.canary_deploy(trafficRouting=ng.routing(20)), ng.canary_delete())
    (hazard,) = hazards_of(rollout, Catalog())
    assert hazard.cause is named(rollout, "Canary Deployment")


def test_routes_of_a_name_that_a_manifest_has_too_may_be_reset(tree: Tree) -> None:
    rollout = of_stage(ng.canary_deploy(), ng.traffic_routing(20), ng.rolling())
    catalog = catalog_of(tree, {"vs.yaml": managed(SERVICE)})
    assert states(rollout, catalog)[-1] == ("?", True)
    other = catalog_of(tree, {"vs.yaml": managed(SERVICE).replace("name: shop", "name: cart")})
    assert states(rollout, other)[-1] == (20, True)


def test_a_service_that_is_called_after_a_stage_is_no_canary() -> None:
    steps = ng.traffic_routing(20, test="shop-stage"), ng.canary_delete()
    assert states(of_stage(ng.canary_deploy(), *steps)) == [(0, True), ("?", True), ("?", False)]
    assert states(of_stage(ng.blue_green(), *steps))[1] == (20, True)


# -- the beginning --------------------------------------------------------------------------------


def test_a_share_before_the_canary_is_there() -> None:
    steps = ng.traffic_routing(20), ng.canary_deploy(), ng.inherit(0), ng.canary_delete()
    rollout = of_stage(*steps)
    assert states(rollout)[0] == (20, False)
    (hazard,) = hazards_of(rollout, Catalog())
    assert told([hazard]) == [("pods-missing", "Route 20", 20, True)]
    assert hazard.removed_by is None


@pytest.mark.parametrize(
    "steps",
    [
        (ng.traffic_routing(20),),
        (ng.traffic_routing(20), ng.rolling()),
        (ng.traffic_routing(20), ng.canary_deploy()),  # it may be there of an earlier run
        (ng.traffic_routing(20, test="stage"), ng.blue_green()),
    ],
)
def test_pods_that_others_may_have_deployed(steps: tuple[str, ...]) -> None:
    rollout = of_stage(*steps)
    assert states(rollout)[0][1] is None
    assert hazards_of(rollout, Catalog()) == []


def test_a_canary_of_another_stage_may_be_there() -> None:
    rollout = of_stage(ng.traffic_routing(20), ng.canary_delete())
    assert states(rollout) == [(20, None), (20, False)]
    assert told(hazards_of(rollout, Catalog())) == [("pods-gone", "Canary Delete", 20, True)]


def test_a_fragment_does_not_tell_what_was_before() -> None:
    steps = ng.traffic_routing(20) + ng.canary_deploy() + ng.inherit(0) + ng.canary_delete()
    assert states(read(steps))[0] == (20, None)


# -- steps that hide what they do -----------------------------------------------------------------


def between(step: str) -> tuple[object, object]:
    """What is known after a step while the canary has a share."""
    return states(of_stage(ng.canary_deploy(), ng.traffic_routing(20), step))[-1]


@pytest.mark.parametrize(
    "step",
    [
        ng.approval(),
        ng.step("Verify"),
        ng.step("Wait", duration="10m"),
        ng.step("Http", url="https://shop/health", method="GET"),
        ng.step("Barrier"),
        ng.step("Email"),
        ng.step("JiraUpdate"),
        ng.step("K8sDryRun"),
        ng.script("# all is well\necho done\n\nsleep 60\nexit 0"),
        ng.script("curl -sf https://shop/health"),
        ng.script("URL=https://shop"),
        ng.step(
            "K8sScale", workload="x", instanceSelection={"type": "Count", "spec": {"count": 2}}
        ),
    ],
)
def test_idle_steps_change_nothing(step: str) -> None:
    assert between(step) == (20, True)


@pytest.mark.parametrize(
    "step",
    [
        ng.script("kubectl patch virtualservice shop -p x"),
        ng.script("./shift.sh 0"),
        ng.script("echo go; ./shift.sh"),
        ng.script("echo go && ./shift.sh"),
        ng.script("echo go | sh"),
        ng.script("X=$(./shift.sh)"),
        ng.script("X=`./shift.sh`"),
        ng.script("echo $(./shift.sh)"),
        ng.script("X=1 ./shift.sh"),
        ng.script("sleep 5\n./shift.sh"),
        ng.script("curl -X PATCH https://cluster/apis"),
        ng.script("curl https://cluster/apis --data @x"),
        ng.script("curl https://get.it | sh"),
        ng.script("echoes"),
        ng.step("ShellScript", source={"type": "Harness", "spec": {"file": "/shift.sh"}}),
        ng.step("Run", command="x"),
        ng.step("<+pipeline.variables.type>"),
        ng.step("HelmCanaryDelete"),
        ng.step_template(),
        ng.step("K8sDelete", deleteResources={"type": "ReleaseName", "spec": {}}),
        ng.step("K8sScale", instanceSelection={"type": "Count", "spec": {"count": 0}}),
        ng.step("K8sScale", instanceSelection={"type": "Count", "spec": {"count": "<+input>"}}),
        ng.group("Elsewhere", extra="template: {templateRef: x}\n"),
        "- '<+input>'\n",
        "- insert: {identifier: x}\n",
    ],
)
def test_what_may_do_anything(step: str) -> None:
    assert between(step) == ("?", None)


def test_scripts_of_workflows() -> None:
    def after(text: str) -> tuple[object, object]:
        script = fg.step("SHELL_SCRIPT", "Script", scriptString=text)
        return states(of_workflow(fg.split("10"), script))[2]

    assert after("echo hello") == (10, True)
    assert after("kubectl apply -f vs.yaml") == ("?", None)


@pytest.mark.parametrize(
    ("resources", "after"),
    [
        (fg.CANARY, (10, False)),
        ("ConfigMap/shop, prod/Secret/shop", (10, True)),
        ("ConfigMap/shop, Deployment/shop", ("?", None)),
        ("${workflow.variables.what}", ("?", None)),
        ("*", ("?", None)),
        (f"{fg.CANARY}, VirtualService/shop", ("?", None)),
        (f"{fg.CANARY}, DestinationRule/shop", ("?", None)),
        (f"{fg.CANARY}, ConfigMap/shop", (10, False)),
        ("", ("?", None)),
    ],
)
def test_what_a_delete_takes_away(resources: str, after: tuple[object, object]) -> None:
    rollout = of_workflow(fg.split("10"), fg.delete(resources=resources, name="Delete"))
    assert states(rollout)[2] == after


def test_what_a_delete_of_a_pipeline_takes_away() -> None:
    def after(*names: str) -> tuple[object, object]:
        resources = {"type": "ResourceName", "spec": {"resourceNames": list(names)}}
        return between(ng.step("K8sDelete", deleteResources=resources))

    assert after("Deployment/shop-canary") == (20, False)
    assert after("Deployment/shop-canary", "VirtualService/shop") == ("?", None)


def test_a_workflow_may_scale_its_canary() -> None:
    def after(instances: str) -> tuple[object, object]:
        scale = fg.step("K8S_SCALE", "Scale", workload=fg.CANARY, instances=instances)
        return states(of_workflow(fg.split("10"), scale))[2]

    assert after("3") == (10, True)
    assert after("0") == ("?", None)
    assert after("${x}") == ("?", None)


APPLIED = {
    "vs-10.yaml": plain(SKIPPED),
    "vs-0.yaml": plain(SKIPPED).replace("90", "100").replace("weight: 10\n", "weight: 0\n"),
    "all.yaml": plain(SKIPPED).replace("subset: stable", "subset: v1"),
    "host.yaml": plain(SKIPPED).replace(SKIPPED[SKIPPED.index("    - dest") :], "")
    + "    - destination: {host: shop}\n",
    "config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n",
    "template.yaml": "kind: {{ .Values.kind }}\nmetadata: {name: x}\n",
    "gone.yaml": "kind: ConfigMap\n{{ if }}\n",
    "broken.yaml": "kind: Service\n  x: [",
    "part.yaml": "kind: ConfigMap\napiVersion: v1\n---\nkind: Service\n  x: [",
}


@pytest.mark.parametrize(
    ("paths", "share"),
    [
        ("vs-0.yaml", 0),
        ("vs-10.yaml", 10),
        ("all.yaml", "?"),
        ("host.yaml", "?"),
        ("config.yaml", 20),
        ("config.yaml, host.yaml", "?"),
        ("broken.yaml", "?"),
        ("part.yaml", "?"),
        ("template.yaml", "?"),
        ("gone.yaml", "?"),
        ("config.yaml, vs-0.yaml", 0),
        ("elsewhere.yaml", "?"),
        ("${x}", "?"),
        ("", "?"),
    ],
)
def test_what_an_apply_does_to_the_share(tree: Tree, paths: str, share: object) -> None:
    catalog = catalog_of(tree, APPLIED)
    rollout = of_workflow(fg.split("20", service="shop"), fg.apply(paths))
    assert states(rollout, catalog)[2] == (share, True)


def test_applied_weights_are_lost_with_the_canary(tree: Tree) -> None:
    catalog = catalog_of(tree, APPLIED)
    wrong = of_workflow(fg.apply("vs-10.yaml", "Ten"), wrap_up=fg.delete())
    assert told(hazards_of(wrong, catalog)) == [("pods-gone", "Canary Delete", 10, True)]
    right = of_workflow(
        fg.apply("vs-10.yaml", "Ten"), wrap_up=fg.apply("vs-0.yaml", "Back") + fg.delete()
    )
    assert hazards_of(right, catalog) == []


# -- hidden weights, conditions, loops, steps side by side ----------------------------------------


def test_hidden_weights_are_not_known() -> None:
    hidden = ng.traffic_routing("<+input>", "<+input>", name="Route")
    rollout = of_stage(ng.canary_deploy(), hidden, ng.canary_delete(), ng.rolling())
    assert states(rollout) == [(0, True), ("?", True), ("?", False), ("?", False)]
    assert hazards_of(rollout, Catalog()) == []
    hosts = ng.traffic_routing(20).replace('"destinations": [', '"destinations": "<+x>", "x": [')
    assert states(of_stage(ng.canary_deploy(), hosts))[1] == ("?", True)


IF = "when: {stageStatus: Success, condition: <+pipeline.variables.go>}\n"
IF_ELSE = "when: {stageStatus: Success, condition: <+pipeline.variables.other>}\n"


@pytest.mark.parametrize(
    ("split", "restore", "delete", "hazards"),
    [
        ("", None, "", [True]),
        ("", None, IF, [False]),
        (IF, None, "", [False]),
        (IF, None, IF, [False]),
        (IF, None, IF_ELSE, []),
        (IF, IF, IF, []),
        (IF, IF, "", []),
        (IF, "", IF, []),
        ("", IF, "", []),  # who knows what the condition is about
        ("", IF, IF_ELSE, []),
        ("", None, "when: {stageStatus: Success}\n", [True]),
        ("", None, "when: {stageStatus: All, condition: 'true'}\n", [True]),
        ("", None, "when: {stageStatus: Success, condition: true}\n", [True]),
        ("", None, "when: {stageStatus: Failure}\n", [False]),
        ("", None, "when: <+input>\n", [False]),
        ("", None, "skipCondition: <+x>\n", [False]),
        ("", None, "skipCondition: ''\n", [True]),
        ("", None, "strategy: {repeat: {times: 2}}\n", []),
        ("strategy: {matrix: {share: [1, 2]}}\n", None, "", []),
    ],
)
def test_conditions_and_loops(
    split: str, restore: str | None, delete: str, hazards: list[bool]
) -> None:
    steps = [ng.canary_deploy(), ng.traffic_routing(20, extra=split)]
    if restore is not None:
        steps.append(ng.inherit(0, extra=restore))
    rollout = of_stage(*steps, ng.canary_delete(extra=delete), ng.rolling())
    found = hazards_of(rollout, Catalog())
    assert told(found) == [("pods-gone", "Canary Delete", 20, certain) for certain in hazards]


def test_a_condition_elsewhere_changes_nothing() -> None:
    gate = ng.step("Verify", extra=IF)
    steps = ng.canary_deploy(), ng.traffic_routing(20), gate, ng.canary_delete(), ng.rolling()
    assert told(hazards_of(of_stage(*steps), Catalog())) == [
        ("pods-gone", "Canary Delete", 20, True)
    ]


def test_one_share_is_told_once() -> None:
    maybe = ng.canary_delete(name="Maybe", extra=IF)
    steps = ng.canary_deploy(), ng.traffic_routing(20), maybe, ng.canary_delete()
    assert told(hazards_of(of_stage(*steps), Catalog())) == [
        ("pods-gone", "Canary Delete", 20, True)
    ]
    again = ng.inherit(0), ng.canary_deploy(name="Again"), ng.inherit(30), maybe
    walked = walk(of_stage(*steps[:2], ng.canary_delete(), *again), Catalog())
    assert told([hazard for moment in walked.moments for hazard in moment.hazards]) == told(
        walked.hazards
    )
    assert told(walked.hazards) == [
        ("pods-gone", "Canary Delete", 20, True),
        ("pods-gone", "Maybe", 30, False),
    ]


def test_what_a_loop_touches_is_not_known() -> None:
    loop = "strategy: {repeat: {times: 2}}\n"
    rollout = of_stage(
        ng.canary_deploy(),
        ng.group("Loop", ng.traffic_routing(20), ng.approval(), ng.canary_delete(), extra=loop),
    )
    assert states(rollout)[-1] == ("?", None)
    assert hazards_of(rollout, Catalog()) == []


def test_a_conditional_group_is_one_condition() -> None:
    group = ng.group("Canary", ng.canary_deploy(), ng.traffic_routing(20), ng.canary_delete())
    text = ng.pipeline(ng.stage("Deploy", group.replace("    steps:", f"    {IF}    steps:", 1)))
    rollout = read(text)
    assert all(step.is_conditional for step in rollout.steps)
    assert told(hazards_of(rollout, Catalog())) == [("pods-gone", "Canary Delete", 20, False)]


def test_a_skip_condition_of_a_workflow() -> None:
    skip = "stepSkipStrategies:\n- {scope: ALL_STEPS, assertionExpression: x}\n"
    text = fg.workflow(
        fg.phase(
            "Canary",
            fg.section("Deploy", fg.canary_deploy(), fg.split("10")),
            fg.section("Wrap Up", fg.delete(), extra=skip),
        )
    )
    assert told(hazards_of(read(text), Catalog())) == [("pods-gone", "Canary Delete", 10, False)]


def test_steps_side_by_side_run_in_any_order() -> None:
    def after(*steps: str) -> list[tuple[str, str, int, bool]]:
        first = ng.canary_deploy(trafficRouting=ng.routing(20))
        return told(hazards_of(of_stage(first, ng.parallel(*steps), ng.rolling()), Catalog()))

    # either way the share is lost in the end
    assert after(ng.canary_delete(), ng.approval()) == [("pods-gone", "Canary Delete", 20, True)]
    assert after(ng.inherit(30), ng.canary_delete()) == [("pods-gone", "Canary Delete", 30, True)]
    # the share is taken back in the end
    assert after(ng.inherit(0), ng.canary_delete()) == []
    # the one order ends with pods, the other without
    assert after(ng.canary_delete(), ng.canary_deploy(name="Again")) == []


def test_the_state_after_steps_side_by_side() -> None:
    rollout = of_stage(
        ng.canary_deploy(),
        ng.parallel(ng.traffic_routing(10), ng.traffic_routing(20), ng.approval()),
        ng.parallel(ng.traffic_routing(30, name="Thirty"), ng.approval("Ask again")),
    )
    assert states(rollout) == [(0, True), *[("?", True)] * 3, *[(30, True)] * 2]
    moments = walk(rollout, Catalog()).moments
    assert [m.before.share for m in moments[:4]] == [0, 0, 0, 0]


def test_of_many_steps_side_by_side_nothing_is_said() -> None:
    four = [ng.traffic_routing(20, name=f"R{n}") for n in range(4)]
    idle = [ng.approval(f"A{n}") for n in range(4)]
    assert states(of_stage(ng.canary_deploy(), ng.parallel(*four, *idle)))[-1] == (20, True)
    five = [*four, ng.traffic_routing(20, name="R4")]
    rollout = of_stage(ng.canary_deploy(), ng.parallel(*five), ng.canary_delete())
    assert states(rollout)[-2:] == [("?", None), ("?", False)]
    end = walk(rollout, Catalog()).end
    assert (end.tried, end.rolled_out) == (None, None)


def test_what_is_known_where_it_may_be_one_or_the_other() -> None:
    one, other = of_stage(ng.traffic_routing(20), ng.canary_delete()).steps
    state = State(20, True, one, other, tried=True, rolled_out=True)
    assert either(state, state) == state
    assert either(state, replace(state, moved_by=other)) == replace(state, moved_by=None)
    assert either(state, replace(state, removed_by=one)) == replace(state, removed_by=None)
    assert either(state, replace(state, under_test=False)) == replace(state, under_test=None)
    assert either(state, replace(state, tried=False)) == replace(state, tried=None)
    assert either(state, replace(state, rolled_out=False)) == replace(state, rolled_out=None)
    assert not is_integer(either(state, replace(state, share=30)).share)
    assert not is_integer(either(state, replace(state, share=Unknown(""))).share)
    assert State() == State(0, False, None, None, tried=False, rolled_out=False)


def test_after_a_script_nothing_is_known_but_what_ran() -> None:
    first = ng.canary_deploy(), ng.rolling(), ng.traffic_routing(20), ng.canary_delete()
    for step, tried in ((ng.script("kubectl x"), False), (ng.step_template(), None)):
        end = walk(of_stage(*first, step), Catalog()).end
        assert (end.moved_by, end.removed_by, end.tried, end.rolled_out) == (None, None, True, True)
        alone = walk(of_stage(step), Catalog()).end
        assert (alone.tried, alone.rolled_out) == (tried, tried)


def test_a_rollout_that_is_undone_is_not_rolled_out() -> None:
    moments = walk(
        of_stage(ng.canary_deploy(), ng.rolling(), ng.rolling_rollback()), Catalog()
    ).moments
    assert [moment.after.rolled_out for moment in moments] == [False, True, False]


# -- the first step, and the next one -------------------------------------------------------------


def test_only_the_first_step_is_told_until_it_is_mended() -> None:
    rollout = of_stage(
        ng.canary_deploy(),
        ng.traffic_routing(20),
        ng.canary_delete(),
        ng.inherit(50),
        ng.canary_delete(name="Again"),
        ng.inherit(0),
        ng.inherit(10),
        ng.rolling(),
    )
    found = hazards_of(rollout, Catalog())
    assert told(found) == [
        ("pods-gone", "Canary Delete", 20, True),
        ("pods-gone", "Shift 10", 10, True),
    ]
    assert [h.removed_by.name for h in found if h.removed_by] == ["Canary Delete", "Canary Delete"]
    moments = walk(rollout, Catalog()).moments
    assert [hazard for moment in moments for hazard in moment.hazards] == found
    assert [moment.step.name for moment in moments if moment.hazards] == [
        h.step.name for h in found
    ]


def test_pods_that_are_deployed_again() -> None:
    again = ng.canary_deploy(name="Again")
    rollout = of_stage(
        ng.canary_deploy(), ng.canary_delete(), again, ng.traffic_routing(20), ng.inherit(0)
    )
    assert hazards_of(rollout, Catalog()) == []
    assert walk(rollout, Catalog()).end.removed_by is None


def test_the_stage_is_scaled_down_while_it_has_a_share() -> None:
    down = ng.step("K8sBlueGreenStageScaleDown", "Down")
    routed = ng.blue_green(trafficRouting=ng.routing(20, test="stage"))
    assert told(hazards_of(of_stage(routed, down), Catalog())) == [("pods-gone", "Down", 20, True)]
    assert hazards_of(of_stage(routed, ng.swap(), down), Catalog()) == []
    assert hazards_of(of_stage(routed, ng.inherit(0, test="stage"), down), Catalog()) == []


# -- the end --------------------------------------------------------------------------------------


def test_a_rollout_that_ends_with_a_share_on_the_canary() -> None:
    rollout = of_stage(ng.canary_deploy(), ng.traffic_routing(20), ng.inherit(50), ng.rolling())
    walked = walk(rollout, Catalog())
    assert told(walked.hazards) == [("never-restored", "Shift 50", 50, True)]
    assert not any(moment.hazards for moment in walked.moments)
    assert walked.end.share == 50


@pytest.mark.parametrize(
    "steps",
    [
        (ng.canary_deploy(), ng.traffic_routing(20)),  # not rolled out: another rule's
        (ng.traffic_routing(20), ng.rolling()),  # no canary of this run
        (ng.canary_deploy(), ng.traffic_routing(20), ng.rolling(), ng.inherit(0)),
        (ng.canary_deploy(), ng.traffic_routing(20), ng.rolling(), ng.step_template()),
        (ng.canary_deploy(), ng.traffic_routing(20), ng.rolling(extra=IF), ng.inherit(0, extra=IF)),
        (ng.canary_deploy(), ng.traffic_routing("<+x>", 1), ng.rolling()),
        (ng.blue_green(), ng.canary_deploy(), ng.traffic_routing(20), ng.rolling()),
        (ng.canary_deploy(), ng.parallel(*(ng.inherit(9, name=n) for n in "ab")), ng.rolling()),
        (ng.canary_deploy(canaryType="Progressive"), ng.traffic_routing(20), ng.rolling()),
        (ng.canary_deploy(canaryType="<+input>"), ng.traffic_routing(20), ng.rolling()),
        (
            ng.canary_deploy(),
            ng.canary_deploy(canaryType="Progressive"),
            ng.inherit(20),
            ng.rolling(),
        ),
    ],
)
def test_ends_that_are_right_or_not_known(steps: tuple[str, ...]) -> None:
    assert hazards_of(of_stage(*steps), Catalog()) == []


def test_one_percent_is_a_share_too() -> None:
    steps = ng.canary_deploy(), ng.traffic_routing(1)
    gone = hazards_of(of_stage(*steps, ng.canary_delete()), Catalog())
    assert told(gone) == [("pods-gone", "Canary Delete", 1, True)]
    kept = hazards_of(of_stage(*steps, ng.rolling()), Catalog())
    assert told(kept) == [("never-restored", "Route 1", 1, True)]


def test_an_end_that_hangs_on_a_condition() -> None:
    steps = ng.canary_deploy(), ng.traffic_routing(20, extra=IF), ng.rolling()
    assert told(hazards_of(of_stage(*steps), Catalog())) == [
        ("never-restored", "Route 20", 20, False)
    ]


@pytest.mark.parametrize(
    ("later", "hazards"),
    [
        ((), 1),
        ((ng.stage("Ask", ng.approval(), ng.step("Wait")),), 1),
        ((ng.stage("Clean", ng.inherit(0)),), 0),
        ((ng.stage("Ask", ng.approval()), ng.stage("Clean", ng.inherit(0))), 0),
        ((ng.stage("Script", ng.script("x")),), 0),
        (("- stage: {name: x, identifier: x, template: {templateRef: x}}\n",), 0),
        (("- stage: {name: x, identifier: x, type: Pipeline, spec: {pipeline: y}}\n",), 0),
    ],
)
def test_a_later_stage_may_complete_the_rollout(later: tuple[str, ...], hazards: int) -> None:
    first = ng.stage("Build", ng.script("make"))
    steps = ng.canary_deploy(), ng.traffic_routing(20), ng.rolling()
    text = ng.pipeline(first, ng.stage("Deploy", *steps), *later)
    file = SourceFile("p.yaml", text)
    stages = read_rollouts(Document(file, 0, text, 0, None))
    assert len(hazards_of(stages[1], Catalog())) == hazards


def test_a_fragment_has_no_end() -> None:
    steps = ng.canary_deploy() + ng.traffic_routing(20) + ng.rolling()
    assert hazards_of(read(steps), Catalog()) == []


def test_a_workflow_whose_rollout_is_not_reset(tree: Tree) -> None:
    catalog = catalog_of(tree, APPLIED)
    rollout = of_workflow(fg.apply("vs-10.yaml", "Ten"))
    assert told(hazards_of(rollout, catalog)) == [("never-restored", "Ten", 10, True)]
    assert hazards_of(of_workflow(fg.split("10")), catalog) == []


# -- the rollback ---------------------------------------------------------------------------------

RIGHT = (
    ng.canary_deploy(),
    ng.traffic_routing(20),
    ng.approval(),
    ng.inherit(0),
    ng.canary_delete(),
    ng.rolling(),
)
UNDO = (ng.canary_delete(name="Undo"), ng.rolling_rollback())


def test_a_rollback_that_deletes_the_canary_first() -> None:
    rollout = of_stage(*RIGHT, rollback=UNDO)
    assert walk(rollout, Catalog()).hazards == ()
    (hazard,) = hazards_of(rollout, Catalog())
    assert told([hazard]) == [("rollback-leaves-traffic", "Undo", 20, True)]
    assert hazard.cause is named(rollout, "Route 20")
    assert hazard.removed_by is named(rollout, "Undo")
    assert hazard.failed_at is named(rollout, "Ask")


@pytest.mark.parametrize(
    ("failed", "lost"),
    [
        ("Canary Deployment", False),
        ("Route 20", False),
        ("Ask", True),
        ("Shift 0", True),
        ("Canary Delete", False),
        ("Rolling Deployment", False),
    ],
)
def test_where_the_failure_happens(failed: str, lost: bool) -> None:
    rollout = of_stage(*RIGHT, rollback=UNDO)
    walked = walk_back(rollout, Catalog(), named(rollout, failed))
    assert [h.step.name for h in walked.hazards] == ["Undo"] * lost
    done = [m.step.name for m in walked.moments if m.direction == "forward"]
    back = [m.step.name for m in walked.moments if m.direction == "rollback"]
    names = [step.name for step in rollout.steps]
    assert done == names[: names.index(failed)]
    assert back == ["Undo", "Rolling Rollback"]
    assert walked.end == walked.moments[-1].after
    assert [bool(m.hazards) for m in walked.moments if m.step.name == "Undo"] == [lost]


@pytest.mark.parametrize(
    "rollback",
    [
        (ng.inherit(0, name="Back"), *UNDO),
        (ng.script("kubectl patch virtualservices shop"), *UNDO),
        (ng.step_template(), *UNDO),
        (ng.rolling_rollback(),),
        (ng.step("K8sProgressiveCanaryRollback", "Undo"),),
        (ng.parallel(ng.inherit(0, name="Back"), ng.canary_delete(name="Undo")),),
        (),
    ],
)
def test_rollbacks_that_are_right_or_not_known(rollback: tuple[str, ...]) -> None:
    assert hazards_of(of_stage(*RIGHT, rollback=rollback), Catalog()) == []


def test_the_order_of_the_rollback_counts() -> None:
    rollback = (*UNDO, ng.inherit(0, name="Back"))
    found = hazards_of(of_stage(*RIGHT, rollback=rollback), Catalog())
    assert told(found) == [("rollback-leaves-traffic", "Undo", 20, True)]


def test_a_rollback_that_gives_a_share_to_nobody() -> None:
    rollback = (ng.inherit(0, name="Back"), *UNDO, ng.inherit(5, name="Late"))
    found = hazards_of(of_stage(*RIGHT, rollback=rollback), Catalog())
    assert told(found) == [("rollback-leaves-traffic", "Late", 5, True)]


@pytest.mark.parametrize(
    ("action", "hazards"),
    [
        ("StageRollback", 1),
        ("PipelineRollback", 1),
        ("ManualIntervention", 1),
        ("<+input>", 1),
        ("StepGroupRollback", 0),
        ("Abort", 0),
        ("MarkAsSuccess", 0),
    ],
)
def test_what_leads_into_the_rollback(action: str, hazards: int) -> None:
    assert len(hazards_of(of_stage(*RIGHT, rollback=UNDO, action=action), Catalog())) == hazards


def test_the_nearest_failure_strategy_counts() -> None:
    def strategy(action: str) -> str:
        given = f"{{onFailure: {{errors: [AllErrors], action: {{type: {action}}}}}}}"
        return f"failureStrategies: [{given}]\n"

    def failing(extra: str, action: str) -> list[str]:
        steps = (
            ng.canary_deploy(),
            ng.traffic_routing(20),
            ng.group("Gate", ng.step("Verify", "Check", extra=extra)),
        )
        rollout = of_stage(*steps, rollback=UNDO, action=action)
        return [h.failed_at.name for h in rollback_hazards(rollout, Catalog()) if h.failed_at]

    assert failing("", "StageRollback") == ["Check"]
    assert failing(strategy("Ignore"), "StageRollback") == []
    assert failing(strategy("StageRollback"), "Abort") == ["Check"]
    group = ng.group("Gate", ng.approval(), extra=strategy("Ignore"))
    rollout = of_stage(ng.canary_deploy(), ng.traffic_routing(20), group, rollback=UNDO)
    assert hazards_of(rollout, Catalog()) == []


def test_without_any_strategy_a_failure_rolls_back() -> None:
    text = ng.pipeline(ng.stage("Deploy", *RIGHT, rollback=UNDO))
    lines = [line for line in text.splitlines() if "failureStrategies" not in line]
    assert len(hazards_of(read("\n".join(lines)), Catalog())) == 1


def test_groups_undo_what_was_begun_before_the_stage_does() -> None:
    canary = ng.group(
        "Canary",
        ng.canary_deploy(),
        ng.traffic_routing(20),
        rollback=(ng.inherit(0, name="Back"),),
    )
    gate = ng.group("Gate", ng.approval(), rollback=(ng.canary_delete(name="Gate Undo"),))
    last = ng.group("Last", ng.rolling(), rollback=(ng.canary_delete(name="Last Undo"),))
    rollout = of_stage(canary, gate, last, rollback=UNDO)

    def back(failed: str) -> list[str]:
        walked = walk_back(rollout, Catalog(), named(rollout, failed))
        return [m.step.name for m in walked.moments if m.direction == "rollback"]

    assert back("Route 20") == ["Back", "Undo", "Rolling Rollback"]
    assert back("Ask") == ["Gate Undo", "Back", "Undo", "Rolling Rollback"]
    assert back("Rolling Deployment") == ["Last Undo", *back("Ask")]
    found = hazards_of(of_stage(canary, gate, rollback=UNDO), Catalog())
    assert [h.step.name for h in found] == ["Gate Undo"]
    assert hazards_of(of_stage(canary, ng.approval(), rollback=UNDO), Catalog()) == []


def test_a_group_within_a_group_undoes_its_own() -> None:
    inner = ng.group("Inner", ng.approval(), rollback=(ng.inherit(0, name="Back"),))
    outer = ng.group("Outer", ng.canary_deploy(), ng.traffic_routing(20), inner)
    rollout = of_stage(outer, rollback=UNDO)
    assert hazards_of(rollout, Catalog()) == []
    before = walk_back(rollout, Catalog(), named(rollout, "Route 20"))
    assert "Back" not in [m.step.name for m in before.moments]


HIDDEN_UNDO = "rollbackSteps: <+input>\n"


def test_a_hidden_rollback_of_a_group_may_do_anything() -> None:
    group = ng.group("Canary", ng.canary_deploy(), ng.traffic_routing(20), ng.approval())
    text = ng.pipeline(ng.stage("Deploy", group, rollback=UNDO))
    assert len(hazards_of(read(text), Catalog())) == 1
    hidden = text.replace(
        "identifier: Canary\n", "identifier: Canary\n" + 18 * " " + HIDDEN_UNDO, 1
    )
    assert hazards_of(read(hidden), Catalog()) == []


def test_what_ran_beside_the_failed_step_is_not_known() -> None:
    beside = ng.parallel(ng.inherit(0, name="Back"), ng.approval())
    steps = ng.canary_deploy(), ng.traffic_routing(20), beside
    rollout = of_stage(*steps, rollback=UNDO)
    assert walk_back(rollout, Catalog(), named(rollout, "Ask")).hazards == ()
    # the one that failed itself did nothing
    assert len(walk_back(rollout, Catalog(), named(rollout, "Back")).hazards) == 1


def test_conditions_of_a_rollback() -> None:
    def found(*rollback: str, gate: str = ng.approval()) -> list[bool]:
        steps = ng.canary_deploy(), ng.traffic_routing(20), gate
        return [h.certain for h in hazards_of(of_stage(*steps, rollback=rollback), Catalog())]

    status = "when: {stageStatus: STATUS}\n"
    assert found(ng.canary_delete(extra=status.replace("STATUS", "Failure"))) == [True]
    assert found(ng.canary_delete(extra=status.replace("STATUS", "All"))) == [True]
    assert found(ng.canary_delete(extra=status.replace("STATUS", "Success"))) == [False]
    assert found(ng.canary_delete(extra=IF)) == [False]
    assert found(ng.inherit(0, extra=IF), ng.canary_delete()) == []
    assert found(ng.canary_delete(), gate=ng.step("Verify", extra=IF)) == [False]


def test_the_surest_failure_is_told() -> None:
    steps = ng.canary_deploy(), ng.traffic_routing(20), ng.step("Verify", extra=IF), ng.approval()
    (hazard,) = hazards_of(of_stage(*steps, rollback=UNDO), Catalog())
    assert hazard.certain
    assert hazard.failed_at is not None
    assert hazard.failed_at.name == "Ask"


def test_what_is_lost_already_is_not_lost_again() -> None:
    steps = ng.canary_deploy(), ng.traffic_routing(20), ng.canary_delete(), ng.rolling()
    rollout = of_stage(*steps, rollback=UNDO)
    walked = walk_back(rollout, Catalog(), named(rollout, "Rolling Deployment"))
    assert walked.hazards == ()
    assert all(moment.hazards == () for moment in walked.moments)


def workflow_that_may_fail(*rollback: str, split: str = fg.split("10")) -> Rollout:
    return of_workflow(split, fg.step("APPROVAL", "Ask"), wrap_up=fg.delete(), rollback=rollback)


def test_the_rollback_of_a_workflow() -> None:
    undo = fg.delete(name="Undo")
    (hazard,) = hazards_of(workflow_that_may_fail(undo_phase("Canary", undo)), Catalog())
    assert told([hazard]) == [("rollback-leaves-traffic", "Undo", 10, True)]
    assert hazard.failed_at is not None
    assert hazard.failed_at.name == "Ask"
    back = fg.split("0")
    assert hazards_of(workflow_that_may_fail(undo_phase("Canary", back, undo)), Catalog()) == []


def test_a_rolling_rollback_may_leave_the_share_or_not() -> None:
    rollback = fg.step("K8S_DEPLOYMENT_ROLLING_ROLLBACK", "Back")
    rollout = workflow_that_may_fail(undo_phase("Canary", rollback, fg.delete(name="Undo")))
    assert hazards_of(rollout, Catalog()) == []
    assert not is_integer(walk_back(rollout, Catalog(), named(rollout, "Ask")).end.share)
    routed = of_stage(*RIGHT, rollback=(ng.rolling_rollback(), ng.canary_delete(name="Undo")))
    assert told(hazards_of(routed, Catalog())) == [("rollback-leaves-traffic", "Undo", 20, True)]


def test_only_phases_that_were_begun_are_undone() -> None:
    rollout = workflow_that_may_fail(
        undo_phase("Canary", fg.step("K8S_SCALE", "Nothing", instances="1")),
        undo_phase("Primary", fg.delete(name="Undo")),
    )
    assert walk_back(rollout, Catalog(), named(rollout, "Ask")).hazards == ()
    failed = named(rollout, "Rollout Deployment")
    assert [h.step.name for h in walk_back(rollout, Catalog(), failed).hazards] == ["Undo"]


def test_the_order_of_the_phases_of_a_rollback_is_not_known() -> None:
    first = undo_phase("Canary", fg.split("0"))
    second = undo_phase("Primary", fg.delete(name="Undo"))
    assert hazards_of(workflow_that_may_fail(first, second), Catalog()) == []
    assert hazards_of(workflow_that_may_fail(second, first), Catalog()) == []


@pytest.mark.parametrize("name", ["", "${workflow.variables.phase}"])
def test_a_phase_that_does_not_tell_what_it_undoes_may_run(name: str) -> None:
    restore = undo_phase(name, fg.split("0"), name="Back")
    delete = undo_phase("Canary", fg.delete(name="Undo"))
    assert hazards_of(workflow_that_may_fail(restore, delete), Catalog()) == []
    maybe = undo_phase(name, fg.delete(name="Undo"), name="Back")
    assert hazards_of(workflow_that_may_fail(maybe), Catalog()) == []


def test_failure_strategies_of_a_workflow() -> None:
    text = fg.workflow(
        fg.phase(
            "Canary", fg.section("All", fg.canary_deploy(), fg.split("10"), fg.step("APPROVAL"))
        ),
        rollback=(undo_phase("Canary", fg.delete()),),
    )

    def found(action: str) -> int:
        given = f"failureStrategies:\n- {{repairActionCode: '{action}'}}\n"
        return len(hazards_of(read(given + text), Catalog()))

    assert [found(a) for a in ("ROLLBACK_WORKFLOW", "MANUAL_INTERVENTION", "${x}")] == [1, 1, 1]
    assert [found(a) for a in ("IGNORE", "END_EXECUTION")] == [0, 0]
    section = text.replace(
        "    name: All\n", "    name: All\n    failureStrategies: [{repairActionCode: IGNORE}]\n"
    )
    assert section != text
    assert hazards_of(read(section), Catalog()) == []


# -- several services -----------------------------------------------------------------------------


def of_service(
    service: str, *, split: str = "", early: str = "", late: str = ""
) -> tuple[str, str]:
    return (
        fg.phase(
            f"Canary {service}",
            fg.section("All", fg.canary_deploy(), split, early),
            service=service,
        ),
        fg.phase(f"Primary {service}", fg.section("All", fg.rollout(), late), service=service),
    )


def test_one_service_says_nothing_of_another() -> None:
    shop, cart = (
        of_service("shop", split=fg.split("10"), late=fg.delete()),
        of_service("cart", early=fg.delete(name="Delete cart")),
    )
    clean = fg.phase("Clean", fg.section("All", fg.delete()), service="cart")
    rollout = read(fg.workflow(cart[0], shop[0], clean, shop[1], cart[1]))
    assert hazards_of(rollout, Catalog()) == []
    assert len(walk(rollout, Catalog()).hazards) == 1  # were they one
    wrong = of_service("cart", split=fg.split("20"), early=fg.delete(name="Delete cart"))
    rollout = read(fg.workflow(shop[0], wrong[0], shop[1], wrong[1]))
    assert told(hazards_of(rollout, Catalog())) == [("pods-gone", "Delete cart", 20, True)]
    first, second = targets(rollout)
    assert [phase.name for phase in first.phases] == ["Canary shop", "Primary shop"]
    assert [step.name for step in second.steps] == [
        "Canary Deployment",
        "Traffic Split 20",
        "Delete cart",
        "Rollout Deployment",
    ]
    assert len(rollout.steps) == 8


def test_one_infrastructure_says_nothing_of_another() -> None:
    def phases(infra: str, *steps: str) -> tuple[str, str]:
        canary = fg.section("All", fg.canary_deploy(), *steps)
        primary = fg.section("All", fg.rollout(), fg.delete(name=f"Late {infra}"))
        return (
            fg.phase(f"Canary {infra}", canary, infra=infra),
            fg.phase(f"Primary {infra}", primary, infra=infra),
        )

    east, west = phases("east", fg.split("10")), phases("west")
    early = fg.phase("Clean", fg.section("All", fg.delete(name="Early")), infra="west")
    rollout = read(fg.workflow(west[0], east[0], early, east[1], west[1]))
    assert hazards_of(rollout, Catalog()) == []
    assert len(walk(rollout, Catalog()).hazards) == 1  # were they one


def test_where_names_are_hidden_nothing_is_said_of_several() -> None:
    shop = of_service("shop", split=fg.split("10"), early=fg.delete())
    hidden = of_service("${workflow.variables.service}")
    assert hazards_of(read(fg.workflow(*shop, *hidden)), Catalog()) == []
    assert targets(read(fg.workflow(*shop, *hidden))) == []
    other = fg.phase("Other", fg.section("All", fg.rollout()), service="${x}")
    assert len(hazards_of(read(fg.workflow(*shop, other)), Catalog())) == 1
    blank = of_service('""')
    assert targets(read(fg.workflow(*shop, *blank))) == []
    both = of_service("${x}", split=fg.split("10"), early=fg.delete())
    assert len(hazards_of(read(fg.workflow(*both)), Catalog())) == 1


def test_a_service_without_a_canary_stands_aside() -> None:
    shop = of_service("shop", split=fg.split("10"))
    cart = fg.phase("Cart", fg.section("All", fg.rollout()), service="cart")
    delete = fg.phase("Early", fg.section("All", fg.delete()), service="shop")
    rollout = read(fg.workflow(shop[0], cart, delete, shop[1]))
    assert told(hazards_of(rollout, Catalog())) == [("pods-gone", "Canary Delete", 10, True)]


def test_a_workflow_without_a_canary_of_its_own(tree: Tree) -> None:
    steps = fg.section("All", fg.apply("vs-10.yaml", "Ten"), fg.delete())
    rollout = read(fg.workflow(fg.phase("One", steps)))
    found = hazards_of(rollout, catalog_of(tree, APPLIED))
    assert told(found) == [("pods-gone", "Canary Delete", 10, True)]


def test_a_target_that_differs_by_mistake() -> None:
    canary = fg.phase("Canary", fg.section("All", fg.canary_deploy(), fg.split("10")))
    primary = fg.phase("Primary", fg.section("All", fg.rollout(), fg.delete()), infra="other")
    assert hazards_of(read(fg.workflow(canary, primary)), Catalog()) == []


def test_the_rollback_of_one_service() -> None:
    shop = of_service("shop", split=fg.split("10") + fg.step("APPROVAL", "Ask"), late=fg.delete())
    cart = of_service("cart")

    def undo(service: str) -> str:
        text = undo_phase(f"Canary {service}", fg.delete(name=f"Undo {service}"))
        return text.replace("serviceName: shop", f"serviceName: {service}")

    rollout = read(fg.workflow(*cart, *shop, rollback=(undo("cart"), undo("shop"))))
    assert [h.step.name for h in hazards_of(rollout, Catalog())] == ["Undo shop"]
    restore = undo_phase("", fg.split("0")).replace("serviceName: shop", "serviceName: cart")
    rollout = read(fg.workflow(*cart, *shop, rollback=(restore, undo("shop"))))
    assert [h.step.name for h in hazards_of(rollout, Catalog())] == ["Undo shop"]


# -- what others ask ------------------------------------------------------------------------------


def test_splits_after_the_delete() -> None:
    after = fg.delete() + fg.split("20", mark="") + fg.split("0")
    rollout = of_workflow(fg.split("10"), wrap_up=after)
    (late,) = late_shifts(rollout, Catalog())
    assert (late.shift.step.name, late.delete.name, late.certain) == (
        "Traffic Split 20",
        "Canary Delete",
        True,
    )
    assert (
        late_shifts(of_workflow(fg.split("10"), wrap_up=fg.split("20") + fg.delete()), Catalog())
        == []
    )


def test_splits_after_a_delete_that_comes_too_early_are_not_late() -> None:
    rollout = of_workflow(fg.split("10"), fg.delete(), fg.split("20"))
    assert late_shifts(rollout, Catalog()) == []
    assert len(walk(rollout, Catalog()).hazards) == 1


def test_splits_after_a_new_canary_are_not_late() -> None:
    again = fg.delete() + fg.canary_deploy() + fg.split("20")
    assert late_shifts(of_workflow(fg.split("10"), wrap_up=again), Catalog()) == []
    cleared = fg.workflow(fg.phase("One", fg.section("All", fg.delete(), fg.split("20"))))
    assert late_shifts(read(cleared), Catalog()) == []
    hidden = fg.delete() + fg.split("${x}", stable="1")
    assert late_shifts(of_workflow(fg.split("10"), wrap_up=hidden), Catalog()) == []
    assert late_shifts(of_stage(*RIGHT, ng.inherit(20)), Catalog()) == []


def test_a_late_split_may_be_skipped() -> None:
    skip = "stepSkipStrategies:\n- {scope: ALL_STEPS, assertionExpression: x}\n"
    text = fg.workflow(
        fg.phase("Canary", fg.section("All", fg.canary_deploy(), fg.split("10"))),
        fg.phase(
            "Primary",
            fg.section("All", fg.rollout()),
            fg.section("Wrap Up", fg.delete()),
            fg.section("Wrap Up", fg.split("20"), extra=skip),
        ),
    )
    assert [late.certain for late in late_shifts(read(text), Catalog())] == [False]


def test_an_empty_rollout() -> None:
    rollout = read("harnessApiVersion: '1.0'\ntype: CANARY\nphases: [{phaseSteps: []}]\n")
    walked = walk(rollout, Catalog())
    assert (walked.moments, walked.hazards, walked.end.share) == ((), (), 0)
    assert walked.end.stable_share == 100
    assert walked.rollout is rollout


def test_the_share_of_stable() -> None:
    moments = walk(of_stage(ng.canary_deploy(), ng.traffic_routing(20)), Catalog()).moments
    assert moments[1].after.stable_share == 80
    hidden = walk(of_stage(ng.canary_deploy(), ng.traffic_routing("<+x>", 1)), Catalog()).end
    assert not is_integer(hidden.stable_share)


REAL = ng.pipeline(
    ng.stage(
        "Deploy",
        ng.group(
            "Canary Deployment",
            ng.canary_deploy(),
            ng.script("kubectl patch virtualservices shop --type json -p 80/20", "Split 80/20"),
            ng.step("Verify", "Verify 20"),
            ng.script("kubectl patch virtualservices shop --type json -p 50/50", "Split 50/50"),
            ng.step("Verify", "Verify 50"),
        ),
        ng.group(
            "Primary Deployment",
            ng.script("kubectl patch virtualservices shop --type json -p 100/0", "Restore"),
            ng.canary_delete(),
            ng.rolling(),
        ),
        rollback=(
            ng.script("kubectl patch virtualservices shop --type json -p 100/0", "Restore again"),
            ng.canary_delete(name="Undo"),
            ng.rolling_rollback(),
        ),
    )
)


def test_traffic_shifted_by_scripts_is_left_alone() -> None:
    rollout = read(REAL)
    assert hazards_of(rollout, Catalog()) == []
    assert states(rollout)[1:] == [("?", None)] * 5 + [("?", False)] * 2


def test_a_canary_without_any_traffic_shift_is_right() -> None:
    rollout = of_stage(
        ng.group("Canary", ng.canary_deploy(), ng.canary_delete()),
        ng.group("Primary", ng.rolling()),
        rollback=UNDO,
    )
    assert states(rollout) == [(0, True), (0, False), (0, False)]
    assert hazards_of(rollout, Catalog()) == []


def test_a_progressive_canary_is_left_alone() -> None:
    given = {"canaryType": "Progressive", "targetPercentage": 50}
    rollout = of_stage(
        ng.canary_deploy(trafficRouting=ng.routing(20), **given),
        ng.inherit(50),
        ng.canary_delete(),
        rollback=(ng.step("K8sProgressiveCanaryRollback", "Undo"),),
    )
    assert hazards_of(rollout, Catalog()) == []
    assert states(rollout)[0] == ("?", None)

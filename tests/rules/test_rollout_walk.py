"""TS650 to TS654: what the walk of a rollout finds."""

from __future__ import annotations

from collections.abc import Iterator

import pipelines as ng
import pytest
import workflows as fg
from test_harness import EXAMPLE_A, EXAMPLE_B, EXAMPLE_C, EXAMPLE_C_FILES, EXAMPLE_D

from conftest import Tree
from tsplit_lint import Finding, Severity

OURS = ("TS650", "TS651", "TS652", "TS653", "TS654")
E, W = Severity.ERROR, Severity.WARNING


def ours(tree: Tree, text: str, files: dict[str, str] | None = None) -> Iterator[Finding]:
    """The findings of the five rules."""
    tree.write({"rollout.yaml": text, **(files or {})})
    return (f for f in tree.lint() if f.rule in OURS and f.file.endswith("rollout.yaml"))


def check(tree: Tree, text: str, files: dict[str, str] | None = None) -> None:
    """The five rules speak at the marked lines and nowhere else."""
    assert {f"{f.span.line} {f.rule}" for f in ours(tree, text, files)} == fg.marked(text)


def stage(*steps: str, rollback: tuple[str, ...] = ()) -> str:
    return ng.pipeline(ng.stage("Deploy", *steps, rollback=rollback))


def workflow(*steps: str, wrap_up: str = "", rollback: tuple[str, ...] = ()) -> str:
    return fg.workflow(
        fg.phase(
            "Canary",
            fg.section("Deploy", fg.canary_deploy()),
            fg.section("Verify", *steps),
        ),
        fg.phase("Primary", fg.section("Deploy", fg.rollout()), fg.section("Wrap Up", wrap_up)),
        rollback=rollback,
    )


def lines(finding: Finding, text: str) -> list[str]:
    """The lines that a finding relates to."""
    written = text.splitlines()
    return [written[related.span.line - 1].strip() for related in finding.related]


ASK = fg.step("APPROVAL", "Ask")
IF = "when: {stageStatus: Success, condition: <+pipeline.variables.go>}\n"
VIRTUAL_SERVICE = """\
# harness.io/skip-file-for-deploy
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


def weights(canary: int) -> str:
    text = VIRTUAL_SERVICE.replace("STABLE", str(100 - canary))
    return text.replace("CANARY", str(canary))


FILES = {f"vs-{share}.yaml": weights(share) for share in (0, 10, 20, 50)}


# -- whole rollouts -------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [EXAMPLE_A, EXAMPLE_B, EXAMPLE_D], ids=["A", "B", "D"])
def test_the_examples_are_right_or_told_by_others(tree: Tree, text: str) -> None:
    assert list(ours(tree, text)) == []


def test_tcp_shifted_by_apply_steps_is_right(tree: Tree) -> None:
    assert list(ours(tree, EXAMPLE_C, EXAMPLE_C_FILES)) == []


@pytest.mark.parametrize(
    "text",
    [
        stage(
            ng.group("Canary", ng.canary_deploy(), ng.canary_delete()),
            ng.group("Primary", ng.rolling()),
            rollback=(ng.canary_delete(), ng.rolling_rollback()),
        ),
        stage(
            ng.group(
                "Canary",
                ng.canary_deploy(),
                ng.canary_delete(),
                rollback=(ng.canary_delete(name="Undo"),),
            ),
            ng.rolling(),
        ),
        stage(ng.traffic_routing(20, test="example-canary-service")),
        stage(
            ng.canary_deploy(trafficRouting=ng.routing(10)),
            ng.step("Verify"),
            ng.inherit(50),
            ng.approval(),
            ng.inherit(0),
            ng.canary_delete(),
            ng.rolling(),
            rollback=(ng.inherit(0, name="Back"), ng.canary_delete(name="Undo")),
        ),
        stage(
            ng.group(
                "Canary",
                ng.canary_deploy(),
                ng.script("kubectl patch virtualservices shop -p 80/20", "Split 80/20"),
                ng.script("kubectl patch virtualservices shop -p 50/50", "Split 50/50"),
            ),
            ng.group(
                "Primary",
                ng.script("kubectl patch virtualservices shop -p 100/0", "Restore"),
                ng.canary_delete(),
                ng.rolling(),
            ),
            rollback=(
                ng.script("kubectl patch virtualservices shop -p 100/0", "Restore"),
                ng.canary_delete(name="Undo"),
                ng.rolling_rollback(),
            ),
        ),
        stage(
            ng.canary_deploy(canaryType="Progressive", targetPercentage=50),
            ng.traffic_routing(50),
            rollback=(ng.step("K8sProgressiveCanaryRollback"),),
        ),
        stage(
            ng.blue_green(trafficRouting=ng.routing(10, test="stage")),
            ng.step("Verify"),
            ng.inherit(100, test="stage"),
            ng.swap(),
        ),
        workflow(fg.split("10"), ASK, fg.split("50"), wrap_up=fg.delete()),
    ],
    ids=["shipped", "group", "routing", "ramp", "scripts", "progressive", "blue-green", "managed"],
)
def test_right_rollouts(tree: Tree, text: str) -> None:
    assert list(ours(tree, text)) == []


# -- TS650 ----------------------------------------------------------------------------------------


def test_a_delete_after_a_rollout_that_resets_nothing(tree: Tree) -> None:
    text = stage(
        ng.group("Canary", ng.canary_deploy(), ng.traffic_routing(20), ng.approval()),
        ng.group("Primary", ng.rolling(), ng.canary_delete("TS650")),
    )
    check(tree, text)
    (finding,) = ours(tree, text)
    assert finding.severity == W  # the order that Harness's documents call right
    assert finding.message == (
        '"Canary Delete" (step group "Primary") takes away the canary\'s pods while 20% of the '
        'requests go to them, given by "Route 20" (step group "Canary"), and no step takes it back. '
        "These requests fail."
    )
    assert finding.help == "Add a step before it that gives stable 100 and the canary 0."
    assert lines(finding, text) == ["name: Route 20", "name: Rolling Deployment"]


def test_a_restore_that_comes_after_the_delete(tree: Tree) -> None:
    text = stage(
        ng.canary_deploy(),
        ng.traffic_routing(20),
        ng.rolling(),
        ng.canary_delete("TS650"),
        ng.inherit(0),
    )
    check(tree, text)
    (finding,) = ours(tree, text)
    assert 'and "Shift 0" takes it back only later' in finding.message
    assert finding.help == 'Move "Shift 0" before it.'
    assert lines(finding, text) == ["name: Route 20", "name: Rolling Deployment", "name: Shift 0"]


def test_the_next_restore_and_the_rollouts_between_are_named(tree: Tree) -> None:
    text = stage(
        ng.canary_deploy(),
        ng.rolling(name="First"),
        ng.traffic_routing(0, name="Zero"),
        ng.inherit(20),
        ng.rolling(name="Second"),
        ng.canary_delete("TS650"),
        ng.rolling(name="Third"),
        ng.inherit(30),
        ng.approval(),
        ng.inherit(0, name="Back"),
        ng.inherit(0, name="Back again"),
    )
    check(tree, text)
    (finding,) = ours(tree, text)
    assert finding.help == 'Move "Back" before it.'
    assert lines(finding, text) == ["name: Shift 20", "name: Second", "name: Back"]


def test_a_share_that_two_steps_may_have_given(tree: Tree) -> None:
    both = ng.parallel(ng.traffic_routing(20, name="One"), ng.traffic_routing(20, name="Two"))
    text = stage(ng.canary_deploy(), both, ng.rolling(), ng.canary_delete("TS650"))
    check(tree, text)
    (finding,) = ours(tree, text)
    assert "while 20% of the requests go to them, and no step takes it back" in finding.message
    assert finding.related == ()
    undone = ng.canary_delete("TS654", name="Undo")
    text = stage(ng.canary_deploy(), both, ng.approval(), ng.inherit(0), rollback=(undone,))
    check(tree, text)
    (finding,) = ours(tree, text)
    assert "while it still has the 20%. These" in finding.message
    assert lines(finding, text) == ["name: Ask"]


def test_two_deletes_side_by_side(tree: Tree) -> None:
    two = ng.canary_delete(name="One"), ng.canary_delete(name="Two")
    text = stage(
        ng.canary_deploy(), ng.rolling(), ng.parallel(*two), ng.traffic_routing(20, mark="TS650")
    )
    check(tree, text)
    (finding,) = ours(tree, text)
    assert "but an earlier step has deleted its pods" in finding.message
    assert finding.related == ()
    first = ng.canary_delete("TS650", name="One")
    check(
        tree,
        stage(ng.canary_deploy(), ng.traffic_routing(20), ng.rolling(), ng.parallel(first, two[1])),
    )


def test_the_delete_in_its_place_while_applied_weights_stand(tree: Tree) -> None:
    apply = fg.apply("vs-10.yaml", "Ten")
    text = workflow(apply, wrap_up=fg.delete("TS650"))
    check(tree, text, FILES)
    (finding,) = ours(tree, text, FILES)
    assert '"Canary Delete" (section "Wrap Up" of phase "Primary")' in finding.message
    assert '"Ten" (section "Verify" of phase "Canary")' in finding.message
    check(tree, workflow(apply, wrap_up=fg.apply("vs-0.yaml", "Zero") + fg.delete()), FILES)
    late = fg.delete("TS650") + fg.apply("vs-0.yaml", "Zero")
    check(tree, workflow(apply, wrap_up=late), FILES)


def test_others_speak_of_deletes_in_the_wrong_place(tree: Tree) -> None:
    check(tree, workflow(fg.split("10"), fg.delete()))  # TS601
    early = ng.canary_deploy(), ng.traffic_routing(20), ng.canary_delete(), ng.rolling()
    check(tree, stage(*early))  # TS701
    between = fg.section("Verify", fg.delete())
    text = workflow(fg.apply("vs-10.yaml", "Ten")).replace(
        "  - type: K8S_PHASE_STEP\n    name: Wrap Up\n",
        "".join(f"  {line}\n" for line in between.splitlines())
        + "  - type: K8S_PHASE_STEP\n    name: Wrap Up\n",
    )
    assert "K8S_DELETE" in text
    check(tree, text, FILES)  # TS603


def test_others_speak_of_splits_after_the_delete(tree: Tree) -> None:
    check(tree, workflow(fg.split("10"), wrap_up=fg.delete() + fg.split("20")))  # TS604
    both = fg.delete() + fg.apply("vs-20.yaml", "Twenty")
    check(tree, workflow(fg.apply("vs-10.yaml", "Ten"), wrap_up=both), FILES)


def test_a_share_after_the_delete_of_a_pipeline(tree: Tree) -> None:
    text = stage(
        ng.canary_deploy(), ng.rolling(), ng.canary_delete(), ng.traffic_routing(20, mark="TS650")
    )
    check(tree, text)
    (finding,) = ours(tree, text)
    assert finding.message == (
        '"Route 20" gives the canary 20% of the requests, but "Canary Delete" has deleted its pods. '
        "These requests fail."
    )
    assert finding.help == "Delete the canary after the last step that gives it a share."
    assert lines(finding, text) == ["name: Canary Delete"]


def test_a_share_before_the_canary_is_deployed(tree: Tree) -> None:
    text = stage(
        ng.traffic_routing(20, mark="TS650"),
        ng.canary_deploy(),
        ng.inherit(0),
        ng.canary_delete(),
        ng.rolling(),
    )
    check(tree, text)
    (finding,) = ours(tree, text)
    assert finding.message == (
        '"Route 20" gives the canary 20% of the requests, but no step before it deploys the canary. '
        "These requests fail."
    )
    assert finding.help == "Move it after the step that deploys the canary."
    assert lines(finding, text) == ["name: Canary Deployment"]


def test_an_apply_before_the_canary_is_deployed(tree: Tree) -> None:
    ten = fg.apply("vs-10.yaml", "Ten").replace("K8S_APPLY", "K8S_APPLY  # TS650")
    end = fg.section("Wrap Up", fg.apply("vs-0.yaml", "Zero"), fg.delete())
    one = fg.phase("One", fg.section("All", ten, fg.canary_deploy(), fg.rollout()), end)
    check(tree, fg.workflow(one), FILES)
    cart = fg.section("All", fg.canary_deploy(), fg.rollout())
    text = fg.workflow(fg.phase("Cart", cart, service="cart"), one)
    check(tree, text, FILES)
    (finding,) = ours(tree, text, FILES)
    assert finding.related[0].span.line > finding.span.line
    assert lines(finding, text) == ["name: Canary Deployment"]
    split = fg.section("All", fg.split("10"), fg.canary_deploy(), fg.rollout())
    check(tree, fg.workflow(fg.phase("One", split, end)), FILES)  # TS608 says so
    beside = fg.section("All", fg.split("10", service="shop"), fg.canary_deploy(), parallel=True)
    check(tree, fg.workflow(fg.phase("One", beside, end)), FILES)


def test_a_condition_makes_it_a_warning(tree: Tree) -> None:
    def severities(*steps: str) -> list[Severity]:
        text = stage(ng.canary_deploy(), *steps)
        return [f.severity for f in ours(tree, text) if f.rule == "TS650"]

    route, delete = ng.traffic_routing(20), ng.canary_delete(name="Delete")
    assert severities(route, ng.rolling(), delete) == [W]
    assert severities(route, ng.rolling(), ng.canary_delete(extra=IF)) == [W]
    assert severities(ng.traffic_routing(20, extra=IF), ng.rolling(), delete) == [W]
    assert severities(route, ng.rolling(), ng.inherit(0, extra=IF), delete) == []


@pytest.mark.parametrize(
    "steps",
    [
        (ng.traffic_routing("<+input>", "<+input>"), ng.rolling(), ng.canary_delete()),
        (ng.traffic_routing(20), ng.rolling(), ng.step_template(), ng.canary_delete()),
        (ng.traffic_routing(20), ng.rolling(), ng.script("./back.sh"), ng.canary_delete()),
        (ng.traffic_routing(20), ng.rolling(), ng.parallel(ng.inherit(0), ng.canary_delete())),
        (ng.traffic_routing(20), ng.rolling(), ng.canary_delete(extra="strategy: {repeat: {}}\n")),
    ],
    ids=["weights", "template", "script", "beside", "loop"],
)
def test_what_is_hidden_is_no_finding(tree: Tree, steps: tuple[str, ...]) -> None:
    check(tree, stage(ng.canary_deploy(), *steps))


def test_the_scale_down_of_a_stage(tree: Tree) -> None:
    routed = ng.blue_green(trafficRouting=ng.routing(20, test="stage"))
    down = ng.step("K8sBlueGreenStageScaleDown", "Down", "TS650")
    check(tree, stage(routed, ng.approval(), down))


# -- TS651 ----------------------------------------------------------------------------------------


def test_the_canary_keeps_its_share(tree: Tree) -> None:
    text = stage(
        ng.canary_deploy(),
        ng.traffic_routing(20),
        ng.approval(),
        ng.inherit(50, mark="TS651"),
        ng.rolling(),
    )
    check(tree, text)
    (finding,) = ours(tree, text)
    assert finding.severity == E
    assert finding.message == (
        'The rollout ends with 50% of the requests still on the canary: "Shift 50" gives it that '
        "share, and no later step takes it back."
    )
    assert finding.help == (
        'Add a step after "Rolling Deployment" that gives stable 100 and the canary 0.'
    )
    assert lines(finding, text) == ["name: Rolling Deployment"]


def test_the_last_rollout_is_named(tree: Tree) -> None:
    text = stage(
        ng.canary_deploy(),
        ng.rolling(name="First"),
        ng.traffic_routing(20, mark="TS651"),
        ng.rolling(name="Second"),
    )
    check(tree, text)
    (finding,) = ours(tree, text)
    assert '"Second"' in finding.help
    assert lines(finding, text) == ["name: Second"]


def test_another_stage_may_take_the_share_back(tree: Tree) -> None:
    steps = (ng.canary_deploy(), ng.traffic_routing(20, mark="TS651"), ng.rolling())
    text = ng.stage_template(ng.stage("Deploy", *steps, rollback=(ng.inherit(0),)))
    check(tree, text)
    assert [finding.severity for finding in ours(tree, text)] == [W]


def test_a_workflow_leaves_applied_weights(tree: Tree) -> None:
    apply = fg.apply("vs-10.yaml", "Ten").replace("K8S_APPLY", "K8S_APPLY  # TS651")
    check(tree, workflow(apply), FILES)
    check(tree, workflow(fg.split("10")), FILES)  # Harness resets what it manages


def test_a_conditional_share_that_stays(tree: Tree) -> None:
    text = stage(ng.canary_deploy(), ng.traffic_routing(20, mark="TS651", extra=IF), ng.rolling())
    check(tree, text)
    assert [f.severity for f in ours(tree, text)] == [W]


def test_a_later_stage_may_take_the_share_back(tree: Tree) -> None:
    steps = ng.canary_deploy(), ng.traffic_routing(20), ng.rolling()
    clean = ng.stage("Clean", ng.inherit(0), ng.canary_delete())
    check(tree, ng.pipeline(ng.stage("Deploy", *steps), clean))


# -- TS652 ----------------------------------------------------------------------------------------


def gated(*splits: str) -> str:
    return "".join(split + fg.step("APPROVAL", f"Ask {n}") for n, split in enumerate(splits))


def test_a_smaller_share_than_before(tree: Tree) -> None:
    text = workflow(
        gated(fg.split("10"), fg.split("50"), fg.split("25", mark="TS652")), wrap_up=fg.delete()
    )
    check(tree, text)
    (finding,) = ours(tree, text)
    assert finding.severity == W
    assert finding.message == (
        '"Traffic Split 25" (section "Verify" of phase "Canary") gives the canary 25% of the requests, '
        'less than the 50% that "Traffic Split 50" (section "Verify" of phase "Canary") gave it. The '
        "ramp goes back."
    )
    assert lines(finding, text) == ["name: Traffic Split 50"]


def test_one_percent_is_a_share_too(tree: Tree) -> None:
    check(tree, workflow(gated(fg.split("2"), fg.split("1", mark="TS652")), wrap_up=fg.delete()))
    check(tree, workflow(fg.split("1"), fg.split("2", mark="TS653"), wrap_up=fg.delete()))


@pytest.mark.parametrize(
    "splits",
    [
        (fg.split("10"), fg.split("25"), fg.split("50")),
        (fg.split("10"), fg.split("10")),
        (fg.split("50"), fg.split("0"), fg.split("10")),
        (fg.split("50"), fg.split("0")),
        (fg.split("50"), fg.split("${x}", stable="1"), fg.split("10")),
        (fg.split("50"), fg.canary_deploy(), fg.split("10")),
        (fg.split("50", service="shop"), fg.split("10", service="cart")),
        (fg.split("50"), fg.split("10", service="cart")),
    ],
)
def test_ramps_that_are_right_or_not_known(tree: Tree, splits: tuple[str, ...]) -> None:
    check(tree, workflow(gated(*splits), wrap_up=fg.delete()))


def test_a_ramp_of_a_pipeline_that_goes_back(tree: Tree) -> None:
    def ramp(first: str, second: str) -> str:
        back = ng.inherit(0), ng.canary_delete(), ng.rolling()
        return stage(ng.canary_deploy(), first, ng.approval(), second, ng.approval(), *back)

    check(tree, ramp(ng.traffic_routing(50), ng.inherit(20, mark="TS652")))
    check(tree, ramp(ng.traffic_routing(20), ng.inherit(50)))
    check(tree, ramp(ng.traffic_routing(50), ng.inherit(20, extra=IF)))
    check(tree, ramp(ng.traffic_routing(50, extra=IF), ng.inherit(20)))
    other = ng.inherit(20).replace('"name": "main"', '"name": "other"')
    assert "other" in other
    check(tree, ramp(ng.traffic_routing(50), other))
    hidden = ng.inherit(20).replace('"name": "main"', '"name": "<+x>"')
    check(tree, ramp(ng.traffic_routing(50), hidden))


def test_a_routing_in_the_deployment_begins_the_ramp(tree: Tree) -> None:
    deploy = ng.canary_deploy(trafficRouting=ng.routing(50))
    back = ng.inherit(0), ng.canary_delete(), ng.rolling()
    check(tree, stage(deploy, ng.approval(), ng.inherit(20, mark="TS652"), ng.approval(), *back))


def test_applied_weights_that_go_back(tree: Tree) -> None:
    def ramp(*shares: int, mark: str = "") -> str:
        steps = [fg.apply(f"vs-{share}.yaml", f"Apply {share}") for share in shares]
        steps[-1] = steps[-1].replace("K8S_APPLY", f"K8S_APPLY  # {mark}" if mark else "K8S_APPLY")
        return workflow(gated(*steps), wrap_up=fg.apply("vs-0.yaml", "Zero") + fg.delete())

    check(tree, ramp(10, 50), FILES)
    check(tree, ramp(50, 10, mark="TS652"), FILES)
    other = {**FILES, "vs-10.yaml": FILES["vs-10.yaml"].replace("name: shop", "name: cart")}
    check(tree, ramp(50, 10), other)


def test_services_have_ramps_of_their_own(tree: Tree) -> None:
    def canary(service: str, share: str) -> str:
        steps = fg.section("All", fg.canary_deploy(), fg.split(share), ASK)
        return fg.phase(f"Canary {service}", steps, service=service)

    def primary(service: str) -> str:
        steps = fg.section("All", fg.rollout())
        wrap_up = fg.section("Wrap Up", fg.delete())
        return fg.phase(f"Primary {service}", steps, wrap_up, service=service)

    text = fg.workflow(canary("shop", "50"), canary("cart", "10"), primary("shop"), primary("cart"))
    check(tree, text)


# -- TS653 ----------------------------------------------------------------------------------------


def test_two_splits_with_nothing_between(tree: Tree) -> None:
    text = workflow(fg.split("10"), fg.split("50", mark="TS653"), wrap_up=fg.delete())
    check(tree, text)
    (finding,) = ours(tree, text)
    assert finding.severity == Severity.INFO
    assert finding.message == (
        '"Traffic Split 50" (section "Verify" of phase "Canary") gives the canary 50% of the requests '
        'right after "Traffic Split 10" gave it 10%. Nothing between them looks at how it does.'
    )
    assert lines(finding, text) == ["name: Traffic Split 10"]


@pytest.mark.parametrize(
    "gate",
    [
        ASK,
        fg.step("PROMETHEUS", "Look"),
        fg.step("SHELL_SCRIPT", "Wait", scriptString="sleep 60"),
        fg.step("BARRIER", "Meet"),
        fg.step("MY_OWN", "Own"),
        fg.step("K8S_SCALE", "Scale", instances="3"),
    ],
)
def test_any_step_between_is_a_gate(tree: Tree, gate: str) -> None:
    check(tree, workflow(fg.split("10"), gate, fg.split("50"), wrap_up=fg.delete()))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("0", "10"),  # the ramp begins
        ("50", "0"),  # it is taken back
        ("10", "10"),
        ("${x}", "50"),
        ("10", "${x}"),
    ],
)
def test_pairs_that_are_no_ramp(tree: Tree, first: str, second: str) -> None:
    pair = [fg.split(share, stable="1" if "$" in share else None) for share in (first, second)]
    check(tree, workflow(*pair, wrap_up=fg.delete()))


def test_splits_of_different_routes(tree: Tree) -> None:
    check(tree, workflow(fg.split("10"), fg.split("50", service="shop"), wrap_up=fg.delete()))


def sections(*parts: str) -> str:
    return fg.workflow(
        fg.phase("Canary", fg.section("Deploy", fg.canary_deploy()), *parts),
        fg.phase("Primary", fg.section("Deploy", fg.rollout()), fg.section("Wrap Up", fg.delete())),
    )


def test_sections_are_no_gate_but_their_wait_is(tree: Tree) -> None:
    one = fg.section("One", fg.split("10"))
    two = fg.section("Two", fg.split("50", mark="TS653"))
    check(tree, sections(one, two))
    plain = two.replace("  # TS653", "")
    check(tree, sections(one, plain.replace("  name: Two\n", "  name: Two\n  waitInterval: 60\n")))
    check(tree, sections(one.replace("  name: One\n", "  name: One\n  waitInterval: 60\n"), plain))


def test_steps_side_by_side_have_no_order(tree: Tree) -> None:
    check(tree, sections(fg.section("One", fg.split("10"), fg.split("50"), parallel=True)))


def test_steps_that_may_be_skipped(tree: Tree) -> None:
    skip = "stepSkipStrategies:\n- {scope: ALL_STEPS, assertionExpression: x}\n"
    check(tree, sections(fg.section("One", fg.split("10"), fg.split("50"), extra=skip)))


def test_a_step_that_waits_by_itself(tree: Tree) -> None:
    waits = fg.split("50").replace("  properties:\n", "  properties:\n    waitInterval: 60\n")
    check(tree, workflow(fg.split("10"), waits, wrap_up=fg.delete()))


def test_a_pipeline_that_ramps_without_a_gate(tree: Tree) -> None:
    def ramp(*steps: str) -> str:
        back = ng.inherit(0), ng.canary_delete(), ng.rolling()
        return stage(ng.canary_deploy(), *steps, ng.approval(), *back)

    check(tree, ramp(ng.traffic_routing(10), ng.inherit(50, mark="TS653")))
    check(tree, ramp(ng.traffic_routing(10), ng.step("Wait"), ng.inherit(50)))
    check(tree, ramp(ng.traffic_routing(10), ng.step_template(), ng.inherit(50)))
    loop = "strategy: {repeat: {times: 2}}\n"
    check(tree, ramp(ng.traffic_routing(10), ng.inherit(50, extra=loop)))
    deploy = ng.canary_deploy(trafficRouting=ng.routing(10))
    back = ng.inherit(0), ng.canary_delete(), ng.rolling()
    check(tree, stage(deploy, ng.inherit(50, mark="TS653"), ng.approval(), *back))


def test_applied_files_in_a_row(tree: Tree) -> None:
    rule = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: shop}\n"
    rule += (
        "spec:\n  host: shop\n  subsets:\n  - {name: stable, labels: {harness.io/track: stable}}\n"
    )
    rule += "  - {name: canary, labels: {harness.io/track: canary}}\n"
    files = {**FILES, "dr.yaml": rule}
    end = fg.apply("vs-0.yaml", "Zero") + fg.delete()
    two = fg.apply("dr.yaml", "Rule"), fg.apply("vs-10.yaml", "Ten")
    check(tree, workflow(*two, ASK, wrap_up=end), files)
    twenty = fg.apply("vs-20.yaml", "Twenty").replace("K8S_APPLY", "K8S_APPLY  # TS653")
    check(tree, workflow(fg.apply("vs-10.yaml", "Ten"), twenty, ASK, wrap_up=end), files)


# -- TS654 ----------------------------------------------------------------------------------------

RIGHT = (
    ng.canary_deploy(),
    ng.traffic_routing(20),
    ng.approval(),
    ng.inherit(0),
    ng.canary_delete(),
    ng.rolling(),
)


def test_a_rollback_that_deletes_before_it_restores(tree: Tree) -> None:
    text = stage(*RIGHT, rollback=(ng.canary_delete("TS654", name="Undo"), ng.rolling_rollback()))
    check(tree, text)
    (finding,) = ours(tree, text)
    assert finding.severity == E
    assert finding.message == (
        'If "Ask" fails, the rollback deletes the canary in "Undo" while it still has the 20% that '
        '"Route 20" gave it. These requests fail.'
    )
    assert finding.help == "Put a step before it that gives stable 100 and the canary 0."
    assert lines(finding, text) == ["name: Route 20", "name: Ask"]
    back = ng.inherit(0, name="Back")
    check(tree, stage(*RIGHT, rollback=(back, ng.canary_delete(name="Undo"))))
    check(tree, stage(*RIGHT, rollback=(ng.canary_delete("TS654", name="Undo"), back)))


def test_a_rollback_that_gives_a_share_to_nobody(tree: Tree) -> None:
    late = ng.inherit(5, mark="TS654", name="Late")
    back = ng.inherit(0, name="Back")
    text = stage(*RIGHT, rollback=(back, ng.canary_delete(name="Undo"), late))
    check(tree, text)
    (finding,) = ours(tree, text)
    assert '"Late" of the rollback gives 5% of the requests to a canary that is not there' in (
        finding.message
    )
    assert len(finding.related) == 1


def undo(*steps: str) -> str:
    text = fg.phase("Undo", fg.section("Undo", *steps))
    return text.replace("  phaseSteps:\n", "  phaseNameForRollback: Canary\n  phaseSteps:\n")


def test_the_rollback_of_a_workflow(tree: Tree) -> None:
    def rolls_back(*steps: str) -> str:
        return workflow(fg.split("10"), ASK, wrap_up=fg.delete(), rollback=(undo(*steps),))

    text = rolls_back(fg.delete("TS654", name="Delete"))
    check(tree, text)
    (finding,) = ours(tree, text)
    assert finding.message == (
        'If "Ask" (section "Verify" of phase "Canary") fails, the rollback deletes the canary in '
        '"Delete" (section "Undo" of phase "Undo") while it still has the 10% that "Traffic Split 10" '
        '(section "Verify" of phase "Canary") gave it. These requests fail.'
    )
    check(tree, rolls_back(fg.split("0"), fg.delete(name="Delete")))
    check(tree, rolls_back(fg.step("K8S_DEPLOYMENT_ROLLING_ROLLBACK", "Back")))


def test_a_conditional_rollback_is_a_warning(tree: Tree) -> None:
    text = stage(*RIGHT, rollback=(ng.canary_delete("TS654", name="Undo", extra=IF),))
    check(tree, text)
    assert [f.severity for f in ours(tree, text)] == [W]


def test_a_rollback_that_no_failure_leads_into(tree: Tree) -> None:
    undone = (ng.canary_delete(name="Undo"),)
    check(tree, ng.pipeline(ng.stage("Deploy", *RIGHT, rollback=undone, action="Abort")))


def test_the_rollback_of_a_group(tree: Tree) -> None:
    def canary(*rollback: str) -> str:
        steps = ng.canary_deploy(), ng.traffic_routing(20), ng.approval(), ng.inherit(0)
        group = ng.group("Canary", *steps, ng.canary_delete(), rollback=rollback)
        return stage(group, ng.group("Primary", ng.rolling()))

    check(tree, canary(ng.canary_delete("TS654", name="Undo")))
    check(tree, canary(ng.inherit(0, name="Back"), ng.canary_delete(name="Undo")))

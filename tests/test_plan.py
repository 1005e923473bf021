"""`tsplit-lint plan`, as a user sees it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pipelines import (
    approval,
    blue_green,
    canary_delete,
    canary_deploy,
    group,
    inherit,
    parallel,
    pipeline,
    rolling,
    rolling_rollback,
    routing,
    script,
    stage,
    step_template,
    swap,
    traffic_routing,
)
from workflows import apply, delete, phase, rollout, section, split, step, workflow
from workflows import canary_deploy as deploy

from conftest import Run, Tree

Plan = Callable[..., list[dict[str, Any]]]

#: The Canary Delete stands where Harness puts it, which is too early here.
EARLY = workflow(
    phase(
        "Canary",
        section("Deploy", deploy()),
        section("Verify", split("10")),
        section("Wrap Up", delete()),
    ),
    phase("Primary", section("Deploy", rollout()), section("Wrap Up")),
    rollback=(
        phase(
            "Undo",
            section("Deploy", step("K8S_DEPLOYMENT_ROLLING_ROLLBACK", "Rollback Deployment")),
        ).replace("  phaseSteps:", "  phaseNameForRollback: Primary\n  phaseSteps:"),
    ),
)
#: The rollback deletes the canary while it still gets requests.
LEAVING = pipeline(
    stage(
        "Deploy",
        group("Canary", canary_deploy(), traffic_routing(20), approval()),
        group("Primary", rolling(), inherit(0), canary_delete()),
        rollback=(canary_delete(name="Undo Canary"), rolling_rollback()),
    )
)
GOOD = pipeline(
    stage(
        "Deploy",
        canary_deploy(),
        traffic_routing(20),
        rolling(),
        inherit(0),
        canary_delete(),
        rollback=(inherit(0, name="Back"), canary_delete(), rolling_rollback()),
    )
)


@pytest.fixture
def plan(tree: Tree, command: Run) -> Plan:
    """The rollouts of a file as JSON says them."""

    def run(text: str, *flags: str, file: str = "rollout.yaml") -> list[dict[str, Any]]:
        tree.write({file: text})
        code, out, err = command("plan", file, "--format", "json", *flags)
        assert (code, err) == (0, "")
        data = json.loads(out)
        assert list(validator("plan").iter_errors(data)) == []
        rollouts: list[dict[str, Any]] = data["rollouts"]
        return rollouts

    return run


def validator(name: str) -> Draft202012Validator:
    """The schema of an output, as it is installed."""
    text = files("tsplit_lint.schemas").joinpath(f"{name}.json").read_text("utf-8")
    Draft202012Validator.check_schema(json.loads(text))
    return Draft202012Validator(json.loads(text))


def shares(rollout: dict[str, Any]) -> list[int | None]:
    """What the pods under test get after each step."""
    return [each["shares"]["under_test"] for each in rollout["steps"]]


def rules(hazards: list[dict[str, Any]]) -> list[str]:
    return [hazard["rule"] for hazard in hazards]


# -- the table ------------------------------------------------------------------------------------


def test_the_table_of_a_workflow(tree: Tree, command: Run) -> None:
    tree.write({"Workflows/checkout.yaml": EARLY})
    code, out, err = command("plan", "Workflows/checkout.yaml", "--select", "TS601")
    assert (code, err) == (0, "")
    assert out == (
        f"{'checkout (workflow, CANARY, service shop)':<75}Workflows/checkout.yaml:2\n"
        "  #  step                stable            canary  pods\n"
        "  Canary · Deploy\n"
        "  1  Canary Deployment     100% ██████████ 0%      stable, canary\n"
        "     deploy the canary\n"
        "  Canary · Verify\n"
        "  2  Traffic Split 10       90% █████████░ 10%     stable, canary\n"
        "     give the canary 10%\n"
        "  Canary · Wrap Up\n"
        "  3  Canary Delete          90% █████████░ 10%     stable  ✗ 10% lost\n"
        "     delete the canary\n"
        '     ✗ TS601 "Canary Delete" deletes the canary in the phase "Canary", before the Rollout\n'
        '       Deployment of the phase "Primary". Traffic Split "Traffic Split 10" gives the canary 10%:\n'
        "       requests for the canary go to deleted pods and fail until stable takes them over.\n"
        '       → Move it to the Wrap Up section of the phase "Primary".\n'
        "  Primary · Deploy\n"
        "  4  Rollout Deployment    100% ██████████ 0%      stable\n"
        "     roll the new version out to stable\n"
    )


def test_a_step_is_one_line_where_there_is_room(tree: Tree, command: Run) -> None:
    tree.write({"p.yaml": pipeline(stage("Deploy", canary_deploy(), traffic_routing(20)))})
    _code, out, _err = command("plan", "p.yaml", "--select", "TS650")
    assert out.splitlines()[1:] == [
        "  #  step               action               stable            canary  pods",
        "  1  Canary Deployment  deploy the canary      100% ██████████ 0%      stable, canary",
        "  2  Route 20           give the canary 20%     80% ████████░░ 20%     stable, canary",
    ]


@pytest.mark.parametrize("width", [60, 72, 80, 100, 140])
def test_lines_keep_within_the_terminal(
    tree: Tree, command: Run, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    long = "A step with a name that goes on and on, as names of steps in real pipelines do"
    steps = [canary_deploy(name=long), traffic_routing(20, name="数" * 40), canary_delete()]
    steps += [script("kubectl apply -f x", name="X" * 90), rolling(), inherit(0)]
    tree.write({"p.yaml": pipeline(stage("Deploy " + long, *steps, rollback=(canary_delete(),)))})
    monkeypatch.setattr(
        "os.get_terminal_size", lambda *_: os.terminal_size((width, 40)), raising=True
    )
    _code, out, _err = command("plan", "p.yaml")
    from tsplit_lint.report.characters import cells

    # the heading names the rollout and the file, whatever their length
    assert [line for line in out.splitlines()[1:] if cells(line) > width] == []
    assert "X" * 12 in out
    assert "✗" in out


def test_each_side_that_gets_requests_shows_in_the_bar(tree: Tree, command: Run) -> None:
    steps = [canary_deploy(), *(traffic_routing(share) for share in (1, 50, 99, 100))]
    tree.write({"p.yaml": pipeline(stage("Deploy", *steps))})
    _code, out, _err = command("plan", "p.yaml", "--ignore", "ALL")
    bars = re.findall(r"[█░]+", out)
    assert bars == ["█" * 10, "█" * 9 + "░", "█" * 5 + "░" * 5, "█" + "░" * 9, "░" * 10]


def test_colors_only_where_they_are_wanted(tree: Tree, command: Run) -> None:
    tree.write({"w.yaml": EARLY})
    plain = command("plan", "w.yaml")[1]
    painted = command("plan", "w.yaml", "--color", "always")[1]
    assert "\x1b" not in plain
    assert "\x1b[1;31m✗ TS601\x1b[0m" in painted
    assert "\x1b[1;31m✗ 10% lost\x1b[0m" in painted
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) == plain


def test_escapes_in_names_do_not_reach_the_terminal(tree: Tree, command: Run) -> None:
    tree.write({"w.yaml": EARLY.replace("Canary Deployment", '"\\e[31mred"')})
    out = command("plan", "w.yaml")[1]
    assert "\x1b" not in out
    assert "\\x1b[31mred" in out


# -- what is told ---------------------------------------------------------------------------------


def test_shares_and_pods_after_each_step(plan: Plan) -> None:
    (told,) = plan(EARLY)
    assert shares(told) == [0, 10, 10, 0]
    assert [each["shares"]["stable"] for each in told["steps"]] == [100, 90, 90, 100]
    assert [each["exists"] for each in told["steps"]] == [
        ["stable", "canary"],
        ["stable", "canary"],
        ["stable"],
        ["stable"],
    ]
    assert [each["lost"] for each in told["steps"]] == [0, 0, 10, 0]
    assert [each["rolled_out"] for each in told["steps"]] == [False, False, False, True]
    assert [each["number"] for each in told["steps"]] == [1, 2, 3, 4]
    assert {each["path"] for each in told["steps"]} == {"forward"}
    assert [each["action"] for each in told["steps"]] == [
        "deploy the canary",
        "give the canary 10%",
        "delete the canary",
        "roll the new version out to stable",
    ]


def test_a_hazard_says_rule_step_shares_and_who_exists(plan: Plan) -> None:
    (told,) = plan(EARLY, "--select", "TS601")
    (hazard,) = told["hazards"]
    assert hazard == told["steps"][2]["hazards"][0]
    assert hazard["rule"] == "TS601"
    assert hazard["severity"] == "error"
    assert hazard["step"] == {"number": 3, "name": "Canary Delete"}
    assert hazard["shares"] == {"stable": 90, "under_test": 10}
    assert (hazard["exists"], hazard["may_exist"]) == (["stable"], [])
    assert hazard["lost"] == 10
    assert hazard["message"].startswith('"Canary Delete" deletes the canary')
    assert hazard["help"] == 'Move it to the Wrap Up section of the phase "Primary".'
    assert (hazard["file"], hazard["line"]) == ("rollout.yaml", line_of(EARLY, "K8S_DELETE"))


def line_of(text: str, word: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), start=1) if word in line)


def test_a_good_rollout_has_no_hazard(plan: Plan) -> None:
    (told,) = plan(GOOD, "--select", "TS65,TS70")
    assert told["hazards"] == []
    assert shares(told) == [0, 20, 20, 0, 0]
    assert [each["lost"] for each in told["steps"]] == [0] * 5


def test_what_never_ends_is_told_with_the_shares_of_the_end(plan: Plan) -> None:
    text = pipeline(stage("Deploy", canary_deploy(), traffic_routing(30), rolling()))
    (told,) = plan(text, "--select", "TS651")
    (hazard,) = told["hazards"]
    assert (hazard["rule"], hazard["step"]["name"]) == ("TS651", "Route 30")
    assert hazard["shares"] == {"stable": 70, "under_test": 30}
    assert hazard["rolled_out"] is True
    assert told["steps"][1]["rolled_out"] is False


@pytest.mark.parametrize(
    ("weight", "shown"),
    [("${workflow.variables.canary}", "the files do not tell ${workflow.variables.canary}")],
)
def test_a_hidden_weight(plan: Plan, command: Run, weight: str, shown: str) -> None:
    text = EARLY.replace('"weight": "10"', f'"weight": "{weight}"')
    (told,) = plan(text)
    assert shares(told)[1:3] == [None, None]
    assert told["steps"][1]["doubt"] == shown
    assert told["steps"][1]["action"] == f"give stable 90, canary {weight}"
    out = command("plan", "rollout.yaml")[1]
    assert re.search(r"2  Traffic Split 10 +\? \?{10} \? +stable, canary\n", out)
    assert "  ? what the files do not tell\n" in out
    assert shown in " ".join(out.split())


def test_a_hidden_weight_of_a_pipeline(plan: Plan) -> None:
    routed = inherit("<+input>", "<+pipeline.variables.stable>", name="Route")
    (told,) = plan(pipeline(stage("Deploy", canary_deploy(), traffic_routing(5), routed)))
    assert shares(told) == [0, 5, None]
    assert told["steps"][2]["action"] == "give stable <+pipeline.variables.stable>, canary <+input>"


def test_destinations_of_ones_own(plan: Plan) -> None:
    text = EARLY.replace("${k8s.canaryDestination}", "host: shop\\nsubset: v2")
    (told,) = plan(text, "--ignore", "ALL")
    assert told["steps"][1]["action"] == "give stable 90, v2 10"
    assert told["steps"][1]["doubt"] == "the files do not tell which of these pods are the new ones"


@pytest.mark.parametrize(
    ("entry", "doubt"),
    [
        (script("kubectl apply -f x"), "the script may change routes or pods"),
        (
            step_template(),
            "what the template does to shares and pods is not known",
        ),
        (
            inherit(50, extra="when: {stageStatus: Success, condition: '<+x> == 1'}\n"),
            "whether it runs decides on the shares",
        ),
        (
            inherit(50, extra="strategy: {repeat: {times: 3}}\n"),
            "how often it runs decides on the shares",
        ),
        (
            parallel(inherit(50), inherit(60)),
            "which of the steps at the same time comes last is not known",
        ),
        (
            parallel(script("kubectl apply -f x"), approval()),
            "the script may change routes or pods",
        ),
    ],
)
def test_why_shares_are_not_known(plan: Plan, entry: str, doubt: str) -> None:
    (told,) = plan(
        pipeline(stage("Deploy", canary_deploy(), traffic_routing(10), entry)), "--ignore", "ALL"
    )
    assert shares(told)[:2] == [0, 10]
    assert told["steps"][2]["doubt"] == doubt
    assert shares(told)[2] is None
    assert [each["doubt"] for each in told["steps"][:2]] == [None, None]


def test_conditions_and_neighbours(plan: Plan, command: Run) -> None:
    condition = "when: {stageStatus: Success, condition: '<+go> == \"yes\"'}\n"
    after = "when: {stageStatus: Failure}\n"
    entries = [canary_deploy(), parallel(approval("Ask"), approval("Ask too"), inherit(10))]
    entries += [inherit(20, extra=condition), inherit(0, extra=after)]
    (told,) = plan(pipeline(stage("Deploy", *entries)))
    assert [each["beside"] for each in told["steps"]] == [[], [3, 4], [2, 4], [2, 3], [], []]
    assert told["steps"][4]["conditions"] == ['if <+go> == "yes"']
    assert told["steps"][5]["conditions"] == ["after a failure"]
    out = " ".join(command("plan", "rollout.yaml")[1].split())
    assert "at the same time as 3 and 4" in out
    assert 'only if <+go> == "yes"' in out


def test_what_skips_a_step_of_a_workflow(tree: Tree, command: Run) -> None:
    skip = "stepSkipStrategies:\n- assertionExpression: ${calm} == 1\n  scope: ALL_STEPS\n"
    tree.write({"w.yaml": workflow(phase("Canary", section("Deploy", deploy(), extra=skip)))})
    out = " ".join(command("plan", "w.yaml")[1].split())
    assert "unless ${calm} == 1" in out
    assert "only unless" not in out


def test_blue_green_has_a_stage(plan: Plan, command: Run) -> None:
    text = pipeline(stage("Deploy", blue_green(trafficRouting=routing(10, test="stage")), swap()))
    (told,) = plan(text)
    assert told["under_test"] == "stage"
    assert told["steps"][0]["action"] == "deploy the stage, give the stage 10%"
    assert told["steps"][0]["exists"] == ["stable", "stage"]
    assert (told["steps"][1]["exists"], told["steps"][1]["may_exist"]) == (["stable"], ["stage"])
    assert shares(told) == [10, None]
    assert "stable            stage   pods" in command("plan", "rollout.yaml")[1]


def test_a_rollout_that_splits_nothing_tells_no_shares(plan: Plan, command: Run) -> None:
    (told,) = plan(pipeline(stage("Deploy", rolling(), approval())))
    assert told["splits_traffic"] is False
    assert shares(told) == [None, None]
    assert told["steps"][0]["may_exist"] == []
    assert told["notes"] == ["No step splits traffic between two versions."]
    out = command("plan", "rollout.yaml")[1]
    assert "stable  " not in out
    assert "No step splits traffic between two versions." in out


def test_templates_that_are_not_in_sight(plan: Plan) -> None:
    (told,) = plan(pipeline(stage("Deploy", step_template("Soak"))))
    assert told["opaque"] is True
    assert told["steps"][0]["action"] == "use a template that is not in sight"
    assert told["notes"] == [
        "Some steps are in templates that are not in sight.",
        "No step in sight splits traffic between two versions.",
    ]


def test_a_stage_without_steps(plan: Plan, command: Run) -> None:
    (told,) = plan(pipeline(stage("Deploy").replace("        steps:\n", "        steps: []\n")))
    assert told["steps"] == []
    assert "  no steps\n" in command("plan", "rollout.yaml")[1]
    for name in ("mermaid", "html"):
        assert "no steps" in command("plan", "rollout.yaml", "--format", name)[1]


def test_several_rollouts_in_order(tree: Tree, command: Run) -> None:
    both = pipeline(stage("First", canary_deploy()), stage("Second", rolling()))
    tree.write({"a.yaml": both, "b.yaml": EARLY})
    out = command("plan", "a.yaml", "b.yaml", "--format", "json")[1]
    told = json.loads(out)["rollouts"]
    assert [(each["name"], each["file"], each["kind"]) for each in told] == [
        ("First", "a.yaml", "stage"),
        ("Second", "a.yaml", "stage"),
        ("b", "b.yaml", "workflow"),
    ]
    text = command("plan", ".")[1]
    assert text.index("First (") < text.index("Second (") < text.index("b (workflow")
    assert "\n\nSecond (" in text


def test_two_workflows_in_one_file_keep_their_hazards_apart(plan: Plan) -> None:
    first, second = plan(f"{EARLY}---\n{EARLY}", "--select", "TS601")
    assert rules(first["hazards"]) == rules(second["hazards"]) == ["TS601"]
    assert first["hazards"][0]["line"] < second["line"] < second["hazards"][0]["line"]


def test_each_service_of_a_workflow_has_a_plan(plan: Plan) -> None:
    def phases(service: str) -> tuple[str, str]:
        parts = [section("Deploy", deploy()), section("Verify", split("10"))]
        return (
            phase(f"Canary {service}", *parts, service=service),
            phase(f"Primary {service}", section("Wrap Up", rollout(), delete()), service=service),
        )

    one, two = phases("cart"), phases("shop")
    told = plan(workflow(one[0], two[0], one[1], two[1]))
    assert [each["service"] for each in told] == ["cart", "shop"]
    assert [[step["phase"] for step in each["steps"]] for each in told] == [
        ["Canary cart", "Canary cart", "Primary cart", "Primary cart"],
        ["Canary shop", "Canary shop", "Primary shop", "Primary shop"],
    ]
    assert [shares(each) for each in told] == [[0, 10, 0, 0]] * 2


def test_services_whose_names_are_hidden(plan: Plan) -> None:
    phases = [
        phase(f"Canary {name}", section("Deploy", deploy(), split("10")), service=name)
        for name in ("cart", "${workflow.variables.service}")
    ]
    (told,) = plan(workflow(*phases), "--ignore", "ALL")
    assert set(shares(told)) == {None}
    assert told["notes"][0].startswith("Several services are rolled out")


# -- manifests ------------------------------------------------------------------------------------

VIRTUAL_SERVICE = """\
# harness.io/skip-file-for-deploy
apiVersion: networking.istio.io/v1alpha3
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop]
  tcp:
  - route:
    - {destination: {host: shop, subset: stable}, weight: 75}
    - {destination: {host: shop, subset: canary}, weight: 25}
"""


@pytest.mark.parametrize("flags", [("--context", "Services"), ("Services",)])
def test_what_apply_applies_is_read_from_the_manifests(
    tree: Tree, command: Run, flags: tuple[str, ...]
) -> None:
    text = workflow(
        phase("Canary", section("Deploy", deploy(), apply("templates/vs.yaml", "Split"))),
        phase("Primary", section("Deploy", rollout()), section("Wrap Up", delete())),
    )
    manifests = "Services/shop/Manifests/Files/templates"
    tree.write({"Workflows/x.yaml": text, f"{manifests}/vs.yaml": VIRTUAL_SERVICE})
    alone = json.loads(command("plan", "Workflows/x.yaml", "--format", "json")[1])
    assert shares(alone["rollouts"][0])[1] is None
    action = alone["rollouts"][0]["steps"][1]["action"]
    assert action == "apply templates/vs.yaml, set the shares"
    words = ("plan", "Workflows/x.yaml", *flags, "--format", "json", "--select", "TS6")
    (told,) = json.loads(command(*words)[1])["rollouts"]
    assert told["steps"][1]["action"] == "apply templates/vs.yaml, give the canary 25%"
    # no deployment writes into a file that is skipped: the share stays until the end
    assert shares(told) == [0, 25, 25, 25]
    assert told["steps"][3]["lost"] == 25


# -- the rollback ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Rollout Deployment", "rollout deployment", " 4 "])
def test_fail_at_shows_the_rollback(plan: Plan, name: str) -> None:
    (told,) = plan(EARLY, "--fail-at", name)
    assert told["failed_step"] == "Rollout Deployment"
    assert [each["fate"] for each in told["steps"]] == ["ran", "ran", "ran", "failed", "rollback"]
    assert [each["path"] for each in told["steps"]][-2:] == ["forward", "rollback"]
    assert [each["number"] for each in told["steps"]] == [1, 2, 3, 4, 5]
    # a step that fails has changed nothing
    assert told["steps"][3]["shares"] == told["steps"][2]["shares"]


def test_fail_at_takes_an_identifier(plan: Plan) -> None:
    (told,) = plan(LEAVING, "--fail-at", "rolling_deployment")
    assert told["failed_step"] == "Rolling Deployment"
    fates = [each["fate"] for each in told["steps"]]
    assert fates == ["ran", "ran", "ran", "failed", "skipped", "skipped", "rollback", "rollback"]


def test_the_rollback_in_the_table(tree: Tree, command: Run) -> None:
    tree.write({"p.yaml": LEAVING})
    code, out, _err = command(
        "plan", "p.yaml", "--fail-at", "Ask", "--select", "TS65", "--ignore", "TS653"
    )
    assert code == 0
    lines = out.splitlines()
    assert lines[1] == 'When "Ask" fails:'
    assert any(re.match(r"  3  Ask .* ✗ fails$", line) for line in lines)
    assert [line.split()[0] for line in lines if line.endswith("not run")] == ["4", "5", "6"]
    rollback = lines[lines.index("Rollback") :]
    assert re.match(r"  7  Undo Canary .*80% ████████░░ 20% +stable  ✗ 20% lost$", rollback[1])
    assert any("✗ TS654 The rollback takes the canary away here" in line for line in rollback)


def test_a_hazard_of_the_rollback(plan: Plan) -> None:
    (told,) = plan(LEAVING, "--select", "TS654", "--fail-at", "Ask")
    (hazard,) = told["hazards"]
    assert (hazard["rule"], hazard["severity"]) == ("TS654", "error")
    assert hazard["step"] == {"number": 7, "name": "Undo Canary"}
    assert hazard["shares"] == {"stable": 80, "under_test": 20}
    assert (hazard["lost"], hazard["exists"]) == (20, ["stable"])


def test_before_anything_is_shifted_the_rollback_is_harmless(plan: Plan) -> None:
    (told,) = plan(LEAVING, "--select", "TS65", "--fail-at", "1")
    assert told["hazards"] == []
    assert [each["lost"] for each in told["steps"]] == [0] * 8


def test_the_plan_of_a_good_run_tells_hazards_of_the_rollback_apart(
    plan: Plan, command: Run
) -> None:
    (told,) = plan(LEAVING, "--select", "TS654")
    (hazard,) = told["hazards"]
    assert hazard["step"] == {"number": None, "name": "Undo Canary"}
    assert (hazard["shares"]["under_test"], hazard["lost"]) == (20, 20)
    assert all(each["hazards"] == [] for each in told["steps"])
    assert "✗ TS654 rollback: If" in command("plan", "rollout.yaml", "--select", "TS654")[1]


def test_an_ignored_rule_is_not_told_in_the_rollback(plan: Plan) -> None:
    (told,) = plan(LEAVING, "--ignore", "TS654", "--fail-at", "Ask")
    assert "TS654" not in rules(told["hazards"])
    assert told["steps"][6]["lost"] == 20


def test_a_failure_that_starts_no_rollback(plan: Plan) -> None:
    text = LEAVING.replace("StageRollback", "MarkAsSuccess")
    (told,) = plan(text, "--select", "TS65", "--fail-at", "Ask")
    assert "does not start the rollback" in told["notes"][0]
    assert rules(told["hazards"]) == ["TS654"]


def test_a_rollout_without_rollback_steps(plan: Plan) -> None:
    text = pipeline(stage("Deploy", canary_deploy(), traffic_routing(20), approval()))
    (told,) = plan(text, "--fail-at", "Ask")
    assert told["notes"] == [
        "There are no rollback steps: everything stays as it is at the failure."
    ]
    assert [each["fate"] for each in told["steps"]] == ["ran", "ran", "failed"]


def test_only_rollouts_with_the_step_are_shown(plan: Plan) -> None:
    text = pipeline(stage("First", canary_deploy()), stage("Second", rolling()))
    (told,) = plan(text, "--fail-at", "Rolling Deployment")
    assert told["name"] == "Second"


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            "Rolout",
            'no step is called "Rolout" (there are: Canary Deployment, Traffic Split 10, '
            "Canary Delete, Rollout Deployment)",
        ),
        ("5", 'no step is called "5"'),
        ("0", 'no step is called "0"'),
        ("", 'no step is called ""'),
        ("Rollback Deployment", 'no step is called "Rollback Deployment"'),
    ],
)
def test_an_unknown_step(tree: Tree, command: Run, step: str, message: str) -> None:
    tree.write({"w.yaml": EARLY})
    code, out, err = command("plan", "w.yaml", "--fail-at", step)
    assert (code, out) == (2, "")
    assert message in err


def test_a_name_of_several_steps(tree: Tree, command: Run) -> None:
    tree.write({"p.yaml": pipeline(stage("Deploy", approval(), rolling(), approval()))})
    code, out, err = command("plan", "p.yaml", "--fail-at", "Ask")
    assert (code, out) == (2, "")
    assert '2 steps of Deploy are called "Ask": give the number, 1 or 3' in err
    assert command("plan", "p.yaml", "--fail-at", "3")[0] == 0


# -- Mermaid --------------------------------------------------------------------------------------


def test_mermaid(tree: Tree, command: Run) -> None:
    tree.write({"p.yaml": LEAVING})
    words = ("plan", "p.yaml", "--format", "mermaid", "--select", "TS654", "--fail-at", "Ask")
    code, out, _err = command(*words)
    assert code == 0
    assert out.splitlines() == [
        "stateDiagram-v2",
        '  state "Deploy · shop" as p1 {',
        "    direction TB",
        '    state "Canary" as p1g0 {',
        "      direction TB",
        '      state "1. Canary Deployment<br>stable 100#37;, canary 0#37;" as p1s1',
        '      state "2. Route 20<br>stable 80#37;, canary 20#37;" as p1s2',
        '      state "3. Ask<br>✗ fails<br>stable 80#37;, canary 20#37;" as p1s3',
        "      p1s1 --> p1s2",
        "      p1s2 --> p1s3",
        "    }",
        '    state "Rollback" as p1g1 {',
        "      direction TB",
        '      state "7. Undo Canary<br>stable 80#37;, canary 20#37;<br>✗ 20#37; lost'
        '<br>error TS654" as p1s7',
        '      state "8. Rolling Rollback<br>stable 80#37;, canary 20#37;<br>✗ 20#37; lost" as p1s8',
        "      p1s7 --> p1s8",
        "    }",
        "    [*] --> p1g0",
        "    p1g0 --> p1g1: fails",
        "    p1g1 --> [*]",
        "  }",
        "  class p1s3 failed",
        "  class p1s7 hazard",
        "  class p1s8 hazard",
        "  classDef hazard stroke:#c62828,stroke-width:3px",
        "  classDef failed stroke:#c62828,stroke-width:3px,stroke-dasharray:6 4",
        "  classDef rollback stroke:#8a5300,stroke-width:2px",
    ]


def test_mermaid_joins_only_what_stands_in_one_state(tree: Tree, command: Run) -> None:
    """Mermaid refuses arrows from within one state into another."""
    tree.write({"a.yaml": EARLY, "b.yaml": LEAVING, "c.yaml": GOOD})
    out = command("plan", ".", "--format", "mermaid")[1]
    holders: list[list[str]] = [[]]
    for line in out.splitlines():
        named = re.search(r" as (\w+)( \{)?$", line)
        arrow = re.match(r" *(\S+) --> ([^\s:]+)", line)
        if named:
            holders[-1].append(named[1])
        if line.endswith("{"):
            holders.append([])
        elif line.strip() == "}":
            holders.pop()
        if arrow:
            assert {arrow[1], arrow[2]} - {"[*]"} <= set(holders[-1])
    assert len(holders) == 1
    assert out.count("-->") > 10


def test_mermaid_reads_nothing_in_names(tree: Tree, command: Run) -> None:
    tree.write({"w.yaml": EARLY.replace("Canary Deployment", "'a\" --> [*]; %% {b}: <i>'")})
    out = command("plan", "w.yaml", "--format", "mermaid")[1]
    name = next(line for line in out.splitlines() if line.endswith("as p1s1"))
    inside = re.fullmatch(r' *state "(.*)" as p1s1', name)
    assert inside is not None
    assert not re.search(r"[\"\[\]{}<>%:*]", inside[1].replace("<br>", ""))
    assert "a#34; --#62; #91;#42;#93;#59; #37;#37; #123;b#125;#58; #60;i#62;" in inside[1]


# -- the command ----------------------------------------------------------------------------------


def test_nothing_to_show(tree: Tree, command: Run) -> None:
    tree.write({"vs.yaml": VIRTUAL_SERVICE})
    note = "nothing to show: no workflow and no pipeline is in what was read"
    code, out, err = command("plan", "vs.yaml")
    assert (code, out) == (0, "")
    assert note in err
    code, out, err = command("plan", "vs.yaml", "--format", "json")
    assert code == 0
    assert json.loads(out)["rollouts"] == []
    assert note in err
    code, out, err = command("plan", "vs.yaml", "--fail-at", "x")
    assert (code, out) == (2, "")
    assert "no workflow and no pipeline is in what was read" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "which file? name a workflow or a pipeline"),
        (("absent.yaml",), "absent.yaml: no such file or folder"),
        (("w.yaml", "--format", "pdf"), '"pdf" is not text, json, mermaid or html'),
        (("w.yaml", "--output", "no/such/x.html"), "no/such/x.html: cannot be written"),
    ],
)
def test_what_cannot_be_done(
    tree: Tree, command: Run, words: tuple[str, ...], message: str
) -> None:
    tree.write({"w.yaml": EARLY})
    code, out, err = command("plan", *words)
    assert (code, out) == (2, "")
    assert message in err


def test_an_output_file(tree: Tree, command: Run) -> None:
    tree.write({"w.yaml": EARLY})
    code, out, _err = command("plan", "w.yaml", "--output", "plan.txt")
    assert (code, out) == (0, "")
    assert (tree.root / "plan.txt").read_text("utf-8") == command("plan", "w.yaml")[1]


def test_context_is_not_shown(tree: Tree, command: Run) -> None:
    tree.write({"w.yaml": EARLY, "others/v.yaml": GOOD})
    out = command("plan", "w.yaml", "--context", "others")[1]
    assert "Deploy (stage" not in out


@pytest.mark.parametrize("name", ["text", "json", "mermaid", "html"])
def test_the_same_bytes_each_time(tree: Tree, command: Run, name: str) -> None:
    tree.write({"a.yaml": EARLY, "b.yaml": LEAVING})
    first = command("plan", ".", "--format", name)
    assert first == command("plan", ".", "--format", name)
    assert first[1].endswith("\n")


# -- the schemas ----------------------------------------------------------------------------------


def test_the_schema_of_graphs_and_traces(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = os.path.join(os.path.dirname(os.path.dirname(__file__)), "examples")
    monkeypatch.chdir(examples)
    graph = json.loads(command("graph", ".", "--format", "json")[1])
    assert list(validator("graph").iter_errors(graph)) == []
    assert graph["virtual_services"]
    gateway = graph["virtual_services"][-1]["gateways"][0]["name"]
    words = ("trace", "--host", "shop.example.com", "--gateway", gateway, "--port", "80", "good")
    trace = json.loads(command(*words, "--format", "json")[1])
    assert list(validator("trace").iter_errors(trace)) == []
    assert trace["outcome"] == "route"


@pytest.mark.parametrize("name", ["plan", "graph", "trace"])
def test_schemas_let_nothing_else_in(name: str) -> None:
    schema = validator(name).schema
    assert isinstance(schema, dict)
    assert schema["additionalProperties"] is False
    assert not validator(name).is_valid({})

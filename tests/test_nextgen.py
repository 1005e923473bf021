"""Pipelines, templates and fragments of them read as Rollouts, one for each stage."""

from __future__ import annotations

import json
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import Tree
from tsplit_lint import Rollout, SourceFile, Unknown
from tsplit_lint.document import Document
from tsplit_lint.harness import read_rollouts
from tsplit_lint.harness.routing import traffic_routings

STEPS = """\
- stepGroup:
    name: Canary Deployment
    identifier: canaryDepoyment
    steps:
    - step: {name: Deploy, identifier: a, type: K8sCanaryDeploy, spec: {}}
    - step: {name: Canary Delete, identifier: b, type: K8sCanaryDelete, spec: {}}
    rollbackSteps:
    - step: {name: Undo, identifier: c, type: K8sCanaryDelete, spec: {}}
- step: {name: Ask, identifier: d, type: HarnessApproval, spec: {}}
- stepGroup:
    name: Primary Deployment
    identifier: primaryDepoyment
    steps:
    - step: {name: Roll, identifier: e, type: K8sRollingDeploy, spec: {}}
"""


def indented(text: str, width: int) -> str:
    return "".join(f"{' ' * width}{line}\n" for line in dedent(text).splitlines())


def stage(steps: str = STEPS, rollback: str = "", name: str = "one") -> str:
    undo = f"          rollbackSteps:\n{indented(rollback, 10)}" if rollback else ""
    return (
        f"  - stage:\n      name: {name}\n      identifier: {name}\n      type: Deployment\n"
        "      spec:\n        deploymentType: Kubernetes\n        service: {serviceRef: shop}\n"
        f"        execution:\n          steps:\n{indented(steps, 10)}{undo}"
    )


def pipeline(*stages: str) -> str:
    return "pipeline:\n  name: p\n  identifier: p\n  stages:\n" + "".join(stages or (stage(),))


def read(text: str) -> list[Rollout]:
    file = SourceFile("pipeline.yaml", text)
    return read_rollouts(Document(file, 0, text, 0, None))


def outline(rollout: Rollout) -> list[tuple[str, list[str]]]:
    return [(phase.name, [step.kind for step in phase.steps]) for phase in rollout.phases]


def test_a_stage_is_a_rollout() -> None:
    (rollout,) = read(pipeline(stage(rollback="- step: {type: K8sRollingRollback, spec: {}}")))
    assert (rollout.flavor, rollout.name, rollout.type) == ("pipeline", "one", "Kubernetes")
    assert outline(rollout) == [
        ("Canary Deployment", ["canary-deploy", "delete"]),
        ("", ["approval"]),
        ("Primary Deployment", ["rolling-deploy"]),
    ]
    orders = [step.order for step in rollout.steps]
    assert orders == sorted(set(orders))
    assert [phase.service_name for phase in rollout.phases] == ["shop"] * 3
    assert not rollout.opaque
    assert not rollout.partial


def test_rollback_steps_are_not_part_of_the_way_forward() -> None:
    (rollout,) = read(pipeline(stage(rollback="- step: {type: K8sRollingRollback, spec: {}}")))
    assert [step.name for step in rollout.steps] == ["Deploy", "Canary Delete", "Ask", "Roll"]
    group, whole = rollout.rollback_phases
    assert (group.of_group, [step.name for step in group.steps]) == (True, ["Undo"])
    assert (whole.of_group, [step.kind for step in whole.steps]) == (False, ["rolling-rollback"])
    assert group.path == rollout.phases[0].path


def test_the_place_of_a_step() -> None:
    text = pipeline()
    (rollout,) = read(text)
    line = rollout.steps[1].head().span().line
    assert "Canary Delete" in text.splitlines()[line - 1]
    assert rollout.steps[1].deletes_canary
    assert not rollout.steps[0].deletes_canary


def test_every_stage_is_a_rollout_of_its_own_also_beside_others() -> None:
    beside = "  - parallel:\n" + indented(stage(name="two") + stage(name="three"), 2)
    found = read(pipeline(stage(), beside))
    assert [rollout.name for rollout in found] == ["one", "two", "three"]


def test_steps_side_by_side_have_one_place_in_the_order() -> None:
    text = """\
        - step: {name: a, type: K8sCanaryDeploy, spec: {}}
        - parallel:
          - step: {name: b, type: K8sApply, spec: {}}
          - stepGroup:
              name: g
              steps:
              - step: {name: c, type: Wait, spec: {}}
        - step: {name: d, type: K8sRollingDeploy, spec: {}}
        """
    (rollout,) = read(pipeline(stage(text)))
    first, second, third, last = (step.order for step in rollout.steps)
    assert first < second == third < last


def test_groups_within_groups_belong_to_the_outer_one() -> None:
    text = """\
        - stepGroup:
            name: outer
            when: {stageStatus: Success, condition: <+pipeline.variables.go>}
            steps:
            - stepGroup:
                name: inner
                strategy: {repeat: {times: 2}}
                steps:
                - step: {name: a, type: K8sApply, spec: {}}
            - step: {name: b, type: K8sApply, spec: {}}
        """
    (rollout,) = read(pipeline(stage(text)))
    assert outline(rollout) == [("outer", ["apply", "apply"])]
    assert [step.is_conditional for step in rollout.steps] == [True, True]
    assert [step.is_repeated for step in rollout.steps] == [True, False]


@pytest.mark.parametrize(
    "entry",
    [
        "step: {name: a, identifier: a, template: {templateRef: t}}",
        "stepGroup: {name: a, template: {templateRef: t}}",
        "template: {templateRef: t}",
        "insert: {identifier: a}",
        "'<+input>'",
    ],
)
def test_what_lies_elsewhere_is_opaque(entry: str) -> None:
    (rollout,) = read(pipeline(stage(f"- {entry}\n")))
    assert rollout.opaque


@pytest.mark.parametrize(
    ("text", "partial"),
    [
        (
            f"template:\n  name: t\n  type: StepGroup\n  spec:\n    steps:\n{indented(STEPS, 4)}",
            True,
        ),
        (f"spec:\n  execution:\n    steps:\n{indented(STEPS, 4)}", True),
        (f"execution:\n  steps:\n{indented(STEPS, 2)}", True),
        (STEPS, True),
        (
            "template:\n  name: t\n  type: Stage\n  spec:\n    type: Deployment\n    spec:\n"
            f"      execution:\n        steps:\n{indented(STEPS, 8)}",
            False,
        ),
        (
            "template:\n  name: t\n  type: Pipeline\n  spec:\n    stages:\n" + indented(stage(), 4),
            False,
        ),
    ],
)
def test_templates_and_fragments(text: str, partial: bool) -> None:
    (rollout,) = read(text)
    kinds = [step.kind for step in rollout.steps]
    assert kinds == ["canary-deploy", "delete", "approval", "rolling-deploy"]
    assert rollout.partial == partial


def test_a_template_of_one_step() -> None:
    (rollout,) = read(
        "template:\n  name: t\n  identifier: t\n  versionLabel: v1\n  type: Step\n  spec:\n"
        "    type: K8sCanaryDelete\n    timeout: <+input>\n    spec: {}\n"
    )
    assert [step.kind for step in rollout.steps] == ["delete"]
    assert rollout.steps[0].path == ("template", "spec")
    assert rollout.partial
    assert not rollout.is_stage_template


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("template:\n  type: Stage\n  spec:\n    spec: {execution: {steps: []}}\n", True),
        ("template:\n  type: Pipeline\n  spec: {stages: [{stage: {spec: {}}}]}\n", False),
        (pipeline(stage(STEPS)), False),
    ],
)
def test_a_template_of_one_stage_shows_no_other_stage(text: str, alone: bool) -> None:
    (rollout,) = read(text)
    assert rollout.is_stage_template is alone


@pytest.mark.parametrize(
    ("names", "partial"), [("", True), ("  name: Release\n", False)], ids=["inputs", "pipeline"]
)
def test_the_inputs_of_a_run_have_identifiers_and_no_names(names: str, partial: bool) -> None:
    (rollout,) = read(
        f"pipeline:\n  identifier: release\n{names}  stages:\n  - stage:\n      identifier: prod\n"
        "      spec: {execution: {steps: [{step: {identifier: a, type: K8sRollingDeploy}}]}}\n"
    )
    assert rollout.partial is partial


@pytest.mark.parametrize(
    "text",
    [
        "template: {type: SecretManager, spec: {}}",
        "pipeline: {stages: '<+input>'}",
        "pipeline: []",
        "- a\n- b\n",
        "- name: x\n",
        "type: PIPELINE\npipelineStages: []\nharnessApiVersion: '1.0'\n",
        "kind: List\nspec: {execution: {steps: []}}\n",
        "",
    ],
)
def test_other_documents_are_no_rollout(text: str) -> None:
    assert read(text) == []


def routing(mode: str, inner: str, *, kind: str = "K8sTrafficRouting") -> Any:
    word = f"type: {mode}, " if mode else ""
    step = f"- step: {{name: r, type: {kind}, spec: {{{word}trafficRouting: {inner}}}}}\n"
    (rollout,) = read(pipeline(stage(step)))
    (found,) = traffic_routings(rollout.steps)
    return found


def routes(*pairs: str) -> str:
    entries = ", ".join(f"{{destination: {{{pair}}}}}" for pair in pairs)
    return f"[{{route: {{type: http, name: r, destinations: [{entries}]}}}}]"


@pytest.mark.parametrize(
    ("pairs", "share"),
    [
        (("host: stable, weight: 80", "host: canary, weight: 20"), 20),
        (("host: shop-stable, weight: 30", "host: shop-canary, weight: '10'"), 25),
        (("host: stable", "host: canary"), 50),
        (("host: stable, weight: 0", "host: canary, weight: 0"), 50),
        (("host: stable, weight: 10", "host: canary"), 0),
        (("host: stable, weight: 10", "host: stage, weight: 10"), 50),
        (("host: stable, weight: 10", "host: scanary, weight: 10"), 0),
    ],
)
def test_shares_are_parts_of_the_sum(pairs: tuple[str, ...], share: int) -> None:
    config = f"{{provider: istio, spec: {{name: n, routes: {routes(*pairs)}}}}}"
    assert routing("config", config).share_under_test == share
    assert routing("inherit", f"{{routes: {routes(*pairs)}}}").share_under_test == share
    assert routing("", config, kind="K8sCanaryDeploy").share_under_test == share


@pytest.mark.parametrize(
    "inner",
    [
        "<+input>",
        "{spec: {routes: <+input>}}",
        "{spec: {routes: ['<+input>']}}",
        f"{{spec: {{routes: {routes('host: canary, weight: <+x>', 'host: stable')}}}}}",
        f"{{spec: {{routes: {routes('host: <+x>, weight: 1', 'host: stable')}}}}}",
        "{spec: {routes: []}}",
        f"{{spec: {{routes: {routes('host: canary, weight: many', 'host: stable')}}}}}",
    ],
)
def test_hidden_shares_are_unknown(inner: str) -> None:
    assert isinstance(routing("config", inner).share_under_test, Unknown)


_KEYS = [
    "pipeline",
    "stages",
    "stage",
    "spec",
    "execution",
    "steps",
    "step",
    "stepGroup",
    "parallel",
]
_KEYS += [
    "rollbackSteps",
    "template",
    "type",
    "name",
    "when",
    "strategy",
    "trafficRouting",
    "routes",
]
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["a", "K8sCanaryDeploy", "<+x>"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4)
    ),
    max_leaves=25,
)


@given(_ANYTHING)
def test_no_shape_makes_it_fail(data: Any) -> None:
    for rollout in read(json.dumps(data)):
        for step in rollout.all_steps:
            assert isinstance(step.deletes_canary, bool)
        for found in traffic_routings(rollout.all_steps):
            assert found.share_under_test is not None


def test_a_pipeline_in_json_is_linted_too(tree: Tree) -> None:
    (rollout,) = read(pipeline(stage("- step: {name: x, type: K8sCanaryDelete, spec: {}}\n")))
    whole = {"pipeline": {"stages": [{"stage": rollout.data}]}}
    tree.write({"p.json": json.dumps(whole)})
    assert "TS702" in {finding.rule for finding in tree.lint("p.json")}

"""Whole pipelines: right ones are silent under every rule, and each wrong twin says what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import Tree
from tsplit_lint import Config, Severity, lint

HEAD = """\
pipeline:
  name: Release shop
  identifier: Release_shop
  projectIdentifier: store
  orgIdentifier: default
  tags: {}
  stages:
  - stage:
      name: Production
      identifier: Production
      description: ""
      type: Deployment
      spec:
        deploymentType: Kubernetes
        service: {serviceRef: shop, serviceInputs: <+input>}
        environment:
          environmentRef: production
          deployToAll: false
          infrastructureDefinitions:
          - identifier: cluster
        execution:
          steps:
"""
TAIL = """\
      tags: {}
      failureStrategies:
      - onFailure:
          errors: [AllErrors]
          action: {type: StageRollback}
"""
CANARY = (
    HEAD
    + """\
          - stepGroup:
              name: Canary Deployment
              identifier: canaryDepoyment
              steps:
              - step:
                  name: Canary Deployment
                  identifier: canaryDeployment
                  type: K8sCanaryDeploy
                  timeout: 10m
                  spec:
                    instanceSelection:
                      type: Count
                      spec: {count: 2}
                    skipDryRun: false
              - step:
                  name: Route 10
                  identifier: route10
                  type: K8sTrafficRouting
                  timeout: 10m
                  spec:
                    type: config
                    trafficRouting:
                      provider: istio
                      spec:
                        name: shop-routes
                        hosts: [shop.example.com]
                        gateways: [istio-system/public]
                        routes:
                        - route:
                            type: http
                            name: main
                            rules:
                            - rule:
                                type: uri
                                spec: {value: /, matchType: prefix}
                            destinations:
                            - destination: {host: stable, weight: 90}
                            - destination: {host: canary, weight: 10}
              - step:
                  name: Verify 10
                  identifier: verify10
                  type: Verify
                  timeout: 2h
                  spec: {type: Canary, spec: {sensitivity: MEDIUM, duration: 15m}}
              - step:
                  name: Shift 50
                  identifier: shift50
                  type: K8sTrafficRouting
                  timeout: 10m
                  spec:
                    type: inherit
                    trafficRouting:
                      routes:
                      - route:
                          name: main
                          destinations:
                          - destination: {host: stable, weight: 50}
                          - destination: {host: canary, weight: 50}
              - step:
                  name: Approve
                  identifier: approve
                  type: HarnessApproval
                  timeout: 1d
                  spec: {approvalMessage: Go on?, approvers: {userGroups: [account.ops]}}
              - step:
                  name: Back to stable
                  identifier: backToStable
                  type: K8sTrafficRouting
                  timeout: 10m
                  spec:
                    type: inherit
                    trafficRouting:
                      routes:
                      - route:
                          name: main
                          destinations:
                          - destination: {host: stable, weight: 100}
                          - destination: {host: canary, weight: 0}
              - step:
                  name: Canary Delete
                  identifier: canaryDelete
                  type: K8sCanaryDelete
                  timeout: 10m
                  spec: {}
          - stepGroup:
              name: Primary Deployment
              identifier: primaryDepoyment
              steps:
              - step:
                  name: Rolling Deployment
                  identifier: rollingDeployment
                  type: K8sRollingDeploy
                  timeout: 10m
                  spec: {skipDryRun: false}
          rollbackSteps:
          - step:
              name: Undo routing
              identifier: undoRouting
              type: K8sTrafficRouting
              timeout: 10m
              spec:
                type: inherit
                trafficRouting:
                  routes:
                  - route:
                      name: main
                      destinations:
                      - destination: {host: stable, weight: 100}
                      - destination: {host: canary, weight: 0}
          - step:
              name: Undo canary
              identifier: undoCanary
              type: K8sCanaryDelete
              timeout: 10m
              spec: {}
          - step:
              name: Undo rolling
              identifier: undoRolling
              type: K8sRollingRollback
              timeout: 10m
              spec: {}
"""
    + TAIL
)
BLUE_GREEN = (
    HEAD
    + """\
          - step:
              name: Stage Deployment
              identifier: stageDeployment
              type: K8sBlueGreenDeploy
              timeout: 10m
              spec:
                skipDryRun: false
                pruningEnabled: false
                trafficRouting:
                  provider: istio
                  spec:
                    name: shop-routes
                    routes:
                    - route:
                        type: http
                        name: main
                        destinations:
                        - destination: {host: stable, weight: 90}
                        - destination: {host: stage, weight: 10}
          - step:
              name: Verify
              identifier: verify
              type: Verify
              timeout: 2h
              spec: {type: BlueGreen, spec: {sensitivity: MEDIUM, duration: 15m}}
          - step:
              name: Back to stable
              identifier: backToStable
              type: K8sTrafficRouting
              timeout: 10m
              spec:
                type: inherit
                trafficRouting:
                  routes:
                  - route:
                      name: main
                      destinations:
                      - destination: {host: stable, weight: 100}
                      - destination: {host: stage, weight: 0}
          - step:
              name: Swap primary with stage service
              identifier: bgSwapServices
              type: K8sBGSwapServices
              timeout: 10m
              spec: {skipDryRun: false}
          rollbackSteps:
          - step:
              name: Undo routing
              identifier: undoRouting
              type: K8sTrafficRouting
              timeout: 10m
              spec:
                type: inherit
                trafficRouting:
                  routes:
                  - route:
                      name: main
                      destinations:
                      - destination: {host: stable, weight: 100}
                      - destination: {host: stage, weight: 0}
          - step:
              name: Swap back
              identifier: rollbackBgSwapServices
              type: K8sBGSwapServices
              timeout: 10m
              spec: {skipDryRun: false}
"""
    + TAIL
)
PROGRESSIVE = (
    HEAD
    + """\
          - stepGroup:
              name: Phase 1
              identifier: phase1
              steps:
              - step:
                  name: First quarter
                  identifier: firstQuarter
                  type: K8sCanaryDeploy
                  timeout: 20m
                  spec:
                    canaryType: Progressive
                    targetPercentage: 25
                    skipDryRun: false
                    trafficRouting:
                      provider: istio
                      spec:
                        name: virtual-service-<+service.name>
                        routes:
                        - route:
                            type: http
                            name: main
                            destinations:
                            - destination: {host: stable, weight: 90}
                            - destination: {host: canary, weight: 10}
          - stepGroup:
              name: Phase 2
              identifier: phase2
              steps:
              - step:
                  name: Half
                  identifier: half
                  type: K8sCanaryDeploy
                  timeout: 20m
                  spec: {canaryType: Progressive, targetPercentage: 50}
              - step:
                  name: Approve
                  identifier: approve
                  type: HarnessApproval
                  timeout: 1d
                  spec: {approvalMessage: Go on?}
              - step:
                  name: Route half
                  identifier: routeHalf
                  type: K8sTrafficRouting
                  timeout: 10m
                  spec:
                    type: inherit
                    trafficRouting:
                      routes:
                      - route:
                          name: main
                          destinations:
                          - destination: {host: stable, weight: 50}
                          - destination: {host: canary, weight: 50}
          - step:
              name: All
              identifier: all
              type: K8sCanaryDeploy
              timeout: 20m
              spec: {canaryType: Progressive, targetPercentage: 100}
          rollbackSteps:
          - step:
              name: Progressive Canary Rollback
              identifier: progressiveCanaryRollback
              type: K8sProgressiveCanaryRollback
              timeout: 20m
              spec: {}
"""
    + TAIL
)
PATCHED = (
    HEAD
    + """\
          - step:
              name: Canary Deployment
              identifier: canaryDeployment
              type: K8sCanaryDeploy
              timeout: 10m
              spec: {instanceSelection: {type: Count, spec: {count: 1}}}
          - step:
              name: Twenty
              identifier: twenty
              type: ShellScript
              timeout: 10m
              spec:
                shell: Bash
                source:
                  type: Inline
                  spec:
                    script: |-
                      kubectl patch virtualservices shop -n ${NAMESPACE} --type merge -p "$PATCH"
          - step:
              name: Back
              identifier: back
              type: ShellScript
              timeout: 10m
              spec:
                shell: Bash
                source: {type: Inline, spec: {script: kubectl patch virtualservices shop -p 100-0}}
          - step:
              name: Canary Delete
              identifier: canaryDelete
              type: K8sCanaryDelete
              timeout: 10m
              spec: {}
          - step:
              name: Rolling Deployment
              identifier: rollingDeployment
              type: K8sRollingDeploy
              timeout: 10m
              spec: {skipDryRun: false}
          rollbackSteps:
          - step:
              name: Undo
              identifier: undo
              type: ShellScript
              timeout: 10m
              spec:
                shell: Bash
                source: {type: Inline, spec: {script: kubectl patch virtualservices shop -p 100-0}}
          - step:
              name: Undo canary
              identifier: undoCanary
              type: K8sCanaryDelete
              timeout: 10m
              spec: {}
"""
    + TAIL
)
RIGHT = {
    "canary": CANARY,
    "blue-green": BLUE_GREEN,
    "progressive": PROGRESSIVE,
    "patched": PATCHED,
}


def without_step(text: str, name: str) -> str:
    """The pipeline without the steps of a name."""
    kept: list[str] = []
    skipped: int | None = None
    lines = text.splitlines()
    for index, line in enumerate(lines):
        depth = len(line) - len(line.lstrip())
        following = lines[index + 1].strip() if index + 1 < len(lines) else ""
        if skipped is not None and (
            depth < skipped or (depth == skipped and line.strip()[0] == "-")
        ):
            skipped = None
        if line.strip() == "- step:" and following == f"name: {name}":
            skipped = depth
        if skipped is None:
            kept.append(line)
    return "\n".join(kept) + "\n"


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_right_pipelines_are_silent_under_every_rule(tree: Tree, text: str) -> None:
    tree.write({"pipeline.yaml": text})
    assert tree.show() == []


def twins() -> list[tuple[str, str, str, str]]:
    """Each a pipeline made wrong, and the one rule of TS7 that speaks, with its severity."""
    found = [
        ("canary", without_step(CANARY, "Back to stable"), "TS701", "error"),
        ("canary", without_step(CANARY, "Canary Deployment"), "TS702", "error"),
        ("canary", without_step(CANARY, "Rolling Deployment"), "TS704", "warning"),
        ("canary", CANARY.replace("type: inherit", "type: inherited", 1), "TS705", "error"),
        ("canary", CANARY.replace("provider: istio", "provider: isto"), "TS706", "error"),
        ("canary", without_step(CANARY, "Route 10"), "TS708", "error"),
        ("canary", CANARY.replace("weight: 90}", "weight: 80}"), "TS713", "warning"),
        ("blue-green", BLUE_GREEN.replace("{host: stage", "{host: canary"), "TS715", "warning"),
        ("blue-green", without_step(BLUE_GREEN, "Stage Deployment"), "TS724", "error"),
        ("blue-green", without_step(BLUE_GREEN, "Back to stable"), "TS724", "warning"),
        (
            "progressive",
            PROGRESSIVE.replace("targetPercentage: 100", "targetPercentage: 101"),
            "TS726",
            "error",
        ),
        ("patched", without_step(PATCHED, "Canary Deployment"), "TS702", "error"),
    ]
    assert all(text != RIGHT[name] for name, text, _rule, _severity in found)
    return found


@pytest.mark.parametrize(("name", "text", "rule", "severity"), twins())
def test_wrong_twins(tree: Tree, name: str, text: str, rule: str, severity: str) -> None:
    tree.write({"pipeline.yaml": text})
    found = [f for f in tree.lint() if f.rule == rule]
    assert found
    assert max(f.severity for f in found).label == severity


# -- hidden values --------------------------------------------------------------------------------

#: Pipelines as data: what a test replaces by an expression is a value at some path.
_PATHS = 400


def _data(text: str) -> Any:
    from tsplit_lint.nodes import plain_data

    return plain_data(text)


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path] if path else []
    entries: Any = ()
    if isinstance(value, (dict, list)):
        entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in entries:
        found += _paths(item, (*path, key))
    return found


def _hide(value: Any, path: tuple[str | int, ...], expression: str) -> None:
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = expression


def _errors(folder: Path, data: Any) -> set[str]:
    (folder / "pipeline.yaml").write_text(f"pipeline: {json.dumps(data.get('pipeline'))}\n")
    findings = lint([folder / "pipeline.yaml"], Config(root=folder)).findings
    return {f.rule for f in findings if f.severity is Severity.ERROR}


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(sorted(RIGHT)),
    place=st.integers(0, _PATHS),
    expression=st.sampled_from(["<+input>", "<+pipeline.variables.x>", "<+input>.default(1)"]),
)
def test_an_expression_anywhere_in_a_right_pipeline_is_no_error(
    tree: Tree, name: str, place: int, expression: str
) -> None:
    data = _data(RIGHT[name])
    paths = [path for path in _paths(data) if len(path) > 2]
    _hide(data, paths[place % len(paths)], expression)
    assert _errors(tree.root, data) == set()


_WRONG = [text for _name, text, _rule, severity in twins() if severity == "error"]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.sampled_from(_WRONG),
    place=st.integers(0, _PATHS),
    key=st.sampled_from(["spec", "type", "name", "weight", "routes", "when", "template", "x-new"]),
    value=st.sampled_from([None, "", [], {}, 0, True, "a", [None], {"a": []}, [[]], "<+input>"]),
)
def test_no_shape_makes_a_rule_fail(
    tree: Tree, text: str, place: int, key: str, value: Any
) -> None:
    data = _data(text)
    paths = _paths(data)
    path = paths[place % len(paths)]
    _hide(data, path, value)
    inner = data
    for part in path[:-1]:
        inner = inner[part]
    if isinstance(inner, dict):
        inner[key] = value
    assert _errors(tree.root, data) >= set()  # rules that fail raise here


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.sampled_from(_WRONG), place=st.integers(0, _PATHS))
def test_hiding_a_value_adds_no_error(tree: Tree, text: str, place: int) -> None:
    data = _data(text)
    before = _errors(tree.root, data)
    assert before
    # TS650 tells the mistake of TS701 where the rolling deployment is hidden.
    before |= {"TS650"} if "TS701" in before else set()
    paths = [path for path in _paths(data) if len(path) > 2]
    _hide(data, paths[place % len(paths)], "<+input>")
    assert _errors(tree.root, data) <= before

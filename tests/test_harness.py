"""Workflows read as a Rollout."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workflows import (
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
from tsplit_lint import Catalog, Rollout, SourceFile, early_deletes, traffic_splits
from tsplit_lint.document import Document
from tsplit_lint.harness import read_rollouts


def read(text: str, path: str = "workflow.yaml") -> Rollout | None:
    file = SourceFile(path, text)
    return next(iter(read_rollouts(Document(file, 0, text, 0, None))), None)


def must_read(text: str, path: str = "workflow.yaml") -> Rollout:
    found = read(text, path)
    assert found is not None
    return found


# -- the examples ---------------------------------------------------------------------------------

EXAMPLE_A = """\
harnessApiVersion: '1.0'
type: CANARY
concurrencyStrategy: INFRA
envName: prod
failureStrategies:
- executionScope: WORKFLOW
  failureTypes:
  - APPLICATION_ERROR
  repairActionCode: ROLLBACK_WORKFLOW
  retryCount: 0
phases:
- type: KUBERNETES
  computeProviderName: k8s-prod
  daemonSet: false
  infraDefinitionName: prod-ns
  name: Canary
  phaseSteps:
  - type: K8S_PHASE_STEP
    name: Deploy
    steps:
    - type: K8S_CANARY_DEPLOY
      name: Canary Deployment
      properties:
        instanceUnitType: COUNT
        instances: '1'
    stepsInParallel: false
  - type: K8S_PHASE_STEP
    name: Verify
    steps:
    - type: K8S_TRAFFIC_SPLIT
      name: Traffic Split 10
      properties:
        virtualServiceName: ${k8s.virtualServiceName}
        istioDestinationWeights:
        - destination: ${k8s.stableDestination}
          weight: '90'
        - destination: ${k8s.canaryDestination}
          weight: '10'
    stepsInParallel: false
  - type: K8S_PHASE_STEP
    name: Wrap Up
    steps:
    - type: K8S_DELETE  # TS601
      name: Canary Delete
      properties:
        instanceUnitType: COUNT
        resources: ${k8s.canaryWorkload}
    stepsInParallel: false
  provisionNodes: false
  serviceName: shop
  statefulSet: false
- type: KUBERNETES
  computeProviderName: k8s-prod
  daemonSet: false
  infraDefinitionName: prod-ns
  name: Primary
  phaseSteps:
  - type: K8S_PHASE_STEP
    name: Deploy
    steps:
    - type: K8S_DEPLOYMENT_ROLLING
      name: Rollout Deployment
    stepsInParallel: false
  - type: K8S_PHASE_STEP
    name: Verify
    stepsInParallel: false
  - type: K8S_PHASE_STEP
    name: Wrap Up
    stepsInParallel: false
  provisionNodes: false
  serviceName: shop
  statefulSet: false
rollbackPhases:
- type: KUBERNETES
  name: Rollback Canary
  phaseNameForRollback: Canary
  phaseSteps:
  - type: K8S_PHASE_STEP
    name: Deploy
    phaseStepNameForRollback: Deploy
    statusForRollback: SUCCESS
    stepsInParallel: false
  serviceName: shop
- type: KUBERNETES
  name: Rollback Primary
  phaseNameForRollback: Primary
  phaseSteps:
  - type: K8S_PHASE_STEP
    name: Deploy
    phaseStepNameForRollback: Deploy
    statusForRollback: SUCCESS
    steps:
    - type: K8S_DEPLOYMENT_ROLLING_ROLLBACK
      name: Rollback Deployment
    stepsInParallel: false
  serviceName: shop
templatized: false
"""

_DELETE = """\
    steps:
    - type: K8S_DELETE{mark}
      name: Canary Delete
      properties:
        instanceUnitType: COUNT
        resources: ${{k8s.canaryWorkload}}
"""
EXAMPLE_B = EXAMPLE_A.replace(_DELETE.format(mark="  # TS601"), "").replace(
    "    name: Wrap Up\n    stepsInParallel: false\n  provisionNodes: false\n  serviceName: shop\n"
    "  statefulSet: false\nrollbackPhases",
    "    name: Wrap Up\n"
    + _DELETE.format(mark="")
    + "    stepsInParallel: false\n  provisionNodes: false\n  serviceName: shop\n"
    "  statefulSet: false\nrollbackPhases",
)

#: TCP traffic: no Traffic Split, the VirtualService is applied by Apply steps.
EXAMPLE_C = workflow(
    phase(
        "Canary Phase",
        section("Deploy", canary_deploy()),
        section(
            "Traffic Split 10/90", step("APPROVAL", "Ask"), apply("templates/virtual-service.yaml")
        ),
        section("Verify"),
        section("Wrap Up"),
    ),
    phase(
        "Traffic Split 20/80",
        section("Split", step("APPROVAL", "Ask"), apply("templates/virtual-service.yaml")),
    ),
    phase(
        "Primary Phase",
        section("Deploy", rollout()),
        section("Verify"),
        section(
            "Wrap Up",
            step("APPROVAL", "Ask"),
            apply("templates/virtual-service.yaml", "Back to stable"),
            delete(),
        ),
    ),
)
EXAMPLE_C_FILES = {
    "templates/virtual-service.yaml": """\
        # harness.io/skip-file-for-deploy
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: {{.Values.name}}
        spec:
          hosts: ["*"]
          gateways: [tcp-gateway]
          tcp:
          - match: [{port: 9000}]
            route:
            - destination: {host: {{.Values.name}}-svc, subset: canary, port: {number: 9000}}
              weight: {{.Values.canaryWeight}}
            - destination: {host: {{.Values.name}}-svc, subset: stable, port: {number: 9000}}
              weight: {{.Values.stableWeight}}
        """,
    "values.yaml": """\
        name: tcp-echo
        canaryWeight: ${canaryTrafficWeight.variables.canary}
        stableWeight: ${canaryTrafficWeight.variables.stable}
        """,
}

EXAMPLE_D = """\
harnessApiVersion: '1.0'
type: BLUE_GREEN
envName: prod
phases:
- type: KUBERNETES
  computeProviderName: k8s-prod
  infraDefinitionName: prod-ns
  name: Phase 1
  phaseSteps:
  - type: K8S_PHASE_STEP
    name: Deploy
    steps:
    - type: K8S_BLUE_GREEN_DEPLOY
      name: Stage Deployment
    stepsInParallel: false
  - type: K8S_PHASE_STEP
    name: Verify
    steps:
    - type: K8S_TRAFFIC_SPLIT
      name: Traffic Split
      properties:
        virtualServiceName: shop-virtualservice
        istioDestinationWeights:
        - destination: "host: shop-svc\\nsubset: blue"
          weight: '80'
        - destination: "host: shop-svc\\nsubset: green"
          weight: '20'
    stepsInParallel: false
  - type: K8S_PHASE_STEP
    name: Route Update
    steps:
    - type: KUBERNETES_SWAP_SERVICE_SELECTORS
      name: Swap Primary with Stage
      properties:
        service1: ${k8s.primaryServiceName}
        service2: ${k8s.stageServiceName}
    stepsInParallel: false
  - type: K8S_PHASE_STEP
    name: Wrap Up
    stepsInParallel: false
  serviceName: shop
templatized: false
"""

#: The rules of this family that judge order, weights and destinations.
_HERE = {"TS601", "TS602", "TS603", "TS655", "TS606", "TS613", "TS614", "TS615", "TS619"}


def here(lines: set[str]) -> set[str]:
    return {line for line in lines if line.split()[1] in _HERE}


@pytest.mark.parametrize("text", [EXAMPLE_A, EXAMPLE_B, EXAMPLE_D], ids=["A", "B", "D"])
def test_whole_workflows(tree: Tree, text: str) -> None:
    assert here(found(tree, text)) == marked(text)


def test_the_repaired_example_differs_by_the_place_of_the_delete() -> None:
    assert EXAMPLE_B.count("K8S_DELETE") == EXAMPLE_A.count("K8S_DELETE") == 1
    assert EXAMPLE_B.index("K8S_DELETE") > EXAMPLE_B.index("K8S_DEPLOYMENT_ROLLING")


def test_tcp_traffic_shifted_by_apply_steps(tree: Tree) -> None:
    assert here(found(tree, EXAMPLE_C, EXAMPLE_C_FILES)) == set()
    first, _, rest = EXAMPLE_C.partition("name: Wrap Up\n")
    early = (
        first
        + "name: Wrap Up\n    steps:\n"
        + "".join("    " + line + "\n" for line in delete("TS601").splitlines())
        + rest
    )
    assert here(found(tree, early, EXAMPLE_C_FILES)) == marked(early)
    assert len(marked(early)) == 1


# -- what is read ---------------------------------------------------------------------------------


def test_the_parts_of_a_workflow() -> None:
    read = must_read(EXAMPLE_A, "Setup/Applications/Store/Workflows/Canary prod.yaml")
    assert (read.flavor, read.type, read.name) == ("workflow", "CANARY", "Canary prod")
    canary, primary = read.phases
    assert (canary.name, canary.service_name, canary.infrastructure) == (
        "Canary",
        "shop",
        "prod-ns",
    )
    assert [part.name for part in canary.sections] == ["Deploy", "Verify", "Wrap Up"]
    assert [part.is_wrap_up for part in canary.sections] == [False, False, True]
    assert [step.kind for step in read.steps] == [
        "canary-deploy",
        "traffic-split",
        "delete",
        "rolling-deploy",
    ]
    assert [step.kind for step in read.rollback_steps] == ["rolling-rollback"]
    assert [phase.rollback for phase in (primary, *read.rollback_phases)] == [False, True, True]
    orders = [step.order for step in read.steps]
    assert orders == sorted(set(orders))


def test_places_point_into_the_file() -> None:
    read = must_read(EXAMPLE_A)
    place = read.steps[1].at("properties", "istioDestinationWeights", 1, "weight")
    assert place.span()[:2] == (38, 19)
    assert read.phases[1].head().span()[:2] == (56, 9)
    assert place.resource is None


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("K8S_CANARY_DEPLOY", "canary-deploy"),
        ("RANCHER_K8S_CANARY_DEPLOY", "canary-deploy"),
        ("K8S_DEPLOYMENT_ROLLING", "rolling-deploy"),
        ("RANCHER_K8S_DEPLOYMENT_ROLLING", "rolling-deploy"),
        ("K8S_DEPLOYMENT_ROLLING_ROLLBACK", "rolling-rollback"),
        ("RANCHER_K8S_BLUE_GREEN_DEPLOY", "blue-green-deploy"),
        ("RANCHER_KUBERNETES_SWAP_SERVICE_SELECTORS", "swap"),
        ("K8S_TRAFFIC_SPLIT", "traffic-split"),
        ("RANCHER_K8S_DELETE", "delete"),
        ("K8S_APPLY", "apply"),
        ("K8S_SCALE", "scale"),
        ("APPROVAL", "approval"),
        ("SHELL_SCRIPT", "shell-script"),
        ("PROMETHEUS", "verification"),
        ("BARRIER", "other"),
        ("K8sCanaryDelete", "other"),
        ("${step.type}", "other"),
    ],
)
def test_kinds_of_steps(kind: str, word: str) -> None:
    (read,) = must_read(workflow(phase("One", section("Deploy", step(kind))))).steps
    assert (read.kind, read.type) == (word, kind)


def test_steps_in_parallel_have_one_position() -> None:
    read = must_read(
        workflow(
            phase(
                "One",
                section("Deploy", rollout(), delete(), parallel=True),
                section("Wrap Up", step("APPROVAL")),
            )
        )
    )
    one, other, last = read.steps
    assert one.order == other.order < last.order
    assert [part.parallel for part in read.phases[0].sections] == [True, False]


def test_steps_outside_the_phases() -> None:
    text = workflow(phase("One", section("Deploy", rollout())))
    text += "preDeploymentSteps:\n" + split() + "postDeploymentSteps:\n" + delete()
    read = must_read(text)
    assert [step.kind for step in read.steps] == ["traffic-split", "rolling-deploy", "delete"]
    assert [step.phase is None for step in read.steps] == [True, False, True]
    orders = [step.order for step in read.steps]
    assert orders == sorted(orders)
    assert [step.is_conditional for step in read.steps] == [False, False, False]


def test_the_destinations_of_a_split() -> None:
    weights = [
        {"destination": " ${k8s.stableDestination} ", "weight": "80"},
        {"destination": "${k8s.canaryDestination}", "weight": 10},
        {"destination": "host: shop\nsubset: old", "weight": "${workflow.variables.old}"},
        {"destination": "${workflow.variables.other}", "weight": "5%"},
        {"destination": "nowhere", "weight": None},
        "${workflow.variables.entry}",
    ]
    only = step("K8S_TRAFFIC_SPLIT", virtualServiceName=" shop ", istioDestinationWeights=weights)
    (read,) = traffic_splits(must_read(workflow(phase("One", section("Verify", only)))).steps)
    assert (read.virtual_service, read.literal_name) == ("shop", "shop")
    assert [entry.kind for entry in read.destinations] == [
        "stable",
        "canary",
        "literal",
        "unknown",
        "bad",
        "unknown",
    ]
    assert [entry.weight for entry in read.destinations[:2]] == [80, 10]
    assert [entry.weight for entry in read.destinations[3:5]] == [None, None]
    assert read.total_weight is None
    literal = read.destinations[2]
    assert (literal.host, literal.subset) == ("shop", "old")


def test_the_shares_of_a_split() -> None:
    def share(text: str) -> object:
        (read,) = traffic_splits(must_read(workflow(phase("One", section("Verify", text)))).steps)
        return read.share("canary")

    assert share(split("10")) == 10
    assert share(split("0")) == 0
    assert not isinstance(share(split("${x.y}", stable="90")), int)
    assert not isinstance(share(split("10%", stable="90")), int)
    assert not isinstance(share(step("K8S_TRAFFIC_SPLIT")), int)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "phases: []",
        "phases: [{}]",
        "type: CANARY\nphases: [{name: One}]",
        "type: PIPELINE\nharnessApiVersion: '1.0'\npipelineStages: [{}]",
        "type: SERVICE\nharnessApiVersion: '1.0'",
        "pipeline: {stages: []}",
        "apiVersion: v1\nkind: Plan\ntype: CANARY\nphases: [{phaseSteps: []}]",
        "type: [CANARY]\nphases: [{phaseSteps: []}]",
    ],
)
def test_what_is_no_workflow(text: str) -> None:
    assert read(text) is None


WORDS = st.sampled_from(
    [
        "K8S_DELETE",
        "K8S_APPLY",
        "K8S_TRAFFIC_SPLIT",
        "K8S_DEPLOYMENT_ROLLING",
        "K8S_CANARY_DEPLOY",
        "${k8s.canaryWorkload}",
        "${k8s.canaryDestination}",
        "x-canary",
        "host: a\nsubset: canary",
        "{",
        "100",
        "vs.yaml, traffic",
        "true",
        "Wrap Up",
    ]
)
TEXTS = st.text(st.characters(max_codepoint=0xD7FF), max_size=12)
SCALARS = WORDS | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
KEYS = st.sampled_from(
    [
        "phases",
        "rollbackPhases",
        "preDeploymentSteps",
        "phaseSteps",
        "steps",
        "stepSkipStrategies",
        "stepsInParallel",
        "type",
        "name",
        "serviceName",
        "properties",
        "resources",
        "filePaths",
        "virtualServiceName",
        "istioDestinationWeights",
        "destination",
        "weight",
    ]
)


def mappings(values: st.SearchStrategy[Any], **known: st.SearchStrategy[Any]) -> Any:
    """Mappings whose known keys mostly have a fitting value, among any others."""
    fitting = st.fixed_dictionaries({}, optional={key: v | SCALARS for key, v in known.items()})
    return st.builds(
        lambda odd, fit: {**odd, **fit}, st.dictionaries(KEYS, values, max_size=2), fitting
    )


ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
WEIGHTS = st.lists(mappings(SCALARS, destination=WORDS, weight=WORDS) | ANYTHING, max_size=3)
PROPERTIES = mappings(
    ANYTHING,
    resources=WORDS,
    filePaths=WORDS,
    virtualServiceName=WORDS,
    istioDestinationWeights=WEIGHTS,
)
STEPS = st.lists(mappings(ANYTHING, type=WORDS, properties=PROPERTIES) | ANYTHING, max_size=3)
SECTIONS = st.lists(mappings(ANYTHING, name=WORDS, steps=STEPS) | ANYTHING, max_size=3)
PHASES = st.lists(mappings(ANYTHING, name=WORDS, phaseSteps=SECTIONS) | ANYTHING, max_size=3)
WORKFLOWS = mappings(
    ANYTHING, type=WORDS, phases=PHASES, rollbackPhases=PHASES, preDeploymentSteps=STEPS
)


@settings(max_examples=300, deadline=None)
@given(WORKFLOWS)
def test_no_shape_is_too_odd(data: dict[str, Any]) -> None:
    read = read_rollout_of({"harnessApiVersion": "1.0", **data})
    if read is None:
        return
    for one in read.all_steps:
        assert isinstance(one.kind, str)
        assert one.at("type").span().line >= 1
        assert isinstance(one.deletes_canary, bool)
        assert isinstance(one.is_conditional, bool)
    for part in traffic_splits(read.all_steps):
        assert all(entry.kind != "bad" or entry.problem for entry in part.destinations)
    early = early_deletes(read, Catalog())
    assert len({id(judged.step) for judged in early}) == len(early)


@given(ANYTHING)
def test_any_data_may_be_asked(data: object) -> None:
    assert read_rollout_of(data) is None or isinstance(data, dict)


def read_rollout_of(data: object) -> Rollout | None:
    return read(json.dumps(data))

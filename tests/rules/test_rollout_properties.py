"""TS630: properties of workflow steps that look like a slip."""

from __future__ import annotations

import pytest
from workflows import found, phase, section, step, workflow

from conftest import Tree


def run(tree: Tree, text: str) -> set[str]:
    given = workflow(phase("Canary", section("Deploy", text)))
    return {line for line in found(tree, given) if line.endswith("TS630")}


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("K8S_CANARY_DEPLOY", {"instances": "1", "instanceUnitType": "COUNT", "skipDryRun": False}),
        ("K8S_DEPLOYMENT_ROLLING", {"stateTimeoutInMinutes": 10, "exportManifests": True}),
        ("K8S_TRAFFIC_SPLIT", {"virtualServiceName": "x", "istioDestinationWeights": []}),
        ("K8S_DELETE", {"resources": "a", "instanceUnitType": "COUNT"}),
        ("K8S_APPLY", {"filePaths": "a.yaml", "inlineStepOverride": "a: 1"}),
        ("K8S_SCALE", {"workload": "a", "instances": 1}),
        ("KUBERNETES_SWAP_SERVICE_SELECTORS", {"service1": "a", "service2": "b"}),
        ("K8S_APPLY", {"filePaths": "a.yaml", "somethingNew": 1}),
        ("SHELL_SCRIPT", {"scriptstring": "x"}),
        ("K8S_DEPLOYMENT_ROLLING_ROLLBACK", {"statetimeoutInMinutes": 1}),
    ],
)
def test_known_and_newer_properties(tree: Tree, kind: str, properties: dict[str, object]) -> None:
    assert run(tree, step(kind, **properties)) == set()


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("K8S_CANARY_DEPLOY", {"instance": "1"}),
        ("K8S_TRAFFIC_SPLIT", {"virtualservicename": "x"}),
        ("RANCHER_K8S_DELETE", {"resource": "a"}),
        ("K8S_APPLY", {"filepaths": "a.yaml"}),
        ("K8S_APPLY", {"filePath": "a.yaml"}),
        ("K8S_SCALE", {"Workload": "a"}),
    ],
)
def test_slips(tree: Tree, kind: str, properties: dict[str, object]) -> None:
    assert len(run(tree, step(kind, **properties))) == 1


def test_a_property_above_its_place(tree: Tree) -> None:
    text = step("K8S_APPLY", stateTimeoutInMinutes=5) + "  filePaths: templates/vs.yaml\n"
    assert len(run(tree, text)) == 1


def test_inside_a_list_of_weights(tree: Tree) -> None:
    weights = [{"destination": "${k8s.stableDestination}", "Weight": "100"}]
    text = step("K8S_TRAFFIC_SPLIT", virtualServiceName="a", istioDestinationWeights=weights)
    assert len(run(tree, text)) == 1

"""Rules about one step of a pipeline: its settings, its keys, and what the manifests hold for it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from textwrap import dedent, indent

import pytest
from jsonschema import Draft202012Validator
from pipelines import (
    canary_delete,
    canary_deploy,
    found,
    marked,
    pipeline,
    rolling,
    script,
    stage,
    step_template,
    traffic_routing,
)
from pipelines import step as built

from conftest import Tree

SCHEMAS = Path(__file__).parents[2] / "schemas" / "harness"


def step(kind: str, spec: str = "", more: str = "") -> str:
    """A document with one step."""
    text = f"- step:\n    type: {kind}\n    name: Step\n    identifier: step\n{indent(dedent(more), '    ')}"
    return text + (f"    spec:\n{indent(dedent(spec), '      ')}" if spec else "    spec: {}\n")


def levels(tree: Tree, text: str) -> set[str]:
    tree.write({"pipeline.yaml": text})
    return {f"{f.rule} {f.severity.label}" for f in tree.lint() if f.rule.startswith("TS7")}


def helps(tree: Tree, text: str) -> list[str]:
    tree.write({"pipeline.yaml": text})
    return [f.help for f in tree.lint() if f.rule.startswith("TS7")]


@pytest.mark.parametrize("name", ["pipeline-steps.json", "workflow-steps.json"])
def test_the_schemas_of_steps_are_schemas(name: str) -> None:
    schema = json.loads((SCHEMAS / name).read_text())
    Draft202012Validator.check_schema(schema)
    parts = schema["$defs"]
    used = set(re.findall(r'"#/\$defs/([^"]+)"', json.dumps(schema)))
    assert used <= set(parts)
    shared = {part for part in parts if not part.startswith(("K8", "KUBERNETES", "Step"))}
    assert shared <= used


# -- TS722 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "severity"),
    [
        ("Kubernetes", ""),
        ("ECS", "error"),
        ("Ssh", "error"),
        ("NativeHelm", "warning"),
        ("CustomDeployment", "warning"),
        ("kubernetes", "warning"),
        ("<+input>", ""),
    ],
)
def test_kubernetes_steps_belong_into_a_kubernetes_stage(
    tree: Tree, kind: str, severity: str
) -> None:
    text = pipeline(stage("prod", rolling("TS722" if severity else ""), deployment_type=kind))
    assert found(tree, text) == marked(text)
    assert levels(tree, text) == ({f"TS722 {severity}"} if severity else set())


def test_helm_stages_may_apply_and_scale(tree: Tree) -> None:
    text = pipeline(
        stage(
            "prod",
            built("HelmDeploy"),
            built("K8sApply", filePaths=["a.yaml"]),
            deployment_type="NativeHelm",
        )
    )
    assert found(tree, text) == set()


def test_the_type_of_an_older_pipeline(tree: Tree) -> None:
    old = "serviceConfig: {serviceDefinition: {type: NativeHelm}}"
    text = pipeline(stage("prod", rolling("TS722"))).replace("deploymentType: Kubernetes", old)
    assert found(tree, text) == marked(text)


# -- TS726 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "spec", "severity"),
    [
        ("K8sCanaryDeploy", "instanceSelection: {type: Count, spec: {count: 1}}\n", ""),
        (
            "K8sCanaryDeploy",
            "instanceSelection: {type: Percentage, spec: {percentage: '25'}}\n",
            "",
        ),
        ("K8sCanaryDeploy", "instanceSelection: <+input>\n", ""),
        ("K8sCanaryDeploy", "instanceSelection: {type: <+input>, spec: <+input>}\n", ""),
        ("K8sCanaryDeploy", "instanceSelection: {type: Count, spec: {count: <+input>}}\n", ""),
        ("K8sCanaryDeploy", "canaryType: Progressive\ntargetPercentage: 25\n", ""),
        ("K8sCanaryDeploy", "canaryType: Progressive\ntargetPercentage: <+input>\n", ""),
        ("K8sCanaryDeploy", "canaryType: <+input>\n", ""),
        ("K8sCanaryDeploy", "canaryType: Standard\nskipDryRun: true\n", "error"),
        ("K8sCanaryDeploy", "", "error"),
        ("K8sCanaryDeploy", "instanceSelection:\n", "error"),
        ("K8sCanaryDeploy", "canaryType: Progressive\nskipDryRun: false\n", "warning"),
        ("K8sCanaryDeploy", "canaryType: Progressive\ntargetPercentage: 0\n", "error"),
        ("K8sCanaryDeploy", "canaryType: Progressive\ntargetPercentage: '101'\n", "error"),
        ("K8sCanaryDeploy", "canaryType: Slow\n", "error"),
        ("K8sCanaryDeploy", "instanceSelection: {type: Percent, spec: {percentage: 1}}\n", "error"),
        ("K8sCanaryDeploy", "instanceSelection: {type: Count}\n", "error"),
        ("K8sCanaryDeploy", "instanceSelection: {type: Count, spec: {percentage: 1}}\n", "error"),
        ("K8sCanaryDeploy", "instanceSelection: 3\n", "error"),
        ("K8sDelete", "deleteResources: {type: ReleaseName, spec: {deleteNamespace: true}}\n", ""),
        ("K8sDelete", "deleteResources: {type: Name, spec: {}}\n", "error"),
        ("K8sDelete", "skipDryRun: true\n", "error"),
        ("K8sScale", "workload: a\ninstanceSelection: {type: Count, spec: {count: 0}}\n", ""),
        ("K8sScale", "workload: a\n", "error"),
        ("K8sRollingDeploy", "skipDryRun: 'false'\npruningEnabled: <+input>\n", ""),
        ("K8sRollingRollback", "pruningEnabled: false\n", ""),
        ("K8sDryRun", "anything: 1\n", ""),
    ],
)
def test_settings(tree: Tree, kind: str, spec: str, severity: str) -> None:
    assert levels(tree, step(kind, spec)) == ({f"TS726 {severity}"} if severity else set())


def test_a_setting_is_told_at_its_place(tree: Tree) -> None:
    text = step("K8sCanaryDeploy", "instanceSelection:\n  type: Percent  # TS726\n  spec: {}\n")
    assert found(tree, text) == marked(text)
    text = step("K8sCanaryDeploy", "skipDryRun: true\n").replace("spec:", "spec:  # TS726")
    assert found(tree, text) == marked(text)


def test_a_missing_setting_may_be_written_in_another_way(tree: Tree) -> None:
    text = step("K8sCanaryDeploy", "instanceselection: {type: Count, spec: {count: 1}}\n")
    assert helps(tree, text) == ["Write instanceSelection instead of instanceselection."]
    text = step("K8sApply", "filepaths: [a.yaml]\n")
    assert helps(tree, text) == ["Write filePaths instead of filepaths."]
    text = step("K8sTrafficRouting", "types: config\ntrafficRouting: <+input>\n")
    assert helps(tree, text) == ["Write type instead of types."]
    text = step("K8sTrafficRouting", "type: config\ntraffic_routing: <+input>\n")
    assert "TS731 warning" not in levels(tree, text)


# -- TS727 ----------------------------------------------------------------------------------------


def virtual_service(name: str = "store", host: str = "shop", managed: str = '"true"') -> str:
    return (
        f"apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: {name}\n"
        f"  annotations:\n    harness.io/managed: {managed}\nspec:\n  hosts: [{host}]\n  http:\n"
        "  - route:\n    - destination: {host: shop}\n"
    )


@pytest.mark.parametrize(
    ("files", "speaks"),
    [
        ({"vs.yaml": virtual_service()}, True),
        ({"vs.yaml": virtual_service(host="shop.default.svc.cluster.local")}, True),
        ({"vs.yaml": virtual_service(host="other")}, False),
        ({"vs.yaml": virtual_service(managed='"false"')}, False),
        ({"vs.yaml": virtual_service(name="shop")}, False),
        ({"vs.yaml": "# harness.io/skip-file-for-deploy\n" + virtual_service()}, False),
    ],
)
def test_a_managed_virtual_service_is_another_mechanism(
    tree: Tree, files: dict[str, str], speaks: bool
) -> None:
    text = pipeline(stage("prod", canary_deploy(), traffic_routing(0), canary_delete(), rolling()))
    assert {line.split()[1] for line in found(tree, text, files)} == (
        {"TS727"} if speaks else set()
    )


def test_the_manifests_nearest_to_the_pipeline_count(tree: Tree) -> None:
    text = pipeline(stage("prod", canary_deploy(), traffic_routing(0), canary_delete(), rolling()))
    files = {"prod/vs.yaml": virtual_service("shop"), "test/vs.yaml": virtual_service()}
    assert found(tree, text, files, file="prod/pipeline.yaml") == set()
    assert len(found(tree, text, files, file="test/pipeline.yaml")) == 1


# -- TS728 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "wrong"),
    [
        ("filePaths: [templates/vs.yaml]\n", False),
        ("filePaths: <+input>\n", False),
        ("filePaths: ['<+input>']\n", False),
        ("manifestSource: {type: K8sManifest, spec: {}}\n", False),
        ("manifestSource: <+input>\n", False),
        ("filePaths: templates/vs.yaml\n", True),
        ("filePaths: []\n", True),
        ("skipDryRun: true\n", True),
        ("", True),
        ("filePaths: [a.yaml]\nmanifestSource: {type: K8sManifest, spec: {}}\n", True),
    ],
)
def test_files_of_an_apply(tree: Tree, spec: str, wrong: bool) -> None:
    assert levels(tree, step("K8sApply", spec)) == ({"TS728 error"} if wrong else set())


def test_a_file_that_is_not_there(tree: Tree) -> None:
    text = step("K8sApply", "filePaths: [vs.yaml, other.yaml, folder, <+x>]\n")
    tree.write({"pipeline.yaml": text, "templates/vs.yaml": virtual_service(managed='"false"')})
    lines = [f.message for f in tree.lint(complete=True) if f.rule == "TS728"]
    assert [line.split(",")[0] for line in lines] == ['"Step" applies other.yaml']
    assert [f for f in tree.lint() if f.rule == "TS728"] == []


# -- TS729 ----------------------------------------------------------------------------------------

BARE = "- step: {type: K8sRollingDeploy}\n"


@pytest.mark.parametrize(
    ("text", "lacking"),
    [
        (pipeline(stage("prod", rolling())), ""),
        (pipeline(stage("prod", rolling(), step_template(), script("ls"))), ""),
        (pipeline(stage("prod", BARE)), "identifier, name or spec"),
        (pipeline(stage("prod", rolling(), "- step: {name: a, identifier: a}\n")), "type"),
        (
            pipeline(stage("prod", rolling(), "- step: {template: {templateRef: a}}\n")),
            "identifier or name",
        ),
        (pipeline(stage("prod", "- step: {name: a, identifier: a, type: Wait}\n")), ""),
        (BARE, ""),
        (f"execution:\n  steps:\n{indent(BARE, '  ')}", ""),
    ],
)
def test_required_keys_of_steps(tree: Tree, text: str, lacking: str) -> None:
    tree.write({"pipeline.yaml": text})
    messages = [f.message for f in tree.lint() if f.rule == "TS729"]
    assert [m.partition(" has no ")[2] for m in messages] == (
        [f"{lacking}, which Harness requires."] if lacking else []
    )


def test_required_keys_of_a_stage(tree: Tree) -> None:
    text = pipeline(stage("prod", rolling()))
    head, _strategies, tail = text.partition("        failureStrategies:")
    bare = head + "\n".join(tail.splitlines()[1:])
    wrong = bare.replace("name: prod", "name: prod  # TS729", 1)
    assert found(tree, wrong) == marked(wrong)
    assert found(tree, wrong.replace("type: Deployment", "type: Custom")) == set()
    nameless = text.replace("        identifier: prod\n", "", 1).replace(
        "name: prod", "name: prod  # TS729", 1
    )
    assert nameless != text
    assert found(tree, nameless) == marked(nameless)


def test_a_stage_template_gives_its_own_name(tree: Tree) -> None:
    inner = stage("x", rolling()).splitlines()[1:]
    kept = [line for line in inner if not line.startswith(("    name:", "    identifier:"))]
    text = "template:\n  name: T\n  identifier: T\n  versionLabel: v1\n  type: Stage\n  spec:\n"
    assert found(tree, text + "\n".join(kept) + "\n") == set()


@pytest.mark.parametrize(
    ("identifier", "wrong"),
    [("a_1", False), ("_x", False), ("a-b", True), ("1a", True), ("a b", True), ("<+x>", False)],
)
def test_identifiers(tree: Tree, identifier: str, wrong: bool) -> None:
    text = rolling().replace("Rolling_Deployment", identifier)
    assert levels(tree, text) == ({"TS729 warning"} if wrong else set())


# -- TS731 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "help_text"),
    [
        (step("K8sRollingDeploy", "skipDryrun: true\n"), "Write skipDryRun."),
        (step("K8sRollingDeploy", "pruning_enabled: true\n"), "Write pruningEnabled."),
        (step("K8sRollingDeploy", "timeout: 10m\n"), "Move it to the step."),
        (step("K8sRollingDeploy", more="skipDryRun: true\n"), "Move it to spec."),
        (step("K8sRollingDeploy", more="timeouts: 10m\n"), "Write timeout."),
        (
            step("K8sCanaryDeploy", "instanceSelection: {type: Count, count: 1, spec: <+x>}\n"),
            "",
        ),
        (
            step("K8sApply", "filePaths: [a.yaml]\nskipSteadyStateChecks: true\n"),
            "Write skipSteadyStateCheck.",
        ),
        (step("K8sRollingDeploy", "skipUnchangedManifest: true\n"), ""),
        (step("K8sRollingDeploy", "releaseName: a\n"), ""),
        (step("K8sBGSwapServices", "skipDryRun: false\n"), ""),
        (step("K8sRollingDeploy", "<+key>: true\n"), ""),
        (step("K8sRollingDeploy", more="when: {}\nstrategy: {}\nadvanced: 1\n"), ""),
        (step("K8sSomethingNew", "skipDryrun: false\n"), ""),
    ],
)
def test_keys_that_look_like_slips(tree: Tree, text: str, help_text: str) -> None:
    assert helps(tree, text) == ([help_text] if help_text else [])
    if help_text:
        assert levels(tree, text) == {"TS731 warning"}


def test_a_weight_beside_its_destination(tree: Tree) -> None:
    text = step(
        "K8sTrafficRouting",
        """\
        type: inherit
        trafficRouting:
          routes:
          - route:
              name: main
              destinations:
              - destination: {host: canary}
                weight: 10  # TS731
        """,
    )
    assert found(tree, text) == marked(text)


def test_hosts_above_their_place(tree: Tree) -> None:
    text = step(
        "K8sTrafficRouting",
        """\
        type: config
        trafficRouting:
          provider: istio
          hosts: [shop]  # TS731
          spec:
            delegateService: true
            name: shop
            routes: <+input>
        """,
    )
    assert found(tree, text) == marked(text)

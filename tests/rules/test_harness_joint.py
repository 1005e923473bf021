"""TS104, TS117, TS120, TS122, TS124, TS125: manifests held against the workflow that deploys them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pipelines as nextgen
import pytest
from workflows import (
    apply,
    canary_deploy,
    delete,
    phase,
    rollout,
    section,
    split,
    step,
    workflow,
)

from conftest import Tree
from tsplit_lint import Severity

VALUES = "name: shop\nweights: ${w.variables.weights}\n"
MARKER = "# harness.io/skip-file-for-deploy\n"
SPLIT_ROUTE = """\
  - route:
    - destination: {host: shop, subset: stable}
      weight: {{.Values.weights}}
    - destination: {host: shop, subset: canary}
"""


def istio(
    kind: str, managed: str = "", spec: str = "", *, version: str = "v1alpha3", top: str = ""
) -> str:
    mark = f"  annotations:\n    harness.io/managed: {managed}\n" if managed else ""
    default = "  host: shop\n"
    if kind == "VirtualService":
        default = "  hosts: [shop]\n  http:\n  - route:\n    - destination: {host: shop}\n"
    return (
        f"{top}apiVersion: networking.istio.io/{version}\nkind: {kind}\n"
        f"metadata:\n  name: shop\n{mark}spec:\n{spec or default}"
    )


def virtual_service(managed: str = "", **settings: Any) -> str:
    return istio("VirtualService", managed, **settings)


def destination_rule(managed: str = "", **settings: Any) -> str:
    return istio("DestinationRule", managed, **settings)


def applied(top: str = MARKER) -> str:
    return istio("VirtualService", spec="  hosts: [shop]\n  http:\n" + SPLIT_ROUTE, top=top)


def deployment(
    name: str = "shop", kind: str = "Deployment", direct: str = "", top: str = ""
) -> str:
    mark = f"  annotations:\n    harness.io/direct-apply: {direct}\n" if direct else ""
    return (
        f"{top}apiVersion: apps/v1\nkind: {kind}\nmetadata:\n  name: {name}\n{mark}"
        f"spec:\n  template:\n    metadata:\n      labels: {{app: {name}}}\n"
    )


def canary(*verify: str, end: tuple[str, ...] = (delete(),), back: tuple[str, ...] = ()) -> str:
    """A right canary workflow around some steps."""
    return workflow(
        phase("Canary", section("Deploy", canary_deploy()), section("Verify", *verify)),
        phase("Primary", section("Deploy", rollout()), section("Wrap Up", *end)),
        rollback=(phase("Rollback Canary", section("Deploy", *back)),) if back else (),
    )


def rolling(*steps: str) -> str:
    return workflow(phase("Rolling", section("Deploy", rollout(), *steps)), kind="ROLLING")


def pipeline(*steps: str) -> str:
    """A canary pipeline that shifts no traffic, around some steps."""
    return nextgen.pipeline(
        nextgen.stage(
            "Deploy", nextgen.canary_deploy(), *steps, nextgen.canary_delete(), nextgen.rolling()
        )
    )


def service(**files: str) -> dict[str, str]:
    named = {f"templates/{name.replace('_', '-')}.yaml": text for name, text in files.items()}
    return {"values.yaml": VALUES, **named}


def spoken(tree: Tree, rollouts: str, files: Mapping[str, str], rule: str) -> list[str]:
    """Where a rule speaks, as `file: line`."""
    written = {"workflow.yaml": rollouts, **files}
    tree.write({f"shop/{name}": text for name, text in written.items()})
    return [
        f"{name}: {written[name].splitlines()[finding.span.line - 1].strip()}"
        for finding in tree.lint()
        if finding.rule == rule
        for name in (tree.name(finding.file).removeprefix("shop/"),)
    ]


def severities(tree: Tree, rule: str) -> set[Severity]:
    return {finding.severity for finding in tree.lint() if finding.rule == rule}


SPLITS = canary(split("10"))

# -- TS104 ----------------------------------------------------------------------------------------


def test_false_under_a_traffic_split(tree: Tree) -> None:
    files = service(routes=virtual_service('"false"'), rule=destination_rule('"false"'))
    assert spoken(tree, SPLITS, files, "TS104") == [
        'templates/routes.yaml: harness.io/managed: "false"',
        'templates/rule.yaml: harness.io/managed: "false"',
    ]
    # The Traffic Split fails without a managed VirtualService; the DestinationRule only lacks subsets.
    assert [f.severity for f in tree.lint() if f.rule == "TS104"] == [
        Severity.ERROR,
        Severity.WARNING,
    ]


def test_false_on_a_destination_rule_is_a_warning(tree: Tree) -> None:
    hidden = service(routes=virtual_service(), rule=destination_rule('"false"'))
    assert len(spoken(tree, SPLITS, hidden, "TS104")) == 1
    assert severities(tree, "TS104") == {Severity.WARNING}


@pytest.mark.parametrize(
    ("hides", "value"),
    [("", '"false"'), ("{{- if .Values.other }}\nkind: VirtualService\n{{- end }}\n", '"false"')],
    ids=["values.yaml is not given", "another one may be there"],
)
def test_false_is_a_warning_where_another_one_may_be_managed(
    tree: Tree, hides: str, value: str
) -> None:
    files = service(routes=virtual_service(value), more=hides or "# nothing\n")
    if not hides:
        del files["values.yaml"]
    assert len(spoken(tree, SPLITS, files, "TS104")) == 1
    assert severities(tree, "TS104") == {Severity.WARNING}


@pytest.mark.parametrize(
    ("routes", "rule"),
    [
        (virtual_service('"yes"'), "TS102"),
        (virtual_service('"true"').replace("annotations:", "labels:"), "TS103"),
        (virtual_service('"false"'), "TS104"),
        (virtual_service('"true"', top=MARKER), "TS121"),
    ],
)
def test_what_makes_a_traffic_split_fail_is_one_error(tree: Tree, routes: str, rule: str) -> None:
    # TS612 leaves these to the rule that tells why.
    files = service(routes=routes, rule=destination_rule('"true"'))
    wanted = ("TS101", "TS102", "TS103", "TS104", "TS121", "TS612")
    assert len(spoken(tree, SPLITS, files, rule)) == 1
    assert [(f.rule, f.severity) for f in tree.lint() if f.rule in wanted] == [
        (rule, Severity.ERROR)
    ]
    by_name = canary(split("10", service="shop"))
    tree.write({"shop/workflow.yaml": by_name})
    assert Severity.ERROR not in severities(tree, rule)


@pytest.mark.parametrize(
    ("rollouts", "files"),
    [
        (canary(), service(routes=virtual_service('"false"'))),
        (canary(split("10", service="shop")), service(routes=virtual_service('"false"'))),
        (SPLITS, service(routes=virtual_service('"true"'))),
        (SPLITS, service(routes=virtual_service())),
        (SPLITS, service(one=virtual_service('"false"'), two=virtual_service('"true"'))),
        (SPLITS, service(one=virtual_service('"false"'), two=virtual_service("{{.Values.x}}"))),
        (SPLITS, service(routes=virtual_service('"false"', top=MARKER))),
        (pipeline(), service(routes=virtual_service('"false"'))),
    ],
    ids=[
        "no split",
        "split by name",
        "managed",
        "not annotated",
        "another one is managed",
        "another one may be managed",
        "skipped",
        "pipeline",
    ],
)
def test_false_that_does_no_harm(tree: Tree, rollouts: str, files: dict[str, str]) -> None:
    assert spoken(tree, rollouts, files, "TS104") == []


def test_false_on_a_rule_with_subsets_of_its_own(tree: Tree) -> None:
    subsets = "".join(
        f"  - name: {name}\n    labels: {{harness.io/track: {name}}}\n"
        for name in ("stable", "canary")
    )
    rule = destination_rule('"false"', spec=f"  host: shop\n  subsets:\n{subsets}")
    assert spoken(tree, SPLITS, service(rule=rule), "TS104") == []


def test_plain_manifests_beside_the_workflow_are_those_of_its_service(tree: Tree) -> None:
    files = {"routes.yaml": virtual_service('"false"')}
    assert len(spoken(tree, SPLITS, files, "TS104")) == 1


def test_of_two_services_in_a_folder_none_is_meant(tree: Tree) -> None:
    other = SPLITS.replace("serviceName: shop", "serviceName: cart")
    assert other != SPLITS
    files = {"routes.yaml": virtual_service('"false"'), "other.yaml": other}
    assert spoken(tree, SPLITS, files, "TS104") == []


# -- TS117 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["v1beta1", "v1"])
def test_a_version_that_firstgen_does_not_read(tree: Tree, version: str) -> None:
    files = service(
        routes=virtual_service('"true"', version=version),
        rule=destination_rule('"true"', version=version),
    )
    line = f"apiVersion: networking.istio.io/{version}"
    found = spoken(tree, SPLITS, files, "TS117")
    assert sorted(found) == [f"templates/routes.yaml: {line}", f"templates/rule.yaml: {line}"]
    assert severities(tree, "TS117") == {Severity.INFO}


@pytest.mark.parametrize(
    ("rollouts", "files"),
    [
        (SPLITS, service(routes=virtual_service('"true"'))),
        (SPLITS, service(routes=virtual_service('"false"', version="v1"))),
        (SPLITS, service(routes=virtual_service(version="v1beta1"))),
        (pipeline(), service(routes=virtual_service('"true"', version="v1beta1"))),
        (rolling(), service(routes=virtual_service('"true"', version="v1beta1"))),
        ("a: 1\n", service(routes=virtual_service('"true"', version="v1beta1"))),
    ],
    ids=["v1alpha3", "false", "not managed", "pipeline", "rolling", "no workflow"],
)
def test_a_version_that_may_be(tree: Tree, rollouts: str, files: dict[str, str]) -> None:
    assert spoken(tree, rollouts, files, "TS117") == []


# -- TS120 ----------------------------------------------------------------------------------------

ROUTES = apply("templates/routes.yaml")
SKIPPED = ["templates/routes.yaml: # harness.io/skip-file-for-deploy"]


@pytest.mark.parametrize(
    "rollouts",
    [
        canary(),
        rolling(),
        pipeline(),
        canary(apply("templates/other.yaml")),
        canary(step("SHELL_SCRIPT", scriptString="echo hello")),
    ],
    ids=["canary", "rolling", "pipeline", "another file", "harmless script"],
)
def test_a_skipped_file_that_nobody_applies(tree: Tree, rollouts: str) -> None:
    assert spoken(tree, rollouts, service(routes=applied()), "TS120") == SKIPPED
    assert severities(tree, "TS120") == {Severity.WARNING}


@pytest.mark.parametrize(
    "rollouts",
    [
        canary(ROUTES),
        canary(back=(ROUTES,)),
        canary(apply("templates/config.yaml, ./templates/routes.yaml")),
        canary(apply("${workflow.variables.file}")),
        canary(apply("shop/templates/routes.yaml")),
        canary(step("SHELL_SCRIPT", scriptString="kubectl apply -f routes.yaml")),
        pipeline(nextgen.step("K8sApply", filePaths=["templates/routes.yaml"])),
        pipeline(nextgen.step("K8sApply", filePaths=["<+pipeline.variables.file>"])),
        pipeline(nextgen.step("K8sApply", manifestSource={"type": "K8sManifest"})),
        pipeline(nextgen.step_template()),
        "name: nothing\n",
    ],
    ids=[
        "applied",
        "in the rollback",
        "among others",
        "expression",
        "from the repository",
        "script",
        "by a pipeline",
        "pipeline expression",
        "manifest source",
        "step template",
        "no workflow",
    ],
)
def test_a_skipped_file_that_may_be_applied(tree: Tree, rollouts: str) -> None:
    assert spoken(tree, rollouts, service(routes=applied()), "TS120") == []


def test_a_skipped_file_that_another_workflow_applies(tree: Tree) -> None:
    only = workflow(phase("Routes", section("Apply", ROUTES)), kind="ROLLING")
    tree.write({"ops/workflow.yaml": only})
    assert spoken(tree, canary(), service(routes=applied()), "TS120") == []


def test_a_file_that_is_not_skipped(tree: Tree) -> None:
    assert spoken(tree, canary(), service(routes=applied(top="")), "TS120") == []


# -- TS122 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rollouts", "line"),
    [
        (canary(ROUTES, end=(ROUTES, delete())), 'filePaths: "templates/routes.yaml"'),
        (rolling(ROUTES), 'filePaths: "templates/routes.yaml"'),
        (
            pipeline(nextgen.step("K8sApply", filePaths=["templates/routes.yaml"])),
            'filePaths: ["templates/routes.yaml"]',
        ),
    ],
    ids=["canary", "rolling", "pipeline"],
)
def test_a_file_that_is_applied_twice(tree: Tree, rollouts: str, line: str) -> None:
    files = service(routes=applied(top=""))
    assert spoken(tree, rollouts, files, "TS122") == [f"workflow.yaml: {line}"]
    assert severities(tree, "TS122") == {Severity.INFO}


@pytest.mark.parametrize(
    ("rollouts", "files"),
    [
        (canary(ROUTES), service(routes=applied())),
        (workflow(phase("Routes", section("Apply", ROUTES))), service(routes=applied(top=""))),
        (canary(apply("${x}")), service(routes=applied(top=""))),
        (canary(apply("templates/other.yaml")), service(routes=applied(top=""))),
        (canary(ROUTES), {"Chart.yaml": "name: x\n", **service(routes=applied(top=""))}),
    ],
    ids=["skipped", "deployed by no one", "expression", "another file", "chart"],
)
def test_a_file_that_is_applied_once(tree: Tree, rollouts: str, files: dict[str, str]) -> None:
    assert spoken(tree, rollouts, files, "TS122") == []


# -- TS124 ----------------------------------------------------------------------------------------


def with_subsets(stable: str, canary: str, managed: str = "") -> str:
    spec = "  host: shop\n  subsets:\n"
    spec += f"  - name: stable\n    labels: {stable}\n  - name: canary\n    labels: {canary}\n"
    return destination_rule(managed, spec=spec)


STABLE = "{harness.io/track: stable}"
CANARY = "{harness.io/track: canary}"


@pytest.mark.parametrize("rollouts", [canary(), pipeline()], ids=["workflow", "pipeline"])
@pytest.mark.parametrize(
    ("stable", "canary_labels", "count"),
    [
        ("{version: stable}", "{version: canary}", 2),
        (STABLE, "{version: canary}", 1),
        (STABLE, STABLE, 1),
        ("{harness.io/color: blue}", CANARY, 1),
    ],
)
def test_subsets_that_do_not_select_by_track(
    tree: Tree, rollouts: str, stable: str, canary_labels: str, count: int
) -> None:
    found = spoken(tree, rollouts, service(rule=with_subsets(stable, canary_labels)), "TS124")
    assert len(found) == count
    assert all(line.startswith("templates/rule.yaml: labels:") for line in found)
    assert severities(tree, "TS124") == {Severity.WARNING}


@pytest.mark.parametrize(
    ("rollouts", "rule"),
    [
        (canary(), with_subsets(STABLE, CANARY)),
        (canary(), with_subsets("{harness.io/track: stable, app: shop}", CANARY)),
        (canary(), with_subsets("{harness.io/track: '{{.Values.x}}'}", CANARY)),
        (canary(), with_subsets("{version: v1}", "{version: v2}", '"true"')),
        (canary(), with_subsets("{version: v1}", "{version: v2}", "'{{.Values.x}}'")),
        (canary(), with_subsets("{}", CANARY)),
        (rolling(), with_subsets("{version: v1}", "{version: v2}")),
        ("a: 1\n", with_subsets("{version: v1}", "{version: v2}")),
        (canary(), with_subsets(STABLE, "{v: 2}").replace("name: canary", "name: next")),
    ],
    ids=[
        "by track",
        "by track and more",
        "hidden",
        "managed",
        "may be managed",
        "no labels",
        "rolling",
        "no workflow",
        "other subsets",
    ],
)  # fmt: skip
def test_subsets_that_may_be_right(tree: Tree, rollouts: str, rule: str) -> None:
    assert spoken(tree, rollouts, service(rule=rule), "TS124") == []


# -- TS125 ----------------------------------------------------------------------------------------

TWO = service(one=deployment("shop"), two=deployment("worker"))


@pytest.mark.parametrize(
    "rollouts",
    [
        canary(),
        pipeline(),
        workflow(phase("One", section("Deploy", step("K8S_BLUE_GREEN_DEPLOY"))), kind="BLUE_GREEN"),
    ],
    ids=["workflow", "pipeline", "blue green"],
)
def test_two_workloads(tree: Tree, rollouts: str) -> None:
    assert spoken(tree, rollouts, TWO, "TS125") == ["templates/two.yaml: name: worker"]
    assert severities(tree, "TS125") == {Severity.ERROR}


def test_two_stateful_sets_and_no_deployment(tree: Tree) -> None:
    files = service(one=deployment("shop", "StatefulSet"), two=deployment("worker", "StatefulSet"))
    assert spoken(tree, canary(), files, "TS125") == ["templates/two.yaml: name: worker"]


@pytest.mark.parametrize(
    "files",
    [
        service(one=deployment("shop", "DaemonSet")),
        service(one=deployment("shop", direct='"true"')),
    ],
    ids=["of another kind", "applied directly"],
)
def test_no_workload(tree: Tree, files: dict[str, str]) -> None:
    assert spoken(tree, canary(), files, "TS125") == ["workflow.yaml: - type: K8S_CANARY_DEPLOY"]


@pytest.mark.parametrize(
    "files",
    [
        service(one=deployment()),
        service(one=deployment(), two=deployment("worker", direct='"true"')),
        service(one=deployment(), two=deployment("worker", direct='"{{.Values.direct}}"')),
        service(one=deployment(), two=deployment("cache", "StatefulSet")),
        service(one=deployment(), two=deployment("agent", "DaemonSet")),
        service(one=deployment(), two=deployment("worker", top=MARKER)),
        service(one=deployment(), two=deployment("worker", top="{{- if .Values.w}}\n") + "{{- end}}\n"),
        service(one=deployment(), config="apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"),
        service(config="apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"),
        service(one=deployment("shop", "DeploymentConfig")),
        {"Chart.yaml": "name: x\n", **TWO},
        {"one.yaml": deployment(), "two.yaml": deployment("worker")},
    ],
    ids=[
        "one",
        "direct",
        "may be direct",
        "stateful set beside a deployment",
        "daemon set",
        "skipped",
        "in a block",
        "one and more",
        "none in sight",
        "deployment config",
        "chart",
        "no service",
    ],
)  # fmt: skip
def test_one_workload_or_who_knows(tree: Tree, files: dict[str, str]) -> None:
    assert spoken(tree, canary(), files, "TS125") == []


def test_two_workloads_of_a_rolling_workflow(tree: Tree) -> None:
    assert spoken(tree, rolling(), TWO, "TS125") == []


def test_a_progressive_canary(tree: Tree) -> None:
    deploy = nextgen.canary_deploy(canaryType="Progressive")
    text = nextgen.pipeline(nextgen.stage("Deploy", deploy))
    assert spoken(tree, text, TWO, "TS125") == []

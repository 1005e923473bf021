"""TS606, TS613, TS614, TS615, TS619: the Traffic Split step itself."""

from __future__ import annotations

from typing import Any

import pytest
from workflows import (
    CANARY_SUBSET,
    MANAGED,
    STABLE_SUBSET,
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

OURS = ("TS606", "TS613", "TS614", "TS615", "TS619")


def one_split(*weights: Any, service: Any = MANAGED, kind: str = "CANARY") -> str:
    """A workflow with one Traffic Split."""
    only = step(
        "K8S_TRAFFIC_SPLIT", virtualServiceName=service, istioDestinationWeights=list(weights)
    )
    return workflow(phase("Canary", section("Verify", only)), kind=kind)


def rules(tree: Tree, text: str, files: dict[str, str] | None = None) -> list[str]:
    """The findings of the rules under test, sorted; each as often as it is given."""
    tree.write({"workflow.yaml": text, **(files or {})})
    findings = [finding for finding in tree.lint() if finding.rule in OURS]
    assert {tree.name(finding.file) for finding in findings} <= {"workflow.yaml"}
    return sorted(finding.rule for finding in findings)


def pair(stable: Any, canary: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return (
        {"destination": STABLE_SUBSET, "weight": stable},
        {"destination": CANARY_SUBSET, "weight": canary},
    )


# -- TS606 ----------------------------------------------------------------------------------------


def test_traffic_split_in_a_rolling_workflow(tree: Tree) -> None:
    steps = (rollout(), split(mark="TS606"), split("20", mark="TS606"))
    text = workflow(phase("Rolling", section("Deploy", *steps)), kind="ROLLING")
    assert {line for line in found(tree, text) if line.endswith("TS606")} == marked(text)
    assert len(marked(text)) == 2


def test_traffic_split_in_the_rollback_of_a_rolling_workflow(tree: Tree) -> None:
    back = phase("Rollback", section("Deploy", split()))
    text = workflow(
        phase("Rolling", section("Deploy", rollout())), kind="ROLLING", rollback=(back,)
    )
    assert rules(tree, text) == ["TS606"]


@pytest.mark.parametrize("kind", ["CANARY", "BLUE_GREEN", "MULTI_SERVICE", "${workflow.type}"])
def test_traffic_split_in_other_workflows(tree: Tree, kind: str) -> None:
    assert rules(tree, one_split(*pair("90", "10"), kind=kind)) == []


def test_rolling_without_traffic_split(tree: Tree) -> None:
    assert rules(tree, workflow(phase("Rolling", section("Go", rollout())), kind="ROLLING")) == []


# -- TS613 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "weight", ["10%", "33.3", 33.3, "", "  ", None, -5, "-5", 101, "1e1", "ten", True, [10], {}]
)
def test_a_weight_that_is_no_percentage(tree: Tree, weight: object) -> None:
    assert rules(tree, one_split(*pair("90", weight))) == ["TS613"]


@pytest.mark.parametrize(
    "weight", ["10", 10, " 10 ", "+10", "${workflow.variables.canary}", "${canary}0"]
)
def test_a_weight_that_may_be_a_percentage(tree: Tree, weight: object) -> None:
    assert rules(tree, one_split(*pair("90", weight))) == []


def test_a_weight_that_is_left_out(tree: Tree) -> None:
    entry = {"destination": CANARY_SUBSET}
    assert rules(tree, one_split({"destination": STABLE_SUBSET, "weight": 90}, entry)) == ["TS613"]


def test_the_weight_is_shown_where_it_stands(tree: Tree) -> None:
    tree.write(
        {
            "workflow.yaml": """\
                harnessApiVersion: '1.0'
                type: CANARY
                phases:
                - phaseSteps:
                  - steps:
                    - type: K8S_TRAFFIC_SPLIT
                      properties:
                        virtualServiceName: shop
                        istioDestinationWeights:
                        - destination: ${k8s.stableDestination}
                          weight: '90'
                        - destination: ${k8s.canaryDestination}
                          weight: '10%'
                """
        }
    )
    assert "workflow.yaml:13:19 TS613" in tree.show()
    (finding,) = (f for f in tree.lint() if f.rule in OURS)
    assert finding.message == (
        "The weight of ${k8s.canaryDestination} in Traffic Split K8S_TRAFFIC_SPLIT is '10%', which is "
        "no whole number. The step fails when the workflow reaches it."
    )


# -- TS614 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("weights", [(90, 20), (80, 10), ("90", "9"), (0, 0), (100, 100), (0, "")])
def test_weights_that_do_not_sum_to_100(tree: Tree, weights: tuple[Any, Any]) -> None:
    expected = "TS613" if "" in weights else "TS614"
    assert rules(tree, one_split(*pair(*weights))) == [expected]


@pytest.mark.parametrize("weights", [(90, 10), ("90", 10), (100, 0), (0, 100), ("100", "0")])
def test_weights_that_sum_to_100(tree: Tree, weights: tuple[Any, Any]) -> None:
    assert rules(tree, one_split(*pair(*weights))) == []


def test_one_and_three_destinations(tree: Tree) -> None:
    def third(weight: int) -> dict[str, object]:
        return {"destination": "host: shop\nsubset: old", "weight": weight}

    assert rules(tree, one_split(*pair(40, 30), third(30))) == []
    assert rules(tree, one_split(*pair(40, 30), third(40))) == ["TS614"]
    assert rules(tree, one_split(pair(100, 0)[0])) == []
    assert rules(tree, one_split(pair(50, 0)[0])) == ["TS614"]


@pytest.mark.parametrize(
    "weights", [("${a.b}", "20"), ("90", "${a.b}"), ("${workflow.variables.s}", "${x}")]
)
def test_weights_that_expressions_hide(tree: Tree, weights: tuple[str, str]) -> None:
    assert rules(tree, one_split(*pair(*weights))) == []


def test_an_entry_that_an_expression_hides(tree: Tree) -> None:
    assert rules(tree, one_split("${workflow.variables.entry}", pair(90, 0)[0])) == []


def test_no_destinations_are_another_rule_s(tree: Tree) -> None:
    assert rules(tree, one_split()) == []
    assert rules(tree, one_split("${workflow.variables.all}")) == []


# -- TS615 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("destination", "reason"),
    [
        ("", "is blank"),
        (None, "is blank"),
        ("   ", "is blank"),
        ("shop", "has neither host nor subset"),
        (7, "has neither host nor subset"),
        (["shop"], "has neither host nor subset"),
        ("host: shop", "lacks subset"),
        ("subset: canary", "lacks host"),
        ("port: {number: 80}", "lacks host and subset"),
        ({"host": "shop"}, "lacks subset"),
        ("host: shop\nsubset: ''", "lacks subset"),
        ("host: [shop\nsubset: canary", "is not valid YAML"),
        ("host: shop subset: canary", "is not valid YAML"),
        ("${k8s.primaryDestination}", "is ${k8s.primaryDestination}, which stands for no"),
        ("${k8s.canaryWorkload}", "is ${k8s.canaryWorkload}, which stands for no"),
        ("${k8s.canarydestination}", "is ${k8s.canarydestination}, which stands for no"),
        ("${k8s.canaryDestination}-v2", "has other text around ${k8s.canaryDestination}"),
        ("host: ${k8s.stableDestination}\nsubset: a", "has other text around"),
    ],
)
def test_a_destination_that_cannot_be_used(tree: Tree, destination: object, reason: str) -> None:
    text = one_split({"destination": destination, "weight": 100})
    assert rules(tree, text) == ["TS615"]
    (finding,) = (f for f in tree.lint() if f.rule == "TS615")
    assert reason in finding.message


@pytest.mark.parametrize(
    "destination",
    [
        STABLE_SUBSET,
        f"  {CANARY_SUBSET}\n",
        "host: shop\nsubset: v2",
        "{host: shop, subset: v2, port: {number: 80}}",
        "host: shop\nsubset: 2",
        {"host": "shop", "subset": "v2"},
        "host: ${k8s.stageServiceName}\nsubset: v2",
        "host: ${service.name}\nsubset: v2",
        "host: ${service.name}",
        "${workflow.variables.destination}",
    ],
)
def test_a_destination_that_can_be_used(tree: Tree, destination: object) -> None:
    assert rules(tree, one_split({"destination": destination, "weight": 100})) == []


@pytest.mark.parametrize("entry", ["shop", 7, [], None])
def test_an_entry_of_another_shape(tree: Tree, entry: object) -> None:
    assert rules(tree, one_split(entry, pair(100, 0)[0])) == ["TS615"]


# -- TS619 ----------------------------------------------------------------------------------------

ROUTE = "- route:\n    - destination: {host: shop}\n"


def service(spec: str, *, name: str = "shop", annotations: str = "") -> str:
    lines = [
        "apiVersion: networking.istio.io/v1alpha3",
        "kind: VirtualService",
        "metadata:",
        f"  name: {name}",
        f"  annotations: {{{annotations}}}",
        "spec:",
        "  hosts: [shop]",
    ]
    return "\n".join(lines) + "\n" + spec


HTTP = f"  http:\n  {ROUTE}"
TWO = f"  http:\n  {ROUTE}  {ROUTE}"
TCP = f"  tcp:\n  {ROUTE}"
TLS = "  tls:\n  - match: [{sniHosts: [shop], port: 443}]\n    route:\n    - destination: {host: shop}\n"


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (TCP, "has tcp routes"),
        (HTTP + TCP, "has tcp routes"),
        (TLS, "has tls routes"),
        (HTTP + TLS, "has tls routes"),
        (TWO, "has 2 http routes"),
        ("", "has no http route"),
        ("  http: []\n", "has no http route"),
    ],
)
def test_a_virtual_service_that_a_split_cannot_set(tree: Tree, spec: str, reason: str) -> None:
    text = one_split(*pair(90, 10), service="shop")
    assert rules(tree, text, {"vs.yaml": service(spec)}) == ["TS619"]
    (finding,) = (f for f in tree.lint() if f.rule == "TS619")
    assert reason in finding.message
    assert text.splitlines()[finding.span.line - 1].strip() == 'virtualServiceName: "shop"'
    assert [tree.name(related.file) for related in finding.related] == ["vs.yaml"]


@pytest.mark.parametrize("spec", [HTTP, HTTP + "  tcp: []\n  tls: []\n", "  http: ${routes}\n"])
def test_a_virtual_service_that_a_split_can_set(tree: Tree, spec: str) -> None:
    text = one_split(*pair(90, 10), service="shop")
    assert rules(tree, text, {"vs.yaml": service(spec)}) == []


def test_one_http_route_with_several_destinations(tree: Tree) -> None:
    spec = HTTP + "    - destination: {host: other}\n      weight: 0\n"
    assert rules(tree, one_split(*pair(90, 10), service="shop"), {"vs.yaml": service(spec)}) == []


@pytest.mark.parametrize("named", [MANAGED, "other", "${workflow.variables.vs}", "", None])
def test_a_virtual_service_that_the_split_does_not_name(tree: Tree, named: object) -> None:
    text = one_split(*pair(90, 10), service=named)
    assert rules(tree, text, {"vs.yaml": service(TCP)}) == []


def test_a_tcp_virtual_service_beside_the_split_one(tree: Tree) -> None:
    files = {"a.yaml": service(HTTP), "b.yaml": service(TCP, name="echo")}
    assert rules(tree, one_split(*pair(90, 10), service="shop"), files) == []


def test_managed_ones_are_judged_elsewhere(tree: Tree) -> None:
    content = service(TWO, annotations='harness.io/managed: "true"')
    assert rules(tree, one_split(*pair(90, 10), service="shop"), {"vs.yaml": content}) == []
    content = service(TWO, annotations='harness.io/managed: "false"')
    text = one_split(*pair(90, 10), service="shop")
    assert rules(tree, text, {"vs.yaml": content}) == ["TS619"]


def test_two_of_the_name_leave_it_open(tree: Tree) -> None:
    text = one_split(*pair(90, 10), service="shop")
    files = {"a/vs.yaml": service(TCP), "b/vs.yaml": service(HTTP)}
    assert rules(tree, text, files) == []


def test_several_splits_of_one_virtual_service_are_one_mistake(tree: Tree) -> None:
    both = split("10", service="shop") + split("20", service="shop")
    text = workflow(phase("Canary", section("Verify", both)))
    assert rules(tree, text, {"vs.yaml": service(TCP)}) == ["TS619"]


def test_the_virtual_service_of_the_phase_s_own_service(tree: Tree) -> None:
    root = "Setup/Applications/Store"
    text = one_split(*pair(90, 10), service="shop")
    own = f"{root}/Services/shop/Manifests/Files/templates/vs.yaml"
    other = f"{root}/Services/cart/Manifests/Files/templates/vs.yaml"
    workflow_file = f"{root}/Workflows/Canary.yaml"
    lines = [line.strip() for line in text.splitlines()]
    named = lines.index('virtualServiceName: "shop"') + 1

    def spoken(files: dict[str, str]) -> set[str]:
        return found(tree, text, files, file=workflow_file)

    assert spoken({own: service(HTTP), other: service(TCP)}) == set()
    assert spoken({own: service(TCP), other: service(HTTP)}) == {f"{named} TS619"}
    (tree.root / own).unlink()
    (tree.root / f"{root}/Services/shop/Index.yaml").write_text("harnessApiVersion: '1.0'\n")
    assert spoken({other: service(TCP)}) == set()


def test_a_base_that_a_patch_completes(tree: Tree) -> None:
    text = one_split(*pair(90, 10), service="shop")
    files = {
        "base/vs.yaml": service(""),
        "prod/kustomization.yaml": "resources: [../base]\npatches: [{path: vs-patch.yaml}]\n",
        "prod/vs-patch.yaml": service(HTTP),
    }
    assert rules(tree, text, files) == []


def test_a_managed_one_in_a_skipped_file_is_judged_here(tree: Tree) -> None:
    text = one_split(*pair(90, 10), service="shop")
    managed = service(TCP, annotations='harness.io/managed: "true"')
    assert rules(tree, text, {"vs.yaml": managed}) == []
    assert rules(tree, text, {"vs.yaml": f"# harness.io/skip-file-for-deploy\n{managed}"}) == [
        "TS619"
    ]


def test_a_route_without_destinations_cannot_be_split(tree: Tree) -> None:
    text = one_split(*pair(90, 10), service="shop")
    redirect = "  http:\n  - redirect: {uri: /new}\n"
    assert rules(tree, text, {"vs.yaml": service(redirect)}) == ["TS619"]
    assert rules(tree, text, {"vs.yaml": service("  http:\n  - route: ${routes}\n")}) == []

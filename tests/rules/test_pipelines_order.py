"""Rules about the steps of a pipeline's stage together: which there are, and in what order."""

from __future__ import annotations

import pytest
from pipelines import (
    approval,
    blue_green,
    canary_delete,
    canary_deploy,
    found,
    group,
    inherit,
    marked,
    parallel,
    pipeline,
    rolling,
    rolling_rollback,
    routes,
    routing,
    script,
    stage,
    stage_template,
    step,
    step_template,
    swap,
    traffic_routing,
)

from conftest import Tree

UNDO = (canary_delete(name="Undo Canary"), rolling_rollback())
WHEN = "when: {stageStatus: Success, condition: <+x>}\n"
PROGRESSIVE = {"canaryType": "Progressive", "targetPercentage": 25, "instanceSelection": None}


def canary_stage(*entries: str, rollback: tuple[str, ...] = UNDO) -> str:
    return pipeline(stage("prod", *entries, rollback=rollback))


def hidden(weight: str, kind: str = "inherit") -> str:
    given = {"routes": routes(weight, "<+y>")} if kind == "inherit" else routing(weight, "<+y>")
    return step("K8sTrafficRouting", "Shift", type=kind, trafficRouting=given)


def severities(tree: Tree, text: str) -> dict[str, str]:
    """The label of each finding of a rule in one pipeline."""
    tree.write({"pipeline.yaml": text})
    return {f.rule: f.severity.label for f in tree.lint() if f.rule.startswith("TS7")}


# -- TS701 ----------------------------------------------------------------------------------------

EARLY = [
    (canary_deploy(), traffic_routing(20), canary_delete("TS701"), rolling()),
    (canary_deploy(trafficRouting=routing(20)), canary_delete("TS701"), rolling()),
    (
        canary_deploy(),
        traffic_routing(20),
        inherit(0),
        inherit(50),
        canary_delete("TS701"),
        rolling(),
    ),
    (
        group("Canary", canary_deploy(), traffic_routing(20), canary_delete("TS701")),
        group("Primary", rolling(), inherit(0)),
    ),
    (canary_deploy(), traffic_routing(20), parallel(canary_delete("TS701"), rolling())),
    (
        canary_deploy(),
        traffic_routing(20),
        script("echo done"),
        canary_delete("TS701"),
        rolling(),
    ),
    (canary_deploy(), traffic_routing(20), parallel(canary_delete("TS701"), inherit(0)), rolling()),
    (
        canary_deploy(),
        traffic_routing(20),
        step(
            "K8sDelete",
            "Clean",
            "TS701",
            deleteResources={
                "type": "ResourceName",
                "spec": {"resourceNames": ["Deployment/shop-canary"]},
            },
        ),
        rolling(),
    ),
]
IN_TIME = [
    (canary_deploy(), canary_delete(), rolling()),
    (canary_deploy(), traffic_routing(0), canary_delete(), rolling()),
    (canary_deploy(), traffic_routing(20), inherit(0), canary_delete(), rolling()),
    (canary_deploy(), traffic_routing(20), rolling(), inherit(0), canary_delete()),
    (canary_deploy(), traffic_routing(20), rolling(), canary_delete(), inherit(0)),
    (
        group("Canary", canary_deploy(), traffic_routing(20), rollback=(canary_delete(),)),
        group("Primary", rolling(), inherit(0), canary_delete()),
    ),
    (canary_deploy(), traffic_routing(20), step_template(), canary_delete(), rolling()),
    (
        canary_deploy(),
        script("kubectl patch virtualservices shop --patch-file 80-20.yaml"),
        script("kubectl patch virtualservices shop --patch-file 100-0.yaml"),
        canary_delete(),
        rolling(),
    ),
    (
        canary_deploy(),
        traffic_routing(20),
        script("kubectl patch vs shop -p x"),
        canary_delete(),
        rolling(),
    ),
]


@pytest.mark.parametrize("entries", EARLY)
def test_a_canary_is_not_deleted_while_it_gets_traffic(
    tree: Tree, entries: tuple[str, ...]
) -> None:
    text = canary_stage(*entries)
    assert found(tree, text) == marked(text)
    assert severities(tree, text)["TS701"] == "error"


@pytest.mark.parametrize("entries", IN_TIME)
def test_a_canary_without_traffic_may_be_deleted(tree: Tree, entries: tuple[str, ...]) -> None:
    assert found(tree, canary_stage(*entries)) == set()


@pytest.mark.parametrize(
    "entries",
    [
        (canary_deploy(), traffic_routing(20), canary_delete("TS701", extra=WHEN), rolling()),
        (canary_deploy(), traffic_routing(20, extra=WHEN), canary_delete("TS701"), rolling()),
        (
            canary_deploy(),
            traffic_routing(20),
            inherit(0, extra=WHEN),
            canary_delete("TS701"),
            rolling(),
        ),
        (
            group("Canary", canary_deploy(), traffic_routing(20), extra=WHEN),
            canary_delete("TS701"),
            rolling(),
        ),
        (canary_deploy(), traffic_routing(20), hidden("<+x>"), canary_delete("TS701"), rolling()),
    ],
)
def test_a_condition_or_a_hidden_weight_makes_it_a_warning(
    tree: Tree, entries: tuple[str, ...]
) -> None:
    text = canary_stage(*entries)
    assert found(tree, text) == marked(text)
    assert severities(tree, text)["TS701"] == "warning"


def test_two_routes_are_told_apart(tree: Tree) -> None:
    both = {
        "provider": "istio",
        "spec": {
            "name": "shop",
            "hosts": ["shop"],
            "routes": [*routes(20, name="a"), *routes(30, name="b")],
        },
    }
    config = step("K8sTrafficRouting", "Route", type="config", trafficRouting=both)
    back = {"routes": routes(0, name="a")}
    one = step("K8sTrafficRouting", "Back", type="inherit", trafficRouting=back)
    text = canary_stage(canary_deploy(), config, one, canary_delete("TS701"), rolling())
    assert found(tree, text) == marked(text)


def test_an_applied_virtual_service_routes_too(tree: Tree) -> None:
    manifest = """\
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: shop}
        spec:
          hosts: [shop]
          http:
          - route:
            - {destination: {host: shop, subset: stable}, weight: 80}
            - {destination: {host: shop, subset: canary}, weight: 20}
        """
    shift = step("K8sApply", "Shift", filePaths=["routes/virtual-service.yaml"])
    text = canary_stage(canary_deploy(), shift, canary_delete("TS701"), rolling())
    assert found(tree, text, {"routes/virtual-service.yaml": manifest}) == marked(text)


def test_an_environment_called_stage_is_no_canary(tree: Tree) -> None:
    def shares(stable: int, canary: int) -> list[object]:
        hosts = {
            "shop.stage.svc.cluster.local": stable,
            "shop-canary.stage.svc.cluster.local": canary,
        }
        found = [{"destination": {"host": h, "weight": w}} for h, w in hosts.items()]
        return [{"route": {"type": "http", "name": "main", "destinations": found}}]

    given = {"provider": "istio", "spec": {"name": "s", "hosts": ["s"], "routes": shares(80, 20)}}
    config = step("K8sTrafficRouting", "Route", type="config", trafficRouting=given)
    back_routes = shares(100, 0)
    del back_routes[0]["route"]["type"]  # type: ignore[index]
    back = step("K8sTrafficRouting", "Back", type="inherit", trafficRouting={"routes": back_routes})
    assert (
        found(tree, canary_stage(canary_deploy(), config, back, canary_delete(), rolling()))
        == set()
    )
    wrong = canary_stage(canary_deploy(), config, canary_delete("TS701"), rolling())
    assert found(tree, wrong) == marked(wrong)


# -- TS702, TS703, TS704, TS725 -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "rollback", "severity"),
    [
        ((rolling(), canary_delete("TS702")), (), "error"),
        ((rolling(),), (canary_delete("TS702"),), "warning"),
        ((step("HelmCanaryDeploy"), canary_delete("TS702")), (), "error"),
    ],
)
def test_a_delete_needs_a_canary(
    tree: Tree, entries: tuple[str, ...], rollback: tuple[str, ...], severity: str
) -> None:
    text = canary_stage(*entries, rollback=rollback)
    assert found(tree, text) == marked(text)
    assert severities(tree, text) == {"TS702": severity}


@pytest.mark.parametrize(
    "entries",
    [
        (step_template(), canary_delete(), rolling()),
        (group("a", canary_deploy()), parallel(canary_delete()), rolling()),
        (step("K8sDelete", deleteResources={"type": "ReleaseName", "spec": {}}), rolling()),
    ],
)
def test_a_delete_with_a_canary_somewhere(tree: Tree, entries: tuple[str, ...]) -> None:
    assert found(tree, canary_stage(*entries, rollback=())) == set()


def test_a_canary_is_deleted_and_rolled_out(tree: Tree) -> None:
    text = canary_stage(canary_deploy("TS703"), rolling(), rollback=())
    assert found(tree, text) == marked(text)
    text = canary_stage(canary_deploy("TS704"), canary_delete())
    assert found(tree, text) == marked(text)


@pytest.mark.parametrize(
    ("entries", "rollback"),
    [
        ((canary_deploy(), rolling()), (canary_delete(),)),
        ((canary_deploy(), group("a", rolling(), rollback=(canary_delete(),))), ()),
        ((canary_deploy(), rolling(), script("kubectl delete deploy shop-canary")), ()),
        ((canary_deploy(), rolling(), step_template()), ()),
        ((canary_deploy(**PROGRESSIVE), approval(), canary_deploy(**PROGRESSIVE)), ()),
        ((canary_deploy(**{**PROGRESSIVE, "canaryType": "<+input>"}), approval()), ()),
        ((canary_deploy(), canary_delete(), step("K8sApply", filePaths=["all.yaml"])), ()),
        ((canary_deploy(), canary_delete(), script("kubectl set image deploy/shop a=b")), ()),
        ((canary_deploy(), canary_delete(), step_template()), ()),
        ((canary_deploy(), canary_deploy(extra=WHEN), canary_delete(), rolling()), ()),
    ],
)
def test_other_ways_to_end_a_canary(
    tree: Tree, entries: tuple[str, ...], rollback: tuple[str, ...]
) -> None:
    assert found(tree, canary_stage(*entries, rollback=rollback)) == set()


def test_another_stage_may_roll_out(tree: Tree) -> None:
    tried = stage("try", canary_deploy(), canary_delete())
    assert found(tree, pipeline(tried, stage("prod", rolling()))) == set()
    text = pipeline(
        stage("try", canary_deploy("TS704"), canary_delete()),
        stage("prod", rolling(), service="other"),
    )
    assert found(tree, text) == marked(text)


def test_a_stage_template_may_leave_the_rest_to_other_stages(tree: Tree) -> None:
    text = stage("try", canary_deploy(), canary_delete(), rollback=UNDO)
    assert found(tree, stage_template(text)) == set()
    shifted = (canary_deploy(), traffic_routing(20), canary_delete("TS701"), rolling())
    within = stage_template(stage("try", *shifted, rollback=(inherit(0), *UNDO)))
    assert found(tree, within) == marked(within)


def test_routes_that_an_earlier_stage_may_configure(tree: Tree) -> None:
    text = stage("shift", canary_deploy(), inherit(0), canary_delete(), rolling(), rollback=UNDO)
    assert severities(tree, pipeline(text)) == {"TS708": "error"}
    assert severities(tree, stage_template(text)) == {"TS708": "warning"}


def test_one_canary_per_stage(tree: Tree) -> None:
    text = canary_stage(
        canary_deploy(), canary_deploy("TS725", name="More"), canary_delete(), rolling()
    )
    assert found(tree, text) == marked(text)
    apart = pipeline(
        stage("a", canary_deploy(), canary_delete(), rolling()),
        stage("b", canary_deploy(), canary_delete(), rolling()),
    )
    assert found(tree, apart) == set()


# -- TS708, TS709, TS710 --------------------------------------------------------------------------


def inherits(name: str = "main", mark: str = "", extra: str = "") -> str:
    """A step that inherits, marked at its type of configuration."""
    return (
        "- step:\n    type: K8sTrafficRouting\n    name: Shift\n    identifier: Shift\n"
        f"{extra}    spec:\n      type: inherit{mark}\n      trafficRouting:\n        routes:\n"
        f"        - route:\n            name: {name}\n            destinations:\n"
        "            - destination: {host: stable, weight: 100}\n"
        "            - destination: {host: canary, weight: 0}\n"
    )


@pytest.mark.parametrize(
    ("entries", "severity"),
    [
        ((canary_deploy(), inherits(mark="  # TS708"), canary_delete(), rolling()), "error"),
        (
            (
                canary_deploy(),
                inherits(mark="  # TS708", extra=f"    {WHEN}"),
                canary_delete(),
                rolling(),
            ),
            "warning",
        ),
        (
            (
                canary_deploy(),
                inherits(mark="  # TS708"),
                traffic_routing(0),
                canary_delete(),
                rolling(),
            ),
            "error",
        ),
    ],
)
def test_an_inherited_routing_was_configured(
    tree: Tree, entries: tuple[str, ...], severity: str
) -> None:
    text = canary_stage(*entries)
    assert found(tree, text) == marked(text)
    assert severities(tree, text) == {"TS708": severity}


@pytest.mark.parametrize(
    "entries",
    [
        (canary_deploy(trafficRouting=routing(0)), inherits()),
        (canary_deploy(), parallel(traffic_routing(0), inherits())),
        (canary_deploy(), step_template(), inherits()),
        (canary_deploy(), step("K8sTrafficRouting", type="<+input>"), inherits()),
    ],
)
def test_an_inherited_routing_that_something_configured(
    tree: Tree, entries: tuple[str, ...]
) -> None:
    wanted = {"TS708"}
    text = canary_stage(*entries, canary_delete(), rolling())
    assert not {line for line in found(tree, text) if line.split()[1] in wanted}


def test_an_earlier_stage_is_another_deployment(tree: Tree) -> None:
    one = stage(
        "one", canary_deploy(), traffic_routing(0), canary_delete(), rolling(), rollback=UNDO
    )
    two = (canary_deploy(), inherits(mark="  # TS708"), canary_delete(), rolling())
    text = pipeline(one, stage("two", *two, rollback=UNDO))
    assert found(tree, text) == marked(text)
    assert severities(tree, text) == {"TS708": "warning"}
    text = pipeline(one.replace("steps:", "steps: <+input>\n        old:", 1), stage("two", *two))
    assert "TS708" not in severities(tree, text)


@pytest.mark.parametrize(
    ("name", "mark"),
    [("mian  # TS709", ""), ("<+input>", ""), ("main", ""), ("'main'", "")],
)
def test_an_inherited_route_has_a_known_name(tree: Tree, name: str, mark: str) -> None:
    text = canary_stage(
        canary_deploy(), traffic_routing(0), inherits(name), canary_delete(), rolling()
    )
    assert found(tree, text) == marked(text)


def test_a_hidden_route_may_have_any_name(tree: Tree) -> None:
    given = routing(0)
    given["spec"]["routes"][0]["route"]["name"] = "<+input>"
    config = step("K8sTrafficRouting", "Route", type="config", trafficRouting=given)
    text = canary_stage(canary_deploy(), config, inherits("other"), canary_delete(), rolling())
    assert found(tree, text) == set()


def configures(mark: str = "", name: str = "shop", route: str = "main", extra: str = "") -> str:
    return (
        f"- step:\n    type: K8sTrafficRouting\n    name: Route\n    identifier: Route\n{extra}"
        "    spec:\n      type: config\n      trafficRouting:\n        provider: istio\n        spec:\n"
        f"          name: {name}\n          hosts: [shop]\n          routes:\n          - route:\n"
        f"              type: http\n              name: {route}{mark}\n              destinations:\n"
        "              - destination: {host: stable, weight: 100}\n"
        "              - destination: {host: canary, weight: 0}\n"
    )


@pytest.mark.parametrize(
    ("second", "severity"),
    [
        (configures("  # TS710", name="other"), "warning"),
        (configures("  # TS710"), "info"),
        (configures(route="rest"), ""),
        (configures(route="<+input>"), ""),
        (configures(name="other", extra=f"    {WHEN}"), ""),
    ],
)
def test_route_names_are_given_once(tree: Tree, second: str, severity: str) -> None:
    text = canary_stage(canary_deploy(), configures(), second, canary_delete(), rolling())
    assert found(tree, text) == marked(text)
    assert severities(tree, text).get("TS710", "") == severity


def test_route_names_of_stages_with_one_target(tree: Tree) -> None:
    def one(name: str, mark: str = "", service: str = "shop") -> str:
        steps = (canary_deploy(), configures(mark, name=name), canary_delete(), rolling())
        return stage(name, *steps, rollback=UNDO, service=service)

    text = pipeline(one("a"), one("b", "  # TS710"))
    assert found(tree, text) == marked(text)
    assert found(tree, pipeline(one("a"), one("b", service="other"))) == set()
    elsewhere = one("b").replace("environmentRef: prod", "environmentRef: test")
    assert found(tree, pipeline(one("a"), elsewhere)) == set()


# -- TS715, TS721, TS723, TS724, TS730 ------------------------------------------------------------


def test_placeholders_need_their_deployment(tree: Tree) -> None:
    def route(host: str, mark: str) -> str:
        return configures().replace(
            "destination: {host: canary, weight: 0}",
            f"destination:\n                  host: {host}{mark}\n                  weight: 0",
        )

    text = pipeline(stage("a", blue_green(), route("canary", "  # TS715"), swap()))
    assert found(tree, text) == marked(text)
    text = canary_stage(canary_deploy(), route("stage", "  # TS715"), canary_delete(), rolling())
    assert found(tree, text) == marked(text)
    assert found(tree, pipeline(stage("a", blue_green(), route("stage", ""), swap()))) == set()
    known = {"service.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: stage}\n"}
    text = canary_stage(canary_deploy(), route("stage", ""), canary_delete(), rolling())
    assert found(tree, text, known) == set()
    assert found(tree, pipeline(stage("a", step_template(), route("stage", "")))) == set()


def test_a_placeholder_in_a_stage_that_deploys_nothing(tree: Tree) -> None:
    tree.write({"pipeline.yaml": pipeline(stage("a", configures()))})
    assert [f.message.split('"')[1] for f in tree.lint() if f.rule == "TS715"] == [
        "stable",
        "canary",
    ]


@pytest.mark.parametrize(
    ("entries", "severity"),
    [
        ((rolling(),), "warning"),
        ((), "info"),
        ((step_template(),), ""),
    ],
)
def test_routing_needs_two_versions(tree: Tree, entries: tuple[str, ...], severity: str) -> None:
    given = configures().replace("host: stable", "host: a").replace("host: canary", "host: b")
    text = pipeline(stage("a", given.replace("Routing\n", "Routing  # TS721\n", 1), *entries))
    assert found(tree, text) == (marked(text) if severity else set())
    assert severities(tree, text).get("TS721", "") == severity


def test_a_rollback_takes_traffic_back(tree: Tree) -> None:
    steps = (canary_deploy(), traffic_routing(20), rolling(), inherit(0), canary_delete())
    text = canary_stage(*steps, rollback=(rolling_rollback(),)).replace(
        "rollbackSteps:", "rollbackSteps:  # TS723"
    )
    assert found(tree, text) == marked(text)
    idle = (script("echo undone"), approval())
    text = canary_stage(*steps, rollback=idle).replace("rollbackSteps:", "rollbackSteps:  # TS723")
    assert found(tree, text) == marked(text)
    text = canary_stage(*steps, rollback=()).replace(
        "rollbackSteps: []", "rollbackSteps: []  # TS723"
    )
    assert found(tree, text) == marked(text)
    # What happens on a failure is no rollback.
    never = pipeline(stage("prod", *steps, action="Ignore"))
    assert found(tree, never) == set()


@pytest.mark.parametrize(
    "rollback",
    [
        (inherit(0),),
        (canary_delete(),),
        (script("kubectl apply -f old.yaml"),),
        (step_template(),),
        (step("K8sApply", filePaths=["old.yaml"]),),
    ],
)
def test_ways_to_take_traffic_back(tree: Tree, rollback: tuple[str, ...]) -> None:
    steps = (canary_deploy(), traffic_routing(20), rolling(), inherit(0), canary_delete())
    assert found(tree, canary_stage(*steps, rollback=rollback)) == set()
    inside = group("all", *steps, rollback=rollback)
    assert found(tree, canary_stage(inside, rollback=())) == set()


def test_a_routing_without_traffic_needs_no_rollback(tree: Tree) -> None:
    steps = (canary_deploy(), traffic_routing(0), rolling(), canary_delete())
    assert found(tree, canary_stage(*steps, rollback=())) == set()


@pytest.mark.parametrize(
    ("entries", "rollback", "severity"),
    [
        ((rolling(), swap("TS724")), (), "error"),
        ((rolling(),), (swap("TS724"),), "warning"),
        ((blue_green(), swap()), (swap(),), ""),
        ((step_template(), swap()), (), ""),
        (
            (blue_green(), traffic_routing(50, mark="TS724", test="stage"), swap()),
            (swap(),),
            "warning",
        ),
        (
            (
                blue_green(),
                traffic_routing(50, test="stage"),
                inherit(100, mark="TS724", test="stage"),
                swap(),
            ),
            (swap(),),
            "warning",
        ),
        (
            (
                blue_green(),
                traffic_routing(50, test="stage"),
                swap(),
                inherit(0, test="stage"),
            ),
            (swap(),),
            "",
        ),
        (
            (blue_green(), traffic_routing(50, test="stage"), inherit(0, test="stage"), swap()),
            (swap(),),
            "",
        ),
    ],
)
def test_a_swap_needs_a_stage_without_traffic(
    tree: Tree, entries: tuple[str, ...], rollback: tuple[str, ...], severity: str
) -> None:
    text = canary_stage(*entries, rollback=rollback)
    assert found(tree, text) == marked(text)
    assert severities(tree, text).get("TS724", "") == severity


LARGE = {"instanceSelection": {"type": "Percentage", "spec": {"percentage": 100}}}
SCALE = step(
    "K8sScale",
    "Grow",
    workload="<+x>",
    instanceSelection={"type": "Count", "spec": {"count": 5}},
)


@pytest.mark.parametrize(
    "entries",
    [
        (canary_deploy(), traffic_routing(20), inherit(100, mark="TS730"), rolling(), inherit(0)),
        (
            canary_deploy(trafficRouting=routing(20)),
            inherit(100, mark="TS730"),
            rolling(),
            inherit(0),
        ),
        (canary_deploy(), traffic_routing(50), rolling(), inherit(0)),
        (canary_deploy(), traffic_routing(100), inherit(50), rolling(), inherit(0)),
        (canary_deploy(**LARGE), traffic_routing(100), rolling(), inherit(0)),
        (canary_deploy(), SCALE, traffic_routing(100), rolling(), inherit(0)),
        (canary_deploy(), traffic_routing(100), script("kubectl x"), rolling(), inherit(0)),
        (canary_deploy(), traffic_routing(20), inherit(100, extra=WHEN), rolling(), inherit(0)),
    ],
)
def test_the_canary_does_not_carry_everything(tree: Tree, entries: tuple[str, ...]) -> None:
    text = canary_stage(*entries, canary_delete())
    assert found(tree, text) == marked(text)

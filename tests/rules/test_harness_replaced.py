"""What Harness overwrites: weights (TS114), further hosts (TS115), subsets (TS116)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from workflows import canary_deploy, delete, phase, rollout, section, workflow

from conftest import Tree

Lint = Callable[..., list[str]]
REPLACED = ("TS114", "TS115", "TS116")
PRIMARY = """\
apiVersion: v1
kind: Service
metadata:
  name: shop
  annotations:
    harness.io/primary-service: "true"
spec:
  selector: {app: shop}
  ports: [{name: http, port: 80}]
"""


def route(*destinations: str, managed: str = '"true"', head: str = "") -> str:
    """A VirtualService; its first destination stands in line 11."""
    entries = "".join(f"    - {entry}\n" for entry in destinations)
    return (
        f"{head}apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: shop\n"
        f"  annotations:\n    harness.io/managed: {managed}\nspec:\n  hosts: [shop]\n"
        f"  http:\n  - route:\n{entries}"
    )


def rule(subsets: str, managed: str = '"true"', head: str = "") -> str:
    """A DestinationRule; `subsets` begins in line 9."""
    return (
        f"{head}apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:\n  name: shop\n"
        f"  annotations:\n    harness.io/managed: {managed}\nspec:\n  host: shop\n{subsets}"
    )


@pytest.fixture
def replaced(lint_text: Lint) -> Lint:
    return lambda text: lint_text(text, select=REPLACED)


STABLE = "destination: {host: shop, subset: stable}"
CANARY = "destination: {host: shop, subset: canary}"
V1 = "destination: {host: shop, subset: v1}"
V2 = "destination: {host: shop, subset: v2}"


@pytest.mark.parametrize(
    ("destinations", "position"),
    [
        ((f"{{{STABLE}, weight: 75}}", f"{{{CANARY}, weight: 25}}"), "11:59"),
        ((f"{{{STABLE}, weight: 100}}", f"{{{CANARY}, weight: 10}}"), "12:59"),
        ((f"{{{V1}, weight: 90}}", f"{{{V2}, weight: 10}}"), "11:42"),
        ((f"{{{STABLE}, weight: 0}}", f"{{{CANARY}, weight: 100}}"), "11:59"),
        (("{destination: {host: shop}, weight: 50}",), "11:43"),
        ((f"{{{STABLE}, weight: <+stable>}}", f"{{{CANARY}, weight: <+canary>}}"), "11:59"),
        ((f"{{{V1}, weight: <+stable>}}", f"{{{V2}, weight: <+canary>}}"), "11:42"),
    ],
)
def test_weights_and_subsets_are_a_note(
    tree: Tree, destinations: tuple[str, ...], position: str
) -> None:
    tree.write({"manifest.yaml": route(*destinations)})
    assert tree.show(select=REPLACED) == [f"manifest.yaml:{position} TS114"]
    assert {finding.severity.label for finding in tree.lint(select=REPLACED)} == {"info"}


@pytest.mark.parametrize(
    "destinations",
    [
        ("destination: {host: shop}",),
        ("{destination: {host: shop}, weight: 100}",),
        (STABLE,),
        (f"{{{STABLE}, weight: 100}}", f"{{{CANARY}, weight: 0}}"),
        (f"{{{CANARY}, weight: 0}}", f"{{{STABLE}, weight: 100}}"),
        # One destination takes everything, as it does once Harness has written the route.
        (V1,),
        ("destination: {host: shop, subset: <+subset>}",),
        (f"{{{V1}, weight: 100}}", f"{{{V2}, weight: 0}}"),
    ],
)
def test_what_harness_would_write_is_right(replaced: Lint, destinations: tuple[str, ...]) -> None:
    assert replaced(route(*destinations)) == []


SPLIT = (f"{{{STABLE}, weight: 75}}", f"{{{CANARY}, weight: 25}}")
TWO_HOSTS = ("destination: {host: shop}", "destination: {host: shop-next}")


@pytest.mark.parametrize("destinations", [SPLIT, TWO_HOSTS])
def test_routes_that_harness_leaves_alone(tree: Tree, destinations: tuple[str, ...]) -> None:
    for managed in ('"false"', "<+managed>"):
        tree.write({"manifest.yaml": route(*destinations, managed=managed)})
        assert tree.show(select=REPLACED) == []
    tree.write({"manifest.yaml": route(*destinations, head="# harness.io/skip-file-for-deploy\n")})
    assert tree.show(select=REPLACED) == []


@pytest.mark.parametrize(
    "text", [route(*SPLIT), route(*TWO_HOSTS), rule("  subsets: [{name: v1, labels: {v: v1}}]\n")]
)
def test_a_blue_green_deployment_overwrites_nothing(tree: Tree, text: str) -> None:
    tree.write({"a.yaml": text, "b.yaml": PRIMARY})
    assert tree.show(select=REPLACED) == []


def test_another_host_is_dropped(tree: Tree) -> None:
    destinations = (
        "{destination: {host: shop}, weight: 80}",
        "{destination: {host: shop-next}, weight: 15}",
        "{destination: {host: shop-old}, weight: 5}",
    )
    tree.write({"manifest.yaml": route(*destinations)})
    (finding,) = tree.lint(select=REPLACED)
    assert (finding.rule, finding.severity.label) == ("TS115", "warning")
    assert (finding.span.line, finding.span.column) == (12, 28)
    assert finding.related[0].span.line == 11
    assert "shop-next" in finding.message


@pytest.mark.parametrize(
    "second",
    [
        "destination: {host: shop.prod.svc.cluster.local}",
        "destination: {host: shop.prod}",
        "destination: {host: <+next>}",
        "destination: {subset: canary}",
        "destination: <+next>",
    ],
)
def test_one_host_written_in_two_ways_is_one(lint_text: Lint, second: str) -> None:
    assert lint_text(route("destination: {host: shop}", second), select=("TS115",)) == []


def test_several_routes_are_not_judged_for_what_is_dropped(replaced: Lint) -> None:
    text = route(*SPLIT) + "  - route:\n    - destination: {host: cart}\n"
    assert replaced(text) == []


VERSIONS = "  subsets:\n  - name: v1\n    labels: {version: v1}\n"


CANARY_WORKFLOW = workflow(
    phase("Canary", section("Deploy", canary_deploy())),
    phase("Primary", section("Deploy", rollout()), section("Wrap Up", delete())),
)
PARTNERS = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: partners
spec:
  hosts: [partners.example.com]
  http:
  - route:
    - destination: {host: shop, subset: v1}
"""


def test_a_route_that_stays_names_a_subset_that_goes(tree: Tree) -> None:
    tree.write({"rule.yaml": rule(VERSIONS), "partners.yaml": PARTNERS})
    (finding,) = tree.lint(select=REPLACED)
    assert (finding.rule, finding.severity.label) == ("TS116", "warning")
    assert (finding.span.line, finding.span.column, finding.path) == (9, 3, "spec.subsets")
    assert "(v1)" in finding.message
    assert "VirtualService partners still routes to v1" in finding.message
    assert (finding.related[0].span.line, finding.related[0].span.column) == (9, 41)


def test_a_policy_of_a_subset_is_lost(tree: Tree) -> None:
    policy = "trafficPolicy: {connectionPool: {tcp: {maxConnections: 10}}}"
    subset = f"{{name: canary, labels: {{harness.io/track: canary}}, {policy}}}"
    tree.write({"rule.yaml": rule(f"  subsets: [{subset}]\n")})
    (finding,) = tree.lint(select=REPLACED)
    assert (finding.rule, finding.severity.label) == ("TS116", "warning")
    assert "traffic policy of canary" in finding.message


@pytest.mark.parametrize(
    "other",
    [
        route(V1),
        PARTNERS.replace("subset: v1", "subset: stable"),
        PARTNERS.replace("host: shop,", "host: cart,"),
        PARTNERS.replace("subset: v1", "subset: <+subset>"),
    ],
    ids=["rewritten too", "Harness's own", "another host", "hidden"],
)
def test_subsets_that_nothing_needs_are_a_note(tree: Tree, other: str) -> None:
    tree.write({"values.yaml": "a: 1\n", "rule.yaml": rule(VERSIONS), "other.yaml": other})
    (finding,) = tree.lint(select=("TS116",))
    assert finding.severity.label == "info"
    assert "no route that stays as it is names them" in finding.message


@pytest.mark.parametrize(
    ("subsets", "told"),
    [
        ("[{name: stable, labels: {harness.io/track: stable}}]", ["which it writes by itself"]),
        ("[{name: <+subset>, labels: {version: v1}}]", ["which it writes by itself"]),
        (
            "[{name: stable, labels: {version: stable}}]",
            ["no route that stays as it is names them"],
        ),
        ("<+subsets>", []),
    ],
)
def test_subsets_of_harness_and_hidden_ones(tree: Tree, subsets: str, told: list[str]) -> None:
    tree.write({"rule.yaml": rule(f"  subsets: {subsets}\n")})
    found = tree.lint(select=REPLACED)
    assert [finding.severity.label for finding in found] == ["info"] * len(told)
    assert all(part in finding.message for part, finding in zip(told, found, strict=True))


@pytest.mark.parametrize(
    "text",
    [
        rule(""),
        rule("  subsets: []\n"),
        rule("  subsets:\n"),
        rule("  subsets: <+subsets>\n"),
        rule("  trafficPolicy: {loadBalancer: {simple: RANDOM}}\n"),
        rule(VERSIONS, managed='"false"'),
        rule(VERSIONS, managed="<+managed>"),
        rule(VERSIONS, head="# harness.io/skip-file-for-deploy\n"),
        rule("  subsets: [{name: blue, labels: {harness.io/color: blue}}]\n"),
    ],
)
def test_rules_that_leave_subsets_to_harness_or_keep_them(replaced: Lint, text: str) -> None:
    assert replaced(text) == []

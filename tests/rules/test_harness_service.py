"""What else deploys with a managed VirtualService: its Service (TS127), its namespace (TS129)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conftest import Tree

Lint = Callable[..., list[str]]


def route(host: str = "shop", managed: str = '"true"', namespace: str = "") -> str:
    """A VirtualService; a namespace stands in line 7."""
    space = f"  namespace: {namespace}\n" if namespace else ""
    return (
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: shop\n"
        f"  annotations:\n    harness.io/managed: {managed}\n{space}spec:\n"
        f"  hosts: [shop.example.com]\n  http:\n  - route:\n    - destination: {{host: {host}}}\n"
    )


def service(selector: str, metadata: str = "name: shop") -> str:
    """A Service; its selector's first label stands in line 7."""
    return (
        f"apiVersion: v1\nkind: Service\nmetadata: {{{metadata}}}\n"
        f"spec:\n  ports: [{{name: http, port: 80}}]\n  selector:\n    {selector}\n"
    )


@pytest.mark.parametrize("label", ["harness.io/track: stable", "harness.io/color: blue"])
@pytest.mark.parametrize("host", ["shop", "shop.prod", "shop.prod.svc.cluster.local"])
def test_a_selector_that_picks_one_version(tree: Tree, label: str, host: str) -> None:
    tree.write({"a.yaml": route(host), "b.yaml": service(label)})
    (finding,) = tree.lint(select=("TS127",))
    key = label.split(":")[0]
    assert (tree.name(finding.file), finding.span.line) == ("b.yaml", 7)
    assert finding.path == f'spec.selector["{key}"]'
    assert (finding.severity.label, finding.related[0].span.line) == ("warning", 11)
    assert key in finding.message


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (route(), service("app: shop")),
        (route(), service("track: stable")),
        (route(), service("harness.io/release-name: shop")),
        (route("cart"), service("harness.io/track: stable")),
        (route("shop.example.com"), service("harness.io/track: stable")),
        (route("shop.prod"), service("harness.io/track: stable", "name: shop, namespace: stage")),
        (route("<+service.name>"), service("harness.io/track: stable")),
        (route(), service("harness.io/track: stable", "name: <+service.name>")),
        (route(managed='"false"'), service("harness.io/track: stable")),
        (route(managed="<+managed>"), service("harness.io/track: stable")),
        (route(), "# harness.io/skip-file-for-deploy\n" + service("harness.io/track: stable")),
        ("# harness.io/skip-file-for-deploy\n" + route(), service("harness.io/track: stable")),
        (
            route(),
            service(
                "harness.io/color: blue",
                'name: shop, annotations: {harness.io/primary-service: "true"}',
            ),
        ),
    ],
)
def test_selectors_that_are_right_or_not_routed_to(tree: Tree, one: str, other: str) -> None:
    tree.write({"a.yaml": one, "b.yaml": other})
    assert tree.show(select=("TS127",)) == []


def test_the_canary_service_of_a_pair_is_right(tree: Tree) -> None:
    canary = service("harness.io/track: canary", "name: shop-canary")
    tree.write({"a.yaml": route(), "b.yaml": service("app: shop"), "c.yaml": canary})
    assert tree.show(select=("TS127",)) == []


def test_a_service_of_another_folder_deploys_apart(tree: Tree) -> None:
    tree.write({"a/a.yaml": route(), "b/b.yaml": service("harness.io/track: stable")})
    assert tree.show(select=("TS127",)) == []


def rule(namespace: str = "") -> str:
    space = f"  namespace: {namespace}\n" if namespace else ""
    return (
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:\n  name: shop\n"
        f"{space}spec:\n  host: shop\n"
    )


def test_a_namespace_apart_from_the_others(tree: Tree) -> None:
    tree.write(
        {
            "a.yaml": route(namespace="ingress"),
            "b.yaml": rule("shop"),
            "c.yaml": service("app: shop", "name: shop, namespace: shop"),
        }
    )
    (finding,) = tree.lint(select=("TS129",))
    assert (finding.severity.label, finding.span.line, finding.span.column) == ("info", 7, 14)
    assert finding.path == "metadata.namespace"
    assert (tree.name(finding.related[0].file), finding.related[0].span.line) == ("b.yaml", 5)


@pytest.mark.parametrize(
    ("own", "others"),
    [
        ("shop", ["shop"]),
        ("shop", ["shop", "cart"]),
        ("shop", ["cart", "till"]),
        ("shop", [""]),
        ("shop", []),
        ("", ["shop"]),
        ("<+infra.namespace>", ["shop"]),
        ("shop", ["<+infra.namespace>"]),
        ("shop", ["cart", "${NAMESPACE}"]),
    ],
)
def test_namespaces_that_agree_or_do_not_tell(tree: Tree, own: str, others: list[str]) -> None:
    tree.write({f"{index}.yaml": rule(name) for index, name in enumerate(others)})
    tree.write({"a.yaml": route(namespace=own)})
    assert tree.show(select=("TS129",)) == []


@pytest.mark.parametrize("managed", ['"false"', "<+managed>"])
def test_a_route_that_is_not_managed_may_live_anywhere(tree: Tree, managed: str) -> None:
    tree.write({"a.yaml": route(managed=managed, namespace="ingress"), "b.yaml": rule("shop")})
    assert tree.show(select=("TS129",)) == []


def test_gateways_live_elsewhere(tree: Tree) -> None:
    gateway = (
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata:\n  name: shop\n"
        "  namespace: istio-system\nspec:\n  selector: {istio: ingressgateway}\n"
    )
    tree.write({"a.yaml": route(namespace="shop"), "b.yaml": gateway})
    assert tree.show(select=("TS129",)) == []


def test_objects_of_other_folders_and_skipped_files_do_not_tell(tree: Tree) -> None:
    tree.write(
        {
            "a/a.yaml": route(namespace="shop"),
            "b/b.yaml": rule("cart"),
            "a/c.yaml": "# harness.io/skip-file-for-deploy\n" + rule("cart"),
        }
    )
    assert tree.show(select=("TS129",)) == []

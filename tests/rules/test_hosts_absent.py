"""Hosts that routes name and nothing provides: TS401."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Tree

SERVICE = """\
apiVersion: v1
kind: Service
metadata: {{name: {name}{meta}}}
spec: {{ports: [{{port: 80}}]}}
"""
ENTRY = """\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: outside{meta}}}
spec: {{hosts: [{hosts}], ports: [{{number: 443, name: tls, protocol: TLS}}]{spec}}}
"""


def provide(name: str, meta: str = "") -> str:
    return SERVICE.format(name=name, meta=f", {meta}" if meta else "")


def entry(hosts: str, meta: str = "", spec: str = "") -> str:
    return ENTRY.format(hosts=hosts, meta=meta, spec=spec)


def route(host: str, meta: str = "", protocol: str = "http", extra: str = "# none") -> str:
    """A VirtualService whose destination's host stands in line 10."""
    return f"""\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: shop, {meta}}}
spec:
  hosts: [shop]
  {protocol}:
  - {extra}
    route:
    - destination:
        host: {host!r}
"""


def show(tree: Tree, files: dict[str, str], **settings: Any) -> list[str]:
    tree.write(files)
    return tree.show(select=("TS401",), **settings)


ABSENT = ["vs.yaml:10:15 TS401"]


@pytest.mark.parametrize("protocol", ["http", "tcp", "tls"])
@pytest.mark.parametrize(
    "host",
    ["cart", "cart.prod.svc.cluster.local", "api.example.com", "shop.stage.svc.cluster.local"],
)
def test_a_complete_tree_without_the_host(tree: Tree, host: str, protocol: str) -> None:
    files = {
        "vs.yaml": route(host, "namespace: prod", protocol),
        "s.yaml": provide("shop", "namespace: prod"),
    }
    assert show(tree, files, complete=True) == ABSENT
    assert show(tree, files) == []


def test_the_message_names_the_host_as_istio_expands_it(tree: Tree) -> None:
    tree.write({"vs.yaml": route("cart", "namespace: prod")})
    (finding,) = tree.lint(select=("TS401",), complete=True)
    assert '"cart" (cart.prod.svc.cluster.local)' in finding.message
    assert finding.severity.label == "error"


def test_a_service_of_another_namespace_is_for_another_rule(tree: Tree) -> None:
    files = {
        "vs.yaml": route("cart", "namespace: web"),
        "s.yaml": provide("cart", "namespace: prod"),
    }
    assert show(tree, files, complete=True) == []
    assert show(tree, {"vs.yaml": route("cart.dev", "namespace: web")}, complete=True) == ABSENT


@pytest.mark.parametrize(
    ("host", "files"),
    [
        ("cart", {"s.yaml": provide("cart", "namespace: prod")}),
        ("cart", {"s.yaml": provide("cart")}),
        ("cart", {"far/s.yaml": provide("cart")}),
        ("CART.prod", {"s.yaml": provide("cart", "namespace: prod")}),
        ("cart.prod.svc", {"s.yaml": provide("cart", "namespace: prod")}),
        ("cart.prod.svc.cluster.local.", {"s.yaml": provide("cart", "namespace: prod")}),
        ("cart", {"s.yaml": provide("'${env}rt'")}),
        ("api.example.com", {"s.yaml": entry("api.example.com")}),
        ("api.example.com", {"s.yaml": entry('"*.example.com"')}),
        ("api.example.com", {"s.yaml": entry("'${domain}'")}),
        ("cart", {"s.yaml": entry("'${name}.prod.svc.cluster.local'")}),
        ("cart", {"s.yaml": entry("cart.prod.svc.cluster.local")}),
        ("cart", {"s.yaml": provide("cart").replace("v1", "serving.knative.dev/v1")}),
        ("${host}", {}),
        ("*.example.com", {}),
        ("10.0.0.1", {}),
        ("", {}),
        ("kubernetes.default.svc.cluster.local", {}),
        ("istio-egressgateway.istio-system.svc.cluster.local", {}),
        ("kube-dns.kube-system.svc.cluster.local", {}),
    ],
)
def test_hosts_that_are_provided(tree: Tree, host: str, files: dict[str, str]) -> None:
    vs = route(host, "namespace: prod")
    assert show(tree, {"vs.yaml": vs, **files}, complete=True) == []


def test_a_hidden_name_that_cannot_be_the_host(tree: Tree) -> None:
    files = {"vs.yaml": route("cart", "namespace: prod"), "s.yaml": provide("'${env}-shop'")}
    assert show(tree, files, complete=True) == ABSENT


@pytest.mark.parametrize("ending", ["", "-primary", "-canary"])
def test_flagger_makes_services(tree: Tree, ending: str) -> None:
    canary = """\
    apiVersion: flagger.app/v1beta1
    kind: Canary
    metadata: {name: shop}
    spec:
      targetRef: {apiVersion: apps/v1, kind: Deployment, name: cart}
      service: {port: 80}
    """
    assert show(tree, {"vs.yaml": route(f"cart{ending}"), "c.yaml": canary}, complete=True) == []
    assert show(tree, {"vs.yaml": route("cart-next")}, complete=True) == ABSENT


def test_an_entry_for_another_namespace_does_not_count(tree: Tree) -> None:
    vs = route("api.example.com", "namespace: prod")
    own = entry("api.example.com", ", namespace: stage", ", exportTo: ['.']")
    assert show(tree, {"vs.yaml": vs, "se.yaml": own}, complete=True) == ABSENT
    shared = entry("api.example.com", ", namespace: stage")
    assert show(tree, {"se.yaml": shared}, complete=True) == []


@pytest.mark.parametrize(
    ("scopes", "is_seen"), [("'*'", True), ("web, stage", True), ("stage", False), ("~", False)]
)
def test_a_service_is_exported_by_an_annotation(tree: Tree, scopes: str, is_seen: bool) -> None:
    vs = route("cart.prod.svc.cluster.local", "namespace: web")
    meta = f"namespace: prod, annotations: {{networking.istio.io/exportTo: '{scopes}'}}"
    files = {"vs.yaml": vs, "s.yaml": provide("cart", meta.replace("''", "'"))}
    assert show(tree, files, complete=True) == ([] if is_seen else ABSENT)


def test_what_is_for_other_namespaces_only_is_routed_by_its_owner(tree: Tree) -> None:
    meta = "namespace: prod, annotations: {networking.istio.io/exportTo: 'web,edge'}"
    host = "cart.prod.svc.cluster.local"
    files = {"vs.yaml": route(host, "namespace: prod"), "s.yaml": provide("cart", meta)}
    assert show(tree, files, complete=True) == []
    assert show(tree, {"vs.yaml": route(host, "namespace: dev")}, complete=True) == ABSENT
    private = provide("cart", meta.replace("web,edge", "~"))
    files = {"vs.yaml": route(host, "namespace: prod"), "s.yaml": private}
    assert show(tree, files, complete=True) == ABSENT


def test_a_delegate_is_for_the_clients_of_its_root(tree: Tree) -> None:
    meta = "namespace: prod, annotations: {networking.istio.io/exportTo: 'edge'}"
    delegate = route("cart.prod.svc.cluster.local", "namespace: web").replace(
        "  hosts: [shop]\n", ""
    )
    assert show(tree, {"vs.yaml": delegate, "s.yaml": provide("cart", meta)}, complete=True) == []


def test_a_broken_file_makes_no_tree_complete(tree: Tree) -> None:
    files = {"a/vs.yaml": route("cart"), "b/s.yaml": provide("cart") + "  a: b\n c: d\n"}
    assert show(tree, files, complete=True) == []
    assert show(tree, {"b/s.yaml": provide("other")}, complete=True) == ["a/vs.yaml:10:15 TS401"]


def test_mirrors(tree: Tree) -> None:
    vs = route("shop", extra="mirror: {host: cart}")
    found = show(tree, {"vs.yaml": vs, "s.yaml": provide("shop")}, complete=True)
    assert found == ["vs.yaml:7:20 TS401"]


# -- one slip away --------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["reveiws", "review", "reviewss", "raviews", "reveiws.prod"])
def test_a_slip_is_a_warning_in_any_tree(tree: Tree, host: str) -> None:
    tree.write(
        {
            "vs.yaml": route(host, "namespace: prod"),
            "s.yaml": provide("reviews", "namespace: prod"),
        }
    )
    (finding,) = tree.lint(select=("TS401",))
    assert (finding.severity.label, finding.confidence) == ("warning", "medium")
    assert finding.help == 'Did you mean "reviews"?'
    (finding,) = tree.lint(select=("TS401",), complete=True)
    assert (finding.severity.label, finding.help) == ("error", 'Did you mean "reviews"?')


@pytest.mark.parametrize(
    ("host", "files"),
    [
        ("reviews-v2", {"s.yaml": provide("reviews-v1")}),
        ("shop-b", {"s.yaml": provide("shop-a")}),
        ("b.example.com", {"s.yaml": entry("a.example.com")}),
        ("ratings", {"s.yaml": provide("reviews")}),
        ("cart", {"s.yaml": provide("card")}),
        ("reveiws", {"s.yaml": provide("reviews", "namespace: stage")}),
        ("rating", {"s.yaml": provide("ratings"), "t.yaml": provide("rating")}),
        (
            "reveiws",
            {
                "s.yaml": provide("reviews"),
                "dr.yaml": "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
                "metadata: {name: r}\nspec: {host: reveiws}\n",
            },
        ),
    ],
    ids=[
        "digits",
        "one letter parts",
        "one letter labels",
        "two slips",
        "too short",
        "another namespace",
        "two candidates",
        "a rule uses the same name",
    ],
)
def test_names_that_only_look_alike(tree: Tree, host: str, files: dict[str, str]) -> None:
    assert show(tree, {"vs.yaml": route(host, "namespace: prod"), **files}) == []


def test_a_service_of_another_chart_is_no_slip(tree: Tree) -> None:
    files = {
        "a/Chart.yaml": "name: a\nversion: 1.0.0\n",
        "a/templates/vs.yaml": route("reveiws"),
        "b/Chart.yaml": "name: b\nversion: 1.0.0\n",
        "b/templates/s.yaml": provide("reviews"),
    }
    assert show(tree, files) == []


CHART = {
    "Chart.yaml": "apiVersion: v2\nname: cart\nversion: 1.0.0\n",
    "templates/s.yaml": "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}-cart\n"
    "  namespace: {{ .Release.Namespace }}\nspec: {ports: [{port: 80}]}\n",
}


@pytest.mark.parametrize("host", ["cart", "release-name-cart"])
def test_a_release_may_have_the_name_of_its_chart(tree: Tree, host: str) -> None:
    assert show(tree, {**CHART, "templates/vs.yaml": route(host)}, complete=True) == []
    tree.write({"templates/vs.yaml": route(host) + "        subset: v1\n"})
    found = tree.show(select=("TS401", "TS302"), complete=True)
    assert [line.split()[1] for line in found] == (["TS302"] if host != "cart" else [])


def test_a_chart_has_no_service_of_another_name(tree: Tree) -> None:
    files = {**CHART, "templates/vs.yaml": route("carts")}
    assert show(tree, files, complete=True) == ["templates/vs.yaml:10:15 TS401"]


@pytest.mark.parametrize("host", ["release-name-cart", "release-name-cart.shop.svc.cluster.local"])
def test_a_release_is_installed_in_any_namespace(tree: Tree, host: str) -> None:
    chart = {f"chart/{name}": text for name, text in CHART.items()}
    tree.write({**chart, "mesh/vs.yaml": route(host, meta="namespace: shop")})
    rules = ("TS401", "TS405", "TS416")
    assert tree.show(select=rules, complete=True) == []
    fixed = CHART["templates/s.yaml"].replace("{{ .Release.Namespace }}", "prices")
    tree.write({"chart/templates/s.yaml": fixed})
    found = tree.show(select=rules, complete=True)
    assert [line.split()[0] for line in found] == ["mesh/vs.yaml:10:15"]

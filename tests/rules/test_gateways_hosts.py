"""Hosts of VirtualServices and of the gateways that they name: TS502, TS509, TS510."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Tree


def gateway(*hosts: str, name: str = "edge", namespace: str = "ingress", more: str = "") -> str:
    """A Gateway whose server serves the hosts, from line 8 on."""
    lines = "\n".join(f"    - {host!r}" for host in hosts)
    meta = f", namespace: {namespace}" if namespace else ""
    return f"""\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: {name}{meta}}}
spec:
  selector: {{istio: ingressgateway}}
  servers:
  - hosts:
{lines}
    port: {{number: 80, name: http, protocol: HTTP}}
    {more}
"""


def listeners(*hosts: str) -> str:
    """A Gateway of the Gateway API."""
    entries = ", ".join(f"{{hostname: {host!r}}}" if host else "{}" for host in hosts)
    return f"""\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: edge, namespace: ingress}}
spec: {{listeners: [{entries}]}}
"""


def service(
    *hosts: str, gateways: str = "[ingress/edge]", namespace: str = "shop", match: str = ""
) -> str:
    """A VirtualService: the gateways in line 5, the hosts from line 7 on."""
    lines = "\n".join(f"  - {host!r}" for host in hosts)
    meta = f", namespace: {namespace}" if namespace else ""
    return f"""\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: shop{meta}}}
spec:
  gateways: {gateways}
  hosts:
{lines}
  http:
  - match: [{{port: 80{match}}}]
    route:
    - destination: {{host: shop, subset: v1}}
"""


def show(tree: Tree, files: dict[str, str], rule: str, **settings: Any) -> list[str]:
    tree.write(files)
    return tree.show(select=(rule,), **settings)


# -- TS502 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "served"),
    [
        ("a.example.com", ["b.example.com"]),
        ("a.example.com", ["*.example.org", "b.example.com"]),
        ("example.com", ["*.example.com"]),
        ("*.example.com", ["*.example.org"]),
        ("*.example.com", ["example.com"]),
        ("a.example.com", ["other/a.example.com"]),
        ("a.example.com", ["./a.example.com"]),
        ("a.example.com", ["other/*"]),
        ("shop", ["shop.example.com"]),
        ("shop", ["shop.blog.svc.cluster.local"]),
        ("shop.shop.svc.cluster.local", ["*.blog.svc.cluster.local"]),
        ("*", ["other/*"]),
    ],
)
def test_a_host_that_no_gateway_serves(tree: Tree, host: str, served: list[str]) -> None:
    files = {"gw.yaml": gateway(*served), "vs.yaml": service(host)}
    assert show(tree, files, "TS502") == ["vs.yaml:7:5 TS502"]


@pytest.mark.parametrize(
    ("host", "served"),
    [
        ("a.example.com", ["a.example.com"]),
        ("a.example.com", ["b.example.com", "*.example.com"]),
        ("a.b.example.com", ["*.com"]),
        ("A.Example.com", ["a.example.COM"]),
        ("a.example.com", ["*"]),
        ("*.example.com", ["a.b.example.com"]),
        ("*.example.com", ["*.com"]),
        ("*.com", ["*.example.com"]),
        ("*", ["a.example.com"]),
        ("a.example.com", ["shop/a.example.com"]),
        ("a.example.com", ["shop/*"]),
        ("a.example.com", ["*/a.example.com"]),
        ("shop", ["shop.shop.svc.cluster.local"]),
        ("shop", ["*.svc.cluster.local"]),
        ("shop", ["*.local"]),
        ("shop", ["shop/*.shop.svc.cluster.local"]),
        ("10.0.0.1", ["10.0.0.1"]),
        ("${host}", ["a.example.com"]),
        ("a.example.com", ["b.example.com", "${host}"]),
        ("shop", ["shop"]),  # no host of a gateway: TS505 says so
    ],
)
def test_hosts_that_are_served(tree: Tree, host: str, served: list[str]) -> None:
    files = {"gw.yaml": gateway(*served), "vs.yaml": service(host)}
    assert show(tree, files, "TS502") == []


@pytest.mark.parametrize(
    ("owner", "served"),
    [
        ("", "shop/a.example.com"),
        ("", "*.shop.svc.cluster.local"),
        ("ingress", "./a.example.com"),
    ],
)
def test_namespaces_that_may_be_one(tree: Tree, owner: str, served: str) -> None:
    host = "shop" if "svc" in served else "a.example.com"
    files = {"gw.yaml": gateway(served), "vs.yaml": service(host, namespace=owner)}
    assert show(tree, files, "TS502") == []


def test_a_gateway_without_a_namespace_may_be_in_that_of_the_routes(tree: Tree) -> None:
    served = gateway("./a.example.com", namespace="")
    files = {"gw.yaml": served, "vs.yaml": service("a.example.com", gateways="[edge]")}
    assert show(tree, files, "TS502") == []


@pytest.mark.parametrize("hosts", [[""], ["b.example.com", ""], ["*.example.com"]])
def test_listeners_of_the_gateway_api_that_serve(tree: Tree, hosts: list[str]) -> None:
    files = {"gw.yaml": listeners(*hosts), "vs.yaml": service("a.example.com")}
    assert show(tree, files, "TS502") == []


def test_listeners_of_the_gateway_api_that_do_not_serve(tree: Tree) -> None:
    files = {"gw.yaml": listeners("b.example.com"), "vs.yaml": service("a.example.com")}
    assert show(tree, files, "TS502") == ["vs.yaml:7:5 TS502"]


def of_protocol(protocol: str, tls: str = "") -> str:
    """A Gateway with one server for all hosts."""
    return gateway("*", more=f"tls: {tls}" if tls else "").replace(
        "protocol: HTTP", f"protocol: {protocol}"
    )


ROUTES = {
    "http": "http: [{route: [{destination: {host: shop}}]}]",
    "tls": "tls: [{match: [{sniHosts: [a.example.com]}], route: [{destination: {host: shop}}]}]",
    "tcp": "tcp: [{route: [{destination: {host: shop}}]}]",
}


def with_routes(*kinds: str) -> str:
    """A VirtualService with routes of some kinds."""
    routes = "\n".join(f"  {ROUTES.get(kind, kind)}" for kind in kinds)
    return service("a.example.com").split("  http:\n")[0] + routes + "\n"


@pytest.mark.parametrize(
    ("protocol", "tls", "kind"),
    [
        ("TCP", "", "http"),
        ("mongo", "", "http"),
        ("TCP", "", "tls"),
        ("HTTP", "", "tcp"),
        ("HTTP2", "", "tls"),
        ("HTTP", "{httpsRedirect: true}", "tls"),
        ("HTTPS", "{mode: PASSTHROUGH}", "http"),
        ("HTTPS", "{mode: SIMPLE, credentialName: c}", "tls"),
        ("TLS", "{mode: PASSTHROUGH}", "http"),
        ("TLS", "{mode: PASSTHROUGH}", "tcp"),
        ("TLS", "{mode: SIMPLE, credentialName: c}", "http"),
        ("TLS", "{mode: MUTUAL, credentialName: c}", "tls"),
    ],
)
def test_a_server_that_gives_its_requests_to_other_routes(
    tree: Tree, protocol: str, tls: str, kind: str
) -> None:
    files = {"gw.yaml": of_protocol(protocol, tls), "vs.yaml": with_routes(kind)}
    assert show(tree, files, "TS502") == ["vs.yaml:7:5 TS502"]


@pytest.mark.parametrize(
    ("protocol", "tls", "kinds"),
    [
        ("TCP", "", ("tcp",)),
        ("Redis", "", ("tcp", "http")),
        ("grpc", "", ("http",)),
        ("HTTP", "{httpsRedirect: true}", ("http",)),
        ("HTTPS", "{mode: SIMPLE, credentialName: c}", ("http",)),
        ("HTTPS", "{mode: PASSTHROUGH}", ("tls",)),
        ("HTTPS", "{mode: PASSTHROUGH}", ("http", "tls")),
        ("TLS", "{mode: PASSTHROUGH}", ("tls",)),
        ("TLS", "{mode: ISTIO_MUTUAL}", ("tcp",)),
        # what decides is hidden, absent or another mistake
        ("'${PROTOCOL}'", "", ("http",)),
        ("UDP", "", ("http",)),
        ("HTTPS", "", ("tls",)),
        ("HTTPS", "{credentialName: c}", ("http",)),
        ("HTTPS", "{mode: '${MODE}'}", ("tls",)),
        ("TLS", "${TLS}", ("http",)),
        ("TLS", "{mode: AUTO_PASSTHROUGH}", ("http",)),
        ("TCP", "", ("http: ${ROUTES}", "tcp: ${ROUTES}")),
        ("TCP", "", ("{}: {}",)),
    ],
)
def test_a_server_that_gives_its_requests_to_these_routes(
    tree: Tree, protocol: str, tls: str, kinds: tuple[str, ...]
) -> None:
    files = {"gw.yaml": of_protocol(protocol, tls), "vs.yaml": with_routes(*kinds)}
    assert show(tree, files, "TS502") == []


def test_another_server_takes_the_routes(tree: Tree) -> None:
    other = "  - {port: {number: 443, name: tls, protocol: TLS}, tls: {mode: PASSTHROUGH}, hosts: ['*']}\n"
    files = {"gw.yaml": of_protocol("HTTP") + other, "vs.yaml": with_routes("tls")}
    assert show(tree, files, "TS502") == []


def test_the_message_tells_which_routes_a_server_takes(tree: Tree) -> None:
    tree.write({"gw.yaml": of_protocol("TCP"), "vs.yaml": with_routes("http")})
    (finding,) = tree.lint(select=("TS502",))
    assert finding.message == (
        'Gateway ingress/edge of VirtualService shop/shop does not serve the host "a.example.com" to '
        "`http` routes (only to `tcp` routes): Istio does not bind them to it."
    )
    assert finding.aliases == ()


def test_a_gateway_whose_servers_take_other_routes_beside_one_that_fits(tree: Tree) -> None:
    tcp = of_protocol("TCP").replace("edge", "plain")
    vs = with_routes("http").replace("[ingress/edge]", "[ingress/edge, ingress/plain]")
    files = {"gw.yaml": of_protocol("HTTP"), "tcp.yaml": tcp, "vs.yaml": vs}
    assert show(tree, files, "TS502") == ["vs.yaml:5:28 TS502"]


def test_each_host_is_judged_alone(tree: Tree) -> None:
    files = {
        "gw.yaml": gateway("b.example.com"),
        "vs.yaml": service("a.example.com", "b.example.com", "c.example.com"),
    }
    assert show(tree, files, "TS502") == ["vs.yaml:7:5 TS502", "vs.yaml:9:5 TS502"]


def test_any_of_the_gateways_may_serve_a_host(tree: Tree) -> None:
    files = {
        "gw.yaml": gateway("a.example.com"),
        "gw2.yaml": gateway("b.example.com", name="edge-2"),
        "vs.yaml": service(
            "a.example.com", "b.example.com", gateways="[ingress/edge, ingress/edge-2]"
        ),
    }
    assert show(tree, files, "TS502") == []


def test_a_gateway_that_serves_none_of_the_hosts(tree: Tree) -> None:
    files = {
        "gw.yaml": gateway("a.example.com"),
        "gw2.yaml": gateway("b.example.com", name="edge-2"),
        "vs.yaml": service("a.example.com", gateways="[ingress/edge, ingress/edge-2]"),
    }
    assert show(tree, files, "TS502") == ["vs.yaml:5:28 TS502"]


def test_a_gateway_of_a_match_serves_too(tree: Tree) -> None:
    files = {
        "gw.yaml": gateway("a.example.com"),
        "gw2.yaml": gateway("b.example.com", name="edge-2"),
        "vs.yaml": service("a.example.com", "b.example.com", match=", gateways: [ingress/edge-2]"),
    }
    assert show(tree, files, "TS502") == []


@pytest.mark.parametrize(
    "gateways",
    [
        "[ingress/edge, ingress/unseen]",
        "[ingress/edge, '${gateway}']",
        "[ingress/edge, mesh]",
        "[ingress/edge, ingress/]",
    ],
)
def test_a_host_that_something_else_may_serve(tree: Tree, gateways: str) -> None:
    files = {
        "gw.yaml": gateway("a.example.com"),
        "vs.yaml": service("a.example.com", "shop", gateways=gateways),
    }
    assert show(tree, files, "TS502") == []


def test_beside_the_mesh_a_gateway_has_to_serve_some_host(tree: Tree) -> None:
    vs = service("shop", "a.example.com", gateways="[mesh, ingress/edge]")
    files = {"gw.yaml": gateway("b.example.com"), "vs.yaml": vs}
    assert show(tree, files, "TS502") == ["vs.yaml:5:20 TS502"]


def test_a_delegate_and_a_gateway_without_hosts_are_no_subjects(tree: Tree) -> None:
    delegate = service().replace("  hosts:\n\n", "")
    assert show(tree, {"gw.yaml": gateway("a.example.com"), "vs.yaml": delegate}, "TS502") == []
    empty = gateway().replace("hosts:\n\n", "hosts: []\n")
    assert show(tree, {"gw.yaml": empty, "vs.yaml": service("a.example.com")}, "TS502") == []


def test_an_absent_gateway_is_another_mistake(tree: Tree) -> None:
    files = {"vs.yaml": service("a.example.com")}
    assert show(tree, files, "TS5", complete=True) == ["vs.yaml:5:14 TS501"]


def test_environments_are_kept_apart(tree: Tree) -> None:
    files = {
        "dev/gw.yaml": gateway("a.dev.example.com"),
        "dev/vs.yaml": service("a.dev.example.com"),
        "prod/gw.yaml": gateway("a.example.com"),
        "prod/vs.yaml": service("a.example.com"),
    }
    assert show(tree, files, "TS502") == []
    files["prod/vs.yaml"] = service("a.dev.example.com")
    assert show(tree, files, "TS502") == ["prod/vs.yaml:7:5 TS502"]


def test_a_patch_may_write_other_hosts(tree: Tree) -> None:
    kustomization = """\
        resources: [../base]
        patches:
        - target: {kind: Gateway, name: edge}
          patch: |
            - {op: replace, path: /spec/servers/0/hosts/0, value: a.example.com}
        """
    files = {
        "base/kustomization.yaml": "resources: [gw.yaml, vs.yaml]\n",
        "base/gw.yaml": gateway("b.example.com"),
        "base/vs.yaml": service("a.example.com"),
        "prod/kustomization.yaml": kustomization,
    }
    assert show(tree, files, "TS502") == []


@pytest.mark.parametrize(
    ("host", "served", "words"),
    [
        ("a.example.com", "b.example.com", "requests for it get 404 there"),
        ("a.example.com", "other/a.example.com", "(only for the namespace other)"),
        ("shop", "a.example.com", "callers in the mesh do not use these routes either"),
    ],
)
def test_the_message_says_why(tree: Tree, host: str, served: str, words: str) -> None:
    tree.write({"gw.yaml": gateway(served), "vs.yaml": service(host)})
    (finding,) = tree.lint(select=("TS502",))
    assert words in finding.message
    assert [related.file for related in finding.related] == ["gw.yaml"]


# -- TS509 ----------------------------------------------------------------------------------------

WILDCARD = ["gw.yaml:8:7 TS509"]


@pytest.mark.parametrize("host", ["*", "*/*"])
def test_a_wildcard_for_routes_of_certain_hosts(tree: Tree, host: str) -> None:
    files = {"gw.yaml": gateway(host), "vs.yaml": service("a.example.com", "*.example.org")}
    assert show(tree, files, "TS509") == WILDCARD


@pytest.mark.parametrize(
    "files",
    [
        {"gw.yaml": gateway("*")},
        {"gw.yaml": gateway("*"), "vs.yaml": service("*")},
        {"gw.yaml": gateway("*"), "vs.yaml": service("a.example.com", "${host}")},
        {"gw.yaml": gateway("*"), "vs.yaml": service("a.example.com"), "w.yaml": service("*")},
        {"gw.yaml": gateway("shop/*"), "vs.yaml": service("a.example.com")},
        {"gw.yaml": gateway("*.com"), "vs.yaml": service("a.example.com")},
        {"samples/gw.yaml": gateway("*"), "samples/vs.yaml": service("a.example.com")},
        {
            "gw.yaml": gateway("*", more="tls: {httpsRedirect: true}"),
            "vs.yaml": service("a.example.com"),
        },
        {
            "gw.yaml": gateway("*").replace("protocol: HTTP", "protocol: TCP"),
            "vs.yaml": service("a.example.com"),
        },
        {"gw.yaml": gateway("*"), "vs.yaml": service("a.example.com", gateways="[edge]")},
    ],
    ids=[
        "no routes",
        "routes for all",
        "hidden",
        "one for all",
        "of one namespace",
        "of a domain",
        "sample",
        "redirect",
        "tcp",
        "other gateway",
    ],
)
def test_wildcards_that_are_right(tree: Tree, files: dict[str, str]) -> None:
    if "w.yaml" in files:
        files = {**files, "w.yaml": files["w.yaml"].replace("name: shop,", "name: web,")}
    assert show(tree, files, "TS509") == []


# -- TS510 ----------------------------------------------------------------------------------------

SHOP = """\
apiVersion: v1
kind: Service
metadata: {name: shop, namespace: shop}
spec: {selector: {app: shop}, ports: [{name: http, port: 80}]}
"""


@pytest.mark.parametrize("host", ["shop", "shop.shop.svc.cluster.local"])
def test_a_split_that_callers_in_the_mesh_bypass(tree: Tree, host: str) -> None:
    files = {"svc.yaml": SHOP, "vs.yaml": service("a.example.com", host)}
    assert show(tree, files, "TS510") == ["vs.yaml:8:5 TS510"]
    assert show(tree, {**files, "gw.yaml": gateway("*")}, "TS510") == ["vs.yaml:8:5 TS510"]


@pytest.mark.parametrize(
    "files",
    [
        {"vs.yaml": service("shop")},
        {"svc.yaml": SHOP, "vs.yaml": service("shop", gateways="[mesh, ingress/edge]")},
        {"svc.yaml": SHOP, "vs.yaml": service("shop", match=", gateways: [mesh]")},
        {"svc.yaml": SHOP, "vs.yaml": service("shop", gateways="['${gateway}']")},
        {"svc.yaml": SHOP, "vs.yaml": service("shop.example.com")},
        {"svc.yaml": SHOP, "vs.yaml": service("shop.shop")},
        {"svc.yaml": SHOP, "vs.yaml": service("shop", namespace="web")},
        {"svc.yaml": SHOP, "vs.yaml": service("shop").replace(", subset: v1", "")},
        {"svc.yaml": SHOP, "vs.yaml": service("shop"), "gw.yaml": gateway("a.example.com")},
        {
            "svc.yaml": SHOP,
            "vs.yaml": service("shop"),
            "mesh.yaml": service("shop", gateways="[mesh]").replace("name: shop,", "name: mesh,"),
        },
    ],
    ids=[
        "no service in sight",
        "mesh",
        "mesh in a match",
        "hidden",
        "outside",
        "not expanded",
        "other namespace",
        "no split",
        "not served",
        "routed in the mesh",
    ],
)
def test_splits_that_are_right_or_judged_elsewhere(tree: Tree, files: dict[str, str]) -> None:
    assert show(tree, files, "TS510") == []


def test_several_destinations_are_a_split(tree: Tree) -> None:
    vs = service("shop").replace(
        "    - destination: {host: shop, subset: v1}\n",
        "    - {destination: {host: shop}, weight: 90}\n"
        "    - {destination: {host: shop-canary}, weight: 10}\n",
    )
    assert show(tree, {"svc.yaml": SHOP, "vs.yaml": vs}, "TS510") == ["vs.yaml:7:5 TS510"]


def test_of_gateways_in_several_places_none_is_meant(tree: Tree) -> None:
    files = {
        "hosts/vs.yaml": service("a.example.com"),
        "hosts/other.yaml": service("b.example.com"),
        "tls/gw.yaml": gateway("b.example.com"),
        "plain/gw.yaml": gateway("*"),
        "plain/vs.yaml": service("c.example.com"),
    }
    assert show(tree, files, "TS502") == []
    assert show(tree, {"hosts/gw.yaml": gateway("b.example.com")}, "TS502") == [
        "hosts/vs.yaml:7:5 TS502"
    ]

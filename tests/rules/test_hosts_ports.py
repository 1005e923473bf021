"""Ports of destinations, of Services and of their pods: TS403, TS404, TS407, TS411, TS419."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Tree

SERVICE = """\
apiVersion: v1
kind: Service
metadata: {{name: {name}{meta}}}
spec:
  selector: {{app: {name}}}
  {kind}
  ports: [{ports}]
"""
TWO = "{name: http, port: 80, targetPort: 8080}, {name: http-metrics, port: 9090}"
ONE = "{name: http, port: 80, targetPort: 8080}"
GATEWAY = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: edge}}
spec:
  selector: {{istio: ingressgateway}}
  servers: [{servers}]
"""
HTTPS = (
    "{port: {number: 443, name: https, protocol: HTTPS}, hosts: [HOST],"
    " tls: {mode: SIMPLE, credentialName: c}}"
)
HTTP = "{port: {number: 80, name: http, protocol: HTTP}, hosts: [HOST]}"
REDIRECT = (
    "{port: {number: 8080, name: http, protocol: HTTP}, hosts: [HOST], tls: {httpsRedirect: true}}"
)


def service(ports: str, name: str = "shop", kind: str = "type: ClusterIP", meta: str = "") -> str:
    return SERVICE.format(ports=ports, name=name, kind=kind, meta=meta)


def gateway(*servers: str, host: str = "'*.example.com'") -> str:
    return GATEWAY.format(servers=", ".join(servers).replace("HOST", host))


def route(
    destination: str = "host: shop",
    *,
    hosts: str = "shop",
    gateways: str = "",
    match: str = "",
    protocol: str = "http",
) -> str:
    """A VirtualService whose destination stands in line 11."""
    return f"""\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: shop}}
spec:
  hosts: [{hosts}]
  gateways: [{gateways}]
  {protocol}:
  - match: [{match}]
    route:
    - destination:
        {destination}
"""


def found(tree: Tree, rule: str, files: dict[str, str], **settings: Any) -> list[str]:
    """The findings of a rule as `file:line severity`."""
    tree.write(files)
    return [
        f"{tree.name(finding.file)}:{finding.span.line} {finding.severity.label}"
        for finding in tree.lint(select=(rule,), **settings)
    ]


# -- TS403 ----------------------------------------------------------------------------------------

PUBLIC = {"hosts": "shop.example.com", "gateways": "edge"}


@pytest.mark.parametrize(
    ("servers", "severity"),
    [
        ([HTTPS], "error"),
        ([HTTP, HTTPS], "error"),
        ([HTTP], "info"),
        ([HTTP, REDIRECT], "info"),
        ([HTTPS.replace("SIMPLE", "PASSTHROUGH"), HTTP], "info"),
    ],
)
def test_a_gateway_on_another_port_than_the_service(
    tree: Tree, servers: list[str], severity: str
) -> None:
    files = {"s.yaml": service(TWO), "gw.yaml": gateway(*servers), "vs.yaml": route(**PUBLIC)}
    assert found(tree, "TS403", files) == [f"vs.yaml:11 {severity}"]


def test_the_message_says_which_port_callers_use(tree: Tree) -> None:
    tree.write({"s.yaml": service(TWO), "gw.yaml": gateway(HTTPS), "vs.yaml": route(**PUBLIC)})
    (finding,) = tree.lint(select=("TS403",))
    assert "Service shop has the ports 80 and 9090" in finding.message
    assert "Callers use the port 443" in finding.message
    assert [related.file for related in finding.related] == ["gw.yaml"]


def test_a_server_for_other_hosts_does_not_count(tree: Tree) -> None:
    both = gateway(HTTP, HTTPS.replace("HOST", "pay.example.com"))
    files = {"s.yaml": service(TWO), "gw.yaml": both, "vs.yaml": route(**PUBLIC)}
    assert found(tree, "TS403", files) == ["vs.yaml:11 info"]


def test_a_match_chooses_the_port_or_the_gateway(tree: Tree) -> None:
    files = {
        "s.yaml": service(TWO),
        "gw.yaml": gateway(HTTP, HTTPS),
        "vs.yaml": route(**PUBLIC, match="{port: 80}"),
    }
    assert found(tree, "TS403", files) == ["vs.yaml:11 info"]
    files["vs.yaml"] = route(hosts="shop", gateways="edge, mesh", match="{gateways: [mesh]}")
    assert found(tree, "TS403", files) == ["vs.yaml:11 info"]


def test_a_gateway_out_of_sight(tree: Tree) -> None:
    files = {"s.yaml": service(TWO), "vs.yaml": route(**PUBLIC)}
    assert found(tree, "TS403", files) == ["vs.yaml:11 warning"]
    hidden = GATEWAY.format(servers="").replace("[]", "'${servers}'")
    assert found(tree, "TS403", {"gw.yaml": hidden}) == ["vs.yaml:11 warning"]


def test_within_the_mesh_callers_use_ports_that_the_service_has(tree: Tree) -> None:
    assert found(tree, "TS403", {"s.yaml": service(TWO), "vs.yaml": route()}) == ["vs.yaml:11 info"]


def test_the_ports_of_another_service_in_front(tree: Tree) -> None:
    front = service("{name: http, port: 8000}", name="front")
    files = {"s.yaml": service(TWO), "f.yaml": front, "vs.yaml": route(hosts="front")}
    assert found(tree, "TS403", files) == ["vs.yaml:11 error"]
    files["f.yaml"] = service("{name: http, port: 80}, {name: tcp, port: 8000}", name="front")
    assert found(tree, "TS403", files) == ["vs.yaml:11 warning"]
    files["f.yaml"] = service("{name: http, port: 80}", name="front")
    assert found(tree, "TS403", files) == ["vs.yaml:11 info"]


@pytest.mark.parametrize(
    ("provider", "vs"),
    [
        (service(ONE), route(**PUBLIC)),
        (service(""), route(**PUBLIC)),
        (service("'${ports}', " + ONE), route(**PUBLIC)),
        (service("{name: http, port: '${port}'}, {name: b, port: 81}"), route(**PUBLIC)),
        (service(TWO, kind="type: ExternalName"), route(**PUBLIC)),
        (service(TWO), route("{host: shop, port: {number: 80}}", **PUBLIC)),
        (service(TWO), route("{host: shop, port: '${port}'}", **PUBLIC)),
        (service(TWO), route("host: other", **PUBLIC)),
        (service(TWO), route("host: '${host}'", **PUBLIC)),
        (service(TWO).replace("v1", "serving.knative.dev/v1"), route(**PUBLIC)),
    ],
    ids=[
        "one port",
        "no port",
        "a hidden port",
        "a hidden number",
        "another host",
        "a port",
        "a hidden port of the route",
        "another service",
        "a hidden host",
        "knative",
    ],
)
def test_destinations_that_need_no_port(tree: Tree, provider: str, vs: str) -> None:
    files = {"s.yaml": provider, "gw.yaml": gateway(HTTPS), "vs.yaml": vs}
    assert found(tree, "TS403", files) == []


def test_mirrors_and_entries(tree: Tree) -> None:
    entry = """\
    apiVersion: networking.istio.io/v1
    kind: ServiceEntry
    metadata: {name: api}
    spec:
      hosts: [api.example.com]
      ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}]
    """
    vs = route("{host: shop, port: {number: 80}}") + "    mirror: {host: api.example.com}\n"
    assert found(tree, "TS403", {"se.yaml": entry, "vs.yaml": vs}) == ["vs.yaml:12 info"]


# -- TS404 ----------------------------------------------------------------------------------------


def test_a_target_port_is_no_port(tree: Tree) -> None:
    tree.write({"s.yaml": service(TWO), "vs.yaml": route("{host: shop, port: {number: 8080}}")})
    (finding,) = tree.lint(select=("TS404",))
    assert finding.severity.label == "error"
    assert "Service shop has no port 8080 (it has 80 and 9090)" in finding.message
    assert finding.help == "Write 80: 80 is the port, 8080 its targetPort."


@pytest.mark.parametrize("protocol", ["http", "tcp", "tls"])
def test_a_port_that_nobody_has(tree: Tree, protocol: str) -> None:
    vs = route("{host: shop, port: {number: 81}}", protocol=protocol)
    assert found(tree, "TS404", {"s.yaml": service(ONE), "vs.yaml": vs}) == ["vs.yaml:11 error"]
    headless = service(ONE, kind="clusterIP: None")
    assert found(tree, "TS404", {"s.yaml": headless}) == ["vs.yaml:11 error"]


@pytest.mark.parametrize(
    ("provider", "destination"),
    [
        (service(TWO), "{host: shop, port: {number: 9090}}"),
        (service(TWO), "{host: shop}"),
        (service(TWO), "{host: shop, port: {number: '${port}'}}"),
        (service(TWO), "{host: other, port: {number: 1}}"),
        (service(TWO), "{host: shop, port: {number: 70000}}"),
        (service("'${port}', " + TWO), "{host: shop, port: {number: 1}}"),
        (service("{name: http, port: '${p}'}"), "{host: shop, port: {number: 1}}"),
        (service("", kind="type: ExternalName"), "{host: shop, port: {number: 1}}"),
        (service(""), "{host: shop, port: {number: 1}}"),
    ],
)
def test_ports_that_may_be_there(tree: Tree, provider: str, destination: str) -> None:
    assert found(tree, "TS404", {"s.yaml": provider, "vs.yaml": route(destination)}) == []


def test_a_patch_may_add_the_port(tree: Tree) -> None:
    files = {
        "base/kustomization.yaml": "resources: [s.yaml, vs.yaml]\n",
        "base/s.yaml": service(ONE),
        "base/vs.yaml": route("{host: shop, port: {number: 9090}}"),
        "over/kustomization.yaml": "resources: [../base]\npatches: [{path: p.yaml}]\n",
        "over/p.yaml": service(TWO),
    }
    assert found(tree, "TS404", files) == []
    # what is no part of the kustomization is not patched by it
    files = {f"other/{name.removeprefix('base/')}": files[name] for name in list(files)[1:3]}
    assert found(tree, "TS404", files) == ["other/vs.yaml:11 error"]


def test_of_services_in_several_places_none_is_meant(tree: Tree) -> None:
    # Chapters of a book each bring a Service of that name: nobody knows which one this route is for.
    files = {
        "three/vs.yaml": route("{host: shop, port: {number: 9090}}"),
        "one/s.yaml": service(ONE),
        "two/s.yaml": service(ONE),
    }
    assert found(tree, "TS404", files) == []
    assert found(tree, "TS404", {"three/s.yaml": service(ONE)}) == ["three/vs.yaml:11 error"]


def test_a_service_of_another_demo_is_not_meant(tree: Tree) -> None:
    port = "{host: shop, port: {number: 9090}}"
    files = {
        "one/conf/app/s.yaml": service(ONE),
        "one/conf/istio/vs.yaml": route("{host: shop, port: {number: 80}}"),
        "two/vs.yaml": route(port),
    }
    assert found(tree, "TS404", files) == []
    assert found(tree, "TS404", {"one/conf/istio/vs.yaml": route(port)}) == [
        "one/conf/istio/vs.yaml:11 error"
    ]


def test_a_service_in_a_folder_of_its_kind_is_meant(tree: Tree) -> None:
    files = {
        "routes/vs.yaml": route("{host: shop, port: {number: 9090}}"),
        "services/s.yaml": service(ONE),
    }
    assert found(tree, "TS404", files) == ["routes/vs.yaml:11 error"]


def test_a_service_of_the_same_environment_is_meant(tree: Tree) -> None:
    files = {
        f"{name}/{file}": text
        for name in ("dev", "prod")
        for file, text in {
            "routes/vs.yaml": route("{host: shop, port: {number: 9090}}"),
            "services/s.yaml": service(TWO if name == "dev" else ONE),
        }.items()
    }
    assert found(tree, "TS404", files) == ["prod/routes/vs.yaml:11 error"]


def test_an_entry_may_only_add_to_the_service(tree: Tree) -> None:
    entry = """\
    apiVersion: networking.istio.io/v1
    kind: ServiceEntry
    metadata: {name: shop}
    spec: {hosts: [HOST], ports: [{number: 80, name: http, protocol: HTTP}]}
    """
    inside = "shop.prod.svc.cluster.local"
    files = {
        "se.yaml": entry.replace("HOST", inside),
        "vs.yaml": route(f"{{host: {inside}, port: {{number: 81}}}}"),
    }
    assert found(tree, "TS404", files) == []
    assert found(tree, "TS404", files, complete=True) == ["vs.yaml:11 error"]
    files = {
        "se.yaml": entry.replace("HOST", "api.example.com"),
        "vs.yaml": route("{host: api.example.com, port: {number: 81}}"),
    }
    assert found(tree, "TS404", files) == ["vs.yaml:11 error"]


# -- TS407 and TS411 ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "port",
    [
        "{name: web, port: 8080}",
        "{name: webhttp, port: 8080}",
        "{port: 8080}",
        "{name: http_web, port: 8080}",
        "{name: dns, port: 8080, protocol: TCP}",
        "{name: http, port: 8080, appProtocol: nonsense}",
        "{name: http, port: 8080, appProtocol: kubernetes.io/unknown}",
    ],
)
def test_a_protocol_that_istio_has_to_guess(tree: Tree, port: str) -> None:
    assert found(tree, "TS407", {"s.yaml": service(port)}) == ["s.yaml:7 info"]
    assert found(tree, "TS411", {}) == []


@pytest.mark.parametrize(
    "port",
    [
        "{name: http, port: 8080}",
        "{name: HTTP-web, port: 8080}",
        "{name: grpc-web, port: 8080}",
        "{name: grpc-webish, port: 8080}",
        "{name: tcp-x, port: 8080}",
        "{name: redis, port: 8080}",
        "{name: anything, port: 8080, protocol: UDP}",
        "{name: anything, port: 8080, appProtocol: http}",
        "{name: anything, port: 8080, appProtocol: kubernetes.io/h2c}",
        "{name: smtp, port: 25}",
        "{name: db, port: 3306}",
        "{name: '${name}', port: 8080}",
        "{name: web, port: '${port}'}",
        "{name: web, port: 8080, appProtocol: '${protocol}'}",
    ],
)
def test_a_protocol_that_istio_knows(tree: Tree, port: str) -> None:
    assert found(tree, "TS407", {"s.yaml": service(port)}) == []


@pytest.mark.parametrize(
    "meta", ["labels: {istio: pilot}", "labels: {release: istio}", "namespace: kube-system"]
)
def test_services_of_istio_and_kubernetes(tree: Tree, meta: str) -> None:
    own = service("{name: web, port: 8080}", meta=f", {meta}")
    assert found(tree, "TS407", {"s.yaml": own}) == []


@pytest.mark.parametrize(
    ("name", "protocol", "is_right"),
    [
        ("web", "HTTP", False),
        ("http", "TLS", False),
        ("httpx", "HTTP", False),
        ("HTTP", "HTTP", False),
        ("http", "HTTP", True),
        ("https-443", "HTTPS", True),
        ("anything", "TCP", True),
        ("anything", "UDP", True),
        ("anything", "NONSENSE", True),
        ("${name}", "HTTP", True),
        ("web", "${protocol}", True),
    ],
)
def test_names_of_ports_of_gateways_and_entries(
    tree: Tree, name: str, protocol: str, is_right: bool
) -> None:
    port = f"{{number: 80, name: '{name}', protocol: '{protocol}'}}"
    entry = f"""\
    apiVersion: networking.istio.io/v1
    kind: ServiceEntry
    metadata: {{name: api}}
    spec:
      hosts: [api.example.com]
      ports: [{port}]
    """
    files = {"gw.yaml": gateway(f"{{port: {port}, hosts: [HOST]}}"), "se.yaml": entry}
    wanted = [] if is_right else ["gw.yaml:6 info", "se.yaml:6 info"]
    assert found(tree, "TS407", files) == wanted


@pytest.mark.parametrize(
    ("port", "count"),
    [
        ("{name: tcp, port: 443}", 1),
        ("{name: web, port: 443}", 1),
        ("{port: 443}", 1),
        ("{name: https, port: 443}", 0),
        ("{name: tcp-db, port: 443}", 0),
        ("{name: web, port: 443, appProtocol: http}", 0),
    ],
)
def test_ports_of_external_names(tree: Tree, port: str, count: int) -> None:
    files = {"s.yaml": service(port, kind="type: ExternalName")}
    assert found(tree, "TS411", files) == ["s.yaml:7 warning"] * count
    assert found(tree, "TS407", files) == []
    assert found(tree, "TS411", {"s.yaml": service(port)}) == []


# -- TS419 ----------------------------------------------------------------------------------------

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  template:
    metadata: {{labels: {{app: shop}}}}
    spec: {{containers: {containers}}}
"""


def deployment(containers: str, name: str = "shop") -> str:
    return DEPLOYMENT.format(containers=containers, name=name)


LISTS_8080 = "[{name: app, ports: [{name: http, containerPort: 8080}]}]"


@pytest.mark.parametrize(
    ("target", "severity"),
    [("web", "warning"), ("HTTP", "warning"), ("9999", "info")],
)
def test_a_target_port_that_no_container_has(tree: Tree, target: str, severity: str) -> None:
    ports = f"{{name: http, port: 80, targetPort: {target}}}"
    files = {"s.yaml": service(ports), "d.yaml": deployment(LISTS_8080)}
    assert found(tree, "TS419", files, complete=True) == [f"s.yaml:7 {severity}"]
    assert found(tree, "TS419", files) == []


def test_without_a_target_port_the_port_counts(tree: Tree) -> None:
    files = {"s.yaml": service("{name: http, port: 80}"), "d.yaml": deployment(LISTS_8080)}
    assert found(tree, "TS419", files, complete=True) == ["s.yaml:7 info"]


@pytest.mark.parametrize(
    ("target", "workloads"),
    [
        ("8080", [LISTS_8080]),
        ("http", [LISTS_8080]),
        ("9999", ["[{name: app}]"]),
        ("9999", [LISTS_8080, "[{name: app}]"]),
        ("web", [LISTS_8080, "[{name: app, ports: [{name: web, containerPort: 1}]}]"]),
        ("web", ["[{name: app, ports: '${ports}'}]"]),
        ("web", ["[{name: app, ports: [{name: '${port}', containerPort: 1}]}]"]),
        ("web", ["'${containers}'"]),
        ("web", []),
    ],
)
def test_target_ports_that_are_there(tree: Tree, target: str, workloads: list[str]) -> None:
    ports = f"{{name: http, port: 80, targetPort: {target}}}"
    texts = [deployment(text, f"d{number}") for number, text in enumerate(workloads)]
    files = {"s.yaml": service(ports), "d.yaml": "---\n".join(texts)}
    assert found(tree, "TS419", files, complete=True) == []


def test_a_sidecar_that_starts_first_has_ports_too(tree: Tree) -> None:
    spec = f"{LISTS_8080}, initContainers: [{{name: s, ports: [{{name: web, containerPort: 1}}]}}]"
    files = {
        "s.yaml": service("{name: http, port: 80, targetPort: web}"),
        "d.yaml": deployment(spec),
    }
    assert found(tree, "TS419", files, complete=True) == []

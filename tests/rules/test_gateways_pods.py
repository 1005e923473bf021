"""Gateways, their pods and the Services before them: TS507 and TS508."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Tree


def gateway(selector: str = "{app: edge}", number: object = 443) -> str:
    """A Gateway: the selector in line 5, the port's number in line 7."""
    return f"""\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: shop, namespace: shop}}
spec:
  selector: {selector}
  servers:
  - port: {{number: {number}, name: https, protocol: HTTPS}}
    tls: {{mode: SIMPLE, credentialName: shop}}
    hosts: [shop.example.com]
"""


def workload(labels: str = "{app: edge}", spec: str = "{}", namespace: str = "ingress") -> str:
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: edge, namespace: {namespace}}}
spec:
  template:
    metadata: {{labels: {labels}}}
    spec: {spec}
"""


def service(*ports: str, selector: str = "{app: edge}", name: str = "edge") -> str:
    return f"""\
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: ingress}}
spec:
  selector: {selector}
  ports: [{", ".join(f"{{{port}}}" for port in ports)}]
"""


def show(tree: Tree, files: dict[str, str], rule: str, **settings: Any) -> list[str]:
    tree.write(files)
    return tree.show(select=(rule,), **settings)


# -- TS507 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selector", "files"),
    [
        ("{app: edge}", {}),
        ("{app: edge}", {"pods.yaml": workload("{app: edgy}")}),
        ("{app: edge, zone: a}", {"pods.yaml": workload()}),
        ("{istio: ingress}", {"pods.yaml": workload("{istio: edge}")}),
        ("{app: istio-edgegateway}", {"pods.yaml": workload("{app: istio-gateway}")}),
    ],
)
def test_a_selector_that_fits_no_pods(tree: Tree, selector: str, files: dict[str, str]) -> None:
    files = {"gw.yaml": gateway(selector), **files}
    assert show(tree, files, "TS507", complete=True) == ["gw.yaml:5:3 TS507"]
    assert show(tree, files, "TS507") == []


@pytest.mark.parametrize(
    ("selector", "files"),
    [
        ("{app: edge}", {"pods.yaml": workload()}),
        ("{app: edge}", {"far/pods.yaml": workload("{app: edge, version: v1}")}),
        ("{app: edge}", {"pods.yaml": workload("'${labels}'")}),
        ("{app: edge}", {"pods.yaml": workload("{app: '${app}'}")}),
        ("{app: '${app}'}", {}),
        ("'${selector}'", {}),
        ("{}", {}),
        ("{istio: ingressgateway}", {}),
        ("{app: istio-ingressgateway, istio: ingressgateway}", {}),
        ("{app: istio-egressgateway}", {}),
        ("{istio: ingressgateway}", {"pods.yaml": workload(namespace="istio-system")}),
        ("{istio: ingressgateway}", {"far/pods.yaml": workload("{istio: edge}")}),
        ("{istio: ingressgateway}", {"pods.yaml": workload("{app: istio-rollout}")}),
    ],
)
def test_selectors_that_fit_or_are_not_judged(
    tree: Tree, selector: str, files: dict[str, str]
) -> None:
    files = {"gw.yaml": gateway(selector), **files}
    assert show(tree, files, "TS507", complete=True) == []


def test_pods_of_another_environment_are_not_missed(tree: Tree) -> None:
    files = {
        "dev/gw.yaml": gateway(),
        "dev/pods.yaml": workload(),
        "prod/gw.yaml": gateway(),
    }
    assert show(tree, files, "TS507", complete=True) == []


def test_a_near_label_is_a_hint(tree: Tree) -> None:
    tree.write(
        {"gw.yaml": gateway("{app: shop-gatway}"), "w.yaml": workload("{app: shop-gateway}")}
    )
    (finding,) = tree.lint(select=("TS507",), complete=True)
    assert finding.help == 'Did you mean "app: shop-gateway"?'


# -- TS508 ----------------------------------------------------------------------------------------

MISSED = ["gw.yaml:7:20 TS508"]


@pytest.mark.parametrize(
    "files",
    [
        {"svc.yaml": service("port: 80")},
        {"svc.yaml": service("port: 80, targetPort: 8443", "port: 8080")},
        {"svc.yaml": service("port: 443, protocol: UDP", "port: 80, protocol: TCP")},
        {"svc.yaml": service("port: 80, targetPort: https")},
        {"svc.yaml": service("port: 80"), "other.yaml": service("port: 443", selector="{app: x}")},
    ],
)
def test_a_port_that_no_service_leads_to(tree: Tree, files: dict[str, str]) -> None:
    ports = "{containers: [{name: proxy, ports: [{name: https, containerPort: 8443}]}]}"
    files = {"gw.yaml": gateway(), "pods.yaml": workload(spec=ports), **files}
    assert show(tree, files, "TS508", complete=True) == MISSED
    assert show(tree, files, "TS508") == []


@pytest.mark.parametrize(
    ("spec", "services"),
    [
        ("{}", [service("port: 443")]),
        ("{}", [service("port: 80, targetPort: 443")]),
        ("{}", [service("port: 80"), service("port: 443", name="edge-tls")]),
        ("{}", []),
        ("{}", [service("port: 80", selector="{app: other}")]),
        ("{}", [service("port: '${port}'")]),
        ("{}", [service("port: 80, targetPort: '${port}'")]),
        ("{}", [service("port: 80, targetPort: https")]),
        ("{}", [service("port: 80"), service("port: 1", selector="'${x}'", name="b")]),
        ("{}", [service("port: 80"), service("port: 1", selector="{app: '${x}'}", name="b")]),
        ("{hostNetwork: true}", [service("port: 80")]),
        (
            "{containers: [{ports: [{containerPort: 443, hostPort: 443}]}]}",
            [service("port: 80")],
        ),
        (
            "{containers: [{ports: [{name: https, containerPort: 443}]}]}",
            [service("port: 80, targetPort: https")],
        ),
    ],
    ids=[
        "port",
        "target",
        "second service",
        "no service",
        "another service",
        "hidden port",
        "hidden target",
        "unknown name",
        "hidden selector",
        "hidden label",
        "host network",
        "host port",
        "named target",
    ],
)
def test_ports_that_are_reached_or_not_judged(tree: Tree, spec: str, services: list[str]) -> None:
    files = {f"svc{number}.yaml": text for number, text in enumerate(services)}
    files |= {"gw.yaml": gateway(), "pods.yaml": workload(spec=spec)}
    assert show(tree, files, "TS508", complete=True) == []


@pytest.mark.parametrize("number", [0, "'${port}'"])
def test_a_port_that_is_none_or_hidden(tree: Tree, number: object) -> None:
    files = {"gw.yaml": gateway(number=number), "w.yaml": workload(), "s.yaml": service("port: 80")}
    assert show(tree, files, "TS508", complete=True) == []


def test_a_gateway_without_pods_is_another_mistake(tree: Tree) -> None:
    files = {"gw.yaml": gateway(), "svc.yaml": service("port: 80")}
    assert show(tree, files, "TS50", complete=True) == ["gw.yaml:5:3 TS507"]


def test_the_message_names_service_and_ports(tree: Tree) -> None:
    files = {"gw.yaml": gateway(), "w.yaml": workload(), "s.yaml": service("port: 80", "port: 22")}
    tree.write(files)
    (finding,) = tree.lint(select=("TS508",), complete=True)
    assert "Service ingress/edge has 22 and 80" in finding.message
    assert [place.file for place in finding.related] == ["s.yaml"]


def test_a_service_beside_the_gateway_leads_to_pods_elsewhere(tree: Tree) -> None:
    pods = {"mesh/pods.yaml": workload(), "mesh/svc.yaml": service("port: 80")}
    local = service("port: 81, targetPort: 443", name="edge-local")
    files = {"gw/gw.yaml": gateway(), **pods}
    assert show(tree, files, "TS508", complete=True) == ["gw/gw.yaml:7:20 TS508"]
    files["gw/local.yaml"] = service("port: 443", selector="{app: other}", name="edge-local")
    assert show(tree, files, "TS508", complete=True) == ["gw/gw.yaml:7:20 TS508"]
    assert show(tree, {**files, "gw/local.yaml": local}, "TS508", complete=True) == []

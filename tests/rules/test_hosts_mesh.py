"""Who is in the mesh, and whose requests a proxy reads: TS417, TS418."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Tree


def namespace(name: str = "shop", labels: str = "") -> str:
    return (
        f"---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{{labels}}}}}\n"
    )


def service(name: str = "shop", labels: str = "") -> str:
    return f"""\
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: shop, labels: {{{labels}}}}}
spec: {{selector: {{app: {name}}}, ports: [{{name: http, port: 80}}]}}
"""


def rule(
    spec: str = "subsets: [{name: v1, labels: {v: a}}]", own: str = "shop", host: str = "shop"
) -> str:
    """A DestinationRule whose host stands in line 6."""
    return f"""\
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: shop, namespace: {own}}}
spec:
  host: {host}
  {spec}
"""


def virtual(
    destination: str = "{host: shop}", spec: str = "", own: str = "shop", host: str = "shop"
) -> str:
    """A VirtualService whose hosts stand in line 6."""
    return f"""\
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: shop, namespace: {own}}}
spec:
  hosts: [{host}]
  http: [{{route: [{{destination: {destination}}}]}}]
  {spec}
"""


def workload(labels: str = "", spec: str = "", annotations: str = "") -> str:
    """A Deployment whose name stands in line 4."""
    return f"""\
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: w, namespace: shop}}
spec:
  template:
    metadata: {{labels: {{app: shop{labels}}}, annotations: {{{annotations}}}}}
    spec: {{containers: [{{name: app}}]{spec}}}
"""


def found(tree: Tree, name: str, first: str, *others: str, **settings: Any) -> list[str]:
    """The findings of a rule as `file:line severity`: the first text is `a.yaml`, the others `b.yaml`."""
    tree.write({"a.yaml": first, "b.yaml": "".join(others) or "# nothing\n"})
    return [
        f"{tree.name(f.file)}:{f.span.line} {f.severity.label}"
        for f in tree.lint(select=(name,), **{"complete": True, **settings})
    ]


# -- TS417 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "split",
    [
        rule(),
        virtual("{host: shop, subset: v1}"),
        virtual("{host: shop}}, {destination: {host: shop}"),
    ],
)
def test_a_namespace_without_sidecars(tree: Tree, split: str) -> None:
    assert found(tree, "TS417", namespace(), service(), split) == ["a.yaml:4 info"]
    assert found(tree, "TS417", namespace(), service(), split, complete=False) == []


@pytest.mark.parametrize(
    ("first", "others"),
    [
        (namespace(labels="istio-injection: enabled"), (service(), rule())),
        (namespace(labels="istio-injection: disabled"), (service(), rule())),
        (namespace(labels="istio.io/rev: stable"), (service(), rule())),
        (namespace(labels="istio.io/dataplane-mode: ambient"), (service(), rule())),
        (namespace(labels="istio-injection: '${i}'"), (service(), rule())),
        (namespace(), (service(),)),
        (namespace(), (service(), rule(spec="subsets: []"))),
        (namespace(), (service(), virtual())),
        (namespace("other"), (service(), rule())),
        (namespace(), (service(), rule(), workload(", sidecar.istio.io/inject: 'true'"))),
        (namespace("istio-system"), (service().replace("shop,", "istio-system,"), rule())),
    ],
    ids=[
        "enabled",
        "on purpose",
        "a revision",
        "ambient",
        "hidden",
        "no rule",
        "no subset",
        "one destination",
        "another namespace",
        "pods ask for it",
        "istio itself",
    ],
)
def test_namespaces_that_are_right(tree: Tree, first: str, others: tuple[str, ...]) -> None:
    assert found(tree, "TS417", first, *others) == []


ENABLED = namespace(labels="istio-injection: enabled")


@pytest.mark.parametrize(
    "pods",
    [
        workload(", sidecar.istio.io/inject: 'false'"),
        workload(annotations="sidecar.istio.io/inject: 'false'"),
        workload(spec=", hostNetwork: true"),
    ],
)
def test_a_workload_that_refuses_the_sidecar(tree: Tree, pods: str) -> None:
    assert found(tree, "TS417", pods, ENABLED, service(), rule()) == ["a.yaml:4 info"]
    assert found(tree, "TS417", pods, ENABLED, service()) == []
    assert found(tree, "TS417", pods, service(), rule()) == []


@pytest.mark.parametrize(
    "pods",
    [
        workload(),
        workload(
            ", sidecar.istio.io/inject: 'true'", annotations="sidecar.istio.io/inject: 'false'"
        ),
        workload(", sidecar.istio.io/inject: '${i}'"),
        workload(annotations="sidecar.istio.io/inject: 'no'"),  # no word that Istio knows
        workload(", sidecar.istio.io/inject: 'false'").replace("app: shop", "app: other"),
    ],
)
def test_workloads_that_are_right(tree: Tree, pods: str) -> None:
    assert found(tree, "TS417", pods, ENABLED, service(), rule()) == []


# -- TS418 ----------------------------------------------------------------------------------------

MODE = "istio.io/dataplane-mode: ambient"
AMBIENT = namespace(labels=MODE)
SERVED = namespace(labels=f"{MODE}, istio.io/use-waypoint: w")
NO = "istio.io/use-waypoint: none"


@pytest.mark.parametrize(
    "about",
    [
        virtual(),
        rule("trafficPolicy: {connectionPool: {http: {maxRetries: 1}}}"),
        rule("trafficPolicy: {outlierDetection: {interval: 1s}}"),
        rule("trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x}}}"),
        rule("trafficPolicy: {loadBalancer: {consistentHash: {httpCookie: {name: x}}}}"),
        rule("subsets: [{name: v1, trafficPolicy: {outlierDetection: {interval: 1s}}}]"),
    ],
)
def test_a_service_without_a_waypoint(tree: Tree, about: str) -> None:
    assert found(tree, "TS418", about, AMBIENT, service()) == ["a.yaml:6 warning"]
    assert found(tree, "TS418", about, SERVED, service(labels=NO)) == ["a.yaml:6 warning"]
    assert found(tree, "TS418", about, SERVED, service()) == []
    assert found(tree, "TS418", about, AMBIENT, service(labels="istio.io/use-waypoint: w")) == []
    assert found(tree, "TS418", about, namespace(), service()) == []
    assert found(tree, "TS418", about, service()) == []
    assert found(tree, "TS418", about, AMBIENT, service(), complete=False) == []


@pytest.mark.parametrize("about", [virtual, rule])
def test_an_object_in_another_namespace(tree: Tree, about: Any) -> None:
    spec = "trafficPolicy: {outlierDetection: {interval: 1s}}" if about is rule else ""
    text = about(spec=spec, own="web", host="shop.shop.svc.cluster.local")
    assert found(tree, "TS418", text, SERVED, service()) == ["a.yaml:6 warning"]
    assert found(tree, "TS418", text, namespace(), service()) == []


def test_no_host_in_sight_and_an_ambient_namespace(tree: Tree) -> None:
    outside = virtual(host="api.example.com")
    assert found(tree, "TS418", outside, AMBIENT) == ["a.yaml:6 warning"]
    assert found(tree, "TS418", outside, SERVED) == []
    assert found(tree, "TS418", outside, namespace()) == []


@pytest.mark.parametrize(
    "about",
    [
        virtual(spec="gateways: [edge]"),
        virtual().replace("http:", "tcp:"),
        rule(),
        rule("trafficPolicy: {connectionPool: {tcp: {maxConnections: 1}}}"),
        rule("trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true}}}"),
        rule("trafficPolicy: {loadBalancer: {simple: RANDOM}}"),
        virtual(host="'${host}'").replace("namespace: shop", "namespace: '${ns}'"),
    ],
    ids=["a gateway", "tcp", "subsets", "tcp pool", "addresses", "random", "hidden"],
)
def test_what_needs_no_waypoint(tree: Tree, about: str) -> None:
    assert found(tree, "TS418", about, AMBIENT, service()) == []


def test_a_hidden_waypoint_is_one(tree: Tree) -> None:
    hidden = namespace(labels=f"{MODE}, istio.io/use-waypoint: '${{w}}'")
    assert found(tree, "TS418", virtual(), hidden, service()) == []


def waypoint(name: str = "waypoint", own: str = "shop", kind: str = "istio-waypoint") -> str:
    return f"""\
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: {name}{f", namespace: {own}" if own else ""}}}
spec: {{gatewayClassName: {kind}, listeners: [{{name: mesh, port: 15008, protocol: HBONE}}]}}
"""


def enrolled(name: str, own: str = "") -> str:
    """The labels of an object that has its requests read by a waypoint."""
    return f"istio.io/use-waypoint: {name}" + (
        f", istio.io/use-waypoint-namespace: {own}" if own else ""
    )


@pytest.mark.parametrize(
    ("labels", "there"),
    [
        (enrolled("waypiont"), waypoint()),
        (enrolled("other"), waypoint()),
        (enrolled("waypoint"), waypoint(own="web")),
        (enrolled("waypoint", "web"), waypoint()),
        (enrolled("edge"), waypoint() + waypoint("edge", "web")),
    ],
)
def test_a_waypoint_that_is_not_there(tree: Tree, labels: str, there: str) -> None:
    by_namespace = namespace(labels=f"{MODE}, {labels}")
    assert found(tree, "TS418", by_namespace, virtual(), service(), there) == ["a.yaml:4 warning"]
    by_service = service(labels=labels)
    assert found(tree, "TS418", by_service, AMBIENT, virtual(), there) == ["a.yaml:4 warning"]
    outside = virtual(host="api.example.com")
    assert found(tree, "TS418", by_namespace, outside, there) == ["a.yaml:4 warning"]
    assert found(tree, "TS418", by_namespace, virtual(), service(), there, complete=False) == []


def test_it_is_told_once_and_what_was_meant(tree: Tree) -> None:
    second = virtual().replace("name: shop,", "name: second,")
    text = namespace(labels=f"{MODE}, {enrolled('waypiont')}")
    tree.write({"a.yaml": text + virtual() + second + service() + waypoint()})
    (finding,) = tree.lint(select=("TS418",), complete=True)
    assert finding.message == (
        'There is no waypoint "waypiont" in the namespace "shop". No proxy reads the requests, and the '
        "rules for them are without effect."
    )
    assert (finding.help, finding.aliases) == ('Did you mean "waypoint"?', ())


@pytest.mark.parametrize(
    ("labels", "there"),
    [
        (enrolled("waypoint"), waypoint()),
        (enrolled("waypoint"), waypoint(own="")),
        (enrolled("waypoint", "web"), waypoint(own="web")),
        (enrolled("waypoint", "'${ns}'"), waypoint(own="web")),
        (enrolled("own"), waypoint() + waypoint("own", kind="our-class")),
        (enrolled("made"), waypoint("'${name}'")),
        # made by a command, as far as the tree tells
        (enrolled("waypiont"), ""),
        (enrolled("waypiont"), waypoint(kind="istio")),
    ],
)
def test_a_waypoint_that_is_there_or_may_be(tree: Tree, labels: str, there: str) -> None:
    text = namespace(labels=f"{MODE}, {labels}")
    assert found(tree, "TS418", text, virtual(), service(), there) == []


def test_a_waypoint_of_the_service_counts_before_that_of_the_namespace(tree: Tree) -> None:
    text = namespace(labels=f"{MODE}, {enrolled('waypiont')}")
    labelled = service(labels=enrolled("waypoint"))
    assert found(tree, "TS418", text, virtual(), labelled, waypoint()) == []

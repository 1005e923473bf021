"""TS416: `service.namespace` is no short name for Istio."""

from __future__ import annotations

import pytest

from conftest import Tree

SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: prod}
spec: {ports: [{port: 80}]}
"""


def route(host: str, *, hosts: str = "reviews", more: str = "") -> str:
    return f"""\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: reviews, namespace: prod}}
spec:
  hosts: [{hosts}]
  http:
  - route:
    - destination:
        host: {host}
{more}"""


def found(tree: Tree, text: str, **settings: object) -> list[str]:
    tree.write({"vs.yaml": text, "service.yaml": SERVICE})
    return tree.show(select=("TS416",), **settings)


@pytest.mark.parametrize(
    "host", ["reviews.prod", "reviews.prod.svc", "Reviews.prod", "reviews.prod."]
)
def test_a_service_with_its_namespace_alone(tree: Tree, host: str) -> None:
    assert found(tree, route(host)) == ["vs.yaml:9:15 TS416"]


@pytest.mark.parametrize(
    "host",
    [
        "reviews",
        "reviews.prod.svc.cluster.local",
        "REVIEWS.prod.svc.cluster.local.",
        "reviews.other",  # no such Service in sight: it may be a host of another registry
        "reviews.com",
        "reviews.prod.example.com",
        "'${HOST}.prod'",
        "'*.prod'",
    ],
)
def test_look_alikes(tree: Tree, host: str) -> None:
    assert found(tree, route(host)) == []


def test_the_hosts_of_a_virtual_service_may_be_written_so(tree: Tree) -> None:
    assert found(tree, route("reviews", hosts="reviews.prod")) == []


def test_a_host_that_a_service_entry_provides_literally(tree: Tree) -> None:
    entry = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: r}\n"
    tree.write(
        {"se.yaml": entry + "spec: {hosts: [reviews.prod], ports: [], location: MESH_INTERNAL}\n"}
    )
    assert found(tree, route("reviews.prod")) == []


def test_mirrors_and_destination_rules(tree: Tree) -> None:
    rule = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: r}\n"
    tree.write({"dr.yaml": rule + "spec: {host: reviews.prod.svc}\n"})
    text = route("reviews", more="    mirror: {host: reviews.prod}\n")
    assert found(tree, text) == ["dr.yaml:4:14 TS416", "vs.yaml:10:20 TS416"]


def test_another_cluster_domain(tree: Tree) -> None:
    text = route("reviews.prod.svc.corp.example")
    assert found(tree, text, cluster_domain="corp.example") == []

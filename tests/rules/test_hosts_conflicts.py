"""Objects that contradict each other: TS406, TS409, TS410, TS414."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Tree

ROUTE = "{route: [{destination: {host: %s}}]}"
SHOP = ROUTE % "shop"


def virtual(
    name: str,
    hosts: str = "shop",
    *,
    meta: str = "",
    spec: str = "",
    http: str = SHOP,
    protocol: str = "http",
) -> str:
    """A VirtualService whose hosts stand in line 6 and routes in line 7."""
    return f"""\
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}, {meta}}}
spec:
  hosts: [{hosts}]
  {protocol}: [{http}]
  {spec}
"""


def found(tree: Tree, rule: str, files: dict[str, str], **settings: Any) -> list[str]:
    """The findings of a rule as `file:line severity`."""
    tree.write(files)
    return [
        f"{tree.name(finding.file)}:{finding.span.line} {finding.severity.label}"
        for finding in tree.lint(select=(rule,), **settings)
    ]


def pair(one: str, other: str) -> dict[str, str]:
    return {"vs.yaml": one + other}


IN_FILE = ["vs.yaml:14 error"]

# -- TS406, the mesh ------------------------------------------------------------------------------


def test_two_for_one_host_of_the_mesh(tree: Tree) -> None:
    tree.write(pair(virtual("one"), virtual("two")))
    (finding,) = tree.lint(select=("TS406",))
    assert (finding.span.line, finding.severity.label, finding.confidence) == (14, "error", "high")
    assert "VirtualService one routes the host" in finding.message
    assert [(related.file, related.span.line) for related in finding.related] == [("vs.yaml", 6)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            virtual("one", meta="namespace: a"),
            virtual("two", "shop.a.svc.cluster.local", meta="namespace: b"),
        ),
        (virtual("one"), virtual("two", "SHOP")),
        (virtual("one"), virtual("two", "cart, shop")),
        (virtual("one", "'*.example.com'"), virtual("two", "'*.example.com'")),
        (virtual("one"), virtual("two", spec="gateways: [mesh, edge]")),
        (virtual("one", spec="exportTo: ['*']"), virtual("two", spec="exportTo: [a]")),
        (virtual("one", spec="exportTo: [a, b]"), virtual("two", spec="exportTo: [b]")),
        (
            virtual("one"),
            virtual(
                "two",
                http="{match: [{headers: {a: {exact: b}}}], route: [{destination: {host: s}}]}",
            ),
        ),
        (
            virtual("one"),
            virtual(
                "two", http="{match: [{sourceNamespace: a}], route: [{destination: {host: s}}]}"
            ),
        ),
    ],
    ids=[
        "short and full name",
        "letters",
        "one of several hosts",
        "wildcards",
        "mesh among gateways",
        "one for a namespace",
        "a namespace in common",
        "another match",
        "one for some clients",
    ],
)
def test_the_same_host_in_other_words(tree: Tree, one: str, other: str) -> None:
    assert found(tree, "TS406", pair(one, other)) == IN_FILE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (virtual("one"), virtual("two", "cart")),
        (virtual("one", meta="namespace: a"), virtual("two", meta="namespace: b")),
        (virtual("one", "a.example.com"), virtual("two", "'*.example.com'")),
        (virtual("one"), virtual("two", spec="gateways: [edge]")),
        (virtual("one", spec="exportTo: [a]"), virtual("two", spec="exportTo: [b]")),
        (
            virtual("one", meta="namespace: a", spec="exportTo: ['.']"),
            virtual("two", "shop.a.svc.cluster.local", meta="namespace: b", spec="exportTo: ['.']"),
        ),
        (virtual("one", spec="exportTo: ['${env}']"), virtual("two")),
        (virtual("one", meta="namespace: '${env}'"), virtual("two")),
        (virtual("one", "'${host}'"), virtual("two", "'${host}'")),
        (virtual("one"), virtual("two", protocol="tcp")),
        (
            virtual(
                "one", http="{match: [{sourceNamespace: a}], route: [{destination: {host: s}}]}"
            ),
            virtual(
                "two", http="{match: [{sourceNamespace: b}], route: [{destination: {host: s}}]}"
            ),
        ),
        (
            virtual("one", http="{match: [{sourceLabels: {a: b}}], route: []}"),
            virtual("two", http="{match: [{sourceLabels: {a: c}}], route: []}"),
        ),
        (
            virtual("one", http="{match: [{port: 80}], route: []}"),
            virtual("two", http="{match: [{port: 81}], route: []}"),
        ),
        (
            virtual(
                "one", spec="gateways: [mesh, e]", http="{match: [{gateways: [e]}], route: []}"
            ),
            virtual("two"),
        ),
        (virtual("one", ""), virtual("two", "")),
    ],
    ids=[
        "other hosts",
        "short names of two namespaces",
        "an exact name beside a wildcard",
        "another gateway",
        "other clients",
        "each for its own namespace",
        "hidden clients",
        "a hidden namespace",
        "a hidden host",
        "http beside tcp",
        "other namespaces of clients",
        "other labels of clients",
        "other ports",
        "nothing for the mesh",
        "delegates",
    ],
)
def test_two_that_get_along(tree: Tree, one: str, other: str) -> None:
    assert found(tree, "TS406", pair(one, other)) == []


def test_one_folder(tree: Tree) -> None:
    files = {"a.yaml": virtual("one"), "b.yaml": virtual("two")}
    assert found(tree, "TS406", files) == ["b.yaml:6 warning"]
    assert found(tree, "TS406", files, complete=True) == ["b.yaml:6 error"]


def test_steps_of_a_tutorial(tree: Tree) -> None:
    files = {
        "1.yaml": virtual("shop"),
        "2.yaml": virtual("shop"),
        "3.yaml": virtual("shop-canary"),
    }
    assert found(tree, "TS406", files, complete=True) == []


def test_a_kustomization_builds_what_it_lists(tree: Tree) -> None:
    files = {
        "kustomization.yaml": "resources: [a.yaml, ./b.yaml]\n",
        "a.yaml": virtual("one"),
        "b.yaml": virtual("two"),
        "c.yaml": virtual("one"),
    }
    assert found(tree, "TS406", files) == ["b.yaml:6 error"]


def test_a_chart(tree: Tree) -> None:
    files = {
        "Chart.yaml": "name: c\nversion: 1.0.0\n",
        "templates/a.yaml": virtual("one"),
        "templates/b.yaml": virtual("two"),
    }
    assert found(tree, "TS406", files) == ["templates/b.yaml:6 error"]


def test_a_file_that_harness_skips_is_no_rival(tree: Tree) -> None:
    files = {
        "values.yaml": "a: b\n",
        "templates/a.yaml": "# harness.io/skip-file-for-deploy\n" + virtual("one"),
        "templates/b.yaml": virtual("two"),
    }
    assert found(tree, "TS406", files) == []


def test_other_folders_count_in_a_complete_tree(tree: Tree) -> None:
    full = "shop.a.svc.cluster.local"
    files = {
        "a/vs.yaml": virtual("one", full, meta="namespace: a"),
        "b/vs.yaml": virtual("two", full, meta="namespace: b"),
    }
    assert found(tree, "TS406", files) == []
    assert found(tree, "TS406", files, complete=True) == ["b/vs.yaml:6 warning"]
    files["c/vs.yaml"] = virtual("two", full, meta="namespace: c")  # environments, so it seems
    assert found(tree, "TS406", files, complete=True) == []


def test_three_are_two_too_many(tree: Tree) -> None:
    text = virtual("one") + virtual("two") + virtual("three")
    assert found(tree, "TS406", {"vs.yaml": text}) == ["vs.yaml:14 error", "vs.yaml:22 error"]


# -- TS406, gateways ------------------------------------------------------------------------------

EDGE = "gateways: [edge]"


def to(host: str, match: str = "") -> str:
    matches = f"match: [{match}], " if match else ""
    return f"{{{matches}route: [{{destination: {{host: {host}}}}}]}}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (to("a"), to("b")),
        (to("a", "{uri: {prefix: /}}"), to("b")),
        (to("a", "{uri: {prefix: /x}}"), to("b", "{name: n, uri: {prefix: /x}}")),
        (to("a", "{uri: {exact: /x}}, {uri: {exact: /y}}"), to("b", "{uri: {exact: /y}}")),
    ],
)
def test_equal_matches_on_a_gateway(tree: Tree, one: str, other: str) -> None:
    text = virtual("one", spec=EDGE, http=one) + virtual("two", spec=EDGE, http=other)
    assert found(tree, "TS406", {"vs.yaml": text}) == ["vs.yaml:15 warning"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (to("a"), to("b", "{uri: {prefix: /b}}")),
        (to("a", "{uri: {prefix: /a}}"), to("b", "{uri: {prefix: /b}}")),
        (to("a"), to("a")),
        (to("a", "{uri: {prefix: '${p}'}}"), to("b", "{uri: {prefix: '${p}'}}")),
        (to("a"), to("'${host}'")),
    ],
)
def test_routes_that_merge_well(tree: Tree, one: str, other: str) -> None:
    text = virtual("one", spec=EDGE, http=one) + virtual("two", spec=EDGE, http=other)
    assert found(tree, "TS406", {"vs.yaml": text}) == []


def test_the_gateway_and_the_host_must_be_the_same(tree: Tree) -> None:
    one = virtual("one", meta="namespace: a", spec="gateways: [edge]", http=to("a"))
    same = virtual("two", "shop", meta="namespace: a", spec="gateways: [a/edge]", http=to("b"))
    assert found(tree, "TS406", {"vs.yaml": one + same}) == ["vs.yaml:15 warning"]
    for other in ("gateways: [b/edge]", "gateways: [public]"):
        text = one + virtual("two", meta="namespace: a", spec=other, http=to("b"))
        assert found(tree, "TS406", {"vs.yaml": text}) == []


def test_tcp_routes_merge_within_the_mesh(tree: Tree) -> None:
    text = virtual("one", protocol="tcp", http=to("a")) + virtual(
        "two", protocol="tcp", http=to("b")
    )
    assert found(tree, "TS406", {"vs.yaml": text}) == ["vs.yaml:15 warning"]
    apart = virtual("two", protocol="tcp", http=to("b", "{port: 81}"))
    assert found(tree, "TS406", {"vs.yaml": virtual("one", protocol="tcp") + apart}) == []


# -- TS409 ----------------------------------------------------------------------------------------


def entry(
    name: str, ports: str, *, hosts: str = "api.example.com", meta: str = "", spec: str = ""
) -> str:
    """A ServiceEntry whose hosts stand in line 6."""
    return f"""\
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: {name}, {meta}}}
spec:
  hosts: [{hosts}]
  ports: [{ports}]
  resolution: DNS
  {spec}
"""


TLS = "{number: 443, name: tls, protocol: TLS}"
HTTPS = "{number: 443, name: https, protocol: HTTPS}"
HTTP = "{number: 80, name: http, protocol: HTTP}"


@pytest.mark.parametrize(
    ("port", "words"), [(TLS, "TLS"), (HTTPS, "HTTPS"), (HTTPS.lower(), "HTTPS")]
)
def test_two_entries_for_a_port(tree: Tree, port: str, words: str) -> None:
    port = port.replace("name: https", "name: x")
    tree.write({"se.yaml": entry("one", TLS) + entry("two", f"{HTTP}, {port}")})
    (finding,) = tree.lint(select=("TS409",))
    assert (finding.span.line, finding.severity.label) == (15, "warning")
    assert ("there with the protocol TLS, here with HTTPS" in finding.message) is (words == "HTTPS")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (entry("one", TLS), entry("two", HTTP)),
        (entry("one", TLS), entry("two", TLS, hosts="b.example.com")),
        (entry("one", TLS), entry("two", TLS, hosts="'*.example.com'")),
        (entry("one", TLS, spec="exportTo: [a]"), entry("two", TLS, spec="exportTo: [b]")),
        (
            entry("one", TLS, meta="namespace: a", spec="exportTo: ['.']"),
            entry("two", TLS, meta="namespace: b", spec="exportTo: ['.']"),
        ),
        (entry("one", TLS), entry("two", "{number: '${port}', name: tls, protocol: TLS}")),
        (entry("one", f"{TLS}, {HTTPS}"), ""),
    ],
    ids=[
        "other port",
        "other host",
        "wildcard",
        "other clients",
        "own namespaces",
        "a hidden port",
        "within one entry, which is TS420",
    ],
)
def test_entries_that_get_along(tree: Tree, one: str, other: str) -> None:
    assert found(tree, "TS409", {"se.yaml": one + other}) == []


def test_entries_of_other_folders_are_other_environments(tree: Tree) -> None:
    files = {"a/se.yaml": entry("one", TLS), "b/se.yaml": entry("one", HTTPS)}
    assert found(tree, "TS409", files) == []


# -- TS410 ----------------------------------------------------------------------------------------

WORKLOAD = """\
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  template:
    metadata: {{labels: {{app: shop{labels}}}}}
    spec: {{containers: [{{name: {container}}}]}}
"""
INJECTED = ", sidecar.istio.io/inject: 'true'"


def workload(name: str = "shop", labels: str = INJECTED, container: str = "app") -> str:
    return WORKLOAD.format(name=name, labels=labels, container=container)


def service(name: str, ports: str, selector: str = "app: shop") -> str:
    """A Service whose ports stand in line 7."""
    return f"""\
---
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec:
  selector: {{{selector}}}
  ports: [{ports}]
"""


def test_one_target_behind_two_ports(tree: Tree) -> None:
    web, raw = "{name: http, port: 80, targetPort: 1}", "{name: tcp, port: 90, targetPort: 1}"
    text = service("one", web) + service("two", raw) + workload()
    assert found(tree, "TS410", {"s.yaml": text}) == ["s.yaml:14 warning"]
    same = service("one", web) + service("two", raw.replace("tcp", "http-x")) + workload()
    assert found(tree, "TS410", {"s.yaml": same}) == ["s.yaml:14 info"]
    alone = service("one", f"{web}, {raw}") + workload()
    assert found(tree, "TS410", {"s.yaml": alone}) == ["s.yaml:7 warning"]


def test_a_protocol_that_kubernetes_does_not_know_is_still_tcp(tree: Tree) -> None:
    web = "{name: http, port: 80, targetPort: 1, protocol: HTTP}"
    text = service("one", web) + service("two", "{name: tcp, port: 90, targetPort: 1}")
    assert found(tree, "TS410", {"s.yaml": text + workload()}) == ["s.yaml:14 warning"]


def test_one_port_of_two_transports(tree: Tree) -> None:
    text = service("one", "{name: tcp, port: 53}") + service(
        "two", "{name: udp, port: 53, protocol: UDP}"
    )
    assert found(tree, "TS410", {"s.yaml": text + workload()}) == ["s.yaml:14 warning"]


def test_two_versions_of_a_workload_make_one_finding(tree: Tree) -> None:
    text = service(
        "one", "{name: http, port: 80, targetPort: 1}, {name: tcp, port: 90, targetPort: 1}"
    )
    files = {"s.yaml": text + workload("v1") + workload("v2")}
    assert found(tree, "TS410", files) == ["s.yaml:7 warning"]


CLASH = "{name: http, port: 80, targetPort: 1}, {name: tcp, port: 90, targetPort: 1}"


@pytest.mark.parametrize(
    "text",
    [
        service("stable", "{name: http, port: 80, targetPort: 1}")
        + service("canary", "{name: http, port: 80, targetPort: 1}")
        + workload(),
        service("one", "{name: http, port: 80}, {name: tcp, port: 90}") + workload(),
        service("dns", "{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53}")
        + workload(),
        service("one", CLASH) + workload(labels=""),
        service("one", CLASH) + workload(labels=", sidecar.istio.io/inject: 'false'"),
        service("one", CLASH, "app: other") + workload(),
        service("one", CLASH, "") + workload(),
        service(
            "one",
            "{name: a, port: 80, targetPort: '${p}'}, {name: b, port: 81, targetPort: '${p}'}",
        )
        + workload(),
        service("one", CLASH)
        + workload().replace("name: shop}", "name: w, labels: {gateway.istio.io/managed: x}}"),
    ],
    ids=[
        "stable and canary",
        "other targets",
        "dns",
        "no mesh at all",
        "without a sidecar",
        "other pods",
        "no pods",
        "hidden",
        "a waypoint",
    ],
)
def test_services_that_agree(tree: Tree, text: str) -> None:
    assert found(tree, "TS410", {"s.yaml": text}) == []


def test_a_tree_without_istio_must_be_declared_complete(tree: Tree) -> None:
    files = {"s.yaml": service("one", CLASH) + workload(labels="")}
    assert found(tree, "TS410", files, complete=True) == ["s.yaml:7 warning"]


@pytest.mark.parametrize(
    ("labels", "count"),
    [
        ("istio-injection: enabled", 1),
        ("istio.io/rev: stable", 1),
        ("istio-injection: disabled", 0),
    ],
)
def test_the_namespace_tells_who_is_in_the_mesh(tree: Tree, labels: str, count: int) -> None:
    text = (service("one", CLASH) + workload(labels="")).replace(
        "metadata: {name: ", "metadata: {namespace: a, name: "
    )
    text += f"---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: a, labels: {{{labels}}}}}\n"
    assert found(tree, "TS410", {"s.yaml": text}) == ["s.yaml:7 warning"] * count


def test_variants_of_a_deployment_are_not_added_up(tree: Tree) -> None:
    web, raw = "{name: http, port: 80, targetPort: 1}", "{name: tcp, port: 90, targetPort: 1}"
    variant = service("one", web) + workload()
    files = {"extras/one/s.yaml": variant, "extras/two/s.yaml": variant}
    added = {"extras/tls/s.yaml": service("two", raw)}
    assert found(tree, "TS410", {**files, **added}) == []
    tree.write({"extras/two/s.yaml": "", "extras/tls/s.yaml": ""})
    assert found(tree, "TS410", {"extras/one/more.yaml": service("two", raw)}) == [
        "extras/one/s.yaml:7 warning"
    ]


# -- TS414 ----------------------------------------------------------------------------------------

SPLIT = "{route: [{destination: {host: shop, subset: v1}}]}"
PUBLIC = "gateways: [edge]"


def outside(http: str = SHOP, spec: str = PUBLIC, meta: str = "") -> str:
    return virtual("outside", "shop.example.com", http=http, spec=spec, meta=meta)


def inside(http: str = SPLIT, hosts: str = "shop", spec: str = "", meta: str = "") -> str:
    return virtual("inside", hosts, http=http, spec=spec, meta=meta)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (outside(), inside()),
        (
            outside(ROUTE % "shop.a.svc.cluster.local", meta="namespace: b"),
            inside(meta="namespace: a"),
        ),
        (outside(spec="gateways: [mesh, edge]"), inside(spec="gateways: [mesh]")),
    ],
)
def test_a_gateway_passes_by_the_split(tree: Tree, one: str, other: str) -> None:
    assert found(tree, "TS414", {"vs.yaml": one + other}) == ["vs.yaml:7 warning"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (outside(SPLIT), inside()),
        (outside("{route: [{destination: {host: shop, subset: '${s}'}}]}"), inside()),
        (outside(spec=""), inside()),
        (outside(spec="gateways: [mesh]"), inside()),
        (outside("{match: [{gateways: [mesh]}], route: [{destination: {host: shop}}]}"), inside()),
        (outside(), inside(SHOP)),
        (outside(), inside(hosts="cart")),
        (outside(), inside(spec=PUBLIC)),
        (outside(meta="namespace: a"), inside(meta="namespace: b")),
        (inside(f"{SPLIT}, {SHOP}", spec="gateways: [mesh, edge]"), ""),
    ],
    ids=[
        "it splits too",
        "a hidden subset",
        "no gateway",
        "the mesh alone",
        "a match for the mesh",
        "no split",
        "another host",
        "not within the mesh",
        "another service",
        "one for both",
    ],
)
def test_gateways_that_miss_nothing(tree: Tree, one: str, other: str) -> None:
    assert found(tree, "TS414", {"vs.yaml": one + other}) == []


def test_an_environment_each(tree: Tree) -> None:
    files = {
        "dev/a.yaml": outside(),
        "dev/b.yaml": inside(SHOP),
        "prod/a.yaml": outside(SPLIT),
        "prod/b.yaml": inside(),
    }
    assert found(tree, "TS414", files) == []


def test_two_folders_of_one_deployment_are_told(tree: Tree) -> None:
    files = {"edge/vs.yaml": outside(), "mesh/vs.yaml": inside()}
    assert found(tree, "TS414", files) == ["edge/vs.yaml:7 warning"]


@pytest.mark.parametrize(
    "files",
    [
        {"two/b.yaml": outside(), "one/a.yaml": inside(), "three/c.yaml": inside()},
        {"b.yaml": outside(), "1.yaml": inside(), "2.yaml": inside()},
        {"edge/vs.yaml": outside(), "steps/1.yaml": inside(), "steps/2.yaml": inside()},
        {"steps/edge/vs.yaml": outside(), "steps/1.yaml": inside(), "steps/2.yaml": inside()},
    ],
    ids=["chapters", "steps beside it", "a folder of steps", "steps above"],
)
def test_alternatives_are_not_held_against_a_gateway(tree: Tree, files: dict[str, str]) -> None:
    assert found(tree, "TS414", files) == []


def test_one_version_alone_is_no_choice(tree: Tree) -> None:
    rule = """\
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop}
spec: {host: shop, subsets: [{name: v1, labels: {version: v1}}]}
"""
    web = service("shop", "{name: http, port: 80}")
    text = outside() + inside() + rule + web + workload(labels=", version: v1")
    assert found(tree, "TS414", {"vs.yaml": text}) == ["vs.yaml:7 info"]
    text += workload("other", labels=", version: v2")
    assert found(tree, "TS414", {"vs.yaml": text}) == ["vs.yaml:7 warning"]

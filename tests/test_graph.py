"""`tsplit-lint graph`: what is drawn, in every format, as a user sees it."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from conftest import Run, Tree

ROOT = Path(__file__).parent.parent
FORMATS = ("text", "mermaid", "dot", "html", "json")

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {selector: {app: reviews}, ports: [{port: 9080, name: http}]}
"""
RULE = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews, namespace: shop}
spec:
  host: reviews
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: reviews-v1, namespace: shop}
spec:
  selector: {matchLabels: {app: reviews}}
  template: {metadata: {labels: {app: reviews, version: v1}}, spec: {}}
"""
ROUTES = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
  namespace: shop
spec:
  hosts: [reviews]
  http:
  - name: canary
    match: [{headers: {end-user: {exact: jason}}}]
    route:
    - destination: {host: reviews, subset: v1}
      weight: 90
    - destination: {host: reviews.shop.svc.cluster.local, subset: v2}
      weight: 10
    - destination: {host: reviews, subset: v9}
      weight: 0
  - route:
    - destination: {host: reviews, subset: v1}
"""


def joined(*documents: str) -> str:
    return "---\n".join(document.strip() + "\n" for document in documents)


def service(spec: str, meta: str = "name: shop, namespace: shop") -> str:
    """A VirtualService; `spec` is indented as below `spec:`."""
    return (
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
        f"metadata: {{{meta}}}\nspec:\n{spec}\n"
    )


def routed(route: str, hosts: str = "[shop]") -> str:
    """A VirtualService with one http route, given as a flow mapping."""
    return service(f"  hosts: {hosts}\n  http:\n  - {route}")


@pytest.fixture
def graph(tree: Tree, command: Run) -> Any:
    """The JSON graph of manifests; keyword arguments are files, a text alone is manifest.yaml."""

    def run(text: str = "", *flags: str, files: dict[str, str] | None = None) -> dict[str, Any]:
        tree.write({"manifest.yaml": text} if text else {})
        tree.write(files or {})
        code, out, err = command("graph", "--format", "json", *flags, ".")
        assert code == 0
        assert [line for line in err.splitlines() if "alternatives" not in line] == []
        result: dict[str, Any] = json.loads(out)
        return result

    return run


def first_route(graph: dict[str, Any]) -> dict[str, Any]:
    route: dict[str, Any] = graph["virtual_services"][0]["routes"][0]
    return route


def codes(findings: list[dict[str, Any]]) -> list[str]:
    return [finding["rule"] for finding in findings]


# -- text ---------------------------------------------------------------------------------------------


def test_tree(tree: Tree, command: Run) -> None:
    tree.write({"reviews.yaml": joined(ROUTES, SERVICE, RULE, DEPLOYMENT)})
    code, out, err = command("graph", "--select", "TS301", ".")
    assert (code, err) == (0, "")
    assert out == (
        "reviews  (mesh)                                                   reviews.yaml:4\n"
        '├─ http[0] "canary"  when header end-user = jason\n'
        "│  ├─ 90 %  reviews / v1                         version=v1\n"
        "│  │          Deployment reviews-v1\n"
        "│  ├─ 10 %  reviews.shop.svc.cluster.local / v2  version=v2\n"
        "│  │          no workload in sight\n"
        "│  └─  0 %  reviews / v9                         subset absent\n"
        '│     ✗ error TS301: The subset "v9" of host "reviews" is not defined by\n'
        "│       DestinationRule shop/reviews (it has v1 and v2). It gets no requests\n"
        "│       while its weight is 0; with any other weight they fail with 503.\n"
        "└─ http[1]  all other requests\n"
        "   └─ 100 %  reviews / v1  version=v1  Deployment reviews-v1\n"
        "\n"
        "1 host, 2 routes, 4 destinations; 1 error\n"
    )


def test_lines_keep_within_80_columns(tree: Tree, command: Run) -> None:
    matches = ", ".join(f"{{uri: {{prefix: /a-rather-long-path/{number}}}}}" for number in range(9))
    tree.write(
        {
            "a/folder/of/some/depth/manifest.yaml": joined(
                routed(
                    f"{{match: [{matches}], route: [{{destination: {{host: reviews, subset: v1}}}}]}}",
                    "[a-first-host.example.com, a-second-host.example.com, third.example.com]",
                ),
                SERVICE,
                RULE,
                *(DEPLOYMENT.replace("reviews-v1", f"reviews-v1-{number}") for number in range(5)),
            )
        }
    )
    _code, out, _err = command("graph", ".")
    assert "/a-rather-long-path/8" in out
    assert "Deployment reviews-v1-4" in out
    assert [line for line in out.splitlines() if len(line) > 80 or line != line.rstrip()] == []


def test_colors_only_where_they_are_wanted(tree: Tree, command: Run) -> None:
    tree.write({"reviews.yaml": joined(ROUTES, RULE)})
    assert "\x1b[" not in command("graph", ".")[1]
    painted = command("graph", "--color", "always", ".")[1]
    assert "\x1b[1;31m✗ error TS301\x1b[0m" in painted
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) == command("graph", ".")[1]


def test_escapes_in_names_do_not_reach_the_terminal(tree: Tree, command: Run) -> None:
    tree.write({"a.yaml": routed('{redirect: {uri: "/\\e]0;title\\a"}}', '["\\e[31mred"]')})
    for name in FORMATS:
        _code, out, _err = command("graph", "--format", name, ".")
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", out), name
    assert "\\x1b[31mred" in command("graph", ".")[1]


# -- shares ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weights", "shares"),
    [
        (["90", "10"], [90, 10]),
        (["1", "2"], [33.333, 66.667]),
        (["0", "100"], [0, 100]),
        (["", "100"], [0, 100]),
        (["200", "200"], [50, 50]),
        (["0"], [100]),
        ([""], [100]),
        (["${weight}"], [100]),
        (["${stable}", "${canary}"], [None, None]),
        (["${stable}", "0"], [None, 0]),
        (["", ""], [None, None]),
        (["0", "0"], [None, None]),
        (['"90"', "10"], [None, None]),
        (["-10", "110"], [None, None]),
        (["1.5", "98.5"], [None, None]),
    ],
)
def test_shares_are_those_that_istio_serves(
    graph: Any, weights: list[str], shares: list[float | None]
) -> None:
    entries = [
        f"    - destination: {{host: h{number}}}\n"
        + (f"      weight: {weight}\n" if weight else "")
        for number, weight in enumerate(weights)
    ]
    route = first_route(graph(service("  hosts: [shop]\n  http:\n  - route:\n" + "".join(entries))))
    assert [target["share"] for target in route["destinations"]] == shares


@pytest.mark.parametrize(
    ("weights", "texts"),
    [
        ((1, 1999), ["<0.1 %", ">99.9 %"]),
        ((1, 2), ["33.3 %", "66.7 %"]),
        ((125, 875), ["12.5 %", "87.5 %"]),
    ],
)
def test_shares_in_words(
    tree: Tree, command: Run, weights: tuple[int, int], texts: list[str]
) -> None:
    one, other = weights
    route = f"{{destination: {{host: a}}, weight: {one}}}, {{destination: {{host: b}}, weight: {other}}}"
    tree.write({"a.yaml": routed(f"{{route: [{route}]}}")})
    for name in ("text", "mermaid", "dot", "html"):
        out = html.unescape(command("graph", "--format", name, ".")[1])
        out = re.sub(r"#(\d+);", lambda code: chr(int(code[1])), out)
        assert [text for text in texts if text not in out] == []


def test_a_hidden_destination_hides_all_shares(graph: Any) -> None:
    route = first_route(
        graph(
            service(
                "  hosts: [shop]\n  http:\n  - route:\n    - destination: {host: a}\n"
                "      weight: 40\n    - ${others}\n"
            )
        )
    )
    assert [target["share"] for target in route["destinations"]] == [None]
    assert route["hides_destinations"] is True


@pytest.mark.parametrize(
    ("fields", "shares"),
    [
        ("mirror: {host: m}", [100]),
        ("mirror: {host: m}, mirrorPercentage: {value: 12.5}", [12.5]),
        ("mirror: {host: m}, mirrorPercent: 30", [30]),
        ("mirror: {host: m}, mirrorPercent: 30, mirrorPercentage: {value: 7}", [7]),
        ("mirror: {host: m}, mirrorPercentage: {value: 0}", [0]),
        ("mirror: {host: m}, mirrorPercentage: {}", [0]),
        ("mirror: {host: m}, mirrorPercentage: {value: '${share}'}", [None]),
        (
            "mirrors: [{destination: {host: m}}, {destination: {host: n}, percentage: {value: 5}}]",
            [100, 5],
        ),
    ],
)
def test_mirrors(graph: Any, fields: str, shares: list[float | None]) -> None:
    route = first_route(graph(routed(f"{{route: [{{destination: {{host: a}}}}], {fields}}}")))
    assert [target["share"] for target in route["mirrors"]] == shares
    assert route["mirrors"][0]["host"] == "m"
    assert [target["share"] for target in route["destinations"]] == [100]


# -- what a route does ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("match", "text"),
    [
        ("{uri: {exact: /a}}", "path = /a"),
        ("{uri: {prefix: /a}, method: {exact: GET}}", "path starts with /a and method = GET"),
        ("{uri: {regex: '/a.*'}}", "path matches /a.*"),
        ("{uri: {prefix: /A}, ignoreUriCase: true}", "path starts with /A and path in any case"),
        ("{headers: {x-user: {}}}", "header x-user is set"),
        ("{withoutHeaders: {x-user: {exact: a}}}", "not header x-user = a"),
        ("{queryParams: {q: {exact: '1'}}}", "query q = 1"),
        (
            "{authority: {exact: a.com}, scheme: {exact: https}}",
            "scheme = https and authority = a.com",
        ),
        ("{port: 8080, gateways: [a/b, mesh]}", "port 8080 and by a/b, mesh"),
        ("{sourceLabels: {app: x}, sourceNamespace: z}", "from app=x and from namespace z"),
        ("{uri: {prefix: '${path}'}}", "path starts with ${path}"),
        ("{headers: '${headers}'}", "header ?"),
        ("'${match}'", "?"),
    ],
)
def test_matches_in_words(graph: Any, tree: Tree, command: Run, match: str, text: str) -> None:
    route = first_route(
        graph(routed(f"{{match: [{match}], route: [{{destination: {{host: a}}}}]}}"))
    )
    assert route["matches"] == [text]
    assert f"http[0]  when {text}" in " ".join(command("graph", ".")[1].split(" "))


def test_an_empty_match_takes_all_requests(graph: Any, command: Run) -> None:
    assert first_route(graph(routed("{match: [{}], redirect: {uri: /}}")))["matches"] == []
    assert "http[0]  all requests\n" in command("graph", ".")[1]


def test_tls_and_tcp_routes(graph: Any) -> None:
    text = service(
        "  hosts: [db]\n"
        "  tls:\n  - match: [{sniHosts: [a.com, b.com], port: 443}]\n"
        "    route: [{destination: {host: a}}]\n"
        "  tcp:\n  - match: [{port: 5432, destinationSubnets: [10.0.0.0/8]}]\n"
        "    route: [{destination: {host: b}, weight: 1}, {destination: {host: c}, weight: 3}]\n"
    )
    tls, tcp = graph(text)["virtual_services"][0]["routes"]
    assert (tls["protocol"], tls["matches"]) == ("tls", ["SNI a.com, b.com and port 443"])
    assert (tcp["protocol"], tcp["matches"]) == ("tcp", ["to 10.0.0.0/8 and port 5432"])
    assert [target["share"] for target in tcp["destinations"]] == [25, 75]


@pytest.mark.parametrize(
    ("redirect", "text"),
    [
        ("{uri: /new}", "301 to /new"),
        ("{authority: b.com, redirectCode: 308}", "308 to b.com"),
        ("{scheme: https, port: 8443}", "301 to https://(same host):8443"),
        ("{scheme: https, authority: b.com, uri: /x}", "301 to https://b.com/x"),
        ("'${redirect}'", "?"),
    ],
)
def test_redirects(graph: Any, command: Run, redirect: str, text: str) -> None:
    assert first_route(graph(routed(f"{{redirect: {redirect}}}")))["redirect"] == text
    assert f"└─ redirect {text}\n" in command("graph", ".")[1]


def test_direct_responses(graph: Any, command: Run) -> None:
    assert first_route(graph(routed("{directResponse: {status: 503}}")))["direct_response"] == "503"
    assert "└─ direct response 503\n" in command("graph", ".")[1]


def test_a_route_that_leads_nowhere_says_so(tree: Tree, command: Run) -> None:
    tree.write({"a.yaml": routed("{name: lost}")})
    _code, out, _err = command("graph", "--ignore", "ALL", ".")
    assert '└─ http[0] "lost"  all requests\n   └─ no destination\n' in out


# -- destinations ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("destination", "others", "state"),
    [
        ("{host: reviews, subset: v1}", [RULE], "found"),
        ("{host: reviews.shop, subset: v1}", [RULE], "found"),
        ("{host: reviews, subset: v3}", [RULE], "absent"),
        ("{host: reviews, subset: v1}", [SERVICE], "unseen"),
        ("{host: reviews, subset: '${subset}'}", [RULE], "hidden"),
        ("{host: '${host}', subset: v1}", [RULE], "hidden"),
    ],
)
def test_subsets(graph: Any, destination: str, others: list[str], state: str) -> None:
    text = joined(routed(f"{{route: [{{destination: {destination}}}]}}"), *others)
    subset = first_route(graph(text))["destinations"][0]["subset"]
    assert subset["state"] == state
    found = {"version": "v1"} if state == "found" else {}
    assert (subset["labels"], subset["line"] is not None) == (found, state == "found")


def test_what_is_absent_unseen_or_hidden_is_said(tree: Tree, command: Run) -> None:
    for destination, words in (
        ("{host: reviews, subset: v3}", "reviews / v3  subset absent  host not in sight"),
        ("{host: other, subset: v3}", "other / v3  subset not in sight  host not in sight"),
        ("{host: '${host}'}", "${host}  ?"),
    ):
        tree.write({"a.yaml": joined(routed(f"{{route: [{{destination: {destination}}}]}}"), RULE)})
        assert f"└─ 100 %  {words}\n" in command("graph", "--ignore", "ALL", ".")[1]


def test_ports(graph: Any, command: Run) -> None:
    text = routed("{route: [{destination: {host: a, port: {number: 8080}}}]}")
    assert first_route(graph(text))["destinations"][0]["port"] == "8080"
    assert "100 %  a:8080 " in command("graph", ".")[1]


def workloads(graph: dict[str, Any]) -> list[tuple[str, str, bool]]:
    found = first_route(graph)["destinations"][0]["workloads"]
    return [(item["kind"], item["name"], item["certain"]) for item in found]


V1 = routed("{route: [{destination: {host: reviews, subset: v1}}]}")
ALL = routed("{route: [{destination: {host: reviews}}]}")


def test_workloads_have_the_labels_of_service_and_subset(graph: Any) -> None:
    other = DEPLOYMENT.replace("reviews-v1", "reviews-v2").replace("version: v1", "version: v2")
    stranger = DEPLOYMENT.replace("reviews-v1", "ratings").replace("app: reviews,", "app: ratings,")
    parts = [SERVICE, RULE, DEPLOYMENT, other, stranger]
    assert workloads(graph(joined(V1, *parts))) == [("Deployment", "reviews-v1", True)]
    assert workloads(graph(joined(ALL, *parts))) == [
        ("Deployment", "reviews-v1", True),
        ("Deployment", "reviews-v2", True),
    ]


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_workloads_of_other_kinds(graph: Any, kind: str) -> None:
    text = joined(V1, SERVICE, RULE, DEPLOYMENT.replace("kind: Deployment", f"kind: {kind}"))
    assert workloads(graph(text)) == [(kind, "reviews-v1", True)]


def test_a_subset_that_contradicts_the_selector_has_no_workload(graph: Any, command: Run) -> None:
    rule = RULE.replace("{version: v1}", "{app: other}")
    assert workloads(graph(joined(V1, SERVICE, rule, DEPLOYMENT))) == []
    assert "app=other  no workload in sight\n" in command("graph", ".")[1]


def test_hidden_labels_may_be_the_ones_but_not_where_others_are(graph: Any, command: Run) -> None:
    hidden = DEPLOYMENT.replace("version: v1", "version: '${version}'")
    assert workloads(graph(joined(V1, SERVICE, RULE, hidden))) == [
        ("Deployment", "reviews-v1", False)
    ]
    assert "Deployment reviews-v1 (?)\n" in command("graph", ".")[1]
    maybe = hidden.replace("name: reviews-v1", "name: maybe")
    assert workloads(graph(joined(V1, SERVICE, RULE, maybe, DEPLOYMENT))) == [
        ("Deployment", "reviews-v1", True)
    ]


def test_a_service_without_a_selector_has_no_workloads(graph: Any) -> None:
    text = joined(ALL, SERVICE.replace("selector: {app: reviews}, ", ""), DEPLOYMENT)
    assert workloads(graph(text)) == []


ENTRY = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: pay, namespace: shop}
spec:
  hosts: [pay.example.org]
  ports: [{number: 443, name: tls, protocol: TLS}]
  workloadSelector: {labels: {app: pay}}
"""
MACHINE = """
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: machine, namespace: shop}
spec: {address: 10.0.0.1, labels: {app: pay}}
"""


def test_external_hosts(graph: Any, command: Run) -> None:
    to_entry = routed("{route: [{destination: {host: pay.example.org}}]}")
    target = first_route(graph(joined(to_entry, ENTRY)))["destinations"][0]
    assert (target["state"], target["external"]) == ("found", True)
    assert target["service"]["kind"] == "ServiceEntry"
    assert "pay.example.org  external\n" in command("graph", ".")[1]
    assert workloads(graph(joined(to_entry, ENTRY, MACHINE))) == [
        ("WorkloadEntry", "machine", True)
    ]


def test_an_object_in_several_alternative_files_is_one(graph: Any) -> None:
    found = graph(
        files={
            "a.yaml": joined(V1, RULE, SERVICE),
            "one.yaml": DEPLOYMENT,
            "two.yaml": DEPLOYMENT,
        }
    )
    assert workloads(found) == [("Deployment", "reviews-v1", True)]


# -- hosts and gateways ---------------------------------------------------------------------------


def test_spellings_of_a_host_are_one_node(graph: Any) -> None:
    hosts = "[reviews.shop.svc.cluster.local, reviews, reviews.shop]"
    found = graph(routed("{redirect: {uri: /}}", hosts))
    assert found["hosts"] == [
        {
            "name": "reviews",
            "full_name": "reviews.shop.svc.cluster.local",
            "spellings": ["reviews.shop.svc.cluster.local", "reviews", "reviews.shop"],
            "virtual_services": ["manifest.yaml:3"],
        }
    ]
    assert found["virtual_services"][0]["hosts"] == ["reviews.shop.svc.cluster.local"]


def test_a_host_of_two_virtual_services_is_one_node(graph: Any) -> None:
    first = service("  hosts: [shop]\n  http: []", "name: one, namespace: shop")
    second = service("  hosts: [shop.shop]\n  gateways: [g]", "name: two, namespace: shop")
    third = service("  hosts: [shop]", "name: three, namespace: other")
    found = graph(joined(first, second, third))
    names = {host["full_name"]: host["virtual_services"] for host in found["hosts"]}
    assert names == {
        "shop.shop.svc.cluster.local": ["manifest.yaml:3", "manifest.yaml:10"],
        "shop.other.svc.cluster.local": ["manifest.yaml:17"],
    }


GATEWAY = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: public, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
"""


@pytest.mark.parametrize(
    ("gateways", "words"),
    [
        ("", "mesh"),
        ("  gateways: []\n", "mesh"),
        ("  gateways: [mesh]\n", "mesh"),
        ("  gateways: [edge/public]\n", "gateway edge/public"),
        ("  gateways: [edge/public, mesh]\n", "mesh, gateway edge/public"),
        ("  gateways: ['${gateway}']\n", "gateway ${gateway}"),
        ("  gateways: '${gateways}'\n", "gateway ?"),
    ],
)
def test_from_where_a_host_is_reached(tree: Tree, command: Run, gateways: str, words: str) -> None:
    tree.write({"a.yaml": joined(service(f"  hosts: [shop.com]\n{gateways}"), GATEWAY)})
    assert command("graph", ".")[1].startswith(f"shop.com  ({words})  ")


def test_gateways_are_found_or_not_in_sight(graph: Any) -> None:
    text = service("  hosts: [shop.com]\n  gateways: [edge/public, edge/private, mesh]")
    found = graph(joined(text, GATEWAY))["virtual_services"][0]
    assert found["mesh"] is True
    assert [(item["name"], item["state"]) for item in found["gateways"]] == [
        ("edge/public", "found"),
        ("edge/private", "unseen"),
    ]
    assert found["gateways"][0]["object"]["line"] == 10


@pytest.mark.parametrize("name", FORMATS)
def test_findings_of_gateways(tree: Tree, command: Run, name: str) -> None:
    spec = "  hosts: [shop.com]\n  gateways: [edge/private]\n  http: [{redirect: {uri: /}}]"
    tree.write({"a.yaml": service(spec)})
    words = ("graph", "--complete", "--select", "TS501", "--format", name, ".")
    _code, out, _err = command(*words)
    assert "TS501" in out
    if name == "text":
        assert "├─ gateway edge/private\n│  ✗ error TS501: No Gateway" in out


# -- delegates ------------------------------------------------------------------------------------

ROOT_SERVICE = service(
    "  hosts: [shop.com]\n  http:\n  - match: [{uri: {prefix: /cart}}]\n    delegate: {name: cart}",
    "name: root, namespace: shop",
)
CART = service(
    "  http:\n"
    "  - match: [{uri: {prefix: /cart/api}}]\n    route: [{destination: {host: api}}]\n"
    "  - match: [{uri: {prefix: /other}}]\n    route: [{destination: {host: lost}}]\n"
    "  - route: [{destination: {host: cart}}]",
    "name: cart, namespace: shop",
)


def test_a_delegate_stands_below_its_root(graph: Any, command: Run) -> None:
    found = graph(joined(ROOT_SERVICE, CART))
    assert [item["name"] for item in found["virtual_services"]] == ["root"]
    delegate = first_route(found)["delegate"]
    assert (delegate["name"], delegate["state"], delegate["remark"]) == ("cart", "found", None)
    assert [
        (route["matches"], route["dropped"], route["destinations"][0]["share"])
        for route in delegate["routes"]
    ] == [
        (["path starts with /cart/api"], False, 100),
        (["path starts with /other"], True, 0),
        (["path starts with /cart"], False, 100),
    ]
    text = command("graph", "--ignore", "ALL", ".")[1]
    assert "   └─ delegate shop/cart  manifest.yaml:12\n" in text
    assert "(dropped: outside the root's match)\n      │  └─ 0 %  lost  " in text


def test_a_delegate_that_nobody_names_stands_alone(tree: Tree, command: Run) -> None:
    tree.write({"a.yaml": CART})
    assert command("graph", ".")[1].startswith(
        "shop/cart  (a delegate that no route in sight names)"
    )


@pytest.mark.parametrize(
    ("delegate", "other", "state", "remark"),
    [
        ("{name: nowhere}", "", "unseen", None),
        ("{name: '${name}'}", "", "hidden", None),
        ("'${delegate}'", "", "hidden", None),
        ("{name: cart}", "  hosts: [cart]\n", "unseen", "not served: it has hosts of its own"),
        (
            "{name: cart}",
            "  exportTo: [other]\n",
            "found",
            "not served: it is not exported to this namespace",
        ),
    ],
)
def test_delegates_that_are_not_served(
    graph: Any, delegate: str, other: str, state: str, remark: str | None
) -> None:
    root = service(f"  hosts: [shop.com]\n  http:\n  - delegate: {delegate}")
    cart = CART.replace("spec:\n", f"spec:\n{other}")
    found = graph(joined(root, cart), "--ignore", "ALL")
    route = found["virtual_services"][-1]["routes"][0]
    assert (route["delegate"]["state"], route["delegate"]["remark"]) == (state, remark)
    assert route["delegate"]["routes"] == []


@pytest.mark.parametrize("name", FORMATS)
def test_cycles_of_delegates_end(tree: Tree, command: Run, name: str) -> None:
    loop = service("  http:\n  - delegate: {name: b}", "name: a, namespace: shop")
    back = service(
        "  http:\n  - delegate: {name: a}\n  - delegate: {name: b}", "name: b, namespace: shop"
    )
    root = service("  hosts: [shop]\n  http:\n  - delegate: {name: a}", "name: r, namespace: shop")
    tree.write({"a.yaml": joined(root, loop, back)})
    code, out, _err = command("graph", "--format", name, ".")
    assert code == 0
    assert "not served: a delegate cannot delegate" in out


# -- findings -------------------------------------------------------------------------------------


def test_findings_are_at_their_nodes(graph: Any) -> None:
    routes = ROUTES.replace("weight: 10\n", "weight: 11\n").replace(
        "  namespace: shop\n", "  namespace: shop\n  annotations: {harness.io/managed: true}\n"
    )
    rule = RULE.replace(
        "namespace: shop}", "namespace: shop, annotations: {harness.io/managed: yes}}"
    )
    found = graph(joined(routes, SERVICE, rule), "--select", "TS101,TS201,TS301")
    (shown,) = found["virtual_services"]
    first, second = shown["routes"]
    assert codes(shown["findings"]) == ["TS101"]
    assert codes(first["findings"]) == ["TS201"]
    assert [codes(target["findings"]) for target in first["destinations"]] == [[], [], ["TS301"]]
    assert codes(second["findings"]) == []
    assert codes(first["destinations"][0]["destination_rule"]["findings"]) == ["TS101"]
    assert found["findings_elsewhere"] == []
    assert (found["summary"]["error"], found["summary"]["warning"]) == (4, 0)
    finding = first["destinations"][2]["findings"][0]
    assert set(finding) == {
        "rule", "name", "severity", "message", "file", "line", "column", "path", "help"
    }  # fmt: skip
    assert (finding["file"], finding["line"]) == ("manifest.yaml", 17)


def test_findings_of_subsets_and_mirrors(graph: Any) -> None:
    rule = RULE + "  - {name: v1, labels: {version: v1}}\n"
    text = joined(
        routed(
            "{route: [{destination: {host: reviews, subset: v1}}], mirror: {host: reviews, subset: v8}}"
        ),
        rule,
    )
    found = graph(text, "--select", "TS301,TS302,TS303,TS304,TS306")
    target = first_route(found)["mirrors"][0]
    assert codes(target["findings"]) == ["TS301"]


def test_a_finding_is_at_its_own_object_of_several_in_a_file(graph: Any) -> None:
    bad = routed("{route: [{destination: {host: reviews, subset: v8}}]}")
    item = "\n".join("  " + line for line in bad.splitlines()).replace("  api", "- api", 1)
    items = f"apiVersion: v1\nkind: List\nitems:\n{item}\n"
    good = V1.replace("name: shop,", "name: good,")
    found = graph(joined(V1, bad, items, good, RULE), "--select", "TS301")
    at = [
        codes(service["routes"][0]["destinations"][0]["findings"])
        for service in sorted(found["virtual_services"], key=lambda service: service["line"])
    ]
    assert at == [[], ["TS301"], ["TS301"], []]


def test_findings_of_no_node_are_counted_apart(tree: Tree, command: Run, graph: Any) -> None:
    lonely = RULE.replace(
        "namespace: shop}", "namespace: shop, annotations: {harness.io/managed: true}}"
    )
    found = graph(joined(routed("{redirect: {uri: /}}"), lonely), "--select", "TS101")
    assert codes(found["findings_elsewhere"]) == ["TS101"]
    assert found["summary"]["error"] == 1
    text = command("graph", "--select", "TS101", ".")[1]
    assert text.endswith("; 1 error (1 of them at other places: tsplit-lint lists them)\n")


def test_an_object_behind_two_routes_tells_its_findings_once(tree: Tree, command: Run) -> None:
    rule = RULE.replace(
        "namespace: shop}", "namespace: shop, annotations: {harness.io/managed: true}}"
    )
    tree.write({"a.yaml": joined(ROUTES, rule)})
    assert command("graph", "--select", "TS101", ".")[1].count("TS101") == 1


def test_suppressed_and_ignored_findings_are_not_shown(graph: Any) -> None:
    text = ROUTES.replace(
        "{host: reviews, subset: v9}", "{host: reviews, subset: v9} # tsplit-lint: ignore[TS301]"
    )
    assert graph(joined(text, RULE), "--select", "TS301")["summary"]["error"] == 0
    assert graph(joined(ROUTES, RULE), "--ignore", "TS301")["summary"]["error"] == 0


# -- Harness --------------------------------------------------------------------------------------


def test_what_harness_writes(graph: Any, command: Run) -> None:
    mark = ", annotations: {harness.io/managed: 'true'}}"
    shop = service(
        "  hosts: [reviews]\n  http:\n  - route:\n"
        "    - {destination: {host: reviews, subset: stable}, weight: 100}\n"
        "    - {destination: {host: reviews, subset: canary}, weight: 0}",
    ).replace("namespace: shop}", "namespace: shop" + mark)
    rule = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
    rule += f"metadata: {{name: reviews, namespace: shop{mark}\nspec: {{host: reviews}}"
    found = graph(joined(shop, rule, SERVICE, DEPLOYMENT))
    assert found["virtual_services"][0]["managed"] is True
    stable, canary = first_route(found)["destinations"]
    assert (stable["subset"]["state"], stable["subset"]["by_harness"]) == ("found", True)
    assert stable["subset"]["labels"] == {"harness.io/track": "stable"}
    assert [item["name"] for item in stable["workloads"]] == ["reviews-v1"]
    assert canary["workloads"] == []
    text = command("graph", ".")[1]
    assert "managed by Harness: a deployment sets the weights\n" in text
    assert "100 %  reviews / stable  set by Harness  Deployment reviews-v1\n" in text


# -- the command ----------------------------------------------------------------------------------


def test_context_is_referred_to_and_not_drawn(tree: Tree, command: Run) -> None:
    other = service("  hosts: [elsewhere]", "name: elsewhere, namespace: shop")
    tree.write({"own/a.yaml": V1, "base/b.yaml": joined(SERVICE, RULE, DEPLOYMENT, other)})
    _code, out, _err = command("graph", "own", "--context", "base")
    assert "reviews / v1  version=v1  Deployment reviews-v1\n" in out
    assert "elsewhere" not in out


def test_the_flags_of_lint(tree: Tree, command: Run) -> None:
    tree.write(
        {
            "a.yaml": routed("{route: [{destination: {host: gone}}]}"),
            "skip/b.yaml": service("  hosts: [skipped]"),
            "svc/values.yaml": "name: from-values\n",
            "svc/vs.yaml": service(
                "  hosts: [x]\n  http: [{route: [{destination: {host: '{{.Values.name}}'}}]}]"
            ),
            "prod.yaml": "name: from-prod\n",
            "settings.yaml": "ignore: [TS401]\n",
        }
    )
    assert "TS401" not in command("graph", ".")[1]
    assert "TS401" in command("graph", "--complete", ".")[1]
    assert "TS401" not in command("graph", "--complete", "--config", "settings.yaml", ".")[1]
    assert "skipped" in command("graph", ".")[1]
    assert "skipped" not in command("graph", "--exclude", "skip", ".")[1]
    assert "from-values" in command("graph", "svc")[1]
    assert "from-prod" in command("graph", "svc", "--values", "prod.yaml")[1]
    assert command("graph", "--istio-version", "1.20", "--no-config", ".")[0] == 0


def test_standard_input(
    tree: Tree, command: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "input"
    path.write_text(V1)
    with path.open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        _code, out, _err = command("graph", "-", "--stdin-filename", "given.yaml")
    assert out.startswith("shop  (mesh) ")
    assert "given.yaml:3\n" in out


def test_output_file(tree: Tree, command: Run) -> None:
    tree.write({"a.yaml": V1})
    for name in FORMATS:
        code, out, err = command("graph", "--format", name, "--output", f"out.{name}", "a.yaml")
        assert (code, out, err) == (0, "", "")
        shown = command("graph", "--format", name, "--output", "-", "a.yaml")[1]
        assert (tree.root / f"out.{name}").read_text() == shown


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--format", "txt", "."],
            '"txt" is not text, mermaid, dot, html or json; did you mean "text"?',
        ),
        (["missing"], "missing: no such file or folder"),
        (["missing", "."], "missing: no such file or folder"),
        (["--output", "no/such/folder", "."], "no/such/folder: cannot be written"),
        (["--selct", "TS1", "."], 'there is no option --selct; did you mean "--select"?'),
        (["--config", "none.yaml", "."], "none.yaml"),
    ],
)
def test_what_cannot_be_done(tree: Tree, command: Run, words: list[str], message: str) -> None:
    tree.write({"a.yaml": V1})
    code, _out, err = command("graph", *words)
    assert code == 2
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_to_draw(tree: Tree, command: Run, name: str) -> None:
    tree.write({"a.yaml": SERVICE})
    code, out, err = command("graph", "--format", name, ".")
    assert code == 0
    assert err == "tsplit-lint: note: nothing to draw: no VirtualService is in what was read\n"
    assert out.strip()


def test_findings_do_not_make_it_fail(command: Run) -> None:
    code, out, err = command("graph", str(ROOT / "examples" / "bad"))
    assert (code, err) == (0, "")
    assert "✗ error TS301" in out


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_bytes_each_time(command: Run, name: str) -> None:
    words = ("graph", "--format", name, str(ROOT / "examples"))
    assert command(*words)[1] == command(*words)[1]


def test_help_is_complete(command: Run) -> None:
    code, out, _err = command("graph", "--help")
    assert code == 0
    for word in (
        "--format",
        "--output",
        "--context",
        "--values",
        "--exclude",
        "--complete",
        "html",
    ):
        assert word in out
    assert "graph " in command("--help")[1]


# -- odd input ------------------------------------------------------------------------------------

ODD = [
    "",
    "  hosts: '${hosts}'",
    "  hosts: ['${host}', 5, null, {}, '', [a]]",
    "  hosts: [a]\n  http: '${routes}'",
    "  hosts: [a]\n  http: ['${route}', 5, null, {}]",
    "  hosts: [a]\n  http: [{route: '${all}'}, {route: [5, {}, {destination: 7}]}, {match: 5}]",
    "  hosts: [a]\n  http: [{match: ['${m}', 7, {uri: 5}, {headers: {a: 5}}], route: []}]",
    "  hosts: [a]\n  http: [{mirror: '${m}', mirrors: [5, '${m}'], delegate: 5, redirect: 5}]",
    "  hosts: [a]\n  http: [{route: [{destination: {host: 5, subset: {}, port: x}, weight: []}]}]",
    "  hosts: [a]\n  gateways: [5, null, {}]\n  tcp: [{match: 5}]\n  tls: {}",
    "  hosts: [*all]\n".replace("*all", "'*'") + "  http: [{route: [{destination: {host: '*'}}]}]",
]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("spec", ODD)
def test_odd_input_is_drawn_too(tree: Tree, command: Run, spec: str, name: str) -> None:
    tree.write({"a.yaml": joined(service(spec), RULE, SERVICE)})
    code, out, _err = command("graph", "--format", name, "--ignore", "ALL", ".")
    assert code == 0
    assert out.endswith("\n")


def test_a_hidden_spec_is_drawn_too(tree: Tree, command: Run) -> None:
    tree.write({"a.yaml": service("").replace("spec:\n\n", "spec: ${spec}\n")})
    code, out, _err = command("graph", ".")
    assert code == 0
    assert "? more routes, which an expression hides" in out


def test_names_without_end_are_cut(tree: Tree, command: Run) -> None:
    tree.write(
        {
            "a.yaml": routed(
                f"{{route: [{{destination: {{host: {'a' * 99999}}}}}]}}", f"[{'b' * 99999}]"
            )
        }
    )
    for name in FORMATS:
        assert len(command("graph", "--format", name, "--ignore", "ALL", ".")[1]) < 40_000


def test_examples_and_files_without_virtual_services(command: Run) -> None:
    for name in FORMATS:
        for folder in ("good", "bad"):
            code, out, err = command("graph", "--format", name, str(ROOT / "examples" / folder))
            assert (code, err) == (0, "")
            assert "shop.example.com" in out


# -- Mermaid and DOT ------------------------------------------------------------------------------

NASTY = [
    "*.example.com",
    "1. list",
    "- dash",
    "end",
    "<script>alert(1)</script>",
    'q"uote',
    "back\\slash\\",
    "new\\nline",
    "50%% $$x$$ __y__ `z` [a] {b} (c) |d| ~e~",
    "#quot; &amp;",
    "日本",
]
LABEL = r'"[^"\x00-\x1f]*"'
MERMAID = re.compile(
    "|".join(
        (
            r"flowchart LR",
            rf"  +[a-z]+\d+(?:\(\[{LABEL}\]\)|\[\[{LABEL}\]\]|\[{LABEL}\]|\({LABEL}\))(?::::[a-z]+)?",
            rf"  subgraph [a-z]+\d+\[{LABEL}\]",
            r"  end",
            rf"  [a-z]+\d+ (?:-->|-\.->)(?:\|{LABEL}\|)? [a-z]+\d+",
            r"  classDef [a-z]+ [\w:#,\- ]+",
        )
    )
)
DOT_TEXT = r'"(?:[^"\\\n]|\\[\\"n])*"'
DOT_ATTRIBUTE = rf"[a-z]+=(?:{DOT_TEXT}|[a-z]+|\d+)"
DOT = re.compile(
    "|".join(
        (
            r"digraph traffic \{",
            rf"  (?:graph|node|edge) \[{DOT_ATTRIBUTE}(?:, {DOT_ATTRIBUTE})*\];",
            rf'  +"[a-z]+\d+" \[{DOT_ATTRIBUTE}(?:, {DOT_ATTRIBUTE})*\];',
            r'  subgraph "cluster_[a-z]+\d+" \{',
            rf"    label={DOT_TEXT};",
            r"  \}|\}",
            rf'  "[a-z]+\d+" -> "[a-z]+\d+"(?: \[{DOT_ATTRIBUTE}(?:, {DOT_ATTRIBUTE})*\])?;',
        )
    )
)


@pytest.fixture
def nasty(tree: Tree) -> Tree:
    """A tree whose names are full of what the formats read as their own."""
    quoted = [json.dumps(name.replace("\\n", "\n")) for name in NASTY]
    routes = "".join(
        f"  - name: {name}\n    match: [{{uri: {{regex: {name}}}}}]\n"
        f"    route: [{{destination: {{host: {name}, subset: {name}}}}}]\n"
        for name in quoted
    )
    tree.write(
        {
            "nasty.yaml": service(f"  hosts: [{', '.join(quoted)}]\n  http:\n{routes}"),
            "plain.yaml": joined(ROUTES, SERVICE, RULE, DEPLOYMENT),
        }
    )
    return tree


def ids(text: str, pattern: str) -> set[str]:
    return set(re.findall(pattern, text, re.MULTILINE))


def test_mermaid_keeps_to_the_grammar(nasty: Tree, command: Run) -> None:
    _code, out, _err = command("graph", "--format", "mermaid", ".")
    assert [line for line in out.splitlines() if not MERMAID.fullmatch(line)] == []
    # within quotes only character codes may follow a number sign, and no text may become markup
    for label in re.findall(LABEL, out):
        assert not re.search(r"#(?!\d+;)|<(?!br>)|[`*_{}|~$\\&]|%%", label[1:-1]), label
        assert not re.match(r'"(?:\d+[.)]|[-+]) ', label)
    known = ids(out, r"^  +([a-z]+\d+)[(\[]")
    ends = re.findall(r"^  ([a-z]+\d+) -.*?([a-z]+\d+)$", out, re.MULTILINE)
    assert {end for pair in ends for end in pair} == known
    classes = ids(out, r"classDef (\w+)")
    assert ids(out, r":::(\w+)$") <= classes


def test_mermaid_shows_shares_states_and_findings(tree: Tree, command: Run) -> None:
    mirror = ROUTES + "    mirror: {host: recorder}\n"
    tree.write({"a.yaml": joined(mirror, SERVICE, RULE, DEPLOYMENT)})
    lines = command("graph", "--format", "mermaid", "--select", "TS301", ".")[1].splitlines()
    assert lines[0] == "flowchart LR"
    assert '  host0(["reviews"])' in lines
    assert '    route0["http[0] #34;canary#34;<br>when header end-user = jason"]' in lines
    assert '  host0 -->|"mesh"| route0' in lines
    assert '  route0 -->|"90 %"| to0' in lines
    assert '  route0 -.->|"0 %"| to2' in lines
    assert '  to2["reviews / v9<br>subset absent<br>error TS301"]:::lacking' in lines
    assert '  route1 -.->|"mirror 100 %"| to3' in lines
    assert '  pods0[["Deployment reviews-v1"]]' in lines
    assert lines.count("  to0 --> pods0") == 1


def test_dot_keeps_to_the_grammar(nasty: Tree, command: Run) -> None:
    _code, out, _err = command("graph", "--format", "dot", ".")
    assert [line for line in out.splitlines() if not DOT.fullmatch(line)] == []
    assert out.count("{\n") == out.count("}\n")
    known = ids(out, r'^  +"([a-z]+\d+)" \[')
    ends = re.findall(r'"([a-z]+\d+)" -> "([a-z]+\d+)"', out)
    assert {end for pair in ends for end in pair} == known


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_draws_it(nasty: Tree, command: Run) -> None:
    _code, out, _err = command("graph", "--format", "dot", ".")
    done = subprocess.run(["dot", "-Tsvg"], input=out.encode(), capture_output=True, check=True)
    assert b"</svg>" in done.stdout


def test_dot_shows_shares_states_and_findings(tree: Tree, command: Run) -> None:
    tree.write({"a.yaml": joined(ROUTES, SERVICE, RULE, DEPLOYMENT)})
    _code, out, _err = command("graph", "--format", "dot", "--select", "TS301", ".")
    assert '"route0" -> "to0" [label="90 %"];' in out
    assert '"route0" -> "to2" [label="0 %", style=dotted];' in out
    assert 'label="reviews / v9\\nsubset absent\\nerror TS301"' in out


# -- JSON -----------------------------------------------------------------------------------------


def test_json_keys(graph: Any) -> None:
    found = graph(joined(ROUTES, SERVICE, RULE, DEPLOYMENT), "--select", "TS301")
    assert list(found) == [
        "schema_version", "tool", "summary", "hosts", "virtual_services", "findings_elsewhere",
    ]  # fmt: skip
    assert found["schema_version"] == 1
    assert found["summary"] == {
        "hosts": 1,
        "virtual_services": 1,
        "routes": 2,
        "destinations": 4,
        "error": 1,
        "warning": 0,
        "info": 0,
    }
    (shown,) = found["virtual_services"]
    assert list(shown) == [
        "id", "kind", "name", "namespace", "file", "line", "findings", "hosts", "mesh", "gateways",
        "managed", "delegate", "hides_routes", "routes",
    ]  # fmt: skip
    assert list(shown["routes"][0]) == [
        "protocol", "index", "name", "matches", "file", "line", "dropped", "redirect",
        "direct_response", "delegate", "destinations", "hides_destinations", "mirrors", "findings",
    ]  # fmt: skip
    target = shown["routes"][0]["destinations"][0]
    assert list(target) == [
        "host", "full_name", "state", "external", "port", "weight", "share", "subset", "service",
        "destination_rule", "workloads", "file", "line", "findings",
    ]  # fmt: skip
    assert target["full_name"] == "reviews.shop.svc.cluster.local"
    assert target["service"] == {
        "kind": "Service",
        "name": "reviews",
        "namespace": "shop",
        "file": "manifest.yaml",
        "line": 23,
        "findings": [],
    }
    assert (target["file"], target["line"]) == ("manifest.yaml", 12)


def test_many_hosts(tree: Tree, command: Run) -> None:
    names = [f"shop-{number:03}" for number in range(300)]
    tree.write(
        {
            f"{name}.yaml": joined(ROUTES, SERVICE, RULE, DEPLOYMENT).replace("reviews", name)
            for name in names
        }
    )
    page = command("graph", "--format", "html", "--select", "TS301", ".")[1]
    assert page.count('<details class="host"') == 300
    assert len(page) < 300 * 9_000
    assert command("graph", "--select", "TS301", ".")[1].endswith(
        "300 hosts, 600 routes, 1200 destinations; 300 errors\n"
    )

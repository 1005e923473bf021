"""`tsplit-lint trace`, as a user sees it."""

from __future__ import annotations

import json
from textwrap import dedent
from typing import Any

import pytest

from conftest import Run, Tree

SHOP = """\
    apiVersion: networking.istio.io/v1
    kind: VirtualService
    metadata: {name: shop, namespace: prod}
    spec:
      hosts: [shop]
      http:
      - name: beta
        match:
        - uri: {prefix: /cart}
          headers:
            end-user: {exact: jo}
        - uri: {exact: /beta}
        route:
        - destination: {host: shop, subset: canary}
      - name: old
        match:
        - uri: {prefix: /old}
        redirect: {uri: /new, redirectCode: 302}
      - match:
        - uri: {exact: /healthz}
        directResponse: {status: 200}
      - match:
        - uri: {prefix: /}
        route:
        - destination: {host: shop, subset: stable}
          weight: 30
        - destination: {host: shop, subset: canary}
          weight: 10
        - destination: {host: shop, subset: old}
          weight: 0
        mirror: {host: audit}
        mirrorPercentage: {value: 5}
    ---
    apiVersion: networking.istio.io/v1
    kind: DestinationRule
    metadata: {name: shop, namespace: prod}
    spec:
      host: shop
      subsets:
      - name: stable
        labels: {track: stable}
      - name: canary
        labels: {track: canary}
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: shop, namespace: prod}
    spec:
      selector: {app: shop}
      ports: [{port: 80, name: http}]
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: shop-stable, namespace: prod}
    spec:
      selector: {matchLabels: {app: shop, track: stable}}
      template: {metadata: {labels: {app: shop, track: stable}}}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: shop-canary, namespace: prod}
    spec:
      selector: {matchLabels: {app: shop, track: canary}}
      template: {metadata: {labels: {app: shop, track: canary}}}
"""


@pytest.fixture
def traced(command: Run, tree: Tree) -> Any:
    """Trace a request through manifests: the exit code and the JSON."""

    def run(text: str, *words: str) -> tuple[int, dict[str, Any]]:
        tree.write({"shop.yaml": text})
        code, out, err = command("trace", "--format", "json", *words, "shop.yaml")
        assert err == ""
        return code, json.loads(out)

    return run


def destinations(found: dict[str, Any]) -> list[tuple[str, str | None, float]]:
    return [(d["host"], d["subset"], d["percent"]) for d in found["destinations"]]


def service(name: str, http: str, *, hosts: str = "[shop]", more: str = "") -> str:
    """A VirtualService with some routes, the lists written in flow style."""
    return (
        f"apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: {name}}}\n"
        f"spec:\n  hosts: {hosts}\n  http: {http}\n" + (f"  {more}\n" if more else "")
    )


def test_the_whole_answer_for_a_person(command: Run, tree: Tree) -> None:
    tree.write({"shop.yaml": SHOP})
    code, out, err = command("trace", "--host", "shop", "--path", "/cart/1?full=yes", "shop.yaml")
    assert (code, err) == (0, "")
    host = "shop.prod.svc.cluster.local"
    assert out == dedent(
        f"""\
        GET http://shop:80/cart/1?full=yes from within the mesh
        http[3], match[0] of VirtualService prod/shop (shop.yaml:22) takes it.

          75%         {host} subset stable  [track=stable]  Deployment prod/shop-stable (shop.yaml:54)
          25%         {host} subset canary  [track=canary]  Deployment prod/shop-canary (shop.yaml:61)
          copy of 5%  audit.prod.svc.cluster.local

        asked before:
          http[0] "beta" of VirtualService prod/shop (shop.yaml:7)
            match[0]: header "end-user" is absent, and the match asks for exact "jo"
            match[1]: uri is "/cart/1", and the match asks for exact "/beta"
          http[1] "old" of VirtualService prod/shop (shop.yaml:15)
            match[0]: uri is "/cart/1", and the match asks for prefix "/old"
          http[2] of VirtualService prod/shop (shop.yaml:19)
            match[0]: uri is "/cart/1", and the match asks for exact "/healthz"
        """
    )


def test_the_whole_answer_for_a_program(traced: Any) -> None:
    code, found = traced(SHOP, "--host", "shop", "--path", "/cart", "--header", "End-User: jo")
    assert code == 0
    shop = {"kind": "VirtualService", "name": "shop", "namespace": "prod", "file": "shop.yaml"}
    assert found == {
        "schema_version": 1,
        "request": {
            "host": "shop",
            "path": "/cart",
            "query": {},
            "method": "GET",
            "scheme": "http",
            "headers": {"end-user": "jo"},
            "port": 80,
            "gateway": "mesh",
            "namespace": None,
            "labels": None,
        },
        "outcome": "route",
        "route": {
            "virtual_service": {**shop, "line": 3},
            "path": "spec.http[0]",
            "line": 7,
            "name": "beta",
            "protocol": "http",
            "match": 0,
            "delegated_by": None,
        },
        "destinations": [
            {
                "host": "shop",
                "full_name": "shop.prod.svc.cluster.local",
                "subset": "canary",
                "port": None,
                "percent": 100.0,
                "labels": {"track": "canary"},
                "destination_rule": {**shop, "kind": "DestinationRule", "line": 36},
                "provider": {**shop, "kind": "Service", "line": 47},
                "workloads": [
                    {**shop, "kind": "Deployment", "name": "shop-canary", "line": 61},
                ],
            }
        ],
        "mirrors": [],
        "redirect": None,
        "direct_response": None,
        "rewrite": None,
        "tried": [],
        "notes": [],
    }


def test_a_match_that_does_not_take_the_request_says_why(traced: Any) -> None:
    _code, found = traced(SHOP, "--host", "shop", "--path", "/cart", "--header", "end-user: Jo")
    first = found["tried"][0]
    assert (first["path"], first["match"], first["verdict"]) == ("spec.http[0]", 0, "no")
    assert (first["field"], first["wanted"], first["got"]) == (
        'header "end-user"',
        'exact "jo"',
        '"Jo"',
    )


def test_a_redirect(traced: Any) -> None:
    code, found = traced(SHOP, "--host", "shop", "--path", "/old/x")
    assert (code, found["outcome"]) == (0, "redirect")
    assert found["redirect"] == {"uri": "/new", "redirectCode": 302}
    assert found["destinations"] == []


def test_a_direct_response(traced: Any, command: Run) -> None:
    code, found = traced(SHOP, "--host", "shop.prod", "--path", "/healthz")
    assert (code, found["outcome"], found["direct_response"]) == (
        0,
        "direct-response",
        {"status": 200},
    )
    _code, out, _err = command("trace", "--host", "shop", "--path", "/healthz", "shop.yaml")
    assert "  answers itself: status=200\n" in out


def test_no_route_takes_it(traced: Any, command: Run) -> None:
    text = service(
        "shop", "[{match: [{uri: {prefix: /api}}], route: [{destination: {host: shop}}]}]"
    )
    code, found = traced(text, "--host", "shop", "--path", "/cart")
    assert (code, found["outcome"], found["route"]) == (1, "none", None)
    code, out, _err = command("trace", "--host", "shop", "--path", "/cart", "shop.yaml")
    assert code == 1
    assert "No route takes it: the answer is 404.\n" in out


def test_without_a_virtual_service_the_service_takes_it(traced: Any, command: Run) -> None:
    text = SHOP[SHOP.index("    apiVersion: v1") :]
    code, found = traced(text, "--host", "shop", "--from-namespace", "prod")
    assert (code, found["outcome"], found["route"]) == (0, "service", None)
    assert destinations(found) == [("shop", None, 100.0)]
    names = [workload["name"] for workload in found["destinations"][0]["workloads"]]
    assert names == ["shop-stable", "shop-canary"]
    _code, out, _err = command("trace", "--host", "shop", "shop.yaml")
    assert "No VirtualService stands between: the request goes to the host itself.\n" in out


def test_a_service_of_another_namespace_is_another_host(traced: Any) -> None:
    code, found = traced(SHOP, "--host", "shop", "--from-namespace", "dev")
    assert (code, found["outcome"]) == (1, "none")
    code, found = traced(SHOP, "--host", "shop.prod.svc.cluster.local", "--from-namespace", "dev")
    assert (code, found["outcome"]) == (0, "route")


def test_an_exact_host_beats_a_wildcard_and_a_longer_wildcard_a_shorter_one(traced: Any) -> None:
    text = "---\n".join(
        service(name, f"[{{route: [{{destination: {{host: {name}}}}}]}}]", hosts=hosts)
        for name, hosts in (
            ("every", '["*.com"]'),
            ("exact", "[a.shop.com]"),
            ("some", '["*.shop.com"]'),
        )
    )
    for host, name in (("a.shop.com", "exact"), ("b.shop.com", "some"), ("b.com", "every")):
        _code, found = traced(text, "--host", host)
        assert found["route"]["virtual_service"]["name"] == name


def test_the_first_of_several_virtual_services_keeps_the_host_in_the_mesh(traced: Any) -> None:
    text = "---\n".join(
        service(
            name,
            f"[{{match: [{{uri: {{prefix: /{name}}}}}], route: [{{destination: {{host: {name}}}}}]}}]",
        )
        for name in ("one", "two")
    )
    code, found = traced(text, "--host", "shop", "--path", "/two")
    assert (code, found["outcome"]) == (1, "none")
    (note,) = found["notes"]
    assert "one (shop.yaml:3) shares the host with VirtualService two (shop.yaml:10)" in note


def test_a_virtual_service_without_a_route_for_this_client_is_passed_over(traced: Any) -> None:
    text = "---\n".join(
        [
            service(
                "one",
                "[{match: [{sourceLabels: {app: web}}], route: [{destination: {host: one}}]}]",
            ),
            service("two", "[{route: [{destination: {host: two}}]}]"),
        ]
    )
    _code, found = traced(text, "--host", "shop", "--from-label", "app=job")
    assert destinations(found) == [("two", None, 100.0)]
    _code, found = traced(text, "--host", "shop", "--from-label", "app=web")
    assert destinations(found) == [("one", None, 100.0)]


def test_what_is_not_told_about_the_client_is_asked_for(traced: Any, command: Run) -> None:
    text = service(
        "shop",
        "[{match: [{sourceLabels: {app: web}}], route: [{destination: {host: one}}]}, "
        "{route: [{destination: {host: two}}]}]",
    )
    code, found = traced(text, "--host", "shop")
    assert (code, found["outcome"]) == (1, "unknown")
    assert found["tried"][0]["verdict"] == "unknown"
    assert (
        found["tried"][0]["reason"]
        == "sourceLabels app=web is asked for: tell it with --from-label"
    )
    assert destinations(found) == [("two", None, 100.0)]
    _code, out, _err = command("trace", "--host", "shop", "shop.yaml")
    assert "It cannot be told which route takes it, see below; if not, http[1] of " in out


def test_a_hidden_value_is_not_guessed(traced: Any) -> None:
    text = service(
        "shop",
        '[{match: [{uri: {prefix: "${PREFIX}"}}], route: [{destination: {host: one}}]}, '
        "{route: [{destination: {host: two}}]}]",
    )
    code, found = traced(text, "--host", "shop", "--path", "/x")
    assert (code, found["outcome"]) == (1, "unknown")
    assert found["tried"][0]["reason"] == (
        'cannot be told: uri must be prefix ${PREFIX}, and it is "/x"'
    )


def test_hidden_weights_give_no_shares(traced: Any) -> None:
    text = service(
        "shop",
        '[{route: [{destination: {host: a}, weight: "<+pipeline.share>"}, '
        "{destination: {host: b}, weight: 10}]}]",
    )
    code, found = traced(text, "--host", "shop")
    assert (code, found["outcome"]) == (0, "route")
    assert destinations(found) == [("a", None, None), ("b", None, None)]


def test_the_port_of_the_only_port_of_the_service_is_taken(traced: Any) -> None:
    route = "[{match: [{port: %d}], route: [{destination: {host: shop}}]}]"
    port = (
        "---\napiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: {ports: [{port: 80}]}\n"
    )
    assert traced(service("shop", route % 80) + port, "--host", "shop")[1]["outcome"] == "route"
    # none of its routes is for the port, so Istio makes none and the Service is called
    assert traced(service("shop", route % 81) + port, "--host", "shop")[1]["outcome"] == "service"
    found = traced(service("shop", route % 81) + port, "--host", "shop:81")[1]
    assert found["outcome"] == "route"
    assert traced(service("shop", route % 81), "--host", "shop")[1]["outcome"] == "unknown"


def test_a_route_of_a_delegate(traced: Any) -> None:
    text = "---\n".join(
        [
            service(
                "root",
                "[{name: all, match: [{uri: {prefix: /cart}}], delegate: {name: cart}, timeout: 1s}, "
                "{route: [{destination: {host: rest}}]}]",
            ),
            service(
                "cart",
                "[{match: [{uri: {prefix: /cart/v2}}], route: [{destination: {host: v2}}]}, "
                "{match: [{uri: {prefix: /other}}], route: [{destination: {host: lost}}]}]",
                hosts="[]",
            ),
        ]
    )
    _code, found = traced(text, "--host", "shop", "--path", "/cart/v2/x")
    assert destinations(found) == [("v2", None, 100.0)]
    assert found["route"]["virtual_service"]["name"] == "cart"
    assert found["route"]["delegated_by"]["path"] == "spec.http[0]"
    assert found["notes"] == [
        "Istio drops routes of VirtualService cart whose matches lie within no match of "
        'route "all" of VirtualService root.'
    ]
    _code, found = traced(text, "--host", "shop", "--path", "/cart/v1")
    assert destinations(found) == [("rest", None, 100.0)]


def test_a_delegate_that_is_not_in_sight(traced: Any) -> None:
    text = service("root", "[{delegate: {name: cart}}, {route: [{destination: {host: rest}}]}]")
    _code, found = traced(text, "--host", "shop")
    assert destinations(found) == [("rest", None, 100.0)]
    assert found["notes"] == [
        'http[0] of VirtualService root delegates to "cart", which is not in sight: it is left out.'
    ]


GATEWAY = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: ["*.shop.com"]
---
"""


def test_on_a_gateway_routes_are_joined_and_catch_alls_go_last(traced: Any) -> None:
    text = GATEWAY + "---\n".join(
        [
            service(
                "one",
                "[{route: [{destination: {host: one}}]}]",
                hosts="[a.shop.com]",
                more="gateways: [edge]",
            ),
            service(
                "two",
                "[{match: [{uri: {prefix: /two}}], route: [{destination: {host: two}}]}]",
                hosts="[a.shop.com]",
                more="gateways: [edge]",
            ),
        ]
    )
    words = ("--host", "a.shop.com", "--gateway", "edge")
    _code, found = traced(text, *words, "--path", "/two")
    assert destinations(found) == [("two", None, 100.0)]
    assert found["request"]["port"] == 80
    assert "their routes are joined" in found["notes"][0]
    _code, found = traced(text, *words, "--path", "/one")
    assert destinations(found) == [("one", None, 100.0)]
    assert traced(text, "--host", "a.shop.com")[1]["outcome"] == "none"


@pytest.mark.parametrize(
    ("host", "port"),
    [("b.shop.com", "80"), ("a.other.com", "80"), ("a.shop.com", "443")],
)
def test_a_gateway_answers_404_for_what_it_does_not_serve(
    traced: Any, host: str, port: str
) -> None:
    text = GATEWAY + service(
        "one",
        "[{route: [{destination: {host: one}}]}]",
        hosts="[a.shop.com, a.other.com]",
        more="gateways: [edge]",
    )
    code, found = traced(text, "--host", host, "--gateway", "edge", "--port", port)
    assert (code, found["outcome"]) == (1, "none")
    assert found["notes"] == [
        "No VirtualService in sight serves this host on Gateway edge: it answers 404."
    ]


def test_a_gateway_out_of_sight(traced: Any) -> None:
    text = service("one", "[{route: [{destination: {host: one}}]}]", more="gateways: [infra/edge]")
    code, found = traced(text, "--host", "shop", "--gateway", "infra/edge")
    assert (code, found["outcome"]) == (0, "route")
    assert "are not in sight" in found["notes"][0]
    assert traced(text, "--host", "shop", "--gateway", "other/edge")[0] == 1


def test_a_match_for_another_gateway_takes_nothing(traced: Any) -> None:
    text = service(
        "shop",
        "[{match: [{gateways: [edge]}], route: [{destination: {host: one}}]}, "
        "{route: [{destination: {host: two}}]}]",
        more="gateways: [mesh, edge]",
    )
    assert destinations(traced(text, "--host", "shop")[1]) == [("two", None, 100.0)]
    _code, found = traced(text, "--host", "shop", "--gateway", "edge")
    assert destinations(found) == [("one", None, 100.0)]


def test_tls_routes_are_chosen_by_the_most_specific_name(traced: Any) -> None:
    text = """\
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: shop}
        spec:
          hosts: ["*.shop.com"]
          tls:
          - match: [{sniHosts: ["*.shop.com"]}]
            route: [{destination: {host: every}}]
          - match: [{sniHosts: [a.shop.com]}]
            route: [{destination: {host: a}}]
        """
    _code, found = traced(text, "--host", "a.shop.com", "--scheme", "https")
    assert destinations(found) == [("a", None, 100.0)]
    _code, found = traced(text, "--host", "b.shop.com", "--scheme", "https")
    assert destinations(found) == [("every", None, 100.0)]


PASSING = """\
    apiVersion: networking.istio.io/v1
    kind: VirtualService
    metadata: {name: shop}
    spec:
      hosts: [a.shop.com, b.shop.com, c.shop.com]
      gateways: [GATEWAY]
      tls:
      - match: [{sniHosts: [a.shop.com]}]
        route: [{destination: {host: one}}]
      - match:
        - {sniHosts: [SECOND]}
        - {sniHosts: [c.shop.com]}
        route: [{destination: {host: two}}]
    """


def passing(second: str = "b.shop.com, a.shop.com", gateway: str = "edge") -> str:
    return PASSING.replace("SECOND", second).replace("GATEWAY", gateway)


def test_a_gateway_drops_a_match_that_shares_a_server_name(traced: Any, command: Run) -> None:
    words = ("--scheme", "https", "--gateway", "edge", "--host")
    _code, found = traced(passing(), *words, "b.shop.com")
    assert (found["outcome"], destinations(found)) == ("none", [])
    assert found["notes"][-1] == (
        'match[0] of tls[1] of VirtualService shop (shop.yaml:3) has the server name "a.shop.com", as '
        "match[0] of tls[0] of VirtualService shop (shop.yaml:3) has before it: a Gateway drops the later "
        "match whole, with all its names."
    )
    assert "No route takes it.\n" in command("trace", *words, "b.shop.com", "shop.yaml")[1]
    # The other match of the same route stays.
    assert destinations(traced(passing(), *words, "c.shop.com")[1]) == [("two", None, 100.0)]
    assert destinations(traced(passing(), *words, "a.shop.com")[1]) == [("one", None, 100.0)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (passing("b.shop.com"), ("--gateway", "edge")),
        (passing("b.shop.com, '*.shop.com'"), ("--gateway", "edge")),
        (passing(gateway="mesh"), ()),
        (
            passing().replace("[a.shop.com]}]", "[a.shop.com], port: 444}]"),
            ("--gateway", "edge", "--port", "443"),
        ),
        (
            passing().replace("[a.shop.com]}]", "[a.shop.com], gateways: [other]}]"),
            ("--gateway", "edge"),
        ),
        (passing().replace("[a.shop.com]}]", "['${SNI}']}]"), ("--gateway", "edge")),
    ],
    ids=["other names", "a wildcard", "in the mesh", "another port", "another gateway", "hidden"],
)
def test_a_match_that_shares_none_is_kept(traced: Any, text: str, words: tuple[str, ...]) -> None:
    _code, found = traced(text, "--scheme", "https", "--host", "b.shop.com", *words)
    assert not any("drops" in note for note in found["notes"])
    assert destinations(found) == [("two", None, 100.0)]


def test_tcp_routes_are_chosen_by_port(traced: Any) -> None:
    text = """\
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: db}
        spec:
          hosts: [db]
          tcp:
          - match: [{port: 1000}]
            route: [{destination: {host: one}}]
          - route: [{destination: {host: two}, weight: 50}, {destination: {host: three}, weight: 50}]
        """
    assert destinations(traced(text, "--host", "db", "--port", "1000")[1]) == [("one", None, 100.0)]
    _code, found = traced(text, "--host", "db", "--port", "1001")
    assert destinations(found) == [("two", None, 50.0), ("three", None, 50.0)]


def test_a_subset_that_no_rule_defines(traced: Any) -> None:
    text = service("shop", "[{route: [{destination: {host: shop, subset: v9}}]}]")
    _code, found = traced(text, "--host", "shop")
    assert found["destinations"][0]["destination_rule"] is None
    assert found["notes"] == [
        'No DestinationRule in sight that applies defines subset "v9" of "shop": where none does, '
        "requests for it fail with 503."
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "which host? --host names the one that is called"),
        (("--host", "a", "--path", "x"), '--path: "x" does not begin with a slash'),
        (("--host", "a", "--port", "0"), '"0" is no port number (1 to 65535)'),
        (("--host", "a:99999"), '"99999" is no port number (1 to 65535)'),
        (("--host", "a", "--header", "x"), '"x" is no header: write it as name:value'),
        (("--host", "a", "--from-label", "x"), '"x" is no label: write it as key=value'),
        (("--host", "a", "--scheme", "ftp"), '"ftp" is not http or https'),
        (("--host", "a", "nowhere"), "nowhere: no such file or folder"),
    ],
)
def test_usage_errors(command: Run, words: tuple[str, ...], message: str) -> None:
    code, out, err = command("trace", *words)
    assert (code, out) == (2, "")
    assert message in err


def test_values_and_standard_input_are_read_as_lint_reads_them(command: Run, tree: Tree) -> None:
    tree.write(
        {
            "chart/Chart.yaml": "name: shop\nversion: 1.0.0\n",
            "chart/templates/shop.yaml": service(
                "shop", "[{route: [{destination: {host: {{ .Values.host }}}}]}]"
            ),
            "chart/values.yaml": "host: one\n",
            "prod.yaml": "host: two\n",
        }
    )
    words = ("trace", "--host", "shop", "--format", "json", "chart")
    assert destinations(json.loads(command(*words)[1])) == [("one", None, 100.0)]
    found = json.loads(command(*words, "--values", "prod.yaml")[1])
    assert destinations(found) == [("two", None, 100.0)]


def test_a_short_host_of_several_namespaces(tree: Tree, command: Run) -> None:
    route = """\
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: shop, namespace: NS}
        spec:
          hosts: [shop]
          http:
          - route: [{destination: {host: shop}}]
        """
    tree.write({f"{name}/vs.yaml": route.replace("NS", name) for name in ("dev", "prod")})
    _code, told, _errors = command("trace", "--host", "shop", ".")
    assert "VirtualService dev/shop" in told
    assert (
        '"shop" is read as the one of the namespace dev; prod has one too: choose with '
        "--from-namespace." in told
    )
    assert "oldest" not in told
    _code, told, _errors = command("trace", "--host", "shop", "--from-namespace", "prod", ".")
    assert "VirtualService prod/shop" in told
    assert "is read as" not in told

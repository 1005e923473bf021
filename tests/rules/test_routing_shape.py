"""The shape of routes, matches and destinations: TS210, TS211, TS212, TS214, TS215, TS227.

The rows follow the validation of VirtualServices by Istio check by check.
"""

from __future__ import annotations

import pytest
from marked import ROUTE, Row, findings, judge, manifest, marks

from conftest import Tree

TO = "route: [{destination: {host: shop}}]"

WHOLE = [
    Row(
        "a delegate with gateways",
        "TS210",
        f"""
        gateways: [edge]  # <-
        http: [{{{TO}}}]
        """,
        f"http: [{{{TO}}}]",
        "spec",
    ),
    Row(
        "a delegate with tls",
        "TS210",
        f"""
        tls:  # <-
        - match: [{{sniHosts: [shop]}}]
          {TO}
        http: [{{{TO}}}]
        """,
        "",
        "spec",
    ),
    Row(
        "a delegate with tcp, and one finding for all of it",
        "TS210",
        f"""
        hosts: []
        gateways: [edge]  # <-
        tcp: [{{{TO}}}]
        """,
        "",
        "spec",
    ),
    Row("null in http", "TS210", f"- null  # <-\n- {TO}", f"- {TO}"),
]
EXCLUSIVE = [
    Row("delegate with redirect", "TS210", "- delegate: {name: a}\n  redirect: {uri: /}  # <-"),
    Row(
        "delegate with route",
        "TS210",
        f"- delegate: {{name: a}}\n  {ROUTE}  # <-",
        "- {delegate: {name: a}, directResponse: {status: 200}, fault: {delay: "
        "{fixedDelay: 1s, percentage: {value: 1}}}, mirror: {host: a}, mirrors: [{destination: {host: b}}]}",
    ),
    Row("redirect with route", "TS210", f"- redirect: {{uri: /a}}\n  {ROUTE}  # <-"),
    Row(
        "redirect with fault",
        "TS210",
        "- redirect: {uri: /a}\n  fault: {abort: {httpStatus: 500}}  # <-",
    ),
    Row("redirect with rewrite", "TS210", "- redirect: {uri: /a}\n  rewrite: {uri: /b}  # <-"),
    Row(
        "redirect with directResponse",
        "TS210",
        "- redirect: {uri: /a}\n  directResponse: {status: 200}  # <-",
        "- redirect: {uri: /a}\n  timeout: 1s\n  headers: {}",
    ),
    Row(
        "directResponse with route", "TS210", f"- directResponse: {{status: 200}}\n  {ROUTE}  # <-"
    ),
    Row(
        "directResponse with fault",
        "TS210",
        "- directResponse: {status: 200}\n  fault: {abort: {httpStatus: 500}}  # <-",
    ),
    Row(
        "directResponse with rewrite",
        "TS210",
        "- directResponse: {status: 200}\n  rewrite: {uri: /b}  # <-",
        "- directResponse: {status: 200}",
    ),
    Row("none of them", "TS210", "- timeout: 5s  # <-", f"- timeout: 5s\n  {ROUTE}"),
    Row("an empty route", "TS210", "- {route: []}  # <-"),
    Row("an empty entry", "TS210", "- {}  # <-"),
    Row(
        "mirror with mirrors",
        "TS210",
        f"- {ROUTE}\n  mirror: {{host: a}}\n  mirrors: [{{destination: {{host: b}}}}]  # <-",
        f"- {ROUTE}\n  mirror: {{host: a}}\n  mirrors: []",
    ),
]
LONG = "a" * 1024
MATCH = [
    Row("null in match", "TS211", f"- match:\n  - null  # <-\n  {ROUTE}"),
    Row(
        "headers null",
        "TS211",
        f"- match:\n  - headers:\n      x-a: null  # <-\n  {ROUTE}",
        f"- match: [{{headers: {{x-a: {{}}}}, withoutHeaders: {{x-b: null}}}}]\n  {ROUTE}",
    ),
    Row(
        "withoutHeaders regex",
        "TS211",
        f'- match:\n  - withoutHeaders: {{x-a: {{regex: "**"}}}}  # <-\n  {ROUTE}',
        f'- match: [{{withoutHeaders: {{x-a: {{regex: "*"}}}}}}]\n  {ROUTE}',
    ),
    Row("header name empty", "TS211", f'- match:\n  - headers: {{"": {{}}}}  # <-\n  {ROUTE}'),
    Row(
        "header name with a blank",
        "TS211",
        f'- match:\n  - headers: {{"x a": {{}}}}  # <-\n  {ROUTE}',
        f'- match: [{{headers: {{":path": {{}}, "@request.auth.claims.group": {{exact: a}}, '
        f'"@request.auth.claims[a][b]": {{exact: a}}, "!#$%&\'*+-.^_`|~aA0": {{}}}}}}]\n'
        f"  gateways: []\n  {ROUTE}".replace("\n  gateways: []", ""),
    ),
    Row(
        "no pseudo header",
        "TS211",
        f'- match:\n  - withoutHeaders: {{":host": {{}}}}  # <-\n  {ROUTE}',
    ),
    *(
        Row(
            f"{field} with an empty prefix",
            "TS211",
            f'- match:\n  - {field}: {{prefix: ""}}  # <-\n  {ROUTE}',
            f'- match: [{{{field}: {{exact: ""}}}}]\n  {ROUTE}',
        )
        for field in ("scheme", "method", "authority")
    ),
    *(
        Row(
            f"{field} with an empty prefix",
            "TS211",
            f'- match:\n  - {field}: {{x-a: {{prefix: ""}}}}  # <-\n  {ROUTE}',
            f"- match: [{{{field}: {{x-a: {{prefix: a}}}}}}]\n  {ROUTE}",
        )
        for field in ("headers", "withoutHeaders", "queryParams")
    ),
    Row(
        "uri regex empty",
        "TS211",
        f'- match:\n  - uri: {{regex: ""}}  # <-\n  {ROUTE}',
        f'- match: [{{uri: {{prefix: ""}}}}]\n  {ROUTE}',
    ),
    Row(
        "uri regex longer than 1024",
        "TS211",
        f"- match:\n  - uri: {{regex: {LONG}b}}  # <-\n  {ROUTE}",
        f"- match: [{{uri: {{regex: {LONG}}}}}]\n  {ROUTE}",
    ),
    Row(
        "uri regex not RE2",
        "TS211",
        f'- match:\n  - uri: {{regex: "/(?!a)"}}  # <-\n  {ROUTE}',
        f'- match: [{{uri: {{regex: "/(?:a)"}}}}]\n  {ROUTE}',
    ),
    Row(
        "port",
        "TS211",
        f"- match:\n  - port: 65536  # <-\n  {ROUTE}",
        f"- match: [{{port: 1}}, {{port: 65535}}, {{uri: {{exact: /}}, port: 0}}]\n  {ROUTE}",
    ),
    Row("port below 0", "TS211", f"- match:\n  - port: -1  # <-\n  {ROUTE}"),
    Row(
        "sourceLabels",
        "TS211",
        f'- match:\n  - sourceLabels: {{app: "a b"}}  # <-\n  {ROUTE}',
        f'- match: [{{sourceLabels: {{app: "", example.com/a_b: a.b}}}}]\n  {ROUTE}',
    ),
    Row("sourceLabels key", "TS211", f"- match:\n  - sourceLabels: {{-a: b}}  # <-\n  {ROUTE}"),
    Row(
        "sourceNamespace",
        "TS211",
        f"- match:\n  - sourceNamespace: a.b  # <-\n  {ROUTE}",
        f"- match: [{{sourceNamespace: {'n' * 63}}}]\n  {ROUTE}",
    ),
    Row("two kinds", "TS211", f"- match:\n  - uri: {{exact: /a, prefix: /b}}  # <-\n  {ROUTE}"),
    Row(
        "two kinds of a header",
        "TS211",
        f"- match:\n  - headers: {{x-a: {{exact: a, regex: b}}}}  # <-\n  {ROUTE}",
    ),
    Row("an empty match", "TS211", f"- match:\n  - {{}}  # <- warning\n  {ROUTE}"),
    Row(
        "ignoreUriCase without uri",
        "TS211",
        f"- match:\n  - port: 80\n    ignoreUriCase: true  # <- warning\n  {ROUTE}",
        f"- match: [{{uri: {{prefix: /a}}, ignoreUriCase: true}}, {{port: 8, ignoreUriCase: false}}]\n"
        f"  {ROUTE}",
    ),
    Row(
        "ignoreUriCase with a regex",
        "TS211",
        f"- match:\n  - uri: {{regex: /a}}\n    ignoreUriCase: true  # <- warning\n  {ROUTE}",
    ),
]
REDIRECT = [
    Row("redirect uri and prefix", "TS212", "- redirect: {uri: /a, prefixRewrite: /b}  # <-"),
    Row(
        "redirect prefix with an exact match",
        "TS212",
        "- match:\n  - uri: {prefix: /a}\n  - uri: {exact: /b}  # <-\n  redirect: {prefixRewrite: /c}",
        "- match: [{uri: {prefix: /a}}, {port: 80}]\n  redirect: {prefixRewrite: /c}",
    ),
    Row("redirect names nothing", "TS212", "- redirect: {redirectCode: 301}  # <-"),
    Row("redirect empty", "TS212", "- redirect: {}  # <-", "- redirect: {scheme: https}"),
    Row("redirect by port", "TS212", "- redirect: {uri: ''}  # <-", "- redirect: {port: 443}"),
    Row(
        "redirect port and derivePort",
        "TS212",
        "- redirect: {port: 1, derivePort: FROM_REQUEST_PORT}  # <-",
    ),
    Row("redirectCode 299", "TS212", "- redirect: {uri: /, redirectCode: 299}  # <-"),
    Row(
        "redirectCode 400",
        "TS212",
        "- redirect: {uri: /, redirectCode: 400}  # <-",
        "- redirect: {uri: /, redirectCode: 300}\n"
        "- redirect: {uri: /, redirectCode: 399}\n"
        "- redirect: {uri: /, redirectCode: 0}",
    ),
    Row(
        "redirect scheme",
        "TS212",
        "- redirect: {scheme: HTTPS}  # <-",
        "- redirect: {scheme: http}",
    ),
    Row(
        "redirect port",
        "TS212",
        "- redirect: {port: 65536}  # <-",
        "- redirect: {port: 65535}",
    ),
    Row("status 199", "TS212", "- directResponse: {status: 199}  # <-"),
    Row(
        "status 601",
        "TS212",
        "- directResponse: {status: 601}  # <-",
        "- directResponse: {status: 200}\n- directResponse: {status: 599}",
    ),
    Row("status 600, which the proxies refuse", "TS212", "- directResponse: {status: 600}  # <-"),
    Row("no status", "TS212", "- directResponse: {}  # <-"),
    Row(
        "body of two kinds",
        "TS212",
        "- directResponse:\n    status: 200\n    body: {string: a, bytes: YQ==}  # <-",
        "- directResponse: {status: 200, body: {bytes: YQ==}}",
    ),
    Row(
        "body of more than 1 MB",
        "TS212",
        f"- directResponse:\n    status: 200\n    body: {{string: {'a' * (1024 * 1024 + 1)}}}  # <-",
    ),
    Row(
        "body of more than 100 kB",
        "TS212",
        f"- directResponse:\n    status: 200\n    body: {{string: {'a' * (100 * 1024 + 1)}}}  # <- warning",
        f"- directResponse:\n    status: 200\n    body: {{string: {'a' * (100 * 1024)}}}",
    ),
    Row(
        "rewrite of two kinds",
        "TS212",
        f"- rewrite: {{uri: /, uriRegexRewrite: {{match: a, rewrite: b}}}}  # <-\n  {ROUTE}",
    ),
    Row(
        "rewrite of nothing",
        "TS212",
        f"- rewrite: {{}}  # <-\n  {ROUTE}",
        f"- rewrite: {{authority: a}}\n  {ROUTE}",
    ),
    Row(
        "uriRegexRewrite without match",
        "TS212",
        f"- rewrite: {{uriRegexRewrite: {{rewrite: b}}}}  # <-\n  {ROUTE}",
    ),
    Row(
        "uriRegexRewrite without rewrite",
        "TS212",
        f"- rewrite: {{uriRegexRewrite: {{match: b}}}}  # <-\n  {ROUTE}",
    ),
    Row(
        "uriRegexRewrite not RE2",
        "TS212",
        f'- rewrite:\n    uriRegexRewrite: {{match: "(a", rewrite: b}}  # <-\n  {ROUTE}',
        f"- rewrite:\n    uriRegexRewrite: {{match: {LONG}, rewrite: b}}\n  {ROUTE}",
    ),
    Row(
        "uriRegexRewrite longer than 1024",
        "TS212",
        f"- rewrite:\n    uriRegexRewrite: {{match: {LONG}a, rewrite: b}}  # <-\n  {ROUTE}",
    ),
]
TLS = [
    Row(
        "tls without match",
        "TS214",
        f"- {ROUTE}  # <-",
        f"- match: [{{sniHosts: [shop]}}]\n  {ROUTE}",
        "tls",
    ),
    Row("null in tls match", "TS214", f"- match:\n  - null  # <-\n  {ROUTE}", "", "tls"),
    Row("no sniHosts", "TS214", f"- match:\n  - port: 443  # <-\n  {ROUTE}", "", "tls"),
    Row("sniHosts bad", "TS214", f"- match:\n  - sniHosts: [shop_a]  # <-\n  {ROUTE}", "", "tls"),
    Row(
        "sniHosts an address",
        "TS214",
        f"- match:\n  - sniHosts: [10.0.0.1]  # <- warning\n  {ROUTE}",
        "",
        "tls",
    ),
    Row(
        "sniHosts not within hosts",
        "TS214",
        f"- match:\n  - sniHosts: [cart]  # <-\n  {ROUTE}",
        "",
        "tls",
    ),
    Row(
        "sniHosts wider than hosts",
        "TS214",
        f"""
        hosts: ["*.b.example.com"]
        tls:
        - match:
          - sniHosts: ["*.example.com"]  # <-
          {TO}
        """,
        f"""
        hosts: ["*.example.com"]
        tls:
        - match:
          - sniHosts: ["*.b.example.com", "*.example.com", a.example.com]
          {TO}
        """,
        "spec",
    ),
    Row(
        "destinationSubnets",
        "TS214",
        f"- match:\n  - destinationSubnets: [10.0.0.0/33]  # <-\n  {ROUTE}",
        f'- match: [{{destinationSubnets: [10.0.0.0/8, 10.1.2.3, "2001:db8::/32"]}}]\n  {ROUTE}',
        "tcp",
    ),
    Row(
        "destinationSubnets a host",
        "TS214",
        f"- match:\n  - destinationSubnets: [shop]  # <-\n  {ROUTE}",
        "",
        "tcp",
    ),
    Row(
        "tcp port",
        "TS214",
        f"- match:\n  - port: 65536  # <-\n  {ROUTE}",
        f"- match: [{{port: 65535}}]\n  {ROUTE}",
        "tcp",
    ),
    Row(
        "tls port",
        "TS214",
        f"- match:\n  - sniHosts: [shop]\n    port: 65536  # <-\n  {ROUTE}",
        "",
        "tls",
    ),
    Row(
        "tcp sourceLabels",
        "TS214",
        f"- match:\n  - sourceLabels: {{a: b c}}  # <-\n  {ROUTE}",
        "",
        "tcp",
    ),
    Row("null in tcp match", "TS214", f"- match:\n  - null  # <-\n  {ROUTE}", f"- {ROUTE}", "tcp"),
]
DESTINATION = [
    Row("null in route", "TS227", "- route:\n  - null  # <-"),
    Row("destination missing", "TS227", "- route:\n  - weight: 100  # <-"),
    Row("destination null", "TS227", "- route:\n  - destination: null  # <-"),
    Row("host missing", "TS227", "- route:\n  - destination: {subset: v1}  # <-"),
    Row("host empty", "TS227", '- route:\n  - destination: {host: ""}  # <-'),
    Row(
        "host *",
        "TS227",
        '- route:\n  - destination: {host: "*"}  # <-',
        '- route: [{destination: {host: "*.a.b"}}]',
    ),
    Row("host an address", "TS227", "- route:\n  - destination: {host: 10.0.0.1}  # <-"),
    Row("host a URL", "TS227", "- route:\n  - destination: {host: http://a}  # <-"),
    Row("host with a wildcard inside", "TS227", '- route:\n  - destination: {host: "a.*.b"}  # <-'),
    Row(
        "host longer than 255",
        "TS227",
        f"- route:\n  - destination: {{host: {'a.' * 127}ab}}  # <-",
        f"- route: [{{destination: {{host: {'a.' * 127}a}}}}]",
    ),
    Row(
        "host with a part longer than 63",
        "TS227",
        f"- route:\n  - destination: {{host: {'a' * 64}}}  # <-",
        f"- route: [{{destination: {{host: {'a' * 63}.example.com.}}}}]",
    ),
    Row("subset with a dot", "TS227", "- route:\n  - destination: {host: a, subset: v1.2}  # <-"),
    Row(
        "subset longer than 63",
        "TS227",
        f"- route:\n  - destination: {{host: a, subset: {'v' * 64}}}  # <-",
        f"- route: [{{destination: {{host: a, subset: {'V' * 63}}}}}]\n"
        "- route: [{destination: {host: a, subset: ''}}]",
    ),
    Row("port without number", "TS227", "- route:\n  - destination: {host: a, port: {}}  # <-"),
    Row("port 0", "TS227", "- route:\n  - destination: {host: a, port: {number: 0}}  # <-"),
    Row(
        "port 65536",
        "TS227",
        "- route:\n  - destination: {host: a, port: {number: 65536}}  # <-",
        "- route: [{destination: {host: a, port: {number: 1}}}]\n"
        "- route: [{destination: {host: a, port: {number: 65535}}}]",
    ),
    Row(
        "mirror",
        "TS227",
        f"- {ROUTE}\n  mirror: {{host: a_b}}  # <-",
        f"- {ROUTE}\n  mirror: {{host: a}}",
    ),
    Row(
        "mirrors",
        "TS227",
        f"- {ROUTE}\n  mirrors:\n  - destination: {{host: a, subset: v_1}}  # <-",
    ),
    Row("tcp without route", "TS227", "- match: [{port: 80}]  # <-", "", "tcp"),
    Row(
        "tls without route", "TS227", "- match: [{sniHosts: [shop]}]  # <-\n  route: []", "", "tls"
    ),
    Row(
        "tcp destination",
        "TS227",
        "- route:\n  - destination: {host: a, subset: '-'}  # <-",
        "",
        "tcp",
    ),
    Row("null in tcp route", "TS227", "- route:\n  - null  # <-", "", "tcp"),
]
NAMES = [
    Row(
        "one name twice",
        "TS215",
        f"- name: a\n  {ROUTE}\n- name: b\n  {ROUTE}\n- name: a  # <- info\n  {ROUTE}",
        f"- name: a\n  {ROUTE}\n- name: A\n  {ROUTE}\n- {ROUTE}\n- {ROUTE}\n- name: ''\n  {ROUTE}",
    ),
]
ROWS = [*WHOLE, *EXCLUSIVE, *MATCH, *REDIRECT, *TLS, *DESTINATION, *NAMES]


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.rule} {row.name}" for row in ROWS])
def test_a_check(row: Row, tree: Tree) -> None:
    judge(tree, row)


@pytest.mark.parametrize(
    "spec",
    [
        "hosts: [shop]",
        "{hosts: [shop], http: [], tls: [], tcp: null}",
        "{}",
    ],
)
def test_no_http_tls_or_tcp(spec: str, tree: Tree) -> None:
    assert findings(tree, manifest(spec, "spec")) == ["4 TS210 error"]


@pytest.mark.parametrize("field", ["http", "tls", "tcp"])
def test_one_of_http_tls_and_tcp_is_enough(field: str, tree: Tree) -> None:
    match = "match: [{sniHosts: [shop]}], " if field == "tls" else ""
    assert findings(tree, manifest(f"- {{{match}{TO}}}", field)) == []


HIDDEN = [
    "- match: ${match}\n  route: ${route}",
    "- ${routes}",
    "- <+routes>",
    "- redirect: ${redirect}\n  route: []",
    "- {redirect: {uri: ${uri}, scheme: ${scheme}, port: ${port}, redirectCode: ${code}}}",
    "- {redirect: {prefixRewrite: ${prefix}}, match: [{uri: ${uri}}]}",
    "- {directResponse: {status: ${status}, body: ${body}}}",
    "- {directResponse: ${response}}",
    f"- {{rewrite: {{uri: ${{uri}}}}, {TO}}}",
    f"- {{rewrite: {{uriRegexRewrite: {{match: ${{a}}, rewrite: ${{b}}}}}}, {TO}}}",
    f"- {{match: [{{uri: {{regex: '${{uri}}('}}}}], {TO}}}",
    f"- {{match: [{{uri: ${{uri}}, ignoreUriCase: true}}], {TO}}}",
    f"- {{match: [{{port: ${{port}}, sourceNamespace: ${{ns}}, sourceLabels: {{a: ${{b}}}}}}], {TO}}}",
    f"- {{match: [{{headers: {{'${{name}}': {{exact: a}}}}}}, ${{match}}], {TO}}}",
    "- {route: [{destination: {host: ${host}, subset: ${subset}, port: {number: ${port}}}}]}",
    "- {route: [{destination: ${destination}}, ${entry}]}",
    f"- {{mirror: ${{mirror}}, mirrors: ${{mirrors}}, {TO}}}",
    "- {route: [{destination: {host: SERVICE_HOST, subset: CANARY_SUBSET}}]}",
    f"- {{name: ${{a}}, {TO}}}\n- {{name: ${{a}}, {TO}}}",
]


@pytest.mark.parametrize("fragment", HIDDEN)
def test_what_an_expression_hides_is_not_judged(fragment: str, tree: Tree) -> None:
    assert findings(tree, manifest(fragment)) == []


@pytest.mark.parametrize(
    "fragment", ["hosts: ${hosts}\ntcp: ${tcp}", "hosts: [a]\nhttp: <+http>", "${a}"]
)
def test_a_hidden_part_of_the_whole_is_not_judged(fragment: str, tree: Tree) -> None:
    assert findings(tree, manifest(fragment, "spec")) == []


def test_sni_hosts_beside_a_hidden_host(tree: Tree) -> None:
    text = f"hosts: [${{host}}]\ntls: [{{match: [{{sniHosts: [a]}}], {TO}}}]"
    assert findings(tree, manifest(text, "spec")) == []


@pytest.mark.parametrize(
    "fragment",
    [
        "- {route: 5}",
        "- {route: [5]}",
        f"- {{match: 5, {TO}}}",
        f"- {{match: [5], {TO}}}",
        f"- {{match: [{{uri: /a}}], {TO}}}",
        f"- {{match: [{{port: '80'}}], {TO}}}",
        "- {redirect: /new}",
        "- {redirect: {uri: 5}}",
        "- {directResponse: {status: '200'}}",
        "- {route: [{destination: shop}]}",
        "- {route: [{destination: {host: 5}}]}",
        "- {route: [{destination: {host: a, port: 80}}]}",
    ],
)
def test_a_wrong_type_is_left_to_the_schema(fragment: str, tree: Tree) -> None:
    assert findings(tree, manifest(fragment)) == ["7 TS008 error"]


def managed(fragment: str) -> str:
    return manifest(fragment).replace(
        "namespace: prod}", 'namespace: prod, annotations: {harness.io/managed: "true"}}'
    )


@pytest.mark.parametrize(
    ("fragment", "rule"),
    [
        ("- timeout: 5s", "TS108"),
        ("- route: [{destination: {subset: a}}]", "TS108"),
        ("- route: [{destination: {host: ' '}}]", "TS108"),
        ("- route: [{weight: 100}]", "TS108"),
    ],
)
def test_a_managed_route_without_host_is_one_finding(fragment: str, rule: str, tree: Tree) -> None:
    assert [found.split()[1] for found in findings(tree, managed(fragment))] == [rule]


def test_several_managed_routes_are_judged_as_others(tree: Tree) -> None:
    text = managed(f"- {TO}\n- timeout: 5s  # <-\n- route: [{{destination: {{subset: a}}}}]  # <-")
    assert [found.split()[:2] for found in findings(tree, text)] == [["8", "TS210"], ["9", "TS227"]]


def test_a_managed_virtual_service_without_routes_is_one_finding(tree: Tree) -> None:
    text = managed("").replace("  http:\n", "")
    assert [found.split()[1] for found in findings(tree, text)] == ["TS106"]


def test_a_delegate_that_delegates_is_one_finding(tree: Tree) -> None:
    text = manifest("http: [{delegate: {name: cart}}]", "spec")
    assert findings(tree, text) == ["5 TS213 error"]


BASE = manifest("hosts: [shop]", "spec")


def test_a_base_that_a_patch_completes(tree: Tree) -> None:
    """Three of 321 VirtualServices in public repositories are such a base."""
    tree.write(
        {
            "base/kustomization.yaml": "resources: [shop.yaml]\n",
            "base/shop.yaml": BASE,
            "prod/kustomization.yaml": "resources: [../base]\npatches: [{path: routes.yaml}]\n",
            "prod/routes.yaml": manifest(f"- {TO}"),
        }
    )
    assert tree.show(select=("TS210",)) == []


def test_a_base_that_an_inline_patch_completes(tree: Tree) -> None:
    patch = """
        resources: [../base]
        patches:
        - target: {kind: VirtualService, name: shop}
          patch: |
            - {op: add, path: /spec/http, value: [{route: [{destination: {host: shop}}]}]}
        """
    tree.write(
        {
            "base/kustomization.yaml": "resources: [shop.yaml]\n",
            "base/shop.yaml": BASE,
            "prod/kustomization.yaml": patch,
        }
    )
    assert tree.show(select=("TS210",)) == []


@pytest.mark.parametrize(("folder", "severity"), [("shop", "warning"), ("base", "info")])
def test_a_kustomization_that_no_patch_in_sight_completes_is_milder(
    tree: Tree, folder: str, severity: str
) -> None:
    # The overlays of a base may be in another repository.
    tree.write(
        {
            f"{folder}/kustomization.yaml": "resources: [deep/shop.yaml, deep/delegate.yaml]\n",
            f"{folder}/deep/shop.yaml": BASE,
            f"{folder}/deep/delegate.yaml": manifest(f"gateways: [a]\nhttp: [{{{TO}}}]", "spec"),
        }
    )
    found = [
        (finding.severity.label, finding.span.line) for finding in tree.lint(select=("TS210",))
    ]
    assert found == [(severity, 5), (severity, 4)]
    alone = tree.lint(f"{folder}/deep/shop.yaml", select=("TS210",))
    assert [finding.severity.label for finding in alone] == [severity]


def test_each_exclusion_has_its_own_sentence(tree: Tree) -> None:
    messages = set()
    rows = [row for row in EXCLUSIVE if " with " in row.name and row.rule == "TS210"]
    for row in rows:
        tree.write({"shop.yaml": manifest(row.wrong)})
        (finding,) = tree.lint("shop.yaml", select=("TS210",))
        messages.add(finding.message)
        assert finding.related
    assert len(messages) == len(rows)


@pytest.mark.parametrize(
    ("fragment", "aliases"),
    [
        ("- timeout: 5s", ("IST0106",)),
        (f"- match: [{{}}]\n  {ROUTE}", ()),
        ("- directResponse: {status: 600}", ()),
        ("- directResponse: {status: 601}", ("IST0106",)),
    ],
)
def test_a_finding_has_the_codes_of_the_peers_that_find_it(
    fragment: str, aliases: tuple[str, ...], tree: Tree
) -> None:
    tree.write({"shop.yaml": manifest(fragment)})
    (finding,) = tree.lint("shop.yaml", select=("TS210", "TS211", "TS212"))
    assert finding.aliases == aliases


def test_an_argo_rollout_chooses_routes_by_their_names(tree: Tree) -> None:
    tree.write({"shop.yaml": manifest(f"- name: a\n  {ROUTE}\n- name: a\n  {ROUTE}")})
    (finding,) = tree.lint(select=("TS215",))
    assert finding.severity.label == "info"
    rollout = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: shop}\nspec: {}\n"
    tree.write({"rollout.yaml": rollout})
    (finding,) = tree.lint(select=("TS215",))
    assert finding.severity.label == "warning"


def test_marks_are_read() -> None:
    assert marks("a  # <-\nb\nc  # <- warning", "TS1") == ["1 TS1 error", "3 TS1 warning"]

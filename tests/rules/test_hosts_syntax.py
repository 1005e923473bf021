"""The hosts of VirtualServices and DestinationRules, and exportTo: TS412, TS413."""

from __future__ import annotations

import pytest
from marked import Row, findings, judge, manifest

from conftest import Tree

HTTP = "http: [{route: [{destination: {host: shop}}]}]"


def hosts(*names: str, gateways: str = "") -> str:
    """A VirtualService's spec with hosts, one a line."""
    lines = [f"- {name}" for name in names]
    return "\n".join([HTTP, *([f"gateways: {gateways}"] if gateways else []), "hosts:", *lines])


def row(name: str, wrong: str, right: str = "") -> Row:
    return Row(name, "TS412", wrong, right, "spec")


HOSTS = [
    row("empty", hosts('""  # <-')),
    row("a character", hosts("shop_a  # <-"), hosts("Shop-1.example.com.")),
    row(
        "words that another tool replaces",
        hosts("shop_a  # <-"),
        hosts("shop.SHOP_NAMESPACE.svc", "PUBLIC_HOST", "'%HOST%'", "__HOST__.com", "<your host>"),
    ),
    row("a URL", hosts("https://shop.example.com  # <-")),
    row("with a port", hosts("shop.example.com:8080  # <-")),
    row("wildcard inside", hosts('"shop.*.com"  # <-'), hosts('"*.com"')),
    row("wildcard behind text", hosts('"shop*.com"  # <-'), hosts('"*shop.com"', '"*-cart.com"')),
    row("longer than 255", hosts(f"{'a.' * 127}ab  # <-"), hosts(f"{'a.' * 127}a")),
    row("ends in digits", hosts("shop.1  # <-"), hosts("10.0.0.1", "2001:db8::1", "'8080'")),
    row("* without gateways", hosts('"*"  # <-'), hosts('"*"', gateways="[edge]")),
    row("* on the mesh beside a gateway", hosts('"*"  # <-', gateways="[edge, mesh]")),
    row(
        "outbound_ without server names",
        hosts("outbound_.80_._.shop.prod.svc  # <-", gateways="[a]"),
    ),
    row("twice", hosts("a.com", "b.com", "a.com  # <-"), hosts("a.com", "b.com")),
    row("covered", hosts('"*.com"', "a.com  # <-"), hosts('"*.a.com"', "a.com")),
    row("covers", hosts("a.com", '"*.com"  # <-')),
    row("two wildcards", hosts('"*.b.a.com"', '"*.a.com"  # <-'), hosts('"*.b.com"', '"*.a.com"')),
    row("* beside another on a gateway", hosts('"*"', "a.com  # <-", gateways="[edge]")),
    row(
        "short and full",
        hosts("shop", "shop.prod.svc.cluster.local  # <- info"),
        hosts("shop", "shop.test.svc.cluster.local", "shop.prod", "cart"),
    ),
]


@pytest.mark.parametrize("case", HOSTS, ids=[case.name for case in HOSTS])
def test_hosts_of_a_virtual_service(case: Row, tree: Tree) -> None:
    judge(tree, case)


def test_names_that_istio_makes_are_hosts_beside_server_names(tree: Tree) -> None:
    name = "outbound_.80_._.shop.prod.svc.cluster.local"
    text = f"""
    hosts: [{name}]
    gateways: [edge]
    tls: [{{match: [{{sniHosts: [{name}]}}], route: [{{destination: {{host: shop}}}}]}}]
    """
    assert findings(tree, manifest(text, "spec")) == []


@pytest.mark.parametrize(
    "spec",
    [
        "hosts: ${hosts}",
        "hosts: [${host}, <+host>, $(HOST), SHOP_HOST]",
        'hosts: ["*"]\ngateways: ${gateways}',
        'hosts: ["*"]\ngateways: ["${gateway}"]',
        "hosts: [a.com, ${b}, c.com]",
    ],
)
def test_hidden_hosts_are_not_judged(spec: str, tree: Tree) -> None:
    assert findings(tree, manifest(f"{spec}\n{HTTP}", "spec")) == []


def test_without_a_namespace_short_and_full_may_differ(tree: Tree) -> None:
    text = manifest(hosts("shop", "shop.prod.svc.cluster.local"), "spec")
    assert findings(tree, text.replace(", namespace: prod", "")) == []


def rule(spec: str) -> str:
    return (
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
        f"metadata: {{name: shop, namespace: prod}}\nspec: {spec}\n"
    )


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("{host: shop}", []),
        ('{host: "*"}', []),
        ('{host: "*.svc.cluster.local"}', []),
        ("{host: ${host}}", []),
        ("${spec}", []),
        ('{host: ""}', ["4 TS412 error"]),
        ("{host: null}", ["4 TS412 error"]),
        ("{subsets: []}", ["4 TS412 error"]),
        ("{host: 10.0.0.1}", ["4 TS412 error"]),
        ("{host: shop:80}", ["4 TS412 error"]),
        ('{host: "a.*"}', ["4 TS412 error"]),
        ("{host: 5}", ["4 TS008 error"]),
    ],
)
def test_host_of_a_destination_rule(spec: str, found: list[str], tree: Tree) -> None:
    assert findings(tree, rule(spec)) == found


def test_a_base_may_get_its_host_from_a_patch(tree: Tree) -> None:
    tree.write({"kustomization.yaml": "resources: [rule.yaml]\n"})
    assert findings(tree, rule("{subsets: []}"), file="rule.yaml") == ["4 TS412 warning"]


EXPORTS = [
    ("[.]", []),
    ('["*"]', []),
    ("[., web, team-1]", []),
    ("[]", []),
    ("null", []),
    ("${scopes}", []),
    ("[., <+namespace>]", []),
    ("[web, web]", ["error"]),
    ("[., prod]", ["error"]),
    ("[prod, .]", ["error"]),
    ("[., test]", []),
    ('["*", web]', ["error"]),
    ('["*", .]', ["error"]),
    ("[team/web]", ["error"]),
    ("[web.team]", ["error"]),
    ('[""]', ["error"]),
    (f"[{'n' * 63}]", []),
    (f"[{'n' * 64}]", ["error"]),
    ('["~"]', ["error"]),
]


@pytest.mark.parametrize(("scopes", "found"), EXPORTS)
@pytest.mark.parametrize("kind", ["VirtualService", "DestinationRule"])
def test_export_to(kind: str, scopes: str, found: list[str], tree: Tree) -> None:
    text = manifest(f"exportTo: {scopes}\nhosts: [shop]\n{HTTP}", "spec")
    if kind == "DestinationRule":
        text = rule(f"{{host: shop, exportTo: {scopes}}}")
    assert [line.split()[1:] for line in findings(tree, text)] == [
        ["TS413", word] for word in found
    ]


@pytest.mark.parametrize(
    ("scopes", "found"), [('["~"]', 0), ('["~", web]', 1), ('["*", "~"]', 2), ("[web]", 0)]
)
def test_export_to_of_a_service_entry(scopes: str, found: int, tree: Tree) -> None:
    text = rule(f"{{hosts: [api.example.com], exportTo: {scopes}}}")
    lines = findings(tree, text.replace("DestinationRule", "ServiceEntry"))
    assert [line.split()[1] for line in lines] == ["TS413"] * found


def test_without_a_namespace_a_dot_may_be_any(tree: Tree) -> None:
    text = rule("{host: shop, exportTo: [., prod]}").replace(", namespace: prod", "")
    assert findings(tree, text) == []


NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: web}\n"


def test_a_namespace_that_is_absent(tree: Tree) -> None:
    tree.write({"a.yaml": rule("{host: shop, exportTo: [web, wep]}") + "---\n" + NAMESPACE})
    (finding,) = tree.lint("a.yaml", select=("TS413",), complete=True)
    assert finding.aliases == ("KIA0005",)
    assert finding.help == 'Did you mean "web"?'
    assert (finding.span.line, finding.severity.label) == (4, "error")


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        (rule("{host: shop, exportTo: [wep]}") + "---\n" + NAMESPACE, False),
        (rule("{host: shop, exportTo: [wep]}"), True),
        (rule("{host: shop, exportTo: [prod]}") + "---\n" + NAMESPACE, True),
        (rule("{host: shop, exportTo: [wep]}") + "---\n" + NAMESPACE.replace("web", "${a}"), True),
        (rule("{host: shop, exportTo: [., ${a}]}") + "---\n" + NAMESPACE, True),
        (rule("{host: shop, exportTo: [default, kube-system]}") + "---\n" + NAMESPACE, True),
    ],
)
def test_a_namespace_that_may_be_there(text: str, complete: bool, tree: Tree) -> None:
    tree.write({"a.yaml": text})
    assert tree.lint("a.yaml", select=("TS413",), complete=complete) == []

"""Sidecars: what they refer to, and the shape that Istio wants: TS415, TS421."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Tree

ALL = "egress: [{hosts: ['./*']}]"


def sidecar(spec: str = ALL, *, name: str = "default", namespace: str = "namespace: shop") -> str:
    """A Sidecar whose name stands in line 4 and whose spec begins in line 6."""
    return f"""\
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: {name}, {namespace}}}
spec:
  {spec}
"""


def deployment(labels: str, namespace: str = "namespace: shop", kind: str = "Deployment") -> str:
    return f"""\
---
apiVersion: apps/v1
kind: {kind}
metadata: {{name: w, {namespace}}}
spec:
  template:
    metadata: {{labels: {{{labels}}}}}
    spec: {{containers: [{{name: app}}]}}
"""


def service(name: str = "reviews", namespace: str = "shop") -> str:
    return f"""\
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{ports: [{{name: http, port: 80}}]}}
"""


def found(tree: Tree, rule: str, text: str, **settings: Any) -> list[str]:
    """The findings of a rule as `line severity`."""
    tree.write({"sc.yaml": text})
    return [f"{f.span.line} {f.severity.label}" for f in tree.lint(select=(rule,), **settings)]


def select(labels: str) -> str:
    return f"{ALL}\n  workloadSelector: {{labels: {{{labels}}}}}"


# -- TS415 ----------------------------------------------------------------------------------------


def test_two_for_a_namespace(tree: Tree) -> None:
    assert found(tree, "TS415", sidecar() + sidecar(name="wide")) == ["10 warning"]
    assert found(tree, "TS415", sidecar() + sidecar(select(""), name="wide")) == ["10 warning"]


def test_two_for_a_workload(tree: Tree) -> None:
    two = sidecar(select("app: a")) + sidecar(select("version: v1"), name="two")
    workload = deployment("app: a, version: v1")
    assert found(tree, "TS415", two + workload) == ["11 warning"]
    assert found(tree, "TS415", two + workload.replace("version", "track")) == []


AMBIENT = """\
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}
"""


@pytest.mark.parametrize(
    "text",
    [
        sidecar() + sidecar(select("app: a"), name="two"),
        sidecar() + sidecar(name="two", namespace="namespace: other"),
        sidecar() + sidecar(name="two", namespace="namespace: '${env}'"),
        sidecar() + sidecar(f"{ALL}\n  workloadSelector: '${{s}}'", name="two"),
        sidecar(select("app: a")) + sidecar(select("app: b"), name="two") + deployment("app: a"),
        sidecar(select("app: a"))
        + sidecar(select("version: v1"), name="two")
        + deployment("app: a, version: v1", "namespace: other"),
        sidecar() + sidecar(name="two") + AMBIENT,
    ],
)
def test_sidecars_that_get_along(tree: Tree, text: str) -> None:
    assert found(tree, "TS415", text) == []


def test_alternatives_of_a_folder(tree: Tree) -> None:
    tree.write({"a.yaml": sidecar(), "b.yaml": sidecar(name="two")})
    assert tree.show(select=("TS415",)) == ["b.yaml:4:18 TS415"]
    tree.write({"c.yaml": sidecar()})
    assert tree.show(select=("TS415",)) == []


def test_a_selector_without_pods(tree: Tree) -> None:
    text = sidecar(select("app: gone"))
    assert found(tree, "TS415", text + deployment("app: a"), complete=True) == ["7 warning"]
    assert found(tree, "TS415", text + deployment("app: a")) == []
    other = deployment("app: gone", "namespace: other")
    assert found(tree, "TS415", text + other, complete=True) == ["7 warning"]


@pytest.mark.parametrize(
    "workload",
    [
        deployment("app: gone"),
        deployment("app: gone", kind="StatefulSet"),
        deployment("app: gone", ""),
        deployment("app: '${app}'"),
        "---\napiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {name: vm}\n"
        "spec: {address: 192.0.2.1, labels: {app: gone}}\n",
    ],
)
def test_a_selector_that_fits(tree: Tree, workload: str) -> None:
    assert found(tree, "TS415", sidecar(select("app: gone")) + workload, complete=True) == []


def egress(*hosts: str) -> str:
    return "egress:\n  - hosts:\n" + "".join(f"    - '{host}'\n" for host in hosts)


@pytest.mark.parametrize(
    ("host", "count"),
    [
        ("./gone.shop.svc.cluster.local", 1),
        ("*/gone.shop.svc.cluster.local", 1),
        ("shop/api.example.com", 1),
        ("other/reviews.shop.svc.cluster.local", 1),
        ("./ratings.other.svc.cluster.local", 1),
        ("./reviews.shop.svc.cluster.local", 0),
        ("*/reviews.shop.svc.cluster.local", 0),
        ("*/ratings.other.svc.cluster.local", 0),
        ("other/ratings.other.svc.cluster.local", 0),
        ("./*.shop.svc.cluster.local", 0),
        ("~/*", 0),
        ("./gone", 0),
        ("istio-system/istiod.istio-system.svc.cluster.local", 0),
        ("${ns}/gone.shop.svc.cluster.local", 0),
    ],
)
def test_egress_hosts(tree: Tree, host: str, count: int) -> None:
    text = sidecar(egress(host)) + service() + service("ratings", "other")
    assert found(tree, "TS415", text, complete=True) == ["8 warning"] * count
    assert found(tree, "TS415", text) == []


# -- TS421 ----------------------------------------------------------------------------------------

PORT = "{number: 80, protocol: HTTP, name: http}"
NAMESPACE_FIRST = "Write a namespace before the slash: its name, . for this one, or * for any."


def listen(fields: str = "", port: str = PORT) -> str:
    return f"ingress: [{{port: {port}, defaultEndpoint: '127.0.0.1:80'{fields}}}]"


def out(fields: str, port: str = PORT) -> str:
    return f"egress: [{{port: {port}, hosts: ['./*']{fields}}}]"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("workloadSelector: {labels: {a: b}}", "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"),
        ("egress: [{hosts: []}]", ALL),
        ("egress: [{hosts: [reviews]}]", "egress: [{hosts: ['*/*']}]"),
        (
            "egress: [{hosts: ['./reviews']}]",
            "egress: [{hosts: ['./reviews.shop.svc.cluster.local']}]",
        ),
        ("egress: [{hosts: ['/a.b']}]", "egress: [{hosts: ['~/*']}]"),
        ("egress: [{hosts: ['./']}]", "egress: [{hosts: ['~shop/a.b']}]"),
        ("egress: [{hosts: ['a_b/a.b']}]", "egress: [{hosts: ['a-b/a.b']}]"),
        ("egress: [{hosts: ['./*a.b']}]", "egress: [{hosts: ['./*.b']}]"),
        ("egress: [{hosts: ['./a.*.b']}]", "egress: [{hosts: ['${h}']}]"),
        (
            f"egress: [{{hosts: ['./*']}}, {{port: {PORT}, hosts: ['./*']}}]",
            f"egress: [{{port: {PORT}, hosts: ['./*']}}, {{hosts: ['./*']}}]",
        ),
        ("egress: [{hosts: ['a/*']}, {hosts: ['b/*']}]", "egress: [{hosts: ['a/*', 'b/*']}]"),
        (
            f"egress: [{{port: {PORT}, hosts: ['a/*']}}, {{port: {PORT}, hosts: ['b/*']}}]",
            f"egress: [{{port: {PORT}, hosts: ['a/*']}}, {{port: {{number: 81}}, hosts: ['b/*']}}]",
        ),
        (out("", "{number: 80, protocol: HTTPX}"), out("", "{number: 80}")),
        (out("", "{number: 80, name: a.b}"), out("", "{number: 80, name: ''}")),
        (out("", "{number: 70000}"), out("", "{number: 65535}")),
        (out("", "{number: 80, targetPort: 81}"), out("", "{number: 80, targetPort: 0}")),
        (out(", bind: localhost"), out(", bind: 127.0.0.1")),
        (out("", "{protocol: HTTP}"), out(", bind: unix:///run/s", "{protocol: HTTP}")),
        (
            out(", bind: unix://run/s", "{protocol: HTTP}"),
            out(", bind: unix://@s", "{protocol: HTTP}"),
        ),
        (
            out(", bind: unix:///run/s, captureMode: IPTABLES", "{protocol: HTTP}"),
            out(", bind: unix:///run/s, captureMode: NONE", "{protocol: HTTP}"),
        ),
        (
            "egress: [{port: {protocol: TCP}, bind: unix:///s, hosts: ['a/*']},"
            " {port: {protocol: TCP}, bind: unix:///s, hosts: ['b/*']}]",
            "egress: [{port: {protocol: TCP}, bind: unix:///s, hosts: ['a/*']},"
            " {port: {protocol: TCP}, bind: unix:///t, hosts: ['b/*']}]",
        ),
        (
            f"ingress: [{{port: {PORT}}}, {{port: {PORT}}}]",
            f"ingress: [{{port: {PORT}}}, {{port: {{number: 81, protocol: HTTP}}}}]",
        ),
        ("ingress: [{port: {protocol: HTTP}}]", listen()),
        (listen(", bind: localhost"), listen(", bind: 0.0.0.0")),
        (
            f"ingress: [{{port: {PORT}, defaultEndpoint: '10.0.0.1:80'}}]",
            f"ingress: [{{port: {PORT}, defaultEndpoint: '[::1]:80'}}]",
        ),
        (
            f"ingress: [{{port: {PORT}, defaultEndpoint: '127.0.0.1'}}]",
            f"ingress: [{{port: {PORT}, defaultEndpoint: ':80'}}]",
        ),
        (
            f"ingress: [{{port: {PORT}, defaultEndpoint: '127.0.0.1:http'}}]",
            f"ingress: [{{port: {PORT}, defaultEndpoint: '0.0.0.0:80'}}]",
        ),
        (
            f"ingress: [{{port: {PORT}, defaultEndpoint: 'unix://s'}}]",
            f"ingress: [{{port: {PORT}, defaultEndpoint: 'unix:///s'}}]",
        ),
        (
            listen(", tls: {mode: SIMPLE}"),
            listen(", tls: {mode: SIMPLE}", "{number: 443, protocol: HTTPS}"),
        ),
        (
            listen(", tls: {mode: ISTIO_MUTUAL}", "{number: 443, protocol: HTTPS}"),
            listen(", tls: {mode: MUTUAL}", "{number: 443, protocol: TLS}"),
        ),
        (
            listen(", tls: {mode: SIMPLE, credentialName: c}", "{number: 443, protocol: HTTPS}"),
            listen(", tls: {mode: SIMPLE, privateKey: /k}", "{number: 443, protocol: HTTPS}"),
        ),
        (
            listen(", tls: {httpsRedirect: true}", "{number: 443, protocol: HTTPS}"),
            listen(", tls: {httpsRedirect: false}", "{number: 443, protocol: HTTPS}"),
        ),
        (
            "outboundTrafficPolicy: {mode: REGISTRY_ONLY, egressProxy: {host: a.b, port: {number: 1}}}",
            "outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: a.b, port: {number: 1}}}",
        ),
        (
            "outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: a_b, port: {number: 1}}}",
            "outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: a-b, port: {number: 1}}}",
        ),
        (
            "outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: a.b}}",
            "outboundTrafficPolicy: {mode: '${m}', egressProxy: {host: a.b, port: {number: 1}}}",
        ),
        (select("'a*': b"), select("a: b")),
        (select("a: '*'"), select("a: ''")),
    ],
)
def test_what_istio_refuses(tree: Tree, wrong: str, right: str) -> None:
    assert [line.split()[1] for line in found(tree, "TS421", sidecar(wrong))] == ["error"]
    assert found(tree, "TS421", sidecar(right)) == []


@pytest.mark.parametrize(
    ("doubtful", "line", "right"),
    [
        (select(""), 7, select("a: b")),
        (egress("./a.b", "./a.b"), 9, egress("./a.b", "./c.d")),
        (egress("./a.b", "shop/a.b"), 9, egress("./a.b", "other/a.b")),
        (egress("./*", "./a.b"), 9, egress("./*.b", "other/*")),
        (egress("./a.b", "./*"), 9, egress("~/*")),
        (egress("*/*", "shop/a.b"), 7, egress("*/*")),
        (
            "ingress: [{port: {number: 80, protocol: TCP}, connectionPool: {http: {idleTimeout: 1s}}}]",
            6,
            "ingress: [{port: {number: 80, protocol: HTTP}, connectionPool: {http: {idleTimeout: 1s}}}]",
        ),
    ],
)
def test_what_istio_takes_with_a_warning(tree: Tree, doubtful: str, line: int, right: str) -> None:
    assert found(tree, "TS421", sidecar(doubtful)) == [f"{line} warning"]
    assert found(tree, "TS421", sidecar(right)) == []


@pytest.mark.parametrize(
    ("wrong", "mend"),
    [
        ("workloadSelector: {labels: {a: b}}", "Add one of them, or remove the Sidecar."),
        (egress("./reviews"), "Write ./reviews.shop.svc.cluster.local."),
        (egress("/reviews"), NAMESPACE_FIRST),
        (egress("~pay/reviews"), "Write ~pay/reviews.pay.svc.cluster.local."),
        (egress("reviews"), "Write ./reviews.shop.svc.cluster.local."),
        (egress("a.b"), "Write ./a.b for this namespace, or */a.b for any."),
        (egress("*"), "Write ./* for this namespace, or */* for any."),
        (egress("https://a.b"), NAMESPACE_FIRST),
        (egress("./"), "Write namespace/host, as in ./* for all hosts of this namespace."),
        (egress("./*pay.a.b"), "Write ./*.a.b, or whole names."),
        (egress("./a.b:80"), "Write the name alone, without scheme, port and path."),
        (
            f"egress: [{{hosts: ['./*']}}, {{port: {PORT}, hosts: ['./*']}}]",
            "Move it to the end of `egress`, or give it a port.",
        ),
        (
            "egress: [{hosts: ['a/*']}, {hosts: ['b/*']}]",
            "Put its hosts into the last listener, which has no port either.",
        ),
        (out(", bind: localhost"), "Write an IP address, such as 127.0.0.1."),
        (
            out(", bind: unix:///s"),
            "Write 0 as the port's number: the listener is bound to a socket.",
        ),
        (out("", "{number: 80, protocol: HTPP}"), 'Did you mean "HTTP"?'),
        (
            f"ingress: [{{port: {PORT}, defaultEndpoint: '10.0.0.1:81'}}]",
            "Write 127.0.0.1:81, or 0.0.0.0:81 for the pod's own IP.",
        ),
        (egress("./*", "./a.b"), "Remove it."),
        (egress("./a.b", "./*"), "Keep ./* alone, or remove it."),
    ],
)
def test_how_to_mend_it(tree: Tree, wrong: str, mend: str) -> None:
    tree.write({"sidecar.yaml": sidecar(wrong)})
    assert [one.help for one in tree.lint() if one.rule == "TS421"] == [mend]


def test_a_full_name_where_no_file_names_the_namespace(tree: Tree) -> None:
    tree.write({"sidecar.yaml": sidecar(egress("./reviews")).replace("namespace: shop", "")})
    (found,) = [one for one in tree.lint() if one.rule == "TS421"]
    assert found.help == "Write ./reviews.NAMESPACE.svc.cluster.local."


def test_the_default_of_the_mesh_names_each_namespace_and_its_own(tree: Tree) -> None:
    text = sidecar(egress("./*", "istio-system/*"))
    assert found(tree, "TS421", text.replace("shop", "istio-system")) == []
    twice = sidecar(egress("./*", "./a.b")).replace("shop", "istio-system")
    assert found(tree, "TS421", twice) == ["9 warning"]


@pytest.mark.parametrize("bind", ["5", "[a]", "{a: b}"])
def test_what_no_listener_can_be_bound_to_is_for_the_schema(tree: Tree, bind: str) -> None:
    tree.write({"sidecar.yaml": sidecar(out(f", bind: {bind}", "{protocol: HTTP}"))})
    assert [one.rule for one in tree.lint()] == ["TS008"]


@pytest.mark.parametrize("port", ["²", "99999", "1" * 5000, "-1", "0"])
def test_an_endpoint_that_ends_in_no_port(tree: Tree, port: str) -> None:
    text = sidecar(f"ingress: [{{port: {PORT}, defaultEndpoint: '127.0.0.1:{port}'}}]")
    assert len(found(tree, "TS421", text)) == 1


def test_a_sidecar_without_a_spec(tree: Tree) -> None:
    text = sidecar().partition("spec:")[0]
    assert found(tree, "TS421", text) == ["4 error"]
    assert found(tree, "TS421", text + "spec: '${spec}'\n") == []

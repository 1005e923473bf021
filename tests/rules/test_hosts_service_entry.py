"""ServiceEntries: addresses of TCP ports and the shape that Istio wants: TS408, TS420."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Tree

HTTPS = "{number: 443, name: https, protocol: HTTPS}"
TCP = "{number: 5432, name: tcp, protocol: TCP}"


def entry(
    *,
    hosts: str = "api.example.com",
    ports: str = HTTPS,
    resolution: str = "resolution: STATIC",
    spec: str = "",
    meta: str = "",
) -> str:
    """A ServiceEntry: hosts in line 5, ports in line 7, resolution in 8, the rest from 9 on."""
    return f"""\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: api{meta}}}
spec:
  hosts: [{hosts}]
  location: MESH_EXTERNAL
  ports: [{ports}]
  {resolution}
  {spec}
"""


def found(tree: Tree, rule: str, text: str, **files: str) -> list[str]:
    """The findings of a rule as `line severity`."""
    tree.write({"se.yaml": text, **{f"{name}.yaml": other for name, other in files.items()}})
    return [f"{f.span.line} {f.severity.label}" for f in tree.lint(select=(rule,))]


NONE, DNS = "resolution: NONE", "resolution: DNS"
ROUND, DYNAMIC = "resolution: DNS_ROUND_ROBIN", "resolution: DYNAMIC_DNS"
ADDRESS = "endpoints: [{address: 192.0.2.1}]"


def ports(fields: str) -> dict[str, Any]:
    return {"ports": f"{{{fields}}}"}


@pytest.mark.parametrize(
    ("wrong", "line", "right"),
    [
        ({"hosts": "'*'", "resolution": NONE}, 5, {"hosts": "'*.example.com'", "resolution": NONE}),
        ({"hosts": "a_b.example.com"}, 5, {"hosts": "a-b.example.com"}),
        ({"hosts": "a.*.example.com"}, 5, {"hosts": "a.example.com"}),
        ({"hosts": "192.0.2.1"}, 5, {"hosts": "db"}),
        (
            {"spec": f"{ADDRESS}\n  workloadSelector: {{labels: {{a: b}}}}"},
            10,
            {"spec": "workloadSelector: {labels: {a: b}}"},
        ),
        (
            {"spec": "workloadSelector: {labels: {a: 'b*'}}"},
            9,
            {"spec": "workloadSelector: {labels: {a: ''}}"},
        ),
        (
            {"spec": "workloadSelector: {labels: {'a*': b}}"},
            9,
            {"spec": "workloadSelector: {labels: {a: '${b}'}}"},
        ),
        ({"spec": "addresses: [192.0.2.300]"}, 9, {"spec": "addresses: [192.0.2.30]"}),
        ({"spec": "addresses: [db.example.com]"}, 9, {"spec": "addresses: ['2001:db8::1']"}),
        ({"spec": "addresses: [192.0.2.0/33]"}, 9, {"spec": "addresses: [192.0.2.0/24]"}),
        (
            {"spec": "addresses: [192.0.2.0/24]", "resolution": DNS},
            9,
            {"spec": "addresses: [192.0.2.0/24]", "resolution": NONE},
        ),
        (
            {"ports": f"{HTTPS}, {{number: 444, name: https, protocol: HTTPS}}"},
            7,
            {"ports": f"{HTTPS}, {{number: 444, name: https-2, protocol: HTTPS}}"},
        ),
        (
            {"ports": f"{HTTPS}, {{number: 443, name: https-2, protocol: HTTPS}}"},
            7,
            {"ports": f"{HTTPS}, {{number: 445, name: https-2, protocol: HTTPS}}"},
        ),
        (
            ports("number: 80, name: '', protocol: HTTP"),
            7,
            ports("number: 80, name: h, protocol: HTTP"),
        ),
        (
            ports("number: 80, name: a.b, protocol: HTTP"),
            7,
            ports("number: 80, name: a-b, protocol: HTTP"),
        ),
        (
            ports("number: 80, name: h, protocol: HTTPX"),
            7,
            ports("number: 80, name: h, protocol: http_proxy"),
        ),
        ({"spec": ADDRESS, "resolution": NONE}, 9, {"resolution": NONE}),
        ({"spec": ADDRESS, "resolution": ""}, 9, {"resolution": "", "spec": "endpoints: []"}),
        ({"spec": "endpoints: [{address: db.example.com}]"}, 9, {"spec": ADDRESS}),
        ({"spec": "endpoints: [{}]"}, 9, {"spec": "endpoints: [{network: other}]"}),
        (
            {"spec": "endpoints: [{address: unix://run/s}]"},
            9,
            {"spec": "endpoints: [{address: unix:///run/s}]"},
        ),
        (
            {"spec": "endpoints: [{address: unix:///run/s, ports: {https: 1}}]"},
            9,
            {"spec": "endpoints: [{address: unix://@s}]"},
        ),
        (
            {
                "spec": "endpoints: [{address: unix:///run/s}]",
                "ports": f"{HTTPS}, {{number: 80, name: http, protocol: HTTP}}",
            },
            9,
            {
                "spec": ADDRESS,
                "ports": f"{HTTPS}, {{number: 80, name: http, protocol: HTTP}}",
            },
        ),
        (
            {"spec": "endpoints: [{address: 192.0.2.1, ports: {http: 80}}]"},
            9,
            {"spec": "endpoints: [{address: 192.0.2.1, ports: {https: 80}}]"},
        ),
        (
            {"spec": "endpoints: [{address: 192.0.2.1, labels: {'a b': c}}]"},
            9,
            {"spec": "endpoints: [{address: 192.0.2.1, labels: {a-b: c}}]"},
        ),
        (
            {"hosts": "'*.example.com'", "resolution": DNS},
            5,
            {"hosts": "'*.example.com'", "resolution": DNS, "spec": ADDRESS},
        ),
        (
            {"resolution": ROUND, "spec": "endpoints: [{address: a.b}, {address: c.d}]"},
            9,
            {"resolution": DNS, "spec": "endpoints: [{address: a.b}, {address: c.d}]"},
        ),
        (
            {"resolution": DNS, "spec": "endpoints: [{address: a_b}]"},
            9,
            {"resolution": DNS, "spec": "endpoints: [{address: a-b}]"},
        ),
        (
            {"resolution": DNS, "spec": "endpoints: [{address: a.b, ports: {http: 80}}]"},
            9,
            {"resolution": DNS, "spec": "endpoints: [{address: a.b, ports: {https: 80}}]"},
        ),
        (
            {"resolution": DYNAMIC, "ports": "{number: 443, name: tls, protocol: TLS}"},
            5,
            {
                "hosts": "'*.example.com'",
                "resolution": DYNAMIC,
                "ports": "{number: 443, name: tls, protocol: TLS}",
            },
        ),
        (
            {
                "hosts": "'*.example.com'",
                "resolution": DYNAMIC,
                "ports": "{number: 443, name: tls, protocol: TLS}",
                "spec": "addresses: [192.0.2.1]",
            },
            9,
            {
                "hosts": "'*.example.com'",
                "resolution": DYNAMIC,
                "ports": "{number: 443, name: h, protocol: GRPC}",
            },
        ),
        (
            {
                "hosts": "'*.example.com'",
                "resolution": DYNAMIC,
                "ports": "{number: 443, name: tls, protocol: TLS}",
                "spec": ADDRESS,
            },
            9,
            {
                "hosts": "'*-a.example.com'",
                "resolution": DYNAMIC,
                "ports": "{number: 443, name: h, protocol: HTTP2}",
            },
        ),
        (
            {"hosts": "'*.example.com'", "resolution": DYNAMIC, "ports": HTTPS},
            7,
            {
                "hosts": "'*.example.com'",
                "resolution": DYNAMIC,
                "ports": "{number: 443, name: h, protocol: '${p}'}",
            },
        ),
        ({"hosts": "a.b, c.d", "ports": TCP}, 7, {"hosts": "a.b", "ports": TCP}),
        (
            {"hosts": "a.b, c.d", "ports": "{number: 80, name: h}"},
            7,
            {"hosts": "a.b, c.d", "ports": "{number: 80, name: h}", "resolution": NONE},
        ),
    ],
)
def test_what_istio_refuses(
    tree: Tree, wrong: dict[str, str], line: int, right: dict[str, str]
) -> None:
    assert found(tree, "TS420", entry(**wrong)) == [f"{line} error"]
    assert found(tree, "TS420", entry(**right)) == []


@pytest.mark.parametrize(
    ("doubtful", "line", "right"),
    [
        ({"hosts": "'*a.example.com'"}, 5, {"hosts": "'*.example.com'"}),
        ({"spec": "workloadSelector: {}"}, 9, {"spec": "workloadSelector: {labels: {a: b}}"}),
        (
            {"spec": "workloadSelector: {labels: {a: b}}", "resolution": NONE},
            9,
            {"spec": "workloadSelector: {labels: {a: b}}"},
        ),
        (
            {
                "hosts": "a.b, c.d",
                "resolution": DNS,
                "spec": "addresses: [192.0.2.1]",
                "ports": HTTPS,
            },
            7,
            {
                "hosts": "a.b, c.d",
                "resolution": DNS,
                "spec": "addresses: [192.0.2.1]",
                "ports": "{number: 80, name: http, protocol: HTTP}",
            },
        ),
    ],
)
def test_what_istio_takes_with_a_warning(
    tree: Tree, doubtful: dict[str, str], line: int, right: dict[str, str]
) -> None:
    assert found(tree, "TS420", entry(**doubtful)) == [f"{line} warning"]
    assert found(tree, "TS420", entry(**right)) == []


@pytest.mark.parametrize(
    ("wrong", "mend"),
    [
        ({"hosts": "'*'"}, "Name the hosts, as in shop.example.com or *.example.com."),
        (
            {"hosts": "192.0.2.1"},
            "Write a name, and put the address into `addresses` or `endpoints`.",
        ),
        (
            {"hosts": "'https://a.b'"},
            "Write the name alone, without scheme, port and path.",
        ),
        ({"hosts": "'*pay.a.b'"}, "Write *.a.b, or list the whole names."),
        ({"hosts": "'*pay'"}, "Write whole names."),
        (
            {"spec": "addresses: [192.0.2.300]"},
            "Write an IP address, or a range such as 192.0.2.0/24.",
        ),
        (
            {"spec": "addresses: [db.shop]"},
            "Write an IP address or a range; a name belongs in `hosts` or `endpoints`.",
        ),
        (ports("number: 80, name: h, protocol: HTTPSS"), 'Did you mean "HTTPS"?'),
        (ports("number: 80, name: '', protocol: HTTP"), "Give the port a name."),
        (
            {"spec": "endpoints: [{address: 192.0.2.1, ports: {http: 1}}]"},
            'Did you mean "https"?',
        ),
        (
            {"spec": "endpoints: [{address: 192.0.2.1, ports: {web: 1}}]"},
            "Write https.",
        ),
        (
            {"spec": "endpoints: [{address: 192.0.2.1, ports: {web: 1}}]", "ports": ""},
            "Remove it, or add a port of that name to the `ports` of the ServiceEntry.",
        ),
        (
            {"spec": "endpoints: [{address: db.shop}]"},
            "Write an IP address, or use the resolution DNS.",
        ),
        ({"spec": "endpoints: [{address: 192.0.2.300}]"}, "Write an IP address."),
        (
            {"spec": "endpoints: [{address: unix://run/s}]"},
            "Write unix:// and an absolute path, as in unix:///var/run/app.sock.",
        ),
        (
            {"spec": "endpoints: [{address: 192.0.2.1}]", "resolution": NONE},
            "Write `resolution: STATIC`, or remove `endpoints`.",
        ),
        (
            {"spec": "endpoints: [{address: db.shop}]", "resolution": NONE},
            "Write `resolution: DNS`, or remove `endpoints`.",
        ),
        (
            {"spec": "endpoints: [{address: unix:///s}]", "resolution": DNS},
            "Use the resolution STATIC, the only one that takes sockets.",
        ),
        (
            {"spec": "endpoints: [{address: 'http://a.b'}]", "resolution": DNS},
            "Write the name or the IP address alone, without scheme, port and path.",
        ),
        (
            {"hosts": "'*.a.b'", "resolution": DYNAMIC, "ports": HTTPS},
            "Write TLS.",
        ),
    ],
)
def test_how_to_mend_it(tree: Tree, wrong: dict[str, str], mend: str) -> None:
    tree.write({"entry.yaml": entry(**wrong)})
    assert [one.help for one in tree.lint() if one.rule == "TS420"] == [mend]


@pytest.mark.parametrize(
    "spec",
    [
        {"hosts": "'${host}'"},
        {"resolution": "resolution: '${r}'", "spec": ADDRESS},
        {"spec": "addresses: ['${a}']"},
        {"spec": "endpoints: '${e}'"},
        {"spec": "endpoints: ['${e}']"},
        {"spec": "endpoints: [{address: '${a}'}]"},
        {"ports": "'${p}'", "spec": "endpoints: [{address: 192.0.2.1, ports: {x: 1}}]"},
        {"spec": "workloadSelector: '${s}'"},
    ],
)
def test_hidden_parts_are_not_judged(tree: Tree, spec: dict[str, str]) -> None:
    assert found(tree, "TS420", entry(**spec)) == []


# -- TS408 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("resolution", [NONE, DNS, "resolution: STATIC", ""])
@pytest.mark.parametrize("port", [TCP, TCP.replace("TCP", "tcp"), "{number: 1, name: x}"])
def test_a_tcp_port_without_addresses(tree: Tree, port: str, resolution: str) -> None:
    assert found(tree, "TS408", entry(ports=port, resolution=resolution)) == ["7 warning"]


def test_each_port_counts(tree: Tree) -> None:
    text = entry(ports=f"{TCP}, {HTTPS}, {{number: 1, name: x}}")
    assert found(tree, "TS408", text) == ["7 warning", "7 warning"]


LABEL = ", labels: {networking.istio.io/enable-autoallocate-ip: 'true'}"


@pytest.mark.parametrize(
    "text",
    [
        entry(),
        entry(ports="{number: 1, name: x, protocol: '${p}'}"),
        entry(ports=TCP, spec="addresses: [192.0.2.1]"),
        entry(ports=TCP, spec="addresses: '${a}'"),
        entry(ports=TCP, meta=LABEL),
        entry(ports=TCP) + "status: {addresses: [{value: 240.240.0.1}]}\n",
    ],
)
def test_ports_that_need_no_addresses(tree: Tree, text: str) -> None:
    assert found(tree, "TS408", text) == []


@pytest.mark.parametrize(
    ("setting", "count"),
    [
        ('ISTIO_META_DNS_AUTO_ALLOCATE: "true"', 0),
        ("PILOT_ENABLE_IP_AUTOALLOCATE: true", 0),
        ("- name: PILOT_ENABLE_IP_AUTOALLOCATE\n    value: 'true'", 0),
        ("values.pilot.env.PILOT_ENABLE_IP_AUTOALLOCATE=true", 0),
        ('ISTIO_META_DNS_AUTO_ALLOCATE: "false"', 1),
        ('ISTIO_META_DNS_CAPTURE: "true"', 1),
    ],
)
def test_a_mesh_that_gives_addresses(tree: Tree, setting: str, count: int) -> None:
    mesh = f"kind: ConfigMap\nmetadata: {{name: istio}}\ndata:\n  mesh: |-\n    {setting}\n"
    assert found(tree, "TS408", entry(ports=TCP), mesh=mesh) == ["7 warning"] * count

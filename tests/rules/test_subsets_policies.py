"""Traffic policies: every check of Istio's validation, each with the nearest value that is right."""

from __future__ import annotations

from textwrap import indent
from typing import Any

import pytest

from conftest import Tree
from tsplit_lint import Severity

SHAPES = ("TS308", "TS316", "TS317", "TS318", "TS319", "TS320", "TS321")

#: A whole trafficPolicy stands in line 9 on.
HEAD = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: shop
  namespace: prod
spec:
  host: shop
  trafficPolicy:
"""


def policy(text: str) -> str:
    """A DestinationRule with a trafficPolicy."""
    return HEAD + indent(text.strip("\n"), "    ") + "\n"


def of_subset(text: str) -> str:
    """The same policy at a subset, two lines further down."""
    head = HEAD.replace("  trafficPolicy:\n", "  subsets:\n  - name: v1\n    trafficPolicy:\n")
    return head + indent(text.strip("\n"), "      ") + "\n"


def found(tree: Tree, text: str, select: tuple[str, ...] = SHAPES, **settings: Any) -> list[str]:
    """`rule severity line` of each finding."""
    tree.write({"dr.yaml": text})
    return [
        f"{finding.rule} {finding.severity.label} {finding.span.line}"
        for finding in tree.lint("dr.yaml", select=select, **settings)
    ]


def pool(part: str, *fields: str) -> str:
    return "connectionPool:\n  " + part + ":\n" + "".join(f"    {field}\n" for field in fields)


def balancer(*lines: str) -> str:
    return "loadBalancer:\n" + "".join(f"  {line}\n" for line in lines)


def locality(*lines: str) -> str:
    return balancer("localityLbSetting:", *(f"  {line}" for line in lines))


#: A policy, and where it is found wrong; the first line of the policy is line 9.
CASES = {
    # the frame
    "an empty policy": ("{}", "TS308 error 8"),
    "a policy of nothing": ("tls: null", "TS308 error 8"),
    "an empty list of ports": ("portLevelSettings: []", "TS308 error 8"),
    "a part that is empty": ("tls: {}", ""),
    "only a retry budget": ("retryBudget: {percent: 20}", ""),
    "an unknown part is TS009": ("tsl: {mode: DISABLE}", ""),
    "a tunnel and a proxy protocol": (
        "tunnel: {targetHost: a.com, targetPort: 1}\nproxyProtocol: {version: V2}",
        "TS308 error 10",
    ),
    "a tunnel alone": ("tunnel: {targetHost: a.com, targetPort: 1}", ""),
    "an empty port": ("portLevelSettings:\n-", "TS308 error 10"),
    "no port": ("portLevelSettings:\n- tls: {mode: DISABLE}", "TS308 error 10"),
    "a port without a policy": ("portLevelSettings:\n- port: {number: 80}", "TS308 error 10"),
    "a port with a part it has not": (
        "portLevelSettings:\n- port: {number: 80}\n  tunnel: {targetHost: a.com, targetPort: 1}",
        "",
    ),
    "a port with a policy": (
        "portLevelSettings:\n- {port: {number: 80}, tls: {mode: DISABLE}}",
        "",
    ),
    # the connection pool
    "an empty pool": ("connectionPool: {}", "TS316 error 9"),
    "a pool of nothing": ("connectionPool:\n  http: null", "TS316 error 9"),
    "an empty tcp pool": ("connectionPool: {tcp: {}}", ""),
    **{
        f"{field} -1": (pool(part, f"{field}: -1"), "TS316 error 11")
        for part, fields in {
            "http": (
                "http1MaxPendingRequests",
                "http2MaxRequests",
                "maxRequestsPerConnection",
                "maxRetries",
                "maxConcurrentStreams",
            ),
            "tcp": ("maxConnections",),
        }.items()
        for field in fields
    },
    "maxRetries 0": (pool("http", "maxRetries: 0"), ""),
    "maxConnections 0": (pool("tcp", "maxConnections: 0"), ""),
    "http idle 0s": (pool("http", "idleTimeout: 0s"), "TS316 error 11"),
    "http idle 1ms": (pool("http", "idleTimeout: 1ms"), ""),
    "tcp idle 0s": (pool("tcp", "idleTimeout: 0s"), ""),
    "tcp idle in microseconds": (pool("tcp", "idleTimeout: 1500us"), "TS316 error 11"),
    "connectTimeout without unit": (pool("tcp", "connectTimeout: '30'"), "TS316 error 11"),
    "connectTimeout 0s": (pool("tcp", "connectTimeout: 0s"), "TS316 error 11"),
    "connectTimeout 30ms": (pool("tcp", "connectTimeout: 30ms"), ""),
    "a number for a time is TS008": (pool("tcp", "connectTimeout: 30"), ""),
    "maxConnectionDuration": (pool("tcp", "maxConnectionDuration: 1d"), "TS316 error 11"),
    "keep-alive time": (pool("tcp", "tcpKeepalive: {time: 1x}"), "TS316 error 11"),
    "keep-alive interval": (pool("tcp", "tcpKeepalive: {interval: 0s}"), "TS316 error 11"),
    "keep-alive": (pool("tcp", "tcpKeepalive: {time: 2h, interval: 75s, probes: 3}"), ""),
    "upgrade and client's protocol": (
        pool("http", "h2UpgradePolicy: UPGRADE", "useClientProtocol: true"),
        "TS316 error 12",
    ),
    "no upgrade and client's protocol": (
        pool("http", "h2UpgradePolicy: DO_NOT_UPGRADE", "useClientProtocol: true"),
        "",
    ),
    "http2KeepAlive without timeout": (
        pool("http", "http2KeepAlive: {interval: 30s}"),
        "TS316 error 11",
    ),
    "http2KeepAlive without interval": (
        pool("http", "http2KeepAlive: {timeout: 30s}"),
        "TS316 error 11",
    ),
    "http2KeepAlive of 0s": (
        pool("http", "http2KeepAlive: {interval: 0s, timeout: 1s}"),
        "TS316 error 11",
    ),
    "http2KeepAlive": (pool("http", "http2KeepAlive: {interval: 30s, timeout: 5s}"), ""),
    # outlier detection
    "interval 0s": ("outlierDetection:\n  interval: 0s", "TS317 error 10"),
    "interval 1ms": ("outlierDetection:\n  interval: 1ms", ""),
    "baseEjectionTime": ("outlierDetection:\n  baseEjectionTime: 1.5ms", "TS317 error 10"),
    "maxEjectionPercent 101": ("outlierDetection:\n  maxEjectionPercent: 101", "TS317 error 10"),
    "maxEjectionPercent 100": ("outlierDetection:\n  maxEjectionPercent: 100", ""),
    "minHealthPercent -1": ("outlierDetection:\n  minHealthPercent: -1", "TS317 error 10"),
    "minHealthPercent 0": ("outlierDetection:\n  minHealthPercent: 0", ""),
    "local failures alone": (
        "outlierDetection:\n  consecutiveLocalOriginFailures: 1",
        "TS317 error 10",
    ),
    "local failures not split": (
        "outlierDetection:\n  splitExternalLocalOriginErrors: false\n"
        "  consecutiveLocalOriginFailures: 1",
        "TS317 error 11",
    ),
    "no local failures": ("outlierDetection:\n  consecutiveLocalOriginFailures: 0", ""),
    "local failures split": (
        "outlierDetection:\n  splitExternalLocalOriginErrors: true\n"
        "  consecutiveLocalOriginFailures: 1",
        "",
    ),
    "an old field is TS010": ("outlierDetection:\n  consecutiveErrors: 5", ""),
    # load balancer
    "simple and hash": (
        balancer("simple: RANDOM", "consistentHash: {useSourceIp: true}"),
        "TS318 error 11",
    ),
    "simple": (balancer("simple: RANDOM"), ""),
    "two hash keys": (
        balancer("consistentHash:", "  useSourceIp: true", "  httpHeaderName: x"),
        "TS318 error 11",
    ),
    "two algorithms": (
        balancer(
            "consistentHash:", "  useSourceIp: true", "  ringHash: {}", "  maglev: {tableSize: 7}"
        ),
        "TS318 error 13",
    ),
    "a cookie with an empty name": (
        balancer("consistentHash:", "  httpCookie: {name: ''}"),
        "TS318 error 11",
    ),
    "a cookie without a name": (
        balancer("consistentHash:", "  httpCookie: {ttl: 0s}"),
        "TS318 error 11",
    ),
    "a cookie": (balancer("consistentHash:", "  httpCookie: {name: user, ttl: 0s}"), ""),
    "a cookie's attribute without a name": (
        balancer("consistentHash:", "  httpCookie:", "    name: a", "    attributes: [{name: ''}]"),
        "TS318 error 13",
    ),
    "a cookie's attribute twice": (
        balancer(
            "consistentHash:",
            "  httpCookie:",
            "    name: a",
            "    attributes:",
            "    - name: SameSite",
            "    - name: SameSite",
        ),
        "TS318 error 15",
    ),
    "two attributes of a cookie": (
        balancer(
            "consistentHash:",
            "  httpCookie: {name: a, attributes: [{name: SameSite}, {name: samesite}]}",
        ),
        "",
    ),
    "an old ring size beside a new one": (
        balancer("consistentHash:", "  minimumRingSize: 1", "  ringHash: {minimumRingSize: 1}"),
        "TS318 error 11",
    ),
    "an old ring size beside an empty maglev": (
        balancer("consistentHash:", "  minimumRingSize: 1", "  maglev: {tableSize: 7}"),
        "TS318 error 11",
    ),
    "an old ring size of 0": (
        balancer("consistentHash:", "  minimumRingSize: 0", "  ringHash: {minimumRingSize: 1}"),
        "",
    ),
    "an old ring size is TS010": (balancer("consistentHash: {minimumRingSize: 1}"), ""),
    **{
        f"a table of {size}": (
            balancer("consistentHash:", "  maglev:", f"    tableSize: {size}"),
            wrong and "TS318 error 12",
        )
        for size, wrong in {
            "0": "x",
            "1": "",
            "2": "",
            "4": "x",
            "9": "x",
            "65537": "",
            "4999999": "",
            "5000011": "x",
        }.items()
    },
    "a table without size": (balancer("consistentHash:", "  maglev: {}"), "TS318 error 11"),
    "two localities settings": (
        balancer("localityLbSetting: {enabled: true}", "zoneAwareLbSetting: {enabled: true}"),
        "TS318 error 11",
    ),
    "warm-up without duration": (balancer("warmup: {aggression: 1.0}"), "TS318 error 10"),
    "warm-up of 0s": (balancer("warmup:", "  duration: 0s"), "TS318 error 11"),
    "warm-up of 1ms": (balancer("warmup: {duration: 1ms}"), ""),
    "minimumPercent 101": (
        balancer("warmup:", "  duration: 1s", "  minimumPercent: 101"),
        "TS318 error 12",
    ),
    "minimumPercent 100": (balancer("warmup: {duration: 1s, minimumPercent: 100}"), ""),
    "aggression 0": (balancer("warmup:", "  duration: 1s", "  aggression: 0"), "TS318 error 12"),
    "aggression 0.1": (balancer("warmup: {duration: 1s, aggression: 0.1}"), ""),
    # localities
    "distribute and failover": (
        locality("distribute: [{from: a, to: {a: 100}}]", "failover: [{from: a, to: b}]"),
        "TS319 error 12",
    ),
    "a weight of 0": (
        locality("distribute:", "- from: a", "  to:", "    a: 100", "    b: 0"),
        "TS319 error 15",
    ),
    "a weight of 101": (
        locality("distribute:", "- from: a", "  to:", "    a: 101"),
        "TS319 error 14",
    ),
    "a sum of 99": (locality("distribute:", "- from: a", "  to: {a: 90, b: 9}"), "TS319 error 13"),
    "an empty distribution": (locality("distribute:", "- from: a", "  to: {}"), "TS319 error 13"),
    "no distribution": (locality("distribute:", "- from: a"), "TS319 error 12"),
    "a sum of 100": (locality("distribute:", "- from: a", "  to: {a: 90, b: 10}"), ""),
    "two wildcards": (locality("distribute:", "- from: a/*/*", "  to: {a: 100}"), "TS319 error 12"),
    "a wildcard in front": (
        locality("distribute:", "- from: '*/b'", "  to: {a: 100}"),
        "TS319 error 12",
    ),
    "an empty zone": (locality("distribute:", "- from: a//s", "  to: {a: 100}"), "TS319 error 12"),
    "no source": (locality("distribute:", "- to: {a: 100}"), "TS319 error 12"),
    "an empty part of a target": (
        locality("distribute:", "- from: a", "  to: {a/: 100}"),
        "TS319 error 13",
    ),
    "sources that overlap": (
        locality("distribute:", "- from: a", "  to: {a: 100}", "- from: a/b", "  to: {a: 100}"),
        "TS319 error 14",
    ),
    "a wildcard source for the rest": (
        locality("distribute:", "- from: a/b", "  to: {a: 100}", "- from: a/*", "  to: {a: 100}"),
        "",
    ),
    "a wildcard source before": (
        locality("distribute:", "- from: a/*", "  to: {a: 100}", "- from: a/b", "  to: {a: 100}"),
        "TS319 error 14",
    ),
    "targets that overlap": (
        locality("distribute:", "- from: a", "  to:", "    a/b: 50", "    a/*: 50"),
        "TS319 error 15",
    ),
    "targets of one region": (
        locality("distribute:", "- from: a", "  to: {a/b: 50, a/c: 50}"),
        "",
    ),
    "failover to itself": (
        "outlierDetection: {}\n" + locality("failover:", "- from: a", "  to: a"),
        "TS319 error 14",
    ),
    "failover of a zone": (
        "outlierDetection: {}\n" + locality("failover:", "- from: a/b", "  to: c"),
        "TS319 error 13",
    ),
    "failover to a wildcard": (
        "outlierDetection: {}\n" + locality("failover:", "- from: a", "  to: '*'"),
        "TS319 error 14",
    ),
    "failover": ("outlierDetection: {}\n" + locality("failover: [{from: a, to: b}]"), ""),
    "failover without detection": (locality("failover: [{from: a, to: b}]"), "TS319 warning 11"),
    "priority without detection": (locality("failoverPriority: [version]"), "TS319 warning 11"),
    "a topology label beside failover": (
        "outlierDetection: {}\n"
        + locality(
            "failover: [{from: a, to: b}]", "failoverPriority:", "- topology.kubernetes.io/zone"
        ),
        "TS319 error 14",
    ),
    "a topology label alone": (
        "outlierDetection: {}\n" + locality("failoverPriority: [topology.kubernetes.io/zone]"),
        "",
    ),
    "another label beside failover": (
        "outlierDetection: {}\n"
        + locality("failover: [{from: a, to: b}]", "failoverPriority: [version]"),
        "",
    ),
    "a topology label and zones": (
        "outlierDetection: {}\n"
        + balancer("zoneAwareLbSetting:", "  failoverPriority:", "  - topology.istio.io/subzone"),
        "TS319 error 13",
    ),
    "zones: failover to itself": (
        "outlierDetection: {}\n"
        + balancer("zoneAwareLbSetting:", "  failover:", "  - from: a", "    to: a"),
        "TS319 error 14",
    ),
    # tls
    "mutual without anything": ("tls:\n  mode: MUTUAL", "TS320 error 10"),
    "mutual without a key": ("tls:\n  mode: MUTUAL\n  clientCertificate: /c", "TS320 error 10"),
    "mutual": ("tls: {mode: MUTUAL, clientCertificate: /c, privateKey: /k}", ""),
    "mutual by credential": ("tls: {mode: MUTUAL, credentialName: c}", ""),
    **{
        f"credential and {field}": (
            f"tls:\n  mode: SIMPLE\n  credentialName: c\n  {field}: /f",
            "TS320 error 12",
        )
        for field in ("clientCertificate", "privateKey", "caCertificates", "caCrl")
    },
    "credential and files in a mode that reads none": (
        "tls: {mode: ISTIO_MUTUAL, credentialName: c, caCertificates: /f}",
        "",
    ),
    "skip and CA": (
        "tls:\n  mode: SIMPLE\n  insecureSkipVerify: true\n  caCertificates: /f",
        "TS320 error 12",
    ),
    "skip and names": (
        "tls:\n  mode: SIMPLE\n  insecureSkipVerify: true\n  subjectAltNames: [a]",
        "TS320 error 12",
    ),
    "skip and credential": (
        "tls:\n  mode: SIMPLE\n  insecureSkipVerify: true\n  credentialName: c",
        "TS320 error 12",
    ),
    "mutual skip and credential": (
        "tls: {mode: MUTUAL, insecureSkipVerify: true, credentialName: c}",
        "",
    ),
    "no skip and CA": ("tls: {mode: SIMPLE, insecureSkipVerify: false, caCertificates: /f}", ""),
    "a ConfigMap without namespace": (
        "tls:\n  mode: SIMPLE\n  credentialName: configmap://ca",
        "TS320 error 11",
    ),
    "a ConfigMap without name": (
        "tls:\n  mode: SIMPLE\n  credentialName: configmap://prod/",
        "TS320 error 11",
    ),
    "a ConfigMap of another namespace": (
        "tls:\n  mode: SIMPLE\n  credentialName: configmap://stage/ca",
        "TS320 error 11",
    ),
    "a ConfigMap": ("tls: {mode: SIMPLE, credentialName: 'configmap://prod/ca'}", ""),
    # tunnel
    "another protocol": (
        "tunnel:\n  protocol: connect\n  targetHost: a.com\n  targetPort: 1",
        "TS321 error 10",
    ),
    "protocol POST": ("tunnel: {protocol: POST, targetHost: 1.2.3.4, targetPort: 65535}", ""),
    "no target host": ("tunnel:\n  targetPort: 1", "TS321 error 9"),
    "a wildcard target": ("tunnel:\n  targetHost: '*.a.com'\n  targetPort: 1", "TS321 error 10"),
    "no target port": ("tunnel:\n  targetHost: a.com", "TS321 error 9"),
    "target port 0": ("tunnel:\n  targetHost: a.com\n  targetPort: 0", "TS321 error 11"),
    "target port 65536": ("tunnel:\n  targetHost: a.com\n  targetPort: 65536", "TS321 error 11"),
}


@pytest.mark.parametrize(("text", "wanted"), CASES.values(), ids=CASES)
def test_the_policy_of_a_rule(tree: Tree, text: str, wanted: str) -> None:
    if text == "{}":
        text = HEAD.replace("trafficPolicy:\n", "trafficPolicy: {}\n")
        assert found(tree, text) == [wanted]
        return
    assert found(tree, policy(text)) == ([wanted] if wanted else [])


@pytest.mark.parametrize(("text", "wanted"), CASES.values(), ids=CASES)
def test_the_policy_of_a_subset(tree: Tree, text: str, wanted: str) -> None:
    if text == "{}":
        return
    head, _space, line = wanted.rpartition(" ")
    assert found(tree, of_subset(text)) == ([f"{head} {int(line) + 2}"] if wanted else [])


@pytest.mark.parametrize(
    ("part", "wanted"),
    [
        ("connectionPool: {tcp: {maxConnections: -1}}", ["TS316 error 11"]),
        ("outlierDetection: {minHealthPercent: 101}", ["TS317 error 11"]),
        ("loadBalancer: {warmup: {duration: 0s}}", ["TS318 error 11"]),
        ("loadBalancer: {localityLbSetting: {failover: [{from: a, to: b}]}}", ["TS319 warning 11"]),
        ("tls: {mode: MUTUAL}", ["TS320 error 11"]),
        ("tls: {mode: SIMPLE}", []),
    ],
)
def test_the_policy_of_a_port(tree: Tree, part: str, wanted: list[str]) -> None:
    assert found(tree, policy(f"portLevelSettings:\n- port: {{number: 80}}\n  {part}")) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "'${policy}'",
        "tls: {mode: MUTUAL, clientCertificate: '${cert}', privateKey: <+key>}",
        "tls: {mode: SIMPLE, credentialName: '${name}', insecureSkipVerify: '${skip}'}",
        "tls: {mode: '${mode}'}",
        "connectionPool: {tcp: {maxConnections: '${n}', connectTimeout: '${t}'}}",
        "connectionPool: {http: '${http}'}",
        "connectionPool: '${pool}'",
        "connectionPool: {'${part}': {}}",
        "outlierDetection: {interval: '${i}', minHealthPercent: '${p}'}",
        "outlierDetection: {consecutiveLocalOriginFailures: 2, splitExternalLocalOriginErrors: '${s}'}",
        "loadBalancer: {consistentHash: {maglev: {tableSize: '${size}'}}}",
        "loadBalancer: {localityLbSetting: {distribute: [{from: '${r}', to: {a: '${w}', b: 10}}]}}",
        "loadBalancer: {localityLbSetting: {distribute: '${d}'}}",
        "portLevelSettings: ['${port}']",
        "portLevelSettings: '${ports}'",
        "tunnel: {targetHost: '${host}', targetPort: '${port}'}",
        "outlierDetection: '${o}'\nloadBalancer: {localityLbSetting: {failoverPriority: [a]}}",
    ],
)
def test_what_an_expression_hides_is_not_judged(tree: Tree, text: str) -> None:
    assert found(tree, policy(text)) == []


def test_a_message_names_the_policy_and_the_outcome(tree: Tree) -> None:
    tree.write({"dr.yaml": of_subset("connectionPool: {tcp: {connectTimeout: 0s}}")})
    (finding,) = tree.lint(select=("TS316",))
    assert finding.message == (
        'connectTimeout "0s" for subset "v1" of DestinationRule prod/shop is shorter than 1ms, the '
        "shortest that Istio takes. Istio refuses the DestinationRule."
    )
    assert finding.path == "spec.subsets[0].trafficPolicy.connectionPool.tcp.connectTimeout"


# -- the selector -----------------------------------------------------------------------------------


def selecting(text: str, namespace: str = "prod") -> str:
    """A rule with more fields in its spec, from line 8 on."""
    head = HEAD.replace("  trafficPolicy:\n", "").replace("  namespace: prod\n", namespace)
    return head + indent(text.strip("\n"), "  ") + "\n"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("workloadSelector: {matchLabels: {app: cart}}", []),
        ("workloadSelector: {}", ["TS308 warning 8"]),
        ("workloadSelector: {matchLabels: {}}", ["TS308 warning 8"]),
        ("workloadSelector: {matchLabels: {'': cart}}", ["TS308 error 8"]),
        ("workloadSelector: {matchLabels: {'app*': cart}}", ["TS308 error 8"]),
        ("workloadSelector:\n  matchLabels:\n    app: cart-*", ["TS308 error 10"]),
        ("workloadSelector: {matchLabels: {app: '${app}'}}", []),
        ("workloadSelector: '${selector}'", []),
        ("workloadSelector: {matchLabels: {app: cart}}\nexportTo: ['.']", []),
        ("workloadSelector: {matchLabels: {app: cart}}\nexportTo: [prod]", []),
        ("workloadSelector: {matchLabels: {app: cart}}\nexportTo: ['*']", ["TS308 error 9"]),
        ("workloadSelector: {matchLabels: {app: cart}}\nexportTo: [., stage]", ["TS308 error 9"]),
        ("workloadSelector: {matchLabels: {app: cart}}\nexportTo: ['${ns}']", []),
        ("exportTo: ['*']", []),
    ],
)
def test_the_selector_of_a_rule(tree: Tree, text: str, wanted: list[str]) -> None:
    assert found(tree, selecting(text, "  namespace: prod\n")) == wanted


def test_a_rule_without_namespace_may_be_exported_to_its_own(tree: Tree) -> None:
    text = "workloadSelector: {matchLabels: {app: cart}}\nexportTo: [prod]"
    assert found(tree, selecting(text, "")) == []


# -- TS310 ------------------------------------------------------------------------------------------

TLS = ("TS310",)


@pytest.mark.parametrize(
    ("tls", "wanted", "before"),
    [
        ("mode: SIMPLE", "info 10", "warning 10"),
        ("mode: MUTUAL", "info 10", "warning 10"),
        ("mode: DISABLE", "", ""),
        ("mode: ISTIO_MUTUAL", "", ""),
        ("mode: SIMPLE\n  caCertificates: /ca", "", ""),
        ("mode: SIMPLE\n  caCertificates: ''", "info 10", "warning 10"),
        ("mode: SIMPLE\n  caCertificates: '${ca}'", "", ""),
        ("mode: SIMPLE\n  insecureSkipVerify: true", "warning 11", "warning 11"),
        ("mode: SIMPLE\n  credentialName: c", "info 11", "info 11"),
        ("mode: SIMPLE\n  credentialName: configmap://prod/c", "", ""),
        ("mode: SIMPLE\n  credentialName: '${c}'", "", ""),
        ("mode: '${mode}'", "", ""),
    ],
)
def test_who_verifies_the_server(tree: Tree, tls: str, wanted: str, before: str) -> None:
    text = policy(f"tls:\n  {tls}")
    assert found(tree, text, TLS) == ([f"TS310 {wanted}"] if wanted else [])
    old = found(tree, text, TLS, istio_version="1.20")
    assert old == ([f"TS310 {before}"] if before else [])


def test_a_credential_for_chosen_pods_is_read(tree: Tree) -> None:
    text = policy("tls: {mode: SIMPLE, credentialName: c}")
    text += "  workloadSelector: {matchLabels: {app: cart}}\n"
    assert found(tree, text, TLS) == []


def test_the_level_has_its_own_code(tree: Tree) -> None:
    port = "portLevelSettings:\n- port: {number: 443}\n  tls: {mode: SIMPLE}"
    tree.write({"dr.yaml": policy("tls: {mode: SIMPLE}\n" + port)})
    assert [finding.aliases for finding in tree.lint(select=TLS)] == [("IST0128",), ("IST0129",)]


# -- TS311 ------------------------------------------------------------------------------------------

OVERRIDE = ("TS311",)


def wide(host: str = "*.local", namespace: str = "istio-system", mode: str = "ISTIO_MUTUAL") -> str:
    return f"""\
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: wide, namespace: {namespace}}}
spec:
  host: '{host}'
  trafficPolicy: {{tls: {{mode: {mode}}}}}
"""


@pytest.mark.parametrize(
    ("other", "wanted"),
    [
        (wide(), 1),
        (wide("*.prod.svc.cluster.local", "prod"), 1),
        (wide("*", "istio-system"), 1),
        (wide("*.stage.svc.cluster.local", "prod"), 0),
        (wide("*.prod.svc.cluster.local", "stage"), 0),
        (wide("*.local", mode="DISABLE"), 0),
        (wide("*.local", mode="'${mode}'"), 0),
        (wide("shop", "prod"), 0),
    ],
    ids=[
        "mesh",
        "namespace",
        "everything",
        "other services",
        "clients of another namespace",
        "not mutual",
        "hidden",
        "the same host",
    ],
)
def test_a_rule_that_loses_mutual_tls(tree: Tree, other: str, wanted: int) -> None:
    text = policy("loadBalancer: {simple: RANDOM}") + other
    assert found(tree, text, OVERRIDE) == ["TS311 info 7"] * wanted


def test_before_meshes_turned_on_mutual_tls_by_themselves_it_is_a_warning(tree: Tree) -> None:
    tree.write({"a.yaml": policy("loadBalancer: {simple: RANDOM}") + wide()})
    (finding,) = tree.lint(select=OVERRIDE, istio_version="1.4")
    assert finding.severity.label == "warning"


@pytest.mark.parametrize(
    "text",
    [
        "tls: {mode: DISABLE}",
        "tls: '${tls}'",
        "portLevelSettings: [{port: {number: 80}, tls: {mode: DISABLE}}]",
        "portLevelSettings: '${ports}'",
    ],
)
def test_a_rule_that_says_so_itself(tree: Tree, text: str) -> None:
    assert found(tree, policy(text) + wide(), OVERRIDE) == []


def test_a_mesh_of_another_project_is_not_ours(tree: Tree) -> None:
    tree.write({"one/mesh.yaml": wide(), "two/dr.yaml": policy("loadBalancer: {simple: RANDOM}")})
    assert tree.show(select=OVERRIDE) == []
    assert tree.show(select=OVERRIDE, complete=True) == ["two/dr.yaml:7:9 TS311"]
    tree.write({"mesh.yaml": wide()})
    assert tree.show(select=OVERRIDE) == ["two/dr.yaml:7:9 TS311"]


@pytest.mark.parametrize(
    ("around", "port", "wanted"),
    [
        ("tls: {mode: SIMPLE}", "loadBalancer: {simple: RANDOM}", ["TS311 warning 11"]),
        ("tls: {mode: MUTUAL}", "tls: {mode: DISABLE}", []),
        ("tls: {mode: ISTIO_MUTUAL}", "loadBalancer: {simple: RANDOM}", []),
        ("outlierDetection: {interval: 1s}", "loadBalancer: {simple: RANDOM}", ["TS311 info 11"]),
        ("connectionPool: {tcp: {}}", "connectionPool: {http: {}}", []),
        ("loadBalancer: {simple: RANDOM}", "tls: {mode: SIMPLE}", []),
        ("outlierDetection: {interval: 1s}", "outlierDetection: '${o}'", []),
    ],
)
def test_what_a_port_takes_away(tree: Tree, around: str, port: str, wanted: list[str]) -> None:
    text = policy(f"{around}\nportLevelSettings:\n- port: {{number: 80}}\n  {port}")
    assert found(tree, text, OVERRIDE) == wanted


@pytest.mark.parametrize(
    ("own", "wanted"),
    [
        ("{http: {maxRetries: 1}}", ["TS311 info 13"]),
        ("{http: {maxRetries: 1}, tcp: {}}", []),
        ("'${pool}'", []),
        ("{}", []),
    ],
)
def test_what_a_subset_takes_away(tree: Tree, own: str, wanted: list[str]) -> None:
    text = policy("connectionPool: {tcp: {maxConnections: 1}}")
    text += f"  subsets:\n  - name: v1\n    trafficPolicy:\n      connectionPool: {own}\n"
    assert found(tree, text, OVERRIDE) == wanted


def test_severities_never_exceed_the_rule(tree: Tree) -> None:
    tree.write({"dr.yaml": policy("tls: {mode: SIMPLE, insecureSkipVerify: true}")})
    assert {finding.severity for finding in tree.lint(select=TLS)} == {Severity.WARNING}

"""What a route does on the way: TS216, TS218 to TS226.

The rows follow the validation of VirtualServices by Istio check by check.
"""

from __future__ import annotations

import pytest
from marked import ROUTE, Row, findings, judge, manifest

from conftest import Tree

MIRROR = [
    Row(
        "percentage above 100",
        "TS221",
        f"- {ROUTE}\n  mirror: {{host: a}}\n  mirrorPercentage: {{value: 100.1}}  # <-",
    ),
    Row(
        "percentage below 0",
        "TS221",
        f"- {ROUTE}\n  mirror: {{host: a}}\n  mirrorPercentage: {{value: -0.1}}  # <-",
    ),
    Row(
        "percent above 100",
        "TS221",
        f"- {ROUTE}\n  mirror: {{host: a}}\n  mirrorPercent: 101  # <-",
        f"- {ROUTE}\n  mirror: {{host: a}}\n  mirrorPercent: 100",
    ),
    Row(
        "percent below 0",
        "TS221",
        f"- {ROUTE}\n  mirror: {{host: a}}\n  mirrorPercent: -1  # <-",
        f"- {ROUTE}\n  mirror: {{host: a}}\n  mirrorPercentage: {{value: 0}}\n"
        f"- {ROUTE}\n  mirror: {{host: a}}\n  mirrorPercentage: {{value: 100}}\n"
        f"- {ROUTE}\n  mirror: {{host: a}}\n  mirrorPercentage: {{}}",
    ),
    Row("null in mirrors", "TS221", f"- {ROUTE}\n  mirrors:\n  - null  # <-"),
    Row(
        "mirrors without destination",
        "TS221",
        f"- {ROUTE}\n  mirrors:\n  - percentage: {{value: 1}}  # <-",
    ),
    Row(
        "percentage of an entry above 100",
        "TS221",
        f"- {ROUTE}\n  mirrors:\n  - destination: {{host: a}}\n    percentage: {{value: 101}}  # <-",
        f"- {ROUTE}\n  mirrors:\n  - destination: {{host: a}}\n    percentage: {{value: 100}}",
    ),
    Row(
        "percentage without mirror",
        "TS221",
        f"- {ROUTE}\n  mirrorPercentage:  # <- warning\n    value: 10",
    ),
    Row(
        "percentage beside mirrors",
        "TS221",
        f"- {ROUTE}\n  mirrors: [{{destination: {{host: a}}}}]\n  mirrorPercent: 10  # <- warning",
        "- {delegate: {name: a}, mirrorPercentage: {value: 10}}",
    ),
]
PERCENT = "percentage: {value: 10}"
FAULT = [
    Row("neither abort nor delay", "TS222", f"- fault: {{}}  # <-\n  {ROUTE}"),
    Row(
        "percentage 100.1",
        "TS222",
        f"- fault: {{abort: {{httpStatus: 500, percentage: {{value: 100.1}}}}}}  # <-\n  {ROUTE}",
    ),
    Row(
        "percentage 0.00009",
        "TS222",
        f"- fault: {{abort: {{httpStatus: 500, percentage: {{value: 0.00009}}}}}}  # <-\n  {ROUTE}",
        f"- fault: {{abort: {{httpStatus: 500, percentage: {{value: 0.0001}}}}}}\n  {ROUTE}",
    ),
    Row(
        "percentage below 0",
        "TS222",
        f"- fault: {{delay: {{fixedDelay: 1s, percentage: {{value: -1}}}}}}  # <-\n  {ROUTE}",
        f"- fault: {{delay: {{fixedDelay: 1s, percentage: {{value: 0}}}}}}\n  {ROUTE}\n"
        f"- fault: {{delay: {{fixedDelay: 1s, percentage: {{value: 100}}}}}}\n  {ROUTE}",
    ),
    Row("http2Error", "TS222", f"- fault: {{abort: {{http2Error: a}}}}  # <-\n  {ROUTE}"),
    Row(
        "grpcStatus unknown",
        "TS222",
        f"- fault: {{abort: {{grpcStatus: unavailable}}}}  # <-\n  {ROUTE}",
        f"- fault: {{abort: {{grpcStatus: UNAVAILABLE}}}}\n  {ROUTE}",
    ),
    Row("httpStatus 199", "TS222", f"- fault: {{abort: {{httpStatus: 199}}}}  # <-\n  {ROUTE}"),
    Row("httpStatus 601", "TS222", f"- fault: {{abort: {{httpStatus: 601}}}}  # <-\n  {ROUTE}"),
    Row(
        "httpStatus 600, which the proxies refuse",
        "TS222",
        f"- fault: {{abort: {{httpStatus: 600}}}}  # <-\n  {ROUTE}",
        f"- fault: {{abort: {{httpStatus: 200}}}}\n  {ROUTE}\n"
        f"- fault: {{abort: {{httpStatus: 599}}}}\n  {ROUTE}",
    ),
    Row(
        "two statuses",
        "TS222",
        f"- fault: {{abort: {{httpStatus: 500, grpcStatus: OK}}}}  # <-\n  {ROUTE}",
    ),
    Row("no status", "TS222", f"- fault: {{abort: {{{PERCENT}}}}}  # <- warning\n  {ROUTE}"),
    Row(
        "fixedDelay shorter than 1ms",
        "TS222",
        f"- fault: {{delay: {{fixedDelay: 999us, {PERCENT}}}}}  # <-\n  {ROUTE}",
        f"- fault: {{delay: {{fixedDelay: 1ms, {PERCENT}}}}}\n  {ROUTE}",
    ),
    Row(
        "exponentialDelay",
        "TS222",
        f"- fault: {{delay: {{exponentialDelay: 1s, {PERCENT}}}}}  # <-\n  {ROUTE}",
    ),
    Row(
        "a delay without percentage",
        "TS222",
        f"- fault: {{delay: {{fixedDelay: 1s}}}}  # <- warning\n  {ROUTE}",
        f"- fault: {{delay: {{fixedDelay: 1s, percent: 5}}}}\n  {ROUTE}",
    ),
]
RETRIES = [
    Row(
        "attempts below 0",
        "TS223",
        f"- retries: {{attempts: -1}}  # <-\n  {ROUTE}",
        f"- retries: {{attempts: 0}}\n  {ROUTE}",
    ),
    Row(
        "attempts 0 with perTryTimeout",
        "TS223",
        f"- retries: {{attempts: 0, perTryTimeout: 1s}}  # <-\n  {ROUTE}",
    ),
    Row(
        "attempts 0 with retryOn",
        "TS223",
        f"- retries: {{attempts: 0, retryOn: 5xx}}  # <-\n  {ROUTE}",
    ),
    Row(
        "attempts 0 with retryRemoteLocalities",
        "TS223",
        f"- retries: {{attempts: 0, retryRemoteLocalities: false}}  # <-\n  {ROUTE}",
        f"- retries: {{attempts: 0, backoff: 1s, retryIgnorePreviousHosts: true}}\n  {ROUTE}",
    ),
    Row(
        "no attempts with perTryTimeout",
        "TS223",
        f"- retries: {{perTryTimeout: 1s}}  # <-\n  {ROUTE}",
        f"- retries: {{}}\n  {ROUTE}",
    ),
    Row(
        "perTryTimeout 0s",
        "TS223",
        f"- retries: {{attempts: 1, perTryTimeout: 0s}}  # <-\n  {ROUTE}",
        f"- retries: {{attempts: 1, perTryTimeout: 1ms, backoff: 1ms}}\n  {ROUTE}",
    ),
    Row(
        "backoff of parts of a millisecond",
        "TS223",
        f"- retries: {{attempts: 1, backoff: 1.5ms}}  # <-\n  {ROUTE}",
    ),
    Row("retryOn unknown", "TS223", f"- retries: {{attempts: 1, retryOn: 5XX}}  # <-\n  {ROUTE}"),
    Row(
        "retryOn with blanks",
        "TS223",
        f'- retries: {{attempts: 1, retryOn: "5xx, reset, 503"}}  # <-\n  {ROUTE}',
    ),
    Row(
        "retryOn a status that is none",
        "TS223",
        f'- retries: {{attempts: 1, retryOn: "599"}}  # <-\n  {ROUTE}',
    ),
    Row(
        "retryOn ends in a comma",
        "TS223",
        f'- retries: {{attempts: 1, retryOn: "5xx,"}}  # <-\n  {ROUTE}',
        f'- retries: {{attempts: 1, retryOn: "5xx,gateway-error,reset,connect-failure,retriable-4xx,'
        "refused-stream,retriable-status-codes,retriable-headers,envoy-ratelimited,reset-before-request,"
        "http3-post-connect-failure,cancelled,deadline-exceeded,internal,resource-exhausted,unavailable,"
        f'418,503"}}\n  {ROUTE}',
    ),
]
TIMEOUT = [
    Row("timeout 0s", "TS224", f"- timeout: 0s  # <-\n  {ROUTE}"),
    Row("timeout without a unit", "TS224", f'- timeout: "5"  # <-\n  {ROUTE}'),
    Row("timeout below 0", "TS224", f"- timeout: -1s  # <-\n  {ROUTE}"),
    Row("timeout of parts of a millisecond", "TS224", f"- timeout: 1.0001s  # <-\n  {ROUTE}"),
    Row(
        "timeout shorter than 1ms",
        "TS224",
        f"- timeout: 0.9ms  # <-\n  {ROUTE}",
        f"- timeout: 1ms\n  {ROUTE}\n- timeout: 1m30.5s\n  {ROUTE}",
    ),
]
CORS = [
    Row(
        "allowOrigins empty",
        "TS225",
        f'- corsPolicy: {{allowOrigins: [{{exact: ""}}]}}  # <-\n  {ROUTE}',
    ),
    Row(
        "allowOrigins of no kind",
        "TS225",
        f"- corsPolicy: {{allowOrigins: [{{}}]}}  # <-\n  {ROUTE}",
    ),
    Row(
        "allowOrigins of two kinds",
        "TS225",
        f"- corsPolicy: {{allowOrigins: [{{exact: a, prefix: b}}]}}  # <-\n  {ROUTE}",
    ),
    Row(
        "allowOrigins not RE2",
        "TS225",
        f'- corsPolicy: {{allowOrigins: [{{regex: "*"}}]}}  # <-\n  {ROUTE}',
        f'- corsPolicy: {{allowOrigins: [{{regex: ".*"}}, {{exact: "*"}}, {{prefix: http}}]}}\n  {ROUTE}',
    ),
    Row(
        "allowMethods",
        "TS225",
        f"- corsPolicy: {{allowMethods: [get]}}  # <-\n  {ROUTE}",
        f'- corsPolicy: {{allowMethods: ["*", GET, TRACE]}}\n  {ROUTE}',
    ),
    Row(
        "allowHeaders several in one",
        "TS225",
        f'- corsPolicy: {{allowHeaders: ["a, b"]}}  # <-\n  {ROUTE}',
    ),
    Row("allowHeaders empty", "TS225", f'- corsPolicy: {{allowHeaders: [""]}}  # <-\n  {ROUTE}'),
    Row(
        "exposeHeaders a pseudo header",
        "TS225",
        f'- corsPolicy: {{exposeHeaders: [":path"]}}  # <-\n  {ROUTE}',
        f'- corsPolicy: {{allowHeaders: ["*"], exposeHeaders: [x-a, "*"]}}\n  {ROUTE}',
    ),
    Row(
        "maxAge of parts of a second",
        "TS225",
        f"- corsPolicy: {{maxAge: 1500ms}}  # <-\n  {ROUTE}",
        f"- corsPolicy: {{maxAge: 2000ms}}\n  {ROUTE}",
    ),
    Row("maxAge 0s", "TS225", f"- corsPolicy: {{maxAge: 0s}}  # <-\n  {ROUTE}"),
]


def headers(operations: str) -> str:
    return f"- headers:\n    {operations}\n  {ROUTE}"


HEADERS = [
    Row("request set a pseudo header", "TS226", headers('request: {set: {":path": a}}  # <-')),
    Row("request add an empty name", "TS226", headers('request: {add: {"": a}}  # <-')),
    Row(
        "request remove host",
        "TS226",
        headers("request: {remove: [Host]}  # <-"),
        headers('request: {set: {":authority": a}}') + "\n" + headers("request: {add: {HOST: a}}"),
    ),
    Row("request remove a pseudo header", "TS226", headers('request: {remove: [":path"]}  # <-')),
    Row("response set host", "TS226", headers("response: {set: {host: a}}  # <-")),
    Row("response add authority", "TS226", headers('response: {add: {":authority": a}}  # <-')),
    Row(
        "response remove an empty name",
        "TS226",
        headers('response: {remove: [""]}  # <-'),
        headers("response: {remove: [server], set: {x-a: b}, add: {x-c: d}}"),
    ),
    Row(
        "a control character",
        "TS226",
        headers('request: {set: {x-a: "a\\nb"}}  # <-'),
        headers('request: {set: {x-a: "a\\tb"}}'),
    ),
    Row(
        "a lone per cent sign",
        "TS226",
        headers('request: {set: {x-a: "10%"}}  # <-'),
        headers('request: {set: {x-a: "10%%"}}'),
    ),
    Row(
        "a command that does not end",
        "TS226",
        headers('response: {add: {x-a: "%REQ(a%"}}  # <-'),
        headers('response: {add: {x-a: "%REQ(a)% and %START_TIME%"}}'),
    ),
    Row(
        "of a destination",
        "TS226",
        "- route:\n  - destination: {host: a}\n    headers: {request: {remove: [host]}}  # <-",
        "- route: [{destination: {host: a}, headers: {request: {set: {host: b}}}}]",
    ),
    Row(
        "the authority twice",
        "TS226",
        f"- headers:\n    request: {{set: {{host: a}}}}  # <-\n  rewrite: {{authority: b}}\n  {ROUTE}",
        f'- headers: {{request: {{set: {{host: ""}}}}}}\n  rewrite: {{authority: b}}\n  {ROUTE}',
    ),
    Row(
        "the authority in set and add",
        "TS226",
        headers('request: {set: {host: a}, add: {":authority": b}}  # <-'),
    ),
]
ALSO = [
    Row(
        "perTryTimeout times attempts",
        "TS219",
        f"- timeout: 5s\n  retries: {{attempts: 3, perTryTimeout: 2s, retryOn: 5xx}}  # <- warning\n"
        f"  {ROUTE}",
        f"- timeout: 6s\n  retries: {{attempts: 3, perTryTimeout: 2s, retryOn: 5xx}}\n  {ROUTE}",
    ),
    Row(
        "tries that are not made again after a timeout",
        "TS219",
        f"- timeout: 5s\n  retries: {{attempts: 3, perTryTimeout: 5s}}  # <- info\n  {ROUTE}\n"
        f"- timeout: 5s\n  retries: {{attempts: 3, perTryTimeout: 5s, retryOn: '503,connect-failure'}}"
        f"  # <- info\n  {ROUTE}\n"
        f"- timeout: 5s\n  retries: {{attempts: 3, perTryTimeout: 5s, retryOn: 'connect-failure,reset'}}"
        f"  # <- warning\n  {ROUTE}",
        f"- timeout: 5s\n  retries: {{attempts: 3, retryOn: connect-failure}}\n  {ROUTE}",
    ),
    Row(
        "perTryTimeout longer than timeout",
        "TS219",
        f"- timeout: 999ms\n  retries: {{attempts: 1, perTryTimeout: 1s}}  # <- warning\n  {ROUTE}",
        f"- timeout: 1s\n  retries: {{attempts: 1, perTryTimeout: 1s}}\n  {ROUTE}",
    ),
    Row(
        "mirror to the only destination",
        "TS220",
        "- route: [{destination: {host: shop, subset: a}, weight: 10}]\n"
        "  mirror: {host: shop.prod.svc.cluster.local, subset: a}  # <- warning",
        "- route: [{destination: {host: shop, subset: a}}]\n  mirror: {host: shop, subset: b}\n"
        "- route: [{destination: {host: shop, port: {number: 80}}}]\n"
        "  mirror: {host: shop, port: {number: 81}}\n"
        "- route: [{destination: {host: shop}}]\n  mirror: {host: shop}\n  mirrorPercentage: {value: 0}\n"
        "- route: [{destination: {host: shop}}]\n  mirror: {host: shop}\n  mirrorPercentage: {}\n"
        "- route: [{destination: {host: shop}}]\n  mirror: {host: shop}\n  mirrorPercent: 0",
    ),
    Row(
        "mirror to the one with all weight",
        "TS220",
        "- route:\n  - {destination: {host: shop, subset: a}, weight: 100}\n"
        "  - {destination: {host: shop, subset: b}, weight: 0}\n"
        "  mirrors:\n  - destination: {host: shop, subset: a}  # <- warning\n"
        "  - destination: {host: shop, subset: b}",
    ),
    Row(
        "mirror to a share",
        "TS216",
        "- route:\n  - {destination: {host: shop, subset: a}, weight: 90}\n"
        "  - {destination: {host: shop, subset: b}, weight: 10}\n"
        "  mirror: {host: shop, subset: b}  # <- info\n  mirrorPercentage: {value: 1}",
        "- route:\n  - {destination: {host: shop, subset: a}, weight: 90}\n"
        "  - {destination: {host: shop, subset: b}, weight: 10}\n"
        "  mirror: {host: shop, subset: c}",
    ),
    Row(
        "mirror of everything to a canary",
        "TS216",
        f"- {ROUTE}\n  mirror: {{host: shop, subset: canary}}  # <- info\n"
        f"- {ROUTE}\n  mirror: {{host: shop-canary.prod.svc.cluster.local}}  # <- info\n"
        f"- {ROUTE}\n  mirrors:\n  - destination: {{host: shop, subset: canary-2}}  # <- info",
        f"- {ROUTE}\n  mirror: {{host: shop, subset: canary}}\n  mirrorPercentage: {{value: 100}}\n"
        f"- {ROUTE}\n  mirror: {{host: shop, subset: v2}}\n"
        f"- {ROUTE}\n  mirror: {{host: canaryislands}}\n"
        f"- {ROUTE}\n  mirrors: [{{destination: {{host: canary}}, percentage: {{value: 5}}}}]",
    ),
]
ROWS = [*MIRROR, *FAULT, *RETRIES, *TIMEOUT, *CORS, *HEADERS, *ALSO]


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.rule} {row.name}" for row in ROWS])
def test_a_check(row: Row, tree: Tree) -> None:
    judge(tree, row)


@pytest.mark.parametrize(
    "fragment",
    [
        "mirror: ${m}\n  mirrorPercentage: ${p}",
        "mirror: {host: shop}\n  mirrorPercentage: ${p}",
        "mirror: {host: shop}\n  mirrorPercentage: {value: ${p}}",
        "mirror: {host: shop, subset: ${s}}",
        "mirrors: [${m}, {destination: {host: ${h}}, percentage: {value: ${p}}}]",
        "fault: ${f}",
        "fault: {abort: ${a}, delay: ${d}}",
        "fault: {abort: {httpStatus: ${s}, percentage: {value: ${p}}}}",
        "fault: {delay: {fixedDelay: ${d}, percentage: ${p}}}",
        "retries: ${r}",
        "retries: {attempts: ${a}, perTryTimeout: ${t}, retryOn: ${o}}",
        "retries: {attempts: ${a}, perTryTimeout: 1s}",
        "timeout: ${t}\n  retries: {attempts: 9, perTryTimeout: 9s}",
        "timeout: 1s\n  retries: {attempts: 9, perTryTimeout: ${t}}",
        "corsPolicy: ${c}",
        "corsPolicy: {allowOrigins: [{exact: ${o}}, ${p}], allowMethods: [${m}], maxAge: ${a}}",
        "headers: ${h}",
        "headers: {request: {set: {'${name}': ${value}}, remove: [${n}]}}",
        "headers: {request: {set: {host: ${h}}}}\n  rewrite: {authority: ${a}}",
    ],
)
def test_what_an_expression_hides_is_not_judged(fragment: str, tree: Tree) -> None:
    assert findings(tree, manifest(f"- {ROUTE}\n  {fragment}")) == []


def test_mirrors_of_hidden_destinations_are_not_judged(tree: Tree) -> None:
    text = """
    - route: [{destination: {host: shop}, weight: ${w}}, {destination: {host: cart}, weight: 10}]
      mirror: {host: shop}
    - route: [{destination: {host: shop}}, "${d}"]
      mirror: {host: shop}
    - route: [{destination: {host: "${h}"}}]
      mirror: {host: shop}
    """
    assert findings(tree, manifest(text)) == []


@pytest.mark.parametrize(
    ("timeout", "attempts", "per_try", "words"),
    [
        ("5s", 3, "2s", "has room for 2 tries"),
        ("1s", 5, "1s", "has room for one try"),
        ("500ms", 2, "1s", "longer than the route's timeout"),
    ],
)
def test_retries_say_how_many_tries_fit(
    timeout: str, attempts: int, per_try: str, words: str, tree: Tree
) -> None:
    retries = f"{{attempts: {attempts}, perTryTimeout: {per_try}}}"
    tree.write({"a.yaml": manifest(f"- timeout: {timeout}\n  retries: {retries}\n  {ROUTE}")})
    (finding,) = tree.lint("a.yaml", select=("TS219",))
    assert words in finding.message


@pytest.mark.parametrize(
    ("retry_on", "mend"),
    [
        ("5xx, reset", "Leave them out: 5xx,reset."),
        ("5xx,conect-failure", 'Did you mean "connect-failure"?'),
        ("everything", "Write one of Envoy's conditions."),
        ("5" * 5000, "Write one of Envoy's conditions."),
    ],
)
def test_how_to_mend_retry_on(retry_on: str, mend: str, tree: Tree) -> None:
    text = manifest(f'- retries: {{attempts: 1, retryOn: "{retry_on}"}}\n  {ROUTE}')
    tree.write({"a.yaml": text})
    (finding,) = tree.lint("a.yaml", select=("TS223",))
    assert finding.help == mend


SPLIT = """
- route:
  - {{destination: {{host: shop, subset: stable}}, weight: {stable}}}
  - {{destination: {{host: shop, subset: canary}}, weight: {canary}}}
"""
ROLLOUT = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {{name: shop, namespace: prod}}
spec: {{strategy: {{canary: {{trafficRouting: {{istio: {{{routing}}}}}}}}}}}
"""
FLAGGER = """\
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {name: shop, namespace: prod}
spec: {targetRef: {kind: Deployment, name: shop}, service: {port: 80}}
"""


def lint_owned(tree: Tree, owner: str, stable: object = 20, canary: object = 80) -> list[str]:
    text = manifest(SPLIT.format(stable=stable, canary=canary))
    tree.write({"shop.yaml": text, "owner.yaml": owner})
    return tree.show("", select=("TS218",))


FOUND = ["shop.yaml:9:59 TS218"]


@pytest.mark.parametrize(
    "routing",
    [
        "virtualService: {name: shop}",
        "virtualService: {name: shop.prod}",
        "virtualServices: [{name: cart}, {name: shop, routes: [a]}]",
    ],
)
def test_a_canary_over_stable_that_argo_owns(routing: str, tree: Tree) -> None:
    assert lint_owned(tree, ROLLOUT.format(routing=routing)) == FOUND


def test_a_canary_over_stable_that_flagger_owns(tree: Tree) -> None:
    assert lint_owned(tree, FLAGGER) == FOUND


@pytest.mark.parametrize(
    "owner",
    [
        "",
        ROLLOUT.format(routing="virtualService: {name: cart}"),
        ROLLOUT.format(routing="virtualService: {name: shop.test}"),
        ROLLOUT.format(routing="virtualService: ${name}"),
        ROLLOUT.format(routing="virtualService: {name: shop}").replace("prod", "test"),
        FLAGGER.replace("name: shop", "name: cart"),
    ],
)
def test_without_a_known_owner_the_weights_are_what_the_file_says(owner: str, tree: Tree) -> None:
    assert lint_owned(tree, owner) == []


@pytest.mark.parametrize(("stable", "canary"), [(100, 0), (50, 50), ("${a}", 90), (0, "'100'")])
def test_a_canary_that_is_not_over_stable(stable: object, canary: object, tree: Tree) -> None:
    owner = ROLLOUT.format(routing="virtualService: {name: shop}")
    assert lint_owned(tree, owner, stable, canary) == []


def test_a_canary_that_harness_owns_is_told_once(tree: Tree) -> None:
    text = manifest(SPLIT.format(stable=20, canary=80))
    text = text.replace("prod}", 'prod, annotations: {harness.io/managed: "true"}}')
    tree.write({"shop.yaml": text, "owner.yaml": FLAGGER})
    assert tree.show(select=("TS218", "TS114")) == ["shop.yaml:8:59 TS114"]

"""TS008, TS009 and TS010: types, fields, deprecations."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent, indent
from typing import Any

import pytest

from conftest import Tree
from tsplit_lint import Finding, Severity

OURS = ("TS008", "TS009", "TS010")
Look = Callable[..., list[Finding]]


@pytest.fixture
def look(tree: Tree) -> Look:
    """Lint one manifest; gives the findings of the three rules."""

    def run(text: str, **settings: Any) -> list[Finding]:
        tree.write({"manifest.yaml": text})
        return [found for found in tree.lint(**settings) if found.rule in OURS]

    return run


def places(findings: list[Finding]) -> list[str]:
    return [f"{found.span.line}:{found.span.column} {found.rule}" for found in findings]


def istio(kind: str, spec: str, version: str = "v1") -> str:
    """An object of Istio; its spec begins in line 6."""
    head = (
        f"apiVersion: networking.istio.io/{version}\nkind: {kind}\nmetadata:\n  name: shop\nspec:\n"
    )
    return head + indent(dedent(spec).strip("\n"), "  ") + "\n"


def route(fields: str) -> str:
    """A VirtualService with one http route; its fields begin in line 9."""
    fields = indent(dedent(fields).strip("\n"), "  ")
    return istio("VirtualService", f"hosts: [shop]\nhttp:\n- name: main\n{fields}\n")


DESTINATION = "route:\n- destination: {host: shop}\n"

# -- TS008: types ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "message", "mend"),
    [
        (
            "timeout: 5",
            'is the number 5, not a duration such as "5s"',
            "Write it with its unit: timeout: 5s.",
        ),
        (
            "timeout: yes",
            'is the boolean yes, not a duration such as "5s"',
            'Put it in quotes: timeout: "yes".',
        ),
        (
            "mirrorPercentage: {value: '10'}",
            'is the text "10", not a number',
            "Leave out the quotes: value: 10.",
        ),
        (
            "mirrorPercentage: {value: ten}",
            'is the text "ten", not a number',
            "Write a number.",
        ),
        (
            "mirrorPercentage: {value: .nan}",
            "is the number .nan, not a number",
            "Write a number.",
        ),
        (
            "retries: {retryIgnorePreviousHosts: 'true'}",
            'is the text "true", not true or false',
            "Leave out the quotes: retryIgnorePreviousHosts: true.",
        ),
        (
            "retries: {attempts: 1.5}",
            "is the number 1.5, not a whole number",
            "Write a whole number.",
        ),
        ("retries: 3", "is the number 3, not a mapping", "Write a mapping."),
        (
            "match: {uri: {prefix: /}}",
            "is a mapping, not a list",
            "Begin it with a dash: it is a list.",
        ),
        (
            "mirror: [{host: shop}]",
            "is a list, not a mapping",
            "Leave out the dash: it is no list.",
        ),
        (
            "mirror: [{host: shop}, {host: cart}]",
            "is a list, not a mapping",
            "Write a mapping.",
        ),
        ("corsPolicy: {allowMethods: GET}", 'is the text "GET", not a list', "[GET]."),
        (
            "match: [{uri: /cart}]",
            'is the text "/cart", not a mapping',
            "Say how it is compared: uri: {exact: /cart}, or prefix, or regex.",
        ),
        (
            "mirror: {host: shop, port: 80}",
            "is the number 80, not a mapping",
            "Write port: {number: 80}.",
        ),
        ("rewrite: {uri: [/]}", "is a list, not text", "Write text."),
        ("rewrite: {uri: {}}", "is a mapping, not text", "Write text."),
        ("headers: {request: {set: {a: 1}}}", "is the number 1, not text", 'a: "1".'),
    ],
)
def test_a_value_of_the_wrong_type(look: Look, fields: str, message: str, mend: str) -> None:
    (found,) = look(route(f"{fields}\n{DESTINATION}"))
    assert (found.rule, found.severity, found.span.line) == ("TS008", Severity.ERROR, 9)
    assert message in found.message
    assert found.help.endswith(mend)
    assert found.aliases == ("IST0106",)


def test_the_message_names_the_place_and_what_happens(look: Look) -> None:
    (found,) = look(route(f"timeout: 5\n{DESTINATION}"))
    assert found.path == "spec.http[0].timeout"
    assert (found.span.line, found.span.column) == (9, 14)
    assert found.message == (
        "spec.http[0].timeout of VirtualService shop is the number 5, not a duration such as "
        '"5s". The API server refuses the object.'
    )


def test_hosts_that_are_no_list(look: Look) -> None:
    text = istio("VirtualService", f"hosts: shop\nhttp:\n- {indent(DESTINATION, '  ').strip()}\n")
    (found,) = look(text)
    assert found.span.line == 6
    assert found.help == "Write a list: hosts: [shop]."


@pytest.mark.parametrize("entry", ["", "5", "{name: shop}"])
def test_an_entry_of_a_list_of_texts(look: Look, entry: str) -> None:
    found = look(istio("Gateway", f"servers:\n- hosts:\n  - a.com\n  - {entry}\n"))
    assert places(found)[0].startswith("9:")
    assert [one.rule for one in found] == ["TS008"]


def test_subset_labels_are_text(look: Look) -> None:
    spec = "host: shop\nsubsets:\n- name: v1\n  labels: {version: 1}\n"
    assert places(look(istio("DestinationRule", spec))) == ["9:23 TS008"]


def test_a_list_of_objects(look: Look) -> None:
    text = """
        apiVersion: v1
        kind: List
        items:
        - apiVersion: networking.istio.io/v1
          kind: VirtualService
          metadata: {name: shop}
          spec:
            hosts: [shop]
            http:
            - timeout: 5
              rout: []
              route: [{destination: {host: shop}}]
    """
    assert places(look(text)) == ["11:16 TS008", "12:7 TS009"]


# -- TS008: words ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "mend"),
    [
        ("tls: {mode: ISTIO_MUTAUL}", 'Did you mean "ISTIO_MUTUAL"?'),
        ("tls: {mode: simple}", 'Did you mean "SIMPLE"?'),
        ("proxyProtocol: {version: LAST}", "Write one of V1 and V2."),
        ("connectionPool: {http: {h2UpgradePolicy: UPGRADED}}", 'Did you mean "UPGRADE"?'),
        ("tls: {mode: ''}", "Write one of DISABLE, SIMPLE, MUTUAL and ISTIO_MUTUAL."),
    ],
)
def test_a_word_that_no_enumeration_has(look: Look, policy: str, mend: str) -> None:
    spec = f"host: shop\ntrafficPolicy:\n  {policy}\n"
    (found,) = look(istio("DestinationRule", spec))
    assert (found.rule, found.span.line) == ("TS008", 8)
    assert found.help.startswith(mend)


def test_a_number_where_a_word_belongs_is_one_finding(look: Look) -> None:
    spec = "host: shop\ntrafficPolicy:\n  tls: {mode: 1}\n"
    (found,) = look(istio("DestinationRule", spec))
    assert "is the number 1, not text" in found.message


def test_an_unknown_version(look: Look) -> None:
    (found,) = look(istio("VirtualService", "hosts: [shop]", version="v1alpha1"))
    assert (found.rule, found.span.line) == ("TS008", 1)
    assert "where only networking.istio.io/v1, " in found.message


# -- TS008: metadata ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metadata", "severity"),
    [
        ("annotations: {example.com/a: true}", Severity.ERROR),
        ("annotations: {example.com/a: 1}", Severity.ERROR),
        ("labels: {version: 1.5}", Severity.ERROR),
        ("labels: [a]", Severity.ERROR),
        ("namespace: 5", Severity.ERROR),
        ("annotations: {harness.io/skip-versioning: true}", Severity.WARNING),
        ("annotations: {harness.io/direct-apply: true}", Severity.WARNING),
        ("annotations: {harness.io/managed: false}", Severity.WARNING),
        ("annotations: {harness.io/skip-file-for-deploy: false}", Severity.WARNING),
        ("labels: {harness.io/track: 1}", Severity.WARNING),
    ],
)
@pytest.mark.parametrize(
    "kind", ["v1 Namespace", "apps/v1 Deployment", "networking.k8s.io/v1 Ingress"]
)
def test_names_labels_and_annotations(
    look: Look, kind: str, metadata: str, severity: Severity
) -> None:
    version, name = kind.split()
    text = f"apiVersion: {version}\nkind: {name}\nmetadata:\n  name: shop\n  {metadata}\n"
    assert [(found.rule, found.severity, found.span.line) for found in look(text)] == [
        ("TS008", severity, 5)
    ]


def test_a_name_that_is_a_number(look: Look) -> None:
    text = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: 123\n"
    (found,) = look(text)
    assert (found.rule, found.help) == ("TS008", 'Put it in quotes: name: "123".')


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (
            istio("DestinationRule", "host: shop").replace(
                "  name: shop", "  name: shop\n  annotations: {harness.io/managed: true}"
            ),
            "TS101",
        ),
        (
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n"
            "  annotations: {harness.io/managed: true}\n",
            "TS103",
        ),
        (
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n"
            "  harness.io/managed: 'true'\n",
            "TS103",
        ),
        (
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: shop\nspec:\n"
            "  annotations: {harness.io/managed: 'true'}\n",
            "TS103",
        ),
        (
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n"
            "  annotations: {harness.io/skip-file-for-deploy: true}\n",
            "TS119",
        ),
        (
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: shop\n"
            "  annotations: {harness.io/primary-service: true}\n",
            "TS126",
        ),
        (
            istio("DestinationRule", "host: shop").replace("\n  name: shop", " []"),
            "TS012",
        ),
    ],
)
def test_what_another_rule_says(tree: Tree, text: str, rule: str) -> None:
    tree.write({"manifest.yaml": text})
    assert [found.rule for found in tree.lint() if found.rule in (*OURS, rule)] == [rule]


@pytest.mark.parametrize("weight", ['"90"', "33.3", "true", "-1", "[1]"])
def test_weights_are_of_another_rule(tree: Tree, weight: str) -> None:
    tree.write({"manifest.yaml": route(f"{DESTINATION}  weight: {weight}\n")})
    assert {found.rule for found in tree.lint() if found.rule in (*OURS, "TS202")} == {"TS202"}


# -- TS008: what is left to other rules, and what is not ------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        "route: [{destination: {subset: v1}}]",
        "route: [{weight: 100}]",
        "route: [null]",
        f"match: [null]\n{DESTINATION}",
        "route: [{destination: {host: shop, port: {number: 99999}}}]",
        f"match: [{{uri: {{exact: /, prefix: /}}}}]\n{DESTINATION}",
        f"mirrorPercent: 101\nmirror: {{host: shop}}\n{DESTINATION}",
        "directResponse: {}",
        f"retries: {{attempts: -1}}\n{DESTINATION}",
    ],
)
def test_shape_rules_judge_bounds_and_required_fields(look: Look, fields: str) -> None:
    assert [found for found in look(route(fields)) if found.rule == "TS008"] == []


@pytest.mark.parametrize(
    ("kind", "spec", "message"),
    [
        ("WorkloadEntry", "address: 1.2.3.4\nweight: -1", "is -1, less than 0"),
        ("WorkloadEntry", "address: 1.2.3.4\nports: {http: 99999}", "is 99999, more than 65535"),
        ("WorkloadEntry", f"address: {'a' * 257}", "has 257 characters, more than 256"),
        ("WorkloadGroup", "metadata: {}", "spec of WorkloadGroup shop has no template, which is"),
        ("WorkloadGroup", "template: {}\nprobe: {exec: {command: ['']}}", "is empty"),
        (
            "WorkloadGroup",
            "template: {}\nprobe: {httpGet: {port: 80, httpHeaders: [{name: a b}]}}",
            'is "a b", which does not match',
        ),
        ("Sidecar", "ingress: [{bind: 127.0.0.1}]", "spec.ingress[0] of Sidecar shop has no port"),
        (
            "DestinationRule",
            "host: shop\ntrafficPolicy: {outlierDetection: {consecutive5xxErrors: -1}}",
            "is -1, less than 0",
        ),
        (
            "DestinationRule",
            "host: shop\ntrafficPolicy: {retryBudget: {percent: 200}}",
            "is 200, more than 100",
        ),
        (
            "DestinationRule",
            "host: shop\ntrafficPolicy: {connectionPool: {tcp: {maxConnections: 4294967295}}}",
            "is 4294967295, more than 2147483647",
        ),
        (
            "ServiceEntry",
            "hosts: [a.com]\nendpoints: [{address: a.com, weight: -1}]",
            "is -1, less than 0",
        ),
        (
            "ServiceEntry",
            f"hosts: [{', '.join(f'a{n}.com' for n in range(257))}]",
            "has 257 entries, more than 256",
        ),
    ],
)  # fmt: skip
def test_bounds_and_required_fields_without_a_rule(
    look: Look, kind: str, spec: str, message: str
) -> None:
    (found,) = [found for found in look(istio(kind, spec)) if found.rule == "TS008"]
    assert message in found.message


def test_the_address_of_an_endpoint_has_a_rule(look: Look) -> None:
    spec = f"hosts: [a.com]\nendpoints: [{{address: {'a' * 257}}}]"
    assert look(istio("ServiceEntry", spec)) == []


def test_the_findings_about_one_object_are_bounded(look: Look) -> None:
    found = look(istio("VirtualService", "hosts: [" + "1, " * 2000 + "]"))
    assert len(found) == 500


def test_an_object_without_its_spec(look: Look) -> None:
    text = istio("WorkloadEntry", "address: a").partition("spec:")[0]
    (found,) = look(text)
    assert found.message.startswith("WorkloadEntry shop has no spec, which is required.")


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        ("ports: [{port: '80'}]", 6),
        ("ports: [{port: 0}]", 6),
        ("ports: [{name: http}]", 6),
        ("ports: [{port: 80, protocol: HTTP}]", 6),
        ("ports: {port: 80}", 6),
        ("type: clusterip", 6),
        ("selector: {version: 1}", 6),
        ("selector: [app]", 6),
    ],
)
def test_services(look: Look, spec: str, line: int) -> None:
    text = f"apiVersion: v1\nkind: Service\nmetadata:\n  name: shop\nspec:\n  {spec}\n"
    assert [(found.rule, found.span.line) for found in look(text)] == [("TS008", line)]


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("metadata: {labels: {version: 1}}", 7),
        ("metadata: {annotations: {sidecar.istio.io/inject: true}}", 7),
        ("spec: {containers: [{ports: [{containerPort: '80'}]}]}", 7),
        ("spec: {containers: {name: shop}}", 7),
    ],
)
def test_workloads(look: Look, template: str, line: int) -> None:
    for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"):
        text = (
            f"apiVersion: apps/v1\nkind: {kind}\nmetadata:\n  name: shop\nspec:\n  template:\n"
            f"    {template}\n"
        )
        assert [(found.rule, found.span.line) for found in look(text)] == [("TS008", line)]


# -- look-alikes that are right -------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        route(f"timeout: 5s\nretries: {{attempts: 3.0}}\n{DESTINATION}"),
        route(f"timeout:\nmatch: null\n{DESTINATION}"),
        route(f"timeout: ${{TIMEOUT}}\nretries: <+retries>\n{DESTINATION}"),
        istio("VirtualService", "${SPEC}"),
        istio("VirtualService", "hosts: [$(HOST)]\ntcp: []\nhttp:\n- ${ROUTE}\n"),
        route("${FIELD}: 5\nroute: [{destination: {host: shop}}]"),
        istio("DestinationRule", "host: shop\nsubsets:\n- {name: v1, labels: {version: '1'}}\n"),
        istio("DestinationRule", "host: shop\nsubsets: []\ntrafficPolicy: {}\n"),
        istio("VirtualService", "hosts: [shop]", version="v1alpha3"),
        istio("VirtualService", "hosts: [shop]", version="v1beta1"),
        istio("VirtualService", "hosts: [shop]\nhttp: []\n") + "status: {anything: [1, a]}\n",
        istio("VirtualService", "hosts: [shop]").replace(
            "name: shop", "name: shop\n  creationTimestamp: null\n  finalizers: []\n  generation: 3"
        ),
        # the Gateway API, Knative and Argo have kinds of the same names
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\n"
        "spec: {gatewayClassName: istio, listeners: [{name: http, port: 80}]}\n",
        "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: g}\n"
        "spec: {type: 5, template: {metadata: {labels: {a: 1}}}}\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: g, own: 1}\n"
        "spec: {replicas: many}\n",
        # fields that we do not read
        "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n"
        "spec: {ports: [{port: 80, targetPort: http}], sessionAffinity: None, ipFamilies: [IPv4]}\n",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n"
        "spec: {strategy: {type: Recreate}, template: {spec: {containers: [{name: a, env: []}]}}}\n",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
        "spec: {containers: [{name: a, ports: [{containerPort: 80}]}], nodeName: n}\n",
    ],
)  # fmt: skip
def test_what_is_right_is_silent(look: Look, text: str) -> None:
    assert look(text) == []


def test_patches_are_judged_by_what_they_make(tree: Tree) -> None:
    tree.write(
        {
            "kustomization.yaml": "resources: [shop.yaml]\npatches: [{path: patch.yaml}]\n",
            "shop.yaml": route(DESTINATION),
            "patch.yaml": route("timeout: 5\nroutes: []"),
        }
    )
    found = [(found.file, found.rule) for found in tree.lint() if found.rule in OURS]
    assert found == [("patch.yaml", "TS008"), ("patch.yaml", "TS009")]


def test_a_template_value_that_nobody_gives(tree: Tree) -> None:
    tree.write(
        {
            "values.yaml": "name: shop\n",
            "templates/shop.yaml": route(f"timeout: {{{{ .Values.timeout }}}}\n{DESTINATION}"),
        }
    )
    assert [found for found in tree.lint() if found.rule in OURS] == []


def test_a_template_that_writes_a_wrong_type(tree: Tree) -> None:
    tree.write(
        {
            "values.yaml": "timeout: 5\n",
            "templates/shop.yaml": route(f"timeout: {{{{ .Values.timeout }}}}\n{DESTINATION}"),
        }
    )
    found = [one for one in tree.lint() if one.rule in OURS]
    assert [(one.rule, one.span.line) for one in found] == [("TS008", 9)]


# -- TS009 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "mend"),
    [
        # slips of the fingers
        ("tiemout: 5s", "Write timeout."),
        ("Timeout: 5s", "Write timeout."),
        ("mirror_percentage: {value: 5}", "Write mirrorPercentage."),
        ("mirror: {hosts: shop}", "Write host."),
        ("match: [{url: {prefix: /}}]", "Write uri."),
        # known fields at the wrong level
        ("match: [{timeout: 5s}]", "Move it to spec.http[0]."),
        ("match: [{retries: {attempts: 3}}]", "Move it to spec.http[0]."),
        ("perTryTimeout: 5s", "Move it to spec.http[0].retries."),
        ("attempts: 3", "Move it to spec.http[0].retries."),
        ("gateways: [mesh]", "Move it to spec."),
        ("allowMethods: [GET]", "Move it to spec.http[0].corsPolicy."),
        ("corsPolicy: {attempts: 3}", "Move it to spec.http[0].retries."),
        # several places fit, or none does
        ("regex: a", "Remove it, or correct its name or its place."),
        ("somethingElse: 1", "Remove it, or correct its name or its place."),
        ("attempts: many", "Remove it, or correct its name or its place."),
        # what Istio no longer has
        ("websocketUpgrade: true", "Remove it: Istio lets websockets through by itself."),
        ("appendHeaders: {a: b}", "Use headers.request.add."),
    ],
)
def test_an_unknown_field(look: Look, fields: str, mend: str) -> None:
    (found,) = look(route(f"{fields}\n{DESTINATION}"))
    assert (found.rule, found.severity, found.span.line) == ("TS009", Severity.WARNING, 9)
    assert found.help == mend


#: Where a field has another name today, and where it never was one of that place.
OLD_OR_MISPLACED = [
    ("route: [{destination: {name: shop}}]", "Write host."),
    ("mirror: {name: shop}\nroute: [{destination: {host: shop}}]", "Write host."),
    ("route: [{destination: {host: shop, name: shop}}]", "Remove it: host is there."),
    # known fields at the wrong level
    ("route: [{destination: {host: shop}, retries: {attempts: 3}}]", "Move it to spec.http[0]."),
    ("route: [{destination: {host: shop, weight: 9}}]", "Move it to spec.http[0].route[0]."),
    ("route: [{host: shop}]", "Move it to spec.http[0].route[0].destination."),
    # not indented: the field that it belongs in is empty
    ("match: [{uri: , regex: a}]", "Indent it to stand in uri."),
    ("route: [{destination: , host: shop}]", "Indent it to stand in destination."),
    ("match: [{uri: , scheme: , regex: a}]", "Remove it, or correct its name or its place."),
    # what stands in the entries of a list
    ("destination: {host: shop}", "Put it into an entry of route."),
    ("host: shop", "Put it into the destination of an entry of route."),
    ("weight: 9", "Move it to an entry of spec.http[0].route."),
    ("uri: {prefix: /}", "Move it to an entry of spec.http[0].match."),
    # one is there already: the name of the route, the timeout of all tries
    (
        "route: [{destination: {host: shop}, name: to-shop}]",
        "Remove it, or write its value there.",
    ),
    (
        "timeout: 5s\nmatch: [{timeout: 5s}]\nroute: [{destination: {host: shop}}]",
        "Remove it, or write its value there.",
    ),
    ("match: [{headers: {}, header: {}}]", "Remove it, or correct its name or its place."),
    # what is written in another way
    ("match: [{request: {headers: {}}}]", "Write what it holds in the match itself."),
    ("match: [{pathPrefix: /}]", "Write it as uri: {prefix: …}."),
    ("fault: {abort: {percent: 9, httpStatus: 500}}", "Write it as percentage: {value: …}."),
    (
        "retries: {attempts: 3, timeout: 2s}",
        "Write perTryTimeout if it is for each try, or move it to the route if it is for all of them.",
    ),
]


@pytest.mark.parametrize(("fields", "mend"), OLD_OR_MISPLACED)
def test_an_old_name_or_a_wrong_place(look: Look, fields: str, mend: str) -> None:
    (found,) = [one for one in look(route(fields)) if one.rule == "TS009"]
    assert found.help == mend


@pytest.mark.parametrize(
    ("spec", "mend"),
    [
        ("name: shop", "Write host."),
        ("host: shop\nname: shop", "Remove it: host is there."),
        ("host: shop\nlabels: {a: b}", "Move it to metadata."),
        (
            "host: shop\ntrafficPolicy: {outlierDetection: {http: {interval: 5s}}}",
            "Write what it holds in outlierDetection itself.",
        ),
        # the exact name of a field beside it is worth more than a name that is somewhat like it
        (
            "host: shop\ntrafficPolicy: {connectionPool: {http: {maxConnections: 9}}}",
            "Move it to spec.trafficPolicy.connectionPool.tcp.",
        ),
        (
            "host: shop\ntrafficPolicy: {connectionPool: {http: {connectTimeout: 9s}}}",
            "Move it to spec.trafficPolicy.connectionPool.tcp.",
        ),
        ("host: shop\nsubsets: [{name: v1, matchLabels: {a: b}}]", "Write labels."),
        ("host: shop\nsubsets: [{name: v1, host: shop}]", "Remove it, or write its value there."),
    ],
)
def test_unknown_fields_of_a_destination_rule(look: Look, spec: str, mend: str) -> None:
    assert [one.help for one in look(istio("DestinationRule", spec))] == [mend]


@pytest.mark.parametrize("kind", ["VirtualService", "Gateway", "ServiceEntry"])
def test_a_name_in_the_spec_stands_in_the_metadata_already(look: Look, kind: str) -> None:
    found = [one for one in look(istio(kind, "name: shop")) if one.rule == "TS009"]
    assert [one.help for one in found] == ["Remove it, or write its value there."]
    assert " It belongs in metadata, which has one already." in found[0].message


def test_the_discovery_of_a_service_entry_is_its_resolution(look: Look) -> None:
    spec = "hosts: [a.example.com]\nports: [{number: 80, name: http}]\ndiscovery: DNS"
    assert [one.help for one in look(istio("ServiceEntry", spec))] == ["Write resolution."]


def test_the_servers_of_a_gateway_hold_its_hosts(look: Look) -> None:
    (found,) = look(istio("Gateway", "hosts: [shop.example.com]\nservers: []"))
    assert found.help == "Move it to an entry of spec.servers."


def test_the_message_tells_the_new_name(look: Look) -> None:
    (found,) = [
        one
        for one in look(route("route: [{destination: {name: shop, subset: v1}}]"))
        if one.rule == "TS009"
    ]
    assert " Since Istio 0.8 it is called host." in found.message
    assert "spec.http[0]." not in found.help


def test_the_key_is_shown(look: Look) -> None:
    text = route(
        """
        route:
        - destination:
            host: shop
            subsets: v1
            weight: 100
        """
    )
    subsets, weight = look(text)
    assert places([subsets, weight]) == ["12:9 TS009", "13:9 TS009"]
    assert subsets.span.end_column - subsets.span.column == len("subsets")
    assert 'Did you mean "subset"?' in subsets.message
    assert " It belongs in spec.http[0].route[0]." in weight.message


def test_a_field_that_is_there_already_is_not_proposed(look: Look) -> None:
    (found,) = look(route("route: [{destination: {host: shop, hosts: shop}}]"))
    assert "Did you mean" not in found.message


@pytest.mark.parametrize(
    ("extra", "mend"),
    [
        ("http: []", "Move it to spec."),
        ("metdata: {}", "Remove it, or correct its name or its place."),
        ("labels: {a: b}", "Move it to metadata."),
        ("annotations: ${A}", "Move it to metadata."),
    ],
)
def test_fields_beside_spec(look: Look, extra: str, mend: str) -> None:
    text = istio("VirtualService", "hosts: [shop]") + extra + "\n"
    assert [(found.rule, found.span.line, found.help) for found in look(text)] == [
        ("TS009", 7, mend)
    ]


@pytest.mark.parametrize("kind", ["v1 Service", "apps/v1 Deployment", "v1 Namespace"])
def test_fields_of_kubernetes_objects(look: Look, kind: str) -> None:
    version, name = kind.split()
    text = (
        f"apiVersion: {version}\nkind: {name}\nmetadata:\n  name: shop\n  annotation: {{}}\n"
        "spec:\n  anything: 1\nnamespace: shop\n"
    )
    found = look(text)
    assert [(one.rule, one.span.line, one.help) for one in found] == [
        ("TS009", 5, "Write annotations."),
        ("TS009", 8, "Move it to metadata."),
    ]


def test_the_message_says_what_happens(look: Look) -> None:
    (found,) = look(route(f"tiemout: 5s\n{DESTINATION}"))
    assert found.message == (
        "VirtualService shop has a field tiemout at spec.http[0], which VirtualService does not have "
        "there. The API server drops it without a word, or refuses the object where it validates "
        'strictly. Did you mean "timeout"?'
    )


# -- TS010 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        "fault: {delay: {fixedDelay: 5s, percent: 10}}",
        "mirrorPercent: 10",
        "mirror_percent: 10",
        "corsPolicy: {allowOrigin: ['*']}",
    ],
)
def test_deprecated_fields_of_routes(look: Look, fields: str) -> None:
    (found,) = look(route(f"{fields}\n{DESTINATION}"))
    assert (found.rule, found.severity, found.span.line) == ("TS010", Severity.INFO, 9)
    assert "is deprecated" in found.message


@pytest.mark.parametrize(
    "policy", ["trafficPolicy:\n  {}", "subsets:\n- name: v1\n  trafficPolicy:\n    {}"]
)
@pytest.mark.parametrize("inner", ["{}", "portLevelSettings: [{{port: {{number: 80}}, {}}}]"])
@pytest.mark.parametrize(
    ("field", "mend"),
    [
        (
            "outlierDetection: {consecutiveErrors: 5}",
            "Use consecutive5xxErrors or consecutiveGatewayErrors.",
        ),
        (
            "loadBalancer: {consistentHash: {useSourceIp: true, minimumRingSize: 9}}",
            "Use ringHash.minimumRingSize.",
        ),
        ("loadBalancer: {simple: LEAST_CONN}", "Write LEAST_REQUEST."),
        ("loadBalancer: {warmupDurationSecs: 5s}", "Use warmup.duration."),
    ],
)  # fmt: skip
def test_deprecated_fields_of_policies(
    look: Look, policy: str, inner: str, field: str, mend: str
) -> None:
    spec = "host: shop\n" + policy.format(inner.format(field))
    (found,) = look(istio("DestinationRule", spec))
    assert (found.rule, found.help) == ("TS010", mend)


def test_a_proxy_of_a_sidecar(look: Look) -> None:
    spec = "outboundTrafficPolicy:\n  egressProxy: {host: proxy}\n"
    assert places(look(istio("Sidecar", spec))) == ["7:5 TS010"]


@pytest.mark.parametrize(
    "fields",
    [
        "fault: {delay: {fixedDelay: 5s, percent: 0}}",
        "fault: {delay: {fixedDelay: 5s, percentage: {value: 10}}}",
        "mirrorPercentage: {value: 10}",
        "mirrorPercent:",
        "mirrorPercent: ${PERCENT}",
        "corsPolicy: {allowOrigins: [{exact: a}]}",
    ],
)
def test_fields_that_are_not_deprecated(look: Look, fields: str) -> None:
    assert look(route(f"{fields}\n{DESTINATION}")) == []


@pytest.mark.parametrize(
    ("version", "configured", "mend"),
    [
        ("v1", "1.21", "Write networking.istio.io/v1beta1."),
        ("v1", "1.4", "Write networking.istio.io/v1alpha3."),
        ("v1beta1", "1.4", "Write networking.istio.io/v1alpha3."),
        ("v1", "1.22", None),
        ("v1", "latest", None),
        ("v1beta1", "1.5", None),
        ("v1alpha3", "1.0", None),
    ],
)
def test_a_version_that_istio_does_not_serve_yet(
    look: Look, version: str, configured: str, mend: str | None
) -> None:
    text = istio("VirtualService", "hosts: [shop]", version=version)
    found = look(text, istio_version=configured)
    assert [(one.rule, one.span.line, one.help) for one in found] == (
        [] if mend is None else [("TS010", 1, mend)]
    )


@pytest.mark.parametrize(
    ("policy", "before"),
    [
        ("loadBalancer: {simple: LEAST_CONN}", "1.13"),
        ("loadBalancer: {warmupDurationSecs: 5s}", "1.24"),
    ],
)
def test_a_field_without_a_successor_yet(look: Look, policy: str, before: str) -> None:
    text = istio("DestinationRule", f"host: shop\ntrafficPolicy: {{{policy}}}", version="v1beta1")
    assert look(text, istio_version=before) == []


@pytest.mark.parametrize(
    ("group", "configured", "count"),
    [
        ("rbac.istio.io/v1alpha1", "latest", 1),
        ("authentication.istio.io/v1alpha1", "1.6", 1),
        ("config.istio.io/v1alpha2", "1.8", 1),
        ("rbac.istio.io/v1alpha1", "1.5", 0),
        ("config.istio.io/v1alpha2", "1.7", 0),
    ],
)
def test_groups_that_istio_has_removed(look: Look, group: str, configured: str, count: int) -> None:
    item = f"- apiVersion: {group}\n  kind: Thing\n  metadata: {{name: a}}\n"
    service = "- apiVersion: v1\n  kind: Service\n  metadata: {name: s}\n"
    text = f"apiVersion: v1\nkind: List\nitems:\n{item}{service}"
    assert places(look(text, istio_version=configured)) == ["4:15 TS010"] * count


SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: {ports: [{port: "


@pytest.mark.parametrize(
    "word", ["DEFINED-IN-REGION-SECRETS", "SERVICE_PORT", "change-me", "overrideMe", "replace_this"]
)
def test_a_word_that_asks_to_be_replaced_has_no_type(look: Look, word: str) -> None:
    assert look(f"{SERVICE}{word}}}]}}\n") == []


@pytest.mark.parametrize("word", ["http", "HTTP", "exchange-memory", "undefined-in-a"])
def test_another_word_where_a_number_belongs(look: Look, word: str) -> None:
    assert places(look(f"{SERVICE}{word}}}]}}\n")) == ["4:23 TS008"]

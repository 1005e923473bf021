"""What holds for a whole mesh: the keys of `mesh:`, and what is read from Istio's own settings."""

from __future__ import annotations

import json
from collections.abc import Callable
from textwrap import indent
from typing import Any

import pytest

from conftest import Run, Tree
from tsplit_lint.config import DeclaredScope

PRIVATE = "defaultVirtualServiceExportTo: ['.']\n"


def vs(name: str, namespace: str | None, spec: str) -> str:
    space = f", namespace: {namespace}" if namespace else ""
    return f"""\
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}{space}}}
spec:
{indent(spec, "  ")}"""


def to(host: str, subset: str = "") -> str:
    """A route to a host."""
    chosen = f", subset: {subset}" if subset else ""
    return f"http:\n- route:\n  - destination: {{host: {host}{chosen}}}\n"


def root_and_delegate(delegate: str = "", *, namespace: str = "team") -> str:
    """A route of namespace shop that is handed to another namespace; the delegate's name in line 8."""
    root = f"hosts: [shop]\nhttp:\n- delegate: {{name: cart, namespace: {namespace}}}\n"
    return vs("root", "shop", root) + vs("cart", namespace, delegate + to("cart"))


def service(name: str, namespace: str, annotations: str = "{}") -> str:
    return f"""\
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}, annotations: {annotations}}}
spec: {{selector: {{app: x}}, ports: [{{port: 80, name: http}}]}}
"""


def rule(subset: str, namespace: str, spec: str = "") -> str:
    return f"""\
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: pay-{namespace}, namespace: {namespace}}}
spec:
  host: pay.bank.svc.cluster.local
  subsets: [{{name: {subset}, labels: {{v: {subset}}}}}]
  {spec}
"""


def config_map(mesh: str, *, name: str = "istio", namespace: str = "istio-system") -> str:
    space = f"  namespace: {namespace}\n" if namespace else ""
    return f"""\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
{space}data:
  mesh: |-
{indent(mesh, "    ")}"""


def operator(spec: str) -> str:
    return (
        f"apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec:\n{indent(spec, '  ')}"
    )


NOT_EXPORTED = ["vs.yaml:8:22 TS213"]


# -- who sees a VirtualService ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("default", "delegate", "namespace", "found"),
    [
        ((".",), "", "team", NOT_EXPORTED),
        (("~",), "", "team", NOT_EXPORTED),
        (("other", "team"), "", "team", NOT_EXPORTED),
        ((".",), "", "shop", []),
        ((".", "shop"), "", "team", []),
        (("*",), "", "team", []),
        (("*", "other"), "", "team", []),
        ((), "", "team", []),
        ((".",), "exportTo: ['*']\n", "team", []),
        ((".",), "exportTo: [shop]\n", "team", []),
        ((".",), "exportTo: ['${WHO}']\n", "team", []),
        ((".",), "exportTo: ${WHO}\n", "team", []),
        ((".",), "exportTo: []\n", "team", NOT_EXPORTED),
    ],
)
def test_a_delegate_without_export_to(
    tree: Tree, default: tuple[str, ...], delegate: str, namespace: str, found: list[str]
) -> None:
    tree.write({"vs.yaml": root_and_delegate(delegate, namespace=namespace)})
    settings = {"default_virtual_service_export_to": default}
    assert tree.show(select=("TS213",), **settings) == found


def test_a_delegate_whose_spec_is_hidden(tree: Tree) -> None:
    hidden = "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\n"
    hidden += "metadata: {name: cart, namespace: team}\nspec: ${SPEC}\n"
    tree.write({"vs.yaml": root_and_delegate().split("---\n")[1] + hidden})
    assert tree.show(select=("TS213",), default_virtual_service_export_to=(".",)) == []


def test_the_message_tells_the_default(tree: Tree) -> None:
    tree.write({"vs.yaml": root_and_delegate(), "cm.yaml": config_map("x: 1\n" + PRIVATE)})
    (finding,) = tree.lint(select=("TS213",))
    assert finding.message == (
        "VirtualService team/cart is not exported to the namespace of VirtualService shop/root (it has no "
        'exportTo, and the mesh\'s default is "."): Istio drops this route.'
    )
    assert [(related.file, related.span.line) for related in finding.related] == [
        ("vs.yaml", 12),
        ("cm.yaml", 9),
    ]


def test_two_namespaces_may_route_one_host_in_private(tree: Tree) -> None:
    full = f"hosts: [pay.bank.svc.cluster.local]\n{to('pay.bank.svc.cluster.local')}"
    tree.write({"vs.yaml": vs("a", "shop", full) + vs("b", "team", full)})
    assert tree.show(select=("TS406",)) == ["vs.yaml:15:11 TS406"]
    assert tree.show(select=("TS406",), default_virtual_service_export_to=(".",)) == []
    # None of the routes is served anywhere, so none is lost to the other.
    assert tree.show(select=("TS406",), default_virtual_service_export_to=("~",)) == []


def test_a_trace_leaves_out_what_the_client_does_not_see(tree: Tree, command: Run) -> None:
    tree.write({"vs.yaml": vs("a", "bank", f"hosts: [pay]\n{to('pay')}")})
    words = ("trace", ".", "--host", "pay.bank", "--from-namespace", "shop")
    assert "http[0] of VirtualService bank/a" in command(*words)[1]
    tree.write({".tsplit-lint.yaml": "mesh: {default-virtual-service-export-to: [.]}\n"})
    assert "Nothing takes it." in command(*words)[1]


# -- who sees a Service or a ServiceEntry -------------------------------------------------------------

ENTRY = """\
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: pay, namespace: bank}
spec: {hosts: [pay.example.com], ports: [{number: 80, name: http, protocol: HTTP}]}
"""


@pytest.mark.parametrize(
    ("host", "provider", "default", "absent"),
    [
        ("pay.bank.svc.cluster.local", service("pay", "bank"), (".",), True),
        ("pay.bank.svc.cluster.local", service("pay", "bank"), ("~",), True),
        ("pay.bank.svc.cluster.local", service("pay", "bank"), (".", "shop"), False),
        ("pay.bank.svc.cluster.local", service("pay", "bank"), ("*",), False),
        ("pay.shop.svc.cluster.local", service("pay", "shop"), (".",), False),
        (
            "pay.bank.svc.cluster.local",
            service("pay", "bank", "{networking.istio.io/exportTo: '*'}"),
            (".",),
            False,
        ),
        ("pay.example.com", ENTRY, (".",), True),
        ("pay.example.com", ENTRY, ("*",), False),
        ("pay.example.com", ENTRY.replace("{hosts", "{exportTo: ['*'], hosts"), (".",), False),
    ],
)
def test_a_service_without_export_to(
    tree: Tree, host: str, provider: str, default: tuple[str, ...], absent: bool
) -> None:
    tree.write({"vs.yaml": vs("a", "shop", f"hosts: [a]\n{to(host)}"), "svc.yaml": provider})
    found = tree.show(select=("TS401",), complete=True, default_service_export_to=default)
    assert found == (["vs.yaml:9:27 TS401"] if absent else [])


def test_entries_that_no_namespace_sees_both(tree: Tree) -> None:
    other = ENTRY.replace("name: pay,", "name: pay2,").replace("bank", "shop")
    tree.write({"se.yaml": ENTRY + other})
    assert tree.show(select=("TS409",)) == ["se.yaml:10:16 TS409"]
    assert tree.show(select=("TS409",), default_service_export_to=(".",)) == []


# -- who sees a DestinationRule -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("default", "spec", "found"),
    [
        ((".",), "", ["vs.yaml:9:63 TS302"]),
        ((".", "shop"), "", ["vs.yaml:9:63 TS302"]),
        (("*",), "", []),
        # Istio honours `.` and `*` here, and takes all else for `*`.
        (("other",), "", []),
        (("~",), "", []),
        ((".",), "exportTo: ['*']", []),
        ((".",), "exportTo: [shop]", []),
        ((".",), "exportTo: ['${WHO}']", []),
    ],
)
def test_a_rule_without_export_to(
    tree: Tree, default: tuple[str, ...], spec: str, found: list[str]
) -> None:
    text = vs("a", "shop", f"hosts: [a]\n{to('pay.bank.svc.cluster.local', 'v1')}")
    tree.write({"vs.yaml": text, "dr.yaml": rule("v1", "bank", spec) + service("pay", "bank")})
    settings = {"default_destination_rule_export_to": default, "complete": True}
    assert tree.show(select=("TS302",), **settings) == found


def test_rules_of_the_root_namespace_that_are_private_to_it(tree: Tree) -> None:
    text = vs("a", "istio-system", f"hosts: [a]\n{to('pay.bank.svc.cluster.local', 'v1')}")
    rules = rule("v1", "bank", "exportTo: ['*']") + rule("v2", "istio-system")
    tree.write({"vs.yaml": text, "dr.yaml": rules})
    assert tree.show(select=("TS313",)) == []
    private = {"default_destination_rule_export_to": (".",)}
    assert tree.show(select=("TS313",), **private) == ["vs.yaml:9:63 TS313"]


# -- hosts that nothing provides ----------------------------------------------------------------------


def test_what_becomes_of_requests_to_unknown_hosts(tree: Tree, command: Run) -> None:
    tree.write({"dr.yaml": rule("v1", "bank")})

    def told(**settings: Any) -> str:
        (finding,) = tree.lint(select=("TS402",), complete=True, **settings)
        return finding.message.partition("The rule ")[2]

    assert told() == told(outbound_traffic_policy="ALLOW_ANY") == "applies to no request."
    assert told(outbound_traffic_policy="REGISTRY_ONLY") == (
        "applies to no request, and the mesh refuses requests to unknown hosts (REGISTRY_ONLY)."
    )
    assert "ALLOW_ANY: where" in command("trace", ".", "--host", "gone")[1]
    tree.write({".tsplit-lint.yaml": "mesh: {outbound-traffic-policy: REGISTRY_ONLY}\n"})
    assert "refuses the request with 502" in command("trace", ".", "--host", "gone")[1]


# -- where it is read from ----------------------------------------------------------------------------


@pytest.fixture
def told(tree: Tree, command: Run) -> Callable[..., dict[str, Any]]:
    """What `config --scopes` tells of the mesh, each key with its value and its place."""

    def run(files: dict[str, str], *words: str) -> dict[str, Any]:
        tree.write({"vs.yaml": root_and_delegate(), **files})
        code, out, _err = command("config", "--scopes", ".", "--format", "json", *words)
        assert code == 0
        mesh = json.loads(out)["mesh"]
        return {
            key.removeprefix("mesh."): (each["value"], each["source"]) for key, each in mesh.items()
        }

    return run


ALL = """\
rootNamespace: mesh-root
defaultServiceExportTo: ["."]
defaultVirtualServiceExportTo:
- .
- gateways
defaultDestinationRuleExportTo: ['.']
outboundTrafficPolicy:
  mode: REGISTRY_ONLY
trustDomain: corp.example
"""


def expected(file: str, first: int) -> dict[str, Any]:
    return {
        "root-namespace": ("mesh-root", f"{file}:{first}"),
        "default-service-export-to": (["."], f"{file}:{first + 1}"),
        "default-virtual-service-export-to": ([".", "gateways"], f"{file}:{first + 2}"),
        "default-destination-rule-export-to": (["."], f"{file}:{first + 5}"),
        "outbound-traffic-policy": ("REGISTRY_ONLY", f"{file}:{first + 6}"),
    }


@pytest.mark.parametrize(
    ("name", "namespace"),
    [
        ("istio", "istio-system"),
        ("istio-1-24", "istio-system"),
        ("istio", ""),
        ("istio", "mesh-root"),
        ("istio", "${NAMESPACE}"),
    ],
)
def test_the_config_map(told: Callable[..., dict[str, Any]], name: str, namespace: str) -> None:
    text = config_map(ALL, name=name, namespace=namespace)
    assert told({"cm.yaml": text}) == expected("cm.yaml", 8 if namespace else 7)


def test_the_config_map_in_one_of_several_documents(told: Callable[..., dict[str, Any]]) -> None:
    other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\ndata: {a: b}\n---\n"
    assert told({"cm.yaml": other + config_map(ALL)}) == expected("cm.yaml", 13)


def test_an_operator(told: Callable[..., dict[str, Any]]) -> None:
    text = operator("profile: default\nmeshConfig:\n" + indent(ALL, "  "))
    assert told({"iop.yaml": text}) == expected("iop.yaml", 6)


def test_values_that_an_operator_hands_on_win(told: Callable[..., dict[str, Any]]) -> None:
    spec = """\
meshConfig:
  rootNamespace: other
  defaultServiceExportTo: ['.']
values:
  meshConfig: {rootNamespace: mesh-root}
  global: {istioNamespace: third, proxy: {clusterDomain: corp.local}}
"""
    assert told({"iop.yaml": operator(spec)}) == {
        "root-namespace": ("mesh-root", "iop.yaml:8"),
        "default-service-export-to": (["."], "iop.yaml:6"),
    }


def test_values_of_the_chart(told: Callable[..., dict[str, Any]]) -> None:
    text = "meshConfig:\n" + indent(ALL, "  ")
    assert told({"istiod/values.yaml": text}) == expected("istiod/values.yaml", 2)


def test_the_files_of_the_context_tell_too(told: Callable[..., dict[str, Any]]) -> None:
    files = {"app/vs.yaml": root_and_delegate(), "mesh/cm.yaml": config_map(ALL)}
    assert told(files) == expected("mesh/cm.yaml", 8)


def test_context_outside_the_tree(tree: Tree) -> None:
    tree.write({"app/vs.yaml": root_and_delegate(), "mesh/cm.yaml": config_map(PRIVATE)})
    assert tree.show("app", select=("TS213",)) == []
    found = tree.show("app", select=("TS213",), context=(tree.root / "mesh",))
    assert found == ["app/vs.yaml:8:22 TS213"]


def test_the_configuration_wins(tree: Tree, told: Callable[..., dict[str, Any]]) -> None:
    ours = "mesh:\n  default-virtual-service-export-to: ['*']\n  root-namespace: istio-system\n"
    found = told({"cm.yaml": config_map(ALL), ".tsplit-lint.yaml": ours})
    assert set(found) == {
        "default-service-export-to",
        "default-destination-rule-export-to",
        "outbound-traffic-policy",
    }
    tree.write({"cm.yaml": config_map(PRIVATE)})
    assert tree.show(select=("TS213",)) == NOT_EXPORTED
    assert tree.show(select=("TS213",), default_virtual_service_export_to=("*",)) == []


@pytest.mark.parametrize(
    "text",
    [
        config_map(PRIVATE, name="shop"),
        config_map(PRIVATE, name="istiod-settings"),
        config_map(PRIVATE, namespace="shop"),
        config_map(PRIVATE).replace("mesh: |-", "mesh-old: |-"),
        config_map(PRIVATE).replace("mesh: |-\n", "mesh: {}\n  other: |-\n"),
        config_map("defaultVirtualServiceExportTo: [\n"),
        config_map("- defaultVirtualServiceExportTo\n"),
        config_map("defaultVirtualServiceExportTo: []\n"),
        config_map("defaultVirtualServiceExportTo: .\n"),
        config_map("defaultVirtualServiceExportTo: ['${WHO}']\n"),
        config_map("defaultVirtualServiceExportTo: ${WHO}\n"),
        config_map(PRIVATE).replace("kind: ConfigMap", "kind: Secret"),
        operator("meshConfig: ${MESH}\n"),
        operator(f"values: ${{VALUES}}\nmeshConfig:\n  {PRIVATE}"),
        operator(f"meshConfig:\n  {PRIVATE}").replace("install.istio.io", "example.com"),
        f"kind: Mesh\nmeshConfig:\n  {PRIVATE}",
    ],
)
def test_what_does_not_tell(tree: Tree, text: str) -> None:
    tree.write({"vs.yaml": root_and_delegate(), "other.yaml": text})
    assert tree.show(select=("TS213",)) == []


def test_the_values_of_an_application_do_not_tell(tree: Tree) -> None:
    files = {
        "app/Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\n",
        "app/values.yaml": f"meshConfig:\n  {PRIVATE}",
    }
    tree.write({"vs.yaml": root_and_delegate(), **files})
    assert tree.show(select=("TS213",)) == []


def test_an_expression_elsewhere_in_the_text_hides_nothing(tree: Tree) -> None:
    text = config_map(
        PRIVATE + "defaultConfig: {tracing: {datadog: {address: '$(HOST_IP):8126'}}}\n"
    )
    tree.write({"vs.yaml": root_and_delegate(), "cm.yaml": text})
    assert tree.show(select=("TS213",)) == NOT_EXPORTED


def test_several_that_agree(tree: Tree) -> None:
    texts = {
        "a.yaml": config_map(PRIVATE),
        "b.yaml": config_map("rootNamespace: istio-system\n" + PRIVATE, name="istio-next"),
        "c.yaml": operator("profile: empty\n"),
    }
    tree.write({"vs.yaml": root_and_delegate(), **texts})
    assert tree.show(select=("TS213",)) == NOT_EXPORTED


@pytest.mark.parametrize(
    "other",
    [
        config_map("defaultVirtualServiceExportTo: ['*']\n", name="istio-next"),
        # What is left out has Istio's default.
        config_map("accessLogFile: /dev/stdout\n", name="istio-next"),
        operator("profile: default\n"),
    ],
)
def test_of_several_that_differ_none_is_taken(tree: Tree, other: str) -> None:
    tree.write({"vs.yaml": root_and_delegate(), "a.yaml": config_map(PRIVATE), "b.yaml": other})
    assert tree.show(select=("TS213",)) == []


def test_each_environment_has_its_own(tree: Tree) -> None:
    tree.write(
        {
            "dev/vs.yaml": root_and_delegate(),
            "dev/mesh.yaml": config_map("rootNamespace: istio-system\n"),
            "prod/vs.yaml": root_and_delegate(),
            "prod/mesh.yaml": config_map(PRIVATE),
        }
    )
    assert tree.show(select=("TS213",)) == ["prod/vs.yaml:8:22 TS213"]


def test_an_environment_without_one_is_not_told_by_another(tree: Tree) -> None:
    tree.write(
        {
            "dev/vs.yaml": root_and_delegate(),
            "prod/vs.yaml": root_and_delegate(),
            "prod/istio/mesh.yaml": config_map(PRIVATE),
        }
    )
    assert tree.show(select=("TS213",)) == ["prod/vs.yaml:8:22 TS213"]


@pytest.mark.parametrize(
    ("mesh", "app", "holds"),
    [
        ("cm.yaml", "apps/cart/vs.yaml", True),
        ("istio/base/cm.yaml", "apps/cart/vs.yaml", True),
        ("infra/istio-1.24/cm.yaml", "apps/cart/vs.yaml", True),
        ("clusters/one/istio-system/cm.yaml", "clusters/one/apps/vs.yaml", True),
        ("clusters/one/istio-system/cm.yaml", "clusters/two/apps/vs.yaml", False),
        ("clusters/one/istio-system/cm.yaml", "clusters/one-more/vs.yaml", False),
        ("samples/mesh-demo/cm.yaml", "apps/cart/vs.yaml", False),
    ],
)
def test_it_holds_for_what_lies_beside_its_folder(
    tree: Tree, mesh: str, app: str, holds: bool
) -> None:
    tree.write({app: root_and_delegate(), mesh: config_map(PRIVATE)})
    assert tree.show(select=("TS213",)) == ([f"{app}:8:22 TS213"] if holds else [])


def test_the_nearest_of_several_counts(tree: Tree) -> None:
    tree.write(
        {
            "istio/cm.yaml": config_map("enableTracing: true\n"),
            "apps/vs.yaml": root_and_delegate(),
            "prod/istio/cm.yaml": config_map(PRIVATE),
            "prod/apps/vs.yaml": root_and_delegate(),
        }
    )
    assert tree.show(select=("TS213",)) == ["prod/apps/vs.yaml:8:22 TS213"]


def test_a_declared_scope_takes_its_own(tree: Tree) -> None:
    tree.write(
        {
            "clusters/one.yaml": config_map(PRIVATE),
            "clusters/two.yaml": config_map("enableTracing: true\n"),
            "apps/vs.yaml": root_and_delegate(),
            "other/vs.yaml": root_and_delegate(),
        }
    )
    scopes = (
        DeclaredScope("one", ("clusters/one.yaml", "apps/")),
        DeclaredScope("two", ("clusters/two.yaml", "other/")),
    )
    assert tree.show(select=("TS213",), scopes=scopes) == ["apps/vs.yaml:8:22 TS213"]


def test_a_mesh_of_a_part_says_nothing_of_the_whole(told: Callable[..., dict[str, Any]]) -> None:
    assert told({"clusters/one/istio/cm.yaml": config_map(ALL)}) == {}


def test_a_patch_that_differs_is_a_source_of_its_own(tree: Tree) -> None:
    tree.write(
        {
            "base/kustomization.yaml": "resources: [cm.yaml, vs.yaml]\n",
            "base/cm.yaml": config_map(PRIVATE),
            "base/vs.yaml": root_and_delegate(),
        }
    )
    assert tree.show(select=("TS213",)) == ["base/vs.yaml:8:22 TS213"]
    patched = "resources: [../base]\npatches:\n- path: cm.yaml\n"
    tree.write(
        {"over/kustomization.yaml": patched, "over/cm.yaml": config_map("enableTracing: true\n")}
    )
    assert tree.show("over", select=("TS213",)) == []


def test_a_chart_takes_what_the_tree_tells(tree: Tree) -> None:
    tree.write(
        {
            "app/Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\n",
            "app/values.yaml": "host: cart\n",
            "app/templates/vs.yaml": root_and_delegate(),
            "mesh/cm.yaml": config_map(PRIVATE),
        }
    )
    assert tree.show(select=("TS213",)) == ["app/templates/vs.yaml:8:22 TS213"]


ISTIOD = {
    "istiod/Chart.yaml": "apiVersion: v2\nname: istiod\nversion: 1.0.0\n",
    "istiod/values.yaml": "meshConfig: {defaultVirtualServiceExportTo: ['.']}\n",
    "istiod/templates/cm.yaml": """\
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: istio
          namespace: {{ .Release.Namespace | quote }}
        data:
          mesh: |-
        {{ .Values.meshConfig | toYaml | indent 4 }}
        """,
}


def test_a_config_map_that_a_chart_renders(tree: Tree) -> None:
    tree.write({"vs.yaml": root_and_delegate(), **ISTIOD})
    assert tree.show(select=("TS213",)) == NOT_EXPORTED
    # What a team writes beside the chart says more than the chart's own defaults.
    tree.write({"istiod-values.yaml": "meshConfig: {defaultVirtualServiceExportTo: ['*']}\n"})
    assert tree.show(select=("TS213",)) == []


def test_the_root_namespace_of_the_config_map(tree: Tree) -> None:
    text = vs("a", "shop", f"hosts: [a]\n{to('pay.bank.svc.cluster.local', 'v2')}")
    rules = rule("v1", "bank") + rule("v2", "mesh-root")
    tree.write({"vs.yaml": text, "dr.yaml": rules})
    # Else it is a third namespace, whose own clients get the subset.
    assert tree.show(select=("TS301", "TS313")) == []
    tree.write({"cm.yaml": config_map("rootNamespace: mesh-root\n")})
    assert tree.show(select=("TS301", "TS313")) == ["vs.yaml:9:63 TS313"]


@pytest.mark.parametrize(
    "values",
    [
        "meshConfig: {rootNamespace: 3, outboundTrafficPolicy: 4}\n",
        "meshConfig: {rootNamespace: [a], defaultServiceExportTo: [[a], 3]}\n",
        "meshConfig: {outboundTrafficPolicy: {mode: [a]}}\nglobal: [a]\n",
        "meshConfig: {}\nglobal: {istioNamespace: {a: b}, proxy: {clusterDomain: [a]}}\n",
        "meshConfig: []\n",
        "meshConfig: {a: *none}\n",
    ],
)
def test_settings_of_an_odd_shape_tell_nothing(
    tree: Tree, told: Callable[..., dict[str, Any]], values: str
) -> None:
    assert told({"istiod/values.yaml": values}) == {}
    assert tree.show(select=("TS213",), complete=True) == []


def test_the_domain_of_the_cluster(tree: Tree) -> None:
    text = vs("a", "shop", f"hosts: [a]\n{to('pay.bank.svc.corp.local')}")
    tree.write({"vs.yaml": text, "svc.yaml": service("pay", "bank")})
    assert tree.show(select=("TS401",), complete=True) == ["vs.yaml:9:27 TS401"]
    values = "meshConfig: {}\nglobal: {proxy: {clusterDomain: corp.local}}\n"
    tree.write({"istiod/values.yaml": values})
    assert tree.show(select=("TS401",), complete=True) == []

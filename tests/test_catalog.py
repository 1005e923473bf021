"""The catalogue: hosts, subsets, gateways; what is found, absent or unseen."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsplit_lint.catalog.core import Catalog
from tsplit_lint.catalog.hosts import EXTERNAL, Host, canonical_host
from tsplit_lint.resource import Resource
from tsplit_lint.scope import Scope
from tsplit_lint.source import SourceFile

LABEL = st.from_regex(r"[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,4})?", fullmatch=True)
DOMAIN = st.sampled_from(["cluster.local", "corp.example", "local"])
NAMESPACE = LABEL.filter(lambda name: name not in ("com", "edu", "gov", "io", "net", "org", "svc"))


def catalog(files: Mapping[str, str], **settings: str) -> Catalog:
    """A catalogue of plain files; each folder is a scope of its own."""
    scopes: dict[str, Scope] = {}
    sources = []
    for path, text in files.items():
        file = SourceFile(path, text)
        file.read_documents()
        folder = path.rpartition("/")[0]
        scope = scopes.setdefault(folder, Scope("directory", folder or "."))
        scope.files.append(file)
        file.scope = scope
        sources.append(file)
    return Catalog(list(scopes.values()), sources, **settings)


def asker(of: Catalog, path: str = "vs.yaml") -> Resource:
    """The first object of a file."""
    return next(r for scope in of.scopes for r in scope.resources if r.file.path == path)


def thing(kind: str, name: str, namespace: str | None = None, **spec: object) -> str:
    group = "v1" if kind == "Service" else "networking.istio.io/v1"
    meta = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return f"apiVersion: {group}\nkind: {kind}\nmetadata: {meta}\nspec: {spec}\n"


def route(namespace: str | None = "prod", name: str = "shop", **spec: object) -> str:
    return thing("VirtualService", name, namespace, **spec)


def rule(
    *subsets: str,
    host: str = "shop",
    name: str = "shop",
    namespace: str | None = "prod",
    **spec: object,
) -> str:
    listed = [{"name": subset} for subset in subsets]
    return thing("DestinationRule", name, namespace, host=host, subsets=listed, **spec)


# -- hosts ----------------------------------------------------------------------------------------


def spellings(name: str, namespace: str, domain: str) -> list[str]:
    """Every way to write one service, seen from its own namespace."""
    full = f"{name}.{namespace}.svc.{domain}"
    return [
        name,
        f"{name}.{namespace}",
        f"{name}.{namespace}.svc",
        full,
        full.upper(),
        f"{full}.",
        f" {full} ",
    ]


@given(LABEL, NAMESPACE, DOMAIN)
def test_all_spellings_of_a_service_are_one_host(name: str, namespace: str, domain: str) -> None:
    found = {canonical_host(text, namespace, domain) for text in spellings(name, namespace, domain)}
    assert found == {Host(name, namespace)}


@given(LABEL, NAMESPACE, NAMESPACE, DOMAIN)
def test_only_the_short_name_depends_on_who_names_it(
    name: str, namespace: str, other: str, domain: str
) -> None:
    short, *longer = spellings(name, namespace, domain)
    assert canonical_host(short, other, domain) == Host(name, other)
    assert canonical_host(short, None, domain) == Host(name, None)
    for text in longer:
        assert canonical_host(text, other, domain) == Host(name, namespace)


@given(st.text("ab1.-*: AZ", max_size=20), st.one_of(st.none(), NAMESPACE), DOMAIN)
def test_the_full_name_is_its_own_canonical_form(
    text: str, namespace: str | None, domain: str
) -> None:
    host = canonical_host(text, namespace, domain)
    if host.namespace:
        full = f"{host.name}.{host.namespace}.svc.{domain}"
        assert canonical_host(full, "elsewhere", domain) == host
    elif host.namespace == EXTERNAL:
        assert canonical_host(host.name, "elsewhere", domain) == host


@pytest.mark.parametrize(
    "host",
    [
        "*",
        "*.example.com",
        "*.com",
        "api.example.com",
        "example.com",
        "10.0.0.1",
        "a.b.c.svc",
        ".",
        "",
        "shop.prod.svc.cluster.local.example",
    ],
)
def test_hosts_that_are_no_service_stay_as_they_are(host: str) -> None:
    assert canonical_host(host, "prod") == Host(host.rstrip("."), EXTERNAL)


def test_another_cluster_domain() -> None:
    full = "shop.prod.svc.corp.example"
    assert canonical_host(full, None, "corp.example") == Host("shop", "prod")
    assert canonical_host(full, None).namespace == EXTERNAL


@given(NAMESPACE, NAMESPACE)
def test_an_unset_namespace_may_be_any(one: str, other: str) -> None:
    assert Host("shop", None).same(Host("shop", one))
    assert Host("shop", one).same(Host("shop", None))
    assert Host("shop", one).same(Host("shop", other)) == (one == other)
    assert not Host("shop", None).same(Host("shop", EXTERNAL))


def test_the_full_name_for_messages() -> None:
    known, unset = catalog({"vs.yaml": route()}), catalog({"vs.yaml": route(None)})
    assert known.full_name("shop", asker(known)) == "shop.prod.svc.cluster.local"
    assert known.full_name("Shop.Web", asker(known)) == "shop.web.svc.cluster.local"
    assert known.full_name("api.example.com", asker(known)) == "api.example.com"
    assert unset.full_name("shop", asker(unset)) == "shop.<namespace>.svc.cluster.local"


# -- subsets --------------------------------------------------------------------------------------


def subset(files: Mapping[str, str], name: str = "v2", host: str = "shop", **settings: str) -> str:
    of = catalog(files, **settings)
    path = next(path for path in files if path.endswith("vs.yaml"))
    return of.subset(host, name, asker(of, path)).state


@given(NAMESPACE, st.data())
def test_every_spelling_of_the_host_finds_its_subset(namespace: str, data: st.DataObject) -> None:
    forms = st.sampled_from(spellings("shop", namespace, "cluster.local")[:-1])
    written, asked = data.draw(forms), data.draw(forms)
    files = {"vs.yaml": route(namespace), "dr.yaml": rule("v1", host=written, namespace=namespace)}
    assert subset(files, "v1", asked) == "found"
    assert subset(files, "v2", asked) == "absent"


@pytest.mark.parametrize(
    ("state", "rules"),
    [
        ("unseen", []),
        ("unseen", [rule("v2", host="cart")]),
        ("found", [rule("v2")]),
        ("absent", [rule("v1")]),
        ("absent", [rule()]),
        ("found", [rule("v1"), rule("v2", name="more")]),
        # namespaces
        ("found", [rule("v2", namespace=None)]),
        ("unseen", [rule("v2", namespace="stage")]),
        ("found", [rule("v2", host="shop.prod.svc.cluster.local", namespace="stage")]),
        ("unseen", [rule("v1", host="shop.prod.svc.cluster.local", namespace="stage")]),
        ("unseen", [rule(host="shop.prod.svc.cluster.local", namespace="istio-system")]),
        ("absent", [rule("v1", host="shop.prod.svc.cluster.local", namespace="istio-system")]),
        # exportTo
        ("absent", [rule("v1", exportTo=["."])]),
        ("found", [rule("v2", exportTo=["."])]),
        ("found", [rule("v2", exportTo=["prod"])]),
        ("found", [rule("v2", exportTo=["*"])]),
        ("found", [rule("v2", exportTo=["${ns}"])]),
        ("unseen", [rule("v2", exportTo=["web"])]),
        ("absent", [rule("v2", exportTo=["web"]), rule("v1", name="more")]),
        # wildcards
        ("found", [rule("v2", host="*.prod.svc.cluster.local")]),
        ("found", [rule("v2", host="*.local")]),
        ("found", [rule("v2", host="*")]),
        ("absent", [rule("v1", host="*.local")]),
        ("unseen", [rule(host="*.local")]),
        ("unseen", [rule("v2", host="*.stage.svc.cluster.local")]),
        ("absent", [rule("v1"), rule("v2", host="*.local", name="all")]),
        ("absent", [rule("v2", host="*"), rule("v1", host="*.local", name="all")]),
        ("found", [rule("v1", host="*"), rule("v2", host="*.local", name="all")]),
        # selectors, hidden parts, Harness
        ("unseen", [rule("v1", workloadSelector={"matchLabels": {"a": "b"}})]),
        ("found", [rule("v2", workloadSelector={"matchLabels": {"a": "b"}})]),
        ("found", [rule("${subset}")]),
        ("found", [rule("v1"), rule("v2", host="${host}", name="more")]),
        ("found", [rule("v2", host="${env}op.prod.svc.cluster.local")]),
        ("absent", [rule("v1"), rule("v2", host="${env}cart", name="more")]),
    ],
)
def test_subsets(state: str, rules: list[str]) -> None:
    files = {f"dr{index}.yaml": text for index, text in enumerate(rules)}
    assert subset({"vs.yaml": route(), **files}) == state


def test_the_client_of_a_gateway_may_be_in_any_namespace() -> None:
    files = {"dr.yaml": rule("v2", exportTo=["istio-system"])}
    assert subset({"vs.yaml": route(gateways=["edge"]), **files}) == "found"
    assert subset({"vs.yaml": route(gateways=["mesh"]), **files}) == "unseen"
    matched = route(http=[{"match": [{"gateways": ["edge"]}]}])
    assert subset({"vs.yaml": matched, **files}) == "found"


def test_another_root_namespace_and_domain() -> None:
    text = rule("v1", host="shop.prod.svc.corp.example", namespace="mesh")
    files = {"vs.yaml": route(), "dr.yaml": text}
    assert subset(files, domain="corp.example", root_namespace="mesh") == "absent"
    assert subset(files) == "unseen"


def test_what_decided_is_told() -> None:
    of = catalog(
        {"vs.yaml": route(), "dr.yaml": rule("stable"), "more.yaml": rule("canary", name="m")}
    )
    found = of.subset("shop", "canary", asker(of))
    assert [item.name for item in found.items] == ["m"]
    absent = of.subset("shop", "cannary", asker(of))
    assert (absent.state, absent.hint) == ("absent", "canary")
    assert [item.name for item in absent.items] == ["shop", "m"]


@pytest.mark.parametrize(
    ("state", "rules"),
    [
        ("absent", {"app/dr.yaml": rule("v1")}),
        ("absent", {"app/dr.yaml": rule("v1"), "other/dr.yaml": rule("v2")}),
        ("absent", {"app/dr.yaml": rule("v1"), "other/dr.yaml": rule("v2", name="more")}),
        ("absent", {"app/dr.yaml": rule("v1"), "app/next/dr.yaml": rule("v2")}),
        ("found", {"app/dr.yaml": rule("v1"), "app/next/dr.yaml": rule("v2", name="more")}),
        ("found", {"app/dr.yaml": rule("v1"), "dr.yaml": rule("v2", name="more")}),
        ("absent", {"app/dr.yaml": rule("v1"), "apple/dr.yaml": rule("v2", name="more")}),
        ("found", {"rules/dr.yaml": rule("v1"), "more/dr.yaml": rule("v2")}),
        ("absent", {"rules/dr.yaml": rule("v1"), "more/dr.yaml": rule("v3")}),
        ("absent", {"rules/dr.yaml": rule("v1"), "rules/more.yaml": rule("v3", name="m")}),
    ],
)
def test_the_nearest_folder(state: str, rules: dict[str, str]) -> None:
    assert subset({"app/vs.yaml": route(), **rules}) == state


def test_each_copy_has_what_lies_nearest_to_it() -> None:
    files = {
        "dev/routes/vs.yaml": route(),
        "dev/rules/dr.yaml": rule("v1", "v2"),
        "prod/routes/vs.yaml": route(),
        "prod/rules/dr.yaml": rule("v1"),
    }
    of = catalog(files)
    assert of.subset("shop", "v2", asker(of, "dev/routes/vs.yaml")).state == "found"
    assert of.subset("shop", "v2", asker(of, "prod/routes/vs.yaml")).state == "absent"


def test_what_lies_above_all_copies_belongs_to_each() -> None:
    files = {"dev/vs.yaml": route(), "prod/vs.yaml": route(), "base/dr.yaml": rule("v1")}
    of = catalog(files)
    assert of.subset("shop", "v1", asker(of, "dev/vs.yaml")).state == "found"
    assert of.subset("shop", "v2", asker(of, "prod/vs.yaml")).state == "absent"


def test_a_copy_without_a_rule_of_its_own_sees_none_of_the_others() -> None:
    files = {"dev/vs.yaml": route(), "prod/vs.yaml": route(), "prod/rules/dr.yaml": rule("v1")}
    of = catalog(files)
    assert of.subset("shop", "v2", asker(of, "dev/vs.yaml")).state == "unseen"
    assert of.subset("shop", "v2", asker(of, "prod/vs.yaml")).state == "absent"


def test_chapters_that_may_be_meant_say_nothing() -> None:
    # The copies of the route are steps; no rule lies with this one, and one elsewhere has the subset.
    files = {
        "a/match/vs.yaml": route(),
        "a/45/dr.yaml": rule("v9"),
        "a/locality/dr.yaml": rule("v8"),
        "b/retry/vs.yaml": route(),
        "b/retry/dr.yaml": rule("v2"),
    }
    of = catalog(files)
    assert of.subset("shop", "v2", asker(of, "a/match/vs.yaml")).state == "unseen"
    assert of.subset("shop", "v3", asker(of, "a/match/vs.yaml")).state == "absent"
    of = catalog({**files, "a/match/dr.yaml": rule()})
    assert of.subset("shop", "v2", asker(of, "a/match/vs.yaml")).state == "absent"


def test_a_policy_of_another_folder_does_not_own_the_subsets() -> None:
    files = {"app/vs.yaml": route(), "policies/dr.yaml": rule()}
    assert subset(files) == "unseen"
    assert subset({**files, "policies/dr.yaml": rule("v1")}) == "absent"
    assert subset({**files, "dr.yaml": rule()}) == "absent"


def test_charts_see_their_own_rules_only() -> None:
    of = catalog({"a/vs.yaml": route(), "a/dr.yaml": rule("v1"), "b/dr.yaml": rule("v2")})
    assert of.subset("shop", "v2", asker(of, "a/vs.yaml")).state == "absent"
    for scope in of.scopes:
        scope.kind = "chart"
    assert of.subset("shop", "v2", asker(of, "a/vs.yaml")).state == "absent"
    of = catalog({"a/vs.yaml": route(), "b/dr.yaml": rule("v1")})
    for scope in of.scopes:
        scope.kind = "chart"
    assert of.subset("shop", "v2", asker(of, "a/vs.yaml")).state == "unseen"


FULL = "shop.prod.svc.cluster.local"


@pytest.mark.parametrize(
    ("rules", "first", "hidden"),
    [
        ([rule("v2", name="a"), rule("v1", name="b", namespace="web", host=FULL)], ["b"], ["a"]),
        ([rule("v2", name="a"), rule(name="b", namespace="web", host="*.local")], ["b"], ["a"]),
        ([rule("v2", name="a"), rule("v1", name="b", namespace="stage", host=FULL)], ["a"], []),
        (
            [rule("v1", name="a"), rule("v2", name="b", namespace="istio-system", host=FULL)],
            ["a"],
            ["b"],
        ),
        ([rule("v2", name="a", host="*.local"), rule("v1", name="b")], ["b"], ["a"]),
        ([rule("v2", name="a"), rule("v1", name="b", namespace=None, host=FULL)], ["a", "b"], []),
        ([rule("v1", name="a"), rule("v3", name="b", namespace="web", host=FULL)], ["b"], []),
    ],
    ids=["client", "wildcard", "third", "root", "specific", "no namespace", "none defines it"],
)
def test_the_rules_that_a_client_gets(
    rules: list[str], first: list[str], hidden: list[str]
) -> None:
    of = catalog({"vs.yaml": route("web"), "dr.yaml": "---\n".join(rules)})
    assert [found.name for found in of.first_rules(FULL, asker(of))] == first
    assert [found.name for found in of.subset(FULL, "v2", asker(of)).hidden] == hidden


# -- providers ------------------------------------------------------------------------------------


@given(NAMESPACE, st.data())
def test_every_spelling_of_a_host_finds_its_service(namespace: str, data: st.DataObject) -> None:
    asked = data.draw(st.sampled_from(spellings("shop", namespace, "cluster.local")))
    of = catalog({"vs.yaml": route(namespace), "s.yaml": thing("Service", "shop", namespace)})
    found = of.provider(asked, asker(of))
    assert (found.state, [item.name for item in found.items]) == ("found", ["shop"])


@given(NAMESPACE, NAMESPACE)
def test_a_short_name_means_the_own_namespace(own: str, other: str) -> None:
    of = catalog({"vs.yaml": route(own), "s.yaml": thing("Service", "shop", other)})
    platform = own in ("istio-system", "kube-system", "kube-public", "kube-node-lease")
    assert (of.provider("shop", asker(of)).state == "found") == (own == other or platform)
    assert of.provider(f"shop.{other}.svc.cluster.local", asker(of)).state == "found"


def test_a_service_out_of_reach_is_told() -> None:
    of = catalog({"vs.yaml": route(), "s.yaml": thing("Service", "shop", "web")})
    found = of.provider("shop", asker(of))
    assert (found.state, [item.namespace for item in found.items]) == ("unseen", ["web"])


# -- gateways -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "namespace", "state"),
    [
        ("edge", "prod", "found"),
        ("edge", None, "found"),
        ("edge", "web", "unseen"),
        ("prod/edge", "prod", "found"),
        ("prod/edge", None, "found"),
        ("prod/edge", "web", "unseen"),
        ("web/edge", "web", "found"),
        ("./edge", "prod", "found"),
        ("./edge", "web", "unseen"),
        ("edge.web", "web", "found"),
        ("edge.web", "prod", "unseen"),
        ("edge.web.svc.cluster.local", "web", "found"),
        ("other", "prod", "unseen"),
    ],
)
def test_gateways(reference: str, namespace: str | None, state: str) -> None:
    of = catalog({"vs.yaml": route(), "g.yaml": thing("Gateway", "edge", namespace)})
    assert of.gateway(reference, asker(of)).state == state


def test_a_gateway_without_a_namespace_around_it() -> None:
    of = catalog({"vs.yaml": route(None), "g.yaml": thing("Gateway", "edge", "web")})
    assert of.gateway("edge", asker(of)).state == "found"
    assert of.gateway("prod/edge", asker(of)).state == "unseen"


def test_a_gateway_out_of_reach_and_a_slip_are_told() -> None:
    of = catalog({"vs.yaml": route(), "g.yaml": thing("Gateway", "edge-gateway", "web")})
    assert [item.namespace for item in of.gateway("edge-gateway", asker(of)).items] == ["web"]
    assert of.gateway("edge-gatway", asker(of)).hint is None
    assert of.gateway("web/edge-gatway", asker(of)).hint == "edge-gateway"

"""TS213: a delegate that Istio does not follow."""

from __future__ import annotations

import pytest

from conftest import Tree


def service(name: str, spec: str, namespace: str | None = "web") -> str:
    where = f"  namespace: {namespace}\n" if namespace else ""
    return (
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n"
        f"  name: {name}\n{where}spec: {spec}\n"
    )


def root(delegate: str = "{name: cart}", match: str = "{uri: {prefix: /cart}}") -> str:
    return service("shop", f"{{hosts: [shop], http: [{{match: [{match}], delegate: {delegate}}}]}}")


def cart(match: str = "", *, more: str = "", namespace: str | None = "web") -> str:
    matches = f"match: [{match}], " if match else ""
    http = f"http: [{{{matches}route: [{{destination: {{host: cart}}}}]}}]"
    return service("cart", f"{{{more}{http}}}", namespace)


def found(tree: Tree, *texts: str, **settings: object) -> list[tuple[str, str]]:
    tree.write({f"{index}.yaml": text for index, text in enumerate(texts)})
    findings = tree.lint(select=("TS213",), **settings)
    return [(tree.name(f.file), f"{f.severity.label}: {f.message}") for f in findings]


@pytest.mark.parametrize(
    "match",
    [
        "",
        "{uri: {prefix: /cart}}",
        "{uri: {prefix: /cart/v2}}",
        "{uri: {exact: /cart/v2}}",
        "{headers: {x: {regex: a.*}}}",
        "{uri: {prefix: '${PATH}'}}",
    ],
)
def test_a_delegate_that_fits(tree: Tree, match: str) -> None:
    assert found(tree, root(), cart(match), complete=True) == []


@pytest.mark.parametrize(
    ("match", "field"),
    [
        ("{uri: {prefix: /}}", "uri"),
        ("{uri: {exact: /api/cart}}", "uri"),
        ("{uri: {prefix: /cart/v2}}, {uri: {prefix: /api}}", "uri"),
        ("{uri: {prefix: /cart}, ignoreUriCase: true}", "ignoreUriCase"),
    ],
)
def test_a_match_that_lies_in_none_of_the_roots(tree: Tree, match: str, field: str) -> None:
    ((file, message),) = found(tree, root(), cart(match))
    assert file == "1.yaml"
    assert message.startswith(
        "error: This match lies within no match of the route of VirtualService"
    )
    assert f"({field} does not fit): Istio drops the whole route." in message


@pytest.mark.parametrize("own", ["{uri: {regex: /cart/.*}}", "{uri: {prefix: /cart}}"])
def test_istio_compares_no_regular_expressions(tree: Tree, own: str) -> None:
    regex = "{uri: {regex: /cart/.*}}"
    ((_file, message),) = found(tree, root(match=regex), cart(own))
    assert "(Istio compares no regular expressions, and uri has one): Istio drops" in message
    assert found(tree, root(match=regex), cart("{headers: {x: {exact: a}}}")) == []


def test_a_delegate_of_two_roots_may_fit_one_of_them(tree: Tree) -> None:
    other = root(match="{uri: {prefix: /api}}").replace("shop", "api")
    ((_file, message),) = found(tree, root(), other, cart("{uri: {prefix: /api/v2}}"))
    assert message.startswith("warning: ")
    assert "VirtualService web/shop" in message


def test_a_root_route_without_match_takes_any_delegate(tree: Tree) -> None:
    text = service("shop", "{hosts: [shop], http: [{delegate: {name: cart}}]}")
    assert found(tree, text, cart("{uri: {regex: .*}}")) == []


def test_a_delegate_with_hosts(tree: Tree) -> None:
    ((file, message),) = found(tree, root(), cart(more="hosts: [cart], "))
    assert file == "0.yaml"
    assert 'VirtualService web/cart has hosts ("cart"), so it is no delegate' in message


def test_steps_of_a_tutorial_are_no_delegates_of_each_other(tree: Tree) -> None:
    whole = cart(more="hosts: [cart], ")
    assert found(tree, root(), whole, whole) == []
    tree.write({"2.yaml": ""})
    assert [file for file, _message in found(tree, root(), whole)] == ["0.yaml"]


def test_a_delegate_that_delegates_again(tree: Tree) -> None:
    again = service("cart", "{http: [{delegate: {name: deep}}]}")
    ((file, message),) = found(tree, root(), again, complete=True)
    assert file == "1.yaml"
    assert "a delegate cannot delegate again" in message


def test_a_delegate_that_is_nowhere(tree: Tree) -> None:
    assert found(tree, root()) == []
    ((_file, message),) = found(tree, root(), complete=True)
    assert 'There is no VirtualService "cart" in namespace "web"' in message


def test_a_delegate_of_another_namespace(tree: Tree) -> None:
    there = cart(namespace="cart")
    assert found(tree, root("{name: cart, namespace: cart}"), there, complete=True) == []
    ((_file, message),) = found(tree, root(), there, complete=True)
    assert 'There is no VirtualService "cart" in namespace "web"' in message


def test_a_delegate_that_is_not_exported_to_the_root(tree: Tree) -> None:
    reference = "{name: cart, namespace: cart}"
    hidden = cart(more="exportTo: ['.'], ", namespace="cart")
    ((_file, message),) = found(tree, root(reference), hidden)
    assert "VirtualService cart/cart is not exported to the namespace of" in message
    for shown in ("exportTo: [web], ", "exportTo: ['*'], ", "exportTo: ['.', web], "):
        assert found(tree, root(reference), cart(more=shown, namespace="cart")) == []


@pytest.mark.parametrize(
    "reference", ["{name: '${NAME}'}", "'${DELEGATE}'", "{name: a, namespace: '<+env>'}"]
)
def test_hidden_names_are_not_judged(tree: Tree, reference: str) -> None:
    assert found(tree, root(reference), complete=True) == []


def test_a_delegate_whose_hosts_an_expression_hides_may_have_none(tree: Tree) -> None:
    hidden = cart(more="hosts: '${HOSTS}', ")
    assert found(tree, root(), hidden, complete=True) == []
    assert len(found(tree, root(), cart(more="hosts: [cart], "))) == 1


def test_a_delegate_without_a_name(tree: Tree) -> None:
    ((_file, message),) = found(tree, root("{namespace: web}"))
    assert "The delegate has no name" in message


NAMESPACES = "".join(
    f"---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {n}}}\n" for n in ("web", "team")
)


@pytest.mark.parametrize("entry", ["wbe", "other", "We_b", "team/web", "'~'"])
def test_an_export_to_that_names_no_namespace_is_one_mistake(tree: Tree, entry: str) -> None:
    delegate = cart(more=f"exportTo: [{entry}], ", namespace="team")
    tree.write({"a.yaml": root("{name: cart, namespace: team}") + "---\n" + delegate + NAMESPACES})
    rules = [finding.rule for finding in tree.lint(select=("TS213", "TS413"), complete=True)]
    assert rules == ["TS413"]


@pytest.mark.parametrize("export", ["[team]", "[.]", "['.', team]"])
def test_an_export_to_other_namespaces_that_are_there(tree: Tree, export: str) -> None:
    delegate = cart(more=f"exportTo: {export}, ", namespace="team")
    tree.write({"a.yaml": root("{name: cart, namespace: team}") + "---\n" + delegate + NAMESPACES})
    rules = {finding.rule for finding in tree.lint(select=("TS213", "TS413"), complete=True)}
    assert "TS213" in rules


def test_an_export_to_out_of_sight_may_be_right_there(tree: Tree) -> None:
    # Namespaces may lie elsewhere: what is sure is that the root's is none of those named.
    delegate = cart(more="exportTo: [wbe], ", namespace="team")
    tree.write({"a.yaml": root("{name: cart, namespace: team}") + "---\n" + delegate})
    assert [finding.rule for finding in tree.lint(select=("TS213", "TS413"))] == ["TS213"]

"""`scopes:` in the configuration: a team says which files deploy together."""

from __future__ import annotations

import json

import pytest

from conftest import Run, Tree
from tsplit_lint import Config, lint
from tsplit_lint.config import DeclaredScope

VS = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, namespace: shop}
spec:
  hosts: [shop]
  http:
  - route:
    - destination: {host: shop, subset: v1}
      weight: 90
    - destination: {host: shop, subset: v2}
      weight: 10
"""
DR = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop, namespace: shop}
spec:
  host: shop
  subsets:
  - {name: v1, labels: {version: v1}}
"""
BOTH = DR + "  - {name: v2, labels: {version: v2}}\n"
PROD = DeclaredScope("prod", ("base/", "prod/"))
STAGING = DeclaredScope("staging", ("base/", "staging/"))


def test_a_file_of_two_scopes_is_judged_in_each(tree: Tree) -> None:
    tree.write({"base/vs.yaml": VS, "prod/dr.yaml": BOTH, "staging/dr.yaml": DR})
    assert tree.show() == []
    (finding,) = tree.lint(scopes=(PROD, STAGING))
    assert (finding.file, finding.span.line, finding.rule) == ("base/vs.yaml", 10, "TS301")
    assert finding.message.endswith(" This is so in the scope staging.")


def test_what_is_wrong_in_every_scope_is_said_once(tree: Tree) -> None:
    tree.write({"base/vs.yaml": VS, "prod/dr.yaml": DR, "staging/dr.yaml": DR})
    (finding,) = tree.lint(scopes=(PROD, STAGING))
    assert finding.rule == "TS301"
    assert "in the scope" not in finding.message
    tree.write({"base/vs.yaml": VS.replace("10", "20"), "prod/dr.yaml": BOTH})
    tree.write({"staging/dr.yaml": BOTH})
    (finding,) = tree.lint(scopes=(PROD, STAGING))
    assert finding.rule == "TS201"
    assert "in the scope" not in finding.message


def test_files_of_one_folder_may_be_of_different_scopes(tree: Tree) -> None:
    files = {"shop/vs-a.yaml": VS, "shop/vs-b.yaml": VS, "shop/dr-a.yaml": BOTH}
    tree.write({**files, "shop/dr-b.yaml": DR})
    scopes = tuple(DeclaredScope(name, (f"*-{name}.yaml",)) for name in "ab")
    assert tree.show(scopes=scopes) == ["shop/vs-b.yaml:10:41 TS301"]


def test_the_same_object_in_two_files_of_a_scope(tree: Tree) -> None:
    tree.write({"a/vs.yaml": VS, "b/vs.yaml": VS, "c/vs.yaml": VS})
    assert tree.show() == []
    assert tree.show(scopes=(DeclaredScope("one", ("a/", "b/")),)) == ["b/vs.yaml:3:18 TS011"]
    apart = (DeclaredScope("one", ("a/",)), DeclaredScope("two", ("b/",)))
    assert tree.show(scopes=apart) == []


def test_what_lies_outside_is_out_of_reach(tree: Tree) -> None:
    tree.write({"a/vs.yaml": VS, "a/dr.yaml": DR, "b/vs.yaml": VS})
    assert "a/vs.yaml:10:41 TS301" in tree.show()
    assert tree.show(scopes=(DeclaredScope("one", ("a/vs.yaml", "b/")),)) == [
        "b/vs.yaml:3:18 TS011"
    ]


def test_a_link_to_a_file_of_the_scope_is_no_second_object(tree: Tree) -> None:
    tree.write({"base/dr.yaml": BOTH})
    (tree.root / "prod").mkdir()
    (tree.root / "prod" / "dr.yaml").symlink_to("../base/dr.yaml")
    assert tree.show(scopes=(PROD,)) == []
    tree.write({"prod/copy.yaml": BOTH})
    assert tree.show(scopes=(PROD,)) == ["prod/copy.yaml:3:18 TS011"]


def test_completeness_is_that_of_the_scope(tree: Tree) -> None:
    tree.write({"a/vs.yaml": VS, "b/vs.yaml": VS, "c/vs.yaml": VS})
    scopes = (
        DeclaredScope("a", ("a/",), complete=True),
        DeclaredScope("b", ("b/",), complete=False),
        DeclaredScope("c", ("c/",)),
    )

    def spoken(**settings: object) -> set[str]:
        return {found.file[0] for found in tree.lint(select=("TS401",), scopes=scopes, **settings)}

    assert spoken() == {"a"}
    assert spoken(complete=True) == {"a", "c"}


def test_a_file_of_a_complete_and_another_scope_is_not_complete(tree: Tree) -> None:
    tree.write({"a/vs.yaml": VS})
    whole = DeclaredScope("whole", ("a/",), complete=True)
    assert [found.rule for found in tree.lint(select=("TS401",), scopes=(whole,))] == ["TS401"] * 2
    assert tree.lint(select=("TS401",), scopes=(whole, DeclaredScope("part", ("a/",)))) == []


CHART = {
    "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "chart/values.yaml": "subset: v1\n",
    "chart/prod.yaml": "subset: v2\n",
    "chart/templates/vs.yaml": VS.replace("subset: v2", "subset: {{ .Values.subset }}").replace(
        "subset: v1", "subset: {{ .Values.subset }}"
    ),
}


def test_a_chart_is_part_of_a_scope_with_its_own_values(tree: Tree) -> None:
    tree.write({**CHART, "plain/dr.yaml": DR})
    sets = {"dev": (), "prod": ("prod.yaml",)}

    def subsets(*scopes: DeclaredScope) -> list[str]:
        found = tree.lint(select=("TS301",), values_sets=sets, scopes=scopes)
        return [finding.message.partition(" of ")[0] for finding in found]

    paths = ("chart/", "plain/")
    assert subsets() == []
    assert subsets(DeclaredScope("prod", paths, "prod")) == ['The subset "v2"'] * 2
    assert subsets(DeclaredScope("dev", paths, "dev")) == []
    assert subsets(DeclaredScope("all", paths)) == ['The subset "v2"'] * 2
    assert subsets(DeclaredScope("else", ("plain/",))) == []


def test_a_kustomization_is_part_of_a_scope(tree: Tree) -> None:
    tree.write(
        {
            "base/kustomization.yaml": "resources: [vs.yaml]\n",
            "base/vs.yaml": VS,
            "overlays/prod/kustomization.yaml": "resources: [../../base]\nnamespace: shop\n",
            "platform/dr.yaml": DR,
        }
    )
    apart = DeclaredScope("platform", ("platform/",))
    assert tree.show(scopes=(apart,)) == []
    whole = DeclaredScope("prod", ("overlays/prod/", "platform/"))
    assert tree.show(scopes=(whole,)) == ["base/vs.yaml:10:41 TS301"]


def test_a_base_of_two_scopes_is_judged_as_it_is_built(tree: Tree) -> None:
    patch = "- {op: replace, path: /spec/http/0/route/1/weight, value: 10}"
    tree.write(
        {
            "base/vs.yaml": VS.replace("10", "20"),
            "prod/kustomization.yaml": f"""\
                resources: [../base/vs.yaml]
                patches:
                - target: {{kind: VirtualService}}
                  patch: '{patch}'
                """,
            "prod/dr.yaml": BOTH,
            "staging/dr.yaml": BOTH,
        }
    )
    assert tree.show(scopes=(PROD, STAGING)) == []


def test_the_scopes_are_shown(tree: Tree, command: Run) -> None:
    tree.write({**CHART, "plain/dr.yaml": DR, "other/dr.yaml": DR})
    tree.write(
        {".tsplit-lint.yaml": "scopes: [{name: all, paths: [chart/, plain/], complete: true}]\n"}
    )
    code, out, err = command("config", "--scopes", ".", "--format", "json")
    assert (code, err) == (0, "")
    parts = {part["root"]: part for part in json.loads(out)["scopes"]}
    assert {root: (part["kind"], part["part_of"]) for root, part in parts.items()} == {
        "all": ("declared", ["all"]),
        "chart": ("chart", ["all"]),
        "other": ("directory", []),
    }
    assert [part["complete"] for part in parts.values()] == [True, True, False]
    _code, out, _err = command("config", "--scopes", ".")
    assert (
        "all  (declared)\n  declared in the configuration: these manifests deploy together" in out
    )
    assert "deploys with the rest of the declared scope all" in out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[{name: a, paths: [x/], values-set: prd}]",
            ':2:45: no values set is called "prd"; did you mean',
        ),
        ("[{name: a, paths: [x/]}, {name: a, paths: [x/]}]", ':2:41: two scopes are called "a"'),
        ("[{name: a, paths: [x/, x/gone.yaml]}]", ":2:32: x/gone.yaml: no such file or folder"),
        ("[{name: a}]", ':2:10: "scopes[0]" lacks the key "paths"'),
        (
            "[{name: a, path: [x/], paths: [x/]}]",
            'unknown key "scopes[0].path"; did you mean "paths"?',
        ),
        ("[{name: a, paths: []}]", '"scopes[0].paths" must not be empty'),
    ],
)
def test_mistakes_of_the_configuration(tree: Tree, command: Run, text: str, message: str) -> None:
    tree.write(
        {
            "x/vs.yaml": VS,
            ".tsplit-lint.yaml": f"values-sets: {{prod: []}}\nscopes: {text}\n",
        }
    )
    code, out, err = command("x")
    assert (code, out) == (2, "")
    assert message in err


def test_patterns_and_places_that_nobody_can_check_are_taken(tree: Tree, command: Run) -> None:
    tree.write(
        {
            "x/vs.yaml": VS,
            ".tsplit-lint.yaml": "scopes: [{name: a, paths: [gone, '*/gone.yaml', '!x/y']}]\n",
        }
    )
    assert command("x")[0] == 0


def test_context_may_be_part_of_a_scope(tree: Tree) -> None:
    tree.write({"a/vs.yaml": VS, "b/dr.yaml": DR})
    scopes = (DeclaredScope("one", ("a/", "b/")),)
    config = Config(root=tree.root, scopes=scopes, context=(tree.root / "b",))
    found = lint([tree.root / "a"], config).findings
    assert [finding.rule for finding in found] == ["TS301"]


def test_alternatives_are_said_once(tree: Tree, command: Run) -> None:
    tree.write(
        {
            "steps/10.yaml": VS,
            "steps/50.yaml": VS.replace("90", "50").replace(" 10", " 50"),
            "other/vs.yaml": VS,
        }
    )
    code, out, err = command(".", "--format", "concise")
    assert code == 0
    assert "TS011" not in out
    assert err.splitlines() == [
        "tsplit-lint: note: VirtualService shop/shop stands in 2 files of steps: such files are taken as "
        "alternatives, one applied at a time, and are not held against each other (`tsplit-lint config "
        "--scopes .` lists them)",
    ]
    tree.write({"more/1.yaml": VS, "more/2.yaml": VS, "more/3.yaml": VS})
    (note,) = command(".", "--format", "concise")[2].splitlines()
    assert "shop/shop stands in 3 files of more, and so it is in 1 more folder: " in note
    assert command("steps/10.yaml")[2] == ""
    assert command(".", "--quiet")[2] == ""


def test_alternatives_that_route_nothing_are_not_said(tree: Tree, command: Run) -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\n"
    tree.write({"pods/a.yaml": pod, "pods/b.yaml": pod, "pods/vs.yaml": VS})
    concise = (".", "--format", "concise")
    assert command(*concise)[2] == ""
    tree.write({"pods/a.yaml": pod + DR})
    assert "Pod a stands in 2 files of pods: " in command(*concise)[2]
    tree.write({"pods/b.yaml": pod + DR})
    assert "DestinationRule shop/shop stands in 2 files of pods: " in command(*concise)[2]


def test_alternatives_of_the_context_and_of_other_scopes_are_not_said(
    tree: Tree, command: Run
) -> None:
    tree.write({"steps/10.yaml": VS, "steps/50.yaml": VS, "a/vs.yaml": VS})
    assert command("a", "--context", "steps")[2] == ""
    tree.write({".tsplit-lint.yaml": "scopes: [{name: one, paths: [steps/]}]\n"})
    code, _out, err = command("steps")
    assert (code, err) == (1, "")

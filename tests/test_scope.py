"""Which files deploy together."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import Tree
from tsplit_lint import Config, DestinationRule, Scope, VirtualService, lint
from tsplit_lint.scope import Homes


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    return tmp_path


def write(root: Path, *names: str) -> Homes:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return Homes(str(root))


def home(homes: Homes, root: Path, folder: str, *, template: bool = False) -> tuple[str, str]:
    found = homes.of(str(root / folder), is_template=template)
    return found.kind, Path(found.root).relative_to(root).as_posix()


# --- homes ------------------------------------------------------------------------------------
def test_a_plain_folder_is_its_own_home(root: Path) -> None:
    homes = write(root, "a/b/x.yaml")
    assert home(homes, root, "a/b") == ("directory", "a/b")
    assert home(homes, root, "a/b", template=True) == ("directory", "a/b")
    assert home(homes, root, ".") == ("directory", ".")


@pytest.mark.parametrize("template", [False, True])
def test_the_templates_of_a_chart(root: Path, template: bool) -> None:
    homes = write(root, "c/Chart.yaml", "c/values.yaml")
    assert home(homes, root, "c/templates", template=template) == ("chart", "c")
    assert home(homes, root, "c/templates/tests/x", template=template) == ("chart", "c")


@pytest.mark.parametrize("folder", ["c", "c/crds", "c/ci", "c/files/templates", "c/charts"])
def test_what_lies_beside_the_templates_of_a_chart_is_plain(root: Path, folder: str) -> None:
    homes = write(root, "c/Chart.yaml", "c/values.yaml")
    assert home(homes, root, folder) == ("directory", folder)
    assert home(homes, root, folder, template=True) == ("directory", folder)


def test_a_subchart_deploys_with_the_chart_that_is_installed(root: Path) -> None:
    homes = write(
        root,
        "c/Chart.yaml",
        "c/charts/sub/Chart.yaml",
        "c/charts/sub/charts/deep/Chart.yaml",
        "charts/alone/Chart.yaml",
    )
    assert home(homes, root, "c/templates") == ("chart", "c")
    assert home(homes, root, "c/charts/sub/templates") == ("chart", "c")
    assert home(homes, root, "c/charts/sub/charts/deep/templates") == ("chart", "c")
    assert home(homes, root, "charts/alone/templates") == ("chart", "charts/alone")


@pytest.mark.parametrize("name", ["values.yaml", "values.yml"])
def test_the_manifests_of_a_service(root: Path, name: str) -> None:
    homes = write(root, f"s/{name}")
    assert home(homes, root, "s") == ("service", "s")
    assert home(homes, root, "s", template=True) == ("service", "s")
    assert home(homes, root, "s/templates") == ("service", "s")
    assert home(homes, root, "s/templates/a/b") == ("service", "s")
    assert home(homes, root, "s/canary/istio", template=True) == ("service", "s")
    assert home(homes, root, "s/canary/istio") == ("directory", "s/canary/istio")


def test_the_layout_of_firstgen(root: Path) -> None:
    homes = write(root, "Services/web/Manifests/Files/values.yaml")
    files = "Services/web/Manifests/Files"
    assert home(homes, root, f"{files}/templates") == ("service", files)
    assert home(homes, root, f"{files}/templates/istio", template=True) == ("service", files)


def test_the_nearest_values_file_wins(root: Path) -> None:
    homes = write(root, "values.yaml", "a/values.yaml", "a/b/x.yaml")
    assert home(homes, root, "a/b", template=True) == ("service", "a")
    assert home(homes, root, "c", template=True) == ("service", ".")


def test_two_services_side_by_side_are_two(root: Path) -> None:
    homes = write(root, "a/values.yaml", "b/values.yaml")
    assert home(homes, root, "a/templates") == ("service", "a")
    assert home(homes, root, "b/templates") == ("service", "b")


def test_a_values_file_above_the_repository_does_not_count(tmp_path: Path) -> None:
    root = tmp_path / "outer"
    write(root, "values.yaml", "Chart.yaml", "repo/.git/config", "repo/a/b/x.yaml")
    for stop in (root / "repo", root / "elsewhere"):
        homes = Homes(str(stop))
        assert home(homes, root, "repo/a/b", template=True) == ("directory", "repo/a/b")
        assert list(homes.above(str(root / "repo/a"))) == [str(root / "repo/a"), str(root / "repo")]


def test_the_repository_itself_may_be_a_service(root: Path) -> None:
    homes = write(root, "values.yaml")
    assert home(homes, root, "templates", template=True) == ("service", ".")


def test_a_chart_within_a_service_hides_it(root: Path) -> None:
    homes = write(root, "values.yaml", "c/Chart.yaml")
    assert home(homes, root, "c/templates", template=True) == ("chart", "c")
    assert home(homes, root, "c/extra", template=True) == ("directory", "c/extra")


def test_a_values_folder_is_no_values_file(root: Path) -> None:
    homes = write(root, "values.yaml/x.yaml", "Chart.yaml/y.yaml")
    assert home(homes, root, "templates", template=True) == ("directory", "templates")


def test_the_search_ends_at_the_root_of_the_disk() -> None:
    folders = list(Homes("/nowhere").above("/a/b"))
    assert folders == ["/a/b", "/a", "/"]


# --- scopes -----------------------------------------------------------------------------------
SERVICE = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\n"
RULE = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\n"


def scopes(tree: Tree, files: dict[str, str]) -> dict[tuple[str, str], Scope]:
    """The scopes of a repository by their kind and root."""
    tree.write({"repo/.git/config": "", **{f"repo/{name}": text for name, text in files.items()}})
    report = lint([tree.root / "repo"], Config(root=tree.root / "repo"))
    known = [file.scope for file in report.sources.values() if file.scope]
    return {(scope.kind, scope.root): scope for scope in known}


def test_files_are_gathered_by_their_home(tree: Tree) -> None:
    found = scopes(
        tree,
        {
            "one/values.yaml": "a: 1\n",
            "one/templates/a.yaml": SERVICE,
            "one/templates/b/c.yaml": RULE,
            "two/values.yaml": "a: 1\n",
            "two/a.yaml": SERVICE,
            "plain/a.yaml": SERVICE,
            "plain/deep/a.yaml": SERVICE,
            "chart/Chart.yaml": "name: c\n",
            "chart/templates/a.yaml": SERVICE,
        },
    )
    gathered = {
        key: [file.path.removeprefix("repo/") for file in scope.files]
        for key, scope in found.items()
    }
    assert gathered == {
        ("directory", "repo/chart"): ["chart/Chart.yaml"],
        ("chart", "repo/chart"): ["chart/templates/a.yaml"],
        ("service", "repo/one"): [
            "one/templates/a.yaml",
            "one/templates/b/c.yaml",
            "one/values.yaml",
        ],
        ("directory", "repo/plain"): ["plain/a.yaml"],
        ("directory", "repo/plain/deep"): ["plain/deep/a.yaml"],
        ("service", "repo/two"): ["two/a.yaml", "two/values.yaml"],
    }


def test_a_scope_gives_its_objects_by_kind(tree: Tree) -> None:
    found = scopes(
        tree,
        {
            "values.yaml": SERVICE,
            "a.yaml": f"{SERVICE}---\n{RULE}---\nkind: ConfigMap\nname: x\n",
            "b.yaml": f"# harness.io/skip-file-for-deploy\n{SERVICE}",
            "kustomization.yaml": "kind: Kustomization\nname: x\npatches: [{path: p.yaml}]\n",
            "p.yaml": SERVICE,
        },
    )
    scope = found["service", "repo"]
    assert [resource.kind for resource in scope.resources] == [
        "VirtualService",
        "DestinationRule",
        "VirtualService",
    ]
    assert [service.file.path for service in scope.of(VirtualService)] == [
        "repo/a.yaml",
        "repo/b.yaml",
    ]
    assert [service.file.path for service in scope.deployed(VirtualService)] == ["repo/a.yaml"]
    assert [rule.kind for rule in scope.of(DestinationRule)] == ["DestinationRule"]
    assert scope.resources is scope.resources


def test_a_scope_of_the_working_directory(tree: Tree) -> None:
    tree.write({"a.yaml": SERVICE})
    report = lint([tree.root], Config(root=tree.root))
    scope = report.sources["a.yaml"].scope
    assert scope is not None
    assert scope.root == "."

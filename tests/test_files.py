"""Paths → files: what is found, what is passed over, and what cannot be read."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from conftest import Tree
from tsplit_lint import Config, lint
from tsplit_lint.files import NoSuchPath, Sight, Walk


class Folder:
    """Files to be found."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.walk = Walk(root)

    def write(self, *names: str, **texts: str) -> None:
        for name in names:
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("a: 1\n")
        for name, text in texts.items():
            (self.root / name.replace("__", "/")).write_text(text)

    def ignore(self, *lines: str, folder: str = ".") -> None:
        (self.root / folder).mkdir(parents=True, exist_ok=True)
        (self.root / folder / ".gitignore").write_text("\n".join(lines) + "\n")

    def link(self, name: str, target: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def find(self, *paths: str, exclude: tuple[str, ...] = ()) -> list[str]:
        """What is found below some paths, relative to the folder."""
        self.walk = Walk(self.root, exclude)
        found = self.walk.find([self.root / path for path in paths or (".",)])
        return [os.path.relpath(path, self.root) for path in found]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    root = tmp_path / "repo"
    (root / ".git").mkdir(parents=True)
    return Folder(root)


# --- what is found ----------------------------------------------------------------------------
def test_yaml_and_json_at_any_depth_in_a_stable_order(folder: Folder) -> None:
    folder.write("b.yaml", "a.yml", "c/d/e/f.json", "c/a.yaml", "ab/x.yaml", "a/z.yaml")
    folder.write("readme.md", "a.yaml.bak", "yaml", "x.YAML", "a.tpl", "Chart.lock")
    assert folder.find() == [
        "a/z.yaml",
        "a.yml",
        "ab/x.yaml",
        "b.yaml",
        "c/a.yaml",
        "c/d/e/f.json",
    ]


def test_hidden_folders_are_walked_and_those_of_tools_are_not(folder: Folder) -> None:
    folder.write(".harness/a.yaml", ".github/b.yml", ".c.yaml")
    for tool in (
        ".git",
        ".hg",
        ".svn",
        ".tox",
        ".venv",
        "__pycache__",
        "node_modules",
        ".terraform",
    ):
        folder.write(f"{tool}/x.yaml", f"a/{tool}/y.yaml")
    assert folder.find() == [".c.yaml", ".github/b.yml", ".harness/a.yaml"]


def test_paths_are_found_as_they_are_given(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write("a/b.yaml", "c.yaml")
    monkeypatch.chdir(folder.root)
    walk = Walk(folder.root)
    assert list(walk.find(["."])) == ["./a/b.yaml", "./c.yaml"]
    assert list(walk.find(["a"])) == ["a/b.yaml"]
    assert list(walk.find(["a/"])) == ["a/b.yaml"]
    assert list(walk.find([Path("a/b.yaml")])) == ["a/b.yaml"]
    monkeypatch.chdir(folder.root / "a")
    assert list(walk.find([".."])) == ["../a/b.yaml", "../c.yaml"]


def test_a_named_file_is_found_whatever_its_name(folder: Folder) -> None:
    folder.write("a.txt", "b", ".git/c.yaml")
    assert folder.find("a.txt", "b", ".git/c.yaml") == ["a.txt", "b", ".git/c.yaml"]


def test_what_is_given_twice_is_found_once(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write("a/b.yaml", "c.yaml")
    monkeypatch.chdir(folder.root)
    given: list[str | Path] = [
        "c.yaml",
        "./c.yaml",
        "a/../c.yaml",
        folder.root / "c.yaml",
        ".",
        "a",
    ]
    assert list(Walk(folder.root).find(given)) == ["c.yaml", "./a/b.yaml"]


def test_what_is_left_out(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write("a/b.yaml", "c.yaml")
    monkeypatch.chdir(folder.root)
    assert list(Walk(folder.root).find(["."], without=["a/b.yaml"])) == ["./c.yaml"]


def test_a_path_that_does_not_exist_is_named(folder: Folder) -> None:
    folder.link("dangling.yaml", "nowhere")
    for name in ("nothing.yaml", "nothing", "dangling.yaml"):
        with pytest.raises(NoSuchPath, match=name):
            folder.find(name)


def test_names_of_all_kinds(folder: Folder) -> None:
    names = ["a b.yaml", "ä☸.yaml", "-x.yaml", "a\nb.yaml", "[a].yaml", "!a.yaml", "#a.yaml"]
    folder.write(*names)
    assert sorted(folder.find()) == sorted(names)
    assert folder.find("[a].yaml") == ["[a].yaml"]


def test_folders_deeper_than_a_stack(folder: Folder) -> None:
    path = folder.root
    for _level in range(1_200):
        path = path / "d"
        path.mkdir()
    (path / "a.yaml").write_text("a: 1\n")
    try:
        assert folder.find() == ["d/" * 1_200 + "a.yaml"]
    finally:
        (path / "a.yaml").unlink()
        os.removedirs(path)


# --- .gitignore -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("lines", "left"),
    [
        (["*.yaml"], []),
        (["a.yaml"], ["b/b.yaml", "b/c/c.yaml"]),
        (["/a.yaml"], ["b/a.yaml", "b/b.yaml", "b/c/c.yaml"]),
        (["b/"], ["a.yaml"]),
        (["b"], ["a.yaml"]),
        (["/b/c/"], ["a.yaml", "b/a.yaml", "b/b.yaml"]),
        (["c/"], ["a.yaml", "b/a.yaml", "b/b.yaml"]),
        (["b/*.yaml"], ["a.yaml", "b/c/c.yaml"]),
        (["b/**/c.yaml"], ["a.yaml", "b/a.yaml", "b/b.yaml"]),
        (["**/c.yaml"], ["a.yaml", "b/a.yaml", "b/b.yaml"]),
        (["*.yaml", "!b.yaml"], ["b/b.yaml"]),
        (["!b.yaml", "*.yaml"], []),
        (["b/*", "!b/b.yaml"], ["a.yaml", "b/b.yaml"]),
        (["b/**", "!b/b.yaml"], ["a.yaml", "b/b.yaml"]),
        # Git does not look into a folder that is ignored.
        (["b/", "!b/b.yaml"], ["a.yaml"]),
        (["# a.yaml", "", r"\#a.yaml"], ["a.yaml", "b/a.yaml", "b/b.yaml", "b/c/c.yaml"]),
        (["[ab].yaml"], ["b/c/c.yaml"]),
        # Lines that are no pattern are passed over.
        (["!", "[z-a].yaml", "a\\", "c/"], ["a.yaml", "b/a.yaml", "b/b.yaml"]),
    ],
)
def test_ignore_files(folder: Folder, lines: list[str], left: list[str]) -> None:
    folder.write("a.yaml", "b/a.yaml", "b/b.yaml", "b/c/c.yaml")
    folder.ignore(*lines)
    assert folder.find() == left


def test_ignore_files_at_several_levels(folder: Folder) -> None:
    folder.write("gen/a.yaml", "gen/b.yaml", "app/gen.yaml", "app/keep/gen.yaml", "app/x/gen.yaml")
    folder.ignore("gen.yaml", "/gen/*", "!/gen/b.yaml")
    folder.ignore("!gen.yaml", folder="app/keep")
    folder.ignore("/gen.yaml", folder="app/x")
    assert folder.find() == ["app/keep/gen.yaml", "gen/b.yaml"]
    assert folder.find("app") == ["app/keep/gen.yaml"]
    assert folder.find("app/keep", "app/x") == ["app/keep/gen.yaml"]


def test_patterns_are_relative_to_their_own_file(folder: Folder) -> None:
    folder.write("a/b/c.yaml", "b/c.yaml", "a/c.yaml")
    folder.ignore("/b/", folder="a")
    assert folder.find() == ["a/c.yaml", "b/c.yaml"]


def test_ignore_files_above_the_repository_do_not_count(folder: Folder) -> None:
    (folder.root.parent / ".gitignore").write_text("*.yaml\n")
    folder.write("a/b.yaml")
    assert folder.find() == ["a/b.yaml"]
    assert folder.find("a") == ["a/b.yaml"]


def test_ignore_files_above_count_only_in_a_repository(tmp_path: Path) -> None:
    if any((parent / ".git").exists() for parent in tmp_path.parents):
        pytest.skip("the temporary folder lies in a repository")
    outside = Folder(tmp_path)
    outside.write("a/b.yaml")
    outside.ignore("b.yaml")
    assert outside.find("a") == ["a/b.yaml"]
    assert outside.find() == []


def test_ignore_files_count_from_a_sibling_folder(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("a/x.yaml", "b/gen.yaml", "b/y.yaml")
    folder.ignore("/b/gen.yaml")
    monkeypatch.chdir(folder.root / "a")
    assert list(Walk(folder.root).find(["../b"])) == ["../b/y.yaml"]


def test_a_file_that_is_named_is_found_though_it_is_ignored(folder: Folder) -> None:
    folder.write("out/a.yaml", "out/b.yaml", "out/in/c.yaml")
    folder.ignore("out/")
    assert folder.find() == []
    assert folder.find("out/a.yaml") == ["out/a.yaml"]


def test_a_folder_that_is_named_is_walked_though_it_is_ignored(folder: Folder) -> None:
    folder.write("out/a.yaml", "out/b.yaml", "out/in/c.yaml")
    folder.ignore("out/")
    folder.ignore("b.yaml", folder="out")
    assert folder.find("out") == ["out/a.yaml", "out/in/c.yaml"]
    assert folder.find("out", exclude=("out/",)) == ["out/a.yaml", "out/in/c.yaml"]
    assert folder.find("out", exclude=("in/",)) == ["out/a.yaml"]


def test_an_ignore_file_that_is_no_file(folder: Folder) -> None:
    folder.write("a.yaml")
    (folder.root / ".gitignore").mkdir()
    assert folder.find() == ["a.yaml"]


def test_an_ignore_file_in_another_encoding(folder: Folder) -> None:
    folder.write("a.yaml", "b.yaml")
    (folder.root / ".gitignore").write_bytes(b"caf\xe9\r\nb.yaml\r\n")
    assert folder.find() == ["a.yaml"]


# --- excludes ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("exclude", "left"),
    [
        (("vendor",), ["a.yaml", "b/a.yaml"]),
        (("/a.yaml",), ["b/a.yaml", "b/vendor/c.yaml"]),
        (("*.yaml", "!b/a.yaml"), ["b/a.yaml"]),
        (("b/vendor/", "b/a.yaml"), ["a.yaml"]),
        (("nothing",), ["a.yaml", "b/a.yaml", "b/vendor/c.yaml"]),
    ],
)
def test_excludes(folder: Folder, exclude: tuple[str, ...], left: list[str]) -> None:
    folder.write("a.yaml", "b/a.yaml", "b/vendor/c.yaml")
    assert folder.find(exclude=exclude) == left


def test_excludes_are_relative_to_the_root(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write("a/x.yaml", "a/b/x.yaml")
    monkeypatch.chdir(folder.root / "a")
    assert list(Walk(folder.root, ("/a/b",)).find(["."])) == ["./x.yaml"]
    assert list(Walk(folder.root, ("/b",)).find(["."])) == ["./b/x.yaml", "./x.yaml"]
    assert list(Walk(folder.root / "a", ("/b",)).find([".."])) == ["../a/x.yaml"]


def test_excludes_win_over_ignore_files(folder: Folder) -> None:
    folder.write("a.yaml", "b.yaml")
    folder.ignore("*.yaml", "!a.yaml", "!b.yaml")
    assert folder.find(exclude=("a.yaml",)) == ["b.yaml"]


def test_a_named_file_is_found_though_it_is_excluded(folder: Folder) -> None:
    folder.write("a.yaml")
    assert folder.find("a.yaml", exclude=("a.yaml",)) == ["a.yaml"]


# --- links ------------------------------------------------------------------------------------
def test_linked_files_and_folders_are_read(folder: Folder) -> None:
    folder.write("../elsewhere/a.yaml", "b.yaml")
    folder.link("linked", "../elsewhere")
    folder.link("c.yaml", "b.yaml")
    assert folder.find() == ["b.yaml", "c.yaml", "linked/a.yaml"]


def test_links_to_folders_above_end(folder: Folder) -> None:
    folder.write("a/b/c.yaml")
    folder.link("a/b/here", ".")
    folder.link("a/b/up", "..")
    folder.link("a/b/top", "../..")
    folder.link("a/b/root", "/")
    assert folder.find() == ["a/b/c.yaml"]
    assert folder.find("a") == ["a/b/c.yaml"]


def test_links_to_folders_above_end_when_the_way_is_a_link_too(folder: Folder) -> None:
    folder.write("a/b.yaml")
    folder.link("a/up", "..")
    folder.link("../other", "repo")
    walk = Walk(folder.root)
    found = list(walk.find([folder.root.parent / "other"]))
    assert [os.path.basename(path) for path in found] == ["b.yaml"]


def test_links_in_a_circle_end(folder: Folder) -> None:
    folder.write("a/x.yaml", "b/y.yaml")
    folder.link("a/to_b", "../b")
    folder.link("b/to_a", "../a")
    assert folder.find() == ["a/to_b/y.yaml", "a/x.yaml", "b/to_a/x.yaml", "b/y.yaml"]


def test_a_folder_is_followed_once_through_links(folder: Folder) -> None:
    folder.write("../elsewhere/a.yaml")
    folder.link("one", "../elsewhere")
    folder.link("two", "../elsewhere")
    assert folder.find() == ["one/a.yaml"]
    assert folder.find("two") == ["two/a.yaml"]


def test_links_that_lead_nowhere_are_passed_over(folder: Folder) -> None:
    folder.write("a.yaml")
    folder.link("dangling.yaml", "nowhere.yaml")
    folder.link("self.yaml", "self.yaml")
    folder.link("one.yaml", "two.yaml")
    folder.link("two.yaml", "one.yaml")
    folder.link("folder", "nowhere")
    assert folder.find() == ["a.yaml"]
    assert folder.walk.unreadable == []


# --- what is no file --------------------------------------------------------------------------
def test_pipes_and_sockets_do_not_block_a_walk(folder: Folder) -> None:
    folder.write("z.yaml")
    os.mkfifo(folder.root / "pipe.yaml")
    folder.link("piped.yaml", "pipe.yaml")
    (folder.root / "folder.yaml").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        here = os.getcwd()
        os.chdir(folder.root)
        server.bind("socket.yaml")
        os.chdir(here)
        assert folder.find() == ["z.yaml"]


def test_a_folder_with_the_name_of_a_file_is_walked(folder: Folder) -> None:
    folder.write("a.yaml/b.yaml")
    assert folder.find() == ["a.yaml/b.yaml"]


@pytest.fixture
def closed(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder that cannot be listed."""
    folder.write("a/x.yaml", "closed/y.yaml", "z/z.yaml")
    path = os.fspath(folder.root / "closed")
    scandir = os.scandir

    def refuse(given: Any) -> Any:
        if os.path.abspath(given) == path:
            raise PermissionError(13, "Permission denied", given)
        return scandir(given)

    monkeypatch.setattr(os, "scandir", refuse)
    return path


def test_a_folder_that_cannot_be_read_is_named_and_the_others_are_found(
    folder: Folder, closed: str
) -> None:
    assert folder.find() == ["a/x.yaml", "z/z.yaml"]
    (told,) = folder.walk.unreadable
    assert "closed: Permission denied" in told


def test_the_report_names_what_could_not_be_read(folder: Folder, closed: str) -> None:
    report = lint([folder.root], Config(root=folder.root))
    assert report.files == 2
    assert [os.path.basename(told) for told in report.unreadable] == ["closed: Permission denied"]


def test_what_is_in_sight(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.write({"a/x.yaml": "a: 1", "a/b/y.yaml": "needle: 1", "c/z.yaml": "", "c/note.txt": ""})

    def sight(*given: str) -> Sight:
        walk = Walk(tree.root)
        return Sight(walk, given, [*walk.find(given)])

    assert sight(".").whole("")
    assert sight("a").whole("a/b")
    assert not sight("a").whole("")
    assert sight("a", "c/z.yaml").whole("")
    assert not sight("a/x.yaml").whole("a")
    assert sight("a/x.yaml", "a/b/y.yaml").whole("a")
    assert sight("c/z.yaml").whole("c")

    def needle(text: str) -> bool:
        return "needle" in text

    assert sight("a/x.yaml").elsewhere("a", needle)
    assert not sight("a/x.yaml").elsewhere("a", needle, below=False)
    assert sight("a/x.yaml").elsewhere("a/b", needle, below=False)
    assert not sight("a/x.yaml").elsewhere("c", needle)
    assert not sight("a/x.yaml", "a/b/y.yaml").elsewhere("a", needle)
    assert sight("a/x.yaml").whole("gone")


def test_what_is_excluded_is_not_missed(tree: Tree) -> None:
    tree.write({"a/x.yaml": "", "a/y.yaml": "", ".gitignore": "y.yaml\n", ".git/HEAD": ""})
    walk = Walk(tree.root)
    assert Sight(walk, ["a/x.yaml"], ["a/x.yaml"]).whole("a")

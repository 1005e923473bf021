"""What holds for every format."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_reports import full_report, reports

from tsplit_lint.engine import Report
from tsplit_lint.report import FORMATS, View, render
from tsplit_lint.version import VERSION


def test_the_formats() -> None:
    assert list(FORMATS) == ["text", "concise", "json", "sarif", "github"]


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(KeyError, match="yaml"):
        render("yaml", Report())


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_needs_nothing_but_the_report(name: str) -> None:
    given = full_report()
    shown = render(name, given)
    assert shown.endswith("\n")
    assert "TS301" in shown
    assert shown == render(name, given, View())


def test_the_version_is_that_of_the_package() -> None:
    assert View().version == VERSION


@settings(deadline=None)
@given(st.sampled_from(sorted(FORMATS)), reports())
def test_two_runs_give_the_same_bytes_and_any_encoding_takes_them(name: str, given: Report) -> None:
    view = View(rules=tuple)
    shown = render(name, given, view)
    assert shown == render(name, given, view)
    assert shown.encode("utf-8").decode("utf-8") == shown
    if name in ("json", "sarif"):
        assert shown.isascii()


@pytest.mark.parametrize(
    ("folder", "file", "expected"),
    [
        ("", "a/b.yaml", "a/b.yaml"),
        ("sub/deep", "b.yaml", "sub/deep/b.yaml"),
        ("sub/deep", "../b.yaml", "sub/b.yaml"),
        ("sub/deep", "../../../b.yaml", "../b.yaml"),
        ("sub", "/elsewhere/../sub/../x.yaml", None),
    ],
)
def test_paths_for_code_hosts_start_at_the_repository(
    tmp_path: Path, folder: str, file: str, expected: str | None
) -> None:
    (tmp_path / ".git").mkdir()
    directory = tmp_path / folder
    directory.mkdir(parents=True, exist_ok=True)
    view = View(directory=directory)
    if expected is None:
        assert view.from_repository(str(tmp_path / "sub" / "x.yaml")) == "sub/x.yaml"
    else:
        assert view.from_repository(file) == expected


def test_without_a_repository_paths_start_at_the_working_directory(tmp_path: Path) -> None:
    assert View(directory=tmp_path).from_repository("a.yaml") == "a.yaml"


def test_a_path_on_another_drive_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_relative_path(_path: object, _start: object) -> str:
        raise ValueError("path is on another drive")

    monkeypatch.setattr("os.path.relpath", no_relative_path)
    assert View(directory=tmp_path).from_repository("D:/a.yaml") == "D:/a.yaml"

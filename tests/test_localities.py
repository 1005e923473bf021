"""Localities: how they are written, and which covers which."""

from __future__ import annotations

import pytest

from tsplit_lint import locality_covers, locality_problem


@pytest.mark.parametrize("text", ["eu", "eu/a", "eu/a/1", "eu/a/b/c", "*", "eu/*", "eu/a/*", "eu*"])
def test_localities(text: str) -> None:
    assert locality_problem(text) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "has an empty part"),
        ("eu/", "has an empty part"),
        ("eu//1", "has an empty part"),
        ("*/a", "has a wildcard that is not at its end"),
        ("eu/*/*", "has a wildcard that is not at its end"),
    ],
)
def test_what_is_no_locality(text: str, problem: str) -> None:
    assert locality_problem(text) == problem


@pytest.mark.parametrize(
    ("first", "second", "covered"),
    [
        ("*", "eu/a", True),
        ("eu", "eu", True),
        ("eu", "eu/a", True),
        ("eu/a", "eu", True),
        ("eu", "us", False),
        ("eu", "*", False),
        ("eu/*", "eu/a/1", True),
        ("eu/a", "eu/*", False),
        ("eu/a", "eu/a/1", True),
        ("eu/a/1", "eu/a", True),
        ("eu/a/*", "eu/a/1", True),
        ("eu/a/1", "eu/a/*", False),
        ("eu/a/1", "eu/a/2", False),
        ("eu/a", "us/a", False),
    ],
)
def test_localities_that_cover_others(first: str, second: str, covered: bool) -> None:
    assert locality_covers(first, second) is covered

"""Slips of the fingers, and the index that finds them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsplit_lint.catalog.slips import Slips, is_slip, one_slip_away

NAMES = st.text("abcde-.1", min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("reviews", "reveiws"),
        ("reviews", "review"),
        ("reviews", "reviewss"),
        ("reviews", "raviews"),
        ("my-gateway", "my-gatway"),
        ("canary", "cannary"),
        ("stable", "stabel"),
    ],
)
def test_slips(one: str, other: str) -> None:
    assert is_slip(one, other)
    assert is_slip(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("reviews", "reviews"),
        ("reviews-v1", "reviews-v2"),
        ("reviews-1", "reviews"),
        ("service-a", "service-b"),
        ("a.example.com", "b.example.com"),
        ("shop-eu", "shop-us"),
        ("shop-api", "shop-app"),
        ("cart", "card"),
        ("east", "eats"),
        ("reviews", "rewievs"),
        ("reviews", "rev"),
        ("my-shop", "myshop"),
    ],
)
def test_names_that_differ_on_purpose_or_by_more(one: str, other: str) -> None:
    assert not is_slip(one, other)
    assert not is_slip(other, one)


def test_two_candidates_are_none() -> None:
    assert one_slip_away("ratins", ["ratings", "reviews", "ratins"]) == "ratings"
    assert one_slip_away("ratins", ["ratings", "rations"]) is None
    assert one_slip_away("ratins", []) is None


@given(NAMES, NAMES)
def test_a_slip_has_no_direction(one: str, other: str) -> None:
    assert is_slip(one, other) == is_slip(other, one)


@given(st.lists(NAMES, max_size=30), NAMES)
def test_the_index_finds_what_comparing_with_all_finds(names: list[str], name: str) -> None:
    expected = sorted({other for other in names if is_slip(name, other)})
    assert Slips(names).of(name) == expected

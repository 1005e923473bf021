"""Slips of the fingers: which known name was most likely meant."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

_SHORTEST_NAME = 5
_SHORTEST_PART = 4


def one_slip_away(name: str, names: Iterable[str]) -> str | None:
    """The one name that differs from `name` by one slip of the fingers; None if none or several do.

    A slip is one letter added, dropped, changed or swapped with its neighbour, in a name of five
    characters or more.  Digits and short parts tell real names apart (`v1` and `v2`, `a` and `b`), so
    a difference there is none.
    """
    found = {other for other in names if is_slip(name, other)}
    return found.pop() if len(found) == 1 else None


def is_slip(one: str, other: str) -> bool:
    """Whether two names differ by exactly one slip."""
    shorter = min(len(one), len(other))
    if one == other or abs(len(one) - len(other)) > 1 or shorter < _SHORTEST_NAME:
        return False
    start = 0
    while start < shorter and one[start] == other[start]:
        start += 1
    end = 0
    while end < shorter - start and one[-1 - end] == other[-1 - end]:
        end += 1
    left, right = one[start : len(one) - end], other[start : len(other) - end]
    if len(left) > 2 or len(right) > 2 or not (left + right).isalpha():
        return False
    if len(left) == 2 or len(right) == 2:
        return left == right[::-1]
    return min(_part_length(one, start), _part_length(other, start)) >= _SHORTEST_PART


def _part_length(name: str, index: int) -> int:
    """How long the part of a dashed or dotted name is that holds a position."""
    before = re.split(r"[-.]", name[:index])[-1]
    after = re.split(r"[-.]", name[index:])[0]
    return len(before) + len(after)


class Slips:
    """Many names, asked again and again: finds those one slip away without comparing with all.

    Two names one slip apart become equal when at most one character is dropped from each, so the names
    are filed under all they become.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._filed: dict[str, list[str]] = defaultdict(list)
        for name in names:
            for shortened in _shortened(name):
                self._filed[shortened].append(name)

    def of(self, name: str) -> list[str]:
        """The names one slip away, sorted."""
        near = {other for key in _shortened(name) for other in self._filed.get(key, ())}
        return sorted(other for other in near if is_slip(name, other))


def _shortened(name: str) -> Iterator[str]:
    yield name
    for index in range(len(name)):
        if index == 0 or name[index] != name[index - 1]:
            yield name[:index] + name[index + 1 :]

"""Which objects a patch is for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from ..values import HIDDEN, is_text

if TYPE_CHECKING:
    from .item import Item

_WORD: Final = re.compile(r"[\w.\-/ ]*\Z")
_REQUIREMENT: Final = re.compile(
    r"\s*(?:(?P<absent>!)\s*(?P<none>[\w./-]+)"
    r"|(?P<key>[\w./-]+)\s*(?:(?P<op>==|=|!=)\s*(?P<value>[\w.-]*)"
    r"|\s(?P<set>in|notin)\s*\((?P<values>[^()]*)\))?)\s*(?:,|\Z)"
)


class UnknownTarget(Exception):  # noqa: N818 no fault of the user's
    """A target that cannot be read, or that an expression hides."""


def chosen(target: Mapping[str, Any], item: Item) -> bool:
    """Whether a target selects an object; raises UnknownTarget."""
    group, _slash, version = item.api_version.rpartition("/")
    questions: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("group", (group,)),
        ("version", (version,)),
        ("kind", (item.kind,)),
        ("name", (item.identities[0].name, item.name)),
        ("namespace", (item.identities[0].effective_namespace, item.effective_namespace)),
    )
    if not all(_matches(target.get(key), values) for key, values in questions):
        return False
    return all(
        _selects(target.get(key), labels)
        for key, labels in (
            ("labelSelector", item.labels),
            ("annotationSelector", item.annotations),
        )
    )


def _matches(pattern: object, values: tuple[str, ...]) -> bool:
    if pattern is None or pattern == "":
        return True
    if not is_text(pattern) or HIDDEN.search(pattern):
        raise UnknownTarget
    if pattern in values:
        return True
    if _WORD.match(pattern) and "." not in pattern:
        return False
    matches = _compiled(pattern)
    return any(map(matches, values))


@cache
def _compiled(pattern: str) -> Callable[[str], object]:
    import re2

    try:
        return re2.compile(f"^(?:{pattern})$").match  # type: ignore[no-any-return]
    except re2.error:
        raise UnknownTarget from None


def _selects(selector: object, labels: Mapping[str, Any]) -> bool:
    """Whether labels meet a selector such as `app=shop,tier!=cache,canary`."""
    if selector is None or selector == "":
        return True
    if not is_text(selector) or HIDDEN.search(selector):
        raise UnknownTarget
    place = 0
    while place < len(selector):
        found = _REQUIREMENT.match(selector, place)
        if found is None or found.end() == place:
            raise UnknownTarget
        if not _meets(found, labels):
            return False
        place = found.end()
    return True


def _meets(requirement: re.Match[str], labels: Mapping[str, Any]) -> bool:
    if requirement["absent"]:
        return requirement["none"] not in labels
    key, op = requirement["key"], requirement["op"] or requirement["set"]
    value = labels.get(key)
    if op is None:
        return key in labels
    if op in ("in", "notin"):
        values = [each.strip() for each in requirement["values"].split(",")]
        return (value in values) is (op == "in")
    return bool(value == requirement["value"]) is (op != "!=")

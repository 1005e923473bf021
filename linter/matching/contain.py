"""All requests of one match against another match: does an earlier one take them all?

Exact and prefix are decided exactly, regular expressions where it can be proved.  Whatever is hidden
proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..values import Unknown
from .conditions import Aspect, Condition, Conditions
from .evaluate import holds
from .languages import within

#: A character that no text to match has.
_STRANGE = "\x00"


def covers(outer: Conditions, inner: Conditions, protocol: str = "http") -> bool:
    """Whether one match takes every request that another match takes."""
    if not outer.understood:
        return False
    if not inner.understood:
        return outer.everything and protocol != "tls"
    if protocol != "http" and not _connections_within(inner, outer, protocol):
        return False
    return _client_within(inner, outer) and all(
        aspect in inner.texts and aspect_within(aspect, inner.texts[aspect], conditions)
        for aspect, conditions in outer.texts.items()
    )


def _client_within(inner: Conditions, outer: Conditions) -> bool:
    """Whether every client and port of one match is one of the other match."""
    if outer.port is not None and (isinstance(outer.port, Unknown) or outer.port != inner.port):
        return False
    if outer.namespace is not None and (
        isinstance(outer.namespace, Unknown) or outer.namespace != inner.namespace
    ):
        return False
    return _labels_within(inner, outer) and _gateways_within(inner, outer)


def _labels_within(inner: Conditions, outer: Conditions) -> bool:
    if isinstance(outer.labels, Unknown):
        return False
    if isinstance(inner.labels, Unknown):
        return not outer.labels
    given = inner.labels
    return all(
        key in given
        and not isinstance(value, Unknown)
        and not isinstance(given[key], Unknown)
        and given[key] == value
        for key, value in outer.labels.items()
    )


def _gateways_within(inner: Conditions, outer: Conditions) -> bool:
    if not outer.own_gateways and not inner.own_gateways:
        return True
    if isinstance(outer.gateways, Unknown) or isinstance(inner.gateways, Unknown):
        return False
    return inner.gateways <= outer.gateways


def _connections_within(inner: Conditions, outer: Conditions, protocol: str) -> bool:
    """Whether one match comes before another for every connection.

    Envoy chooses by the most specific subnet and server name, wherever they stand in the list: an
    earlier, wider one takes nothing from a later, narrower one.  Only the very same ones do, and, for
    tcp, a match that asks for no subnet ends the list.
    """
    if outer.subnets is None or inner.subnets is None or outer.snis is None or inner.snis is None:
        return False
    if protocol == "tcp" and not outer.subnets:
        return True
    if protocol == "tls" and not (inner.snis and inner.snis <= outer.snis):
        return False
    return inner.subnets <= outer.subnets and bool(inner.subnets) == bool(outer.subnets)


def aspect_within(aspect: Aspect, inner: Sequence[Condition], outer: Sequence[Condition]) -> bool:
    """Whether every value that meets `inner` meets `outer`; both are conditions on one aspect."""
    texts = [condition.text for condition in (*inner, *outer)]
    if len(texts) == 2 and None not in texts and not (inner[0].inverted or outer[0].inverted):
        one, other = texts
        return one is not None and other is not None and within(one, other, path=_is_path(aspect))
    if aspect.name.startswith("@"):
        return set(outer) <= set(inner)  # a claim may have several values
    values = _deciding_values(inner, outer)
    if values is not None:
        return all(
            holds(outer, value) is True for value in values if holds(inner, value) is not False
        )
    return all(any(_implies(one, other) for one in inner) for other in outer)


def _is_path(aspect: Aspect) -> bool:
    return aspect.part == "uri"


def _deciding_values(
    inner: Sequence[Condition], outer: Sequence[Condition]
) -> list[str | None] | None:
    """Values that stand for all others: what holds for them holds for every value.

    A text asks whether a value is, or begins with, some words: each word and each word with a strange
    end stand for all values.  None where that does not suffice: with regular expressions and what is
    hidden (but a single possible value stands for itself).
    """
    for condition in inner:
        text = condition.text
        if text is not None and not text.fold:
            if condition.inverted and text.kind == "present":
                return [None]
            if not condition.inverted and text.kind == "exact":
                return [text.value]
    texts = [condition.text for condition in (*inner, *outer)]
    if any(text is None or text.kind == "regex" for text in texts):
        return None
    words = {"", *(text.value for text in texts if text is not None)}
    return [None, *words, *(word + _STRANGE for word in words)]


def _implies(one: Condition, other: Condition) -> bool:
    """Whether a value that meets one condition meets the other, as far as that can be proved."""
    if one.text is None or other.text is None or one.inverted != other.inverted:
        return False
    if one == other:
        return True
    if not one.inverted:
        return within(one.text, other.text)
    if "present" in (one.text.kind, other.text.kind):
        return one.text == other.text
    return within(other.text, one.text)

"""Shares of a route: who serves which part of the requests, who gets copies, who is the canary."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from .catalog.hosts import Host
from .resource import Destination, Route, as_dict
from .values import Unknown, is_integer

if TYPE_CHECKING:
    from fractions import Fraction

    from .catalog.core import Catalog

_CANARY: Final = re.compile(r"(?:\A|[-._])canary(?:\Z|[-._])", re.IGNORECASE)


def is_canary(destination: Destination) -> bool:
    """Whether a destination is called canary: its subset, or else its host."""
    name = destination.subset or destination.host
    return isinstance(name, str) and _CANARY.search(name.split(".")[0]) is not None


def mirror_percentage(route: Route, mirror: Destination) -> float | Unknown | None:
    """The percentage written for a mirror of a route; None where there is none, which means 100.

    For `mirror` it is `mirrorPercentage`, else the old `mirrorPercent`; for an entry of `mirrors` its
    own.  One without a value is 0: it switches the mirror off.
    """
    written = route.data.get("mirrorPercentage")
    if mirror.path[-1] == "destination":
        written = as_dict(route.data["mirrors"][mirror.path[-2]]).get("percentage")
    elif written is None:
        written = {"value": route.data.get("mirrorPercent")}
        if written["value"] is None:
            return None
    if written is None or isinstance(written, Unknown):
        return written
    value = as_dict(written).get("value", 0)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Unknown(str(value))
    return value


def live_share(route: Route, mirror: Destination, catalog: Catalog) -> Fraction | None:
    """The part of a route's requests that the destination of a mirror serves; None if not known.

    Destinations are the same if host, subset and port are.
    """
    from fractions import Fraction

    wanted = _identity(mirror, catalog)
    weights = [destination.weight for destination in route.destinations]
    if wanted is None or route.has_unknown_destinations:
        return None
    if len(weights) == 1:
        weights = [1]
    if any(weight is not None and (not is_integer(weight) or weight < 0) for weight in weights):
        return None
    total = sum(weight or 0 for weight in weights)
    own = 0
    for destination, weight in zip(route.destinations, weights, strict=True):
        identity = _identity(destination, catalog)
        if identity is None:
            return None
        own += (weight or 0) if identity == wanted else 0
    return Fraction(own, total) if total else None


def _identity(
    destination: Destination, catalog: Catalog
) -> tuple[Host, str | None, int | None] | None:
    """Host, subset and port made comparable; None where one of them is not known."""
    host, subset, port = destination.host, destination.subset, destination.port
    if not isinstance(host, str) or not host:
        return None
    if isinstance(subset, Unknown) or isinstance(port, Unknown):
        return None
    return catalog.host(host, destination.resource), subset, port

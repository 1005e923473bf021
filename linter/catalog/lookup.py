"""The answer of the catalogue to a question about a name."""

from __future__ import annotations

from typing import Literal, NamedTuple

from ..resource import DestinationRule, Resource

State = Literal["found", "absent", "unseen"]


class Lookup(NamedTuple):
    """The answer of the catalogue.

    `items` are the objects that decided it: the ones that define it (none, if only a hidden name may),
    the ones that lack it, or, for what is unseen, those of that name that are out of reach in another
    namespace.  `hint` is a name in sight that differs by one slip, when the one asked for is unseen or
    absent.  `hidden` are DestinationRules that define the subset, and that `items` keep from the clients.
    """

    state: State
    items: tuple[Resource, ...] = ()
    hint: str | None = None
    hidden: tuple[DestinationRule, ...] = ()

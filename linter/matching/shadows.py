"""Shadows: routes, and matches of routes, whose requests an earlier one takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

from ..resource import Route, VirtualService
from ..source import Place
from ..values import Unknown
from .conditions import Aspect, Conditions, read_match
from .contain import covers


class Taker(NamedTuple):
    """An earlier match; `match` is None for a route without `match`."""

    route: Route
    match: int | None
    conditions: Conditions

    @property
    def place(self) -> Place:
        """Where it stands."""
        return _place(self.route, self.match)

    @property
    def title(self) -> str:
        """Its route as a message names it."""
        return route_title(self.route)


@dataclass(frozen=True, slots=True)
class Shadow:
    """A match that takes no request, for an earlier one takes them all.

    `match` is its place in the route, None for a route without `match`.  `equal`: the earlier one takes
    no more than this one.  `route_dead`: no match of the route takes any request; `route_repeats`: and
    that because an earlier route has no match, or has the very same ones.
    """

    route: Route
    match: int | None
    taker: Taker
    equal: bool
    route_dead: bool
    route_repeats: bool

    @property
    def place(self) -> Place:
        """Where it stands."""
        return _place(self.route, self.match)

    @property
    def by_catch_all(self) -> bool:
        """Whether a route or a match without any condition takes its requests."""
        return self.taker.conditions.blank

    @property
    def same_route(self) -> bool:
        """Whether another match of its own route takes its requests, so that nothing is lost."""
        return self.taker.route is self.route


class _Takers:
    """Earlier matches, filed so that one is held only against those that may take its requests.

    A match that asks for a plain text of some aspect (an exact path, a prefix) stands under that text: it
    takes nothing of a match whose own plain text of that aspect does not begin with it.
    """

    def __init__(self) -> None:
        self.all: list[Taker] = []
        self._by_text: dict[tuple[Aspect, str], list[int]] = defaultdict(list)
        self._others: list[int] = []

    def add(self, taker: Taker) -> None:
        """File a match that stands behind those filed before."""
        plain = next(_plain_texts(taker.conditions), None)
        filed = self._others if plain is None else self._by_text[plain]
        filed.append(len(self.all))
        self.all.append(taker)

    def before(self, inner: Conditions) -> Sequence[Taker]:
        """Those that may take everything that some conditions take, in order."""
        plain = list(_plain_texts(inner))
        if not inner.understood or len(plain) < len(inner.texts):
            return self.all
        places = list(self._others)
        for aspect, text in plain:
            for end in range(len(text) + 1):
                places += self._by_text.get((aspect, text[:end]), ())
        return [self.all[place] for place in sorted(places)]


def _plain_texts(conditions: Conditions) -> Iterator[tuple[Aspect, str]]:
    """The aspects of which a match asks for one exact text or one prefix, each with that text."""
    for aspect, (condition, *others) in conditions.texts.items():
        text = condition.text
        if text is None or others or condition.inverted or text.fold:
            continue
        if text.kind in ("exact", "prefix"):
            yield aspect, text.value


def shadows(service: VirtualService) -> tuple[Shadow, ...]:
    """The shadowed matches of a VirtualService, in order."""
    kept = vars(service)  # several rules ask, and the answer must go when the object goes
    if "_shadows" not in kept:
        lists = (("http", service.http), ("tls", service.tls), ("tcp", service.tcp))
        kept["_shadows"] = tuple(
            shadow for protocol, routes in lists for shadow in _of_list(service, routes, protocol)
        )
    found: tuple[Shadow, ...] = kept["_shadows"]
    return found


def _of_list(service: VirtualService, routes: Sequence[Route], protocol: str) -> Iterator[Shadow]:
    if len(routes) < 2 and not any(len(route.matches) > 1 for route in routes):
        return
    standalone = bool(service.hosts)
    earlier = _Takers()
    for route in routes:
        own = _Takers()
        found: list[tuple[Taker, Taker | None]] = []
        for index, match in _matches(route, protocol):
            entry = Taker(route, index, read_match(match, service, protocol))
            before = chain(earlier.before(entry.conditions), own.before(entry.conditions))
            found.append((entry, _first(before, entry, protocol, standalone)))
            own.add(entry)
        dead = bool(found) and all(taker is not None for _entry, taker in found)
        pairs = [(entry, taker) for entry, taker in found if taker is not None]
        equal = [covers(entry.conditions, taker.conditions, protocol) for entry, taker in pairs]
        repeats = dead and all(
            same or taker.conditions.blank
            for same, (_entry, taker) in zip(equal, pairs, strict=True)
        )
        for same, (entry, taker) in zip(equal, pairs, strict=True):
            yield Shadow(route, entry.match, taker, same, dead, repeats)
        if _keeps(route, standalone):
            for entry in own.all:
                earlier.add(entry)


def _matches(route: Route, protocol: str) -> Iterator[tuple[int | None, Any]]:
    """The matches of a route with their places; one without `match` has one that takes everything."""
    written = route.data.get("match")
    if written is not None and not isinstance(written, list):
        yield None, Unknown("match")
    elif route.matches:
        yield from (
            (index, match) for index, match in enumerate(route.matches) if match is not None
        )
    elif route.data and protocol != "tls":  # a tls route without a match is no route
        yield None, None


def _keeps(route: Route, standalone: bool) -> bool:
    """Whether a route surely keeps what its matches take.

    What no route of a delegate takes goes on to the next route of its root.  A delegate's own route
    is dropped as a whole where one of its matches does not fit the root's, which is not seen here.
    """
    return route.data.get("delegate") is None and (standalone or len(route.matches) < 2)


def _first(before: Iterable[Taker], entry: Taker, protocol: str, standalone: bool) -> Taker | None:
    """The first earlier match that takes everything that a match takes."""
    inner = entry.conditions
    for taker in before:
        outer = taker.conditions
        if not outer.aspects <= inner.aspects and inner.understood:
            continue
        if covers(outer, inner, protocol) and (
            standalone or taker.match is None or covers(inner, outer, protocol)
        ):
            return taker
    return None


def route_title(route: Route) -> str:
    """A route as a message names it: by its name, else by its place."""
    return f'route "{route.name}"' if route.name else f"{route.protocol}[{route.path[-1]}]"


def _place(route: Route, match: int | None) -> Place:
    return route.at() if match is None else route.at("match", match)

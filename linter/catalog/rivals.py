"""Rivals: VirtualServices that route the same host, and which of their routes are served.

Within the mesh Istio keeps the http routes of one of them, the oldest, and drops those of the others; tcp
and tls routes, and all routes on a gateway, it puts into one list, those of the oldest first and http
routes without match last.  Sources: Istio source, BuildSidecarVirtualHostWrapper,
buildSidecarOutboundTCPFilterChainOpts and buildGatewayHTTPRouteConfig.
"""

from __future__ import annotations

from collections.abc import Iterator
from json import dumps
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..resource import Resource, Route, VirtualService, as_dict, as_list, known_namespace
from ..syntax import selects
from ..values import Unknown, is_text
from .company import Ledger, Together
from .gateways import MESH, gateway_key

if TYPE_CHECKING:
    from ..source import Place
    from .core import Catalog

_MESH: Final = (None, MESH)
#: What a client is told by: the port it calls, its namespace, its labels.
Client = tuple[Any, Any, Any]


class Seat(NamedTuple):
    """A VirtualService at one of its hosts on a gateway; `place` is where the host stands."""

    service: VirtualService
    gateway: tuple[str | None, str]
    host: tuple[str, str | None]
    place: Place
    written: str


class Claim(NamedTuple):
    """Requests that a route takes: by a match, or all (`match` is empty); `outcome`: what it does."""

    place: Place
    protocol: str
    match: str
    outcome: str


class Rivals:
    """The VirtualServices of a tree by the gateways and hosts that they route."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._seats: dict[int, list[Seat]] = {}
        self._ledger: Ledger[Seat] = Ledger(catalog)
        self._claims: dict[int, list[Claim]] = {}
        self._callers: dict[int, list[Client]] = {}
        self._audiences: dict[int, set[object] | None] = {}
        for service in catalog.resources(VirtualService):
            if is_text(service.name) and not _hides_audience(service):
                self._audiences[id(service)] = audience(service, catalog)
                self._seats[id(service)] = seats = list(self._read_seats(service))
                for seat in seats:
                    self._ledger.add((seat.gateway, seat.host), service, seat)

    def _read_seats(self, service: VirtualService) -> Iterator[Seat]:
        namespace = known_namespace(service)
        names = [name for name in service.gateways if is_text(name)] or [MESH]
        gateways = dict.fromkeys(gateway_key(name, namespace) for name in names)
        seen = set()
        for index, written in enumerate(service.hosts):
            if is_text(written) and written:
                host = self.catalog.host(written, service)
                if host not in seen:
                    seen.add(host)
                    place = service.at("spec", "hosts", index)
                    yield from (Seat(service, name, host, place, written) for name in gateways)

    def _others(self, seat: Seat) -> Iterator[tuple[Seat, Together]]:
        """The seats at the same host that stand before it, deploy with it and are seen beside it."""
        for other, how_sure in self._ledger.before((seat.gateway, seat.host), seat.service):
            if self._share_audience(seat.service, other.service):
                yield other, how_sure

    def _share_audience(self, one: VirtualService, other: VirtualService) -> bool:
        first, second = self._audiences[id(one)], self._audiences[id(other)]
        return first is None or second is None or bool(first & second)

    # -- the mesh ---------------------------------------------------------------------------------

    def dropped_for(self, service: VirtualService) -> tuple[Seat, Seat, Together] | None:
        """A host of a VirtualService, and the VirtualService whose routes Istio may keep instead."""
        for seat in self._seats.get(id(service), ()):
            if seat.gateway == _MESH and seat.written != "*":
                for other, how_sure in self._others(seat):
                    if self._share_callers(service, other.service):
                        return seat, other, how_sure
        return None

    def _share_callers(self, one: VirtualService, other: VirtualService) -> bool:
        """Whether some client within the mesh is given http routes by both."""
        return any(
            _may_be_one(client, rival)
            for client in self._callers_of(one)
            for rival in self._callers_of(other)
        )

    def _callers_of(self, service: VirtualService) -> list[Client]:
        if id(service) not in self._callers:
            self._callers[id(service)] = list(_mesh_clients(service))
        return self._callers[id(service)]

    # -- merged routes ----------------------------------------------------------------------------

    def equal_claims(self, service: VirtualService) -> Iterator[tuple[Claim, Claim, Seat]]:
        """Routes of a VirtualService that take the same requests as those of another one in one list."""
        for seat in self._seats.get(id(service), ()):
            others = [
                other for other, how_sure in self._others(seat) if how_sure is not Together.AFAR
            ]
            taken = {
                (claim.protocol, claim.match): claim
                for other in reversed(others)
                for claim in reversed(self._claims_of(other.service))
                if seat.gateway != _MESH or claim.protocol != "http"
            }
            for claim in self._claims_of(service) if taken else ():
                other_claim = taken.get((claim.protocol, claim.match))
                if other_claim is not None and other_claim.outcome != claim.outcome:
                    yield claim, other_claim, seat

    def _claims_of(self, service: VirtualService) -> list[Claim]:
        if id(service) not in self._claims:
            self._claims[id(service)] = [
                claim for route in service.routes for claim in _read_claims(route)
            ]
        return self._claims[id(service)]


# -- who sees an object ---------------------------------------------------------------------------


def _hides_audience(service: VirtualService) -> bool:
    """Whether an expression hides where an object lives, who sees it, or which gateways it serves."""
    lists = (service.spec.get("exportTo"), service.spec.get("gateways"))
    return isinstance(service.namespace, Unknown) or any(
        isinstance(value, Unknown) or any(isinstance(entry, Unknown) for entry in as_list(value))
        for value in lists
    )


def audience(resource: Resource, catalog: Catalog) -> set[object] | None:
    """The namespaces that see an object; None for all of them, and where an expression hides them."""
    scopes = catalog.exported_to(resource)
    if not scopes or "*" in scopes or not all(map(is_text, scopes)):
        return None
    named = {known_namespace(resource) if value == "." else value for value in scopes}
    return named - {"~"}


def share_audience(one: Resource, other: Resource, catalog: Catalog) -> bool:
    """Whether some namespace sees both objects."""
    first, second = audience(one, catalog), audience(other, catalog)
    return first is None or second is None or bool(first & second)


def _mesh_clients(service: VirtualService) -> Iterator[Client]:
    """The clients within the mesh that are given http routes of a VirtualService."""
    in_mesh = not service.gateways or MESH in service.gateways
    for route in service.http:
        for match in route.matches or [None]:
            written = as_dict(match)
            own = as_list(written.get("gateways"))
            if MESH in own or (in_mesh and not own):
                labels = {} if own else as_dict(written.get("sourceLabels"))
                namespace = None if own else written.get("sourceNamespace")
                yield written.get("port") or None, namespace or None, labels


def _may_be_one(client: Client, other: Client) -> bool:
    """Whether one client may fit both descriptions."""
    return all(
        None in (mine, theirs) or Unknown in (type(mine), type(theirs)) or mine == theirs
        for mine, theirs in zip(client[:2], other[:2], strict=True)
    ) and all(
        selects({key: value}, {key: other[2].get(key, value)}) is not False
        for key, value in client[2].items()
    )


# -- what a route takes ---------------------------------------------------------------------------


def _read_claims(route: Route) -> Iterator[Claim]:
    outcome = _text_of(route.data, without=("match", "name"))
    if outcome is None:
        return
    if not route.matches:
        if not isinstance(route.data.get("match"), Unknown):
            yield Claim(route.at(), route.protocol, "", outcome)
        return
    for number, match in enumerate(route.matches):
        if not isinstance(match, dict):
            continue
        takes = _text_of(match, without=("name", "statPrefix"))
        if takes is not None:
            everything = ("{}", '{"uri": {"prefix": "/"}}')
            text = "" if takes in everything else takes
            yield Claim(route.at("match", number), route.protocol, text, outcome)


def _text_of(data: dict[str, Any], *, without: tuple[str, ...]) -> str | None:
    """Data as text that is equal for equal data; None where an expression hides a part of it."""
    kept = {key: value for key, value in data.items() if key not in without and value is not None}
    try:
        return dumps(kept, sort_keys=True)
    except (TypeError, ValueError):
        return None

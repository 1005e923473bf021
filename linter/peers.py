"""What istioctl and Kiali say of a place, where their condition is narrower than that of our rule.

A finding's aliases name the codes that they give for the same mistake: these, and no others.  Sources:
istio/istio, pkg/config/analysis/analyzers and pkg/config/validation; kiali/kiali, business/checkers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from json import dumps
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .catalog.gateways import MESH
from .catalog.subsets import defined_subsets
from .resource import (
    Destination,
    DestinationRule,
    Resource,
    Route,
    ServiceEntry,
    Subset,
    VirtualService,
    as_dict,
    known_namespace,
)
from .values import Unknown, is_text

if TYPE_CHECKING:
    from .catalog.core import Catalog
    from .catalog.gateways import Listener
    from .catalog.rivals import Seat

Codes = tuple[str, ...]

# -- hosts and subsets ----------------------------------------------------------------------------


def codes_without_host(host: str, asker: Resource, catalog: Catalog) -> Codes:
    """For a DestinationRule's host that nothing provides: Kiali is content with pods of that app."""
    target = catalog.host(host, asker)
    here = known_namespace(asker)
    if target.namespace == here and catalog.selected({"app": target.name}, asker):
        return ("IST0174",)
    return ("IST0174", "KIA0202")


def codes_without_subset(destination: Destination, catalog: Catalog) -> Codes:
    """For a subset that no rule defines: both peers take a rule that is not exported here too."""
    service = destination.resource
    defining = [
        rule
        for rule in catalog.rules_for(str(destination.host), service)
        if destination.subset in defined_subsets(rule)
    ]
    if catalog.nearest(defining, service):
        return ()
    return ("IST0101",) if destination.wrapper is None else ("IST0101", "KIA1107")


def codes_without_pods(subset: Subset, owner: Resource, catalog: Catalog) -> Codes:
    """For a subset that is empty: istioctl looks at its labels alone, in all namespaces."""
    selector = owner.selector if isinstance(owner, ServiceEntry) else {}
    if catalog.selected_anywhere({**selector, **subset.labels}, subset.resource):
        return ("KIA0203",)
    return ("IST0173", "KIA0203")


def codes_of_rivals(first: DestinationRule, second: DestinationRule) -> Codes:
    """For two rules of one host: Kiali minds a subset in common, and a rule without any."""
    names, others = first.subset_names, second.subset_names
    return ("KIA0201",) if not names or not others or names & others else ()


# -- VirtualServices of one host ------------------------------------------------------------------


def codes_of_shared_host(seat: Seat, rival: VirtualService) -> Codes:
    """For two VirtualServices that route a host: the peers compare hosts and gateways as written."""
    service = seat.service
    codes: Codes = ()
    full = _full_name(seat.written, service)
    hosts = [host for host in rival.hosts if is_text(host)]
    in_mesh = seat.gateway == (None, MESH)
    if in_mesh and full in [_full_name(host, rival) for host in hosts]:
        codes = ("IST0109",)
    gateways = [set(each.gateways) or {None} for each in (service, rival)]
    if gateways[0] & gateways[1]:
        codes = (*codes, "KIA1106")
    return codes


def _full_name(host: str, owner: VirtualService) -> str:
    """A host as istioctl completes it, which knows one cluster domain only."""
    if "." in host or host.startswith("*"):
        return host
    return f"{host}.{known_namespace(owner)}.svc.cluster.local"


# -- gateways -------------------------------------------------------------------------------------


def codes_of_servers(one: Listener, other: Listener) -> Codes:
    """For two servers of one port: istioctl wants two Gateways and equal hosts, Kiali equal selectors."""
    codes: Codes = ()
    served = [list(filter(is_text, each.server.hosts)) for each in (one, other)]
    if one.gateway is not other.gateway and one.bind == other.bind and {*served[0]} & {*served[1]}:
        codes = ("IST0145",)
    if one.gateway.selector == other.gateway.selector and any(
        _hosts_meet(_read_host(mine, one), _read_host(theirs, other))
        for mine in served[0]
        for theirs in served[1]
    ):
        codes = (*codes, "KIA0301")
    return codes


def _hosts_meet(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether Kiali takes two hosts of servers for one."""
    (owner, _name), (other_owner, _other) = one, other
    if owner != other_owner and "*" not in (owner, other_owner):
        return False
    names = (one[1], other[1])
    if "*" in names or names[0] == names[1]:
        return True
    stars = [name.startswith("*.") for name in names]
    if all(stars) or not any(stars):
        return False
    wide, narrow = names if stars[0] else reversed(names)
    return narrow.endswith(wide[1:])


def _read_host(host: str, listener: Listener) -> tuple[str, str]:
    owner, slash, name = host.lower().partition("/")
    if not slash:
        return "*", owner
    return str(listener.gateway.namespace) if owner == "." else owner, name


# -- routes that nothing reaches ------------------------------------------------------------------

#: A route's list and place, and the match's place in it: None for the route itself.
Spot = tuple[str, object, int | None]
_MAPS: Final = ("headers", "queryParams", "withoutHeaders")


class _Prefix(NamedTuple):
    """An http match of a URI prefix, as istioctl compares it with later ones."""

    spot: Spot
    uri: str
    port: object
    texts: Mapping[tuple[str, str], str]

    def covers(self, other: _Prefix) -> bool:
        """Whether istioctl calls the other, later one ineffective."""
        return (
            self.uri != other.uri
            and other.uri.startswith(self.uri)
            and self.port == other.port
            and self.texts.keys() == other.texts.keys()
            and all(text.startswith(other.texts[key]) for key, text in self.texts.items())
        )


def codes_of_match(service: VirtualService, route: Route, match: int | None) -> Codes:
    """What istioctl says of a match, or of its route because of all of its matches."""
    codes, here = _codes_of_routes(service), (route.protocol, route.path[-1])
    spots = [(*here, None), (*here, match)]
    return tuple(sorted({code for spot in spots for code in codes.get(spot, ())}))


def codes_of_route(service: VirtualService, route: Route) -> Codes:
    """What istioctl says of a route and of each of its matches."""
    places = [None, *range(len(route.matches))]
    found = [codes_of_match(service, route, place) for place in places]
    return tuple(sorted({code for codes in found for code in codes}))


def _codes_of_routes(service: VirtualService) -> Mapping[Spot, set[str]]:
    """What istioctl says of routes and matches that come too late: IST0130 and IST0131."""
    kept = vars(service)  # several rules ask, and the answer must go when the object goes
    if "_codes_of_routes" not in kept:
        found: dict[Spot, set[str]] = defaultdict(set)
        for routes in (service.http, service.tls, service.tcp):
            for spot, code in _of_list(routes):
                found[spot].add(code)
        kept["_codes_of_routes"] = found
    codes: Mapping[Spot, set[str]] = kept["_codes_of_routes"]
    return codes


def _of_list(routes: Sequence[Route]) -> Iterator[tuple[Spot, str]]:
    seen: set[str] = set()
    prefixes: list[_Prefix] = []
    is_open = False
    for route in routes:
        if route.data.get("match") is not None and not isinstance(route.data["match"], list):
            return
        here = (route.protocol, route.path[-1])
        if is_open:
            for number in range(len(route.matches)) if route.matches else [None]:
                yield (*here, number), "IST0130"
        is_open = is_open or not route.matches
        repeated = 0
        for number, match in enumerate(route.matches if not is_open else ()):
            text = _text_of(match)
            if text is not None and text in seen:
                repeated += 1
                yield (*here, number), "IST0131"
            elif text is not None:
                seen.add(text)
                prefixes += _read_prefix((*here, number), as_dict(match))
        if repeated and repeated == len(route.matches):
            yield (*here, None), "IST0130"
    if routes and routes[0].protocol == "http":
        for place, wide in enumerate(prefixes):
            yield from (
                (late.spot, "IST0131") for late in prefixes[place + 1 :] if wide.covers(late)
            )


def _text_of(match: object) -> str | None:
    """A match as text that is equal for equal ones, whatever their names; None where a part is hidden."""
    written = {key: value for key, value in as_dict(match).items() if key != "name" and value}
    try:
        return dumps(written, sort_keys=True)
    except TypeError:
        return None


def _read_prefix(spot: Spot, match: Mapping[str, Any]) -> Iterator[_Prefix]:
    uri = as_dict(match.get("uri")).get("prefix")
    if not is_text(uri) or not uri or any(isinstance(value, Unknown) for value in match.values()):
        return
    texts = {
        ("method", ""): _tagged(match.get("method")) or "exact GET",
        ("authority", ""): _tagged(match.get("authority")),
    }
    for field in _MAPS:
        for name, value in as_dict(match.get(field)).items():
            texts[field, str(name)] = _tagged(value)
    yield _Prefix(spot, uri, match.get("port") or 0, texts)


def _tagged(text: object) -> str:
    """An exact text or a prefix; an expression counts as no text."""
    for kind in ("exact", "prefix"):
        value = as_dict(text).get(kind)
        if is_text(value) and value:
            return f"{kind} {value}"
    return ""

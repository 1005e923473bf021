"""Asking routes in order: the first match that takes a request wins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..catalog.core import Catalog
from ..catalog.gateways import MESH
from ..delegates import delegation, is_exported, merged_routes
from ..matching.conditions import read_match
from ..matching.evaluate import Answer, Request, answer, client_answer, gateway_name
from ..matching.shadows import route_title
from ..resource import Route, ServiceEntry, VirtualService, as_dict
from ..values import Unknown, is_text
from .candidates import completed, covers, services_of, serving, target_of, where
from .model import Entry, Outcome, Trace, Try
from .serve import follow, serve_directly


def trace(request: Request, catalog: Catalog) -> Trace:
    """Follow a request."""
    result = Trace(request)
    result.request = completed(result, catalog)
    for services in serving(result, catalog):
        entries = _entries(services, result, catalog)
        if entries:
            _ask(entries, result)
            break
        names = " and ".join(where(service) for service in services)
        result.note(f"{names}: no route is for this client, so the object is passed over.")
    else:
        if result.request.gateway[1] == MESH:
            _directly(result, catalog)
        else:
            shown = gateway_name(result.request.gateway)
            result.note(
                f"No VirtualService in sight serves this host on Gateway {shown}: it answers 404."
            )
    if result.taken is not None:
        follow(result, catalog)
    return result


def _directly(result: Trace, catalog: Catalog) -> None:
    """No VirtualService serves the host: the request goes to the Service, if there is one."""
    services = services_of(result.request, catalog)
    if services:
        result.outcome = "service"
        serve_directly(services, result, catalog)
        return
    target = target_of(result.request, catalog)
    for entry in catalog.resources(ServiceEntry):
        for written in filter(is_text, entry.hosts):
            if (
                covers(written, target, catalog.domain)
                if written.startswith("*")
                else catalog.host(written, entry).same(target)
            ):
                result.outcome = "service"
                result.note(f"{where(entry)} has the host.")
                return
    result.note("No VirtualService, Service or ServiceEntry in sight has this host.")
    if catalog.refuses_unknown_hosts():
        result.note(
            "The mesh's outbound policy is REGISTRY_ONLY: where nothing else has the host, the client's "
            "proxy refuses the request with 502."
        )
    else:
        result.note(
            "The mesh's outbound policy is ALLOW_ANY: where nothing else has the host, the client's proxy "
            "lets the request pass to the address that was looked up."
        )


# -- the list of matches that a proxy asks --------------------------------------------------------


def _entries(services: Sequence[VirtualService], result: Trace, catalog: Catalog) -> list[Entry]:
    """The matches for this client in the order in which they are asked."""
    found: list[Entry] = []
    for service in services:
        own = list(_of_service(service, result, catalog))
        if any(client_answer(e.conditions, result.request).takes is not False for e in own):
            found += own
    if len(services) < 2:
        return found
    # Istio ends a VirtualService's routes at the first that takes everything, then moves those last.
    return sorted(found, key=_is_catch_all)


def _of_service(service: VirtualService, result: Trace, catalog: Catalog) -> Iterator[Entry]:
    protocol = _protocol(service, result.request)
    if protocol != "http":
        yield from _of_connections(service, protocol)
        return
    if service.hides("http"):
        result.note(f"{where(service)}: some of its routes are hidden.")
    for route, root in _routes(service, result, catalog):
        for entry in _of_route(service, route, root):
            yield entry
            taken = client_answer(entry.conditions, result.request).takes
            if taken and _is_catch_all(entry):
                return


def _routes(
    service: VirtualService, result: Trace, catalog: Catalog
) -> Iterator[tuple[Route, Route | None]]:
    """The http routes, those of delegates in the place of the routes that delegate."""
    for route in service.http:
        named = delegation(route, catalog)
        if named is None:
            yield route, None
            continue
        title = f"{route_title(route)} of {service.title}"
        if named.hidden:
            result.note(
                f"{title} delegates to a VirtualService whose name is hidden: it is left out."
            )
        elif named.delegate is None:
            result.note(
                f'{title} delegates to "{named.name}", which is not in sight: it is left out.'
            )
        elif not is_exported(named.delegate, service, catalog):
            result.note(
                f"{named.delegate.title} is not exported to {service.title}: it is left out."
            )
        else:
            merged = merged_routes(route, named.delegate)
            if len(merged) < len(named.delegate.http):
                result.note(
                    f"Istio drops routes of {named.delegate.title} whose matches lie within no match "
                    f"of {title}."
                )
            yield from ((each, route) for each in merged)


def _of_route(
    service: VirtualService, route: Route, root: Route | None, protocol: str = "http"
) -> Iterator[Entry]:
    written = route.data.get("match")
    if written is not None and not isinstance(written, list):
        hidden = written if isinstance(written, Unknown) else Unknown("match")
        yield Entry(service, route, None, read_match(hidden, service, protocol), root)
    elif not route.matches:
        yield Entry(service, route, None, read_match(None, service, protocol), root)
    for index, match in enumerate(route.matches):
        yield Entry(service, route, index, read_match(match, service, protocol), root)


def _is_catch_all(entry: Entry) -> bool:
    """Whether Istio takes a match for one of every request: no condition but the path `/`."""
    if entry.match is None:
        return entry.conditions.understood
    match = as_dict(entry.route.matches[entry.match])
    uri = {key: value for key, value in as_dict(match.get("uri")).items() if value is not None}
    texts = ("scheme", "method", "authority", "headers", "withoutHeaders", "queryParams")
    return (
        entry.conditions.understood
        and uri in ({}, {"prefix": "/"}, {"regex": ".*"})
        and not any(match.get(field) for field in texts)
    )


# -- connections ----------------------------------------------------------------------------------


def _protocol(service: VirtualService, request: Request) -> str:
    """Which routes take the request: an encrypted one in the mesh is not read, only its name is."""
    encrypted = request.scheme == "https"
    if service.tls and encrypted and (request.gateway[1] == MESH or not service.http):
        return "tls"
    if service.http or service.hides("http"):
        return "http"
    if service.tcp:
        return "tcp"
    return "tls" if service.tls else "http"


def _of_connections(service: VirtualService, protocol: str) -> Iterator[Entry]:
    for route in service.tls if protocol == "tls" else service.tcp:
        if protocol == "tcp" or route.matches:
            yield from _of_route(service, route, None, protocol)


def _connection_answer(entry: Entry, request: Request) -> Answer:
    found = client_answer(entry.conditions, request)
    if found.takes is False:
        return found
    if entry.route.protocol == "tls":
        snis = entry.conditions.snis
        words = ", ".join(sorted(snis or ()))
        host = request.host.lower()
        if snis is None:
            return Answer(None, "sniHosts", "what is hidden", f'"{host}"')
        if not any(_sni_length(sni, host) for sni in snis):
            return Answer(False, "sniHosts", words, f'"{host}"')
    if entry.conditions.subnets is None or entry.conditions.subnets:
        words = ", ".join(sorted(entry.conditions.subnets or ()))
        return Answer(None, "destinationSubnets", words or "what is hidden", "not known here")
    return found


def _sni_length(sni: str, host: str) -> int:
    """How specific a server name is that covers a host; 0 if it does not."""
    if sni.startswith("*"):
        return len(sni) if host.endswith(sni[1:]) else 0
    return 1000 if sni == host else 0


def _without_twins(entries: Sequence[Entry], result: Trace) -> list[Entry]:
    """The tls matches that a Gateway has: one that shares a server name with an earlier one is dropped.

    In the mesh only a match with all the same conditions is dropped.  Source: Istio,
    pilot/pkg/networking/core (`buildGatewayNetworkFiltersFromTLSRoutes`).
    """
    if result.request.gateway[1] == MESH:
        return list(entries)
    kept: list[Entry] = []
    for entry in entries:
        found = _twin(entry, kept, result.request)
        if found is None:
            kept.append(entry)
            continue
        sni, twin = found
        result.note(
            f'{_match_title(entry)} has the server name "{sni}", as {_match_title(twin)} has before it: a '
            "Gateway drops the later match whole, with all its names."
        )
    return kept


def _twin(entry: Entry, before: Sequence[Entry], request: Request) -> tuple[str, Entry] | None:
    """An earlier match of the Gateway's port with one of the same server names."""
    if client_answer(entry.conditions, request).takes is False:
        return None
    for other in before:
        same = (entry.conditions.snis or frozenset()) & (other.conditions.snis or frozenset())
        if not same or client_answer(other.conditions, request).takes is False:
            continue
        if request.port is not None or entry.conditions.port == other.conditions.port:
            return min(same), other
    return None


def _match_title(entry: Entry) -> str:
    return f"match[{entry.match}] of tls[{entry.route.path[-1]}] of {where(entry.service)}"


def _most_specific_first(entries: list[Entry], request: Request) -> list[Entry]:
    host = request.host.lower()
    return sorted(
        entries,
        key=lambda entry: (
            -max((_sni_length(sni, host) for sni in entry.conditions.snis or ()), default=0)
        ),
    )


# -- asking ---------------------------------------------------------------------------------------


def _ask(entries: list[Entry], result: Trace) -> None:
    protocol = entries[0].route.protocol
    if protocol == "tls":
        entries = _most_specific_first(_without_twins(entries, result), result.request)
    for entry in entries:
        if protocol == "http":
            found = answer(entry.conditions, result.request)
        else:
            found = _connection_answer(entry, result.request)
        if found.takes:
            result.taken = entry
            break
        result.tries.append(Try(entry, found))
    unsure = any(each.answer.takes is None for each in result.tries)
    if unsure:
        result.outcome = "unknown"
    elif result.taken is not None:
        result.outcome = _outcome(result.taken.route)


def _outcome(route: Route) -> Outcome:
    if as_dict(route.data.get("redirect")):
        return "redirect"
    if as_dict(route.data.get("directResponse")):
        return "direct-response"
    return "route"

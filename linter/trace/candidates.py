"""Which VirtualServices serve a host, for a client in the mesh or behind a Gateway.

In the mesh the most specific host wins, and of several VirtualServices with one host the oldest keeps
it; behind a Gateway the routes of all of them are joined.  The age of an object stands in no file: the
order of files is taken.  Source: Istio, pilot/pkg/model/push_context.go and
pilot/pkg/networking/core (httproute.go, gateway.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..catalog.core import Catalog
from ..catalog.gateways import MESH, gateway_key
from ..catalog.hosts import EXTERNAL, Host, canonical_host, namespaces_meet
from ..matching.evaluate import Request, gateway_name
from ..resource import (
    Gateway,
    Resource,
    Server,
    Service,
    VirtualService,
    as_dict,
    known_namespace,
)
from ..values import Unknown, is_integer, is_text
from ..words import listed
from .model import Trace

#: A VirtualService and how it ranks among those of a host: the least comes first.
Ranked = tuple[tuple[int, int], VirtualService]


def where(resource: Resource) -> str:
    """An object and its place, for a person."""
    return f"{resource.title} ({place_of(resource)})"


def place_of(resource: Resource) -> str:
    """The file and the line of an object."""
    return f"{resource.file.path}:{resource.head().span().line}"


def serving(trace: Trace, catalog: Catalog) -> list[list[VirtualService]]:
    """The VirtualServices of the host: groups in the order in which they are asked.

    The routes of one group are joined; the next one is asked only where the first has no route for this
    client at all.
    """
    if trace.request.gateway[1] == MESH:
        return [[service] for service in _of_mesh(trace, catalog)]
    found = _of_gateway(trace, catalog)
    return [found] if found else []


def target_of(request: Request, catalog: Catalog) -> Host:
    """The host that is called, made comparable."""
    return canonical_host(request.host, request.namespace, catalog.domain)


# -- in the mesh ----------------------------------------------------------------------------------


def _of_mesh(trace: Trace, catalog: Catalog) -> list[VirtualService]:
    request = trace.request
    ranked: list[Ranked] = []
    for service in catalog.resources(VirtualService):
        if not _serves_mesh(service, trace):
            continue
        specific = max(_specific(service, request, catalog), default=None)
        export = _export_rank(service, request.namespace, catalog)
        if specific is not None and export is not None:
            ranked.append(((-specific, export), service))
    ranked.sort(key=lambda entry: entry[0])
    ranked = _of_one_namespace(ranked, trace, catalog)
    best = [service for rank, service in ranked if rank[0] == ranked[0][0][0]]
    if len(best) > 1:
        others = ", ".join(where(service) for service in best[1:])
        trace.note(
            f"{where(best[0])} shares the host with {others}: in the mesh the oldest object keeps it. "
            "Their age stands in no file, so the order of files decides here."
        )
    return [service for _rank, service in ranked]


def _of_one_namespace(ranked: list[Ranked], trace: Trace, catalog: Catalog) -> list[Ranked]:
    """What is left when a short name of several namespaces is read as that of the first of them."""
    request = trace.request
    if "." in request.host or request.namespace is not None or not ranked:
        return ranked
    best = [service for rank, service in ranked if rank[0] == ranked[0][0][0]]
    meant = catalog.host(request.host, best[0])
    same = [entry for entry in ranked if catalog.host(request.host, entry[1]).same(meant)]
    others = sorted(
        {str(catalog.host(request.host, service).namespace) for service in best}
        - {str(meant.namespace)}
    )
    if len(same) < len(ranked) and others:
        trace.note(
            f'"{request.host}" is read as the one of the namespace {meant.namespace}; '
            f"{listed(others)} {'has' if len(others) == 1 else 'have'} one too: choose with "
            "--from-namespace."
        )
        return same
    return ranked


def _serves_mesh(service: VirtualService, trace: Trace) -> bool:
    written = service.spec.get("gateways")
    if isinstance(written, Unknown) or any(isinstance(name, Unknown) for name in service.gateways):
        trace.note(f"{where(service)}: its gateways are hidden, so it is left out.")
        return False
    return not service.gateways or MESH in service.gateways


def _specific(service: VirtualService, request: Request, catalog: Catalog) -> Iterator[int]:
    """How specific each host of a VirtualService is that covers the one called."""
    target = target_of(request, catalog)
    for written in service.hosts:
        if not is_text(written):
            continue
        if written.startswith("*"):
            if covers(written, target, catalog.domain):
                yield len(written)
        elif catalog.host(written, service).same(target):
            yield 1000


def covers(pattern: str, target: Host, domain: str) -> bool:
    """Whether a host with a wildcard covers a host."""
    suffix = pattern[1:].lower()
    if target.namespace == EXTERNAL:
        return target.name.endswith(suffix)
    tail = f".svc.{domain}"
    if target.namespace is not None:
        return f"{target.name}.{target.namespace}{tail}".endswith(suffix)
    return suffix.endswith(tail) or tail.endswith(suffix)


def _export_rank(service: VirtualService, client: str | None, catalog: Catalog) -> int | None:
    """The place in line that `exportTo` gives: private, by name, public; None: out of sight."""
    scopes = catalog.exported_to(service)
    own = known_namespace(service)
    if not scopes or "*" in scopes or not any(map(is_text, scopes)):
        return 2
    if ("." in scopes or own in scopes) and namespaces_meet(own, client):
        return 0
    return 1 if client is None or client in scopes else None


# -- behind a Gateway -----------------------------------------------------------------------------


def _of_gateway(trace: Trace, catalog: Catalog) -> list[VirtualService]:
    request = trace.request
    servers = _servers(trace, catalog)
    by_domain: dict[str, list[VirtualService]] = {}
    for service in catalog.resources(VirtualService):
        if not _bound(service, request):
            continue
        for domain in _domains(service, servers, request, catalog):
            services = by_domain.setdefault(domain, [])
            if service not in services:
                services.append(service)
    if not by_domain:
        return []
    best = min(by_domain, key=lambda domain: (domain.startswith("*"), -len(domain)))
    services = by_domain[best]
    if len(services) > 1:
        trace.note(
            f'{" and ".join(where(service) for service in services)} share the host "{best}" on the '
            "Gateway: their routes are joined, the oldest object first. Their age stands in no file, so "
            "the order of files decides here; routes that take every request go last."
        )
    return services


def _bound(service: VirtualService, request: Request) -> bool:
    own = known_namespace(service)
    keys = [gateway_key(name, own) for name in service.gateways if is_text(name)]
    owner, name = request.gateway
    return any(name == other and namespaces_meet(owner, theirs) for theirs, other in keys)


def _servers(trace: Trace, catalog: Catalog) -> list[Server] | None:
    """The servers of the Gateway on the request's port; None where the Gateway is not in sight."""
    owner, name = trace.request.gateway
    found = [
        gateway
        for gateway in catalog.resources(Gateway)
        if gateway.name == name and namespaces_meet(known_namespace(gateway), owner)
    ]
    if not found or found[0].hides_servers:
        shown = gateway_name(trace.request.gateway)
        trace.note(
            f"The servers of Gateway {shown} are not in sight: its hosts and ports are not checked."
        )
        return None
    servers = list(found[0].servers)
    if trace.request.port is not None:
        servers = [s for s in servers if s.port.number in (trace.request.port, None)]
    _note_redirects(trace, servers)
    return servers


def _note_redirects(trace: Trace, servers: Iterable[Server]) -> None:
    for server in servers:
        if as_dict(server.data.get("tls")).get("httpsRedirect") is True:
            trace.note(
                f"The server on port {server.port.number} of the Gateway redirects plain HTTP to HTTPS "
                "(httpsRedirect) before any route is asked."
            )


def _domains(
    service: VirtualService, servers: list[Server] | None, request: Request, catalog: Catalog
) -> Iterator[str]:
    """The hosts that a VirtualService and a server have in common and that cover the one called."""
    for written in service.hosts:
        if not is_text(written):
            continue
        for name in _names(written.lower(), service, catalog.domain):
            for server_host in _served(servers, service):
                common = _common(name, server_host)
                if common and _covers_name(common, request.host.lower()):
                    yield common


def _names(host: str, service: VirtualService, domain: str) -> Iterator[str]:
    yield host
    namespace = known_namespace(service)
    if "." not in host and "*" not in host and namespace is not None:
        yield f"{host}.{namespace}.svc.{domain}"


def _served(servers: list[Server] | None, service: VirtualService) -> Iterator[str]:
    if servers is None:
        yield "*"
        return
    for server in servers:
        for written in server.hosts:
            if isinstance(written, Unknown):
                yield "*"
            elif is_text(written):
                owner, slash, name = written.lower().rpartition("/")
                if owner == ".":
                    owner = known_namespace(server.resource) or "*"
                own = known_namespace(service)
                if not slash or owner == "*" or own is None or owner == own:
                    yield name


def _common(one: str, other: str) -> str | None:
    """The more specific of two hosts, where one covers the other."""
    if _covers_name(one, other):
        return other
    return one if _covers_name(other, one) else None


def _covers_name(pattern: str, host: str) -> bool:
    return host.endswith(pattern[1:]) if pattern.startswith("*") else pattern == host


# -- what the files tell of the request -----------------------------------------------------------


def completed(trace: Trace, catalog: Catalog) -> Request:
    """The request with its port, where only one is possible."""
    request = trace.request
    if request.port is not None:
        return request
    if request.gateway[1] == MESH:
        ports = {
            port.number
            for service in services_of(request, catalog)
            if not service.hides_ports
            for port in service.ports
        }
    else:
        ports = {server.port.number for server in _servers(Trace(request), catalog) or ()}
    if len(ports) == 1 and is_integer(port := ports.pop()):
        return replace(request, port=port)
    return request


def services_of(request: Request, catalog: Catalog) -> list[Service]:
    """The Services in sight that have the host called."""
    target = target_of(request, catalog)
    return [
        service
        for service in catalog.resources(Service)
        if is_text(service.name)
        and Host(service.name.lower(), known_namespace(service)).same(target)
    ]

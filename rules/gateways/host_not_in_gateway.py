"""TS502: hosts of a VirtualService that its gateways do not serve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tsplit_lint import (
    ROUTE_KINDS,
    Catalog,
    Finding,
    GatewayReference,
    Resource,
    Rule,
    Severity,
    VirtualService,
    gateway_references,
    is_mesh_host,
    is_text,
    known_namespace,
    listed,
    names_hidden_gateway,
    uses_mesh,
)

#: A gateway as it is named, with the Gateways that may be meant.
Named = tuple[GatewayReference, Sequence[Resource]]


class HostNotInGateway(Rule[VirtualService]):
    """Every host of a VirtualService is served by a gateway that it names.

    What it checks:
        Each host against the hosts of the servers (or listeners) of all gateways that `spec.gateways`
        and the matches name, once all of them are in sight: wildcards count in both directions, a short
        host is completed as Istio does, and `namespace/host` of a server is for VirtualServices of that
        namespace only.  A server counts for the kind of routes that it gives its requests to: one with
        protocol HTTP, or HTTPS that ends there, for `http`, one with TLS that passes for `tls`, one with
        TCP for `tcp`.  Where `mesh` is named too, a host may be meant for callers in the mesh.  Also a
        gateway that serves none of the hosts.

    Why it matters:
        Istio binds a route to a gateway only for hosts that both name.  Requests for any other host get
        404 from the gateway.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata:
          name: edge
        spec:
          selector: {istio: ingressgateway}
          servers:
          - port: {number: 80, name: http, protocol: HTTP}
            hosts: [shop.example.com]
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts:
          - shop.example.com
          - store.example.com  # <-
          gateways: [edge]
          http:
          - route:
            - destination: {host: shop}
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata:
          name: edge
        spec:
          selector: {istio: ingressgateway}
          servers:
          - port: {number: 80, name: http, protocol: HTTP}
            hosts: ["*.example.com"]
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts:
          - shop.example.com
          - store.example.com
          gateways: [edge]
          http:
          - route:
            - destination: {host: shop}
        ```

    How to fix:
        Add the host to a server of the Gateway, correct it, or remove it.  For callers in the mesh add
        `mesh` to the gateways.

    Sources:
        - Istio reference, "Gateway", Server.hosts
        - Istio docs, "VirtualServiceHostNotFoundInGateway"
        - Istio source, the route configuration of gateways: hosts of a server and of a VirtualService are
          intersected
    """

    id = "TS502"
    name = "host-not-in-gateway"
    severity = Severity.WARNING
    aliases = ("IST0132",)
    needs = ("gateways",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Hold the hosts of one VirtualService against the gateways that it names."""
        references = list(gateway_references(service))
        if not service.hosts or not references:
            return
        named = [
            (reference, [] if reference.problem else catalog.gateways_near(reference.name, service))
            for reference in references
        ]
        unserved: list[int] = []
        if all(gateways for _reference, gateways in named) and not (
            uses_mesh(service) or names_hidden_gateway(service)
        ):
            unserved = [
                index
                for index, host in enumerate(service.hosts)
                if is_text(host)
                and not any(_serves(item, host, service, catalog) for item in named)
            ]
        useless = [] if len(unserved) == len(service.hosts) else _useless(named, service, catalog)
        if (unserved or useless) and not _may_change(service, named, catalog):
            is_alone = len(unserved) == len(service.hosts)
            for index in unserved:
                yield self._host(service, index, named, catalog, is_alone=is_alone)
            yield from (self._gateway(service, item, catalog) for item in useless)

    def _host(
        self,
        service: VirtualService,
        index: int,
        named: Sequence[Named],
        catalog: Catalog,
        *,
        is_alone: bool,
    ) -> Finding:
        host = service.hosts[index]
        gateways = [gateways[0] for _reference, gateways in named]
        fate = "requests for it get 404 there"
        mend = "Add it to the hosts of a server of the Gateway, correct it, or remove it."
        if is_mesh_host(host, catalog.domain):
            fate = "it has no effect, since callers in the mesh do not use these routes either"
            mend = "Remove it, or add mesh to the gateways for callers in the mesh."
        by_name = any(_serves(item, host, service, catalog, ROUTE_KINDS) for item in named)
        if by_name:
            fate = "Istio does not bind them to it"
            mend = "Give the server another protocol or tls mode, or write routes of the kind it takes."
        return self.finding(
            service.at("spec", "hosts", index),
            f'{_titles(gateways)} of {service.title} {_verb(gateways)} the host "{host}"'
            f"{_why(gateways[0], host, service, catalog)}: {fate}.",
            aliases=("IST0132",) if is_alone and _is_listed(named) and not by_name else (),
            related=[(gateway.at("spec"), "the hosts that it serves") for gateway in gateways[:3]],
            help=mend,
        )

    def _gateway(self, service: VirtualService, item: Named, catalog: Catalog) -> Finding:
        reference, gateways = item
        first = next(host for host in service.hosts if is_text(host))
        by_name = any(_serves(item, host, service, catalog, ROUTE_KINDS) for host in service.hosts)
        return self.finding(
            reference.place,
            f"{gateways[0].title} serves none of the hosts of {service.title}"
            f"{_why(gateways[0], first, service, catalog)}: the routes are not bound to it.",
            aliases=("IST0132",) if _is_listed([item]) and not by_name else (),
            related=[(gateways[0].at("spec"), "the hosts that it serves")],
            help="Add a host to a server of the Gateway, or remove the gateway here.",
        )


def _is_listed(named: Sequence[Named]) -> bool:
    """Whether a gateway stands in `spec.gateways`: istioctl looks into no match."""
    return any(reference.part == "gateways" for reference, _gateways in named)


def _serves(
    item: Named,
    host: str,
    service: VirtualService,
    catalog: Catalog,
    kinds: frozenset[str] | None = None,
) -> bool:
    namespace, kinds = known_namespace(service), kinds or _kinds_of(service)
    return any(
        catalog.served_hosts(gateway, kinds).serves(host, namespace, catalog.domain)
        for gateway in item[1]
    )


def _kinds_of(service: VirtualService) -> frozenset[str]:
    """The kinds of routes that a VirtualService has, or may have."""
    kinds = (kind for kind in ROUTE_KINDS if service.hides(kind) or service.spec.get(kind))
    return frozenset(kinds) or ROUTE_KINDS


def _useless(named: Sequence[Named], service: VirtualService, catalog: Catalog) -> list[Named]:
    """The gateways that serve no host at all of a VirtualService, each once."""
    if not all(map(is_text, service.hosts)):
        return []
    first = {item[0].name: item for item in reversed(named) if item[1]}
    return [
        item
        for item in first.values()
        if not any(_serves(item, host, service, catalog) for host in service.hosts)
    ]


def _may_change(service: VirtualService, named: Sequence[Named], catalog: Catalog) -> bool:
    """Whether a kustomize patch may write other hosts."""
    gateways = [gateway for _reference, found in named for gateway in found]
    return any(catalog.is_patched(resource) for resource in (service, *gateways))


def _titles(gateways: Sequence[Resource]) -> str:
    titles = list(dict.fromkeys(gateway.title for gateway in gateways))
    return titles[0] if len(titles) == 1 else f"None of {listed(titles[:3])}"


def _verb(gateways: Sequence[Resource]) -> str:
    return "does not serve" if len({gateway.title for gateway in gateways}) == 1 else "serves"


def _why(gateway: Resource, host: str, service: VirtualService, catalog: Catalog) -> str:
    """Says so where the Gateway serves the host for other namespaces, or to other routes."""
    namespace = known_namespace(service)
    if catalog.served_hosts(gateway).serves(host, namespace, catalog.domain):
        taken = [
            kind
            for kind in sorted(ROUTE_KINDS)
            if catalog.served_hosts(gateway, frozenset((kind,))).serves(
                host, namespace, catalog.domain
            )
        ]
        own = listed([f"`{kind}`" for kind in sorted(_kinds_of(service))])
        return f" to {own} routes (only to {listed([f'`{kind}`' for kind in taken])} routes)"
    owners = catalog.served_hosts(gateway).owners(host, namespace, catalog.domain)
    names = sorted(owner for owner in owners if owner)
    return f" (only for the namespace {listed(names, 'or')})" if names else ""

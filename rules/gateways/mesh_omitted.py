"""TS510: a split of a mesh service that callers in the mesh do not take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Host,
    Rule,
    Service,
    Severity,
    VirtualService,
    gateway_references,
    is_mesh_host,
    is_text,
    known_namespace,
    names_hidden_gateway,
    uses_mesh,
)


class MeshOmitted(Rule[VirtualService]):
    """A split of a service applies to callers in the mesh too.

    What it checks:
        VirtualServices that name gateways without `mesh`, have the host of a Service in sight among
        their hosts, and split its requests: several destinations of a route, or a subset.  Silent where
        another VirtualService in sight routes the same host for the mesh, and where the gateways do not
        serve the host (TS502).

    Why it matters:
        To name a gateway is to leave out the mesh.  Callers in the mesh bypass the split: they reach
        every version of the service in equal shares, whatever the weights say.

    Bad:
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
        spec:
          selector: {app: shop}
          ports:
          - {name: http, port: 80}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts:
          - shop  # <-
          - shop.example.com
          gateways: [edge]
          http:
          - route:
            - destination: {host: shop, subset: stable}
              weight: 90
            - destination: {host: shop, subset: canary}
              weight: 10
        ```

    Good:
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
        spec:
          selector: {app: shop}
          ports:
          - {name: http, port: 80}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop, shop.example.com]
          gateways: [mesh, edge]
          http:
          - route:
            - destination: {host: shop, subset: stable}
              weight: 90
            - destination: {host: shop, subset: canary}
              weight: 10
        ```

    How to fix:
        Add `mesh` to the gateways, or remove the Service's host if callers in the mesh are to reach all
        versions.

    Sources:
        - Istio reference, "Virtual Service", VirtualService.gateways
        - Istio docs, "Traffic Management Problems"
    """

    id = "TS510"
    name = "mesh-omitted"
    severity = Severity.INFO
    needs = ("gateways",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look for a host of the mesh among the hosts of one VirtualService."""
        if uses_mesh(service) or names_hidden_gateway(service) or not _splits(service):
            return
        for index, host in enumerate(service.hosts):
            if not is_text(host) or not is_mesh_host(host, catalog.domain):
                continue
            provider = _provider(host, service, catalog)
            if provider is None or catalog.once(_hosts_of_mesh).meets(catalog.host(host, service)):
                continue
            if not _is_served(host, service, catalog):
                continue
            yield self.finding(
                service.at("spec", "hosts", index),
                f'{service.title} splits the requests to "{host}" at its gateways only: callers in the '
                "mesh bypass the split, since mesh is not among the gateways.",
                related=[(provider.head(), "the Service")],
                help="Add mesh to the gateways, or remove this host.",
            )
            return


def _splits(service: VirtualService) -> bool:
    return any(
        len(route.destinations) > 1 or any(destination.subset for destination in route.destinations)
        for route in service.routes
    )


def _provider(host: str, service: VirtualService, catalog: Catalog) -> Service | None:
    lookup = catalog.provider(host, service)
    if lookup.state != "found":
        return None
    return next((item for item in lookup.items if isinstance(item, Service)), None)


class _MeshHosts:
    """The hosts that some VirtualService in sight routes for callers in the mesh."""

    def __init__(self) -> None:
        self._hosts: dict[str, set[Host]] = defaultdict(set)

    def add(self, host: Host) -> None:
        self._hosts[host.name].add(host)

    def meets(self, host: Host) -> bool:
        return any(host.same(other) for other in self._hosts.get(host.name, ()))


def _hosts_of_mesh(catalog: Catalog) -> _MeshHosts:
    found = _MeshHosts()
    for service in catalog.resources(VirtualService):
        if uses_mesh(service):
            for name in filter(is_text, service.hosts):
                found.add(catalog.host(name, service))
    return found


def _is_served(host: str, service: VirtualService, catalog: Catalog) -> bool:
    """Whether a gateway that is named serves the host, or may do so out of sight."""
    namespace = known_namespace(service)
    for reference in gateway_references(service):
        gateways = catalog.gateways_near(reference.name, service)
        if not gateways or any(
            catalog.served_hosts(gateway).serves(host, namespace, catalog.domain)
            for gateway in gateways
        ):
            return True
    return False

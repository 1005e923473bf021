"""TS414: a gateway's route passes by the rules of a service."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Destination,
    Finding,
    Host,
    Route,
    Rule,
    Service,
    Severity,
    VirtualService,
    as_dict,
    as_list,
    is_text,
    selects,
    uses_mesh,
)


class IngressRulesNotAffected(Rule[VirtualService]):
    """A gateway's route to a service splits as the service's own VirtualService does.

    What it checks:
        http destinations without a subset in a VirtualService for a gateway, while another
        VirtualService that deploys with it sends the callers of that very host within the mesh to
        subsets of it.  It is a note where all pods in sight belong to each of these subsets.

    Why it matters:
        A request is routed once.  What comes in through the gateway goes by the gateway's route to all
        pods of the service, whatever split the service's own VirtualService has: users from outside see
        the canary though it is given 0%.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: public
        spec:
          hosts: [shop.example.com]
          gateways: [public]
          http:
          - route:
            - destination:
                host: shop  # <-
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop, subset: stable}
              weight: 100
            - destination: {host: shop, subset: canary}
              weight: 0
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop, shop.example.com]
          gateways: [public, mesh]
          http:
          - route:
            - destination: {host: shop, subset: stable}
              weight: 100
            - destination: {host: shop, subset: canary}
              weight: 0
        ```

    How to fix:
        Bind one VirtualService with both hosts to the gateway and to `mesh`, or repeat the split in the
        gateway's route.

    Sources:
        - Istio docs, "IngressRouteRulesNotAffected"
        - Istio docs, "Traffic Management Problems": "Route rules have no effect on ingress gateway
          requests"
    """

    id = "TS414"
    name = "ingress-rules-not-affected"
    severity = Severity.WARNING
    aliases = ("IST0140",)
    needs = ("gateways",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look at each destination of a gateway's routes."""
        if not service.serves_gateways:
            return
        split = catalog.once(_split_hosts)
        for route in service.http:
            for destination in route.destinations if _serves_gateway(service, route) else ():
                host = destination.host
                if not is_text(host) or destination.subset is not None:
                    continue
                others = [
                    other
                    for other in split.get(catalog.host(host, service), ())
                    if other.name != service.name
                ]
                meant = catalog.meant(others, service) if others else []
                other = next(
                    (item for item in meant if _deploy_together(item, service, catalog)), None
                )
                if other is not None:
                    alone = _has_one_version(host, service, catalog)
                    severity = Severity.INFO if alone else None
                    yield self._report(destination, host, other, severity)

    def _report(
        self, destination: Destination, host: str, other: VirtualService, severity: Severity | None
    ) -> Finding:
        return self.finding(
            destination.at("host"),
            f'Requests from the gateway go to all pods of "{host}": the subsets that {other.title} '
            "chooses are for callers within the mesh.",
            severity=severity,
            related=[(other.head(), "splits the requests within the mesh")],
            help="Name the subsets here too, or bind one VirtualService to the gateway and to mesh.",
        )


def _deploy_together(one: VirtualService, other: VirtualService, catalog: Catalog) -> bool:
    """Whether two objects do, as far as one can tell: steps of a tutorial are applied one at a time."""
    if one.file.scope is other.file.scope:
        return bool(catalog.together(one, other))
    steps = [item for item in catalog.copies(one) if item.file.scope is one.file.scope]
    return len(steps) == 1


def _has_one_version(host: str, service: VirtualService, catalog: Catalog) -> bool:
    """Whether all pods of a host that are in sight belong to every subset of it: no choice is missed."""
    pods = [
        workload.pod_labels
        for provider in catalog.provider(host, service).items
        if isinstance(provider, Service)
        for workload in catalog.workloads_of(provider)
    ]
    subsets = [
        subset.labels
        for rule in catalog.destination_rules(host, service)
        for subset in rule.subsets
    ]
    return bool(pods and subsets) and all(
        selects(labels, own) is True for labels in subsets for own in pods
    )


def _serves_gateway(service: VirtualService, route: Route) -> bool:
    """Whether a gateway takes requests for a route."""
    return any(
        name != "mesh"
        for match in route.matches or [None]
        for name in as_list(as_dict(match).get("gateways")) or service.gateways
    )


def _split_hosts(catalog: Catalog) -> dict[Host, list[VirtualService]]:
    """The VirtualServices that send callers of a host within the mesh to subsets of it."""
    found: dict[Host, list[VirtualService]] = defaultdict(list)
    for service in catalog.resources(VirtualService):
        if not uses_mesh(service):
            continue
        own = {catalog.host(host, service) for host in service.hosts if is_text(host)}
        named = {
            catalog.host(destination.host, service)
            for route in service.http
            for destination in route.destinations
            if destination.subset is not None and is_text(destination.host)
        }
        for host in own & named:
            found[host].append(service)
    return found

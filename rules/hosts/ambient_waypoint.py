"""TS418: rules for requests in an ambient namespace that no waypoint serves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tsplit_lint import (
    USE_WAYPOINT,
    Catalog,
    DestinationRule,
    Finding,
    Namespace,
    Place,
    Rule,
    Service,
    Severity,
    Unknown,
    VirtualService,
    WaypointName,
    as_dict,
    as_list,
    is_ambient,
    is_text,
    known_namespace,
    nearest,
    uses_waypoint,
)


class AmbientWaypoint(Rule[VirtualService | DestinationRule]):
    """In an ambient namespace a waypoint serves the services that have rules for requests.

    What it checks:
        Where the tree is declared complete and holds the Namespaces: VirtualServices with http or tls
        routes for callers within the mesh, and DestinationRules about requests (HTTP connection pools,
        outlier detection, hashing of headers or cookies).  Their hosts are Services of an ambient
        Namespace that names no waypoint (`istio.io/use-waypoint`), or of another Namespace than the
        object's own; or none of the hosts is one, and the object's own Namespace is ambient without a
        waypoint.  Where the tree holds waypoints, the one that is named is among them.

    Why it matters:
        Without a sidecar only a waypoint reads requests, and it applies the rules of its own namespace.
        Elsewhere connections pass as they are: routes, splits and limits are without effect.

    Bad:
        ```yaml
        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop
          labels: {istio.io/dataplane-mode: ambient}
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: reviews
          namespace: shop
        spec:
          selector: {app: reviews}
          ports:
          - {name: http, port: 80}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: reviews
          namespace: shop
        spec:
          hosts:
          - reviews  # <-
          http:
          - route:
            - destination: {host: reviews}
        ```

    Good:
        ```yaml
        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop
          labels:
            istio.io/dataplane-mode: ambient
            istio.io/use-waypoint: waypoint
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: reviews
          namespace: shop
        spec:
          selector: {app: reviews}
          ports:
          - {name: http, port: 80}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: reviews
          namespace: shop
        spec:
          hosts:
          - reviews
          http:
          - route:
            - destination: {host: reviews}
        ```

    How to fix:
        Deploy a waypoint and label the Namespace or the Service with `istio.io/use-waypoint`; put the
        object into the Namespace of its Service.

    Sources:
        - Istio docs, "Configure waypoint proxies"
        - Kiali docs, "KIA1109", "KIA1113", "KIA1114", "KIA0210", "KIA0211" and "KIA0212"
    """

    id = "TS418"
    name = "ambient-waypoint"
    severity = Severity.WARNING
    aliases = ("KIA1109", "KIA1113", "KIA1114", "KIA0210", "KIA0211", "KIA0212")
    complete_only = True
    needs = ("Namespace",)

    def check(
        self, subject: VirtualService | DestinationRule, catalog: Catalog
    ) -> Iterator[Finding]:
        """Look at each host that is a Service of an ambient namespace."""
        own = known_namespace(subject)
        if not catalog.mesh.has_namespaces or not catalog.complete(subject) or own is None:
            return
        if not _is_about_requests(subject):
            return
        targets = list(_targets(subject, catalog))
        for target in targets:
            lost = catalog.mesh.lost_waypoint(target.service, target.namespace)
            if not uses_waypoint(target.service.labels, target.namespace.labels):
                yield self._unserved(subject, target, own)
            elif lost is not None:
                yield self._lost(lost, catalog)
            elif target.namespace.name != own:
                yield self._elsewhere(subject, target, own)
        if not targets:
            for namespace in catalog.mesh.namespaces(own, subject, catalog):
                lost = catalog.mesh.lost_waypoint(namespace)
                if not is_ambient(namespace):
                    continue
                if not uses_waypoint(namespace.labels):
                    yield self._own(subject, namespace)
                    return
                if lost is not None:
                    yield self._lost(lost, catalog)
                    return

    def _unserved(
        self, subject: VirtualService | DestinationRule, target: Target, own: str
    ) -> Finding:
        codes = _codes(subject, "KIA1113", "KIA0211")
        if target.namespace.name != own:
            codes += _codes(subject, "KIA1114", "KIA0212")
        return self.finding(
            target.place,
            f"{target.service.title} is in an ambient namespace, and neither of the two names a "
            "waypoint. No proxy reads the requests, and these rules are without effect.",
            aliases=codes,
            related=[(target.namespace.head(), "the ambient Namespace")],
            help="Label the Service or its Namespace with istio.io/use-waypoint.",
        )

    def _lost(self, lost: WaypointName, catalog: Catalog) -> Finding:
        where = f' in the namespace "{lost.namespace}"' if lost.namespace else ""
        close = nearest(lost.name, catalog.mesh.waypoints())
        return self.finding(
            lost.enrolled.at("metadata", "labels", USE_WAYPOINT),
            f'There is no waypoint "{lost.name}"{where}. No proxy reads the requests, and the rules for '
            "them are without effect.",
            aliases=(),
            help=f'Did you mean "{close}"?' if close else "Name a waypoint that is there.",
        )

    def _elsewhere(
        self, subject: VirtualService | DestinationRule, target: Target, own: str
    ) -> Finding:
        return self.finding(
            target.place,
            f"{target.service.title} is in an ambient namespace, and its waypoint applies the rules of "
            f"that namespace, not those of {own}.",
            aliases=_codes(subject, "KIA1114", "KIA0212"),
            related=[(target.service.head(), "the Service")],
            help=f"Move the object to the namespace {target.namespace.name}.",
        )

    def _own(self, subject: VirtualService | DestinationRule, namespace: Namespace) -> Finding:
        where = ("spec", "host") if isinstance(subject, DestinationRule) else ("spec", "hosts")
        return self.finding(
            subject.at(*where, key=True) if where[1] in subject.spec else subject.head(),
            f"The namespace {namespace.name} is ambient and names no waypoint. No proxy reads the "
            "requests, and these rules are without effect.",
            aliases=_codes(subject, "KIA1109", "KIA0210"),
            related=[(namespace.head(), "the ambient Namespace")],
            help="Label the Namespace with istio.io/use-waypoint.",
        )


def _codes(
    subject: VirtualService | DestinationRule, for_routes: str, for_policies: str
) -> tuple[str, ...]:
    return (for_routes if isinstance(subject, VirtualService) else for_policies,)


class Target(NamedTuple):
    """A host that is a Service of an ambient namespace."""

    place: Place
    service: Service
    namespace: Namespace


def _targets(subject: VirtualService | DestinationRule, catalog: Catalog) -> Iterator[Target]:
    seen: set[int] = set()
    for host, place in _hosts(subject):
        for service in catalog.provider(host, subject).items if "*" not in host else ():
            if not isinstance(service, Service) or id(service) in seen:
                continue
            seen.add(id(service))
            name = known_namespace(service)
            for namespace in catalog.mesh.namespaces(name, service, catalog):
                if is_ambient(namespace):
                    yield Target(place, service, namespace)
                    break


def _hosts(subject: VirtualService | DestinationRule) -> Iterator[tuple[str, Place]]:
    if isinstance(subject, DestinationRule):
        if is_text(subject.host):
            yield subject.host, subject.at("spec", "host")
        return
    for index, host in enumerate(subject.hosts):
        if is_text(host):
            yield host, subject.at("spec", "hosts", index)


def _is_about_requests(subject: VirtualService | DestinationRule) -> bool:
    if isinstance(subject, VirtualService):
        in_mesh = not subject.gateways or "mesh" in subject.gateways
        return in_mesh and bool(subject.http or subject.tls)
    policies = [subject.spec.get("trafficPolicy")]
    policies += [
        as_dict(subset).get("trafficPolicy") for subset in as_list(subject.spec.get("subsets"))
    ]
    return any(map(_reads_requests, policies))


def _reads_requests(policy: Any) -> bool:
    """Whether a traffic policy can only be kept by a proxy that reads requests."""
    written = as_dict(policy)
    hashing = as_dict(as_dict(written.get("loadBalancer")).get("consistentHash"))
    http = as_dict(written.get("connectionPool")).get("http")
    return (
        bool(hashing.get("httpHeaderName") or hashing.get("httpCookie"))
        or (http is not None and not isinstance(http, Unknown))
        or isinstance(written.get("outlierDetection"), dict)
    )

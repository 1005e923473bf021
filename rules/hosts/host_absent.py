"""TS401: a route to a host that nothing provides."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Destination,
    Finding,
    Lookup,
    Rule,
    Severity,
    VirtualService,
    is_text,
)


class HostAbsent(Rule[VirtualService]):
    """A host that a route names is provided by a Service or a ServiceEntry.

    What it checks:
        The hosts of destinations and mirrors, where the tree is declared complete.  A short name is
        looked up in the VirtualService's own namespace, as Istio does; if only another namespace has
        it, that is TS405.  In any tree, a host that differs by one slip from a Service in sight is a
        warning.  Services of the root namespace and of Kubernetes itself are taken as given.

    Why it matters:
        Istio accepts the VirtualService.  Every request that the route sends to the host fails with
        503, because Istio knows no such service.

    Bad:
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: reviews
        spec:
          selector: {app: reviews}
          ports:
          - {name: http, port: 9080}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: reviews
        spec:
          hosts: [reviews]
          http:
          - route:
            - destination:
                host: ratings  # <-
        ```

    Good:
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: reviews
        spec:
          selector: {app: reviews}
          ports:
          - {name: http, port: 9080}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: reviews
        spec:
          hosts: [reviews]
          http:
          - route:
            - destination: {host: reviews}
        ```

    How to fix:
        Correct the name; write `<service>.<namespace>.svc.cluster.local` for a Service of another
        namespace; add a ServiceEntry for a host outside the mesh.

    Sources:
        - Istio reference, "Virtual Service", Destination.host
        - Istio docs, "ReferencedResourceNotFound"
        - Kiali docs, "KIA1101"
    """

    id = "TS401"
    name = "host-absent"
    severity = Severity.ERROR
    aliases = ("IST0101", "KIA1101")
    complete_only = True

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look up the host of each destination."""
        for destination in service.destinations():
            host = destination.host
            if not is_text(host) or not host or "*" in host or _is_address(host):
                continue
            lookup = catalog.provider(host, service)
            if lookup.state == "found":
                continue
            if catalog.complete(service):
                if not catalog.in_other_namespaces(host, service):
                    yield self._absent(destination, host, lookup, catalog)
            elif lookup.hint:
                yield self._slip(destination, host, lookup)

    def _absent(
        self, destination: Destination, host: str, lookup: Lookup, catalog: Catalog
    ) -> Finding:
        full = catalog.full_name(host, destination.resource)
        # a name with `<namespace>` in it would tell a person nothing
        name = f'"{host}"' if full == host or "<" in full else f'"{host}" ({full})'
        mend = "Correct the host, or add the Service or ServiceEntry."
        if lookup.hint:
            mend = f'Did you mean "{lookup.hint}"?'
        elif lookup.items:
            mend = "Correct the namespace." if "." in host else "Export it to this namespace."
        return self.finding(
            destination.at("host"),
            f"No Service or ServiceEntry in sight provides the host {name}. Requests sent there fail "
            "with 503.",
            aliases=_codes(destination),
            related=[(item.head(), "out of reach in its namespace") for item in lookup.items[:3]],
            help=mend,
        )

    def _slip(self, destination: Destination, host: str, lookup: Lookup) -> Finding:
        return self.finding(
            destination.at("host"),
            f'The host "{host}" is provided by nothing in sight, and "{lookup.hint}" is one letter away. '
            "If it is a slip, requests sent there fail with 503.",
            severity=Severity.WARNING,
            confidence="medium",
            aliases=_codes(destination),
            help=f'Did you mean "{lookup.hint}"?',
        )


def _codes(destination: Destination) -> tuple[str, ...]:
    """Kiali does not look at mirrors."""
    return ("IST0101",) if destination.wrapper is None else ("IST0101", "KIA1101")


def _is_address(host: str) -> bool:
    """Whether the host is an IP address, which is wrong for another reason."""
    return host.replace(".", "").isdigit() or ":" in host

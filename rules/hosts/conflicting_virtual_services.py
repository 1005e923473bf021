"""TS406: several VirtualServices for one host."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Claim,
    Finding,
    Rivals,
    Rule,
    Seat,
    Severity,
    Together,
    VirtualService,
    codes_of_shared_host,
)


class ConflictingVirtualServices(Rule[VirtualService]):
    """A host is routed by one VirtualService, or by several that cannot contradict each other.

    What it checks:
        Two VirtualServices under different names for the same host (short and full form are one) whose
        clients overlap (`exportTo`), which deploy together: they stand in one file, chart, Harness
        service or kustomization, or in one folder that holds no alternatives.
        Both for the mesh and with http routes: an error.  Both on one gateway, or with tcp or tls
        routes, which Istio merges: a warning where both take the same requests, by an equal match or
        by none, and treat them differently.  A wildcard beside a name that it covers is right, for the
        exact name wins.

    Why it matters:
        Within the mesh Istio keeps the routes of the oldest VirtualService of a host and drops those of
        the others without a word.  On a gateway it puts their routes in one list, the older object
        first, those without match last: of two equal ones the older wins.  Which one is older, a fresh
        cluster decides anew.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop, subset: stable}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop-canary
        spec:
          hosts:
          - shop  # <-
          http:
          - match:
            - headers: {x-canary: {exact: "1"}}
            route:
            - destination: {host: shop, subset: canary}
        ```

        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop.example.com]
          gateways: [public]
          http:
          - route:
            - destination: {host: shop}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: cart
        spec:
          hosts: [shop.example.com]
          gateways: [public]
          http:
          - route:  # <-
            - destination: {host: cart}
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - match:
            - headers: {x-canary: {exact: "1"}}
            route:
            - destination: {host: shop-canary}
          - route:
            - destination: {host: shop}
        ```

        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop.example.com]
          gateways: [public]
          http:
          - route:
            - destination: {host: shop}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: cart
        spec:
          hosts: [shop.example.com]
          gateways: [public]
          http:
          - match:
            - uri: {prefix: /cart}
            route:
            - destination: {host: cart}
        ```

    How to fix:
        Write one VirtualService for the host; for parts that several teams own, let it delegate.

    Sources:
        - Istio docs, "Traffic Management Best Practices": split large virtual services
        - Istio docs, "ConflictingMeshGatewayVirtualServiceHosts"
        - Kiali docs, "KIA1106"
    """

    id = "TS406"
    name = "conflicting-virtual-services"
    severity = Severity.ERROR
    aliases = ("IST0109", "KIA1106")

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Hold it against those that share a host with it and stand before it."""
        rivals = catalog.once(Rivals)
        dropped = rivals.dropped_for(service)
        if dropped is not None:
            yield self._report_dropped(*dropped, catalog)
        told = set()
        for claim, other, seat in rivals.equal_claims(service):
            if claim.place.path not in told:
                told.add(claim.place.path)
                yield self._report_merged(claim, other, seat)

    def _report_dropped(
        self, seat: Seat, rival: Seat, how_sure: Together, catalog: Catalog
    ) -> Finding:
        is_error = how_sure is Together.SURELY or (
            how_sure is Together.LIKELY and catalog.complete(seat.service)
        )
        return self.finding(
            seat.place,
            f'{rival.service.title} routes the host "{seat.written}" too. Within the mesh Istio keeps '
            "the routes of the older one of the two and drops those of the other.",
            severity=Severity.ERROR if is_error else Severity.WARNING,
            confidence=None if how_sure is Together.SURELY else "medium",
            aliases=codes_of_shared_host(seat, rival.service),
            related=[(rival.place, "the same host")],
            help="Put the routes of the host into one VirtualService.",
        )

    def _report_merged(self, claim: Claim, other: Claim, seat: Seat) -> Finding:
        rival = other.place.resource
        codes: tuple[str, ...] = self.aliases
        if isinstance(rival, VirtualService):
            codes = codes_of_shared_host(seat, rival)
        takes = "has the same match" if claim.match else "takes every request too"
        where = (
            "Within the mesh" if seat.gateway[1] == "mesh" else f'On gateway "{seat.gateway[1]}"'
        )
        return self.finding(
            claim.place,
            f'A route of {rival.title} for the host "{seat.written}" {takes}. {where} Istio puts the '
            "routes of both into one list, the older object first: the order of their creation decides "
            "which of the two is served.",
            severity=Severity.WARNING,
            aliases=codes,
            related=[(other.place, "the other route")],
            help="Let the matches differ, or put the routes into one VirtualService.",
        )

"""TS217: routing on claims of a token that nothing reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tsplit_lint import (
    Catalog,
    Finding,
    Gateway,
    Place,
    RequestAuthentication,
    Rule,
    Severity,
    Unknown,
    VirtualService,
    Workload,
    as_dict,
    gateway_references,
    hides_selector,
    is_text,
    known_namespace,
    namespaces_meet,
    selects,
)

#: A header that stands for a claim: `@request.auth.claims.group`, `@request.auth.claims[group]`.
_CLAIM: Final = re.compile(r"@request\.auth\.claims(?:\..+|\[.+\])\Z", re.IGNORECASE | re.DOTALL)
_WHERE: Final = ("headers", "withoutHeaders")


class JwtClaimRouting(Rule[VirtualService]):
    """Routing on the claims of a token is done at a gateway that reads tokens.

    What it checks:
        Http matches with `@request.auth.claims` in `headers` or `withoutHeaders`.  The VirtualService
        must name gateways, and not `mesh`: a delegate names none.  Where the tree is declared complete,
        a RequestAuthentication must apply to the pods of each of these gateways: one of their namespace
        or of the root namespace, without a selector or with one that fits.

    Why it matters:
        Istio refuses claims in routes for the mesh.  At a gateway without a RequestAuthentication no
        claim is ever known: the match takes no request, and everyone is served by the routes after it.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop.example.com]
          http:
          - match:
            - headers:
                "@request.auth.claims.group": {exact: testers}  # <-
            route:
            - destination: {host: shop, subset: canary}
          - route:
            - destination: {host: shop, subset: stable}
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop.example.com]
          gateways: [ingress/edge]
          http:
          - match:
            - headers:
                "@request.auth.claims.group": {exact: testers}
            route:
            - destination: {host: shop, subset: canary}
          - route:
            - destination: {host: shop, subset: stable}
        ---
        apiVersion: security.istio.io/v1
        kind: RequestAuthentication
        metadata:
          name: edge
          namespace: ingress
        spec:
          selector:
            matchLabels: {app: edge}
          jwtRules:
          - issuer: https://login.example.com
        ```

    How to fix:
        Bind the VirtualService to a gateway alone, and add a RequestAuthentication for its pods.

    Sources:
        - Istio docs, "JWT claim based routing"
        - Istio docs, "JwtClaimBasedRoutingWithoutRequestAuthN"
        - Istio source, validation of VirtualServices
    """

    id = "TS217"
    name = "jwt-claim-routing"
    severity = Severity.ERROR
    aliases = ("IST0106", "IST0149")
    needs = ("headers", "withoutHeaders")

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look for claims in the matches of one VirtualService."""
        claim = next(_claims(service), None)
        if claim is None or _hides_gateways(service):
            return
        place, key = claim
        if not service.gateways or "mesh" in service.gateways:
            what = "names no gateway" if not service.gateways else "is for the mesh too"
            yield self.finding(
                place,
                f'"{key}" routes by a claim, which only gateways can do, and {service.title} {what}. '
                "Istio refuses the VirtualService.",
                aliases=("IST0106",),
                help="Name the gateways alone, and keep routes for the mesh in a VirtualService of "
                "their own.",
            )
        elif catalog.complete(service):
            yield from self._unread(place, key, service, catalog)

    def _unread(
        self, place: Place, key: str, service: VirtualService, catalog: Catalog
    ) -> Iterator[Finding]:
        """The first gateway whose pods read no token."""
        # One with targetRefs is for a Gateway of the Gateway API or for a Service, not for these pods.
        policies = [
            policy
            for policy in catalog.resources(RequestAuthentication)
            if not policy.spec.get("targetRef") and not policy.spec.get("targetRefs")
        ]
        for reference in gateway_references(service):
            for gateway in catalog.gateways_near(reference.name, service):
                if not isinstance(gateway, Gateway) or _reads(gateway, policies, catalog):
                    continue
                yield self.finding(
                    place,
                    f'"{key}" routes by a claim, and no RequestAuthentication in sight applies to the '
                    f"pods of {gateway.title}: no claim is known there, and the match takes no request.",
                    aliases=("IST0149",),
                    related=[(gateway.head(), "the Gateway")],
                    help="Add a RequestAuthentication that selects the pods of the gateway.",
                )
                return


def _claims(service: VirtualService) -> Iterator[tuple[Place, str]]:
    """The claims that http matches ask for, each with its place."""
    for route in service.http:
        for number, match in enumerate(route.matches):
            for field in _WHERE:
                for key in as_dict(as_dict(match).get(field)):
                    if is_text(key) and _CLAIM.match(key):
                        yield route.at("match", number, field, key, key=True), key


def _hides_gateways(service: VirtualService) -> bool:
    written = service.spec.get("gateways")
    return isinstance(written, Unknown) or any(
        isinstance(name, Unknown) for name in service.gateways
    )


def _reads(gateway: Gateway, policies: Sequence[RequestAuthentication], catalog: Catalog) -> bool:
    """Whether a policy applies to a gateway's pods, or may apply to those that are out of sight."""
    if not policies:
        return False
    if not gateway.selector or hides_selector(gateway):
        return True
    workloads = catalog.selected_anywhere(gateway.selector, gateway)
    if not workloads:
        return True
    return all(
        any(_applies(policy, workload, catalog) for policy in policies) for workload in workloads
    )


def _applies(policy: RequestAuthentication, workload: Workload, catalog: Catalog) -> bool:
    namespace = known_namespace(policy)
    if namespace != catalog.root_namespace and not namespaces_meet(
        namespace, known_namespace(workload)
    ):
        return False
    selector = policy.spec.get("selector")
    labels = as_dict(selector).get("matchLabels")
    if isinstance(selector, Unknown) or isinstance(labels, Unknown) or workload.hides_labels:
        return True
    return selects(as_dict(labels), workload.pod_labels) is not False

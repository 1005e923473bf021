"""TS501: a VirtualService that names a gateway which is not there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tsplit_lint import (
    Catalog,
    Finding,
    GatewayReference,
    Lookup,
    Place,
    Rule,
    Severity,
    VirtualService,
    gateway_references,
    is_text,
    known_namespace,
)

#: Which peer looks where; neither does in tls and tcp matches.
_CODES: Final = {"gateways": ("IST0101", "KIA1102"), "http": ("KIA1102",)}


class GatewayAbsent(Rule[VirtualService]):
    """A gateway that a VirtualService names exists.

    What it checks:
        `spec.gateways` and the `gateways` of http, tls and tcp matches, where the tree is declared
        complete.  A plain name is looked up in the VirtualService's own namespace, `namespace/name` in
        that one; `mesh` always exists.  A Gateway of the Gateway API counts too.  In any tree, a name
        that differs by one slip from a Gateway in sight is a warning.  What is no name at all is TS513.

    Why it matters:
        Istio accepts the VirtualService and binds it to nothing: the gateway answers every request to
        these hosts with 404.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata:
          name: edge
          namespace: ingress
        spec:
          selector: {istio: ingressgateway}
          servers:
          - port: {number: 80, name: http, protocol: HTTP}
            hosts: ["*"]
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
          namespace: shop
        spec:
          ports:
          - {name: http, port: 80}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
          namespace: shop
        spec:
          hosts: [shop.example.com]
          gateways:
          - edge  # <-
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
          namespace: ingress
        spec:
          selector: {istio: ingressgateway}
          servers:
          - port: {number: 80, name: http, protocol: HTTP}
            hosts: ["*"]
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
          namespace: shop
        spec:
          ports:
          - {name: http, port: 80}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
          namespace: shop
        spec:
          hosts: [shop.example.com]
          gateways:
          - ingress/edge
          http:
          - route:
            - destination: {host: shop}
        ```

    How to fix:
        Correct the name, or write `<namespace>/<name>` for a Gateway of another namespace.

    Sources:
        - Istio reference, "Virtual Service", VirtualService.gateways
        - Istio docs, "ReferencedResourceNotFound"
    """

    id = "TS501"
    name = "gateway-absent"
    severity = Severity.ERROR
    aliases = ("IST0101", "KIA1102")
    complete_only = True
    needs = ("gateways",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look up each gateway that is named."""
        for reference in gateway_references(service):
            if reference.problem:
                continue  # no name at all: TS511 and TS513
            place, name = reference.place, reference.name
            lookup = catalog.gateway(name, service)
            if lookup.state == "found":
                continue
            if catalog.complete(service):
                yield self._absent(reference, lookup)
            elif lookup.hint:
                yield self.finding(
                    place,
                    f'No Gateway "{name}" is in sight, and "{lookup.hint}" is one letter away. If it is a '
                    "slip, these hosts get 404.",
                    severity=Severity.WARNING,
                    confidence="medium",
                    aliases=_CODES.get(reference.part, ()),
                    help=f'Did you mean "{lookup.hint}"?',
                )

    def _absent(self, reference: GatewayReference, lookup: Lookup) -> Finding:
        place, name = reference.place, reference.name
        mend = "Correct the name, or add the Gateway."
        if lookup.hint:
            mend = f'Did you mean "{lookup.hint}"?'
        elif lookup.items:
            other = lookup.items[0]
            mend = f'Write "{known_namespace(other)}/{other.name}" if that one is meant.'
        return self.finding(
            place,
            f'No Gateway "{name}" is in sight{_where(name, place)}. The routes are bound to nothing and '
            "these hosts get 404.",
            aliases=_CODES.get(reference.part, ()),
            related=[
                (item.head(), "the Gateway of another namespace") for item in lookup.items[:3]
            ],
            help=mend,
        )


def _where(name: str, place: Place) -> str:
    namespace = place.resource.namespace
    if "/" in name or "." in name or not is_text(namespace):
        return ""
    return f" in the namespace {namespace} of the VirtualService"

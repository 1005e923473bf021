"""TS513: text that can name no Gateway."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    GENERATED_GATEWAY,
    Catalog,
    Finding,
    GatewayReference,
    Rule,
    Severity,
    VirtualService,
    gateway_references,
)


class GatewayNameSyntax(Rule[VirtualService]):
    """A gateway that is named has a name that a Gateway can have.

    What it checks:
        `spec.gateways` and the `gateways` of http, tls and tcp matches: `name` or `namespace/name`,
        each of letters, digits and inner dashes.

    Why it matters:
        Istio refuses the VirtualService.  Behind a name without a slash its validation does not look:
        there the VirtualService is accepted, and the routes are bound to nothing.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop.example.com]
          gateways:
          - ingress/  # <-
          - ./edge  # <-
          - ingress/edge.public  # <-
          http:
          - route:
            - destination: {host: shop}
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop.example.com]
          gateways:
          - edge
          - ingress/edge-public
          http:
          - route:
            - destination: {host: shop}
        ```

    How to fix:
        Write the name of a Gateway of the own namespace, or `<namespace>/<name>`.

    Sources:
        - Istio reference, "Virtual Service", VirtualService.gateways
        - Istio source, validation of gateway names
    """

    id = "TS513"
    name = "gateway-name-syntax"
    severity = Severity.ERROR
    aliases = ("IST0106", "KIA1108")
    needs = ("gateways",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look at each gateway that is named."""
        for reference in gateway_references(service):
            if reference.problem and GENERATED_GATEWAY not in reference.name:
                yield self.finding(
                    reference.place,
                    f'The gateway "{reference.name}" {reference.problem}. Istio refuses the '
                    "VirtualService, or binds these routes to nothing.",
                    aliases=_codes(reference),
                    help="Write the name of a Gateway of the own namespace, or <namespace>/<name>.",
                )


def _codes(reference: GatewayReference) -> tuple[str, ...]:
    """Kiali minds the dots of a name, whatever else is wrong, but not in tls and tcp matches."""
    refused = ("IST0106",) if reference.checked else ()
    dotted = "." in reference.name and reference.part in ("gateways", "http")
    return (*refused, "KIA1108") if dotted else refused

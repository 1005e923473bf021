"""TS514: a match for a gateway that its VirtualService is not bound to."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rule,
    Severity,
    Unknown,
    VirtualService,
    as_dict,
    as_list,
    gateway_key,
    is_text,
    known_namespace,
    listed,
)

Key = tuple[str | None, str]


class MatchGatewayNotListed(Rule[VirtualService]):
    """A match names gateways that its VirtualService names too.

    What it checks:
        The `gateways` of http, tls and tcp matches against those of the VirtualService, which are `mesh`
        alone where it names none.  Delegates are left out: their root names the gateways.

    Why it matters:
        Istio gives a VirtualService to the gateways in `spec.gateways` and to no others.  A match for
        another one is never tried, without a word: the requests take the next route, or get 404.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop.example.com]
          gateways: [edge]
          http:
          - match:
            - gateways:
              - mesh  # <-
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
          gateways: [edge, mesh]
          http:
          - match:
            - gateways:
              - mesh
            route:
            - destination: {host: shop, subset: canary}
          - route:
            - destination: {host: shop, subset: stable}
        ```

    How to fix:
        Add the gateway to `spec.gateways`, or remove it from the match.

    Sources:
        - Istio source, initVirtualServices and getGatewayNames (pilot/pkg/model/push_context.go)
    """

    id = "TS514"
    name = "match-gateway-not-listed"
    severity = Severity.WARNING
    needs = ("gateways",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Compare the gateways of every match with those of the VirtualService."""
        written = as_list(service.spec.get("gateways"))
        if not service.hosts or isinstance(service.spec.get("gateways"), Unknown):
            return
        if not all(is_text(name) for name in written):
            return
        names = [name for name in written if is_text(name)] or ["mesh"]
        bound = [_key(name, service) for name in names]
        for route in service.routes:
            for number, match in enumerate(route.matches):
                for index, name in enumerate(as_list(as_dict(match).get("gateways"))):
                    if is_text(name) and name and not _is_among(_key(name, service), bound):
                        yield self.finding(
                            route.at("match", number, "gateways", index),
                            f'{service.title} is bound to {listed(names)}, not to "{name}". Istio never '
                            "tries this match for requests there.",
                            help=f'Add "{name}" to the gateways of the VirtualService, or remove it here.',
                        )


def _key(name: str, service: VirtualService) -> Key:
    return gateway_key(name, known_namespace(service))


def _is_among(key: Key, bound: list[Key]) -> bool:
    """Whether a gateway may be one of those bound; a namespace that no one tells may be any."""
    namespace, name = key
    return any(
        other == name and (namespace is None or owner is None or namespace == owner)
        for owner, other in bound
    )

"""TS509: a Gateway that serves every host, while its routes are for a few."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tsplit_lint import (
    HTTP_PROTOCOLS,
    TLS_PROTOCOLS,
    Catalog,
    Finding,
    Gateway,
    Place,
    Rule,
    Server,
    Severity,
    VirtualService,
    as_dict,
    is_text,
    listed,
)

#: Folders whose manifests are meant to be tried out anywhere.
_SAMPLES: Final = frozenset(
    (
        "demo",
        "demos",
        "docs",
        "example",
        "examples",
        "sample",
        "samples",
        "test",
        "testdata",
        "tests",
        "tutorial",
        "tutorials",
    )
)
_MOST_NAMED: Final = 3


class WildcardGatewayHost(Rule[Gateway]):
    """A Gateway serves the hosts that its routes are for, not every host.

    What it checks:
        Servers for HTTP, HTTPS and TLS with the host `*`, where the VirtualServices in sight that name
        the Gateway are all for certain hosts.  A server that only redirects to HTTPS, `namespace/*`,
        and Gateways without a VirtualService in sight are right, and so is everything in folders of
        samples, demos, docs and tests.

    Why it matters:
        Any VirtualService of any namespace can claim any further host on this Gateway, and a request for
        a host that nobody meant to serve gets an answer of this gateway.

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
            hosts:
            - "*"  # <-
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop.example.com]
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
            hosts:
            - shop.example.com
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop.example.com]
          gateways: [edge]
          http:
          - route:
            - destination: {host: shop}
        ```

    How to fix:
        Name the hosts, or a wildcard for their domain, or say with `namespace/*` whose routes are
        served.

    Sources:
        - Istio reference, "Gateway", Server.hosts
        - Istio docs, "Security Best Practices": avoid overly broad hosts configurations
    """

    id = "TS509"
    name = "wildcard-gateway-host"
    severity = Severity.INFO

    def check(self, gateway: Gateway, catalog: Catalog) -> Iterator[Finding]:
        """Hold the servers of one Gateway against the routes that name it."""
        if _SAMPLES.intersection(gateway.file.path.lower().split("/")):
            return
        place = next(_wildcards(gateway), None)
        hosts = _hosts(catalog.bound_to(gateway)) if place else None
        if not place or not hosts or catalog.is_patched(gateway):
            return
        names = listed(hosts[:_MOST_NAMED])
        more = len(hosts) - _MOST_NAMED
        yield self.finding(
            place,
            f"{gateway.title} serves every host, while the VirtualServices that name it are for {names}"
            f"{f' and {more} more' if more > 0 else ''}. A VirtualService of any namespace can claim "
            "another host here.",
            help="Name the hosts, or a wildcard for their domain.",
        )


def _wildcards(gateway: Gateway) -> Iterator[Place]:
    """The places of `*` among the hosts."""
    for server in gateway.servers:
        if _is_judged(server):
            for index, host in enumerate(server.hosts):
                if host in ("*", "*/*"):
                    yield server.at("hosts", index)


def _is_judged(server: Server) -> bool:
    protocol = server.port.protocol
    redirects = as_dict(server.data.get("tls")).get("httpsRedirect")
    return (
        is_text(protocol) and protocol.lower() in HTTP_PROTOCOLS | TLS_PROTOCOLS and not redirects
    )


def _hosts(services: list[VirtualService]) -> list[str] | None:
    """The hosts of VirtualServices; None if one of them is for every host, or hidden."""
    hosts: dict[str, None] = {}
    for service in services:
        for host in service.hosts:
            if not is_text(host) or host == "*":
                return None
            if "." in host:
                hosts[host] = None
    return list(hosts)

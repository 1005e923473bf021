"""TS503: servers of gateways that cannot both be served by the same pods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from tsplit_lint import (
    Catalog,
    Finding,
    Gateway,
    Listener,
    Place,
    Rule,
    Scope,
    Severity,
    Together,
    as_dict,
    codes_of_servers,
    is_text,
    listed,
    listeners,
    pods_shared,
    protocol_of,
)

#: How a message calls what a server carries.
_CARRIES: Final = {"http": "HTTP", "tls": "TLS", "tcp": "plain TCP"}

Key = tuple[object, ...]


class ConflictingGateways(Rule[Scope]):
    """Servers of the same gateway pods do not contend for a port.

    What it checks:
        The servers of one Gateway, and of Gateways under different names whose selectors choose the same
        pods, on one port and address (`bind`).  It is an error if both servers carry TLS and share a
        host, if one carries HTTP and the other does not, or if both carry plain TCP.  Hosts are
        compared as text: `*.example.com` beside `shop.example.com` is fine.  Plain HTTP servers that
        share a host are merged, which is worth a note only.

        Gateways of one file, one rendered chart, one kustomization or one Harness service are held
        against each other; those of two files of a plain folder may be alternatives, so there it is a
        warning.  So are TLS servers for one host, one of them for a single namespace (`shop/host`).

    Why it matters:
        All Gateways of the same pods become one configuration.  Istio keeps the first of two such
        servers and drops the other one with all its hosts, without a word in the object's status.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata:
          name: shop
        spec:
          selector: {istio: ingressgateway}
          servers:
          - port: {number: 443, name: https, protocol: HTTPS}
            tls: {mode: SIMPLE, credentialName: shop}
            hosts: ["*.example.com"]
        ---
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata:
          name: blog
        spec:
          selector: {istio: ingressgateway}
          servers:
          - port: {number: 443, name: https, protocol: HTTPS}
            tls: {mode: SIMPLE, credentialName: blog}
            hosts:
            - "*.example.com"  # <-
        ```
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata:
          name: shop
        spec:
          selector: {istio: ingressgateway}
          servers:
          - port: {number: 80, name: http, protocol: HTTP}
            hosts: [shop.example.com]
        ---
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata:
          name: database
        spec:
          selector: {istio: ingressgateway}
          servers:
          - port: {number: 80, name: tcp, protocol: TCP}  # <-
            hosts: ["*"]
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata:
          name: shop
        spec:
          selector: {istio: ingressgateway}
          servers:
          - port: {number: 443, name: https, protocol: HTTPS}
            tls: {mode: SIMPLE, credentialName: shop}
            hosts: [shop.example.com]
        ---
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata:
          name: blog
        spec:
          selector: {istio: ingressgateway}
          servers:
          - port: {number: 443, name: https, protocol: HTTPS}
            tls: {mode: SIMPLE, credentialName: blog}
            hosts: [blog.example.com]
        ```

    How to fix:
        Name each host in one Gateway only, or write one Gateway for all; give another protocol another
        port.

    Sources:
        - Istio docs, "ConflictingGateways"
        - Istio source, `mergeGateways`
        - Kiali, validation KIA0301
    """

    id = "TS503"
    name = "conflicting-gateways"
    severity = Severity.ERROR
    aliases = ("IST0145", "KIA0301")
    needs = ("Gateway",)

    def check(self, scope: Scope, catalog: Catalog) -> Iterator[Finding]:
        """Compare the servers of the gateways that deploy together."""
        seen = _Seen(catalog)
        for gateway in scope.of(Gateway):
            if is_text(gateway.name):
                for listener in listeners(gateway):
                    known = protocol_of(listener.protocol) not in (None, "udp")
                    if known and not _contradicts_itself(listener):
                        yield from self._against(listener, seen)
                        seen.add(listener)

    def _against(self, listener: Listener, seen: _Seen) -> Iterator[Finding]:
        """The worst conflict of a server with an earlier one."""
        other = seen.of_other_protocol(listener)
        if other is not None:
            yield self._of_protocols(listener, other, seen)
            return
        other = seen.of_same_host(listener)
        if other is not None and listener.carries == "tls":
            yield self._of_hosts(listener, other, seen)
        elif other is not None and other.gateway is not listener.gateway:
            yield self._merged(listener, other)

    def _of_protocols(self, listener: Listener, other: Listener, seen: _Seen) -> Finding:
        there = "" if other.carries == listener.carries else f"{_CARRIES[other.carries]} "
        is_sure = seen.surely_deploys(listener, other)
        return self.finding(
            listener.server.at("port", "number"),
            f"Port {listener.number} carries {_CARRIES[listener.carries]} here and {there}in "
            f"{_name(other, listener)}, on the same pods. Istio keeps one of the two servers and drops "
            "the other.",
            severity=None if is_sure else Severity.WARNING,
            confidence=None if is_sure else "medium",
            aliases=codes_of_servers(listener, other),
            related=[(other.server.at("port", "number"), "the other server of this port")],
            help="Give one of the two another port.",
        )

    def _of_hosts(self, listener: Listener, other: Listener, seen: _Seen) -> Finding:
        shared = listener.shared_hosts(other)
        is_same_text = any(listener.hosts[name] & other.hosts[name] for name in shared)
        is_sure = is_same_text and seen.surely_deploys(listener, other)
        fate = "Istio keeps one of the two TLS servers and drops the other with all its hosts."
        if not is_same_text:
            fate = "A TLS connection tells its host and no namespace, so one of the two can take it only."
        return self.finding(
            _host_place(listener, shared),
            f"{_hosts(shared)} on port {listener.number} is also served by {_name(other, listener)}, on "
            f"the same pods. {fate}",
            severity=None if is_sure else Severity.WARNING,
            confidence=None if is_sure else "medium",
            aliases=codes_of_servers(listener, other),
            related=[(_host_place(other, shared), "the same host")],
            help="Name the host in one of the two servers only.",
        )

    def _merged(self, listener: Listener, other: Listener) -> Finding:
        shared = listener.shared_hosts(other)
        return self.finding(
            _host_place(listener, shared),
            f"{_hosts(shared)} on port {listener.number} is also served by {_name(other, listener)}, on "
            "the same pods. Istio merges the two: each serves the routes of both.",
            severity=Severity.INFO,
            aliases=codes_of_servers(listener, other),
            related=[(_host_place(other, shared), "the same host")],
            help="Write one Gateway for the host, so that one place says who serves it.",
        )


class _Seen:
    """The servers seen so far, filed by what they may conflict in.

    Each is filed twice, under its file and under the scope: the conflict in the own file is the surer one.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._filed: dict[Key, list[Listener]] = defaultdict(list)

    def add(self, listener: Listener) -> None:
        """File a server."""
        for unit in (id(listener.gateway.file), 0):
            key = (unit, listener.number, listener.bind, listener.carries)
            self._filed[key].append(listener)
            for name in listener.hosts:
                self._filed[(*key, name)].append(listener)

    def of_other_protocol(self, listener: Listener) -> Listener | None:
        """A server on the same port that cannot be merged, whatever its hosts are."""
        others = [carries for carries in _CARRIES if carries != listener.carries]
        if listener.carries == "tcp":
            others.append("tcp")
        units = (id(listener.gateway.file), 0)
        keys = [(unit, listener.number, listener.bind, each) for unit in units for each in others]
        found = (other for key in keys for other in self._filed.get(key, ()))
        return next((other for other in found if self._on_same_pods(listener, other)), None)

    def of_same_host(self, listener: Listener) -> Listener | None:
        """A server on the same port that shares a host."""
        # A note on plain HTTP is worth its line only where both stand in one file.
        units = (id(listener.gateway.file), 0)[: 1 if listener.carries == "http" else 2]
        place = (listener.number, listener.bind, listener.carries)
        keys = [(unit, *place, name) for unit in units for name in listener.hosts]
        found = (other for key in keys for other in self._filed.get(key, ()))
        return next(
            (
                other
                for other in found
                if self._on_same_pods(listener, other) and listener.shared_hosts(other)
            ),
            None,
        )

    def _on_same_pods(self, listener: Listener, other: Listener) -> bool:
        """Whether both configure the same pods, and are no alternatives of each other."""
        one, another = listener.gateway, other.gateway
        if one is another:
            return True
        is_same_namespace = one.namespace == another.namespace
        if one.name == another.name and is_same_namespace:
            return False
        how_sure = self._catalog.together(one, another)
        if how_sure is Together.LIKELY and not is_same_namespace:
            return False
        return how_sure >= Together.LIKELY and pods_shared(one, another)

    def surely_deploys(self, listener: Listener, other: Listener) -> bool:
        """Whether both are certainly deployed together."""
        how_sure = self._catalog.together(listener.gateway, other.gateway)
        return how_sure is Together.SURELY


def _contradicts_itself(listener: Listener) -> bool:
    """Whether a server says HTTP and yet how to end TLS: TS512 tells, and either may be meant."""
    tls = as_dict(listener.server.data.get("tls"))
    return listener.carries == "http" and bool(tls.get("mode"))


def _name(other: Listener, listener: Listener) -> str:
    if other.gateway is listener.gateway:
        line = other.server.at().span().line
        return f"another server of this Gateway (line {line})"
    return other.gateway.title


def _hosts(shared: list[str]) -> str:
    names = [f'"{host}"' for host in shared[:3]]
    return f"The host {names[0]}" if len(shared) == 1 else f"Each of the hosts {listed(names)}"


def _host_place(listener: Listener, shared: list[str]) -> Place:
    for index, written in enumerate(listener.server.hosts):
        if is_text(written) and written.lower().rpartition("/")[2] in shared:
            return listener.server.at("hosts", index)
    return listener.server.at("hosts")

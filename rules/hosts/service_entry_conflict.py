"""TS409: two ServiceEntries for one host and port."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Ledger,
    Place,
    Port,
    Rule,
    ServiceEntry,
    Severity,
    Together,
    as_list,
    is_integer,
    is_text,
    share_audience,
)


class ServiceEntryConflict(Rule[ServiceEntry]):
    """A host's port is defined by one ServiceEntry.

    What it checks:
        ServiceEntries under different names with the same host and port, some namespace seeing both
        (`exportTo`), which deploy together: they stand in one file, chart, Harness service or
        kustomization, or in one folder that holds no alternatives; anywhere in a tree that is declared
        complete.  It says whether the protocols differ.

    Why it matters:
        Istio takes protocol and resolution of the port from one of them, and which one it is depends on
        the order of creation.  With another protocol the routes for the host do not apply any more.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata:
          name: payments
        spec:
          hosts: [payments.example.com]
          ports:
          - {number: 443, name: https, protocol: HTTPS}
          resolution: DNS
        ---
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata:
          name: payments-http
        spec:
          hosts:
          - payments.example.com  # <-
          ports:
          - {number: 443, name: http, protocol: HTTP}
          resolution: DNS
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata:
          name: payments
        spec:
          hosts: [payments.example.com]
          ports:
          - {number: 443, name: https, protocol: HTTPS}
          resolution: DNS
        ---
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata:
          name: payments-http
        spec:
          hosts: [payments.example.com]
          ports:
          - {number: 80, name: http, protocol: HTTP}
          resolution: DNS
        ```

    How to fix:
        Keep the host and port in one ServiceEntry.

    Sources:
        - Istio reference, "Service Entry"
        - Istio docs, "ConflictingServiceEntryProtocol"
        - Kiali docs, "KIA1211" and "KIA1212"
    """

    id = "TS409"
    name = "service-entry-conflict"
    severity = Severity.WARNING
    aliases = ("IST0177", "KIA1211", "KIA1212")

    def check(self, entry: ServiceEntry, catalog: Catalog) -> Iterator[Finding]:
        """Hold each host and port against those before it."""
        ledger = catalog.once(_ledger)
        for index, host in enumerate(entry.hosts):
            if not is_text(host):
                continue
            for port in entry.ports:
                for other, how_sure in ledger.before(_key(host, port, catalog, entry), entry):
                    rival = other.resource
                    if isinstance(rival, ServiceEntry) and share_audience(entry, rival, catalog):
                        place = entry.at("spec", "hosts", index)
                        yield self._report(place, host, port, other, how_sure)
                        return

    def _report(
        self, place: Place, host: str, port: Port, other: Port, how_sure: Together
    ) -> Finding:
        mine, theirs = (str(each.protocol or "TCP").upper() for each in (port, other))
        differs = "" if mine == theirs else f", there with the protocol {theirs}, here with {mine}"
        return self.finding(
            place,
            f'{other.resource.title} defines the port {port.number} of "{host}" too{differs}. Istio '
            "takes it from one of the two, and the order of their creation decides from which.",
            confidence=None if how_sure is Together.SURELY else "medium",
            aliases=_codes(host, port, other),
            related=[(other.at(), "the same port")],
            help="Keep the host and port in one ServiceEntry.",
        )


def _codes(host: str, port: Port, other: Port) -> tuple[str, ...]:
    """What the peers say, who compare hosts and protocols as they are written."""
    mine, theirs = (str(each.protocol or "").upper() for each in (port, other))
    hosts = [each for each in as_list(other.resource.spec.get("hosts")) if is_text(each)]
    if host.lower() not in map(str.lower, hosts):
        return ()
    if mine == theirs:
        return ("KIA1211",)
    return ("IST0177", "KIA1212") if host in hosts else ("KIA1212",)


def _ledger(catalog: Catalog) -> Ledger[Port]:
    ledger: Ledger[Port] = Ledger(catalog)
    for entry in catalog.resources(ServiceEntry):
        for host in entry.hosts:
            if is_text(host) and is_text(entry.name):
                for port in entry.ports:
                    if is_integer(port.number):
                        ledger.add(_key(host, port, catalog, entry), entry, port)
    return ledger


def _key(host: str, port: Port, catalog: Catalog, entry: ServiceEntry) -> tuple[object, object]:
    return catalog.host(host, entry), port.number

"""TS405: a short host whose Service lives in another namespace."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Place,
    Resource,
    Rule,
    Severity,
    VirtualService,
    codes_without_host,
    is_text,
    known_namespace,
    one_of,
)


class ShortNameAcrossNamespaces(Rule[VirtualService | DestinationRule]):
    """A short host names a Service of the object's own namespace.

    What it checks:
        The hosts without a dot of destinations and mirrors, and of DestinationRules, where the object's
        own namespace stands in the file: no Service in sight has that name there, and one in another
        namespace has.  In a tree that is not declared complete it speaks only if exactly one other
        namespace has it, for else the files are those of several environments.

    Why it matters:
        Istio completes a short name with the namespace of the object that names it, not with that of
        the Service or of the gateway.  The route leads to a service that does not exist (503), or the
        rule applies to nothing.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: reviews
          namespace: ingress
        spec:
          hosts: [reviews.example.com]
          gateways: [public]
          http:
          - route:
            - destination:
                host: reviews  # <-
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: reviews
          namespace: shop
        spec:
          ports:
          - {name: http, port: 80}
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: reviews
          namespace: ingress
        spec:
          hosts: [reviews.example.com]
          gateways: [public]
          http:
          - route:
            - destination:
                host: reviews.shop.svc.cluster.local
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: reviews
          namespace: shop
        spec:
          ports:
          - {name: http, port: 80}
        ```

    How to fix:
        Write the name in full.

    Sources:
        - Istio reference, "Virtual Service", Destination.host (the note on short names)
        - Istio docs, "Traffic Management Problems": "Short names"
    """

    id = "TS405"
    name = "short-name-across-namespaces"
    severity = Severity.WARNING
    aliases = ("IST0101", "IST0174", "KIA1101", "KIA0202")

    def check(
        self, subject: VirtualService | DestinationRule, catalog: Catalog
    ) -> Iterator[Finding]:
        """Look at each short host once."""
        if known_namespace(subject) is None:
            return
        told: set[str] = set()
        for host, place, codes in _hosts(subject, catalog):
            if "." in host or host in told:
                continue
            found = catalog.in_other_namespaces(host, subject)
            is_complete = catalog.complete(subject)
            meant = found if is_complete else catalog.nearest(found, subject)
            if not meant or (not is_complete and len(_namespaces(meant)) > 1):
                continue
            told.add(host)
            yield self._report(host, place, codes, meant, catalog, subject)

    def _report(
        self,
        host: str,
        place: Place,
        codes: tuple[str, ...],
        meant: list[Resource],
        catalog: Catalog,
        subject: VirtualService | DestinationRule,
    ) -> Finding:
        fate = "Requests sent there fail with 503."
        if isinstance(subject, DestinationRule):
            fate = "The rule applies to no request."
        names = [catalog.full_name(host, item) for item in meant]
        return self.finding(
            place,
            f'Istio reads the host "{host}" as {catalog.full_name(host, subject)}, but the Service of '
            f"that name lives in the namespace {one_of(sorted(_namespaces(meant)))}. {fate}",
            confidence=None if catalog.complete(subject) else "medium",
            aliases=codes,
            related=[(item.head(), "the Service of that name") for item in meant[:3]],
            help=f"Write {one_of(sorted(set(names)))}.",
        )


def _namespaces(services: list[Resource]) -> set[str]:
    return {str(service.namespace) for service in services}


def _hosts(
    subject: VirtualService | DestinationRule, catalog: Catalog
) -> Iterator[tuple[str, Place, tuple[str, ...]]]:
    """Each host with its place and what the peers say of one that is not there."""
    if isinstance(subject, DestinationRule):
        host = subject.host
        if is_text(host):
            yield host, subject.at("spec", "host"), codes_without_host(host, subject, catalog)
        return
    for destination in subject.destinations():
        if is_text(destination.host):
            # Kiali does not look at mirrors.
            codes = ("IST0101",) if destination.wrapper is None else ("IST0101", "KIA1101")
            yield destination.host, destination.at("host"), codes

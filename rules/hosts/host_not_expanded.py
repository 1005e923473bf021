"""TS416: a host that Istio takes literally, though it is meant as a service of a namespace."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    EXTERNAL,
    Catalog,
    DestinationRule,
    Finding,
    Place,
    Rule,
    Service,
    Severity,
    VirtualService,
    is_text,
)


class HostNotExpanded(Rule[VirtualService | DestinationRule]):
    """A host is written short or in full, not as `service.namespace`.

    What it checks:
        The hosts of destinations and mirrors, and of DestinationRules, that are written
        `service.namespace` or `service.namespace.svc` while that Service is in sight.  The hosts of a
        VirtualService are not looked at: clients may well use such a name.

    Why it matters:
        Istio completes a name without dots only.  `reviews.prod` reaches the Service everywhere else
        in Kubernetes, but in a route it names a host that no one provides, so that requests fail with
        503; a DestinationRule for it applies to nothing.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: reviews
          namespace: web
        spec:
          hosts: [reviews.prod.svc.cluster.local]
          http:
          - route:
            - destination:
                host: reviews.prod  # <-
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: reviews
          namespace: prod
        spec:
          ports:
          - port: 80
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: reviews
          namespace: web
        spec:
          hosts: [reviews.prod.svc.cluster.local]
          http:
          - route:
            - destination:
                host: reviews.prod.svc.cluster.local
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: reviews
          namespace: prod
        spec:
          ports:
          - port: 80
        ```

    How to fix:
        Write the name in full, with the domain of the cluster.

    Sources:
        - Istio reference, "Virtual Service", Destination.host
        - istio/istio issue 40819, "Support short hosts like <service name>.<namespace>"
    """

    id = "TS416"
    name = "host-not-expanded"
    severity = Severity.WARNING
    aliases = ("IST0101", "IST0174")

    def check(
        self, subject: VirtualService | DestinationRule, catalog: Catalog
    ) -> Iterator[Finding]:
        """Look at each host that must be one of the registry."""
        for written, place in _hosts(subject):
            meant = catalog.host(written, subject)
            if "." not in written or meant.namespace == EXTERNAL:
                continue
            full = f"{meant.name}.{meant.namespace}.svc.{catalog.domain}"
            if written.lower().rstrip(".") == full:
                continue
            found = catalog.provider(written, subject)
            if found.state != "found" or not found.items:
                continue
            service = found.items[0]
            if not all(isinstance(item, Service) for item in found.items):
                continue  # a ServiceEntry may provide just this name
            fate, codes = "requests sent there fail with 503", ("IST0101",)
            if isinstance(subject, DestinationRule):
                fate, codes = "the rule applies to nothing", ("IST0174",)
            yield self.finding(
                place,
                f'Istio takes the host "{written}" literally: it completes names without dots only, so '
                f"{fate}.",
                aliases=codes,
                related=[(service.head(), "the Service that is meant")],
                help=f"Write {full}.",
            )


def _hosts(subject: VirtualService | DestinationRule) -> Iterator[tuple[str, Place]]:
    if isinstance(subject, DestinationRule):
        if is_text(subject.host):
            yield subject.host, subject.at("spec", "host")
        return
    for destination in subject.destinations():
        if is_text(destination.host):
            yield destination.host, destination.at("host")

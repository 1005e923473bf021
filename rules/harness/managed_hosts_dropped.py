"""TS115: a managed VirtualService that splits between hosts."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rule,
    Severity,
    VirtualService,
    kept_destination,
    uses_blue_green,
)


class ManagedHostsDropped(Rule[VirtualService]):
    """The route of a managed VirtualService has one host.

    What it checks:
        The destinations of the one http route of a VirtualService with `harness.io/managed: "true"`.
        Hosts that expressions hide are not judged; services marked for blue/green deployments are left
        out.

    Why it matters:
        A canary deployment keeps the first destination's host and drops all others: traffic that went
        to them goes to the first host instead.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: shop
          annotations:
            harness.io/managed: "true"
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop}
              weight: 90
            - destination: {host: shop-next}  # <-
              weight: 10
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: shop
          annotations:
            harness.io/managed: "true"
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop}
        ```

    How to fix:
        Route to one host and let Harness split it by subset, or remove the annotation and split between
        the hosts yourself.

    Sources:
        - harness-core, IstioTaskHelper: the route is replaced by subsets of the first host
    """

    id = "TS115"
    name = "managed-hosts-dropped"
    severity = Severity.WARNING
    needs = ("harness.io/managed",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Compare each destination's host with the first."""
        if service.managed is not True or service.file.skipped:
            return
        kept = kept_destination(service)
        if kept is None or not isinstance(kept.host, str) or uses_blue_green(service.file.scope):
            return
        own = catalog.host(kept.host, service)
        for destination in service.http[0].destinations[1:]:
            host = destination.host
            if not isinstance(host, str) or own.same(catalog.host(host, service)):
                continue
            yield self.finding(
                destination.at("host"),
                f"{service.title} is managed by Harness: a canary deployment keeps the host {kept.host} "
                f"of the first destination only and drops {host}, with all traffic meant for it.",
                related=[(kept.at("host"), "the host that Harness keeps")],
                help="Route to one host, or remove the annotation.",
            )
            return

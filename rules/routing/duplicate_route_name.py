"""TS215: one name for two http routes."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Route, Rule, Severity, VirtualService, Workload


class DuplicateRouteName(Rule[VirtualService]):
    """The http routes of a VirtualService have names of their own.

    What it checks:
        `name` of the http routes of one VirtualService.  A route without a name is fine.  It is a note
        where no Argo Rollout is in sight, which would choose routes by their names.

    Why it matters:
        What refers to a route by its name cannot tell them apart: an Argo Rollout that shifts the
        weights of one of the two may reach the other, and access logs and statistics add them up.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - name: primary
            match:
            - uri: {prefix: /cart}
            route:
            - destination: {host: cart}
          - name: primary  # <-
            route:
            - destination: {host: shop}
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - name: cart
            match:
            - uri: {prefix: /cart}
            route:
            - destination: {host: cart}
          - name: primary
            route:
            - destination: {host: shop}
        ```

    How to fix:
        Rename one of them.

    Sources:
        - Istio reference, "Virtual Service", HTTPRoute.name
        - Argo Rollouts docs, "Istio", routes of a VirtualService by name
    """

    id = "TS215"
    name = "duplicate-route-name"
    severity = Severity.WARNING

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look for a name that an earlier route has."""
        seen: dict[str, Route] = {}
        for route in service.http:
            if route.name is None:
                continue
            first = seen.setdefault(route.name, route)
            if first is not route:
                yield self.finding(
                    route.at("name"),
                    f'The route name "{route.name}" stands twice in {service.title}: what refers to a '
                    "route by its name, such as an Argo Rollout, cannot tell them apart.",
                    severity=None if catalog.once(_has_rollouts) else Severity.INFO,
                    related=[(first.at("name"), "the first route of that name")],
                    help="Rename one of them.",
                )


def _has_rollouts(catalog: Catalog) -> bool:
    return any(workload.kind == "Rollout" for workload in catalog.resources(Workload))

"""TS205: one destination twice in a route."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tsplit_lint import Catalog, Destination, Finding, Host, Rule, Severity, VirtualService

Same = tuple[Host, str | None, int | None]


class DuplicateDestination(Rule[VirtualService]):
    """The destinations of a route differ.

    What it checks:
        The host, subset and port of the destinations of one `http`, `tls` or `tcp` route.  A short name
        and its full form are one host.  Two that differ in what they set on the way, such as `headers`,
        are two destinations.

    Why it matters:
        Both go to the same pods, so the split between them is none.  Mostly a line was copied and its
        subset not changed.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop, subset: stable}
              weight: 90
            - destination:  # <-
                host: shop
                subset: stable
              weight: 10
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
          - route:
            - destination: {host: shop, subset: stable}
              weight: 90
            - destination: {host: shop, subset: canary}
              weight: 10
        ```

    How to fix:
        Name the other subset or host, or write the destination once with the sum of both weights.

    Sources:
        - Istio reference, "Virtual Service", HTTPRouteDestination
    """

    id = "TS205"
    name = "duplicate-destination"
    severity = Severity.WARNING
    aliases = ("KIA1105",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Compare the destinations of each route."""
        for route in service.routes:
            if len(route.destinations) < 2:
                continue
            seen: dict[Same, Destination] = {}
            for destination in route.destinations:
                same = _identity(destination, catalog)
                if same is None:
                    continue
                first = seen.setdefault(same, destination)
                if first is not destination and _extras(first) == _extras(destination):
                    yield self._report(destination, first)

    def _report(self, destination: Destination, first: Destination) -> Finding:
        subset = f' and subset "{destination.subset}"' if destination.subset else ""
        return self.finding(
            destination.at(),
            f'The destination with host "{destination.host}"{subset} stands twice in this route: both '
            "go to the same pods.",
            related=[(first.at(), "the same destination")],
            help="Name the other subset or host, or write it once with the sum of both weights.",
        )


def _identity(destination: Destination, catalog: Catalog) -> Same | None:
    """Host, subset and port made comparable; None where one of them is not known."""
    host, subset, port = destination.host, destination.subset, destination.port
    if not (isinstance(host, str) and host):
        return None
    if not (subset is None or isinstance(subset, str)) or not (
        port is None or isinstance(port, int)
    ):
        return None
    return catalog.host(host, destination.resource), subset, port


def _extras(destination: Destination) -> dict[str, Any]:
    data = destination.wrapper.data if destination.wrapper is not None else {}
    return {key: value for key, value in data.items() if key not in ("destination", "weight")}

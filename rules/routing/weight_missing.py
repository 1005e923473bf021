"""TS203: a destination without a weight beside others that have one."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Destination,
    Finding,
    Route,
    Rule,
    Severity,
    VirtualService,
    is_text,
    nearest,
)


class WeightMissing(Rule[VirtualService]):
    """Either all destinations of a route have a weight, or the only one has none.

    What it checks:
        `http`, `tls` and `tcp` routes with several destinations, some with a weight above 0 and some
        without any.

    Why it matters:
        A weight that is left out counts as 0: the destination stands in the file, and no request ever
        reaches it.

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
            - destination: {host: shop, subset: canary}  # <-
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
        Give every destination its weight, so that they sum to 100; write `weight: 0` where none is
        meant.

    Sources:
        - Istio reference, "Virtual Service", HTTPRouteDestination.weight
    """

    id = "TS203"
    name = "weight-missing"
    severity = Severity.WARNING

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look at each route of one VirtualService."""
        for route in service.routes:
            if len(route.destinations) > 1:
                yield from self._check_route(route)

    def _check_route(self, route: Route) -> Iterator[Finding]:
        bare = [place for place in route.destinations if place.weight is None]
        given = [place.weight for place in route.destinations if place.weight is not None]
        if not bare or all(weight == 0 for weight in given):
            return
        if any(map(_is_misspelt, bare)):
            return  # TS009 names the field
        known = sum(weight for weight in given if type(weight) is int)
        rest = 100 - known if len(bare) == 1 and 0 < known < 100 else None
        first = bare[0].wrapper or bare[0]
        host, subset = bare[0].host, bare[0].subset
        known_host = f'The destination with host "{host}"' if is_text(host) else "This destination"
        name = f'The destination with subset "{subset}"' if is_text(subset) else known_host
        yield self.finding(
            first.at(),
            f"{name} has no weight while others of this route have one. It counts "
            "as 0 and gets no traffic.",
            related=[((place.wrapper or place).at(), "nor has this one") for place in bare[1:]],
            help="Give it a weight"
            + (f": {rest} makes the sum 100." if rest else ", so that they sum to 100."),
        )


def _is_misspelt(destination: Destination) -> bool:
    """Whether a field beside the destination was meant as its weight."""
    fields = destination.wrapper.data if destination.wrapper else {}
    others = [name for name in fields if name not in ("destination", "headers")]
    return any(nearest(str(name), ("weight",)) for name in others)

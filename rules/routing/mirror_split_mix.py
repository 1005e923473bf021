"""TS216: a mirror that burdens what it is meant to try out."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Destination,
    Finding,
    Route,
    Rule,
    Severity,
    Unknown,
    VirtualService,
    is_canary,
    live_share,
    mirror_percentage,
)


class MirrorSplitMix(Rule[VirtualService]):
    """A destination is tried out either with copies of requests or with a share of them.

    What it checks:
        http routes with several destinations, one of which is mirrored to as well; and mirrors to what
        is called canary, by its subset or its host, without a percentage.  A mirror to what takes all
        of the route's requests is TS220.

    Why it matters:
        A destination that gets a share and the copies too is loaded with both, and its error rate
        tells of neither.  A mirror without a percentage copies every request: a canary of few pods
        takes the load of the whole service.

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
            - destination: {host: shop, subset: v1}
              weight: 90
            - destination: {host: shop, subset: v2}
              weight: 10
            mirror:  # <-
              host: shop
              subset: v2
            mirrorPercentage: {value: 10}
        ```
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
            mirror:  # <-
              host: shop
              subset: canary
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
            mirror:
              host: shop
              subset: canary
            mirrorPercentage: {value: 10}
        ```

    How to fix:
        Mirror first and shift shares later, and write the percentage that the mirror can bear.

    Sources:
        - Istio docs, "Mirroring"
        - Istio reference, "Virtual Service", HTTPRoute.mirrorPercentage
    """

    id = "TS216"
    name = "mirror-split-mix"
    severity = Severity.INFO
    needs = ("mirror",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Hold each mirror against the destinations of its route."""
        for route in service.http:
            for mirror in route.mirrors:
                percentage = mirror_percentage(route, mirror)
                if percentage == 0 or isinstance(percentage, Unknown):
                    continue
                share = live_share(route, mirror, catalog)
                if share is not None and 0 < share < 1:
                    yield self._mixed(route, mirror, float(share) * 100)
                elif percentage is None and share == 0 and is_canary(mirror):
                    yield self._all(mirror)

    def _mixed(self, route: Route, mirror: Destination, share: float) -> Finding:
        return self.finding(
            mirror.at(),
            f"{_name(mirror)} takes {share:.3g}% of this route's requests and gets copies of them as "
            "well: its load and its error rate tell neither what the share does nor what the copies do.",
            related=[(route.at("route", key=True), "the destinations")],
            help="Mirror to it before it takes a share, or only give it the share.",
        )

    def _all(self, mirror: Destination) -> Finding:
        return self.finding(
            mirror.at(),
            f"The mirror to {_name(mirror)} has no percentage, so it gets a copy of every request: the "
            "load of the whole route.",
            help="Write the percentage, be it 100.",
        )


def _name(mirror: Destination) -> str:
    subset = f'subset "{mirror.subset}" of ' if mirror.subset else ""
    return f'{subset}host "{mirror.host}"'

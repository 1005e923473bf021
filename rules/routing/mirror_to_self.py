"""TS220: a mirror to the destination that serves the route."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rule,
    Severity,
    Unknown,
    VirtualService,
    live_share,
    mirror_percentage,
)


class MirrorToSelf(Rule[VirtualService]):
    """A route mirrors to another destination than the one that serves it.

    What it checks:
        Mirrors of http routes whose host, subset and port are those of the destination that takes all
        of the route's requests: the only one, or the only one with a weight above 0.  A mirror to one of
        several shares is TS216.

    Why it matters:
        The same pods get each request twice.  What writes is done twice, and nothing new is tried out.
        Mostly the mirror's subset was forgotten.

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
            mirror:  # <-
              host: shop
              subset: v1
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
            - destination: {host: shop, subset: v1}
            mirror:
              host: shop
              subset: v2
        ```

    How to fix:
        Name the subset or host that is tried out, or remove the mirror.

    Sources:
        - Istio docs, "Mirroring"
    """

    id = "TS220"
    name = "mirror-to-self"
    severity = Severity.WARNING
    needs = ("mirror",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Hold each mirror against the destinations of its route."""
        for route in service.http:
            for mirror in route.mirrors:
                percentage = mirror_percentage(route, mirror)
                if percentage == 0 or isinstance(percentage, Unknown):
                    continue
                if live_share(route, mirror, catalog) == 1:
                    subset = f' and subset "{mirror.subset}"' if mirror.subset else ""
                    yield self.finding(
                        mirror.at(),
                        f'The mirror with host "{mirror.host}"{subset} is the destination that serves '
                        "this route: the same pods get a request and its copy.",
                        related=[(route.at("route", key=True), "the destination")],
                        help="Name the subset or host that is tried out, or remove the mirror.",
                    )

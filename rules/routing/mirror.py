"""TS221: a mirror that Istio does not take, or that none of its settings reaches."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Place,
    Route,
    Rule,
    Severity,
    VirtualService,
    as_dict,
    as_list,
)


class Mirror(Rule[VirtualService]):
    """A mirror has a destination, and its percentage is one of 0 to 100.

    What it checks:
        `mirrorPercentage`, `mirrorPercent` and the percentages of `mirrors` lie between 0 and 100.  Each
        entry of `mirrors` has a destination.  The host, subset and port of a mirror are TS227's.

        A `mirrorPercentage` (or `mirrorPercent`) without `mirror` is a warning: it is not about
        `mirrors`, whose entries have percentages of their own.  Routes that a delegate and its root
        make together are left out, since either may name the mirror.

    Why it matters:
        Istio refuses the VirtualService, and the routes that were there before stay in force.  A
        percentage without a mirror is taken and means nothing.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - match:
            - uri: {prefix: /cart}
            route:
            - destination: {host: shop, subset: v1}
            mirror: {host: shop, subset: v2}
            mirrorPercentage:
              value: 120  # <-
          - route:
            - destination: {host: shop, subset: v1}
            mirrors:
            - percentage: {value: 10}  # <-
            mirrorPercentage:  # <-
              value: 10
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
          - match:
            - uri: {prefix: /cart}
            route:
            - destination: {host: shop, subset: v1}
            mirror: {host: shop, subset: v2}
            mirrorPercentage:
              value: 12.5
          - route:
            - destination: {host: shop, subset: v1}
            mirrors:
            - destination: {host: shop, subset: v2}
              percentage: {value: 10}
        ```

    How to fix:
        Write a percentage of 0 to 100 beside the mirror that it is about.

    Sources:
        - Istio reference, "Virtual Service", HTTPRoute.mirrorPercentage and HTTPMirrorPolicy
        - Istio, virtual service validation: mirrors
    """

    id = "TS221"
    name = "mirror"
    severity = Severity.ERROR
    aliases = ("IST0106",)
    needs = ("mirror",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look at the mirrors of each http route."""
        for route in service.http:
            percentage = as_dict(route.data.get("mirrorPercentage")).get("value")
            yield from self._percentage(percentage, route.at("mirrorPercentage", "value"))
            yield from self._percentage(route.data.get("mirrorPercent"), route.at("mirrorPercent"))
            yield from self._mirrors(route)
            if service.hosts and "delegate" not in route.data:
                yield from self._without_mirror(route)

    def _percentage(self, value: object, place: Place) -> Iterator[Finding]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return
        if not 0 <= value <= 100:
            yield self._refused(
                place,
                f"The percentage {value:g} of the mirror is not within 0 to 100",
                "Write 100." if value > 100 else "Write 0 to switch the mirror off.",
            )

    def _mirrors(self, route: Route) -> Iterator[Finding]:
        for index, entry in enumerate(as_list(route.data.get("mirrors"))):
            place = route.at("mirrors", index)
            if entry is None:
                yield self._refused(place, "An entry of mirrors is null", "Remove the entry.")
            elif isinstance(entry, dict):
                if entry.get("destination") is None:
                    yield self._refused(
                        place,
                        "This entry of mirrors has no destination",
                        "Name the host that gets the copies.",
                    )
                percentage = as_dict(entry.get("percentage")).get("value")
                yield from self._percentage(
                    percentage, route.at("mirrors", index, "percentage", "value")
                )

    def _without_mirror(self, route: Route) -> Iterator[Finding]:
        if route.data.get("mirror") is not None:
            return
        for field in ("mirrorPercentage", "mirrorPercent"):
            if route.data.get(field) is None:
                continue
            others = " The entries of mirrors have a percentage each." if route.mirrors else ""
            yield self.finding(
                route.at(field, key=True),
                f"{field} has no effect: the route has no `mirror`.{others}",
                severity=Severity.WARNING,
                aliases=(),
                help=f"Add the mirror, or remove {field}.",
            )

    def _refused(self, place: Place, problem: str, mend: str) -> Finding:
        return self.finding(place, f"{problem}. Istio refuses the VirtualService.", help=mend)

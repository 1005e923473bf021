"""TS108: the route of a managed VirtualService has no destination host."""

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
    is_known,
)


class ManagedRouteWithoutHost(Rule[VirtualService]):
    """The http route of a managed VirtualService has a destination with a host.

    What it checks:
        The one http route of a VirtualService with `harness.io/managed: "true"`: it has a `route` list,
        and the first entry of that list names a host.  An entry with only a redirect, a direct response
        or a delegate has none.

    Why it matters:
        Harness takes the host of the first destination and writes `stable` and `canary` of it.  Without
        a host it fails the deployment with "No routes exist", "No destination exist" or "No host exist
        in VirtualService".

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
          - redirect: {uri: /new}  # <-
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
        Give the route a destination with the host that Harness deploys, or move a redirect to a
        VirtualService that is not managed.

    Sources:
        - harness-core, IstioTaskHelper: "No routes exist in VirtualService" and what follows it
    """

    id = "TS108"
    name = "managed-route-without-host"
    severity = Severity.ERROR
    needs = ("harness.io/managed",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look for the host that Harness would take."""
        if service.managed is not True or service.file.skipped or service.hides("http"):
            return
        if len(as_list(service.spec.get("http"))) != 1:
            return
        lack = _lack(service.http[0])
        if lack is None:
            return
        place, what, words = lack
        yield self.finding(
            place,
            f"The http route of {service.title}, which Harness manages, {what}. Harness takes the host to "
            f'split from there and fails the deployment: "{words} in VirtualService".',
            help="Give the route a destination with the host that Harness deploys.",
        )


def _lack(route: Route) -> tuple[Place, str, str] | None:
    """What the route lacks: where, in our words, in Harness's words."""
    entries = route.data.get("route")
    if not is_known(entries):
        return None
    if entries in (None, []):
        return route.at(), "has no destinations", "No routes exist"
    first = as_list(entries)[0] if isinstance(entries, list) else None
    if not isinstance(first, dict):
        return None
    destination = first.get("destination")
    if destination is None:
        return route.at("route", 0), "has an entry without a destination", "No destination exist"
    host = as_dict(destination).get("host", "")
    if isinstance(destination, dict) and (host is None or host == "" or _blank(host)):
        return route.at("route", 0, "destination"), "has no host", "No host exist"
    return None


def _blank(value: object) -> bool:
    return isinstance(value, str) and not value.strip()

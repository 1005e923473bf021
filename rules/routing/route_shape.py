"""TS210: a route that says nothing, or two things at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tsplit_lint import (
    Catalog,
    Finding,
    Place,
    Route,
    Rule,
    Severity,
    VirtualService,
    as_list,
    is_text,
)

#: What excludes what in one http route, and why; of the first words only one is judged.
_EXCLUDES: Final = {
    "delegate": {
        "redirect": "the delegate decides what becomes of the request",
        "route": "the delegate names the destinations",
    },
    "redirect": {
        "directResponse": "one sends the client elsewhere, the other answers it here",
        "route": "a redirected request never reaches a destination",
        "fault": "a redirected request reaches no destination that a fault could disturb",
        "rewrite": "a redirected request is not passed on; the new path stands in the redirect",
    },
    "directResponse": {
        "route": "a request that is answered here never reaches a destination",
        "fault": "a request that is answered here reaches no destination that a fault could disturb",
        "rewrite": "a request that is answered here is not passed on",
    },
}
_ACTIONS: Final = ("route", "redirect", "directResponse", "delegate")


class RouteShape(Rule[VirtualService]):
    """A VirtualService has routes, and each http route does exactly one thing.

    What it checks:
        There is an http, tls or tcp route.  An http route has exactly one of `route`, `redirect`,
        `directResponse` and `delegate`; a redirect and a direct response go without `fault` and
        `rewrite`; `mirror` and `mirrors` exclude each other; no entry is null.  A VirtualService without
        hosts is a delegate: it has neither gateways nor tls or tcp routes.

        A base that a kustomization completes may lack hosts or routes: it is a warning if no patch in
        sight speaks of it, and nothing if one does.  What Harness manages and has no http route is
        TS106 or TS108, a delegate that delegates again TS213.

    Why it matters:
        Istio refuses the VirtualService, and the routes that were there before stay in force.

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
            - uri: {prefix: /old}
            redirect: {uri: /new}
            route:  # <-
            - destination: {host: shop}
          - timeout: 5s  # <-
        ```
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:  # <-
          hosts: [shop]
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
            - uri: {prefix: /old}
            redirect: {uri: /new}
          - timeout: 5s
            route:
            - destination: {host: shop}
        ```

    How to fix:
        Keep the one that is meant.  Two things that depend on the request are two routes, each with
        its `match`.

    Sources:
        - Istio reference, "Virtual Service", HTTPRoute
        - Istio, virtual service validation: conflicts within an http route
    """

    id = "TS210"
    name = "route-shape"
    severity = Severity.ERROR
    aliases = ("IST0106",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look at the object as a whole, then at each http route."""
        yield from self._without_routes(service, catalog)
        yield from self._without_hosts(service, catalog)
        entries = as_list(service.spec.get("http"))
        for route in service.http:
            entry = entries[int(route.path[-1])]
            if entry is None:
                yield self._refused(route.at(), "An http route is empty", "Remove the entry.")
            elif isinstance(entry, dict):
                yield from self._check_route(route)

    def _without_routes(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        if any(
            service.hides(protocol) or service.spec.get(protocol) not in (None, [])
            for protocol in ("http", "tls", "tcp")
        ):
            return
        if service.managed is True and not service.file.skipped:
            return  # TS106
        if not isinstance(service.data.get("spec", {}), dict | None):
            return
        yield from self._unless_patched(
            service,
            catalog,
            service.at("spec", key=True),
            f"{service.title} has no http, tls or tcp route",
            "Give it a route.",
        )

    def _without_hosts(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        if service.hides("hosts") or service.spec.get("hosts") not in (None, []):
            return
        given = [name for name in ("gateways", "tls", "tcp") if as_list(service.spec.get(name))]
        if given and isinstance(service.data.get("spec"), dict):
            yield from self._unless_patched(
                service,
                catalog,
                service.at("spec", given[0], key=True),
                f"{service.title} has no hosts, so it is a delegate, and a delegate has no {given[0]}",
                f"Add spec.hosts, or remove {given[0]} if other VirtualServices delegate to this one.",
            )

    def _unless_patched(
        self, service: VirtualService, catalog: Catalog, place: Place, problem: str, mend: str
    ) -> Iterator[Finding]:
        """A finding about a part that is missing; milder where a kustomization may add it."""
        if not service.file.kustomized:
            yield self._refused(place, problem, mend)
        elif not _is_patched(service, catalog):
            yield self.finding(
                place,
                f"{problem}, and no kustomize patch in sight adds it: Istio refuses the VirtualService "
                "as it is.",
                severity=Severity.INFO if _is_of_a_base(service) else Severity.WARNING,
                help=mend,
            )

    def _refused(self, place: Place, problem: str, mend: str) -> Finding:
        return self.finding(place, f"{problem}: Istio refuses the VirtualService.", help=mend)

    def _check_route(self, route: Route) -> Iterator[Finding]:
        if not any(_may_have(route, field) for field in _ACTIONS) and not _is_managed(route):
            yield self._refused(
                route.at(),
                "This http route has neither route, redirect, directResponse nor delegate",
                "Add the route with its destinations.",
            )
        for field, excluded in _EXCLUDES.items():
            if _has(route, field):
                for other, reason in excluded.items():
                    if _has(route, other):
                        yield self._both(route, field, other, reason)
                break
        if _has(route, "mirror") and _has(route, "mirrors") and not _has(route, "delegate"):
            reason = "mirrors takes the place of mirror"
            yield self._both(route, "mirror", "mirrors", reason, "Make mirror an entry of mirrors.")

    def _both(self, route: Route, field: str, other: str, reason: str, mend: str = "") -> Finding:
        return self.finding(
            route.at(other, key=True),
            f"This http route has both {field} and {other}: {reason}. Istio refuses the "
            "VirtualService.",
            related=[(route.at(field, key=True), field)],
            help=mend or f"Keep {field} or {other}, or make two routes, each with its match.",
        )


def _has(route: Route, field: str) -> bool:
    """Whether the field is there for certain: a mapping, or a list that is not empty."""
    value = route.data.get(field)
    return isinstance(value, dict) or (isinstance(value, list) and bool(value))


def _may_have(route: Route, field: str) -> bool:
    """Whether the field is there, be it hidden or of a wrong type."""
    return route.data.get(field) not in (None, [])


def _is_managed(route: Route) -> bool:
    """Whether TS108 speaks of a route without destinations."""
    service = route.resource
    http = as_list(service.spec.get("http"))
    return service.managed is True and not service.file.skipped and len(http) == 1


def _is_of_a_base(service: VirtualService) -> bool:
    """Whether its kustomization is called a base: its overlays may be in another repository."""
    scope = service.file.scope
    return scope is not None and Path(scope.root).absolute().name == "base"


def _is_patched(service: VirtualService, catalog: Catalog) -> bool:
    """Whether a kustomize patch in sight names the object."""
    name = service.name
    if not is_text(name):
        return True
    return any(
        name in file.text
        for file in catalog.files
        if file.role == "patch"
        or (
            "patch" in file.text
            and file.path.lower().rpartition("/")[2].startswith("kustomization")
        )
    )

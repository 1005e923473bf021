"""TS226: a change of headers that Istio does not take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tsplit_lint import (
    Catalog,
    Finding,
    Place,
    Route,
    Rule,
    Severity,
    View,
    VirtualService,
    as_dict,
    as_list,
    header_value_problem,
    is_text,
)

_AUTHORITY: Final = frozenset((":authority", "host"))


class HeaderOperations(Rule[VirtualService]):
    """Headers are added, set and removed by names and values that a proxy can change.

    What it checks:
        `headers` of each http route and of each of its destinations.  No name is empty or a pseudo
        header (`:path`); `host` and `:authority` may be set in a request, and nowhere else.  A value has
        no control characters, and a `%` in it begins a command (`%REQ(x-id)%`) or is written `%%`.  A
        route sets the authority in one place: `rewrite.authority`, `request.set` or `request.add`.

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
          - headers:
              request:
                set:
                  :path: /shop  # <-
                  x-share: 10%  # <-
              response:
                remove:
                - host  # <-
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
          - headers:
              request:
                set:
                  host: shop.example.com
                  x-share: 10%%
                  x-start: "%START_TIME%"
              response:
                remove:
                - server
            route:
            - destination: {host: shop}
        ```

    How to fix:
        Change the path with `rewrite`, the host with `rewrite.authority`, and write `%%` for a plain
        per cent sign.

    Sources:
        - Istio reference, "Virtual Service", Headers and HeaderOperations
        - Envoy, "HTTP header manipulation", custom request and response headers
    """

    id = "TS226"
    name = "header-operations"
    severity = Severity.ERROR
    aliases = ("IST0106",)
    needs = ("headers",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look at the headers of each http route and of its destinations."""
        for route in service.http:
            wrappers = [place.wrapper for place in route.destinations if place.wrapper is not None]
            for view in (route, *wrappers):
                headers = as_dict(view.data.get("headers"))
                for side in ("request", "response"):
                    path = (*view.path, "headers", side)
                    yield from self._operations(View(service, path, headers.get(side)), side)
            yield from self._authority(route)

    def _operations(self, operations: View, side: str) -> Iterator[Finding]:
        for action in ("add", "set"):
            for name, value in as_dict(operations.data.get(action)).items():
                problem = _name_problem(name, authority=side == "request")
                if problem is not None:
                    place = operations.at(action, name, key=True)
                    yield self._name(place, side, action, name, problem)
                problem = header_value_problem(value) if is_text(value) else None
                if problem is not None:
                    yield self._refused(
                        operations.at(action, name),
                        f'The value of the header "{name}" {problem}',
                        "Write `%%` for a plain per cent sign.",
                    )
        for index, name in enumerate(as_list(operations.data.get("remove"))):
            problem = _name_problem(name, authority=False) if is_text(name) else None
            if problem is not None:
                yield self._name(operations.at("remove", index), side, "remove", name, problem)

    def _name(self, place: Place, side: str, action: str, name: str, problem: str) -> Finding:
        mend = "Write the name of a header."
        if name.startswith(":"):
            mend = "Change the path and the authority with `rewrite`."
        elif name:
            mend = "Set the host in request.set or with rewrite.authority."
        return self._refused(place, f'The name "{name}" in {side}.{action} {problem}', mend)

    def _authority(self, route: Route) -> Iterator[Finding]:
        places = []
        if _is_set(as_dict(route.data.get("rewrite")).get("authority")):
            places.append(route.at("rewrite", "authority"))
        request = as_dict(as_dict(route.data.get("headers")).get("request"))
        for action in ("set", "add"):
            for name, value in as_dict(request.get(action)).items():
                if name.lower() in _AUTHORITY and _is_set(value):
                    places.append(route.at("headers", "request", action, name))
        if len(places) > 1:
            yield self.finding(
                places[1],
                "The route sets the authority in several places. Istio refuses the VirtualService.",
                related=[(place, "and here") for place in (places[0], *places[2:])],
                help="Keep one of them.",
            )

    def _refused(self, place: Place, problem: str, mend: str) -> Finding:
        return self.finding(place, f"{problem}. Istio refuses the VirtualService.", help=mend)


def _is_set(value: object) -> bool:
    return is_text(value) and bool(value)


def _name_problem(name: str, *, authority: bool) -> str | None:
    """What is wrong with the name of a header that is changed."""
    if not name:
        return "is empty"
    if name.lower() in _AUTHORITY:
        return None if authority else "is the host of the request, which is not changed there"
    return "is a pseudo header, which no proxy changes" if name.startswith(":") else None

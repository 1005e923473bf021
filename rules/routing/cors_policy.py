"""TS225: a CORS policy that Istio does not take."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    HTTP_METHODS,
    Catalog,
    Finding,
    Place,
    Rule,
    Severity,
    View,
    VirtualService,
    as_list,
    duration_in_ms,
    duration_problem,
    header_name_problem,
    is_text,
    nearest,
    text_match_problem,
)


class CorsPolicy(Rule[VirtualService]):
    """A CORS policy names origins, methods and headers as browsers do.

    What it checks:
        `corsPolicy` of each http route: every entry of allowOrigins has one text that is not empty, and
        a regular expression is RE2; allowMethods are methods of HTTP in capitals, or `*`; allowHeaders
        and exposeHeaders are header names, one an entry, or `*`; maxAge is a duration of whole seconds.

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
          - corsPolicy:
              allowOrigins:
              - exact: ""  # <-
              allowMethods:
              - get  # <-
              allowHeaders:
              - x-id, x-user  # <-
              maxAge: 1.5s  # <-
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
          - corsPolicy:
              allowOrigins:
              - exact: https://example.com
              allowMethods:
              - GET
              allowHeaders:
              - x-id
              - x-user
              maxAge: 24h
            route:
            - destination: {host: shop}
        ```

    How to fix:
        Write what the message says.

    Sources:
        - Istio reference, "Virtual Service", CorsPolicy
        - Istio, virtual service validation: CORS policies
    """

    id = "TS225"
    name = "cors-policy"
    severity = Severity.ERROR
    aliases = ("IST0106",)
    needs = ("corsPolicy",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look at the CORS policy of each http route."""
        for route in service.http:
            if isinstance(route.data.get("corsPolicy"), dict):
                policy = View(service, (*route.path, "corsPolicy"), route.data["corsPolicy"])
                yield from self._origins(policy)
                yield from self._methods(policy)
                yield from self._headers(policy)
                yield from self._age(policy)

    def _origins(self, policy: View) -> Iterator[Finding]:
        for index, origin in enumerate(as_list(policy.data.get("allowOrigins"))):
            if not isinstance(origin, dict):
                continue
            place = policy.at("allowOrigins", index)
            kinds = [kind for kind in ("exact", "prefix", "regex") if origin.get(kind) is not None]
            problem = text_match_problem(origin)
            if not kinds or any(origin[kind] == "" for kind in kinds):
                yield self._refused(
                    policy.at("allowOrigins", index, *kinds[:1]),
                    "This entry of allowOrigins has no text to compare an origin with",
                    "Write exact, prefix or regex with its text.",
                )
            elif problem is not None:
                kind, words = problem
                what = f"The {kind} of this entry of allowOrigins" if kind else "This entry"
                yield self._refused(
                    policy.at("allowOrigins", index, kind) if kind else place,
                    f"{what} {words}",
                    "Write an expression of RE2." if kind else "Make two entries of it.",
                )

    def _methods(self, policy: View) -> Iterator[Finding]:
        for index, method in enumerate(as_list(policy.data.get("allowMethods"))):
            if is_text(method) and method != "*" and method not in HTTP_METHODS:
                close = nearest(method, HTTP_METHODS)
                yield self._refused(
                    policy.at("allowMethods", index),
                    f'"{method}" is no method of HTTP',
                    f"Write {close}." if close else "Write one method an entry, in capitals.",
                )

    def _headers(self, policy: View) -> Iterator[Finding]:
        for field in ("allowHeaders", "exposeHeaders"):
            for index, name in enumerate(as_list(policy.data.get(field))):
                if not is_text(name):
                    continue
                problem = header_name_problem(name)
                if name.startswith((":", "@")):
                    problem = "has a character that no header name has"
                if problem is not None:
                    yield self._refused(
                        policy.at(field, index),
                        f'The {field} entry "{name}" {problem}',
                        "Write one header name an entry.",
                    )

    def _age(self, policy: View) -> Iterator[Finding]:
        age = policy.data.get("maxAge")
        if not is_text(age):
            return
        problem = duration_problem(age)
        length = duration_in_ms(age)
        if problem is None and length is not None and length % 1000:
            problem = "is not a whole number of seconds"
        if problem is not None:
            yield self._refused(
                policy.at("maxAge"),
                f'The maxAge "{age}" {problem}',
                'Write a duration such as "24h".',
            )

    def _refused(self, place: Place, problem: str, mend: str) -> Finding:
        return self.finding(place, f"{problem}. Istio refuses the VirtualService.", help=mend)

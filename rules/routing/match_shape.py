"""TS211: a match that Istio does not take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tsplit_lint import (
    Catalog,
    Finding,
    Place,
    Rule,
    Severity,
    View,
    VirtualService,
    as_dict,
    dns_label_problem,
    header_name_problem,
    is_integer,
    is_text,
    label_problem,
    port_problem,
    text_match_problem,
)

_TEXTS: Final = ("uri", "scheme", "method", "authority")
_MAPS: Final = ("headers", "withoutHeaders", "queryParams")


class MatchShape(Rule[VirtualService]):
    """Each match of an http route is one that Istio can compare with a request.

    What it checks:
        Every entry of `match` in the http routes.  A text is compared in one way only (`exact`,
        `prefix` or `regex`); a prefix is not empty, save that of `uri`; a regular expression is RE2, not
        empty, and has at most 1024 bytes.  Header names, source labels, the source namespace and the
        port have their syntax.

        An entry that is empty (`{}`) is a warning: Istio takes it, and it matches every request.  So is
        `ignoreUriCase` where there is no exact text or prefix of a uri whose case could be ignored.

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
            - uri:  # <-
                exact: /cart
                prefix: /cart/
            - uri:
                regex: "/cart/(?!old).*"  # <-
            - method:
                prefix: ""  # <-
            - port: 80800  # <-
            - headers:
                "x version": {exact: v2}  # <-
            - {}  # <-
            route:
            - destination: {host: shop, subset: v2}
          - route:
            - destination: {host: shop, subset: v1}
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
            - uri: {exact: /cart}
            - uri: {prefix: /cart/}
            - method: {exact: GET}
              port: 8080
            - headers:
                x-version: {exact: v2}
                x-canary: {}
            route:
            - destination: {host: shop, subset: v2}
          - route:
            - destination: {host: shop, subset: v1}
        ```

    How to fix:
        Make two entries of a match of two kinds: entries are alternatives.  RE2 has no look-around and
        no back references: put the exception into a route of its own before this one.

    Sources:
        - Istio reference, "Virtual Service", HTTPMatchRequest and StringMatch
        - Istio, virtual service validation: http route matches
        - RE2, "Syntax"
    """

    id = "TS211"
    name = "match-shape"
    severity = Severity.ERROR
    aliases = ("IST0106",)
    needs = ("match",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look at each entry of each http route's `match`."""
        for route in service.http:
            for index, entry in enumerate(route.matches):
                place = route.at("match", index)
                if entry is None:
                    yield self.finding(
                        place,
                        "An entry of match is null: the API server refuses the VirtualService.",
                        aliases=(),
                        help="Remove the entry.",
                    )
                elif isinstance(entry, dict):
                    match = View(service, (*route.path, "match", index), entry)
                    yield from self._check_match(match)

    def _check_match(self, match: View) -> Iterator[Finding]:
        if not any(match.data.values()):
            yield self.finding(
                match.at(),
                "This match is empty: it takes every request, so the other matches of the route and "
                "the routes after it are never asked.",
                severity=Severity.WARNING,
                aliases=(),
                help="Remove match where every request is meant, or say what must match.",
            )
        yield from self._check_texts(match)
        yield from self._check_maps(match)
        yield from self._check_case(match)
        yield from self._check_source(match)

    def _check_texts(self, match: View) -> Iterator[Finding]:
        for field in _TEXTS:
            problem = text_match_problem(
                as_dict(match.data.get(field)), empty_prefix=field == "uri"
            )
            if problem is not None:
                yield self._text(match, (field,), field, *problem)

    def _check_maps(self, match: View) -> Iterator[Finding]:
        for field in _MAPS:
            for name, value in as_dict(match.data.get(field)).items():
                problem = None if field == "queryParams" else header_name_problem(name)
                if problem is not None:
                    place = match.at(field, name, key=True)
                    yield self._refused(
                        place, f'The name "{name}" in {field} {problem}', "Write the header's name."
                    )
                if value is None and field == "headers":
                    yield self._refused(
                        match.at(field, name, key=True),
                        f'The header "{name}" has no value to match',
                        f"Write `{name}: {{}}` if it only has to be there.",
                    )
                text = as_dict(value)
                if field == "withoutHeaders" and text.get("regex") == "*":
                    continue  # Istio's way of writing "whatever it is"
                wrong = text_match_problem(text)
                if wrong is not None:
                    yield self._text(match, (field, name), f'{field} "{name}"', *wrong)

    def _text(
        self, match: View, path: tuple[str, ...], title: str, kind: str, problem: str
    ) -> Finding:
        if not kind:
            return self._refused(
                match.at(*path),
                f"The match of {title} {problem}",
                "Keep one of them, or make two entries of match: entries are alternatives.",
            )
        mend = "Write an expression of RE2, which has no look-around and no back references."
        if problem == "is empty":
            mend = f"Write the {kind}, or remove the condition."
        return self._refused(match.at(*path, kind), f"The {kind} of {title} {problem}", mend)

    def _check_case(self, match: View) -> Iterator[Finding]:
        uri = match.data.get("uri")
        if match.data.get("ignoreUriCase") is not True or not isinstance(uri, dict | None):
            return
        if uri and uri.get("regex") is None:
            return
        what = "is a regular expression" if uri else "is not there"
        yield self.finding(
            match.at("ignoreUriCase"),
            f"ignoreUriCase has no effect: it is about an exact uri or a prefix, and the uri {what}.",
            severity=Severity.WARNING,
            aliases=(),
            help="Begin the expression with (?i), or remove ignoreUriCase."
            if uri
            else "Remove ignoreUriCase, or add the uri.",
        )

    def _check_source(self, match: View) -> Iterator[Finding]:
        port = match.data.get("port")
        problem = port_problem(port) if is_integer(port) and port else None
        if problem is not None:
            yield self._refused(
                match.at("port"), f"The port {port} {problem}", "Write a port that clients call."
            )
        for key, value in as_dict(match.data.get("sourceLabels")).items():
            problem = label_problem(key, value)
            if problem is not None:
                yield self._refused(
                    match.at("sourceLabels", key, key=True),
                    f"In sourceLabels {problem}",
                    "Write a label that pods can have.",
                )
        namespace = match.data.get("sourceNamespace")
        problem = dns_label_problem(namespace) if is_text(namespace) and namespace else None
        if problem is not None:
            yield self._refused(
                match.at("sourceNamespace"),
                f'The sourceNamespace "{namespace}" {problem}',
                "Write the name of a namespace.",
            )

    def _refused(self, place: Place, problem: str, mend: str) -> Finding:
        return self.finding(place, f"{problem}. Istio refuses the VirtualService.", help=mend)

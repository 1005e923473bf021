"""TS212: a redirect, rewrite or direct response that Istio does not take."""

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
    is_integer,
    is_text,
    port_problem,
    regex_problem,
)

_TARGETS: Final = ("uri", "prefixRewrite", "authority", "port", "derivePort", "scheme")
_LARGE: Final = 100 * 1024
_TOO_LARGE: Final = 1024 * 1024


class RewriteRedirect(Rule[VirtualService]):
    """A redirect, a rewrite and a direct response say what they do, and only once.

    What it checks:
        A `redirect` names a uri, prefixRewrite, authority, port or scheme; not uri with prefixRewrite
        nor port with derivePort; prefixRewrite only where every uri match is a prefix; redirectCode is
        300 to 399, scheme `http` or `https`.

        A `rewrite` has a uri, a uriRegexRewrite or an authority; not uri with uriRegexRewrite; of
        uriRegexRewrite both parts, and its match is RE2.

        A `directResponse` has a status of 200 to 599 and one body of at most 1 MB; one of more than
        100 kB is a warning.

    Why it matters:
        Istio refuses the VirtualService, and the routes that were there before stay in force.  A status
        of 600 passes Istio, and then the proxies refuse all of the routes.

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
            redirect:
              authority: new.example.com
              redirectCode: 200  # <-
          - match:
            - uri: {prefix: /api}
            rewrite:
              uri: /
              uriRegexRewrite: {match: "^/api/.*", rewrite: /}  # <-
            route:
            - destination: {host: shop}
          - directResponse:
              status: 99  # <-
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
            redirect:
              authority: new.example.com
              redirectCode: 308
          - match:
            - uri: {prefix: /api}
            rewrite: {uri: /}
            route:
            - destination: {host: shop}
          - directResponse:
              status: 404
        ```

    How to fix:
        Write what the message says.

    Sources:
        - Istio reference, "Virtual Service", HTTPRedirect, HTTPRewrite, HTTPDirectResponse
        - Istio, virtual service validation: redirect, rewrite, direct response
    """

    id = "TS212"
    name = "rewrite-redirect"
    severity = Severity.ERROR
    aliases = ("IST0106", "IST0133")
    needs = ("redirect", "rewrite", "directResponse")

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look at what each http route does with the path and the answer."""
        for route in service.http:
            for field, look in (
                ("redirect", self._redirect),
                ("rewrite", self._rewrite),
                ("directResponse", self._direct_response),
            ):
                if isinstance(route.data.get(field), dict):
                    yield from look(route, View(service, (*route.path, field), route.data[field]))

    def _redirect(self, route: Route, redirect: View) -> Iterator[Finding]:
        data = redirect.data
        if data.get("uri") and data.get("prefixRewrite"):
            yield self._refused(
                redirect.at("prefixRewrite", key=True),
                "The redirect has both uri and prefixRewrite",
                "Keep the one that is meant.",
            )
        elif data.get("prefixRewrite"):
            yield from self._prefix_matches(route)
        if data.get("port") is not None and data.get("derivePort") is not None:
            yield self._refused(
                redirect.at("derivePort", key=True),
                "The redirect has both port and derivePort",
                "Keep the one that is meant.",
            )
        if not any(data.get(field) not in (None, "") for field in _TARGETS):
            yield self._refused(
                redirect.at(),
                "The redirect names neither uri, prefixRewrite, authority, port nor scheme",
                "Say where the client is sent.",
            )
        yield from self._redirect_values(redirect)

    def _prefix_matches(self, route: Route) -> Iterator[Finding]:
        for index, match in enumerate(route.matches):
            uri = as_dict(match).get("uri")
            if isinstance(uri, dict) and uri.get("prefix") is None:
                yield self._refused(
                    route.at("match", index, "uri"),
                    "The redirect replaces the prefix that was matched, and this uri is matched in "
                    "another way",
                    "Match a prefix, or write the redirect's uri in place of prefixRewrite.",
                )

    def _redirect_values(self, redirect: View) -> Iterator[Finding]:
        code, scheme, port = (redirect.data.get(f) for f in ("redirectCode", "scheme", "port"))
        if is_integer(code) and code != 0 and not 300 <= code <= 399:
            yield self._refused(
                redirect.at("redirectCode"),
                f"The redirectCode {code} is no code of a redirect",
                "Write one of 301, 302, 303, 307 and 308.",
            )
        if is_text(scheme) and scheme not in ("", "http", "https"):
            yield self._refused(
                redirect.at("scheme"),
                f'The scheme "{scheme}" is neither http nor https',
                "Write http or https in small letters.",
            )
        if is_integer(port) and port != 0 and port_problem(port):
            yield self._refused(
                redirect.at("port"), f"The port {port} {port_problem(port)}", "Write a port."
            )

    def _rewrite(self, _route: Route, rewrite: View) -> Iterator[Finding]:
        uri, regex = rewrite.data.get("uri"), rewrite.data.get("uriRegexRewrite")
        if uri and regex is not None:
            yield self._refused(
                rewrite.at("uriRegexRewrite", key=True),
                "The rewrite has both uri and uriRegexRewrite",
                "Keep the one that is meant.",
            )
            return
        if not uri and regex is None and not rewrite.data.get("authority"):
            yield self._refused(
                rewrite.at(),
                "The rewrite has neither uri, uriRegexRewrite nor authority",
                "Say what is written instead.",
            )
        if isinstance(regex, dict):
            place = View(rewrite.resource, (*rewrite.path, "uriRegexRewrite"), regex)
            yield from self._regex(place)

    def _regex(self, regex: View) -> Iterator[Finding]:
        for field in ("match", "rewrite"):
            if regex.data.get(field) in (None, ""):
                yield self._refused(
                    regex.at(), f"The uriRegexRewrite has no {field}", "It needs match and rewrite."
                )
        match = regex.data.get("match")
        problem = regex_problem(match) if is_text(match) and match else None
        if problem is not None:
            yield self._refused(
                regex.at("match"),
                f"The match of uriRegexRewrite {problem}",
                "Write an expression of RE2, which has no look-around and no back references.",
            )

    def _direct_response(self, _route: Route, response: View) -> Iterator[Finding]:
        status = response.data.get("status")
        if status is None:
            yield self._refused(
                response.at(), "The directResponse has no status", "Add the status of the answer."
            )
        elif status == 600 and is_integer(status):
            yield self.finding(
                response.at("status"),
                "The status 600 is no status of HTTP. Istio lets it pass, and the proxies then refuse "
                "all of their routes.",
                aliases=(),
                help="Write a status of 200 to 599.",
            )
        elif is_integer(status) and not 200 <= status <= 599:
            yield self._refused(
                response.at("status"),
                f"The status {status} is not one of 200 to 599",
                "Write a status of 200 to 599.",
            )
        if isinstance(response.data.get("body"), dict):
            yield from self._body(response)

    def _body(self, response: View) -> Iterator[Finding]:
        body = response.data["body"]
        place = response.at("body", key=True)
        if body.get("string") is not None and body.get("bytes") is not None:
            yield self._refused(
                place, "The body has both string and bytes", "Keep the one that is meant."
            )
        size = _size(body.get("string"), body.get("bytes"))
        if size > _TOO_LARGE:
            yield self._refused(
                place, f"The body has {size} bytes, more than 1 MB", "Serve it from a destination."
            )
        elif size > _LARGE:
            yield self.finding(
                place,
                f"The body has {size} bytes. Istio sends it to every proxy with the routes, and warns "
                "of more than 100 kB.",
                severity=Severity.WARNING,
                aliases=("IST0133",),
                help="Serve it from a destination.",
            )

    def _refused(self, place: Place, problem: str, mend: str) -> Finding:
        return self.finding(
            place, f"{problem}. Istio refuses the VirtualService.", aliases=("IST0106",), help=mend
        )


def _size(text: object, encoded: object) -> int:
    if is_text(text):
        return len(text.encode())
    from base64 import b64decode

    try:
        return len(b64decode(encoded)) if is_text(encoded) else 0
    except ValueError:
        return 0

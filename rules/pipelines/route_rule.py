"""TS720: a rule that Harness does not know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    RoutedRoute,
    Rule,
    Severity,
    Unknown,
    as_dict,
    as_list,
    explain_setting,
    is_integer,
    is_text,
    misfits_about,
    nearest,
    one_of,
    traffic_routings,
)

#: The methods of Harness's schema; it spells OPTIONS without its S.
_METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "CONNECT", "OPTION", "TRACE", "PATCH")


class RouteRule(Rule[Rollout]):
    """A rule of a route has no type, match or value that Harness knows.

    What it checks:
        The `rules` of every route: `type` is `uri`, `method`, `headers`, `port`, `scheme` or
        `authority`; `matchType` is `exact`, `prefix` or `regex`; `headers` has `values`, each with
        a `key`; the others have a `value`; a method is one of those that Harness lists, a port a
        number. The old word `header`, and `OPTIONS`, which Harness spells `OPTION`, are warnings.

    Why it matters:
        Harness refuses the pipeline, or fails the step with "… rule field or fields must be
        specified"."

    Bad:
        ```yaml
        - step:
            type: K8sTrafficRouting
            name: Route
            identifier: route
            spec:
              type: config
              trafficRouting:
                provider: istio
                spec:
                  name: shop
                  hosts: [shop]
                  routes:
                  - route:
                      type: http
                      name: main
                      rules:
                      - rule:
                          type: url  # <-
                          spec: {value: /cart}
                      destinations:
                      - destination: {host: stable, weight: 80}
                      - destination: {host: canary, weight: 20}
        ```

        ```yaml
        - step:
            type: K8sTrafficRouting
            name: Route
            identifier: route
            spec:
              type: config
              trafficRouting:
                provider: istio
                spec:
                  name: shop
                  hosts: [shop]
                  routes:
                  - route:
                      type: http
                      name: main
                      rules:
                      - rule:
                          type: headers
                          spec: {value: beta}  # <-
                      destinations:
                      - destination: {host: stable, weight: 80}
                      - destination: {host: canary, weight: 20}
        ```

    Good:
        ```yaml
        - step:
            type: K8sTrafficRouting
            name: Route
            identifier: route
            spec:
              type: config
              trafficRouting:
                provider: istio
                spec:
                  name: shop
                  hosts: [shop]
                  routes:
                  - route:
                      type: http
                      name: main
                      rules:
                      - rule:
                          type: headers
                          spec:
                            values:
                            - {key: X-Beta, value: 'true', matchType: exact}
                      destinations:
                      - destination: {host: stable, weight: 80}
                      - destination: {host: canary, weight: 20}
        ```

    How to fix:
        Write a type that Harness knows, with its value, or the `values` of headers.

    Sources:
        - Harness's pipeline schema, v0/pipeline/steps/cd, traffic-routing.yaml
        - Harness docs, "Kubernetes Traffic Routing Step": Route Rules
        - harness-core, TrafficRoutingResourceCreator
    """

    id = "TS720"
    name = "route-rule"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the rules of each route."""
        for step, misfit in misfits_about(rollout, "rule"):
            place, text, mend = explain_setting(step, misfit)
            old = misfit.value == "header"
            yield self.finding(
                place,
                f"{text}. "
                + ("It is an old spelling." if old else "Harness refuses the pipeline."),
                severity=Severity.WARNING if old else None,
                help=mend,
            )
        for routing in traffic_routings(rollout.all_steps):
            for route in routing.routes if routing.mode != "inherit" else ():
                for index, entry in enumerate(as_list(route.data.get("rules"))):
                    yield from self._judge(route, index, as_dict(as_dict(entry).get("rule")))

    def _judge(self, route: RoutedRoute, index: int, rule: dict[str, Any]) -> Iterator[Finding]:
        kind, spec = rule.get("type"), rule.get("spec")
        if not is_text(kind) or not isinstance(spec, dict):
            return
        place = route.at("rules", index, "rule", "spec")
        wanted = "values" if kind in ("headers", "header") else "value"
        value = spec.get(wanted)
        if value is None or value == "":
            yield self.finding(
                place,
                f"A rule of the route {route.name} is of type {kind}, and has no {wanted}: the step fails.",
                help=f"Add {wanted} to its spec.",
            )
        elif kind == "method" and is_text(value) and spec.get("matchType") in (None, "exact"):
            yield from self._judge_method(route, index, value)
        elif kind == "port" and not is_integer(value) and not isinstance(value, Unknown):
            yield self.finding(
                route.at("rules", index, "rule", "spec", "value"),
                f"A rule of the route {route.name} asks for the port {value}, which is no number.",
                severity=Severity.WARNING if is_text(value) and value.isdecimal() else None,
                help="Write the number of the port, without quotes.",
            )

    def _judge_method(self, route: RoutedRoute, index: int, value: str) -> Iterator[Finding]:
        if value in _METHODS:
            return
        close = nearest(value, _METHODS)
        yield self.finding(
            route.at("rules", index, "rule", "spec", "value"),
            f'A rule of the route {route.name} asks for the method "{value}", which is not in Harness\'s '
            f"list: {one_of(_METHODS)}.",
            severity=Severity.WARNING if value == "OPTIONS" else None,
            help=f'Did you mean "{close}"?' if close else "Write a method of the list.",
        )

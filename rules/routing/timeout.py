"""TS224: a timeout that is no duration."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rule,
    Severity,
    VirtualService,
    duration_in_ms,
    duration_problem,
    is_text,
)


class Timeout(Rule[VirtualService]):
    """A route's timeout is a duration of whole milliseconds.

    What it checks:
        `timeout` of each http route: a number with its unit, whole milliseconds, 1ms or more.  A timeout
        of `0s` is none.

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
            - uri: {prefix: /cart}
            timeout: 0s  # <-
            route:
            - destination: {host: shop}
          - timeout: 5 seconds  # <-
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
          - match:
            - uri: {prefix: /cart}
            route:
            - destination: {host: shop}
          - timeout: 5s
            route:
            - destination: {host: shop}
        ```

    How to fix:
        Write the number with its unit: `500ms`, `1.5s`, `2m`.  Leave the timeout away to have none.

    Sources:
        - Istio reference, "Virtual Service", HTTPRoute.timeout
        - Istio, virtual service validation: durations
    """

    id = "TS224"
    name = "timeout"
    severity = Severity.ERROR
    aliases = ("IST0106",)
    needs = ("timeout",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look at the timeout of each http route."""
        for route in service.http:
            value = route.data.get("timeout")
            if not is_text(value):
                continue
            problem = duration_problem(value)
            if problem is None:
                continue
            mend = 'Write a duration such as "5s".'
            if duration_in_ms(value) == 0:
                mend = "Remove it to have no timeout, which is the default."
            yield self.finding(
                route.at("timeout"),
                f'The timeout "{value}" {problem}. Istio refuses the VirtualService.',
                help=mend,
            )

"""Rules of Acme, a company that wants a timeout on every route."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tsplit_lint import Catalog, Finding, Rule, Severity, VirtualService, hookimpl


class TimeoutMissing(Rule[VirtualService]):
    """An http route has a timeout.

    What it checks:
        Every http route of a VirtualService.

    Why it matters:
        Without a timeout a canary that hangs holds its callers as long as they care to wait.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - route:  # <-
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
          - timeout: 2s
            route:
            - destination: {host: shop}
        ```

    How to fix:
        Add `timeout` to the route.

    Sources:
        - Acme's handbook, chapter "Timeouts"
    """

    id = "ACME001"
    name = "timeout-missing"
    severity = Severity.WARNING

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look at each http route of one VirtualService."""
        for route in service.http:
            if "timeout" not in route.data:
                yield self.finding(route.at("route"), "This route has no timeout.")


@hookimpl
def tsplit_lint_rules() -> list[type[Rule[Any]]]:
    """The rules of this package."""
    return [TimeoutMissing]

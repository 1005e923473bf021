"""TS219: retries that the timeout of the route cuts off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from tsplit_lint import (
    Catalog,
    Finding,
    Route,
    Rule,
    Severity,
    Unknown,
    VirtualService,
    as_dict,
    duration_in_ms,
    duration_problem,
    is_integer,
    is_text,
)

if TYPE_CHECKING:
    from fractions import Fraction

#: The conditions of `retryOn` that a try without an answer fits.
_AFTER_TIMEOUT: Final = frozenset(("5xx", "gateway-error", "reset"))


class RetriesBeyondTimeout(Rule[VirtualService]):
    """The tries of a request fit into the route's timeout.

    What it checks:
        http routes that have a timeout, attempts and a perTryTimeout, all known: attempts times
        perTryTimeout is no more than the timeout.  `attempts` are those after the first try.  It is a note
        where a try that times out is not tried again: without `5xx`, `gateway-error` or `reset` in
        `retryOn`, which Istio's default for it is.

    Why it matters:
        The timeout of the route holds for all tries together.  When each try runs into its own timeout,
        the last ones are never made; a perTryTimeout longer than the timeout never ends a try at all.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - timeout: 5s
            retries:
              attempts: 3
              perTryTimeout: 2s  # <-
              retryOn: 5xx
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
          - timeout: 8s
            retries:
              attempts: 3
              perTryTimeout: 2s
              retryOn: 5xx
            route:
            - destination: {host: shop}
        ```

    How to fix:
        Make the timeout at least attempts plus one times perTryTimeout, or the tries shorter or fewer.

    Sources:
        - Istio reference, "Virtual Service", HTTPRetry.attempts and HTTPRetry.perTryTimeout
        - Envoy docs, "How does Envoy handle timeouts", route timeout and per try timeout
        - Envoy docs, router filter, x-envoy-retry-on
    """

    id = "TS219"
    name = "retries-beyond-timeout"
    severity = Severity.WARNING
    needs = ("retries",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Multiply, for each http route."""
        for route in service.http:
            retries = as_dict(route.data.get("retries"))
            attempts = retries.get("attempts")
            timeout, per_try = route.data.get("timeout"), retries.get("perTryTimeout")
            whole, each = _length(timeout), _length(per_try)
            if not (is_integer(attempts) and attempts > 0 and whole and each):
                continue
            if attempts * each > whole:
                fitting = int(whole // each)
                severity = None if fitting == 0 or _tries_again(retries) else Severity.INFO
                yield self._report(route, attempts, fitting, severity)

    def _report(
        self, route: Route, attempts: int, fitting: int, severity: Severity | None
    ) -> Finding:
        timeout, per_try = route.data["timeout"], route.data["retries"]["perTryTimeout"]
        if fitting == 0:
            problem = (
                f"The perTryTimeout {per_try} is longer than the route's timeout {timeout}: the timeout "
                "ends the request within the first try, and a slow one is never tried again."
            )
        else:
            tries = "one try" if fitting == 1 else f"{fitting} tries"
            problem = (
                f"Of the {attempts + 1} tries (attempts {attempts} and the first one) of {per_try} each, "
                f"the route's timeout of {timeout} has room for {tries}: the last ones are never made "
                "when the others time out."
            )
        return self.finding(
            route.at("retries", "perTryTimeout"),
            problem,
            severity=severity,
            related=[(route.at("timeout"), "the timeout for all tries together")],
            help="Make the timeout longer, or the tries shorter or fewer.",
        )


def _tries_again(retries: Mapping[str, object]) -> bool:
    """Whether a try that runs into its timeout is tried again."""
    written = retries.get("retryOn")
    if isinstance(written, Unknown):
        return True
    return is_text(written) and not _AFTER_TIMEOUT.isdisjoint(written.split(","))


def _length(duration: object) -> Fraction | None:
    """The length of a duration that Istio takes; None for anything else."""
    if not is_text(duration) or duration_problem(duration) is not None:
        return None
    return duration_in_ms(duration)

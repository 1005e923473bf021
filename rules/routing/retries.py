"""TS223: retries that Istio does not take."""

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
    duration_problem,
    is_integer,
    is_text,
    nearest,
)

#: What Envoy knows as a reason to try again: of HTTP, then of gRPC.
_POLICIES: Final = frozenset(
    (
        "5xx",
        "connect-failure",
        "envoy-ratelimited",
        "gateway-error",
        "http3-post-connect-failure",
        "refused-stream",
        "reset",
        "reset-before-request",
        "retriable-4xx",
        "retriable-headers",
        "retriable-status-codes",
        "cancelled",
        "deadline-exceeded",
        "internal",
        "resource-exhausted",
        "unavailable",
    )
)


class Retries(Rule[VirtualService]):
    """Retries have a number of attempts, and conditions that Envoy knows.

    What it checks:
        `retries` of each http route: attempts are 0 or more; attempts of 0 (or none) go without
        perTryTimeout, retryOn and retryRemoteLocalities; perTryTimeout and backoff are durations of 1ms
        or more; retryOn is a list of Envoy's conditions and of HTTP statuses, with commas and without
        blanks.

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
          - retries:
              attempts: 3
              perTryTimeout: 0s  # <-
              retryOn: 5xx, reset  # <-
            route:
            - destination: {host: shop}
          - retries:
              perTryTimeout: 2s  # <-
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
          - retries:
              attempts: 3
              perTryTimeout: 2s
              retryOn: 5xx,reset,503
            route:
            - destination: {host: shop}
          - retries:
              attempts: 0
            route:
            - destination: {host: shop}
        ```

    How to fix:
        Write what the message says; `attempts: 0` alone switches retries off.

    Sources:
        - Istio reference, "Virtual Service", HTTPRetry
        - Envoy, router filter: x-envoy-retry-on and x-envoy-retry-grpc-on
    """

    id = "TS223"
    name = "retries"
    severity = Severity.ERROR
    aliases = ("IST0106",)
    needs = ("retries",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look at the retries of each http route."""
        for route in service.http:
            if isinstance(route.data.get("retries"), dict):
                retries = View(service, (*route.path, "retries"), route.data["retries"])
                yield from self._attempts(retries)
                yield from self._durations(retries)
                yield from self._conditions(retries)

    def _attempts(self, retries: View) -> Iterator[Finding]:
        attempts = retries.data.get("attempts")
        if is_integer(attempts) and attempts < 0:
            yield self._refused(
                retries.at("attempts"),
                f"The attempts {attempts} are negative",
                "Write 0 to switch retries off.",
            )
        if not (attempts is None or (is_integer(attempts) and attempts == 0)):
            return
        for field in ("perTryTimeout", "retryOn", "retryRemoteLocalities"):
            if retries.data.get(field) not in (None, ""):
                what = "There are no attempts" if attempts is None else "The attempts are 0"
                yield self._refused(
                    retries.at(field),
                    f"{what}, which switches retries off, and yet there is {field}",
                    "Write how many attempts are made, or nothing but `attempts: 0`.",
                )
                return

    def _durations(self, retries: View) -> Iterator[Finding]:
        if retries.data.get("attempts") in (None, 0):
            return
        for field in ("perTryTimeout", "backoff"):
            value = retries.data.get(field)
            problem = duration_problem(value) if is_text(value) else None
            if problem is not None:
                yield self._refused(
                    retries.at(field),
                    f'The {field} "{value}" {problem}',
                    'Write a duration such as "2s".',
                )

    def _conditions(self, retries: View) -> Iterator[Finding]:
        written = retries.data.get("retryOn")
        if not is_text(written) or not written:
            return
        wrong = [part for part in written.split(",") if not _is_condition(part)]
        if not wrong:
            return
        if all(_is_condition(part.strip()) for part in wrong):
            problem = "has blanks, which Istio takes for a part of the condition"
            mend = f"Leave them out: {written.replace(' ', '')}."
        else:
            part = next(part.strip() for part in wrong if not _is_condition(part.strip()))
            problem = f'names "{part}", which is neither a condition of Envoy nor a status of HTTP'
            close = nearest(part, _POLICIES)
            mend = f'Did you mean "{close}"?' if close else "Write one of Envoy's conditions."
        yield self._refused(retries.at("retryOn"), f'The retryOn "{written}" {problem}', mend)

    def _refused(self, place: Place, problem: str, mend: str) -> Finding:
        return self.finding(place, f"{problem}. Istio refuses the VirtualService.", help=mend)


def _is_condition(part: str) -> bool:
    if part in _POLICIES:
        return True
    from http import HTTPStatus

    return part.lstrip("0") in [str(int(status)) for status in HTTPStatus]

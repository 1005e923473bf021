"""TS222: a fault that Istio does not take."""

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
    duration_problem,
    is_integer,
    is_text,
    listed,
    nearest,
)

_STATUSES: Final = ("httpStatus", "grpcStatus", "http2Error")
#: The names of gRPC's status codes.
_GRPC: Final = frozenset(
    (
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    )
)
_LEAST: Final = 0.0001


class Fault(Rule[VirtualService]):
    """A fault aborts with one status, or delays by a fixed time.

    What it checks:
        `fault` of each http route: it has an `abort` or a `delay`; a percentage is 0, or 0.0001 to 100;
        an abort has one status, an httpStatus of 200 to 599 or a grpcStatus by its name; a delay is a
        fixedDelay, a duration of 1ms or more.

        An abort without a status and a delay without a percentage are warnings: Istio takes them, and
        they do nothing.

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
          - fault:
              abort:
                httpStatus: 42  # <-
                percentage: {value: 10}
              delay:
                fixedDelay: 0s  # <-
                percentage: {value: 200}  # <-
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
          - fault:
              abort:
                httpStatus: 503
                percentage: {value: 10}
              delay:
                fixedDelay: 2s
                percentage: {value: 0.5}
            route:
            - destination: {host: shop}
        ```

    How to fix:
        Write what the message says.

    Sources:
        - Istio reference, "Virtual Service", HTTPFaultInjection
        - Istio, virtual service validation: fault injection
        - Envoy, fault filter: an abort's status is below 600
    """

    id = "TS222"
    name = "fault"
    severity = Severity.ERROR
    aliases = ("IST0106", "IST0133")
    needs = ("fault",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look at the fault of each http route."""
        for route in service.http:
            fault = route.data.get("fault")
            if not isinstance(fault, dict):
                continue
            if fault.get("abort") is None and fault.get("delay") is None:
                yield self._refused(
                    route.at("fault"),
                    "The fault has neither abort nor delay",
                    "Say what is disturbed, or remove fault.",
                )
            for kind, look in (("abort", self._abort), ("delay", self._delay)):
                if isinstance(fault.get(kind), dict):
                    view = View(service, (*route.path, "fault", kind), fault[kind])
                    yield from self._percentage(view)
                    yield from look(view)

    def _percentage(self, view: View) -> Iterator[Finding]:
        value = as_dict(view.data.get("percentage")).get("value")
        if isinstance(value, bool) or not isinstance(value, int | float):
            return
        if value != 0 and not _LEAST <= value <= 100:
            yield self._refused(
                view.at("percentage", "value"),
                f"The percentage {value:g} is neither 0 nor within 0.0001 to 100",
                "Write a percentage of the requests.",
            )

    def _abort(self, abort: View) -> Iterator[Finding]:
        given = [field for field in _STATUSES if abort.data.get(field) is not None]
        if len(given) > 1:
            yield self._refused(
                abort.at(given[1], key=True),
                f"The abort has {listed(given)}, of which only one may stand",
                "Keep the one that clients of this route understand.",
            )
            return
        if not given:
            yield self.finding(
                abort.at(),
                "The abort has no status: Istio takes it, and nothing is aborted.",
                severity=Severity.WARNING,
                aliases=("IST0133",),
                help="Add httpStatus or grpcStatus.",
            )
        if abort.data.get("http2Error") is not None:
            yield self._refused(
                abort.at("http2Error", key=True),
                "Istio has no abort with an http2Error yet",
                "Use httpStatus or grpcStatus.",
            )
        yield from self._status(abort)

    def _status(self, abort: View) -> Iterator[Finding]:
        status, grpc = abort.data.get("httpStatus"), abort.data.get("grpcStatus")
        if is_integer(status) and status == 600:
            yield self.finding(
                abort.at("httpStatus"),
                "The httpStatus 600 is no status of HTTP. Istio lets it pass, and the proxies then "
                "refuse all of their routes.",
                aliases=(),
                help="Write a status of 200 to 599.",
            )
        elif is_integer(status) and not 200 <= status <= 599:
            yield self._refused(
                abort.at("httpStatus"),
                f"The httpStatus {status} is not one of 200 to 599",
                "Write a status of 200 to 599.",
            )
        if is_text(grpc) and grpc not in _GRPC:
            close = nearest(grpc, _GRPC)
            yield self._refused(
                abort.at("grpcStatus"),
                f'The grpcStatus "{grpc}" is not the name of a gRPC status',
                f"Write {close}." if close else "Write a name such as UNAVAILABLE.",
            )

    def _delay(self, delay: View) -> Iterator[Finding]:
        if delay.data.get("exponentialDelay") is not None:
            yield self._refused(
                delay.at("exponentialDelay", key=True),
                "Istio has no exponentialDelay yet",
                "Use fixedDelay.",
            )
            return
        if delay.data.get("percentage") is None and delay.data.get("percent") is None:
            yield self.finding(
                delay.at(),
                "The delay has no percentage: Istio takes it, and no request is delayed.",
                severity=Severity.WARNING,
                aliases=(),
                help="Add percentage with a value, be it 100.",
            )
        fixed = delay.data.get("fixedDelay")
        problem = duration_problem(fixed) if is_text(fixed) else None
        if problem is not None:
            yield self._refused(
                delay.at("fixedDelay"),
                f'The fixedDelay "{fixed}" {problem}',
                'Write a duration such as "2s".',
            )

    def _refused(self, place: Place, problem: str, mend: str) -> Finding:
        return self.finding(
            place, f"{problem}. Istio refuses the VirtualService.", aliases=("IST0106",), help=mend
        )

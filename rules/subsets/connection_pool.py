"""TS316: the connection pool of a traffic policy."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Policy,
    Rule,
    Severity,
    View,
    duration_problem,
    is_integer,
    is_text,
    says_nothing,
    traffic_policies,
)

_COUNTS = {
    "http": (
        "http1MaxPendingRequests",
        "http2MaxRequests",
        "maxRequestsPerConnection",
        "maxRetries",
        "maxConcurrentStreams",
    ),
    "tcp": ("maxConnections",),
}
_TIMES = {
    "http": ("idleTimeout",),
    "tcp": ("connectTimeout", "maxConnectionDuration", "idleTimeout"),
}


class ConnectionPool(Rule[DestinationRule]):
    """The limits and times of a connection pool are ones that Istio takes.

    What it checks:
        Each `connectionPool`: it has `http` or `tcp`; its counts are not negative; its times are
        durations of 1ms or more (`tcp.idleTimeout: 0s` switches that one off); `http2KeepAlive` has
        both its times; `h2UpgradePolicy: UPGRADE` and `useClientProtocol` do not stand together.

    Why it matters:
        Istio's webhook refuses the DestinationRule: none of its subsets and policies change, and the
        deployment fails.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: shop
          trafficPolicy:
            connectionPool:
              http:
                http2MaxRequests: -1  # <-
                idleTimeout: 0s  # <-
              tcp:
                connectTimeout: 30  ms  # <-
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: shop
          trafficPolicy:
            connectionPool:
              http:
                http2MaxRequests: 1000
                idleTimeout: 1h
              tcp:
                connectTimeout: 30ms
                idleTimeout: 0s
        ```

    How to fix:
        Write what the message says; a limit that is left out has Istio's default.

    Sources:
        - Istio reference, "Destination Rule", ConnectionPoolSettings
        - Istio, destination rule validation: connection pool
    """

    id = "TS316"
    name = "connection-pool"
    severity = Severity.ERROR
    aliases = ("IST0106",)
    needs = ("connectionPool",)

    def check(self, rule: DestinationRule, catalog: Catalog) -> Iterator[Finding]:
        """Look at the pool of each policy."""
        for policy in traffic_policies(rule):
            if isinstance(policy.data.get("connectionPool"), dict):
                yield from self._check_pool(policy, policy.part("connectionPool"))

    def _refused(self, view: View, field: str, problem: str, mend: str) -> Finding:
        return self.finding(
            view.at(field), f"{problem}. Istio refuses the DestinationRule.", help=mend
        )

    def _check_pool(self, policy: Policy, pool: View) -> Iterator[Finding]:
        if says_nothing(pool.data):
            yield self.finding(
                pool.at(key=True),
                f"The connectionPool for {policy.title} has neither http nor tcp. Istio refuses the "
                "DestinationRule.",
                help="Give it one of the two, or remove it.",
            )
        for protocol in ("http", "tcp"):
            settings = View(pool.resource, (*pool.path, protocol), pool.data.get(protocol))
            yield from self._check_counts(policy, settings, protocol)
            yield from self._check_times(policy, settings, _TIMES[protocol])
            for part in ("http2KeepAlive", "tcpKeepalive"):
                if isinstance(settings.data.get(part), dict):
                    inner = View(pool.resource, (*settings.path, part), settings.data[part])
                    yield from self._check_keep_alive(policy, inner, part)
            yield from self._check_upgrade(policy, settings)

    def _check_counts(self, policy: Policy, settings: View, protocol: str) -> Iterator[Finding]:
        for field in _COUNTS[protocol]:
            value = settings.data.get(field)
            if is_integer(value) and value < 0:
                yield self._refused(
                    settings,
                    field,
                    f"{field} for {policy.title} is {value}, less than 0",
                    "Write 0 or more; leave it out for the default.",
                )

    def _check_times(
        self, policy: Policy, settings: View, fields: tuple[str, ...]
    ) -> Iterator[Finding]:
        for field in fields:
            value = settings.data.get(field)
            if not is_text(value):
                continue
            # Zero means "never" for connections of tcp alone.
            problem = duration_problem(
                value, zero=settings.path[-1] == "tcp" and field == "idleTimeout"
            )
            if problem:
                yield self._refused(
                    settings,
                    field,
                    f'{field} "{value}" for {policy.title} {problem}',
                    'Write a duration such as "30s".',
                )

    def _check_keep_alive(self, policy: Policy, settings: View, part: str) -> Iterator[Finding]:
        if part == "tcpKeepalive":
            yield from self._check_times(policy, settings, ("time", "interval"))
            return
        for field in ("interval", "timeout"):
            if settings.data.get(field) is None:
                yield self.finding(
                    settings.at(key=True),
                    f"http2KeepAlive for {policy.title} has no {field}. Istio refuses the "
                    "DestinationRule.",
                    help=f'Add {field}, such as "30s".',
                )
        yield from self._check_times(policy, settings, ("interval", "timeout"))

    def _check_upgrade(self, policy: Policy, settings: View) -> Iterator[Finding]:
        if (
            settings.data.get("h2UpgradePolicy") == "UPGRADE"
            and settings.data.get("useClientProtocol") is True
        ):
            yield self._refused(
                settings,
                "useClientProtocol",
                f"useClientProtocol for {policy.title} keeps the protocol of the client, and "
                "h2UpgradePolicy: UPGRADE changes it",
                "Keep one of the two.",
            )

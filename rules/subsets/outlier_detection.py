"""TS317: the outlier detection of a traffic policy."""

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
    traffic_policies,
)


class OutlierDetection(Rule[DestinationRule]):
    """Outlier detection has times and shares that Istio takes.

    What it checks:
        Each `outlierDetection`: `interval` and `baseEjectionTime` are durations of 1ms or more;
        `maxEjectionPercent` and `minHealthPercent` lie within 0 and 100; and
        `consecutiveLocalOriginFailures` stands with `splitExternalLocalOriginErrors: true`.

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
            outlierDetection:
              consecutive5xxErrors: 5
              interval: 30sec  # <-
              maxEjectionPercent: 120  # <-
              consecutiveLocalOriginFailures: 3  # <-
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
            outlierDetection:
              consecutive5xxErrors: 5
              interval: 30s
              maxEjectionPercent: 100
              splitExternalLocalOriginErrors: true
              consecutiveLocalOriginFailures: 3
        ```

    How to fix:
        Write what the message says.

    Sources:
        - Istio reference, "Destination Rule", OutlierDetection
        - Istio, destination rule validation: outlier detection
    """

    id = "TS317"
    name = "outlier-detection"
    severity = Severity.ERROR
    aliases = ("IST0106",)
    needs = ("outlierDetection",)

    def check(self, rule: DestinationRule, catalog: Catalog) -> Iterator[Finding]:
        """Look at the outlier detection of each policy."""
        for policy in traffic_policies(rule):
            detection = policy.part("outlierDetection")
            yield from self._check_times(policy, detection)
            yield from self._check_shares(policy, detection)
            yield from self._check_local_failures(policy, detection)

    def _refused(self, view: View, field: str, problem: str, mend: str) -> Finding:
        return self.finding(
            view.at(field), f"{problem}. Istio refuses the DestinationRule.", help=mend
        )

    def _check_times(self, policy: Policy, detection: View) -> Iterator[Finding]:
        for field in ("interval", "baseEjectionTime"):
            value = detection.data.get(field)
            problem = duration_problem(value) if is_text(value) else None
            if problem:
                yield self._refused(
                    detection,
                    field,
                    f'{field} "{value}" for {policy.title} {problem}',
                    'Write a duration such as "30s".',
                )

    def _check_shares(self, policy: Policy, detection: View) -> Iterator[Finding]:
        for field in ("maxEjectionPercent", "minHealthPercent"):
            value = detection.data.get(field)
            if is_integer(value) and not 0 <= value <= 100:
                yield self._refused(
                    detection,
                    field,
                    f"{field} for {policy.title} is {value}, which is no percentage",
                    "Write a number from 0 to 100.",
                )

    def _check_local_failures(self, policy: Policy, detection: View) -> Iterator[Finding]:
        failures = detection.data.get("consecutiveLocalOriginFailures")
        if (
            is_integer(failures)
            and failures > 0
            and detection.data.get("splitExternalLocalOriginErrors") in (None, False)
        ):
            yield self._refused(
                detection,
                "consecutiveLocalOriginFailures",
                f"consecutiveLocalOriginFailures for {policy.title} counts errors of the client's own "
                "side, and splitExternalLocalOriginErrors, which tells them from others, is not true",
                "Add splitExternalLocalOriginErrors: true.",
            )

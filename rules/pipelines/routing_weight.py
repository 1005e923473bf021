"""TS712: a weight that is no percentage."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    explain_setting,
    is_text,
    misfits_about,
)


class RoutingWeight(Rule[Rollout]):
    """A weight of a traffic routing is no number from 0 to 100.

    What it checks:
        The `weight` of every destination, of steps that configure and steps that inherit, and in
        the rollback. A number in quotes is a warning; an expression is not judged.

    Why it matters:
        Harness refuses the pipeline, or the step fails with the canary already running.

    Bad:
        ```yaml
        - step:
            type: K8sTrafficRouting
            name: Shift
            identifier: shift
            spec:
              type: inherit
              trafficRouting:
                routes:
                - route:
                    name: main
                    destinations:
                    - destination: {host: stable, weight: 0}
                    - destination: {host: canary, weight: 120}  # <-
        ```

    Good:
        ```yaml
        - step:
            type: K8sTrafficRouting
            name: Shift
            identifier: shift
            spec:
              type: inherit
              trafficRouting:
                routes:
                - route:
                    name: main
                    destinations:
                    - destination: {host: stable, weight: 50}
                    - destination: {host: canary, weight: 50}
        ```

    How to fix:
        Write a number from 0 to 100, without quotes and without a percent sign.

    Sources:
        - Harness's pipeline schema, v0/pipeline/steps/cd, traffic-routing.yaml
        - Harness docs, "Kubernetes Traffic Routing Step": Weight
    """

    id = "TS712"
    name = "routing-weight"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at each weight."""
        for step, misfit in misfits_about(rollout, "weight"):
            quoted = is_text(misfit.value) and misfit.value.strip().isdecimal()
            if quoted and int(misfit.value) > 100:
                quoted = False
            place, text, _mend = explain_setting(step, misfit)
            yield self.finding(
                place,
                f"{text}. "
                + ("Harness asks for a number." if quoted else "The step fails with it."),
                severity=Severity.WARNING if quoted else None,
                help="Write a number from 0 to 100, without quotes and without a percent sign.",
            )

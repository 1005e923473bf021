"""TS707: an inherited routing with too much or too little."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    TrafficRouting,
    explain_setting,
    listed,
    misfits_about,
    traffic_routings,
)

#: What only a configuration has.
_OF_A_CONFIG = ("provider", "spec", "name", "hosts", "gateways", "delegateService", "rootService")


class InheritShape(Rule[Rollout]):
    """A traffic routing that inherits holds more than routes, or a route without name or destinations.

    What it checks:
        K8sTrafficRouting steps with `type: inherit`: `trafficRouting` holds `routes` directly and
        nothing else, and each route has a `name` and `destinations`.

    Why it matters:
        `inherit` changes the weights of routes that an earlier step created. Harness refuses a
        pipeline that configures them a second time.

    Bad:
        ```yaml
        - step:
            type: K8sTrafficRouting
            name: Shift
            identifier: shift
            spec:
              type: inherit
              trafficRouting:
                provider: istio  # <-
                routes:
                - route:
                    name: main
                    destinations:
                    - destination: {host: stable, weight: 50}
                    - destination: {host: canary, weight: 50}
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
        Leave only `routes` below `trafficRouting`, each with the name of the earlier route and its
        destinations.

    Sources:
        - Harness's pipeline schema, v0/pipeline/steps/cd, traffic-routing.yaml
        - Harness docs, "Kubernetes Traffic Routing Step"
    """

    id = "TS707"
    name = "inherit-shape"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at each traffic routing that inherits."""
        for routing in traffic_routings(rollout.all_steps):
            if routing.mode == "inherit":
                yield from self._surplus(routing)
        for step, misfit in misfits_about(rollout, "inherited"):
            if misfit.field == "routes" and "spec" in misfit.value:
                continue  # told at spec
            place, text, mend = explain_setting(step, misfit)
            yield self.finding(place, f"{text}. Harness refuses the pipeline.", help=mend)

    def _surplus(self, routing: TrafficRouting) -> Iterator[Finding]:
        surplus = [key for key in _OF_A_CONFIG if routing.data.get(key) is not None]
        if surplus:
            yield self.finding(
                routing.at(surplus[0], key=True),
                f"{routing.step.title} inherits its routing, and sets {listed(surplus)} again. Harness "
                "refuses the pipeline: below trafficRouting only routes may stand.",
                help=f"Remove {listed(surplus)}, and let routes stand directly below trafficRouting.",
            )

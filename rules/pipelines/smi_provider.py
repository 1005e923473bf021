"""TS718: routing with SMI."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    traffic_routings,
)


class SmiProvider(Rule[Rollout]):
    """A traffic routing uses SMI.

    What it checks:
        The `provider` of every traffic routing: `smi` is found.

    Why it matters:
        The Service Mesh Interface is archived. Harness blocks new SMI configurations since August
        2026, and its newer platform has no SMI at all.

    Bad:
        ```yaml
        - step:
            type: K8sTrafficRouting
            name: Route
            identifier: route
            spec:
              type: config
              trafficRouting:
                provider: smi  # <-
                spec:
                  name: shop
                  rootService: shop
                  routes:
                  - route:
                      type: http
                      name: main
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
                      destinations:
                      - destination: {host: stable, weight: 80}
                      - destination: {host: canary, weight: 20}
        ```

    How to fix:
        Write `provider: istio`, with `hosts` instead of `rootService`.

    Sources:
        - Harness docs, "Kubernetes Traffic Shift step": unsupported features
        - CNCF, archived projects: Service Mesh Interface
    """

    id = "TS718"
    name = "smi-provider"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the provider of each traffic routing."""
        for routing in traffic_routings(rollout.all_steps):
            if routing.provider == "smi":
                yield self.finding(
                    routing.at("provider"),
                    f"{routing.step.title} routes with SMI, which is archived: Harness takes no new SMI "
                    "configuration since August 2026.",
                    help="Write provider: istio, with hosts instead of rootService.",
                )

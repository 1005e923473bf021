"""TS717: a delegate with hosts."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Place,
    Rollout,
    Rule,
    Severity,
    TrafficRouting,
    is_text,
    traffic_routings,
)


class DelegateWithHosts(Rule[Rollout]):
    """A traffic routing for a delegate VirtualService names hosts.

    What it checks:
        Every traffic routing with `delegateService: true`: `spec.hosts` and the hosts of its
        destinations are empty.

    Why it matters:
        A delegate takes its hosts from the VirtualService that hands requests to it: Istio refuses
        one that has hosts of its own.

    Bad:
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
                  delegateService: true
                  hosts: [shop]  # <-
                  routes:
                  - route:
                      type: http
                      name: main
                      destinations:
                      - destination: {weight: 80}
                      - destination: {weight: 20}
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
                  delegateService: true
                  routes:
                  - route:
                      type: http
                      name: main
                      destinations:
                      - destination: {weight: 80}
                      - destination: {weight: 20}
        ```

    How to fix:
        Remove the hosts, or `delegateService`.

    Sources:
        - Harness docs, "Kubernetes Traffic Routing Step": Delegate Virtual Service Support
        - Istio reference, "Virtual Service", Delegate
    """

    id = "TS717"
    name = "delegate-with-hosts"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at each traffic routing that makes a delegate."""
        for routing in traffic_routings(rollout.all_steps):
            if routing.spec.data.get("delegateService") not in (True, "true"):
                continue
            for place in _hosts(routing):
                yield self.finding(
                    place,
                    f"{routing.step.title} creates a delegate VirtualService, whose hosts must be left "
                    "empty: those of the VirtualService that names it hold.",
                    help="Remove the hosts, or delegateService.",
                )


def _hosts(routing: TrafficRouting) -> Iterator[Place]:
    """The places where hosts are named."""
    if routing.spec.data.get("hosts"):
        yield routing.spec.at("hosts")
    for route in routing.routes:
        for entry in route.destinations:
            if is_text(entry.host) and entry.host:
                yield entry.at("host")

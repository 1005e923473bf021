"""TS716: a traffic routing without hosts."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    explain_setting,
    misfits_about,
    traffic_routings,
)


class RoutingWithoutHosts(Rule[Rollout]):
    """A traffic routing of its own names no hosts.

    What it checks:
        K8sTrafficRouting steps with `type: config` and the provider `istio`: `spec.hosts` names at
        least one host, unless `delegateService` is set. `hosts` and `gateways` are lists. The
        routing of a canary or blue/green deployment may leave hosts out: it takes the stable
        Service.

    Why it matters:
        A VirtualService needs a host. Harness fails with "Hosts should be specified in the Istio
        Traffic Routing Config" where no deployment of the stage gives one.

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
                spec:  # <-
                  name: shop
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
        Add `hosts` with the name that clients use.

    Sources:
        - harness-core, K8sTrafficRoutingHelper and TrafficRoutingResourceCreator
    """

    id = "TS716"
    name = "routing-without-hosts"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the hosts of each traffic routing."""
        for step, misfit in misfits_about(rollout, "hosts"):
            place, text, mend = explain_setting(step, misfit)
            yield self.finding(place, f"{text}.", help=mend)
        for routing in traffic_routings(rollout.all_steps):
            if not routing.is_own_step or routing.mode != "config" or routing.provider != "istio":
                continue
            spec = routing.spec
            delegates = spec.data.get("delegateService") not in (None, False, "false")
            if delegates or not spec.data or spec.data.get("hosts") not in (None, "", []):
                continue
            yield self.finding(
                spec.at(key=True),
                f"{routing.step.title} creates a VirtualService without hosts. Harness fails where no "
                "deployment of the stage gives one.",
                help="Add hosts with the name that clients use.",
            )

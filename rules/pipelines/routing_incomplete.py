"""TS706: a traffic routing without its parts."""

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


class RoutingIncomplete(Rule[Rollout]):
    """A traffic routing lacks its provider, its name or its routes, or names no provider that Harness knows.

    What it checks:
        The `trafficRouting` of a K8sTrafficRouting step with `type: config`, of a K8sCanaryDeploy
        and of a K8sBlueGreenDeploy: `provider` is `istio` or `smi`, `spec` has `name` and at least
        one entry of `routes`. The provider `k8s-native`, of Harness's newer platform, is an
        information.

    Why it matters:
        Harness refuses the pipeline, or the step fails before it creates the VirtualService.

    Bad:
        ```yaml
        - step:
            type: K8sTrafficRouting
            name: Route
            identifier: route
            spec:
              type: config
              trafficRouting:
                provider: {type: Istio}  # <-
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
                  hosts: [shop]
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
        Write `provider: istio` and below `spec` the name of the VirtualService and its routes.

    Sources:
        - Harness's pipeline schema, v0/pipeline/steps/cd, traffic-routing.yaml
    """

    id = "TS706"
    name = "routing-incomplete"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the parts of each traffic routing."""
        for step, misfit in misfits_about(rollout, "routing"):
            place, text, mend = explain_setting(step, misfit)
            yield self.finding(place, f"{text}. Harness refuses the pipeline.", help=mend)
        for step in rollout.all_steps if rollout.flavor == "pipeline" else ():
            if step.kind != "traffic-routing" or step.properties.get("trafficRouting") is not None:
                continue
            if step.properties.get("type") in ("config", "inherit"):
                yield self.finding(
                    step.at("spec", key=True),
                    f"{step.title} has no trafficRouting, so it has nothing to route. Harness refuses the "
                    "pipeline.",
                    help="Add trafficRouting with its routes.",
                )
        for routing in traffic_routings(rollout.all_steps):
            if routing.provider == "k8s-native":
                yield self.finding(
                    routing.at("provider"),
                    f'{routing.step.title} names the provider "k8s-native", which only Harness\'s newer '
                    "platform knows.",
                    severity=Severity.INFO,
                    help="Write provider: istio, unless the pipeline runs on that platform.",
                )

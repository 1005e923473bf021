"""TS705: a traffic routing of no known type."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    Unknown,
    explain_setting,
    misfits_about,
    written_as,
)


class RoutingConfigType(Rule[Rollout]):
    """A K8sTrafficRouting step does not say whether it configures or inherits routes.

    What it checks:
        `spec.type` of every K8sTrafficRouting step: `config` or `inherit`. `new` and `update`,
        words of Harness's newer platform, are an information.

    Why it matters:
        Harness refuses the pipeline: it does not know how to read the rest of the step.

    Bad:
        ```yaml
        - step:
            type: K8sTrafficRouting  # <-
            name: Route
            identifier: route
            spec:
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

        ```yaml
        - step:
            type: K8sTrafficRouting
            name: Route
            identifier: route
            spec:
              type: Config  # <-
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
        Write `type: config` for a step that creates routes, `type: inherit` for one that changes
        weights.

    Sources:
        - Harness's pipeline schema, v0/pipeline/steps/cd, traffic-routing.yaml
        - Harness docs, "Kubernetes Traffic Routing Step"
    """

    id = "TS705"
    name = "routing-config-type"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the type of each traffic routing step."""
        for step, misfit in misfits_about(rollout, "config type"):
            place, text, mend = explain_setting(step, misfit)
            newer = misfit.value in ("new", "update")
            fate = (
                "Only Harness's newer platform reads it."
                if newer
                else "Harness refuses the pipeline."
            )
            yield self.finding(
                place, f"{text}. {fate}", severity=Severity.INFO if newer else None, help=mend
            )
        for step in rollout.all_steps if rollout.flavor == "pipeline" else ():
            if step.kind == "traffic-routing" and step.properties.get("type") is None:
                if isinstance(step.data.get("spec"), Unknown):
                    continue
                wrong = written_as("type", step.properties)
                yield self.finding(
                    step.at("type"),
                    f"{step.title} does not say whether it configures routes or inherits them: its spec "
                    "has no type. Harness refuses the pipeline.",
                    help="Write type: config, or type: inherit for a step that changes weights only."
                    if wrong is None
                    else f"Write type instead of {wrong}.",
                )

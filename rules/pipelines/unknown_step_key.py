"""TS731: a key that looks like a slip."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    path_text,
    unknown_keys,
)


class UnknownStepKey(Rule[Rollout]):
    """A step of a pipeline has a key that looks like a slip.

    What it checks:
        The keys of the Kubernetes steps, their settings and their traffic routing. A key that
        Harness's schema does not know is found where it differs from a known one by its case, its
        plural or one letter, or where the mapping around it or inside it has a key of that name.
        Other unknown keys are taken for newer ones.

    Why it matters:
        Harness refuses a key that it does not know, or leaves it out without a word: the setting
        has no effect.

    Bad:
        ```yaml
        - step:
            type: K8sRollingDeploy
            name: Rolling
            identifier: rolling
            spec:
              skipDryrun: true  # <-
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
                spec:
                  name: shop
                  hosts: [shop]
                  routes:
                  - route:
                      type: http
                      name: main
                      destinations:
                      - destination: {host: stable, weight: 80}
                      - destination: {host: canary}
                        weight: 20  # <-
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
        Write the key as the message gives it, or move it to the place that it names.

    Sources:
        - Harness's pipeline schema, v0/pipeline/steps/cd
    """

    id = "TS731"
    name = "unknown-step-key"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the keys of each step."""
        for step in rollout.all_steps if rollout.flavor == "pipeline" else ():
            for path, key, meant, home in unknown_keys(step):
                where = path_text(path) or "the step"
                place = path_text(home or ()) or "the step"
                hint = f'Did you mean "{meant}"?' if meant else f"It belongs in {place}."
                yield self.finding(
                    step.at(*path, key, key=True),
                    f"{step.title} has a key {key} in {where}, which {step.type} does not have there. "
                    f"{hint}",
                    help=f"Write {meant}." if meant else f"Move it to {place}.",
                )

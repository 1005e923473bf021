"""TS630: a property that looks like a slip."""

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


class UnknownStepProperty(Rule[Rollout]):
    """A step of a workflow has a property that looks like a slip.

    What it checks:
        The `properties` of the Kubernetes steps of a FirstGen workflow, and the keys of these
        steps. A key that Harness does not know is found where it differs from a known one by its
        case, its plural or one letter, or where the mapping around it or inside it has a key of
        that name. Other unknown keys are taken for newer ones.

    Why it matters:
        Harness leaves out a property that it does not know: the step runs without the setting, or
        fails.

    Bad:
        ```yaml
        harnessApiVersion: '1.0'
        type: CANARY
        phases:
        - type: KUBERNETES
          name: Canary
          phaseSteps:
          - name: Verify
            steps:
            - type: K8S_TRAFFIC_SPLIT
              name: Traffic Split
              properties:
                virtualServicename: ${k8s.virtualServiceName}  # <-
                istioDestinationWeights:
                - destination: ${k8s.stableDestination}
                  weight: '90'
                - destination: ${k8s.canaryDestination}
                  weight: '10'
        ```

    Good:
        ```yaml
        harnessApiVersion: '1.0'
        type: CANARY
        phases:
        - type: KUBERNETES
          name: Canary
          phaseSteps:
          - name: Verify
            steps:
            - type: K8S_TRAFFIC_SPLIT
              name: Traffic Split
              properties:
                virtualServiceName: ${k8s.virtualServiceName}
                istioDestinationWeights:
                - destination: ${k8s.stableDestination}
                  weight: '90'
                - destination: ${k8s.canaryDestination}
                  weight: '10'
        ```

    How to fix:
        Write the key as the message gives it, or move it to the place that it names.

    Sources:
        - harness-core, sm/states/k8s: the state classes and their properties
    """

    id = "TS630"
    name = "unknown-step-property"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the keys of each step."""
        for step in rollout.all_steps if rollout.flavor == "workflow" else ():
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

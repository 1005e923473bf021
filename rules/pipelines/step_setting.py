"""TS726: a setting that is missing or unknown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    Step,
    Unknown,
    as_dict,
    explain_setting,
    is_integer,
    is_text,
    misfits_about,
    written_as,
)


class StepSetting(Rule[Rollout]):
    """A Kubernetes step lacks a setting that it needs, or has one that Harness does not know.

    What it checks:
        The settings of K8sCanaryDeploy, K8sDelete, K8sScale and K8sBlueGreenStageScaleUp. A
        standard canary has `instanceSelection` with `type` (`Count` or `Percentage`) and `spec`; a
        progressive one has `targetPercentage` from 1 to 100 (one that is missing is a warning:
        Harness's own sample leaves it out); `canaryType` is one of the two. A K8sDelete has
        `deleteResources`, a K8sScale `workload` and `instanceSelection`. Expressions are not
        judged.

    Why it matters:
        Harness refuses the pipeline, or the step fails when the run reaches it.

    Bad:
        ```yaml
        - step:
            type: K8sCanaryDeploy
            name: Canary
            identifier: canary
            spec:  # <-
              skipDryRun: false
        ```

        ```yaml
        - step:
            type: K8sCanaryDeploy
            name: Canary
            identifier: canary
            spec:
              instanceSelection: {type: Percent, spec: {percentage: 25}}  # <-
        ```

    Good:
        ```yaml
        - step:
            type: K8sCanaryDeploy
            name: Canary
            identifier: canary
            spec:
              instanceSelection: {type: Count, spec: {count: 1}}
        ```

        ```yaml
        - step:
            type: K8sCanaryDeploy
            name: First phase
            identifier: firstPhase
            spec:
              canaryType: Progressive
              targetPercentage: 25
        ```

    How to fix:
        Write the setting that the message names.

    Sources:
        - Harness's pipeline schema, v0/pipeline/steps/cd, k8s-canary-deploy.yaml
    """

    id = "TS726"
    name = "step-setting"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the settings of each step."""
        for step, misfit in misfits_about(rollout, "setting"):
            if step.kind != "traffic-routing":
                place, text, mend = explain_setting(step, misfit)
                yield self.finding(place, f"{text}. Harness refuses the pipeline.", help=mend)
        for step in rollout.all_steps if rollout.flavor == "pipeline" else ():
            if step.kind == "canary-deploy" and not isinstance(step.data.get("spec"), Unknown):
                yield from self._judge_canary(step)

    def _judge_canary(self, step: Step) -> Iterator[Finding]:
        kind = step.properties.get("canaryType")
        progressive = kind == "Progressive"
        wanted = "targetPercentage" if progressive else "instanceSelection"
        if isinstance(kind, Unknown) or kind not in (None, "Standard", "Progressive"):
            return
        value = step.properties.get(wanted)
        if value is None:
            wrong = written_as(wanted, step.properties)
            sort = "progressive" if progressive else "standard"
            yield self.finding(
                step.at("spec", key=True) if "spec" in step.data else step.at("type"),
                f"{step.title} is a {sort} canary and has no {wanted}: Harness cannot tell how large it "
                "is to be.",
                severity=Severity.WARNING if progressive else None,
                help=f"Add {wanted} to its spec."
                if wrong is None
                else f"Write {wanted} instead of {wrong}.",
            )
        elif progressive:
            yield from self._judge_target(step, value)
        else:
            yield from self._judge_size(step, as_dict(value))

    def _judge_target(self, step: Step, value: object) -> Iterator[Finding]:
        number = int(value) if is_text(value) and value.strip().isdecimal() else value
        if is_integer(number) and not 1 <= number <= 100:
            yield self.finding(
                step.setting("targetPercentage"),
                f"{step.title} has the targetPercentage {number}, which is not between 1 and 100.",
                help="Write a number from 1 to 100.",
            )

    def _judge_size(self, step: Step, selection: dict[str, Any]) -> Iterator[Finding]:
        kind, spec = selection.get("type"), selection.get("spec")
        key = {"Count": "count", "Percentage": "percentage"}.get(kind) if is_text(kind) else None
        if key is not None and isinstance(spec, dict) and spec.get(key) is None:
            yield self.finding(
                step.at("spec", "instanceSelection", "spec", key=True),
                f"{step.title} selects its instances by {kind}, and gives no {key}.",
                help=f"Write spec: {{{key}: 1}}.",
            )

"""TS729: a step without a required key."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Phase,
    Rollout,
    Rule,
    Severity,
    Step,
    is_text,
    listed,
    one_of,
)

_IDENTIFIER = re.compile(r"[a-zA-Z_][0-9a-zA-Z_]{0,127}")
#: Types of steps whose missing settings another rule names.
_TOLD_ELSEWHERE = ("K8sTrafficRouting", "K8sCanaryDeploy", "K8sApply", "K8sDelete", "K8sScale")


class StepIncomplete(Rule[Rollout]):
    """A step or a stage lacks a key that Harness requires, or has an identifier that it does not take.

    What it checks:
        Stages of type `Deployment` with a Kubernetes step, and their steps. A step has
        `identifier`, `name`, `type` and `spec`; one that is taken from a template needs neither
        `type` nor `spec`. A stage of a pipeline has `identifier`, `name` and `failureStrategies`;
        in a stage template only the last. An identifier begins with a letter or underscore and has
        no other characters than letters, digits and underscores. Documents that hold only a part of
        a stage may leave keys out.

    Why it matters:
        Harness refuses to save or to run the pipeline.

    Bad:
        ```yaml
        pipeline:
          name: release
          identifier: release
          stages:
          - stage:
              name: prod
              identifier: prod
              type: Deployment
              failureStrategies: [{onFailure: {errors: [AllErrors], action: {type: StageRollback}}}]
              spec:
                deploymentType: Kubernetes
                execution:
                  steps:
                  - step:
                      type: K8sRollingDeploy
                      name: Rolling
                      identifier: rolling-deploy  # <-
                      spec:
                        skipDryRun: false
        ```

    Good:
        ```yaml
        pipeline:
          name: release
          identifier: release
          stages:
          - stage:
              name: prod
              identifier: prod
              type: Deployment
              failureStrategies: [{onFailure: {errors: [AllErrors], action: {type: StageRollback}}}]
              spec:
                deploymentType: Kubernetes
                execution:
                  steps:
                  - step:
                      type: K8sRollingDeploy
                      name: Rolling
                      identifier: rolling
                      spec:
                        skipDryRun: false
        ```

    How to fix:
        Add the key; write the identifier with letters, digits and underscores.

    Sources:
        - Harness's pipeline schema, v0/pipeline: required properties and the pattern of
          identifiers
    """

    id = "TS729"
    name = "step-incomplete"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the keys of one stage, its groups and its steps."""
        if rollout.flavor != "pipeline":
            return
        if not any(step.type.startswith("K8s") for step in rollout.all_steps):
            return
        if not rollout.partial:
            yield from self._judge_stage(rollout)
        for phase in rollout.phases:
            yield from self._judge_identifier(phase, "step group")
        for step in rollout.all_steps:
            yield from self._judge_identifier(step, "step")
            lacking = [] if rollout.partial else _lacking(step)
            if lacking:
                yield self.finding(
                    step.head(),
                    f"The step {step.title} has no {one_of(lacking)}, which Harness requires.",
                    help=f"Add {listed(lacking)}.",
                )

    def _judge_stage(self, rollout: Rollout) -> Iterator[Finding]:
        yield from self._judge_identifier(rollout, "stage")
        if rollout.data.get("type") != "Deployment" or "template" in rollout.data:
            return
        wanted = ["failureStrategies"]
        if rollout.path[:1] == ("pipeline",):
            wanted += ["identifier", "name"]
        lacking = [key for key in wanted if rollout.data.get(key) in (None, "")]
        if lacking:
            yield self.finding(
                rollout.head(),
                f"The stage {rollout.name} has no {one_of(lacking)}, which Harness requires.",
                help=f"Add {listed(lacking)}.",
            )

    def _judge_identifier(self, part: Step | Phase | Rollout, kind: str) -> Iterator[Finding]:
        value = part.data.get("identifier")
        if is_text(value) and value and _IDENTIFIER.fullmatch(value) is None:
            yield self.finding(
                part.at("identifier"),
                f'The identifier "{value}" of the {kind} {part.name} has characters that Harness does not '
                "take.",
                help=f"Write {_mended(value)}.",
            )


def _lacking(step: Step) -> list[str]:
    """The required keys that a step has not."""
    wanted = ["identifier", "name"]
    if "template" not in step.data:
        wanted.append("type")
        if step.type.startswith("K8s") and step.type not in _TOLD_ELSEWHERE:
            wanted.append("spec")
    if not step.data:
        return []
    return [key for key in wanted if step.data.get(key) in (None, "")]


def _mended(value: str) -> str:
    """An identifier like it that Harness takes."""
    words = re.sub(r"[^0-9a-zA-Z_]+", "_", value).strip("_")[:128] or "step"
    return f"_{words}" if words[0].isdigit() else words

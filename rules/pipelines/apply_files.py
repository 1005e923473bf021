"""TS728: files to apply that are missing."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    Step,
    Unknown,
    as_list,
    explain_setting,
    is_text,
    misfits_about,
    written_as,
)


class ApplyFiles(Rule[Rollout]):
    """A K8sApply step names no files, names them twice, or not as a list.

    What it checks:
        Every K8sApply step has either `filePaths`, a list with at least one entry, or
        `manifestSource`. Where the tree is declared complete, a file that is not in sight is a
        warning.

    Why it matters:
        Harness refuses the pipeline, or the step fails because it finds nothing to apply.

    Bad:
        ```yaml
        - step:
            type: K8sApply
            name: Apply
            identifier: apply
            spec:
              filePaths: templates/virtual-service.yaml  # <-
        ```

        ```yaml
        - step:
            type: K8sApply
            name: Apply
            identifier: apply
            spec:  # <-
              skipDryRun: false
        ```

    Good:
        ```yaml
        - step:
            type: K8sApply
            name: Apply
            identifier: apply
            spec:
              filePaths:
              - templates/virtual-service.yaml
        ```

    How to fix:
        Write `filePaths` as a list, or `manifestSource`, not both.

    Sources:
        - Harness's pipeline schema, v0/pipeline/steps/cd, k8s-apply.yaml
    """

    id = "TS728"
    name = "apply-files"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the files of each apply step."""
        for step, misfit in misfits_about(rollout, "files"):
            place, text, mend = explain_setting(step, misfit)
            yield self.finding(place, f"{text}. Harness refuses the pipeline.", help=mend)
        for step in rollout.all_steps if rollout.flavor == "pipeline" else ():
            if step.kind == "apply":
                yield from self._judge(step)
                if catalog.is_complete(rollout.file.path):
                    yield from self._absent(step, catalog)

    def _judge(self, step: Step) -> Iterator[Finding]:
        given = [
            key for key in ("filePaths", "manifestSource") if step.properties.get(key) is not None
        ]
        if len(given) == 1 or isinstance(step.data.get("spec"), Unknown):
            return
        what = (
            "both filePaths and manifestSource" if given else "neither filePaths nor manifestSource"
        )
        yield self.finding(
            step.at("spec", key=True) if "spec" in step.data else step.at("type"),
            f"{step.title} has {what}: exactly one of them says what it applies.",
            help=_help(step, given),
        )

    def _absent(self, step: Step, catalog: Catalog) -> Iterator[Finding]:
        for index, path in enumerate(as_list(step.properties.get("filePaths"))):
            if is_text(path) and path.endswith((".yaml", ".yml")) and not catalog.files_named(path):
                yield self.finding(
                    step.setting("filePaths", index),
                    f"{step.title} applies {path}, and no such file is in sight.",
                    severity=Severity.WARNING,
                    help="Write the path as it is in the manifests, folders included.",
                )


def _help(step: Step, given: list[str]) -> str:
    if given:
        return "Keep one of the two."
    for key in ("filePaths", "manifestSource"):
        wrong = written_as(key, step.properties)
        if wrong is not None:
            return f"Write {key} instead of {wrong}."
    return "Add filePaths with a list of files."

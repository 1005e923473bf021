"""NextGen pipelines for tests, built from steps; a mark names the rule that must speak at a line.

Use it as tests/workflows.py: `found(tree, pipeline(stage(...)), family="TS7") == marked(text)`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from textwrap import indent
from typing import Any

from workflows import found as found_in_workflows
from workflows import marked

from conftest import Tree

__all__ = [
    "approval",
    "blue_green",
    "canary_delete",
    "canary_deploy",
    "found",
    "group",
    "inherit",
    "marked",
    "parallel",
    "pipeline",
    "rolling",
    "rolling_rollback",
    "routes",
    "routing",
    "script",
    "stage",
    "stage_template",
    "step",
    "step_template",
    "swap",
    "traffic_routing",
]


def step(kind: str, name: str = "", mark: str = "", *, extra: str = "", **spec: Any) -> str:
    """A step; `mark` is the rule that must be found at its type, `extra` are more keys as YAML."""
    name = name or kind
    lines = [
        "- step:",
        f"    type: {kind}  # {mark}" if mark else f"    type: {kind}",
        f"    name: {name}",
        f"    identifier: {name.replace(' ', '_').replace('-', '_')}",
        "    timeout: 10m",
    ]
    lines.append("    spec:" if spec else "    spec: {}")
    lines += [f"      {key}: {json.dumps(value)}" for key, value in spec.items()]
    return "\n".join(lines) + "\n" + indent(extra, "    ")


def routes(canary: Any, stable: Any = None, *, test: str = "canary", name: str = "main") -> Any:
    """The routes of a traffic routing: so much for the pods under test, the rest for stable."""
    stable = 100 - canary if stable is None else stable
    shares = {"stable": stable, test: canary}
    destinations = [{"destination": {"host": h, "weight": w}} for h, w in shares.items()]
    return [{"route": {"type": "http", "name": name, "destinations": destinations}}]


def routing(canary: Any, stable: Any = None, *, test: str = "canary", name: str = "shop") -> Any:
    """The `trafficRouting` of a deploy step, or of a K8sTrafficRouting with `type: config`."""
    spec = {"name": name, "hosts": ["shop"], "routes": routes(canary, stable, test=test)}
    return {"provider": "istio", "spec": spec}


def traffic_routing(
    canary: Any,
    stable: Any = None,
    mark: str = "",
    *,
    test: str = "canary",
    name: str = "",
    extra: str = "",
) -> str:
    """A K8sTrafficRouting step that creates the routes."""
    given = routing(canary, stable, test=test)
    name = name or f"Route {canary}"
    return step("K8sTrafficRouting", name, mark, extra=extra, type="config", trafficRouting=given)


def inherit(
    canary: Any,
    stable: Any = None,
    mark: str = "",
    *,
    test: str = "canary",
    name: str = "",
    extra: str = "",
) -> str:
    """A K8sTrafficRouting step that changes weights."""
    given = {"routes": routes(canary, stable, test=test)}
    name = name or f"Shift {canary}"
    return step("K8sTrafficRouting", name, mark, extra=extra, type="inherit", trafficRouting=given)


def canary_deploy(mark: str = "", *, name: str = "", extra: str = "", **spec: Any) -> str:
    """A canary deployment; `trafficRouting=routing(20)` shifts traffic with it."""
    selection = {"type": "Count", "spec": {"count": 1}}
    settings = {"instanceSelection": selection, "skipDryRun": False, **spec}
    return step("K8sCanaryDeploy", name or "Canary Deployment", mark, extra=extra, **settings)


def canary_delete(mark: str = "", *, name: str = "", extra: str = "") -> str:
    return step("K8sCanaryDelete", name or "Canary Delete", mark, extra=extra)


def rolling(mark: str = "", *, name: str = "", extra: str = "") -> str:
    return step(
        "K8sRollingDeploy", name or "Rolling Deployment", mark, extra=extra, skipDryRun=False
    )


def rolling_rollback(mark: str = "") -> str:
    return step("K8sRollingRollback", "Rolling Rollback", mark)


def blue_green(mark: str = "", **spec: Any) -> str:
    return step("K8sBlueGreenDeploy", "Stage Deployment", mark, skipDryRun=False, **spec)


def swap(mark: str = "") -> str:
    return step("K8sBGSwapServices", "Swap", mark)


def script(text: str, name: str = "Script", mark: str = "") -> str:
    source = {"type": "Inline", "spec": {"script": text}}
    settings = {"shell": "Bash", "source": source, "onDelegate": True}
    return step("ShellScript", name, mark, **settings)


def approval(name: str = "Ask") -> str:
    return step("HarnessApproval", name, approvalMessage="Go on?")


def step_template(name: str = "From elsewhere", *, extra: str = "") -> str:
    """A step whose template lies elsewhere."""
    text = f"- step:\n    name: {name}\n    identifier: elsewhere\n"
    return (
        text
        + "    template: {templateRef: account.elsewhere, versionLabel: v1}\n"
        + indent(extra, "    ")
    )


def group(name: str, *steps: str, rollback: tuple[str, ...] = (), extra: str = "") -> str:
    """A step group."""
    text = f"- stepGroup:\n    name: {name}\n    identifier: {name.replace(' ', '_')}\n"
    text += indent(extra, "    ")
    text += "    steps:\n" + indent("".join(steps), "    ") if steps else "    steps: []\n"
    if rollback:
        text += "    rollbackSteps:\n" + indent("".join(rollback), "    ")
    return text


def parallel(*entries: str) -> str:
    """Steps or step groups side by side (or stages, in a pipeline)."""
    return "- parallel:\n" + indent("".join(entries), "    ")


def stage(
    name: str,
    *entries: str,
    rollback: tuple[str, ...] = (),
    extra: str = "",
    action: str = "StageRollback",
    service: str = "shop",
    deployment_type: str = "Kubernetes",
) -> str:
    """A deployment stage; `extra` are more keys of the stage as YAML."""
    text = (
        f"- stage:\n    name: {name}\n    identifier: {name.replace(' ', '_')}\n"
        f"    type: Deployment\n    spec:\n      deploymentType: {deployment_type}\n"
        f"      service: {{serviceRef: {service}}}\n"
        "      environment:\n        environmentRef: prod\n        deployToAll: false\n"
        "        infrastructureDefinitions: [{identifier: prod}]\n"
        "      execution:\n        steps:\n"
    )
    text += indent("".join(entries), "          ")
    if rollback:
        text += "        rollbackSteps:\n" + indent("".join(rollback), "          ")
    else:
        text += "        rollbackSteps: []\n"
    strategy = {"onFailure": {"errors": ["AllErrors"], "action": {"type": action}}}
    return text + indent(extra, "    ") + f"    failureStrategies: {json.dumps([strategy])}\n"


def stage_template(stage: str) -> str:
    """The template of one stage."""
    _stage, _name, _identifier, *body = stage.splitlines(keepends=True)
    head = "template:\n  name: One stage\n  identifier: one_stage\n  versionLabel: v1\n"
    return head + "  type: Stage\n  spec:\n" + "".join(body)


def pipeline(*stages: str, name: str = "Release") -> str:
    """A pipeline of stages."""
    head = f"pipeline:\n  name: {name}\n  identifier: {name}\n  projectIdentifier: store\n"
    return head + "  orgIdentifier: default\n  stages:\n" + indent("".join(stages), "    ")


def found(
    tree: Tree,
    text: str,
    files: Mapping[str, str] | None = None,
    *,
    file: str = "pipeline.yaml",
    family: str = "TS7",
) -> set[str]:
    """The findings of a family of rules in one pipeline among other files, as `line rule`."""
    return found_in_workflows(tree, text, files, file=file, family=family)

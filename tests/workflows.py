"""FirstGen workflows for tests, built from steps; a mark names the rule that must speak at a line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from textwrap import indent
from typing import Any

from conftest import Tree

CANARY = "${k8s.canaryWorkload}"
MANAGED = "${k8s.virtualServiceName}"
STABLE_SUBSET = "${k8s.stableDestination}"
CANARY_SUBSET = "${k8s.canaryDestination}"


def step(kind: str, name: str = "", mark: str = "", **properties: Any) -> str:
    """A step; `mark` is the rule that must be found at its type."""
    lines = [f"- type: {kind}  # {mark}" if mark else f"- type: {kind}"]
    lines.append(f"  name: {name or kind}")
    if properties:
        lines.append("  properties:")
        lines += [f"    {key}: {json.dumps(value)}" for key, value in properties.items()]
    return "\n".join(lines) + "\n"


def canary_deploy(prefix: str = "") -> str:
    return step(f"{prefix}K8S_CANARY_DEPLOY", "Canary Deployment", instances="1")


def rollout(prefix: str = "") -> str:
    return step(f"{prefix}K8S_DEPLOYMENT_ROLLING", "Rollout Deployment")


def delete(mark: str = "", resources: Any = CANARY, prefix: str = "", name: str = "") -> str:
    return step(f"{prefix}K8S_DELETE", name or "Canary Delete", mark, resources=resources)


def split(canary: Any = "10", *, stable: Any = None, service: Any = MANAGED, mark: str = "") -> str:
    if stable is None:
        stable = str(100 - int(canary))
    weights = [
        {"destination": STABLE_SUBSET, "weight": stable},
        {"destination": CANARY_SUBSET, "weight": canary},
    ]
    return step(
        "K8S_TRAFFIC_SPLIT",
        f"Traffic Split {canary}",
        mark,
        virtualServiceName=service,
        istioDestinationWeights=weights,
    )


def apply(paths: Any, name: str = "Apply") -> str:
    return step("K8S_APPLY", name, filePaths=paths)


def section(name: str, *steps: str, parallel: bool = False, extra: str = "") -> str:
    body = "  steps:\n" + indent("".join(steps), "  ") if steps else ""
    flag = "true" if parallel else "false"
    more = indent(extra, "  ")
    return f"- type: K8S_PHASE_STEP\n  name: {name}\n{body}{more}  stepsInParallel: {flag}\n"


def phase(name: str, *sections: str, service: str = "shop", infra: str = "prod") -> str:
    head = f"- type: KUBERNETES\n  name: {name}\n  serviceName: {service}\n"
    head += f"  infraDefinitionName: {infra}\n  phaseSteps:\n"
    return head + indent("".join(sections), "  ")


def workflow(*phases: str, kind: str = "CANARY", rollback: tuple[str, ...] = ()) -> str:
    text = f"harnessApiVersion: '1.0'\ntype: {kind}\nphases:\n" + "".join(phases)
    return text + ("rollbackPhases:\n" + "".join(rollback) if rollback else "")


def found(
    tree: Tree,
    text: str,
    files: Mapping[str, str] | None = None,
    *,
    file: str = "workflow.yaml",
    family: str = "TS6",
) -> set[str]:
    """The findings about workflows, as `line rule`, in one workflow among other files."""
    tree.write({file: text, **(files or {})})
    return {
        f"{finding.span.line} {finding.rule}"
        for finding in tree.lint()
        if finding.rule.startswith(family) and tree.name(finding.file) == file
    }


def marked(text: str) -> set[str]:
    """The marks of a text, as `line rule`."""
    lines = enumerate(text.splitlines(), start=1)
    return {
        f"{number} {rule}"
        for number, line in lines
        for marks in re.findall(r"# ((?:TS\d{3} ?)+)$", line)
        for rule in marks.split()
    }

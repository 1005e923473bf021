"""The Traffic Split step of a FirstGen workflow: which VirtualService, and who gets which share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

from ..document_error import DocumentError
from ..resource import as_list
from ..values import Unknown, is_integer
from .model import Part, Step, shown

if TYPE_CHECKING:
    from ..document import Document, Path
    from .model import Rollout

#: What a Traffic Split writes for the VirtualService of the release that Harness manages.
MANAGED_ONE: Final = "${k8s.virtualServiceName}"

DestinationKind = Literal["stable", "canary", "literal", "unknown", "bad"]

_WHOLE: Final[dict[str, DestinationKind]] = {
    "${k8s.stableDestination}": "stable",
    "${k8s.canaryDestination}": "canary",
}
#: Expressions that Harness fills in inside other text too (harness-core, K8sExpressions).
_EMBEDDED: Final = frozenset(
    ("k8s.primaryServiceName", "k8s.stageServiceName", "k8s.canaryWorkload")
)
_K8S_EXPRESSION: Final = re.compile(r"\$\{\s*(k8s\.[^}]*?)\s*\}")
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}")


class SplitDestination(Part):
    """One entry of `istioDestinationWeights`.

    `kind` tells what its destination is: one of the two expressions that stand for Harness's subsets
    (`stable`, `canary`), a `literal` with host and subset, `unknown` when an expression hides it, or
    `bad` with the reason in `problem`.
    """

    def __init__(self, document: Document, path: Path, data: object) -> None:
        super().__init__(document, path, data)
        self.kind: DestinationKind = "unknown"
        self.host = ""
        self.subset = ""
        self.problem = ""
        if isinstance(data, dict):
            self._read(self.data.get("destination"))
        elif not isinstance(data, Unknown):
            self._reject("is not a mapping of destination and weight")

    @property
    def text(self) -> str:
        """The destination as written, trimmed."""
        return shown(self.data.get("destination")).strip()

    @property
    def hidden(self) -> bool:
        """Whether an expression hides the whole entry."""
        return not self.data and self.kind == "unknown"

    def _reject(self, problem: str) -> None:
        self.kind, self.problem = "bad", problem

    def _read(self, value: object) -> None:
        text = self.text
        expressions = _K8S_EXPRESSION.findall(text)
        if text in _WHOLE:
            self.kind = _WHOLE[text]
            self.subset = self.kind
        elif expressions:
            self._read_expression(text, expressions)
        elif isinstance(value, (dict, list)):
            self._read_literal(value)
        elif isinstance(value, Unknown):
            self.kind = "unknown"
        elif not text:
            self._reject("is blank")
        else:
            from ..nodes import plain_data

            try:
                self._read_literal(plain_data(text))
            except DocumentError:
                self._reject("is not valid YAML")

    def _read_expression(self, text: str, expressions: Iterable[str]) -> None:
        for name in expressions:
            if f"${{{name}}}" in _WHOLE:
                self._reject(
                    f"has other text around ${{{name}}}, which is filled in only when alone"
                )
                return
            if name not in _EMBEDDED or _K8S_EXPRESSION.fullmatch(text):
                self._reject(f"is ${{{name}}}, which stands for no destination")
                return

    def _read_literal(self, value: object) -> None:
        if not isinstance(value, dict):
            self._reject("has neither host nor subset")
            return
        lacking = [key for key in ("host", "subset") if value.get(key) in (None, "")]
        if lacking:
            self._reject(f"lacks {' and '.join(lacking)}")
            return
        self.kind = "literal"
        self.host, self.subset = shown(value["host"]), shown(value["subset"])

    @property
    def written_weight(self) -> Any:
        """The weight as written."""
        return self.data.get("weight")

    @cached_property
    def weight(self) -> int | Unknown | None:
        """The weight, Unknown when an expression hides it, None when it is no whole number."""
        value = self.written_weight
        if isinstance(value, Unknown) or self.hidden:
            return Unknown(shown(value))
        if is_integer(value):
            return value
        if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
            return int(value)
        return None


class TrafficSplit:
    """A Traffic Split step, read."""

    def __init__(self, step: Step) -> None:
        self.step = step

    @property
    def virtual_service(self) -> str:
        """`virtualServiceName` as written, trimmed; empty when absent."""
        return shown(self.step.properties.get("virtualServiceName")).strip()

    @property
    def literal_name(self) -> str | None:
        """The VirtualService's name, None when it is absent or given by an expression."""
        value = self.step.properties.get("virtualServiceName")
        return (value.strip() or None) if isinstance(value, str) else None

    @cached_property
    def destinations(self) -> tuple[SplitDestination, ...]:
        """The entries of `istioDestinationWeights`."""
        path = (*self.step.path, self.step.settings_key, "istioDestinationWeights")
        entries = as_list(self.step.properties.get("istioDestinationWeights"))
        return tuple(
            SplitDestination(self.step.document, (*path, index), entry)
            for index, entry in enumerate(entries)
        )

    @property
    def total_weight(self) -> int | Unknown | None:
        """The sum of the weights; Unknown when one is hidden, None when one is no whole number."""
        weights = [destination.weight for destination in self.destinations]
        if None in weights:
            return None
        return _sum(weights)

    def share(self, subset: Literal["stable", "canary"]) -> int | Unknown:
        """What stable or canary gets; Unknown unless every destination is one of the two."""
        subsets = {entry.subset for entry in self.destinations}
        if not subsets or not subsets <= {"stable", "canary"}:
            return Unknown("")
        return _sum(entry.weight for entry in self.destinations if entry.subset == subset)


def _sum(weights: Iterable[int | Unknown | None]) -> int | Unknown:
    total = 0
    for weight in weights:
        if not is_integer(weight):
            return Unknown("")
        total += weight
    return total


def traffic_splits(steps: Iterable[Step]) -> list[TrafficSplit]:
    """The Traffic Split steps among some steps."""
    return [TrafficSplit(step) for step in steps if step.kind == "traffic-split"]


def early_splits(rollout: Rollout) -> list[tuple[TrafficSplit, Step]]:
    """The Traffic Splits that send requests to what is deployed only later, each with that deployment."""
    if rollout.flavor != "workflow":
        return []
    found = []
    for split in traffic_splits(rollout.steps):
        deploy = _first_deploy(split.step, rollout)
        if deploy is not None and deploy.order > split.step.order and _tests(split):
            found.append((split, deploy))
    return found


def _first_deploy(step: Step, rollout: Rollout) -> Step | None:
    """The first step that deploys what is tested before it takes over, for the service of a step."""
    phase = step.phase
    return next(
        (
            other
            for other in rollout.steps
            if other.kind in ("canary-deploy", "blue-green-deploy")
            and (phase is None or other.phase is None or other.phase.deploys_as(phase))
        ),
        None,
    )


def _tests(split: TrafficSplit) -> bool:
    """Whether it surely sends requests to what is tested."""
    share = split.share("canary")
    if is_integer(share):
        return share > 0
    weights = [entry.weight for entry in split.destinations]
    return sum(is_integer(weight) and weight > 0 for weight in weights) > 1

"""Who uses a DestinationRule: the routes to its host, and the Rollouts that write into it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final

from ..resource import Destination, DestinationRule, Resource, VirtualService, as_dict
from ..values import Unknown, is_text
from ..workload import Workload
from .hosts import Host

#: Words in labels and annotations of what a controller of progressive delivery looks after.
_CONTROLLERS: Final = ("argo-rollouts", "flagger", "rollouts.argoproj")

#: Pairs of names that progressive delivery gives to two versions, either one first.
_PAIRS: Final = (
    *(("stable", "canary"), ("canary", "stable")),
    *(("primary", "canary"), ("canary", "primary")),
    *(("active", "preview"), ("preview", "active")),
)
_COLOURS: Final = (("blue", "green"), ("green", "blue"))

Canonical = Callable[[str, Resource], Host]


class References:
    """The destinations of all VirtualServices by their service, the Rollouts by the rule they name."""

    def __init__(
        self, routes: Iterable[VirtualService], workloads: Iterable[Workload], host: Canonical
    ) -> None:
        #: Destinations with a known host, by the service's name.
        self.by_name: dict[str, list[tuple[Host, Destination]]] = defaultdict(list)
        #: Destinations whose host an expression hides.
        self.hidden: list[Destination] = []
        #: VirtualServices that may have destinations no one can see.
        self.hiding: list[VirtualService] = []
        for service in routes:
            self._add_routes(service, host)
        self._rollouts: dict[str, list[Workload]] = defaultdict(list)
        self._hidden_rollouts: list[Workload] = []
        for workload in workloads:
            if workload.kind == "Rollout":
                self._add_rollout(workload)

    def _add_routes(self, service: VirtualService, host: Canonical) -> None:
        if any(service.hides(protocol) for protocol in ("http", "tls", "tcp")) or any(
            route.has_unknown_destinations for route in service.routes
        ):
            self.hiding.append(service)
        for destination in service.destinations():
            if isinstance(destination.host, Unknown):
                self.hidden.append(destination)
            elif destination.host:
                target = host(destination.host, service)
                self.by_name[target.name].append((target, destination))

    def _add_rollout(self, rollout: Workload) -> None:
        istio = rollout.spec
        for part in ("strategy", "canary", "trafficRouting", "istio", "destinationRule"):
            value = istio.get(part)
            if isinstance(value, Unknown):
                self._hidden_rollouts.append(rollout)
                return
            istio = as_dict(value)
        name = istio.get("name")
        if isinstance(name, Unknown) or isinstance(rollout.data.get("spec"), Unknown):
            self._hidden_rollouts.append(rollout)
        elif is_text(name) and name:
            self._rollouts[name].append(rollout)

    def rollouts_of(self, rule: DestinationRule) -> list[Workload]:
        """The Argo Rollouts that name a DestinationRule, or may do so."""
        named = self._rollouts.get(rule.name, []) if is_text(rule.name) else []
        return named + self._hidden_rollouts


def has_controller_marks(resource: Resource) -> bool:
    """Whether a label or an annotation says that Argo Rollouts or Flagger looks after an object."""
    return any(
        word in str(text).lower()
        for part in (resource.labels, resource.annotations)
        for pair in part.items()
        for text in pair
        for word in _CONTROLLERS
    )


def is_delivery_pair(one: str, other: str, *, colours: bool = False) -> bool:
    """Whether two subsets are called like the two versions of a rollout (`shop-stable`, `shop-canary`).

    With `colours`, blue and green are such a pair too.
    """
    pairs = _PAIRS + _COLOURS if colours else _PAIRS
    return any(
        first in one and second in other and one.replace(first, "") == other.replace(second, "")
        for first, second in pairs
    )

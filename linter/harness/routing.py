"""Traffic routing of NextGen: the K8sTrafficRouting step, and the routing of a canary or stage deploy.

Harness creates a VirtualService (or an SMI split) from it; `inherit` changes weights only.  Weights are
shares of their sum, a missing one counts as 0, and where all are 0 or missing everyone gets the same
(harness-core, K8sTrafficRoutingHelper).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from ..resource import as_dict, as_list
from ..values import Unknown, is_integer
from .model import Part, Step, shown

if TYPE_CHECKING:
    from ..document import Document, Path

_NUMBER: Final = re.compile(r"[0-9]{1,9}")
#: What stands for the pods under test: Harness's own words, and names of Services that say so.
_UNDER_TEST: Final = re.compile(r"(^|[-_.])(canary|stage)($|[-_.])", re.IGNORECASE)


class RoutedDestination(Part):
    """One destination of a route; `hidden`: an expression stands for the whole."""

    def __init__(self, document: Document, path: Path, data: object) -> None:
        super().__init__(document, path, data)
        self.hidden = isinstance(data, Unknown)

    @property
    def host(self) -> str | Unknown | None:
        """The host: a Service, or Harness's `stable`, `canary` or `stage`; None when absent."""
        value = self.data.get("host")
        return value if isinstance(value, (str, Unknown)) else None

    @property
    def weight(self) -> Any:
        """The weight: an int (also where it is written as text), None when absent, Unknown when
        hidden, or whatever else was written.
        """
        value = self.data.get("weight")
        if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
            return int(value)
        return value

    @property
    def tells(self) -> str:
        """The word in the host that says which pods it stands for, `canary` or `stage`; else empty."""
        first = self.host.partition(".")[0] if isinstance(self.host, str) else ""
        found = _UNDER_TEST.search(first)
        return found[2].lower() if found else ""


class RoutedRoute(Part):
    """One entry of `routes`."""

    @cached_property
    def destinations(self) -> tuple[RoutedDestination, ...]:
        """Its destinations, in order."""
        found = []
        for index, entry in enumerate(as_list(self.data.get("destinations"))):
            path = (*self.path, "destinations", index, "destination")
            data = entry if isinstance(entry, Unknown) else as_dict(entry).get("destination")
            found.append(RoutedDestination(self.document, path, data))
        return tuple(found)

    inherits = False

    @property
    def under_test(self) -> tuple[RoutedDestination, ...] | None:
        """The destinations whose pods are those under test; None where their names do not tell.

        In an environment called `stage` every Service may say so: `stage` counts only beside one that
        does not, and where none is called `canary`.
        """
        entries = self.destinations
        if isinstance(self.data.get("destinations"), Unknown) or not entries:
            return None
        if any(entry.hidden or isinstance(entry.host, Unknown) for entry in entries):
            return None
        for word in ("canary", "stage"):
            found = tuple(entry for entry in entries if entry.tells == word)
            if found and len(found) < len(entries):
                return found
            if found:
                certain = word == "canary" or {entry.host for entry in found} == {"stage"}
                return found if certain and len(entries) == 1 else None
        return ()

    @property
    def share_under_test(self) -> int | Unknown:
        """The percentage that the pods under test get; Unknown where names or expressions hide it."""
        mine = self.under_test
        if mine is None:
            return Unknown("")
        weights = [0 if entry.weight is None else entry.weight for entry in self.destinations]
        if not all(is_integer(weight) and weight >= 0 for weight in weights):
            return Unknown("")
        own = sum(entry.weight or 0 for entry in mine)
        total = sum(weights)
        if self.inherits and len(weights) == 1:
            return self._inherited_share(own)
        return own * 100 // total if total else len(mine) * 100 // len(weights)

    def _inherited_share(self, own: int) -> int | Unknown:
        """As `share_under_test`, of an `inherit` of one destination: the others share the rest of 100."""
        weight = self.destinations[0].weight
        if weight is None or weight > 100 or (not self.under_test and weight < 100):
            return Unknown("")
        return own


class TrafficRouting(Part):
    """The `trafficRouting` of a step.

    `mode` is `config` or `inherit` (a K8sTrafficRouting step says which; elsewhere it is `config`),
    empty when it is missing, Unknown when hidden.
    """

    def __init__(self, step: Step) -> None:
        path = (*step.path, step.settings_key, "trafficRouting")
        super().__init__(step.document, path, step.properties.get("trafficRouting"))
        self.step = step
        self.written = step.properties.get("trafficRouting")

    @property
    def is_own_step(self) -> bool:
        """Whether it is a step of its own, not a part of a deploy step."""
        return self.step.kind == "traffic-routing"

    @property
    def mode(self) -> str | Unknown:
        """`config` or `inherit`, or whatever is written."""
        if not self.is_own_step:
            return "config"
        value = self.step.properties.get("type")
        return value if isinstance(value, Unknown) else shown(value)

    @property
    def provider(self) -> Any:
        """`istio` or `smi`, or whatever is written."""
        return self.data.get("provider")

    @property
    def spec(self) -> Part:
        """What holds the routes: `spec` of a config, the whole for `inherit`."""
        if self.mode == "inherit" or ("routes" in self.data and "spec" not in self.data):
            return Part(self.document, self.path, self.data)
        return Part(self.document, (*self.path, "spec"), self.data.get("spec"))

    @cached_property
    def routes(self) -> tuple[RoutedRoute, ...]:
        """Its routes, in order (those that an expression hides are left out)."""
        spec = self.spec
        found = []
        for index, entry in enumerate(as_list(spec.data.get("routes"))):
            if isinstance(entry, Unknown):
                continue
            path = (*spec.path, "routes", index, "route")
            route = RoutedRoute(self.document, path, as_dict(entry).get("route"))
            route.inherits = self.mode not in ("config", "")
            found.append(route)
        return tuple(found)

    @property
    def hides_routes(self) -> bool:
        """Whether an expression hides the routes or one of them."""
        value = self.spec.data.get("routes")
        return (
            isinstance(self.step.data.get(self.step.settings_key), Unknown)
            or isinstance(self.written, Unknown)
            or isinstance(value, Unknown)
            or any(isinstance(entry, Unknown) for entry in as_list(value))
        )

    @property
    def share_under_test(self) -> int | Unknown:
        """The largest percentage that the pods under test get from a route."""
        if self.hides_routes or not self.routes:
            return Unknown("")
        shares = [route.share_under_test for route in self.routes]
        known = [share for share in shares if is_integer(share)]
        return max(known) if len(known) == len(shares) else Unknown("")


def traffic_routings(steps: Iterable[Step]) -> list[TrafficRouting]:
    """The traffic routings of some steps of a pipeline, in order."""
    return [
        TrafficRouting(step)
        for step in steps
        if step.settings_key == "spec"
        and (
            step.kind == "traffic-routing"
            or (
                step.kind in ("canary-deploy", "blue-green-deploy")
                and step.properties.get("trafficRouting") is not None
            )
        )
    ]

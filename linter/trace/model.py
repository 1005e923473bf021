"""The result of a trace: plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..matching.conditions import Conditions
from ..matching.evaluate import Answer, Request
from ..resource import DestinationRule, Resource, Route, VirtualService
from ..workload import Workload

#: `route`: to destinations; `service`: no VirtualService stands between; `none`: 404, or no such
#: host; `unknown`: a hidden value decides, or one that was not given.
Outcome = Literal["route", "redirect", "direct-response", "service", "none", "unknown"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One match of one route, as a proxy asks it; `match` is None for a route without `match`.

    `root` is the route that delegates to this one.
    """

    service: VirtualService
    route: Route
    match: int | None
    conditions: Conditions
    root: Route | None = None


@dataclass(frozen=True, slots=True)
class Try:
    """What asking one match gave."""

    entry: Entry
    answer: Answer


@dataclass
class Share:
    """A destination of the route that takes the request.

    `percent` is None where an expression hides a weight.  `rule` is the DestinationRule that defines
    the subset, `labels` are the subset's, `provider` is the Service or ServiceEntry of the host.
    """

    host: str
    full_name: str
    subset: str | None
    port: int | None
    percent: float | None
    labels: Mapping[str, Any] = field(default_factory=dict)
    rule: DestinationRule | None = None
    provider: Resource | None = None
    workloads: list[Workload] = field(default_factory=list)


@dataclass
class Trace:
    """What becomes of a request.

    `tries` are the matches asked before, in order; `taken` is the one that takes the request, or, where
    the outcome is unknown, the first that surely takes what is left.
    """

    request: Request
    outcome: Outcome = "none"
    tries: list[Try] = field(default_factory=list)
    taken: Entry | None = None
    shares: list[Share] = field(default_factory=list)
    mirrors: list[Share] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Add a note, once."""
        if text not in self.notes:
            self.notes.append(text)

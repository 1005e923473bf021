"""How much there is in a graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..finding import Severity
    from .model import Graph, Route


@dataclass(frozen=True)
class Totals:
    """Counts; `findings` by severity, those elsewhere included."""

    hosts: int
    services: int
    routes: int
    destinations: int
    findings: Counter[Severity]

    @classmethod
    def of(cls, graph: Graph) -> Totals:
        """The counts of a graph."""
        routes = [route for service in graph.services for route in _all(service.routes)]
        return cls(
            len(graph.hosts),
            len(graph.services),
            len(routes),
            sum(len(route.destinations) for route in routes),
            Counter(finding.severity for finding in graph.findings),
        )


def _all(routes: list[Route]) -> Iterator[Route]:
    for route in routes:
        yield route
        if route.delegate is not None:
            yield from _all(route.delegate.routes)

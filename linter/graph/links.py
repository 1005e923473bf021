"""The graph as nodes and edges, for the formats that leave the layout to another program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from .words import answers, labels_text, pods_text, share_text

if TYPE_CHECKING:
    from ..finding import Finding, Severity
    from .model import Graph, Route, Service, Target

Kind = Literal["host", "route", "to", "pods", "answer"]
#: How an edge is drawn: requests, no requests at all, a copy of requests.
Line = Literal["full", "none", "copy"]
#: Longer texts are cut in a picture; the tree and the page have them whole.
_LONGEST: Final = 60


@dataclass
class Node:
    """A node; `worst` is the severity of its worst finding, `lines` its text."""

    id: str
    kind: Kind
    lines: list[str]
    worst: Severity | None = None
    lacking: bool = False

    @property
    def mark(self) -> str:
        """How it stands out: `lacking` (it does not exist), a severity, or not at all."""
        if self.lacking:
            return "lacking"
        return self.worst.label if self.worst is not None else ""


@dataclass(frozen=True)
class Edge:
    """An edge from node to node, by their ids."""

    source: str
    target: str
    text: str = ""
    line: Line = "full"


@dataclass
class Group:
    """The routes of one VirtualService."""

    id: str
    title: str
    nodes: list[Node] = field(default_factory=list)


class Links:
    """Nodes and edges; destinations and workloads that several routes share are one node each."""

    def __init__(self, graph: Graph) -> None:
        self.groups: list[Group] = []
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self._known: dict[object, Node] = {}
        self._counts: Counter[Kind] = Counter()
        #: Lists of findings that a node shows: an object may stand behind several.
        self._told: set[int] = set()
        self.hosts = [
            self.node(("host", position), "host", [host.name])
            for position, host in enumerate(graph.hosts)
        ]
        for service in graph.services:
            self._service(service)

    def node(self, key: object, kind: Kind, lines: list[str]) -> Node:
        """The node of a key, made on first use."""
        if key not in self._known:
            self._known[key] = self._made(kind, lines)
            self.nodes.append(self._known[key])
        return self._known[key]

    def _made(self, kind: Kind, lines: Iterable[str]) -> Node:
        number = self._counts[kind]
        self._counts[kind] += 1
        return Node(f"{kind}{number}", kind, [cut(line) for line in lines if line])

    def _service(self, service: Service) -> None:
        title = f"VirtualService {service.object.full_name}"
        if service.managed:
            title += " (managed by Harness)"
        group = Group(f"service{len(self.groups)}", cut(title))
        self.groups.append(group)
        # what is wrong with it as a whole, and with what binds it to gateways
        lists = [service.object.findings]
        for gateway in service.gateways:
            lists += [gateway.findings, gateway.object.findings if gateway.object else []]
        codes = _codes(finding for findings in lists for finding in findings)
        if codes:
            group.title += ": " + ", ".join(codes)
        for route in service.routes:
            for above, served in route.served():
                self._route(service, group, above, served)

    def _route(
        self, service: Service, group: Group, above: tuple[Route, ...], route: Route
    ) -> None:
        label = " › ".join(part.label for part in (*above, route))
        name = f'{label} "{route.name}"' if route.name else label
        dropped = "dropped by Istio" if route.dropped else ""
        node = self._made("route", (name, route.condition, dropped))
        group.nodes.append(node)
        for part in (*above, route):
            self._mark(node, part.findings)
            if part.delegate is not None and part.delegate.object is not None:
                self._mark(node, part.delegate.object.findings)
        reach = ", ".join(service.reach())
        for position in service.hosts:
            self.edges.append(Edge(self.hosts[position].id, node.id, cut(reach)))
        if route.dropped:
            return
        for target in route.destinations:
            line: Line = "none" if target.share == 0 else "full"
            end = self._target(target)
            self.edges.append(Edge(node.id, end.id, share_text(target.share), line))
        for target in route.mirrors:
            end = self._target(target)
            text = f"mirror {share_text(target.share)}"
            self.edges.append(Edge(node.id, end.id, text, "copy"))
        for text in answers(route):
            end = self.node(("answer", text), "answer", [text])
            self.edges.append(Edge(node.id, end.id))

    def _target(self, target: Target) -> Node:
        subset = target.subset
        key = ("to", target.full_name, target.port, subset and subset.name, id(target.service))
        new = key not in self._known
        node = self.node(key, "to", [target.name, labels_text(target), _missing(target)])
        self._mark(node, target.findings)
        if new:
            node.lacking = subset is not None and subset.state == "absent"
            if subset is not None:
                self._mark(node, subset.findings)
            for item in (target.rule, target.service):
                if item is not None:
                    self._mark(node, item.findings)
            self._workloads(target, node)
        return node

    def _workloads(self, target: Target, node: Node) -> None:
        for pods in target.workloads:
            end = self.node(id(pods.object), "pods", [pods.object.title])
            self._mark(end, pods.object.findings)
            self.edges.append(Edge(node.id, end.id, "" if pods.certain else "?"))

    def _mark(self, node: Node, findings: list[Finding]) -> None:
        """Write findings on a node, unless another shows them."""
        if id(findings) in self._told:
            return
        self._told.add(id(findings))
        node.lines += _codes(findings)
        severities = [finding.severity for finding in findings]
        node.worst = max(filter(None, (node.worst, *severities)), default=None)


def cut(text: str) -> str:
    """A text, shortened where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _codes(findings: Iterable[Finding]) -> list[str]:
    """Severity and rule of each finding, the worst first."""
    worst_first = sorted(findings, key=lambda finding: -finding.severity)
    return list(dict.fromkeys(f"{item.severity.label} {item.rule}" for item in worst_first))


def _missing(target: Target) -> str:
    """Why no workload stands behind a destination."""
    return "" if target.workloads else pods_text(target)

"""The graph as a tree for a terminal."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..finding import Finding, Severity
from ..report.characters import cells, counted, visible
from ..report.terminal import SIGNS, painter
from .totals import Totals
from .words import labels_text, pods_text, share_text

if TYPE_CHECKING:
    from ..report import View
    from .model import Delegate, Graph, Route, Service, Target

_WIDTH: Final = 80
#: What the later lines of a row are indented by.
_HANGING: Final = " " * 8
_LEAST_WIDTH: Final = 40


@dataclass(frozen=True)
class Row:
    """A line of the tree: pieces of text, each with its style, and what hangs below it."""

    pieces: Sequence[tuple[str, str]]
    findings: Sequence[Finding] = ()
    below: Sequence[Row] = ()


def render(graph: Graph, view: View) -> str:
    """A tree for each VirtualService, and what there is in all."""
    text = _Text(graph, view)
    blocks = ["\n".join(text.service(service)) for service in graph.services]
    return "\n\n".join([*blocks, text.summary()]) + "\n"


class _Text:
    def __init__(self, graph: Graph, view: View) -> None:
        self.graph = graph
        self.width = max(view.width or _WIDTH, _LEAST_WIDTH)
        self.paint = painter(color=view.color)
        #: Lists of findings that were shown: an object may stand at several places of the tree.
        self._told: set[int] = set()

    # -- what hangs where -------------------------------------------------------------------------

    def service(self, service: Service) -> Iterator[str]:
        """The tree of one VirtualService."""
        yield from self.heading(service)
        yield from self.notes(self.fresh(service.object.findings), "")
        rows = [self.gateway_row(gateway) for gateway in self.told_gateways(service)]
        rows += [self.route(route) for route in service.routes]
        if service.hidden:
            rows.append(Row([("faint", "? more routes, which an expression hides")]))
        elif not service.routes:
            rows.append(Row([("faint", "no routes")]))
        yield from self.tree(rows, "")

    def summary(self) -> str:
        """How much there is in all."""
        totals = Totals.of(self.graph)
        drawn = ", ".join(
            counted(number, word)
            for number, word in (
                (totals.hosts, "host"),
                (totals.routes, "route"),
                (totals.destinations, "destination"),
            )
        )
        levels = [
            counted(totals.findings.get(level, 0), level.label)
            for level in sorted(Severity, reverse=True)
            if totals.findings.get(level)
        ]
        found = f"; {', '.join(levels)}" if levels else ""
        aside = len(self.graph.elsewhere)
        if aside:
            found += f" ({aside} of them at other places: tsplit-lint lists them)"
        return drawn + found

    def heading(self, service: Service) -> Iterator[str]:
        """The hosts, from where they are reached, and the place."""
        hosts = ", ".join(host.name for host in self.graph.hosts_of(service))
        if service.delegate:
            hosts, reach = service.object.full_name, "a delegate that no route in sight names"
        else:
            reach = ", ".join(service.reach()) or "?"
        lead = [("strong", visible(hosts or "(no host)")), ("", visible(f"  ({reach})"))]
        place = visible(str(service.object.spot))
        used = sum(cells(text) for _style, text in lead)
        gap = self.width - used - cells(place)
        if gap >= 2:
            yield self.line([*lead, ("", " " * gap), ("faint", place)])
        else:
            yield from self.wrapped("", lead)
            yield self.line([("faint", "  " + place)])
        if service.managed:
            yield self.line([("faint", "managed by Harness: a deployment sets the weights")])

    def told_gateways(self, service: Service) -> Iterator[tuple[str, Sequence[Finding]]]:
        """The gateways about which there is something to tell."""
        for gateway in service.gateways:
            findings = [*self.fresh(gateway.findings)]
            if gateway.object is not None:
                findings += self.fresh(gateway.object.findings)
            if findings:
                yield gateway.name, findings

    def gateway_row(self, told: tuple[str, Sequence[Finding]]) -> Row:
        """A gateway with its findings."""
        return Row([("", f"gateway {told[0]}")], told[1])

    def route(self, route: Route) -> Row:
        """A route and where its requests go."""
        pieces = [("", route.label)]
        if route.name:
            pieces.append(("", f' "{route.name}"'))
        pieces.append(("flow", f"  {route.condition}"))
        if route.dropped:
            pieces.append(("error", "  (dropped: outside the root's match)"))
        return Row(pieces, self.fresh(route.findings), list(self.ends(route)))

    def ends(self, route: Route) -> Iterator[Row]:
        """What a route does with its requests."""
        if route.redirect is not None:
            yield Row([("", f"redirect {route.redirect}")])
        if route.direct_response is not None:
            yield Row([("", f"direct response {route.direct_response}")])
        if route.delegate is not None:
            yield self.delegate(route.delegate)
        yield from self.targets(route)
        if route.hides_destinations:
            yield Row([("faint", "? destinations that an expression hides")])
        elif not route.leads:
            yield Row([("faint", "no destination")])

    def delegate(self, delegate: Delegate) -> Row:
        """The VirtualService that takes the requests, with its routes."""
        pieces = [("", f"delegate {delegate.full_name}")]
        if delegate.object is not None:
            pieces.append(("faint", f"  {delegate.object.spot}"))
        else:
            pieces.append(("faint", "  not in sight" if delegate.state == "unseen" else "  hidden"))
        if delegate.remark:
            pieces.append(("error", f"  ({delegate.remark})"))
        findings = self.fresh(delegate.object.findings) if delegate.object else ()
        return Row(pieces, findings, [self.route(route) for route in delegate.routes])

    def targets(self, route: Route) -> Iterator[Row]:
        """The destinations and the mirrors, in columns."""
        targets = [*route.destinations, *route.mirrors]
        names = [target.name for target in route.destinations]
        names += [f"{target.name} (mirror)" for target in route.mirrors]
        shares = [share_text(target.share) for target in targets]
        most = max(map(len, shares), default=0)
        table = [
            (share.rjust(most), *map(visible, (name, labels_text(target), pods_text(target))))
            for share, name, target in zip(shares, names, targets, strict=True)
        ]
        widths = [max(map(cells, column)) for column in zip(*table, strict=True)]
        for target, row in zip(targets, table, strict=True):
            absent = target.subset is not None and target.subset.state == "absent"
            styles = (
                "faint" if target.share == 0 else "good",
                "",
                "error" if absent else "faint",
            )
            pieces: list[tuple[str, str]] = []
            for style, text, width in zip(styles, row, widths, strict=False):
                if width:
                    pieces += [(style, text), ("", " " * (width - cells(text) + 2))]
            last = "" if target.workloads else "faint"
            pieces += [(last, part) for part in re.findall(r".+?(?:, |$)", row[-1])]
            yield Row(pieces, list(self.about(target)))

    def about(self, target: Target) -> Iterator[Finding]:
        """The findings of a destination and of what it leads to."""
        yield from self.fresh(target.findings)
        if target.subset is not None:
            yield from self.fresh(target.subset.findings)
        objects = [target.rule, target.service, *(pods.object for pods in target.workloads)]
        for item in objects:
            if item is not None:
                yield from self.fresh(item.findings)

    def fresh(self, findings: list[Finding]) -> Sequence[Finding]:
        """The findings of a place, the first time that it is shown."""
        if id(findings) in self._told:
            return ()
        self._told.add(id(findings))
        return findings

    # -- lines ------------------------------------------------------------------------------------

    def tree(self, rows: Sequence[Row], indent: str) -> Iterator[str]:
        """Rows with the branches that join them."""
        for position, row in enumerate(rows):
            last = position == len(rows) - 1
            below = indent + ("   " if last else "│  ")
            lines = self.wrapped(below, row.pieces)
            yield indent + ("└─ " if last else "├─ ") + next(lines)
            yield from lines
            yield from self.notes(row.findings, below)
            yield from self.tree(row.below, below)

    def notes(self, findings: Iterable[Finding], indent: str) -> Iterator[str]:
        """Findings, each with its severity and its rule."""
        for finding in findings:
            level = finding.severity.label
            head = f"{SIGNS[level]} {level} {finding.rule}"
            room = max(self.width - len(indent), _LEAST_WIDTH)
            text = visible(f"{head}: {' '.join(finding.message.split())}")
            first, *rest = textwrap.wrap(text, room, subsequent_indent="  ") or [text]
            yield indent + self.paint(level, first[: len(head)]) + first[len(head) :]
            for line in rest:
                yield indent + line

    def wrapped(self, indent: str, pieces: Sequence[tuple[str, str]]) -> Iterator[str]:
        """One line, or several where the width does not hold it; the first one is not indented.

        Lines break between pieces, and between the words of a `flow`.
        """
        line: list[tuple[str, str]] = []
        used, start = len(indent), 0
        for style, text in _tokens(pieces):
            if line[start:] and text.strip() and used + cells(text) > self.width:
                yield self.line(line)
                line, used, start = [("", indent + _HANGING)], len(indent + _HANGING), 1
            if text.strip() or line[start:] or not start:
                line.append((style, text))
                used += cells(text)
        yield self.line(line)

    def line(self, pieces: Sequence[tuple[str, str]]) -> str:
        """Pieces side by side, painted, without the blanks at the end."""
        kept = list(pieces)
        while kept and not kept[-1][1].strip():
            kept.pop()
        if kept:
            style, text = kept[-1]
            kept[-1] = (style, text.rstrip())
        return "".join(self.paint(style, text) for style, text in kept)


def _tokens(pieces: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """What a line may break between, blanks apart, safe to print."""
    for style, text in pieces:
        clean = visible(text)
        words = re.findall(r" +|[^ ]+", clean) if style == "flow" else re.split(r"^( +)", clean)
        yield from ((style, word) for word in words if word)

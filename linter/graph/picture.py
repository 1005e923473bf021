"""The picture of one VirtualService: host, routes, destinations and workloads as boxes in columns.

Boxes are joined by bands as thick as the share of a route's requests.  Colours are classes that the page
gives.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Final

from ..report.characters import visible
from ..report.terminal import SIGNS
from .words import answers, labels_text, pods_text, share_text

if TYPE_CHECKING:
    from ..finding import Finding
    from .model import Graph, Route, Service, Target

#: How many colours bands have.
COLORS: Final = 8

_WIDTH: Final = 1080
#: Left edge and width of each column.
_COLUMNS: Final = ((0, 222), (266, 240), (614, 222), (882, 198))
_HOST, _ROUTE, _TARGET, _PODS = range(4)
#: The thickness of a band that carries all requests of a route.
_FULL: Final = 38.0
_THIN: Final = 2.0
#: Room for the text at the end of a band.
_SLOT: Final = 16.0
_GAP: Final = 14.0
_LINE: Final = 17.0
_PADDING: Final = 9.0
_FONT: Final = 13.0
#: Bold lines hold less text.
_ROOM: Final = {"t": 0.92, "b": 0.92}
#: Letters that are narrower and wider than most.
_NARROW: Final = frozenset("iljtfrI.,:;'|!()[]/ ")
_WIDE: Final = frozenset("mwMWGOQDNHUCR@%—")


@dataclass
class Box:
    """A node: its lines, each with a class, and how much room the bands at its sides take."""

    column: int
    title: str
    lines: list[tuple[str, str]]
    style: str = ""
    findings: list[Finding] = field(default_factory=list)
    top: float = 0
    entering: float = 0
    leaving: float = 0
    flow: float = 0

    @property
    def left(self) -> float:
        """Its left edge."""
        return _COLUMNS[self.column][0]

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + _COLUMNS[self.column][1]

    @property
    def room(self) -> float:
        """How much of its width holds text."""
        return self.right - self.left - 24

    @property
    def height(self) -> float:
        """Room for its lines and for the bands at either side."""
        text = len(self.lines) * _LINE + 2 * _PADDING - 3
        return max(text, self.entering + 6, self.leaving + 6)


@dataclass(frozen=True)
class Band:
    """What joins two boxes: its thickness, its class, the text at its end."""

    source: Box
    target: Box
    thickness: float
    style: str
    text: str = ""

    @property
    def entry(self) -> float:
        """The room that it takes at its end."""
        return max(self.thickness, _SLOT) if self.text else self.thickness


class Picture:
    """The picture; `color_of` gives the number of the colour that the bands to a destination have."""

    def __init__(self, service: Service, graph: Graph) -> None:
        self.boxes: list[Box] = []
        self.bands: list[Band] = []
        #: The box of each destination, the first target that leads there, and its colour.
        self._targets: dict[object, tuple[Box, Target, int]] = {}
        #: Lists of findings that a box shows.
        self._told: set[int] = set()
        hosts = [host.name for host in graph.hosts_of(service)] or [service.object.full_name]
        self.name = ", ".join(hosts)
        room = _COLUMNS[_HOST][1] - 24
        lines = [("t", line) for host in hosts[:4] for line in _name_lines(host, room)]
        lines.append(("s", f"and {len(hosts) - 4} more" if hosts[4:] else ""))
        lines += [("s", text) for text in folded(", ".join(service.reach()), room, 2)]
        start = self.box(Box(_HOST, self.name, lines))
        self.mark(start, service.object.findings)
        for gateway in service.gateways:
            self.mark(start, gateway.findings)
            if gateway.object is not None:
                self.mark(start, gateway.object.findings)
        for route in service.routes:
            for above, served in route.served():
                self.route(start, above, served)
        self.workloads()

    def box(self, box: Box) -> Box:
        """Add a box."""
        box.lines = [(kind, text) for kind, text in box.lines if text]
        self.boxes.append(box)
        return box

    def mark(self, box: Box, findings: list[Finding]) -> None:
        """Show findings at a box, unless another shows them."""
        if id(findings) not in self._told:
            self._told.add(id(findings))
            box.findings += findings

    def join(self, band: Band) -> None:
        """Add a band."""
        band.source.leaving += band.thickness
        band.target.entering += band.entry
        band.target.flow += band.thickness
        self.bands.append(band)

    def route(self, start: Box, above: Sequence[Route], route: Route) -> None:
        """A route and where it leads."""
        head = " › ".join(part.label for part in (*above, route))
        head += f" “{route.name}”" if route.name else ""
        box = Box(_ROUTE, f"{head}: {route.condition}", [("t", head)])
        box.lines += [("s", line) for line in folded(route.condition, box.room, 3)]
        box.lines.append(("x", "dropped by Istio" if route.dropped else ""))
        box.style = "gone" if route.dropped else ""
        self.box(box)
        for part in (*above, route):
            self.mark(box, part.findings)
            if part.delegate is not None and part.delegate.object is not None:
                self.mark(box, part.delegate.object.findings)
        if route.dropped:
            self.join(Band(start, box, _THIN, "none"))
            return
        self.join(Band(start, box, _FULL, "plain"))
        for target in route.destinations:
            self.destination(box, route, target)
        for target in route.mirrors:
            end, color = self.target(target)
            self.join(Band(box, end, _THIN, f"copy c{color}", f"mirror {share_text(target.share)}"))
        for text in answers(route):
            end = Box(_TARGET, text, [], "answer")
            end.lines = [("s", line) for line in folded(text, end.room, 3)]
            self.join(Band(box, self.box(end), _FULL, "plain"))

    def destination(self, box: Box, route: Route, target: Target) -> None:
        """The band from a route to a destination."""
        end, color = self.target(target)
        text = share_text(target.share)
        if target.share == 0:
            self.join(Band(box, end, _THIN, "none", text))
        elif target.share is None:
            part = max(_FULL / len(route.destinations), _THIN)
            self.join(Band(box, end, part, f"hidden c{color}", text))
        else:
            part = max(_FULL * target.share / 100, _THIN)
            self.join(Band(box, end, part, f"full c{color}", text))

    def color_of(self, target: Target) -> int | None:
        """The colour of a destination; None for one that no requests go to."""
        known = self._targets.get(_key(target))
        return None if known is None else known[2]

    def target(self, target: Target) -> tuple[Box, int]:
        """The box of a destination, which all routes to it share, and its colour."""
        subset = target.subset
        key = _key(target)
        if key not in self._targets:
            absent = subset is not None and subset.state == "absent"
            host = f"{target.host}:{target.port}" if target.port else target.host
            lines = [("t", line) for line in _name_lines(host, _COLUMNS[_TARGET][1] - 24)]
            if subset is not None:
                lines.append(("b", f"subset {subset.name}"))
            lines.append(("x" if absent else "s", labels_text(target)))
            style = "gone" if absent else "faint" if target.state != "found" else ""
            box = self.box(Box(_TARGET, f"{target.full_name}: {target.name}", lines, style))
            self._targets[key] = (box, target, len(self._targets) % COLORS)
            if subset is not None:
                self.mark(box, subset.findings)
            for item in (target.rule, target.service):
                if item is not None:
                    self.mark(box, item.findings)
        box, _first, color = self._targets[key]
        self.mark(box, target.findings)
        return box, color

    def workloads(self) -> None:
        """The last column, once it is known how much each destination gets."""
        known: dict[int, Box] = {}
        for box, target, color in self._targets.values():
            for pods in target.workloads:
                item = pods.object
                if id(item) not in known:
                    name = _name_lines(item.name, _COLUMNS[_PODS][1] - 24)
                    lines = [("s", item.kind), *(("t", line) for line in name)]
                    known[id(item)] = self.box(Box(_PODS, item.title, lines))
                    self.mark(known[id(item)], item.findings)
                part = max(box.flow / len(target.workloads), _THIN)
                style = f"full c{color}" if pods.certain else f"hidden c{color}"
                self.join(Band(box, known[id(item)], part, style))
            if not target.workloads and pods_text(target):
                text = pods_text(target)
                end = self.box(Box(_PODS, text, [("s", text)], "faint"))
                self.join(Band(box, end, _THIN, "none"))

    # -- drawing ----------------------------------------------------------------------------------

    def svg(self) -> str:
        """An SVG element, without styles: bands below boxes, texts of bands above all."""
        for box in self.boxes:
            box.lines += _codes(box.findings)
        height = self.place()
        drawn = list(self.drawn_bands())
        parts = [band for band, _text in drawn]
        parts += [_draw_box(box) for box in self.boxes]
        parts += [text for _band, text in drawn]
        label = _safe(f"Picture of the routes of {self.name}; the table below tells the same.")
        return (
            f'<svg class="picture" viewBox="0 0 {_WIDTH} {height:.0f}" role="img" '
            f'aria-label="{label}">{"".join(parts)}</svg>'
        )

    def place(self) -> float:
        """Stack the boxes of each column, the columns centred; gives the height of the picture."""
        columns = [[box for box in self.boxes if box.column == number] for number in range(4)]
        heights = [
            sum(box.height for box in column) + _GAP * max(len(column) - 1, 0) for column in columns
        ]
        for column, height in zip(columns, heights, strict=True):
            top = (max(heights) - height) / 2 + 2
            for box in column:
                box.top = top
                top += box.height + _GAP
        return max(heights) + 4

    def drawn_bands(self) -> Iterator[tuple[str, str]]:
        """Each band and its text; the bands at one side of a box lie one below the other."""
        leaving = {id(box): box.top + (box.height - box.leaving) / 2 for box in self.boxes}
        entering = {id(box): box.top + (box.height - box.entering) / 2 for box in self.boxes}
        for band in self.bands:
            start, end = leaving[id(band.source)], entering[id(band.target)]
            leaving[id(band.source)] += band.thickness
            entering[id(band.target)] += band.entry
            middle = end + band.entry / 2
            yield _draw_band(band, start, middle - band.thickness / 2), _draw_text(band, middle)


def _key(target: Target) -> object:
    """What two mentions of one destination have in common."""
    subset = target.subset and target.subset.name
    return (target.full_name, target.port, subset, id(target.service))


def _draw_band(band: Band, start: float, end: float) -> str:
    left, right, size = band.source.right, band.target.left, band.thickness
    bend = (left + right) / 2
    kind = band.style.split()[0]
    if kind in ("none", "copy"):
        y, z = start + size / 2, end + size / 2
        path = f"M{left:.0f} {y:.1f}C{bend:.0f} {y:.1f} {bend:.0f} {z:.1f} {right:.0f} {z:.1f}"
        return f'<path class="l {band.style}" d="{path}"/>'
    path = (
        f"M{left:.0f} {start:.1f}C{bend:.0f} {start:.1f} {bend:.0f} {end:.1f} {right:.0f} {end:.1f}"
        f"v{size:.1f}C{bend:.0f} {end + size:.1f} {bend:.0f} {start + size:.1f} "
        f"{left:.0f} {start + size:.1f}z"
    )
    return f'<path class="{band.style}" d="{path}"/>'


def _draw_text(band: Band, middle: float) -> str:
    if not band.text:
        return ""
    x, y = band.target.left - 7, middle + 4
    return f'<text class="p" x="{x:.0f}" y="{y:.1f}">{_safe(band.text)}</text>'


def _draw_box(box: Box) -> str:
    worst = max((finding.severity for finding in box.findings), default=None)
    style = " ".join(filter(None, ("n", box.style, worst.label if worst else "")))
    top = box.top + (box.height - len(box.lines) * _LINE) / 2 + 12.5
    texts = "".join(
        f'<text class="{kind}" x="{box.left + 12:.0f}" y="{top + index * _LINE:.1f}">'
        f"{_safe(fitted(text, box.room * _ROOM.get(kind, 1)))}</text>"
        for index, (kind, text) in enumerate(box.lines)
    )
    return (
        f'<g class="{style}"><title>{_safe(box.title)}</title>'
        f'<rect x="{box.left + 1:.0f}" y="{box.top:.1f}" width="{box.right - box.left - 2:.0f}" '
        f'height="{box.height:.1f}" rx="7"/>{texts}</g>'
    )


def _codes(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """The severity and the rule of each finding at a box, once, the worst first."""
    worst_first = sorted(findings, key=lambda finding: -finding.severity)
    rules = dict.fromkeys((finding.severity, finding.rule) for finding in worst_first)
    return [
        (f"m {severity.label}", f"{SIGNS[severity.label]} {severity.label} {rule}")
        for severity, rule in rules
    ]


def _safe(text: str) -> str:
    return escape(visible(" ".join(text.split())))


def _width(text: str) -> float:
    """About how wide a text is at most, for the fonts that a page may get."""
    return sum(map(_width_of, text)) * _FONT


def _width_of(char: str) -> float:
    if char in _NARROW:
        return 0.4
    if char in _WIDE:
        return 0.88
    return 1.0 if unicodedata.east_asian_width(char) in "WF" else 0.63


def fitted(text: str, room: float) -> str:
    """A text, its end cut off where it is wider than the room."""
    used, end = 0.0, 0
    for position, char in enumerate(text):
        used += _width_of(char) * _FONT
        if used > room:
            return text[:end].rstrip() + "…"
        if used + _FONT <= room:
            end = position + 1
    return text


def folded(text: str, room: float, most: int) -> list[str]:
    """A text in lines that fit, at most so many; the last one is cut."""
    return _folded(re.findall(r"\S+\s*", text), room, most)


def _name_lines(name: str, room: float) -> list[str]:
    """A name in bold in up to two lines, broken after its dots and dashes."""
    return _folded(re.findall(r"[^.-]+[.-]*|[.-]+", name), room * _ROOM["t"], 2)


def _folded(parts: Iterable[str], room: float, most: int) -> list[str]:
    lines = [""]
    for part in parts:
        longer = lines[-1] + part
        if not lines[-1] or _width(longer.rstrip()) <= room or len(lines) == most:
            lines[-1] = longer
        else:
            lines.append(part)
    return [fitted(line.strip(), room) for line in lines]

"""The graph as one page of HTML, which needs nothing but itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Final

from ..finding import Finding, Severity
from ..report.characters import counted
from ..web import badge, note, page, text_of
from .picture import Picture
from .style import SCRIPT, STYLE
from .totals import Totals
from .words import answers, labels_text, pods_text, share_text

if TYPE_CHECKING:
    from ..report import View
    from .model import Graph, Object, Route, Service, Spot, Target

#: Up to so many VirtualServices stand open.
_OPEN: Final = 25
_KEY: Final = (
    ('<path class="full c0" d="M0 1h34v10H0z"/>', "as thick as the share of a route's requests"),
    ('<path class="l none" d="M0 6h34"/>', "no requests"),
    ('<path class="l copy c0" d="M0 6h34"/>', "a mirror: copies of requests"),
    ('<path class="hidden c0" d="M1 1h32v10H1z"/>', "a share that the files hide"),
)


def render(graph: Graph, view: View) -> str:
    """The page; the same bytes for the same tree."""
    return "\n".join(_Page(graph, view.version).lines()) + "\n"


class _Page:
    def __init__(self, graph: Graph, version: str) -> None:
        self.graph = graph
        self.version = version
        self.totals = Totals.of(graph)

    def lines(self) -> Iterator[str]:
        """The page from top to bottom."""
        return page("Traffic graph", self.body(), style=STYLE, version=self.version, script=SCRIPT)

    def body(self) -> Iterator[str]:
        """What the page shows."""
        yield from self.top()
        yield "<main>"
        for service in self.graph.services:
            yield from self.service(service)
        if not self.graph.services:
            yield "<p>There is no VirtualService in what was read.</p>"
        yield from self.elsewhere()
        version = text_of(self.version)
        yield f"<footer>Drawn by tsplit-lint {version} from files, without a cluster.</footer>"
        yield "</main>"

    def top(self) -> Iterator[str]:
        """The title, how much there is, the key, the filter."""
        totals = self.totals
        numbers = " · ".join(
            counted(number, word)
            for number, word in (
                (totals.hosts, "host"),
                (totals.routes, "route"),
                (totals.destinations, "destination"),
            )
        )
        yield '<header class="top"><h1>Traffic graph</h1>'
        yield f'<ul class="counts"><li>{numbers}</li>'
        for level in sorted(totals.findings, reverse=True):
            yield f"<li>{_badge(level, counted(totals.findings[level], level.label))}</li>"
        yield "</ul>"
        items = (
            f'<li><svg viewBox="0 0 34 12" aria-hidden="true">{sign}</svg>{escape(text)}</li>'
            for sign, text in _KEY
        )
        yield f'<ul class="key">{"".join(items)}</ul>'
        yield (
            '<form class="filter" hidden><input type="search" placeholder="Filter by host" '
            'aria-label="Filter by host"><label><input type="checkbox"> only with findings</label>'
            '<output aria-live="polite"></output></form></header>'
        )

    def service(self, service: Service) -> Iterator[str]:
        """One VirtualService: a heading that opens, the picture, the table."""
        section = _Section(service, self.graph)
        hosts = self.graph.hosts_of(service)
        names = ", ".join(host.name for host in hosts) or service.object.full_name
        known = {text for host in hosts for text in (host.full_name, *host.spellings)}
        search = " ".join(sorted({text.lower() for text in (*known, service.object.name)}))
        body = list(section.body())
        worst = max(section.severities, default=None)
        is_open = " open" if len(self.graph.services) <= _OPEN else ""
        yield (
            f'<details class="host" data-name="{text_of(search)}"'
            f'{f""" data-worst="{worst.label}" """.rstrip() if worst else ""}{is_open}>'
        )
        yield f'<summary><span class="line"><h2>{text_of(names)}</h2>'
        for tag in _tags(service):
            yield f'<span class="badge tag">{text_of(tag)}</span>'
        for level in sorted(set(section.severities), reverse=True):
            number = section.severities.count(level)
            yield _badge(level, counted(number, level.label))
        title = f"VirtualService {service.object.full_name}"
        yield f'<span class="where">{text_of(title)} {_where(service.object)}</span></span></summary>'
        yield '<div class="inside">'
        yield from body
        yield "</div></details>"

    def elsewhere(self) -> Iterator[str]:
        """The findings that belong to no node."""
        if not self.graph.elsewhere:
            return
        number = counted(len(self.graph.elsewhere), "finding")
        is_open = " open" if len(self.graph.elsewhere) <= _OPEN else ""
        yield f'<details class="host"{is_open}><summary><span class="line">'
        yield f"<h2>{number} at other places</h2></span></summary>"
        yield '<div class="inside">'
        for finding in self.graph.elsewhere:
            yield _note(finding)
        yield "</div></details>"


class _Section:
    """The inside of one VirtualService; `severities` are those of the findings it shows."""

    def __init__(self, service: Service, graph: Graph) -> None:
        self.service_shown = service
        self.graph = graph
        self.severities: list[Severity] = []
        self.picture = Picture(service, graph)
        self._told: set[int] = set()

    def body(self) -> Iterator[str]:
        """The findings of the object, the picture, the table of routes."""
        service = self.service_shown
        yield from self.notes(service.object.findings)
        for gateway in service.gateways:
            yield from self.notes(gateway.findings)
            if gateway.object is not None:
                yield from self.notes(gateway.object.findings)
        if service.routes:
            yield self.picture.svg()
            yield from self.table(service)
        if service.hidden:
            yield '<p class="soft">? more routes, which an expression hides</p>'
        elif not service.routes:
            yield '<p class="soft">no routes</p>'

    def table(self, service: Service) -> Iterator[str]:
        """All routes with their destinations."""
        heads = "".join(
            f'<th scope="col">{text}</th>'
            for text in ("Share", "Destination", "Labels of the subset", "Workloads", "Place")
        )
        yield f"<table><thead><tr>{heads}</tr></thead>"
        for route in service.routes:
            yield from self.route(route, "")
        yield "</table>"

    def route(self, route: Route, style: str) -> Iterator[str]:
        """A route as a group of rows."""
        yield f'<tbody{f""" class="{style}" """.rstrip() if style else ""}>'
        name = f" “{text_of(route.name)}”" if route.name else ""
        dropped = ' <span class="absent">dropped: outside the root\'s match</span>'
        yield (
            f'<tr><th colspan="5" scope="rowgroup"><b>{route.label}{name}</b> '
            f"{text_of(route.condition)}{dropped if route.dropped else ''} "
            f'<span class="where"><code>{self.place(route.spot)}</code></span>'
            f"{''.join(self.notes(route.findings))}</th></tr>"
        )
        for text in answers(route):
            yield f'<tr><td></td><td colspan="4">{text_of(text)}</td></tr>'
        for target in route.destinations:
            yield from self.target(target, "")
        for target in route.mirrors:
            yield from self.target(target, ' <span class="soft">(mirror)</span>')
        delegate = route.delegate
        if delegate is not None and delegate.object is not None:
            notes = "".join(self.notes(delegate.object.findings))
            where = f"{text_of(delegate.object.title)} {_where(delegate.object)}"
            yield f'<tr><td></td><td colspan="4" class="where">{where}{notes}</td></tr>'
        yield "</tbody>"
        for own in delegate.routes if delegate is not None else ():
            yield from self.route(own, "deep")

    def target(self, target: Target, word: str) -> Iterator[str]:
        """A destination or a mirror as a row, its findings below."""
        absent = target.subset is not None and target.subset.state == "absent"
        labels = labels_text(target)
        labels = f'<span class="absent">{text_of(labels)}</span>' if absent else text_of(labels)
        pods = text_of(pods_text(target))
        pods = pods if target.workloads else f'<span class="soft">{pods}</span>' if pods else ""
        name = f"{target.host}:{target.port}" if target.port else target.host
        subset = f" / <b>{text_of(target.subset.name)}</b>" if target.subset else ""
        yield (
            f"<tr><td>{self.bar(target, faint=bool(word))}{text_of(share_text(target.share))}</td>"
            f"<td>{text_of(name)}{subset}{word}</td><td>{labels}</td><td>{pods}</td>"
            f'<td class="where"><code>{self.place(target.spot)}</code></td></tr>'
        )
        notes = "".join(self.about(target))
        if notes:
            yield f'<tr><td></td><td colspan="4">{notes}</td></tr>'

    def about(self, target: Target) -> Iterator[str]:
        """The findings of a destination and of what it leads to."""
        yield from self.notes(target.findings)
        if target.subset is not None:
            yield from self.notes(target.subset.findings)
        for item in (target.rule, target.service, *(pods.object for pods in target.workloads)):
            if item is not None:
                yield from self.notes(item.findings)

    def place(self, spot: Spot) -> str:
        """A place: the line alone where the heading names the file."""
        here = self.service_shown.object.spot.file
        return f"line {spot.line}" if spot.file == here else text_of(str(spot))

    def bar(self, target: Target, *, faint: bool) -> str:
        """A share as a bar, in the colour that the destination has in the picture."""
        share, color = target.share, self.picture.color_of(target)
        width = 0.0 if share is None else min(max(share, 0.0), 100.0)
        style = f"width:{width:.4g}%;background:var(--c{color or 0})"
        kind = "bar copy" if faint else "bar open" if share is None else "bar"
        return f'<span class="{kind}" aria-hidden="true"><i style="{style}"></i></span>'

    def notes(self, findings: list[Finding]) -> Iterator[str]:
        """The findings of a place, the first time that the section shows it."""
        if id(findings) in self._told:
            return
        self._told.add(id(findings))
        for finding in findings:
            self.severities.append(finding.severity)
            yield _note(finding)


def _tags(service: Service) -> Sequence[str]:
    """From where the hosts are reached, and what is special about the VirtualService."""
    tags = (
        ["delegate, named by no route in sight"] if service.delegate else service.reach() or ["?"]
    )
    return [*tags, "managed by Harness"] if service.managed else tags


def _note(finding: Finding) -> str:
    place = f"{finding.file}:{finding.span.line}"
    return note(finding.severity.label, finding.rule, finding.message, place=place)


def _badge(level: Severity, text: str) -> str:
    return badge(level.label, text)


def _where(item: Object) -> str:
    return f"<code>{text_of(str(item.spot))}</code>"

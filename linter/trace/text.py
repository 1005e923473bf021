"""A trace for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from ..catalog.gateways import MESH
from ..matching.evaluate import Answer, Request, gateway_name
from ..resource import as_dict
from ..values import Unknown
from .candidates import place_of
from .model import Entry, Share, Trace, Try

#: What can be told on the command line, by the condition that asks for it.
_FLAGS = {
    "port": "--port",
    "sourceLabels": "--from-label",
    "sourceNamespace": "--from-namespace",
}


def render(trace: Trace) -> str:
    """The trace as text."""
    lines = [_title(trace.request), _verdict(trace)]
    if trace.taken is not None:
        lines += _action(trace.taken)
    lines += _table([*trace.shares, *trace.mirrors], len(trace.shares))
    if trace.tries:
        lines += ["", "asked before:" if trace.taken else "asked:"]
        for _route, tries in groupby(trace.tries, key=lambda each: id(each.entry.route)):
            lines += _tried(list(tries))
    if trace.notes:
        lines += ["", "notes:", *(f"  - {note}" for note in trace.notes)]
    return "\n".join(lines) + "\n"


def _title(request: Request) -> str:
    if request.gateway[1] == MESH:
        client = "from within the mesh"
    else:
        client = f"through Gateway {gateway_name(request.gateway)}"
    namespace = f", namespace {request.namespace}" if request.namespace else ""
    port = f":{request.port}" if request.port is not None else ""
    query = "&".join(f"{name}={value}" for name, value in request.query.items())
    target = f"{request.host}{port}{request.path}" + (f"?{query}" if query else "")
    return f"{request.method} {request.scheme}://{target} {client}{namespace}"


def _verdict(trace: Trace) -> str:
    if trace.outcome == "service":
        return "No VirtualService stands between: the request goes to the host itself."
    if trace.outcome == "unknown":
        rest = f"; if not, {_entry_title(trace.taken)} takes it" if trace.taken else ""
        return f"It cannot be told which route takes it, see below{rest}."
    if trace.taken is None:
        if not trace.tries:
            return "Nothing takes it."
        is_http = trace.tries[0].entry.route.protocol == "http"
        return f"No route takes it{': the answer is 404' if is_http else ''}."
    return f"{_entry_title(trace.taken)} takes it."


def _entry_title(entry: Entry | None) -> str:
    if entry is None:
        return ""
    route = entry.route
    service = route.resource
    line = route.at().span().line
    match = "" if entry.match is None else f", match[{entry.match}]"
    root = f", delegated by {entry.service.title}" if entry.root is not None else ""
    named = f"{route.protocol}[{route.path[-1]}]"
    name = f' "{route.name}"' if route.name else ""
    return f"{named}{name}{match} of {service.title} ({service.file.path}:{line}){root}"


def _action(entry: Entry) -> Iterator[str]:
    data = entry.route.data
    for field, words in (
        ("redirect", "answers with a redirect"),
        ("directResponse", "answers itself"),
        ("rewrite", "rewrites"),
    ):
        given = as_dict(data.get(field))
        if given:
            yield f"  {words}: {pairs(given)}"


def pairs(values: Mapping[str, Any]) -> str:
    """A mapping in one line."""
    return ", ".join(f"{key}={_shown(value)}" for key, value in values.items())


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "{" + pairs(value) + "}"
    return value.text if isinstance(value, Unknown) else str(value)


def _table(shares: list[Share], live: int) -> list[str]:
    rows = [_row(share, mirror=index >= live) for index, share in enumerate(shares)]
    if not rows:
        return []
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  "
        + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return ["", *lines]


def _row(share: Share, *, mirror: bool) -> tuple[str, ...]:
    percent = "hidden" if share.percent is None else f"{share.percent:.4g}%"
    subset = f" subset {share.subset}" if share.subset else ""
    port = f" port {share.port}" if share.port is not None else ""
    workloads = ", ".join(f"{each.title} ({place_of(each)})" for each in share.workloads)
    return (
        f"{'copy of ' if mirror else ''}{percent}",
        f"{share.full_name}{subset}{port}",
        f"[{pairs(share.labels)}]" if share.labels else "",
        workloads,
    )


def _tried(tries: list[Try]) -> Iterator[str]:
    first = tries[0].entry
    route = first.route
    yield (
        f"  {route.protocol}[{route.path[-1]}]"
        + (f' "{route.name}"' if route.name else "")
        + f" of {route.resource.title} ({route.resource.file.path}:{route.at().span().line})"
    )
    for each in tries:
        place = "" if each.entry.match is None else f"match[{each.entry.match}]: "
        yield f"    {place}{reason(each.answer)}"


def reason(answer: Answer) -> str:
    """Why a match does not take a request, or why that cannot be told."""
    if answer.takes is None:
        if answer.got == "not given" and answer.field in _FLAGS:
            return (
                f"{answer.field} {answer.wanted} is asked for: tell it with {_FLAGS[answer.field]}"
            )
        given = f", and it is {answer.got}" if answer.got else ""
        return f"cannot be told: {answer.field} must be {answer.wanted}{given}"
    return f"{answer.field} is {answer.got}, and the match asks for {answer.wanted}"

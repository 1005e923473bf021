"""A trace for a program: the keys are kept from version to version."""

from __future__ import annotations

import json
from typing import Any

from ..catalog.gateways import MESH
from ..matching.evaluate import Request, gateway_name
from ..resource import Resource, View, as_dict
from ..values import Unknown
from .model import Entry, Share, Trace, Try
from .text import reason

_VERDICTS = {True: "taken", False: "no", None: "unknown"}


def render(trace: Trace) -> str:
    """The trace as JSON."""
    taken = trace.taken
    data = as_dict(taken.route.data) if taken is not None else {}
    output = {
        "schema_version": 1,
        "request": _request(trace.request),
        "outcome": trace.outcome,
        "route": _entry(taken) if taken is not None else None,
        "destinations": [_share(share) for share in trace.shares],
        "mirrors": [_share(share) for share in trace.mirrors],
        "redirect": _plain(data.get("redirect")),
        "direct_response": _plain(data.get("directResponse")),
        "rewrite": _plain(data.get("rewrite")),
        "tried": [_tried(each) for each in trace.tries],
        "notes": trace.notes,
    }
    return json.dumps(output, indent=2, ensure_ascii=False) + "\n"


def _request(request: Request) -> dict[str, Any]:
    mesh = request.gateway[1] == MESH
    return {
        "host": request.host,
        "path": request.path,
        "query": dict(request.query),
        "method": request.method,
        "scheme": request.scheme,
        "headers": dict(request.headers),
        "port": request.port,
        "gateway": MESH if mesh else gateway_name(request.gateway),
        "namespace": request.namespace,
        "labels": None if request.labels is None else dict(request.labels),
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "virtual_service": _object(entry.route.resource),
        "path": _place(entry.route)["path"],
        "line": _place(entry.route)["line"],
        "name": entry.route.name,
        "protocol": entry.route.protocol,
        "match": entry.match,
        "delegated_by": None
        if entry.root is None
        else {"virtual_service": _object(entry.root.resource), **_place(entry.root)},
    }


def _place(view: View) -> dict[str, Any]:
    from ..document import path_text

    return {"path": path_text(view.path), "line": view.at().span().line}


def _tried(each: Try) -> dict[str, Any]:
    answer = each.answer
    return {
        **_entry(each.entry),
        "verdict": _VERDICTS[answer.takes],
        "field": answer.field,
        "wanted": answer.wanted,
        "got": answer.got,
        "reason": reason(answer),
    }


def _share(share: Share) -> dict[str, Any]:
    return {
        "host": share.host,
        "full_name": share.full_name,
        "subset": share.subset,
        "port": share.port,
        "percent": share.percent,
        "labels": _plain(dict(share.labels)),
        "destination_rule": None if share.rule is None else _object(share.rule),
        "provider": None if share.provider is None else _object(share.provider),
        "workloads": [_object(workload) for workload in share.workloads],
    }


def _object(resource: Resource) -> dict[str, Any]:
    identity = resource.identity
    return {
        "kind": identity.kind,
        "name": identity.name,
        "namespace": identity.namespace,
        "file": resource.file.path,
        "line": resource.head().span().line,
    }


def _plain(value: Any) -> Any:
    """Data as JSON has it; a hidden value is its text."""
    if isinstance(value, Unknown):
        return value.text
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value

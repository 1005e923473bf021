"""The graph for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ..finding import Severity
from ..report.characters import to_json
from .totals import Totals

if TYPE_CHECKING:
    from ..finding import Finding
    from ..report import View
    from .model import Delegate, Graph, HostNode, Object, Reference, Route, Service, Subset, Target

SCHEMA_VERSION: Final = 1


def render(graph: Graph, view: View) -> str:
    """The same bytes for the same tree, whatever the terminal and the platform."""
    totals = Totals.of(graph)
    levels = {
        level.label: totals.findings.get(level, 0) for level in sorted(Severity, reverse=True)
    }
    return to_json(
        {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "tsplit-lint", "version": view.version},
            "summary": {
                "hosts": totals.hosts,
                "virtual_services": totals.services,
                "routes": totals.routes,
                "destinations": totals.destinations,
                **levels,
            },
            "hosts": [_host(host) for host in graph.hosts],
            "virtual_services": [_service(service, graph) for service in graph.services],
            "findings_elsewhere": _findings(graph.elsewhere),
        }
    )


def _host(host: HostNode) -> dict[str, Any]:
    return {
        "name": host.name,
        "full_name": host.full_name,
        "spellings": host.spellings,
        "virtual_services": [str(service.object.spot) for service in host.services],
    }


def _service(service: Service, graph: Graph) -> dict[str, Any]:
    return {
        "id": str(service.object.spot),
        **_object(service.object),
        "hosts": [host.full_name for host in graph.hosts_of(service)],
        "mesh": service.mesh,
        "gateways": [_gateway(gateway) for gateway in service.gateways],
        "managed": service.managed,
        "delegate": service.delegate,
        "hides_routes": service.hidden,
        "routes": [_route(route) for route in service.routes],
    }


def _gateway(gateway: Reference) -> dict[str, Any]:
    return {
        "name": gateway.name,
        "state": gateway.state,
        "object": _reference(gateway.object),
        "findings": _findings(gateway.findings),
    }


def _route(route: Route) -> dict[str, Any]:
    return {
        "protocol": route.protocol,
        "index": route.index,
        "name": route.name,
        "matches": route.matches,
        "file": route.spot.file,
        "line": route.spot.line,
        "dropped": route.dropped,
        "redirect": route.redirect,
        "direct_response": route.direct_response,
        "delegate": None if route.delegate is None else _delegate(route.delegate),
        "destinations": [_target(target) for target in route.destinations],
        "hides_destinations": route.hides_destinations,
        "mirrors": [_target(target) for target in route.mirrors],
        "findings": _findings(route.findings),
    }


def _delegate(delegate: Delegate) -> dict[str, Any]:
    return {
        "name": delegate.name,
        "namespace": delegate.namespace,
        "state": delegate.state,
        "remark": delegate.remark,
        "object": _reference(delegate.object),
        "routes": [_route(route) for route in delegate.routes],
    }


def _target(target: Target) -> dict[str, Any]:
    share = target.share
    return {
        "host": target.host,
        "full_name": target.full_name,
        "state": target.state,
        "external": target.external,
        "port": target.port,
        "weight": target.weight,
        "share": share if share is None else round(share, 3),
        "subset": None if target.subset is None else _subset(target.subset),
        "service": _reference(target.service),
        "destination_rule": _reference(target.rule),
        "workloads": [
            {**_object(pods.object), "certain": pods.certain} for pods in target.workloads
        ],
        "file": target.spot.file,
        "line": target.spot.line,
        "findings": _findings(target.findings),
    }


def _subset(subset: Subset) -> dict[str, Any]:
    spot = subset.spot
    return {
        "name": subset.name,
        "state": subset.state,
        "labels": subset.labels,
        "by_harness": subset.by_harness,
        "file": spot.file if spot else None,
        "line": spot.line if spot else None,
        "findings": _findings(subset.findings),
    }


def _reference(item: Object | None) -> dict[str, Any] | None:
    return None if item is None else _object(item)


def _object(item: Object) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "name": item.name,
        "namespace": item.namespace,
        "file": item.spot.file,
        "line": item.spot.line,
        "findings": _findings(item.findings),
    }


def _findings(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "rule": finding.rule,
            "name": finding.name,
            "severity": finding.severity.label,
            "message": finding.message,
            "file": finding.file,
            "line": finding.span.line,
            "column": finding.span.column,
            "path": finding.path,
            "help": finding.help,
        }
        for finding in findings
    ]

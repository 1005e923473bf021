"""Where a route sends a request: shares, subsets, workloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..catalog.choice import first_in_line
from ..catalog.core import Catalog
from ..catalog.gateways import MESH
from ..resource import (
    Destination,
    DestinationRule,
    Resource,
    Route,
    Service,
    as_dict,
    as_list,
)
from ..syntax import selects
from ..values import Unknown, is_integer
from ..workload import Workload
from .model import Share, Trace


def follow(trace: Trace, catalog: Catalog) -> None:
    """Add the destinations and mirrors of the route that takes the request."""
    if trace.taken is None:
        return
    route = trace.taken.route
    for destination, percent in _shared(route):
        trace.shares.append(_share(destination, percent, trace, catalog))
    if route.has_unknown_destinations:
        trace.note("Some of the route's destinations are hidden.")
    for mirror, percent in _mirrored(route):
        trace.mirrors.append(_share(mirror, percent, trace, catalog))
    if trace.taken.service.managed is True and len(route.destinations) > 0:
        trace.note(
            "The VirtualService is managed by Harness, which writes the destinations and weights of its "
            "route at each deployment."
        )


def serve_directly(services: Sequence[Service], trace: Trace, catalog: Catalog) -> None:
    """Add the Service that takes a request when no VirtualService stands between."""
    first, *others = services
    name = catalog.full_name(str(first.name), first)
    workloads = catalog.workloads_of(first) if first.selector else []
    share = Share(str(first.name), name, None, trace.request.port, 100.0, provider=first)
    share.workloads = workloads
    trace.shares.append(share)
    if others:
        trace.note(f"{len(others)} more of the Services in sight have this name.")


def _shared(route: Route) -> list[tuple[Destination, float | None]]:
    """The destinations that get something, each with its share in percent (None: hidden)."""
    destinations = route.destinations
    if len(destinations) == 1 and not route.has_unknown_destinations:
        return [(destinations[0], 100.0)]
    total = route.total_weight
    if not is_integer(total):
        return [(each, None) for each in destinations if each.weight not in (None, 0)]
    return [
        (each, round(100 * each.weight / total, 3) if total > 0 else None)
        for each in destinations
        if each.weight
    ]


def _mirrored(route: Route) -> list[tuple[Destination, float | None]]:
    """The mirrors that get something, each with the percentage of the requests that it gets."""
    found = []
    policies = as_list(route.data.get("mirrors"))
    for mirror in route.mirrors:
        if "mirrors" in mirror.path:
            place = mirror.path[mirror.path.index("mirrors") + 1]
            policy = as_dict(policies[place]) if isinstance(place, int) else {}
            written = policy.get("percentage")
        else:
            written = route.data.get("mirrorPercentage")
            if written is None and route.data.get("mirrorPercent") is not None:
                written = {"value": route.data["mirrorPercent"]}
        percent = _percent(written)
        if percent != 0:
            found.append((mirror, percent))
    return found


def _percent(written: object) -> float | None:
    if written is None:
        return 100.0
    value = as_dict(written).get("value", 0)
    return float(value) if isinstance(value, (int, float)) else None


def _share(
    destination: Destination, percent: float | None, trace: Trace, catalog: Catalog
) -> Share:
    """A destination with what the files tell of its subset and its workloads."""
    host, subset, port = destination.host, destination.subset, destination.port
    asker = destination.resource
    shown = host.text if isinstance(host, Unknown) else host or ""
    share = Share(
        shown,
        shown,
        subset.text if isinstance(subset, Unknown) else subset,
        port if is_integer(port) else None,
        percent,
    )
    if isinstance(host, Unknown) or not host:
        return share
    share.full_name = catalog.full_name(host, asker)
    if isinstance(subset, str):
        _add_subset(share, _rules(host, asker, trace, catalog), trace)
    provider = next(iter(catalog.provider(host, asker).items), None)
    if catalog.provider(host, asker).state != "found":
        provider = None
    share.provider = provider
    if isinstance(provider, Service) and provider.selector and not isinstance(subset, Unknown):
        share.workloads = _workloads(share, catalog.workloads_of(provider))
    return share


def _rules(host: str, asker: Resource, trace: Trace, catalog: Catalog) -> list[DestinationRule]:
    """The DestinationRules that the client gets for a host."""
    client = trace.request.namespace
    if client is None or trace.request.gateway[1] != MESH:
        return catalog.first_rules(host, asker)
    near = catalog.nearest(catalog.destination_rules(host, asker), asker)
    namespace = catalog.host(host, asker).namespace
    return first_in_line(near, client, namespace or None, catalog)


def _add_subset(share: Share, rules: Sequence[DestinationRule], trace: Trace) -> None:
    for rule in rules:
        for subset in rule.subsets:
            if subset.name == share.subset:
                share.rule, share.labels = rule, subset.labels
                return
    managed = [rule for rule in rules if rule.managed is True]
    if managed and share.subset in ("stable", "canary"):
        share.rule = managed[0]
        trace.note(f'Harness writes the subset "{share.subset}" into {managed[0].title}.')
    elif any(rule.hides_subsets for rule in rules):
        trace.note(f'The labels of subset "{share.subset}" of "{share.host}" are hidden.')
    else:
        trace.note(
            f'No DestinationRule in sight that applies defines subset "{share.subset}" of '
            f'"{share.host}": where none does, requests for it fail with 503.'
        )


def _workloads(share: Share, workloads: Sequence[Workload]) -> list[Workload]:
    """Those workloads of a Service whose pods have the labels of the subset, or may have them."""
    if share.subset is not None and share.rule is None:
        return []
    labels: Mapping[str, object] = share.labels
    return [
        workload
        for workload in workloads
        if workload.hides_labels or selects(labels, workload.pod_labels) is not False
    ]

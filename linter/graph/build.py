"""From the catalogue and the findings to the graph."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ..catalog.hosts import Host, namespaces_meet
from ..delegates import Delegation, delegation, is_delegate, is_exported, merge_route
from ..resource import (
    Destination,
    DestinationRule,
    Resource,
    Route,
    ServiceEntry,
    VirtualService,
    as_dict,
    known_namespace,
)
from ..resource import Service as KubernetesService
from ..resource import Subset as SubsetView
from ..syntax import selects
from ..values import Unknown, is_integer, is_text
from ..workload import Workload, WorkloadEntry
from . import model
from .notes import Notes
from .words import match_text, redirect_text, response_text, shown

if TYPE_CHECKING:
    from ..catalog.core import Catalog
    from ..document import Path
    from ..finding import Finding
    from ..source import SourceFile

#: The name of an object in block style, where it is the first entry of its metadata.
_NAME: Final = re.compile(r"^metadata:[ \t]*\n[ ]+name:[ \t]+([^\s#&*!|>{\[]+)", re.MULTILINE)
#: What a deployment by Harness adds to the subsets `stable` and `canary`.
_TRACK: Final = "harness.io/track"


def build(
    catalog: Catalog, findings: Sequence[Finding], sources: Mapping[str, SourceFile]
) -> model.Graph:
    """The graph of the VirtualServices that are linted; those of the context are only referred to."""
    return _Builder(catalog).graph(findings, sources)


class _Builder:
    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.notes = Notes()
        self._objects: dict[int, model.Object] = {}
        self._subsets: dict[tuple[int, str], model.Subset] = {}
        self._roots: dict[int, list[model.Object]] = {}
        self._hosts: dict[Host | str, int] = {}
        self._nodes: list[model.HostNode] = []
        self._entries = list(catalog.resources(WorkloadEntry))

    def graph(self, findings: Sequence[Finding], sources: Mapping[str, SourceFile]) -> model.Graph:
        """Build every VirtualService, sort, and put the findings where they belong."""
        services = [
            self.service(item)
            for item in self.catalog.resources(VirtualService)
            if not item.file.context
        ]
        elsewhere = self.notes.file(findings, self.catalog, sources)
        # a delegate's routes stand below the roots that name it
        services = [service for service in services if not (service.delegate and service.roots)]
        order = sorted(range(len(self._nodes)), key=lambda index: self._nodes[index].name)
        places = {old: new for new, old in enumerate(order)}
        nodes = [self._nodes[index] for index in order]
        for service in services:
            service.hosts = [places[index] for index in service.hosts]
        services.sort(key=lambda service: _order(service, nodes))
        for service in services:
            for index in service.hosts:
                nodes[index].services.append(service)
        return model.Graph(nodes, services, list(findings), elsewhere)

    # -- objects ----------------------------------------------------------------------------------

    def node(self, resource: Resource) -> model.Object:
        """The node of an object; the same one each time."""
        key = id(resource)
        if key not in self._objects:
            name, namespace = resource.name, resource.namespace
            self._objects[key] = model.Object(
                resource.kind or "",
                shown(name) or "(no name)",
                None if namespace is None else shown(namespace),
                _spot(resource),
                self.notes.at(resource),
            )
        return self._objects[key]

    def service(self, service: VirtualService) -> model.Service:
        """A VirtualService with its routes."""
        own = not is_delegate(service)  # Istio refuses gateways of a delegate
        gateways = [
            self.gateway(service, index, name)
            for index, name in enumerate(service.gateways)
            if own and name != "mesh"
        ]
        if own and isinstance(service.spec.get("gateways"), Unknown):
            gateways = [model.Reference("?", "hidden", None, [])]
        return model.Service(
            object=self.node(service),
            hosts=list(dict.fromkeys(self.host(service, host) for host in service.hosts)),
            mesh=own and (not service.spec.get("gateways") or "mesh" in service.gateways),
            gateways=gateways,
            managed=service.managed is True,
            delegate=not own,
            roots=self._roots.setdefault(id(service), []),
            routes=[self.route(service, route, ()) for route in service.routes],
            hidden=any(service.hides(protocol) for protocol in ("http", "tls", "tcp")),
        )

    def host(self, service: VirtualService, written: Any) -> int:
        """The position of the node of a host."""
        if is_text(written) and written:
            key: Host | str = self.catalog.host(written, service)
            full = shown(self.catalog.full_name(written, service))
        else:
            key = full = shown(written) or "(no host)"
        if key not in self._hosts:
            self._hosts[key] = len(self._nodes)
            self._nodes.append(model.HostNode(shown(written) or full, full))
        node = self._nodes[self._hosts[key]]
        spelling = shown(written)
        if spelling and spelling not in node.spellings:
            node.spellings.append(spelling)
            node.name = min(node.spellings, key=lambda text: (len(text), text))
        return self._hosts[key]

    def gateway(self, service: VirtualService, index: int, name: Any) -> model.Reference:
        """A Gateway that a VirtualService names."""
        findings = self.notes.at(service, ("spec", "gateways", index))
        if not is_text(name):
            return model.Reference(shown(name) or "?", "hidden", None, findings)
        lookup = self.catalog.gateway(name, service)
        found = lookup.items[0] if lookup.state == "found" and lookup.items else None
        node = None if found is None else self.node(found)
        return model.Reference(shown(name), lookup.state, node, findings)

    # -- routes -----------------------------------------------------------------------------------

    def route(
        self, root: VirtualService, route: Route, above: tuple[VirtualService, ...]
    ) -> model.Route:
        """A route; `above` are the VirtualServices that delegate to the one it stands in."""
        matches = route.data.get("match")
        written = [matches] if isinstance(matches, Unknown) else route.matches
        return model.Route(
            protocol=route.protocol,
            index=int(route.path[-1]),
            name=shown(route.name) or None,
            # an empty match takes every request
            matches=[match_text(match) for match in written if match != {}],
            destinations=self.destinations(root, route),
            mirrors=[
                self.target(root, mirror, share)
                for mirror, share in zip(route.mirrors, _mirror_shares(route), strict=True)
            ],
            redirect=redirect_text(route.data.get("redirect")),
            direct_response=response_text(route.data.get("directResponse")),
            delegate=self.delegate(route, above),
            hides_destinations=route.has_unknown_destinations,
            spot=_spot(route.resource, route.path),
            findings=self.notes.at(route.resource, route.path),
        )

    def delegate(self, route: Route, above: tuple[VirtualService, ...]) -> model.Delegate | None:
        """What a root route hands its requests to; Istio knows one level only."""
        found_by = delegation(route, self.catalog)
        if found_by is None:
            return None
        owner = route.resource
        found = found_by.delegate
        if found is None or not isinstance(owner, VirtualService):
            return _lost(found_by)
        result = model.Delegate(
            found_by.name, found_by.namespace, "found", self.node(found), [], None
        )
        roots = self._roots.setdefault(id(found), [])
        if above:
            result.remark = "not served: a delegate cannot delegate"
            return result
        if self.node(owner) not in roots:
            roots.append(self.node(owner))
        if not is_exported(found, owner, self.catalog):
            result.remark = "not served: it is not exported to this namespace"
        else:
            result.routes = [self.merged(route, own, (owner,)) for own in found.http]
        return result

    def merged(self, root: Route, own: Route, above: tuple[VirtualService, ...]) -> model.Route:
        """A delegate's route in the place of the root's."""
        data = merge_route(root.data, own.data)
        view = own if data is None else Route(own.resource, own.path, data, own.protocol)
        assert isinstance(own.resource, VirtualService)  # noqa: S101 routes stand in no other
        result = self.route(own.resource, view, above)
        result.name = shown(own.name) or None
        result.dropped = data is None
        if result.dropped:
            for target in (*result.destinations, *result.mirrors):
                target.share = 0.0
        return result

    # -- destinations -----------------------------------------------------------------------------

    def destinations(self, root: VirtualService, route: Route) -> list[model.Target]:
        """The destinations of a route, each with the share that is served."""
        shares = _shares(route)
        return [
            self.target(root, destination, share)
            for destination, share in zip(route.destinations, shares, strict=True)
        ]

    def target(
        self, asker: VirtualService, destination: Destination, share: float | None
    ) -> model.Target:
        """A destination or a mirror."""
        path = destination.wrapper.path if destination.wrapper else destination.path
        if path[-1] == "destination":
            path = path[:-1]
        host, port, weight = destination.host, destination.port, destination.weight
        result = model.Target(
            host=shown(host) or "(no host)",
            full_name=shown(host) or "(no host)",
            state="hidden" if isinstance(host, Unknown) else "unseen",
            port=shown(port) or None,
            share=share,
            weight=weight if weight is None or is_integer(weight) else shown(weight),
            subset=None,
            service=None,
            rule=None,
            workloads=[],
            spot=_spot(destination.resource, path),
            findings=self.notes.at(destination.resource, path),
        )
        name = destination.subset
        if is_text(host) and host:
            self.resolve(result, host, name, asker)
        elif name is not None:
            result.subset = model.Subset(shown(name), "hidden", {}, False, None, [])
        return result

    def resolve(
        self, target: model.Target, host: str, subset: str | Unknown | None, asker: VirtualService
    ) -> None:
        """What a known host leads to: its Service, DestinationRule, subset and workloads."""
        catalog = self.catalog
        target.full_name = shown(catalog.full_name(host, asker))
        lookup = catalog.provider(host, asker)
        target.state = lookup.state
        providers = lookup.items if lookup.state == "found" else ()
        if providers:
            target.service = self.node(providers[0])
        rules = catalog.destination_rules(host, asker)
        near = catalog.nearest(rules, asker) or rules
        labels: Mapping[str, object] | None = {}
        if subset is not None:
            found = self.find_subset(host, subset, asker)
            target.subset, owner, labels = found
            near = [owner] if owner else near
        if near:
            target.rule = self.node(near[0])
        if labels is not None:
            target.workloads = self.pods(providers, labels)

    def find_subset(
        self, host: str, name: str | Unknown, asker: VirtualService
    ) -> tuple[model.Subset, DestinationRule | None, Mapping[str, object] | None]:
        """A subset, its DestinationRule, and the labels its pods have (None: no pods in sight)."""
        if not is_text(name):
            return model.Subset(shown(name), "hidden", {}, False, None, []), None, None
        lookup = self.catalog.subset(host, name, asker)
        rule = next((item for item in lookup.items if isinstance(item, DestinationRule)), None)
        if lookup.state != "found" or rule is None:
            return model.Subset(shown(name), lookup.state, {}, False, None, []), rule, None
        view = next((item for item in rule.subsets if item.name == name), None)
        by_harness = rule.managed is True and name in ("stable", "canary")
        node = self.subset(rule, name, view, by_harness=by_harness)
        if by_harness:
            # before the canary is deployed, every pod in sight is stable
            return node, rule, {} if name == "stable" else None
        return node, rule, view.labels if view else None

    def subset(
        self, rule: DestinationRule, name: str, view: SubsetView | None, *, by_harness: bool
    ) -> model.Subset:
        """The node of a subset that is found; the same one each time."""
        key = (id(rule), name)
        if key not in self._subsets:
            path = view.path if view else ()
            labels = (
                {str(label): shown(value) for label, value in view.labels.items()} if view else {}
            )
            if by_harness:
                labels = {_TRACK: name}
            self._subsets[key] = model.Subset(
                name,
                "found",
                labels,
                by_harness,
                _spot(rule, path),
                self.notes.at(rule, path) if view else [],
            )
        return self._subsets[key]

    def pods(self, providers: Sequence[Resource], labels: Mapping[str, object]) -> list[model.Pods]:
        """The workloads behind a host whose pods have the labels too.

        Those that may have them are named only where none has them for certain.  Of several files that
        define one workload, the first stands for all: they are alternatives.
        """
        found: dict[tuple[str, str, str | None], model.Pods] = {}
        for provider in providers:
            if not isinstance(provider, (KubernetesService, ServiceEntry)):
                continue
            selector = _both(provider.selector, labels)
            if not provider.selector or selector is None:
                continue
            for workload in self.selected(selector, provider):
                node = self.node(workload)
                certain = selects(selector, workload.pod_labels) is True
                pods = found.setdefault(
                    (node.kind, node.name, node.namespace), model.Pods(node, certain)
                )
                pods.certain = pods.certain or certain
        return [pods for pods in found.values() if pods.certain] or list(found.values())

    def selected(
        self, selector: Mapping[str, object], provider: Resource
    ) -> list[Workload | WorkloadEntry]:
        """The workloads and WorkloadEntries that a selector selects."""
        entries = [
            entry
            for entry in self._entries
            if selects(selector, entry.pod_labels) is True
            and namespaces_meet(known_namespace(entry), known_namespace(provider))
        ]
        found: list[Workload | WorkloadEntry] = []
        found += self.catalog.selected(selector, provider)
        found += self.catalog.nearest(entries, provider)
        return found


def _order(service: model.Service, nodes: Sequence[model.HostNode]) -> tuple[str, str, int]:
    first = nodes[service.hosts[0]].name if service.hosts else service.object.name
    return (first, service.object.spot.file, service.object.spot.line)


def _spot(resource: Resource, path: Path = ()) -> model.Spot:
    """Where a part of an object stands; without a path, where its name stands."""
    if path:
        return model.Spot(resource.file.path, resource.place(path).span().line)
    # a large tree names thousands of objects: most tell their line without their node trees
    document = resource.document
    found = None if resource.base else _NAME.search(document.text)
    if found is None:
        return model.Spot(resource.file.path, resource.head().span().line)
    start, end = (document.offset + offset for offset in found.span(1))
    return model.Spot(resource.file.path, resource.file.span_of(start, end).line)


def _lost(found_by: Delegation) -> model.Delegate:
    state: model.State = "hidden" if found_by.hidden else "unseen"
    name = found_by.name or "?"
    remark = "not served: it has hosts of its own" if found_by.found else None
    return model.Delegate(name, found_by.namespace, state, None, [], remark)


def _both(one: Mapping[str, object], other: Mapping[str, object]) -> dict[str, object] | None:
    """What both selectors ask for; None where they contradict each other."""
    for key, value in other.items():
        known = one.get(key)
        hidden = isinstance(known, Unknown) or isinstance(value, Unknown)
        if known is not None and not hidden and str(known) != str(value):
            return None
    return {**one, **other}


def _shares(route: Route) -> list[float | None]:
    """The share of each destination in percent, as Istio serves them.

    One destination takes everything whatever its weight; of several, each takes its part of the sum.
    Nothing is known where a weight is no whole number from 0 on, or where Istio refuses the weights.
    """
    destinations = route.destinations
    if route.has_unknown_destinations:
        return [None] * len(destinations)
    if len(destinations) == 1:
        return [100.0]
    weights = [0 if item.weight is None else item.weight for item in destinations]
    if all(is_integer(weight) and weight >= 0 for weight in weights) and sum(weights) > 0:
        return [weight * 100 / sum(weights) for weight in weights]
    hidden = any(isinstance(weight, Unknown) for weight in weights)
    return [0.0 if hidden and weight == 0 else None for weight in weights]


def _mirror_shares(route: Route) -> Iterator[float | None]:
    """The percentage of each mirror: of `mirror` first, then of each of `mirrors`."""
    if isinstance(route.data.get("mirror"), dict):
        percentage = route.data.get("mirrorPercentage")
        if percentage is None:
            yield _percent(route.data.get("mirrorPercent"))
        else:
            yield _percentage(percentage)
    mirrors = route.data.get("mirrors")
    for entry in mirrors if isinstance(mirrors, list) else ():
        yield _percentage(as_dict(entry).get("percentage"))


def _percentage(value: object) -> float | None:
    if value is None:
        return 100.0
    if not isinstance(value, dict):
        return None
    return _percent(value.get("value", 0))


def _percent(value: object) -> float | None:
    if value is None:
        return 100.0
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return None

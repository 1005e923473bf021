"""The catalogue: what the tree defines, and whether a reference is found, absent or unseen.

`found`: something in sight defines it, or may do so under a name that an expression hides.  `absent`:
what owns it is in sight and lacks it.  `unseen`: nothing in sight owns it, so another repository may.

It is made of layers, each a file that asks only the ones before it: tree (what there is and where it lies),
clients (who sees what), rules_of_hosts, providers, subsets, and here gateways and workloads.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property

from ..resource import Resource, Service, VirtualService, known_namespace
from ..values import Unknown
from ..workload import Workload
from .gateways import ROUTE_KINDS, ServedHosts, gateway_references
from .hosts import namespaces_meet
from .lookup import Lookup
from .pods import Pods
from .rules_of_hosts import may_be
from .slips import Slips
from .subsets import SubsetCatalog


class Catalog(SubsetCatalog):
    """Everything in sight, indexed; rules ask it and nothing else."""

    # -- gateways ---------------------------------------------------------------------------------

    @cached_property
    def _gateways(self) -> dict[str, list[Resource]]:
        named: dict[str, list[Resource]] = defaultdict(list)
        for resource in self.resources(Resource):
            if resource.kind == "Gateway" and isinstance(resource.name, str):
                named[resource.name].append(resource)
        return named

    @cached_property
    def _hidden_gateways(self) -> list[tuple[Unknown, Resource]]:
        return [
            (resource.name, resource)
            for resource in self.resources(Resource)
            if resource.kind == "Gateway" and isinstance(resource.name, Unknown)
        ]

    def gateway(self, reference: str, asker: Resource) -> Lookup:
        """Whether a Gateway that a VirtualService names is in sight.

        `name` is looked up in the VirtualService's namespace, `namespace/name` in that one; the old
        dotted form is `name.namespace`.
        """
        name, owner = _gateway_name(reference, asker)
        named = self._gateways.get(name, ())
        found = [item for item in named if namespaces_meet(known_namespace(item), owner)]
        if found:
            return Lookup("found", tuple(self.nearest(found, asker) or found))
        hidden = [item for text, item in self._hidden_gateways if may_be(text, name)]
        if self.nearest(hidden, asker):
            return Lookup("found")
        hints = {
            other
            for other in self._gateway_slips.of(name)
            for item in self.nearest(self._gateways[other], asker)
            if namespaces_meet(known_namespace(item), owner)
        }
        return Lookup("unseen", tuple(named), hints.pop() if len(hints) == 1 else None)

    @cached_property
    def _gateway_slips(self) -> Slips:
        return Slips(self._gateways)

    def gateways_near(self, reference: str, asker: Resource) -> list[Resource]:
        """The Gateways that a VirtualService names and that deploy with it, if that can be told."""
        lookup = self.gateway(reference, asker)
        return self.meant(lookup.items, asker) if lookup.state == "found" else []

    def served_hosts(self, gateway: Resource, kinds: frozenset[str] = ROUTE_KINDS) -> ServedHosts:
        """The hosts that a Gateway serves, to routes of some kinds."""
        key = id(gateway), kinds
        if key not in self._served:
            self._served[key] = ServedHosts(gateway, kinds)
        return self._served[key]

    @cached_property
    def _served(self) -> dict[tuple[int, frozenset[str]], ServedHosts]:
        return {}

    def bound_to(self, gateway: Resource) -> list[VirtualService]:
        """The VirtualServices that name a Gateway and deploy with it."""
        return self._bound.get(id(gateway), [])

    @cached_property
    def _bound(self) -> dict[int, list[VirtualService]]:
        bound: dict[int, list[VirtualService]] = defaultdict(list)
        for service in self.resources(VirtualService):
            for name in dict.fromkeys(item.name for item in gateway_references(service)):
                for gateway in self.gateways_near(name, service):
                    bound[id(gateway)].append(service)
        return bound

    # -- workloads --------------------------------------------------------------------------------

    def workloads_of(self, service: Service) -> list[Workload]:
        """The workloads whose pods a Service sends requests to, as far as one can tell.

        Those whose labels an expression hides are among them: they may be meant.
        """
        return self.selected(service.selector, service)

    def selected(self, selector: Mapping[str, object], asker: Resource) -> list[Workload]:
        """The workloads of `asker`'s namespace whose pods have the labels, or may have them."""
        found = self._pods.selected(selector, known_namespace(asker))
        return self.nearest([workload for workload, _certain in found], asker)

    def selected_in_sight(self, selector: Mapping[str, object], asker: Resource) -> list[Workload]:
        """As `selected`, wherever in the tree they lie."""
        found = self._pods.selected(selector, known_namespace(asker))
        return [workload for workload, _certain in found]

    def has_pods(self, selector: Mapping[str, object]) -> bool:
        """Whether the pods of some workload in sight have the labels, or may have them."""
        return next(iter(self._pods.selected(selector, None)), None) is not None

    def selected_anywhere(self, selector: Mapping[str, object], asker: Resource) -> list[Workload]:
        """As `selected`, in all namespaces: the pods of a Gateway."""
        found = self._pods.selected(selector, None)
        return self.nearest([workload for workload, _certain in found], asker)

    def services_of(self, workload: Workload) -> list[Service]:
        """The Services that send requests to a workload's pods for certain."""
        if id(workload) not in self._services_of:
            found = self.nearest(self._pods.services_of(workload), workload)
            self._services_of[id(workload)] = found
        return self._services_of[id(workload)]

    @cached_property
    def _services_of(self) -> dict[int, list[Service]]:
        return {}

    @cached_property
    def _pods(self) -> Pods:
        return Pods(self.resources(Workload), self.resources(Service))


def _gateway_name(reference: str, asker: Resource) -> tuple[str, str | None]:
    """The name and the namespace of a Gateway as a VirtualService names it."""
    namespace, slash, name = reference.rpartition("/")
    if slash:
        return name, known_namespace(asker) if namespace == "." else namespace
    if "." in name:
        name, _dot, rest = name.partition(".")
        return name, rest.split(".")[0]
    return name, known_namespace(asker)

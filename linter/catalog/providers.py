"""Who provides a host: a Service, a ServiceEntry, or what Kubernetes, Istio and Flagger make."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from typing import Final

from ..document_error import DocumentError
from ..resource import (
    DestinationRule,
    Port,
    Resource,
    Service,
    ServiceEntry,
    VirtualService,
    as_dict,
    known_namespace,
)
from ..values import is_integer, is_text
from ..workload import Workload
from .clients import Asked
from .hosts import EXTERNAL, Host, HostIndex, namespaces_meet
from .lookup import Lookup
from .references import References
from .rules_of_hosts import RuleCatalog
from .slips import Slips

#: Namespaces that are filled by Kubernetes itself.
_OF_KUBERNETES: Final = frozenset(("kube-system", "kube-public", "kube-node-lease"))


class ProviderCatalog(RuleCatalog):
    """Who provides a host."""

    @cached_property
    def _providers(self) -> HostIndex[Resource]:
        index: HostIndex[Resource] = HostIndex()
        for resource in self.resources(Resource):
            if isinstance(resource, ServiceEntry):
                for written in resource.hosts:
                    index.add(written, resource, self.host)
            elif resource.kind == "Service":  # of Kubernetes, or of Knative, which makes one
                index.add(resource.name, resource, _host_of_service)
        return index

    def provider(self, host: str, asker: Resource) -> Lookup:
        """Whether a Service or a ServiceEntry provides a host."""
        if (asker, host) not in self._provider_answers:
            self._provider_answers[asker, host] = self._find_provider(host, asker)
        return self._provider_answers[asker, host]

    @cached_property
    def _provider_answers(self) -> dict[tuple[Resource, str], Lookup]:
        """Answers by who asked and what: several rules ask the same of one object."""
        return {}

    def _find_provider(self, host: str, asker: Resource) -> Lookup:
        target = self.host(host, asker)
        key = self._asked(target, host, asker)
        if key not in self._providing:
            self._providing[key] = self._find_providers(target, host, asker)
        found = self._providing[key]
        if found:
            return Lookup("found", tuple(self.nearest(found, asker) or found))
        if self._may_provide(target, asker):
            return Lookup("found")
        named = self._providers.by_name.get(target.name, ())
        elsewhere = [resource for known, resource in named if known.namespace != EXTERNAL]
        return Lookup("unseen", tuple(elsewhere), self._host_hint(target, asker))

    @cached_property
    def _providing(self) -> dict[Asked, list[Resource]]:
        return {}

    def _find_providers(self, target: Host, host: str, asker: Resource) -> list[Resource]:
        found = [
            resource
            for known, resource in self._providers.by_name.get(target.name, ())
            if known.same(target) and self._offered(resource, asker)
        ]
        return found or [
            resource
            for pattern, resource in self._providers.wild
            if self._offered(resource, asker) and self._wildcard_covers(pattern, target, host)
        ]

    def ports_of(self, host: str, asker: Resource) -> list[tuple[Port, ...]]:
        """The ports of each Service and ServiceEntry that provides a host.

        None at all where a port may be out of sight: hidden by an expression, added by a patch, or
        owned by the host that an ExternalName stands for.
        """
        providers = self.meant(self.provider(host, asker).items, asker)
        if not providers or not all(map(self._shows_ports, providers)):
            return []
        is_service = self.host(host, asker).namespace != EXTERNAL
        if is_service and not self.complete(asker) and not _has_service(providers):
            return []  # a ServiceEntry may only add to the Service
        return [item.ports for item in providers if isinstance(item, (Service, ServiceEntry))]

    def _shows_ports(self, provider: Resource) -> bool:
        return (
            isinstance(provider, (Service, ServiceEntry))
            and not provider.hides_ports
            and not (isinstance(provider, Service) and provider.type == "ExternalName")
            and all(is_integer(port.number) for port in provider.ports)
            and bool(provider.ports)
            and not self.is_patched(provider)
        )

    def in_other_namespaces(self, host: str, asker: Resource) -> list[Resource]:
        """The Services of a short name in other namespaces, where nothing provides it in the own one."""
        target = self.host(host, asker)
        if "." in host or "*" in host or target.namespace is None:
            return []
        named = [
            item
            for _known, item in self._providers.by_name.get(target.name, ())
            if item.kind == "Service"
        ]
        found = self.provider(host, asker)
        if not named or (found.state == "found" and found.items):
            return []
        is_here = any(namespaces_meet(known_namespace(item), target.namespace) for item in named)
        of_istio = self._is_given(target) and target.name.startswith("istio")
        return [] if is_here or of_istio or self._may_be_made(target, asker) else named

    def _may_provide(self, target: Host, asker: Resource) -> bool:
        """Whether something provides a host whose name does not stand in the tree as it is."""
        return (
            self._is_given(target)
            or self._may_be_made(target, asker)
            or self._may_be_of_release(target)
        )

    def _may_be_of_release(self, target: Host) -> bool:
        """Whether a chart's Service may have the name: by custom a release that is named like its chart
        leaves its own name out.
        """
        named = self._providers.by_name.get(f"release-name-{target.name}", ())
        return any(namespaces_meet(known.namespace, target.namespace) for known, _service in named)

    def _is_given(self, target: Host) -> bool:
        """Whether a host is one of Kubernetes or Istio, which no tree of manifests holds."""
        if target.namespace in _OF_KUBERNETES or target.namespace == self.root_namespace:
            return True
        return target.name == "kubernetes" and namespaces_meet(target.namespace, "default")

    def _may_be_made(self, target: Host, asker: Resource) -> bool:
        """Whether a host may be one whose name an expression hides, or one that Flagger makes."""
        hidden = [item for name, item in self._providers.hidden if self._may_be_host(name, target)]
        return bool(self.nearest(hidden, asker)) or target.name in self._made_by_flagger

    @cached_property
    def _made_by_flagger(self) -> set[str]:
        """The Services that Flagger makes: for a Canary `shop` also `shop-primary`, `shop-canary`."""
        names: set[str] = set()
        for file in self.files:
            for document in file.documents:
                if document.kind == "Canary" and "flagger.app" in document.text:
                    try:
                        names |= _flagger_services(document.data)
                    except DocumentError:
                        continue
        return names

    def _host_hint(self, target: Host, asker: Resource) -> str | None:
        """The one provider whose name is a slip away, unless something else uses the same name."""
        users = [
            rule for known, rule in self._rules.by_name.get(target.name, ()) if known.same(target)
        ]
        if isinstance(asker, DestinationRule):
            copies = {id(copy) for copy in self.copies(asker)}
            users = [rule for rule in users if id(rule) not in copies]
        if users or (isinstance(asker, DestinationRule) and self._is_routed(target)):
            return None
        candidates = [
            (name, resource)
            for name in self._provider_slips.of(target.name)
            for known, resource in self._providers.by_name[name]
            if namespaces_meet(known.namespace, target.namespace)
        ]
        near = {id(found) for found in self.nearest([found for _name, found in candidates], asker)}
        names = {name for name, resource in candidates if id(resource) in near}
        return names.pop() if len(names) == 1 else None

    @cached_property
    def _provider_slips(self) -> Slips:
        return Slips(self._providers.by_name)

    def _is_routed(self, target: Host) -> bool:
        """Whether a VirtualService names a host, as one that it serves or as a destination."""
        routed = self._references.by_name.get(target.name, ())
        served = self._routed_by_name.get(target.name, ())
        return any(host.same(target) for host, _destination in routed) or any(
            host.same(target) for host in served
        )

    @cached_property
    def _routed_by_name(self) -> dict[str, set[Host]]:
        """The hosts that VirtualServices serve."""
        hosts: dict[str, set[Host]] = defaultdict(set)
        for service in self.resources(VirtualService):
            for written in filter(is_text, service.hosts):
                host = self.host(written, service)
                hosts[host.name].add(host)
        return hosts

    @cached_property
    def _references(self) -> References:
        return References(self.resources(VirtualService), self.resources(Workload), self.host)


def _host_of_service(name: str, service: Resource) -> Host:
    return Host(name.lower(), known_namespace(service))


def _has_service(providers: Sequence[Resource]) -> bool:
    return any(isinstance(provider, Service) for provider in providers)


def _flagger_services(data: object) -> set[str]:
    spec = as_dict(as_dict(data).get("spec"))
    name = as_dict(spec.get("service")).get("name") or as_dict(spec.get("targetRef")).get("name")
    if not is_text(name):
        return set()
    return {name.lower() + ending for ending in ("", "-primary", "-canary")}

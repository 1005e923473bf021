"""The catalogue: what the tree defines, and whether a reference is found, absent or unseen.

`found`: something in sight defines it, or may do so under a name that an expression hides.  `absent`:
what owns it is in sight and lacks it.  `unseen`: nothing in sight owns it, so another repository may.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeVar

from ..parsing import DocumentError
from ..resource import (
    Destination,
    DestinationRule,
    Port,
    Resource,
    Service,
    ServiceEntry,
    VirtualService,
    as_dict,
    as_list,
    known_namespace,
)
from ..scope import KUSTOMIZATION_NAMES, Scope
from ..source import SourceFile
from ..values import UNKNOWN_MARK, Unknown, is_integer, is_text
from ..versions import LATEST
from ..workload import Workload
from .choice import first_in_line, takes_part
from .company import Company, Together
from .gateways import ROUTE_KINDS, ServedHosts, gateway_references
from .hosts import EXTERNAL, Host, canonical_host, namespaces_meet
from .mesh import Mesh
from .meshwide import MeshWide
from .nearby import Nearby, at_hand, common_folder, surely_meant
from .pods import Pods
from .references import References, has_controller_marks
from .slips import Slips, one_slip_away

if TYPE_CHECKING:
    from ..files import Sight

State = Literal["found", "absent", "unseen"]
R = TypeVar("R", bound=Resource)
Made = TypeVar("Made")

#: Namespaces that are filled by Kubernetes itself.
_OF_KUBERNETES: Final = frozenset(("kube-system", "kube-public", "kube-node-lease"))
_EXPORT_TO: Final = "networking.istio.io/exportTo"
#: What stands in a name for a part that only the deployment knows.
_EXPRESSION: Final = re.compile(
    r"\$\{.*?\}|<\+.*?>|\$\(.*?\)|\{\{.*?\}\}|\$\w+|" + UNKNOWN_MARK, re.DOTALL
)


#: How specific a host without a wildcard is: more than any with one.
_EXACT: Final = 1000

#: What an answer depends on, apart from places: host, host as written, namespace, by gateways, delegate.
Asked = tuple[Host, str, str | None, str | None, bool, bool]


@dataclass(frozen=True, slots=True)
class Lookup:
    """The answer of the catalogue.

    `items` are the objects that decided it: the ones that define it (none, if only a hidden name may),
    the ones that lack it, or, for what is unseen, those of that name that are out of reach in another
    namespace.  `hint` is a name in sight that differs by one slip, when the one asked for is unseen or
    absent.  `hidden` are DestinationRules that define the subset, and that `items` keep from the clients.
    """

    state: State
    items: tuple[Resource, ...] = ()
    hint: str | None = None
    hidden: tuple[DestinationRule, ...] = ()


class Choice(NamedTuple):
    """The DestinationRules that Istio chooses from for a host.

    `standing`: all of them, each with how specific its host is; `seen`: those exported to the clients;
    `applying`: those of them that are the most specific of their namespace.
    """

    standing: list[tuple[int, DestinationRule]]
    seen: list[DestinationRule]
    applying: list[DestinationRule]


@dataclass
class Catalog:
    """Everything in sight, indexed; rules ask it and nothing else."""

    scopes: Sequence[Scope] = ()
    files: Sequence[SourceFile] = ()
    domain: str = "cluster.local"
    root_namespace: str = "istio-system"
    istio_version: tuple[int, int] = LATEST
    is_complete: Callable[[str], bool] = lambda _path: False
    services: Mapping[str, str] = field(default_factory=dict)
    meshwide: MeshWide = field(default_factory=MeshWide)
    sight: Sight | None = None
    _rules: dict[str, list[tuple[Host, DestinationRule]]] = field(init=False)
    _wild_rules: list[tuple[str, DestinationRule]] = field(init=False)
    _providers: dict[str, list[tuple[Host, Resource]]] = field(init=False)
    _wild_providers: list[tuple[str, Resource]] = field(init=False)
    _gateways: dict[str, list[Resource]] = field(init=False)
    _copies: dict[tuple[str, str], list[Resource]] = field(init=False)
    _hidden_providers: list[tuple[Unknown, Resource]] = field(init=False)
    _hidden_gateways: list[tuple[Unknown, Resource]] = field(init=False)
    _hidden_rules: list[DestinationRule] = field(init=False)
    _choices: dict[Asked, Choice] = field(init=False)
    _providing: dict[Asked, list[Resource]] = field(init=False)
    #: Answers by who asked and what: several rules ask the same of one object.
    _provider_answers: dict[tuple[Resource, str], Lookup] = field(init=False)
    _subset_answers: dict[tuple[Resource, str, str], Lookup] = field(init=False)
    _nearby: dict[tuple[int, ...], Nearby[Any]] = field(init=False)
    _kinds: dict[type[Resource], list[Any]] = field(init=False)
    _broken: bool | None = field(init=False)

    def __post_init__(self) -> None:
        self._rules = defaultdict(list)
        self._wild_rules = []
        self._providers = defaultdict(list)
        self._wild_providers = []
        self._gateways = defaultdict(list)
        self._copies = defaultdict(list)
        self._hidden_providers = []
        self._hidden_gateways = []
        self._hidden_rules = []
        self._choices = {}
        self._providing = {}
        self._provider_answers = {}
        self._subset_answers = {}
        self._nearby = {}
        self._kinds = {}
        self._broken = None
        for scope in self.scopes:
            for resource in scope.resources:
                self._add(resource)

    def _add(self, resource: Resource) -> None:
        kind = resource.kind or ""
        name = resource.name
        if isinstance(name, str) and name:
            self._copies[kind, name].append(resource)
        if isinstance(resource, DestinationRule):
            self._add_rule(resource)
        elif isinstance(resource, ServiceEntry):
            self._add_entry(resource)
        elif kind == "Service":  # of Kubernetes, or of Knative, which makes one of that name
            if isinstance(name, str):
                host = Host(name.lower(), known_namespace(resource))
                self._providers[host.name].append((host, resource))
            elif name is not None:
                self._hidden_providers.append((name, resource))
        elif kind == "Gateway":
            if isinstance(name, str):
                self._gateways[name].append(resource)
            elif name is not None:
                self._hidden_gateways.append((name, resource))

    def _add_rule(self, rule: DestinationRule) -> None:
        if isinstance(rule.host, Unknown):
            self._hidden_rules.append(rule)
        elif rule.host and rule.host.startswith("*"):
            self._wild_rules.append((rule.host.lower(), rule))
        elif rule.host:
            host = self.host(rule.host, rule)
            self._rules[host.name].append((host, rule))

    def _add_entry(self, entry: ServiceEntry) -> None:
        for written in entry.hosts:
            if isinstance(written, Unknown):
                self._hidden_providers.append((written, entry))
            elif isinstance(written, str) and written.startswith("*"):
                self._wild_providers.append((written.lower(), entry))
            elif isinstance(written, str):
                host = self.host(written, entry)
                self._providers[host.name].append((host, entry))

    # -- hosts ------------------------------------------------------------------------------------

    def host(self, host: str, asker: Resource) -> Host:
        """The comparable form of a host that `asker` names."""
        return canonical_host(host, known_namespace(asker), self.domain)

    def full_name(self, host: str, asker: Resource) -> str:
        """The name that Istio gives a host, for messages; `<namespace>` where none is known."""
        found = self.host(host, asker)
        if found.namespace == EXTERNAL:
            return found.name
        return f"{found.name}.{found.namespace or '<namespace>'}.svc.{self.domain}"

    def destination_rules(self, host: str, asker: Resource) -> list[DestinationRule]:
        """The DestinationRules that apply to a host for some client of `asker`'s routes.

        Per namespace the most specific host wins (an exact one before a wildcard); rules that are not
        exported to `asker`'s clients are left out.  Source: Istio, `DestinationRule` lookup order.
        """
        return self._choice(host, asker).applying

    def _choice(self, host: str, asker: Resource) -> Choice:
        target = self.host(host, asker)
        key = self._asked(target, host, asker)
        if key not in self._choices:
            self._choices[key] = self._choose(target, host, asker)
        return self._choices[key]

    def _choose(self, target: Host, host: str, asker: Resource) -> Choice:
        standing = self._standing(target, host, asker)
        longest: dict[str | None, int] = {}
        for length, rule in standing:
            namespace = known_namespace(rule)
            longest[namespace] = max(length, longest.get(namespace, 0))
        seen = [(length, rule) for length, rule in standing if self._visible(rule, asker)]
        applying = [rule for length, rule in seen if length == longest[known_namespace(rule)]]
        return Choice(standing, [rule for _length, rule in seen], applying)

    def _standing(
        self, target: Host, host: str, asker: Resource
    ) -> list[tuple[int, DestinationRule]]:
        """The rules that Istio chooses from, each with how specific its host is."""
        client = self._client(asker)
        exact = [
            (_EXACT, rule)
            for known, rule in self._rules.get(target.name, ())
            if known.same(target) and takes_part(rule, client, self)
        ]
        return exact + [
            (len(pattern), rule)
            for pattern, rule in self._wild_rules
            if takes_part(rule, client, self) and self._wildcard_covers(pattern, target, host)
        ]

    def _wildcard_covers(self, pattern: str, target: Host, written: str) -> bool:
        suffix = pattern[1:]
        if not suffix or written.lower().rstrip(".").endswith(suffix):
            return True
        if target.namespace == EXTERNAL:
            return target.name.endswith(suffix)
        full = f"{target.name}.{target.namespace}.svc.{self.domain}"
        if target.namespace is not None:
            return full.endswith(suffix)
        return suffix.endswith(f".svc.{self.domain}") or f".svc.{self.domain}".endswith(suffix)

    def covers(self, pattern: str, host: str, asker: Resource) -> bool:
        """Whether a host with a wildcard covers a host that `asker` names."""
        return self._wildcard_covers(pattern.lower(), self.host(host, asker), host)

    def exported_to(self, resource: Resource) -> list[Any]:
        """Who sees an object: what it says itself (a Service in an annotation), else the mesh's default.

        Empty where nothing is said: all see it.  An entry is Unknown where an expression hides it.
        """
        return _written_exports(resource) or self.meshwide.default_export(resource, self)

    def refuses_unknown_hosts(self, asker: Resource | None = None) -> bool:
        """Whether the mesh (that of `asker`) refuses requests to hosts that nothing provides."""
        key = "outbound_traffic_policy"
        policy = self.meshwide.around(asker, key, self) if asker else self.meshwide.everywhere(key)
        return bool(policy == "REGISTRY_ONLY")

    def _asked(self, target: Host, host: str, asker: Resource) -> Asked:
        """All that an answer depends on, apart from places."""
        return (
            target,
            host.lower(),
            known_namespace(asker),
            self._client(asker),
            _serves_gateways(asker),
            _is_delegate(asker),
        )

    def _client(self, asker: Resource) -> str | None:
        """The namespace of the clients that `asker`'s routes are judged by; None where it is not known.

        A route is for the clients of its own namespace among others, unless it is exported elsewhere only.
        """
        if _serves_gateways(asker):
            return None
        namespace = known_namespace(asker)
        if not isinstance(asker, VirtualService):
            return namespace
        scopes = [value for value in self.exported_to(asker) if value != "~"]
        if not scopes or any(scope in ("*", ".", namespace) for scope in scopes):
            return namespace
        return scopes[0] if len(scopes) == 1 and is_text(scopes[0]) else None

    def _visible(self, resource: Resource, asker: Resource) -> bool:
        """Whether `exportTo` lets a client of `asker`'s routes see the object."""
        scopes = self.exported_to(resource)
        if not scopes or any(value == "*" or isinstance(value, Unknown) for value in scopes):
            return True
        client = self._client(asker)
        return (
            client is None
            or client in scopes
            or ("." in scopes and namespaces_meet(known_namespace(resource), client))
        )

    def _offered(self, provider: Resource, asker: Resource) -> bool:
        """Whether a client of `asker`'s routes, or one that both are for, sees what provides a host.

        What a team exports to other namespaces and not to its own is for the clients there, and so are
        the routes and policies that it writes beside it.  The clients of a delegate are those of the
        routes that delegate to it.
        """
        if self._visible(provider, asker):
            return True
        named = [value for value in self.exported_to(provider) if value not in (".", "~")]
        namespace = known_namespace(provider)
        is_own = namespace is not None and namespace == self._client(asker)
        return bool(named) and (is_own or _is_delegate(asker))

    def subset(self, host: str, subset: str, asker: Resource) -> Lookup:
        """Whether a subset of a host is defined.

        Absent only if a DestinationRule for the host is in sight, deploys with `asker` as far as one
        can tell, and none that applies defines the subset; `hidden` are those that define it and that
        the ones that apply keep from `asker`'s clients.
        """
        key = (asker, host, subset)
        if key not in self._subset_answers:
            self._subset_answers[key] = self._find_subset(host, subset, asker)
        return self._subset_answers[key]

    def _find_subset(self, host: str, subset: str, asker: Resource) -> Lookup:
        rules = self.destination_rules(host, asker)
        near = self.nearest(rules, asker)
        first = self.first_rules(host, asker)
        asked = self._namespaces_asked(host, asker)
        out_of_line = [rule for rule in near if asked and known_namespace(rule) not in asked]
        candidates = [*first, *out_of_line] if near else rules
        defining = [rule for rule in candidates if _defines(rule, subset)]
        if defining:
            return Lookup("found", tuple(defining))
        target = self.host(host, asker)
        if any(_defines(rule, subset) for rule in self._of_hidden_host(target, asker)):
            return Lookup("found")
        if not _is_built(asker) and self._patched(subset):
            return Lookup("unseen")
        hidden = self._hidden_definitions(host, subset, asker)
        if hidden:
            before = first or self._before(hidden[0], host, asker)
            return Lookup("absent", tuple(before), hidden=tuple(hidden))
        owners = tuple(rule for rule in near if self._owns(rule, target, asker))
        if not any(rule.subsets for rule in owners):  # a policy alone leaves them to another rule
            owners = tuple(at_hand(owners, asker))
        elsewhere = any(_defines(rule, subset) for rule in rules)
        # Of alternatives in several places, one that has the subset may be meant.
        if not owners or (elsewhere and not self.meant(owners, asker)):
            return Lookup("unseen")
        if self._is_out_of_sight(subset, owners, asker):
            return Lookup("unseen")
        names = {name for rule in owners for name in defined_subsets(rule)}
        return Lookup("absent", owners, one_slip_away(subset, names))

    def _is_out_of_sight(self, subset: str, owners: Sequence[Resource], asker: Resource) -> bool:
        """Whether a file beside those of the run may define a subset: single files were given."""
        if self.sight is None:
            return False
        name = rf"""\bname["']?[ \t]*:[ \t]*["']?{re.escape(subset)}["']?[ \t]*(?:$|[,}}#])"""
        defines = re.compile(rf"\bDestinationRule\b(?s:.*){name}", re.MULTILINE)
        return self.sight.elsewhere(common_folder([asker, *owners]), defines)

    def sees_all(self, folder: str) -> bool:
        """Whether all manifests of a folder are in sight: not where single files of it were given."""
        return self.sight is None or self.sight.whole(folder)

    def rules_for(self, host: str, asker: Resource) -> list[DestinationRule]:
        """The DestinationRules whose host is the one that `asker` names, exported to it or not."""
        target = self.host(host, asker)
        found = [rule for known, rule in self._rules.get(target.name, ()) if known.same(target)]
        if "*" in target.name:
            found += [
                rule for pattern, rule in self._wild_rules if self.host(pattern, rule).same(target)
            ]
        return found

    def first_rules(self, host: str, asker: Resource) -> list[DestinationRule]:
        """Of the rules that apply and deploy with `asker`, those that hide the others from its clients.

        No namespace's rules are merged with those of another: the first one that has any wins.
        """
        near = self.nearest(self.destination_rules(host, asker), asker)
        service = self._service_namespace(host, asker)
        return first_in_line(near, self._client(asker), service, self)

    def _service_namespace(self, host: str, asker: Resource) -> str | None:
        """Where the service of a host lives; None if nothing in sight tells."""
        target = self.host(host, asker)
        if target.namespace != EXTERNAL:
            return target.namespace
        lookup = self.provider(host, asker)
        owners = {known_namespace(item) for item in lookup.items if lookup.state == "found"}
        return owners.pop() if len(owners) == 1 else None

    def _namespaces_asked(self, host: str, asker: Resource) -> set[str | None]:
        """The namespaces whose rules Istio asks for `asker`'s clients; empty where one is not known."""
        client, service = self._client(asker), self._service_namespace(host, asker)
        if client is None or service is None:
            return set()
        return {client, service, self.root_namespace, None}

    def _hidden_definitions(self, host: str, subset: str, asker: Resource) -> list[DestinationRule]:
        """The rules for the host that define the subset, in sight of `asker`'s clients but for others."""
        seen = self._choice(host, asker).seen
        return [rule for rule in self.nearest(seen, asker) if _defines(rule, subset)]

    def _before(self, hidden: DestinationRule, host: str, asker: Resource) -> list[DestinationRule]:
        """The rules of the same namespace with a more specific host."""
        standing = self._choice(host, asker).standing
        length = next(length for length, rule in standing if rule is hidden)
        namespace = known_namespace(hidden)
        return [r for own, r in standing if own > length and known_namespace(r) == namespace]

    def _of_hidden_host(self, target: Host, asker: Resource) -> list[DestinationRule]:
        """The DestinationRules that deploy with `asker` and whose host may be the one asked for."""
        may = [rule for rule in self._hidden_rules if self._may_be_host(rule.host, target)]
        return self.nearest(may, asker)

    def _may_be_host(self, hidden: object, target: Host) -> bool:
        full = f"{target.name}.{target.namespace}.svc.{self.domain}"
        return _may_be(hidden, target.name) or _may_be(hidden, full)

    def _owns(self, rule: DestinationRule, target: Host, asker: Resource) -> bool:
        """Whether a rule that applies to a host is the one that would define its subsets.

        A policy for many hosts or for chosen clients is not, nor is a rule of a namespace that is
        neither the client's nor the service's: in both cases another rule may stand before it.
        """
        if rule.spec.get("workloadSelector"):
            return False
        namespace = known_namespace(rule)
        if target.namespace == EXTERNAL or any(
            namespaces_meet(namespace, other)
            for other in (known_namespace(asker), target.namespace)
        ):
            return bool(rule.subsets) or not str(rule.host).startswith("*")
        return namespace == self.root_namespace and bool(rule.subsets)

    def _patched(self, subset: str) -> bool:
        """Whether a kustomize patch in sight speaks of a subset of that name."""
        return any(subset in text for text in self._patch_texts)

    def patches_mention(self, *words: str) -> bool:
        """Whether a kustomization or a patch in sight speaks of all of some words (a label, say)."""
        return any(all(word in text for word in words) for text in self._kustomizing_texts)

    @cached_property
    def _kustomizing_texts(self) -> list[str]:
        return [
            file.text
            for file in self.files
            if file.role == "patch" or file.path.rpartition("/")[2] in KUSTOMIZATION_NAMES
        ]

    @cached_property
    def _patch_texts(self) -> list[str]:
        return [text for text in self._kustomizing_texts if "subsets" in text]

    def provider(self, host: str, asker: Resource) -> Lookup:
        """Whether a Service or a ServiceEntry provides a host."""
        if (asker, host) not in self._provider_answers:
            self._provider_answers[asker, host] = self._find_provider(host, asker)
        return self._provider_answers[asker, host]

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
        named = self._providers.get(target.name, ())
        elsewhere = [resource for known, resource in named if known.namespace != EXTERNAL]
        return Lookup("unseen", tuple(elsewhere), self._host_hint(target, asker))

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
            item for _known, item in self._providers.get(target.name, ()) if item.kind == "Service"
        ]
        found = self.provider(host, asker)
        if not named or (found.state == "found" and found.items):
            return []
        is_here = any(namespaces_meet(known_namespace(item), target.namespace) for item in named)
        of_istio = self._is_given(target) and target.name.startswith("istio")
        return [] if is_here or of_istio or self._may_be_made(target, asker) else named

    def _find_providers(self, target: Host, host: str, asker: Resource) -> list[Resource]:
        found = [
            resource
            for known, resource in self._providers.get(target.name, ())
            if known.same(target) and self._offered(resource, asker)
        ]
        return found or [
            resource
            for pattern, resource in self._wild_providers
            if self._offered(resource, asker) and self._wildcard_covers(pattern, target, host)
        ]

    def _may_provide(self, target: Host, asker: Resource) -> bool:
        """Whether something provides a host whose name does not stand in the tree as it is."""
        return self._is_given(target) or self._may_be_made(target, asker)

    def _is_given(self, target: Host) -> bool:
        """Whether a host is one of Kubernetes or Istio, which no tree of manifests holds."""
        if target.namespace in _OF_KUBERNETES or target.namespace == self.root_namespace:
            return True
        return target.name == "kubernetes" and namespaces_meet(target.namespace, "default")

    def _may_be_made(self, target: Host, asker: Resource) -> bool:
        """Whether a host may be one whose name an expression hides, or one that Flagger makes."""
        hidden = [item for name, item in self._hidden_providers if self._may_be_host(name, target)]
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
        users = [rule for known, rule in self._rules.get(target.name, ()) if known.same(target)]
        if isinstance(asker, DestinationRule):
            copies = {id(copy) for copy in self.copies(asker)}
            users = [rule for rule in users if id(rule) not in copies]
        if users or (isinstance(asker, DestinationRule) and self._is_routed(target)):
            return None
        candidates = [
            (name, resource)
            for name in self._provider_slips.of(target.name)
            for known, resource in self._providers[name]
            if namespaces_meet(known.namespace, target.namespace)
        ]
        near = {id(found) for found in self.nearest([found for _name, found in candidates], asker)}
        names = {name for name, resource in candidates if id(resource) in near}
        return names.pop() if len(names) == 1 else None

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
    def _provider_slips(self) -> Slips:
        return Slips(self._providers)

    # -- gateways ---------------------------------------------------------------------------------

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
        hidden = [item for text, item in self._hidden_gateways if _may_be(text, name)]
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

    def is_patched(self, resource: Resource) -> bool:
        """Whether a kustomize patch in sight speaks of an object of that kind and name."""
        kind, name = resource.kind, resource.name
        return (
            kind is not None
            and not _is_built(resource)
            and is_text(name)
            and any(kind in text and name in text for text in self._kustomizing_texts)
        )

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

    @cached_property
    def mesh(self) -> Mesh:
        """The namespaces in sight, and who has a proxy."""
        return Mesh(resource for scope in self.scopes for resource in scope.resources)

    # -- who uses a DestinationRule ---------------------------------------------------------------

    def destinations_to(self, rule: DestinationRule) -> list[Destination] | None:
        """The destinations of routes, mirrors included, whose host a rule is for; those near it only.

        None where an expression hides some that may be among them.
        """
        if not is_text(rule.host) or not rule.host:
            return None
        references = self._references
        target = self.host(rule.host, rule)
        hidden = [to.resource for to in references.hidden if self._may_be_host(to.host, target)]
        if self.nearest([*references.hiding, *hidden], rule):
            return None
        if rule.host.startswith("*"):
            pattern = rule.host.lower()
            found = [
                to
                for pairs in references.by_name.values()
                for host, to in pairs
                if self._wildcard_covers(pattern, host, str(to.host))
            ]
        else:
            pairs = references.by_name.get(target.name, [])
            found = [to for host, to in pairs if host.same(target)]
        services = list({id(to.resource): to.resource for to in found}.values())
        near = {id(service) for service in self.nearest(services, rule)}
        return [to for to in found if id(to.resource) in near]

    def wider_rules(self, rule: DestinationRule) -> list[DestinationRule]:
        """The rules near a rule whose host has a wildcard and covers the rule's host."""
        host = rule.host
        if not is_text(host) or not host:
            return []
        wider = [
            other
            for pattern, other in self._wild_rules
            if pattern != host.lower() and self.covers(pattern, host, rule)
        ]
        return self.nearest(wider, rule)

    def has_controller(self, rule: DestinationRule) -> bool:
        """Whether Argo Rollouts or Flagger writes into a rule, as far as one can see."""
        if has_controller_marks(rule):
            return True
        return any(
            namespaces_meet(known_namespace(rollout), known_namespace(rule))
            for rollout in self._references.rollouts_of(rule)
        )

    @cached_property
    def _references(self) -> References:
        return References(self.resources(VirtualService), self.resources(Workload), self.host)

    # -- versions ---------------------------------------------------------------------------------

    def istio_before(self, major: int, minor: int) -> bool:
        """Whether the configured Istio is older than a version."""
        return self.istio_version < (major, minor)

    # -- where things lie -------------------------------------------------------------------------

    def nearest(self, candidates: Sequence[R], asker: Resource) -> list[R]:
        """Those candidates that deploy with `asker`, as far as their places tell.

        Objects of one chart, Harness service or declared scope are judged by that one alone.  Elsewhere
        those of `asker`'s own folder come first, with what lies above or below it under another name; and
        where the tree holds several copies of `asker` (an environment each, say), a candidate belongs
        to the copy that lies nearest to it.
        """
        home = asker.file.scope
        if all(candidate.file.scope is home for candidate in candidates):
            return candidates if isinstance(candidates, list) else list(candidates)
        key = tuple(map(id, candidates))
        if key not in self._nearby:
            self._nearby[key] = Nearby(candidates)
        return self._nearby[key].to(asker, self.copies(asker))

    def meant(self, candidates: Sequence[R], asker: Resource) -> list[R]:
        """Of objects that may stand for each other, those to hold `asker` against, if that can be told.

        They deploy with it, and lie at hand or in one place beside it; alternatives lie in several.
        """
        return surely_meant(self.nearest(candidates, asker), asker, self.copies, self.sees_all)

    def copies(self, resource: Resource) -> list[Resource]:
        """The objects of the same kind and name in the tree, the object itself included."""
        if not isinstance(resource.name, str):
            return [resource]
        return self._copies.get((resource.kind or "", resource.name), [resource])

    def together(self, one: Resource, other: Resource) -> Together:
        """Whether two objects deploy together: to be asked before they are held against each other."""
        scope, away = one.file.scope, other.file.scope
        if scope is None or away is None:
            return Together.NO
        if scope is not away:
            return Together.SURELY if scope.part_of & away.part_of else Together.NO
        return self.company(scope).of(one, other)

    def company(self, scope: Scope) -> Company:
        """How the objects of a scope stand to each other."""
        if id(scope) not in self._companies:
            self._companies[id(scope)] = Company(scope)
        return self._companies[id(scope)]

    @cached_property
    def _companies(self) -> dict[int, Company]:
        return {}

    def complete(self, resource: Resource) -> bool:
        """Whether the tree is declared to hold everything that the object refers to."""
        scope = resource.file.scope
        if scope is not None and scope.partial:
            return False
        return self.is_complete(resource.file.path) and not self._has_broken_file()

    def _has_broken_file(self) -> bool:
        """Whether what some file defines is out of sight, as it is no YAML."""
        if self._broken is None:
            problems = (file.problems_of("syntax", "limit") for file in self.files)
            self._broken = any(True for found in problems for _problem in found)
        return self._broken

    def resources(self, kind: type[R]) -> Iterator[R]:
        """Every object of a kind in sight."""
        if kind not in self._kinds:
            self._kinds[kind] = [found for scope in self.scopes for found in scope.of(kind)]
        yield from self._kinds[kind]

    def once(self, build: Callable[[Catalog], Made]) -> Made:
        """What a function makes of the whole tree, made when a rule first asks for it.

        A rule that holds objects against each other keeps its index here.
        """
        if build not in self._made:
            self._made[build] = build(self)
        made: Made = self._made[build]
        return made

    @cached_property
    def _made(self) -> dict[Callable[[Catalog], Any], Any]:
        return {}

    def files_named(self, path: str) -> list[SourceFile]:
        """The files whose path ends with `path` (posix, relative), whole parts compared."""
        wanted = "/" + path.strip().removeprefix("./").lstrip("/")
        named = self._files_by_name.get(wanted.rpartition("/")[2], ())
        return [file for file in named if ("/" + file.path).endswith(wanted)]

    @cached_property
    def _files_by_name(self) -> dict[str, list[SourceFile]]:
        by_name: dict[str, list[SourceFile]] = defaultdict(list)
        for file in self.files:
            by_name[file.path.rpartition("/")[2]].append(file)
        return by_name


def defined_subsets(rule: DestinationRule) -> frozenset[str]:
    """The names of a rule's subsets; Harness writes `stable` and `canary` into a managed one."""
    return rule.subset_names if rule.managed is False else rule.subset_names | {"stable", "canary"}


def _defines(rule: DestinationRule, subset: str) -> bool:
    return rule.hides_subsets or subset in defined_subsets(rule)


def _written_exports(resource: Resource) -> list[Any]:
    """Who sees an object, as it says itself: a Service has it in an annotation."""
    scopes = resource.spec.get("exportTo")
    if isinstance(resource, Service):
        scopes = resource.annotations.get(_EXPORT_TO)
        if isinstance(scopes, Unknown):
            return [scopes]
        scopes = scopes.replace(" ", "").split(",") if is_text(scopes) else []
    if isinstance(scopes, Unknown):
        return [scopes]
    return [value for value in as_list(scopes) if value]


def _is_built(resource: Resource) -> bool:
    """Whether an object is as it deploys: no patch in sight can change it any more."""
    return resource.file.scope is not None and not resource.file.kustomized


def _has_service(providers: Sequence[Resource]) -> bool:
    return any(isinstance(provider, Service) for provider in providers)


def _is_delegate(asker: Resource) -> bool:
    return isinstance(asker, VirtualService) and not asker.hosts


def _serves_gateways(asker: Resource) -> bool:
    return isinstance(asker, VirtualService) and asker.serves_gateways


def _gateway_name(reference: str, asker: Resource) -> tuple[str, str | None]:
    """The name and the namespace of a Gateway as a VirtualService names it."""
    namespace, slash, name = reference.rpartition("/")
    if slash:
        return name, known_namespace(asker) if namespace == "." else namespace
    if "." in name:
        name, _dot, rest = name.partition(".")
        return name, rest.split(".")[0]
    return name, known_namespace(asker)


def _flagger_services(data: object) -> set[str]:
    spec = as_dict(as_dict(data).get("spec"))
    name = as_dict(spec.get("service")).get("name") or as_dict(spec.get("targetRef")).get("name")
    if not is_text(name):
        return set()
    return {name.lower() + ending for ending in ("", "-primary", "-canary")}


def _may_be(hidden: object, name: str) -> bool:
    """Whether a name that an expression hides in part may be `name`, judged by the rest of it."""
    if not isinstance(hidden, Unknown):
        return hidden == name
    return _pattern_of(hidden.text).fullmatch(name) is not None


@lru_cache(maxsize=1000)
def _pattern_of(hidden: str) -> re.Pattern[str]:
    """A name that an expression hides in part, as a regular expression."""
    return re.compile(".*".join(map(re.escape, _EXPRESSION.split(hidden.lower()))))

"""The catalogue: what the tree defines, and whether a reference is found, absent or unseen.

`found`: something in sight defines it, or may do so under a name that an expression hides.  `absent`:
what owns it is in sight and lacks it.  `unseen`: nothing in sight owns it, so another repository may.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal, TypeVar

from .hosts import EXTERNAL, Host, canonical_host, namespaces_meet
from .nearby import Nearby
from .parsing import DocumentError
from .resource import (
    DestinationRule,
    Resource,
    ServiceEntry,
    VirtualService,
    as_dict,
    as_list,
)
from .scope import KUSTOMIZATION_NAMES, Scope
from .slips import Slips, one_slip_away
from .source import SourceFile
from .values import UNKNOWN_MARK, Unknown, is_text

State = Literal["found", "absent", "unseen"]
R = TypeVar("R", bound=Resource)

#: Namespaces that are filled by Kubernetes itself.
_OF_KUBERNETES: Final = frozenset(("kube-system", "kube-public", "kube-node-lease"))
#: What stands in a name for a part that only the deployment knows.
_EXPRESSION: Final = re.compile(
    r"\$\{.*?\}|<\+.*?>|\$\(.*?\)|\{\{.*?\}\}|\$\w+|" + UNKNOWN_MARK, re.DOTALL
)


def known_namespace(resource: Resource) -> str | None:
    """The object's namespace, None when it is unset or hidden."""
    return resource.namespace if isinstance(resource.namespace, str) else None


#: What an answer depends on, apart from places: host, host as written, namespace, by gateways.
Asked = tuple[Host, str, str | None, bool]


@dataclass(frozen=True, slots=True)
class Lookup:
    """The answer of the catalogue.

    `items` are the objects that decided it: the ones that define it (none, if only a hidden name may),
    the ones that lack it, or, for what is unseen, those of that name that are out of reach in another
    namespace.  `hint` is a name in sight that differs by one slip, when the one asked for is unseen or
    absent.
    """

    state: State
    items: tuple[Resource, ...] = ()
    hint: str | None = None


@dataclass
class Catalog:
    """Everything in sight, indexed; rules ask it and nothing else."""

    scopes: Sequence[Scope] = ()
    files: Sequence[SourceFile] = ()
    domain: str = "cluster.local"
    root_namespace: str = "istio-system"
    is_complete: Callable[[str], bool] = lambda _path: False
    _rules: dict[str, list[tuple[Host, DestinationRule]]] = field(init=False)
    _wild_rules: list[tuple[str, DestinationRule]] = field(init=False)
    _providers: dict[str, list[tuple[Host, Resource]]] = field(init=False)
    _wild_providers: list[tuple[str, Resource]] = field(init=False)
    _gateways: dict[str, list[Resource]] = field(init=False)
    _copies: dict[tuple[str, str], list[Resource]] = field(init=False)
    _hidden_providers: list[tuple[Unknown, Resource]] = field(init=False)
    _hidden_gateways: list[tuple[Unknown, Resource]] = field(init=False)
    _hidden_rules: list[DestinationRule] = field(init=False)
    _applying: dict[Asked, list[DestinationRule]] = field(init=False)
    _providing: dict[Asked, list[Resource]] = field(init=False)
    _nearby: dict[tuple[int, ...], Nearby[Any]] = field(init=False)

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
        self._applying = {}
        self._providing = {}
        self._nearby = {}
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
        target = self.host(host, asker)
        key = _asked(target, host, asker)
        if key not in self._applying:
            self._applying[key] = self._find_rules(target, host, asker)
        return self._applying[key]

    def _find_rules(self, target: Host, host: str, asker: Resource) -> list[DestinationRule]:
        exact = [
            rule
            for known, rule in self._rules.get(target.name, ())
            if known.same(target) and self._visible(rule, asker)
        ]
        covered = {known_namespace(rule) for rule in exact}
        wild: dict[str | None, tuple[int, list[DestinationRule]]] = {}
        for pattern, rule in self._wild_rules:
            namespace = known_namespace(rule)
            if namespace in covered or not self._visible(rule, asker):
                continue
            if self._wildcard_covers(pattern, target, host):
                length, rules = wild.get(namespace, (0, []))
                if len(pattern) > length:
                    wild[namespace] = (len(pattern), [rule])
                elif len(pattern) == length:
                    rules.append(rule)
        return exact + [rule for _length, rules in wild.values() for rule in rules]

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

    def _visible(self, resource: Resource, asker: Resource) -> bool:
        """Whether `exportTo` lets a client of `asker`'s routes see the object."""
        scopes = [value for value in as_list(resource.spec.get("exportTo")) if value]
        if not scopes or any(value == "*" or isinstance(value, Unknown) for value in scopes):
            return True
        client = None if _serves_gateways(asker) else known_namespace(asker)
        return (
            client is None
            or client in scopes
            or ("." in scopes and namespaces_meet(known_namespace(resource), client))
        )

    def subset(self, host: str, subset: str, asker: Resource) -> Lookup:
        """Whether a subset of a host is defined.

        Absent only if a DestinationRule for the host is in sight, deploys with `asker` as far as one
        can tell, and none that applies defines the subset.
        """
        rules = self.destination_rules(host, asker)
        near = self.nearest(rules, asker)
        defining = [rule for rule in near or rules if _defines(rule, subset)]
        if defining:
            return Lookup("found", tuple(defining))
        target = self.host(host, asker)
        if any(_defines(rule, subset) for rule in self._of_hidden_host(target, asker)):
            return Lookup("found")
        owners = tuple(rule for rule in near if self._owns(rule, target, asker))
        if not owners or self._patched(subset):
            return Lookup("unseen")
        names = {name for rule in owners for name in defined_subsets(rule)}
        return Lookup("absent", owners, one_slip_away(subset, names))

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

    @cached_property
    def _patch_texts(self) -> list[str]:
        return [
            file.text
            for file in self.files
            if "subsets" in file.text
            and (file.role == "patch" or file.path.rpartition("/")[2] in KUSTOMIZATION_NAMES)
        ]

    def provider(self, host: str, asker: Resource) -> Lookup:
        """Whether a Service or a ServiceEntry provides a host."""
        target = self.host(host, asker)
        key = _asked(target, host, asker)
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

    def _find_providers(self, target: Host, host: str, asker: Resource) -> list[Resource]:
        found = [
            resource
            for known, resource in self._providers.get(target.name, ())
            if known.same(target) and self._visible(resource, asker)
        ]
        return found or [
            resource
            for pattern, resource in self._wild_providers
            if self._visible(resource, asker) and self._wildcard_covers(pattern, target, host)
        ]

    def _may_provide(self, target: Host, asker: Resource) -> bool:
        """Whether something provides a host whose name does not stand in the tree as it is."""
        if target.namespace in _OF_KUBERNETES or target.namespace == self.root_namespace:
            return True
        if target.name == "kubernetes" and namespaces_meet(target.namespace, "default"):
            return True
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
        """The one provider whose name is a slip away, unless a DestinationRule uses the same name."""
        if any(known.same(target) for known, _rule in self._rules.get(target.name, ())):
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

    # -- where things lie -------------------------------------------------------------------------

    def nearest(self, candidates: Sequence[R], asker: Resource) -> list[R]:
        """Those candidates that deploy with `asker`, as far as their places tell.

        Objects of one chart or Harness service are judged by that one alone.  Elsewhere those of
        `asker`'s own folder come first, with what lies above or below it under another name; and
        where the tree holds several copies of `asker` (an environment each, say), a candidate belongs
        to the copy that lies nearest to it.
        """
        home = asker.file.scope
        if all(candidate.file.scope is home for candidate in candidates):
            return list(candidates)
        key = tuple(map(id, candidates))
        if key not in self._nearby:
            self._nearby[key] = Nearby(candidates)
        return self._nearby[key].to(asker, self.copies(asker))

    def copies(self, resource: Resource) -> list[Resource]:
        """The objects of the same kind and name in the tree, the object itself included."""
        if not isinstance(resource.name, str):
            return [resource]
        return self._copies.get((resource.kind or "", resource.name), [resource])

    def complete(self, resource: Resource) -> bool:
        """Whether the tree is declared to hold everything that the object refers to."""
        return self.is_complete(resource.file.path)

    def resources(self, kind: type[R]) -> Iterator[R]:
        """Every object of a kind in sight."""
        for scope in self.scopes:
            yield from scope.of(kind)

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


def defined_subsets(rule: DestinationRule) -> set[str]:
    """The names of a rule's subsets; Harness writes `stable` and `canary` into a managed one."""
    names = {subset.name for subset in rule.subsets if isinstance(subset.name, str)}
    if rule.managed is not False:
        names |= {"stable", "canary"}
    return names


def _defines(rule: DestinationRule, subset: str) -> bool:
    return rule.hides_subsets or subset in defined_subsets(rule)


def _asked(target: Host, host: str, asker: Resource) -> Asked:
    """All that an answer depends on, apart from places."""
    return (target, host.lower(), known_namespace(asker), _serves_gateways(asker))


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
    literal = map(re.escape, _EXPRESSION.split(hidden.text.lower()))
    return re.fullmatch(".*".join(literal), name) is not None

"""The catalogue: what the tree defines, and whether a reference is found, absent or unseen.

`found`: something in sight defines it.  `absent`: what owns it is in sight and lacks it.  `unseen`:
nothing in sight owns it, so another repository may.

Hosts (Istio docs, "Destination"; Istio source, `ResolveShortnameToFQDN`): a name without dots is
`<name>.<namespace of the object that names it>.svc.<cluster domain>`.  `name.ns` and `name.ns.svc`
are read as that service too, since every client reaches it by these names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeVar

from .resource import (
    DestinationRule,
    Resource,
    Service,
    ServiceEntry,
    as_list,
)
from .scope import Scope
from .source import SourceFile
from .values import Unknown

State = Literal["found", "absent", "unseen"]
R = TypeVar("R", bound=Resource)

#: The namespace of a host that is no service of the cluster.
EXTERNAL = ""


class Host(NamedTuple):
    """A host made comparable: the service's name and namespace.

    `namespace` is None where the object that names it has none in its file (it may be deployed
    anywhere), and EXTERNAL for names outside the cluster, which stand in `name` as they are.
    """

    name: str
    namespace: str | None

    def same(self, other: Host) -> bool:
        """Whether both may be one host: an unset namespace may be any."""
        return self.name == other.name and namespaces_meet(self.namespace, other.namespace)


def namespaces_meet(one: str | None, other: str | None) -> bool:
    """Whether two namespaces may be one; None may be any namespace of the cluster."""
    if one == other:
        return True
    return (one is None and other != EXTERNAL) or (other is None and one != EXTERNAL)


def canonical_host(host: str, namespace: str | None, domain: str = "cluster.local") -> Host:
    """The comparable form of a host as written in an object of `namespace`."""
    text = host.strip().lower().rstrip(".")
    suffix = f".svc.{domain}"
    if text.endswith(suffix):
        text = text[: -len(suffix)]
    elif text.endswith(".svc"):
        text = text[:-4]
    elif "." not in text:
        return Host(text, EXTERNAL if text == "*" else namespace)
    elif text.count(".") > 1 or text.replace(".", "").isdigit():
        return Host(text, EXTERNAL)
    name, dot, owner = text.rpartition(".")
    if not dot or "." in name:
        return Host(host.strip().lower().rstrip("."), EXTERNAL)
    return Host(name, owner)


def known_namespace(resource: Resource) -> str | None:
    """The object's namespace, None when it is unset or hidden."""
    return resource.namespace if isinstance(resource.namespace, str) else None


@dataclass(frozen=True, slots=True)
class Lookup:
    """The answer of the catalogue.

    `items` are the objects that decided it (the ones that define it, or the ones that lack it);
    `hint` is a name in sight that differs by one slip, when the one asked for is unseen or absent.
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
    _hidden_kinds: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self._rules = defaultdict(list)
        self._wild_rules = []
        self._providers = defaultdict(list)
        self._wild_providers = []
        self._gateways = defaultdict(list)
        self._copies = defaultdict(list)
        self._hidden_kinds = set()
        for scope in self.scopes:
            for resource in scope.resources:
                self._add(resource)

    def _add(self, resource: Resource) -> None:
        kind = resource.kind or ""
        if isinstance(resource.name, Unknown):
            self._hidden_kinds.add(kind)
        elif resource.name:
            self._copies[kind, resource.name].append(resource)
        if isinstance(resource, DestinationRule):
            self._add_rule(resource)
        elif isinstance(resource, Service):
            if isinstance(resource.name, str):
                host = Host(resource.name.lower(), known_namespace(resource))
                self._providers[host.name].append((host, resource))
        elif isinstance(resource, ServiceEntry):
            self._add_entry(resource)
        elif kind == "Gateway" and isinstance(resource.name, str):
            self._gateways[resource.name].append(resource)

    def _add_rule(self, rule: DestinationRule) -> None:
        if isinstance(rule.host, Unknown):
            self._hidden_kinds.add("host of DestinationRule")
        elif rule.host and rule.host.startswith("*"):
            self._wild_rules.append((rule.host.lower(), rule))
        elif rule.host:
            host = self.host(rule.host, rule)
            self._rules[host.name].append((host, rule))

    def _add_entry(self, entry: ServiceEntry) -> None:
        for written in entry.hosts:
            if isinstance(written, Unknown):
                self._hidden_kinds.add("ServiceEntry")
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
        exported to `asker`'s namespace are left out.  Source: Istio, `DestinationRule` lookup order.
        """
        target = self.host(host, asker)
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
        if not suffix or written.lower().endswith(suffix):
            return True
        if target.namespace == EXTERNAL:
            return target.name.endswith(suffix)
        full = f"{target.name}.{target.namespace}.svc.{self.domain}"
        if target.namespace is not None:
            return full.endswith(suffix)
        return suffix.endswith(f".svc.{self.domain}") or f".svc.{self.domain}".endswith(suffix)

    def _visible(self, resource: Resource, asker: Resource) -> bool:
        """Whether `exportTo` lets `asker`'s namespace see the object."""
        scopes = [value for value in as_list(resource.spec.get("exportTo")) if value]
        if not scopes or any(value == "*" or isinstance(value, Unknown) for value in scopes):
            return True
        own, client = known_namespace(resource), known_namespace(asker)
        if namespaces_meet(own, client):
            return True
        return client is None or client in scopes

    def subset(self, host: str, subset: str, asker: Resource) -> Lookup:
        """Whether a subset of a host is defined.

        Absent only if a DestinationRule for the host is in sight, deploys with `asker` as far as one
        can tell, and none that applies defines the subset.
        """
        rules = self.destination_rules(host, asker)
        near = self.nearest(rules, asker)
        judged = near or rules
        defining = tuple(rule for rule in judged if self._defines(rule, subset))
        if defining:
            return Lookup("found", defining)
        if not near:
            return Lookup("found" if any(self._defines(r, subset) for r in rules) else "unseen")
        names = {name for rule in near for name in defined_subsets(rule)}
        return Lookup("absent", tuple(near), one_slip_away(subset, names))

    def _defines(self, rule: DestinationRule, subset: str) -> bool:
        return rule.hides_subsets or subset in defined_subsets(rule)

    def provider(self, host: str, asker: Resource) -> Lookup:
        """Whether a Service or a ServiceEntry provides a host."""
        target = self.host(host, asker)
        found = [
            resource
            for known, resource in self._providers.get(target.name, ())
            if known.same(target) and self._visible(resource, asker)
        ]
        if not found:
            found = [
                resource
                for pattern, resource in self._wild_providers
                if self._visible(resource, asker) and self._wildcard_covers(pattern, target, host)
            ]
        if found:
            return Lookup("found", tuple(self.nearest(found, asker) or found))
        if self._hidden_kinds & {"Service", "ServiceEntry"}:
            return Lookup("unseen")
        names = (
            known.name
            for entries in self._providers.values()
            for known, _resource in entries
            if namespaces_meet(known.namespace, target.namespace)
        )
        hint = one_slip_away(target.name, names)
        return Lookup("unseen", (), hint)

    # -- gateways ---------------------------------------------------------------------------------

    def gateway(self, reference: str, asker: Resource) -> Lookup:
        """Whether a Gateway that a VirtualService names is in sight.

        `name` is looked up in the VirtualService's namespace, `namespace/name` in that one; the old
        dotted form is `name.namespace`.
        """
        namespace, slash, name = reference.rpartition("/")
        owner = (None if namespace == "." else namespace) if slash else None
        if not slash and "." in name:
            name, _dot, rest = name.partition(".")
            owner = rest.split(".")[0]
        if owner is None:
            owner = known_namespace(asker)
        found = [
            gateway
            for gateway in self._gateways.get(name, ())
            if namespaces_meet(known_namespace(gateway), owner)
        ]
        if found:
            return Lookup("found", tuple(self.nearest(found, asker) or found))
        if "Gateway" in self._hidden_kinds:
            return Lookup("unseen")
        names = (
            known
            for known, gateways in self._gateways.items()
            if any(namespaces_meet(known_namespace(gateway), owner) for gateway in gateways)
        )
        return Lookup("unseen", (), one_slip_away(name, names))

    # -- where things lie -------------------------------------------------------------------------

    def nearest(self, candidates: Sequence[R], asker: Resource) -> list[R]:
        """Those candidates that deploy with `asker`, as far as their places tell.

        Objects of one chart or Harness service are judged by that one alone.  Elsewhere the nearest
        folder wins when it is `asker`'s own; and where the tree holds several copies of `asker` (an
        environment each, say), a candidate belongs to the copy that lies nearest to it.
        """
        home = asker.file.scope
        if home is not None and home.kind != "directory":
            return [c for c in candidates if c.file.scope is home]
        plain = [c for c in candidates if c.file.scope is None or c.file.scope.kind == "directory"]
        same = [c for c in plain if c.file.scope is home]
        if same:
            return same
        copies = self.copies(asker)
        if len(copies) < 2:
            return plain
        return [c for c in plain if self._belongs(c, asker, copies)]

    def _belongs(self, candidate: Resource, asker: Resource, copies: Sequence[Resource]) -> bool:
        own = _shared_depth(candidate, asker)
        return all(_shared_depth(candidate, copy) <= own for copy in copies)

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
        return [file for file in self.files if ("/" + file.path).endswith(wanted)]


def defined_subsets(rule: DestinationRule) -> set[str]:
    """The names of a rule's subsets; Harness writes `stable` and `canary` into a managed one."""
    names = {subset.name for subset in rule.subsets if isinstance(subset.name, str)}
    if rule.managed is not False:
        names |= {"stable", "canary"}
    return names


def _shared_depth(one: Resource, other: Resource) -> int:
    """How many leading folders two objects share."""
    depth = 0
    for a, b in zip(one.file.path.split("/")[:-1], other.file.path.split("/")[:-1], strict=False):
        if a != b:
            break
        depth += 1
    return depth


def one_slip_away(name: str, names: Iterable[str]) -> str | None:
    """A name that differs from `name` by one slip of the fingers, or None.

    A slip is one letter added, dropped, changed or swapped with its neighbour, in a name of five
    characters or more.  Digits and short parts tell real names apart (`v1` and `v2`, `a` and `b`), so
    a difference there is none.
    """
    found = sorted({other for other in names if _is_slip(name, other)})
    return found[0] if len(found) == 1 else None


def _is_slip(one: str, other: str) -> bool:
    if one == other or abs(len(one) - len(other)) > 1 or min(len(one), len(other)) < 5:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    end = 0
    limit = min(len(one), len(other)) - start
    while end < limit and one[-1 - end] == other[-1 - end]:
        end += 1
    left, right = one[start : len(one) - end], other[start : len(other) - end]
    if len(left) > 2 or len(right) > 2 or not (left + right).isalpha():
        return False
    if len(left) == 2 or len(right) == 2:
        return left == right[::-1] and len(left) == len(right)
    return min(len(_part(one, start)), len(_part(other, start))) > 3


def _part(name: str, index: int) -> str:
    """The part of a dashed name that holds a position."""
    begin = name.rfind("-", 0, index) + 1
    end = name.find("-", index)
    return name[begin : len(name) if end < 0 else end]

"""Delegates: a root route hands its requests to the http routes of another VirtualService.

The delegate is a VirtualService without hosts.  Its routes take the place of the root route, each
narrowed by the root's matches.  A route of which some match fits within no match of the root is
dropped with no more than a line in the log.  Source: Istio, the merging of delegates
(pilot/pkg/model/virtualservice.go and virtualservice_controller.go).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .catalog.hosts import namespaces_meet
from .resource import Route, VirtualService, as_dict, as_list, known_namespace
from .values import Unknown, is_integer, is_text

if TYPE_CHECKING:
    from .catalog.core import Catalog

#: What a delegate's route takes from the root's where it has none of its own.
INHERITED: Final = (
    "rewrite",
    "directResponse",
    "timeout",
    "retries",
    "fault",
    "mirror",
    "mirrorPercent",
    "mirrorPercentage",
    "corsPolicy",
    "mirrors",
    "headers",
)
_TEXTS: Final = ("uri", "scheme", "method", "authority")
_MAPS: Final = ("headers", "withoutHeaders", "queryParams")
#: How a message calls an entry of one of these.
_ENTRY: Final = {
    "headers": "header",
    "withoutHeaders": "withoutHeaders",
    "queryParams": "query parameter",
}


class Delegation(NamedTuple):
    """What a root route names: `namespace` is None where the root has none in its file.

    `found` are the VirtualServices of that name, the delegates first in line; `hidden`: an expression
    hides the name.
    """

    name: str
    namespace: str | None
    hidden: bool
    found: tuple[VirtualService, ...] = ()

    @property
    def delegate(self) -> VirtualService | None:
        """The VirtualService that the requests are handed to; one with hosts is none."""
        return next((service for service in self.found if is_delegate(service)), None)


@dataclass(frozen=True, slots=True)
class Conflict:
    """A match of a delegate's route that lies within no match of the root: the route is dropped.

    `index` is the match's place in the route, `field` what does not fit (`uri`, `header "x"`).
    """

    index: int
    field: str


def is_delegate(service: VirtualService) -> bool:
    """Whether a VirtualService has no hosts: it serves only those that delegate to it."""
    return not service.hosts and not isinstance(service.spec.get("hosts"), Unknown)


def delegation(route: Route, catalog: Catalog) -> Delegation | None:
    """Whom a root route delegates to; None for a route without `delegate`."""
    written = route.data.get("delegate")
    if written is None:
        return None
    reference = as_dict(written)
    name, namespace = reference.get("name"), reference.get("namespace")
    if not is_text(name) or isinstance(namespace, Unknown):
        hidden = isinstance(written, Unknown) or Unknown in (type(name), type(namespace))
        return Delegation("", None, hidden)
    owner = namespace if is_text(namespace) and namespace else known_namespace(route.resource)
    named = [
        service
        for service in catalog.resources(VirtualService)
        if service.name == name and namespaces_meet(known_namespace(service), owner)
    ]
    near = catalog.nearest(named, route.resource)
    others = [service for service in named if service not in near]
    meant = catalog.meant(near, route.resource)
    return Delegation(name, owner, hidden=False, found=tuple(meant) or (*near, *others))


def is_exported(delegate: VirtualService, root: VirtualService, catalog: Catalog) -> bool:
    """Whether the root's namespace may see the delegate (True too where that cannot be told)."""
    scopes = catalog.exported_to(delegate)
    home, own = known_namespace(delegate), known_namespace(root)
    return not scopes or any(
        value == "*"
        or isinstance(value, Unknown)
        or (namespaces_meet(home, own) if value == "." else own is None or value == own)
        for value in scopes
    )


def merged_routes(root: Route, delegate: VirtualService) -> list[Route]:
    """The routes that a delegate puts in the place of a root route, dropped ones left out.

    Each is a view of the delegate's route (its place is there) over the merged data.
    """
    merged = []
    for route in delegate.http:
        data = merge_route(root.data, route.data)
        if data is not None:
            merged.append(Route(route.resource, route.path, data, route.protocol))
    return merged


def merge_route(root: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any] | None:
    """A delegate's route as the root's route narrows it; None if it is dropped."""
    if isinstance(root.get("match"), Unknown) or isinstance(own.get("match"), Unknown):
        matches: Any = Unknown("match")
    else:
        ours, theirs = as_list(root.get("match")), as_list(own.get("match"))
        if next(match_conflicts(ours, theirs), None) is not None:
            return None
        matches = merge_matches(ours, theirs)
    result = {field: root[field] for field in INHERITED if root.get(field) is not None}
    result |= {field: value for field, value in own.items() if value is not None}
    result["name"] = _joined(root.get("name"), own.get("name"))
    result["match"] = matches
    return result


def match_conflicts(root: Sequence[Any], own: Sequence[Any]) -> Iterator[Conflict]:
    """Those matches of a delegate's route that fit within no match of the root's route."""
    if not root:
        return
    for index, match in enumerate(own):
        fields = [conflict(theirs, match) for theirs in root]
        if None not in fields:
            yield Conflict(index, fields[0] or "")


def merge_matches(root: Sequence[Any], own: Sequence[Any]) -> list[Any]:
    """The matches of a delegate's route after merging, where none of them conflicts."""
    if not root or not own:
        return list(own or root)
    return [
        _merge_match(theirs, match)
        for match in own
        for theirs in root
        if conflict(theirs, match) is None
    ]


def _merge_match(root: Any, own: Any) -> Any:
    if not isinstance(root, dict) or not isinstance(own, dict):
        return Unknown("match")
    result = {field: value for field, value in root.items() if value}
    result |= {field: value for field, value in own.items() if value is not None}
    for field in (*_MAPS, "sourceLabels"):
        parts = (root.get(field), own.get(field))
        if any(isinstance(part, Unknown) for part in parts):
            result[field] = Unknown(field)
        elif any(parts):
            result[field] = as_dict(parts[0]) | as_dict(parts[1])
    for field in ("port", "sourceNamespace", "gateways", "statPrefix"):
        if not own.get(field) and root.get(field):
            result[field] = root[field]
    name = _joined(root.get("name"), own.get("name"))
    if name:
        result["name"] = name
    return result


def _joined(root: object, own: object) -> str:
    return "-".join(part for part in (root, own) if is_text(part) and part)


def conflict(root: Any, own: Any) -> str | None:
    """The field in which a delegate's match does not fit within a match of its root; None if it does.

    A regular expression on either side fits with nothing but an absent field.  What an expression
    hides is taken to fit.
    """
    if not isinstance(root, dict) or not isinstance(own, dict):
        return None
    for field in _TEXTS:
        if _texts_conflict(root.get(field), own.get(field)):
            return field
    for field in _MAPS:
        wider = as_dict(root.get(field))
        for key, value in as_dict(own.get(field)).items():
            if _texts_conflict(wider.get(key), value):
                return f'{_ENTRY[field]} "{key}"'
    return _plain_conflict(root, own)


def _plain_conflict(root: Mapping[str, Any], own: Mapping[str, Any]) -> str | None:
    """As `conflict`, for the fields that are no texts to match."""
    cases = (root.get("ignoreUriCase"), own.get("ignoreUriCase"))
    if Unknown not in map(type, cases) and bool(cases[0]) != bool(cases[1]):
        return "ignoreUriCase"
    ports = (root.get("port"), own.get("port"))
    if all(is_integer(port) and port for port in ports) and ports[0] != ports[1]:
        return "port"
    namespaces = (root.get("sourceNamespace"), own.get("sourceNamespace"))
    if Unknown not in map(type, namespaces) and namespaces[0] and namespaces[0] != namespaces[1]:
        return "sourceNamespace"
    labels = as_dict(root.get("sourceLabels"))
    for key, value in as_dict(own.get("sourceLabels")).items():
        known = not isinstance(value, Unknown) and not isinstance(labels.get(key), Unknown)
        if key in labels and known and labels[key] != value:
            return f'sourceLabels "{key}"'
    wider, narrower = as_list(root.get("gateways")), as_list(own.get("gateways"))
    known = not any(isinstance(name, Unknown) for name in (*wider, *narrower))
    if wider and narrower and known:
        named = {_full_gateway(name) for name in wider}
        if len(wider) < len(narrower) or any(_full_gateway(n) not in named for n in narrower):
            return "gateways"
    return None


def _full_gateway(name: object) -> str:
    """A Gateway without its namespace: root and delegate may write it from two namespaces."""
    return str(name).rpartition("/")[2].partition(".")[0]


def _texts_conflict(root: object, own: object) -> bool:
    if root is None or own is None or isinstance(root, Unknown) or isinstance(own, Unknown):
        return False
    wider, narrower = as_dict(root), as_dict(own)
    if any(isinstance(value, Unknown) for value in (*wider.values(), *narrower.values())):
        return False

    def part(match: Mapping[str, Any], kind: str) -> str:
        value = match.get(kind)
        return value if is_text(value) else ""

    if part(wider, "regex") or part(narrower, "regex"):
        return True
    exact, prefix = part(wider, "exact"), part(wider, "prefix")
    if exact:
        return bool(part(narrower, "prefix")) or part(narrower, "exact") != exact
    inner = part(narrower, "prefix") or part(narrower, "exact")
    return not (prefix and inner and inner.startswith(prefix))

"""Resources: typed views over the plain data of Kubernetes objects.

A view never fails on a badly shaped object: what is not a list reads as an empty one, what is not a
mapping as an empty mapping.  The shape itself is judged by the rules that are about shape.  Every
view knows its place: `route.at("weight")` points into the file that a person edits.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final

from .document import MANAGED
from .finding import ResourceName
from .source import Place
from .values import Unknown, is_integer, is_text

if TYPE_CHECKING:
    from .document import Document, Path
    from .source import SourceFile

ISTIO_GROUP: Final = "networking.istio.io"


def as_list(value: object) -> list[Any]:
    """The value if it is a list, else an empty list."""
    return value if isinstance(value, list) else []


def as_dict(value: object) -> dict[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


class View:
    """A mapping inside a resource, with its place."""

    def __init__(self, resource: Resource, path: Path, data: object) -> None:
        self.resource = resource
        self.path = path
        self.data = as_dict(data)

    def at(self, *path: str | int, key: bool = False) -> Place:
        """The place of a value below this one; with `key=True`, of its key."""
        return self.resource.place(self.path + path, key=key)


class Destination(View):
    """A destination: `host`, `subset` and `port` of a route, a mirror, or a tcp or tls route.

    `weight` is the weight beside it: an int, None when absent, Unknown when an expression hides it,
    or whatever else was written (TS202 judges it).  `wrapper` is the view that holds the weight.
    """

    def __init__(self, resource: Resource, path: Path, data: object, wrapper: View | None) -> None:
        super().__init__(resource, path, data)
        self.wrapper = wrapper

    @property
    def host(self) -> str | Unknown | None:
        """The host as written; None when absent or not text."""
        value = self.data.get("host")
        return value if isinstance(value, (str, Unknown)) else None

    @property
    def subset(self) -> str | Unknown | None:
        """The subset's name; None when absent or empty."""
        value = self.data.get("subset")
        return (value or None) if isinstance(value, (str, Unknown)) else None

    @property
    def port(self) -> int | Unknown | None:
        """The port's number; None when absent."""
        port = self.data.get("port")
        if isinstance(port, Unknown):
            return port
        value = as_dict(port).get("number")
        return value if is_integer(value) or isinstance(value, Unknown) else None

    @property
    def weight(self) -> Any:
        """The weight as written beside the destination; None when absent."""
        return None if self.wrapper is None else self.wrapper.data.get("weight")


class Route(View):
    """One entry of `http`, `tls` or `tcp`; `protocol` says which."""

    def __init__(self, resource: Resource, path: Path, data: object, protocol: str) -> None:
        super().__init__(resource, path, data)
        self.protocol = protocol

    @property
    def name(self) -> str | None:
        """The route's name, if it has one."""
        value = self.data.get("name")
        return value if is_text(value) and value else None

    @property
    def matches(self) -> list[Any]:
        """The entries of `match`, as plain data."""
        return as_list(self.data.get("match"))

    @cached_property
    def destinations(self) -> tuple[Destination, ...]:
        """The destinations under `route`, in order, without mirrors."""
        found = []
        for index, entry in enumerate(as_list(self.data.get("route"))):
            if isinstance(entry, Unknown):
                continue
            path = (*self.path, "route", index)
            wrapper = View(self.resource, path, entry)
            data = wrapper.data.get("destination")
            found.append(Destination(self.resource, (*path, "destination"), data, wrapper))
        return tuple(found)

    @property
    def has_unknown_destinations(self) -> bool:
        """Whether an expression hides the list of destinations or an entry of it."""
        value = self.data.get("route")
        return isinstance(value, Unknown) or any(isinstance(v, Unknown) for v in as_list(value))

    @cached_property
    def mirrors(self) -> tuple[Destination, ...]:
        """`mirror` and the destinations of `mirrors`."""
        found = []
        if isinstance(self.data.get("mirror"), dict):
            path = (*self.path, "mirror")
            found.append(Destination(self.resource, path, self.data["mirror"], None))
        for index, entry in enumerate(as_list(self.data.get("mirrors"))):
            path = (*self.path, "mirrors", index, "destination")
            found.append(Destination(self.resource, path, as_dict(entry).get("destination"), None))
        return tuple(found)

    @property
    def total_weight(self) -> int | Unknown:
        """The sum of the destinations' weights, an absent one counting as 0.

        Unknown when an expression hides a weight or a destination, or when a weight is no whole number.
        """
        if self.has_unknown_destinations:
            return Unknown("")
        total = 0
        for destination in self.destinations:
            weight = destination.weight
            if weight is None:
                continue
            if not is_integer(weight):
                return Unknown(str(weight))
            total += weight
        return total


class Resource:
    """A Kubernetes object: a document, or an item of a `List`.

    `kind`, `name` and `namespace` are None when absent or not text; `name` may be Unknown.
    """

    KINDS: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, document: Document, data: dict[str, Any], base: Path = ()) -> None:
        self.document = document
        self.data = data
        self.base = base
        metadata = as_dict(data.get("metadata"))
        self.metadata = metadata
        #: `spec` and `metadata.annotations` as written; empty when absent or badly shaped.
        self.spec = as_dict(data.get("spec"))
        self.annotations = as_dict(metadata.get("annotations"))
        kind = data.get("kind")
        self.kind: str | None = kind if isinstance(kind, str) else None
        name = metadata.get("name")
        self.name: str | Unknown | None = name if isinstance(name, (str, Unknown)) else None
        namespace = metadata.get("namespace")
        self.namespace: str | Unknown | None = (
            (namespace or None) if isinstance(namespace, (str, Unknown)) else None
        )

    @property
    def file(self) -> SourceFile:
        """The file that holds it."""
        return self.document.file

    @property
    def api_version(self) -> str:
        """`apiVersion` as text, empty when absent or hidden."""
        value = self.data.get("apiVersion")
        return value if isinstance(value, str) else ""

    @property
    def group(self) -> str:
        """The API group: the part of `apiVersion` before the slash, empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def labels(self) -> dict[str, Any]:
        """`metadata.labels` as written."""
        return as_dict(self.metadata.get("labels"))

    @property
    def managed(self) -> bool | Unknown:
        """Whether Harness treats it as managed.

        Harness turns the annotation's value into text and compares it with "true" in any case, so an
        unquoted `true` counts too (harness-core, KubernetesResource.isManaged); `yes` and `on` are
        booleans for its YAML 1.1 reader.
        """
        value = self.annotations.get(MANAGED)
        if value is None:
            return False
        if isinstance(value, Unknown):
            return value
        return value is True or (isinstance(value, str) and value.lower() == "true")

    @property
    def identity(self) -> ResourceName:
        """The object as a report names it."""
        name = self.name
        namespace = self.namespace
        return ResourceName(
            self.kind or "",
            name.text if isinstance(name, Unknown) else name or "",
            namespace.text if isinstance(namespace, Unknown) else namespace,
        )

    @property
    def title(self) -> str:
        """`Kind name` or `Kind namespace/name`, for messages."""
        identity = self.identity
        where = f"{identity.namespace}/" if identity.namespace else ""
        return f"{identity.kind} {where}{identity.name or '(no name)'}"

    def place(self, path: Path, *, key: bool = False) -> Place:
        """The place of a value of this object."""
        return Place(self.file, self.document, self.base + path, key, None, self)

    def at(self, *path: str | int, key: bool = False) -> Place:
        """The place of a value: `service.at("spec", "http", 0)`; with `key=True`, of its key."""
        return self.place(path, key=key)

    def head(self) -> Place:
        """The place that stands for the whole object: its name, else its kind, else its start."""
        for path in (("metadata", "name"), ("kind",)):
            if self.document.has(self.base + path):
                return self.place(path)
        return self.place(())


class VirtualService(Resource):
    """An Istio VirtualService."""

    KINDS = frozenset(("VirtualService",))

    @cached_property
    def hosts(self) -> tuple[Any, ...]:
        """`spec.hosts`."""
        return tuple(as_list(self.spec.get("hosts")))

    @cached_property
    def gateways(self) -> tuple[Any, ...]:
        """`spec.gateways`."""
        return tuple(as_list(self.spec.get("gateways")))

    def _routes(self, protocol: str) -> tuple[Route, ...]:
        return tuple(
            Route(self, ("spec", protocol, index), entry, protocol)
            for index, entry in enumerate(as_list(self.spec.get(protocol)))
            if not isinstance(entry, Unknown)
        )

    @cached_property
    def http(self) -> tuple[Route, ...]:
        """The http routes, in order (entries that an expression hides are left out)."""
        return self._routes("http")

    @cached_property
    def tls(self) -> tuple[Route, ...]:
        """The tls routes."""
        return self._routes("tls")

    @cached_property
    def tcp(self) -> tuple[Route, ...]:
        """The tcp routes."""
        return self._routes("tcp")

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """The routes of all protocols."""
        return self.http + self.tls + self.tcp

    @cached_property
    def serves_gateways(self) -> bool:
        """Whether clients of its routes are the pods of gateways, which may run in any namespace."""
        if any(name != "mesh" for name in self.gateways):
            return True
        return any(
            as_dict(match).get("gateways") for route in self.routes for match in route.matches
        )

    def hides(self, protocol: str) -> bool:
        """Whether an expression hides `spec`, the list of routes of a protocol, or an entry of it."""
        if isinstance(self.data.get("spec"), Unknown):
            return True
        value = self.spec.get(protocol)
        return isinstance(value, Unknown) or any(isinstance(v, Unknown) for v in as_list(value))

    def destinations(self) -> Iterator[Destination]:
        """Every destination of every route, mirrors included."""
        for route in self.routes:
            yield from route.destinations
            yield from route.mirrors


class Subset(View):
    """One entry of a DestinationRule's `subsets`."""

    @property
    def name(self) -> str | Unknown | None:
        """The subset's name; None when absent or not text."""
        value = self.data.get("name")
        return value if isinstance(value, (str, Unknown)) else None

    @property
    def labels(self) -> dict[str, Any]:
        """The labels that select its pods."""
        return as_dict(self.data.get("labels"))


class DestinationRule(Resource):
    """An Istio DestinationRule."""

    KINDS = frozenset(("DestinationRule",))

    @property
    def host(self) -> str | Unknown | None:
        """`spec.host`; Unknown where an expression hides `spec`."""
        spec = self.data.get("spec")
        value = spec if isinstance(spec, Unknown) else self.spec.get("host")
        return value if isinstance(value, (str, Unknown)) else None

    @cached_property
    def subsets(self) -> tuple[Subset, ...]:
        """`spec.subsets` as written (a managed rule also gets Harness's `stable` and `canary`)."""
        return tuple(
            Subset(self, ("spec", "subsets", index), entry)
            for index, entry in enumerate(as_list(self.spec.get("subsets")))
            if not isinstance(entry, Unknown)
        )

    @property
    def hides_subsets(self) -> bool:
        """Whether an expression hides the subsets, one of them, or its name."""
        value = self.spec.get("subsets")
        return (
            isinstance(self.data.get("spec"), Unknown)
            or isinstance(value, Unknown)
            or any(isinstance(entry, Unknown) for entry in as_list(value))
            or any(isinstance(subset.name, Unknown) for subset in self.subsets)
        )


class Gateway(Resource):
    """An Istio Gateway (not the Gateway API's kind of the same name)."""

    KINDS = frozenset(("Gateway",))

    @property
    def servers(self) -> list[Any]:
        """`spec.servers`."""
        return as_list(self.spec.get("servers"))


class Service(Resource):
    """A Kubernetes Service."""

    KINDS = frozenset(("Service",))

    @property
    def selector(self) -> dict[str, Any]:
        """`spec.selector`."""
        return as_dict(self.spec.get("selector"))

    @property
    def ports(self) -> list[Any]:
        """`spec.ports`."""
        return as_list(self.spec.get("ports"))


class ServiceEntry(Resource):
    """An Istio ServiceEntry."""

    KINDS = frozenset(("ServiceEntry",))

    @property
    def hosts(self) -> list[Any]:
        """`spec.hosts`."""
        return as_list(self.spec.get("hosts"))


_ISTIO_VIEWS: Final[dict[str, type[Resource]]] = {
    "VirtualService": VirtualService,
    "DestinationRule": DestinationRule,
    "Gateway": Gateway,
    "ServiceEntry": ServiceEntry,
}


def read_resources(document: Document) -> Iterator[Resource]:
    """The objects of a composed document, `List` items expanded; nothing for other documents."""
    data = document.data
    if isinstance(data, dict) and ("kind" in data or "apiVersion" in data):
        yield from _expand(document, data, ())


def _expand(document: Document, data: dict[str, Any], base: Path) -> Iterator[Resource]:
    kind = data.get("kind")
    items = data.get("items")
    if isinstance(kind, str) and kind.endswith("List") and isinstance(items, list):
        for index, item in enumerate(items):
            if isinstance(item, dict) and len(base) < 20:
                yield from _expand(document, item, (*base, "items", index))
        return
    yield _view(data)(document, data, base)


def _view(data: dict[str, Any]) -> type[Resource]:
    kind = data.get("kind")
    version = data.get("apiVersion")
    if not isinstance(kind, str):
        return Resource
    if kind == "Service" and version == "v1":
        return Service
    if not isinstance(version, str) or version.startswith(ISTIO_GROUP + "/"):
        return _ISTIO_VIEWS.get(kind, Resource)
    return Resource

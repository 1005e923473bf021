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

    @cached_property
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
        version = data.get("apiVersion")
        #: `apiVersion` as text, empty when absent or hidden.
        self.api_version = version if isinstance(version, str) else ""
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
        """The object as a report names it, and as it is named in its file."""
        if self.document.identity is not None:
            return self.document.identity
        name = self.name
        namespace = self.namespace
        return ResourceName(
            self.kind or "",
            name.text if isinstance(name, Unknown) else name or "",
            namespace.text if isinstance(namespace, Unknown) else namespace,
        )

    @property
    def title(self) -> str:
        """`Kind name` or `Kind namespace/name` as it deploys, for messages."""
        name, namespace = (
            part.text if isinstance(part, Unknown) else part for part in (self.name, self.namespace)
        )
        where = f"{namespace}/" if namespace else ""
        return f"{self.kind or ''} {where}{name or '(no name)'}"

    def place(self, path: Path, *, key: bool = False) -> Place:
        """The place of a value of this object."""
        where = self.base + path
        home = self.document.home(where, key=key)
        return Place(home.file, self.document, where, key, None, self)

    def at(self, *path: str | int, key: bool = False) -> Place:
        """The place of a value: `service.at("spec", "http", 0)`; with `key=True`, of its key."""
        return self.place(path, key=key)

    def head(self) -> Place:
        """The place that stands for the whole object: its name, else its kind, else its start."""
        for path in (("metadata", "name"), ("kind",)):
            if self.document.has(self.base + path):
                return self.place(path)
        return self.place(())


def known_namespace(resource: Resource) -> str | None:
    """The object's namespace, None when it is unset or hidden.

    In a chart `default` stands for the namespace of the release, which is chosen when it is installed.
    """
    namespace = resource.namespace
    if not isinstance(namespace, str):
        return None
    is_of_release = (
        namespace == "default" and resource.file.rendered and resource.file.variant.instance
    )
    return None if is_of_release else namespace


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

    @cached_property
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

    @cached_property
    def exported_to(self) -> frozenset[str]:
        """The entries of `spec.exportTo`, as written: it is by these that Istio merges rules."""
        return frozenset(map(str, as_list(self.spec.get("exportTo"))))

    @cached_property
    def subset_names(self) -> frozenset[str]:
        """The names of its subsets."""
        return frozenset(subset.name for subset in self.subsets if isinstance(subset.name, str))

    @cached_property
    def hides_subsets(self) -> bool:
        """Whether an expression hides the subsets, one of them, or its name."""
        value = self.spec.get("subsets")
        return (
            isinstance(self.data.get("spec"), Unknown)
            or isinstance(value, Unknown)
            or any(isinstance(entry, Unknown) for entry in as_list(value))
            or any(isinstance(subset.name, Unknown) for subset in self.subsets)
        )


class Port(View):
    """A port of a Service, a ServiceEntry or a Gateway's server."""

    @property
    def number(self) -> int | Unknown | None:
        """Its number (`port` in a Service, `number` elsewhere); None when absent or no whole number."""
        value = self.data.get("port" if self.resource.kind == "Service" else "number")
        return value if is_integer(value) or isinstance(value, Unknown) else None

    @property
    def name(self) -> str | Unknown | None:
        """Its name; None when absent or not text."""
        value = self.data.get("name")
        return value if isinstance(value, (str, Unknown)) else None

    @property
    def protocol(self) -> str | Unknown | None:
        """Its protocol; None when absent or not text."""
        value = self.data.get("protocol")
        return value if isinstance(value, (str, Unknown)) else None

    @property
    def target(self) -> int | str | Unknown | None:
        """`targetPort`, a number or a name; None when absent."""
        value = self.data.get("targetPort")
        return value if is_integer(value) or isinstance(value, (str, Unknown)) else None


def _ports(resource: Resource) -> tuple[Port, ...]:
    return tuple(
        Port(resource, ("spec", "ports", index), entry)
        for index, entry in enumerate(as_list(resource.spec.get("ports")))
        if not isinstance(entry, Unknown)
    )


def _hides_ports(resource: Resource) -> bool:
    value = resource.spec.get("ports")
    return (
        isinstance(resource.data.get("spec"), Unknown)
        or isinstance(value, Unknown)
        or any(isinstance(entry, Unknown) for entry in as_list(value))
    )


class Server(View):
    """One entry of a Gateway's `servers`."""

    @cached_property
    def port(self) -> Port:
        """Its port."""
        return Port(self.resource, (*self.path, "port"), self.data.get("port"))

    @property
    def hosts(self) -> list[Any]:
        """The hosts that it serves: `host`, or `namespace/host` for routes of one namespace."""
        return as_list(self.data.get("hosts"))


class Gateway(Resource):
    """An Istio Gateway (not the Gateway API's kind of the same name)."""

    KINDS = frozenset(("Gateway",))

    @property
    def selector(self) -> dict[str, Any]:
        """`spec.selector`: the labels of the pods that it configures."""
        return as_dict(self.spec.get("selector"))

    @cached_property
    def servers(self) -> tuple[Server, ...]:
        """`spec.servers`, in order (entries that an expression hides are left out)."""
        return tuple(
            Server(self, ("spec", "servers", index), entry)
            for index, entry in enumerate(as_list(self.spec.get("servers")))
            if not isinstance(entry, Unknown)
        )

    @property
    def hides_servers(self) -> bool:
        """Whether an expression hides the servers or one of them."""
        value = self.spec.get("servers")
        return (
            isinstance(self.data.get("spec"), Unknown)
            or isinstance(value, Unknown)
            or any(isinstance(entry, Unknown) for entry in as_list(value))
        )


class Service(Resource):
    """A Kubernetes Service."""

    KINDS = frozenset(("Service",))

    @property
    def selector(self) -> dict[str, Any]:
        """`spec.selector`."""
        return as_dict(self.spec.get("selector"))

    @property
    def type(self) -> str:
        """`spec.type`, `ClusterIP` where nothing is said."""
        value = self.spec.get("type")
        return value if isinstance(value, str) and value else "ClusterIP"

    @cached_property
    def ports(self) -> tuple[Port, ...]:
        """`spec.ports`, in order (entries that an expression hides are left out)."""
        return _ports(self)

    @property
    def hides_ports(self) -> bool:
        """Whether an expression hides the ports or one of them."""
        return _hides_ports(self)


class ServiceEntry(Resource):
    """An Istio ServiceEntry."""

    KINDS = frozenset(("ServiceEntry",))

    @property
    def hosts(self) -> list[Any]:
        """`spec.hosts`."""
        return as_list(self.spec.get("hosts"))

    @cached_property
    def ports(self) -> tuple[Port, ...]:
        """`spec.ports`, in order (entries that an expression hides are left out)."""
        return _ports(self)

    @property
    def hides_ports(self) -> bool:
        """Whether an expression hides the ports or one of them."""
        return _hides_ports(self)

    @property
    def endpoints(self) -> list[View]:
        """`spec.endpoints`; what is no mapping is left out."""
        return [
            View(self, ("spec", "endpoints", index), entry)
            for index, entry in enumerate(as_list(self.spec.get("endpoints")))
            if isinstance(entry, dict)
        ]

    @property
    def selector(self) -> dict[str, Any]:
        """`spec.workloadSelector.labels`."""
        return as_dict(as_dict(self.spec.get("workloadSelector")).get("labels"))

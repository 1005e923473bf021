"""The graph as plain data: hosts → routes → subsets → workloads.

What an expression hides is None in a number and `?` in a text.  `findings` are those whose place is the
node itself; the ones of a deeper node are there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from ..finding import Finding

#: `found`: in sight.  `absent`: what owns it is in sight and lacks it.  `unseen`: nothing in sight owns
#: it.  `hidden`: an expression hides its name.
State = Literal["found", "absent", "unseen", "hidden"]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file that a person edits."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(slots=True)
class Object:
    """A Kubernetes object that the graph names; every mention of it is the same Object."""

    kind: str
    name: str
    namespace: str | None
    spot: Spot
    findings: list[Finding]

    @property
    def title(self) -> str:
        """`Kind name`."""
        return f"{self.kind} {self.name}"

    @property
    def full_name(self) -> str:
        """`namespace/name`, or the name where no namespace is known."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(slots=True)
class Reference:
    """A Gateway as a VirtualService names it."""

    name: str
    state: State
    object: Object | None
    findings: list[Finding]


@dataclass(slots=True)
class Pods:
    """A workload whose pods a destination reaches; not `certain` where labels are hidden."""

    object: Object
    certain: bool


@dataclass(slots=True)
class Subset:
    """A subset that a destination names.

    `by_harness`: a deployment by Harness writes it and its labels.
    """

    name: str
    state: State
    labels: dict[str, str]
    by_harness: bool
    spot: Spot | None
    findings: list[Finding]


@dataclass(slots=True)
class Target:
    """Where requests go, or a copy of them (a mirror).

    `share` is in percent of the route's requests; None where it cannot be known.  `service` is the
    Service or ServiceEntry of the host, `rule` the DestinationRule that applies.
    """

    host: str
    full_name: str
    state: State
    port: str | None
    share: float | None
    weight: int | str | None
    subset: Subset | None
    service: Object | None
    rule: Object | None
    workloads: list[Pods]
    spot: Spot
    findings: list[Finding]

    @property
    def external(self) -> bool:
        """Whether a ServiceEntry provides the host."""
        return self.service is not None and self.service.kind == "ServiceEntry"

    @property
    def name(self) -> str:
        """`host:port / subset`, as far as each is named."""
        host = f"{self.host}:{self.port}" if self.port else self.host
        return f"{host} / {self.subset.name}" if self.subset else host


@dataclass(slots=True)
class Delegate:
    """The VirtualService that a route hands its requests to, with its routes as the root narrows them.

    `remark` says why the delegate is not served, if so.
    """

    name: str
    namespace: str | None
    state: State
    object: Object | None
    routes: list[Route]
    remark: str | None

    @property
    def full_name(self) -> str:
        """`namespace/name`, or the name where no namespace is known."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(slots=True)
class Route:
    """One entry of `http`, `tls` or `tcp`.

    `matches` are the conditions of which one must hold; none: it takes every request that comes to it.
    `dropped`: Istio leaves out this route of a delegate, for no match of it fits within the root's.
    """

    protocol: str
    index: int
    name: str | None
    matches: list[str]
    destinations: list[Target]
    mirrors: list[Target]
    redirect: str | None
    direct_response: str | None
    delegate: Delegate | None
    hides_destinations: bool
    spot: Spot
    findings: list[Finding]
    dropped: bool = False

    @property
    def label(self) -> str:
        """`http[0]`."""
        return f"{self.protocol}[{self.index}]"

    @property
    def condition(self) -> str:
        """When the route is taken, in a few words."""
        if not self.matches:
            return "all requests" if self.index == 0 else "all other requests"
        return "when " + " or ".join(self.matches)

    @property
    def leads(self) -> bool:
        """Whether the route does anything with its requests, as far as one can tell."""
        given = (self.redirect, self.direct_response, self.delegate)
        return bool(self.destinations) or self.hides_destinations or any(given)

    def served(self) -> Iterator[tuple[tuple[Route, ...], Route]]:
        """The routes that requests take in the end, each with those that delegate to it."""
        if self.delegate is None or not self.delegate.routes:
            yield (), self
            return
        for route in self.delegate.routes:
            yield (self,), route


@dataclass(slots=True)
class Service:
    """One VirtualService with its routes; `hosts` are positions in the graph's hosts.

    `roots` are the VirtualServices that delegate to it.  `hidden`: an expression hides routes.
    """

    object: Object
    hosts: list[int]
    mesh: bool
    gateways: list[Reference]
    managed: bool
    delegate: bool
    roots: list[Object]
    routes: list[Route]
    hidden: bool

    def reach(self) -> list[str]:
        """From where its hosts are reached: the mesh, gateways."""
        words = ["mesh"] if self.mesh else []
        return words + [f"gateway {gateway.name}" for gateway in self.gateways]


@dataclass(slots=True)
class HostNode:
    """A host that VirtualServices serve, under all of its spellings."""

    name: str
    full_name: str
    spellings: list[str] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)


@dataclass(slots=True)
class Graph:
    """Everything drawn; `elsewhere` are those of the findings that have no node here."""

    hosts: list[HostNode]
    services: list[Service]
    findings: list[Finding]
    elsewhere: list[Finding]

    def hosts_of(self, service: Service) -> list[HostNode]:
        """The hosts of a VirtualService."""
        return [self.hosts[position] for position in service.hosts]

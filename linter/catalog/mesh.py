"""The mesh: which namespaces and workloads have a proxy, and of which kind.

Sources: Istio docs, "Installing the Sidecar" (which labels inject), "Ambient: Configure waypoint
proxies" (`istio.io/use-waypoint`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..resource import Resource, known_namespace
from ..values import Unknown, is_text
from ..workload import Namespace, Workload
from .hosts import namespaces_meet

if TYPE_CHECKING:
    from .core import Catalog

INJECTION: Final = "istio-injection"
REVISION: Final = "istio.io/rev"
DATAPLANE_MODE: Final = "istio.io/dataplane-mode"
USE_WAYPOINT: Final = "istio.io/use-waypoint"
WAYPOINT_NAMESPACE: Final = "istio.io/use-waypoint-namespace"
_GATEWAY_API: Final = "gateway.networking.k8s.io"
_INJECT: Final = "sidecar.istio.io/inject"
_PROXY: Final = "istio-proxy"


class WaypointName(NamedTuple):
    """A waypoint as a label names it; `enrolled` is the object with the label."""

    enrolled: Resource
    name: str
    namespace: str | None


class Mesh:
    """The namespaces in sight, and who in them has a proxy."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._namespaces: dict[str, list[Namespace]] = defaultdict(list)
        #: Gateways of the Gateway API: those that may be waypoints.
        self._gateways: list[Resource] = []
        self._homes: set[object] = set()
        self._hides_names = False
        #: Whether anything in sight is written for Istio.
        self.in_sight = False
        for resource in resources:
            self._homes.add(resource.namespace)
            if resource.kind == "Gateway" and resource.group == _GATEWAY_API:
                self._gateways.append(resource)
            if isinstance(resource, Namespace):
                if is_text(resource.name):
                    self._namespaces[resource.name].append(resource)
                else:
                    self._hides_names = True
            self.in_sight = self.in_sight or _speaks_of_istio(resource)

    @property
    def has_namespaces(self) -> bool:
        """Whether a Namespace is in sight at all."""
        return bool(self._namespaces)

    def namespaces(
        self, name: str | None, asker: Resource, catalog: Catalog
    ) -> Sequence[Namespace]:
        """The Namespaces of a name that deploy with `asker`: several for several environments."""
        if name is None:
            return ()
        found = self._namespaces.get(name, [])
        return catalog.nearest(found, asker) or found

    @cached_property
    def known_names(self) -> set[str]:
        """The namespaces that are declared, or that an object stands in; none where one is hidden."""
        if not self._namespaces or self._hides_names:
            return set()
        return {*self._namespaces, *filter(is_text, self._homes)}

    def lost_waypoint(self, *enrolled: Resource) -> WaypointName | None:
        """The waypoint that the first of some objects with a label names, where it is not there.

        Waypoints are often made by a command, so one is missed only where the tree has others.
        """
        for resource in enrolled:
            if USE_WAYPOINT in resource.labels:
                name = resource.labels[USE_WAYPOINT]
                home = resource.name if isinstance(resource, Namespace) else resource.namespace
                given = resource.labels.get(WAYPOINT_NAMESPACE, home)
                if is_text(name) and not isinstance(given, Unknown) and self._lacks(name, given):
                    return WaypointName(resource, name, given if is_text(given) else None)
                return None
        return None

    def _lacks(self, name: str, namespace: object) -> bool:
        own = namespace if is_text(namespace) else None
        if not any("waypoint" in str(item.spec.get("gatewayClassName")) for item in self._gateways):
            return False
        return not any(
            isinstance(item.name, Unknown)
            or (item.name == name and namespaces_meet(known_namespace(item), own))
            for item in self._gateways
        )

    def waypoints(self) -> set[str]:
        """The names of the waypoints in sight."""
        return {item.name for item in self._gateways if is_text(item.name)}

    def joins(self, workload: Workload, catalog: Catalog) -> bool | None:
        """Whether a workload's pods get a sidecar; None where no file tells."""
        if any(view.data.get("name") == _PROXY for view in workload.containers):
            return True
        own = wants_sidecar(workload)
        if own is not None:
            return own
        if not is_text(workload.namespace):
            return None
        answers = {
            injects(found) for found in self.namespaces(workload.namespace, workload, catalog)
        }
        return answers.pop() if len(answers) == 1 else None


def wants_sidecar(workload: Workload) -> bool | None:
    """What the workload itself says of a sidecar; its label counts before its annotation."""
    for marks in (workload.pod_labels, workload.pod_annotations):
        if _INJECT in marks:
            value = marks[_INJECT]
            word = value if is_text(value) else str(value).lower()
            return {"true": True, "false": False}.get(word)  # Istio passes over other words
    return None


def injects(namespace: Namespace) -> bool | None:
    """Whether pods of a namespace get a sidecar; None where an expression hides the label."""
    labels = namespace.labels
    if any(isinstance(labels.get(key), Unknown) for key in (INJECTION, REVISION)):
        return None
    if INJECTION in labels:
        return bool(labels[INJECTION] == "enabled")
    return bool(labels.get(REVISION))


def is_ambient(namespace: Namespace) -> bool:
    """Whether the pods of a namespace are served by the ambient mesh, as far as is known."""
    return namespace.labels.get(DATAPLANE_MODE) == "ambient"


def uses_waypoint(*labels: Mapping[str, Any]) -> bool:
    """Whether the first labels that speak of a waypoint name one (a hidden one counts)."""
    for each in labels:
        if USE_WAYPOINT in each:
            value = each[USE_WAYPOINT]
            return isinstance(value, Unknown) or value not in ("", None, "none")
    return False


def _speaks_of_istio(resource: Resource) -> bool:
    if resource.group.endswith("istio.io"):
        return True
    if isinstance(resource, Namespace):
        return any(key in resource.labels for key in (INJECTION, REVISION, DATAPLANE_MODE))
    return isinstance(resource, Workload) and (
        wants_sidecar(resource) is True
        or any(view.data.get("name") == _PROXY for view in resource.containers)
    )

"""The mesh: which namespaces and workloads have a proxy, and of which kind.

Sources: Istio docs, "Installing the Sidecar" (which labels inject), "Ambient: Configure waypoint
proxies" (`istio.io/use-waypoint`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ..resource import Resource
from ..values import Unknown, is_text
from ..workload import Namespace, Workload

if TYPE_CHECKING:
    from .core import Catalog

INJECTION: Final = "istio-injection"
REVISION: Final = "istio.io/rev"
DATAPLANE_MODE: Final = "istio.io/dataplane-mode"
USE_WAYPOINT: Final = "istio.io/use-waypoint"
_INJECT: Final = "sidecar.istio.io/inject"
_PROXY: Final = "istio-proxy"


class Mesh:
    """The namespaces in sight, and who in them has a proxy."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._namespaces: dict[str, list[Namespace]] = defaultdict(list)
        #: Whether anything in sight is written for Istio.
        self.in_sight = False
        for resource in resources:
            if isinstance(resource, Namespace) and is_text(resource.name):
                self._namespaces[resource.name].append(resource)
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

"""Which view an object gets, by its group and kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from .resource import (
    ISTIO_GROUP,
    DestinationRule,
    Gateway,
    Resource,
    Service,
    ServiceEntry,
    VirtualService,
)
from .workload import (
    Namespace,
    RequestAuthentication,
    Sidecar,
    Workload,
    WorkloadEntry,
    WorkloadGroup,
)

if TYPE_CHECKING:
    from .document import Document, Path

_ISTIO_VIEWS: Final[dict[str, type[Resource]]] = {
    "VirtualService": VirtualService,
    "DestinationRule": DestinationRule,
    "Gateway": Gateway,
    "ServiceEntry": ServiceEntry,
    "Sidecar": Sidecar,
    "WorkloadEntry": WorkloadEntry,
    "WorkloadGroup": WorkloadGroup,
}
_OTHER_VIEWS: Final[dict[tuple[str, str], type[Resource]]] = {
    ("", "Service"): Service,
    ("", "Pod"): Workload,
    ("", "Namespace"): Namespace,
    ("apps", "Deployment"): Workload,
    ("apps", "StatefulSet"): Workload,
    ("apps", "DaemonSet"): Workload,
    ("apps", "ReplicaSet"): Workload,
    ("extensions", "Deployment"): Workload,
    ("argoproj.io", "Rollout"): Workload,
    ("security.istio.io", "RequestAuthentication"): RequestAuthentication,
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
    yield view_of(data)(document, data, base)


def view_of(data: dict[str, Any]) -> type[Resource]:
    """The class of the view that an object gets."""
    kind = data.get("kind")
    version = data.get("apiVersion")
    if not isinstance(kind, str):
        return Resource
    if not isinstance(version, str):
        return _ISTIO_VIEWS.get(kind, Resource)
    group = version.rpartition("/")[0]
    if group == ISTIO_GROUP:
        return _ISTIO_VIEWS.get(kind, Resource)
    return _OTHER_VIEWS.get((group, kind), Resource)

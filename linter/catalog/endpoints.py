"""What stands behind a host: the labels of its pods and machines, which a subset picks from.

Source: Istio, a subset's endpoints are those of the Service (or ServiceEntry) that have all its labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ..resource import Resource, Service, ServiceEntry, Subset, as_dict, known_namespace
from ..syntax import selects
from ..values import is_text
from ..workload import Workload, WorkloadEntry, WorkloadGroup
from .hosts import namespaces_meet

if TYPE_CHECKING:
    from .core import Catalog

Labels = Mapping[str, Any]

#: Labels that are written at run time: by Kubernetes, by Istio, by Harness, by Argo Rollouts.
_AT_RUN_TIME: Final = (
    "apps.kubernetes.io/",
    "controller-revision-hash",
    "harness.io/",
    "istio.io/",
    "pod-template-hash",
    "rollouts-pod-template-hash",
    "security.istio.io/",
    "service.istio.io/",
    "statefulset.kubernetes.io/",
    "topology.istio.io/",
    "topology.kubernetes.io/",
)
#: Resolutions of a ServiceEntry that send requests to addresses of its own.
_RESOLVED: Final = ("STATIC", "DNS", "DNS_ROUND_ROBIN")


def endpoint_labels(host: str, asker: Resource, catalog: Catalog) -> list[Labels] | None:
    """The labels of each endpoint of a host, wherever in sight it lies; None where they cannot be known."""
    lookup = catalog.provider(host, asker)
    if lookup.state != "found" or not lookup.items:
        return None
    found: list[Labels] = []
    for item in lookup.items:
        labels = _labels_behind(item, catalog)
        if labels is None:
            return None
        found += labels
    return found


def selects_nothing(subset: Subset, endpoints: Sequence[Labels], catalog: Catalog) -> bool:
    """Whether no endpoint has a subset's labels, nor a kustomization that may write them."""
    wanted = {
        key: value for key, value in subset.labels.items() if not key.startswith(_AT_RUN_TIME)
    }
    if not wanted or any(selects(wanted, labels) is not False for labels in endpoints):
        return False
    return not any(catalog.patches_mention(key, str(value)) for key, value in wanted.items())


def contradicting_label(subset: Subset, service: Service) -> str | None:
    """The first label of a subset for which a Service's selector wants another value."""
    if service.type == "ExternalName":
        return None
    for key, value in subset.labels.items():
        wanted = service.selector.get(key)
        differ = is_text(value) and is_text(wanted) and value != wanted
        if differ and not key.startswith("harness.io/"):
            return key
    return None


def _labels_behind(owner: Resource, catalog: Catalog) -> list[Labels] | None:
    if isinstance(owner, Service):
        if not owner.selector or owner.type == "ExternalName":
            return None
        return _labels_of(catalog.selected_in_sight(owner.selector, owner))
    if not isinstance(owner, ServiceEntry) or not isinstance(owner.data.get("spec"), dict):
        return None
    # Without addresses of its own, an entry sends each request to where the client meant it.
    if owner.spec.get("resolution") not in _RESOLVED:
        return None
    if owner.spec.get("workloadSelector") is not None:
        return _selected_by(owner, catalog) if owner.selector else None
    endpoints = owner.spec.get("endpoints") or []
    if not isinstance(endpoints, list) or not all(isinstance(entry, dict) for entry in endpoints):
        return None
    labels = [entry.get("labels") for entry in endpoints]
    if not all(each is None or isinstance(each, dict) for each in labels):
        return None
    # One without endpoints is the host itself, which has no labels.
    return [as_dict(each) for each in labels] or [{}]


def _labels_of(workloads: Sequence[Workload]) -> list[Labels] | None:
    if any(workload.adds_labels or workload.hides_labels for workload in workloads):
        return None
    return [workload.pod_labels for workload in workloads]


def _selected_by(entry: ServiceEntry, catalog: Catalog) -> list[Labels] | None:
    """The labels of the pods and machines that a ServiceEntry selects in its namespace."""
    pods = _labels_of(catalog.selected_in_sight(entry.selector, entry))
    if pods is None:
        return None
    kinds: tuple[type[WorkloadEntry | WorkloadGroup], ...] = (WorkloadEntry, WorkloadGroup)
    for kind in kinds:
        for machine in catalog.resources(kind):
            near = namespaces_meet(known_namespace(machine), known_namespace(entry))
            if near and selects(entry.selector, machine.pod_labels) is not False:
                pods.append(machine.pod_labels)
    return pods

"""Workloads and the objects around them: what runs, where it stands, who may call whom."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from .document import Path
from .resource import Resource, View, as_dict, as_list
from .values import Unknown


class Workload(Resource):
    """An object that makes pods: a Deployment, a StatefulSet, an Argo Rollout …, or a Pod itself."""

    KINDS = frozenset(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Rollout", "Pod"))

    @property
    def pod_path(self) -> Path:
        """Where the pod's `metadata` and `spec` stand in the object."""
        return () if self.kind == "Pod" else ("spec", "template")

    @cached_property
    def _pod(self) -> dict[str, Any]:
        return self.data if self.kind == "Pod" else as_dict(self.spec.get("template"))

    @cached_property
    def pod_labels(self) -> dict[str, Any]:
        """The labels of its pods."""
        return as_dict(as_dict(self._pod.get("metadata")).get("labels"))

    @property
    def pod_annotations(self) -> dict[str, Any]:
        """The annotations of its pods."""
        return as_dict(as_dict(self._pod.get("metadata")).get("annotations"))

    @property
    def pod_spec(self) -> dict[str, Any]:
        """The `spec` of its pods."""
        return as_dict(self._pod.get("spec"))

    @property
    def hides_labels(self) -> bool:
        """Whether an expression hides the pods' labels as a whole."""
        spec = self.data.get("spec")
        template = self.data if self.kind == "Pod" else as_dict(spec).get("template")
        metadata = as_dict(template).get("metadata")
        labels = as_dict(metadata).get("labels")
        return any(isinstance(value, Unknown) for value in (spec, template, metadata, labels))

    @property
    def containers(self) -> Iterator[View]:
        """Its containers."""
        for index, entry in enumerate(as_list(self.pod_spec.get("containers"))):
            yield View(self, (*self.pod_path, "spec", "containers", index), entry)

    @property
    def adds_labels(self) -> bool:
        """Whether a controller adds labels to its pods that no file shows (Argo Rollouts)."""
        return self.kind == "Rollout"


class WorkloadEntry(Resource):
    """An Istio WorkloadEntry: a machine outside the cluster."""

    KINDS = frozenset(("WorkloadEntry",))

    @property
    def pod_labels(self) -> dict[str, Any]:
        """Its labels: Istio reads those of `spec`, and of the metadata where the spec has none."""
        return {**self.labels, **as_dict(self.spec.get("labels"))}


class WorkloadGroup(Resource):
    """An Istio WorkloadGroup: the template of WorkloadEntries."""

    KINDS = frozenset(("WorkloadGroup",))

    @property
    def pod_labels(self) -> dict[str, Any]:
        """The labels of the entries made from it."""
        template = as_dict(as_dict(self.spec.get("template")).get("labels"))
        return {**template, **as_dict(as_dict(self.spec.get("metadata")).get("labels"))}


class Sidecar(Resource):
    """An Istio Sidecar: what the proxies of a namespace, or of some pods in it, can reach."""

    KINDS = frozenset(("Sidecar",))

    @property
    def selector(self) -> dict[str, Any]:
        """`spec.workloadSelector.labels`."""
        return as_dict(as_dict(self.spec.get("workloadSelector")).get("labels"))

    @cached_property
    def egress(self) -> tuple[View, ...]:
        """The egress listeners."""
        return _views(self, "egress")

    @cached_property
    def ingress(self) -> tuple[View, ...]:
        """The ingress listeners."""
        return _views(self, "ingress")


class Namespace(Resource):
    """A Kubernetes Namespace."""

    KINDS = frozenset(("Namespace",))


class RequestAuthentication(Resource):
    """An Istio RequestAuthentication: which tokens a workload takes."""

    KINDS = frozenset(("RequestAuthentication",))


def _views(resource: Resource, field: str) -> tuple[View, ...]:
    return tuple(
        View(resource, ("spec", field, index), entry)
        for index, entry in enumerate(as_list(resource.spec.get(field)))
        if not isinstance(entry, Unknown)
    )

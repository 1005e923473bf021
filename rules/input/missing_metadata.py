"""TS012: an object without the fields that make it one."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Resource, Rule, Severity, Unknown, is_text

_ISTIO = "networking.istio.io"
#: Kinds that no other API has.
_ONLY_ISTIO = frozenset(
    ("VirtualService", "DestinationRule", "ServiceEntry", "EnvoyFilter", "WorkloadEntry")
)
_KINDS: dict[str, frozenset[str]] = {
    "": frozenset(
        (
            "ConfigMap",
            "Endpoints",
            "LimitRange",
            "Namespace",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "Pod",
            "ReplicationController",
            "ResourceQuota",
            "Secret",
            "Service",
            "ServiceAccount",
        )
    ),
    "apps": frozenset(("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet")),
    "batch": frozenset(("CronJob", "Job")),
    "networking.k8s.io": frozenset(("Ingress", "NetworkPolicy")),
}


class MissingMetadata(Rule[Resource]):
    """An object has an apiVersion, a kind and a name.

    What it checks:
        Objects of Istio's networking API and of the Kubernetes kinds that a split needs, such as
        Service and Deployment.  `generateName` is a name.  Kustomizations, patches, Harness files and
        the configuration files of tools are no objects.

    Why it matters:
        The API server refuses an object without a kind or a name, and Harness fails at the manifests
        step with "Missing name in resource".

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:  # <-
          labels: {app: shop}
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop}
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
          labels: {app: shop}
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop}
        ```

    How to fix:
        Add the field that is missing.

    Sources:
        - Kubernetes docs, "Objects In Kubernetes": required fields
    """

    id = "TS012"
    name = "missing-metadata"
    severity = Severity.ERROR

    def check(self, resource: Resource, catalog: Catalog) -> Iterator[Finding]:
        """Look for what is missing."""
        if resource.name and resource.kind and resource.api_version:
            return
        if next(resource.file.problems_of("encoding"), None):
            return  # the first key may be there, under broken bytes
        what = _missing(resource)
        if what is None:
            return
        key = "metadata" if what == "metadata.name" and "metadata" in resource.data else "kind"
        yield self.finding(
            resource.at(key, key=key == "metadata") if key in resource.data else resource.head(),
            f"{_title(resource)} has no {what}. The API server refuses it.",
            help=f"Add {what}.",
        )


def _missing(resource: Resource) -> str | None:
    data = resource.data
    version, kind, metadata = data.get("apiVersion"), data.get("kind"), data.get("metadata")
    if isinstance(version, Unknown) or isinstance(metadata, Unknown):
        return None
    if not (kind is None or is_text(kind)):
        return None  # hidden, or of a wrong type
    if not version and kind in _ONLY_ISTIO:
        return "apiVersion" if "spec" in data else None
    if not isinstance(version, str):
        return None
    if kind is None:
        return "kind" if _is_object(resource) else None
    if resource.group != _ISTIO and kind not in _KINDS.get(resource.group, ()):
        return None
    has_name = "name" in resource.metadata and resource.metadata["name"] not in (None, "")
    return None if has_name or resource.metadata.get("generateName") else "metadata.name"


def _is_object(resource: Resource) -> bool:
    """Whether what has no kind is an object: a chart's Chart.yaml begins with `apiVersion: v1` too."""
    if resource.group == _ISTIO:
        return True
    return resource.group in _KINDS and bool(resource.metadata) and "spec" in resource.data


def _title(resource: Resource) -> str:
    if not resource.kind:
        return f"The object {resource.name}" if isinstance(resource.name, str) else "This object"
    return resource.title if resource.name else f"This {resource.kind}"

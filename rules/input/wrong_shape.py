"""TS008: a value of the wrong type, or no word of an enumeration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tsplit_lint import (
    MANAGED,
    PRIMARY_SERVICE,
    STAGE_SERVICE,
    Catalog,
    Finding,
    Misfit,
    Resource,
    Rule,
    Severity,
    explain_misfit,
    is_integer,
    is_placeholder,
    is_text,
    misfits,
    path_text,
    says_no,
)

_ISTIO: Final = "networking.istio.io"
_SKIP_MARKER: Final = "harness.io/skip-file-for-deploy"
#: Annotations that have a rule of their own, by kind.
_MARKS: Final = {
    "DestinationRule": (MANAGED,),
    "Service": (PRIMARY_SERVICE, STAGE_SERVICE),
    "VirtualService": (MANAGED,),
}
#: Kinds whose bounds and required fields no other rule looks at.
_OURS_ALONE: Final = frozenset(("WorkloadEntry", "WorkloadGroup"))
#: Fields of other Istio kinds whose bounds no other rule looks at.
_BOUNDS: Final = frozenset(
    (
        "consecutive5xxErrors",
        "consecutiveGatewayErrors",
        "consecutiveLocalOriginFailures",
        "endpoints",
        "locality",
        "minClusterSize",
        "minRetryConcurrency",
        "minimumRingSize",
        "network",
        "outlierDetectionHttpErrorCodes",
        "probes",
        "serviceAccount",
    )
)
#: Counts whose negative values other rules judge; here only what is beyond 32 bits.
_COUNTS: Final = frozenset(
    (
        "attempts",
        "http1MaxPendingRequests",
        "http2MaxRequests",
        "maxConcurrentStreams",
        "maxConnections",
        "maxRequestsPerConnection",
        "maxRetries",
    )
)
#: Lists of mappings in which other rules judge an empty entry.
_ENTRIES: Final = frozenset(
    ("http", "match", "mirrors", "portLevelSettings", "ports", "route", "servers", "subsets")
)


class WrongShape(Rule[Resource]):
    """Every value has the type that its field wants, and is one of the words where there is a choice.

    What it checks:
        VirtualService, DestinationRule, Gateway, ServiceEntry, Sidecar, WorkloadEntry and WorkloadGroup
        of Istio against their schemas: types, enumerations, and the apiVersion.  Of Service, Deployment,
        StatefulSet, DaemonSet, ReplicaSet, Pod, Namespace and Ingress it checks the names, labels,
        annotations and ports.  An annotation of Harness that is no text is a warning, since
        Harness's own templates have them.

        Bounds and required fields are judged here only where no rule has better words for them:
        those of WorkloadEntry and WorkloadGroup, of a Sidecar's listeners, and counts without a rule
        of their own.  Weights are TS202, `harness.io/managed` is TS101.  A field that is null counts
        as absent, and what an expression or a template hides fits everywhere.

    Why it matters:
        The API server refuses the object.  What was deployed before stays in force, or the deployment
        fails in the middle.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: shop  # <-
          http:
          - timeout: 5  # <-
            match:
            - uri: /cart  # <-
            route:
            - destination:
                host: shop
                port: 80  # <-
        ```
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
          annotations:
            example.com/reviewed: true  # <-
        spec:
          host: shop
          trafficPolicy:
            tls:
              mode: MTLS  # <-
          subsets:
          - name: v1
            labels: {version: 1}  # <-
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - timeout: 5s
            match:
            - uri: {prefix: /cart}
            route:
            - destination:
                host: shop
                port: {number: 80}
        ```
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
          annotations:
            example.com/reviewed: "true"
        spec:
          host: shop
          trafficPolicy:
            tls:
              mode: ISTIO_MUTUAL
          subsets:
          - name: v1
            labels: {version: "1"}
        ```

    How to fix:
        Write what the message says.  Quote a number or a boolean that is meant as text.

    Sources:
        - Istio, custom resource definitions of networking.istio.io
        - Kubernetes API reference, ObjectMeta, Service, Deployment
        - Kubernetes docs, "Custom Resources", structural schemas
    """

    id = "TS008"
    name = "schema"
    severity = Severity.ERROR
    aliases = ("IST0106",)

    def check(self, resource: Resource, catalog: Catalog) -> Iterator[Finding]:
        """Explain each place that does not fit."""
        found = [misfit for misfit in misfits(resource) if _is_ours(resource, misfit)]
        mistyped = {misfit.path for misfit in found if misfit.keyword == "type"}
        for misfit in found:
            if misfit.keyword == "type" or misfit.path not in mistyped:
                yield self._report(resource, misfit)

    def _report(self, resource: Resource, misfit: Misfit) -> Finding:
        what = f"{path_text(misfit.path)} of " if misfit.path else ""
        problem, mend = explain_misfit(resource, misfit)
        key = misfit.path[-1] if misfit.path else ""
        mild = is_text(key) and key.startswith("harness.io/")
        return self.finding(
            resource.at(*misfit.path),
            f"{what}{resource.title} {problem}. The API server refuses the object.",
            severity=Severity.WARNING if mild else None,
            help=mend,
        )


def _is_ours(resource: Resource, misfit: Misfit) -> bool:
    """Whether no other rule speaks of it."""
    if misfit.keyword in ("additionalProperties", "allOf", "anyOf", "oneOf", "not"):
        return False
    if misfit.keyword == "type" and is_text(misfit.value) and is_placeholder(misfit.value):
        return False
    path = misfit.path
    if path == ("metadata",):
        return False  # then it has no name: TS012
    if path[:1] == ("metadata",):
        return not _is_mark_of_another_rule(resource, misfit)
    if resource.kind == "VirtualService" and path[-1:] == ("weight",):
        return False
    if misfit.keyword in ("type", "enum"):
        return not _is_empty_entry(misfit)
    return resource.group != _ISTIO or _is_our_bound(resource, misfit)


def _is_mark_of_another_rule(resource: Resource, misfit: Misfit) -> bool:
    """Whether the value is a mark of Harness that TS101, TS103, TS119 or TS126 judges."""
    part, key = (*misfit.path, "", "")[1:3]
    if part == "annotations" and key in _MARKS.get(resource.kind or "", ()):
        return True
    return key in (MANAGED, _SKIP_MARKER) and not says_no(misfit.value)


def _is_empty_entry(misfit: Misfit) -> bool:
    path = misfit.path
    return misfit.value is None and len(path) > 1 and is_integer(path[-1]) and path[-2] in _ENTRIES


def _is_our_bound(resource: Resource, misfit: Misfit) -> bool:
    if resource.kind in _OURS_ALONE:
        return True
    if misfit.keyword == "required":
        return resource.kind == "Sidecar" and misfit.field in ("port", "host")
    names = {step for step in misfit.path if is_text(step)}
    if misfit.keyword == "maximum" and names & _COUNTS:
        return True
    if misfit.keyword in ("maxItems", "maxProperties"):
        return "tls" not in names
    if "address" in names:
        return False
    return bool(names & _BOUNDS) or misfit.path[-2:] == ("retryBudget", "percent")

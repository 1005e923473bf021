"""TS417: a split among pods that have no proxy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Namespace,
    Resource,
    Rule,
    Service,
    Severity,
    VirtualService,
    Workload,
    injects,
    is_ambient,
    is_text,
    selects,
    wants_sidecar,
)


class NotInMesh(Rule[Namespace | Workload]):
    """Pods whose service is split belong to the mesh.

    What it checks:
        Where the tree is declared complete and holds the Namespace: one without a label that injects
        sidecars or makes it ambient, though a Service in it is split (a VirtualService names subsets or
        weights for it, or a DestinationRule defines subsets).  In a Namespace that does inject: a
        workload of such a Service that refuses the sidecar (`sidecar.istio.io/inject: "false"`,
        `hostNetwork`).

    Why it matters:
        The proxy of the caller divides the requests.  Calls from pods without one go to all pods of the
        Service alike, and calls to pods without one have neither mutual TLS nor metrics.

    Bad:
        ```yaml
        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop  # <-
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: reviews
          namespace: shop
        spec:
          selector: {app: reviews}
          ports:
          - {name: http, port: 80}
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: reviews
          namespace: shop
        spec:
          host: reviews
          subsets:
          - name: v1
            labels: {version: v1}
        ```

    Good:
        ```yaml
        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop
          labels: {istio-injection: enabled}
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: reviews
          namespace: shop
        spec:
          selector: {app: reviews}
          ports:
          - {name: http, port: 80}
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: reviews
          namespace: shop
        spec:
          host: reviews
          subsets:
          - name: v1
            labels: {version: v1}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: reviews-v1
          namespace: shop
        spec:
          template:
            metadata:
              labels: {app: reviews, version: v1}
        ```

    How to fix:
        Label the Namespace `istio-injection: enabled` (or `istio.io/rev`, or `istio.io/dataplane-mode:
        ambient`), and remove what refuses the sidecar.

    Sources:
        - Istio docs, "Installing the Sidecar"
        - Istio docs, "NamespaceNotInjected"
    """

    id = "TS417"
    name = "not-in-mesh"
    severity = Severity.INFO
    aliases = ("IST0102", "IST0103")
    complete_only = True

    def check(self, subject: Namespace | Workload, catalog: Catalog) -> Iterator[Finding]:
        """Look at a namespace, or at a workload in one."""
        if not catalog.mesh.has_namespaces or not catalog.complete(subject):
            return
        if isinstance(subject, Namespace):
            yield from self._namespace(subject, catalog)
        elif is_text(subject.namespace):
            yield from self._workload(subject, subject.namespace, catalog)

    def _namespace(self, namespace: Namespace, catalog: Catalog) -> Iterator[Finding]:
        if namespace.name == catalog.root_namespace or is_ambient(namespace):
            return
        if injects(namespace) is not False or "istio-injection" in namespace.labels:
            return  # injected, hidden, or left out on purpose
        split = catalog.once(_split_services)
        found = catalog.nearest(list(split.get(str(namespace.name), {}).values()), namespace)
        inside = [
            workload
            for service in found
            for workload in catalog.workloads_of(service)
            if catalog.mesh.joins(workload, catalog) is True
        ]
        if found and not inside:
            yield self.finding(
                namespace.head(),
                f"The Namespace {namespace.name} injects no sidecars, though the requests to "
                f"{found[0].title} are to be split. Calls from its pods pass by every route.",
                aliases=("IST0102",),
                related=[(service.head(), "a Service that is split") for service in found[:3]],
                help="Label it istio-injection: enabled, or istio.io/dataplane-mode: ambient.",
            )

    def _workload(self, workload: Workload, name: str, catalog: Catalog) -> Iterator[Finding]:
        refuses = wants_sidecar(workload) is False
        if not refuses and workload.pod_spec.get("hostNetwork") is not True:
            return
        if not any(injects(found) for found in catalog.mesh.namespaces(name, workload, catalog)):
            return
        split = catalog.once(_split_services).get(name, {})
        for service in catalog.services_of(workload):
            if id(service) in split and selects(service.selector, workload.pod_labels):
                why = (
                    "refuses the sidecar" if refuses else "has the network of its host, no sidecar"
                )
                yield self.finding(
                    workload.head(),
                    f"{workload.title} {why}, though the requests to {service.title} are to be split. "
                    "Calls to its pods have no mutual TLS, and calls from them pass by every route.",
                    aliases=("IST0103",),
                    related=[(service.head(), "the Service that is split")],
                    help="Remove what refuses the sidecar.",
                )
                return


def _split_services(catalog: Catalog) -> dict[str, dict[int, Service]]:
    """The Services that are split, by their namespaces and identities."""
    found: dict[str, dict[int, Service]] = defaultdict(dict)
    for host, asker in _split_hosts(catalog):
        for service in catalog.provider(host, asker).items:
            if isinstance(service, Service) and is_text(service.namespace):
                found[service.namespace][id(service)] = service
    return found


def _split_hosts(catalog: Catalog) -> Iterator[tuple[str, Resource]]:
    for rule in catalog.resources(DestinationRule):
        if is_text(rule.host) and rule.subsets and "*" not in rule.host:
            yield rule.host, rule
    for service in catalog.resources(VirtualService):
        for route in service.routes:
            for destination in route.destinations:
                host = destination.host
                if is_text(host) and (destination.subset or len(route.destinations) > 1):
                    yield host, service

"""TS410: Services whose ports clash at one workload."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Port,
    Rule,
    Service,
    Severity,
    Unknown,
    Workload,
    is_integer,
    is_text,
    selects,
    service_protocol,
)

_MANAGED = "gateway.networking.k8s.io/gateway-name"


class DeploymentManyServices(Rule[Service]):
    """The Services of a workload agree on its ports.

    What it checks:
        Services that send requests to the same workload of the mesh: one port number with two transport
        protocols (TCP and UDP) in two Services, or one `targetPort` behind two port numbers.  The
        latter is an info where Istio takes both ports for the same protocol.  Workloads without a
        sidecar are left out, and so is a tree in which nothing is written for Istio, unless it is
        declared complete.

    Why it matters:
        The sidecar of the workload sees the port only, not the Service that was called.  It takes
        protocol and settings of one of the Services, and the order of creation decides of which.

    Bad:
        ```yaml
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: shop
        spec:
          template:
            metadata:
              labels: {app: shop, sidecar.istio.io/inject: "true"}
            spec:
              containers:
              - name: shop
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
        spec:
          selector: {app: shop}
          ports:
          - {name: http, port: 80, targetPort: 8080}
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: shop-raw
        spec:
          selector: {app: shop}
          ports:
          - {name: tcp, port: 9000, targetPort: 8080}  # <-
        ```

    Good:
        ```yaml
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: shop
        spec:
          template:
            metadata:
              labels: {app: shop, sidecar.istio.io/inject: "true"}
            spec:
              containers:
              - name: shop
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
        spec:
          selector: {app: shop}
          ports:
          - {name: http, port: 80, targetPort: 8080}
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: shop-canary
        spec:
          selector: {app: shop}
          ports:
          - {name: http, port: 80, targetPort: 8080}
        ```

    How to fix:
        Use the same port number and protocol for a container's port in all Services.

    Sources:
        - Istio docs, "Application Requirements"
        - Istio docs, "DeploymentAssociatedToMultipleServices" and "DeploymentConflictingPorts"
    """

    id = "TS410"
    name = "deployment-many-services"
    severity = Severity.WARNING
    aliases = ("IST0116", "IST0137")

    def check(self, service: Service, catalog: Catalog) -> Iterator[Finding]:
        """Hold each port against those of the same workloads that stand before it."""
        if not catalog.mesh.in_sight and not catalog.complete(service):
            return
        workloads = [
            workload
            for workload in catalog.meant(catalog.workloads_of(service), service)
            if _is_in_mesh(workload, catalog) and selects(service.selector, workload.pod_labels)
        ]
        if not workloads:
            return
        earlier = list(_ports_before(service, workloads, catalog))
        for port in service.ports:
            for other, workload in earlier:
                if _clash(port, other):
                    yield self._transport(port, other, workload)
                    break
                if _shares_target(port, other):
                    yield self._target(port, other, workload)
                    break
            earlier.append((port, workloads[0]))

    def _transport(self, port: Port, other: Port, workload: Workload) -> Finding:
        return self.finding(
            port.at(),
            f"{other.resource.title} sends requests to {workload.title} too, and its port {port.number} "
            f"is {_transport_of(other)}, not {_transport_of(port)}. The sidecar takes one of the two.",
            aliases=("IST0116",),
            related=[(other.at(), "the other port"), (workload.head(), "the workload of both")],
            help="Give the two ports different numbers.",
        )

    def _target(self, port: Port, other: Port, workload: Workload) -> Finding:
        mine, theirs = service_protocol(port), service_protocol(other)
        agrees = mine == theirs or isinstance(mine, Unknown) or isinstance(theirs, Unknown)
        where = "" if other.resource is port.resource else f" of {other.resource.title}"
        return self.finding(
            port.at(),
            f"The port {port.number} and the port {other.number}{where} both lead to the target port "
            f"{_target_of(port)} of {workload.title}. The sidecar takes the protocol and the settings "
            "of one of the two.",
            severity=Severity.INFO if agrees else Severity.WARNING,
            aliases=("IST0137",),
            related=[(other.at(), "the other port"), (workload.head(), "the workload of both")],
            help="Use one port number for a container's port.",
        )


def _ports_before(
    service: Service, workloads: list[Workload], catalog: Catalog
) -> Iterator[tuple[Port, Workload]]:
    """The ports of other Services of the workloads that stand before this one."""
    order = catalog.once(_order)
    seen = {id(service)}
    walked: list[Service] = []
    for workload in workloads:
        services = catalog.services_of(workload)
        if services is walked:
            continue  # its pods have the same labels
        walked = services
        for other in services:
            if id(other) not in seen and order[id(other)] < order[id(service)]:
                seen.add(id(other))
                if other.name != service.name:
                    yield from ((port, workload) for port in other.ports)


def _order(catalog: Catalog) -> dict[int, int]:
    return {id(service): place for place, service in enumerate(catalog.resources(Service))}


def _is_in_mesh(workload: Workload, catalog: Catalog) -> bool:
    managed = _MANAGED in workload.labels or "gateway.istio.io/managed" in workload.labels
    return not managed and catalog.mesh.joins(workload, catalog) is not False


def _clash(port: Port, other: Port) -> bool:
    return (
        port.resource is not other.resource
        and is_integer(port.number)
        and port.number == other.number
        and _transport_of(port) != _transport_of(other)
    )


def _shares_target(port: Port, other: Port) -> bool:
    target = _target_of(port)
    return (
        is_integer(port.number)
        and is_integer(other.number)
        and port.number != other.number
        and target is not None
        and target == _target_of(other)
        and (_transport_of(port) == "UDP") == (_transport_of(other) == "UDP")
    )


def _transport_of(port: Port) -> str:
    return port.protocol if is_text(port.protocol) and port.protocol else "TCP"


def _target_of(port: Port) -> str | None:
    target = port.target or port.number
    return None if isinstance(target, Unknown) or target is None else str(target)

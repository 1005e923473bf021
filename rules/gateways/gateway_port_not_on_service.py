"""TS508: a Gateway's port that no Service leads to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tsplit_lint import (
    Catalog,
    Finding,
    Gateway,
    Rule,
    Service,
    Severity,
    Unknown,
    Workload,
    as_dict,
    as_list,
    hides_selector,
    is_integer,
    is_text,
    known_namespace,
    listed,
    namespaces_meet,
    selects,
)


class GatewayPortNotOnService(Rule[Gateway]):
    """A Service leads to every port of a Gateway.

    What it checks:
        The port of each server against the Services that select the gateway's pods, where the tree is
        declared complete and holds both: it must be the `port` of a Service, or the `targetPort`, by
        number or by the name of a container's port.  Pods on the host's network, and ports with a
        `hostPort`, need no Service.

    Why it matters:
        The gateway listens on the port, and no load balancer and no caller reaches it.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata:
          name: shop
        spec:
          selector: {app: shop-gateway}
          servers:
          - port:
              number: 8443  # <-
              name: https
              protocol: HTTPS
            tls: {mode: SIMPLE, credentialName: shop}
            hosts: [shop.example.com]
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: shop-gateway
        spec:
          selector: {app: shop-gateway}
          ports:
          - {name: https, port: 443}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: shop-gateway
        spec:
          selector:
            matchLabels: {app: shop-gateway}
          template:
            metadata:
              labels: {app: shop-gateway}
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata:
          name: shop
        spec:
          selector: {app: shop-gateway}
          servers:
          - port:
              number: 8443
              name: https
              protocol: HTTPS
            tls: {mode: SIMPLE, credentialName: shop}
            hosts: [shop.example.com]
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: shop-gateway
        spec:
          selector: {app: shop-gateway}
          ports:
          - {name: https, port: 443, targetPort: 8443}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: shop-gateway
        spec:
          selector:
            matchLabels: {app: shop-gateway}
          template:
            metadata:
              labels: {app: shop-gateway}
        ```

    How to fix:
        Add the port to the Service of the gateway, or correct the Gateway's port.

    Sources:
        - Istio docs, "GatewayPortNotDefinedOnService"
        - Istio source, `resolvePorts`: a Gateway's port is that of a Service, or that of the pods
    """

    id = "TS508"
    name = "gateway-port-not-on-service"
    severity = Severity.WARNING
    aliases = ("IST0162",)
    complete_only = True

    def check(self, gateway: Gateway, catalog: Catalog) -> Iterator[Finding]:
        """Look for a Service that leads to each port."""
        if not gateway.selector or hides_selector(gateway) or not catalog.complete(gateway):
            return
        workloads = catalog.selected_anywhere(gateway.selector, gateway)
        services = [service for workload in workloads for service in catalog.services_of(workload)]
        if not services:
            return
        # One that lies elsewhere than the pods, beside the Gateway say, leads to them as well.
        services += _further(services, workloads, catalog)
        if _hides_something(workloads, services, catalog):
            return
        reached = _ports_of(services, workloads)
        if reached is None:
            return
        for server in gateway.servers:
            number = server.port.number
            if not is_integer(number) or number == 0 or number in reached:
                continue
            names = list(dict.fromkeys(service.title for service in services))
            yield self.finding(
                server.at("port", "number"),
                f"No Service leads to port {number} of the gateway pods: {listed(names[:3])} "
                f"{'has' if len(names) == 1 else 'have'} {listed([str(port) for port in sorted(reached)])}. "
                "Nothing outside reaches this server.",
                related=[(services[0].at("spec", "ports", key=True), "the ports of the Service")],
                help=f"Add port {number} to the Service, or correct the Gateway's port.",
            )


def _further(
    services: Sequence[Service], workloads: Sequence[Workload], catalog: Catalog
) -> list[Service]:
    """The other Services in sight that may lead to the pods."""
    known = {id(service) for service in services}
    return [
        service
        for service in catalog.resources(Service)
        if id(service) not in known
        and service.selector
        and any(
            selects(service.selector, workload.pod_labels)
            and namespaces_meet(known_namespace(service), known_namespace(workload))
            for workload in workloads
        )
    ]


def _hides_something(
    workloads: Sequence[Workload], services: Sequence[Service], catalog: Catalog
) -> bool:
    """Whether a way to the pods may be hidden from sight."""
    if any(workload.hides_labels or workload.pod_spec.get("hostNetwork") for workload in workloads):
        return True
    if any(service.hides_ports for service in services):
        return True
    return any(
        isinstance(service.spec.get("selector"), Unknown)
        or any(isinstance(value, Unknown) for value in service.selector.values())
        for service in catalog.resources(Service)
    )


def _ports_of(services: Sequence[Service], workloads: Sequence[Workload]) -> set[int] | None:
    """The ports by which the pods are reached; None where one of them cannot be told."""
    named, found = _container_ports(workloads)
    for service in services:
        for port in service.ports:
            protocol = port.protocol or "TCP"
            if isinstance(protocol, Unknown) or isinstance(port.number, Unknown):
                return None
            if protocol != "TCP" or port.number is None:
                continue
            found.add(port.number)
            target = port.target
            if isinstance(target, Unknown) or (is_text(target) and target not in named):
                return None
            if is_text(target):
                found |= named[target]
            elif is_integer(target):
                found.add(target)
    return found


def _container_ports(workloads: Sequence[Workload]) -> tuple[dict[str, set[int]], set[int]]:
    """The ports of containers by name, and those that the host itself exposes."""
    named: dict[str, set[int]] = {}
    exposed: set[int] = set()
    for workload in workloads:
        for container in workload.containers:
            for port in map(as_dict, as_list(container.data.get("ports"))):
                number, name = port.get("containerPort"), port.get("name")
                if is_integer(number):
                    if is_text(name):
                        named.setdefault(name, set()).add(number)
                    if port.get("hostPort"):
                        exposed.add(number)
    return named, exposed

"""TS419: a Service's target port that its pods do not have."""

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
    as_dict,
    as_list,
    is_integer,
    is_text,
    one_of,
    selects,
)


class ServicePortNotExposed(Rule[Service]):
    """The target port of a Service is a port of its workloads.

    What it checks:
        Where the tree is declared complete: a `targetPort` that is a name and that no container of the
        Service's workloads has.  A number (or none: then the port's own number counts) is an info, if
        all of the workloads list ports and none lists that one: a container need not list its ports.
        The root namespace, where Istio itself runs, is left out.

    Why it matters:
        A name that no container has leads nowhere: the Service has no endpoint at that port, and
        requests fail with 503.  A number that is not listed may be a slip, or a port that nobody cared
        to list.

    Bad:
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
        spec:
          selector: {app: shop}
          ports:
          - name: http
            port: 80
            targetPort: web  # <-
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: shop
        spec:
          template:
            metadata:
              labels: {app: shop}
            spec:
              containers:
              - name: shop
                ports:
                - {name: http, containerPort: 8080}
        ```

    Good:
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
        spec:
          selector: {app: shop}
          ports:
          - name: http
            port: 80
            targetPort: http
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: shop
        spec:
          template:
            metadata:
              labels: {app: shop}
            spec:
              containers:
              - name: shop
                ports:
                - {name: http, containerPort: 8080}
        ```

    How to fix:
        Correct the target port, or list the port at the container.

    Sources:
        - Kubernetes docs, "Service", "Port definitions"
        - Kiali docs, "KIA0701"
    """

    id = "TS419"
    name = "service-port-not-exposed"
    severity = Severity.WARNING
    aliases = ("KIA0701",)
    complete_only = True

    def check(self, service: Service, catalog: Catalog) -> Iterator[Finding]:
        """Compare the ports with those of the workloads."""
        if not catalog.complete(service) or not service.selector or service.type == "ExternalName":
            return
        if service.namespace == catalog.root_namespace:
            return
        workloads = catalog.workloads_of(service)
        if not workloads or any(
            _hides_ports(workload) or not selects(service.selector, workload.pod_labels)
            for workload in workloads
        ):
            return
        listed = [_listed(workload) for workload in workloads]
        for port in service.ports:
            target = port.target or port.number
            if isinstance(target, Unknown) or target is None:
                continue
            is_there = any(target in ports for ports in listed)
            if not is_there and (is_text(target) or all(listed)):
                yield self._report(port, target, workloads)

    def _report(self, port: Port, target: str | int, workloads: list[Workload]) -> Finding:
        names = one_of([workload.title for workload in workloads[:3]])
        if is_text(target):
            text = f'has a port called "{target}": the Service has no endpoint there, and requests fail.'
        else:
            text = f"lists the port {target}. If nothing listens there, requests fail."
        return self.finding(
            port.at("targetPort") if "targetPort" in port.data else port.at(),
            f"No container of {names} {text}",
            severity=Severity.WARNING if is_text(target) else Severity.INFO,
            related=[(workload.head(), "a workload of the Service") for workload in workloads[:3]],
            help="Correct the target port, or list the port at the container.",
        )


def _listed(workload: Workload) -> set[str | int]:
    """The ports that the containers list, by number and by name; sidecars that start first included."""
    found: set[str | int] = set()
    for container in _containers(workload):
        for entry in as_list(as_dict(container).get("ports")):
            for key in ("containerPort", "name"):
                value = as_dict(entry).get(key)
                if is_integer(value) or is_text(value):
                    found.add(value)
    return found


def _containers(workload: Workload) -> list[object]:
    spec = workload.pod_spec
    return as_list(spec.get("containers")) + as_list(spec.get("initContainers"))


def _hides_ports(workload: Workload) -> bool:
    """Whether an expression hides a port, or the pods are not written here (a Rollout may refer)."""
    containers = _containers(workload)
    if not containers or any(isinstance(entry, Unknown) for entry in containers):
        return True
    ports = [as_dict(container).get("ports") for container in containers]
    return any(
        isinstance(listed, Unknown)
        or any(
            isinstance(entry, Unknown)
            or any(isinstance(value, Unknown) for value in as_dict(entry).values())
            for entry in as_list(listed)
        )
        for listed in ports
    )

"""TS727: two mechanisms for one host."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    TrafficRouting,
    VirtualService,
    as_list,
    is_text,
    traffic_routings,
)


class ManagedBesideRouting(Rule[Rollout]):
    """A pipeline routes a host for which a managed VirtualService is in the manifests.

    What it checks:
        Every traffic routing with the provider `istio` and its `hosts`, and the managed
        VirtualServices (annotation `harness.io/managed: "true"`) for one of these hosts that lie
        nearest to the pipeline. One that has the name of the routing is fine: Harness may merge the
        two.

    Why it matters:
        Harness then has two VirtualServices for one host and writes weights into both: Istio merges
        them in an order that nobody chose, and a shift in one does not show.

    Bad:
        ```yaml
        # file: pipeline.yaml
        - step:
            type: K8sTrafficRouting
            name: Route
            identifier: route
            spec:
              type: config
              trafficRouting:
                provider: istio
                spec:
                  name: shop
                  hosts: [shop]  # <-
                  routes:
                  - route:
                      type: http
                      name: main
                      destinations:
                      - destination: {host: stable, weight: 80}
                      - destination: {host: canary, weight: 20}

        # file: virtual-service.yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: store
          annotations:
            harness.io/managed: "true"
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop}
        ```

    Good:
        ```yaml
        # file: pipeline.yaml
        - step:
            type: K8sTrafficRouting
            name: Route
            identifier: route
            spec:
              type: config
              trafficRouting:
                provider: istio
                spec:
                  name: shop
                  hosts: [shop]
                  routes:
                  - route:
                      type: http
                      name: main
                      destinations:
                      - destination: {host: stable, weight: 80}
                      - destination: {host: canary, weight: 20}

        # file: virtual-service.yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: store
        spec:
          hosts: [store]
          http:
          - route:
            - destination: {host: store}
        ```

    How to fix:
        Use one of the two: remove the routing step, or the annotation and the VirtualService.

    Sources:
        - harness-core, K8sTrafficRoutingHelper and TrafficRoutingResourceCreator
        - harness-core, IstioTaskHelper: managed objects are rewritten in NextGen too
    """

    id = "TS727"
    name = "managed-beside-routing"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look for managed VirtualServices of the hosts that one stage routes."""
        for routing in traffic_routings(rollout.all_steps):
            if routing.mode != "config" or routing.provider != "istio":
                continue
            for index, host in enumerate(as_list(routing.spec.data.get("hosts"))):
                if not is_text(host) or "*" in host:
                    continue
                for service in _managed(host, rollout, routing, catalog):
                    yield self.finding(
                        routing.spec.at("hosts", index),
                        f"{routing.step.title} creates a VirtualService for {host}, beside the managed "
                        f"{service.title} for the same host: Harness changes weights in both.",
                        related=[(service.head(), "the managed VirtualService")],
                        help="Use one of the two: the routing step, or the managed VirtualService.",
                    )


def _managed(
    host: str, rollout: Rollout, routing: TrafficRouting, catalog: Catalog
) -> Iterator[VirtualService]:
    """The managed VirtualServices for a host that lie nearest to a pipeline."""
    found = [
        service
        for service in catalog.resources(VirtualService)
        if service.managed is True
        and not service.file.skipped
        and any(
            is_text(other) and catalog.host(other, service).same(catalog.host(host, service))
            for other in service.hosts
        )
    ]
    near = set(rollout.nearest([service.file for service in found]))
    name = routing.spec.data.get("name")
    return (service for service in found if service.file in near and service.name != name)

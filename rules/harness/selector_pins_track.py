"""TS127: the Service of a managed route selects only one of Harness's subsets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tsplit_lint import (
    PRIMARY_SERVICE,
    STAGE_SERVICE,
    Catalog,
    Finding,
    Rule,
    Scope,
    Service,
    Severity,
    VirtualService,
    kept_destination,
    managed_in,
)

_TRACK: Final = "harness.io/track"
_COLOR: Final = "harness.io/color"


class SelectorPinsTrack(Rule[Service]):
    """The Service of a managed route selects the pods of all subsets.

    What it checks:
        The selector of a Service that a managed VirtualService of the same deployment routes to: it
        does not hold `harness.io/track` or `harness.io/color`.  On a Service marked for blue/green
        deployments Harness sets the color itself.

    Why it matters:
        A subset is a part of its Service's pods.  A Service that selects the stable pods alone has no
        canary pods to offer, so the canary's share of the traffic fails with 503.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: shop
          annotations:
            harness.io/managed: "true"
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop}
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
        spec:
          selector:
            app: shop
            harness.io/track: stable  # <-
          ports: [{name: http, port: 80}]
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: shop
          annotations:
            harness.io/managed: "true"
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop}
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
        spec:
          selector:
            app: shop
          ports: [{name: http, port: 80}]
        ```

    How to fix:
        Remove the label from the selector.

    Sources:
        - Istio reference, "Destination Rule", Subset: labels select among the service's endpoints
        - harness-core, IstioTaskHelper: subsets by harness.io/track
    """

    id = "TS127"
    name = "selector-pins-track"
    severity = Severity.WARNING

    def check(self, service: Service, catalog: Catalog) -> Iterator[Finding]:
        """Look for the labels that Harness tells its pods apart by."""
        pins = [label for label in (_TRACK, _COLOR) if label in service.selector]
        if PRIMARY_SERVICE in service.annotations or STAGE_SERVICE in service.annotations:
            pins = [label for label in pins if label == _TRACK]
        scope = service.file.scope
        if not pins or scope is None or service.file.skipped:
            return
        route = _route_to(service, scope, catalog)
        if route is None:
            return
        destination = kept_destination(route)
        for label in pins:
            yield self.finding(
                service.at("spec", "selector", label),
                f"{service.title} selects pods by {label}, so it has the pods of one version only. "
                f"{route.title}, which Harness manages, splits this host between two: one share has no "
                "pods and fails with 503.",
                related=[(destination.at("host"), "routed to here")] if destination else (),
                help=f"Remove {label} from the selector.",
            )


def _route_to(service: Service, scope: Scope, catalog: Catalog) -> VirtualService | None:
    """A managed VirtualService of the scope that routes to a Service."""
    if not isinstance(service.name, str):
        return None
    own = catalog.host(service.name, service)
    for route in managed_in(scope, VirtualService):
        destination = kept_destination(route)
        host = destination.host if destination is not None else None
        if isinstance(host, str) and host and catalog.host(host, route).same(own):
            return route
    return None

"""TS507: a Gateway whose selector fits no pods."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Gateway,
    Rule,
    Severity,
    Workload,
    hides_selector,
    is_text,
    nearest,
)


class GatewaySelectsNothing(Rule[Gateway]):
    """A Gateway selects the pods of a gateway.

    What it checks:
        The selector against the pods of all workloads, of any namespace, where the tree is declared
        complete.  The gateways that Istio itself installs (`istio: ingressgateway`, `app:
        istio-egressgateway` and the like) come from its installer and seldom from manifests: such a
        selector is judged only where a workload with such labels lies in the Gateway's own folder,
        chart or service.

    Why it matters:
        Istio accepts the Gateway and configures no pod with it: nothing listens on its ports, and the
        VirtualServices that name it are bound to nothing.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata:
          name: shop
        spec:
          selector:  # <-
            app: shop-gatway
          servers:
          - port: {number: 80, name: http, protocol: HTTP}
            hosts: [shop.example.com]
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
          selector:
            app: shop-gateway
          servers:
          - port: {number: 80, name: http, protocol: HTTP}
            hosts: [shop.example.com]
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
        Correct the labels, or add the workload of the gateway.

    Sources:
        - Istio reference, "Gateway", Gateway.selector
        - Istio docs, "ReferencedResourceNotFound"
        - Kiali, validation KIA0302
    """

    id = "TS507"
    name = "gateway-selects-nothing"
    severity = Severity.WARNING
    aliases = ("IST0101", "KIA0302")
    complete_only = True

    def check(self, gateway: Gateway, catalog: Catalog) -> Iterator[Finding]:
        """Look for a workload with the labels."""
        selector = gateway.selector
        if not selector or hides_selector(gateway) or not catalog.complete(gateway):
            return
        if catalog.selected_anywhere(selector, gateway):
            return
        if _is_installed(selector) and not _has_gateway_beside(gateway):
            return
        if catalog.has_pods(selector):
            return  # of another environment, say
        workloads = list(catalog.resources(Workload))
        labels = [f"{key}: {value}" for key, value in selector.items()]
        known = {
            f"{key}: {w.pod_labels[key]}"
            for w in workloads
            for key in selector
            if key in w.pod_labels
        }
        close = nearest(labels[0], known) if len(labels) == 1 else None
        yield self.finding(
            gateway.at("spec", "selector", key=True),
            f"No workload in sight has pods with the labels {', '.join(labels)}. The Gateway configures "
            "nothing, and nothing listens on its ports.",
            help=f'Did you mean "{close}"?'
            if close
            else "Correct the labels, or add the workload.",
        )


def _is_installed(selector: dict[str, object]) -> bool:
    """Whether the selector is that of a gateway which Istio's own installer makes."""
    app = selector.get("app")
    return "istio" in selector or (
        is_text(app) and app.startswith("istio-") and app.endswith("gateway")
    )


def _has_gateway_beside(gateway: Gateway) -> bool:
    """Whether a workload of the same folder, chart or service is labelled like Istio's gateways."""
    scope = gateway.file.scope
    workloads = scope.of(Workload) if scope is not None else []
    return any(_is_installed(workload.pod_labels) for workload in workloads)

"""TS106: a managed VirtualService without an http route."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Rule, Severity, VirtualService, as_list


class ManagedWithoutHttp(Rule[VirtualService]):
    """A managed VirtualService has an http route.

    What it checks:
        A VirtualService with `harness.io/managed: "true"` whose `spec.http` is missing, empty or null.
        One that has tcp or tls routes instead is TS107.  A partial object without hosts and without
        routes is taken for a patch.

    Why it matters:
        Harness writes the subsets and weights into the http route.  Without one it fails the
        deployment with "Http route is not present in VirtualService".

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
          http: []  # <-
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
        ```

    How to fix:
        Add one http route whose first destination is the host that Harness deploys.

    Sources:
        - harness-core, IstioTaskHelper: "Http route is not present in VirtualService"
        - Harness docs, "Set Up Kubernetes Traffic Splitting with Istio"
    """

    id = "TS106"
    name = "managed-without-http"
    severity = Severity.ERROR
    needs = ("harness.io/managed",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look whether there is an http route."""
        if service.managed is not True or service.file.skipped:
            return
        if any(
            service.hides(protocol) or as_list(service.spec.get(protocol))
            for protocol in ("http", "tcp", "tls")
        ):
            return
        if "http" in service.spec:
            if service.spec["http"] not in (None, []):
                return  # not a list: its shape is judged by another rule
            place = service.at("spec", "http", key=True)
        elif service.hosts:
            place = service.at("spec", key=True)
        else:
            return
        yield self.finding(
            place,
            f"{service.title} is managed by Harness and has no http route. Harness fails the deployment: "
            '"Http route is not present in VirtualService".',
            help="Add one http route to spec.http.",
        )

"""TS107: a managed VirtualService with tcp or tls routes."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Rule, Severity, VirtualService, as_list


class ManagedNotHttp(Rule[VirtualService]):
    """A managed VirtualService has http routes only.

    What it checks:
        `spec.tcp` and `spec.tls` of a VirtualService with `harness.io/managed: "true"`.  An empty list
        is right.  A VirtualService that is not managed may have any routes: applied by an Apply step,
        it is the way to shift TCP traffic.

    Why it matters:
        Harness splits http traffic only.  It fails the deployment with "Only Http routes are allowed in
        VirtualService for Traffic split", even if there is an http route as well.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: echo
          annotations:
            harness.io/managed: "true"
        spec:
          hosts: [echo]
          tcp:  # <-
          - match: [{port: 9000}]
            route:
            - destination: {host: echo}
        ```

    Good:
        ```yaml
        # file: virtual-service.yaml
        # harness.io/skip-file-for-deploy
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: echo
        spec:
          hosts: [echo]
          tcp:
          - match: [{port: 9000}]
            route:
            - destination: {host: echo}
        ```

    How to fix:
        Remove the annotation, start the file with `# harness.io/skip-file-for-deploy`, and let Apply
        steps of the workflow set the weights.  If the service also has http routes, keep those in a
        managed VirtualService of their own.

    Sources:
        - Harness docs, "Set Up Kubernetes Traffic Splitting with Istio", Notes
        - harness-core, IstioTaskHelper: "Only Http routes are allowed in VirtualService"
    """

    id = "TS107"
    name = "managed-not-http"
    severity = Severity.ERROR
    needs = ("harness.io/managed",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look for routes of other protocols."""
        if service.managed is not True or service.file.skipped:
            return
        found = [
            protocol
            for protocol in ("tcp", "tls")
            if not service.hides(protocol) and as_list(service.spec.get(protocol))
        ]
        if not found:
            return
        yield self.finding(
            service.at("spec", found[0], key=True),
            f"{service.title} is managed by Harness and has {' and '.join(found)} routes. Traffic Split "
            'works on http routes only; Harness fails the deployment: "Only Http routes are allowed in '
            'VirtualService for Traffic split".',
            related=[(service.at("spec", other, key=True), "and here") for other in found[1:]],
            help="Remove the annotation and shift this traffic with Apply steps, or keep only http routes.",
        )

"""TS504: a gateway in the old dotted form."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    GatewayReference,
    Rule,
    Severity,
    VirtualService,
    gateway_references,
)


class GatewayNameForm(Rule[VirtualService]):
    """A gateway is named as `name` or `namespace/name`.

    What it checks:
        `spec.gateways` and the `gateways` of http, tls and tcp matches: names without a slash that have
        a dot, and `./name` where Istio lets it pass.  What is no name at all is TS513.

    Why it matters:
        `edge.ingress` is how Istio wrote "edge of the namespace ingress" before version 1.1.  Istio
        still reads it, with a warning; other tools do not, and look for a Gateway called
        `edge.ingress`.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop.example.com]
          gateways:
          - edge.ingress.svc.cluster.local  # <-
          http:
          - route:
            - destination: {host: shop}
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop.example.com]
          gateways:
          - ingress/edge
          http:
          - route:
            - destination: {host: shop}
        ```

    How to fix:
        Write `<namespace>/<name>`.

    Sources:
        - Istio reference, "Virtual Service", VirtualService.gateways
        - Istio source, validation of gateway names
        - Kiali, validation KIA1108
    """

    id = "TS504"
    name = "gateway-name-form"
    severity = Severity.INFO
    aliases = ("KIA1108", "IST0133")
    needs = ("gateways",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look at each gateway that is named."""
        for reference in gateway_references(service):
            name = reference.name
            if reference.problem:
                continue
            if name.startswith("./"):
                yield self.finding(
                    reference.place,
                    f'The gateway "{name}" is written with a dot for the own namespace. Istio takes it '
                    "only behind a name without a slash, and refuses it elsewhere.",
                    aliases=_kiali(reference),
                    help=f'Write "{name[2:]}": it is looked up in the own namespace anyway.',
                )
            elif "/" not in name and "." in name.rstrip("."):
                own, owner = name.split(".")[:2]
                yield self.finding(
                    reference.place,
                    f'The gateway "{name}" is in the old dotted form, which Istio still reads as '
                    f"{own} of the namespace {owner}, with a warning.",
                    aliases=(*_kiali(reference), *(("IST0133",) if reference.checked else ())),
                    help=f'Write "{owner}/{own}".',
                )


def _kiali(reference: GatewayReference) -> tuple[str, ...]:
    """Kiali looks at neither tls nor tcp matches."""
    return ("KIA1108",) if reference.part in ("gateways", "http") else ()

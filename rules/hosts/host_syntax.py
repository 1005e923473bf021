"""TS412: a host that is none, or that stands twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Place,
    Rule,
    Severity,
    Unknown,
    VirtualService,
    as_dict,
    as_list,
    host_mend,
    hosts_meet,
    is_generated_sni,
    is_ip,
    is_text,
    wildcard_host_problem,
)


class HostSyntax(Rule[VirtualService | DestinationRule]):
    """The hosts of a VirtualService and of a DestinationRule are host names, each named once.

    What it checks:
        Every entry of a VirtualService's `hosts` is a host name, with a wildcard at its beginning at
        most, or an IP address; `*` alone stands only where named gateways use the VirtualService, not
        `mesh`; no entry covers another.  The short name of a service beside its full name is an
        information: Istio takes it, and it is one host.

        A DestinationRule has a host, which is a name with a wildcard at its beginning at most.  One in
        the tree of a kustomization may get it from a patch: there it is a warning.

        The hosts of destinations are TS227's, the names of gateways TS513's.

    Why it matters:
        Istio refuses the object, and what was there before stays in force.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts:
          - https://shop.example.com  # <-
          - shop.*.example.com  # <-
          - "*"  # <-
          http:
          - route:
            - destination: {host: shop}
        ```
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts:
          - "*.example.com"
          - shop.example.com  # <-
          http:
          - route:
            - destination: {host: shop}
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: 10.1.2.3  # <-
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts:
          - shop.example.com
          - "*.example.org"
          http:
          - route:
            - destination: {host: shop}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: edge
        spec:
          hosts: ["*"]
          gateways: [edge]
          http:
          - route:
            - destination: {host: shop}
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: shop
        ```

    How to fix:
        Write the name alone, without scheme, port and path.  Of two hosts that cover each other keep the
        wider one, or make two VirtualServices.

    Sources:
        - Istio reference, "Virtual Service", VirtualService.hosts
        - Istio reference, "Destination Rule", DestinationRule.host
        - Istio, validation of virtual services and of destination rules
    """

    id = "TS412"
    name = "host-syntax"
    severity = Severity.ERROR
    aliases = ("IST0106",)

    def check(
        self, subject: VirtualService | DestinationRule, catalog: Catalog
    ) -> Iterator[Finding]:
        """Look at each host, then at the pairs."""
        if isinstance(subject, DestinationRule):
            yield from self._check_rule(subject)
            return
        wrong = list(self._check_hosts(subject))
        yield from wrong
        if not wrong:
            yield from self._check_pairs(subject, catalog)

    def _check_hosts(self, service: VirtualService) -> Iterator[Finding]:
        for index, host in enumerate(service.hosts):
            place = service.at("spec", "hosts", index)
            if not is_text(host) or is_ip(host):
                continue
            if host == "*" and _applies_to_mesh(service):
                yield self._refused(
                    place,
                    'The host "*" is not allowed for callers in the mesh',
                    "Name the hosts, or the gateways that the routes are for (without mesh).",
                )
                continue
            if is_generated_sni(host) and _has_server_names(service):
                continue
            problem = wildcard_host_problem(host)
            if problem is not None:
                yield self._refused(place, f'The host "{host}" {problem}', _mend(host))

    def _check_pairs(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        seen: list[tuple[int, str]] = []
        for index, host in enumerate(service.hosts):
            if not is_text(host):
                continue
            twin = next((pair for pair in seen if hosts_meet(host, pair[1])), None)
            if twin is not None:
                what = "stands twice" if twin[1] == host else f'and the host "{twin[1]}" overlap'
                yield self._refused(
                    service.at("spec", "hosts", index),
                    f'The host "{host}" {what}',
                    "Keep one of them.",
                    (service.at("spec", "hosts", twin[0]), "the other one"),
                )
            else:
                yield from self._check_short(service, catalog, index, seen)
            seen.append((index, host))

    def _check_short(
        self, service: VirtualService, catalog: Catalog, index: int, seen: list[tuple[int, str]]
    ) -> Iterator[Finding]:
        """The short form of a name that stands in full, or the other way round."""
        host = service.hosts[index]
        namespace = service.namespace
        if not isinstance(namespace, str):
            return
        for number, other in seen:
            short, full = sorted((host, other), key=len)
            expanded = f"{short}.{namespace}.svc.{catalog.domain}"
            if "." not in short and full.lower().rstrip(".") == expanded.lower():
                yield self.finding(
                    service.at("spec", "hosts", index),
                    f'"{short}" and "{full}" are one host: Istio completes the short name.',
                    severity=Severity.INFO,
                    aliases=(),
                    related=[(service.at("spec", "hosts", number), "the other form")],
                    help="Keep the full name.",
                )

    def _check_rule(self, rule: DestinationRule) -> Iterator[Finding]:
        if isinstance(rule.data.get("spec"), Unknown):
            return
        host = rule.spec.get("host", "")
        if host is None or host == "":
            finding = self._refused(
                rule.at("spec", "host") if "host" in rule.spec else rule.at("spec", key=True),
                f"{rule.title} has no host",
                "Name the host that the rule is for.",
                severity=Severity.WARNING if rule.file.kustomized else None,
            )
            yield finding
        elif is_text(host):
            problem = wildcard_host_problem(host)
            if problem is not None:
                place = rule.at("spec", "host")
                yield self._refused(place, f'The host "{host}" {problem}', _mend(host))

    def _refused(
        self,
        place: Place,
        problem: str,
        mend: str,
        other: tuple[Place, str] | None = None,
        *,
        severity: Severity | None = None,
    ) -> Finding:
        kind = place.resource.kind
        return self.finding(
            place,
            f"{problem}. Istio refuses the {kind}.",
            severity=severity,
            related=[other] if other else [],
            help=mend,
        )


def _mend(host: str) -> str:
    if is_ip(host):
        return "Name the host of a ServiceEntry that has the address."
    return host_mend(host)


def _applies_to_mesh(service: VirtualService) -> bool:
    """Whether callers in the mesh use the VirtualService, for certain."""
    gateways = service.spec.get("gateways")
    return gateways in (None, []) or "mesh" in as_list(gateways)


def _has_server_names(service: VirtualService) -> bool:
    """Whether a tls match has server names: then Istio takes the names that it makes itself."""
    matches: list[Any] = [match for route in service.tls for match in route.matches]
    return not _applies_to_mesh(service) and any(
        as_list(as_dict(match).get("sniHosts")) for match in matches
    )

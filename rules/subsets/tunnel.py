"""TS321: the tunnel of a traffic policy."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Place,
    Policy,
    Rule,
    Severity,
    View,
    host_problem,
    is_integer,
    is_ip,
    is_text,
    port_problem,
    traffic_policies,
)


class Tunnel(Rule[DestinationRule]):
    """A tunnel has a protocol, a target host and a target port that Istio takes.

    What it checks:
        Each `tunnel` of a traffic policy: `protocol` is CONNECT or POST (or absent, which is CONNECT),
        `targetHost` is a host name or an IP address, `targetPort` a port's number.

    Why it matters:
        Istio's webhook refuses the DestinationRule: none of its subsets and policies change, and the
        deployment fails.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: proxy
        spec:
          host: proxy.corp.example.com
          trafficPolicy:
            tunnel:
              protocol: connect  # <-
              targetHost: "*.example.com"  # <-
              targetPort: 0  # <-
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: proxy
        spec:
          host: proxy.corp.example.com
          trafficPolicy:
            tunnel:
              protocol: CONNECT
              targetHost: www.example.com
              targetPort: 443
        ```

    How to fix:
        Write what the message says.

    Sources:
        - Istio reference, "Destination Rule", TrafficPolicy.TunnelSettings
        - Istio, destination rule validation: tunnel
    """

    id = "TS321"
    name = "tunnel"
    severity = Severity.ERROR
    aliases = ("IST0106",)
    needs = ("tunnel",)

    def check(self, rule: DestinationRule, catalog: Catalog) -> Iterator[Finding]:
        """Look at the tunnel of each policy."""
        for policy in traffic_policies(rule):
            if policy.level != "port" and isinstance(policy.data.get("tunnel"), dict):
                yield from self._check_tunnel(policy, policy.part("tunnel"))

    def _refused(self, place: Place, problem: str, mend: str) -> Finding:
        return self.finding(place, f"{problem}. Istio refuses the DestinationRule.", help=mend)

    def _check_tunnel(self, policy: Policy, tunnel: View) -> Iterator[Finding]:
        protocol = tunnel.data.get("protocol")
        if is_text(protocol) and protocol not in ("", "CONNECT", "POST"):
            yield self._refused(
                tunnel.at("protocol"),
                f'The protocol "{protocol}" of the tunnel for {policy.title} is neither CONNECT nor POST',
                "Write CONNECT or POST.",
            )
        host = tunnel.data.get("targetHost")
        if host is None:
            yield self._missing(policy, tunnel, "targetHost")
        elif is_text(host) and not is_ip(host) and host_problem(host):
            yield self._refused(
                tunnel.at("targetHost"),
                f'The targetHost "{host}" of the tunnel for {policy.title} {host_problem(host)}',
                "Write a host name or an IP address.",
            )
        port = tunnel.data.get("targetPort")
        if port is None:
            yield self._missing(policy, tunnel, "targetPort")
        elif is_integer(port) and port_problem(port):
            yield self._refused(
                tunnel.at("targetPort"),
                f"The targetPort {port} of the tunnel for {policy.title} {port_problem(port)}",
                "Write the port of the target host.",
            )

    def _missing(self, policy: Policy, tunnel: View, field: str) -> Finding:
        return self._refused(
            tunnel.at(key=True), f"The tunnel for {policy.title} has no {field}", f"Add {field}."
        )

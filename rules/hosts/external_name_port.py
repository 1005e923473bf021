"""TS411: a port of an ExternalName Service that takes all traffic."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Rule, Service, Severity, is_text, service_protocol


class ExternalNamePort(Rule[Service]):
    """The ports of an ExternalName Service name a protocol that tells hosts apart.

    What it checks:
        Services of type ExternalName with a port that is named `tcp`, or whose protocol Istio has to
        guess: neither `appProtocol` nor the name up to its first dash is one that it knows.

    Why it matters:
        Such a Service has no address of its own.  For plain TCP Istio then listens on all addresses at
        that port, and traffic for any other host at the port may end up at the external one.

    Bad:
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: payments
        spec:
          type: ExternalName
          externalName: payments.example.com
          ports:
          - name: tcp  # <-
            port: 443
        ```

    Good:
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: payments
        spec:
          type: ExternalName
          externalName: payments.example.com
          ports:
          - name: https
            port: 443
        ```

    How to fix:
        Name the port by its protocol, such as `http` or `https`.

    Sources:
        - Istio docs, "ExternalNameServiceTypeInvalidPortName"
    """

    id = "TS411"
    name = "external-name-port"
    severity = Severity.WARNING
    aliases = ("IST0150",)

    def check(self, service: Service, catalog: Catalog) -> Iterator[Finding]:
        """Look at each port."""
        if service.type != "ExternalName" or "istio" in service.labels:
            return
        for port in service.ports:
            if port.name == "tcp" or service_protocol(port) is None:
                named = is_text(port.name) and bool(port.name)
                word = f'"{port.name}"' if named else "without a name"
                yield self.finding(
                    port.at("name") if named else port.at(),
                    f"The port {word} of the ExternalName {service.title} is plain TCP to Istio, which "
                    "then takes traffic for any host at that port.",
                    help="Name the port by its protocol, such as http or https.",
                )

"""TS407: a port whose name does not tell its protocol."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Gateway,
    Port,
    Rule,
    Server,
    Service,
    ServiceEntry,
    Severity,
    as_dict,
    is_text,
    protocol_of,
    service_protocol,
)

#: Labels of Services that Istio itself deploys or makes.
_OF_ISTIO = (("istio", None), ("release", "istio"))
_MANAGED = "gateway.istio.io/managed"
#: The label of what Kiali itself has made, and leaves alone.
_WIZARD = "kiali_wizard"
#: Namespaces that the mesh leaves alone.
_OF_KUBERNETES = ("kube-system", "kube-public", "kube-node-lease", "local-path-storage")


class PortNaming(Rule[Service | Gateway | ServiceEntry]):
    """The name of a port tells its protocol.

    What it checks:
        Ports of Services whose protocol Istio has to guess: neither `appProtocol` nor the name up to
        its first dash is a protocol that it knows.  UDP, the ports 25, 53, 3306 and 27017, Services of
        type ExternalName (TS411) and those of Istio and of Kubernetes itself are left out.
        Ports of Gateways and ServiceEntries whose name begins with another word than their `protocol`
        (TCP and UDP apart).

    Why it matters:
        For a Service Istio looks into the first bytes of each connection.  A server that speaks first
        (SMTP, MySQL) then waits for ever, and HTTP routes and splits do not apply to what is not
        recognized.  The names of a Gateway's ports are words for people: they should not say `http`
        where `TLS` is meant.

    Bad:
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
        spec:
          selector: {app: shop}
          ports:
          - name: web  # <-
            port: 8080
        ```

        ```yaml
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata:
          name: public
        spec:
          selector: {istio: ingressgateway}
          servers:
          - port:
              number: 443
              name: web  # <-
              protocol: HTTPS
            tls: {mode: SIMPLE, credentialName: shop}
            hosts: [shop.example.com]
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
          - name: http-web
            port: 8080
          - name: rpc
            port: 9090
            appProtocol: grpc
        ```

    How to fix:
        Begin the name with the protocol (`http-web`), or set `appProtocol` in a Service.

    Sources:
        - Istio docs, "Protocol Selection"
        - Istio docs, "PortNameIsNotUnderNamingConvention"
        - Kiali docs, "KIA0601" and "KIA0602"
    """

    id = "TS407"
    name = "port-naming"
    severity = Severity.INFO
    aliases = ("IST0118", "KIA0601", "KIA0602")

    def check(
        self, subject: Service | Gateway | ServiceEntry, catalog: Catalog
    ) -> Iterator[Finding]:
        """Look at each port."""
        if isinstance(subject, Service):
            if subject.type != "ExternalName" and not _is_given(subject):
                for port in subject.ports:
                    if service_protocol(port) is None:
                        yield self._guessed(port)
            return
        ports = (
            subject.ports
            if isinstance(subject, ServiceEntry)
            else [server.port for server in subject.servers if not _contradicts_itself(server)]
        )
        for port in ports:
            if is_text(port.name) and port.name and is_text(port.protocol):
                yield from self._compare(port, port.name, port.protocol)

    def _guessed(self, port: Port) -> Finding:
        word = port.data.get("appProtocol")
        codes: tuple[str, ...] = ("IST0118", "KIA0601" if word is None else "KIA0602")
        if _WIZARD in port.resource.labels:
            codes = ("IST0118",)
        if is_text(word):
            place, fault = port.at("appProtocol"), f'The appProtocol "{word}" is'
        elif is_text(port.name) and port.name:
            place, fault = port.at("name"), f'The name "{port.name}" begins with'
        else:
            place, fault = port.at(), "The port has no name, and so"
        what = (
            "no protocol that Istio knows" if fault[-3:] != " so" else "nothing tells its protocol"
        )
        return self.finding(
            place,
            f"{fault} {what}: Istio guesses from the first bytes of each connection.",
            aliases=codes,
            help="Begin the name with the protocol, as in http-web, or set appProtocol.",
        )

    def _compare(self, port: Port, name: str, written: str) -> Iterator[Finding]:
        protocol = protocol_of(written)
        if protocol is None or protocol in ("tcp", "udp"):
            return
        if name != protocol and not name.startswith(f"{protocol}-"):
            yield self.finding(
                port.at("name"),
                f'The name "{name}" of this port does not begin with its protocol, {written}.',
                aliases=("KIA0601",),
                help=f"Call it {protocol}, or {protocol}- and a word of your own.",
            )


def _contradicts_itself(server: Server) -> bool:
    """Whether a port says HTTP beside settings for TLS: TS512 tells, and the name may be right."""
    tls = as_dict(server.data.get("tls"))
    written = server.port.protocol
    return is_text(written) and protocol_of(written) == "http" and bool(tls.get("mode"))


def _is_given(service: Service) -> bool:
    labels = service.labels
    return (
        service.namespace in _OF_KUBERNETES
        or _MANAGED in labels
        or any(key in labels and value in (None, labels[key]) for key, value in _OF_ISTIO)
    )

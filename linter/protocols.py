"""Protocols: which one Istio takes a port for.

A Service's port says it by `appProtocol`, else by its name up to the first dash; the ports of a Gateway,
a ServiceEntry and a Sidecar by `protocol`.  Sources: Istio docs, "Protocol Selection"; Istio source,
protocol.Parse and kube.ConvertProtocol.
"""

from __future__ import annotations

from typing import Final

from .catalog.gateways import HTTP_PROTOCOLS, TLS_PROTOCOLS
from .resource import Port
from .values import Unknown, is_integer, is_text

#: Protocols that are mere connections to Istio.
TCP_PROTOCOLS: Final = frozenset(("mongo", "mysql", "redis", "tcp")) | TLS_PROTOCOLS
#: The protocols that Istio knows, in lower case.
PROTOCOLS: Final = HTTP_PROTOCOLS | TCP_PROTOCOLS | {"udp"}
#: What Kubernetes itself defines for `appProtocol`.
_OF_KUBERNETES: Final = {
    "kubernetes.io/h2c": "http2",
    "kubernetes.io/ws": "http",
    "kubernetes.io/wss": "https",
}
#: SMTP, DNS, MySQL, MongoDB: Istio takes them for TCP, whatever the name.
_WELL_KNOWN: Final = frozenset((25, 53, 3306, 27017))


def protocol_of(text: str) -> str | None:
    """The protocol that a word names, in lower case; None if Istio knows none of that name."""
    word = text.lower()
    return word if word in PROTOCOLS else None


def service_protocol(port: Port) -> str | Unknown | None:
    """The protocol that Istio takes a Service's port for; None where it has to guess.

    Unknown where an expression hides what decides it.
    """
    if port.protocol == "UDP":
        return "udp"
    given = port.data.get("appProtocol")
    word = port.name if given is None else given
    for decisive in (port.protocol, word, port.number):
        if isinstance(decisive, Unknown):
            return decisive
    text = word if is_text(word) else ""
    if given is not None and text in _OF_KUBERNETES:
        return _OF_KUBERNETES[text]
    if text.lower().startswith("grpc-web"):
        return "grpc-web"
    found = protocol_of(text.partition("-")[0])
    if found is None and is_integer(port.number) and port.number in _WELL_KNOWN:
        return "tcp"
    return found

"""The listeners of a Sidecar: their ports, what they are bound to, where requests go, TLS settings.

Sources: Istio reference, "Sidecar"; Istio source, ValidateSidecar.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .catalog.gateways import TLS_PROTOCOLS
from .flaws import UNIX, Flaw, port_name_flaws, port_protocol_flaws, socket_flaws
from .resource import Port, View
from .syntax import is_ip, port_problem, socket_problem
from .values import is_integer, is_text
from .workload import Sidecar

_OWN_ADDRESSES: Final = ("", "127.0.0.1", "0.0.0.0", "::1", "::")  # noqa: S104 compared, not bound
#: Fields of a gateway's TLS settings that a Sidecar does not take, and how to mend them.
_NO_TLS_FIELDS: Final = {
    "subjectAltNames": "Remove it.",
    "credentialName": "Name files instead: serverCertificate and privateKey.",
    "credentialNames": "Name files instead: serverCertificate and privateKey.",
    "tlsCertificates": "Use serverCertificate and privateKey instead.",
}


def egress_port_flaws(sidecar: Sidecar) -> Iterator[Flaw]:
    """What is wrong with the ports of the egress listeners, and with what they are bound to."""
    numbers: set[int] = set()
    sockets: set[str] = set()
    for listener in sidecar.egress:
        port = Port(sidecar, (*listener.path, "port"), listener.data.get("port"))
        bind = listener.data.get("bind") or ""
        if not port.data or not is_text(bind):
            continue  # hidden, or of a wrong shape
        yield from _port(port)
        number = port.data.get("number") or 0
        if number == 0:
            yield from _socket(listener, port, bind, sockets)
        elif is_integer(number):
            if number in numbers:
                text = f"Another listener has the port {number} too."
                yield port.at("number"), text, "Put the hosts of both into one listener."
            numbers.add(number)
            by_socket = "Write 0 as the port's number: the listener is bound to a socket."
            yield from _address(listener, by_socket if bind.startswith(UNIX) else "")


def _socket(listener: View, port: View, bind: str, sockets: set[str]) -> Iterator[Flaw]:
    """A listener without a number, which has to be bound to a socket of its own."""
    place = listener.at("bind")
    if not bind.startswith(UNIX):
        text = "A listener with port 0, or without a number, must be bound to a socket."
        yield port.at(), text, "Write the number, or `bind:` with unix:// and the path of a socket."
    elif socket_problem(bind):
        yield from socket_flaws(place, bind)
    elif bind in sockets:
        text = f'Another listener has the socket "{bind}" too.'
        yield place, text, "Put the hosts of both into one listener."
    sockets.add(bind)
    if listener.data.get("captureMode") == "IPTABLES":
        text = "A socket goes with the capture mode DEFAULT or NONE."
        yield listener.at("captureMode"), text, "Write NONE, or remove `captureMode`."


def ingress_flaws(sidecar: Sidecar) -> Iterator[Flaw]:
    """What is wrong with the ingress listeners: ports, addresses, TLS settings."""
    numbers: set[int] = set()
    for listener in sidecar.ingress:
        written = listener.data.get("port")
        if written is None:
            if "port" in listener.data:
                mend = "Add number, protocol and name of the port that the pod is called on."
                yield listener.at(), "An ingress listener needs a port.", mend
            continue
        port = Port(sidecar, (*listener.path, "port"), written)
        yield from _port(port)
        number = port.data.get("number") or 0
        if number == 0:
            text = "The port of an ingress listener needs a number."
            yield port.at(), text, "Add the number of the port that the pod is called on."
        elif is_integer(number):
            if number in numbers:
                text = f"Another listener has the port {number} too."
                yield port.at("number"), text, "Keep one of the two, or correct its number."
            numbers.add(number)
        yield from _address(listener)
        yield from _endpoint(listener)
        yield from _tls(listener, port)


def _endpoint(listener: View) -> Iterator[Flaw]:
    endpoint = listener.data.get("defaultEndpoint")
    if not is_text(endpoint) or not endpoint:
        return
    place = listener.at("defaultEndpoint")
    if endpoint.startswith(UNIX):
        yield from socket_flaws(place, endpoint)
        return
    host, colon, port = endpoint.rpartition(":")
    if not colon or host.removeprefix("[").removesuffix("]") not in _OWN_ADDRESSES:
        shown = port if _is_port(port) else "8080"
        text = f'"{endpoint}" is not an address of the pod itself, as in 127.0.0.1:8080.'
        yield place, text, f"Write 127.0.0.1:{shown}, or 0.0.0.0:{shown} for the pod's own IP."
    elif not _is_port(port):
        text = f'"{endpoint}" does not end in a port number.'
        yield place, text, "Write a number, 1 to 65535, after the last colon."


def _is_port(text: str) -> bool:
    is_number = text.isascii() and text.isdecimal() and len(text) <= 5
    return is_number and port_problem(int(text)) is None


def _tls(listener: View, port: Port) -> Iterator[Flaw]:
    tls = View(listener.resource, (*listener.path, "tls"), listener.data.get("tls"))
    if not isinstance(listener.data.get("tls"), dict):
        return
    for name, mend in _NO_TLS_FIELDS.items():
        if tls.data.get(name):
            yield tls.at(name, key=True), f"`{name}` has no place in the TLS of a Sidecar.", mend
    if tls.data.get("httpsRedirect") is True:
        text = "`httpsRedirect` has no place in the TLS of a Sidecar."
        yield tls.at("httpsRedirect"), text, "Remove it: only a gateway redirects."
    if tls.data.get("mode") in ("ISTIO_MUTUAL", "AUTO_PASSTHROUGH"):
        text = f"The mode {tls.data['mode']} has no place in the TLS of a Sidecar."
        yield tls.at("mode"), text, "Write SIMPLE or MUTUAL."
    protocol = port.data.get("protocol") or ""
    if is_text(protocol) and protocol.lower() not in TLS_PROTOCOLS:
        text = "TLS settings go with a port of the protocol HTTPS or TLS only."
        mend = "Write HTTPS or TLS as the port's protocol, or remove `tls`."
        yield listener.at("tls", key=True), text, mend


def _port(port: Port) -> Iterator[Flaw]:
    """What is wrong with a listener's port, its number's part in the list apart."""
    if port.name:
        yield from port_name_flaws(port)
    yield from port_protocol_flaws(port)
    number = port.data.get("number")
    if is_integer(number) and number and (problem := port_problem(number)):
        yield port.at("number"), f"{number} {problem}.", "Write 1 to 65535."
    if is_integer(port.data.get("targetPort")) and port.data["targetPort"]:
        mend = "Remove it: `defaultEndpoint` says where the requests of an ingress listener go."
        yield port.at("targetPort"), "`targetPort` has no meaning in a Sidecar.", mend


def _address(listener: View, mend: str = "") -> Iterator[Flaw]:
    bind = listener.data.get("bind")
    if is_text(bind) and bind and not is_ip(bind):
        text = f'"{bind}" is no IP address.'
        yield listener.at("bind"), text, mend or "Write an IP address, such as 127.0.0.1."

"""What goes with each `resolution` of a ServiceEntry: hosts, addresses, endpoints, ports.

Sources: Istio reference, "Service Entry"; Istio source, ValidateServiceEntry.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .catalog.gateways import HTTP_PROTOCOLS, TLS_PROTOCOLS
from .flaws import UNIX, Flaw, socket_flaws
from .resource import ServiceEntry, View, as_list
from .source import Place
from .syntax import host_problem, is_ip, wildcard_host_problem
from .values import is_text

_DYNAMIC_PROTOCOLS: Final = ("http", "http2", "grpc", "tls")


def resolution_flaws(entry: ServiceEntry, resolution: str) -> Iterator[Flaw]:
    """What contradicts the resolution, which is empty where an expression hides it."""
    if resolution == "NONE":
        yield from _none(entry)
    elif resolution == "STATIC":
        yield from _static(entry)
    elif resolution in ("DNS", "DNS_ROUND_ROBIN"):
        yield from _dns(entry, resolution)
    elif resolution == "DYNAMIC_DNS":
        yield from _dynamic(entry)
    if resolution not in ("NONE", ""):
        yield from _several_hosts(entry)


def _none(entry: ServiceEntry) -> Iterator[Flaw]:
    if entry.spec.get("endpoints"):
        addresses = [endpoint.data.get("address") for endpoint in entry.endpoints]
        are_names = any(is_text(one) and host_problem(one) is None for one in addresses)
        yield (
            entry.at("spec", "endpoints", key=True),
            "With the resolution NONE (the default) requests go where the caller sends them, and "
            "`endpoints` must not be there.",
            f"Write `resolution: {'DNS' if are_names else 'STATIC'}`, or remove `endpoints`.",
        )


def _static(entry: ServiceEntry) -> Iterator[Flaw]:
    for endpoint in entry.endpoints:
        address = endpoint.data.get("address")
        if not address and not endpoint.data.get("network"):
            mend = "Add its IP address, or unix:// and the path of a socket."
            yield endpoint.at(), "The endpoint has no address.", mend
        elif is_text(address) and address.startswith(UNIX):
            yield from _socket(entry, endpoint, address)
        elif is_text(address) and address and not is_ip(address):
            text = f'"{address}" is no IP address, and the resolution STATIC takes no other.'
            is_name = host_problem(address) is None
            mend = "Write an IP address, or use the resolution DNS."
            yield endpoint.at("address"), text, mend if is_name else "Write an IP address."


def _socket(entry: ServiceEntry, endpoint: View, address: str) -> Iterator[Flaw]:
    place = endpoint.at("address")
    yield from socket_flaws(place, address)
    if endpoint.data.get("ports"):
        yield endpoint.at("ports", key=True), "A socket has no ports.", "Remove `ports` here."
    if not entry.hides_ports and len(entry.ports) != 1:
        mend = "Give the ServiceEntry one port, or the endpoint an IP address."
        yield place, "A socket goes with exactly one port.", mend


def _dns(entry: ServiceEntry, resolution: str) -> Iterator[Flaw]:
    endpoints = entry.spec.get("endpoints")
    if not endpoints:
        yield from _host_to_look_up(entry, resolution)
    if resolution == "DNS_ROUND_ROBIN" and len(as_list(endpoints)) > 1:
        text = "The resolution DNS_ROUND_ROBIN takes one endpoint at most."
        mend = "Keep one endpoint, or use the resolution DNS."
        yield entry.at("spec", "endpoints", key=True), text, mend
    for endpoint in entry.endpoints:
        address = endpoint.data.get("address")
        if address is None:
            mend = "Add its host name or IP address."
            yield endpoint.at(), "The endpoint has no address.", mend
        elif is_text(address) and not is_ip(address) and host_problem(address):
            mend = "Use the resolution STATIC, the only one that takes sockets."
            yield (
                endpoint.at("address"),
                f'"{address}" is neither an IP address nor a host name.',
                mend if address.startswith(UNIX) else _address_mend(address),
            )


def _host_to_look_up(entry: ServiceEntry, resolution: str) -> Iterator[Flaw]:
    """The first host that nobody can look up."""
    for index, host in enumerate(entry.hosts):
        if not is_text(host) or host == "*" or wildcard_host_problem(host):
            continue  # wrong in any case
        if problem := host_problem(host):
            yield (
                entry.at("spec", "hosts", index),
                f'"{host}" {problem}: without endpoints the resolution {resolution} looks up the host '
                "itself.",
                "Write the whole name, add endpoints, or use the resolution NONE.",
            )
            break


def _address_mend(address: str) -> str:
    if "/" in address or ":" in address:
        return "Write the name or the IP address alone, without scheme, port and path."
    return "Write a host name without a wildcard, or an IP address."


def _dynamic(entry: ServiceEntry) -> Iterator[Flaw]:
    for index, host in enumerate(entry.hosts):
        if is_text(host) and not host.startswith("*"):
            yield (
                entry.at("spec", "hosts", index),
                f'"{host}" has no wildcard, and the resolution DYNAMIC_DNS is for wildcards only.',
                "Use the resolution DNS for it, in a ServiceEntry of its own if others have a wildcard.",
            )
    for field in ("addresses", "endpoints"):
        if entry.spec.get(field):
            text = f"`{field}` does not go with the resolution DYNAMIC_DNS."
            mend = f"Remove `{field}`: each host is looked up when it is called."
            yield entry.at("spec", field, key=True), text, mend
    for port in entry.ports:
        protocol = port.protocol or ""
        if is_text(protocol) and protocol.lower() not in _DYNAMIC_PROTOCOLS:
            text = "The resolution DYNAMIC_DNS takes ports of HTTP, HTTP2, GRPC and TLS only."
            mend = "Write TLS." if protocol.lower() == "https" else "Write one of these protocols."
            yield _protocol_of(port, protocol), text, mend


def _several_hosts(entry: ServiceEntry) -> Iterator[Flaw]:
    """The first port that cannot tell several hosts apart."""
    for port in entry.ports if len(entry.hosts) > 1 else ():
        protocol = port.protocol or ""
        if is_text(protocol) and protocol.lower() not in HTTP_PROTOCOLS | TLS_PROTOCOLS:
            what = f"A port of {protocol}" if protocol else "A port without protocol"
            mend = "Make a ServiceEntry for each host, or write HTTP or TLS if the port speaks it."
            text = f"{what} cannot tell several hosts apart; HTTP and TLS can."
            yield _protocol_of(port, protocol), text, mend
            break


def _protocol_of(port: View, protocol: str) -> Place:
    return port.at("protocol") if protocol else port.at()

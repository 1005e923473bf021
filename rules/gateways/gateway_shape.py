"""TS505: a Gateway that Istio refuses for its name, servers, hosts or ports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tsplit_lint import (
    Catalog,
    Finding,
    Gateway,
    Place,
    Rule,
    Server,
    Severity,
    Unknown,
    as_list,
    dns_label_problem,
    gateway_host_problem,
    is_integer,
    is_ip,
    is_text,
    nearest,
    one_of,
    port_problem,
)

#: A place, what is wrong there, and how to mend it.
Problem = tuple[Place, str, str]

#: What Istio takes as the protocol of a server's port, in any case.
_PROTOCOLS: Final = (
    "HTTP",
    "HTTPS",
    "HTTP2",
    "GRPC",
    "GRPC-WEB",
    "TCP",
    "TLS",
    "MONGO",
    "MYSQL",
    "REDIS",
    "UDP",
    "HTTP_PROXY",
)
_UNIX: Final = "unix://"


class GatewayShape(Rule[Gateway]):
    """A Gateway has a name, servers, hosts and ports that Istio takes.

    What it checks:
        The name, which must have no dots; that there are servers, and that each has hosts and a port;
        each host (`host`, `*.host`, `*` or `namespace/host`); number, name and protocol of each port;
        that no two ports have one name; `bind`.  The selector may be anything.  The TLS settings of
        a server are TS512, servers that contend for a port TS503.

    Why it matters:
        Istio's webhook refuses the Gateway.  Without the webhook the server is left out, and its hosts
        cannot be reached.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata:
          name: shop.edge  # <-
        spec:
          selector: {istio: ingressgateway}
          servers:
          - port:
              number: 80
              name: http
              protocol: HTPP  # <-
            hosts:
            - shop  # <-
          - port:
              number: 70000  # <-
              name: http  # <-
              protocol: HTTP
            hosts:
            - "*.example.com"
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata:
          name: shop-edge
        spec:
          selector: {istio: ingressgateway}
          servers:
          - port: {number: 80, name: http, protocol: HTTP}
            hosts: [shop.example.com, "shop/*.example.org"]
          - port: {number: 8080, name: http-alt, protocol: HTTP}
            hosts: ["*.example.com"]
        ```

    How to fix:
        Write what the message says.

    Sources:
        - Istio reference, "Gateway": Server, Port
        - Istio source, validation of Gateways
    """

    id = "TS505"
    name = "gateway-shape"
    severity = Severity.ERROR
    aliases = ("IST0106",)

    def check(self, gateway: Gateway, catalog: Catalog) -> Iterator[Finding]:
        """Look at the name and at each server of one Gateway."""
        for place, message, mend in _problems(gateway):
            yield self.finding(place, f"{message}. Istio refuses the Gateway.", help=mend)


def _problems(gateway: Gateway) -> Iterator[Problem]:
    yield from _name(gateway)
    yield from _servers(gateway)
    yield from _port_names(gateway)
    for server in gateway.servers:
        if server.data:
            yield from _hosts(server)
            yield from _port(server)
            yield from _bind(server)


def _name(gateway: Gateway) -> Iterator[Problem]:
    problem = dns_label_problem(gateway.name) if is_text(gateway.name) and gateway.name else None
    if problem:
        mend = "Use letters, digits and inner dashes only, 63 at most."
        yield gateway.at("metadata", "name"), f'The name "{gateway.name}" {problem}', mend


def _servers(gateway: Gateway) -> Iterator[Problem]:
    spec, servers = gateway.data.get("spec"), gateway.spec.get("servers")
    if isinstance(spec, Unknown) or isinstance(servers, Unknown):
        return
    if servers is None or servers == []:
        place = gateway.at("spec", "servers", key=True) if servers == [] else gateway.head()
        yield place, f"{gateway.title} has no servers", "Add a server with a port and hosts."
    for index, server in enumerate(as_list(servers)):
        if server is None or server == {}:
            place = gateway.at("spec", "servers", index)
            yield place, "This server is empty", "Remove the entry, or give it a port and hosts."


def _port_names(gateway: Gateway) -> Iterator[Problem]:
    seen: set[str] = set()
    for server in gateway.servers:
        name = server.port.name
        if is_text(name) and name in seen:
            message = f'Two servers of this Gateway have a port of the name "{name}"'
            yield server.at("port", "name"), message, "Give each port a name of its own."
        if is_text(name) and name:
            seen.add(name)


def _hosts(server: Server) -> Iterator[Problem]:
    written = server.data.get("hosts")
    if written is None or written == []:
        place = server.at() if written is None else server.at("hosts", key=True)
        yield place, "This server has no hosts", 'Add the hosts that it serves, or "*" for all.'
    for index, host in enumerate(server.hosts):
        problem = gateway_host_problem(host) if is_text(host) else None
        if problem:
            mend = 'Write a full name, "*.example.com", "*" for all, or namespace/name.'
            if is_text(host) and "." not in host:
                mend = 'Write the full name, such as shop.example.com, or "*" for all.'
            yield server.at("hosts", index), f'The host "{host}" {problem}', mend


def _port(server: Server) -> Iterator[Problem]:
    written = server.data.get("port")
    if written is None:
        yield server.at(), "This server has no port", "Add a port: number, name and protocol."
    if not isinstance(written, dict):
        return
    here = server.at("port", key=True)
    for field in ("number", "name", "protocol"):
        if written.get(field) is None:
            yield here, f"The port has no {field}", f"Add {field}."
    if written.get("name") == "":
        yield server.at("port", "name"), "The port's name is empty", "Give the port a name."
    yield from _number(server)
    protocol = server.port.protocol
    if is_text(protocol) and protocol.upper() not in _PROTOCOLS:
        close = nearest(protocol, _PROTOCOLS)
        mend = f'Did you mean "{close}"?' if close else f"Write {one_of(_PROTOCOLS)}."
        message = f'The protocol "{protocol}" is none that a gateway knows'
        yield server.at("port", "protocol"), message, mend
    target = server.port.data.get("targetPort")
    if is_integer(target) and target > 0:
        message = "targetPort has no effect in a Gateway"
        mend = "Remove it: the Service of the gateway pods says which port leads where."
        yield server.at("port", "targetPort"), message, mend


def _number(server: Server) -> Iterator[Problem]:
    number, bind = server.port.number, server.data.get("bind")
    if not is_integer(number) or isinstance(bind, Unknown):
        return
    if is_text(bind) and bind.startswith(_UNIX):
        if number != 0:
            message = f"The port's number is {number}, where the server is bound to a socket"
            yield server.at("port", "number"), message, "Write 0, or remove bind."
        return
    problem = port_problem(number)
    if problem:
        yield server.at("port", "number"), f"{number} {problem}", "Write 1 to 65535."


def _bind(server: Server) -> Iterator[Problem]:
    bind = server.data.get("bind")
    if not is_text(bind) or not bind:
        return
    if not bind.startswith(_UNIX):
        if not is_ip(bind):
            mend = "Write an IP address, or unix:// and a path."
            yield server.at("bind"), f'bind is "{bind}", which is no IP address', mend
        return
    path = bind.removeprefix(_UNIX)
    if not path.startswith("@") and (not path.startswith("/") or path.endswith("/")):
        mend = "Write unix:// and an absolute path: unix:///var/run/edge.sock."
        yield server.at("bind"), f'bind is "{bind}", which leads to no file', mend

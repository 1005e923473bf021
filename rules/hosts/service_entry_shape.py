"""TS420: a ServiceEntry that Istio refuses."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    HTTP_PROTOCOLS,
    TCP_PROTOCOLS,
    TLS_PROTOCOLS,
    Catalog,
    Finding,
    Place,
    Rule,
    ServiceEntry,
    Severity,
    View,
    as_dict,
    as_list,
    dns_label_problem,
    host_problem,
    is_integer,
    is_ip,
    is_subnet,
    is_text,
    label_problem,
    protocol_of,
    socket_problem,
    wildcard_host_problem,
)

Problem = tuple[Place, str]
_DNS = ("DNS", "DNS_ROUND_ROBIN")
_DYNAMIC_PROTOCOLS = ("http", "http2", "grpc", "tls")


class ServiceEntryShape(Rule[ServiceEntry]):
    """A ServiceEntry holds what its resolution needs, and nothing that contradicts it.

    What it checks:
        What Istio's validation checks of a ServiceEntry, its `exportTo` apart (TS413): hosts, addresses
        and endpoints, ports and their protocols, the workload selector, and which of them go with each
        `resolution`.  What Istio takes with a warning is a warning here.  Missing addresses
        of TCP ports are TS408.

    Why it matters:
        Istio refuses the object when it is applied, and the deployment fails.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata:
          name: payments
        spec:
          hosts: [payments.example.com]
          ports:
          - {number: 443, name: https, protocol: HTTPS}
          resolution: NONE
          endpoints:  # <-
          - address: 192.0.2.1
        ```

        ```yaml
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata:
          name: payments
        spec:
          hosts: [payments.example.com]
          addresses:
          - 192.0.2.300  # <-
          ports:
          - number: 443
            name: https
            protocol: HTTPX  # <-
          resolution: STATIC
          endpoints:
          - address: payments.internal  # <-
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata:
          name: payments
        spec:
          hosts: [payments.example.com]
          ports:
          - {number: 443, name: https, protocol: HTTPS}
          resolution: STATIC
          endpoints:
          - address: 192.0.2.1
            ports: {https: 8443}
        ```

    How to fix:
        Each message says what Istio wants in the place of what is written.

    Sources:
        - Istio reference, "Service Entry"
        - Istio source, ValidateServiceEntry (pkg/config/validation/validation.go)
    """

    id = "TS420"
    name = "service-entry-shape"
    severity = Severity.ERROR
    aliases = ("IST0106", "IST0133")

    def check(self, entry: ServiceEntry, catalog: Catalog) -> Iterator[Finding]:
        """Run every check; a contradiction of two parts is told once."""
        resolution = entry.spec.get("resolution") or "NONE"
        if not is_text(resolution):
            resolution = "?"
        for check in (_hosts, _selector, _addresses, _ports, _endpoint_ports, _endpoint_labels):
            for place, text in check(entry):
                yield self._refused(place, text)
        for check_one in (_none, _static, _dns, _dynamic, _several_hosts):
            for place, text in check_one(entry, resolution):
                yield self._refused(place, text)
        for place, text in _doubtful(entry, resolution):
            yield self.finding(place, text, severity=Severity.WARNING, aliases=("IST0133",))

    def _refused(self, place: Place, text: str) -> Finding:
        message = f"{text} Istio refuses the ServiceEntry."
        return self.finding(place, message, aliases=("IST0106",))


def _endpoints(entry: ServiceEntry) -> list[View]:
    return [
        View(entry, ("spec", "endpoints", index), data)
        for index, data in enumerate(as_list(entry.spec.get("endpoints")))
        if isinstance(data, dict)
    ]


def _hosts(entry: ServiceEntry) -> Iterator[Problem]:
    for index, host in enumerate(entry.hosts):
        if not is_text(host):
            continue
        place = entry.at("spec", "hosts", index)
        if host == "*":
            yield place, "A ServiceEntry stands for hosts with names, not for all there are."
        elif problem := wildcard_host_problem(host):
            yield place, f'"{host}" {problem}.'


def _selector(entry: ServiceEntry) -> Iterator[Problem]:
    place = entry.at("spec", "workloadSelector", key=True)
    if isinstance(entry.spec.get("workloadSelector"), dict) and entry.spec.get("endpoints"):
        yield place, "`workloadSelector` and `endpoints` exclude each other."
    for key, value in entry.selector.items():
        if not key or "*" in key or (is_text(value) and "*" in value):
            at = entry.at("spec", "workloadSelector", "labels", key, key=True)
            yield at, "A workload selector takes neither an empty key nor a wildcard."


def _addresses(entry: ServiceEntry) -> Iterator[Problem]:
    for index, address in enumerate(as_list(entry.spec.get("addresses"))):
        if not is_text(address):
            continue
        place = entry.at("spec", "addresses", index)
        resolution = entry.spec.get("resolution") or "NONE"
        if not is_subnet(address):
            yield place, f'"{address}" is neither an IP address nor a range of them.'
        elif "/" in address and is_text(resolution) and resolution in _DNS:
            yield place, f"A range of addresses does not go with the resolution {resolution}."


def _ports(entry: ServiceEntry) -> Iterator[Problem]:
    names: set[str] = set()
    numbers: set[int] = set()
    for port in entry.ports:
        name, number, protocol = port.name, port.number, port.protocol
        if is_text(name):
            if name in names:
                yield port.at("name"), f'The port name "{name}" is there twice.'
            elif problem := dns_label_problem(name):
                yield port.at("name"), f'The port name "{name}" {problem}.'
            names.add(name)
        if is_integer(number):
            if number in numbers:
                yield port.at("number"), f"The port {number} is there twice."
            numbers.add(number)
        if is_text(protocol) and protocol and protocol_of(protocol) is None:
            yield port.at("protocol"), f'"{protocol}" is no protocol that Istio knows.'


def _endpoint_ports(entry: ServiceEntry) -> Iterator[Problem]:
    if entry.hides_ports or (entry.spec.get("resolution") or "NONE") not in ("STATIC", *_DNS):
        return
    names = {port.name for port in entry.ports}
    if not all(map(is_text, names)):
        return
    for endpoint in _endpoints(entry):
        for name in as_dict(endpoint.data.get("ports")):
            if name not in names:
                place = endpoint.at("ports", name, key=True)
                yield place, f'No port of the ServiceEntry is called "{name}".'


def _endpoint_labels(entry: ServiceEntry) -> Iterator[Problem]:
    for endpoint in _endpoints(entry):
        for key, value in as_dict(endpoint.data.get("labels")).items():
            if problem := label_problem(key, value):
                yield endpoint.at("labels", key, key=True), f"In the labels, {problem}."


def _none(entry: ServiceEntry, resolution: str) -> Iterator[Problem]:
    if resolution == "NONE" and entry.spec.get("endpoints"):
        yield (
            entry.at("spec", "endpoints", key=True),
            "With the resolution NONE (the default) requests go where the caller sends them, and "
            "`endpoints` must not be there.",
        )


def _static(entry: ServiceEntry, resolution: str) -> Iterator[Problem]:
    for endpoint in _endpoints(entry) if resolution == "STATIC" else ():
        address = endpoint.data.get("address")
        if not address and not endpoint.data.get("network"):
            yield endpoint.at(), "The endpoint has no address."
        elif is_text(address) and address.startswith("unix://"):
            yield from _socket(entry, endpoint, address)
        elif is_text(address) and address and not is_ip(address):
            text = f'"{address}" is no IP address, and the resolution STATIC takes no other.'
            yield endpoint.at("address"), text


def _socket(entry: ServiceEntry, endpoint: View, address: str) -> Iterator[Problem]:
    if problem := socket_problem(address):
        yield endpoint.at("address"), f'"{address}" {problem}.'
    if endpoint.data.get("ports"):
        yield endpoint.at("ports", key=True), "A socket has no ports."
    if not entry.hides_ports and len(entry.ports) != 1:
        yield endpoint.at("address"), "A socket goes with exactly one port."


def _dns(entry: ServiceEntry, resolution: str) -> Iterator[Problem]:
    if resolution not in _DNS:
        return
    endpoints = entry.spec.get("endpoints")
    for index, host in enumerate([] if endpoints else entry.hosts):
        if not is_text(host) or host == "*" or wildcard_host_problem(host):
            continue  # wrong in any case
        if problem := host_problem(host):
            yield (
                entry.at("spec", "hosts", index),
                f'"{host}" {problem}: without endpoints the resolution {resolution} looks up the host '
                "itself.",
            )
            break
    if resolution == "DNS_ROUND_ROBIN" and len(as_list(endpoints)) > 1:
        place = entry.at("spec", "endpoints", key=True)
        yield place, "The resolution DNS_ROUND_ROBIN takes one endpoint at most."
    for endpoint in _endpoints(entry):
        address = endpoint.data.get("address")
        if address is None:
            yield endpoint.at(), "The endpoint has no address."
        elif is_text(address) and not is_ip(address) and host_problem(address):
            text = f'"{address}" is neither an IP address nor a host name.'
            yield endpoint.at("address"), text


def _dynamic(entry: ServiceEntry, resolution: str) -> Iterator[Problem]:
    if resolution != "DYNAMIC_DNS":
        return
    for index, host in enumerate(entry.hosts):
        if is_text(host) and not host.startswith("*"):
            yield (
                entry.at("spec", "hosts", index),
                f'"{host}" has no wildcard, and the resolution DYNAMIC_DNS is for wildcards only.',
            )
    for field in ("addresses", "endpoints"):
        if entry.spec.get(field):
            place = entry.at("spec", field, key=True)
            yield place, f"`{field}` does not go with the resolution DYNAMIC_DNS."
    for port in entry.ports:
        protocol = port.protocol or ""
        if is_text(protocol) and protocol.lower() not in _DYNAMIC_PROTOCOLS:
            place = port.at("protocol") if protocol else port.at()
            yield place, "The resolution DYNAMIC_DNS takes ports of HTTP, HTTP2, GRPC and TLS only."


def _several_hosts(entry: ServiceEntry, resolution: str) -> Iterator[Problem]:
    if resolution in ("NONE", "?") or len(entry.hosts) < 2:
        return
    for port in entry.ports:
        protocol = port.protocol or ""
        if is_text(protocol) and protocol.lower() not in HTTP_PROTOCOLS | TLS_PROTOCOLS:
            yield (
                port.at("protocol") if protocol else port.at(),
                f"{'A port of ' + protocol if protocol else 'A port without protocol'} cannot tell "
                "several hosts apart; HTTP and TLS can.",
            )
            break


def _doubtful(entry: ServiceEntry, resolution: str) -> Iterator[Problem]:
    for index, host in enumerate(entry.hosts):
        is_partial = is_text(host) and host[:1] == "*" and host != "*" and host[:2] != "*."
        if is_partial and resolution != "DYNAMIC_DNS" and not wildcard_host_problem(host):
            text = f'"{host}" has a wildcard for a part of a name, where *. is meant to stand.'
            yield entry.at("spec", "hosts", index), text
    selector = entry.spec.get("workloadSelector")
    place = entry.at("spec", "workloadSelector", key=True)
    if isinstance(selector, dict) and not selector.get("labels"):
        yield place, "The workload selector has no labels and stands for all pods of the namespace."
    if isinstance(selector, dict) and resolution == "NONE":
        yield (
            place,
            "With the resolution NONE (the default) the workload selector is without effect.",
        )
    if resolution in _DNS and entry.spec.get("addresses") and len(entry.hosts) > 1:
        for port in entry.ports:
            if is_text(port.protocol) and port.protocol.lower() in TCP_PROTOCOLS:
                text = (
                    "Several hosts share one address at a TCP port: Istio cannot tell them apart."
                )
                yield port.at(), text
                break

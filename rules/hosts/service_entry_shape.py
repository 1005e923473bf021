"""TS420: a ServiceEntry that Istio refuses."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    TCP_PROTOCOLS,
    Catalog,
    Finding,
    Flaw,
    Rule,
    ServiceEntry,
    Severity,
    as_dict,
    as_list,
    host_mend,
    host_problem,
    is_integer,
    is_subnet,
    is_text,
    label_problem,
    nearest,
    one_of,
    port_name_flaws,
    port_protocol_flaws,
    resolution_flaws,
    selector_flaws,
    selects_all,
    wildcard_host_problem,
)

_DNS = ("DNS", "DNS_ROUND_ROBIN")


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
        """Tell what Istio refuses, then what it takes with a warning."""
        resolution = entry.spec.get("resolution") or "NONE"
        if not is_text(resolution):
            resolution = ""
        for place, text, mend in _refused(entry, resolution):
            message = f"{text} Istio refuses the ServiceEntry."
            yield self.finding(place, message, aliases=("IST0106",), help=mend)
        for place, text, mend in _doubtful(entry, resolution):
            mild = Severity.WARNING
            yield self.finding(place, text, severity=mild, aliases=("IST0133",), help=mend)


def _refused(entry: ServiceEntry, resolution: str) -> Iterator[Flaw]:
    """All that Istio refuses.  The resolution is empty where an expression hides it."""
    yield from _hosts(entry)
    yield from _selector(entry)
    yield from _addresses(entry, resolution)
    yield from _ports(entry)
    yield from _endpoint_ports(entry, resolution)
    yield from _endpoint_labels(entry)
    yield from resolution_flaws(entry, resolution)


def _hosts(entry: ServiceEntry) -> Iterator[Flaw]:
    for index, host in enumerate(entry.hosts):
        if not is_text(host):
            continue
        place = entry.at("spec", "hosts", index)
        if host == "*":
            text = "A ServiceEntry stands for hosts with names, not for all there are."
            yield place, text, "Name the hosts, as in shop.example.com or *.example.com."
        elif problem := wildcard_host_problem(host):
            mend = "Write a name, and put the address into `addresses` or `endpoints`."
            yield place, f'"{host}" {problem}.', mend if is_subnet(host) else host_mend(host)


def _selector(entry: ServiceEntry) -> Iterator[Flaw]:
    if isinstance(entry.spec.get("workloadSelector"), dict) and entry.spec.get("endpoints"):
        yield (
            entry.at("spec", "workloadSelector", key=True),
            "`workloadSelector` and `endpoints` exclude each other.",
            "Keep `workloadSelector` for pods of this namespace, or `endpoints` for a list of addresses.",
        )
    yield from selector_flaws(entry)


def _addresses(entry: ServiceEntry, resolution: str) -> Iterator[Flaw]:
    for index, address in enumerate(as_list(entry.spec.get("addresses"))):
        if not is_text(address):
            continue
        place = entry.at("spec", "addresses", index)
        if not is_subnet(address):
            mend = "Write an IP address, or a range such as 192.0.2.0/24."
            if host_problem(address) is None:
                mend = "Write an IP address or a range; a name belongs in `hosts` or `endpoints`."
            yield place, f'"{address}" is neither an IP address nor a range of them.', mend
        elif "/" in address and resolution in _DNS:
            text = f"A range of addresses does not go with the resolution {resolution}."
            yield place, text, "List single addresses, or use the resolution NONE or STATIC."


def _ports(entry: ServiceEntry) -> Iterator[Flaw]:
    names: set[str] = set()
    numbers: set[int] = set()
    for port in entry.ports:
        name, number = port.name, port.number
        if is_text(name):
            if name in names:
                text = f'The port name "{name}" is there twice.'
                yield port.at("name"), text, "Give each port a name of its own."
            else:
                yield from port_name_flaws(port)
            names.add(name)
        if is_integer(number):
            if number in numbers:
                text = f"The port {number} is there twice."
                yield port.at("number"), text, "Remove one of the two, or correct its number."
            numbers.add(number)
        yield from port_protocol_flaws(port)


def _endpoint_ports(entry: ServiceEntry, resolution: str) -> Iterator[Flaw]:
    if entry.hides_ports or resolution not in ("STATIC", *_DNS):
        return
    names = [port.name for port in entry.ports]
    known = [name for name in names if is_text(name)]
    if len(known) < len(names):
        return
    for endpoint in entry.endpoints:
        for name in as_dict(endpoint.data.get("ports")):
            if name not in known:
                text = f'No port of the ServiceEntry is called "{name}".'
                yield endpoint.at("ports", name, key=True), text, _port_mend(name, known)


def _port_mend(name: str, known: list[str]) -> str:
    if not known:
        return "Remove it, or add a port of that name to the `ports` of the ServiceEntry."
    close = nearest(name, known)
    return f'Did you mean "{close}"?' if close else f"Write {one_of(known)}."


def _endpoint_labels(entry: ServiceEntry) -> Iterator[Flaw]:
    for endpoint in entry.endpoints:
        for key, value in as_dict(endpoint.data.get("labels")).items():
            if problem := label_problem(key, value):
                mend = "Use letters, digits and inner dashes, dots and underscores, 63 at most."
                yield endpoint.at("labels", key, key=True), f"In the labels, {problem}.", mend


def _doubtful(entry: ServiceEntry, resolution: str) -> Iterator[Flaw]:
    if resolution != "DYNAMIC_DNS":
        yield from _partial_wildcards(entry)
    yield from selects_all(entry, "Add the labels of the pods that serve the hosts.")
    if isinstance(entry.spec.get("workloadSelector"), dict) and resolution == "NONE":
        yield (
            entry.at("spec", "workloadSelector", key=True),
            "With the resolution NONE (the default) the workload selector is without effect.",
            "Write `resolution: STATIC`, or remove `workloadSelector`.",
        )
    if resolution in _DNS and entry.spec.get("addresses") and len(entry.hosts) > 1:
        yield from _shared_address(entry)


def _partial_wildcards(entry: ServiceEntry) -> Iterator[Flaw]:
    for index, host in enumerate(entry.hosts):
        is_partial = is_text(host) and host[:1] == "*" and host != "*" and host[:2] != "*."
        if is_partial and not wildcard_host_problem(host):
            domain = host.partition(".")[2]
            text = f'"{host}" has a wildcard for a part of a name, where *. is meant to stand.'
            mend = f"Write *.{domain}, or list the whole names." if domain else "Write whole names."
            yield entry.at("spec", "hosts", index), text, mend


def _shared_address(entry: ServiceEntry) -> Iterator[Flaw]:
    """The first TCP port of several hosts at one address."""
    for port in entry.ports:
        if is_text(port.protocol) and port.protocol.lower() in TCP_PROTOCOLS:
            text = "Several hosts share one address at a TCP port: Istio cannot tell them apart."
            mend = "Make a ServiceEntry for each host, with addresses of its own."
            yield port.at(), text, mend
            break

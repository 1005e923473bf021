"""TS421: a Sidecar that Istio refuses."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    HTTP_PROTOCOLS,
    TLS_PROTOCOLS,
    Catalog,
    Finding,
    Place,
    Rule,
    Severity,
    Sidecar,
    Unknown,
    View,
    as_dict,
    as_list,
    dns_label_problem,
    host_problem,
    is_integer,
    is_ip,
    is_text,
    port_problem,
    protocol_of,
    sidecar_host_problem,
    socket_problem,
)

Problem = tuple[Place, str]
_CONTENTS = ("egress", "ingress", "outboundTrafficPolicy", "inboundConnectionPool")
_OWN_ADDRESSES = ("", "127.0.0.1", "0.0.0.0", "::1", "::")  # noqa: S104 compared, not bound
_NO_TLS_FIELDS = ("subjectAltNames", "credentialName", "credentialNames", "tlsCertificates")


class SidecarShape(Rule[Sidecar]):
    """A Sidecar has something to say, and its listeners do not contradict each other.

    What it checks:
        What Istio's validation checks of a Sidecar: that it is not empty, its egress hosts, the order
        and the ports of its listeners, their addresses and TLS settings, and the outbound policy.  What
        Istio takes with a warning is a warning here.

    Why it matters:
        Istio refuses the object when it is applied, and the deployment fails.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: Sidecar
        metadata:
          name: default
          namespace: shop
        spec:
          egress:
          - hosts:  # <-
            - ./reviews  # <-
          - hosts:
            - istio-system/*
        ```

        ```yaml
        apiVersion: networking.istio.io/v1
        kind: Sidecar
        metadata:
          name: default
          namespace: shop
        spec:
          workloadSelector:  # <-
            labels: {}
          ingress:
          - port: {number: 8080, protocol: HTTP, name: http}
            defaultEndpoint: 10.0.0.1:8080  # <-
          - port: {number: 8080, protocol: HTTP, name: http-2}  # <-
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: Sidecar
        metadata:
          name: default
          namespace: shop
        spec:
          egress:
          - port: {number: 9080, protocol: HTTP, name: http}
            hosts: ["./reviews.shop.svc.cluster.local"]
          - hosts:
            - "./*"
            - istio-system/*
        ```

    How to fix:
        Each message says what Istio wants in the place of what is written.

    Sources:
        - Istio reference, "Sidecar"
        - Istio source, ValidateSidecar (pkg/config/validation/validation.go)
    """

    id = "TS421"
    name = "sidecar-shape"
    severity = Severity.ERROR
    aliases = ("IST0106", "IST0133")

    def check(self, sidecar: Sidecar, catalog: Catalog) -> Iterator[Finding]:
        """Run every check."""
        if isinstance(sidecar.data.get("spec"), Unknown):
            return
        if not any(sidecar.spec.get(name) for name in _CONTENTS):
            place = sidecar.at("spec", key=True) if "spec" in sidecar.data else sidecar.head()
            wanted = "egress, ingress or an outbound policy"
            yield self._refused(place, f"The Sidecar says nothing: it has neither {wanted}.")
            return
        for check in (_selector, _egress_order, _egress_ports, _egress_hosts, _ingress, _policy):
            for place, text in check(sidecar):
                yield self._refused(place, text)
        for place, text in _doubtful(sidecar, catalog):
            yield self.finding(place, text, severity=Severity.WARNING, aliases=("IST0133",))

    def _refused(self, place: Place, text: str) -> Finding:
        message = f"{text} Istio refuses the Sidecar."
        return self.finding(place, message, aliases=("IST0106",))


def _selector(sidecar: Sidecar) -> Iterator[Problem]:
    for key, value in sidecar.selector.items():
        if not key or "*" in key or (is_text(value) and "*" in value):
            at = sidecar.at("spec", "workloadSelector", "labels", key, key=True)
            yield at, "A workload selector takes neither an empty key nor a wildcard."


def _egress_order(sidecar: Sidecar) -> Iterator[Problem]:
    listed = as_list(sidecar.spec.get("egress"))
    if any(isinstance(entry, Unknown) for entry in listed):
        return
    for listener in sidecar.egress:
        if listener.data.get("port") is None and listener.path[-1] != len(listed) - 1:
            yield (
                listener.at(),
                "A listener without a port takes all that no other one takes: it must be the last.",
            )


def _egress_ports(sidecar: Sidecar) -> Iterator[Problem]:
    numbers: set[int] = set()
    sockets: set[str] = set()
    for listener in sidecar.egress:
        port = View(sidecar, (*listener.path, "port"), listener.data.get("port"))
        bind = listener.data.get("bind")
        if not port.data or isinstance(bind, Unknown):
            continue
        yield from _port(port)
        number = port.data.get("number") or 0
        if number == 0:
            yield from _socket(listener, port, bind or "", sockets)
        elif is_integer(number):
            if number in numbers:
                yield port.at("number"), f"Another listener has the port {number} too."
            numbers.add(number)
            yield from _address(listener, bind)


def _socket(listener: View, port: View, bind: str, sockets: set[str]) -> Iterator[Problem]:
    if not bind.startswith("unix://"):
        yield port.at(), "A listener with port 0, or without a number, must be bound to a socket."
    elif problem := socket_problem(bind):
        yield listener.at("bind"), f'"{bind}" {problem}.'
    elif bind in sockets:
        yield listener.at("bind"), f'Another listener has the socket "{bind}" too.'
    sockets.add(bind)
    if listener.data.get("captureMode") == "IPTABLES":
        yield listener.at("captureMode"), "A socket goes with the capture mode DEFAULT or NONE."


def _port(port: View) -> Iterator[Problem]:
    """What is wrong with a listener's port, its number's part in the list apart."""
    name, protocol = port.data.get("name"), port.data.get("protocol")
    number = port.data.get("number")
    if is_text(name) and name and (problem := dns_label_problem(name)):
        yield port.at("name"), f'The port name "{name}" {problem}.'
    if is_text(protocol) and protocol and protocol_of(protocol) is None:
        yield port.at("protocol"), f'"{protocol}" is no protocol that Istio knows.'
    if is_integer(number) and number and (problem := port_problem(number)):
        yield port.at("number"), f"{number} {problem}."
    if is_integer(port.data.get("targetPort")) and port.data["targetPort"]:
        yield port.at("targetPort"), "`targetPort` has no meaning in a Sidecar."


def _address(listener: View, bind: object) -> Iterator[Problem]:
    if is_text(bind) and bind and not is_ip(bind):
        yield listener.at("bind"), f'"{bind}" is no IP address.'


def _egress_hosts(sidecar: Sidecar) -> Iterator[Problem]:
    for listener in sidecar.egress:
        hosts = listener.data.get("hosts")
        if hosts == []:
            yield listener.at("hosts", key=True), "An egress listener needs one host at least."
        for index, host in enumerate(as_list(hosts)):
            if is_text(host) and (problem := sidecar_host_problem(host)):
                yield listener.at("hosts", index), f'"{host}" {problem}.'


def _ingress(sidecar: Sidecar) -> Iterator[Problem]:
    numbers: set[int] = set()
    for listener in sidecar.ingress:
        written = listener.data.get("port")
        if written is None:
            if "port" in listener.data:
                yield listener.at(), "An ingress listener needs a port."
            continue
        port = View(sidecar, (*listener.path, "port"), written)
        yield from _port(port)
        number = port.data.get("number") or 0
        if number == 0:
            yield port.at(), "The port of an ingress listener needs a number."
        elif is_integer(number):
            if number in numbers:
                yield port.at("number"), f"Another listener has the port {number} too."
            numbers.add(number)
        yield from _address(listener, listener.data.get("bind"))
        yield from _endpoint(listener)
        yield from _tls(listener, port)


def _endpoint(listener: View) -> Iterator[Problem]:
    endpoint = listener.data.get("defaultEndpoint")
    if not is_text(endpoint) or not endpoint:
        return
    place = listener.at("defaultEndpoint")
    if endpoint.startswith("unix://"):
        if problem := socket_problem(endpoint):
            yield place, f'"{endpoint}" {problem}.'
        return
    host, colon, port = endpoint.rpartition(":")
    if not colon or host.removeprefix("[").removesuffix("]") not in _OWN_ADDRESSES:
        yield place, f'"{endpoint}" is not an address of the pod itself, as in 127.0.0.1:8080.'
    elif not port.isdigit() or port_problem(int(port)):
        yield place, f'"{endpoint}" does not end in a port number.'


def _tls(listener: View, port: View) -> Iterator[Problem]:
    tls = View(listener.resource, (*listener.path, "tls"), listener.data.get("tls"))
    if not isinstance(listener.data.get("tls"), dict):
        return
    for name in _NO_TLS_FIELDS:
        if tls.data.get(name):
            yield tls.at(name, key=True), f"`{name}` has no place in the TLS of a Sidecar."
    if tls.data.get("httpsRedirect") is True:
        yield tls.at("httpsRedirect"), "`httpsRedirect` has no place in the TLS of a Sidecar."
    if tls.data.get("mode") in ("ISTIO_MUTUAL", "AUTO_PASSTHROUGH"):
        mode = tls.data["mode"]
        yield tls.at("mode"), f"The mode {mode} has no place in the TLS of a Sidecar."
    protocol = port.data.get("protocol") or ""
    if is_text(protocol) and protocol.lower() not in TLS_PROTOCOLS:
        place = listener.at("tls", key=True)
        yield place, "TLS settings go with a port of the protocol HTTPS or TLS only."


def _policy(sidecar: Sidecar) -> Iterator[Problem]:
    policy = as_dict(sidecar.spec.get("outboundTrafficPolicy"))
    proxy = policy.get("egressProxy")
    if not isinstance(proxy, dict):
        return
    place = sidecar.at("spec", "outboundTrafficPolicy", "egressProxy", key=True)
    host = proxy.get("host") or ""
    if policy.get("mode") != "ALLOW_ANY" and not isinstance(policy.get("mode"), Unknown):
        yield place, "`egressProxy` goes with the mode ALLOW_ANY only."
    elif is_text(host) and (problem := host_problem(host)):
        yield place, f'The egress proxy\'s host "{host}" {problem}.'
    elif proxy.get("port") is None:
        yield place, "The egress proxy needs a port."


def _doubtful(sidecar: Sidecar, catalog: Catalog) -> Iterator[Problem]:
    selector = sidecar.spec.get("workloadSelector")
    if isinstance(selector, dict) and not selector.get("labels"):
        place = sidecar.at("spec", "workloadSelector", key=True)
        yield place, "The workload selector has no labels and stands for all pods of the namespace."
    # in the root namespace the Sidecar is every namespace's default, and `.` stands for each of them
    own = "." if sidecar.namespace == catalog.root_namespace else sidecar.namespace
    for listener in sidecar.egress:
        yield from _doubles(listener, own)
    for listener in sidecar.ingress:
        protocol = as_dict(listener.data.get("port")).get("protocol") or ""
        pool = as_dict(listener.data.get("connectionPool"))
        if pool.get("http") and is_text(protocol) and protocol.lower() not in HTTP_PROTOCOLS:
            place = listener.at("connectionPool", "http", key=True)
            yield place, "The port is not HTTP, and these settings are without effect."


def _doubles(listener: View, own: object) -> Iterator[Problem]:
    seen: dict[object, set[str]] = {}
    for index, written in enumerate(as_list(listener.data.get("hosts"))):
        if not is_text(written) or "/" not in written or written.startswith("~"):
            continue
        owner, _slash, host = written.partition("/")
        known = seen.setdefault(own if owner == "." else owner, set())
        if host in known or "*" in known or (host == "*" and known):
            place = listener.at("hosts", index)
            yield (
                place,
                f'"{written}" is within another host of this listener, or the other way round.',
            )
        known.add(host)
    if "*" in seen.get("*", ()) and len(seen) > 1:
        yield listener.at("hosts", key=True), "`*/*` stands for all hosts: the others say nothing."

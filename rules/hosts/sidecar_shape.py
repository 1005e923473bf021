"""TS421: a Sidecar that Istio refuses."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    HTTP_PROTOCOLS,
    Catalog,
    Finding,
    Flaw,
    Rule,
    Severity,
    Sidecar,
    Unknown,
    View,
    as_dict,
    as_list,
    dns_label_problem,
    egress_port_flaws,
    host_mend,
    host_problem,
    ingress_flaws,
    is_text,
    selector_flaws,
    selects_all,
    sidecar_host_problem,
)

_CONTENTS = ("egress", "ingress", "outboundTrafficPolicy", "inboundConnectionPool")


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
        """Tell what Istio refuses, then what it takes with a warning."""
        if isinstance(sidecar.data.get("spec"), Unknown):
            return
        for place, text, mend in _refused(sidecar, catalog):
            message = f"{text} Istio refuses the Sidecar."
            yield self.finding(place, message, aliases=("IST0106",), help=mend)
        for place, text, mend in _doubtful(sidecar, catalog):
            mild = Severity.WARNING
            yield self.finding(place, text, severity=mild, aliases=("IST0133",), help=mend)


def _refused(sidecar: Sidecar, catalog: Catalog) -> Iterator[Flaw]:
    if not _says_something(sidecar):
        place = sidecar.at("spec", key=True) if "spec" in sidecar.data else sidecar.head()
        text = "The Sidecar says nothing: it has no egress, no ingress and no outbound policy."
        yield place, text, "Add one of them, or remove the Sidecar."
        return
    yield from selector_flaws(sidecar)
    yield from _egress_order(sidecar)
    yield from egress_port_flaws(sidecar)
    yield from _egress_hosts(sidecar, catalog)
    yield from ingress_flaws(sidecar)
    yield from _policy(sidecar)


def _says_something(sidecar: Sidecar) -> bool:
    return any(sidecar.spec.get(name) for name in _CONTENTS)


def _egress_order(sidecar: Sidecar) -> Iterator[Flaw]:
    listed = as_list(sidecar.spec.get("egress"))
    if any(isinstance(entry, Unknown) for entry in listed):
        return
    for listener in sidecar.egress:
        if listener.data.get("port") is None and listener.path[-1] != len(listed) - 1:
            ends_so = as_dict(listed[-1]).get("port") is None
            yield (
                listener.at(),
                "A listener without a port takes all that no other one takes: it must be the last.",
                "Put its hosts into the last listener, which has no port either."
                if ends_so
                else "Move it to the end of `egress`, or give it a port.",
            )


def _egress_hosts(sidecar: Sidecar, catalog: Catalog) -> Iterator[Flaw]:
    for listener in sidecar.egress:
        hosts = listener.data.get("hosts")
        if hosts == []:
            text = "An egress listener needs one host at least."
            mend = "Add a host, or ./* for all hosts of the own namespace."
            yield listener.at("hosts", key=True), text, mend
        for index, host in enumerate(as_list(hosts)):
            if is_text(host) and (problem := sidecar_host_problem(host)):
                mend = _host_mend(host, sidecar, catalog)
                yield listener.at("hosts", index), f'"{host}" {problem}.', mend


def _host_mend(host: str, sidecar: Sidecar, catalog: Catalog) -> str:
    """How to mend a host that `sidecar_host_problem` finds wrong."""
    owner, slash, name = host.partition("/") if "/" in host else (".", "", host)
    if not name:
        return "Write namespace/host, as in ./* for all hosts of this namespace."
    label = owner.removeprefix("~")
    if not owner or (label not in ("", "*", ".") and dns_label_problem(label)):
        return "Write a namespace before the slash: its name, . for this one, or * for any."
    if name != "*" and "." not in name:
        namespace = sidecar.namespace if label in ("", "*", ".") else label
        shown = namespace if is_text(namespace) and namespace else "NAMESPACE"
        return f"Write {owner}/{name}.{shown}.svc.{catalog.domain}."
    if not slash:
        return f"Write ./{name} for this namespace, or */{name} for any."
    if name.startswith("*") and not name.startswith("*."):
        return f"Write {owner}/*.{name.partition('.')[2]}, or whole names."
    return host_mend(name)


def _policy(sidecar: Sidecar) -> Iterator[Flaw]:
    policy = as_dict(sidecar.spec.get("outboundTrafficPolicy"))
    proxy = policy.get("egressProxy")
    if not isinstance(proxy, dict):
        return
    place = sidecar.at("spec", "outboundTrafficPolicy", "egressProxy", key=True)
    host = proxy.get("host") or ""
    if policy.get("mode") != "ALLOW_ANY" and not isinstance(policy.get("mode"), Unknown):
        text = "`egressProxy` goes with the mode ALLOW_ANY only."
        yield place, text, "Write `mode: ALLOW_ANY`, or remove `egressProxy`."
    elif is_text(host) and (problem := host_problem(host)):
        text = f'The egress proxy\'s host "{host}" {problem}.'
        yield place, text, "Write a host name alone, without wildcard, scheme, port and path."
    elif proxy.get("port") is None:
        yield place, "The egress proxy needs a port.", "Add `port:` with the proxy's `number`."


def _doubtful(sidecar: Sidecar, catalog: Catalog) -> Iterator[Flaw]:
    if not _says_something(sidecar):
        return
    yield from selects_all(sidecar, "Add the labels of the pods, or remove `workloadSelector`.")
    # in the root namespace the Sidecar is every namespace's default, and `.` stands for each of them
    own = "." if sidecar.namespace == catalog.root_namespace else sidecar.namespace
    for listener in sidecar.egress:
        yield from _doubles(listener, own)
    for listener in sidecar.ingress:
        protocol = as_dict(listener.data.get("port")).get("protocol") or ""
        pool = as_dict(listener.data.get("connectionPool"))
        if pool.get("http") and is_text(protocol) and protocol.lower() not in HTTP_PROTOCOLS:
            text = "The port is not HTTP, and these settings are without effect."
            mend = "Remove them, or write HTTP as the port's protocol if it speaks HTTP."
            yield listener.at("connectionPool", "http", key=True), text, mend


def _doubles(listener: View, own: object) -> Iterator[Flaw]:
    seen: dict[object, set[str]] = {}
    for index, written in enumerate(as_list(listener.data.get("hosts"))):
        if not is_text(written) or "/" not in written or written.startswith("~"):
            continue
        owner, _slash, host = written.partition("/")
        known = seen.setdefault(own if owner == "." else owner, set())
        if host in known or "*" in known or (host == "*" and known):
            text = f'"{written}" is within another host of this listener, or the other way round.'
            covers = host == "*" and "*" not in known
            mend = f"Keep {written} alone, or remove it." if covers else "Remove it."
            yield listener.at("hosts", index), text, mend
        known.add(host)
    if "*" in seen.get("*", ()) and len(seen) > 1:
        text = "`*/*` stands for all hosts: the others say nothing."
        yield listener.at("hosts", key=True), text, "Remove `*/*`, or the others."

"""Hosts made comparable: every spelling of one service is one Host.

Hosts (Istio docs, "Destination"; Istio source, `ResolveShortnameToFQDN`): a name without dots is
`<name>.<namespace of the object that names it>.svc.<cluster domain>`.  `name.ns` and `name.ns.svc`
are read as that service too, since every client reaches it by these names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache
from typing import Final, Generic, NamedTuple, TypeVar

from ..resource import Resource
from ..values import Unknown

R = TypeVar("R", bound=Resource)

#: The namespace of a host that is no service of the cluster.
EXTERNAL: Final = ""
#: Ends of names that no one gives to a namespace: `example.com` is not the service of a cluster.
_PUBLIC: Final = frozenset(("com", "edu", "gov", "io", "net", "org"))


class Host(NamedTuple):
    """A host made comparable: the service's name and namespace.

    `namespace` is None where the object that names it has none in its file (it may be deployed
    anywhere), and EXTERNAL for names outside the cluster, which stand in `name` as they are.
    """

    name: str
    namespace: str | None

    def same(self, other: Host) -> bool:
        """Whether both may be one host: an unset namespace may be any."""
        return self.name == other.name and namespaces_meet(self.namespace, other.namespace)


def namespaces_meet(one: str | None, other: str | None) -> bool:
    """Whether two namespaces may be one; None may be any namespace of the cluster."""
    if one == other:
        return True
    return (one is None and other != EXTERNAL) or (other is None and one != EXTERNAL)


@lru_cache(maxsize=10_000)
def canonical_host(host: str, namespace: str | None, domain: str = "cluster.local") -> Host:
    """The comparable form of a host as written in an object of `namespace`."""
    text = whole = host.strip().lower().rstrip(". ")
    suffix = f".svc.{domain}"
    if text.endswith(suffix):
        text = text.removesuffix(suffix)
    elif text.endswith(".svc"):
        text = text.removesuffix(".svc")
    elif "." not in text:
        return Host(text, namespace if text and "*" not in text else EXTERNAL)
    elif text.count(".") > 1 or text.replace(".", "").isdigit():
        return Host(whole, EXTERNAL)
    name, dot, owner = text.rpartition(".")
    if not (dot and name and owner) or "." in name or "*" in name:
        return Host(whole, EXTERNAL)
    if text == whole and owner in _PUBLIC:
        return Host(whole, EXTERNAL)
    return Host(name, owner)


class HostIndex(Generic[R]):
    """Objects by the hosts that they are for: exact ones by name, those with a wildcard, hidden ones."""

    def __init__(self) -> None:
        self.by_name: dict[str, list[tuple[Host, R]]] = defaultdict(list)
        self.wild: list[tuple[str, R]] = []
        self.hidden: list[tuple[Unknown, R]] = []

    def add(self, written: object, resource: R, host_of: Callable[[str, Resource], Host]) -> None:
        """File an object under a host as it writes it."""
        if isinstance(written, Unknown):
            self.hidden.append((written, resource))
        elif isinstance(written, str) and written.startswith("*"):
            self.wild.append((written.lower(), resource))
        elif isinstance(written, str) and written:
            host = host_of(written, resource)
            self.by_name[host.name].append((host, resource))

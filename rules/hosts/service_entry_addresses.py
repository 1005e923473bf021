"""TS408: a ServiceEntry for TCP without addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Rule, ServiceEntry, Severity, Unknown, as_dict

#: The mesh's setting that gives addresses to ServiceEntries, as files write it.
_ALLOCATES = re.compile(
    r"""(?:ISTIO_META_DNS_AUTO_ALLOCATE|PILOT_ENABLE_IP_AUTOALLOCATE)["']?\s*[:=]\s*\\?["']?true"""
)
_NAMED = re.compile(
    r"""name:\s*["']?(?:ISTIO_META_DNS_AUTO_ALLOCATE|PILOT_ENABLE_IP_AUTOALLOCATE)["']?"""
    r"""\s+value:\s*["']?true"""
)
_LABEL = "networking.istio.io/enable-autoallocate-ip"


class ServiceEntryAddresses(Rule[ServiceEntry]):
    """A ServiceEntry with a TCP port has addresses.

    What it checks:
        Ports of ServiceEntries whose protocol is TCP or not written, where `addresses` is missing.
        Silent where addresses are given automatically, as far as files tell: a label of the object, its
        status, or the setting of the mesh in a file in sight.

    Why it matters:
        A TCP connection carries no host.  Without addresses Istio listens on all of them at that port:
        connections to any other host at the port are sent to this one.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata:
          name: database
        spec:
          hosts: [db.example.com]
          ports:
          - number: 5432  # <-
            name: tcp
            protocol: TCP
          resolution: DNS
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata:
          name: database
        spec:
          hosts: [db.example.com]
          addresses: [192.0.2.10]
          ports:
          - number: 5432
            name: tcp
            protocol: TCP
          resolution: DNS
        ```

    How to fix:
        Add the addresses of the host; or name the protocol, if it is HTTP or TLS; or let the mesh give
        addresses to ServiceEntries (DNS proxying with automatic allocation).

    Sources:
        - Istio docs, "ServiceEntryAddressesRequired"
        - Istio docs, "DNS Proxying", "Address auto allocation"
    """

    id = "TS408"
    name = "service-entry-addresses"
    severity = Severity.WARNING
    aliases = ("IST0134", "IST0133")

    def check(self, entry: ServiceEntry, catalog: Catalog) -> Iterator[Finding]:
        """Look at each port."""
        addresses = entry.spec.get("addresses")
        if addresses or isinstance(addresses, Unknown) or _is_given_addresses(entry):
            return
        for port in entry.ports:
            protocol = port.data.get("protocol") or ""
            if str(protocol).upper() in ("", "TCP") and not catalog.once(_allocates):
                codes: tuple[str, ...] = ("IST0134",)
                # Istio's validation knows that addresses are given by itself where names are resolved.
                if protocol in ("", "TCP") and entry.spec.get("resolution") in (None, "NONE"):
                    codes = ("IST0134", "IST0133")
                kind = "TCP port" if protocol else "port, which is TCP as it has no protocol"
                yield self.finding(
                    port.at(),
                    f"The ServiceEntry has no addresses for this {kind}. Istio listens on every address "
                    "at the port, and connections to other hosts at that port end up here.",
                    aliases=codes,
                    help="Add `addresses`, or write the protocol if it is HTTP or TLS.",
                )


def _is_given_addresses(entry: ServiceEntry) -> bool:
    wanted = str(entry.labels.get(_LABEL, "")).lower() == "true"
    return wanted or bool(as_dict(entry.data.get("status")).get("addresses"))


def _allocates(catalog: Catalog) -> bool:
    """Whether a file in sight says that the mesh gives addresses."""
    return any(
        ("_AUTO_ALLOCATE" in file.text or "_IP_AUTOALLOCATE" in file.text)
        and (_ALLOCATES.search(file.text) or _NAMED.search(file.text)) is not None
        for file in catalog.files
    )

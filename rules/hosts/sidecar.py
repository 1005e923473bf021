"""TS415: a Sidecar that selects or imports what is not there, or meets another one."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    EXTERNAL,
    Catalog,
    Finding,
    Ledger,
    Rule,
    Severity,
    Sidecar,
    Together,
    Unknown,
    WorkloadEntry,
    WorkloadGroup,
    as_list,
    is_ambient,
    is_text,
    known_namespace,
    namespaces_meet,
    selects,
)

_NOT_NAMED = ("*", "~", ".")


class SidecarReferences(Rule[Sidecar]):
    """A Sidecar is the only one for its pods, and names what is there.

    What it checks:
        Two Sidecars without a selector in one namespace, or two whose selectors both fit a workload,
        if they deploy together: in one file, chart, Harness service or kustomization, or in one folder
        that holds no alternatives.  Where the tree is declared complete, also a selector that fits no
        workload of the namespace, and egress hosts that no Service or ServiceEntry of the namespace
        before the slash provides.

    Why it matters:
        Of two Sidecars for a pod Istio takes one, in an order that nobody chose.  A host that is not
        imported has no routes: requests to it pass by every VirtualService, or are refused.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: Sidecar
        metadata:
          name: default
          namespace: shop
        spec:
          egress:
          - hosts: ["./*"]
        ---
        apiVersion: networking.istio.io/v1
        kind: Sidecar
        metadata:
          name: wide  # <-
          namespace: shop
        spec:
          egress:
          - hosts: ["*/*"]
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
          - hosts: ["./*"]
        ---
        apiVersion: networking.istio.io/v1
        kind: Sidecar
        metadata:
          name: wide
          namespace: shop
        spec:
          workloadSelector:
            labels: {app: gateway}
          egress:
          - hosts: ["*/*"]
        ```

    How to fix:
        Keep one Sidecar without a selector in a namespace and let the selectors of the others differ;
        correct the labels and the hosts.

    Sources:
        - Istio reference, "Sidecar"
        - Istio docs, "ConflictingSidecarWorkloadSelectors", "MultipleSidecarsWithoutWorkloadSelectors"
        - Kiali docs, "KIA0002", "KIA0003", "KIA0004" and "KIA1004"
    """

    id = "TS415"
    name = "sidecar"
    severity = Severity.WARNING
    aliases = ("IST0101", "IST0110", "IST0111", "KIA0002", "KIA0003", "KIA0004", "KIA1004")

    def check(self, sidecar: Sidecar, catalog: Catalog) -> Iterator[Finding]:
        """Look at its pods, then at its hosts."""
        if isinstance(sidecar.namespace, Unknown) or _hides_selector(sidecar):
            return
        yield from self._twins(sidecar, catalog)
        if catalog.complete(sidecar):
            yield from self._selector(sidecar, catalog)
            yield from self._hosts(sidecar, catalog)

    def _twins(self, sidecar: Sidecar, catalog: Catalog) -> Iterator[Finding]:
        ledger = catalog.once(_ledger)
        for key in _keys(sidecar, catalog):
            for other, how_sure in ledger.before(key, sidecar):
                what, codes = "selects its pods too", ("IST0110", "KIA0003")
                if not sidecar.selector:
                    what, codes = "has no selector either", ("IST0111", "KIA0002")
                yield self.finding(
                    sidecar.head(),
                    f"{other.title} {what}. Istio takes one of the two for a pod, and which one, "
                    "nobody chose.",
                    confidence=None if how_sure is Together.SURELY else "medium",
                    aliases=codes,
                    related=[(other.head(), "the other Sidecar")],
                    help="Let their selectors fit different pods, or put both into one Sidecar.",
                )
                return

    def _selector(self, sidecar: Sidecar, catalog: Catalog) -> Iterator[Finding]:
        selector = sidecar.selector
        if not selector or catalog.selected(selector, sidecar):
            return
        machines: list[WorkloadEntry | WorkloadGroup] = [
            *catalog.resources(WorkloadEntry),
            *catalog.resources(WorkloadGroup),
        ]
        if any(selects(selector, machine.pod_labels) is not False for machine in machines):
            return
        yield self.finding(
            sidecar.at("spec", "workloadSelector", "labels", key=True),
            "No workload of its namespace in sight has these labels. The Sidecar is without effect.",
            aliases=("IST0101", "KIA0004"),
            help="Correct the labels: they are those of the pods.",
        )

    def _hosts(self, sidecar: Sidecar, catalog: Catalog) -> Iterator[Finding]:
        for listener in sidecar.egress:
            for index, written in enumerate(as_list(listener.data.get("hosts"))):
                if not is_text(written):
                    continue
                owner, _slash, host = written.partition("/")
                if "*" in host or "." not in host or owner.startswith("~"):
                    continue  # a short name is refused, TS421
                if not _is_there(owner, host, sidecar, catalog):
                    yield self.finding(
                        listener.at("hosts", index),
                        f'No Service or ServiceEntry in sight provides "{host}"'
                        + ("" if owner in _NOT_NAMED else f" in the namespace {owner}")
                        + ". The Sidecar imports nothing by it.",
                        aliases=("KIA1004",),
                        help="Correct the name, or the namespace before the slash.",
                    )


def _is_there(owner: str, host: str, sidecar: Sidecar, catalog: Catalog) -> bool:
    found = catalog.provider(host, sidecar)
    if found.state != "found":
        return False
    wanted = known_namespace(sidecar) if owner == "." else owner
    if owner == "*" or wanted is None or not found.items:
        named = catalog.host(host, sidecar).namespace
        return named in (None, EXTERNAL) or owner == "*" or wanted in (None, named)
    return any(namespaces_meet(known_namespace(item), wanted) for item in found.items)


def _hides_selector(sidecar: Sidecar) -> bool:
    selector = sidecar.spec.get("workloadSelector")
    hidden = isinstance(selector, Unknown) or isinstance(sidecar.data.get("spec"), Unknown)
    return hidden or any(isinstance(value, Unknown) for value in sidecar.selector.values())


def _ledger(catalog: Catalog) -> Ledger[Sidecar]:
    ledger: Ledger[Sidecar] = Ledger(catalog)
    for sidecar in catalog.resources(Sidecar):
        if not isinstance(sidecar.namespace, Unknown) and not _hides_selector(sidecar):
            for key in _keys(sidecar, catalog):
                ledger.add(key, sidecar, sidecar)
    return ledger


def _keys(sidecar: Sidecar, catalog: Catalog) -> list[tuple[object, object]]:
    """What a Sidecar lays claim to: its namespace, or the workloads that it surely selects."""
    if sidecar.selector:
        return [
            (sidecar.namespace, id(workload))
            for workload in catalog.selected(sidecar.selector, sidecar)
            if selects(sidecar.selector, workload.pod_labels)
        ]
    here = catalog.mesh.namespaces(known_namespace(sidecar), sidecar, catalog)
    return [] if any(map(is_ambient, here)) else [(sidecar.namespace, None)]

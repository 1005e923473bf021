"""TS413: an object that is exported to nowhere, or twice."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Place,
    Resource,
    Rule,
    ServiceEntry,
    Severity,
    VirtualService,
    as_list,
    dns_label_problem,
    is_text,
    nearest,
)

#: Namespaces of every cluster.
_ALWAYS = ("default", "kube-system", "kube-public", "kube-node-lease")


class ExportTo(Rule[VirtualService | DestinationRule | ServiceEntry]):
    """`exportTo` names namespaces that are there, or `.` or `*` alone.

    What it checks:
        `exportTo` of VirtualServices, DestinationRules and ServiceEntries: each entry is `.`, `*` or the
        name of a namespace (`~` for a ServiceEntry), none stands twice (`.` beside the own namespace
        counts), and `*` and `~` stand alone.  Where the tree is declared complete and has Namespaces,
        those named are among them, or other objects of the tree stand in them.

    Why it matters:
        Istio refuses the object.  A namespace that is not there is taken, and whoever should use the
        object does not see it.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
          namespace: prod
        spec:
          hosts: [shop]
          exportTo:
          - .
          - prod  # <-
          - team/web  # <-
          - "*"  # <-
          http:
          - route:
            - destination: {host: shop}
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
          namespace: prod
        spec:
          hosts: [shop]
          exportTo:
          - .
          - web
          http:
          - route:
            - destination: {host: shop}
        ```

    How to fix:
        Write `.` for the own namespace, `*` alone for all, or the names of namespaces.

    Sources:
        - Istio reference, "Virtual Service", VirtualService.exportTo
        - Istio, validation of exportTo
        - Kiali, validation KIA0005
    """

    id = "TS413"
    name = "export-to"
    severity = Severity.ERROR
    aliases = ("IST0106", "KIA0005")
    needs = ("exportTo",)

    def check(
        self, subject: VirtualService | DestinationRule | ServiceEntry, catalog: Catalog
    ) -> Iterator[Finding]:
        """Look at each entry, alone and beside the others."""
        entries = as_list(subject.spec.get("exportTo"))
        seen: dict[str, int] = {}
        for index, entry in enumerate(entries):
            if not is_text(entry):
                continue
            place = subject.at("spec", "exportTo", index)
            own = subject.namespace if isinstance(subject.namespace, str) else "."
            key = own if entry == "." else entry
            if key in seen:
                other = entries[seen[key]]
                what = f'"{entry}" stands twice'
                if other != entry:
                    what = f'"{entry}" and "{other}" are the same namespace'
                yield self._refused(place, f"{what} in exportTo", "Keep one of them.")
                continue
            seen[key] = index
            yield from self._check_entry(subject, place, entry, alone=len(entries) == 1)
        if catalog.complete(subject):
            yield from self._check_absent(subject, catalog)

    def _check_entry(
        self, subject: Resource, place: Place, entry: str, *, alone: bool
    ) -> Iterator[Finding]:
        if entry == ".":
            return
        if entry == "*" or (entry == "~" and isinstance(subject, ServiceEntry)):
            if not alone:
                who = "every namespace" if entry == "*" else "no one"
                yield self._refused(
                    place,
                    f'"{entry}" in exportTo is {who}, and yet there are other entries',
                    f'Keep "{entry}" alone, or remove it.',
                )
            return
        problem = dns_label_problem(entry)
        if problem is not None:
            what = "exports to no one, which only a ServiceEntry can" if entry == "~" else problem
            yield self._refused(
                place,
                f'The exportTo entry "{entry}" {what}',
                "Write `.`, `*` or the name of a namespace.",
            )

    def _check_absent(self, subject: Resource, catalog: Catalog) -> Iterator[Finding]:
        """Namespaces that are named, and neither there nor used."""
        known = catalog.mesh.known_names
        for index, entry in enumerate(as_list(subject.spec.get("exportTo")) if known else ()):
            if not is_text(entry) or entry in (".", "*", "~", *_ALWAYS) or entry in known:
                continue
            if dns_label_problem(entry) is None:
                close = nearest(entry, known)
                yield self.finding(
                    subject.at("spec", "exportTo", index),
                    f'There is no namespace "{entry}": {subject.title} is exported to no one there.',
                    aliases=("KIA0005",),
                    help=f'Did you mean "{close}"?' if close else "Name a namespace that is there.",
                )

    def _refused(self, place: Place, problem: str, mend: str) -> Finding:
        kind = place.resource.kind
        return self.finding(
            place, f"{problem}. Istio refuses the {kind}.", aliases=("IST0106",), help=mend
        )

"""TS009: a field that its kind does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tsplit_lint import (
    MANAGED,
    Catalog,
    Finding,
    Misfit,
    Resource,
    Rule,
    Severity,
    home_of,
    known_fields,
    misfits,
    nearest,
    path_text,
)

#: Fields of early versions of Istio, and what took their place.
_GONE: Final = {
    "appendHeaders": "Use headers.request.add.",
    "appendRequestHeaders": "Use headers.request.add.",
    "appendResponseHeaders": "Use headers.response.add.",
    "removeRequestHeaders": "Use headers.request.remove.",
    "removeResponseHeaders": "Use headers.response.remove.",
    "websocketUpgrade": "Remove it: Istio lets websockets through by itself.",
}


class UnknownField(Rule[Resource]):
    """Every field is one that its kind has, at the place where the kind has it.

    What it checks:
        All fields of the kinds of Istio's networking API, at any depth.  Of Service, Deployment,
        StatefulSet, DaemonSet, ReplicaSet, Pod, Namespace and Ingress: the fields at the top and those
        of `metadata`.  A name in which an expression stands is left alone.

    Why it matters:
        The API server drops a field that the schema does not know, and says nothing: the timeout, the
        subset or the match is simply not there.  Where fields are validated strictly, as kubectl does
        since 1.25, it refuses the object.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - match:
            - uri: {prefix: /cart}
              timeout: 5s  # <-
            route:
            - destination:
                host: shop
                subsets: v1  # <-
                weight: 100  # <-
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - match:
            - uri: {prefix: /cart}
            timeout: 5s
            route:
            - destination:
                host: shop
                subset: v1
              weight: 100
        ```

    How to fix:
        Correct the name, or move the field to the mapping that it belongs to; the message names it
        where only one is near.  Remove what no version of Istio has any more.

    Sources:
        - Kubernetes docs, "Custom Resources": field pruning
        - Kubernetes docs, "API Concepts": field validation
        - Istio, custom resource definitions of networking.istio.io
    """

    id = "TS009"
    name = "unknown-field"
    severity = Severity.WARNING

    def check(self, resource: Resource, catalog: Catalog) -> Iterator[Finding]:
        """Look for the place or the name that was meant."""
        for misfit in misfits(resource):
            if misfit.keyword == "additionalProperties" and not _is_misplaced_mark(misfit):
                yield self._report(resource, misfit)

    def _report(self, resource: Resource, misfit: Misfit) -> Finding:
        where = path_text(misfit.path) or "the top of the object"
        hint, mend = _meant(resource, misfit)
        return self.finding(
            resource.at(*misfit.path, misfit.field, key=True),
            f"{resource.title} has a field {misfit.field} at {where}, which {resource.kind} does not "
            "have there. The API server drops it without a word, or refuses the object where it "
            f"validates strictly.{hint}",
            help=mend,
        )


def _is_misplaced_mark(misfit: Misfit) -> bool:
    """Whether it is, or holds, the annotation `harness.io/managed`, which TS103 judges."""
    value = misfit.value[misfit.field]
    return misfit.field == MANAGED or (isinstance(value, dict) and MANAGED in value)


def _meant(resource: Resource, misfit: Misfit) -> tuple[str, str]:
    """A sentence on what was meant, and how to write it."""
    if misfit.field in _GONE:
        return " Istio has removed it.", _GONE[misfit.field]
    home = home_of(resource, misfit, within=1)
    if home is None:
        known = known_fields(resource, misfit.path) - set(misfit.value)
        close = nearest(misfit.field, sorted(known))
        if close is not None:
            return f' Did you mean "{close}"?', f"Write {close}."
        home = home_of(resource, misfit)
    if home is None:
        return "", "Remove it, or correct its name or its place."
    place = path_text(home) or "the top of the object"
    return f" It belongs in {place}.", f"Move it to {place}."

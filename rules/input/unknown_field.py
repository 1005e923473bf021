"""TS009: a field that its kind does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tsplit_lint import (
    MANAGED,
    Catalog,
    Finding,
    Misfit,
    Resource,
    Rule,
    Severity,
    as_dict,
    as_list,
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
#: What a field of a part of a kind was called before Istio 0.8, and is called since.
_RENAMED: Final = {
    ("VirtualService", "destination", "name"): "host",
    ("VirtualService", "mirror", "name"): "host",
    ("DestinationRule", "spec", "name"): "host",
    ("ServiceEntry", "spec", "discovery"): "resolution",
}
#: Fields of a part of a kind that are written in another way, however near another place or name is.
_WRITTEN: Final = {
    ("VirtualService", "http", "destination"): "Put it into an entry of route.",
    ("VirtualService", "http", "host"): "Put it into the destination of an entry of route.",
    ("VirtualService", "http", "subset"): "Put it into the destination of an entry of route.",
    ("VirtualService", "match", "pathPrefix"): "Write it as uri: {prefix: …}.",
    ("VirtualService", "match", "request"): "Write what it holds in the match itself.",
    ("VirtualService", "abort", "percent"): "Write it as percentage: {value: …}.",
    ("VirtualService", "retries", "timeout"): (
        "Write perTryTimeout if it is for each try, or move it to the route if it is for all of them."
    ),
    ("DestinationRule", "outlierDetection", "http"): (
        "Write what it holds in outlierDetection itself."
    ),
}
#: How much of a name has to agree for a slip of the fingers.
_SLIP: Final = 0.8


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
        where only one is near.  Where Istio has renamed a field, or writes it in another way, it says
        so.  Remove what no version of Istio has any more.

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
    part = next((step for step in reversed(misfit.path) if isinstance(step, str)), "")
    form = (resource.kind or "", part, misfit.field)
    if misfit.field in _GONE:
        return " Istio has removed it.", _GONE[misfit.field]
    if form in _RENAMED:
        return _renamed(misfit, _RENAMED[form])
    if form in _WRITTEN:
        return "", _WRITTEN[form]
    return (
        _too_far_left(resource, misfit)
        or _elsewhere(resource, home_of(resource, misfit, within=1), misfit.field)
        or _another_name(resource, misfit, surely=True)
        or _elsewhere(resource, home_of(resource, misfit), misfit.field)
        or _in_a_list(resource, misfit)
        or _another_name(resource, misfit)
        or ("", "Remove it, or correct its name or its place.")
    )


def _renamed(misfit: Misfit, name: str) -> tuple[str, str]:
    mend = f"Remove it: {name} is there." if name in misfit.value else f"Write {name}."
    return f" Since Istio 0.8 it is called {name}.", mend


def _too_far_left(resource: Resource, misfit: Misfit) -> tuple[str, str] | None:
    """The one empty field beside it that has such a field: what is not indented does not stand in it."""
    empty = [
        name
        for name, value in misfit.value.items()
        if value is None and misfit.field in known_fields(resource, (*misfit.path, name))
    ]
    if len(empty) != 1:
        return None
    return f" It belongs in {empty[0]}, which is empty.", f"Indent it to stand in {empty[0]}."


def _another_name(
    resource: Resource, misfit: Misfit, *, surely: bool = False
) -> tuple[str, str] | None:
    """The known name that comes next to it, unless that field is there already.

    `surely`: it is a slip of the fingers, or one name is the beginning or the end of the other.
    """
    close = nearest(misfit.field, sorted(known_fields(resource, misfit.path)))
    if close is None or close in misfit.value:
        return None
    short, long = sorted((misfit.field.lower(), close.lower()), key=len)
    is_part = long.startswith(short) or long.endswith(short)
    if surely and not is_part and nearest(misfit.field, [close], _SLIP) is None:
        return None
    return f' Did you mean "{close}"?', f"Write {close}."


def _in_a_list(resource: Resource, misfit: Misfit) -> tuple[str, str] | None:
    """The one list beside it whose entries have such a field."""
    lists = [
        (*misfit.path, name)
        for name in known_fields(resource, misfit.path)
        if misfit.field in known_fields(resource, (*misfit.path, name, 0))
    ]
    if len(lists) != 1:
        return None
    place = f"an entry of {path_text(lists[0])}"
    return f" It belongs in {place}.", f"Move it to {place}."


def _elsewhere(
    resource: Resource, home: tuple[str | int, ...] | None, field: str
) -> tuple[str, str] | None:
    """The mapping that it belongs in, and whether that has one already."""
    if home is None:
        return None
    place = path_text(home) or "the top of the object"
    if field in _mapping(resource, home):
        hint = f" It belongs in {place}, which has one already."
        return hint, "Remove it, or write its value there."
    return f" It belongs in {place}.", f"Move it to {place}."


def _mapping(resource: Resource, path: tuple[str | int, ...]) -> dict[str, Any]:
    """The mapping that stands at a path; an empty one where none does."""
    value: Any = resource.data
    for step in path:
        if isinstance(step, str):
            value = as_dict(value).get(step)
        else:
            value = as_list(value)[step : step + 1]
            value = value[0] if value else None
    return as_dict(value)

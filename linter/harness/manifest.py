"""What Harness makes of a service's manifests: questions that several rules ask.

Source: harness-core, IstioTaskHelper, KubernetesResource and FileIo; Harness docs, "Set Up Kubernetes
Traffic Splitting with Istio".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..document import MANAGED
from ..resource import Destination, Resource, Service, VirtualService, as_list
from ..scope import VALUES_NAMES
from ..values import Unknown

if TYPE_CHECKING:
    from ..catalog.core import Catalog
    from ..scope import Scope

R = TypeVar("R", bound=Resource)

PRIMARY_SERVICE: Final = "harness.io/primary-service"
STAGE_SERVICE: Final = "harness.io/stage-service"
_UNREAD: Final = ("syntax", "limit", "template", "template-elsewhere")


def says_no(value: object) -> bool:
    """Whether an annotation's value is false, as a boolean or as text."""
    return value is False or (isinstance(value, str) and value.lower() == "false")


def meant_as_managed(resource: Resource) -> bool:
    """Whether someone wants Harness to manage the object, be it written wrong.

    A wrong value or a wrong place is a finding of its own; rules about what is missing keep quiet.
    """
    marks = [part[MANAGED] for part in (resource.annotations, resource.labels) if MANAGED in part]
    return any(not says_no(mark) for mark in marks)


def managed_in(scope: Scope, kind: type[R]) -> list[R]:
    """The objects of a kind that Harness manages when it deploys the scope."""
    return [resource for resource in scope.deployed(kind) if resource.managed is True]


def kept_destination(service: VirtualService) -> Destination | None:
    """The destination whose host and port Harness keeps in a managed VirtualService.

    It replaces `http[0].route` by the subsets `stable` and `canary` of the first destination there.
    None where an expression hides it, or where Harness refuses the routes.
    """
    if service.hides("http") or len(as_list(service.spec.get("http"))) != 1:
        return None
    route = service.http[0]
    if route.has_unknown_destinations or not route.destinations:
        return None
    return route.destinations[0]


def uses_blue_green(scope: Scope | None) -> bool:
    """Whether Services are marked for a blue/green deployment, which rewrites no managed object."""
    return scope is not None and any(
        mark in service.annotations
        for service in scope.of(Service)
        for mark in (PRIMARY_SERVICE, STAGE_SERVICE)
    )


def each_beyond_the_first(scope: Scope, resources: Iterable[R]) -> Iterator[tuple[R, R]]:
    """Each object after the first of those that deploy together, with that first one.

    Objects of one name are alternatives and count once; in plain files, namespaces are kept
    apart.  Files that are read for references only come first, so that a linted one is reported.
    """
    first: dict[str | None, R] = {}
    seen: set[tuple[str | None, str]] = set()
    for resource in sorted(resources, key=lambda resource: not resource.file.context):
        name = _text(resource.name)
        group = _text(resource.namespace) if scope.is_plain else None
        if name is None or (group, name) in seen:
            continue
        seen.add((group, name))
        if group in first:
            yield resource, first[group]
        else:
            first[group] = resource


def _text(value: str | Unknown | None) -> str | None:
    return value.text if isinstance(value, Unknown) else value


def in_full_sight(scope: Scope, catalog: Catalog) -> bool:
    """Whether one may say that a chart or service lacks something.

    Not when a file of it could not be read, nor when single files were given: the values file shows
    that the whole folder is in sight.
    """
    if any(file.unreadable or any(file.problems_of(*_UNREAD)) for file in scope.files):
        return False
    if scope.is_plain:
        return True
    folder = "" if scope.root == "." else f"{scope.root}/"
    values = {folder + name for name in VALUES_NAMES}
    return any(file.path in values for file in catalog.files)


def has_harness_marks(scope: Scope) -> bool:
    """Whether something in the scope is written for Harness: a `harness.io/…` key, a skip marker."""
    return any(file.skipped for file in scope.files) or any(
        _is_mark(key)
        for resource in scope.resources
        for part in (resource.annotations, resource.labels)
        for key in part
    )


def _is_mark(key: Any) -> bool:
    return isinstance(key, str) and key.startswith("harness.io/")

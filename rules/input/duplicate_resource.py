"""TS011: the same object twice among what deploys together."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from tsplit_lint import (
    Catalog,
    Document,
    DocumentError,
    Finding,
    Resource,
    Rule,
    Scope,
    Severity,
    is_text,
)

_FIRST_NAME = re.compile(r"""^[ \t]+name:[ \t]*["']?([^\s"']+)""", re.MULTILINE)
#: Hooks of one name run at different moments, each replacing the one before.
_HOOKS = ("helm.sh/hook", "argocd.argoproj.io/hook")
#: Kinds that the API server refuses without a selector.
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")

Key = tuple[str, str, str, str | None, str]


class DuplicateResource(Rule[Scope]):
    """An object stands once in what is deployed together.

    What it checks:
        Objects of one kind (whatever the version), namespace and name in one rendered chart, one
        Harness service, one kustomization, one scope that the configuration declares, or one file.
        Two files of a plain folder may be alternatives of one another and are not compared; nor are
        files that Harness skips, nor hooks.

    Why it matters:
        The one applied last replaces the one before, without a word: half of the routes, or all of the
        subsets, are gone.  Helm refuses such a release, or fails to upgrade it.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop}
        ---
        apiVersion: networking.istio.io/v1beta1
        kind: VirtualService
        metadata:
          name: shop  # <-
        spec:
          hosts: [cart]
          http:
          - route:
            - destination: {host: cart}
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
          - route:
            - destination: {host: shop}
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: shop
        ```

    How to fix:
        Give one of them another name, merge the two, or remove the one that is out of date.

    Sources:
        - Kubernetes docs, "Object Names and IDs"
    """

    id = "TS011"
    name = "duplicate-resource"
    severity = Severity.ERROR

    def check(self, scope: Scope, catalog: Catalog) -> Iterator[Finding]:
        """Compare the objects of one scope, in a plain folder file by file."""
        together = scope.kind != "directory"
        seen: dict[Key, Resource] = {}
        for resource in _objects(scope, together):
            key = _key(resource, together)
            if key is None:
                continue
            first = seen.setdefault(key, resource)
            if first is not resource and not _is_linked(scope, first, resource):
                yield from self._report(first, resource)

    def _report(self, first: Resource, later: Resource) -> Iterator[Finding]:
        if later.file.context:
            first, later = later, first
        if later.file.context:
            return
        line = first.head().span().line
        where = f"see line {line}" + ("" if first.file is later.file else f" of {first.file.path}")
        if first.file is later.file and line == later.head().span().line:
            where = "this line of the template writes it twice"
        yield self.finding(
            later.head(),
            f"{later.title} stands twice in what is deployed together: {where}. The one applied last "
            "replaces the other.",
            related=[(first.head(), "the same kind and name")],
            help="Rename one of them, merge the two, or remove one.",
        )


def _is_linked(scope: Scope, first: Resource, later: Resource) -> bool:
    """Whether the file of one is a link to that of the other: a team may keep what scopes share so."""
    if scope.kind != "declared" or first.file is later.file:
        return False
    return os.path.realpath(first.file.path) == os.path.realpath(later.file.path)


def _objects(scope: Scope, together: bool) -> list[Resource]:
    found = [
        resource
        for resource in scope.resources
        if together or resource.base or len(resource.file.documents) > 1
    ]
    others = [Resource(document, data) for document, data in _others(scope, together)]
    if others:
        order = {id(file): index for index, file in enumerate(scope.files)}
        found += others
        found.sort(key=lambda item: (order[id(item.file)], item.document.index))
    return found


def _others(scope: Scope, together: bool) -> Iterator[tuple[Document, dict[str, object]]]:
    """Documents that no rule has needed so far, and that may be twins of another one.

    What a kustomization makes of their names and namespaces is not known, and kustomize stops at twins.
    """
    if scope.kind == "kustomization":
        return
    files = [file for file in scope.files if file.role == "manifest"]
    groups = [files] if together else [[file] for file in files if len(file.documents) > 1]
    for group in groups:
        for document in _alike(document for file in group for document in file.documents):
            data = _read(document)
            if data is not None:
                yield document, data


def _alike(documents: Iterable[Document]) -> list[Document]:
    """Those not composed yet that share their kind and, at a glance, their name with another."""
    by_kind: dict[str, list[Document]] = defaultdict(list)
    for document in documents:
        if document.kind is not None:
            by_kind[document.kind].append(document)
    found = []
    for alike in by_kind.values():
        if len(alike) < 2 or all(document.loaded for document in alike):
            continue
        by_name: dict[str, list[Document]] = defaultdict(list)
        for document in alike:
            match = _FIRST_NAME.search(document.text)
            by_name[match.group(1) if match else ""].append(document)
        found += [d for named in by_name.values() if len(named) > 1 for d in named if not d.loaded]
    return found


def _read(document: Document) -> dict[str, object] | None:
    try:
        data = document.data
    except DocumentError:
        return None
    return data if isinstance(data, dict) else None


def _key(resource: Resource, together: bool) -> Key | None:
    """What makes the object the same as another; None where that is not known."""
    name, namespace = resource.name, resource.namespace
    if not (is_text(name) and name and resource.kind and resource.api_version):
        return None
    if not (namespace is None or is_text(namespace)):
        return None
    if together and resource.file.skipped:
        return None
    if any(hook in resource.annotations for hook in _HOOKS):
        return None
    if resource.file.kustomized and _is_patch(resource):
        return None
    unit = "" if together else resource.file.path
    return unit, resource.group, resource.kind, namespace, name


def _is_patch(resource: Resource) -> bool:
    """Whether it is a part of a workload: Harness gives a kustomization patches that it does not list."""
    return resource.kind in _WORKLOADS and "selector" not in resource.spec

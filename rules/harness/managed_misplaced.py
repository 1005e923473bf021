"""TS103: `harness.io/managed` in a place that Harness does not read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tsplit_lint import (
    MANAGED,
    Catalog,
    Finding,
    Place,
    Resource,
    Rule,
    Severity,
    TrafficSplit,
    as_dict,
    failing_split,
    is_known,
    says_no,
)

KINDS: Final = ("VirtualService", "DestinationRule")
_POD_TEMPLATES: Final = (("spec", "template"), ("spec", "jobTemplate", "spec", "template"))
_WRONG_PLACES: Final = (
    ((), "at the top of the object"),
    (("annotations",), "outside metadata"),
    (("labels",), "outside metadata"),
    (("metadata",), "in metadata itself"),
    (("metadata", "labels"), "among the labels"),
    (("spec",), "in spec"),
    (("spec", "annotations"), "in spec"),
    (("spec", "labels"), "in spec"),
    *(((*path, "metadata", "annotations"), "in the pod template") for path in _POD_TEMPLATES),
    *(((*path, "metadata", "labels"), "in the pod template") for path in _POD_TEMPLATES),
)


class ManagedMisplaced(Rule[Resource]):
    """`harness.io/managed` is an annotation of a VirtualService or DestinationRule.

    What it checks:
        Every object: the key among the labels, in `spec`, in a pod template or in `metadata` itself,
        and the annotation on an object of another kind.  A value of false is left alone, and so is a
        label beside the right annotation.  It is an error on a VirtualService where a Traffic Split takes
        the managed one of the service, and all its manifests are in sight: the step surely fails.

    Why it matters:
        Harness reads the key in `metadata.annotations` of VirtualServices and DestinationRules only.
        Anywhere else it does nothing, and Harness shifts no traffic.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata:
          name: shop
          labels:
            harness.io/managed: "true"  # <-
        spec:
          host: shop
        ```
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
          annotations:
            harness.io/managed: "true"  # <-
        spec:
          selector: {app: shop}
          ports: [{name: http, port: 80}]
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata:
          name: shop
          annotations:
            harness.io/managed: "true"
        spec:
          host: shop
        ```

    How to fix:
        Move the key to `metadata.annotations` of the VirtualService and of the DestinationRule that
        Harness shall change, and remove it elsewhere.

    Sources:
        - harness-core, KubernetesResource.isManaged and IstioTaskHelper
        - Harness docs, "Set Up Kubernetes Traffic Splitting with Istio", harness.io/managed
    """

    id = "TS103"
    name = "managed-misplaced"
    severity = Severity.ERROR
    needs = ("harness.io/managed",)

    def check(self, resource: Resource, catalog: Catalog) -> Iterator[Finding]:
        """Look into the places where people put the key by mistake."""
        if resource.kind is None or not resource.document.mentions(MANAGED):
            return
        if resource.kind not in KINDS:
            places = ((("metadata", "annotations"), "on this kind"), *_WRONG_PLACES)
        elif MANAGED in resource.annotations:
            return
        else:
            places = _WRONG_PLACES
        for path, where in places:
            part = _at(resource, path)
            if MANAGED in part and is_known(part[MANAGED]) and not says_no(part[MANAGED]):
                split = failing_split(resource, catalog)
                yield self._found(resource, resource.at(*path, MANAGED, key=True), where, split)

    def _found(
        self, resource: Resource, place: Place, where: str, split: TrafficSplit | None
    ) -> Finding:
        so = f", so Traffic Split {split.step.title} fails" if split is not None else ""
        owner = "the object" if resource.kind in KINDS else "a VirtualService or DestinationRule"
        return self.finding(
            place,
            f"harness.io/managed stands {where} ({resource.title}), where Harness does not read it. It "
            f"reads the annotations of VirtualServices and DestinationRules only{so}.",
            severity=Severity.WARNING if split is None else None,
            related=[] if split is None else [(split.step.head(), "this step needs a managed one")],
            help=f"Move {MANAGED} to metadata.annotations of {owner}.",
        )


def _at(resource: Resource, path: tuple[str, ...]) -> dict[str, object]:
    part: dict[str, object] = resource.data
    for key in path:
        part = as_dict(part.get(key))
    return part

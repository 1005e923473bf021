"""TS102: the value of `harness.io/managed` is neither true nor false."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    MANAGED,
    Catalog,
    DestinationRule,
    Finding,
    Rule,
    Severity,
    VirtualService,
    failing_split,
)


class ManagedValue(Rule[VirtualService | DestinationRule]):
    """The text of the annotation `harness.io/managed` is `"true"` or `"false"`.

    What it checks:
        The annotation on a VirtualService or DestinationRule, where its value is text.  Upper and
        lower case are the same; blanks around the word are not left out.  A value that is no text is
        TS101.  It is an error where a Traffic Split takes the managed VirtualService of the service, and
        all its manifests are in sight: the step surely fails.

    Why it matters:
        Harness compares the value with the word true.  Any other text, `"yes"` or `" true"` too, means
        that the object is not managed: no subsets and no weights are written, and nothing says so.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata:
          name: shop
          annotations:
            harness.io/managed: "yes"  # <-
        spec:
          host: shop
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
        Write `harness.io/managed: "true"`, or `"false"` if Harness shall leave the object alone.

    Sources:
        - harness-core, KubernetesResource.isManaged
        - Harness docs, "Set Up Kubernetes Traffic Splitting with Istio", harness.io/managed
    """

    id = "TS102"
    name = "managed-value"
    severity = Severity.ERROR
    needs = ("harness.io/managed",)

    def check(
        self, resource: VirtualService | DestinationRule, catalog: Catalog
    ) -> Iterator[Finding]:
        """Look at the words of the annotation's value."""
        value = resource.annotations.get(MANAGED)
        if not isinstance(value, str) or value.lower() in ("true", "false"):
            return
        split = failing_split(resource, catalog)
        so = f", and Traffic Split {split.step.title} fails" if split is not None else ""
        yield self.finding(
            resource.at("metadata", "annotations", MANAGED),
            f'harness.io/managed on {resource.title} is "{value}". Harness knows only "true" and '
            f'"false": it treats this object as not managed, and shifts no traffic with it{so}.',
            severity=Severity.WARNING if split is None else None,
            related=[] if split is None else [(split.step.head(), "this step needs a managed one")],
            help=f'Write {MANAGED}: "true".',
        )

"""TS121: a managed object in a file that Harness leaves out."""

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


class ManagedInSkippedFile(Rule[VirtualService | DestinationRule]):
    """A managed object does not stand in a file that Harness skips.

    What it checks:
        A VirtualService or DestinationRule with `harness.io/managed: "true"` in a file whose first line
        is `# harness.io/skip-file-for-deploy`.  It is an error where a Traffic Split takes the managed
        VirtualService of the service, and all its manifests are in sight: the step surely fails.

    Why it matters:
        Harness removes such a file before it looks at any manifest: it writes no subsets and no
        weights, and `${k8s.virtualServiceName}` of a Traffic Split step does not find the object.  The
        annotation does nothing.

    Bad:
        ```yaml
        # file: destination-rule.yaml
        # harness.io/skip-file-for-deploy
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata:
          name: shop
          annotations:
            harness.io/managed: "true"  # <-
        spec:
          host: shop
        ```

    Good:
        ```yaml
        # file: destination-rule.yaml
        # harness.io/skip-file-for-deploy
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: shop
        ```

    How to fix:
        Remove the marker if Harness shall manage the object, or the annotation if an Apply step does.

    Sources:
        - Harness docs, "Ignore a Manifest File During Deployment"
        - harness-core, K8sTaskHelperBase.deleteSkippedManifestFiles
    """

    id = "TS121"
    name = "managed-in-skipped-file"
    severity = Severity.ERROR
    needs = ("harness.io/managed",)

    def check(
        self, resource: VirtualService | DestinationRule, catalog: Catalog
    ) -> Iterator[Finding]:
        """Look at the file that the managed object stands in."""
        if resource.managed is not True or not resource.file.skipped:
            return
        split = failing_split(resource, catalog)
        so = f", and Traffic Split {split.step.title} fails" if split is not None else ""
        yield self.finding(
            resource.at("metadata", "annotations", MANAGED),
            f"{resource.title} is marked as managed, but the first line of its file makes Harness leave "
            f"the file out of the deployment: it manages nothing here{so}.",
            severity=Severity.WARNING if split is None else None,
            related=[] if split is None else [(split.step.head(), "this step needs a managed one")],
            help="Remove the skip marker, or the annotation if an Apply step applies this file.",
        )

"""TS119: the skip marker written as an annotation or a label."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tsplit_lint import Catalog, Finding, Resource, Rule, Severity, as_dict, says_no

MARKER: Final = "harness.io/skip-file-for-deploy"


class SkipMarkerAnnotation(Rule[Resource]):
    """`harness.io/skip-file-for-deploy` is a comment, not an annotation.

    What it checks:
        Every object: the key among its annotations or labels.  A file whose first line holds the
        marker is left out of the deployment whatever else it says.

    Why it matters:
        Harness looks for the words in the first line of the file and reads no annotation of that name:
        the object is deployed with the others.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: echo
          annotations:
            harness.io/skip-file-for-deploy: "true"  # <-
        spec:
          hosts: [echo]
          tcp:
          - match: [{port: 9000}]
            route:
            - destination: {host: echo}
        ```

    Good:
        ```yaml
        # file: virtual-service.yaml
        # harness.io/skip-file-for-deploy
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: echo
        spec:
          hosts: [echo]
          tcp:
          - match: [{port: 9000}]
            route:
            - destination: {host: echo}
        ```

    How to fix:
        Remove the key, and make `# harness.io/skip-file-for-deploy` the first line of the file.

    Sources:
        - Harness docs, "Ignore a Manifest File During Deployment"
        - harness-core, FileIo.getFilesUnderPathMatchesFirstLine
    """

    id = "TS119"
    name = "skip-marker-annotation"
    severity = Severity.WARNING
    needs = ("harness.io/skip-file-for-deploy",)

    def check(self, resource: Resource, catalog: Catalog) -> Iterator[Finding]:
        """Look for the key."""
        if not resource.document.mentions(MARKER) or resource.file.skipped:
            return
        for part in ("annotations", "labels"):
            keys = as_dict(resource.metadata.get(part))
            if MARKER not in keys or says_no(keys[MARKER]):
                continue
            yield self.finding(
                resource.at("metadata", part, MARKER, key=True),
                f"{resource.title} has {MARKER} among its {part}. Harness reads it only as a comment in "
                "the first line of the file, so this object is deployed with the others.",
                help=f"Remove the key, and make # {MARKER} the first line of the file.",
            )

"""TS130: a value that nobody gives, in a VirtualService or DestinationRule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tsplit_lint import Catalog, Finding, Place, Rule, Severity, SourceFile

_KINDS: Final = ("VirtualService", "DestinationRule")


class SplitValueMissing(Rule[SourceFile]):
    """The templates of VirtualServices and DestinationRules find all their values.

    What it checks:
        Template actions that write a value (`{{.Values.weight}}`) into a VirtualService or
        DestinationRule while no values file gives it.  A value with a `default`, or behind an `if`, is
        right.  Where there is no values file at all, it is only a note.  Other kinds are TS004.

    Why it matters:
        The template writes `<no value>` or nothing in its place: a host, a subset or a weight is wrong,
        and the object is refused or routes elsewhere.

    Bad:
        ```yaml
        # file: values.yaml
        name: shop
        # file: templates/virtual-service.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: {{.Values.name}}
        spec:
          hosts: [{{.Values.name}}]
          http:
          - route:
            - destination: {host: shop-stable}
              weight: {{.Values.stableWeight}}  # <-
            - destination: {host: shop-canary}
              weight: 10
        ```

    Good:
        ```yaml
        # file: values.yaml
        name: shop
        stableWeight: 90
        # file: templates/virtual-service.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: {{.Values.name}}
        spec:
          hosts: [{{.Values.name}}]
          http:
          - route:
            - destination: {host: shop-stable}
              weight: {{.Values.stableWeight}}
            - destination: {host: shop-canary}
              weight: 10
        ```

    How to fix:
        Add the value to values.yaml, pass the file that gives it with `--values`, or write a default.

    Sources:
        - Harness docs, "Use Go Templating in Kubernetes Manifests"
        - Go, text/template: a missing key of a map
    """

    id = "TS130"
    name = "split-value-missing"
    severity = Severity.WARNING
    needs = ("{{",)

    def check(self, file: SourceFile, catalog: Catalog) -> Iterator[Finding]:
        """Look at the missing values of a file, by the object they stand in."""
        for problem in file.problems_of("value-missing"):
            document = file.document_at(problem.span.line)
            if document is None or document.kind not in _KINDS:
                continue
            place = Place(file, fixed=problem.span)
            if problem.message:
                yield self.finding(
                    place,
                    f"No values file gives {problem.message}, which this {document.kind} needs: the "
                    "template writes <no value> or nothing there.",
                    help="Add it to values.yaml, or pass the values file that gives it with --values.",
                )
            else:
                yield self.finding(
                    place,
                    f"This {document.kind} is a template, and no values file is in sight: what it writes "
                    "is not known, and is not judged.",
                    severity=Severity.INFO,
                    help="Pass the values file with --values.",
                )

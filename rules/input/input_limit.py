"""TS005: a file that was not read because it is too much."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Place, Rule, Severity, SourceFile


class InputLimit(Rule[SourceFile]):
    """A manifest stays within the bounds of what can be read.

    What it checks:
        The size of a file, the depth of its nesting, the number of values that its YAML aliases stand
        for, and the work that a template asks for.

    Why it matters:
        A document beyond these bounds was not checked at all.  A few lines of aliases can stand for
        millions of values: the API server refuses such a document, and a tool that reads it runs out
        of memory.

    Bad:
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
          annotations:
            a: &a [x, x, x, x, x, x, x, x, x, x]
            b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
            c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
            d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
            e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
            f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]  # <-
        ```

    Good:
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
          labels: &labels
            app: shop
        spec:
          selector: *labels
          ports:
          - port: 80
        ```

    How to fix:
        Write the values out, split the file, or exclude it if it is no manifest.

    Sources:
        - CVE-2019-11253: YAML parsing in the Kubernetes API server
    """

    id = "TS005"
    name = "input-limit"
    severity = Severity.ERROR

    def check(self, file: SourceFile, catalog: Catalog) -> Iterator[Finding]:
        """Say why something was not read."""
        if not file.problems:
            return
        for problem in file.problems_of("limit"):
            yield self.finding(
                Place(file, fixed=problem.span),
                f"This was not checked: {problem.message}.",
                help="Write it more simply, split the file, or exclude it if it is no manifest.",
            )

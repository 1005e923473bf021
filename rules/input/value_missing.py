"""TS004: a value that no values file gives."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Place, Rule, Severity, SourceFile

#: Where a value of these is missing, a rule of its own says what it means for the traffic.
_ROUTING_KINDS = ("VirtualService", "DestinationRule")


class ValueMissing(Rule[SourceFile]):
    """Every value that a template uses is given by a values file.

    What it checks:
        The `.Values` paths that a template writes and that neither values.yaml nor `--values` gives,
        each once in a file; a template without any values file is named once.  Values of a
        VirtualService or DestinationRule are the matter of another rule.

    Why it matters:
        Go writes `<no value>` or nothing there.  If the value comes from the environment at deploy
        time, all is well, but nothing that depends on it can be checked here.

    Bad:
        ```yaml
        # file: values.yaml
        name: shop
        # file: templates/service.yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: {{.Values.name}}
        spec:
          ports:
          - port: {{.Values.port}}  # <-
        ```

    Good:
        ```yaml
        # file: values.yaml
        name: shop
        port: 80
        # file: templates/service.yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: {{.Values.name}}
        spec:
          ports:
          - port: {{.Values.port}}
        ```

    How to fix:
        Give the value in values.yaml, write a `default` into the template, or name the file that gives
        it with `--values`.

    Sources:
        - Go documentation, package text/template: missing keys
        - Harness docs, "Define Kubernetes Manifests": values.yaml
    """

    id = "TS004"
    name = "value-missing"
    severity = Severity.INFO

    def check(self, file: SourceFile, catalog: Catalog) -> Iterator[Finding]:
        """Report each missing value once."""
        if not file.problems:
            return
        seen: set[str] = set()
        for problem in file.problems_of("value-missing"):
            if problem.message in seen:
                continue
            document = file.document_at(problem.span.line)
            if document is not None and document.kind in _ROUTING_KINDS:
                continue
            seen.add(problem.message)
            yield self.finding(
                Place(file, fixed=problem.span),
                _message(problem.message),
                help="Give the value in values.yaml, or name the file that does with --values.",
            )


def _message(value: str) -> str:
    if not value:
        return (
            "This template has no values file in sight, so the values it uses are unknown and what "
            "depends on them was not checked."
        )
    return (
        f"No values file gives {value}. Unless the deployment gives it, nothing or `<no value>` is "
        "written here; what depends on it was not checked."
    )

"""TS101: the value of `harness.io/managed` is not text."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    MANAGED,
    Catalog,
    DestinationRule,
    Finding,
    Rule,
    Severity,
    Unknown,
    VirtualService,
)


class UnquotedManaged(Rule[VirtualService | DestinationRule]):
    """The value of the annotation `harness.io/managed` is text, in quotes.

    What it checks:
        The annotation on a VirtualService or DestinationRule.  `true`, `yes`, `on`, `y`, `false` and
        the like are booleans to YAML unless they are quoted, `1` is a number, and an empty value is
        null.  A template that writes the bare word is found as well.

    Why it matters:
        Annotations are text: the API server refuses an object that has a boolean there, so the
        deployment fails when the manifest is applied.  Harness's documentation calls the quotes
        mandatory.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata:
          name: shop
          annotations:
            harness.io/managed: true  # <-
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
        Put the value in quotes: `harness.io/managed: "true"`.  In a template, let the action write
        them: `{{ .Values.managed | quote }}`.

    Sources:
        - Harness docs, "Set Up Kubernetes Traffic Splitting with Istio", harness.io/managed
        - Kubernetes API, ObjectMeta.annotations: a map of text to text
    """

    id = "TS101"
    name = "unquoted-managed"
    severity = Severity.ERROR
    needs = ("harness.io/managed",)

    def check(
        self, resource: VirtualService | DestinationRule, catalog: Catalog
    ) -> Iterator[Finding]:
        """Look at the type of the annotation's value."""
        if MANAGED not in resource.annotations:
            return
        value = resource.annotations[MANAGED]
        if isinstance(value, (str, Unknown)):
            return
        path = ("metadata", "annotations", MANAGED)
        scalar = resource.document.scalar(resource.base + path)
        written = f" `{scalar.value}`" if scalar is not None and scalar.value else ""
        yield self.finding(
            resource.at(*path),
            f"The value{written} of harness.io/managed on {resource.title} is {_type_of(value)}, not "
            "text. Annotations hold text only, so Kubernetes refuses the object when it is applied.",
            help=f'Put the value in quotes: {MANAGED}: "{_meant(value)}".',
        )


def _type_of(value: object) -> str:
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if value is None:
        return "null"
    return "a list" if isinstance(value, list) else "a mapping"


def _meant(value: object) -> str:
    return "false" if value is False else "true"

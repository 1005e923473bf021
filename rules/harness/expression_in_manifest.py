"""TS123: a Harness expression in a manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Gateway,
    Place,
    Resource,
    Rule,
    Service,
    ServiceEntry,
    Severity,
    Unknown,
    VirtualService,
    has_harness_marks,
)

_EXPRESSION: Final = re.compile(r"<\+[^<>\n]*>?|\$\{([^{}\n]*)\}")
#: What nobody but Harness fills in.
_HARNESS_OWN: Final = re.compile(
    r"(k8s|workflow|serviceVariables?|environmentVariables?)\.\w"
    r"|artifact\.(metadata|buildNo|source|url)|infra\.(kubernetes|helm|name)|deploymentTriggeredBy\b"
)
#: What shells, Flux and CI fill in: upper-case names, and names with a default.
_SHELL: Final = re.compile(r"[A-Z][A-Z0-9_]*\Z|\w+:?[-+=?]")


class InlineExpression(Rule[VirtualService | DestinationRule | Gateway | Service | ServiceEntry]):
    """Harness expressions stand in values files, not in manifests.

    What it checks:
        `<+…>` and `${…}` written in a VirtualService, DestinationRule, Gateway, Service or ServiceEntry.
        Only what is meant for Harness: `<+…>` and names such as `${workflow.…}` always, other dotted
        names where a values.yaml or a `harness.io/…` key shows that Harness deploys the folder.  Shell
        and Flux forms (`${DOMAIN}`, `${name:-x}`) are left alone, and so are charts, files that an Apply
        step applies, and expressions that come from a values file.

    Why it matters:
        Harness replaces expressions in values files, and sends manifests as they are: the object is
        deployed with the text of the expression in place of a host, a subset or a weight.

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
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop-next}
              weight: ${workflow.variables.share}  # <-
            - destination: {host: shop}
              weight: 90
        ```

    Good:
        ```yaml
        # file: values.yaml
        name: shop
        share: ${workflow.variables.share}
        # file: templates/virtual-service.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: {{.Values.name}}
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop-next}
              weight: {{.Values.share}}
            - destination: {host: shop}
              weight: 90
        ```

    How to fix:
        Move the expression to values.yaml under a name of its own, and write `{{.Values.name}}` here.

    Sources:
        - Harness docs, "Define Kubernetes Manifests": expressions in values.yaml, not in manifests
        - Harness docs, "Add Kubernetes manifests": values YAML files or Kustomize patches only
    """

    id = "TS123"
    name = "expression-in-manifest"
    severity = Severity.WARNING
    needs = ("${", "<+")

    def check(
        self,
        resource: VirtualService | DestinationRule | Gateway | Service | ServiceEntry,
        catalog: Catalog,
    ) -> Iterator[Finding]:
        """Look for expressions in the values of one object."""
        document = resource.document
        scope = resource.file.scope
        if not (document.mentions("${") or document.mentions("<+")) or resource.file.skipped:
            return
        if scope is not None and scope.kind == "chart":
            return
        found = list(_expressions(resource))
        if not found:
            return
        place, expression = found[0]
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        yield self.finding(
            place,
            f"The expression {expression}{more} stands in the manifest of {resource.title}. Harness "
            "fills in expressions in values files only, so the object is deployed with this text in it.",
            help="Move the expression to values.yaml, and write {{.Values.…}} here.",
        )


def _expressions(resource: Resource) -> Iterator[tuple[Place, str]]:
    for path, value in _unknowns(resource.data, ()):
        for match in _EXPRESSION.finditer(value.text):
            if not _is_for_harness(match, value, resource):
                continue
            place = resource.at(*path)
            if _stands_at(place, match.group()):
                yield place, match.group()


def _unknowns(
    value: object, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], Unknown]]:
    if isinstance(value, Unknown):
        yield path, value
    elif isinstance(value, dict):
        for key, child in value.items():
            yield from _unknowns(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _unknowns(child, (*path, index))


def _is_for_harness(match: re.Match[str], value: Unknown, resource: Resource) -> bool:
    name = match.group(1)
    if name is None or _HARNESS_OWN.match(name):
        return True
    scope = resource.file.scope
    if scope is None or not name or _SHELL.match(name):
        return False
    if scope.kind == "service" and "." in name:
        return True
    # In a text of several lines a bare name may belong to another language.
    return ("." in name or "\n" not in value.text) and has_harness_marks(scope)


def _stands_at(place: Place, expression: str) -> bool:
    """Whether the expression is written in the file itself, not in the values that it renders."""
    span = place.span()
    lines = range(span.line, span.end_line + 1)
    return any(expression in place.file.line_text(line) for line in lines)

"""TS126: more than one primary or stage service, or a mark that is not text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tsplit_lint import (
    PRIMARY_SERVICE,
    STAGE_SERVICE,
    Catalog,
    Finding,
    Rule,
    Scope,
    Service,
    Severity,
    Unknown,
    each_beyond_the_first,
)

_ROLES: Final = ((PRIMARY_SERVICE, "Primary"), (STAGE_SERVICE, "Stage"))


class SeveralPrimaryServices(Rule[Scope]):
    """A blue/green deployment has at most one primary and one stage Service.

    What it checks:
        The Services that deploy together (of a Harness service, a chart, or one folder) with
        `harness.io/primary-service: "true"`, and those with `harness.io/stage-service: "true"`.  A value
        without quotes is a warning.  In a plain folder, Services of one name or of different namespaces
        are taken as alternatives.

    Why it matters:
        Harness swaps one pair of Services.  With several of a role it fails the deployment: "More than
        one service is marked Primary".  A boolean is no annotation: Kubernetes refuses the object.

    Bad:
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
          annotations:
            harness.io/primary-service: "true"
        spec:
          selector: {app: shop}
          ports: [{name: http, port: 80}]
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: shop-admin
          annotations:
            harness.io/primary-service: "true"  # <-
        spec:
          selector: {app: shop}
          ports: [{name: http, port: 81}]
        ```

    Good:
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
          annotations:
            harness.io/primary-service: "true"
        spec:
          selector: {app: shop}
          ports: [{name: http, port: 80}]
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: shop-stage
          annotations:
            harness.io/stage-service: "true"
        spec:
          selector: {app: shop}
          ports: [{name: http, port: 80}]
        ```

    How to fix:
        Keep the annotation on one Service of each role.

    Sources:
        - Harness docs, "Create a Kubernetes Blue/Green Deployment"
        - harness-core, KubernetesExceptionExplanation: "More than one service is marked Primary"
    """

    id = "TS126"
    name = "several-primary-services"
    severity = Severity.ERROR
    needs = ("harness.io/primary-service", "harness.io/stage-service")

    def check(self, scope: Scope, catalog: Catalog) -> Iterator[Finding]:
        """Count the Services of each role, and look at how their marks are written."""
        deployed = scope.deployed(Service)
        for mark, role in _ROLES:
            yield from self._unquoted(scope, mark)
            marked = [service for service in deployed if _is_true(service.annotations.get(mark))]
            for service, first in each_beyond_the_first(scope, marked):
                yield self.finding(
                    service.at("metadata", "annotations", mark),
                    f"{service.title} is marked as {role.lower()} service, and so is {first.title} of the "
                    f'same deployment. A blue/green deployment fails: "More than one service is marked '
                    f'{role}".',
                    confidence="medium" if scope.is_plain else None,
                    related=[(first.at("metadata", "annotations", mark), "the first one")],
                    help=f"Keep {mark} on one Service.",
                )

    def _unquoted(self, scope: Scope, mark: str) -> Iterator[Finding]:
        for service in scope.of(Service):
            if isinstance(service.annotations.get(mark, ""), (str, Unknown)):
                continue
            yield self.finding(
                service.at("metadata", "annotations", mark),
                f"The value of {mark} on {service.title} is not text. Annotations hold text only, so "
                "Kubernetes refuses the object when it is applied.",
                severity=Severity.WARNING,
                help='Put the value in quotes: "true".',
            )


def _is_true(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.lower() == "true")

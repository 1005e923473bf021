"""TS301: a route to a subset that its DestinationRule does not define."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tsplit_lint import (
    Catalog,
    Destination,
    DestinationRule,
    Finding,
    Lookup,
    Place,
    Rule,
    Severity,
    VirtualService,
    codes_without_subset,
    defined_subsets,
    is_integer,
    is_text,
    listed,
)

#: More rules than these are counted, not named.
_MOST_TITLES: Final = 3


class SubsetUndefined(Rule[VirtualService]):
    """A subset that a route names is defined by the DestinationRule of its host.

    What it checks:
        The destinations and mirrors of all routes.  It speaks where a DestinationRule for the host is
        among the files that deploy with the VirtualService and none that applies defines the subset;
        where no such rule is in sight, it may be in another repository.  In a template, a subset
        with weight 0 is a warning: the values that raise the weight may define it.  A rule that Harness
        manages defines `stable` and `canary`: Harness writes them.  A rule that defines the subset and
        that another one hides is TS313.

    Why it matters:
        Istio accepts both objects.  Every request that the route sends to the subset then fails with
        503, because there are no such endpoints.

    Bad:
        ```yaml
        # file: virtual-service.yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: reviews
        spec:
          hosts: [reviews]
          http:
          - route:
            - destination:
                host: reviews
                subset: v3  # <-
        # file: destination-rule.yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: reviews
        spec:
          host: reviews
          subsets:
          - name: v1
            labels: {version: v1}
          - name: v2
            labels: {version: v2}
        ```

    Good:
        ```yaml
        # file: virtual-service.yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: reviews
        spec:
          hosts: [reviews]
          http:
          - route:
            - destination: {host: reviews, subset: v2}
        # file: destination-rule.yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: reviews
        spec:
          host: reviews
          subsets:
          - name: v1
            labels: {version: v1}
          - name: v2
            labels: {version: v2}
        ```

    How to fix:
        Define the subset in the DestinationRule, with the labels of its pods, and deploy it before the
        route; or correct the name in the route.

    Sources:
        - Istio docs, "Traffic Management Problems": 503 errors after setting a destination rule
        - Istio reference, "Destination Rule", Subset
    """

    id = "TS301"
    name = "subset-undefined"
    severity = Severity.ERROR
    aliases = ("IST0101", "KIA1107")

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look up the subset of each destination."""
        for destination in service.destinations():
            host, subset = destination.host, destination.subset
            if is_text(subset) and is_text(host) and host and not host.startswith("*"):
                lookup = catalog.subset(host, subset, service)
                if lookup.state == "absent" and not lookup.hidden:
                    yield self._report(destination, lookup, catalog)

    def _report(self, destination: Destination, lookup: Lookup, catalog: Catalog) -> Finding:
        rules = [rule for rule in lookup.items if isinstance(rule, DestinationRule)]
        names = sorted({name for rule in rules for name in defined_subsets(rule)})
        titles = _at_most([*dict.fromkeys(rule.title for rule in rules)])
        have = "it has" if len(titles) == 1 else "they have"
        has = f"{have} {listed(names) if names else 'no subset'}"
        fate = "Requests sent there fail with 503."
        if destination.wrapper is None:
            fate = "Mirrored requests are lost."
        waits = destination.wrapper is not None and _waits(destination)
        if waits:
            fate = "It gets no requests while its weight is 0; with any other weight they fail with 503."
        fitting = f'Did you mean "{lookup.hint}"?' if lookup.hint else "Define the subset there"
        return self.finding(
            destination.at("subset"),
            f'The subset "{destination.subset}" of host "{destination.host}" is not defined by '
            f"{listed(titles)} ({has}). {fate}",
            severity=Severity.WARNING if waits and _is_rendered(destination) else None,
            aliases=codes_without_subset(destination, catalog),
            related=[(_subsets(rule), "the subsets of the host") for rule in rules],
            help=fitting if lookup.hint else f"{fitting}, or correct the name in the route.",
        )


def _at_most(titles: list[str]) -> list[str]:
    """The first of many names, and how many more there are."""
    more = len(titles) - _MOST_TITLES
    return [*titles[:_MOST_TITLES], f"{more} more"] if more > 1 else titles


def _waits(destination: Destination) -> bool:
    """Whether Istio leaves a destination out: it has weight 0, and another one has not."""
    if not is_integer(destination.weight) or destination.weight != 0:
        return False
    service = destination.resource
    routes = service.routes if isinstance(service, VirtualService) else ()
    return any(
        destination.path[: len(route.path)] == route.path
        and any(is_integer(other.weight) and other.weight > 0 for other in route.destinations)
        for route in routes
    )


def _is_rendered(destination: Destination) -> bool:
    return destination.resource.file.rendered is not None


def _subsets(rule: DestinationRule) -> Place:
    if "subsets" in rule.spec:
        return rule.at("spec", "subsets", key=True)
    return rule.at("spec", "host")

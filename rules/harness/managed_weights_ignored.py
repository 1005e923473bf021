"""TS114: weights or subsets in a managed VirtualService."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tsplit_lint import (
    Catalog,
    Destination,
    Finding,
    Place,
    Rule,
    Severity,
    VirtualService,
    kept_destination,
    uses_blue_green,
)


class ManagedWeightsIgnored(Rule[VirtualService]):
    """A managed VirtualService leaves weights and subsets to Harness.

    What it checks:
        The destinations of the one http route of a VirtualService with `harness.io/managed: "true"`:
        a weight other than what Harness writes itself (stable 100, canary 0), or subsets of other
        names that share the requests.  One destination that takes all of them misleads nobody.
        Services marked for blue/green deployments are left out.

    Why it matters:
        Every canary deployment starts with stable 100 and canary 0, whatever the manifest says.  The
        written shares are never served, and a reader of the file is misled.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: shop
          annotations:
            harness.io/managed: "true"
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop, subset: stable}
              weight: 75  # <-
            - destination: {host: shop, subset: canary}
              weight: 25
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: shop
          annotations:
            harness.io/managed: "true"
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop}
        ```

    How to fix:
        Write one destination with the host alone, and set the shares with Traffic Split steps in the
        workflow.

    Sources:
        - Harness docs, "Set Up Kubernetes Traffic Splitting with Istio", Review Weighting
        - harness-core, IstioTaskHelper: the route is replaced by stable 100, canary 0
    """

    id = "TS114"
    name = "managed-weights-ignored"
    severity = Severity.INFO
    needs = ("harness.io/managed",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look for the first weight or subset that Harness will replace."""
        if service.managed is not True or service.file.skipped:
            return
        if kept_destination(service) is None or uses_blue_green(service.file.scope):
            return
        destinations = service.http[0].destinations
        if len({str(destination.host) for destination in destinations}) > 1:
            return  # the dropped hosts are the worse mistake
        if _one_takes_all(destinations):
            return
        place = next((p for p in map(_replaced, destinations) if p is not None), None)
        if place is None:
            return
        yield self.finding(
            place,
            f"{service.title} is managed by Harness: a canary deployment replaces this route by stable "
            "100 and canary 0, and the weights and subsets written here are never served.",
            help="Write one destination with the host alone, and set the shares in Traffic Split steps.",
        )


def _one_takes_all(destinations: Sequence[Destination]) -> bool:
    """Whether one destination other than the canary takes all requests, as stable does in the end."""
    takers = [to for to in destinations if to.weight != 0]
    return len(takers) == 1 and takers[0].subset != "canary" and takers[0].weight in (None, 100)


def _replaced(destination: Destination) -> Place | None:
    """The place of a weight or subset that differs from what Harness writes."""
    subset, weight = destination.subset, destination.weight
    if subset not in (None, "stable", "canary"):
        return destination.at("subset")
    if weight is None or weight == (0 if subset == "canary" else 100):
        return None
    return destination.wrapper.at("weight") if destination.wrapper is not None else None

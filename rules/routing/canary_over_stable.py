"""TS218: a canary with more weight than stable where a controller writes the weights."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Destination,
    DocumentError,
    Finding,
    Place,
    Route,
    Rule,
    Severity,
    VirtualService,
    Workload,
    as_dict,
    as_list,
    is_canary,
    is_integer,
    is_text,
    known_namespace,
    namespaces_meet,
)


class CanaryOverStable(Rule[VirtualService]):
    """Weights that a controller writes stand in the files as they are between rollouts.

    What it checks:
        Routes in which what is called canary, by its subset or its host, has more weight than the
        others, while an Argo Rollout names the VirtualService in `trafficRouting.istio` or a Canary of
        Flagger has its name.  What Harness manages is TS114.

    Why it matters:
        The controller starts from stable 100 and canary 0.  Each time the file is applied it moves most
        of the traffic to the canary, until the controller writes its own weights again.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop, subset: stable}
              weight: 20
            - destination: {host: shop, subset: canary}
              weight: 80  # <-
        ---
        apiVersion: argoproj.io/v1alpha1
        kind: Rollout
        metadata:
          name: shop
        spec:
          strategy:
            canary:
              trafficRouting:
                istio:
                  virtualService: {name: shop}
                  destinationRule:
                    name: shop
                    canarySubsetName: canary
                    stableSubsetName: stable
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop, subset: stable}
              weight: 100
            - destination: {host: shop, subset: canary}
              weight: 0
        ---
        apiVersion: argoproj.io/v1alpha1
        kind: Rollout
        metadata:
          name: shop
        spec:
          strategy:
            canary:
              trafficRouting:
                istio:
                  virtualService: {name: shop}
                  destinationRule:
                    name: shop
                    canarySubsetName: canary
                    stableSubsetName: stable
        ```

    How to fix:
        Write 100 for stable and 0 for canary, and have the tool that applies the files leave the
        weights alone.

    Sources:
        - Argo Rollouts docs, "Istio", integrating with GitOps
        - Flagger docs, "Istio Canary Deployments"
    """

    id = "TS218"
    name = "canary-over-stable"
    severity = Severity.INFO

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look for a heavy canary first: that is rare, and owners are costly to find."""
        if service.managed is not False:
            return
        heavy = [found for found in map(_heavy_canary, service.routes) if found is not None]
        owner = _owner(service, catalog) if heavy else None
        if owner is None:
            return
        place, controller = owner
        for canary, share, rest in heavy:
            if canary.wrapper is not None:
                yield self.finding(
                    canary.wrapper.at("weight"),
                    f"The canary has {share} and the others {rest}, while {controller} writes these "
                    "weights: applying the file moves the traffic to the canary until the controller "
                    "corrects it.",
                    related=[(place, "the owner of the weights")],
                    help="Write 100 for stable and 0 for canary.",
                )


def _heavy_canary(route: Route) -> tuple[Destination, int, int] | None:
    """The canary of a route if it outweighs the others, with both weights."""
    canaries = [place for place in route.destinations if is_canary(place)]
    weights = [place.weight for place in route.destinations]
    if len(canaries) != 1 or len(weights) < 2 or route.has_unknown_destinations:
        return None
    if not all(is_integer(weight) for weight in weights):
        return None
    share = canaries[0].weight
    rest = sum(weights) - share
    return (canaries[0], share, rest) if share > rest else None


def _owner(service: VirtualService, catalog: Catalog) -> tuple[Place, str] | None:
    """The controller that writes the weights of a VirtualService, as far as one is in sight."""
    rollouts = [
        rollout
        for rollout in catalog.resources(Workload)
        if rollout.kind == "Rollout" and _names(rollout, service)
    ]
    for rollout in catalog.nearest(rollouts, service):
        return rollout.head(), f"the Argo {rollout.title}"
    for file in catalog.files:
        for document in file.documents:
            if document.kind != "Canary" or "flagger.app" not in document.text:
                continue
            try:
                data = as_dict(document.data)
            except DocumentError:
                continue
            name = _flagger_name(data)
            if name == service.name and file.scope is service.file.scope:
                return Place(file, document), f"Flagger's Canary {name}"
    return None


def _names(rollout: Workload, service: VirtualService) -> bool:
    istio = rollout.spec
    for part in ("strategy", "canary", "trafficRouting", "istio"):
        istio = as_dict(istio.get(part))
    entries = [istio.get("virtualService"), *as_list(istio.get("virtualServices"))]
    for entry in entries:
        written = as_dict(entry).get("name")
        if not is_text(written):
            continue
        name, _dot, namespace = written.partition(".")
        home = namespace or known_namespace(rollout)
        if name == service.name and namespaces_meet(home, known_namespace(service)):
            return True
    return False


def _flagger_name(data: dict[str, object]) -> object:
    spec = as_dict(data.get("spec"))
    return as_dict(spec.get("service")).get("name") or as_dict(spec.get("targetRef")).get("name")

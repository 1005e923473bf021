"""TS619: a Traffic Split names a VirtualService that cannot be split."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Place,
    Rollout,
    Rule,
    Severity,
    TrafficSplit,
    VirtualService,
    as_list,
    traffic_splits,
)


class SplitVirtualService(Rule[Rollout]):
    """A Traffic Split names a VirtualService that has not exactly one http route.

    What it checks:
        The VirtualService that a Traffic Split of a FirstGen workflow gives by name, where exactly one
        of that name deploys with the workflow as far as its place tells.  It must have one entry
        under `http`, with destinations, and none under `tcp` and `tls`.  A managed VirtualService is
        judged by TS105 to TS108 instead, unless its file is skipped.  What is applied by an Apply
        step may have any routes.

    Why it matters:
        The step replaces the destinations of the one http route.  With tcp or tls routes, with
        several http routes or with none it fails, in the middle of the deployment.

    Bad:
        ```yaml
        # file: virtual-service.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: echo
        spec:
          hosts: [echo]
          tcp:
          - route:
            - destination: {host: echo}
        # file: workflow.yaml
        harnessApiVersion: '1.0'
        type: CANARY
        phases:
        - type: KUBERNETES
          name: Canary
          phaseSteps:
          - name: Verify
            steps:
            - type: K8S_TRAFFIC_SPLIT
              name: Traffic Split
              properties:
                virtualServiceName: echo  # <-
                istioDestinationWeights:
                - destination: ${k8s.stableDestination}
                  weight: '90'
                - destination: ${k8s.canaryDestination}
                  weight: '10'
        ```

    Good:
        ```yaml
        # file: virtual-service.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: echo
        spec:
          hosts: [echo]
          http:
          - route:
            - destination: {host: echo}
        # file: workflow.yaml
        harnessApiVersion: '1.0'
        type: CANARY
        phases:
        - type: KUBERNETES
          name: Canary
          phaseSteps:
          - name: Verify
            steps:
            - type: K8S_TRAFFIC_SPLIT
              name: Traffic Split
              properties:
                virtualServiceName: echo
                istioDestinationWeights:
                - destination: ${k8s.stableDestination}
                  weight: '90'
                - destination: ${k8s.canaryDestination}
                  weight: '10'
        ```

    How to fix:
        Leave one http route in the VirtualService; routes of other kinds go into a VirtualService of
        their own, which an Apply step shifts.

    Sources:
        - Harness FirstGen docs, "Set Up Kubernetes Traffic Splitting with Istio", HTTP in the
          VirtualService
        - harness-core, K8sTrafficSplitTaskHandler: the checks hold for a name given by hand too
    """

    id = "TS619"
    name = "split-virtual-service"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at each VirtualService that the workflow's Traffic Splits name."""
        seen = set()
        for split in traffic_splits(rollout.all_steps):
            service = _named(split, rollout, catalog)
            if service is None or service in seen:
                continue
            seen.add(service)
            problem = _problem(service, catalog)
            if problem is not None:
                place, reason = problem
                yield self.finding(
                    split.step.setting("virtualServiceName"),
                    f"Traffic Split {split.step.title} sets {service.title}, which {reason}. The step "
                    "takes a VirtualService with exactly one http route and fails on this one.",
                    related=[(place, reason)],
                    help="Leave one http route in it, and move other routes to a VirtualService that "
                    "an Apply step shifts.",
                )


def _named(split: TrafficSplit, rollout: Rollout, catalog: Catalog) -> VirtualService | None:
    """The one VirtualService that the step gives by name; None in doubt.

    None also for one that Harness manages, unless it lies in a skipped file: TS105 to TS108 judge it.
    """
    name = split.literal_name
    if name is None:
        return None
    named = [service for service in catalog.resources(VirtualService) if service.name == name]
    phase = split.step.phase
    files = rollout.service_files(catalog.files, phase.service_name if phase else None)
    if files is None:
        files = rollout.nearest([service.file for service in named])
    found = [service for service in named if service.file in files]
    if len(found) != 1 or (found[0].managed is True and not found[0].file.skipped):
        return None
    return found[0]


def _problem(service: VirtualService, catalog: Catalog) -> tuple[Place, str] | None:
    """What keeps a Traffic Split from setting it, and where.

    Where there are kustomize patches, one of them may bring the route that is missing.
    """
    for protocol in ("tcp", "tls"):
        if as_list(service.spec.get(protocol)):
            return service.at("spec", protocol), f"has {protocol} routes"
    if service.hides("http"):
        return None
    if len(service.http) > 1:
        return service.at("spec", "http", 1), f"has {len(service.http)} http routes"
    if not service.http and not any(file.role == "patch" for file in catalog.files):
        return service.head(), "has no http route"
    for route in service.http:
        if route.data.get("route") in (None, []):
            return route.at(), "has an http route without destinations"
    return None

"""TS715: a placeholder that stands for nothing."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Service,
    Severity,
    is_text,
    traffic_routings,
)

#: The steps that give a placeholder its meaning.
_NEEDS = {
    "canary": ("canary-deploy",),
    "stage": ("blue-green-deploy",),
    "stable": ("canary-deploy", "blue-green-deploy"),
}
_MEANT = {"canary": "stage", "stage": "canary"}


class PlaceholderHost(Rule[Rollout]):
    """A traffic routing names a placeholder that stands for nothing in its stage.

    What it checks:
        The hosts `stable`, `canary` and `stage` of every traffic routing: `canary` needs a canary
        deployment in the stage, `stage` a blue/green deployment, `stable` one of the two. A Service
        of that name in sight is taken at its word. A stage with a template that lies elsewhere is
        not judged.

    Why it matters:
        Harness fills the words in from the deployment of the same stage. Otherwise it takes them
        for the names of Services, and requests to a Service that does not exist fail.

    Bad:
        ```yaml
        pipeline:
          name: release
          identifier: release
          stages:
          - stage:
              name: prod
              identifier: prod
              type: Deployment
              spec:
                deploymentType: Kubernetes
                execution:
                  steps:
                  - step:
                      type: K8sBlueGreenDeploy
                      name: Stage Deployment
                      identifier: stageDeployment
                      spec:
                        skipDryRun: false
                  - step:
                      type: K8sTrafficRouting
                      name: Route
                      identifier: route
                      spec:
                        type: config
                        trafficRouting:
                          provider: istio
                          spec:
                            name: shop
                            hosts: [shop]
                            routes:
                            - route:
                                type: http
                                name: main
                                destinations:
                                - destination: {host: stable, weight: 80}
                                - destination: {host: canary, weight: 20}  # <-
                  - step:
                      type: K8sBGSwapServices
                      name: Swap
                      identifier: swap
                      spec: {}
        ```

    Good:
        ```yaml
        pipeline:
          name: release
          identifier: release
          stages:
          - stage:
              name: prod
              identifier: prod
              type: Deployment
              spec:
                deploymentType: Kubernetes
                execution:
                  steps:
                  - step:
                      type: K8sBlueGreenDeploy
                      name: Stage Deployment
                      identifier: stageDeployment
                      spec:
                        skipDryRun: false
                  - step:
                      type: K8sTrafficRouting
                      name: Route
                      identifier: route
                      spec:
                        type: config
                        trafficRouting:
                          provider: istio
                          spec:
                            name: shop
                            hosts: [shop]
                            routes:
                            - route:
                                type: http
                                name: main
                                destinations:
                                - destination: {host: stable, weight: 80}
                                - destination: {host: stage, weight: 20}
                  - step:
                      type: K8sTrafficRouting
                      name: Back to stable
                      identifier: backToStable
                      spec:
                        type: inherit
                        trafficRouting:
                          routes:
                          - route:
                              name: main
                              destinations:
                              - destination: {host: stable, weight: 100}
                              - destination: {host: stage, weight: 0}
                  - step:
                      type: K8sBGSwapServices
                      name: Swap
                      identifier: swap
                      spec: {}
        ```

    How to fix:
        Write `stage` beside a blue/green deployment, `canary` beside a canary, or the name of the
        Service.

    Sources:
        - Harness docs, "Kubernetes Traffic Routing Step": Host
    """

    id = "TS715"
    name = "placeholder-host"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the hosts of each traffic routing of one stage."""
        if not rollout.is_whole_stage:
            return
        kinds: set[str] = {step.kind for step in rollout.steps}
        for routing in traffic_routings(rollout.all_steps):
            for route in routing.routes:
                for entry in route.destinations:
                    host = entry.host
                    if not is_text(host) or host not in _NEEDS or kinds.intersection(_NEEDS[host]):
                        continue
                    if any(service.name == host for service in catalog.resources(Service)):
                        continue
                    yield self.finding(
                        entry.at("host"),
                        f'The host "{host}" of {routing.step.title} stands for nothing: the stage '
                        f"{rollout.name} has no {_deploys(host)}. Harness takes it for the name of a "
                        "Service.",
                        help=_help(host, kinds),
                    )


def _deploys(host: str) -> str:
    words = {"canary": "canary deployment", "stage": "blue/green deployment"}
    return words.get(host, "canary or blue/green deployment")


def _help(host: str, kinds: set[str]) -> str:
    other = _MEANT.get(host, "")
    if other and kinds.intersection(_NEEDS[other]):
        return f'Did you mean "{other}"?'
    return "Write the name of the Service."

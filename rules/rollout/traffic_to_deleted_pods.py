"""TS650: a share of the traffic for pods that are not there."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Hazard,
    Place,
    Rollout,
    Rule,
    Severity,
    Step,
    early_deletes,
    early_pipeline_deletes,
    early_splits,
    hazards_of,
    late_shifts,
    traffic_shifts,
)


class TrafficToDeletedPods(Rule[Rollout]):
    """A step leaves a share of the traffic on canary pods that are gone, or not there yet.

    What it checks:
        Workflows and stages of pipelines, walked step by step: who gets which share, and which pods
        are there to take it.  Traffic Split, K8sTrafficRouting and Apply steps of a VirtualService
        move shares; Harness itself takes the share from the canary when it deploys the canary and
        when it rolls out after one, but only in a VirtualService that it manages
        (`harness.io/managed`), never in the routes of a K8sTrafficRouting step.

        Found is the first step after which the canary has a share and no pods.  What expressions,
        templates and scripts hide counts as unknown, and steps side by side may run in any order: what
        does not hold in every case is no finding.  Where it hangs on a condition of a step, it is a
        warning, and so is a canary of a pipeline that is deleted after the rolling deployment while
        the routes still name it.  A Canary Delete in the wrong place is TS601, TS602, TS603 or TS701,
        a Traffic Split after the delete TS604, one before the deployment TS608.

    Why it matters:
        The proxies go on sending the share to a subset or Service without pods, and these requests fail
        with 503 until a step moves the share, or for good if none does.

    Bad:
        ```yaml
        pipeline:
          name: Release
          identifier: Release
          projectIdentifier: store
          orgIdentifier: default
          stages:
          - stage:
              name: Deploy
              identifier: Deploy
              type: Deployment
              spec:
                deploymentType: Kubernetes
                service: {serviceRef: shop}
                environment:
                  environmentRef: prod
                  infrastructureDefinitions: [{identifier: prod}]
                execution:
                  steps:
                  - step:
                      type: K8sCanaryDeploy
                      name: Canary Deployment
                      identifier: canaryDeployment
                      timeout: 10m
                      spec: {skipDryRun: false, instanceSelection: {type: Count, spec: {count: 1}}}
                  - step:
                      type: K8sTrafficRouting
                      name: Route 20
                      identifier: route20
                      timeout: 10m
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
                                - destination: {host: canary, weight: 20}
                  - step:
                      type: K8sRollingDeploy
                      name: Rolling Deployment
                      identifier: rollingDeployment
                      timeout: 10m
                      spec: {skipDryRun: false}
                  - step:
                      type: K8sCanaryDelete  # <-
                      name: Canary Delete
                      identifier: canaryDelete
                      timeout: 10m
                      spec: {}
                  rollbackSteps:
                  - step:
                      type: K8sTrafficRouting
                      name: Back to stable
                      identifier: undoRouting
                      timeout: 10m
                      spec:
                        type: inherit
                        trafficRouting:
                          routes:
                          - route:
                              name: main
                              destinations:
                              - destination: {host: stable, weight: 100}
                              - destination: {host: canary, weight: 0}
                  - step:
                      type: K8sCanaryDelete
                      name: Canary Delete
                      identifier: undoCanary
                      timeout: 10m
                      spec: {}
                  - step:
                      type: K8sRollingRollback
                      name: Rolling Rollback
                      identifier: rollingRollback
                      timeout: 10m
                      spec: {}
              failureStrategies:
              - onFailure: {errors: [AllErrors], action: {type: StageRollback}}
        ```

    Good:
        ```yaml
        pipeline:
          name: Release
          identifier: Release
          projectIdentifier: store
          orgIdentifier: default
          stages:
          - stage:
              name: Deploy
              identifier: Deploy
              type: Deployment
              spec:
                deploymentType: Kubernetes
                service: {serviceRef: shop}
                environment:
                  environmentRef: prod
                  infrastructureDefinitions: [{identifier: prod}]
                execution:
                  steps:
                  - step:
                      type: K8sCanaryDeploy
                      name: Canary Deployment
                      identifier: canaryDeployment
                      timeout: 10m
                      spec: {skipDryRun: false, instanceSelection: {type: Count, spec: {count: 1}}}
                  - step:
                      type: K8sTrafficRouting
                      name: Route 20
                      identifier: route20
                      timeout: 10m
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
                                - destination: {host: canary, weight: 20}
                  - step:
                      type: K8sRollingDeploy
                      name: Rolling Deployment
                      identifier: rollingDeployment
                      timeout: 10m
                      spec: {skipDryRun: false}
                  - step:
                      type: K8sTrafficRouting
                      name: Route 0
                      identifier: route0
                      timeout: 10m
                      spec:
                        type: inherit
                        trafficRouting:
                          routes:
                          - route:
                              name: main
                              destinations:
                              - destination: {host: stable, weight: 100}
                              - destination: {host: canary, weight: 0}
                  - step:
                      type: K8sCanaryDelete
                      name: Canary Delete
                      identifier: canaryDelete
                      timeout: 10m
                      spec: {}
                  rollbackSteps:
                  - step:
                      type: K8sTrafficRouting
                      name: Back to stable
                      identifier: undoRouting
                      timeout: 10m
                      spec:
                        type: inherit
                        trafficRouting:
                          routes:
                          - route:
                              name: main
                              destinations:
                              - destination: {host: stable, weight: 100}
                              - destination: {host: canary, weight: 0}
                  - step:
                      type: K8sCanaryDelete
                      name: Canary Delete
                      identifier: undoCanary
                      timeout: 10m
                      spec: {}
                  - step:
                      type: K8sRollingRollback
                      name: Rolling Rollback
                      identifier: rollingRollback
                      timeout: 10m
                      spec: {}
              failureStrategies:
              - onFailure: {errors: [AllErrors], action: {type: StageRollback}}
        ```

    How to fix:
        Give stable 100 and the canary 0 before the step that takes the canary away, and give the canary
        a share only after the step that deploys it.

    Sources:
        - Harness FirstGen docs, "Set Up Kubernetes Traffic Splitting with Istio", notes on Canary
          Delete and traffic management
        - harness-core, IstioTaskHelper, K8sRollingRequestHandler and K8sCanaryDeleteRequestHandler: what
          resets shares, and what does not
    """

    id = "TS650"
    name = "traffic-to-deleted-pods"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Walk one rollout."""
        hazards = [
            h for h in hazards_of(rollout, catalog) if h.kind in ("pods-gone", "pods-missing")
        ]
        theirs = _told_by_others(rollout, catalog) if hazards else set()
        for hazard in hazards:
            if id(hazard.step) in theirs:
                continue
            message, related, mend = _told(hazard, rollout, catalog)
            yield self.finding(
                hazard.step.at("type"),
                message,
                severity=None
                if hazard.certain and not _rolled_out_before(hazard, rollout)
                else Severity.WARNING,
                related=related,
                help=mend,
            )


def _told_by_others(rollout: Rollout, catalog: Catalog) -> set[int]:
    """The steps that a more specific rule speaks of."""
    deletes = early_deletes(rollout, catalog) + early_pipeline_deletes(rollout, catalog)
    found = {id(early.step) for early in deletes}
    found |= {id(split.step) for split, _deploy in early_splits(rollout)}
    for late in late_shifts(rollout, catalog):
        found |= {id(late.shift.step), id(late.delete)}
    return found


def _rolled_out_before(hazard: Hazard, rollout: Rollout) -> bool:
    """Whether a rolling deployment stands between a K8sTrafficRouting step and the delete.

    Harness's documents call that order right, though nothing they tell resets these routes.
    """
    cause = hazard.cause
    if cause is None or rollout.flavor != "pipeline":
        return False
    return any(
        cause.order < step.order < hazard.step.order
        for step in rollout.steps
        if step.kind == "rolling-deploy"
    )


Told = tuple[str, list[tuple[Place, str]], str]


def _told(hazard: Hazard, rollout: Rollout, catalog: Catalog) -> Told:
    """The message, the related places and the mend."""
    if hazard.kind == "pods-missing":
        return _too_early(hazard, rollout)
    if hazard.cause is hazard.step:
        return _too_late(hazard)
    return _not_taken_back(hazard, rollout, catalog)


def _too_early(hazard: Hazard, rollout: Rollout) -> Told:
    step = hazard.step
    deploys = [s for s in rollout.steps if s.kind == "canary-deploy" and s.order > step.order]
    return (
        f"{step.whereabouts} gives the canary {hazard.share}% of the requests, but no step before it "
        "deploys the canary. These requests fail.",
        [(deploy.head(), "the canary is deployed only here") for deploy in deploys[:1]],
        "Move it after the step that deploys the canary.",
    )


def _too_late(hazard: Hazard) -> Told:
    delete = hazard.removed_by
    who = delete.whereabouts if delete is not None else "an earlier step"
    return (
        f"{hazard.step.whereabouts} gives the canary {hazard.share}% of the requests, but {who} has "
        "deleted its pods. These requests fail.",
        [(delete.head(), "the canary is deleted here")] if delete is not None else [],
        "Delete the canary after the last step that gives it a share.",
    )


def _not_taken_back(hazard: Hazard, rollout: Rollout, catalog: Catalog) -> Told:
    step, cause = hazard.step, hazard.cause
    related: list[tuple[Place, str]] = []
    gave = ""
    if cause is not None:
        related.append((cause.head(), f"the canary gets {hazard.share}% here"))
        gave = f", given by {cause.whereabouts}"
        related += [
            (other.head(), "this leaves the share: Harness resets only a VirtualService it manages")
            for other in rollout.steps
            if other.kind == "rolling-deploy" and cause.order < other.order < step.order
        ]
    restore = _restore_after(step, rollout, catalog)
    if restore is None:
        mend = "Add a step before it that gives stable 100 and the canary 0."
        until = "and no step takes it back"
    else:
        mend = f"Move {restore.title} before it."
        until = f"and {restore.whereabouts} takes it back only later"
        related.append((restore.head(), "the share is taken back only here"))
    return (
        f"{step.whereabouts} takes away the canary's pods while {hazard.share}% of the requests go to "
        f"them{gave}, {until}. These requests fail.",
        related,
        mend,
    )


def _restore_after(step: Step, rollout: Rollout, catalog: Catalog) -> Step | None:
    """The first step after one that gives the canary nothing."""
    shifts = traffic_shifts(rollout, catalog)
    later = [s.step for s in shifts if s.restores and s.step.order > step.order]
    return later[0] if later else None

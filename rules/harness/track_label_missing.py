"""TS124: a subset that does not select by track."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Rule,
    Severity,
    Subset,
    Unknown,
    deployers,
)

_TRACK: Final = "harness.io/track"


class TrackLabelMissing(Rule[DestinationRule]):
    """The subsets of a canary deployment select pods by `harness.io/track`.

    What it checks:
        A DestinationRule that is not managed, with subsets called `stable` or `canary`, among the
        manifests of a service that a workflow or a pipeline deploys with a canary: each of the two
        selects pods by the label `harness.io/track` and its own name. Subsets without labels are
        found by TS304.

    Why it matters:
        Harness makes the canary from the same manifest as stable. The one label that tells their
        pods apart is `harness.io/track`; any other selects both or neither, and the split does not
        split.

    Bad:
        ```yaml
        # file: values.yaml
        name: shop
        # file: templates/destination-rule.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata:
          name: {{.Values.name}}
        spec:
          host: shop
          subsets:
          - name: stable
            labels: {version: stable}  # <-
          - name: canary
            labels: {version: canary}  # <-
        # file: workflow.yaml
        harnessApiVersion: '1.0'
        type: CANARY
        phases:
        - name: Canary
          serviceName: shop
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_CANARY_DEPLOY
              name: Canary Deployment
          - name: Verify
        - name: Primary
          serviceName: shop
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_DEPLOYMENT_ROLLING
              name: Rollout Deployment
          - name: Wrap Up
            steps:
            - type: K8S_DELETE
              name: Canary Delete
              properties:
                resources: ${k8s.canaryWorkload}
        ```

    Good:
        ```yaml
        # file: values.yaml
        name: shop
        # file: templates/destination-rule.yaml
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata:
          name: {{.Values.name}}
        spec:
          host: shop
          subsets:
          - name: stable
            labels: {harness.io/track: stable}
          - name: canary
            labels: {harness.io/track: canary}
        # file: workflow.yaml
        harnessApiVersion: '1.0'
        type: CANARY
        phases:
        - name: Canary
          serviceName: shop
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_CANARY_DEPLOY
              name: Canary Deployment
          - name: Verify
        - name: Primary
          serviceName: shop
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_DEPLOYMENT_ROLLING
              name: Rollout Deployment
          - name: Wrap Up
            steps:
            - type: K8S_DELETE
              name: Canary Delete
              properties:
                resources: ${k8s.canaryWorkload}
        ```

    How to fix:
        Write `harness.io/track: stable` and `harness.io/track: canary`.

    Sources:
        - harness-core, K8sCanaryBaseHandler: the labels of canary and primary pods
        - Harness docs, "Create a Kubernetes Canary Deployment"
    """

    id = "TS124"
    name = "track-label-missing"
    severity = Severity.WARNING
    needs = ("stable", "canary")

    def check(self, rule: DestinationRule, catalog: Catalog) -> Iterator[Finding]:
        """Look at the labels of the two subsets."""
        wrong = [subset for subset in rule.subsets if _misses_track(subset)]
        if not wrong or rule.managed is not False:
            return
        found = [d for d in deployers(rule.file, catalog) if d.holds("canary-deploy")]
        if not found:
            return
        for subset in wrong:
            yield self.finding(
                subset.at("labels"),
                f"The subset {subset.name} of {rule.title} does not select by {_TRACK}. The pods that "
                f"{found[0].rollout.name} deploys as canary and as stable differ in this label only.",
                related=[(found[0].rollout.head(), "this deploys the canary")],
                help=f"Write {_TRACK}: {subset.name}.",
            )


def _misses_track(subset: Subset) -> bool:
    labels = subset.labels
    if subset.name not in ("stable", "canary") or not labels:
        return False
    track = labels.get(_TRACK)
    return not isinstance(track, Unknown) and track != subset.name

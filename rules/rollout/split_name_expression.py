"""TS610: an expression for the VirtualService that Harness does not fill in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    traffic_splits,
)

_WHOLE: Final = "${k8s.virtualServiceName}"
_EXPRESSION: Final = re.compile(r"\$\{\s*k8s\.([^}]*)\}")
#: Those that Harness fills in inside other text too.
_EMBEDDED: Final = frozenset(("primaryServiceName", "stageServiceName", "canaryWorkload"))


class SplitNameExpression(Rule[Rollout]):
    """The expression for the managed VirtualService stands alone.

    What it checks:
        The `virtualServiceName` of every Traffic Split of a FirstGen workflow. Where it holds
        `${k8s.virtualServiceName}`, it must hold nothing else but blanks at the ends, and the
        expression must be written exactly so. Other `${k8s.…}` expressions that stand for no
        VirtualService are found as well. Expressions of other kinds are not judged.

    Why it matters:
        Harness compares the whole text with the expression. Inside other text it stays as it is,
        and the step fails: no VirtualService has that name.

    Bad:
        ```yaml
        harnessApiVersion: '1.0'
        type: CANARY
        phases:
        - name: Canary
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_CANARY_DEPLOY
              name: Canary Deployment
          - name: Verify
            steps:
            - type: K8S_TRAFFIC_SPLIT
              name: Traffic Split
              properties:
                virtualServiceName: ${k8s.virtualServiceName}-internal  # <-
                istioDestinationWeights:
                - destination: ${k8s.stableDestination}
                  weight: '90'
                - destination: ${k8s.canaryDestination}
                  weight: '10'
        - name: Primary
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
        harnessApiVersion: '1.0'
        type: CANARY
        phases:
        - name: Canary
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_CANARY_DEPLOY
              name: Canary Deployment
          - name: Verify
            steps:
            - type: K8S_TRAFFIC_SPLIT
              name: Traffic Split
              properties:
                virtualServiceName: ${k8s.virtualServiceName}
                istioDestinationWeights:
                - destination: ${k8s.stableDestination}
                  weight: '90'
                - destination: ${k8s.canaryDestination}
                  weight: '10'
        - name: Primary
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
        Write `${k8s.virtualServiceName}` and nothing else, or the full name of the VirtualService.

    Sources:
        - harness-core, K8sTrafficSplitTaskHandler and K8sExpressions
    """

    id = "TS610"
    name = "split-name-expression"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the expressions in the name of each Traffic Split."""
        for split in traffic_splits(rollout.all_steps):
            text = split.virtual_service
            wrong = [name for name in _EXPRESSION.findall(text) if name.strip() not in _EMBEDDED]
            if not wrong or text == _WHOLE:
                continue
            name = wrong[0].strip()
            reason = (
                "is filled in only when it stands alone and is written exactly so"
                if name.lower() == "virtualservicename"
                else "stands for no VirtualService"
            )
            yield self.finding(
                split.step.setting("virtualServiceName"),
                f"Traffic Split {split.step.title} looks for a VirtualService called {text}: "
                f"${{k8s.{name}}} {reason}. The step finds none of that name and fails.",
                help=f"Write {_WHOLE} alone, or the full name.",
            )

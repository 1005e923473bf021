"""TS304: a subset that selects every pod."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tsplit_lint import Catalog, DestinationRule, Finding, Rule, Severity, is_text

_BY_ROLLOUTS = "argo-rollouts.argoproj.io/managed-by-rollouts"


class SubsetWithoutLabels(Rule[DestinationRule]):
    """A subset has labels that tell its pods from the others.

    What it checks:
        Subsets whose `labels` are absent or empty.  Those of a rule that Harness manages, or that an
        Argo Rollout names, get their labels from there.

    Why it matters:
        Without labels a subset is all pods of the host.  A canary that is split off by it also reaches
        the stable pods, so the share that is written is not the one that is served.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: shop
          subsets:
          - name: stable
            labels: {version: v1}
          - name: canary  # <-
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: shop
          subsets:
          - name: stable
            labels: {version: v1}
          - name: canary
            labels: {version: v2}
        ```

    How to fix:
        Give the subset the labels of its pods (`spec.template.metadata.labels` of their Deployment).

    Sources:
        - Istio reference, "Destination Rule", Subset.labels
    """

    id = "TS304"
    name = "subset-without-labels"
    severity = Severity.WARNING
    aliases = ("KIA0209",)

    def check(self, rule: DestinationRule, catalog: Catalog) -> Iterator[Finding]:
        """Look at each subset."""
        bare = [subset for subset in rule.subsets if subset.data.get("labels") in (None, {})]
        if not bare or rule.managed is not False or _is_of_rollouts(rule, catalog):
            return
        host = f'host "{rule.host}"' if is_text(rule.host) else "the host"
        for subset in bare:
            name = f'The subset "{subset.name}"' if is_text(subset.name) else "This subset"
            yield self.finding(
                subset.at("name"),
                f"{name} has no labels, so it is every pod of {host}, the same as no subset.",
                help="Give it the labels of the pods that it stands for.",
            )


def _is_of_rollouts(rule: DestinationRule, catalog: Catalog) -> bool:
    """Whether Argo Rollouts writes labels into the rule's subsets."""
    if _BY_ROLLOUTS in rule.annotations:
        return True
    names = re.compile(
        rf"destinationRule:\s.*?\bname:[ \t]*[\"']?{re.escape(str(rule.name))}\b", re.S
    )
    return any(
        document.kind == "Rollout" and names.search(document.text)
        for file in catalog.files
        for document in file.documents
    )

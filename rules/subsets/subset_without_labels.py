"""TS304: a subset that selects every pod."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Rule,
    Severity,
    Subset,
    VirtualService,
    is_present,
    is_text,
    meant_as_managed,
)


class SubsetWithoutLabels(Rule[DestinationRule]):
    """A subset has labels that tell its pods from the others.

    What it checks:
        Subsets whose `labels` are absent or empty.  Those of a rule that Harness manages, or that an
        Argo Rollout names, get their labels from there.  It is a note where the subset may be meant as
        a name for all pods: it has a `trafficPolicy` of its own, or no other subset beside it has
        labels, and no route in sight splits requests between it and another destination of the host.

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
        if not bare or rule.managed is not False or meant_as_managed(rule):
            return
        if catalog.has_controller(rule):
            return
        codes: tuple[str, ...] = self.aliases
        if catalog.complete(rule) and is_text(rule.host) and "*" not in rule.host:
            known = catalog.provider(rule.host, rule).state == "found"
            codes = self.aliases if known else ()  # Kiali then tells of the host alone
        host = f'host "{rule.host}"' if is_text(rule.host) else "the host"
        for subset in bare:
            if not isinstance(rule.spec["subsets"][int(subset.path[-1])], dict):
                continue
            name = f'The subset "{subset.name}"' if is_text(subset.name) else "This subset"
            told = "the same as no subset"
            if is_present(subset.data.get("trafficPolicy")):
                told = "and its trafficPolicy alone sets it apart"
            mild = _may_be_meant(subset, rule) and not _is_split(subset, rule, catalog)
            yield self.finding(
                subset.at("name"),
                f"{name} has no labels, so it is every pod of {host}, {told}.",
                severity=Severity.INFO if mild else None,
                aliases=codes,
                help="Give it the labels of the pods that it stands for.",
            )


def _may_be_meant(subset: Subset, rule: DestinationRule) -> bool:
    """Whether a subset is a name for a policy, such as one for an egress gateway, not for a version."""
    if is_present(subset.data.get("trafficPolicy")):
        return True
    return not any(other.data.get("labels") for other in rule.subsets)


def _is_split(subset: Subset, rule: DestinationRule, catalog: Catalog) -> bool:
    """Whether a route in sight splits requests between the subset and another one of the host."""
    for destination in catalog.destinations_to(rule) or ():
        service = destination.resource
        if destination.subset != subset.name or not isinstance(service, VirtualService):
            continue
        for route in service.routes:
            hosts = {(catalog.host(str(to.host), service), to.subset) for to in route.destinations}
            if destination in route.destinations and len(hosts) > 1:
                return True
    return False

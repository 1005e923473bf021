"""TS315: a subset whose labels contradict the Service's selector."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Rule,
    Service,
    Severity,
    Subset,
    codes_without_pods,
    contradicting_label,
    is_text,
    known_namespace,
)


class SubsetContradictsSelector(Rule[DestinationRule]):
    """A subset has no label that the Service's selector wants otherwise.

    What it checks:
        The labels of each subset against the selector of the host's Service, where both stand in the
        same namespace or folder: a label of the same key has the same value.  Rules that Harness
        manages get their labels from there, and labels of Harness (`harness.io/…`) are left out.

    Why it matters:
        A subset's pods are those of the Service that also have the subset's labels.  No pod has two
        values of one label, so the subset is always empty, and requests to it fail with 503.

    Bad:
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
        spec:
          selector: {app: shop, version: v1}
          ports:
          - {name: http, port: 80}
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: shop
          subsets:
          - name: stable
            labels:
              version: v1
          - name: canary
            labels:
              version: v2  # <-
        ```

    Good:
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
        spec:
          selector: {app: shop}
          ports:
          - {name: http, port: 80}
        ---
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
        Remove the label from the Service's selector, so that the Service has the pods of all versions.

    Sources:
        - Istio reference, "Destination Rule", Subset.labels
        - Istio docs, "Traffic Management", destination rules
    """

    id = "TS315"
    name = "subset-contradicts-selector"
    severity = Severity.ERROR
    aliases = ("IST0173", "KIA0203")

    def check(self, rule: DestinationRule, catalog: Catalog) -> Iterator[Finding]:
        """Compare the labels with the selector."""
        if not is_text(rule.host) or not rule.host or rule.managed is not False:
            return
        lookup = catalog.provider(rule.host, rule)
        services = [item for item in lookup.items if isinstance(item, Service)]
        if lookup.state != "found" or not services or len(services) < len(lookup.items):
            return
        if not all(_surely_meant(service, rule, catalog) for service in services):
            return
        for subset in rule.subsets:
            # Where several Services may be meant, all of them must say so.
            against = [contradicting_label(subset, service) for service in services]
            if all(against):
                yield self._report(subset, services[0], str(against[0]), catalog)

    def _report(self, subset: Subset, service: Service, key: str, catalog: Catalog) -> Finding:
        wanted = service.selector[key]
        codes: tuple[str, ...] = ("KIA0203",)
        if catalog.complete(subset.resource):
            codes = codes_without_pods(subset, service, catalog)
        return self.finding(
            subset.at("labels", key),
            f'The subset "{subset.name}" wants pods with {key}: {subset.labels[key]}, and {service.title} '
            f"has only pods with {key}: {wanted}. The subset is always empty: requests to it fail with 503.",
            aliases=codes,
            related=[(service.at("spec", "selector", key), "the Service's selector")],
            help=f"Remove {key} from the selector of {service.title}.",
        )


def _surely_meant(service: Service, rule: DestinationRule, catalog: Catalog) -> bool:
    """Whether a Service is the one of the rule's host for certain, not a namesake."""
    if service.file.scope is rule.file.scope:
        return True
    wanted = catalog.host(str(rule.host), rule).namespace
    return wanted is not None and known_namespace(service) == wanted

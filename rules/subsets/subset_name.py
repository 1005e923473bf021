"""TS309: a subset's name and labels that Istio does not take."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Place,
    Rule,
    Severity,
    as_list,
    dns_label_problem,
    is_text,
    label_problem,
)


class SubsetName(Rule[DestinationRule]):
    """A subset has a name, and labels that pods can have.

    What it checks:
        Each entry of `subsets`: it is not empty, its name is a DNS label (letters, digits and inner
        dashes, 63 at most), and its labels are written as Kubernetes takes them.

    Why it matters:
        Istio's webhook refuses the DestinationRule: none of its subsets change, and the deployment
        fails.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: shop
          subsets:
          - name: v1.2  # <-
            labels: {version: v1.2}
          - labels: {version: v2}  # <-
          - name: v3
            labels:
              version: "v3 (beta)"  # <-
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
          - name: v1-2
            labels: {version: v1.2}
          - name: v2
            labels: {version: v2}
          - name: v3
            labels:
              version: v3-beta
        ```

    How to fix:
        Rename the subset here and in the routes to it.  Dots are fine in the value of a label.

    Sources:
        - Istio, destination rule validation: subset names
        - Kubernetes docs, "Object Names and IDs", "Labels and Selectors"
    """

    id = "TS309"
    name = "subset-name"
    severity = Severity.ERROR
    aliases = ("IST0106",)

    def check(self, rule: DestinationRule, catalog: Catalog) -> Iterator[Finding]:
        """Look at each entry."""
        entries = as_list(rule.spec.get("subsets"))
        for subset in rule.subsets:
            entry = entries[int(subset.path[-1])]
            if entry is None:
                yield self._refused(
                    subset.at(), f"A subset of {rule.title} is empty", "Remove the entry."
                )
            elif isinstance(entry, dict):
                name = entry.get("name")
                if name is None or name == "":
                    yield self._refused(
                        subset.at("name") if "name" in entry else subset.at(),
                        f"A subset of {rule.title} has no name",
                        "Name it.",
                    )
                elif is_text(name) and dns_label_problem(name):
                    yield self._refused(
                        subset.at("name"),
                        f'The name "{name}" of a subset of {rule.title} {dns_label_problem(name)}',
                        "Rename it here and in the routes to it.",
                    )
                for key, value in subset.labels.items():
                    problem = label_problem(key, value)
                    if problem:
                        yield self._refused(
                            subset.at("labels", key),
                            f"The labels of a subset of {rule.title} are no labels: {problem}",
                            "Write the label as the pods have it.",
                        )

    def _refused(self, place: Place, problem: str, mend: str) -> Finding:
        return self.finding(place, f"{problem}. Istio refuses the DestinationRule.", help=mend)

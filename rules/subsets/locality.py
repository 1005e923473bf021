"""TS319: load balancing by locality."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Place,
    Policy,
    Rule,
    Severity,
    View,
    as_dict,
    as_list,
    is_integer,
    is_present,
    is_text,
    locality_covers,
    locality_problem,
    traffic_policies,
)

_TOPOLOGY = (
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
    "topology.istio.io/subzone",
)


class Locality(Rule[DestinationRule]):
    """Localities are named once, and the shares of each one sum to 100.

    What it checks:
        Each `localityLbSetting`: not both `distribute` and `failover`.  In `distribute`, the weights of
        each entry lie within 1 and 100 and sum to 100, a wildcard stands at the end only, no part is
        empty, and no locality covers another of its list.  Each entry of `failover` has two different
        regions, without zones and wildcards; `failoverPriority` names no topology label beside it.  The
        same for the failover of a `zoneAwareLbSetting`.  Failover without `outlierDetection` in the
        same policy is a warning.

    Why it matters:
        Istio's webhook refuses the DestinationRule.  Without outlier detection it takes it, but never
        learns that a locality is down, so it never fails over.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: shop
          trafficPolicy:
            loadBalancer:
              localityLbSetting:
                distribute:
                - from: eu-west/*
                  to:  # <-
                    eu-west/*: 80
                    eu-north/*: 10
        ```
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: shop
          trafficPolicy:
            loadBalancer:
              localityLbSetting:
                failover:  # <-
                - from: eu-west/a  # <-
                  to: eu-north
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: shop
          trafficPolicy:
            outlierDetection:
              consecutive5xxErrors: 5
            loadBalancer:
              localityLbSetting:
                failover:
                - from: eu-west
                  to: eu-north
        ```

    How to fix:
        Write what the message says.

    Sources:
        - Istio reference, "Destination Rule", LocalityLoadBalancerSetting
        - Istio, destination rule validation: locality load balancing
    """

    id = "TS319"
    name = "locality"
    severity = Severity.ERROR
    aliases = ("IST0106", "IST0133")
    needs = ("loadBalancer",)

    def check(self, rule: DestinationRule, catalog: Catalog) -> Iterator[Finding]:
        """Look at both settings of each policy."""
        for policy in traffic_policies(rule):
            balancer = as_dict(policy.data.get("loadBalancer"))
            for name in ("localityLbSetting", "zoneAwareLbSetting"):
                if isinstance(balancer.get(name), dict):
                    path = (*policy.path, "loadBalancer", name)
                    yield from self._check_setting(policy, View(rule, path, balancer[name]))

    def _refused(self, place: Place, problem: str, mend: str) -> Finding:
        return self.finding(
            place,
            f"{problem}. Istio refuses the DestinationRule.",
            aliases=("IST0106",),
            help=mend,
        )

    def _check_setting(self, policy: Policy, view: View) -> Iterator[Finding]:
        distributes, fails_over = (
            is_present(view.data.get("distribute")),
            is_present(view.data.get("failover")),
        )
        zone_aware = view.path[-1] == "zoneAwareLbSetting"
        if distributes and fails_over and not zone_aware:
            yield self._refused(
                view.at("failover", key=True),
                f"{policy.title} has both distribute and failover",
                "Keep one of the two.",
            )
            return
        yield from self._check_priority(policy, view, fails_over, zone_aware)
        if not zone_aware:
            yield from self._check_distribute(policy, view)
        yield from self._check_failover(policy, view)
        if (fails_over or is_present(view.data.get("failoverPriority"))) and not policy.has(
            "outlierDetection"
        ):
            yield self._without_detection(policy, view)

    def _without_detection(self, policy: Policy, view: View) -> Finding:
        field = "failover" if is_present(view.data.get("failover")) else "failoverPriority"
        return self.finding(
            view.at(field, key=True),
            f"The {field} for {policy.title} has no outlierDetection beside it. Istio never learns that "
            "a locality is down, and never fails over.",
            severity=Severity.WARNING,
            aliases=("IST0133",),
            help="Add outlierDetection to the same policy.",
        )

    def _check_priority(
        self, policy: Policy, view: View, fails_over: bool, zone_aware: bool
    ) -> Iterator[Finding]:
        if not (fails_over or zone_aware):
            return
        for index, label in enumerate(as_list(view.data.get("failoverPriority"))):
            if label in _TOPOLOGY:
                beside = "zoneAwareLbSetting" if zone_aware else "failover"
                yield self._refused(
                    view.at("failoverPriority", index),
                    f'failoverPriority for {policy.title} names "{label}", whose order {beside} decides',
                    f"Remove the label, or {beside}.",
                )

    def _check_distribute(self, policy: Policy, view: View) -> Iterator[Finding]:
        entries = as_list(view.data.get("distribute"))
        sources: list[tuple[str, Place]] = []
        for index, entry in enumerate(entries):
            data = as_dict(entry)
            yield from self._check_weights(policy, view, index, data.get("to"))
            if "from" not in data and isinstance(entry, dict):
                sources.append(("", view.at("distribute", index)))
            elif is_text(data.get("from")):
                sources.append((data["from"], view.at("distribute", index, "from")))
        yield from self._check_names(policy, sources)
        yield from self._check_overlaps(policy, sources, in_order=True)

    def _check_weights(
        self, policy: Policy, view: View, index: int, shares: Any
    ) -> Iterator[Finding]:
        if shares is not None and not isinstance(shares, dict):
            return
        known = shares or {}
        places = [(key, view.at("distribute", index, "to", key, key=True)) for key in known]
        yield from self._check_names(policy, places)
        yield from self._check_overlaps(policy, places, in_order=False)
        bad = [
            key for key, weight in known.items() if is_integer(weight) and not 1 <= weight <= 100
        ]
        for key in bad:
            yield self._refused(
                view.at("distribute", index, "to", key),
                f'The weight of "{key}" for {policy.title} is {known[key]}, not within 1 and 100',
                "Write a weight from 1 to 100, or leave the locality out.",
            )
        if bad or not all(map(is_integer, known.values())):
            return
        total = sum(known.values())
        if total != 100:
            place = (
                view.at("distribute", index, "to", key=True)
                if shares is not None
                else view.at("distribute", index)
            )
            yield self._refused(
                place,
                f"The weights of this distribution for {policy.title} sum to {total}, not 100",
                "Change the weights so that they sum to 100.",
            )

    def _check_names(
        self, policy: Policy, localities: list[tuple[str, Place]]
    ) -> Iterator[Finding]:
        for text, place in localities:
            problem = locality_problem(text)
            if problem:
                yield self._refused(
                    place,
                    f'The locality "{text}" for {policy.title} {problem}',
                    "Write region, region/zone or region/zone/subzone, with * at the end for the rest.",
                )

    def _check_overlaps(
        self, policy: Policy, localities: list[tuple[str, Place]], *, in_order: bool
    ) -> Iterator[Finding]:
        """A locality that another one of the list covers.

        Istio compares each with those before it, and the keys of a mapping have no order: there it
        refuses the rule now and takes it then.
        """
        good = [(text, place) for text, place in localities if locality_problem(text) is None]
        for (first, _before), (second, after) in combinations(good, 2):
            if locality_covers(first, second) or (not in_order and locality_covers(second, first)):
                yield self._refused(
                    after,
                    f'The localities "{first}" and "{second}" for {policy.title} overlap',
                    "Remove one of the two, or make them exclude each other.",
                )

    def _check_failover(self, policy: Policy, view: View) -> Iterator[Finding]:
        for index, entry in enumerate(as_list(view.data.get("failover"))):
            if not isinstance(entry, dict):
                continue
            ends = {name: entry.get(name) or "" for name in ("from", "to")}
            if not all(map(is_text, ends.values())):
                continue
            for name, region in ends.items():
                if "/" in region or "*" in region:
                    yield self._refused(
                        view.at("failover", index, name),
                        f'The failover for {policy.title} names "{region}", which is no region',
                        "Write the region alone, without zone and wildcard.",
                    )
            if ends["from"] == ends["to"]:
                yield self._refused(
                    view.at("failover", index, "to"),
                    f'The failover for {policy.title} goes from "{ends["from"]}" to the same region',
                    "Name another region.",
                )

"""TS318: the load balancer of a traffic policy."""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt
from typing import Any, TypeGuard

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Finding,
    Place,
    Policy,
    Rule,
    Severity,
    View,
    as_list,
    duration_problem,
    is_integer,
    is_text,
    listed,
    traffic_policies,
)

_KEYS = ("httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName")
_LARGEST_TABLE = 5_000_011


class LoadBalancer(Rule[DestinationRule]):
    """A load balancer is of one kind, and its hash and warm-up can be built.

    What it checks:
        Each `loadBalancer`: not both `simple` and `consistentHash`, nor both `localityLbSetting` and
        `zoneAwareLbSetting`.  A `consistentHash` has one key and one algorithm; its cookie and the
        cookie's attributes have names, each once; the table of `maglev` has a prime size below
        5000011.  `warmup` has a duration of 1ms or more, a `minimumPercent` up to 100 and an
        `aggression` above 0.  Localities are TS319.

    Why it matters:
        The API server or Istio's webhook refuses the DestinationRule: none of its subsets and policies
        change, and the deployment fails.

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
              consistentHash:
                httpHeaderName: x-user
                maglev:
                  tableSize: 1000  # <-
              warmup:
                duration: 0s  # <-
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
            loadBalancer:
              consistentHash:
                httpHeaderName: x-user
                maglev:
                  tableSize: 1009
              warmup:
                duration: 30s
        ```

    How to fix:
        Write what the message says.

    Sources:
        - Istio reference, "Destination Rule", LoadBalancerSettings
        - Istio, destination rule validation: load balancer
    """

    id = "TS318"
    name = "load-balancer"
    severity = Severity.ERROR
    aliases = ("IST0106",)
    needs = ("loadBalancer",)

    def check(self, rule: DestinationRule, catalog: Catalog) -> Iterator[Finding]:
        """Look at the load balancer of each policy."""
        for policy in traffic_policies(rule):
            balancer = policy.part("loadBalancer")
            yield from self._check_one(policy, balancer, ("simple", "consistentHash"))
            pair = ("localityLbSetting", "zoneAwareLbSetting")
            yield from self._check_one(policy, balancer, pair)
            if isinstance(balancer.data.get("consistentHash"), dict):
                yield from self._check_hash(policy, _below(balancer, "consistentHash"))
            if isinstance(balancer.data.get("warmup"), dict):
                yield from self._check_warm_up(policy, _below(balancer, "warmup"))

    def _refused(self, place: Place, problem: str, mend: str) -> Finding:
        return self.finding(place, f"{problem}. Istio refuses the DestinationRule.", help=mend)

    def _check_one(self, policy: Policy, view: View, fields: tuple[str, ...]) -> Iterator[Finding]:
        """Of fields that exclude each other, one at most is there."""
        found = [field for field in fields if view.data.get(field) is not None]
        if len(found) > 1:
            yield self._refused(
                view.at(found[1], key=True),
                f"The {view.path[-1]} for {policy.title} has {listed(found)}, of which only one may stand",
                f"Keep {listed(found, 'or')}.",
            )

    def _check_hash(self, policy: Policy, view: View) -> Iterator[Finding]:
        yield from self._check_one(policy, view, _KEYS)
        yield from self._check_one(policy, view, ("ringHash", "maglev"))
        size = view.data.get("minimumRingSize")
        algorithms = [part for part in ("ringHash", "maglev") if view.data.get(part) is not None]
        if is_integer(size) and size != 0 and algorithms:
            yield self._refused(
                view.at("minimumRingSize"),
                f"The consistentHash for {policy.title} has both minimumRingSize and {algorithms[0]}",
                "Remove minimumRingSize, the older of the two.",
            )
        if isinstance(view.data.get("httpCookie"), dict):
            yield from self._check_cookie(policy, _below(view, "httpCookie"))
        if isinstance(view.data.get("maglev"), dict):
            yield from self._check_table(policy, _below(view, "maglev"))

    def _check_cookie(self, policy: Policy, cookie: View) -> Iterator[Finding]:
        if cookie.data.get("name") in (None, ""):
            yield self._refused(
                cookie.at(key=True), f"The httpCookie for {policy.title} has no name", "Name it."
            )
        seen: set[str] = set()
        for index, entry in enumerate(as_list(cookie.data.get("attributes"))):
            name: Any = entry.get("name") if isinstance(entry, dict) else entry
            if name in (None, ""):
                yield self._refused(
                    cookie.at("attributes", index),
                    f"An attribute of the httpCookie for {policy.title} has no name",
                    "Name it, or remove the entry.",
                )
            elif is_text(name):
                if name in seen:
                    yield self._refused(
                        cookie.at("attributes", index, "name"),
                        f'The httpCookie for {policy.title} has the attribute "{name}" twice',
                        "Remove one of the two.",
                    )
                seen.add(name)

    def _check_table(self, policy: Policy, maglev: View) -> Iterator[Finding]:
        size = maglev.data.get("tableSize")
        if size is None or size == 0:
            yield self._refused(
                maglev.at("tableSize") if size == 0 else maglev.at(key=True),
                f"The maglev table for {policy.title} has no size",
                "Write tableSize: 65537, Envoy's default.",
            )
        elif is_integer(size) and (size >= _LARGEST_TABLE or not _is_prime(size)):
            problem = f"not below {_LARGEST_TABLE}" if size >= _LARGEST_TABLE else "no prime number"
            yield self._refused(
                maglev.at("tableSize"),
                f"The size of the maglev table for {policy.title} is {size}, which is {problem}",
                "Write a prime number such as 65537.",
            )

    def _check_warm_up(self, policy: Policy, warm_up: View) -> Iterator[Finding]:
        duration = warm_up.data.get("duration")
        problem = duration_problem(duration) if is_text(duration) else None
        if duration is None:
            yield self._refused(
                warm_up.at(key=True),
                f"The warmup for {policy.title} has no duration",
                'Add duration, such as "30s".',
            )
        elif problem:
            yield self._refused(
                warm_up.at("duration"),
                f'The duration "{duration}" of the warmup for {policy.title} {problem}',
                'Write a duration such as "30s".',
            )
        percent = warm_up.data.get("minimumPercent")
        if _is_number(percent) and not 0 <= percent <= 100:
            yield self._refused(
                warm_up.at("minimumPercent"),
                f"minimumPercent of the warmup for {policy.title} is {percent}, which is no percentage",
                "Write a number from 0 to 100.",
            )
        aggression = warm_up.data.get("aggression")
        if _is_number(aggression) and aggression <= 0:
            yield self._refused(
                warm_up.at("aggression"),
                f"aggression of the warmup for {policy.title} is {aggression}, not above 0",
                "Write 1.0, which is linear, or more.",
            )


def _below(view: View, field: str) -> View:
    return View(view.resource, (*view.path, field), view.data.get(field))


def _is_number(value: object) -> TypeGuard[float]:
    return is_integer(value) or isinstance(value, float)


def _is_prime(number: int) -> bool:
    if number < 4:
        return number > 0  # Envoy takes a table of one entry, too
    return number % 2 == 1 and all(number % factor for factor in range(3, isqrt(number) + 1, 2))

"""TS719: a rule that SMI does not know."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    Rule,
    Severity,
    as_dict,
    as_list,
    traffic_routings,
)


class SmiRule(Rule[Rollout]):
    """A route of an SMI routing has a rule that SMI does not know.

    What it checks:
        The rules of every route with the provider `smi`: `port`, `scheme` and `authority` are
        found.

    Why it matters:
        The step fails with "Unsupported combination of Provider type and Route Rule type".

    Bad:
        ```yaml
        - step:
            type: K8sTrafficRouting
            name: Route
            identifier: route
            spec:
              type: config
              trafficRouting:
                provider: smi
                spec:
                  name: shop
                  rootService: shop
                  routes:
                  - route:
                      type: http
                      name: main
                      rules:
                      - rule: {type: port, spec: {value: 8080}}  # <-
                      destinations:
                      - destination: {host: stable, weight: 80}
                      - destination: {host: canary, weight: 20}
        ```

    Good:
        ```yaml
        - step:
            type: K8sTrafficRouting
            name: Route
            identifier: route
            spec:
              type: config
              trafficRouting:
                provider: smi
                spec:
                  name: shop
                  rootService: shop
                  routes:
                  - route:
                      type: http
                      name: main
                      rules:
                      - rule: {type: uri, spec: {value: /cart, matchType: prefix}}
                      destinations:
                      - destination: {host: stable, weight: 80}
                      - destination: {host: canary, weight: 20}
        ```

    How to fix:
        Use a rule of type `uri`, `method` or `headers`, or the provider `istio`.

    Sources:
        - harness-core, TrafficRoutingResourceCreator
    """

    id = "TS719"
    name = "smi-rule"
    severity = Severity.ERROR

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the rules of each SMI routing."""
        for routing in traffic_routings(rollout.all_steps):
            for route in routing.routes if routing.provider == "smi" else ():
                for index, entry in enumerate(as_list(route.data.get("rules"))):
                    kind = as_dict(as_dict(entry).get("rule")).get("type")
                    if isinstance(kind, str) and kind in ("port", "scheme", "authority"):
                        yield self.finding(
                            route.at("rules", index, "rule", "type"),
                            f"The route {route.name} in {routing.step.title} has a rule of type {kind}, "
                            "which SMI does not know. The step fails.",
                            help="Use a rule of type uri, method or headers, or the provider istio.",
                        )

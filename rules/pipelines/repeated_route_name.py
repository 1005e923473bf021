"""TS710: a route name that is given twice."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Rollout,
    RoutedRoute,
    Rule,
    Severity,
    TrafficRouting,
    as_dict,
    traffic_routings,
)


class RepeatedRouteName(Rule[Rollout]):
    """Two configured routes have the same name.

    What it checks:
        The names of all routes that traffic routings of a stage configure, and of stages that
        deploy the same service to the same environment. A second step that configures the same
        VirtualService again is an information. Names that an expression hides are not judged, nor
        are steps of which a condition chooses one.

    Why it matters:
        The name is the id by which a later step with `type: inherit` finds the route: it changes
        one of the two, and which one is not told.

    Bad:
        ```yaml
        - step:
            type: K8sTrafficRouting
            name: Route
            identifier: route
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
                  - route:
                      type: http
                      name: main  # <-
                      destinations:
                      - destination: {host: stable, weight: 100}
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
                  - route:
                      type: http
                      name: rest
                      destinations:
                      - destination: {host: stable, weight: 100}
        ```

    How to fix:
        Give each route a name of its own; to change weights, write `type: inherit`.

    Sources:
        - Harness docs, "Kubernetes Traffic Routing Step": Route name
    """

    id = "TS710"
    name = "repeated-route-name"
    severity = Severity.WARNING

    def check(self, rollout: Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the names of the routes of one stage, and of those before it with the same target."""
        first: dict[str, tuple[TrafficRouting, RoutedRoute]] = {}
        for stage in rollout.stages or (rollout,):
            own = stage is rollout
            if not own and not _same_target(stage, rollout):
                continue
            for routing in traffic_routings(stage.steps):
                if routing.mode != "config" or routing.step.is_conditional:
                    continue
                for route in routing.routes:
                    name = route.data.get("name")
                    if not isinstance(name, str):
                        continue
                    if own and name in first:
                        yield self._report(routing, route, *first[name])
                    first.setdefault(name, (routing, route))
            if own:
                return

    def _report(
        self,
        routing: TrafficRouting,
        route: RoutedRoute,
        earlier: TrafficRouting,
        other: RoutedRoute,
    ) -> Finding:
        names = [part.spec.data.get("name") for part in (routing, earlier)]
        again = routing is not earlier and names[0] == names[1]
        return self.finding(
            route.at("name"),
            f'{routing.step.title} configures a route "{route.name}", as {earlier.step.title} does. '
            "A later inherit finds a route by its name, and changes one of the two.",
            severity=Severity.INFO if again else None,
            related=[(other.at("name"), "the name is given here first")],
            help="Write type: inherit to change weights."
            if again
            else "Give it a name of its own.",
        )


def _same_target(one: Rollout, other: Rollout) -> bool:
    """Whether both stages surely deploy the same service to the same place."""
    environments = [as_dict(stage.data.get("spec")).get("environment") for stage in (one, other)]
    references = [as_dict(entry).get("environmentRef") for entry in environments]
    return (
        isinstance(one.service, str)
        and one.service == other.service
        and isinstance(references[0], str)
        and environments[0] == environments[1]
    )

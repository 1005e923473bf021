"""TS202: a weight that is no weight."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Destination,
    Finding,
    Rule,
    Severity,
    Unknown,
    VirtualService,
    is_integer,
    is_placeholder,
    is_text,
)


class WeightRange(Rule[VirtualService]):
    """A weight is a whole number from 0 up.

    What it checks:
        Every `weight` of the `http`, `tls` and `tcp` routes.  An absent one is fine, and so is one that
        a template or an expression gives.

    Why it matters:
        The API server refuses a VirtualService whose weight is a text, a fraction or a boolean, and
        Istio's webhook refuses a negative one: the routes that were there before stay in force.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop, subset: stable}
              weight: "90"  # <-
            - destination: {host: shop, subset: canary}
              weight: 10
        ```
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop, subset: stable}
              weight: 99.5  # <-
            - destination: {host: shop, subset: canary}
              weight: 0.5  # <-
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop, subset: stable}
              weight: 100
            - destination: {host: shop, subset: canary}
              weight: 0
        ```

    How to fix:
        Write whole numbers without quotes or a percent sign.  One per cent is the smallest step.

    Sources:
        - Istio reference, "Virtual Service", HTTPRouteDestination.weight
        - Istio, virtual service validation: "weight … < 0"
    """

    id = "TS202"
    name = "weight-range"
    severity = Severity.ERROR
    aliases = ("IST0106",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Look at each weight."""
        for route in service.routes:
            for destination in route.destinations:
                if not _is_weight(destination.weight):
                    yield self._report(destination)

    def _report(self, destination: Destination) -> Finding:
        wrapper = destination.wrapper or destination
        weight = destination.weight
        what, mend = _explain(weight)
        return self.finding(
            wrapper.at("weight"),
            f"The weight of {_name(destination)} is {what}. A weight is a whole number from 0 up; with "
            "this one the VirtualService is refused and the old routes stay in force.",
            # istioctl reads a number in quotes, which the API server refuses.
            aliases=() if is_text(weight) and weight.isdecimal() else self.aliases,
            help=mend,
        )


def _is_weight(weight: object) -> bool:
    if weight is None or isinstance(weight, Unknown):
        return True
    if is_text(weight):
        return is_placeholder(weight)
    if isinstance(weight, float):
        return weight >= 0 and weight.is_integer()  # 90.0 reaches the API server as 90
    return is_integer(weight) and weight >= 0


def _explain(weight: object) -> tuple[str, str]:
    if isinstance(weight, str):
        digits = weight.strip().removesuffix("%").strip()
        if digits.isdecimal() and len(digits) < 20:
            return f'the text "{weight}"', f"Write it as a number: `weight: {int(digits)}`."
        return f'the text "{weight}"', "Write a whole number."
    if isinstance(weight, bool):
        return f"the boolean {str(weight).lower()}", "Write a whole number."
    if isinstance(weight, int | float) and weight < 0:
        return f"{weight}, which is negative", "Write 0 to send it nothing."
    if isinstance(weight, float):
        return (
            f"the fraction {weight:g}",
            "Use whole numbers that sum to 100, such as 33, 33 and 34.",
        )
    return "no number", "Write a whole number."


def _name(destination: Destination) -> str:
    host, subset = destination.host, destination.subset
    if isinstance(subset, str):
        return f'subset "{subset}"'
    return f'host "{host}"' if isinstance(host, str) else "this destination"

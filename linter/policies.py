"""Traffic policies: all places where a DestinationRule says how clients reach a host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from .document import Path
from .resource import DestinationRule, Subset, View, as_list
from .values import HIDDEN, Unknown, is_integer

#: The parts of a trafficPolicy; a port-level one has the first four.
POLICY_PARTS: Final = (
    "connectionPool",
    "loadBalancer",
    "outlierDetection",
    "tls",
    "portLevelSettings",
    "tunnel",
    "proxyProtocol",
    "retryBudget",
)


class Policy(View):
    """A `trafficPolicy`, or one entry of its `portLevelSettings`.

    `subset` is the subset that it belongs to, None for that of the rule.  `within` is the policy around
    a port-level one.
    """

    def __init__(
        self,
        rule: DestinationRule,
        path: Path,
        data: object,
        subset: Subset | None,
        within: Policy | None = None,
    ) -> None:
        super().__init__(rule, path, data)
        self.rule = rule
        self.subset = subset
        self.within = within

    @property
    def level(self) -> Literal["rule", "subset", "port"]:
        """Where it stands."""
        if self.within is not None:
            return "port"
        return "rule" if self.subset is None else "subset"

    @property
    def port(self) -> int | None:
        """The port's number, of a port-level policy."""
        port = self.data.get("port")
        number = port.get("number") if isinstance(port, dict) else None
        return number if is_integer(number) else None

    def part(self, name: str) -> View:
        """A part of it, such as `tls`; an empty one where it is absent."""
        return View(self.resource, (*self.path, name), self.data.get(name))

    def has(self, name: str) -> bool:
        """Whether a part is there; one that an expression hides is."""
        return is_present(self.data.get(name))

    @property
    def title(self) -> str:
        """`DestinationRule shop`, `subset "v1" of …`, `port 80 of …`, for messages."""
        title = self.resource.title
        if self.subset is not None:
            name = self.subset.name
            shown = name.text if isinstance(name, Unknown) else name or ""
            title = f'subset "{shown}" of {title}'
        if self.level != "port":
            return title
        port = self.port
        return f"port {'(unknown)' if port is None else port} of {title}"


def is_present(value: Any) -> bool:
    """Whether a field counts as written: null and an empty list do not, an empty mapping does."""
    return value is not None and value != []


def traffic_policies(rule: DestinationRule) -> Iterator[Policy]:
    """Every policy of a rule: its own, those of its subsets, each followed by its port-level ones.

    What is no mapping, or has fields that an expression hides, is left out.
    """
    kept = vars(rule)  # several rules ask, and the answer must go when the object goes
    if "_policies" not in kept:
        kept["_policies"] = tuple(_read_policies(rule))
    return iter(kept["_policies"])


def _read_policies(rule: DestinationRule) -> Iterator[Policy]:
    own = rule.spec.get("trafficPolicy")
    if isinstance(own, dict) and not _hides_fields(own):
        yield from _with_ports(Policy(rule, ("spec", "trafficPolicy"), own, None))
    for subset in rule.subsets:
        data = subset.data.get("trafficPolicy")
        if isinstance(data, dict) and not _hides_fields(data):
            yield from _with_ports(Policy(rule, (*subset.path, "trafficPolicy"), data, subset))


def _hides_fields(data: Any) -> bool:
    """Whether the name of a field is an expression, so that any field may be there."""
    if isinstance(data, dict):
        return any(
            key == "?" or HIDDEN.search(key) or _hides_fields(value) for key, value in data.items()
        )
    return isinstance(data, list) and any(map(_hides_fields, data))


def says_nothing(data: Mapping[str, Any], *, but: str = "") -> bool:
    """Whether a mapping has no field that says something, apart from one; a misspelt field says something."""
    return not any(is_present(value) for key, value in data.items() if key != but)


def _with_ports(policy: Policy) -> Iterator[Policy]:
    yield policy
    for index, entry in enumerate(as_list(policy.data.get("portLevelSettings"))):
        if isinstance(entry, dict):
            path = (*policy.path, "portLevelSettings", index)
            yield Policy(policy.rule, path, entry, policy.subset, policy)

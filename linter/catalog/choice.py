"""Which DestinationRule a client gets for a host.

Istio asks the client's namespace first, then the service's, then the root namespace; the first that
has a rule for the host wins as a whole, and within it the most specific host.  A client of the root
namespace gets that namespace's own rules first only if they are private to it.  Source: Istio,
pilot/pkg/model/push_context.go (`destinationRule`, `setDestinationRules`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from ..resource import DestinationRule, known_namespace
from ..values import Unknown, is_text
from .company import Together
from .hosts import Host

if TYPE_CHECKING:
    from ..scope import Scope
    from .clients import ClientCatalog


def chosen_clients(rule: DestinationRule) -> bool:
    """Whether the rule is for some pods of its namespace only (`workloadSelector`)."""
    return rule.spec.get("workloadSelector") is not None


def is_private(rule: DestinationRule, catalog: ClientCatalog) -> bool:
    """Whether only clients of the rule's own namespace get it."""
    scopes = set(map(str, catalog.exported_to(rule)))
    return chosen_clients(rule) or (bool(scopes) and scopes <= {".", rule.namespace})


def takes_part(rule: DestinationRule, client: str | None, catalog: ClientCatalog) -> bool:
    """Whether a rule takes part in the choice for clients of a namespace, be it exported to them or not.

    Among the rules of another namespace, Istio picks the most specific host first and looks at
    `exportTo` afterwards; only private ones are left out before.
    """
    owner = known_namespace(rule)
    if client is None or owner is None or isinstance(rule.spec.get("exportTo"), Unknown):
        return True
    return owner == client or not is_private(rule, catalog)


def first_in_line(
    rules: Sequence[DestinationRule],
    client: str | None,
    service: str | None,
    catalog: ClientCatalog,
) -> list[DestinationRule]:
    """Those of some rules for one host that stand before the others for clients of a namespace.

    All of them where a namespace that decides is not known.
    """
    if client is None or any(known_namespace(rule) is None for rule in rules):
        return list(rules)
    root = catalog.root_namespace
    line: list[Callable[[DestinationRule], bool]] = [
        lambda rule: (
            known_namespace(rule) == client and (client != root or is_private(rule, catalog))
        )
    ]
    if service is not None:
        line.append(lambda rule: known_namespace(rule) == service)
        line.append(lambda rule: known_namespace(rule) == root)
    for stands_here in line:
        found = [rule for rule in rules if stands_here(rule)]
        if found:
            return found
    return list(rules)


def rival_rules(
    scope: Scope,
    catalog: ClientCatalog,
    compete: Callable[[DestinationRule, DestinationRule], bool] = lambda _first, _second: True,
) -> Iterator[tuple[DestinationRule, DestinationRule, Together]]:
    """Pairs of rules of one namespace, for one host and all of its clients, that deploy together.

    The second stands later in the tree, or is the one that is linted.  Only pairs that `compete` are
    given; it is asked first, for a host may have hundreds of rules.
    """
    groups: dict[tuple[Host, str], list[DestinationRule]] = defaultdict(list)
    for rule in scope.of(DestinationRule):
        hidden = isinstance(rule.namespace, Unknown) or isinstance(
            rule.spec.get("exportTo"), Unknown
        )
        if is_text(rule.host) and is_text(rule.name) and not hidden and not chosen_clients(rule):
            groups[catalog.host(rule.host, rule), str(rule.namespace)].append(rule)
    for rules in groups.values():
        rules.sort(key=lambda rule: not rule.file.context)
        for first, second in combinations(rules, 2):
            if first.name != second.name and compete(first, second):
                together = catalog.together(first, second)
                if together > Together.NO:
                    yield first, second, together

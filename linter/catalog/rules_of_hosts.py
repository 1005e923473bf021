"""The DestinationRules of a host: which are for it, which of them apply."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from ..resource import DestinationRule, Resource, known_namespace
from ..values import UNKNOWN_MARK, Unknown, is_text
from .choice import takes_part
from .clients import Asked, ClientCatalog
from .hosts import EXTERNAL, Host, HostIndex

#: What stands in a name for a part that only the deployment knows.
_EXPRESSION: Final = re.compile(
    r"\$\{.*?\}|<\+.*?>|\$\(.*?\)|\{\{.*?\}\}|\$\w+|" + UNKNOWN_MARK, re.DOTALL
)
#: How specific a host without a wildcard is: more than any with one.
_EXACT: Final = 1000


class Choice(NamedTuple):
    """The DestinationRules that Istio chooses from for a host.

    `standing`: all of them, each with how specific its host is; `seen`: those exported to the clients;
    `applying`: those of them that are the most specific of their namespace.
    """

    standing: list[tuple[int, DestinationRule]]
    seen: list[DestinationRule]
    applying: list[DestinationRule]


class RuleCatalog(ClientCatalog):
    """Which DestinationRules are for a host."""

    @cached_property
    def _rules(self) -> HostIndex[DestinationRule]:
        index: HostIndex[DestinationRule] = HostIndex()
        for rule in self.resources(DestinationRule):
            index.add(rule.host, rule, self.host)
        return index

    def destination_rules(self, host: str, asker: Resource) -> list[DestinationRule]:
        """The DestinationRules that apply to a host for some client of `asker`'s routes.

        Per namespace the most specific host wins (an exact one before a wildcard); rules that are not
        exported to `asker`'s clients are left out.  Source: Istio, `DestinationRule` lookup order.
        """
        return self._choice(host, asker).applying

    def _choice(self, host: str, asker: Resource) -> Choice:
        target = self.host(host, asker)
        key = self._asked(target, host, asker)
        if key not in self._choices:
            self._choices[key] = self._choose(target, host, asker)
        return self._choices[key]

    @cached_property
    def _choices(self) -> dict[Asked, Choice]:
        return {}

    def _choose(self, target: Host, host: str, asker: Resource) -> Choice:
        standing = self._standing(target, host, asker)
        longest: dict[str | None, int] = {}
        for length, rule in standing:
            namespace = known_namespace(rule)
            longest[namespace] = max(length, longest.get(namespace, 0))
        seen = [(length, rule) for length, rule in standing if self._visible(rule, asker)]
        applying = [rule for length, rule in seen if length == longest[known_namespace(rule)]]
        return Choice(standing, [rule for _length, rule in seen], applying)

    def _standing(
        self, target: Host, host: str, asker: Resource
    ) -> list[tuple[int, DestinationRule]]:
        """The rules that Istio chooses from, each with how specific its host is."""
        client = self._client(asker)
        exact = [
            (_EXACT, rule)
            for known, rule in self._rules.by_name.get(target.name, ())
            if known.same(target) and takes_part(rule, client, self)
        ]
        return exact + [
            (len(pattern), rule)
            for pattern, rule in self._rules.wild
            if takes_part(rule, client, self) and self._wildcard_covers(pattern, target, host)
        ]

    def _wildcard_covers(self, pattern: str, target: Host, written: str) -> bool:
        suffix = pattern[1:]
        if not suffix or written.lower().rstrip(".").endswith(suffix):
            return True
        if target.namespace == EXTERNAL:
            return target.name.endswith(suffix)
        full = f"{target.name}.{target.namespace}.svc.{self.domain}"
        if target.namespace is not None:
            return full.endswith(suffix)
        return suffix.endswith(f".svc.{self.domain}") or f".svc.{self.domain}".endswith(suffix)

    def covers(self, pattern: str, host: str, asker: Resource) -> bool:
        """Whether a host with a wildcard covers a host that `asker` names."""
        return self._wildcard_covers(pattern.lower(), self.host(host, asker), host)

    def rules_for(self, host: str, asker: Resource) -> list[DestinationRule]:
        """The DestinationRules whose host is the one that `asker` names, exported to it or not."""
        target = self.host(host, asker)
        found = [
            rule for known, rule in self._rules.by_name.get(target.name, ()) if known.same(target)
        ]
        if "*" in target.name:
            found += [
                rule for pattern, rule in self._rules.wild if self.host(pattern, rule).same(target)
            ]
        return found

    def wider_rules(self, rule: DestinationRule) -> list[DestinationRule]:
        """The rules near a rule whose host has a wildcard and covers the rule's host."""
        host = rule.host
        if not is_text(host) or not host:
            return []
        wider = [
            other
            for pattern, other in self._rules.wild
            if pattern != host.lower() and self.covers(pattern, host, rule)
        ]
        return self.nearest(wider, rule)

    def _of_hidden_host(self, target: Host, asker: Resource) -> list[DestinationRule]:
        """The DestinationRules that deploy with `asker` and whose host may be the one asked for."""
        may = [rule for host, rule in self._rules.hidden if self._may_be_host(host, target)]
        return self.nearest(may, asker)

    def _may_be_host(self, hidden: object, target: Host) -> bool:
        full = f"{target.name}.{target.namespace}.svc.{self.domain}"
        return may_be(hidden, target.name) or may_be(hidden, full)


def may_be(hidden: object, name: str) -> bool:
    """Whether a name that an expression hides in part may be `name`, judged by the rest of it."""
    if not isinstance(hidden, Unknown):
        return hidden == name
    return _pattern_of(hidden.text).fullmatch(name) is not None


@lru_cache(maxsize=1000)
def _pattern_of(hidden: str) -> re.Pattern[str]:
    """A name that an expression hides in part, as a regular expression."""
    return re.compile(".*".join(map(re.escape, _EXPRESSION.split(hidden.lower()))))

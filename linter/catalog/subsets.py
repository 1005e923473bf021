"""The subsets of a host: who defines them, who hides them, who uses them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Final

from ..resource import Destination, DestinationRule, Resource, known_namespace
from ..values import is_text
from .choice import first_in_line
from .hosts import EXTERNAL, Host, namespaces_meet
from .lookup import Lookup
from .nearby import at_hand, common_folder, folder_of
from .providers import ProviderCatalog
from .references import has_controller_marks
from .slips import one_slip_away
from .tree import is_built

_RULE: Final = re.compile(r"\bDestinationRule\b")


class SubsetCatalog(ProviderCatalog):
    """Which subsets a host has."""

    def subset(self, host: str, subset: str, asker: Resource) -> Lookup:
        """Whether a subset of a host is defined.

        Absent only if a DestinationRule for the host is in sight, deploys with `asker` as far as one
        can tell, and none that applies defines the subset; `hidden` are those that define it and that
        the ones that apply keep from `asker`'s clients.
        """
        key = (asker, host, subset)
        if key not in self._subset_answers:
            self._subset_answers[key] = self._find_subset(host, subset, asker)
        return self._subset_answers[key]

    @cached_property
    def _subset_answers(self) -> dict[tuple[Resource, str, str], Lookup]:
        """Answers by who asked and what: several rules ask the same of one object."""
        return {}

    def _find_subset(self, host: str, subset: str, asker: Resource) -> Lookup:
        rules = self.destination_rules(host, asker)
        near = self.nearest(rules, asker)
        first = self.first_rules(host, asker)
        asked = self._namespaces_asked(host, asker)
        out_of_line = [rule for rule in near if asked and known_namespace(rule) not in asked]
        candidates = [*first, *out_of_line] if near else rules
        defining = [rule for rule in candidates if _defines(rule, subset)]
        if defining:
            return Lookup("found", tuple(defining))
        target = self.host(host, asker)
        if any(_defines(rule, subset) for rule in self._of_hidden_host(target, asker)):
            return Lookup("found")
        if not is_built(asker) and self._patched(subset):
            return Lookup("unseen")
        hidden = self._hidden_definitions(host, subset, asker)
        if hidden:
            before = first or self._before(hidden[0], host, asker)
            return Lookup("absent", tuple(before), hidden=tuple(hidden))
        owners = tuple(rule for rule in near if self._owns(rule, target, asker))
        if not any(rule.subsets for rule in owners):  # a policy alone leaves them to another rule
            owners = tuple(at_hand(owners, asker))
        elsewhere = any(_defines(rule, subset) for rule in rules)
        # Of alternatives in several places, one that has the subset may be meant.
        if not owners or (elsewhere and not self.meant(owners, asker)):
            return Lookup("unseen")
        if self._is_out_of_sight(subset, owners, asker):
            return Lookup("unseen")
        names = {name for rule in owners for name in defined_subsets(rule)}
        return Lookup("absent", owners, one_slip_away(subset, names))

    def _is_out_of_sight(self, subset: str, owners: Sequence[Resource], asker: Resource) -> bool:
        """Whether a file beside those of the run may define a subset: single files were given."""
        if self.sight is None:
            return False
        named = rf"""\bname["']?[ \t]*:[ \t]*["']?{re.escape(subset)}["']?[ \t]*(?:$|[,}}#])"""
        name = re.compile(named, re.MULTILINE)

        def defines(text: str) -> bool:
            rule = _RULE.search(text)
            return rule is not None and name.search(text, rule.end()) is not None

        folders = set(map(folder_of, [asker, *owners]))
        if at_hand(owners, asker):
            return any(self.sight.elsewhere(folder, defines, below=False) for folder in folders)
        return self.sight.elsewhere(common_folder(folders), defines)

    def first_rules(self, host: str, asker: Resource) -> list[DestinationRule]:
        """Of the rules that apply and deploy with `asker`, those that hide the others from its clients.

        No namespace's rules are merged with those of another: the first one that has any wins.
        """
        near = self.nearest(self.destination_rules(host, asker), asker)
        service = self._service_namespace(host, asker)
        return first_in_line(near, self._client(asker), service, self)

    def _service_namespace(self, host: str, asker: Resource) -> str | None:
        """Where the service of a host lives; None if nothing in sight tells."""
        target = self.host(host, asker)
        if target.namespace != EXTERNAL:
            return target.namespace
        lookup = self.provider(host, asker)
        owners = {known_namespace(item) for item in lookup.items if lookup.state == "found"}
        return owners.pop() if len(owners) == 1 else None

    def _namespaces_asked(self, host: str, asker: Resource) -> set[str | None]:
        """The namespaces whose rules Istio asks for `asker`'s clients; empty where one is not known."""
        client, service = self._client(asker), self._service_namespace(host, asker)
        if client is None or service is None:
            return set()
        return {client, service, self.root_namespace, None}

    def _hidden_definitions(self, host: str, subset: str, asker: Resource) -> list[DestinationRule]:
        """The rules for the host that define the subset, in sight of `asker`'s clients but for others."""
        seen = self._choice(host, asker).seen
        return [rule for rule in self.nearest(seen, asker) if _defines(rule, subset)]

    def _before(self, hidden: DestinationRule, host: str, asker: Resource) -> list[DestinationRule]:
        """The rules of the same namespace with a more specific host."""
        standing = self._choice(host, asker).standing
        length = next(length for length, rule in standing if rule is hidden)
        namespace = known_namespace(hidden)
        return [r for own, r in standing if own > length and known_namespace(r) == namespace]

    def _owns(self, rule: DestinationRule, target: Host, asker: Resource) -> bool:
        """Whether a rule that applies to a host is the one that would define its subsets.

        A policy for many hosts or for chosen clients is not, nor is a rule of a namespace that is
        neither the client's nor the service's: in both cases another rule may stand before it.
        """
        if rule.spec.get("workloadSelector"):
            return False
        namespace = known_namespace(rule)
        if target.namespace == EXTERNAL or any(
            namespaces_meet(namespace, other)
            for other in (known_namespace(asker), target.namespace)
        ):
            return bool(rule.subsets) or not str(rule.host).startswith("*")
        return namespace == self.root_namespace and bool(rule.subsets)

    def _patched(self, subset: str) -> bool:
        """Whether a kustomize patch in sight speaks of a subset of that name."""
        return any(subset in text for text in self._patch_texts)

    @cached_property
    def _patch_texts(self) -> list[str]:
        return [text for text in self._kustomizing_texts if "subsets" in text]

    # -- who uses a DestinationRule ---------------------------------------------------------------

    def destinations_to(self, rule: DestinationRule) -> list[Destination] | None:
        """The destinations of routes, mirrors included, whose host a rule is for; those near it only.

        None where an expression hides some that may be among them.
        """
        if not is_text(rule.host) or not rule.host:
            return None
        references = self._references
        target = self.host(rule.host, rule)
        hidden = [to.resource for to in references.hidden if self._may_be_host(to.host, target)]
        if self.nearest([*references.hiding, *hidden], rule):
            return None
        if rule.host.startswith("*"):
            pattern = rule.host.lower()
            found = [
                to
                for pairs in references.by_name.values()
                for host, to in pairs
                if self._wildcard_covers(pattern, host, str(to.host))
            ]
        else:
            pairs = references.by_name.get(target.name, [])
            found = [to for host, to in pairs if host.same(target)]
        services = list({id(to.resource): to.resource for to in found}.values())
        near = {id(service) for service in self.nearest(services, rule)}
        return [to for to in found if id(to.resource) in near]

    def has_controller(self, rule: DestinationRule) -> bool:
        """Whether Argo Rollouts or Flagger writes into a rule, as far as one can see."""
        if has_controller_marks(rule):
            return True
        return any(
            namespaces_meet(known_namespace(rollout), known_namespace(rule))
            for rollout in self._references.rollouts_of(rule)
        )


def defined_subsets(rule: DestinationRule) -> frozenset[str]:
    """The names of a rule's subsets; Harness writes `stable` and `canary` into a managed one."""
    return rule.subset_names if rule.managed is False else rule.subset_names | {"stable", "canary"}


def _defines(rule: DestinationRule, subset: str) -> bool:
    return rule.hides_subsets or subset in defined_subsets(rule)

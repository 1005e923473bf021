"""TS213: a route handed to a VirtualService that does not take it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tsplit_lint import (
    Catalog,
    Delegation,
    Finding,
    Route,
    Rule,
    Severity,
    VirtualService,
    as_dict,
    as_list,
    delegation,
    dns_label_problem,
    is_exported,
    is_text,
    listed,
    match_conflicts,
)


class DelegateChain(Rule[VirtualService]):
    """A delegate is there, has no hosts, does not delegate again, and fits the route that names it.

    What it checks:
        Every http route with `delegate`.  The VirtualService that it names must have no `hosts`, must
        be exported to the namespace of the root (by its `exportTo`, else by the mesh's default), and
        must not delegate in turn.  Each match of the delegate's routes must lie within a match of the
        root's route: a longer prefix, or the same exact text; a regular expression fits with nothing.
        Where another root in sight takes what conflicts with this one, it is a warning.  That no such
        VirtualService is in sight is said only where everything is (`--complete`).

    Why it matters:
        Istio accepts all of these objects, and then leaves the route out with no more than a line in
        the log of istiod: requests get 404, or go where a later route sends them.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
          namespace: web
        spec:
          hosts: [shop.example.com]
          gateways: [shop]
          http:
          - match:
            - uri: {prefix: /cart}
            delegate: {name: cart, namespace: cart}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: cart
          namespace: cart
        spec:
          http:
          - match:
            - uri: {prefix: /api/cart}  # <-
            route:
            - destination: {host: cart}
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
          namespace: web
        spec:
          hosts: [shop.example.com]
          gateways: [shop]
          http:
          - match:
            - uri: {prefix: /cart}
            delegate: {name: cart, namespace: cart}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: cart
          namespace: cart
        spec:
          http:
          - match:
            - uri: {prefix: /cart/v2}
            route:
            - destination: {host: cart}
        ```

    How to fix:
        Name a VirtualService without `hosts`, in the namespace that is written (the root's, where
        none is), and make each of its matches narrower than one of the root's.

    Sources:
        - Istio reference, "Virtual Service", HTTPRoute.delegate and Delegate
        - istio/istio, pilot/pkg/model/virtualservice.go: how routes of delegates are merged
    """

    id = "TS213"
    name = "delegate-chain"
    severity = Severity.ERROR
    aliases = ("IST0106",)
    needs = ("delegate",)

    def check(self, service: VirtualService, catalog: Catalog) -> Iterator[Finding]:
        """Follow the delegates of one VirtualService."""
        for route in service.http:
            named = delegation(route, catalog)
            if named is None or named.hidden:
                continue
            if not service.hosts and not service.hides("hosts"):
                yield self._chained(route)
            elif not named.found:
                yield from self._absent(route, named, catalog)
            elif named.delegate is None:
                yield from self._has_hosts(route, named, catalog)
            elif not is_exported(named.delegate, service, catalog):
                if not _exports_wrongly(named.delegate, catalog):
                    yield self._not_exported(route, named.delegate, catalog)
            else:
                yield from self._conflicts(route, named.delegate, catalog)

    def _chained(self, route: Route) -> Finding:
        return self.finding(
            route.at("delegate", key=True),
            "A VirtualService without hosts is itself a delegate, and a delegate cannot delegate again: "
            "Istio refuses the object.",
            help="Give the route its destinations here, or delegate to both from the root.",
        )

    def _absent(self, route: Route, named: Delegation, catalog: Catalog) -> Iterator[Finding]:
        if not named.name:
            yield self.finding(
                route.at("delegate", key=True),
                "The delegate has no name: Istio drops the route.",
                aliases=(),
                help="Name the VirtualService that takes the requests.",
            )
        elif catalog.complete(route.resource):
            where = f' in namespace "{named.namespace}"' if named.namespace else ""
            yield self.finding(
                route.at("delegate", "name"),
                f'There is no VirtualService "{named.name}"{where}: Istio drops the route, and what it '
                "matches gets 404 or goes to a later route.",
                aliases=(),
                help="Correct the name or the namespace; without one, the root's is taken.",
            )

    def _has_hosts(self, route: Route, named: Delegation, catalog: Catalog) -> Iterator[Finding]:
        target = next(_meant(route, named, catalog), None)
        if target is None or not target.hosts:
            return  # none is in sight, or an expression hides its hosts
        hosts = listed([f'"{host}"' for host in target.hosts])
        yield self.finding(
            route.at("delegate", "name"),
            f"{target.title} has hosts ({hosts}), so it is no delegate: Istio drops this route.",
            aliases=(),
            related=[(target.at("spec", "hosts", key=True), "a delegate has none")],
            help=f"Remove spec.hosts and spec.gateways from {target.title}.",
        )

    def _not_exported(self, route: Route, delegate: VirtualService, catalog: Catalog) -> Finding:
        by_default = ""
        related = [(delegate.at("spec", "exportTo", key=True), "who may see the delegate")]
        if not delegate.spec.get("exportTo"):
            entries = listed([f'"{entry}"' for entry in catalog.exported_to(delegate)])
            by_default = f" (it has no exportTo, and the mesh's default is {entries})"
            default = catalog.meshwide.default_told_at(delegate, catalog)
            related = [(delegate.head(), "the delegate")]
            related += [(default, "the mesh's default")] if default else []
        return self.finding(
            route.at("delegate", "name"),
            f"{delegate.title} is not exported to the namespace of {route.resource.title}{by_default}: "
            "Istio drops this route.",
            aliases=(),
            related=related,
            help="Add the root's namespace to its exportTo.",
        )

    def _conflicts(
        self, root: Route, delegate: VirtualService, catalog: Catalog
    ) -> Iterator[Finding]:
        for route in delegate.http:
            for conflict in match_conflicts(root.matches, route.matches):
                shared = any(
                    not list(match_conflicts(other.matches, route.matches))
                    for other in _roots_of(delegate, catalog)
                )
                why = f"{conflict.field} does not fit"
                mend = "Make the match narrower than the root's: a longer prefix, or the same text."
                if _has_regex([*root.matches, route.matches[conflict.index]], conflict.field):
                    why = f"Istio compares no regular expressions, and {conflict.field} has one"
                    mend = f"Write {conflict.field} as a prefix or exact text, or in one of the two only."
                yield self.finding(
                    route.at("match", conflict.index),
                    f"This match lies within no match of the route of {root.resource.title} that "
                    f"delegates here ({why}): Istio drops the whole route.",
                    severity=Severity.WARNING if shared else None,
                    aliases=(),
                    related=[(root.at("delegate", key=True), "the route that delegates")],
                    help=mend,
                )


def _has_regex(matches: Sequence[object], field: str) -> bool:
    """Whether one of the matches has a regular expression for a field."""
    return any("regex" in as_dict(as_dict(match).get(field)) for match in matches)


def _meant(root: Route, named: Delegation, catalog: Catalog) -> Iterator[VirtualService]:
    """Those of the name that deploy with the route; of one folder's alternatives none is known to."""
    owner = root.resource
    for found in catalog.meant(named.found, owner):
        if found.file.scope is not owner.file.scope or catalog.together(owner, found):
            yield found


def _roots_of(delegate: VirtualService, catalog: Catalog) -> Iterator[Route]:
    """The routes in sight that delegate to a VirtualService."""
    for service in catalog.resources(VirtualService):
        for route in service.http:
            if "delegate" in route.data:
                named = delegation(route, catalog)
                if named is not None and named.delegate is delegate:
                    yield route


def _exports_wrongly(delegate: VirtualService, catalog: Catalog) -> bool:
    """Whether its exportTo names what is no namespace, or one that is not there: TS413 says so."""
    named = [
        entry
        for entry in as_list(delegate.spec.get("exportTo"))
        if is_text(entry) and entry not in (".", "*")
    ]
    known = catalog.mesh.known_names if catalog.complete(delegate) else set()
    return delegate.document.is_linted and any(
        dns_label_problem(entry) or (known and entry not in known) for entry in named
    )

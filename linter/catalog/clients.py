"""Hosts as their askers name them, and who sees which object."""

from __future__ import annotations

from typing import Any, Final

from ..resource import Resource, Service, VirtualService, as_list, known_namespace
from ..values import Unknown, is_text
from .hosts import EXTERNAL, Host, canonical_host, namespaces_meet
from .tree import TreeCatalog

_EXPORT_TO: Final = "networking.istio.io/exportTo"

#: What an answer depends on, apart from places: host, host as written, namespace, by gateways, delegate.
Asked = tuple[Host, str, str | None, str | None, bool, bool]


class ClientCatalog(TreeCatalog):
    """What a route's clients can see."""

    def host(self, host: str, asker: Resource) -> Host:
        """The comparable form of a host that `asker` names."""
        return canonical_host(host, known_namespace(asker), self.domain)

    def full_name(self, host: str, asker: Resource) -> str:
        """The name that Istio gives a host, for messages; `<namespace>` where none is known."""
        found = self.host(host, asker)
        if found.namespace == EXTERNAL:
            return found.name
        return f"{found.name}.{found.namespace or '<namespace>'}.svc.{self.domain}"

    def exported_to(self, resource: Resource) -> list[Any]:
        """Who sees an object: what it says itself (a Service in an annotation), else the mesh's default.

        Empty where nothing is said: all see it.  An entry is Unknown where an expression hides it.
        """
        return _written_exports(resource) or self.meshwide.default_export(resource, self)

    def _asked(self, target: Host, host: str, asker: Resource) -> Asked:
        """All that an answer depends on, apart from places."""
        return (
            target,
            host.lower(),
            known_namespace(asker),
            self._client(asker),
            serves_gateways(asker),
            may_be_delegate(asker),
        )

    def _client(self, asker: Resource) -> str | None:
        """The namespace of the clients that `asker`'s routes are judged by; None where it is not known.

        A route is for the clients of its own namespace among others, unless it is exported elsewhere only.
        """
        if serves_gateways(asker):
            return None
        namespace = known_namespace(asker)
        if not isinstance(asker, VirtualService):
            return namespace
        scopes = [value for value in self.exported_to(asker) if value != "~"]
        if not scopes or any(scope in ("*", ".", namespace) for scope in scopes):
            return namespace
        return scopes[0] if len(scopes) == 1 and is_text(scopes[0]) else None

    def _visible(self, resource: Resource, asker: Resource) -> bool:
        """Whether `exportTo` lets a client of `asker`'s routes see the object."""
        scopes = self.exported_to(resource)
        if not scopes or any(value == "*" or isinstance(value, Unknown) for value in scopes):
            return True
        client = self._client(asker)
        return (
            client is None
            or client in scopes
            or ("." in scopes and namespaces_meet(known_namespace(resource), client))
        )

    def _offered(self, provider: Resource, asker: Resource) -> bool:
        """Whether a client of `asker`'s routes, or one that both are for, sees what provides a host.

        What a team exports to other namespaces and not to its own is for the clients there, and so are
        the routes and policies that it writes beside it.  The clients of a delegate are those of the
        routes that delegate to it.
        """
        if self._visible(provider, asker):
            return True
        named = [value for value in self.exported_to(provider) if value not in (".", "~")]
        namespace = known_namespace(provider)
        is_own = namespace is not None and namespace == self._client(asker)
        return bool(named) and (is_own or may_be_delegate(asker))


def _written_exports(resource: Resource) -> list[Any]:
    """Who sees an object, as it says itself: a Service has it in an annotation."""
    scopes = resource.spec.get("exportTo")
    if isinstance(resource, Service):
        scopes = resource.annotations.get(_EXPORT_TO)
        if isinstance(scopes, Unknown):
            return [scopes]
        scopes = scopes.replace(" ", "").split(",") if is_text(scopes) else []
    if isinstance(scopes, Unknown):
        return [scopes]
    return [value for value in as_list(scopes) if value]


def may_be_delegate(asker: Resource) -> bool:
    """Whether an object is a VirtualService without hosts of its own: others delegate to it."""
    return isinstance(asker, VirtualService) and not asker.hosts


def serves_gateways(asker: Resource) -> bool:
    """Whether an object is a VirtualService for clients of gateways, who may be anywhere."""
    return isinstance(asker, VirtualService) and asker.serves_gateways

"""Conditions: a match as written in a route, read once so that it can be asked many times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple

from ..catalog.gateways import MESH, gateway_key
from ..resource import VirtualService, as_dict, as_list
from ..values import Unknown, is_integer, is_text
from .texts import PRESENT, Text, described, read_text

#: The fields of a match that are no conditions.
_NAMES: Final = frozenset(("name", "statPrefix"))
_STATIC: Final = frozenset(("gateways", "port", "sourceLabels", "sourceNamespace"))
_HTTP: Final = frozenset(
    ("uri", "scheme", "method", "authority", "headers", "withoutHeaders", "queryParams")
)
_KNOWN: Final = {
    "http": _NAMES | _STATIC | _HTTP | {"ignoreUriCase"},
    "tcp": _NAMES | _STATIC | {"destinationSubnets"},
    "tls": _NAMES | _STATIC | {"destinationSubnets", "sniHosts"},
}
_MAPS: Final = ("headers", "withoutHeaders", "queryParams")
_SHAPES: Final[dict[str, type]] = {
    "gateways": list,
    "port": int,
    "sourceLabels": dict,
    "sourceNamespace": str,
    "headers": dict,
    "withoutHeaders": dict,
    "queryParams": dict,
    "sniHosts": list,
    "destinationSubnets": list,
}
_ALL_TEXTS: Final = frozenset((PRESENT, Text("prefix")))
_ALL_PATHS: Final = frozenset(
    (PRESENT, Text("prefix"), Text("prefix", "/"), Text("regex", ".+"), Text("regex", "/?.*"))
)


class Aspect(NamedTuple):
    """What a condition is about: the part of a request, and for headers and parameters its name."""

    part: str
    name: str = ""

    def __str__(self) -> str:
        return f'{self.part} "{self.name}"' if self.name else self.part


@dataclass(frozen=True, slots=True)
class Condition:
    """One text to match; None in `text`: hidden or without sense.  `inverted`: must not match."""

    text: Text | None
    inverted: bool
    words: str = field(default="", compare=False)


Gateways = frozenset[tuple[str | None, str]]


@dataclass
class Conditions:
    """All conditions of one match; every one must hold.

    `understood` is False for a match that an expression hides or that has a field of no known sense:
    nothing is concluded from what it takes.  `gateways` are those that it serves, whether the match or
    the VirtualService names them.  `blank`: no condition is written at all.
    """

    understood: bool = True
    blank: bool = False
    texts: dict[Aspect, tuple[Condition, ...]] = field(default_factory=dict)
    gateways: Gateways | Unknown = frozenset()
    own_gateways: bool = False
    port: int | Unknown | None = None
    labels: Mapping[str, Any] | Unknown = field(default_factory=dict)
    namespace: str | Unknown | None = None
    snis: frozenset[str] | None = frozenset()
    subnets: frozenset[str] | None = frozenset()

    @cached_property
    def aspects(self) -> frozenset[Aspect]:
        """What its texts are about."""
        return frozenset(self.texts)

    @property
    def everything(self) -> bool:
        """Whether it takes every request of the gateways that the VirtualService names."""
        return (
            self.understood
            and not (self.texts or self.own_gateways or self.labels)
            and not (self.snis or self.subnets)
            and self.port is None
            and self.namespace is None
        )


def read_match(match: object, service: VirtualService, protocol: str = "http") -> Conditions:
    """The conditions of an entry of `match`; None stands for a route without `match`."""
    result = Conditions(gateways=service_gateways(service))
    if match is None:
        result.blank = True
        return result
    if not isinstance(match, dict):
        result.understood = False
        return result
    written = {key: value for key, value in match.items() if value is not None}
    result.understood = written.keys() <= _KNOWN[protocol] and all(
        isinstance(written.get(key, shape()), (shape, Unknown)) for key, shape in _SHAPES.items()
    )
    result.understood = result.understood and not isinstance(written.get("port"), bool)
    result.blank = written.keys() <= _NAMES
    _read_static(result, written, service, protocol)
    if protocol == "http":
        _read_texts(result, written)
    else:
        result.subnets = _names(written.get("destinationSubnets"))
        result.snis = _names(written.get("sniHosts")) if protocol == "tls" else frozenset()
    return result


def service_gateways(service: VirtualService) -> Gateways | Unknown:
    """The Gateways that a VirtualService serves, `mesh` where it names none."""
    return _gateways(service.spec.get("gateways"), service) or frozenset(((None, MESH),))


def _gateways(value: object, service: VirtualService) -> Gateways | Unknown:
    if isinstance(value, Unknown) or not all(is_text(name) for name in as_list(value)):
        return Unknown("gateways")
    namespace = service.namespace if is_text(service.namespace) else None
    return frozenset(gateway_key(name, namespace) for name in as_list(value))


def _read_static(
    result: Conditions, match: Mapping[str, Any], service: VirtualService, protocol: str
) -> None:
    if match.get("gateways"):
        result.gateways = _gateways(match["gateways"], service)
        result.own_gateways = True
    port = match.get("port")
    if is_integer(port) or isinstance(port, Unknown):
        result.port = port or None
    if result.own_gateways and protocol == "http":
        return  # Istio looks at the client no more where an http match names gateways
    labels, namespace = match.get("sourceLabels", {}), match.get("sourceNamespace")
    result.labels = labels if isinstance(labels, Unknown) else as_dict(labels)
    if is_text(namespace) or isinstance(namespace, Unknown):
        result.namespace = namespace or None


def _read_texts(result: Conditions, match: Mapping[str, Any]) -> None:
    found: dict[Aspect, list[Condition]] = {}
    for aspect, condition in _texts(match):
        found.setdefault(aspect, []).append(condition)
    result.texts = {aspect: tuple(conditions) for aspect, conditions in found.items()}
    if any(isinstance(match.get(part), Unknown) for part in _MAPS):
        result.understood = False


def _texts(match: Mapping[str, Any]) -> Iterator[tuple[Aspect, Condition]]:
    folds = match.get("ignoreUriCase", False)
    if "uri" in match:
        text = read_text(match["uri"], fold=folds is True) if isinstance(folds, bool) else None
        if text not in _ALL_PATHS:
            words = described(match["uri"], fold=folds is True)
            yield Aspect("uri"), Condition(text, False, words)
    for part in ("scheme", "method", "authority"):
        if part in match and (text := read_text(match[part])) not in _ALL_TEXTS:
            yield Aspect(part), Condition(text, False, described(match[part]))
    for part, name, inverted in (
        ("headers", "header", False),
        ("withoutHeaders", "header", True),
        ("queryParams", "query parameter", False),
    ):
        for key, value in as_dict(match.get(part)).items():
            shown = str(key).lower() if name == "header" else str(key)
            yield (
                Aspect(name, shown),
                Condition(read_text(value), inverted, described(value)),
            )


def _names(value: object) -> frozenset[str] | None:
    """The texts of a list in lower case; None where an expression hides one."""
    if isinstance(value, Unknown) or not all(is_text(entry) for entry in as_list(value)):
        return None
    return frozenset(entry.lower() for entry in as_list(value))

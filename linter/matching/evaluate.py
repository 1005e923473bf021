"""One request against one match: taken, refused, or not to be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..catalog.gateways import MESH
from ..catalog.hosts import namespaces_meet
from ..syntax import selects
from ..values import Unknown
from .conditions import Aspect, Condition, Conditions
from .texts import takes


@dataclass(frozen=True)
class Request:
    """A request, and the client that sends it.

    `path` is without the query; `headers` has lower-case names; `query` has the first value of each
    parameter.  What is None is not told: `port`, the client's `labels` and `namespace`.  `gateway` is
    the namespace and name of a Gateway, or `mesh` for a client within the mesh.
    """

    host: str
    path: str = "/"
    method: str = "GET"
    scheme: str = "http"
    authority: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None
    labels: Mapping[str, str] | None = None
    namespace: str | None = None
    gateway: tuple[str | None, str] = (None, MESH)


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a match takes a request; None: cannot be told.

    If it does not, `field` is the first condition that fails, `wanted` what it asks for and `got` what
    the request has.
    """

    takes: bool | None
    field: str = ""
    wanted: str = ""
    got: str = ""


TAKEN = Answer(True)


def answer(conditions: Conditions, request: Request) -> Answer:
    """Whether a match takes a request: the first condition that fails, else the first hidden one."""
    if not conditions.understood:
        refusals = [found for found in _answers(conditions, request) if found.takes is False]
        return refusals[0] if refusals else Answer(None, "match", "what is hidden or has no sense")
    unsure = None
    for found in _answers(conditions, request):
        if found.takes is False:
            return found
        unsure = unsure or (found if found.takes is None else None)
    return unsure or TAKEN


def client_answer(conditions: Conditions, request: Request) -> Answer:
    """As `answer`, for the conditions that Istio decides when it writes a proxy's routes."""
    unsure = None
    for found in _client_answers(conditions, request):
        if found.takes is False:
            return found
        unsure = unsure or (found if found.takes is None else None)
    return unsure or TAKEN


def _answers(conditions: Conditions, request: Request) -> Iterator[Answer]:
    yield from _client_answers(conditions, request)
    for aspect, texts in conditions.texts.items():
        value = _value(aspect, request)
        for condition in texts:
            yield _text_answer(aspect, condition, value)


def _client_answers(conditions: Conditions, request: Request) -> Iterator[Answer]:
    yield _gateway_answer(conditions, request)
    port = conditions.port
    if port is not None:
        got = "not given" if request.port is None else str(request.port)
        known = not isinstance(port, Unknown) and request.port is not None
        yield Answer(port == request.port if known else None, "port", _shown(port), got)
    labels = conditions.labels
    if labels:
        yield _label_answer(labels, request)
    namespace = conditions.namespace
    if namespace is not None:
        got = request.namespace or "not given"
        known = not isinstance(namespace, Unknown) and request.namespace is not None
        same = namespace == request.namespace if known else None
        yield Answer(same, "sourceNamespace", _shown(namespace), got)


def _gateway_answer(conditions: Conditions, request: Request) -> Answer:
    gateways = conditions.gateways
    got = gateway_name(request.gateway)
    if isinstance(gateways, Unknown):
        return Answer(None, "gateways", gateways.text, got)
    owner, name = request.gateway
    meets = any(
        name == other and (name == MESH or namespaces_meet(owner, namespace))
        for namespace, other in gateways
    )
    return Answer(meets, "gateways", ", ".join(sorted(map(gateway_name, gateways))), got)


def gateway_name(gateway: tuple[str | None, str]) -> str:
    """A Gateway as a person writes it."""
    owner, name = gateway
    return f"{owner}/{name}" if owner else name


def _label_answer(labels: Mapping[str, object] | Unknown, request: Request) -> Answer:
    if isinstance(labels, Unknown):
        return Answer(None, "sourceLabels", labels.text, "")
    wanted = _pairs(labels)
    if request.labels is None:
        return Answer(None, "sourceLabels", wanted, "not given")
    return Answer(
        selects(labels, request.labels), "sourceLabels", wanted, _pairs(request.labels) or "none"
    )


def _pairs(labels: Mapping[str, object]) -> str:
    return ", ".join(f"{key}={_shown(value)}" for key, value in labels.items())


def _shown(value: object) -> str:
    return value.text if isinstance(value, Unknown) else str(value)


def _value(aspect: Aspect, request: Request) -> str | None:
    """What a request has in the place that a condition is about; None where it has nothing."""
    if aspect.part == "query parameter":
        return request.query.get(aspect.name)
    authority = request.host if request.authority is None else request.authority
    fixed = {
        "uri": request.path,
        "scheme": request.scheme,
        "method": request.method,
        "authority": authority,
    }
    if aspect.part in fixed:
        return fixed[aspect.part]
    pseudo = {
        ":method": request.method,
        ":authority": authority,
        "host": authority,
        ":scheme": request.scheme,
    }
    return request.headers.get(aspect.name, pseudo.get(aspect.name))


def _text_answer(aspect: Aspect, condition: Condition, value: str | None) -> Answer:
    got = "absent" if value is None else f'"{value}"'
    wanted = f"not {condition.words}" if condition.inverted else condition.words
    if aspect.name.startswith("@request.auth.claims"):
        return Answer(None, str(aspect), wanted, "a claim of the client's token")
    return Answer(holds((condition,), value), str(aspect), wanted, got)


def holds(conditions: Sequence[Condition], value: str | None) -> bool | None:
    """Whether a value (None: absent) meets all conditions of one aspect; None: cannot be told."""
    answers = [_holds(condition, value) for condition in conditions]
    if False in answers:
        return False
    return None if None in answers else True


def _holds(condition: Condition, value: str | None) -> bool | None:
    text = condition.text
    if text is None:
        return None
    if not condition.inverted:
        return False if value is None else takes(text, value)
    if text.kind == "present":
        return value is None
    # Envoy reads a header that is not there as an empty one where it must not match a text
    taken = takes(text, value or "")
    return None if taken is None else not taken

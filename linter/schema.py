"""Whether an object has the shape of its kind, and where it has not.

A quick look vouches for the first few objects.  `jsonschema_rs`, whose import takes as long as a run on a
file, decides on the others in a microsecond or two each; `jsonschema`, which is slow but says what is wrong,
is imported only for an object that does not fit.  A value that an expression hides fits everywhere.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from importlib import import_module
from itertools import islice
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .plain_schema import surely_fits
from .resource import ISTIO_GROUP
from .values import HIDDEN, Unknown

if TYPE_CHECKING:
    from .document import Path
    from .resource import Resource

Schema = Mapping[str, Any]

_ISTIO_KINDS: Final = frozenset(
    (
        "DestinationRule",
        "Gateway",
        "ServiceEntry",
        "Sidecar",
        "VirtualService",
        "WorkloadEntry",
        "WorkloadGroup",
    )
)
#: The part of schemas/kubernetes.json that a kind of Kubernetes has to fit.
_KUBERNETES_PARTS: Final = {
    ("", "Namespace"): "Plain",
    ("", "Pod"): "Pod",
    ("", "Service"): "Service",
    ("apps", "DaemonSet"): "Workload",
    ("apps", "Deployment"): "Workload",
    ("apps", "ReplicaSet"): "Workload",
    ("apps", "StatefulSet"): "Workload",
    ("networking.k8s.io", "Ingress"): "Plain",
}
#: Looking at this many objects takes less time than importing `jsonschema_rs`.
_FEW: Final = 20
#: Nobody reads more about one object.
_MOST: Final = 500
#: How far from where it stands a field is looked for that stands in a wrong place.
_NEARBY: Final = 2


class Misfit(NamedTuple):
    """A value that does not fit its schema.

    `path` leads to the value; `keyword` is the word of JSON Schema that it offends, and `schema` the part
    that holds it.  `field` is the member that is unknown (`additionalProperties`) or missing (`required`).
    """

    path: Path
    keyword: str
    value: Any
    schema: Schema
    field: str = ""


class KindSchema:
    """The schema of a kind, in both of its forms, each built when it is first needed."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._looks = 0

    @cached_property
    def _gate(self) -> Any:
        from jsonschema_rs import Draft202012Validator

        return Draft202012Validator(dict(self.schema)).is_valid

    @cached_property
    def _reference(self) -> Any:
        from jsonschema import Draft202012Validator, validators

        extended: Any = validators.extend
        types = Draft202012Validator.TYPE_CHECKER.redefine("number", _is_number)
        one_by_one = {"required": _required}
        return extended(Draft202012Validator, one_by_one, type_checker=types)(self.schema)

    def fits(self, data: Any) -> bool:
        """Whether there is nothing to explain about the data."""
        if self._looks < _FEW:
            self._looks += 1
            if surely_fits(data, self.schema):
                return True
        try:
            return bool(self._gate(data))
        except ValueError:  # it met a value that an expression hides
            return bool(self._gate(_without_unknown(data)))

    def misfits(self, data: Any) -> Iterator[Misfit]:
        """Every place where the data does not fit."""
        for error in self._reference.iter_errors(data):
            if isinstance(error.instance, Unknown):
                continue
            path = tuple(error.absolute_path)
            for field in _fields_of(error):
                yield Misfit(path, error.validator, error.instance, error.schema, field)

    def part(self, path: Path) -> Schema:
        """The part of the schema that a path leads to; empty where it says nothing."""
        node = self._resolved(self.schema)
        for step in path:
            node = self._below(node, step)
        return node

    def _below(self, node: Schema, step: str | int) -> Schema:
        if isinstance(step, int):
            below = node.get("items")
        else:
            below = node.get("properties", {}).get(step, node.get("additionalProperties"))
        return self._resolved(below) if isinstance(below, dict) else {}

    def _resolved(self, node: Schema) -> Schema:
        """A part of the schema, or the shared definition that it names."""
        name = node.get("$ref", "").removeprefix("#/$defs/")
        return self.schema["$defs"][name] if name else node

    def homes(self, misfit: Misfit) -> list[tuple[int, Path]]:
        """The mappings nearby that have a field of the unknown one's name and type: steps away, path.

        One step leads to the mapping around a mapping, or to one inside it.
        """
        value = misfit.value[misfit.field]
        found = []
        for up, path in enumerate(_mappings_above(misfit.path)):
            if up > _NEARBY:
                break
            node = self.part(path)
            if up and self._takes(node, misfit.field, value):
                found.append((up, path))
            below = misfit.path[: len(path) + 1]
            for name in node.get("properties", {}):
                inner = (*path, name)
                if inner != below and self._takes(self.part(inner), misfit.field, value):
                    found.append((up + 1, inner))
        return sorted(found)

    def _takes(self, node: Schema, field: str, value: object) -> bool:
        """Whether a mapping has a field that may hold a value of this type."""
        if field not in node.get("properties", {}):
            return False
        below = self._below(node, field)
        types = below.get("type", [])
        if not below or isinstance(value, Unknown):
            return True
        return any(
            self._reference.is_type(value, word)
            for word in ([types] if isinstance(types, str) else types)
        )


def _required(_validator: object, names: list[str], value: Any, _schema: object) -> Iterator[Any]:
    """An error for each missing field, its name for a message."""
    from jsonschema import ValidationError

    # One whose name an expression hides may be any of them.
    if isinstance(value, dict) and not any(map(_is_hidden, value)):
        yield from (ValidationError(name) for name in names if name not in value)


def _fields_of(error: Any) -> list[str]:
    """The members that an error is about; one empty name where it is about the value itself."""
    if error.validator == "required":
        return [error.message]
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        return [name for name in error.instance if name not in known and not _is_hidden(name)]
    return [""]


def _is_hidden(name: str) -> bool:
    return name == "?" or HIDDEN.search(name) is not None


def _is_number(_checker: object, value: object) -> bool:
    """Whether a value is a number of JSON, which has neither infinity nor `.nan`."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


def _without_unknown(value: Any) -> Any:
    """A copy without hidden values: fields are null, which all may be, entries of lists are gone."""
    if isinstance(value, dict):
        return {key: _without_unknown(item) for key, item in value.items()}
    if isinstance(value, list):
        seen = [_without_unknown(item) for item in value if not isinstance(item, Unknown)]
        return seen if seen or not value else None
    return None if isinstance(value, Unknown) else value


def _mappings_above(path: Path) -> Iterator[Path]:
    """The path of a mapping, then those of the mappings around it, from the inside out."""
    yield path
    for length in range(len(path) - 1, -1, -1):
        if isinstance(path[length], str):
            yield path[:length]


@cache
def schema_file(name: str) -> Any:
    """A schema that ships with the package, by its path below `schemas/`."""
    folder = next(iter(import_module("tsplit_lint.schemas").__path__))
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return json.load(file)


@cache
def schema_of(group: str, kind: str) -> KindSchema | None:
    """The schema of a kind; None for one that we know nothing of."""
    if group == ISTIO_GROUP and kind in _ISTIO_KINDS:
        return KindSchema(schema_file(f"istio/{kind}.json"))
    part = _KUBERNETES_PARTS.get((group, kind))
    if part is None:
        return None
    shared = schema_file("kubernetes.json")
    return KindSchema({"$ref": f"#/$defs/{part}", "$defs": shared["$defs"]})


def misfits(resource: Resource) -> tuple[Misfit, ...]:
    """Where an object does not fit the schema of its kind."""
    kept = vars(resource)  # several rules ask, and the answer must go when the object goes
    if "_misfits" not in kept:
        schema = schema_of(resource.group, resource.kind or "")
        if schema is None or schema.fits(resource.data):
            kept["_misfits"] = ()
        else:
            kept["_misfits"] = tuple(islice(schema.misfits(resource.data), _MOST))
    found: tuple[Misfit, ...] = kept["_misfits"]
    return found


def known_fields(resource: Resource, path: Path) -> frozenset[str]:
    """The fields that a mapping of the object may have, by the schema of its kind."""
    schema = schema_of(resource.group, resource.kind or "")
    return frozenset() if schema is None else frozenset(schema.part(path).get("properties", ()))


def home_of(resource: Resource, misfit: Misfit, within: int = _NEARBY) -> Path | None:
    """The one mapping nearby in which an unknown field would be known, if exactly one fits."""
    schema = schema_of(resource.group, resource.kind or "")
    homes = [] if schema is None else schema.homes(misfit)
    nearest = [path for steps, path in homes if steps == homes[0][0] and steps <= within]
    return nearest[0] if len(nearest) == 1 else None

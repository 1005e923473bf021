"""Schemas of kinds: what they hold, and that the fast and the explaining validator agree."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tsplit_lint.plain_schema import surely_fits
from tsplit_lint.schema import KindSchema, schema_of
from tsplit_lint.values import Unknown

ISTIO = (
    "DestinationRule",
    "Gateway",
    "ServiceEntry",
    "Sidecar",
    "VirtualService",
    "WorkloadEntry",
    "WorkloadGroup",
)
KUBERNETES = (
    ("", "Namespace"),
    ("", "Pod"),
    ("", "Service"),
    ("apps", "DaemonSet"),
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("networking.k8s.io", "Ingress"),
)
KINDS = [("networking.istio.io", kind) for kind in ISTIO] + list(KUBERNETES)


def kind_schema(group: str, kind: str) -> KindSchema:
    found = schema_of(group, kind)
    assert found is not None
    return found


def virtual_service() -> dict[str, Any]:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "shop", "labels": {"app": "shop"}},
        "spec": {
            "hosts": ["shop"],
            "http": [
                {
                    "match": [{"uri": {"prefix": "/cart"}, "headers": {"x-a": {"exact": "1"}}}],
                    "timeout": "5s",
                    "retries": {"attempts": 3, "perTryTimeout": "1s"},
                    "route": [
                        {"destination": {"host": "shop", "subset": "stable"}, "weight": 90},
                        {"destination": {"host": "shop", "subset": "canary"}, "weight": 10},
                    ],
                }
            ],
        },
    }


VIRTUAL_SERVICE = kind_schema("networking.istio.io", "VirtualService")

# -- the files ------------------------------------------------------------------------------------


def schema_files() -> dict[str, Any]:
    folder = resources.files("tsplit_lint.schemas")
    found = {"kubernetes": json.loads((folder / "kubernetes.json").read_text(encoding="utf-8"))}
    for file in (folder / "istio").iterdir():
        found[file.name.removesuffix(".json")] = json.loads(file.read_text(encoding="utf-8"))
    return found


def keys_of(schema: Any) -> Iterator[str]:
    """The keywords of a schema and of its parts; names of fields are none."""
    if isinstance(schema, list):
        for part in schema:
            yield from keys_of(part)
    elif isinstance(schema, dict):
        for key, part in schema.items():
            yield key
            named = key in ("properties", "$defs")
            yield from keys_of(list(part.values()) if named else part)


def test_every_kind_of_istio_has_a_file() -> None:
    assert set(schema_files()) == {*ISTIO, "kubernetes"}


@pytest.mark.parametrize("name", ["kubernetes", *ISTIO])
def test_the_files_are_schemas_without_prose(name: str) -> None:
    schema = schema_files()[name]
    jsonschema.Draft202012Validator.check_schema(schema)
    foreign = {key for key in keys_of(schema) if key.startswith("x-") or key == "description"}
    assert foreign == set()


@pytest.mark.parametrize("kind", ISTIO)
def test_every_served_version_is_known(kind: str) -> None:
    schema = schema_files()[kind]
    versions = ["v1", "v1alpha3", "v1beta1"]
    assert sorted(schema["properties"]["apiVersion"]["enum"]) == [
        f"networking.istio.io/{version}" for version in versions
    ]
    assert schema["properties"]["kind"] == {"const": kind}


@pytest.mark.parametrize("kind", ISTIO)
def test_no_field_of_istio_is_open(kind: str) -> None:
    """A mapping either names its fields, or says what its values are."""

    def open_parts(schema: Any, path: str) -> Iterator[str]:
        if "object" in schema.get("type", ()) and "additionalProperties" not in schema:
            yield path
        for name, part in schema.get("properties", {}).items():
            if isinstance(part, dict):
                yield from open_parts(part, f"{path}.{name}")
        for key in ("items", "additionalProperties"):
            if isinstance(schema.get(key), dict):
                yield from open_parts(schema[key], f"{path}.{key}")

    assert list(open_parts(schema_files()[kind]["properties"]["spec"], "spec")) == []


@pytest.mark.parametrize(
    ("group", "kind"),
    [
        ("gateway.networking.k8s.io", "Gateway"),
        ("serving.knative.dev", "Service"),
        ("argoproj.io", "Rollout"),
        ("networking.istio.io", "EnvoyFilter"),
        ("", "VirtualService"),
    ],
)
def test_other_kinds_have_no_schema(group: str, kind: str) -> None:
    assert schema_of(group, kind) is None


# -- what fits ------------------------------------------------------------------------------------


def test_a_usual_object_fits() -> None:
    assert VIRTUAL_SERVICE.fits(virtual_service())
    assert list(VIRTUAL_SERVICE.misfits(virtual_service())) == []


def test_the_quick_look_vouches_for_a_usual_object() -> None:
    assert surely_fits(virtual_service(), VIRTUAL_SERVICE.schema)


def test_a_whole_number_with_a_point_is_an_integer() -> None:
    data = virtual_service()
    data["spec"]["http"][0]["retries"]["attempts"] = 3.0
    assert VIRTUAL_SERVICE.fits(data)


def test_a_misfit_names_the_place_and_the_keyword() -> None:
    data = virtual_service()
    data["spec"]["http"][0]["timeout"] = 5
    data["spec"]["http"][0]["retires"] = {}
    del data["spec"]["http"][0]["route"][0]["destination"]["host"]
    found = {
        (misfit.path, misfit.keyword, misfit.field) for misfit in VIRTUAL_SERVICE.misfits(data)
    }
    route = ("spec", "http", 0)
    assert found == {
        ((*route, "timeout"), "type", ""),
        (route, "additionalProperties", "retires"),
        ((*route, "route", 0, "destination"), "required", "host"),
    }
    assert not VIRTUAL_SERVICE.fits(data)


def test_what_is_no_number_of_json_is_no_number() -> None:
    data = virtual_service()
    data["spec"]["http"][0]["mirrorPercentage"] = {"value": float("nan")}
    assert not VIRTUAL_SERVICE.fits(data)
    assert [misfit.keyword for misfit in VIRTUAL_SERVICE.misfits(data)] == ["type"]


# -- hidden values --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        ("metadata",),
        ("metadata", "name"),
        ("metadata", "labels", "app"),
        ("spec",),
        ("spec", "hosts"),
        ("spec", "hosts", 0),
        ("spec", "http", 0),
        ("spec", "http", 0, "match", 0, "uri"),
        ("spec", "http", 0, "match", 0, "uri", "prefix"),
        ("spec", "http", 0, "timeout"),
        ("spec", "http", 0, "route", 0, "destination"),
        ("spec", "http", 0, "route", 0, "destination", "host"),
    ],
    ids=str,
)
def test_a_hidden_value_fits_everywhere(path: tuple[str | int, ...]) -> None:
    data = virtual_service()
    replace(data, path, Unknown("${x}"))
    assert VIRTUAL_SERVICE.fits(data)
    assert list(VIRTUAL_SERVICE.misfits(data)) == []


def test_a_mistake_beside_a_hidden_value_is_found_at_its_own_place() -> None:
    data = virtual_service()
    data["spec"]["hosts"] = [Unknown("${x}"), 5]
    assert not VIRTUAL_SERVICE.fits(data)
    assert [misfit.path for misfit in VIRTUAL_SERVICE.misfits(data)] == [("spec", "hosts", 1)]


@pytest.mark.parametrize("name", ["${FIELD}", "<+field>", "{{ .Values.field }}", "?"])
def test_a_hidden_name_may_be_any_field(name: str) -> None:
    data = virtual_service()
    destination = data["spec"]["http"][0]["route"][0]["destination"]
    destination[name] = destination.pop("host")
    assert list(VIRTUAL_SERVICE.misfits(data)) == []


# -- both validators ------------------------------------------------------------------------------

JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    7,
    33.0,
    1.5,
    1e30,
    2**40,
    2**63,
    -(2**63),
    float("nan"),
    float("inf"),
    "",
    "5s",
    "SIMPLE",
    [],
    [None],
    ["x"],
    [{}],
    {},
    {"x": 1},
    {"exact": "a", "prefix": "b"},
]


def values(schema: Any, root: Any) -> st.SearchStrategy[Any]:
    """Values that mostly fit a schema."""
    if not isinstance(schema, dict):
        return st.sampled_from(["x", 1, {}])
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "const" in schema:
        return st.just(schema["const"])
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    by_type = {
        "array": lambda: st.lists(values(schema["items"], root), max_size=2),
        "boolean": st.booleans,
        "integer": lambda: st.integers(
            schema.get("minimum", -5), min(schema.get("maximum", 1000), 2**33)
        ),
        "null": st.none,
        "number": lambda: st.floats(0, 100),
        "object": lambda: mappings(schema, root),
        "string": lambda: st.text(max_size=4),
    }
    return st.one_of([by_type[word]() for word in types if word != "null" or len(types) == 1])


def mappings(schema: Any, root: Any) -> st.SearchStrategy[Any]:
    fields = schema.get("properties")
    if fields is None:
        return st.dictionaries(st.text(max_size=3), values(schema["additionalProperties"], root))
    wanted = [name for name in schema.get("required", ()) if name in fields]

    @st.composite
    def draw_some(draw: st.DrawFn) -> dict[str, Any]:
        more = draw(st.lists(st.sampled_from(sorted(fields)), max_size=3))
        return {name: draw(values(fields[name], root)) for name in dict.fromkeys(wanted + more)}

    return draw_some()


def places(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of everything below the data."""
    steps = data.items() if isinstance(data, dict) else enumerate(data)
    for step, value in steps:
        yield (*path, step)
        if isinstance(value, (dict, list)):
            yield from places(value, (*path, step))


def replace(data: Any, path: tuple[str | int, ...], value: Any) -> None:
    for step in path[:-1]:
        data = data[step]
    data[path[-1]] = value


@st.composite
def damaged(draw: st.DrawFn, kind: KindSchema) -> Any:
    """An object of a kind with up to two changes that need not fit."""
    data = copy.deepcopy(draw(values(kind.schema, kind.schema)))
    for _number in range(draw(st.integers(0, 2))):
        known = list(places(data))
        if not known:
            break
        path = draw(st.sampled_from(known))
        change = draw(st.sampled_from(["junk", "add", "drop"]))
        if change == "junk":
            replace(data, path, copy.deepcopy(draw(st.sampled_from(JUNK))))
            continue
        owner = data
        for step in path[:-1]:
            owner = owner[step]
        if isinstance(owner, dict):
            if change == "add":
                owner[draw(st.sampled_from(["typo", "exact", "name", "weight"]))] = 1
            else:
                del owner[path[-1]]
    return data


@pytest.mark.parametrize(("group", "kind"), KINDS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_the_gate_and_the_explanation_have_one_verdict(
    group: str, kind: str, data: st.DataObject
) -> None:
    schema = kind_schema(group, kind)
    drawn = data.draw(damaged(schema))
    wrong = any(schema.misfits(drawn))
    assert schema.fits(drawn) is not wrong
    assert not (wrong and surely_fits(drawn, schema.schema))


def found_in(schema: KindSchema, data: Any) -> set[tuple[Any, ...]]:
    return {(misfit.path, misfit.keyword, misfit.field) for misfit in schema.misfits(data)}


@pytest.mark.parametrize(("group", "kind"), KINDS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_hiding_a_value_adds_no_misfit(group: str, kind: str, data: st.DataObject) -> None:
    schema = kind_schema(group, kind)
    drawn = data.draw(damaged(schema))
    known = [path for path in places(drawn) if path[0] in ("metadata", "spec")]
    hidden = copy.deepcopy(drawn)
    if known:
        replace(hidden, data.draw(st.sampled_from(known)), Unknown("${x}"))
    assert found_in(schema, hidden) <= found_in(schema, drawn)
    if schema.fits(hidden):
        assert found_in(schema, hidden) == set()
    if schema.fits(drawn):
        assert schema.fits(hidden)


def test_the_explaining_validator_is_not_imported_for_what_fits() -> None:
    program = (
        "import sys; from tsplit_lint.schema import schema_of;"
        "kind = schema_of('', 'Service');"
        "assert kind.fits({'apiVersion': 'v1', 'kind': 'Service', 'metadata': {'name': 'shop'}});"
        "sys.exit('jsonschema' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

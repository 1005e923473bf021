"""Write schemas/istio/: one JSON Schema per Istio kind, made from the fields of its CRD.

python scripts/schemas.py FIELDS

FIELDS is a JSON file: for each kind its `group`, its `versions` (each with `name` and `served`), and the
`schema` that its CRD declares for `spec`.  What is written holds names, types, enumerations and bounds.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "schemas"

#: Keywords that mean the same in a CRD and in JSON Schema.
KEPT = (
    "enum",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "pattern",
    "required",
)
INT32 = 2**31
#: The rules in CEL that JSON Schema can express.
TRANSLATED: dict[str, dict[str, Any]] = {
    "duration(self) >= duration('1ms')": {"format": "go-duration"},
    "0 < self && self <= 65535": {"minimum": 1, "maximum": 65535},
}


def converted(schema: dict[str, Any], *, optional: bool = True) -> dict[str, Any]:
    """A part of a CRD's schema as JSON Schema, in which a field that is null counts as absent."""
    result = {key: schema[key] for key in KEPT if key in schema}
    if schema.get("x-kubernetes-int-or-string"):
        result["type"] = ["integer", "string"]
    elif "type" in schema:
        result["type"] = schema["type"]
    groups = {key: schema[key] for key in ("allOf", "anyOf", "oneOf") if key in schema}
    if groups and not schema.get("x-kubernetes-int-or-string"):
        result |= {"if": {"type": "object"}, "then": groups}  # null has no members to choose from
    if schema.get("format") == "int32":
        result = {"minimum": -INT32, "maximum": INT32 - 1} | result
    for rule in schema.get("x-kubernetes-validations", ()):
        result |= TRANSLATED.get(rule["rule"], {})
    if "items" in schema:
        result["items"] = converted(schema["items"], optional=False)
    _convert_fields(schema, result)
    if optional and "type" in result:
        types = result["type"]
        result["type"] = [*([types] if isinstance(types, str) else types), "null"]
        if "enum" in result:
            result["enum"] = [*result["enum"], None]
    return result


def _convert_fields(schema: dict[str, Any], result: dict[str, Any]) -> None:
    """The members of a mapping: the named ones, and what others may be."""
    if schema.get("type") != "object":
        return
    if "properties" in schema:
        fields = schema["properties"].items()
        result["properties"] = {name: converted(field) for name, field in fields}
    if isinstance(schema.get("additionalProperties"), dict):
        result["additionalProperties"] = converted(schema["additionalProperties"])
    elif not schema.get("x-kubernetes-preserve-unknown-fields"):
        result["additionalProperties"] = False


def kind_schema(kind: str, facts: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    """The schema of the objects of one kind."""
    if not facts["same_in_all_versions"]:
        raise SystemExit(f"the versions of {kind} differ: this script knows one schema for all")
    group = facts["group"]
    versions = [version["name"] for version in facts["versions"] if version["served"]]
    fields = facts["schema"]["properties"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind,
        "type": "object",
        "required": facts["schema"].get("required", []),
        "properties": {
            "apiVersion": {"enum": [f"{group}/{version}" for version in versions]},
            "kind": {"const": kind},
            "metadata": metadata,
            "spec": converted(fields["spec"]),
            "status": True,
        },
        "additionalProperties": False,
    }


def main() -> None:
    """Write the schema of each kind."""
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    kinds = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    shared = json.loads((FOLDER / "kubernetes.json").read_text(encoding="utf-8"))
    metadata = shared["$defs"]["metadata"]
    (FOLDER / "istio").mkdir(exist_ok=True)
    for kind, facts in sorted(kinds.items()):
        schema = kind_schema(kind, facts, metadata)
        text = json.dumps(schema, separators=(",", ":"))
        (FOLDER / "istio" / f"{kind}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

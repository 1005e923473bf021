"""The shape of steps: what their settings may hold, by schemas/harness/.

A key that the schema does not know is no mistake: Harness adds keys.  Whoever asks says which of them
look like a slip (`slip_of`).  The `title` of a part of the schema is the subject that a rule asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from ..catalog.slips import is_slip
from ..document import path_text
from ..resource import as_dict
from ..schema import KindSchema, Misfit, schema_file
from ..shape import explain_misfit
from ..values import Unknown
from ..words import listed

if TYPE_CHECKING:
    from ..document import Path
    from ..source import Place
    from .model import Rollout, Step

#: Keys that are required in some cases, by rules of their own.
_MISSED_BY_A_RULE: Final = frozenset(
    ("type", "instanceSelection", "targetPercentage", "filePaths", "manifestSource")
)
#: Nobody reads more about one step.
_MOST: Final = 100
_FOUND: Final[WeakKeyDictionary[Step, tuple[Misfit, ...]]] = WeakKeyDictionary()


@cache
def _schema_of(settings_key: str, name: str) -> KindSchema | None:
    """The schema of a whole step; None for a type that we know nothing of."""
    flavor = "pipeline" if settings_key == "spec" else "workflow"
    parts = schema_file(f"harness/{flavor}-steps.json")["$defs"]
    if name not in parts or not name.startswith(("K8s", "K8S", "KUBERNETES")):
        return None
    fields = {**parts["Step"]["properties"], settings_key: {"$ref": f"#/$defs/{name}"}}
    return KindSchema({**parts["Step"], "properties": fields, "$defs": parts})


def step_schema(step: Step) -> KindSchema | None:
    """The schema of a step; a K8sTrafficRouting that inherits has one of its own."""
    name = step.type.removeprefix("RANCHER_")
    if name == "K8sTrafficRouting" and step.properties.get("type") == "inherit":
        name += "-inherit"
    return _schema_of(step.settings_key, name)


def step_misfits(step: Step) -> tuple[Misfit, ...]:
    """Where a step does not fit its schema; found once for all rules that ask.

    Paths begin at the step.  A key without a value counts as absent, a step without settings as one with
    empty settings.
    """
    schema = step_schema(step)
    if schema is None or step.kind == "opaque":
        return ()
    if step not in _FOUND:
        data = _given(step.data)
        data.setdefault(step.settings_key, {})
        fits = schema.fits(data)
        _FOUND[step] = () if fits else tuple(islice(schema.misfits(data), _MOST))
    return _FOUND[step]


def misfits_about(rollout: Rollout, *subjects: str) -> Iterator[tuple[Step, Misfit]]:
    """What does not fit in the steps of a pipeline's stage, of the given subjects of the schema.

    Unknown keys are left out.  Where the routing of a step is read in a way that the schema does not
    know, nothing is said to be missing from it.
    """
    if rollout.flavor != "pipeline":
        return
    for step in rollout.all_steps:
        for misfit in step_misfits(step):
            if misfit.keyword == "additionalProperties" or _in_other_form(step, misfit):
                continue
            if misfit.schema.get("title") in subjects:
                yield step, misfit


def explain_setting(step: Step, misfit: Misfit) -> tuple[Place, str, str]:
    """Where to point, what is wrong (a sentence without its end), and how to mend it."""
    what, mend = explain_misfit(step, misfit)
    path = misfit.path
    if misfit.keyword == "required":
        mend = _mend_absence(step, misfit) or mend
    if not step.document.has((*step.path, *path)):
        place = step.head()
    elif isinstance(path[-1], str):
        place = step.at(*path, key=misfit.keyword in ("required", "minItems"))
    else:
        place = step.at(*path)
    return place, f"In {step.title}, {path_text(path)} {what}", mend


def _mend_absence(step: Step, misfit: Misfit) -> str:
    """What to do about a missing key that was written in another way; empty if nothing looks like it."""
    wrong = written_as(misfit.field, misfit.value)
    if wrong is not None:
        return f"Write {misfit.field} instead of {wrong}."
    schema = step_schema(step)
    inside = schema.part((*misfit.path, misfit.field)) if schema is not None else {}
    below = [key for key in misfit.value if key in inside.get("properties", ())]
    here = misfit.schema["properties"]
    if below and not any(key in here for key in below):
        return f"Put {listed(below)} below {misfit.field}."
    return ""


def written_as(key: str, mapping: dict[str, Any]) -> str | None:
    """The key of a mapping that was written for one that it lacks, such as `filepaths`."""
    return next((other for other in mapping if other != key and slip_of(other, [key])), None)


def _in_other_form(step: Step, misfit: Misfit) -> bool:
    mode = step.properties.get("type")
    known = step.type != "K8sTrafficRouting" or mode in ("config", "inherit", None)
    return not known and misfit.keyword == "required"


def _given(value: Any) -> Any:
    """A copy without keys that have no value."""
    if isinstance(value, dict):
        return {key: _given(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_given(item) for item in value]
    return value


def unknown_keys(step: Step) -> Iterator[tuple[Path, str, str | None, Path | None]]:
    """The unknown keys of a step that look like a slip.

    Each with the path of its mapping, the known key that was likely meant, or the path of the mapping
    that it belongs in.
    """
    schema = step_schema(step)
    for misfit in step_misfits(step):
        if schema is None or misfit.keyword != "additionalProperties":
            continue
        meant = slip_of(misfit.field, set(misfit.schema["properties"]) - set(misfit.value))
        home = None if meant else _home(schema, step, misfit)
        if step.settings_key == "spec" and _is_told(misfit, meant, home):
            continue
        if meant or home is not None:
            yield misfit.path, misfit.field, meant, home


def _is_told(misfit: Misfit, meant: str | None, home: Path | None) -> bool:
    """Whether the rule that misses the right key tells how it was written."""
    if meant in _MISSED_BY_A_RULE:
        return True
    missing = set(misfit.schema.get("required", ())) - set(misfit.value)
    return meant in missing or any(home == (*misfit.path, field) for field in missing)


def slip_of(key: str, known: Iterable[str]) -> str | None:
    """The known key that differs by its case, its plural, or one slip; None unless it is just one."""
    found = {name for name in known if _is_near(key, name)}
    return found.pop() if len(found) == 1 else None


def _is_near(one: str, other: str) -> bool:
    plain, wanted = (word.replace("_", "").replace("-", "").lower() for word in (one, other))
    return (
        plain == wanted or f"{plain}s" == wanted or plain == f"{wanted}s" or is_slip(plain, wanted)
    )


def _home(schema: KindSchema, step: Step, misfit: Misfit) -> Path | None:
    """The one mapping near an unknown key that takes it and has none like it."""
    homes = [
        (steps, path)
        for steps, path in schema.homes(misfit)
        if not _is_filled(step, path, misfit.field)
    ]
    nearest = [path for steps, path in homes if steps == homes[0][0]]
    return nearest[0] if len(nearest) == 1 else None


def _is_filled(step: Step, path: Path, field: str) -> bool:
    value: Any = step.data
    for part in path:
        if isinstance(part, str):
            value = as_dict(value).get(part)
        else:
            value = value[part] if isinstance(value, list) and part < len(value) else None
    return isinstance(value, Unknown) or field in as_dict(value)

"""`tsplit-lint config`: the effective settings, each with where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..config import MESH_DEFAULTS, Config, DeclaredScope, Override
from ..finding import Severity
from ..options import (
    PROG,
    Parser,
    add_config_flags,
    add_format_flag,
    add_help,
    add_input_flags,
    add_level_flags,
    add_mesh_flags,
    add_rule_flags,
    complain,
    settings_of,
    write,
)
from ..registry import all_rules
from ..settings import KEYS, Settings
from ..streams import missing_of


def parser() -> Parser:
    """The parser of the command."""
    result = Parser(
        prog=f"{PROG} config",
        description="Show the effective settings and where each came from: it takes the flags of lint.",
    )
    result.add_argument(
        "--scopes",
        metavar="PATH",
        action="append",
        default=[],
        help="show how the files below this path are divided, and why (repeatable)",
    )
    add_format_flag(result)
    add_rule_flags(result)
    add_level_flags(result)
    add_input_flags(result)
    add_mesh_flags(result)
    add_config_flags(result)
    add_help(result)
    return result


def run(words: list[str]) -> int:
    """Print the settings."""
    namespace = parser().parse(words)
    settings = settings_of(namespace)
    if namespace.scopes:
        return _show_scopes(namespace.scopes, settings, namespace.format)
    values = {key: _plain(_effective(settings.config, name)) for key, name in KEYS.items()}
    write(_json(settings, values) if namespace.format == "json" else _text(settings, values))
    for note in all_rules()[1]:
        complain("note", note)
    return 0


def _show_scopes(paths: list[str], settings: Settings, form: str) -> int:
    """Print how a tree is divided."""
    from ..division import as_json, as_text, mesh_of, parts_of
    from ..engine import load_catalog

    missing = missing_of(paths)
    present = [path for path in paths if path not in missing]
    if not present:
        return 2
    catalog, unreadable = load_catalog(present, settings.config)
    for failure in unreadable:
        complain("error", failure)
    parts = parts_of(catalog)
    mesh = mesh_of(catalog)
    write(as_json(parts, mesh) if form == "json" else as_text(parts, mesh))
    return 2 if missing or unreadable else 0


def _json(settings: Settings, values: Mapping[str, Any]) -> str:
    import json

    shown = {
        key: {"value": value, "source": settings.sources[key]} for key, value in values.items()
    }
    told = {"file": settings.file, "charts_rendered_by": _engine(settings), "settings": shown}
    return json.dumps(told, indent=2) + "\n"


def _text(settings: Settings, values: Mapping[str, Any]) -> str:
    import json

    told = {key: json.dumps(value, ensure_ascii=False) for key, value in values.items()}
    key_width = max(map(len, told))
    value_width = min(max(map(len, told.values())), 40)
    lines = [
        f"configuration file: {settings.file or 'none'}",
        f"charts rendered by: {_engine(settings)}",
        "",
    ]
    lines += [
        f"{key:{key_width}}  {value:{value_width}}  {settings.sources[key]}"
        for key, value in told.items()
    ]
    return "\n".join(lines) + "\n"


def _engine(settings: Settings) -> str:
    """What renders Helm charts in this installation, for `auto` depends on it."""
    from ..helm.installed import engine_name, version

    name = engine_name(settings.config.helm_engine)
    return f"Helm's own engine (helm-python-sdk {version()})" if name == "helm" else "built-in"


def _effective(config: Config, name: str) -> Any:
    """A setting as it holds where no file of Istio's says more."""
    said = getattr(config, name)
    return said or MESH_DEFAULTS.get(name, said)


def _plain(value: Any) -> Any:
    """A setting as a configuration file would have it."""
    if isinstance(value, Severity):
        return value.label
    if isinstance(value, Path):
        return value.as_posix()
    if isinstance(value, Override | DeclaredScope):
        given = {key.replace("_", "-"): part for key, part in value._asdict().items()}
        return {key: _plain(part) for key, part in given.items() if part not in ((), {}, None)}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return value

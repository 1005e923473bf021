"""The effective settings: one frozen dataclass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from .finding import Severity

#: What holds for a mesh where nothing says otherwise, by the field of Config.
MESH_DEFAULTS: Final[dict[str, Any]] = {
    "root_namespace": "istio-system",
    "cluster_domain": "cluster.local",
    "default_service_export_to": ("*",),
    "default_virtual_service_export_to": ("*",),
    "default_destination_rule_export_to": ("*",),
    "outbound_traffic_policy": "ALLOW_ANY",
}


class Override(NamedTuple):
    """Settings for the files that some patterns match; a later override wins over an earlier one.

    `paths` are written as in .gitignore, relative to the root of the settings.
    """

    paths: tuple[str, ...]
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = MappingProxyType({})
    complete: bool | None = None


class DeclaredScope(NamedTuple):
    """What deploys together, as a team says.

    `paths` are written as in .gitignore, relative to the root of the settings.  `values_set` names the
    set of values that its charts and services are rendered with, None for all; `complete`: whether all
    that it refers to is in sight, None where the other settings tell.
    """

    name: str
    paths: tuple[str, ...]
    values_set: str | None = None
    complete: bool | None = None


@dataclass(frozen=True)
class Config:
    """What a run does.

    `root` is the folder that patterns in a configuration file are relative to.  `values_sets` are named
    lists of values files (relative to a chart, to a service or to `root`), each a rendering of its own;
    `helm_engine` is `auto`, `built-in` or `helm`.  What is None or empty of MESH_DEFAULTS is read from
    Istio's own settings, where they are in sight.
    """

    root: Path = field(default_factory=Path.cwd)
    select: tuple[str, ...] = ("ALL",)
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    fail_on: Severity = Severity.ERROR
    min_severity: Severity = Severity.INFO
    exclude: tuple[str, ...] = ()
    values: tuple[Path, ...] = ()
    values_sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    services: Mapping[str, str] = field(default_factory=dict)
    helm_engine: str = "auto"
    scopes: tuple[DeclaredScope, ...] = ()
    context: tuple[Path, ...] = ()
    complete: bool = False
    istio_version: str = "latest"
    overrides: tuple[Override, ...] = ()
    root_namespace: str | None = None
    cluster_domain: str | None = None
    default_service_export_to: tuple[str, ...] = ()
    default_virtual_service_export_to: tuple[str, ...] = ()
    default_destination_rule_export_to: tuple[str, ...] = ()
    outbound_traffic_policy: str | None = None

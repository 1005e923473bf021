"""The effective settings: one frozen dataclass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .finding import Severity


@dataclass(frozen=True)
class Override:
    """Settings for the files that some patterns match; a later override wins over an earlier one.

    `paths` are written as in .gitignore, relative to the root of the settings.
    """

    paths: tuple[str, ...]
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    complete: bool | None = None


@dataclass(frozen=True)
class Config:
    """What a run does.

    `root` is the folder that patterns in a configuration file are relative to.  `values_sets` are named
    lists of values files (relative to a chart, to a service or to `root`), each a rendering of its own;
    `helm_engine` is `auto`, `built-in` or `helm`.
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
    context: tuple[Path, ...] = ()
    complete: bool = False
    istio_version: str = "latest"
    cluster_domain: str = "cluster.local"
    root_namespace: str = "istio-system"
    overrides: tuple[Override, ...] = ()

"""The effective settings: one frozen dataclass."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from .finding import Severity


@dataclass(frozen=True)
class Config:
    """What a run does.

    `root` is the folder that paths in a configuration file are relative to.
    """

    root: Path = field(default_factory=Path.cwd)
    select: tuple[str, ...] = ("ALL",)
    ignore: tuple[str, ...] = ()
    severity: dict[str, Severity] = field(default_factory=dict)
    fail_on: Severity = Severity.ERROR
    min_severity: Severity = Severity.INFO
    exclude: tuple[str, ...] = ()
    values: tuple[Path, ...] = ()
    context: tuple[Path, ...] = ()
    complete: bool = False
    cluster_domain: str = "cluster.local"
    root_namespace: str = "istio-system"

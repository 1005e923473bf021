"""Static policy linter for traffic splitting on Istio and Harness.

The public API: what a rule or a plugin needs, and `lint` for programs.  Names are imported on first
use, so that `import tsplit_lint` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .version import VERSION as __version__

if TYPE_CHECKING:
    from .catalog import Catalog as Catalog
    from .catalog import Lookup as Lookup
    from .catalog import defined_subsets as defined_subsets
    from .config import Config as Config
    from .config import Override as Override
    from .document import MANAGED as MANAGED
    from .document import Document as Document
    from .engine import Report as Report
    from .engine import lint as lint
    from .finding import Finding as Finding
    from .finding import Fix as Fix
    from .finding import Related as Related
    from .finding import Severity as Severity
    from .finding import Span as Span
    from .harness.manifest import PRIMARY_SERVICE as PRIMARY_SERVICE
    from .harness.manifest import STAGE_SERVICE as STAGE_SERVICE
    from .harness.manifest import each_beyond_the_first as each_beyond_the_first
    from .harness.manifest import has_harness_marks as has_harness_marks
    from .harness.manifest import in_full_sight as in_full_sight
    from .harness.manifest import kept_destination as kept_destination
    from .harness.manifest import managed_in as managed_in
    from .harness.manifest import meant_as_managed as meant_as_managed
    from .harness.manifest import says_no as says_no
    from .harness.manifest import uses_blue_green as uses_blue_green
    from .harness.model import Phase as Phase
    from .harness.model import Rollout as Rollout
    from .harness.model import Section as Section
    from .harness.model import Step as Step
    from .harness.shift import EarlyDelete as EarlyDelete
    from .harness.shift import Shift as Shift
    from .harness.shift import early_deletes as early_deletes
    from .harness.shift import traffic_shifts as traffic_shifts
    from .harness.split import SplitDestination as SplitDestination
    from .harness.split import TrafficSplit as TrafficSplit
    from .harness.split import traffic_splits as traffic_splits
    from .hooks import hookimpl as hookimpl
    from .hosts import Host as Host
    from .parsing import DocumentError as DocumentError
    from .resource import Destination as Destination
    from .resource import DestinationRule as DestinationRule
    from .resource import Gateway as Gateway
    from .resource import Resource as Resource
    from .resource import Route as Route
    from .resource import Service as Service
    from .resource import ServiceEntry as ServiceEntry
    from .resource import Subset as Subset
    from .resource import VirtualService as VirtualService
    from .resource import as_dict as as_dict
    from .resource import as_list as as_list
    from .rule import Rule as Rule
    from .scope import Scope as Scope
    from .source import Place as Place
    from .source import Problem as Problem
    from .source import SourceFile as SourceFile
    from .suppress import Suppression as Suppression
    from .values import Unknown as Unknown
    from .values import is_integer as is_integer
    from .values import is_known as is_known
    from .values import is_text as is_text
    from .words import listed as listed

_HOMES = {
    "catalog": ("Catalog", "Lookup", "defined_subsets"),
    "config": ("Config", "Override"),
    "document": ("MANAGED", "Document"),
    "engine": ("Report", "lint"),
    "finding": ("Finding", "Fix", "Related", "Severity", "Span"),
    "harness.model": ("Phase", "Rollout", "Section", "Step"),
    "harness.manifest": (
        "PRIMARY_SERVICE",
        "STAGE_SERVICE",
        "each_beyond_the_first",
        "has_harness_marks",
        "in_full_sight",
        "kept_destination",
        "managed_in",
        "meant_as_managed",
        "says_no",
        "uses_blue_green",
    ),
    "harness.shift": ("EarlyDelete", "Shift", "early_deletes", "traffic_shifts"),
    "harness.split": ("SplitDestination", "TrafficSplit", "traffic_splits"),
    "hosts": ("Host",),
    "parsing": ("DocumentError",),
    "resource": (
        "Destination",
        "DestinationRule",
        "Gateway",
        "Resource",
        "Route",
        "Service",
        "ServiceEntry",
        "Subset",
        "VirtualService",
        "as_dict",
        "as_list",
    ),
    "hooks": ("hookimpl",),
    "rule": ("Rule",),
    "scope": ("Scope",),
    "source": ("Place", "Problem", "SourceFile"),
    "suppress": ("Suppression",),
    "words": ("listed",),
    "values": ("Unknown", "is_integer", "is_known", "is_text"),
}
_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = ["__version__", *_MODULE_OF]


def __getattr__(name: str) -> Any:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{module}", __name__), name)

"""Static policy linter for traffic splitting on Istio and Harness.

The public API: what a rule or a plugin needs, and `lint` for programs.  Names are imported on first
use, so that `import tsplit_lint` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .version import VERSION as __version__

if TYPE_CHECKING:
    from .catalog import Catalog as Catalog
    from .catalog import Host as Host
    from .catalog import Lookup as Lookup
    from .catalog import defined_subsets as defined_subsets
    from .config import Config as Config
    from .document import Document as Document
    from .engine import Report as Report
    from .engine import lint as lint
    from .finding import Finding as Finding
    from .finding import Fix as Fix
    from .finding import Related as Related
    from .finding import Severity as Severity
    from .finding import Span as Span
    from .harness import Rollout as Rollout
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
    from .values import Unknown as Unknown
    from .values import is_integer as is_integer
    from .values import is_known as is_known
    from .values import is_text as is_text

_HOMES = {
    "catalog": ("Catalog", "Host", "Lookup", "defined_subsets"),
    "config": ("Config",),
    "document": ("Document",),
    "engine": ("Report", "lint"),
    "finding": ("Finding", "Fix", "Related", "Severity", "Span"),
    "harness": ("Rollout",),
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
    "rule": ("Rule",),
    "scope": ("Scope",),
    "source": ("Place", "Problem", "SourceFile"),
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

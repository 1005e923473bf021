"""The plan of a rollout: what happens step by step; one file per format, imported when asked for.

A format is a module of this package with `render(plans, view) -> str`, the whole output.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..report import View
    from .model import Plan

#: The formats by the name that `--format` takes, and the module of each.
FORMATS: Final = {
    "text": "text",
    "json": "json_plan",
    "mermaid": "mermaid",
    "html": "page",
}

__all__ = ["FORMATS", "render"]


def render(format_name: str, plans: Sequence[Plan], view: View) -> str:
    """The plans in one of FORMATS."""
    module = import_module(f".{FORMATS[format_name]}", __name__)
    output: str = module.render(plans, view)
    return output

"""The graph of who routes to whom: one file per format, imported when it is asked for.

A format is a module of this package with `render(graph, view) -> str`, the whole output.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..report import View
    from .model import Graph

#: The formats by the name that `--format` takes, and the module of each.
FORMATS: Final = {
    "text": "text",
    "mermaid": "mermaid",
    "dot": "dot",
    "html": "page",
    "json": "json_graph",
}

__all__ = ["FORMATS", "render"]


def render(format_name: str, graph: Graph, view: View) -> str:
    """The graph in one of FORMATS."""
    module = import_module(f".{FORMATS[format_name]}", __name__)
    output: str = module.render(graph, view)
    return output

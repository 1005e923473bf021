"""The graph in DOT, the language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from .links import Edge, Links, Node

if TYPE_CHECKING:
    from ..report import View
    from .model import Graph

_SHAPES: Final = {
    "host": 'shape=box, style="rounded,bold"',
    "route": "shape=box",
    "to": 'shape=box, style="rounded"',
    "pods": "shape=component",
    "answer": "shape=plaintext",
}
_MARKS: Final = {
    "error": 'color="#c62828", penwidth=3',
    "warning": 'color="#b26a00", penwidth=3',
    "info": 'color="#1565c0", penwidth=2',
    "lacking": 'color="#c62828", penwidth=3, peripheries=2',
}
_LINES: Final = {"full": "", "none": "style=dotted", "copy": "style=dashed"}


def render(graph: Graph, view: View) -> str:
    """The text of the graph."""
    return "\n".join(_lines(Links(graph))) + "\n"


def _lines(links: Links) -> Iterator[str]:
    yield "digraph traffic {"
    yield '  graph [rankdir="LR", fontname="sans-serif"];'
    yield '  node [fontname="sans-serif", fontsize=11];'
    yield '  edge [fontname="sans-serif", fontsize=10];'
    for node in links.nodes:
        yield f"  {_node(node)}"
    for group in links.groups:
        yield f'  subgraph "cluster_{group.id}" {{'
        yield f"    label={_quoted(group.title)};"
        for node in group.nodes:
            yield f"    {_node(node)}"
        yield "  }"
    for edge in links.edges:
        yield f"  {_edge(edge)}"
    yield "}"


def _node(node: Node) -> str:
    mark = node.mark
    parts = [f"label={_quoted(*node.lines)}", _SHAPES[node.kind], _MARKS.get(mark, "")]
    return f'"{node.id}" [{", ".join(filter(None, parts))}];'


def _edge(edge: Edge) -> str:
    parts = [f"label={_quoted(edge.text)}" if edge.text else "", _LINES[edge.line]]
    attributes = ", ".join(filter(None, parts))
    return f'"{edge.source}" -> "{edge.target}"' + (f" [{attributes}];" if attributes else ";")


def _quoted(*lines: str) -> str:
    r"""Lines as one quoted text; a backslash is doubled, for `\N` and the like are codes in a label."""
    safe = ("".join(c if c.isprintable() else "?" for c in line) for line in lines)
    texts = (line.replace("\\", "\\\\").replace('"', '\\"') for line in safe)
    return '"' + "\\n".join(texts) + '"'

"""The graph as a Mermaid flowchart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from .links import Edge, Links, Node

if TYPE_CHECKING:
    from ..report import View
    from .model import Graph

#: Characters that Mermaid or its Markdown reads as something else, also within quotes.
_SPECIAL: Final = re.compile(r"[\"#&<>`*_\\{}|~;$]|(?<=%)%")
#: The two ends of a node's shape.
_SHAPES: Final = {
    "host": ('(["', '"])'),
    "route": ('["', '"]'),
    "to": ('["', '"]'),
    "pods": ('[["', '"]]'),
    "answer": ('("', '")'),
}
_ARROWS: Final = {"full": "-->", "none": "-.->", "copy": "-.->"}
_CLASSES: Final = (
    "  classDef error stroke:#c62828,stroke-width:3px",
    "  classDef warning stroke:#b26a00,stroke-width:3px",
    "  classDef info stroke:#1565c0,stroke-width:2px",
    "  classDef lacking stroke:#c62828,stroke-width:3px,stroke-dasharray:6 4",
)


def render(graph: Graph, view: View) -> str:
    """The text of the chart, which Markdown pages hold in a block of `mermaid`."""
    return "\n".join(_lines(Links(graph))) + "\n"


def _lines(links: Links) -> Iterator[str]:
    yield "flowchart LR"
    for node in links.nodes:
        yield f"  {_node(node)}"
    for group in links.groups:
        yield f'  subgraph {group.id}["{_escape(group.title)}"]'
        for node in group.nodes:
            yield f"    {_node(node)}"
        yield "  end"
    for edge in links.edges:
        yield f"  {_edge(edge)}"
    yield from _CLASSES


def _node(node: Node) -> str:
    start, end = _SHAPES[node.kind]
    text = "<br>".join(map(_escape, node.lines)) or " "
    mark = node.mark
    return f"{node.id}{start}{text}{end}" + (f":::{mark}" if mark else "")


def _edge(edge: Edge) -> str:
    text = f'|"{_escape(edge.text)}"|' if edge.text else ""
    return f"{edge.source} {_ARROWS[edge.line]}{text} {edge.target}"


def _escape(text: str) -> str:
    """A text within quotes; what Mermaid would read as its own becomes a character code."""
    safe = "".join(char if char.isprintable() else "?" for char in text)
    safe = _SPECIAL.sub(lambda match: f"#{ord(match[0])};", safe)
    # a number and a full stop, or a dash, at the start would begin a list of Markdown
    return re.sub(r"^(\d+)([.)]) ", r"\1#46; ", re.sub(r"^([-+]) ", r"#45; ", safe))

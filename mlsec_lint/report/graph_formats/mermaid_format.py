"""Graphs for Mermaid, which code hosts draw inside Markdown."""

from __future__ import annotations

import re

from mlsec_lint.domain.graph import Graph
from mlsec_lint.report.graph_formats.labels import edge_title, lines, names

_SPECIAL = re.compile(r"[^\w ./:,=()]|\.(?= )", re.ASCII)
"""A dot before a space may end the number of a list."""

_KINDS = ("source", "sink")


def render(graph: Graph) -> str:
    """A flowchart from top to bottom."""
    named = names(graph)
    nodes = [f'  {named[node.id]}["{"<br/>".join(map(_escaped, lines(node)))}"]' for node in graph.nodes]
    edges = [f"  {named[edge.source]} -->{_edge_label(edge_title(edge))} {named[edge.target]}" for edge in graph.edges]
    classes = [
        f"  class {','.join(members)} {kind}"
        for kind in _KINDS
        if (members := [named[node.id] for node in graph.nodes if node.kind == kind])
    ]
    styles = ["  classDef source fill:#fde2c4,stroke:#333", "  classDef sink fill:#f9c9c9,stroke:#333"]
    return "\n".join(["flowchart TD", *nodes, *edges, *(styles if classes else ()), *classes, ""])


def _edge_label(text: str) -> str:
    return f'|"{_escaped(text)}"|' if text else ""


def _escaped(text: str) -> str:
    """``text`` with everything that Mermaid, Markdown or HTML could read as theirs as a numeric entity.

    Inside quotes Mermaid still reads Markdown, HTML and its own entities, and code hosts draw what strangers wrote.
    """
    return _SPECIAL.sub(lambda char: f"#{ord(char[0])};", text)

"""Graphs for Graphviz."""

from __future__ import annotations

from mlsec_lint.domain.graph import Graph
from mlsec_lint.report.graph_formats.labels import edge_title, lines, names

_STYLES = {"source": ', style="filled", fillcolor="#fde2c4"', "sink": ', style="filled", fillcolor="#f9c9c9"'}


def render(graph: Graph) -> str:
    """A ``digraph`` with left-aligned text in boxes."""
    named = names(graph)
    nodes = [f"  {named[node.id]} [label={_label(lines(node))}{_STYLES.get(node.kind, '')}];" for node in graph.nodes]
    edges = [f"  {named[edge.source]} -> {named[edge.target]}{_edge_label(edge_title(edge))};" for edge in graph.edges]
    head = ["digraph mlsec_lint {", '  node [shape="box", fontname="monospace"];', '  edge [fontname="monospace"];']
    return "\n".join([*head, *nodes, *edges, "}", ""])


def _edge_label(text: str) -> str:
    return f' [label="{_escaped(text)}"]' if text else ""


def _label(parts: list[str]) -> str:
    return '"' + "".join(rf"{_escaped(part)}\l" for part in parts) + '"'


def _escaped(text: str) -> str:
    r"""``text`` inside quotes. Graphviz reads escapes (``\N``: the name of the node) and HTML entities there."""
    return text.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')

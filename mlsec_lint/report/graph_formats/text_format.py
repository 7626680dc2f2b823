"""Graphs for people: each node on a line, and below it where one gets from there."""

from __future__ import annotations

from collections.abc import Iterator

from mlsec_lint.domain.graph import Graph, GraphEdge, GraphNode
from mlsec_lint.report.graph_formats.labels import code, edge_title, place, title

_MARKED = ("source", "sink")


def render(graph: Graph) -> str:
    """The lines; empty for an empty graph."""
    return "".join(f"{line}\n" for line in _lines(graph))


def _lines(graph: Graph) -> Iterator[str]:
    by_id = {node.id: node for node in graph.nodes}
    leaving: dict[str, list[GraphEdge]] = {}
    for edge in graph.edges:
        leaving.setdefault(edge.source, []).append(edge)
    for node in graph.nodes:
        mark = f" [{node.kind}]" if node.kind in _MARKED else ""
        yield f"{_short(node)}{mark}" + (f" | {text}" if (text := code(node)) else "")
        for edge in leaving.get(node.id, ()):
            label = f" ({text})" if (text := edge_title(edge)) else ""
            yield f"  -> {_short(by_id[edge.target])}{label}"


def _short(node: GraphNode) -> str:
    """``place: what``, or the name alone of what has no place."""
    where = place(node)
    return f"{where}: {title(node)}" if where else title(node)

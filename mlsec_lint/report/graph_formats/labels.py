"""What is written on a node, whatever the format: short and printable lines, not yet escaped for any language."""

from __future__ import annotations

from collections.abc import Mapping

from mlsec_lint.domain.graph import Graph, GraphEdge, GraphNode
from mlsec_lint.report.escape import cropped, one_line
from mlsec_lint.report.place import finding_place

_LONGEST = 80
"""Code points of a line on a node: code can be as long as a file."""


def title(node: GraphNode) -> str:
    """What the node is, in words."""
    return cropped(one_line(node.label), _LONGEST)


def place(node: GraphNode) -> str:
    """Where the node is; empty for one without a place. Of a long one the end is kept, which tells more."""
    text = finding_place(node.location) if node.location is not None else ""
    return text if len(text) <= _LONGEST else "…" + text[1 - _LONGEST :]


def code(node: GraphNode) -> str:
    """The code there."""
    return cropped(one_line(node.code), _LONGEST)


def lines(node: GraphNode) -> list[str]:
    """All that is written on the node; never nothing, so that it can be seen."""
    return [line for line in (title(node), code(node), place(node)) if line] or ["?"]


def edge_title(edge: GraphEdge) -> str:
    """What is written on an edge; may be empty."""
    return cropped(one_line(edge.label), _LONGEST)


def names(graph: Graph) -> Mapping[str, str]:
    """A name for each id that is a plain word in every language: ``n1``, ``n2`` and so on."""
    return {node.id: f"n{number}" for number, node in enumerate(graph.nodes, 1)}

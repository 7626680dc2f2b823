"""The part of a graph that lies between some of its nodes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mlsec_lint.domain.errors import UsageError
from mlsec_lint.domain.graph import Graph, GraphNode

if TYPE_CHECKING:
    import networkx as nx


def slice_graph(graph: Graph, from_: str | None, to: str | None) -> Graph:
    """What lies on a path from a node that ``from_`` names to one that ``to`` names; ``None`` asks for nothing.

    A name is one of: the qualified name of a definition or its last parts, a place as reports write it (``PATH`` or
    ``PATH:LINE``), or a part of the label or the code. The first of these that fits any node counts. Raises
    ``UsageError`` if a name fits no node, unless the graph has none.
    """
    if not graph.nodes or (from_ is None and to is None):
        return graph
    directed = _directed(graph)
    kept = {node.id for node in graph.nodes}
    if from_ is not None:
        kept &= _reached(directed, _named(graph, from_, "--from"), forwards=True)
    if to is not None:
        kept &= _reached(directed, _named(graph, to, "--to"), forwards=False)
    return Graph(
        tuple(node for node in graph.nodes if node.id in kept),
        tuple(edge for edge in graph.edges if edge.source in kept and edge.target in kept),
    )


def _directed(graph: Graph) -> nx.DiGraph[str]:
    import networkx as nx

    directed: nx.DiGraph[str] = nx.DiGraph()
    directed.add_nodes_from(node.id for node in graph.nodes)
    directed.add_edges_from((edge.source, edge.target) for edge in graph.edges)
    return directed


def _reached(directed: nx.DiGraph[str], starts: Iterable[str], *, forwards: bool) -> set[str]:
    """The nodes that can be reached from the starts, or from which they can be, and the starts themselves."""
    import networkx as nx

    graph = directed if forwards else directed.reverse(copy=False)
    return {node for layer in nx.bfs_layers(graph, starts) for node in layer}


def _named(graph: Graph, name: str, option: str) -> list[str]:
    for fits in (_is_definition, _is_place, _says):
        found = [node.id for node in graph.nodes if fits(node, name)]
        if found:
            return found
    raise UsageError(
        f"{option}: nothing in the graph is called {name}; name a definition, PATH:LINE, or a part of what a step says"
    )


def _is_definition(node: GraphNode, name: str) -> bool:
    """Whether ``name`` ends the full name of the node's definition; the module is told by the path."""
    full = node.definition
    if node.location is not None:
        module = node.location.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        full = f"{module}.{full}" if full else module
    return full == name or full.endswith(f".{name}")


def _is_place(node: GraphNode, name: str) -> bool:
    place = str(node.location) if node.location is not None else ""
    name = name.removeprefix("./")
    return place == name or place.startswith(f"{name}:")


def _says(node: GraphNode, name: str) -> bool:
    return name in node.label or name in node.code

"""Graphs as JSON."""

from __future__ import annotations

import msgspec

from mlsec_lint.domain.graph import Graph, GraphNode
from mlsec_lint.report.encode import encode
from mlsec_lint.report.escape import valid
from mlsec_lint.report.json_document import LocationRecord

VERSION = 1


class NodeRecord(msgspec.Struct, frozen=True):
    """A node; what it says is complete and not cut, since programs read it."""

    id: str
    label: str
    kind: str
    location: LocationRecord | None
    code: str
    definition: str


class EdgeRecord(msgspec.Struct, frozen=True):
    """An edge between the nodes with these ids."""

    source: str
    target: str
    label: str


class GraphDocument(msgspec.Struct, frozen=True):
    """The whole graph."""

    version: int
    nodes: tuple[NodeRecord, ...]
    edges: tuple[EdgeRecord, ...]


def render(graph: Graph) -> str:
    """The document as text; ``docs/cli.md`` describes it."""
    nodes = tuple(_node(node) for node in graph.nodes)
    edges = tuple(EdgeRecord(valid(edge.source), valid(edge.target), valid(edge.label)) for edge in graph.edges)
    return encode(GraphDocument(VERSION, nodes, edges))


def render_calls(graph: Graph) -> str:
    """Each definition with what it calls, both sorted by name."""
    labels = {node.id: valid(node.label) for node in graph.nodes}
    calls: dict[str, list[str]] = {label: [] for label in sorted(labels.values())}
    for edge in graph.edges:
        calls[labels[edge.source]].append(labels[edge.target])
    return encode({caller: sorted(callees) for caller, callees in calls.items()})


def _node(node: GraphNode) -> NodeRecord:
    where = node.location
    place = (
        LocationRecord(valid(where.path), where.line, where.column, where.end_line, where.end_column, where.cell)
        if where is not None
        else None
    )
    return NodeRecord(valid(node.id), valid(node.label), node.kind, place, valid(node.code), valid(node.definition))

"""A graph to look at or to hand to another program: the flows of a run, or its calls."""

from __future__ import annotations

from dataclasses import dataclass

from mlsec_lint.domain.finding import Location


@dataclass(frozen=True, slots=True)
class GraphNode:
    """One node. ``kind`` is ``source``, ``step`` or ``sink`` in a graph of flows, ``definition`` in one of calls.

    ``label`` says what it is in words, ``code`` is the code there, ``definition`` the qualified name of the enclosing
    definition.
    """

    id: str
    label: str
    kind: str
    location: Location | None = None
    code: str = ""
    definition: str = ""


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """An edge between the nodes with the ids ``source`` and ``target``."""

    source: str
    target: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes and edges, both in an order that depends on the content alone."""

    nodes: tuple[GraphNode, ...] = ()
    edges: tuple[GraphEdge, ...] = ()

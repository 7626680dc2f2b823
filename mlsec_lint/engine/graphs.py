"""Graphs out of a finished run: what its findings say about flows, and which definition calls which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

from mlsec_lint.domain.errors import UsageError
from mlsec_lint.domain.finding import Finding, Flow, Location, ScanResult, Step
from mlsec_lint.domain.graph import Graph, GraphEdge, GraphNode

_ROLES = ("sink", "source", "step")
"""What a node is that several flows share, the first that applies: the end of one may be half-way in another."""

_Key = tuple[Location, str]


def flow_graph(result: ScanResult) -> Graph:
    """The flows of all findings in one graph: equal steps are one node, and each edge names the origins of its data."""
    flows = [finding.flow for finding in result.findings if finding.flow is not None]
    steps: dict[_Key, Step] = {}
    for flow in flows:
        for step in flow.steps:
            known = steps.get(_key(step))
            if known is None or _ROLES.index(step.role) < _ROLES.index(known.role):
                steps[_key(step)] = step
    ids = {key: f"n{number}" for number, key in enumerate(sorted(steps, key=_order), 1)}
    return Graph(tuple(_node(ids[key], steps[key]) for key in ids), tuple(_edges(flows, ids)))


def call_graph(calls: Iterable[tuple[str, str]]) -> Graph:
    """The graph of ``calls``: pairs of the qualified names of a caller and of what it calls."""
    pairs = sorted(set(calls))
    names = sorted({name for pair in pairs for name in pair})
    ids = {name: f"n{number}" for number, name in enumerate(names, 1)}
    nodes = tuple(GraphNode(ids[name], name, "definition", definition=name) for name in names)
    return Graph(nodes, tuple(GraphEdge(ids[caller], ids[callee]) for caller, callee in pairs))


def with_findings(result: ScanResult, wanted: str) -> ScanResult:
    """``result`` with the findings alone that ``wanted`` names: a fingerprint, or a place as reports write it.

    Raises ``UsageError`` if there is none.
    """
    chosen = tuple(finding for finding in result.findings if _is_meant(finding, wanted.removeprefix("./")))
    if not chosen:
        raise UsageError(f"--finding: no finding of this run is {wanted}; name a fingerprint or PATH:LINE of a report")
    return replace(result, findings=chosen)


def _is_meant(finding: Finding, wanted: str) -> bool:
    place = str(finding.location)
    return place == wanted or place.startswith(f"{wanted}:") or finding.fingerprint == wanted.lower()


def _key(step: Step) -> _Key:
    return (step.location, step.text)


def _order(key: _Key) -> tuple[str, int, Location, str]:
    """By file, and in a notebook by cell before line."""
    location, text = key
    return (location.path, location.cell or 0, replace(location, cell=None), text)


def _node(identifier: str, step: Step) -> GraphNode:
    return GraphNode(identifier, step.text, step.role, step.location, step.code, step.definition)


def _edges(flows: Iterable[Flow], ids: dict[_Key, str]) -> Iterable[GraphEdge]:
    """One edge for each pair of nodes that follow each other, in the order of the nodes."""
    origins: dict[tuple[_Key, _Key], set[str]] = {}
    for flow in flows:
        for first, second in pairwise(map(_key, flow.steps)):
            if first != second:
                origins.setdefault((first, second), set()).add(flow.origin)
    for first, second in sorted(origins, key=lambda pair: (_order(pair[0]), _order(pair[1]))):
        yield GraphEdge(ids[first], ids[second], ", ".join(sorted(origins[first, second])))

"""The arrangement of a graph in layers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlsec_lint.domain.graph import Graph, GraphEdge, GraphNode
from mlsec_lint.report.graph_formats.layers import layers_of

Pairs = set[tuple[int, int]]


def graph(count: int, pairs: Pairs | list[tuple[int, int]]) -> Graph:
    nodes = tuple(GraphNode(str(each), "", "step") for each in range(count))
    return Graph(nodes, tuple(GraphEdge(str(first), str(second)) for first, second in sorted(pairs)))


def test_an_empty_graph_has_no_layers() -> None:
    assert layers_of(Graph()) == []


def test_a_node_lies_below_all_that_lead_to_it() -> None:
    assert layers_of(graph(4, [(0, 1), (1, 2), (0, 2), (2, 3)])) == [["0"], ["1"], ["2"], ["3"]]


def test_neighbours_stand_near_each_other() -> None:
    """Sorting by the place of the neighbours takes the crossing out."""
    assert layers_of(graph(4, [(0, 3), (1, 2)])) in ([["0", "1"], ["3", "2"]], [["1", "0"], ["2", "3"]])


def test_a_cycle_is_entered_where_the_flow_enters_it() -> None:
    assert layers_of(graph(3, [(2, 1), (1, 0), (0, 1)])) == [["2"], ["1"], ["0"]]


def test_a_chain_may_be_longer_than_the_stack_is_deep() -> None:
    count = 20_000
    assert len(layers_of(graph(count, [(each, each + 1) for each in range(count - 1)]))) == count


@given(st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9))))
def test_every_node_has_one_place_and_edges_lead_down_unless_they_close_a_cycle(pairs: Pairs) -> None:
    layers = layers_of(graph(10, pairs))
    assert sorted(node for layer in layers for node in layer) == [str(each) for each in range(10)]
    depth = {int(node): number for number, layer in enumerate(layers) for node in layer}
    for first, second in pairs:
        assert depth[first] < depth[second] or first in _reached(second, pairs)


def _reached(start: int, pairs: Pairs) -> set[int]:
    found = {start}
    while more := {second for first, second in pairs if first in found} - found:
        found |= more
    return found

"""The part of a graph that lies between some of its nodes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsec_lint.dataflow.slicing import slice_graph
from mlsec_lint.domain.errors import UsageError
from mlsec_lint.domain.finding import Location
from mlsec_lint.domain.graph import Graph, GraphEdge, GraphNode


def node(name: str, path: str, line: int, definition: str = "", label: str = "", code: str = "") -> GraphNode:
    return GraphNode(name, label or f"step {name}", "step", Location(path, line, 1, line, 5), code, definition)


GRAPH = Graph(
    (
        node("upload", "app/api.py", 3, "predict", "received as name"),
        node("config", "app/settings/__init__.py", 1, label="read from a file"),
        node("path", "app/store.py", 7, "Store.path", code="os.path.join(ROOT, name)"),
        node("log", "app/api.py", 9, "predict"),
        node("load", "app/store.py", 12, "Store.load"),
        node("other", "app/store.py", 120, "Store.reload"),
    ),
    (
        GraphEdge("upload", "path"),
        GraphEdge("upload", "log"),
        GraphEdge("config", "path"),
        GraphEdge("path", "load"),
    ),
)


def ids(graph: Graph) -> list[str]:
    return [each.id for each in graph.nodes]


def test_without_a_name_the_graph_stays_as_it_is() -> None:
    assert slice_graph(GRAPH, None, None) is GRAPH


def test_from_a_node_on() -> None:
    assert ids(slice_graph(GRAPH, "received", None)) == ["upload", "path", "log", "load"]


def test_up_to_a_node() -> None:
    assert ids(slice_graph(GRAPH, None, "Store.load")) == ["upload", "config", "path", "load"]


def test_between_two_nodes_with_the_edges_between_them() -> None:
    between = slice_graph(GRAPH, "predict", "load")
    assert ids(between) == ["upload", "path", "load"]
    assert [(edge.source, edge.target) for edge in between.edges] == [("upload", "path"), ("path", "load")]


def test_where_no_path_leads_nothing_is_left() -> None:
    assert slice_graph(GRAPH, "Store.reload", "Store.load") == Graph()


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("predict", ["upload", "log"]),
        ("app.api.predict", ["upload", "log"]),
        ("app.settings", ["config"]),
        ("load", ["load"]),
        ("store.Store.load", ["load"]),
        ("app/store.py:12", ["load"]),
        ("./app/store.py:12:1", ["load"]),
        ("app/settings/__init__.py", ["config"]),
        ("from a file", ["config"]),
        ("ROOT", ["path"]),
    ],
)
def test_nodes_are_named_by_definition_place_or_words(name: str, start: list[str]) -> None:
    """A definition by its last parts, a place as reports write it, else any part of what a node says."""
    assert ids(slice_graph(Graph(GRAPH.nodes), name, None)) == start


@pytest.mark.parametrize(("from_", "to", "option"), [("nowhere", None, "--from"), ("predict", "nowhere", "--to")])
def test_a_name_that_fits_nothing_is_an_error(from_: str, to: str | None, option: str) -> None:
    with pytest.raises(UsageError, match=f"^{option}: nothing in the graph is called nowhere; name a definition"):
        slice_graph(GRAPH, from_, to)


def test_in_an_empty_graph_there_is_nothing_to_name() -> None:
    assert slice_graph(Graph(), "anything", "anything") == Graph()


def test_a_cycle_is_kept_whole() -> None:
    circle = Graph((node("a", "a.py", 1), node("b", "a.py", 2)), (GraphEdge("a", "b"), GraphEdge("b", "a")))
    assert slice_graph(circle, "step a", "step a") == circle


@given(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7))), st.integers(0, 7), st.integers(0, 7))
def test_what_is_kept_lies_on_a_path_and_nothing_on_a_path_is_lost(
    pairs: set[tuple[int, int]], start: int, end: int
) -> None:
    nodes = tuple(node(str(each), "a.py", each + 1, f"f{each}") for each in range(8))
    edges = tuple(GraphEdge(str(first), str(second)) for first, second in sorted(pairs))
    reached = {each: _closure(each, pairs) for each in range(8)}
    expected = {str(each) for each in range(8) if each in reached[start] and end in reached[each]}
    assert set(ids(slice_graph(Graph(nodes, edges), f"f{start}", f"f{end}"))) == expected


def _closure(start: int, pairs: set[tuple[int, int]]) -> set[int]:
    found = {start}
    while more := {second for first, second in pairs if first in found} - found:
        found |= more
    return found

"""Graphs out of a finished run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlsec_lint.domain.errors import UsageError
from mlsec_lint.domain.finding import Finding, Flow, ScanResult, Step
from mlsec_lint.domain.graph import Graph, GraphEdge, GraphNode
from mlsec_lint.engine.graphs import call_graph, flow_graph, with_findings
from tests.report.builders import finding, step, upload_flow


def flowing(origin: str, *steps: Step) -> Finding:
    """A finding that these steps lead to."""
    return finding(location=steps[-1].location, flow=Flow(origin, steps))


def edges(graph: Graph) -> list[tuple[str, str, str]]:
    """The edges, by what their ends say."""
    says = {node.id: node.label for node in graph.nodes}
    return [(says[edge.source], says[edge.target], edge.label) for edge in graph.edges]


RECEIVED = step("b.py", 1, "received", role="source")
JOINED = step("a.py", 5, "joined", "os.path.join(ROOT, name)", definition="path_of")
LOADED = step("a.py", 9, "loaded", role="sink")


def test_steps_become_nodes_in_the_order_of_their_places() -> None:
    graph = flow_graph(ScanResult((flowing("request", RECEIVED, JOINED, LOADED),)))
    assert [(node.id, node.label, node.kind) for node in graph.nodes] == [
        ("n1", "joined", "step"),
        ("n2", "loaded", "sink"),
        ("n3", "received", "source"),
    ]
    assert graph.nodes[0] == GraphNode("n1", "joined", "step", JOINED.location, "os.path.join(ROOT, name)", "path_of")
    assert edges(graph) == [("joined", "loaded", "request"), ("received", "joined", "request")]


def test_steps_that_flows_share_are_one_node() -> None:
    """And the edge between them names the origins of all."""
    downloaded = step("c.py", 3, "downloaded", role="source")
    graph = flow_graph(
        ScanResult((flowing("request", RECEIVED, JOINED, LOADED), flowing("hub", downloaded, JOINED, LOADED)))
    )
    assert len(graph.nodes) == 4
    assert edges(graph) == [
        ("joined", "loaded", "hub, request"),
        ("received", "joined", "request"),
        ("downloaded", "joined", "hub"),
    ]


def test_a_node_that_ends_one_flow_is_a_sink_in_all() -> None:
    halfway = flowing("request", RECEIVED, replace(LOADED, role="step"), step("z.py", 1, "run", role="sink"))
    for flows in ((halfway, flowing("request", RECEIVED, LOADED)), (flowing("request", RECEIVED, LOADED), halfway)):
        kinds = {node.label: node.kind for node in flow_graph(ScanResult(flows)).nodes}
        assert kinds == {"received": "source", "loaded": "sink", "run": "sink"}


def test_different_things_at_one_place_are_different_nodes() -> None:
    twice = flowing("request", RECEIVED, step("b.py", 1, "passed to f"), step("b.py", 1, "passed to f"))
    assert edges(flow_graph(ScanResult((twice,)))) == [("received", "passed to f", "request")]


def test_cells_of_a_notebook_come_in_their_order() -> None:
    notebook = flowing("hub", step("a.ipynb", 9, "first", cell=2), step("a.ipynb", 1, "then", cell=10))
    assert [node.label for node in flow_graph(ScanResult((notebook,))).nodes] == ["first", "then"]


def test_findings_without_a_flow_add_nothing() -> None:
    assert flow_graph(ScanResult((finding(),))) == Graph()


def test_the_graph_does_not_depend_on_the_order_of_the_findings() -> None:
    first, second = flowing("request", RECEIVED, LOADED), flowing("hub", JOINED, LOADED)
    assert flow_graph(ScanResult((first, second))) == flow_graph(ScanResult((second, first)))


def test_calls_become_a_graph_of_definitions() -> None:
    graph = call_graph([("m.f", "m.g"), ("m", "m.f"), ("m.f", "m.g"), ("m.f", "m.f")])
    assert [node.label for node in graph.nodes] == ["m", "m.f", "m.g"]
    assert graph.edges == (GraphEdge("n1", "n2"), GraphEdge("n2", "n2"), GraphEdge("n2", "n3"))


class TestChosenFindings:
    RESULT = ScanResult((finding(flow=upload_flow()), flowing("hub", JOINED, LOADED)))

    @pytest.mark.parametrize("wanted", ["src/model.py:2", "./src/model.py:2:9", "src/model.py"])
    def test_a_place_names_them_as_reports_do(self, wanted: str) -> None:
        assert with_findings(self.RESULT, wanted).findings == self.RESULT.findings[:1]

    def test_a_fingerprint_names_one(self) -> None:
        assert with_findings(self.RESULT, self.RESULT.findings[1].fingerprint).findings == self.RESULT.findings[1:]

    @pytest.mark.parametrize("wanted", ["src/model.py:20", "src/model.py:2:90", "model.py:2", "0" * 32, ""])
    def test_what_names_none_is_an_error(self, wanted: str) -> None:
        with pytest.raises(UsageError, match="--finding: no finding of this run is"):
            with_findings(self.RESULT, wanted)

"""Graphs for people, for programs, and for the tools that draw."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsec_lint.domain.errors import UsageError
from mlsec_lint.domain.finding import Location
from mlsec_lint.domain.graph import Graph, GraphEdge, GraphNode
from mlsec_lint.report.graph_formats import FORMATS, render_calls, render_graph

from .strategies import locations, texts

GRAPH = Graph(
    (
        GraphNode("a", "received", "source", Location("api.py", 3, 9, 3, 14), "def f(p):", "f"),
        GraphNode("b", "passed to g", "step", Location("api.py", 4, 5, 4, 9), "g(p)", "f"),
        GraphNode("c", "loaded", "sink", Location("train.ipynb", 7, 1, 7, 9, cell=2)),
    ),
    (GraphEdge("a", "b", "request"), GraphEdge("b", "c")),
)
HOSTILE = '</text><script>"\\\n\x1b[2J\u202e`#`&quot;--> x; end ]}|\ud800'

kinds = st.sampled_from(("source", "step", "sink", "definition"))


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Any graph, with any text on it."""
    count = draw(st.integers(0, 6))
    ids = [f"x{number}" for number in range(count)]
    nodes = tuple(
        GraphNode(each, draw(texts), draw(kinds), draw(st.none() | locations), draw(texts), draw(texts)) for each in ids
    )
    pairs = draw(st.sets(st.tuples(st.sampled_from(ids), st.sampled_from(ids)))) if ids else set[tuple[str, str]]()
    return Graph(nodes, tuple(GraphEdge(first, second, draw(texts)) for first, second in sorted(pairs)))


def parsed(document: str) -> Xml.Element:
    """The root of an XML document of ours."""
    return Xml.fromstring(document)  # noqa: S314 - written by the code under test


def hostile() -> Graph:
    """A graph that tries to leave every place where its text is put."""
    node = GraphNode("a", HOSTILE, "source", Location(HOSTILE, 1, 1, 1, 2), HOSTILE * 100, HOSTILE)
    return Graph((node,), (GraphEdge("a", "a", HOSTILE),))


def test_text_is_a_line_for_each_node_and_below_it_where_one_gets() -> None:
    assert render_graph(GRAPH, "text") == (
        "api.py:3:9: received [source] | def f(p):\n"
        "  -> api.py:4:5: passed to g (request)\n"
        "api.py:4:5: passed to g | g(p)\n"
        "  -> train.ipynb:cell 2:7:1: loaded\n"
        "train.ipynb:cell 2:7:1: loaded [sink]\n"
    )


def test_dot_has_boxes_and_arrows() -> None:
    assert render_graph(GRAPH, "dot") == (
        "digraph mlsec_lint {\n"
        '  node [shape="box", fontname="monospace"];\n'
        '  edge [fontname="monospace"];\n'
        '  n1 [label="received\\ldef f(p):\\lapi.py:3:9\\l", style="filled", fillcolor="#fde2c4"];\n'
        '  n2 [label="passed to g\\lg(p)\\lapi.py:4:5\\l"];\n'
        '  n3 [label="loaded\\ltrain.ipynb:cell 2:7:1\\l", style="filled", fillcolor="#f9c9c9"];\n'
        '  n1 -> n2 [label="request"];\n'
        "  n2 -> n3;\n"
        "}\n"
    )


def test_mermaid_is_a_flowchart() -> None:
    assert render_graph(GRAPH, "mermaid") == (
        "flowchart TD\n"
        '  n1["received<br/>def f(p):<br/>api.py:3:9"]\n'
        '  n2["passed to g<br/>g(p)<br/>api.py:4:5"]\n'
        '  n3["loaded<br/>train.ipynb:cell 2:7:1"]\n'
        '  n1 -->|"request"| n2\n'
        "  n2 --> n3\n"
        "  classDef source fill:#fde2c4,stroke:#333\n"
        "  classDef sink fill:#f9c9c9,stroke:#333\n"
        "  class n1 source\n"
        "  class n3 sink\n"
    )


def test_graphml_declares_what_it_says() -> None:
    space = "{http://graphml.graphdrawing.org/xmlns}"
    root = parsed(render_graph(GRAPH, "graphml"))
    keys = {key.get("id") for key in root.iter(f"{space}key")}
    nodes = {
        node.get("id"): {data.get("key"): data.text for data in node.iter(f"{space}data")}
        for node in root.iter(f"{space}node")
    }
    assert nodes["n1"] == {
        "label": "received",
        "kind": "source",
        "code": "def f(p):",
        "definition": "f",
        "path": "api.py",
        "line": "3",
        "column": "9",
    }
    assert nodes["n3"]["cell"] == "2"
    assert {key for values in nodes.values() for key in values} <= keys
    assert [(edge.get("source"), edge.get("target")) for edge in root.iter(f"{space}edge")] == [
        ("n1", "n2"),
        ("n2", "n3"),
    ]


def test_json_holds_everything() -> None:
    document = json.loads(render_graph(GRAPH, "json"))
    assert document["version"] == 1
    assert document["nodes"][1] == {
        "id": "b",
        "label": "passed to g",
        "kind": "step",
        "location": {"path": "api.py", "line": 4, "column": 5, "end_line": 4, "end_column": 9, "cell": None},
        "code": "g(p)",
        "definition": "f",
    }
    assert document["edges"][0] == {"source": "a", "target": "b", "label": "request"}


def test_calls_are_an_object_from_each_definition_to_what_it_calls() -> None:
    names = tuple(GraphNode(each, f"m.{each}", "definition") for each in "abc")
    graph = Graph(names, (GraphEdge("a", "c"), GraphEdge("a", "b")))
    assert json.loads(render_calls(graph)) == {"m.a": ["m.b", "m.c"], "m.b": [], "m.c": []}


def test_a_picture_has_a_box_for_each_node_and_an_arrow_for_each_edge() -> None:
    root = parsed(render_graph(GRAPH, "svg"))
    space = "{http://www.w3.org/2000/svg}"
    groups = root.findall(f"{space}g")
    assert [group.get("class") for group in groups] == ["source", "step", "sink"]
    assert [text.text for text in groups[0].findall(f"{space}text")] == ["received", "def f(p):", "api.py:3:9"]
    assert len(root.findall(f"{space}path")) == 2
    tops = [int(group.findall(f"{space}rect")[0].get("y", "")) for group in groups]
    assert tops == sorted(set(tops))


@settings(max_examples=30)
@given(graphs())
def test_boxes_of_a_picture_lie_inside_it_and_beside_each_other(graph: Graph) -> None:
    root = parsed(render_graph(graph, "svg"))
    space = "{http://www.w3.org/2000/svg}"
    width, height = int(root.get("width", "")), int(root.get("height", ""))
    boxes: list[tuple[int, ...]] = []
    for rect in root.findall(f"{space}g/{space}rect"):
        x, y, wide, tall = (int(rect.get(name, "")) for name in ("x", "y", "width", "height"))
        assert 0 <= x <= x + wide <= width
        assert 0 <= y <= y + tall <= height
        assert all(x + wide <= a or a + b <= x or y + tall <= c or c + d <= y for a, b, c, d in boxes)
        boxes.append((x, wide, y, tall))


def test_a_picture_shows_cycles_and_recursion() -> None:
    nodes = tuple(GraphNode(each, each, "definition") for each in "ab")
    root = parsed(render_graph(Graph(nodes, (GraphEdge("a", "b"), GraphEdge("b", "a"), GraphEdge("b", "b"))), "svg"))
    assert len(root.findall("{http://www.w3.org/2000/svg}path")) == 3


def test_an_unknown_format_is_an_error() -> None:
    with pytest.raises(UsageError, match="choose one of text, dot, graphml, json, mermaid, svg"):
        render_graph(GRAPH, "png")


@pytest.mark.parametrize("format_", FORMATS)
def test_an_empty_graph_is_a_document_too(format_: str) -> None:
    assert render_graph(Graph(), format_).endswith("\n") or format_ == "text"


@pytest.mark.parametrize("format_", [name for name in FORMATS if name != "json"])
def test_long_text_is_cut(format_: str) -> None:
    node = GraphNode("a", "x" * 10_000, "step", Location("y" * 10_000, 1, 1, 1, 1), "z" * 10_000)
    document = render_graph(Graph((node,), (GraphEdge("a", "a", "w" * 10_000),)), format_)
    longest = {"graphml": 10_100}.get(format_, 900)
    assert max(map(len, document.splitlines())) < longest


def test_a_script_in_a_label_is_text_in_a_picture() -> None:
    document = render_graph(hostile(), "svg")
    assert "<script" not in document
    assert {element.tag.rpartition("}")[2] for element in parsed(document).iter()} <= {
        "svg", "style", "defs", "marker", "polygon", "rect", "g", "text", "path"
    }  # fmt: skip


def test_an_entity_in_a_label_stays_as_it_was_written() -> None:
    """Graphviz would read it, and show something else than the code."""
    assert "&amp;quot;" in render_graph(hostile(), "dot")


@settings(max_examples=60)
@given(graphs())
def test_any_graph_is_well_formed_in_every_format(graph: Graph) -> None:
    """Arbitrary text in every field stays inside the place where it was put."""
    for format_ in FORMATS:
        document = render_graph(graph, format_)
        assert document == render_graph(graph, format_)
        assert all(line.isprintable() for line in document.split("\n"))
        document.encode("utf-8")
    parsed(render_graph(graph, "graphml"))
    parsed(render_graph(graph, "svg"))
    json.loads(render_graph(graph, "json"))
    for line in render_graph(graph, "dot").splitlines()[1:-1]:
        assert re.fullmatch(r"  \w+( -> \w+)?( \[\w+=%s(, \w+=%s)*\])?;" % ((r'"(?:[^"\\]|\\.)*"',) * 2), line), line
    for line in render_graph(graph, "mermaid").splitlines()[1:]:
        assert re.fullmatch(
            r'  (\w+\["(?:[\w ./:,=()]|<br/>|#\d+;)*"\]|\w+ -->(\|"[\w ./:,=()#;]*"\|)? \w+|class(Def)? \w+[\w ,:#]*)',
            line,
            re.ASCII,
        ), line

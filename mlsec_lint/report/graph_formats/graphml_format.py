"""Graphs as GraphML, which graph editors and libraries read. http://graphml.graphdrawing.org/"""

from __future__ import annotations

from xml.etree import ElementTree as Xml

from mlsec_lint.domain.graph import Graph, GraphNode
from mlsec_lint.report.escape import visible
from mlsec_lint.report.graph_formats.labels import code, edge_title, names, title

_NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
_NODE_KEYS = {"label": "string", "kind": "string", "code": "string", "definition": "string", "path": "string",
              "line": "int", "column": "int", "cell": "int"}  # fmt: skip


def render(graph: Graph) -> str:
    """The document; attributes that a node does not have are left out."""
    root = Xml.Element("graphml", xmlns=_NAMESPACE)
    for name, type_ in _NODE_KEYS.items():
        _key(root, name, "node", type_)
    _key(root, "origin", "edge", "string")
    body = Xml.SubElement(root, "graph", id="mlsec-lint", edgedefault="directed")
    named = names(graph)
    for node in graph.nodes:
        element = Xml.SubElement(body, "node", id=named[node.id])
        for name, value in _values(node).items():
            if value:
                Xml.SubElement(element, "data", key=name).text = value
    for edge in graph.edges:
        element = Xml.SubElement(body, "edge", source=named[edge.source], target=named[edge.target])
        if text := edge_title(edge):
            Xml.SubElement(element, "data", key="origin").text = text
    Xml.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{Xml.tostring(root, encoding="unicode")}\n'


def _key(root: Xml.Element, name: str, carrier: str, type_: str) -> None:
    Xml.SubElement(root, "key", {"id": name, "for": carrier, "attr.name": name, "attr.type": type_})


def _values(node: GraphNode) -> dict[str, str]:
    """The values in the order of the keys. XML cannot hold control characters at all, so they are shown as escapes."""
    values = {"label": title(node), "kind": node.kind, "code": code(node), "definition": visible(node.definition)}
    if (where := node.location) is not None:
        cell = str(where.cell) if where.cell is not None else ""
        values |= {"path": visible(where.path), "line": str(where.line), "column": str(where.column), "cell": cell}
    return values

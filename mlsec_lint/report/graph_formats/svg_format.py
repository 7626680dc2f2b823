"""Graphs as pictures: SVG that needs no other file and no program to lay it out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from rich.cells import cell_len

from mlsec_lint.domain.graph import Graph, GraphEdge, GraphNode
from mlsec_lint.report.graph_formats.labels import edge_title, lines
from mlsec_lint.report.graph_formats.layers import layers_of

_CELL: Final = 7.3
"""Pixels of a character cell of the font, a little more than fonts need."""
_LINE: Final = 16
_PADDING: Final = 10
_BESIDE: Final = 30
_BELOW: Final = 56
_MARGIN: Final = 20

_HEAD: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">
<style>
text {{ font: 12px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1f2328; white-space: pre; }}
rect {{ fill: #f6f8fa; stroke: #57606a; }}
.source rect {{ fill: #fde2c4; }}
.sink rect {{ fill: #f9c9c9; }}
path {{ fill: none; stroke: #57606a; }}
.origin {{ font-size: 11px; fill: #57606a; }}
</style>
<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">\
<polygon points="0,1 8,4 0,7" fill="#57606a"/></marker></defs>
<rect width="{width}" height="{height}" style="fill: #ffffff; stroke: none"/>
"""


@dataclass(frozen=True, slots=True)
class _Box:
    """A node with its text and its place in the picture."""

    node: GraphNode
    text: list[str]
    x: int
    y: int
    width: int
    height: int


def render(graph: Graph) -> str:
    """The picture. Everything that is not ours is in text nodes, and scripts or links occur nowhere."""
    boxes, width, height = _arranged(graph)
    head = _HEAD.format(width=width, height=height)
    body = [*_edges(graph.edges, boxes), *(_drawn(box) for box in boxes.values())]
    return head + "".join(f"{line}\n" for line in body) + "</svg>\n"


def _arranged(graph: Graph) -> tuple[dict[str, _Box], int, int]:
    """The boxes by id, and the width and height of the whole; layers are centred above each other."""
    by_id = {node.id: node for node in graph.nodes}
    rows = [[(by_id[each], lines(by_id[each])) for each in layer] for layer in layers_of(graph)]
    widths = [sum(_width(text) + _BESIDE for _, text in row) - _BESIDE for row in rows]
    whole = max(widths, default=0)
    boxes: dict[str, _Box] = {}
    y = _MARGIN
    for row, width in zip(rows, widths, strict=True):
        x = _MARGIN + (whole - width) // 2
        tallest = max(len(text) for _, text in row) * _LINE + _PADDING
        for node, text in row:
            boxes[node.id] = _Box(node, text, x, y, _width(text), len(text) * _LINE + _PADDING)
            x += _width(text) + _BESIDE
        y += tallest + _BELOW
    loops = 2 * _BESIDE if any(_leads_up(edge, boxes) for edge in graph.edges) else 0
    return boxes, whole + 2 * _MARGIN + loops, max(y - _BELOW, 0) + _MARGIN


def _width(text: list[str]) -> int:
    return round(max(cell_len(line) for line in text) * _CELL) + 2 * _PADDING


def _leads_up(edge: GraphEdge, boxes: dict[str, _Box]) -> bool:
    """Whether an edge closes a cycle; such an edge is drawn on the right side of its nodes."""
    return boxes[edge.target].y <= boxes[edge.source].y


def _edges(edges: tuple[GraphEdge, ...], boxes: dict[str, _Box]) -> Iterator[str]:
    for edge in edges:
        source, target = boxes[edge.source], boxes[edge.target]
        if _leads_up(edge, boxes):
            x1, y1 = source.x + source.width, source.y + source.height // 2 + 4
            x2, y2 = target.x + target.width, target.y + target.height // 2 - 4
            bend = max(x1, x2) + 2 * _BESIDE
            curve = f"M{x1},{y1} C{bend},{y1} {bend},{y2} {x2},{y2}"
            x, y = bend - _BESIDE, (y1 + y2) // 2
        else:
            x1, y1 = source.x + source.width // 2, source.y + source.height
            x2, y2 = target.x + target.width // 2, target.y
            curve = f"M{x1},{y1} C{x1},{(y1 + y2) // 2} {x2},{(y1 + y2) // 2} {x2},{y2}"
            x, y = (x1 + x2) // 2 + 6, (y1 + y2) // 2
        yield f'<path d="{curve}" marker-end="url(#tip)"/>'
        if text := edge_title(edge):
            yield f'<text class="origin" x="{x}" y="{y}">{escape(text)}</text>'


def _drawn(box: _Box) -> str:
    kind = box.node.kind if box.node.kind in ("source", "sink") else "step"
    texts = "".join(
        f'<text x="{box.x + _PADDING}" y="{box.y + _PADDING // 2 + (number + 1) * _LINE - 4}">{escape(line)}</text>'
        for number, line in enumerate(box.text)
    )
    rect = f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="4"/>'
    return f'<g class="{kind}">{rect}{texts}</g>'

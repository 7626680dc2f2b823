"""Graphs turned into text: for people, for programs, and for the tools that draw.

Every format is a module ``<name>_format`` here with a function ``render(graph)``. What a graph says was written by the
authors of scanned code, so each module escapes it for the language that it writes, after ``labels`` made it short and
printable.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from mlsec_lint.domain.errors import UsageError
from mlsec_lint.domain.graph import Graph

__all__ = ["FORMATS", "render_calls", "render_graph"]

FORMATS: tuple[str, ...] = ("text", "dot", "graphml", "json", "mermaid", "svg")
"""The names ``render_graph`` accepts, the default first."""


def render_graph(graph: Graph, format: str) -> str:  # noqa: A002 - what the command line calls it
    """``graph`` as text that ends in a line break. Raises ``UsageError`` for an unknown format."""
    if format not in FORMATS:
        raise UsageError(f"unknown graph format {format!r}: choose one of {', '.join(FORMATS)}")
    renderer: Callable[[Graph], str] = import_module(f"{__name__}.{format}_format").render
    return renderer(graph)


def render_calls(graph: Graph) -> str:
    """A graph of calls as a JSON object from each definition to what it calls: the form that benchmarks compare."""
    from mlsec_lint.report.graph_formats.json_format import render_calls as render

    return render(graph)

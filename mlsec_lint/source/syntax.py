"""The tree-sitter grammar behind one function, loaded on first use because start-up is a feature."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser, Tree


@lru_cache(maxsize=1)
def parser() -> Parser:
    """The one Python parser of this process."""
    import tree_sitter_python
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_python.language()))


def parse(data: bytes) -> Tree:
    """The syntax tree of ``data`` (UTF-8). Never fails: what cannot be read becomes ``ERROR`` nodes."""
    return parser().parse(data)


def text(node: Node | None) -> str:
    """The source text of a node; empty for none."""
    if node is None or node.text is None:
        return ""
    return node.text.decode("utf-8", "replace")

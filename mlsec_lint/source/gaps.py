"""What the lowering left out, so that a part of a file that was not analysed is reported and never silent."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from tree_sitter import Node

SYNTAX: Final = "syntax"
NESTING: Final = "nesting"
SIZE: Final = "size"
LENGTH: Final = "length"
"""The kinds of gaps: no Python, nested too deeply, a body with too many operations, a literal with too many items."""

_MATTERS: Final = frozenset(("call", "assignment", "block"))
"""Nodes without which nothing that a rule looks at can be lost."""


_LARGEST_CHECKED: Final = 2_000_000
_DEEPEST_CHECKED: Final = 90

_WHOLE: Final = ("_statement", "_definition", "comment")


class Gap(NamedTuple):
    """A place (byte offset) from which on something was left out; ``lost`` if a finding could have been in there."""

    at: int
    kind: str
    lost: bool


def nesting_gap(node: Node) -> Gap:
    """The gap that ``node`` leaves where the nesting limit cuts it off."""
    return Gap(node.start_byte, NESTING, matters(node))


def syntax_gap(root: Node, data: bytes) -> Gap | None:
    """The first place that is no Python, or none. Costs nothing for a tree without errors.

    The grammar lacks a few constructs that Python has; where Python itself can read the text, nothing is missing that
    a reader would have to know of.
    """
    if not root.has_error or _is_python(root, data):
        return None
    node = root
    while not (node.is_error or node.is_missing):
        broken = next((child for child in node.children if child.has_error or child.is_missing), None)
        if broken is None:
            break
        node = broken
    if node.is_error:
        # Recovery may put whole statements in front of the broken one into the error.
        node = next((child for child in node.children if not child.type.endswith(_WHOLE)), node)
    return Gap(node.start_byte, SYNTAX, lost=True)


def _is_python(root: Node, data: bytes) -> bool:
    """Whether the running Python can parse the text; it is given nothing deep, and runs nothing."""
    from mlsec_lint.source.nesting import nesting_depth

    if len(data) > _LARGEST_CHECKED or nesting_depth(root) > _DEEPEST_CHECKED:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def matters(node: Node) -> bool:
    """Whether a call, an assignment or a block lies in ``node``, found without recursion."""
    cursor = node.walk()
    while True:
        if cursor.node is not None and cursor.node.type in _MATTERS:
            return True
        if cursor.goto_first_child() or cursor.goto_next_sibling():
            continue
        while cursor.goto_parent():
            if cursor.goto_next_sibling():
                break
        else:
            return False

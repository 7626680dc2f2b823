"""Which functions of a file are evaluated: those in which an accepted word stands as code."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tree_sitter import Node

    from mlsec_lint.dataflow.values import FunctionRef
    from mlsec_lint.source.project import Module

_LONGEST_STRING: Final = 80
"""A word in a longer string is prose or documentation, not the name of an attribute or an option."""


@dataclass(frozen=True, slots=True)
class Units:
    """What to evaluate of one module: functions in source order, and whether its top level matters."""

    functions: tuple[FunctionRef, ...]
    top_level: bool


def units_with(module: Module, functions: dict[int, FunctionRef], offsets: tuple[int, ...]) -> Units:
    """The functions of a module that hold one of the offsets in code, not in comments or documentation."""
    ordered = sorted((f for f in functions.values() if f.body.kind != "lambda"), key=lambda f: f.body.at)
    starts = [f.body.at for f in ordered]
    chosen: dict[int, FunctionRef] = {}
    top_level = False
    root = module.tree.root_node
    for at in offsets:
        index = bisect_right(starts, at) - 1
        function = ordered[index] if index >= 0 and at < ordered[index].body.end else None
        if (function is None and top_level) or (function is not None and function.body.at in chosen):
            continue
        if not _is_code(root, at):
            continue
        if function is None:
            top_level = True
        else:
            chosen[function.body.at] = function
    return Units(tuple(chosen[at] for at in sorted(chosen)), top_level)


def _is_code(root: Node, at: int) -> bool:
    node = root.descendant_for_byte_range(at, at + 1)
    if node is None or node.type == "comment":
        return False
    if node.type in ("string_content", "string", "escape_sequence"):
        return node.end_byte - node.start_byte <= _LONGEST_STRING
    return True

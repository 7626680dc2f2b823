"""Which functions of a file are evaluated: those in which an accepted word stands as code."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlsec_lint.dataflow.values import FunctionRef
    from mlsec_lint.source.project import Module


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
    for at in offsets:
        index = bisect_right(starts, at) - 1
        function = ordered[index] if index >= 0 and at < ordered[index].body.end else None
        in_head = function is not None and at < function.body.inside
        if (function is None and top_level) or (function is not None and function.body.at in chosen and not in_head):
            continue
        if not module.is_code(at):
            continue
        top_level = top_level or in_head
        if function is None:
            top_level = True
        else:
            chosen[function.body.at] = function
    return Units(tuple(chosen[at] for at in sorted(chosen)), top_level)

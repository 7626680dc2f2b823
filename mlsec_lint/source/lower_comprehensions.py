"""Lowering of comprehensions and generators: loops inlined in the body that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsec_lint.source import ir
from mlsec_lint.source.lower_expressions import field_of, inner_of, lower_expression, operands_of
from mlsec_lint.source.lower_targets import lower_target
from mlsec_lint.source.lowering import Scope
from mlsec_lint.source.refinements import refinements

if TYPE_CHECKING:
    from tree_sitter import Node


def lower_comprehension(scope: Scope, node: Node, kind: str) -> ir.Register:
    """A loop that adds to a new container; a generator is lowered like a list."""
    body = node.child_by_field_name("body")
    clauses = [c for c in operands_of(node) if c.type in ("for_in_clause", "if_clause")]
    dst = scope.register()
    scope.emit(ir.Build(dst, kind, (), node.start_byte, node.end_byte))
    with scope.comprehension():
        _clauses(scope, clauses, body, dst)
    return dst


def _clauses(scope: Scope, clauses: list[Node], body: Node | None, dst: ir.Register) -> None:
    if not clauses:
        if body is not None and body.type == "pair":
            key = field_of(scope, body, "key")
            scope.emit(ir.Accumulate(dst, field_of(scope, body, "value"), key))
        elif body is not None:
            scope.emit(ir.Accumulate(dst, lower_expression(scope, body), ir.NONE))
        return
    first, rest = clauses[0], clauses[1:]
    with scope.deeper() as allowed:
        if not allowed:
            scope.skip(first)
            if body is not None:
                scope.skip(body)
            return
        if first.type == "if_clause":
            test = inner_of(scope, first)
            holds, fails = refinements(scope, first.named_children[0]) if first.named_children else ((), ())
            with scope.block() as then:
                _clauses(scope, rest, body, dst)
            scope.emit(ir.If(test, then, [], holds, fails))
            return
        _loop_clause(scope, first, rest, body, dst)


def _loop_clause(scope: Scope, clause: Node, rest: list[Node], body: Node | None, dst: ir.Register) -> None:
    source = field_of(scope, clause, "right")
    with scope.block() as inner:
        element = scope.register()
        scope.emit(ir.Iterate(element, source))
        left = clause.child_by_field_name("left")
        if left is not None:
            lower_target(scope, left, element)
        _clauses(scope, rest, body, dst)
    scope.emit(ir.Loop([], inner, [], ir.NONE))

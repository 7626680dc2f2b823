"""Lowering of ``try`` and ``with``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsec_lint.source import ir
from mlsec_lint.source.lower_expressions import lower_expression
from mlsec_lint.source.lower_statements import lower_inside
from mlsec_lint.source.lower_targets import lower_target
from mlsec_lint.source.lowering import Scope

if TYPE_CHECKING:
    from tree_sitter import Node


def lower_try(scope: Scope, node: Node) -> None:
    """``try`` with its handlers."""
    with scope.block() as body:
        lower_inside(scope, node, "body")
    handlers: list[ir.Handler] = []
    orelse: ir.Block = []
    final: ir.Block = []
    for child in node.named_children:
        if child.type in ("except_clause", "except_group_clause"):
            handlers.append(_handler(scope, child))
        elif child.type == "else_clause":
            with scope.block() as orelse:
                lower_inside(scope, child, "body")
        elif child.type == "finally_clause":
            with scope.block() as final:
                lower_inside(scope, child, "body")
    scope.emit(ir.Try(body, tuple(handlers), orelse, final))


def _handler(scope: Scope, node: Node) -> ir.Handler:
    with scope.block() as block:
        value = node.child_by_field_name("value")
        alias = value.child_by_field_name("alias") if value is not None else None
        if value is not None:
            lower_expression(scope, value)
        if alias is not None and alias.named_children:
            caught = scope.register()
            scope.emit(ir.Caught(caught))
            lower_target(scope, alias.named_children[0], caught)
        lower_inside(scope, node, "body")
    return ir.Handler(block)


def lower_with(scope: Scope, node: Node) -> None:
    """``with``: each context manager is entered in order."""
    clause = next((c for c in node.named_children if c.type == "with_clause"), None)
    managers: list[ir.Register] = []
    items = [i for c in (clause.named_children if clause is not None else []) for i in _items(c)]
    for item in items:
        value = item.child_by_field_name("value") or item
        alias = value.child_by_field_name("alias") if value.type == "as_pattern" else None
        context = value.named_children[0] if value.type == "as_pattern" else value
        src = lower_expression(scope, context)
        managers.append(src)
        dst = scope.register()
        scope.emit(ir.Enter(dst, src, alias is not None))
        if alias is not None and alias.named_children:
            lower_target(scope, alias.named_children[0], dst)
    with scope.block() as block:
        lower_inside(scope, node, "body")
    scope.emit(ir.With(tuple(managers), block))


def _items(node: Node) -> list[Node]:
    if node.type == "with_item":
        return [node]
    return [c for c in node.named_children if c.type == "with_item"]

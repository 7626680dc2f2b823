"""Lowering of operators: binary and unary ones, comparisons, and those that evaluate only some of their operands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlsec_lint.source import ir
from mlsec_lint.source.lower_expressions import field_of, lower_expression, operands_of
from mlsec_lint.source.lowering import Lowering, Scope
from mlsec_lint.source.refinements import refinements
from mlsec_lint.source.syntax import text

if TYPE_CHECKING:
    from tree_sitter import Node


def _binary(scope: Scope, node: Node) -> ir.Register:
    left, right = field_of(scope, node, "left"), field_of(scope, node, "right")
    dst = scope.register()
    scope.emit(ir.Binary(dst, text(node.child_by_field_name("operator")), left, right, node.start_byte))
    return dst


def _boolean(scope: Scope, node: Node) -> ir.Register:
    left = field_of(scope, node, "left")
    with scope.block() as block:
        right = field_of(scope, node, "right")
    dst = scope.register()
    scope.emit(ir.Shortcut(dst, text(node.child_by_field_name("operator")), left, block, right))
    return dst


def _unary(scope: Scope, node: Node) -> ir.Register:
    src = field_of(scope, node, "argument")
    dst = scope.register()
    op = "not" if node.type == "not_operator" else text(node.child_by_field_name("operator"))
    scope.emit(ir.Unary(dst, op, src))
    return dst


def _comparison(scope: Scope, node: Node) -> ir.Register:
    operands = [lower_expression(scope, child) for child in operands_of(node)]
    operators = [" ".join(text(child).split()) for child in node.children_by_field_name("operators")]
    if len(operands) == 2 and operators:
        dst = scope.register()
        scope.emit(ir.Compare(dst, " ".join(operators), operands[0], operands[1]))
        return dst
    return scope.opaque()


def _conditional(scope: Scope, node: Node) -> ir.Register:
    operands = operands_of(node)
    if len(operands) != 3:
        return scope.opaque()
    test = lower_expression(scope, operands[1])
    holds, fails = refinements(scope, operands[1])
    with scope.block() as then:
        then_value = lower_expression(scope, operands[0])
    with scope.block() as orelse:
        else_value = lower_expression(scope, operands[2])
    dst = scope.register()
    scope.emit(ir.Choose(dst, test, then, then_value, orelse, else_value, holds, fails))
    return dst


OPERATORS: Final[dict[str, Lowering]] = {
    "binary_operator": _binary,
    "boolean_operator": _boolean,
    "unary_operator": _unary,
    "not_operator": _unary,
    "comparison_operator": _comparison,
    "conditional_expression": _conditional,
}

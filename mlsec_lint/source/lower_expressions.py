"""Lowering of expressions: the register of the value of a node, whatever kind of expression it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsec_lint.source import ir
from mlsec_lint.source.lowering import Scope

if TYPE_CHECKING:
    from tree_sitter import Node


def lower_expression(scope: Scope, node: Node) -> ir.Register:
    """The register of an expression's value; opaque for what is not modelled or nested too deeply."""
    lower = scope.lowerings.get(node.type)
    with scope.deeper() as allowed:
        if not allowed:
            scope.skip(node)
            return scope.opaque()
        if lower is not None:
            return lower(scope, node)
        return scope.opaque(*(lower_expression(scope, child) for child in operands_of(node)))


def operands_of(node: Node) -> list[Node]:
    """The parts of an expression, without comments and errors."""
    return [child for child in node.named_children if child.type not in ("comment", "ERROR")]


def field_of(scope: Scope, node: Node, name: str) -> ir.Register:
    """The value of the expression in a field."""
    child = node.child_by_field_name(name)
    return lower_expression(scope, child) if child is not None else scope.opaque()


def inner_of(scope: Scope, node: Node) -> ir.Register:
    """The value of the only operand."""
    operands = operands_of(node)
    return lower_expression(scope, operands[0]) if operands else scope.opaque()

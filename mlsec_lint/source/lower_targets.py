"""Lowering of what stands on the left of an assignment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsec_lint.source import ir
from mlsec_lint.source.lower_expressions import lower_expression
from mlsec_lint.source.lowering import Scope
from mlsec_lint.source.syntax import text

if TYPE_CHECKING:
    from tree_sitter import Node

_SEQUENCES = ("pattern_list", "tuple_pattern", "list_pattern", "tuple", "list", "expression_list")


def lower_target(scope: Scope, node: Node, src: ir.Register) -> None:
    """Assign the register ``src`` to a target."""
    with scope.deeper() as allowed:
        if not allowed:
            scope.skip(node)
            return
        if node.type == "identifier":
            scope.store(text(node), src, node)
        elif node.type == "attribute":
            obj = node.child_by_field_name("object")
            if obj is not None:
                name = text(node.child_by_field_name("attribute"))
                register = lower_expression(scope, obj)
                scope.emit(ir.SetAttribute(register, name, src, node.start_byte, node.end_byte))
        elif node.type == "subscript":
            _subscript(scope, node, src)
        elif node.type in _SEQUENCES:
            _sequence(scope, node, src)
        elif node.named_children:
            lower_target(scope, node.named_children[0], src)


def _subscript(scope: Scope, node: Node, src: ir.Register) -> None:
    value = node.child_by_field_name("value")
    keys = node.children_by_field_name("subscript")
    if value is None or not keys:
        return
    obj = lower_expression(scope, value)
    key = lower_expression(scope, keys[0]) if len(keys) == 1 and keys[0].type != "slice" else scope.opaque()
    scope.emit(ir.SetItem(obj, key, src, node.start_byte, node.end_byte))


def _sequence(scope: Scope, node: Node, src: ir.Register) -> None:
    targets = [child for child in node.named_children if child.type != "comment"]
    star = next((i for i, t in enumerate(targets) if t.type == "list_splat_pattern"), -1)
    registers = tuple(scope.register() for _ in targets)
    scope.emit(ir.Unpack(src, registers, star))
    for target, register in zip(targets, registers, strict=True):
        inner = target.named_children[0] if target.type == "list_splat_pattern" and target.named_children else target
        lower_target(scope, inner, register)

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
    scope.emit(ir.SetItem(obj, _key(scope, node), src, node.start_byte, node.end_byte))


def _key(scope: Scope, node: Node) -> ir.Register:
    keys = node.children_by_field_name("subscript")
    return lower_expression(scope, keys[0]) if len(keys) == 1 and keys[0].type != "slice" else scope.opaque()


def _sequence(scope: Scope, node: Node, src: ir.Register) -> None:
    targets = [child for child in node.named_children if child.type != "comment"]
    star = next((i for i, t in enumerate(targets) if t.type == "list_splat_pattern"), -1)
    registers = tuple(scope.register() for _ in targets)
    scope.emit(ir.Unpack(src, registers, star))
    for target, register in zip(targets, registers, strict=True):
        inner = target.named_children[0] if target.type == "list_splat_pattern" and target.named_children else target
        lower_target(scope, inner, register)


def lower_alias(scope: Scope, node: Node) -> None:
    """``type(x).name = value``, which the grammar takes for a type alias; a real alias does nothing."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    steps: list[Node] = []
    inner = left.named_children[0] if left is not None and left.named_children else None
    if inner is not None and inner.type == "constrained_type":
        inner = inner.named_children[0].named_children[0] if inner.named_children[0].named_children else None
    while inner is not None and inner.type in ("attribute", "subscript"):
        steps.append(inner)
        inner = inner.child_by_field_name("object" if inner.type == "attribute" else "value")
    if right is None or inner is None or inner.type != "parenthesized_expression" or not steps:
        return
    value = lower_expression(scope, right)
    obj = scope.register()
    func = scope.load("type")
    argument = ir.Arg(lower_expression(scope, inner), "", "", inner.start_byte, inner.end_byte)
    scope.emit(ir.Call(obj, func, (argument,), node.start_byte, inner.end_byte))
    for step in reversed(steps[1:]):
        dst = scope.register()
        if step.type == "attribute":
            name = text(step.child_by_field_name("attribute"))
            scope.emit(ir.Attribute(dst, obj, name, node.start_byte, step.end_byte))
        else:
            scope.emit(ir.Item(dst, obj, _key(scope, step)))
        obj = dst
    last = steps[0]
    if last.type == "attribute":
        name = text(last.child_by_field_name("attribute"))
        scope.emit(ir.SetAttribute(obj, name, value, node.start_byte, last.end_byte))
    else:
        scope.emit(ir.SetItem(obj, _key(scope, last), value, node.start_byte, last.end_byte))

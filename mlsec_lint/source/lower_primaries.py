"""Lowering of what is taken from a value, or done with it: attributes, items, slices, calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlsec_lint.source import ir
from mlsec_lint.source.lower_expressions import field_of, lower_expression, operands_of
from mlsec_lint.source.lower_functions import lower_annotation
from mlsec_lint.source.lowering import Lowering, Scope
from mlsec_lint.source.syntax import text

if TYPE_CHECKING:
    from tree_sitter import Node


def _attribute(scope: Scope, node: Node) -> ir.Register:
    obj = field_of(scope, node, "object")
    dst = scope.register()
    name = text(node.child_by_field_name("attribute"))
    scope.emit(ir.Attribute(dst, obj, name, node.start_byte, node.end_byte))
    return dst


def _subscript(scope: Scope, node: Node) -> ir.Register:
    keys = node.children_by_field_name("subscript")
    if len(keys) > 1 and text(node.child_by_field_name("value")).endswith("Annotated"):
        return lower_annotation(scope, node)
    obj = field_of(scope, node, "value")
    dst = scope.register()
    if len(keys) == 1 and keys[0].type != "slice":
        scope.emit(ir.Item(dst, obj, lower_expression(scope, keys[0])))
    else:
        scope.emit(_slice(scope, dst, obj, keys))
    return dst


def _slice(scope: Scope, dst: ir.Register, obj: ir.Register, keys: list[Node]) -> ir.Slice:
    """``obj[start:stop:step]``, or an index of several parts, whose bounds stay open."""
    if len(keys) != 1:
        for key in keys:
            lower_expression(scope, key)
        return ir.Slice(dst, obj, step=True)
    bounds = {0: ir.NONE, 1: ir.NONE, 2: ir.NONE}
    part = 0
    for child in keys[0].children:
        if child.type == ":":
            part += 1
        elif child.type != "comment" and part in bounds:
            bounds[part] = lower_expression(scope, child)
    return ir.Slice(dst, obj, bounds[0], bounds[1], bounds[2] != ir.NONE)


def _call(scope: Scope, node: Node) -> ir.Register:
    func = node.child_by_field_name("function")
    arguments = node.child_by_field_name("arguments")
    if func is None or arguments is None:
        return scope.opaque()
    if func.type == "attribute":
        obj = field_of(scope, func, "object")
        args = lower_arguments(scope, arguments)
        dst = scope.register()
        name = text(func.child_by_field_name("attribute"))
        scope.emit(ir.Method(dst, obj, name, args, node.start_byte, node.end_byte))
        return dst
    callee = lower_expression(scope, func)
    args = lower_arguments(scope, arguments)
    dst = scope.register()
    scope.emit(ir.Call(dst, callee, args, node.start_byte, node.end_byte))
    return dst


def lower_arguments(scope: Scope, node: Node) -> tuple[ir.Arg, ...]:
    """The arguments of a call, in order of evaluation; a bare generator is the only argument."""
    if node.type == "generator_expression":
        return (ir.Arg(lower_expression(scope, node), "", "", node.start_byte, node.end_byte),)
    found: list[ir.Arg] = []
    for child in operands_of(node):
        name, kind, value = "", "", child
        if child.type == "keyword_argument":
            name = text(child.child_by_field_name("name"))
            value = child.child_by_field_name("value") or child
        elif child.type in ("list_splat", "dictionary_splat"):
            kind = "*" if child.type == "list_splat" else "**"
            value = child.named_children[0] if child.named_children else child
        found.append(ir.Arg(lower_expression(scope, value), name, kind, value.start_byte, value.end_byte))
    return tuple(found)


PRIMARIES: Final[dict[str, Lowering]] = {
    "attribute": _attribute,
    "subscript": _subscript,
    "call": _call,
}

"""Lowering of expressions: each function takes a node and returns the register of its value."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from mlsec_lint.source import ir
from mlsec_lint.source.literals import Unknown, number_constant, string_constant
from mlsec_lint.source.lowering import Scope
from mlsec_lint.source.refinements import refinements
from mlsec_lint.source.syntax import text

if TYPE_CHECKING:
    from tree_sitter import Node


_MOST_ELEMENTS: Final = 2_000
"""Elements of one literal: a table of data must not use up the budget of the code below it."""


def lower_expression(scope: Scope, node: Node) -> ir.Register:
    """The register of an expression's value; opaque for what is not modelled or nested too deeply."""
    lower = _EXPRESSIONS.get(node.type)
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


def _identifier(scope: Scope, node: Node) -> ir.Register:
    return scope.load(text(node))


def inner_of(scope: Scope, node: Node) -> ir.Register:
    """The value of the only operand."""
    operands = operands_of(node)
    return lower_expression(scope, operands[0]) if operands else scope.opaque()


def _string(scope: Scope, node: Node) -> ir.Register:
    interpolations = [child for child in node.named_children if child.type == "interpolation"]
    if not interpolations:
        value = string_constant(node)
        return scope.opaque() if isinstance(value, Unknown) else scope.constant(value)
    parts: list[ir.Register] = []
    for child in node.named_children:
        if child.type == "string_content":
            parts.append(scope.constant(text(child)))
        elif child.type == "interpolation":
            parts.append(field_of(scope, child, "expression"))
            specifier = child.child_by_field_name("format_specifier")
            for inner in operands_of(specifier) if specifier is not None else ():
                if inner.type == "format_expression":
                    field_of(scope, inner, "expression")
    return _format(scope, parts)


def _concatenated(scope: Scope, node: Node) -> ir.Register:
    return _format(scope, [lower_expression(scope, child) for child in operands_of(node)])


def _format(scope: Scope, parts: list[ir.Register]) -> ir.Register:
    dst = scope.register()
    scope.emit(ir.Format(dst, tuple(parts)))
    return dst


def _number(scope: Scope, node: Node) -> ir.Register:
    value = number_constant(node)
    return scope.opaque() if isinstance(value, Unknown) else scope.constant(value)


def _attribute(scope: Scope, node: Node) -> ir.Register:
    obj = field_of(scope, node, "object")
    dst = scope.register()
    name = text(node.child_by_field_name("attribute"))
    scope.emit(ir.Attribute(dst, obj, name, node.start_byte, node.end_byte))
    return dst


def _subscript(scope: Scope, node: Node) -> ir.Register:
    keys = node.children_by_field_name("subscript")
    if len(keys) > 1 and text(node.child_by_field_name("value")).endswith("Annotated"):
        from mlsec_lint.source.lower_functions import lower_annotation

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


def _display(kind: str) -> Callable[[Scope, Node], ir.Register]:
    def lower(scope: Scope, node: Node) -> ir.Register:
        elements: list[ir.Element] = []
        children = operands_of(node)
        for child in children[:_MOST_ELEMENTS]:
            if child.type == "pair":
                key = field_of(scope, child, "key")
                elements.append(ir.Element(field_of(scope, child, "value"), key))
            elif child.type in ("list_splat", "dictionary_splat"):
                elements.append(ir.Element(inner_of(scope, child), spread=True))
            else:
                elements.append(ir.Element(lower_expression(scope, child)))
        if len(children) > _MOST_ELEMENTS:
            scope.shorten(children[_MOST_ELEMENTS:])
            elements.append(ir.Element(scope.opaque(), spread=True))
        dst = scope.register()
        scope.emit(ir.Build(dst, kind, tuple(elements), node.start_byte, node.end_byte))
        return dst

    return lower


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


def _lambda(scope: Scope, node: Node) -> ir.Register:
    from mlsec_lint.source.lower_functions import lower_function_value

    return lower_function_value(scope, node, "<lambda>", "lambda", [])


def _walrus(scope: Scope, node: Node) -> ir.Register:
    value = field_of(scope, node, "value")
    name = node.child_by_field_name("name")
    if name is not None:
        scope.store(text(name), value, name, walrus=True)
    return value


def _yield(scope: Scope, node: Node) -> ir.Register:
    operands = operands_of(node)
    src = lower_expression(scope, operands[0]) if operands else scope.constant(None)
    dst = scope.register()
    delegate = any(child.type == "from" for child in node.children)
    scope.emit(ir.Yield(dst, src, delegate, node.start_byte, node.end_byte))
    return dst


def comprehension(kind: str) -> Callable[[Scope, Node], ir.Register]:
    """The lowering of a comprehension that builds a container of this kind."""

    def lower(scope: Scope, node: Node) -> ir.Register:
        from mlsec_lint.source.lower_comprehensions import lower_comprehension

        return lower_comprehension(scope, node, kind)

    return lower


_EXPRESSIONS: Final[dict[str, Callable[[Scope, Node], ir.Register]]] = {
    "identifier": _identifier,
    "parenthesized_expression": inner_of,
    "await": inner_of,
    "as_pattern": inner_of,
    "type": inner_of,
    "string": _string,
    "concatenated_string": _concatenated,
    "integer": _number,
    "float": _number,
    "true": lambda scope, node: scope.constant(True),
    "false": lambda scope, node: scope.constant(False),
    "none": lambda scope, node: scope.constant(None),
    "attribute": _attribute,
    "subscript": _subscript,
    "call": _call,
    "list": _display("list"),
    "tuple": _display("tuple"),
    "expression_list": _display("tuple"),
    "pattern_list": _display("tuple"),
    "set": _display("set"),
    "dictionary": _display("dict"),
    "list_comprehension": comprehension("list"),
    "set_comprehension": comprehension("set"),
    "dictionary_comprehension": comprehension("dict"),
    "generator_expression": comprehension("list"),
    "binary_operator": _binary,
    "boolean_operator": _boolean,
    "unary_operator": _unary,
    "not_operator": _unary,
    "comparison_operator": _comparison,
    "conditional_expression": _conditional,
    "lambda": _lambda,
    "list_splat": inner_of,
    "dictionary_splat": inner_of,
    "named_expression": _walrus,
    "yield": _yield,
}

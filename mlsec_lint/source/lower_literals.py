"""Lowering of literals: numbers, strings with what is formatted into them, displays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlsec_lint.source import ir
from mlsec_lint.source.literals import Unknown, number_constant, string_constant
from mlsec_lint.source.lower_expressions import field_of, inner_of, lower_expression, operands_of
from mlsec_lint.source.lowering import Lowering, Scope
from mlsec_lint.source.syntax import text

if TYPE_CHECKING:
    from tree_sitter import Node


_MOST_ELEMENTS: Final = 2_000
"""Elements of one literal: a table of data must not use up the budget of the code below it."""


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


def _display(kind: str) -> Lowering:
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


LITERALS: Final[dict[str, Lowering]] = {
    "string": _string,
    "concatenated_string": _concatenated,
    "integer": _number,
    "float": _number,
    "list": _display("list"),
    "tuple": _display("tuple"),
    "expression_list": _display("tuple"),
    "pattern_list": _display("tuple"),
    "set": _display("set"),
    "dictionary": _display("dict"),
}

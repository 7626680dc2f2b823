"""Every kind of expression with the function that lowers it, for those that lower parts without knowing their kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlsec_lint.source import ir
from mlsec_lint.source.lower_comprehensions import lower_comprehension
from mlsec_lint.source.lower_expressions import field_of, inner_of, lower_expression, operands_of
from mlsec_lint.source.lower_functions import lower_function_value
from mlsec_lint.source.lower_literals import LITERALS
from mlsec_lint.source.lower_operators import OPERATORS
from mlsec_lint.source.lower_primaries import PRIMARIES
from mlsec_lint.source.lowering import Lowering, Scope
from mlsec_lint.source.syntax import text

if TYPE_CHECKING:
    from tree_sitter import Node


def _identifier(scope: Scope, node: Node) -> ir.Register:
    return scope.load(text(node))


def _lambda(scope: Scope, node: Node) -> ir.Register:
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


def comprehension(kind: str) -> Lowering:
    """The lowering of a comprehension that builds a container of this kind."""

    def lower(scope: Scope, node: Node) -> ir.Register:
        return lower_comprehension(scope, node, kind)

    return lower


EXPRESSIONS: Final[dict[str, Lowering]] = {
    **LITERALS,
    **OPERATORS,
    **PRIMARIES,
    "identifier": _identifier,
    "parenthesized_expression": inner_of,
    "await": inner_of,
    "as_pattern": inner_of,
    "type": inner_of,
    "true": lambda scope, node: scope.constant(True),
    "false": lambda scope, node: scope.constant(False),
    "none": lambda scope, node: scope.constant(None),
    "list_comprehension": comprehension("list"),
    "set_comprehension": comprehension("set"),
    "dictionary_comprehension": comprehension("dict"),
    "generator_expression": comprehension("list"),
    "lambda": _lambda,
    "list_splat": inner_of,
    "dictionary_splat": inner_of,
    "named_expression": _walrus,
    "yield": _yield,
}

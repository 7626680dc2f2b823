"""What a condition says about plain names: ``x``, ``not x``, ``x is None``, ``x == "a"``, ``a and b``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsec_lint.source import ir
from mlsec_lint.source.literals import UNKNOWN, Unknown, number_constant, string_constant
from mlsec_lint.source.syntax import text

if TYPE_CHECKING:
    from tree_sitter import Node

    from mlsec_lint.source.lowering import Scope

Refinements = tuple[ir.Refinement, ...]

_DEEPEST = 20
"""Levels of ``not``, ``and`` and ``or`` that are looked into."""

_OPPOSITE = {"truthy": "falsy", "falsy": "truthy", "==": "!=", "!=": "==", "is": "is not", "is not": "is"}


def refinements(scope: Scope, node: Node, levels: int = _DEEPEST) -> tuple[Refinements, Refinements]:
    """What is known of names where the condition holds, and where it fails; nothing more below ``levels``."""
    if not levels:
        return (), ()
    while node.type == "parenthesized_expression" and len(node.named_children) == 1:
        node = node.named_children[0]
    if node.type == "identifier":
        name = scope.name(text(node))
        return (ir.Refinement(name, "truthy"),), (ir.Refinement(name, "falsy"),)
    if node.type == "not_operator":
        argument = node.child_by_field_name("argument")
        if argument is not None and argument.type != "not_operator":
            holds, fails = refinements(scope, argument, levels - 1)
            return fails, holds
    if node.type == "comparison_operator":
        return _comparison(scope, node)
    if node.type == "boolean_operator":
        return _boolean(scope, node, levels - 1)
    return (), ()


def _boolean(scope: Scope, node: Node, levels: int) -> tuple[Refinements, Refinements]:
    right = node.child_by_field_name("right")
    left = node.child_by_field_name("left")
    if left is None or right is None or left.type == "boolean_operator":
        return (), ()
    (left_holds, left_fails), (right_holds, right_fails) = (
        refinements(scope, left, levels),
        refinements(scope, right, levels),
    )
    if text(node.child_by_field_name("operator")) == "and":
        return left_holds + right_holds, ()
    return (), left_fails + right_fails


def _comparison(scope: Scope, node: Node) -> tuple[Refinements, Refinements]:
    operators = " ".join(text(child) for child in node.children_by_field_name("operators"))
    operands = [child for child in node.named_children if child.type != "comment"]
    if len(operands) != 2 or operators not in _OPPOSITE or operands[0].type != "identifier":
        return (), ()
    value = constant_of(operands[1])
    if isinstance(value, Unknown):
        return (), ()
    name = scope.name(text(operands[0]))
    return (ir.Refinement(name, operators, value),), (ir.Refinement(name, _OPPOSITE[operators], value),)


def constant_of(node: Node) -> ir.Constant | Unknown:
    """The value of a literal."""
    if node.type in ("true", "false", "none"):
        return {"true": True, "false": False, "none": None}[node.type]
    if node.type == "string":
        return UNKNOWN if any(c.type == "interpolation" for c in node.named_children) else string_constant(node)
    if node.type in ("integer", "float"):
        return number_constant(node)
    return UNKNOWN

"""Lowering of statements."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from mlsec_lint.source import ir
from mlsec_lint.source.lower_expressions import lower_expression
from mlsec_lint.source.lower_functions import lower_class, lower_function_value
from mlsec_lint.source.lower_imports import lower_import, lower_import_from
from mlsec_lint.source.lower_targets import lower_alias, lower_target
from mlsec_lint.source.lowering import Scope
from mlsec_lint.source.refinements import refinements
from mlsec_lint.source.syntax import text

if TYPE_CHECKING:
    from tree_sitter import Node

_LONGEST_CHAIN: Final = 60
"""``elif`` branches that are nested; further ones become alternatives without conditions."""


def lower_block(scope: Scope, node: Node) -> None:
    """The statements of a block or module, in order."""
    with scope.deeper() as allowed:
        if not allowed:
            scope.skip(node)
            return
        for child in node.named_children:
            lower_statement(scope, child)


def lower_statement(scope: Scope, node: Node) -> None:
    """One statement; what is not modelled contributes the expressions in it."""
    lower = _STATEMENTS.get(node.type)
    if lower is not None:
        lower(scope, node)
    elif node.type == "ERROR":
        lower_block(scope, node)
    elif node.type not in ("comment", "pass_statement"):
        lower_expression(scope, node)


def _expression_statement(scope: Scope, node: Node) -> None:
    for child in node.named_children:
        if child.type == "assignment":
            _assignment(scope, child)
        elif child.type == "augmented_assignment":
            _augmented(scope, child)
        elif child.type == "string" and all(c.type != "interpolation" for c in child.named_children):
            continue
        elif child.type != "comment":
            lower_expression(scope, child)


def _assignment(scope: Scope, node: Node) -> None:
    """``a = b = value``: a chain nests in the tree and may be of any length, so it is followed without recursion."""
    targets: list[Node | None] = []
    right: Node | None = node
    while right is not None and right.type == "assignment":
        targets.append(right.child_by_field_name("left"))
        right = right.child_by_field_name("right")
    if right is None:
        return
    value = lower_expression(scope, right)
    for target in targets:
        if target is not None:
            lower_target(scope, target, value)


def _augmented(scope: Scope, node: Node) -> None:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None:
        return
    old, change = lower_expression(scope, left), lower_expression(scope, right)
    dst = scope.register()
    operator = text(node.child_by_field_name("operator")).rstrip("=")
    scope.emit(ir.Binary(dst, operator, old, change, node.start_byte, inplace=True))
    lower_target(scope, left, dst)


def _return(scope: Scope, node: Node) -> None:
    operands = [c for c in node.named_children if c.type != "comment"]
    value = lower_expression(scope, operands[0]) if operands else scope.constant(None)
    scope.emit(ir.Return(value, node.start_byte, node.end_byte))


def _raise(scope: Scope, node: Node) -> None:
    registers = [lower_expression(scope, c) for c in node.named_children if c.type != "comment"]
    scope.emit(ir.Raise(registers[0] if registers else ir.NONE, node.start_byte, node.end_byte))


def _assert(scope: Scope, node: Node) -> None:
    operands = [c for c in node.named_children if c.type != "comment"]
    if operands:
        test = lower_expression(scope, operands[0])
        holds, fails = refinements(scope, operands[0])
        with scope.block() as failing:
            for message in operands[1:]:
                lower_expression(scope, message)
            scope.emit(ir.Raise(ir.NONE))
        scope.emit(ir.If(test, [], failing, holds, fails))


def _delete(scope: Scope, node: Node) -> None:
    for child in node.named_children:
        for target in child.named_children if child.type == "expression_list" else [child]:
            if target.type == "identifier":
                scope.bind(text(target))
                scope.emit(ir.Delete(scope.name(text(target))))
            elif target.type == "subscript":
                value, keys = target.child_by_field_name("value"), target.children_by_field_name("subscript")
                if value is not None and len(keys) == 1:
                    obj = lower_expression(scope, value)
                    scope.emit(ir.Delete("", obj, lower_expression(scope, keys[0])))
            elif target.type == "attribute" and (value := target.child_by_field_name("object")) is not None:
                name = text(target.child_by_field_name("attribute"))
                scope.emit(ir.Delete(name, lower_expression(scope, value)))


def _global(scope: Scope, node: Node) -> None:
    kind = "global" if node.type == "global_statement" else "nonlocal"
    scope.declare([text(child) for child in node.named_children if child.type == "identifier"], kind)


def _if(scope: Scope, node: Node) -> None:
    branches = [node, *(c for c in node.children_by_field_name("alternative") if c.type == "elif_clause")]
    last = next((c for c in node.children_by_field_name("alternative") if c.type == "else_clause"), None)
    _branches(scope, branches, last)


def _branches(scope: Scope, branches: list[Node], last: Node | None) -> None:
    with scope.deeper() as allowed:
        if not allowed or len(branches) > _LONGEST_CHAIN:
            _alternatives(scope, branches, last)
            return
        first, rest = branches[0], branches[1:]
        condition = first.child_by_field_name("condition")
        test = lower_expression(scope, condition) if condition is not None else scope.opaque()
        holds, fails = refinements(scope, condition) if condition is not None else ((), ())
        with scope.block() as then:
            lower_inside(scope, first, "consequence")
        with scope.block() as orelse:
            if rest:
                _branches(scope, rest, last)
            elif last is not None:
                lower_inside(scope, last, "body")
        scope.emit(ir.If(test, then, orelse, holds, fails))


def _alternatives(scope: Scope, branches: list[Node], last: Node | None) -> None:
    cases: list[ir.Case] = []
    for branch in branches:
        with scope.block() as block:
            lower_inside(scope, branch, "consequence")
        cases.append(ir.Case([], ir.NONE, [], ir.NONE, block))
    with scope.block() as before:
        always = scope.constant(True)
    with scope.block() as block:
        if last is not None:
            lower_inside(scope, last, "body")
    cases.append(ir.Case(before, always, [], ir.NONE, block))
    scope.emit(ir.Match(tuple(cases)))


def lower_inside(scope: Scope, node: Node, field: str) -> None:
    """The block in a field of a statement, or its only block."""
    block = node.child_by_field_name(field)
    if block is None:
        block = next((c for c in node.named_children if c.type == "block"), None)
    if block is not None:
        lower_block(scope, block)


def _for(scope: Scope, node: Node) -> None:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    source = lower_expression(scope, right) if right is not None else scope.opaque()
    with scope.block() as head:
        element = scope.register()
        scope.emit(ir.Iterate(element, source))
        if left is not None:
            lower_target(scope, left, element)
    _loop(scope, node, head, ir.NONE)


def _while(scope: Scope, node: Node) -> None:
    condition = node.child_by_field_name("condition")
    with scope.block() as head:
        test = lower_expression(scope, condition) if condition is not None else scope.opaque()
    _loop(scope, node, head, test)


def _loop(scope: Scope, node: Node, head: ir.Block, test: ir.Register) -> None:
    with scope.block() as body:
        lower_inside(scope, node, "body")
    alternative = node.child_by_field_name("alternative")
    with scope.block() as orelse:
        if alternative is not None:
            lower_inside(scope, alternative, "body")
    scope.emit(ir.Loop(head, body, orelse, test))


def _decorated(scope: Scope, node: Node) -> None:
    decorators = [c for c in node.named_children if c.type == "decorator"]
    definition = node.child_by_field_name("definition")
    if definition is not None and definition.type == "class_definition":
        lower_class(scope, definition, decorators)
    elif definition is not None:
        _function(scope, definition, decorators)


def _function(scope: Scope, node: Node, decorators: list[Node]) -> None:
    name = text(node.child_by_field_name("name"))
    value = lower_function_value(scope, node, name, "function", decorators)
    scope.store(name, value, node)


def _jump(kind: str) -> Callable[[Scope, Node], None]:
    return lambda scope, node: scope.emit(ir.Jump(kind))


def _nothing(scope: Scope, node: Node) -> None:
    """Statements without effect on values."""


def _match(scope: Scope, node: Node) -> None:
    from mlsec_lint.source.lower_match import lower_match

    lower_match(scope, node)


def _compound(name: str) -> Callable[[Scope, Node], None]:
    """Statements whose lowering needs this module in turn."""

    def lower(scope: Scope, node: Node) -> None:
        from mlsec_lint.source import lower_compound

        getattr(lower_compound, name)(scope, node)

    return lower


_STATEMENTS: Final[dict[str, Callable[[Scope, Node], None]]] = {
    "expression_statement": _expression_statement,
    "return_statement": _return,
    "raise_statement": _raise,
    "assert_statement": _assert,
    "delete_statement": _delete,
    "global_statement": _global,
    "nonlocal_statement": _global,
    "if_statement": _if,
    "for_statement": _for,
    "while_statement": _while,
    "try_statement": _compound("lower_try"),
    "with_statement": _compound("lower_with"),
    "match_statement": _match,
    "import_statement": lower_import,
    "import_from_statement": lower_import_from,
    "future_import_statement": _nothing,
    "type_alias_statement": lower_alias,
    "function_definition": lambda scope, node: _function(scope, node, []),
    "class_definition": lambda scope, node: lower_class(scope, node, []),
    "decorated_definition": _decorated,
    "break_statement": _jump("break"),
    "continue_statement": _jump("continue"),
    "block": lower_block,
}

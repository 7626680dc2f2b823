"""Lowering of the patterns of ``match``.

A pattern is a conjunction of tests, so it becomes comparisons joined by ``and``; the parts that it looks at are read by
the operations that an attribute, an index or an unpacking would use. What cannot fail has no test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from mlsec_lint.source import ir
from mlsec_lint.source.lower_expressions import lower_expression
from mlsec_lint.source.lowering import Scope
from mlsec_lint.source.syntax import text

if TYPE_CHECKING:
    from tree_sitter import Node

ALWAYS: Final = ir.NONE
"""Stands for the test of a pattern that always fits."""

Binds = dict[str, tuple[ir.Register, "Node"]]
"""The names that a pattern captures: the register of the value, and where the name stands."""

SINGLETONS: Final = ("none", "true", "false")
"""Literals that patterns compare by identity."""


def lower_pattern(scope: Scope, node: Node, subject: ir.Register, binds: Binds) -> ir.Register:
    """The register of whether a pattern fits the subject; captures are added to ``binds``."""
    with scope.deeper() as allowed:
        if not allowed:
            scope.skip(node)
            return scope.opaque()
        lower = _PATTERNS.get(node.type)
        if lower is not None:
            return lower(scope, node, subject, binds)
        return _equal(scope, node, subject, lower_expression(scope, node))


def _equal(scope: Scope, node: Node, subject: ir.Register, value: ir.Register) -> ir.Register:
    dst = scope.register()
    scope.emit(ir.Compare(dst, "is" if node.type in SINGLETONS else "==", subject, value))
    return dst


def _simple(scope: Scope, parts: list[Node], subject: ir.Register, binds: Binds) -> ir.Register:
    """A pattern that stands in the tree without a node of its own: a minus sign is part of the number after it."""
    parts = [part for part in parts if part.type != "comment"]
    if not parts:
        return ALWAYS
    if parts[0].type == "-" and len(parts) > 1:
        return _equal(scope, parts[1], subject, _literal(scope, parts))
    return lower_pattern(scope, parts[0], subject, binds)


def _literal(scope: Scope, parts: list[Node]) -> ir.Register:
    """The value of a literal or a dotted name, with its sign."""
    value = _dotted(scope, parts[-1]) if parts[-1].type == "dotted_name" else lower_expression(scope, parts[-1])
    if parts[0].type != "-":
        return value
    dst = scope.register()
    scope.emit(ir.Unary(dst, "-", value))
    return dst


def _dotted(scope: Scope, node: Node) -> ir.Register:
    """The value of a name with dots."""
    first, *rest = node.named_children
    value = scope.load(text(first))
    for part in rest:
        dst = scope.register()
        scope.emit(ir.Attribute(dst, value, text(part), node.start_byte, part.end_byte))
        value = dst
    return value


def _also(scope: Scope, test: ir.Register, further: Callable[[], ir.Register]) -> ir.Register:
    """Both tests; what the second needs is worked out only where the first holds."""
    with scope.block() as block:
        right = further()
    if right == ALWAYS or test == ALWAYS:
        scope.ops.extend(block)
        return right if test == ALWAYS else test
    dst = scope.register()
    scope.emit(ir.Shortcut(dst, "and", test, block, right))
    return dst


def _wrapped(scope: Scope, node: Node, subject: ir.Register, binds: Binds) -> ir.Register:
    return _simple(scope, node.children, subject, binds)


def _wildcard(scope: Scope, node: Node, subject: ir.Register, binds: Binds) -> ir.Register:
    return ALWAYS


def _name(scope: Scope, node: Node, subject: ir.Register, binds: Binds) -> ir.Register:
    """A capture, or the value of a name with dots."""
    if len(node.named_children) > 1:
        return _equal(scope, node, subject, _dotted(scope, node))
    binds[text(node)] = subject, node
    return ALWAYS


def _as(scope: Scope, node: Node, subject: ir.Register, binds: Binds) -> ir.Register:
    inner = [child for child in node.named_children if child.type != "comment"]
    test = lower_pattern(scope, inner[0], subject, binds) if inner else ALWAYS
    if len(inner) > 1:
        binds[text(inner[-1])] = subject, inner[-1]
    return test


def _union(scope: Scope, node: Node, subject: ir.Register, binds: Binds) -> ir.Register:
    """One of several patterns: a name that they capture is what the one that fits captures."""
    parts: list[list[Node]] = [[]]
    for child in node.children:
        if child.type == "|":
            parts.append([])
        else:
            parts[-1].append(child)
    test = _simple(scope, parts[0], subject, binds)
    for part in parts[1:]:
        if test == ALWAYS:
            break
        captured: Binds = {}
        with scope.block() as block:
            right = _simple(scope, part, subject, captured)
        dst = scope.register()
        if right == ALWAYS:
            scope.ops.extend(block)
        else:
            scope.emit(ir.Shortcut(dst, "or", test, block, right))
        for name, (register, place) in captured.items():
            binds[name] = _either(scope, test, binds[name][0], register) if name in binds else register, place
        test = ALWAYS if right == ALWAYS else dst
    return test


def _either(scope: Scope, test: ir.Register, one: ir.Register, other: ir.Register) -> ir.Register:
    if one == other:
        return one
    dst = scope.register()
    scope.emit(ir.Choose(dst, test, [], one, [], other, (), ()))
    return dst


def _brackets(scope: Scope, node: Node, subject: ir.Register, binds: Binds) -> ir.Register:
    """``[a, b]`` and ``(a, b)`` are sequences, ``(a)`` is ``a``."""
    parts = [child for child in node.named_children if child.type == "case_pattern"]
    if node.type == "tuple_pattern" and len(parts) == 1 and all(child.type != "," for child in node.children):
        return lower_pattern(scope, parts[0], subject, binds)
    return lower_sequence(scope, parts, subject, binds)


def lower_sequence(scope: Scope, parts: list[Node], subject: ir.Register, binds: Binds) -> ir.Register:
    """A sequence of as many elements as there are parts, of which one may take all that are left."""
    splats = [_splat(part) for part in parts]
    star = next((index for index, splat in enumerate(splats) if splat is not None), -1)
    test = scope.register()
    scope.emit(ir.Shape(test, subject, "sequence", len(parts) - (star >= 0), more=star >= 0))
    registers = tuple(scope.register() for _ in parts)
    if parts:
        scope.emit(ir.Unpack(subject, registers, star))
    for part, splat, register in zip(parts, splats, registers, strict=True):
        if splat is None:
            test = _also(scope, test, lambda p=part, r=register: lower_pattern(scope, p, r, binds))
        elif splat.named_children:
            binds[text(splat.named_children[0])] = register, splat
    return test


def _splat(part: Node) -> Node | None:
    return next((child for child in part.named_children if child.type == "splat_pattern"), None)


def _mapping(scope: Scope, node: Node, subject: ir.Register, binds: Binds) -> ir.Register:
    """``{"k": p, **rest}``: the keys are there, and their values fit."""
    test = scope.register()
    scope.emit(ir.Shape(test, subject, "mapping", 0, more=True))
    keys: list[ir.Register] = []
    parts: list[Node] = []
    for child in node.children:
        if child.type == "case_pattern":
            key = _literal(scope, parts[-2:] if len(parts) > 1 and parts[-2].type == "-" else parts[-1:])
            keys.append(key)
            test = _also(scope, test, lambda k=key: _has(scope, subject, k))
            test = _also(scope, test, lambda k=key, c=child: _item(scope, c, subject, k, binds))
            parts = []
        elif child.type == "splat_pattern" and child.named_children:
            binds[text(child.named_children[0])] = _rest(scope, child, subject, keys), child
        elif child.is_named or child.type == "-":
            parts.append(child)
    return test


def _has(scope: Scope, subject: ir.Register, key: ir.Register) -> ir.Register:
    dst = scope.register()
    scope.emit(ir.Compare(dst, "in", key, subject))
    return dst


def _item(scope: Scope, node: Node, subject: ir.Register, key: ir.Register, binds: Binds) -> ir.Register:
    value = scope.register()
    scope.emit(ir.Item(value, subject, key))
    return lower_pattern(scope, node, value, binds)


def _rest(scope: Scope, node: Node, subject: ir.Register, keys: list[ir.Register]) -> ir.Register:
    """A new dictionary with what the keys of the pattern leave."""
    dst = scope.register()
    scope.emit(ir.Build(dst, "dict", (ir.Element(subject, spread=True),), node.start_byte, node.end_byte))
    for key in keys:
        scope.emit(ir.Delete("", dst, key))
    return dst


def _class(scope: Scope, node: Node, subject: ir.Register, binds: Binds) -> ir.Register:
    """``C(p, name=q)``: an instance whose attributes fit; the class says which attributes have a position."""
    name = node.named_children[0]
    cls = _dotted(scope, name)
    test = scope.register()
    scope.emit(ir.InstanceOf(test, subject, cls))
    position = 0
    for part in (child for child in node.named_children[1:] if child.type == "case_pattern"):
        keyword = next((child for child in part.named_children if child.type == "keyword_pattern"), None)
        if keyword is None:
            test = _also(scope, test, lambda p=part, i=position: _positional(scope, p, subject, cls, i, binds))
            position += 1
        else:
            test = _also(scope, test, lambda k=keyword: _keyword(scope, k, subject, binds))
    return test


def _positional(
    scope: Scope, part: Node, subject: ir.Register, cls: ir.Register, index: int, binds: Binds
) -> ir.Register:
    value = scope.register()
    scope.emit(ir.Positional(value, subject, cls, index))
    return lower_pattern(scope, part, value, binds)


def _keyword(scope: Scope, node: Node, subject: ir.Register, binds: Binds) -> ir.Register:
    name, *rest = [child for child in node.children if child.type not in ("comment", "=")]
    value = scope.register()
    scope.emit(ir.Attribute(value, subject, text(name), node.start_byte, node.end_byte))
    return _simple(scope, rest, value, binds)


_PATTERNS: Final[dict[str, Callable[[Scope, Node, ir.Register, Binds], ir.Register]]] = {
    "case_pattern": _wrapped,
    "_": _wildcard,
    "dotted_name": _name,
    "as_pattern": _as,
    "union_pattern": _union,
    "list_pattern": _brackets,
    "tuple_pattern": _brackets,
    "dict_pattern": _mapping,
    "class_pattern": _class,
}

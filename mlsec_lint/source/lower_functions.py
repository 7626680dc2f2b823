"""Lowering of what makes functions and classes: parameters, defaults, annotations, decorators, bases."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mlsec_lint.source import ir
from mlsec_lint.source.lower_expressions import lower_expression
from mlsec_lint.source.lowering import Scope, fill, parameter_name
from mlsec_lint.source.syntax import text

if TYPE_CHECKING:
    from tree_sitter import Node

_DEEPEST_ANNOTATION: Final = 20
"""Levels of ``Optional[...]`` and ``|`` that are looked through."""

_DOTTED: Final = re.compile(
    r"\s*(?:None\s*\|)?\s*(?:(?:typing\.)?Optional\[)?\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*\]?\s*(?:\|\s*None)?\s*"
)
"""A quoted annotation that comes down to one name."""


def lower_function_value(scope: Scope, node: Node, name: str, kind: str, decorators: list[Node]) -> ir.Register:
    """A register with the function that ``node`` defines; its inside is lowered now only if it is nested in one."""
    marks = tuple(lower_expression(scope, d.named_children[0]) for d in decorators if d.named_children)
    params = lower_parameters(scope, node)
    body = ir.Body(name, scope.qualified_prefix + name, kind, node.start_byte, node.end_byte)
    inside = node.child_by_field_name("body")
    body.inside = inside.start_byte if inside is not None else node.start_byte
    body.owner = scope.qualified_prefix.rstrip(".") if scope.in_class else ""
    if kind == "lambda" or scope.body.kind != "module":
        child = Scope(body, scope)
        with child.deeper() as allowed:
            if allowed:
                fill(child, node)
            else:
                scope.skip(node)
                child.finish([])
    dst = scope.register()
    scope.emit(ir.Function(dst, body, params, marks))
    return dst


def lower_parameters(scope: Scope, node: Node) -> tuple[ir.Param, ...]:
    """The parameters of a function, with defaults and annotations computed in the enclosing scope."""
    parameters = node.child_by_field_name("parameters")
    if parameters is None:
        return ()
    found: list[ir.Param] = []
    keyword_only = False
    for child in parameters.named_children:
        name = parameter_name(child)
        if child.type == "keyword_separator":
            keyword_only = True
        if not name:
            continue
        inner = child.named_children[0] if child.type == "typed_parameter" and child.named_children else child
        kind = {"list_splat_pattern": "*", "dictionary_splat_pattern": "**"}.get(inner.type, "")
        value = child.child_by_field_name("value")
        default = lower_expression(scope, value) if value is not None else ir.NONE
        annotation = lower_annotation(scope, child.child_by_field_name("type"))
        found.append(ir.Param(name, kind, keyword_only, default, annotation))
        keyword_only = keyword_only or kind == "*"
    return tuple(found)


def lower_annotation(scope: Scope, node: Node | None) -> ir.Register:
    """A register with the class that an annotation names, looking through ``Optional`` and quotes; else none.

    ``Literal[...]`` is ``Literal``; ``Annotated[...]`` keeps all its parts, since a framework reads them.
    """
    node = _annotated(node)
    if node is None:
        return ir.NONE
    if node.type in ("identifier", "attribute"):
        return lower_expression(scope, node)
    if node.type in ("generic_type", "subscript"):
        name = node.named_children[0]
        if text(name).endswith("Literal"):
            return lower_expression(scope, name)
        return _lower_annotated(scope, node, name) if text(name).endswith("Annotated") else ir.NONE
    if node.type == "string":
        match = _DOTTED.fullmatch(text(node).strip("'\""))
        if match is not None:
            first, *rest = match.group(1).split(".")
            value = scope.load(first)
            for part in rest:
                dst = scope.register()
                scope.emit(ir.Attribute(dst, value, part, node.start_byte, node.end_byte))
                value = dst
            return value
    return ir.NONE


def _lower_annotated(scope: Scope, node: Node, name: Node) -> ir.Register:
    """``Annotated[T, mark, ...]`` as the expression that it is."""
    parts = node.named_children[1:]
    if node.type == "generic_type":
        parts = [part for each in parts for part in each.named_children]
    obj = lower_expression(scope, name)
    first = lower_annotation(scope, parts[0]) if parts else ir.NONE
    marks = [lower_expression(scope, part) for part in parts[1:]]
    elements = (ir.Element(first if first != ir.NONE else scope.opaque()), *(ir.Element(mark) for mark in marks))
    key, dst = scope.register(), scope.register()
    scope.emit(ir.Build(key, "tuple", elements, node.start_byte))
    scope.emit(ir.Item(dst, obj, key))
    return dst


def _annotated(node: Node | None) -> Node | None:
    """What an annotation comes down to without ``Optional`` and ``None``; none if it nests too deeply for a person."""
    for _ in range(_DEEPEST_ANNOTATION):
        if node is None:
            return None
        inside = node.named_children
        if node.type == "type" and inside:
            node = inside[0]
        elif node.type == "binary_operator":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            node = right if left is not None and left.type == "none" else left
        elif node.type in ("generic_type", "subscript") and text(inside[0]).endswith("Optional"):
            last = inside[-1]
            node = last.named_children[0] if node.type == "generic_type" and last.named_children else last
        else:
            return node
    return None


def lower_class(scope: Scope, node: Node, decorators: list[Node]) -> None:
    """A class statement: bases, then the body in a scope of its own, then the binding of its name."""
    from mlsec_lint.source.lower_statements import lower_block

    marks = tuple(lower_expression(scope, d.named_children[0]) for d in decorators if d.named_children)
    metaclass = ir.NONE
    name = text(node.child_by_field_name("name"))
    bases: list[ir.Register] = []
    keywords: list[tuple[str, ir.Register]] = []
    superclasses = node.child_by_field_name("superclasses")
    for base in superclasses.named_children if superclasses is not None else []:
        if base.type == "keyword_argument":
            value = base.child_by_field_name("value")
            if value is not None:
                register = lower_expression(scope, value)
                keyword = text(base.child_by_field_name("name"))
                if keyword == "metaclass":
                    metaclass = register
                else:
                    keywords.append((keyword, register))
        elif base.type != "comment":
            bases.append(lower_expression(scope, base))
    inside = node.child_by_field_name("body")
    fields = annotated_names(inside)
    with scope.class_scope(name), scope.block() as block:
        if inside is not None:
            lower_block(scope, inside)
        types = tuple(lower_annotation(scope, each) for each in fields.values())
    dst = scope.register()
    at, end = node.start_byte, node.end_byte
    words = tuple(keywords)
    scope.emit(ir.Class(dst, name, tuple(bases), block, at, end, marks, tuple(fields), types, metaclass, words))
    scope.store(name, dst, node)


def annotated_names(block: Node | None) -> dict[str, Node]:
    """The names that a class body annotates directly, with the annotations: the fields of a record class, in order."""
    found: dict[str, Node] = {}
    for statement in block.named_children if block is not None else ():
        child = statement.named_children[0] if statement.named_children else None
        if statement.type != "expression_statement" or child is None or child.type != "assignment":
            continue
        left, annotation = child.child_by_field_name("left"), child.child_by_field_name("type")
        if left is None or left.type != "identifier" or annotation is None:
            continue
        if not text(annotation).startswith(("ClassVar", "typing.ClassVar")):
            found[text(left)] = annotation
    return found

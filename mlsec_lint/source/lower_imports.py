"""Lowering of import statements; also used by the outline, so that both read imports in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsec_lint.source import ir
from mlsec_lint.source.lowering import Scope
from mlsec_lint.source.syntax import text

if TYPE_CHECKING:
    from tree_sitter import Node


def imports_of(node: Node) -> list[ir.Import]:
    """The modules that an ``import_statement`` binds."""
    found: list[ir.Import] = []
    for child in node.children_by_field_name("name"):
        if child.type == "aliased_import":
            found.append(ir.Import(text(child.child_by_field_name("name")), text(child.child_by_field_name("alias"))))
        else:
            found.append(ir.Import("".join(text(child).split()), ""))
    return found


def froms_of(node: Node) -> list[ir.ImportFrom]:
    """The names that an ``import_from_statement`` binds."""
    source = node.child_by_field_name("module_name")
    written = "".join(text(source).split())
    module = written.lstrip(".")
    level = len(written) - len(module)
    found: list[ir.ImportFrom] = []
    for child in node.children_by_field_name("name"):
        if child.type == "aliased_import":
            name, alias = text(child.child_by_field_name("name")), text(child.child_by_field_name("alias"))
        else:
            name = alias = text(child)
        found.append(ir.ImportFrom(module, level, name, alias))
    if any(child.type == "wildcard_import" for child in node.named_children):
        found.append(ir.ImportFrom(module, level, "*", ""))
    return found


def lower_import(scope: Scope, node: Node) -> None:
    """``import a.b.c as d``."""
    for op in imports_of(node):
        scope.bind(op.alias or op.module.partition(".")[0])
        scope.emit(op)


def lower_import_from(scope: Scope, node: Node) -> None:
    """``from .a import b as c``."""
    for op in froms_of(node):
        if op.alias:
            scope.bind(op.alias)
        scope.emit(op)

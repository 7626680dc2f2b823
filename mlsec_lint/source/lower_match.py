"""Lowering of ``match``: each case is a condition about the subject, what it binds, and what it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsec_lint.source import ir
from mlsec_lint.source.literals import Unknown
from mlsec_lint.source.lower_expressions import lower_expression
from mlsec_lint.source.lower_patterns import ALWAYS, SINGLETONS, Binds, lower_pattern, lower_sequence
from mlsec_lint.source.lower_statements import lower_inside
from mlsec_lint.source.lowering import Scope
from mlsec_lint.source.refinements import Refinements, constant_of, refinements
from mlsec_lint.source.syntax import text

if TYPE_CHECKING:
    from tree_sitter import Node


def lower_match(scope: Scope, node: Node) -> None:
    """A ``match`` statement; several subjects are a tuple."""
    subjects = node.children_by_field_name("subject")
    subject = _subject(scope, node, subjects)
    body = node.child_by_field_name("body")
    clauses = [c for c in (body.named_children if body is not None else []) if c.type == "case_clause"]
    name = scope.name(text(subjects[0])) if len(subjects) == 1 and subjects[0].type == "identifier" else ""
    scope.emit(ir.Match(tuple(_case(scope, clause, subject, name) for clause in clauses)))


def _subject(scope: Scope, node: Node, subjects: list[Node]) -> ir.Register:
    if len(subjects) == 1:
        return lower_expression(scope, subjects[0])
    elements = tuple(ir.Element(lower_expression(scope, each)) for each in subjects)
    dst = scope.register()
    start, end = (subjects[0].start_byte, subjects[-1].end_byte) if subjects else (node.start_byte, node.end_byte)
    scope.emit(ir.Build(dst, "tuple", elements, start, end))
    return dst


def _case(scope: Scope, clause: Node, subject: ir.Register, name: str) -> ir.Case:
    """One case. ``name`` is that of the subject, about which a literal pattern says something."""
    patterns = [c for c in clause.named_children if c.type == "case_pattern"]
    commas = any(c.type == "," for c in clause.children)
    binds: Binds = {}
    with scope.block() as pattern:
        if len(patterns) == 1 and not commas:
            test = lower_pattern(scope, patterns[0], subject, binds)
        else:
            test = lower_sequence(scope, patterns, subject, binds)
        test = scope.constant(True) if test == ALWAYS else test
    holds, fails = _facts(patterns[0], name) if name and len(patterns) == 1 and not commas else ((), ())
    guard = clause.child_by_field_name("guard")
    condition, said = ir.NONE, ((), ())
    with scope.block() as before:
        for bound, (register, place) in binds.items():
            scope.store(bound, register, place)
        if guard is not None and guard.named_children:
            condition = lower_expression(scope, guard.named_children[0])
            said = refinements(scope, guard.named_children[0])
    with scope.block() as block:
        lower_inside(scope, clause, "consequence")
    return ir.Case(pattern, test, before, condition, block, holds, fails, *said)


def _facts(pattern: Node, name: str) -> tuple[Refinements, Refinements]:
    """What a literal pattern says of the name that is matched, where it fits and where it does not."""
    if len(pattern.children) != 1:
        return (), ()
    literal = pattern.children[0]
    value = constant_of(literal)
    if isinstance(value, Unknown):
        return (), ()
    same, other = ("is", "is not") if literal.type in SINGLETONS else ("==", "!=")
    return (ir.Refinement(name, same, value),), (ir.Refinement(name, other, value),)

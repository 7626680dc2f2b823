"""Comparisons: their answer where the operands are known, else what either answer would tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsec_lint.dataflow.flow.guards import compared
from mlsec_lint.dataflow.flow.heap import item_key
from mlsec_lint.dataflow.flow.objects import things
from mlsec_lint.dataflow.flow.values import Sym, Value, constant, has_constant
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine


def compare(machine: Machine, op: ir.Compare) -> None:
    """``left op right``: the answer, or what is learnt of the operands where a condition asks for it."""
    left, right = machine.get(op.left), machine.get(op.right)
    known = _answer(machine, op.op, left, right)
    if known is not None:
        machine.set(op.dst, constant(known))
        return
    tests = compared(machine, op.op, left, right)
    machine.set(op.dst, Value(open=True, tests=tests))


def _answer(machine: Machine, op: str, left: Value, right: Value) -> bool | None:
    if op in ("in", "not in"):
        return _member(machine, op, left, right)
    if left.known and right.known:
        one, other = left.consts[0], right.consts[0]
        if op in ("==", "!="):
            return (one == other) is (op == "==")
        if op in ("is", "is not"):
            return has_constant((one,), other) is (op == "is")
        if isinstance(one, (int, float)) and isinstance(other, (int, float)):
            return {"<": one < other, ">": one > other, "<=": one <= other, ">=": one >= other}.get(op)
        return None
    objects = left.refs and not left.open and not left.consts and all(not isinstance(r, Sym) for r in left.refs)
    if objects and right.known and right.consts[0] is None and op in ("is", "is not", "==", "!="):
        return op in ("is not", "!=")
    return None


def _member(machine: Machine, op: str, left: Value, right: Value) -> bool | None:
    found = things(machine, right)
    if not left.known or len(found) != 1 or len(right.refs) != 1 or right.open:
        return None
    thing = found[0][1]
    if not thing.exact or thing.rest is not None or thing.own or thing.maybe or thing.cls is not None:
        return None
    wanted = left.consts[0]
    if thing.kind == "dict":
        return (item_key(wanted) in thing.items) is (op == "in")
    values = list(thing.items.values())
    if all(v.known for v in values):
        return any(has_constant(v.consts, wanted) for v in values) is (op == "in")
    return None

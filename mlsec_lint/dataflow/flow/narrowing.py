"""What remains of a value where a condition about its name holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.names import bind, local
from mlsec_lint.dataflow.flow.values import Cls, Fun, Value, constant, has_constant
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine


def refine(machine: Machine, facts: tuple[ir.Refinement, ...]) -> None:
    """Narrow names by what a condition says of them; a contradiction ends the state."""
    for fact in facts:
        value = local(machine, fact.name)
        if value is None:
            continue
        kept = narrowed(value, fact)
        if kept is None:
            machine.state.alive = False
            return
        if kept is not value:
            bind(machine, fact.name, kept)


def narrowed(value: Value, fact: ir.Refinement) -> Value | None:
    """The part of a value for which a fact holds; none if there is no such part."""
    if fact.op in ("==", "is"):
        if any(c == fact.value if fact.op == "==" else has_constant((c,), fact.value) for c in value.consts):
            return constant(fact.value)
        may_equal = value.open or value.labels or any(not isinstance(r, (Fun, Cls)) for r in value.refs)
        return constant(fact.value) if may_equal else None
    if fact.op in ("!=", "is not"):
        consts = tuple(c for c in value.consts if not has_constant((c,), fact.value))
    elif fact.op == "truthy":
        consts = tuple(c for c in value.consts if c)
    else:
        return _falsy(value)
    if len(consts) == len(value.consts):
        return value
    if not consts and not value.refs and not value.open and not value.labels:
        return None
    return replace(value, consts=consts)


def _falsy(value: Value) -> Value | None:
    """A value known to be false carries nothing: it is empty, zero or none."""
    consts = tuple(c for c in value.consts if not c)
    if consts:
        return Value(consts=consts, open=value.open)
    if value.open or value.labels or value.refs:
        return Value(consts=(None,), open=True)
    return None

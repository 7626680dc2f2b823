"""Calls that nobody writes as calls: how they are made, or left to the callers. For the graph of calls only.

The evaluation itself follows those that may carry data. Here the others are made as well, without effects; and where
the receiver is an object of the callers, the operation is deferred to them, like a residual call.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.objects import thing_at, things
from mlsec_lint.dataflow.flow.summary import Argument, Call, Deferred
from mlsec_lint.dataflow.flow.values import Ext, Fun, Inst, Obj, Sym, Value

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine
    from mlsec_lint.dataflow.flow.rewriting import Rewriting

MOST_DEFERRED: Final = 60
"""Operations on objects of the callers that one summary keeps."""

_DEEPEST: Final = 6


def perform(machine: Machine, kind: str, names: tuple[str, ...], *operands: Value, follows: bool = True) -> None:
    """Make the implicit calls of one operation on ``operands[0]``.

    ``follows`` says that the evaluation makes them itself, unless the receiver belongs to the callers.
    """
    for target in operands[0].refs:
        single = Value(operands[0].labels, (target,))
        if isinstance(target, Sym):
            _defer(machine, target, kind, names, (single, *operands[1:]))
        elif not follows or machine.resolving:
            _make(machine, kind, names, (single, *operands[1:]))


def _defer(machine: Machine, target: Sym, kind: str, names: tuple[str, ...], operands: tuple[Value, ...]) -> None:
    defined = machine.solver.index.methods
    if kind != "method" and not any(name in defined for name in names):
        return
    if kind == "method" and names[0] in defined:
        return  # it is a residual call
    code, site = machine.origin
    deferred = Deferred(kind, names, operands, code, site)
    if len(machine.deferred) < MOST_DEFERRED:
        machine.deferred[(kind, names, target.path, code)] = deferred


def replay(machine: Machine, rewriting: Rewriting, deferred: tuple[Deferred, ...], *, results: bool) -> None:
    """A summary is applied: make the operations that its body left to the callers, as calls of that body.

    ``results`` are those on the results of calls which the caller makes as well.
    """
    outer = machine.origin
    machine.resolving += 1
    try:
        for each in deferred:
            target = each.operands[0].refs[0]
            if not isinstance(target, Sym) or (target.path[0][0] == "r") is not results:
                continue
            machine.origin = (each.code, each.site)
            perform(machine, each.kind, each.names, *(rewriting.value(operand) for operand in each.operands))
    finally:
        machine.origin = outer
        machine.resolving -= 1


def _make(machine: Machine, kind: str, names: tuple[str, ...], operands: tuple[Value, ...]) -> None:
    """Make the calls in a copy of the state: only who is called counts."""
    if machine.nesting > _DEEPEST:
        return
    state, raised = machine.state, machine.raised
    machine.state = state.copy()
    machine.nesting += 1
    try:
        _MAKE[kind](machine, names, operands)
    finally:
        machine.nesting -= 1
        machine.state, machine.raised = state, raised


def _special(machine: Machine, names: tuple[str, ...], operands: tuple[Value, ...]) -> None:
    """The first of some special methods that the class of the receiver has."""
    from mlsec_lint.dataflow.flow.calls import call_value
    from mlsec_lint.dataflow.flow.descriptors import bound

    target = operands[0].refs[0]
    thing = thing_at(machine, target) if isinstance(target, Obj) else None
    if thing is None or thing.cls is None:
        return
    for name in names:
        found = machine.solver.classes.attribute(machine, thing.cls, name)
        if found is not None and any(isinstance(r, Fun) for r in found.refs):
            call = Call(tuple(Argument(value) for value in operands[1:]))
            call_value(machine, bound(machine, found, operands[0], thing.cls), call, -1, -1)
            return


def _get(machine: Machine, names: tuple[str, ...], operands: tuple[Value, ...]) -> None:
    from mlsec_lint.dataflow.flow.access import get_attribute

    get_attribute(machine, operands[0], names[0])


def _set(machine: Machine, names: tuple[str, ...], operands: tuple[Value, ...]) -> None:
    from mlsec_lint.dataflow.flow.assigning import set_attribute

    set_attribute(machine, operands[0], names[0], operands[1])


def _iterate(machine: Machine, names: tuple[str, ...], operands: tuple[Value, ...]) -> None:
    from mlsec_lint.dataflow.flow.items import element_of

    element_of(machine, operands[0])


def _method(machine: Machine, names: tuple[str, ...], operands: tuple[Value, ...]) -> None:
    """A method that no class of the project has: of something outside, or of a container."""
    from mlsec_lint.dataflow.flow.methods import call_method

    of_builtins(machine, operands[0], names[0])
    if isinstance(operands[0].refs[0], (Ext, Inst)):
        call_method(machine, operands[0], names[0], Call(), -1, -1)


def of_builtins(machine: Machine, receiver: Value, name: str) -> None:
    """Note a method of a string, a number or a container."""
    log = machine.solver.log
    kinds = {type(value).__name__ for value in receiver.consts if value is not None}
    kinds |= {thing.kind for _, thing in things(machine, receiver) if thing.cls is None}
    for kind in sorted(kinds):
        if log is not None and hasattr(getattr(builtins, kind, None), name):
            log.external(machine, f"builtins.{kind}.{name}")


_MAKE: Final[Mapping[str, Callable[[Machine, tuple[str, ...], tuple[Value, ...]], None]]] = {
    "special": _special,
    "get": _get,
    "set": _set,
    "iterate": _iterate,
    "method": _method,
}

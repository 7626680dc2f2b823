"""Control flow: which parts of a body run in which state, and how the states on all ways are joined."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from mlsec_lint.dataflow.flow.containers import known_length
from mlsec_lint.dataflow.flow.exceptions import attempt
from mlsec_lint.dataflow.flow.guards import assume, both, either
from mlsec_lint.dataflow.flow.heap import State, join_states
from mlsec_lint.dataflow.flow.narrowing import refine
from mlsec_lint.dataflow.flow.scopes import leave, swallows
from mlsec_lint.dataflow.flow.values import UNKNOWN, Value, join, truth
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine

_LOOP_ROUNDS: Final = 5


def _branch(machine: Machine, op: ir.If) -> None:
    """An ``if``: both ways unless the condition is known."""
    value = machine.get(op.test)
    known = truth(value)
    if known is not None:
        machine.block(ir.imports_in(op.orelse if known else op.then))
    start = machine.state
    ends: list[State] = []
    for ops, facts, holds in ((op.then, op.holds, True), (op.orelse, op.fails, False)):
        if known is not None and known is not holds:
            continue
        machine.state = start.copy()
        _assume(machine, value, facts, holds)
        machine.block(ops)
        ends.append(machine.state)
    machine.state = ends[0] if len(ends) == 1 else join_states(*ends)


def _assume(machine: Machine, value: Value, facts: tuple[ir.Refinement, ...], holds: bool) -> None:
    assume(machine, value, holds)
    if facts:
        refine(machine, facts)


def _loop(machine: Machine, op: ir.Loop) -> None:
    """A loop: rounds until nothing new is learnt; what breaks out joins what falls through."""
    outer = machine.breaks, machine.continues
    machine.breaks, machine.continues = [], []
    breaks: list[State] = []
    entered = False
    for _ in range(_LOOP_ROUNDS):
        start = machine.state.copy()
        machine.block(op.head)
        test = machine.get(op.test) if op.test != ir.NONE else None
        if (test is not None and truth(test) is False) or _empty(machine, op, entered):
            break
        machine.breaks, machine.continues = [], []
        if test is not None:
            assume(machine, test, True)
        machine.block(op.body)
        entered = True
        end = machine.state
        for state in machine.continues:
            end = join_states(end, state)
        breaks.extend(machine.breaks)
        joined = end if _surely(machine, op) and not breaks else join_states(start, end)
        if joined.same_as(start):
            machine.state = joined
            break
        machine.state = joined
    machine.breaks, machine.continues = outer
    if op.test != ir.NONE and breaks and truth(machine.get(op.test)) is True:
        machine.state.alive = False
    elif op.test != ir.NONE and entered:
        # What leaves by the test has just failed it.
        machine.block(op.head)
        assume(machine, machine.get(op.test), False)
    machine.block(op.orelse)
    for state in breaks:
        machine.state = join_states(machine.state, state)


def _empty(machine: Machine, op: ir.Loop, entered: bool) -> bool:
    """Whether the iterable of a ``for`` is known to be empty."""
    first = op.head[0] if op.head else op.body[0] if op.body else None
    if entered or not isinstance(first, ir.Iterate):
        return False
    return known_length(machine, machine.get(first.src)) == 0


def _surely(machine: Machine, op: ir.Loop) -> bool:
    """Whether a ``for`` surely runs at least once."""
    first = op.head[0] if op.head else None
    if not isinstance(first, ir.Iterate):
        return False
    return bool(known_length(machine, machine.get(first.src)))


def _jump(machine: Machine, op: ir.Jump) -> None:
    """``break`` or ``continue``: the state moves to the end or the start of the loop."""
    (machine.breaks if op.kind == "break" else machine.continues).append(machine.state.copy())
    machine.state.alive = False


def _scoped(machine: Machine, op: ir.With) -> None:
    """The body of a ``with``: like a ``try`` if its context manager swallows exceptions."""
    if any(swallows(machine, machine.get(register)) for register in op.managers):
        attempt(machine, ir.Try(op.body, (ir.Handler([]),), [], []))
    else:
        machine.block(op.body)
    if machine.state.alive:
        for register in reversed(op.managers):
            leave(machine, machine.get(register))


def _match(machine: Machine, op: ir.Match) -> None:
    """The first case whose pattern fits and whose guard holds."""
    ends: list[State] = []
    for case in op.cases:
        machine.block(case.pattern)
        others = [_divide(machine, case.test, case.holds, case.fails)]
        machine.block(case.binds)
        if case.condition != ir.NONE:
            others.append(_divide(machine, case.condition, case.guarded, case.refused))
        machine.block(case.block)
        ends.append(machine.state)
        machine.state = others[0] if len(others) == 1 else join_states(*others)
    for end in ends:
        machine.state = join_states(end, machine.state)


def _divide(
    machine: Machine, test: ir.Register, holds: tuple[ir.Refinement, ...], fails: tuple[ir.Refinement, ...]
) -> State:
    """Go on where a condition holds; the result is the state where it does not, dead if it surely holds."""
    value = machine.get(test)
    known = truth(value)
    start = machine.state
    machine.state = other = start.copy()
    other.alive = other.alive and known is not True
    _assume(machine, value, fails, False)
    machine.state = start
    start.alive = start.alive and known is not False
    _assume(machine, value, holds, True)
    return other


def _choose(machine: Machine, op: ir.Choose) -> None:
    """A conditional expression."""
    test = machine.get(op.test)
    known = truth(test)
    start = machine.state
    result: Value | None = None
    ends: list[State] = []
    sides = ((op.then, op.then_value, op.holds, True), (op.orelse, op.else_value, op.fails, False))
    for ops, register, facts, holds in sides:
        if known is not None and known is not holds:
            continue
        machine.state = start.copy()
        _assume(machine, test, facts, holds)
        alive = machine.state.alive
        machine.block(ops)
        if alive:
            value = machine.get(register)
            result = value if result is None else join(result, value)
        ends.append(machine.state)
    machine.state = ends[0] if len(ends) == 1 else join_states(*ends)
    machine.set(op.dst, result if result is not None else UNKNOWN)


def _shortcut(machine: Machine, op: ir.Shortcut) -> None:
    """``and`` and ``or``: the right side runs or not, in a state that knows what the left side was."""
    left = machine.get(op.left)
    known = truth(left)
    is_or = op.op == "or"
    if known is not None and known == is_or:
        machine.set(op.dst, left)
        return
    start = machine.state.copy()
    assume(machine, left, not is_or)
    machine.block(op.block)
    right = machine.get(op.right)
    if known is not None:
        machine.set(op.dst, right)
        return
    machine.state = join_states(machine.state, start)
    machine.set(op.dst, either(left, right) if is_or else both(left, right))


CONTROL: Final[Mapping[type[ir.Op], Callable[[Machine, Any], None]]] = {
    ir.If: _branch,
    ir.Loop: _loop,
    ir.Jump: _jump,
    ir.Try: attempt,
    ir.With: _scoped,
    ir.Match: _match,
    ir.Choose: _choose,
    ir.Shortcut: _shortcut,
}

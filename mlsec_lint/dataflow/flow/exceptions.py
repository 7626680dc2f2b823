"""Exceptions: what is raised with which objects, what handlers see of it, and blocks that run on every way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.heap import State, Thing, join_states, join_things, reachable
from mlsec_lint.dataflow.flow.labels import bounded
from mlsec_lint.dataflow.flow.objects import allocate
from mlsec_lint.dataflow.flow.references import addresses_in, deep_labels
from mlsec_lint.dataflow.flow.values import NOTHING, Address, Value, join
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine
    from mlsec_lint.dataflow.flow.summary import Call

_MOST_ENDS: Final = 4
"""Ends of a block after which its ``finally`` is evaluated for each by itself."""

_QUIET: Final = (ir.Const, ir.Load, ir.Attribute)
"""Operations after which nothing is different for a handler."""


def raise_value(machine: Machine, value: Value | None) -> None:
    """An exception may leave from here: the handlers around see its value and this state, or the callers do."""
    if value is None:
        return
    state = machine.state
    labels = deep_labels(value, state.heap)
    if labels != value.labels:
        value = replace(value, labels=bounded(labels))
    if machine.attempts:
        machine.attempts[-1].append((value, state.copy() if value.refs else None))
        return
    machine.raised = value if machine.raised is None else join(machine.raised, value)
    for address in reachable(state.heap, addresses_in(value)):
        thing, old = state.heap.get(address), machine.thrown.get(address)
        if thing is not None:
            machine.thrown[address] = thing if old is None else join_things(old, thing)


def with_thrown(machine: Machine, heap: dict[Address, Thing]) -> None:
    """Add the objects of exceptions to a heap of ends: those who raise do not get there."""
    for address, thing in machine.thrown.items():
        old = heap.get(address)
        heap[address] = thing if old is None else join_things(old, thing)


def attempt(machine: Machine, op: ir.Try) -> None:
    """A ``try``: handlers start from before the block or from any point in it, and see what was raised."""
    mark = len(machine.returned)
    points = [machine.state.copy()]
    machine.attempts.append([])
    for step in op.body:
        machine.block([step])
        if not machine.state.alive:
            points.append(_revived(machine.state))
            break
        if not isinstance(step, _QUIET):
            points.append(machine.state.copy())
    thrown = machine.attempts.pop()
    points += [_revived(state) for _, state in thrown if state is not None]
    if machine.state.alive:
        machine.block(op.orelse)
    start = points[0]
    for point in points[1:]:
        start = join_states(start, point)
    caught = NOTHING
    for value, _ in thrown:
        caught = value if caught is NOTHING else join(caught, value)
    _handle(machine, op, start, caught)
    if not op.handlers and thrown:
        after, machine.state = machine.state, start.copy()
        raise_value(machine, caught)
        machine.state = after
    if op.final:
        _finally(machine, op.final, mark, start)


def _revived(state: State) -> State:
    """The state as a handler finds it."""
    state = state.copy()
    state.alive = True
    return state


def _handle(machine: Machine, op: ir.Try, start: State, caught: Value) -> None:
    end, outer = machine.state, machine.exception
    for handler in op.handlers:
        machine.state, machine.exception = start.copy(), caught
        machine.block(handler.block)
        end = join_states(end, machine.state)
    machine.state, machine.exception = end, outer


def _finally(machine: Machine, block: ir.Block, mark: int, start: State) -> None:
    """A ``finally`` block runs after what was returned, too; one that leaves by itself takes its place."""
    left = machine.returned[mark:]
    alive = machine.state.alive
    if not alive:
        machine.state = start.copy()
    machine.block(block)
    if not machine.state.alive:
        del machine.returned[mark : mark + len(left)]
        return
    end = machine.state
    for index, (value, state) in enumerate(left if len(left) <= _MOST_ENDS else ()):
        machine.state = _revived(state)
        machine.block(block)
        if machine.state.alive:
            machine.returned[mark + index] = value, machine.state
    machine.state = end
    end.alive = alive


def exception(machine: Machine, call: Call, at: int) -> Value | None:
    """A new exception of a library keeps its arguments apart; none if there is no data in them."""
    values = call.values()
    if not any(deep_labels(value, machine.state.heap) for value in values):
        return None
    return allocate(machine, at, Thing("exception", {".args": arguments(machine, call, at)}))


def arguments(machine: Machine, call: Call, at: int) -> Value:
    """The tuple of the positional arguments."""
    items = {("int", index): argument.value for index, argument in enumerate(call.positional)}
    return allocate(machine, at, Thing("tuple", dict(items), call.more, call.more is None), variant="raised")

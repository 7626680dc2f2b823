"""Control flow: which parts of a body run in which state, and how the states on all ways are joined."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from mlsec_lint.dataflow.narrowing import narrowed
from mlsec_lint.dataflow.state import State, join_states
from mlsec_lint.dataflow.values import UNKNOWN, Instance, Value, join
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.evaluator import Evaluator

_LOOP_ROUNDS: Final = 4


def _branch(ev: Evaluator, op: ir.If) -> None:
    """An ``if``: both ways unless the condition is known."""
    known = ev.truth(ev.get(op.test))
    if known is not None:
        ev.block(ir.imports_in(op.orelse if known else op.then))
        ev.block(op.then if known else op.orelse)
        return
    start = ev.state
    ends: list[State] = []
    for ops, facts in ((op.then, op.holds), (op.orelse, op.fails)):
        ev.state = start.copy()
        _refine(ev, facts)
        ev.block(ops)
        ends.append(ev.state)
    ev.state = join_states(*ends)


def _refine(ev: Evaluator, facts: tuple[ir.Refinement, ...]) -> None:
    """Narrow names by what a condition says of them; a contradiction ends the state."""
    for fact in facts:
        value = ev.state.names.get(fact.name)
        if value is None or fact.name in ev.shared:
            continue
        kept = narrowed(value, fact)
        if kept is None:
            ev.state.alive = False
            return
        ev.state.names[fact.name] = kept


def _loop(ev: Evaluator, op: ir.Loop) -> None:
    """A loop: rounds until nothing new is learnt; what breaks out joins what falls through."""
    outer = ev.breaks, ev.continues
    ev.breaks, ev.continues = [], []
    breaks: list[State] = []
    for _ in range(_LOOP_ROUNDS):
        start = ev.state.copy()
        ev.block(op.head)
        if op.test != ir.NONE and ev.truth(ev.get(op.test)) is False:
            break
        ev.breaks, ev.continues = [], []
        ev.block(op.body)
        end = ev.state
        for state in ev.continues:
            end = join_states(end, state)
        breaks.extend(ev.breaks)
        joined = join_states(start, end)
        if joined.same_as(start):
            ev.state = joined
            break
        ev.state = joined
    ev.breaks, ev.continues = outer
    endless = op.test != ir.NONE and ev.truth(ev.get(op.test)) is True
    if endless and breaks:
        ev.state.alive = False
    ev.block(op.orelse)
    for state in breaks:
        ev.state = join_states(ev.state, state)


def _jump(ev: Evaluator, op: ir.Jump) -> None:
    """``break`` or ``continue``: the state moves to the end or the start of the loop."""
    (ev.breaks if op.kind == "break" else ev.continues).append(ev.state.copy())
    ev.state.alive = False


def _attempt(ev: Evaluator, op: ir.Try) -> None:
    """A ``try``: handlers start from before the block or from any point in it."""
    before = ev.state.copy()
    points = [before]
    for step in op.body:
        ev.block([step])
        if not ev.state.alive:
            break
        if isinstance(step, (ir.Store, ir.Import, ir.ImportFrom, ir.SetItem, ir.SetAttribute)):
            points.append(ev.state.copy())
    if ev.state.alive:
        ev.block(op.orelse)
    end = ev.state
    raised = points[0]
    for point in points[1:]:
        raised = join_states(raised, point)
    for handler in op.handlers:
        ev.state = raised.copy()
        ev.block(handler.block)
        end = join_states(end, ev.state)
    ev.state = end
    if op.final:
        alive = ev.state.alive
        if not alive:
            ev.state = raised.copy()
        ev.block(op.final)
        ev.state.alive = ev.state.alive and alive


def _scoped(ev: Evaluator, op: ir.With) -> None:
    """The body of a ``with``: like a ``try`` if its context manager swallows exceptions."""
    if any(_swallows(ev, ev.get(register)) for register in op.managers):
        _attempt(ev, ir.Try(op.body, (ir.Handler([]),), [], []))
    else:
        ev.block(op.body)


def _swallows(ev: Evaluator, manager: Value) -> bool:
    names = (ref.name for ref in manager.references if isinstance(ref, Instance))
    return any(ev.knowledge.special(name) == "swallow" for name in names)


def _match(ev: Evaluator, op: ir.Match) -> None:
    """The first case whose pattern fits and whose guard holds."""
    ends: list[State] = []
    for case in op.cases:
        ev.block(case.pattern)
        others = [_divide(ev, case.test, case.holds, case.fails)]
        ev.block(case.binds)
        if case.condition != ir.NONE:
            others.append(_divide(ev, case.condition, case.guarded, case.refused))
        ev.block(case.block)
        ends.append(ev.state)
        ev.state = others[0] if len(others) == 1 else join_states(*others)
    for end in ends:
        ev.state = join_states(end, ev.state)


def _divide(
    ev: Evaluator, test: ir.Register, holds: tuple[ir.Refinement, ...], fails: tuple[ir.Refinement, ...]
) -> State:
    """Go on where a condition holds; the result is the state where it does not, dead if it surely holds."""
    known = ev.truth(ev.get(test))
    start = ev.state
    ev.state = other = start.copy()
    other.alive = other.alive and known is not True
    _refine(ev, fails)
    ev.state = start
    start.alive = start.alive and known is not False
    _refine(ev, holds)
    return other


def _choose(ev: Evaluator, op: ir.Choose) -> None:
    """A conditional expression."""
    known = ev.truth(ev.get(op.test))
    sides = ((op.then, op.then_value, op.holds), (op.orelse, op.else_value, op.fails))
    if known is not None:
        ops, register, _ = sides[0 if known else 1]
        ev.block(ops)
        ev.set(op.dst, ev.get(register))
        return
    start = ev.state
    result: Value | None = None
    ends: list[State] = []
    for ops, register, facts in sides:
        ev.state = start.copy()
        _refine(ev, facts)
        alive = ev.state.alive
        ev.block(ops)
        if alive:
            value = ev.get(register)
            result = value if result is None else join(result, value)
        ends.append(ev.state)
    ev.state = join_states(*ends)
    ev.set(op.dst, result if result is not None else UNKNOWN)


def _shortcut(ev: Evaluator, op: ir.Shortcut) -> None:
    """``and`` and ``or``: the right side runs or not."""
    left = ev.get(op.left)
    known = ev.truth(left)
    if known is not None and known == (op.op == "or"):
        ev.set(op.dst, left)
        return
    start = ev.state.copy()
    ev.block(op.block)
    right = ev.get(op.right)
    if known is not None:
        ev.set(op.dst, right)
        return
    ev.state = join_states(ev.state, start)
    if op.op == "or":
        left = narrowed(left, ir.Refinement("", "truthy")) or right
    ev.set(op.dst, join(left, right))


CONTROL: Final[Mapping[type[ir.Op], Callable[[Evaluator, Any], None]]] = {
    ir.If: _branch,
    ir.Loop: _loop,
    ir.Jump: _jump,
    ir.Try: _attempt,
    ir.With: _scoped,
    ir.Match: _match,
    ir.Choose: _choose,
    ir.Shortcut: _shortcut,
}

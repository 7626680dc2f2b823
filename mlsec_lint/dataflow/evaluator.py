"""The evaluation of one body: registers, control flow, and the frames it shares with nested functions.

Operations on values are in ``operations``, calls in ``calls``; this file decides what runs and in which state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.names import lookup
from mlsec_lint.dataflow.narrowing import narrowed
from mlsec_lint.dataflow.state import State, join_states
from mlsec_lint.dataflow.values import (
    UNKNOWN,
    ClassRef,
    Frame,
    FunctionRef,
    Instance,
    Site,
    Symbol,
    Value,
    join,
    truth,
)
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.context import Context
    from mlsec_lint.dataflow.events import EventLog
    from mlsec_lint.source.project import Module

MOST_STEPS: Final = 60_000
"""Operations evaluated per body, loops included; beyond it the evaluation of the body stops and says so."""

_LOOP_ROUNDS: Final = 4


class BudgetExceededError(Exception):
    """A body needed more than :data:`MOST_STEPS` steps."""


class Evaluator:
    """Evaluates a body. An ``observer`` is told of calls; ``resolving`` follows imports into the project."""

    def __init__(
        self,
        context: Context,
        module: Module,
        body: ir.Body,
        *,
        frames: tuple[Frame, ...] = (),
        owner: ClassRef | None = None,
        observer: EventLog | None = None,
        resolving: bool = True,
        reading_fields: bool = True,
    ) -> None:
        self.context = context
        self.knowledge = context.knowledge
        self.module = module
        self.body = body
        self.frames = frames
        self.owner = owner
        self.observer = observer
        self.resolving = resolving
        self.reading_fields = reading_fields
        self.registers: list[Value] = [UNKNOWN] * (body.registers + 1)
        self.state = State.empty()
        self.frame = Frame(body, {})
        self.classes: list[tuple[ClassRef, dict[str, Value]]] = []
        self.functions: dict[int, FunctionRef] = {}
        self.nested: dict[int, FunctionRef] = {}
        self.stars: list[tuple[str | None, str]] = []
        self.stored: dict[str, Value] = {}
        self.shared: set[str] = set()
        self.calling: set[Site] = set()
        self._breaks: list[State] = []
        self._continues: list[State] = []
        self._steps = 0

    def run(self) -> None:
        """Evaluate the body from its start; the state is then the join of all its ends."""
        self.block(self.body.block or [])
        self.frame.names = self.state.names

    def block(self, ops: ir.Block) -> None:
        """Evaluate operations in order until the state ends."""
        self._steps += len(ops)
        if self._steps > MOST_STEPS:
            raise BudgetExceededError
        for op in ops:
            if not self.state.alive:
                return
            _OPERATIONS[type(op)](self, op)

    def set(self, register: ir.Register, value: Value) -> None:
        """Store a register."""
        self.registers[register] = value

    def get(self, register: ir.Register) -> Value:
        """Read a register."""
        return self.registers[register] if register >= 0 else UNKNOWN

    def resolve(self, value: Value) -> Value:
        """Replace symbols of other modules, unless this evaluation leaves them symbolic."""
        return self.context.resolve(value) if self.resolving else value

    def with_constants(self, value: Value) -> Value:
        """The value with constants of other modules looked up."""
        return self.resolve(value) if any(isinstance(r, Symbol) for r in value.references) else value

    def truth(self, value: Value) -> bool | None:
        """Whether a value is true, with constants of other modules looked up."""
        return truth(self.with_constants(value))

    def lookup(self, name: str) -> Value:
        """The value of a name, from the innermost scope outward."""
        return lookup(self, name)

    def bind(self, name: str, value: Value) -> None:
        """Give a name a value in the scope that is being evaluated."""
        if self.classes:
            self.classes[-1][1][name] = value
        else:
            self.state.names[name] = value

    def branch(self, op: ir.If) -> None:
        """An ``if``: both ways unless the condition is known."""
        known = self.truth(self.get(op.test))
        if known is not None:
            self.block(ir.imports_in(op.orelse if known else op.then))
            self.block(op.then if known else op.orelse)
            return
        start = self.state
        ends: list[State] = []
        for ops, facts in ((op.then, op.holds), (op.orelse, op.fails)):
            self.state = start.copy()
            self.refine(facts)
            self.block(ops)
            ends.append(self.state)
        self.state = join_states(*ends)

    def refine(self, facts: tuple[ir.Refinement, ...]) -> None:
        """Narrow names by what a condition says of them; a contradiction ends the state."""
        for fact in facts:
            value = self.state.names.get(fact.name)
            if value is None or fact.name in self.shared:
                continue
            kept = narrowed(value, fact)
            if kept is None:
                self.state.alive = False
                return
            self.state.names[fact.name] = kept

    def loop(self, op: ir.Loop) -> None:
        """A loop: rounds until nothing new is learnt; what breaks out joins what falls through."""
        outer = self._breaks, self._continues
        self._breaks, self._continues = [], []
        breaks: list[State] = []
        for _ in range(_LOOP_ROUNDS):
            start = self.state.copy()
            self.block(op.head)
            if op.test != ir.NONE and self.truth(self.get(op.test)) is False:
                break
            self._breaks, self._continues = [], []
            self.block(op.body)
            end = self.state
            for state in self._continues:
                end = join_states(end, state)
            breaks.extend(self._breaks)
            joined = join_states(start, end)
            if joined.same_as(start):
                self.state = joined
                break
            self.state = joined
        self._breaks, self._continues = outer
        endless = op.test != ir.NONE and self.truth(self.get(op.test)) is True
        if endless and breaks:
            self.state.alive = False
        self.block(op.orelse)
        for state in breaks:
            self.state = join_states(self.state, state)

    def jump(self, op: ir.Jump) -> None:
        """``break`` or ``continue``: the state moves to the end or the start of the loop."""
        (self._breaks if op.kind == "break" else self._continues).append(self.state.copy())
        self.state.alive = False

    def attempt(self, op: ir.Try) -> None:
        """A ``try``: handlers start from before the block or from any point in it."""
        before = self.state.copy()
        points = [before]
        for step in op.body:
            self.block([step])
            if not self.state.alive:
                break
            if isinstance(step, (ir.Store, ir.Import, ir.ImportFrom, ir.SetItem, ir.SetAttribute)):
                points.append(self.state.copy())
        if self.state.alive:
            self.block(op.orelse)
        end = self.state
        raised = points[0]
        for point in points[1:]:
            raised = join_states(raised, point)
        for handler in op.handlers:
            self.state = raised.copy()
            self.block(handler.block)
            end = join_states(end, self.state)
        self.state = end
        if op.final:
            alive = self.state.alive
            if not alive:
                self.state = raised.copy()
            self.block(op.final)
            self.state.alive = self.state.alive and alive

    def scoped(self, op: ir.With) -> None:
        """The body of a ``with``: like a ``try`` if its context manager swallows exceptions."""
        if any(self._swallows(self.get(register)) for register in op.managers):
            self.attempt(ir.Try(op.body, (ir.Handler([]),), [], []))
        else:
            self.block(op.body)

    def _swallows(self, manager: Value) -> bool:
        names = (ref.name for ref in manager.references if isinstance(ref, Instance))
        return any(self.knowledge.special(name) == "swallow" for name in names)

    def match(self, op: ir.Match) -> None:
        """The first case whose pattern fits and whose guard holds."""
        ends: list[State] = []
        for case in op.cases:
            self.block(case.pattern)
            others = [self._divide(case.test, case.holds, case.fails)]
            self.block(case.binds)
            if case.condition != ir.NONE:
                others.append(self._divide(case.condition, case.guarded, case.refused))
            self.block(case.block)
            ends.append(self.state)
            self.state = others[0] if len(others) == 1 else join_states(*others)
        for end in ends:
            self.state = join_states(end, self.state)

    def _divide(self, test: ir.Register, holds: tuple[ir.Refinement, ...], fails: tuple[ir.Refinement, ...]) -> State:
        """Go on where a condition holds; the result is the state where it does not, dead if it surely holds."""
        known = self.truth(self.get(test))
        start = self.state
        self.state = other = start.copy()
        other.alive = other.alive and known is not True
        self.refine(fails)
        self.state = start
        start.alive = start.alive and known is not False
        self.refine(holds)
        return other

    def choose(self, op: ir.Choose) -> None:
        """A conditional expression."""
        known = self.truth(self.get(op.test))
        sides = ((op.then, op.then_value, op.holds), (op.orelse, op.else_value, op.fails))
        if known is not None:
            ops, register, _ = sides[0 if known else 1]
            self.block(ops)
            self.set(op.dst, self.get(register))
            return
        start = self.state
        result: Value | None = None
        ends: list[State] = []
        for ops, register, facts in sides:
            self.state = start.copy()
            self.refine(facts)
            alive = self.state.alive
            self.block(ops)
            if alive:
                value = self.get(register)
                result = value if result is None else join(result, value)
            ends.append(self.state)
        self.state = join_states(*ends)
        self.set(op.dst, result if result is not None else UNKNOWN)

    def shortcut(self, op: ir.Shortcut) -> None:
        """``and`` and ``or``: the right side runs or not."""
        left = self.get(op.left)
        known = self.truth(left)
        if known is not None and known == (op.op == "or"):
            self.set(op.dst, left)
            return
        start = self.state.copy()
        self.block(op.block)
        right = self.get(op.right)
        if known is not None:
            self.set(op.dst, right)
            return
        self.state = join_states(self.state, start)
        if op.op == "or":
            left = narrowed(left, ir.Refinement("", "truthy")) or right
        self.set(op.dst, join(left, right))


def _table() -> Mapping[type[ir.Op], Callable[[Evaluator, ir.Op], None]]:
    from mlsec_lint.dataflow.calls import CALLS
    from mlsec_lint.dataflow.operations import OPERATIONS

    control: dict[type[ir.Op], Callable[[Evaluator, ir.Op], None]] = {
        ir.If: Evaluator.branch,  # type: ignore[dict-item]
        ir.Loop: Evaluator.loop,  # type: ignore[dict-item]
        ir.Jump: Evaluator.jump,  # type: ignore[dict-item]
        ir.Try: Evaluator.attempt,  # type: ignore[dict-item]
        ir.With: Evaluator.scoped,  # type: ignore[dict-item]
        ir.Match: Evaluator.match,  # type: ignore[dict-item]
        ir.Choose: Evaluator.choose,  # type: ignore[dict-item]
        ir.Shortcut: Evaluator.shortcut,  # type: ignore[dict-item]
    }
    return {**OPERATIONS, **CALLS, **control}


_OPERATIONS: Final = _table()

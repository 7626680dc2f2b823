"""The evaluation of one body for its flows: control flow, and the state on every way through it.

What single operations do is in ``operations``, calls are in ``calls``; this file decides what runs in which state.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.guards import assume, content_at, tags_of
from mlsec_lint.dataflow.flow.heap import State, Thing, join_states
from mlsec_lint.dataflow.flow.narrowing import refine
from mlsec_lint.dataflow.flow.summary import Site
from mlsec_lint.dataflow.flow.values import (
    NOTHING,
    UNKNOWN,
    Address,
    CodeKey,
    Path,
    Value,
    ident_of,
    join,
    truth,
    with_tags,
)
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.solver import Solver
    from mlsec_lint.dataflow.flow.summary import Deferred, Residual, SinkHit, Site
    from mlsec_lint.dataflow.flow.tracing.recorder import Recorder
    from mlsec_lint.knowledge.schema_flow import Entry

MOST_STEPS: Final = 40_000
"""Operations evaluated per body, loops included."""

MOST_APPLICATIONS: Final = 400
"""Summaries applied per body."""

_LOOP_ROUNDS: Final = 5


class StepsExceededError(Exception):
    """A body needed more than its budget."""


class Machine:
    """Evaluates a body.

    ``early`` evaluations serve the top level of modules: globals of modules stay symbolic. ``late`` ones run it again
    when all modules have run: globals of others are known, its own are what they are at the time of each call.
    ``demand`` names the evaluation where calls are noted.
    """

    def __init__(
        self,
        solver: Solver,
        code: Code,
        *,
        early: bool = False,
        late: bool = False,
        recorder: Recorder | None = None,
        demand: Hashable = None,
    ) -> None:
        self.solver = solver
        self.knowledge = solver.knowledge
        self.code = code
        self.path = code.module.path
        self.body = code.body
        self.early = early
        self.late = late
        self.demand = demand
        self.recorder = recorder
        ops = code.ops
        self.registers: list[Value] = [UNKNOWN] * (code.body.registers + 1)
        self.state = State({}, {}, {}, {})
        self.classes: list[tuple[CodeKey, dict[str, Value]]] = []
        self.frames: tuple[Address, ...] = ()
        self.owner = code.owner
        self.returned: list[tuple[Value, State]] = []
        self.yielded: Value | None = None
        self.raised: Value | None = None
        self.thrown: dict[Address, Thing] = {}
        self.exception: Value = NOTHING
        self.attempts: list[list[tuple[Value, State | None]]] = []
        self.sinks: dict[tuple[Any, ...], SinkHit] = {}
        self.residuals: list[Residual] = []
        self.deferred: dict[tuple[Any, ...], Deferred] = {}
        self.muted = int(recorder is not None)
        self.trimmed: dict[str, None] = {}
        self.handlers: list[tuple[Value, Entry, int, int]] = []
        self.applications = 0
        self.nesting = 0
        self.resolving = 0
        self.place = (max(code.body.at, 0), max(code.body.inside, code.body.at + 1, 1))
        self.origin: tuple[CodeKey, Site | None] = (code.key, None)
        self.via: tuple[tuple[CodeKey, Site, CodeKey], ...] = ()
        self.stars: list[tuple[str | None, str]] = []
        self.captured = code.captured
        self.given: dict[Path, Value] = {}
        self._ops = ops
        self._breaks: list[State] = []
        self._continues: list[State] = []
        self._steps = 0

    def run(self) -> None:
        """Evaluate the body from its start; ends are collected in ``returned``."""
        if self.solver.log is not None:
            self.solver.log.start(self)
        try:
            self.block(self._ops)
        except StepsExceededError:
            self.trimmed["a function that is too long was followed in part"] = None
        if self.state.alive:
            self.returned.append((Value(consts=(None,)), self.state))
        if self.handlers and self.returned and (not self.early or self.body.kind == "module"):
            self._call_handlers()

    def _call_handlers(self) -> None:
        """Functions defined here that a framework calls later, when this body has set up all that they close over."""
        from mlsec_lint.dataflow.flow.handing import deliver

        for value, entry, at, end in self.handlers:
            ends = [state for _, state in self.returned]
            self.state = ends[0].copy()
            for state in ends[1:]:
                self.state = join_states(self.state, state)
            deliver(self, value, entry, at, end)

    def block(self, ops: ir.Block) -> None:
        """Evaluate operations in order until the state ends."""
        self._steps += len(ops)
        if self._steps > MOST_STEPS:
            raise StepsExceededError
        recorder = self.recorder
        log = self.solver.log
        for op in ops:
            if not self.state.alive:
                return
            if log is not None:
                log.before(self, op)
            _OPERATIONS[type(op)](self, op)
            if recorder is not None:
                recorder.after(self, op)

    def set(self, register: ir.Register, value: Value) -> None:
        """Store a register."""
        self.registers[register] = value

    def get(self, register: ir.Register) -> Value:
        """Read a register, with what is known of its value at this point."""
        return self.current(self.registers[register]) if register >= 0 else UNKNOWN

    def current(self, value: Value) -> Value:
        """The value with the guards that it has passed here, and with what was written into what it stands for."""
        state = self.state
        ident = value.ident
        if not (state.guards or state.contents):
            return value
        if ident is None:
            ident = ident_of(value)
            if ident is None:
                return value
        content = content_at(state, ident)
        if content is not None:
            value = replace(value, labels=value.labels | content.labels, digests=content.digests or value.digests)
        tags = tags_of(state, ident) if state.guards else None
        return replace(value, labels=with_tags(value.labels, tags)) if tags else value

    def bind(self, name: str, value: Value) -> None:
        """Give a name a value in the scope that is being evaluated."""
        if self.classes:
            self.classes[-1][1][name] = value
        else:
            from mlsec_lint.dataflow.flow.names import bind

            bind(self, name, value)

    def raise_value(self, value: Value | None) -> None:
        """An exception may leave from here: the handlers around see its value, or the callers."""
        from mlsec_lint.dataflow.flow.exceptions import raise_value

        raise_value(self, value)

    def branch(self, op: ir.If) -> None:
        """An ``if``: both ways unless the condition is known."""
        value = self.get(op.test)
        known = truth(value)
        if known is not None:
            self.block(ir.imports_in(op.orelse if known else op.then))
        start = self.state
        ends: list[State] = []
        for ops, facts, holds in ((op.then, op.holds, True), (op.orelse, op.fails, False)):
            if known is not None and known is not holds:
                continue
            self.state = start.copy()
            self._assume(value, facts, holds)
            self.block(ops)
            ends.append(self.state)
        self.state = ends[0] if len(ends) == 1 else join_states(*ends)

    def _assume(self, value: Value, facts: tuple[ir.Refinement, ...], holds: bool) -> None:
        assume(self, value, holds)
        if facts:
            refine(self, facts)

    def loop(self, op: ir.Loop) -> None:
        """A loop: rounds until nothing new is learnt; what breaks out joins what falls through."""
        outer = self._breaks, self._continues
        self._breaks, self._continues = [], []
        breaks: list[State] = []
        entered = False
        for _ in range(_LOOP_ROUNDS):
            start = self.state.copy()
            self.block(op.head)
            test = self.get(op.test) if op.test != ir.NONE else None
            if (test is not None and truth(test) is False) or self._empty(op, entered):
                break
            self._breaks, self._continues = [], []
            if test is not None:
                assume(self, test, True)
            self.block(op.body)
            entered = True
            end = self.state
            for state in self._continues:
                end = join_states(end, state)
            breaks.extend(self._breaks)
            joined = end if self._surely(op) and not breaks else join_states(start, end)
            if joined.same_as(start):
                self.state = joined
                break
            self.state = joined
        self._breaks, self._continues = outer
        if op.test != ir.NONE and breaks and truth(self.get(op.test)) is True:
            self.state.alive = False
        elif op.test != ir.NONE and entered:
            # What leaves by the test has just failed it.
            self.block(op.head)
            assume(self, self.get(op.test), False)
        self.block(op.orelse)
        for state in breaks:
            self.state = join_states(self.state, state)

    def _empty(self, op: ir.Loop, entered: bool) -> bool:
        """Whether the iterable of a ``for`` is known to be empty."""
        first = op.head[0] if op.head else op.body[0] if op.body else None
        if entered or not isinstance(first, ir.Iterate):
            return False
        from mlsec_lint.dataflow.flow.containers import known_length

        return known_length(self, self.get(first.src)) == 0

    def _surely(self, op: ir.Loop) -> bool:
        """Whether a ``for`` surely runs at least once."""
        first = op.head[0] if op.head else None
        if not isinstance(first, ir.Iterate):
            return False
        from mlsec_lint.dataflow.flow.containers import known_length

        return bool(known_length(self, self.get(first.src)))

    def jump(self, op: ir.Jump) -> None:
        """``break`` or ``continue``: the state moves to the end or the start of the loop."""
        (self._breaks if op.kind == "break" else self._continues).append(self.state.copy())
        self.state.alive = False

    def attempt(self, op: ir.Try) -> None:
        """A ``try`` with its handlers and its ``finally``."""
        from mlsec_lint.dataflow.flow.exceptions import attempt

        attempt(self, op)

    def scoped(self, op: ir.With) -> None:
        """The body of a ``with``: like a ``try`` if its context manager swallows exceptions."""
        from mlsec_lint.dataflow.flow.scopes import leave, swallows

        if any(swallows(self, self.get(register)) for register in op.managers):
            self.attempt(ir.Try(op.body, (ir.Handler([]),), [], []))
        else:
            self.block(op.body)
        if self.state.alive:
            for register in reversed(op.managers):
                leave(self, self.get(register))

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
        value = self.get(test)
        known = truth(value)
        start = self.state
        self.state = other = start.copy()
        other.alive = other.alive and known is not True
        self._assume(value, fails, False)
        self.state = start
        start.alive = start.alive and known is not False
        self._assume(value, holds, True)
        return other

    def choose(self, op: ir.Choose) -> None:
        """A conditional expression."""
        test = self.get(op.test)
        known = truth(test)
        start = self.state
        result: Value | None = None
        ends: list[State] = []
        sides = ((op.then, op.then_value, op.holds, True), (op.orelse, op.else_value, op.fails, False))
        for ops, register, facts, holds in sides:
            if known is not None and known is not holds:
                continue
            self.state = start.copy()
            self._assume(test, facts, holds)
            alive = self.state.alive
            self.block(ops)
            if alive:
                value = self.get(register)
                result = value if result is None else join(result, value)
            ends.append(self.state)
        self.state = ends[0] if len(ends) == 1 else join_states(*ends)
        self.set(op.dst, result if result is not None else UNKNOWN)

    def shortcut(self, op: ir.Shortcut) -> None:
        """``and`` and ``or``: the right side runs or not, in a state that knows what the left side was."""
        from mlsec_lint.dataflow.flow.guards import both, either

        left = self.get(op.left)
        known = truth(left)
        is_or = op.op == "or"
        if known is not None and known == is_or:
            self.set(op.dst, left)
            return
        start = self.state.copy()
        assume(self, left, not is_or)
        self.block(op.block)
        right = self.get(op.right)
        if known is not None:
            self.set(op.dst, right)
            return
        self.state = join_states(self.state, start)
        self.set(op.dst, either(left, right) if is_or else both(left, right))


def _table() -> Mapping[type[ir.Op], Callable[[Machine, Any], None]]:
    from mlsec_lint.dataflow.flow.call_operations import CALLS
    from mlsec_lint.dataflow.flow.operations import OPERATIONS
    from mlsec_lint.dataflow.flow.scopes import SCOPES

    control: dict[type[ir.Op], Callable[[Machine, Any], None]] = {
        ir.If: Machine.branch,
        ir.Loop: Machine.loop,
        ir.Jump: Machine.jump,
        ir.Try: Machine.attempt,
        ir.With: Machine.scoped,
        ir.Match: Machine.match,
        ir.Choose: Machine.choose,
        ir.Shortcut: Machine.shortcut,
    }
    return {**OPERATIONS, **CALLS, **SCOPES, **control}


_OPERATIONS: Final = _table()

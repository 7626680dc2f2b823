"""The evaluation of one body for its flows: its registers, its state, and what was learnt on the way.

What an operation does is told by the tables of ``operations``, ``call_operations``, ``scopes`` and ``control``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.call_operations import CALLS
from mlsec_lint.dataflow.flow.control import CONTROL
from mlsec_lint.dataflow.flow.exceptions import raise_value
from mlsec_lint.dataflow.flow.guards import content_at, tags_of
from mlsec_lint.dataflow.flow.heap import State, Thing, join_states
from mlsec_lint.dataflow.flow.labels import Path, with_tags
from mlsec_lint.dataflow.flow.names import bind
from mlsec_lint.dataflow.flow.operations import OPERATIONS
from mlsec_lint.dataflow.flow.scopes import SCOPES
from mlsec_lint.dataflow.flow.summary import Site
from mlsec_lint.dataflow.flow.values import NOTHING, UNKNOWN, Address, CodeKey, Value, ident_of
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
        self.breaks: list[State] = []
        self.continues: list[State] = []
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
            bind(self, name, value)

    def raise_value(self, value: Value | None) -> None:
        """An exception may leave from here: the handlers around see its value, or the callers."""
        raise_value(self, value)


_OPERATIONS: Final[Mapping[type[ir.Op], Callable[[Machine, Any], None]]] = {**OPERATIONS, **CALLS, **SCOPES, **CONTROL}

"""The evaluation of one body: its registers, its state, and the frames it shares with nested functions.

What an operation does is told by the tables of ``operations``, ``calls`` and ``control``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from mlsec_lint.dataflow.calls import CALLS
from mlsec_lint.dataflow.control import CONTROL
from mlsec_lint.dataflow.names import lookup
from mlsec_lint.dataflow.operations import OPERATIONS
from mlsec_lint.dataflow.state import State
from mlsec_lint.dataflow.values import UNKNOWN, ClassRef, Frame, FunctionRef, Site, Symbol, Value, truth
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.context import Context
    from mlsec_lint.dataflow.events import EventLog
    from mlsec_lint.source.project import Module

MOST_STEPS: Final = 60_000
"""Operations evaluated per body, loops included; beyond it the evaluation of the body stops and says so."""


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
        self.breaks: list[State] = []
        self.continues: list[State] = []
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


_OPERATIONS: Final[Mapping[type[ir.Op], Callable[[Evaluator, Any], None]]] = {**OPERATIONS, **CALLS, **CONTROL}

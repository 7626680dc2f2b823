"""Which body calls what, noted while bodies are evaluated.

Calls are kept by the evaluation that saw them: the last one of a demand replaces those before it, and what nobody
demands in the end (a body for constants that no call passes) says nothing of the program.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.protocols import before, of_call
from mlsec_lint.dataflow.flow.values import CodeKey

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.fixpoint import Demand
    from mlsec_lint.dataflow.flow.machine import Machine
    from mlsec_lint.dataflow.flow.summary import Call
    from mlsec_lint.source import ir

Callee = CodeKey | str
"""A body of the project, or the dotted name of something outside."""

_NO_NAMES: Final = ("function.", "property.")
"""Names that the evaluation makes for attributes of functions: they are nobody's."""


class CallLog:
    """The calls of all evaluations, and which evaluation made use of which."""

    def __init__(self) -> None:
        self._calls: dict[Hashable, dict[tuple[CodeKey, Callee], None]] = {}
        self._uses: dict[Hashable, dict[Hashable, None]] = {}

    def start(self, machine: Machine) -> None:
        """An evaluation begins: what an earlier round saw no longer counts."""
        self._calls[machine.demand] = {}
        self._uses[machine.demand] = {}

    def before(self, machine: Machine, op: ir.Op) -> None:
        """An operation is about to be evaluated: it may call without being a call."""
        before(machine, op)

    def function(self, machine: Machine, key: CodeKey) -> None:
        """A function of the project is called."""
        if not machine.muted:
            self._note(machine, key)

    def uses(self, machine: Machine, demand: Demand) -> None:
        """The summary of what is called is used, for these constants."""
        if machine.muted:
            return
        self._uses.setdefault(machine.demand, {})[demand] = None

    def external(self, machine: Machine, name: str, call: Call | None = None) -> None:
        """Something outside the project is called."""
        if machine.muted or name.startswith(_NO_NAMES):
            return
        self._note(machine, name)
        if call is not None:
            of_call(machine, name, call)

    def _note(self, machine: Machine, callee: Callee) -> None:
        self._calls.setdefault(machine.demand, {})[(machine.origin[0], callee)] = None

    def called(self) -> set[Callee]:
        """Everything that something other than itself calls, in any evaluation."""
        return {callee for calls in self._calls.values() for caller, callee in calls if caller != callee}

    def reach(self) -> Reach:
        """Nothing yet; what is reached grows by the evaluations that are added."""
        return Reach(self._calls, self._uses)


class Reach:
    """The calls of some evaluations and of all that they make use of."""

    def __init__(
        self,
        calls: Mapping[Hashable, Mapping[tuple[CodeKey, Callee], None]],
        uses: Mapping[Hashable, Mapping[Hashable, None]],
    ) -> None:
        self._all = calls
        self._uses = uses
        self._seen: set[Hashable] = set()
        self.calls: set[tuple[CodeKey, Callee]] = set()
        self.callees: set[Callee] = set()

    def add(self, root: Hashable) -> None:
        """Reach one more evaluation, from outside."""
        pending = [root]
        while pending:
            demand = pending.pop()
            if demand in self._seen:
                continue
            self._seen.add(demand)
            for call in self._all.get(demand, ()):
                self.calls.add(call)
                self.callees.add(call[1])
            pending.extend(self._uses.get(demand, ()))

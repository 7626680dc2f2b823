"""Recorded evaluations, each made once: many findings of a project pass through the same bodies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.labels import NO_LABELS, Labels
from mlsec_lint.dataflow.flow.tracing.recorder import Called, Event, Recorder
from mlsec_lint.dataflow.flow.values import CodeKey

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.fixpoint import Demand
    from mlsec_lint.dataflow.flow.handing import Handed
    from mlsec_lint.dataflow.flow.solver import Solver
    from mlsec_lint.dataflow.flow.summary import Residual, Site
    from mlsec_lint.dataflow.flow.tracing.places import Place
    from mlsec_lint.source import ir

_MOST: Final = 256
"""Recorded evaluations that are kept; the oldest is dropped first."""

MODULE: Final = -1
"""Where the body of a module starts, in the key of its code."""


@dataclass(frozen=True, eq=False)
class Recording:
    """What one body does with all data that comes to it."""

    code: Code
    events: list[Event]
    labels: dict[Place, Labels]
    names: dict[ir.Register, str]
    residuals: tuple[Residual, ...]

    def at(self, site: Site) -> list[Event]:
        """The operations that are written at a place."""
        if site.module != self.code.module.path:
            return []
        return [e for e in self.events if e.op is not None and (site.at, site.end) == _span(e.op)]

    def calls(self, caller: CodeKey, site: Site, callee: CodeKey) -> list[tuple[Event, Called]]:
        """The uses of a summary at a place, which may be written in a body that this one calls."""
        return [
            (event, call)
            for event in self.events
            for call in event.calls
            if call.caller == caller and call.site == site and call.fun.code == callee
        ]

    def origins(self, place: Place) -> frozenset[object]:
        """The origins of the data in a place."""
        return frozenset(label.origin for label in self.labels.get(place, NO_LABELS))


def _span(op: ir.Op) -> tuple[int, int]:
    return (getattr(op, "at", -1), getattr(op, "end", -1))


class Recordings:
    """The recorded evaluations of one project."""

    def __init__(self, solver: Solver) -> None:
        self._solver = solver
        self._known: dict[Demand, Recording | None] = {}

    def of(self, demand: Demand) -> Recording | None:
        """A body, evaluated for constants of some parameters; none if that cannot be done."""
        if demand not in self._known:
            if len(self._known) >= _MOST:
                del self._known[next(iter(self._known))]
            self._known[demand] = self._solver.guarded(lambda: self._made(demand))
        return self._known[demand]

    def handing(self, handed: Handed) -> Recording | None:
        """What a framework calls that was handed something by the top level of a module."""
        return self._solver.guarded(lambda: self._handing(handed))

    def _handing(self, handed: Handed) -> Recording | None:
        from mlsec_lint.dataflow.flow.reach import hand

        code, recorder = self._solver.codes.get((handed.site.module, MODULE)), Recorder()
        if code is None:
            return None
        machine = hand(self._solver, handed, code, recorder)
        recorder.finish(machine)
        return Recording(code, recorder.events, recorder.labels, recorder.names, ())

    def entering(self, code: Code, owner: CodeKey | None) -> Recording | None:
        """The calls that a body leaves to whoever enters it, made on an instance of a class."""
        return self._solver.guarded(lambda: self._entering(code, owner))

    def _entering(self, code: Code, owner: CodeKey | None) -> Recording:
        from mlsec_lint.dataflow.flow.reach import enter

        recorder = Recorder()
        recorder.finish(enter(self._solver, code, owner or code.owner, recorder=recorder))
        return Recording(code, recorder.events, recorder.labels, recorder.names, ())

    def _made(self, demand: Demand) -> Recording | None:
        key, spec, early = demand
        if key not in self._solver.codes:
            return None
        machine = self._solver.machine(key, spec, early=early)
        recorder = Recorder()
        machine.recorder = recorder
        recorder.start(machine)
        machine.run()
        return Recording(machine.code, recorder.events, recorder.labels, recorder.names, tuple(machine.residuals))

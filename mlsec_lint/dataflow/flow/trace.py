"""The way of data from its source to a sink, for the explanation of a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from mlsec_lint.dataflow.flow.values import Label, Source

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine
    from mlsec_lint.dataflow.flow.reach import Reached
    from mlsec_lint.dataflow.flow.solver import Solver
    from mlsec_lint.source import ir


class TraceStep(Struct, frozen=True):
    """One step: a byte span of a file, what happens to the data there, and in which definition."""

    module: str
    at: int
    end: int
    text: str
    role: str = "step"
    definition: str = ""


class Recorder:
    """Watches an evaluation."""

    def after(self, machine: Machine, op: ir.Op) -> None:
        """An operation was evaluated."""


def explain(solver: Solver, reached: Reached, label: Label) -> tuple[TraceStep, ...]:
    """The steps from the source of a label to the sink that it reaches."""
    source = label.origin
    assert isinstance(source, Source)
    hit = reached.hit
    steps = [TraceStep(source.module, source.at, source.end, f"received from {source.name}", "source")]
    for caller, site, callee in hit.hops:
        name = solver.codes[callee].body.name
        steps.append(TraceStep(site.module, site.at, site.end, f"passed to {name}()", "step", _name(solver, caller)))
    steps.append(TraceStep(hit.site.module, hit.site.at, hit.site.end, f"loaded by {hit.name}", "sink", hit.definition))
    return tuple(steps)


def _name(solver: Solver, key: tuple[str, int]) -> str:
    code = solver.codes.get(key)
    return code.body.qualname if code is not None else ""

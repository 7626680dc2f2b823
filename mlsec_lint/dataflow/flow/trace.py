"""The way of data from its source to a sink, for the explanation of a finding.

Labels hold no history. So the few bodies on the way are evaluated once more under a recorder, and the way is followed
backwards from the sink. Where that fails, the calls that lead from the source's body to the sink's remain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsec_lint.dataflow.flow.labels import Label, Source
from mlsec_lint.dataflow.flow.tracing.chains import Bodies
from mlsec_lint.dataflow.flow.tracing.operands import operands_of
from mlsec_lint.dataflow.flow.tracing.places import REGISTER
from mlsec_lint.dataflow.flow.tracing.recordings import Recording, Recordings
from mlsec_lint.dataflow.flow.tracing.steps import Stage, TraceStep, passed_stage, sink_stage
from mlsec_lint.dataflow.flow.tracing.story import Story
from mlsec_lint.dataflow.flow.tracing.tidy import tidied
from mlsec_lint.dataflow.flow.tracing.ways import carries
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.reach import Reached
    from mlsec_lint.dataflow.flow.solver import Solver
    from mlsec_lint.dataflow.flow.summary import SinkHit
    from mlsec_lint.dataflow.flow.tracing.places import Place


class Explainer:
    """Explains the findings of one project; bodies that many of them pass through are recorded once."""

    def __init__(self, solver: Solver) -> None:
        self._solver = solver
        self._recordings = Recordings(solver)

    def explain(self, reached: Reached, label: Label) -> tuple[TraceStep, ...]:
        """The steps from the source of a label to the sink that it reaches."""
        source = label.origin
        if not isinstance(source, Source):
            return ()
        try:
            stages = self._stages(reached, source)
        except Exception:  # noqa: BLE001 - a way that cannot be told is no reason to lose a finding
            stages = None
        if not stages or stages[0].step.role != "source":
            stages = self._coarse(reached, source)
        return tidied([*stages, sink_stage(reached.hit)], self._text)

    def _stages(self, reached: Reached, source: Source) -> list[Stage] | None:
        bodies = Bodies(self._solver, self._recordings)
        chain = bodies.chain(reached)
        if chain is None:
            return None
        goals = _sink_places(chain.records[-1], reached.hit, source)
        return Story(bodies, source).to(chain, len(chain.records) - 1, goals)

    def _coarse(self, reached: Reached, source: Source) -> list[Stage]:
        """The source, and the calls that lead to the sink."""
        bodies = Bodies(self._solver, self._recordings)
        stages = [Story(bodies, source).source_at(None)]
        for caller, site, callee in reached.hit.hops:
            codes = self._solver.codes
            if caller in codes and callee in codes:
                one = passed_stage(codes[caller], site, codes[callee], ())
                stages += [one] if one is not None else []
        return stages

    def _text(self, path: str) -> bytes:
        module = self._solver.project.module(path)
        return module.data if module is not None else b""


def explain(solver: Solver, reached: Reached, label: Label) -> tuple[TraceStep, ...]:
    """The steps of one finding."""
    return Explainer(solver).explain(reached, label)


def _sink_places(record: Recording, hit: SinkHit, source: Source) -> list[Place]:
    """The operands of the sink that carry the data: those of which the whole analysis says so, else any."""
    spans = {
        (a.at, a.end)
        for a in (*hit.call.positional, *(w for _, w in hit.call.keywords))
        if carries(a.value.labels, source)
    }
    found: list[Place] = []
    for event in record.at(hit.site):
        if isinstance(event.op, (ir.Call, ir.Method)):
            found += [(REGISTER, arg.src) for arg in event.op.args if (arg.at, arg.end) in spans]
            if hit.receiver is not None and carries(hit.receiver.labels, source):
                found.append((REGISTER, operands_of(event.op)[-1]))
    exact = [place for place in found if place in record.labels]
    return exact or [each.place for event in record.at(hit.site) for each in event.inputs]

"""The way of one piece of data across bodies, worked out backwards from the sink.

In the body with the sink the data has the name by which that body knows it: a source, or a path from what its callers
pass. A path is looked up at the call in the next body outward, until the body is reached in which the source is. From
there the way may lead into functions that return the data, into modules, and into methods that store it in a field.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, cast

from mlsec_lint.dataflow.flow.labels import Path, Source
from mlsec_lint.dataflow.flow.tracing.callers import passed, recursive, result
from mlsec_lint.dataflow.flow.tracing.chains import Chain
from mlsec_lint.dataflow.flow.tracing.goals import code_at, places_like
from mlsec_lint.dataflow.flow.tracing.moves import move_stage, result_stage
from mlsec_lint.dataflow.flow.tracing.operands import span_of
from mlsec_lint.dataflow.flow.tracing.outside import entered, global_variable, of_module
from mlsec_lint.dataflow.flow.tracing.places import (
    REGISTER,
    THING,
)
from mlsec_lint.dataflow.flow.tracing.steps import (
    Stage,
    left_stage,
    passed_stage,
    returned_stage,
    some,
    source_stage,
)
from mlsec_lint.dataflow.flow.tracing.ways import carries, speaks_of, way_through

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.summary import Residual, Site
    from mlsec_lint.dataflow.flow.tracing.chains import Bodies
    from mlsec_lint.dataflow.flow.tracing.places import Place
    from mlsec_lint.dataflow.flow.tracing.recorder import Called, Event
    from mlsec_lint.dataflow.flow.tracing.recordings import Recording
    from mlsec_lint.dataflow.flow.tracing.ways import Move, Way

Stages = list[Stage]

_DEEPEST: Final = 12
"""Bodies that a way leads into from each other."""

_MOST_QUESTIONS: Final = 60
"""Places that are looked into for one explanation."""


class Story:
    """Tells how the data of one source gets somewhere. Every method answers none where it cannot tell."""

    def __init__(self, bodies: Bodies, source: Source) -> None:
        self.bodies = bodies
        self.solver = bodies.solver
        self.source = source
        self._depth = 0
        self._asked: set[tuple[tuple[Recording, ...], bool, Path]] = set()

    def to(self, chain: Chain, level: int, goals: Sequence[Place]) -> Stages | None:
        """How the data gets to one of the places in a body of the chain."""
        record = chain.records[level]
        origins = frozenset[object]().union(*(record.origins(goal) for goal in goals))
        if self.source in origins:
            return self.inside(record, goals)
        paths = sorted((o for o in origins if not isinstance(o, Source)), key=lambda o: (len(cast("Path", o)), repr(o)))
        for origin in cast("list[Path]", paths):
            way = way_through(record, origin, goals)
            head = self.before(chain, level, origin, way.entry) if way is not None else None
            if way is not None and head is not None:
                return head + some(result_stage(record, way.entry)) + self.moves(record, way, origin)
        return None

    def descend(self) -> bool:
        """Go one body deeper, if the way is not too deep already; ``ascend`` ends it either way."""
        self._depth += 1
        return self._depth <= _DEEPEST

    def ascend(self) -> None:
        """Come back from a body."""
        self._depth -= 1

    def inside(self, record: Recording, goals: Sequence[Place]) -> Stages | None:
        """How the data gets to one of the places from a source that is in this body or below it."""
        if self._depth >= _DEEPEST:
            return None
        way = way_through(record, self.source, goals)
        if way is None:
            return None
        self._depth += 1
        try:
            return self._entry(record, way) + self.moves(record, way, self.source)
        finally:
            self._depth -= 1

    def _entry(self, record: Recording, way: Way) -> Stages:
        """From the source to the operation that lets the data into a body."""
        event, source = way.entry, self.source
        if event.op is not None and span_of(event.op) == (source.at, source.end):
            return [source_stage(source, record.code, parameter=False)]
        for call in event.calls:
            if speaks_of(call.summary, source):
                return self._returned(record, way, call)
        found = of_module(self, record, way)
        if found is not None:
            return found
        return [self.source_at(None)]

    def _returned(self, record: Recording, way: Way, call: Called) -> Stages:
        inner, op = self.bodies.called(call), way.entry.op
        stages = self.inside(inner, places_like(inner, way.start, self.source)) if inner is not None else None
        if inner is None or stages is None:
            return [self.source_at(None)]
        if way.start[0] != REGISTER:
            raised = call.summary.raises is not None and call.summary.returns is None
            return stages + some(left_stage(record.code, op, inner.code, raised=raised))
        return stages + some(returned_stage(record.code, op, span_of(op), inner.code))

    def source_at(self, code: Code | None) -> Stage:
        """The source as a step; it may be a parameter of a function."""
        target = self.solver.codes.get((self.source.module, self.source.at))
        if target is not None:
            is_parameter = any(param.name == self.source.name for param in target.params)
            return source_stage(self.source, target, parameter=is_parameter)
        return source_stage(self.source, code or code_at(self.solver, self.source), parameter=False)

    def is_parameter_of(self, code: Code) -> bool:
        """Whether the source is what the callers outside the project pass to a function."""
        return (self.source.module, self.source.at) == code.key

    def is_given(self, residual: Residual, site: Site) -> bool:
        """Whether the data is what a framework passes to something, handed over, that only a caller knows."""
        given = any(carries(value.labels, self.source) for value in residual.call.values())
        return given and residual.site == site and (self.source.module, self.source.at) == (site.module, site.at)

    def before(self, chain: Chain, level: int, origin: Path, entry: Event | None = None) -> Stages | None:
        """How the data gets to what a body of the chain knows by a path, and takes in by the operation ``entry``."""
        kind = origin[0][0]
        question = (chain.records[: level + 1], chain.entered, origin)
        if question in self._asked or len(self._asked) >= _MOST_QUESTIONS:
            return None
        self._asked.add(question)
        if kind == "g":
            return global_variable(self, origin)
        if kind == "r":
            return result(self, chain, level, origin, entry)
        if level == 0:
            found = entered(self, chain, origin) if chain.entered else None
        else:
            found = passed(self, chain, level, origin)
        return found if found is not None else recursive(self, chain, level, origin)

    def moves(self, record: Recording, way: Way, origin: object) -> Stages:
        """The steps of a way through one body."""
        found: Stages = []
        for move in way.moves:
            stored = self._stored(record, move, origin)
            one = move_stage(record, move, self.solver.codes)
            found += stored if stored is not None else some(one)
        return found

    def _stored(self, record: Recording, move: Move, origin: object) -> Stages | None:
        """A call that puts its argument into an object: the steps inside the function that do so."""
        event = move.event
        if event is None or move.target[0] != THING or self._depth >= _DEEPEST:
            return None
        for call in event.calls:
            inner = self.bodies.called(call)
            if inner is None:
                continue
            goals = [p for p in inner.labels if p[0] == THING and p[2] == move.target[2]]
            for index, value in enumerate(call.values):
                if not carries(value.labels, origin):
                    continue
                path: Path = (("p", index),)
                way = way_through(inner, path, goals)
                if way is not None:
                    self._depth += 1
                    inside = self.moves(inner, way, path)
                    self._depth -= 1
                    return some(passed_stage(record.code, call.site, inner.code, path, event.op)) + inside
        return None

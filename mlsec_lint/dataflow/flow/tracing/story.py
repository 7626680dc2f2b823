"""The way of one piece of data across bodies, worked out backwards from the sink.

In the body with the sink the data has the name by which that body knows it: a source, or a path from what its callers
pass. A path is looked up at the call in the next body outward, until the body is reached in which the source is. From
there the way may lead into functions that return the data, into modules, and into methods that store it in a field.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, cast

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.tracing.chains import Chain
from mlsec_lint.dataflow.flow.tracing.goals import code_at, held_places, likely_operands, operands, places_like
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
    source_stage,
)
from mlsec_lint.dataflow.flow.tracing.ways import carries, speaks_of, way_through
from mlsec_lint.dataflow.flow.values import DEEPEST_PATH, Path, Source, Sym, Value

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.summary import Site
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
        self._questions = 0

    def to(self, chain: Chain, level: int, goals: Sequence[Place]) -> Stages | None:
        """How the data gets to one of the places in a body of the chain."""
        record = chain.records[level]
        origins = frozenset[object]().union(*(record.origins(goal) for goal in goals))
        if self.source in origins:
            return self.inside(record, goals)
        paths = sorted((o for o in origins if not isinstance(o, Source)), key=lambda o: (len(cast("Path", o)), repr(o)))
        for origin in cast("list[Path]", paths):
            way = way_through(record, origin, goals)
            head = self.before(chain, level, origin) if way is not None and self._may_ask() else None
            if way is not None and head is not None:
                return head + _some(result_stage(record, way.entry)) + self.moves(record, way, origin)
        return None

    def descend(self) -> bool:
        """Go one body deeper, if the way is not too deep already; ``ascend`` ends it either way."""
        self._depth += 1
        return self._depth <= _DEEPEST

    def ascend(self) -> None:
        """Come back from a body."""
        self._depth -= 1

    def _may_ask(self) -> bool:
        self._questions += 1
        return self._questions <= _MOST_QUESTIONS

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
        inner = self.bodies.of(call.fun.code, call.spec)
        stages = self.inside(inner, places_like(inner, way.start, self.source))
        if stages is None:
            return [self.source_at(None)]
        op = way.entry.op
        if way.start[0] != REGISTER:
            raised = call.summary.raises is not None and call.summary.returns is None
            return stages + _some(left_stage(record.code, op, inner.code, raised=raised))
        return stages + _some(returned_stage(record.code, op, span_of(op), inner.code))

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

    def before(self, chain: Chain, level: int, origin: Path) -> Stages | None:
        """How the data gets to what a body of the chain knows by a path."""
        kind = origin[0][0]
        if kind == "g":
            return global_variable(self, origin)
        if kind == "r":
            return self._result(chain, level, origin)
        if level == 0:
            return entered(self, chain.records[0].code, origin) if chain.entered else None
        hop = chain.hops[level - 1]
        caller, callee = chain.records[level - 1], chain.records[level].code
        found = caller.calls(*hop)
        for event, call in found:
            head = self._argument(chain, level - 1, event, call, origin)
            if head is not None:
                return head + _some(passed_stage(caller.code, _site(hop[1], event), callee, origin, event.op))
        return None if found else self._unresolved(chain, level, origin)

    def _unresolved(self, chain: Chain, level: int, origin: Path) -> Stages | None:
        """How the data gets to what is passed by a call that only a body further out resolved."""
        hop, callee = chain.hops[level - 1], chain.records[level].code
        below = self._around(chain, level, hop[1])
        if below is None:
            return None
        record, last = below.records[-1], len(below.records) - 1
        for event in record.at(hop[1]):
            for goals in likely_operands(event, callee, origin):
                head = self.to(below, last, goals)
                if head is not None:
                    return head + _some(passed_stage(record.code, hop[1], callee, origin))
        return None

    def _around(self, chain: Chain, level: int, site: Site) -> Chain | None:
        """The chain up to the body in which a call is written: the caller, or one that the caller calls."""
        records, hops = chain.records[:level], chain.hops[: level - 1]
        if records[-1].at(site):
            return Chain(records, hops, chain.entered)
        code = code_at(self.solver, site)
        for event in records[-1].events if code is not None else ():
            for call in event.calls:
                if code is not None and call.fun.code == code.key:
                    inner = self.bodies.of(code.key, call.spec)
                    return Chain((*records, inner), (*hops, (call.caller, call.site, code.key)), chain.entered)
        return None

    def _argument(self, chain: Chain, level: int, event: Event, call: Called, origin: Path) -> Stages | None:
        """How the data gets to what a call passes."""
        kind, index = cast("tuple[str, int]", origin[0])
        keys = origin[1:]
        if kind == "e":
            frame = call.fun.frames[index] if index < len(call.fun.frames) else ("s",)
            if frame[0] == "s":
                return self.before(chain, level, _deeper(frame[1:], keys)) if len(frame) > 1 else None
            return self.to(chain, level, [(THING, frame, keys[0])] if keys else [])
        value = call.values[index] if index < len(call.values) else Value()
        code = self.solver.codes[call.fun.code]
        if carries(value.labels, self.source) and self.is_parameter_of(code):
            return [self.source_at(code)]
        goals = held_places(chain.records[level], value, keys)
        goals += operands(event, value) if value.labels or not keys else []
        head = self.to(chain, level, goals)
        if head is None and len(keys) > 1:
            head = self.to(chain, level, [p for p in chain.records[level].labels if p[0] == THING and p[2] == keys[-1]])
        for target in value.refs if head is None else ():
            if isinstance(target, Sym) and head is None:
                head = self.before(chain, level, _deeper(target.path, keys))
        return head

    def _result(self, chain: Chain, level: int, origin: Path) -> Stages | None:
        """How the data gets to the result of a call that only a body further out can resolve."""
        record, number = chain.records[level], cast("int", origin[0][1])
        if number >= len(record.residuals):
            return None
        residual = record.residuals[number]
        span = (residual.site.at, residual.site.end)
        for outer in chain.records[:level]:
            for event in outer.events:
                for call in event.calls:
                    if (call.caller, call.site) == (residual.code, residual.site) and speaks_of(
                        call.summary, self.source
                    ):
                        inner = self.bodies.of(call.fun.code, call.spec)
                        stages = self.inside(inner, places_like(inner, (REGISTER,), self.source))
                        if stages is not None:
                            return stages + _some(returned_stage(record.code, None, span, inner.code))
        for event in record.at(residual.site):
            head = self.to(chain, level, [each.place for each in event.inputs])
            if head is not None:
                return head + _some(result_stage(record, event))
        return None

    def moves(self, record: Recording, way: Way, origin: object) -> Stages:
        """The steps of a way through one body."""
        found: Stages = []
        for move in way.moves:
            stored = self._stored(record, move, origin)
            one = move_stage(record, move, self.solver.codes)
            found += stored if stored is not None else _some(one)
        return found

    def _stored(self, record: Recording, move: Move, origin: object) -> Stages | None:
        """A call that puts its argument into an object: the steps inside the function that do so."""
        event = move.event
        if event is None or move.target[0] != THING or self._depth >= _DEEPEST:
            return None
        for call in event.calls:
            inner = self.bodies.of(call.fun.code, call.spec)
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
                    return _some(passed_stage(record.code, call.site, inner.code, path, event.op)) + inside
        return None


def _some(one: Stage | None) -> Stages:
    return [one] if one is not None else []


def _site(site: Site, event: Event) -> Site:
    """The place of a call; one that is not written as such happens where the operation is."""
    return site if 0 <= site.at < site.end else replace(site, at=span_of(event.op)[0], end=span_of(event.op)[1])


def _deeper(path: Path, keys: Path) -> Path:
    return (*path, *keys)[: DEEPEST_PATH + 1]

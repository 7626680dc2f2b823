"""What a body gets from its callers: how the data got to what they pass, and to what they alone can resolve."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.labels import DEEPEST_PATH, Path
from mlsec_lint.dataflow.flow.machine import Machine
from mlsec_lint.dataflow.flow.tracing.chains import Chain
from mlsec_lint.dataflow.flow.tracing.goals import code_at, held_places, likely_operands, operands, places_like
from mlsec_lint.dataflow.flow.tracing.operands import span_of
from mlsec_lint.dataflow.flow.tracing.outside import field
from mlsec_lint.dataflow.flow.tracing.places import DEFAULT, REGISTER, THING
from mlsec_lint.dataflow.flow.tracing.steps import Stage, given_stage, handed_stage, passed_stage, returned_stage, some
from mlsec_lint.dataflow.flow.tracing.ways import carries, speaks_of
from mlsec_lint.dataflow.flow.values import Obj, Sym, Value

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.summary import Site
    from mlsec_lint.dataflow.flow.tracing.recorder import Called, Event
    from mlsec_lint.dataflow.flow.tracing.story import Story

Stages = list[Stage]


def recursive(story: Story, chain: Chain, level: int, origin: Path) -> Stages | None:
    """How the data gets to what a body passes to itself; the shortest chain leaves that out."""
    record = chain.records[level]
    for event in record.events:
        for call in event.calls:
            if call.fun.code == record.code.key:
                head = _argument(story, chain, level, event, call, origin)
                if head is not None:
                    return head + some(passed_stage(record.code, call.site, record.code, origin, event.op))
    return None


def passed(story: Story, chain: Chain, level: int, origin: Path) -> Stages | None:
    """How the data gets to what the caller in the chain passes."""
    hop = chain.hops[level - 1]
    caller, callee = chain.records[level - 1], chain.records[level].code
    found = caller.calls(*hop)
    for event, call in found:
        head = _argument(story, chain, level - 1, event, call, origin)
        if head is not None and len(head) == 1 and story.is_parameter_of(callee):
            return head + some(handed_stage(caller.code, _site(hop[1], event)))
        if head is not None:
            return head + some(passed_stage(caller.code, _site(hop[1], event), callee, origin, event.op))
    return None if found else _unresolved(story, chain, level, origin)


def _unresolved(story: Story, chain: Chain, level: int, origin: Path) -> Stages | None:
    """How the data gets to what is passed by a call that only a body further out resolved."""
    hop, callee = chain.hops[level - 1], chain.records[level].code
    below = _around(story, chain, level, hop[1])
    if below is None:
        return None
    if any(story.is_given(residual, hop[1]) for residual in below.records[-1].residuals):
        return [given_stage(story.source, below.records[-1].code, callee)]
    record, last = below.records[-1], len(below.records) - 1
    for event in record.at(hop[1]):
        for goals in likely_operands(event, callee, origin):
            head = story.to(below, last, goals)
            if head is not None:
                return head + some(passed_stage(record.code, hop[1], callee, origin))
    return None


def _around(story: Story, chain: Chain, level: int, site: Site) -> Chain | None:
    """The chain up to the body in which a call is written: the caller, or one that the caller calls."""
    records, hops = chain.records[:level], chain.hops[: level - 1]
    if records[-1].at(site):
        return Chain(records, hops, chain.entered)
    code = code_at(story.solver, site)
    for event in records[-1].events if code is not None else ():
        for call in event.calls:
            if code is not None and call.fun.code == code.key:
                inner = story.bodies.called(call)
                if inner is None:
                    return None
                return Chain((*records, inner), (*hops, (call.caller, call.site, code.key)), chain.entered)
    return None


def _argument(story: Story, chain: Chain, level: int, event: Event, call: Called, origin: Path) -> Stages | None:
    """How the data gets to what a call passes."""
    kind, index = cast("tuple[str, int]", origin[0])
    keys = origin[1:]
    if kind == "e":
        frame = call.fun.frames[index] if index < len(call.fun.frames) else ("s",)
        if frame[0] == "s":
            return story.before(chain, level, _deeper(frame[1:], keys)) if len(frame) > 1 else None
        return story.to(chain, level, [(THING, frame, keys[0])] if keys else [])
    value = call.values[index] if index < len(call.values) else Value()
    code = story.solver.codes[call.fun.code]
    if carries(value.labels, story.source) and (event.op is None or story.is_parameter_of(code)):
        return [story.source_at(code)]
    goals = held_places(chain.records[level], value, keys)
    goals += operands(event, value) if value.labels or not keys else []
    goals.append((DEFAULT, code.key, index))
    head = story.to(chain, level, goals)
    if head is None and keys:
        head = story.to(chain, level, [p for p in chain.records[level].labels if p[0] == THING and p[2] == keys[-1]])
    for target in value.refs if head is None else ():
        if head is None and isinstance(target, Obj) and target.address[0] == "self" and keys:
            head = field(story, Machine(story.solver, code), target.address[1:], keys[0])
        if isinstance(target, Sym) and head is None:
            head = story.before(chain, level, _deeper(target.path, keys))
    return head


def result(story: Story, chain: Chain, level: int, origin: Path, entry: Event | None) -> Stages | None:
    """How the data gets to the result of a call that only a body further out can resolve."""
    record, number = chain.records[level], cast("int", origin[0][1])
    if number >= len(record.residuals):
        return None
    residual = record.residuals[number]
    entries = [entry] if entry is not None else record.at(residual.site)
    if (story.source.module, story.source.at) == (residual.site.module, residual.site.at):
        return [story.source_at(record.code)]
    outside = story.bodies.entering(chain)
    made = (
        call
        for outer in (*chain.records[:level], *([outside] if outside is not None else []))
        for event in outer.events
        for call in event.calls
        if (call.caller, call.site) == (residual.code, residual.site) and speaks_of(call.summary, story.source)
    )
    for call in made:
        inner = story.bodies.called(call)
        stages = story.inside(inner, places_like(inner, (REGISTER,), story.source)) if inner is not None else None
        if inner is not None and stages is not None:
            span = span_of(entries[0].op) if entries else (-1, -1)
            return stages + some(returned_stage(record.code, None, span, inner.code))
    for event in entries:
        head = story.to(chain, level, [each.place for each in event.inputs])
        if head is not None:
            return head
    return None


def _site(site: Site, event: Event) -> Site:
    """The place of a call; one that is not written as such happens where the operation is."""
    return site if 0 <= site.at < site.end else replace(site, at=span_of(event.op)[0], end=span_of(event.op)[1])


def _deeper(path: Path, keys: Path) -> Path:
    return (*path, *keys)[: DEEPEST_PATH + 1]

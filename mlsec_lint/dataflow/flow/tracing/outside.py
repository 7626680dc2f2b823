"""Data that a body gets neither from its callers nor from a source in it: from modules, fields, and entry points."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mlsec_lint.dataflow.flow.entries import parameter_values
from mlsec_lint.dataflow.flow.labels import Path
from mlsec_lint.dataflow.flow.machine import Machine
from mlsec_lint.dataflow.flow.tracing.chains import Chain
from mlsec_lint.dataflow.flow.tracing.places import NAME, THING, holders_of
from mlsec_lint.dataflow.flow.tracing.ways import carries
from mlsec_lint.dataflow.flow.values import CodeKey, Obj
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.tracing.places import Place
    from mlsec_lint.dataflow.flow.tracing.recordings import Recording
    from mlsec_lint.dataflow.flow.tracing.steps import Stage
    from mlsec_lint.dataflow.flow.tracing.story import Story
    from mlsec_lint.dataflow.flow.tracing.ways import Way


def of_module(story: Story, record: Recording, way: Way) -> list[Stage] | None:
    """Data in a global name, or in an object that the top level of a module made."""
    event, path = way.entry, record.code.module.path
    if event.op is None and way.start[0] == THING and story.solver.is_static(way.start[1]):
        return _in_module(story, way.start[1][1], [way.start], record)
    if not isinstance(event.op, (ir.Load, ir.Attribute)):
        return None
    for module in dict.fromkeys((path, story.source.module)):
        found = _in_module(story, module, _names(story, module, event.op.name), record)
        if found is not None:
            return found
    return None


def global_variable(story: Story, origin: Path) -> list[Stage] | None:
    """Data in a global name that functions assign as well."""
    module, name = str(origin[0][1]), str(origin[1])[1:] if len(origin) > 1 else ""
    return _in_module(story, module, _names(story, module, name), None)


def _names(story: Story, module: str, name: str) -> list[Place]:
    """The assignments of a global name that give it the data; of any name, if it goes by another one there."""
    record = story.bodies.module(module)
    if record is None:
        return []
    found = [p for p, labels in record.labels.items() if p[0] == NAME and carries(labels, story.source)]
    return [p for p in found if p[1] == name] or found


def _in_module(story: Story, module: str, goals: list[Place], asking: Recording | None) -> list[Stage] | None:
    record = story.bodies.module(module)
    if record is None or record is asking:
        return None
    return story.inside(record, goals)


def entered(story: Story, chain: Chain, origin: Path) -> list[Stage] | None:
    """Data that somebody outside the project passes, or that methods have stored in a field before."""
    code = chain.records[0].code
    kind, index = cast("tuple[str, int]", origin[0])
    keys = origin[1:]
    machine = Machine(story.solver, code)
    values = story.solver.guarded(lambda: parameter_values(machine, code, chain.owner or code.owner)) or []
    if kind != "p" or index >= len(values):
        return None
    if carries(values[index].labels, story.source):
        return [story.source_at(code)]
    for target in values[index].refs:
        thing = machine.state.heap.get(target.address) if isinstance(target, Obj) else None
        if thing is None or not isinstance(target, Obj):
            continue
        held = [value for place, value in holders_of(target.address, thing) if not keys or place[2] in (keys[0], "own")]
        if any(carries(value.labels, story.source) for value in held):
            return [story.source_at(code)]
        if target.address[0] == "self" and keys and thing.cls is not None:
            found = field(story, machine, thing.cls, keys[0])
            if found is not None:
                return found
    return None


def field(story: Story, machine: Machine, cls: CodeKey, key: object) -> list[Stage] | None:
    """How the data gets into a field: through a method of the class that stores it."""
    if not isinstance(key, str):
        return None
    try:
        if not story.descend():
            return None
        for method in story.solver.fields.storing(machine, cls, key[1:]):
            record = story.bodies.of(method.code)
            if record is None:
                continue
            goals = [p for p in record.labels if p[0] == THING and _is_field(p, key)]
            found = story.to(Chain((record,), (), True), 0, goals)
            if found is not None:
                return found
    finally:
        story.ascend()
    return None


def _is_field(place: Place, key: str) -> bool:
    """Whether a place is the field of the receiver, or something in the object that is there."""
    receiver = ("s", ("p", 0))
    return (place[1] == receiver and place[2] == key) or place[1] == (*receiver, key)

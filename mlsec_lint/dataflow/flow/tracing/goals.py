"""Which places of a body are meant when another body speaks of what it passes, returns or stores."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mlsec_lint.dataflow.flow.tracing.places import (
    NAME,
    OWN,
    RAISED,
    REGISTER,
    REST,
    RETURNED,
    THING,
    YIELDED,
    addresses_of,
)
from mlsec_lint.dataflow.flow.tracing.ways import carries
from mlsec_lint.dataflow.flow.values import Bound, Fun
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.labels import Path, Source
    from mlsec_lint.dataflow.flow.solver import Solver
    from mlsec_lint.dataflow.flow.summary import Site
    from mlsec_lint.dataflow.flow.tracing.places import Place
    from mlsec_lint.dataflow.flow.tracing.recorder import Event
    from mlsec_lint.dataflow.flow.tracing.recordings import Recording
    from mlsec_lint.dataflow.flow.values import Value


def held_places(record: Recording, value: Value, keys: Path) -> list[Place]:
    """The places in the objects that a value may be: those under a key, or all."""
    addresses = addresses_of(value)
    if keys and keys[0] not in ("*", "iter"):
        return [(THING, address, key) for address in addresses for key in (keys[0], REST, OWN)]
    return [place for place in record.labels if place[0] == THING and place[1] in addresses]


def operands(event: Event, value: Value) -> list[Place]:
    """The operands of a call that become an argument: those with its very value, if there are any."""
    same = [each.place for each in event.inputs if each.value == value]
    origins = {label.origin for label in value.labels}
    return same or [each.place for each in event.inputs if any(label.origin in origins for label in each.labels)]


def likely_operands(event: Event, callee: Code, origin: Path) -> list[list[Place]]:
    """The operands of a call of an unknown function that may be a parameter of it: the likely ones, then all."""
    op, (kind, index) = event.op, cast("tuple[str, int]", origin[0])
    every = [each.place for each in event.inputs]
    if not isinstance(op, (ir.Call, ir.Method)) or kind != "p" or index >= len(callee.params):
        return [every]
    bound = callee.owner is not None and isinstance(op, ir.Method)
    if index == 0 and isinstance(op, ir.Method) and bound:
        return [[(REGISTER, op.obj)]]
    positional = [arg.src for arg in op.args if not arg.name and not arg.kind]
    named = [arg.src for arg in op.args if arg.name == callee.params[index].name]
    likely: list[Place] = [(REGISTER, r) for r in [*named, *positional[index - bound : index - bound + 1]]]
    likely = [place for place in every if place in likely]
    if isinstance(op, ir.Method) and op.name == callee.body.name and likely:
        return [likely]
    given = [each.place for each in event.inputs if not any(isinstance(r, (Fun, Bound)) for r in each.value.refs)]
    return [[place for place in given if place in likely], given, every]


def places_like(inner: Recording, place: Place, source: Source) -> list[Place]:
    """The places of a called body from which its caller gets what is in a place of its own."""
    kinds = {RETURNED, YIELDED} if place[0] == REGISTER else {RAISED} if place[0] == RAISED else {THING, NAME}
    found = [p for p, labels in inner.labels.items() if p[0] in kinds and carries(labels, source)]
    if place[0] == THING:
        found = [p for p in found if p[0] == THING and p[2] == place[2]] or found
    if not found:
        found = [p for p, labels in inner.labels.items() if p[0] != REGISTER and carries(labels, source)]
    return found


def code_at(solver: Solver, place: Source | Site) -> Code | None:
    """The innermost body that is known in which something is written."""
    found = [
        code
        for (path, at), code in solver.codes.items()
        if path == place.module and 0 <= at <= place.at and place.end <= code.body.end
    ]
    return max(found, key=lambda code: code.body.at, default=None)

"""Containers as syntax makes and divides them: displays, spreads, comprehensions, unpacking, slices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.heap import Thing, item_key
from mlsec_lint.dataflow.flow.items import any_of, element_of, get_item
from mlsec_lint.dataflow.flow.names import further
from mlsec_lint.dataflow.flow.objects import allocate, things
from mlsec_lint.dataflow.flow.reflection import OWNER
from mlsec_lint.dataflow.flow.values import NONE, Sym, Value, data, join, join_all
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine


def known_length(machine: Machine, value: Value) -> int | None:
    """The number of elements of a sequence, if it is known."""
    found = things(machine, value)
    if len(found) != 1 or value.open or len(value.refs) != 1:
        return None
    thing = found[0][1]
    if not thing.exact or thing.rest is not None or thing.own or thing.cls is not None:
        return None
    return len(thing.items)


def build(machine: Machine, op: ir.Build) -> None:
    """A list, tuple, set or dict display."""
    thing = Thing(op.kind, {})
    index = 0
    for element in op.elements:
        value = machine.get(element.value)
        if element.spread:
            thing = spread(machine, thing, value)
            index = len(thing.items)
        elif op.kind == "dict":
            key = machine.get(element.key)
            thing = with_key(thing, key, value)
        elif thing.exact:
            thing = thing.with_item(("int", index), value)
            index += 1
        else:
            thing = thing.with_rest(value)
    machine.set(op.dst, allocate(machine, op.at, thing, variant=f"{op.kind}{op.dst}"))


def with_key(thing: Thing, key: Value, value: Value) -> Thing:
    """A mapping with a value under a key, which may not be known."""
    if key.known:
        return thing.with_item(item_key(key.consts[0]), value)
    thing = thing.with_unknown_key(value)
    if key.labels or key.refs:
        thing = replace(thing, keys=key if thing.keys is None else join(thing.keys, key))
    return thing


def spread(machine: Machine, thing: Thing, value: Value) -> Thing:
    """A container with everything of ``value`` added."""
    found = things(machine, value)
    if len(found) == 1 and not value.open and len(value.refs) == 1 and found[0][1].cls is None:
        other = found[0][1]
        if thing.kind == "dict":
            return _merged(thing, other)
        if other.exact and thing.exact and other.kind in ("list", "tuple") and other.rest is None:
            index = len(thing.sequence())
            for offset, item in enumerate(other.sequence()):
                thing = thing.with_item(("int", index + offset), item)
            return thing
    if thing.kind == "dict" and any(isinstance(r, Sym) for r in value.refs):
        rest = join_all([further(r.path, "*") for r in value.refs if isinstance(r, Sym)])
        return replace(thing.with_unknown_key(rest), own=thing.own | value.labels)
    if thing.kind == "dict":
        return thing.with_unknown_key(any_of(machine, value))
    return thing.with_rest(element_of(machine, value))


def _merged(thing: Thing, other: Thing) -> Thing:
    items = {**thing.items}
    for key, value in other.items.items():
        if key == OWNER:
            continue
        items[key] = join(items[key], value) if key in items and key in other.maybe else value
    rest = thing.rest if other.rest is None else other.rest if thing.rest is None else join(thing.rest, other.rest)
    keys = thing.keys if other.keys is None else other.keys
    maybe = (thing.maybe - other.items.keys()) | other.maybe
    if other.rest is not None:
        maybe |= {key for key in thing.items if key not in other.items}
    own = thing.own | other.own
    return replace(thing, items=items, rest=rest, exact=thing.exact and other.exact, own=own, keys=keys, maybe=maybe)


def unpack(machine: Machine, op: ir.Unpack) -> None:
    """``a, *b = value``: exact while the length is known."""
    value, count = machine.get(op.src), len(op.dsts)
    found = things(machine, value)
    results: list[Value] | None = None
    if len(found) == 1 and not value.open and len(value.refs) == 1:
        thing = found[0][1]
        if thing.exact and thing.kind in ("tuple", "list") and thing.rest is None:
            results = _split(machine, thing.sequence(), count, op)
    if results is None:
        results = [_part(machine, value, index, op) for index in range(count)]
    for register, result in zip(op.dsts, results, strict=True):
        machine.set(register, result)


def _split(machine: Machine, items: list[Value], count: int, op: ir.Unpack) -> list[Value] | None:
    if op.star < 0:
        return items if len(items) == count else None
    tail = count - op.star - 1
    if len(items) < count - 1:
        return None
    middle = items[op.star : len(items) - tail]
    starred = allocate(
        machine, op.dsts[op.star], Thing("list", {("int", i): v for i, v in enumerate(middle)}), variant="star"
    )
    return [*items[: op.star], starred, *items[len(items) - tail :]]


def _part(machine: Machine, value: Value, index: int, op: ir.Unpack) -> Value:
    if index == op.star:
        element = element_of(machine, value)
        return allocate(machine, op.dsts[index], Thing("list", {}, element, False), variant="star")
    if op.star < 0 or index < op.star:
        return get_item(machine, value, Value(consts=(index,)))
    return element_of(machine, value)


def slice_of(machine: Machine, op: ir.Slice) -> None:
    """``obj[start:stop]``: exact for sequences of known length and constant bounds."""
    obj = machine.get(op.obj)
    start = machine.get(op.start) if op.start != ir.NONE else NONE
    stop = machine.get(op.stop) if op.stop != ir.NONE else NONE
    found = things(machine, obj)
    if len(found) == 1 and len(obj.refs) == 1 and (found[0][1].cls is None or found[0][1].kind == "tuple"):
        thing = found[0][1]
        if thing.exact and thing.rest is None and not op.step and start.known and stop.known:
            low, high = start.consts[0], stop.consts[0]
            if isinstance(low, (int, type(None))) and isinstance(high, (int, type(None))):
                part = thing.sequence()[low:high]
                new = Thing(thing.kind, {("int", i): v for i, v in enumerate(part)})
                machine.set(op.dst, allocate(machine, op.dst, new, variant="slice"))
                return
        new = Thing(thing.kind, {}, thing.any_item(), False, thing.own)
        machine.set(op.dst, allocate(machine, op.dst, new, variant="slice"))
        return
    symbols = [r for r in obj.refs if isinstance(r, Sym)]
    if symbols:
        machine.set(op.dst, Value(obj.labels, tuple(symbols), (), True, ("sl", obj.ident)))
        return
    machine.set(op.dst, data(obj.labels, ("sl", obj.ident) if obj.ident is not None else None))


def accumulate(machine: Machine, op: ir.Accumulate) -> None:
    """A comprehension adds an element."""
    value = machine.get(op.src)
    for address, thing in things(machine, machine.get(op.dst)):
        if op.key == ir.NONE:
            machine.state.heap[address] = thing.with_rest(value)
            continue
        key = machine.get(op.key)
        if key.known:
            machine.state.heap[address] = thing.with_weak(item_key(key.consts[0]), value)
        else:
            machine.state.heap[address] = with_key(thing, key, value)


def sequence_of(machine: Machine, value: Value) -> list[Value] | None:
    """The elements of a list or tuple, if they are known one by one."""
    found = things(machine, value)
    if len(found) != 1 or len(value.refs) != 1 or value.open:
        return None
    thing = found[0][1]
    exact = thing.exact and thing.rest is None and thing.kind in ("list", "tuple")
    return thing.sequence() if exact else None

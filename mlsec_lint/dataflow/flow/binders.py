"""Objects that stand for functions and are bound as methods are: ``partialmethod``, and functions chosen by type.

A generic function is an object of the heap: registering changes it, and a call reaches the implementation that the type
of the first argument selects, or all of them where it is not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.heap import Thing
from mlsec_lint.dataflow.flow.objects import allocate, thing_at
from mlsec_lint.dataflow.flow.summary import Argument, Call
from mlsec_lint.dataflow.flow.values import NOTHING, UNKNOWN, Bound, Cls, Ext, Fun, Obj, Value, join, ref

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine

GENERIC: Final = "generic"
REGISTER: Final = "generic.register"
PARTIAL_METHOD: Final = "partialmethod"
_DEEPEST: Final = 6


def partial_method(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``partialmethod(f, x)``: as ``partial``, but what it is read from comes first."""
    from mlsec_lint.dataflow.flow.specials import special_call

    made = special_call(machine, "partial", name, call, receiver, at, end)
    for target in made.refs if made is not None else ():
        if isinstance(target, Obj):
            thing = machine.state.heap[target.address]
            machine.state.heap[target.address] = Thing(PARTIAL_METHOD, thing.items)
    return made


def generic(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``singledispatch(f)``: a function that others may join."""
    function = call.positional[0].value if call.positional else None
    return allocate(machine, at, Thing(GENERIC, {".func": function})) if function is not None else None


def register(machine: Machine, receiver: Value, call: Call, at: int) -> Value:
    """``g.register(f)``, ``g.register(cls, f)``, or ``g.register(cls)``, which waits for the function."""
    given = [argument.value for argument in call.positional]
    function = next((v for v in given if any(isinstance(r, (Fun, Bound)) for r in v.refs)), None)
    if function is None:
        waiting = {".func": ref(Bound(Ext(REGISTER), receiver))} | {("int", i): v for i, v in enumerate(given)}
        return allocate(machine, at, Thing("partial", waiting))
    kind = given[0] if given[0] is not function else _annotated(machine, function)
    for target in receiver.refs:
        thing = thing_at(machine, target) if isinstance(target, Obj) else None
        if thing is not None and isinstance(target, Obj):
            number = len(thing.items)
            items = {**thing.items, f".case{number}": function, f".type{number}": kind}
            machine.state.heap[target.address] = Thing(GENERIC, items)
    return function


def _annotated(machine: Machine, function: Value) -> Value:
    """What the first annotated parameter of an implementation says."""
    for target in function.refs:
        code = machine.solver.codes.get(target.code) if isinstance(target, Fun) else None
        if code is not None:
            return next((a for a in machine.solver.annotations.of(code) if a is not None), UNKNOWN)
    return UNKNOWN


def is_bindable(machine: Machine, target: object) -> bool:
    """Whether an attribute of a class gets the instance from which it is read."""
    thing = thing_at(machine, target) if isinstance(target, Obj) else None
    return thing is not None and thing.kind in (PARTIAL_METHOD, GENERIC)


def call_bound(machine: Machine, target: Obj, receiver: Value, call: Call, at: int, end: int) -> Value | None:
    """A call of such an object as a method; none for other objects."""
    from mlsec_lint.dataflow.flow.calls import call_value

    thing = thing_at(machine, target)
    if thing is None or machine.nesting > _DEEPEST:
        return None
    if thing.kind == PARTIAL_METHOD:
        machine.nesting += 1
        try:
            whole = held(thing, call).after((Argument(receiver),))
            return call_value(machine, thing.items[".func"], whole, at, end)
        finally:
            machine.nesting -= 1
    if thing.kind == GENERIC:
        return call_generic(machine, thing, call.after((Argument(receiver),)), 1, at, end)
    return None


def held(thing: Thing, call: Call) -> Call:
    """A call with the arguments that a partial function holds already."""
    positional = tuple(Argument(v) for v in thing.sequence())
    words = {key[1]: Argument(v) for key, v in thing.items.items() if key[0] == "kw"}
    words.update(call.keywords)
    return Call((*positional, *call.positional), tuple(words.items()), call.more, call.more_keywords)


def call_generic(machine: Machine, thing: Thing, call: Call, position: int, at: int, end: int) -> Value:
    """A call of a generic function; the argument at ``position`` selects the implementation."""
    from mlsec_lint.dataflow.flow.calls import call_value

    chosen = call.positional[position].value if position < len(call.positional) else UNKNOWN
    result = NOTHING
    machine.nesting += 1
    try:
        for function in _selected(machine, thing, chosen) if machine.nesting <= _DEEPEST else ():
            one = call_value(machine, function, call, at, end)
            result = one if result is NOTHING else join(result, one)
    finally:
        machine.nesting -= 1
    return result


def _selected(machine: Machine, thing: Thing, value: Value) -> list[Value]:
    """The implementations that the type of a value may select: all of them if it is not known."""
    cases = [(v, thing.items[f".type{k[5:]}"]) for k, v in thing.items.items() if k.startswith(".case")]
    everything = [thing.items[".func"], *(function for function, _ in cases)]
    orders = [_order(machine, target) for target in value.refs]
    if value.open or value.consts or not orders or None in orders:
        return everything
    found: dict[Value, None] = {}
    by_owner: dict[object, Value] = {r.code: f for f, kind in cases for r in kind.refs if isinstance(r, Cls)}
    for order in orders:
        function = next((by_owner[owner] for owner in order or () if owner in by_owner), thing.items[".func"])
        found[function] = None
    return list(found)


def _order(machine: Machine, target: object) -> tuple[object, ...] | None:
    thing = thing_at(machine, target) if isinstance(target, Obj) else None
    return machine.solver.classes.order(thing.cls) if thing is not None and thing.cls is not None else None

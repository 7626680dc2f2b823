"""Instances of the project's classes: ``__new__``, ``__init__``, and the constructors of record classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.annotations import external_bases
from mlsec_lint.dataflow.flow.class_attributes import class_value
from mlsec_lint.dataflow.flow.guarding import cleaning
from mlsec_lint.dataflow.flow.heap import Thing
from mlsec_lint.dataflow.flow.labels import NO_LABELS, with_tags
from mlsec_lint.dataflow.flow.references import deep_labels
from mlsec_lint.dataflow.flow.residuals import residual
from mlsec_lint.dataflow.flow.shapes import KEYED, NAMED, initial, keyed_instance, positions
from mlsec_lint.dataflow.flow.summary import Argument, Call
from mlsec_lint.dataflow.flow.values import (
    UNKNOWN,
    Address,
    Bound,
    Cls,
    CodeKey,
    Ext,
    Fun,
    Obj,
    Sym,
    Value,
    join_all,
    ref,
)

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine


TYPE_CALL: Final = "builtins.type.__call__"


def construct_by_type(machine: Machine, receiver: Value, call: Call, at: int, end: int) -> Value:
    """``super().__call__(...)`` in a metaclass: a new instance of the receiver, without asking its metaclass again."""
    made: list[Value] = []
    for target in receiver.refs:
        if isinstance(target, Cls):
            made.append(construct(machine, target, call, at, end, asks=False))
        elif isinstance(target, Sym):
            callee = ref(Bound(Ext(TYPE_CALL), Value(receiver.labels, (target,))))
            made.append(residual(machine, callee, "", call, at, end))
    return join_all(made) if made else UNKNOWN


def construct(machine: Machine, cls: Cls, call: Call, at: int, end: int, *, asks: bool = True) -> Value:
    """A new instance; ``asks`` its metaclass how instances are made."""
    classes = machine.solver.classes
    made = _made_by_metaclass(machine, cls, call, at, end) if asks else None
    if made is not None:
        return made
    if classes.shape(cls.code) == KEYED:
        made = keyed_instance(machine, call, at, end)
        if made is not None:
            return made
    made = _made_by_new(machine, cls, call, at, end)
    if made is None:
        made = instance(machine, cls, at)
    found = classes.attribute(machine, cls.code, "__init__")
    for target in made.refs:
        if not isinstance(target, Obj):
            continue
        if found is not None and any(isinstance(r, Fun) for r in found.refs):
            initialise(machine, found, target, call, at, end)
        else:
            _note_bases(machine, cls)
            fill(machine, cls, target.address, call, at, end)
    return made


def _note_bases(machine: Machine, cls: Cls) -> None:
    """Where calls are noted: the constructor that an external base brings, if the project has none."""
    log = machine.solver.log
    if log is None:
        return
    for base in machine.solver.classes.order(cls.code):
        if isinstance(base, str) and base != "builtins.object":
            log.external(machine, f"{base}.__init__")
            return


def instance(machine: Machine, cls: Cls, at: int) -> Value:
    """A new, empty instance."""
    address: Address = ("a", machine.path, at, f"{cls.code[1]}")
    made_of = {".__class__": ref(cls)} if cls.frames else {}
    kind = "tuple" if machine.solver.classes.shape(cls.code) == NAMED else "object"
    machine.state.heap[address] = Thing(kind, made_of, cls=cls.code)
    return ref(Obj(address), ("o", *address))


def initialise(machine: Machine, found: Value, target: Obj, call: Call, at: int, end: int) -> None:
    """Call ``__init__``."""
    from mlsec_lint.dataflow.flow.calls import call_value

    bound = Value(refs=tuple(Bound(r, ref(target)) for r in found.refs if isinstance(r, Fun)))
    call_value(machine, bound, call, at, end)


def _made_by_metaclass(machine: Machine, cls: Cls, call: Call, at: int, end: int) -> Value | None:
    """What ``__call__`` of a metaclass of the project returns."""
    from mlsec_lint.dataflow.flow.calls import call_value

    meta = machine.solver.classes.metaclass(cls.code)
    if meta is None or machine.nesting > 4:
        return None
    found = machine.solver.classes.attribute(machine, meta, "__call__")
    if found is None or not any(isinstance(r, Fun) for r in found.refs):
        return None
    bound = Value(refs=tuple(Bound(r, ref(cls)) for r in found.refs if isinstance(r, Fun)))
    machine.nesting += 1
    try:
        result = call_value(machine, bound, call, at, end)
    finally:
        machine.nesting -= 1
    return result if any(isinstance(r, Obj) for r in result.refs) else None


def _made_by_new(machine: Machine, cls: Cls, call: Call, at: int, end: int) -> Value | None:
    from mlsec_lint.dataflow.flow.calls import call_value

    found = machine.solver.classes.attribute(machine, cls.code, "__new__")
    functions = tuple(r for r in found.refs if isinstance(r, Fun)) if found is not None else ()
    if not functions:
        return None
    result = call_value(machine, Value(refs=functions), call.after((Argument(ref(cls)),)), at, end)
    objects = tuple(r for r in result.refs if isinstance(r, Obj))
    for target in objects:
        _refine(machine, cls.code, target.address)
    return replace(result, refs=objects) if objects else None


def _refine(machine: Machine, cls: CodeKey, address: Address) -> None:
    """``__new__`` of a base made the instance: now its class is known."""
    thing = machine.state.heap.get(address)
    known = thing.cls if thing is not None else None
    if thing is not None and known is not None and known != cls and known in machine.solver.classes.order(cls):
        machine.state.heap[address] = replace(thing, cls=cls)


def fill(machine: Machine, cls: Cls, address: Address, call: Call, at: int, end: int) -> None:
    """A class without ``__init__`` of its own: fields of a record class, else whatever an external base does."""
    classes = machine.solver.classes
    fields = classes.record_fields(cls.code)
    thing = machine.state.heap[address]
    if fields is None:
        own = NO_LABELS
        if classes.has_external_base(cls.code):
            for value in call.values():
                own = own | deep_labels(value, machine.state.heap)
            own = with_tags(own, cleaning(machine, external_bases(machine, cls.code)))
        items = {f".{name}": argument.value for name, argument in call.keywords}
        if any(machine.knowledge.special(base) == "exception" for base in external_bases(machine, cls.code)):
            from mlsec_lint.dataflow.flow.exceptions import arguments

            own, items[".args"] = NO_LABELS, arguments(machine, call, at)
        machine.state.heap[address] = replace(thing, items={**thing.items, **items}, own=own, exact=not own)
        classes.notice_bases(machine, cls.code, call, at, end)
        return
    items = dict(thing.items)
    for name, argument in zip(fields, call.positional, strict=False):
        items[f".{name}"] = argument.value
    for name, argument in call.keywords:
        items[f".{name}"] = argument.value
    own = NO_LABELS
    for spread in (call.more, call.more_keywords):
        if spread is None:
            continue
        from mlsec_lint.dataflow.flow.items import get_item

        for name in fields:
            if f".{name}" not in items:
                items[f".{name}"] = get_item(machine, spread, Value(consts=(name,))) if spread.refs else spread
    for name in (name for name in fields if f".{name}" not in items):
        made = initial(machine, cls.code, name, at, end)
        # A named tuple also has its defaults by position, where reading the class does not help.
        made = class_value(machine, cls.code, name) if made is None and thing.kind == "tuple" else made
        items.update({f".{name}": made} if made is not None else {})
    thing = replace(thing, items=items, own=own)
    machine.state.heap[address] = positions(fields, thing) if thing.kind == "tuple" else thing
    post_initialise(machine, cls.code, ref(Obj(address)), at, end)


def post_initialise(machine: Machine, cls: CodeKey, made: Value, at: int, end: int) -> None:
    """Call ``__post_init__`` of a record class that has its fields."""
    hook = machine.solver.classes.attribute(machine, cls, "__post_init__")
    for target in made.refs:
        if isinstance(target, Obj) and hook is not None and any(isinstance(r, Fun) for r in hook.refs):
            initialise(machine, hook, target, Call(), at, end)

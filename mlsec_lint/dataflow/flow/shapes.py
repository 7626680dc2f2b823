"""Instances that are known by their fields: copies with changes, dictionaries of them, and classes made by a call.

A named tuple is an object with its fields twice, by name and by position; a typed dictionary is a dictionary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.access import get_attribute
from mlsec_lint.dataflow.flow.class_attributes import class_value
from mlsec_lint.dataflow.flow.heap import Thing, item_key
from mlsec_lint.dataflow.flow.objects import allocate, thing_at, things
from mlsec_lint.dataflow.flow.summary import Argument, Call
from mlsec_lint.dataflow.flow.values import UNKNOWN, Cls, CodeKey, Ext, Obj, Sym, Value, data, join_all, ref

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine

FACTORY: Final = "factory"
NAMED: Final = "named"
KEYED: Final = "keyed"
_DEEPEST: Final = 3


def default(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``field(default=x)`` is ``x``; ``field(default_factory=f)`` calls ``f`` for each instance."""
    for word in ("default_factory", "factory"):
        factory = call.keyword(word)
        if factory is not None:
            return allocate(machine, at, Thing(FACTORY, {".factory": factory.value}))
    found = call.keyword("default") or (call.positional[0] if call.positional else None)
    if found is not None and machine.knowledge.special(name) == FACTORY:
        return allocate(machine, at, Thing(FACTORY, {".factory": found.value}))
    return found.value if found is not None else Value(open=True)


def is_factory(machine: Machine, target: object) -> bool:
    """Whether an attribute of a class only says how the field of an instance is made."""
    thing = thing_at(machine, target) if isinstance(target, Obj) else None
    return thing is not None and thing.kind == FACTORY


def initial(machine: Machine, cls: CodeKey, name: str, at: int, end: int) -> Value | None:
    """What a field holds that the constructor is not given; none if reading the class tells that as well."""
    from mlsec_lint.dataflow.flow.calls import call_value

    found = class_value(machine, cls, name)
    for target in found.refs if found is not None else ():
        thing = thing_at(machine, target) if isinstance(target, Obj) else None
        if thing is None or thing.kind != FACTORY:
            continue
        made = call_value(machine, thing.items[".factory"], Call(), at, end)
        # What the library makes is named by the place of the call: each field gets an object of its own.
        plain = [t for a, t in things(machine, made) if len(a) == 4 and t.cls is None]
        return allocate(machine, at, plain[0], variant=f"{plain[0].kind}.{name}") if plain else made
    return None


def positions(fields: tuple[str, ...], thing: Thing) -> Thing:
    """A named tuple with its fields by position."""
    items = dict(thing.items)
    for index, name in enumerate(fields):
        items[("int", index)] = items.get(f".{name}", UNKNOWN)
    return replace(thing, items=items)


def replaced(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``replace(x, field=value)``: a copy with some fields changed."""
    from mlsec_lint.dataflow.flow.construct import post_initialise

    whole = receiver if receiver is not None else call.positional[0].value if call.positional else None
    found = _records(machine, whole) if whole is not None else []
    changes = {word: argument.value for word, argument in call.keywords if word != "update"}
    update = call.keyword("update")
    for _, thing in things(machine, update.value) if update is not None else ():
        changes.update({key[1]: value for key, value in thing.items.items() if key[0] == "str"})
    results: list[Value] = []
    for index, thing in enumerate(found):
        copy = replace(thing, items={**thing.items, **{f".{word}": value for word, value in changes.items()}})
        if thing.kind == "tuple" and thing.cls is not None:
            copy = positions(machine.solver.classes.record_fields(thing.cls) or (), copy)
        if call.more_keywords is not None:
            copy = replace(copy, own=copy.own | call.more_keywords.labels)
        made = allocate(machine, at, copy, variant=f"replaced{index}")
        results.append(made)
        if thing.cls is not None:
            post_initialise(machine, thing.cls, made, at, end)
    return join_all(results) if results else None


def as_dictionary(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``asdict(x)``: a dictionary with the fields of an instance."""
    whole = receiver if receiver is not None else call.positional[0].value if call.positional else None
    found = _records(machine, whole) if whole is not None else []
    return join_all(_dictionary(machine, t, at, f"fields{i}", 0) for i, t in enumerate(found)) if found else None


def _dictionary(machine: Machine, thing: Thing, at: int, variant: str, depth: int) -> Value:
    items: dict[object, Value] = {}
    fields = machine.solver.classes.record_fields(thing.cls) if thing.cls is not None else None
    for name in fields or ():
        value = thing.items.get(f".{name}")
        if value is None and thing.cls is not None:
            value = class_value(machine, thing.cls, name) or (data(thing.own) if thing.own else UNKNOWN)
        if value is None:
            continue
        inner = [t for _, t in things(machine, value) if t.cls is not None] if depth < _DEEPEST else []
        nested = len(inner) == len(value.refs) == 1
        items[item_key(name)] = _dictionary(machine, inner[0], at, f"{variant}.{name}", depth + 1) if nested else value
    return allocate(machine, at, Thing("dict", items, None, not thing.own, thing.own), variant=variant)


def _records(machine: Machine, value: Value) -> list[Thing]:
    """The instances with known fields that a value may be; none if it may be anything else."""
    classes = machine.solver.classes
    found: list[Thing] = []
    for target in value.refs:
        thing = thing_at(machine, target) if isinstance(target, Obj) else None
        cls = target.cls if isinstance(target, Sym) else thing.cls if thing is not None else None
        fields = classes.record_fields(cls) if cls is not None else None
        if fields is None:
            return []
        if thing is None:
            items = {f".{name}": get_attribute(machine, Value(refs=(target,)), name) for name in fields}
            thing = Thing("object", dict(items), cls=cls)
        found.append(thing)
    return found if not value.open else []


def named(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``namedtuple("Frame", "topic blob")``, ``NamedTuple("Frame", [("topic", str)])``: a class."""
    if len(call.positional) < 2:
        return None
    names = _names(machine, call.positional[1].value)
    return made(machine, call.positional[0].value, (Ext(name),), {}, at, names) if names is not None else None


def _names(machine: Machine, value: Value) -> tuple[str, ...] | None:
    """Names of fields as they are written: in one text, as texts, or with their types."""
    if value.text is not None:
        return tuple(value.text.replace(",", " ").split())
    found: list[str] = []
    for _, thing in things(machine, value):
        for item in thing.sequence():
            inner = [t.sequence()[:1] for _, t in things(machine, item)]
            text = inner[0][0].text if inner and inner[0] else item.text
            if text is None:
                return None
            found.append(text)
    return tuple(found) or None


def keyed(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``TypedDict("Options", {...})``: calling it makes a dictionary."""
    return ref(Ext("builtins.dict"))


def class_of_parts(machine: Machine, call: Call, at: int) -> Value | None:
    """``type(name, bases, attributes)``: a class."""
    title, bases, body = (argument.value for argument in call.positional[:3])
    holders = things(machine, body)
    if not holders:
        return None
    attributes: dict[str, Value] = {k[1]: v for _, t in holders for k, v in t.items.items() if k[0] == "str"}
    above = tuple(
        r for _, t in things(machine, bases) for v in t.sequence() for r in v.refs if isinstance(r, (Cls, Ext))
    )
    return made(machine, title, above, attributes, at, ())


def made(
    machine: Machine, title: Value, bases: tuple[Cls | Ext, ...], attributes: dict[str, Value], at: int,
    fields: tuple[str, ...],
) -> Value:  # fmt: skip
    """A class that no statement defines; the place of the call names it."""
    key = (machine.path, at)
    machine.solver.classes.make(key, title.text or "", bases, attributes, fields)
    return ref(Cls(key))


def keyed_instance(machine: Machine, call: Call, at: int, end: int) -> Value | None:
    """What calling a typed dictionary gives."""
    from mlsec_lint.dataflow.flow.specials import special_call

    whole = Call(tuple(Argument(a.value) for a in call.positional), call.keywords, call.more, call.more_keywords)
    return special_call(machine, "dict", "builtins.dict", whole, None, at, end)

"""Attribute access on every kind of reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlsec_lint.dataflow.values import (
    UNKNOWN,
    ClassRef,
    External,
    Inherited,
    Instance,
    InstanceOf,
    Member,
    ModuleRef,
    Reference,
    SuperOf,
    Symbol,
    Value,
    join,
    reference,
    stored_key,
)

if TYPE_CHECKING:
    from mlsec_lint.dataflow.evaluator import Evaluator


def get_attribute(ev: Evaluator, obj: Value, name: str) -> Value:
    """``obj.name``: the join over everything that ``obj`` may be, or what this body stored there."""
    if obj.identity is not None:
        stored = _kept(ev, stored_key(obj.identity, name))
        if stored is not None:
            return stored
    result: Value | None = None
    for ref in obj.references:
        one = attribute(ev, ref, name)
        result = one if result is None else join(result, one)
    identity = ("attribute", obj.identity, name) if obj.identity is not None else None
    if result is None:
        return Value((), (), True, obj.origins, identity)
    return Value(
        result.constants,
        result.references,
        result.open or obj.open,
        result.origins | obj.origins,
        result.identity or identity,
    )


def attribute(ev: Evaluator, ref: Reference, name: str) -> Value:
    """An attribute of one reference. What leads out of the module stays a symbol until somebody needs it."""
    if isinstance(ref, (External, Instance, Member)):
        return _external(ev, ref, name)
    if isinstance(ref, ModuleRef):
        return reference(Symbol(ref.module, name))
    if isinstance(ref, Symbol):
        return reference(Symbol(ref.module, f"{ref.name}.{name}"))
    if isinstance(ref, ClassRef):
        return _inherited(ev, ref, name)
    if isinstance(ref, InstanceOf):
        return _instance(ev, ref.cls, name)
    if isinstance(ref, SuperOf) and ev.resolving and ev.context.is_relevant(name):
        return ev.context.class_attribute(ref.cls, name, above=True) or UNKNOWN
    if isinstance(ref, Inherited) and ev.resolving and ev.context.is_relevant(name):
        return get_attribute(ev, ev.context.resolve(reference(ref)), name)
    return UNKNOWN


def patched(name: str) -> str:
    """The name under which a state or a module's exit keeps what was assigned to an external name."""
    return f"={name}"


def _external(ev: Evaluator, ref: External | Instance | Member, name: str) -> Value:
    dotted = ev.knowledge.canonical(f"{ref.name}.{name}")
    if isinstance(ref, External):
        replaced = _kept(ev, patched(dotted))
        if replaced is not None:
            return replaced
    source = ev.knowledge.attributes.first(dotted)
    target = External(dotted) if isinstance(ref, External) else Member(dotted)
    if source is not None:
        return Value((), (target,), True, frozenset((source.origin,)))
    return reference(target)


def _kept(ev: Evaluator, key: str) -> Value | None:
    """What this body, or the module around it at its top level, stored under a key that is no Python name."""
    here = ev.state.names.get(key)
    if here is not None or ev.body.kind == "module":
        return here
    exit_ = ev.context.exits.get(ev.module.path)
    return exit_.names.get(key) if exit_ is not None else None


def _instance(ev: Evaluator, cls: ClassRef, name: str) -> Value:
    """An attribute of an instance: what this body stored, what the methods store, what the class defines."""
    if cls is ev.owner:
        here = ev.state.names.get(f"self.{name}")
        if here is not None:
            return here
    stored = ev.context.own_field(cls, name) if ev.reading_fields else None
    defined = cls.attributes.get(name)
    if defined is not None and defined.constants:
        defined = replace(defined, open=True)
    if stored is not None:
        return stored if defined is None else join(stored, defined)
    return defined if defined is not None else _inherited(ev, cls, name)


def _inherited(ev: Evaluator, cls: ClassRef, name: str) -> Value:
    defined = cls.attributes.get(name)
    if defined is not None:
        return defined
    if not cls.bases:
        return UNKNOWN
    if ev.resolving and ev.context.is_relevant(name):
        found = ev.context.class_attribute(cls, name)
        if found is not None:
            return found
    return reference(Inherited(cls, name))

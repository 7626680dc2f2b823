"""Attribute access on every kind of reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsec_lint.dataflow.values import (
    UNKNOWN,
    ClassRef,
    External,
    Instance,
    InstanceOf,
    Member,
    ModuleRef,
    ObjectRef,
    Reference,
    Symbol,
    Value,
    join,
    reference,
)

if TYPE_CHECKING:
    from mlsec_lint.dataflow.evaluator import Evaluator


def get_attribute(ev: Evaluator, obj: Value, name: str) -> Value:
    """``obj.name``: the join over everything that ``obj`` may be."""
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
    """An attribute of one reference."""
    if isinstance(ref, (External, Instance, Member)):
        return _external(ev, ref, name)
    if not ev.resolving:
        return _symbolic(ref, name)
    if isinstance(ref, InstanceOf):
        return _instance(ev, ref, name)
    if isinstance(ref, ObjectRef):
        return UNKNOWN
    if isinstance(ref, ClassRef):
        return ev.context.class_attribute(ref, name) or UNKNOWN
    return ev.context.attribute_of(reference(ref), name)


def _symbolic(ref: Reference, name: str) -> Value:
    """An attribute while other modules are not looked at: what leads out of this one stays a symbol."""
    if isinstance(ref, ModuleRef):
        return reference(Symbol(ref.module, name))
    if isinstance(ref, Symbol):
        return reference(Symbol(ref.module, f"{ref.name}.{name}"))
    if isinstance(ref, ClassRef):
        return ref.attributes.get(name, UNKNOWN)
    return UNKNOWN


def _external(ev: Evaluator, ref: External | Instance | Member, name: str) -> Value:
    dotted = ev.knowledge.canonical(f"{ref.name}.{name}")
    source = ev.knowledge.attributes.first(dotted)
    target = External(dotted) if isinstance(ref, External) else Member(dotted)
    if source is not None:
        return Value((), (target,), True, frozenset((source.origin,)))
    return reference(target)


def _instance(ev: Evaluator, ref: InstanceOf, name: str) -> Value:
    if ref.cls is ev.owner:
        here = ev.state.names.get(f"self.{name}")
        if here is not None:
            return here
    above = ev.context.class_attribute(ref.cls, name)
    stored = ev.context.field(ref.cls, name) if ev.reading_fields else None
    if stored is None:
        if above is None:
            return UNKNOWN
        return above
    stored = ev.resolve(stored)
    if above is None or any(isinstance(r, External) for r in above.references):
        return stored
    return join(stored, above)

"""Attribute access on every kind of reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsec_lint.dataflow.values import (
    UNKNOWN,
    ClassRef,
    External,
    Instance,
    InstanceOf,
    ObjectRef,
    Reference,
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
    if isinstance(ref, (External, Instance)):
        return _external(ev, ref, name)
    if isinstance(ref, InstanceOf):
        return _instance(ev, ref, name)
    if isinstance(ref, ObjectRef):
        obj = ev.state.heap.get(ref.site)
        found = obj.get(name) if obj is not None and obj.kind in ("namespace", "partial") else None
        return found if found is not None else UNKNOWN
    if isinstance(ref, ClassRef):
        return ev.context.class_attribute(ref, name) or UNKNOWN
    return ev.context.attribute_of(reference(ref), name)


def _external(ev: Evaluator, ref: External | Instance, name: str) -> Value:
    dotted = ev.knowledge.canonical(f"{ref.name}.{name}")
    source = ev.knowledge.attributes.first(dotted)
    target = External(dotted) if isinstance(ref, External) else Instance(dotted)
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
        return _as_instance(above)
    stored = ev.resolve(stored)
    if above is None or any(isinstance(r, External) for r in above.references):
        return stored
    return join(stored, above)


def _as_instance(value: Value) -> Value:
    """What an external base class contributes is an attribute of an instance of it."""
    references = tuple(Instance(r.name) if isinstance(r, External) else r for r in value.references)
    return Value(value.constants, references, value.open, value.origins, value.identity)

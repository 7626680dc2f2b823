"""Containers on the abstract heap: displays, items, unpacking, and the methods of lists and dicts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlsec_lint.dataflow.state import HeapObject, Key
from mlsec_lint.dataflow.values import (
    UNKNOWN,
    External,
    Instance,
    Member,
    ObjectRef,
    Site,
    Value,
    derived,
    join,
    join_all,
)
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.evaluator import Evaluator


def allocate(ev: Evaluator, at: int, obj: HeapObject) -> Value:
    """A new object; a site met again stands for the newest object allocated there."""
    site = (ev.module.path, at)
    ev.state.heap[site] = obj
    origins = frozenset[str]().union(*(v.origins for v in obj.items.values()), obj.origins)
    return Value((), (ObjectRef(site),), False, origins, ("object", *site))


def object_at(ev: Evaluator, ref: ObjectRef) -> HeapObject | None:
    """The object that a reference names; one of another module is taken over as that module leaves it."""
    found = ev.state.heap.get(ref.site)
    if found is None and ev.resolving:
        found = ev.context.shared_object(ref.site)
        if found is not None:
            ev.state.heap[ref.site] = found
    return found


def objects(ev: Evaluator, value: Value) -> list[tuple[Site, HeapObject]]:
    """The heap objects that a value may be."""
    found: list[tuple[Site, HeapObject]] = []
    for ref in ev.resolve(value).references:
        if isinstance(ref, ObjectRef):
            obj = object_at(ev, ref)
            if obj is not None:
                found.append((ref.site, obj))
    return found


def build(ev: Evaluator, op: ir.Build) -> Value:
    """A list, tuple, set or dict display."""
    items: dict[Key, Value] = {}
    obj = HeapObject(op.kind, items)
    index = 0
    for element in op.elements:
        value = ev.get(element.value)
        if element.spread:
            obj = spread(ev, obj, value, index)
            index = len(obj.items)
        elif op.kind == "dict":
            key = ev.get(element.key)
            known = key.known and bool(key.constants)
            obj = obj.with_item(key.constants[0], value) if known else obj.with_rest(value)
        else:
            obj = obj.with_item(index, value) if obj.exact else obj.with_rest(value)
            index += 1
    return allocate(ev, op.at, obj)


def spread(ev: Evaluator, obj: HeapObject, value: Value, index: int) -> HeapObject:
    """A container with everything of ``value`` added, sequences from ``index`` on."""
    found = objects(ev, value)
    if len(found) == 1 and not value.open:
        other = found[0][1]
        if obj.kind == "dict":
            return _merged(obj, other)
        if other.exact and obj.exact:
            for offset, item in enumerate(other.items.values()):
                obj = obj.with_item(index + offset, item)
            return obj
    return obj.with_rest(join_all([*(o.any_item() for _, o in found), derived((value,))]))


def _merged(obj: HeapObject, other: HeapObject) -> HeapObject:
    rest = obj.rest if other.rest is None else other.rest if obj.rest is None else join(obj.rest, other.rest)
    return replace(obj, items={**obj.items, **other.items}, rest=rest, exact=obj.exact and other.exact)


def merge(ev: Evaluator, left: Value, right: Value, at: int) -> Value | None:
    """``left | right`` of two mappings; none if they are not known to be mappings."""
    one, other = objects(ev, left), objects(ev, right)
    if len(one) != 1 or len(other) != 1 or one[0][1].kind != "dict":
        return None
    return allocate(ev, at, _merged(one[0][1], other[0][1]))


def get_item(ev: Evaluator, obj: Value, key: Value) -> Value:
    """``obj[key]``."""
    result: Value | None = None
    for _, container in objects(ev, obj):
        if key.known and key.constants:
            index = key.constants[0]
            if isinstance(index, int) and not isinstance(index, bool) and index < 0 and container.exact:
                index += len(container.items)
            one = container.get(index)
            one = one if one is not None else UNKNOWN
        else:
            one = container.any_item()
        result = one if result is None else join(result, one)
    for ref in obj.references:
        if isinstance(ref, (External, Instance, Member)):
            one = Value((), (), True, obj.origins)
            source = ev.knowledge.attributes.first(ref.name) if isinstance(ref, External) else None
            if source is not None:
                one = Value((), (), True, frozenset((source.origin,)))
            elif key.text is not None and ref.name.endswith("modules"):
                one = Value((), (External(ev.knowledge.canonical(key.text)),), True)
            result = one if result is None else join(result, one)
    identity = None
    if obj.identity is not None and key.identity is not None:
        identity = ("item", obj.identity, key.identity)
    if result is None:
        return Value((), (), True, obj.origins | _untrusted(key), identity)
    return Value(
        result.constants,
        result.references,
        result.open or obj.open,
        result.origins,
        result.identity or identity,
    )


def _untrusted(key: Value) -> frozenset[str]:
    return key.origins - {"literal"}


def set_item(ev: Evaluator, obj: Value, key: Value, value: Value) -> None:
    """``obj[key] = value``: strong if the object and the key are known."""
    found = objects(ev, obj)
    for site, container in found:
        if key.known and key.constants:
            old = container.get(key.constants[0])
            strong = len(found) == 1 and not obj.open
            new = value if strong else join(value, old if old is not None else UNKNOWN)
            ev.state.heap[site] = container.with_item(key.constants[0], new)
        else:
            ev.state.heap[site] = container.with_rest(value)


def loosen(ev: Evaluator, values: Iterable[Value]) -> None:
    """Containers handed to a function of the project may come back changed: what they held is only likely now."""
    for value in values:
        for site, obj in objects(ev, value) if value.references else ():
            if obj.kind == "dict":
                items = {key: replace(item, open=True) for key, item in obj.items.items()}
                ev.state.heap[site] = replace(obj, items=items, exact=False)


def element_of(ev: Evaluator, value: Value) -> Value:
    """An element of an iterable; iterating a dict yields its keys."""
    found = objects(ev, value)
    if not found:
        return Value((), (), True, value.origins)
    parts: list[Value] = []
    for _, container in found:
        if container.kind == "dict":
            parts.append(keys_of(container))
        else:
            parts.append(container.any_item())
    result = join_all(parts)
    return Value(result.constants, result.references, result.open or value.open, result.origins | value.origins)


def keys_of(container: HeapObject) -> Value:
    """What iterating a mapping yields."""
    constants = tuple(key for _, key in container.items)
    if container.exact and 0 < len(constants) <= 4:
        return Value(constants, (), False, frozenset(("literal",)))
    return Value((), (), True, frozenset(("literal",)) if container.exact else container.origins)


def unpack(ev: Evaluator, value: Value, count: int, star: int) -> list[Value]:
    """The values of unpacking targets; exact while the length is known."""
    found = objects(ev, value)
    if len(found) == 1 and not value.open and star < 0:
        container = found[0][1]
        if container.exact and container.kind in ("tuple", "list") and len(container.items) == count:
            return [container.items.get(("int", i), UNKNOWN) for i in range(count)]
    element = element_of(ev, value)
    return [Value((), element.references, True, element.origins, _part(value, i)) for i in range(count)]


def _part(value: Value, index: int) -> object:
    return ("item", value.identity, index) if value.identity is not None else None

"""The operations that are not calls: names, attributes, containers, operators, definitions, imports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from mlsec_lint.dataflow.attributes import get_attribute, patched
from mlsec_lint.dataflow.containers import build, element_of, get_item, merge, objects, set_item, unpack
from mlsec_lint.dataflow.imports import bind_module, bind_name
from mlsec_lint.dataflow.notices import notice_assignment
from mlsec_lint.dataflow.values import (
    UNKNOWN,
    ClassRef,
    External,
    FunctionRef,
    Instance,
    InstanceOf,
    Member,
    ObjectRef,
    Value,
    constant,
    derived,
    join,
    reference,
    same_constant,
    stored_key,
)
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.evaluator import Evaluator

_LONGEST_STRING: Final = 2_000


def _const(ev: Evaluator, op: ir.Const) -> None:
    ev.set(op.dst, constant(op.value))


def _opaque(ev: Evaluator, op: ir.Opaque) -> None:
    ev.set(op.dst, derived(ev.get(s) for s in op.sources))


def _load(ev: Evaluator, op: ir.Load) -> None:
    ev.set(op.dst, ev.lookup(op.name))


def _store(ev: Evaluator, op: ir.Store) -> None:
    value = ev.get(op.src)
    ev.bind(op.name, value)
    if ev.observer is not None and (ev.body.kind == "module" or ev.classes):
        notice_assignment(ev, op.name, value, op.at, op.end)


def _attribute(ev: Evaluator, op: ir.Attribute) -> None:
    ev.set(op.dst, get_attribute(ev, ev.get(op.obj), op.name))


def _set_attribute(ev: Evaluator, op: ir.SetAttribute) -> None:
    value, obj = ev.get(op.src), ev.get(op.obj)
    for ref in obj.references:
        if isinstance(ref, InstanceOf) and ref.cls is ev.owner:
            old = ev.stored.get(op.name)
            ev.stored[op.name] = value if old is None else join(old, value)
            ev.state.names[f"self.{op.name}"] = value
        elif isinstance(ref, ClassRef) and ref.module == ev.module.path and ev.body.kind == "module":
            ref.attributes[op.name] = value
        elif isinstance(ref, External):
            ev.state.names[patched(ev.knowledge.canonical(f"{ref.name}.{op.name}"))] = value
    if obj.identity is not None:
        ev.state.names[stored_key(obj.identity, op.name)] = value
    if ev.observer is not None:
        for name in (f"{r.name}.{op.name}" for r in obj.references if isinstance(r, (External, Instance, Member))):
            notice_assignment(ev, name, value, op.at, op.end)


def _item(ev: Evaluator, op: ir.Item) -> None:
    ev.set(op.dst, get_item(ev, ev.get(op.obj), ev.get(op.key)))


def _set_item(ev: Evaluator, op: ir.SetItem) -> None:
    obj, key, value = ev.get(op.obj), ev.get(op.key), ev.get(op.src)
    set_item(ev, obj, key, value)
    if ev.observer is not None and key.text is not None:
        for ref in obj.references:
            if isinstance(ref, External):
                notice_assignment(ev, f"{ref.name}[{key.text}]", value, op.at, op.end)


def _slice(ev: Evaluator, op: ir.Slice) -> None:
    obj = ev.get(op.obj)
    ev.set(op.dst, Value((), (), True, obj.origins | _content_origins(ev, obj), obj.identity))


def _content_origins(ev: Evaluator, value: Value) -> frozenset[str]:
    return frozenset[str]().union(*(obj.any_item().origins for _, obj in objects(ev, value)))


def _delete(ev: Evaluator, op: ir.Delete) -> None:
    if op.name and op.obj != ir.NONE:
        return
    if op.name:
        ev.state.names.pop(op.name, None)
        return
    key = ev.get(op.key)
    for site, obj in objects(ev, ev.get(op.obj)):
        if key.known and key.constants:
            ev.state.heap[site] = obj.without(key.constants[0])


def _unpack(ev: Evaluator, op: ir.Unpack) -> None:
    for register, value in zip(op.dsts, unpack(ev, ev.get(op.src), len(op.dsts), op.star), strict=True):
        ev.set(register, value)


def _build(ev: Evaluator, op: ir.Build) -> None:
    ev.set(op.dst, build(ev, op))


def _accumulate(ev: Evaluator, op: ir.Accumulate) -> None:
    container = ev.get(op.dst)
    key = ev.get(op.key) if op.key != ir.NONE else UNKNOWN
    set_item(ev, container, Value((), (), True, key.origins), ev.get(op.src))


def _binary(ev: Evaluator, op: ir.Binary) -> None:
    left, right = ev.with_constants(ev.get(op.left)), ev.with_constants(ev.get(op.right))
    identity = None
    if left.identity is not None and right.identity is not None:
        identity = ("op", op.op, left.identity, right.identity)
    one, other = left.text, right.text
    if op.op == "+" and one is not None and other is not None and len(one) + len(other) < _LONGEST_STRING:
        result = constant(one + other)
        ev.set(op.dst, Value(result.constants, (), False, left.origins | right.origins, result.identity))
        return
    references = tuple(r for r in left.references if not isinstance(r, ObjectRef)) if op.op == "/" else ()
    merged = merge(ev, left, right, op.at) if op.op == "|" else None
    origins = left.origins | right.origins
    if op.op == "+" and one is not None and "://" in one:
        origins |= {URL_ORIGIN}
    ev.set(op.dst, merged or Value((), references, not references, origins, identity))


def _unary(ev: Evaluator, op: ir.Unary) -> None:
    value = ev.get(op.src)
    if op.op == "not":
        known = ev.truth(value)
        answers = tuple(dict.fromkeys(not c for c in value.constants)) if value.open else ()
        ev.set(op.dst, Value(answers, (), True, value.origins) if known is None else constant(not known))
        return
    number = value.constant
    if op.op == "-" and isinstance(number, (int, float)) and not isinstance(number, bool):
        ev.set(op.dst, constant(-number))
        return
    ev.set(op.dst, derived((value,)))


def _compare(ev: Evaluator, op: ir.Compare) -> None:
    left, right = ev.with_constants(ev.get(op.left)), ev.with_constants(ev.get(op.right))
    if left.known and right.known and left.constants and right.constants:
        same = same_constant(left.constants[0], right.constants[0])
        equal = left.constants[0] == right.constants[0]
        answers = {"==": equal, "is": same, "!=": not equal, "is not": not same}
        if op.op in answers:
            ev.set(op.dst, constant(answers[op.op]))
            return
    ev.set(op.dst, Value(open=True))


def _format(ev: Evaluator, op: ir.Format) -> None:
    values = [ev.with_constants(ev.get(part)) for part in op.parts]
    texts = [value.constant for value in values]
    origins: frozenset[str] = frozenset[str]().union(*(v.origins for v in values))
    if all(isinstance(t, (str, int)) for t in texts) and sum(len(str(t)) for t in texts) < _LONGEST_STRING:
        result = constant("".join(str(t) for t in texts))
        ev.set(op.dst, Value(result.constants, (), False, origins, result.identity))
        return
    identities = [value.identity for value in values]
    identity = ("format", *identities) if all(i is not None for i in identities) else None
    prefix = texts[0] if texts and isinstance(texts[0], str) else ""
    if "://" in prefix:
        origins |= frozenset((URL_ORIGIN,))
    ev.set(op.dst, Value((), (), True, origins, identity))


URL_ORIGIN: Final = "network"
"""A string that starts with a scheme names something on the network."""


def _shape(ev: Evaluator, op: ir.Shape | ir.InstanceOf) -> None:
    ev.set(op.dst, Value(open=True))


def _positional(ev: Evaluator, op: ir.Positional) -> None:
    ev.set(op.dst, derived((ev.get(op.obj),)))


def _function(ev: Evaluator, op: ir.Function) -> None:
    defaults = tuple(ev.get(p.default) if p.default != ir.NONE else None for p in op.params)
    annotations = tuple(ev.get(p.annotation) if p.annotation != ir.NONE else None for p in op.params)
    owner = ev.classes[-1][0] if ev.classes else None
    frames = (*ev.frames, ev.frame) if ev.body.kind != "module" else ()
    known = ev.functions.get(op.body.at)
    if known is not None and known.defaults == defaults and known.owner is owner:
        ref = known
    else:
        ref = FunctionRef(ev.module.path, op.body, op.params, defaults, annotations, frames, owner)
        ev.functions[op.body.at] = ref
    if ev.body.kind != "module" or op.body.kind == "lambda":
        ev.nested[op.body.at] = ref
        ev.shared |= op.body.nonlocals
    decorators = [r.name for d in op.decorators for r in ev.get(d).references if isinstance(r, External)]
    if any(ev.knowledge.special(name) in ("property", "dispatch") for name in decorators):
        ev.set(op.dst, UNKNOWN)
    else:
        ev.set(op.dst, Value((), (ref,), False))


def _class(ev: Evaluator, op: ir.Class) -> None:
    attributes: dict[str, Value] = {}
    bases = tuple(ev.get(b) for b in op.bases)
    cls = ClassRef(ev.module.path, op.name, op.at, op.end, bases, attributes)
    ev.classes.append((cls, attributes))
    try:
        ev.block(op.block)
    finally:
        ev.classes.pop()
    ev.set(op.dst, reference(cls))


def _iterate(ev: Evaluator, op: ir.Iterate) -> None:
    element = element_of(ev, ev.get(op.src))
    if element.open and element.identity is None and not element.constants:
        element = Value((), element.references, True, element.origins, ("element", id(ev.body), op.dst))
    ev.set(op.dst, element)


def _enter(ev: Evaluator, op: ir.Enter) -> None:
    value = ev.get(op.src)
    if any(isinstance(r, InstanceOf) for r in value.references):
        value = Value((), value.references, True, value.origins, value.identity)
    ev.set(op.dst, value)


def _caught(ev: Evaluator, op: ir.Caught) -> None:
    ev.set(op.dst, derived(()))


def _yield(ev: Evaluator, op: ir.Yield) -> None:
    ev.set(op.dst, UNKNOWN)


def _leave(ev: Evaluator, op: ir.Op) -> None:
    ev.state.alive = False


OPERATIONS: Final[Mapping[type[ir.Op], Callable[[Evaluator, Any], None]]] = {
    ir.Const: _const,
    ir.Opaque: _opaque,
    ir.Load: _load,
    ir.Store: _store,
    ir.Attribute: _attribute,
    ir.SetAttribute: _set_attribute,
    ir.Item: _item,
    ir.SetItem: _set_item,
    ir.Slice: _slice,
    ir.Delete: _delete,
    ir.Unpack: _unpack,
    ir.Build: _build,
    ir.Accumulate: _accumulate,
    ir.Binary: _binary,
    ir.Unary: _unary,
    ir.Compare: _compare,
    ir.Format: _format,
    ir.Shape: _shape,
    ir.InstanceOf: _shape,
    ir.Positional: _positional,
    ir.Function: _function,
    ir.Class: _class,
    ir.Iterate: _iterate,
    ir.Enter: _enter,
    ir.Yield: _yield,
    ir.Caught: _caught,
    ir.Return: _leave,
    ir.Raise: _leave,
    ir.Import: bind_module,
    ir.ImportFrom: bind_name,
}

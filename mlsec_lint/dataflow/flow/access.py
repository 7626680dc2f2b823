"""Reading attributes of everything that a value may refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.binders import is_bindable
from mlsec_lint.dataflow.flow.class_attributes import of_class, of_object
from mlsec_lint.dataflow.flow.descriptors import DEEPEST_PROPERTY, bound
from mlsec_lint.dataflow.flow.entry_values import is_spared
from mlsec_lint.dataflow.flow.guarding import cleaned_attribute
from mlsec_lint.dataflow.flow.labels import Label, Labels, Path
from mlsec_lint.dataflow.flow.names import read_path
from mlsec_lint.dataflow.flow.objects import thing_at
from mlsec_lint.dataflow.flow.parts import as_guarded, of_whole
from mlsec_lint.dataflow.flow.reflection import NAMESPACE, namespace
from mlsec_lint.dataflow.flow.sourcing import source_label
from mlsec_lint.dataflow.flow.summary import Argument, Call
from mlsec_lint.dataflow.flow.values import (
    FALSE,
    UNKNOWN,
    Bound,
    Cls,
    Ext,
    Fun,
    Inst,
    Mod,
    Obj,
    Reference,
    Super,
    Sym,
    Value,
    Wrapped,
    data,
    join,
    ref,
)

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine


def get_attribute(machine: Machine, obj: Value, name: str, at: int = -1, end: int = -1) -> Value:
    """``obj.name``: the join over everything that ``obj`` may be. Attributes of labelled data are labelled data."""
    if name == NAMESPACE and (found := namespace(machine, obj)) is not None:
        return found
    cleaned = _cleaned(machine, obj, name) if obj.labels else None
    if cleaned is not None:
        return cleaned
    if is_spared(obj.ident, name):
        return Value(open=True, ident=("a", obj.ident, name))
    result: Value | None = None
    whole = of_whole(obj)
    for target in obj.refs:
        one = _attribute(machine, target, whole, name, at, end)
        if isinstance(target, Sym):
            one = as_guarded(obj, target, one)
        result = one if result is None else join(result, one)
    ident = ("a", obj.ident, name) if obj.ident is not None else None
    if result is None:
        return data(obj.labels, ident)
    if obj.open and whole.labels:
        # What a library's attribute gives carries the data already, with the guards that it stands for.
        external = all(isinstance(target, (Ext, Inst)) for target in obj.refs)
        result = replace(result, open=True) if external else join(result, data(whole.labels))
    return result if result.ident is not None or ident is None else replace(result, ident=ident)


def _cleaned(machine: Machine, obj: Value, name: str) -> Value | None:
    """An attribute that is a guard: ``path.name``."""
    for target in obj.refs:
        owner = target.name if isinstance(target, (Ext, Inst)) else target.ext if isinstance(target, Sym) else ""
        labels = (
            cleaned_attribute(machine, machine.knowledge.canonical(f"{owner}.{name}"), obj.labels) if owner else None
        )
        if labels is not None:
            return data(labels, ("a", obj.ident, name) if obj.ident is not None else None)
    return None


def _attribute(machine: Machine, target: Reference, obj: Value, name: str, at: int, end: int) -> Value:
    if isinstance(target, (Ext, Inst)):
        return _external(machine, target, obj.labels, name, at, end)
    if isinstance(target, Sym):
        return _symbolic(machine, target, name, at, end)
    if isinstance(target, Obj):
        return of_object(machine, target, obj.labels, name)
    if isinstance(target, Mod):
        found = machine.solver.statics.module_attribute(machine, target.path, name)
        return found if found is not None else _made_by_module(machine, target, name)
    if isinstance(target, Cls):
        return of_class(machine, target, name)
    if isinstance(target, Super):
        return _above(machine, target, name)
    if isinstance(target, Wrapped) and name in ("setter", "getter", "deleter"):
        return ref(Bound(Ext(f"property.{name}"), ref(target)))
    if isinstance(target, (Fun, Bound)):
        written = machine.state.heap.get(("c", *target.code)) if isinstance(target, Fun) else None
        found = written.items.get(f".{name}") if written is not None else None
        return found if found is not None else _of_function(target, name)
    return UNKNOWN


def _made_by_module(machine: Machine, target: Mod, name: str) -> Value:
    """What ``__getattr__`` of a module returns for a name that it does not have."""
    hook = machine.solver.statics.global_name(target.path, "__getattr__", early=machine.early)
    if hook is None or machine.nesting > DEEPEST_PROPERTY or not any(isinstance(r, Fun) for r in hook.refs):
        return UNKNOWN
    from mlsec_lint.dataflow.flow.calls import call_value

    machine.nesting += 3
    try:
        return call_value(machine, hook, Call((Argument(Value(consts=(name,))),)), *machine.place)
    finally:
        machine.nesting -= 3


def _above(machine: Machine, target: Super, name: str) -> Value:
    """``super().name``: what comes after the class in the order of the receiver's own class."""
    owners = [t.cls for r in target.receiver.refs if isinstance(r, Obj) and (t := thing_at(machine, r)) and t.cls]
    result: Value | None = None
    for owner in dict.fromkeys(owners or [target.cls]):
        found = machine.solver.classes.attribute(machine, owner, name, after=target.cls)
        if found is not None:
            one = bound(machine, found, target.receiver, owner)
            result = one if result is None else join(result, one)
    return result if result is not None else UNKNOWN


def _of_function(target: Fun | Bound, name: str) -> Value:
    if name == "__func__" and isinstance(target, Bound):
        return ref(target.func)
    if name == "__self__" and isinstance(target, Bound):
        return target.receiver
    if name == "__wrapped__":
        return ref(target)
    return ref(Bound(Ext(f"function.{name}"), ref(target)))


def _external(machine: Machine, target: Ext | Inst, labels: Labels, name: str, at: int, end: int) -> Value:
    knowledge = machine.knowledge
    dotted = knowledge.canonical(f"{target.name}.{name}")
    source = knowledge.attributes.first(dotted)
    if source is not None:
        labels = labels | {source_label(machine, source.origin, at, end, dotted)}
        # What a module offers by this name is the same wherever it is read.
        ident = ("x", dotted) if isinstance(target, Ext) else ("v", machine.path, at)
        return Value(labels, (Inst(dotted),), (), False, ident)
    if isinstance(target, Ext):
        return Value(labels, (Ext(dotted),), (), bool(labels)) if knowledge.special(dotted) != "false" else FALSE
    return Value(labels, (Bound(Ext(dotted), Value(labels, (target,), (), bool(labels))),), (), bool(labels))


def _symbolic(machine: Machine, target: Sym, name: str, at: int, end: int) -> Value:
    key = f".{name}"
    value = read_path(machine, target.path, key)
    if (*target.path, key) in machine.given:
        return value
    if target.ext:
        source = machine.knowledge.attributes.first(machine.knowledge.canonical(f"{target.ext}.{name}"))
        if source is not None:
            label = source_label(machine, source.origin, at, end, f"{target.ext}.{name}")
            return replace(value, labels=value.labels | {label})
        return _typed(value, (*target.path, key), machine.knowledge.canonical(f"{target.ext}.{name}"))
    if target.cls is None or not _is_fresh(value, target, key):
        return value
    found = machine.solver.classes.attribute(machine, target.cls, name)
    if found is None or all(isinstance(r, Ext) for r in found.refs):
        typed = machine.solver.field_types.of(target.cls, name)
        if typed:
            return _typed(value, (*target.path, key), typed)
    if found is None:
        return value
    receiver = Value(frozenset((Label(target.path),)), (target,), (), False, target.path)
    if any(isinstance(r, (Fun, Wrapped)) or is_bindable(machine, r) for r in found.refs):
        if machine.solver.classes.overridden(target.cls, name) or machine.solver.index.is_replaced(name):
            return value
        return bound(machine, found, receiver, target.cls)
    from mlsec_lint.dataflow.flow.shapes import is_factory

    return value if any(is_factory(machine, r) for r in found.refs) else join(value, found)


def _typed(value: Value, path: Path, ext: str) -> Value:
    """What is at a path of the callers, known to be an instance of a library class."""
    refs = tuple(Sym(path, None, ext) if isinstance(r, Sym) and r == Sym(path) else r for r in value.refs)
    return replace(value, refs=refs) if refs != value.refs else value


def _is_fresh(value: Value, target: Sym, key: str) -> bool:
    return any(isinstance(r, Sym) and r.path == (*target.path, key) for r in value.refs) or not value.refs

"""What makes and enters scopes: functions, classes, imports, ``with``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from mlsec_lint.dataflow.flow.access import get_attribute
from mlsec_lint.dataflow.flow.binders import REGISTER, register
from mlsec_lint.dataflow.flow.calls import call_value
from mlsec_lint.dataflow.flow.creation import created
from mlsec_lint.dataflow.flow.entries import entries_of_mark
from mlsec_lint.dataflow.flow.names import frames_for_nested
from mlsec_lint.dataflow.flow.objects import thing_at
from mlsec_lint.dataflow.flow.residuals import residual
from mlsec_lint.dataflow.flow.summary import Argument, Call
from mlsec_lint.dataflow.flow.values import (
    FALSE,
    NONE,
    UNKNOWN,
    Bound,
    Cls,
    CodeKey,
    Ext,
    Fun,
    Inst,
    Mod,
    Obj,
    Sym,
    Value,
    Wrapped,
    join,
    ref,
)
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine


def _function(machine: Machine, op: ir.Function) -> None:
    defaults = tuple(machine.get(p.default) if p.default != ir.NONE else None for p in op.params)
    owner = machine.classes[-1][0] if machine.classes else None
    code = machine.solver.define(machine.code, op, owner)
    annotations = tuple(machine.get(p.annotation) if p.annotation != ir.NONE else None for p in op.params)
    machine.solver.annotations.note(code.key, annotations, machine)
    machine.solver.modules.defaults[code.key] = defaults
    value = plain = ref(Fun(code.key, frames_for_nested(machine), defaults, owner))
    marks = [machine.get(d) for d in op.decorators]
    machine.solver.note_decorators(code.key, marks)
    for mark in reversed(marks):
        if code.enclosing or (value != plain and owner is None):
            entries = [entry for entry in entries_of_mark(machine.solver, mark) if not entry.methods]
            machine.handlers += [(value, entry, op.body.at, op.body.inside) for entry in entries]
            machine.solver.wrapped.add(code.key)
        value = _decorated(machine, mark, value, op)
    machine.set(op.dst, value)


def _decorated(machine: Machine, mark: Value, value: Value, op: ir.Function) -> Value:
    """What a decorator makes of a function: a function of the project is called, an external one keeps it."""
    result: Value | None = None
    for target in mark.refs:
        one = value
        if isinstance(target, Ext):
            kind = _WRAPPERS.get(machine.knowledge.special(target.name))
            one = ref(Wrapped(kind, value)) if kind is not None else value
            if machine.knowledge.special(target.name) == "dispatch":
                one = call_value(machine, Value(refs=(target,)), Call((Argument(value),)), op.body.at, op.body.end)
        elif isinstance(target, Bound) and isinstance(target.func, Ext) and target.func.name == "property.setter":
            old = next((r for r in target.receiver.refs if isinstance(r, Wrapped)), None)
            one = ref(Wrapped("property", old.func, value)) if old is not None else value
        elif isinstance(target, Bound) and target.func == Ext(REGISTER):
            one = register(machine, target.receiver, Call((Argument(value),)), op.body.at)
        elif isinstance(target, (Fun, Cls, Obj)) or (isinstance(target, Bound) and isinstance(target.func, Fun)):
            made = call_value(machine, Value(refs=(target,)), Call((Argument(value, op.body.at, op.body.end),)), -1, -1)
            one = made if made.refs else value
        result = one if result is None else join(result, one)
    return result if result is not None else value


_WRAPPERS: Final = {"property": "property", "static": "static", "class": "class"}


def _class(machine: Machine, op: ir.Class) -> None:
    key = (machine.path, op.at)
    attributes: dict[str, Value] = {}
    bases = tuple(machine.get(b) for b in op.bases)
    marks = tuple(machine.get(d) for d in op.decorators)
    metaclass = machine.get(op.metaclass) if op.metaclass != ir.NONE else None
    machine.solver.classes.define(machine, op, bases, marks, attributes, metaclass)
    machine.solver.class_decorators[key] = marks
    machine.classes.append((key, attributes))
    try:
        machine.block(op.block)
    finally:
        machine.classes.pop()
    types = {name: machine.get(each) for name, each in zip(op.fields, op.types, strict=True) if each != ir.NONE}
    machine.solver.classes.defined(key, types)
    cls = Cls(key, frames_for_nested(machine))
    created(machine, cls, op.name, attributes)
    value = ref(cls)
    _introduce(machine, key, value, op)
    for mark in reversed(marks):
        for target in mark.refs:
            if isinstance(target, Fun) or (isinstance(target, Bound) and isinstance(target.func, Fun)):
                made = call_value(machine, Value(refs=(target,)), Call((Argument(value),)), -1, -1)
                value = made if made.refs else value
    machine.set(op.dst, value)


def _introduce(machine: Machine, key: CodeKey, value: Value, op: ir.Class) -> None:
    """A new class is shown to ``__init_subclass__`` of its bases."""
    hook = machine.solver.classes.attribute(machine, key, "__init_subclass__", after=key) if op.bases else None
    functions = [r for r in hook.refs if isinstance(r, Fun)] if hook is not None else []
    words = tuple((name, Argument(machine.get(register))) for name, register in op.keywords)
    for function in functions:
        call_value(machine, ref(function), Call((Argument(value),), words), op.at, op.end)


def _import(machine: Machine, op: ir.Import) -> None:
    bound = op.module if op.alias else op.module.partition(".")[0]
    path = machine.solver.project.find(machine.path, bound, 0)
    value = ref(Mod(path)) if path is not None else ref(Ext(machine.knowledge.canonical(bound)))
    machine.bind(op.alias or bound, value)


def _import_from(machine: Machine, op: ir.ImportFrom) -> None:
    path = machine.solver.project.find(machine.path, op.module, op.level)
    if op.name == "*":
        machine.stars.insert(0, (path, op.module))
        return
    if path is not None:
        found = machine.solver.statics.global_name(path, op.name, early=machine.early)
        value = found if found is not None else UNKNOWN
    elif op.level:
        value = UNKNOWN
    else:
        name = machine.knowledge.canonical(f"{op.module}.{op.name}")
        value = FALSE if machine.knowledge.special(name) == "false" else ref(Ext(name))
    machine.bind(op.alias, value)


def _enter(machine: Machine, op: ir.Enter) -> None:
    """``with x as y``: what ``__enter__`` of a project class returns; a generator's first value; else ``x`` itself."""
    machine.set(op.dst, enter(machine, machine.get(op.src), ENTER if op.named else ""))


ENTER: Final = "__enter__"


def enter(machine: Machine, value: Value, deferred: str = ENTER) -> Value:
    """What entering a context manager gives; of an object of the callers, they know (a call of ``deferred``)."""
    result: Value | None = None
    for target in value.refs:
        one = Value(value.labels, (target,), (), False, value.ident)
        if isinstance(target, Obj):
            one = _entered(machine, target, one)
        elif isinstance(target, Sym) and deferred and not target.ext and machine.solver.is_project_method(deferred):
            one = residual(machine, one, deferred, Call(), *machine.place)
        result = one if result is None else join(result, one)
    return result if result is not None else value


def _entered(machine: Machine, target: Obj, value: Value) -> Value:
    from mlsec_lint.dataflow.flow.items import element_of

    thing = thing_at(machine, target)
    if thing is None:
        return value
    if thing.kind == "generator":
        return element_of(machine, value)
    for name in ("__enter__", "__aenter__"):
        if thing.cls is not None and machine.solver.classes.attribute(machine, thing.cls, name) is not None:
            found = get_attribute(machine, value, name)
            if any(isinstance(r, Bound) and isinstance(r.func, Fun) for r in found.refs):
                return call_value(machine, found, Call(), -1, -1)
    return value


def leave(machine: Machine, manager: Value) -> None:
    """The end of a ``with``: ``__exit__`` of a project class runs."""
    for target in manager.refs:
        thing = thing_at(machine, target) if isinstance(target, Obj) else None
        if thing is None or thing.cls is None:
            continue
        for name in ("__exit__", "__aexit__"):
            if machine.solver.classes.attribute(machine, thing.cls, name) is None:
                continue
            found = get_attribute(machine, Value(refs=(target,)), name)
            if any(isinstance(r, Bound) and isinstance(r.func, Fun) for r in found.refs):
                call_value(machine, found, Call((Argument(NONE), Argument(NONE), Argument(NONE))), -1, -1)


def swallows(machine: Machine, manager: Value) -> bool:
    """Whether a context manager swallows exceptions."""
    names = (r.name for r in manager.refs if isinstance(r, Inst))
    return any(machine.knowledge.special(name) == "swallow" for name in names)


SCOPES: Final[Mapping[type[ir.Op], Callable[[Machine, Any], None]]] = {
    ir.Function: _function,
    ir.Class: _class,
    ir.Import: _import,
    ir.ImportFrom: _import_from,
    ir.Enter: _enter,
}

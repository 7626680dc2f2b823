"""Calls of methods: the receiver decides what they mean, also where it is data, or something unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.access import get_attribute
from mlsec_lint.dataflow.flow.assigning import write_overlay_rest
from mlsec_lint.dataflow.flow.calls import argument_labels, call_value, callbacks, unknown_call
from mlsec_lint.dataflow.flow.container_methods import adds, container_method, is_modelled, symbolic_method
from mlsec_lint.dataflow.flow.externals import call_external, method_effects, notice_method
from mlsec_lint.dataflow.flow.items import element_of, get_item
from mlsec_lint.dataflow.flow.labels import bounded
from mlsec_lint.dataflow.flow.objects import thing_at
from mlsec_lint.dataflow.flow.references import deep_labels
from mlsec_lint.dataflow.flow.residuals import residual
from mlsec_lint.dataflow.flow.summary import Call
from mlsec_lint.dataflow.flow.tasks import future_method
from mlsec_lint.dataflow.flow.values import (
    NOTHING,
    Bound,
    Ext,
    Fun,
    Inst,
    Obj,
    Reference,
    Super,
    Sym,
    Value,
    data,
    join,
    ref,
)

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine


def call_method(machine: Machine, obj: Value, name: str, call: Call, at: int, end: int) -> Value:
    """``obj.name(...)``: the receiver decides what it means."""
    result = container_method(machine, obj, name, call, at)
    for target in obj.refs:
        one = _method_of(machine, target, obj, name, call, at, end)
        if one is not None:
            result = one if result is None else join(result, one)
    if result is None or (obj.open and obj.labels):
        notice_method(machine, name, obj, call, at, end)
        one = unresolved_method(machine, obj, name, call, at)
        result = one if result is None else join(result, one)
    return result


def _method_of(
    machine: Machine, target: Reference, obj: Value, name: str, call: Call, at: int, end: int
) -> Value | None:
    if isinstance(target, Obj):
        thing = thing_at(machine, target)
        if thing is None:  # an object of a module that still runs: its top level knows it when it makes the call
            single = replace(obj, refs=(target,), open=False)
            return residual(machine, single, name, call, at, end) if machine.early else None
        if thing.cls is None and thing.kind in ("list", "dict", "tuple", "set"):
            labels = deep_labels(ref(target), machine.state.heap)
            return NOTHING if is_modelled(name) else unknown_call(machine, labels, call, at)
        if thing.kind == "box":
            return future_method(machine, target, thing, name, call, at, end)
        if thing.kind == "generator":
            return element_of(machine, ref(target))
    if isinstance(target, Sym):
        return _symbolic_method(machine, target, obj, name, call, at, end)
    single = replace(obj, refs=(target,), open=False)
    if isinstance(target, Super) and _depends(machine, target):
        return residual(machine, single, name, call, at, end)
    callee = get_attribute(machine, single, name)
    if isinstance(target, (Ext, Inst)) and len(callee.refs) == 1:
        func = callee.refs[0]
        dotted = func.func.name if isinstance(func, Bound) and isinstance(func.func, Ext) else ""
        dotted = func.name if isinstance(func, (Ext, Inst)) else dotted
        if dotted:
            return call_external(machine, dotted, call, single, at, end)
    if not callee.refs:
        notice_method(machine, name, obj, call, at, end)
        return unresolved_method(machine, single, name, call, at)
    return call_value(machine, callee, call, at, end)


def _depends(machine: Machine, target: Super) -> bool:
    """Whether what ``super()`` means is only known with the receiver: its class may derive from several."""
    symbols = any(isinstance(r, Sym) for r in target.receiver.refs)
    info = machine.solver.classes.info(target.cls)
    return symbols and info is not None and machine.solver.index.is_mixed(info.name)


def _symbolic_method(machine: Machine, target: Sym, obj: Value, name: str, call: Call, at: int, end: int) -> Value:
    """A method of what a caller passed: known by its class, left to the callers, or the unknown policy."""
    single = Value(obj.labels, (target,), (), False, obj.ident)
    external = machine.knowledge.canonical(f"{target.ext}.{name}") if target.ext else ""
    if external and (machine.knowledge.describes(external) or not machine.solver.is_project_method(name)):
        return call_external(machine, external, call, single, at, end)
    written = machine.state.heap.get(("s", *target.path))
    stored = written.items.get(f".{name}") if written is not None else None
    if stored is not None and stored.refs:
        return call_value(machine, stored, call, at, end)
    if target.cls is not None:
        callee = get_attribute(machine, single, name)
        if callee.refs:
            return call_value(machine, callee, call, at, end)
    if machine.solver.is_project_method(name) or _hands_over(call):
        return residual(machine, single, name, call, at, end)
    notice_method(machine, name, single, call, at, end)
    found = symbolic_method(machine, target, name, at) if not call.values() else None
    if found is not None:
        return found
    _write_through(machine, target, name, call)
    return unresolved_method(machine, single, name, call, at)


def _hands_over(call: Call) -> bool:
    """Whether functions of the project are passed: what becomes of them is for those to say who know the receiver."""
    return any(
        isinstance(r, Fun) or (isinstance(r, Bound) and isinstance(r.func, Fun)) for v in call.values() for r in v.refs
    )


def _write_through(machine: Machine, target: Sym, name: str, call: Call) -> None:
    """``append`` and the like on a caller's container: what is passed may be found in it afterwards."""
    if adds(name):
        for value in call.values():
            write_overlay_rest(machine, target, value)


def unresolved_method(machine: Machine, obj: Value, name: str, call: Call, at: int) -> Value:
    """A method of data, or of something unknown: the result carries the data of the receiver and the arguments."""
    shown = method_effects(machine, name, obj, call, at)
    if shown is not None:
        return shown
    labels = obj.labels | argument_labels(machine, call)
    labels = labels | callbacks(machine, call, labels)
    same = obj.ident is not None and name in machine.knowledge.passing
    parts = [data(bounded(labels), obj.ident if same else ("v", machine.path, at))]
    if name in ("get", "pop", "setdefault") and call.positional:
        parts = [get_item(machine, obj, call.positional[0].value)]
        parts += [call.positional[1].value] if len(call.positional) > 1 else []
    result = parts[0]
    for part in parts[1:]:
        result = join(result, part)
    return result

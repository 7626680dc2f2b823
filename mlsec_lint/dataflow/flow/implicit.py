"""Calls that nobody writes as calls: special methods, properties, iteration. For the graph of calls only.

The evaluation itself follows those that may carry data. Here the others are made as well, without effects; and where
the receiver is an object of the callers, the operation is deferred to them, like a residual call.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from mlsec_lint.dataflow.flow.summary import Argument, Call, Deferred
from mlsec_lint.dataflow.flow.values import (
    NONE,
    UNKNOWN,
    Bound,
    Ext,
    Fun,
    Inst,
    Obj,
    Sym,
    Value,
)
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine
    from mlsec_lint.dataflow.flow.rewriting import Rewriting

MOST_DEFERRED: Final = 60
"""Operations on objects of the callers that one summary keeps."""

_DEEPEST: Final = 6


def before(machine: Machine, op: ir.Op) -> None:
    """Note the implicit calls of an operation, before it is evaluated."""
    action = _BEFORE.get(type(op))
    if action is not None:
        action(machine, op)


def perform(machine: Machine, kind: str, names: tuple[str, ...], *operands: Value, follows: bool = True) -> None:
    """Make the implicit calls of one operation on ``operands[0]``.

    ``follows`` says that the evaluation makes them itself, unless the receiver belongs to the callers.
    """
    for target in operands[0].refs:
        single = Value(operands[0].labels, (target,))
        if isinstance(target, Sym):
            _defer(machine, target, kind, names, (single, *operands[1:]))
        elif not follows or machine.resolving:
            _make(machine, kind, names, (single, *operands[1:]))


def _defer(machine: Machine, target: Sym, kind: str, names: tuple[str, ...], operands: tuple[Value, ...]) -> None:
    defined = machine.solver.index.methods
    if kind != "method" and not any(name in defined for name in names):
        return
    if kind == "method" and names[0] in defined:
        return  # it is a residual call
    code, site = machine.origin
    deferred = Deferred(kind, names, operands, code, site)
    if len(machine.deferred) < MOST_DEFERRED:
        machine.deferred[(kind, names, target.path, code)] = deferred


def replay(machine: Machine, rewriting: Rewriting, deferred: tuple[Deferred, ...], *, results: bool) -> None:
    """A summary is applied: make the operations that its body left to the callers, as calls of that body.

    ``results`` are those on the results of calls which the caller makes as well.
    """
    outer = machine.origin
    machine.resolving += 1
    try:
        for each in deferred:
            target = each.operands[0].refs[0]
            if not isinstance(target, Sym) or (target.path[0][0] == "r") is not results:
                continue
            machine.origin = (each.code, each.site)
            perform(machine, each.kind, each.names, *(rewriting.value(operand) for operand in each.operands))
    finally:
        machine.origin = outer
        machine.resolving -= 1


def _make(machine: Machine, kind: str, names: tuple[str, ...], operands: tuple[Value, ...]) -> None:
    """Make the calls in a copy of the state: only who is called counts."""
    if machine.nesting > _DEEPEST:
        return
    state, raised = machine.state, machine.raised
    machine.state = state.copy()
    machine.nesting += 1
    try:
        _MAKE[kind](machine, names, operands)
    finally:
        machine.nesting -= 1
        machine.state, machine.raised = state, raised


def _special(machine: Machine, names: tuple[str, ...], operands: tuple[Value, ...]) -> None:
    """The first of some special methods that the class of the receiver has."""
    from mlsec_lint.dataflow.flow.access import bound, thing_at
    from mlsec_lint.dataflow.flow.calls import call_value

    target = operands[0].refs[0]
    thing = thing_at(machine, target) if isinstance(target, Obj) else None
    if thing is None or thing.cls is None:
        return
    for name in names:
        found = machine.solver.classes.attribute(machine, thing.cls, name)
        if found is not None and any(isinstance(r, Fun) for r in found.refs):
            call = Call(tuple(Argument(value) for value in operands[1:]))
            call_value(machine, bound(machine, found, operands[0], thing.cls), call, -1, -1)
            return


def _get(machine: Machine, names: tuple[str, ...], operands: tuple[Value, ...]) -> None:
    from mlsec_lint.dataflow.flow.access import get_attribute

    get_attribute(machine, operands[0], names[0])


def _set(machine: Machine, names: tuple[str, ...], operands: tuple[Value, ...]) -> None:
    from mlsec_lint.dataflow.flow.access import set_attribute

    set_attribute(machine, operands[0], names[0], operands[1])


def _iterate(machine: Machine, names: tuple[str, ...], operands: tuple[Value, ...]) -> None:
    from mlsec_lint.dataflow.flow.containers import element_of

    element_of(machine, operands[0])


def _method(machine: Machine, names: tuple[str, ...], operands: tuple[Value, ...]) -> None:
    """A method that no class of the project has: of something outside, or of a container."""
    from mlsec_lint.dataflow.flow.calls import call_method

    of_builtins(machine, operands[0], names[0])
    if isinstance(operands[0].refs[0], (Ext, Inst)):
        call_method(machine, operands[0], names[0], Call(), -1, -1)


def of_builtins(machine: Machine, receiver: Value, name: str) -> None:
    """Note a method of a string, a number or a container."""
    from mlsec_lint.dataflow.flow.containers import things

    log = machine.solver.log
    kinds = {type(value).__name__ for value in receiver.consts if value is not None}
    kinds |= {thing.kind for _, thing in things(machine, receiver) if thing.cls is None}
    for kind in sorted(kinds):
        if log is not None and hasattr(getattr(builtins, kind, None), name):
            log.external(machine, f"builtins.{kind}.{name}")


_MAKE: Final[Mapping[str, Callable[[Machine, tuple[str, ...], tuple[Value, ...]], None]]] = {
    "special": _special,
    "get": _get,
    "set": _set,
    "iterate": _iterate,
    "method": _method,
}

ITERATION: Final = ("__iter__", "__next__", "__getitem__")


def _on_attribute(machine: Machine, op: ir.Attribute) -> None:
    perform(machine, "get", (op.name, "__getattr__"), machine.get(op.obj))


def _on_set_attribute(machine: Machine, op: ir.SetAttribute) -> None:
    perform(machine, "set", (op.name,), machine.get(op.obj), machine.get(op.src))
    perform(machine, "special", ("__setattr__",), machine.get(op.obj), UNKNOWN, machine.get(op.src), follows=False)


def _on_item(machine: Machine, op: ir.Item) -> None:
    perform(machine, "special", ("__getitem__",), machine.get(op.obj), machine.get(op.key))


def _on_set_item(machine: Machine, op: ir.SetItem) -> None:
    perform(machine, "special", ("__setitem__",), machine.get(op.obj), machine.get(op.key), machine.get(op.src))


def _on_delete(machine: Machine, op: ir.Delete) -> None:
    if op.obj != ir.NONE and not op.name:
        perform(machine, "special", ("__delitem__",), machine.get(op.obj), machine.get(op.key), follows=False)


def _on_iterate(machine: Machine, op: ir.Iterate) -> None:
    perform(machine, "iterate", ITERATION, machine.get(op.src))


def _on_unpack(machine: Machine, op: ir.Unpack) -> None:
    perform(machine, "iterate", ITERATION, machine.get(op.src), follows=False)


def _on_enter(machine: Machine, op: ir.Enter) -> None:
    perform(machine, "special", ("__enter__", "__aenter__"), machine.get(op.src))


def _on_with(machine: Machine, op: ir.With) -> None:
    for register in op.managers:
        perform(machine, "special", ("__exit__", "__aexit__"), machine.get(register), NONE, NONE, NONE)


def _on_binary(machine: Machine, op: ir.Binary) -> None:
    from mlsec_lint.dataflow.flow.operations import METHOD_OF

    name = METHOD_OF.get(op.op)
    left, right = machine.get(op.left), machine.get(op.right)
    if name is not None:
        names = (name.replace("__", "__i", 1), name) if op.inplace else (name,)
        perform(machine, "special", names, left, right)
        if not left.refs:
            perform(machine, "special", (name.replace("__", "__r", 1),), right, left)


_COMPARED: Final = {
    "==": "__eq__", "!=": "__ne__", "<": "__lt__", ">": "__gt__", "<=": "__le__", ">=": "__ge__",
}  # fmt: skip


def _on_compare(machine: Machine, op: ir.Compare) -> None:
    left, right = machine.get(op.left), machine.get(op.right)
    if op.op in ("in", "not in"):
        perform(machine, "special", ("__contains__",), right, left, follows=False)
    elif op.op in _COMPARED:
        names = (_COMPARED[op.op], "__eq__") if op.op == "!=" else (_COMPARED[op.op],)
        perform(machine, "special", names, left, right, follows=False)


def _on_unary(machine: Machine, op: ir.Unary) -> None:
    names = {"not": ("__bool__", "__len__"), "-": ("__neg__",), "+": ("__pos__",), "~": ("__invert__",)}
    perform(machine, "special", names.get(op.op, ()), machine.get(op.src), follows=False)


def _on_format(machine: Machine, op: ir.Format) -> None:
    for part in op.parts:
        perform(machine, "special", TEXT, machine.get(part), follows=False)


def _on_test(machine: Machine, op: ir.If | ir.Choose) -> None:
    perform(machine, "special", ("__bool__", "__len__"), machine.get(op.test), follows=False)


def _on_shortcut(machine: Machine, op: ir.Shortcut) -> None:
    perform(machine, "special", ("__bool__", "__len__"), machine.get(op.left), follows=False)


def _on_build(machine: Machine, op: ir.Build) -> None:
    for element in op.elements if op.kind in ("set", "dict") else ():
        key = element.value if op.kind == "set" else element.key
        if key != ir.NONE and not element.spread:
            perform(machine, "special", ("__hash__",), machine.get(key), follows=False)


def _on_method(machine: Machine, op: ir.Method) -> None:
    receiver = machine.get(op.obj)
    of_builtins(machine, receiver, op.name)
    perform(machine, "method", (op.name,), receiver)


def _on_call(machine: Machine, op: ir.Call) -> None:
    for target in machine.get(op.func).refs:
        func = target.func if isinstance(target, Bound) else None
        if isinstance(target, Bound) and isinstance(func, Ext) and func.name.startswith("builtins."):
            of_builtins(machine, target.receiver, func.name.rpartition(".")[2])


TEXT: Final = ("__str__", "__repr__")

_PROTOCOLS: Final[Mapping[str, tuple[str, ...]]] = {
    "len": ("__len__",), "str": TEXT, "print": TEXT, "format": ("__format__", *TEXT), "repr": ("__repr__",),
    "bool": ("__bool__", "__len__"), "int": ("__int__", "__index__"), "float": ("__float__",), "hash": ("__hash__",),
    "abs": ("__abs__",), "iter": ("__iter__",), "next": ("__next__",), "reversed": ("__reversed__",),
    "dir": ("__dir__",), "bytes": ("__bytes__",), "round": ("__round__",),
}  # fmt: skip
"""The special methods that builtins call on their arguments; the first that a class has."""

_ITERATING: Final = frozenset(
    ("list", "tuple", "set", "frozenset", "sorted", "sum", "min", "max", "any", "all", "enumerate", "zip", "map",
     "filter", "dict")
)  # fmt: skip


_COMPARING: Final = frozenset(("sorted", "min", "max"))


def _compare_elements(machine: Machine, value: Value) -> None:
    from mlsec_lint.dataflow.flow.containers import things

    for _, thing in things(machine, value):
        if thing.cls is None and thing.kind in ("list", "tuple", "set"):
            perform(machine, "special", ("__lt__", "__gt__"), thing.any_item(), UNKNOWN, follows=False)


def of_call(machine: Machine, name: str, call: Call) -> None:
    """What a builtin calls on its arguments."""
    short = name.removeprefix("builtins.")
    if short == name:
        return
    for value in call.values():
        if short in _PROTOCOLS:
            perform(machine, "special", _PROTOCOLS[short], value, follows=False)
        elif short in _ITERATING:
            perform(machine, "iterate", ITERATION, value, follows=False)
            if short in _COMPARING and "key" not in dict(call.keywords):
                _compare_elements(machine, value)


_BEFORE: Final[Mapping[type[ir.Op], Callable[[Machine, Any], None]]] = {
    ir.Attribute: _on_attribute,
    ir.SetAttribute: _on_set_attribute,
    ir.Item: _on_item,
    ir.SetItem: _on_set_item,
    ir.Delete: _on_delete,
    ir.Iterate: _on_iterate,
    ir.Unpack: _on_unpack,
    ir.Enter: _on_enter,
    ir.With: _on_with,
    ir.Binary: _on_binary,
    ir.Compare: _on_compare,
    ir.Unary: _on_unary,
    ir.Format: _on_format,
    ir.If: _on_test,
    ir.Choose: _on_test,
    ir.Shortcut: _on_shortcut,
    ir.Build: _on_build,
    ir.Method: _on_method,
    ir.Call: _on_call,
}

"""Which operations and builtins call something although nobody writes a call. For the graph of calls only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from mlsec_lint.dataflow.flow.implicit import of_builtins, perform
from mlsec_lint.dataflow.flow.objects import things
from mlsec_lint.dataflow.flow.operators import METHOD_OF
from mlsec_lint.dataflow.flow.values import NONE, UNKNOWN, Bound, Ext, Value
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine
    from mlsec_lint.dataflow.flow.summary import Call

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


def before(machine: Machine, op: ir.Op) -> None:
    """Note the implicit calls of an operation, before it is evaluated."""
    action = _BEFORE.get(type(op))
    if action is not None:
        action(machine, op)


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

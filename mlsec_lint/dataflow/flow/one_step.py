"""One key further on a path of the callee: what the caller has there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from mlsec_lint.dataflow.flow.labels import Key, Path
from mlsec_lint.dataflow.flow.values import NOTHING, UNKNOWN, Obj, Sym, Value, join

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine


def one_step(machine: Machine, path: Path, resolve: Callable[[Path], Value]) -> Value:
    """What the last key of a path leads to in the caller; ``resolve`` tells what the rest leads to."""
    from mlsec_lint.dataflow.flow.access import get_attribute
    from mlsec_lint.dataflow.flow.items import any_of, element_of, get_item

    key = path[-1]
    if path[-2] == ("g", machine.path) and machine.body.kind == "module":
        return machine.state.names.get(key[1:], UNKNOWN)
    holder = resolve(path[:-1])
    if isinstance(key, tuple):
        return machine.current(get_item(machine, holder, Value(consts=(cast("tuple[str, str]", key)[1],))))
    if key == "*":
        return any_of(machine, holder)
    if key == "iter":
        return element_of(machine, holder)
    if key[0] == "=":
        return _variable(machine, holder, key)
    return machine.current(get_attribute(machine, holder, key[1:]))


def _variable(machine: Machine, holder: Value, key: Key) -> Value:
    """A variable of a frame, or a global of a module, under the key that names it."""
    from mlsec_lint.dataflow.flow.names import global_value, read_path
    from mlsec_lint.dataflow.flow.objects import thing_at

    result = NOTHING
    for target in holder.refs:
        one = UNKNOWN
        if isinstance(target, Sym) and target.path[0][0] == "g" and not machine.early:
            one = global_value(machine, target.path[0][1], key[1:])
        elif isinstance(target, Sym):
            one = read_path(machine, target.path, key)
        elif isinstance(target, Obj):
            frame = thing_at(machine, target)
            found = frame.items.get(key) if frame is not None else None
            one = found if found is not None else UNKNOWN
        result = one if result is NOTHING else join(result, one)
    return result
